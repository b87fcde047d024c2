//! The loop: one consumer of two queues, the keys first. It draws when nothing waits, and sleeps until something happens.
//!
//! It never waits for a task and never sends to one, so a key is never behind a disk or a network.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

use super::clock;
use super::events::Message;
use super::perform::Performer;
use super::terminal::Screen;
use crate::engine::effect::Effect;
use crate::engine::event::{Event, EventKind};
use crate::engine::state::{self, Overlay, State};
use crate::engine::{next_wake, update};
use crate::keymap::{Chord, Key};
use crate::model::limits;
use crate::theme::Theme;
use crate::ui::{self, Local};

/// The shortest sleep: a clock that is asked twice within a millisecond does not move.
const SLEEP_MIN: Duration = Duration::from_millis(1);

/// Everything the loop works with.
pub struct EventLoop {
    /// What is known.
    pub state: State,
    /// What drawing remembers.
    pub local: Local,
    /// How roles look.
    pub theme: Theme,
    /// Keys, pastes and sizes.
    pub keys: Receiver<EventKind>,
    /// What tasks tell.
    pub messages: Receiver<Message>,
    /// Who does what the engine asks for.
    pub performer: Performer,
}

/// How long a screen without a terminal waits for the next event before it looks again whether there will be one.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What the loop took next.
enum Next {
    Event(EventKind),
    Message(Message),
}

impl EventLoop {
    /// Does what the engine asked for.
    pub fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.performer.perform(effect);
        }
    }

    /// Works until the engine says quit, and returns its exit code.
    pub async fn run(&mut self, screen: &mut Screen) -> std::io::Result<u8> {
        loop {
            if let Some(code) = self.state.quit {
                return Ok(code);
            }
            draw(&self.state, &mut self.local, &self.theme, screen)?;
            self.turn().await;
        }
    }

    /// Works without a screen until nothing is under way any more, or the time is up.
    pub async fn settle(&mut self, limit: Duration) {
        let end = Instant::now() + limit;
        loop {
            // Work tells what it found before it counts as done: what it told waits here then.
            let busy = self.performer.is_busy() || !self.messages.is_empty();
            let left = end.saturating_duration_since(Instant::now());
            if (self.is_settled() && !busy) || left.is_zero() {
                return;
            }
            // Work may also end without a word.
            let _ = tokio::time::timeout(left.min(LOOK_AGAIN), self.turn()).await;
        }
    }

    /// The same, and then the drill takes in what was recorded, until that brings nothing new. With time that runs by itself the drill does so on its own.
    pub async fn catch_up(&mut self, limit: Duration) {
        loop {
            self.settle(limit).await;
            if !self.performer.step_drill() {
                return;
            }
        }
    }

    /// Lets time pass that stands still otherwise: to each moment at which something is due, and then to the end.
    pub async fn pass(&mut self, time: Duration, limit: Duration) {
        let end = clock::now()
            .checked_add(time)
            .unwrap_or_else(|_| clock::now());
        loop {
            let due = next_wake(&self.state)
                .into_iter()
                .chain(self.performer.drill_due());
            let next = due
                .filter(|due| *due > clock::now())
                .min()
                .unwrap_or(end)
                .min(end);
            clock::step_to(next);
            self.handle(Next::Event(EventKind::Ticked));
            self.catch_up(limit).await;
            if next >= end || self.state.quit.is_some() {
                return;
            }
        }
    }

    /// Types a text, as the terminal would.
    pub fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.press(Chord::plain(Key::Char(character)));
        }
    }

    /// Presses a key, as the terminal would.
    pub fn press(&mut self, chord: Chord) {
        self.handle(Next::Event(EventKind::Key(chord)));
    }

    /// Waits for an event, handles it and those that came with it.
    async fn turn(&mut self) {
        let first = self.next().await;
        let begun = Instant::now();
        self.handle(first);
        for _ in 1..limits::EVENTS_PER_FRAME {
            if self.state.quit.is_some() || begun.elapsed() >= limits::FRAME_TIME {
                return;
            }
            let next = match self.keys.try_recv() {
                Ok(event) => Next::Event(event),
                Err(_) => match self.messages.try_recv() {
                    Ok(message) => Next::Message(message),
                    Err(_) => return,
                },
            };
            self.handle(next);
        }
    }

    async fn next(&mut self) -> Next {
        let wake = next_wake(&self.state)
            .and_then(clock::until)
            .map(|sleep| sleep.max(SLEEP_MIN));
        let due = async {
            match wake {
                Some(sleep) => tokio::time::sleep(sleep).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Keys first: a flood of rows must not stand before the key that stops it.
            biased;
            Some(event) = self.keys.recv() => Next::Event(event),
            Some(message) = self.messages.recv() => Next::Message(message),
            () = due => Next::Event(EventKind::Ticked),
        }
    }

    fn handle(&mut self, next: Next) {
        let kind = match next {
            Next::Event(kind) | Next::Message(Message::Event(kind)) => kind,
            Next::Message(Message::Attached(session, opened)) => {
                self.performer.attach(*session);
                EventKind::Opened(opened)
            }
        };
        if let EventKind::Finished { run, .. } = &kind {
            self.performer.ended(*run);
        }
        let event = Event {
            now: clock::now(),
            kind,
        };
        let effects = update(&mut self.state, event);
        self.perform(effects);
    }

    /// True when nothing is on its way that would change the screen by itself soon.
    fn is_settled(&self) -> bool {
        match &self.state.screen {
            state::Screen::Opening(_) => !self.state.overlays.is_empty(),
            state::Screen::Home(home) => home.loaded,
            state::Screen::Cockpit(cockpit) => {
                // A request that is shown waits for the operator, not for us; so does a write whose preview has come: the preview is a run of its own.
                let waits = |run: &state::Run| {
                    matches!(
                        run.phase,
                        state::RunPhase::Confirming(_) | state::RunPhase::Previewing(_)
                    )
                };
                let sorts = |result: &state::ActionResult| matches!(&result.content, state::Content::Table(table) if table.busy);
                cockpit.runs.values().all(waits)
                    && cockpit.pending.is_empty()
                    && !cockpit.results.values().any(sorts)
                    && !self.state.overlays.iter().any(is_awaited)
                    && cockpit.watches.iter().all(|watch| {
                        watch.run.is_none()
                            && watch.next_poll.is_none_or(|due| due > self.state.now)
                    })
            }
        }
    }
}

/// Whether a dialog still waits for what it is to show.
const fn is_awaited(overlay: &Overlay) -> bool {
    match overlay {
        Overlay::RowDetail { cells, .. } => cells.is_none(),
        Overlay::Decide(form) => form.suggestions.is_none(),
        _ => false,
    }
}

/// Draws a state on a screen: only the part that may look different, where that can be told.
fn draw(
    state: &State,
    local: &mut Local,
    theme: &Theme,
    screen: &mut Screen,
) -> std::io::Result<()> {
    match ui::part::area(state, local) {
        Some(area) if screen.shows(state.size) => screen.draw_part(area, |buffer| {
            ui::part::paint(state, local, theme, buffer);
        }),
        _ => screen.draw(state.size, |buffer| ui::paint(state, local, theme, buffer)),
    }
}
