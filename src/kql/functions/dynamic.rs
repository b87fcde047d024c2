//! Functions that make and read dynamic values as a whole: JSON, ranges, paths.

use std::sync::Arc;

pub(super) use super::args::dynamic as arg;
use super::args::string as text;
use super::{Binding, Bound, Function, Naming, plain, row};
use crate::kql::dynamic::path::{Step, walk};
use crate::kql::dynamic::{Dynamic, json};
use crate::kql::error::KqlError;
use crate::kql::expr::{Eval, Vector};
use crate::kql::types::Type;
use crate::kql::value::convert::{convert, to_dynamic};
use crate::kql::value::text::to_text;
use crate::kql::value::{TICKS_PER_SECOND, Value};

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    Function {
        aliases: &["todynamic", "toobject", "parsejson"],
        naming: Naming::FirstArgument,
        ..plain("parse_json", "parse_json(text)", (1, 1), |binding| {
            Ok(parse_json(binding))
        })
    },
    plain("dynamic_to_json", "dynamic_to_json(value)", (1, 1), |_| {
        row(&[Type::Dynamic], Type::String, |args| {
            text(json::print(&sorted(arg(args, 0))))
        })
    }),
    plain(
        "strcat_array",
        "strcat_array(array, delimiter)",
        (2, 2),
        |_| {
            row(&[Type::Dynamic, Type::String], Type::String, |args| {
                let delimiter = args.get(1).and_then(Value::as_str).unwrap_or("");
                let parts: Vec<String> = arg(args, 0)
                    .items()
                    .unwrap_or(&[])
                    .iter()
                    .map(text_of)
                    .collect();
                text(parts.join(delimiter))
            })
        },
    ),
    Function {
        aliases: &["extractjson"],
        ..plain(
            "extract_json",
            "extract_json(path, text, typeof(type))",
            (2, 3),
            extract_json,
        )
    },
    plain("range", "range(start, stop, step)", (2, 3), range),
    Function {
        naming: Naming::Prefix("repeat"),
        ..plain("repeat", "repeat(value, count)", (2, 2), |binding| {
            let ty = binding.args.first().map_or(Type::Dynamic, |arg| arg.ty);
            row(&[ty, Type::Long], Type::Dynamic, |args| {
                match args.get(1).and_then(Value::as_long) {
                    Some(count) if (0..=LONGEST).contains(&count) => {
                        let item = args.first().map_or(Dynamic::Null, to_dynamic);
                        list(vec![item; usize::try_from(count).unwrap_or(0)])
                    }
                    _ => Value::Null,
                }
            })
        })
    },
    Function {
        naming: Naming::Prefix("tree"),
        ..plain("treepath", "treepath(value)", (1, 1), |_| {
            row(&[Type::Dynamic], Type::Dynamic, |args| {
                let value = arg(args, 0);
                if value.items().is_none() && value.entries().is_none() {
                    return Value::Null;
                }
                let mut paths = Vec::new();
                tree_paths(value, "", &mut paths);
                list(
                    paths
                        .into_iter()
                        .map(|path| Dynamic::String(path.into()))
                        .collect(),
                )
            })
        })
    },
    plain("new_guid", "new_guid()", (0, 0), |binding| {
        Err(KqlError::unsupported(
            binding.span,
            "new_guid() is not supported: a query gives the same answer each time it is run here",
        )
        .help("use guid(…) with a fixed value, or hash_sha256() of what names the row"))
    }),
];

/// The most items that `range()` and `repeat()` give.
const LONGEST: i64 = 1 << 20;

/// A dynamic list as a value.
pub(super) fn list(items: Vec<Dynamic>) -> Value {
    Value::Dynamic(Dynamic::array(items))
}

/// What `tostring()` gives of an item.
pub(super) fn text_of(item: &Dynamic) -> String {
    to_text(&item.clone().into_value())
}

fn parse_json(binding: &Binding<'_>) -> Bound {
    let ty = binding.args.first().map_or(Type::String, |arg| arg.ty);
    let eval = if ty == Type::String {
        Eval::column(|args, rows| parse_texts(args.first(), rows))
    } else {
        // What is dynamic already stays as it is, a text in it too: `parse_json(tostring(x))` is how that is read.
        Eval::row(|args| args.first().map_or(Dynamic::Null, to_dynamic).into_value())
    };
    Bound {
        ty: Type::Dynamic,
        eval,
        takes: vec![ty],
    }
}

fn parse_texts(texts: Option<&Vector>, rows: usize) -> Vector {
    use crate::kql::column::Column;
    match texts {
        Some(Vector::Column(column)) => match &**column {
            Column::String(strings) => {
                Vector::Column(Arc::new(Column::Dynamic(strings.map(parsed))))
            }
            other => Vector::Column(Arc::new(Column::Absent(
                Type::Dynamic,
                other.len().max(rows),
            ))),
        },
        Some(Vector::Constant(value)) => {
            Vector::Constant(value.as_str().map_or(Dynamic::Null, parsed).into_value())
        }
        None => Vector::Constant(Value::Null),
    }
}

/// The value of a JSON text; no text is no value.
fn parsed(text: &str) -> Dynamic {
    if text.is_empty() {
        return Dynamic::Null;
    }
    json::parse(text)
}

/// The value with the keys of every object in order: the canonical form that `dynamic_to_json()` prints.
fn sorted(value: &Dynamic) -> Dynamic {
    match value {
        Dynamic::Array(items) => Dynamic::array(items.iter().map(sorted).collect()),
        Dynamic::Bag(entries) => {
            let mut entries: Vec<(Arc<str>, Dynamic)> = entries
                .iter()
                .map(|(key, value)| (Arc::clone(key), sorted(value)))
                .collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Dynamic::bag(entries)
        }
        other => other.clone(),
    }
}

/// The steps of a path such as `$.a['b'][0]`. `None`: it is not one.
pub(super) fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim().strip_prefix(['$', '@'])?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (key, tail) = after.split_at_checked(end)?;
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key.into()));
            rest = tail;
        } else {
            let (inner, tail) = rest.strip_prefix('[')?.split_once(']')?;
            let inner = inner.trim();
            let quoted = inner
                .strip_prefix('\'')
                .and_then(|inner| inner.strip_suffix('\''))
                .or_else(|| {
                    inner
                        .strip_prefix('"')
                        .and_then(|inner| inner.strip_suffix('"'))
                });
            steps.push(match quoted {
                Some(key) => Step::Key(key.into()),
                None => Step::At(inner.parse().ok()?),
            });
            rest = tail;
        }
    }
    Some(steps)
}

fn extract_json(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = binding.type_literal(2)?;
    if let Some(path) = binding.args.first()
        && let Some(Value::String(text)) = path.as_constant()
        && steps(text).is_none()
    {
        return Err(KqlError::semantic(
            path.span,
            format!("expected a path such as $.a[0], found {text}"),
        ));
    }
    let takes = vec![Type::String; binding.args.len()];
    row(&takes, ty, move |args| {
        let path = args.first().and_then(Value::as_str).and_then(steps);
        let parsed = args.get(1).and_then(Value::as_str).map(json::parse);
        match (&path, &parsed) {
            (Some(path), Some(parsed)) => walk(parsed, path).map_or(Value::missing(ty), |found| {
                convert(&found.clone().into_value(), ty)
            }),
            _ => Value::missing(ty),
        }
    })
}

fn range(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let of = |index: usize| binding.args.get(index).map(|arg| arg.ty);
    let first = of(0).unwrap_or(Type::Long);
    let (takes, step): (Vec<Type>, Value) = match first {
        Type::DateTime => (
            vec![Type::DateTime, Type::DateTime, Type::Timespan],
            Value::Timespan(3_600 * TICKS_PER_SECOND),
        ),
        Type::Timespan => (
            vec![Type::Timespan; 3],
            Value::Timespan(3_600 * TICKS_PER_SECOND),
        ),
        Type::Int | Type::Long | Type::Real | Type::Decimal | Type::Dynamic => {
            let whole = |ty: Option<Type>| matches!(ty, None | Some(Type::Int | Type::Long));
            let ty = if whole(of(0)) && whole(of(1)) && whole(of(2)) {
                Type::Long
            } else {
                Type::Real
            };
            (vec![ty; 3], Value::Long(1))
        }
        other => {
            return Err(KqlError::semantic(
                binding.span,
                format!(
                    "range() expected numbers, datetimes or timespans, found {}",
                    other.name()
                ),
            ));
        }
    };
    let takes = takes
        .into_iter()
        .take(binding.args.len())
        .collect::<Vec<_>>();
    row(&takes, Type::Dynamic, move |args| {
        let step = args.get(2).unwrap_or(&step);
        match (args.first(), args.get(1), step) {
            (Some(Value::DateTime(from)), Some(Value::DateTime(to)), Value::Timespan(step)) => {
                whole_range(*from, *to, *step, Dynamic::DateTime)
            }
            (Some(Value::Timespan(from)), Some(Value::Timespan(to)), Value::Timespan(step)) => {
                whole_range(*from, *to, *step, Dynamic::Timespan)
            }
            (Some(Value::Long(from)), Some(Value::Long(to)), Value::Long(step)) => {
                whole_range(*from, *to, *step, Dynamic::Long)
            }
            (Some(Value::Real(from)), Some(Value::Real(to)), step) => step
                .as_real()
                .map_or(Value::Null, |step| real_range(*from, *to, step)),
            _ => Value::Null,
        }
    })
}

fn whole_range(from: i64, to: i64, step: i64, item: fn(i64) -> Dynamic) -> Value {
    if step == 0 {
        return Value::Null;
    }
    let mut items = Vec::new();
    let mut at = Some(from);
    while let Some(value) = at
        && (if step > 0 { value <= to } else { value >= to })
        && (items.len() as i64) < LONGEST
    {
        items.push(item(value));
        at = value.checked_add(step);
    }
    list(items)
}

fn real_range(from: f64, to: f64, step: f64) -> Value {
    if step == 0.0 || !(from + to + step).is_finite() {
        return Value::Null;
    }
    let mut items = Vec::new();
    let mut at = from;
    while (if step > 0.0 { at <= to } else { at >= to }) && (items.len() as i64) < LONGEST {
        items.push(Dynamic::Real(at));
        at += step;
    }
    list(items)
}

/// Every path into `value`, each once; the items of a list share the path `[0]`.
fn tree_paths(value: &Dynamic, prefix: &str, paths: &mut Vec<String>) {
    let mut visit = |path: String, inner: &Dynamic| {
        if !paths.contains(&path) {
            paths.push(path.clone());
        }
        tree_paths(inner, &path, paths);
    };
    match value {
        Dynamic::Bag(entries) => {
            for (key, inner) in entries.iter() {
                visit(format!("{prefix}['{key}']"), inner);
            }
        }
        Dynamic::Array(items) => {
            for inner in items.iter() {
                visit(format!("{prefix}[0]"), inner);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_step_by_step() {
        let steps = |path| Some(format!("{:?}", steps(path)?));
        assert_eq!(
            steps("$.a['b c'][2][\"d\"].e").unwrap(),
            r#"[Key("a"), Key("b c"), At(2), Key("d"), Key("e")]"#
        );
        assert_eq!(steps("$").unwrap(), "[]");
        assert_eq!(steps("a.b"), None);
        assert_eq!(steps("$..a"), None);
        assert_eq!(steps("$[x]"), None);
    }

    #[test]
    fn the_paths_of_a_list_are_given_once() {
        let value = Dynamic::bag(vec![
            (
                "p".into(),
                Dynamic::array(vec![
                    Dynamic::Long(1),
                    Dynamic::Long(2),
                    Dynamic::bag(vec![("x".into(), Dynamic::Null)]),
                ]),
            ),
            ("q".into(), Dynamic::Long(3)),
        ]);
        let mut paths = Vec::new();
        tree_paths(&value, "", &mut paths);
        assert_eq!(paths, ["['p']", "['p'][0]", "['p'][0]['x']", "['q']"]);
    }

    #[test]
    fn ranges_end_at_their_end_and_never_loop() {
        let length = |value: Value| match value {
            Value::Dynamic(list) => list.items().map(<[Dynamic]>::len),
            _ => None,
        };
        assert_eq!(length(whole_range(1, 8, 3, Dynamic::Long)), Some(3));
        assert_eq!(length(whole_range(8, 1, -3, Dynamic::Long)), Some(3));
        assert_eq!(length(whole_range(2, 1, 1, Dynamic::Long)), Some(0));
        assert_eq!(length(whole_range(1, 2, 0, Dynamic::Long)), None);
        assert_eq!(
            length(whole_range(i64::MAX - 1, i64::MAX, 1, Dynamic::Long)),
            Some(2)
        );
        assert_eq!(
            length(whole_range(0, i64::MAX, 1, Dynamic::Long)).unwrap(),
            1 << 20
        );
        assert_eq!(length(real_range(0.0, 1.0, 0.25)), Some(5));
        assert_eq!(length(real_range(0.0, f64::INFINITY, 1.0)), None);
    }
}
