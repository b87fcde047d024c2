//! A result as JSON: everything of it, exact. Cells and samples are text, so that no digit is lost on the way.
//!
//! ```json
//! {"kind":"table",
//! "version":1,
//! "title":"Identify the source",
//! "started_at":"2026-01-31T03:11:58Z",
//! "ended_at":"2026-01-31T03:11:58.018Z",
//! "outcome":{"rows":2},
//! "columns":[{"name":"actorId","kind":"text","type":"text"}],
//! "rows_total":2,
//! "rows":[
//! ["u-1932"],
//! [null]
//! ]}
//! ```

use std::io::{self, Write};

use serde::Serialize;

use super::{Capture, each_row, number};
use crate::model::Timestamp;
use crate::model::answer::AnswerBody;
use crate::model::request::Outcome;
use crate::model::table::{Column, ColumnKind, Row, Rows, Series};

/// Version of the form.
pub(super) const VERSION: u64 = 1;

#[derive(Serialize)]
struct OutcomeText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<Timestamp>,
}

impl<'a> From<&'a Outcome> for OutcomeText<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self {
            rows: outcome.rows,
            truncated: outcome.truncated.as_deref(),
            partial: outcome.partial.as_deref(),
            exit_code: outcome.exit_code,
            status: outcome.status,
            blind: outcome.blind.as_deref(),
            newest: outcome.newest,
            settled: outcome.settled,
        }
    }
}

#[derive(Serialize)]
struct ColumnText<'a> {
    name: &'a str,
    kind: ColumnKind,
    #[serde(rename = "type")]
    type_name: &'a str,
}

/// Writes the whole.
pub(super) fn write(capture: &Capture, sink: &mut dyn Write) -> io::Result<()> {
    let answer = &capture.answer;
    let kind = match &answer.body {
        AnswerBody::Nothing => "nothing",
        AnswerBody::Table { .. } => "table",
        AnswerBody::Chart(_) => "chart",
        AnswerBody::Output { .. } => "output",
    };
    sink.write_all(b"{\"kind\":")?;
    value(kind, sink)?;
    field("version", &VERSION, sink)?;
    field("title", &capture.title, sink)?;
    if let Some(view) = &capture.view {
        field("view", view, sink)?;
    }
    field("started_at", &answer.started_at, sink)?;
    field("ended_at", &answer.ended_at, sink)?;
    field("outcome", &OutcomeText::from(&answer.outcome), sink)?;
    match &answer.body {
        AnswerBody::Nothing => {}
        AnswerBody::Table { columns, rows } => table(columns, rows, sink)?,
        AnswerBody::Chart(series) => chart(series, sink)?,
        AnswerBody::Output { stdout, stderr } => {
            field("stdout", stdout, sink)?;
            field("stderr", stderr, sink)?;
        }
    }
    sink.write_all(b"}\n")
}

fn table(columns: &[Column], rows: &Rows, sink: &mut dyn Write) -> io::Result<()> {
    let columns: Vec<ColumnText<'_>> = columns
        .iter()
        .map(|column| ColumnText {
            name: &column.name,
            kind: column.kind,
            type_name: &column.type_name,
        })
        .collect();
    field("columns", &columns, sink)?;
    field("rows_total", &rows.len(), sink)?;
    name("rows", sink)?;
    let mut before: &[u8] = b"[\n";
    each_row(rows, |row: &Row| {
        sink.write_all(before)?;
        before = b",\n";
        value(row, sink)
    })?;
    sink.write_all(if rows.is_empty() { b"[]" } else { b"\n]" })
}

fn chart(series: &[Series], sink: &mut dyn Write) -> io::Result<()> {
    name("series", sink)?;
    sink.write_all(b"[")?;
    for (index, line) in series.iter().enumerate() {
        sink.write_all(if index > 0 { ",\n" } else { "\n" }.as_bytes())?;
        sink.write_all(b"{\"label\":")?;
        value(&line.label, sink)?;
        sink.write_all(b",\"samples\":[")?;
        for (index, sample) in line.samples.iter().enumerate() {
            sink.write_all(if index > 0 { ",\n" } else { "\n" }.as_bytes())?;
            value(&(sample.at, number(sample.value)), sink)?;
        }
        sink.write_all(b"]}")?;
    }
    sink.write_all(b"]")
}

fn field(of: &str, is: &(impl Serialize + ?Sized), sink: &mut dyn Write) -> io::Result<()> {
    name(of, sink)?;
    value(is, sink)
}

/// A name that is not the first; it needs no escapes.
fn name(of: &str, sink: &mut dyn Write) -> io::Result<()> {
    write!(sink, ",\n\"{of}\":")
}

fn value(is: &(impl Serialize + ?Sized), sink: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(sink, is).map_err(io::Error::from)
}
