//! Conversions between types, and tests of what a value is.

use super::Function;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[];
