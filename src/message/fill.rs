//! Filling: a template and names to a text. Strict: what has no value is an error, never an empty word.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::LazyLock;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use regex::Regex;

use super::{Draft, FillError, NAMES, Names};
use crate::model::limits;

/// Functions of templates.
pub const FUNCTIONS: [&str; 3] = ["range", "dict", "namespace"];

/// What is wrong with a template itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Bytes of the template.
    pub at: Range<usize>,
}

/// Fills a message: its text, subject and addressee. `each` is the value of `for-each` that it is for.
pub fn fill(
    template: &str,
    subject: Option<&str>,
    to: Option<&str>,
    names: &Names,
    each: Option<&str>,
) -> Result<Draft, FillError> {
    let context = context(names, each);
    let environment = environment();
    let part = |what: &str, text: Option<&str>| {
        let filled = text.map(|text| render(&environment, text, &context, names));
        filled.transpose().map_err(|error| FillError {
            message: format!("in the {what}: {}", error.message),
            ..error
        })
    };
    Ok(Draft {
        each: each.map(str::to_owned),
        to: part("addressee", to)?,
        subject: part("subject", subject)?,
        text: render(&environment, template, &context, names)?,
    })
}

/// Results that a template lists by `result["id"]`, in order of appearance.
pub fn results_named(template: &str) -> Vec<String> {
    static RESULT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"\bresult\s*(?:\[\s*["']([^"']+)["']\s*\]|\.\s*([A-Za-z_][A-Za-z0-9_]*))"#)
            .ok()
    });
    let mut found: Vec<String> = Vec::new();
    for captures in RESULT.iter().flat_map(|form| form.captures_iter(template)) {
        let id = captures.get(1).or(captures.get(2));
        if let Some(id) = id.map(|id| id.as_str().to_owned())
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    found
}

/// Names that a template looks up and does not bind itself: `severity`, `inputs.window`; or why it cannot be read.
pub fn variables(template: &str) -> Result<BTreeSet<String>, TemplateError> {
    let environment = environment();
    let parsed = environment
        .template_from_named_str("message", template)
        .map_err(|error| template_error(&error, template))?;
    Ok(parsed.undeclared_variables(true).into_iter().collect())
}

/// Fills a template for its own sake and tells what no value could mend: a filter, a test or a function that is not there.
pub fn try_out(template: &str, names: &Names) -> Option<TemplateError> {
    let environment = environment();
    let parsed = environment
        .template_from_named_str("message", template)
        .ok()?;
    let error = parsed.render(context(names, Some("each"))).err()?;
    let unknown = matches!(
        error.kind(),
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownMethod
            | ErrorKind::TemplateNotFound
            | ErrorKind::OutOfFuel
    );
    unknown.then(|| template_error(&error, template))
}

fn environment<'source>() -> Environment<'source> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(limits::MESSAGE_FUEL));
    // It prints everything a template may see.
    environment.remove_global("debug");
    environment
}

fn context(names: &Names, each: Option<&str>) -> Value {
    let texts = |texts: &BTreeMap<String, String>| -> BTreeMap<String, Value> {
        let values = texts.iter();
        values
            .map(|(name, text)| (name.clone(), Value::from(text.as_str())))
            .collect()
    };
    let results: BTreeMap<String, Value> = names
        .results
        .iter()
        .map(|(id, rows)| {
            let members = [
                ("count", Value::from(rows.len())),
                ("rows", Value::from(Serde(rows))),
            ];
            (id.clone(), Value::from(BTreeMap::from(members)))
        })
        .collect();
    // An input answers to its bare name as well, unless that is a name of its own.
    let mut all = texts(&names.inputs);
    all.extend(texts(&names.top));
    if let Some(each) = each {
        all.insert("each".into(), Value::from(each));
    }
    all.insert("inputs".into(), Value::from(texts(&names.inputs)));
    all.insert("result".into(), Value::from(results));
    Value::from(all)
}

fn render<'source>(
    environment: &Environment<'source>,
    text: &'source str,
    context: &Value,
    names: &Names,
) -> Result<String, FillError> {
    let mut filled = Filled(Vec::new());
    environment
        .template_from_named_str("message", text)
        .and_then(|template| {
            template
                .render_captured_to(context.clone(), &mut filled)
                .map(drop)
        })
        .map_err(|error| FillError {
            line: error.line().unwrap_or(1),
            message: explain(&error, text, names),
        })?;
    Ok(String::from_utf8_lossy(&filled.0).into_owned())
}

/// A text that does not grow past its limit.
struct Filled(Vec<u8>);

impl io::Write for Filled {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.0.len() + part.len() > limits::TEXT_BYTES {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is wrong and what to do, in the operator's words.
fn explain(error: &Error, text: &str, names: &Names) -> String {
    match error.kind() {
        ErrorKind::UndefinedError => undefined(error, text, names),
        ErrorKind::WriteFailure => format!(
            "the message grows past {} KiB: list fewer rows",
            limits::TEXT_BYTES / 1024
        ),
        ErrorKind::OutOfFuel => "the template loops too long: list fewer rows".to_owned(),
        _ => said(error),
    }
}

/// The first name at the place of the error that has no value.
fn undefined(error: &Error, text: &str, names: &Names) -> String {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*").ok());
    let line = error.line().unwrap_or(1).saturating_sub(1);
    let line = text.split('\n').nth(line).unwrap_or_default();
    let place = error.range().and_then(|range| text.get(range));
    for place in place.into_iter().chain([line]) {
        let words = NAME.iter().flat_map(|name| name.find_iter(place));
        for word in words.map(|word| word.as_str()) {
            let (first, rest) = word.split_once('.').unwrap_or((word, ""));
            let input = rest.split('.').next().unwrap_or_default();
            let known = NAMES.contains(&first) || names.roles.iter().any(|role| role == first);
            match first {
                "inputs" if !input.is_empty() && !names.inputs.contains_key(input) => {
                    return format!("input {input} has no value: set it with i");
                }
                "result" => {
                    let path = place.trim_matches(|letter: char| {
                        letter.is_whitespace() || matches!(letter, '{' | '}' | '%')
                    });
                    return format!("{path} is not in the result that is listed here");
                }
                "each" => {
                    return "each has a value only with for-each=action.column".to_owned();
                }
                "severity" if !names.top.contains_key(first) => {
                    return "the incident has no severity yet: set it with S".to_owned();
                }
                _ if names.roles.iter().any(|role| role == first)
                    && !names.top.contains_key(first) =>
                {
                    return format!("nobody is {first} yet: say who with R");
                }
                _ if known && first != "inputs" && !names.top.contains_key(first) => {
                    return format!("{first} has no value here");
                }
                _ => {}
            }
        }
    }
    match place.map(str::trim).filter(|place| !place.is_empty()) {
        Some(place) => format!("{place} has no value"),
        None => "a name has no value".to_owned(),
    }
}

fn template_error(error: &Error, template: &str) -> TemplateError {
    let line = error.line().unwrap_or(1).saturating_sub(1);
    let start = template
        .split_inclusive('\n')
        .take(line)
        .map(str::len)
        .sum::<usize>();
    TemplateError {
        message: said(error),
        at: error
            .range()
            .filter(|range| template.get(range.clone()).is_some())
            .unwrap_or(start..start),
    }
}

/// What the template engine says.
fn said(error: &Error) -> String {
    let detail = error.detail().map(str::to_owned);
    detail.unwrap_or_else(|| error.kind().to_string())
}
