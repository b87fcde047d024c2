//! Layouts: which panes stand where, from TOML, for a terminal size and a mode.
//!
//! A layout is a tree of splits whose leaves are panes, or places that several panes share. Nothing here draws or
//! knows what a pane shows. A size never leads to an error: what does not fit falls away, the focused pane last.

mod arrange;
mod parse;

use crate::model::Mode;
use crate::model::diagnostic::{Diagnostic, SourceText};

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

impl PaneKind {
    /// Every pane.
    pub const ALL: [Self; 5] = [
        Self::Steps,
        Self::Guide,
        Self::Watch,
        Self::Result,
        Self::Timeline,
    ];

    /// Its name in layout files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Guide => "guide",
            Self::Watch => "watch",
            Self::Result => "result",
            Self::Timeline => "timeline",
        }
    }
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

/// The part of the screen that the panes share: all but the header's line on top and the line of hints below.
/// A terminal too low for both gives up the header first.
pub fn body((columns, rows): (u16, u16)) -> Area {
    let header = u16::from(rows >= 5);
    let hints = u16::from(rows >= 3);
    Area {
        x: 0,
        y: header,
        width: columns,
        height: rows - header - hints,
    }
}

/// The layouts there are, the user's before the built-in ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Layouts {
    layouts: Vec<Layout>,
    fallback: Layout,
}

/// One layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Its file's stem.
    pub name: String,
    /// Columns and rows it needs at least.
    smallest: (u16, u16),
    /// The modes it is for; none means all.
    modes: Option<Vec<Mode>>,
    root: Node,
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// A place for one pane, or for several of which the focused one shows, else the first.
    Place(Vec<PaneKind>),
    /// Parts side by side or one above the other.
    Split {
        direction: Direction,
        parts: Vec<Part>,
    },
}

/// Which way a split goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Rows,
    Columns,
}

/// A part of a split.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    node: Node,
    size: Size,
    /// Cells below which the part is not worth showing.
    min: u16,
}

/// How much of a split a part gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// That many cells.
    Cells(u16),
    /// That share of the whole.
    Percent(u16),
    /// A share of what is left, by weight.
    Fill(u16),
}

/// The built-in layouts: name and text.
const BUILT_IN: [(&str, &str); 3] = [
    ("narrow", include_str!("../layouts/narrow.toml")),
    ("standard", include_str!("../layouts/standard.toml")),
    ("wide", include_str!("../layouts/wide.toml")),
];

impl Default for Layouts {
    fn default() -> Self {
        Self::with_user(&[]).0
    }
}

impl Layouts {
    /// The built-in layouts and the user's (file stem and text). A user's file replaces the built-in one of its name; a
    /// file with an error is left out and reported. The diagnostics are those of `files`, each with its file's index.
    pub fn with_user(files: &[(String, SourceText)]) -> (Self, Vec<(usize, Diagnostic)>) {
        let mut layouts = Vec::new();
        let mut found = Vec::new();
        for (index, (name, source)) in files.iter().enumerate() {
            let (layout, diagnostics) = parse::layout(name, &source.text);
            layouts.extend(layout);
            found.extend(
                diagnostics
                    .into_iter()
                    .map(|diagnostic| (index, diagnostic)),
            );
        }
        for (name, text) in BUILT_IN {
            if !layouts.iter().any(|layout| layout.name == name) {
                layouts.extend(parse::layout(name, text).0);
            }
        }
        let fallback = Layout {
            name: "one pane".into(),
            smallest: (0, 0),
            modes: None,
            root: Node::Place(PaneKind::ALL.to_vec()),
        };
        (Self { layouts, fallback }, found)
    }

    /// All layouts in order: the user's, then the built-in ones.
    pub fn iter(&self) -> impl Iterator<Item = &Layout> {
        self.layouts.iter()
    }

    /// The layout for this terminal size (columns, rows) and mode: one made for the mode before one for all, then the
    /// one that asks for the most room, then the user's.
    pub fn choose(&self, (columns, rows): (u16, u16), mode: Mode) -> &Layout {
        self.layouts
            .iter()
            .rev()
            .filter(|layout| layout.smallest.0 <= columns && layout.smallest.1 <= rows)
            .filter(|layout| {
                layout
                    .modes
                    .as_ref()
                    .is_none_or(|modes| modes.contains(&mode))
            })
            .max_by_key(|layout| (layout.modes.is_some(), layout.smallest))
            .unwrap_or(&self.fallback)
    }
}

impl Layout {
    /// Columns and rows it needs at least.
    pub fn smallest(&self) -> (u16, u16) {
        self.smallest
    }

    /// Its panes in the order in which Tab walks them: as they stand in the file.
    pub fn panes(&self) -> Vec<PaneKind> {
        let mut panes = Vec::new();
        self.root.panes(&mut panes);
        panes
    }

    /// The same layout without a pane: the others take its room. A layout of that pane alone stays as it is.
    #[must_use]
    pub fn without(&self, pane: PaneKind) -> Self {
        Self {
            root: self.root.without(pane).unwrap_or_else(|| self.root.clone()),
            ..self.clone()
        }
    }

    /// Where each visible pane stands inside `area`; panes that share a place show the focused one, else the first.
    pub fn arrange(&self, area: Area, focus: PaneKind, zoomed: bool) -> Vec<(PaneKind, Area)> {
        if zoomed || !self.panes().contains(&focus) {
            return vec![(focus, area)];
        }
        let mut placed = Vec::new();
        arrange::place(&self.root, area, focus, &mut placed);
        placed
    }
}

impl Node {
    fn panes(&self, panes: &mut Vec<PaneKind>) {
        match self {
            Self::Place(kinds) => panes.extend(kinds),
            Self::Split { parts, .. } => parts.iter().for_each(|part| part.node.panes(panes)),
        }
    }

    /// The node without a pane; none when nothing is left of it.
    fn without(&self, pane: PaneKind) -> Option<Self> {
        match self {
            Self::Place(kinds) => {
                let left: Vec<PaneKind> =
                    kinds.iter().copied().filter(|kind| *kind != pane).collect();
                (!left.is_empty()).then_some(Self::Place(left))
            }
            Self::Split { direction, parts } => {
                let left = parts.iter().filter_map(|part| {
                    let node = part.node.without(pane)?;
                    Some(Part {
                        node,
                        ..part.clone()
                    })
                });
                let parts: Vec<Part> = left.collect();
                (!parts.is_empty()).then_some(Self::Split {
                    direction: *direction,
                    parts,
                })
            }
        }
    }

    fn holds(&self, pane: PaneKind) -> bool {
        match self {
            Self::Place(kinds) => kinds.contains(&pane),
            Self::Split { parts, .. } => parts.iter().any(|part| part.node.holds(pane)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(size: (u16, u16), focus: PaneKind) -> Vec<PaneKind> {
        let layouts = Layouts::default();
        layouts
            .choose(size, Mode::Live)
            .arrange(body(size), focus, false)
            .into_iter()
            .map(|(pane, _)| pane)
            .collect()
    }

    #[test]
    fn the_built_in_layouts_are_whole_and_chosen_by_size() {
        for (name, text) in BUILT_IN {
            let (layout, diagnostics) = parse::layout(name, text);
            assert_eq!(diagnostics, [], "{name}");
            let mut panes = layout.unwrap().panes();
            panes.sort();
            assert_eq!(panes, PaneKind::ALL, "{name}");
        }
        let layouts = Layouts::default();
        for (size, name) in [
            ((1, 1), "narrow"),
            ((80, 24), "narrow"),
            ((120, 40), "standard"),
            ((240, 67), "wide"),
            ((240, 20), "narrow"),
        ] {
            assert_eq!(layouts.choose(size, Mode::Drill).name, name, "{size:?}");
        }
    }

    #[test]
    fn small_terminals_drop_panes_but_never_the_focused_one() {
        use PaneKind::{Guide, Result, Steps, Timeline, Watch};
        assert_eq!(shown((80, 24), Guide), [Guide, Watch]);
        assert_eq!(shown((80, 24), Steps), [Steps, Watch]);
        assert_eq!(shown((80, 24), Result), [Guide, Result]);
        assert_eq!(shown((80, 24), Timeline), [Guide, Timeline]);
        assert_eq!(shown((20, 5), Watch), [Watch]);
        assert_eq!(
            shown((120, 40), Watch),
            [Steps, Watch, Result, Guide, Timeline]
        );
    }

    #[test]
    fn the_room_of_a_pane_that_is_left_out_goes_to_the_others() {
        use PaneKind::{Guide, Result, Steps, Timeline, Watch};
        let layouts = Layouts::default();
        for (size, panes) in [
            ((80, 24), vec![Guide, Result]),
            ((120, 40), vec![Steps, Result, Guide, Timeline]),
            ((240, 67), vec![Steps, Guide, Timeline, Result]),
        ] {
            let layout = layouts.choose(size, Mode::Live).without(Watch);
            let placed = layout.arrange(body(size), Guide, false);
            let cells: u32 = placed
                .iter()
                .map(|(_, area)| u32::from(area.width) * u32::from(area.height))
                .sum();
            assert_eq!(cells, u32::from(size.0) * u32::from(size.1 - 2));
            let shown: Vec<PaneKind> = placed.into_iter().map(|(pane, _)| pane).collect();
            assert_eq!(shown, panes, "{size:?}");
        }
        let alone = Layout {
            root: Node::Place(vec![Watch]),
            ..layouts.fallback.clone()
        };
        assert_eq!(alone.without(Watch), alone);
    }

    #[test]
    fn areas_fill_the_body_without_overlap_at_every_size() {
        let layouts = Layouts::default();
        for columns in (1..=250).step_by(7) {
            for rows in (1..=70).step_by(3) {
                let area = body((columns, rows));
                for focus in PaneKind::ALL {
                    let layout = layouts.choose((columns, rows), Mode::Live);
                    let placed = layout.arrange(area, focus, false);
                    let cells: u32 = placed
                        .iter()
                        .map(|(_, area)| u32::from(area.width) * u32::from(area.height))
                        .sum();
                    assert_eq!(cells, u32::from(area.width) * u32::from(area.height));
                    assert!(placed.iter().any(|(pane, _)| *pane == focus));
                }
            }
        }
    }

    #[test]
    fn a_users_layout_replaces_and_an_error_names_its_place() {
        let file = |name: &str, text: &str| {
            (
                name.to_owned(),
                SourceText::new(format!("layouts/{name}.toml"), text),
            )
        };
        let files = [
            file("narrow", "[screen]\ntabs = [\"watch\", \"guide\"]\n"),
            file(
                "drill",
                "modes = [\"drill\"]\nscreen = { pane = \"result\" }\n",
            ),
            file(
                "bad",
                "[screen]\nsplit = \"rows\"\nparts = [{ pane = \"wacth\" }]\n",
            ),
        ];
        let (layouts, found) = Layouts::with_user(&files);
        assert_eq!(
            layouts.choose((80, 24), Mode::Live).panes(),
            [PaneKind::Watch, PaneKind::Guide]
        );
        assert_eq!(layouts.choose((240, 67), Mode::Drill).name, "drill");
        let errors: Vec<String> = found
            .iter()
            .filter(|(index, _)| *index == 2)
            .map(|(index, diagnostic)| diagnostic.located(&files[*index].1).to_string())
            .collect();
        assert_eq!(
            errors,
            [
                "layouts/bad.toml:3:19: error[layout-pane]: unknown pane \"wacth\"\n  help: did you mean \"watch\"?"
            ]
        );
    }
}
