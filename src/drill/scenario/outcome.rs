//! The parts of a scenario that judge a drill afterwards: `[truth]` and `[rubric]`.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::read::{MILESTONES, POINTS, told};
use super::{EvidenceFirst, Rubric, Timed, Truth};
use crate::model::ids::{ActionId, EvidenceId, StepId};

/// What really happened.
pub(super) fn truth(fields: Fields<'_>) -> Truth {
    let mut truth = Truth {
        text: fields.needed("text", "what really happened", told),
        breach: fields.needed("breach", "true or false", Fields::flag),
        decisions: choices(&fields, "decisions"),
        all_clear: choices(&fields, "all_clear"),
        milestones: BTreeMap::new(),
        severity: fields.text("severity"),
    };
    if !truth.breach && !truth.all_clear.is_empty() {
        fields.refuse(
            "all_clear",
            "breach = true beside it: where nothing was reached, an all-clear is right",
        );
    }
    if let Some(milestones) = fields.table("milestones") {
        for name in MILESTONES {
            if let Some(reached) = milestones.flag(name) {
                truth.milestones.insert(name.to_owned(), reached);
            }
        }
        milestones.end();
    }
    fields.end();
    truth
}

/// Choices of decisions: one, or a list of those that will do.
fn choices(fields: &Fields<'_>, key: &'static str) -> BTreeMap<StepId, Vec<String>> {
    let Some(decisions) = fields.table(key) else {
        return BTreeMap::new();
    };
    let mut choices = BTreeMap::new();
    for (decision, _, value) in decisions.entries() {
        let one = std::slice::from_ref(value);
        let values = value.get_ref().as_array().map_or(one, |values| values);
        let named: Option<Vec<String>> = values
            .iter()
            .map(|value| value.get_ref().as_str().map(str::to_owned))
            .collect();
        let named = named.filter(|named| !named.is_empty());
        if named.is_none() {
            let message = format!("{decision}: expected a choice in quotes, or a list of choices");
            fields
                .findings()
                .error("wrong-value", value.span(), message);
        }
        choices.insert(StepId::new(decision), named.unwrap_or_default());
    }
    choices
}

/// What is scored.
pub(super) fn rubric(fields: Fields<'_>) -> Rubric {
    let points = |key| fields.whole(key, &(0..=POINTS));
    let timed = |key| fields.table(key).map(timed);
    let rubric = Rubric {
        acknowledge: timed("acknowledge"),
        contain: timed("contain"),
        classify: timed("classify"),
        first_update: timed("first_update"),
        deadlines: points("deadlines"),
        evidence: fields.table("evidence").map(evidence_first),
        false_all_clear: fields.needed("false_all_clear", "a number", |fields, key| {
            fields.whole(key, &(0..=POINTS))
        }),
        wrong_decision: points("wrong_decision").unwrap_or(0),
        step_skipped: points("step_skipped").unwrap_or(0),
        steps_most: points("steps_most").unwrap_or(0),
    };
    let of = rubric.points();
    if of == 0 {
        fields.findings().error(
            "no-points",
            fields.place("false_all_clear"),
            "expected at least one part with points: acknowledge, contain, classify, first_update, deadlines or evidence",
        );
    }
    if rubric.false_all_clear * 2 < of {
        fields.findings().error(
            "mild-all-clear",
            fields.place("false_all_clear"),
            format!(
                "false_all_clear: expected at least half of the {of} points there are, found {}",
                rubric.false_all_clear
            ),
        );
    }
    fields.end();
    rubric
}

fn timed(fields: Fields<'_>) -> Timed {
    let timed = Timed {
        within: fields.needed("within", "a time", Fields::duration),
        points: fields.needed("points", "a number", |fields, key| {
            fields.whole(key, &(1..=POINTS))
        }),
        by: fields
            .texts("by")
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
    };
    if timed.within.is_zero() {
        fields.refuse("within", "more than no time at all");
    }
    fields.end();
    timed
}

fn evidence_first(fields: Fields<'_>) -> EvidenceFirst {
    let names = |key| fields.texts(key).into_iter().map(|(name, _)| name);
    let evidence = EvidenceFirst {
        points: fields.needed("points", "a number", |fields, key| {
            fields.whole(key, &(1..=POINTS))
        }),
        kept: names("kept").collect(),
        before: names("before").map(ActionId::new).collect(),
        items: names("items").map(EvidenceId::new).collect(),
    };
    if evidence.kept.is_empty() && evidence.items.is_empty() {
        fields.findings().error(
            "wrong-value",
            fields.place("points"),
            "evidence: expected `kept` or `items`, found neither",
        );
    }
    fields.end();
    evidence
}
