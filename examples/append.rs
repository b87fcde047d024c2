//! Appends notes to a record for as long as it is let, and prints the hash of each entry once it is on disk.
//!
//! For tests that take the process, or the power, away at any moment: what was printed must be there afterwards.
//!
//! `append FOLDER [--incident UUID] [--synchronous full|normal] [--count N] [--times] [--hold]`
//!
//! `--hold` stays in the record after the last entry, until standard input ends.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test program stops at the first surprise"
)]

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Instant;

use quarterdeck::model::ids::{IncidentId, Ticket};
use quarterdeck::model::{Mode, Timestamp};
use quarterdeck::record::chain::{Stamp, Writer};
use quarterdeck::record::entry::{Body, Draft};
use quarterdeck::store::{Notice, Recorder, Store, Synchronous, evidence};

struct Arguments {
    data: PathBuf,
    incident: IncidentId,
    synchronous: Synchronous,
    count: u64,
    times: bool,
    hold: bool,
}

fn main() {
    let Arguments {
        data,
        incident,
        synchronous,
        count,
        times,
        hold,
    } = arguments();
    let store = Store::open(&data, Mode::Live, incident)
        .or_else(|_| Store::create(&data, Mode::Live, incident))
        .expect("open the record");
    store.set_synchronous(synchronous).expect("set synchronous");
    let playbook = evidence::put(store.folder(), &b"# Playbook\n"[..]).expect("keep the playbook");
    let fold = store.fold().expect("fold the record");

    let mut secret = random();
    let writer = Writer::new(&mut secret, incident, Mode::Live, "append");
    let mut bodies = Vec::new();
    if fold.incident().is_none() {
        bodies.push(Body::IncidentOpened {
            playbook: "append".into(),
            title: "Appending".into(),
            playbook_sha256: playbook.sha256,
            severity: None,
            alert: None,
            profile: None,
        });
    }
    let (said, notices) = mpsc::channel();
    let recorder = Recorder::start(store, writer, fold, move |notice| {
        // The receiver is gone only when the program ends.
        let _ = said.send(notice);
    })
    .expect("start the recorder");

    let notes = (1..=count).map(|number| Body::NoteAdded {
        text: format!("note {number}"),
        happened_at: None,
        step: None,
        evidence: None,
    });
    let mut out = std::io::stdout().lock();
    for (ticket, body) in bodies.into_iter().chain(notes).enumerate() {
        let draft = Draft {
            body,
            at: Timestamp::now(),
            sim_at: None,
        };
        let stamp = Stamp {
            salt: random(),
            mono_ms: boot_time_ms(),
            boot: "append".into(),
        };
        let start = Instant::now();
        recorder
            .append(Ticket(ticket as u64), draft, stamp)
            .expect("hand over an entry");
        let entry = loop {
            match notices.recv().expect("the recorder lives") {
                Notice::Recorded { entry, .. } => break entry,
                Notice::Arrived { .. } => {}
                other => {
                    eprintln!("{other:?}");
                    std::process::exit(4);
                }
            }
        };
        if times {
            writeln!(out, "{} {}", entry.hash, start.elapsed().as_micros()).expect("print");
        } else {
            writeln!(out, "{}", entry.hash).expect("print");
        }
        out.flush().expect("print");
    }
    if hold {
        std::io::stdin()
            .read_to_end(&mut Vec::new())
            .expect("wait for the end of the input");
    }
    let stopped = recorder.stop();
    assert!(stopped.unwritten.is_empty(), "{stopped:?}");
}

fn arguments() -> Arguments {
    let mut given = std::env::args().skip(1);
    let mut arguments = Arguments {
        data: given.next().expect("a folder").into(),
        incident: IncidentId(uuid::Uuid::from_u128(0x7f3a)),
        synchronous: Synchronous::Full,
        count: u64::from(u32::MAX),
        times: false,
        hold: false,
    };
    while let Some(name) = given.next() {
        let mut value = || given.next().expect("a value");
        match name.as_str() {
            "--incident" => {
                arguments.incident = IncidentId(value().parse().expect("a UUID"));
            }
            "--synchronous" => {
                arguments.synchronous = match value().as_str() {
                    "full" => Synchronous::Full,
                    "normal" => Synchronous::Normal,
                    other => panic!("full or normal, not {other}"),
                };
            }
            "--count" => arguments.count = value().parse().expect("a number"),
            "--times" => arguments.times = true,
            "--hold" => arguments.hold = true,
            other => panic!("unknown argument {other}"),
        }
    }
    arguments
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("random bytes");
    bytes
}

fn boot_time_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec.unsigned_abs() * 1_000 + now.tv_nsec.unsigned_abs() / 1_000_000
}
