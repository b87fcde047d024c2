//! The program on a terminal: it starts, resizes, stops, goes on, loses its line, panics; each time the terminal is as it
//! was before, the process is gone at once, and the record holds.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/trial.rs"]
mod trial;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pty::{Launch, PATIENCE, Signal, Terminal};

/// After a signal the process is gone: it takes its grace of a second at most, and a busy machine some more; what it must not do is to wait for
/// something that runs for minutes.
const AT_ONCE: Duration = Duration::from_secs(10);

fn open(home: &Path) -> Terminal {
    let terminal = Launch::quarterdeck(home)
        .arguments(["open", "trial-alert", "--severity", "P2"])
        .start();
    terminal.wait_for("Greet", PATIENCE);
    terminal
}

/// The record verifies, the last thing it says is why the session ended, and the incident can be gone on with.
fn holds_and_resumes(home: &Path, left: &str) {
    let verified = trial::quarterdeck(home, &["verify", "last"]);
    assert_eq!(verified.code, Some(3), "{verified:?}");
    assert!(verified.out.contains("not anchored"), "{verified:?}");
    let timeline = trial::quarterdeck(home, &["timeline", "last"]);
    let last = timeline.out.lines().last().unwrap();
    assert!(last.ends_with(left), "{left:?}: {last}");
    let mut again = Launch::quarterdeck(home).arguments(["resume"]).start();
    again.wait_for("Greet", PATIENCE);
    again.send("q");
    assert!(again.wait_exit(PATIENCE).success());
    again.terminal_restored().unwrap();
}

#[test]
fn it_starts_at_home_and_leaves_the_terminal_as_it_was() {
    let home = trial::home();
    let mut terminal = Launch::quarterdeck(home.path()).start();
    terminal.wait_for("Trial of the cockpit", PATIENCE);
    assert!(
        terminal.terminal_restored().is_err(),
        "the control: a running program holds the terminal"
    );
    terminal.send("q");
    assert!(terminal.wait_exit(PATIENCE).success());
    terminal.terminal_restored().unwrap();
}

#[test]
fn an_incident_is_opened_by_its_alert_resized_left_and_resumed() {
    let home = trial::home();
    let mut terminal = open(home.path());
    for (columns, rows) in [(80, 24), (20, 5), (200, 60), (120, 40)] {
        terminal.resize(columns, rows);
        // The last row is the line of hints; what is left of another size has a piece of a pane there.
        terminal.wait_for(
            |screen: &str| {
                let lines: Vec<&str> = screen.lines().collect();
                lines.len() == usize::from(rows)
                    && lines
                        .last()
                        .is_some_and(|last| !last.contains(['│', '└', '┗', '─']))
            },
            PATIENCE,
        );
    }
    terminal.send("q");
    assert!(terminal.wait_exit(PATIENCE).success());
    terminal.terminal_restored().unwrap();
    let told = terminal.screen();
    assert!(told.contains("stays open: quarterdeck resume "), "{told}");
    holds_and_resumes(home.path(), "left: quit");
}

/// crossterm's default reader loses the wake-up for a key that arrives together with a change of size (its epoll is
/// edge-triggered and it returns after the first of both): the key shows only after the next one. Its `use-dev-tty`
/// feature polls by level.
#[test]
fn a_key_that_arrives_with_a_resize_is_not_held_back() {
    let home = trial::home();
    let mut terminal = open(home.path());
    for round in 0..40 {
        for columns in [121, 122, 120] {
            terminal.resize(columns, 40);
        }
        terminal.send(if round % 2 == 0 { "?" } else { "q" });
        let open = round % 2 == 0;
        terminal.wait_for(
            |screen: &str| screen.contains("In an incident") == open,
            Duration::from_secs(5),
        );
    }
}

#[test]
fn what_another_session_writes_appears() {
    let home = trial::home();
    let terminal = open(home.path());
    let noted = trial::quarterdeck(
        home.path(),
        &["note", "last", "seen from afar", "--as", "bob"],
    );
    assert_eq!(noted.code, Some(0), "{noted:?}");
    terminal.wait_for("seen from afar", PATIENCE);
}

/// A changed playbook that one session takes is followed by the others, without a resume.
#[test]
fn a_playbook_that_another_session_took_is_followed() {
    let home = trial::home();
    let ours = open(home.path());
    let mut theirs = Launch::quarterdeck(home.path())
        .arguments(["resume", "--as", "bob"])
        .start();
    theirs.wait_for("Greet", PATIENCE);
    let file = home.path().join("config/playbooks/trial.md");
    let changed = std::fs::read_to_string(&file).unwrap() + "\n### Wave goodbye\n\nWith a hand.\n";
    std::fs::write(&file, changed).unwrap();
    for terminal in [&ours, &theirs] {
        terminal.wait_for("file has changed", PATIENCE);
        assert!(!terminal.screen().contains("Wave goodbye"));
    }
    theirs.send(":");
    theirs.send("adopt playbook");
    theirs.wait_for("Take the changed text", PATIENCE);
    theirs.send("<Enter>");
    theirs.wait_for("┏ Choose", PATIENCE);
    theirs.send("<Enter>");
    theirs.wait_for("Wave goodbye", PATIENCE);
    ours.wait_for("Wave goodbye", PATIENCE);
}

#[test]
fn a_signal_ends_it_with_the_terminal_restored_and_its_code() {
    for (signal, code, left) in [
        (Signal::TERM, 143, "left: terminated"),
        (Signal::HUP, 129, "left: hang-up"),
        (Signal::INT, 130, "left: interrupted"),
        (Signal::QUIT, 131, "left: quit signal"),
    ] {
        let home = trial::home();
        let mut terminal = open(home.path());
        terminal.kill(signal);
        assert_eq!(terminal.wait_exit(AT_ONCE).exit_code(), code);
        terminal.terminal_restored().unwrap();
        holds_and_resumes(home.path(), left);
    }
}

#[test]
fn a_line_that_dies_ends_it_without_spinning() {
    let home = trial::home();
    let mut terminal = open(home.path());
    terminal.close_master();
    assert_eq!(terminal.wait_exit(AT_ONCE).exit_code(), 129);
    holds_and_resumes(home.path(), "left: hang-up");
}

#[test]
fn it_stops_with_the_terminal_restored_and_goes_on_with_the_same_screen() {
    let home = trial::home();
    let mut terminal = open(home.path());
    terminal.kill(Signal::TSTP);
    wait_for_state(&terminal, 'T');
    // It has stopped; what it wrote before may not have been read here yet.
    wait_until(|| terminal.terminal_restored().is_ok());
    terminal.kill(Signal::CONT);
    terminal.wait_for("Greet", PATIENCE);
    wait_until(|| terminal.terminal_restored().is_err());
    terminal.send("?");
    terminal.wait_for("In an incident", PATIENCE);
    terminal.kill(Signal::TERM);
    assert_eq!(terminal.wait_exit(AT_ONCE).exit_code(), 143);
    terminal.terminal_restored().unwrap();
}

#[test]
fn a_stopped_program_ends_when_it_is_told_to() {
    let home = trial::home();
    let mut terminal = open(home.path());
    terminal.kill(Signal::TSTP);
    wait_for_state(&terminal, 'T');
    terminal.kill(Signal::TERM);
    terminal.kill(Signal::CONT);
    assert_eq!(terminal.wait_exit(AT_ONCE).exit_code(), 143);
    terminal.terminal_restored().unwrap();
    holds_and_resumes(home.path(), "left: terminated");
}

#[test]
#[cfg(debug_assertions)]
fn a_panic_restores_the_terminal_first_and_says_where_it_was() {
    for thread in ["loop", "task"] {
        let home = trial::home();
        let mut terminal = Launch::quarterdeck(home.path())
            .arguments(["open", "trial", "--severity", "P1"])
            .environment("QUARTERDECK_TEST_PANIC", thread)
            .start();
        terminal.wait_for("Greet", PATIENCE);
        terminal.send("<C-l>");
        assert_eq!(terminal.wait_exit(AT_ONCE).exit_code(), 101, "{thread}");
        terminal.terminal_restored().unwrap();
        let screen = terminal.screen();
        assert!(
            screen.contains("src/runtime/perform.rs:") && screen.contains("asked for by a test"),
            "{thread}: {screen}"
        );
        holds_and_resumes(home.path(), "left: panic");
    }
}

#[test]
fn an_action_cut_off_is_of_unknown_outcome_and_its_children_are_gone() {
    for (cut, code) in [(Signal::KILL, None), (Signal::HUP, Some(129))] {
        let home = trial::home();
        let mut terminal = open(home.path());
        terminal.send("2");
        terminal.wait_for("sleep 300", PATIENCE);
        terminal.send("<Enter>");
        terminal.wait_for("waiting 42", PATIENCE);
        terminal.kill(cut);
        let status = terminal.wait_exit(AT_ONCE);
        if let Some(code) = code {
            assert_eq!(status.exit_code(), code);
            wait_until(|| !sleeps_below(home.path()));
        }
        let shown = trial::quarterdeck(home.path(), &["show", "last", "--brief"]);
        let killed = code.is_none();
        let timeline = trial::quarterdeck(home.path(), &["timeline"]);
        assert!(shown.out.to_lowercase().contains("unknown"), "{shown:?}");
        for text in [&shown.out, &timeline.out] {
            assert_eq!(text.contains("ended without saying so"), killed, "{text}");
        }
        assert!(timeline.talk.contains("worked on last"), "{timeline:?}");
        let verified = trial::quarterdeck(home.path(), &["verify", "last"]);
        assert_eq!(verified.code, Some(3), "{verified:?}");
        let mut again = Launch::quarterdeck(home.path())
            .arguments(["resume"])
            .start();
        again.wait_for("OUTCOME UNKNOWN", PATIENCE);
        again.send("q");
        again.wait_exit(PATIENCE);
        kill_sleepers(home.path());
    }
}

/// How the program is ended while a script changes something.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    Signal(Signal),
    Line,
}

/// A script that changes something is never stopped half-way because the program is gone: it goes on, its output is in the
/// incident's folder, and whoever resumes is told where, is asked, and does not send it again by the way.
#[test]
fn a_script_that_writes_goes_on_without_the_program_and_is_asked_about() {
    for cut in [
        Cut::Signal(Signal::HUP),
        Cut::Signal(Signal::TERM),
        Cut::Line,
        Cut::Signal(Signal::KILL),
    ] {
        let home = trial::home();
        let library = home.path().join("config/playbooks");
        let playbook = include_str!("fixtures/trial/playbooks/change.md");
        std::fs::write(library.join("change.md"), playbook).unwrap();
        let mut terminal = Launch::quarterdeck(home.path())
            .arguments(["open", "change"])
            .start();
        terminal.wait_for("Freeze", PATIENCE);
        terminal.send("1");
        terminal.wait_for("Change this?", PATIENCE);
        terminal.send("here<Enter>");
        terminal.wait_for("frozen 1 of 2", PATIENCE);
        match cut {
            Cut::Signal(signal) => terminal.kill(signal),
            Cut::Line => terminal.close_master(),
        }
        let status = terminal.wait_exit(AT_ONCE);
        let killed = cut == Cut::Signal(Signal::KILL);
        assert_eq!(status.signal().is_some(), killed, "{cut:?}: {status:?}");

        let called = || std::fs::read_to_string(home.path().join("called")).unwrap();
        let process = called().trim().to_owned();
        let runs = || Path::new("/proc").join(&process).join("cmdline").exists();
        assert!(runs(), "{cut:?}: process {process} was stopped");
        let output = output_of(home.path(), &format!("freeze-it-{process}.out"));
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "frozen 1 of 2\n");
        for (path, mode) in [(output.as_path(), 0o600), (output.parent().unwrap(), 0o700)] {
            let is = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(is & 0o777, mode, "{}", path.display());
        }

        let verified = trial::quarterdeck(home.path(), &["verify", "last"]);
        assert_eq!(verified.code, Some(3), "{verified:?}");
        let timeline = trial::quarterdeck(home.path(), &["timeline", "last"]).out;
        let named = format!(
            "left running: process {process}, its output in {}",
            output.display()
        );
        assert_eq!(timeline.contains(&named), !killed, "{cut:?}: {timeline}");

        let mut again = Launch::quarterdeck(home.path())
            .arguments(["resume"])
            .start();
        again.wait_for("OUTCOME UNKNOWN", PATIENCE);
        again.send("1");
        again.wait_for("what happened?", PATIENCE);
        let asked: String = again
            .screen()
            .chars()
            .filter(|c| !c.is_whitespace() && !"│┃".contains(*c))
            .collect();
        let wanted = format!("process{process},itsoutputin{}", output.display());
        assert!(
            asked.contains(&wanted),
            "{cut:?}: {wanted} in {}",
            again.screen()
        );
        std::fs::write(home.path().join("go"), "").unwrap();
        wait_until(|| {
            std::fs::read_to_string(&output)
                .unwrap()
                .ends_with("frozen 2 of 2\n")
        });
        again.send("<Esc>");
        again.wait_for(|screen: &str| !screen.contains("what happened?"), PATIENCE);
        again.send("q");
        assert!(again.wait_exit(PATIENCE).success());
        assert_eq!(called().lines().count(), 1, "it was sent once");
    }
}

/// What a script wrote, in the folder of the only incident.
fn output_of(home: &Path, name: &str) -> PathBuf {
    let mut incidents = std::fs::read_dir(home.join("data/live")).unwrap();
    incidents
        .next()
        .unwrap()
        .unwrap()
        .path()
        .join("output")
        .join(name)
}

#[test]
fn nothing_wakes_it_while_nothing_happens() {
    let home = trial::home();
    let terminal = {
        let terminal = Launch::quarterdeck(home.path()).start();
        terminal.wait_for("Trial of the cockpit", PATIENCE);
        terminal
    };
    let switches = |terminal: &Terminal| -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", terminal.process_id())).unwrap();
        tasks
            .map(|task| std::fs::read_to_string(task.unwrap().path().join("status")).unwrap())
            .flat_map(|status| {
                let of = |line: &str| line.split_whitespace().nth(1)?.parse::<u64>().ok();
                let lines = status
                    .lines()
                    .filter(|line| line.starts_with("voluntary_ctxt_switches"));
                lines.filter_map(of).collect::<Vec<_>>()
            })
            .sum()
    };
    // Its threads need a moment to lie down; then two seconds must pass without one of them getting up.
    let quiet = |terminal: &Terminal| {
        let before = switches(terminal);
        std::thread::sleep(Duration::from_secs(2));
        switches(terminal) == before
    };
    let end = Instant::now() + PATIENCE;
    while !quiet(&terminal) {
        assert!(Instant::now() < end, "something wakes it again and again");
    }
}

/// Waits for a state of the process, as `/proc` names it.
fn wait_for_state(terminal: &Terminal, state: char) {
    wait_until(|| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", terminal.process_id()));
        stat.unwrap()
            .rsplit(") ")
            .next()
            .unwrap()
            .starts_with(state)
    });
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "it does not come to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Processes of a test's script: they run in its home.
fn sleepers(home: &Path) -> Vec<rustix::process::Pid> {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|process| {
            let path = process.ok()?.path();
            let id = path.file_name()?.to_str()?.parse().ok()?;
            let command = std::fs::read_to_string(path.join("cmdline")).ok()?;
            let here = std::fs::read_link(path.join("cwd")).ok()?.starts_with(home);
            (here && command.contains("sleep")).then_some(rustix::process::Pid::from_raw(id)?)
        })
        .collect()
}

fn sleeps_below(home: &Path) -> bool {
    !sleepers(home).is_empty()
}

/// What a killed program could not clean up.
fn kill_sleepers(home: &Path) {
    for id in sleepers(home) {
        let _ = rustix::process::kill_process(id, Signal::KILL);
    }
}
