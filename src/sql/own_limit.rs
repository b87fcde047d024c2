//! Where a statement cuts its own result: the outermost `LIMIT` or `FETCH FIRST`.
//!
//! A filled one is doubt: nobody can tell a result that ends there from one that goes on.

use super::Dialect;
use super::lexer::{Token, TokenKind, tokens};
use crate::model::request::Parameter;

/// Words behind which a limit's number ends.
const NEXT: [&str; 6] = ["OFFSET", "FETCH", "FOR", "LIMIT", "ROW", "ROWS"];

/// Rows at which the statement's outermost limit cuts, written out or bound. Nothing for a statement without one, and for
/// one that is computed.
pub fn own_limit(statement: &str, parameters: &[Parameter]) -> Option<u64> {
    let tokens = [Dialect::Postgres, Dialect::Sqlite]
        .into_iter()
        .find_map(|dialect| tokens(statement, dialect).ok())?;
    let tokens = unwrapped(&tokens);
    let outermost = |word: &str, token: &(usize, &Token, usize)| {
        token.0 == 0 && token.1.is_word(statement, word)
    };
    let with_depth: Vec<(usize, &Token, usize)> = depths(tokens).collect();
    let limit = with_depth.iter().rfind(|token| outermost("LIMIT", token));
    let fetch = with_depth.iter().rfind(|token| outermost("FETCH", token));
    let (_, keyword, at) = limit.or(fetch)?;
    let rest = with_depth.get(at + 1..)?;
    let ends = |token: &&(usize, &Token, usize)| NEXT.iter().any(|word| outermost(word, token));
    let mut clause: Vec<&Token> = rest
        .iter()
        .take_while(|token| !ends(token))
        .map(|(_, token, _)| *token)
        .collect();
    // SQLite: LIMIT offset, count.
    if let Some(comma) = clause
        .iter()
        .position(|token| token.kind == TokenKind::Symbol(','))
    {
        clause.drain(..=comma);
    }
    let value = value(statement, &clause, parameters);
    let one_row = keyword.is_word(statement, "FETCH") && numbers(&clause) == 0;
    value.or(one_row.then_some(1))
}

/// The statement without brackets around the whole of it.
fn unwrapped(mut tokens: &[Token]) -> &[Token] {
    while let [first, inside @ .., last] = tokens
        && first.kind == TokenKind::Symbol('(')
        && last.kind == TokenKind::Symbol(')')
        && depths(tokens)
            .skip(1)
            .take(inside.len())
            .all(|(depth, ..)| depth > 0)
    {
        tokens = inside;
    }
    tokens
}

/// Each token with the number of brackets it is in and its place.
fn depths(tokens: &[Token]) -> impl Iterator<Item = (usize, &Token, usize)> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().map(move |(at, token)| {
        if token.kind == TokenKind::Symbol(')') {
            depth = depth.saturating_sub(1);
        }
        let here = depth;
        if token.kind == TokenKind::Symbol('(') {
            depth += 1;
        }
        (here, token, at)
    })
}

fn numbers(clause: &[&Token]) -> usize {
    let values = clause
        .iter()
        .filter(|token| matches!(token.kind, TokenKind::Number | TokenKind::Parameter));
    values.count()
}

/// The one number or bind of a limit, with its brackets and casts.
fn value(statement: &str, clause: &[&Token], parameters: &[Parameter]) -> Option<u64> {
    let computed = clause.iter().any(|token| {
        let symbol = matches!(token.kind, TokenKind::Symbol(other) if !"()?".contains(other));
        symbol || token.is_word(statement, "SELECT")
    });
    if computed || numbers(clause) != 1 {
        return None;
    }
    let (at, token) = clause
        .iter()
        .enumerate()
        .find(|(_, token)| matches!(token.kind, TokenKind::Number | TokenKind::Parameter))?;
    let text = token.text(statement);
    // `?1` is a sign and a number to PostgreSQL's scanner.
    let sign = at.checked_sub(1).and_then(|before| clause.get(before));
    let bound = match token.kind {
        TokenKind::Parameter => text.get(1..)?,
        _ if sign.is_some_and(|sign| sign.kind == TokenKind::Symbol('?')) => text,
        _ => return text.parse().ok(),
    };
    let number: usize = bound.parse().ok()?;
    parameters.get(number.checked_sub(1)?)?.value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_limit_is_found_written_out_or_bound() {
        let bound = |value: &str| Parameter {
            name: "n".into(),
            kind: "bigint".into(),
            value: value.into(),
            example: false,
        };
        let parameters = [bound("a"), bound("25")];
        for (statement, expected) in [
            ("SELECT 1 FROM t LIMIT 10", Some(10)),
            ("select 1 from t limit 10 offset 5", Some(10)),
            ("SELECT 1 FROM t OFFSET 5 LIMIT 10 FOR SHARE", Some(10)),
            ("SELECT 1 FROM t LIMIT (10)", Some(10)),
            ("SELECT 1 FROM t LIMIT 10::bigint", Some(10)),
            ("SELECT 1 FROM t LIMIT CAST($2::text AS bigint)", Some(25)),
            ("SELECT 1 FROM t LIMIT ?2", Some(25)),
            ("SELECT 1 FROM t WHERE x = $1 LIMIT $2", Some(25)),
            ("SELECT 1 FROM t LIMIT $1", None),
            ("SELECT 1 FROM t LIMIT $9", None),
            ("SELECT 1 FROM t LIMIT 5, 20", Some(20)),
            ("SELECT 1 FROM t FETCH FIRST 7 ROWS ONLY", Some(7)),
            ("SELECT 1 FROM t FETCH FIRST ROW ONLY", Some(1)),
            (
                "SELECT 1 FROM t OFFSET 3 ROWS FETCH NEXT 7 ROWS ONLY",
                Some(7),
            ),
            ("SELECT count(*) FROM (SELECT 1 FROM t LIMIT 10) s", None),
            ("WITH s AS (SELECT 1 LIMIT 10) SELECT * FROM s", None),
            ("(SELECT 1) UNION (SELECT 2 LIMIT 10)", None),
            ("(SELECT 1 LIMIT 3) UNION SELECT 2 LIMIT 4", Some(4)),
            ("(SELECT 1 FROM t LIMIT 10)", Some(10)),
            ("SELECT 1 FROM t LIMIT ALL", None),
            ("SELECT 1 FROM t LIMIT NULL", None),
            ("SELECT 1 FROM t LIMIT 5 + 5", None),
            ("SELECT 1 FROM t LIMIT (SELECT 5)", None),
            ("SELECT 'LIMIT 3' -- LIMIT 4", None),
            ("SELECT \"limit\" FROM t", None),
            ("SELECT 1 FROM 'x", None),
        ] {
            assert_eq!(own_limit(statement, &parameters), expected, "{statement}");
        }
    }
}
