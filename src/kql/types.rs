//! The scalar types of Kusto and the shape of a table.

use std::sync::Arc;

/// A scalar type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// `true`, `false`, null.
    Bool,
    /// 32 bits.
    Int,
    /// 64 bits; wraps on overflow.
    Long,
    /// IEEE 754 double.
    Real,
    /// Decimal with up to 28 digits.
    Decimal,
    /// UTF-8 text; never null.
    String,
    /// Ticks of 100 ns since 0001-01-01T00:00:00Z.
    DateTime,
    /// Ticks of 100 ns.
    Timespan,
    /// 128 bits.
    Guid,
    /// JSON and what JSON has no word for.
    Dynamic,
}

impl Type {
    /// Every type with its Kusto name, and the other names the language takes for it.
    pub const ALL: &'static [(Self, &'static str, &'static [&'static str])] = &[
        (Self::Bool, "bool", &["boolean"]),
        (Self::Int, "int", &["int32"]),
        (Self::Long, "long", &["int64"]),
        (Self::Real, "real", &["double"]),
        (Self::Decimal, "decimal", &[]),
        (Self::String, "string", &[]),
        (Self::DateTime, "datetime", &["date"]),
        (Self::Timespan, "timespan", &["time"]),
        (Self::Guid, "guid", &["uuid", "uniqueid"]),
        (Self::Dynamic, "dynamic", &[]),
    ];

    /// The name Kusto gives it.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(ty, _, _)| *ty == self)
            .map_or("dynamic", |(_, name, _)| name)
    }

    /// The type that `name` means.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, first, others)| *first == name || others.contains(&name))
            .map(|(ty, _, _)| *ty)
    }

    /// Whether it counts: int, long, real or decimal.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Real | Self::Decimal)
    }
}

/// One column's name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name as it stands in the result.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
}

impl Field {
    /// A column called `name`.
    pub fn new(name: impl Into<Arc<str>>, ty: Type) -> Self {
        Self {
            name: name.into(),
            ty,
        }
    }
}

/// The columns of a table, in order. Names are unique and case-sensitive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The columns.
    pub fields: Vec<Field>,
}

impl Schema {
    /// The columns `fields`.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields }
    }

    /// Where the column `name` is.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| &*field.name == name)
    }

    /// `name`, or `name1`, `name2`, … where that is taken: how Kusto keeps the columns of a join apart.
    pub fn free_name(&self, name: &str) -> Arc<str> {
        if self.index(name).is_none() {
            return name.into();
        }
        (1..=self.fields.len() + 1)
            .map(|n| format!("{name}{n}"))
            .find(|candidate| self.index(candidate).is_none())
            .map_or_else(|| name.into(), Into::into)
    }
}
