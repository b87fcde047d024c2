//! What happened. Every event carries the time at which it did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::capture::KeptFile;
use crate::incident::Incident;
use crate::keymap::Chord;
use crate::message::{Draft, FillError};
use crate::model::Timestamp;
use crate::model::diagnostic::Diagnostic;
use crate::model::ids::{ActionId, IncidentId, PlaybookId, RunId, SourceName, StepId, Ticket};
use crate::model::playbook::Playbook;
use crate::model::request::{Chunk, Outcome, PlanError, Request, RunError};
use crate::model::table::{Row, Rows};
use crate::model::verdict::Judgement;
use crate::record::entry::Sealed;
use crate::verdict::Suggestion;

use super::effect::OpenRequest;
use super::state::HomeItem;

/// An event with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub now: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted; a line feed in it never submits.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// Time passed; something is due.
    Ticked,
    /// Rows of the home screen, in addition to those already there; `last` when no more follow.
    HomeLoaded {
        /// More rows.
        items: Vec<HomeItem>,
        /// No more follow.
        last: bool,
    },
    /// An incident is open.
    Opened(Box<Opened>),
    /// A playbook may open with several severities: one is to be chosen.
    SeverityAsked {
        /// What was asked for.
        request: Box<OpenRequest>,
        /// Its title.
        title: String,
        /// The severities.
        severities: Vec<String>,
    },
    /// An incident could not be opened.
    OpenFailed(String),
    /// The changed playbook was taken into the incident, or why not.
    PlaybookAdopted(Result<Box<Adopted>, String>),
    /// The playbook's file was written to.
    PlaybookFileChanged {
        /// The incident that follows it.
        incident: IncidentId,
        /// It differs from the text in force.
        differs: bool,
    },
    /// The databases told what their roles may do: true when every one of them can only read.
    SourcesProbed(Option<bool>),
    /// A plan is ready.
    Planned {
        /// Whose.
        run: RunId,
        /// The request, or why there is none.
        result: Result<Box<Request>, PlanError>,
    },
    /// An entry is on disk.
    Recorded {
        /// Whose.
        ticket: Ticket,
        /// The entry.
        entry: Arc<Sealed>,
    },
    /// An entry could not be written; it waits and is tried again.
    NotRecorded {
        /// Whose.
        ticket: Ticket,
        /// Why.
        reason: String,
    },
    /// An entry will never be in the record; nothing waits any more.
    EntryRefused {
        /// Whose.
        ticket: Ticket,
        /// Why.
        reason: String,
    },
    /// A session of another process began or ended.
    WritersChanged {
        /// Writers that hold their lock now.
        alive: BTreeSet<String>,
    },
    /// Another session wrote an entry. The incident is the fold that takes it in.
    EntryArrived {
        /// The entry.
        entry: Arc<Sealed>,
        /// The incident with it, folded in order.
        incident: Box<Incident>,
        /// Writers that hold their lock now.
        alive: BTreeSet<String>,
    },
    /// A part of a result.
    Arrived {
        /// Whose.
        run: RunId,
        /// The part.
        chunk: Chunk,
    },
    /// A run ended: exactly once for each that was started.
    Finished {
        /// Which.
        run: RunId,
        /// How.
        result: Result<Outcome, RunError>,
    },
    /// A row was read for its detail or for binding.
    RowRead {
        /// Whose result.
        run: RunId,
        /// Row number.
        row: usize,
        /// Its cells; none when it could not be read.
        cells: Option<Row>,
        /// Why it was read.
        purpose: RowPurpose,
    },
    /// A result is sorted.
    Sorted {
        /// Whose result.
        run: RunId,
        /// By which column and descending or not.
        by: (usize, bool),
        /// The rows in that order.
        rows: Rows,
    },
    /// A search ended.
    Found {
        /// Whose result.
        run: RunId,
        /// What was looked for.
        text: String,
        /// Rows that hold it.
        matches: Arc<[u32]>,
    },
    /// An ended run was judged and kept.
    Judged {
        /// Whose.
        run: RunId,
        /// The verdict; none when no expectation was to be judged.
        judgement: Option<Judgement>,
        /// Files that hold the result, or why it could not be kept.
        kept: Result<Vec<KeptFile>, String>,
    },
    /// What a pane shows was kept, or why not.
    Captured(Result<Vec<KeptFile>, String>),
    /// A decision's suggestions.
    Suggested {
        /// The step that is the decision.
        decision: StepId,
        /// One for each choice, in the table's order.
        suggestions: Vec<Suggestion>,
    },
    /// A preview was looked at.
    PreviewSeen {
        /// The write that it is for.
        run: RunId,
        /// Its first rows.
        sample: Vec<Row>,
        /// Rows that name the operator.
        own: u64,
    },
    /// A message was filled.
    Filled {
        /// The message's action.
        action: ActionId,
        /// One draft, or one a value of `for-each`.
        drafts: Result<Vec<Draft>, FillError>,
        /// Sources of the profile that take messages, each with where it leads.
        sources: Vec<(SourceName, String)>,
    },
    /// A message was written to a file.
    MessageSaved {
        /// The message's action.
        action: ActionId,
        /// The value of `for-each` that it was for.
        each: Option<String>,
        /// The file's path, or why there is none.
        path: Result<String, String>,
    },
    /// The report was written: the file's path, or why not.
    ReportWritten(Result<String, String>),
    /// Another playbook belongs to the incident now; the whole is merged.
    PlaybookAttached {
        /// Which.
        playbook: PlaybookId,
        /// The whole, or why not.
        merged: Result<Arc<Playbook>, String>,
    },
    /// A part of the timeline was read.
    TimelineLoaded {
        /// Position of the first entry.
        first: u64,
        /// The entries.
        entries: Vec<Arc<Sealed>>,
    },
}

/// Why a row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPurpose {
    /// To show all its columns.
    Detail,
    /// To fill an input.
    Bind,
    /// To copy the cell of this column.
    Copy(usize),
}

/// An incident that was opened or resumed.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The playbook in force.
    pub playbook: Arc<Playbook>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// The file on disk differs from the pinned text.
    pub playbook_differs: bool,
    /// The fold.
    pub incident: Incident,
    /// Newest entries.
    pub tail: Vec<Arc<Sealed>>,
    /// Entries in all.
    pub total: u64,
    /// This session's writer.
    pub writer: String,
    /// Writers that hold their lock, this session's among them.
    pub alive: BTreeSet<String>,
    /// The incident's folder.
    pub folder: String,
    /// Profile's name.
    pub profile: String,
    /// Sources of the profile that could not be made, each as `file:line:column: what is wrong`.
    pub source_problems: Vec<String>,
    /// What scripts of actions left when an earlier session ended before them: process and files, in words.
    pub left_behind: BTreeMap<ActionId, String>,
}

/// A changed playbook that is in the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Adopted {
    /// The incident that follows it now.
    pub incident: IncidentId,
    /// The playbook.
    pub playbook: Arc<Playbook>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}
