//! Conversions, literals and text of values, by examples and by properties.

use std::cmp::Ordering;
use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::calendar::Date;
use super::compare::{Key, equal, order, sort_order};
use super::convert::convert;
use super::text::to_text;
use super::{MAX_DATETIME, TICKS_PER_DAY, UNIX_EPOCH_TICKS, Value, literal};
use crate::kql::dynamic::{Dynamic, json};
use crate::kql::types::Type;

fn dynamics() -> impl Strategy<Value = Dynamic> {
    let leaf = prop_oneof![
        Just(Dynamic::Null),
        any::<bool>().prop_map(Dynamic::Bool),
        any::<i64>().prop_map(Dynamic::Long),
        any::<f64>().prop_map(Dynamic::Real),
        ".{0,8}".prop_map(|text| Dynamic::String(text.into())),
        (0..=MAX_DATETIME).prop_map(Dynamic::DateTime),
        any::<i64>().prop_map(Dynamic::Timespan),
        any::<u128>().prop_map(Dynamic::Guid),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| Dynamic::Array(items.into())),
            prop::collection::btree_map(".{0,4}", inner, 0..4).prop_map(|entries| {
                let entries: Vec<(Arc<str>, Dynamic)> = entries
                    .into_iter()
                    .map(|(name, value)| (name.into(), value))
                    .collect();
                Dynamic::Bag(entries.into())
            }),
        ]
    })
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::Int),
        any::<i64>().prop_map(Value::Long),
        any::<f64>().prop_map(Value::Real),
        (any::<i64>(), 0..18_u32)
            .prop_map(|(digits, scale)| Value::Decimal(Decimal::new(digits, scale))),
        ".{0,12}".prop_map(|text| Value::String(text.into())),
        "[-+0-9.:eExXTZd/ ]{0,20}".prop_map(|text| Value::String(text.into())),
        any::<i64>().prop_map(Value::DateTime),
        any::<i64>().prop_map(Value::Timespan),
        any::<u128>().prop_map(Value::Guid),
        dynamics().prop_map(Value::Dynamic),
    ]
}

proptest! {
    #[test]
    fn every_conversion_gives_its_type_or_null(value in values()) {
        for (ty, _, _) in Type::ALL {
            let converted = convert(&value, *ty);
            prop_assert!(converted.ty().is_none_or(|given| given == *ty), "{converted:?}");
            prop_assert!(*ty != Type::String || !converted.is_null());
        }
    }

    #[test]
    fn order_and_equality_agree(left in values(), right in values()) {
        prop_assert_eq!(order(&left, &right), order(&right, &left).map(Ordering::reverse));
        prop_assert_eq!(equal(&left, &right), equal(&right, &left));
        prop_assert_eq!(
            sort_order(&left, &right, false, true),
            sort_order(&right, &left, false, true).reverse()
        );
        if order(&left, &right) == Some(Ordering::Equal) {
            prop_assert_eq!(equal(&left, &right), Some(true));
        }
    }

    #[test]
    fn a_datetime_reads_back_as_it_was_printed(ticks in 0..=MAX_DATETIME) {
        let text = to_text(&Value::DateTime(ticks));
        prop_assert_eq!(literal::datetime(&text), Some(ticks));
        let date = Date::of(ticks);
        prop_assert_eq!(date.ticks(), Some(ticks / TICKS_PER_DAY * TICKS_PER_DAY));
    }

    #[test]
    fn a_timespan_reads_back_as_it_was_printed(ticks in (i64::MIN + 1)..) {
        let text = to_text(&Value::Timespan(ticks));
        prop_assert_eq!(literal::timespan_text(&text), Some(ticks));
    }

    #[test]
    fn numbers_and_guids_read_back_as_they_were_printed(
        long in any::<i64>(),
        real in any::<f64>(),
        guid in any::<u128>(),
    ) {
        prop_assert_eq!(literal::long(&to_text(&Value::Long(long))), Some(long));
        prop_assert_eq!(literal::guid(&to_text(&Value::Guid(guid))), Some(guid));
        let back = literal::real(&to_text(&Value::Real(real)));
        prop_assert!(back == Some(real) || real.is_nan());
    }

    #[test]
    fn json_prints_and_reads_back(value in dynamics()) {
        let text = json::print(&value);
        let back = json::strict(&text);
        prop_assert_eq!(back.as_ref().map(json::print), Some(text.clone()));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn json_is_what_the_reference_reader_calls_json(text in r#"[\[\]{}:,"0-9eE.+\-nulltruefalse\\u ]{0,16}"#) {
        // Numbers too large for a double are an error there and here.
        let reference = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert_eq!(json::strict(&text).is_some(), reference, "{}", text);
    }
}

#[test]
fn dates_are_read_in_every_form() {
    let at = |text: &str| literal::datetime(text).map(|ticks| to_text(&Value::DateTime(ticks)));
    let day = Some("2014-11-08T00:00:00.0000000Z".to_owned());
    for text in [
        "2014-11-08",
        "2014-11-8",
        "2014/11/08",
        "11/08/2014",
        "8 Nov 2014",
        "2014-11-08Z",
    ] {
        assert_eq!(at(text), day, "{text}");
    }
    let minute = Some("2014-11-08T15:05:02.0000000Z".to_owned());
    for text in [
        "2014-11-08 15:05:02",
        "2014-11-08T15:05:02Z",
        "2014-11-08T17:05:02+02:00",
        "2014-11-08T07:35:02-0730",
        "11/8/2014 3:05:02 PM",
        "Sat, 8 Nov 14 15:05:02 GMT",
        "Saturday, 08-Nov-14 15:05:02 UTC",
    ] {
        assert_eq!(at(text), minute, "{text}");
    }
    assert_eq!(at("2014"), Some("2014-01-01T00:00:00.0000000Z".to_owned()));
    assert_eq!(
        at("2014-02"),
        Some("2014-02-01T00:00:00.0000000Z".to_owned())
    );
    assert_eq!(
        at("2014-05-25T08:20:03.123456789Z"),
        Some("2014-05-25T08:20:03.1234567Z".to_owned())
    );
    for text in [
        "",
        "x",
        "2020-13-01",
        "2021-02-29",
        "2020-01-01 24:00",
        "2020-01-01x",
        "0000-01-01",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
    assert_eq!(literal::datetime("1970-01-01"), Some(UNIX_EPOCH_TICKS));
}

#[test]
fn timespans_are_read_in_every_form() {
    let at =
        |text: &str| literal::timespan_text(text).map(|ticks| to_text(&Value::Timespan(ticks)));
    for (text, printed) in [
        ("1.02:03:04.5", "1.02:03:04.5000000"),
        ("-00:30:00", "-00:30:00"),
        ("13:00", "13:00:00"),
        ("90s", "00:01:30"),
        ("-1d", "-1.00:00:00"),
        ("2.5h", "02:30:00"),
        ("2 seconds", "00:00:02"),
        ("3", "3.00:00:00"),
        ("1tick", "00:00:00.0000001"),
        ("0.1ms", "00:00:00.0001000"),
    ] {
        assert_eq!(at(text).as_deref(), Some(printed), "{text}");
    }
    for text in ["", "1.5", "25:00", "1:60", "x", "1x", ":", "1::2"] {
        assert_eq!(at(text), None, "{text}");
    }
}

#[test]
fn reals_print_as_the_engine_prints_them() {
    for (number, text) in [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1500.0, "1500.0"),
        (1e20, "1E+20"),
        (9_223_372_036_854_775_807.0, "9.223372036854776E+18"),
        (1e-4, "0.0001"),
        (1e-5, "1E-05"),
        (1.5e15, "1.5E+15"),
        (123_456_789_012.5, "123456789012.5"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(to_text(&Value::Real(number)), text);
    }
}

#[test]
fn numbers_convert_as_the_engine_converts_them() {
    let int = |value: Value| convert(&value, Type::Int).as_long();
    let long = |value: Value| convert(&value, Type::Long).as_long();
    let text = |text: &str| Value::String(text.into());
    assert_eq!(int(Value::Long(2_147_483_648)), Some(-2_147_483_648));
    assert_eq!(int(Value::Real(1e19)), Some(2_147_483_647));
    assert_eq!(int(Value::Real(-2.9)), Some(-2));
    assert_eq!(long(Value::Real(f64::INFINITY)), None);
    assert_eq!(int(text("5.9")), None);
    assert_eq!(int(text(" 0x1f ")), Some(31));
    assert_eq!(int(text("-0x10")), None);
    assert_eq!(long(text("0xFFFFFFFFFFFFFFFF")), Some(-1));
    assert_eq!(long(text("+7")), Some(7));
    assert_eq!(long(Value::Bool(true)), Some(1));
    for (input, expected) in [
        ("true", Some(true)),
        ("False", Some(false)),
        ("-1", Some(true)),
        ("1.0", None),
    ] {
        let given = convert(&text(input), Type::Bool);
        assert_eq!(
            matches!(given, Value::Bool(true)),
            expected == Some(true),
            "{input}"
        );
        assert_eq!(given.is_null(), expected.is_none(), "{input}");
    }
    for (input, known) in [
        ("INF", false),
        ("inf", true),
        ("+Infinity", true),
        ("1_000", false),
        ("5.", true),
    ] {
        assert_eq!(literal::real(input).is_some(), known, "{input}");
    }
}

#[test]
fn equal_numbers_of_different_types_group_together() {
    let one = Key::of(&Value::Int(1));
    for value in [
        Value::Long(1),
        Value::Real(1.0),
        Value::Decimal(Decimal::new(10, 1)),
        Value::Dynamic(Dynamic::Long(1)),
    ] {
        assert_eq!(Key::of(&value), one);
    }
    assert_ne!(Key::of(&Value::Real(1.5)), one);
    assert_eq!(Key::of(&Value::Real(-0.0)), Key::of(&Value::Int(0)));
}

#[test]
fn dynamic_literals_take_more_than_json() {
    let value =
        json::literal("{'a': datetime(2020-01-01), \"b\": [1, 2.0, time(1d), null]}").unwrap();
    assert_eq!(
        json::print(&value),
        r#"{"a":"2020-01-01T00:00:00.0000000Z","b":[1,2.0,"1.00:00:00",null]}"#
    );
    assert_eq!(
        json::literal("[1, 2").unwrap_err(),
        "expected `,` or `]`, found the end"
    );
    assert!(json::strict("{'a': 1}").is_none());
    assert_eq!(
        json::print(&json::parse(r#"{"a":1,"b":2,"a":3}"#)),
        r#"{"a":3,"b":2}"#
    );
    assert!(json::strict(&"[".repeat(100_000)).is_none());
}
