//! The report as Markdown (CommonMark): facts, what is unknown, how it ended, what was judged, steps, clocks, writes, messages,
//! inputs, actions, notes, evidence, timeline.
//!
//! Text of the record can be hostile: prose is escaped, and values stand in fences longer than any run of backticks in
//! them. There is no HTML and no link in it.

mod judged;
mod sent;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::names::Names;
use super::{mark, sentence, timeline, utc};
use crate::incident::view::{Applies, StepStatus, View, judgement};
use crate::incident::{CheckRecord, Incident, Stage};
use crate::model::playbook::{Effect, Playbook, Step};
use crate::model::safe_text::{sanitize, sanitize_block};
use crate::record::entry::{Body, EvidenceOrigin, Hash, Sealed};

/// The report of an incident. `entries` are all of its entries in order.
pub fn markdown(
    playbook: &Playbook,
    incident: &Incident,
    view: &View,
    entries: &[Sealed],
) -> String {
    let mut text = String::new();
    facts(&mut text, playbook, incident);
    unknown(&mut text, playbook, incident, view);
    judged::end(&mut text, entries);
    judged::severity_and_milestones(&mut text, entries);
    judged::decisions(&mut text, playbook, entries);
    judged::verdicts(&mut text, playbook, entries);
    judged::clocks(&mut text, playbook, incident, view);
    steps(&mut text, playbook, incident, view);
    judged::waived(&mut text, playbook, entries);
    sent::writes(&mut text, playbook, entries);
    sent::messages(&mut text, playbook, entries);
    inputs(&mut text, incident);
    actions(&mut text, playbook, entries);
    notes_and_evidence(&mut text, playbook, entries);
    judged::follow_ups(&mut text, entries);
    heading(&mut text, "Timeline");
    let last_words = timeline::last_words(&view.silent, entries);
    for sealed in entries {
        let judgement = sealed
            .body
            .as_ref()
            .map_or("", |body| not_judged(playbook, body));
        let line = timeline::text_line(sealed, Names(Some(playbook))) + judgement;
        item(&mut text, &escape(&line));
        if let Some(session) = last_words.get(&sealed.hash) {
            item(&mut text, &escape(&timeline::silent_line(sealed, session)));
        }
    }
    incident.mode.marked(&text)
}

fn facts(text: &mut String, playbook: &Playbook, incident: &Incident) {
    let title = format!("{}{}", mark(incident.mode), incident.title);
    let _ = write!(text, "# {}\n\n", escape(&title));
    let mut fact = |name: &str, value: &str| item(text, &format!("{name}: {}", code(value)));
    fact("Incident", &incident.id.to_string());
    fact("Mode", incident.mode.word());
    fact("Playbook", playbook.id.as_str());
    fact("Playbook's SHA-256", &incident.playbook_sha256.to_string());
    for (name, value) in [
        ("Severity", &incident.severity),
        ("Alert", &incident.alert),
        ("Profile", &incident.profile),
    ] {
        if let Some(value) = value {
            fact(name, value);
        }
    }
    fact("Opened", &utc(incident.opened_at));
    match incident.stage {
        Stage::Open => {}
        Stage::Resolved(at) => fact("Resolved", &utc(at)),
        Stage::Closed {
            resolved_at,
            closed_at,
        } => {
            fact("Resolved", &utc(resolved_at));
            fact("Closed", &utc(closed_at));
        }
    }
    if let Some(last) = &incident.last {
        fact("Last entry", &utc(last.at));
    }
    fact("Entries", &incident.entries.to_string());
    for (role, person) in &incident.roles {
        let title = playbook
            .roles
            .get(role)
            .map_or(role.as_str(), String::as_str);
        fact(&escape(title), person);
    }
}

fn unknown(text: &mut String, playbook: &Playbook, incident: &Incident, view: &View) {
    if view.unknown.is_empty() {
        return;
    }
    heading(text, "Outcome unknown");
    text.push_str("These were sent, and nothing in the record says whether they happened.\n\n");
    for (intent, action) in &view.unknown {
        let sent = incident.unfinished.get(intent).map(|unfinished| {
            let what = match unfinished.effect {
                Effect::Read => "a read",
                Effect::Write => "a write",
            };
            format!(", {what} sent {}", utc(unfinished.at))
        });
        let sent = sent.unwrap_or_default();
        let line = format!(
            "{}{sent}, entry {}",
            escape(&Names(Some(playbook)).action(action)),
            code(&intent.short())
        );
        item(text, &line);
    }
}

fn steps(text: &mut String, playbook: &Playbook, incident: &Incident, view: &View) {
    heading(text, "Steps");
    for phase in &playbook.phases {
        let _ = write!(text, "### {}\n\n", escape(&phase.title));
        for step in &phase.steps {
            step_lines(text, step, incident, view);
        }
        text.push('\n');
    }
}

/// Why a step that nobody worked on does not count.
const fn folded_words(applies: &Applies) -> &'static str {
    match applies {
        Applies::Folded { decided: true, .. } => "not chosen",
        Applies::Folded { .. } => "not opened, its decision was not made",
        Applies::DoesNotHold(_) => "does not apply",
        Applies::Always | Applies::Holds | Applies::Chosen { .. } | Applies::Unclear(_) => "todo",
    }
}

fn step_lines(text: &mut String, step: &Step, incident: &Incident, view: &View) {
    let shown = view.step(&step.id);
    let status = shown.map(|step| &step.status);
    // What a decision folded was never to be done.
    let folded = shown.filter(|step| !step.status.is_settled() && !step.applies.counts());
    let mut line = format!(
        "{} {}: {}",
        tick(status.is_some_and(|status| *status == StepStatus::Done)),
        escape(&step.title),
        match (folded, status) {
            (Some(step), _) => folded_words(&step.applies),
            (None, status) => status.map_or("todo", StepStatus::word),
        },
    );
    if let Some(StepStatus::Skipped(reason)) = status {
        let _ = write!(line, ", {}", escape(reason));
    }
    if let Some(record) = incident.steps.get(&step.id) {
        let by = escape(&record.operator);
        let _ = write!(line, " ({by}, {})", utc(record.at));
    }
    item(text, &line);
    for check in step.checks() {
        let record = incident.checks.get(&check.id);
        let done = matches!(
            record,
            Some(CheckRecord {
                not_applicable: None,
                ..
            })
        );
        let mut line = format!("  - {} {}", tick(done), escape(&check.text));
        if let Some(record) = record {
            if let Some(reason) = &record.not_applicable {
                let _ = write!(line, ": not applicable, {}", escape(reason));
            }
            let by = escape(&record.operator);
            let _ = write!(line, " ({by}, {})", utc(record.at));
        }
        text.push_str(&line);
        text.push('\n');
    }
}

fn inputs(text: &mut String, incident: &Incident) {
    if incident.inputs.is_empty() {
        return;
    }
    heading(text, "Inputs");
    for (id, record) in &incident.inputs {
        let by = escape(&record.operator);
        let value = code(&record.value);
        let line = format!("{} = {value} ({by}, {})", code(id.as_str()), utc(record.at));
        item(text, &line);
    }
}

/// Everything that was sent, in order, with the exact text and how it ended.
fn actions(text: &mut String, playbook: &Playbook, entries: &[Sealed]) {
    let names = Names(Some(playbook));
    let said = |sealed: &Sealed, body: &Body| sentence(body, sealed.entry.when(), names);
    let ends: BTreeMap<Hash, String> = entries
        .iter()
        .filter_map(|sealed| match sealed.body.as_ref()? {
            body @ Body::ActionResult { intent, .. } => {
                Some((*intent, said(sealed, body) + not_judged(playbook, body)))
            }
            body @ Body::ActionResolved { intent, .. } => Some(((*intent)?, said(sealed, body))),
            _ => None,
        })
        .collect();
    let mut any = false;
    for sealed in entries {
        let Some(Body::ActionIntent {
            action,
            target,
            text: sent,
            parameters,
            ..
        }) = &sealed.body
        else {
            continue;
        };
        if !any {
            heading(text, "Actions");
            any = true;
        }
        let title = playbook
            .action(action)
            .map_or(action.as_str(), |action| action.title.as_str());
        let _ = write!(text, "### {}\n\n", escape(title));
        let by = escape(&sealed.entry.operator);
        item(text, &format!("Sent: {} by {by}", utc(sealed.entry.when())));
        item(text, &format!("Target: {}", code(target)));
        for parameter in parameters {
            let line = format!("{} = {}", code(&parameter.name), code(&parameter.value));
            item(text, &line);
        }
        let end = ends.get(&sealed.hash).map_or_else(
            || "no end is recorded: outcome unknown".to_owned(),
            |end| escape(end),
        );
        item(text, &format!("Outcome: {end}"));
        text.push('\n');
        text.push_str(&fence(sent));
        text.push('\n');
    }
}

/// Said after the end of an action with an expectation, or nothing.
fn not_judged(playbook: &Playbook, body: &Body) -> &'static str {
    match body {
        Body::ActionResult {
            action,
            outcome,
            judged: None,
            ..
        } if judgement(playbook.action(action), *outcome).is_some() => ", NOT JUDGED",
        _ => "",
    }
}

fn notes_and_evidence(text: &mut String, playbook: &Playbook, entries: &[Sealed]) {
    let mut section = |title: &str, wanted: fn(&Body) -> bool| {
        let mut any = false;
        for sealed in entries {
            let Some(body) = sealed.body.as_ref().filter(|body| wanted(body)) else {
                continue;
            };
            if !any {
                heading(text, title);
                any = true;
            }
            let by = escape(&sealed.entry.operator);
            let at = sealed.entry.when();
            let when = match body {
                Body::NoteAdded {
                    happened_at: Some(then),
                    ..
                } => format!("{} (noted {})", utc(*then), utc(at)),
                _ => utc(at),
            };
            item(text, &format!("{when} {by}"));
            match body {
                Body::NoteAdded { text: note, .. } => {
                    text.push('\n');
                    text.push_str(&indent(&fence(note)));
                    text.push('\n');
                }
                Body::EvidenceAdded {
                    sha256,
                    size,
                    media_type,
                    name,
                    title,
                    origin,
                } => {
                    let facts = [
                        ("Title", title.clone()),
                        ("SHA-256", sha256.to_string()),
                        ("Bytes", size.to_string()),
                        ("Media type", media_type.clone()),
                        ("Original name", name.clone()),
                    ];
                    for (fact, value) in facts {
                        under(text, fact, &code(&value));
                    }
                    if let Some(origin) = origin {
                        under_origin(text, playbook, origin);
                    }
                }
                _ => {}
            }
        }
    };
    section("Notes", |body| matches!(body, Body::NoteAdded { .. }));
    section("Evidence", |body| {
        matches!(body, Body::EvidenceAdded { .. })
    });
}

/// Where an evidence file came from, with the exact query.
fn under_origin(text: &mut String, playbook: &Playbook, origin: &EvidenceOrigin) {
    let action = Names(Some(playbook)).action(&origin.action);
    under(text, "Result of", &escape(&action));
    under(text, "Source", &code(&origin.target));
    under(text, "Acquired", &utc(origin.acquired_at));
    if let Some(incomplete) = &origin.incomplete {
        under(text, "Not whole", &escape(incomplete));
    }
    text.push('\n');
    text.push_str(&indent(&fence(&origin.query)));
    text.push('\n');
}

/// Entries of some kinds, one line each, with their time and author in front.
fn of_kind(entries: &[Sealed], line: impl Fn(&Body) -> Option<String>) -> Vec<String> {
    entries
        .iter()
        .filter_map(|sealed| {
            let said = line(sealed.body.as_ref()?)?;
            let by = escape(&sealed.entry.operator);
            Some(format!("{} {by}: {said}", utc(sealed.entry.when())))
        })
        .collect()
}

/// Who wrote an entry, and when.
fn when(sealed: &Sealed) -> String {
    let by = escape(&sealed.entry.operator);
    format!("{by}, {}", utc(sealed.entry.when()))
}

/// A fact below an item. The value is safe already.
pub(super) fn under(text: &mut String, fact: &str, value: &str) {
    let _ = writeln!(text, "  - {fact}: {value}");
}

pub(super) fn heading(text: &mut String, title: &str) {
    text.truncate(text.trim_end().len());
    let _ = write!(text, "\n\n## {title}\n\n");
}

pub(super) fn item(text: &mut String, line: &str) {
    let _ = writeln!(text, "- {line}");
}

fn tick(done: bool) -> &'static str {
    if done { "[x]" } else { "[ ]" }
}

/// One line of text that is safe to show and has no meaning in Markdown: a backslash before ASCII punctuation takes its
/// meaning away (CommonMark, 2.4). Punctuation that means nothing inside a line is left readable.
pub(super) fn escape(text: &str) -> String {
    let safe = sanitize(text);
    let mut escaped = String::with_capacity(safe.as_str().len() + 8);
    for (index, character) in safe.as_str().chars().enumerate() {
        let special = matches!(
            character,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$' | '!'
        );
        // A list, a rule or a numbered item can only begin a line.
        let leading = index == 0 && matches!(character, '+' | '-' | '=');
        let number = matches!(character, '.' | ')')
            && index > 0
            && safe
                .as_str()
                .chars()
                .take(index)
                .all(|digit| digit.is_ascii_digit());
        if special || leading || number {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A value inside a line, between more backticks than it holds in a row.
pub(super) fn code(value: &str) -> String {
    let safe = sanitize(value);
    let value = safe.as_str();
    if value.trim().is_empty() {
        return "(empty)".into();
    }
    let ticks = "`".repeat(longest_run(value) + 1);
    // A space keeps backticks at the ends apart from the delimiters; Markdown takes it away again.
    if value.starts_with(['`', ' ']) || value.ends_with(['`', ' ']) {
        format!("{ticks} {value} {ticks}")
    } else {
        format!("{ticks}{value}{ticks}")
    }
}

/// A value of several lines, fenced by more backticks than it holds in a row.
fn fence(value: &str) -> String {
    let safe = sanitize_block(value);
    let ticks = "`".repeat((longest_run(&safe) + 1).max(3));
    format!("{ticks}text\n{safe}\n{ticks}\n")
}

fn indent(block: &str) -> String {
    block.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "  {line}");
        text
    })
}

pub(super) fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_fence() {
        for (value, expected) in [
            ("plain", "`plain`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("", "(empty)"),
            ("a\nb", "`a␊b`"),
        ] {
            assert_eq!(code(value), expected, "{value:?}");
        }
        assert_eq!(fence("x"), "```text\nx\n```\n");
        assert_eq!(fence("```\n# no"), "````text\n```\n# no\n````\n");
    }

    #[test]
    fn prose_has_no_meaning_in_markdown() {
        for (prose, expected) in [
            ("<script>", "\\<script\\>"),
            ("![x](http://x)", "\\!\\[x\\](http://x)"),
            ("- item", "\\- item"),
            ("1. item", "1\\. item"),
            ("v1.2 is fine", "v1.2 is fine"),
            ("# no\nline", "\\# no␊line"),
        ] {
            assert_eq!(escape(prose), expected, "{prose:?}");
        }
    }
}
