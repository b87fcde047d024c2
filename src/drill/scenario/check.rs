//! Whether a scenario and its playbook fit together: every action, decision, choice, check and input that it names is there.

use std::collections::BTreeSet;

use super::fields::{Findings, Span};
use super::texts::{Part, Texts, compared, conditions, members, told};
use super::{Scenario, Timed, read, roles};
use crate::drill::facts::{self, Facts};
use crate::expr;
use crate::model::diagnostic::Diagnostic;
use crate::model::ids::{EvidenceId, InputId, StepId};
use crate::model::input;
use crate::model::playbook::{Language, Playbook, Step};

/// What the fact `verdict` may say of an action; nothing while there is none.
const VERDICTS: [&str; 4] = ["pass", "fail", "inconclusive", ""];

/// Checks a scenario against the playbook it names; findings in the order of the file. What is wrong with the file itself is not repeated.
pub fn check(scenario: &Scenario, playbook: &Playbook) -> Vec<Diagnostic> {
    let checker = Checker {
        scenario,
        playbook,
        texts: Texts::new(&scenario.source),
        known: Known::new(playbook),
        findings: Findings::default(),
    };
    checker.opening();
    checker.inputs();
    checker.truth();
    checker.rubric();
    checker.injects();
    checker.conditions();
    checker.drawn();
    checker.findings.sorted()
}

/// The names that the playbook has.
struct Known<'p> {
    actions: BTreeSet<&'p str>,
    messages: BTreeSet<&'p str>,
    checks: BTreeSet<&'p str>,
    steps: BTreeSet<&'p str>,
    decisions: BTreeSet<&'p str>,
    evidence: BTreeSet<&'p str>,
}

impl<'p> Known<'p> {
    fn new(playbook: &'p Playbook) -> Self {
        let steps = || playbook.steps().map(|(_, step)| step);
        let actions = || playbook.actions.iter();
        Self {
            actions: actions().map(|(id, _)| id.as_str()).collect(),
            messages: actions()
                .filter(|(_, action)| action.language == Language::Message)
                .map(|(id, _)| id.as_str())
                .collect(),
            checks: steps()
                .flat_map(Step::checks)
                .map(|check| check.id.as_str())
                .collect(),
            steps: steps().map(|step| step.id.as_str()).collect(),
            decisions: steps()
                .filter(|step| step.decision.is_some())
                .map(|step| step.id.as_str())
                .collect(),
            evidence: playbook.evidence.keys().map(EvidenceId::as_str).collect(),
        }
    }
}

struct Checker<'a> {
    scenario: &'a Scenario,
    playbook: &'a Playbook,
    texts: Texts<'a>,
    known: Known<'a>,
    findings: Findings,
}

impl Checker<'_> {
    fn place(&self, path: &[&str]) -> Span {
        let parts: Vec<Part<'_>> = path.iter().map(|key| Part::Key(key)).collect();
        self.texts.place(&parts)
    }

    /// A name that has to be among some others.
    fn known<'k>(
        &self,
        span: Span,
        (what, name): (&str, &str),
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        if !known.contains(&name) {
            let what = format!("{what} of playbook {}", self.playbook.id);
            self.findings
                .unknown("not-in-playbook", span, (&what, name), known);
        }
    }

    fn opening(&self) {
        let (scenario, playbook) = (self.scenario, self.playbook);
        if let Some(alert) = &scenario.alert {
            let alerts = playbook.alerts.iter().map(String::as_str);
            self.known(self.place(&["alert"]), ("an alert", alert), alerts);
        }
        if let Some(severity) = &scenario.severity {
            self.severity(&["severity".into()], severity);
        }
        if let Some(severity) = &scenario.truth.severity {
            self.severity(&["truth".into(), "severity".into()], severity);
        }
    }

    fn severity(&self, path: &[Part<'_>], severity: &str) {
        let ladder = self.playbook.ladder.iter().map(|level| level.id.as_str());
        let opening = self.playbook.severity.iter().map(String::as_str);
        let known: BTreeSet<&str> = ladder.chain(opening).collect();
        self.known(self.texts.place(path), ("a severity", severity), known);
    }

    /// Inputs are there, and take the value where it is known before a drill begins.
    fn inputs(&self) {
        for (id, value) in &self.scenario.inputs {
            let span = self.place(&["inputs", id.as_str()]);
            let Some(input) = self.playbook.inputs.get(id) else {
                let known = self.playbook.inputs.keys().map(InputId::as_str);
                self.known(span, ("an input", id.as_str()), known);
                continue;
            };
            if facts::placeholders(value).next().is_some() {
                continue;
            }
            if let Err(error) = input::check(input, value) {
                let message = format!("{id}: {error}");
                self.findings.error("wrong-value", span, message);
            }
        }
    }

    fn truth(&self) {
        let truth = &self.scenario.truth;
        let tables = [
            ("decisions", &truth.decisions),
            ("all_clear", &truth.all_clear),
        ];
        for (table, (decision, choices)) in tables
            .into_iter()
            .flat_map(|(key, table)| table.iter().map(move |row| (key, row)))
        {
            let span = self.place(&["truth", table, decision.as_str()]);
            self.decision(&span, decision.as_str());
            for choice in choices {
                self.choice(&span, decision.as_str(), choice);
            }
        }
    }

    fn decision(&self, span: &Span, decision: &str) {
        let known = self.known.decisions.iter().copied();
        self.known(span.clone(), ("a decision", decision), known);
    }

    fn choice(&self, span: &Span, decision: &str, choice: &str) {
        let step = self.playbook.step(&decision.into());
        let Some(decision) = step.and_then(|step| step.decision.as_ref()) else {
            return;
        };
        let known = decision.choices.iter().map(|choice| choice.name.as_str());
        self.known(span.clone(), ("a choice of this decision", choice), known);
    }

    fn rubric(&self) {
        let rubric = &self.scenario.rubric;
        let known = &self.known;
        let acts = || known.actions.iter().chain(&known.checks).copied();
        let injects = self.scenario.injects.iter().map(|one| one.id.as_str());
        let parts: [(&str, &Option<Timed>, &str, Vec<&str>); 4] = [
            (
                "acknowledge",
                &rubric.acknowledge,
                "an action or a check",
                acts().collect(),
            ),
            (
                "contain",
                &rubric.contain,
                "an action, a check or an inject",
                acts().chain(injects).collect(),
            ),
            (
                "classify",
                &rubric.classify,
                "a decision of [truth.decisions]",
                self.scenario
                    .truth
                    .decisions
                    .keys()
                    .map(StepId::as_str)
                    .collect(),
            ),
            (
                "first_update",
                &rubric.first_update,
                "a message",
                known.messages.iter().copied().collect(),
            ),
        ];
        for (key, part, what, known) in parts {
            for name in part.iter().flat_map(|part| &part.by) {
                let span = self.place(&["rubric", key, "by"]);
                self.known(span, (what, name), known.iter().copied());
            }
        }
        let place = |key| self.place(&["rubric", "evidence", key]);
        if let Some(evidence) = &rubric.evidence {
            for name in &evidence.kept {
                let known = known.actions.iter().chain(&known.evidence).copied();
                self.known(
                    place("kept"),
                    ("an action or an item of the evidence table", name),
                    known,
                );
            }
            for name in &evidence.before {
                self.known(
                    place("before"),
                    ("an action or a check", name.as_str()),
                    acts(),
                );
            }
            for name in &evidence.items {
                let known = known.evidence.iter().copied();
                self.known(
                    place("items"),
                    ("an item of the evidence table", name.as_str()),
                    known,
                );
            }
        }
        if rubric.deadlines.is_some() && self.playbook.clocks.is_empty() {
            let span = self.place(&["rubric", "deadlines"]);
            let message = format!(
                "deadlines: playbook {} has no clocks to be met",
                self.playbook.id
            );
            self.findings.error("not-in-playbook", span, message);
        }
        self.twice();
    }

    /// Evidence that counts twice: an item comes from an action whose result is asked for as well.
    fn twice(&self) {
        let evidence = self.scenario.rubric.evidence.iter();
        for (item, kept) in
            evidence.flat_map(|part| part.items.iter().map(|item| (item, &part.kept)))
        {
            let from = self.playbook.evidence.get(item);
            let from = from.and_then(|item| item.from.as_ref());
            if kept
                .iter()
                .any(|name| name == item.as_str() || Some(name) == from)
            {
                let span = self.place(&["rubric", "evidence", "items"]);
                let message = format!(
                    "items: expected what `kept` does not ask for already, found {:?}",
                    item.as_str()
                );
                self.findings.error("twice", span, message);
            }
        }
    }

    /// An inject that is called like an action or a check: a sign of the one would be one of the other.
    fn injects(&self) {
        for (index, inject) in self.scenario.injects.iter().enumerate() {
            let id = inject.id.as_str();
            if self.known.actions.contains(id) || self.known.checks.contains(id) {
                let span = self
                    .texts
                    .place(&["inject".into(), index.into(), "id".into()]);
                let message = format!(
                    "expected a name of its own, found that of an action or a check: {id:?}"
                );
                self.findings.error("same-name", span, message);
            }
        }
    }

    /// What shows only once names are drawn: names that there are not so many of, and conditions that cannot be evaluated.
    fn drawn(&self) {
        let drawn = Facts::drawn(self.scenario, 0);
        for (path, text) in told(self.scenario) {
            let filled = drawn.fill(text);
            // A story or a role that is not there is told by the file itself.
            let left = facts::placeholders(&filled).find(|(_, story, role)| {
                let mut stories = self.scenario.stories.iter();
                stories.any(|one| one.id == *story && roles(&one.pattern).contains(role))
            });
            if let Some((range, story, role)) = left {
                let found = drawn.names.get(story).and_then(|roles| roles.get(role));
                let message = format!(
                    "expected a name that is there, found {}: {story} has {} of {role}",
                    filled.get(range).unwrap_or_default(),
                    found.map_or(0, Vec::len)
                );
                self.findings
                    .error("unknown-name", self.texts.place(&path), message);
            }
        }
        for (path, condition) in conditions(self.scenario) {
            if let Err(error) = drawn.holds(condition) {
                let message = format!("cannot be evaluated, so it would never hold: {error}");
                self.findings
                    .error("condition", self.texts.place(&path), message);
            }
        }
    }

    /// Literal names in conditions.
    fn conditions(&self) {
        let known = &self.known;
        for (path, condition) in conditions(self.scenario) {
            let span = self.texts.place(&path);
            let expression = &condition.expression;
            for action in expr::keys_of(expression, "verdict") {
                self.known(
                    span.clone(),
                    ("an action", &action),
                    known.actions.iter().copied(),
                );
            }
            for decision in expr::keys_of(expression, "decision") {
                self.decision(&span, &decision);
            }
            for (fact, word) in compared(&condition.text) {
                if fact == "severity" {
                    self.severity(&path, &word);
                } else if fact.starts_with("verdict") {
                    let known = VERDICTS.iter().copied();
                    self.known(span.clone(), ("a verdict", &word), known);
                }
            }
            for (name, list) in members(&condition.text) {
                let (what, known) = match list.as_str() {
                    "ran" | "kept" => ("an action", &known.actions),
                    "sent" => ("a message", &known.messages),
                    "ticked" => ("a check", &known.checks),
                    "done" => ("a step", &known.steps),
                    "milestone" => {
                        let what = ("a milestone", name.as_str());
                        self.known(span.clone(), what, read::MILESTONES);
                        continue;
                    }
                    other => {
                        let decision = other
                            .strip_prefix("decision[")
                            .and_then(|rest| rest.strip_suffix(']'))
                            .map(|quoted| quoted.trim_matches(['"', '\'']));
                        if let Some(decision) = decision {
                            self.choice(&span, decision, &name);
                        }
                        continue;
                    }
                };
                self.known(span.clone(), (what, &name), known.iter().copied());
            }
        }
    }
}
