//! Evidence of results: a result as bytes of files, and back.
//!
//! Pure: bytes in, bytes out. Files and hashes are the store's; secrets were masked before a result came here. Nothing
//! else of a result is altered.

mod csv;
mod json;
mod read;

use std::io::{self, Write};
use std::ops::Range;

use crate::expr::Threshold;
use crate::model::Timestamp;
use crate::model::answer::{Answer, AnswerBody};
use crate::model::limits;
use crate::model::playbook::ResultView;
use crate::model::table::{Row, Rows};
use crate::record::entry::{EvidenceOrigin, Hash};

pub use read::{read, read_from};

/// What is to be captured.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// The result, or the samples of a live pane.
    pub answer: Answer,
    /// Where it came from.
    pub origin: EvidenceOrigin,
    /// What it is, for people: the action's title.
    pub title: String,
    /// How the playbook shows it.
    pub view: Option<ResultView>,
    /// How a live pane drew its samples; none for a result.
    pub pane: Option<LivePane>,
}

/// What a live pane showed beside its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct LivePane {
    /// From when to when.
    pub window: (Timestamp, Timestamp),
    /// Its threshold.
    pub threshold: Option<Threshold>,
    /// The threshold was crossed.
    pub alert: bool,
}

/// A file that is kept, as `evidence.added` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Its address.
    pub sha256: Hash,
    /// Bytes.
    pub size: u64,
    /// Media type.
    pub media_type: String,
    /// A name for people, never a path.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Where it came from.
    pub origin: EvidenceOrigin,
}

/// A file that a result becomes. Its bytes are made while they are written: a million rows are never in memory at once.
#[derive(Debug)]
pub struct ResultFile<'a> {
    /// A name for people, never a path.
    pub name: String,
    /// Media type.
    pub media_type: &'static str,
    form: Form,
    capture: &'a Capture,
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Everything, exact, and readable again.
    Json,
    /// Rows or samples for a spreadsheet.
    Csv,
    /// Standard output of a script, or the body of an answer.
    Stdout,
    /// Standard error of a script.
    Stderr,
}

/// Media type of the file that [`read`] takes.
pub const JSON: &str = "application/json";
/// Media type of rows and samples for a spreadsheet.
pub const CSV: &str = "text/csv; charset=utf-8";
/// Media type of the picture of a chart.
pub const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// The files that a result becomes, the JSON one first. The same result gives the same bytes.
pub fn files(capture: &Capture) -> Vec<ResultFile<'_>> {
    let name = file_name(capture.origin.action.as_str());
    let file = |ending: &str, media_type, form| ResultFile {
        name: format!("{name}{ending}"),
        media_type,
        form,
        capture,
    };
    let mut files = vec![file(".json", JSON, Form::Json)];
    match &capture.answer.body {
        AnswerBody::Nothing => {}
        AnswerBody::Table { .. } | AnswerBody::Chart(_) => files.push(file(".csv", CSV, Form::Csv)),
        AnswerBody::Output { stdout, stderr } => {
            if !stdout.is_empty() {
                files.push(file("-stdout.txt", TEXT, Form::Stdout));
            }
            if !stderr.is_empty() {
                files.push(file("-stderr.txt", TEXT, Form::Stderr));
            }
        }
    }
    files
}

impl ResultFile<'_> {
    /// Writes the bytes. Fails when the sink does, and when rows cannot be read where they lie: evidence that lost rows
    /// in silence would be worse than none.
    pub fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        match (self.form, &self.capture.answer.body) {
            (Form::Json, _) => json::write(self.capture, sink),
            (Form::Csv, AnswerBody::Table { columns, rows }) => csv::table(columns, rows, sink),
            (Form::Csv, AnswerBody::Chart(series)) => csv::chart(series, sink),
            (Form::Stdout, AnswerBody::Output { stdout, .. }) => sink.write_all(stdout.as_bytes()),
            (Form::Stderr, AnswerBody::Output { stderr, .. }) => sink.write_all(stderr.as_bytes()),
            // `files` makes no such pair.
            (Form::Csv | Form::Stdout | Form::Stderr, _) => Ok(()),
        }
    }
}

/// A name that is safe on every disk: `[A-Za-z0-9._-]`, never hidden.
pub fn file_name(action: &str) -> String {
    let kept = |character: char| {
        if character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.') {
            character
        } else {
            '-'
        }
    };
    let name: String = action.chars().map(kept).collect();
    let name = name.trim_start_matches(['.', '-']);
    if name.is_empty() { "result" } else { name }.to_owned()
}

/// Every row in order, a window at a time.
fn each_row(rows: &Rows, mut take: impl FnMut(&Row) -> io::Result<()>) -> io::Result<()> {
    let total = rows.len();
    let mut at = 0;
    while at < total {
        let window: Range<usize> = at..total.min(at + limits::FETCH_ROWS as usize);
        let read = rows.read(window.clone());
        read.iter().try_for_each(&mut take)?;
        if read.len() < window.len() {
            return Err(io::Error::other(format!(
                "only {} of {total} rows can be read where they lie: run the action again",
                at + read.len()
            )));
        }
        at = window.end;
    }
    Ok(())
}

/// A sample's value as text that reads back to the same number.
fn number(value: f64) -> String {
    let size = value.abs();
    if size.is_finite() && size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_on_every_disk() {
        for (action, name) in [
            ("identify-source", "identify-source"),
            ("../../etc/passwd", "etc-passwd"),
            (".hidden", "hidden"),
            ("ü\u{202e}", "result"),
            ("", "result"),
        ] {
            assert_eq!(file_name(action), name, "{action}");
        }
    }

    #[test]
    fn numbers_read_back() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (42.0, "42"),
            (0.1, "0.1"),
            (1e16, "1e16"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(value), text);
            let back: f64 = number(value).parse().unwrap();
            assert!(back.to_bits() == value.to_bits() || value.is_nan());
        }
    }
}
