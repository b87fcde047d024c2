//! Everything the program knows while it runs. The screen is drawn from this alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use crate::editor::Editor;
use crate::expr::Threshold;
use crate::incident::Incident;
use crate::incident::view::View;
use crate::layout::{Layouts, PaneKind};
use crate::model::diagnostic::Diagnostic;
use crate::model::ids::{ActionId, IncidentId, PlaybookId, RunId, StepId, Ticket};
use crate::model::playbook::Playbook;
use crate::model::request::{Outcome, Request, RunError};
use crate::model::safe_text::SafeText;
use crate::model::table::{Column, Rows, Series};
use crate::model::verdict::Judgement;
use crate::model::{Mode, Timestamp};
use crate::record::entry::{Body, Gate, Hash, Sealed};

pub use super::decide::{DecideForm, choice_name};
pub use super::dialog::{Chosen, Field, Form, Overlay, Purpose};
pub use super::gate::{GateForm, Preview};
pub use super::messages::{Channel, DraftForm, DraftPart};
pub use super::walk::Walk;

use super::command::Keys;
use super::fuzzy::Texts;

/// The whole state.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Now, as of the last event.
    pub now: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Zone in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// Who works here.
    pub operator: String,
    /// Which keys do what.
    pub keys: Keys,
    /// The layouts to choose from.
    pub layouts: Layouts,
    /// What is behind the overlays.
    pub screen: Screen,
    /// Dialogs, the topmost last. The topmost one takes the keys.
    pub overlays: Vec<Overlay>,
    /// A short message in the last line, until the next key.
    pub message: Option<Message>,
    /// Set when the program is to end, with its exit code.
    pub quit: Option<u8>,
    /// Numbers handed out so far to runs and to entries on their way.
    pub next_number: u64,
    /// Counts the events after which more than the cursor in the result pane may look different. While it stands still,
    /// and time changes nothing, that pane alone is drawn.
    pub revision: u64,
}

/// A short message to the operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// One line.
    pub text: SafeText,
    /// An error stays emphasised.
    pub error: bool,
}

/// What fills the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// Nothing yet: an incident is being opened.
    Opening(SafeText),
    /// Incidents and playbooks to choose from.
    Home(Box<Home>),
    /// An incident.
    Cockpit(Box<Cockpit>),
}

/// The home screen: open incidents first, then playbooks, then recently closed or detached ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Home {
    /// All rows, in the order of their sections.
    pub items: Vec<HomeItem>,
    /// What the filter looks at, for as many of the rows as were searched.
    pub texts: Texts,
    /// Indices of the rows that match the filter, best first within their section.
    pub matches: Vec<usize>,
    /// Position in `matches`.
    pub selected: usize,
    /// The filter as typed; it is active while `filtering`.
    pub filter: Editor,
    /// True while keys go to the filter.
    pub filtering: bool,
    /// False until everything was loaded.
    pub loaded: bool,
}

/// A row of the home screen.
#[derive(Debug, Clone, PartialEq)]
pub enum HomeItem {
    /// An incident that has been worked on.
    Incident {
        /// Which.
        id: IncidentId,
        /// Mode.
        mode: Mode,
        /// Its title.
        title: String,
        /// Current severity.
        severity: Option<String>,
        /// When it was opened.
        opened_at: Timestamp,
        /// When its last entry was written.
        last_at: Timestamp,
        /// Some session holds it open.
        attached: bool,
    },
    /// A drill that can be begun.
    Drill {
        /// Its scenario.
        id: String,
        /// Its title.
        title: String,
        /// What may be known before it begins.
        summary: String,
        /// The playbook it is worked with.
        playbook: PlaybookId,
    },
    /// A playbook of the library.
    Playbook {
        /// Which.
        id: PlaybookId,
        /// File or `built-in:`; what `open` takes.
        path: String,
        /// Its title.
        title: String,
        /// Its summary.
        summary: String,
        /// Alerts it answers.
        alerts: Vec<String>,
        /// Errors found in it.
        errors: usize,
        /// When an incident last followed it; such playbooks stand under "recent".
        used_at: Option<Timestamp>,
    },
}

/// An open incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Cockpit {
    /// The playbook in force.
    pub playbook: Arc<Playbook>,
    /// What the loader and the linter found.
    pub diagnostics: Vec<Diagnostic>,
    /// True when the file on disk differs from the pinned text.
    pub playbook_differs: bool,
    /// The fold of the record.
    pub incident: Incident,
    /// What follows from playbook, incident and now; recomputed when one of them changed.
    pub view: View,
    /// This session's writer.
    pub writer: String,
    /// Writers known to live, this session's among them: an unfinished intent of any other is outcome unknown.
    pub alive: BTreeSet<String>,
    /// Profile and sources, for the header: `prod`.
    pub profile: String,
    /// Whether every database source has shown a role that can only read; none until that is known.
    pub read_only: Option<bool>,
    /// Whether entries reach the disk.
    pub recording: Recording,
    /// The pane that takes keys.
    pub focus: PaneKind,
    /// The focused pane fills the screen.
    pub zoomed: bool,
    /// The step that the guide shows.
    pub step: StepId,
    /// Selected item (action or check) of the guide, in order of the body.
    pub guide_selected: usize,
    /// Lines the guide is scrolled down beyond what its selected item needs; the screen clips it.
    pub guide_top: usize,
    /// Live panes, in the playbook's order.
    pub watches: Vec<Watch>,
    /// The live pane shown when there is room for one.
    pub watch_selected: usize,
    /// Latest result of each action in this session.
    pub results: IndexMap<ActionId, ActionResult>,
    /// The action whose result is shown.
    pub result_shown: Option<ActionId>,
    /// Timeline pane.
    pub timeline: Timeline,
    /// Runs that have not ended.
    pub runs: BTreeMap<RunId, Run>,
    /// Entries on their way to the disk.
    pub pending: BTreeMap<Ticket, Pending>,
    /// The incident's folder: the record, and beside it evidence, messages and the report.
    pub folder: String,
    /// The report that this session wrote, by its path.
    pub report: Option<String>,
    /// Messages that were begun and not sent, until the incident is left.
    pub drafts: BTreeMap<ActionId, Box<DraftForm>>,
    /// Where the presenter stands; in a walkthrough only.
    pub walk: Option<Box<Walk>>,
    /// What scripts of actions left when an earlier session ended before them, in words.
    pub left_behind: BTreeMap<ActionId, String>,
}

/// Whether entries reach the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// Everything acknowledged so far is on disk.
    Saved,
    /// The record cannot be written; entries wait. Reads go on unrecorded, writes are refused.
    NotRecorded(String),
}

/// An entry on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// What it says.
    pub body: Body,
    /// The run that waits for it.
    pub run: Option<RunId>,
}

/// A run of an action, from planning to the last byte. What was planned is what is shown, recorded and sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Which action.
    pub action: ActionId,
    /// A poll of a live pane: it is not recorded.
    pub poll: bool,
    /// The write whose preview it is.
    pub preview_of: Option<RunId>,
    /// What the operator typed at the gate of a write.
    pub gate: Option<Gate>,
    /// True when the operator changed the text.
    pub edited: bool,
    /// How far it is.
    pub phase: RunPhase,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq)]
pub enum RunPhase {
    /// The source turns action and inputs into a request.
    Planning,
    /// The request is a write: its preview is asked for first.
    Previewing(Box<Request>),
    /// The request is shown; the operator sends it or not.
    Confirming(Box<Request>),
    /// The intent is on its way to the disk.
    Recording(Box<Request>),
    /// It was sent.
    Running {
        /// What was sent.
        request: Box<Request>,
        /// The intent's entry; none for polls, and for reads while the record cannot be written.
        intent: Option<Hash>,
        /// When.
        started_at: Timestamp,
        /// The operator asked it to stop.
        cancelling: bool,
    },
    /// It ended; its verdict is made and its result kept before the end is recorded.
    Judging {
        /// What was sent.
        request: Box<Request>,
        /// The intent's entry; none for reads while the record cannot be written.
        intent: Option<Hash>,
        /// When it was sent.
        started_at: Timestamp,
        /// When it ended.
        ended_at: Timestamp,
        /// How.
        outcome: Outcome,
    },
}

/// Latest result of an action.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionResult {
    /// Its run.
    pub run: RunId,
    /// What was sent.
    pub request: Request,
    /// When.
    pub started_at: Timestamp,
    /// How it ended, and when.
    pub end: Option<(Timestamp, Result<Outcome, RunError>)>,
    /// It ran while the record could not be written.
    pub unrecorded: bool,
    /// The intent's entry; none while it is unrecorded.
    pub intent: Option<Hash>,
    /// What came back.
    pub content: Content,
    /// Warnings of the source.
    pub warnings: Vec<SafeText>,
    /// What its expectation ended in, once judged.
    pub judgement: Option<Judgement>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Nothing yet.
    Nothing,
    /// Rows and columns.
    Table(TableView),
    /// Lines over time.
    Chart(Vec<Series>),
    /// Text.
    Output(Output),
}

/// A table and how it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct TableView {
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows as they came.
    pub rows: Rows,
    /// Rows as they are shown: sorted, or the same handle as `rows`.
    pub shown: Rows,
    /// Rows so far.
    pub total: u64,
    /// Selected row of `shown`.
    pub selected: usize,
    /// Selected column: the leftmost one shown, and the one that sort works on.
    pub column: usize,
    /// Sorted by this column, descending when true.
    pub sort: Option<(usize, bool)>,
    /// A sort or search is under way.
    pub busy: bool,
    /// The last search.
    pub search: Option<Search>,
}

/// A search in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// What is looked for, case folded.
    pub text: String,
    /// Rows of `shown` that hold it, in order.
    pub matches: Arc<[u32]>,
}

/// Text of a script or an HTTP answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Output {
    /// Whole lines.
    pub lines: Vec<OutputLine>,
    /// Standard output, or the body of an answer, as it came: for expressions and evidence, never for the screen.
    pub stdout: String,
    /// Standard error as it came.
    pub stderr: String,
    /// Text after the last line feed.
    pub rest: String,
    /// Where that text came from: true for standard error.
    pub rest_is_error: bool,
    /// Bytes kept.
    pub bytes: usize,
    /// First line shown.
    pub top: usize,
}

/// A line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// From standard error.
    pub error: bool,
    /// The line.
    pub text: SafeText,
}

/// A live pane.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Its action.
    pub action: ActionId,
    /// Its state.
    pub status: WatchStatus,
    /// Lines.
    pub series: Vec<Series>,
    /// Newest sample of all lines.
    pub newest: Option<Timestamp>,
    /// What is older than this has arrived whole, as the source says.
    pub settled: Option<Timestamp>,
    /// The line that is drawn, and what crossing it means.
    pub threshold: Option<Threshold>,
    /// The window the samples were asked for.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Time between polls.
    pub every: Duration,
    /// The poll under way.
    pub run: Option<RunId>,
    /// When the next poll is due.
    pub next_poll: Option<Timestamp>,
    /// What is asked, once planned.
    pub request: Option<Request>,
    /// Warnings of the last answer.
    pub warnings: Vec<SafeText>,
    /// How far the view is scrolled back, in windows of a tenth.
    pub back: u16,
    /// How far the view is zoomed in: an hour is halved that many times, or doubled when negative.
    pub zoom: i8,
}

/// State of a live pane. "No data" is a state of its own: it is never shown as zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchStatus {
    /// It cannot run here; this is what it needs.
    Needs(SafeText),
    /// No answer yet.
    Waiting,
    /// Samples are fresh.
    Fresh,
    /// The threshold is crossed.
    Alert,
    /// The source answers without a sample.
    NoData,
    /// The newest sample is too old.
    Stale,
    /// The source does not answer.
    Failed(SafeText),
}

/// The timeline pane: a window on the record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// Entries in order, the newest last; a contiguous part of the record.
    pub entries: VecDeque<Arc<Sealed>>,
    /// Position of the first of them in the record, from 0.
    pub first: u64,
    /// Entries of the record.
    pub total: u64,
    /// Entries between the newest and the selected one.
    pub back: u64,
    /// An older part was asked for.
    pub loading: bool,
}
