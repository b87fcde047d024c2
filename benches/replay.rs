//! Reading an incident back: replay of 10,000 entries, opening a short and a long one, verification
//! (goal 14 of docs/performance.md without the screen).
//!
//! `cargo bench --bench replay`

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench stops at the first surprise"
)]

mod entries;
mod times;

use std::path::Path;

use entries::{incident, record};
use quarterdeck::incident::Log;
use quarterdeck::model::{Mode, limits};
use quarterdeck::record::entry::Sealed;
use quarterdeck::record::verify::Verdict;
use quarterdeck::store::{Fold, Store};
use times::{Times, verdict};

const TURNS: usize = 15;
const SHORT: u64 = 10;
const LONG: u64 = 10_000;

fn main() {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (short, _) = record(data.path(), 1, SHORT);
    let (long, _) = record(data.path(), 2, LONG);
    for store in [&short, &long] {
        // As the recorder leaves it behind.
        store.save_fold(&store.fold_all().unwrap()).unwrap();
    }
    let entries = long.entries(0, LONG).unwrap();

    let [
        mut folding,
        mut replay,
        mut verify_times,
        mut open_short,
        mut open_long,
    ] = [(); 5].map(|()| Times::default());
    for _ in 0..=TURNS {
        let copy = entries.clone();
        let folded = folding.time(|| copy.into_iter().collect::<Log>());
        assert_eq!(folded.incident().unwrap().entries, LONG);
        let fold = replay.time(|| long.fold_all().unwrap());
        assert_eq!(fold.through.unsigned_abs(), LONG);
        let found = verify_times.time(|| long.verify().unwrap());
        assert!(
            matches!(found.verdict, Verdict::NotAnchored),
            "the record does not verify"
        );
        for (number, entries, times) in [(1, SHORT, &mut open_short), (2, LONG, &mut open_long)] {
            let (fold, tail) = times.time(|| open(data.path(), number));
            assert_eq!(fold.incident().unwrap().entries, entries);
            assert_eq!(tail.len() as u64, entries.min(limits::TIMELINE_FIRST));
        }
    }

    println!("a record of {LONG} entries, median of {TURNS} turns\n");
    println!("| | ms | bar | |\n| --- | --- | --- | --- |");
    let ms = |times: &Times| times.micros(0.5) / 1_000.0;
    println!(
        "| fold entries that are in memory | {:.1} | | |",
        ms(&folding)
    );
    println!(
        "| replay: read and fold the record | {:.1} | < 300 | {} |",
        ms(&replay),
        verdict(ms(&replay) < 300.0)
    );
    println!("| verify | {:.1} | | |", ms(&verify_times));
    println!("| open with {SHORT} entries | {:.2} | | |", ms(&open_short));
    println!(
        "| open with {LONG} entries | {:.2} | paired {:.2}x | |",
        ms(&open_long),
        open_long.paired(&open_short)
    );
}

/// What stands between a key press and the incident on screen.
fn open(data: &Path, number: u128) -> (Fold, Vec<Sealed>) {
    let store = Store::open(data, Mode::Live, incident(number)).unwrap();
    let fold = store.fold().unwrap();
    let tail = store.tail(limits::TIMELINE_FIRST).unwrap();
    (fold, tail)
}
