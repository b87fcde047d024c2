//! From text to a tree, by `sqlparser`, and from its places to characters of the text.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Spanned, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Location;

use super::error::Error;

/// How deep expressions and queries may stand in one another. Binding and evaluation go as deep as the tree.
const DEPTH: usize = 40;
/// The longest statement.
const LONGEST: usize = 1 << 16;
/// How many operators one expression may hold in a row: they nest without parentheses.
const MOST_TOKENS: usize = 8000;

/// Reads all statements of a text.
pub fn statements(text: &str) -> Result<Vec<Statement>, Error> {
    if text.len() > LONGEST {
        return Err(Error::unsupported("statements of this length"));
    }
    Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(DEPTH)
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| syntax_error(&error, text))
}

/// Reads the one statement of a text.
pub fn statement(text: &str) -> Result<Statement, Error> {
    let chained = text.split_whitespace().count().max(
        text.bytes()
            .filter(|byte| b"+-*/%|,".contains(byte))
            .count(),
    );
    if chained > MOST_TOKENS {
        return Err(Error::unsupported("statements of this length"));
    }
    let mut statements = statements(text)?.into_iter();
    match (statements.next(), statements.next()) {
        (Some(statement), None) => Ok(statement),
        (None, _) => Err(Error::new("42601", "the statement is empty")),
        (Some(_), Some(_)) => Err(Error::new(
            "42601",
            "cannot insert multiple commands into a prepared statement",
        )),
    }
}

fn syntax_error(error: &ParserError, text: &str) -> Error {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
        ParserError::RecursionLimitExceeded => {
            return Error::new("54001", "stack depth limit exceeded");
        }
    };
    // The parser ends its messages with the place.
    let (what, place) = message.rsplit_once(" at Line: ").unwrap_or((message, ""));
    let numbers: Vec<u64> = place
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    Error {
        message: format!("syntax error: {what}"),
        code: "42601",
        position: match numbers.as_slice() {
            [line, column] => position(
                text,
                Location {
                    line: *line,
                    column: *column,
                },
            ),
            _ => None,
        },
    }
}

/// The character of a place that counts lines and columns.
pub fn position(text: &str, place: Location) -> Option<usize> {
    let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
    let before: usize = text
        .split_inclusive('\n')
        .take(line)
        .map(|line| line.chars().count())
        .sum();
    Some(before + column)
}

/// Gives an error the place of the part of the tree it comes from, unless it has a nearer one.
pub fn placed(mut error: Error, text: &str, part: &impl Spanned) -> Error {
    if error.position.is_none() {
        error.position = position(text, part.span().start);
    }
    error
}

/// A name as the server keeps it: folded to small letters unless it was quoted, at most 63 bytes.
pub fn folded(ident: &Ident) -> String {
    let name = if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        ident.value.to_ascii_lowercase()
    };
    super::text::name(&name).to_owned()
}

/// The parts of a name, folded.
pub fn parts(name: &ObjectName) -> Result<Vec<String>, Error> {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Ok(folded(ident)),
            ObjectNamePart::Function(_) => Err(Error::unsupported("names made by functions")),
        })
        .collect()
}
