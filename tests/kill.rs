//! A session that is killed at any moment loses no entry it was told is recorded, and leaves a record that verifies.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/shim/lost_writes.rs"]
mod lost_writes;
#[path = "support/pty.rs"]
mod pty;
#[path = "support/trial.rs"]
mod trial;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lost_writes::PowerCut;
use pty::{Launch, PATIENCE, Signal};
use quarterdeck::model::Mode;
use quarterdeck::model::ids::IncidentId;
use quarterdeck::record::entry::Hash;
use quarterdeck::record::raw::RawEntry;
use quarterdeck::record::verify::{Verdict, verify};
use quarterdeck::store::{Store, evidence};

const KILLS: u64 = 200;
/// Power cuts of the control, which may stop at the first loss.
const CONTROL_KILLS: u64 = 50;
/// Power cuts just after an incident was opened.
const OPENINGS: u64 = 10;
/// Sessions that follow each other in one record.
const SESSIONS: u64 = 10;

/// Cargo builds examples before it runs tests, beside the folder of the tests.
fn append_program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/append");
    assert!(
        program.exists(),
        "{} is missing: `cargo test` builds it, `cargo test --test kill` alone does not",
        program.display()
    );
    program
}

fn append(data: &Path, incident: IncidentId, power: Option<(&PowerCut, &str)>) -> Child {
    let mut command = Command::new(append_program());
    command
        .arg(data)
        .args(["--incident", &incident.to_string()]);
    if let Some((power, synchronous)) = power {
        command
            .envs(power.environment())
            .args(["--synchronous", synchronous]);
    }
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// A small generator with a printed seed, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = match std::env::var("QUARTERDECK_SEED") {
            Ok(seed) => seed.parse().unwrap(),
            Err(_) => getrandom::u64().unwrap(),
        };
        println!("QUARTERDECK_SEED={seed}");
        Self(seed | 1)
    }

    /// xorshift64*
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}

/// Kills a session after some entries and some microseconds, and returns the entries that it was told are on disk. A line
/// that was cut off by the kill was not said.
fn kill_at_random(
    data: &Path,
    incident: IncidentId,
    random: &mut Random,
    power: Option<(&PowerCut, &str)>,
) -> Vec<Hash> {
    let mut child = append(data, incident, power);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut told = Vec::new();
    let mut line = String::new();
    for _ in 0..random.below(12) {
        line.clear();
        assert!(
            output.read_line(&mut line).unwrap() > 0,
            "the session ended by itself"
        );
        told.push(line.trim_end().parse().unwrap());
    }
    // Spinning, since a sleep is coarser than a commit: the kill falls anywhere in one.
    let until = Instant::now() + Duration::from_micros(random.below(1_500));
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    loop {
        line.clear();
        if output.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            return told;
        }
        told.push(line.trim_end().parse().unwrap());
    }
}

/// What does not hold after the kills; none when all is well.
fn broken(store: &Store, entries: &[RawEntry], told: &[Hash]) -> Option<String> {
    let found = verify(store.incident(), store.mode(), entries, &mut |hash| {
        evidence::hash_of(store.folder(), hash)
    });
    if found.verdict != Verdict::NotAnchored && !entries.is_empty() {
        return Some(format!("{:?}", found.verdict));
    }
    let there: BTreeSet<Hash> = entries.iter().map(RawEntry::computed_hash).collect();
    let lost = told.iter().find(|hash| !there.contains(hash))?;
    Some(format!("{lost} was recorded and is gone"))
}

#[test]
fn no_acknowledged_entry_is_lost_by_a_kill() {
    let mut random = Random::new();
    let mut acknowledged = 0;
    for number in 0..u128::from(KILLS / SESSIONS) {
        let data = tempfile::tempdir().unwrap();
        let incident = IncidentId(uuid::Uuid::from_u128(number));
        let mut told = Vec::new();
        for session in 0..SESSIONS {
            told.extend(kill_at_random(data.path(), incident, &mut random, None));
            if let Ok(store) = Store::open(data.path(), Mode::Live, incident) {
                let entries = store.raw_entries().unwrap();
                if let Some(fault) = broken(&store, &entries, &told) {
                    panic!("record {number}, session {session}: {fault}");
                }
                assert!(
                    store.alive_writers().is_empty(),
                    "the killed session's lock is free"
                );
                let fold = store.fold().unwrap();
                assert_eq!(fold.incident(), store.fold_all().unwrap().incident());
            } else {
                assert!(
                    told.is_empty(),
                    "record {number}, session {session}: it is gone"
                );
            }
        }
        acknowledged += told.len();

        // The control: with its last entries gone, the same check must speak up.
        let store = Store::open(data.path(), Mode::Live, incident).unwrap();
        let mut entries = store.raw_entries().unwrap();
        let last = told.last().unwrap();
        entries.retain(|entry| entry.hash != *last);
        assert!(
            broken(&store, &entries, &told).is_some(),
            "a lost entry is noticed"
        );
    }
    println!("{acknowledged} entries acknowledged before {KILLS} kills");
}

/// Cuts the power of a session in a new record and says what is wrong with what is left.
fn cut_power(random: &mut Random, number: u64, synchronous: &str) -> Option<String> {
    let data = tempfile::tempdir().unwrap();
    let incident = IncidentId(uuid::Uuid::from_u128(u128::from(number)));
    let power = PowerCut::below(data.path());
    let told = kill_at_random(data.path(), incident, random, Some((&power, synchronous)));
    power.drop_unsynced();
    match Store::open(data.path(), Mode::Live, incident) {
        Ok(store) => broken(&store, &store.raw_entries().unwrap(), &told),
        Err(_) if told.is_empty() => None,
        Err(error) => Some(format!(
            "{} entries were recorded, and now: {error}",
            told.len()
        )),
    }
}

#[test]
fn no_acknowledged_entry_is_lost_by_a_power_cut() {
    let mut random = Random::new();
    for number in 0..KILLS {
        assert_eq!(
            cut_power(&mut random, number, "full"),
            None,
            "power cut {number}"
        );
    }
    // The control: without a sync at each commit, the same cuts must lose something.
    let lost = (0..CONTROL_KILLS).any(|number| cut_power(&mut random, number, "normal").is_some());
    assert!(
        lost,
        "synchronous=NORMAL lost nothing: the power cut drops nothing"
    );
}

/// Opens an incident on a terminal, cuts the power as soon as it shows, and says how what is left verifies: 3 is a whole
/// record that nobody has anchored.
fn cut_power_at_the_opening(seen_by_the_shim: bool) -> trial::Ran {
    let home = trial::home();
    let data = home.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let power = PowerCut::below(&data);
    let mut launch =
        Launch::quarterdeck(home.path()).arguments(["open", "trial-alert", "--severity", "P2"]);
    for (name, value) in power.environment() {
        if seen_by_the_shim {
            launch = launch.environment(name, value);
        }
    }
    let mut terminal = launch.start();
    terminal.wait_for("Greet", PATIENCE);
    terminal.kill(Signal::KILL);
    terminal.wait_exit(PATIENCE);
    power.drop_unsynced();
    trial::quarterdeck(home.path(), &["verify", "last"])
}

#[test]
fn an_incident_that_shows_as_open_is_not_lost_by_a_power_cut() {
    for _ in 0..OPENINGS {
        let verified = cut_power_at_the_opening(true);
        assert_eq!(verified.code, Some(3), "{verified:?}");
    }
    // The control: syncs that the shim does not see count for nothing.
    let verified = cut_power_at_the_opening(false);
    assert_ne!(verified.code, Some(3), "{verified:?}");
}
