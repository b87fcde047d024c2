//! Tests of reading and checking scenarios.

use std::fs;
use std::path::Path;

use super::*;

fn findings(text: &str) -> Vec<String> {
    let source = SourceText::new("a.toml", text);
    let (_, found) = parse(source.clone());
    found
        .iter()
        .map(|one| one.located(&source).to_string())
        .collect()
}

/// A scenario in which nothing is wrong.
const GOOD: &str = r#"drill = 1
id = "small"
title = "Small"
summary = "Nothing much."
playbook = "org-isolation-breach"
starts = 2026-03-10T03:00:00Z

[[story]]
id = "attack"
kind = "cross-org-attempts"
from = "-10m"
actors = 2
targets = ["org-1"]
every = "30s"

[[inject]]
id = "mail"
at = "5m"
from = "customer"
text = "{attack.targets} writes."

[truth]
breach = true
text = "It was {attack.actors.0}."

[rubric]
acknowledge = { within = "2m", points = 10 }
false_all_clear = 10
"#;

#[test]
fn a_good_scenario_is_read_whole() {
    let (scenario, found) = parse(SourceText::new("a.toml", GOOD));
    assert_eq!(found, []);
    assert_eq!(scenario.id, "small");
    assert_eq!(scenario.stories[0].from, SignedDuration::from_mins(-10));
    let Pattern::CrossOrgAttempts {
        actors,
        targets,
        machine,
        ..
    } = &scenario.stories[0].pattern
    else {
        panic!("{:?}", scenario.stories);
    };
    assert_eq!((actors, machine.as_str()), (&Names::Drawn(2), "order"));
    assert_eq!(*targets, Names::Given(vec!["org-1".into()]));
    assert!(matches!(scenario.injects[0].trigger, Trigger::At(after) if after.as_secs() == 300));
    assert_eq!(scenario.rubric.points(), 10);
}

/// Each mistake: what is replaced, by what, and the finding with its place.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "drill = 1",
        "drill = 2",
        "a.toml:1:9: error[wrong-value]: drill: expected a whole number from 1 to 1, found 2",
    ),
    (
        "drill = 1",
        "",
        "a.toml:1:1: error[missing-key]: expected drill = 1, the version of the format, found no such key\n  help: write drill = 1 in the first line",
    ),
    (
        "title = \"Small\"",
        "tilte = \"Small\"",
        "a.toml:3:1: error[unknown-key]: expected a key of this table, found \"tilte\"\n  help: did you mean \"title\"?",
    ),
    (
        "title = \"Small\"",
        "title = 3",
        "a.toml:3:9: error[wrong-value]: title: expected text in quotes, found 3",
    ),
    (
        "id = \"small\"",
        "id = \"So Small\"",
        "a.toml:2:6: error[wrong-value]: id: expected small letters, digits and hyphens, at most 64, found \"So Small\"",
    ),
    (
        "starts = 2026-03-10T03:00:00Z",
        "starts = 2026-03-10",
        "a.toml:6:10: error[wrong-value]: starts: expected a time such as 2026-03-10T03:12:00Z, found datetime",
    ),
    (
        "kind = \"cross-org-attempts\"",
        "kind = \"cross-org-attempt\"",
        "a.toml:10:8: error[unknown-word]: expected a known kind, found \"cross-org-attempt\"\n  help: did you mean \"cross-org-attempts\"?",
    ),
    (
        "every = \"30s\"",
        "every = \"0s\"",
        "a.toml:14:9: error[wrong-value]: every: expected at least 1s",
    ),
    (
        "every = \"30s\"",
        "every = \"-30s\"",
        "a.toml:14:9: error[wrong-value]: every: expected a time such as \"90s\", \"12m\" or \"2h\", found \"-30s\"",
    ),
    (
        "every = \"30s\"",
        "every = \"30s\"\nsucceed = 1.5",
        "a.toml:15:11: error[wrong-value]: succeed: expected a number from 0 to 1, found 1.5",
    ),
    (
        "actors = 2",
        "actors = 0",
        "a.toml:12:10: error[wrong-value]: actors: expected how many are drawn (1 to 200), or a list of names",
    ),
    (
        "from = \"-10m\"",
        "from = \"-10m\"\nuntil = \"-20m\"",
        "a.toml:12:9: error[wrong-value]: until: expected a time after `from`, found one before it",
    ),
    (
        "at = \"5m\"",
        "at = \"5m\"\ncalled = true",
        "a.toml:17:6: error[trigger]: expected exactly one of at, when and called = true",
    ),
    (
        "at = \"5m\"",
        "at = \"5m\"\nafter = \"1m\"",
        "a.toml:19:9: error[trigger]: after: expected beside `when` only, which it counts from",
    ),
    (
        "at = \"5m\"",
        "when = '\"x\" in run'",
        "a.toml:18:8: error[unknown-fact]: expected a fact, found \"run\"\n  help: did you mean \"ran\"?",
    ),
    (
        "at = \"5m\"",
        "when = '\"x\" in'",
        "a.toml:18:8: error[condition]",
    ),
    (
        "at = \"5m\"",
        "when = 'names[\"atack\"].actors.size() > 1'",
        "a.toml:18:8: error[unknown-story]: expected a story of this file, found \"atack\"\n  help: did you mean \"attack\"?",
    ),
    (
        "at = \"5m\"",
        "when = 'names[\"attack\"].actor.size() > 1'",
        "a.toml:18:8: error[unknown-name]: expected a name that attack draws, found \"actor\"\n  help: did you mean \"actors\"?",
    ),
    (
        "at = \"5m\"",
        "at = \"5m\"\nstart = [\"atack\"]",
        "a.toml:19:9: error[unknown-story]: expected a story of this file, found \"atack\"\n  help: did you mean \"attack\"?",
    ),
    (
        "at = \"5m\"",
        "at = \"5m\"\nerase = [{ table = \"access_log\", story = \"attack\" }]",
        "a.toml:19:20: error[unknown-table]: expected a table that stories write, found \"access_log\"\n  help: did you mean \"access_logs\"?",
    ),
    (
        "from = \"customer\"",
        "from = \"customers\"",
        "a.toml:19:8: error[unknown-word]: expected a known from, found \"customers\"\n  help: did you mean \"customer\"?",
    ),
    (
        "text = \"{attack.targets} writes.\"",
        "",
        "a.toml:17:6: error[empty-inject]: inject \"mail\": expected text, start, stop or erase, found nothing that happens",
    ),
    (
        "text = \"{attack.targets} writes.\"",
        "text = \"{attack.target} writes.\"",
        "a.toml:20:8: error[unknown-name]: expected a name that attack draws, found \"target\"\n  help: did you mean \"targets\"?",
    ),
    (
        "id = \"mail\"",
        "id = \"\"",
        "a.toml:17:6: error[wrong-value]: id: expected small letters, digits and hyphens, at most 64, found \"\"",
    ),
    (
        "id = \"mail\"",
        "id = \"page\"",
        "a.toml:17:6: error[wrong-value]: id: expected another name: the page that begins a drill has this one",
    ),
    (
        "title = \"Small\"",
        "title = \" \"",
        "a.toml:3:9: error[wrong-value]: title: expected text, found nothing but space",
    ),
    (
        "title = \"Small\"",
        "title = \"Small\"\nspeed = 0",
        "a.toml:4:9: error[wrong-value]: speed: expected a number from 0.1 to 3600, found 0",
    ),
    (
        "title = \"Small\"",
        "title = \"Small\"\nhistory = \"5m\"",
        "a.toml:12:8: error[wrong-value]: from: expected a time within `history`, found one before it",
    ),
    (
        "title = \"Small\"",
        "title = \"Small\"\nhistory = \"7d\"\nservice = { requests_per_minute = 600 }",
        "a.toml:4:11: error[too-much]: expected at most 1000000 requests and events before the page, found about 6048020",
    ),
    (
        "starts = 2026-03-10T03:00:00Z",
        "starts = 9999-12-30T03:00:00Z",
        "a.toml:6:10: error[wrong-value]: starts: expected a time from 2000 to 2099",
    ),
    (
        "from = \"-10m\"",
        "waits = true",
        "a.toml:11:9: error[never-begins]: waits: expected an inject with start = [\"attack\"], found none: it would never begin",
    ),
    (
        "every = \"30s\"",
        "every = \"30s\"\nwaits = true",
        "a.toml:11:8: error[wrong-value]: from: expected no such key beside `waits`",
    ),
    (
        "kind = \"cross-org-attempts\"\nfrom = \"-10m\"\nactors = 2\ntargets = [\"org-1\"]\nevery = \"30s\"",
        "kind = \"errors\"",
        "a.toml:8:1: error[missing-key]: expected share = a number from 0 to 1, found no such key",
    ),
    (
        "at = \"5m\"",
        "at = \"5m\"\nfor = \"1m\"",
        "a.toml:19:7: error[trigger]: for: expected beside `when` only, which it counts from",
    ),
    (
        "at = \"5m\"",
        "when = 'resolved'\nafter = \"1m\"\nfor = \"1m\"",
        "a.toml:20:7: error[trigger]: for: expected in place of `after`, found both",
    ),
    (
        "text = \"{attack.targets} writes.\"",
        "text = \"{ attack.targets } writes.\"",
        "a.toml:20:8: error[unknown-name]: expected a name such as {attack.actors} or {attack.actors.0}, without spaces, found { attack.targets }",
    ),
    (
        "text = \"{attack.targets} writes.\"",
        "text = \"Hm.\"\ndamage = { points = 3, text = \"{atack.targets} is gone\" }",
        "a.toml:21:31: error[unknown-story]: expected a story of this file, found \"atack\"",
    ),
    (
        "breach = true",
        "breach = true\ndecisions = { outcome = [\"Yes\", 3] }",
        "a.toml:24:25: error[wrong-value]: outcome: expected a choice in quotes, or a list of choices",
    ),
    (
        "breach = true",
        "breach = false\nall_clear = { outcome = \"No\" }",
        "a.toml:24:13: error[wrong-value]: all_clear: expected breach = true beside it",
    ),
    (
        "acknowledge = {",
        "classify = {",
        "a.toml:27:12: error[missing-key]: classify: expected what is to be known in [truth]",
    ),
    (
        "breach = true",
        "",
        "a.toml:22:1: error[missing-key]: expected breach = true or false, found no such key",
    ),
    (
        "false_all_clear = 10",
        "false_all_clear = 4",
        "a.toml:28:19: error[mild-all-clear]: false_all_clear: expected at least half of the 10 points there are, found 4",
    ),
    (
        "acknowledge = { within = \"2m\", points = 10 }",
        "",
        "a.toml:28:19: error[no-points]",
    ),
];

#[test]
fn every_mistake_is_told_with_its_place_and_what_was_expected() {
    let mut wrong = Vec::new();
    for (good, bad, expected) in MISTAKES {
        assert!(GOOD.contains(good), "{good}");
        let found = findings(&GOOD.replacen(good, bad, 1));
        if !found.iter().any(|one| one.starts_with(expected)) {
            wrong.push(format!(
                "{bad:?}\n  expected {expected}\n  found    {}",
                found.join("\n           ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_story_or_inject_of_a_name_is_an_error() {
    for table in ["story", "inject"] {
        let at = GOOD.find(&format!("[[{table}]]")).unwrap();
        let rest = &GOOD[at..];
        let end = rest[2..].find("\n[").unwrap() + 3;
        let twice = format!("{}{}{}", &GOOD[..at], &rest[..end], rest);
        let found = findings(&twice);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("error[same-name]"), "{found:?}");
    }
}

#[test]
fn a_broken_file_gives_what_did_parse() {
    let broken = GOOD.replacen("title = \"Small\"", "title = \"Small", 1);
    let source = SourceText::new("a.toml", &broken);
    let (scenario, found) = parse(source);
    assert!(!found.is_empty());
    assert_eq!(scenario.id, "small");
    assert_eq!(scenario.injects.len(), 1);
}

#[test]
fn nothing_of_any_text_panics() {
    let whole: Vec<char> = GOOD.chars().collect();
    for cut in (0..whole.len()).step_by(7) {
        let text: String = whole[..cut].iter().collect();
        findings(&text);
        let text: String = whole[cut..].iter().collect();
        findings(&text);
    }
    findings(&"[[story]]\n".repeat(10_000));
    findings(&"a".repeat(2 * 1024 * 1024));
}

#[test]
fn every_file_of_the_folder_is_built_in_and_nothing_is_wrong_with_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/drills");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let built_in: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    assert_eq!(built_in, files);
    let playbooks = crate::drill::playing::playbooks();
    let mut wrong = Vec::new();
    for (name, text) in BUILT_IN {
        let source = SourceText::new(name, text);
        let (scenario, mut found) = parse(source.clone());
        let playbook = playbooks.iter().find(|one| one.id == scenario.playbook);
        found.extend(check(&scenario, playbook.unwrap()));
        wrong.extend(found.iter().map(|one| one.located(&source).to_string()));
        assert_eq!(format!("{}.toml", scenario.id), *name);
        let talks = scenario.injects.iter().filter(|one| !one.text.is_empty());
        assert!(talks.count() >= 3, "{name}: too little happens");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Mistakes that show only beside the playbook, or once names are drawn.
const MISFITS: &[(&str, &str, &str)] = &[
    (
        "{attack.targets} writes.",
        "{attack.targets.7} writes.",
        "a.toml:20:8: error[unknown-name]: expected a name that is there, found {attack.targets.7}: attack has 1 of targets",
    ),
    (
        "at = \"5m\"",
        "when = 'staff_sessions'",
        "a.toml:18:8: error[condition]: cannot be evaluated, so it would never hold: expected true or false",
    ),
    (
        "at = \"5m\"",
        "when = 'verdict[\"cross-org\"] == \"failed\"'",
        "a.toml:18:8: error[not-in-playbook]: expected a verdict of playbook org-isolation-breach, found \"failed\"\n  help: did you mean \"fail\"?",
    ),
    (
        "at = \"5m\"",
        "when = '\"CRITCAL\" != severity || severity == \"CRITCAL\"'",
        "a.toml:18:8: error[not-in-playbook]: expected a severity of playbook org-isolation-breach, found \"CRITCAL\"\n  help: did you mean \"CRITICAL\"?",
    ),
    (
        "id = \"mail\"",
        "id = \"revoke\"",
        "a.toml:17:6: error[same-name]: expected a name of its own, found that of an action or a check: \"revoke\"",
    ),
    (
        "breach = true",
        "breach = true\nall_clear = { outcome = \"Non\" }",
        "a.toml:24:25: error[not-in-playbook]: expected a choice of this decision of playbook org-isolation-breach, found \"Non\"\n  help: did you mean \"No\"?",
    ),
    (
        "acknowledge = {",
        "evidence = { points = 5, kept = [\"cross-org\"], items = [\"audit-trail\"] }\nacknowledge = {",
        "a.toml:27:56: error[twice]: items: expected what `kept` does not ask for already, found \"audit-trail\"",
    ),
    (
        "acknowledge = { within = \"2m\", points = 10 }",
        "classify = { within = \"2m\", points = 10, by = [\"outcome\"] }",
        "a.toml:27:47: error[not-in-playbook]: expected a decision of [truth.decisions] of playbook org-isolation-breach, found \"outcome\"",
    ),
];

#[test]
fn what_does_not_fit_the_playbook_is_told_with_its_place() {
    let playbook = crate::drill::playing::playbook(&"org-isolation-breach".into());
    let found = |text: &str| -> Vec<String> {
        let source = SourceText::new("a.toml", text);
        let (scenario, _) = parse(source.clone());
        let found = check(&scenario, &playbook);
        found
            .iter()
            .map(|one| one.located(&source).to_string())
            .collect()
    };
    assert_eq!(found(GOOD), Vec::<String>::new());
    for (good, bad, expected) in MISFITS {
        assert!(GOOD.contains(good), "{good}");
        let found = found(&GOOD.replacen(good, bad, 1));
        let told = found.iter().any(|one| one.starts_with(expected));
        assert!(told, "{bad:?}\n  expected {expected}\n  found {found:#?}");
    }
}

#[test]
fn the_scenario_of_the_documentation_is_one() {
    let page = include_str!("../../../docs/drills.md");
    let section = page.split("## Writing a scenario").nth(1).unwrap();
    let text = section.split("```toml\n").nth(1).unwrap();
    let text = text.split("```").next().unwrap();
    let source = SourceText::new("docs.toml", text);
    let (scenario, mut found) = parse(source.clone());
    let playbook = crate::drill::playing::playbook(&scenario.playbook);
    found.extend(check(&scenario, &playbook));
    let told: Vec<String> = found
        .iter()
        .map(|one| one.located(&source).to_string())
        .collect();
    assert_eq!(told, Vec::<String>::new());
}
