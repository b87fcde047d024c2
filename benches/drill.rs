//! The simulated service of a drill: making it, letting time pass, the reads of the shipped playbooks against it, and a frame of the cockpit.
//!
//! `cargo bench --bench drill`. The floor is SQLite in memory in the same run: taking in the same cells, and reading every cell of the tables that a read
//! names. The floor of a frame is a screen full of text.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench stops at the first surprise"
)]

#[expect(dead_code, reason = "screens of tests; one of them is drawn here")]
#[path = "../tests/support/state.rs"]
mod state;
mod times;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::drill::{Director, Scenario, World, scenario};
use quarterdeck::engine::state::Screen;
use quarterdeck::kql;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::playbook::{Action, Effect, Language, Playbook};
use quarterdeck::model::{Mode, Timestamp, limits};
use quarterdeck::playbook::{parse, read_file};
use quarterdeck::runtime::trial::{self, Trial};
use quarterdeck::sources::registry::Sources;
use quarterdeck::sources::simulated::Simulation;
use quarterdeck::sources::{RunContext, Sink};
use quarterdeck::theme::Theme;
use quarterdeck::ui::{Local, paint};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use times::{Times, verdict};

const TURNS: usize = 7;
const SEED: u64 = 7;
const HISTORY: Duration = Duration::from_hours(26);
const DRILL: Duration = Duration::from_hours(8);
/// Time passes in a drill as often as this, at most.
const STEP: Duration = Duration::from_secs(5);
/// How many times the floor a world may cost to make, and a read to answer.
const BAR: f64 = 10.0;
/// Milliseconds of a frame.
const FRAME_MS: f64 = 5.0;

fn main() {
    let scenario = Arc::new(long_scenario());
    println!("| | ms | floor, ms | times the floor | bar | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    passing(&scenario);
    making(&scenario);
    reads(&scenario);
    frame();
    println!("\nresident at most: {} MiB", resident_mebibytes());
}

/// The first of the scenarios that come with the program, with a longer past.
fn long_scenario() -> Scenario {
    let (name, text) = scenario::BUILT_IN[0];
    let source = SourceText {
        path: (*name).into(),
        text: (*text).into(),
    };
    let (mut scenario, findings) = scenario::parse(source);
    assert!(findings.is_empty(), "{findings:?}");
    scenario.history = HISTORY;
    scenario
}

fn row(name: &str, ours: &Times, theirs: &Times, bar: f64) {
    let (times, ms, floor) = (ours.paired(theirs), ms(ours), ms(theirs));
    println!(
        "| {name} | {ms:.2} | {floor:.2} | {times:.2} | {bar} | {} |",
        verdict(times < bar)
    );
}

fn ms(times: &Times) -> f64 {
    times.micros(0.5) / 1_000.0
}

/// Eight hours of a drill, step by step.
fn passing(scenario: &Scenario) {
    let mut world = World::new(scenario, SEED);
    let mut steps = Times::default();
    let mut now = world.now();
    let end = now.saturating_add(DRILL).unwrap();
    while now < end {
        now = now.saturating_add(STEP).unwrap();
        steps.time(|| world.advance(now));
    }
    println!(
        "| 8 h in steps of 5 s | {:.0} | | | | |",
        steps.0.iter().sum::<Duration>().as_secs_f64() * 1_000.0
    );
    for (name, share) in [("median", 0.5), ("99 of 100", 0.99), ("slowest", 1.0)] {
        println!(
            "| – a step, {name} | {:.3} | | | | |",
            steps.micros(share) / 1_000.0
        );
    }
}

/// The service with its past, beside SQLite taking in the same cells.
fn making(scenario: &Scenario) {
    let [mut ours, mut theirs] = [(); 2].map(|()| Times::default());
    let mut rows = 0;
    for _ in 0..TURNS {
        let world = ours.time(|| World::new(scenario, SEED));
        let floor = Floor::of(&world);
        rows = floor.rows;
        theirs.0.push(floor.took);
    }
    let name = format!("a service with 26 h of past, {rows} rows and samples");
    row(&name, &ours, &theirs, BAR);
}

/// Every table of a world in SQLite.
struct Floor {
    connection: Connection,
    /// Names of the tables as queries write them, and how many columns they have.
    tables: Vec<(String, usize)>,
    rows: usize,
    /// How long SQLite took to take in the rows.
    took: Duration,
}

impl Floor {
    fn of(world: &World) -> Self {
        let mut floor = Self {
            connection: Connection::open_in_memory().unwrap(),
            tables: Vec::new(),
            rows: 0,
            took: Duration::ZERO,
        };
        for table in &world.database().tables {
            let rows = table
                .rows
                .iter()
                .map(|row| row.iter().map(|v| text(v)).collect());
            floor.take_in(&table.name, table.columns.len(), rows.collect());
        }
        let never = || false;
        for name in world.telemetry().names() {
            let options = kql::Options {
                now: 0,
                parameters: Vec::new(),
            };
            let run = kql::Run::new(kql::Limits::default(), &never);
            let answers = kql::run(&name, world.telemetry(), &options, &run).unwrap();
            let rows = answers[0]
                .values()
                .map(|row| row.iter().map(|v| text(v)).collect());
            floor.take_in(&name, answers[0].schema.fields.len(), rows.collect());
        }
        for series in &world.metrics().series {
            let points = series.points.iter();
            let rows = points.map(|point| vec![Cell::Integer(point.at), Cell::Real(point.value)]);
            floor.take_in(&series.labels["__name__"], 2, rows.collect());
        }
        floor
    }

    fn take_in(&mut self, name: &str, columns: usize, rows: Vec<Vec<Cell>>) {
        let known = self.tables.iter().any(|(known, _)| known == name);
        let list =
            |item: &dyn Fn(usize) -> String| (0..columns).map(item).collect::<Vec<_>>().join(", ");
        self.rows += rows.len();
        let mut took = Times::default();
        took.time(|| {
            self.connection.execute_batch("BEGIN").unwrap();
            if !known {
                let columns = list(&|place| format!("c{place}"));
                let create = format!("CREATE TABLE \"{name}\" ({columns})");
                self.connection.execute_batch(&create).unwrap();
            }
            let values = list(&|_| "?".to_owned());
            let insert = format!("INSERT INTO \"{name}\" VALUES ({values})");
            let mut insert = self.connection.prepare(&insert).unwrap();
            for row in rows {
                insert.execute(rusqlite::params_from_iter(row)).unwrap();
            }
            drop(insert);
            self.connection.execute_batch("COMMIT").unwrap();
        });
        self.took += took.0[0];
        if !known {
            self.tables.push((name.to_owned(), columns));
        }
    }

    /// Reads every cell of every table that the text names.
    fn read(&self, text: &str) -> usize {
        let named = self
            .tables
            .iter()
            .filter(|(name, _)| text.contains(name.as_str()));
        let mut tables = 0;
        for (name, columns) in named {
            let sums: Vec<String> = (0..*columns)
                .map(|c| format!("sum(length(c{c}))"))
                .collect();
            let query = format!("SELECT {} FROM \"{name}\"", sums.join(", "));
            let mut query = self.connection.prepare_cached(&query).unwrap();
            let sum: Option<i64> = query.query_row((), |row| row.get(0)).unwrap();
            black_box(sum);
            tables += 1;
        }
        tables
    }
}

fn text(value: &impl std::fmt::Debug) -> Cell {
    Cell::Text(format!("{value:?}"))
}

/// Every read of the shipped playbooks in the three languages, after eight hours.
fn reads(scenario: &Arc<Scenario>) {
    let mut director = Director::new(Arc::clone(scenario), SEED);
    let now = scenario.starts.saturating_add(DRILL).unwrap();
    director.advance(now);
    let given = director.inputs();
    let floor = Floor::of(director.world());
    let folder = tempfile::tempdir().unwrap();
    let simulation = Simulation {
        director: Arc::new(Mutex::new(director)),
        // Time stands still: the service's own time never goes back.
        clock: || Timestamp::UNIX_EPOCH,
        spill_folder: folder.path().to_owned(),
        operator: "bench".to_owned(),
    };
    let tasks = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    for playbook in playbooks() {
        let given: Vec<_> = given
            .iter()
            .filter(|(id, _)| playbook.inputs.contains_key(*id))
            .map(|(id, text)| (id.clone(), text.clone()))
            .collect();
        let mut values = trial::values(&playbook, &given).unwrap();
        for value in values.iter_mut().filter_map(|(_, value)| value.as_mut()) {
            value.example = false;
        }
        let trial = Trial {
            playbook: &playbook,
            values,
            operator: "bench".to_owned(),
            now,
        };
        let sources = Sources::simulated(&simulation, &playbook);
        for action in playbook.actions.values() {
            let asked = matches!(
                action.language,
                Language::Kql | Language::Sql | Language::Promql
            );
            if asked {
                read(&tasks, &sources, &trial, action, &floor);
            }
        }
    }
}

fn playbooks() -> Vec<Playbook> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let parsed = paths
        .iter()
        .flat_map(|path| parse(&read_file(path).unwrap()));
    parsed.map(|parsed| parsed.playbook).collect()
}

fn read(
    tasks: &tokio::runtime::Runtime,
    sources: &Sources,
    trial: &Trial<'_>,
    action: &Action,
    floor: &Floor,
) {
    let name = format!(
        "{} `{}` of {}",
        action.language.word(),
        action.id,
        trial.playbook.id
    );
    let planned = sources.resolve(action).and_then(|source| {
        let request = source.plan(action, &trial.context(action))?;
        let request = tasks.block_on(source.describe(request))?;
        Ok((source, request))
    });
    let (source, request) = match planned {
        Ok((_, request)) if request.effect == Effect::Write => return,
        Ok(planned) => planned,
        Err(error) => {
            println!("| {name}: {error} | | | | | MISSED |");
            return;
        }
    };
    let [mut ours, mut theirs] = [(); 2].map(|()| Times::default());
    for _ in 0..TURNS {
        let ended = ours.time(|| {
            tasks.block_on(async {
                let (sender, mut chunks) = tokio::sync::mpsc::channel(limits::CHUNKS);
                let sink = Sink::new(sender);
                let context = RunContext {
                    cancel: tokio_util::sync::CancellationToken::new(),
                    deadline: request.timeout,
                    output_folder: PathBuf::new(),
                };
                let running = async {
                    let ended = source.run(&request, &sink, context).await;
                    drop(sink);
                    ended
                };
                let taking = async { while chunks.recv().await.is_some() {} };
                tokio::join!(running, taking).0
            })
        });
        if let Err(error) = ended {
            println!("| {name}: {error} | | | | | MISSED |");
            return;
        }
        theirs.time(|| black_box(floor.read(&request.text)));
    }
    row(&name, &ours, &theirs, BAR);
}

/// A frame of the cockpit in a drill, beside a screen full of text.
fn frame() {
    let mut state = state::breach();
    let Screen::Cockpit(cockpit) = &mut state.screen else {
        return;
    };
    cockpit.incident.mode = Mode::Drill;
    let area = Rect::new(0, 0, 120, 40);
    let (mut local, theme) = (Local::default(), Theme::default());
    let line = "a line that is as wide as the screen ".repeat(4);
    let [mut ours, mut theirs] = [(); 2].map(|()| Times::default());
    let mut last = [(); 2].map(|()| Buffer::empty(area));
    for turn in 0..TURNS * 100 {
        // A second later, so that clocks are written anew.
        state.now = state.now.saturating_add(Duration::from_secs(1)).unwrap();
        ours.time(|| {
            let mut buffer = Buffer::empty(area);
            paint(&state, &mut local, &theme, &mut buffer);
            black_box(last[0].diff(&buffer).len());
            last[0] = buffer;
        });
        theirs.time(|| {
            let mut buffer = Buffer::empty(area);
            for y in 0..area.height {
                let from = usize::from(y) + turn % 2;
                buffer.set_stringn(0, y, &line[from % 30..], 120, Style::default());
            }
            black_box(last[1].diff(&buffer).len());
            last[1] = buffer;
        });
    }
    let (ours, theirs) = (ms(&ours), ms(&theirs));
    println!(
        "| a frame in a drill, 120x40 | {ours:.3} | {theirs:.3} | {:.2} | < {FRAME_MS} ms | {} |",
        ours / theirs,
        verdict(ours < FRAME_MS)
    );
}

/// The most memory the process has had, SQLite's copies among it.
fn resident_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() / 1024
}
