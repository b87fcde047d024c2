//! `sort` and `uniq`, in the order of bytes.

use std::cmp::Ordering;

use super::super::options::{Call, Grammar, Order, flag, valued};
use super::super::runner::{Shell, Streams};
use super::{Command, text};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "sort",
        grammar: Grammar {
            known: &[
                flag('r', "reverse"),
                flag('n', "numeric-sort"),
                flag('u', "unique"),
                flag('f', "ignore-case"),
                flag('s', "stable"),
                valued('t', "field-separator"),
                valued('k', "key"),
            ],
            number: None,
            order: Order::Mixed,
        },
        check: |call| keys(call).map(|_| ()),
        run: sort,
    },
    Command {
        name: "uniq",
        grammar: Grammar {
            known: &[
                flag('c', "count"),
                flag('d', "repeated"),
                flag('u', "unique"),
                flag('i', "ignore-case"),
            ],
            number: None,
            order: Order::Mixed,
        },
        check: |call| {
            if call.operands.len() > 1 {
                return Err("output to a file".to_owned());
            }
            Ok(())
        },
        run: uniq,
    },
];

/// `-k FIRST[,LAST][nrf]`, fields from 1.
struct Key {
    first: usize,
    last: usize,
    how: How,
}

#[derive(Clone, Copy, Default)]
struct How {
    numeric: bool,
    reverse: bool,
    ignore_case: bool,
}

fn keys(call: &Call) -> Result<(Vec<Key>, Option<char>), String> {
    let separator = match call.value("field-separator") {
        None => None,
        Some(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Some(c),
                _ => return Err(format!("separator {text:?}")),
            }
        }
    };
    let keys = call.values("key").map(|written| key(written, call));
    Ok((keys.collect::<Result<_, _>>()?, separator))
}

fn key(written: &str, call: &Call) -> Result<Key, String> {
    let unknown = || format!("key `{written}`");
    let ends_at = |c: char| !c.is_ascii_digit() && c != ',';
    let (fields, letters) = written.split_at(written.find(ends_at).unwrap_or(written.len()));
    let (first, last) = match fields.split_once(',') {
        Some((first, last)) => (first, last.parse().map_err(|_| unknown())?),
        None => (fields, usize::MAX),
    };
    let mut how = How::default();
    for letter in letters.chars() {
        match letter {
            'n' => how.numeric = true,
            'r' => how.reverse = true,
            'f' => how.ignore_case = true,
            _ => return Err(unknown()),
        }
    }
    let first = first
        .parse()
        .ok()
        .filter(|first| *first > 0)
        .ok_or_else(unknown)?;
    if last == 0 {
        return Err(unknown());
    }
    Ok(Key {
        first,
        last,
        how: if letters.is_empty() {
            general(call)
        } else {
            how
        },
    })
}

/// The options that hold where a key says nothing.
fn general(call: &Call) -> How {
    How {
        numeric: call.has("numeric-sort"),
        reverse: call.has("reverse"),
        ignore_case: call.has("ignore-case"),
    }
}

fn sort(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok((mut keys, separator)) = keys(call) else {
        return 2;
    };
    if keys.is_empty() {
        keys.push(Key {
            first: 1,
            last: usize::MAX,
            how: general(call),
        });
    }
    let Some(whole) = text::operands_or_input("sort", call, shell, streams) else {
        return 2;
    };
    let mut lines: Vec<&str> = whole.split_terminator('\n').collect();
    let by_keys = |a: &&str, b: &&str| {
        let orders = keys.iter().map(|key| {
            let order = compare(part(a, key, separator), part(b, key, separator), key.how);
            if key.how.reverse {
                order.reverse()
            } else {
                order
            }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    };
    let last_resort = |a: &&str, b: &&str| {
        let order = a.cmp(b);
        if call.has("reverse") {
            order.reverse()
        } else {
            order
        }
    };
    if call.has("unique") || call.has("stable") {
        lines.sort_by(by_keys);
    } else {
        lines.sort_by(|a, b| by_keys(a, b).then_with(|| last_resort(a, b)));
    }
    if call.has("unique") {
        lines.dedup_by(|later, earlier| by_keys(later, earlier) == Ordering::Equal);
    }
    for line in lines {
        streams.say(&format!("{line}\n"));
    }
    0
}

/// The text of a key's fields; without a separator a field begins with the blanks before it.
fn part<'a>(line: &'a str, key: &Key, separator: Option<char>) -> &'a str {
    let mut starts = vec![0];
    if let Some(separator) = separator {
        let after = line
            .match_indices(separator)
            .map(|(at, found)| at + found.len());
        starts.extend(after);
    } else {
        let mut blank_before = true;
        for (at, c) in line.char_indices() {
            let blank = c == ' ' || c == '\t';
            if blank && !blank_before {
                starts.push(at);
            }
            blank_before = blank;
        }
    }
    let start = starts.get(key.first - 1).copied().unwrap_or(line.len());
    let end = match starts.get(key.last) {
        Some(next) => next - separator.map_or(0, char::len_utf8),
        None => line.len(),
    };
    line.get(start..end).unwrap_or_default()
}

fn compare(a: &str, b: &str, how: How) -> Ordering {
    if how.numeric {
        return number(a).total_cmp(&number(b));
    }
    if how.ignore_case {
        return a.to_uppercase().cmp(&b.to_uppercase());
    }
    a.cmp(b)
}

/// The number a text begins with; 0 where it begins with none.
fn number(text: &str) -> f64 {
    let text = text.trim_start_matches([' ', '\t']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(digits.len());
    let sign = text.len() - digits.len();
    let value = text
        .get(..sign + end)
        .and_then(|number| number.parse().ok())
        .unwrap_or(0.0);
    // No order between the two zeros.
    value + 0.0
}

fn uniq(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Some(whole) = text::operands_or_input("uniq", call, shell, streams) else {
        return 1;
    };
    let same = |a: &str, b: &str| {
        if call.has("ignore-case") {
            a.eq_ignore_ascii_case(b)
        } else {
            a == b
        }
    };
    let mut groups: Vec<(usize, &str)> = Vec::new();
    for line in whole.split_terminator('\n') {
        match groups.last_mut() {
            Some((count, first)) if same(first, line) => *count += 1,
            _ => groups.push((1, line)),
        }
    }
    for (count, line) in groups {
        if (call.has("repeated") && count == 1) || (call.has("unique") && count > 1) {
            continue;
        }
        if call.has("count") {
            streams.say(&format!("{count:>7} {line}\n"));
        } else {
            streams.say(&format!("{line}\n"));
        }
    }
    0
}
