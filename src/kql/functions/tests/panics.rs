//! No function panics, whatever it is given.

use proptest::prelude::*;

use super::NOW;
use crate::kql::Value;
use crate::kql::error::Span;
use crate::kql::expr::Expr;
use crate::kql::functions::{Binding, TABLE};
use crate::kql::types::Type;
use crate::kql::value::convert::convert;
use crate::kql::value::literal;

/// A value of any type, among them the ends of every range.
fn argument() -> impl Strategy<Value = (Type, Value)> {
    let types = prop::sample::select(Type::ALL.iter().map(|(ty, _, _)| *ty).collect::<Vec<_>>());
    let values = prop_oneof![
        Just(Value::Null),
        prop::sample::select(vec![i64::MIN, -1, 0, 1, 64, 1 << 40, i64::MAX]).prop_map(Value::Long),
        any::<f64>().prop_map(Value::Real),
        prop::sample::select(vec![
            "",
            "year",
            "a",
            "é𝓗",
            "[a-z]",
            "1.2.3.4/8",
            "yyyy-MM-dd",
            "UTC",
            "regex",
            "{\"a\":[1]}"
        ])
        .prop_map(|text| Value::String(text.into())),
        prop::sample::select(vec![
            "9999-12-31 23:59:59.9999999",
            "0001-01-01",
            "2024-02-29"
        ])
        .prop_map(|text| literal::datetime(text).map_or(Value::Null, Value::DateTime)),
        prop::sample::select(vec![i64::MIN, -1, 0, i64::MAX]).prop_map(Value::Timespan),
    ];
    (types, values).prop_map(|(ty, value)| (ty, convert(&value, ty)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_function_panics(args in prop::collection::vec(argument(), 0..7)) {
        for function in TABLE.iter().flat_map(|area| area.iter()) {
            let (fewest, most) = function.arity;
            if !(fewest..=most).contains(&args.len()) {
                continue;
            }
            let args: Vec<Expr> = args
                .iter()
                .map(|(ty, value)| Expr::constant(*ty, value.clone(), Span::default()))
                .collect();
            let bound = (function.bind)(&Binding {
                name: function.name,
                span: Span::default(),
                args: &args,
                now: NOW,
            });
            let Ok(bound) = bound else { continue };
            let args: Vec<Expr> = args
                .into_iter()
                .enumerate()
                .map(|(index, arg)| match (bound.takes.get(index), arg.as_constant()) {
                    (Some(ty), Some(value)) => Expr::constant(*ty, convert(value, *ty), arg.span),
                    _ => arg,
                })
                .collect();
            let value = Expr::call(bound.ty, bound.eval, args, Span::default())
                .eval(&crate::kql::relation::Batch { columns: Vec::new(), rows: 1 })
                .value(0);
            prop_assert!(
                value.ty().is_none_or(|ty| ty == bound.ty),
                "{} gave {value:?}, not {}", function.name, bound.ty.name()
            );
        }
    }
}
