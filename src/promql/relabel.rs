//! `label_replace` and `label_join`: other labels, the same values.

use std::rc::Rc;

use regex::Regex;

use super::error::{Error, ErrorKind};
use super::eval::{Evaluator, Sample};
use super::functions::Special;
use super::labels::{Purpose, is_name, set};
use super::pattern;
use super::store::Labels;
use super::syntax::{Expr, Kind};

/// How long a label may become, in bytes: each `label_replace` around another one may double it.
const LENGTH_MAX: usize = 1 << 20;

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

impl<'a> Evaluator<'a> {
    /// `label_replace` and `label_join`: `samples` are the value of the first of `args`.
    pub(super) fn relabel(
        &mut self,
        expr: &'a Expr,
        special: Special,
        args: &'a [Expr],
        mut samples: Vec<Sample>,
    ) -> Result<Vec<Sample>, Error> {
        let node = std::ptr::from_ref(expr).addr();
        let relabel = if let Some(known) = self.relabels.get(&node) {
            Rc::clone(known)
        } else {
            let made = Rc::new(match special {
                Special::LabelJoin => Relabel::join(args)?,
                _ => Relabel::replace(args)?,
            });
            self.relabels.insert(node, Rc::clone(&made));
            made
        };
        let by = (node, Purpose::Function);
        for sample in &mut samples {
            let mut done = true;
            let change = |labels: &mut Labels| done = relabel.apply(labels);
            sample.labels = self.book.derive(by, sample.labels, change);
            if !done {
                let message = "the query makes a label too long";
                return Err(Error::new(ErrorKind::Limit, &expr.span, message));
            }
        }
        Ok(samples)
    }
}

impl<'a> Relabel<'a> {
    /// `label_replace(v, target, replacement, source, pattern)`
    fn replace(args: &'a [Expr]) -> Result<Self, Error> {
        let [_, target, replacement, source, pattern] = args else {
            return Err(Error::syntax(&(0..0), "label_replace takes five arguments"));
        };
        Ok(Self::Replace {
            target: name(target)?,
            replacement: text(replacement),
            source: text(source),
            pattern: pattern::whole(text(pattern), ErrorKind::Execution, &pattern.span)?,
        })
    }

    /// `label_join(v, target, separator, source…)`
    fn join(args: &'a [Expr]) -> Result<Self, Error> {
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

    /// Does it. False, and nothing done, when the label might become longer than [`LENGTH_MAX`].
    fn apply(&self, labels: &mut Labels) -> bool {
        let value = |name: &str| labels.get(name).map_or("", String::as_str);
        match self {
            Self::Replace {
                target,
                replacement,
                source,
                pattern,
            } => {
                let value = value(source);
                // Each `$` may become the whole value.
                if replacement.len().saturating_mul(value.len()) > LENGTH_MAX {
                    return false;
                }
                let Some(found) = pattern.captures(value) else {
                    return true;
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
                let length: usize = values
                    .iter()
                    .map(|value| value.len() + separator.len())
                    .sum();
                if length > LENGTH_MAX {
                    return false;
                }
                let made = values.join(separator);
                set(labels, target, made);
            }
        }
        true
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
