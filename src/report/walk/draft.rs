//! Messages of a walkthrough: filled with what there is. What only an incident could tell stands between `‹` and `›`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::message::{self, Draft, FillError, Names};
use crate::model::input::InputType;
use crate::model::playbook::{Action, Playbook};
use crate::playbook::examples;

/// A word that stands for a value that nobody has yet.
fn stands_for(what: &str) -> String {
    format!("‹{what}›")
}

/// Gives every name that has no value one that says what would stand there.
pub fn complete(names: &mut Names, playbook: &Playbook) {
    for (role, title) in &playbook.roles {
        let names = &mut names.top;
        names
            .entry(role.to_string())
            .or_insert_with(|| stands_for(title));
    }
    for (name, what) in [
        ("ic", "incident commander"),
        ("severity", "severity"),
        ("summary", "summary"),
    ] {
        let names = &mut names.top;
        names
            .entry(name.to_owned())
            .or_insert_with(|| stands_for(what));
    }
    for input in playbook.inputs.values() {
        if input.kind == InputType::Secret || names.inputs.contains_key(input.id.as_str()) {
            continue;
        }
        if let Some(value) = examples::example(playbook, &input.id) {
            names.inputs.insert(input.id.to_string(), value);
        }
    }
}

/// Fills a message, one draft for a value that stands for all of its `for-each`.
pub fn draft(action: &Action, mut names: Names) -> Result<Draft, FillError> {
    let settings = action.message.clone().unwrap_or_default();
    let texts = [&settings.subject, &settings.to];
    let texts = texts.into_iter().flatten().chain([&action.text]);
    let texts: Vec<&str> = texts.map(String::as_str).collect();
    for id in texts.iter().flat_map(|text| message::results_named(text)) {
        names.results.insert(id, vec![row(&texts)]);
    }
    let column = settings.for_each.as_deref();
    let column = column.map(|each| each.split_once('.').map_or(each, |(_, column)| column));
    let each = column.map(stands_for);
    if let (Some(column), Some(each)) = (column, &each) {
        names.top.insert(column.to_owned(), each.clone());
    }
    message::fill(
        &action.text,
        settings.subject.as_deref(),
        settings.to.as_deref(),
        &names,
        each.as_deref(),
    )
}

/// A row that has every column that a template could mean.
fn row(texts: &[&str]) -> BTreeMap<String, String> {
    static MEMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?:\.\s*([A-Za-z_][A-Za-z0-9_]*))|(?:\[\s*["']([^"']+)["']\s*\])"#).ok()
    });
    let members: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| MEMBER.iter().flat_map(|form| form.captures_iter(text)))
        .filter_map(|captures| captures.get(1).or(captures.get(2)))
        .map(|member| member.as_str())
        .collect();
    let cells = members.into_iter();
    cells
        .map(|member| (member.to_owned(), stands_for(member)))
        .collect()
}
