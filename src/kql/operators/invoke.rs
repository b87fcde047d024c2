//! `invoke`.

use crate::kql::binder::{Binder, Meaning};
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Name, Named, ParameterType};

/// Binds the operator: the function gets the table before it as its first argument.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    name: &Name,
    arguments: &[Named],
) -> Result<Relation, KqlError> {
    let Some(Meaning::Function(function)) = binder.meaning(&name.text) else {
        return Err(KqlError::semantic(
            name.span,
            format!("no function `{}` is declared", name.text),
        )
        .help(format!("declare it: let {} = (T: (*)) {{ … }};", name.text)));
    };
    let takes_table = function
        .parameters
        .first()
        .is_some_and(|parameter| matches!(parameter.ty, ParameterType::Table(_)));
    if !takes_table {
        return Err(KqlError::semantic(
            name.span,
            format!("the first parameter of `{}` is not a table", name.text),
        )
        .help("declare it as T: (*)"));
    }
    binder.function_table(&function, &name.text, arguments, span, Some(input))
}
