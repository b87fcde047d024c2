//! The timeline as lines: text for people, JSON and CSV for programs.

use std::collections::BTreeMap;

use serde_json::json;

use super::names::Names;
use super::{mark, sentence, utc};
use crate::incident::SessionRecord;
use crate::model::safe_text::sanitize;
use crate::record::entry::{Hash, Sealed};

/// What stands in place of a body that was erased.
const ERASED: &str = "(erased)";

/// One entry as one line for people: time, mode unless it is live, operator, sentence. Safe to print.
pub fn text_line(sealed: &Sealed, names: Names<'_>) -> String {
    let entry = &sealed.entry;
    format!(
        "{}  {}{}  {}",
        utc(entry.when()),
        mark(entry.mode),
        sanitize(&entry.operator),
        sanitize(&sentence_of(sealed, names)),
    )
}

/// The last entry of each session that ended without saying so, to be followed by [`silent_line`].
pub type LastWords = BTreeMap<Hash, SessionRecord>;

/// Finds the last words of sessions whose writer is gone among entries in order.
pub fn last_words<'a>(
    silent: &BTreeMap<String, SessionRecord>,
    entries: impl IntoIterator<Item = &'a Sealed>,
) -> LastWords {
    let mut last = BTreeMap::new();
    for sealed in entries {
        if silent.contains_key(&sealed.entry.writer) {
            last.insert(&sealed.entry.writer, sealed.hash);
        }
    }
    last.into_iter()
        .filter_map(|(writer, hash)| Some((hash, silent.get(writer)?.clone())))
        .collect()
}

/// Said after the last entry of a session that ended without saying so. The record has no such entry: it follows from a
/// writer that is gone. Safe to print.
pub fn silent_line(sealed: &Sealed, session: &SessionRecord) -> String {
    format!(
        "{}  {}{}  (the session on {} ended without saying so: this was its last entry)",
        utc(sealed.entry.when()),
        mark(sealed.entry.mode),
        sanitize(&session.operator),
        sanitize(&session.host),
    )
}

/// One entry as one line of JSON. Field names are stable; `body` is what the entry holds, or null when it was erased.
pub fn json_line(sealed: &Sealed, names: Names<'_>) -> String {
    let entry = &sealed.entry;
    let body = serde_json::to_value(&sealed.body)
        .ok()
        .and_then(|mut tagged| tagged.get_mut("body").map(serde_json::Value::take));
    json!({
        "at": entry.at,
        "sim_at": entry.sim_at,
        "incident": entry.incident,
        "mode": entry.mode,
        "operator": entry.operator,
        "kind": entry.kind,
        "sentence": sentence_of(sealed, names),
        "body": body,
        "writer": entry.writer,
        "seq": entry.seq,
        "clock": entry.clock,
        "hash": sealed.hash,
    })
    .to_string()
}

/// Names of the columns of [`csv_line`], as a line with its end.
pub fn csv_header() -> String {
    csv_record(&CSV_COLUMNS.map(str::to_owned))
}

/// One entry as one record of RFC 4180, with its end.
pub fn csv_line(sealed: &Sealed, names: Names<'_>) -> String {
    let entry = &sealed.entry;
    csv_record(&[
        entry.at.clone(),
        entry.sim_at.clone().unwrap_or_default(),
        entry.mode.word().to_owned(),
        entry.operator.clone(),
        entry.kind.clone(),
        sentence_of(sealed, names),
        entry.writer.clone(),
        entry.seq.to_string(),
        entry.clock.to_string(),
        sealed.hash.to_string(),
    ])
}

const CSV_COLUMNS: [&str; 10] = [
    "at", "sim_at", "mode", "operator", "kind", "sentence", "writer", "seq", "clock", "hash",
];

fn csv_record(cells: &[String]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(cells.iter().map(|cell| without_formula(cell)));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A spreadsheet takes a cell that begins like this for a formula and may run it; an apostrophe makes it text.
fn without_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn sentence_of(sealed: &Sealed, names: Names<'_>) -> String {
    let at = sealed.entry.when();
    sealed
        .body
        .as_ref()
        .map_or_else(|| ERASED.to_owned(), |body| sentence(body, at, names))
}
