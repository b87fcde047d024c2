//! What a type of PostgreSQL is to the program, and its cells. Nothing here knows a server.

use crate::model::table::ColumnKind;

/// The kind of a column, by the short name of its type.
pub(in crate::sources) fn kind(type_name: &str) -> ColumnKind {
    match type_name {
        "bool" => ColumnKind::Bool,
        "int2" | "int4" | "int8" | "oid" => ColumnKind::Integer,
        "numeric" | "float4" | "float8" => ColumnKind::Number,
        "timestamptz" | "timestamp" | "date" => ColumnKind::Timestamp,
        "interval" => ColumnKind::Interval,
        "uuid" => ColumnKind::Uuid,
        "json" | "jsonb" => ColumnKind::Json,
        "bytea" => ColumnKind::Bytes,
        _ => ColumnKind::Text,
    }
}

/// A cell as the program keeps it: as the server writes it, but for `t` and `f`.
pub(in crate::sources) fn cell(kind: ColumnKind, text: &[u8]) -> &[u8] {
    match (kind, text) {
        (ColumnKind::Bool, b"t") => b"true",
        (ColumnKind::Bool, b"f") => b"false",
        _ => text,
    }
}
