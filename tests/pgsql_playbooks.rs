//! Every SQL action of the shipped playbooks on the embedded engine and on a real PostgreSQL: the same columns and rows,
//! and after a write the same table.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support {
    pub mod pgsql_twin;
    pub mod postgres;
}

use std::time::Duration;

use quarterdeck::model::playbook::{Action, Effect, Language, Playbook};
use quarterdeck::model::request::{BoundInput, PlanContext};
use quarterdeck::model::{Timestamp, timestamp_text};
use quarterdeck::pgsql::{Parameter, Signal, Value};
use quarterdeck::playbook::library;
use quarterdeck::sql::{Dialect, plan};
use support::pgsql_twin::Twin;

/// Values of inputs: once what the planted breach is found by, once what is not there.
const FOUND: &[(&str, &str)] = &[
    ("actor_id", "u-1932"),
    ("user_id", "usr-007"),
    ("tenant_id", "t-acme"),
    ("endpoint_id", "wh-bad"),
    ("request_ref", "req-leak-05"),
    ("suspect_request", "0190c0de-0000-7000-8000-000000000501"),
    ("op_id", "documents.search"),
    ("backend_pid", "999999999"),
];
const NOT_THERE: &[(&str, &str)] = &[
    ("actor_id", "nobody"),
    ("user_id", "nobody"),
    ("tenant_id", "nobody"),
    ("endpoint_id", "nobody"),
    ("request_ref", "nothing"),
    ("suspect_request", "00000000-0000-0000-0000-000000000000"),
    ("op_id", "nothing"),
    ("backend_pid", "999999998"),
];

fn context(playbook: &Playbook, values: &[(&str, &str)]) -> PlanContext {
    let now = Timestamp::now();
    let start = now - Duration::from_hours(24);
    let bound = |id: &str, kind: &'static str, text: &str| BoundInput {
        id: id.into(),
        kind,
        text: text.into(),
        example: false,
        has_pattern: false,
    };
    let mut inputs: Vec<BoundInput> = values
        .iter()
        .filter_map(|(id, value)| Some(bound(id, playbook.inputs.get(*id)?.kind.word(), value)))
        .collect();
    inputs.push(bound("window_start", "datetime", &timestamp_text(start)));
    inputs.push(bound("window_end", "datetime", &timestamp_text(now)));
    PlanContext {
        now,
        window: (start, now),
        width: 80,
        inputs,
        edited: None,
        message: None,
    }
}

/// The statement with its values in place of `$1`, for the server's simple protocol.
fn inlined(statement: &str, parameters: &[Parameter]) -> String {
    let mut text = statement.to_owned();
    for (index, parameter) in parameters.iter().enumerate().rev() {
        let value = parameter.text.as_deref().unwrap();
        text = text.replace(
            &format!("${}", index + 1),
            &format!("'{}'", value.replace('\'', "''")),
        );
    }
    text
}

fn planned(
    playbook: &Playbook,
    action: &Action,
    values: &[(&str, &str)],
) -> (String, Vec<Parameter>) {
    let sql = plan(action, &context(playbook, values), Dialect::Postgres)
        .unwrap_or_else(|error| panic!("{} {}: {error}", playbook.id, action.id));
    let parameters = sql
        .parameters
        .iter()
        .map(|parameter| Parameter {
            ty: None,
            text: Some(parameter.value.clone()),
        })
        .collect();
    (sql.statement, parameters)
}

#[tokio::test]
async fn every_action_of_the_playbooks_answers_as_on_the_server() {
    let mut twin = Twin::start("playbooks").await;
    twin.copy_sizes().await;
    let playbooks: Vec<Playbook> = library().into_iter().map(|one| one.playbook).collect();
    let mut compared = 0;
    let mut differences = Vec::new();
    for playbook in &playbooks {
        let actions = playbook.actions.values();
        for action in actions.filter(|action| action.language == Language::Sql) {
            for values in [FOUND, NOT_THERE] {
                let (statement, parameters) = planned(playbook, action, values);
                let text = inlined(&statement, &parameters);
                let difference = if text.starts_with("UPDATE") {
                    assert_eq!(action.effect, Effect::Write, "{}", action.id);
                    twin.write_difference(&text, &statement, &parameters).await
                } else {
                    // What the server's own sessions do is not copied: there the columns are compared.
                    let rows = !text.contains("pg_stat_activity");
                    twin.bound_difference(&text, &statement, &parameters, rows)
                        .await
                };
                compared += 1;
                differences.extend(
                    difference.map(|text| format!("{} {}: {text}", playbook.id, action.id)),
                );
            }
        }
    }
    println!(
        "{} of {compared} runs of actions agree",
        compared - differences.len()
    );
    assert!(compared >= 100, "only {compared} runs");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The two actions on other backends reach those that are there, and nothing else.
#[tokio::test]
async fn signals_name_the_backend() {
    let mut twin = Twin::start("signals").await;
    let table = twin
        .database
        .table_mut("pg_catalog", "pg_stat_activity")
        .unwrap();
    let pid = table.column("pid").unwrap();
    let mut row = vec![Value::Null; table.columns.len()];
    row[pid] = Value::Int(4711);
    table.rows = vec![row.into()];
    let playbooks: Vec<Playbook> = library().into_iter().map(|one| one.playbook).collect();
    let playbook = playbooks
        .iter()
        .find(|playbook| playbook.actions.contains_key("cancel-query"))
        .unwrap();
    for (id, pid, expected) in [
        ("cancel-query", "4711", vec![(4711, Signal::Cancel)]),
        ("terminate-session", "4711", vec![(4711, Signal::Terminate)]),
        ("terminate-session", "4712", vec![]),
    ] {
        let action = playbook.actions.get(id).unwrap();
        let (statement, parameters) = planned(playbook, action, &[("backend_pid", pid)]);
        let written = twin.write(&statement, &parameters).unwrap();
        assert_eq!(written.count, expected.len() as u64, "{id}");
        assert_eq!(std::mem::take(&mut twin.database.signals), expected, "{id}");
    }
}
