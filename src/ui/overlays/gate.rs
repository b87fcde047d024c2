//! The gate of a write: text, preview, target and ceiling.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::state::GateForm;
use crate::ui::Local;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, form: &GateForm, local: &mut Local, buffer: &mut Buffer) {
    let _ = (scene, form, local, buffer);
}
