//! A playbook as data: phases, steps, actions, checks, decisions, clocks, evidence.
//!
//! Made by `playbook::parse`; nothing here reads files. Spans are bytes of [`Playbook::source`].

use std::ops::Range;
use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;

use super::diagnostic::SourceText;
use super::ids::{
    ActionId, CheckId, ClockId, EvidenceId, InputId, PhaseId, PlaybookId, RoleId, SourceName,
    StepId,
};
use super::input::Input;
use super::prose::{Prose, plain_text};
use super::request::ChartColumns;

/// Bytes of the playbook's source text.
pub type Span = Range<usize>;

/// A whole playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    /// Unique in the library.
    pub id: PlaybookId,
    /// What people call it.
    pub title: String,
    /// One line for lists.
    pub summary: String,
    /// False for a plain runbook, which was read leniently.
    pub native: bool,
    /// The file it came from; its SHA-256 pins it in the record.
    pub source: SourceText,
    /// Severities it may open with; more than one asks.
    pub severity: Vec<String>,
    /// Severity levels, most severe first.
    pub ladder: Vec<Severity>,
    /// Who keeps it up to date.
    pub owner: Option<String>,
    /// When it was last reviewed, `YYYY-MM-DD`.
    pub reviewed: Option<jiff::civil::Date>,
    /// Alerts it answers.
    pub alerts: Vec<String>,
    /// Roles and their titles.
    pub roles: IndexMap<RoleId, String>,
    /// Inputs by id, in the order written.
    pub inputs: IndexMap<InputId, Input>,
    /// Clocks in the order written.
    pub clocks: IndexMap<ClockId, Clock>,
    /// Evidence that must be in the record before the incident may close.
    pub evidence: IndexMap<EvidenceId, EvidenceItem>,
    /// Prose below the title.
    pub introduction: Vec<Prose>,
    /// A presenter's private notes on the introduction.
    pub notes: Vec<String>,
    /// Phases in order. Steps hold the ids of their actions; the actions themselves are in `actions`.
    pub phases: Vec<Phase>,
    /// Sections that are looked up, never worked through.
    pub references: Vec<Reference>,
    /// Every action by id, in the order written, watch panes and shared ones among them.
    pub actions: IndexMap<ActionId, Action>,
    /// Actions that are live panes from the moment the incident opens.
    pub watch: Vec<ActionId>,
}

impl Playbook {
    /// Every step in order, with the index of its phase.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.phases
            .iter()
            .enumerate()
            .flat_map(|(index, phase)| phase.steps.iter().map(move |step| (index, step)))
    }

    /// A step by id.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps()
            .map(|(_, step)| step)
            .find(|step| step.id == *id)
    }

    /// An action by id.
    pub fn action(&self, id: &ActionId) -> Option<&Action> {
        self.actions.get(id)
    }
}

/// A level of the severity ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Severity {
    /// `P1`
    pub id: String,
    /// Other names for the same level; there are none but those written here.
    pub aka: Vec<String>,
    /// What it stands for.
    pub means: String,
    /// Response time asked for.
    #[serde(skip)]
    pub respond: Option<Duration>,
}

/// What a phase is for, after NIST SP 800-61.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseKind {
    /// Something is wrong: which signal, who says so.
    Detect,
    /// How bad, whose.
    Triage,
    /// Stop the bleeding.
    Contain,
    /// What happened.
    Investigate,
    /// Eradicate and recover.
    Resolve,
    /// Who must know.
    Communicate,
    /// Is it over.
    Verify,
    /// What we learn.
    Review,
    /// None of these; the phase keeps its own name.
    Other,
}

/// A phase.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Unique in the playbook.
    pub id: PhaseId,
    /// The heading's forge slug, which it answers to as well.
    pub slug: String,
    /// The heading.
    pub title: String,
    /// What it is for.
    pub kind: PhaseKind,
    /// Prose between the heading and the first step.
    pub introduction: Vec<Prose>,
    /// A presenter's private notes on the phase as a whole.
    pub notes: Vec<String>,
    /// At least one.
    pub steps: Vec<Step>,
    /// CEL: the phase applies only when this holds.
    pub when: Option<String>,
    /// What must be done before.
    pub requires: Vec<String>,
    /// Where the heading stands.
    pub span: Span,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique in the playbook.
    pub id: StepId,
    /// The heading's forge slug, which it answers to as well.
    pub slug: String,
    /// The heading, without `Step 3:`.
    pub title: String,
    /// Who does it.
    pub role: Option<RoleId>,
    /// CEL: the step applies only when this holds.
    pub when: Option<String>,
    /// How long it should take.
    pub timebox: Option<Duration>,
    /// Ids of steps, actions or evidence that must be done, or waived with a reason, before this one.
    pub requires: Vec<String>,
    /// May be left out without a reason.
    pub optional: bool,
    /// The step is a choice.
    pub decision: Option<Decision>,
    /// What the guide shows, in order.
    pub body: Vec<Block>,
    /// Where the heading stands.
    pub span: Span,
}

impl Step {
    /// The step's actions in order: the first nine answer to the digits 1 to 9.
    pub fn actions(&self) -> impl Iterator<Item = &ActionId> {
        self.body.iter().filter_map(|block| match block {
            Block::Action(id) => Some(id),
            _ => None,
        })
    }

    /// A presenter's private notes on the step, in order.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.body.iter().filter_map(|block| match block {
            Block::Notes(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The step's checks in order.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.body.iter().filter_map(|block| match block {
            Block::Check(check) => Some(check),
            _ => None,
        })
    }
}

/// A part of a step's body.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Text to read.
    Prose(Prose),
    /// An action to run; its description is in the action, not repeated as prose.
    Action(ActionId),
    /// A box to tick.
    Check(Check),
    /// A presenter's private notes.
    Notes(String),
}

/// A task-list item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Unique in the playbook.
    pub id: CheckId,
    /// What is to be true.
    pub text: String,
    /// May stay open at closing.
    pub optional: bool,
    /// The action whose PASS ticks it.
    pub by: Option<ActionId>,
    /// Where it stands.
    pub span: Span,
}

/// A table whose first column is chosen from.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Actions whose latest results `suggest_when` looks at.
    pub over: Vec<ActionId>,
    /// Several may be chosen.
    pub many: bool,
    /// Header of the table, all columns.
    pub columns: Vec<String>,
    /// The choices.
    pub choices: Vec<Choice>,
}

/// One row of a decision table.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// First column.
    pub name: String,
    /// All cells as plain text, the first among them; as many as there are columns.
    pub cells: Vec<String>,
    /// CEL that marks this choice as suggested.
    pub suggest_when: Option<String>,
    /// Slugs or ids of what it opens, or `playbook:ID`.
    pub then: Vec<String>,
    /// Where the row stands.
    pub span: Span,
}

/// A section that is looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The heading.
    pub title: String,
    /// Its prose.
    pub body: Vec<Prose>,
    /// Actions in it (shared `General:` sections).
    pub actions: Vec<ActionId>,
}

/// The language of an action's fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Kusto query language.
    Kql,
    /// SQL, one statement.
    Sql,
    /// Prometheus query language.
    Promql,
    /// The `.http` form.
    Http,
    /// A script for bash (`sh` and `bash` fences).
    Shell,
    /// A message template.
    Message,
}

impl Language {
    /// The word as users write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kql => "kql",
            Self::Sql => "sql",
            Self::Promql => "promql",
            Self::Http => "http",
            Self::Shell => "shell",
            Self::Message => "message",
        }
    }
}

/// Whether an action changes anything outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It only looks.
    Read,
    /// It changes something, or may.
    Write,
}

/// How a result is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultView {
    /// Rows and columns.
    Table,
    /// Lines over time.
    Chart,
    /// Output as it came.
    Text,
    /// A JSON document.
    Json,
}

/// Something that runs when its key is pressed.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Unique in the playbook.
    pub id: ActionId,
    /// A letter that runs it, beside its digit.
    pub key: Option<char>,
    /// Short name for lists and panes: the description's first sentence, or the step's title.
    pub title: String,
    /// The paragraph above the fence.
    pub description: Vec<Prose>,
    /// How it is run.
    pub language: Language,
    /// The fence's text.
    pub text: String,
    /// The source it names; none means the profile's only source of that kind.
    pub source: Option<SourceName>,
    /// Reads or writes.
    pub effect: Effect,
    /// A command that only preserves (`.evidence`).
    pub preserves: bool,
    /// May be left out (`.optional`).
    pub optional: bool,
    /// The inputs it binds, in order of first use; built-ins are not listed.
    pub inputs: Vec<InputId>,
    /// How its result is shown; none means by what it turns out to be.
    pub view: Option<ResultView>,
    /// Column of the time axis.
    pub x: Option<String>,
    /// Columns of the values.
    pub y: Option<String>,
    /// Columns that tell series apart.
    pub by: Vec<String>,
    /// Refresh of a live pane.
    pub every: Option<Duration>,
    /// Rows asked for.
    pub limit: Option<u64>,
    /// Time-out.
    pub timeout: Option<Duration>,
    /// Expressions.
    pub judge: Judge,
    /// The read that shows what this write would touch.
    pub preview: Option<ActionId>,
    /// Ceiling of rows a write may touch.
    pub max_rows: Option<u64>,
    /// How to undo it, in words.
    pub undo: Option<String>,
    /// Persons who must agree.
    pub approve: u8,
    /// Who may run it.
    pub role: Option<RoleId>,
    /// Exit codes that are results (shell).
    pub ok_codes: Vec<i32>,
    /// Where it runs (shell).
    pub cwd: Option<String>,
    /// Message settings.
    pub message: Option<MessageSettings>,
    /// Where the fence's info string starts; the text is at `text_span`.
    pub span: Span,
    /// Where the text stands.
    pub text_span: Span,
}

impl Action {
    /// Whether the description says more than the title, which is its first sentence.
    pub fn says_more(&self) -> bool {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match self.description.as_slice() {
            [] => false,
            [Prose::Paragraph(inlines)] => {
                let said = words(&plain_text(inlines));
                said.trim_end_matches(['.', '!', ':']) != words(&self.title)
            }
            _ => true,
        }
    }

    /// The columns that make a chart of its table.
    pub fn chart_columns(&self) -> ChartColumns {
        ChartColumns {
            x: self.x.clone(),
            y: self.y.clone(),
            by: self.by.clone(),
        }
    }
}

/// The expressions of an action, as text with the place where each stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judge {
    /// CEL over the latest sample: draws the threshold and marks the pane.
    pub alert: Option<Expression>,
    /// CEL that must hold.
    pub expect: Option<Expression>,
    /// CEL that makes a held `expect` inconclusive.
    pub doubt: Option<Expression>,
    /// What is proposed when `expect` fails.
    pub otherwise: Option<String>,
    /// Actions that must have passed.
    pub proof: Vec<ActionId>,
    /// How old a proof may be.
    pub proof_age: Option<Duration>,
    /// How long the expectation must have held.
    pub sustained: Option<Duration>,
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// CEL source.
    pub text: String,
    /// Bytes of the playbook.
    pub span: Span,
}

/// Settings of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageSettings {
    /// Whom it is for.
    pub to: Option<String>,
    /// Subject line.
    pub subject: Option<String>,
    /// `internal`, `customer`, `regulator` or `public`.
    pub audience: Option<String>,
    /// `action.column`: one draft a value.
    pub for_each: Option<String>,
}

/// Where a clock starts or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ClockStart {
    /// The incident was opened.
    Opened,
    /// A milestone an operator records: `aware`, `confirmed`, `contained`, `resolved`, `closed`.
    Milestone(String),
    /// A severity was reached.
    Severity(String),
    /// A step or action was done.
    Done(String),
}

/// A deadline.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    /// Unique in the playbook.
    pub id: ClockId,
    /// What it counts down to.
    pub title: String,
    /// Time from the start, or from the last time it was met when it repeats.
    pub within: Duration,
    /// True for `every`: it starts again each time it is met.
    pub repeats: bool,
    /// When it starts.
    pub from: ClockStart,
    /// When a repeating clock ends.
    pub until: Option<ClockStart>,
    /// Steps or actions that meet it: all of them, or each one of them where it repeats.
    pub met_by: Vec<String>,
    /// CEL: it runs only when this holds.
    pub when: Option<String>,
    /// The law or agreement behind it.
    pub cite: Option<String>,
    /// Goes on after the incident closed.
    pub after_close: bool,
    /// Where it stands.
    pub span: Span,
}

/// An item of the evidence table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceItem {
    /// Unique in the playbook.
    pub id: EvidenceId,
    /// What it is.
    pub title: String,
    /// The action it comes from, or `note`.
    pub from: Option<String>,
    /// Where it stands.
    pub span: Span,
}
