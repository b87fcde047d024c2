//! What stands before the body of an operator: `kind=leftouter`, `with_itemindex=i`, `hint.strategy=shuffle`.

use crate::kql::error::KqlError;
use crate::kql::syntax::{ExprKind, Literal, OperatorOption};
use crate::kql::value::Value;

/// The word or the text that an option is set to.
///
/// # Errors
/// When its value is something else.
pub(super) fn word(option: &OperatorOption) -> Result<&str, KqlError> {
    match &option.value.kind {
        ExprKind::Name(word) => Ok(word),
        ExprKind::Literal(_, Literal(Value::String(text))) => Ok(text),
        _ => Err(KqlError::semantic(
            option.value.span,
            format!("expected a word for {}", option.name.text),
        )),
    }
}

/// The word that an option is set to, when it is one of `words`.
///
/// # Errors
/// When it is another.
pub(super) fn one_of<'a>(option: &'a OperatorOption, words: &[&str]) -> Result<&'a str, KqlError> {
    let found = word(option)?;
    if words.contains(&found) {
        return Ok(found);
    }
    Err(KqlError::semantic(
        option.value.span,
        format!(
            "expected {}={}, found `{found}`",
            option.name.text,
            words.join(" or ")
        ),
    ))
}

/// An option that the operator does not have. Hints say how a cluster shares the work and change no answer; they are passed over.
///
/// # Errors
/// When it is not a hint.
pub(super) fn unknown(option: &OperatorOption, known: &[&str]) -> Result<(), KqlError> {
    if option.name.text.starts_with("hint.") {
        return Ok(());
    }
    Err(KqlError::semantic(
        option.name.span,
        format!(
            "expected {}, found `{}`",
            known.join(" or "),
            option.name.text
        ),
    ))
}
