//! The engine: state, events, effects, and the one function that turns an event into a new state and effects.
//!
//! Pure: no clock, no randomness, no IO, no terminal, no run time. What happened comes in as [`event::Event`], what is
//! to be done goes out as [`effect::Effect`].

pub mod adopt;
mod answers;
mod attached;
mod blocked;
pub mod capturing;
mod clocks;
mod closing;
pub mod command;
mod decide;
mod dialog;
mod drill;
mod editing;
pub mod effect;
pub mod event;
mod facts;
pub mod fuzzy;
mod gate;
mod home;
pub mod inputs;
mod judging;
mod keys;
mod messages;
mod navigate;
mod open;
mod planning;
mod render;
mod results;
mod runs;
mod sign_in;
mod stands;
pub mod state;
mod steps;
mod text;
mod timeline;
mod turn;
mod wake;
mod walk;
mod watch;

pub use gate::derived_request;
pub use open::{Setup, Start, start};
pub use render::{chart, live};
pub use turn::update;
pub use wake::next_wake;
