//! Functions of text.

use super::Function;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[];
