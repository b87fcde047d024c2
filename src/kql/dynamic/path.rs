//! `a.b`, `a["b"]`, `a[0]`, `a[-1]`: the way into a dynamic value.

use std::sync::Arc;

use super::Dynamic;
use crate::kql::value::Value;

/// One step of a way.
#[derive(Clone, Debug)]
pub enum Step {
    /// To what an object holds at a key.
    Key(Arc<str>),
    /// To what a list holds at an index; a negative one counts from the end.
    At(i64),
}

impl Step {
    /// The step that a value between `[` and `]` means.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) | Value::Dynamic(Dynamic::String(text)) => {
                Some(Self::Key(Arc::clone(text)))
            }
            Value::Dynamic(Dynamic::Long(index)) => Some(Self::At(*index)),
            value => value.as_long().map(Self::At),
        }
    }
}

/// What lies at the end of the way; none where it leads nowhere.
pub fn walk<'a>(value: &'a Dynamic, steps: &[Step]) -> Option<&'a Dynamic> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::At(index) => value.at(*index),
    })
}
