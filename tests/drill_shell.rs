//! The drill's shell against the real one: the same scripts over the same files, by bash and the GNU tools in a folder of their own, and by the shell that
//! starts no process. Then what is the drill's own: refusals, the tools of the service, outcomes that follow the simulated service.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what cannot be done fails it"
)]

#[path = "drill_shell/scripts.rs"]
mod scripts;
#[path = "drill_shell/service.rs"]
mod service;
#[path = "drill_shell/tools.rs"]
mod tools;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use quarterdeck::drill::shell::{self, Ran};
use quarterdeck::drill::{World, scenario};
use quarterdeck::model::diagnostic::SourceText;

/// A small service with a short past, so that a test does not wait for a day of traffic.
fn world(stories: &str) -> World {
    world_of(stories, 7)
}

/// The same service with another seed.
fn world_of(stories: &str, seed: u64) -> World {
    let text = format!(
        r#"
drill = 1
id = "shell"
title = "Shell"
summary = "A service to run scripts on."
playbook = "suspected-tenant-leak"

starts = 2026-03-09T03:12:00Z
lasts = "40m"
history = "30m"

[service]
organisations = 6
users = 4
staff = 6
requests_per_minute = 12

{stories}
"#
    );
    let (scenario, _) = scenario::parse(SourceText::new("shell.toml", text));
    World::new(&scenario, seed)
}

/// Variables that scripts of the comparison find.
const VARIABLES: &[(&str, &str)] = &[
    ("EMPTY", ""),
    ("PHRASE", "two  words"),
    ("ROUTE", "cases/export.ts"),
    ("STARRED", "*.md"),
    ("WORD", "findUnique"),
];

fn variables() -> Vec<(String, String)> {
    VARIABLES
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Runs a script by the real bash, as a live incident runs it.
fn by_bash(folder: &Path, script: &str) -> Ran {
    let file = folder.join("script.sh");
    fs::write(&file, script).unwrap();
    let ended = Command::new("bash")
        .args(["--noprofile", "--norc", "-p", "-euo", "pipefail", "--"])
        .arg(&file)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", "/home/oncall")
        .envs(VARIABLES.iter().copied())
        .current_dir(folder.join("repository"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        stdout: String::from_utf8(ended.stdout).unwrap(),
        stderr: String::from_utf8(ended.stderr).unwrap(),
        exit_code: ended.status.code().unwrap(),
    }
}

#[test]
fn scripts_end_as_they_do_in_bash() {
    let mut world = world("");
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in shell::repository(&world) {
        let file = folder.path().join("repository").join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let mut differences = String::new();
    let mut compared = 0;
    for script in scripts::SCRIPTS {
        let theirs = by_bash(folder.path(), script);
        let ours = shell::run(&mut world, script, &variables());
        compared += 1;
        let same = ours.as_ref().is_ok_and(|ours| {
            (&ours.stdout, ours.exit_code, ours.stderr.is_empty())
                == (&theirs.stdout, theirs.exit_code, theirs.stderr.is_empty())
        });
        if !same {
            writeln!(
                differences,
                "--- {script}\nbash:  {theirs:?}\ndrill: {ours:?}"
            )
            .unwrap();
        }
    }
    assert!(compared >= 100, "only {compared} scripts were compared");
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn what_the_shell_lacks_is_refused_before_anything_runs() {
    let mut world = world("");
    for (script, named) in scripts::REFUSED {
        let refusal = shell::run(&mut world, script, &variables()).unwrap_err();
        assert!(
            refusal.contains(named) && refusal.starts_with("line "),
            "{script}\n{refusal}"
        );
        assert_eq!(shell::check(script, &variables()), Err(refusal), "{script}");
    }
}
