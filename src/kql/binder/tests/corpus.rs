//! Checking without running, over every query that a real engine answered.

use super::options;
use crate::kql;
use crate::kql::catalog::Memory;

/// The queries that a real engine answered.
fn corpus() -> Vec<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/kql/emulator.jsonl"
    );
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            case["kql"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn a_check_finds_no_fault_in_what_a_real_engine_answered() {
    for query in corpus() {
        assert_eq!(
            kql::check(&query, &Memory::default(), &options()),
            [],
            "{query}"
        );
    }
}

#[test]
fn a_query_with_a_word_left_out_never_panics() {
    for (number, query) in corpus().iter().enumerate() {
        let words: Vec<&str> = query.split(' ').collect();
        for left_out in (number % 5..words.len()).step_by(5) {
            let mut fewer = words.clone();
            fewer.remove(left_out);
            let text = fewer.join(" ");
            for error in kql::check(&text, &Memory::default(), &options()) {
                assert!(
                    text.get(error.span.start..error.span.end).is_some(),
                    "{error} points outside of {text}"
                );
            }
        }
    }
}
