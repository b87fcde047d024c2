//! Inputs of a playbook: typed values that are checked before anything is sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Timestamp, duration, ids::InputId, limits};

/// The type of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum InputType {
    /// Text; a value must match `pattern` as a whole. Without one, shell actions ask for `[A-Za-z0-9._:@/+-]{1,256}`.
    Text {
        /// A regular expression, anchored by the reader.
        pattern: Option<String>,
    },
    /// A signed 64-bit integer.
    Integer,
    /// A length of time such as `15m`.
    Duration,
    /// A length of time that fixes a window anchored at the incident's opening.
    Lookback,
    /// An RFC 3339 time.
    Datetime,
    /// A UUID.
    Uuid,
    /// One of a fixed list; the only type that may stand for a name of a table or column.
    Choice {
        /// The values allowed.
        of: Vec<String>,
    },
    /// A secret: its value is where the secret is kept (see [`secret_reference`]), never the secret itself.
    Secret,
}

impl InputType {
    /// The word of the format, as in `type: lookback`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Integer => "integer",
            Self::Duration => "duration",
            Self::Lookback => "lookback",
            Self::Datetime => "datetime",
            Self::Uuid => "uuid",
            Self::Choice { .. } => "choice",
            Self::Secret => "secret",
        }
    }
}

/// An input as a playbook declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// The name that queries bind.
    pub id: InputId,
    /// What the form calls it.
    pub title: String,
    /// Its type.
    pub kind: InputType,
    /// The value taken when nobody gives one, as text.
    pub default: Option<String>,
    /// Result columns whose value may fill it, in order of preference.
    pub from: Vec<String>,
    /// True for an input that the reader of a plain runbook made out of a placeholder.
    pub inferred: bool,
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Typed by the operator, or given with `--set`.
    Typed,
    /// Taken from a row of a result.
    Row,
    /// The playbook's default.
    Default,
}

/// A checked value. The text is canonical: what is bound, shown and recorded is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputValue {
    /// The canonical text (a UUID in lower case, a time in RFC 3339, an integer without a plus sign).
    pub text: String,
    /// The type's word (see [`InputType::word`]).
    pub kind: String,
    /// How it was given.
    pub origin: Origin,
}

/// Names bound in every playbook: window start and end, opening time, incident id, operator.
pub const BUILT_INS: [&str; 5] = [
    "window_start",
    "window_end",
    "opened_at",
    "incident_id",
    "operator",
];

/// Checks a value against an input's type and returns its canonical text, or what is wrong in one short sentence.
pub fn check(input: &Input, text: &str) -> Result<String, String> {
    if text.len() > limits::INPUT_BYTES {
        return Err(format!(
            "too long: {} bytes, at most {}",
            text.len(),
            limits::INPUT_BYTES
        ));
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err("a value is needed".into());
    }
    match &input.kind {
        InputType::Text { pattern: None } => Ok(text.to_owned()),
        InputType::Secret => secret_reference(trimmed)
            .map(|_| trimmed.to_owned())
            .ok_or_else(|| SECRET_EXPECTED.to_owned()),
        InputType::Text {
            pattern: Some(pattern),
        } => match regex::Regex::new(&format!("^(?:{pattern})$")) {
            Ok(expression) if expression.is_match(text) => Ok(text.to_owned()),
            Ok(_) => Err(format!("does not match {pattern}")),
            Err(_) => Err(format!(
                "the playbook's pattern {pattern} is not a regular expression: mend the playbook"
            )),
        },
        InputType::Integer => trimmed
            .parse::<i64>()
            .map(|number| number.to_string())
            .map_err(|_| "expected a whole number".into()),
        InputType::Duration | InputType::Lookback => duration::parse(trimmed)
            .map(duration::format)
            .ok_or_else(|| "expected a duration such as 15m, 24h or 7d".into()),
        InputType::Datetime => trimmed
            .parse::<Timestamp>()
            .map(super::timestamp_text)
            .map_err(|_| "expected a time with its zone, such as 2026-01-31T03:12:00Z".into()),
        InputType::Uuid => uuid::Uuid::try_parse(trimmed)
            .map(|id| id.hyphenated().to_string())
            .map_err(|_| "expected a UUID".into()),
        InputType::Choice { of } if of.iter().any(|choice| choice == trimmed) => {
            Ok(trimmed.to_owned())
        }
        InputType::Choice { of } => Err(format!("expected one of {}", of.join(", "))),
    }
}

/// What to type for a secret.
pub const SECRET_EXPECTED: &str = "expected where the secret is kept: env:NAME, file:PATH or cmd:COMMAND, never the secret itself";

/// Where a secret is kept: `env`, `file` or `cmd`, and the name, path or command. None for any other text.
pub fn secret_reference(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let rest = rest.trim();
    (matches!(scheme, "env" | "file" | "cmd") && !rest.is_empty()).then_some((scheme, rest))
}

/// The window of a look-back: it starts at `exposure_start`, or at the opening minus the duration, and ends now.
/// Its start never moves forward, so a query repeated a day later cannot pass because the breach slid out of view.
pub fn window(
    opened_at: Timestamp,
    lookback: Duration,
    exposure_start: Option<Timestamp>,
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let start =
        exposure_start.unwrap_or_else(|| opened_at.checked_sub(lookback).unwrap_or(Timestamp::MIN));
    (start, now.max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: InputType) -> Input {
        Input {
            id: "x".into(),
            title: String::new(),
            kind,
            default: None,
            from: vec![],
            inferred: false,
        }
    }

    #[test]
    fn values_are_checked_and_made_canonical() {
        let text = |pattern: &str| InputType::Text {
            pattern: Some(pattern.into()),
        };
        for (kind, given, expected) in [
            (text("[a-z]+"), "abc", Ok("abc")),
            (text("a|b"), "ab", Err("does not match a|b")),
            (InputType::Integer, " +7 ", Ok("7")),
            (InputType::Integer, "7.5", Err("expected a whole number")),
            (InputType::Lookback, "24h", Ok("1d")),
            (
                InputType::Uuid,
                "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                Ok("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ),
            (
                InputType::Datetime,
                "2026-01-31T04:12:00+01:00",
                Ok("2026-01-31T03:12:00.000Z"),
            ),
            (
                InputType::Choice {
                    of: vec!["a".into(), "b".into()],
                },
                "c",
                Err("expected one of a, b"),
            ),
            (InputType::Secret, "", Err("a value is needed")),
            (InputType::Secret, " env:TOKEN ", Ok("env:TOKEN")),
            (InputType::Secret, "cmd:pass show x", Ok("cmd:pass show x")),
            (InputType::Secret, "hunter2", Err(SECRET_EXPECTED)),
            (InputType::Secret, "env: ", Err(SECRET_EXPECTED)),
            (InputType::Secret, "hunter:2", Err(SECRET_EXPECTED)),
        ] {
            assert_eq!(
                check(&input(kind), given),
                expected.map(String::from).map_err(String::from),
                "{given}"
            );
        }
    }

    #[test]
    fn a_window_never_slides_forward() {
        let opened: Timestamp = "2026-01-31T03:00:00Z".parse().unwrap_or_default();
        let later: Timestamp = "2026-02-02T03:00:00Z".parse().unwrap_or_default();
        let (start, end) = window(opened, Duration::from_secs(3_600), None, later);
        assert_eq!(
            super::super::timestamp_text(start),
            "2026-01-31T02:00:00.000Z"
        );
        assert_eq!(end, later);
    }
}
