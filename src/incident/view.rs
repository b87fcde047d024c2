//! What follows from playbook, incident and now: blocked, missing, next.

/// The view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {}
