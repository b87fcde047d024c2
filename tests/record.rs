//! The frozen bytes of the record, and what verification finds in records that were tampered with.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use quarterdeck::model::ids::IncidentId;
use quarterdeck::model::input::Origin;
use quarterdeck::model::playbook::Effect;
use quarterdeck::model::request::Parameter;
use quarterdeck::model::{Mode, Timestamp};
use quarterdeck::record::base64url;
use quarterdeck::record::chain::{Stamp, Writer, seal};
use quarterdeck::record::entry::{ActionOutcome, Body, Draft, Hash, Sealed, WatchState};
use quarterdeck::record::raw::{self, RawEntry};
use quarterdeck::record::verify::{Reason, Verdict, Verification, Warning, verify};

const PLAYBOOK: Hash = Hash([0x11; 32]);
const PLAYBOOK_CHANGED: Hash = Hash([0x22; 32]);
const FILE: Hash = Hash([0x33; 32]);

fn incident() -> IncidentId {
    IncidentId(uuid::Uuid::from_u128(
        0x0199_0000_0000_7000_8000_0000_0000_7f3a,
    ))
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn writer(number: u8, operator: &str) -> Writer {
    Writer::new(&mut [number; 32], incident(), Mode::Drill, operator)
}

/// One body of every kind, with and without optional fields, with text that needs every kind of escape.
#[expect(clippy::too_many_lines, reason = "one body a kind")]
fn bodies() -> Vec<Body> {
    let intent = Hash([0xaa; 32]);
    let text = "a \"b\" \\ /\n\t\u{1}\u{7f} é \u{20ac} \u{1f600} \u{202e}";
    vec![
        Body::IncidentOpened {
            playbook: "org-isolation".into(),
            title: "Org isolation breach".into(),
            playbook_sha256: PLAYBOOK,
            severity: Some("P1".into()),
            alert: Some("OrgMismatch".into()),
            profile: Some("prod".into()),
        },
        Body::SessionOpened {
            operator: "alice".into(),
            known_by: "argument".into(),
            uid: 1000,
            tty: Some("/dev/pts/3".into()),
            host: "bastion".into(),
            ssh_connection: None,
            key: writer(1, "alice").id().to_owned(),
            version: "0.1.0".into(),
        },
        Body::PlaybookChanged {
            from: PLAYBOOK,
            to: PLAYBOOK_CHANGED,
            vanished: vec!["old-step".into()],
        },
        Body::WatchStarted {
            action: "mismatches".into(),
            target: "prometheus metrics@prom:9090".into(),
            text: "sum(rate(x[5m]))".into(),
        },
        Body::WatchChanged {
            action: "mismatches".into(),
            state: WatchState::NoData,
            detail: String::new(),
        },
        Body::StepStarted {
            step: "identify".into(),
        },
        Body::InputSet {
            input: "actor".into(),
            value: "u-1932".into(),
            kind: "text".into(),
            from: Origin::Row,
        },
        Body::ActionIntent {
            action: "identify-source".into(),
            source: "audit".into(),
            target: "postgres audit@db1:5432/app as reader".into(),
            template_sha256: Hash([0x44; 32]),
            text: text.into(),
            edited: true,
            parameters: vec![Parameter {
                name: "actor".into(),
                kind: "text".into(),
                value: "u-1932".into(),
                example: true,
            }],
            effect: Effect::Write,
            gate: None,
        },
        Body::ActionResult {
            intent,
            action: "identify-source".into(),
            outcome: ActionOutcome::TimedOut,
            rows: Some(9_007_199_254_740_991),
            truncated: Some("row cap".into()),
            partial: None,
            duration_ms: 18,
            code: Some("57014".into()),
            message: Some(text.into()),
            judged: None,
            evidence: Vec::new(),
        },
        Body::ActionResolved {
            intent: None,
            action: "identify-source".into(),
            done: true,
            note: "done by hand".into(),
        },
        Body::CheckTicked {
            check: "saved".into(),
            not_applicable: Some("no report".into()),
        },
        Body::CheckUnticked {
            check: "saved".into(),
        },
        Body::step_done("identify"),
        Body::StepSkipped {
            step: "notify".into(),
            reason: "not yet".into(),
        },
        Body::StepReopened {
            step: "notify".into(),
        },
        Body::SeverityChanged {
            severity: "P2".into(),
            reason: "one tenant".into(),
        },
        Body::RoleAssigned {
            role: "ic".into(),
            person: "bob".into(),
        },
        Body::NoteAdded {
            text: text.into(),
            happened_at: Some(time("2026-01-31T02:59:00Z")),
            step: Some("identify".into()),
            evidence: None,
        },
        Body::EvidenceAdded {
            sha256: FILE,
            size: 4096,
            media_type: "application/json".into(),
            name: "../../etc/passwd".into(),
            title: "Rows of identify-source".into(),
            origin: None,
        },
        Body::Unknown {
            kind: "milestone.reached".into(),
            body: serde_json::json!({"milestone": "aware", "\u{1f600}": 1, "\u{fb33}": 2}),
        },
        Body::SessionDetached {
            reason: "quit".into(),
        },
    ]
}

/// Every kind once by alice; every third entry bob answers, having seen hers.
fn sealed() -> Vec<Sealed> {
    let (mut alice, mut bob) = (writer(1, "alice"), writer(2, "bob"));
    let start = time("2026-01-31T03:12:44.120Z").as_millisecond();
    let mut entries = Vec::new();
    for (index, body) in bodies().into_iter().enumerate() {
        let step = i64::try_from(index).unwrap() * 1_000;
        let at = Timestamp::from_millisecond(start + step).unwrap();
        let stamp = |salt: u8| Stamp {
            salt: [salt; 16],
            mono_ms: 86_400_000 + u64::try_from(step).unwrap(),
            boot: "5d3f5c9e-7d5f-4f6f-9d3b-0a1b2c3d4e5f".into(),
        };
        let draft = Draft {
            body,
            at,
            sim_at: Some(at),
        };
        let entry = seal(&mut alice, draft, stamp(index as u8)).unwrap();
        bob.observe(&entry);
        entries.push(entry);
        if index % 3 == 2 {
            let answer = Draft {
                body: Body::NoteAdded {
                    text: format!("answer {index}"),
                    happened_at: None,
                    step: None,
                    evidence: None,
                },
                at,
                sim_at: None,
            };
            let answer = seal(&mut bob, answer, stamp(100 + index as u8)).unwrap();
            alice.observe(&answer);
            entries.push(answer);
        }
    }
    entries
}

fn raws() -> Vec<RawEntry> {
    sealed()
        .iter()
        .map(|entry| RawEntry::of(entry).unwrap())
        .collect()
}

/// Each entry with all that is stored beside it, as a reader without this program would look at it.
fn golden_text(entries: &[RawEntry]) -> String {
    let mut text = String::new();
    for raw in entries {
        writeln!(
            text,
            "entry {}\nbody {}\nsalt {}\nhash {}\nsignature {}\n",
            String::from_utf8(raw.entry.clone()).unwrap(),
            String::from_utf8(raw.body.clone().unwrap()).unwrap(),
            base64url::encode(&raw.salt),
            raw.hash,
            base64url::encode(&raw.signature),
        )
        .unwrap();
    }
    text
}

/// The bytes are frozen: when this fails, the code is wrong, not the file.
#[test]
fn the_bytes_of_version_1_are_frozen() {
    let golden = include_str!("fixtures/record/version-1.txt");
    for (found, expected) in golden_text(&raws()).split("\n\n").zip(golden.split("\n\n")) {
        assert_eq!(found, expected);
    }
    assert_eq!(golden_text(&raws()).len(), golden.len());
}

#[test]
fn what_is_stored_is_read_back_as_it_was() {
    for (entry, raw) in sealed().iter().zip(raws()) {
        assert_eq!(raw.open().as_ref(), Ok(entry));
        assert_eq!(raw.entry(), Ok(entry.entry.clone()));
    }
}

fn check_with(entries: &[RawEntry], evidence: impl Fn(Hash) -> Option<Hash>) -> Verification {
    verify(incident(), Mode::Drill, entries, &mut |hash| evidence(hash))
}

fn check(entries: &[RawEntry]) -> Verification {
    check_with(entries, Some)
}

/// A valid entry of a newer version: fields this one does not know, sealed by the key of alice or bob.
fn resealed(raw: &RawEntry, key: u8, change: impl Fn(&mut serde_json::Value)) -> RawEntry {
    use ed25519_dalek::Signer as _;
    let mut entry: serde_json::Value = serde_json::from_slice(&raw.entry).unwrap();
    change(&mut entry);
    let bytes = quarterdeck::record::canonical::canonical(&entry).unwrap();
    let hash = raw::entry_hash(&bytes);
    let key = ed25519_dalek::SigningKey::from_bytes(&[key; 32]);
    RawEntry {
        entry: bytes,
        hash,
        signature: key.sign(&hash.0).to_bytes(),
        ..raw.clone()
    }
}

#[test]
fn a_whole_record_is_consistent_and_not_anchored() {
    let found = check(&raws());
    assert_eq!(found.verdict, Verdict::NotAnchored);
    assert_eq!(found.verdict.exit_code(), 3);
    assert_eq!((found.entries, found.writers), (28, 2));
    assert!(
        matches!(found.warnings.as_slice(), [Warning::OutcomeUnknown { action, .. }] if action == "identify-source"),
        "{:?}",
        found.warnings
    );
    // Chains may lie in storage one after the other: the order comes from the clock.
    let (alice, bob): (Vec<_>, Vec<_>) = raws()
        .into_iter()
        .partition(|raw| raw.entry().unwrap().operator == "alice");
    assert_eq!(check(&[bob, alice].concat()).verdict, Verdict::NotAnchored);
}

#[test]
fn fields_of_a_newer_version_still_verify() {
    let mut entries = raws();
    let last = entries.pop().unwrap();
    let last = resealed(&last, 2, |entry| entry["team"] = "blue".into());
    assert!(
        String::from_utf8(last.entry.clone())
            .unwrap()
            .contains("\"team\":\"blue\"")
    );
    entries.push(last);
    assert_eq!(check(&entries).verdict, Verdict::NotAnchored);
}

fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from} not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

type Mutation = (
    &'static str,
    usize,
    Box<dyn Fn(&mut Vec<RawEntry>)>,
    fn(&Reason) -> bool,
);

fn mutation(
    name: &'static str,
    position: usize,
    change: impl Fn(&mut Vec<RawEntry>) + 'static,
    expected: fn(&Reason) -> bool,
) -> Mutation {
    (name, position, Box::new(change), expected)
}

/// Every way to tamper, the place (from 1) where it is found, and the reason given. The control is the test above: the
/// same entries without any change hold.
#[test]
#[expect(clippy::too_many_lines, reason = "one line a mutation")]
fn tampering_is_found_at_its_place() {
    let matrix = [
        mutation(
            "text changed",
            5,
            |e| e[4].entry = replace(&e[4].entry, "alice", "mallo"),
            |r| *r == Reason::Hash,
        ),
        mutation(
            "text and hash changed",
            5,
            |e| {
                e[4].entry = replace(&e[4].entry, "alice", "mallo");
                e[4].hash = e[4].computed_hash();
            },
            |r| *r == Reason::Signature,
        ),
        mutation(
            "signed by another key",
            5,
            |e| e[4] = resealed(&e[4], 2, |_| {}),
            |r| *r == Reason::Signature,
        ),
        mutation(
            "hash changed",
            5,
            |e| e[4].hash.0[0] ^= 1,
            |r| *r == Reason::Hash,
        ),
        mutation(
            "signature changed",
            5,
            |e| e[4].signature[63] ^= 1,
            |r| *r == Reason::Signature,
        ),
        mutation(
            "body changed",
            1,
            |e| {
                e[0].body = Some(replace(e[0].body.as_ref().unwrap(), "P1", "P4"));
            },
            |r| *r == Reason::Body,
        ),
        mutation(
            "bodies swapped",
            6,
            |e| {
                let body = e[5].body.clone();
                e[5].body = std::mem::replace(&mut e[6].body, body);
            },
            |r| *r == Reason::Body,
        ),
        mutation(
            "salt changed",
            5,
            |e| e[4].salt[0] ^= 1,
            |r| *r == Reason::Body,
        ),
        mutation(
            "body erased",
            5,
            |e| e[4].body = None,
            |r| *r == Reason::BodyMissing,
        ),
        mutation(
            "space in the entry",
            5,
            |e| e[4].entry = replace(&e[4].entry, ":", ": "),
            |r| matches!(r, Reason::Unreadable(_)),
        ),
        mutation(
            "space in the body",
            5,
            |e| {
                e[4].body = Some(replace(e[4].body.as_ref().unwrap(), ":", ": "));
            },
            |r| matches!(r, Reason::Unreadable(_)),
        ),
        mutation(
            "key twice",
            5,
            |e| e[4].entry = replace(&e[4].entry, "\"seq\"", "\"seq\":9,\"seq\""),
            |r| matches!(r, Reason::Unreadable(_)),
        ),
        mutation(
            "not JSON",
            5,
            |e| e[4].entry.truncate(20),
            |r| matches!(r, Reason::Unreadable(_)),
        ),
        mutation(
            "first entry removed",
            1,
            |e| {
                e.remove(0);
            },
            |r| *r == Reason::Gap { from: 1, to: 1 },
        ),
        mutation(
            "middle entry removed",
            5,
            |e| {
                e.remove(4);
            },
            |r| matches!(r, Reason::Gap { .. }),
        ),
        mutation(
            "end of a chain removed, named by another",
            4,
            |e| {
                // Bob's answers go; alice's next entry names the first of them.
                e.retain(|raw| raw.entry().unwrap().operator == "alice");
            },
            |r| matches!(r, Reason::SeenMissing(_)),
        ),
        mutation(
            "entry twice",
            6,
            |e| {
                let copy = e[4].clone();
                e.insert(5, copy);
            },
            |r| *r == Reason::Duplicate,
        ),
        mutation(
            "neighbours of a chain swapped",
            2,
            |e| e.swap(0, 1),
            |r| *r == Reason::Reordered,
        ),
        mutation(
            "fork",
            6,
            |e| {
                let other = resealed(&e[4], 1, |entry| entry["operator"] = "mallory".into());
                e.insert(5, other);
            },
            |r| *r == Reason::Fork,
        ),
        mutation(
            "does not continue",
            5,
            |e| {
                e[4] = resealed(&e[4], 1, |entry| {
                    entry["prev"] = Hash([9; 32]).to_string().into();
                });
            },
            |r| *r == Reason::Previous,
        ),
        mutation(
            "rewritten, the next one left",
            6,
            |e| {
                e[4] = resealed(&e[4], 1, |entry| entry["operator"] = "mallory".into());
            },
            |r| *r == Reason::Previous,
        ),
        mutation(
            "clock falls",
            3,
            |e| {
                e[2] = resealed(&e[2], 1, |entry| entry["clock"] = 2.into());
            },
            |r| *r == Reason::Clock,
        ),
        mutation(
            "clock not after what was seen",
            4,
            |e| {
                e[3] = resealed(&e[3], 2, |entry| entry["clock"] = 3.into());
            },
            |r| *r == Reason::Clock,
        ),
        mutation(
            "foreign incident",
            5,
            |e| {
                e[4] = resealed(&e[4], 1, |entry| {
                    entry["incident"] = uuid::Uuid::from_u128(9).to_string().into();
                });
            },
            |r| matches!(r, Reason::ForeignIncident(_)),
        ),
        mutation(
            "mixed modes",
            5,
            |e| {
                e[4] = resealed(&e[4], 1, |entry| entry["mode"] = "live".into());
            },
            |r| *r == Reason::MixedMode(Mode::Live),
        ),
        mutation(
            "version",
            5,
            |e| e[4] = resealed(&e[4], 1, |entry| entry["v"] = 2.into()),
            |r| *r == Reason::Version(2),
        ),
        mutation(
            "time in another form",
            5,
            |e| {
                e[4] = resealed(&e[4], 1, |entry| {
                    entry["at"] = "2026-01-31T04:12:44+01:00".into();
                });
            },
            |r| matches!(r, Reason::Field(_)),
        ),
        mutation(
            "seen not sorted",
            5,
            |e| {
                e[4] = resealed(&e[4], 1, |entry| {
                    let hash = entry["seen"][0].clone();
                    entry["seen"] = vec![hash.clone(), hash].into();
                });
            },
            |r| matches!(r, Reason::Field(_)),
        ),
        mutation(
            "another session's key",
            2,
            |e| {
                let other = writer(3, "x").id().to_owned();
                let bytes = replace(e[1].body.as_ref().unwrap(), writer(1, "x").id(), &other);
                let hash = raw::body_hash(&e[1].salt, &bytes).to_string();
                e[1] = resealed(&e[1], 1, |entry| entry["body_hash"] = hash.clone().into());
                e[1].body = Some(bytes);
            },
            |r| matches!(r, Reason::Field(_)),
        ),
        mutation(
            "does not open",
            1,
            |e| {
                let alone = resealed(&e[4], 1, |entry| {
                    entry["seq"] = 1.into();
                    entry["prev"] = Hash::default().to_string().into();
                    entry["seen"] = serde_json::json!([]);
                });
                *e = vec![alone];
            },
            |r| *r == Reason::NotOpened,
        ),
    ];
    for (name, position, change, expected) in matrix {
        let mut entries = raws();
        change(&mut entries);
        let found = check(&entries);
        let Verdict::Fault(fault) = &found.verdict else {
            panic!("{name}: not found");
        };
        assert!(expected(&fault.reason), "{name}: {:?}", fault.reason);
        let entry = fault.entry.as_ref().unwrap();
        assert_eq!(entry.position, position, "{name}: {entry}");
        assert_eq!(found.verdict.exit_code(), 1);
        assert!(fault.after.len() < entries.len(), "{name}");
        assert!(
            fault
                .after
                .iter()
                .all(|after| after.clock >= entry.clock || entry.writer.is_empty()),
            "{name}"
        );
    }
}

#[test]
fn everything_after_the_fault_is_named() {
    let mut entries = raws();
    entries[4].salt[0] ^= 1;
    let Verdict::Fault(fault) = check(&entries).verdict else {
        panic!("not found");
    };
    let after: Vec<usize> = fault.after.iter().map(|name| name.position).collect();
    assert_eq!(after, (6..=28).collect::<Vec<_>>());
    let text = fault.entry.unwrap().to_string();
    assert!(
        text.starts_with("entry 5 (2026-01-31T03:12:47.120Z watch.started, number 4 of writer "),
        "{text}"
    );
}

#[test]
fn files_beside_the_record_are_checked() {
    for (hash, found, expected) in [
        (FILE, None, Reason::EvidenceMissing(FILE)),
        (FILE, Some(PLAYBOOK), Reason::EvidenceChanged(FILE)),
        (PLAYBOOK, None, Reason::Playbook(PLAYBOOK)),
        (
            PLAYBOOK_CHANGED,
            Some(FILE),
            Reason::Playbook(PLAYBOOK_CHANGED),
        ),
    ] {
        let answer = |asked| if asked == hash { found } else { Some(asked) };
        let Verdict::Fault(fault) = check_with(&raws(), answer).verdict else {
            panic!("{expected:?} not found");
        };
        assert_eq!(fault.reason, expected);
    }
}

#[test]
fn an_empty_record_is_a_fault() {
    let Verdict::Fault(fault) = check(&[]).verdict else {
        panic!("not found");
    };
    assert_eq!((fault.entry, fault.reason), (None, Reason::Empty));
}

#[test]
fn a_jump_of_the_wall_clock_is_a_warning() {
    let mut alice = writer(1, "alice");
    let start = time("2026-01-31T03:00:00Z").as_millisecond();
    let mut entries = Vec::new();
    // Wall clock and time since boot, in milliseconds: steady, an hour back, across a reboot.
    for (wall, mono, boot) in [
        (0, 1_000, "a"),
        (60_000, 61_000, "a"),
        (-3_540_000, 61_000, "a"),
        (9_000_000, 10, "b"),
    ] {
        let draft = Draft {
            body: bodies().swap_remove(0),
            at: Timestamp::from_millisecond(start + wall).unwrap(),
            sim_at: None,
        };
        let stamp = Stamp {
            salt: [0; 16],
            mono_ms: mono,
            boot: boot.into(),
        };
        entries.push(RawEntry::of(&seal(&mut alice, draft, stamp).unwrap()).unwrap());
    }
    let found = check(&entries);
    assert_eq!(found.verdict, Verdict::NotAnchored);
    assert!(
        matches!(found.warnings.as_slice(), [Warning::ClockJumped { entry, by_ms: -3_600_000 }] if entry.seq == 3),
        "{:?}",
        found.warnings
    );
}
