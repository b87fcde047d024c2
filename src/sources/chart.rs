//! Rows as lines of a chart: for live panes and results whose answer is a table.
//!
//! A row without a time or a number is left out and counted, never drawn as zero.

use indexmap::IndexMap;

use super::spill::instant;
use crate::model::request::ChartColumns;
use crate::model::table::{Column, ColumnKind, Row, Sample, Series};
use crate::model::{Timestamp, limits};

/// Lines of a chart, each in order of time, with what had to be left out in words. The error says which column is missing.
pub fn series(
    columns: &[Column],
    rows: &[Row],
    chart: &ChartColumns,
) -> Result<(Vec<Series>, Vec<String>), String> {
    let x = column(columns, chart.x.as_deref(), "x", |kind| {
        kind == ColumnKind::Timestamp
    })?;
    let y = column(columns, chart.y.as_deref(), "y", ColumnKind::is_numeric)?;
    let by: Vec<usize> = if chart.by.is_empty() {
        let texts = |(at, column): (usize, &Column)| {
            (column.kind == ColumnKind::Text && at != x && at != y).then_some(at)
        };
        columns.iter().enumerate().filter_map(texts).collect()
    } else {
        let named = chart
            .by
            .iter()
            .map(|name| column(columns, Some(name), "by", |_| true));
        named.collect::<Result<_, _>>()?
    };
    let cell = |row: &Row, at: usize| {
        row.get(at)
            .and_then(|cell| cell.as_deref().map(str::to_owned))
    };
    let mut lines: IndexMap<String, Vec<Sample>> = IndexMap::new();
    let (mut left_out, mut too_many) = (0_u64, 0_u64);
    for row in rows {
        let at = cell(row, x).and_then(|text| time(&text));
        let value = cell(row, y).and_then(|text| text.parse::<f64>().ok());
        let (Some(at), Some(value)) = (at, value) else {
            left_out += 1;
            continue;
        };
        let label: Vec<String> = by
            .iter()
            .filter_map(|at| {
                Some(format!(
                    "{}={}",
                    columns.get(*at)?.name,
                    cell(row, *at).unwrap_or_default()
                ))
            })
            .collect();
        let label = label.join(" ");
        if !lines.contains_key(&label) && lines.len() >= limits::SERIES {
            too_many += 1;
            continue;
        }
        let samples = lines.entry(label).or_default();
        if samples.len() < limits::SAMPLES {
            samples.push(Sample { at, value });
        } else {
            too_many += 1;
        }
    }
    let mut warnings = Vec::new();
    if left_out > 0 {
        warnings.push(format!(
            "{left_out} rows without a time or a number are not drawn"
        ));
    }
    if too_many > 0 {
        warnings.push(format!(
            "{too_many} rows past {} lines of {} points are not drawn",
            limits::SERIES,
            limits::SAMPLES
        ));
    }
    let series = lines
        .into_iter()
        .map(|(label, mut samples)| {
            samples.sort_by_key(|sample| sample.at);
            Series { label, samples }
        })
        .collect();
    Ok((series, warnings))
}

/// The column named, else the first of the right kind.
fn column(
    columns: &[Column],
    name: Option<&str>,
    attribute: &str,
    fits: impl Fn(ColumnKind) -> bool,
) -> Result<usize, String> {
    let found = match name {
        Some(name) => columns.iter().position(|column| column.name == name),
        None => columns.iter().position(|column| fits(column.kind)),
    };
    found.ok_or_else(|| match name {
        Some(name) => format!(
            "a chart needs the column {name:?} that {attribute}= names; the answer has none"
        ),
        None => format!("a chart needs a column for {attribute}; name one with {attribute}="),
    })
}

fn time(text: &str) -> Option<Timestamp> {
    let (seconds, nanoseconds) = instant(text)?;
    Timestamp::new(seconds, i32::try_from(nanoseconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> (Vec<Column>, Vec<Row>) {
        let column = |name: &str, kind| Column {
            name: name.into(),
            kind,
            type_name: String::new(),
        };
        let columns = vec![
            column("at", ColumnKind::Timestamp),
            column("machine", ColumnKind::Text),
            column("total", ColumnKind::Integer),
        ];
        let row = |at: Option<&str>, machine: &str, total: Option<&str>| {
            vec![
                at.map(Into::into),
                Some(machine.into()),
                total.map(Into::into),
            ]
        };
        let rows = vec![
            row(Some("2026-01-31 03:05:00+00"), "order", Some("3")),
            row(Some("2026-01-31 03:00:00+00"), "order", Some("0")),
            row(Some("2026-01-31T03:00:00Z"), "refund", Some("1")),
            row(Some("2026-01-31 03:10:00+00"), "order", None),
            row(None, "order", Some("9")),
        ];
        (columns, rows)
    }

    #[test]
    fn rows_become_lines_in_order_of_time_and_gaps_stay_gaps() {
        let (columns, rows) = answer();
        let (series, warnings) = series(&columns, &rows, &ChartColumns::default()).unwrap();
        let shape: Vec<_> = series
            .iter()
            .map(|line| {
                (
                    line.label.as_str(),
                    line.samples
                        .iter()
                        .map(|sample| sample.value)
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(
            shape,
            [
                ("machine=order", vec![0.0, 3.0]),
                ("machine=refund", vec![1.0])
            ]
        );
        assert_eq!(
            warnings,
            ["2 rows without a time or a number are not drawn"]
        );
    }

    #[test]
    fn a_missing_column_is_named() {
        let (columns, rows) = answer();
        let chart = ChartColumns {
            y: Some("sum".into()),
            ..ChartColumns::default()
        };
        assert!(
            series(&columns, &rows, &chart)
                .unwrap_err()
                .contains("\"sum\"")
        );
        assert!(
            series(&columns[1..2], &[], &ChartColumns::default())
                .unwrap_err()
                .contains("x=")
        );
    }
}
