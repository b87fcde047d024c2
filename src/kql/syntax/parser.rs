//! Tokens to the tree.

use super::Query;
use crate::kql::error::KqlError;

/// Reads a query.
pub fn parse(_text: &str) -> (Query, Vec<KqlError>) {
    (Query::default(), Vec::new())
}
