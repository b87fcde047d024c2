//! What drawing remembers between frames: scroll offsets and caches. Losing it changes nothing but the scroll position.

use std::collections::BTreeMap;

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
    /// Cells of each column.
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
    /// Safe cells; none is NULL.
    pub cells: Vec<Vec<Option<SafeText>>>,
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
