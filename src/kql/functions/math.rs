//! Arithmetic functions.

use super::Function;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[];
