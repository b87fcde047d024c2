//! Quarterdeck, the incident cockpit for the terminal.
//!
//! The modules in reading order: plain data (`model`), the languages (`playbook`, `expr`, `sql`), the record, what is
//! made of both (`check`, `incident`, `report`), the pure engine, and then the outside: sources, store, screen, run time.

pub mod capture;
pub mod check;
pub mod cli;
pub mod config;
pub mod drill;
pub mod editor;
pub mod engine;
pub mod expr;
pub mod incident;
pub mod keymap;
pub mod kql;
pub mod layout;
pub mod message;
pub mod model;
pub mod pgsql;
pub mod playbook;
pub mod promql;
pub mod record;
pub mod report;
pub mod runtime;
pub mod sources;
pub mod sql;
pub mod store;
pub mod theme;
pub mod ui;
pub mod verdict;
