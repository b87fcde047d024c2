//! `sustained`: an expectation must have held for a while, at every sample of a chart, or run after run of anything else.

use std::time::Duration;

use super::Question;
use super::judge::since;
use super::scope::{Worlds, of_line};
use super::typing::number;
use crate::expr::{self, Prepared, Scope};
use crate::model::answer::AnswerBody;
use crate::model::duration::in_words;
use crate::model::table::{Sample, Series};
use crate::model::{Timestamp, timestamp_text};

/// Why an expectation that holds now has not held for long enough; nothing when it has, or needs not.
pub(super) fn not_yet(question: &Question, expect: &str, worlds: &Worlds) -> Option<String> {
    let wanted = question.judge.sustained?;
    let now = question.facts.now;
    let AnswerBody::Chart(series) = &question.answer.body else {
        let held = question.held_since.map(|first| since(first, now));
        return match held {
            Some(held) if held >= wanted => None,
            held => Some(format!(
                "it has held for {} of {}: run it again later",
                in_words(held.unwrap_or_default()),
                in_words(wanted)
            )),
        };
    };
    let start = now.checked_sub(wanted).unwrap_or(Timestamp::MIN);
    gap(series, start, now, wanted).or_else(|| broken(series, start, expect, worlds))
}

/// A part of the time that has no samples.
fn gap(series: &[Series], start: Timestamp, now: Timestamp, wanted: Duration) -> Option<String> {
    let uncovered = |line: &Series| {
        let times: Vec<Timestamp> = known(&line.samples).map(|sample| sample.at).collect();
        let most = usual_step(&times)? * 2;
        // The last sample before the start counts: from there on it is covered.
        let first = times.partition_point(|at| *at <= start).saturating_sub(1);
        let inside = times.get(first..).unwrap_or_default();
        let from = inside.first().map_or(start, |first| start.min(*first));
        let ends = inside.iter().copied().chain([now]);
        ends.scan(from, |before, at| Some((std::mem::replace(before, at), at)))
            .find(|(before, at)| since(*before, *at) > most)
            .map(|(before, at)| {
                let label = named(&line.label);
                format!(
                    "it must hold for {}, and there is no sample for {} before {}{label}",
                    in_words(wanted),
                    in_words(since(before, at)),
                    clock(at)
                )
            })
    };
    if series.is_empty() {
        return Some(format!(
            "it must hold for {}, and there are no samples",
            in_words(wanted)
        ));
    }
    let few = series.iter().find(|line| known(&line.samples).count() < 2);
    if let Some(line) = few {
        return Some(format!(
            "it must hold for {}, and there are fewer than 2 samples{}",
            in_words(wanted),
            named(&line.label)
        ));
    }
    series.iter().find_map(uncovered)
}

/// The latest sample at which the expectation did not hold.
fn broken(series: &[Series], start: Timestamp, expect: &str, worlds: &Worlds) -> Option<String> {
    let Ok(parsed) = expr::parse(expect) else {
        return None;
    };
    let ready = match Prepared::new(&parsed, &worlds.scope) {
        Ok(ready) => ready,
        Err(error) => return Some(error),
    };
    let peaks = peaks(series);
    let moments = series.iter().flat_map(|line| {
        let inside = known(&line.samples).filter(|sample| sample.at >= start);
        inside.map(|sample| (line.label.as_str(), *sample))
    });
    let mut latest: Option<(Timestamp, String)> = None;
    for (label, sample) in moments {
        if latest.as_ref().is_some_and(|(at, _)| *at >= sample.at) {
            continue;
        }
        let reason = match ready.holds(&as_of(sample, &peaks)) {
            Ok(true) => continue,
            Ok(false) => format!(
                "it did not hold at {}{}: the value was {}",
                clock(sample.at),
                named(label),
                sample.value
            ),
            Err(error) => format!("at {} it could not be evaluated: {error}", clock(sample.at)),
        };
        latest = Some((sample.at, reason));
    }
    latest.map(|(_, reason)| reason)
}

fn as_of(sample: Sample, peaks: &[(Timestamp, f64)]) -> Scope {
    let before = peaks.partition_point(|(at, _)| *at <= sample.at);
    let max = before.checked_sub(1).and_then(|last| peaks.get(last));
    let max = max.map_or(sample.value, |(_, max)| *max);
    of_line(number(sample.value)).with("max", number(max))
}

/// The largest value of all lines so far, at each time.
fn peaks(series: &[Series]) -> Vec<(Timestamp, f64)> {
    let samples = series.iter().flat_map(|line| known(&line.samples));
    let mut peaks: Vec<(Timestamp, f64)> =
        samples.map(|sample| (sample.at, sample.value)).collect();
    peaks.sort_by_key(|(at, _)| *at);
    let mut max = f64::NEG_INFINITY;
    for (_, value) in &mut peaks {
        max = max.max(*value);
        *value = max;
    }
    peaks
}

/// A missing value is no sample.
fn known(samples: &[Sample]) -> impl Iterator<Item = &Sample> {
    samples.iter().filter(|sample| !sample.value.is_nan())
}

/// The longest usual distance between samples of any line.
pub(super) fn usual_step_of(series: &[Series]) -> Duration {
    let steps = series.iter().filter_map(|line| {
        let times: Vec<Timestamp> = known(&line.samples).map(|sample| sample.at).collect();
        usual_step(&times)
    });
    steps.max().unwrap_or_default()
}

/// The median of the distances between samples.
fn usual_step(times: &[Timestamp]) -> Option<Duration> {
    let mut steps: Vec<Duration> = times
        .iter()
        .zip(times.get(1..)?)
        .map(|(before, at)| since(*before, *at))
        .collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied()
}

fn named(label: &str) -> String {
    if label.is_empty() {
        String::new()
    } else {
        format!(" in {label}")
    }
}

/// Time of day in UTC.
fn clock(at: Timestamp) -> String {
    let text = timestamp_text(at);
    format!("{} UTC", text.get(11..19).unwrap_or(&text))
}
