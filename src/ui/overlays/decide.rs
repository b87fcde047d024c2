//! A decision: its choices with what the results suggest.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::state::DecideForm;
use crate::ui::Local;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, form: &DecideForm, local: &mut Local, buffer: &mut Buffer) {
    let _ = (scene, form, local, buffer);
}
