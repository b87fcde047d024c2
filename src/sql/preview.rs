//! What a write would touch: the read with the same `WHERE`, and whether the rows of a write can be counted at all.
//!
//! A preview that is nearly right is worse than none: whatever is not understood exactly has no derived read.

use sqlparser::ast::{FromTable, SetExpr, Statement, TableFactor, TableWithJoins};

use super::classify::{check_size, classify, on_own_stack, one_statement, parse};
use super::lexer::{Token, TokenKind, tokens};
use super::{Dialect, SqlError};
use crate::model::limits;
use crate::model::playbook::Effect;

/// The read that shows what an `UPDATE` or `DELETE` would touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// `SELECT * FROM … WHERE …`, its placeholders counted anew.
    pub statement: String,
    /// For each of its parameters the position, from 0, of the same one in the write.
    pub parameters: Vec<usize>,
}

/// Derives the read of a planned statement. None when it is no plain `UPDATE` or `DELETE` of one table, or when its
/// `WHERE` is not a plain read itself.
pub fn derive(statement: &str) -> Option<Derived> {
    // Whose SQL it is, is known to its source only. The slices are the same in both dialects, or there are none.
    [Dialect::Postgres, Dialect::Sqlite]
        .into_iter()
        .find_map(|dialect| derive_in(statement, dialect))
}

fn derive_in(statement: &str, dialect: Dialect) -> Option<Derived> {
    if statement.len() > limits::TEXT_BYTES {
        return None;
    }
    let all = one_statement(statement, dialect).ok()?;
    check_size(statement, &all).ok()?;
    let text = same_rows(statement, &all)?;
    let found = tokens(&text, dialect).ok()?;
    let same = on_own_stack(|| {
        let write = parse(statement, &all, dialect)?;
        let read = parse(&text, &found, dialect)?;
        Ok(expected(&write, dialect)?.is_some_and(|expected| expected == read))
    });
    if !same.ok()? || classify(&text, dialect).ok()?.effect != Effect::Read {
        return None;
    }
    renumbered(&text, &found)
}

/// The tokens outside parentheses, by position.
fn outside(all: &[Token]) -> impl Iterator<Item = (usize, &Token)> {
    let mut depth = 0_usize;
    all.iter().enumerate().filter(move |(_, token)| {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '{') => depth += 1,
            TokenKind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// `SELECT * FROM` with the write's own table and its own `WHERE`, byte for byte.
fn same_rows(statement: &str, all: &[Token]) -> Option<String> {
    let word = |index: usize, word: &str| {
        all.get(index)
            .is_some_and(|token| token.is_word(statement, word))
    };
    let first = |from: usize, words: &[&str]| {
        outside(all)
            .map(|(index, _)| index)
            .find(|index| *index >= from && words.iter().any(|name| word(*index, name)))
    };
    let (target, target_end) = if word(0, "UPDATE") {
        (1, first(1, &["SET"])?)
    } else if word(0, "DELETE") && word(1, "FROM") {
        let end = first(2, &["WHERE", "RETURNING", "USING"]).unwrap_or(all.len());
        (2, end)
    } else {
        return None;
    };
    let slice = |from: usize, to: usize| {
        let (from, to) = (all.get(from)?, all.get(to.checked_sub(1)?)?);
        statement.get(from.start..to.end)
    };
    let table = slice(target, target_end)?;
    let text = match first(target_end, &["WHERE"]) {
        None => format!("SELECT * FROM {table}"),
        Some(from) => {
            let to = first(from, &["RETURNING"]).unwrap_or(all.len());
            format!("SELECT * FROM {table} {}", slice(from, to)?)
        }
    };
    Some(text)
}

/// What the read must be, if the parser sees the write as we do. None for a write with more than a table and a `WHERE`.
fn expected(write: &Statement, dialect: Dialect) -> Result<Option<Statement>, SqlError> {
    let (table, selection) = match write {
        Statement::Update(update)
            if update.from.is_none()
                && update.or.is_none()
                && update.output.is_none()
                && update.order_by.is_empty()
                && update.limit.is_none() =>
        {
            (&update.table, &update.selection)
        }
        Statement::Delete(delete)
            if delete.tables.is_empty()
                && delete.using.is_none()
                && delete.output.is_none()
                && delete.order_by.is_empty()
                && delete.limit.is_none() =>
        {
            match &delete.from {
                FromTable::WithFromKeyword(tables) => match tables.as_slice() {
                    [table] => (table, &delete.selection),
                    _ => return Ok(None),
                },
                FromTable::WithoutKeyword(_) => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    if !is_plain(table) {
        return Ok(None);
    }
    let frame = "SELECT * FROM t";
    let mut read = parse(frame, &tokens(frame, dialect)?, dialect)?;
    if let Statement::Query(query) = &mut read
        && let SetExpr::Select(select) = query.body.as_mut()
    {
        select.from = vec![table.clone()];
        select.selection.clone_from(selection);
    }
    Ok(Some(read))
}

fn is_plain(table: &TableWithJoins) -> bool {
    table.joins.is_empty()
        && matches!(
            &table.relation,
            TableFactor::Table { args: None, with_hints, version: None, with_ordinality: false, partitions, json_path: None, sample: None, index_hints, .. }
                if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty()
        )
}

/// The text with its parameters counted from 1 in order of first use.
fn renumbered(text: &str, all: &[Token]) -> Option<Derived> {
    let mut derived = Derived {
        statement: String::with_capacity(text.len()),
        parameters: Vec::new(),
    };
    let mut behind = 0;
    for token in all
        .iter()
        .filter(|token| token.kind == TokenKind::Parameter)
    {
        let spelled = token.text(text);
        let number: usize = spelled.get(1..)?.parse().ok()?;
        let position = number.checked_sub(1)?;
        let known = derived
            .parameters
            .iter()
            .position(|known| *known == position);
        let place = known.unwrap_or(derived.parameters.len()) + 1;
        if known.is_none() {
            derived.parameters.push(position);
        }
        derived.statement.push_str(text.get(behind..token.start)?);
        derived.statement.push_str(spelled.get(..1)?);
        derived.statement.push_str(&place.to_string());
        behind = token.end;
    }
    derived.statement.push_str(text.get(behind..)?);
    Some(derived)
}

/// Whether the rows that a statement touches can be held against a ceiling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counting {
    /// The server counts them.
    Rows,
    /// It touches no rows, or the server does not count them: a ceiling would stop nothing.
    Nothing,
    /// It cannot be run as one write in a transaction of its own; the reason and what to do.
    Refused(String),
}

/// Words that begin a statement whose rows are not counted.
#[rustfmt::skip]
const UNCOUNTED: [&str; 20] = [
    "ALTER", "ANALYZE", "CALL", "CLUSTER", "COMMENT", "DO", "DROP", "GRANT", "IMPORT", "LOCK", "NOTIFY", "REASSIGN",
    "REFRESH", "REINDEX", "RESET", "REVOKE", "SECURITY", "SET", "TRUNCATE", "VACUUM",
];

/// Words that begin what would end, or step out of, the transaction that makes a write all or nothing.
#[rustfmt::skip]
const UNRUNNABLE: [&str; 26] = [
    "ABORT", "ATTACH", "BEGIN", "CHECKPOINT", "CLOSE", "COMMIT", "COPY", "DEALLOCATE", "DECLARE", "DETACH", "DISCARD",
    "END", "EXECUTE", "EXPLAIN", "FETCH", "LISTEN", "LOAD", "MOVE", "PRAGMA", "PREPARE", "RELEASE", "ROLLBACK", "SAVEPOINT",
    "START", "TABLE", "UNLISTEN",
];

/// Says how the rows of a write are counted.
pub fn counting(statement: &str, dialect: Dialect) -> Result<Counting, SqlError> {
    let all = one_statement(statement, dialect)?;
    let first = all
        .iter()
        .find(|token| token.kind != TokenKind::Symbol('('))
        .map(|token| token.text(statement).to_ascii_uppercase())
        .unwrap_or_default();
    if UNRUNNABLE.contains(&first.as_str()) {
        return Ok(Counting::Refused(format!(
            "{first} cannot be run as one write that happens whole or not at all: do it by hand and say in a note what was done"
        )));
    }
    if ["WITH", "SELECT"].contains(&first.as_str()) && writes_in_parentheses(statement, &all) {
        return Ok(Counting::Refused(
            "the rows of a write inside WITH are not counted, so no ceiling would hold: make it the statement itself"
                .into(),
        ));
    }
    Ok(if UNCOUNTED.contains(&first.as_str()) {
        Counting::Nothing
    } else {
        Counting::Rows
    })
}

/// `WITH gone AS (DELETE …) INSERT …` counts the second part only.
fn writes_in_parentheses(statement: &str, all: &[Token]) -> bool {
    all.windows(2).any(|pair| match pair {
        [before, token] => {
            before.kind == TokenKind::Symbol('(')
                && ["INSERT", "UPDATE", "DELETE", "MERGE"]
                    .iter()
                    .any(|word| token.is_word(statement, word))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_read_has_the_same_table_and_the_same_where() {
        for (write, read, parameters) in [
            (
                "UPDATE sessions SET revoked_at = $1, by = $2 WHERE actor = $3 AND org <> $2 AND x = $3",
                "SELECT * FROM sessions WHERE actor = $1 AND org <> $2 AND x = $1",
                &[2, 1][..],
            ),
            (
                "delete from only_these as s where s.id in (select id from t where a = CAST($1::text AS uuid)) returning *",
                "SELECT * FROM only_these as s where s.id in (select id from t where a = CAST($1::text AS uuid))",
                &[0],
            ),
            (
                "UPDATE \"we\"\"ird\".\"set\" q SET a = (SELECT b FROM c WHERE d = 1) /* where */ WHERE e IS DISTINCT FROM 'where'",
                "SELECT * FROM \"we\"\"ird\".\"set\" q WHERE e IS DISTINCT FROM 'where'",
                &[],
            ),
            ("DELETE FROM sessions", "SELECT * FROM sessions", &[]),
            (
                "UPDATE t SET a = 1 -- WHERE b\nWHERE c = ?2",
                "SELECT * FROM t WHERE c = ?1",
                &[1],
            ),
            (
                "UPDATE [odd name] SET a = ?1 WHERE b = ?2",
                "SELECT * FROM [odd name] WHERE b = ?1",
                &[1],
            ),
        ] {
            let derived = derive(write).unwrap_or_else(|| panic!("no read of {write}"));
            assert_eq!(derived.statement, read);
            assert_eq!(derived.parameters, parameters, "{write}");
        }
    }

    #[test]
    fn what_is_not_understood_exactly_has_no_read() {
        for write in [
            "UPDATE t SET a = u.a FROM u WHERE u.id = t.id",
            "DELETE FROM t USING u WHERE u.id = t.id",
            "WITH x AS (SELECT 1) UPDATE t SET a = 1 WHERE b IN (SELECT * FROM x)",
            "UPDATE t SET a = 1 WHERE pg_terminate_backend(b)",
            "UPDATE t SET a = 1 WHERE CURRENT OF c",
            "UPDATE t SET a = 1 WHERE b = 1 ORDER BY c LIMIT 3",
            "UPDATE OR IGNORE t SET a = 1 WHERE b = 1",
            "INSERT INTO t SELECT * FROM u WHERE a = 1",
            "UPDATE t SET a = 1 WHERE",
            "DELETE FROM t; DELETE FROM u",
            "TRUNCATE t",
            "",
        ] {
            assert_eq!(derive(write), None, "{write}");
        }
    }

    #[test]
    fn what_counts_no_rows_is_known() {
        let of = |text| counting(text, Dialect::Postgres).unwrap();
        for text in [
            "UPDATE t SET a = 1",
            "DELETE FROM t",
            "INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = 1",
            "WITH x AS (SELECT 1) DELETE FROM t",
            "SELECT pg_terminate_backend(1)",
            "CREATE TABLE kept AS SELECT * FROM t",
        ] {
            assert_eq!(of(text), Counting::Rows, "{text}");
        }
        for text in [
            "ALTER ROLE a NOLOGIN",
            "truncate t",
            "REVOKE ALL ON t FROM a",
        ] {
            assert_eq!(of(text), Counting::Nothing, "{text}");
        }
        for text in [
            "COMMIT",
            "COPY t TO PROGRAM 'x'",
            "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
            "WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM x",
        ] {
            assert!(matches!(of(text), Counting::Refused(_)), "{text}");
        }
    }
}
