//! Any text is a statement for the embedded SQL engine: it answers or says why not, and never ends the program.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fmt::Write as _;
use std::sync::LazyLock;

use proptest::prelude::*;
use quarterdeck::pgsql::{self, Context, Database, Parameter, Signal, Type, Value};

/// For what runs very often.
static DATABASE: LazyLock<Database> = LazyLock::new(database);

fn database() -> Database {
    let mut database = Database::create(include_str!("../assets/schema.sql")).unwrap();
    let rows = "INSERT INTO users (id, \"tenantId\", email, roles, \"createdAt\") \
                SELECT 'u-' || i, CASE WHEN i % 3 = 0 THEN NULL ELSE 't-' || i % 3 END, 'e', ARRAY['a'], now() - i * interval '1 hour' \
                FROM generate_series(1, 50) AS i";
    pgsql::write(&mut database, rows, &[], &context(), None).unwrap();
    database
}

fn context() -> Context<'static> {
    Context {
        now: 1_769_829_164_000_000,
        user: "drill",
        stop: &|| false,
    }
}

/// Everything that can be done with a text.
fn try_all(database: &Database, text: &str) {
    let _ = pgsql::describe(database, text);
    let parameters = [Parameter {
        ty: None,
        text: Some("x".to_owned()),
    }];
    if let Ok(answer) = pgsql::query(database, text, &parameters, &context(), 1000) {
        for row in &answer.rows {
            for (value, (_, ty)) in row.iter().zip(&answer.columns) {
                let _ = value.to_text(ty);
            }
        }
    }
    let _ = pgsql::write(
        &mut database.clone(),
        text,
        &parameters,
        &context(),
        Some(10),
    );
    let _ = Database::create(text);
}

const NASTY: &[&str] = &[
    "",
    ";",
    "\0",
    "SELECT",
    "SELECT 1; SELECT 2",
    "SELECT '",
    "SELECT $0",
    "SELECT $99999999999999999999",
    "SELECT 1e999",
    "SELECT 1e999::float8",
    "SELECT 99999999999999999999999999999999999999999",
    "SELECT -9223372036854775808 / -1",
    "SELECT (-9223372036854775808) % -1",
    "SELECT abs(-9223372036854775808)",
    "SELECT interval '9999999999 years'",
    "SELECT interval '178000000 years' * 1e10",
    "SELECT timestamptz '294276-12-31' + interval '100000 years'",
    "SELECT timestamptz 'infinity' - timestamptz 'infinity', timestamptz 'infinity' + interval '1 day'",
    "SELECT date_trunc('century', timestamptz '0001-01-01 BC'), date_trunc('week', timestamptz '-infinity')",
    "SELECT date '2026-01-01' + 2147483647, date 'infinity' + 1, date 'infinity'::timestamptz",
    "SELECT date 'infinity' + interval '1 day'",
    "SELECT (date '2026-01-01' + 2000000) + interval '1 day', (date '2026-01-01' + 2000000000) - interval '1 day'",
    "SELECT extract(epoch FROM timestamptz 'infinity'), to_char(timestamptz 'infinity', 'YYYY-MM-DD DAY WW')",
    "SELECT age(timestamptz 'infinity', timestamptz '-infinity')",
    "SELECT make_date(-2147483648, 1, 1), to_timestamp(1e300), to_timestamp('NaN')",
    "SELECT repeat('x', 2147483647), lpad('x', 2147483647), repeat('', 2147483647)",
    "SELECT substring('abc', -2147483648, 2147483647), left('abc', -2147483648), right('abc', -2147483648), right('abc', 2147483647)",
    "SELECT split_part('a', 'b', -2147483648), (ARRAY[1])[-2147483648], (ARRAY[1])[2147483647:], (ARRAY[1])[-2147483648:-2147483648]",
    "SELECT round(1.5, 2147483647), round(1.5, -2147483648), trunc(1.5, -2147483647)",
    "SELECT power(10::numeric, 10000), 79228162514264337593543950335 * 10.0, 2.0 ^ 1e10, 0.0 ^ 0",
    "SELECT 79228162514264337593543950335 / 0.0000000000000000000000000001",
    "SELECT pg_size_pretty(-9223372036854775808), chr(1114112), chr(-1), to_hex(-1), width_bucket(1, 'NaN', 2, 3)",
    "SELECT * FROM generate_series(1, 9223372036854775807, 9223372036854775806)",
    "SELECT * FROM generate_series(9223372036854775806, 9223372036854775807)",
    "SELECT count(*) FROM users a, users b, users c",
    "SELECT x ~ '(((((((((((((((((((((((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*)*)*' FROM (VALUES ('a')) t(x)",
    "SELECT 'x' ~ '\\', 'x' LIKE '\\', regexp_replace('aaa', '', '\\1\\9\\', 'g')",
    "SELECT regexp_match('abc', '(x)?b'), regexp_split_to_array('', '')",
    "SELECT string_agg(DISTINCT id, ',' ORDER BY email) FROM users",
    "SELECT ntile(0) OVER () FROM users",
    "SELECT lag(id, 2147483647) OVER (), lead(id, -2147483648) OVER () FROM users",
    "SELECT sum(1) OVER (ORDER BY id ROWS BETWEEN 9223372036854775807 PRECEDING AND 9223372036854775807 FOLLOWING) FROM users",
    "SELECT id FROM users LIMIT 9223372036854775807 OFFSET 9223372036854775807",
    "SELECT percentile_disc(0) WITHIN GROUP (ORDER BY id) FROM users WHERE false",
    "SELECT '{{1,2},{3}}'::int[], '{{{{{{{{{{{{{{'::int[], '{\"}'::text[], '{\\'::text[]",
    "SELECT '\"\\ud800\"'::jsonb, '1e400'::jsonb, '-0'::jsonb, '[[[[[[[[[[[[[[[['::jsonb",
    "SELECT '::'::inet, '1.2.3.4/99'::inet, '1.2.3.4/'::inet, '/'::inet, '\\x0'::bytea",
    "SELECT '24:00'::interval, '--1 day'::interval, '1e400 days'::interval, 'P'::interval, 'PT'::interval, '1 day 1'::interval",
    "SELECT '99999999-99-99'::date, '2026-01-01 99:99:99.999999999999'::timestamp, '2026-01-01+99'::timestamptz, '99999999999999999999'::date",
    "SELECT to_char(1e20::numeric, '999'), to_char(-0.001, '0.99'), to_char(5, ','), to_char(5, '.'), to_char(5, '')",
    "WITH a AS (SELECT * FROM a) SELECT * FROM a",
    "SELECT * FROM users u JOIN LATERAL (SELECT u.id) v ON v.id = u.id",
    "SELECT (SELECT (SELECT (SELECT u.id))) FROM users u",
    "SELECT count(*) FROM users GROUP BY (SELECT 1)",
    "SELECT u FROM users u",
    "SELECT 1 ORDER BY 1, 1, 2",
    "INSERT INTO users SELECT * FROM users",
    "INSERT INTO users VALUES ()",
    "UPDATE users SET id = (SELECT id FROM users)",
    "DELETE FROM users WHERE id IN (DELETE FROM users RETURNING id)",
    "DROP TABLE users",
    "SELECT pg_cancel_backend(NULL), pg_terminate_backend(2147483647)",
    "SELECT format('%', 1), format('%1$s', 'a'), format('%s'), concat(), coalesce(), greatest()",
    "SELECT trim(), position(), substring(), extract()",
];

#[test]
fn nasty_texts_are_answered_or_refused() {
    let database = database();
    for text in NASTY {
        try_all(&database, text);
    }
}

/// What nests deeper than the stack goes is refused before it is walked.
#[test]
fn depth_is_limited() {
    let database = database();
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("(SELECT ", "1", ")"),
        ("NOT ", "true", ""),
        ("- ", "1", ""),
        ("CASE WHEN true THEN ", "1", " END"),
        ("ARRAY[", "1", "]"),
        ("upper(", "'a'", ")"),
        ("", "1", " + 1"),
        ("", "true", " AND true OR true"),
        ("", "'a'", "::text"),
        ("", "'a'", " || 'a'"),
        ("", "1", " IS NULL"),
        ("", "ARRAY[1]", "[1]"),
    ] {
        for depth in [30, 1000, 9000] {
            let text = format!(
                "SELECT {}{inner}{}",
                open.repeat(depth),
                close.repeat(depth)
            );
            try_all(&database, &text);
        }
    }
    let union = format!("SELECT 1{}", " UNION SELECT 1".repeat(3000));
    try_all(&database, &union);
    let from = format!(
        "SELECT 1 FROM users{}",
        " CROSS JOIN (SELECT 1) x".repeat(1000)
    );
    try_all(&database, &from);
}

/// A statement that would go on for ever ends when it is asked to.
#[test]
fn a_stop_ends_a_long_statement() {
    let database = database();
    let context = Context {
        stop: &|| true,
        ..context()
    };
    let long = "SELECT count(*) FROM generate_series(1, 1000) a, generate_series(1, 1000) b, generate_series(1, 1000) c";
    let error = pgsql::query(&database, long, &[], &context, 10).unwrap_err();
    assert_eq!(error.code, "57014");
}

#[test]
fn more_rows_than_the_ceiling_change_nothing() {
    let mut database = database();
    let before = database.tables.clone();
    let update = "UPDATE users SET email = 'gone' WHERE \"tenantId\" IS NULL";
    let error = pgsql::write(&mut database, update, &[], &context(), Some(15)).unwrap_err();
    assert!(error.message.contains("16 rows"), "{error}");
    assert_eq!(database.tables, before);
    let written = pgsql::write(&mut database, update, &[], &context(), Some(16)).unwrap();
    assert_eq!(written.count, 16);
    assert_ne!(database.tables, before);
}

/// A query changes nothing, whatever it calls.
#[test]
fn a_query_neither_writes_nor_signals() {
    let database = database();
    for text in [
        "UPDATE users SET email = ''",
        "DELETE FROM users",
        "INSERT INTO users (id) VALUES ('x')",
        "SELECT pg_cancel_backend(1)",
        "SELECT * FROM users WHERE pg_terminate_backend(1)",
    ] {
        let error = pgsql::query(&database, text, &[], &context(), 10).unwrap_err();
        assert_eq!(error.code, "25006", "{text}");
    }
    let _: Vec<(i64, Signal)> = database.signals;
}

#[test]
fn what_is_not_done_is_said_with_its_place() {
    let database = database();
    for (text, named) in [
        ("SELECT id, unnest(roles) FROM users", "unnest"),
        ("SELECT pg_sleep(5)", "pg_sleep"),
        ("SELECT id FROM users WHERE id SIMILAR TO 'a'", "SIMILAR"),
        ("SELECT 'x'::money", "money"),
    ] {
        let error = pgsql::query(&database, text, &[], &context(), 10).unwrap_err();
        assert!(
            error.message.to_lowercase().contains(&named.to_lowercase()),
            "{text}: {error}"
        );
        assert!(error.position.is_some(), "{text}: {error}");
    }
    let error = pgsql::query(
        &database,
        "SELECT\n  nosuch FROM users",
        &[],
        &context(),
        10,
    );
    assert_eq!(error.unwrap_err().position, Some(9));
}

/// What would be answered otherwise than by a server is refused, never answered in part.
#[test]
fn what_would_be_answered_wrongly_is_refused_by_name() {
    let database = database();
    for text in [
        // A server takes these aggregates for the query around.
        "SELECT (SELECT max(u.id)) FROM users u",
        "SELECT id, (SELECT count(u.id) FROM webhook_endpoints) FROM users u GROUP BY id",
        // ORDER BY and LIMIT belong to the query in the parentheses.
        "(SELECT id FROM users LIMIT 2) ORDER BY id",
        "(SELECT id FROM users ORDER BY id LIMIT 5) OFFSET 2",
        // Read from the left.
        "SELECT id FROM users WHERE id ~ '^u' || '-'",
        "SELECT NOT EXISTS (SELECT 1) IS NULL",
        "SELECT * FROM (VALUES (1)) a(id) JOIN (VALUES (1::bigint)) b(id) USING (id)",
        "SELECT to_char(now(), 'SSSS')",
        "SELECT interval '1.5' day",
        "SELECT extract(day FROM timestamptz 'infinity')",
        "SELECT age(timestamptz 'infinity', now())",
        "SELECT 1e-30::float8::numeric",
        "SELECT regexp_replace('abc', 'x*', '-', 'g')",
        "SELECT regexp_split_to_array('abc', '')",
        "SELECT 'aa' ~ '(a)\\1'",
        "SELECT 'Ä' ~* 'ä'",
        "SELECT '{\"a\": {\"b\": 1}}'::json ->> 'a'",
        "SELECT users FROM users",
        "SELECT TRY_CAST('1' AS int)",
        "SELECT ('{{1,2}}'::int[])[1][2]",
        "SELECT 1 << 2",
        "SELECT date(now())",
        "SELECT percent_rank() OVER (ORDER BY id) FROM users",
        "SELECT string_to_array('a', ',', 'b')",
        "SELECT to_timestamp('2026', 'YYYY')",
        "SELECT ARRAY[1] || 2.5",
    ] {
        let error = pgsql::query(&database, text, &[], &context(), 10).unwrap_err();
        assert_eq!(error.code, "0A000", "{text}: {error}");
    }
}

/// What would take more memory than there is, or nest deeper than the stack goes, is refused.
#[test]
fn size_is_limited() {
    let database = database();
    let chained = |first: &str, next: &dyn Fn(usize) -> String, count: usize| {
        let mut text = format!("WITH a0 AS ({first})");
        for index in 1..=count {
            let _ = write!(text, ", a{index} AS ({})", next(index - 1));
        }
        format!("{text} SELECT * FROM a{count}")
    };
    let doubled =
        |form: &'static str| move |before: usize| form.replace('@', &format!("a{before}"));
    for text in [
        chained("SELECT 1 AS x", &doubled("SELECT * FROM @"), 1500),
        chained(
            "SELECT 1 AS x",
            &doubled("SELECT * FROM @ UNION ALL SELECT * FROM @"),
            40,
        ),
        chained("SELECT 'x' AS x", &doubled("SELECT x || x AS x FROM @"), 40),
        chained(
            "SELECT ARRAY[1] AS x",
            &doubled("SELECT x || x AS x FROM @"),
            40,
        ),
        chained(
            "SELECT ARRAY[1, 1] AS x",
            &doubled("SELECT ARRAY[x, x] AS x FROM @"),
            40,
        ),
        chained(
            "SELECT '[1]'::jsonb AS x",
            &doubled("SELECT x || x AS x FROM @"),
            40,
        ),
        chained(
            "SELECT '1'::jsonb AS x",
            &doubled("SELECT jsonb_build_array(x, x) AS x FROM @"),
            40,
        ),
        "SELECT replace(repeat('x', 10000000), 'x', repeat('y', 10000000))".to_owned(),
        "SELECT array_to_string(string_to_array(repeat('x,', 100000), ','), repeat('y', 1000000))"
            .to_owned(),
        "SELECT string_agg(repeat('x', 10000000), ',') FROM generate_series(1, 1000)".to_owned(),
        "SELECT repeat(id, 1000000) FROM users, generate_series(1, 1000)".to_owned(),
        "SELECT array_agg(n) OVER (ORDER BY n) FROM generate_series(1, 20000) AS n".to_owned(),
        "SELECT * FROM generate_series(1, 100000000)".to_owned(),
        "SELECT * FROM users a, users b, users c, users d, users e".to_owned(),
    ] {
        let error = pgsql::query(&database, &text, &[], &context(), 10).unwrap_err();
        assert!(
            matches!(error.code, "0A000" | "54000" | "54001"),
            "{text:.200}: {error}"
        );
    }
}

/// Queries of a WITH that read one another are computed one after another, not within one another.
#[test]
fn a_chain_of_queries_is_not_deep() {
    let database = database();
    for body in [
        "SELECT x FROM (SELECT DISTINCT x FROM (SELECT x, count(*) FROM (SELECT x FROM (SELECT x FROM @ LIMIT 3) a ORDER BY 1) b \
         WHERE (((((x = (SELECT max(x) FROM @)))))) GROUP BY x) c) d"
            .to_owned(),
        format!("SELECT (SELECT x FROM @) {} AS x", "+ 0 ".repeat(97)),
    ] {
        let mut text = "WITH a0 AS (SELECT 1 AS x)".to_owned();
        for index in 1..40 {
            let body = body.replace('@', &format!("a{}", index - 1));
            let _ = write!(text, ", a{index} AS ({body})");
        }
        text += " SELECT x FROM a39";
        let answer = pgsql::query(&database, &text, &[], &context(), 10).unwrap();
        assert_eq!(answer.rows, [[Value::Int(1)]]);
    }
}

/// Tables that WHERE brings together are no product on the way.
#[test]
fn where_joins_what_a_comma_lists() {
    let database = database();
    let text = "SELECT count(*) FROM generate_series(1, 20000) a(n), generate_series(1, 20000) b(n), generate_series(1, 20000) c(n) \
                WHERE a.n = b.n AND c.n = b.n AND a.n % 2 = 0";
    let answer = pgsql::query(&database, text, &[], &context(), 10).unwrap();
    assert_eq!(answer.rows, [[Value::Int(10_000)]]);
}

const TYPES: &[Type] = &[
    Type::Bool,
    Type::Int2,
    Type::Int8,
    Type::Float8,
    Type::Numeric(None),
    Type::Numeric(Some((6, 2))),
    Type::Timestamptz,
    Type::Date,
    Type::Interval,
    Type::Uuid,
    Type::Json,
    Type::Jsonb,
    Type::Inet,
    Type::Bytea,
];

/// Words that statements are made of, so that some of the random ones mean something.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "users",
    "u",
    "WHERE",
    "id",
    "\"tenantId\"",
    "=",
    "<>",
    "IN",
    "(",
    ")",
    ",",
    "*",
    "count(*)",
    "GROUP BY",
    "ORDER BY",
    "1",
    "2",
    "-",
    "+",
    "/",
    "0",
    "'a'",
    "NULL",
    "AND",
    "OR",
    "NOT",
    "IS",
    "::int",
    "::text",
    "::timestamptz",
    "now()",
    "interval '1 day'",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "true",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "DISTINCT",
    "HAVING",
    "LIMIT",
    "UNION",
    "roles",
    "[1]",
    "ANY",
    "sum",
    "max",
    "over ()",
    "AS",
    "x",
    ".",
    "email",
    "||",
    "LIKE",
    "BETWEEN",
    "coalesce",
    "->>",
    "$1",
    "EXISTS",
    "WITH",
    "VALUES",
    "LATERAL",
    "unnest",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn words_in_any_order(words in prop::collection::vec(prop::sample::select(WORDS), 0..24)) {
        try_all(&DATABASE, &format!("SELECT {}", words.join(" ")));
    }

    #[test]
    fn any_text(text in "\\PC{0,80}") {
        let database = Database::default();
        try_all(&database, &text);
        for ty in TYPES {
            let _ = Value::parse(ty, &text);
            let _ = Value::parse(&Type::Array(Box::new(ty.clone())), &format!("{{{text}}}"));
        }
    }

    /// What a type accepts, it writes so that it reads the same again.
    #[test]
    fn texts_read_back(text in "[-+0-9a-fTZ:. /x{}]{1,24}") {
        for ty in TYPES {
            if let Ok(value) = Value::parse(ty, &text) {
                let written = value.to_text(ty).unwrap();
                let again = Value::parse(ty, &written)
                    .unwrap_or_else(|error| panic!("{ty:?} {text} {written}: {error}"));
                prop_assert_eq!(again.to_text(ty), Some(written));
            }
        }
    }
}
