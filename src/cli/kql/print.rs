//! An answer as a table, as JSON and as CSV. Types have Kusto's names, values are written as Kusto writes them.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::super::failure::Failure;
use super::super::out::Out;
use crate::kql::dynamic::json;
use crate::kql::value::text::to_text;
use crate::kql::{Answer, Type, Value};
use crate::model::safe_text::sanitize;

/// Columns under their names; numbers to the right.
pub(super) fn table(answer: &Answer, out: &mut Out) -> Result<(), Failure> {
    let fields = &answer.schema.fields;
    let names: Vec<String> = fields.iter().map(|field| shown(&field.name)).collect();
    let rows: Vec<Vec<String>> = answer
        .values()
        .map(|row| row.iter().map(|cell| shown(&cell_text(cell))).collect())
        .collect();
    let mut widths: Vec<usize> = names.iter().map(|name| name.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |cells: &[String]| {
        let mut line = String::new();
        for ((cell, width), field) in cells.iter().zip(&widths).zip(fields) {
            let blank = " ".repeat(width - cell.width().min(*width));
            if field.ty.is_number() {
                let _ = write!(line, "{blank}{cell}  ");
            } else {
                let _ = write!(line, "{cell}{blank}  ");
            }
        }
        line.trim_end().to_owned()
    };
    out.line(line(&names))?;
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    out.line(line(&rules))?;
    for row in &rows {
        out.line(line(row))?;
    }
    Ok(())
}

/// `{"columns":[{"name","type"}],"rows":[[…]]}`, a row a line.
pub(super) fn json(answer: &Answer, out: &mut Out) -> Result<(), Failure> {
    let mut head = String::from("{\"columns\":[");
    for (index, field) in answer.schema.fields.iter().enumerate() {
        if index > 0 {
            head.push(',');
        }
        head.push_str("{\"name\":");
        json::write_string(&field.name, &mut head);
        let _ = write!(head, ",\"type\":\"{}\"}}", field.ty.name());
    }
    head.push_str("],\"rows\":[");
    out.json_line(&head)?;
    let count = answer.rows();
    for (index, row) in answer.values().enumerate() {
        let mut line = String::from("[");
        for (column, (cell, field)) in row.iter().zip(&answer.schema.fields).enumerate() {
            if column > 0 {
                line.push(',');
            }
            write_json(cell, field.ty, &mut line);
        }
        line.push(']');
        if index + 1 < count {
            line.push(',');
        }
        out.json_line(&line)?;
    }
    out.json_line("]}")
}

fn write_json(cell: &Value, ty: Type, line: &mut String) {
    match cell {
        Value::Null => line.push_str("null"),
        Value::Bool(value) => line.push_str(if *value { "true" } else { "false" }),
        Value::Int(_) | Value::Long(_) => line.push_str(&to_text(cell)),
        Value::Real(number) if number.is_finite() && ty == Type::Real => {
            let _ = write!(line, "{number:?}");
        }
        Value::Dynamic(value) => line.push_str(&json::print(value)),
        _ => json::write_string(&to_text(cell), line),
    }
}

/// A line of names, then a line a row. A null is nothing.
pub(super) fn csv(answer: &Answer, out: &mut Out) -> Result<(), Failure> {
    let fields = &answer.schema.fields;
    csv_line(fields.iter().map(|field| field.name.to_string()), out)?;
    for row in answer.values() {
        csv_line(row.iter().map(cell_text), out)?;
    }
    Ok(())
}

fn csv_line(cells: impl Iterator<Item = String>, out: &mut Out) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(Failure::failed)?;
    let bytes = writer.into_inner().map_err(Failure::failed)?;
    let text = String::from_utf8(bytes).map_err(Failure::failed)?;
    out.line(text.trim_end_matches('\n'))
}

/// A cell for people and for CSV.
fn cell_text(cell: &Value) -> String {
    match cell {
        Value::Bool(value) => value.to_string(),
        _ => to_text(cell),
    }
}

/// A text on one line of a table.
fn shown(text: &str) -> String {
    sanitize(&text.replace('\n', "⏎")).into_string()
}
