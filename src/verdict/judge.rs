//! The verdict of a result: does its expectation hold, and can that be believed?

use std::time::Duration;

use super::figures::{cut, figures, sentence};
use super::scope::Worlds;
use super::sustained::{not_yet, usual_step_of};
use super::{Proof, Question};
use crate::expr::{self, Prepared};
use crate::model::answer::AnswerBody;
use crate::model::duration::in_words;
use crate::model::table::growing_from;
use crate::model::verdict::{Figure, Judgement, ProofSeen, Verdict};
use crate::model::{Timestamp, limits};

/// What stands in a reason between an expression and why it has no value.
pub const NOT_EVALUATED: &str = " could not be evaluated: ";

/// Judges a result by the expressions of its action. What holds must hold without the bins that may still grow as well: the youngest one is
/// often zero only because nothing of it has come yet.
pub fn judge(question: &Question) -> Judgement {
    let judged = judge_samples(question);
    if judged.verdict != Verdict::Pass {
        return judged;
    }
    match without_growing(question) {
        Some(whole) => judge_samples(&whole),
        None => judged,
    }
}

/// The same question about the bins that are whole; none when all are.
fn without_growing(question: &Question) -> Option<Question> {
    let AnswerBody::Chart(series) = &question.answer.body else {
        return None;
    };
    let from = growing_from(series, question.answer.outcome.settled?)?;
    let mut series = series.clone();
    for line in &mut series {
        line.samples.retain(|sample| sample.at < from);
    }
    let mut whole = question.clone();
    whole.answer.body = AnswerBody::Chart(series);
    Some(whole)
}

fn judge_samples(question: &Question) -> Judgement {
    let Some(expect) = &question.judge.expect else {
        return not_ended("the action has no expectation");
    };
    let doubt = question.judge.doubt.as_ref();
    let texts: Vec<&str> = [Some(expect), doubt]
        .into_iter()
        .flatten()
        .map(|expression| expression.text.as_str())
        .collect();
    let others: Vec<_> = question.others.iter().collect();
    let worlds = Worlds::new(Ok(&question.answer), &others, &question.facts, &texts);
    let expected = ask("the expectation", &expect.text, &worlds, Of::All);
    let doubted = doubt.map(|doubt| ask("the doubt", &doubt.text, &worlds, Of::Any));

    let mut of_expect = Vec::new();
    let mut errors = Vec::new();
    let mut reasons = Vec::new();
    let held = match &expected {
        Ok((held, at)) => {
            of_expect = figures(&expect.text, &worlds, *at);
            *held
        }
        Err(error) => {
            of_expect.extend(figures(&expect.text, &worlds, 0));
            errors.push(error.clone());
            false
        }
    };
    let broken = matches!(&expected, Ok((false, _)));
    if broken {
        reasons.push(unmet(&expect.text, &of_expect));
    }
    let mut all = of_expect.clone();
    match (doubt, &doubted) {
        (Some(doubt), Some(Ok((true, at)))) => {
            let of_doubt = figures(&doubt.text, &worlds, *at);
            reasons.push(doubtful(&doubt.text, &of_doubt));
            add(&mut all, of_doubt);
        }
        (Some(doubt), Some(Ok((false, at)))) => add(&mut all, figures(&doubt.text, &worlds, *at)),
        (Some(doubt), Some(Err(error))) => {
            errors.push(error.clone());
            add(&mut all, figures(&doubt.text, &worlds, 0));
        }
        _ => {}
    }
    reasons.extend(incomplete(question));
    if !broken {
        reasons.extend(unproven(question));
    }
    if held {
        reasons.extend(not_yet(question, &expect.text, &worlds));
        let told = doubt.is_some() || !question.proofs.is_empty();
        if nothing_was_found(question) && !told {
            reasons.push(
                "nothing was found, and nothing says that there was anything to find".to_owned(),
            );
        }
    }
    let verdict = match (errors.is_empty(), broken, reasons.is_empty()) {
        (true, true, _) => Verdict::Fail,
        (true, false, true) => Verdict::Pass,
        _ => Verdict::Inconclusive,
    };
    // What was found stands first, and what could not be evaluated right behind it.
    let behind = usize::from(broken);
    reasons.splice(behind..behind, errors);
    if reasons.is_empty() {
        reasons.push(as_expected(&expect.text, &of_expect));
    }
    all.truncate(limits::FIGURES);
    Judgement {
        verdict,
        reasons: bounded(&reasons),
        figures: all,
        proofs: question.proofs.iter().map(seen).collect(),
        held,
    }
}

/// The verdict of a run that gave no result to judge, with the reason.
pub fn not_ended(reason: impl Into<String>) -> Judgement {
    Judgement {
        verdict: Verdict::Inconclusive,
        reasons: bounded(&[reason.into()]),
        figures: Vec::new(),
        proofs: Vec::new(),
        held: false,
    }
}

/// A verdict with one more reason not to believe it: a PASS is none any more, a FAIL stays one.
#[must_use]
pub fn with_doubt(mut judgement: Judgement, reason: impl Into<String>) -> Judgement {
    let reason = reason.into();
    match judgement.verdict {
        Verdict::Pass => {
            judgement.verdict = Verdict::Inconclusive;
            judgement.reasons.insert(0, reason);
        }
        Verdict::Fail | Verdict::Inconclusive => judgement.reasons.push(reason),
    }
    judgement.reasons = bounded(&judgement.reasons);
    judgement
}

/// Of which lines of a chart an expression has to be true.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Of all: one that is false decides.
    All,
    /// Of any: one that is true decides.
    Any,
}

/// Whether an expression is true, and in which world that was decided.
pub(super) fn ask(
    what: &str,
    text: &str,
    worlds: &Worlds,
    of: Of,
) -> Result<(bool, usize), String> {
    let failed = |error: String| format!("{what}{NOT_EVALUATED}{error}");
    let parsed = expr::parse(text).map_err(|error| failed(error.to_string()))?;
    let ready = Prepared::new(&parsed, &worlds.scope).map_err(failed)?;
    let mut error = None;
    for (at, (_, names)) in worlds.each.iter().enumerate() {
        match ready.holds(names) {
            Ok(holds) if holds == (of == Of::Any) => return Ok((holds, at)),
            Ok(_) => {}
            Err(reason) => error = error.or(Some(reason)),
        }
    }
    match error {
        Some(error) => Err(failed(worlds.why(&parsed, text, error))),
        None => Ok((of == Of::All, 0)),
    }
}

fn unmet(text: &str, figures: &[Figure]) -> String {
    if figures.is_empty() {
        format!("it does not hold: {text}")
    } else {
        format!("{}; expected {text}", sentence(figures))
    }
}

fn doubtful(text: &str, figures: &[Figure]) -> String {
    if figures.is_empty() {
        format!("in doubt: {text}")
    } else {
        format!("in doubt: {} ({text})", sentence(figures))
    }
}

fn as_expected(text: &str, figures: &[Figure]) -> String {
    if figures.is_empty() {
        format!("as expected: {text}")
    } else {
        format!("as expected: {}", sentence(figures))
    }
}

fn add(all: &mut Vec<Figure>, more: Vec<Figure>) {
    for figure in more {
        if !all.contains(&figure) {
            all.push(figure);
        }
    }
}

/// Why the result may not be all there is.
fn incomplete(question: &Question) -> Vec<String> {
    let outcome = &question.answer.outcome;
    let mut reasons = Vec::new();
    reasons.extend(outcome.blind.clone());
    if let Some(cut) = &outcome.truncated {
        reasons.push(format!("the result is incomplete: {cut}"));
    }
    let rows = match &question.answer.body {
        AnswerBody::Table { rows, .. } => Some(rows.len() as u64),
        AnswerBody::Chart(_) => outcome.rows,
        AnswerBody::Nothing | AnswerBody::Output { .. } => None,
    };
    if let (Some(rows), Some(limit)) = (rows, question.own_limit)
        && rows >= limit
    {
        reasons.push(format!(
            "the query's own limit of {limit} rows is filled: there may be more"
        ));
    }
    if let Some(part) = &outcome.partial {
        reasons.push(format!("a part is missing: {part}"));
    }
    reasons.extend(stale(question));
    reasons
}

fn stale(question: &Question) -> Option<String> {
    let mut most = question.stale_after?;
    if let AnswerBody::Chart(series) = &question.answer.body {
        // A table drawn as a chart may have one point an hour: the next one is not late before its time.
        most = most.max(usual_step_of(series) * 2);
    }
    let newest = question
        .answer
        .outcome
        .newest
        .or_else(|| newest(question))?;
    let age = since(newest, question.facts.now);
    (age > most).then(|| {
        format!(
            "the newest sample is {} old, at most {} count",
            in_words(age),
            in_words(most)
        )
    })
}

fn newest(question: &Question) -> Option<Timestamp> {
    let AnswerBody::Chart(series) = &question.answer.body else {
        return None;
    };
    let last = series.iter().filter_map(|series| series.samples.last());
    last.map(|sample| sample.at).max()
}

/// What its proofs leave unproven.
fn unproven(question: &Question) -> Vec<String> {
    let most = question.judge.proof_age.unwrap_or(limits::PROOF_AGE);
    let missing = question.judge.proof.iter().filter(|id| {
        let known = |proof: &Proof| proof.action == **id;
        !question.proofs.iter().any(known)
    });
    let mut reasons: Vec<String> = missing.map(|id| never(id.as_str())).collect();
    for Proof { action, judged } in &question.proofs {
        reasons.extend(match judged {
            None => Some(never(action.as_str())),
            Some((Verdict::Pass, at)) => {
                let age = since(*at, question.facts.now);
                (age > most).then(|| {
                    format!(
                        "the proof {action} passed {} ago, at most {} count: run it again",
                        in_words(age),
                        in_words(most)
                    )
                })
            }
            Some((other, _)) => Some(format!(
                "the proof {action} ended in {}: see to it first",
                other.word()
            )),
        });
    }
    reasons
}

fn never(action: &str) -> String {
    format!("the proof {action} was not judged yet: run it first")
}

fn nothing_was_found(question: &Question) -> bool {
    match &question.answer.body {
        AnswerBody::Table { rows, .. } => rows.is_empty(),
        AnswerBody::Chart(series) => series.iter().all(|series| series.samples.is_empty()),
        AnswerBody::Nothing | AnswerBody::Output { .. } => false,
    }
}

fn seen(proof: &Proof) -> ProofSeen {
    let (verdict, at) = proof.judged.unzip();
    ProofSeen {
        action: proof.action.clone(),
        verdict,
        at,
    }
}

/// Time from `since` to `now`, nothing when the clocks disagree.
pub(super) fn since(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

fn bounded(reasons: &[String]) -> Vec<String> {
    let each = reasons.iter().take(limits::REASONS);
    each.map(|reason| cut(reason, limits::REASON_CHARACTERS))
        .collect()
}
