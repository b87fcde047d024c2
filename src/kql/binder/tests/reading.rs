//! How much of a table a query reads: counted, not timed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::{answers, options};
use crate::kql;
use crate::kql::catalog::{Catalog, Table};
use crate::kql::column::{Column, Strings, Values};
use crate::kql::error::KqlError;
use crate::kql::relation::{Batch, Operator, Run};
use crate::kql::types::{Field, Schema, Type};

#[test]
fn a_check_runs_nothing_and_finds_every_statements_fault() {
    let table = Arc::new(Counted::default());
    let catalog = One(Arc::clone(&table));
    let query = "let m = toscalar(T | summarize max(n)); T | where n == m and n in ((T | project n)) | take toscalar(T | count)";
    assert_eq!(kql::check(query, &catalog, &options()), []);
    assert_eq!(table.batches.load(Ordering::Relaxed), 0);
    let faults = kql::check("T | where a == 1; T | project b", &catalog, &options());
    assert_eq!(faults.len(), 2);
}

#[test]
fn a_take_pulls_no_more_batches_than_it_needs() {
    for (query, batches, rows) in [
        ("T | take 50", 1, 50),
        ("T | where n % 2 == 0 | extend m = n | take 150", 3, 150),
        ("T | take 0", 0, 0),
        ("T | where n < 0 | take 1", 40, 0),
        ("T | count", 40, 1),
    ] {
        let table = Arc::new(Counted::default());
        let answer = answers(query, &One(Arc::clone(&table))).unwrap();
        assert_eq!(answer[0].rows(), rows, "{query}");
        assert_eq!(table.batches.load(Ordering::Relaxed), batches, "{query}");
    }
}

#[test]
fn a_shared_table_is_read_once() {
    for query in [
        "let m = materialize(T | project n); union m, m, (m | take 1) | count",
        "T | as A | join kind=inner (A | take 5) on n | count",
        "let f = (t:(*)) { union t, t }; T | invoke f() | count",
    ] {
        let table = Arc::new(Counted::default());
        answers(query, &One(Arc::clone(&table))).unwrap();
        assert_eq!(table.batches.load(Ordering::Relaxed), 40, "{query}");
    }
}

#[test]
fn only_the_columns_that_are_used_are_asked_for() {
    for (query, wanted) in [
        ("T | count", [false, false]),
        ("T | where n > 1 | count", [true, false]),
        ("T | project s", [false, true]),
        ("T | extend x = n | project s", [false, true]),
        ("T | where n > 1 | project s", [true, true]),
        (
            "T | sort by n asc | extend r = row_number() | project r",
            [true, false],
        ),
        ("union T, T | project n | take 5", [true, false]),
    ] {
        let table = Arc::new(Counted::default());
        answers(query, &One(Arc::clone(&table))).unwrap();
        assert_eq!(*table.wanted.lock().unwrap(), wanted, "{query}");
    }
}

/// A catalog of one table, `T`.
struct One(Arc<Counted>);

impl Catalog for One {
    fn table(&self, name: &str) -> Option<Arc<dyn Table>> {
        let table = Arc::clone(&self.0);
        (name == "T").then_some(table as Arc<dyn Table>)
    }

    fn names(&self) -> Vec<String> {
        vec!["T".to_owned()]
    }
}

/// Forty batches of a hundred rows, `n` and `s`, that notes what is asked of it.
struct Counted {
    schema: Schema,
    batches: Arc<AtomicUsize>,
    wanted: Mutex<Vec<bool>>,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            schema: Schema::new(vec![
                Field::new("n", Type::Long),
                Field::new("s", Type::String),
            ]),
            batches: Arc::default(),
            wanted: Mutex::default(),
        }
    }
}

impl Table for Counted {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scan(&self, wanted: &[bool]) -> Box<dyn Operator> {
        *self.wanted.lock().unwrap() = wanted.to_vec();
        Box::new(Batches {
            given: Arc::clone(&self.batches),
            next: 0,
        })
    }
}

struct Batches {
    given: Arc<AtomicUsize>,
    next: i64,
}

impl Operator for Batches {
    fn next(&mut self, _: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        if self.next == 4_000 {
            return Ok(None);
        }
        self.given.fetch_add(1, Ordering::Relaxed);
        let numbers: Vec<i64> = (self.next..self.next + 100).collect();
        self.next += 100;
        let texts = Strings::from_texts(numbers.iter().map(ToString::to_string));
        Ok(Some(Batch {
            rows: numbers.len(),
            columns: vec![
                Arc::new(Column::Long(Values::full(numbers))),
                Arc::new(Column::String(texts)),
            ],
        }))
    }
}
