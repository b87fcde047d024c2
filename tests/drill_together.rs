//! Two people at two terminals in one drill: what one does has happened for the other, and what the drill brings comes once.

#![expect(clippy::unwrap_used, reason = "a test: what is not there fails it")]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/trial.rs"]
mod trial;

use std::path::Path;

use pty::{Launch, PATIENCE, Terminal};
use trial::{home, quarterdeck};

const PLAYBOOK: &str = "\
---
quarterdeck: 1
id: together
title: Together
summary: One writes, the other looks.
severity: P1
---

# Together

## Contain

### Freeze it

```sh {#freeze effect=write undo=none}
matter ops freeze-operation --op invoices.list --reason test
```

- [ ] It is frozen
  <!-- {#seen} -->
";

const INJECTS: &str = r#"
[[inject]]
id = "told"
when = '"seen" in ticked'
from = "colleague"
text = "So it is frozen."

[[inject]]
id = "later"
when = '"seen" in ticked'
after = "60s"
from = "colleague"
text = "It is frozen still."

[truth]
breach = false
text = "Nothing."

[rubric]
acknowledge = { within = "5m", points = 10 }
false_all_clear = 30
"#;

fn start(home: &Path, arguments: &[&str]) -> Terminal {
    let terminal = Launch::quarterdeck(home)
        .arguments(arguments.iter().copied())
        .size(120, 40)
        .start();
    terminal.wait_for("Freeze it", PATIENCE);
    terminal
}

/// Freezes the operation and waits for what the tool says.
fn freezes(terminal: &mut Terminal, says: &str) {
    terminal.send("1");
    terminal.wait_for("Change this?", PATIENCE);
    terminal.send("shell<Enter>");
    terminal.wait_for(says, PATIENCE);
}

/// How often an inject is on the record.
fn brought(home: &Path, inject: &str) -> usize {
    let record = quarterdeck(home, &["timeline", "last", "--format", "json"]).out;
    let name = format!(r#""inject":"{inject}""#);
    record.matches(&name).count()
}

#[test]
fn two_play_one_drill() {
    let home = home();
    let small = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/drills/small.toml"),
    );
    let small = small.unwrap().replace("org-isolation-breach", "together");
    let head = small.split("[inputs]").next().unwrap();
    let file = home.path().join("together.toml").display().to_string();
    std::fs::write(&file, format!("{head}{INJECTS}")).unwrap();
    std::fs::write(home.path().join("config/playbooks/together.md"), PLAYBOOK).unwrap();

    let drill = [
        "drill", &file, "--seed", "7", "--speed", "30", "--as", "alice",
    ];
    let mut alice = start(home.path(), &drill);
    alice.wait_for("One actor tries", PATIENCE);
    alice.send("<Enter>");
    let mut bob = start(home.path(), &["resume", "last", "--as", "bob"]);
    freezes(&mut alice, "policy written");
    freezes(&mut bob, "is frozen already");

    bob.send("<Tab>t");
    alice.wait_for("So it is frozen.", PATIENCE);
    bob.wait_for("So it is frozen.", PATIENCE);
    // Both have come past the first when the second is there.
    bob.send("<Enter>");
    bob.wait_for("It is frozen still.", PATIENCE);
    assert_eq!(brought(home.path(), "told"), 1);
}
