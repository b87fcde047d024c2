//! The parts of a date by name: what they are, adding them, and counting them between two dates.

use crate::kql::error::KqlError;
use crate::kql::functions::Binding;
use crate::kql::value::calendar::{self, Date, Time};
use crate::kql::value::{TICKS_PER_DAY, TICKS_PER_SECOND};

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

const NAMES: &[(&str, Part)] = &[
    ("year", Part::Year),
    ("quarter", Part::Quarter),
    ("month", Part::Month),
    ("week", Part::Week),
    ("week_of_year", Part::Week),
    ("day", Part::Day),
    ("dayofyear", Part::DayOfYear),
    ("hour", Part::Hour),
    ("minute", Part::Minute),
    ("second", Part::Second),
    ("millisecond", Part::Millisecond),
    ("microsecond", Part::Microsecond),
    ("nanosecond", Part::Nanosecond),
];

impl Part {
    /// The part that the first argument of a call names.
    ///
    /// # Errors
    /// It names none, or not the same one for every row.
    pub fn named(binding: &Binding<'_>) -> Result<Self, KqlError> {
        let name = binding.constant_text(0).unwrap_or("").to_ascii_lowercase();
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, part)| *part)
            .ok_or_else(|| {
                let span = binding.args.first().map_or(binding.span, |arg| arg.span);
                let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                KqlError::semantic(
                    span,
                    format!(
                        "expected the name of a part of a date for `{}`",
                        binding.name
                    ),
                )
                .help(format!("one of {}", names.join(", ")))
            })
    }

    /// The length of a part that is always equally long.
    fn length(self) -> Option<i64> {
        Some(match self {
            Self::Week => 7 * TICKS_PER_DAY,
            Self::Day | Self::DayOfYear => TICKS_PER_DAY,
            Self::Hour => 3_600 * TICKS_PER_SECOND,
            Self::Minute => 60 * TICKS_PER_SECOND,
            Self::Second => TICKS_PER_SECOND,
            Self::Millisecond => 10_000,
            Self::Microsecond => 10,
            Self::Year | Self::Quarter | Self::Month | Self::Nanosecond => return None,
        })
    }

    /// This part of a date.
    pub fn of(self, ticks: i64) -> i64 {
        let date = Date::of(ticks);
        let time = Time::of(ticks);
        match self {
            Self::Year => date.year,
            Self::Quarter => (date.month - 1) / 3 + 1,
            Self::Month => date.month,
            Self::Week => date.iso_week(),
            Self::Day => date.day,
            Self::DayOfYear => date.day_of_year(),
            Self::Hour => time.hour,
            Self::Minute => time.minute,
            Self::Second => time.second,
            Self::Millisecond => time.ticks / 10_000,
            Self::Microsecond => time.ticks / 10,
            Self::Nanosecond => time.ticks * 100,
        }
    }

    /// A date so many of this part later.
    pub fn add(self, ticks: i64, amount: i64) -> Option<i64> {
        let months = match self {
            Self::Year => 12,
            Self::Quarter => 3,
            Self::Month => 1,
            Self::Nanosecond => return calendar::add(ticks, amount.div_euclid(100)),
            _ => {
                return calendar::add(ticks, self.length()?.checked_mul(amount)?);
            }
        };
        Date::of(ticks)
            .add_months(amount.checked_mul(months)?)?
            .ticks()?
            .checked_add(ticks.rem_euclid(TICKS_PER_DAY))
    }

    /// How many borders of this part lie between two dates.
    pub fn difference(self, later: i64, earlier: i64) -> Option<i64> {
        let months = |ticks: i64| {
            let date = Date::of(ticks);
            date.year * 12 + date.month - 1
        };
        let borders = |ticks: i64| match self {
            Self::Year => Some(Date::of(ticks).year),
            Self::Quarter => Some(months(ticks) / 3),
            Self::Month => Some(months(ticks)),
            // 0001-01-01 was a Monday.
            Self::Week => Some((ticks + TICKS_PER_DAY).div_euclid(7 * TICKS_PER_DAY)),
            _ => Some(ticks.div_euclid(self.length()?)),
        };
        // Ticks since the year 1 do not fit as nanoseconds; what lies between two dates may.
        if self == Self::Nanosecond {
            return later.checked_sub(earlier)?.checked_mul(100);
        }
        borders(later)?.checked_sub(borders(earlier)?)
    }
}
