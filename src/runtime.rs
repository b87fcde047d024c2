//! The run time: terminal, signals, loop, tasks, and the one place where effects become acts.
//!
//! It decides nothing: what is to be done comes from the engine as data.

pub mod clock;
pub mod ending;
pub mod signals;
pub mod terminal;
