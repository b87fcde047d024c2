//! `label_replace` and `label_join`: other labels, the same values.

use regex::Regex;

use super::error::Error;
use super::labels::{is_name, set};
use super::parser::selectors::anchored;
use super::store::Labels;
use super::syntax::{Expr, Kind};

/// What is to be done to labels.
pub enum Relabel<'a> {
    /// Where the source matches, the target is what the replacement makes of it.
    Replace {
        target: &'a str,
        replacement: &'a str,
        source: &'a str,
        pattern: Regex,
    },
    /// The target is the sources, joined.
    Join {
        target: &'a str,
        separator: &'a str,
        sources: Vec<&'a str>,
    },
}

impl<'a> Relabel<'a> {
    /// `label_replace(v, target, replacement, source, pattern)`
    pub fn replace(args: &'a [Expr]) -> Result<Self, Error> {
        let [_, target, replacement, source, pattern] = args else {
            return Err(Error::syntax(&(0..0), "label_replace takes five arguments"));
        };
        let wanted = text(pattern);
        Ok(Self::Replace {
            target: name(target)?,
            replacement: text(replacement),
            source: text(source),
            pattern: anchored(wanted).ok_or_else(|| {
                let message = format!("invalid regular expression in label_replace(): {wanted}");
                Error::execution(&pattern.span, message)
            })?,
        })
    }

    /// `label_join(v, target, separator, source…)`
    pub fn join(args: &'a [Expr]) -> Result<Self, Error> {
        let [_, target, separator, sources @ ..] = args else {
            return Err(Error::syntax(
                &(0..0),
                "label_join takes at least three arguments",
            ));
        };
        Ok(Self::Join {
            target: name(target)?,
            separator: text(separator),
            sources: sources.iter().map(name).collect::<Result<_, _>>()?,
        })
    }

    /// Does it.
    pub fn apply(&self, labels: &mut Labels) {
        let value = |name: &str| labels.get(name).map_or("", String::as_str);
        match self {
            Self::Replace {
                target,
                replacement,
                source,
                pattern,
            } => {
                let Some(found) = pattern.captures(value(source)) else {
                    return;
                };
                let mut made = String::new();
                found.expand(replacement, &mut made);
                set(labels, target, made);
            }
            Self::Join {
                target,
                separator,
                sources,
            } => {
                let values: Vec<&str> = sources.iter().map(|name| value(name)).collect();
                let made = values.join(separator);
                set(labels, target, made);
            }
        }
    }
}

/// The text of an argument; its type was checked, so there is one.
pub fn text(arg: &Expr) -> &str {
    match &arg.bare().kind {
        Kind::Text(text) => text,
        _ => "",
    }
}

fn name(arg: &Expr) -> Result<&str, Error> {
    let name = text(arg);
    if is_name(name) {
        return Ok(name);
    }
    Err(Error::execution(
        &arg.span,
        format!("invalid label name {name:?}"),
    ))
}
