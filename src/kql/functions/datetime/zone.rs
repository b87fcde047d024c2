//! Time zones by name, from the machine's list of zones.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::kql::error::KqlError;
use crate::kql::functions::{Binding, Bound, args, row};
use crate::kql::types::Type;
use crate::kql::value::calendar::{self, Date, Time};
use crate::kql::value::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS, Value};

/// Binds a function of a date and a zone.
///
/// # Errors
/// The zone is not known, or not the same for every row.
pub fn shift(
    binding: &Binding<'_>,
    f: fn(i64, &TimeZone) -> Option<i64>,
) -> Result<Bound, KqlError> {
    let span = binding.args.get(1).map_or(binding.span, |arg| arg.span);
    let Some(name) = binding.constant_text(1) else {
        return Err(KqlError::semantic(
            span,
            format!(
                "`{}()` expects a time zone that is the same for every row",
                binding.name
            ),
        ));
    };
    let zone = TimeZone::get(name).map_err(|_| {
        KqlError::semantic(span, format!("the time zone `{name}` is not known"))
            .help("zones are called e.g. Europe/Berlin or UTC")
    })?;
    row(
        &[Type::DateTime, Type::String],
        Type::DateTime,
        move |values| {
            args::long(values, 0)
                .and_then(|ticks| f(ticks, &zone))
                .map_or(Value::Null, Value::DateTime)
        },
    )
}

/// What the clocks of the zone show at a point in time.
pub fn utc_to_local(ticks: i64, zone: &TimeZone) -> Option<i64> {
    let seconds = (ticks - UNIX_EPOCH_TICKS).div_euclid(TICKS_PER_SECOND);
    let at = Timestamp::from_second(seconds).ok()?;
    let ahead = i64::from(zone.to_offset(at).seconds());
    calendar::add(ticks, ahead * TICKS_PER_SECOND)
}

/// When the clocks of the zone show a time; the earlier moment where they show it twice.
pub fn local_to_utc(ticks: i64, zone: &TimeZone) -> Option<i64> {
    let (date, time) = (Date::of(ticks), Time::of(ticks));
    let local = jiff::civil::DateTime::new(
        i16::try_from(date.year).ok()?,
        i8::try_from(date.month).ok()?,
        i8::try_from(date.day).ok()?,
        i8::try_from(time.hour).ok()?,
        i8::try_from(time.minute).ok()?,
        i8::try_from(time.second).ok()?,
        0,
    )
    .ok()?;
    let at = zone.to_timestamp(local).ok()?;
    let since = at.as_second().checked_mul(TICKS_PER_SECOND)? + time.ticks;
    calendar::add(UNIX_EPOCH_TICKS, since)
}
