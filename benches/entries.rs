//! Entries as an incident writes them, for the benches of the record.
//!
//! The entries are the same in every run; only salts and times differ.

use std::path::Path;

use quarterdeck::model::ids::IncidentId;
use quarterdeck::model::input::Origin;
use quarterdeck::model::playbook::Effect;
use quarterdeck::model::request::Parameter;
use quarterdeck::model::{Mode, Timestamp};
use quarterdeck::record::chain::{Stamp, Writer, seal};
use quarterdeck::record::entry::{ActionOutcome, Body, Draft, Hash, Sealed};
use quarterdeck::store::{Store, Synchronous, evidence};

/// One session that writes an incident as people do: steps, inputs, actions with their results, checks and notes.
pub struct Script {
    writer: Writer,
    number: u64,
    /// The intent that waits for its result.
    intent: Hash,
    playbook: Hash,
}

impl Script {
    /// A session of a new incident; `number` makes its id.
    pub fn new(number: u128) -> Self {
        let mut secret = [7; 32];
        Self {
            writer: Writer::new(&mut secret, incident(number), Mode::Live, "bench"),
            number: 0,
            intent: Hash::default(),
            playbook: Hash::default(),
        }
    }

    /// The next entry.
    pub fn next(&mut self) -> Sealed {
        let body = self.body();
        let sealed = seal(&mut self.writer, draft(body), stamp(self.number)).unwrap();
        if self.number % 8 == 4 {
            self.intent = sealed.hash;
        }
        self.number += 1;
        sealed
    }

    fn body(&self) -> Body {
        if self.number == 0 {
            return Body::IncidentOpened {
                playbook: "org-isolation-breach".into(),
                title: "Org isolation breach".into(),
                playbook_sha256: self.playbook,
                severity: Some("SEV1".into()),
                alert: None,
                profile: Some("bench".into()),
            };
        }
        let step = format!("step-{}", self.number / 8 % 40).as_str().into();
        match self.number % 8 {
            1 => Body::StepStarted { step },
            2 => Body::InputSet {
                input: "org".into(),
                value: "0191b0c4-7c1e-7bbf-9c80-4a3f1de5e0aa".into(),
                kind: "uuid".into(),
                from: Origin::Row,
            },
            3 => Body::NoteAdded {
                text: "two organisations in one session: see the rows kept as evidence".into(),
                happened_at: None,
                step: Some(step),
                evidence: None,
            },
            4 => action(),
            5 => Body::ActionResult {
                intent: self.intent,
                action: "find-sessions".into(),
                outcome: ActionOutcome::Ok,
                rows: Some(42),
                truncated: None,
                partial: None,
                duration_ms: 17,
                code: None,
                message: None,
                judged: None,
                evidence: Vec::new(),
            },
            6 => Body::CheckTicked {
                check: format!("check-{}", self.number / 8 % 40).as_str().into(),
                not_applicable: None,
            },
            7 => Body::EvidenceAdded {
                sha256: self.playbook,
                size: 4_096,
                media_type: "application/json".into(),
                name: "find-sessions.json".into(),
                title: "Result of find-sessions".into(),
                origin: None,
            },
            _ => Body::step_done(step),
        }
    }
}

/// The intent of a query, as it is on disk before the query is sent.
pub fn action() -> Body {
    Body::ActionIntent {
        action: "find-sessions".into(),
        source: "audit".into(),
        target: "postgres audit@db1:5432/app as reader".into(),
        template_sha256: Hash([3; 32]),
        text:
            "SELECT s.id, s.staff_id, s.started_at, s.ended_at, count(DISTINCT e.org_id) AS orgs\n\
               FROM staff_sessions s JOIN audit_events e ON e.session_id = s.id\n\
               WHERE e.org_id = $1 AND e.at BETWEEN $2 AND $3\n\
               GROUP BY s.id HAVING count(DISTINCT e.org_id) > 1 ORDER BY s.started_at DESC"
                .into(),
        edited: false,
        parameters: ["org", "window_start", "window_end"]
            .map(|name| Parameter {
                name: name.into(),
                kind: "text".into(),
                value: "2026-11-22T03:00:00Z".into(),
                example: false,
            })
            .into(),
        effect: Effect::Read,
        gate: None,
    }
}

/// A draft of now.
pub fn draft(body: Body) -> Draft {
    Draft {
        body,
        at: Timestamp::now(),
        sim_at: None,
    }
}

/// A stamp whose salt and time come from a number.
pub fn stamp(number: u64) -> Stamp {
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&number.to_le_bytes());
    Stamp {
        salt,
        mono_ms: 1_000 + number,
        boot: "5a9c6a3e-3c61-4a0e-9d1b-2f4a64d6f8f7".into(),
    }
}

/// An incident's id by number.
pub fn incident(number: u128) -> IncidentId {
    IncidentId(uuid::Uuid::from_u128(number))
}

/// A record with so many entries. Filled without waiting for the disk, and set back to waiting.
pub fn record(data: &Path, number: u128, entries: u64) -> (Store, Script) {
    let mut script = Script::new(number);
    let store = Store::create(data, Mode::Live, incident(number)).unwrap();
    script.playbook = evidence::put(store.folder(), &b"# Playbook\n"[..])
        .unwrap()
        .sha256;
    store.set_synchronous(Synchronous::Normal).unwrap();
    for _ in 0..entries {
        store.append(&script.next()).unwrap();
    }
    store.set_synchronous(Synchronous::Full).unwrap();
    (store, script)
}
