//! Functions that take lists as sets.

use hashbrown::HashSet;
use std::fmt::Write as _;

use super::dynamic::{arg, list, plain};
use super::{Binding, Bound, Function, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;

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
                    .filter(|item| seen.insert(identity(item)))
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
                let others: Vec<HashSet<String>> =
                    others.iter().map(|items| identities(items)).collect();
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
                let others: HashSet<String> = others
                    .iter()
                    .flat_map(|items| items.iter())
                    .map(identity)
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
                let sought = identity(&args.get(1).map_or(Dynamic::Null, Dynamic::from));
                Value::Bool(items.iter().any(|item| identity(item) == sought))
            })
        },
    ),
    plain("jaccard_index", "jaccard_index(set1, set2)", (2, 2), |_| {
        row(&[Type::Dynamic, Type::Dynamic], Type::Real, |args| {
            let (Some(left), Some(right)) = (arg(args, 0).items(), arg(args, 1).items()) else {
                return Value::Null;
            };
            let (left, right) = (identities(left), identities(right));
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

/// The items whose identity `keep` wants, each once.
fn distinct(items: &[Dynamic], keep: impl Fn(&str) -> bool) -> Vec<Dynamic> {
    let mut seen = HashSet::new();
    items
        .iter()
        .filter(|item| {
            let key = identity(item);
            keep(&key) && seen.insert(key)
        })
        .cloned()
        .collect()
}

fn identities(items: &[Dynamic]) -> HashSet<String> {
    items.iter().map(identity).collect()
}

/// A text that two dynamic values share when they are equal: numbers by their value, objects whatever the order of their keys.
pub(super) fn identity(value: &Dynamic) -> String {
    let mut out = String::new();
    write_identity(value, &mut out);
    out
}

fn write_identity(value: &Dynamic, out: &mut String) {
    // Writing to a text cannot fail.
    let _ = match value {
        Dynamic::Null => write!(out, "n"),
        Dynamic::Bool(value) => write!(out, "b{value}"),
        Dynamic::Long(number) => write!(out, "i{number}"),
        Dynamic::Real(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
            write!(out, "i{number:.0}")
        }
        Dynamic::Real(number) => write!(out, "r{:x}", number.to_bits()),
        Dynamic::String(text) => write!(out, "s{}:{text}", text.len()),
        Dynamic::DateTime(ticks) => write!(out, "d{ticks}"),
        Dynamic::Timespan(ticks) => write!(out, "t{ticks}"),
        Dynamic::Guid(bits) => write!(out, "g{bits:x}"),
        Dynamic::Array(items) => {
            for item in items.iter() {
                out.push(',');
                write_identity(item, out);
            }
            write!(out, "]")
        }
        Dynamic::Bag(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            for (key, value) in entries {
                let _ = write!(out, ",{}:{key}", key.len());
                write_identity(value, out);
            }
            write!(out, "}}")
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_an_identity_and_others_do_not() {
        let one = Dynamic::Long(1);
        assert_eq!(identity(&one), identity(&Dynamic::Real(1.0)));
        assert_eq!(identity(&Dynamic::Long(0)), identity(&Dynamic::Real(0.0)));
        assert_ne!(identity(&one), identity(&Dynamic::String("1".into())));
        assert_ne!(identity(&one), identity(&Dynamic::Bool(true)));
        let bag =
            |keys: [&str; 2]| Dynamic::bag(keys.map(|key| (key.into(), one.clone())).to_vec());
        assert_eq!(identity(&bag(["a", "b"])), identity(&bag(["b", "a"])));
        let nested = Dynamic::array(vec![Dynamic::array(vec![one.clone()]), one.clone()]);
        let flat = Dynamic::array(vec![Dynamic::array(vec![one.clone(), one])]);
        assert_ne!(identity(&nested), identity(&flat));
    }
}
