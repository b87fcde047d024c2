//! `quarterdeck walk` from outside: printed whole, and walked through on a terminal. Nothing is sent, and the record says so.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/trial.rs"]
mod trial;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::Path;

use pty::{Launch, PATIENCE, Terminal};
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::playbook::Playbook;
use quarterdeck::report::walk::{counter, tour, whole};
use trial::{home, quarterdeck};

/// Every shipped playbook with what `walk` calls it by.
fn shipped() -> Vec<(String, Playbook)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    let playbooks = paths.iter().flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let name = path.display().to_string();
        let parsed = quarterdeck::playbook::parse(&SourceText::new(&name, &text));
        parsed.into_iter().map(move |parsed| {
            let playbook = parsed.playbook;
            (format!("{name}#{}", playbook.id), playbook)
        })
    });
    playbooks.collect()
}

/// Lines of an action's text that no value changes.
fn fixed_lines(text: &str) -> impl Iterator<Item = &str> {
    let changes = |line: &str| {
        [':', '$', '_', '{'].iter().any(|sign| line.contains(*sign)) || line.contains("let ")
    };
    text.lines()
        .map(str::trim)
        .filter(move |line| line.len() > 3 && !changes(line))
}

#[test]
fn every_shipped_playbook_prints_every_action_and_marks_every_example() {
    let home = home();
    for (name, playbook) in shipped() {
        let ran = quarterdeck(home.path(), &["walk", &name, "--print"]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.talk);
        let text = ran.out;
        assert!(text.starts_with("# WALKTHROUGH "), "{name}");
        assert!(!text.contains("NOT PLANNED"), "{name}:\n{text}");
        let headings: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("####"))
            .collect();
        assert_eq!(headings.len(), playbook.actions.len(), "{name}");
        for action in playbook.actions.values() {
            for line in fixed_lines(&action.text) {
                assert!(text.contains(line), "{name}: {}: {line}", action.id);
            }
        }
        let steps = text
            .lines()
            .filter(|line| line.starts_with("### Step "))
            .count();
        assert_eq!(steps, playbook.steps().count(), "{name}");
        check_examples(&name, &text);
        // Neither who looks nor when changes a byte.
        let again = quarterdeck(home.path(), &["walk", &name, "--print", "--as", "bob"]);
        assert_eq!(again.out, text, "{name}");
    }
    assert!(!home.path().join("data").exists(), "nothing is recorded");
}

/// A value that is an example where inputs are listed is marked wherever it is bound, and so is what stands for an incident.
fn check_examples(name: &str, text: &str) {
    let examples: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with("- `") && !line.starts_with("- `$"))
        .filter(|line| line.ends_with(" (example)"))
        .filter_map(|line| line.split('`').nth(1))
        .chain([
            "window_start",
            "window_end",
            "opened_at",
            "incident_id",
            "operator",
        ])
        .collect();
    let mut bound = 0;
    for line in text.lines().filter(|line| line.starts_with("- `$")) {
        let input = line.split('`').nth(1).unwrap().split(' ').nth(1).unwrap();
        bound += 1;
        assert_eq!(
            line.ends_with(" (example)"),
            examples.contains(input),
            "{name}: {line}"
        );
    }
    assert!(bound > 0, "{name}: something is bound");
}

#[test]
fn values_time_and_notes_are_as_asked() {
    let home = home();
    let path = home.path().join("p.md");
    fs::write(&path, PLAYBOOK).unwrap();
    let path = path.to_str().unwrap();
    let print = |more: &[&str]| {
        let arguments = [&["walk", path, "--print"], more].concat();
        let ran = quarterdeck(home.path(), &arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out
    };
    let plain = print(&[]);
    assert!(
        plain.contains("Times are as of 2026-01-01 00:00:00 UTC."),
        "{plain}"
    );
    assert!(plain.contains("`u-0123` (example)"), "{plain}");
    assert!(!plain.contains("Only you read this"), "{plain}");
    let set = print(&["--set", "actor_id=u-77"]);
    assert!(set.contains("`$1 actor_id` (text): `u-77`\n"), "{set}");
    let later = print(&["--at", "2026-03-04T05:06:07Z"]);
    assert!(
        later.contains("Times are as of 2026-03-04 05:06:07 UTC."),
        "{later}"
    );
    assert!(
        later.contains("2026-03-03T05:06:07"),
        "the window is anchored at it: {later}"
    );
    let noted = print(&["--notes"]);
    for note in [
        "Only you read this of the playbook.",
        "Only you read this of the phase.",
        "Only you read this of the step.",
    ] {
        assert!(noted.contains(note), "{note}\n{noted}");
    }
    for part in [
        "- gate: “Which rows” runs first and shows what would be touched; the target's name is typed; a ceiling of rows is typed, at most 5: above it nothing is changed; who else agrees is named; to undo it: put them back",
        "- by: Security lead (security); another person agrees and is named",
        "- effect: WRITES: it changes something",
        "- expects: PASS when the count is 0; INCONCLUSIVE when the result is not whole; else FAIL, which proposes: goes to Stop it",
        "- checked by: `expect=\"count == 0\"`",
        "a PASS ticks “Seen”",
        "meets the clock “Answer” (within 15m of the opening)",
        "fills the evidence “The rows”",
        "“Stop it” waits for it",
        "- to: `incidents`",
        "‹Incident commander› stops `u-0123`: ‹id›",
        "- waits for: “Which rows”",
    ] {
        assert!(plain.contains(part), "{part}\n{plain}");
    }
}

const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: p
title: P
severity: [P2, P1]
roles: { ic: Incident commander, security: Security lead }
inputs:
  actor_id: { title: Suspect actor, type: text, pattern: '^u-[0-9]+$' }
clocks:
  answer: { title: Answer, within: 15m, from: opened, met_by: rows }
evidence:
  seen: { title: The rows, from: rows }
---

What this is.

```text {.notes}
Only you read this of the playbook.
```

## Look

How we look.

```text {.notes}
Only you read this of the phase.
```

### Find

```text {.notes}
Only you read this of the step.
```

Which rows.

```sql {#rows source=app expect="count == 0" otherwise="goto stop"}
SELECT id FROM t WHERE actor = :actor_id AND at >= :window_start
```

- [ ] Seen <!-- {by=rows} -->

### Stop it
<!-- {#stop requires="rows"} -->

```sql {#act source=app effect=write preview=rows max-rows=5 approve=2 role=security undo="put them back"}
UPDATE t SET gone = true WHERE actor = :actor_id
```

```message {#tell to=incidents audience=internal}
{{ ic }} stops `{{ inputs.actor_id }}`: {% for row in result["rows"].rows %}{{ row.id }}{% endfor %}
```
"#;

#[test]
fn what_cannot_be_planned_is_printed_as_that_and_does_not_end_it() {
    let home = home();
    let path = home.path().join("p.md");
    let broken = PLAYBOOK.replace(
        "```sql {#rows source=app expect",
        "```kql {#drop source=telemetry}\n.drop table T\n```\n\n```sql {#rows source=app expect",
    );
    fs::write(&path, broken).unwrap();
    let ran = quarterdeck(home.path(), &["walk", path.to_str().unwrap(), "--print"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("- NOT PLANNED: "), "{}", ran.out);
    assert!(
        ran.out.contains("## Not planned\n\n- `drop`: "),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("UPDATE t SET gone"), "{}", ran.out);
}

#[test]
fn hostile_text_cannot_leave_its_place() {
    let home = home();
    let path = home.path().join("p.md");
    let hostile = PLAYBOOK
        .replace(
            "title: P\n",
            "title: \"<script>x</script> [a](b) \\e[2J\"\n",
        )
        .replace(
            "What this is.",
            "What ![x](http://evil) this \u{202e}is \u{1b}]52;c;eA==\u{7}.",
        )
        .replace("UPDATE t", "-- ```\n# Not a heading\n-- ````\nUPDATE t");
    fs::write(&path, hostile).unwrap();
    let ran = quarterdeck(home.path(), &["walk", path.to_str().unwrap(), "--print"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let forbidden = |character: char| {
        (character.is_control() && character != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&character)
    };
    assert!(!ran.out.contains(forbidden), "{:?}", ran.out);
    assert!(
        !ran.out.contains("<script>") && !ran.out.contains("](http"),
        "{}",
        ran.out
    );
    let fence = ran
        .out
        .lines()
        .find(|line| line.starts_with("`````"))
        .unwrap();
    assert_eq!(fence, "`````sql");
}

#[test]
fn wrong_usage_is_told_and_creates_nothing() {
    let home = home();
    for (arguments, expected) in [
        (&["walk"][..], "PLAYBOOK"),
        (&["walk", "triall"], "did you mean \"trial\"?"),
        (&["walk", "trial", "--notes"], "--print"),
        (
            &["walk", "trial", "--at", "2026-01-01T00:00:00Z"],
            "--print",
        ),
        (&["walk", "trial", "--print", "--at", "noon"], "noon"),
        (
            &["walk", "trial", "--print", "--set", "whom=x"],
            "did you mean \"who\"?",
        ),
        (
            &["walk", "trial", "--print", "--severity", "P9"],
            "none of P1, P2",
        ),
        (
            &["walk", "trial", "--print", "--screenshot", "x.svg"],
            "--print has no screen",
        ),
        (&["walk", "trial"], "not a terminal"),
    ] {
        let ran = quarterdeck(home.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.talk.contains(expected), "{arguments:?}: {ran:?}");
        assert_eq!(ran.out, "", "{arguments:?}");
    }
    assert!(!home.path().join("data/walk").exists());
}

/// Sources that look real and lead to a door that is watched.
fn watched_sources(home: &Path) -> TcpListener {
    let door = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    door.set_nonblocking(true).unwrap();
    let port = door.local_addr().unwrap().port();
    let config = home.join("config");
    fs::create_dir_all(&config).unwrap();
    let source =
        |name: &str, settings: String| format!("\n[profiles.prod.sources.{name}]\n{settings}\n");
    let text = [
        "profile = \"prod\"\n".to_owned(),
        source(
            "metrics",
            format!("kind = \"prometheus\"\nurl = \"http://127.0.0.1:{port}\""),
        ),
        source(
            "audit",
            format!(
                "kind = \"postgres\"\nurl = \"postgres://reader@127.0.0.1:{port}/app?sslmode=disable\""
            ),
        ),
        source(
            "app",
            format!(
                "kind = \"postgres\"\nurl = \"postgres://writer@127.0.0.1:{port}/app?sslmode=disable\""
            ),
        ),
        source("shell", "kind = \"shell\"".to_owned()),
    ];
    fs::write(config.join("config.toml"), text.concat()).unwrap();
    door
}

/// The program opened no socket, reached nobody and started no other program.
fn check_alone(terminal: &Terminal, door: &TcpListener) {
    let process = format!("/proc/{}", terminal.process_id());
    // A pair of its own tells the loop of signals; what leads to others is listed by protocol.
    let listed: String = ["tcp", "tcp6", "udp", "udp6"]
        .iter()
        .filter_map(|protocol| fs::read_to_string(format!("{process}/net/{protocol}")).ok())
        .collect();
    for descriptor in fs::read_dir(format!("{process}/fd")).unwrap() {
        let leads_to = fs::read_link(descriptor.unwrap().path()).unwrap_or_default();
        let leads_to = leads_to.display().to_string();
        let inode = leads_to
            .strip_prefix("socket:[")
            .and_then(|rest| rest.strip_suffix(']'));
        let outside =
            inode.is_some_and(|inode| listed.split_whitespace().any(|word| word == inode));
        assert!(!outside, "{leads_to}");
    }
    for task in fs::read_dir(format!("{process}/task")).unwrap() {
        let children = task.unwrap().path().join("children");
        assert_eq!(fs::read_to_string(children).unwrap_or_default(), "");
    }
    let knocked = door.accept();
    assert!(
        matches!(&knocked, Err(error) if error.kind() == io::ErrorKind::WouldBlock),
        "{knocked:?}"
    );
}

/// Leaves the program and waits for its end.
fn quit(mut terminal: Terminal) {
    terminal.send("<C-c>");
    assert!(terminal.wait_exit(PATIENCE).success());
}

#[test]
fn a_playbook_is_walked_through_with_nothing_but_space_at_both_sizes() {
    let (_, playbook) = shipped()
        .into_iter()
        .find(|(_, playbook)| playbook.id.as_str() == "org-isolation-breach")
        .unwrap();
    for (columns, rows) in [(80, 24), (120, 40)] {
        let home = tempfile::tempdir().unwrap();
        let door = watched_sources(home.path());
        let launch = Launch::quarterdeck(home.path())
            .environment("QUARTERDECK_OPERATOR", "alice")
            .size(columns, rows);
        let walk = launch.clone().arguments(["walk", "org-isolation-breach"]);
        let mut terminal = walk.start();
        terminal.wait_for("WALKTHROUGH: every action is shown", PATIENCE);
        for place in tour(&playbook).iter().skip(1) {
            terminal.send("<Space>");
            let counted = counter(&playbook, place);
            let title: String = whole(&playbook, place).chars().take(12).collect();
            let is_action = place.action().is_some();
            terminal.wait_for(
                move |screen: &str| {
                    let shown = !is_action || screen.contains("WALKTHROUGH: nothing is sent.");
                    let planned = !screen.contains("is being prepared");
                    (screen.contains(&counted) || title == "the end") && shown && planned
                },
                PATIENCE,
            );
        }
        terminal.wait_for("21 of 21 actions were shown", PATIENCE);
        check_alone(&terminal, &door);
        quit(terminal);
        let timeline = quarterdeck(home.path(), &["timeline", "last"]).out;
        assert!(timeline.lines().count() > 21, "{timeline}");
        assert!(
            timeline.lines().all(|line| line.contains("WALKTHROUGH ")),
            "{timeline}"
        );
        let json = quarterdeck(home.path(), &["timeline", "last", "--format", "json"]).out;
        assert!(
            !json.contains("action.intent") && json.contains("action.resolved"),
            "{json}"
        );
        assert!(
            json.lines().all(|line| line.contains("walkthrough")),
            "{json}"
        );
        let report = quarterdeck(home.path(), &["report", "last"]).out;
        assert!(report.starts_with("# WALKTHROUGH "), "{report}");
        let verified = quarterdeck(home.path(), &["verify", "last"]);
        // Nobody held a checkpoint elsewhere; apart from that it is whole.
        assert!(verified.out.contains("\nconsistent, "), "{verified:?}");
        assert!(home.path().join("data/walk").is_dir());
        assert!(!home.path().join("data/live").exists(), "it is kept apart");
        // What was shown is still known when it goes on.
        let terminal = launch.arguments(["resume", "last"]).start();
        terminal.wait_for("WALKTHROUGH: every action is shown", PATIENCE);
        quit(terminal);
    }
}
