//! Functions of objects (Kusto calls them property bags).

use std::sync::Arc;

use super::dynamic::{arg, list, steps};
use super::{Binding, Bound, Function, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::dynamic::path::{Step, walk};
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::to_dynamic;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    Function {
        aliases: &["bag_pack", "pack_dictionary", "bag_pack_columns"],
        ..plain("pack", "bag_pack(key1, value1, …)", (2, 1_024), pack)
    },
    plain(
        "pack_all",
        "pack_all(ignore_null_empty)",
        (1, 8_192),
        pack_all,
    ),
    plain(
        "pack_array",
        "pack_array(value1, value2, …)",
        (1, 1_024),
        |binding| {
            let takes: Vec<Type> = binding.args.iter().map(|arg| arg.ty).collect();
            row(&takes, Type::Dynamic, |args| {
                list(args.iter().map(to_dynamic).collect())
            })
        },
    ),
    plain("bag_keys", "bag_keys(bag)", (1, 1), |_| {
        row(&[Type::Dynamic], Type::Dynamic, |args| {
            arg(args, 0).entries().map_or(Value::Null, |entries| {
                list(
                    entries
                        .iter()
                        .map(|(key, _)| Dynamic::String(Arc::clone(key)))
                        .collect(),
                )
            })
        })
    }),
    plain("bag_has_key", "bag_has_key(bag, key)", (2, 2), |_| {
        row(&[Type::Dynamic, Type::String], Type::Bool, |args| {
            let bag = arg(args, 0);
            if bag.entries().is_none() {
                return Value::Null;
            }
            Value::Bool(walk(bag, &key_path(args.get(1))).is_some())
        })
    }),
    plain(
        "bag_merge",
        "bag_merge(bag1, bag2, …)",
        (2, 64),
        |binding| {
            row(
                &vec![Type::Dynamic; binding.args.len()],
                Type::Dynamic,
                |args| {
                    let mut entries: Option<Vec<(Arc<str>, Dynamic)>> = None;
                    for bag in (0..args.len()).filter_map(|index| arg(args, index).entries()) {
                        let entries = entries.get_or_insert_default();
                        for (key, value) in bag {
                            // The first that has a key decides its value.
                            if !entries.iter().any(|(known, _)| known == key) {
                                entries.push((Arc::clone(key), value.clone()));
                            }
                        }
                    }
                    entries.map_or(Value::Null, |entries| Value::Dynamic(Dynamic::bag(entries)))
                },
            )
        },
    ),
    plain(
        "bag_remove_keys",
        "bag_remove_keys(bag, keys)",
        (2, 2),
        |_| {
            row(&[Type::Dynamic, Type::Dynamic], Type::Dynamic, |args| {
                let bag = arg(args, 0);
                if bag.entries().is_none() {
                    return Value::Null;
                }
                let keys = arg(args, 1).items().unwrap_or(&[]);
                let result = keys.iter().fold(bag.clone(), |bag, key| match key {
                    Dynamic::String(key) => {
                        remove(&bag, &key_path(Some(&Value::String(Arc::clone(key)))))
                    }
                    _ => bag,
                });
                Value::Dynamic(result)
            })
        },
    ),
    plain(
        "bag_set_key",
        "bag_set_key(bag, key, value)",
        (3, 3),
        |binding| {
            let ty = binding.args.get(2).map_or(Type::Dynamic, |arg| arg.ty);
            row(&[Type::Dynamic, Type::String, ty], Type::Dynamic, |args| {
                let bag = arg(args, 0);
                if bag.entries().is_none() {
                    return Value::Null;
                }
                let value = args.get(2).map_or(Dynamic::Null, to_dynamic);
                set(bag, &key_path(args.get(1)), &value).map_or(Value::Null, Value::Dynamic)
            })
        },
    ),
    plain("bag_zip", "bag_zip(keys, values)", (2, 2), |_| {
        row(&[Type::Dynamic, Type::Dynamic], Type::Dynamic, |args| {
            let Some(keys) = arg(args, 0).items() else {
                return Value::Null;
            };
            let values = arg(args, 1).items().unwrap_or(&[]);
            let mut entries: Vec<(Arc<str>, Dynamic)> = Vec::new();
            for (index, key) in keys.iter().enumerate() {
                if let Dynamic::String(key) = key {
                    put(
                        &mut entries,
                        key,
                        values.get(index).cloned().unwrap_or(Dynamic::Null),
                    );
                }
            }
            Value::Dynamic(Dynamic::bag(entries))
        })
    }),
];

fn pack(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    if !binding.args.len().is_multiple_of(2) {
        return Err(KqlError::semantic(
            binding.span,
            format!(
                "{}() expected a value for every key, found {} arguments",
                binding.name,
                binding.args.len()
            ),
        ));
    }
    if binding.name == "bag_pack_columns"
        && let Some(arg) = binding
            .args
            .iter()
            .step_by(2)
            .find(|arg| arg.as_constant().is_none())
    {
        return Err(KqlError::semantic(
            arg.span,
            "bag_pack_columns() expected names of columns",
        ));
    }
    let takes: Vec<Type> = binding
        .args
        .iter()
        .enumerate()
        .map(|(index, arg)| if index % 2 == 0 { Type::String } else { arg.ty })
        .collect();
    row(&takes, Type::Dynamic, |args| {
        let mut entries = Vec::with_capacity(args.len() / 2);
        for pair in args.chunks(2) {
            if let [Value::String(key), value] = pair {
                put(&mut entries, key, to_dynamic(value));
            }
        }
        Value::Dynamic(Dynamic::bag(entries))
    })
}

/// `pack_all()`, after the binder has put the names and columns of the row behind the flag.
fn pack_all(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let takes: Vec<Type> = binding.args.iter().map(|arg| arg.ty).collect();
    row(&takes, Type::Dynamic, |args| {
        let skips = matches!(args.first(), Some(Value::Bool(true)));
        let empty = |value: &Value| value.is_null() || value.as_str() == Some("");
        let mut entries = Vec::with_capacity(args.len() / 2);
        for pair in args.get(1..).unwrap_or_default().chunks(2) {
            if let [Value::String(key), value] = pair
                && !(skips && empty(value))
            {
                entries.push((Arc::clone(key), to_dynamic(value)));
            }
        }
        Value::Dynamic(Dynamic::bag(entries))
    })
}

/// Sets a key, in its place where it is there.
fn put(entries: &mut Vec<(Arc<str>, Dynamic)>, key: &Arc<str>, value: Dynamic) {
    match entries.iter_mut().find(|(known, _)| known == key) {
        Some(entry) => entry.1 = value,
        None => entries.push((Arc::clone(key), value)),
    }
}

/// A key of an object, or the path to one in an object within it (`$.a.b`).
fn key_path(key: Option<&Value>) -> Vec<Step> {
    let key = key.and_then(Value::as_str).unwrap_or("");
    match steps(key) {
        Some(path) if !path.is_empty() => path,
        _ => vec![Step::Key(key.into())],
    }
}

fn remove(bag: &Dynamic, path: &[Step]) -> Dynamic {
    let (Some(entries), Some((Step::Key(key), rest))) = (bag.entries(), path.split_first()) else {
        return bag.clone();
    };
    Dynamic::bag(
        entries
            .iter()
            .filter(|(name, _)| !rest.is_empty() || **name != **key)
            .map(|(name, value)| {
                let value = if **name == **key {
                    remove(value, rest)
                } else {
                    value.clone()
                };
                (Arc::clone(name), value)
            })
            .collect(),
    )
}

/// `bag` with `value` at `path`; `None` where the path goes through something that is not an object.
fn set(bag: &Dynamic, path: &[Step], value: &Dynamic) -> Option<Dynamic> {
    let Some((Step::Key(key), rest)) = path.split_first() else {
        return path.is_empty().then(|| value.clone());
    };
    let mut entries = bag.entries()?.to_vec();
    let empty = Dynamic::bag(Vec::new());
    let inner = if rest.is_empty() {
        value.clone()
    } else {
        set(bag.get(key).unwrap_or(&empty), rest, value)?
    };
    put(&mut entries, key, inner);
    Some(Dynamic::bag(entries))
}
