//! Functions of lists (Kusto calls them dynamic arrays).

use std::cmp::Ordering;

use super::dynamic::{arg, list};
use super::set::key;
use super::{Binding, Bound, Function, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::to_dynamic;

#[cfg(test)]
mod tests;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    Function {
        aliases: &["arraylength"],
        ..plain("array_length", "array_length(array)", (1, 1), |_| {
            row(&[Type::Dynamic], Type::Long, |args| {
                arg(args, 0)
                    .items()
                    .map_or(Value::Null, |items| Value::Long(items.len() as i64))
            })
        })
    },
    plain(
        "array_concat",
        "array_concat(array1, array2, …)",
        (1, 64),
        |binding| {
            row(
                &vec![Type::Dynamic; binding.args.len()],
                Type::Dynamic,
                |args| {
                    // What is not a list adds nothing.
                    let mut lists = (0..args.len())
                        .filter_map(|index| arg(args, index).items())
                        .peekable();
                    if lists.peek().is_none() {
                        return Value::Null;
                    }
                    list(lists.flatten().cloned().collect())
                },
            )
        },
    ),
    plain(
        "array_slice",
        "array_slice(array, start, end)",
        (3, 3),
        |_| {
            row(
                &[Type::Dynamic, Type::Long, Type::Long],
                Type::Dynamic,
                |args| {
                    let (Some(items), Some(start), Some(end)) =
                        (arg(args, 0).items(), long(args, 1), long(args, 2))
                    else {
                        return Value::Null;
                    };
                    let start = position(items, start);
                    // The end is in the slice.
                    let end = if end < 0 {
                        end.saturating_add(items.len() as i64)
                    } else {
                        end
                    };
                    let end = usize::try_from(end.saturating_add(1))
                        .unwrap_or(0)
                        .min(items.len());
                    list(items.get(start..end).unwrap_or(&[]).to_vec())
                },
            )
        },
    ),
    plain(
        "array_split",
        "array_split(array, indices)",
        (2, 2),
        array_split,
    ),
    plain("array_reverse", "array_reverse(array)", (1, 1), |_| {
        row(&[Type::Dynamic], Type::Dynamic, |args| {
            arg(args, 0).items().map_or(Value::Null, |items| {
                list(items.iter().rev().cloned().collect())
            })
        })
    }),
    plain(
        "array_rotate_left",
        "array_rotate_left(array, count)",
        (2, 2),
        |_| Ok(moved(Move::Rotate, 1)),
    ),
    plain(
        "array_rotate_right",
        "array_rotate_right(array, count)",
        (2, 2),
        |_| Ok(moved(Move::Rotate, -1)),
    ),
    plain(
        "array_shift_left",
        "array_shift_left(array, count, default)",
        (2, 3),
        |_| Ok(moved(Move::Shift, 1)),
    ),
    plain(
        "array_shift_right",
        "array_shift_right(array, count, default)",
        (2, 3),
        |_| Ok(moved(Move::Shift, -1)),
    ),
    plain("array_sum", "array_sum(array)", (1, 1), |_| {
        row(&[Type::Dynamic], Type::Real, |args| {
            let mut sum = 0.0;
            for item in arg(args, 0)
                .items()
                .map_or(&[Dynamic::Bool(false)][..], |items| items)
            {
                match item {
                    Dynamic::Null => {}
                    item => match item.as_real() {
                        Some(number) => sum += number,
                        None => return Value::Null,
                    },
                }
            }
            Value::Real(sum)
        })
    }),
    plain(
        "array_index_of",
        "array_index_of(array, value, start, length, occurrence)",
        (2, 5),
        array_index_of,
    ),
    Function {
        aliases: &["array_iif"],
        ..plain(
            "array_iff",
            "array_iff(conditions, when_true, when_false)",
            (3, 3),
            array_iff,
        )
    },
    plain(
        "array_sort_asc",
        "array_sort_asc(array, …, nulls_last)",
        (1, 64),
        |binding| array_sort(binding, false),
    ),
    plain(
        "array_sort_desc",
        "array_sort_desc(array, …, nulls_last)",
        (1, 64),
        |binding| array_sort(binding, true),
    ),
    plain("zip", "zip(array1, array2, …)", (2, 64), |binding| {
        row(
            &vec![Type::Dynamic; binding.args.len()],
            Type::Dynamic,
            |args| {
                let lists: Option<Vec<&[Dynamic]>> = (0..args.len())
                    .map(|index| arg(args, index).items())
                    .collect();
                let Some(lists) = lists else {
                    return Value::Null;
                };
                let longest = lists.iter().map(|items| items.len()).max().unwrap_or(0);
                list(
                    (0..longest)
                        .map(|index| {
                            Dynamic::array(
                                lists
                                    .iter()
                                    .map(|items| items.get(index).cloned().unwrap_or(Dynamic::Null))
                                    .collect(),
                            )
                        })
                        .collect(),
                )
            },
        )
    }),
];

fn long(args: &[Value], index: usize) -> Option<i64> {
    args.get(index).and_then(Value::as_long)
}

/// Where `index` is in `items`, a negative one counted from the end; within `0..=len`.
fn position(items: &[Dynamic], index: i64) -> usize {
    let length = items.len() as i64;
    let index = if index < 0 {
        index.saturating_add(length)
    } else {
        index
    };
    usize::try_from(index.clamp(0, length)).unwrap_or(0)
}

fn array_split(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = match binding.args.get(1).map(|arg| arg.ty) {
        Some(Type::Int | Type::Long) => Type::Long,
        _ => Type::Dynamic,
    };
    row(&[Type::Dynamic, ty], Type::Dynamic, |args| {
        let Some(items) = arg(args, 0).items() else {
            return Value::Null;
        };
        let indices: Option<Vec<i64>> = match args.get(1) {
            Some(Value::Long(index) | Value::Dynamic(Dynamic::Long(index))) => Some(vec![*index]),
            Some(Value::Dynamic(Dynamic::Array(indices))) => indices
                .iter()
                .map(|index| match index {
                    Dynamic::Long(index) => Some(*index),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        let Some(indices) = indices else {
            return Value::Null;
        };
        let mut parts = Vec::with_capacity(indices.len() + 1);
        let mut start = 0;
        for end in indices
            .iter()
            .map(|index| position(items, *index))
            .chain([items.len()])
        {
            parts.push(Dynamic::array(
                items.get(start..end).unwrap_or(&[]).to_vec(),
            ));
            start = end;
        }
        list(parts)
    })
}

/// What happens to the items that leave a list at one end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Move {
    /// They come in again at the other.
    Rotate,
    /// A default comes in for them.
    Shift,
}

/// `array_rotate_…` and `array_shift_…`; `sign` is 1 to the left and -1 to the right.
fn moved(kind: Move, sign: i64) -> Bound {
    Bound {
        ty: Type::Dynamic,
        eval: crate::kql::expr::Eval::row(move |args| {
            let (Some(items), Some(count)) = (arg(args, 0).items(), count(args.get(1))) else {
                return Value::Null;
            };
            let count = count.saturating_mul(sign);
            let length = items.len() as i64;
            let default = args.get(2).map_or(Dynamic::Null, to_dynamic);
            let from = |index: i64| {
                let source = index.saturating_add(count);
                let source = match kind {
                    Move::Rotate => source.rem_euclid(length),
                    Move::Shift => source,
                };
                usize::try_from(source)
                    .ok()
                    .and_then(|source| items.get(source))
                    .cloned()
            };
            list(
                (0..length)
                    .map(|index| from(index).unwrap_or_else(|| default.clone()))
                    .collect(),
            )
        }),
        takes: Vec::new(),
    }
}

fn count(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Dynamic(Dynamic::Long(number))) => Some(*number),
        other => other.and_then(Value::as_long),
    }
}

fn array_index_of(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let sought = binding.args.get(1).map_or(Type::Dynamic, |arg| arg.ty);
    let takes = [Type::Dynamic, sought, Type::Long, Type::Long, Type::Long];
    let takes = takes.get(..binding.args.len()).unwrap_or(&takes);
    row(takes, Type::Long, |args| {
        let Some(items) = arg(args, 0).items() else {
            return Value::Null;
        };
        let start = position(items, long(args, 2).unwrap_or(0));
        let length = long(args, 3).unwrap_or(-1);
        let occurrence = long(args, 4).unwrap_or(1);
        if length < -1 || occurrence < 1 {
            return Value::Null;
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let sought = key(&args.get(1).map_or(Dynamic::Null, to_dynamic));
        let found = items
            .iter()
            .enumerate()
            .skip(start)
            .take(length)
            .filter(|(_, item)| key(item) == sought)
            .nth(usize::try_from(occurrence - 1).unwrap_or(usize::MAX));
        Value::Long(found.map_or(-1, |(index, _)| index as i64))
    })
}

fn array_iff(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let takes: Vec<Type> = binding
        .args
        .iter()
        .enumerate()
        .map(|(index, arg)| if index == 0 { Type::Dynamic } else { arg.ty })
        .collect();
    row(&takes, Type::Dynamic, |args| {
        let Some(conditions) = arg(args, 0).items() else {
            return Value::Null;
        };
        let choice = |index: usize| args.get(index).map_or(Dynamic::Null, to_dynamic);
        let (when_true, when_false) = (choice(1), choice(2));
        // A list gives its item at the same place, anything else itself.
        let item = |choice: &Dynamic, index: usize| match choice {
            Dynamic::Array(items) => items.get(index).cloned().unwrap_or(Dynamic::Null),
            other => other.clone(),
        };
        list(
            conditions
                .iter()
                .enumerate()
                .map(|(index, condition)| {
                    let holds = match condition {
                        Dynamic::Bool(holds) => Some(*holds),
                        other => other.as_real().map(|number| number != 0.0),
                    };
                    match holds {
                        Some(true) => item(&when_true, index),
                        Some(false) => item(&when_false, index),
                        None => Dynamic::Null,
                    }
                })
                .collect(),
        )
    })
}

/// Sorts the first list and puts the others in the same order. More than one give a list of lists.
fn array_sort(binding: &Binding<'_>, descending: bool) -> Result<Bound, KqlError> {
    let flag =
        binding.args.last().is_some_and(|arg| arg.ty == Type::Bool) && binding.args.len() > 1;
    let lists = binding.args.len() - usize::from(flag);
    let mut takes = vec![Type::Dynamic; lists];
    if flag {
        takes.push(Type::Bool);
    }
    row(&takes, Type::Dynamic, move |args| {
        let nulls_last = !flag || !matches!(args.last(), Some(Value::Bool(false)));
        let Some(first) = arg(args, 0).items() else {
            return Value::Null;
        };
        let mut order: Vec<usize> = (0..first.len()).collect();
        order.sort_by(|left, right| match (first.get(*left), first.get(*right)) {
            (Some(left), Some(right)) => compare(left, right, descending, nulls_last),
            _ => Ordering::Equal,
        });
        let mut sorted = (0..lists).map(|index| match arg(args, index).items() {
            Some(items) if items.len() == first.len() => Dynamic::array(
                order
                    .iter()
                    .filter_map(|at| items.get(*at))
                    .cloned()
                    .collect(),
            ),
            _ => Dynamic::Null,
        });
        if lists == 1 {
            sorted.next().unwrap_or(Dynamic::Null).into_value()
        } else {
            list(sorted.collect())
        }
    })
}

/// The order of two items: numbers and times, then texts, then GUIDs, then the rest; nulls at the end that is asked for.
fn compare(left: &Dynamic, right: &Dynamic, descending: bool, nulls_last: bool) -> Ordering {
    let null = |value: &Dynamic| matches!(value, Dynamic::Null);
    match (null(left), null(right)) {
        (true, true) => return Ordering::Equal,
        (true, false) => {
            return if nulls_last {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        (false, true) => {
            return if nulls_last {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        (false, false) => {}
    }
    let kind = |value: &Dynamic| match value {
        Dynamic::Long(_) | Dynamic::Real(_) | Dynamic::DateTime(_) | Dynamic::Timespan(_) => 0,
        Dynamic::String(_) => 1,
        Dynamic::Guid(_) => 2,
        _ => 3,
    };
    let order = kind(left).cmp(&kind(right));
    if order.is_ne() {
        return order;
    }
    let order = match (left, right) {
        (Dynamic::Long(left), Dynamic::Long(right))
        | (Dynamic::DateTime(left), Dynamic::DateTime(right))
        | (Dynamic::Timespan(left), Dynamic::Timespan(right)) => left.cmp(right),
        (Dynamic::String(left), Dynamic::String(right)) => left.cmp(right),
        (Dynamic::Guid(left), Dynamic::Guid(right)) => left.cmp(right),
        _ => match (left.as_real(), right.as_real()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => Ordering::Equal,
        },
    };
    if descending { order.reverse() } else { order }
}
