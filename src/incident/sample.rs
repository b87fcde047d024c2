//! A small playbook and a way to write entries, for the tests of what is made of both.

use indexmap::IndexMap;

use crate::model::diagnostic::SourceText;
use crate::model::ids::IncidentId;
use crate::model::input::{Input, InputType};
use crate::model::playbook::{
    Action, Block, Check, Effect, EvidenceItem, Judge, Language, Phase, PhaseKind, Playbook, Step,
};
use crate::model::{Mode, Timestamp};
use crate::record::chain::{Stamp, Writer, seal};
use crate::record::entry::{Body, Draft, Hash, Sealed};

/// Triage: `quantify` (actions `count`, `watch-it`; a check, an optional check). Contain, which requires `count`: `revoke`
/// (requires the evidence `rows` and the step `quantify` by its slug), `maybe` (conditional), `notify` (optional).
pub(crate) fn playbook() -> Playbook {
    let actions: IndexMap<_, _> = ["count", "revoke-session"]
        .into_iter()
        .map(|id| (id.into(), action(id)))
        .collect();
    let input = |id: &str, default: Option<&str>| {
        let input = Input {
            id: id.into(),
            title: id.into(),
            kind: InputType::Text { pattern: None },
            default: default.map(String::from),
            from: vec![],
            inferred: false,
        };
        (id.into(), input)
    };
    Playbook {
        id: "org-isolation".into(),
        title: "Org isolation breach".into(),
        summary: String::new(),
        native: true,
        source: SourceText::new("p.md", "# p"),
        severity: vec!["P1".into()],
        ladder: vec![],
        owner: None,
        reviewed: None,
        alerts: vec![],
        roles: [("ic".into(), "Incident commander".into())]
            .into_iter()
            .collect(),
        inputs: [input("actor", None), input("window", Some("15m"))]
            .into_iter()
            .collect(),
        clocks: IndexMap::new(),
        evidence: [evidence("rows", "count"), evidence("call", "note")]
            .into_iter()
            .collect(),
        introduction: vec![],
        notes: vec![],
        phases: vec![
            phase("triage", &[], vec![step("quantify", &[], &["count"])]),
            phase(
                "contain",
                &["count"],
                vec![
                    step(
                        "revoke",
                        &["rows", "quantify-the-scope"],
                        &["revoke-session"],
                    ),
                    Step {
                        when: Some("pattern == 'one'".into()),
                        requires: vec!["nothing-known".into()],
                        ..step("maybe", &[], &[])
                    },
                    Step {
                        optional: true,
                        ..step("notify", &["call"], &[])
                    },
                ],
            ),
        ],
        references: vec![],
        actions,
        watch: vec![],
    }
}

fn phase(id: &str, requires: &[&str], steps: Vec<Step>) -> Phase {
    Phase {
        id: id.into(),
        slug: id.into(),
        title: id.to_uppercase(),
        kind: PhaseKind::Other,
        introduction: vec![],
        notes: vec![],
        steps,
        when: None,
        requires: requires.iter().map(|name| (*name).to_owned()).collect(),
        span: 0..0,
    }
}

fn step(id: &str, requires: &[&str], actions: &[&str]) -> Step {
    let check = |name: &str, optional| {
        Block::Check(Check {
            id: format!("{id}-{name}").as_str().into(),
            text: format!("{id} {name}"),
            optional,
            by: None,
            span: 0..0,
        })
    };
    let mut body: Vec<Block> = actions
        .iter()
        .map(|id| Block::Action((*id).into()))
        .collect();
    body.extend([check("saved", false), check("told", true)]);
    Step {
        id: id.into(),
        slug: format!("{id}-the-scope"),
        title: format!("Title of {id}"),
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

fn evidence(id: &str, from: &str) -> (crate::model::ids::EvidenceId, EvidenceItem) {
    let item = EvidenceItem {
        id: id.into(),
        title: id.into(),
        from: Some(from.into()),
        span: 0..0,
    };
    (id.into(), item)
}

fn action(id: &str) -> Action {
    Action {
        id: id.into(),
        key: None,
        title: format!("Title of {id}"),
        description: vec![],
        language: Language::Sql,
        text: "select 1".into(),
        source: None,
        effect: Effect::Read,
        preserves: false,
        optional: false,
        inputs: vec!["actor".into(), "window".into()],
        view: None,
        x: None,
        y: None,
        by: vec![],
        every: None,
        limit: None,
        timeout: None,
        judge: Judge::default(),
        preview: None,
        max_rows: None,
        undo: None,
        approve: 1,
        role: None,
        ok_codes: vec![],
        cwd: None,
        message: None,
        span: 0..0,
        text_span: 0..0,
    }
}

/// A writer of the sample incident.
pub(crate) fn writer(number: u8, mode: Mode) -> Writer {
    let incident = IncidentId(uuid::Uuid::from_u128(0x7f3a));
    Writer::new(
        &mut [number; 32],
        incident,
        mode,
        format!("operator {number}"),
    )
}

/// 03:00:00Z on the day of the sample incident, and so many seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_769_828_400 + second).unwrap()
}

/// Seals a body, `second` seconds after the opening.
pub(crate) fn write(writer: &mut Writer, second: i64, body: Body) -> Sealed {
    let draft = Draft {
        body,
        at: at(second),
        sim_at: None,
    };
    let stamp = Stamp {
        salt: [0; 16],
        mono_ms: second.unsigned_abs() * 1_000,
        boot: "boot".into(),
    };
    seal(writer, draft, stamp).unwrap()
}

/// The opening.
pub(crate) fn opened() -> Body {
    Body::IncidentOpened {
        playbook: "org-isolation".into(),
        title: "Org isolation breach".into(),
        playbook_sha256: Hash([1; 32]),
        severity: Some("P1".into()),
        alert: Some("OrgMismatch".into()),
        profile: None,
    }
}

/// A session of a writer.
pub(crate) fn session(writer: &Writer, operator: &str) -> Body {
    Body::SessionOpened {
        operator: operator.into(),
        known_by: "argument".into(),
        uid: 1_000,
        tty: None,
        host: "bastion".into(),
        ssh_connection: None,
        key: writer.id().to_owned(),
        version: "0.1.0".into(),
    }
}

/// Something is about to be sent.
pub(crate) fn intent(action: &str) -> Body {
    Body::ActionIntent {
        action: action.into(),
        source: "audit".into(),
        target: "postgres audit@db1 as reader".into(),
        template_sha256: Hash::default(),
        text: "select `1`\n```\nfrom x".into(),
        edited: false,
        parameters: vec![],
        effect: Effect::Read,
        gate: None,
    }
}

/// How it ended.
pub(crate) fn result(
    intent: Hash,
    action: &str,
    outcome: crate::record::entry::ActionOutcome,
) -> Body {
    Body::ActionResult {
        intent,
        action: action.into(),
        outcome,
        rows: Some(3),
        truncated: None,
        partial: Some("half".into()),
        duration_ms: 12,
        code: None,
        message: None,
        judged: None,
        evidence: Vec::new(),
    }
}
