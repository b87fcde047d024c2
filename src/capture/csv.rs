//! Rows and samples for a spreadsheet: RFC 4180, with the guard against formulas.
//!
//! NULL is an empty field and empty text is `""`, as PostgreSQL writes them. What is exact stands in the JSON beside it.

use std::io::{self, Write};

use super::{each_row, number};
use crate::model::table::{Column, Rows, Series};

/// A header and every row.
pub(super) fn table(columns: &[Column], rows: &Rows, sink: &mut dyn Write) -> io::Result<()> {
    let names = columns.iter().map(|column| Some(column.name.as_str()));
    record(names.map(|name| (name, false)), sink)?;
    let numeric = |index: usize| {
        columns
            .get(index)
            .is_some_and(|column| column.kind.is_numeric())
    };
    each_row(rows, |row| {
        let cells = row.iter().enumerate();
        record(
            cells.map(|(index, cell)| (cell.as_deref(), numeric(index))),
            sink,
        )
    })
}

/// One record a sample.
pub(super) fn chart(series: &[Series], sink: &mut dyn Write) -> io::Result<()> {
    let header = ["time", "series", "value"];
    record(header.map(|name| (Some(name), false)).into_iter(), sink)?;
    for line in series {
        for sample in &line.samples {
            let (at, value) = (sample.at.to_string(), number(sample.value));
            let cells = [
                (Some(at.as_str()), false),
                (Some(line.label.as_str()), false),
                (Some(value.as_str()), true),
            ];
            record(cells.into_iter(), sink)?;
        }
    }
    Ok(())
}

/// One record: cells, each with whether it is of a numeric column.
fn record<'a>(
    cells: impl ExactSizeIterator<Item = (Option<&'a str>, bool)>,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let alone = cells.len() == 1;
    for (index, (cell, numeric)) in cells.enumerate() {
        if index > 0 {
            sink.write_all(b",")?;
        }
        match cell {
            Some(cell) => field(cell, numeric, sink)?,
            // An empty line is skipped by most readers, and a row would be lost.
            None if alone => sink.write_all(b"\"\"")?,
            None => {}
        }
    }
    sink.write_all(b"\r\n")
}

fn field(cell: &str, numeric: bool, sink: &mut dyn Write) -> io::Result<()> {
    let guarded = is_formula(cell, numeric);
    let quoted = cell.is_empty()
        || cell.contains([',', '"', '\r', '\n'])
        || cell.starts_with(' ')
        || cell.ends_with(' ');
    if quoted {
        sink.write_all(b"\"")?;
    }
    if guarded {
        sink.write_all(b"'")?;
    }
    for (index, part) in cell.split('"').enumerate() {
        if index > 0 {
            sink.write_all(b"\"\"")?;
        }
        sink.write_all(part.as_bytes())?;
    }
    if quoted {
        sink.write_all(b"\"")?;
    }
    Ok(())
}

/// A spreadsheet takes a cell that begins like this for a formula and may run it; an apostrophe makes it text. A number of
/// a numeric column is a number there as well, and stays one.
fn is_formula(cell: &str, numeric: bool) -> bool {
    let digits = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    let plain_number = || cell.bytes().all(digits) && cell.parse::<f64>().is_ok();
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !(numeric && plain_number())
}
