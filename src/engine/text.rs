//! Dialogs: text that is typed, things that are chosen or read.

use crate::keymap::{Chord, Key};
use crate::model::Timestamp;
use crate::model::safe_text::{SafeText, sanitize};
use crate::record::entry::Body;

use super::command::{Command, is_text};
use super::effect::Effect;
use super::keys::palette_matches;
use super::state::{Chosen, Overlay, Purpose};
use super::turn::Turn;
use crate::editor::Editor;

impl Turn<'_> {
    /// A key in the topmost dialog, which has a text field.
    pub(super) fn text_key(&mut self, command: Option<Command>, chord: Chord) {
        let Some(mut overlay) = self.state.overlays.pop() else {
            return;
        };
        overlay = match overlay {
            Overlay::Gate(form) => return self.gate_key(form, command, chord),
            Overlay::Draft(form) => return self.draft_key(form, command, chord),
            Overlay::Decide(form) => return self.decide_key(form, command, chord),
            other => other,
        };
        let newline = chord.key == Key::Enter && !chord.ctrl;
        match (command, &mut overlay) {
            (Some(Command::TextDismiss), _) => return,
            (Some(Command::TextAccept), Overlay::Query { editor, .. }) if newline => {
                editor.feed(chord);
            }
            (None, Overlay::Note { editor, .. }) if newline && chord.alt => {
                editor.feed(Chord::plain(Key::Enter));
            }
            (Some(Command::TextAccept), _) => return self.accept_text(overlay),
            (Some(Command::NextField), Overlay::Form(form)) => {
                form.selected = (form.selected + 1) % form.fields.len().max(1);
            }
            (Some(Command::PreviousField), Overlay::Form(form)) => {
                let fields = form.fields.len().max(1);
                form.selected = (form.selected + fields - 1) % fields;
            }
            (
                Some(Command::NextField),
                Overlay::Palette {
                    selected, matches, ..
                },
            ) => {
                *selected = (*selected + 1).min(matches.len().saturating_sub(1));
            }
            (Some(Command::PreviousField), Overlay::Palette { selected, .. }) => {
                *selected = selected.saturating_sub(1);
            }
            (
                _,
                Overlay::Palette {
                    filter,
                    matches,
                    selected,
                },
            ) => {
                filter.feed(chord);
                *matches = palette_matches(self.state, &filter.content());
                *selected = 0;
            }
            (_, overlay) => {
                if let Some(editor) = overlay.editor() {
                    editor.feed(chord);
                }
            }
        }
        self.state.overlays.push(overlay);
    }

    pub(super) fn paste_into_dialog(&mut self, text: &str) {
        if let Some(Overlay::Gate(form)) = self.state.overlays.last_mut() {
            return form.paste(text);
        }
        if let Some(editor) = self.state.overlays.last_mut().and_then(Overlay::editor) {
            editor.paste(text);
        }
    }

    fn accept_text(&mut self, overlay: Overlay) {
        match overlay {
            Overlay::Form(form) => self.accept_form(form),
            Overlay::Query { action, editor } => self.plan(&action, Some(editor.content())),
            Overlay::Note { editor, .. } => self.accept_note(editor),
            Overlay::Ask {
                purpose, editor, ..
            } => self.accept_answer(purpose, editor),
            Overlay::Palette {
                matches, selected, ..
            } => {
                if let Some(command) = matches.get(selected) {
                    self.run_command(*command);
                }
            }
            other => self.open_overlay(other),
        }
    }

    fn accept_note(&mut self, editor: Editor) {
        let content = editor.content();
        let (happened_at, text) = match split_time(&content, self.state.now, &self.state.zone) {
            Ok(split) => split,
            Err(error) => {
                self.open_overlay(Overlay::Note {
                    editor,
                    error: Some(sanitize(&error)),
                });
                return;
            }
        };
        if text.trim().is_empty() {
            let error = Some(SafeText::fixed("a note needs text; Esc leaves without one"));
            self.open_overlay(Overlay::Note { editor, error });
            return;
        }
        let step = self.state.cockpit().map(|cockpit| cockpit.step.clone());
        self.append(Body::NoteAdded {
            text: text.trim().to_owned(),
            happened_at,
            step,
            evidence: None,
        });
    }

    fn accept_answer(&mut self, purpose: Purpose, editor: Editor) {
        let mut answer = editor.content().trim().to_owned();
        let is_role = matches!(purpose, Purpose::Role(_) | Purpose::RoleForMessage(..));
        // Whoever is alone at 03:00 has every role: no name means oneself.
        if answer.is_empty() && is_role {
            answer.clone_from(&self.state.operator);
        }
        let may_be_empty = match &purpose {
            Purpose::SkipStep(step) => self
                .state
                .cockpit()
                .and_then(|cockpit| cockpit.playbook.step(step))
                .is_some_and(|step| step.optional),
            _ => false,
        };
        if answer.is_empty() && !may_be_empty {
            let error = Some(SafeText::fixed(
                "this needs an answer; Esc leaves without one",
            ));
            self.open_overlay(Overlay::Ask {
                purpose,
                editor,
                error,
            });
            return;
        }
        match purpose {
            Purpose::SkipStep(step) => {
                self.append(Body::StepSkipped {
                    step: step.clone(),
                    reason: answer,
                });
                self.show_next_open_step(&step);
            }
            Purpose::DoneWithout(step) => self.finish_step(&step, answer),
            Purpose::NotApplicable(check) => {
                self.append(Body::CheckTicked {
                    check,
                    not_applicable: Some(answer),
                });
            }
            Purpose::Settle {
                action,
                intent,
                done,
            } => {
                self.append(Body::ActionResolved {
                    intent,
                    action,
                    done,
                    note: answer,
                });
            }
            Purpose::Waive(_)
            | Purpose::WaiveThenRun(..)
            | Purpose::Severity(_)
            | Purpose::Milestone(_)
            | Purpose::ClockMissed(..)
            | Purpose::ClockWaived(_)
            | Purpose::ClockMet(..)
            | Purpose::FollowUp
            | Purpose::Resolve
            | Purpose::Close
            | Purpose::Reopen
            | Purpose::MessageSent { .. }
            | Purpose::EvidenceNote(_) => self.answered(purpose, answer),
            Purpose::Search => self.start_search(answer),
            Purpose::Role(role) => self.append(Body::RoleAssigned {
                role,
                person: answer,
            }),
            Purpose::RoleForMessage(role, message) => {
                self.append(Body::RoleAssigned {
                    role,
                    person: answer,
                });
                self.write_message(&message);
            }
        }
    }

    /// A key in the topmost dialog, which has none.
    #[expect(
        clippy::too_many_lines,
        reason = "one match over every dialog reads best whole"
    )]
    pub(super) fn dialog_key(&mut self, command: Option<Command>, chord: Chord) {
        let Some(mut overlay) = self.state.overlays.pop() else {
            return;
        };
        if command == Some(Command::Dismiss) {
            self.dismissed(&overlay);
            return;
        }
        // `y` is a key of dialogs too, where a sign-in shows its code.
        if matches!(command, None | Some(Command::CopyCode)) && self.row_detail_key(&overlay, chord)
        {
            return;
        }
        overlay = match overlay {
            Overlay::Decide(form) => return self.decide_key(form, command, chord),
            Overlay::Clocks { selected } => return self.clocks_key(selected, command, chord),
            Overlay::Evidence { selected } => return self.evidence_key(selected, command, chord),
            Overlay::Closing { selected } => return self.closing_key(selected, command, chord),
            other => other,
        };
        match (&mut overlay, command) {
            (
                Overlay::Choose {
                    items, selected, ..
                },
                Some(Command::Accept),
            ) => {
                if let Some((_, chosen)) = items.get(*selected).cloned() {
                    self.choose(chosen);
                }
                return;
            }
            (
                Overlay::Choose {
                    items, selected, ..
                },
                command,
            ) => {
                if let Some(position) = digit(chord).filter(|position| *position < items.len()) {
                    let chosen = items.get(position).map(|(_, chosen)| chosen.clone());
                    if let Some(chosen) = chosen {
                        self.choose(chosen);
                    }
                    return;
                }
                move_within(selected, items.len(), 10, command);
            }
            (Overlay::Send { run, .. }, Some(Command::Accept)) => return self.send(*run),
            (Overlay::Send { run, .. }, Some(Command::EditSend)) => return self.edit_planned(*run),
            (Overlay::SignIn { prompt, .. }, command) => {
                let prompt = prompt.clone();
                if !self.sign_in_key(&prompt, command) {
                    return;
                }
            }
            (Overlay::Told { .. }, Some(Command::Accept)) => return,
            (Overlay::RowDetail { hex, .. }, Some(Command::Hex)) => *hex = !*hex,
            (
                Overlay::RowDetail {
                    selected, cells, ..
                },
                command,
            ) => {
                let count = cells.as_ref().map_or(0, Vec::len);
                move_within(selected, count, 10, command);
            }
            (Overlay::Reference { selected, top }, command) => {
                if let (Some(position), None) = (digit(chord), command) {
                    let section = *selected;
                    self.state.overlays.push(overlay);
                    self.run_reference_action(section, position);
                    return;
                }
                let sections = self
                    .state
                    .cockpit()
                    .map_or(0, |cockpit| cockpit.playbook.references.len());
                match command {
                    Some(Command::NextSection) => {
                        *selected = (*selected + 1).min(sections.saturating_sub(1));
                        *top = 0;
                    }
                    Some(Command::PreviousSection) => {
                        *selected = selected.saturating_sub(1);
                        *top = 0;
                    }
                    other => scroll(top, other),
                }
            }
            (
                Overlay::Help { top }
                | Overlay::Send { top, .. }
                | Overlay::Diagnostics { top }
                | Overlay::Entry { top, .. },
                command,
            ) => {
                if command == Some(Command::Accept) {
                    return;
                }
                scroll(top, command);
            }
            (
                Overlay::Form(_)
                | Overlay::Query { .. }
                | Overlay::Note { .. }
                | Overlay::Ask { .. }
                | Overlay::Palette { .. }
                | Overlay::Gate(_)
                | Overlay::Draft(_)
                | Overlay::Decide(_)
                | Overlay::Clocks { .. }
                | Overlay::Evidence { .. }
                | Overlay::Walk { .. }
                | Overlay::Told { .. }
                | Overlay::Closing { .. },
                _,
            ) => {}
        }
        self.state.overlays.push(overlay);
    }

    fn dismissed(&mut self, overlay: &Overlay) {
        if let Overlay::Send { run, .. } = overlay {
            if let Some(cockpit) = self.cockpit() {
                cockpit.runs.remove(run);
            }
            self.say("not sent");
        }
    }

    pub(super) fn choose(&mut self, chosen: Chosen) {
        match chosen {
            Chosen::Open(request) => self.effect(Effect::Open(*request)),
            Chosen::Bind { input, value } => self.bind_value(&input, &value),
            Chosen::Tick(check) => self.tick_check(&check),
            Chosen::Edit(action) => self.edit(&action),
            Chosen::SettleAction(action) => self.ask_settle(&action),
            Chosen::Settle {
                action,
                intent,
                done,
            } => self.open_overlay(Overlay::Ask {
                purpose: Purpose::Settle {
                    action,
                    intent,
                    done,
                },
                editor: Editor::line(""),
                error: None,
            }),
            Chosen::Role(role) => self.open_overlay(Overlay::Ask {
                purpose: Purpose::Role(role),
                editor: Editor::line(""),
                error: None,
            }),
            Chosen::AdoptPlaybook => self.effect(Effect::AdoptPlaybook),
            Chosen::Severity(severity) => self.ask_severity_change(severity),
            Chosen::Milestone(milestone) => self.ask(Purpose::Milestone(milestone)),
            Chosen::Message(action) => self.write_message(&action),
            Chosen::Channel(channel) => self.send_message(&channel),
            Chosen::GoTo(step) => {
                if let Some(cockpit) = self.cockpit() {
                    cockpit.show_step(step);
                }
            }
            Chosen::Proposal(action) => self.accept_proposal_of(&action),
            Chosen::Waive(step) => self.ask(Purpose::Waive(step)),
            Chosen::EvidenceNote(item) => self.ask(Purpose::EvidenceNote(item)),
            Chosen::ClockMissed(clock, due) => self.ask(Purpose::ClockMissed(clock, due)),
            Chosen::ClockWaived(clock) => self.ask(Purpose::ClockWaived(clock)),
            Chosen::ClockMet(clock, due) => self.ask(Purpose::ClockMet(clock, due)),
            Chosen::Attach(playbook) => self.attach(playbook),
            Chosen::Resolve => self.ask(Purpose::Resolve),
            Chosen::Close => self.close_incident(),
            Chosen::Reopen => self.ask(Purpose::Reopen),
            Chosen::CopyPath(path) => {
                self.effect(Effect::Copy(path));
                self.say("the path is copied");
            }
            Chosen::Quit => self.quit_now(),
        }
    }
}

impl Overlay {
    /// The text field that has the cursor.
    pub(super) fn editor(&mut self) -> Option<&mut Editor> {
        match self {
            Self::Form(form) => form.fields.get_mut(form.selected).map(|field| {
                field.error = None;
                &mut field.editor
            }),
            Self::Query { editor, .. } => Some(editor),
            Self::Note { editor, error } | Self::Ask { editor, error, .. } => {
                *error = None;
                Some(editor)
            }
            Self::Palette { filter, .. } => Some(filter),
            Self::Draft(form) => Some(form.typed()),
            Self::Gate(form) => form.field(),
            Self::Decide(form) => form.reason.as_mut(),
            _ => None,
        }
    }
}

/// Position of a digit key, from 0.
pub(super) fn digit(chord: Chord) -> Option<usize> {
    match chord.key {
        Key::Char(character) if is_text(chord) => character
            .to_digit(10)
            .and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1)),
        _ => None,
    }
}

/// Moves a selection by a command, staying inside.
pub(super) fn move_within(
    selected: &mut usize,
    count: usize,
    page: usize,
    command: Option<Command>,
) {
    let last = count.saturating_sub(1);
    *selected = match command {
        Some(Command::Up) => selected.saturating_sub(1),
        Some(Command::Down) => *selected + 1,
        Some(Command::PageUp) => selected.saturating_sub(page),
        Some(Command::PageDown) => *selected + page,
        Some(Command::First) => 0,
        Some(Command::Last) => last,
        _ => *selected,
    }
    .min(last);
}

/// Scrolls text; the screen stops at its last line.
pub(super) fn scroll(top: &mut usize, command: Option<Command>) {
    move_within(top, SCROLL_LINES, 10, command);
}

/// Lines of the longest text a dialog shows; the screen clips to what there is.
const SCROLL_LINES: usize = 10_000;

/// Splits `@03:10 text` or `@2026-01-31T03:10Z text` into the time it happened and the rest. A time of day means the
/// last such time before now in the zone shown on screen.
fn split_time(
    text: &str,
    now: Timestamp,
    zone: &jiff::tz::TimeZone,
) -> Result<(Option<Timestamp>, String), String> {
    let Some(rest) = text.strip_prefix('@') else {
        return Ok((None, text.to_owned()));
    };
    let (time, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let at = parse_time(time, now, zone).ok_or_else(|| {
        format!("expected a time such as @03:10 or @2026-01-31T03:10:00Z, found @{time}")
    })?;
    if at > now {
        return Err(format!("@{time} is in the future"));
    }
    Ok((Some(at), rest.to_owned()))
}

/// Splits the time since when something is so from how that is known: `03:10 the customer called`, with or without `@`
/// or `since` in front. Without a time it is so from now on.
pub(super) fn split_since(
    answer: &str,
    now: Timestamp,
    zone: &jiff::tz::TimeZone,
) -> Result<(Option<Timestamp>, String), String> {
    let bare = answer.strip_prefix("since ").unwrap_or(answer).trim_start();
    let marked = bare.starts_with('@');
    let bare = bare.strip_prefix('@').unwrap_or(bare);
    // A day and a time of day are two words.
    let ends = bare.match_indices(char::is_whitespace).map(|(at, _)| at);
    let mut ends: Vec<usize> = ends.take(2).collect();
    ends.push(bare.len());
    let timed = ends.iter().rev().find_map(|end| {
        let (time, rest) = bare.split_at_checked(*end)?;
        let time = time.trim_end_matches([',', ':', ';', '.']);
        let at = time.contains(':').then(|| parse_time(time, now, zone))??;
        Some((at, time, rest.trim()))
    });
    match timed {
        Some((at, time, _)) if at > now => Err(format!("{time} is in the future")),
        Some((_, _, "")) => Err("say behind the time how you know".to_owned()),
        Some((at, _, rest)) => Ok((Some(at), rest.to_owned())),
        None if marked => Err(format!(
            "expected a time such as 03:10 or 2026-01-31 03:10 in front, found @{}",
            bare.split_whitespace().next().unwrap_or_default()
        )),
        None => Ok((None, answer.to_owned())),
    }
}

fn parse_time(text: &str, now: Timestamp, zone: &jiff::tz::TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let in_zone = |local: jiff::civil::DateTime| {
        let zoned = local.to_zoned(zone.clone()).ok();
        zoned.map(|zoned| zoned.timestamp())
    };
    // A day without a time of day would be its midnight, which nobody means.
    if let (Ok(local), true) = (text.parse(), text.contains(':') && text.contains('-')) {
        return in_zone(local);
    }
    let time: jiff::civil::Time = text.parse().ok()?;
    let today = now.to_zoned(zone.clone()).date();
    let at = |date: jiff::civil::Date| in_zone(date.to_datetime(time));
    match at(today) {
        Some(at) if at <= now => Some(at),
        _ => at(today.yesterday().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_may_carry_the_time_it_happened() {
        let now: Timestamp = "2026-01-31T03:12:00Z".parse().unwrap();
        let zone = jiff::tz::TimeZone::UTC;
        let split = |text: &str| {
            split_time(text, now, &zone).map(|(at, rest)| (at.map(|at| at.to_string()), rest))
        };
        assert_eq!(split("saw it"), Ok((None, "saw it".into())));
        assert_eq!(
            split("@03:10 saw it"),
            Ok((Some("2026-01-31T03:10:00Z".into()), "saw it".into()))
        );
        assert_eq!(
            split("@23:50 late"),
            Ok((Some("2026-01-30T23:50:00Z".into()), "late".into()))
        );
        assert_eq!(
            split("@2026-01-30T10:00:00+02:00 x"),
            Ok((Some("2026-01-30T08:00:00Z".into()), "x".into()))
        );
        assert_eq!(
            split("@2026-01-30T22:15 x"),
            Ok((Some("2026-01-30T22:15:00Z".into()), "x".into()))
        );
        assert!(split("@noon x").is_err());
        assert!(split("@2027-01-01T00:00:00Z x").is_err());
    }

    #[test]
    fn a_milestone_is_reached_at_the_time_in_front() {
        let now: Timestamp = "2026-01-31T03:12:00Z".parse().unwrap();
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let split = |text: &str| {
            split_since(text, now, &zone).map(|(at, rest)| (at.map(|at| at.to_string()), rest))
        };
        let at = |time: &str| Some(format!("2026-01-{time}:00Z"));
        for (answer, since, reason) in [
            ("the customer called", None, "the customer called"),
            ("12 orgs are hit", None, "12 orgs are hit"),
            ("03:10 it was seen", at("31T02:10"), "it was seen"),
            ("@03:10 it was seen", at("31T02:10"), "it was seen"),
            ("since 03:10, a call", at("31T02:10"), "a call"),
            ("23:50 late", at("30T22:50"), "late"),
            ("2026-01-28 09:30 mail", at("28T08:30"), "mail"),
            ("2026-01-28T09:30Z: mail", at("28T09:30"), "mail"),
        ] {
            assert_eq!(split(answer), Ok((since, reason.into())), "{answer}");
        }
        for (answer, error) in [
            ("03:10", "how you know"),
            ("@noon a call", "expected a time"),
            ("2026-02-01 09:00 x", "in the future"),
        ] {
            assert!(split(answer).unwrap_err().contains(error), "{answer}");
        }
    }
}
