//! A playbook joined to another, so that both are worked through in one incident.
//!
//! Pure, and the same for the same two: every reader of a record comes to the same whole. What the first one has keeps its
//! names, because the record speaks of them; a name of the other that is taken gets its playbook's id in front.

mod references;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::ids;
use crate::model::ids::{ActionId, EvidenceId, InputId};
use crate::model::input::{Input, InputType};
use crate::model::playbook::{
    Action, Block, Check, Clock, ClockStart, Decision, EvidenceItem, Expression, Phase, Playbook,
    Reference, Severity, Step,
};

/// What elements of the other playbook stand at: nowhere in the text of the first.
const NOWHERE: std::ops::Range<usize> = 0..0;

/// The first playbook with everything of the other behind its own. `prefix` is put before names that are taken:
/// `sev1/audit-alive`, which no name written by hand can be.
pub fn attach(base: &Playbook, other: &Playbook, prefix: &str) -> Playbook {
    let renamed = Renamed::new(base, other, prefix);
    let mut whole = base.clone();
    let titles: BTreeSet<&str> = base
        .phases
        .iter()
        .map(|phase| phase.title.as_str())
        .collect();
    for phase in &other.phases {
        let mut phase = renamed.phase(phase);
        if titles.contains(phase.title.as_str()) {
            phase.title = format!("{} ({prefix})", phase.title);
        }
        whole.phases.push(phase);
    }
    let keys: BTreeSet<char> = base
        .actions
        .values()
        .filter_map(|action| action.key)
        .collect();
    for action in other.actions.values() {
        let mut action = renamed.action(action);
        action.key = action.key.filter(|key| !keys.contains(key));
        whole.actions.insert(action.id.clone(), action);
    }
    whole
        .watch
        .extend(other.watch.iter().map(|id| renamed.action_id(id)));
    for clock in other.clocks.values() {
        let clock = renamed.clock(clock);
        whole.clocks.insert(clock.id.clone(), clock);
    }
    for item in other.evidence.values() {
        let item = renamed.evidence(item);
        whole.evidence.insert(item.id.clone(), item);
    }
    for input in other.inputs.values() {
        renamed.input(&mut whole.inputs, input);
    }
    for (role, title) in &other.roles {
        whole
            .roles
            .entry(role.clone())
            .or_insert_with(|| title.clone());
    }
    add_levels(&mut whole.ladder, &other.ladder);
    add_missing(&mut whole.severity, &other.severity);
    add_missing(&mut whole.alerts, &other.alerts);
    if !other.introduction.is_empty() {
        whole.references.push(Reference {
            title: other.title.clone(),
            body: other.introduction.clone(),
            actions: Vec::new(),
        });
    }
    whole
        .references
        .extend(other.references.iter().map(|section| {
            Reference {
                actions: section
                    .actions
                    .iter()
                    .map(|id| renamed.action_id(id))
                    .collect(),
                ..section.clone()
            }
        }));
    whole
}

fn add_missing(list: &mut Vec<String>, more: &[String]) {
    for one in more {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}

/// Levels that the ladder does not have under any name.
fn add_levels(ladder: &mut Vec<Severity>, more: &[Severity]) {
    let names = |level: &Severity| -> Vec<String> {
        level
            .aka
            .iter()
            .cloned()
            .chain([level.id.clone()])
            .collect()
    };
    for level in more {
        let wanted = names(level);
        let known = ladder
            .iter()
            .any(|level| names(level).iter().any(|name| wanted.contains(name)));
        if !known {
            ladder.push(level.clone());
        }
    }
}

/// Names of the other playbook that were taken, and what they are in the whole.
struct Renamed {
    /// Phases, steps, actions and evidence, by id and by slug: `requires` names all of them.
    names: BTreeMap<String, String>,
    checks: BTreeMap<String, String>,
    clocks: BTreeMap<String, String>,
    inputs: BTreeMap<String, String>,
}

impl Renamed {
    fn new(base: &Playbook, other: &Playbook, prefix: &str) -> Self {
        let checks = |playbook: &Playbook| -> BTreeSet<String> {
            let checks = playbook.steps().flat_map(|(_, step)| step.checks());
            checks.map(|check| check.id.to_string()).collect()
        };
        let clocks =
            |playbook: &Playbook| playbook.clocks.keys().map(ToString::to_string).collect();
        Self {
            names: taken(&names(base), names(other), prefix),
            checks: taken(&checks(base), checks(other), prefix),
            clocks: taken(&clocks(base), clocks(other), prefix),
            inputs: taken_inputs(base, other, prefix),
        }
    }

    fn name<T>(&self, id: &T) -> T
    where
        T: Clone + std::borrow::Borrow<str> + for<'a> From<&'a str>,
    {
        match self.names.get(id.borrow()) {
            Some(name) => T::from(name.as_str()),
            None => id.clone(),
        }
    }

    fn action_id(&self, id: &ActionId) -> ActionId {
        self.name(id)
    }

    fn text_name(&self, name: &str) -> String {
        self.names.get(name).map_or(name, String::as_str).to_owned()
    }

    fn text_names(&self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.text_name(name)).collect()
    }

    fn expression(&self, text: &str) -> String {
        references::in_expression(text, &self.names, &self.inputs)
    }

    fn phase(&self, phase: &Phase) -> Phase {
        Phase {
            id: self.name(&phase.id),
            slug: self.text_name(&phase.slug),
            steps: phase.steps.iter().map(|step| self.step(step)).collect(),
            when: phase.when.as_deref().map(|when| self.expression(when)),
            requires: self.text_names(&phase.requires),
            span: NOWHERE,
            ..phase.clone()
        }
    }

    fn step(&self, step: &Step) -> Step {
        Step {
            id: self.name(&step.id),
            slug: self.text_name(&step.slug),
            when: step.when.as_deref().map(|when| self.expression(when)),
            requires: self.text_names(&step.requires),
            decision: step
                .decision
                .as_ref()
                .map(|decision| self.decision(decision)),
            body: step.body.iter().map(|block| self.block(block)).collect(),
            span: NOWHERE,
            ..step.clone()
        }
    }

    fn block(&self, block: &Block) -> Block {
        match block {
            Block::Prose(_) | Block::Notes(_) => block.clone(),
            Block::Action(id) => Block::Action(self.action_id(id)),
            Block::Check(check) => Block::Check(Check {
                id: match self.checks.get(check.id.as_str()) {
                    Some(id) => id.as_str().into(),
                    None => check.id.clone(),
                },
                by: check.by.as_ref().map(|id| self.action_id(id)),
                span: NOWHERE,
                ..check.clone()
            }),
        }
    }

    fn decision(&self, decision: &Decision) -> Decision {
        let mut decision = decision.clone();
        for id in &mut decision.over {
            *id = self.action_id(id);
        }
        for choice in &mut decision.choices {
            choice.then = self.text_names(&choice.then);
            choice.suggest_when = choice
                .suggest_when
                .as_deref()
                .map(|text| self.expression(text));
            choice.span = NOWHERE;
        }
        decision
    }

    fn action(&self, action: &Action) -> Action {
        let mut action = action.clone();
        action.id = self.action_id(&action.id);
        action.text = self.action_text(action.language, &action.text);
        for input in &mut action.inputs {
            *input = self.input_id(input);
        }
        action.preview = action.preview.as_ref().map(|id| self.action_id(id));
        let judge = &mut action.judge;
        for expression in [&mut judge.alert, &mut judge.expect, &mut judge.doubt] {
            *expression = expression.as_ref().map(|expression| Expression {
                text: self.expression(&expression.text),
                span: NOWHERE,
            });
        }
        judge.otherwise =
            judge
                .otherwise
                .as_deref()
                .map(|otherwise| match otherwise.strip_prefix("goto ") {
                    Some(id) => format!("goto {}", self.text_name(id.trim())),
                    None => otherwise.to_owned(),
                });
        for id in &mut judge.proof {
            *id = self.action_id(id);
        }
        if let Some(message) = &mut action.message {
            for text in [&mut message.to, &mut message.subject] {
                *text = text
                    .as_deref()
                    .map(|text| self.action_text(crate::model::playbook::Language::Message, text));
            }
            message.for_each = message
                .for_each
                .as_deref()
                .map(|each| match each.split_once('.') {
                    Some((id, column)) => format!("{}.{column}", self.text_name(id)),
                    None => each.to_owned(),
                });
        }
        (action.span, action.text_span) = (NOWHERE, NOWHERE);
        action
    }

    fn action_text(&self, language: crate::model::playbook::Language, text: &str) -> String {
        references::in_text(language, text, &self.names, &self.inputs)
    }

    fn clock(&self, clock: &Clock) -> Clock {
        let start = |start: &ClockStart| match start {
            ClockStart::Done(id) => ClockStart::Done(self.text_name(id)),
            other => other.clone(),
        };
        Clock {
            id: match self.clocks.get(clock.id.as_str()) {
                Some(id) => id.as_str().into(),
                None => clock.id.clone(),
            },
            from: start(&clock.from),
            until: clock.until.as_ref().map(start),
            met_by: self.text_names(&clock.met_by),
            when: clock.when.as_deref().map(|when| self.expression(when)),
            span: NOWHERE,
            ..clock.clone()
        }
    }

    fn evidence(&self, item: &EvidenceItem) -> EvidenceItem {
        let id: EvidenceId = self.name(&item.id);
        let from = item.from.as_deref();
        EvidenceItem {
            id,
            // `note` is no name.
            from: from.map(|from| match from {
                "note" => from.to_owned(),
                action => self.text_name(action),
            }),
            span: NOWHERE,
            ..item.clone()
        }
    }

    fn input_id(&self, id: &InputId) -> InputId {
        match self.inputs.get(id.as_str()) {
            Some(id) => id.as_str().into(),
            None => id.clone(),
        }
    }

    /// An input of both is one: it is asked for once, and may be filled from the columns of either. A default of the other
    /// is not taken over: what the first one asks for is still asked.
    fn input(&self, inputs: &mut IndexMap<InputId, Input>, input: &Input) {
        let id = self.input_id(&input.id);
        if let Some(shared) = inputs.get_mut(&id) {
            add_missing(&mut shared.from, &input.from);
            shared.inferred &= input.inferred;
        } else {
            let input = Input {
                id: id.clone(),
                ..input.clone()
            };
            inputs.insert(id, input);
        }
    }
}

/// Everything that may be named from elsewhere in a playbook, by id and by slug.
fn names(playbook: &Playbook) -> BTreeSet<String> {
    let phases = playbook
        .phases
        .iter()
        .flat_map(|phase| [phase.id.to_string(), phase.slug.clone()]);
    let steps = playbook
        .steps()
        .flat_map(|(_, step)| [step.id.to_string(), step.slug.clone()]);
    let actions = playbook.actions.keys().map(ToString::to_string);
    let evidence = playbook.evidence.keys().map(ToString::to_string);
    let names = phases.chain(steps).chain(actions).chain(evidence);
    names.filter(|name| !name.is_empty()).collect()
}

fn taken(
    base: &BTreeSet<String>,
    other: BTreeSet<String>,
    prefix: &str,
) -> BTreeMap<String, String> {
    let taken = other.into_iter().filter(|name| base.contains(name));
    taken
        .map(|name| {
            let free = format!("{prefix}/{name}");
            (name, free)
        })
        .collect()
}

/// Inputs that cannot be shared: of another type, or with other values to choose from. Their names stand in the texts of
/// queries, so they stay plain words.
fn taken_inputs(base: &Playbook, other: &Playbook, prefix: &str) -> BTreeMap<String, String> {
    let mut free = BTreeMap::new();
    for input in other.inputs.values() {
        let Some(known) = base.inputs.get(&input.id) else {
            continue;
        };
        let same = match (&known.kind, &input.kind) {
            (InputType::Choice { of }, InputType::Choice { of: others }) => of == others,
            (known, input) => known.word() == input.word(),
        };
        if same {
            continue;
        }
        let mut name = format!("{}__{}", ids::snake(prefix), input.id);
        while base.inputs.contains_key(name.as_str()) || other.inputs.contains_key(name.as_str()) {
            name.push('_');
        }
        free.insert(input.id.to_string(), name);
    }
    free
}

#[cfg(test)]
mod tests;
