//! The order of an incident's entries: the union of its writers' chains, by Lamport clock.
//!
//! It never looks at wall clocks. Whether the chains hold is `verify`'s business.

use std::cmp::Ordering;

use super::entry::{Entry, Sealed};

/// The order of two entries: clock, then writer. Every reader on every host gets the same.
pub fn compare(left: &Entry, right: &Entry) -> Ordering {
    left.order().cmp(&right.order())
}

/// Puts entries of all writers into the incident's order; an entry that came twice stays once.
pub fn merge(mut entries: Vec<Sealed>) -> Vec<Sealed> {
    // The hash decides only between the two ends of a fork, so that even then every reader gets the same order.
    entries
        .sort_by(|left, right| compare(&left.entry, &right.entry).then(left.hash.cmp(&right.hash)));
    entries.dedup_by_key(|sealed| sealed.hash);
    entries
}
