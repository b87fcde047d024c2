//! Functions of lists and objects.

use super::Function;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[];
