//! The Gregorian calendar between years 1 and 9999, without a clock and without time zones.

use super::{MAX_DATETIME, TICKS_PER_DAY, TICKS_PER_SECOND};

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// 1 to 9999.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

/// A time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// Ticks within the second.
    pub ticks: i64,
}

impl Date {
    /// The day on which `ticks` falls.
    pub fn of(ticks: i64) -> Self {
        // Days are counted from 0000-03-01, so that the leap day is the last of its year (H. Hinnant, "chrono-compatible low-level date algorithms").
        let days = ticks.div_euclid(TICKS_PER_DAY) + 306;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        }
    }

    /// The ticks of its midnight. `None` where there is no such day.
    pub fn ticks(self) -> Option<i64> {
        if !(1..=9_999).contains(&self.year)
            || !(1..=12).contains(&self.month)
            || !(1..=days_in_month(self.year, self.month)).contains(&self.day)
        {
            return None;
        }
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some((era * 146_097 + day_of_era - 306) * TICKS_PER_DAY)
    }

    /// So many months later, on the last day of the month where that month is shorter.
    #[must_use]
    pub fn add_months(self, months: i64) -> Option<Self> {
        let month = (self.year * 12 + self.month - 1).checked_add(months)?;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        (1..=9_999).contains(&year).then(|| Self {
            year,
            month,
            day: self.day.min(days_in_month(year, month)),
        })
    }

    /// 1 for the first of January.
    pub fn day_of_year(self) -> i64 {
        let first = Self {
            month: 1,
            day: 1,
            ..self
        };
        match (self.ticks(), first.ticks()) {
            (Some(ticks), Some(first)) => (ticks - first) / TICKS_PER_DAY + 1,
            _ => 0,
        }
    }

    /// The week by ISO 8601: weeks begin on Monday, and the first one has the year's first Thursday.
    pub fn iso_week(self) -> i64 {
        self.week(1)
    }

    /// The week as `weekofyear()` has it: weeks begin on Sunday, and the first one has the year's first Wednesday.
    pub fn sunday_week(self) -> i64 {
        self.week(0)
    }

    /// The week where weeks begin on the day `first` (0 for Sunday) and belong to the year in which their fourth day is.
    fn week(self, first: i64) -> i64 {
        let Some(ticks) = self.ticks() else {
            return 0;
        };
        let since_first = (day_of_week(ticks) - first).rem_euclid(7);
        let fourth = Self::of(ticks + (3 - since_first) * TICKS_PER_DAY);
        (fourth.day_of_year() - 1) / 7 + 1
    }
}

impl Time {
    /// The time of day at `ticks`.
    pub fn of(ticks: i64) -> Self {
        let ticks = ticks.rem_euclid(TICKS_PER_DAY);
        let seconds = ticks / TICKS_PER_SECOND;
        Self {
            hour: seconds / 3_600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            ticks: ticks % TICKS_PER_SECOND,
        }
    }

    /// Ticks since midnight. `None` where there is no such time.
    pub fn ticks(self) -> Option<i64> {
        let fits = (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second)
            && (0..TICKS_PER_SECOND).contains(&self.ticks);
        fits.then(|| {
            ((self.hour * 60 + self.minute) * 60 + self.second) * TICKS_PER_SECOND + self.ticks
        })
    }
}

/// How many days the month has.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 for Sunday.
pub fn day_of_week(ticks: i64) -> i64 {
    (ticks.div_euclid(TICKS_PER_DAY) + 1).rem_euclid(7)
}

/// `ticks` and `more` together; none where that is no date.
pub fn add(ticks: i64, more: i64) -> Option<i64> {
    ticks
        .checked_add(more)
        .filter(|sum| (0..=MAX_DATETIME).contains(sum))
}
