//! The step at hand: its prose, its actions on digits, its checks, its decision table.
//!
//! ```text
//! ┌ Guide · 2 Identify the source · doing ───────────────── owner security ┐
//! │ Check the structured logs for the mismatch.                            │
//! │                                                                        │
//! │ [1] Identify the source    ran · 50 rows · 18 ms · 4 min ago  sql audit │
//! │ [2] Sessions of the actor   needs actor_id (i)                         │
//! │ ☐ the reporter's request id is saved                                   │
//! └────────────────────────────────────────────────────────────────────────┘
//! ```
//! What an action's description says beyond its title stands under its line: of every action where there is room, else of
//! the selected one. The selected action or check stays in view together with as much of the prose before it as fits.

mod branch;
mod message;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::command::Command;
use crate::engine::state::{Overlay, Preview, Run, RunPhase, State};
use crate::incident::view::{ActionStatus, StepStatus, judgement};
use crate::layout::PaneKind;
use crate::model::ids::{ActionId, InputId};
use crate::model::playbook::{Block, Check, Effect, Language, Step};
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::verdict::Verdict;
use crate::record::entry::ActionOutcome;
use crate::theme::Role;
use crate::ui::local::{WrappedProse, follow};
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, fit, safe, spaces, width, write_lines};
use crate::ui::{Local, View, boxes, prose, words};

/// Draws the pane.
pub fn draw(view: &View<'_>, local: &mut Local, area: Rect, buffer: &mut Buffer) {
    let focused = view.cockpit.focus == PaneKind::Guide;
    let step = view.cockpit.playbook.step(&view.cockpit.step);
    let title = title(view, step);
    let note = step.map(|step| note(view, step)).unwrap_or_default();
    let inside = boxes::pane(buffer, area, &title, &note, focused, view.theme);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let Some(step) = step else {
        return;
    };
    let room = usize::from(inside.width);
    let height = usize::from(inside.height);
    let mut body = Body::new(view, local, step, (room, focused), Describe::All);
    if body.lines.len() > height {
        body = Body::new(view, local, step, (room, focused), Describe::Selected);
    }
    let top = match &local.guide {
        Some((id, top)) if *id == step.id => *top,
        _ => 0,
    };
    let top = body.top(view.cockpit.guide_selected, top, height);
    local.guide = Some((step.id.clone(), top));
    let furthest = body.lines.len().saturating_sub(height).max(top);
    let top = (top + view.cockpit.guide_top).min(furthest);
    write_lines(&body.lines, top, buffer, inside);
    let frame = Rect {
        width: inside.width + 1,
        ..inside
    };
    boxes::more(
        buffer,
        frame,
        top > 0,
        top + height < body.lines.len(),
        view.theme,
    );
}

fn title(view: &View<'_>, step: Option<&Step>) -> TextLine {
    let Some(step) = step else {
        return view.line("Guide", Role::Title);
    };
    let number = view.cockpit.playbook.phases.iter().find_map(|phase| {
        let position = phase.steps.iter().position(|other| other.id == step.id)?;
        Some(position + 1)
    });
    let mut title = view.line(
        safe!("{} · {}", number.unwrap_or(0), step.title),
        Role::Title,
    );
    let state = view.cockpit.view.step(&step.id);
    let starting = view.cockpit.is_starting(&step.id);
    let (word, role) = match state.map(|step| &step.status) {
        Some(StepStatus::Todo | StepStatus::Blocked) if starting => {
            (SafeText::fixed("doing, not recorded yet"), Role::Warning)
        }
        None | Some(StepStatus::Todo) => return title,
        Some(state @ StepStatus::Doing) => (safe!("{}", state.word()), Role::Active),
        Some(state @ StepStatus::Done) => (safe!("✓ {}", state.word()), Role::Good),
        Some(StepStatus::Skipped(reason)) => (safe!("skipped: {reason}"), Role::Muted),
        Some(StepStatus::Blocked) => (
            match state.map(|step| step.missing.as_slice()) {
                None | Some([]) => SafeText::fixed("⊘ blocked"),
                Some(missing) => safe!("⊘ blocked: needs {}", missing.join(", ")),
            },
            Role::Warning,
        ),
    };
    title.push(" · ", view.theme.style(Role::Muted));
    title.push(word, view.theme.style(role));
    title
}

/// Who does the step and how long it should take.
fn note(view: &View<'_>, step: &Step) -> TextLine {
    let mut parts = Vec::new();
    if let Some(role) = &step.role {
        parts.push(match view.cockpit.incident.roles.get(role) {
            Some(person) => format!("{role}: {person}"),
            None => format!("owner {role}"),
        });
    }
    if let Some(timebox) = step.timebox {
        parts.push(format!(
            "timebox {}",
            crate::model::duration::format(timebox)
        ));
    }
    view.line(safe!("{}", parts.join(" · ")), Role::Muted)
}

/// The lines of a step and where its items stand in them.
struct Body {
    lines: Vec<TextLine>,
    /// First line of each item's own prose, its first line and the line after it.
    items: Vec<(usize, usize, usize)>,
}

impl Body {
    fn new(
        view: &View<'_>,
        local: &mut Local,
        step: &Step,
        (room, focused): (usize, bool),
        describe: Describe,
    ) -> Self {
        let items = step.actions().count() + step.checks().count();
        let at_hand = view.cockpit.guide_selected.min(items.saturating_sub(1));
        let wrapped = wrapped(view, local, step, room);
        let mut body = Self {
            lines: branch::lines(view, step, room),
            items: Vec::new(),
        };
        let mut prose_from = 0;
        let mut digit = 0;
        let mut before = Kind::Nothing;
        for (block, prose) in step.body.iter().zip(&wrapped.blocks) {
            if matches!(block, Block::Notes(_)) {
                continue;
            }
            let kind = Kind::of(block);
            if before != Kind::Nothing && (kind != before || kind == Kind::Prose) {
                body.lines.push(TextLine::new());
            }
            before = kind;
            let item = match block {
                // They are for the presenter alone, who has a strip of their own for them.
                Block::Notes(_) => continue,
                Block::Prose(_) => {
                    body.lines.extend(prose.iter().cloned());
                    continue;
                }
                Block::Action(id) => {
                    digit += 1;
                    let mut lines = action_lines(view, id, digit, room);
                    lines.extend(verdict_lines(view, id, room));
                    if describe == Describe::All || body.items.len() == at_hand {
                        lines.extend(prose.iter().cloned());
                    }
                    lines
                }
                Block::Check(check) => check_lines(view, check, room),
            };
            let selected = focused && body.items.len() == view.cockpit.guide_selected;
            let from = body.lines.len();
            for (index, mut line) in item.into_iter().enumerate() {
                if selected && index == 0 {
                    line.pad_to(room);
                    line = line.selected(view.theme.style(Role::Selected));
                }
                body.lines.push(line);
            }
            body.items.push((prose_from, from, body.lines.len()));
            prose_from = body.lines.len();
        }
        if let Some(decision) = &step.decision {
            if !body.lines.is_empty() {
                body.lines.push(TextLine::new());
            }
            body.lines.extend(branch::decision(view, decision, room));
        }
        body
    }

    /// The first line to show: the selected item whole, and before it as much of its prose as fits.
    fn top(&self, selected: usize, top: usize, height: usize) -> usize {
        let Some((prose, from, to)) = self
            .items
            .get(selected.min(self.items.len().saturating_sub(1)))
        else {
            return 0;
        };
        let last = selected + 1 >= self.items.len();
        // After the last item comes the rest of the body, as far as the item stays in view.
        let end = if last {
            self.lines.len().min(from + height)
        } else {
            *to
        };
        let top = follow(top, end.saturating_sub(1), height, self.lines.len());
        let top = if *prose >= end.saturating_sub(height) {
            top.min(*prose)
        } else {
            top.min(*from)
        };
        if selected == 0 && end <= height {
            0
        } else {
            top
        }
    }
}

/// Which actions show their description.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Describe {
    All,
    Selected,
}

/// What kind of block it is, so that an empty line separates kinds.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Nothing,
    Prose,
    Action,
    Check,
}

impl Kind {
    fn of(block: &Block) -> Self {
        match block {
            Block::Prose(_) | Block::Notes(_) => Self::Prose,
            Block::Action(_) => Self::Action,
            Block::Check(_) => Self::Check,
        }
    }
}

/// The prose of the step, wrapped once for a width.
fn wrapped<'a>(
    view: &View<'_>,
    local: &'a mut Local,
    step: &Step,
    room: usize,
) -> &'a WrappedProse {
    let source = &view.cockpit.playbook.source.text;
    let known = local.prose.take().filter(|known| {
        known.step == step.id
            && known.width == room
            && known.theme == *view.theme
            && std::sync::Arc::ptr_eq(&known.source, source)
    });
    local.prose.insert(known.unwrap_or_else(|| {
        WrappedProse {
            step: step.id.clone(),
            source: std::sync::Arc::clone(source),
            width: room,
            theme: view.theme.clone(),
            blocks: step
                .body
                .iter()
                .map(|block| match block {
                    Block::Prose(prose) => prose::block(prose, room, view.theme),
                    Block::Action(id) => described(view, id, room),
                    Block::Check(_) | Block::Notes(_) => Vec::new(),
                })
                .collect(),
        }
    }))
}

/// What an action's description says beyond its title, to stand under its line.
fn described(view: &View<'_>, id: &ActionId, room: usize) -> Vec<TextLine> {
    let Some(action) = view.cockpit.playbook.action(id) else {
        return Vec::new();
    };
    let indent = if room > 24 { 4 } else { 0 };
    prose::description(action, room - indent, view.theme)
        .into_iter()
        .map(|line| {
            let mut indented = TextLine::of(spaces(indent), view.theme.style(Role::Text));
            indented.extend(line);
            indented
        })
        .collect()
}

fn action_lines(view: &View<'_>, id: &ActionId, digit: usize, room: usize) -> Vec<TextLine> {
    let Some(action) = view.cockpit.playbook.action(id) else {
        return Vec::new();
    };
    let style = |role| view.theme.style(role);
    let key = match digit {
        1..=9 => safe!("[{digit}]"),
        _ => sanitize("[ ]"),
    };
    let mut line = view.line(key, Role::Key).with(" ", style(Role::Text));
    let mut tail = status(view, id);
    if action.effect == Effect::Write && action.language != Language::Message {
        let mut write = view.line("WRITES", Role::Bad);
        write.push(" · ", style(Role::Muted));
        write.extend(tail);
        tail = write;
    }
    let title = sanitize(&action.title);
    let source = match &action.source {
        Some(source) => safe!("  {} {source}", action.language.word()),
        None => safe!("  {}", action.language.word()),
    };
    let title_width = width(title.as_str());
    let needed = line.width() + title_width + 2 + tail.width();
    if needed <= room {
        line.push(&title, style(Role::Title));
        let source_fits = needed + width(source.as_str()) <= room;
        if source_fits {
            line.push(source, style(Role::Muted));
        }
        line.pad_to(room - tail.width());
        line.extend(tail);
        return vec![line];
    }
    // The state has a line of its own: it is never what gets cut.
    let left = room.saturating_sub(line.width());
    if title_width > left {
        let (head, _) = fit(title.as_str(), left.saturating_sub(1));
        line.push(safe!("{head}…"), style(Role::Title));
    } else {
        line.push(&title, style(Role::Title));
    }
    let mut second = TextLine::of(spaces(4), style(Role::Text));
    second.extend(tail);
    let mut lines = vec![line];
    lines.extend(second.wrap(room, 4));
    lines
}

/// State of an action in words: what it needs, what it does, how it ended.
fn status(view: &View<'_>, id: &ActionId) -> TextLine {
    let cockpit = view.cockpit;
    let unknown = cockpit
        .view
        .unknown
        .iter()
        .filter(|(_, action)| action == id)
        .count();
    if unknown > 0 {
        let key = hints::key_name(view.state, Command::Settle).unwrap_or_default();
        let mut line = view.line("OUTCOME UNKNOWN", Role::Doubt);
        line.push(
            safe!(": check, then settle it ({key})"),
            view.theme.style(Role::Doubt),
        );
        return line;
    }
    let mut runs = cockpit
        .runs
        .values()
        .filter(|run| run.action == *id && !run.poll);
    if let Some(run) = runs.next_back() {
        return run_status(view, run);
    }
    let Some(action) = cockpit.view.actions.get(id) else {
        return untouched(view, id);
    };
    let record = cockpit.incident.actions.get(id);
    let verdict = record.and_then(|record| Some(record.judged.as_ref()?.0.verdict));
    let settled = matches!(
        action.status,
        ActionStatus::NotRun | ActionStatus::Ended(ActionOutcome::Ok)
    );
    if let Some(line) = message::status(view, id).filter(|_| settled) {
        return line;
    }
    let mut line = match action.status {
        ActionStatus::NotRun => TextLine::new(),
        ActionStatus::Running => view.line("running elsewhere", Role::Active),
        ActionStatus::Ended(ActionOutcome::Ok) if verdict.is_some() => TextLine::new(),
        ActionStatus::Ended(outcome) => {
            let role = match outcome {
                ActionOutcome::Ok => Role::Text,
                ActionOutcome::Failed | ActionOutcome::TimedOut => Role::Bad,
                ActionOutcome::Cancelled => Role::Warning,
                ActionOutcome::Unknown => Role::Doubt,
            };
            view.line(action.status.word(), role)
        }
        ActionStatus::ByHand(true) if cockpit.is_walkthrough() => view.line("shown", Role::Good),
        status @ ActionStatus::ByHand(_) => view.line(status.word(), Role::Text),
        ActionStatus::Unknown => view.line("OUTCOME UNKNOWN", Role::Doubt),
    };
    if let Some(record) = record {
        let mut push = |text: SafeText, role: Role| {
            if !line.is_empty() {
                line.push(" · ", view.theme.style(Role::Muted));
            }
            line.push(text, view.theme.style(role));
        };
        if let Some(verdict) = verdict {
            push(
                SafeText::fixed(verdict.word()),
                words::verdict_role(verdict),
            );
        }
        if let Some(rows) = record.rows {
            push(words::rows(rows), Role::Text);
        }
        if let (ActionStatus::Ended(outcome), None) = (action.status, verdict)
            && let Some(word) = judgement(cockpit.playbook.action(id), outcome)
        {
            push(SafeText::fixed(word), Role::Doubt);
        }
        if record.incomplete.is_some() {
            push(SafeText::fixed("incomplete"), Role::Warning);
        }
        if let Some(duration) = record.duration_ms {
            push(words::took(duration), Role::Muted);
        }
        push(words::age(record.at, view.state.now), Role::Muted);
    }
    if !action.missing_inputs.is_empty() {
        if !line.is_empty() {
            line.push(" · ", view.theme.style(Role::Muted));
        }
        line.extend(without_value(view, &action.missing_inputs));
    } else if line.is_empty() {
        line = untouched(view, id);
    }
    line
}

/// Inputs without a value, and the key that gives them one. In a walkthrough they stand at an example.
fn without_value(view: &View<'_>, inputs: &[InputId]) -> TextLine {
    let names: Vec<&str> = inputs.iter().map(InputId::as_str).collect();
    let key = hints::key_name(view.state, Command::Inputs).unwrap_or_default();
    let text = if view.cockpit.is_walkthrough() {
        safe!("example {} ({key} sets)", names.join(", "))
    } else {
        safe!("needs {} ({key})", names.join(", "))
    };
    view.line(text, Role::Warning)
}

/// What is said of an action that nothing was done with.
fn untouched(view: &View<'_>, id: &ActionId) -> TextLine {
    let action = view.cockpit.playbook.action(id);
    let is_message = action.is_some_and(|action| action.language == Language::Message);
    let word = if is_message { "not sent" } else { "not run" };
    view.line(word, Role::Muted)
}

/// Why an action's verdict is what it is, and what a key does about it.
fn verdict_lines(view: &View<'_>, id: &ActionId, room: usize) -> Vec<TextLine> {
    let cockpit = view.cockpit;
    let runs = || {
        cockpit
            .runs
            .values()
            .any(|run| run.action == *id && !run.poll)
    };
    let record = cockpit.incident.actions.get(id);
    let Some((judgement, _)) = record.and_then(|record| record.judged.as_ref()) else {
        return Vec::new();
    };
    let Some(reason) = judgement.reasons.first().filter(|_| !runs()) else {
        return Vec::new();
    };
    let role = match judgement.verdict {
        Verdict::Pass => Role::Muted,
        Verdict::Fail | Verdict::Inconclusive => words::verdict_role(judgement.verdict),
    };
    let indent = if room > 24 { 4 } else { 0 };
    let style = view.theme.style(Role::Text);
    let mut line = TextLine::of(spaces(indent), style);
    line.push(sanitize(reason), view.theme.style(role));
    let most = if judgement.verdict == Verdict::Pass {
        1
    } else {
        2
    };
    let wrapped = line.wrap(room.saturating_sub(2), indent);
    let mut lines = boxes::at_most(wrapped, most, view.theme);
    if let Some(line) = hints::proposal(view.state, id, view.theme) {
        let mut proposal = TextLine::of(spaces(indent), style);
        proposal.extend(line);
        lines.extend(proposal.wrap(room, indent));
    }
    lines
}

/// Whether a gate is open that has all it can show.
fn gate_asks(state: &State) -> bool {
    state.overlays.iter().any(|overlay| {
        matches!(overlay, Overlay::Gate(form) if !matches!(form.preview, Preview::Running))
    })
}

fn run_status(view: &View<'_>, run: &Run) -> TextLine {
    match &run.phase {
        RunPhase::Planning => view.line("preparing", Role::Active),
        // Until its gate has something to show: then it waits for what is typed there.
        RunPhase::Previewing(_) if !gate_asks(view.state) => {
            view.line("asking for its preview", Role::Active)
        }
        RunPhase::Judging { .. } => view.line("judging", Role::Active),
        RunPhase::Previewing(_) | RunPhase::Confirming(_) => {
            view.line("waits for you", Role::Active)
        }
        RunPhase::Recording(_) => view.line("recording the intent", Role::Active),
        RunPhase::Running {
            started_at,
            cancelling,
            ..
        } => {
            let elapsed =
                crate::model::duration::in_words(words::between(*started_at, view.state.now));
            let word = if *cancelling { "cancelling" } else { "running" };
            view.line(safe!("{word} {elapsed}"), Role::Active)
        }
    }
}

fn check_lines(view: &View<'_>, check: &Check, room: usize) -> Vec<TextLine> {
    let style = |role| view.theme.style(role);
    let record = view.cockpit.incident.checks.get(&check.id);
    let mut line = match record {
        None => view.line("☐ ", Role::Text),
        Some(record) if record.not_applicable.is_some() => view.line("– ", Role::Muted),
        Some(_) => view.line("☑ ", Role::Good),
    };
    line.push(sanitize(&check.text), style(Role::Text));
    if check.optional {
        line.push(" (optional)", style(Role::Muted));
    }
    if let Some(record) = record {
        if let Some(reason) = &record.not_applicable {
            line.push(safe!("  does not apply: {reason}"), style(Role::Muted));
        }
        line.push(safe!("  {}", record.operator), style(Role::Muted));
    }
    line.wrap(room, 2)
}
