//! Layout files: TOML to a tree, with the place of every error.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Direction, Layout, Node, PaneKind, Part, Size};
use crate::model::Mode;
use crate::model::diagnostic::{Diagnostic, nearest};

/// Depth of nested splits: deeper ones are a slip, and each level costs stack.
const DEPTH: usize = 8;

/// Reads a layout. None when the file has an error; the diagnostics say which.
pub(super) fn layout(name: &str, text: &str) -> (Option<Layout>, Vec<Diagnostic>) {
    let mut reader = Reader {
        found: Vec::new(),
        panes: Vec::new(),
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            reader.error("layout-toml", span, error.message().replace('\n', ": "));
            return (None, reader.found);
        }
    };
    let layout = reader.layout(name, &table);
    let failed = !reader.found.is_empty();
    if let Some(layout) = &layout {
        let missing: Vec<&str> = PaneKind::ALL
            .into_iter()
            .filter(|pane| !layout.root.holds(*pane))
            .map(PaneKind::word)
            .collect();
        if !missing.is_empty() && !failed {
            let message = format!("no place for {}: Tab will not reach it", missing.join(", "));
            reader
                .found
                .push(Diagnostic::warning("layout-missing-pane", 0..0, message));
        }
    }
    (layout.filter(|_| !failed), reader.found)
}

struct Reader {
    found: Vec<Diagnostic>,
    panes: Vec<PaneKind>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader {
    fn error(&mut self, code: &'static str, span: Range<usize>, message: impl Into<String>) {
        self.found.push(Diagnostic::error(code, span, message));
    }

    fn layout(&mut self, name: &str, table: &Spanned<DeTable<'_>>) -> Option<Layout> {
        let keys = ["min_columns", "min_rows", "modes", "screen"];
        self.known(table.get_ref(), &keys);
        let get = |key: &str| table.get_ref().get(key);
        let smallest = (
            get("min_columns")
                .and_then(|value| self.cells(value))
                .unwrap_or(0),
            get("min_rows")
                .and_then(|value| self.cells(value))
                .unwrap_or(0),
        );
        let modes = get("modes").map(|value| self.modes(value));
        let Some(screen) = get("screen") else {
            self.error(
                "layout-screen",
                0..0,
                "expected a table `screen` with pane, tabs or split",
            );
            return None;
        };
        let root = self.node(screen, DEPTH)?;
        Some(Layout {
            name: name.to_owned(),
            smallest,
            modes,
            root,
        })
    }

    fn node(&mut self, value: &Value<'_>, depth: usize) -> Option<Node> {
        let Some(table) = value.get_ref().as_table() else {
            self.expected("a table with pane, tabs or split", value);
            return None;
        };
        self.known(table, &["pane", "tabs", "split", "parts", "size", "min"]);
        match (table.get("pane"), table.get("tabs"), table.get("split")) {
            (Some(pane), None, None) => Some(Node::Place(vec![self.pane(pane)?])),
            (None, Some(tabs), None) => {
                let Some(values) = tabs
                    .get_ref()
                    .as_array()
                    .filter(|values| !values.is_empty())
                else {
                    self.expected("a list of panes", tabs);
                    return None;
                };
                let panes = values.iter().filter_map(|value| self.pane(value)).collect();
                Some(Node::Place(panes))
            }
            (None, None, Some(split)) if depth > 0 => {
                let direction = match split.get_ref().as_str() {
                    Some("rows") => Direction::Rows,
                    Some("columns") => Direction::Columns,
                    _ => {
                        self.expected("\"rows\" or \"columns\"", split);
                        return None;
                    }
                };
                let parts = table
                    .get("parts")
                    .and_then(|parts| parts.get_ref().as_array());
                let Some(parts) = parts.filter(|parts| !parts.is_empty()) else {
                    self.error(
                        "layout-parts",
                        split.span(),
                        "a split needs `parts`, a list of tables",
                    );
                    return None;
                };
                let parts = parts
                    .iter()
                    .filter_map(|part| self.part(part, direction, depth - 1))
                    .collect();
                Some(Node::Split { direction, parts })
            }
            (None, None, Some(split)) => {
                self.error(
                    "layout-depth",
                    split.span(),
                    format!("more than {DEPTH} splits inside each other"),
                );
                None
            }
            _ => {
                self.error(
                    "layout-node",
                    value.span(),
                    "expected exactly one of pane, tabs, split",
                );
                None
            }
        }
    }

    fn part(&mut self, value: &Value<'_>, direction: Direction, depth: usize) -> Option<Part> {
        let node = self.node(value, depth)?;
        let table = value.get_ref().as_table()?;
        let size = table
            .get("size")
            .map_or(Some(Size::Fill(1)), |size| self.size(size))?;
        let min = table
            .get("min")
            .and_then(|min| self.cells(min))
            .unwrap_or(match direction {
                Direction::Rows => 3,
                Direction::Columns => 12,
            });
        Some(Part { node, size, min })
    }

    fn pane(&mut self, value: &Value<'_>) -> Option<PaneKind> {
        let Some(word) = value.get_ref().as_str() else {
            self.expected("the name of a pane", value);
            return None;
        };
        let Some(pane) = PaneKind::ALL.into_iter().find(|pane| pane.word() == word) else {
            let words = PaneKind::ALL.map(PaneKind::word);
            let help = nearest(word, words).map_or_else(
                || format!("panes are {}", words.join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            let message = format!("unknown pane {word:?}");
            self.found
                .push(Diagnostic::error("layout-pane", value.span(), message).with_help(help));
            return None;
        };
        if self.panes.contains(&pane) {
            self.error(
                "layout-twice",
                value.span(),
                format!("the pane {word:?} has a place already"),
            );
            return None;
        }
        self.panes.push(pane);
        Some(pane)
    }

    fn size(&mut self, value: &Value<'_>) -> Option<Size> {
        let size = match value.get_ref() {
            DeValue::String(text) => {
                if let Some(percent) = text.strip_suffix('%') {
                    percent
                        .trim()
                        .parse()
                        .ok()
                        .filter(|percent| (1..=100).contains(percent))
                        .map(Size::Percent)
                } else if let Some(weight) = text.strip_prefix("fill") {
                    let weight = weight.trim();
                    if weight.is_empty() {
                        Some(1)
                    } else {
                        weight.parse().ok()
                    }
                    .filter(|weight| (1..=100).contains(weight))
                    .map(Size::Fill)
                } else {
                    None
                }
            }
            DeValue::Integer(_) => return self.cells(value).map(Size::Cells),
            _ => None,
        };
        if size.is_none() {
            self.expected("a number of cells, \"40%\", \"fill\" or \"fill 2\"", value);
        }
        size
    }

    fn cells(&mut self, value: &Value<'_>) -> Option<u16> {
        let cells = value
            .get_ref()
            .as_integer()
            .and_then(|integer| u16::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|cells| *cells <= 1_000);
        if cells.is_none() {
            self.expected("a number of cells from 0 to 1000", value);
        }
        cells
    }

    fn modes(&mut self, value: &Value<'_>) -> Vec<Mode> {
        let Some(values) = value.get_ref().as_array() else {
            self.expected("a list of modes", value);
            return Vec::new();
        };
        let mut modes = Vec::new();
        for value in values {
            match value.get_ref().as_str() {
                Some("live") => modes.push(Mode::Live),
                Some("walkthrough") => modes.push(Mode::Walkthrough),
                Some("drill") => modes.push(Mode::Drill),
                _ => self.expected("\"live\", \"walkthrough\" or \"drill\"", value),
            }
        }
        modes
    }

    fn known(&mut self, table: &DeTable<'_>, keys: &[&str]) {
        for key in table.keys() {
            let word = key.get_ref().as_ref();
            if !keys.contains(&word) {
                let help = nearest(word, keys.iter().copied()).map_or_else(
                    || format!("keys here are {}", keys.join(", ")),
                    |near| format!("did you mean {near:?}?"),
                );
                let message = format!("unknown key {word:?}");
                self.found
                    .push(Diagnostic::error("layout-key", key.span(), message).with_help(help));
            }
        }
    }

    fn expected(&mut self, what: &str, found: &Value<'_>) {
        let message = format!("expected {what}, found {}", found.get_ref().type_str());
        self.error("layout-value", found.span(), message);
    }
}
