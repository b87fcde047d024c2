//! The run time: terminal, signals, loop, tasks, and the one place where effects become acts.
//!
//! It decides nothing: what is to be done comes from the engine as data.

pub mod capturing;
pub mod clock;
pub mod customs;
pub mod debriefs;
pub mod doctor;
pub mod drills;
pub mod ending;
pub mod event_loop;
pub mod events;
pub mod home;
pub mod judging;
pub mod messages;
pub mod mode;
pub mod perform;
pub mod playbooks;
pub mod program;
pub mod rehearse;
pub mod runs;
pub mod session;
pub mod signals;
pub mod terminal;
pub mod trial;
