//! Does a statement only read?
//!
//! Two opinions must agree that it does: a parser, which must find exactly one statement of the allowed kinds, and a
//! scan of all tokens, which sees inside every nested query. What neither can see (functions of the database's own,
//! views, operators) is left to the role and the read-only transaction.

use sqlparser::ast::{Query, SetExpr, Statement};
use sqlparser::dialect::{Dialect as ParserDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};

use super::lexer::{Token, TokenKind, tokens};
use super::{Dialect, SqlError};
use crate::model::limits;
use crate::model::playbook::Effect;

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// Reads, or may change something.
    pub effect: Effect,
    /// How it has to be run.
    pub kind: StatementKind,
    /// Why it counts as a write, as a sentence without a full stop.
    pub reason: Option<String>,
}

/// How a statement has to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// A query: a cursor can be opened over it.
    Query,
    /// `EXPLAIN` of a query, without running it.
    Explain,
    /// `SHOW`
    Show,
    /// Anything else.
    Other,
}

/// Classifies one statement. Placeholders may stand in it. Fails when the text is not exactly one statement that can
/// be understood; what cannot be understood is never a read.
pub fn classify(text: &str, dialect: Dialect) -> Result<Classified, SqlError> {
    if text.len() > limits::TEXT_BYTES {
        return Err(SqlError::whole(format!(
            "the statement has {} bytes, at most {} are read: split it",
            text.len(),
            limits::TEXT_BYTES
        )));
    }
    let tokens = one_statement(text, dialect)?;
    check_size(text, &tokens)?;
    let first = tokens
        .iter()
        .find(|token| token.kind != TokenKind::Symbol('('))
        .map(|token| token.text(text).to_ascii_uppercase())
        .unwrap_or_default();
    let parsed = parse_on_own_stack(text, &tokens, dialect);
    if !READ_WORDS.contains(&first.as_str()) {
        if parsed.is_err() && !WRITE_WORDS.contains(&first.as_str()) {
            parsed?;
        }
        return Ok(write(
            StatementKind::Other,
            format!("{first} is not a query"),
        ));
    }
    if let Some(reason) = writes_by_tokens(text, &tokens) {
        return Ok(write(
            parsed.map_or(StatementKind::Other, |(kind, _)| kind),
            reason,
        ));
    }
    let (kind, writes) = parsed?;
    Ok(writes.map_or(
        Classified {
            effect: Effect::Read,
            kind,
            reason: None,
        },
        |reason| write(kind, reason),
    ))
}

/// Words that can begin a read.
const READ_WORDS: [&str; 5] = ["SELECT", "WITH", "VALUES", "EXPLAIN", "SHOW"];

/// Words that begin a command that is a write even when the parser does not know all of its grammar.
#[rustfmt::skip]
const WRITE_WORDS: [&str; 45] = [
    "ABORT", "ALTER", "ANALYZE", "ATTACH", "BEGIN", "CALL", "CHECKPOINT", "CLOSE", "CLUSTER", "COMMENT",
    "COMMIT", "COPY", "CREATE", "DEALLOCATE", "DECLARE", "DELETE", "DETACH", "DISCARD", "DO", "DROP", "EXECUTE",
    "FETCH", "GRANT", "IMPORT", "INSERT", "LISTEN", "LOAD", "LOCK", "MERGE", "MOVE", "NOTIFY", "PRAGMA",
    "PREPARE", "REASSIGN", "REFRESH", "REINDEX", "REPLACE", "RESET", "REVOKE", "ROLLBACK", "SAVEPOINT", "SET",
    "TRUNCATE", "UPDATE", "VACUUM",
];

/// Functions that act on the server, its files, other sessions or other databases, or that run SQL given as text, and
/// so escape a read-only transaction or this classifier. A name that ends in `*` stands for all that begin so.
#[rustfmt::skip]
const REFUSED_FUNCTIONS: [&str; 61] = [
    "binary_upgrade_*", "brin_desummarize_range", "brin_summarize_*", "connectby*", "crosstab*",
    "cursor_to_xml*", "database_to_xml*", "dblink*", "edit", "fts3_tokenizer", "gin_clean_pending_list",
    "load_extension", "lo_*", "loread", "lowrite", "nextval", "pg_advisory*", "pg_backup_*",
    "pg_cancel_backend", "pg_copy_*", "pg_create_*", "pg_drop_*", "pg_export_snapshot",
    "pg_extension_config_dump", "pg_file_*", "pg_import_system_collations", "pg_log_*", "pg_logdir_ls",
    "pg_logfile_*", "pg_logical_*", "pg_ls_*", "pg_nextoid", "pg_notify", "pg_prewarm", "pg_promote",
    "pg_read_*", "pg_reload_conf", "pg_replication_origin_*", "pg_replication_slot_*", "pg_rotate_logfile*",
    "pg_sleep*", "pg_start_backup", "pg_stat_file", "pg_stat_reset*", "pg_stat_statements_reset",
    "pg_stop_backup", "pg_switch_*", "pg_sync_replication_slots", "pg_terminate_backend", "pg_try_advisory*",
    "pg_wal_replay_*", "postgres_fdw_disconnect*", "query_to_xml*", "readfile", "schema_to_xml*", "set_config",
    "setval", "ts_rewrite", "ts_stat", "writefile", "xpath_table",
];

fn write(kind: StatementKind, reason: String) -> Classified {
    Classified {
        effect: Effect::Write,
        kind,
        reason: Some(reason),
    }
}

/// The tokens of the text's only statement, without closing semicolons.
pub(super) fn one_statement(text: &str, dialect: Dialect) -> Result<Vec<Token>, SqlError> {
    let mut tokens = tokens(text, dialect)?;
    while tokens
        .last()
        .is_some_and(|token| token.kind == TokenKind::Symbol(';'))
    {
        tokens.pop();
    }
    if tokens.is_empty() {
        return Err(SqlError::whole("there is no statement here: write one"));
    }
    if let Some(at) = tokens
        .iter()
        .position(|token| token.kind == TokenKind::Symbol(';'))
    {
        let start = tokens.get(at + 1).map_or(text.len(), |token| token.start);
        return Err(SqlError::at(
            text,
            start,
            "one statement at a time: a second one begins here",
        ));
    }
    Ok(tokens)
}

/// Nesting that the parser takes in reasonable time: it tries some parenthesised forms twice at each level.
const PARENTHESES: usize = 40;
/// Operators that can nest to the left without parentheses. The tree is dropped recursively, on a small stack.
const OPERATORS: usize = 1_500;

/// Refuses what would cost the parser its stack or its time.
pub(super) fn check_size(text: &str, tokens: &[Token]) -> Result<(), SqlError> {
    let mut depth = 0_usize;
    let mut operators = 0_usize;
    for token in tokens {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '{') => {
                depth += 1;
                operators += 1;
            }
            TokenKind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            TokenKind::Symbol(',' | '.') => {}
            TokenKind::Symbol(_) | TokenKind::Cast => operators += 1,
            TokenKind::Word => {
                operators +=
                    usize::from(NESTING_WORDS.iter().any(|word| token.is_word(text, word)));
            }
            _ => {}
        }
        if depth > PARENTHESES || operators > OPERATORS {
            return Err(SqlError::at(
                text,
                token.start,
                "the statement is nested too deeply to be checked: make it simpler",
            ));
        }
    }
    Ok(())
}

/// Words that join two expressions or queries into one.
#[rustfmt::skip]
const NESTING_WORDS: [&str; 22] = [
    "AND", "OR", "XOR", "NOT", "UNION", "EXCEPT", "INTERSECT", "IS", "IN", "BETWEEN", "LIKE", "ILIKE",
    "SIMILAR", "COLLATE", "AT", "JOIN", "CASE", "ISNULL", "NOTNULL", "REGEXP", "GLOB", "MATCH",
];

/// Stack for the parser: its frames are large, and what it returns is dropped recursively.
const PARSER_STACK: usize = 64 * 1024 * 1024;

/// Parses on a thread of its own, so that no text can overflow the caller's stack and end the process.
fn parse_on_own_stack(
    text: &str,
    tokens: &[Token],
    dialect: Dialect,
) -> Result<(StatementKind, Option<String>), SqlError> {
    on_own_stack(|| parse(text, tokens, dialect).map(|statement| judge(&statement)))
}

/// Does what parses, and drops what it parsed, on a stack that is large enough.
pub(super) fn on_own_stack<T: Send>(
    work: impl FnOnce() -> Result<T, SqlError> + Send,
) -> Result<T, SqlError> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(PARSER_STACK)
            .spawn_scoped(scope, work)
            .map_err(|error| SqlError::whole(format!("the parser could not start: {error}")))
            .and_then(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(SqlError::whole("the parser gave up on this text")))
            })
    })
}

/// The kind of a parsed statement, and why it writes if it does.
fn judge(statement: &Statement) -> (StatementKind, Option<String>) {
    match statement {
        Statement::Query(query) => (StatementKind::Query, writes_by_tree(query)),
        Statement::Explain { analyze: true, .. } => (
            StatementKind::Explain,
            Some("EXPLAIN ANALYZE runs the statement".into()),
        ),
        Statement::Explain { statement, .. } => match statement.as_ref() {
            Statement::Query(query) => (StatementKind::Explain, writes_by_tree(query)),
            _ => (
                StatementKind::Explain,
                Some("EXPLAIN is allowed over a query only".into()),
            ),
        },
        Statement::ShowVariable { .. } => (StatementKind::Show, None),
        _ => (StatementKind::Other, Some("it is not a query".into())),
    }
}

pub(super) fn parse(text: &str, tokens: &[Token], dialect: Dialect) -> Result<Statement, SqlError> {
    let plain = without_placeholders(text, tokens);
    let dialect: &dyn ParserDialect = match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
    };
    let mut statements =
        Parser::parse_sql(dialect, &plain).map_err(|error| parse_error(&plain, &error))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (Some(_), false) => Err(SqlError::whole("one statement at a time")),
        (None, _) => Err(SqlError::whole("there is no statement here: write one")),
    }
}

/// The text with every placeholder as something any SQL parser knows, each character at its old place.
fn without_placeholders(text: &str, tokens: &[Token]) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut behind = 0;
    for (index, token) in tokens.iter().enumerate() {
        let (mark, is_placeholder) = match token.kind {
            TokenKind::NamePlaceholder => ("n", true),
            TokenKind::Placeholder if stands_for_name(text, tokens, index) => ("n", true),
            TokenKind::Placeholder | TokenKind::LiteralPlaceholder => ("$1", true),
            _ => ("", false),
        };
        if is_placeholder {
            plain.push_str(text.get(behind..token.start).unwrap_or_default());
            plain.push_str(mark);
            let length = token.text(text).chars().count();
            plain.extend(std::iter::repeat_n(' ', length.saturating_sub(mark.len())));
            behind = token.end;
        }
    }
    plain.push_str(text.get(behind..).unwrap_or_default());
    plain
}

/// A guess that is good enough for parsing: behind a word that takes a table, or beside a dot.
fn stands_for_name(text: &str, tokens: &[Token], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|index| tokens.get(index));
    let after = tokens.get(index + 1);
    let dot = TokenKind::Symbol('.');
    before.is_some_and(|token| {
        token.kind == dot
            || ["FROM", "JOIN", "INTO", "UPDATE", "TABLE"]
                .iter()
                .any(|word| token.is_word(text, word))
    }) || after.is_some_and(|token| token.kind == dot)
}

/// The parser's message with its ` at Line: 1, Column: 8` made a position.
fn parse_error(text: &str, error: &ParserError) -> SqlError {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            message.as_str()
        }
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply to be checked",
    };
    let (words, place) = message.split_once(" at Line: ").unwrap_or((message, ""));
    let position = place
        .split_once(", Column: ")
        .and_then(|(line, column)| {
            Some((line.parse::<usize>().ok()?, column.parse::<usize>().ok()?))
        })
        .and_then(|(line, column)| {
            let before: usize = text
                .split_inclusive('\n')
                .take(line.checked_sub(1)?)
                .map(|line| line.chars().count())
                .sum();
            Some(before + column.checked_sub(1)?)
        });
    SqlError {
        message: format!("not understood as SQL: {words}"),
        position,
    }
}

/// Looks for what writes anywhere in the statement, nested queries included.
fn writes_by_tokens(text: &str, tokens: &[Token]) -> Option<String> {
    let explains = tokens
        .first()
        .is_some_and(|token| token.is_word(text, "EXPLAIN"));
    let word_at = |index: usize, word: &str| {
        tokens
            .get(index)
            .is_some_and(|token| token.is_word(text, word))
    };
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let after = tokens.get(index + 1);
        match token.kind {
            TokenKind::EscapedName => {
                return Some("a name with Unicode escapes cannot be checked".into());
            }
            TokenKind::Word | TokenKind::QuotedName => {
                let name = function_name(token, text);
                if is_called(before, after, index, tokens) && is_refused(&name) {
                    return Some(format!("{name} is not a plain read"));
                }
            }
            _ => {}
        }
        if token.kind != TokenKind::Word {
            continue;
        }
        let edge = before.is_none_or(|token| matches!(token.kind, TokenKind::Symbol('(' | ')')));
        let named = after.is_some_and(|token| {
            matches!(
                token.kind,
                TokenKind::Word | TokenKind::QuotedName | TokenKind::Placeholder
            )
        });
        let found = if token.is_word(text, "INTO") {
            Some("INTO makes or fills a table")
        } else if token.is_word(text, "FOR")
            && (word_at(index + 1, "UPDATE")
                || word_at(index + 1, "SHARE")
                || (word_at(index + 1, "NO") && word_at(index + 2, "KEY"))
                || (word_at(index + 1, "KEY") && word_at(index + 2, "SHARE")))
        {
            Some("FOR UPDATE and FOR SHARE lock rows")
        } else if token.is_word(text, "DELETE") && edge && word_at(index + 1, "FROM") {
            Some("DELETE removes rows")
        } else if token.is_word(text, "UPDATE") && edge && named {
            Some("UPDATE changes rows")
        } else if explains && (token.is_word(text, "ANALYZE") || token.is_word(text, "ANALYSE")) {
            Some("EXPLAIN ANALYZE runs the statement")
        } else {
            None
        };
        if let Some(found) = found {
            return Some(found.into());
        }
    }
    None
}

/// `name(…)`, and PostgreSQL's other way to write it, `(…).name`.
fn is_called(
    before: Option<&Token>,
    after: Option<&Token>,
    index: usize,
    tokens: &[Token],
) -> bool {
    let opens = after.is_some_and(|token| token.kind == TokenKind::Symbol('('));
    let selected = before.is_some_and(|token| token.kind == TokenKind::Symbol('.'))
        && index
            .checked_sub(2)
            .and_then(|index| tokens.get(index))
            .is_some_and(|token| {
                matches!(
                    token.kind,
                    TokenKind::Symbol(')' | ']')
                        | TokenKind::Parameter
                        | TokenKind::Placeholder
                        | TokenKind::LiteralPlaceholder
                )
            });
    opens || selected
}

fn function_name(token: &Token, text: &str) -> String {
    let name = token.text(text);
    if token.kind == TokenKind::QuotedName {
        let inner = name
            .get(1..name.len().saturating_sub(1))
            .unwrap_or_default();
        inner.replace("\"\"", "\"").to_ascii_lowercase()
    } else {
        name.to_ascii_lowercase()
    }
}

/// True for a function on the deny-list, by its lower-case name without schema.
pub fn is_refused(name: &str) -> bool {
    REFUSED_FUNCTIONS.iter().any(|refused| {
        refused
            .strip_suffix('*')
            .map_or(name == *refused, |prefix| name.starts_with(prefix))
    })
}

/// What the parser itself calls a write, at the top, in common table expressions and in set operations.
fn writes_by_tree(query: &Query) -> Option<String> {
    if !query.locks.is_empty() {
        return Some("FOR UPDATE and FOR SHARE lock rows".into());
    }
    let tables = query.with.iter().flat_map(|with| &with.cte_tables);
    for table in tables {
        if let Some(found) = writes_by_tree(&table.query) {
            return Some(found);
        }
    }
    writes_by_body(&query.body)
}

fn writes_by_body(body: &SetExpr) -> Option<String> {
    match body {
        SetExpr::Select(select) => select
            .into
            .as_ref()
            .map(|_| "INTO makes or fills a table".into()),
        SetExpr::Query(query) => writes_by_tree(query),
        SetExpr::SetOperation { left, right, .. } => {
            writes_by_body(left).or_else(|| writes_by_body(right))
        }
        SetExpr::Values(_) | SetExpr::Table(_) => None,
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            Some("the query changes rows".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(text: &str) -> Effect {
        classify(text, Dialect::Postgres)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .effect
    }

    #[test]
    fn reads_are_reads() {
        for text in [
            "SELECT 1",
            "select a.b, count(*) filter (where x) from t a where x = :x and y = :'y';",
            "WITH a AS (SELECT 1) SELECT * FROM a UNION ALL SELECT 2 -- done",
            "VALUES (1), (2)",
            "(SELECT 1)",
            "EXPLAIN SELECT 1",
            "EXPLAIN (FORMAT JSON, VERBOSE) SELECT 1",
            "SHOW search_path",
            "SHOW ALL",
            "SELECT * FROM :table WHERE id = :id::uuid",
            "SELECT 'pg_sleep(1)', $$ DELETE FROM x $$, pg_sleep_count FROM t /* pg_sleep(1) */",
            "SELECT updated_at AS update, delete FROM t",
            "SELECT metadata->>'resourceOrgId', a::text[] FROM commerce.audit_entries WHERE a @> '{1}'",
            "SELECT substring(a from 1 for 3), extract(epoch from b) FROM t ORDER BY 1 LIMIT 5",
            "SELECT DISTINCT ON (a) a, row_number() OVER (PARTITION BY b ORDER BY c) FROM t",
            "SELECT now() - INTERVAL '24 hours', a IS DISTINCT FROM b FROM t CROSS JOIN LATERAL (SELECT 1) q",
            "SELECT pid, query FROM pg_stat_activity WHERE state = 'active' AND now() - query_start > interval '5 minutes'",
            "SELECT * FROM \"audit_logs\"\nWHERE \"tenantId\" != (\n  SELECT \"tenantId\" FROM \"users\" WHERE id = \"actorUserId\"\n)\nORDER BY \"createdAt\" DESC\nLIMIT 100;",
            "SELECT relname, pg_size_pretty(pg_total_relation_size(relid))\nFROM pg_catalog.pg_statio_user_tables\nORDER BY pg_total_relation_size(relid) DESC\nLIMIT 20;",
            "SELECT id, NOW() - \"updatedAt\" AS time_in_state FROM \"dsar_cases\"\nWHERE status NOT IN ('CLOSED', 'REJECTED') ORDER BY \"updatedAt\" ASC LIMIT 20",
            "SELECT ae.metadata->>'resourceOrgId' AS resource_org FROM commerce.audit_entries ae\nWHERE ae.created_at > NOW() - INTERVAL '24 hours'\n  AND ae.org_id != ae.metadata->>'resourceOrgId';",
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        ] {
            assert_eq!(effect(text), Effect::Read, "{text}");
        }
    }

    #[test]
    fn writes_are_found() {
        for text in [
            "UPDATE staff_sessions\nSET revoked_at = NOW(), revoked_reason = 'tenant_leak_investigation'\nWHERE revoked_at IS NULL;",
            "UPDATE cycle_requests\nSET expires_at = NOW()\nWHERE id = '<suspected-request-id>';",
            "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
            "WITH a AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM a",
            "WITH a AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a",
            "WITH a AS (SELECT 1) DELETE FROM t",
            "WITH a AS (SELECT 1) UPDATE t SET a = 1",
            "SELECT * INTO t2 FROM t",
            "SELECT * FROM t FOR UPDATE",
            "SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED",
            "SELECT * FROM (SELECT * FROM t FOR SHARE) q",
            "COPY t TO PROGRAM 'sh'",
            "COPY (SELECT 1) TO '/tmp/x'",
            "DO $$ BEGIN PERFORM 1; END $$",
            "SET default_transaction_read_only = off",
            "EXPLAIN ANALYZE SELECT 1",
            "EXPLAIN (ANALYZE) SELECT 1",
            "EXPLAIN (VERBOSE, ANALYSE TRUE) SELECT 1",
            "EXPLAIN DELETE FROM t",
            "BEGIN",
            "CALL p()",
            "VACUUM",
            "REFRESH MATERIALIZED VIEW v",
            "DECLARE c CURSOR FOR SELECT 1",
            "SELECT pg_terminate_backend(1)",
            "SELECT pg_catalog.pg_terminate_backend (1)",
            "SELECT pg_catalog . \"pg_sleep\" /* x */ (1)",
            "SELECT PG_SLEEP(1)",
            "SELECT 1 WHERE 1 = (SELECT lo_unlink(1))",
            "SELECT * FROM dblink('', 'x') AS t(a int)",
            "SELECT * FROM query_to_xml_and_xmlschema('DROP TABLE x', true, true, '')",
            "SELECT case when true then set_config('a', 'b', false) end",
            "SELECT U&\"pg\\005fsleep\"(1)",
            "SELECT ('x').pg_notify",
            "SELECT * FROM ROWS FROM (pg_ls_dir('.')) AS d",
            "SELECT pg_try_advisory_lock(1), nextval('s')",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT pg_logical_emit_message(false, 'a', 'b')",
        ] {
            assert_eq!(effect(text), Effect::Write, "{text}");
        }
    }

    #[test]
    fn anything_but_one_statement_is_an_error() {
        for (text, position) in [
            ("SELECT 1; SELECT 2", Some(10)),
            ("SELECT 1; DROP TABLE x --", Some(10)),
            ("", None),
            (" ; -- nothing", None),
            ("SELECT 'x", Some(7)),
            ("If the leak was via a client, expire it: UPDATE x", Some(7)),
        ] {
            let error = classify(text, Dialect::Postgres).unwrap_err();
            assert_eq!(error.position, position, "{text}: {error}");
        }
        let error = classify("SELECT a\nFROM t GROUP x", Dialect::Postgres).unwrap_err();
        assert!(error.position.is_some_and(|at| at >= 9), "{error:?}");
    }

    /// Each of these once cost a parser its stack or minutes of time; run on a small stack they must come back.
    #[test]
    fn hostile_nesting_comes_back() {
        let texts = [
            format!("SELECT * FROM {}t{}", "(".repeat(60), ")".repeat(60)),
            format!("SELECT * FROM {}t{}", "(".repeat(39), ")".repeat(39)),
            format!("SELECT {}1{}", "(".repeat(39), ")".repeat(39)),
            format!("SELECT {}1{}", "f(".repeat(39), ")".repeat(39)),
            format!("SELECT {}1{}", "(SELECT ".repeat(39), ")".repeat(39)),
            format!("SELECT 1{}", " + 1".repeat(15_000)),
            format!("SELECT 1{}", " + 1".repeat(OPERATORS - 1)),
            format!("SELECT 1{}", " OR a".repeat(OPERATORS - 1)),
            format!("SELECT {}1", "- ".repeat(OPERATORS - 1)),
            format!("SELECT {}1", "NOT ".repeat(OPERATORS - 1)),
            format!("SELECT 1{}", "::int".repeat(OPERATORS - 1)),
            format!("SELECT a{}", "[1]".repeat(OPERATORS - 1)),
            format!("SELECT 1{}", " UNION SELECT 1".repeat(OPERATORS - 1)),
            format!(
                "SELECT {} 1{}",
                "CASE WHEN a THEN".repeat(100),
                " END".repeat(100)
            ),
            format!("SELECT a{}", ".a".repeat(5_000)),
            format!("SELECT * FROM t{}", " JOIN t".repeat(1_000)),
            format!("SELECT a{}", " IS NULL".repeat(OPERATORS - 1)),
            format!("SELECT a{}", " COLLATE \"C\"".repeat(OPERATORS - 1)),
            format!("SELECT {} 1", "INTERVAL ".repeat(5_000)),
            format!("SELECT {} 1", "EXISTS ".repeat(5_000)),
            format!("{} SELECT 1", "EXPLAIN ".repeat(5_000)),
        ];
        let worker = std::thread::Builder::new()
            .stack_size(2 * 1024 * 1024)
            .spawn(move || {
                for text in texts {
                    let _ = classify(&text, Dialect::Postgres);
                    let _ = classify(&text, Dialect::Sqlite);
                }
            });
        worker.unwrap().join().unwrap();
    }
}
