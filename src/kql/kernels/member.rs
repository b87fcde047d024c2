//! Members of dynamic values, over columns.

use std::sync::Arc;

use crate::kql::column::Column;
use crate::kql::dynamic::Dynamic;
use crate::kql::dynamic::json;
use crate::kql::dynamic::path::{self, Step};
use crate::kql::expr::Vector;
use crate::kql::types::Type;
use crate::kql::value::Value;

/// What lies at the end of `steps` in every value of `arg`.
pub fn walk(arg: &Vector, steps: &[Step]) -> Vector {
    match arg {
        Vector::Constant(Value::Dynamic(value)) => {
            Vector::Constant(found(value, steps).into_value())
        }
        Vector::Column(column) => match &**column {
            Column::Dynamic(values) => Vector::Column(Arc::new(Column::Dynamic(
                values.iter().map(|value| found(value, steps)).collect(),
            ))),
            _ => Vector::Constant(Value::Null),
        },
        Vector::Constant(_) => Vector::Constant(Value::Null),
    }
}

/// What lies at the end of `steps` in every JSON text of `arg`: `parse_json(arg).a.b`, without making values that nobody looks at.
pub fn walk_texts(arg: &Vector, steps: &[Step]) -> Vector {
    match arg {
        Vector::Constant(value) => {
            let text = value.as_str().unwrap_or("");
            Vector::Constant(json::find(text, steps).into_value())
        }
        Vector::Column(column) => match &**column {
            Column::String(strings) => Vector::Column(Arc::new(Column::Dynamic(
                strings.map(|text| json::find(text, steps)),
            ))),
            other => Vector::Column(Arc::new(Column::Absent(Type::Dynamic, other.len()))),
        },
    }
}

fn found(value: &Dynamic, steps: &[Step]) -> Dynamic {
    path::walk(value, steps).cloned().unwrap_or(Dynamic::Null)
}

/// `value[key]` where the key is not the same for every row.
pub fn lookup(args: &[Value]) -> Value {
    match args {
        [Value::Dynamic(value), key] => Step::of(key).map_or(Value::Null, |step| {
            found(value, std::slice::from_ref(&step)).into_value()
        }),
        _ => Value::Null,
    }
}
