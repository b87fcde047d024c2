//! Names that point at other parts of a playbook: requires, met_by, preview, proof, over, Then, from, role, otherwise.

use std::collections::HashSet;
use std::ops::Range;

use super::Checker;
use crate::model::diagnostic::nearest;
use crate::model::ids::ActionId;
use crate::model::playbook::{Action, Clock, ClockStart};
use crate::playbook::MILESTONES;

/// What can be named from elsewhere.
struct Known<'a> {
    actions: HashSet<&'a str>,
    /// Steps and phases by id and by slug.
    headings: HashSet<&'a str>,
    evidence: HashSet<&'a str>,
    levels: HashSet<&'a str>,
}

impl Checker<'_> {
    pub(super) fn names(&mut self) {
        let playbook = self.playbook;
        let known = Known {
            actions: playbook.actions.keys().map(ActionId::as_str).collect(),
            headings: playbook
                .steps()
                .flat_map(|(_, step)| [step.id.as_str(), step.slug.as_str()])
                .chain(
                    playbook
                        .phases
                        .iter()
                        .flat_map(|phase| [phase.id.as_str(), phase.slug.as_str()]),
                )
                .collect(),
            evidence: playbook
                .evidence
                .keys()
                .map(crate::model::ids::EvidenceId::as_str)
                .collect(),
            levels: playbook
                .ladder
                .iter()
                .flat_map(|level| {
                    level
                        .aka
                        .iter()
                        .map(String::as_str)
                        .chain([level.id.as_str()])
                })
                .collect(),
        };
        for phase in &playbook.phases {
            self.required(&phase.requires, &phase.span, &known);
        }
        for (_, step) in playbook.steps() {
            self.required(&step.requires, &step.span, &known);
            self.role(step.role.as_ref(), &step.span);
            for check in step.checks() {
                if let Some(by) = &check.by {
                    self.action_id("by", by, &check.span, &known);
                    let judged = playbook
                        .action(by)
                        .is_none_or(|action| action.judge.expect.is_some());
                    if !judged {
                        let span = self.place(&check.span, by.as_str());
                        self.error(
                            "no-verdict",
                            span,
                            format!("by={by} ticks on PASS, but {by} has no expect="),
                        );
                    }
                }
            }
            let Some(decision) = &step.decision else {
                continue;
            };
            for over in &decision.over {
                self.action_id("over", over, &step.span, &known);
            }
            for choice in &decision.choices {
                for target in choice
                    .then
                    .iter()
                    .filter(|target| !target.starts_with("playbook:"))
                {
                    self.heading_id(
                        "Then: expected a heading of this playbook",
                        target,
                        &choice.span,
                        &known,
                    );
                }
            }
        }
        for action in playbook.actions.values() {
            self.action_names(action, &known);
        }
        for clock in playbook.clocks.values() {
            self.clock_names(clock, &known);
        }
        for item in playbook.evidence.values() {
            if let Some(from) = item.from.as_ref().filter(|from| *from != "note") {
                self.action_id("from", &ActionId::new(from), &item.span, &known);
            }
        }
        for severity in &playbook.severity {
            self.level(severity, &self.key("severity:").unwrap_or(0..0), &known);
        }
    }

    fn action_names(&mut self, action: &Action, known: &Known<'_>) {
        let playbook = self.playbook;
        self.role(action.role.as_ref(), &action.span);
        if let Some(preview) = &action.preview {
            self.action_id("preview", preview, &action.span, known);
        }
        for proof in &action.judge.proof {
            self.action_id("proof", proof, &action.span, known);
            let judged = playbook
                .action(proof)
                .is_none_or(|proof| proof.judge.expect.is_some());
            if !judged {
                let span = self.place(&action.span, proof.as_str());
                self.error(
                    "no-verdict",
                    span,
                    format!("a proof must pass, but {proof} has no expect="),
                );
            }
        }
        if action.judge.expect.is_none() {
            for (what, there) in [
                ("doubt", action.judge.doubt.is_some()),
                ("otherwise", action.judge.otherwise.is_some()),
                ("proof", !action.judge.proof.is_empty()),
                ("sustained", action.judge.sustained.is_some()),
            ] {
                if there {
                    let span = self.place(&action.span, what);
                    self.error("needs-expect", span, format!("{what}= goes with expect="));
                }
            }
        }
        if let Some(for_each) = action
            .message
            .as_ref()
            .and_then(|message| message.for_each.as_ref())
        {
            let span = self.place(&action.span, for_each);
            match for_each.split_once('.') {
                Some((id, column)) if !column.is_empty() => {
                    self.action_id("for-each", &ActionId::new(id), &span, known);
                }
                _ => self.error(
                    "bad-value",
                    span,
                    format!("for-each: expected action.column, found {for_each}"),
                ),
            }
        }
        if let Some(otherwise) = &action.judge.otherwise {
            let span = self.place(&action.span, otherwise);
            match otherwise.split_once(' ').map(|(verb, target)| (verb, target.trim())) {
                Some(("escalate", level)) => self.level(level, &span, known),
                Some(("goto", target)) => self.heading_id("otherwise: expected a step", target, &span, known),
                Some(("milestone", name)) => {
                    if !MILESTONES.contains(&name) {
                        let message = format!("otherwise: expected a milestone, found {name}");
                        self.unknown("unknown-milestone", span, message, name, MILESTONES);
                    }
                }
                _ => self.error(
                    "bad-value",
                    span,
                    format!("otherwise: expected escalate LEVEL, goto ID or milestone NAME, found {otherwise}"),
                ),
            }
        }
    }

    fn clock_names(&mut self, clock: &Clock, known: &Known<'_>) {
        for id in &clock.met_by {
            self.work_id("met_by", id, &clock.span, known);
        }
        for start in [Some(&clock.from), clock.until.as_ref()]
            .into_iter()
            .flatten()
        {
            match start {
                ClockStart::Opened | ClockStart::Milestone(_) => {}
                ClockStart::Severity(level) => {
                    let span = self.place(&clock.span, level);
                    self.level(level, &span, known);
                }
                ClockStart::Done(id) => {
                    let fits =
                        known.actions.contains(id.as_str()) || known.headings.contains(id.as_str());
                    if !fits {
                        let span = self.place(&clock.span, id);
                        let names: Vec<&str> = ["opened"]
                            .into_iter()
                            .chain(MILESTONES)
                            .chain(work(known))
                            .collect();
                        let message = format!(
                            "expected a milestone, severity:LEVEL, a step or an action, found {id}"
                        );
                        self.unknown("unknown-id", span, message, id, names);
                    }
                }
            }
        }
    }

    fn required(&mut self, ids: &[String], near: &Range<usize>, known: &Known<'_>) {
        for id in ids {
            let fits = known.evidence.contains(id.as_str()) || work(known).any(|name| name == id);
            if !fits {
                let span = self.place(near, id);
                let names: Vec<&str> = work(known).chain(known.evidence.iter().copied()).collect();
                let message =
                    format!("requires: expected a step, an action or evidence, found {id}");
                self.unknown("unknown-id", span, message, id, names);
            }
        }
    }

    fn work_id(&mut self, what: &str, id: &str, near: &Range<usize>, known: &Known<'_>) {
        if !work(known).any(|name| name == id) {
            let span = self.place(near, id);
            let names: Vec<&str> = work(known).collect();
            self.unknown(
                "unknown-id",
                span,
                format!("{what}: expected a step or an action, found {id}"),
                id,
                names,
            );
        }
    }

    fn action_id(&mut self, what: &str, id: &ActionId, near: &Range<usize>, known: &Known<'_>) {
        let id = id.as_str();
        if known.actions.contains(id) {
            return;
        }
        let span = self.place(near, id);
        let names = known.actions.iter().copied();
        let found = if known.headings.contains(id) {
            format!("the step {id}")
        } else {
            id.to_owned()
        };
        self.unknown(
            "unknown-id",
            span,
            format!("{what}: expected an action, found {found}"),
            id,
            names,
        );
    }

    fn heading_id(&mut self, what: &str, id: &str, near: &Range<usize>, known: &Known<'_>) {
        if !known.headings.contains(id) {
            let span = self.place(near, id);
            let names = known.headings.iter().copied();
            self.unknown("unknown-id", span, format!("{what}, found {id}"), id, names);
        }
    }

    fn level(&mut self, level: &str, span: &Range<usize>, known: &Known<'_>) {
        if !known.levels.contains(level) && !known.levels.is_empty() {
            let message = format!("expected a level of the ladder, found {level}");
            self.unknown(
                "unknown-severity",
                span.clone(),
                message,
                level,
                known.levels.iter().copied(),
            );
        }
    }

    fn role(&mut self, role: Option<&crate::model::ids::RoleId>, near: &Range<usize>) {
        let playbook = self.playbook;
        if let Some(role) =
            role.filter(|role| !playbook.roles.is_empty() && !playbook.roles.contains_key(*role))
        {
            let span = self.place(near, role.as_str());
            let names: Vec<&str> = playbook
                .roles
                .keys()
                .map(crate::model::ids::RoleId::as_str)
                .collect();
            let finding = crate::model::diagnostic::Diagnostic::error(
                "unknown-role",
                span,
                format!("expected a role of the front matter, found {role}"),
            );
            let help = nearest(role.as_str(), names.iter().copied()).map_or_else(
                || format!("known here: {}", names.join(", ")),
                |name| format!("did you mean {name}?"),
            );
            self.findings.push(finding.with_help(help));
        }
    }
}

/// Steps and actions: what can be done.
fn work<'k>(known: &'k Known<'_>) -> impl Iterator<Item = &'k str> {
    known.headings.iter().chain(&known.actions).copied()
}
