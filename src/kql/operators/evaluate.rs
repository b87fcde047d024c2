//! `evaluate`: plugins. What each does stands in a file of its own.

use super::{bag_unpack, narrow, pivot};
use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{ColumnDeclaration, Name, Named};

/// The plugins there are.
const PLUGINS: [&str; 3] = ["bag_unpack", "narrow", "pivot"];

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Option<Relation>,
    span: Span,
    plugin: &Name,
    arguments: &[Named],
    schema: Option<&[ColumnDeclaration]>,
) -> Result<Relation, KqlError> {
    if !PLUGINS.contains(&plugin.text.as_str()) {
        return Err(KqlError::unsupported(
            plugin.span,
            format!("the plugin `{}` is not supported", plugin.text),
        )
        .help(format!("there are {}", PLUGINS.join(", "))));
    }
    let Some(input) = input else {
        return Err(KqlError::semantic(
            span,
            format!("`{}` needs a table before it and a `|`", plugin.text),
        ));
    };
    let input = match plugin.text.as_str() {
        "bag_unpack" => return bag_unpack::bind(binder, input, span, arguments, schema),
        "pivot" => return pivot::bind(binder, input, span, arguments, schema),
        _ => input,
    };
    if let Some(argument) = arguments.first() {
        return Err(KqlError::semantic(
            argument.value.span,
            "narrow() takes no arguments",
        ));
    }
    Ok(narrow::bind(input))
}
