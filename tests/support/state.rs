//! States as the engine would have them, built by hand: an organisation isolation breach at 03:12, the home screen, one
//! of each dialog, and a state in which every text is hostile.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test's data, written out"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use quarterdeck::editor::Editor;
use quarterdeck::engine::command::{Command, Keys};
use quarterdeck::engine::state::{
    ActionResult, Chosen, Cockpit, Content, Field, Form, Home, HomeItem, Message, Output,
    OutputLine, Overlay, Purpose, Recording, Run, RunPhase, Screen, State, TableView, Timeline,
    Watch, WatchStatus,
};
use quarterdeck::expr::{Metric, Operator, Threshold};
use quarterdeck::incident::view::view;
use quarterdeck::incident::{
    ActionRecord, ActionState, CheckRecord, Incident, InputRecord, SessionRecord, Stage,
    StepRecord, StepState, UnfinishedIntent,
};
use quarterdeck::layout::{Layouts, PaneKind};
use quarterdeck::model::diagnostic::{Diagnostic, SourceText};
use quarterdeck::model::ids::{ActionId, IncidentId, RunId};
use quarterdeck::model::input::{Input, InputType, Origin};
use quarterdeck::model::playbook::{
    Action, Block, Check, Choice, Decision, Effect, Expression, Judge, Language, Phase, PhaseKind,
    Playbook, Reference, Step,
};
use quarterdeck::model::prose::{Inline, Prose, ProseTable};
use quarterdeck::model::request::{Outcome, Parameter, Payload, Request, RunError};
use quarterdeck::model::safe_text::sanitize;
use quarterdeck::model::table::{Column, ColumnKind, Row, Rows, Sample, Series};
use quarterdeck::model::{Mode, Timestamp};
use quarterdeck::record::entry::{ActionOutcome, Body, Entry, Hash, Sealed, WatchState};

/// Writes each text of a state: as it is, or with something hostile in it.
pub type Texts<'a> = &'a dyn Fn(&str) -> String;

/// Leaves texts as they are.
pub fn plain(text: &str) -> String {
    text.to_owned()
}

/// Puts escapes, bidirectional and invisible characters, wide ones and a tower of marks into a text.
pub fn hostile(text: &str) -> String {
    format!(
        "\u{1b}[31m\u{202e}{text}\u{200b}\u{7}\u{feff}\r\u{9b}漢字\u{ad}e{}\u{2066}\t\u{e0041}🚨\u{2800}\u{3164}\u{2028}",
        "\u{301}".repeat(12)
    )
}

/// A time of that night.
pub fn at(clock: &str) -> Timestamp {
    format!("2026-01-31T{clock}Z").parse().unwrap()
}

/// Now, in every state.
pub fn now() -> Timestamp {
    at("03:12:40")
}

/// The cockpit of the breach.
pub fn breach() -> State {
    breach_with(&plain)
}

/// The cockpit of the breach with its texts passed through `text`.
pub fn breach_with(text: Texts<'_>) -> State {
    let playbook = Arc::new(playbook(text));
    let incident = incident(text);
    let alive = BTreeSet::from(["writer-alice".to_owned()]);
    let seen = view(&playbook, &incident, &alive);
    let entries = timeline(text);
    let total = entries.len() as u64;
    let cockpit = Cockpit {
        view: seen,
        alive,
        diagnostics: vec![
            Diagnostic::warning(
                "unknown-attribute",
                10..12,
                text("unknown attribute \"soruce\""),
            )
            .with_help(text("did you mean \"source\"?")),
            Diagnostic::warning("no-owner", 0..3, text("the playbook has no owner")),
        ],
        playbook_differs: true,
        incident,
        writer: "writer-alice".into(),
        profile: text("prod"),
        read_only: Some(true),
        recording: Recording::Saved,
        focus: PaneKind::Guide,
        zoomed: false,
        step: "source".into(),
        guide_top: 0,
        guide_selected: 0,
        watches: watches(text),
        watch_selected: 0,
        results: IndexMap::from([("identify".into(), result(text, 50))]),
        result_shown: Some("identify".into()),
        timeline: Timeline {
            entries: entries.into(),
            first: 0,
            total,
            back: 0,
            loading: false,
        },
        runs: BTreeMap::new(),
        pending: BTreeMap::new(),
        folder: text(
            "/home/alice/.local/share/quarterdeck/live/019aa5c1-7b4e-7d02-9f6e-3f0c8d5b7f3a",
        ),
        report: None,
        drafts: BTreeMap::new(),
        left_behind: BTreeMap::new(),
        walk: None,
        playbook,
    };
    state(Screen::Cockpit(Box::new(cockpit)), text)
}

/// A state around a screen.
pub fn state(screen: Screen, text: Texts<'_>) -> State {
    State {
        now: now(),
        size: (120, 40),
        zone: jiff::tz::TimeZone::UTC,
        operator: text("alice"),
        keys: Keys::default(),
        layouts: Layouts::default(),
        screen,
        overlays: Vec::new(),
        message: None,
        quit: None,
        next_number: 0,
        revision: 0,
    }
}

/// The cockpit inside a state.
pub fn cockpit(state: &mut State) -> &mut Cockpit {
    match &mut state.screen {
        Screen::Cockpit(cockpit) => cockpit,
        _ => unreachable!("the state shows an incident"),
    }
}

/// The home screen.
pub fn home_with(text: Texts<'_>) -> State {
    let incident =
        |id: u128, mode, title: &str, severity: Option<&str>, attached| HomeItem::Incident {
            id: IncidentId(uuid::Uuid::from_u128(id)),
            mode,
            title: text(title),
            severity: severity.map(text),
            opened_at: at("02:58:00"),
            last_at: at("03:11:20"),
            attached,
        };
    let playbook =
        |id: &str, title: &str, summary: &str, alerts: &[&str], errors| HomeItem::Playbook {
            id: id.into(),
            path: text(&format!("built-in:{id}")),
            title: text(title),
            summary: text(summary),
            alerts: alerts.iter().map(|alert| text(alert)).collect(),
            errors,
            used_at: None,
        };
    let items = vec![
        incident(0x7f3a, Mode::Live, "Org isolation breach", Some("P1"), true),
        incident(
            0x11b2,
            Mode::Drill,
            "Webhook retries exhausted",
            None,
            false,
        ),
        playbook(
            "org-isolation-breach",
            "Org isolation breach",
            "An actor of one org reached data of another.",
            &["OrgMismatchDetected"],
            0,
        ),
        playbook(
            "audit-gap",
            "Audit gap",
            "Entries are missing from the audit log.",
            &["AuditGap"],
            2,
        ),
        playbook(
            "webhook-failures",
            "Webhook failures",
            "Deliveries fail or are late.",
            &[],
            0,
        ),
        incident(
            0x90c4,
            Mode::Walkthrough,
            "Org isolation breach",
            Some("P2"),
            false,
        ),
    ];
    let home = Home {
        matches: (0..items.len()).collect(),
        items,
        loaded: true,
        ..Home::default()
    };
    state(Screen::Home(Box::new(home)), text)
}

/// One of each dialog, with a name for its snapshot.
pub fn overlays(text: Texts<'_>) -> Vec<(&'static str, Overlay)> {
    let safe = |plain: &str| sanitize(&text(plain));
    let actions: ActionId = "identify".into();
    vec![
        ("help", Overlay::Help { top: 0 }),
        (
            "palette",
            Overlay::Palette {
                filter: Editor::line(&text("no")),
                matches: vec![Command::Note, Command::NotApplicable, Command::NextStep],
                selected: 1,
            },
        ),
        ("form", Overlay::Form(form(text))),
        (
            "send",
            Overlay::Send {
                run: RunId(7),
                top: 0,
            },
        ),
        (
            "query",
            Overlay::Query {
                action: actions.clone(),
                editor: Editor::text(&text(
                    "SELECT actor_id, org_id\nFROM audit_entries\nWHERE actor_id = :actor_id",
                )),
            },
        ),
        (
            "note",
            Overlay::Note {
                editor: Editor::text(&text("@03:10 the reporter called\nsecond line")),
                error: Some(safe("03:99 is not a time")),
            },
        ),
        (
            "ask",
            Overlay::Ask {
                purpose: Purpose::SkipStep("source".into()),
                editor: Editor::line(&text("no staff was involved")),
                error: None,
            },
        ),
        (
            "choose",
            Overlay::Choose {
                title: vec![safe("Fill which input?")],
                items: vec![
                    (safe("actor_id = u-1932"), bind("actor_id")),
                    (safe("org_id = org-a"), bind("org_id")),
                ],
                selected: 1,
            },
        ),
        (
            "row",
            Overlay::RowDetail {
                run: RunId(3),
                row: 11,
                cells: Some(row(text, 11)),
                selected: 4,
                hex: false,
            },
        ),
        (
            "row-hex",
            Overlay::RowDetail {
                run: RunId(3),
                row: 12,
                cells: Some(row(text, 12)),
                selected: 3,
                hex: true,
            },
        ),
        (
            "reference",
            Overlay::Reference {
                selected: 0,
                top: 0,
            },
        ),
        ("diagnostics", Overlay::Diagnostics { top: 0 }),
        (
            "entry",
            Overlay::Entry {
                entry: timeline(text).swap_remove(9),
                top: 0,
            },
        ),
    ]
}

/// A run that waits to be sent: what the dialog of sending shows.
pub fn confirming(state: &mut State, text: Texts<'_>) {
    cockpit(state).runs.insert(
        RunId(7),
        Run {
            action: "identify".into(),
            poll: false,
            preview_of: None,
            gate: None,
            edited: true,
            phase: RunPhase::Confirming(Box::new(request(text))),
        },
    );
}

/// The request of the action that identifies the source.
pub fn request(text: Texts<'_>) -> Request {
    Request {
        action: "identify".into(),
        source: "audit".into(),
        target: text("postgres audit@db1:5432/app as reader"),
        text: text(
            "SELECT occurred_at, actor_id, org_id, attempted_org_id, user_agent, attempts\n  FROM audit_entries\n WHERE action = 'org_mismatch'\n   AND actor_id = $1\n   AND occurred_at > $2\n ORDER BY occurred_at DESC",
        ),
        parameters: vec![
            Parameter {
                name: text("actor_id"),
                kind: "text".into(),
                value: text("u-1932"),
                example: false,
            },
            Parameter {
                name: "window_start".into(),
                kind: "timestamptz".into(),
                value: "2026-01-30T03:00:00.000Z".into(),
                example: false,
            },
        ],
        effect: Effect::Read,
        timeout: Duration::from_secs(30),
        limit: 10_000,
        ceiling: None,
        judged: false,
        payload: Payload::Sql {
            statement: "SELECT 1".into(),
        },
    }
}

/// A result of so many rows.
pub fn result(text: Texts<'_>, rows: usize) -> ActionResult {
    let rows = Rows::from_vec((0..rows).map(|number| row(text, number)).collect());
    ActionResult {
        run: RunId(3),
        request: request(text),
        started_at: at("03:11:58"),
        end: Some((
            at("03:11:58.018"),
            Ok(Outcome {
                rows: Some(rows.len() as u64),
                ..Outcome::default()
            }),
        )),
        unrecorded: false,
        intent: None,
        judgement: None,
        content: Content::Table(table(text, rows)),
        warnings: Vec::new(),
    }
}

/// A table on rows.
pub fn table(text: Texts<'_>, rows: Rows) -> TableView {
    let column = |name: &str, kind, type_name: &str| Column {
        name: text(name),
        kind,
        type_name: type_name.to_owned(),
    };
    TableView {
        columns: vec![
            column("occurred_at", ColumnKind::Timestamp, "timestamptz"),
            column("actor_id", ColumnKind::Text, "text"),
            column("org_id", ColumnKind::Text, "text"),
            column("attempted_org_id", ColumnKind::Text, "text"),
            column("user_agent", ColumnKind::Text, "text"),
            column("attempts", ColumnKind::Integer, "int8"),
        ],
        shown: rows.clone(),
        total: rows.len() as u64,
        rows,
        selected: 11,
        column: 0,
        sort: Some((0, true)),
        busy: false,
        search: None,
    }
}

/// A row of it: NULL, empty text, wide characters and numbers of several widths occur.
pub fn row(text: Texts<'_>, number: usize) -> Row {
    let cell = |plain: String| Some(text(&plain).into_boxed_str());
    vec![
        cell(format!(
            "03:{:02}:{:02}",
            11 - number / 60 % 12,
            59 - number % 60
        )),
        cell(format!("u-{}", 1932 + number % 3)),
        cell("org-a".to_owned()),
        cell(if number.is_multiple_of(4) {
            "组织-乙".to_owned()
        } else {
            format!("org-{number}")
        }),
        match number % 5 {
            0 => None,
            1 => Some("".into()),
            _ => cell("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0".to_owned()),
        },
        Some((number * number * 7).to_string().into_boxed_str()),
    ]
}

/// Output of a script.
pub fn output(text: Texts<'_>) -> Content {
    Content::Output(Output {
        lines: (1..=30)
            .map(|number| OutputLine {
                error: number % 7 == 0,
                text: sanitize(&text(&format!(
                    "pod order-{number:02} is running on node-{}",
                    number % 4
                ))),
            })
            .collect(),
        stdout: String::new(),
        stderr: String::new(),
        rest: text("still writ"),
        rest_is_error: false,
        bytes: 1_000,
        top: 0,
    })
}

/// A failed end with the place of the error.
pub fn failure(text: Texts<'_>) -> RunError {
    RunError::Failed {
        message: text("column \"actor_idd\" does not exist"),
        code: Some("42703".into()),
        position: Some(130),
    }
}

fn bind(input: &str) -> Chosen {
    Chosen::Bind {
        input: input.into(),
        value: "u-1932".into(),
    }
}

fn input(text: Texts<'_>, id: &str, title: &str, kind: InputType) -> Input {
    Input {
        id: id.into(),
        title: text(title),
        kind,
        default: None,
        from: Vec::new(),
        inferred: false,
    }
}

fn form(text: Texts<'_>) -> Form {
    let field = |input: Input, value: &str, error: Option<&str>| Field {
        input,
        editor: Editor::line(&text(value)),
        error: error.map(|error| sanitize(&text(error))),
    };
    let of = vec![text("prod"), text("staging")];
    Form {
        fields: vec![
            field(
                input(text, "actor_id", "Actor", InputType::Text { pattern: None }),
                "u-1932",
                None,
            ),
            field(
                input(text, "lookback", "Look back", InputType::Lookback),
                "7 days",
                Some("expected a duration such as 15m, 24h or 7d"),
            ),
            field(
                input(text, "environment", "Environment", InputType::Choice { of }),
                "prod",
                None,
            ),
            field(
                input(text, "token", "Admin token", InputType::Secret),
                "",
                None,
            ),
        ],
        selected: 1,
        then_run: Some("identify".into()),
    }
}

fn action(text: Texts<'_>, id: &str, title: &str, language: Language, effect: Effect) -> Action {
    Action {
        id: id.into(),
        key: None,
        title: text(title),
        description: Vec::new(),
        language,
        text: text("SELECT 1"),
        source: Some(
            if language == Language::Promql {
                "metrics"
            } else {
                "audit"
            }
            .into(),
        ),
        effect,
        preserves: false,
        optional: false,
        inputs: Vec::new(),
        view: None,
        x: None,
        y: None,
        by: Vec::new(),
        every: None,
        limit: None,
        timeout: None,
        judge: Judge::default(),
        preview: None,
        max_rows: None,
        undo: None,
        approve: 0,
        role: None,
        ok_codes: Vec::new(),
        cwd: None,
        message: None,
        span: 0..0,
        text_span: 0..0,
    }
}

fn paragraph(text: Texts<'_>, parts: &[(&str, bool, bool)]) -> Prose {
    Prose::Paragraph(
        parts
            .iter()
            .map(|(plain, strong, code)| Inline {
                strong: *strong,
                code: *code,
                ..Inline::plain(text(plain))
            })
            .collect(),
    )
}

fn step(text: Texts<'_>, id: &str, title: &str, requires: &[&str], body: Vec<Block>) -> Step {
    Step {
        id: id.into(),
        slug: id.into(),
        title: text(title),
        role: None,
        when: None,
        timebox: None,
        requires: requires.iter().map(|name| (*name).to_owned()).collect(),
        optional: false,
        decision: None,
        body,
        span: 0..0,
    }
}

fn check(text: Texts<'_>, id: &str, what: &str) -> Block {
    Block::Check(Check {
        id: id.into(),
        text: text(what),
        optional: false,
        by: None,
        span: 0..0,
    })
}

fn phase(text: Texts<'_>, id: &str, title: &str, steps: Vec<Step>) -> Phase {
    Phase {
        id: id.into(),
        slug: id.into(),
        title: text(title),
        kind: PhaseKind::Other,
        introduction: Vec::new(),
        notes: Vec::new(),
        steps,
        when: None,
        requires: Vec::new(),
        span: 0..0,
    }
}

fn source_step(text: Texts<'_>) -> Step {
    let body = vec![
        Block::Prose(paragraph(
            text,
            &[
                ("Check the structured logs for the ", false, false),
                ("org_mismatch", false, true),
                (" entries. Look for ", false, false),
                ("one actor that reaches many organisations", true, false),
                (
                    " within minutes: that is a stolen session until shown otherwise.",
                    false,
                    false,
                ),
            ],
        )),
        Block::Action("identify".into()),
        Block::Action("sessions".into()),
        Block::Action("revoke".into()),
        check(text, "saved", "The reporter's request id is saved"),
        check(
            text,
            "compared",
            "Actor and organisation were compared with the access list of the tenant, deleted members included",
        ),
    ];
    Step {
        role: Some("security".into()),
        timebox: Some(Duration::from_secs(900)),
        ..step(text, "source", "Identify the source", &[], body)
    }
}

fn pattern_step(text: Texts<'_>) -> Step {
    let choice = |name: &str, means: &str, act: &str| Choice {
        name: text(name),
        cells: vec![text(name), text(means), text(act)],
        suggest_when: None,
        then: Vec::new(),
        span: 0..0,
    };
    Step {
        decision: Some(Decision {
            over: Vec::new(),
            many: false,
            columns: vec!["Pattern".into(), "What it means".into(), "Do".into()],
            choices: vec![
                choice(
                    "One actor, many orgs",
                    "A stolen session or an insider who looks around",
                    "Revoke the sessions",
                ),
                choice(
                    "Many actors, one org",
                    "A broken permission check after a deployment",
                    "Roll back",
                ),
            ],
        }),
        ..step(
            text,
            "pattern",
            "Determine the pattern",
            &["source"],
            Vec::new(),
        )
    }
}

fn playbook(text: Texts<'_>) -> Playbook {
    let read = |id: &str, title: &str| action(text, id, title, Language::Sql, Effect::Read);
    let watch = |id: &str, title: &str| action(text, id, title, Language::Promql, Effect::Read);
    let mut identify = read("identify", "Identify the source");
    identify.description = vec![paragraph(
        text,
        &[
            (
                "Identify the source. Entries without an org prove nothing, so they are counted apart. ",
                false,
                false,
            ),
            ("FAIL: escalate immediately to CRITICAL.", true, false),
        ],
    )];
    identify.judge.expect = Some(Expression {
        text: text("rows[0].mismatched == 0"),
        span: 0..0,
    });
    let mut sessions = read("sessions", "Sessions of the actor");
    sessions.inputs = vec!["actor_id".into(), "since".into()];
    let actions = [
        read("quantify", "Quantify the scope"),
        identify,
        sessions,
        action(
            text,
            "revoke",
            "Revoke the actor's sessions",
            Language::Sql,
            Effect::Write,
        ),
        watch("mismatches", "Org mismatches per minute by machine"),
        watch("latency", "Audit write latency"),
    ];
    let summary = Prose::List {
        start: None,
        items: vec![
            vec![paragraph(
                text,
                &[
                    ("GDPR art. 33: ", true, false),
                    ("72 hours from becoming aware", false, false),
                ],
            )],
            vec![paragraph(
                text,
                &[("the customer's contract may ask for less", false, false)],
            )],
        ],
    };
    let ladder = Prose::Table(ProseTable {
        head: vec![
            vec![Inline::plain(text("Level"))],
            vec![Inline::plain(text("Means"))],
        ],
        rows: vec![
            vec![
                vec![Inline::plain(text("P1"))],
                vec![Inline::plain(text("Data of another tenant was read"))],
            ],
            vec![
                vec![Inline::plain(text("P2"))],
                vec![Inline::plain(text("Attempts, all refused"))],
            ],
        ],
    });
    Playbook {
        id: "org-isolation-breach".into(),
        title: text("Org isolation breach"),
        summary: text("An actor of one org reached data of another."),
        native: true,
        source: SourceText::new(
            text("playbooks/org-isolation-breach.md"),
            "# Org isolation breach\n",
        ),
        severity: vec!["P1".into()],
        ladder: Vec::new(),
        owner: Some("security".into()),
        reviewed: None,
        alerts: vec!["OrgMismatchDetected".into()],
        roles: IndexMap::from([
            ("ic".into(), text("Incident commander")),
            ("security".into(), text("Security engineer")),
        ]),
        inputs: IndexMap::from([(
            "actor_id".into(),
            input(text, "actor_id", "Actor", InputType::Text { pattern: None }),
        )]),
        clocks: IndexMap::new(),
        evidence: IndexMap::new(),
        introduction: Vec::new(),
        notes: Vec::new(),
        phases: vec![
            phase(
                text,
                "triage",
                "Triage",
                vec![
                    step(text, "confirm", "Confirm the alert", &[], Vec::new()),
                    step(text, "severity", "Set the severity", &[], Vec::new()),
                ],
            ),
            phase(
                text,
                "investigate",
                "Investigate",
                vec![
                    step(text, "scope", "Quantify the scope", &[], Vec::new()),
                    source_step(text),
                    pattern_step(text),
                    step(
                        text,
                        "cross",
                        "Cross-org access by others?",
                        &["pattern"],
                        Vec::new(),
                    ),
                ],
            ),
            phase(
                text,
                "contain",
                "Contain",
                vec![
                    step(
                        text,
                        "revoke-step",
                        "Revoke sessions",
                        &["cross"],
                        Vec::new(),
                    ),
                    step(text, "block", "Block the actor", &["cross"], Vec::new()),
                ],
            ),
            phase(
                text,
                "communicate",
                "Communicate",
                vec![step(text, "customer", "Tell the customer", &[], Vec::new())],
            ),
        ],
        references: vec![Reference {
            title: text("Deadlines and severity"),
            body: vec![
                paragraph(
                    text,
                    &[(
                        "Deadlines start when a person is aware, not when the alert fired.",
                        false,
                        false,
                    )],
                ),
                summary,
                ladder,
            ],
            actions: vec!["quantify".into()],
        }],
        actions: actions
            .into_iter()
            .map(|action| (action.id.clone(), action))
            .collect(),
        watch: vec!["mismatches".into(), "latency".into()],
    }
}

fn incident(text: Texts<'_>) -> Incident {
    let step = |state| StepRecord {
        state,
        at: at("03:02:00"),
        operator: text("alice"),
    };
    let run = |intent, state, rows| ActionRecord {
        intent,
        state,
        rows,
        incomplete: None,
        duration_ms: Some(18),
        runs: 1,
        judged: None,
        held_since: None,
        result: None,
        evidence: Vec::new(),
        first_done_at: None,
        at: at("03:11:58"),
        operator: text("alice"),
    };
    let lost = Hash([7; 32]);
    Incident {
        id: IncidentId(uuid::Uuid::from_u128(0x7f3a)),
        mode: Mode::Live,
        drill: None,
        playbook: "org-isolation-breach".into(),
        title: text("Org isolation breach"),
        playbook_sha256: Hash::default(),
        opened_at: at("02:58:10"),
        severity: Some(text("P1")),
        alert: Some(text("OrgMismatchDetected")),
        profile: Some(text("prod")),
        steps: BTreeMap::from([
            ("confirm".into(), step(StepState::Done)),
            (
                "severity".into(),
                step(StepState::Skipped(text("set by the pager"))),
            ),
            ("scope".into(), step(StepState::Done)),
            ("source".into(), step(StepState::Doing)),
        ]),
        inputs: BTreeMap::from([(
            "actor_id".into(),
            InputRecord {
                value: text("u-1932"),
                kind: "text".into(),
                origin: Origin::Row,
                at: at("03:12:10"),
                operator: text("alice"),
            },
        )]),
        checks: BTreeMap::from([(
            "saved".into(),
            CheckRecord {
                not_applicable: None,
                at: at("03:09:00"),
                operator: text("alice"),
            },
        )]),
        actions: BTreeMap::from([
            (
                "identify".into(),
                run(None, ActionState::Ended(ActionOutcome::Ok), Some(50)),
            ),
            ("revoke".into(), run(Some(lost), ActionState::Started, None)),
        ]),
        unfinished: BTreeMap::from([(
            lost,
            UnfinishedIntent {
                action: "revoke".into(),
                writer: "writer-gone".into(),
                at: at("03:05:00"),
                effect: Effect::Write,
                lost: false,
            },
        )]),
        watches: BTreeMap::new(),
        alerts: BTreeMap::new(),
        roles: BTreeMap::from([("ic".into(), text("alice"))]),
        sessions: BTreeMap::from([(
            "writer-alice".to_owned(),
            SessionRecord {
                operator: text("alice"),
                host: text("bastion"),
                at: at("02:58:10"),
            },
        )]),
        notes: 1,
        stage: Stage::Open,
        decisions: BTreeMap::new(),
        milestones: BTreeMap::new(),
        severities: BTreeMap::new(),
        clocks: BTreeMap::new(),
        waived: BTreeMap::new(),
        messages: BTreeMap::new(),
        captured: BTreeMap::new(),
        noted_evidence: BTreeMap::new(),
        follow_ups: Vec::new(),
        attached: Vec::new(),
        marks: quarterdeck::incident::Marks::default(),
        evidence: 1,
        entries: 12,
        last: None,
    }
}

fn watches(text: Texts<'_>) -> Vec<Watch> {
    let start = at("02:42:30").as_second();
    let series = |label: &str, value: &dyn Fn(i64) -> f64| Series {
        label: text(label),
        samples: (0..61)
            .map(|index| Sample {
                at: Timestamp::from_second(start + index * 30).unwrap(),
                value: value(index),
            })
            .collect(),
    };
    let spike = |index: i64| {
        if index > 38 {
            (42.0 - (index - 50).abs() as f64 * 2.5).max(3.0)
        } else {
            0.0
        }
    };
    let small = |index: i64| {
        if index > 45 {
            f64::from(u8::from(index % 3 == 0)) * 6.0
        } else {
            0.0
        }
    };
    let watch = |action: &str, status, series: Vec<Series>, newest, threshold| Watch {
        action: action.into(),
        status,
        series,
        newest,
        settled: None,
        threshold,
        window: Some((at("02:42:30"), at("03:12:30"))),
        every: Duration::from_secs(30),
        run: None,
        next_poll: None,
        request: None,
        warnings: Vec::new(),
        back: 0,
        zoom: 0,
    };
    let threshold = |number| Threshold {
        metric: Metric::Value,
        operator: Operator::Greater,
        number,
    };
    vec![
        watch(
            "mismatches",
            WatchStatus::Alert,
            vec![
                series("machine=order", &spike),
                series("machine=cart", &small),
            ],
            Some(at("03:12:10")),
            Some(threshold(0.0)),
        ),
        watch(
            "latency",
            WatchStatus::Failed(sanitize(&text(
                "the source does not answer: connection refused",
            ))),
            Vec::new(),
            None,
            Some(threshold(0.5)),
        ),
    ]
}

fn timeline(text: Texts<'_>) -> Vec<Arc<Sealed>> {
    let action = |id: &str| ActionId::new(id);
    let bodies: Vec<(&str, Body)> = vec![
        (
            "02:58:10",
            Body::IncidentOpened {
                playbook: "org-isolation-breach".into(),
                title: text("Org isolation breach"),
                playbook_sha256: Hash::default(),
                severity: Some(text("P1")),
                alert: Some(text("OrgMismatchDetected")),
                profile: Some(text("prod")),
            },
        ),
        (
            "02:58:11",
            Body::SessionOpened {
                operator: text("alice"),
                known_by: "user".into(),
                uid: 1_000,
                tty: None,
                host: text("bastion"),
                ssh_connection: None,
                key: String::new(),
                version: "0.1.0".into(),
            },
        ),
        (
            "02:58:12",
            Body::WatchStarted {
                action: action("mismatches"),
                target: text("prometheus metrics"),
                text: text("rate(x[1m])"),
            },
        ),
        (
            "03:01:30",
            Body::WatchChanged {
                action: action("mismatches"),
                state: WatchState::Alert,
                detail: text("machine=order 42 > 0"),
            },
        ),
        ("03:02:00", Body::step_done("confirm")),
        (
            "03:02:20",
            Body::StepSkipped {
                step: "severity".into(),
                reason: text("set by the pager"),
            },
        ),
        (
            "03:09:00",
            Body::NoteAdded {
                text: text("the reporter saw another tenant's cart\nhe sent a screenshot"),
                happened_at: Some(at("02:55:00")),
                step: None,
                evidence: None,
            },
        ),
        (
            "03:10:00",
            Body::StepStarted {
                step: "source".into(),
            },
        ),
        (
            "03:10:30",
            Body::CheckTicked {
                check: "saved".into(),
                not_applicable: None,
            },
        ),
        (
            "03:11:58",
            Body::ActionIntent {
                action: action("identify"),
                source: "audit".into(),
                target: text("postgres audit@db1:5432/app as reader"),
                template_sha256: Hash([1; 32]),
                text: text("SELECT occurred_at\n  FROM audit_entries"),
                edited: true,
                parameters: request(text).parameters,
                effect: Effect::Read,
                gate: None,
            },
        ),
        (
            "03:11:58",
            Body::ActionResult {
                intent: Hash([9; 32]),
                action: action("identify"),
                outcome: ActionOutcome::Ok,
                rows: Some(50),
                truncated: None,
                partial: None,
                duration_ms: 18,
                code: None,
                message: None,
                judged: None,
                evidence: Vec::new(),
            },
        ),
        (
            "03:12:10",
            Body::InputSet {
                input: "actor_id".into(),
                value: text("u-1932"),
                kind: "text".into(),
                from: Origin::Row,
            },
        ),
    ];
    bodies
        .into_iter()
        .enumerate()
        .map(|(index, (clock, body))| {
            let entry = Entry {
                v: 1,
                incident: IncidentId(uuid::Uuid::from_u128(0x7f3a)),
                mode: Mode::Live,
                writer: "writer-alice".into(),
                seq: index as u64 + 1,
                prev: Hash([index as u8; 32]),
                seen: Vec::new(),
                clock: index as u64 + 1,
                at: format!("2026-01-31T{clock}.000Z"),
                mono_ms: 1_000 * index as u64,
                boot: "b00t".into(),
                sim_at: None,
                operator: text("alice"),
                kind: body.kind().to_owned(),
                body_hash: Hash([2; 32]),
            };
            Arc::new(Sealed {
                entry,
                hash: Hash([index as u8 + 1; 32]),
                signature: [0; 64],
                salt: [0; 16],
                body: Some(body),
            })
        })
        .collect()
}

/// A message in the last line.
pub fn message(state: &mut State, text: &str, error: bool) {
    state.message = Some(Message {
        text: sanitize(text),
        error,
    });
}
