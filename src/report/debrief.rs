//! The debrief of a drill: the score with what it rests on, the truth, and earlier tries of the same drill.
//!
//! It judges nothing itself: the score comes from `drill::score`.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::names::Names;
use super::{timeline, utc};
use crate::drill::Scenario;
use crate::drill::score::{Line, Score};
use crate::model::Timestamp;
use crate::model::playbook::Playbook;
use crate::model::safe_text::sanitize_block;
use crate::record::entry::{Hash, Sealed};

/// A try of the same drill.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// Short id of its incident.
    pub incident: String,
    /// When it was played, by the wall clock.
    pub played_at: Timestamp,
    /// Its seed.
    pub seed: u64,
    /// Who played.
    pub operator: String,
    /// Points reached, and points there were.
    pub points: (u32, u32),
    /// Heavy faults.
    pub faults: usize,
    /// Its incident was resolved; one that was not is scored as it was left.
    pub resolved: bool,
    /// It was played with the same text of the scenario as the one that is debriefed: only then the same is scored.
    pub same_scenario: bool,
    /// The try that is debriefed.
    pub this: bool,
}

/// All that a debrief tells.
#[derive(Debug, Clone, Copy)]
pub struct Debrief<'a> {
    /// The scenario it was.
    pub scenario: &'a Scenario,
    /// The score.
    pub score: &'a Score,
    /// Tries of the same drill, oldest first, this one among them.
    pub tries: &'a [Try],
    /// The playbook that was worked with.
    pub playbook: &'a Playbook,
    /// Entries of the record, in order.
    pub entries: &'a [Sealed],
}

impl Debrief<'_> {
    /// As Markdown, to stand at the head of the report.
    pub fn markdown(&self) -> String {
        let score = self.score;
        let mut text = format!("# DRILL debrief: {}\n\n", plain(&self.scenario.title));
        let _ = writeln!(text, "**{}**\n", in_words(score.points, score.of));
        if self.tries.iter().any(|one| one.this && !one.resolved) {
            text.push_str("The incident is not resolved: this is the score as things stand.\n\n");
        }
        for fault in &score.faults {
            let _ = writeln!(text, "- **{}**", plain(fault));
        }
        if !score.faults.is_empty() {
            text.push('\n');
        }
        text.push_str("## What was scored\n\n");
        let by_hash: HashMap<Hash, &Sealed> = self
            .entries
            .iter()
            .map(|sealed| (sealed.hash, sealed))
            .collect();
        for line in &score.lines {
            let _ = writeln!(
                text,
                "- {}: {}. {}",
                plain(&line.title),
                points(line),
                plain(&line.reason)
            );
            for sealed in line.entries.iter().filter_map(|hash| by_hash.get(hash)) {
                let told = timeline::text_line(sealed, Names(Some(self.playbook)));
                let _ = writeln!(
                    text,
                    "  - rests on {}: {}",
                    sealed.hash.short(),
                    plain(&told)
                );
            }
        }
        let _ = write!(
            text,
            "\n## What really happened\n\n{}\n\n",
            sanitize_block(self.scenario.truth.text.trim())
        );
        if self.tries.len() > 1 {
            text.push_str("## Tries of this drill\n\n| played | by | seed | score | heavy faults | incident |\n| --- | --- | --- | --- | --- | --- |\n");
            for one in self.tries {
                let remarks = [
                    (one.this, " (this one)"),
                    (!one.resolved, " (not resolved)"),
                    (!one.same_scenario, " (another version of the scenario)"),
                ];
                let remarks = remarks.iter().filter(|(holds, _)| *holds);
                let remarks: String = remarks.map(|(_, remark)| *remark).collect();
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} | {}{remarks} |",
                    utc(one.played_at),
                    plain(&one.operator),
                    one.seed,
                    in_words(one.points.0, one.points.1),
                    one.faults,
                    one.incident,
                );
            }
            text.push('\n');
        }
        text
    }

    /// As data, beside the incident and its entries.
    pub fn json(&self) -> Value {
        let lines = self.score.lines.iter().map(|line| {
            json!({
                "title": line.title,
                "points": line.points,
                "of": line.of,
                "reason": line.reason,
                "entries": line.entries,
            })
        });
        let tries = self.tries.iter().map(|one| {
            json!({
                "incident": one.incident,
                "played_at": crate::model::timestamp_text(one.played_at),
                "seed": one.seed,
                "operator": one.operator,
                "points": one.points.0,
                "of": one.points.1,
                "faults": one.faults,
                "resolved": one.resolved,
                "same_scenario": one.same_scenario,
                "this": one.this,
            })
        });
        json!({
            "scenario": self.scenario.id,
            "points": self.score.points,
            "of": self.score.of,
            "faults": self.score.faults,
            "lines": lines.collect::<Vec<_>>(),
            "truth": self.scenario.truth.text,
            "breach": self.scenario.truth.breach,
            "tries": tries.collect::<Vec<_>>(),
        })
    }
}

fn points(line: &Line) -> String {
    if line.of == 0 {
        return format!("{} points", line.points);
    }
    format!("{} of {}", line.points, line.of)
}

/// A score in points and as a share.
fn in_words(points: u32, of: u32) -> String {
    if of == 0 {
        return "nothing to score".to_owned();
    }
    let share = u64::from(points) * 100 / u64::from(of);
    format!("{points} of {of} points ({share} %)")
}

/// Text that cannot become markup: what came from a record or a scenario is prose.
fn plain(text: &str) -> String {
    super::markdown::escape(text)
}
