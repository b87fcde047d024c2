//! The calendar: days since 1970-01-01 and their year, month and day (proleptic Gregorian, as PostgreSQL counts).

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;
/// Microseconds of an hour.
pub const HOUR: i64 = 3_600_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60_000_000;
/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// `infinity` of a timestamp.
pub const FOREVER: i64 = i64::MAX;
/// `-infinity` of a timestamp.
pub const BEFORE_ALL: i64 = i64::MIN;

/// A day of the calendar. The year 0 is 1 BC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// The year.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

/// The days since 1970-01-01 of a date whose parts are in range.
pub const fn days_of(date: Civil) -> i64 {
    let year = if date.month <= 2 {
        date.year - 1
    } else {
        date.year
    };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a number of days since 1970-01-01.
pub const fn date_of(days: i64) -> Civil {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    Civil { year, month, day }
}

/// How many days a month has.
pub const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year.rem_euclid(4) == 0
            && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) =>
        {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The date some months later; a day that the month does not have becomes its last.
pub fn add_months(date: Civil, months: i64) -> Civil {
    let count = date.year * 12 + date.month - 1 + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    Civil {
        year,
        month,
        day: date.day.min(days_in_month(year, month)),
    }
}

/// Day of the week: 0 is Sunday.
pub const fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// The ISO week's year and number.
pub const fn iso_week(days: i64) -> (i64, i64) {
    // The week belongs to the year that its Thursday is in.
    let thursday = days - (weekday(days) + 6) % 7 + 3;
    let year = date_of(thursday).year;
    let first = days_of(Civil {
        year,
        month: 1,
        day: 1,
    });
    (year, (thursday - first) / 7 + 1)
}

/// A timestamp's days and microseconds of the day.
pub const fn split(timestamp: i64) -> (i64, i64) {
    (timestamp.div_euclid(DAY), timestamp.rem_euclid(DAY))
}
