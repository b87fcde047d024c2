//! Dialogs over the screen: what each one holds, what is asked for and what can be chosen.

use std::sync::Arc;

use super::command::Command;
use super::decide::DecideForm;
use super::effect::OpenRequest;
use super::gate::GateForm;
use super::messages::{Channel, DraftForm};
use crate::editor::Editor;
use crate::model::Timestamp;
use crate::model::ids::{
    ActionId, CheckId, ClockId, EvidenceId, InputId, PlaybookId, RoleId, RunId, StepId,
};
use crate::model::input::Input;
use crate::model::request::SignInPrompt;
use crate::model::safe_text::SafeText;
use crate::model::table::Row;
use crate::record::entry::{Hash, Sealed};

/// A dialog.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// Keys and what they do, generated from the table of commands.
    Help {
        /// First line shown.
        top: usize,
    },
    /// Commands by fuzzy search.
    Palette {
        /// As typed.
        filter: Editor,
        /// Commands that match, best first.
        matches: Vec<Command>,
        /// Position in `matches`.
        selected: usize,
    },
    /// Inputs, all of them or those an action still needs.
    Form(Form),
    /// The exact request, before it is sent.
    Send {
        /// Its run; the request is in its phase.
        run: RunId,
        /// First line shown.
        top: usize,
    },
    /// The text of a query, to be changed before it runs.
    Query {
        /// Which action.
        action: ActionId,
        /// The text.
        editor: Editor,
    },
    /// What a place of a walkthrough has to show.
    Walk {
        /// First line shown.
        top: usize,
    },
    /// A note.
    Note {
        /// The text; `@03:10` or `@2026-01-31T03:10Z` in front tells when it happened.
        editor: Editor,
        /// What is wrong with it.
        error: Option<SafeText>,
    },
    /// One line of text with a purpose.
    Ask {
        /// What for.
        purpose: Purpose,
        /// As typed.
        editor: Editor,
        /// What is wrong with it.
        error: Option<SafeText>,
    },
    /// A choice between a few things.
    Choose {
        /// What is asked, line by line.
        title: Vec<SafeText>,
        /// Labels and what each one does.
        items: Vec<(SafeText, Chosen)>,
        /// Position.
        selected: usize,
    },
    /// All columns of one row.
    RowDetail {
        /// The result it belongs to.
        run: RunId,
        /// Row number of what was shown, from 0.
        row: usize,
        /// Cells, once read.
        cells: Option<Row>,
        /// Selected column.
        selected: usize,
        /// Cells as hex.
        hex: bool,
    },
    /// Reference sections of the playbook.
    Reference {
        /// Which.
        selected: usize,
        /// First line shown.
        top: usize,
    },
    /// What is wrong with the playbook.
    Diagnostics {
        /// First line shown.
        top: usize,
    },
    /// The gate of a write: its text and preview; target and ceiling are typed.
    Gate(Box<GateForm>),
    /// A message that is being written.
    Draft(Box<DraftForm>),
    /// The choices of a decision.
    Decide(DecideForm),
    /// Clocks.
    Clocks {
        /// Position.
        selected: usize,
    },
    /// Evidence: what is there and what is missing.
    Evidence {
        /// Position.
        selected: usize,
    },
    /// What is still open, and the way to resolve and close.
    Closing {
        /// Position.
        selected: usize,
    },
    /// A source waits until the operator has signed in.
    SignIn {
        /// The run that waits.
        run: RunId,
        /// Where, and with which code.
        prompt: SignInPrompt,
        /// When the code ends.
        until: Timestamp,
    },
    /// Somebody says something, in a drill.
    Told {
        /// Who.
        from: SafeText,
        /// What, as it was written.
        text: String,
        /// When.
        at: Timestamp,
    },
    /// An entry of the timeline, whole.
    Entry {
        /// The entry.
        entry: Arc<Sealed>,
        /// First line shown.
        top: usize,
    },
}

/// A form of inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Fields in the playbook's order.
    pub fields: Vec<Field>,
    /// The one that takes keys.
    pub selected: usize,
    /// Run this action once all is well.
    pub then_run: Option<ActionId>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The input.
    pub input: Input,
    /// As typed.
    pub editor: Editor,
    /// What is wrong with it.
    pub error: Option<SafeText>,
}

/// What a line of text is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Why a step is left out.
    SkipStep(StepId),
    /// Why a step is done although a write of it has not happened.
    DoneWithout(StepId),
    /// Why a check does not apply.
    NotApplicable(CheckId),
    /// How an action was completed by hand, or how its unknown outcome was settled.
    Settle {
        /// Which action.
        action: ActionId,
        /// The intent it settles.
        intent: Option<Hash>,
        /// Whether it happened.
        done: bool,
    },
    /// Text to look for in the result.
    Search,
    /// Who has a role.
    Role(RoleId),
    /// The same, asked by a message that names the role; it is written once that is answered.
    RoleForMessage(RoleId, ActionId),
    /// Why a step goes on without what it requires.
    Waive(StepId),
    /// The same, asked by a write of the step, which goes on once it is answered.
    WaiveThenRun(StepId, ActionId),
    /// Why the severity changes to this.
    Severity(String),
    /// Since when, or why, a milestone is reached.
    Milestone(String),
    /// Why a clock was missed.
    ClockMissed(ClockId, Timestamp),
    /// Why a clock does not apply, and who says so.
    ClockWaived(ClockId),
    /// How a clock was met by hand.
    ClockMet(ClockId, Timestamp),
    /// A follow-up; `@name` in front tells who does it.
    FollowUp,
    /// Why the incident is resolved.
    Resolve,
    /// Why it is closed.
    Close,
    /// Why it is opened again.
    Reopen,
    /// Where a message that was copied or saved was sent, and to whom.
    MessageSent {
        /// The message's action.
        action: ActionId,
        /// The value of `for-each` that it was for.
        each: Option<String>,
        /// `clipboard` or `file`.
        channel: String,
        /// Hash of its text.
        text_sha256: Hash,
        /// Where it was saved, when it was.
        path: Option<String>,
    },
    /// The note that is an item of the evidence table.
    EvidenceNote(EvidenceId),
}

/// What choosing an item does.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    /// Opens what was asked for, with a severity or without.
    Open(Box<OpenRequest>),
    /// Fills an input from a row.
    Bind {
        /// Which input.
        input: InputId,
        /// The value.
        value: String,
    },
    /// Ticks or unticks a check.
    Tick(CheckId),
    /// Edits an action's text.
    Edit(ActionId),
    /// Asks for the note that settles an action.
    Settle {
        /// Which action.
        action: ActionId,
        /// The intent it settles.
        intent: Option<Hash>,
        /// Whether it happened.
        done: bool,
    },
    /// Chooses which action to settle.
    SettleAction(ActionId),
    /// Assigns a role.
    Role(RoleId),
    /// Takes the changed playbook.
    AdoptPlaybook,
    /// Asks why the severity changes to this.
    Severity(String),
    /// Asks since when a milestone is reached.
    Milestone(String),
    /// Writes a message.
    Message(ActionId),
    /// Sends the drafted message this way.
    Channel(Channel),
    /// Shows a step.
    GoTo(StepId),
    /// Accepts what the FAIL of an action proposes.
    Proposal(ActionId),
    /// Asks why a step goes on without what it requires.
    Waive(StepId),
    /// Asks for the note that is an item of the evidence table.
    EvidenceNote(EvidenceId),
    /// Asks why a clock was missed.
    ClockMissed(ClockId, Timestamp),
    /// Asks why a clock does not apply.
    ClockWaived(ClockId),
    /// Asks how a clock was met by hand.
    ClockMet(ClockId, Timestamp),
    /// Attaches a playbook.
    Attach(PlaybookId),
    /// Resolves the incident: asks how it ended.
    Resolve,
    /// Closes the incident: asks why when something is open.
    Close,
    /// Opens the incident again: asks why.
    Reopen,
    /// Copies a path that is on screen.
    CopyPath(String),
    /// Leaves the program although something still runs.
    Quit,
}
