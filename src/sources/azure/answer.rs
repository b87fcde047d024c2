//! Answers of the three services, read row by row from disk: tables of Azure Monitor, tables of Kusto v1, frames of Kusto v2.
//!
//! Types are decided by the column and never by what JSON made of a cell: numbers come as texts, dynamic values as texts that hold JSON. An error inside a 200
//! makes the answer partial; where nothing came with it, it is a failure.

pub(in crate::sources) mod cell;
mod read;

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::super::Sink;
use super::super::mask::Masker;
use super::super::spill::SpillWriter;
use super::failure::Inner;
use crate::model::limits;
use crate::model::request::{Chunk, Outcome, RunError};
use crate::model::table::Column;

/// Rows after which the first are shown.
const FIRST_ROWS: u64 = 200;
/// Rows kept of tables that tell how the query went.
const STATUS_ROWS: usize = 1_000;

/// Reads one answer, on a thread of its own.
pub(super) struct Reader {
    /// Where it comes from, for errors.
    pub target: String,
    /// Rows kept at most.
    pub limit: u64,
    /// Where rows are kept.
    pub folder: PathBuf,
    /// Masks what the service says.
    pub masker: Masker,
    /// Where rows go.
    pub sink: Sink,
    /// Set when nobody waits any more.
    pub stop: CancellationToken,
    /// To wait for room in the sink.
    pub runtime: tokio::runtime::Handle,
}

impl Reader {
    /// Reads the whole answer.
    ///
    /// # Errors
    /// What is not an answer of these services, an error without a row, or that the run was stopped.
    pub(super) fn read(self, body: File) -> Result<Outcome, RunError> {
        let mut work = Work::new(self);
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(body));
        let read = read::answer(&mut json, &mut work).and_then(|()| json.end());
        if let Some(stopped) = work.stopped.take() {
            return Err(stopped);
        }
        if let Err(error) = read {
            return Err(RunError::failed(format!(
                "the answer of {} is broken at byte {}: {}; ask again",
                work.reader.target,
                error.column(),
                if error.is_eof() {
                    "it ends too early".to_owned()
                } else {
                    error.to_string()
                }
            )));
        }
        work.end()
    }
}

/// A table that tells how the query went.
#[derive(Default)]
struct Small {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// What has been read so far.
struct Work {
    reader: Reader,
    /// The answer's table: its columns and where its rows go.
    primary: Option<(Vec<Column>, SpillWriter)>,
    rows: u64,
    cut: Option<String>,
    /// Tables of answers seen; a query may have several statements.
    answers: usize,
    small: Vec<Small>,
    errors: Vec<Value>,
    /// Why reading was given up.
    stopped: Option<RunError>,
}

impl Work {
    fn new(reader: Reader) -> Self {
        Self {
            reader,
            primary: None,
            rows: 0,
            cut: None,
            answers: 0,
            small: Vec::new(),
            errors: Vec::new(),
            stopped: None,
        }
    }

    /// Begins the answer's table. False when there is one already.
    fn begin(&mut self, columns: Vec<Column>) -> bool {
        self.answers += 1;
        if self.answers > 1 {
            return false;
        }
        match SpillWriter::create(&self.reader.folder, columns.len(), limits::RESULT_BYTES) {
            Ok(writer) => {
                self.hand_over(Chunk::Columns {
                    columns: columns.clone(),
                    rows: writer.rows(),
                });
                self.primary = Some((columns, writer));
                true
            }
            Err(error) => {
                self.give_up(kept_nowhere(&error));
                false
            }
        }
    }

    /// Keeps a row of the answer; false when the rest need not be read.
    fn row(&mut self, cells: &[Value]) -> bool {
        let Some((columns, writer)) = &mut self.primary else {
            return false;
        };
        if self.cut.is_some() {
            return true;
        }
        if self.rows >= self.reader.limit {
            self.cut = Some(format!(
                "row cap: only the first {} rows",
                self.reader.limit
            ));
            return true;
        }
        let texts: Vec<Option<String>> = columns
            .iter()
            .zip(cells)
            .map(|(column, value)| cell::text(&column.type_name, value))
            .collect();
        match writer.push(texts.iter().map(|text| text.as_ref().map(String::as_bytes))) {
            Ok(true) => self.rows += 1,
            Ok(false) => {
                self.cut = Some(format!("byte cap: only the first {} rows", self.rows));
            }
            Err(error) => {
                self.give_up(kept_nowhere(&error));
                return false;
            }
        }
        if self.rows == FIRST_ROWS || self.rows.is_multiple_of(limits::FETCH_ROWS) {
            self.publish();
        }
        self.stopped.is_none()
    }

    fn publish(&mut self) {
        let Some((_, writer)) = &mut self.primary else {
            return;
        };
        match writer.publish() {
            Ok(total) => self.hand_over(Chunk::Rows(total)),
            Err(error) => self.give_up(kept_nowhere(&error)),
        }
    }

    /// Waits for room in the sink, but not past the order to stop.
    fn hand_over(&mut self, chunk: Chunk) {
        let reader = &self.reader;
        let sent = reader.runtime.block_on(async {
            tokio::select! {
                biased;
                () = reader.stop.cancelled() => Err(RunError::Cancelled),
                () = reader.sink.send(chunk) => Ok(()),
            }
        });
        if let Err(error) = sent {
            self.give_up(error);
        }
    }

    fn give_up(&mut self, error: RunError) {
        self.stopped.get_or_insert(error);
    }

    /// The outcome, with everything that keeps it from being whole.
    fn end(mut self) -> Result<Outcome, RunError> {
        self.publish();
        if let Some(stopped) = self.stopped {
            return Err(stopped);
        }
        let mut faults: Vec<Inner> = self.errors.iter().flat_map(inner_errors).collect();
        faults.extend(self.small.iter().flat_map(failures));
        let said = |fault: &Inner| self.reader.masker.mask(&fault.message);
        if self.primary.is_none() {
            let message = faults
                .first()
                .map_or_else(|| "its answer holds no table; ask again".to_owned(), said);
            return Err(RunError::Failed {
                message: format!("{}: {message}", self.reader.target),
                code: faults.into_iter().find_map(|fault| fault.code),
                position: None,
            });
        }
        let (cut, partial): (Vec<&Inner>, Vec<&Inner>) =
            faults.iter().partition(|fault| is_too_large(fault));
        if !partial.is_empty() && self.rows == 0 {
            return Err(RunError::failed(format!(
                "{}: {}",
                self.reader.target,
                partial
                    .iter()
                    .copied()
                    .map(said)
                    .collect::<Vec<_>>()
                    .join("; ")
            )));
        }
        let mut missing: Vec<String> = partial.into_iter().map(said).collect();
        let listed = self
            .small
            .iter()
            .map(answers_listed)
            .max()
            .unwrap_or_default();
        let answers = self.answers.max(listed);
        if answers > 1 {
            missing.push(format!(
                "the query has {answers} answers, and only the first is kept: ask one question an action"
            ));
        }
        Ok(Outcome {
            rows: Some(self.rows),
            status: Some(200),
            truncated: self.cut.or_else(|| cut.first().map(|fault| said(fault))),
            partial: (!missing.is_empty()).then(|| missing.join("; ")),
            ..Outcome::default()
        })
    }
}

fn kept_nowhere(error: &std::io::Error) -> RunError {
    RunError::failed(format!(
        "the rows could not be kept on disk: {error}; make room there or set TMPDIR"
    ))
}

/// An error object, or the list of them that Data Explorer sends.
fn inner_errors(error: &Value) -> Vec<Inner> {
    match error {
        Value::Array(errors) => errors.iter().flat_map(inner_errors).collect(),
        Value::Object(fields) => match fields.get("OneApiErrors").or_else(|| fields.get("error")) {
            Some(inner) => inner_errors(inner),
            None => {
                // A partial error names what is wrong in its details.
                match fields.get("details").and_then(Value::as_array) {
                    Some(details) if !details.is_empty() => details.iter().map(Inner::of).collect(),
                    _ => vec![Inner::of(error)],
                }
            }
        },
        Value::String(message) => vec![Inner {
            message: message.clone(),
            ..Inner::default()
        }],
        _ => Vec::new(),
    }
}

/// Rows of a status table of Kusto v1 that say that something failed: severity 2 and below.
fn failures(table: &Small) -> Vec<Inner> {
    let at = |name: &str| table.columns.iter().position(|column| column == name);
    let (Some(severity), Some(description)) = (at("Severity"), at("StatusDescription")) else {
        return Vec::new();
    };
    table
        .rows
        .iter()
        .filter(|row| {
            row.get(severity)
                .and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
                .is_some_and(|severity| severity <= 2)
        })
        .map(|row| Inner {
            message: row
                .get(description)
                .and_then(Value::as_str)
                .unwrap_or("the query failed")
                .to_owned(),
            ..Inner::default()
        })
        .collect()
}

/// How many answers the table of contents of Kusto v1 lists.
fn answers_listed(table: &Small) -> usize {
    let Some(kind) = table.columns.iter().position(|column| column == "Kind") else {
        return 0;
    };
    table
        .rows
        .iter()
        .filter(|row| row.get(kind).and_then(Value::as_str) == Some("QueryResult"))
        .count()
}

/// Whether the service cut the rows short because there were too many.
fn is_too_large(fault: &Inner) -> bool {
    fault
        .code
        .as_deref()
        .is_some_and(|code| code.contains("RESULT_SET_TOO_LARGE"))
        || fault.message.contains("E_QUERY_RESULT_SET_TOO_LARGE")
}
