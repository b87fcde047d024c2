//! Results: what arrives, how it is looked at, sorted, searched, copied.

use std::sync::Arc;

use crate::keymap::Chord;
use crate::layout::PaneKind;
use crate::model::ids::RunId;
use crate::model::limits;
use crate::model::request::Chunk;
use crate::model::safe_text::sanitize;
use crate::model::table::{Row, Rows};

use super::command::{Command, Scope};
use super::effect::Effect;
use super::event::RowPurpose;
use super::state::{
    ActionResult, Cockpit, Content, Output, OutputLine, Overlay, Purpose, Search, TableView,
};
use super::turn::Turn;

impl Cockpit {
    /// The result that is shown.
    pub fn shown_result(&self) -> Option<&ActionResult> {
        self.results.get(self.result_shown.as_ref()?)
    }

    pub(super) fn shown_result_mut(&mut self) -> Option<&mut ActionResult> {
        self.results.get_mut(self.result_shown.as_ref()?)
    }

    fn result_of(&mut self, run: RunId) -> Option<&mut ActionResult> {
        self.results.values_mut().find(|result| result.run == run)
    }
}

impl ActionResult {
    /// Its table, if it is one.
    pub fn table(&self) -> Option<&TableView> {
        match &self.content {
            Content::Table(table) => Some(table),
            Content::Nothing | Content::Chart(_) | Content::Output(_) => None,
        }
    }

    fn table_mut(&mut self) -> Option<&mut TableView> {
        match &mut self.content {
            Content::Table(table) => Some(table),
            Content::Nothing | Content::Chart(_) | Content::Output(_) => None,
        }
    }

    /// The last line of output has no line feed; it counts all the same.
    pub(super) fn finish_output(&mut self) {
        if let Content::Output(output) = &mut self.content
            && !output.rest.is_empty()
        {
            let rest = std::mem::take(&mut output.rest);
            output.lines.push(OutputLine {
                error: output.rest_is_error,
                text: sanitize(&rest),
            });
        }
    }
}

impl Output {
    /// Adds text in order; whole lines become safe text at once.
    fn push(&mut self, error: bool, text: &str) {
        if self.bytes >= limits::OUTPUT_BYTES {
            return;
        }
        self.bytes += text.len();
        if error {
            self.stderr.push_str(text);
        } else {
            self.stdout.push_str(text);
        }
        if self.rest_is_error != error && !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            self.lines.push(OutputLine {
                error: self.rest_is_error,
                text: sanitize(&rest),
            });
        }
        self.rest_is_error = error;
        self.rest.push_str(text);
        let whole = self.rest.rfind('\n').map(|end| {
            let tail = self.rest.split_off(end + 1);
            std::mem::replace(&mut self.rest, tail)
        });
        let lines = whole.iter().flat_map(|whole| whole.lines());
        self.lines.extend(lines.map(|line| OutputLine {
            error,
            text: sanitize(line),
        }));
    }
}

impl Turn<'_> {
    pub(super) fn arrived(&mut self, run: RunId, chunk: Chunk) {
        let known = |cockpit: &Cockpit| cockpit.runs.contains_key(&run);
        if let Chunk::SignIn(prompt) = chunk {
            if self.state.cockpit().is_some_and(known) {
                self.sign_in(run, prompt);
            }
            return;
        }
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        // A late chunk of a run that has ended is dropped.
        let Some(state) = cockpit.runs.get(&run) else {
            return;
        };
        if state.poll {
            self.poll_arrived(run, chunk);
            return;
        }
        let Some(result) = cockpit.result_of(run) else {
            return;
        };
        match chunk {
            Chunk::Columns { columns, rows } => {
                result.content = Content::Table(TableView {
                    columns,
                    shown: rows.clone(),
                    rows,
                    total: 0,
                    selected: 0,
                    column: 0,
                    sort: None,
                    busy: false,
                    search: None,
                });
            }
            Chunk::Rows(total) => {
                if let Some(table) = result.table_mut() {
                    table.total = total;
                }
            }
            Chunk::Series(series) => result.content = Content::Chart(series),
            Chunk::Output { error, text } => {
                if !matches!(result.content, Content::Output(_)) {
                    result.content = Content::Output(Output::default());
                }
                if let Content::Output(output) = &mut result.content {
                    output.push(error, &text);
                }
            }
            Chunk::Warning(text) => result.warnings.push(sanitize(&text)),
            Chunk::SignIn(_) => {}
        }
    }

    pub(super) fn result_command(&mut self, command: Command) {
        match command {
            Command::ResultDetail => {
                let shown = self.read_selected_row(RowPurpose::Detail);
                if !shown {
                    self.say("there is no row to show");
                }
            }
            Command::CopyCell => {
                let column = self
                    .state
                    .cockpit()
                    .and_then(Cockpit::shown_result)
                    .and_then(ActionResult::table)
                    .map_or(0, |table| table.column);
                if !self.read_selected_row(RowPurpose::Copy(column)) {
                    self.say("there is no cell to copy");
                }
            }
            Command::Search => self.ask(Purpose::Search),
            Command::NextMatch => self.next_match(),
            Command::Sort => self.sort(),
            Command::NextResult => self.show_result(1),
            Command::PreviousResult => self.show_result(-1),
            _ => {}
        }
    }

    fn show_result(&mut self, by: isize) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let count = cockpit.results.len();
        let Some(index) = cockpit
            .result_shown
            .as_ref()
            .and_then(|shown| cockpit.results.get_index_of(shown))
        else {
            self.say("no action has run in this session");
            return;
        };
        let next = (index + count).saturating_add_signed(by) % count;
        cockpit.result_shown = cockpit
            .results
            .get_index(next)
            .map(|(action, _)| action.clone());
    }

    /// Asks for the selected row. False when there is none.
    pub(super) fn read_selected_row(&mut self, purpose: RowPurpose) -> bool {
        let Some(result) = self.state.cockpit().and_then(Cockpit::shown_result) else {
            return false;
        };
        let Some(table) = result.table().filter(|table| table.total > 0) else {
            return false;
        };
        let (run, rows, row) = (result.run, table.shown.clone(), table.selected);
        if purpose == RowPurpose::Detail {
            let selected = table.column;
            self.open_overlay(Overlay::RowDetail {
                run,
                row,
                cells: None,
                selected,
                hex: false,
            });
        }
        self.effect(Effect::ReadRow {
            run,
            rows,
            row,
            purpose,
        });
        true
    }

    /// A key of the result pane in the dialog that shows one row: copy and bind take the selected column of that row. True
    /// when it was one of them; the dialog is closed then, so that what is said about it is seen.
    pub(super) fn row_detail_key(&mut self, detail: &Overlay, chord: Chord) -> bool {
        let Overlay::RowDetail {
            run,
            row,
            cells: Some(cells),
            selected,
            ..
        } = detail
        else {
            return false;
        };
        match self
            .state
            .keys
            .resolve(&[Scope::Result, Scope::Cockpit], chord)
        {
            Some(Command::CopyCell) => {
                self.row_read(*run, *row, Some(cells.clone()), RowPurpose::Copy(*selected));
            }
            Some(Command::Bind) => self.bind_cell(*run, *selected, cells),
            _ => return false,
        }
        true
    }

    /// Fills an input from a row of this result: by the columns an input names, else by this column.
    fn bind_cell(&mut self, run: RunId, column: usize, cells: &Row) {
        let columns = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.results.values().find(|result| result.run == run))
            .and_then(ActionResult::table)
            .map(|table| table.columns.clone());
        if let Some(columns) = columns {
            self.bind_row(&columns, column, cells);
        }
    }

    pub(super) fn row_read(
        &mut self,
        run: RunId,
        row: usize,
        cells: Option<Row>,
        purpose: RowPurpose,
    ) {
        let Some(cells) = cells else {
            self.complain("the row could not be read from the spilled result: run the query again");
            return;
        };
        match purpose {
            RowPurpose::Detail => {
                if let Some(Overlay::RowDetail {
                    run: shown,
                    row: of,
                    cells: slot,
                    ..
                }) = self.state.overlays.last_mut()
                    && (*shown, *of) == (run, row)
                {
                    *slot = Some(cells);
                }
            }
            RowPurpose::Bind => {
                let column = self
                    .state
                    .cockpit()
                    .and_then(|cockpit| cockpit.results.values().find(|result| result.run == run))
                    .and_then(ActionResult::table)
                    .map_or(0, |table| table.column);
                self.bind_cell(run, column, &cells);
            }
            RowPurpose::Copy(column) => match cells.get(column).and_then(Option::as_deref) {
                Some(text) => {
                    let text = sanitize(text).into_string();
                    self.say(format!("copied: {text}"));
                    self.effect(Effect::Copy(text));
                }
                None => self.say("the cell is NULL: nothing was copied"),
            },
        }
    }

    fn sort(&mut self) {
        let Some(result) = self.cockpit().and_then(Cockpit::shown_result_mut) else {
            return;
        };
        let (run, ended) = (result.run, result.end.is_some());
        let Some(table) = result.table_mut() else {
            return;
        };
        if !ended {
            self.say("rows still arrive: sort when the query has ended");
            return;
        }
        let column = table.column;
        let by = match table.sort {
            Some((sorted, false)) if sorted == column => (column, true),
            Some((sorted, true)) if sorted == column => {
                table.sort = None;
                table.shown = table.rows.clone();
                table.search = None;
                return;
            }
            _ => (column, false),
        };
        let (rows, kind) = (
            table.rows.clone(),
            table.columns.get(column).map(|column| column.kind),
        );
        table.busy = true;
        if let Some(kind) = kind {
            self.effect(Effect::Sort {
                run,
                rows,
                by,
                kind,
            });
        }
    }

    pub(super) fn sorted(&mut self, run: RunId, by: (usize, bool), rows: Rows) {
        let Some(table) = self
            .cockpit()
            .and_then(|cockpit| cockpit.result_of(run))
            .and_then(ActionResult::table_mut)
        else {
            return;
        };
        table.busy = false;
        table.sort = Some(by);
        table.shown = rows;
        table.selected = 0;
        table.search = None;
    }

    pub(super) fn start_search(&mut self, text: String) {
        let Some(result) = self.cockpit().and_then(Cockpit::shown_result_mut) else {
            self.say("there is no result to search");
            return;
        };
        let run = result.run;
        match &mut result.content {
            Content::Table(table) => {
                table.busy = true;
                let rows = table.shown.clone();
                self.effect(Effect::Search { run, rows, text });
            }
            Content::Output(output) => {
                let wanted = text.to_lowercase();
                let matches =
                    |line: &OutputLine| line.text.as_str().to_lowercase().contains(&wanted);
                let after = output
                    .lines
                    .iter()
                    .skip(output.top + 1)
                    .position(matches)
                    .map(|at| at + output.top + 1);
                match after.or_else(|| output.lines.iter().position(matches)) {
                    Some(line) => output.top = line,
                    None => self.say(format!("{text:?} is not in the output")),
                }
            }
            Content::Nothing | Content::Chart(_) => self.say("there is no text to search"),
        }
    }

    pub(super) fn found(&mut self, run: RunId, text: &str, matches: Arc<[u32]>) {
        let Some(table) = self
            .cockpit()
            .and_then(|cockpit| cockpit.result_of(run))
            .and_then(ActionResult::table_mut)
        else {
            return;
        };
        table.busy = false;
        let count = matches.len();
        table.search = Some(Search {
            text: text.to_owned(),
            matches,
        });
        table.select_match(false);
        match count {
            0 => self.say(format!("{text:?} is in none of the rows loaded here")),
            1 => self.say("1 row matches"),
            count => self.say(format!("{count} rows match: N goes to the next")),
        }
    }

    fn next_match(&mut self) {
        let table = self
            .cockpit()
            .and_then(Cockpit::shown_result_mut)
            .and_then(ActionResult::table_mut);
        match table {
            Some(table) if table.search.is_some() => table.select_match(true),
            _ => self.say("search first, with /"),
        }
    }

    /// Moves within the shown result. It changes nothing else; where it does one day, `cursor_only` must not be set.
    pub(super) fn move_in_result(&mut self, command: Command) {
        self.cursor_only = true;
        let page = self
            .pane_area(PaneKind::Result)
            .map_or(10, |area| usize::from(area.height.saturating_sub(3)).max(1));
        let Some(result) = self.cockpit().and_then(Cockpit::shown_result_mut) else {
            return;
        };
        match &mut result.content {
            Content::Table(table) => {
                let columns = table.columns.len();
                match command {
                    Command::Left => table.column = table.column.saturating_sub(1),
                    Command::Right => {
                        table.column = (table.column + 1).min(columns.saturating_sub(1));
                    }
                    _ => {
                        let rows = usize::try_from(table.total).unwrap_or(usize::MAX);
                        super::text::move_within(&mut table.selected, rows, page, Some(command));
                    }
                }
            }
            Content::Output(output) => {
                let lines = output.lines.len();
                super::text::move_within(&mut output.top, lines, page, Some(command));
            }
            Content::Nothing | Content::Chart(_) => {}
        }
    }
}

impl TableView {
    /// Selects the first match at or behind the selected row, or strictly behind it, wrapping round.
    fn select_match(&mut self, strictly: bool) {
        let Some(search) = &self.search else {
            return;
        };
        let from = self.selected + usize::from(strictly);
        let position = search.matches.partition_point(|row| (*row as usize) < from);
        if let Some(row) = search
            .matches
            .get(position)
            .or_else(|| search.matches.first())
        {
            self.selected = *row as usize;
        }
    }
}
