//! Verdicts and suggestions: expressions of a playbook over results, and whether the answer can be believed.
//!
//! Pure but for the rows it reads from where they lie; called off the loop's thread. An error in an expression is never
//! false. "Zero rows" alone is never "no leak".

mod figures;
mod judge;
mod own_limit;
mod scope;
mod suggest;
mod sustained;
mod typing;

pub use figures::cut;
pub use judge::{NOT_EVALUATED, judge, not_ended, with_doubt};
pub use own_limit::kql_limit;
pub use suggest::suggest;

use std::collections::BTreeMap;

use crate::model::answer::Answer;
use crate::model::ids::ActionId;
use crate::model::playbook::{Choice, Judge};
use crate::model::verdict::{Figure, Verdict};
use crate::model::{Mode, Timestamp};

/// What the expressions of a playbook may look at beside a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// When the question is asked.
    pub now: Timestamp,
    /// Mode of the incident.
    pub mode: Mode,
    /// The incident's id.
    pub incident_id: String,
    /// Who works here.
    pub operator: String,
    /// Severity, if there is one.
    pub severity: Option<String>,
    /// Inputs with a value: type's word and canonical text. Integers become numbers, durations and look-backs seconds,
    /// the others text. Secrets are not among them.
    pub inputs: BTreeMap<String, (String, String)>,
    /// Decisions as they stand: one name, or several where `.many` allows them.
    pub decisions: BTreeMap<String, Vec<String>>,
    /// Decisions that allow several: `decision["id"]` is a list for these, a string for the others.
    pub many: Vec<String>,
    /// Milestones reached.
    pub milestones: Vec<String>,
}

/// A result that an expression looks up by `result["id"]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Reference {
    /// It is at hand.
    Here(Answer),
    /// It is in the evidence file with this hash; whoever asks reads it first and puts `Here` in its place.
    Evidence(crate::record::entry::Hash),
    /// It cannot be had, in words for the operator: never run, not kept, failed.
    Missing(String),
}

/// A proof as the record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The action.
    pub action: ActionId,
    /// Its latest verdict and when it was made; none when it was never judged.
    pub judged: Option<(Verdict, Timestamp)>,
}

/// Everything a verdict is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The action.
    pub action: ActionId,
    /// Its expressions.
    pub judge: Judge,
    /// Its result.
    pub answer: Answer,
    /// Rows at which the query's own `LIMIT`, `take` or `top` cuts, when it has one: a filled one is doubt.
    pub own_limit: Option<u64>,
    /// How old the newest sample may be before the source counts as stale; none for results without samples.
    pub stale_after: Option<std::time::Duration>,
    /// Other results that its expressions name.
    pub others: BTreeMap<ActionId, Reference>,
    /// Its proofs, as the record has them now.
    pub proofs: Vec<Proof>,
    /// Since when its expectation has held without a break, before this result.
    pub held_since: Option<Timestamp>,
    /// The rest.
    pub facts: Facts,
}

/// What a decision's suggestions are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestionQuestion {
    /// The decision's choices.
    pub choices: Vec<Choice>,
    /// Results that `over` names, in its order: bare names (`rows`, `count`) mean the first that has a result.
    pub over: Vec<(ActionId, Reference)>,
    /// Other results that the expressions name.
    pub others: BTreeMap<ActionId, Reference>,
    /// The rest.
    pub facts: Facts,
}

/// What the results say of one choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The choice's name.
    pub choice: String,
    /// True when it is suggested; the error when its expression could not be evaluated.
    pub suggested: Result<bool, String>,
    /// The values it rests on.
    pub figures: Vec<Figure>,
}
