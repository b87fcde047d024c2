//! Whether the types of a query fit.

use std::ops::Range;

use super::error::Error;
use super::functions::Function;
use super::syntax::{Binary, Expr, Type};

/// An expression has to be of a type.
pub fn require_type(expr: &Expr, wanted: Type, place: &str) -> Result<(), Error> {
    let found = expr.ty();
    if found == wanted {
        return Ok(());
    }
    let message = format!("expected type {wanted} in {place}, got {found}");
    Err(Error::syntax(&expr.span, message))
}

/// A call has as many arguments as its function takes, of the right types.
pub fn check_args(function: &Function, args: &[Expr], place: &Range<usize>) -> Result<(), Error> {
    let most = function.args.len();
    let least = most - function.optional;
    let enough = args.len() >= least && (function.variadic || args.len() <= most);
    if !enough {
        let message = match (function.variadic, least == most) {
            (false, true) => format!("expected {least} argument(s)"),
            (false, false) => format!("expected {least} to {most} argument(s)"),
            (true, _) => format!("expected at least {least} argument(s)"),
        };
        let message = format!(
            "{message} in call to {:?}, got {}",
            function.name,
            args.len()
        );
        return Err(Error::syntax(place, message));
    }
    let call = format!("call to function {:?}", function.name);
    let types = function
        .args
        .iter()
        .chain(function.args.last().into_iter().cycle());
    args.iter()
        .zip(types)
        .try_for_each(|(arg, ty)| require_type(arg, *ty, &call))
}

/// The operands fit their operator.
pub fn check_binary(binary: &Binary, place: &Range<usize>) -> Result<(), Error> {
    for operand in [&binary.left, &binary.right] {
        if !matches!(operand.ty(), Type::Scalar | Type::Vector) {
            return Err(Error::syntax(
                &operand.span,
                "binary expression must contain only scalar and instant vector types",
            ));
        }
    }
    let vectors = [&binary.left, &binary.right].map(|operand| operand.ty() == Type::Vector);
    let error = |message: &str| Err(Error::syntax(place, message));
    if vectors != [true; 2] {
        // Without a label it says nothing, and Prometheus lets it stand.
        let labels = binary.matching.labels.as_ref();
        if labels.is_some_and(|matching| !matching.labels.is_empty()) {
            return error("vector matching only allowed between instant vectors");
        }
        if binary.op.is_set() {
            return error("set operator not allowed in binary scalar expression");
        }
    }
    if vectors == [false; 2] && binary.op.compares() && !binary.bool {
        return error("comparisons between scalars must use BOOL modifier");
    }
    Ok(())
}
