//! Makes the empty tables of `assets/schema.sql` and the server's own.

use crate::pgsql::{Column, Database, Table, Type};

const SCHEMA: &str = include_str!("../../../../assets/schema.sql");

/// The tables of the server itself that a playbook may look at, with the columns of PostgreSQL 15.
const SERVER: &[(&str, &[(&str, Type)])] = &[
    (
        "pg_stat_activity",
        &[
            ("datid", Type::Oid),
            ("datname", Type::Name),
            ("pid", Type::Int4),
            ("leader_pid", Type::Int4),
            ("usesysid", Type::Oid),
            ("usename", Type::Name),
            ("application_name", Type::Text),
            ("client_addr", Type::Inet),
            ("client_hostname", Type::Text),
            ("client_port", Type::Int4),
            ("backend_start", Type::Timestamptz),
            ("xact_start", Type::Timestamptz),
            ("query_start", Type::Timestamptz),
            ("state_change", Type::Timestamptz),
            ("wait_event_type", Type::Text),
            ("wait_event", Type::Text),
            ("state", Type::Text),
            ("query_id", Type::Int8),
            ("query", Type::Text),
            ("backend_type", Type::Text),
        ],
    ),
    (
        "pg_stat_user_tables",
        &[
            ("relid", Type::Oid),
            ("schemaname", Type::Name),
            ("relname", Type::Name),
            ("seq_scan", Type::Int8),
            ("seq_tup_read", Type::Int8),
            ("idx_scan", Type::Int8),
            ("idx_tup_fetch", Type::Int8),
            ("n_tup_ins", Type::Int8),
            ("n_tup_upd", Type::Int8),
            ("n_tup_del", Type::Int8),
            ("n_live_tup", Type::Int8),
            ("n_dead_tup", Type::Int8),
        ],
    ),
    (
        "pg_statio_user_tables",
        &[
            ("relid", Type::Oid),
            ("schemaname", Type::Name),
            ("relname", Type::Name),
            ("heap_blks_read", Type::Int8),
            ("heap_blks_hit", Type::Int8),
            ("idx_blks_read", Type::Int8),
            ("idx_blks_hit", Type::Int8),
        ],
    ),
];

fn named(ty: &str) -> Option<Type> {
    Some(match ty {
        "uuid" => Type::Uuid,
        "timestamptz" => Type::Timestamptz,
        "text" => Type::Text,
        "jsonb" => Type::Jsonb,
        "numeric(12," | "numeric(12" => Type::Numeric(Some(2)),
        "numeric(14," => Type::Numeric(Some(0)),
        "numeric(10," => Type::Numeric(Some(3)),
        "text[]" => Type::Array(Box::new(Type::Text)),
        "inet" => Type::Inet,
        "bytea" => Type::Bytea,
        "bigint" => Type::Int8,
        "integer" => Type::Int4,
        "smallint" => Type::Int2,
        "boolean" => Type::Bool,
        "date" => Type::Date,
        "double" => Type::Float8,
        _ => return None,
    })
}

/// The database with its tables, empty.
pub(super) fn create() -> Database {
    let mut tables: Vec<Table> = Vec::new();
    for line in SCHEMA.lines().map(str::trim) {
        let unquoted = line.replace('"', "");
        let mut words = unquoted.split_whitespace();
        let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if (first, second) == ("CREATE", "TABLE") {
            let name = words.next().unwrap_or("");
            let (schema, name) = name.split_once('.').unwrap_or(("public", name));
            tables.push(Table {
                schema: schema.to_owned(),
                name: name.to_owned(),
                columns: Vec::new(),
                rows: Vec::new(),
            });
        } else if let (Some(ty), Some(table)) =
            (named(second.trim_end_matches(',')), tables.last_mut())
        {
            table.columns.push(Column {
                name: first.to_owned(),
                ty,
            });
        }
    }
    for (name, columns) in SERVER {
        tables.push(Table {
            schema: "pg_catalog".to_owned(),
            name: (*name).to_owned(),
            columns: columns
                .iter()
                .map(|(name, ty)| Column {
                    name: (*name).to_owned(),
                    ty: ty.clone(),
                })
                .collect(),
            rows: Vec::new(),
        });
    }
    Database {
        tables,
        ..Database::default()
    }
}
