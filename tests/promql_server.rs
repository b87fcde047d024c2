//! The embedded PromQL engine answers as a real Prometheus does: the same samples, the same queries, the same answers.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod support {
    #[expect(dead_code, reason = "its scrapes are for other tests")]
    pub mod prometheus;
}
#[path = "promql/generated.rs"]
mod generated;
#[path = "promql/remote.rs"]
mod remote;
#[path = "promql/world.rs"]
mod world;

use quarterdeck::promql::{self, Answer, Store};
use remote::{Line, Remote};
use world::{END, START};

/// Expressions, one a line; `#` begins a remark.
const EXPRESSIONS: &str = include_str!("fixtures/promql/expressions.txt");
/// What neither answers.
const REFUSED: &str = include_str!("fixtures/promql/refused.txt");

/// Sums of floating point numbers may be made in another order.
const TOLERANCE: f64 = 1e-9;

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The text of every `promql` fence of the shipped playbooks.
fn of_playbooks() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks");
    let mut queries = Vec::new();
    for file in std::fs::read_dir(folder).expect("the shipped playbooks") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("a playbook");
        for fence in text.split("```promql").skip(1) {
            let (_, body) = fence.split_once('\n').expect("a body");
            let (query, _) = body.split_once("```").expect("an end");
            queries.push(query.trim().to_owned());
        }
    }
    assert!(queries.len() >= 4, "the playbooks ask Prometheus");
    queries
}

fn never() -> bool {
    false
}

fn ours_over_time(store: &Store, query: &str, at: (i64, i64, i64)) -> Result<Vec<Line>, String> {
    let expr = promql::parse(query).map_err(|error| error.to_string())?;
    promql::range(store, &expr, at.0, at.1, at.2, &never).map_err(|error| error.to_string())
}

fn ours_at(store: &Store, query: &str, at: i64) -> Result<(String, Vec<Line>), String> {
    let expr = promql::parse(query).map_err(|error| error.to_string())?;
    let answer = promql::instant(store, &expr, at, &never).map_err(|error| error.to_string())?;
    let (kind, lines) = match answer {
        Answer::Scalar(value) => ("scalar", vec![(promql::Labels::new(), vec![(at, value)])]),
        Answer::Text(text) => {
            let text = serde_json::Value::from(text).to_string();
            (
                "string",
                vec![([("text".to_owned(), text)].into(), Vec::new())],
            )
        }
        Answer::Vector(rows) => {
            let rows = rows.into_iter();
            (
                "vector",
                rows.map(|(labels, value)| (labels, vec![(at, value)]))
                    .collect(),
            )
        }
        Answer::Matrix(lines) => ("matrix", lines),
    };
    Ok((kind.to_owned(), lines))
}

fn same_number(left: f64, right: f64) -> bool {
    let near = || (left - right).abs() <= TOLERANCE * left.abs().max(right.abs());
    left.total_cmp(&right).is_eq()
        || (left.is_nan() && right.is_nan())
        || (left.is_finite() && right.is_finite() && near())
}

/// What differs, in words; none when the answers agree.
fn difference(ours: &[Line], theirs: &[Line]) -> Option<String> {
    if ours.len() != theirs.len() {
        return Some(format!("{} series, theirs {}", ours.len(), theirs.len()));
    }
    for ((labels, samples), (their_labels, their_samples)) in ours.iter().zip(theirs) {
        if labels != their_labels {
            return Some(format!("{labels:?}, theirs {their_labels:?}"));
        }
        if samples.len() != their_samples.len() {
            let (count, their_count) = (samples.len(), their_samples.len());
            return Some(format!("{labels:?}: {count} samples, theirs {their_count}"));
        }
        for (sample, theirs) in samples.iter().zip(their_samples) {
            if sample.0 != theirs.0 || !same_number(sample.1, theirs.1) {
                return Some(format!("{labels:?}: {sample:?}, theirs {theirs:?}"));
            }
        }
    }
    None
}

fn in_order(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|left, right| left.0.cmp(&right.0));
    lines
}

/// The engine beside the server, and what was found so far.
struct Comparison {
    store: Store,
    remote: Remote,
    /// The order of an instant query's answer counts.
    ordered: bool,
    wrong: Vec<String>,
    /// How many answers were compared, and how many samples were in them.
    answers: usize,
    samples: usize,
}

impl Comparison {
    fn start() -> Self {
        let store = world::store();
        Self {
            remote: Remote::start(&store),
            store,
            ordered: false,
            wrong: Vec::new(),
            answers: 0,
            samples: 0,
        }
    }

    /// Asks both: over ranges (start, end, step), where the query has a chart, and at times.
    fn ask(&mut self, query: &str, ranges: &[(i64, i64, i64)], times: &[i64]) {
        let expr = match promql::parse(query) {
            Ok(expr) => expr,
            Err(error) => {
                if self.remote.instant(query, START).is_ok() {
                    self.wrong
                        .push(format!("{query}\n    {error} at {:?}", error.span));
                }
                return;
            }
        };
        if matches!(expr.ty(), promql::Type::Scalar | promql::Type::Vector) {
            for (start, end, step) in ranges.iter().copied() {
                let ours = ours_over_time(&self.store, query, (start, end, step));
                let theirs = self.remote.range(query, start, end, step).map(in_order);
                self.compare(
                    query,
                    &format!("from {start} to {end} by {step}"),
                    ours,
                    theirs,
                );
            }
        }
        for at in times.iter().copied() {
            let (kind, ours) = ours_at(&self.store, query, at).map_or_else(
                |error| (None, Err(error)),
                |(kind, lines)| {
                    (
                        Some(kind),
                        Ok(if self.ordered { lines } else { in_order(lines) }),
                    )
                },
            );
            let theirs = self.remote.instant(query, at).map(|(their_kind, lines)| {
                assert!(kind.is_none() || kind == Some(their_kind), "{query}");
                if self.ordered { lines } else { in_order(lines) }
            });
            self.compare(query, &format!("at {at}"), ours, theirs);
        }
    }

    fn compare(
        &mut self,
        query: &str,
        place: &str,
        ours: Result<Vec<Line>, String>,
        theirs: Result<Vec<Line>, String>,
    ) {
        self.answers += 1;
        let differs = match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                self.samples += theirs.iter().map(|(_, values)| values.len()).sum::<usize>();
                difference(&ours, &theirs)
            }
            (Err(_), Err(_)) => None,
            (ours, theirs) => Some(format!("{:?}, theirs {:?}", ours.err(), theirs.err())),
        };
        self.wrong
            .extend(differs.map(|differs| format!("{query}\n    {place}: {differs}")));
    }

    /// Nothing differs, and there were as many answers and samples: so that an empty list of expressions, or a server without samples, does not count as agreement.
    fn agrees(&self, answers: usize, samples: usize) {
        assert!(
            self.wrong.is_empty(),
            "{} differ:\n{}",
            self.wrong.len(),
            self.wrong.join("\n")
        );
        assert!(
            self.answers >= answers && self.samples >= samples,
            "only {} answers, {} samples",
            self.answers,
            self.samples
        );
    }
}

const MINUTE: i64 = 60_000;
/// On the edges of scrapes and off them; a short step, a long one, and one that is no multiple of anything.
const RANGES: [(i64, i64, i64); 3] = [
    (START, END, MINUTE),
    (START + 41 * MINUTE, START + 75 * MINUTE, 15_000),
    (START + 1_234, END + 7 * MINUTE, 437_011),
];
const TIMES: [i64; 4] = [
    START + 5 * MINUTE,
    START + 62 * MINUTE + 7,
    START + 105 * MINUTE,
    END + MINUTE,
];

#[test]
fn answers_are_those_of_a_real_server() {
    let mut comparison = Comparison::start();
    let playbooks = of_playbooks();
    for query in listed(EXPRESSIONS).chain(playbooks.iter().map(String::as_str)) {
        comparison.ordered = ["sort", "topk", "bottomk"]
            .iter()
            .any(|word| query.starts_with(word));
        comparison.ask(query, &RANGES, &TIMES);
    }
    comparison.agrees(2_000, 200_000);
}

#[test]
fn what_is_composed_at_random_is_answered_as_by_a_real_server() {
    let mut comparison = Comparison::start();
    let composed = generated::expressions(1, 500);
    let disturbed = generated::disturbed(2, 500);
    for (number, query) in composed.iter().chain(&disturbed).enumerate() {
        let range = [RANGES[0], RANGES[2]][number % 2];
        comparison.ask(query, &[range], &[TIMES[number % TIMES.len()]]);
    }
    comparison.agrees(1_100, 50_000);
}

#[test]
fn what_is_no_query_is_refused_by_both() {
    let store = world::store();
    let remote = Remote::start(&store);
    let at = START + 62 * MINUTE;
    for query in listed(REFUSED) {
        let theirs = remote.instant(query, at);
        let ours = ours_at(&store, query, at);
        assert!(theirs.is_err(), "the server answers {query}: {theirs:?}");
        assert!(
            ours.is_err(),
            "the engine answers {query}: {ours:?}\n{theirs:?}"
        );
    }
    // What it does not do, though Prometheus does, it says by name.
    let error = promql::parse("holt_winters(up[5m], 0.5, 0.5)").expect_err("not done");
    assert_eq!(error.kind, promql::ErrorKind::Unsupported);
    assert_eq!(error.span, 0..12);
    assert_eq!(
        error.to_string(),
        "the drill's metrics do not do holt_winters(); a live Prometheus may"
    );
}
