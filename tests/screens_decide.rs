//! Dialogs and panes of decisions, branches and requirements, drawn without a terminal at the sizes people have.

#[path = "support/cockpit.rs"]
#[expect(dead_code, reason = "shared with tests that run actions")]
mod cockpit;
#[path = "support/screen.rs"]
mod screen;

use cockpit::Harness;
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::state::Screen;
use quarterdeck::model::verdict::Figure;
use quarterdeck::verdict::Suggestion;
use screen::{SIZES, screen};

const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: breach
title: Org isolation breach
severity: P1
ladder:
  - { id: CRITICAL, means: A cross-org transition succeeded }
  - { id: P1, aka: [SEV1], means: Cross-org transitions were attempted and rejected }
inputs:
  deployed_at: { title: Last deployment before the spike, type: datetime }
evidence:
  rows: { title: Rows of the actor, from: attempts }
---

## Investigate

### Identify the source
<!-- {#identify} -->

```sql {#attempts source=audit}
SELECT 1
```

### Determine the pattern
<!-- {#pattern .decision over=attempts} -->

Classify the incident.

| Pattern | Likely cause | Urgency | Suggest when | Then |
| --- | --- | --- | --- | --- |
| Single actor, multiple orgs | Bug or misconfigured client | High | `distinct(rows, "actorId") == 1` | [If bug](#if-bug) |
| Multiple actors, one target org | Coordinated attack | Critical | `distinct(rows, "actorId") > 1` | [If attack](#if-attack) |
| Correlated with deployment | Code regression | Medium | `rows.all(r, r.firstSeen >= inputs.deployed_at)` | [Roll back](playbook:rollback) |

### Which paths leak
<!-- {#paths .decision .many requires="rows"} -->

| Path | What to do |
| --- | --- |
| Web | Close the route |
| API | Revoke the tokens |

## If bug

### Find the code path

### Deploy the fix

## If attack
<!-- {#if-attack phase=contain} -->

### Revoke the sessions
<!-- {#revoke requires="identify rows"} -->

## Communicate
<!-- {when='inputs.deployed_at > "2026"'} -->

### Tell the customers
"#;

fn snapshots(name: &str, harness: &Harness) {
    for size in SIZES {
        insta::assert_snapshot!(
            format!("{name}-{}x{}", size.0, size.1),
            screen(&harness.state, size)
        );
    }
}

fn show(harness: &mut Harness, step: &str) {
    if let Screen::Cockpit(cockpit) = &mut harness.state.screen {
        cockpit.step = step.into();
    }
}

fn at(step: &str) -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    show(&mut harness, step);
    harness
}

fn decide(harness: &mut Harness, keys: &str, reason: &str) {
    harness.keys(keys);
    harness.type_text(reason);
    harness.keys("enter");
}

fn suggest(harness: &mut Harness, error: &str) {
    let figure = |of: &str, is: &str| Figure {
        of: of.to_owned(),
        is: is.to_owned(),
    };
    let actors = figure("distinct(rows, \"actorId\")", "1");
    let suggestions = [
        (
            "Single actor, multiple orgs",
            Ok(true),
            vec![actors.clone()],
        ),
        ("Multiple actors, one target org", Ok(false), vec![actors]),
        ("Correlated with deployment", Err(error.to_owned()), vec![]),
    ];
    let suggestions = suggestions.map(|(choice, suggested, figures)| Suggestion {
        choice: choice.to_owned(),
        suggested,
        figures,
    });
    harness.event(EventKind::Suggested {
        decision: "pattern".into(),
        suggestions: suggestions.to_vec(),
    });
}

#[test]
fn a_decision_with_what_the_results_suggest() {
    let mut harness = at("pattern");
    harness.keys("D");
    snapshots("computing", &harness);
    suggest(
        &mut harness,
        "Last deployment before the spike (deployed_at) has no value yet",
    );
    snapshots("suggested", &harness);
    harness.keys("1");
    snapshots("reason-as-suggested", &harness);
    harness.keys("esc 3 enter");
    snapshots("reason-otherwise", &harness);
}

#[test]
fn a_decision_is_revised_and_several_are_marked() {
    let mut harness = at("pattern");
    decide(&mut harness, "D 2", "two actors in the log");
    show(&mut harness, "pattern");
    harness.keys("D");
    suggest(&mut harness, "no column firstSeen");
    snapshots("revise", &harness);
    let mut harness = at("paths");
    decide(&mut harness, "w enter", "no time");
    harness.keys("D space 2");
    snapshots("many", &harness);
}

#[test]
fn branches_are_folded_until_they_are_chosen() {
    let mut harness = at("pattern");
    snapshots("branches-wait", &harness);
    show(&mut harness, "find-the-code-path");
    snapshots("branch-looked-into", &harness);
    show(&mut harness, "tell-the-customers");
    snapshots("branch-unclear", &harness);
    show(&mut harness, "pattern");
    decide(&mut harness, "D 1", "one actor");
    snapshots("branch-chosen", &harness);
    show(&mut harness, "pattern");
    snapshots("decided", &harness);
}

#[test]
fn a_blocked_step_says_what_it_waits_for() {
    let mut harness = at("paths");
    snapshots("blocked", &harness);
    harness.keys("enter");
    snapshots("blocked-choose", &harness);
    harness.keys("esc");
    show(&mut harness, "revoke");
    harness.keys("enter");
    snapshots("waive-choose", &harness);
    harness.keys("esc w");
    snapshots("waive", &harness);
    harness.type_text("they are still in");
    harness.keys("enter");
    snapshots("waived", &harness);
}

#[test]
fn severity_and_milestones() {
    let mut harness = at("identify");
    harness.keys("S");
    snapshots("severity", &harness);
    harness.keys("esc");
    decide(&mut harness, "M 1", "since 02:50, the alert");
    harness.keys("M");
    snapshots("milestones", &harness);
}

#[test]
fn nothing_hostile_in_a_reason_or_an_error_reaches_the_screen() {
    let hostile = "\u{1b}[31m\u{202e}x\u{200b}\u{7}\u{9b}漢字\u{2066}\t🚨";
    let mut harness = at("pattern");
    decide(&mut harness, "D 2", "seen");
    if let Screen::Cockpit(cockpit) = &mut harness.state.screen {
        for record in cockpit.incident.decisions.values_mut() {
            record.reason = hostile.to_owned();
            record.operator = hostile.to_owned();
        }
    }
    show(&mut harness, "pattern");
    let check = |harness: &Harness| {
        for size in [(80, 24), (20, 5), (3, 2)] {
            let shown = screen(&harness.state, size);
            let bad = shown.chars().find(|letter| {
                (letter.is_control() && *letter != '\n')
                    || "\u{202e}\u{200b}\u{2066}".contains(*letter)
            });
            assert_eq!(bad, None, "{shown}");
        }
    };
    check(&harness);
    harness.keys("D");
    suggest(&mut harness, hostile);
    check(&harness);
    harness.keys("1");
    check(&harness);
}
