//! Slices, moves and searches at their edges.

use super::*;
use crate::kql::error::Span;
use crate::kql::expr::{Eval, Expr};
use crate::kql::functions::named;
use crate::kql::value::compare::Key;

fn longs(items: &[i64]) -> Value {
    list(items.iter().map(|item| Dynamic::Long(*item)).collect())
}

/// What a call gives.
fn call(name: &str, args: &[(Type, Value)]) -> Key {
    let function = named(name).unwrap();
    let exprs: Vec<Expr> = args
        .iter()
        .map(|(ty, value)| Expr::constant(*ty, value.clone(), Span::default()))
        .collect();
    let binding = Binding {
        name,
        span: Span::default(),
        args: &exprs,
        now: 0,
    };
    let bound = (function.bind)(&binding).unwrap();
    let values: Vec<Value> = args.iter().map(|(_, value)| value.clone()).collect();
    match bound.eval {
        Eval::Row(f) => Key::of(&f(&values)),
        Eval::Column(_) => Key::Null,
    }
}

fn dynamic(items: &[i64]) -> (Type, Value) {
    (Type::Dynamic, longs(items))
}

fn number(number: i64) -> (Type, Value) {
    (Type::Long, Value::Long(number))
}

#[test]
fn slices_count_from_both_ends() {
    let six = || dynamic(&[1, 2, 3, 4, 5, 6]);
    for (start, end, expected) in [
        (2, -2, vec![3, 4, 5]),
        (-3, -1, vec![4, 5, 6]),
        (0, 100, vec![1, 2, 3, 4, 5, 6]),
        (4, 2, vec![]),
        (-100, 0, vec![1]),
        (i64::MIN, i64::MAX, vec![1, 2, 3, 4, 5, 6]),
    ] {
        assert_eq!(
            call("array_slice", &[six(), number(start), number(end)]),
            Key::of(&longs(&expected)),
            "{start}..{end}"
        );
    }
}

#[test]
fn items_are_moved_either_way() {
    let same = |name: &str, count: i64, expected: &[i64]| {
        assert_eq!(
            call(name, &[dynamic(&[1, 2, 3, 4, 5]), number(count), number(0)]),
            Key::of(&longs(expected)),
            "{name} {count}"
        );
    };
    same("array_rotate_left", 2, &[3, 4, 5, 1, 2]);
    same("array_rotate_right", 2, &[4, 5, 1, 2, 3]);
    same("array_rotate_left", -7, &[4, 5, 1, 2, 3]);
    same("array_shift_left", 2, &[3, 4, 5, 0, 0]);
    same("array_shift_right", 2, &[0, 0, 1, 2, 3]);
    same("array_shift_left", i64::MIN, &[0, 0, 0, 0, 0]);
}

#[test]
fn an_occurrence_is_found_within_a_stretch() {
    let words: Vec<Dynamic> = ["this", "is", "an", "example", "an", "example"]
        .iter()
        .map(|word| Dynamic::String((*word).into()))
        .collect();
    for (word, rest, expected) in [
        ("an", vec![], 2),
        ("example", vec![1, 3], 3),
        ("example", vec![1, 2], -1),
        ("is", vec![2, 4], -1),
        ("an", vec![1, -1, 2], 4),
        ("an", vec![1, -1, 3], -1),
        ("an", vec![-3], 4),
        ("is", vec![-4], -1),
    ] {
        let mut args = vec![
            (Type::Dynamic, list(words.clone())),
            (Type::String, Value::String(word.into())),
        ];
        args.extend(rest.iter().map(|value| number(*value)));
        assert_eq!(
            call("array_index_of", &args),
            Key::Whole(expected),
            "{word} {rest:?}"
        );
    }
}
