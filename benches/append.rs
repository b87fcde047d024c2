//! A durable append of one action with its hash chain, beside a bare append with fdatasync of the same bytes in the same
//! folder and run (goal 12 of docs/performance.md).
//!
//! `cargo bench --bench append [-- FOLDER]`; FOLDER decides which disk is measured, the build folder when not given.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench stops at the first surprise"
)]

mod entries;
mod times;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use entries::{action, draft, incident, record, stamp};
use quarterdeck::model::Mode;
use quarterdeck::model::ids::Ticket;
use quarterdeck::record::chain::{Writer, seal};
use quarterdeck::record::entry::Sealed;
use quarterdeck::record::raw::RawEntry;
use quarterdeck::store::{Notice, Recorder};
use times::{Times, verdict};

/// Appends of each kind.
const PAIRS: u64 = 3_000;
/// Appends thrown away at the start.
const WARM_UP: u64 = 200;
/// Fresh records, each grown from 10 entries by [`GROWTH`].
const YOUNG: u64 = 20;
const GROWTH: u64 = 50;

fn main() {
    // Cargo itself passes `--bench`.
    let folder = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"))
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let data = tempfile::tempdir_in(folder).unwrap();
    against_bare(data.path());
    by_length(data.path());
}

fn against_bare(data: &Path) {
    let mut bare_file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(data.join("bare"))
        .unwrap();
    let (store, _) = record(data, 1, 10);
    let (other, _) = record(data, 2, 10);
    let mut chain = writer(1);
    let (said, notices) = channel();
    let fold = other.fold().unwrap();
    let recorder = Recorder::start(other, writer(2), fold, move |notice| {
        said.send(notice).unwrap();
    })
    .unwrap();

    let [mut bare, mut direct, mut whole] = [(); 3].map(|()| Times::default());
    let mut size = 0;
    for number in 0..WARM_UP + PAIRS {
        if number == WARM_UP {
            [bare, direct, whole] = [(); 3].map(|()| Times::default());
        }
        let sealed = direct.time(|| {
            let sealed = seal(&mut chain, draft(action()), stamp(number)).unwrap();
            store.append(&sealed).unwrap();
            sealed
        });
        let bytes = bytes(&sealed);
        size = bytes.len();
        bare.time(|| {
            bare_file.write_all(&bytes).unwrap();
            bare_file.sync_data().unwrap();
        });
        whole.time(|| {
            recorder
                .append(Ticket(number), draft(action()), stamp(number))
                .unwrap();
            wait(&notices);
        });
    }
    assert!(recorder.stop().unwritten.is_empty());

    println!("durable append of one action, {size} bytes, {PAIRS} of each in turns\n");
    println!("| | p50 us | p99 us | commits/s | p50 to bare, paired | commits/s to bare | |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (name, times) in [
        ("bare append + fdatasync", &bare),
        ("seal and commit (bar: <= 1.3x, >= 0.7x)", &direct),
        ("the same through the recorder's thread", &whole),
    ] {
        let paired = times.paired(&bare);
        let rate = per_second(times) / per_second(&bare);
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {paired:.2} | {rate:.2} | {} |",
            times.micros(0.5),
            times.micros(0.99),
            per_second(times),
            verdict(paired <= 1.3 && rate >= 0.7),
        );
    }
}

/// The same append on records of 10 and of 10,000 entries.
fn by_length(data: &Path) {
    let (old, mut old_script) = record(data, 3, 10_000);
    let [mut short, mut long] = [(); 2].map(|()| Times::default());
    for number in 0..YOUNG {
        let (young, mut young_script) = record(data, 10 + u128::from(number), 10);
        for _ in 0..GROWTH {
            short.time(|| young.append(&young_script.next()).unwrap());
            long.time(|| old.append(&old_script.next()).unwrap());
        }
    }
    let ratio = long.paired(&short);
    println!(
        "\n10 to 10,000 entries: p50 {:.0} us and {:.0} us, paired {ratio:.2} (bar: <= 1.1) {}",
        short.micros(0.5),
        long.micros(0.5),
        verdict(ratio <= 1.1),
    );
}

/// How many of them fit into a second.
fn per_second(times: &Times) -> f64 {
    times.0.len() as f64 / times.0.iter().sum::<Duration>().as_secs_f64()
}

/// Another session than the one that filled the record.
fn writer(number: u128) -> Writer {
    Writer::new(&mut [9; 32], incident(number), Mode::Live, "bench")
}

fn bytes(sealed: &Sealed) -> Vec<u8> {
    let raw = RawEntry::of(sealed).unwrap();
    [
        raw.entry.as_slice(),
        &raw.hash.0,
        &raw.signature,
        &raw.salt,
        raw.body.as_deref().unwrap_or_default(),
    ]
    .concat()
}

fn wait(notices: &Receiver<Notice>) {
    match notices.recv().unwrap() {
        Notice::Recorded { .. } => {}
        other => panic!("{other:?}"),
    }
}
