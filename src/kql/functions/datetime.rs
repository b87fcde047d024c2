//! Functions of datetimes and timespans.

use super::Function;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[];
