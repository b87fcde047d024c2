//! Operators with two operands, and which series of two vectors go together.

use std::collections::{HashMap, HashSet};

use super::error::Error;
use super::eval::{Evaluator, Sample, Value, text_of};
use super::labels::{Id, Purpose, set};
use super::store::{Labels, NAME};
use super::syntax::{Binary, Expr, Grouping, Many, Matching, Operator};

impl<'a> Evaluator<'a> {
    /// The value of an expression with two operands.
    pub(super) fn binary(
        &mut self,
        expr: &'a Expr,
        binary: &'a Binary,
        at: i64,
    ) -> Result<Value<'a>, Error> {
        let left = self.value(&binary.left, at)?;
        let right = self.value(&binary.right, at)?;
        Ok(match (left, right) {
            (Value::Scalar(left), Value::Scalar(right)) => {
                let (value, holds) = operate(binary.op, left, right);
                Value::Scalar(if binary.op.compares() {
                    truth(holds)
                } else {
                    value
                })
            }
            (Value::Vector(left), Value::Scalar(right)) => {
                Value::Vector(self.each(binary, left, |value| operate(binary.op, value, right)))
            }
            // A comparison leaves the value of the vector, wherever it stands.
            (Value::Scalar(left), Value::Vector(right)) => {
                Value::Vector(self.each(binary, right, |value| {
                    let (made, holds) = operate(binary.op, left, value);
                    (if binary.op.compares() { value } else { made }, holds)
                }))
            }
            (Value::Vector(left), Value::Vector(right)) => Value::Vector(if binary.op.is_set() {
                self.set(binary, left, right)
            } else {
                self.matched(expr, binary, &left, &right)?
            }),
            // The types were checked: a text is no operand.
            _ => Value::Vector(Vec::new()),
        })
    }

    /// A vector with a number.
    fn each(
        &mut self,
        binary: &Binary,
        samples: Vec<Sample>,
        operate: impl Fn(f64) -> (f64, bool),
    ) -> Vec<Sample> {
        let one = |sample: Sample| {
            let (value, holds) = operate(sample.value);
            let value = if binary.bool { truth(holds) } else { value };
            let named = !binary.bool && keeps_name(binary.op);
            (binary.bool || holds).then(|| Sample {
                labels: if named {
                    sample.labels
                } else {
                    self.book.nameless(sample.labels)
                },
                value,
            })
        };
        samples.into_iter().filter_map(one).collect()
    }

    /// What series of both sides have in common when they go together.
    fn signature(&mut self, binary: &Binary, labels: Id) -> Id {
        let all = Grouping {
            without: true,
            labels: Vec::new(),
        };
        let by = (std::ptr::from_ref(binary).addr(), Purpose::Signature);
        let grouping = binary.matching.labels.as_ref().unwrap_or(&all);
        self.book.group(by, grouping, labels)
    }

    /// `and`, `or`, `unless`.
    fn set(&mut self, binary: &Binary, mut left: Vec<Sample>, right: Vec<Sample>) -> Vec<Sample> {
        if binary.op == Operator::Or {
            let there = self.signatures(binary, &left);
            let missing = right
                .into_iter()
                .filter(|sample| !there.contains(&self.signature(binary, sample.labels)));
            left.extend(missing);
            return left;
        }
        let there = self.signatures(binary, &right);
        let wanted = binary.op == Operator::And;
        left.retain(|sample| there.contains(&self.signature(binary, sample.labels)) == wanted);
        left
    }

    fn signatures(&mut self, binary: &Binary, samples: &[Sample]) -> HashSet<Id> {
        let samples = samples.iter();
        samples
            .map(|sample| self.signature(binary, sample.labels))
            .collect()
    }

    /// Arithmetic and comparison of two vectors.
    fn matched(
        &mut self,
        expr: &Expr,
        binary: &Binary,
        left: &[Sample],
        right: &[Sample],
    ) -> Result<Vec<Sample>, Error> {
        if left.is_empty() || right.is_empty() {
            return Ok(Vec::new());
        }
        let swapped = binary.matching.many == Some(Many::Right);
        let (many, one) = if swapped {
            (right, left)
        } else {
            (left, right)
        };
        let mut ones: HashMap<Id, Sample> = HashMap::new();
        for sample in one {
            let signature = self.signature(binary, sample.labels);
            if let Some(other) = ones.insert(signature, *sample) {
                let side = if swapped { "left" } else { "right" };
                let [group, other, this] =
                    [signature, other.labels, sample.labels].map(|id| self.book.labels(id));
                return Err(Error::execution(
                    &expr.span,
                    format!(
                        "found duplicate series for the match group {} on the {side} hand-side of the operation: [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
                        text_of(&group),
                        text_of(&this),
                        text_of(&other)
                    ),
                ));
            }
        }
        let mut taken: HashSet<Id> = HashSet::new();
        let mut made = Vec::new();
        for sample in many {
            let signature = self.signature(binary, sample.labels);
            let Some(other) = ones.get(&signature) else {
                continue;
            };
            let (value, holds) = if swapped {
                operate(binary.op, other.value, sample.value)
            } else {
                operate(binary.op, sample.value, other.value)
            };
            if !binary.bool && !holds {
                continue;
            }
            let by = (std::ptr::from_ref(binary).addr(), Purpose::Result);
            let labels = self
                .book
                .derive_both(by, sample.labels, other.labels, |labels, one| {
                    result(binary, labels, one);
                });
            let (key, message) = match binary.matching.many {
                None => (
                    signature,
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                ),
                Some(_) => (
                    labels,
                    "multiple matches for labels: grouping labels must ensure unique matches",
                ),
            };
            if !taken.insert(key) {
                return Err(Error::execution(&expr.span, message));
            }
            let value = if binary.bool { truth(holds) } else { value };
            made.push(Sample { labels, value });
        }
        Ok(made)
    }
}

/// The labels of the result: those of the "many" side, less what matching took, more what the "one" side gives.
fn result(binary: &Binary, labels: &mut Labels, one: &Labels) {
    if !keeps_name(binary.op) {
        labels.remove(NAME);
    }
    let Matching {
        labels: grouping,
        many,
        include,
    } = &binary.matching;
    if let (None, Some(grouping)) = (many, grouping) {
        // Not as an aggregation groups them: `ignoring` takes only what it lists, so that a comparison may keep the name.
        labels.retain(|name, _| grouping.labels.contains(name) != grouping.without);
    }
    for name in include {
        set(labels, name, one.get(name).cloned().unwrap_or_default());
    }
    // At last, because the "one" side may have given its name.
    if binary.bool {
        labels.remove(NAME);
    }
}

/// A comparison leaves values of the same metric; arithmetic makes something new. (That `atan2` counts with comparisons is Prometheus 2's doing.)
fn keeps_name(op: Operator) -> bool {
    op.compares() || op == Operator::Atan2
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// The value, and whether it stays: a comparison leaves the left one where it holds.
fn operate(op: Operator, left: f64, right: f64) -> (f64, bool) {
    let made = |value: f64| (value, true);
    let compared = |holds: bool| (left, holds);
    #[expect(clippy::float_cmp, reason = "`==` of PromQL is exact")]
    match op {
        Operator::Add => made(left + right),
        Operator::Subtract => made(left - right),
        Operator::Multiply => made(left * right),
        Operator::Divide => made(left / right),
        Operator::Modulo => made(left % right),
        Operator::Power => made(left.powf(right)),
        Operator::Atan2 => made(left.atan2(right)),
        Operator::Equal => compared(left == right),
        Operator::NotEqual => compared(left != right),
        Operator::Less => compared(left < right),
        Operator::LessEqual => compared(left <= right),
        Operator::Greater => compared(left > right),
        Operator::GreaterEqual => compared(left >= right),
        // Sets are made by `set`; between numbers they are no PromQL.
        Operator::And | Operator::Or | Operator::Unless => (left, false),
    }
}
