//! The program on a terminal, or on paper: from the first frame to the exit code.
//!
//! The first frame waits for nothing but the configuration: library, store and sources are read beside it.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::ending::Ending;
use super::event_loop::EventLoop;
use super::events::Events;
use super::perform::Performer;
use super::session::Workplace;
use super::terminal::{self, Screen};
use super::{clock, signals};
use crate::engine::command::Keys;
use crate::engine::effect::{Effect, Purpose};
use crate::engine::event::EventKind;
use crate::engine::state::State;
use crate::engine::{Setup, Start, start};
use crate::keymap::Chord;
use crate::layout::Layouts;
use crate::model::ids::IncidentId;
use crate::model::limits;
use crate::theme::Theme;
use crate::ui::{Local, screenshot};

/// Threads that run tasks: sources wait for networks, they do not compute.
const WORKERS: usize = 2;
/// What a terminal that hung up ends the program with: 128 and SIGHUP.
const HUNG_UP: u8 = 129;

/// What the program is to show.
pub struct Program {
    /// Configuration, places, library.
    pub workplace: Arc<Workplace>,
    /// Which key does what.
    pub keys: Keys,
    /// The layouts to choose from.
    pub layouts: Layouts,
    /// How roles look.
    pub theme: Theme,
    /// What it was started for.
    pub start: Start,
}

/// A step of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptStep {
    /// A key is pressed.
    Press(Chord),
    /// A text is typed, character by character.
    Type(String),
    /// Simulated time passes.
    Wait(Duration),
}

/// What a script ended with.
pub struct Played {
    /// The last screen.
    pub svg: String,
    /// The incident that was open at the end.
    pub incident: Option<IncidentId>,
}

impl Program {
    /// Works on the terminal until the operator leaves or something ends the process. Returns only when it cannot begin.
    pub fn on_terminal(self) -> io::Error {
        match self.try_on_terminal() {
            Ok(never) => match never {},
            Err(error) => {
                terminal::leave();
                error
            }
        }
    }

    fn try_on_terminal(self) -> io::Result<Infallible> {
        let ending = Arc::new(Ending::default());
        let (key_sender, keys) = mpsc::channel(limits::EVENTS);
        terminal::enter()?;
        ending.end_on_panic();
        let sizes = key_sender.clone();
        signals::watch(Arc::clone(&ending), move |(columns, rows)| {
            // A full queue means that the loop is awake and will draw anyway.
            let _ = sizes.try_send(EventKind::Resized(columns, rows));
        })?;
        let size = terminal::size();
        let mut screen = Screen::default();
        let (state, effects) = self.first_state(size);
        let tasks = tasks()?;
        let mut event_loop = self.event_loop(state, Local::default(), keys, &ending, &tasks);
        event_loop.perform(effects);
        std::thread::Builder::new()
            .name("keys".into())
            .spawn(move || {
                terminal::read_events(|event| key_sender.blocking_send(event).is_ok());
            })?;
        let left = tasks.block_on(event_loop.run(&mut screen));
        let open = event_loop.state.cockpit().map(|cockpit| {
            let short = cockpit.incident.id.short();
            format!("incident {short} stays open: quarterdeck resume {short}")
        });
        // Nobody listens to tasks any more. They end while the process does: with their threads gone, a script would be
        // killed that is to go on.
        drop(event_loop);
        match left {
            Ok(code) => ending.quit(code, open.as_deref()),
            Err(_) => ending.end("hang-up", HUNG_UP),
        }
    }

    /// Works without a terminal through the steps of a script, each when nothing is under way any more, and returns the last screen as SVG. The error says
    /// why there is no incident to show.
    pub fn on_paper(self, size: (u16, u16), steps: Vec<ScriptStep>) -> Result<Played, String> {
        let ending = Arc::new(Ending::default());
        let wants_incident = !matches!(self.start, Start::Home);
        // Keys that are meant for one incident never go on to open another one.
        let lost = |state: &State| {
            wants_incident && state.cockpit().is_none() && state.overlays.is_empty()
        };
        let mut steps = steps.into_iter();
        let wait = match &self.start {
            Start::Open(request) if matches!(request.purpose, Purpose::Drill(_)) => {
                limits::SCRIPT_WAIT
            }
            _ => limits::SCREENSHOT_WAIT,
        };
        let (_keys, keys) = mpsc::channel(1);
        let theme = self.theme.clone();
        let (state, effects) = self.first_state(size);
        let tasks = tasks().map_err(|error| format!("start tasks: {error}"))?;
        let mut event_loop = self.event_loop(state, Local::default(), keys, &ending, &tasks);
        event_loop.perform(effects);
        tasks.block_on(async {
            event_loop.catch_up(wait).await;
            while event_loop.state.quit.is_none() && !lost(&event_loop.state) {
                let Some(step) = steps.next() else { break };
                match step {
                    ScriptStep::Press(key) => event_loop.press(key),
                    ScriptStep::Type(text) => event_loop.type_text(&text),
                    ScriptStep::Wait(time) => {
                        event_loop.pass(time, wait).await;
                    }
                }
                event_loop.catch_up(wait).await;
            }
        });
        let state = &event_loop.state;
        if lost(state) {
            let message = state.message.as_ref();
            let reason =
                message.map_or("the incident is not open", |message| message.text.as_str());
            return Err(match steps.len() {
                0 => reason.to_owned(),
                left => format!("{reason}; {left} keys, texts and waits were left out"),
            });
        }
        let buffer = screenshot::render(state, &theme, size.0, size.1);
        let played = Played {
            svg: screenshot::svg(&buffer, &title(state)),
            incident: state.cockpit().map(|cockpit| cockpit.incident.id),
        };
        let reason = "nothing more to press".to_owned();
        event_loop.perform(vec![Effect::Detach {
            reason: reason.clone(),
        }]);
        ending.wind_down(&reason, Instant::now() + limits::HANGUP_GRACE);
        Ok(played)
    }

    fn first_state(&self, size: (u16, u16)) -> (State, Vec<Effect>) {
        let config = self.workplace.config();
        let setup = Setup {
            now: clock::now(),
            size,
            // A zone that is not known was reported with the configuration's other mistakes.
            zone: zone(&config.timezone.value),
            operator: config.operator.name.clone(),
            keys: self.keys.clone(),
            layouts: self.layouts.clone(),
        };
        start(setup, self.start.clone())
    }

    fn event_loop(
        self,
        state: State,
        local: Local,
        keys: mpsc::Receiver<EventKind>,
        ending: &Arc<Ending>,
        tasks: &Runtime,
    ) -> EventLoop {
        let (events, messages) = Events::channel();
        let performer = Performer::new(
            self.workplace,
            Arc::clone(ending),
            events,
            tasks.handle().clone(),
        );
        EventLoop {
            state,
            local,
            theme: self.theme,
            keys,
            messages,
            performer,
        }
    }
}

/// The threads that tasks run on.
fn tasks() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("tasks")
        .enable_all()
        .build()
}

/// The zone of this name. Looking one up reads the system's whole list, which UTC does not need.
fn zone(name: &str) -> jiff::tz::TimeZone {
    if name.eq_ignore_ascii_case("utc") {
        return jiff::tz::TimeZone::UTC;
    }
    jiff::tz::TimeZone::get(name).unwrap_or(jiff::tz::TimeZone::UTC)
}

fn title(state: &State) -> String {
    state.cockpit().map_or_else(
        || "Quarterdeck".to_owned(),
        |cockpit| format!("Quarterdeck: {}", cockpit.incident.title),
    )
}
