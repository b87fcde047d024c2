//! What the role that a source logs in with could do. The role is the guarantee that a read stays a read; everything
//! else in this program only finds mistakes earlier.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

use super::failure::Failure;

/// What a role may do, as far as it matters to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleReport {
    /// The role.
    pub role: String,
    /// True when nothing below lets it write: it earns the read-only badge.
    pub read_only: bool,
    /// What keeps it from the badge, a sentence each.
    pub findings: Vec<String>,
    /// Row security does not apply to it: it sees all rows.
    pub bypasses_row_security: bool,
    /// Tables and views of which row security may hide rows from it, at most [`NAMES`].
    pub filtered_tables: Vec<String>,
    /// The statements that make a role which earns the badge.
    pub create_role_sql: String,
}

/// Names listed of one kind; more are not needed to make the point.
pub const NAMES: usize = 20;

/// Roles of the server that reach files, programs, other sessions or other tables.
const STRONG_ROLES: &str = "'pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files', \
    'pg_write_server_files', 'pg_signal_backend', 'pg_maintain', 'pg_checkpoint', 'pg_create_subscription', \
    'pg_signal_autovacuum_worker'";

/// Namespaces that belong to the server itself or to one session.
const SYSTEM: &str =
    "n.nspname IN ('pg_catalog', 'information_schema') OR n.nspname ~ '^pg_(toast|temp)'";

/// Asks the server about the role of this connection.
pub(super) async fn probe(
    connection: &mut PgConnection,
    database: &str,
) -> Result<RoleReport, Failure> {
    let row = sqlx::query(AssertSqlSafe(format!(
        "SELECT r.rolname::text, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication, \
           ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_roles g \
                 WHERE g.rolname IN ({STRONG_ROLES}) AND pg_catalog.pg_has_role(g.oid, 'MEMBER') ORDER BY 1), \
           ARRAY(SELECT c.oid::regclass::text FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE NOT ({SYSTEM}) AND ( \
                   (c.relkind IN ('r', 'p', 'v', 'f') AND ( \
                     pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') \
                     OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE'))) \
                   OR (c.relkind = 'S' AND pg_catalog.has_sequence_privilege(c.oid, 'USAGE, UPDATE'))) \
                 ORDER BY 1 LIMIT {NAMES}), \
           ARRAY(SELECT n.nspname::text FROM pg_catalog.pg_namespace n \
                 WHERE NOT ({SYSTEM}) AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') ORDER BY 1 LIMIT {NAMES}), \
           ARRAY(SELECT c.oid::regclass::text FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE NOT ({SYSTEM}) AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid) \
                 ORDER BY 1 LIMIT {NAMES}), \
           pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') \
         FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
    )))
    .persistent(false)
    .fetch_one(connection)
    .await?;
    let mut findings = Vec::new();
    for (index, words) in [
        (1, "it is a superuser"),
        (3, "it may create roles"),
        (4, "it may create databases"),
        (5, "it may replicate"),
        (10, "it may create schemas in this database"),
    ] {
        if row.try_get::<bool, _>(index)? {
            findings.push(words.to_owned());
        }
    }
    for (index, words) in [
        (6, "it is a member of"),
        (7, "it may write to"),
        (8, "it may create objects in schema"),
    ] {
        let names: Vec<String> = row.try_get(index)?;
        if !names.is_empty() {
            let more = if names.len() == NAMES {
                " and more"
            } else {
                ""
            };
            findings.push(format!("{words} {}{more}", names.join(", ")));
        }
    }
    Ok(RoleReport {
        role: row.try_get(0)?,
        read_only: findings.is_empty(),
        findings,
        bypasses_row_security: row.try_get::<bool, _>(1)? || row.try_get::<bool, _>(2)?,
        filtered_tables: row.try_get(9)?,
        create_role_sql: create_role_sql(database),
    })
}

fn create_role_sql(database: &str) -> String {
    let database = database.replace('"', "\"\"");
    format!(
        "CREATE ROLE quarterdeck_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;\n\
         ALTER ROLE quarterdeck_reader SET default_transaction_read_only = on;\n\
         GRANT CONNECT ON DATABASE \"{database}\" TO quarterdeck_reader;\n\
         GRANT pg_read_all_data, pg_read_all_stats TO quarterdeck_reader;\n\
         -- set its password with psql's \\password quarterdeck_reader, so that no log keeps it\n\
         -- before PostgreSQL 15 also: REVOKE CREATE ON SCHEMA public FROM PUBLIC;\n\
         -- so that row security hides nothing from an investigation: ALTER ROLE quarterdeck_reader BYPASSRLS;"
    )
}
