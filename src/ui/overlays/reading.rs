//! Dialogs to read: reference sections of the playbook, and what is wrong with it.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::model::diagnostic::Level;
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::Role;
use crate::ui::text::{TextLine, safe};
use crate::ui::{Local, prose};

/// A reference section; the title counts them.
pub fn reference(
    scene: &Scene<'_>,
    selected: usize,
    top: usize,
    local: &mut Local,
    buffer: &mut Buffer,
) {
    let sections = scene
        .cockpit()
        .map_or(&[][..], |cockpit| &cockpit.playbook.references);
    let room = Scene::room(buffer, 100);
    let at = (local.scrolled.entry("reference").or_default(), top);
    let Some(section) = sections.get(selected) else {
        let lines = [scene.line("This playbook has no reference sections.", Role::Muted)];
        scene.scroll(
            SafeText::fixed("Reference"),
            &lines,
            at,
            &[Command::Dismiss],
            buffer,
        );
        return;
    };
    let mut lines = prose::lines(&section.body, room, scene.theme);
    let actions = section
        .actions
        .iter()
        .filter_map(|id| scene.cockpit()?.playbook.action(id));
    for action in actions {
        lines.push(TextLine::new());
        lines.extend(
            scene
                .line(sanitize(&action.title), Role::Title)
                .with(
                    safe!("  {}", action.language.word()),
                    scene.theme.style(Role::Muted),
                )
                .wrap(room, 0),
        );
        let code = crate::model::prose::Prose::Code {
            language: String::new(),
            text: action.text.clone(),
        };
        lines.extend(prose::block(&code, room, scene.theme));
    }
    let title = safe!(
        "Reference {}/{} · {}",
        selected + 1,
        sections.len(),
        section.title
    );
    let commands = [
        Command::Dismiss,
        Command::NextSection,
        Command::PreviousSection,
    ];
    scene.scroll(title, &lines, at, &commands, buffer);
}

/// Findings of the loader and the linter, errors first as they came.
pub fn diagnostics(scene: &Scene<'_>, top: usize, local: &mut Local, buffer: &mut Buffer) {
    let Some(cockpit) = scene.cockpit() else {
        return;
    };
    let room = Scene::room(buffer, 110);
    let mut lines = Vec::new();
    if cockpit.playbook_differs {
        let text = "The playbook's file was changed since this incident opened; the text of the opening is in force.";
        lines.extend(scene.line(text, Role::Warning).wrap(room, 0));
    }
    for diagnostic in &cockpit.diagnostics {
        let (line, column) = cockpit.playbook.source.line_column(diagnostic.span.start);
        let (word, role) = match diagnostic.level {
            Level::Error => ("error", Role::Bad),
            Level::Warning => ("warning", Role::Warning),
        };
        let mut text = scene.line(safe!("{line}:{column} "), Role::Muted);
        text.push(word, scene.theme.style(role));
        text.push(
            safe!(" {}", diagnostic.message),
            scene.theme.style(Role::Text),
        );
        text.push(
            safe!("  [{}]", diagnostic.code),
            scene.theme.style(Role::Muted),
        );
        lines.extend(text.wrap(room, 4));
        if let Some(help) = &diagnostic.help {
            lines.extend(scene.line(safe!("    {help}"), Role::Good).wrap(room, 4));
        }
    }
    if lines.is_empty() {
        lines.push(scene.line("Nothing is wrong with this playbook.", Role::Good));
    }
    let title = safe!("Problems in {}", cockpit.playbook.source.path);
    let at = (local.scrolled.entry("problems").or_default(), top);
    scene.scroll(title, &lines, at, &[Command::Dismiss], buffer);
}
