//! Opening: the first state, an incident that was opened or resumed, and what may go wrong on the way.

use std::collections::{BTreeMap, VecDeque};

use indexmap::IndexMap;

use crate::incident::view::View;
use crate::layout::{Layouts, PaneKind};
use crate::model::Timestamp;
use crate::model::diagnostic::Level;
use crate::model::ids::IncidentId;
use crate::model::safe_text::{SafeText, sanitize};

use super::adopt;
use super::command::Keys;
use super::effect::{Effect, OpenRequest};
use super::event::Opened;
use super::state::{Chosen, Cockpit, Home, Overlay, Recording, Screen, State, Timeline, Watch};
use super::turn::Turn;

/// What the state begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Now.
    pub now: Timestamp,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Zone in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// Who works here.
    pub operator: String,
    /// Keys with the user's changes.
    pub keys: Keys,
    /// Layouts with the user's own.
    pub layouts: Layouts,
}

/// What the program was started for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The home screen.
    Home,
    /// A playbook.
    Open(OpenRequest),
    /// An incident.
    Resume(IncidentId),
}

/// The first state and the first effects.
pub fn start(setup: Setup, start: Start) -> (State, Vec<Effect>) {
    let (screen, effects) = match start {
        Start::Home => (Screen::Home(Box::default()), vec![Effect::LoadHome]),
        Start::Open(request) => (
            Screen::Opening(sanitize(&format!("Opening {} …", request.playbook))),
            vec![Effect::Open(request)],
        ),
        Start::Resume(id) => (
            Screen::Opening(sanitize(&format!("Resuming {} …", id.short()))),
            vec![Effect::Resume(id)],
        ),
    };
    let Setup {
        now,
        size,
        zone,
        operator,
        keys,
        layouts,
    } = setup;
    let state = State {
        now,
        size,
        zone,
        operator,
        keys,
        layouts,
        screen,
        overlays: Vec::new(),
        message: None,
        quit: None,
        next_number: 0,
        revision: 0,
    };
    (state, effects)
}

impl Turn<'_> {
    pub(super) fn opened(&mut self, opened: Opened) {
        let now = self.state.now;
        let Opened {
            playbook,
            diagnostics,
            playbook_differs,
            incident,
            tail,
            total,
            writer,
            alive,
            folder,
            profile,
            source_problems,
            left_behind,
        } = opened;
        let watches = playbook
            .watch
            .iter()
            .filter_map(|id| playbook.actions.get(id))
            .map(|action| Watch::new(action, now))
            .collect();
        let entries: VecDeque<_> = tail.into();
        let first_step = playbook.steps().next().map(|(_, step)| step.id.clone());
        let mut cockpit = Cockpit {
            step: first_step.unwrap_or_else(|| "".into()),
            playbook,
            diagnostics,
            playbook_differs,
            incident,
            view: View::default(),
            writer,
            alive,
            profile,
            read_only: None,
            recording: Recording::Saved,
            focus: PaneKind::Guide,
            zoomed: false,
            guide_selected: 0,
            guide_top: 0,
            watches,
            watch_selected: 0,
            results: IndexMap::new(),
            result_shown: None,
            timeline: Timeline {
                first: total.saturating_sub(entries.len() as u64),
                entries,
                total,
                back: 0,
                loading: false,
            },
            runs: BTreeMap::new(),
            pending: BTreeMap::new(),
            folder,
            report: None,
            drafts: BTreeMap::new(),
            left_behind,
            walk: None,
        };
        cockpit.refresh_view();
        if let Some(current) = &cockpit.view.current {
            cockpit.step = current.clone();
        }
        self.state.screen = Screen::Cockpit(Box::new(cockpit));
        self.state.overlays.clear();
        self.hear_the_page();
        self.say_what_matters(&source_problems);
        if self.is_walkthrough() {
            self.begin_walk();
        } else {
            self.effect(Effect::ProbeSources);
        }
        self.poll_what_is_due();
        self.keep_clocks();
    }

    /// The one thing an operator must know first about an incident that was just opened.
    fn say_what_matters(&mut self, source_problems: &[String]) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let unknown = cockpit.view.unknown.len();
        let playbook_differs = cockpit.playbook_differs;
        let errors = cockpit
            .diagnostics
            .iter()
            .filter(|finding| finding.level == Level::Error)
            .count();
        if unknown > 0 {
            self.complain_of_unknown(unknown);
        } else if let Some(first) = source_problems.first() {
            let more = match source_problems.len() {
                1 => String::new(),
                count => format!(" (and {} more)", count - 1),
            };
            self.complain(format!("a source is left out: {first}{more}"));
        } else if playbook_differs {
            self.say(adopt::DIFFERS);
        } else if errors > 0 {
            self.say(format!(
                "{errors} problem{} in the playbook (! shows)",
                if errors == 1 { "" } else { "s" }
            ));
        }
    }

    pub(super) fn complain_of_unknown(&mut self, unknown: usize) {
        self.complain(format!(
            "{unknown} action{} with unknown outcome: find out what happened, then settle with a",
            if unknown == 1 { "" } else { "s" }
        ));
    }

    pub(super) fn ask_severity(
        &mut self,
        request: &OpenRequest,
        title: &str,
        severities: &[String],
    ) {
        let with = |severity: Option<&String>| {
            Chosen::Open(Box::new(OpenRequest {
                severity: severity.cloned(),
                severity_settled: true,
                ..request.clone()
            }))
        };
        let mut items: Vec<(SafeText, Chosen)> = severities
            .iter()
            .map(|severity| (sanitize(severity), with(Some(severity))))
            .collect();
        items.push((SafeText::fixed("not yet known"), with(None)));
        self.open_overlay(Overlay::Choose {
            title: vec![sanitize(&format!("Severity of {title}"))],
            items,
            selected: 0,
        });
    }

    /// Back to the home screen with the reason: never a dead end.
    pub(super) fn open_failed(&mut self, reason: &str) {
        if matches!(self.state.screen, Screen::Opening(_)) {
            self.go_home();
        }
        self.complain(reason);
    }

    pub(super) fn go_home(&mut self) {
        self.state.screen = Screen::Home(Box::<Home>::default());
        self.state.overlays.clear();
        self.effect(Effect::LoadHome);
    }
}
