//! A message that is being written.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::state::DraftForm;
use crate::ui::Local;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, form: &DraftForm, local: &mut Local, buffer: &mut Buffer) {
    let _ = (scene, form, local, buffer);
}
