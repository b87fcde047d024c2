//! What conditions of a scenario may look at: what the record says the operator did, and how the simulated service stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Value, json};

use super::scenario::{Condition, Scenario};
use super::world::population::Population;
use super::world::stories::Stories;
use crate::expr::{self, Scope};
use crate::record::entry::{ActionOutcome, Body, Sealed};

/// The names that conditions may use, with what they stand for. The reference is made of this.
pub const NAMES: &[(&str, &str)] = &[
    (
        "ran",
        "list: actions that ended well at least once, by hand included",
    ),
    (
        "verdict",
        "map: the latest verdict of an action: \"pass\", \"fail\", \"inconclusive\"; empty text for none",
    ),
    (
        "decision",
        "map: what was chosen, a list, by decision; empty while it is not made",
    ),
    (
        "milestone",
        "list: milestones reached: \"aware\", \"confirmed\", \"contained\"",
    ),
    ("severity", "text: the current severity; empty for none"),
    ("sent", "list: messages that went out"),
    ("ticked", "list: checks that are done"),
    ("done", "list: steps that are done"),
    ("kept", "list: actions with a result in evidence"),
    ("resolved", "true once the incident was resolved or closed"),
    (
        "revoked",
        "list: staff users whose sessions were all revoked since the page",
    ),
    ("staff_sessions", "number: staff sessions that are active"),
    (
        "expired",
        "list: contacts none of whose magic links works any more, since the page",
    ),
    ("frozen", "list: operations that are frozen"),
    ("snapshots", "list: organisations whose state was kept"),
    ("rotated", "true once tokens were rotated"),
    (
        "disabled",
        "list: webhook endpoints that were disabled since the page",
    ),
    ("ended", "list: backends that were cancelled or terminated"),
    ("going", "list: stories that go on"),
    (
        "names",
        "map: the names that a story draws: names[\"attack\"].actors is a list",
    ),
];

/// Facts by the names that conditions use. Sets and maps become lists and maps of CEL.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// `ran`: actions that ended well at least once, by hand included.
    pub ran: BTreeSet<String>,
    /// `verdict`: the latest verdict of each action: `pass`, `fail`, `inconclusive`.
    pub verdict: BTreeMap<String, String>,
    /// `decision`: what was chosen, by decision.
    pub decision: BTreeMap<String, Vec<String>>,
    /// `milestone`: reached ones.
    pub milestone: BTreeSet<String>,
    /// `severity`: the current one; empty for none.
    pub severity: String,
    /// `sent`: messages that went out.
    pub sent: BTreeSet<String>,
    /// `ticked`: checks that are done.
    pub ticked: BTreeSet<String>,
    /// `done`: steps that are done.
    pub done: BTreeSet<String>,
    /// `kept`: actions with a result in evidence.
    pub kept: BTreeSet<String>,
    /// `resolved`: the incident was resolved or closed.
    pub resolved: bool,
    /// `revoked`: staff users whose sessions were all revoked since the page.
    pub revoked: BTreeSet<String>,
    /// `staff_sessions`: staff sessions that are active.
    pub staff_sessions: u64,
    /// `expired`: contacts none of whose magic links works any more, since the page.
    pub expired: BTreeSet<String>,
    /// `frozen`: operations that `matter ops freeze-operation` froze, until the freeze is lifted.
    pub frozen: BTreeSet<String>,
    /// `snapshots`: organisations whose state was kept.
    pub snapshots: BTreeSet<String>,
    /// `rotated`: tokens were rotated.
    pub rotated: bool,
    /// `disabled`: webhook endpoints that were disabled since the page.
    pub disabled: BTreeSet<String>,
    /// `ended`: backends that were cancelled or terminated, as text.
    pub ended: BTreeSet<String>,
    /// `going`: stories that go on.
    pub going: BTreeSet<String>,
    /// `names`: the names that were drawn, by story: `names["attack"].actors`.
    pub names: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Facts {
    /// The names that a seed draws for a scenario, and nothing else: for texts that are told without the service.
    pub fn drawn(scenario: &Scenario, seed: u64) -> Self {
        let population = Population::new(&scenario.service, seed);
        Self {
            names: Stories::new(scenario, seed, &population).names(),
            ..Self::default()
        }
    }

    /// Takes in what an entry says the operator did. True when a fact may have changed.
    pub fn observe(&mut self, sealed: &Sealed) -> bool {
        let Some(body) = &sealed.body else {
            return false;
        };
        match body {
            Body::IncidentOpened { severity, .. } => {
                self.severity = severity.clone().unwrap_or_default();
            }
            Body::ActionResult {
                action,
                outcome,
                judged,
                evidence,
                ..
            } => {
                let action = action.to_string();
                match judged {
                    Some(judgement) => {
                        let word = judgement.verdict.word().to_lowercase();
                        self.verdict.insert(action.clone(), word);
                    }
                    None => {
                        self.verdict.remove(&action);
                    }
                }
                if !evidence.is_empty() {
                    self.kept.insert(action.clone());
                }
                if *outcome == ActionOutcome::Ok {
                    self.ran.insert(action);
                }
            }
            Body::ActionResolved {
                action, done: true, ..
            } => {
                self.ran.insert(action.to_string());
            }
            Body::EvidenceAdded {
                origin: Some(origin),
                ..
            } => {
                self.kept.insert(origin.action.to_string());
            }
            Body::CheckTicked {
                check,
                not_applicable: None,
            } => {
                self.ticked.insert(check.to_string());
            }
            // What does not apply was not done.
            Body::CheckTicked { check, .. } | Body::CheckUnticked { check } => {
                self.ticked.remove(check.as_str());
            }
            Body::StepDone { step, .. } => {
                self.done.insert(step.to_string());
            }
            Body::StepReopened { step } => {
                self.done.remove(step.as_str());
            }
            Body::DecisionMade {
                decision, chosen, ..
            } => {
                self.decision.insert(decision.to_string(), chosen.clone());
            }
            Body::MilestoneReached { milestone, .. } => {
                self.milestone.insert(milestone.clone());
            }
            Body::SeverityChanged { severity, .. } => self.severity.clone_from(severity),
            Body::MessageSent { action, .. } => {
                self.sent.insert(action.to_string());
            }
            Body::IncidentResolved { .. } | Body::IncidentClosed { .. } => self.resolved = true,
            Body::IncidentReopened { .. } => self.resolved = false,
            _ => return false,
        }
        true
    }

    /// Whether a condition holds. The error says why that cannot be told: such a condition does not hold, and a wrong one is found by `check`.
    pub fn holds(&self, condition: &Condition) -> Result<bool, String> {
        let expression = &condition.expression;
        let mut scope = Scope::new();
        for name in expr::variables(expression) {
            let asked = expr::keys_of(expression, &name);
            if let Some(value) = self.value(&name, &asked) {
                scope.set(name, value);
            }
        }
        expr::holds(expression, &scope)
    }

    /// What a name stands for. Verdicts and decisions that a condition asks for and that are not there yet are empty, not an error.
    fn value(&self, name: &str, asked: &[String]) -> Option<Value> {
        let value = match name {
            "ran" => json!(self.ran),
            "verdict" => {
                let mut verdicts = self.verdict.clone();
                for action in asked {
                    verdicts.entry(action.clone()).or_default();
                }
                json!(verdicts)
            }
            "decision" => {
                let mut decisions = self.decision.clone();
                for decision in asked {
                    decisions.entry(decision.clone()).or_default();
                }
                json!(decisions)
            }
            "milestone" => json!(self.milestone),
            "severity" => json!(self.severity),
            "sent" => json!(self.sent),
            "ticked" => json!(self.ticked),
            "done" => json!(self.done),
            "kept" => json!(self.kept),
            "resolved" => json!(self.resolved),
            "revoked" => json!(self.revoked),
            "staff_sessions" => json!(self.staff_sessions),
            "expired" => json!(self.expired),
            "frozen" => json!(self.frozen),
            "snapshots" => json!(self.snapshots),
            "rotated" => json!(self.rotated),
            "disabled" => json!(self.disabled),
            "ended" => json!(self.ended),
            "going" => json!(self.going),
            "names" => json!(self.names),
            _ => return None,
        };
        Some(value)
    }

    /// A text with the names it speaks of: `{attack.actors}` is all of them, `{attack.actors.0}` the first. What names nothing stays as it is.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut from = 0;
        for (range, story, role) in placeholders(text) {
            let names = self.names.get(story).and_then(|roles| roles.get(role));
            let index = text
                .get(range.start + 1..range.end - 1)
                .and_then(|inside| inside.split('.').nth(2))
                .and_then(|index| index.parse::<usize>().ok());
            let value = match (names, index) {
                (Some(names), Some(index)) => names.get(index).cloned(),
                (Some(names), None) => Some(names.join(", ")),
                (None, _) => None,
            };
            if let Some(value) = value {
                filled.push_str(text.get(from..range.start).unwrap_or_default());
                filled.push_str(&value);
                from = range.end;
            }
        }
        filled.push_str(text.get(from..).unwrap_or_default());
        filled
    }
}

/// The names in braces that a text speaks of: where, the story, the role.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = (Range<usize>, &str, &str)> {
    text.match_indices('{').filter_map(|(start, _)| {
        let rest = text.get(start + 1..)?;
        let end = rest.find('}')?;
        let mut parts = rest.get(..end)?.split('.');
        let (story, role, index) = (parts.next()?, parts.next()?, parts.next());
        let named = |name: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            !name.is_empty() && name.bytes().all(fits)
        };
        let counted = index.is_none_or(|index| index.parse::<usize>().is_ok());
        let fits = named(story) && named(role) && counted && parts.next().is_none();
        fits.then_some((start..start + end + 2, story, role))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_list_has_a_value_and_no_other_has() {
        let facts = Facts::default();
        for (name, _) in NAMES {
            assert!(facts.value(name, &[]).is_some(), "{name}");
        }
        assert!(facts.value("rows", &[]).is_none());
    }

    #[test]
    fn names_are_filled_in_and_other_braces_stay() {
        let mut facts = Facts::default();
        let roles = BTreeMap::from([(
            "actors".to_owned(),
            vec!["u-1".to_owned(), "u-2".to_owned()],
        )]);
        facts.names.insert("attack".to_owned(), roles);
        assert_eq!(
            facts.fill("{attack.actors} and {attack.actors.1}, {attack.targets}, {x}, {"),
            "u-1, u-2 and u-2, {attack.targets}, {x}, {"
        );
    }
}
