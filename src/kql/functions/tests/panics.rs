//! No function panics, whatever it is given, and whole columns give what single values give.

use std::sync::Arc;

use proptest::prelude::*;

use super::NOW;
use crate::kql::Value;
use crate::kql::column::Column;
use crate::kql::error::Span;
use crate::kql::expr::Expr;
use crate::kql::functions::{Binding, TABLE};
use crate::kql::relation::Batch;
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

/// What the value prints, so that NaN equals itself and 1 is not 1.0.
fn printed(value: &Value) -> String {
    format!("{value:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_function_panics_and_a_column_gives_what_a_value_gives(
        args in prop::collection::vec(argument(), 0..7),
    ) {
        for function in TABLE.iter().flat_map(|area| area.iter()) {
            let (fewest, most) = function.arity;
            if !(fewest..=most).contains(&args.len()) {
                continue;
            }
            let constants: Vec<Expr> = args
                .iter()
                .map(|(ty, value)| Expr::constant(*ty, value.clone(), Span::default()))
                .collect();
            let bound = (function.bind)(&Binding {
                name: function.name,
                span: Span::default(),
                args: &constants,
                now: NOW,
            });
            let Ok(bound) = bound else { continue };
            let args: Vec<(Type, Value)> = args
                .iter()
                .enumerate()
                .map(|(index, (ty, value))| match bound.takes.get(index) {
                    Some(taken) => (*taken, convert(value, *taken)),
                    None => (*ty, value.clone()),
                })
                .collect();
            let over = |exprs: Vec<Expr>, columns: Vec<Arc<Column>>, rows: usize| {
                let call = Expr::call(bound.ty, bound.eval.clone(), exprs, Span::default());
                call.eval(&Batch { columns, rows })
            };
            let constants = args
                .iter()
                .map(|(ty, value)| Expr::constant(*ty, value.clone(), Span::default()))
                .collect();
            let alone = over(constants, Vec::new(), 1).value(0);
            prop_assert!(
                alone.ty().is_none_or(|ty| ty == bound.ty),
                "{} gave {alone:?}, not {}", function.name, bound.ty.name()
            );
            if function.window || function.name == "rand" || args.is_empty() {
                continue;
            }
            // The same with every argument as a column, and with the first one alone as a column.
            for of_columns in [args.len(), 1] {
                let exprs = args
                    .iter()
                    .enumerate()
                    .map(|(index, (ty, value))| if index < of_columns {
                        Expr::column(*ty, index, Span::default())
                    } else {
                        Expr::constant(*ty, value.clone(), Span::default())
                    })
                    .collect();
                let columns = args
                    .iter()
                    .map(|(ty, value)| Arc::new(Column::constant(*ty, value, 3)))
                    .collect();
                let vector = over(exprs, columns, 3);
                for row in 0..3 {
                    prop_assert_eq!(
                        printed(&vector.value(row)), printed(&alone),
                        "{} of {:?}", function.name, args
                    );
                }
            }
        }
    }
}
