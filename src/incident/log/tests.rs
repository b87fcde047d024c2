//! Any order of arrival gives the same incident; memory stays bounded. Uses no playbook.

use proptest::prelude::*;

use super::*;
use crate::incident::sample::{intent, opened, result, write, writer};
use crate::incident::{ActionState, StepState};
use crate::model::Mode;
use crate::record::chain::{Stamp, Writer, seal};
use crate::record::entry::{ActionOutcome, Body, Draft};

/// Two or three writers who see each other now and then, and what they write.
#[derive(Debug, Clone)]
struct Script(Vec<(u8, bool, u8)>);

fn scripts() -> impl Strategy<Value = Script> {
    prop::collection::vec((0..3_u8, any::<bool>(), 0..12_u8), 1..300).prop_map(Script)
}

fn body(kind: u8, intents: &[(Hash, u8)]) -> Body {
    let step = || format!("s{}", kind % 3).as_str().into();
    let (hash, action) = intents.last().copied().unwrap_or_default();
    let action = format!("a{action}");
    match kind {
        0 => Body::StepStarted { step: step() },
        1 => Body::step_done(step()),
        2 => Body::StepSkipped {
            step: step(),
            reason: "r".into(),
        },
        3 => Body::StepReopened { step: step() },
        4 | 5 => intent(&format!("a{}", kind % 2)),
        6 => result(hash, &action, ActionOutcome::Ok),
        7 => result(hash, &action, ActionOutcome::Unknown),
        8 => Body::ActionResolved {
            intent: Some(hash),
            action: action.as_str().into(),
            done: true,
            note: "n".into(),
        },
        9 => Body::SeverityChanged {
            severity: format!("P{kind}"),
            reason: "r".into(),
        },
        10 => Body::NoteAdded {
            text: "n".into(),
            happened_at: None,
            step: None,
            evidence: None,
        },
        _ => Body::Unknown {
            kind: "moon.landed".into(),
            body: serde_json::Value::Null,
        },
    }
}

fn play(script: &Script) -> Vec<Sealed> {
    let mut writers: Vec<Writer> = (1..=3).map(|number| writer(number, Mode::Live)).collect();
    let first = write(&mut writers[0], 0, opened());
    for writer in &mut writers {
        writer.observe(&first);
    }
    let mut entries = vec![first];
    let mut intents = Vec::new();
    for (second, (who, looks, kind)) in script.0.iter().enumerate() {
        let writer = &mut writers[usize::from(*who)];
        if *looks {
            for entry in &entries {
                writer.observe(entry);
            }
        }
        let sealed = write(writer, second as i64 + 1, body(*kind, &intents));
        if matches!(kind, 4 | 5) {
            intents.push((sealed.hash, kind % 2));
        }
        entries.push(sealed);
    }
    entries
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// However entries arrive, the incident is the same as when they are folded in order, one by one.
    #[test]
    fn any_order_of_arrival_gives_the_same_incident(
        script in scripts(),
        shuffle in prop::collection::vec(any::<u32>(), 301),
        near in any::<bool>(),
    ) {
        let entries = crate::record::merge::merge(play(&script));
        let mut incident = None;
        for sealed in &entries {
            advance(&mut incident, sealed);
        }

        let mut arrival: Vec<(u64, Sealed)> = entries
            .iter()
            .enumerate()
            .map(|(index, sealed)| {
                // Either anywhere, or within a few places of where it belongs, as between two terminals.
                let jitter = u64::from(shuffle[index]);
                let place = if near { index as u64 * 8 + jitter % 64 } else { jitter };
                (place, sealed.clone())
            })
            .collect();
        arrival.sort_by_key(|(place, _)| *place);
        let mut log = Log::default();
        for (count, (_, sealed)) in arrival.iter().enumerate() {
            match log.add(sealed.clone()) {
                Added::Applied | Added::Refolded => {}
                Added::TooOld => {
                    log = arrival[..=count].iter().map(|(_, sealed)| sealed.clone()).collect();
                }
                Added::Known => prop_assert!(false, "{} arrived once", sealed.hash),
            }
            prop_assert_eq!(log.add(sealed.clone()), Added::Known);
        }
        prop_assert_eq!(log.incident(), incident.as_ref());
    }
}

#[test]
fn memory_is_bounded_and_what_is_too_old_is_said() {
    let (mut writer, mut other) = (writer(1, Mode::Live), writer(2, Mode::Live));
    let late = write(&mut other, 0, Body::step_done("late"));
    let mut log = Log::default();
    log.add(write(&mut writer, 0, opened()));
    for second in 1..2_000 {
        let note = Body::NoteAdded {
            text: "n".into(),
            happened_at: None,
            step: None,
            evidence: None,
        };
        assert_eq!(log.add(write(&mut writer, second, note)), Added::Applied);
    }
    let kept: usize = log.runs.iter().map(|run| run.entries.len()).sum();
    assert!(
        kept <= limits::SNAPSHOTS_KEPT * limits::SNAPSHOT_EVERY as usize,
        "{kept}"
    );
    assert_eq!(log.add(late), Added::TooOld);

    let incident = log.incident().unwrap().clone();
    assert_eq!(incident.entries, 2_000);
    let mut resumed = Log::from_snapshot(incident);
    let next = write(&mut writer, 2_000, Body::step_done("s"));
    assert_eq!(resumed.add(next.clone()), Added::Applied);
    assert_eq!(resumed.add(next), Added::Known);
    assert_eq!(resumed.incident().unwrap().entries, 2_001);
}

#[test]
fn the_latest_run_of_an_action_counts_and_no_unknown_outcome_is_lost() {
    let mut writer = writer(1, Mode::Live);
    let mut incident = Incident::open(&write(&mut writer, 0, opened()));
    let mut say = |body| {
        let sealed = write(&mut writer, 1, body);
        apply(&mut incident, &sealed);
        (sealed.hash, incident.clone())
    };
    let (first, now) = say(intent("a"));
    assert_eq!(now.actions["a"].state, ActionState::Started);
    assert!(now.unfinished.contains_key(&first));

    let (_, now) = say(result(first, "a", ActionOutcome::Unknown));
    assert_eq!(
        now.actions["a"].state,
        ActionState::Ended(ActionOutcome::Unknown)
    );
    assert_eq!(now.actions["a"].incomplete.as_deref(), Some("half"));
    assert!(now.unfinished[&first].lost);

    let (second, _) = say(intent("a"));
    let (_, now) = say(result(second, "a", ActionOutcome::Ok));
    assert_eq!(
        now.actions["a"].state,
        ActionState::Ended(ActionOutcome::Ok)
    );
    assert_eq!(now.actions["a"].runs, 2);
    assert_eq!(now.unfinished.keys().collect::<Vec<_>>(), [&first]);

    let (_, now) = say(Body::ActionResolved {
        intent: Some(first),
        action: "a".into(),
        done: false,
        note: "the server never got it".into(),
    });
    assert_eq!(
        now.actions["a"].state,
        ActionState::Ended(ActionOutcome::Ok)
    );
    assert!(now.unfinished.is_empty());

    let (_, now) = say(Body::ActionResolved {
        intent: None,
        action: "b".into(),
        done: true,
        note: "by hand".into(),
    });
    assert!(matches!(
        now.actions["b"].state,
        ActionState::Resolved { done: true, .. }
    ));
    assert_eq!(now.actions["b"].runs, 0);
}

#[test]
fn a_drill_counts_in_simulated_time_and_erased_bodies_are_counted() {
    let mut writer = writer(1, Mode::Drill);
    let simulated = "2026-02-01T00:00:00Z".parse().unwrap();
    let draft = Draft {
        body: opened(),
        at: "2026-01-31T03:00:00Z".parse().unwrap(),
        sim_at: Some(simulated),
    };
    let stamp = Stamp {
        salt: [0; 16],
        mono_ms: 0,
        boot: String::new(),
    };
    let mut incident = Incident::open(&seal(&mut writer, draft, stamp).unwrap());
    assert_eq!(incident.opened_at, simulated);

    let before = incident.clone();
    let mut erased = write(&mut writer, 1, Body::step_done("s"));
    erased.body = None;
    apply(&mut incident, &erased);
    assert_eq!(incident.entries, 2);
    assert_eq!(incident.steps, before.steps);
    assert!(!matches!(
        incident.steps.get("s").map(|s| &s.state),
        Some(StepState::Done)
    ));
}
