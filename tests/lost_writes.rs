//! The power-cut shim itself: synced bytes stay, unsynced bytes go, and SQLite behaves under it as its documentation
//! says: `synchronous=FULL` keeps every acknowledged row in WAL mode, `synchronous=NORMAL` does not.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/shim/lost_writes.rs"]
mod lost_writes;

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use lost_writes::PowerCut;
use rusqlite::Connection;

/// Set for the child only: what it shall do, and where.
const CHILD: &str = "LOST_WRITES_CHILD";
const FOLDER: &str = "LOST_WRITES_FOLDER";

#[test]
fn what_was_not_synced_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("before"), "before").unwrap();
    let power = PowerCut::below(folder.path());
    run_until(&power, folder.path(), "files", 1);
    assert_eq!(
        fs::read_to_string(path("half")).unwrap(),
        "synced, not synced"
    );

    power.drop_unsynced();
    assert_eq!(fs::read_to_string(path("half")).unwrap(), "synced");
    assert_eq!(fs::read_to_string(path("never")).unwrap(), "");
    assert_eq!(fs::read_to_string(path("renamed")).unwrap(), "renamed");
    assert_eq!(fs::read_to_string(path("before")).unwrap(), "before");
}

#[test]
fn sqlite_full_keeps_what_it_acknowledged_and_normal_does_not() {
    let mut lost_with_normal = 0;
    for acknowledged in [1, 2, 7, 30, 120] {
        let lost = lost_rows("FULL", acknowledged);
        assert!(
            lost <= 0,
            "FULL lost {lost} of {acknowledged} acknowledged rows"
        );
        lost_with_normal += lost_rows("NORMAL", acknowledged).max(0);
    }
    assert!(
        lost_with_normal > 0,
        "NORMAL lost nothing: the shim does not drop anything"
    );
}

/// Appends until so many rows are acknowledged, cuts the power, and says how many of those are missing (negative: rows
/// past the last acknowledgement that was read are there too).
fn lost_rows(synchronous: &str, acknowledged: usize) -> i64 {
    let folder = tempfile::tempdir().unwrap();
    let power = PowerCut::below(folder.path());
    run_until(&power, folder.path(), synchronous, acknowledged);
    power.drop_unsynced();
    let database = Connection::open(folder.path().join("rows.db")).unwrap();
    let verdict: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
    // A database whose very first bytes were lost has no table.
    let rows = database
        .query_row("SELECT count(*) FROM rows", [], |row| row.get(0))
        .unwrap_or(0_i64);
    acknowledged as i64 - rows
}

/// Runs this test program again as the child, under the shim, and kills it after so many acknowledgements.
fn run_until(power: &PowerCut, folder: &Path, what: &str, acknowledged: usize) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .envs(power.environment())
        .env(CHILD, what)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let seen = lines
        .map(Result::unwrap)
        .filter(|line| line.ends_with("acknowledged"))
        .take(acknowledged)
        .count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(seen, acknowledged, "the child ended early");
}

/// Not a test of its own: what the child does. Without the variables, as in a normal run, there is nothing to do.
#[test]
fn child() {
    let (Ok(what), Some(folder)) = (env::var(CHILD), env::var_os(FOLDER)) else {
        return;
    };
    let folder = Path::new(&folder);
    if what == "files" {
        write_files(folder);
    } else {
        append_rows(folder, &what);
    }
}

fn write_files(folder: &Path) -> ! {
    let write = |name: &str, synced: &str, unsynced: &str| {
        let mut file = File::create(folder.join(name)).unwrap();
        file.write_all(synced.as_bytes()).unwrap();
        if !synced.is_empty() {
            file.sync_all().unwrap();
        }
        file.write_all(unsynced.as_bytes()).unwrap();
    };
    write("half", "synced", ", not synced");
    write("never", "", "never synced");
    write("first name", "renamed", "");
    fs::rename(folder.join("first name"), folder.join("renamed")).unwrap();
    println!("\nacknowledged");
    loop {
        std::thread::park();
    }
}

fn append_rows(folder: &Path, synchronous: &str) -> ! {
    let database = Connection::open(folder.join("rows.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database
        .pragma_update(None, "synchronous", synchronous)
        .unwrap();
    database
        .execute_batch("CREATE TABLE rows (body TEXT NOT NULL) STRICT")
        .unwrap();
    loop {
        database
            .execute("INSERT INTO rows VALUES (hex(randomblob(500)))", [])
            .unwrap();
        println!("\nacknowledged");
    }
}
