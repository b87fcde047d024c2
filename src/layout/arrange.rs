//! Rectangles out of a tree. Works for every size down to nothing.

use super::{Area, Direction, Node, PaneKind, Part, Size};

/// Places `node` inside `area` and adds what shows to `placed`, in the order of the file.
pub(super) fn place(node: &Node, area: Area, focus: PaneKind, placed: &mut Vec<(PaneKind, Area)>) {
    match node {
        Node::Place(kinds) => {
            let shown = kinds
                .iter()
                .find(|kind| **kind == focus)
                .or_else(|| kinds.first());
            placed.extend(shown.map(|kind| (*kind, area)));
        }
        Node::Split { direction, parts } => {
            let total = match direction {
                Direction::Rows => area.height,
                Direction::Columns => area.width,
            };
            let parts = that_fit(parts, total, focus);
            let mut at = 0;
            for (part, size) in parts.iter().zip(sizes(&parts, total)) {
                let inside = match direction {
                    Direction::Rows => Area {
                        y: area.y + at,
                        height: size,
                        ..area
                    },
                    Direction::Columns => Area {
                        x: area.x + at,
                        width: size,
                        ..area
                    },
                };
                at += size;
                place(&part.node, inside, focus, placed);
            }
        }
    }
}

/// The parts whose minimums fit: the last one without the focus falls away first.
fn that_fit(parts: &[Part], total: u16, focus: PaneKind) -> Vec<&Part> {
    let mut kept: Vec<&Part> = parts.iter().collect();
    while kept.len() > 1 && kept.iter().map(|part| u32::from(part.min)).sum::<u32>() > total.into()
    {
        let Some(drop) = kept.iter().rposition(|part| !part.node.holds(focus)) else {
            break;
        };
        kept.remove(drop);
    }
    kept
}

/// Cells of each part; their sum is `total`.
fn sizes(parts: &[&Part], total: u16) -> Vec<u16> {
    let mut sizes: Vec<u16> = parts
        .iter()
        .map(|part| match part.size {
            Size::Cells(cells) => cells.max(part.min),
            Size::Percent(percent) => {
                let share = u32::from(total) * u32::from(percent.min(100)) / 100;
                (share as u16).max(part.min)
            }
            Size::Fill(_) => part.min,
        })
        .collect();
    let used = |sizes: &[u16]| sizes.iter().map(|size| u32::from(*size)).sum::<u32>();
    // Fixed parts give way to the minimums of the others, the largest surplus first.
    while used(&sizes) > total.into() {
        let most = (0..sizes.len()).max_by_key(|index| {
            let min = parts.get(*index).map_or(0, |part| part.min);
            sizes.get(*index).map_or(0, |size| size.saturating_sub(min))
        });
        let over = (used(&sizes) - u32::from(total)).min(u32::from(u16::MAX)) as u16;
        let Some((size, part)) =
            most.and_then(|index| Some((sizes.get_mut(index)?, parts.get(index)?)))
        else {
            break;
        };
        let surplus = size.saturating_sub(part.min);
        // Only a single part can be left below its minimum: it takes what there is.
        *size -= if surplus == 0 {
            over.min(*size)
        } else {
            surplus.min(over)
        };
    }
    let mut left = u32::from(total).saturating_sub(used(&sizes));
    let mut fills: Vec<(usize, u32)> = parts
        .iter()
        .enumerate()
        .filter_map(|(index, part)| match part.size {
            Size::Fill(weight) => Some((index, u32::from(weight.max(1)))),
            _ => None,
        })
        .collect();
    if fills.is_empty()
        && let Some(last) = sizes.last_mut()
    {
        *last += left as u16;
        return sizes;
    }
    // Shares are of the whole room of the filling parts, so that a minimum does not add to a share.
    loop {
        let room = left
            + fills
                .iter()
                .filter_map(|(index, _)| sizes.get(*index))
                .map(|size| u32::from(*size))
                .sum::<u32>();
        let weights: u32 = fills.iter().map(|(_, weight)| weight).sum();
        let above = fills.iter().position(|(index, weight)| {
            sizes
                .get(*index)
                .is_some_and(|min| u32::from(*min) * weights > room * weight)
        });
        if let Some(position) = above {
            fills.remove(position);
            continue;
        }
        let mut rest = room;
        let last = fills.len().saturating_sub(1);
        for (position, (index, weight)) in fills.iter().enumerate() {
            let share = if position == last {
                rest
            } else {
                room * weight / weights.max(1)
            };
            rest -= share.min(rest);
            if let Some(size) = sizes.get_mut(*index) {
                left = left.saturating_sub(share.saturating_sub((*size).into()));
                *size = share as u16;
            }
        }
        return sizes;
    }
}
