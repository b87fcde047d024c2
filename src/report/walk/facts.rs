//! What there is to say of an action before it runs: who may run it, what it does, what its gate asks, what it expects, what
//! it would put on record and what comes next. Of a decision: what each choice opens.

use super::tour::{Place, steps_of, tour, whole};
use super::words::{as_written, in_words};
use crate::incident::view::{proposals, requires};
use crate::model::duration;
use crate::model::ids::RoleId;
use crate::model::playbook::{
    Action, Choice, Clock, ClockStart, Decision, Effect, Language, Phase, Playbook, Step,
};
use crate::model::request::{Payload, Request};
use crate::report::clocks::start_words;
use crate::report::undo;
use crate::sql::{self, Counting, Dialect};

/// Something to know, with its name in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// `by`, `effect`, `gate` …
    pub name: &'static str,
    /// One or more sentences. From the playbook: whoever shows it makes it safe.
    pub text: String,
    /// It is what the playbook says to the letter, and no prose.
    pub exact: bool,
}

fn fact(name: &'static str, text: impl Into<String>) -> Fact {
    Fact {
        name,
        text: text.into(),
        exact: false,
    }
}

/// Everything to know of an action, in the order in which it is asked for. What was planned knows more than the playbook.
pub fn facts(playbook: &Playbook, action: &Action, planned: Option<&Request>) -> Vec<Fact> {
    let mut facts = vec![
        fact("by", who(playbook, action)),
        fact("effect", effect(action, planned)),
        fact("gate", gate(playbook, action, planned)),
    ];
    if let Some(expects) = expects(playbook, action) {
        facts.push(fact("expects", expects));
        facts.push(Fact {
            exact: true,
            ..fact("checked by", as_written(&action.judge))
        });
    }
    facts.push(fact("records", records(playbook, action, planned)));
    let counts = counts_for(playbook, action);
    if !counts.is_empty() {
        facts.push(fact("counts", counts.join("; ")));
    }
    facts.push(fact(
        "next",
        next(playbook, &Place::Action(action.id.clone())),
    ));
    facts
}

fn writes(action: &Action, planned: Option<&Request>) -> bool {
    action.effect == Effect::Write
        || action.language == Language::Message
        || planned.is_some_and(|request| request.effect == Effect::Write)
}

/// Who may run an action.
pub fn who(playbook: &Playbook, action: &Action) -> String {
    let mut steps = playbook.steps().map(|(_, step)| step);
    let step = steps.find(|step| step.actions().any(|id| *id == action.id));
    let role = action
        .role
        .as_ref()
        .or(step.and_then(|step| step.role.as_ref()));
    let person = role.map_or("anyone on the incident".to_owned(), |role| {
        titled(playbook, role)
    });
    match action.approve {
        0 | 1 => person,
        _ => format!("{person}; another person agrees and is named"),
    }
}

fn titled(playbook: &Playbook, role: &RoleId) -> String {
    match playbook.roles.get(role) {
        Some(title) => format!("{title} ({role})"),
        None => role.to_string(),
    }
}

fn effect(action: &Action, planned: Option<&Request>) -> String {
    if action.language == Language::Message {
        let settings = action.message.clone().unwrap_or_default();
        let audience = settings.audience.as_deref().unwrap_or("people");
        return match &settings.for_each {
            Some(each) => {
                format!("tells {audience} readers: one message for each value of {each}")
            }
            None => format!("tells {audience} readers"),
        };
    }
    let limits = planned.map_or_else(String::new, |request| {
        let rows = match request.payload {
            Payload::Sql { .. } | Payload::Kql { .. } => {
                format!(" at most {} rows,", request.limit)
            }
            Payload::Promql { .. }
            | Payload::Http { .. }
            | Payload::Shell { .. }
            | Payload::Message(_) => String::new(),
        };
        format!(
            ";{rows} given up after {}",
            duration::format(request.timeout)
        )
    });
    match (writes(action, planned), action.preserves) {
        (false, _) => format!("reads{limits}"),
        (true, true) => format!("WRITES, to preserve what is there{limits}"),
        (true, false) => format!("WRITES: it changes something{limits}"),
    }
}

/// What stands between the key and the source.
fn gate(playbook: &Playbook, action: &Action, planned: Option<&Request>) -> String {
    if action.language == Language::Message {
        return "the text is edited and accepted; what should not leave is named and needs a reason; then it is copied, saved, or posted through the gate of a write".to_owned();
    }
    if let Some(every) = action.every {
        return format!(
            "none: a live pane is asked by itself, every {}",
            duration::format(every)
        );
    }
    if !writes(action, planned) {
        return "none: this text is shown, and Enter sends it".to_owned();
    }
    let sql = planned.and_then(|request| match &request.payload {
        Payload::Sql { statement } => Some(statement.as_str()),
        _ => None,
    });
    let mut asked = Vec::new();
    match &action.preview {
        Some(id) => {
            let title = playbook.action(id).map_or(id.as_str(), |read| &read.title);
            asked.push(format!(
                "“{title}” runs first and shows what would be touched"
            ));
        }
        None if action.preserves => {}
        None if sql.and_then(sql::derive).is_some() => {
            asked.push("a read made of its WHERE shows the rows that it would touch".to_owned());
        }
        None => asked.push("there is no preview of what it would touch".to_owned()),
    }
    asked.push("the target's name is typed".to_owned());
    if sql.is_some_and(counted) && !action.preserves {
        asked.push(match action.max_rows {
            Some(most) => {
                format!("a ceiling of rows is typed, at most {most}: above it nothing is changed")
            }
            None => "a ceiling of rows is typed: above it nothing is changed".to_owned(),
        });
    }
    if action.approve >= 2 {
        asked.push("who else agrees is named".to_owned());
    }
    let undo = undo::value(action.undo.as_deref());
    asked.push(format!("to undo it: {undo}"));
    asked.join("; ")
}

/// Whether the server counts the rows of a statement.
fn counted(statement: &str) -> bool {
    let counting = [Dialect::Postgres, Dialect::Sqlite]
        .into_iter()
        .find_map(|dialect| sql::counting(statement, dialect).ok());
    counting != Some(Counting::Nothing)
}

/// When it passes, when that cannot be believed, and what a FAIL proposes.
fn expects(playbook: &Playbook, action: &Action) -> Option<String> {
    let judge = &action.judge;
    let mut parts = Vec::new();
    if let Some(alert) = &judge.alert {
        parts.push(format!("an ALERT when {}", in_words(&alert.text)));
    }
    if let Some(expect) = &judge.expect {
        parts.push(format!("PASS when {}", in_words(&expect.text)));
        parts.push(match &judge.doubt {
            Some(doubt) => format!(
                "INCONCLUSIVE when {}, or when the result is not whole",
                in_words(&doubt.text)
            ),
            None => "INCONCLUSIVE when the result is not whole".to_owned(),
        });
        if let Some(sustained) = judge.sustained {
            parts.push(format!("it must hold for {}", duration::format(sustained)));
        }
        let proofs = judge.proof.iter().map(|id| {
            let title = playbook
                .action(id)
                .map_or(id.as_str(), |proof| &proof.title);
            format!("“{title}”")
        });
        let proofs: Vec<String> = proofs.collect();
        if !proofs.is_empty() {
            parts.push(format!("{} must have passed", proofs.join(" and ")));
        }
        let fail = judge.otherwise.as_deref().and_then(proposals::parse);
        parts.push(match fail {
            Some(otherwise) => {
                format!("else FAIL, which proposes: {}", otherwise.does(playbook))
            }
            None => "else FAIL".to_owned(),
        });
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The entries that it would leave in the record.
fn records(playbook: &Playbook, action: &Action, planned: Option<&Request>) -> String {
    if playbook.watch.contains(&action.id) {
        return "watch.started once, then watch.changed whenever its state changes; single polls are not recorded".to_owned();
    }
    if action.language == Language::Message {
        return "message.drafted with the accepted text, then message.sent with where it went"
            .to_owned();
    }
    let gate = if writes(action, planned) {
        " with what was seen and typed at the gate"
    } else {
        ""
    };
    let verdict = if action.judge.expect.is_some() {
        "PASS, FAIL or INCONCLUSIVE and why, and its rows as evidence"
    } else {
        "how it ended"
    };
    format!("action.intent{gate} before it is sent, then action.result with {verdict}")
}

/// What follows from it elsewhere: checks it ticks, clocks it meets or starts, evidence it fills, steps that wait for it.
fn counts_for(playbook: &Playbook, action: &Action) -> Vec<String> {
    let mut counts = Vec::new();
    let checks = playbook.steps().flat_map(|(_, step)| step.checks());
    for check in checks.filter(|check| check.by.as_ref() == Some(&action.id)) {
        counts.push(format!("a PASS ticks “{}”", check.text));
    }
    counts.extend(clocks_of(playbook, action.id.as_str()));
    for item in playbook.evidence.values() {
        if item.from.as_deref() == Some(action.id.as_str()) {
            counts.push(format!("fills the evidence “{}”", item.title));
        }
    }
    for (_, step) in playbook.steps() {
        if step.requires.iter().any(|name| name == action.id.as_str()) {
            counts.push(format!("“{}” waits for it", step.title));
        }
    }
    counts
}

/// Clocks that a step or an action meets or starts.
fn clocks_of(playbook: &Playbook, id: &str) -> Vec<String> {
    let mut said = Vec::new();
    for clock in playbook.clocks.values() {
        if clock.met_by.iter().any(|name| name == id) {
            said.push(format!(
                "meets the clock “{}” ({})",
                clock.title,
                timing(playbook, clock)
            ));
        }
        if clock.from == ClockStart::Done(id.to_owned()) {
            said.push(format!(
                "starts the clock “{}” ({})",
                clock.title,
                timing(playbook, clock)
            ));
        }
    }
    said
}

/// `within 72h of “aware”`, `every 1h from the opening until “resolved”`.
pub(super) fn timing(playbook: &Playbook, clock: &Clock) -> String {
    let within = duration::format(clock.within);
    let from = start_words(&clock.from, playbook);
    if clock.repeats {
        let until = clock
            .until
            .as_ref()
            .map(|until| start_words(until, playbook));
        let until = until.map_or_else(String::new, |until| format!(" until {until}"));
        format!("every {within} from {from}{until}")
    } else {
        format!("within {within} of {from}")
    }
}

/// What a presenter comes to from here.
pub(super) fn next(playbook: &Playbook, place: &Place) -> String {
    let places = tour(playbook);
    let at = places.iter().position(|other| other == place);
    let next = at.and_then(|at| places.get(at + 1));
    next.map_or_else(|| "the end".to_owned(), |next| whole(playbook, next))
}

/// What there is to know of a step beside its text.
pub fn of_step(playbook: &Playbook, step: &Step) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(role) = &step.role {
        facts.push(fact("by", titled(playbook, role)));
    }
    if let Some(timebox) = step.timebox {
        facts.push(fact("timebox", duration::format(timebox)));
    }
    conditions(playbook, step.when.as_deref(), &step.requires, &mut facts);
    if step.optional {
        facts.push(fact("optional", "it may be left out without a reason"));
    }
    let clocks = clocks_of(playbook, step.id.as_str());
    if !clocks.is_empty() {
        facts.push(fact("counts", clocks.join("; ")));
    }
    facts
}

/// What there is to know of a phase beside its introduction.
pub fn of_phase(playbook: &Playbook, phase: &Phase) -> Vec<Fact> {
    let mut facts = Vec::new();
    conditions(playbook, phase.when.as_deref(), &phase.requires, &mut facts);
    facts
}

fn conditions(
    playbook: &Playbook,
    when: Option<&str>,
    waits_for: &[String],
    facts: &mut Vec<Fact>,
) {
    if let Some(when) = when {
        facts.push(fact("applies", format!("when {}", in_words(when))));
    }
    if !waits_for.is_empty() {
        let titles = waits_for.iter().map(|name| {
            let title = requires::title(playbook, name);
            format!("“{title}”")
        });
        let titles: Vec<String> = titles.collect();
        facts.push(fact("waits for", titles.join(", ")));
    }
}

/// Each choice of a decision with when it is suggested and what it opens; what every decision offers comes last.
pub fn of_decision(playbook: &Playbook, decision: &Decision) -> Vec<(String, Vec<Fact>)> {
    let mut choices: Vec<(String, Vec<Fact>)> = decision
        .choices
        .iter()
        .map(|choice| (choice.name.clone(), of_choice(playbook, choice)))
        .collect();
    choices.push((
        "none of these, or not yet known".to_owned(),
        vec![fact(
            "opens",
            "nothing; every branch stays folded, and can be opened all the same",
        )],
    ));
    choices
}

fn of_choice(playbook: &Playbook, choice: &Choice) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(when) = &choice.suggest_when {
        facts.push(fact("suggested", format!("when {}", in_words(when))));
    }
    let opens: Vec<String> = choice
        .then
        .iter()
        .map(|target| opens(playbook, target))
        .collect();
    facts.push(fact(
        "opens",
        if opens.is_empty() {
            "nothing of its own: the next step follows".to_owned()
        } else {
            opens.join("; ")
        },
    ));
    facts
}

fn opens(playbook: &Playbook, target: &str) -> String {
    if let Some(other) = target.strip_prefix("playbook:") {
        return format!("the playbook {}", other.trim());
    }
    let steps = steps_of(playbook, target);
    let titles: Vec<String> = steps
        .iter()
        .map(|step| format!("“{}”", step.title))
        .collect();
    if titles.is_empty() {
        target.to_owned()
    } else {
        titles.join(", ")
    }
}
