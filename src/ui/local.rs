//! What drawing remembers between frames: scroll offsets and caches. Losing it changes nothing but the scroll position.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::model::ids::{RunId, StepId};
use crate::model::safe_text::SafeText;
use crate::model::table::Rows;

use super::text::TextLine;

/// Scroll offsets and caches; one for a terminal.
#[derive(Debug, Default)]
pub struct Local {
    /// Tables by run, the most recently drawn ones.
    pub(super) tables: BTreeMap<RunId, TableMemory>,
    /// First line of the guide that shows, for the step it belongs to.
    pub(super) guide: Option<(StepId, usize)>,
    /// Wrapped prose of the guide.
    pub(super) prose: Option<WrappedProse>,
    /// First line of the steps that shows.
    pub(super) steps: usize,
    /// First line of the home screen that shows.
    pub(super) home: usize,
    /// First line of a list in a dialog.
    pub(super) dialog: usize,
    /// First visible entry of the timeline, counted in the record.
    pub(super) timeline: u64,
    /// Scrolled text of dialogs, by the dialog's name.
    pub(super) scrolled: BTreeMap<&'static str, Scrolled>,
    /// The last whole screen, when a part of it can be drawn alone.
    pub(super) whole: Option<Whole>,
}

/// Until when a whole screen that was drawn still holds, the result pane apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    /// The state's count of events that change it.
    pub revision: u64,
    /// The second it was drawn in: nothing on screen is told more finely.
    pub second: i64,
    /// When time itself changes it, if ever.
    pub until: Option<Timestamp>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Where the result pane is.
    pub result: Rect,
}

/// How far the text of a dialog is scrolled. The engine counts keys and knows no screen, so it counts on past the end; what
/// shows follows each of its moves and stops at the end, and the way back begins there.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Scrolled {
    asked: usize,
    shown: usize,
}

impl Scrolled {
    /// The first line to show when the engine asks for `asked` and no line after `last` may be the first.
    pub fn follow(&mut self, asked: usize, last: usize) -> usize {
        let moved = if asked >= self.asked {
            self.shown.saturating_add(asked - self.asked)
        } else {
            self.shown.saturating_sub(self.asked - asked)
        };
        self.asked = asked;
        // The top is the top, whatever was counted on the way.
        self.shown = if asked == 0 { 0 } else { moved.min(last) };
        self.shown
    }
}

/// Tables remembered at most: results of a step or two.
const TABLES: usize = 16;

impl Local {
    /// The memory of a table; the oldest run's is forgotten when there are many.
    pub(super) fn table(&mut self, run: RunId) -> &mut TableMemory {
        while self.tables.len() >= TABLES && !self.tables.contains_key(&run) {
            self.tables.pop_first();
        }
        self.tables.entry(run).or_default()
    }
}

/// How a table is laid out and scrolled.
#[derive(Debug, Default)]
pub(super) struct TableMemory {
    /// Cells of each column; those of numbers grow with what shows.
    pub widths: Vec<u16>,
    /// Rows the widths were computed from.
    pub sampled: usize,
    /// First row that shows.
    pub top: usize,
    /// First column that shows.
    pub left: usize,
    /// The rows that were drawn last, so that moving the selection reads nothing.
    pub window: Option<Window>,
}

/// Rows as they were read.
#[derive(Debug)]
pub(super) struct Window {
    /// From where.
    pub rows: Rows,
    /// The first one.
    pub top: usize,
    /// Rows asked for.
    pub asked: usize,
    /// Whether times were to be short.
    pub short: bool,
    /// Safe cells; none is NULL.
    pub cells: Vec<Vec<Option<SafeText>>>,
    /// Columns whose times are short, and their common day.
    pub day: Option<(Vec<usize>, SafeText)>,
}

/// The guide's prose, wrapped to a width.
#[derive(Debug)]
pub(super) struct WrappedProse {
    /// Address-free identity: the playbook's hash text and step.
    pub step: StepId,
    /// The playbook's text, to notice another one.
    pub source: std::sync::Arc<str>,
    /// Columns.
    pub width: usize,
    /// With colours or without: the lines hold styles.
    pub theme: crate::theme::Theme,
    /// Lines of each block of the step's body; of an action its description.
    pub blocks: Vec<Vec<TextLine>>,
}

/// The first line to show so that `selected` is visible among `height` lines, moving as little as possible.
pub(super) fn follow(top: usize, selected: usize, height: usize, total: usize) -> usize {
    let height = height.max(1);
    let top = if selected < top {
        selected
    } else if selected >= top + height {
        selected + 1 - height
    } else {
        top
    };
    top.min(total.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrolling_never_runs_past_the_end() {
        let mut scrolled = Scrolled::default();
        // what the engine counts, the last line that may be first, what shows
        for (asked, last, shown) in [
            (1, 5, 1),
            (9_999, 5, 5),
            (9_998, 5, 4),
            (9_990, 5, 0),
            (9_991, 5, 1),
            (9_991, 0, 0),
            (0, 5, 0),
        ] {
            assert_eq!(scrolled.follow(asked, last), shown, "{asked}");
            assert_eq!(scrolled.follow(asked, last), shown, "drawn again: {asked}");
        }
    }
}
