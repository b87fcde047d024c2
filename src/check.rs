//! The linter of playbooks: whether the names in one fit together and its texts can be trusted to run.
//!
//! Reads nothing but the playbook and today's date. What the parser found is not repeated here.

mod decisions;
mod messages;
mod names;
mod texts;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::expr;
use crate::model::diagnostic::{Diagnostic, nearest};
use crate::model::input::{self, InputType};
use crate::model::limits;
use crate::model::playbook::{Choice, Effect, Language, Playbook};

/// Days after which a review is old.
const REVIEW_DAYS: i64 = 90;

/// Checks a playbook; findings in the order of the file. A plain runbook was not written for this format: only findings
/// about what would run are made for it, as warnings.
pub fn check(playbook: &Playbook, today: jiff::civil::Date) -> Vec<Diagnostic> {
    let mut checker = Checker {
        playbook,
        findings: Vec::new(),
    };
    checker.texts();
    if playbook.native {
        checker.names();
        checker.decisions();
        checker.expressions();
        checker.inputs();
        checker.writes();
        checker.upkeep(today);
    } else {
        for finding in &mut checker.findings {
            finding.level = crate::model::diagnostic::Level::Warning;
        }
    }
    let mut findings = checker.findings;
    findings.sort_by_key(|finding| finding.span.start);
    findings.dedup();
    findings.truncate(limits::DIAGNOSTICS);
    findings
}

/// Playbooks that the decisions of this one lead to, `Then: playbook:ID`.
pub fn playbooks_named(playbook: &Playbook) -> impl Iterator<Item = &str> {
    other_playbooks(playbook).map(|(id, _)| id)
}

/// Checks that the playbooks it leads to are there, among `known` ids; findings in the order of the file. What is there is
/// the caller's to say.
pub fn check_playbooks(playbook: &Playbook, known: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut checker = Checker {
        playbook,
        findings: Vec::new(),
    };
    for (id, choice) in other_playbooks(playbook) {
        let span = checker.place(&choice.span, &format!("playbook:{id}"));
        let what = "Then: expected a playbook of the library or of the files checked";
        checker.known_id(
            "unknown-playbook",
            &span,
            what,
            id,
            known.iter().map(String::as_str),
        );
    }
    checker.findings
}

fn other_playbooks(playbook: &Playbook) -> impl Iterator<Item = (&str, &Choice)> {
    playbook
        .steps()
        .filter_map(|(_, step)| step.decision.as_ref())
        .flat_map(|decision| &decision.choices)
        .flat_map(|choice| choice.then.iter().map(move |target| (target, choice)))
        .filter_map(|(target, choice)| Some((target.strip_prefix("playbook:")?.trim(), choice)))
}

struct Checker<'a> {
    playbook: &'a Playbook,
    findings: Vec<Diagnostic>,
}

impl Checker<'_> {
    /// Every expression parses and names what there is.
    fn expressions(&mut self) {
        let playbook = self.playbook;
        for action in playbook.actions.values() {
            let judge = &action.judge;
            for (what, expression) in [
                ("alert", &judge.alert),
                ("expect", &judge.expect),
                ("doubt", &judge.doubt),
            ] {
                let Some(expression) = expression else {
                    continue;
                };
                self.expression(what, &expression.text, &expression.span, true);
                if what == "expect" && expr::uses_all(&expression.text) {
                    self.findings.push(
                        Diagnostic::warning(
                            "all-of-nothing",
                            expression.span.clone(),
                            "all() holds for zero rows, so this passes when nothing was found",
                        )
                        .with_help(
                            "ask for rows as well: size(rows) > 0 && …, or put that in doubt=",
                        ),
                    );
                }
            }
        }
        for phase in &playbook.phases {
            if let Some(when) = &phase.when {
                let span = self.place(&phase.span, when);
                self.expression("when", when, &span, false);
            }
        }
        for (_, step) in playbook.steps() {
            if let Some(when) = &step.when {
                let span = self.place(&step.span, when);
                self.expression("when", when, &span, false);
            }
            for choice in step.decision.iter().flat_map(|decision| &decision.choices) {
                if let Some(suggest) = &choice.suggest_when {
                    let span = self.place(&choice.span, suggest);
                    self.expression("Suggest when", suggest, &span, true);
                }
            }
        }
        for clock in playbook.clocks.values() {
            if let Some(when) = &clock.when {
                let span = self.place(&clock.span, when);
                self.expression("when", when, &span, false);
            }
        }
    }

    /// `own` is true where the result of an action is in scope.
    fn expression(&mut self, what: &str, text: &str, span: &Range<usize>, own: bool) {
        let parsed = match expr::parse(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                let exact = self.playbook.source.text.get(span.clone()) == Some(text);
                let start = if exact {
                    span.start + error.position
                } else {
                    span.start
                };
                self.error(
                    "bad-expression",
                    start..span.end.max(start),
                    format!("{what}: {}", error.message),
                );
                return;
            }
        };
        let result_names = [
            "count", "rows", "value", "last", "max", "sum", "exit", "stdout", "lines", "status",
            "body",
        ];
        for name in expr::variables(&parsed) {
            let of_result = result_names.contains(&name.as_str());
            if !expr::NAMES.contains(&name.as_str()) {
                let message = format!("{what}: expected a known name, found {name}");
                self.unknown(
                    "unknown-variable",
                    span.clone(),
                    message,
                    &name,
                    expr::NAMES,
                );
            } else if of_result && !own {
                let message = format!(
                    "{what}: {name} belongs to an action; write result[\"action-id\"].{name}"
                );
                self.error("unknown-variable", span.clone(), message);
            }
        }
        for function in expr::functions(&parsed) {
            if !expr::FUNCTIONS.contains(&function.as_str()) {
                let message = format!("{what}: expected a known function, found {function}");
                self.unknown(
                    "unknown-function",
                    span.clone(),
                    message,
                    &function,
                    expr::FUNCTIONS,
                );
            }
        }
        let playbook = self.playbook;
        for id in expr::keys_of(&parsed, "result") {
            let known = playbook
                .actions
                .keys()
                .map(crate::model::ids::ActionId::as_str);
            self.known_id(
                "unknown-id",
                span,
                &format!("{what}: expected an action"),
                &id,
                known,
            );
        }
        for id in expr::keys_of(&parsed, "decision") {
            let known = playbook
                .steps()
                .filter(|(_, step)| step.decision.is_some())
                .map(|(_, step)| step.id.as_str());
            self.known_id(
                "unknown-id",
                span,
                &format!("{what}: expected a decision"),
                &id,
                known,
            );
        }
        for id in expr::keys_of(&parsed, "inputs") {
            let known = playbook
                .inputs
                .keys()
                .map(crate::model::ids::InputId::as_str)
                .chain(input::BUILT_INS);
            self.known_id(
                "undeclared-input",
                span,
                &format!("{what}: expected a declared input"),
                &id,
                known,
            );
        }
    }

    fn inputs(&mut self) {
        for input in self.playbook.inputs.values() {
            let Some(span) = self.declared(input.id.as_str()) else {
                continue;
            };
            if let InputType::Text {
                pattern: Some(pattern),
            } = &input.kind
                && let Err(error) = regex::Regex::new(pattern)
            {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim().to_owned();
                self.error(
                    "bad-pattern",
                    span.clone(),
                    format!(
                        "the pattern of {} is no regular expression: {reason}",
                        input.id
                    ),
                );
                continue;
            }
            if let Some(default) = &input.default {
                if input.kind == InputType::Secret {
                    self.error(
                        "secret-default",
                        span.clone(),
                        format!("the secret {} must not have a default", input.id),
                    );
                } else if let Err(reason) = input::check(input, default) {
                    self.error(
                        "bad-default",
                        span.clone(),
                        format!("the default of {}: {reason}, found {default}", input.id),
                    );
                }
            }
        }
    }

    /// Writes without a preview, an undo, or with a preview that writes itself.
    fn writes(&mut self) {
        for action in self.playbook.actions.values() {
            if let Some(preview) = action
                .preview
                .as_ref()
                .and_then(|id| self.playbook.action(id))
                && preview.effect == Effect::Write
            {
                let span = self.place(&action.span, preview.id.as_str());
                self.error(
                    "preview-writes",
                    span,
                    format!(
                        "expected a preview that reads, found {} which writes",
                        preview.id
                    ),
                );
            }
            if action.effect != Effect::Write || action.language == Language::Message {
                continue;
            }
            if self.playbook.watch.contains(&action.id) {
                self.error(
                    "watch-writes",
                    action.span.clone(),
                    format!("a live pane only reads, {} writes", action.id),
                );
            }
            if action.preview.is_none() && !action.preserves {
                self.warning(
                    "write-without-preview",
                    action.span.clone(),
                    format!(
                        "{} writes without preview=: name the read that shows what it would touch",
                        action.id
                    ),
                );
            }
            if action.undo.is_none() && !action.preserves {
                self.warning(
                    "write-without-undo",
                    action.span.clone(),
                    format!(
                        "{} writes without undo=: say how to undo it, or that it cannot be",
                        action.id
                    ),
                );
            }
        }
    }

    fn upkeep(&mut self, today: jiff::civil::Date) {
        let playbook = self.playbook;
        if let Some(reviewed) = playbook.reviewed {
            let days = i64::from((today - reviewed).get_days());
            let span = self.key("reviewed:").unwrap_or(0..0);
            if days > REVIEW_DAYS {
                self.warning(
                    "old-review",
                    span,
                    format!("last reviewed {reviewed}, {days} days ago; {REVIEW_DAYS} days is old"),
                );
            } else if days < 0 {
                self.warning(
                    "future-review",
                    span,
                    format!("last reviewed {reviewed}, which is after today"),
                );
            }
        }
        for phase in &playbook.phases {
            let empty = phase
                .steps
                .iter()
                .all(|step| step.body.is_empty() && step.decision.is_none());
            if empty && phase.introduction.is_empty() {
                self.warning(
                    "empty-phase",
                    phase.span.clone(),
                    format!("the phase {} has nothing in it", phase.title),
                );
            }
        }
        if playbook.phases.is_empty() {
            self.warning(
                "no-phases",
                0..0,
                "expected at least one ## heading that is a phase, found none".to_owned(),
            );
        }
        for clock in playbook.clocks.values() {
            if clock.met_by.is_empty() {
                self.warning(
                    "clock-never-met",
                    clock.span.clone(),
                    format!(
                        "nothing meets the clock {}: name a step or action in met_by",
                        clock.id
                    ),
                );
            }
            if clock.repeats && clock.until.is_none() {
                self.warning(
                    "clock-never-ends",
                    clock.span.clone(),
                    format!("the clock {} repeats without until:", clock.id),
                );
            }
        }
    }

    /// The place of a text near a span, so that a finding points at the word and not at the heading.
    fn place(&self, near: &Range<usize>, text: &str) -> Range<usize> {
        let source = &self.playbook.source.text;
        let after = source.get(near.start..).unwrap_or_default();
        let mut reach = near.len().max(1).min(after.len());
        while !after.is_char_boundary(reach) {
            reach += 1;
        }
        match after.get(..reach).and_then(|part| part.find(text)) {
            Some(at) if !text.is_empty() => near.start + at..near.start + at + text.len(),
            _ => near.clone(),
        }
    }

    /// Where a key of the front matter stands.
    fn key(&self, key: &str) -> Option<Range<usize>> {
        let source = &self.playbook.source.text;
        source
            .match_indices(key)
            .map(|(at, _)| at)
            .find(|at| source.get(..*at).is_some_and(|head| head.ends_with('\n')))
            .map(|at| at..at + key.len())
    }

    /// Where an input is declared.
    fn declared(&self, id: &str) -> Option<Range<usize>> {
        let source = &self.playbook.source.text;
        source
            .match_indices(id)
            .map(|(at, _)| at)
            .find(|at| {
                let before = source.get(..*at).and_then(|head| head.chars().next_back());
                let after = source
                    .get(at + id.len()..)
                    .is_some_and(|rest| rest.starts_with(':'));
                after && matches!(before, Some(' ' | '{' | ',' | '\n'))
            })
            .map(|at| at..at + id.len())
    }

    fn known_id<'k>(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        what: &str,
        id: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.collect();
        if !known.contains(&id) {
            let message = format!("{what}, found {id}");
            self.unknown(code, span.clone(), message, id, known);
        }
    }

    fn unknown<'k>(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: String,
        found: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let finding = Diagnostic::error(code, span, message);
        self.findings.push(match nearest(found, known) {
            Some(name) => finding.with_help(format!("did you mean {name}?")),
            None => finding,
        });
    }

    fn error(&mut self, code: &'static str, span: Range<usize>, message: impl Into<String>) {
        self.findings.push(Diagnostic::error(code, span, message));
    }

    fn warning(&mut self, code: &'static str, span: Range<usize>, message: String) {
        self.findings.push(Diagnostic::warning(code, span, message));
    }
}
