//! Evidence: what a pane shows is kept on one key; what the playbook asks for is listed.

use std::time::Duration;

use super::command::Command;
use super::effect::Effect;
use super::state::{
    ActionResult, Cockpit, Content, Overlay, Purpose, Recording, Watch, WatchStatus,
};
use super::steps::GuideItem;
use super::text::move_within;
use super::turn::Turn;
use crate::capture::{self, Capture, KeptFile, LivePane};
use crate::incident::CapturedRecord;
use crate::incident::view::{ActionStatus, EvidenceView};
use crate::keymap::Chord;
use crate::layout::PaneKind;
use crate::model::answer::{Answer, AnswerBody};
use crate::model::ids::{ActionId, EvidenceId};
use crate::model::request::Outcome;
use crate::model::safe_text::SafeText;
use crate::model::{Timestamp, duration};
use crate::record::entry::{Body, EvidenceOrigin};

/// A row of the list of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceRow<'a> {
    /// An item of the playbook's table.
    Item(&'a EvidenceView),
    /// Files of an action that no item asks for.
    Other(&'a ActionId, &'a CapturedRecord),
}

impl Cockpit {
    /// The list of evidence: what the playbook asks for, then what else was kept.
    pub fn evidence_rows(&self) -> Vec<EvidenceRow<'_>> {
        let asked = |action: &ActionId| {
            let item = |item: &EvidenceView| item.action.as_ref() == Some(action);
            self.view.evidence.iter().any(item)
        };
        let others = self
            .incident
            .captured
            .iter()
            .filter(|(action, _)| !asked(action));
        self.view
            .evidence
            .iter()
            .map(EvidenceRow::Item)
            .chain(others.map(|(action, record)| EvidenceRow::Other(action, record)))
            .collect()
    }

    /// What is kept of an ended result; none while it runs and when it failed.
    pub(super) fn capture_of(&self, result: &ActionResult) -> Option<Capture> {
        let answer = result.answer()?;
        let outcome = &answer.outcome;
        let incomplete = outcome.truncated.clone().or(outcome.partial.clone());
        let action = self.playbook.actions.get(&result.request.action);
        Some(Capture {
            origin: EvidenceOrigin {
                action: result.request.action.clone(),
                target: result.request.target.clone(),
                query: result.request.text.clone(),
                acquired_at: answer.ended_at,
                intent: result.intent,
                incomplete,
            },
            title: self.plain_title(&result.request.action),
            view: action.and_then(|action| action.view),
            pane: None,
            answer,
        })
    }

    /// What is kept of a live pane's samples. The error says why there is nothing.
    fn capture_of_watch(&self, watch: &Watch, now: Timestamp) -> Result<Capture, String> {
        let title = self.plain_title(&watch.action);
        let (request, incomplete) = match (&watch.request, &watch.status) {
            (_, WatchStatus::Needs(reason)) => {
                return Err(format!("there is nothing to keep: {title} {reason}"));
            }
            (None, _) | (_, WatchStatus::Waiting) => {
                return Err(format!(
                    "there is nothing to keep yet: {title} waits for its first answer"
                ));
            }
            (Some(_), WatchStatus::Failed(reason)) if watch.series.is_empty() => {
                return Err(format!("there is nothing to keep: {title}: {reason}"));
            }
            (Some(request), WatchStatus::Failed(reason)) => {
                (request, Some(format!("the source failed since: {reason}")))
            }
            (Some(request), WatchStatus::NoData) => (
                request,
                Some("no sample in the window: that is not a zero".to_owned()),
            ),
            (Some(request), WatchStatus::Stale) => (
                request,
                Some("stale: the source has no newer sample".to_owned()),
            ),
            (Some(request), WatchStatus::Fresh | WatchStatus::Alert) => {
                let warnings: Vec<&str> = watch.warnings.iter().map(SafeText::as_str).collect();
                (request, (!warnings.is_empty()).then(|| warnings.join("; ")))
            }
        };
        let age = match watch.newest {
            Some(newest) => format!("newest sample {} old", age(newest, now)),
            None => "no sample".to_owned(),
        };
        let window = watch.window.unwrap_or((now, now));
        Ok(Capture {
            answer: Answer {
                outcome: Outcome {
                    partial: incomplete.clone(),
                    newest: watch.newest,
                    settled: watch.settled,
                    ..Outcome::default()
                },
                started_at: window.1,
                ended_at: now,
                body: AnswerBody::Chart(watch.series.clone()),
            },
            origin: EvidenceOrigin {
                action: watch.action.clone(),
                target: request.target.clone(),
                query: request.text.clone(),
                acquired_at: now,
                intent: None,
                incomplete,
            },
            title: format!("{title}, {age}"),
            view: self
                .playbook
                .actions
                .get(&watch.action)
                .and_then(|action| action.view),
            pane: Some(LivePane {
                window,
                threshold: watch.threshold,
                alert: watch.status == WatchStatus::Alert,
            }),
        })
    }

    fn plain_title(&self, action: &ActionId) -> String {
        let known = self.playbook.actions.get(action);
        known
            .map_or(action.as_str(), |action| &action.title)
            .to_owned()
    }

    /// What was kept of an action, in a word.
    fn kind_of(&self, origin: &EvidenceOrigin) -> &'static str {
        let result = self.results.get(&origin.action);
        match result.map(|result| &result.content) {
            Some(Content::Table(_)) => "rows",
            Some(Content::Output(_)) => "output",
            Some(Content::Nothing) => "the outcome",
            Some(Content::Chart(_)) | None => "samples",
        }
    }
}

impl Turn<'_> {
    /// The pane that is kept: the focused one; beside the steps or the guide the one with data that is on screen, so
    /// that nothing is kept unseen.
    fn pane_to_keep(&self, focus: PaneKind) -> PaneKind {
        match focus {
            PaneKind::Steps | PaneKind::Guide
                if self.pane_area(PaneKind::Result).is_none()
                    && self.pane_area(PaneKind::Watch).is_some() =>
            {
                PaneKind::Watch
            }
            _ => focus,
        }
    }

    /// Keeps what the focused pane shows.
    pub(super) fn capture(&mut self) {
        let now = self.state.now;
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let captured = match self.pane_to_keep(cockpit.focus) {
            PaneKind::Timeline => {
                self.say("the timeline is the record itself: every entry of it is kept");
                return;
            }
            PaneKind::Watch => match cockpit.selected_watch() {
                Some(watch) => cockpit.capture_of_watch(watch, now),
                None => Err("there is nothing to keep: this playbook has no live panes".to_owned()),
            },
            PaneKind::Steps | PaneKind::Guide | PaneKind::Result => cockpit.capture_of_shown(),
        };
        if let Recording::NotRecorded(reason) = &cockpit.recording {
            let refused = format!(
                "not kept: the record cannot be written ({reason}), and evidence without its entry is none"
            );
            self.complain(refused);
            return;
        }
        match captured {
            Ok(capture) => {
                self.say(format!("keeping {} …", capture.title));
                self.effect(Effect::Capture(Box::new(capture)));
            }
            Err(reason) => self.say(reason),
        }
    }

    /// What a pane shows was kept, or not.
    pub(super) fn captured(&mut self, kept: Result<Vec<KeptFile>, String>) {
        let files = match kept {
            Ok(files) => files,
            Err(reason) => {
                self.complain(format!("not kept: {reason}"));
                return;
            }
        };
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        if let Some(first) = files.first() {
            let said = format!(
                "evidence {}… kept: {} as {}",
                first.sha256.short(),
                cockpit.kind_of(&first.origin),
                forms(&files)
            );
            self.say(said);
        }
        for file in files {
            self.append(evidence_added(file));
        }
    }

    /// Opens the list of evidence.
    pub(super) fn open_evidence(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let rows = cockpit.evidence_rows();
        if rows.is_empty() {
            self.say("this playbook asks for no evidence and none was kept yet: v keeps what a pane shows");
            return;
        }
        // What is missing is what one comes for.
        let missing =
            |row: &EvidenceRow<'_>| matches!(row, EvidenceRow::Item(item) if item.at.is_none());
        let selected = rows.iter().position(missing).unwrap_or(0);
        self.open_overlay(Overlay::Evidence { selected });
    }

    /// A key in the list of evidence.
    pub(super) fn evidence_key(
        &mut self,
        mut selected: usize,
        command: Option<Command>,
        _chord: Chord,
    ) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let rows = cockpit.evidence_rows();
        if command == Some(Command::Accept) {
            let next = rows.get(selected).map(|row| cockpit.next_for(*row));
            return self.go_for_evidence(next, selected);
        }
        move_within(&mut selected, rows.len(), 10, command);
        self.open_overlay(Overlay::Evidence { selected });
    }

    fn go_for_evidence(&mut self, next: Option<NextFor>, selected: usize) {
        match next {
            None => self.open_overlay(Overlay::Evidence { selected }),
            Some(NextFor::Say(text)) => {
                self.say(text);
                self.open_overlay(Overlay::Evidence { selected });
            }
            Some(NextFor::Note(item)) => self.ask(Purpose::EvidenceNote(item)),
            Some(NextFor::Show(action)) => self.show_action(&action),
        }
    }

    /// Shows where an action stands: its live pane, its step in the guide, or its reference section.
    fn show_action(&mut self, action: &ActionId) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        if let Some(watch) = cockpit
            .watches
            .iter()
            .position(|watch| watch.action == *action)
        {
            cockpit.watch_selected = watch;
            cockpit.focus = PaneKind::Watch;
            self.say("v keeps the samples of this pane");
            return;
        }
        let step = cockpit
            .playbook
            .steps()
            .find(|(_, step)| step.actions().any(|id| id == action))
            .map(|(_, step)| step.id.clone());
        if let Some(step) = step {
            cockpit.show_step(step);
            cockpit.focus = PaneKind::Guide;
            let item = GuideItem::Action(action.clone());
            let position = cockpit
                .guide_items()
                .iter()
                .position(|known| *known == item);
            cockpit.guide_selected = position.unwrap_or(0);
            self.say("run this action: its result is evidence");
            return;
        }
        let section = cockpit
            .playbook
            .references
            .iter()
            .position(|section| section.actions.contains(action));
        match section {
            Some(selected) => self.open_overlay(Overlay::Reference { selected, top: 0 }),
            None => self.say(format!("{action} stands in no step of the playbook")),
        }
    }
}

/// What Enter does on a row of the list.
enum NextFor {
    Say(String),
    Note(EvidenceId),
    Show(ActionId),
}

impl Cockpit {
    fn next_for(&self, row: EvidenceRow<'_>) -> NextFor {
        let file = |action: Option<&ActionId>| {
            let record = self.incident.captured.get(action?)?;
            Some(format!("evidence/{}", record.latest))
        };
        let item = match row {
            EvidenceRow::Other(action, _) => {
                return NextFor::Say(file(Some(action)).unwrap_or_default());
            }
            EvidenceRow::Item(item) => item,
        };
        if item.at.is_some() {
            let noted = self.incident.noted_evidence.get(&item.id);
            return NextFor::Say(
                file(item.action.as_ref())
                    .or_else(|| Some(format!("noted: {}", noted?.text)))
                    .unwrap_or_else(|| {
                        "the message went out: the record holds its text".to_owned()
                    }),
            );
        }
        match &item.action {
            // What was done by hand has no result here: the operator's words are the evidence.
            Some(action) if !self.was_done_by_hand(action) => NextFor::Show(action.clone()),
            _ => NextFor::Note(item.id.clone()),
        }
    }

    /// Whether an action was completed by hand.
    pub fn was_done_by_hand(&self, action: &ActionId) -> bool {
        let view = self.view.actions.get(action);
        view.is_some_and(|view| view.status == ActionStatus::ByHand(true))
    }

    fn capture_of_shown(&self) -> Result<Capture, String> {
        let Some(result) = self.shown_result() else {
            return Err("there is nothing to keep: run an action first".to_owned());
        };
        let action = &result.request.action;
        match &result.end {
            None => Err(format!(
                "{action} is still running: keep it when it has ended"
            )),
            Some((_, Err(_))) => Err(format!(
                "{action} has no result to keep; how it ended is in the record"
            )),
            Some((_, Ok(_))) => self
                .capture_of(result)
                .ok_or_else(|| format!("{action} has no result to keep")),
        }
    }
}

/// The entry of a kept file.
pub(super) fn evidence_added(file: KeptFile) -> Body {
    Body::EvidenceAdded {
        sha256: file.sha256,
        size: file.size,
        media_type: file.media_type,
        name: file.name,
        title: file.title,
        origin: Some(file.origin),
    }
}

/// `JSON and CSV`, `JSON, CSV and SVG`, `JSON`.
fn forms(files: &[KeptFile]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for file in files {
        let word = match file.media_type.as_str() {
            capture::JSON => "JSON",
            capture::CSV => "CSV",
            capture::SVG => "SVG",
            _ => "text",
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

fn age(newest: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(newest.as_second());
    duration::in_words(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}
