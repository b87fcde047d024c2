//! The order of rows by one column, in memory that depends on their number alone.

use tokio_util::sync::CancellationToken;

use super::{PASS_ROWS, time_text};
use crate::model::table::{ColumnKind, Rows};

/// The numbers of all rows in order of one column: numbers by value, times by instant, lengths of time by length, the
/// rest by code points up to [`SORT_BYTES`]. NULLs come last either way, equal rows keep their order. `None` when
/// cancelled, or when there are more rows than numbers.
pub fn sort_order(
    rows: &Rows,
    column: usize,
    kind: ColumnKind,
    descending: bool,
    cancel: &CancellationToken,
) -> Option<Vec<u32>> {
    let len = u32::try_from(rows.len()).ok()?;
    let mut order: Vec<u32> = (0..len).collect();
    let mut sorter = Sorter {
        rows,
        column,
        kind,
        keys: vec![Key::NULL; len as usize],
        ranks: Vec::new(),
    };
    let passes = if sorter.is_text() {
        SORT_BYTES / KEY_BYTES
    } else {
        1
    };
    for pass in 0..passes {
        let more = sorter.read_keys(pass, cancel)?;
        sorter.sort(&mut order, descending);
        if !more || !sorter.rank(&order) {
            break;
        }
    }
    Some(order)
}

/// Bytes of a text that count for its place.
pub const SORT_BYTES: usize = 256;
/// Bytes of text in one key; longer texts that begin alike are told apart in another pass over the file, so that the
/// memory of a sort does not depend on their length.
const KEY_BYTES: usize = 16;

/// A sort key of fixed size, compared as a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u64, u64);

impl Key {
    /// Stands for NULL; told from the greatest value by [`Key::is_null`] because values never reach it.
    const NULL: Self = Self(u64::MAX, u64::MAX);

    fn is_null(self) -> bool {
        self == Self::NULL
    }

    /// 16 bytes of a text, padded with zeros.
    fn text(text: &str, skip: usize) -> Self {
        let mut bytes = [0; KEY_BYTES];
        for (slot, byte) in bytes.iter_mut().zip(text.bytes().skip(skip)) {
            *slot = byte;
        }
        let both = u128::from_be_bytes(bytes);
        Self((both >> 64) as u64, both as u64)
    }

    /// A whole part of any sign and a fraction counted upwards from it.
    fn signed(whole: i64, fraction: u64) -> Self {
        Self((whole as u64) ^ (1 << 63), fraction)
    }

    /// Numbers within 64 bits before and 18 digits behind the point are exact; others go by their double.
    fn number(text: &str) -> Option<Self> {
        let text = text.trim();
        exact_number(text).or_else(|| {
            let value: f64 = text.parse().ok()?;
            let bits = value.to_bits();
            // The usual trick: flipping makes the bits of doubles ascend with their values.
            let ascending = if bits >> 63 == 1 {
                !bits
            } else {
                bits | (1 << 63)
            };
            let within = -9.2e18..9.2e18;
            Some(if value.is_nan() {
                Self(u64::MAX, u64::MAX - 1)
            } else if within.contains(&value) {
                let floor = value.floor();
                Self::signed(floor as i64, ((value - floor) * 1e18) as u64)
            } else if value < 0.0 {
                Self(0, ascending)
            } else {
                Self(u64::MAX, ascending.min(u64::MAX - 2))
            })
        })
    }
}

/// Digits behind the point that a key holds.
const FRACTION_DIGITS: usize = 18;

fn exact_number(text: &str) -> Option<Key> {
    let (negative, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let mut scaled = 0_u64;
    for place in 0..FRACTION_DIGITS {
        let digit = fraction.as_bytes().get(place).map_or(0, |byte| byte - b'0');
        scaled = scaled * 10 + u64::from(digit);
    }
    let one = 10_u64.pow(FRACTION_DIGITS as u32);
    Some(match (negative, scaled) {
        (false, _) => Key::signed(whole, scaled),
        (true, 0) => Key::signed(-whole, 0),
        (true, _) => Key::signed((-whole).checked_sub(1)?, one - scaled),
    })
}

struct Sorter<'a> {
    rows: &'a Rows,
    column: usize,
    kind: ColumnKind,
    keys: Vec<Key>,
    /// The place of each row's group so far; empty before the first pass. Rows alone in their group need no more keys.
    ranks: Vec<u32>,
}

impl Sorter<'_> {
    fn is_text(&self) -> bool {
        !matches!(
            self.kind,
            ColumnKind::Integer | ColumnKind::Number | ColumnKind::Timestamp | ColumnKind::Interval
        )
    }

    fn key(&self, cell: &str, pass: usize) -> Key {
        // What cannot be read as its column's kind goes behind what can, before NULL.
        const UNREADABLE: Key = Key(u64::MAX, u64::MAX - 1);
        match self.kind {
            ColumnKind::Integer | ColumnKind::Number => Key::number(cell).unwrap_or(UNREADABLE),
            ColumnKind::Timestamp => time_text::instant(cell)
                .map_or(UNREADABLE, |(seconds, nanos)| {
                    Key::signed(seconds, u64::from(nanos))
                }),
            ColumnKind::Interval => {
                time_text::interval_micros(cell).map_or(UNREADABLE, |micros| Key::signed(micros, 0))
            }
            _ => Key::text(cell, pass * KEY_BYTES),
        }
    }

    /// Reads this pass's key of every row; says whether a text goes on behind it.
    fn read_keys(&mut self, pass: usize, cancel: &CancellationToken) -> Option<bool> {
        let mut more = false;
        let mut at = 0;
        while at < self.keys.len() {
            if cancel.is_cancelled() {
                return None;
            }
            let batch = self.rows.read(at..self.keys.len().min(at + PASS_ROWS));
            if batch.is_empty() {
                break;
            }
            for row in batch {
                let cell = row.get(self.column).and_then(Option::as_deref);
                let key = cell.map_or(Key::NULL, |cell| self.key(cell, pass));
                more |= cell.is_some_and(|cell| cell.len() > (pass + 1) * KEY_BYTES);
                if let Some(slot) = self.keys.get_mut(at) {
                    *slot = key;
                }
                at += 1;
            }
        }
        Some(more && self.is_text())
    }

    fn sort(&self, order: &mut [u32], descending: bool) {
        let rank = |row: u32| self.ranks.get(row as usize).copied().unwrap_or_default();
        let key = |row: u32| self.keys.get(row as usize).copied().unwrap_or(Key::NULL);
        order.sort_by(|left, right| {
            let (one, other) = (key(*left), key(*right));
            let keys = if descending && !one.is_null() && !other.is_null() {
                other.cmp(&one)
            } else {
                one.cmp(&other)
            };
            rank(*left).cmp(&rank(*right)).then(keys)
        });
    }

    /// Gives rows that are still equal the same rank; says whether there are any.
    fn rank(&mut self, order: &[u32]) -> bool {
        let mut ranks = vec![0; order.len()];
        let mut ties = false;
        let mut rank = 0_u32;
        let mut before: Option<(u32, Key)> = None;
        for (place, row) in order.iter().enumerate() {
            let row = *row as usize;
            let key = self.keys.get(row).copied().unwrap_or(Key::NULL);
            let here = (self.ranks.get(row).copied().unwrap_or_default(), key);
            if before == Some(here) {
                ties |= !key.is_null();
            } else {
                rank = place as u32;
            }
            before = Some(here);
            if let Some(slot) = ranks.get_mut(row) {
                *slot = rank;
            }
        }
        self.ranks = ranks;
        ties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(kind: ColumnKind, descending: bool, cells: &[&str]) -> Vec<String> {
        let rows = Rows::from_vec(
            cells
                .iter()
                .map(|cell| vec![None, (*cell != "NULL").then(|| (*cell).into())])
                .collect(),
        );
        let order = sort_order(&rows, 1, kind, descending, &CancellationToken::new()).unwrap();
        order
            .iter()
            .map(|row| cells[*row as usize].to_owned())
            .collect()
    }

    fn check(kind: ColumnKind, ascending: &[&str]) {
        let mut shuffled = ascending.to_vec();
        for turn in 1..=ascending.len() {
            let last = shuffled.pop().unwrap();
            shuffled.insert(turn / 2, last);
            assert_eq!(sorted(kind, false, &shuffled), ascending, "{shuffled:?}");
            let mut nulls_last: Vec<&str> = ascending.iter().rev().copied().collect();
            nulls_last.sort_by_key(|cell| *cell == "NULL");
            assert_eq!(sorted(kind, true, &shuffled), nulls_last, "{shuffled:?}");
        }
    }

    #[test]
    fn every_kind_is_sorted_by_what_it_means() {
        check(
            ColumnKind::Number,
            &[
                "-Infinity",
                "-1e300",
                "-99999999999999999999.5",
                "-12345678901234.123457",
                "-12345678901234.123456",
                "-2",
                "-1.5",
                "-1",
                "-0.000000000000000001",
                "0",
                "1e-5",
                "0.1",
                "1.5",
                "10",
                "9007199254740992",
                "9007199254740993",
                "9223372036854775807.1",
                "99999999999999999999",
                "1e300",
                "Infinity",
                "NaN",
                "NULL",
            ],
        );
        check(
            ColumnKind::Timestamp,
            &[
                "-infinity",
                "0044-03-15 12:00:00+00 BC",
                "1969-12-31 23:59:59.5+00",
                "2026-01-31 03:12:44+00",
                "2026-01-31 03:12:44.12+00",
                "2026-01-31 05:12:45+02",
                "2026-01-31T03:12:46Z",
                "2026-02-01",
                "12026-01-01 00:00:00+00",
                "infinity",
                "garbage",
                "NULL",
            ],
        );
        check(
            ColumnKind::Interval,
            &[
                "-1 years -2 mons",
                "-00:00:01",
                "00:00:00",
                "00:00:00.5",
                "10:00:00",
                "1 day 00:00:01",
                "29 days",
                "1 mon",
                "1 year 2 mons 3 days 04:05:06.789",
                "NULL",
            ],
        );
        let long = "a prefix that is longer than one key";
        check(
            ColumnKind::Text,
            &[
                "",
                "A",
                "a",
                long,
                &format!("{long} 1"),
                &format!("{long} 2"),
                "b",
                "é",
                "NULL",
            ],
        );
    }

    #[test]
    fn equal_rows_keep_their_order() {
        let rows = Rows::from_vec(
            (0..1_000)
                .map(|number: u32| vec![Some((number % 3).to_string().into())])
                .collect(),
        );
        for descending in [false, true] {
            let order = sort_order(
                &rows,
                0,
                ColumnKind::Integer,
                descending,
                &CancellationToken::new(),
            )
            .unwrap();
            for pair in order.windows(2) {
                assert!(pair[0] % 3 != pair[1] % 3 || pair[0] < pair[1]);
            }
        }
    }

    #[test]
    fn a_cancelled_sort_gives_nothing() {
        let rows = Rows::from_vec(vec![vec![None]]);
        let cancel = CancellationToken::new();
        cancel.cancel();
        assert_eq!(sort_order(&rows, 0, ColumnKind::Text, false, &cancel), None);
    }
}
