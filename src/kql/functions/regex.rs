//! Functions with regular expressions. The engine's dialect is RE2's, and so is that of the crate: no look-around and no back-references.

use regex::Regex;

use super::{Binding, Bound, Function, args, plain, row, string};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::kernels::text::regular;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::read;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    plain(
        "extract",
        "extract(regex, group, text, typeof(type))",
        (3, 4),
        extract,
    ),
    Function {
        aliases: &["extractall"],
        ..plain(
            "extract_all",
            "extract_all(regex, groups, text)",
            (2, 3),
            extract_all,
        )
    },
    plain(
        "replace_regex",
        "replace_regex(text, regex, rewrite)",
        (3, 3),
        |binding| replace(binding, 1, 2, 0),
    ),
    plain(
        "replace",
        "replace(regex, rewrite, text)",
        (3, 3),
        |binding| replace(binding, 0, 1, 2),
    ),
    plain("trim", "trim(regex, text)", (2, 2), |binding| {
        trim(binding, true, true)
    }),
    plain("trim_start", "trim_start(regex, text)", (2, 2), |binding| {
        trim(binding, true, false)
    }),
    plain("trim_end", "trim_end(regex, text)", (2, 2), |binding| {
        trim(binding, false, true)
    }),
    plain(
        "countof",
        "countof(text, search, \"normal\" or \"regex\")",
        (2, 3),
        countof,
    ),
    plain(
        "indexof_regex",
        "indexof_regex(text, regex, start, length, occurrence)",
        (2, 5),
        |binding| {
            let regex = pattern(binding, 1, str::to_owned)?;
            row(
                &[
                    Type::String,
                    Type::String,
                    Type::Long,
                    Type::Long,
                    Type::Long,
                ],
                Type::Long,
                move |values| {
                    string::position(values, |text, from| {
                        let found = regex.find_at(text, from)?;
                        Some((found.start(), found.end()))
                    })
                },
            )
        },
    ),
    plain("regex_quote", "regex_quote(text)", (1, 1), |_| {
        row(&[Type::String], Type::String, |values| {
            args::string(regex::escape(args::text(values, 0)))
        })
    }),
];

/// The pattern that the argument at `index` is, which must be the same for every row, after `wrap`.
///
/// # Errors
/// It is not a constant text, or not a regular expression.
fn pattern(
    binding: &Binding<'_>,
    index: usize,
    wrap: impl Fn(&str) -> String,
) -> Result<Regex, KqlError> {
    let Some(arg) = binding.args.get(index) else {
        return Err(KqlError::semantic(binding.span, "expected a pattern"));
    };
    let Some(text) = arg.as_constant().and_then(Value::as_str) else {
        return Err(KqlError::semantic(
            arg.span,
            format!(
                "expected a pattern for `{}` that is the same for every row",
                binding.name
            ),
        )
        .help("write the regular expression as a text"));
    };
    regular(&wrap(text)).map_err(|reason| {
        KqlError::semantic(
            arg.span,
            format!("`{text}` is not a regular expression: {reason}"),
        )
    })
}

fn extract(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let regex = pattern(binding, 0, str::to_owned)?;
    let ty = binding.type_literal(3)?;
    row(
        &[Type::String, Type::Long, Type::String],
        ty,
        move |values| {
            let group = args::long(values, 1).and_then(|group| usize::try_from(group).ok());
            let found = group.and_then(|group| {
                let captures = regex.captures(args::text(values, 2))?;
                Some(captures.get(group)?.as_str().to_owned())
            });
            match found {
                Some(text) => read(&text, ty),
                None => Value::missing(ty),
            }
        },
    )
}

/// A group as `extract_all` can be asked for it.
enum Group {
    Number(usize),
    Name(String),
}

fn extract_all(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let regex = pattern(binding, 0, str::to_owned)?;
    let groups = match binding.args {
        [_, groups, _] => {
            let Some(Value::Dynamic(Dynamic::Array(items))) = groups.as_constant() else {
                return Err(KqlError::semantic(
                    groups.span,
                    "expected the groups as dynamic([…]) of numbers and names",
                ));
            };
            items
                .iter()
                .filter_map(|item| match item {
                    Dynamic::Long(number) => Some(Group::Number(usize::try_from(*number).ok()?)),
                    Dynamic::String(name) => Some(Group::Name(name.to_string())),
                    _ => None,
                })
                .collect()
        }
        _ if regex.captures_len() == 1 => vec![Group::Number(0)],
        _ => (1..regex.captures_len()).map(Group::Number).collect(),
    };
    let takes: &[Type] = if binding.args.len() == 3 {
        &[Type::String, Type::Dynamic, Type::String]
    } else {
        &[Type::String, Type::String]
    };
    row(takes, Type::Dynamic, move |values| {
        let text = values.last().and_then(Value::as_str).unwrap_or("");
        let matches: Vec<Dynamic> = regex
            .captures_iter(text)
            .map(|captures| {
                let mut texts = groups.iter().map(|group| {
                    let found = match group {
                        Group::Number(number) => captures.get(*number),
                        Group::Name(name) => captures.name(name),
                    };
                    Dynamic::String(found.map_or("", |found| found.as_str()).into())
                });
                if groups.len() == 1 {
                    texts.next().unwrap_or(Dynamic::Null)
                } else {
                    Dynamic::Array(texts.collect::<Vec<_>>().into())
                }
            })
            .collect();
        if matches.is_empty() {
            Value::Null
        } else {
            Value::Dynamic(Dynamic::Array(matches.into()))
        }
    })
}

/// Replaces every match; `\1` in the rewrite is the first group, `\0` the match.
fn replace(
    binding: &Binding<'_>,
    lookup: usize,
    rewrite: usize,
    text: usize,
) -> Result<Bound, KqlError> {
    let regex = pattern(binding, lookup, str::to_owned)?;
    row(&[Type::String; 3], Type::String, move |values| {
        let rewrite = dollars(args::text(values, rewrite));
        args::string(&*regex.replace_all(args::text(values, text), rewrite.as_str()))
    })
}

/// A rewrite with `\1` as the crate wants it: `${1}`.
fn dollars(rewrite: &str) -> String {
    let mut result = String::new();
    let mut letters = rewrite.chars().peekable();
    while let Some(c) = letters.next() {
        match (c, letters.peek()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                result.push_str("${");
                result.push(*digit);
                result.push('}');
                letters.next();
            }
            ('\\', Some('\\')) => {
                result.push('\\');
                letters.next();
            }
            ('$', _) => result.push_str("$$"),
            (c, _) => result.push(c),
        }
    }
    result
}

/// Takes one match off the start, the end or both.
fn trim(binding: &Binding<'_>, start: bool, end: bool) -> Result<Bound, KqlError> {
    let at_start = pattern(binding, 0, |text| format!("^(?:{text})"))?;
    let at_end = pattern(binding, 0, |text| format!("(?:{text})$"))?;
    row(&[Type::String; 2], Type::String, move |values| {
        let mut text = args::text(values, 1);
        if start && let Some(found) = at_start.find(text) {
            text = text.get(found.end()..).unwrap_or("");
        }
        if end && let Some(found) = at_end.find(text) {
            text = text.get(..found.start()).unwrap_or("");
        }
        args::string(text)
    })
}

/// Plain texts are counted where they overlap too, matches of a pattern are not.
fn countof(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let kind = match binding.args.get(2) {
        None => Some("normal"),
        Some(kind) => kind.as_constant().and_then(Value::as_str),
    };
    match kind {
        Some("normal") => row(&[Type::String; 3], Type::Long, |values| {
            let (text, search) = (args::text(values, 0), args::text(values, 1));
            if search.is_empty() {
                return Value::Long(0);
            }
            let count = text
                .char_indices()
                .filter(|(at, _)| text.get(*at..).is_some_and(|rest| rest.starts_with(search)))
                .count();
            Value::Long(count as i64)
        }),
        Some("regex") => {
            let regex = pattern(binding, 1, str::to_owned)?;
            row(&[Type::String; 3], Type::Long, move |values| {
                Value::Long(regex.find_iter(args::text(values, 0)).count() as i64)
            })
        }
        _ => Err(KqlError::semantic(
            binding.args.get(2).map_or(binding.span, |arg| arg.span),
            "expected \"normal\" or \"regex\"",
        )),
    }
}
