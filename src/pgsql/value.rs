//! Types and values of PostgreSQL, as far as the engine knows them.

use std::sync::Arc;

use rust_decimal::Decimal;

/// The type of a column or an expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// `boolean`.
    Bool,
    /// `smallint`.
    Int2,
    /// `integer`.
    Int4,
    /// `bigint`.
    Int8,
    /// `double precision`.
    Float8,
    /// `numeric`; what a column declares, if it does: all digits, and those of them behind the point.
    Numeric(Option<(u32, u32)>),
    /// `text`.
    Text,
    /// `name`: an identifier of the system's own tables.
    Name,
    /// `timestamptz`.
    Timestamptz,
    /// `timestamp` without a zone.
    Timestamp,
    /// `date`.
    Date,
    /// `interval`.
    Interval,
    /// `uuid`.
    Uuid,
    /// `json`: kept as the text it was written in.
    Json,
    /// `jsonb`.
    Jsonb,
    /// `inet`.
    Inet,
    /// `bytea`.
    Bytea,
    /// `oid`.
    Oid,
    /// An array of a type.
    Array(Box<Type>),
    /// A literal or parameter whose type its place decides.
    Unknown,
}

/// A value. What has one spelling only is kept as text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL of any type.
    Null,
    /// `boolean`.
    Bool(bool),
    /// `smallint`, `integer`, `bigint`, `oid`.
    Int(i64),
    /// `double precision`.
    Float(f64),
    /// `numeric`, with its scale.
    Numeric(Decimal),
    /// `text`, `name`.
    Text(Arc<str>),
    /// `timestamptz`, `timestamp`: microseconds since 1970-01-01T00:00:00 (UTC).
    Timestamp(i64),
    /// `date`: days since 1970-01-01.
    Date(i32),
    /// `interval`, in PostgreSQL's three parts, which do not mix.
    Interval {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        micros: i64,
    },
    /// `uuid`.
    Uuid(uuid::Uuid),
    /// `jsonb`. A `json` keeps its own spelling and is a text.
    Json(Arc<serde_json::Value>),
    /// `inet`, in its canonical text.
    Inet(Arc<str>),
    /// `bytea`.
    Bytes(Arc<[u8]>),
    /// An array.
    Array(Arc<[Value]>),
}

impl Type {
    /// The short name, as the live source has it in a column's type: `timestamptz`, `int8`, `text[]`.
    pub fn name(&self) -> String {
        match self {
            Self::Bool => "bool",
            Self::Int2 => "int2",
            Self::Int4 => "int4",
            Self::Int8 => "int8",
            Self::Float8 => "float8",
            Self::Numeric(_) => "numeric",
            Self::Text => "text",
            Self::Name => "name",
            Self::Timestamptz => "timestamptz",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Interval => "interval",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Inet => "inet",
            Self::Bytea => "bytea",
            Self::Oid => "oid",
            Self::Array(element) => return format!("{}[]", element.name()),
            Self::Unknown => "unknown",
        }
        .to_owned()
    }

    /// The name of the SQL standard, as the server's messages have it: `timestamp with time zone`, `bigint`.
    pub fn long_name(&self) -> String {
        match self {
            Self::Bool => "boolean".to_owned(),
            Self::Int2 => "smallint".to_owned(),
            Self::Int4 => "integer".to_owned(),
            Self::Int8 => "bigint".to_owned(),
            Self::Float8 => "double precision".to_owned(),
            Self::Timestamptz => "timestamp with time zone".to_owned(),
            Self::Timestamp => "timestamp without time zone".to_owned(),
            Self::Array(element) => format!("{}[]", element.long_name()),
            other => other.name(),
        }
    }
}

/// How many small values stand in a JSON document.
fn json_size(json: &serde_json::Value) -> usize {
    match json {
        serde_json::Value::String(text) => 1 + text.len() / 24,
        serde_json::Value::Array(values) => 1 + values.iter().map(json_size).sum::<usize>(),
        serde_json::Value::Object(members) => {
            1 + members
                .iter()
                .map(|(key, value)| 1 + key.len() / 24 + json_size(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}

impl Value {
    /// The room that it takes, in small values.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => 1 + text.len() / 24,
            Self::Bytes(bytes) => 1 + bytes.len() / 24,
            Self::Json(json) => json_size(json),
            // Arrays in an array are all alike.
            Self::Array(values) => match values.first() {
                Some(inner @ Self::Array(_)) => values.len().saturating_mul(inner.size()),
                _ => values.len(),
            },
            _ => 1,
        }
    }

    /// A text.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }
}
