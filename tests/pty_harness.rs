//! The pty harness itself, against small shell programs: what it types, what it sees, and that its checks can fail.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/pty.rs"]
mod pty;

use std::fs;
use std::time::Duration;

use pty::{Launch, PATIENCE, Signal, Terminal};
use tempfile::{TempDir, tempdir};

/// Runs a script on a terminal. The folder is its home; it goes away with the value.
fn shell(script: &str) -> (TempDir, Terminal) {
    let home = tempdir().unwrap();
    let launch = Launch::program("/bin/bash", home.path())
        .arguments(["--norc", "-c", script])
        .size(80, 24);
    let terminal = launch.start();
    (home, terminal)
}

#[test]
fn keys_arrive_as_a_terminal_sends_them() {
    let (_home, mut terminal) = shell("stty raw -echo; echo ready; exec cat -vT");
    terminal.wait_for("ready", PATIENCE);
    terminal.send("a<lt>b<Enter><Esc><Tab><S-Tab><BS><Space><C-c><C-]><M-x><F1><F5>");
    terminal.wait_for("a<b^M^[^I^[[Z^? ^C^]^[x^[OP^[[15~", PATIENCE);
    terminal.send("|<Up><Down><Right><Left><Home><End><PgUp><PgDn><Ins><Del>");
    terminal.wait_for("|^[[A^[[B^[[C^[[D^[[H^[[F^[[5~^[[6~^[[2~^[[3~", PATIENCE);
}

#[test]
fn keys_and_pastes_follow_the_modes_of_the_program() {
    let (_home, mut terminal) =
        shell(r"stty raw -echo; printf '\033[?1h\033[?2004hready'; exec cat -v");
    terminal.wait_for("ready", PATIENCE);
    terminal.send("<Up>");
    terminal.wait_for("^[OA", PATIENCE);
    terminal.paste("two words");
    terminal.wait_for("^[[200~two words^[[201~", PATIENCE);
}

#[test]
#[should_panic(expected = "no key is named <Return>")]
fn an_unknown_key_is_refused() {
    let (_home, mut terminal) = shell("exec cat");
    terminal.send("<Return>");
}

#[test]
fn the_environment_is_clean_and_places_are_below_the_home() {
    let home = tempdir().unwrap();
    let mut terminal = Launch::program("/usr/bin/env", home.path()).start();
    assert!(terminal.wait_exit(PATIENCE).success());
    // The paths are longer than a row: what was written, not what is shown.
    let output = String::from_utf8(terminal.output()).unwrap();
    let mut names: Vec<&str> = output
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    let places = [
        "QUARTERDECK_CONFIG",
        "QUARTERDECK_DATA",
        "QUARTERDECK_STATE",
    ];
    assert_eq!(
        names,
        [
            &["HOME", "LANG", "PATH"],
            places.as_slice(),
            &["SHELL", "TERM", "TZ"]
        ]
        .concat()
    );
    assert!(output.contains(&format!(
        "QUARTERDECK_DATA={}\r\n",
        home.path().join("data").display()
    )));
}

#[test]
fn a_predicate_can_be_waited_for() {
    let (_home, terminal) = shell("seq 1 5; exec cat");
    terminal.wait_for(|screen: &str| screen.lines().count() == 5, PATIENCE);
    assert_eq!(terminal.screen(), "1\n2\n3\n4\n5");
}

#[test]
#[should_panic(
    expected = "time is up: \"never\" is not on the screen:\n────────────────────────────────────────\nhere I am\n"
)]
fn a_wait_that_fails_shows_the_screen() {
    let (_home, terminal) = shell("printf 'here I am'; exec cat");
    terminal.wait_for("here I am", PATIENCE);
    terminal.wait_for("never", Duration::from_millis(10));
}

#[test]
#[should_panic(expected = "the program ended: \"never\" is not on the screen")]
fn a_wait_for_a_program_that_is_gone_fails_at_once() {
    let (_home, terminal) = shell("echo bye");
    terminal.wait_for("never", PATIENCE * 100);
}

#[test]
#[should_panic(expected = "the program runs on after 10ms:")]
fn a_program_that_does_not_end_is_a_failure() {
    let (_home, mut terminal) = shell("exec cat");
    terminal.wait_exit(Duration::from_millis(10));
}

#[test]
fn a_resize_reaches_the_program_and_the_screen() {
    let (_home, mut terminal) =
        shell("trap 'stty size' WINCH; stty size; while :; do sleep 0.01; done");
    terminal.wait_for("24 80", PATIENCE);
    terminal.resize(30, 5);
    terminal.wait_for("5 30", PATIENCE);
}

#[test]
fn an_exit_code_and_a_signal_can_be_told_apart() {
    let (_home, mut terminal) = shell("exit 3");
    let status = terminal.wait_exit(PATIENCE);
    assert_eq!((status.exit_code(), status.signal()), (3, None));

    let (_home, mut terminal) = shell("echo ready; exec cat");
    terminal.wait_for("ready", PATIENCE);
    assert!(fs::exists(format!("/proc/{}", terminal.process_id())).unwrap());
    terminal.kill(Signal::KILL);
    assert_eq!(terminal.wait_exit(PATIENCE).signal(), Some("Killed"));
}

#[test]
fn a_dying_line_hangs_up_and_types_nothing() {
    let script = "trap 'echo hangup >hangup' HUP; echo ready; cat >typed; echo $? >end; exit 7";
    let (home, mut terminal) = shell(script);
    terminal.wait_for("ready", PATIENCE);
    terminal.close_master();
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 7);
    let read = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    assert_eq!(read("hangup"), "hangup\n");
    assert_eq!(read("typed"), "", "closing the line typed something");
}

#[test]
fn what_is_left_on_the_terminal_is_found() {
    let on = r"stty raw; printf '\033[?1049;25h\033[?25l\033[?2004h\033[?1000h\033[>1u'";
    let (_home, mut terminal) = shell(on);
    terminal.wait_exit(PATIENCE);
    let left = "left on: alternate screen, bracketed paste, hidden cursor, mouse clicks, keyboard protocol, raw mode";
    assert_eq!(terminal.terminal_restored(), Err(left.to_owned()));

    let off = r"printf '\033[<1u\033[?1000;2004l\033[?25h\033[?1049l'; stty sane";
    let (_home, mut terminal) = shell(&format!("saved=$(stty -g); {on}; {off}; stty $saved"));
    terminal.wait_exit(PATIENCE);
    assert_eq!(terminal.terminal_restored(), Ok(()));
}
