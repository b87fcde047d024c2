//! Thresholds: an `alert` that is one comparison with a number, so that it can be drawn as a line.

/// An `alert` that can be drawn as a line over a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// What is compared.
    pub metric: Metric,
    /// How.
    pub operator: Operator,
    /// With which number.
    pub number: f64,
}

/// The left side of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// `value`
    Value,
    /// `last`
    Last,
    /// `max`
    Max,
}

/// The comparison of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// The line that an `alert` draws, when it is `value|last|max OP number`.
pub fn threshold(text: &str) -> Option<Threshold> {
    let text = text.trim();
    let name_end = text.find(|character: char| !character.is_ascii_alphabetic())?;
    let (name, rest) = text.split_at(name_end);
    let metric = match name {
        "value" => Metric::Value,
        "last" => Metric::Last,
        "max" => Metric::Max,
        _ => return None,
    };
    let rest = rest.trim_start();
    let (operator, rest) = [
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        (">", Operator::Greater),
        ("<", Operator::Less),
    ]
    .into_iter()
    .find_map(|(sign, operator)| Some((operator, rest.strip_prefix(sign)?)))?;
    let number: f64 = rest.trim().parse().ok()?;
    number.is_finite().then_some(Threshold {
        metric,
        operator,
        number,
    })
}
