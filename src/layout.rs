//! Layouts: which panes stand where, from TOML, for a size and a mode.

use crate::model::Mode;

/// A pane that can take the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaneKind {
    /// Phases and steps.
    Steps,
    /// The step at hand: prose, actions, checks.
    Guide,
    /// Live panes.
    Watch,
    /// Result of an action.
    Result,
    /// Timeline.
    Timeline,
}

/// A rectangle of the screen, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Area {
    /// Left edge.
    pub x: u16,
    /// Top edge.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// The layouts there are, the user's before the built-in ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Layouts {
    layouts: Vec<Layout>,
}

/// One layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Its file's stem.
    pub name: String,
}

impl Layouts {
    /// The layout for this terminal size (columns, rows) and mode.
    pub fn choose(&self, size: (u16, u16), mode: Mode) -> Option<&Layout> {
        let _ = (size, mode);
        self.layouts.first()
    }
}

impl Layout {
    /// Its panes in the order in which Tab walks them.
    pub fn panes(&self) -> Vec<PaneKind> {
        vec![
            PaneKind::Steps,
            PaneKind::Guide,
            PaneKind::Watch,
            PaneKind::Result,
            PaneKind::Timeline,
        ]
    }

    /// Where each visible pane stands inside `area`; panes that share a place show the focused one.
    pub fn arrange(&self, area: Area, focus: PaneKind, zoomed: bool) -> Vec<(PaneKind, Area)> {
        let _ = zoomed;
        vec![(focus, area)]
    }
}
