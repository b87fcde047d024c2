//! Functions that fill the gaps of a series.

use super::dynamic::{arg, list};
use super::set::key;
use super::{Binding, Bound, Function, Naming, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::to_dynamic;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    first(&plain(
        "series_fill_forward",
        "series_fill_forward(series, placeholder)",
        (1, 2),
        |binding| {
            fill(binding, 1, |items, gap, _| {
                let mut last = None;
                items
                    .iter()
                    .map(|item| carried(item, gap, &mut last))
                    .collect()
            })
        },
    )),
    first(&plain(
        "series_fill_backward",
        "series_fill_backward(series, placeholder)",
        (1, 2),
        |binding| {
            fill(binding, 1, |items, gap, _| {
                let mut next = None;
                let mut filled: Vec<Dynamic> = items
                    .iter()
                    .rev()
                    .map(|item| carried(item, gap, &mut next))
                    .collect();
                filled.reverse();
                filled
            })
        },
    )),
    first(&plain(
        "series_fill_const",
        "series_fill_const(series, constant, placeholder)",
        (1, 3),
        |binding| {
            fill(binding, 2, |items, gap, args| {
                let constant = args
                    .get(1)
                    .filter(|value| !value.is_null())
                    .map_or(Dynamic::Long(0), to_dynamic);
                let constant = like(constant, items);
                items
                    .iter()
                    .map(|item| {
                        if gap(item) {
                            constant.clone()
                        } else {
                            item.clone()
                        }
                    })
                    .collect()
            })
        },
    )),
    first(&plain(
        "series_fill_linear",
        "series_fill_linear(series, placeholder, fill_edges, constant)",
        (1, 4),
        |binding| {
            fill(binding, 1, |items, gap, args| {
                let edges = !matches!(args.get(2), Some(Value::Bool(false)));
                let constant = args.get(3).map_or(Dynamic::Real(0.0), to_dynamic);
                linear(items, gap, edges, &constant)
            })
        },
    )),
];

const fn first(function: &Function) -> Function {
    Function {
        naming: Naming::FirstArgument,
        ..*function
    }
}

/// Whether an item is a gap.
type Gap<'a> = &'a dyn Fn(&Dynamic) -> bool;

/// A call that fills a series; what counts as a gap besides null is the argument at `placeholder`.
fn fill(
    binding: &Binding<'_>,
    placeholder: usize,
    f: impl Fn(&[Dynamic], Gap<'_>, &[Value]) -> Vec<Dynamic> + Send + Sync + 'static,
) -> Result<Bound, KqlError> {
    let takes: Vec<Type> = binding.args.iter().map(|arg| arg.ty).collect();
    row(&takes, Type::Dynamic, move |args| {
        let Some(items) = arg(args, 0).items() else {
            return Value::Null;
        };
        let sought = key(&args.get(placeholder).map_or(Dynamic::Null, to_dynamic));
        list(f(items, &|item| key(item) == sought, args))
    })
}

/// The item, or in a gap the last one that was none.
fn carried(item: &Dynamic, gap: Gap<'_>, last: &mut Option<Dynamic>) -> Dynamic {
    if gap(item) {
        return last.clone().unwrap_or_else(|| item.clone());
    }
    *last = Some(item.clone());
    item.clone()
}

/// `value` as a whole number where all numbers of `items` are.
fn like(value: Dynamic, items: &[Dynamic]) -> Dynamic {
    let known = |item: &&Dynamic| !matches!(item, Dynamic::Null);
    let whole = items
        .iter()
        .filter(known)
        .all(|item| matches!(item, Dynamic::Long(_)));
    match value {
        Dynamic::Real(number) if whole && items.iter().any(|item| known(&item)) => {
            Dynamic::Long(number as i64)
        }
        Dynamic::Long(number) if !whole => Dynamic::Real(number as f64),
        other => other,
    }
}

fn linear(items: &[Dynamic], gap: Gap<'_>, edges: bool, constant: &Dynamic) -> Vec<Dynamic> {
    let known: Vec<(usize, f64)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| !gap(item))
        .filter_map(|(at, item)| Some((at, item.as_real()?)))
        .collect();
    if known.is_empty() {
        return items
            .iter()
            .map(|item| {
                if gap(item) {
                    constant.clone()
                } else {
                    item.clone()
                }
            })
            .collect();
    }
    items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            if !gap(item) {
                return item.clone();
            }
            let after = known.partition_point(|(place, _)| *place < at);
            let before = after.checked_sub(1).and_then(|before| known.get(before));
            let between = match (before, known.get(after)) {
                (Some((from, low)), Some((to, high))) => {
                    low + (high - low) * (at - from) as f64 / (to - from) as f64
                }
                (Some((_, edge)), None) | (None, Some((_, edge))) if edges => *edge,
                _ => return item.clone(),
            };
            like(Dynamic::Real(between), items)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::dynamic::json;

    fn filled(json: &str, edges: bool) -> String {
        let Dynamic::Array(items) = json::parse(json) else {
            return String::new();
        };
        let gap = |item: &Dynamic| matches!(item, Dynamic::Null);
        json::print(&Dynamic::array(linear(
            &items,
            &gap,
            edges,
            &Dynamic::Real(0.0),
        )))
    }

    #[test]
    fn gaps_are_filled_in_a_line_and_whole_numbers_stay_whole() {
        assert_eq!(
            filled("[null,111,null,36,41,null,null,16,61,33,null,null]", true),
            "[111,111,73,36,41,32,24,16,61,33,33,33]"
        );
        assert_eq!(
            filled("[null,111.0,null,36.0,null]", true),
            "[111.0,111.0,73.5,36.0,36.0]"
        );
        assert_eq!(filled("[null,1,null,3,null]", false), "[null,1,2,3,null]");
        assert_eq!(filled("[null,null]", true), "[0.0,0.0]");
    }
}
