//! Functions of points and lengths of time. Weeks begin on Sunday, all is UTC, and what falls outside the years 1 to 9999 is null.

use super::{Binding, Bound, Function, Naming, args, column, plain, row};
use crate::kql::error::KqlError;
use crate::kql::expr::Vector;
use crate::kql::kernels::{cast, map1, try_map2};
use crate::kql::types::Type;
use crate::kql::value::calendar::{self, Date, Time};
use crate::kql::value::{TICKS_PER_DAY, TICKS_PER_SECOND, UNIX_EPOCH_TICKS, Value};

mod format;
mod part;
mod zone;

use part::Part;

const WEEK: i64 = 7 * TICKS_PER_DAY;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    plain("now", "now(offset)", (0, 1), |binding| {
        let now = binding.now;
        row(&[Type::Timespan], Type::DateTime, move |values| {
            let offset = match values.first() {
                None => Some(0),
                Some(_) => args::long(values, 0),
            };
            moment(offset.and_then(|offset| calendar::add(now, offset)))
        })
    }),
    plain("ago", "ago(timespan)", (1, 1), |binding| {
        let now = binding.now;
        column(&[Type::Timespan], Type::DateTime, move |args, _| {
            one(Type::DateTime, args, |span: i64| {
                calendar::add(now, span.checked_neg()?)
            })
        })
    }),
    Function {
        naming: Naming::FirstArgument,
        ..plain("startofday", "startofday(date, offset)", (1, 2), |_| {
            bounds(start_of_day)
        })
    },
    plain("startofweek", "startofweek(date, offset)", (1, 2), |_| {
        bounds(start_of_week)
    }),
    plain("startofmonth", "startofmonth(date, offset)", (1, 2), |_| {
        bounds(start_of_month)
    }),
    plain("startofyear", "startofyear(date, offset)", (1, 2), |_| {
        bounds(start_of_year)
    }),
    plain("endofday", "endofday(date, offset)", (1, 2), |_| {
        bounds(|date, offset| last_tick(start_of_day(date, offset)?, TICKS_PER_DAY))
    }),
    plain("endofweek", "endofweek(date, offset)", (1, 2), |_| {
        bounds(|date, offset| last_tick(start_of_week(date, offset)?, WEEK))
    }),
    plain("endofmonth", "endofmonth(date, offset)", (1, 2), |_| {
        bounds(|date, offset| {
            let start = start_of_month(date, offset)?;
            let Date { year, month, .. } = Date::of(start);
            last_tick(start, calendar::days_in_month(year, month) * TICKS_PER_DAY)
        })
    }),
    plain("endofyear", "endofyear(date, offset)", (1, 2), |_| {
        bounds(|date, offset| {
            let start = start_of_year(date, offset)?;
            let days = 337 + calendar::days_in_month(Date::of(start).year, 2);
            last_tick(start, days * TICKS_PER_DAY)
        })
    }),
    plain("dayofweek", "dayofweek(date)", (1, 1), |_| {
        column(&[Type::DateTime], Type::Timespan, |args, _| {
            one(Type::Timespan, args, |date: i64| {
                // The engine has no answer for the days whose week reaches past the end of time.
                last_tick(date - since_sunday(date), WEEK)?;
                Some(calendar::day_of_week(date) * TICKS_PER_DAY)
            })
        })
    }),
    plain("dayofmonth", "dayofmonth(date)", (1, 1), |_| {
        number(Part::Day)
    }),
    plain("dayofyear", "dayofyear(date)", (1, 1), |_| {
        number(Part::DayOfYear)
    }),
    Function {
        aliases: &["getmonth"],
        ..plain("monthofyear", "monthofyear(date)", (1, 1), |_| {
            number(Part::Month)
        })
    },
    plain("getyear", "getyear(date)", (1, 1), |_| number(Part::Year)),
    plain("hourofday", "hourofday(date)", (1, 1), |_| {
        number(Part::Hour)
    }),
    plain("week_of_year", "week_of_year(date)", (1, 1), |_| {
        number(Part::Week)
    }),
    plain("weekofyear", "weekofyear(date)", (1, 1), |_| {
        column(&[Type::DateTime], Type::Int, |args, _| {
            one(Type::Int, args, |date: i64| {
                i32::try_from(Date::of(date).sunday_week()).ok()
            })
        })
    }),
    Function {
        aliases: &["datepart"],
        ..plain(
            "datetime_part",
            "datetime_part(part, date)",
            (2, 2),
            |binding| {
                let part = Part::named(binding)?;
                column(
                    &[Type::String, Type::DateTime],
                    Type::Int,
                    move |args, _| {
                        one(Type::Int, args.get(1..).unwrap_or(&[]), |date: i64| {
                            i32::try_from(part.of(date)).ok()
                        })
                    },
                )
            },
        )
    },
    plain(
        "datetime_add",
        "datetime_add(part, amount, date)",
        (3, 3),
        |binding| {
            let part = Part::named(binding)?;
            column(
                &[Type::String, Type::Long, Type::DateTime],
                Type::DateTime,
                move |args, rows| match args {
                    [_, amount, date] => {
                        try_map2(Type::DateTime, amount, date, rows, |amount, date| {
                            part.add(date, amount)
                        })
                    }
                    _ => Vector::Constant(Value::Null),
                },
            )
        },
    ),
    plain(
        "datetime_diff",
        "datetime_diff(part, later, earlier)",
        (3, 3),
        |binding| {
            let part = Part::named(binding)?;
            // The engine counts weeks as a real, and everything else as a long.
            let ty = if part == Part::Week {
                Type::Real
            } else {
                Type::Long
            };
            column(
                &[Type::String, Type::DateTime, Type::DateTime],
                ty,
                move |args, rows| match args {
                    [_, later, earlier] => {
                        let difference =
                            try_map2(Type::Long, later, earlier, rows, |later, earlier| {
                                part.difference(later, earlier)
                            });
                        cast::cast(&difference, ty, rows)
                    }
                    _ => Vector::Constant(Value::Null),
                },
            )
        },
    ),
    Function {
        naming: Naming::FirstArgument,
        ..plain(
            "format_datetime",
            "format_datetime(date, format)",
            (2, 2),
            format::datetime,
        )
    },
    Function {
        naming: Naming::FirstArgument,
        ..plain(
            "format_timespan",
            "format_timespan(timespan, format)",
            (2, 2),
            format::timespan,
        )
    },
    Function {
        naming: Naming::OnlyArgument,
        ..plain(
            "make_datetime",
            "make_datetime(year, month, day, hour, minute, second)",
            (1, 6),
            make_datetime,
        )
    },
    Function {
        naming: Naming::OnlyArgument,
        ..plain(
            "make_timespan",
            "make_timespan(days, hours, minutes, seconds)",
            (1, 4),
            make_timespan,
        )
    },
    plain(
        "unixtime_seconds_todatetime",
        "unixtime_seconds_todatetime(number)",
        (1, 1),
        |binding| unix_time(binding, TICKS_PER_SECOND, 1),
    ),
    plain(
        "unixtime_milliseconds_todatetime",
        "unixtime_milliseconds_todatetime(number)",
        (1, 1),
        |binding| unix_time(binding, 10_000, 1),
    ),
    plain(
        "unixtime_microseconds_todatetime",
        "unixtime_microseconds_todatetime(number)",
        (1, 1),
        |binding| unix_time(binding, 10, 1),
    ),
    plain(
        "unixtime_nanoseconds_todatetime",
        "unixtime_nanoseconds_todatetime(number)",
        (1, 1),
        |binding| unix_time(binding, 1, 100),
    ),
    plain(
        "datetime_utc_to_local",
        "datetime_utc_to_local(date, timezone)",
        (2, 2),
        |binding| zone::shift(binding, zone::utc_to_local),
    ),
    plain(
        "datetime_local_to_utc",
        "datetime_local_to_utc(date, timezone)",
        (2, 2),
        |binding| zone::shift(binding, zone::local_to_utc),
    ),
];

fn moment(ticks: Option<i64>) -> Value {
    ticks.map_or(Value::Null, Value::DateTime)
}

/// `f` of the one argument.
fn one<A: crate::kql::kernels::Cell, R: crate::kql::kernels::Cell>(
    ty: Type,
    args: &[Vector],
    f: impl Fn(A) -> Option<R>,
) -> Vector {
    match args {
        [arg] => map1(ty, arg, f),
        _ => Vector::Constant(Value::Null),
    }
}

/// A part of a date as an int.
fn number(part: Part) -> Result<Bound, KqlError> {
    column(&[Type::DateTime], Type::Int, move |args, _| {
        one(Type::Int, args, |date: i64| {
            i32::try_from(part.of(date)).ok()
        })
    })
}

/// The start or the end of the period that a date is in, so many periods on.
fn bounds(f: fn(i64, i64) -> Option<i64>) -> Result<Bound, KqlError> {
    column(
        &[Type::DateTime, Type::Long],
        Type::DateTime,
        move |args, rows| match args {
            [date] => map1(Type::DateTime, date, |date| f(date, 0)),
            [date, offset] => try_map2(Type::DateTime, date, offset, rows, f),
            _ => Vector::Constant(Value::Null),
        },
    )
}

fn start_of_day(date: i64, offset: i64) -> Option<i64> {
    calendar::add(
        date - date.rem_euclid(TICKS_PER_DAY),
        offset.checked_mul(TICKS_PER_DAY)?,
    )
}

/// How long ago the last Sunday began.
fn since_sunday(date: i64) -> i64 {
    calendar::day_of_week(date) * TICKS_PER_DAY + date.rem_euclid(TICKS_PER_DAY)
}

fn start_of_week(date: i64, offset: i64) -> Option<i64> {
    calendar::add(date - since_sunday(date), offset.checked_mul(WEEK)?)
}

fn start_of_month(date: i64, offset: i64) -> Option<i64> {
    let first = Date {
        day: 1,
        ..Date::of(date)
    };
    first.add_months(offset)?.ticks()
}

fn start_of_year(date: i64, offset: i64) -> Option<i64> {
    Date {
        year: Date::of(date).year.checked_add(offset)?,
        month: 1,
        day: 1,
    }
    .ticks()
}

/// The last tick of a period of `length` that begins at `start`.
fn last_tick(start: i64, length: i64) -> Option<i64> {
    calendar::add(start, length - 1)
}

/// Three to six numbers, or one value that is converted.
fn make_datetime(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    match binding.args.len() {
        1 => column(&[], Type::DateTime, |args, rows| match args {
            [arg] => cast::cast(arg, Type::DateTime, rows),
            _ => Vector::Constant(Value::Null),
        }),
        2 => Err(KqlError::semantic(
            binding.span,
            "`make_datetime()` takes year, month and day, and then hour, minute and second",
        )),
        _ => row(
            &[
                Type::Long,
                Type::Long,
                Type::Long,
                Type::Long,
                Type::Long,
                Type::Real,
            ],
            Type::DateTime,
            |values| {
                let given = |index: usize| match values.get(index) {
                    None => Some(0),
                    Some(_) => args::long(values, index),
                };
                let ticks = || {
                    let date = Date {
                        year: given(0)?,
                        month: given(1)?,
                        day: given(2)?,
                    };
                    let time = Time {
                        hour: given(3)?,
                        minute: given(4)?,
                        ..Time::default()
                    };
                    date.ticks()?
                        .checked_add(time.ticks()? + seconds(values, 5)?)
                };
                moment(ticks())
            },
        ),
    }
}

/// The seconds at `index` in ticks: from 0 to below 60, and 0 where they are left out.
fn seconds(values: &[Value], index: usize) -> Option<i64> {
    if values.get(index).is_none() {
        return Some(0);
    }
    let seconds = args::real(values, index).filter(|seconds| (0.0..60.0).contains(seconds))?;
    Some((seconds * TICKS_PER_SECOND as f64).round() as i64)
}

/// Hours and minutes, then seconds; with four numbers days come first; or one value that is converted.
fn make_timespan(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    if binding.args.len() == 1 {
        return column(&[], Type::Timespan, |args, rows| match args {
            [arg] => cast::cast(arg, Type::Timespan, rows),
            _ => Vector::Constant(Value::Null),
        });
    }
    let with_days = binding.args.len() == 4;
    let first = usize::from(with_days);
    let mut takes = vec![Type::Long; first + 2];
    takes.push(Type::Real);
    row(&takes, Type::Timespan, move |values| {
        let ticks = || {
            let days = if with_days { args::long(values, 0)? } else { 0 };
            let time = Time {
                hour: args::long(values, first)?,
                minute: args::long(values, first + 1)?,
                ..Time::default()
            };
            days.checked_mul(TICKS_PER_DAY)?
                .checked_add(time.ticks()? + seconds(values, first + 2)?)
        };
        ticks().map_or(Value::Null, Value::Timespan)
    })
}

/// A number of units since 1970, each `ticks` / `share` long.
fn unix_time(binding: &Binding<'_>, ticks: i64, share: i64) -> Result<Bound, KqlError> {
    let whole = !matches!(
        binding.ty(0),
        Some(Type::Real | Type::Decimal | Type::Dynamic)
    );
    let ty = if whole { Type::Long } else { Type::Real };
    column(&[ty], Type::DateTime, move |args, _| {
        if whole {
            one(Type::DateTime, args, |number: i64| {
                calendar::add(
                    UNIX_EPOCH_TICKS,
                    number.checked_mul(ticks)?.div_euclid(share),
                )
            })
        } else {
            one(Type::DateTime, args, |number: f64| {
                let since = number * ticks as f64 / share as f64;
                since
                    .is_finite()
                    .then(|| calendar::add(UNIX_EPOCH_TICKS, since.round() as i64))
                    .flatten()
            })
        }
    })
}
