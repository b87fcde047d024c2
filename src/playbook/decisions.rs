//! Tables under a heading with `.decision`: the first column is chosen from.

use std::ops::Range;

use super::attributes::Attributes;
use super::builder::Builder;
use super::markdown::Table;
use crate::model::ids::ActionId;
use crate::model::playbook::{Choice, Decision};
use crate::model::prose::{Inline, plain_text};

impl Builder<'_> {
    /// A decision out of a table; `span` is the table's place.
    pub(super) fn decision(
        &mut self,
        attributes: &Attributes,
        table: &Table,
        span: &Range<usize>,
    ) -> Decision {
        let columns: Vec<String> = table
            .head
            .iter()
            .map(|cell| plain_text(cell).trim().to_owned())
            .collect();
        let column = |name: &str| {
            columns
                .iter()
                .position(|column| column.eq_ignore_ascii_case(name))
        };
        let (suggest, then) = (column("suggest when"), column("then"));
        let mut choices: Vec<Choice> = Vec::new();
        for (row, place) in &table.rows {
            let mut cells: Vec<String> = row
                .iter()
                .map(|cell| plain_text(cell).trim().to_owned())
                .collect();
            cells.resize(columns.len(), String::new());
            let name = cells.first().cloned().unwrap_or_default();
            if name.is_empty() {
                self.error(
                    "empty-choice",
                    place,
                    "expected a choice in the first column, found nothing",
                );
                continue;
            }
            if choices.iter().any(|known| known.name == name) {
                self.error(
                    "duplicate-choice",
                    place,
                    format!("the choice {name} is there twice"),
                );
                continue;
            }
            let opens = then
                .and_then(|at| row.get(at))
                .map_or(Vec::new(), |cell| self.targets(cell, place));
            choices.push(Choice {
                name,
                suggest_when: suggest
                    .and_then(|at| cells.get(at))
                    .filter(|cell| !cell.is_empty())
                    .cloned(),
                then: opens,
                cells,
                span: place.clone(),
            });
        }
        if choices.is_empty() {
            self.error(
                "empty-decision",
                span,
                "expected at least one choice below the table's header",
            );
        }
        Decision {
            over: Self::list(attributes.get("over"))
                .iter()
                .map(ActionId::new)
                .collect(),
            many: attributes.has("many"),
            columns,
            choices,
        }
    }

    /// What a `Then` cell links to: `#slug` without its mark, or `playbook:ID`, as a link or in plain words.
    fn targets(&mut self, cell: &[Inline], place: &Range<usize>) -> Vec<String> {
        let mut targets: Vec<String> = Vec::new();
        for inline in cell {
            let found: Vec<&str> = match &inline.link {
                Some(link) => vec![link.as_str()],
                None => inline
                    .text
                    .split_whitespace()
                    .filter(|word| word.starts_with("playbook:"))
                    .collect(),
            };
            for target in found {
                let target = target.trim_end_matches([',', '.', ';']);
                let known = target
                    .strip_prefix('#')
                    .or_else(|| target.starts_with("playbook:").then_some(target));
                match known {
                    Some(known) if targets.iter().any(|seen| seen == known) => {}
                    Some(known) => targets.push(known.to_owned()),
                    None => self.error(
                        "bad-target",
                        place,
                        format!(
                            "expected a link to #heading or playbook:id in Then, found {target}"
                        ),
                    ),
                }
            }
        }
        let linked = cell.iter().any(|inline| inline.link.is_some());
        if targets.is_empty() && !linked && !plain_text(cell).trim().is_empty() {
            let words = plain_text(cell);
            self.error(
                "bad-target",
                place,
                format!(
                    "expected a link in Then, found {}: write [{0}](#its-heading)",
                    words.trim()
                ),
            );
        }
        targets
    }
}
