//! A scenario's file to a [`Scenario`], with a finding for every mistake. Patterns of stories are read in `patterns`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::fields::{Fields, Findings, Span, whole};
use super::texts::Texts;
use super::{
    Condition, Damage, Inject, Scenario, Service, Story, TABLES, Trigger, outcome, patterns,
};
use crate::drill::facts;
use crate::expr;
use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::ids::{InputId, PlaybookId};
use crate::model::{Timestamp, limits};

/// Version of the format.
const VERSION: u32 = 1;
/// Bytes of one text.
const TEXT: usize = 16 * 1024;
/// Stories of a scenario.
const STORIES: usize = 32;
/// Injects of a scenario.
const INJECTS: usize = 64;
/// Points of one part of the score.
pub(super) const POINTS: u32 = 1_000;
/// What injects may be from.
const SPEAKERS: [&str; 5] = ["customer", "executive", "pager", "colleague", "system"];
/// What an operator says: milestones of the record.
pub(super) const MILESTONES: [&str; 3] = ["aware", "confirmed", "contained"];

/// Reads a scenario; see [`super::parse`].
pub(super) fn scenario(source: SourceText) -> (Scenario, Vec<Diagnostic>) {
    let findings = Findings::default();
    let text = std::sync::Arc::clone(&source.text);
    if text.len() > limits::PLAYBOOK_BYTES {
        let message = format!(
            "expected at most {} bytes, found {}",
            limits::PLAYBOOK_BYTES,
            text.len()
        );
        findings.error("too-large", 0..0, message);
        let empty = DeTable::new();
        let silent = Findings::default();
        let scenario = whole_of(&Fields::new(&empty, 0..0, &silent), source);
        return (scenario, findings.sorted());
    }
    let (document, errors) = DeTable::parse_recoverable(&text);
    let broken = !errors.is_empty();
    for error in errors {
        let message = error.message().replace('\n', ": ");
        findings.error("toml", error.span().unwrap_or(0..0), message);
    }
    // What is missing in a file that is no TOML is a consequence, not another mistake.
    let silent = Findings::default();
    let heard = if broken { &silent } else { &findings };
    let fields = Fields::new(document.get_ref(), 0..0, heard);
    let scenario = whole_of(&fields, source);
    fields.end();
    if !broken {
        check_names(&scenario, &findings);
    }
    (scenario, findings.sorted())
}

fn whole_of(fields: &Fields<'_>, source: SourceText) -> Scenario {
    if fields.whole("drill", &(VERSION..=VERSION)).is_none() && fields.place("drill").is_empty() {
        let help = "write drill = 1 in the first line";
        let finding = Diagnostic::error(
            "missing-key",
            0..0,
            "expected drill = 1, the version of the format, found no such key",
        );
        fields.findings().push(finding.with_help(help));
    }
    let stories: Vec<Story> = fields
        .tables("story", STORIES)
        .into_iter()
        .map(story)
        .collect();
    let injects = fields
        .tables("inject", INJECTS)
        .into_iter()
        .map(inject)
        .collect();
    Scenario {
        id: id(fields, "id"),
        title: fields.needed("title", "text", prose),
        summary: fields.needed("summary", "one or two sentences", prose),
        playbook: PlaybookId::new(fields.needed("playbook", "the playbook's id", Fields::text)),
        alert: fields.text("alert"),
        severity: fields.text("severity"),
        starts: fields
            .needed("starts", "the time of the page", |fields, key| {
                fields.time(key).map(Some)
            })
            .unwrap_or(Timestamp::UNIX_EPOCH),
        history: fields
            .duration("history")
            .unwrap_or(Duration::from_secs(26 * 3_600)),
        speed: fields.number("speed", &(0.0..=3_600.0)).unwrap_or(5.0),
        lasts: fields
            .duration("lasts")
            .unwrap_or(Duration::from_secs(40 * 60)),
        service: fields
            .table("service")
            .map_or_else(Service::default, service),
        stories,
        injects,
        inputs: fields
            .table("inputs")
            .map_or_else(BTreeMap::new, |fields| inputs(&fields)),
        truth: fields.needed(
            "truth",
            "a table that tells what happened",
            |fields, key| fields.table(key).map(outcome::truth),
        ),
        rubric: fields.needed("rubric", "a table of what is scored", |fields, key| {
            fields.table(key).map(outcome::rubric)
        }),
        source,
    }
}

/// A name in kebab case.
fn id(fields: &Fields<'_>, key: &'static str) -> String {
    let id = fields.needed(key, "a name in kebab case", Fields::text);
    let fits = id
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits || id.len() > 64 {
        fields.findings().error(
            "wrong-value",
            fields.place(key),
            format!("{key}: expected small letters, digits and hyphens, found {id:?}"),
        );
    }
    id
}

/// Text of bounded length.
pub(super) fn prose(fields: &Fields<'_>, key: &'static str) -> Option<String> {
    let text = fields.text(key)?;
    if text.len() > TEXT {
        let message = format!("{key}: expected at most {TEXT} bytes, found {}", text.len());
        fields
            .findings()
            .error("too-large", fields.place(key), message);
    }
    Some(text)
}

fn service(fields: Fields<'_>) -> Service {
    let default = Service::default();
    let read = |key, range, otherwise| fields.whole(key, &range).unwrap_or(otherwise);
    let service = Service {
        organisations: read("organisations", 4..=500, default.organisations),
        users: read("users", 1..=200, default.users),
        staff: read("staff", 4..=500, default.staff),
        requests_per_minute: read("requests_per_minute", 1..=600, default.requests_per_minute),
    };
    fields.end();
    service
}

fn inputs(fields: &Fields<'_>) -> BTreeMap<InputId, String> {
    let mut inputs = BTreeMap::new();
    for (key, _, value) in fields.entries() {
        let text = match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            DeValue::Datetime(time) => Some(time.to_string()),
            _ => None,
        };
        match text {
            Some(text) => {
                inputs.insert(InputId::new(key), text);
            }
            None => fields.findings().error(
                "wrong-value",
                value.span(),
                format!(
                    "{key}: expected text, a whole number or a time, found {}",
                    value.get_ref().type_str()
                ),
            ),
        }
    }
    inputs
}

fn story(fields: Fields<'_>) -> Story {
    let story = Story {
        id: id(&fields, "id"),
        from: fields.signed("from").unwrap_or_default(),
        until: fields.signed("until"),
        waits: fields.flag("waits").unwrap_or(false),
        stop_when: condition(&fields, "stop_when"),
        pattern: patterns::pattern(&fields),
    };
    if story.until.is_some_and(|until| until <= story.from) {
        fields.findings().error(
            "wrong-value",
            fields.place("until"),
            "until: expected a time after `from`, found one before it",
        );
    }
    fields.end();
    story
}

fn inject(fields: Fields<'_>) -> Inject {
    let id = id(&fields, "id");
    let trigger = trigger(&fields);
    let from = fields.word("from", &SPEAKERS).unwrap_or("system");
    let names = |key| fields.texts(key).into_iter().map(|(name, _)| name);
    let inject = Inject {
        id,
        trigger,
        from: from.to_owned(),
        text: prose(&fields, "text").unwrap_or_default(),
        start: names("start").collect(),
        stop: names("stop").collect(),
        erase: fields
            .tables("erase", STORIES)
            .into_iter()
            .map(erase)
            .collect(),
        damage: fields.table("damage").map(damage),
    };
    let silent = inject.start.is_empty() && inject.stop.is_empty() && inject.erase.is_empty();
    if inject.text.is_empty() && silent {
        fields.findings().error(
            "empty-inject",
            fields.place("id"),
            format!(
                "inject {:?}: expected text, start, stop or erase, found nothing that happens",
                inject.id
            ),
        );
    }
    fields.end();
    inject
}

fn trigger(fields: &Fields<'_>) -> Trigger {
    let at = fields.duration("at");
    let when = condition(fields, "when");
    let after = fields.duration("after");
    let called = fields.flag("called").unwrap_or(false);
    let found = [at.is_some(), when.is_some(), called];
    if found.iter().filter(|found| **found).count() != 1 {
        fields.findings().error(
            "trigger",
            fields.place("id"),
            "expected exactly one of at, when and called = true",
        );
    }
    if after.is_some() && when.is_none() {
        fields.findings().error(
            "trigger",
            fields.place("after"),
            "after: expected beside `when` only, which it counts from",
        );
    }
    match (at, when) {
        (Some(at), _) => Trigger::At(at),
        (None, Some(when)) => Trigger::When(when, after.unwrap_or_default()),
        (None, None) => Trigger::Called,
    }
}

fn erase(fields: Fields<'_>) -> (String, String) {
    let table = fields.needed("table", "the name of a table", Fields::text);
    let story = fields.needed("story", "the name of a story", Fields::text);
    if !TABLES.contains(&table.as_str()) {
        fields.findings().unknown(
            "unknown-table",
            fields.place("table"),
            ("a table that stories write", &table),
            TABLES,
        );
    }
    fields.end();
    (table, story)
}

fn damage(fields: Fields<'_>) -> Damage {
    let damage = Damage {
        text: fields.needed("text", "the damage in a sentence", prose),
        points: fields.needed("points", "a number", |fields, key| {
            fields.whole(key, &(1..=POINTS))
        }),
    };
    fields.end();
    damage
}

/// A condition that parses and looks at facts there are.
fn condition(fields: &Fields<'_>, key: &'static str) -> Option<Condition> {
    let text = fields.text(key)?;
    let span = fields.place(key);
    let expression = match expr::parse(&text) {
        Ok(expression) => expression,
        Err(error) => {
            let message = format!(
                "{key}: {} (character {} of the condition)",
                error.message,
                error.position + 1
            );
            fields.findings().error("condition", span, message);
            return None;
        }
    };
    let names = facts::NAMES.iter().map(|(name, _)| *name);
    for name in expr::variables(&expression) {
        if names.clone().all(|known| known != name) {
            fields.findings().unknown(
                "unknown-fact",
                span.clone(),
                ("a fact", &name),
                names.clone(),
            );
        }
    }
    for name in expr::functions(&expression) {
        if !expr::FUNCTIONS.contains(&name.as_str()) {
            fields.findings().unknown(
                "unknown-function",
                span.clone(),
                ("a function", &name),
                expr::FUNCTIONS,
            );
        }
    }
    Some(Condition { text, expression })
}

/// Names that have to be unique, and names of stories that have to be there. Places are looked up in the file again: the scenario itself has none.
fn check_names(scenario: &Scenario, findings: &Findings) {
    let texts = Texts::new(&scenario.source);
    let stories: BTreeSet<&str> = scenario.stories.iter().map(|one| one.id.as_str()).collect();
    for (array, ids) in [
        (
            "story",
            scenario
                .stories
                .iter()
                .map(|one| one.id.as_str())
                .collect::<Vec<_>>(),
        ),
        (
            "inject",
            scenario.injects.iter().map(|one| one.id.as_str()).collect(),
        ),
    ] {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.into_iter().enumerate() {
            if !seen.insert(id) {
                let message = format!("expected a name of its own, found a second {array} {id:?}");
                let span = texts.place(&[array.into(), index.into(), "id".into()]);
                findings.error("same-name", span, message);
            }
        }
    }
    for (index, inject) in scenario.injects.iter().enumerate() {
        let erased = inject.erase.iter().map(|(_, story)| ("erase", story));
        let named = inject.start.iter().map(|story| ("start", story));
        let named = named.chain(inject.stop.iter().map(|story| ("stop", story)));
        for (key, story) in named.chain(erased) {
            if !stories.contains(story.as_str()) {
                let span = texts.place(&["inject".into(), index.into(), key.into()]);
                let known = stories.iter().copied();
                findings.unknown(
                    "unknown-story",
                    span,
                    ("a story of this file", story),
                    known,
                );
            }
        }
    }
    for (span, name) in texts.names_used(scenario) {
        check_name(scenario, findings, span, &name);
    }
}

/// A name such as `attack.actors`, in braces in a text or looked up by a condition.
fn check_name(
    scenario: &Scenario,
    findings: &Findings,
    span: Span,
    name: &(String, Option<String>),
) {
    let (story, role) = name;
    let Some(found) = scenario.stories.iter().find(|one| one.id == *story) else {
        let known = scenario.stories.iter().map(|one| one.id.as_str());
        findings.unknown(
            "unknown-story",
            span,
            ("a story of this file", story),
            known,
        );
        return;
    };
    let roles = patterns::roles(&found.pattern);
    if let Some(role) = role.as_ref().filter(|role| !roles.contains(&role.as_str())) {
        let what = format!("a name that {story} draws");
        findings.unknown("unknown-name", span, (&what, role), roles.iter().copied());
    }
}

/// A whole number or a list of names; see [`super::Names`].
pub(super) fn names(fields: &Fields<'_>, key: &'static str) -> super::Names {
    let (value, span) = (fields.get(key), fields.place(key));
    let drawn = value.and_then(|value| whole(value.get_ref()));
    if let Some(count) = drawn.filter(|count| (1..=200).contains(count)) {
        return super::Names::Drawn(count);
    }
    let listed = value.is_some_and(|value| value.get_ref().as_array().is_some());
    let given: Vec<String> = if listed {
        fields
            .texts(key)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    } else {
        Vec::new()
    };
    if given.is_empty() {
        let message = format!("{key}: expected how many are drawn (1 to 200), or a list of names");
        fields.findings().error("wrong-value", span, message);
        return super::Names::Drawn(1);
    }
    super::Names::Given(given)
}
