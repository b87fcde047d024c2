//! The whole walkthrough as Markdown: to be read, mailed, or kept beside the playbook and compared after a change.
//!
//! The same playbook, values and time give the same bytes. Text of the playbook is made safe as in a report.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::facts::{Fact, facts, of_decision, of_phase, of_step, timing};
use super::prose::{blocks, fence, rows_of};
use super::tour::{Place, counter, tour, whole};
use super::{Shown, facts::next};
use crate::model::Timestamp;
use crate::model::ids::{ActionId, StepId};
use crate::model::playbook::{Block, Check, Playbook, Step};
use crate::model::request::Parameter;
use crate::report::markdown::{code, escape, heading, item, under};
use crate::report::utc;

/// All that is printed.
#[derive(Debug, Clone)]
pub struct Printed<'a> {
    /// The playbook.
    pub playbook: &'a Playbook,
    /// The severity it is walked through with.
    pub severity: Option<&'a str>,
    /// The time it is walked through at.
    pub at: Timestamp,
    /// Inputs in the playbook's order.
    pub values: Vec<Value>,
    /// What each action came to.
    pub shown: BTreeMap<ActionId, Shown>,
    /// A presenter's notes are printed too.
    pub notes: bool,
}

/// An input with the value it has here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its id.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Its type's word.
    pub kind: &'static str,
    /// Its value, and whether that is an example; none where no example fits.
    pub value: Option<(String, bool)>,
}

/// The document.
pub fn markdown(printed: &Printed<'_>) -> String {
    let playbook = printed.playbook;
    let mut text = String::new();
    opening(&mut text, printed);
    let mut phase = None;
    let (mut panes, mut shared) = (false, false);
    for place in tour(playbook) {
        let here = place.phase(playbook).map(|phase| phase.id.clone());
        if here.is_some() && here != phase {
            phase = here;
            phase_head(&mut text, printed, &place);
        }
        match &place {
            Place::Step(id) => {
                if let Some(step) = playbook.step(id) {
                    step_whole(&mut text, printed, step);
                }
            }
            // Those of steps stand in their step's text.
            Place::Action(_) | Place::Decision(_) if place.step(playbook).is_some() => {}
            Place::Opening | Place::Phase(_) | Place::Decision(_) => {}
            Place::Action(id) => {
                let is_pane = playbook.watch.contains(id);
                let begun = if is_pane { &mut panes } else { &mut shared };
                if !std::mem::replace(begun, true) {
                    heading(
                        &mut text,
                        if is_pane {
                            "Live panes"
                        } else {
                            "Shared actions"
                        },
                    );
                }
                action(&mut text, printed, id);
            }
            Place::End => end(&mut text, printed),
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn opening(text: &mut String, printed: &Printed<'_>) {
    let playbook = printed.playbook;
    let _ = write!(text, "# WALKTHROUGH {}\n\n", escape(&playbook.title));
    let at = utc(printed.at);
    let _ = write!(
        text,
        "Nothing was sent. Times are as of {at}. A value marked (example) stands for one that an incident would bring; in a message what only an incident could tell stands between ‹ and ›.\n\n"
    );
    let mut fact = |name: &str, value: &str| item(text, &format!("{name}: {}", code(value)));
    fact("Playbook", playbook.id.as_str());
    if let Some(severity) = printed.severity {
        fact("Severity", severity);
    } else if !playbook.severity.is_empty() {
        fact("Opens with one of", &playbook.severity.join(", "));
    }
    if let Some(owner) = &playbook.owner {
        fact("Owner", owner);
    }
    if let Some(reviewed) = playbook.reviewed {
        fact("Reviewed", &reviewed.to_string());
    }
    if !playbook.alerts.is_empty() {
        fact("Alerts", &playbook.alerts.join(", "));
    }
    text.push('\n');
    if !playbook.summary.is_empty() {
        let _ = write!(text, "{}\n\n", escape(&playbook.summary));
    }
    text.push_str(&blocks(&playbook.introduction));
    notes(text, printed, playbook.notes.iter().map(String::as_str));
    if !playbook.roles.is_empty() {
        heading(text, "Roles");
        for (role, title) in &playbook.roles {
            item(
                text,
                &format!("{} ({})", escape(title), code(role.as_str())),
            );
        }
    }
    if !printed.values.is_empty() {
        heading(text, "Inputs");
        for value in &printed.values {
            let shown = match &value.value {
                Some((text, example)) => format!("{}{}", code(text), marked(*example)),
                None => "no example fits its pattern: give it a value with --set".to_owned(),
            };
            let title = escape(&value.title);
            item(
                text,
                &format!("{} ({}, {title}): {shown}", code(&value.name), value.kind),
            );
        }
    }
    if !playbook.clocks.is_empty() {
        heading(text, "Clocks");
        for clock in playbook.clocks.values() {
            item(
                text,
                &format!(
                    "{}: {}",
                    escape(&clock.title),
                    escape(&timing(playbook, clock))
                ),
            );
            if !clock.met_by.is_empty() {
                let by = clock.met_by.iter().map(|name| titled(playbook, name));
                under(text, "Met by", &by.collect::<Vec<_>>().join(" and "));
            }
            if let Some(cite) = &clock.cite {
                under(text, "Because of", &escape(cite));
            }
        }
    }
}

fn titled(playbook: &Playbook, name: &str) -> String {
    let title = crate::incident::view::requires::title(playbook, name);
    escape(&format!("“{title}”"))
}

const fn marked(example: bool) -> &'static str {
    if example { " (example)" } else { "" }
}

fn phase_head(text: &mut String, printed: &Printed<'_>, place: &Place) {
    let Some(phase) = place.phase(printed.playbook) else {
        return;
    };
    heading(text, &format!("Phase: {}", escape(&phase.title)));
    items(text, &of_phase(printed.playbook, phase));
    text.push_str(&blocks(&phase.introduction));
    notes(text, printed, phase.notes.iter().map(String::as_str));
}

fn items(text: &mut String, facts: &[Fact]) {
    for fact in facts {
        let said = if fact.exact {
            code(&fact.text)
        } else {
            escape(&fact.text)
        };
        item(text, &format!("{}: {said}", fact.name));
    }
    if !facts.is_empty() {
        text.push('\n');
    }
}

fn notes<'n>(text: &mut String, printed: &Printed<'_>, notes: impl Iterator<Item = &'n str>) {
    for note in notes.filter(|_| printed.notes) {
        let _ = write!(text, "Speaker notes:\n\n{}\n", fence("text", note));
    }
}

/// One empty line.
fn gap(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push_str("\n\n");
}

/// A step with everything in it, in the order of its body.
fn step_whole(text: &mut String, printed: &Printed<'_>, step: &Step) {
    let playbook = printed.playbook;
    let place = counter(playbook, &Place::Step(step.id.clone()));
    let place = place.replacen("step", "Step", 1);
    gap(text);
    let _ = write!(text, "### {place}: {}\n\n", escape(&step.title));
    items(text, &of_step(playbook, step));
    let mut in_checks = false;
    for block in &step.body {
        let is_check = matches!(block, Block::Check(_));
        // What stands before or behind a list must not be read as a part of it.
        if !is_check || !in_checks {
            gap(text);
        }
        if is_check && !in_checks {
            text.push_str("Checks:\n\n");
        }
        in_checks = is_check;
        match block {
            Block::Prose(prose) => text.push_str(&blocks(std::slice::from_ref(prose))),
            Block::Action(id) => action(text, printed, id),
            Block::Check(check) => self::check(text, playbook, check),
            Block::Notes(note) => notes(text, printed, std::iter::once(note.as_str())),
        }
    }
    decision(text, playbook, &step.id);
    let last = last_place(playbook, step);
    gap(text);
    let _ = writeln!(text, "Next: {}", escape(&next(playbook, &last)));
}

/// The last place of a step: what comes behind it is another's.
fn last_place(playbook: &Playbook, step: &Step) -> Place {
    let places = tour(playbook).into_iter();
    places
        .filter(|place| !matches!(place, Place::Phase(_)))
        .filter(|place| {
            place
                .step(playbook)
                .is_some_and(|other| other.id == step.id)
        })
        .last()
        .unwrap_or_else(|| Place::Step(step.id.clone()))
}

fn check(text: &mut String, playbook: &Playbook, check: &Check) {
    let optional = if check.optional { " (optional)" } else { "" };
    let by = check.by.as_ref().map_or_else(String::new, |id| {
        let title = playbook
            .action(id)
            .map_or(id.as_str(), |action| &action.title);
        format!(" (ticked by a PASS of “{}”)", escape(title))
    });
    item(text, &format!("[ ] {}{optional}{by}", escape(&check.text)));
}

/// An action: what would be sent where, and all that is to be said of it.
fn action(text: &mut String, printed: &Printed<'_>, id: &ActionId) {
    let playbook = printed.playbook;
    let Some(action) = playbook.action(id) else {
        return;
    };
    gap(text);
    let place = Place::Action(id.clone());
    let _ = write!(text, "#### {}\n\n", escape(&whole(playbook, &place)));
    if action.says_more() {
        text.push_str(&blocks(&action.description));
    }
    let language = action.language.word();
    match printed.shown.get(id) {
        Some(Shown::Request(request)) => {
            item(text, &format!("to: {}", code(&request.target)));
            items(text, &facts(playbook, action, Some(request)));
            text.push_str(&fence(language, &request.text));
            parameters(text, &request.parameters);
        }
        Some(Shown::Message(draft, parameters_of)) => {
            let or_nobody =
                |to: Option<&String>| to.map_or("nobody is named".to_owned(), |to| code(to));
            item(text, &format!("to: {}", or_nobody(draft.to.as_ref())));
            if let Some(subject) = &draft.subject {
                item(text, &format!("subject: {}", code(subject)));
            }
            items(text, &facts(playbook, action, None));
            text.push_str(&fence(language, &draft.text));
            parameters(text, parameters_of);
        }
        Some(Shown::Failed(reason)) => {
            item(text, &format!("NOT PLANNED: {}", escape(reason)));
            items(text, &facts(playbook, action, None));
            text.push_str(&fence(language, &action.text));
        }
        None => text.push_str(&fence(language, &action.text)),
    }
    text.push('\n');
}

fn parameters(text: &mut String, parameters: &[Parameter]) {
    if parameters.is_empty() {
        return;
    }
    text.push('\n');
    for (index, parameter) in parameters.iter().enumerate() {
        let name = code(&format!("${} {}", index + 1, parameter.name));
        let value = code(&parameter.value);
        let example = marked(parameter.example);
        item(
            text,
            &format!("{name} ({}): {value}{example}", escape(&parameter.kind)),
        );
    }
}

fn decision(text: &mut String, playbook: &Playbook, step: &StepId) {
    let Some(decision) = playbook.step(step).and_then(|step| step.decision.as_ref()) else {
        return;
    };
    let cells = |cells: &[String]| cells.iter().map(|cell| escape(cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = decision
        .choices
        .iter()
        .map(|choice| cells(&choice.cells))
        .collect();
    gap(text);
    let _ = writeln!(text, "{}", rows_of(&cells(&decision.columns), &rows));
    for (choice, facts) in of_decision(playbook, decision) {
        item(text, &escape(&choice));
        for fact in facts {
            under(text, fact.name, &escape(&fact.text));
        }
    }
    if decision.many {
        text.push_str("\nSeveral may be chosen.\n");
    }
}

fn end(text: &mut String, printed: &Printed<'_>) {
    let playbook = printed.playbook;
    if !playbook.evidence.is_empty() {
        heading(text, "Evidence");
        for evidence in playbook.evidence.values() {
            let from = match evidence.from.as_deref() {
                None | Some("note") => "a note".to_owned(),
                Some(from) => titled(playbook, from),
            };
            item(text, &format!("{}: from {from}", escape(&evidence.title)));
        }
    }
    let failed = printed.shown.iter().filter_map(|(id, shown)| match shown {
        Shown::Failed(reason) => Some((id, reason)),
        Shown::Request(_) | Shown::Message(..) => None,
    });
    let failed: Vec<String> = failed
        .map(|(id, reason)| {
            let reason = reason.lines().next().unwrap_or_default();
            format!("{}: {}", code(id.as_str()), escape(reason))
        })
        .collect();
    if !failed.is_empty() {
        heading(text, "Not planned");
        for line in failed {
            item(text, &line);
        }
    }
}
