//! `format_datetime` and `format_timespan`: letters that stand for a part, and delimiters that stand for themselves.

use crate::kql::error::KqlError;
use crate::kql::functions::{Binding, Bound, args, row};
use crate::kql::types::Type;
use crate::kql::value::TICKS_PER_DAY;
use crate::kql::value::calendar::{Date, Time};

/// One piece of a format.
enum Piece {
    /// A letter and how often it stands there.
    Part(char, usize),
    /// A delimiter.
    Literal(char),
}

/// Binds `format_datetime(date, format)`.
pub fn datetime(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let pieces = pieces(binding, "yMdhHmsfFt", |letter, count| match letter {
        'y' => matches!(count, 1 | 2 | 4),
        'f' | 'F' => count <= 7,
        't' => count == 2,
        _ => count <= 2,
    })?;
    row(
        &[Type::DateTime, Type::String],
        Type::String,
        move |values| {
            let Some(ticks) = args::long(values, 0) else {
                return args::string("");
            };
            let (date, time) = (Date::of(ticks), Time::of(ticks));
            args::string(write(&pieces, |letter, count| match letter {
                'y' if count < 4 => padded(date.year % 100, count),
                'y' => padded(date.year, count),
                'M' => padded(date.month, count),
                'd' => padded(date.day, count),
                't' => if time.hour < 12 { "AM" } else { "PM" }.to_owned(),
                'h' => padded((time.hour + 11) % 12 + 1, count),
                letter => of_time(time, letter, count),
            }))
        },
    )
}

/// Binds `format_timespan(timespan, format)`.
pub fn timespan(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let pieces = pieces(binding, "dhHmsfF", |letter, count| match letter {
        'd' => count <= 8,
        'f' | 'F' => count <= 7,
        _ => count <= 2,
    })?;
    row(
        &[Type::Timespan, Type::String],
        Type::String,
        move |values| {
            let Some(ticks) = args::long(values, 0) else {
                return args::string("");
            };
            let size = ticks.unsigned_abs();
            let days = (size / TICKS_PER_DAY.unsigned_abs()) as i64;
            let time = Time::of((size % TICKS_PER_DAY.unsigned_abs()) as i64);
            let text = write(&pieces, |letter, count| match letter {
                'd' => padded(days, count),
                letter => of_time(time, letter, count),
            });
            args::string(if ticks < 0 { format!("-{text}") } else { text })
        },
    )
}

fn of_time(time: Time, letter: char, count: usize) -> String {
    match letter {
        'h' | 'H' => padded(time.hour, count),
        'm' => padded(time.minute, count),
        's' => padded(time.second, count),
        letter => {
            let digits = format!("{:07}", time.ticks);
            let digits = digits.get(..count).unwrap_or(&digits);
            // `F` leaves zeros at the end out.
            if letter == 'F' {
                digits.trim_end_matches('0').to_owned()
            } else {
                digits.to_owned()
            }
        }
    }
}

fn padded(number: i64, width: usize) -> String {
    format!("{number:0width$}")
}

fn write(pieces: &[Piece], part: impl Fn(char, usize) -> String) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Part(letter, count) => text.push_str(&part(*letter, *count)),
            Piece::Literal(c) => text.push(*c),
        }
    }
    text
}

/// The pieces of the format that the second argument is.
///
/// # Errors
/// It is not a text that is the same for every row, or has a letter that means nothing.
fn pieces(
    binding: &Binding<'_>,
    letters: &str,
    fits: fn(char, usize) -> bool,
) -> Result<Vec<Piece>, KqlError> {
    let span = binding.args.get(1).map_or(binding.span, |arg| arg.span);
    let Some(format) = binding.constant_text(1) else {
        return Err(KqlError::semantic(
            span,
            format!(
                "`{}()` expects a format that is the same for every row",
                binding.name
            ),
        ));
    };
    let mut pieces = Vec::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if !c.is_alphanumeric() {
            pieces.push(Piece::Literal(c));
            continue;
        }
        let mut count = 1;
        while rest.next_if_eq(&c).is_some() {
            count += 1;
        }
        if !letters.contains(c) || !fits(c, count) {
            return Err(KqlError::semantic(
                span,
                format!(
                    "`{}` means nothing in the format of `{}()`",
                    c.to_string().repeat(count),
                    binding.name
                ),
            )
            .help("it takes e.g. yyyy-MM-dd HH:mm:ss.fff, with delimiters between the parts"));
        }
        pieces.push(Piece::Part(c, count));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::error::Span;
    use crate::kql::expr::{Eval, Expr};
    use crate::kql::value::Value;

    fn formatted(
        function: fn(&Binding<'_>) -> Result<Bound, KqlError>,
        value: Value,
        ty: Type,
        format: &str,
    ) -> Option<String> {
        let call = [
            Expr::constant(ty, value.clone(), Span::default()),
            Expr::constant(Type::String, args::string(format), Span::default()),
        ];
        let bound = function(&Binding {
            name: "format",
            span: Span::default(),
            args: &call,
            now: 0,
        })
        .ok()?;
        match bound.eval {
            Eval::Row(f) => f(&[value, args::string(format)])
                .as_str()
                .map(str::to_owned),
            Eval::Column(_) => None,
        }
    }

    #[test]
    fn every_letter_prints_its_part() {
        let date = crate::kql::value::literal::datetime("2007-03-09 17:04:03.05")
            .map_or(Value::Null, Value::DateTime);
        for (format, expected) in [
            ("yyyy-MM-dd HH:mm:ss.fffffff", "2007-03-09 17:04:03.0500000"),
            ("y/M/d h:m:s tt", "7/3/9 5:4:3 PM"),
            ("yy [s.FFF]", "07 [3.05]"),
        ] {
            let given = formatted(datetime, date.clone(), Type::DateTime, format);
            assert_eq!(given.as_deref(), Some(expected));
        }
        for format in ["yyy", "MMM", "x", "t"] {
            assert_eq!(
                formatted(datetime, date.clone(), Type::DateTime, format),
                None
            );
        }
        let span = Value::Timespan(-(TICKS_PER_DAY + 72_000_000_000));
        let given = formatted(timespan, span, Type::Timespan, "ddd.hh:mm");
        assert_eq!(given.as_deref(), Some("-001.02:00"));
    }
}
