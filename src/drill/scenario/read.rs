//! A scenario's file to a [`Scenario`], with a finding for every mistake. Patterns of stories are read in `patterns`.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::fields::{Fields, Findings, whole};
use super::{
    Condition, Damage, Inject, PAGE, Pattern, Scenario, Service, Story, TABLES, Trigger, Wait,
    outcome, patterns, whole_file,
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
        whole_file::check(&scenario, &findings);
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
        title: fields.needed("title", "text", told),
        summary: fields.needed("summary", "one or two sentences", told),
        playbook: PlaybookId::new(fields.needed("playbook", "the playbook's id", Fields::text)),
        alert: fields.text("alert"),
        severity: fields.text("severity"),
        starts: starts(fields),
        history: fields
            .duration("history")
            .unwrap_or(Duration::from_secs(26 * 3_600)),
        speed: fields.number("speed", &(0.1..=3_600.0)).unwrap_or(5.0),
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

/// The time of the page. Far from our century neither clocks nor calendars of the service would hold.
fn starts(fields: &Fields<'_>) -> Timestamp {
    let starts = fields.needed("starts", "the time of the page", |fields, key| {
        fields.time(key).map(Some)
    });
    let near = |starts: &Timestamp| {
        (2_000..2_100).contains(&jiff::tz::Offset::UTC.to_datetime(*starts).year())
    };
    if starts.is_some_and(|starts| !near(&starts)) {
        fields.refuse("starts", "a time from 2000 to 2099");
    }
    starts.filter(near).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A name in kebab case; empty when there is none.
fn id(fields: &Fields<'_>, key: &'static str) -> String {
    let id = fields.needed(key, "a name in kebab case", |fields, key| {
        fields.text(key).map(Some)
    });
    let Some(id) = id else {
        return String::new();
    };
    let fits = id
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits || id.is_empty() || id.len() > 64 {
        fields.refuse(
            key,
            &format!("small letters, digits and hyphens, at most 64, found {id:?}"),
        );
    }
    id
}

/// Text of bounded length that says something.
pub(super) fn told(fields: &Fields<'_>, key: &'static str) -> Option<String> {
    let text = prose(fields, key)?;
    if text.is_empty() {
        fields.refuse(key, "text, found nothing but space");
    }
    Some(text)
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
    let pattern = patterns::pattern(&fields);
    let known = pattern.is_some();
    let story = Story {
        id: id(&fields, "id"),
        from: fields.signed("from").unwrap_or_default(),
        until: fields.signed("until"),
        waits: fields.flag("waits").unwrap_or(false),
        stop_when: condition(&fields, "stop_when"),
        pattern: pattern.unwrap_or(Pattern::Errors { share: 0.0 }),
    };
    if story.until.is_some_and(|until| until <= story.from) {
        fields.refuse("until", "a time after `from`, found one before it");
    }
    if story.waits && fields.get("from").is_some() {
        fields.refuse(
            "from",
            "no such key beside `waits`: it begins when an inject starts it",
        );
    }
    // Which other keys there are depends on the kind.
    if known {
        fields.end();
    }
    story
}

fn inject(fields: Fields<'_>) -> Inject {
    let id = id(&fields, "id");
    if id == PAGE {
        fields.refuse(
            "id",
            "another name: the page that begins a drill has this one",
        );
    }
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
    let held = fields.duration("for");
    let called = fields.flag("called").unwrap_or(false);
    let found = [at.is_some(), when.is_some(), called];
    if found.iter().filter(|found| **found).count() != 1 {
        fields.findings().error(
            "trigger",
            fields.place("id"),
            "expected exactly one of at, when and called = true",
        );
    }
    for (key, time) in [("after", after), ("for", held)] {
        if time.is_some() && when.is_none() {
            fields.findings().error(
                "trigger",
                fields.place(key),
                format!("{key}: expected beside `when` only, which it counts from"),
            );
        }
    }
    if after.is_some() && held.is_some() {
        fields.findings().error(
            "trigger",
            fields.place("for"),
            "for: expected in place of `after`, found both",
        );
    }
    match (at, when) {
        (Some(at), _) => Trigger::At(at),
        (None, Some(when)) => Trigger::When(
            when,
            held.map_or(Wait::After(after.unwrap_or_default()), Wait::For),
        ),
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
