//! Tables as they are drawn: short times, whole numbers. Draws into a buffer, never onto a terminal.

use super::*;
use crate::model::table::{Column, Rows};

/// The lines of a table as it is drawn first, with the day that its times are of. A row is its cells with `|` between.
fn drawn(columns: &[(&str, ColumnKind)], rows: &[&str], room: (u16, u16)) -> (String, String) {
    drawn_at(columns, rows, 0, room)
}

fn drawn_at(
    columns: &[(&str, ColumnKind)],
    rows: &[&str],
    selected: usize,
    room: (u16, u16),
) -> (String, String) {
    let rows: Vec<Row> = rows
        .iter()
        .map(|row| row.split('|').map(|cell| Some(cell.into())).collect())
        .collect();
    let total = rows.len() as u64;
    let rows = Rows::from_vec(rows);
    let columns = columns.iter().map(|(name, kind)| Column {
        name: (*name).to_owned(),
        kind: *kind,
        type_name: String::new(),
    });
    let table = TableView {
        columns: columns.collect(),
        rows: rows.clone(),
        shown: rows,
        total,
        selected,
        column: 0,
        sort: None,
        busy: false,
        search: None,
    };
    let area = Rect::new(0, 0, room.0, room.1);
    let mut buffer = Buffer::empty(area);
    let mut memory = TableMemory::default();
    let theme = Theme::default();
    let drawn = draw(&table, &mut memory, true, area, &mut buffer, &theme);
    let symbols: Vec<&str> = buffer
        .content()
        .iter()
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    let lines: Vec<String> = symbols
        .chunks(room.0.into())
        .map(|line| line.concat().trim_end().to_owned())
        .collect();
    let day = drawn.day.map_or_else(String::new, SafeText::into_string);
    (lines.join("\n"), day)
}

const TIME: ColumnKind = ColumnKind::Timestamp;
const TEXT: ColumnKind = ColumnKind::Text;
const NUMBER: ColumnKind = ColumnKind::Integer;

#[test]
fn times_of_one_day_are_short_where_there_is_little_room() {
    let columns = [("at", TIME), ("actor", TEXT)];
    let same = [
        "2026-11-22 03:41:06.506118+00|u-1932-long-name",
        "2026-11-22 03:41:07+00|bob",
    ];
    let (lines, day) = drawn(&columns, &same, (30, 3));
    assert_eq!(
        lines,
        "at            actor\n03:41:06.506  u-1932-long-name\n03:41:07      bob"
    );
    assert_eq!(day, "2026-11-22 UTC");
    let whole = "2026-11-22 03:41:06+00  u-1932-long-name";
    let (lines, day) = drawn(&columns, &same, (40, 3));
    assert_eq!((lines.lines().nth(1), day.as_str()), (Some(whole), ""));
    let other_day = ["2026-11-22 03:41:06+00|a", "2026-11-23 00:00:00+00|b"];
    let (lines, day) = drawn(&columns, &other_day, (26, 3));
    assert!(
        lines.contains("2026-11-22 03:41:06+00") && day.is_empty(),
        "{lines}"
    );
}

#[test]
fn a_number_is_never_cut_while_the_pane_has_room_for_it() {
    let mut rows = vec!["short|9"; SAMPLE + 50];
    rows.push("a text that is as wide as it likes|9990001112223");
    let columns = [("text", TEXT), ("n", NUMBER)];
    let (lines, _) = drawn_at(&columns, &rows, rows.len() - 1, (30, 3));
    assert!(lines.ends_with(" 9990001112223"), "{lines}");
    let columns = [("n", NUMBER), ("text", TEXT), ("m", NUMBER)];
    let wide = ["1234567890123456|a text that is wide|1234567890123456"];
    let (lines, _) = drawn(&columns, &wide, (40, 2));
    // The second number has no room: it is not begun, and the text takes what is left.
    assert_eq!(
        lines.lines().nth(1),
        Some("1234567890123456  a text that is wide")
    );
}

#[test]
fn a_time_has_its_parts() {
    for (text, expected) in [
        (
            "2026-11-22 03:41:06.5+00",
            Some(("2026-11-22", "03:41:06", ".5", "+00")),
        ),
        (
            "2026-11-22T03:41:06Z",
            Some(("2026-11-22", "03:41:06", "", "Z")),
        ),
        ("infinity", None),
        ("2026-11-22", None),
        ("22.11.2026 03:41:06", None),
    ] {
        assert_eq!(parts(text), expected, "{text}");
    }
}

#[test]
fn times_have_whole_seconds_and_nothing_else_loses_digits() {
    for (text, kind, expected) in [
        (
            "2026-11-22 03:41:06.506118+00",
            ColumnKind::Timestamp,
            "2026-11-22 03:41:06+00",
        ),
        (
            "2026-11-22T03:41:06.5Z",
            ColumnKind::Timestamp,
            "2026-11-22T03:41:06Z",
        ),
        (
            "2026-11-22 03:41:06",
            ColumnKind::Timestamp,
            "2026-11-22 03:41:06",
        ),
        ("infinity", ColumnKind::Timestamp, "infinity"),
        ("0.25", ColumnKind::Number, "0.25"),
        ("06.506118+00", ColumnKind::Text, "06.506118+00"),
    ] {
        assert_eq!(shown(text, kind).as_str(), expected);
    }
}
