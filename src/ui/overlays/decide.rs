//! A decision: its choices with what the results suggest and the figures behind it, then the reason.
//!
//! ```text
//! ┏ Determine the pattern ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//! ┃ ○ 1 Single actor, multiple orgs                         SUGGESTED ┃
//! ┃     Likely cause: Bug or misconfigured client · Urgency: High     ┃
//! ┃     SUGGESTED: distinct(rows, "actorId") = 1                      ┃
//! ┃ ○ 2 Correlated with deployment                                    ┃
//! ┃     cannot be computed: Last deployment has no value yet          ┃
//! ┗━ enter ok  esc close ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```
//! A choice whose expression failed says so; it is never shown as one that is not suggested.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::engine::state::{Cockpit, DecideForm, choice_name};
use crate::incident::view::requires;
use crate::model::playbook::{Choice, Decision, Step};
use crate::model::safe_text::SafeText;
use crate::record::entry::{NONE_OF_THESE, NOT_YET_KNOWN};
use crate::theme::Role;
use crate::ui::local::follow;
use crate::ui::text::{TextLine, safe, spaces, width, write_lines};
use crate::ui::{Local, boxes, editor_view, words};
use crate::verdict::Suggestion;

/// Columns at most.
const ROOM: usize = 92;
/// Columns before what is said of a choice.
const INDENT: usize = 4;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, form: &DecideForm, local: &mut Local, buffer: &mut Buffer) {
    let Some(cockpit) = scene.cockpit() else {
        return;
    };
    let Some((step, decision)) = cockpit
        .playbook
        .step(&form.decision)
        .and_then(|step| Some((step, step.decision.as_ref()?)))
    else {
        return;
    };
    let dialog = Dialog {
        scene,
        cockpit,
        form,
        step,
        decision,
        room: Scene::room(buffer, ROOM),
    };
    if form.reason.is_some() {
        dialog.reason(buffer);
    } else {
        dialog.choices(local, buffer);
    }
}

struct Dialog<'a> {
    scene: &'a Scene<'a>,
    cockpit: &'a Cockpit,
    form: &'a DecideForm,
    step: &'a Step,
    decision: &'a Decision,
    room: usize,
}

impl Dialog<'_> {
    fn choices(&self, local: &mut Local, buffer: &mut Buffer) {
        let mut lines = self.before();
        lines.extend(self.missing());
        let (mut from, mut to) = (0, 0);
        for at in 0..self.decision.choices.len() + 2 {
            let selected = at == self.form.selected;
            if selected {
                from = lines.len();
            }
            lines.push(self.heading(at, selected));
            if let Some(choice) = self.decision.choices.get(at) {
                lines.extend(self.about(choice));
                lines.extend(self.suggestion(at, choice));
            }
            if selected {
                to = lines.len();
            }
        }
        let mut hint = self.scene.hint(&[Command::Accept, Command::Dismiss]);
        if self.decision.many {
            let mut marks = self.scene.line(" space", Role::Key);
            marks.extend(self.scene.line(" mark ", Role::Muted));
            marks.extend(hint);
            hint = marks;
        }
        let size = (self.room, lines.len());
        let title = safe!("{}", self.step.title);
        let inside = boxes::dialog(buffer, size, title, &hint, self.scene.theme);
        let height = usize::from(inside.height);
        // The selected choice is seen whole; its first line where it is higher than the dialog.
        let total = lines.len();
        let top = follow(local.dialog, to.saturating_sub(1), height, total);
        let top = if self.form.selected == 0 && to <= height {
            0
        } else {
            top.min(from)
        };
        local.dialog = top;
        write_lines(&lines, top, buffer, inside);
        self.scene
            .more(buffer, inside, top > 0, top + height < total);
    }

    /// How it stands: what was decided before, by whom and when.
    fn before(&self) -> Vec<TextLine> {
        let Some(record) = self.cockpit.incident.decisions.get(&self.form.decision) else {
            return Vec::new();
        };
        let state = self.scene.state;
        let at = words::minute(record.at, state.now, &state.zone);
        let said = safe!(
            "Decided {at} by {}: {} ({}). To choose again revises it.",
            record.operator,
            record.chosen.join(", "),
            record.reason
        );
        let mut lines = self.scene.line(said, Role::Warning).wrap(self.room, 0);
        lines.push(TextLine::new());
        lines
    }

    /// Results that are not there: what to run first.
    fn missing(&self) -> Vec<TextLine> {
        let mut lines: Vec<TextLine> = self
            .form
            .missing
            .iter()
            .flat_map(|missing| {
                let line = self.scene.line("! ", Role::Doubt);
                line.with(missing, self.scene.theme.style(Role::Doubt))
                    .wrap(self.room, 2)
            })
            .collect();
        if !lines.is_empty() {
            lines.push(TextLine::new());
        }
        lines
    }

    fn heading(&self, at: usize, selected: bool) -> TextLine {
        let marked = self.form.marked.contains(&at);
        let mark = match (self.decision.many, marked || selected) {
            (true, _) => {
                if marked {
                    "☑ "
                } else {
                    "☐ "
                }
            }
            (false, true) => "● ",
            (false, false) => "○ ",
        };
        let mut line = self.scene.line(mark, Role::Text);
        if at < 9 {
            line.extend(self.scene.line(safe!("{} ", at + 1), Role::Key));
        }
        let name = choice_name(self.decision, at);
        let role = if at < self.decision.choices.len() {
            Role::Title
        } else {
            Role::Text
        };
        line.extend(self.scene.line(safe!("{name}"), role));
        let word = if at < self.decision.choices.len() {
            self.word(at)
        } else if name == NONE_OF_THESE {
            TextLine::new()
        } else {
            self.scene.line("the decision stays open", Role::Muted)
        };
        if line.width() + 1 + word.width() <= self.room {
            line.pad_to(self.room - word.width());
            line.extend(word);
        }
        if selected {
            line.pad_to(self.room);
            line = line.selected(self.scene.theme.style(Role::Selected));
        }
        line
    }

    fn found(&self, at: usize) -> Option<&Suggestion> {
        self.form.suggestions.as_ref()?.get(at)
    }

    /// One word beside a choice.
    fn word(&self, at: usize) -> TextLine {
        match self.found(at).map(|found| &found.suggested) {
            Some(Ok(true)) => self.scene.line("SUGGESTED", Role::Good),
            _ => TextLine::new(),
        }
    }

    /// The cells of a choice but its name and its expression, and what it opens.
    fn about(&self, choice: &Choice) -> Vec<TextLine> {
        let columns = self.decision.columns.iter().zip(&choice.cells).skip(1);
        let mut parts: Vec<String> = columns
            .filter(|(column, cell)| {
                !["suggest when", "then"].contains(&column.to_lowercase().as_str())
                    && !cell.is_empty()
            })
            .map(|(column, cell)| format!("{column}: {cell}"))
            .collect();
        parts.extend(
            choice
                .then
                .iter()
                .map(|target| match target.strip_prefix("playbook:") {
                    Some(id) => format!("→ playbook {}", id.trim()),
                    None => format!("→ {}", requires::title(&self.cockpit.playbook, target)),
                }),
        );
        if parts.is_empty() {
            return Vec::new();
        }
        self.indented(safe!("{}", parts.join(" · ")), Role::Muted)
    }

    fn suggestion(&self, at: usize, choice: &Choice) -> Vec<TextLine> {
        if choice.suggest_when.is_none() {
            return Vec::new();
        }
        let Some(found) = self.found(at) else {
            let word = if self.form.suggestions.is_some() {
                "cannot be computed: there is no answer for this choice"
            } else {
                "computing …"
            };
            return self.indented(SafeText::fixed(word), Role::Doubt);
        };
        let figures: Vec<String> = found
            .figures
            .iter()
            .map(|figure| format!("{} = {}", figure.of, figure.is))
            .collect();
        let figures = figures.join(", ");
        match &found.suggested {
            Err(error) => self.indented(safe!("cannot be computed: {error}"), Role::Doubt),
            Ok(true) if figures.is_empty() => {
                self.indented(SafeText::fixed("SUGGESTED"), Role::Good)
            }
            Ok(true) => self.indented(safe!("SUGGESTED: {figures}"), Role::Good),
            Ok(false) if figures.is_empty() => {
                self.indented(SafeText::fixed("not suggested"), Role::Muted)
            }
            Ok(false) => self.indented(safe!("not suggested: {figures}"), Role::Muted),
        }
    }

    fn indented(&self, text: SafeText, role: Role) -> Vec<TextLine> {
        let indent = if self.room > 3 * INDENT { INDENT } else { 0 };
        self.scene
            .line(text, role)
            .wrap(self.room - indent, 0)
            .into_iter()
            .map(|line| {
                let mut indented = self.scene.line(spaces(indent), Role::Text);
                indented.extend(line);
                indented
            })
            .collect()
    }

    fn reason(&self, buffer: &mut Buffer) {
        let Some(editor) = &self.form.reason else {
            return;
        };
        let chosen = self.form.chosen(self.decision);
        let mut lines = Vec::new();
        for (name, at) in chosen.iter().zip(self.form.positions()) {
            lines.extend(
                self.scene
                    .line(safe!("● {name}"), Role::Title)
                    .wrap(self.room, 2),
            );
            if let Some(choice) = self.decision.choices.get(at) {
                lines.extend(self.about(choice));
                lines.extend(self.suggestion(at, choice));
            }
        }
        lines.push(TextLine::new());
        let question = match self.form.reason_of_figures(self.decision) {
            Some(reason) => safe!("Why? Enter alone takes: {reason}"),
            None if chosen.iter().any(|name| name == NOT_YET_KNOWN) => {
                SafeText::fixed("What is still to be found out?")
            }
            None => self.why(),
        };
        lines.extend(self.scene.line(question, Role::Text).wrap(self.room, 0));
        let mut line = self.scene.line("› ", Role::Key);
        line.extend(editor_view::line(
            editor,
            self.room.saturating_sub(width("› ")),
            true,
            self.scene.theme,
        ));
        lines.push(line);
        if let Some(error) = &self.form.error {
            lines.extend(
                self.scene
                    .line(safe!("✗ {error}"), Role::Bad)
                    .wrap(self.room, 2),
            );
        }
        let hint = self
            .scene
            .hint(&[Command::TextAccept, Command::TextDismiss]);
        let size = (self.room, lines.len());
        let title = safe!("{}", self.step.title);
        let inside = boxes::dialog(buffer, size, title, &hint, self.scene.theme);
        // What is typed stays in sight when not everything fits.
        let top = lines.len().saturating_sub(inside.height.into());
        write_lines(&lines, top, buffer, inside);
    }

    /// The question, with what the results say otherwise.
    fn why(&self) -> SafeText {
        let suggested = self.form.suggested();
        if suggested.is_empty() {
            SafeText::fixed("Why?")
        } else {
            safe!("Why, when the results suggest {}?", suggested.join(", "))
        }
    }
}
