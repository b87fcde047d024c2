//! What is to be done. The run time performs effects; it decides nothing.

use crate::capture::Capture;
use crate::message::{Draft, Names};
use crate::model::answer::Answer;
use crate::model::ids::{ActionId, IncidentId, InputId, PlaybookId, RunId, StepId, Ticket};
use crate::model::playbook::Action;
use crate::model::request::{ChartColumns, PlanContext, Request};
use crate::model::table::{ColumnKind, Rows};
use crate::record::entry::Body;
use crate::verdict::{Question, Reference, SuggestionQuestion};

use super::event::RowPurpose;

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read incidents and playbooks for the home screen.
    LoadHome,
    /// Open an incident.
    Open(OpenRequest),
    /// Continue an incident.
    Resume(IncidentId),
    /// Ask the databases what their roles may do; answered by `SourcesProbed`.
    ProbeSources,
    /// Write `session.detached` and let the incident go.
    Detach {
        /// `quit` and the like.
        reason: String,
    },
    /// Take the changed playbook: check it, put it into evidence, answer with `Opened`.
    AdoptPlaybook,
    /// Follow the playbook that the record follows now: another session took a changed one. Answered like the one above.
    FollowPlaybook,
    /// Seal and write an entry; answered by `Recorded` or `NotRecorded`.
    Append {
        /// For the answer.
        ticket: Ticket,
        /// What to say.
        body: Body,
    },
    /// Turn an action into a request; answered by `Planned`.
    Plan {
        /// For the answer.
        run: RunId,
        /// The action.
        action: Box<Action>,
        /// All the plan may look at.
        context: PlanContext,
    },
    /// Send a request; answered by any number of `Arrived` and one `Finished`.
    Run {
        /// For the answers.
        run: RunId,
        /// What was planned.
        request: Box<Request>,
        /// Columns that make a chart of a table; none leaves it a table.
        chart: Option<ChartColumns>,
    },
    /// Stop a run, on the server as well.
    Cancel(RunId),
    /// Read one row; answered by `RowRead`.
    ReadRow {
        /// Whose result.
        run: RunId,
        /// The rows as shown.
        rows: Rows,
        /// Which.
        row: usize,
        /// Why.
        purpose: RowPurpose,
    },
    /// Sort a result; answered by `Sorted`.
    Sort {
        /// Whose.
        run: RunId,
        /// The rows as they came.
        rows: Rows,
        /// By which column, descending or not.
        by: (usize, bool),
        /// Kind of that column.
        kind: ColumnKind,
    },
    /// Search a result; answered by `Found`.
    Search {
        /// Whose.
        run: RunId,
        /// The rows as shown.
        rows: Rows,
        /// What for.
        text: String,
    },
    /// Read a part of the timeline; answered by `TimelineLoaded`.
    LoadTimeline {
        /// Position of the first entry.
        first: u64,
        /// How many.
        count: u64,
    },
    /// Judge an ended run and keep its result; answered by `Judged`.
    Judge {
        /// Whose.
        run: RunId,
        /// All that the verdict rests on; none when the run is only to be kept.
        question: Option<Box<Question>>,
        /// What is kept as evidence; none when nothing is.
        capture: Option<Box<Capture>>,
    },
    /// Keep what a pane shows as evidence; answered by `Captured`.
    Capture(Box<Capture>),
    /// Compute a decision's suggestions; answered by `Suggested`.
    Suggest {
        /// The step that is the decision.
        decision: StepId,
        /// All that they rest on.
        question: Box<SuggestionQuestion>,
    },
    /// Look at the rows of a preview; answered by `PreviewSeen`.
    LookAtPreview {
        /// The write that the preview is for.
        run: RunId,
        /// The preview's result.
        answer: Box<Answer>,
        /// Whose sessions must not be among what is touched without being told.
        operator: String,
    },
    /// Fill a message's template; answered by `Filled`.
    Fill(Box<FillRequest>),
    /// Write a message to a file of the incident; answered by `MessageSaved`.
    SaveMessage {
        /// The message's action.
        action: ActionId,
        /// What is saved.
        draft: Box<Draft>,
    },
    /// Write the report beside the record; answered by `ReportWritten`.
    WriteReport,
    /// Work through another playbook in this incident too; answered by `PlaybookAttached`.
    AttachPlaybook(PlaybookId),
    /// Copy text to the clipboard with OSC 52; it was on screen when the key was pressed.
    Copy(String),
    /// Draw everything anew.
    Redraw,
    /// Stop as `ctrl-z` does.
    Suspend,
}

/// What an incident is opened for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Purpose {
    /// To work it, on real sources.
    #[default]
    Live,
    /// To walk through its playbook; nothing is sent.
    Walkthrough,
    /// To train on a simulated service.
    Drill(DrillRequest),
}

/// Which drill to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillRequest {
    /// Scenario by id or file.
    pub scenario: String,
    /// Seed; none draws one.
    pub seed: Option<u64>,
    /// Simulated seconds a second, as text; none takes the scenario's. `0` stands still between the steps of a script.
    pub speed: Option<String>,
}

/// What to open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenRequest {
    /// What for.
    pub purpose: Purpose,
    /// Playbook id, alert name, file or `built-in:`.
    pub playbook: String,
    /// The alert that led here.
    pub alert: Option<String>,
    /// Severity; none asks when the playbook offers several.
    pub severity: Option<String>,
    /// The operator chose to go on without a severity.
    pub severity_settled: bool,
    /// Inputs given at the start.
    pub set: Vec<(InputId, String)>,
}

/// What a message is filled from.
#[derive(Debug, Clone, PartialEq)]
pub struct FillRequest {
    /// The message's action: template, subject, addressee.
    pub action: Action,
    /// Names it may use.
    pub names: Names,
    /// The column that gives one draft a value, with the result it is read from.
    pub each: Option<(String, Reference)>,
    /// Results that the template lists.
    pub results: Vec<(ActionId, Reference)>,
}
