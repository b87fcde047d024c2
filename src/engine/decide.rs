//! Decisions: the dialog with the choices of a table, what the results suggest, the reason, and the branch that opens.
//!
//! A suggestion never chooses. What cannot be computed is shown as that, never as "not suggested".

use std::collections::BTreeSet;

use super::command::Command;
use super::effect::Effect;
use super::state::{Chosen, Cockpit, Overlay};
use super::text::{digit, move_within};
use super::turn::Turn;
use crate::editor::Editor;
use crate::expr;
use crate::incident::view::{Applies, StepStatus, view};
use crate::incident::{DecisionRecord, Incident};
use crate::keymap::{Chord, Key};
use crate::model::Timestamp;
use crate::model::ids::{ActionId, PlaybookId, StepId};
use crate::model::playbook::{Decision, Step};
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::verdict::Figure;
use crate::record::entry::{Body, NONE_OF_THESE, NOT_YET_KNOWN};
use crate::verdict::{Reference, Suggestion, SuggestionQuestion};

/// Why a walkthrough suggests nothing.
const NOTHING_ASKED: &str = "WALKTHROUGH: nothing was asked, so nothing is suggested";

/// The dialog of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecideForm {
    /// The step that is the decision.
    pub decision: StepId,
    /// Position among the choices, *none of these* and *not yet known* behind those of the table.
    pub selected: usize,
    /// No key was pressed in it and nothing was decided before: the cursor may still go to what is suggested.
    pub fresh: bool,
    /// Marked choices, where several are allowed.
    pub marked: BTreeSet<usize>,
    /// What the results suggest; none until computed.
    pub suggestions: Option<Vec<Suggestion>>,
    /// Results that the suggestions need and that cannot be had, with what to do.
    pub missing: Vec<SafeText>,
    /// The reason, once the choice is made.
    pub reason: Option<Editor>,
    /// What is wrong.
    pub error: Option<SafeText>,
}

impl DecideForm {
    /// Positions that are chosen: the marked ones, else the selected one.
    pub fn positions(&self) -> Vec<usize> {
        if self.marked.is_empty() {
            vec![self.selected]
        } else {
            self.marked.iter().copied().collect()
        }
    }

    /// What is chosen, by name.
    pub fn chosen(&self, decision: &Decision) -> Vec<String> {
        let names = self.positions().into_iter();
        names
            .map(|at| choice_name(decision, at).to_owned())
            .collect()
    }

    /// Choices that the results suggest.
    pub fn suggested(&self) -> Vec<String> {
        let suggested = self.holding().map(|suggestion| suggestion.choice.clone());
        suggested.collect()
    }

    fn holding(&self) -> impl Iterator<Item = &Suggestion> {
        let all = self.suggestions.iter().flatten();
        all.filter(|suggestion| suggestion.suggested == Ok(true))
    }

    /// The reason that goes without saying: it is chosen what is suggested, and nothing else.
    pub fn reason_of_figures(&self, decision: &Decision) -> Option<String> {
        let suggested = self.suggested();
        if suggested.is_empty() || suggested != self.chosen(decision) {
            return None;
        }
        let figures = figures(self.holding());
        let figures: Vec<String> = figures
            .iter()
            .map(|figure| format!("{} = {}", figure.of, figure.is))
            .collect();
        Some(if figures.is_empty() {
            "as suggested".to_owned()
        } else {
            format!("as suggested: {}", figures.join(", "))
        })
    }

    /// The figures that the record keeps: of what is suggested, of everything when nothing is.
    fn figures(&self) -> Vec<Figure> {
        if self.holding().next().is_some() {
            figures(self.holding())
        } else {
            figures(self.suggestions.iter().flatten())
        }
    }
}

fn figures<'a>(suggestions: impl Iterator<Item = &'a Suggestion>) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for figure in suggestions.flat_map(|suggestion| &suggestion.figures) {
        if !figures.contains(figure) {
            figures.push(figure.clone());
        }
    }
    figures
}

/// What stands at a position of the dialog.
pub fn choice_name(decision: &Decision, at: usize) -> &str {
    match decision.choices.get(at) {
        Some(choice) => &choice.name,
        None if at == decision.choices.len() => NONE_OF_THESE,
        None => NOT_YET_KNOWN,
    }
}

/// The playbook that a target of `Then` names.
fn playbook_named(target: &str) -> Option<PlaybookId> {
    Some(PlaybookId::new(target.strip_prefix("playbook:")?.trim()))
}

impl Cockpit {
    /// The decision as it stands; none while nobody made up their mind.
    pub fn decided(&self, decision: &StepId) -> Option<&DecisionRecord> {
        let record = self.incident.decisions.get(decision)?;
        let known = !record.chosen.iter().any(|choice| choice == NOT_YET_KNOWN);
        known.then_some(record)
    }

    fn decision(&self, step: &StepId) -> Option<(&Step, &Decision)> {
        let step = self.playbook.step(step)?;
        Some((step, step.decision.as_ref()?))
    }

    /// All that the suggestions of a decision rest on.
    fn suggestion_question(
        &self,
        decision: &Decision,
        operator: &str,
        now: Timestamp,
    ) -> SuggestionQuestion {
        let reference = |id: &ActionId| (id.clone(), self.reference(id));
        let expressions = decision
            .choices
            .iter()
            .filter_map(|choice| choice.suggest_when.as_ref());
        let others: BTreeSet<ActionId> = expressions
            .filter_map(|text| expr::parse(text).ok())
            .flat_map(|expression| expr::keys_of(&expression, "result"))
            .map(ActionId::new)
            .filter(|id| !decision.over.contains(id))
            .collect();
        SuggestionQuestion {
            choices: decision.choices.clone(),
            over: decision.over.iter().map(reference).collect(),
            others: others.iter().map(reference).collect(),
            facts: self.facts(operator, now),
        }
    }

    /// What to run first, and where, for a result that cannot be had.
    fn run_first(&self, action: &ActionId, reason: &str) -> SafeText {
        let place = self.playbook.steps().find_map(|(_, step)| {
            let digit = step.actions().position(|id| id == action)? + 1;
            let place = if step.id == self.step {
                String::new()
            } else {
                format!(" in “{}”", step.title)
            };
            Some(format!(" ([{digit}]{place})"))
        });
        sanitize(&format!("{reason}{}", place.unwrap_or_default()))
    }

    /// The first step that a decision opens, in the playbook's order, and the title of its branch.
    fn opened_by(&self, decision: &Decision, chosen: &[String]) -> Option<(StepId, String)> {
        let chosen = decision
            .choices
            .iter()
            .filter(|choice| chosen.contains(&choice.name));
        let targets: Vec<&str> = chosen
            .flat_map(|choice| choice.then.iter().map(String::as_str))
            .collect();
        let is_open = |step: &Step| {
            let status = self.view.step(&step.id).map(|view| &view.status);
            status.is_none_or(|status| !status.is_settled())
        };
        self.playbook.phases.iter().find_map(|phase| {
            let whole =
                targets.contains(&phase.id.as_str()) || targets.contains(&phase.slug.as_str());
            let mut steps = phase.steps.iter().filter(|step| is_open(step));
            let named = |step: &&Step| {
                targets.contains(&step.id.as_str()) || targets.contains(&step.slug.as_str())
            };
            let step = if whole {
                steps.next()
            } else {
                steps.find(named)
            }?;
            let title = if whole { &phase.title } else { &step.title };
            Some((step.id.clone(), title.clone()))
        })
    }

    /// How many open steps a decision passes over when it goes on at the first step of its branch.
    fn open_steps_between(&self, decision: &StepId, branch: &StepId) -> usize {
        self.view
            .phases
            .iter()
            .flat_map(|phase| &phase.steps)
            .skip_while(|step| step.id != *decision)
            .skip(1)
            .take_while(|step| step.id != *branch)
            .filter(|step| step.is_open())
            .count()
    }

    /// The first open step once a decision is made that is still on its way to the record.
    fn open_step_once_decided(&self, decision: &StepId, chosen: &[String]) -> Option<StepId> {
        let mut incident: Incident = self.incident.clone();
        let record = DecisionRecord {
            chosen: chosen.to_vec(),
            suggested: Vec::new(),
            reason: String::new(),
            times: 0,
            at: incident
                .last
                .as_ref()
                .map_or(incident.opened_at, |last| last.at),
            operator: String::new(),
        };
        incident.decisions.insert(decision.clone(), record);
        let view = view(&self.playbook, &incident, &self.alive);
        view.open_step_after(decision)
    }
}

impl Turn<'_> {
    /// Opens the decision of the shown step, or that which the shown step waits for.
    pub(super) fn decide(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let shown = cockpit.step.clone();
        if cockpit.decision(&shown).is_some() {
            let blocked = cockpit
                .view
                .step(&shown)
                .is_some_and(|view| !view.missing.is_empty());
            if blocked && !cockpit.is_begun(&shown) {
                return self.ask_about_missing(&shown);
            }
            return self.open_decision(&shown);
        }
        if let Some(Applies::Folded { decision, .. }) =
            cockpit.view.step(&shown).map(|view| view.applies.clone())
        {
            return self.open_decision(&decision);
        }
        let items: Vec<(SafeText, Chosen)> = cockpit
            .playbook
            .steps()
            .filter(|(_, step)| step.decision.is_some())
            .map(|(_, step)| {
                let stands = match cockpit.incident.decisions.get(&step.id) {
                    Some(record) => record.chosen.join(", "),
                    None => "not decided".to_owned(),
                };
                let label = sanitize(&format!("{}: {stands}", step.title));
                (label, Chosen::GoTo(step.id.clone()))
            })
            .collect();
        if items.is_empty() {
            return self.say("this playbook has no decision");
        }
        self.open_overlay(Overlay::Choose {
            title: vec![SafeText::fixed(
                "This step is no decision. Go to which one?",
            )],
            items,
            selected: 0,
        });
    }

    fn open_decision(&mut self, step: &StepId) {
        let Some((cockpit, decision)) = self.state.cockpit().and_then(|cockpit| {
            let (_, decision) = cockpit.decision(step)?;
            Some((cockpit, decision))
        }) else {
            return;
        };
        let question = cockpit.suggestion_question(decision, &self.state.operator, self.state.now);
        // `over` names ways to the same answer: one that has a result is enough.
        let has_one = question
            .over
            .iter()
            .any(|(_, reference)| !matches!(reference, Reference::Missing(_)));
        let over = question.over.iter().filter(|_| !has_one);
        let missing = over
            .map(|(id, reference)| (id, reference))
            .chain(&question.others)
            .filter_map(|(id, reference)| match reference {
                Reference::Missing(reason) => Some(cockpit.run_first(id, reason)),
                Reference::Here(_) | Reference::Evidence(_) => None,
            })
            .collect();
        let computes = decision
            .choices
            .iter()
            .any(|choice| choice.suggest_when.is_some());
        let is_walkthrough = cockpit.is_walkthrough();
        let missing = if computes && is_walkthrough {
            vec![SafeText::fixed(NOTHING_ASKED)]
        } else {
            missing
        };
        let computes = computes && !is_walkthrough;
        let before = cockpit.incident.decisions.get(step);
        let stands = |at: &usize| {
            let name = choice_name(decision, *at);
            before.is_some_and(|record| record.chosen.iter().any(|chosen| chosen == name))
        };
        let chosen: BTreeSet<usize> = (0..decision.choices.len() + 2).filter(stands).collect();
        let form = DecideForm {
            decision: step.clone(),
            selected: chosen.first().copied().unwrap_or(0),
            fresh: before.is_none(),
            marked: if decision.many {
                chosen
            } else {
                BTreeSet::new()
            },
            suggestions: (!computes).then(Vec::new),
            missing,
            reason: None,
            error: None,
        };
        self.open_overlay(Overlay::Decide(form));
        if computes {
            self.effect(Effect::Suggest {
                decision: step.clone(),
                question: Box::new(question),
            });
        }
    }

    /// Suggestions are computed. Those of a dialog that was closed meanwhile are not missed. The cursor goes to the first that
    /// is suggested, unless a key was pressed: it never moves under a finger, and it is still the operator who takes the choice.
    pub(super) fn suggested(&mut self, decision: &StepId, suggestions: &[Suggestion]) {
        for overlay in &mut self.state.overlays {
            if let Overlay::Decide(form) = overlay
                && form.decision == *decision
            {
                let first = suggestions
                    .iter()
                    .position(|suggestion| suggestion.suggested == Ok(true));
                if let Some(first) = first.filter(|_| form.fresh) {
                    form.selected = first;
                }
                form.suggestions = Some(suggestions.to_vec());
            }
        }
    }

    /// A key in the decision.
    pub(super) fn decide_key(
        &mut self,
        mut form: DecideForm,
        command: Option<Command>,
        chord: Chord,
    ) {
        let Some(decision) = self.state.cockpit().and_then(|cockpit| {
            let (_, decision) = cockpit.decision(&form.decision)?;
            Some(decision.clone())
        }) else {
            return;
        };
        form.fresh = false;
        if let Some(editor) = &mut form.reason {
            match command {
                Some(Command::TextAccept) => return self.accept_reason(form, &decision),
                Some(Command::TextDismiss) => form.reason = None,
                Some(Command::NextField | Command::PreviousField) => {}
                _ => {
                    editor.feed(chord);
                }
            }
            form.error = None;
            return self.open_overlay(Overlay::Decide(form));
        }
        form.error = None;
        let count = decision.choices.len() + 2;
        let space = chord == Chord::plain(Key::Char(' '));
        if let Some(position) = digit(chord).filter(|position| *position < count) {
            form.selected = position;
        }
        let picked = command == Some(Command::Accept)
            || ((space || digit(chord).is_some_and(|position| position < count)) && !decision.many);
        if picked {
            form.reason = Some(Editor::line(""));
        } else if decision.many && (space || digit(chord).is_some_and(|position| position < count))
        {
            form.toggle(decision.choices.len());
        } else {
            move_within(&mut form.selected, count, 5, command);
        }
        self.open_overlay(Overlay::Decide(form));
    }

    fn accept_reason(&mut self, mut form: DecideForm, decision: &Decision) {
        let typed = form
            .reason
            .as_ref()
            .map(Editor::content)
            .unwrap_or_default();
        let typed = typed.trim().to_owned();
        let reason = if typed.is_empty() {
            form.reason_of_figures(decision)
        } else {
            Some(typed)
        };
        let Some(reason) = reason else {
            form.error = Some(SafeText::fixed(if form.suggested().is_empty() {
                "a reason is needed; Esc goes back to the choices"
            } else {
                "a reason is needed, because this is not what is suggested; Esc goes back to the choices"
            }));
            return self.open_overlay(Overlay::Decide(form));
        };
        let chosen = form.chosen(decision);
        self.append(Body::DecisionMade {
            decision: form.decision.clone(),
            suggested: form.suggested(),
            figures: form.figures(),
            chosen: chosen.clone(),
            reason,
        });
        self.after_decision(&form.decision, decision, &chosen);
    }

    /// The step is done, the branch is shown, another playbook is offered.
    fn after_decision(&mut self, step: &StepId, decision: &Decision, chosen: &[String]) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let done = cockpit
            .view
            .step(step)
            .is_some_and(|view| view.status == StepStatus::Done);
        if chosen.iter().any(|choice| choice == NOT_YET_KNOWN) {
            if done {
                self.append(Body::StepReopened { step: step.clone() });
            }
            return self.say("not yet known is recorded; the decision stays open (D decides)");
        }
        let opened = cockpit.opened_by(decision, chosen);
        let next = cockpit.open_step_once_decided(step, chosen);
        let passed = match &opened {
            Some((first, _)) => cockpit.open_steps_between(step, first),
            None => 0,
        };
        let others = cockpit.not_attached(decision, chosen);
        // A write of the step that has not happened leaves it open: d asks why it is done all the same.
        if !done && cockpit.writes_left(step).is_empty() {
            self.append(Body::step_done(step.clone()));
        }
        let words = chosen.join(", ");
        if let Some((first, branch)) = opened {
            if let Some(cockpit) = self.cockpit() {
                cockpit.show_step(first);
            }
            let passed = match passed {
                0 => String::new(),
                1 => "; 1 open step before it".to_owned(),
                many => format!("; {many} open steps before it"),
            };
            self.say(format!("decided: {words}; this opens {branch}{passed}"));
        } else {
            // Another playbook is what comes next, if there is one: the decision stays in sight until that is settled.
            if let (Some(cockpit), Some(next), true) = (self.cockpit(), next, others.is_empty()) {
                cockpit.show_step(next);
            }
            self.say(format!("decided: {words}"));
        }
        self.offer_playbooks(&others);
    }

    fn offer_playbooks(&mut self, others: &[PlaybookId]) {
        if others.is_empty() {
            return;
        }
        let items = others.iter().map(|id| {
            let label = sanitize(&format!("attach {id}: its phases join this incident"));
            (label, Chosen::Attach(id.clone()))
        });
        let items = items.collect();
        self.open_overlay(Overlay::Choose {
            title: vec![SafeText::fixed(
                "This leads to another playbook. Work through it in this incident too? Esc: not now",
            )],
            items,
            selected: 0,
        });
    }
}

impl Cockpit {
    /// Playbooks that the chosen branches lead to and that are not part of the incident yet.
    fn not_attached(&self, decision: &Decision, chosen: &[String]) -> Vec<PlaybookId> {
        let chosen = decision
            .choices
            .iter()
            .filter(|choice| chosen.contains(&choice.name));
        let named = chosen
            .flat_map(|choice| &choice.then)
            .filter_map(|target| playbook_named(target));
        named.filter(|id| !self.has_playbook(id)).collect()
    }

    /// The incident follows this playbook, as its first or attached.
    pub(super) fn has_playbook(&self, id: &PlaybookId) -> bool {
        self.incident.playbook == *id || self.incident.attached.iter().any(|(other, _)| other == id)
    }

    /// The shown step is a decision that leads to this playbook.
    pub(super) fn shows_the_way_to(&self, id: &PlaybookId) -> bool {
        let decision = self.shown_step().and_then(|step| step.decision.as_ref());
        decision.is_some_and(|decision| {
            let mut targets = decision.choices.iter().flat_map(|choice| &choice.then);
            targets.any(|target| playbook_named(target).as_ref() == Some(id))
        })
    }
}

impl DecideForm {
    /// Marks or unmarks the selected choice. *None of these* and *not yet known* stand alone.
    fn toggle(&mut self, choices: usize) {
        if self.marked.remove(&self.selected) {
            return;
        }
        let alone = self.selected >= choices;
        self.marked.retain(|position| !alone && *position < choices);
        self.marked.insert(self.selected);
    }
}
