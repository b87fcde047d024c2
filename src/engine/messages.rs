//! Messages: filled, edited, held back or let go, then copied, saved or posted.
//!
//! A message that was copied or saved counts as sent only once the operator says where it went: a false "sent" would stop
//! a legal clock.

mod filling;
mod form;

use sha2::{Digest, Sha256};

use super::command::Command;
use super::effect::Effect;
use super::state::{Chosen, Cockpit, Overlay, Purpose, Run, RunPhase};
use super::turn::Turn;
use crate::editor::Editor;
use crate::keymap::{Chord, Key};
use crate::message::{self, Draft, FillError, HeldBack};
use crate::model::ids::{ActionId, RunId, SourceName, StepId};
use crate::model::playbook::{Action, Language};
use crate::model::request::{OutgoingMessage, Payload, PlanContext, Request};
use crate::model::safe_text::{SafeText, sanitize};
use crate::record::entry::{Body, Hash};

use filling::NotYet;
pub use form::{Channel, DraftForm, DraftPart};

impl Turn<'_> {
    /// Chooses which message to write: all of the playbook, the shown step's selected.
    pub(super) fn choose_message(&mut self) {
        let now = self.state.now;
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let messages: Vec<&Action> = cockpit
            .playbook
            .actions
            .values()
            .filter(|action| action.language == Language::Message)
            .collect();
        if messages.is_empty() {
            self.say(
                "this playbook has no messages: write it elsewhere, then note to whom and when (n)",
            );
            return;
        }
        let of_step = |action: &&Action| {
            let step = cockpit.shown_step();
            step.is_some_and(|step| step.actions().any(|id| *id == action.id))
        };
        let selected = messages.iter().position(of_step).unwrap_or(0);
        let items = messages
            .iter()
            .map(|action| {
                let state = cockpit.message_state(&action.id, now);
                let to = action
                    .message
                    .as_ref()
                    .and_then(|settings| settings.to.as_deref());
                let to = to.map_or(String::new(), |to| format!(" → {to}"));
                let title = cockpit.message_title(&action.id);
                let label = format!("{state:<14} {title}{to}");
                (sanitize(&label), Chosen::Message(action.id.clone()))
            })
            .collect();
        self.open_overlay(Overlay::Choose {
            title: vec![SafeText::fixed("Write which message?")],
            items,
            selected,
        });
    }

    /// True for an action that is a message.
    pub(super) fn is_message(&self, action: &ActionId) -> bool {
        let action = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.playbook.action(action));
        action.is_some_and(|action| action.language == Language::Message)
    }

    /// Writes a message: goes on with what was begun, or fills the template once its inputs are there.
    pub(super) fn write_message(&mut self, id: &ActionId) {
        if self.is_walkthrough() {
            return self.present_action(id, None);
        }
        let (now, operator) = (self.state.now, self.state.operator.clone());
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(action) = cockpit.playbook.action(id).cloned() else {
            self.complain(format!("the playbook has no message {id} any more"));
            return;
        };
        if cockpit.view.unknown.iter().any(|(_, action)| action == id) {
            self.ask_settle(id);
            return;
        }
        let posted = |run: &Run| run.action == *id && run.is_running();
        if cockpit.runs.values().any(posted) {
            self.say(format!("{id} is being sent: c cancels it"));
            return;
        }
        if let Some(form) = cockpit.drafts.remove(id) {
            self.open_overlay(Overlay::Draft(form));
            return;
        }
        let request = cockpit.fill_request(&action, &operator, now);
        let missing = cockpit.missing_inputs(&action);
        match request {
            Err(NotYet::Never(reason)) => self.complain(format!("{id}: {reason}")),
            Err(NotYet::RunFirst(first, reason)) => self.offer_to_go(id, &first, &reason),
            Ok(_) if !missing.is_empty() => self.ask_for(&missing, id),
            Ok(request) => {
                if let Some(role) = cockpit.role_to_ask(&request) {
                    self.ask(Purpose::RoleForMessage(role, id.clone()));
                } else {
                    self.say("the message is being filled in …");
                    self.effect(Effect::Fill(Box::new(request)));
                }
            }
        }
    }

    /// A message needs a result that is not there: says which, and offers the way to it.
    fn offer_to_go(&mut self, message: &ActionId, first: &ActionId, reason: &str) {
        let step = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.step_of(first));
        let text = format!("{message} needs the result of {first}: {reason}");
        match step {
            None => self.complain(text),
            Some(step) => self.open_overlay(Overlay::Choose {
                title: vec![sanitize(&text)],
                items: vec![(SafeText::fixed("go to its step"), Chosen::GoTo(step))],
                selected: 0,
            }),
        }
    }

    /// The template was filled, or not.
    pub(super) fn filled(
        &mut self,
        action: ActionId,
        drafts: Result<Vec<Draft>, FillError>,
        sources: Vec<(SourceName, String)>,
    ) {
        let busy = !self.state.overlays.is_empty();
        let open = self
            .state
            .overlays
            .iter()
            .any(|overlay| matches!(overlay, Overlay::Draft(form) if form.action == action));
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let gone = cockpit.playbook.action(&action).is_none();
        if gone || open || cockpit.drafts.contains_key(&action) {
            return;
        }
        match drafts {
            Err(error) => self.complain(format!("{action} is not filled: {error}")),
            Ok(drafts) => {
                let form = Box::new(DraftForm::new(action.clone(), drafts, sources));
                if busy {
                    // It must not take the keys of a dialog that was opened meanwhile.
                    cockpit.drafts.insert(action, form);
                    self.say("the message is filled in: m shows it");
                } else {
                    self.state.message = None;
                    self.open_overlay(Overlay::Draft(form));
                }
            }
        }
    }

    /// A key in the message.
    pub(super) fn draft_key(
        &mut self,
        mut form: Box<DraftForm>,
        command: Option<Command>,
        chord: Chord,
    ) {
        let typing_reason = form.reason.is_some();
        let newline = chord.key == Key::Enter && !chord.ctrl;
        // The arrows move in the text; only what names the field on purpose leaves it.
        let arrow = matches!(chord.key, Key::Up | Key::Down);
        match command {
            Some(Command::TextDismiss) if typing_reason => form.reason = None,
            Some(Command::TextDismiss) => return self.close_draft(form),
            Some(Command::TextAccept) if typing_reason => return self.accept_with_reason(form),
            Some(Command::TextAccept) if newline && form.part == DraftPart::Text => {
                form.editor.feed(chord);
            }
            Some(Command::TextAccept) if newline => form.show_part(DraftPart::Text),
            Some(Command::TextAccept) => return self.accept_draft(form),
            Some(Command::NextDraft) if !typing_reason => form.show_draft(form.index + 1),
            Some(Command::PreviousDraft) if !typing_reason => {
                form.show_draft(form.index.saturating_sub(1));
            }
            Some(Command::NextField) if !arrow && !typing_reason => {
                form.show_part(form.part.next());
            }
            Some(Command::PreviousField) if !arrow && !typing_reason => {
                form.show_part(form.part.previous());
            }
            _ => form.typed().feed(chord),
        }
        if !form.held_back.is_empty() {
            // What was mended is no longer named.
            form.take_text();
            form.held_back = self.what_holds_back(&form);
            if form.held_back.iter().any(|held| !held.may_go) {
                form.reason = None;
            }
        }
        self.open_overlay(Overlay::Draft(form));
    }

    fn close_draft(&mut self, mut form: Box<DraftForm>) {
        form.take_text();
        if form.is_begun() {
            self.say("not sent; the text is kept until you leave the incident (m shows it)");
            self.keep_draft(form);
        } else {
            self.say("not sent");
        }
    }

    fn keep_draft(&mut self, form: Box<DraftForm>) {
        if let Some(cockpit) = self.cockpit() {
            cockpit.drafts.insert(form.action.clone(), form);
        }
    }

    fn what_holds_back(&self, form: &DraftForm) -> Vec<HeldBack> {
        match (self.state.cockpit(), form.draft()) {
            (Some(cockpit), Some(draft)) => message::held_back(draft, &cockpit.circumstances(form)),
            _ => Vec::new(),
        }
    }

    /// The operator says that the text is final.
    fn accept_draft(&mut self, mut form: Box<DraftForm>) {
        form.take_text();
        if form.sent.contains(&form.index) {
            self.complain("this one was sent already: ctrl-n and ctrl-p go to the others");
            self.open_overlay(Overlay::Draft(form));
            return;
        }
        form.held_back = self.what_holds_back(&form);
        if form.held_back.is_empty() {
            self.accepted(form, None);
            return;
        }
        if form.held_back.iter().all(|held| held.may_go) {
            form.reason = Some(Editor::line(""));
        }
        self.open_overlay(Overlay::Draft(form));
    }

    fn accept_with_reason(&mut self, mut form: Box<DraftForm>) {
        let reason = form
            .reason
            .as_ref()
            .map(Editor::content)
            .unwrap_or_default();
        if reason.trim().is_empty() {
            self.complain("this needs a reason; Esc goes back to the text");
            self.open_overlay(Overlay::Draft(form));
            return;
        }
        form.reason = None;
        self.accepted(form, Some(reason.trim()));
    }

    /// The text is final: it goes into the record, and the way out is asked for.
    fn accepted(&mut self, mut form: Box<DraftForm>, reason: Option<&str>) {
        let held_back = form.held_back.iter().map(|held| held.why.clone());
        let reason = reason.map(|reason| format!("goes all the same: {reason}"));
        let held_back: Vec<String> = held_back.chain(reason).collect();
        form.held_back.clear();
        let (Some(draft), Some(cockpit)) = (form.draft().cloned(), self.state.cockpit()) else {
            return;
        };
        let audience = cockpit.audience(&form.action);
        let step = cockpit.step_of(&form.action);
        let items = cockpit.channels(&form);
        let title = cockpit.message_title(&form.action);
        if form.accepted.get(&form.index) != Some(&draft) {
            self.append(Body::MessageDrafted {
                action: form.action.clone(),
                to: draft.to.clone(),
                subject: draft.subject.clone(),
                audience,
                each: draft.each.clone(),
                text: draft.text.clone(),
                held_back,
            });
            form.accepted.insert(form.index, draft.clone());
            if let Some(step) = step {
                self.start_step(&step);
            }
        }
        let to = draft.each.or(draft.to).unwrap_or_default();
        let to = if to.is_empty() {
            to
        } else {
            format!(" to {to}")
        };
        self.open_overlay(Overlay::Draft(form));
        self.open_overlay(Overlay::Choose {
            title: vec![sanitize(&format!("How is it sent{to}? “{title}”"))],
            items,
            selected: 0,
        });
    }

    /// The accepted message goes out this way.
    pub(super) fn send_message(&mut self, channel: &Channel) {
        let mode = self.state.cockpit().map(|cockpit| cockpit.incident.mode);
        let Some(Overlay::Draft(form)) = self.state.overlays.last_mut() else {
            return;
        };
        let Some(draft) = form.accepted.get_mut(&form.index) else {
            return;
        };
        if let Some(mode) = mode {
            // What leaves a drill must not be taken for a real message wherever it ends up.
            draft.text = mode.marked(&draft.text);
        }
        let draft = draft.clone();
        let action = form.action.clone();
        match channel {
            Channel::Clipboard => {
                let purpose = Purpose::MessageSent {
                    action,
                    each: draft.each.clone(),
                    channel: "clipboard".to_owned(),
                    text_sha256: digest(&draft.text),
                    path: None,
                };
                self.effect(Effect::Copy(draft.text));
                self.say("copied; a copy alone does not count as sent");
                self.ask(purpose);
            }
            Channel::File => self.effect(Effect::SaveMessage {
                action,
                draft: Box::new(draft),
            }),
            Channel::Source(source) => {
                if let Some(Overlay::Draft(form)) = self.state.overlays.pop() {
                    self.post(form, draft, source.clone());
                }
            }
        }
    }

    /// Plans the post of an accepted draft: its request is shown and passes the gate like that of any write.
    fn post(&mut self, form: Box<DraftForm>, draft: Draft, source: SourceName) {
        let (now, operator) = (self.state.now, self.state.operator.clone());
        let run = RunId(self.next_number());
        let width = self.state.size.0;
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(mut action) = cockpit.playbook.action(&form.action).cloned() else {
            return;
        };
        action.source = Some(source);
        let message = OutgoingMessage {
            incident: cockpit.incident.id.to_string(),
            title: cockpit.incident.title.clone(),
            severity: cockpit.incident.severity.clone(),
            operator: operator.clone(),
            subject: draft.subject,
            to: draft.to,
            audience: cockpit.audience(&form.action),
            each: draft.each,
            text: draft.text,
        };
        let context = PlanContext {
            now,
            window: cockpit.window(now),
            width,
            inputs: cockpit.bound_inputs(&action, &operator, now),
            edited: Some(message.text.clone()),
            message: Some(Box::new(message)),
        };
        // A request that is shown but was not sent makes way for the new one.
        cockpit.runs.retain(|_, run| run.poll || run.is_running());
        let planning = Run {
            action: form.action.clone(),
            poll: false,
            preview_of: None,
            gate: None,
            edited: form.is_edited(),
            phase: RunPhase::Planning,
        };
        cockpit.runs.insert(run, planning);
        self.keep_draft(form);
        self.effect(Effect::Plan {
            run,
            action: Box::new(action),
            context,
        });
    }

    /// A source took what was posted: that message is sent.
    pub(super) fn message_went_out(&mut self, request: &Request) {
        if let Payload::Message(message) = &request.payload {
            self.message_sent(
                request.action.clone(),
                message.each.clone(),
                request.source.to_string(),
                request.target.clone(),
                digest(&message.text),
            );
        }
    }

    /// A message was written to a file; where it goes from there is the operator's to say.
    pub(super) fn message_saved(
        &mut self,
        action: ActionId,
        each: Option<String>,
        path: Result<String, String>,
    ) {
        let path = match path {
            Err(reason) => {
                self.complain(format!("{action} was not saved: {reason}"));
                return;
            }
            Ok(path) => path,
        };
        self.say(format!("saved as {path}"));
        let form = self
            .state
            .overlays
            .iter()
            .find_map(|overlay| match overlay {
                Overlay::Draft(form) if form.action == action => Some(form),
                _ => None,
            });
        let saved = form.and_then(|form| {
            form.accepted
                .values()
                .find(|draft| draft.each == each)
                .map(|draft| digest(&draft.text))
        });
        // Without the dialog the operator has gone on to something else: the draft is kept, and is sent from there.
        if let Some(text_sha256) = saved {
            self.ask(Purpose::MessageSent {
                action,
                each,
                channel: "file".to_owned(),
                text_sha256,
                path: Some(path),
            });
        }
    }

    /// Records that a message went out, and goes on to the next draft if there is one.
    pub(super) fn message_sent(
        &mut self,
        action: ActionId,
        each: Option<String>,
        channel: String,
        target: String,
        text_sha256: Hash,
    ) {
        self.mark_sent(&action, each.as_deref());
        self.append(Body::MessageSent {
            action,
            each,
            channel,
            target,
            text_sha256,
        });
    }

    fn mark_sent(&mut self, action: &ActionId, each: Option<&str>) {
        let place =
            self.state.overlays.iter().position(
                |overlay| matches!(overlay, Overlay::Draft(form) if form.action == *action),
            );
        if let Some(place) = place {
            if let Overlay::Draft(mut form) = self.state.overlays.remove(place)
                && form.mark_sent(each)
            {
                self.state.overlays.insert(place, Overlay::Draft(form));
            }
        } else if let Some(cockpit) = self.cockpit()
            && let Some(form) = cockpit.drafts.get_mut(action)
        {
            if form.mark_sent(each) {
                self.say("sent; the next one is ready: m shows it");
            } else {
                cockpit.drafts.remove(action);
            }
        }
    }
}

impl Cockpit {
    /// The step that an action belongs to.
    fn step_of(&self, action: &ActionId) -> Option<StepId> {
        let mut steps = self.playbook.steps().map(|(_, step)| step);
        let step = steps.find(|step| step.actions().any(|id| id == action));
        step.map(|step| step.id.clone())
    }

    /// What tells a message from the others: its step, and its own title where that says more.
    pub fn message_title(&self, message: &ActionId) -> String {
        let title = self.title_of(message).to_string();
        let step = self.step_of(message).and_then(|id| self.playbook.step(&id));
        match step.map(|step| step.title.as_str()) {
            Some(step) if step != title => format!("{step}: {title}"),
            _ => title,
        }
    }

    /// Ways out for a message, the one the playbook asks for first.
    fn channels(&self, form: &DraftForm) -> Vec<(SafeText, Chosen)> {
        let wanted = [
            self.playbook
                .action(&form.action)
                .and_then(|action| action.source.as_ref())
                .map(SourceName::to_string),
            self.message_settings(&form.action)
                .and_then(|settings| settings.to.clone()),
        ];
        let wanted: Vec<String> = wanted.into_iter().flatten().collect();
        let own = [
            ("clipboard", "copy it to the clipboard", Channel::Clipboard),
            ("file", "save it to a file", Channel::File),
        ];
        let own =
            own.map(|(name, label, channel)| (name.to_owned(), SafeText::fixed(label), channel));
        let sources = form.sources.iter().map(|(name, target)| {
            let label = sanitize(&format!("post it to {name} ({target})"));
            (name.to_string(), label, Channel::Source(name.clone()))
        });
        let mut ways: Vec<(String, SafeText, Channel)> = own.into_iter().chain(sources).collect();
        ways.sort_by_key(|(name, ..)| {
            let place = wanted.iter().position(|wanted| wanted == name);
            place.unwrap_or(usize::MAX)
        });
        ways.into_iter()
            .map(|(_, label, channel)| (label, Chosen::Channel(channel)))
            .collect()
    }
}

fn digest(text: &str) -> Hash {
    Hash(Sha256::digest(text.as_bytes()).into())
}
