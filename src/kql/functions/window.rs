//! Functions that look at other rows of an ordered table.

use super::Function;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[];
