//! Conversions between types, and what type a value is.

use super::{Binding, Bound, Function, Naming, column, plain};
use crate::kql::column::Column;
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::expr::Vector;
use crate::kql::kernels::cast;
use crate::kql::types::Type;
use crate::kql::value::Value;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    conversion("tostring", &[], "tostring(value)", |_| to(Type::String)),
    conversion("toint", &[], "toint(value)", |_| to(Type::Int)),
    conversion("tolong", &[], "tolong(value)", |_| to(Type::Long)),
    conversion("todouble", &["toreal"], "todouble(value)", |_| {
        to(Type::Real)
    }),
    conversion("todecimal", &[], "todecimal(value)", |_| to(Type::Decimal)),
    conversion("tobool", &["toboolean"], "tobool(value)", |_| {
        to(Type::Bool)
    }),
    conversion("todatetime", &[], "todatetime(value)", |_| {
        to(Type::DateTime)
    }),
    conversion("totimespan", &["totime"], "totimespan(value)", |_| {
        to(Type::Timespan)
    }),
    conversion("toguid", &[], "toguid(value)", |_| to(Type::Guid)),
    Function {
        naming: Naming::Prefix("type"),
        ..plain("gettype", "gettype(value)", (1, 1), type_name)
    },
];

const fn conversion(
    name: &'static str,
    aliases: &'static [&'static str],
    usage: &'static str,
    bind: fn(&Binding<'_>) -> Result<Bound, KqlError>,
) -> Function {
    Function {
        aliases,
        naming: Naming::FirstArgument,
        ..plain(name, usage, (1, 1), bind)
    }
}

fn to(ty: Type) -> Result<Bound, KqlError> {
    column(&[], ty, move |args, rows| match args {
        [arg] => cast::cast(arg, ty, rows),
        _ => Vector::Constant(Value::missing(ty)),
    })
}

/// The type of the column; of a dynamic value, the type of what it holds.
fn type_name(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = binding.ty(0).unwrap_or(Type::Dynamic);
    column(&[], Type::String, move |args, _| match args {
        [Vector::Column(column)] => match &**column {
            Column::Dynamic(values) => Vector::Column(std::sync::Arc::new(Column::String(
                crate::kql::column::Strings::from_texts(values.iter().map(name_of)),
            ))),
            _ => constant(ty.name()),
        },
        [Vector::Constant(value)] if ty == Type::Dynamic => constant(match value {
            Value::Dynamic(value) => name_of(value),
            _ => "null",
        }),
        _ => constant(ty.name()),
    })
}

fn constant(name: &str) -> Vector {
    Vector::Constant(Value::String(name.into()))
}

fn name_of(value: &Dynamic) -> &'static str {
    match value {
        Dynamic::Null => "null",
        Dynamic::Array(_) => "array",
        Dynamic::Bag(_) => "dictionary",
        scalar => scalar
            .scalar()
            .and_then(|value| value.ty())
            .map_or("null", Type::name),
    }
}
