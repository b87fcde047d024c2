//! Texts. Under the collation C only ASCII letters have cases.

use super::numbers::wrong;
use super::{Call, Entry};
use crate::pgsql::error::Error;
use crate::pgsql::text::unhex;
use crate::pgsql::value::{Type, Value};

/// The longest text that a function may make.
const LONGEST: usize = 1 << 24;

/// An error when a text becomes longer than that.
pub fn check_length(length: usize) -> Result<(), Error> {
    if length > LONGEST {
        return Err(Error::new("54000", "requested length too large"));
    }
    Ok(())
}

/// Texts behind one another, with a separator between.
pub fn joined(parts: impl Iterator<Item = String>, separator: &str) -> Result<Value, Error> {
    let mut made = String::new();
    for (index, part) in parts.enumerate() {
        if index > 0 {
            made.push_str(separator);
        }
        made.push_str(&part);
        check_length(made.len())?;
    }
    Ok(text(made))
}

fn text(value: impl Into<String>) -> Value {
    Value::text(value.into())
}

fn upper(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] => Ok(text(value.to_ascii_uppercase())),
        _ => Err(wrong()),
    }
}

fn lower(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] => Ok(text(value.to_ascii_lowercase())),
        _ => Err(wrong()),
    }
}

fn initcap(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(value)] = arguments else {
        return Err(wrong());
    };
    let mut made = String::with_capacity(value.len());
    let mut inside = false;
    for character in value.chars() {
        made.push(if inside {
            character.to_ascii_lowercase()
        } else {
            character.to_ascii_uppercase()
        });
        inside = character.is_ascii_alphanumeric();
    }
    Ok(text(made))
}

fn length(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] => Ok(Value::Int(value.chars().count() as i64)),
        [Value::Bytes(bytes)] => Ok(Value::Int(bytes.len() as i64)),
        _ => Err(wrong()),
    }
}

fn octet_length(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] => Ok(Value::Int(value.len() as i64)),
        [Value::Bytes(bytes)] => Ok(Value::Int(bytes.len() as i64)),
        _ => Err(wrong()),
    }
}

/// The characters from a place, counted from 1, up to so many.
fn piece(value: &str, from: i64, count: Option<i64>) -> Result<Value, Error> {
    let end = match count {
        Some(count) if count < 0 => {
            return Err(Error::new("22011", "negative substring length not allowed"));
        }
        Some(count) => from.saturating_add(count),
        None => i64::MAX,
    };
    let skipped = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
    let taken = usize::try_from(end.saturating_sub(from.max(1))).unwrap_or(0);
    Ok(text(
        value.chars().skip(skipped).take(taken).collect::<String>(),
    ))
}

fn substring(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value), Value::Int(from)] => piece(value, *from, None),
        [Value::Text(value), Value::Int(from), Value::Int(count)] => {
            piece(value, *from, Some(*count))
        }
        _ => Err(wrong()),
    }
}

/// The first characters; a negative number leaves so many at the end.
fn left(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(value), Value::Int(count)] = arguments else {
        return Err(wrong());
    };
    let length = value.chars().count() as i64;
    let kept = if *count < 0 { length + count } else { *count };
    piece(value, 1, Some(kept.max(0)))
}

fn right(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(value), Value::Int(count)] = arguments else {
        return Err(wrong());
    };
    let length = value.chars().count() as i64;
    let kept = if *count < 0 { length + count } else { *count };
    piece(value, length - kept.max(0) + 1, None)
}

fn position(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value), Value::Text(wanted)] => {
            let place = value.find(wanted.as_ref()).map_or(0, |place| {
                value.get(..place).unwrap_or_default().chars().count() as i64 + 1
            });
            Ok(Value::Int(place))
        }
        _ => Err(wrong()),
    }
}

fn trimmed(arguments: &[Value], start: bool, end: bool) -> Result<Value, Error> {
    let (value, set) = match arguments {
        [Value::Text(value)] => (value, " "),
        [Value::Text(value), Value::Text(set)] => (value, set.as_ref()),
        _ => return Err(wrong()),
    };
    let mut kept = value.as_ref();
    if start {
        kept = kept.trim_start_matches(|c| set.contains(c));
    }
    if end {
        kept = kept.trim_end_matches(|c| set.contains(c));
    }
    Ok(text(kept))
}

fn btrim(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    trimmed(arguments, true, true)
}

fn ltrim(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    trimmed(arguments, true, false)
}

fn rtrim(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    trimmed(arguments, false, true)
}

fn replace(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value), Value::Text(from), _] if from.is_empty() => {
            Ok(Value::Text(value.clone()))
        }
        [Value::Text(value), Value::Text(from), Value::Text(to)] => {
            let more = value
                .matches(from.as_ref())
                .count()
                .saturating_mul(to.len());
            check_length(value.len().saturating_add(more))?;
            Ok(text(value.replace(from.as_ref(), to)))
        }
        _ => Err(wrong()),
    }
}

fn translate(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(value), Value::Text(from), Value::Text(to)] = arguments else {
        return Err(wrong());
    };
    let to: Vec<char> = to.chars().collect();
    let made =
        value.chars().filter_map(
            |character| match from.chars().position(|it| it == character) {
                Some(place) => to.get(place).copied(),
                None => Some(character),
            },
        );
    Ok(text(made.collect::<String>()))
}

fn split_part(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(value), Value::Text(by), Value::Int(place)] = arguments else {
        return Err(wrong());
    };
    if *place == 0 {
        return Err(Error::new("22023", "field position must not be zero"));
    }
    let parts: Vec<&str> = if by.is_empty() {
        vec![value]
    } else {
        value.split(by.as_ref()).collect()
    };
    let index = if *place > 0 {
        place - 1
    } else {
        parts.len() as i64 + place
    };
    let part = usize::try_from(index)
        .ok()
        .and_then(|index| parts.get(index));
    Ok(text(part.copied().unwrap_or_default()))
}

fn shown<'a>(call: &'a Call, arguments: &'a [Value]) -> impl Iterator<Item = Option<String>> + 'a {
    arguments
        .iter()
        .zip(call.types)
        .map(|(value, ty)| value.to_text(ty))
}

fn concat(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    joined(shown(call, arguments).flatten(), "")
}

fn concat_ws(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let mut parts = shown(call, arguments);
    let Some(separator) = parts.next().flatten() else {
        return Ok(Value::Null);
    };
    joined(parts.flatten(), &separator)
}

/// `||`: of a text and anything, which comes as text.
fn join(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let as_text = |value: &Value, ty: &Type| {
        let cast = crate::pgsql::cast::cast(value.clone(), ty, &Type::Text)?;
        Ok::<_, Error>(cast.to_text(&Type::Text).unwrap_or_default())
    };
    match (arguments, call.types) {
        ([Value::Bytes(left), Value::Bytes(right)], _) => Ok(Value::Bytes(
            left.iter().chain(right.iter()).copied().collect(),
        )),
        ([left, right], [left_type, right_type]) => {
            let parts = [as_text(left, left_type)?, as_text(right, right_type)?];
            joined(parts.into_iter(), "")
        }
        _ => Err(wrong()),
    }
}

fn pad(arguments: &[Value]) -> Result<(Vec<char>, String), Error> {
    let (value, length, fill) = match arguments {
        [Value::Text(value), Value::Int(length)] => (value, *length, " "),
        [Value::Text(value), Value::Int(length), Value::Text(fill)] => {
            (value, *length, fill.as_ref())
        }
        _ => return Err(wrong()),
    };
    let length = usize::try_from(length).unwrap_or(0);
    check_length(length)?;
    let kept: Vec<char> = value.chars().take(length).collect();
    let missing = length - kept.len();
    let fill = if fill.is_empty() {
        String::new()
    } else {
        fill.chars().cycle().take(missing).collect()
    };
    Ok((kept, fill))
}

fn lpad(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (kept, fill) = pad(arguments)?;
    Ok(text(fill + &kept.into_iter().collect::<String>()))
}

fn rpad(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (kept, fill) = pad(arguments)?;
    Ok(text(kept.into_iter().collect::<String>() + &fill))
}

fn repeat(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(value), Value::Int(count)] = arguments else {
        return Err(wrong());
    };
    let count = usize::try_from(*count).unwrap_or(0);
    check_length(value.len().saturating_mul(count))?;
    Ok(text(value.repeat(count)))
}

fn reverse(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] => Ok(text(value.chars().rev().collect::<String>())),
        _ => Err(wrong()),
    }
}

fn starts_with(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value), Value::Text(start)] => {
            Ok(Value::Bool(value.starts_with(start.as_ref())))
        }
        _ => Err(wrong()),
    }
}

fn ascii(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] => Ok(Value::Int(
            value.chars().next().map_or(0, |first| first as i64),
        )),
        _ => Err(wrong()),
    }
}

fn chr(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(0)] => Err(Error::new("54000", "null character not permitted")),
        [Value::Int(code)] => u32::try_from(*code)
            .ok()
            .and_then(char::from_u32)
            .map(text)
            .ok_or_else(|| {
                Error::new(
                    "54000",
                    format!("requested character too large for encoding: {code}"),
                )
            }),
        _ => Err(wrong()),
    }
}

fn md5(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] => Ok(text(super::md5::digest(value.as_bytes()))),
        [Value::Bytes(bytes)] => Ok(text(super::md5::digest(bytes))),
        _ => Err(wrong()),
    }
}

fn quote_literal(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value)] if value.contains('\\') => Ok(text(format!(
            "E'{}'",
            value.replace('\\', "\\\\").replace('\'', "''")
        ))),
        [Value::Text(value)] => Ok(text(format!("'{}'", value.replace('\'', "''")))),
        _ => Err(wrong()),
    }
}

fn quote_ident(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(value)] = arguments else {
        return Err(wrong());
    };
    let plain = value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && value
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    Ok(text(if plain {
        value.to_string()
    } else {
        format!("\"{}\"", value.replace('"', "\"\""))
    }))
}

fn hexadecimal(value: &Value) -> Result<&str, Error> {
    match value {
        Value::Text(form) if form.eq_ignore_ascii_case("hex") => Ok("hex"),
        Value::Text(form) => Err(Error::unsupported(&format!("the encoding {form}"))),
        _ => Err(wrong()),
    }
}

fn encode(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [bytes @ Value::Bytes(_), form] => {
            hexadecimal(form)?;
            let written = bytes.to_text(&Type::Bytea).unwrap_or_default();
            Ok(text(written.trim_start_matches("\\x")))
        }
        _ => Err(wrong()),
    }
}

fn decode(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(value), form] => {
            hexadecimal(form)?;
            Ok(Value::Bytes(unhex(value)?.into()))
        }
        _ => Err(wrong()),
    }
}

fn to_hex(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(value)] if call.types == [Type::Int4] => {
            Ok(text(format!("{:x}", *value as i32)))
        }
        [Value::Int(value)] => Ok(text(format!("{value:x}"))),
        _ => Err(wrong()),
    }
}

/// `format` with `%s`, `%I`, `%L` and `%%`.
fn format(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let mut values = arguments.iter().zip(call.types);
    let Some((Value::Text(form), _)) = values.next() else {
        return Ok(Value::Null);
    };
    let mut made = String::new();
    let mut characters = form.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            made.push(character);
            continue;
        }
        let kind = match characters.next() {
            Some('%') => {
                made.push('%');
                continue;
            }
            Some(kind @ ('s' | 'I' | 'L')) => kind,
            Some(_) => return Err(Error::unsupported("this directive of format")),
            None => {
                return Err(Error::new("22023", "unterminated format() type specifier"));
            }
        };
        let (value, ty) = values
            .next()
            .ok_or_else(|| Error::new("22023", "too few arguments for format()"))?;
        let shown = value.to_text(ty).map(Value::text);
        let made_part = match (kind, shown) {
            ('s', shown) => shown.unwrap_or_else(|| Value::text("")),
            ('L', None) => Value::text("NULL"),
            ('L', Some(shown)) => quote_literal(call, &[shown])?,
            (_, Some(shown)) => quote_ident(call, &[shown])?,
            (_, None) => {
                return Err(Error::new(
                    "22004",
                    "null values cannot be formatted as an SQL identifier",
                ));
            }
        };
        made.push_str(&made_part.to_text(&Type::Text).unwrap_or_default());
        check_length(made.len())?;
    }
    Ok(text(made))
}

/// Functions of texts.
pub const TABLE: &[Entry] = &[
    ("||", "text text -> text", join),
    ("||", "bytea bytea -> bytea", join),
    ("||", "text anynonarray -> text", join),
    ("||", "anynonarray text -> text", join),
    ("upper", "text -> text", upper),
    ("lower", "text -> text", lower),
    ("initcap", "text -> text", initcap),
    ("length", "text -> int4", length),
    ("length", "bytea -> int4", length),
    ("char_length", "text -> int4", length),
    ("character_length", "text -> int4", length),
    ("octet_length", "text -> int4", octet_length),
    ("octet_length", "bytea -> int4", octet_length),
    ("substring", "text int4 -> text", substring),
    ("substring", "text int4 int4 -> text", substring),
    ("substr", "text int4 -> text", substring),
    ("substr", "text int4 int4 -> text", substring),
    ("left", "text int4 -> text", left),
    ("right", "text int4 -> text", right),
    ("position", "text text -> int4", position),
    ("strpos", "text text -> int4", position),
    ("btrim", "text -> text", btrim),
    ("btrim", "text text -> text", btrim),
    ("ltrim", "text -> text", ltrim),
    ("ltrim", "text text -> text", ltrim),
    ("rtrim", "text -> text", rtrim),
    ("rtrim", "text text -> text", rtrim),
    ("replace", "text text text -> text", replace),
    ("translate", "text text text -> text", translate),
    ("split_part", "text text int4 -> text", split_part),
    ("concat", "null variadic any -> text", concat),
    ("concat_ws", "null variadic text any -> text", concat_ws),
    ("format", "null variadic text any -> text", format),
    ("format", "null text -> text", format),
    ("lpad", "text int4 -> text", lpad),
    ("lpad", "text int4 text -> text", lpad),
    ("rpad", "text int4 -> text", rpad),
    ("rpad", "text int4 text -> text", rpad),
    ("repeat", "text int4 -> text", repeat),
    ("reverse", "text -> text", reverse),
    ("starts_with", "text text -> bool", starts_with),
    ("ascii", "text -> int4", ascii),
    ("chr", "int4 -> text", chr),
    ("md5", "text -> text", md5),
    ("md5", "bytea -> text", md5),
    ("quote_literal", "text -> text", quote_literal),
    ("quote_ident", "text -> text", quote_ident),
    ("encode", "bytea text -> text", encode),
    ("decode", "text text -> bytea", decode),
    ("to_hex", "int4 -> text", to_hex),
    ("to_hex", "int8 -> text", to_hex),
];
