//! Steps and checks: what is done, skipped, ticked, or completed by hand.

use crate::editor::Editor;
use crate::incident::view::{ActionStatus, StepStatus};
use crate::layout::PaneKind;
use crate::model::ids::{ActionId, CheckId, StepId};
use crate::model::playbook::{Action, Block, Effect, Language, Step};
use crate::model::safe_text::{SafeText, sanitize, sanitize_lines};
use crate::record::entry::{ActionOutcome, Body};

use super::state::{Chosen, Cockpit, Overlay, Purpose};
use super::turn::Turn;

/// Something in a step that can be selected in the guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuideItem {
    /// An action.
    Action(ActionId),
    /// A check.
    Check(CheckId),
}

impl Cockpit {
    /// The step that the guide shows.
    pub fn shown_step(&self) -> Option<&Step> {
        self.playbook.step(&self.step)
    }

    /// What can be selected in the guide, in the order of the step's body.
    pub fn guide_items(&self) -> Vec<GuideItem> {
        let blocks = self.shown_step().map_or(&[][..], |step| &step.body);
        blocks
            .iter()
            .filter_map(|block| match block {
                Block::Action(id) => Some(GuideItem::Action(id.clone())),
                Block::Check(check) => Some(GuideItem::Check(check.id.clone())),
                Block::Prose(_) | Block::Notes(_) => None,
            })
            .collect()
    }

    /// Shows a step in the guide.
    pub(super) fn show_step(&mut self, step: StepId) {
        if self.step != step {
            self.step = step;
            self.guide_selected = 0;
            self.guide_top = 0;
        }
    }

    /// The writes of a step that have not happened, each with how it stands: `not run`, `failed`, `not sent`. What may be
    /// left out is not among them.
    pub fn writes_left(&self, step: &StepId) -> Vec<(ActionId, &'static str)> {
        let step = self.playbook.step(step);
        let actions = step.into_iter().flat_map(Step::actions);
        actions
            .filter_map(|id| Some((id, self.playbook.action(id)?)))
            .filter(|(_, action)| action.effect == Effect::Write && !action.optional)
            .filter_map(|(id, action)| Some((id.clone(), self.how_left(action)?)))
            .collect()
    }

    /// How a write stands that has not happened; none when it did, or somebody said what was done instead.
    fn how_left(&self, action: &Action) -> Option<&'static str> {
        let is_message = action.language == Language::Message;
        // Said a moment ago, and on its way to the record.
        let said = self.pending.values().any(|pending| match &pending.body {
            Body::ActionResolved { action: of, .. } | Body::MessageSent { action: of, .. } => {
                *of == action.id
            }
            Body::ActionResult {
                action: of,
                outcome,
                ..
            } => *of == action.id && *outcome == ActionOutcome::Ok,
            _ => false,
        });
        let status = self.view.actions.get(&action.id)?.status;
        match status {
            _ if said => None,
            ActionStatus::ByHand(_) => None,
            ActionStatus::Unknown | ActionStatus::Running => Some(status.word()),
            _ if is_message => match self.incident.messages.get(&action.id) {
                Some(record)
                    if record.sent > 0
                        && record.waiting.is_empty()
                        && !self.has_unfinished(action) =>
                {
                    None
                }
                Some(record) if record.sent > 0 => Some("not sent to everybody"),
                Some(_) => Some("drafted, not sent"),
                None => Some("not sent"),
            },
            ActionStatus::Ended(ActionOutcome::Ok) => None,
            ActionStatus::NotRun | ActionStatus::Ended(_) => Some(status.word()),
        }
    }

    /// This session began drafts of a message and has not finished them.
    fn has_unfinished(&self, message: &Action) -> bool {
        let form = self.drafts.get(&message.id);
        form.is_some_and(|form| form.unfinished().next().is_some())
    }

    fn status(&self, step: &StepId) -> Option<StepStatus> {
        self.view.step(step).map(|step| step.status.clone())
    }
}

impl Turn<'_> {
    /// Starts the shown step, or shows and starts the next open one.
    pub(super) fn next_step(&mut self) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let shown = cockpit.step.clone();
        let target = match cockpit.status(&shown) {
            Some(StepStatus::Todo | StepStatus::Blocked) if !cockpit.is_begun(&shown) => {
                Some(shown)
            }
            _ => cockpit.view.open_step_after(&shown),
        };
        let Some(step) = target else {
            self.say("every step is done or skipped");
            return;
        };
        cockpit.show_step(step.clone());
        self.open_step(&step);
    }

    /// Marks the shown step as done, or opens it again.
    pub(super) fn step_done(&mut self) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let step = cockpit.step.clone();
        let Some(view) = cockpit.view.step(&step).cloned() else {
            return;
        };
        if view.status.is_settled() {
            self.append(Body::StepReopened { step });
            return;
        }
        if !view.missing.is_empty() && !cockpit.is_begun(&step) {
            return self.ask_about_missing(&step);
        }
        let is_decision = cockpit
            .shown_step()
            .is_some_and(|step| step.decision.is_some());
        if is_decision && cockpit.decided(&step).is_none() {
            return self.decide();
        }
        if !cockpit.writes_left(&step).is_empty() {
            return self.ask(Purpose::DoneWithout(step));
        }
        self.finish_step(&step, String::new());
    }

    /// The step is done: with a reason where a write of it has not happened.
    pub(super) fn finish_step(&mut self, step: &StepId, reason: String) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let open_checks = cockpit.view.step(step).map_or(0, |view| view.open_checks);
        let left = cockpit.writes_left(step).into_iter();
        let without: Vec<ActionId> = left.map(|(action, _)| action).collect();
        self.append(Body::StepDone {
            step: step.clone(),
            reason: if without.is_empty() {
                String::new()
            } else {
                reason
            },
            without,
        });
        self.show_next_open_step(step);
        match open_checks {
            0 => {}
            1 => self.say("done with 1 check open"),
            open => self.say(format!("done with {open} checks open")),
        }
    }

    pub(super) fn show_next_open_step(&mut self, after: &StepId) {
        if let Some(cockpit) = self.cockpit()
            && let Some(next) = cockpit.view.open_step_after(after)
        {
            cockpit.show_step(next);
        }
    }

    pub(super) fn ask_skip(&mut self) {
        let Some(step) = self.state.cockpit().map(|cockpit| cockpit.step.clone()) else {
            return;
        };
        self.ask(Purpose::SkipStep(step));
    }

    pub(super) fn ask(&mut self, purpose: Purpose) {
        self.open_overlay(Overlay::Ask {
            purpose,
            editor: Editor::line(""),
            error: None,
        });
    }

    /// Ticks the selected check, the step's only one, or asks which.
    pub(super) fn tick(&mut self) {
        match self.checks_meant().as_slice() {
            [] => self.say("this step has no checks"),
            [(check, _)] => self.tick_check(&check.clone()),
            several => {
                let items = several
                    .iter()
                    .map(|(check, text)| (sanitize(text), Chosen::Tick(check.clone())))
                    .collect();
                self.open_overlay(Overlay::Choose {
                    title: vec![SafeText::fixed("Tick which check?")],
                    items,
                    selected: 0,
                });
            }
        }
    }

    pub(super) fn tick_check(&mut self, check: &CheckId) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let body = if cockpit.incident.checks.contains_key(check) {
            Body::CheckUnticked {
                check: check.clone(),
            }
        } else {
            Body::CheckTicked {
                check: check.clone(),
                not_applicable: None,
            }
        };
        self.append(body);
    }

    pub(super) fn ask_not_applicable(&mut self) {
        match self.checks_meant().as_slice() {
            [] => self.say("this step has no checks"),
            [(check, _)] => self.ask(Purpose::NotApplicable(check.clone())),
            _ => self.say("select the check in the guide first (Tab, then up and down)"),
        }
    }

    /// The check selected in the guide, or all of the step's.
    fn checks_meant(&self) -> Vec<(CheckId, String)> {
        let Some(cockpit) = self.state.cockpit() else {
            return Vec::new();
        };
        let all = || {
            cockpit
                .shown_step()
                .into_iter()
                .flat_map(Step::checks)
                .map(|check| (check.id.clone(), check.text.clone()))
        };
        let selected = cockpit.guide_items().get(cockpit.guide_selected).cloned();
        match selected {
            Some(GuideItem::Check(id)) if cockpit.focus == PaneKind::Guide => {
                all().filter(|(check, _)| *check == id).collect()
            }
            _ => all().collect(),
        }
    }

    /// Asks which action was completed by hand, unknown outcomes first.
    pub(super) fn choose_settle(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let mut candidates: Vec<ActionId> = cockpit
            .view
            .unknown
            .iter()
            .map(|(_, action)| action.clone())
            .collect();
        let selected = cockpit.guide_items().get(cockpit.guide_selected).cloned();
        match selected {
            _ if !candidates.is_empty() => {}
            Some(GuideItem::Action(action)) if cockpit.focus == PaneKind::Guide => {
                candidates.push(action);
            }
            _ => candidates.extend(
                cockpit
                    .shown_step()
                    .into_iter()
                    .flat_map(Step::actions)
                    .cloned(),
            ),
        }
        candidates.dedup();
        match candidates.as_slice() {
            [] => self.say("this step has no action to complete by hand; n writes a note"),
            [action] => self.ask_settle(&action.clone()),
            several => {
                let items = several
                    .iter()
                    .map(|action| {
                        (
                            self.action_label(action),
                            Chosen::SettleAction(action.clone()),
                        )
                    })
                    .collect();
                self.open_overlay(Overlay::Choose {
                    title: vec![SafeText::fixed("Complete or settle which action?")],
                    items,
                    selected: 0,
                });
            }
        }
    }

    /// Asks whether an action happened.
    pub(super) fn ask_settle(&mut self, action: &ActionId) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let unknown = cockpit
            .view
            .unknown
            .iter()
            .find(|(_, unknown)| unknown == action);
        let intent = unknown.map(|(hash, _)| *hash);
        let name = cockpit.title_of(action);
        let title = match intent {
            Some(_) => {
                let left = cockpit.left_behind.get(action);
                let left = left.map_or_else(String::new, |left| format!("\nIt was {left}."));
                format!("{name}: outcome unknown. Find out first; what happened?{left}")
            }
            None => format!("{name}: completed by hand?"),
        };
        self.open_settle(action, intent, &title);
    }

    /// The dialog that completes an action by hand, with the reason why it is needed.
    pub(super) fn open_settle(
        &mut self,
        action: &ActionId,
        intent: Option<crate::record::entry::Hash>,
        title: &str,
    ) {
        let settle = |done| Chosen::Settle {
            action: action.clone(),
            intent,
            done,
        };
        let (yes, no) = if intent.is_some() {
            (
                "it happened: write how you know",
                "it did not happen: write how you know",
            )
        } else {
            (
                "done by hand: write what was done",
                "will not be done: write why",
            )
        };
        self.open_overlay(Overlay::Choose {
            title: sanitize_lines(title.trim_end()),
            items: vec![
                (SafeText::fixed(yes), settle(true)),
                (SafeText::fixed(no), settle(false)),
            ],
            selected: 0,
        });
    }

    pub(super) fn action_label(&self, action: &ActionId) -> SafeText {
        let Some(cockpit) = self.state.cockpit() else {
            return sanitize(action.as_str());
        };
        let title = cockpit
            .playbook
            .actions
            .get(action)
            .map_or(action.as_str(), |action| action.title.as_str());
        let status = cockpit
            .view
            .actions
            .get(action)
            .map_or(ActionStatus::NotRun, |view| view.status);
        sanitize(&format!("{title} ({})", status.word()))
    }

    pub(super) fn choose_role(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let mut roles = cockpit.playbook.roles.clone();
        roles
            .entry("ic".into())
            .or_insert_with(|| "Incident commander".into());
        let items = roles
            .iter()
            .map(|(role, title)| {
                let holder = cockpit
                    .incident
                    .roles
                    .get(role)
                    .map_or("nobody yet", String::as_str);
                (
                    sanitize(&format!("{title}: {holder}")),
                    Chosen::Role(role.clone()),
                )
            })
            .collect();
        self.open_overlay(Overlay::Choose {
            title: vec![SafeText::fixed("Who has which role?")],
            items,
            selected: 0,
        });
    }

    pub(super) fn ask_adopt(&mut self) {
        if self
            .state
            .cockpit()
            .is_some_and(|cockpit| cockpit.playbook_differs)
        {
            self.open_overlay(Overlay::Choose {
                title: vec![SafeText::fixed(
                    "Take the changed playbook into this incident?",
                )],
                items: vec![(
                    SafeText::fixed("take it; the change is recorded"),
                    Chosen::AdoptPlaybook,
                )],
                selected: 0,
            });
        } else {
            self.say("the playbook's file has not changed");
        }
    }
}
