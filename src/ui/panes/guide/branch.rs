//! What stands before a step, in words: the decision that folds it, what it waits for, what it went on without, how it was
//! decided; and the table of a decision.

use super::hints;
use crate::engine::command::Command;
use crate::incident::view::{Applies, StepStatus, requires};
use crate::model::ids::StepId;
use crate::model::playbook::{Decision, Step};
use crate::model::safe_text::SafeText;
use crate::theme::Role;
use crate::ui::text::{TextLine, safe};
use crate::ui::{View, prose, words};

/// Lines above the body of a step; none for one that just applies.
pub(super) fn lines(view: &View<'_>, step: &Step, room: usize) -> Vec<TextLine> {
    let cockpit = view.cockpit;
    let Some(state) = cockpit.view.step(&step.id) else {
        return Vec::new();
    };
    let titles = |names: &[String]| {
        let titles = names
            .iter()
            .map(|name| requires::title(&cockpit.playbook, name));
        titles.collect::<Vec<_>>().join("; ")
    };
    let open = key(view, Command::NextStep);
    let blocked = !state.missing.is_empty() && state.status == StepStatus::Blocked;
    let all_the_same = if blocked {
        String::new()
    } else {
        format!(" {open} opens it all the same.")
    };
    let mut said: Vec<(SafeText, Role)> = Vec::new();
    match &state.applies {
        Applies::Always | Applies::Holds | Applies::Chosen { .. } => {}
        Applies::Folded { decision, decided } => {
            let title = title_of(view, decision);
            let decide = key(view, Command::Decide);
            let why = match cockpit
                .incident
                .decisions
                .get(decision)
                .filter(|_| *decided)
            {
                Some(record) => {
                    format!(
                        "not chosen: “{title}” was decided as {}",
                        record.chosen.join(", ")
                    )
                }
                None => format!("waits for the decision “{title}” ({decide} decides)"),
            };
            said.push((safe!("{why}.{all_the_same}"), Role::Warning));
        }
        Applies::DoesNotHold(when) => said.push((
            safe!("does not apply, because this does not hold: {when}.{all_the_same}"),
            Role::Warning,
        )),
        Applies::Unclear(error) => said.push((
            safe!("nobody can tell whether it applies: {error}.{all_the_same}"),
            Role::Doubt,
        )),
    }
    if blocked {
        let waive = key(view, Command::Waive);
        said.push((
            safe!(
                "waits for: {}. {open} shows the way there; {waive} goes on without, with a reason.",
                titles(&state.missing)
            ),
            Role::Warning,
        ));
    }
    if let Some(waived) = cockpit.incident.waived.get(&step.id) {
        said.push((
            safe!(
                "goes on without: {} ({})",
                titles(&waived.missing),
                waived.reason
            ),
            Role::Muted,
        ));
    }
    // What one waits for goes first: nobody decides before that.
    said.extend(decided(view, step));
    let mut lines: Vec<TextLine> = said
        .into_iter()
        .flat_map(|(text, role)| view.line(text, role).wrap(room, 2))
        .collect();
    if !lines.is_empty() {
        lines.push(TextLine::new());
    }
    lines
}

/// The table of a decision without its expressions.
pub(super) fn decision(view: &View<'_>, decision: &Decision, room: usize) -> Vec<TextLine> {
    // Expressions are for the dialog, which shows what they came to.
    let shown: Vec<bool> = decision
        .columns
        .iter()
        .map(|column| !column.eq_ignore_ascii_case("suggest when"))
        .collect();
    let row = |cells: &[String]| -> Vec<String> {
        let cells = cells.iter().zip(&shown).filter(|(_, shown)| **shown);
        cells.map(|(cell, _)| cell.clone()).collect()
    };
    let mut rows = vec![row(&decision.columns)];
    rows.extend(decision.choices.iter().map(|choice| row(&choice.cells)));
    prose::text_table(&rows, room, view.theme)
}

/// How a decision stands; it is the first line, because the table may be longer than the pane.
fn decided(view: &View<'_>, step: &Step) -> Option<(SafeText, Role)> {
    step.decision.as_ref()?;
    let decide = key(view, Command::Decide);
    let Some(record) = view.cockpit.incident.decisions.get(&step.id) else {
        return Some((
            safe!("Not decided. {decide} shows what the results suggest, and decides."),
            Role::Warning,
        ));
    };
    let at = words::minute(record.at, view.state.now, &view.state.zone);
    let said = safe!(
        "Decided {at} by {}: {} ({}). {decide} revises it.",
        record.operator,
        record.chosen.join(", "),
        record.reason
    );
    Some((said, Role::Good))
}

fn key(view: &View<'_>, command: Command) -> SafeText {
    hints::key_name(view.state, command).unwrap_or_default()
}

fn title_of(view: &View<'_>, step: &StepId) -> String {
    let found = view.cockpit.playbook.step(step);
    found.map_or_else(|| step.to_string(), |step| step.title.clone())
}
