//! Points in time as text: ISO 8601 in full or in part, `M/d/yyyy`, `M-d-yyyy`, RFC 822 and RFC 850.

use super::span::fraction_ticks;
use crate::kql::value::TICKS_PER_SECOND;
use crate::kql::value::calendar::{self, Date, Time};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A point in time as `datetime(…)` and `todatetime()` read it, in ticks; UTC where no zone is written.
pub fn datetime(text: &str) -> Option<i64> {
    let mut scan = Scan { rest: text.trim() };
    let date = scan
        .attempt(Scan::iso_date)
        .or_else(|| scan.attempt(Scan::american_date))
        .or_else(|| scan.attempt(Scan::mail_date))?;
    let separated = scan.take(|c| c == 'T' || c == 't' || c.is_whitespace());
    let mut ticks = date.ticks()?;
    if !separated.is_empty() && !scan.rest.is_empty() {
        ticks += scan.time()?;
        scan.take(char::is_whitespace);
        ticks -= scan.zone()?;
    } else if scan.rest.eq_ignore_ascii_case("z") {
        scan.rest = "";
    }
    if scan.rest.trim().is_empty() {
        calendar::add(ticks, 0)
    } else {
        None
    }
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// What `read` finds, or nothing and nothing read.
    fn attempt<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<T> {
        let mut copy = *self;
        let found = read(&mut copy)?;
        *self = copy;
        Some(found)
    }

    /// Reads as long as `belongs`.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.take(|c| c.is_ascii_digit());
        ((least..=most).contains(&digits.len()))
            .then(|| digits.parse().ok())
            .flatten()
    }

    /// `2020`, `2020-01`, `2020-01-31`, also with `/`.
    fn iso_date(&mut self) -> Option<Date> {
        let year = self.number(4, 4)?;
        let mut parts = [1, 1];
        for part in &mut parts {
            if !self.eat('-') && !self.eat('/') {
                break;
            }
            *part = self.number(1, 2)?;
        }
        let [month, day] = parts;
        Some(Date { year, month, day })
    }

    /// `1/31/2020`, also with `-`.
    fn american_date(&mut self) -> Option<Date> {
        let month = self.number(1, 2)?;
        let between = if self.eat('/') { '/' } else { '-' };
        let separated = between == '/' || self.eat('-');
        let day = separated.then(|| self.number(1, 2)).flatten()?;
        let year = self.eat(between).then(|| self.number(4, 4)).flatten()?;
        Some(Date { year, month, day })
    }

    /// `Sat, 8 Nov 14`, `Saturday, 08-Nov-14`, `8 Nov 2014`
    fn mail_date(&mut self) -> Option<Date> {
        let between = |c: char| c == ' ' || c == '-';
        let weekday = self.take(|c| c.is_ascii_alphabetic());
        if !weekday.is_empty() {
            let separated = self.eat(',') && self.eat(' ');
            separated.then_some(())?;
        }
        let day = self.number(1, 2)?;
        self.take(between);
        let name = self.take(|c| c.is_ascii_alphabetic()).to_ascii_lowercase();
        let month = MONTHS
            .iter()
            .position(|month| name.get(..3) == Some(*month))?;
        self.take(between);
        let digits = self.take(|c| c.is_ascii_digit());
        let year: i64 = digits.parse().ok()?;
        let year = match digits.len() {
            4 => year,
            2 if year < 50 => year + 2_000,
            2 => year + 1_900,
            _ => return None,
        };
        Some(Date {
            year,
            month: i64::try_from(month).ok()? + 1,
            day,
        })
    }

    /// `23:59`, `23:59:59`, `23:59:59.1234567`, `11:59:59 PM`, in ticks.
    fn time(&mut self) -> Option<i64> {
        let mut time = Time {
            hour: self.number(1, 2)?,
            ..Time::default()
        };
        time.minute = self.eat(':').then(|| self.number(1, 2)).flatten()?;
        if self.eat(':') {
            time.second = self.number(1, 2)?;
            if self.eat('.') || self.eat(',') {
                time.ticks = fraction_ticks(self.take(|c| c.is_ascii_digit()))?;
            }
        }
        let half = self.attempt(|scan| {
            scan.take(char::is_whitespace);
            let half = scan.take(|c| c.is_ascii_alphabetic());
            (half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm")).then_some(half)
        });
        if let Some(half) = half {
            if !(1..=12).contains(&time.hour) {
                return None;
            }
            time.hour = time.hour % 12
                + if half.eq_ignore_ascii_case("pm") {
                    12
                } else {
                    0
                };
        }
        time.ticks()
    }

    /// `Z`, `GMT`, `UTC`, `+02:00`, `-0730` or nothing: how far ahead of UTC, in ticks.
    fn zone(&mut self) -> Option<i64> {
        let name = self.take(|c| c.is_ascii_alphabetic()).to_ascii_lowercase();
        if !matches!(name.as_str(), "" | "z" | "gmt" | "utc" | "ut") {
            return None;
        }
        let sign = if self.eat('+') {
            1
        } else if self.eat('-') {
            -1
        } else {
            return Some(0);
        };
        let digits = self.take(|c| c.is_ascii_digit());
        let (hour, minute) = match digits.len() {
            4 => (digits.get(..2)?, digits.get(2..)?),
            1 | 2 if self.eat(':') => (digits, self.take(|c| c.is_ascii_digit())),
            1 | 2 => (digits, "0"),
            _ => return None,
        };
        let minutes = hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?;
        (minutes <= 14 * 60).then_some(sign * minutes * 60 * TICKS_PER_SECOND)
    }
}
