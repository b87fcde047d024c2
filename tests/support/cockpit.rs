//! A cockpit without a terminal, a disk or a clock: events in, effects out, the store played by the test.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use quarterdeck::engine::command::Keys;
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::{Event, EventKind, Opened};
use quarterdeck::engine::state::{Cockpit, State};
use quarterdeck::engine::{Setup, Start, start, update};
use quarterdeck::incident::Incident;
use quarterdeck::layout::Layouts;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::ids::{IncidentId, RunId, Ticket};
use quarterdeck::model::playbook::{Action, Effect as ActionEffect, Playbook};
use quarterdeck::model::request::{Payload, Request};
use quarterdeck::model::{Mode, Timestamp};
use quarterdeck::record::entry::{Body, Entry, Hash, Sealed};

/// Each test file uses a part of this; naming every part keeps the compiler from calling the rest dead.
const _: () = {
    let _ = (
        Harness::open,
        Harness::keys,
        Harness::type_text,
        Harness::take,
        Harness::last_plan,
        Harness::plan_ok,
        Harness::appended,
        Harness::started,
        Harness::seal,
        parse,
        request,
    );
};

/// The program under test with everything it asked for so far.
pub struct Harness {
    pub state: State,
    pub effects: Vec<Effect>,
    pub now: Timestamp,
    next_entry: u32,
    mode: Mode,
    /// While false, every append comes back as not recorded.
    pub disk_works: bool,
    /// While true, every append is refused for good.
    pub refuses: bool,
    waiting: Vec<(Ticket, Body)>,
}

impl Harness {
    /// An incident opened at 03:00 with this playbook.
    pub fn open(markdown: &str) -> Self {
        Self::open_as(Mode::Live, parse(markdown))
    }

    /// The same in another mode.
    pub fn open_as(mode: Mode, playbook: Playbook) -> Self {
        let now: Timestamp = "2026-01-31T03:00:00Z".parse().unwrap();
        let setup = Setup {
            now,
            size: (120, 40),
            zone: jiff::tz::TimeZone::UTC,
            operator: "alice".into(),
            keys: Keys::default(),
            layouts: Layouts::default(),
        };
        let (state, effects) = start(setup, Start::Home);
        let mut harness = Self {
            state,
            effects,
            now,
            next_entry: 0,
            mode,
            disk_works: true,
            refuses: false,
            waiting: Vec::new(),
        };
        let id = IncidentId(uuid::Uuid::from_u128(0x7f3a));
        let opening = harness.seal(Body::IncidentOpened {
            playbook: playbook.id.clone(),
            title: playbook.title.clone(),
            playbook_sha256: Hash::default(),
            severity: Some("P1".into()),
            alert: None,
            profile: None,
        });
        let incident = Incident::open(&opening);
        assert_eq!(incident.id, id);
        harness.event(EventKind::Opened(Box::new(Opened {
            playbook: Arc::new(playbook),
            diagnostics: vec![],
            playbook_differs: false,
            incident,
            tail: vec![Arc::new(opening)],
            total: 1,
            writer: "me".into(),
            alive: BTreeSet::from(["me".to_owned()]),
            folder: "/home/alice/.local/share/quarterdeck/live/7f3a".into(),
            profile: "test".into(),
            source_problems: vec![],
            left_behind: std::collections::BTreeMap::new(),
        })));
        harness
    }

    pub fn cockpit(&self) -> &Cockpit {
        self.state.cockpit().expect("an incident is open")
    }

    /// Sends an event; appends are answered at once, as a fast disk would.
    pub fn event(&mut self, kind: EventKind) {
        let effects = update(
            &mut self.state,
            Event {
                now: self.now,
                kind,
            },
        );
        for effect in effects {
            if let Effect::Append { ticket, body } = &effect {
                self.waiting.push((*ticket, body.clone()));
            }
            self.effects.push(effect);
        }
        self.answer_appends();
    }

    fn answer_appends(&mut self) {
        for (ticket, body) in std::mem::take(&mut self.waiting) {
            if self.refuses {
                self.event(EventKind::EntryRefused {
                    ticket,
                    reason: "70000 bytes, at most 65536".into(),
                });
            } else if self.disk_works {
                let entry = Arc::new(self.seal(body));
                self.event(EventKind::Recorded { ticket, entry });
            } else {
                self.event(EventKind::NotRecorded {
                    ticket,
                    reason: "disk full".into(),
                });
            }
        }
    }

    /// Presses keys written as `keys.toml` writes them, separated by spaces.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.event(EventKind::Key(key.parse().unwrap()));
        }
    }

    /// Types text.
    pub fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.event(EventKind::Key(quarterdeck::keymap::Chord::char(character)));
        }
    }

    /// Takes the effects so far.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The run and action of the last plan asked for.
    pub fn last_plan(&self) -> Option<(RunId, Action)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Plan { run, action, .. } => Some((*run, (**action).clone())),
            _ => None,
        })
    }

    /// Answers the last plan with a request that sends the action's own text.
    pub fn plan_ok(&mut self) -> RunId {
        let (run, action) = self.last_plan().expect("something is planned");
        self.event(EventKind::Planned {
            run,
            result: Ok(Box::new(request(&action))),
        });
        run
    }

    /// Bodies of all appends among the effects so far.
    pub fn appended(&self) -> Vec<Body> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Append { body, .. } => Some(body.clone()),
                _ => None,
            })
            .collect()
    }

    /// Runs that were really started.
    pub fn started(&self) -> Vec<RunId> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Run { run, .. } => Some(*run),
                _ => None,
            })
            .collect()
    }

    /// An entry as the store would make it; hashes are made up but unique.
    pub fn seal(&mut self, body: Body) -> Sealed {
        self.next_entry = self.next_entry.wrapping_add(1);
        let number = self.next_entry;
        Sealed {
            entry: Entry {
                v: 1,
                incident: IncidentId(uuid::Uuid::from_u128(0x7f3a)),
                mode: self.mode,
                writer: "me".into(),
                seq: u64::from(number),
                prev: Hash::default(),
                seen: vec![],
                clock: u64::from(number),
                at: quarterdeck::model::timestamp_text(self.now),
                mono_ms: 0,
                boot: "boot".into(),
                sim_at: None,
                operator: "alice".into(),
                kind: body.kind().into(),
                body_hash: Hash::default(),
            },
            hash: Hash(hash_of(number)),
            signature: [0; 64],
            salt: [0; 16],
            body: Some(body),
        }
    }
}

/// Different for each entry; of the first 255 the number in every byte.
fn hash_of(number: u32) -> [u8; 32] {
    let bytes = number.to_be_bytes();
    let high = |at: usize| bytes.get(at).filter(|_| number > 255);
    std::array::from_fn(|at| high(at).copied().unwrap_or(bytes[3]))
}

/// A playbook without problems.
pub fn parse(markdown: &str) -> Playbook {
    let source = SourceText::new("test.md", markdown);
    let parsed = quarterdeck::playbook::parse(&source);
    let first = parsed.into_iter().next().expect("one playbook");
    assert!(first.diagnostics.is_empty(), "{:#?}", first.diagnostics);
    first.playbook
}

/// A request as a source would plan it.
pub fn request(action: &Action) -> Request {
    Request {
        action: action.id.clone(),
        source: "audit".into(),
        target: "postgres audit@localhost".into(),
        text: action.text.clone(),
        parameters: vec![],
        effect: ActionEffect::Read,
        timeout: std::time::Duration::from_secs(30),
        limit: 100,
        ceiling: None,
        judged: false,
        payload: Payload::Sql {
            statement: action.text.clone(),
        },
    }
}
