//! From text to a tree, by `sqlparser`, and from its places to characters of the text.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Spanned, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::error::Error;

/// How deep expressions and queries may stand in one another. Binding and evaluation go as deep as the tree.
const DEPTH: usize = 20;
/// The longest statement.
const LONGEST: usize = 1 << 16;
/// How many operators may follow one another: each nests the tree, without parentheses.
const MOST_OPERATORS: usize = 100;
/// How many of them may nest in one another, those in parentheses and in queries within them included.
const MOST_NESTED: usize = 200;
/// How many queries may stand in one another.
const MOST_QUERIES: usize = 8;
/// How many AND and OR there may be, which are walked and not descended, and of what joins tables and queries.
const MOST_LINKS: usize = 300;

/// Reads all statements of a text.
pub fn statements(text: &str) -> Result<Vec<Statement>, Error> {
    if text.len() > LONGEST {
        return Err(Error::unsupported("statements of this length"));
    }
    let failed = |error: &ParserError| syntax_error(error, text);
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| failed(&error.into()))?;
    check_chains(&tokens)?;
    Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(DEPTH)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| failed(&error))
}

/// Refuses what would make a tree that is too deep to walk, although nothing in it stands in parentheses.
fn check_chains(tokens: &[TokenWithSpan]) -> Result<(), Error> {
    let mut operators = vec![Level::default()];
    let mut links = 0_usize;
    // Which levels of parentheses hold a query.
    let mut queries = vec![false];
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket => {
                operators.push(Level::default());
                queries.push(false);
            }
            Token::RParen | Token::RBracket => {
                queries.pop();
                let inner = operators.pop().unwrap_or_default();
                if operators.is_empty() {
                    operators.push(Level::default());
                }
                if let Some(level) = operators.last_mut() {
                    level.inner = level.inner.max(inner.depth());
                }
            }
            Token::Word(word) => match word.keyword {
                Keyword::AND | Keyword::OR => {
                    links += 1;
                    reset(&mut operators);
                }
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::JOIN => {
                    // These nest plans, several steps each.
                    links += 6;
                    reset(&mut operators);
                }
                Keyword::SELECT => {
                    reset(&mut operators);
                    if let Some(query) = queries.last_mut() {
                        *query = true;
                    }
                }
                Keyword::FROM | Keyword::WHERE | Keyword::WHEN => reset(&mut operators),
                Keyword::IS
                | Keyword::AT
                | Keyword::COLLATE
                | Keyword::IN
                | Keyword::BETWEEN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::NOTNULL => count(&mut operators),
                _ => {}
            },
            Token::Comma => reset(&mut operators),
            Token::SemiColon => {
                operators = vec![Level::default()];
                links = 0;
            }
            Token::Whitespace(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Period
            | Token::Placeholder(_) => {}
            _ => count(&mut operators),
        }
        let nested = queries.iter().filter(|query| **query).count();
        if nested > MOST_QUERIES
            || links > MOST_LINKS
            || operators.last().is_some_and(|level| {
                level.operators > MOST_OPERATORS || level.depth() > MOST_NESTED
            })
        {
            return Err(Error::new("54001", "stack depth limit exceeded"));
        }
    }
    Ok(())
}

/// How deep the tree goes within some parentheses.
#[derive(Default)]
struct Level {
    /// Operators since the last comma or clause.
    operators: usize,
    /// The depth of what stands in parentheses among them.
    inner: usize,
    /// The deepest that came before.
    deepest: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.deepest.max(self.operators + self.inner)
    }
}

fn reset(operators: &mut [Level]) {
    if let Some(level) = operators.last_mut() {
        *level = Level {
            deepest: level.depth(),
            ..Level::default()
        };
    }
}

fn count(operators: &mut [Level]) {
    if let Some(level) = operators.last_mut() {
        level.operators += 1;
    }
}

/// Reads the one statement of a text.
pub fn statement(text: &str) -> Result<Statement, Error> {
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
