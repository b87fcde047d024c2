//! What the names of an expression stand for, and in words why one of them stands for nothing.
//!
//! Rows are read only for expressions that name them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::typing::{cell, input, number};
use super::{Facts, Reference};
use crate::expr::{self, Expression, Scope};
use crate::model::answer::{Answer, AnswerBody};
use crate::model::ids::ActionId;
use crate::model::limits;
use crate::model::table::{Column, Rows, Sample, Series};

/// Names that stand for something of a result.
const MEMBERS: [&str; 11] = [
    "count", "rows", "value", "last", "max", "sum", "exit", "stdout", "lines", "status", "body",
];

/// All that expressions may look at.
pub(super) struct Worlds {
    /// Names and values.
    pub(super) scope: Scope,
    /// The lines of a chart, each by its label with the names that stand for something else in it; one without a label and
    /// names where there are not several.
    pub(super) each: Vec<(String, Scope)>,
    own: Members,
    /// Whose result that is, where it may be one of several.
    own_name: Option<String>,
    others: BTreeMap<String, Result<Members, String>>,
    decided: BTreeSet<String>,
    inputs: BTreeSet<String>,
}

/// What of a result can be named.
#[derive(Default)]
struct Members {
    values: Map<String, Value>,
    /// Why a member is not there.
    absent: BTreeMap<&'static str, String>,
    /// Names that several columns have: which one is meant nobody can tell.
    doubled: Vec<String>,
}

impl Worlds {
    /// The worlds of expressions with these texts. Without a result of its own, the names of one are absent for the reason
    /// given.
    pub(super) fn new(
        own: Result<&Answer, &str>,
        others: &[(&ActionId, &Reference)],
        facts: &Facts,
        texts: &[&str],
    ) -> Self {
        let named = |word: &str| texts.iter().any(|text| text.contains(word));
        let (rows, lines) = (named("rows"), named("lines"));
        let members = |answer: &Answer| Members::of(answer, rows, lines);
        let own_members = match own {
            Ok(answer) => members(answer),
            Err(reason) => Members::missing(reason),
        };
        let others: BTreeMap<String, Result<Members, String>> = others
            .iter()
            .filter(|(id, _)| named(id.as_str()))
            .map(|(id, reference)| {
                let members = match reference {
                    Reference::Here(answer) => Ok(members(answer)),
                    Reference::Evidence(_) => Err(format!("the evidence of {id} was not read")),
                    Reference::Missing(reason) => Err(reason.clone()),
                };
                (id.to_string(), members)
            })
            .collect();
        let lines_of_chart = match own {
            Ok(Answer {
                body: AnswerBody::Chart(series),
                ..
            }) if series.len() > 1 && (named("value") || named("last")) => series.as_slice(),
            _ => &[],
        };
        let mut each: Vec<(String, Scope)> = lines_of_chart
            .iter()
            .map(|series| (series.label.clone(), of_line(latest(&series.samples))))
            .collect();
        if each.is_empty() {
            each.push((String::new(), Scope::new()));
        }
        Self {
            scope: Self::base(&own_members, &others, facts),
            each,
            own: own_members,
            own_name: None,
            others,
            decided: facts.decisions.keys().cloned().collect(),
            inputs: facts.inputs.keys().cloned().collect(),
        }
    }

    /// The same, where the result at hand is one of several and goes by its name.
    pub(super) fn named(mut self, own: &ActionId) -> Self {
        self.own_name = Some(own.to_string());
        self
    }

    fn base(
        own: &Members,
        others: &BTreeMap<String, Result<Members, String>>,
        facts: &Facts,
    ) -> Scope {
        let mut scope = Scope::new();
        for (name, value) in &own.values {
            scope.set(name.clone(), value.clone());
        }
        let results: Map<String, Value> = others
            .iter()
            .filter_map(|(id, members)| {
                let members = members.as_ref().ok()?;
                Some((id.clone(), Value::Object(members.values.clone())))
            })
            .collect();
        let inputs: Map<String, Value> = facts
            .inputs
            .iter()
            .map(|(id, (kind, text))| (id.clone(), input(kind, text)))
            .collect();
        let decisions: Map<String, Value> = facts
            .decisions
            .iter()
            .filter_map(|(id, chosen)| {
                let value = if facts.many.contains(id) {
                    json!(chosen)
                } else {
                    json!(chosen.first()?)
                };
                Some((id.clone(), value))
            })
            .collect();
        scope
            .with("result", results)
            .with("inputs", inputs)
            .with("decision", decisions)
            .with("severity", json!(facts.severity))
            .with("mode", json!(facts.mode))
            .with("milestone", json!(facts.milestones))
            .with("incident_id", facts.incident_id.as_str())
            .with("operator", facts.operator.as_str())
    }

    /// An error of an expression in words that say what to do, where that is known.
    pub(super) fn why(&self, expression: &Expression, text: &str, error: String) -> String {
        let names = expr::variables(expression);
        let asked_of_others = expr::members_of(expression, "result");
        let absent = names
            .iter()
            .find_map(|name| self.own.absent.get(name.as_str()));
        let of_own = |reason: String| match &self.own_name {
            Some(name) => format!("{name}: {reason}"),
            None => reason,
        };
        if let Some(reason) = absent {
            return of_own(reason.clone());
        }
        for id in expr::keys_of(expression, "result") {
            match self.others.get(&id) {
                None => return format!("the result of {id} is not at hand"),
                Some(Err(reason)) => return reason.clone(),
                Some(Ok(members)) => {
                    // What is asked of another result says nothing of this one.
                    let asked = asked_of_others.iter().filter(|(of, _)| *of == id);
                    let mut absent =
                        asked.filter_map(|(_, name)| members.absent.get(name.as_str()));
                    if let Some(reason) = absent.next() {
                        return format!("{id}: {reason}");
                    }
                }
            }
        }
        let unknown = |name: &str, known: &BTreeSet<String>| {
            let mut keys = expr::keys_of(expression, name).into_iter();
            keys.find(|id| !known.contains(id))
        };
        if let Some(id) = unknown("decision", &self.decided) {
            return format!("the decision {id} was not made yet");
        }
        if let Some(id) = unknown("inputs", &self.inputs) {
            return format!("the input {id} has no value");
        }
        let members = self.others.values().flatten().chain([&self.own]);
        let mut doubled = members.flat_map(|members| &members.doubled);
        if let Some(name) = doubled.find(|name| text.contains(name.as_str())) {
            return format!("several columns are named {name}: give each a name of its own");
        }
        let own_is_empty = names.iter().filter_map(|name| self.own.empty(name));
        let of_others = asked_of_others.iter().filter_map(|(id, name)| {
            let reason = self.others.get(id)?.as_ref().ok()?.empty(name)?;
            Some(format!("{id}: {reason}"))
        });
        let out_of_bounds = error.contains(expr::NO_SUCH_ROW);
        match own_is_empty.map(of_own).chain(of_others).next() {
            Some(reason) if out_of_bounds => format!("{error}; {reason}"),
            _ => error,
        }
    }
}

impl Members {
    fn of(answer: &Answer, rows: bool, lines: bool) -> Self {
        let mut members = Self::default();
        let outcome = &answer.outcome;
        match &answer.body {
            AnswerBody::Table {
                columns,
                rows: handle,
            } => {
                members.table(columns, handle, rows);
                members.absent_all(&["value", "last", "max", "sum"], |name| {
                    format!("{name} belongs to a chart, and this result is a table")
                });
            }
            AnswerBody::Chart(series) => {
                members.chart(series);
                members.absent_all(&["rows"], |_| {
                    "rows belong to a table, and this result is a chart".to_owned()
                });
            }
            AnswerBody::Output { stdout, .. } => members.output(answer, stdout, lines),
            AnswerBody::Nothing => {
                members.output(answer, "", lines);
                members.set("count", outcome.rows.unwrap_or_default());
                members.set("rows", Vec::<Value>::new());
            }
        }
        if let Some(code) = outcome.exit_code {
            members.set("exit", code);
        }
        if let Some(status) = outcome.status {
            members.set("status", status);
        }
        for name in MEMBERS {
            if !members.values.contains_key(name) {
                let reason = format!("this result has no {name}");
                members.absent.entry(name).or_insert(reason);
            }
        }
        members
    }

    /// That a list of it has nothing to look at.
    fn empty(&self, name: &str) -> Option<String> {
        let list = self.values.get(name)?.as_array()?;
        list.is_empty()
            .then(|| format!("this result has no {name}"))
    }

    fn missing(reason: &str) -> Self {
        let mut members = Self::default();
        members.absent_all(&MEMBERS, |_| reason.to_owned());
        members
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    fn absent_all(&mut self, names: &[&'static str], reason: impl Fn(&str) -> String) {
        for name in names {
            self.absent.insert(name, reason(name));
        }
    }

    fn table(&mut self, columns: &[Column], rows: &Rows, wanted: bool) {
        let count = rows.len();
        self.set("count", count);
        self.doubled = columns
            .iter()
            .enumerate()
            .filter(|(at, column)| {
                columns
                    .iter()
                    .take(*at)
                    .any(|other| other.name == column.name)
            })
            .map(|(_, column)| column.name.clone())
            .collect();
        if !wanted {
            return;
        }
        if count > limits::EXPRESSION_ROWS {
            let reason = format!(
                "the result has {count} rows and expressions see rows only up to {}: use count, or count in the query",
                limits::EXPRESSION_ROWS
            );
            self.absent.insert("rows", reason);
            return;
        }
        let read = rows.read(0..count);
        if read.len() < count {
            let reason = "its rows could not be read back: run it again".to_owned();
            self.absent.insert("rows", reason);
            return;
        }
        let typed = read.iter().map(|row| {
            let cells = columns.iter().enumerate();
            let clear = cells.filter(|(_, column)| !self.doubled.contains(&column.name));
            let cells = clear.map(|(at, column)| {
                let text = row.get(at).and_then(Option::as_deref);
                (column.name.clone(), cell(column.kind, text))
            });
            Value::Object(cells.collect())
        });
        let typed: Vec<Value> = typed.collect();
        self.set("rows", typed);
    }

    /// The newest of all lines for `value` and `last`, the largest one where several are as new.
    fn chart(&mut self, series: &[Series]) {
        let samples = || {
            let all = series.iter().flat_map(|series| &series.samples);
            all.filter(|sample| !sample.value.is_nan())
        };
        let newest = samples().max_by(|left, right| {
            let by_time = left.at.cmp(&right.at);
            by_time.then(left.value.total_cmp(&right.value))
        });
        let of_all = |fold: fn(f64, f64) -> f64| {
            let folded = samples().map(|sample| sample.value).reduce(fold);
            folded.map_or(Value::Null, number)
        };
        let last = newest.map_or(Value::Null, |sample| number(sample.value));
        self.set("count", samples().count());
        self.set("value", last.clone());
        self.set("last", last);
        self.set("max", of_all(f64::max));
        self.set("sum", of_all(|sum, value| sum + value));
    }

    fn output(&mut self, answer: &Answer, stdout: &str, lines: bool) {
        if answer.outcome.status.is_some() {
            self.set("body", stdout);
        }
        if answer.outcome.exit_code.is_some() || answer.outcome.status.is_none() {
            self.set("stdout", stdout);
        }
        let count = stdout.lines().count();
        self.set("count", count);
        if lines && count <= limits::EXPRESSION_ROWS {
            self.set("lines", stdout.lines().collect::<Vec<_>>());
        } else if lines {
            let most = limits::EXPRESSION_ROWS;
            let reason =
                format!("the output has {count} lines and expressions see them only up to {most}");
            self.absent.insert("lines", reason);
        }
    }
}

/// What stands for something else in each line of a chart.
pub(super) fn of_line(last: Value) -> Scope {
    Scope::new().with("value", last.clone()).with("last", last)
}

/// The newest sample's value; null where there is none.
fn latest(samples: &[Sample]) -> Value {
    let mut known = samples.iter().filter(|sample| !sample.value.is_nan());
    known
        .next_back()
        .map_or(Value::Null, |sample| number(sample.value))
}
