//! What is to be done. The run time performs effects; it decides nothing.

use crate::model::ids::{IncidentId, InputId, RunId, Ticket};
use crate::model::playbook::Action;
use crate::model::request::{ChartColumns, PlanContext, Request};
use crate::model::table::{ColumnKind, Rows};
use crate::record::entry::Body;

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
    /// Copy text to the clipboard with OSC 52; it was on screen when the key was pressed.
    Copy(String),
    /// Draw everything anew.
    Redraw,
    /// Stop as `ctrl-z` does.
    Suspend,
}

/// What to open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenRequest {
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
