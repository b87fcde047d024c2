//! Whole screens, drawn without a terminal: what an operator sees, at the sizes people have.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
mod support;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quarterdeck::engine::state::{Chosen, Content, Overlay, Recording, Screen, State, WatchStatus};
use quarterdeck::incident::AlertRecord;
use quarterdeck::layout::PaneKind;
use quarterdeck::model::Mode;
use quarterdeck::model::diagnostic::Diagnostic;
use quarterdeck::model::ids::RunId;
use quarterdeck::model::request::{Outcome, RunError};
use quarterdeck::model::safe_text::sanitize;
use quarterdeck::model::table::{Row, RowStore, Rows};
use quarterdeck::theme::{ColorChoice, Theme};
use quarterdeck::ui::screenshot::{render, svg};
use quarterdeck::ui::{Local, paint};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use screen::{SIZES, characters, check_hostile, screen};
use support::{breach, cockpit, hostile, plain};

fn snapshots(name: &str, state: &State) {
    for size in SIZES {
        let name = format!("{name}-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, screen(state, size));
    }
}

#[test]
fn the_cockpit_at_every_size() {
    snapshots("cockpit", &breach());
    insta::assert_snapshot!("cockpit-240x67", screen(&breach(), (240, 67)));
    for size in [(40, 12), (20, 5), (10, 3)] {
        insta::assert_snapshot!(
            format!("cockpit-{}x{}", size.0, size.1),
            screen(&breach(), size)
        );
    }
}

#[test]
fn each_pane_with_the_focus() {
    for (pane, name) in [
        (PaneKind::Steps, "focus-steps"),
        (PaneKind::Watch, "focus-watch"),
        (PaneKind::Result, "focus-result"),
        (PaneKind::Timeline, "focus-timeline"),
    ] {
        let mut state = breach();
        cockpit(&mut state).focus = pane;
        insta::assert_snapshot!(name, screen(&state, (80, 24)));
    }
}

#[test]
fn each_dialog() {
    for (name, overlay) in support::overlays(&plain) {
        let mut state = breach();
        support::confirming(&mut state, &plain);
        state.overlays.push(overlay);
        snapshots(&format!("dialog-{name}"), &state);
    }
}

#[test]
fn the_home_screen_and_opening() {
    snapshots("home", &support::home_with(&plain));
    let opening = Screen::Opening(sanitize("Opening Org isolation breach …"));
    let state = support::state(opening, &plain);
    insta::assert_snapshot!("opening", screen(&state, (60, 10)));
}

#[test]
fn what_went_wrong_is_said_in_words() {
    let mut state = breach();
    {
        let cockpit = cockpit(&mut state);
        cockpit.recording = Recording::NotRecorded("disk full".into());
        cockpit.focus = PaneKind::Result;
        cockpit.watches[0].status = WatchStatus::NoData;
        cockpit.watches[0].series.clear();
        let result = &mut cockpit.results[0];
        result.end = Some((support::at("03:11:59"), Err(support::failure(&plain))));
        result.content = Content::Nothing;
        result.unrecorded = true;
    }
    support::message(&mut state, "the record cannot be written: disk full", true);
    snapshots("trouble", &state);
}

#[test]
fn the_header_says_what_is_wrong_with_the_playbook() {
    let mut state = breach();
    let header = |state: &State, width| {
        screen(state, (width, 24))
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert!(!header(&state, 120).contains("(!)"));
    let old = Diagnostic::warning("old-review", 0..3, "last reviewed long ago");
    cockpit(&mut state).diagnostics = vec![old];
    assert!(header(&state, 120).contains("old review (!)"));
    let wrong = Diagnostic::error("unknown-key", 0..3, "expected a key, found severty");
    cockpit(&mut state).diagnostics.push(wrong);
    let wide = header(&state, 120);
    assert!(
        wide.contains("1 error (!)") && !wide.contains("old review"),
        "{wide}"
    );
    state.overlays = vec![Overlay::Diagnostics { top: 0 }];
    snapshots("errors", &state);
}

#[test]
fn a_drill_a_walkthrough_and_a_decision() {
    let mut state = breach();
    cockpit(&mut state).incident.mode = Mode::Walkthrough;
    cockpit(&mut state).step = "pattern".into();
    insta::assert_snapshot!("walkthrough", screen(&state, (120, 40)));
    let mut state = breach();
    cockpit(&mut state).incident.mode = Mode::Drill;
    cockpit(&mut state).results[0].content = support::output(&plain);
    cockpit(&mut state).watches[0].status = WatchStatus::Stale;
    insta::assert_snapshot!("drill", screen(&state, (120, 40)));
}

#[test]
fn ends_of_runs_have_their_words() {
    let say = |end: Option<Result<Outcome, RunError>>, rows: usize| {
        let mut state = breach();
        let cockpit = cockpit(&mut state);
        cockpit.focus = PaneKind::Result;
        cockpit.zoomed = true;
        let mut result = support::result(&plain, rows);
        result.end = end.map(|end| (support::at("03:12:00"), end));
        cockpit.results[0] = result;
        screen(&state, (80, 24))
    };
    let cut = Outcome {
        truncated: Some("the first 10 000 rows are here".into()),
        partial: Some("one shard did not answer".into()),
        ..Outcome::default()
    };
    for (end, rows, words) in [
        (None, 3, "running 42s of at most 30s, 3 rows so far"),
        (
            Some(Ok(cut.clone())),
            3,
            "INCOMPLETE: the first 10 000 rows are here",
        ),
        (Some(Ok(cut)), 3, "PARTIAL: one shard did not answer"),
        (
            Some(Ok(Outcome::default())),
            0,
            "No rows. That alone is not an all-clear.",
        ),
        (Some(Err(RunError::Cancelled)), 3, "cancelled"),
        (
            Some(Err(RunError::TimedOut(std::time::Duration::from_secs(30)))),
            0,
            "TIMED OUT after 30s",
        ),
        (
            Some(Err(RunError::Unknown("connection lost".into()))),
            0,
            "OUTCOME UNKNOWN: connection lost",
        ),
    ] {
        let shown = say(end, rows);
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
}

#[test]
fn what_ran_is_not_called_ok() {
    let shown = screen(&breach(), (120, 40));
    assert!(shown.contains("ran · 50 rows · NOT JUDGED"), "{shown}");
    assert!(
        shown.contains("→ ran · 50 rows · NOT JUDGED · 18 ms · “Identify"),
        "{shown}"
    );
    assert!(
        !shown.contains("ok ·") && !shown.contains("→ ok"),
        "{shown}"
    );
}

#[test]
fn an_alert_that_is_over_keeps_a_word() {
    for size in SIZES {
        let mut state = breach();
        let over = "was over 0 until 03:05";
        assert!(!screen(&state, size).contains(over));
        let cockpit = cockpit(&mut state);
        cockpit.watches[0].status = WatchStatus::Fresh;
        let alert = AlertRecord {
            since: "2026-01-31T03:01:30Z".parse().unwrap(),
            until: Some("2026-01-31T03:05:00Z".parse().unwrap()),
        };
        let action = cockpit.watches[0].action.clone();
        cockpit.incident.alerts.insert(action, alert);
        let shown = screen(&state, size);
        assert!(shown.contains(over), "{shown}");
    }
}

#[test]
fn a_legend_cuts_labels_and_never_values() {
    let mut state = breach();
    for (index, series) in cockpit(&mut state).watches[0].series.iter_mut().enumerate() {
        series.label = format!(
            "instance=\"a-very-long-name-of-a-machine-{index}.in-a-data-centre.example.net\""
        );
        series.samples.last_mut().unwrap().value = 1_234.5;
    }
    for size in SIZES {
        let shown = screen(&state, size);
        assert!(shown.contains("… 1234.5"), "{shown}");
    }
}

#[test]
fn a_session_that_was_cut_off_is_said_to_have_ended() {
    let mut state = breach();
    let cockpit = cockpit(&mut state);
    cockpit.focus = PaneKind::Timeline;
    let joined = |entry: &std::sync::Arc<quarterdeck::record::entry::Sealed>| {
        (entry.entry.kind == "session.opened").then(|| entry.entry.writer.clone())
    };
    let writer = cockpit.timeline.entries.iter().find_map(joined).unwrap();
    let session = cockpit.incident.sessions.values().next().unwrap().clone();
    cockpit.view.silent.insert(writer, session);
    let shown = screen(&state, (120, 67));
    assert!(shown.contains(", ended without saying so"), "{shown}");
}

#[test]
fn a_description_is_whole_in_the_guide_and_before_sending() {
    let mut state = breach();
    let words = "FAIL: escalate immediately to CRITICAL.";
    for size in SIZES {
        let shown = screen(&state, size);
        assert!(shown.contains("FAIL: escalate immediately"), "{shown}");
    }
    support::confirming(&mut state, &plain);
    state.overlays.push(Overlay::Send {
        run: RunId(7),
        top: 0,
    });
    let shown = screen(&state, (120, 40));
    assert!(shown.contains(words), "{shown}");
}

#[test]
fn a_choice_says_its_whole_reason() {
    let mut state = breach();
    let reason = "Identify needs a source telemetry that answers kql; profile test has none, and nothing else \
                  does: add a source of that kind to the configuration file, then open the incident again";
    state.overlays.push(Overlay::Choose {
        title: vec![sanitize(reason)],
        items: vec![(sanitize("By hand"), Chosen::Quit)],
        selected: 0,
    });
    for size in SIZES {
        let shown = screen(&state, size);
        for word in reason.split(' ') {
            assert!(shown.contains(word), "{word} in\n{shown}");
        }
        assert!(shown.contains("By hand"), "{shown}");
    }
}

#[test]
fn after_a_resume_nothing_claims_that_nothing_was_run() {
    let mut state = breach();
    cockpit(&mut state).results.clear();
    cockpit(&mut state).result_shown = None;
    let shown = screen(&state, (120, 40));
    assert!(shown.contains("Results of earlier sessions"), "{shown}");
    assert!(shown.contains("UNKNOWN OUTCOME"), "{shown}");
    assert!(shown.contains("‼ 2 Identify"), "{shown}");
    for action in cockpit(&mut state).incident.actions.values_mut() {
        action.runs = 0;
    }
    let shown = screen(&state, (120, 40));
    assert!(shown.contains("Nothing was run yet"), "{shown}");
    cockpit(&mut state).incident.roles.clear();
    assert!(screen(&state, (120, 40)).contains("no IC (R)"));
}

#[test]
fn null_and_empty_text_differ() {
    let mut state = breach();
    cockpit(&mut state).focus = PaneKind::Result;
    cockpit(&mut state).zoomed = true;
    let shown = screen(&state, (120, 40));
    let rows: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains("u-193"))
        .collect();
    assert!(rows[0].contains("<null>"));
    assert!(!rows[1].contains("<null>"));
}

#[test]
fn without_colour_nothing_is_lost() {
    let theme = Theme::new(ColorChoice::Never);
    for size in SIZES {
        let plain = render(&breach(), &theme, size.0, size.1);
        for cell in plain.content() {
            assert_eq!(
                (cell.fg, cell.bg),
                (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
            );
        }
        let coloured = render(&breach(), &Theme::default(), size.0, size.1);
        assert_eq!(characters(&plain), characters(&coloured));
    }
    insta::assert_snapshot!(
        "svg-no-colour",
        svg(&render(&breach(), &theme, 60, 16), "a <test> & more")
    );
}

/// States that together show every text there is, with something hostile in each.
fn hostile_states() -> Vec<State> {
    let mut states = vec![support::home_with(&hostile)];
    for step in ["source", "pattern"] {
        for focus in PaneKind::ALL {
            let mut state = support::breach_with(&hostile);
            cockpit(&mut state).step = step.into();
            cockpit(&mut state).focus = focus;
            states.push(state);
        }
    }
    for (_, overlay) in support::overlays(&hostile) {
        let mut state = support::breach_with(&hostile);
        support::confirming(&mut state, &hostile);
        state.overlays.push(overlay);
        states.push(state);
    }
    let mut trouble = support::breach_with(&hostile);
    support::message(&mut trouble, &hostile("message"), true);
    let inside = cockpit(&mut trouble);
    inside.recording = Recording::NotRecorded(hostile("disk full"));
    inside.results[0].end = Some((support::now(), Err(support::failure(&hostile))));
    inside.results[0]
        .warnings
        .push(sanitize(&hostile("warning")));
    states.push(trouble);
    let mut output = support::breach_with(&hostile);
    cockpit(&mut output).results[0].content = support::output(&hostile);
    states.push(output);
    states
}

#[test]
fn no_hostile_character_reaches_a_cell() {
    for state in hostile_states() {
        check_hostile(&state, &[(20, 5), (80, 24), (120, 40), (240, 67)]);
    }
    let mut state = support::breach_with(&hostile);
    cockpit(&mut state).focus = PaneKind::Result;
    insta::assert_snapshot!("hostile", screen(&state, (120, 40)));
}

/// A store of numbers that counts the rows read from it.
struct Counting {
    rows: usize,
    read: AtomicUsize,
}

impl RowStore for Counting {
    fn len(&self) -> usize {
        self.rows
    }

    fn read(&self, range: Range<usize>) -> Vec<Row> {
        let range = range.start.min(self.rows)..range.end.min(self.rows);
        self.read.fetch_add(range.len(), Ordering::Relaxed);
        range.map(|number| support::row(&plain, number)).collect()
    }
}

#[test]
fn a_million_rows_cost_what_is_visible() {
    let store = Arc::new(Counting {
        rows: 1_000_000,
        read: AtomicUsize::new(0),
    });
    let mut state = breach();
    let inside = cockpit(&mut state);
    inside.focus = PaneKind::Result;
    inside.results[0].content = Content::Table(support::table(
        &plain,
        Rows(Arc::clone(&store) as Arc<dyn RowStore>),
    ));
    let mut local = Local::default();
    let mut draw = |selected: usize| {
        if let Content::Table(table) = &mut cockpit(&mut state).results[0].content {
            table.selected = selected;
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
        let before = store.read.load(Ordering::Relaxed);
        paint(&state, &mut local, &Theme::default(), &mut buffer);
        (buffer, store.read.load(Ordering::Relaxed) - before)
    };
    let (_, first) = draw(0);
    assert!(first <= 200 + 40, "{first} rows for the first frame");
    let (before, again) = draw(1);
    assert_eq!(again, 0, "a move inside the window reads nothing");
    let (after, _) = draw(2);
    let changed = before.diff(&after).len();
    // Two rows of the pane and the digits of the position.
    assert!(changed <= 2 * 54 + 6, "{changed} cells changed");
    let (end, jumped) = draw(999_999);
    assert!(jumped <= 40, "{jumped} rows after the jump");
    let header = |buffer: &Buffer| {
        characters(buffer)
            .lines()
            .nth(2)
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(header(&before), header(&end), "columns keep their width");
    assert!(characters(&end).contains("1 000 000"));
}

/// Bytes that go to a terminal when it shows `after` instead of `before`.
fn bytes(before: &Buffer, after: &Buffer) -> usize {
    let mut bytes = Vec::new();
    let mut backend = ratatui::backend::CrosstermBackend::new(&mut bytes);
    ratatui::backend::Backend::draw(&mut backend, before.diff(after).into_iter()).unwrap();
    bytes.len()
}

/// The least a table can cost: one of ratatui, with a position, as wide as the result pane at 120x40.
fn bare_table(selected: usize, area: Rect) -> Buffer {
    use ratatui::style::{Modifier, Style};
    use ratatui::widgets::{Block, Row as TableRow, StatefulWidget, Table, TableState};
    let rows = (0..50).map(|number| {
        let cells = support::row(&plain, number);
        TableRow::new(
            cells
                .into_iter()
                .map(|cell| cell.unwrap_or_default().into_string()),
        )
    });
    let title = format!("row {:>2}/50", selected + 1);
    let table = Table::new(rows, [13, 9, 7, 12, 3, 3])
        .block(Block::bordered().title(title))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    let mut state = TableState::default().with_selected(Some(selected));
    StatefulWidget::render(table, area, &mut buffer, &mut state);
    buffer
}

#[test]
fn a_row_key_costs_no_more_bytes_than_a_bare_table() {
    let mut state = breach();
    cockpit(&mut state).focus = PaneKind::Result;
    let mut local = Local::default();
    let mut draw = |selected: usize| {
        if let Content::Table(table) = &mut cockpit(&mut state).results[0].content {
            table.selected = selected;
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
        paint(&state, &mut local, &Theme::default(), &mut buffer);
        buffer
    };
    let ours = bytes(&draw(4), &draw(5));
    let area = Rect::new(70, 1, 50, 15);
    let floor = bytes(&bare_table(4, area), &bare_table(5, area));
    assert!(
        ours * 10 <= floor * 11,
        "{ours} bytes, a bare table {floor}"
    );
}

#[test]
fn every_size_is_drawn() {
    let mut states = vec![
        breach(),
        support::home_with(&hostile),
        support::breach_with(&hostile),
    ];
    for (_, overlay) in support::overlays(&hostile) {
        let mut state = support::breach_with(&plain);
        support::confirming(&mut state, &hostile);
        state.overlays.push(overlay);
        states.push(state);
    }
    states.push(support::state(Screen::Opening(sanitize("x")), &plain));
    for state in &states {
        let mut local = Local::default();
        for width in (1..=130).step_by(11).chain([2, 3, 5, 7, 8, 20]) {
            for height in (1..=45).step_by(7).chain([2, 3, 4, 5]) {
                let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                paint(state, &mut local, &Theme::default(), &mut buffer);
            }
        }
    }
}

#[test]
fn what_is_drawn_twice_is_the_same() {
    for overlay in [
        None,
        Some(Overlay::Send {
            run: RunId(7),
            top: 99,
        }),
    ] {
        let mut state = breach();
        support::confirming(&mut state, &plain);
        state.overlays.extend(overlay);
        let mut local = Local::default();
        let mut draw = || {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
            paint(&state, &mut local, &Theme::default(), &mut buffer);
            buffer
        };
        assert_eq!(draw(), draw());
    }
}
