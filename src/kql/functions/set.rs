//! Functions that take lists as sets.

use hashbrown::HashSet;

use super::dynamic::{arg, list};
use super::{Binding, Bound, Function, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::compare::Key;
use crate::kql::value::convert::to_dynamic;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    plain(
        "set_union",
        "set_union(set1, set2, …)",
        (2, 64),
        |binding| {
            lists(binding, |lists| {
                let mut seen = HashSet::new();
                lists
                    .iter()
                    .flat_map(|items| items.iter())
                    .filter(|item| seen.insert(key(item)))
                    .cloned()
                    .collect()
            })
        },
    ),
    plain(
        "set_intersect",
        "set_intersect(set1, set2, …)",
        (2, 64),
        |binding| {
            lists(binding, |lists| {
                let Some((first, others)) = lists.split_first() else {
                    return Vec::new();
                };
                let others: Vec<HashSet<Key>> = others.iter().map(|items| keys(items)).collect();
                distinct(first, |key| others.iter().all(|other| other.contains(key)))
            })
        },
    ),
    plain(
        "set_difference",
        "set_difference(set1, set2, …)",
        (2, 64),
        |binding| {
            lists(binding, |lists| {
                let Some((first, others)) = lists.split_first() else {
                    return Vec::new();
                };
                let others: HashSet<Key> = others
                    .iter()
                    .flat_map(|items| items.iter())
                    .map(key)
                    .collect();
                distinct(first, |key| !others.contains(key))
            })
        },
    ),
    plain(
        "set_has_element",
        "set_has_element(set, value)",
        (2, 2),
        |binding| {
            let ty = binding.args.get(1).map_or(Type::Dynamic, |arg| arg.ty);
            row(&[Type::Dynamic, ty], Type::Bool, |args| {
                let Some(items) = arg(args, 0).items() else {
                    return Value::Null;
                };
                let sought = key(&args.get(1).map_or(Dynamic::Null, to_dynamic));
                Value::Bool(items.iter().any(|item| key(item) == sought))
            })
        },
    ),
    plain("jaccard_index", "jaccard_index(set1, set2)", (2, 2), |_| {
        row(&[Type::Dynamic, Type::Dynamic], Type::Real, |args| {
            let (Some(left), Some(right)) = (arg(args, 0).items(), arg(args, 1).items()) else {
                return Value::Null;
            };
            let (left, right) = (keys(left), keys(right));
            let both = left.intersection(&right).count();
            Value::Real(both as f64 / (left.len() + right.len() - both) as f64)
        })
    }),
];

/// A call over lists that gives a list; null where an argument is not a list.
fn lists(
    binding: &Binding<'_>,
    f: impl Fn(&[&[Dynamic]]) -> Vec<Dynamic> + Send + Sync + 'static,
) -> Result<Bound, KqlError> {
    let takes = vec![Type::Dynamic; binding.args.len()];
    row(&takes, Type::Dynamic, move |args| {
        let lists: Option<Vec<&[Dynamic]>> = (0..args.len())
            .map(|index| arg(args, index).items())
            .collect();
        lists.map_or(Value::Null, |lists| list(f(&lists)))
    })
}

/// The items whose key `keep` wants, each once.
fn distinct(items: &[Dynamic], keep: impl Fn(&Key) -> bool) -> Vec<Dynamic> {
    let mut seen = HashSet::new();
    items
        .iter()
        .filter(|item| {
            let key = key(item);
            keep(&key) && seen.insert(key)
        })
        .cloned()
        .collect()
}

fn keys(items: &[Dynamic]) -> HashSet<Key> {
    items.iter().map(key).collect()
}

/// What two items share when they are equal.
pub(super) fn key(item: &Dynamic) -> Key {
    Key::of(&item.clone().into_value())
}
