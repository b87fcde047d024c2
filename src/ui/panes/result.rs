//! The result of an action: table, chart or text; how it ended and what is missing from it.
//!
//! ```text
//! ┌ Result · Identify the source ────────────── row 12/50 ┐
//! │ ! INCOMPLETE: the first 10 000 rows are here          │
//! │ time      actorId  orgId  attempts                    │
//! │ 03:11:58  u-1932   org-a        14                    │
//! └ 50 rows · 18 ms · 4 min ago · audit ──────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::command::Command;
use crate::engine::state::{ActionResult, Content, Output, RunPhase, TableView};
use crate::incident::view::judgement;
use crate::layout::PaneKind;
use crate::model::ids::ActionId;
use crate::model::playbook::Effect;
use crate::model::request::{Payload, RunError};
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::{Series, growing_from};
use crate::model::{Mode, Timestamp, duration};
use crate::record::entry::ActionOutcome;
use crate::theme::Role;
use crate::ui::chart::{self, Chart};
use crate::ui::panes::{hints, watch};
use crate::ui::text::{TextLine, safe, spaces, width, write_lines};
use crate::ui::{Local, View, boxes, table, words};

/// Draws the pane.
pub fn draw(view: &View<'_>, local: &mut Local, area: Rect, buffer: &mut Buffer) {
    let cockpit = view.cockpit;
    let focused = cockpit.focus == PaneKind::Result;
    let shown = cockpit
        .result_shown
        .as_ref()
        .and_then(|id| Some((id, cockpit.results.get(id)?)));
    let Some((id, result)) = shown else {
        return nothing(view, focused, area, buffer);
    };
    let mut title = view.line("Result", Role::Title);
    if cockpit.results.len() > 1 {
        let number = cockpit
            .results
            .get_index_of(id)
            .map_or(0, |index| index + 1);
        title.push(
            safe!(" {number}/{}", cockpit.results.len()),
            view.theme.style(Role::Muted),
        );
    }
    title.push(" · ", view.theme.style(Role::Muted));
    title.push(action_title(view, id), view.theme.style(Role::Title));
    let inside = boxes::pane(
        buffer,
        area,
        &title,
        &note(view, result, None),
        focused,
        view.theme,
    );
    let frame = inside;
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let height = usize::from(inside.height);
    let room = usize::from(inside.width);
    let mut above = boxes::at_most(
        verdict_lines(view, id, result, room.saturating_sub(2)),
        (height / 3).max(1),
        view.theme,
    );
    above.extend(ending(view, result, room));
    let whole = matches!(result.content, Content::Nothing);
    if !whole {
        above.truncate((height / 2).max(1).min(height.saturating_sub(2)));
    }
    write_lines(&above, 0, buffer, inside);
    let rest = Rect {
        y: inside.y + above.len().min(height) as u16,
        height: height.saturating_sub(above.len()) as u16,
        ..inside
    };
    match &result.content {
        Content::Nothing => {}
        Content::Table(table) => {
            let head = |day: Option<&SafeText>, buffer: &mut Buffer| {
                let note = note(view, result, day);
                boxes::pane(buffer, area, &title, &note, focused, view.theme);
            };
            draw_table(
                view, local, result, table, focused, rest, frame, head, buffer,
            );
        }
        Content::Chart(series) => {
            let settled = result
                .end
                .as_ref()
                .and_then(|(_, end)| end.as_ref().ok()?.settled);
            draw_chart(view, series, settled, rest, buffer);
        }
        Content::Output(output) => draw_output(view, result, output, rest, frame, buffer),
    }
    facts(view, id, result, area, buffer);
}

fn nothing(view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let title = view.line("Result", Role::Title);
    let inside = boxes::pane(buffer, area, &title, &TextLine::new(), focused, view.theme);
    let mut runs = view.cockpit.runs.values().filter(|run| !run.poll);
    let mut line = view.line(" ", Role::Text);
    if let Some(run) = runs.next() {
        let word = match run.phase {
            RunPhase::Planning => "is being prepared",
            RunPhase::Previewing(_) => "waits for its preview",
            RunPhase::Judging { .. } => "is being judged",
            RunPhase::Confirming(_) => "waits for you to send it",
            RunPhase::Recording(_) => "is being recorded",
            RunPhase::Running { .. } => "is running",
        };
        line.push(
            action_title(view, &run.action),
            view.theme.style(Role::Active),
        );
        line.push(" ", view.theme.style(Role::Text));
        line.push(word, view.theme.style(Role::Active));
    } else {
        let mut actions = view.cockpit.incident.actions.values();
        // Completed by hand without having been sent: there is no result to run again for.
        if view.cockpit.is_walkthrough() {
            line.push(
                "WALKTHROUGH: nothing is run. ",
                view.theme.style(Role::Muted),
            );
        } else if actions.all(|action| action.runs == 0) {
            line.push("Nothing was run yet: ", view.theme.style(Role::Muted));
        } else {
            let text = "Results of earlier sessions are not shown here; run the action again: ";
            line.push(text, view.theme.style(Role::Warning));
        }
        line.extend(hints::key(view.state, Command::RunAction, view.theme));
        let does = if view.cockpit.is_walkthrough() {
            " shows an action of the step."
        } else {
            " runs an action of the step."
        };
        line.push(does, view.theme.style(Role::Muted));
    }
    write_lines(&line.wrap(inside.width.into(), 1), 0, buffer, inside);
}

fn action_title(view: &View<'_>, id: &ActionId) -> SafeText {
    view.cockpit
        .playbook
        .action(id)
        .map_or_else(|| sanitize(id.as_str()), |action| sanitize(&action.title))
}

/// Where one is in it, after the day that its times are of when they do not show it.
fn note(view: &View<'_>, result: &ActionResult, day: Option<&SafeText>) -> TextLine {
    match &result.content {
        Content::Table(table) if !table.shown.is_empty() => {
            let position = table.selected.min(table.shown.len() - 1) + 1;
            let (position, total) = (words::count(position as u64), words::count(table.total));
            // As wide as the total, so that moving down changes digits and nothing else.
            let digits = total.as_str().len();
            let day = day.map_or_else(String::new, |day| format!("{day} · "));
            view.line(safe!("{day}row {position:>digits$}/{total}"), Role::Text)
        }
        Content::Output(output) if !output.lines.is_empty() => view.line(
            safe!(
                "line {}/{}",
                (output.top + 1).min(output.lines.len()),
                output.lines.len()
            ),
            Role::Text,
        ),
        _ => TextLine::new(),
    }
}

/// The verdict with the first reason, what a key does about it, the other reasons and the figures.
fn verdict_lines(
    view: &View<'_>,
    id: &ActionId,
    result: &ActionResult,
    room: usize,
) -> Vec<TextLine> {
    let Some(judgement) = &result.judgement else {
        let waits = view.cockpit.runs.get(&result.run);
        let judging = waits.is_some_and(|run| matches!(run.phase, RunPhase::Judging { .. }));
        return if judging {
            vec![view.line("▶ judging and keeping it", Role::Active)]
        } else {
            Vec::new()
        };
    };
    let role = words::verdict_role(judgement.verdict);
    let mut reasons = judgement.reasons.iter();
    let first = reasons.next().map_or("", String::as_str);
    let mut line = view.line(safe!("{}: ", judgement.verdict.word()), role);
    line.push(sanitize(first), view.theme.style(role));
    let mut lines = line.wrap(room, 2);
    if let Some(proposal) = hints::proposal(view.state, id, view.theme) {
        lines.extend(proposal.wrap(room, 2));
    }
    for reason in reasons {
        lines.extend(view.line(safe!("and {reason}"), role).wrap(room, 2));
    }
    let figures: Vec<String> = judgement
        .figures
        .iter()
        .map(|figure| format!("{} is {}", figure.of, figure.is))
        .collect();
    if !figures.is_empty() {
        let figures = safe!("figures: {}", figures.join(" · "));
        lines.extend(view.line(figures, Role::Muted).wrap(room, 2));
    }
    lines
}

/// How it ended, as far as that has to be said, the gravest first.
fn ending(view: &View<'_>, result: &ActionResult, room: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    let mut say = |text: SafeText, role: Role| {
        lines.extend(view.line(text, role).wrap(room, 2));
    };
    if result.unrecorded {
        say(
            SafeText::fixed("! NOT RECORDED: this run is not in the record."),
            Role::Bad,
        );
    }
    match &result.end {
        None => {
            let elapsed = duration::in_words(words::between(result.started_at, view.state.now));
            let so_far = match &result.content {
                Content::Table(table) => format!(", {} so far", words::rows(table.total)),
                _ => String::new(),
            };
            let key = hints::key_name(view.state, Command::CancelRun).unwrap_or_default();
            say(
                safe!(
                    "▶ running {elapsed} of at most {}{so_far} ({key} cancels)",
                    duration::format(result.request.timeout)
                ),
                Role::Active,
            );
        }
        Some((_, Ok(outcome))) => {
            if let Some(reason) = &outcome.truncated {
                say(safe!("! INCOMPLETE: {reason}"), Role::Warning);
            }
            if let Some(reason) = &outcome.partial {
                say(safe!("! PARTIAL: {reason}"), Role::Warning);
            }
            let empty = match &result.content {
                Content::Table(table) => table.total == 0,
                Content::Chart(series) => series.iter().all(|series| series.samples.is_empty()),
                Content::Nothing => true,
                Content::Output(_) => false,
            };
            if let (true, Effect::Write, Some(rows)) = (empty, result.request.effect, outcome.rows)
            {
                say(safe!("{} touched.", words::rows(rows)), Role::Text);
            } else if empty && matches!(result.content, Content::Table(_) | Content::Nothing) {
                say(
                    SafeText::fixed("No rows. That alone is not an all-clear."),
                    Role::Doubt,
                );
            } else if empty {
                say(
                    SafeText::fixed("No samples. That is not a zero."),
                    Role::Doubt,
                );
            }
        }
        Some((
            _,
            Err(RunError::Failed {
                message,
                code,
                position,
            }),
        )) => {
            let code = code
                .as_ref()
                .map_or_else(String::new, |code| format!(" {code}"));
            let mut text = message.split('\n');
            say(
                safe!("✗ FAILED{code}: {}", text.next().unwrap_or_default()),
                Role::Bad,
            );
            for line in text.take(20) {
                say(sanitize(line), Role::Text);
            }
            if let Some(position) = position {
                lines.extend(caret(view, &result.request.text, *position, room));
            }
        }
        Some((_, Err(RunError::TimedOut(after)))) => say(
            safe!(
                "✗ TIMED OUT after {}: the source was told to stop.",
                duration::format(*after)
            ),
            Role::Bad,
        ),
        Some((_, Err(RunError::Cancelled))) => say(
            SafeText::fixed("– cancelled: the source was told to stop."),
            Role::Warning,
        ),
        Some((_, Err(RunError::Unknown(message)))) => {
            let key = hints::key_name(view.state, Command::Settle).unwrap_or_default();
            say(
                safe!("? OUTCOME UNKNOWN: {message}. Check, then settle it ({key})."),
                Role::Doubt,
            );
        }
    }
    for warning in &result.warnings {
        lines.extend(view.line(safe!("! {warning}"), Role::Warning).wrap(room, 2));
    }
    lines
}

/// The line of the request that an error points at, with a caret below the place.
fn caret(view: &View<'_>, text: &str, position: usize, room: usize) -> Vec<TextLine> {
    let before: String = text.chars().take(position).collect();
    let number = before.matches('\n').count();
    let line = text.split('\n').nth(number).unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default();
    let prefix = safe!("line {}: ", number + 1);
    let mut at = width(prefix.as_str()) + width(sanitize(column).as_str());
    let mut shown = safe!("{prefix}{line}");
    if at + 4 > room {
        // The place itself is in view, with the text just before it.
        let keep: Vec<char> = column.chars().collect();
        let from = keep.len().saturating_sub(room / 2);
        let tail: String = keep.get(from..).unwrap_or_default().iter().collect();
        let rest: String = line.chars().skip(keep.len()).collect();
        at = width(prefix.as_str()) + 1 + width(sanitize(&tail).as_str());
        shown = safe!("{prefix}…{tail}{rest}");
    }
    vec![
        view.line(shown, Role::Code),
        view.line(spaces(at), Role::Text)
            .with("^ here", view.theme.style(Role::Bad)),
    ]
}

/// Facts of the run on the lower edge.
fn facts(view: &View<'_>, id: &ActionId, result: &ActionResult, area: Rect, buffer: &mut Buffer) {
    if area.height < 3 || area.width < 20 {
        return;
    }
    let mut facts: Vec<SafeText> = Vec::new();
    if view.cockpit.incident.mode == Mode::Drill {
        // First, because what is cut is the end: `HTTP 200` is not what a server answered.
        facts.push(SafeText::fixed("simulated"));
    }
    if let Some((ended, outcome)) = &result.end {
        if let Ok(outcome) = outcome {
            facts.extend(outcome.rows.map(words::rows));
            let action = view.cockpit.playbook.action(id);
            let not_judged = judgement(action, ActionOutcome::Ok).filter(|_| {
                result.judgement.is_none() && !view.cockpit.runs.contains_key(&result.run)
            });
            facts.extend(not_judged.map(SafeText::fixed));
            facts.extend(outcome.exit_code.map(|code| safe!("exit {code}")));
            facts.extend(outcome.status.map(|status| safe!("HTTP {status}")));
        }
        let took = words::between(result.started_at, *ended);
        facts.push(words::took(took.as_millis() as u64));
        facts.push(words::age(*ended, view.state.now));
    }
    facts.push(sanitize(result.request.source.as_str()));
    if let Content::Table(table) = &result.content {
        if table.busy {
            facts.push(SafeText::fixed("working"));
        }
        if let Some(search) = &table.search {
            facts.push(safe!("{} match {:?}", search.matches.len(), search.text));
        }
    }
    let mut line = view.line(" ", Role::Muted);
    for (index, fact) in facts.iter().enumerate() {
        if index > 0 {
            line.push(" · ", view.theme.style(Role::Muted));
        }
        line.push(fact, view.theme.style(Role::Muted));
    }
    line.push(" ", view.theme.style(Role::Muted));
    let edge = Rect {
        x: area.x + 1,
        width: area.width - 2,
        ..area
    };
    line.write(buffer, edge, area.bottom() - 1);
}

#[expect(
    clippy::too_many_arguments,
    reason = "a pane's parts: what, its memory, and two places"
)]
fn draw_table(
    view: &View<'_>,
    local: &mut Local,
    result: &ActionResult,
    table: &TableView,
    focused: bool,
    area: Rect,
    frame: Rect,
    head: impl Fn(Option<&SafeText>, &mut Buffer),
    buffer: &mut Buffer,
) {
    if table.columns.is_empty() || area.height == 0 {
        return;
    }
    let memory = local.table(result.run);
    let drawn = table::draw(table, memory, focused, area, buffer, view.theme);
    // Which day it is turns out when the rows are read; the frame is drawn again before anything stands on it.
    if drawn.day.is_some() {
        head(drawn.day.as_ref(), buffer);
    }
    let rows = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..frame
    };
    boxes::more(buffer, rows, drawn.above, drawn.below, view.theme);
    let header = Rect {
        y: area.y,
        height: 1,
        ..frame
    };
    let style = view.theme.style(Role::Key);
    if drawn.left > 0 {
        TextLine::of("◀", style).write(buffer, Rect { width: 1, ..header }, area.y);
    }
    if drawn.right > 0 && header.width > 1 {
        let place = Rect {
            x: header.right() - 1,
            width: 1,
            ..header
        };
        TextLine::of("▶", style).write(buffer, place, area.y);
    }
}

fn draw_chart(
    view: &View<'_>,
    series: &[Series],
    settled: Option<Timestamp>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let Some(window) = chart::extent(series) else {
        return;
    };
    let legend = if series.len() > 1 {
        watch::legend(view, series, area.width.into(), 2)
    } else {
        Vec::new()
    };
    write_lines(&legend, 0, buffer, area);
    let used = legend.len() as u16;
    let chart = Chart {
        series,
        window,
        threshold: None,
        growing_from: settled.and_then(|settled| growing_from(series, settled)),
        zone: &view.state.zone,
    };
    let plot = Rect {
        y: area.y + used,
        height: area.height.saturating_sub(used),
        ..area
    };
    chart.draw(buffer, plot, view.theme);
}

fn draw_output(
    view: &View<'_>,
    result: &ActionResult,
    output: &Output,
    area: Rect,
    frame: Rect,
    buffer: &mut Buffer,
) {
    // What a script writes there is trouble; of an answer it is the status and its headers.
    let is_trouble = !matches!(
        result.request.payload,
        Payload::Http { .. } | Payload::Message(_)
    );
    let total = output.lines.len() + usize::from(!output.rest.is_empty());
    let top = output.top.min(total.saturating_sub(1));
    let mut y = area.y;
    let mut shown = 0;
    let rest = sanitize(&output.rest);
    let lines = output
        .lines
        .iter()
        .map(|line| (line.error, &line.text))
        .chain((!output.rest.is_empty()).then_some((false, &rest)));
    for (error, text) in lines.skip(top) {
        let role = match (error, is_trouble) {
            (true, true) => Role::Bad,
            (true, false) => Role::Muted,
            (false, _) => Role::Text,
        };
        let mut line = TextLine::new();
        if error && is_trouble {
            line.push("! ", view.theme.style(Role::Bad));
        }
        line.push(text, view.theme.style(role));
        for part in line.wrap(area.width.into(), 2) {
            if y >= area.bottom() {
                break;
            }
            part.write(buffer, area, y);
            y += 1;
        }
        shown += 1;
        if y >= area.bottom() {
            break;
        }
    }
    let rows = Rect {
        y: area.y,
        height: area.height,
        ..frame
    };
    boxes::more(buffer, rows, top > 0, top + shown < total, view.theme);
}
