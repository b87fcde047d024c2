//! The record: entries, canonical bytes, chains, verification (`record.md` of the documentation is the specification).
//!
//! Pure: it hashes and signs what it is given. Files are the store's, clocks and randomness the run time's.

pub mod base64url;
pub mod body;
pub mod canonical;
pub mod chain;
pub mod entry;
pub mod merge;
pub mod parts;
pub mod raw;
pub mod verify;
