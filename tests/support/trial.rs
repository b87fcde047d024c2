//! A home folder with a small playbook and a source that runs scripts here, and the program run without a terminal.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A home with configuration; data and state come into being with the first incident.
pub fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    std::fs::create_dir_all(config.join("playbooks")).unwrap();
    std::fs::write(
        config.join("config.toml"),
        include_str!("../fixtures/trial/config.toml"),
    )
    .unwrap();
    std::fs::write(
        config.join("playbooks/trial.md"),
        include_str!("../fixtures/trial/playbooks/trial.md"),
    )
    .unwrap();
    home
}

/// The program with these arguments, its folders below `home`, nothing else in its environment.
pub fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("QUARTERDECK_CONFIG", home.join("config"))
        .env("QUARTERDECK_DATA", home.join("data"))
        .env("QUARTERDECK_STATE", home.join("state"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn quarterdeck(home: &Path, arguments: &[&str]) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = command(home, arguments).output().unwrap();
    Ran {
        code: status.code(),
        out: String::from_utf8(stdout).unwrap(),
        talk: String::from_utf8(stderr).unwrap(),
    }
}

/// Each test file uses a part of this; naming every part keeps the compiler from calling the rest dead.
const _: () = {
    let _ = |ran: Ran| (ran.code, ran.out, ran.talk);
};

/// How a run ended and what it said.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub talk: String,
}
