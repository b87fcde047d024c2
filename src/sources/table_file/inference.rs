//! The type of a column from its cells, and a cell as a value of that type.
//!
//! The rule: a column has the first of long, real, bool, datetime, timespan and guid that every cell which holds something is written as; else string. A number is
//! written as such only in plain digits: `007`, `+49`, digits that do not fit a long, and `NaN` are text, because they would not come back as they were. A datetime
//! begins with `2020-01-31`, a timespan is `[d.]hh:mm[:ss[.fffffff]]`. Strings of JSON and SQLite are never numbers or booleans. Objects, lists and cells of
//! different kinds make a column dynamic. A column without anything in it is a string.

use super::{Cell, Dynamic, Type};
use crate::kql::Value;
use crate::kql::value::convert::{convert, to_dynamic};

/// What a column may still be.
#[derive(Debug, Default)]
pub(super) struct Guess {
    /// The types that every text so far was written as; none before the first text.
    texts: Option<Vec<Type>>,
    /// The types of the cells that say theirs themselves, each once.
    others: Vec<Type>,
}

/// Types a text may be written as, the first that fits wins.
const WRITTEN: &[Type] = &[
    Type::Long,
    Type::Real,
    Type::Bool,
    Type::DateTime,
    Type::Timespan,
    Type::Guid,
];

impl Guess {
    /// Takes in a cell.
    pub(super) fn see(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Null | Cell::Bare("") => {}
            Cell::Bool(_) => self.saw(Type::Bool),
            Cell::Long(_) => self.saw(Type::Long),
            Cell::Real(_) => self.saw(Type::Real),
            Cell::Dynamic(_) => self.saw(Type::Dynamic),
            Cell::Bare(text) => self.text(text, true),
            Cell::Text(text) => self.text(text, false),
        }
    }

    fn saw(&mut self, ty: Type) {
        if !self.others.contains(&ty) {
            self.others.push(ty);
        }
    }

    fn text(&mut self, text: &str, bare: bool) {
        let candidates = self.texts.get_or_insert_with(|| {
            let first = if bare { 0 } else { 3 };
            WRITTEN.get(first..).unwrap_or_default().to_vec()
        });
        candidates.retain(|ty| is_written_as(text, *ty));
    }

    /// The type of the column.
    pub(super) fn ty(&self) -> Type {
        match (&self.texts, self.others.as_slice()) {
            (None, []) => Type::String,
            (Some(candidates), []) => candidates.first().copied().unwrap_or(Type::String),
            (None, [only]) => *only,
            (None, [Type::Long, Type::Real] | [Type::Real, Type::Long]) => Type::Real,
            _ => Type::Dynamic,
        }
    }
}

/// Whether `text` is how a value of `ty` is written, so that nothing is lost when it is read as one.
fn is_written_as(text: &str, ty: Type) -> bool {
    match ty {
        Type::Long => is_whole(text) && text.parse::<i64>().is_ok(),
        // A whole number here is one that fits a long, in a column that has fractions too.
        Type::Real => is_real(text) && (!is_whole(text) || text.parse::<i64>().is_ok()),
        Type::Bool => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        Type::DateTime => has_shape(text, "0000-00-00") && converts(text, ty),
        Type::Timespan => is_timespan(text) && converts(text, ty),
        Type::Guid => text.len() == 36 && text.matches('-').count() == 4 && converts(text, ty),
        _ => false,
    }
}

fn converts(text: &str, ty: Type) -> bool {
    !convert(&Value::String(text.into()), ty).is_null()
}

/// Digits, with a minus before them or not, and no needless zero.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'))
        && text != "-0"
}

/// `1.5`, `-0.25`, `1e-3`, or a whole number.
fn is_real(text: &str) -> bool {
    let (mantissa, exponent) = text
        .split_once(['e', 'E'])
        .map_or((text, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let (whole, fraction) = mantissa
        .split_once('.')
        .map_or((mantissa, None), |(whole, fraction)| {
            (whole, Some(fraction))
        });
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_whole(whole) || whole == "-0")
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|power| digits(power.strip_prefix(['+', '-']).unwrap_or(power)))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `[-][d.]hh:mm[:ss[.fffffff]]`
fn is_timespan(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let time = match text.split_once('.') {
        Some((days, time)) if time.contains(':') => {
            if days.is_empty() || !days.bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
            time
        }
        _ => text,
    };
    has_shape(time, "00:00")
        && time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'))
}

/// Whether `text` begins as `shape` does, in which `0` stands for any digit.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, expected)| {
            if expected == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == expected
            }
        })
}

/// A cell as a value of its column's type; `None` when it is not of that type.
pub(super) fn value(cell: Cell<'_>, ty: Type) -> Option<Value> {
    Some(match (cell, ty) {
        (Cell::Null | Cell::Bare(""), _) => Value::missing(ty),
        (Cell::Bare(text) | Cell::Text(text), Type::String) => Value::String(text.into()),
        (Cell::Bare(text), Type::Long) => Value::Long(text.parse().ok()?),
        (Cell::Bare(text), Type::Real) => Value::Real(text.parse().ok()?),
        (Cell::Bool(value), Type::Bool) => Value::Bool(value),
        (Cell::Long(value), Type::Long) => Value::Long(value),
        (Cell::Long(value), Type::Real) => Value::Real(value as f64),
        (Cell::Real(value), Type::Real) => Value::Real(value),
        (Cell::Dynamic(value), Type::Dynamic) => value.clone().into_value(),
        (Cell::Bool(value), Type::Dynamic) => to_dynamic(&Value::Bool(value)).into_value(),
        (Cell::Long(value), Type::Dynamic) => Dynamic::Long(value).into_value(),
        (Cell::Real(value), Type::Dynamic) => Dynamic::Real(value).into_value(),
        (Cell::Bare(text) | Cell::Text(text), Type::Dynamic) => {
            Dynamic::String(text.into()).into_value()
        }
        (Cell::Bare(text) | Cell::Text(text), ty) => {
            let value = convert(&Value::String(text.into()), ty);
            if value.is_null() {
                return None;
            }
            value
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[Cell<'_>]) -> Type {
        let mut guess = Guess::default();
        for cell in cells {
            guess.see(*cell);
        }
        let ty = guess.ty();
        for cell in cells {
            assert!(value(*cell, ty).is_some(), "{cell:?} as {ty:?}");
        }
        ty
    }

    #[test]
    fn cells_of_a_csv_file_say_what_they_are() {
        for (texts, ty) in [
            (&["1", "", "-20"][..], Type::Long),
            (&["1", "2.5", "1e-3"], Type::Real),
            (&["9223372036854775807"], Type::Long),
            (&["9223372036854775808", "1"], Type::String),
            (&["9223372036854775808", "1.5"], Type::String),
            (&["007", "1"], Type::String),
            (&["+49", "1"], Type::String),
            (&["NaN", "1.5"], Type::String),
            (&["1e999"], Type::String),
            (&["true", "False"], Type::Bool),
            (&["true", "1"], Type::String),
            (&["2024-01-31", "2024-01-31T10:00:00Z"], Type::DateTime),
            (&["2024-13-31"], Type::String),
            (&["2024"], Type::Long),
            (&["10:00", "1.02:03:04.5"], Type::Timespan),
            (&["74be27de-1e4e-49d9-b579-fe0b331d3642"], Type::Guid),
            (&["", ""], Type::String),
            (&["1", "x"], Type::String),
        ] {
            let cells: Vec<Cell<'_>> = texts.iter().map(|text| Cell::Bare(text)).collect();
            assert_eq!(of(&cells), ty, "{texts:?}");
        }
    }

    #[test]
    fn strings_of_json_are_no_numbers() {
        assert_eq!(of(&[Cell::Text("1"), Cell::Null]), Type::String);
        assert_eq!(of(&[Cell::Text("true")]), Type::String);
        assert_eq!(of(&[Cell::Text("2024-01-31 10:00")]), Type::DateTime);
        assert_eq!(
            of(&[Cell::Text("2024-01-31"), Cell::Text("")]),
            Type::String
        );
        assert_eq!(of(&[Cell::Long(1), Cell::Real(0.5)]), Type::Real);
        assert_eq!(of(&[Cell::Long(1), Cell::Text("x")]), Type::Dynamic);
        assert_eq!(
            of(&[Cell::Bool(true), Cell::Dynamic(&Dynamic::Array([].into()))]),
            Type::Dynamic
        );
        assert_eq!(of(&[Cell::Null]), Type::String);
    }
}
