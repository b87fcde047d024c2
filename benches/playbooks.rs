//! Reading a library of 1,000 playbooks, with and without the linter (goal 15 of docs/performance.md without the screen).
//!
//! `cargo bench --bench playbooks`. The shipped playbooks are long; a team's own are mostly short. The bar is on a library
//! in which every tenth file is a shipped one in other words.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench stops at the first surprise"
)]

mod times;

use std::hint::black_box;

use quarterdeck::check::check;
use quarterdeck::model::diagnostic::{Level, SourceText};
use quarterdeck::playbook::{parse, parse_all, read_file};
use times::{Times, verdict};

const FILES: usize = 1_000;
const TURNS: usize = 11;
const BAR_MS: f64 = 250.0;

const SHORT: &str = "---
quarterdeck: 1
id: short-NUMBER
title: Queue NUMBER does not drain
summary: Jobs of queue NUMBER wait longer than five minutes.
severity: [P2, P3]
alerts: [QueueNUMBERStuck]
inputs:
  queue: {type: text, default: queue-NUMBER}
---

## Watch

```sql {#depth source=audit view=chart x=at y=jobs every=30s alert=\"value > 100\"}
SELECT at, jobs FROM queue_depth WHERE queue = :queue ORDER BY at
```

## Investigate

### Find what holds the queue

The oldest job names its worker. A worker that is *gone* holds its jobs until it is told so.

```sql {#oldest source=audit limit=50 expect=\"rows > 0\"}
SELECT id, worker, started_at FROM jobs WHERE queue = :queue AND done_at IS NULL ORDER BY started_at
```

- [ ] The worker's host answers
- [ ] No deployment NUMBER is under way

## Close

### Write down what was wrong

- [ ] The depth is below 10 for ten minutes
";

fn main() {
    let mut paths: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let originals: Vec<SourceText> = paths.iter().map(|path| read_file(path).unwrap()).collect();
    let library = |shipped_every: usize| -> Vec<SourceText> {
        (0..FILES)
            .map(|number| {
                if number % shipped_every == 0 {
                    shipped(&originals, number / shipped_every)
                } else {
                    let text = SHORT.replace("NUMBER", &number.to_string());
                    SourceText::new(format!("short-{number}.md"), text)
                }
            })
            .collect()
    };
    println!("{FILES} files, median of {TURNS} turns; parse on one thread and on all processors\n");
    println!(
        "| library | KB | playbooks | parse ms | on all ms | parse and check ms | to parse | bar on all | |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    measure("short", &library(FILES), None);
    measure("every tenth a shipped one", &library(10), Some(BAR_MS));
    measure("shipped ones only", &library(1), None);
}

fn measure(name: &str, library: &[SourceText], bar: Option<f64>) {
    let today = jiff::civil::date(2026, 11, 22);
    let [mut parsing, mut all, mut checking] = [(); 3].map(|()| Times::default());
    let mut playbooks = 0;
    for turn in 0..=TURNS {
        let parsed = parsing.time(|| library.iter().flat_map(parse).collect::<Vec<_>>());
        black_box(all.time(|| parse_all(library)));
        let findings = checking.time(|| {
            library
                .iter()
                .flat_map(parse)
                .map(|parsed| check(&parsed.playbook, today).len())
                .sum::<usize>()
        });
        black_box(findings);
        playbooks = parsed.len();
        if turn == 0 {
            // A library that does not parse would be read fast.
            for parsed in &parsed {
                let errors = parsed
                    .diagnostics
                    .iter()
                    .find(|found| found.level == Level::Error);
                assert_eq!(errors, None, "{}", parsed.playbook.id);
            }
        }
    }
    let bytes: usize = library.iter().map(|source| source.text.len()).sum();
    let [parse_ms, all_ms, check_ms] =
        [&parsing, &all, &checking].map(|times| times.micros(0.5) / 1_000.0);
    let (limit, met) = bar.map_or((String::new(), ""), |bar| {
        (format!("< {bar}"), verdict(all_ms < bar))
    });
    println!(
        "| {name} | {} | {playbooks} | {parse_ms:.0} | {all_ms:.0} | {check_ms:.0} | {:.2}x | {limit} | {met} |",
        bytes / 1_000,
        checking.paired(&parsing),
    );
}

/// A shipped playbook with other ids, titles and headings.
fn shipped(originals: &[SourceText], number: usize) -> SourceText {
    let original = &originals[number % originals.len()];
    let text: String = original
        .text
        .lines()
        .map(|line| {
            let named = line.starts_with("id: ")
                || line.starts_with("title: ")
                || line.starts_with("### ") && !line.contains('{');
            if named {
                format!("{line}-{number}\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    SourceText::new(format!("shipped-{number}.md"), text)
}
