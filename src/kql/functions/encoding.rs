//! Functions that write text in another form: base64, digests, hexadecimal, versions, CSV.

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::{Binding, Bound, Function, Naming, args, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::text::to_text;

mod digest;

const TEXT: &[Type] = &[Type::String];

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    Function {
        aliases: &["base64_encodestring"],
        ..plain(
            "base64_encode_tostring",
            "base64_encode_tostring(text)",
            (1, 1),
            |_| {
                row(TEXT, Type::String, |values| {
                    args::string(base64_encode(args::text(values, 0).as_bytes()))
                })
            },
        )
    },
    Function {
        aliases: &["base64_decodestring"],
        ..plain(
            "base64_decode_tostring",
            "base64_decode_tostring(text)",
            (1, 1),
            |_| {
                row(TEXT, Type::String, |values| {
                    let bytes = base64_decode(args::text(values, 0)).unwrap_or_default();
                    args::string(String::from_utf8(bytes).unwrap_or_default())
                })
            },
        )
    },
    plain(
        "base64_decode_toarray",
        "base64_decode_toarray(text)",
        (1, 1),
        |_| {
            row(TEXT, Type::Dynamic, |values| {
                let Some(bytes) = base64_decode(args::text(values, 0)) else {
                    return Value::Null;
                };
                let items: Vec<Dynamic> = bytes
                    .iter()
                    .map(|byte| Dynamic::Long(i64::from(*byte)))
                    .collect();
                Value::Dynamic(Dynamic::Array(items.into()))
            })
        },
    ),
    plain(
        "base64_encode_fromarray",
        "base64_encode_fromarray(bytes)",
        (1, 1),
        |_| {
            row(&[Type::Dynamic], Type::String, |values| {
                let Dynamic::Array(items) = args::dynamic(values, 0) else {
                    return args::string("");
                };
                let bytes: Option<Vec<u8>> = items
                    .iter()
                    .map(|item| match item {
                        Dynamic::Long(byte) => u8::try_from(*byte).ok(),
                        _ => None,
                    })
                    .collect();
                args::string(base64_encode(&bytes.unwrap_or_default()))
            })
        },
    ),
    plain(
        "base64_encode_fromguid",
        "base64_encode_fromguid(guid)",
        (1, 1),
        |_| {
            row(&[Type::Guid], Type::String, |values| {
                args::string(match values.first() {
                    Some(Value::Guid(guid)) => base64_encode(&swap(guid.to_be_bytes())),
                    _ => String::new(),
                })
            })
        },
    ),
    plain(
        "base64_decode_toguid",
        "base64_decode_toguid(text)",
        (1, 1),
        |_| {
            row(TEXT, Type::Guid, |values| {
                base64_decode(args::text(values, 0))
                    .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
                    .map_or(Value::Null, |bytes| {
                        Value::Guid(u128::from_be_bytes(swap(bytes)))
                    })
            })
        },
    ),
    plain("hash_sha256", "hash_sha256(value)", (1, 1), |_| {
        row(TEXT, Type::String, |values| {
            args::string(hexadecimal(&Sha256::digest(args::text(values, 0))))
        })
    }),
    plain("hash_md5", "hash_md5(value)", (1, 1), |_| {
        row(TEXT, Type::String, |values| {
            args::string(hexadecimal(&digest::md5(args::text(values, 0).as_bytes())))
        })
    }),
    plain("hash_sha1", "hash_sha1(value)", (1, 1), |_| {
        row(TEXT, Type::String, |values| {
            args::string(hexadecimal(&digest::sha1(args::text(values, 0).as_bytes())))
        })
    }),
    Function {
        aliases: &["hash_xxhash64"],
        ..plain("hash", "hash(value, modulus)", (1, 2), hash)
    },
    Function {
        naming: Naming::FirstArgument,
        ..plain("tohex", "tohex(number, length)", (1, 2), |binding| {
            // A negative number is shown in all the digits that its type has.
            let ty = match binding.ty(0) {
                Some(Type::Int) => Type::Int,
                _ => Type::Long,
            };
            row(&[ty, Type::Long], Type::String, |values| {
                let width = args::long(values, 1).unwrap_or(0).clamp(0, 16) as usize;
                args::string(match values.first() {
                    Some(Value::Int(number)) => format!("{number:0width$x}"),
                    Some(Value::Long(number)) => format!("{number:0width$x}"),
                    _ => String::new(),
                })
            })
        })
    },
    plain(
        "format_bytes",
        "format_bytes(size, precision, units)",
        (1, 3),
        |_| {
            row(
                &[Type::Real, Type::Long, Type::String],
                Type::String,
                |values| args::string(format_bytes(values).unwrap_or_default()),
            )
        },
    ),
    plain("parse_version", "parse_version(version)", (1, 1), |_| {
        row(TEXT, Type::Decimal, |values| {
            version(args::text(values, 0)).map_or(Value::Null, Value::Decimal)
        })
    }),
    Function {
        naming: Naming::FirstArgument,
        ..plain("parse_csv", "parse_csv(text)", (1, 1), |_| {
            row(TEXT, Type::Dynamic, |values| {
                args::strings(csv_record(args::text(values, 0)))
            })
        })
    },
];

/// A size in the largest unit that it reaches, or in the one asked for.
fn format_bytes(values: &[Value]) -> Option<String> {
    const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    let size = args::real(values, 0)?;
    let precision = args::long(values, 1).unwrap_or(0).clamp(0, 15) as i32;
    let wanted = args::text(values, 2);
    let power = if wanted.is_empty() {
        (1..UNITS.len() as i32)
            .take_while(|power| size.abs() >= 1_024_f64.powi(*power))
            .last()
            .unwrap_or(0)
    } else {
        UNITS.iter().position(|unit| *unit == wanted)? as i32
    };
    let scale = 10_f64.powi(precision);
    let number = (size / 1_024_f64.powi(power) * scale).round() / scale;
    let unit = UNITS.get(usize::try_from(power).ok()?)?;
    Some(format!("{number} {unit}"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// xxHash64 of what the value is in memory: the bytes of a text, the eight bytes of a number.
fn hash(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = binding.args.first().map_or(Type::String, |arg| arg.ty);
    if ty == Type::Dynamic {
        return Err(
            KqlError::semantic(binding.span, "hash() does not take a dynamic value")
                .help("convert it first, e.g. with tostring(…)"),
        );
    }
    row(&[ty, Type::Long], Type::Long, |values| {
        let hash = match values.first() {
            None | Some(Value::Null) => return Value::Null,
            Some(Value::String(text)) => digest::xxhash64(text.as_bytes()),
            Some(Value::Bool(value)) => digest::xxhash64(&[u8::from(*value)]),
            Some(Value::Int(number)) => digest::xxhash64(&number.to_le_bytes()),
            Some(Value::Long(number) | Value::DateTime(number) | Value::Timespan(number)) => {
                digest::xxhash64(&number.to_le_bytes())
            }
            Some(Value::Real(number)) => digest::xxhash64(&number.to_le_bytes()),
            Some(other) => digest::xxhash64(to_text(other).as_bytes()),
        };
        let hash = hash.cast_signed();
        match values.get(1) {
            None => Value::Long(hash),
            Some(_) => args::of_long(
                args::long(values, 1)
                    .filter(|modulus| *modulus > 0)
                    .and_then(|modulus| hash.checked_rem_euclid(modulus)),
            ),
        }
    })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of a GUID between the order it is printed in and the order it is kept in, where the first three groups are turned round.
fn swap(mut bytes: [u8; 16]) -> [u8; 16] {
    for group in [0..4, 4..6, 6..8] {
        if let Some(group) = bytes.get_mut(group) {
            group.reverse();
        }
    }
    bytes
}

fn base64_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain(std::iter::repeat(&0))
            .take(3)
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        for place in 0..4 {
            let code = (group >> (18 - 6 * place)) & 63;
            text.push(match ALPHABET.get(code as usize) {
                Some(letter) if place <= chunk.len() => char::from(*letter),
                _ => '=',
            });
        }
    }
    text
}

fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 {
        return None;
    }
    let (mut bytes, mut group, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in digits.bytes() {
        let code = ALPHABET.iter().position(|known| *known == letter)?;
        group = group << 6 | code as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
        }
    }
    Some(bytes)
}

/// Up to four parts of up to eight digits, as one number that orders like the versions.
fn version(text: &str) -> Option<Decimal> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    let mut number = 0_i128;
    for index in 0..4 {
        let part = match parts.get(index) {
            Some(part) => part
                .parse::<u32>()
                .ok()
                .filter(|part| *part < 100_000_000)?,
            None => 0,
        };
        number = number * 100_000_000 + i128::from(part);
    }
    Decimal::try_from_i128_with_scale(number, 0).ok()
}

/// The fields of the first record: quotes around a field may hold commas, and two of them mean one.
fn csv_record(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let Some(field) = fields.last_mut() else {
            break;
        };
        match c {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            '\r' | '\n' if !quoted => break,
            c => field.push(c),
        }
    }
    fields
}
