//! Scenarios: what is planted in the simulated service, what happens meanwhile, what the truth is, and what is scored. One TOML file each, no code.
//!
//! Reading never fails: a broken file gives everything that did parse, with its errors (place, what was expected, what was found, the nearest name).
//! Nothing here runs a scenario.

mod built_in;
mod check;
mod fields;
mod outcome;
mod patterns;
mod read;
#[cfg(test)]
mod tests;
mod texts;
mod whole_file;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use crate::expr::Expression;
use crate::model::Timestamp;
use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::ids::{ActionId, EvidenceId, InputId, PlaybookId, StepId};

pub use built_in::BUILT_IN;
pub use check::check;
pub use patterns::{KINDS, roles};

/// A scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file.
    pub source: SourceText,
    /// Its name on the command line, in kebab case.
    pub id: String,
    /// Its title: what a player may know before it begins.
    pub title: String,
    /// One or two sentences, told before it begins; nothing of the truth.
    pub summary: String,
    /// The playbook it is worked with.
    pub playbook: PlaybookId,
    /// The alert that pages the operator.
    pub alert: Option<String>,
    /// Severity at opening, where the playbook offers several.
    pub severity: Option<String>,
    /// Simulated time of the page.
    pub starts: Timestamp,
    /// How far back telemetry and tables reach. Default 26h.
    pub history: Duration,
    /// Simulated seconds a second, unless the command line says otherwise. Default 5.
    pub speed: f64,
    /// How long it is meant to take, simulated.
    pub lasts: Duration,
    /// How large the service is.
    pub service: Service,
    /// What is planted.
    pub stories: Vec<Story>,
    /// What happens by time or by trigger.
    pub injects: Vec<Inject>,
    /// What a player would find for the inputs of the playbook; `rehearse` runs with them. `{attack.actors.0}` stands for a name that a story draws: see
    /// [`Director::inputs`](super::Director::inputs).
    pub inputs: BTreeMap<InputId, String>,
    /// What really happened.
    pub truth: Truth,
    /// What is scored.
    pub rubric: Rubric,
}

/// How large the simulated service is, and how busy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Service {
    /// Customers (organisations, tenants, clients: one population under three names).
    pub organisations: u32,
    /// Users of each organisation, on average.
    pub users: u32,
    /// Staff users.
    pub staff: u32,
    /// Background requests a minute at the busiest time of day.
    pub requests_per_minute: u32,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            organisations: 24,
            users: 12,
            staff: 40,
            requests_per_minute: 24,
        }
    }
}

/// Something planted: a pattern of events between two times, until something stops it.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its name inside the scenario.
    pub id: String,
    /// When it begins, from the page on; negative is before it.
    pub from: SignedDuration,
    /// When it ends by itself.
    pub until: Option<SignedDuration>,
    /// It waits until an inject starts it.
    pub waits: bool,
    /// It stops once this holds (see [`Condition`]).
    pub stop_when: Option<Condition>,
    /// What happens.
    pub pattern: Pattern,
}

/// Who or what a pattern names: given, or so many drawn by the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// These, by id.
    Given(Vec<String>),
    /// So many of the population, drawn by the seed.
    Drawn(u32),
}

/// What a story does. Times between events are means; the seed makes the noise. Shares are 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// `cross-org-attempts`: actors try transitions of resources of other organisations; the engine rejects them: `ORG MISMATCH` in `traces`, the counter
    /// `commerce_transition_org_mismatch_total` in `customMetrics` and in Prometheus. Actors are staff users: without an active session they are silent.
    CrossOrgAttempts {
        /// Who: staff users.
        actors: Names,
        /// Target organisations.
        targets: Names,
        /// Mean time between two attempts of all actors together.
        every: Duration,
        /// The state machine (`order`, `invoice`, …).
        machine: String,
        /// Where from; drawn when none is given.
        ip: Option<String>,
        /// Share of attempts that were not rejected: entries of `commerce.audit_entries` whose resource is another organisation's.
        succeed: f64,
        /// Share of attempts whose entry of the trail lacks `resourceOrgId` (the engine's older version did not write it).
        unknown: f64,
    },
    /// `cross-reads`: reads of `access_logs` that cross organisations or modes.
    CrossReads {
        /// `org` (modes A and C of the SEV1 runbook) or `mode` (mode B).
        crosses: Crossing,
        /// Operations they go through (`operation_id`).
        operations: Names,
        /// Organisations that read.
        readers: Names,
        /// Organisations that are read.
        targets: Names,
        /// Mean time between two reads.
        every: Duration,
        /// Share of reads without an org or a mode.
        unknown: f64,
    },
    /// `staff-reads`: a staff user reads clients' data it has no case with: `cross_tenant_read` in `audit_events`.
    StaffReads {
        /// Staff users.
        actors: Names,
        /// Clients.
        targets: Names,
        /// Mean time between two reads.
        every: Duration,
        /// Share of reads without a client.
        unknown: f64,
        /// The route they go through, below `apps/api/src/routes/`.
        route: String,
        /// The route's declared scope: `staff-only`, `client-scoped`, or `missing`.
        scope: String,
    },
    /// `magic-link`: somebody uses a contact's magic link (`cycle_requests`): reads in `audit_events`.
    MagicLink {
        /// The contact, drawn when none is given.
        contact: Option<String>,
        /// Clients that are read.
        targets: Names,
        /// Mean time between two reads.
        every: Duration,
    },
    /// `tenant-leak`: entries of `audit_logs` whose tenant is another one than their actor's.
    TenantLeak {
        /// Actors: users.
        actors: Names,
        /// Tenants whose data is reached.
        targets: Names,
        /// Mean time between two entries.
        every: Duration,
        /// Share of entries whose actor is deleted, so that nobody knows the tenant.
        unknown: f64,
    },
    /// `session-abuse`: a user's session used from many addresses: `audit_logs`.
    SessionAbuse {
        /// The user, drawn when none is given.
        user: Option<String>,
        /// How many addresses.
        addresses: u32,
        /// Mean time between two acts.
        every: Duration,
    },
    /// `webhook-failure`: an endpoint's deliveries fail: `webhook_deliveries`, `webhook_endpoints`, `/api/metrics`.
    WebhookFailure {
        /// The tenant, drawn when none is given.
        tenant: Option<String>,
        /// HTTP status of the failures; 0 for no answer at all.
        status: u16,
        /// Share of deliveries that fail.
        share: f64,
        /// Mean time between two deliveries.
        every: Duration,
    },
    /// `export-failure`: exports fail: `audit_logs`, `/api/metrics`, and the storage itself.
    ExportFailure {
        /// `disk-full` (local uploads), `access-denied` (S3).
        cause: String,
        /// Mean time between two exports.
        every: Duration,
    },
    /// `slow-database`: one backend blocks others: `pg_stat_activity`, `pg_blocking_pids`, readiness, latency, the query profiler.
    SlowDatabase {
        /// Backends that wait.
        waiting: u32,
        /// The table whose scans are sequential.
        table: String,
    },
    /// `deployment`: a version goes live: a trace, a git commit, and what `regression` names begins with it.
    Deployment {
        /// Version.
        version: String,
        /// Title of its commit.
        commit: String,
        /// Files it touched.
        files: Vec<String>,
    },
    /// `errors`: a share of requests fails with 500: `requests`, `access_logs`, `/api/metrics`.
    Errors {
        /// Share of background requests.
        share: f64,
    },
    /// `silence`: a source takes nothing in any more: no new rows, no new samples.
    Silence {
        /// `telemetry`, `metrics`, or a table such as `commerce.audit_entries`.
        source: String,
    },
}

/// What a read crosses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// Organisations.
    Org,
    /// Live and test mode.
    Mode,
}

/// A condition over [`Facts`](super::Facts), in CEL: `"u-7" in revoked`, `"revoke" in ran && !("preserve-logs" in ran)`.
#[derive(Debug, Clone)]
pub struct Condition {
    /// As it is written.
    pub text: String,
    /// Parsed.
    pub expression: Expression,
}

/// Something that happens to the operator or to the service, once.
#[derive(Debug, Clone)]
pub struct Inject {
    /// Its name inside the scenario; a facilitator may call it by it.
    pub id: String,
    /// When.
    pub trigger: Trigger,
    /// Who speaks: `customer`, `executive`, `pager`, `colleague`, `system`.
    pub from: String,
    /// What is said, on screen and on the timeline; empty for what happens in silence.
    pub text: String,
    /// Stories that begin.
    pub start: Vec<String>,
    /// Stories that end.
    pub stop: Vec<String>,
    /// Rows that vanish: `schema.table` and the story that wrote them. Forensics that nobody kept are gone.
    pub erase: Vec<(String, String)>,
    /// Needless damage that this is the sign of, for the debrief.
    pub damage: Option<Damage>,
}

/// When an inject comes.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// This long after the page.
    At(Duration),
    /// After the condition held.
    When(Condition, Wait),
    /// Only when a facilitator says so.
    Called,
}

/// How long after its condition an inject comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// `after`: so long after it first held, whatever holds by then.
    After(Duration),
    /// `for`: once it has held so long without a break.
    For(Duration),
}

/// Damage that a wrong act did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What it was, in a sentence.
    pub text: String,
    /// Points it costs.
    pub points: u32,
}

/// What really happened, for the debrief.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// The story, in Markdown.
    pub text: String,
    /// Whether another tenant's data was reached.
    pub breach: bool,
    /// The right choices of decisions; any of a list will do.
    pub decisions: BTreeMap<StepId, Vec<String>>,
    /// The choices of decisions that say that nothing was reached: a false all-clear, where it was.
    pub all_clear: BTreeMap<StepId, Vec<String>>,
    /// The milestones that have to be said, and those that must not be: `confirmed = false`.
    pub milestones: BTreeMap<String, bool>,
    /// The severity it should end at.
    pub severity: Option<String>,
}

/// What is scored. A part that is left out is not scored; points add up to whatever they add up to, and the score is a share of them.
#[derive(Debug, Clone, Default)]
pub struct Rubric {
    /// The first act of the operator: anything but opening.
    pub acknowledge: Option<Timed>,
    /// What shows that it has stopped, all of it: actions, checks, or the injects that say so; the milestone `contained` where none is named.
    pub contain: Option<Timed>,
    /// The decisions of the truth.
    pub classify: Option<Timed>,
    /// The first message that went out.
    pub first_update: Option<Timed>,
    /// Points for the playbook's clocks that were met; each missed one costs its share.
    pub deadlines: Option<u32>,
    /// Points for evidence that was kept before the acts of containment.
    pub evidence: Option<EvidenceFirst>,
    /// What a false all-clear costs. The heaviest fault: at least half of all points.
    pub false_all_clear: u32,
    /// What each wrong decision costs.
    pub wrong_decision: u32,
    /// What each step skipped or left costs, up to `steps_most`.
    pub step_skipped: u32,
    /// The most that skipped steps cost together.
    pub steps_most: u32,
}

/// Something that is to be done in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// Full points within this time after the page; none at twice the time, less and less between.
    pub within: Duration,
    /// Points.
    pub points: u32,
    /// The actions, checks, messages or injects that count, where it is not any.
    pub by: Vec<String>,
}

/// Evidence that has to be kept first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFirst {
    /// Points.
    pub points: u32,
    /// Actions whose results have to be in evidence, and items of the playbook's evidence table.
    pub kept: Vec<String>,
    /// The acts before which they have to be: actions or checks.
    pub before: Vec<ActionId>,
    /// Items that have to be there at the end.
    pub items: Vec<EvidenceId>,
}

/// What the page that begins a drill is called among the injects of the record. No inject of a scenario may be.
pub const PAGE: &str = "page";

/// Tables of the database that stories write, as `erase` and a story of kind `silence` name them.
pub const TABLES: [&str; 5] = [
    "commerce.audit_entries",
    "audit_events",
    "access_logs",
    "audit_logs",
    "webhook_deliveries",
];

impl Rubric {
    /// All points there are.
    pub fn points(&self) -> u32 {
        let timed = [
            &self.acknowledge,
            &self.contain,
            &self.classify,
            &self.first_update,
        ];
        let timed: u32 = timed.into_iter().flatten().map(|part| part.points).sum();
        let evidence = self.evidence.as_ref().map_or(0, |part| part.points);
        timed + evidence + self.deadlines.unwrap_or(0)
    }
}

/// Reads a scenario. Never fails: what did parse is there, the findings say what did not.
pub fn parse(source: SourceText) -> (Scenario, Vec<Diagnostic>) {
    read::scenario(source)
}

/// Whether a TOML text is a scenario: it says `drill =` before its first table. Folders hold other TOML files too.
pub fn is_scenario(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .any(|(key, _)| key.trim() == "drill")
}

/// That the playbook of a scenario is nowhere.
pub fn unknown_playbook<'k>(
    scenario: &Scenario,
    known: impl IntoIterator<Item = &'k str>,
) -> Diagnostic {
    let span = texts::Texts::new(&scenario.source).place(&["playbook".into()]);
    let what = "a playbook of the library or of the files checked";
    fields::unknown(
        "unknown-playbook",
        span,
        what,
        scenario.playbook.as_str(),
        known,
    )
}
