//! Rows of the database as JSON.

use serde_json::{Map, Value as Json, json};

use crate::model::Timestamp;
use crate::pgsql::{Database, Table, Value};

/// Queries and tables that the profiler shows at most.
const PROFILED: usize = 10;
/// A query that runs longer is slow, in microseconds.
const SLOW_MICROS: i64 = 1_000_000;

/// The newest rows of a table by a column of times.
pub(super) fn newest(database: &Database, table: &str, by: &str, limit: usize) -> Vec<Json> {
    let Some(table) = database.table("public", table) else {
        return Vec::new();
    };
    let at = table.column(by);
    let time = |row: &[Value]| match at.and_then(|at| row.get(at)) {
        Some(Value::Timestamp(micros)) => *micros,
        _ => i64::MIN,
    };
    // Rows of the same time: the one inserted last is the newest.
    let mut rows: Vec<&[Value]> = table.rows.iter().rev().map(|row| &**row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(time(row)));
    rows.truncate(limit);
    rows.into_iter().map(|row| object(table, row)).collect()
}

fn object(table: &Table, row: &[Value]) -> Json {
    let fields = table.columns.iter().zip(row);
    Json::Object(
        fields
            .map(|(column, value)| (column.name.clone(), json(value)))
            .collect::<Map<_, _>>(),
    )
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => json!(bool),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Numeric(number) => json!(number.to_string()),
        Value::Text(text) | Value::Inet(text) => json!(text.as_ref()),
        Value::Timestamp(micros) => {
            Timestamp::from_microsecond(*micros).map_or(Json::Null, |at| json!(at.to_string()))
        }
        Value::Date(days) => Timestamp::from_second(i64::from(*days) * 86_400)
            .map_or(Json::Null, |at| json!(at.strftime("%Y-%m-%d").to_string())),
        Value::Interval {
            months,
            days,
            micros,
        } => json!(format!("P{months}M{days}DT{}S", micros / 1_000_000)),
        Value::Uuid(id) => json!(id.to_string()),
        Value::Json(inside) => inside.as_ref().clone(),
        Value::Bytes(bytes) => json!(format!("{} bytes", bytes.len())),
        Value::Array(items) => Json::Array(items.iter().map(json).collect()),
    }
}

/// What the query profiler shows: what runs for long now, and tables that are read from end to end.
pub(super) fn profile(database: &Database, now: Timestamp) -> Json {
    let mut slow: Vec<(i64, Json)> = Vec::new();
    for row in rows(database, "pg_stat_activity") {
        let Some(Value::Timestamp(started)) = row.get("query_start") else {
            continue;
        };
        let micros = now.as_microsecond() - started;
        let idle = matches!(row.get("state"), Some(Value::Text(state)) if state.as_ref() == "idle");
        if micros > SLOW_MICROS && !idle {
            let field = |name: &str| row.get(name).map_or(Json::Null, json);
            let shown = json!({
                "pid": field("pid"),
                "query": field("query"),
                "state": field("state"),
                "wait_event_type": field("wait_event_type"),
                "duration_ms": micros / 1_000,
            });
            slow.push((micros, shown));
        }
    }
    let mut scanned: Vec<(i64, Json)> = Vec::new();
    for row in rows(database, "pg_stat_user_tables") {
        let number = |name: &str| match row.get(name) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        };
        let read = number("seq_tup_read");
        if number("seq_scan") > number("idx_scan") {
            let shown = json!({
                "table": row.get("relname").map_or(Json::Null, json),
                "sequential_scans": number("seq_scan"),
                "index_scans": number("idx_scan"),
                "rows_read_sequentially": read,
            });
            scanned.push((read, shown));
        }
    }
    json!({
        "enabled": true,
        "slow_queries": greatest(slow),
        "tables_read_sequentially": greatest(scanned),
    })
}

/// A row by its columns' names.
struct Named<'a> {
    table: &'a Table,
    row: &'a [Value],
}

impl Named<'_> {
    fn get(&self, column: &str) -> Option<&Value> {
        self.row.get(self.table.column(column)?)
    }
}

fn rows<'a>(database: &'a Database, table: &str) -> impl Iterator<Item = Named<'a>> {
    let table = database.table("pg_catalog", table);
    table
        .into_iter()
        .flat_map(|table| table.rows.iter().map(move |row| Named { table, row }))
}

fn greatest(mut ranked: Vec<(i64, Json)>) -> Vec<Json> {
    ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    ranked.truncate(PROFILED);
    ranked.into_iter().map(|(_, shown)| shown).collect()
}
