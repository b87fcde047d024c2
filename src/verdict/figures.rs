//! The values that a verdict or a suggestion rests on, each beside the part of the expression that it is the value of.

use serde_json::Value;

use super::scope::Worlds;
use crate::expr::{self, Prepared};
use crate::model::limits;
use crate::model::verdict::Figure;

/// The figures of an expression's text in one line of a chart, or in the only world there is.
pub(super) fn figures(text: &str, worlds: &Worlds, at: usize) -> Vec<Figure> {
    let Some((label, names)) = worlds.each.get(at) else {
        return Vec::new();
    };
    let figure = |part: String| {
        let parsed = expr::parse(&part).ok()?;
        let value = Prepared::new(&parsed, &worlds.scope).and_then(|ready| ready.evaluate(names));
        let is = match value {
            Ok(value) => shown(&value),
            Err(error) => worlds.why(&parsed, &part, error),
        };
        let is = if label.is_empty() {
            is
        } else {
            format!("{is} ({label})")
        };
        let is = cut(&is, limits::FIGURE_CHARACTERS);
        Some(Figure { of: part, is })
    };
    let parts = expr::parts(text).into_iter();
    parts.filter_map(figure).take(limits::FIGURES).collect()
}

/// `rows[0].mismatched is 3, rows[0].checked is 10`
pub(super) fn sentence(figures: &[Figure]) -> String {
    let each = figures
        .iter()
        .map(|figure| format!("{} is {}", figure.of, figure.is));
    each.collect::<Vec<_>>().join(", ")
}

/// A text of at most so many characters.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Whole numbers as they are, others with at most 6 significant digits.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(real)) => significant(real),
            _ => number.to_string(),
        },
        Value::Bool(_) => value.to_string(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => value.to_string(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(members) => format!("a map of {}", members.len()),
    }
}

fn significant(real: f64) -> String {
    if real.fract() == 0.0 && real.abs() < 1e15 {
        return format!("{real:.0}");
    }
    let short = format!("{real:.5e}").parse().unwrap_or(real);
    format!("{short}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::shown;

    #[test]
    fn values_are_short() {
        for (value, text) in [
            (json!(3), "3"),
            (json!(3.0), "3"),
            (json!(0.123_456_789), "0.123457"),
            (json!(123_456.789), "123457"),
            (json!(9_007_199_254_740_993_i64), "9007199254740993"),
            (json!("a\"b"), "\"a\\\"b\""),
            (json!(null), "NULL"),
            (json!(["aware"]), "[\"aware\"]"),
            (json!([{"a": 1}]), "a list of 1"),
        ] {
            assert_eq!(shown(&value), text);
        }
    }
}
