//! `matter ops`: the operations tool of the service. What it does is done to the simulated service.

use std::collections::BTreeSet;

use super::super::options::{Call, Grammar, NO_OPTIONS, long};
use super::super::runner::{Shell, Streams};
use super::Command;
use crate::drill::world::Act;
use crate::drill::world::population::OPERATIONS;
use crate::model::Timestamp;
use crate::model::diagnostic::nearest;
use crate::pgsql::{Database, Value};

/// How far a clock may be ahead of the service's, in seconds.
const CLOCKS_APART_SECONDS: i64 = 60;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "matter ops freeze-operation",
        grammar: Grammar {
            known: &[long("op", true), long("reason", true)],
            ..NO_OPTIONS
        },
        check: no_operands,
        run: freeze_operation,
    },
    Command {
        name: "matter ops unfreeze-operation",
        grammar: Grammar {
            known: &[long("op", true)],
            ..NO_OPTIONS
        },
        check: no_operands,
        run: unfreeze_operation,
    },
    Command {
        name: "matter ops snapshot-org",
        grammar: Grammar {
            known: &[long("org-id", true), long("target", true)],
            ..NO_OPTIONS
        },
        check: no_operands,
        run: snapshot_organisation,
    },
    Command {
        name: "matter ops force-rotate-tokens",
        grammar: Grammar {
            known: &[long("filter", true), long("reason", true)],
            ..NO_OPTIONS
        },
        check: no_operands,
        run: rotate_tokens,
    },
];

fn no_operands(call: &Call) -> Result<(), String> {
    match call.operand(0) {
        None => Ok(()),
        Some(operand) => Err(format!("argument `{operand}`")),
    }
}

/// The value of an option that has to be there; complains where it is not.
fn required<'a>(call: &'a Call, name: &str, streams: &mut Streams) -> Option<&'a str> {
    let value = call.value(name).filter(|value| !value.trim().is_empty());
    if value.is_none() {
        streams.complain(&format!("error: --{name} needs a value"));
    }
    value
}

fn freeze_operation(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let (Some(operation), Some(reason)) = (
        required(call, "op", streams),
        required(call, "reason", streams),
    ) else {
        return 2;
    };
    if !is_operation(operation, shell, streams) {
        return 1;
    }
    if shell.world.standing().frozen.contains(operation) {
        streams.say(&format!(
            "{operation} is frozen already; nothing was changed\n"
        ));
        return 0;
    }
    shell.world.act(&Act::FreezeOperation(operation.to_owned()));
    streams.say(&format!(
        "freezing {operation}\n\
         reason: {reason}\n\
         policy written, 6 of 6 gateways confirmed\n\
         frozen at {}; callers are answered with 503 Service Unavailable\n\
         lift with: matter ops unfreeze-operation --op {operation}\n",
        shell.world.now()
    ));
    0
}

fn unfreeze_operation(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Some(operation) = required(call, "op", streams) else {
        return 2;
    };
    if !is_operation(operation, shell, streams) {
        return 1;
    }
    if !shell.world.standing().frozen.contains(operation) {
        streams.say(&format!("{operation} is not frozen; nothing was changed\n"));
        return 0;
    }
    shell
        .world
        .act(&Act::UnfreezeOperation(operation.to_owned()));
    streams.say(&format!(
        "freeze of {operation} lifted at {}, 6 of 6 gateways confirmed\n",
        shell.world.now()
    ));
    0
}

/// Whether the service has an operation; complains where it has not.
fn is_operation(operation: &str, shell: &Shell, streams: &mut Streams) -> bool {
    let mut known = texts(shell.world.database(), OPERATION_COLUMNS);
    known.extend(OPERATIONS.iter().map(|operation| operation.id.to_owned()));
    let is_known = known.contains(operation);
    if !is_known {
        complain_of_unknown("operation", operation, &known, streams);
    }
    is_known
}

fn snapshot_organisation(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let (Some(organisation), Some(target)) = (
        required(call, "org-id", streams),
        required(call, "target", streams),
    ) else {
        return 2;
    };
    if !target.starts_with("/forensics/") {
        streams.complain(&format!(
            "error: --target {target}: snapshots are kept below /forensics/ only"
        ));
        return 1;
    }
    let mut known = texts(shell.world.database(), ORGANISATION_COLUMNS);
    let population = shell.world.population();
    known.extend(
        population
            .organisations
            .iter()
            .map(|one| one.id.to_string()),
    );
    if !known.contains(organisation) {
        complain_of_unknown("organisation", organisation, &known, streams);
        return 1;
    }
    let counted = rows_of(shell.world.database(), organisation);
    shell
        .world
        .act(&Act::SnapshotOrganisation(organisation.to_owned()));
    let stamp = shell.world.now().strftime("%Y%m%dT%H%M%SZ");
    let mut rows = 0;
    streams.say(&format!("snapshot of {organisation}\n"));
    for (table, count) in counted {
        streams.say(&format!("  {table:<24} {count:>8} rows\n"));
        rows += count;
    }
    streams.say(&format!(
        "{rows} rows written to {}/{organisation}-{stamp}.tar.zst, read back and compared: equal\n",
        target.trim_end_matches('/')
    ));
    0
}

fn rotate_tokens(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let (Some(filter), Some(reason)) = (
        required(call, "filter", streams),
        required(call, "reason", streams),
    ) else {
        return 2;
    };
    let before = filter
        .strip_prefix("issued_before:")
        .and_then(|text| text.parse::<Timestamp>().ok());
    let Some(before) = before else {
        streams.complain(&format!(
            "error: --filter {filter}: expected issued_before:TIME with a time such as 2026-01-31T12:00:00Z"
        ));
        return 2;
    };
    if before.as_second() > shell.world.now().as_second() + CLOCKS_APART_SECONDS {
        streams.complain(&format!(
            "error: --filter {filter}: the time lies in the future"
        ));
        return 1;
    }
    let tokens = shell.world.tokens_issued_before(before);
    if tokens == 0 {
        streams.say(&format!(
            "no token was issued before {before}; nothing was changed\n"
        ));
        return 0;
    }
    shell.world.act(&Act::RotateTokens(before));
    streams.say(&format!(
        "rotating tokens issued before {before}\n\
         reason: {reason}\n\
         {tokens} tokens rotated, 0 failed; their customers have to install the new ones\n"
    ));
    0
}

/// Where ids of operations stand, besides those of the population: a story may have others.
const OPERATION_COLUMNS: &[(&str, &str, &str)] = &[("public", "access_logs", "operation_id")];
/// Where ids of organisations stand, for the same reason.
const ORGANISATION_COLUMNS: &[(&str, &str, &str)] = &[
    ("public", "access_logs", "org_id"),
    ("public", "access_logs", "resource_org_id"),
    ("commerce", "audit_entries", "org_id"),
];

/// The different texts of some columns, each by schema, table and name.
fn texts(database: &Database, columns: &[(&str, &str, &str)]) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for (schema, table, column) in columns {
        let Some(table) = database.table(schema, table) else {
            continue;
        };
        let Some(at) = table.column(column) else {
            continue;
        };
        for row in &table.rows {
            if let Some(Value::Text(text)) = row.get(at)
                && !texts.contains(text.as_ref())
            {
                texts.insert(text.to_string());
            }
        }
    }
    texts
}

/// How many rows of each table belong to an organisation.
fn rows_of(database: &Database, organisation: &str) -> Vec<(String, usize)> {
    // Organisations are tenants and clients too.
    let of_organisation = |column: &str| {
        matches!(
            column,
            "org_id" | "resource_org_id" | "tenantId" | "client_id"
        )
    };
    let mut counted = Vec::new();
    for table in &database.tables {
        let columns: Vec<usize> = (0..)
            .zip(&table.columns)
            .filter(|(_, column)| of_organisation(&column.name))
            .map(|(at, _)| at)
            .collect();
        if columns.is_empty() {
            continue;
        }
        let is_its =
            |value: &Value| matches!(value, Value::Text(text) if text.as_ref() == organisation);
        let rows = table
            .rows
            .iter()
            .filter(|row| columns.iter().any(|at| row.get(*at).is_some_and(is_its)));
        counted.push((format!("{}.{}", table.schema, table.name), rows.count()));
    }
    counted
}

fn complain_of_unknown(kind: &str, name: &str, known: &BTreeSet<String>, streams: &mut Streams) {
    let hint = nearest(name, known.iter().map(String::as_str))
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    streams.complain(&format!("error: there is no {kind} {name}{hint}"));
}
