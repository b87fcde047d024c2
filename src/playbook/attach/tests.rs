//! Joined playbooks: nothing is lost, nothing is named twice, and every reference still finds what it meant.

use std::collections::BTreeSet;

use super::*;
use crate::expr;
use crate::model::diagnostic::SourceText;
use crate::model::playbook::Language;

fn parse(text: &str) -> Playbook {
    let parsed = crate::playbook::parse(&SourceText::new("p.md", text));
    let first = parsed.into_iter().next().unwrap();
    assert_eq!(first.diagnostics, [], "{text}");
    first.playbook
}

fn built_in(name: &str) -> Playbook {
    let (_, text) = crate::playbook::BUILT_IN
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap();
    parse(text)
}

const HEAD: &str = "---\nquarterdeck: 1\nid: ID\ntitle: T\nINPUTS---\n\n";

fn book(id: &str, inputs: &str, body: &str) -> Playbook {
    let head = HEAD.replace("ID", id).replace("INPUTS", inputs);
    parse(&format!("{head}{body}"))
}

/// Everything in a playbook that names something else, and everything that can be named.
fn dangling(playbook: &Playbook) -> Vec<String> {
    let known: BTreeSet<String> = names(playbook);
    let mut missing = Vec::new();
    let mut ask = |what: &str, name: &str| {
        if !known.contains(name) {
            missing.push(format!("{what} {name}"));
        }
    };
    let mut expressions: Vec<&str> = Vec::new();
    for phase in &playbook.phases {
        phase.requires.iter().for_each(|name| ask("requires", name));
        expressions.extend(phase.when.as_deref());
    }
    for (_, step) in playbook.steps() {
        step.requires.iter().for_each(|name| ask("requires", name));
        step.actions().for_each(|id| ask("body", id.as_str()));
        step.checks()
            .filter_map(|check| check.by.as_ref())
            .for_each(|id| ask("by", id.as_str()));
        expressions.extend(step.when.as_deref());
        if let Some(decision) = &step.decision {
            decision.over.iter().for_each(|id| ask("over", id.as_str()));
            for choice in &decision.choices {
                let here = choice.then.iter();
                here.filter(|target| !target.starts_with("playbook:"))
                    .for_each(|target| ask("then", target));
                expressions.extend(choice.suggest_when.as_deref());
            }
        }
    }
    for action in playbook.actions.values() {
        action
            .preview
            .iter()
            .for_each(|id| ask("preview", id.as_str()));
        action
            .judge
            .proof
            .iter()
            .for_each(|id| ask("proof", id.as_str()));
        if let Some(target) = action
            .judge
            .otherwise
            .as_deref()
            .and_then(|text| text.strip_prefix("goto "))
        {
            ask("goto", target);
        }
        let judge = [
            &action.judge.alert,
            &action.judge.expect,
            &action.judge.doubt,
        ];
        expressions.extend(judge.into_iter().flatten().map(|one| one.text.as_str()));
        for input in &action.inputs {
            assert!(
                playbook.inputs.contains_key(input),
                "{} binds {input}",
                action.id
            );
        }
    }
    for clock in playbook.clocks.values() {
        clock.met_by.iter().for_each(|name| ask("met_by", name));
        for start in [Some(&clock.from), clock.until.as_ref()]
            .into_iter()
            .flatten()
        {
            if let ClockStart::Done(name) = start {
                ask("from", name);
            }
        }
        expressions.extend(clock.when.as_deref());
    }
    for item in playbook.evidence.values() {
        if let Some(from) = item.from.as_deref().filter(|from| *from != "note") {
            ask("evidence from", from);
        }
    }
    for text in expressions {
        let expression = expr::parse(text).unwrap();
        for name in ["result", "decision"] {
            let keys = expr::keys_of(&expression, name);
            for key in &keys {
                ask(name, key);
            }
        }
        for key in expr::keys_of(&expression, "inputs") {
            assert!(
                playbook.inputs.contains_key(key.as_str()),
                "inputs.{key} of {text}"
            );
        }
    }
    missing
}

fn all_ids(playbook: &Playbook) -> Vec<String> {
    let steps = playbook.steps().map(|(_, step)| step.id.to_string());
    let checks = playbook
        .steps()
        .flat_map(|(_, step)| step.checks())
        .map(|check| format!("check {}", check.id));
    let phases = playbook
        .phases
        .iter()
        .map(|phase| format!("phase {}", phase.id));
    steps.chain(checks).chain(phases).collect()
}

#[test]
fn the_built_in_playbooks_join_without_loss() {
    let names: Vec<&str> = crate::playbook::BUILT_IN
        .iter()
        .map(|(name, _)| *name)
        .collect();
    for base in &names {
        for other in names.iter().filter(|other| *other != base) {
            let (base, other) = (built_in(base), built_in(other));
            let whole = attach(&base, &other, other.id.as_str());
            let what = format!("{} + {}", base.id, other.id);
            assert_eq!(dangling(&whole), [""; 0], "{what}");
            let ids = all_ids(&whole);
            assert_eq!(
                ids.iter().collect::<BTreeSet<_>>().len(),
                all_ids(&base).len() + all_ids(&other).len(),
                "{what}: {ids:?}"
            );
            for (kind, whole, parts) in [
                (
                    "actions",
                    whole.actions.len(),
                    base.actions.len() + other.actions.len(),
                ),
                (
                    "clocks",
                    whole.clocks.len(),
                    base.clocks.len() + other.clocks.len(),
                ),
                (
                    "evidence",
                    whole.evidence.len(),
                    base.evidence.len() + other.evidence.len(),
                ),
                (
                    "watch",
                    whole.watch.len(),
                    base.watch.len() + other.watch.len(),
                ),
            ] {
                assert_eq!(whole, parts, "{what}: {kind}");
            }
            let begins: Vec<_> = whole.phases.iter().take(base.phases.len()).collect();
            assert_eq!(begins, base.phases.iter().collect::<Vec<_>>(), "{what}");
        }
    }
}

#[test]
fn what_both_have_is_named_apart_or_shared() {
    let base = built_in("org-isolation-breach");
    let other = built_in("tenant-isolation-breach-sev1");
    let whole = attach(&base, &other, "sev1");
    assert!(whole.actions.contains_key("audit-alive"));
    assert!(other.actions.contains_key("audit-alive"), "both have it");
    assert!(whole.actions.contains_key("sev1/audit-alive"));
    let proof = |id: &str| {
        whole
            .actions
            .get(id)
            .map(|action| action.judge.proof.clone())
    };
    assert_eq!(
        proof("cross-org"),
        Some(vec!["audit-alive".into()]),
        "the first keeps its own"
    );
    assert!(
        whole.actions.values().any(|action| {
            action
                .judge
                .proof
                .iter()
                .any(|id| id.as_str() == "sev1/audit-alive")
        }),
        "the other follows"
    );
    assert!(
        whole.evidence.contains_key("root-cause") && whole.evidence.contains_key("sev1/root-cause")
    );
    let windows = whole
        .inputs
        .keys()
        .filter(|id| id.as_str().contains("window"));
    assert_eq!(windows.count(), 1, "an input of both is asked for once");
    assert_eq!(whole.roles.get("ic"), base.roles.get("ic"));
    assert!(whole.roles.contains_key("legal"));
    let ladder: Vec<&str> = whole.ladder.iter().map(|level| level.id.as_str()).collect();
    assert_eq!(ladder, ["CRITICAL", "P1", "SEV1"]);
    assert_eq!(whole.id, base.id);
    assert_eq!(whole.source, base.source);
}

#[test]
fn references_in_texts_follow() {
    let both = "## Look\n\n### Find\n<!-- {#find .decision over=rows} -->\n\n| A | Suggest when | Then |\n| --- | --- | --- |\n| x | `result[\"rows\"].count > 0` | [Act](#act) |\n\n```sql {#rows source=s expect=\"count == 0 && result['rows'].count == 0\" otherwise=\"goto act\"}\nSELECT :who\n```\n\n## Act\n<!-- {when='decision[\"find\"] == \"x\" && inputs.who != \"result[]\"' requires=\"rows\"} -->\n\n### Tell\n<!-- {#tell} -->\n\nIt's told.\n\n```message {#mail for-each=\"rows.id\" subject=\"about {{ inputs.who }}\"}\nIt's {{ inputs.who }}: {% for row in result[\"rows\"].rows %}{{ row.id }}{% endfor %}\n```\n";
    let text = "inputs:\n  who: { title: Who, type: text }\n";
    let number = "inputs:\n  who: { title: Who, type: integer }\n";
    let whole = attach(&book("a", text, both), &book("b-2", number, both), "b-2");
    let action = |id: &str| whole.actions.get(id).unwrap();
    let rows = action("b-2/rows");
    assert_eq!(rows.text, "SELECT :b_2__who\n");
    assert_eq!(rows.inputs, [InputId::from("b_2__who")]);
    assert_eq!(
        rows.judge.expect.as_ref().unwrap().text,
        "count == 0 && result[\"b-2/rows\"].count == 0"
    );
    assert_eq!(rows.judge.otherwise.as_deref(), Some("goto b-2/act"));
    let mail = action("b-2/mail");
    assert_eq!(
        mail.text,
        "It's {{ inputs.b_2__who }}: {% for row in result[\"b-2/rows\"].rows %}{{ row.id }}{% endfor %}\n"
    );
    let message = mail.message.as_ref().unwrap();
    assert_eq!(message.for_each.as_deref(), Some("b-2/rows.id"));
    assert_eq!(
        message.subject.as_deref(),
        Some("about {{ inputs.b_2__who }}")
    );
    let phase = whole
        .phases
        .iter()
        .find(|phase| phase.id.as_str() == "b-2/act")
        .unwrap();
    assert_eq!(phase.title, "Act (b-2)");
    assert_eq!(phase.requires, ["b-2/rows"]);
    assert_eq!(
        phase.when.as_deref(),
        Some("decision[\"b-2/find\"] == \"x\" && inputs.b_2__who != \"result[]\"")
    );
    let decision = whole
        .step(&"b-2/find".into())
        .unwrap()
        .decision
        .as_ref()
        .unwrap();
    assert_eq!(decision.over, [ActionId::from("b-2/rows")]);
    assert_eq!(decision.choices[0].then, ["b-2/act"]);
    assert_eq!(
        decision.choices[0].suggest_when.as_deref(),
        Some("result[\"b-2/rows\"].count > 0")
    );
    assert_eq!(dangling(&whole), [""; 0]);
}

#[test]
fn names_are_changed_where_they_are_names_only() {
    let map = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(old, new)| ((*old).to_owned(), (*new).to_owned()));
        pairs.collect::<BTreeMap<_, _>>()
    };
    let (names, inputs) = (map(&[("a", "p/a")]), map(&[("i", "p__i")]));
    for (text, expected) in [
        ("result['a'].count", "result[\"p/a\"].count"),
        ("result [ \"a\" ].count", "result[\"p/a\"].count"),
        ("result.a.count", "result[\"p/a\"].count"),
        ("row.result[\"a\"]", "row.result[\"a\"]"),
        ("\"result['a']\" == x", "\"result['a']\" == x"),
        ("'it\\'s result[\"a\"]'", "'it\\'s result[\"a\"]'"),
        (
            "'''a' ''' + decision[\"a\"]",
            "'''a' ''' + decision[\"p/a\"]",
        ),
        (
            "inputs.i > 1 && inputs['i'] < 2",
            "inputs.p__i > 1 && inputs[\"p__i\"] < 2",
        ),
        (
            "results['a'] + result['b'] + rows['a']",
            "results['a'] + result['b'] + rows['a']",
        ),
        ("result[\"a", "result[\"a"),
        ("größe('a') + result['a']", "größe('a') + result[\"p/a\"]"),
    ] {
        assert_eq!(references::in_expression(text, &names, &inputs), expected);
    }
    for (language, text, expected) in [
        (
            Language::Sql,
            "SELECT :i, ':i', x::i",
            "SELECT :p__i, ':i', x::i",
        ),
        (
            Language::Kql,
            "let _i = 1; t | where i == _i",
            "let _p__i = 1; t | where i == _p__i",
        ),
        (Language::Shell, "echo \"$I\" '$I'", "echo \"$P__I\" '$I'"),
        (Language::Promql, "m{a=\"$i\"}", "m{a=\"$p__i\"}"),
    ] {
        assert_eq!(
            references::in_text(language, text, &names, &inputs),
            expected
        );
    }
}
