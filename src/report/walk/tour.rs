//! The places of a walkthrough, in order: each step and each action of the playbook is one of them, once.

use std::collections::BTreeSet;

use crate::model::ids::{ActionId, PhaseId, StepId};
use crate::model::playbook::{Phase, Playbook, Step};

/// Where a presenter can stand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Before everything: what the playbook is for.
    Opening,
    /// A phase that has something to say of itself.
    Phase(PhaseId),
    /// The text of a step.
    Step(StepId),
    /// An action: of a step, a live pane, or one that is shared.
    Action(ActionId),
    /// What each choice of a step's decision opens.
    Decision(StepId),
    /// Behind everything.
    End,
}

impl Place {
    /// The action that stands here.
    pub const fn action(&self) -> Option<&ActionId> {
        match self {
            Self::Action(id) => Some(id),
            Self::Opening | Self::Phase(_) | Self::Step(_) | Self::Decision(_) | Self::End => None,
        }
    }

    /// The step that this place belongs to; of a phase its first one.
    pub fn step<'p>(&self, playbook: &'p Playbook) -> Option<&'p Step> {
        match self {
            Self::Opening | Self::End => None,
            Self::Phase(id) => phase(playbook, id)?.steps.first(),
            Self::Step(id) | Self::Decision(id) => playbook.step(id),
            Self::Action(id) => step_of(playbook, id),
        }
    }

    /// The phase that this place belongs to.
    pub fn phase<'p>(&self, playbook: &'p Playbook) -> Option<&'p Phase> {
        if let Self::Phase(id) = self {
            return phase(playbook, id);
        }
        let step = self.step(playbook)?;
        let mut phases = playbook.phases.iter();
        phases.find(|phase| phase.steps.iter().any(|other| other.id == step.id))
    }
}

fn phase<'p>(playbook: &'p Playbook, id: &PhaseId) -> Option<&'p Phase> {
    playbook.phases.iter().find(|phase| phase.id == *id)
}

/// The step that an action stands in.
fn step_of<'p>(playbook: &'p Playbook, action: &ActionId) -> Option<&'p Step> {
    let mut steps = playbook.steps().map(|(_, step)| step);
    steps.find(|step| step.actions().any(|id| id == action))
}

/// Every place from the first to the last.
pub fn tour(playbook: &Playbook) -> Vec<Place> {
    let in_steps: BTreeSet<&ActionId> = playbook
        .steps()
        .flat_map(|(_, step)| step.actions())
        .collect();
    let mut places = vec![Place::Opening];
    let panes = playbook.watch.iter().filter(|id| !in_steps.contains(id));
    places.extend(panes.cloned().map(Place::Action));
    for phase in &playbook.phases {
        if !of_phase_alone(phase) {
            places.push(Place::Phase(phase.id.clone()));
        }
        for step in &phase.steps {
            places.push(Place::Step(step.id.clone()));
            places.extend(step.actions().cloned().map(Place::Action));
            if step.decision.is_some() {
                places.push(Place::Decision(step.id.clone()));
            }
        }
    }
    let known: BTreeSet<ActionId> = places.iter().filter_map(Place::action).cloned().collect();
    let shared = playbook.actions.keys().filter(|id| !known.contains(*id));
    places.extend(shared.cloned().map(Place::Action));
    places.push(Place::End);
    places
}

/// A phase that says nothing beyond its steps.
fn of_phase_alone(phase: &Phase) -> bool {
    phase.introduction.is_empty()
        && phase.notes.is_empty()
        && phase.when.is_none()
        && phase.requires.is_empty()
}

/// Where a place stands among the others: `step 7 of 31 · action 2 of 3`.
pub fn counter(playbook: &Playbook, place: &Place) -> String {
    let of = |what: &str, at: Option<usize>, all: usize| {
        format!("{what} {} of {all}", at.map_or(0, |at| at + 1))
    };
    let step = place
        .step(playbook)
        .filter(|_| !matches!(place, Place::Phase(_)));
    let of_step = step.map(|step| {
        let at = playbook.steps().position(|(_, other)| other.id == step.id);
        of("step", at, playbook.steps().count())
    });
    match (place, of_step, step) {
        (Place::Opening, ..) => "start".to_owned(),
        (Place::End, ..) => "end".to_owned(),
        (Place::Phase(id), ..) => {
            let at = playbook.phases.iter().position(|phase| phase.id == *id);
            of("phase", at, playbook.phases.len())
        }
        (Place::Action(id), Some(of_step), Some(step)) => {
            let at = step.actions().position(|other| other == id);
            format!("{of_step} · {}", of("action", at, step.actions().count()))
        }
        (Place::Decision(_), Some(of_step), _) => format!("{of_step} · decision"),
        (_, Some(of_step), _) => of_step,
        (Place::Action(id), None, _) => match playbook.watch.iter().position(|other| other == id) {
            Some(at) => of("live pane", Some(at), playbook.watch.len()),
            None => "shared action".to_owned(),
        },
        (Place::Step(_) | Place::Decision(_), None, _) => String::new(),
    }
}

/// A presenter's notes on a place: those of its step, its phase or the introduction.
pub fn notes<'p>(playbook: &'p Playbook, place: &Place) -> Vec<&'p str> {
    match place {
        Place::Opening => playbook.notes.iter().map(String::as_str).collect(),
        Place::Phase(_) => {
            let phase = place.phase(playbook);
            let notes = phase.into_iter().flat_map(|phase| &phase.notes);
            notes.map(String::as_str).collect()
        }
        Place::Step(_) | Place::Action(_) | Place::Decision(_) => place
            .step(playbook)
            .into_iter()
            .flat_map(Step::notes)
            .collect(),
        Place::End => Vec::new(),
    }
}

/// What a place is called.
pub fn whole(playbook: &Playbook, place: &Place) -> String {
    match place {
        Place::Opening => playbook.title.clone(),
        Place::End => "the end".to_owned(),
        Place::Phase(id) => {
            let title = phase(playbook, id).map_or(id.as_str(), |phase| &phase.title);
            format!("phase “{title}”")
        }
        Place::Step(id) => {
            let title = playbook.step(id).map_or(id.as_str(), |step| &step.title);
            format!("step “{title}”")
        }
        Place::Decision(id) => {
            let title = playbook.step(id).map_or(id.as_str(), |step| &step.title);
            format!("the decision “{title}”")
        }
        Place::Action(id) => {
            let title = playbook
                .action(id)
                .map_or(id.as_str(), |action| &action.title);
            let digit = step_of(playbook, id)
                .and_then(|step| step.actions().position(|other| other == id))
                .filter(|at| *at < 9);
            match digit {
                Some(at) => format!("[{}] {title}", at + 1),
                None => title.to_owned(),
            }
        }
    }
}

/// The steps that a choice's target names, by id or forge slug: of a phase all of them.
pub fn steps_of<'p>(playbook: &'p Playbook, target: &str) -> Vec<&'p Step> {
    let named = |id: &str, slug: &str| id == target || slug == target;
    let mut phases = playbook.phases.iter();
    if let Some(phase) = phases.find(|phase| named(phase.id.as_str(), &phase.slug)) {
        return phase.steps.iter().collect();
    }
    let steps = playbook.steps().map(|(_, step)| step);
    steps
        .filter(|step| named(step.id.as_str(), &step.slug))
        .collect()
}
