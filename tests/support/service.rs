//! The simulated service with stories planted in it, and the shipped playbooks' own queries asked of it. No screen, no source: the engines alone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    reason = "tests fail by panicking; not every test uses all"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json, json};

use quarterdeck::drill::{Facts, Scenario, World, http, scenario, shell};
use quarterdeck::expr::{self, Scope};
use quarterdeck::kql::value::text::to_text;
use quarterdeck::kql::value::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::ids::{ActionId, InputId, StepId};
use quarterdeck::model::playbook::{Action, Language, Playbook};
use quarterdeck::model::request::BoundInput;
use quarterdeck::model::timestamp_text;
use quarterdeck::pgsql;
use quarterdeck::sql::{self, Dialect};
use quarterdeck::{kql, playbook, promql};

/// A row of an answer: numbers and intervals as numbers (seconds), all else as text.
pub type Row = Map<String, Json>;

/// A database in which one query blocks six others.
pub const SLOW: &str = r#"
[[story]]
id = "slow"
kind = "slow-database"
from = "-20m"
waiting = 6
table = "dsar_cases"
"#;

/// The service and what an operator knows of it.
pub struct Service {
    /// The service.
    pub world: World,
    playbook: Playbook,
    inputs: BTreeMap<String, (&'static str, String)>,
    starts: Timestamp,
}

fn scenario(playbook: &str, stories: &str) -> Scenario {
    let text = format!(
        r#"
drill = 1
id = "small"
title = "Small"
summary = "A small service."
playbook = "{playbook}"
starts = 2026-03-10T10:00:00Z
history = "70m"
lasts = "60m"

[service]
organisations = 10
users = 5
staff = 14
requests_per_minute = 6

{stories}

[truth]
breach = false
text = "Nothing."
"#
    );
    let (scenario, found) = scenario::parse(SourceText::new("small.toml", &text));
    let said: Vec<String> = found.iter().map(|one| format!("{one:?}")).collect();
    assert!(
        said.iter().all(|one| !one.contains("story")),
        "the stories were not read: {said:#?}"
    );
    scenario
}

impl Service {
    /// A small service at the time of the page, with these stories (tables of TOML) planted.
    pub fn new(playbook: &str, stories: &str, seed: u64) -> Self {
        let scenario = scenario(playbook, stories);
        let found = playbook::library()
            .into_iter()
            .find(|one| one.playbook.id.as_str() == playbook)
            .unwrap_or_else(|| panic!("no playbook {playbook}"));
        let start = scenario.starts - SignedDuration::from_mins(70);
        let mut service = Self {
            world: World::new(&scenario, seed),
            playbook: found.playbook,
            inputs: BTreeMap::new(),
            starts: scenario.starts,
        };
        service.set("window_start", "datetime", &timestamp_text(start));
        service
    }

    /// Gives an input a value; `kind` is the word of its type.
    pub fn set(&mut self, input: &str, kind: &'static str, value: &str) {
        self.inputs
            .insert(input.to_owned(), (kind, value.to_owned()));
    }

    /// Minutes pass.
    pub fn pass(&mut self, minutes: i64) {
        let now = self.world.now() + SignedDuration::from_mins(minutes);
        self.world.advance(now);
    }

    /// The time so many minutes after the page.
    pub fn minutes(&self, minutes: i64) -> String {
        timestamp_text(self.starts + SignedDuration::from_mins(minutes))
    }

    /// The facts of the service.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        self.world.tell(&mut facts);
        facts
    }

    /// The names a story has for a role.
    pub fn names(&self, story: &str, role: &str) -> Vec<String> {
        self.world.drawn(story, role).to_vec()
    }

    /// The one name a story has for a role.
    pub fn name(&self, story: &str, role: &str) -> String {
        let names = self.names(story, role);
        assert_eq!(names.len(), 1, "{story}.{role}: {names:?}");
        names.into_iter().next().unwrap()
    }

    fn action(&self, id: &str) -> &Action {
        self.playbook
            .action(&ActionId::new(id))
            .unwrap_or_else(|| panic!("no action {id}"))
    }

    /// What an action of the playbook answers now.
    pub fn ask(&self, id: &str) -> Vec<Row> {
        let action = self.action(id);
        match action.language {
            Language::Kql => self.kql(&action.text),
            Language::Sql => self.sql(&action.text),
            Language::Promql => self.promql(&action.text),
            other => panic!("{id} is {}", other.word()),
        }
    }

    /// The one row that an action answers with.
    pub fn row(&self, id: &str) -> Row {
        let rows = self.ask(id);
        assert_eq!(rows.len(), 1, "{id}: {rows:#?}");
        rows.into_iter().next().unwrap()
    }

    /// A number of the one row that an action answers with.
    pub fn figure(&self, id: &str, column: &str) -> i64 {
        figure(&self.row(id), column)
    }

    /// Answers of a KQL text, with the window bound.
    pub fn kql(&self, text: &str) -> Vec<Row> {
        let start = &self.inputs.get("window_start").unwrap().1;
        let mut bound = format!(
            "let _window_start = datetime({start});\nlet _window_end = datetime({});\n",
            timestamp_text(self.world.now())
        );
        let mut body = text.to_owned();
        if let Some((_, fixed)) = self.inputs.get("fixed_at") {
            // The playbook's own line holds an example.
            let lines = body
                .lines()
                .filter(|line| !line.starts_with("let _fixed_at"));
            body = lines.collect::<Vec<_>>().join("\n");
            let _ = writeln!(bound, "let _fixed_at = datetime({fixed});");
        }
        let options = kql::Options {
            now: UNIX_EPOCH_TICKS + self.world.now().as_microsecond() * 10,
            parameters: Vec::new(),
        };
        let never = || false;
        let run = kql::Run::new(kql::Limits::default(), &never);
        let text = format!("{bound}{body}");
        let answers = kql::run(&text, self.world.telemetry(), &options, &run)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let answer = answers.first().unwrap();
        let rows = answer.values().map(|values| {
            let fields = answer.schema.fields.iter().zip(values);
            fields
                .map(|(field, value)| (field.name.to_string(), kql_json(&value)))
                .collect()
        });
        rows.collect()
    }

    fn bound(&self, text: &str) -> (String, Vec<pgsql::Parameter>) {
        let mut inputs: Vec<BoundInput> = self
            .inputs
            .iter()
            .map(|(id, (kind, text))| input(id, kind, text))
            .collect();
        inputs.push(input(
            "window_end",
            "datetime",
            &timestamp_text(self.world.now()),
        ));
        let bound = sql::bind(text, Dialect::Postgres, &inputs)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let parameters = bound.parameters.into_iter().map(|one| pgsql::Parameter {
            ty: None,
            text: Some(one.value),
        });
        (bound.statement, parameters.collect())
    }

    /// Rows of an SQL text, with the inputs bound.
    pub fn sql(&self, text: &str) -> Vec<Row> {
        let (statement, parameters) = self.bound(text);
        let never = || false;
        let context = self.context(&never);
        let database = self.world.database();
        let answer = pgsql::query(database, &statement, &parameters, &context, 100_000)
            .unwrap_or_else(|error| panic!("{error}\n{statement}"));
        rows_of(&answer)
    }

    /// Does a write of the playbook. How many rows it touched.
    pub fn write(&mut self, id: &str) -> u64 {
        let text = self.action(id).text.clone();
        let (statement, parameters) = self.bound(&text);
        let never = || false;
        let now = self.world.now().as_microsecond();
        let context = pgsql::Context {
            now,
            user: "operator",
            stop: &never,
        };
        let written = self
            .world
            .change(|database| pgsql::write(database, &statement, &parameters, &context, None));
        written
            .unwrap_or_else(|error| panic!("{error}\n{statement}"))
            .count
    }

    fn context<'a>(&self, stop: &'a dyn Fn() -> bool) -> pgsql::Context<'a> {
        pgsql::Context {
            now: self.world.now().as_microsecond(),
            user: "operator",
            stop,
        }
    }

    /// What a PromQL text gives now: the labels of each series, and its `value`.
    pub fn promql(&self, text: &str) -> Vec<Row> {
        let query = promql::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let at = self.world.now().as_millisecond();
        let never = || false;
        let answer = promql::instant(self.world.metrics(), &query, at, &never)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        match answer {
            promql::Answer::Scalar(value) => {
                vec![Row::from_iter([("value".to_owned(), json!(value))])]
            }
            promql::Answer::Vector(rows) => rows
                .into_iter()
                .map(|(labels, value)| {
                    let labels = labels.iter();
                    let mut row: Row = labels
                        .map(|(name, label)| (name.clone(), json!(label.clone())))
                        .collect();
                    row.insert("value".to_owned(), json!(value));
                    row
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    /// Runs a script of the playbook: its exit code and what it printed.
    pub fn script(&mut self, id: &str) -> (i32, String) {
        let text = self.action(id).text.clone();
        let inputs = self.inputs.iter();
        let environment: Vec<(String, String)> = inputs
            .map(|(id, (_, text))| (id.to_uppercase(), text.clone()))
            .collect();
        let ran = shell::run(&mut self.world, &text, &environment)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        (ran.exit_code, ran.stdout)
    }

    /// The status of an answer of the service.
    pub fn status_of(&mut self, path: &str) -> u16 {
        http::ask(&mut self.world, "GET", path, "").status
    }

    /// The choices of a decision that the playbook suggests for these rows.
    pub fn suggested(&self, step: &str, rows: &[Row]) -> Vec<String> {
        self.suggested_by(step, rows, &json!({}))
    }

    /// The same for a decision over several results, by action.
    pub fn suggested_by(&self, step: &str, rows: &[Row], results: &Json) -> Vec<String> {
        let step = self.playbook.step(&StepId::new(step)).unwrap();
        let choices = &step.decision.as_ref().unwrap().choices;
        let rows: Vec<Json> = rows.iter().cloned().map(Json::Object).collect();
        let mut inputs = Map::new();
        for (id, (_, text)) in &self.inputs {
            inputs.insert(id.clone(), json!(text));
        }
        let scope = Scope::new()
            .with("count", json!(rows.len()))
            .with("rows", Json::Array(rows))
            .with("result", results.clone())
            .with("milestone", json!([]))
            .with("inputs", Json::Object(inputs));
        let holds = |text: &str| {
            let parsed = expr::parse(text).unwrap();
            expr::holds(&parsed, &scope).unwrap_or(false)
        };
        choices
            .iter()
            .filter(|choice| choice.suggest_when.as_deref().is_some_and(holds))
            .map(|choice| choice.name.clone())
            .collect()
    }

    /// PASS, FAIL or INCONCLUSIVE, by the expressions of an action over its rows.
    pub fn verdict(&self, id: &str) -> &'static str {
        let rows: Vec<Json> = self.ask(id).into_iter().map(Json::Object).collect();
        let scope = Scope::new()
            .with("count", json!(rows.len()))
            .with("rows", Json::Array(rows));
        let judge = &self.action(id).judge;
        let holds = |text: &str| {
            let parsed = expr::parse(text).unwrap();
            expr::holds(&parsed, &scope).unwrap_or_else(|error| panic!("{id}: {error}"))
        };
        let expected = holds(&judge.expect.as_ref().unwrap().text);
        let doubted = judge.doubt.as_ref().is_some_and(|doubt| holds(&doubt.text));
        match (expected, doubted) {
            (false, _) => "FAIL",
            (true, true) => "INCONCLUSIVE",
            (true, false) => "PASS",
        }
    }
}

/// A number of a row.
pub fn figure(row: &Row, column: &str) -> i64 {
    let value = row
        .get(column)
        .unwrap_or_else(|| panic!("no {column}: {row:?}"));
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|value| value as i64))
        .unwrap_or_else(|| panic!("{column} is {value}"))
}

/// A text of a row; empty for null.
pub fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    let value = row
        .get(column)
        .unwrap_or_else(|| panic!("no {column}: {row:?}"));
    value.as_str().unwrap_or("")
}

fn input(id: &str, kind: &'static str, text: &str) -> BoundInput {
    BoundInput {
        id: InputId::new(id),
        kind,
        text: text.to_owned(),
        example: false,
        has_pattern: false,
    }
}

fn kql_json(value: &kql::Value) -> Json {
    match value {
        kql::Value::Null => Json::Null,
        kql::Value::Bool(value) => json!(value),
        kql::Value::Int(value) => json!(value),
        kql::Value::Long(value) => json!(value),
        kql::Value::Real(value) => json!(value),
        kql::Value::Timespan(ticks) => json!(*ticks as f64 / TICKS_PER_SECOND as f64),
        kql::Value::DateTime(ticks) => {
            let micros = (ticks - UNIX_EPOCH_TICKS) / 10;
            json!(timestamp_text(Timestamp::from_microsecond(micros).unwrap()))
        }
        other => json!(to_text(other)),
    }
}

fn rows_of(answer: &pgsql::Answer) -> Vec<Row> {
    answer
        .rows
        .iter()
        .map(|values| {
            let fields = answer.columns.iter().zip(values);
            fields
                .map(|((name, ty), value)| (name.clone(), sql_json(value, ty)))
                .collect()
        })
        .collect()
}

fn sql_json(value: &pgsql::Value, ty: &pgsql::Type) -> Json {
    match value {
        pgsql::Value::Null => Json::Null,
        pgsql::Value::Bool(value) => json!(value),
        pgsql::Value::Int(value) => json!(value),
        pgsql::Value::Float(value) => json!(value),
        pgsql::Value::Interval {
            months,
            days,
            micros,
        } => {
            let days = i64::from(*months) * 30 + i64::from(*days);
            json!(days as f64 * 86_400.0 + *micros as f64 / 1e6)
        }
        other => json!(other.to_text(ty)),
    }
}
