//! For tests: somebody who plays a built-in scenario without a screen. What is done is recorded as a session would, and so are the injects that come.

pub(super) mod tests;

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;

use super::scenario::{self, BUILT_IN, Scenario};
use super::score::{Score, score};
use super::{Director, Injected};
use crate::incident::sample::writer;
use crate::incident::{Incident, apply};
use crate::model::diagnostic::SourceText;
use crate::model::ids::PlaybookId;
use crate::model::playbook::Playbook;
use crate::model::{Mode, Timestamp};
use crate::pgsql::Value;
use crate::record::chain::{Stamp, Writer, seal};
use crate::record::entry::{ActionOutcome, Body, Draft, EvidenceOrigin, Hash, Sealed};

/// A built-in scenario.
pub(super) fn built_in(id: &str) -> Scenario {
    let name = format!("{id}.toml");
    let (name, text) = BUILT_IN.iter().find(|(one, _)| **one == name).unwrap();
    scenario::parse(SourceText::new(name, text)).0
}

/// A playbook that comes with the program.
pub(super) fn playbook(id: &PlaybookId) -> Playbook {
    playbooks().into_iter().find(|one| one.id == *id).unwrap()
}

/// Every playbook that comes with the program.
pub(super) fn playbooks() -> Vec<Playbook> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let files = std::fs::read_dir(folder).unwrap();
    let texts = files.map(|entry| {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        SourceText::new(path.display().to_string(), text)
    });
    texts
        .flat_map(|source| crate::playbook::parse(&source))
        .map(|parsed| parsed.playbook)
        .collect()
}

/// A drill and its record.
pub(super) struct Player {
    pub(super) director: Director,
    pub(super) entries: Vec<Sealed>,
    pub(super) injected: Vec<Injected>,
    writer: Writer,
    starts: Timestamp,
}

impl Player {
    /// Opens the incident of a scenario.
    pub(super) fn new(scenario: Scenario, seed: u64) -> Self {
        let starts = scenario.starts;
        let opened = Body::IncidentOpened {
            playbook: scenario.playbook.clone(),
            title: scenario.title.clone(),
            playbook_sha256: Hash::default(),
            severity: scenario.severity.clone(),
            alert: scenario.alert.clone(),
            profile: None,
        };
        let mut player = Self {
            director: Director::new(Arc::new(scenario), seed),
            entries: Vec::new(),
            injected: Vec::new(),
            writer: writer(1, Mode::Drill),
            starts,
        };
        player.does(0, opened);
        player
    }

    fn time(&self, second: i64) -> Timestamp {
        self.starts + SignedDuration::from_secs(second)
    }

    fn write(&mut self, at: Timestamp, body: Body) {
        let draft = Draft {
            body,
            at,
            sim_at: Some(at),
        };
        let stamp = Stamp {
            salt: [0; 16],
            mono_ms: 0,
            boot: "boot".into(),
        };
        let sealed = seal(&mut self.writer, draft, stamp).unwrap();
        self.director.observe(&sealed);
        self.entries.push(sealed);
    }

    fn record_injects(&mut self) {
        for injected in self.director.take_injected() {
            let body = Body::DrillInjected {
                inject: injected.id.clone(),
                from: injected.from.clone(),
                text: injected.text.clone(),
                damage: injected.damage.clone(),
                called: false,
            };
            self.write(injected.at, body);
            self.injected.push(injected);
        }
    }

    /// Waits until so many seconds after the page.
    pub(super) fn waits(&mut self, second: i64) {
        self.director.advance(self.time(second));
        self.record_injects();
    }

    /// Something is done, so many seconds after the page.
    pub(super) fn does(&mut self, second: i64, body: Body) {
        self.waits(second);
        self.write(self.time(second), body);
    }

    /// An action ends well, with or without its result in evidence.
    pub(super) fn runs(&mut self, second: i64, action: &str, kept: bool) {
        let evidence = if kept { vec![Hash([7; 32])] } else { vec![] };
        let body = Body::ActionResult {
            intent: Hash::default(),
            action: action.into(),
            outcome: ActionOutcome::Ok,
            rows: Some(3),
            truncated: None,
            partial: None,
            duration_ms: 12,
            code: None,
            message: None,
            judged: None,
            evidence,
        };
        self.does(second, body);
    }

    /// A pane is kept.
    pub(super) fn keeps(&mut self, second: i64, action: &str) {
        let origin = EvidenceOrigin {
            action: action.into(),
            target: String::new(),
            query: String::new(),
            acquired_at: self.time(second),
            intent: None,
            incomplete: None,
        };
        let body = Body::EvidenceAdded {
            sha256: Hash([8; 32]),
            size: 1,
            media_type: "text/csv".into(),
            name: "a.csv".into(),
            title: "a".into(),
            origin: Some(origin),
        };
        self.does(second, body);
    }

    pub(super) fn ticks(&mut self, second: i64, check: &str) {
        let body = Body::CheckTicked {
            check: check.into(),
            not_applicable: None,
        };
        self.does(second, body);
    }

    pub(super) fn decides(&mut self, second: i64, decision: &str, choice: &str) {
        let body = Body::DecisionMade {
            decision: decision.into(),
            suggested: vec![],
            figures: vec![],
            chosen: vec![choice.into()],
            reason: "seen".into(),
        };
        self.does(second, body);
    }

    pub(super) fn says(&mut self, second: i64, milestone: &str) {
        let body = Body::MilestoneReached {
            milestone: milestone.into(),
            reason: "seen".into(),
            since: None,
            corrects: None,
        };
        self.does(second, body);
    }

    pub(super) fn sends(&mut self, second: i64, action: &str, text: &str) {
        let drafted = Body::MessageDrafted {
            action: action.into(),
            to: None,
            subject: None,
            audience: None,
            each: None,
            text: text.into(),
            held_back: vec![],
        };
        self.does(second, drafted);
        let sent = Body::MessageSent {
            action: action.into(),
            each: None,
            channel: "clipboard".into(),
            target: "clipboard".into(),
            text_sha256: Hash::default(),
        };
        self.does(second, sent);
    }

    /// Every session of a staff user is revoked in the service.
    pub(super) fn revokes(&mut self, second: i64, actor: &str) {
        self.waits(second);
        let now = self.time(second).as_microsecond();
        self.director.world_mut().change(|database| {
            let table = database.table_mut("public", "staff_sessions").unwrap();
            let user = table.column("staff_user_id").unwrap();
            let revoked = table.column("revoked_at").unwrap();
            for row in &mut table.rows {
                if row[user] == Value::text(actor) && row[revoked] == Value::Null {
                    let mut changed = row.to_vec();
                    changed[revoked] = Value::Timestamp(now);
                    *row = changed.into();
                }
            }
        });
    }

    /// Injects that came so far, by name.
    pub(super) fn came(&self) -> Vec<&str> {
        self.injected.iter().map(|one| one.id.as_str()).collect()
    }

    /// The names of a story.
    pub(super) fn names(&self, story: &str, role: &str) -> Vec<String> {
        self.director.facts().names[story][role].clone()
    }

    /// The score as things stand.
    pub(super) fn score(&self) -> Score {
        let scenario = self.director.scenario();
        let mut incident = Incident::open(&self.entries[0]);
        for sealed in &self.entries[1..] {
            apply(&mut incident, sealed);
        }
        score(
            scenario,
            &playbook(&scenario.playbook),
            &incident,
            &self.entries,
        )
    }
}
