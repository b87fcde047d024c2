//! Phases and steps with their state, as a mark and, where there is room, as a word.
//!
//! ```text
//! ┌ Steps 5/12 ────────────────┐
//! │ ✓ Triage              3/3  │
//! │ ▸ Investigate         1/4  │
//! │   ✓ 1 Quantify the scope   │
//! │   ▶ 2 Identify the source  │
//! │   ⊘ 3 Contain    needs 2   │
//! │ – If bug       not chosen  │
//! │ ○ Communicate         0/2  │
//! └────────────────────────────┘
//! ```
//! A step with an action whose outcome nobody knows has the mark `‼`. Where not everything fits, only the phase of the step at hand is unfolded.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::incident::view::{Applies, PhaseView, StepStatus, StepView};
use crate::layout::PaneKind;
use crate::model::playbook::{Phase, Step};
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::Role;
use crate::ui::boxes;
use crate::ui::local::follow;
use crate::ui::text::{TextLine, fit, safe, spaces, width};
use crate::ui::{Local, View, words};

/// Draws the pane.
pub fn draw(view: &View<'_>, local: &mut Local, area: Rect, buffer: &mut Buffer) {
    let focused = view.cockpit.focus == PaneKind::Steps;
    let phases = &view.cockpit.view.phases;
    let settled: usize = phases.iter().map(|phase| phase.settled).sum();
    let total: usize = phases.iter().map(PhaseView::total).sum();
    let title = view
        .line("Steps ", Role::Title)
        .with(safe!("{settled}/{total}"), view.theme.style(Role::Muted));
    let inside = boxes::pane(buffer, area, &title, &TextLine::new(), focused, view.theme);
    let (room, height) = (usize::from(inside.width), usize::from(inside.height));
    let rows = rows(view, height);
    let selected = rows.iter().position(|row| row.at_hand).unwrap_or(0);
    // The heading above the first step of a phase stays in sight.
    let keep = if selected < height { 0 } else { selected };
    local.steps = follow(local.steps.min(keep), selected, height, rows.len());
    for (row, y) in rows.iter().skip(local.steps).zip(inside.y..inside.bottom()) {
        let mut line = row.line(view, room);
        if row.at_hand {
            line.pad_to(room);
            line = if focused {
                line.selected(view.theme.style(Role::Selected))
            } else {
                line.patched(view.theme.style(Role::SelectedAside))
            };
        }
        line.write(buffer, inside, y);
    }
    boxes::more(
        buffer,
        inside,
        local.steps > 0,
        local.steps + height < rows.len(),
        view.theme,
    );
}

/// A line of the pane before it has a width.
struct Row {
    indent: usize,
    mark: &'static str,
    role: Role,
    title: SafeText,
    note: SafeText,
    note_role: Role,
    /// What is said, at the title's cost, where the note has no room.
    brief: &'static str,
    bold: bool,
    at_hand: bool,
}

impl Row {
    fn line(&self, view: &View<'_>, room: usize) -> TextLine {
        let style = |role| view.theme.style(role);
        let mut line = TextLine::of(spaces(1 + self.indent), style(Role::Text));
        line.push(self.mark, style(self.role));
        line.push(" ", style(Role::Text));
        let title_style = style(if self.bold { Role::Title } else { Role::Text });
        let left = room.saturating_sub(line.width() + 1);
        let note_width = width(self.note.as_str());
        let title_width = width(self.title.as_str());
        // The mark says the state already: the words give way to the title.
        let with_note = note_width > 0 && (title_width + 1 + note_width <= left || note_width <= 4);
        let brief = SafeText::fixed(self.brief);
        let (note, with_note) = if !with_note && left > 2 * self.brief.len() {
            (&brief, !self.brief.is_empty())
        } else {
            (&self.note, with_note)
        };
        let note_width = width(note.as_str());
        let title_room = left - if with_note { note_width + 1 } else { 0 }.min(left);
        if title_width > title_room {
            let (head, _) = fit(self.title.as_str(), title_room.saturating_sub(1));
            line.push(safe!("{head}…"), title_style);
        } else {
            line.push(&self.title, title_style);
        }
        if with_note {
            line.pad_to(room.saturating_sub(note_width + 1));
            line.push(note, style(self.note_role));
        }
        line
    }
}

fn rows(view: &View<'_>, height: usize) -> Vec<Row> {
    let cockpit = view.cockpit;
    let phases = || cockpit.playbook.phases.iter().zip(&cockpit.view.phases);
    let at_hand = |phase: &Phase| phase.steps.iter().any(|step| step.id == cockpit.step);
    // A branch that is not chosen is one line, unless one looks into it.
    let folded = |phase: &Phase, view: &PhaseView| !view.applies.counts() && !at_hand(phase);
    let all: usize = phases()
        .map(|(phase, view)| {
            if folded(phase, view) {
                1
            } else {
                phase.steps.len() + 1
            }
        })
        .sum();
    let mut rows = Vec::new();
    for (phase, phase_view) in phases() {
        let unfolded = at_hand(phase) || (all <= height && !folded(phase, phase_view));
        rows.push(phase_row(view, phase, phase_view, unfolded));
        if unfolded {
            for (number, (step, step_view)) in phase.steps.iter().zip(&phase_view.steps).enumerate()
            {
                let mut row = step_row(phase, step, step_view, number + 1);
                if !step_view.applies.counts() && !step_view.status.is_settled() {
                    row.mark = "–";
                    row.role = Role::Muted;
                    if phase_view.applies.counts() {
                        row.note = folded_note(view, &step_view.applies);
                        row.note_role = Role::Muted;
                        row.brief = folded_brief(&step_view.applies);
                    } else {
                        row.note = SafeText::default();
                    }
                }
                let actions = &cockpit.view.actions;
                let mut states = step.actions().filter_map(|id| actions.get(id));
                if states.any(words::is_unknown) {
                    row.mark = "‼";
                    row.role = Role::Doubt;
                    row.note = SafeText::fixed("unknown");
                    row.note_role = Role::Doubt;
                }
                row.at_hand = step.id == cockpit.step;
                rows.push(row);
            }
        }
    }
    rows
}

/// Why something is folded, in a word or two.
fn folded_note(view: &View<'_>, applies: &Applies) -> SafeText {
    match applies {
        Applies::Always | Applies::Holds | Applies::Chosen { .. } | Applies::Unclear(_) => {
            SafeText::default()
        }
        Applies::Folded { decided: true, .. } => SafeText::fixed("not chosen"),
        Applies::Folded { decision, .. } => {
            let step = view.cockpit.playbook.step(decision);
            safe!(
                "waits for: {}",
                step.map_or(decision.as_str(), |step| step.title.as_str())
            )
        }
        Applies::DoesNotHold(_) => SafeText::fixed("does not apply"),
    }
}

/// The same where there is next to no room.
fn folded_brief(applies: &Applies) -> &'static str {
    match applies {
        Applies::Always | Applies::Holds | Applies::Chosen { .. } | Applies::Unclear(_) => "",
        Applies::Folded { decided: true, .. } => "not chosen",
        Applies::Folded { .. } => "waits",
        Applies::DoesNotHold(_) => "not now",
    }
}

fn phase_row(whole: &View<'_>, phase: &Phase, view: &PhaseView, unfolded: bool) -> Row {
    let total = view.total();
    let blocked = view
        .steps
        .iter()
        .all(|step| step.status == StepStatus::Blocked);
    let folded = !view.applies.counts();
    let (mark, role) = if folded {
        ("–", Role::Muted)
    } else if view.is_settled() {
        ("✓", Role::Good)
    } else if unfolded {
        ("▾", Role::Active)
    } else if blocked {
        ("⊘", Role::Warning)
    } else if view.settled > 0 {
        ("▸", Role::Active)
    } else {
        ("○", Role::Muted)
    };
    Row {
        indent: 0,
        mark,
        role,
        title: sanitize(&phase.title),
        note: if folded {
            folded_note(whole, &view.applies)
        } else {
            safe!("{}/{total}", view.settled)
        },
        note_role: Role::Muted,
        brief: if folded {
            folded_brief(&view.applies)
        } else {
            ""
        },
        bold: true,
        at_hand: false,
    }
}

fn step_row(phase: &Phase, step: &Step, state: &StepView, number: usize) -> Row {
    let (mark, role) = match &state.status {
        StepStatus::Todo => ("○", Role::Muted),
        StepStatus::Doing => ("▶", Role::Active),
        StepStatus::Done => ("✓", Role::Good),
        StepStatus::Skipped(_) => ("–", Role::Muted),
        StepStatus::Blocked => ("⊘", Role::Warning),
    };
    let (note, note_role) = match &state.status {
        StepStatus::Todo | StepStatus::Done => (SafeText::default(), Role::Muted),
        StepStatus::Doing | StepStatus::Skipped(_) => {
            (SafeText::fixed(state.status.word()), Role::Muted)
        }
        StepStatus::Blocked if state.missing.is_empty() => {
            (SafeText::fixed("unclear"), Role::Doubt)
        }
        StepStatus::Blocked => (needs(phase, &state.missing), Role::Warning),
    };
    Row {
        indent: 2,
        mark,
        role,
        title: safe!("{number} {}", step.title),
        note,
        note_role,
        brief: "",
        bold: false,
        at_hand: false,
    }
}

/// What must be done before, as short as people say it: the number of a step of the same phase, else the name.
fn needs(phase: &Phase, missing: &[String]) -> SafeText {
    let name = |name: &String| {
        phase
            .steps
            .iter()
            .position(|step| step.id.as_str() == name || step.slug == *name)
            .map_or_else(|| name.clone(), |position| (position + 1).to_string())
    };
    match missing {
        [] => SafeText::default(),
        [one] => safe!("needs {}", name(one)),
        [one, rest @ ..] => safe!("needs {} +{}", name(one), rest.len()),
    }
}
