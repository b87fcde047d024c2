//! The embedded KQL engine over a million rows in memory, beside SQLite in memory in the same run, one core each.
//!
//! `cargo bench --bench kql`, or with `-- FOLDER` to write the rows as `requests.csv` and the figures as `kql.json` there, which is what
//! `kql.py` sets beside DuckDB. Both engines give all their rows; what differs is named beside the case.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench stops at the first surprise"
)]

mod times;

use std::fmt::Write;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::kql::column::ColumnBuilder;
use quarterdeck::kql::relation::{BATCH_ROWS, Batch};
use quarterdeck::kql::types::Field;
use quarterdeck::kql::{self, Limits, Memory, Options, Run, Schema, Type, Value};
use rusqlite::Connection;
use times::{Times, verdict};

const ROWS: usize = 1_000_000;
const TURNS: usize = 7;
/// Ticks of 100 ns from year 1 to 2026-07-01, where the rows begin.
const START: i64 = 639_184_608_000_000_000;
/// Ticks between two rows: a million rows are a day.
const STEP: i64 = 864_000;
/// How many times faster than SQLite the aggregation has to be.
const BAR: f64 = 5.0;

/// One question in both languages.
struct Case {
    name: &'static str,
    kql: &'static str,
    sql: &'static str,
    /// Whether SQLite gives the same number of rows.
    same: bool,
}

const CASES: &[Case] = &[
    Case {
        name: "summarize by time and key",
        kql: "requests | summarize count() by bin(timestamp, 5m), name",
        sql: "SELECT timestamp - timestamp % 3000000000 AS bin, name, count(*) FROM requests GROUP BY bin, name",
        same: true,
    },
    Case {
        name: "summarize sum and avg by key",
        kql: "requests | summarize count(), sum(resultCode), avg(duration), max(duration) by name",
        sql: "SELECT name, count(*), sum(resultCode), avg(duration), max(duration) FROM requests GROUP BY name",
        same: true,
    },
    Case {
        name: "where and take 50",
        kql: "requests | where duration > 990 and resultCode == 500 | take 50",
        sql: "SELECT * FROM requests WHERE duration > 990 AND resultCode = 500 LIMIT 50",
        same: true,
    },
    Case {
        name: "join to 1,000 machines",
        kql: "machines | join kind=inner requests on machine | summarize count() by zone",
        sql: "SELECT zone, count(*) FROM machines JOIN requests USING (machine) GROUP BY zone",
        same: true,
    },
    Case {
        name: "sort all by duration",
        kql: "requests | sort by duration desc | project timestamp, duration, name",
        sql: "SELECT timestamp, duration, name FROM requests ORDER BY duration DESC",
        same: true,
    },
    Case {
        name: "top 50 by duration",
        kql: "requests | top 50 by duration desc",
        sql: "SELECT * FROM requests ORDER BY duration DESC LIMIT 50",
        same: true,
    },
    Case {
        // SQLite has no search for whole words; LIKE finds more.
        name: "text has a word",
        kql: "requests | where message has 'timeout' | count",
        sql: "SELECT count(*) FROM requests WHERE message LIKE '%timeout%'",
        same: true,
    },
    Case {
        name: "a field of JSON text",
        kql: "requests | summarize count() by org = tostring(parse_json(dimensions).orgId)",
        sql: "SELECT json_extract(dimensions, '$.orgId') AS org, count(*) FROM requests GROUP BY org",
        same: true,
    },
    Case {
        name: "distinct machine and code",
        kql: "requests | distinct machine, resultCode",
        sql: "SELECT DISTINCT machine, resultCode FROM requests",
        same: true,
    },
];

fn main() {
    let folder = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"))
        .map(PathBuf::from);
    let (memory, sqlite) = load(folder.as_ref());
    println!("{ROWS} rows, {TURNS} turns, one core; medians in milliseconds");
    println!("{:<30} {:>9} {:>9} {:>9}", "", "KQL", "SQLite", "times");
    let mut figures = String::from("{");
    let mut met = true;
    for (number, case) in CASES.iter().enumerate() {
        let (mut ours, mut theirs) = (Times::default(), Times::default());
        for _ in 0..TURNS {
            let rows = ours.time(|| answer(&memory, case.kql));
            let others = theirs.time(|| select(&sqlite, case.sql));
            assert!(
                !case.same || rows == others,
                "{}: {rows} and {others} rows",
                case.name
            );
        }
        let times = theirs.paired(&ours);
        println!(
            "{:<30} {:>9.1} {:>9.1} {times:>8.1}x",
            case.name,
            ours.micros(0.5) / 1e3,
            theirs.micros(0.5) / 1e3,
        );
        let _ = write!(
            figures,
            "{}\"{}\": {:.3}",
            if number == 0 { "" } else { ", " },
            case.name,
            ours.micros(0.5) / 1e3
        );
        if number == 0 {
            met = times >= BAR;
        }
    }
    figures.push('}');
    if let Some(folder) = folder {
        std::fs::write(folder.join("kql.json"), figures).unwrap();
    }
    println!(
        "{} at least {BAR} times as fast as SQLite: {}",
        CASES[0].name,
        verdict(met)
    );
    std::process::exit(i32::from(!met));
}

/// How many rows a query gives.
fn answer(memory: &Memory, text: &str) -> usize {
    let options = Options {
        now: START,
        parameters: Vec::new(),
    };
    let never = || false;
    let answers = kql::run(text, memory, &options, &Run::new(Limits::default(), &never)).unwrap();
    let rows = answers.iter().map(kql::Answer::rows).sum();
    black_box(answers);
    rows
}

/// How many rows a statement gives; every cell is read.
fn select(sqlite: &Connection, text: &str) -> usize {
    let mut statement = sqlite.prepare_cached(text).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        for column in 0..width {
            black_box(row.get_ref(column).unwrap());
        }
        count += 1;
    }
    count
}

/// One row of the table of requests.
struct Request {
    timestamp: i64,
    name: String,
    machine: i64,
    code: i32,
    duration: f64,
    message: String,
    dimensions: String,
}

/// The rows, always the same ones.
fn requests() -> impl Iterator<Item = Request> {
    let mut state = 42_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..ROWS as i64).map(move |row| {
        let org = random(400);
        let verb = ["GET", "POST", "PUT"][random(3) as usize];
        let what = [
            "done",
            "timeout while waiting for",
            "retry of",
            "rejected by",
        ];
        Request {
            timestamp: START + row * STEP,
            name: format!("{verb} /api/v1/orders/{}", random(17)),
            machine: random(1_000) as i64,
            code: [200, 200, 200, 201, 204, 404, 500][random(7) as usize],
            duration: random(1_000_000) as f64 / 1e3,
            message: format!(
                "request {row} {} machine-{}",
                what[random(4) as usize],
                random(90)
            ),
            dimensions: format!(
                "{{\"orgId\": \"org-{org}\", \"attempt\": {}, \"region\": \"eu-{}\"}}",
                random(5),
                random(4)
            ),
        }
    })
}

/// Both databases with the same rows; the rows as a file where a folder is given.
fn load(folder: Option<&PathBuf>) -> (Memory, Connection) {
    let sqlite = Connection::open_in_memory().unwrap();
    sqlite
        .execute_batch(
            "CREATE TABLE requests (timestamp INTEGER, name TEXT, machine INTEGER, resultCode INTEGER, duration REAL, message TEXT, dimensions TEXT);
             CREATE TABLE machines (machine INTEGER, zone TEXT);
             BEGIN;",
        )
        .unwrap();
    let schema = [
        ("timestamp", Type::DateTime),
        ("name", Type::String),
        ("machine", Type::Long),
        ("resultCode", Type::Int),
        ("duration", Type::Real),
        ("message", Type::String),
        ("dimensions", Type::String),
    ];
    let mut table = TableBuilder::new(&schema);
    let mut csv = String::from("timestamp,name,machine,resultCode,duration,message,dimensions\n");
    {
        let mut insert = sqlite
            .prepare("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)")
            .unwrap();
        for row in requests() {
            insert
                .execute((
                    row.timestamp,
                    &row.name,
                    row.machine,
                    row.code,
                    row.duration,
                    &row.message,
                    &row.dimensions,
                ))
                .unwrap();
            if folder.is_some() {
                let quoted = row.dimensions.replace('"', "\"\"");
                let _ = writeln!(
                    csv,
                    "{},{},{},{},{},{},\"{quoted}\"",
                    row.timestamp, row.name, row.machine, row.code, row.duration, row.message
                );
            }
            table.push([
                Value::DateTime(row.timestamp),
                Value::String(row.name.into()),
                Value::Long(row.machine),
                Value::Int(row.code),
                Value::Real(row.duration),
                Value::String(row.message.into()),
                Value::String(row.dimensions.into()),
            ]);
        }
        if let Some(folder) = folder {
            std::fs::write(folder.join("requests.csv"), csv).unwrap();
        }
    }
    let mut memory = Memory::default();
    table.into_memory(&mut memory, "requests");
    let mut machines = TableBuilder::new(&[("machine", Type::Long), ("zone", Type::String)]);
    for machine in 0..1_000_i64 {
        let zone = format!("zone-{}", machine % 6);
        sqlite
            .execute("INSERT INTO machines VALUES (?, ?)", (machine, &zone))
            .unwrap();
        machines.push([Value::Long(machine), Value::String(zone.into())]);
    }
    machines.into_memory(&mut memory, "machines");
    sqlite.execute_batch("COMMIT").unwrap();
    (memory, sqlite)
}

/// A table in the making.
struct TableBuilder {
    schema: Schema,
    batches: Vec<Batch>,
    builders: Vec<ColumnBuilder>,
    rows: usize,
}

impl TableBuilder {
    fn new(columns: &[(&str, Type)]) -> Self {
        let fields = columns.iter().map(|(name, ty)| Field::new(*name, *ty));
        Self {
            schema: Schema::new(fields.collect()),
            batches: Vec::new(),
            builders: Vec::new(),
            rows: 0,
        }
    }

    fn push<const WIDTH: usize>(&mut self, row: [Value; WIDTH]) {
        if self.builders.is_empty() {
            let fields = self.schema.fields.iter();
            self.builders = fields
                .map(|field| ColumnBuilder::new(field.ty, BATCH_ROWS))
                .collect();
        }
        for (builder, value) in self.builders.iter_mut().zip(row) {
            builder.push(value);
        }
        self.rows += 1;
        if self.rows == BATCH_ROWS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.rows > 0 {
            let builders = std::mem::take(&mut self.builders);
            self.batches.push(Batch {
                columns: builders
                    .into_iter()
                    .map(|builder| Arc::new(builder.finish()))
                    .collect(),
                rows: std::mem::take(&mut self.rows),
            });
        }
    }

    fn into_memory(mut self, memory: &mut Memory, name: &str) {
        self.flush();
        memory.insert(name, self.schema, self.batches);
    }
}
