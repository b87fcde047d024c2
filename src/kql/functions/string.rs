//! Functions of text. Positions and lengths count code points.

use std::sync::Arc;

use super::{Bound, Function, args, column, plain, row};
use crate::kql::column::{Column, Strings};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::expr::Vector;
use crate::kql::kernels::text::{Matcher, fold};
use crate::kql::syntax::TextOp;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::text::to_text;

/// More text than this is not made by `strrep`, nor more repetitions.
const LONGEST: usize = 1 << 20;
const MOST: i64 = 1_024;

const STRINGS: &[Type] = &[Type::String; 64];

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    Function {
        naming: super::Naming::Prefix("strlen"),
        ..plain("strlen", "strlen(text)", (1, 1), |_| {
            row(&[Type::String], Type::Long, |values| {
                Value::Long(args::text(values, 0).chars().count() as i64)
            })
        })
    },
    Function {
        naming: super::Naming::Prefix("string_size"),
        ..plain("string_size", "string_size(text)", (1, 1), |_| {
            row(&[Type::String], Type::Long, |values| {
                Value::Long(args::text(values, 0).len() as i64)
            })
        })
    },
    plain("tolower", "tolower(text)", (1, 1), |_| mapped(lower)),
    plain("toupper", "toupper(text)", (1, 1), |_| mapped(fold)),
    plain(
        "substring",
        "substring(text, start, length)",
        (2, 3),
        |_| {
            row(
                &[Type::String, Type::Long, Type::Long],
                Type::String,
                substring,
            )
        },
    ),
    plain("strcat", "strcat(value, …)", (1, 64), |_| {
        column(STRINGS, Type::String, |args, rows| join(args, None, rows))
    }),
    plain(
        "strcat_delim",
        "strcat_delim(delimiter, value, …)",
        (2, 65),
        |_| {
            column(&[Type::String; 65], Type::String, |args, rows| match args {
                [delimiter, args @ ..] => join(args, Some(delimiter), rows),
                [] => Vector::Constant(args::string("")),
            })
        },
    ),
    plain("strcmp", "strcmp(text, text)", (2, 2), |_| {
        row(STRINGS, Type::Long, |values| {
            Value::Long(args::text(values, 0).cmp(args::text(values, 1)) as i64)
        })
    }),
    plain("strrep", "strrep(value, count, delimiter)", (2, 3), |_| {
        row(
            &[Type::String, Type::Long, Type::String],
            Type::String,
            strrep,
        )
    }),
    plain("reverse", "reverse(text)", (1, 1), |_| {
        mapped(|text| text.chars().rev().collect())
    }),
    plain(
        "indexof",
        "indexof(text, lookup, start, length, occurrence)",
        (2, 5),
        |_| {
            row(
                &[
                    Type::String,
                    Type::String,
                    Type::Long,
                    Type::Long,
                    Type::Long,
                ],
                Type::Long,
                |values| {
                    let lookup = args::text(values, 1);
                    position(values, |text, from| {
                        let at = text.get(from..)?.find(lookup)?;
                        Some((from + at, from + at + lookup.len()))
                    })
                },
            )
        },
    ),
    plain(
        "replace_string",
        "replace_string(text, lookup, rewrite)",
        (3, 3),
        |_| {
            row(STRINGS, Type::String, |values| {
                let text = args::text(values, 0);
                let lookup = args::text(values, 1);
                if lookup.is_empty() {
                    return args::string(text);
                }
                args::string(text.replace(lookup, args::text(values, 2)))
            })
        },
    ),
    plain(
        "replace_strings",
        "replace_strings(text, lookups, rewrites)",
        (3, 3),
        |_| {
            row(
                &[Type::String, Type::Dynamic, Type::Dynamic],
                Type::String,
                replace_strings,
            )
        },
    ),
    plain(
        "translate",
        "translate(searchList, replacementList, text)",
        (3, 3),
        |_| row(STRINGS, Type::String, translate),
    ),
    Function {
        naming: super::Naming::FirstArgument,
        ..plain("split", "split(text, delimiter, index)", (2, 3), |_| {
            row(
                &[Type::String, Type::String, Type::Long],
                Type::Dynamic,
                split,
            )
        })
    },
    plain(
        "has_any_index",
        "has_any_index(text, values)",
        (2, 2),
        |_| {
            row(&[Type::String, Type::Dynamic], Type::Long, |values| {
                let text = args::text(values, 0);
                let Dynamic::Array(terms) = args::dynamic(values, 1) else {
                    return Value::Null;
                };
                let found = terms.iter().position(|term| {
                    let term = to_text(&Value::Dynamic(term.clone()));
                    Matcher::new(TextOp::Has, false, &term).is_ok_and(|term| term.matches(text))
                });
                Value::Long(found.map_or(-1, |index| index as i64))
            })
        },
    ),
    Function {
        aliases: &["to_utf8"],
        ..plain(
            "unicode_codepoints_from_string",
            "unicode_codepoints_from_string(text)",
            (1, 1),
            |_| {
                row(&[Type::String], Type::Dynamic, |values| {
                    let codes: Vec<Dynamic> = args::text(values, 0)
                        .chars()
                        .map(|c| Dynamic::Long(i64::from(u32::from(c))))
                        .collect();
                    Value::Dynamic(Dynamic::Array(codes.into()))
                })
            },
        )
    },
    Function {
        aliases: &["make_string"],
        ..plain(
            "unicode_codepoints_to_string",
            "unicode_codepoints_to_string(code, …)",
            (1, 64),
            |_| {
                row(&[Type::Dynamic; 64], Type::String, |values| {
                    let mut text = String::new();
                    for value in values {
                        push_codes(value, &mut text);
                    }
                    args::string(text)
                })
            },
        )
    },
    plain("isascii", "isascii(text)", (1, 1), |_| {
        row(&[Type::String], Type::Bool, |values| {
            Value::Bool(args::text(values, 0).is_ascii())
        })
    }),
    plain("isutf8", "isutf8(text)", (1, 1), |_| {
        row(&[Type::String], Type::Bool, |_| Value::Bool(true))
    }),
];

/// A text made of each text.
fn mapped(f: fn(&str) -> String) -> Result<Bound, KqlError> {
    column(&[Type::String], Type::String, move |args, _| match args {
        [Vector::Column(column)] => match &**column {
            Column::String(strings) => texts(strings.map_texts(f)),
            _ => Vector::Column(Arc::clone(column)),
        },
        [Vector::Constant(value)] => {
            Vector::Constant(args::string(f(value.as_str().unwrap_or(""))))
        }
        _ => Vector::Constant(args::string("")),
    })
}

fn texts(strings: Strings) -> Vector {
    Vector::Column(Arc::new(Column::String(strings)))
}

/// Texts one after the other, with a delimiter between them where there is one.
fn join(args: &[Vector], delimiter: Option<&Vector>, rows: usize) -> Vector {
    let mut parts = Vec::with_capacity(args.len() * 2);
    for (index, arg) in args.iter().enumerate() {
        parts.extend(delimiter.filter(|_| index > 0).map(Part::of));
        parts.push(Part::of(arg));
    }
    let joined = |row: usize| -> String { parts.iter().map(|part| part.get(row)).collect() };
    let mut columns = parts.iter().filter_map(|part| match part {
        Part::Each(strings) => Some(*strings),
        Part::Same(_) => None,
    });
    match (columns.next(), columns.next()) {
        (None, _) => Vector::Constant(args::string(joined(0))),
        (Some(strings), None) => texts(strings.map_texts(|text| {
            let parts = parts.iter().map(|part| match part {
                Part::Same(same) => same,
                Part::Each(_) => text,
            });
            parts.collect()
        })),
        _ => texts(Strings::from_texts((0..rows).map(joined))),
    }
}

/// A text for all rows, or one a row.
enum Part<'a> {
    Same(&'a str),
    Each(&'a Strings),
}

impl<'a> Part<'a> {
    fn of(vector: &'a Vector) -> Self {
        match vector {
            Vector::Constant(value) => Self::Same(value.as_str().unwrap_or("")),
            Vector::Column(column) => match &**column {
                Column::String(strings) => Self::Each(strings),
                _ => Self::Same(""),
            },
        }
    }

    fn get(&self, row: usize) -> &str {
        match self {
            Self::Same(text) => text,
            Self::Each(strings) => strings.get(row),
        }
    }
}

/// `text` in lower case, letter by letter: no letter becomes two.
fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .map(|c| {
            let mut mapped = c.to_lowercase();
            match (mapped.next(), mapped.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        })
        .collect()
}

/// The byte at which the code point `index` begins, or the end of the text.
fn byte_of(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices()
        .nth(index)
        .map_or(text.len(), |(byte, _)| byte)
}

/// A negative start counts from the end; what lies outside is left out.
fn substring(values: &[Value]) -> Value {
    let text = args::text(values, 0);
    let Some(start) = args::long(values, 1) else {
        return args::string("");
    };
    let length = match values.get(2) {
        Some(value) => value.as_long().unwrap_or(0).max(0),
        None => i64::MAX,
    };
    let start = if start < 0 {
        (text.chars().count() as i64 + start).max(0)
    } else {
        start
    };
    let tail = text
        .get(byte_of(text, usize::try_from(start).unwrap_or(usize::MAX))..)
        .unwrap_or("");
    let end = byte_of(tail, usize::try_from(length).unwrap_or(usize::MAX));
    args::string(tail.get(..end).unwrap_or(tail))
}

fn strrep(values: &[Value]) -> Value {
    let count = args::long(values, 1).unwrap_or(0).clamp(0, MOST) as usize;
    let (text, delimiter) = (args::text(values, 0), args::text(values, 2));
    if count * (text.len() + delimiter.len()) > LONGEST {
        return args::string("");
    }
    args::string(vec![text; count].join(delimiter))
}

/// The position of an occurrence that `find` gives as bytes from and to, counted in code points from the start of the text; -1 where there is none.
/// The further arguments are a start, a length and which occurrence.
pub(super) fn position(
    values: &[Value],
    find: impl Fn(&str, usize) -> Option<(usize, usize)>,
) -> Value {
    let text = args::text(values, 0);
    let start = match values.get(2) {
        Some(_) => args::long(values, 2),
        None => Some(0),
    };
    let Some(start) = start else {
        return Value::Null;
    };
    let start = if start < 0 {
        (text.chars().count() as i64 + start).max(0)
    } else {
        start
    };
    let length = args::long(values, 3).unwrap_or(-1);
    let occurrence = args::long(values, 4).unwrap_or(1);
    if length < -1 || occurrence < 1 {
        return Value::Null;
    }
    let mut from = byte_of(text, usize::try_from(start).unwrap_or(usize::MAX));
    // The stretch that is searched begins anew behind each occurrence.
    let within = |from: usize| match usize::try_from(length) {
        Ok(length) => {
            let end = from + byte_of(text.get(from..).unwrap_or(""), length);
            text.get(..end).unwrap_or(text)
        }
        Err(_) => text,
    };
    let mut left = occurrence;
    while let Some((at, _)) = find(within(from), from) {
        left -= 1;
        if left == 0 {
            return Value::Long(text.get(..at).unwrap_or("").chars().count() as i64);
        }
        // The next one may begin within this one.
        from = at
            + text
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8);
        if from > text.len() {
            break;
        }
    }
    Value::Long(-1)
}

fn replace_strings(values: &[Value]) -> Value {
    let text = args::text(values, 0);
    let (Dynamic::Array(lookups), Dynamic::Array(rewrites)) =
        (args::dynamic(values, 1), args::dynamic(values, 2))
    else {
        return args::string("");
    };
    // What a lookup has found is not looked at by those after it. (Whether it is done, and the text.)
    let mut pieces = vec![(false, text)];
    for (lookup, rewrite) in lookups.iter().zip(rewrites.iter()) {
        let Dynamic::String(lookup) = lookup else {
            continue;
        };
        if lookup.is_empty() {
            continue;
        }
        let rewrite = match rewrite {
            Dynamic::String(rewrite) => rewrite,
            // What cannot be written leaves the text as it is, and still counts as found.
            _ => lookup,
        };
        pieces = pieces
            .into_iter()
            .flat_map(|(done, piece)| {
                let parts: Vec<&str> = if done {
                    vec![piece]
                } else {
                    piece.split(&**lookup).collect()
                };
                parts
                    .into_iter()
                    .enumerate()
                    .flat_map(move |(index, part)| {
                        let between = (index > 0).then_some((true, &**rewrite));
                        between.into_iter().chain([(done, part)])
                    })
            })
            .collect();
    }
    args::string(pieces.iter().map(|(_, piece)| *piece).collect::<String>())
}

/// Letters of the first list become the letters at their place in the second, whose last one stands for all that follow.
fn translate(values: &[Value]) -> Value {
    let from: Vec<char> = args::text(values, 0).chars().collect();
    let to: Vec<char> = args::text(values, 1).chars().collect();
    let text = args::text(values, 2).chars().filter_map(|c| {
        match from.iter().position(|searched| *searched == c) {
            Some(index) => to.get(index).or(to.last()).copied(),
            None => Some(c),
        }
    });
    args::string(text.collect::<String>())
}

fn split(values: &[Value]) -> Value {
    let (text, delimiter) = (args::text(values, 0), args::text(values, 1));
    let parts: Vec<&str> = if delimiter.is_empty() {
        vec![text]
    } else {
        text.split(delimiter).collect()
    };
    if values.len() < 3 {
        return args::strings(parts);
    }
    let Some(index) = args::long(values, 2) else {
        return Value::Null;
    };
    let index = if index < 0 {
        parts.len() as i64 + index
    } else {
        index
    };
    usize::try_from(index)
        .ok()
        .and_then(|index| parts.get(index))
        .map_or(Value::Null, |part| args::strings([*part]))
}

fn push_codes(value: &Value, text: &mut String) {
    let Value::Dynamic(value) = value else { return };
    let codes = if let Dynamic::Array(items) = value {
        items
    } else {
        std::slice::from_ref(value)
    };
    for code in codes {
        if let Dynamic::Long(code) = code
            && let Some(c) = u32::try_from(*code).ok().and_then(char::from_u32)
        {
            text.push(c);
        }
    }
}
