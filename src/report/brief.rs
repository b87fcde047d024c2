//! The hand-over card: what the next person must know, on one screen, as plain text that is safe to print.

use super::figures::minutes;
use super::names::Names;
use super::sentence::watch_word;
use super::{clocks, mark, utc};
use crate::incident::view::{
    ActionStatus, Applies, Otherwise, PhaseView, StepStatus, StepView, View,
};
use crate::incident::{Incident, Stage, StepState};
use crate::model::playbook::{Playbook, Step};
use crate::model::safe_text::sanitize;
use crate::model::verdict::Verdict;
use crate::model::{Timestamp, counted};

/// Actions offered as the next ones.
const NEXT_ACTIONS: usize = 2;

/// The card at a time. Lines end with a line feed.
pub fn brief(playbook: &Playbook, incident: &Incident, view: &View, now: Timestamp) -> String {
    let mut lines = vec![format!(
        "{}{} · {}{}",
        mark(incident.mode),
        sanitize(&incident.title),
        incident.id.short(),
        incident
            .severity
            .as_ref()
            .map(|severity| format!(" · {}", sanitize(severity)))
            .unwrap_or_default(),
    )];
    let age = now.duration_since(incident.opened_at).unsigned_abs();
    lines.push(format!(
        "Opened {}, {} ago; playbook {}; {}",
        utc(incident.opened_at),
        minutes(age),
        sanitize(playbook.id.as_str()),
        counted(incident.entries, "entry", "entries"),
    ));
    stage(&mut lines, incident);
    for (role, person) in &incident.roles {
        let title = playbook
            .roles
            .get(role)
            .map_or(role.as_str(), String::as_str);
        lines.push(format!("{}: {}", sanitize(title), sanitize(person)));
    }
    silent(&mut lines, view);
    unknown(&mut lines, playbook, incident, view);
    steps(&mut lines, playbook, incident, view);
    section(
        &mut lines,
        "Clocks",
        clocks::lines(playbook, incident, view, now),
    );
    verdicts(&mut lines, playbook, incident, now);
    proposals(&mut lines, playbook, view);
    next_actions(&mut lines, playbook, view);
    let missing = view.evidence.iter().filter(|item| item.at.is_none());
    let missing = missing.map(|item| sanitize(&item.title).to_string());
    section(&mut lines, "Evidence missing", missing.collect());
    let names = Names(Some(playbook));
    let watches = incident.watches.iter().map(|(action, state)| {
        let action = names.action(action);
        format!("{}: {}", sanitize(&action), watch_word(*state))
    });
    section(&mut lines, "Live panes", watches.collect());
    lines.push(String::new());
    incident.mode.marked(&lines.join("\n"))
}

/// What was reached on the way, and whether it is over.
fn stage(lines: &mut Vec<String>, incident: &Incident) {
    let mut reached: Vec<_> = incident.milestones.iter().collect();
    reached.sort_by_key(|(_, fact)| fact.at);
    for (name, fact) in reached {
        lines.push(format!("{} since {}", sanitize(name), utc(fact.at)));
    }
    match incident.stage {
        Stage::Open => {}
        Stage::Resolved(at) => lines.push(format!("RESOLVED {}", utc(at))),
        Stage::Closed {
            resolved_at,
            closed_at,
        } => lines.push(format!(
            "CLOSED {}, resolved {}",
            utc(closed_at),
            utc(resolved_at)
        )),
    }
}

/// What was judged and how, what is no PASS first: who takes over must not take a step that is done for a good answer.
fn verdicts(lines: &mut Vec<String>, playbook: &Playbook, incident: &Incident, now: Timestamp) {
    let names = Names(Some(playbook));
    let mut judged: Vec<_> = incident
        .actions
        .iter()
        .filter_map(|(action, record)| Some((action, record.judged.as_ref()?)))
        .collect();
    judged.sort_by_key(|(_, (judgement, at))| (judgement.verdict == Verdict::Pass, *at));
    let judged = judged.into_iter().map(|(action, (judgement, at))| {
        let reason = judgement.reasons.first().map_or("", String::as_str);
        let line = format!(
            "{}, {} ago: {}: {reason}",
            judgement.verdict.word(),
            minutes(now.duration_since(*at).unsigned_abs()),
            names.action(action),
        );
        sanitize(&line).to_string()
    });
    section(lines, "Verdicts", judged.collect());
}

/// What a FAIL asks for and nobody has answered.
fn proposals(lines: &mut Vec<String>, playbook: &Playbook, view: &View) {
    let names = Names(Some(playbook));
    let proposals = view.proposals.iter().map(|proposal| {
        let what = match &proposal.otherwise {
            Otherwise::Escalate(level) => format!("escalate to {level}"),
            Otherwise::GoTo(id) => format!("go to {}", names.requirement(id)),
            Otherwise::Milestone(name) => format!("record “{name}”"),
        };
        let line = format!(
            "{what}: {} failed, {}",
            names.action(&proposal.action),
            proposal.reason
        );
        sanitize(&line).to_string()
    });
    section(lines, "Proposed and not accepted", proposals.collect());
}

fn section(lines: &mut Vec<String>, title: &str, found: Vec<String>) {
    if !found.is_empty() {
        lines.push(String::new());
        lines.push(title.to_owned());
        lines.extend(found.into_iter().map(|line| format!("  {line}")));
    }
}

/// A session that was cut off may have been in the middle of something.
fn silent(lines: &mut Vec<String>, view: &View) {
    for session in view.silent.values() {
        lines.push(format!(
            "The session of {} on {}, begun {}, ended without saying so",
            sanitize(&session.operator),
            sanitize(&session.host),
            utc(session.at),
        ));
    }
}

/// What may or may not have happened comes first: it is what the next person must not repeat.
fn unknown(lines: &mut Vec<String>, playbook: &Playbook, incident: &Incident, view: &View) {
    if view.unknown.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push("OUTCOME UNKNOWN: find out and settle, do not repeat".into());
    for (intent, action) in &view.unknown {
        let sent = incident
            .unfinished
            .get(intent)
            .map(|unfinished| format!(", sent {}", utc(unfinished.at)))
            .unwrap_or_default();
        let action = Names(Some(playbook)).action(action);
        let action = sanitize(&action);
        lines.push(format!("  {action}{sent} (entry {})", intent.short()));
    }
}

fn steps(lines: &mut Vec<String>, playbook: &Playbook, incident: &Incident, view: &View) {
    let total: usize = view.phases.iter().map(PhaseView::total).sum();
    let settled: usize = view.phases.iter().map(|phase| phase.settled).sum();
    lines.push(String::new());
    lines.push(format!("Open steps ({settled} of {total} settled)"));
    for step in view.phases.iter().flat_map(|phase| &phase.steps) {
        if !step.is_open() {
            continue;
        }
        let title = playbook
            .step(&step.id)
            .map_or(step.id.as_str(), |step| step.title.as_str());
        let pointer = if view.current.as_ref() == Some(&step.id) {
            ">"
        } else {
            " "
        };
        lines.push(format!(
            "{pointer} {}{}",
            sanitize(title),
            sanitize(&remarks(step, playbook, incident)),
        ));
    }
}

fn remarks(step: &StepView, playbook: &Playbook, incident: &Incident) -> String {
    let mut remarks = Vec::new();
    match incident.steps.get(&step.id) {
        Some(record) if record.state == StepState::Doing => {
            remarks.push(format!(
                "doing, {} since {}",
                record.operator,
                utc(record.at)
            ));
        }
        _ => {}
    }
    if !step.missing.is_empty() && step.status == StepStatus::Blocked {
        let names = Names(Some(playbook));
        let missing = step.missing.iter().map(|name| names.requirement(name));
        let missing: Vec<String> = missing.collect();
        remarks.push(format!("needs {}", missing.join(", ")));
    }
    if let Applies::Unclear(error) = &step.applies {
        remarks.push(format!("nobody can tell whether it applies: {error}"));
    }
    match step.open_checks {
        0 => {}
        1 => remarks.push("1 check open".into()),
        open => remarks.push(format!("{open} checks open")),
    }
    if remarks.is_empty() {
        String::new()
    } else {
        format!(" ({})", remarks.join("; "))
    }
}

/// The first actions that have not run yet, from the current step on.
fn next_actions(lines: &mut Vec<String>, playbook: &Playbook, view: &View) {
    let from_current = playbook.steps().map(|(_, step)| step).skip_while(|step| {
        view.current
            .as_ref()
            .is_some_and(|current| step.id != *current)
    });
    let open = from_current.filter(|step| view.step(&step.id).is_some_and(StepView::is_open));
    let actions: Vec<String> = open
        .flat_map(Step::actions)
        .filter_map(|id| Some((playbook.action(id)?, view.actions.get(id)?)))
        .filter(|(_, state)| state.status == ActionStatus::NotRun)
        .take(NEXT_ACTIONS)
        .map(|(action, state)| {
            let missing: Vec<&str> = state
                .missing_inputs
                .iter()
                .map(|id| match playbook.inputs.get(id) {
                    Some(input) if !input.title.is_empty() => input.title.as_str(),
                    _ => id.as_str(),
                })
                .collect();
            let needs = if missing.is_empty() {
                String::new()
            } else {
                format!(" (needs {})", missing.join(", "))
            };
            format!("{}{}", sanitize(&action.title), sanitize(&needs))
        })
        .collect();
    section(lines, "Next actions", actions);
}
