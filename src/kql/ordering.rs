//! The order of rows: columns as numbers that compare as their values do.
//!
//! Every sort key becomes one number a row, turned round where the order is descending and with nulls at the end that was asked for; rows are
//! then sorted by those numbers and their place, so that rows with equal keys stay in the order in which they came.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::column::{Column, Strings, Values};

/// Which way a key goes.
#[derive(Clone, Copy, Debug)]
pub struct Direction {
    /// The largest first.
    pub descending: bool,
    /// Nulls before everything else, else after it.
    pub nulls_first: bool,
}

/// The keys of rows as numbers, column by column.
pub struct Order {
    first: Vec<u64>,
    rest: Vec<Vec<u64>>,
}

impl Order {
    /// The order of the rows of `columns`, the first column above the second and so on.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a Column, Direction)>) -> Self {
        let mut keys = columns
            .into_iter()
            .map(|(column, direction)| numbers(column, direction));
        Self {
            first: keys.next().unwrap_or_default(),
            rest: keys.collect(),
        }
    }

    /// Every row in order.
    pub fn sorted(&self) -> Vec<u32> {
        let mut rows: Vec<(u64, u32)> = self.first.iter().copied().zip(0..).collect();
        if self.rest.is_empty() {
            rows.sort_unstable();
        } else {
            rows.sort_unstable_by(|left, right| self.compare(left, right));
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// The first `most` rows in order.
    pub fn top(&self, most: usize) -> Vec<u32> {
        let mut rows: Vec<(u64, u32)> = self.first.iter().copied().zip(0..).collect();
        if most < rows.len() {
            if let Some(last) = most.checked_sub(1) {
                rows.select_nth_unstable_by(last, |left, right| self.compare(left, right));
            }
            rows.truncate(most);
        }
        rows.sort_unstable_by(|left, right| self.compare(left, right));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn compare(&self, left: &(u64, u32), right: &(u64, u32)) -> Ordering {
        left.0
            .cmp(&right.0)
            .then_with(|| {
                let at = |key: &[u64], row: u32| key.get(row as usize).copied();
                self.rest
                    .iter()
                    .map(|key| at(key, left.1).cmp(&at(key, right.1)))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
            .then_with(|| left.1.cmp(&right.1))
    }
}

/// Turns the sign of a whole number into an order of bits.
const SIGN: u64 = 1 << 63;

fn numbers(column: &Column, direction: Direction) -> Vec<u64> {
    match column {
        Column::Bool(values) => whole(values, direction, |value| u64::from(value) + 1),
        Column::Int(values) => whole(values, direction, |value| (i64::from(value) as u64) ^ SIGN),
        Column::Long(values) | Column::DateTime(values) | Column::Timespan(values) => {
            if values.valid.is_some()
                && values
                    .data
                    .iter()
                    .any(|value| *value == i64::MIN || *value == i64::MAX)
            {
                // Nulls need a number of their own, and here every number is taken.
                return ranks(values, direction);
            }
            whole(values, direction, |value| (value as u64) ^ SIGN)
        }
        Column::Real(values) => reals(values, direction),
        Column::Decimal(values) => ranks::<Decimal>(values, direction),
        Column::Guid(values) => ranks(values, direction),
        Column::String(strings) => texts(strings, direction.descending),
        // The binder lets no dynamic key through, and keys are never absent.
        Column::Dynamic(values) => vec![0; values.len()],
        Column::Absent(_, rows) => vec![0; *rows],
    }
}

fn end(first: bool) -> u64 {
    if first { 0 } else { u64::MAX }
}

fn turned(number: u64, descending: bool) -> u64 {
    if descending { !number } else { number }
}

fn whole<T: Copy + Default>(
    values: &Values<T>,
    direction: Direction,
    number: impl Fn(T) -> u64,
) -> Vec<u64> {
    let null = end(direction.nulls_first);
    let value = |value: &T| turned(number(*value), direction.descending);
    match &values.valid {
        None => values.data.iter().map(value).collect(),
        Some(valid) => values
            .data
            .iter()
            .zip(valid)
            .map(|(cell, valid)| if *valid { value(cell) } else { null })
            .collect(),
    }
}

/// Doubles; NaN stands beside the nulls, on the side of the values.
fn reals(values: &Values<f64>, direction: Direction) -> Vec<u64> {
    let null = end(direction.nulls_first);
    let nan = if direction.nulls_first {
        1
    } else {
        u64::MAX - 1
    };
    let cells = values.data.iter().enumerate();
    cells
        .map(|(row, value)| {
            if !values.is_valid(row) {
                return null;
            }
            if value.is_nan() {
                return nan;
            }
            let bits = if *value == 0.0 { 0 } else { value.to_bits() };
            let number = if bits & SIGN == 0 { bits | SIGN } else { !bits };
            turned(number, direction.descending)
        })
        .collect()
}

/// Values too wide for a number: by their place among the others.
fn ranks<T: Copy + Default + Ord>(values: &Values<T>, direction: Direction) -> Vec<u64> {
    let mut order: Vec<(T, usize)> = values
        .data
        .iter()
        .copied()
        .zip(0..)
        .filter(|(_, row)| values.is_valid(*row))
        .collect();
    order.sort_unstable();
    let mut numbers = vec![end(direction.nulls_first); values.data.len()];
    let mut rank = 0;
    let mut before = None;
    for (value, row) in order {
        if before != Some(value) {
            rank += 1;
            before = Some(value);
        }
        if let Some(number) = numbers.get_mut(row) {
            *number = turned(rank, direction.descending);
        }
    }
    numbers
}

/// Texts, by code point: each text of the pool is compared once, not each row.
fn texts(strings: &Strings, descending: bool) -> Vec<u64> {
    let mut used = vec![false; strings.pool.len()];
    for code in &strings.codes {
        if let Some(used) = used.get_mut(*code as usize) {
            *used = true;
        }
    }
    let mut order: Vec<(&str, usize)> = used
        .iter()
        .enumerate()
        .filter(|(_, used)| **used)
        .map(|(code, _)| (strings.pool.get(code as u32), code))
        .collect();
    order.sort_unstable();
    let mut ranks = vec![0; used.len()];
    let mut rank = 0;
    let mut before = None;
    for (text, code) in order {
        if before != Some(text) {
            rank += 1;
            before = Some(text);
        }
        if let Some(slot) = ranks.get_mut(code) {
            *slot = turned(rank, descending);
        }
    }
    strings
        .codes
        .iter()
        .map(|code| ranks.get(*code as usize).copied().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(column: &Column, descending: bool, nulls_first: bool) -> Vec<u32> {
        let direction = Direction {
            descending,
            nulls_first,
        };
        Order::new([(column, direction)]).sorted()
    }

    #[test]
    fn nulls_stand_where_they_are_asked_for_both_ways() {
        for values in [
            [Some(5), None, Some(-3), Some(5)],
            [Some(i64::MAX), None, Some(i64::MIN), Some(i64::MAX)],
        ] {
            let column = Column::Long(values.into_iter().collect());
            assert_eq!(order(&column, false, true), [1, 2, 0, 3]);
            assert_eq!(order(&column, false, false), [2, 0, 3, 1]);
            assert_eq!(order(&column, true, false), [0, 3, 2, 1]);
            assert_eq!(order(&column, true, true), [1, 0, 3, 2]);
        }
    }

    #[test]
    fn doubles_go_by_value_and_nan_stands_beside_the_nulls() {
        let values = [
            Some(0.5),
            Some(f64::NAN),
            None,
            Some(-1.0),
            Some(-0.0),
            Some(0.0),
        ];
        let column = Column::Real(values.into_iter().collect());
        assert_eq!(order(&column, false, true), [2, 1, 3, 4, 5, 0]);
        assert_eq!(order(&column, true, false), [0, 4, 5, 3, 1, 2]);
    }

    #[test]
    fn texts_go_by_code_point_and_rows_that_are_equal_stay_in_order() {
        let column = Column::String(Strings::from_texts(["b", "", "B", "é", "b", "a"]));
        assert_eq!(order(&column, false, true), [1, 2, 5, 0, 4, 3]);
        assert_eq!(order(&column, true, false), [3, 0, 4, 5, 2, 1]);
    }

    #[test]
    fn the_top_is_the_beginning_of_the_order() {
        let first = Column::Long(Values::full((0..1_000).map(|row| row * 7 % 13).collect()));
        let second = Column::Long(Values::full((0..1_000).map(|row| row * 31 % 101).collect()));
        let keys = [(true, false), (false, true)].map(|(descending, nulls_first)| Direction {
            descending,
            nulls_first,
        });
        let order = Order::new([&first, &second].into_iter().zip(keys));
        let sorted = order.sorted();
        for most in [0, 1, 17, 999, 1_000, 2_000] {
            let expected: Vec<u32> = sorted.iter().copied().take(most).collect();
            assert_eq!(order.top(most), expected);
        }
    }
}
