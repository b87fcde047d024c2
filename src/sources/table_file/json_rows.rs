//! Rows of a file of JSON lines: an object a line, its keys are columns.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::{Cell, Dynamic, Rows};
use crate::kql::dynamic::json;

/// The rows.
pub(super) struct JsonRows {
    reader: BufReader<File>,
    columns: Vec<String>,
    index: HashMap<String, usize>,
    /// Whether keys that are no column yet become one: while the file is read for its columns.
    learns: bool,
    line: String,
    number: u64,
    cells: Vec<Option<Dynamic>>,
}

impl JsonRows {
    /// Opens the file. With `columns` it is read for these; without, its keys are the columns, in the order in which they are first seen.
    pub(super) fn open(path: &Path, columns: &[&str]) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        Ok(Self {
            reader: BufReader::new(file),
            index: columns.iter().cloned().zip(0..).collect(),
            learns: columns.is_empty(),
            columns,
            line: String::new(),
            number: 0,
            cells: Vec::new(),
        })
    }

    fn place_of(&mut self, key: &str) -> Option<usize> {
        if let Some(index) = self.index.get(key) {
            return Some(*index);
        }
        if !self.learns {
            return None;
        }
        let index = self.columns.len();
        self.columns.push(key.to_owned());
        self.index.insert(key.to_owned(), index);
        Some(index)
    }
}

impl Rows for JsonRows {
    fn advance(&mut self) -> Result<bool, String> {
        loop {
            self.line.clear();
            self.number += 1;
            let read = self.reader.read_line(&mut self.line);
            match read {
                Ok(0) => return Ok(false),
                Ok(_) if self.line.trim().is_empty() => {}
                Ok(_) => break,
                Err(error) => return Err(format!("line {}: {error}", self.number)),
            }
        }
        let text = self.line.trim_start_matches('\u{feff}').trim();
        let Some(Dynamic::Bag(entries)) = json::strict(text) else {
            let help = if text.starts_with('[') {
                "; write the objects of a list one a line, e.g. with `jq -c '.[]'`"
            } else {
                ""
            };
            return Err(format!(
                "line {}: expected one JSON object a line{help}",
                self.number
            ));
        };
        self.cells.clear();
        for (key, value) in entries.iter() {
            let Some(index) = self.place_of(key) else {
                continue;
            };
            if self.cells.len() <= index {
                self.cells.resize(index + 1, None);
            }
            if let Some(cell) = self.cells.get_mut(index) {
                *cell = Some(value.clone());
            }
        }
        Ok(true)
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        match self.cells.get(column) {
            None | Some(None | Some(Dynamic::Null)) => Cell::Null,
            Some(Some(Dynamic::Bool(value))) => Cell::Bool(*value),
            Some(Some(Dynamic::Long(value))) => Cell::Long(*value),
            Some(Some(Dynamic::Real(value))) => Cell::Real(*value),
            Some(Some(Dynamic::String(text))) => Cell::Text(text),
            Some(Some(other)) => Cell::Dynamic(other),
        }
    }

    fn place(&self) -> String {
        format!("line {}", self.number)
    }
}
