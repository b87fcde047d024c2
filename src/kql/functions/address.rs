//! Functions of URLs and file paths.

use std::sync::Arc;

use super::{Function, args, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::types::Type;
use crate::kql::value::Value;

const TEXT: &[Type] = &[Type::String];

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    Function {
        aliases: &["parseurl"],
        ..plain("parse_url", "parse_url(url)", (1, 1), |_| {
            row(TEXT, Type::Dynamic, |values| {
                parse_url(args::text(values, 0))
            })
        })
    },
    Function {
        aliases: &["parseurlquery"],
        ..plain("parse_urlquery", "parse_urlquery(query)", (1, 1), |_| {
            row(TEXT, Type::Dynamic, |values| {
                let query = args::text(values, 0);
                args::bag([("Query Parameters", query_parameters(query))])
            })
        })
    },
    plain("parse_path", "parse_path(path)", (1, 1), |_| {
        row(TEXT, Type::Dynamic, |values| {
            parse_path(args::text(values, 0))
        })
    }),
    plain("url_encode", "url_encode(text)", (1, 1), |_| {
        row(TEXT, Type::String, |values| {
            args::string(percent_encode(args::text(values, 0), b"-_.!*()", "+"))
        })
    }),
    plain(
        "url_encode_component",
        "url_encode_component(text)",
        (1, 1),
        |_| {
            row(TEXT, Type::String, |values| {
                args::string(percent_encode(args::text(values, 0), b"-_.~", "%20"))
            })
        },
    ),
    plain("url_decode", "url_decode(text)", (1, 1), |_| {
        row(TEXT, Type::String, |values| {
            args::string(percent_decode(args::text(values, 0)))
        })
    }),
];

fn parse_url(url: &str) -> Value {
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = match rest.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => match rest.split_once(':') {
            Some((scheme, rest)) => (scheme, rest),
            None => ("", rest),
        },
    };
    let path_at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match host.rsplit_once(':') {
        // The colons of an IPv6 address are inside its brackets.
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host, ""),
    };
    args::bag([
        ("Scheme", text(scheme)),
        ("Host", text(host)),
        ("Port", text(port)),
        ("Path", text(path)),
        ("Username", text(user)),
        ("Password", text(password)),
        ("Query Parameters", query_parameters(query)),
        ("Fragment", text(fragment)),
    ])
}

fn query_parameters(query: &str) -> Dynamic {
    let query = query.split_once('?').map_or(query, |(_, query)| query);
    let mut entries: Vec<(Arc<str>, Dynamic)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (percent_decode(name), percent_decode(value));
        match entries.iter_mut().find(|(known, _)| **known == *name) {
            Some(entry) => entry.1 = text(&value),
            None => entries.push((name.into(), text(&value))),
        }
    }
    Dynamic::Bag(entries.into())
}

fn parse_path(path: &str) -> Value {
    let (scheme, rest) = path.split_once("://").unwrap_or(("", path));
    // The stream of a file stands after a colon in its name; the colon of a drive is the second letter.
    let (rest, stream) = match rest.rfind(':') {
        Some(at) if at > 1 && !rest.get(at..).unwrap_or("").contains(['/', '\\']) => (
            rest.get(..at).unwrap_or(""),
            rest.get(at + 1..).unwrap_or(""),
        ),
        _ => (rest, ""),
    };
    let name_at = rest.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let (directory, name) = rest.split_at_checked(name_at).unwrap_or(("", rest));
    let trimmed = directory.trim_end_matches(['/', '\\']);
    let root = match rest.get(1..2) {
        Some(":") => rest.get(..2).unwrap_or(""),
        _ => "",
    };
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let parent = trimmed
        .rfind(['/', '\\'])
        .map_or(trimmed, |at| trimmed.get(at + 1..).unwrap_or(""));
    args::bag([
        ("Scheme", text(scheme)),
        ("RootPath", text(root)),
        ("DirectoryPath", text(trimmed)),
        ("DirectoryName", text(parent)),
        ("Filename", text(name)),
        ("Extension", text(extension)),
        ("AlternateDataStreamName", text(stream)),
    ])
}

fn text(text: &str) -> Dynamic {
    Dynamic::String(text.into())
}

fn percent_encode(text: &str, kept: &[u8], space: &str) -> String {
    let mut result = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => result.push_str(space),
            byte if byte.is_ascii_alphanumeric() || kept.contains(&byte) => {
                result.push(char::from(byte));
            }
            byte => {
                use std::fmt::Write;
                let _ = write!(result, "%{byte:02x}");
            }
        }
    }
    result
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(code) = code {
            bytes.push(code);
            rest = tail.get(2..).unwrap_or(&[]);
        } else {
            bytes.push(if *first == b'+' { b' ' } else { *first });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
