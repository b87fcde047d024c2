//! The engine: state, events, effects, and the one function that turns an event into a new state and effects.
//!
//! Pure: no clock, no randomness, no IO, no terminal, no run time. What happened comes in as [`event::Event`], what is
//! to be done goes out as [`effect::Effect`].

pub mod command;
pub mod effect;
pub mod event;
pub mod state;
