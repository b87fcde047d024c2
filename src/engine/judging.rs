//! Verdicts: an ended run is judged and kept before its end is recorded; what a FAIL proposes is accepted here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::command::Command;
use super::effect::Effect;
use super::runs::result_body;
use super::state::{ActionResult, Chosen, Cockpit, Overlay, Run, RunPhase};
use super::turn::Turn;
use super::watch::{STALE_AFTER, STALE_POLLS};
use crate::capture::{Capture, KeptFile};
use crate::expr;
use crate::incident::view::{Otherwise, Proposal, proposals};
use crate::model::Timestamp;
use crate::model::answer::{Answer, AnswerBody};
use crate::model::ids::{ActionId, CheckId, RunId};
use crate::model::playbook::{Action, Expression, Language, Playbook, Step};
use crate::model::request::{Outcome, Payload, Request, RunError};
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::verdict::{Judgement, Verdict};
use crate::record::entry::{Body, EvidenceOrigin, Hash};
use crate::sql;
use crate::verdict::{self, Proof, Question, Reference};

impl Turn<'_> {
    /// A recorded run has ended. What is judged or needed later is judged and kept first, the rest is recorded at once.
    pub(super) fn settle_end(&mut self, run: RunId, ended: Run, result: Result<Outcome, RunError>) {
        let (now, operator) = (self.state.now, self.state.operator.clone());
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let RunPhase::Running {
            request,
            intent,
            started_at,
            ..
        } = ended.phase
        else {
            return;
        };
        let action = cockpit.playbook.action(&ended.action).cloned();
        let wanted = action.filter(|action| {
            action.judge.expect.is_some() || is_needed(&cockpit.playbook, &action.id)
        });
        match (result, wanted) {
            (Ok(outcome), Some(action)) => {
                let (question, capture) =
                    cockpit.to_be_judged(run, &action, &request, intent, &operator, now);
                cockpit.runs.insert(
                    run,
                    Run {
                        phase: RunPhase::Judging {
                            request,
                            intent,
                            started_at,
                            ended_at: now,
                            outcome,
                        },
                        ..ended
                    },
                );
                self.effect(Effect::Judge {
                    run,
                    question,
                    capture,
                });
            }
            (result, action) => {
                let expected = action.is_some_and(|action| action.judge.expect.is_some());
                let judged = match &result {
                    Err(error) if expected => Some(verdict::not_ended(format!(
                        "it did not run to its end: {error}"
                    ))),
                    _ => None,
                };
                if let Some(shown) = cockpit.result_of_run(&ended.action, run) {
                    shown.judgement.clone_from(&judged);
                }
                if let Some(intent) = intent {
                    let took = now.as_millisecond().abs_diff(started_at.as_millisecond());
                    let action = request.action.clone();
                    let body = result_body(intent, action, took, &result, judged, Vec::new());
                    self.append(body);
                }
                if let Err(error) = &result {
                    let word = if expected { "INCONCLUSIVE: " } else { "" };
                    let name = self
                        .state
                        .cockpit()
                        .map(|cockpit| cockpit.title_of(&ended.action));
                    if let Some(name) = name {
                        self.complain(format!("{word}{name}: {error}"));
                    }
                }
            }
        }
    }

    /// The verdict is made and the result kept: the end is recorded.
    pub(super) fn judged(
        &mut self,
        run: RunId,
        judgement: Option<Judgement>,
        kept: Result<Vec<KeptFile>, String>,
    ) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let is_judged = |run: &Run| matches!(run.phase, RunPhase::Judging { .. });
        if !cockpit.runs.get(&run).is_some_and(is_judged) {
            return;
        }
        let Some(Run {
            action,
            phase:
                RunPhase::Judging {
                    intent,
                    started_at,
                    ended_at,
                    outcome,
                    ..
                },
            ..
        }) = cockpit.runs.remove(&run)
        else {
            return;
        };
        let expected = cockpit
            .playbook
            .action(&action)
            .is_some_and(|action| action.judge.expect.is_some());
        let judgement = judgement
            .or_else(|| expected.then(|| verdict::not_ended("its result was not at hand any more")))
            .map(|judgement| believed(judgement, &kept, intent));
        if let Some(shown) = cockpit.result_of_run(&action, run) {
            shown.judgement.clone_from(&judgement);
        }
        let lost = kept.as_ref().err().cloned();
        let mut files = kept.unwrap_or_default();
        // The first one is read back when a later session needs the rows.
        files.sort_by_key(|file| file.media_type != JSON);
        let hashes: Vec<Hash> = files.iter().map(|file| file.sha256).collect();
        for file in files {
            self.append(Body::EvidenceAdded {
                sha256: file.sha256,
                size: file.size,
                media_type: file.media_type,
                name: file.name,
                title: file.title,
                origin: Some(file.origin),
            });
        }
        if let Some(intent) = intent {
            let took = ended_at
                .as_millisecond()
                .abs_diff(started_at.as_millisecond());
            let id = action.clone();
            let judged = judgement.clone();
            self.append(result_body(intent, id, took, &Ok(outcome), judged, hashes));
        }
        match &judgement {
            Some(judgement) => {
                if judgement.verdict == Verdict::Pass {
                    self.tick_checks_by(&action);
                }
                self.say_verdict(&action, judgement);
            }
            None => {
                if let Some(reason) = lost {
                    self.complain(format!(
                        "the result of {action} could not be kept: {reason}"
                    ));
                }
            }
        }
    }

    /// Checks that this action's PASS ticks. Those of a branch that does not count stay open: nobody works in it.
    fn tick_checks_by(&mut self, action: &ActionId) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let counts = |step: &Step| {
            let view = cockpit.view.step(&step.id);
            view.is_none_or(|view| view.applies.counts())
        };
        let checks: Vec<CheckId> = cockpit
            .playbook
            .steps()
            .filter(|(_, step)| counts(step))
            .flat_map(|(_, step)| step.checks())
            .filter(|check| check.by.as_ref() == Some(action))
            .filter(|check| !cockpit.incident.checks.contains_key(&check.id))
            .map(|check| check.id.clone())
            .collect();
        for check in checks {
            self.append(Body::CheckTicked {
                check,
                not_applicable: None,
            });
        }
    }

    /// The verdict in the last line: the word first, and at its end, which is never cut, what a key does about it.
    fn say_verdict(&mut self, action: &ActionId, judgement: &Judgement) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let word = judgement.verdict.word();
        let title = cockpit.title_of(action);
        let reason = judgement.reasons.first().map_or("", String::as_str);
        let failed = judgement.verdict == Verdict::Fail;
        let otherwise = cockpit
            .playbook
            .action(action)
            .and_then(|action| proposals::parse(action.judge.otherwise.as_deref()?))
            .filter(|otherwise| {
                failed && proposals::is_open(&cockpit.playbook, &cockpit.incident, otherwise)
            });
        let tail = otherwise.map_or_else(String::new, |otherwise| {
            let key = self.state.keys.of(Command::AcceptProposal);
            let key = key.first().map_or_else(String::new, ToString::to_string);
            format!(". {key} {}", otherwise.does(&cockpit.playbook))
        });
        // One column of edge, two of the mark.
        let room = usize::from(self.state.size.0).saturating_sub(4 + tail.chars().count());
        let head = verdict::cut(&format!("{word}: {title}: {reason}"), room.max(20));
        let text = format!("{head}{tail}");
        match judgement.verdict {
            Verdict::Pass => self.say(text),
            Verdict::Fail | Verdict::Inconclusive => self.complain(text),
        }
    }

    /// Accepts what the latest FAIL proposes.
    pub(super) fn accept_proposal(&mut self) {
        let now = self.state.now;
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let mut proposals = cockpit.view.proposals.clone();
        if proposals.is_empty() {
            // The verdict is on the screen before its entry is on the disk.
            proposals.extend(cockpit.proposal_on_its_way(now));
        }
        match proposals.as_slice() {
            [] => self.say("nothing is proposed"),
            [proposal] => self.accept(&proposal.clone()),
            several => {
                let items = several.iter().map(|proposal| {
                    let does = proposal.otherwise.does(&cockpit.playbook);
                    let label = format!("{does}: {}", cockpit.because(proposal));
                    (sanitize(&label), Chosen::Proposal(proposal.action.clone()))
                });
                let items = items.collect();
                self.open_overlay(Overlay::Choose {
                    title: vec![SafeText::fixed("Accept which proposal?")],
                    items,
                    selected: 0,
                });
            }
        }
    }

    /// Accepts what the FAIL of this action proposes.
    pub(super) fn accept_proposal_of(&mut self, action: &ActionId) {
        let proposal = self.state.cockpit().and_then(|cockpit| {
            let mut open = cockpit.view.proposals.iter();
            open.find(|proposal| proposal.action == *action).cloned()
        });
        match proposal {
            Some(proposal) => self.accept(&proposal),
            None => self.say("that is not proposed any more"),
        }
    }

    fn accept(&mut self, proposal: &Proposal) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let reason = cockpit.because(proposal);
        let body = match &proposal.otherwise {
            Otherwise::Escalate(level) => Body::SeverityChanged {
                severity: proposals::level(&cockpit.playbook.ladder, level).to_owned(),
                reason,
            },
            Otherwise::Milestone(milestone) => Body::MilestoneReached {
                milestone: milestone.clone(),
                reason,
                since: None,
                corrects: None,
            },
            Otherwise::GoTo(name) => {
                let step = proposals::step_named(&cockpit.playbook, name);
                if let Some(step) = step.map(|step| step.id.clone()) {
                    cockpit.show_step(step);
                }
                return;
            }
        };
        // The key was pressed twice before the disk answered.
        let on_its_way = cockpit.pending.values().any(|pending| pending.body == body);
        if !on_its_way {
            self.append(body);
        }
    }
}

/// Media type of the file that can be read back.
const JSON: &str = "application/json";

/// A verdict rests on what is in the record: without rows or without an intent there, it is no PASS.
fn believed(
    judgement: Judgement,
    kept: &Result<Vec<KeptFile>, String>,
    intent: Option<Hash>,
) -> Judgement {
    let judgement = match kept {
        Ok(_) => judgement,
        Err(reason) => {
            verdict::with_doubt(judgement, format!("its rows could not be kept: {reason}"))
        }
    };
    match intent {
        Some(_) => judgement,
        None => verdict::with_doubt(judgement, "it ran while the record could not be written"),
    }
}

impl Cockpit {
    /// What the FAIL of an entry proposes that is on its way to the disk.
    fn proposal_on_its_way(&self, now: Timestamp) -> Option<Proposal> {
        self.pending.values().rev().find_map(|pending| {
            let Body::ActionResult {
                action,
                judged: Some(judged),
                ..
            } = &pending.body
            else {
                return None;
            };
            let otherwise = self.playbook.action(action)?.judge.otherwise.as_deref()?;
            (judged.verdict == Verdict::Fail).then_some(())?;
            Some(Proposal {
                action: action.clone(),
                otherwise: proposals::parse(otherwise)?,
                reason: judged.reasons.first().cloned().unwrap_or_default(),
                at: now,
            })
        })
    }
}

impl Cockpit {
    fn result_of_run(&mut self, action: &ActionId, run: RunId) -> Option<&mut ActionResult> {
        let result = self.results.get_mut(action)?;
        (result.run == run).then_some(result)
    }

    /// Evidence of an unrecorded run, which waits for the disk behind the run's intent.
    pub(super) fn evidence_on_its_way(&self, action: &ActionId) -> Vec<Hash> {
        let pending = self.pending.values();
        pending
            .filter_map(|pending| match &pending.body {
                Body::EvidenceAdded {
                    sha256,
                    origin: Some(origin),
                    ..
                } => (origin.action == *action && origin.intent.is_none()).then_some(*sha256),
                _ => None,
            })
            .collect()
    }

    /// `FAIL of “Cross-org entries”: rows[0].mismatched is 3`
    fn because(&self, proposal: &Proposal) -> String {
        let title = self.title_of(&proposal.action);
        format!("FAIL of {title}: {}", proposal.reason)
    }

    /// What a verdict on an ended run rests on, and what is kept of it.
    fn to_be_judged(
        &self,
        run: RunId,
        action: &Action,
        request: &Request,
        intent: Option<Hash>,
        operator: &str,
        now: Timestamp,
    ) -> (Option<Box<Question>>, Option<Box<Capture>>) {
        let shown = self.results.get(&action.id);
        let answer = shown
            .filter(|shown| shown.run == run)
            .and_then(ActionResult::answer);
        let Some(answer) = answer else {
            return (None, None);
        };
        let outcome = &answer.outcome;
        let incomplete: Vec<&str> = [&outcome.truncated, &outcome.partial, &outcome.blind]
            .into_iter()
            .filter_map(|reason| reason.as_deref())
            .collect();
        let capture = Capture {
            origin: EvidenceOrigin {
                action: action.id.clone(),
                target: request.target.clone(),
                query: request.text.clone(),
                acquired_at: now,
                intent,
                incomplete: (!incomplete.is_empty()).then(|| incomplete.join("; ")),
            },
            answer: answer.clone(),
            title: action.title.clone(),
            view: action.view,
            pane: None,
        };
        let question = action.judge.expect.is_some().then(|| {
            Box::new(Question {
                action: action.id.clone(),
                judge: action.judge.clone(),
                own_limit: own_limit(action, request),
                stale_after: stale_after(action, request, &answer),
                others: self.named_results(action),
                proofs: self.proofs(action),
                held_since: self
                    .incident
                    .actions
                    .get(&action.id)
                    .and_then(|record| record.held_since),
                facts: self.facts(operator, now),
                answer,
            })
        });
        (question, Some(Box::new(capture)))
    }

    /// The results of other actions that the expressions of an action name.
    fn named_results(&self, action: &Action) -> BTreeMap<ActionId, Reference> {
        let texts = [&action.judge.expect, &action.judge.doubt];
        let named = texts
            .into_iter()
            .flatten()
            .flat_map(|expression| named_in(&expression.text));
        named
            .map(|id| {
                let reference = self.reference(&id);
                (id, reference)
            })
            .collect()
    }

    fn proofs(&self, action: &Action) -> Vec<Proof> {
        let proofs = action.judge.proof.iter();
        proofs
            .map(|id| Proof {
                action: id.clone(),
                judged: self
                    .incident
                    .actions
                    .get(id)
                    .and_then(|record| record.judged.as_ref())
                    .map(|(judgement, at)| (judgement.verdict, *at)),
            })
            .collect()
    }
}

/// Rows at which the text that was sent cuts its own answer.
fn own_limit(action: &Action, request: &Request) -> Option<u64> {
    match (&request.payload, action.language) {
        (Payload::Sql { statement }, _) => sql::own_limit(statement, &request.parameters),
        (_, Language::Kql) => verdict::kql_limit(&request.text),
        _ => None,
    }
}

/// How old the newest sample may be. Only what has samples, or says how old it is, can be stale.
fn stale_after(action: &Action, request: &Request, answer: &Answer) -> Option<Duration> {
    let chart = matches!(answer.body, AnswerBody::Chart(_));
    if !chart && answer.outcome.newest.is_none() {
        return None;
    }
    let polls = action.every.unwrap_or_default() * STALE_POLLS;
    let step = match &request.payload {
        Payload::Promql {
            range: Some(range), ..
        } => range.step * 2,
        _ => Duration::ZERO,
    };
    Some(STALE_AFTER.max(polls).max(step))
}

/// True when the playbook needs an action's result later: as evidence, for a decision, in another expression, in messages.
fn is_needed(playbook: &Playbook, id: &ActionId) -> bool {
    let as_evidence = || {
        let mut items = playbook.evidence.values();
        items.any(|item| item.from.as_deref() == Some(id.as_str()))
    };
    let decides = || {
        let mut decisions = playbook
            .steps()
            .filter_map(|(_, step)| step.decision.as_ref());
        decisions.any(|decision| decision.over.contains(id))
    };
    let in_message = || {
        playbook.actions.values().any(|action| {
            let settings = action.message.as_ref();
            let each = settings.and_then(|message| message.for_each.as_deref());
            let for_each = each.and_then(|each| each.split_once('.'));
            let listed = action.language == Language::Message
                && action.text.contains("result")
                && action.text.contains(id.as_str());
            for_each.is_some_and(|(from, _)| from == id.as_str()) || listed
        })
    };
    as_evidence() || decides() || in_message() || expressions_name(playbook, id)
}

fn expressions_name(playbook: &Playbook, id: &ActionId) -> bool {
    let text = |expression: &Option<Expression>| Some(expression.as_ref()?.text.clone());
    let of_actions = playbook
        .actions
        .values()
        .filter(|action| action.id != *id)
        .flat_map(|action| [text(&action.judge.expect), text(&action.judge.doubt)]);
    let of_steps = playbook.steps().map(|(_, step)| step).flat_map(|step| {
        let choices = step.decision.iter().flat_map(|decision| &decision.choices);
        let suggestions = choices.map(|choice| choice.suggest_when.clone());
        suggestions.chain([step.when.clone()])
    });
    let of_phases = playbook.phases.iter().map(|phase| phase.when.clone());
    let of_clocks = playbook.clocks.values().map(|clock| clock.when.clone());
    of_actions
        .chain(of_steps)
        .chain(of_phases)
        .chain(of_clocks)
        .flatten()
        .any(|text| text.contains(id.as_str()) && named_in(&text).contains(id))
}

/// Actions whose results an expression looks up.
fn named_in(text: &str) -> BTreeSet<ActionId> {
    let Ok(parsed) = expr::parse(text) else {
        return BTreeSet::new();
    };
    let keys = expr::keys_of(&parsed, "result").into_iter();
    keys.map(|id| ActionId::new(&id)).collect()
}
