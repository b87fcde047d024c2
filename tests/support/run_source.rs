//! Builds a source out of the lines of a `config.toml`, runs actions on it and collects what comes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use quarterdeck::config::environment::Environment;
use quarterdeck::config::places::Places;
use quarterdeck::config::{Arguments, Config};
use quarterdeck::model::Timestamp;
use quarterdeck::model::playbook::{Action, Effect, Judge, Language};
use quarterdeck::model::request::{BoundInput, Chunk, Outcome, PlanContext, Request, RunError};
use quarterdeck::model::table::Series;
use quarterdeck::sources::registry::{Sources, Surroundings};
use quarterdeck::sources::{RunContext, SharedSource, Sink};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The value behind `env:TOKEN`.
pub const TOKEN: &str = "tok-3f9a77c1/+x";
const DEADLINE: Duration = Duration::from_secs(90);

/// Sources of a `config.toml`, and what is wrong with it from `line:column` on.
pub fn sources(profile: &str) -> (Sources, Vec<String>) {
    sources_in(profile, &std::env::var("PATH").unwrap())
}

/// The same, with a `PATH`.
pub fn sources_in(profile: &str, path: &str) -> (Sources, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), profile).unwrap();
    let places = Places {
        config: folder.path().to_owned(),
        data: folder.path().to_owned(),
        state: folder.path().to_owned(),
    };
    let environment = Arc::new(Environment::from_pairs([
        ("PATH", path),
        ("USER", "tester"),
        ("TOKEN", TOKEN),
        ("UNRELATED_API_KEY", "must-not-be-inherited"),
        ("BASH_ENV", "/nonexistent/hostile"),
        ("LD_PRELOAD", "/nonexistent/hostile.so"),
        ("KUBECONFIG", "/k"),
    ]));
    let (config, found) = Config::load(places, environment.clone(), &Arguments::default()).unwrap();
    assert_eq!(found, []);
    let surroundings = Surroundings {
        environment,
        clock: || Timestamp::from_second(1_000_000).unwrap(),
        accounts: quarterdeck::sources::azure::sign_in::Accounts::default(),
    };
    let (sources, found) = Sources::from_profile(&config, &surroundings);
    let found = found
        .iter()
        .map(|found| found.located(&config.source).to_string())
        .map(|line| line.split_once("config.toml:").unwrap().1.to_owned())
        .collect();
    (sources, found)
}

/// The only source of a profile, by the lines of its table.
pub fn source(lines: &str) -> SharedSource {
    source_in(lines, &std::env::var("PATH").unwrap())
}

/// The same, with a `PATH`.
pub fn source_in(lines: &str, path: &str) -> SharedSource {
    let (sources, found) = sources_in(&format!("[profiles.prod.sources.it]\n{lines}"), path);
    assert_eq!(found, Vec::<String>::new());
    let (_, configured) = sources.iter().next().unwrap();
    configured.source.clone()
}

/// A read with a time-out and nothing else.
pub fn action(language: Language, text: &str) -> Action {
    Action {
        id: "act".into(),
        key: None,
        title: String::new(),
        description: vec![],
        language,
        text: text.to_owned(),
        source: None,
        effect: Effect::Read,
        preserves: false,
        optional: false,
        inputs: vec![],
        view: None,
        x: None,
        y: None,
        by: vec![],
        every: None,
        limit: None,
        timeout: Some(Duration::from_secs(30)),
        judge: Judge::default(),
        preview: None,
        max_rows: None,
        undo: None,
        approve: 0,
        role: None,
        ok_codes: vec![],
        cwd: None,
        message: None,
        span: 0..0,
        text_span: 0..0,
    }
}

/// Planned now, over the last minute, sixty columns wide.
pub fn context(inputs: &[(&str, &'static str, &str)]) -> PlanContext {
    let now = Timestamp::now();
    PlanContext {
        now,
        window: (now - Duration::from_secs(60), now),
        width: 60,
        inputs: inputs
            .iter()
            .map(|(id, kind, text)| BoundInput {
                id: (*id).into(),
                kind,
                text: (*text).to_owned(),
                example: false,
                has_pattern: false,
            })
            .collect(),
        edited: None,
        message: None,
    }
}

/// A run and everything it said.
pub struct Ran {
    /// How it ended.
    pub result: Result<Outcome, RunError>,
    /// What came, in order.
    pub chunks: Vec<Chunk>,
}

impl Ran {
    /// Everything written to one of the outputs.
    pub fn output(&self, of_error: bool) -> String {
        self.chunks
            .iter()
            .filter_map(|chunk| match chunk {
                Chunk::Output { error, text } if *error == of_error => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Every warning in order.
    pub fn warnings(&self) -> Vec<&str> {
        self.chunks
            .iter()
            .filter_map(|chunk| match chunk {
                Chunk::Warning(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The lines of the chart.
    pub fn series(&self) -> &[Series] {
        self.chunks
            .iter()
            .find_map(|chunk| match chunk {
                Chunk::Series(series) => Some(series.as_slice()),
                _ => None,
            })
            .unwrap()
    }

    /// Names of the columns and the cells, `-` for NULL.
    pub fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        self.chunks
            .iter()
            .find_map(|chunk| match chunk {
                Chunk::Columns { columns, rows } => Some((
                    columns.iter().map(|column| column.name.clone()).collect(),
                    rows.read(0..usize::MAX)
                        .into_iter()
                        .map(|row| {
                            row.into_iter()
                                .map(|cell| cell.map_or("-".to_owned(), String::from))
                                .collect()
                        })
                        .collect(),
                )),
                _ => None,
            })
            .unwrap()
    }

    /// Message and code.
    pub fn failure(&self) -> (String, Option<String>) {
        match &self.result {
            Err(RunError::Failed { message, code, .. }) => (message.clone(), code.clone()),
            other => panic!("expected a failure, found {other:?}"),
        }
    }
}

/// Runs a request; `on_chunk` sees every chunk and may cancel.
pub async fn run_with(
    source: &SharedSource,
    request: &Request,
    mut on_chunk: impl FnMut(&Chunk, &CancellationToken),
) -> Ran {
    let (sender, mut receiver) = mpsc::channel(8);
    let cancel = CancellationToken::new();
    let running = async {
        let sink = Sink::new(sender);
        let context = RunContext {
            cancel: cancel.clone(),
            deadline: DEADLINE,
            output_folder: std::env::temp_dir(),
        };
        source.run(request, &sink, context).await
    };
    let listening = async {
        let mut chunks = Vec::new();
        while let Some(chunk) = receiver.recv().await {
            on_chunk(&chunk, &cancel);
            chunks.push(chunk);
        }
        chunks
    };
    let (result, chunks) = tokio::join!(running, listening);
    Ran { result, chunks }
}

/// Plans and runs.
pub async fn run(
    source: &SharedSource,
    action: &Action,
    inputs: &[(&str, &'static str, &str)],
) -> Ran {
    let request = source.plan(action, &context(inputs)).unwrap();
    run_with(source, &request, |_, _| {}).await
}

/// Runs until `good` likes the answer.
pub async fn run_until(
    source: &SharedSource,
    action: &Action,
    inputs: &[(&str, &'static str, &str)],
    good: impl Fn(&Ran) -> bool,
) -> Ran {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let ran = run(source, action, inputs).await;
        if good(&ran) {
            return ran;
        }
        assert!(
            Instant::now() < deadline,
            "never came: {:?} {:?}",
            ran.result,
            ran.chunks
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
