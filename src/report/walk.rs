//! A walkthrough in words: the places of a playbook in order, what is to be said of each action, and the whole as Markdown.
//!
//! Pure, and the same for the screen and for print. Nothing here plans or sends: what was planned comes in as [`Shown`].

mod draft;
mod facts;
mod print;
mod prose;
mod tour;
mod words;

pub use draft::{complete, draft};
pub use facts::{Fact, facts, of_decision, of_phase, of_step, who};
pub use print::{Printed, Value, markdown};
pub use tour::{Place, counter, notes, steps_of, tour, whole};

use crate::message::Draft;
use crate::model::request::{Parameter, Request};

/// The note on an action that was shown in a walkthrough, by which the record tells it from one that was done by hand.
pub const SHOWN: &str = "shown in a walkthrough, nothing was sent";

/// What an action of a walkthrough came to, without anything being sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// The exact request that would be sent.
    Request(Box<Request>),
    /// A message, filled with what there is, and the inputs in it.
    Message(Box<Draft>, Vec<Parameter>),
    /// Why there is no request: it could not be sent for real either.
    Failed(String),
}
