//! What is still open, and the way to resolve and close.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::ui::Local;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, selected: usize, local: &mut Local, buffer: &mut Buffer) {
    let _ = (scene, selected, local, buffer);
}
