//! Verdicts: what an action's `expect` ended in, with the reasons and the figures it rests on.
//!
//! Made by `verdict::judge`, recorded with the result, shown in words. "Zero rows" alone is never "no leak".

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::ids::ActionId;

/// One of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The expectation held, nothing speaks against believing it.
    Pass,
    /// The expectation did not hold.
    Fail,
    /// It held but cannot be believed, or it could not be evaluated.
    Inconclusive,
}

impl Verdict {
    /// The word on the screen; never told by colour alone.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
        }
    }
}

/// A verdict with what it rests on. Recorded as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, the weightiest first; never empty. Each is one short sentence for people.
    pub reasons: Vec<String>,
    /// The values that the expressions looked at, in order of first use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<Figure>,
    /// Proofs it relied on, as they stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<ProofSeen>,
    /// The expectation itself held, whatever was doubted; a `sustained` counts from the first of an unbroken row of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// A part of an expression with its value: `distinct(rows, "actorId")` is `1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Figure {
    /// The expression's part, as written.
    pub of: String,
    /// Its value as text: whole numbers as they are, others with at most 6 significant digits, errors in words.
    pub is: String,
}

/// A proof as it stood when a verdict was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofSeen {
    /// The action.
    pub action: ActionId,
    /// Its latest verdict; none when it was never judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}
