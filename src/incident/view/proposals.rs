//! What FAILs propose: `escalate LEVEL`, `goto ID`, `milestone NAME`.

use super::{Otherwise, Proposal};
use crate::incident::{Incident, StepState};
use crate::model::playbook::{Playbook, Severity, Step};
use crate::model::verdict::Verdict;
use crate::playbook::ids::slug;

/// Reads an `otherwise`.
pub fn parse(text: &str) -> Option<Otherwise> {
    let (verb, target) = text.trim().split_once(char::is_whitespace)?;
    let target = target.trim().to_owned();
    match verb {
        "escalate" => Some(Otherwise::Escalate(target)),
        "goto" => Some(Otherwise::GoTo(target)),
        "milestone" => Some(Otherwise::Milestone(target)),
        _ => None,
    }
}

impl Otherwise {
    /// What accepting it does, to stand behind the key: `escalates to CRITICAL`.
    pub fn does(&self, playbook: &Playbook) -> String {
        match self {
            Self::Escalate(level) => format!("escalates to {level}"),
            Self::GoTo(name) => {
                let title = step_named(playbook, name).map_or(name.as_str(), |step| &step.title);
                format!("goes to {title}")
            }
            Self::Milestone(name) => format!("records {name}"),
        }
    }
}

/// True while what is proposed is not so yet.
pub fn is_open(playbook: &Playbook, incident: &Incident, otherwise: &Otherwise) -> bool {
    match otherwise {
        Otherwise::Escalate(level) => {
            let now = incident.severity.as_deref();
            !now.is_some_and(|now| is_as_severe(&playbook.ladder, now, level))
        }
        Otherwise::Milestone(name) => !incident.milestones.contains_key(name),
        Otherwise::GoTo(name) => step_named(playbook, name).is_some_and(|step| {
            let state = incident.steps.get(&step.id).map(|record| &record.state);
            matches!(state, None | Some(StepState::Todo))
        }),
    }
}

/// The step that a `goto` names by id or slug; of a phase its first one.
pub fn step_named<'p>(playbook: &'p Playbook, name: &str) -> Option<&'p Step> {
    let step = playbook
        .steps()
        .map(|(_, step)| step)
        .find(|step| step.id.as_str() == name || step.slug == name);
    step.or_else(|| {
        let mut phases = playbook.phases.iter();
        let phase = phases.find(|phase| phase.id.as_str() == name || slug(&phase.title) == name);
        phase?.steps.first()
    })
}

/// The ladder's own name of a level; another name of it where it is on no ladder.
pub fn level<'l>(ladder: &'l [Severity], name: &'l str) -> &'l str {
    place(ladder, name)
        .and_then(|at| ladder.get(at))
        .map_or(name, |level| &level.id)
}

/// What is proposed and not done yet, the latest first.
pub(super) fn proposals(playbook: &Playbook, incident: &Incident) -> Vec<Proposal> {
    let mut open: Vec<Proposal> = playbook
        .actions
        .values()
        .filter_map(|action| {
            let otherwise = parse(action.judge.otherwise.as_deref()?)?;
            let (judged, at) = incident.actions.get(&action.id)?.judged.as_ref()?;
            let failed = judged.verdict == Verdict::Fail;
            (failed && is_open(playbook, incident, &otherwise)).then(|| Proposal {
                action: action.id.clone(),
                otherwise,
                reason: judged.reasons.first().cloned().unwrap_or_default(),
                at: *at,
            })
        })
        .collect();
    open.sort_by_key(|proposal| std::cmp::Reverse(proposal.at));
    open
}

/// A level that is on no ladder is as severe as itself only.
fn is_as_severe(ladder: &[Severity], now: &str, wanted: &str) -> bool {
    match (place(ladder, now), place(ladder, wanted)) {
        (Some(now), Some(wanted)) => now <= wanted,
        _ => now == wanted,
    }
}

fn place(ladder: &[Severity], name: &str) -> Option<usize> {
    ladder
        .iter()
        .position(|level| level.id == name || level.aka.iter().any(|aka| aka == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::sample::{opened, playbook, result, session, write, writer};
    use crate::model::Mode;
    use crate::model::verdict::Judgement;
    use crate::record::entry::{ActionOutcome, Body, Hash};

    fn severity(id: &str, aka: &[&str]) -> Severity {
        Severity {
            id: id.into(),
            aka: aka.iter().map(|name| (*name).to_owned()).collect(),
            means: String::new(),
            respond: None,
        }
    }

    /// What is proposed after a verdict of the action `count` and these entries.
    fn proposed(otherwise: &str, verdict: Verdict, after: &[Body]) -> Vec<Otherwise> {
        let mut playbook = playbook();
        playbook.ladder = vec![
            severity("CRITICAL", &["SEV0"]),
            severity("P1", &["SEV1"]),
            severity("P2", &[]),
        ];
        let action = playbook.actions.get_mut("count").unwrap();
        action.judge.otherwise = Some(otherwise.into());
        let mut writer = writer(1, Mode::Live);
        let mut incident = Incident::open(&write(&mut writer, 0, opened()));
        let mut judged = result(Hash([9; 32]), "count", ActionOutcome::Ok);
        if let Body::ActionResult { judged, .. } = &mut judged {
            *judged = Some(Judgement {
                verdict,
                reasons: vec!["rows[0].n is 3".into()],
                figures: vec![],
                proofs: vec![],
                held: false,
            });
        }
        let joined = session(&writer, "alice");
        for (at, body) in [joined, judged]
            .into_iter()
            .chain(after.iter().cloned())
            .enumerate()
        {
            let entry = write(&mut writer, at as i64, body);
            crate::incident::apply(&mut incident, &entry);
        }
        let proposals = proposals(&playbook, &incident).into_iter();
        proposals
            .inspect(|proposal| assert_eq!(proposal.reason, "rows[0].n is 3"))
            .map(|proposal| proposal.otherwise)
            .collect()
    }

    #[test]
    fn a_proposal_is_open_until_it_is_so() {
        let escalate = |level: &str| vec![Otherwise::Escalate(level.into())];
        let severity = |level: &str| Body::SeverityChanged {
            severity: level.into(),
            reason: String::new(),
        };
        let milestone = Body::MilestoneReached {
            milestone: "aware".into(),
            reason: String::new(),
            since: None,
            corrects: None,
        };
        let started = Body::StepStarted {
            step: "revoke".into(),
        };
        let fail = Verdict::Fail;
        for (otherwise, verdict, after, expected) in [
            ("escalate CRITICAL", fail, vec![], escalate("CRITICAL")),
            ("escalate SEV0", fail, vec![], escalate("SEV0")),
            ("escalate CRITICAL", Verdict::Pass, vec![], vec![]),
            ("escalate CRITICAL", Verdict::Inconclusive, vec![], vec![]),
            ("escalate CRITICAL", fail, vec![severity("SEV0")], vec![]),
            ("escalate P2", fail, vec![], vec![]),
            ("escalate SEV1", fail, vec![], vec![]),
            ("escalate P1", fail, vec![severity("P2")], escalate("P1")),
            ("escalate odd", fail, vec![], escalate("odd")),
            (
                "milestone aware",
                fail,
                vec![],
                vec![Otherwise::Milestone("aware".into())],
            ),
            ("milestone aware", fail, vec![milestone], vec![]),
            (
                "goto revoke",
                fail,
                vec![],
                vec![Otherwise::GoTo("revoke".into())],
            ),
            (
                "goto contain",
                fail,
                vec![],
                vec![Otherwise::GoTo("contain".into())],
            ),
            ("goto revoke", fail, vec![started], vec![]),
            ("goto nowhere", fail, vec![], vec![]),
            ("panic now", fail, vec![], vec![]),
        ] {
            let found = proposed(otherwise, verdict, &after);
            assert_eq!(found, expected, "{otherwise} {verdict:?} {after:?}");
        }
    }
}
