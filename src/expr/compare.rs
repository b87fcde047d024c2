//! `==` and `!=` as playbooks mean them: what cannot be compared is an error, as it is for `<` and `>`.
//!
//! CEL itself calls a text unequal to a number and NULL unequal to everything, without an error: `n != 0` would hold for a
//! sum over nothing. A comparison with `null` that is written out stays as it is, and so does NULL inside `exists`,
//! `filter` and the like, where a row without a value is simply another row.

use std::mem::discriminant;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use cel::{Context, DeclarationError, ExecutionError, Value};

use super::tree::children_mut;
use super::type_words;

const SAME: &str = "@same";
const OTHER: &str = "@other";
const SAME_IN_ROWS: &str = "@same_in_rows";
const OTHER_IN_ROWS: &str = "@other_in_rows";

/// Puts the functions below in the place of `==` and `!=`.
pub(super) fn tighten(tree: &mut IdedExpr, in_rows: bool) {
    if let Expr::Comprehension(loops) = &mut tree.expr {
        tighten(&mut loops.iter_range, in_rows);
        for part in [
            &mut loops.accu_init,
            &mut loops.loop_cond,
            &mut loops.loop_step,
            &mut loops.result,
        ] {
            tighten(part, true);
        }
        return;
    }
    for part in children_mut(tree) {
        tighten(part, in_rows);
    }
    let Expr::Call(call) = &mut tree.expr else {
        return;
    };
    let with_null = call
        .args
        .iter()
        .any(|part| matches!(part.expr, Expr::Literal(LiteralValue::Null)));
    let function = match (call.func_name.as_str(), in_rows) {
        _ if with_null => return,
        (operators::EQUALS, false) => SAME,
        (operators::NOT_EQUALS, false) => OTHER,
        (operators::EQUALS, true) => SAME_IN_ROWS,
        (operators::NOT_EQUALS, true) => OTHER_IN_ROWS,
        _ => return,
    };
    function.clone_into(&mut call.func_name);
}

/// Adds the functions.
pub(super) fn add_functions(context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
    context.add_function(SAME, |left: Value, right: Value| same(&left, &right, false))?;
    context.add_function(OTHER, |left: Value, right: Value| {
        same(&left, &right, false).map(|same| !same)
    })?;
    context.add_function(SAME_IN_ROWS, |left: Value, right: Value| {
        same(&left, &right, true)
    })?;
    context.add_function(OTHER_IN_ROWS, |left: Value, right: Value| {
        same(&left, &right, true).map(|same| !same)
    })
}

fn same(left: &Value, right: &Value, in_rows: bool) -> Result<bool, ExecutionError> {
    let number = |value: &Value| matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_));
    if discriminant(left) == discriminant(right) || (number(left) && number(right)) {
        return Ok(left == right);
    }
    let message = match (left, right) {
        (Value::Null, _) | (_, Value::Null) if in_rows => return Ok(false),
        (Value::Null, other) | (other, Value::Null) => {
            format!(
                "a value is NULL, it cannot be compared with {}",
                type_words(other.type_of())
            )
        }
        _ => format!(
            "{} cannot be compared with {}",
            type_words(left.type_of()),
            type_words(right.type_of())
        ),
    };
    Err(ExecutionError::function_error(SAME, message))
}
