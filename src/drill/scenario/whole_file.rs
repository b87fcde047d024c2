//! What can only be told of a scenario's file as a whole: names that belong together, and how much it asks for. Places are looked up in the file again:
//! the scenario itself has none.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;

use super::fields::{Findings, Span};
use super::texts::{Texts, told};
use super::{Pattern, Scenario, Story, patterns};
use crate::drill::facts;

/// Background requests and events of stories before the page: more take longer to draw than anybody waits, and more memory than a drill may have.
const EVENTS: u64 = 1_000_000;

/// Checks what its parts have told nothing of.
pub(super) fn check(scenario: &Scenario, findings: &Findings) {
    let texts = Texts::new(&scenario.source);
    check_names(scenario, &texts, findings);
    check_braces(scenario, &texts, findings);
    check_stories(scenario, &texts, findings);
    let (rubric, truth) = (&scenario.rubric, &scenario.truth);
    let known = !truth.decisions.is_empty()
        || truth.milestones.values().any(|said| *said)
        || truth.severity.is_some();
    if rubric.classify.is_some() && !known {
        let span = texts.place(&["rubric".into(), "classify".into()]);
        let message = "classify: expected what is to be known in [truth]: decisions, milestones or severity, found none";
        findings.error("missing-key", span, message);
    }
}

/// Stories that never begin, that begin before there is anything, and that are too much.
fn check_stories(scenario: &Scenario, texts: &Texts<'_>, findings: &Findings) {
    let history = SignedDuration::try_from(scenario.history).unwrap_or(SignedDuration::MAX);
    let mut events =
        u64::from(scenario.service.requests_per_minute) * scenario.history.as_secs() / 60;
    for (index, story) in scenario.stories.iter().enumerate() {
        let place = |key: &str| texts.place(&["story".into(), index.into(), key.into()]);
        if -story.from > history {
            let message = "from: expected a time within `history`, found one before it";
            findings.error("wrong-value", place("from"), message);
        }
        let mut injects = scenario.injects.iter();
        if story.waits && !injects.any(|inject| inject.start.contains(&story.id)) {
            let message = format!(
                "waits: expected an inject with start = [{:?}], found none: it would never begin",
                story.id
            );
            findings.error("never-begins", place("waits"), message);
        }
        events += before_page(story, scenario.history);
    }
    if events > EVENTS {
        let message = format!(
            "expected at most {EVENTS} requests and events before the page, found about {events}: shorten `history`, or lower `requests_per_minute` or `every`"
        );
        findings.error("too-much", texts.place(&["history".into()]), message);
    }
}

/// About how many events of a story there are before the page.
fn before_page(story: &Story, history: Duration) -> u64 {
    let (Pattern::CrossOrgAttempts { every, .. }
    | Pattern::CrossReads { every, .. }
    | Pattern::StaffReads { every, .. }
    | Pattern::MagicLink { every, .. }
    | Pattern::TenantLeak { every, .. }
    | Pattern::SessionAbuse { every, .. }
    | Pattern::WebhookFailure { every, .. }
    | Pattern::ExportFailure { every, .. }) = &story.pattern
    else {
        return 0;
    };
    let before = Duration::try_from(-story.from).unwrap_or_default();
    before.min(history).as_secs() / every.as_secs().max(1)
}

/// Braces that begin with a story's name and are no name of it: they would be shown as they stand.
fn check_braces(scenario: &Scenario, texts: &Texts<'_>, findings: &Findings) {
    for (path, text) in told(scenario) {
        let filled: BTreeSet<usize> = facts::placeholders(text)
            .map(|(range, ..)| range.start)
            .collect();
        for (at, _) in text
            .match_indices('{')
            .filter(|(at, _)| !filled.contains(at))
        {
            let rest = text.get(at + 1..).unwrap_or_default();
            let inside = rest.split_once('}').map(|(inside, _)| inside);
            let story = inside.and_then(|inside| inside.trim().split('.').next());
            let story = story.filter(|story| scenario.stories.iter().any(|one| one.id == *story));
            if let (Some(story), Some(inside)) = (story, inside) {
                let message = format!(
                    "expected a name such as {{{story}.actors}} or {{{story}.actors.0}}, without spaces, found {{{inside}}}"
                );
                findings.error("unknown-name", texts.place(&path), message);
            }
        }
    }
}

/// Names that have to be unique, and names of stories that have to be there.
fn check_names(scenario: &Scenario, texts: &Texts<'_>, findings: &Findings) {
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
