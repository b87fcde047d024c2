//! An embedded engine for PromQL: a query over series in memory, with the meaning Prometheus gives it.
//!
//! The subset: selectors with matchers, `offset`, ranges; `rate`, `increase`, `irate`, `delta` and the `…_over_time` family; aggregations `by` and `without`;
//! arithmetic, comparison (with `bool`), `and`, `or`, `unless`, vector matching `on` and `ignoring`. What it does not do is an error that names it, with its place.
//!
//! It stands by itself: it imports nothing else of the program, asks no clock, reads no file. It is for drills: a live incident never sees it.

pub mod store;

pub use store::{Point, Series, Store};
