//! Records on disk: round trips, two processes, locks, permissions, reading without write access, failing disks.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use quarterdeck::model::ids::{IncidentId, Ticket};
use quarterdeck::model::{Mode, Timestamp, limits};
use quarterdeck::record::chain::{Stamp, Writer, seal};
use quarterdeck::record::entry::{Body, Draft, Hash, Sealed};
use quarterdeck::record::verify::{Reason, Verdict};
use quarterdeck::store::lock::{WriterLock, is_alive};
use quarterdeck::store::recorder::RecorderError;
use quarterdeck::store::{Notice, Recorder, Store, StoreError, Watcher, evidence, find, list};
use rustix::event::{PollFd, PollFlags};

const INCIDENT: IncidentId = IncidentId(uuid::Uuid::from_u128(0x7f3a));
/// Long enough for a loaded machine; a test that reaches it has failed.
const DEADLINE: Duration = Duration::from_secs(120);

fn writer(number: u8) -> Writer {
    Writer::new(&mut [number; 32], INCIDENT, Mode::Live, "alice")
}

fn note(text: &str) -> Draft {
    Draft {
        body: Body::NoteAdded {
            text: text.into(),
            happened_at: None,
            step: None,
            evidence: None,
        },
        at: Timestamp::from_second(1_769_828_400).unwrap(),
        sim_at: None,
    }
}

fn opened(playbook_sha256: Hash) -> Draft {
    Draft {
        body: Body::IncidentOpened {
            playbook: "p".into(),
            title: "Org isolation breach".into(),
            playbook_sha256,
            severity: Some("P1".into()),
            alert: None,
            profile: None,
        },
        ..note("")
    }
}

fn stamp() -> Stamp {
    Stamp {
        salt: [1; 16],
        mono_ms: 5,
        boot: "boot".into(),
    }
}

/// A record with its playbook, the opening, and so many notes.
fn filled(data: &Path, notes: usize) -> (Store, Writer, Vec<Sealed>) {
    let store = Store::create(data, Mode::Live, INCIDENT).unwrap();
    let playbook = evidence::put(store.folder(), &b"# Playbook"[..]).unwrap();
    let mut writer = writer(1);
    let mut entries = vec![seal(&mut writer, opened(playbook.sha256), stamp()).unwrap()];
    for number in 0..notes {
        entries.push(seal(&mut writer, note(&format!("note {number}")), stamp()).unwrap());
    }
    for (index, sealed) in entries.iter().enumerate() {
        assert_eq!(store.append(sealed).unwrap(), index as i64 + 1);
    }
    (store, writer, entries)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn what_was_appended_is_read_back() {
    let data = folder();
    let (store, _, entries) = filled(data.path(), 9);
    drop(store);
    let store = Store::open(data.path(), Mode::Live, INCIDENT).unwrap();
    assert_eq!(store.count().unwrap(), 10);
    assert_eq!(store.entries(0, 100).unwrap(), entries);
    assert_eq!(store.entries(7, 2).unwrap(), entries[7..9]);
    assert_eq!(store.tail(3).unwrap(), entries[7..]);
    let since = store.since(8, 100).unwrap();
    assert_eq!(
        since.iter().map(|stored| stored.row).collect::<Vec<_>>(),
        [9, 10]
    );
    assert_eq!(since[1].sealed, entries[9]);
    let heads = store.heads().unwrap();
    assert_eq!(heads.len(), 1);
    assert_eq!((heads[0].seq, heads[0].hash), (10, entries[9].hash));
    assert_eq!(store.verify().unwrap().verdict, Verdict::NotAnchored);
}

#[test]
fn an_entry_is_stored_once_and_never_replaced() {
    let data = folder();
    let (store, _, entries) = filled(data.path(), 2);
    assert_eq!(store.append(&entries[1]).unwrap(), 2);
    assert_eq!(store.count().unwrap(), 3);
    let mut other = writer(1);
    let other = seal(&mut other, note("another first entry"), stamp()).unwrap();
    assert!(matches!(
        store.append(&other),
        Err(StoreError::Conflict { seq: 1, .. })
    ));
    assert_eq!(store.entries(0, 9).unwrap(), entries);
}

#[test]
fn settings_are_what_safety_rests_upon() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let other = rusqlite::Connection::open(store.folder().join("record.db")).unwrap();
    let mode: String = other
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    let strict: i64 = other
        .query_row(
            "SELECT sum(strict) FROM pragma_table_list WHERE name IN ('entries', 'fold')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(strict, 2);

    other.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    assert!(matches!(
        Store::open(data.path(), Mode::Live, INCIDENT),
        Err(StoreError::Newer { found: 99, .. })
    ));
}

#[test]
fn tampering_with_the_file_is_found() {
    let data = folder();
    let (store, ..) = filled(data.path(), 5);
    let other = rusqlite::Connection::open(store.folder().join("record.db")).unwrap();
    let verdict = || match store.verify().unwrap().verdict {
        Verdict::NotAnchored => None,
        Verdict::Fault(fault) => Some(fault.reason),
    };
    assert_eq!(verdict(), None);
    for (change, undo, reason) in [
        (
            "UPDATE entries SET body = replace(body, 'note 2', 'note 7') WHERE id = 4",
            "UPDATE entries SET body = replace(body, 'note 7', 'note 2') WHERE id = 4",
            Reason::Body,
        ),
        (
            "UPDATE entries SET entry = replace(entry, 'alice', 'mallo') WHERE id = 4",
            "UPDATE entries SET entry = replace(entry, 'mallo', 'alice') WHERE id = 4",
            Reason::Hash,
        ),
        (
            "UPDATE entries SET body = CAST(x'ff' AS TEXT) WHERE id = 4",
            "UPDATE entries SET body = '{\"text\":\"note 2\"}' WHERE id = 4",
            Reason::Unreadable("read body: not JSON: expected value at line 1 column 1".into()),
        ),
        (
            "DELETE FROM entries WHERE id = 4",
            "",
            Reason::Gap { from: 4, to: 4 },
        ),
    ] {
        assert_eq!(other.execute(change, []).unwrap(), 1);
        assert_eq!(verdict(), Some(reason), "{change}");
        if !undo.is_empty() {
            assert_eq!(other.execute(undo, []).unwrap(), 1);
            assert_eq!(verdict(), None, "{undo}");
        }
    }
}

#[test]
fn evidence_is_kept_by_content_and_checked() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let bytes = vec![7; 200_000];
    let kept = evidence::put(store.folder(), bytes.as_slice()).unwrap();
    assert_eq!(kept.size, 200_000);
    assert_eq!(
        evidence::put(store.folder(), bytes.as_slice()).unwrap(),
        kept
    );
    assert_eq!(evidence::read(store.folder(), kept.sha256).unwrap(), bytes);
    assert_eq!(
        evidence::hash_of(store.folder(), kept.sha256),
        Some(kept.sha256)
    );
    let names = fs::read_dir(store.folder().join("evidence"))
        .unwrap()
        .count();
    assert_eq!(names, 2, "the playbook, this file, and nothing left over");

    let path = store
        .folder()
        .join("evidence")
        .join(kept.sha256.to_string());
    fs::write(&path, "other").unwrap();
    assert!(matches!(
        evidence::read(store.folder(), kept.sha256),
        Err(StoreError::EvidenceChanged { .. })
    ));
    assert_ne!(
        evidence::hash_of(store.folder(), kept.sha256),
        Some(kept.sha256)
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(evidence::hash_of(store.folder(), kept.sha256), None);
}

/// The umask belongs to the whole process, so another one is started for each.
#[test]
fn only_the_owner_may_look_whatever_the_umask() {
    for umask in ["000", "777"] {
        let data = folder();
        // A umask of 777 is of no use to somebody who is not root: his own new folder would shut him out half-way.
        if umask == "777" && !rustix::process::geteuid().is_root() {
            continue;
        }
        let status = Command::new("sh")
            .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
            .arg(append_program())
            .arg(data.path().join("deep/data"))
            .args(["--count", "3"])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        // With a reader attached the log and its index are there as well.
        let store = Store::open(&data.path().join("deep/data"), Mode::Live, INCIDENT).unwrap();
        assert_eq!(store.count().unwrap(), 4);
        let mut files = Vec::new();
        walk(&data.path().join("deep/data"), &mut files);
        assert!(
            files.iter().any(|path| path.ends_with("record.db-wal")),
            "{files:?}"
        );
        assert!(files.len() >= 8, "{files:?}");
        for path in files {
            let data = fs::metadata(&path).unwrap();
            let expected = if data.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(
                data.permissions().mode() & 0o777,
                expected,
                "{umask} {}",
                path.display()
            );
        }
    }
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    files.push(path.to_owned());
    if path.is_dir() {
        for file in fs::read_dir(path).unwrap() {
            walk(&file.unwrap().path(), files);
        }
    }
}

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
        "{} is missing: `cargo test` builds it, `cargo test --test store` alone does not",
        program.display()
    );
    program
}

#[test]
fn a_lock_tells_who_lives() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    assert!(!is_alive(store.folder(), "somebody"));
    let lock = WriterLock::take(store.folder(), "somebody").unwrap();
    assert!(is_alive(store.folder(), "somebody"));
    assert_eq!(
        store.alive_writers().into_iter().collect::<Vec<_>>(),
        ["somebody"]
    );
    drop(lock);
    assert!(!is_alive(store.folder(), "somebody"));

    // A process that is killed leaves the file and lets go of the lock.
    let mut child = Command::new(append_program())
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(store.alive_writers().len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(store.alive_writers().is_empty());
    assert_eq!(
        fs::read_dir(store.folder().join("writers"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn two_processes_write_one_record() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let children: Vec<_> = (0..2)
        .map(|_| {
            Command::new(append_program())
                .arg(data.path())
                .args(["--count", "100"])
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(store.count().unwrap(), 201);
    let found = store.verify().unwrap();
    assert_eq!(found.verdict, Verdict::NotAnchored);
    assert_eq!(found.writers, 3);
    let fold = store.fold().unwrap();
    assert_eq!(fold.incident().unwrap().notes, 200);
    assert_eq!(fold.incident(), store.fold_all().unwrap().incident());
    let seen = store
        .entries(0, 999)
        .unwrap()
        .iter()
        .filter(|e| !e.entry.seen.is_empty())
        .count();
    assert!(seen >= 2, "each has seen others' entries");
}

#[test]
fn a_record_that_may_not_be_written_is_read_whole() {
    let (data, scratch) = (folder(), folder());
    // The writer stays: its newest entries are in the log only.
    let (store, mut writer, entries) = filled(data.path(), 5);
    let read = || Store::read_copy(data.path(), Mode::Live, INCIDENT, scratch.path()).unwrap();
    let copy = read();
    assert_eq!(copy.entries(0, 99).unwrap(), entries);
    assert_eq!(copy.verify().unwrap().verdict, Verdict::NotAnchored);
    let private = fs::read_dir(scratch.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(
        private.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    drop(copy);
    assert_eq!(
        fs::read_dir(scratch.path()).unwrap().count(),
        0,
        "the copy is gone"
    );

    // The control: what naive readers do sees an old state.
    let naive = rusqlite::Connection::open_with_flags(
        format!("file:{}/record.db?immutable=1", store.folder().display()),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI,
    )
    .unwrap();
    let count = naive.query_row("SELECT count(*) FROM entries", [], |row| {
        row.get::<_, i64>(0)
    });
    assert_ne!(count.ok(), Some(entries.len() as i64));

    // Copies made while somebody writes are each one state, never a mixture.
    let data_path = data.path().to_owned();
    let (stop, stopped) = mpsc::channel::<()>();
    let appending = std::thread::spawn(move || {
        let store = Store::open(&data_path, Mode::Live, INCIDENT).unwrap();
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            let sealed = seal(&mut writer, note("more"), stamp()).unwrap();
            store.append(&sealed).unwrap();
        }
    });
    let mut copies = 0;
    let deadline = Instant::now() + DEADLINE;
    while copies < 5 && Instant::now() < deadline {
        match Store::read_copy(data.path(), Mode::Live, INCIDENT, scratch.path()) {
            Ok(copy) => {
                assert_eq!(copy.verify().unwrap().verdict, Verdict::NotAnchored);
                copies += 1;
            }
            Err(StoreError::Unstable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    drop(stop);
    appending.join().unwrap();
    assert_eq!(copies, 5);
}

#[test]
fn the_cached_fold_is_only_a_cache() {
    let data = folder();
    let (store, mut writer, _) = filled(data.path(), 600);
    let fold = store.fold_all().unwrap();
    assert_eq!(fold.through, 601);
    store.save_fold(&fold).unwrap();
    let later = seal(&mut writer, note("later"), stamp()).unwrap();
    store.append(&later).unwrap();

    let cached = store.fold().unwrap();
    assert_eq!(cached.through, 602);
    assert_eq!(cached.incident(), store.fold_all().unwrap().incident());

    // An entry that sorts before the cached ones makes it fold everything.
    let mut other = self::writer(2);
    store
        .append(&seal(&mut other, note("early"), stamp()).unwrap())
        .unwrap();
    assert_eq!(
        store.fold().unwrap().incident(),
        store.fold_all().unwrap().incident()
    );
    assert_eq!(store.fold().unwrap().incident().unwrap().notes, 602);

    // So does a cache that claims more than there is, or cannot be read.
    let raw = rusqlite::Connection::open(store.folder().join("record.db")).unwrap();
    for change in [
        "UPDATE fold SET through = 9999",
        "UPDATE fold SET incident = 'x'",
    ] {
        assert_eq!(raw.execute(change, []).unwrap(), 1);
        assert_eq!(
            store.fold().unwrap().incident().unwrap().notes,
            602,
            "{change}"
        );
    }
}

#[test]
fn incidents_are_listed_and_found() {
    let (data, scratch) = (folder(), folder());
    assert!(
        list(data.path(), scratch.path())
            .unwrap()
            .incidents
            .is_empty()
    );
    let (store, mut writer, _) = filled(data.path(), 1);
    let other = IncidentId(uuid::Uuid::from_u128(0x1_0000_7f3a));
    let drill = Store::create(data.path(), Mode::Drill, other).unwrap();
    let mut late = Draft {
        at: Timestamp::from_second(1_800_000_000).unwrap(),
        ..opened(Hash::default())
    };
    late.sim_at = None;
    let mut drill_writer = Writer::new(&mut [5; 32], other, Mode::Drill, "bob");
    drill
        .append(&seal(&mut drill_writer, late, stamp()).unwrap())
        .unwrap();
    fs::create_dir_all(data.path().join("live/not-a-record")).unwrap();

    // Twice: once without summaries, once with those that the first left behind.
    for _ in 0..2 {
        let listing = list(data.path(), scratch.path()).unwrap();
        assert!(listing.broken.is_empty());
        let found: Vec<_> = listing
            .incidents
            .iter()
            .map(|i| (i.id, i.mode, i.entries))
            .collect();
        assert_eq!(found, [(other, Mode::Drill, 1), (INCIDENT, Mode::Live, 2)]);
        assert!(!listing.incidents[0].attached);
    }
    assert!(store.folder().join("summary.json").exists());
    // A summary of another state is not believed.
    store
        .append(&seal(&mut writer, note("more"), stamp()).unwrap())
        .unwrap();
    let _lock = WriterLock::take(store.folder(), writer.id()).unwrap();
    let listing = list(data.path(), scratch.path()).unwrap();
    assert_eq!(listing.incidents[1].entries, 3);
    assert!(listing.incidents[1].attached);

    let find = |name: &str| find(data.path(), name, scratch.path());
    assert_eq!(find("last").unwrap(), (Mode::Drill, other));
    assert_eq!(
        find("00007F3A")
            .unwrap_err()
            .to_string()
            .matches("7f3a (")
            .count(),
        2
    );
    assert!(matches!(find("7F3A"), Err(StoreError::Ambiguous { .. })));
    assert_eq!(find("100007f3a").unwrap(), (Mode::Drill, other));
    assert_eq!(find(&INCIDENT.to_string()).unwrap(), (Mode::Live, INCIDENT));
    assert!(matches!(find("beef"), Err(StoreError::NotFound { .. })));
    for wrong in ["", "3a", "wxyz", "../7f3a"] {
        assert!(
            matches!(find(wrong), Err(StoreError::Name { .. })),
            "{wrong}"
        );
    }

    let file = drill.folder().join("record.db");
    drop(drill);
    fs::write(file, "this is no database, whatever its name says").unwrap();
    let listing = list(data.path(), scratch.path()).unwrap();
    assert_eq!(listing.incidents.len(), 1);
    assert_eq!(listing.broken.len(), 1);
    assert_eq!(listing.broken[0].0, other);
}

fn recorder(data: &Path, number: u8) -> (Recorder, mpsc::Receiver<Notice>) {
    let store = Store::open(data, Mode::Live, INCIDENT).unwrap();
    let fold = store.fold().unwrap();
    let (say, notices) = mpsc::channel();
    let recorder = Recorder::start(store, writer(number), fold, move |notice| {
        let _ = say.send(notice);
    })
    .unwrap();
    (recorder, notices)
}

#[test]
fn the_recorder_answers_once_entries_are_on_disk() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let (recorder, notices) = recorder(data.path(), 2);
    for number in 0..300 {
        recorder.append(Ticket(number), note("n"), stamp()).unwrap();
    }
    let reader = Store::open(data.path(), Mode::Live, INCIDENT).unwrap();
    for number in 0..300 {
        let Notice::Recorded { ticket, entry } = notices.recv_timeout(DEADLINE).unwrap() else {
            panic!("not recorded");
        };
        assert_eq!(ticket, Ticket(number));
        assert!(reader.count().unwrap() > number + 1);
        assert_eq!(
            entry.entry.seen.len(),
            usize::from(number == 0),
            "the opening was seen once"
        );
    }
    let large = note(&"x".repeat(limits::ENTRY_BODY_BYTES));
    recorder.append(Ticket(900), large, stamp()).unwrap();
    assert!(matches!(
        notices.recv_timeout(DEADLINE).unwrap(),
        Notice::Refused {
            ticket: Ticket(900),
            ..
        }
    ));
    let stopped = recorder.stop();
    assert!(stopped.unwritten.is_empty() && stopped.reason.is_none());
    assert_eq!(store.verify().unwrap().verdict, Verdict::NotAnchored);
    assert!(store.alive_writers().is_empty());
    // It kept the fold when it ended.
    let fold = store.fold().unwrap();
    assert_eq!(fold.through, 301);
    assert_eq!(fold.incident(), store.fold_all().unwrap().incident());
}

#[test]
fn sessions_hear_of_each_other() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let mut watcher = Watcher::new(store.folder()).unwrap();
    let (left, left_notices) = recorder(data.path(), 2);
    let (right, right_notices) = recorder(data.path(), 3);
    while watcher.drain().unwrap().written {}
    left.append(Ticket(1), note("hello"), stamp()).unwrap();
    let Notice::Recorded { entry: sent, .. } = left_notices.recv_timeout(DEADLINE).unwrap() else {
        panic!("not recorded");
    };
    assert!(
        watcher.wait(Some(DEADLINE)).unwrap(),
        "the write is noticed"
    );
    while watcher.drain().unwrap().written {}
    assert!(
        !watcher.wait(Some(Duration::ZERO)).unwrap(),
        "and nothing else"
    );

    right.sync();
    let Notice::Arrived {
        entry,
        incident,
        alive,
    } = right_notices.recv_timeout(DEADLINE).unwrap()
    else {
        panic!("not arrived");
    };
    assert_eq!(entry, sent);
    assert_eq!((incident.entries, incident.notes), (2, 1));
    assert_eq!(alive.len(), 2);

    right.append(Ticket(1), note("answer"), stamp()).unwrap();
    let Notice::Recorded { entry, .. } = right_notices.recv_timeout(DEADLINE).unwrap() else {
        panic!("not recorded");
    };
    assert!(entry.entry.seen.contains(&sent.hash));
    assert!(entry.entry.clock > sent.entry.clock);
    assert!(left.stop().unwritten.is_empty() && right.stop().unwritten.is_empty());
    assert_eq!(store.verify().unwrap().verdict, Verdict::NotAnchored);
}

#[test]
fn a_session_that_is_killed_is_missed_without_an_entry() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let mut child = Command::new(append_program())
        .arg(data.path())
        .args(["--count", "1", "--hold"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let mut watcher = Watcher::new(store.folder()).unwrap();
    let (recorder, notices) = recorder(data.path(), 2);
    recorder.append(Ticket(1), note("hello"), stamp()).unwrap();
    assert!(matches!(
        notices.recv_timeout(DEADLINE).unwrap(),
        Notice::Recorded { .. }
    ));
    assert_eq!(store.alive_writers().len(), 2);
    assert!(!watcher.drain().unwrap().left, "looking is not leaving");

    child.kill().unwrap();
    let timeout = rustix::event::Timespec {
        tv_sec: DEADLINE.as_secs().try_into().unwrap(),
        tv_nsec: 0,
    };
    while !watcher.drain().unwrap().left {
        let mut ready = [PollFd::new(&watcher, PollFlags::IN)];
        let count = rustix::event::poll(&mut ready, Some(&timeout)).unwrap();
        assert_eq!(count, 1, "the kernel tells in time");
    }
    recorder.look_for_writers();
    let Notice::Writers { alive } = notices.recv_timeout(DEADLINE).unwrap() else {
        panic!("something else was said");
    };
    assert_eq!(alive, BTreeSet::from([writer(2).id().to_owned()]));
    child.wait().unwrap();
    assert!(recorder.stop().unwritten.is_empty());
}

#[test]
fn what_cannot_be_written_waits_in_order() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let (recorder, notices) = recorder(data.path(), 2);
    // Somebody holds the write lock for longer than anybody waits.
    let blocker = rusqlite::Connection::open(store.folder().join("record.db")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    recorder.append(Ticket(1), note("first"), stamp()).unwrap();
    recorder.append(Ticket(2), note("second"), stamp()).unwrap();
    for number in [1, 2] {
        let Notice::NotRecorded { ticket, reason } = notices.recv_timeout(DEADLINE).unwrap() else {
            panic!("recorded without a lock");
        };
        assert_eq!(ticket, Ticket(number));
        assert!(reason.contains("locked"), "{reason}");
    }
    assert_eq!(store.count().unwrap(), 1);
    blocker.execute_batch("ROLLBACK").unwrap();
    for number in [1, 2] {
        let Notice::Recorded { ticket, .. } = notices.recv_timeout(DEADLINE).unwrap() else {
            panic!("not recorded");
        };
        assert_eq!(ticket, Ticket(number));
    }
    assert!(recorder.stop().unwritten.is_empty());
    assert_eq!(store.verify().unwrap().verdict, Verdict::NotAnchored);
}

#[test]
fn a_recorder_that_stops_says_what_it_could_not_write() {
    let data = folder();
    let (store, ..) = filled(data.path(), 0);
    let (recorder, _notices) = recorder(data.path(), 2);
    let blocker = rusqlite::Connection::open(store.folder().join("record.db")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    recorder.append(Ticket(1), note("lost"), stamp()).unwrap();
    let stopped = recorder.stop();
    assert_eq!(stopped.unwritten.len(), 1);
    assert!(stopped.reason.unwrap().contains("locked"));
    assert_eq!(RecorderError::Ended.to_string().lines().count(), 1);
}

/// A process that closes any handle on a file loses all its locks on it. Without its lock on the database, another process
/// that leaves would take itself for the last one and put the log away under a session that goes on writing to it.
#[test]
fn a_new_record_keeps_the_lock_that_others_see() {
    let data = tempfile::tempdir().unwrap();
    let (store, _, _) = filled(data.path(), 1);
    let database = store.folder().join("record.db");
    let inode = fs::metadata(&database).unwrap().ino();
    let is_locked = || {
        fs::read_to_string("/proc/locks")
            .unwrap()
            .lines()
            .any(|lock| lock.contains("POSIX") && lock.contains(&format!(":{inode} ")))
    };
    assert!(is_locked());
    // The control: this is how it would be lost.
    drop(fs::File::open(&database).unwrap());
    assert!(!is_locked());
}
