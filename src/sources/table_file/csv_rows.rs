//! Rows of a CSV file. The first line names the columns.

use std::fs::File;
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::{Cell, Rows};

/// The rows.
pub(super) struct CsvRows {
    reader: Reader<File>,
    columns: Vec<String>,
    record: StringRecord,
}

impl CsvRows {
    /// Opens the file and reads its first line.
    pub(super) fn open(path: &Path, separator: u8) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let mut reader = ReaderBuilder::new().delimiter(separator).from_reader(file);
        let headers = reader.headers().map_err(|error| fault(&error))?;
        let columns: Vec<String> = headers
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let name = name.trim_start_matches('\u{feff}').trim();
                if name.is_empty() {
                    format!("Column{}", index + 1)
                } else {
                    name.to_owned()
                }
            })
            .collect();
        if columns.is_empty() {
            return Err(
                "it is empty; expected a first line with the names of the columns".to_owned(),
            );
        }
        Ok(Self {
            reader,
            columns,
            record: StringRecord::new(),
        })
    }
}

impl Rows for CsvRows {
    fn advance(&mut self) -> Result<bool, String> {
        self.reader
            .read_record(&mut self.record)
            .map_err(|error| fault(&error))
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        self.record.get(column).map_or(Cell::Null, Cell::Bare)
    }

    fn place(&self) -> String {
        let line = self.record.position().map_or(0, csv::Position::line);
        format!("line {line}")
    }
}

fn fault(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} values, the first line names {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} is not UTF-8 text")
        }
        _ => error.to_string(),
    }
}
