//! Tables from a schema's text, and those that every server has.

use sqlparser::ast::{ColumnDef, ColumnOption, Statement};

use super::Context;
use super::bind::Binder;
use super::constraint;
use super::error::Error;
use super::run::Run;
use super::syntax::{folded, parts, statements};
use super::table::{Column, Database, Table};
use super::value::{Type, Value};

/// The system's own tables: name, then `column type` of each.
const SYSTEM: [(&str, &str); 3] = [
    (
        "pg_stat_activity",
        "datid oid, datname name, pid int4, leader_pid int4, usesysid oid, usename name, application_name text, \
         client_addr inet, client_hostname text, client_port int4, backend_start timestamptz, xact_start timestamptz, \
         query_start timestamptz, state_change timestamptz, wait_event_type text, wait_event text, state text, \
         backend_xid oid, backend_xmin oid, query_id int8, query text, backend_type text",
    ),
    (
        "pg_stat_user_tables",
        "relid oid, schemaname name, relname name, seq_scan int8, seq_tup_read int8, idx_scan int8, idx_tup_fetch int8, \
         n_tup_ins int8, n_tup_upd int8, n_tup_del int8, n_tup_hot_upd int8, n_live_tup int8, n_dead_tup int8, \
         n_mod_since_analyze int8, n_ins_since_vacuum int8, last_vacuum timestamptz, last_autovacuum timestamptz, \
         last_analyze timestamptz, last_autoanalyze timestamptz, vacuum_count int8, autovacuum_count int8, \
         analyze_count int8, autoanalyze_count int8",
    ),
    (
        "pg_statio_user_tables",
        "relid oid, schemaname name, relname name, heap_blks_read int8, heap_blks_hit int8, idx_blks_read int8, \
         idx_blks_hit int8, toast_blks_read int8, toast_blks_hit int8, tidx_blks_read int8, tidx_blks_hit int8",
    ),
];

impl Database {
    /// A database with the tables of a schema, empty, and the system's.
    ///
    /// Reads `CREATE SCHEMA`, `CREATE TABLE` and `CREATE INDEX`. Of constraints NOT NULL and the key of one column are kept;
    /// the others, and generated columns, are understood and not kept. Errors as of any statement, and with SQLSTATE 0A000 for one of another kind.
    pub fn create(schema: &str) -> Result<Self, Error> {
        let mut database = Self::default();
        for statement in statements(schema)? {
            match statement {
                Statement::CreateSchema { .. } | Statement::CreateIndex(_) => {}
                Statement::CreateTable(table) => {
                    let mut names = parts(&table.name)?;
                    let name = names.pop().unwrap_or_default();
                    let columns = table
                        .columns
                        .iter()
                        .map(|column| {
                            Ok(Column {
                                name: folded(&column.name),
                                ty: Type::of(&column.data_type)?,
                            })
                        })
                        .collect::<Result<Vec<Column>, Error>>()?;
                    let schema = names.pop().unwrap_or_else(|| "public".to_owned());
                    let defaults = table
                        .columns
                        .iter()
                        .zip(&columns)
                        .map(|(declared, column)| default(declared, &column.ty))
                        .collect::<Result<_, Error>>()?;
                    database.constraints.insert(
                        (schema.clone(), name.clone()),
                        constraint::declared(&table.columns),
                    );
                    database
                        .defaults
                        .insert((schema.clone(), name.clone()), defaults);
                    database.tables.push(Table {
                        schema,
                        name,
                        columns,
                        rows: Vec::new(),
                    });
                }
                other => {
                    let shown: String = other.to_string().chars().take(40).collect();
                    return Err(Error::unsupported(&format!("{shown} in a schema")));
                }
            }
        }
        database
            .tables
            .extend(SYSTEM.iter().map(|(name, columns)| Table {
                schema: "pg_catalog".to_owned(),
                name: (*name).to_owned(),
                columns: columns.split(", ").map(system_column).collect(),
                rows: Vec::new(),
            }));
        Ok(database)
    }
}

/// The value that a column's declaration gives it.
fn default(declared: &ColumnDef, ty: &Type) -> Result<Value, Error> {
    let expression = declared
        .options
        .iter()
        .find_map(|option| match &option.option {
            ColumnOption::Default(expression) => Some(expression),
            _ => None,
        });
    let Some(expression) = expression else {
        return Ok(Value::Null);
    };
    let database = Database::default();
    let context = Context {
        now: 0,
        user: "",
        stop: &|| false,
    };
    let run = Run::new(&database, &context);
    Binder::new(&run, "", Some(&[])).default_value(expression, ty)
}

fn system_column(declared: &str) -> Column {
    let (name, ty) = declared.split_once(' ').unwrap_or((declared, "text"));
    Column {
        name: name.to_owned(),
        ty: match ty {
            "oid" => Type::Oid,
            "name" => Type::Name,
            "int4" => Type::Int4,
            "int8" => Type::Int8,
            "inet" => Type::Inet,
            "timestamptz" => Type::Timestamptz,
            _ => Type::Text,
        },
    }
}
