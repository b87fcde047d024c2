//! The command line: what goes where, and with which exit code.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/trial.rs"]
mod trial;

use std::io::Read as _;
use std::process::Stdio;

use trial::{command, home, quarterdeck};

#[test]
fn wrong_usage_is_exit_2_and_creates_nothing() {
    let home = home();
    // arguments, what the talk must say
    for (arguments, expected) in [
        (&["nonsense"][..], "unrecognized subcommand"),
        (&["open"], "PLAYBOOK"),
        (&["open", "triall"], "did you mean \"trial\"?"),
        (&["open", "missing/file.md"], "missing/file.md"),
        (&["open", "trial", "--set", "who"], "expected input=value"),
        (
            &["open", "trial", "--set", "whom=x"],
            "did you mean \"who\"?",
        ),
        (&["open", "trial", "--set", "who=ALICE"], "does not match"),
        (&["open", "trial", "--severity", "P9"], "none of P1, P2"),
        (&["open", "trial", "--size", "80x24"], "--screenshot"),
        (&["open", "trial"], "not a terminal"),
        (&["--profile", "prod", "list", "sources"], "no profile"),
        (&["show", "last"], "there is none"),
        (&["show", "xyz"], "expected `last`"),
        (&["resume"], "there is none"),
        (
            &["--screenshot", "x.svg", "list", "keys"],
            "belongs to the screens",
        ),
    ] {
        let ran = quarterdeck(home.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.talk.contains(expected), "{arguments:?}: {ran:?}");
        assert_eq!(ran.out, "", "{arguments:?}");
    }
    let listed = quarterdeck(home.path(), &["list", "incidents", "--format", "json"]);
    assert_eq!(listed.out.trim(), "[]");
}

#[test]
fn no_home_is_an_error_with_its_remedy() {
    let home = home();
    let ran = command(home.path(), &["list", "playbooks"]);
    let mut ran = ran;
    let output = ran
        .env_remove("HOME")
        .env_remove("QUARTERDECK_DATA")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(
        talk.contains("set HOME, or set QUARTERDECK_CONFIG"),
        "{talk}"
    );
}

#[test]
fn an_incident_from_opening_to_report() {
    let home = home();
    let picture = home.path().join("open.svg");
    let picture = picture.to_str().unwrap();
    let opened = quarterdeck(
        home.path(),
        &[
            "open",
            "trial-alert",
            "--severity",
            "p2",
            "--set",
            "who=bob",
            "--as",
            "carol",
            "--screenshot",
            picture,
        ],
    );
    assert_eq!(opened.code, Some(0), "{opened:?}");
    assert_eq!(opened.out, "");
    let svg = std::fs::read_to_string(picture).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("Greet"), "{svg}");

    let json = |arguments: &[&str]| -> serde_json::Value {
        let ran = quarterdeck(home.path(), arguments);
        serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {ran:?}"))
    };
    let listed = json(&["list", "incidents", "--format", "json"]);
    assert_eq!(listed[0]["title"], "Trial of the cockpit");
    assert_eq!(listed[0]["severity"], "P2");
    assert_eq!(listed[0]["attached"], false);
    let short = listed[0]["short"].as_str().unwrap();

    let noted = quarterdeck(
        home.path(),
        &["note", short, "a \u{202e}note", "from", "the shell"],
    );
    assert_eq!((noted.code, noted.out.as_str()), (Some(0), ""));
    let timeline = quarterdeck(home.path(), &["timeline", short]);
    assert!(
        timeline.out.contains("a <U+202E>note from the shell"),
        "{timeline:?}"
    );
    assert!(
        timeline.out.contains("carol  ") && timeline.out.contains("alice  "),
        "{timeline:?}"
    );
    let kinds: Vec<String> = quarterdeck(home.path(), &["timeline", short, "--format", "json"])
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "incident.opened",
            "evidence.added",
            "session.opened",
            "input.set",
            "session.detached",
            "session.opened",
            "note.added",
            "session.detached"
        ]
    );
    let csv = quarterdeck(home.path(), &["timeline", short, "--format", "csv"]);
    assert_eq!(csv.out.lines().count(), kinds.len() + 1, "{csv:?}");

    let shown = json(&["show", short, "--format", "json"]);
    assert_eq!(shown["incident"]["inputs"]["who"]["value"], "bob");
    assert!(
        quarterdeck(home.path(), &["show", "--brief"])
            .out
            .contains("Greet")
    );
    let report = quarterdeck(home.path(), &["report", "last"]);
    assert!(
        report.out.starts_with("# Trial of the cockpit"),
        "{report:?}"
    );
    assert!(
        json(&["report", "--format", "json"])["entries"]
            .as_array()
            .unwrap()
            .len()
            == kinds.len()
    );

    let verified = quarterdeck(home.path(), &["verify", short]);
    assert_eq!(verified.code, Some(3), "{verified:?}");
    assert_eq!(
        json(&["verify", short, "--format", "json"])["verdict"],
        "not-anchored"
    );
}

#[test]
fn without_a_name_the_incident_that_was_taken_is_told() {
    let home = home();
    let picture = home.path().join("x.svg");
    let picture = picture.to_str().unwrap();
    let arguments = ["open", "trial", "--severity", "P1", "--screenshot", picture];
    assert_eq!(quarterdeck(home.path(), &arguments).code, Some(0));
    let listed = quarterdeck(home.path(), &["list", "incidents"]).out;
    let short = listed.split_whitespace().next().unwrap();
    for command in ["show", "timeline", "report", "verify"] {
        let taken = format!("incident {short}, the one worked on last\n");
        assert_eq!(
            quarterdeck(home.path(), &[command]).talk,
            taken,
            "{command}"
        );
        let named = quarterdeck(home.path(), &[command, short]);
        assert_eq!(named.talk, "", "{command}");
    }
}

#[test]
fn a_changed_record_does_not_verify() {
    let home = home();
    let picture = home.path().join("x.svg");
    let arguments = [
        "open",
        "trial",
        "--severity",
        "P1",
        "--screenshot",
        picture.to_str().unwrap(),
    ];
    assert_eq!(quarterdeck(home.path(), &arguments).code, Some(0));
    let live = std::fs::read_dir(home.path().join("data/live"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let evidence = std::fs::read_dir(live.join("evidence"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    std::fs::write(evidence, "another playbook").unwrap();
    let verified = quarterdeck(home.path(), &["verify", "last"]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.out.contains("FAULT"), "{verified:?}");
}

#[test]
fn check_says_where_what_and_answers_no() {
    let home = home();
    let folder = home.path().join("books/deep");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("bad.md"),
        "---\nquarterdeck: 1\nid: bad\ncolour: red\n---\n\n# Bad\n",
    )
    .unwrap();
    let checked = quarterdeck(home.path(), &["check", "books"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(
        checked.out.contains("books/deep/bad.md:4:1: error["),
        "{checked:?}"
    );
    assert!(
        checked.talk.contains("1 playbook in 1 file: "),
        "{checked:?}"
    );
    let json = quarterdeck(home.path(), &["check", "books", "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let findings = json[0]["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|finding| finding["line"] == 4),
        "{json}"
    );
    let gone = quarterdeck(home.path(), &["check", "books/none.md"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    let trial = quarterdeck(home.path(), &["check", "config/playbooks/trial.md", "-q"]);
    assert!(trial.code == Some(0) && trial.talk.is_empty(), "{trial:?}");
}

/// Scenarios stand beside playbooks, alone or in folders with other TOML files, and are checked against the playbook they name.
#[test]
fn check_reads_scenarios_too() {
    let home = home();
    let folder = home.path().join("books");
    std::fs::create_dir_all(&folder).unwrap();
    let shipped = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/drills/missing-keys.toml"
    );
    let good = std::fs::read_to_string(shipped).unwrap();
    std::fs::write(folder.join("good.toml"), &good).unwrap();
    std::fs::write(folder.join("other.toml"), "min_columns = 80\n").unwrap();
    let well = quarterdeck(home.path(), &["check", "books"]);
    assert_eq!((well.code, well.out.as_str()), (Some(0), ""), "{well:?}");
    let counted = "0 playbooks and 1 scenario in 1 file: 0 errors";
    assert!(well.talk.contains(counted), "{well:?}");

    let bad = good
        .replace("\"preserve-logs\"", "\"preserve-log\"")
        .replace("speed = 5", "sped = 5");
    std::fs::write(folder.join("bad.toml"), bad).unwrap();
    let checked = quarterdeck(home.path(), &["check", "books/bad.toml"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    for expected in [
        "books/bad.toml:10:1: error[unknown-key]: expected a key of this table, found \"sped\"",
        "error[not-in-playbook]: expected an action or an item of the evidence table of playbook org-isolation-breach, found \"preserve-log\"\n  help: did you mean \"preserve-logs\"?",
    ] {
        assert!(checked.out.contains(expected), "{}", checked.out);
    }
    let json = quarterdeck(
        home.path(),
        &["check", "books/bad.toml", "--format", "json"],
    );
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json[0]["scenario"], "missing-keys");
    assert_eq!(json[0]["findings"][0]["line"], 10);

    let lost = good.replace("org-isolation-breach", "org-isolation-breech");
    std::fs::write(folder.join("lost.toml"), lost).unwrap();
    let checked = quarterdeck(home.path(), &["check", "books/lost.toml"]);
    assert!(
        checked
            .out
            .contains("error[unknown-playbook]: expected a playbook of the library"),
        "{}",
        checked.out
    );

    let listed = quarterdeck(home.path(), &["list", "drills", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    let default = listed.as_array().unwrap().iter();
    let mut default = default.filter(|one| one["id"] == "coordinated-attack");
    assert_eq!(default.next().unwrap()["errors"], 0);
}

/// A decision leads to playbooks of the files checked, of the library, and to no other.
#[test]
fn check_knows_the_playbooks_a_decision_leads_to() {
    let home = home();
    let book = |id: &str, targets: &[&str]| {
        let rows: Vec<String> = targets
            .iter()
            .map(|target| format!("| {target} | [go](playbook:{target}) |"))
            .collect();
        let rows = rows.join("\n");
        let text = format!(
            "---\nquarterdeck: 1\nid: {id}\n---\n\n# {id}\n\n## Triage\n\n### Which\n<!-- {{#which .decision}} -->\n\n| Choice | Then |\n| --- | --- |\n{rows}\n"
        );
        std::fs::write(home.path().join(format!("{id}.md")), text).unwrap();
    };
    book("one", &["two", "trial", "org-isolation-breach"]);
    book("two", &["one", "trail"]);
    let well = quarterdeck(home.path(), &["check", "one.md", "two.md"]);
    let line = "two.md:16:16: error[unknown-playbook]: Then: expected a playbook of the library or of the files checked, found trail\n  help: did you mean trial?";
    assert!(well.out.contains(line), "{}", well.out);
    assert_eq!(well.code, Some(1), "{well:?}");
    assert_eq!(
        well.out.matches("unknown-playbook").count(),
        1,
        "{}",
        well.out
    );
    let alone = quarterdeck(home.path(), &["check", "one.md"]);
    assert!(alone.out.contains("found two"), "{}", alone.out);
    assert_eq!(alone.out.matches("unknown-playbook").count(), 1);
}

#[test]
fn lists_are_for_people_and_programs() {
    let home = home();
    for (what, expected) in [
        ("playbooks", "trial"),
        ("sources", "here"),
        ("layouts", "standard"),
        ("keys", "run-action"),
        ("drills", "coordinated-attack"),
    ] {
        let text = quarterdeck(home.path(), &["list", what]);
        assert!(
            text.code == Some(0) && text.out.contains(expected),
            "{text:?}"
        );
        let json = quarterdeck(home.path(), &["list", what, "--format", "json"]);
        let json: Vec<serde_json::Value> = serde_json::from_str(&json.out).unwrap();
        assert!(
            json.iter().any(|row| row.to_string().contains(expected)),
            "{what}"
        );
    }
}

#[test]
fn a_layout_without_a_minimum_fits_any_size() {
    let home = home();
    let listed = quarterdeck(home.path(), &["list", "layouts"]).out;
    assert!(listed.contains("  any size  "), "{listed}");
    assert!(!listed.contains("0x0"), "{listed}");
}

#[test]
fn keys_of_the_user_are_listed_and_mistakes_are_told() {
    let home = home();
    std::fs::write(
        home.path().join("config/keys.toml"),
        "note = [\"u\"]\nnott = [\"x\"]\n",
    )
    .unwrap();
    let listed = quarterdeck(home.path(), &["list", "keys"]);
    assert_eq!(listed.code, Some(0));
    let note = listed
        .out
        .lines()
        .find(|line| line.contains(" note "))
        .unwrap();
    assert!(note.split_whitespace().nth(2) == Some("u"), "{note}");
    assert!(
        listed.talk.contains("keys.toml:2:1: error[bad-key]"),
        "{listed:?}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = home();
    let mut child = command(home.path(), &["list", "keys"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut talk = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut talk)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), talk.as_str()), (Some(0), ""));
}

#[test]
fn completions_and_manual_come_from_the_command_line_itself() {
    let home = home();
    for shell in ["bash", "zsh", "fish"] {
        let script = quarterdeck(home.path(), &["completions", shell]);
        assert!(
            script.code == Some(0) && script.out.contains("resume"),
            "{shell}"
        );
    }
    assert!(
        quarterdeck(home.path(), &["man"])
            .out
            .contains(".TH quarterdeck")
    );
}

/// What a command itself is told stands before what every command is told.
#[test]
fn help_begins_with_what_a_command_is_for() {
    let home = home();
    for (command, own, says) in [
        ("drill", "--seed <N>", "quarterdeck report last"),
        ("walk", "--print", "`space` goes on"),
        (
            "rehearse",
            "--scenario <SCENARIO>",
            "A verdict of FAIL is no failure of the playbook",
        ),
    ] {
        let ran = quarterdeck(home.path(), &[command, "--help"]);
        let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = |words: &str| text.find(words).unwrap_or(usize::MAX);
        assert!(at(own) < at("For every command:"), "{text}");
        assert!(at("For every command:") < at("--as <NAME>"), "{text}");
        assert!(text.contains(says), "{text}");
    }
}
