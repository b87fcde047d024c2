//! The exact request before it is sent: where to, as whom, what it does, the text and every value in it.
//!
//! ```text
//! ┏ Send this? Identify the source ━━━━━━━━━━━━━━━━┓
//! ┃ to      postgres audit@db1:5432/app as reader  ┃
//! ┃ by      alice                                  ┃
//! ┃ effect  reads · at most 10 000 rows · 30s      ┃
//! ┃                                                ┃
//! ┃ Entries without an org prove nothing.          ┃
//! ┃                                                ┃
//! ┃ SELECT … WHERE actor_id = $1                   ┃
//! ┃                                                ┃
//! ┃ $1 actor_id  u-1932  text                      ┃
//! ┗━ enter sends  esc does not  e edit ━━━━━━━━━━━━┛
//! ```

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::engine::state::RunPhase;
use crate::model::ids::RunId;
use crate::model::playbook::{Effect, Language};
use crate::model::request::{Parameter, Payload, Request};
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::{Mode, duration};
use crate::theme::Role;
use crate::ui::local::Scrolled;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, safe, width, write_lines};
use crate::ui::{Local, boxes, code, prose, words};

/// Columns of the description at most: prose is hard to read in longer lines.
pub(super) const DESCRIPTION: usize = 76;
/// Cells of the names of facts.
pub(super) const FACT: usize = 8;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, run: RunId, top: usize, local: &mut Local, buffer: &mut Buffer) {
    let found = scene
        .cockpit()
        .and_then(|cockpit| Some((cockpit, cockpit.runs.get(&run)?)));
    let Some((cockpit, run)) = found else {
        return;
    };
    let action = cockpit.playbook.action(&run.action);
    let title = action.map_or_else(|| run.action.to_string(), |action| action.title.clone());
    let request = match &run.phase {
        RunPhase::Confirming(request)
        | RunPhase::Recording(request)
        | RunPhase::Previewing(request)
        | RunPhase::Running { request, .. }
        | RunPhase::Judging { request, .. } => request,
        RunPhase::Planning => {
            let lines = [scene.line("The request is being prepared …", Role::Active)];
            let at = (&mut Scrolled::default(), 0);
            scene.scroll(sanitize(&title), &lines, at, &[Command::Dismiss], buffer);
            return;
        }
    };
    let room = Scene::room(buffer, 100);
    let mode = cockpit.incident.mode;
    let head = head(scene, request, mode, run.edited, room);
    let mut body = body(scene, request, room);
    let mut description = action.map_or_else(Vec::new, |action| {
        prose::description(action, room.min(DESCRIPTION), scene.theme)
    });
    if !description.is_empty() {
        description.push(TextLine::new());
        description.append(&mut body);
        body = description;
    }
    let heading = match mode {
        Mode::Walkthrough => safe!("This would be sent: {title}"),
        Mode::Live | Mode::Drill => safe!("Send this? {title}"),
    };
    let widest = head
        .iter()
        .chain(&body)
        .map(TextLine::width)
        .max()
        .unwrap_or(0);
    let hint = hint(scene, mode);
    let size = (widest, head.len() + 1 + body.len());
    let inside = boxes::dialog(buffer, size, heading, &hint, scene.theme);
    let height = usize::from(inside.height);
    // Where it goes stays in sight while the text scrolls, unless there is next to no room.
    let fixed = if height > head.len() + 3 {
        head.len() + 1
    } else {
        0
    };
    let mut lines = Vec::new();
    if fixed == 0 {
        lines.extend(head.iter().cloned());
    } else {
        write_lines(&head, 0, buffer, inside);
    }
    lines.extend(body);
    let rest = ratatui::layout::Rect {
        y: inside.y + fixed as u16,
        height: inside.height - fixed as u16,
        ..inside
    };
    let height = usize::from(rest.height);
    let scrolled = local.scrolled.entry("send").or_default();
    let top = scrolled.follow(top, lines.len().saturating_sub(height));
    write_lines(&lines, top, buffer, rest);
    scene.more(buffer, rest, top > 0, top + height < lines.len());
}

fn head(
    scene: &Scene<'_>,
    request: &Request,
    mode: Mode,
    edited: bool,
    room: usize,
) -> Vec<TextLine> {
    let fact = |name, value, role| fact(scene, name, value, role, room);
    let mut lines = Vec::new();
    match mode {
        Mode::Live => {}
        Mode::Walkthrough => {
            lines.push(scene.line("WALKTHROUGH: nothing is sent.", Role::Walkthrough));
        }
        Mode::Drill => lines.push(scene.line("DRILL: it goes to a simulated source.", Role::Drill)),
    }
    lines.extend(fact("to", sanitize(&request.target), Role::Title));
    lines.extend(fact("by", sanitize(&scene.state.operator), Role::Text));
    let limits = format!(
        "at most {}, {}",
        words::rows(request.limit),
        duration::format(request.timeout)
    );
    lines.extend(match request.effect {
        Effect::Read => fact("effect", safe!("reads · {limits}"), Role::Good),
        Effect::Write => fact(
            "effect",
            safe!("WRITES: it changes something · {limits}"),
            Role::Bad,
        ),
    });
    if edited {
        lines.extend(fact(
            "edited",
            SafeText::fixed("the text differs from the playbook's; that is recorded"),
            Role::Warning,
        ));
    }
    lines
}

/// A fact with its name in front.
pub(super) fn fact(
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

/// The text and every value in it.
pub(super) fn body(scene: &Scene<'_>, request: &Request, room: usize) -> Vec<TextLine> {
    let language = match &request.payload {
        Payload::Kql { .. } => Language::Kql.word(),
        _ => "",
    };
    let mut lines = text_lines(scene, language, &request.text, room);
    lines.extend(parameters(scene, &request.parameters, room));
    lines
}

/// A text as it is sent.
pub(super) fn text_lines(
    scene: &Scene<'_>,
    language: &str,
    text: &str,
    room: usize,
) -> Vec<TextLine> {
    code::lines(language, text.trim_end_matches('\n'), scene.theme)
        .iter()
        .flat_map(|line| line.wrap(room, 2))
        .collect()
}

/// Values of a text, an empty line before them.
pub(super) fn parameters(
    scene: &Scene<'_>,
    parameters: &[Parameter],
    room: usize,
) -> Vec<TextLine> {
    if parameters.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![TextLine::new()];
    let name = |index: usize, parameter: &Parameter| safe!("${} {}", index + 1, parameter.name);
    let names = parameters
        .iter()
        .enumerate()
        .map(|(index, parameter)| width(name(index, parameter).as_str()))
        .max()
        .unwrap_or(0)
        .min(room / 2);
    for (index, parameter) in parameters.iter().enumerate() {
        let mut line = scene.line(name(index, parameter), Role::Key);
        line.pad_to(names + 2);
        line.push(sanitize(&parameter.value), scene.theme.style(Role::Title));
        line.push(
            safe!("  {}", parameter.kind),
            scene.theme.style(Role::Muted),
        );
        if parameter.example {
            line.push("  example value", scene.theme.style(Role::Warning));
        }
        lines.extend(line.wrap(room, names + 2));
    }
    lines
}

fn hint(scene: &Scene<'_>, mode: Mode) -> TextLine {
    let mut line = scene.line(" ", Role::Text);
    let texts = match mode {
        Mode::Walkthrough => [" goes on  ", " closes  "],
        Mode::Live | Mode::Drill => [" sends  ", " does not  "],
    };
    for (command, text) in [Command::Accept, Command::Dismiss].into_iter().zip(texts) {
        line.extend(hints::key(scene.state, command, scene.theme));
        line.push(text, scene.theme.style(Role::Text));
    }
    line.extend(hints::key(scene.state, Command::EditSend, scene.theme));
    line.push(" edits ", scene.theme.style(Role::Text));
    line
}
