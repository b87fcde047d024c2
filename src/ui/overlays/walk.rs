//! A place of a walkthrough in front of the panes: an action as it would be sent, a decision and what it opens, the opening
//! and the end.
//!
//! ```text
//! ┏ step 3 of 31 · action 1 of 2 · Identify the source ━━━━━━━━┓
//! ┃ WALKTHROUGH: nothing is sent.                               ┃
//! ┃ to        postgres audit@db1:5432/app as reader             ┃
//! ┃                                                             ┃
//! ┃ SELECT … WHERE actor_id = $1                                ┃
//! ┃                                                             ┃
//! ┃ $1 actor_id  u-1932  text  example value                    ┃
//! ┃                                                             ┃
//! ┃ by        Security lead (security)                          ┃
//! ┃ effect    reads; at most 10000 rows, given up after 30s     ┃
//! ┃ records   action.intent before it is sent, then …           ┃
//! ┃ next      [2] Freeze the organisation                       ┃
//! ┗━ space goes on  backspace back  esc closes  e edits ━━━━━━━━┛
//! ```

use ratatui::buffer::Buffer;

use super::Scene;
use super::send::{DESCRIPTION, parameters, text_lines};
use crate::engine::command::Command;
use crate::engine::state::{Cockpit, Walk};
use crate::incident::view::ActionStatus;
use crate::model::ids::{ActionId, PhaseId, StepId};
use crate::model::playbook::Effect;
use crate::model::safe_text::{SafeText, sanitize};
use crate::report::walk::{self, Fact, Place, Shown};
use crate::theme::Role;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, safe, write_lines};
use crate::ui::{Local, boxes, prose};

/// Cells of the names of facts.
const FACT: usize = 11;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, top: usize, local: &mut Local, buffer: &mut Buffer) {
    let Some((cockpit, walk)) = scene
        .cockpit()
        .and_then(|cockpit| Some((cockpit, cockpit.walk.as_deref()?)))
    else {
        return;
    };
    let room = Scene::room(buffer, 100);
    let playbook = &cockpit.playbook;
    let counter = walk::counter(playbook, &walk.place);
    let (title, mut lines) = match &walk.place {
        Place::Action(id) => action(scene, cockpit, walk, id, room),
        Place::Decision(id) => decision(scene, cockpit, id, room),
        Place::Phase(id) => phase(scene, cockpit, id, room),
        Place::Opening => (playbook.title.clone(), opening(scene, cockpit, room)),
        Place::End => ("the end".to_owned(), end(scene, cockpit, room)),
        Place::Step(_) => return,
    };
    while lines.last().is_some_and(TextLine::is_empty) {
        lines.pop();
    }
    let heading = match &walk.place {
        Place::End => safe!("{title}"),
        _ => safe!("{counter} · {title}"),
    };
    let widest = lines.iter().map(TextLine::width).max().unwrap_or(0);
    let hint = hint(scene, cockpit, walk);
    let inside = boxes::dialog(buffer, (widest, lines.len()), heading, &hint, scene.theme);
    let height = usize::from(inside.height);
    let scrolled = local.scrolled.entry("walk").or_default();
    let top = scrolled.follow(top, lines.len().saturating_sub(height));
    write_lines(&lines, top, buffer, inside);
    scene.more(buffer, inside, top > 0, top + height < lines.len());
}

fn said(scene: &Scene<'_>, text: SafeText, role: Role, room: usize) -> Vec<TextLine> {
    scene.line(text, role).wrap(room, 0)
}

fn facts(scene: &Scene<'_>, facts: &[Fact], room: usize) -> Vec<TextLine> {
    let line = |fact: &Fact| {
        let role = match fact.name {
            "effect" if fact.text.starts_with("WRITES") => Role::Bad,
            "next" => Role::Title,
            _ => Role::Text,
        };
        named(scene, fact.name, sanitize(&fact.text), role, room)
    };
    facts.iter().flat_map(line).collect()
}

fn named(
    scene: &Scene<'_>,
    name: &'static str,
    value: SafeText,
    role: Role,
    room: usize,
) -> Vec<TextLine> {
    let mut line = scene.line(name, Role::Muted);
    line.pad_to(FACT);
    line.push(value, scene.theme.style(role));
    line.wrap(room, FACT)
}

fn action(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    walk: &Walk,
    id: &ActionId,
    room: usize,
) -> (String, Vec<TextLine>) {
    let Some(action) = cockpit.playbook.action(id) else {
        return (id.to_string(), Vec::new());
    };
    let mut lines = said(
        scene,
        SafeText::fixed("WALKTHROUGH: nothing is sent."),
        Role::Walkthrough,
        room,
    );
    if walk.edited {
        let edited = SafeText::fixed("edited: this is not the playbook's text");
        lines.extend(said(scene, edited, Role::Warning, room));
    }
    let unplanned = |lines: &mut Vec<TextLine>| {
        lines.push(TextLine::new());
        lines.extend(text_lines(
            scene,
            action.language.word(),
            &action.text,
            room,
        ));
    };
    let mut planned = None;
    match &walk.shown {
        None => {
            let preparing = SafeText::fixed("The request is being prepared …");
            lines.extend(said(scene, preparing, Role::Active, room));
        }
        Some(Shown::Failed(reason)) => {
            for line in crate::model::safe_text::sanitize_lines(reason) {
                lines.extend(said(scene, line, Role::Bad, room));
            }
            let stuck = SafeText::fixed("It could not be sent as it is. The walkthrough goes on.");
            lines.extend(said(scene, stuck, Role::Warning, room));
            unplanned(&mut lines);
        }
        Some(Shown::Request(request)) => {
            planned = Some(request.as_ref());
            let role = match request.effect {
                Effect::Read => Role::Title,
                Effect::Write => Role::Bad,
            };
            lines.extend(named(scene, "to", sanitize(&request.target), role, room));
            lines.push(TextLine::new());
            lines.extend(text_lines(
                scene,
                action.language.word(),
                &request.text,
                room,
            ));
            lines.extend(parameters(scene, &request.parameters, room));
        }
        Some(Shown::Message(draft, values)) => {
            let to = draft.to.as_deref().unwrap_or("nobody is named");
            lines.extend(named(scene, "to", sanitize(to), Role::Title, room));
            if let Some(subject) = &draft.subject {
                lines.extend(named(
                    scene,
                    "subject",
                    sanitize(subject),
                    Role::Title,
                    room,
                ));
            }
            lines.push(TextLine::new());
            lines.extend(text_lines(scene, "", &draft.text, room));
            lines.extend(parameters(scene, values, room));
        }
    }
    lines.push(TextLine::new());
    lines.extend(facts(
        scene,
        &walk::facts(&cockpit.playbook, action, planned),
        room,
    ));
    let described = prose::description(action, room.min(DESCRIPTION), scene.theme);
    if !described.is_empty() {
        lines.push(TextLine::new());
        lines.extend(described);
    }
    (action.title.clone(), lines)
}

fn decision(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    id: &StepId,
    room: usize,
) -> (String, Vec<TextLine>) {
    let Some(step) = cockpit.playbook.step(id) else {
        return (id.to_string(), Vec::new());
    };
    let key = hints::key_name(scene.state, Command::Decide).unwrap_or_default();
    let mut lines = said(
        scene,
        safe!(
            "WALKTHROUGH: what each choice opens. {key} decides; every branch is walked through all the same."
        ),
        Role::Walkthrough,
        room,
    );
    if let Some(record) = cockpit.decided(id) {
        let decided = safe!("Decided here: {}", record.chosen.join(", "));
        lines.extend(said(scene, decided, Role::Good, room));
    }
    let Some(decision) = &step.decision else {
        return (step.title.clone(), lines);
    };
    for (choice, about) in walk::of_decision(&cockpit.playbook, decision) {
        lines.push(TextLine::new());
        lines.extend(said(scene, sanitize(&choice), Role::Title, room));
        for line in facts(scene, &about, room.saturating_sub(2)) {
            let mut indented = scene.line("  ", Role::Text);
            indented.extend(line);
            lines.push(indented);
        }
    }
    if decision.many {
        lines.push(TextLine::new());
        lines.extend(said(
            scene,
            SafeText::fixed("Several may be chosen."),
            Role::Text,
            room,
        ));
    }
    (step.title.clone(), lines)
}

fn phase(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    id: &PhaseId,
    room: usize,
) -> (String, Vec<TextLine>) {
    let mut phases = cockpit.playbook.phases.iter();
    let Some(phase) = phases.find(|phase| phase.id == *id) else {
        return (id.to_string(), Vec::new());
    };
    let steps = match phase.steps.len() {
        1 => SafeText::fixed("WALKTHROUGH: a phase of 1 step."),
        steps => safe!("WALKTHROUGH: a phase of {steps} steps."),
    };
    let mut lines = said(scene, steps, Role::Walkthrough, room);
    lines.extend(facts(
        scene,
        &walk::of_phase(&cockpit.playbook, phase),
        room,
    ));
    lines.push(TextLine::new());
    lines.extend(prose::lines(
        &phase.introduction,
        room.min(DESCRIPTION),
        scene.theme,
    ));
    lines.push(TextLine::new());
    for (index, step) in phase.steps.iter().enumerate() {
        let line = scene.line(safe!("{} {}", index + 1, step.title), Role::Text);
        lines.extend(line.wrap(room, 2));
    }
    (phase.title.clone(), lines)
}

fn opening(scene: &Scene<'_>, cockpit: &Cockpit, room: usize) -> Vec<TextLine> {
    let playbook = &cockpit.playbook;
    let key = |command| hints::key_name(scene.state, command).unwrap_or_default();
    let nothing =
        SafeText::fixed("WALKTHROUGH: every action is shown as it would be sent, and nothing is.");
    let mut lines = said(scene, nothing, Role::Walkthrough, room);
    lines.extend(said(
        scene,
        safe!(
            "{} goes on, {} goes back; a digit shows that action of the step; {} sets inputs.",
            key(Command::WalkOn),
            key(Command::WalkBack),
            key(Command::Inputs)
        ),
        Role::Text,
        room,
    ));
    let places = walk::tour(playbook);
    if places
        .iter()
        .any(|place| !walk::notes(playbook, place).is_empty())
    {
        let notes = safe!(
            "There are speaker notes: {} shows and hides them.",
            key(Command::SpeakerNotes)
        );
        lines.extend(said(scene, notes, Role::Text, room));
    }
    lines.push(TextLine::new());
    let counted = safe!(
        "{} phases, {} steps, {} actions",
        playbook.phases.len(),
        playbook.steps().count(),
        playbook.actions.len()
    );
    lines.extend(said(scene, counted, Role::Title, room));
    if !playbook.summary.is_empty() {
        lines.extend(said(scene, sanitize(&playbook.summary), Role::Text, room));
    }
    if !playbook.roles.is_empty() {
        lines.push(TextLine::new());
        for (role, title) in &playbook.roles {
            let line = scene.line(safe!("{title} ({role})"), Role::Text);
            lines.extend(line.wrap(room, 2));
        }
    }
    lines.extend(inputs(scene, cockpit, room));
    if !playbook.introduction.is_empty() {
        lines.push(TextLine::new());
        lines.extend(prose::lines(
            &playbook.introduction,
            room.min(DESCRIPTION),
            scene.theme,
        ));
    }
    lines
}

fn inputs(scene: &Scene<'_>, cockpit: &Cockpit, room: usize) -> Vec<TextLine> {
    let style = |role| scene.theme.style(role);
    let mut lines = Vec::new();
    for input in cockpit.playbook.inputs.values() {
        let mut line = scene.line(safe!("{}  ", input.id), Role::Key);
        match cockpit.value_or_example(&input.id) {
            Some((value, example)) => {
                line.push(sanitize(&value), style(Role::Title));
                line.push(safe!("  {}", input.kind.word()), style(Role::Muted));
                if example {
                    line.push("  example value", style(Role::Warning));
                }
            }
            None => line.push("no example fits its pattern", style(Role::Warning)),
        }
        lines.extend(line.wrap(room, 2));
    }
    if !lines.is_empty() {
        lines.insert(0, TextLine::new());
    }
    lines
}

fn end(scene: &Scene<'_>, cockpit: &Cockpit, room: usize) -> Vec<TextLine> {
    let playbook = &cockpit.playbook;
    let actions = &cockpit.view.actions;
    let left: Vec<&str> = playbook
        .actions
        .values()
        .filter(|action| {
            let status = actions.get(&action.id).map(|view| view.status);
            status == Some(ActionStatus::NotRun)
        })
        .map(|action| action.title.as_str())
        .collect();
    let shown = playbook.actions.len() - left.len();
    let nothing = safe!(
        "WALKTHROUGH: {shown} of {} actions were shown as they would be sent. Nothing was sent.",
        playbook.actions.len()
    );
    let mut lines = said(scene, nothing, Role::Walkthrough, room);
    if !left.is_empty() {
        lines.push(TextLine::new());
        let heading = SafeText::fixed("Not shown, or not possible as they are:");
        lines.extend(said(scene, heading, Role::Warning, room));
        for title in left {
            lines.extend(scene.line(safe!("• {title}"), Role::Text).wrap(room, 2));
        }
    }
    if !playbook.evidence.is_empty() {
        lines.push(TextLine::new());
        let heading = SafeText::fixed("Evidence that the playbook asks for:");
        lines.extend(said(scene, heading, Role::Title, room));
        for item in playbook.evidence.values() {
            let title = scene.line(safe!("• {}", item.title), Role::Text);
            lines.extend(title.wrap(room, 2));
        }
    }
    lines.push(TextLine::new());
    let keys = [Command::WalkBack, Command::Leave];
    let [back, leave] = keys.map(|key| hints::key_name(scene.state, key).unwrap_or_default());
    let kept = safe!(
        "{back} goes back, {leave} leaves. What was marked and decided here is kept apart, as incident {}.",
        cockpit.incident.id.short()
    );
    lines.extend(said(scene, kept, Role::Text, room));
    lines
}

fn hint(scene: &Scene<'_>, cockpit: &Cockpit, walk: &Walk) -> TextLine {
    let mut line = scene.line(" ", Role::Text);
    let mut add = |command, text: &'static str| {
        line.extend(hints::key(scene.state, command, scene.theme));
        line.push(text, scene.theme.style(Role::Text));
    };
    if walk.place != Place::End {
        add(Command::WalkOn, " goes on  ");
    }
    if walk.place != Place::Opening {
        add(Command::WalkBack, " back  ");
    }
    add(Command::Dismiss, " closes  ");
    if walk.place.action().is_some() {
        add(Command::EditSend, " edits  ");
    }
    if !walk::notes(&cockpit.playbook, &walk.place).is_empty() {
        let text = if walk.notes {
            " hides your notes "
        } else {
            " shows your notes "
        };
        add(Command::SpeakerNotes, text);
    }
    line
}
