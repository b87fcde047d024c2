//! A kept result read back, so that a verdict, a suggestion or a message can rest on what an earlier session ran.
//!
//! Bounded: past the rows that expressions look at, only the count is right, and the result says that it is cut.

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::json::VERSION;
use crate::model::answer::{Answer, AnswerBody};
use crate::model::request::Outcome;
use crate::model::table::{Column, ColumnKind, Row, RowStore, Rows, Sample, Series};
use crate::model::{Timestamp, limits};

/// Reads the JSON form of a result.
pub fn read(bytes: &[u8]) -> Result<Answer, String> {
    answer(serde_json::from_slice(bytes))
}

/// Reads the JSON form of a result as it comes from a file.
pub fn read_from(source: impl Read) -> Result<Answer, String> {
    answer(serde_json::from_reader(source))
}

#[derive(Deserialize)]
struct Envelope {
    kind: Kind,
    version: u64,
    started_at: Timestamp,
    ended_at: Timestamp,
    outcome: OutcomeText,
    #[serde(default)]
    columns: Vec<ColumnText>,
    rows_total: Option<u64>,
    rows: Option<FirstRows>,
    #[serde(default)]
    series: Vec<SeriesText>,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Nothing,
    Table,
    Chart,
    Output,
}

#[derive(Deserialize)]
struct OutcomeText {
    rows: Option<u64>,
    truncated: Option<String>,
    partial: Option<String>,
    exit_code: Option<i32>,
    status: Option<u16>,
    blind: Option<String>,
    newest: Option<Timestamp>,
    #[serde(default)]
    settled: Option<Timestamp>,
}

#[derive(Deserialize)]
struct ColumnText {
    name: String,
    kind: ColumnKind,
    #[serde(rename = "type")]
    type_name: String,
}

#[derive(Deserialize)]
struct SeriesText {
    label: String,
    samples: Vec<(Timestamp, String)>,
}

fn answer(parsed: serde_json::Result<Envelope>) -> Result<Answer, String> {
    let envelope = parsed.map_err(|error| {
        format!("this evidence is no result that can be read back ({error}): run the action again")
    })?;
    if envelope.version > VERSION {
        return Err(format!(
            "the result's form {} is newer than {VERSION}: use a newer quarterdeck",
            envelope.version
        ));
    }
    let outcome = envelope.outcome;
    let mut outcome = Outcome {
        rows: outcome.rows,
        truncated: outcome.truncated,
        partial: outcome.partial,
        exit_code: outcome.exit_code,
        status: outcome.status,
        blind: outcome.blind,
        newest: outcome.newest,
        settled: outcome.settled,
    };
    let body = match envelope.kind {
        Kind::Nothing => AnswerBody::Nothing,
        Kind::Output => AnswerBody::Output {
            stdout: envelope.stdout,
            stderr: envelope.stderr,
        },
        Kind::Chart => AnswerBody::Chart(
            envelope
                .series
                .into_iter()
                .map(series)
                .collect::<Result<_, _>>()?,
        ),
        Kind::Table => {
            let columns = envelope.columns.into_iter().map(|column| Column {
                name: column.name,
                kind: column.kind,
                type_name: column.type_name,
            });
            let columns: Vec<Column> = columns.collect();
            let rows = envelope.rows.unwrap_or_default();
            rows.fit(columns.len(), envelope.rows_total)?;
            if let Some(cut) = rows.cut() {
                outcome.truncated.get_or_insert(cut);
            }
            let rows = rows.into_rows();
            AnswerBody::Table { columns, rows }
        }
    };
    Ok(Answer {
        outcome,
        started_at: envelope.started_at,
        ended_at: envelope.ended_at,
        body,
    })
}

fn series(line: SeriesText) -> Result<Series, String> {
    let sample = |(at, value): (Timestamp, String)| match value.parse() {
        Ok(value) => Ok(Sample { at, value }),
        Err(_) => Err(format!(
            "this evidence is no result that can be read back: {value:?} at {at} is no number"
        )),
    };
    Ok(Series {
        label: line.label,
        samples: line
            .samples
            .into_iter()
            .map(sample)
            .collect::<Result<_, _>>()?,
    })
}

/// The first rows, up to the bounds, and how many there are.
#[derive(Default)]
struct FirstRows {
    rows: Vec<Row>,
    total: usize,
}

impl FirstRows {
    /// The file is whole and every row has a cell a column.
    fn fit(&self, columns: usize, total: Option<u64>) -> Result<(), String> {
        if total.is_some_and(|total| total != self.total as u64) {
            return Err(format!(
                "this evidence is no result that can be read back: it says {} rows and holds {}",
                total.unwrap_or_default(),
                self.total
            ));
        }
        match self.rows.iter().position(|row| row.len() != columns) {
            Some(row) => Err(format!(
                "this evidence is no result that can be read back: row {} has not {columns} cells",
                row + 1
            )),
            None => Ok(()),
        }
    }

    /// Why not all rows are at hand.
    fn cut(&self) -> Option<String> {
        (self.rows.len() < self.total).then(|| {
            format!(
                "only the first {} of {} rows were read back from evidence",
                self.rows.len(),
                self.total
            )
        })
    }

    fn into_rows(self) -> Rows {
        if self.rows.len() == self.total {
            Rows::from_vec(self.rows)
        } else {
            Rows(Arc::new(self))
        }
    }
}

/// The count is that of all rows; those past the bounds cannot be read.
impl RowStore for FirstRows {
    fn len(&self) -> usize {
        self.total
    }

    fn read(&self, range: Range<usize>) -> Vec<Row> {
        RowStore::read(&self.rows, range)
    }
}

impl<'de> Deserialize<'de> for FirstRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = FirstRows;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<FirstRows, A::Error> {
        let mut first = FirstRows::default();
        let mut bytes = 0;
        while first.rows.len() < limits::EVIDENCE_READ_ROWS && bytes < limits::EVIDENCE_READ_BYTES {
            let Some(row) = sequence.next_element::<Row>()? else {
                return Ok(first);
            };
            bytes += row.iter().flatten().map(|cell| cell.len()).sum::<usize>();
            first.rows.push(row);
            first.total += 1;
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            first.total = first
                .total
                .checked_add(1)
                .ok_or_else(|| A::Error::custom("too many rows"))?;
        }
        Ok(first)
    }
}
