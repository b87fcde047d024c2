//! `dynamic`: JSON and what JSON has no word for. Cheap to clone; objects keep the order of their keys.

use std::sync::Arc;

use super::value::Value;

pub mod json;
pub mod path;

/// A dynamic value.
#[derive(Clone, Debug)]
pub enum Dynamic {
    /// JSON null.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A double.
    Real(f64),
    /// Text.
    String(Arc<str>),
    /// Ticks since 0001-01-01T00:00:00Z.
    DateTime(i64),
    /// Ticks.
    Timespan(i64),
    /// A GUID.
    Guid(u128),
    /// A list.
    Array(Arc<[Dynamic]>),
    /// An object: its keys in the order they were written, each once.
    Bag(Arc<[(Arc<str>, Dynamic)]>),
}

impl Dynamic {
    /// The value a cell of this dynamic holds: null for JSON null.
    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            other => Value::Dynamic(other),
        }
    }

    /// The scalar it holds; none for JSON null, a list or an object.
    pub fn scalar(&self) -> Option<Value> {
        Some(match self {
            Self::Null | Self::Array(_) | Self::Bag(_) => return None,
            Self::Bool(value) => Value::Bool(*value),
            Self::Long(number) => Value::Long(*number),
            Self::Real(number) => Value::Real(*number),
            Self::String(text) => Value::String(Arc::clone(text)),
            Self::DateTime(ticks) => Value::DateTime(*ticks),
            Self::Timespan(ticks) => Value::Timespan(*ticks),
            Self::Guid(guid) => Value::Guid(*guid),
        })
    }

    /// A list of `items`.
    pub fn array(items: Vec<Self>) -> Self {
        Self::Array(items.into())
    }

    /// An object of `entries`, whose keys are each there once.
    pub fn bag(entries: Vec<(Arc<str>, Self)>) -> Self {
        Self::Bag(entries.into())
    }

    /// The items of a list.
    pub fn items(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of an object.
    pub fn entries(&self) -> Option<&[(Arc<str>, Self)]> {
        match self {
            Self::Bag(entries) => Some(entries),
            _ => None,
        }
    }

    /// Any number as a double.
    pub fn as_real(&self) -> Option<f64> {
        match self {
            Self::Long(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// What an object holds at `key`.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Bag(entries) => entries
                .iter()
                .find(|(name, _)| &**name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// What a list holds at `index`; a negative one counts from the end.
    pub fn at(&self, index: i64) -> Option<&Self> {
        let Self::Array(items) = self else {
            return None;
        };
        let index = if index < 0 {
            i64::try_from(items.len()).ok()?.checked_add(index)?
        } else {
            index
        };
        items.get(usize::try_from(index).ok()?)
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::String(text) => text.len(),
                Self::Array(items) => items.iter().map(Self::bytes).sum(),
                Self::Bag(entries) => entries
                    .iter()
                    .map(|(name, value)| name.len() + 16 + value.bytes())
                    .sum(),
                _ => 0,
            }
    }
}
