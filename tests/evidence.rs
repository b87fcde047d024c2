//! Evidence of results: bytes that do not change, that read back to the same result, and that never need a million rows
//! in memory.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use quarterdeck::capture::{Capture, LivePane, ResultFile, files, read, read_from};
use quarterdeck::model::answer::{Answer, AnswerBody};
use quarterdeck::model::ids::IncidentId;
use quarterdeck::model::playbook::ResultView;
use quarterdeck::model::request::Outcome;
use quarterdeck::model::table::{Column, ColumnKind, Row, RowStore, Rows, Sample, Series};
use quarterdeck::model::{Mode, Timestamp, limits};
use quarterdeck::record::entry::EvidenceOrigin;
use quarterdeck::runtime::capturing::{keep_in, read_back_from};
use quarterdeck::store::{Store, evidence};

fn at(clock: &str) -> Timestamp {
    format!("2026-01-31T{clock}Z").parse().unwrap()
}

fn capture(body: AnswerBody, outcome: Outcome) -> Capture {
    Capture {
        answer: Answer {
            outcome,
            started_at: at("03:11:58"),
            ended_at: at("03:11:58.018"),
            body,
        },
        origin: EvidenceOrigin {
            action: "identify-source".into(),
            target: "postgres audit@db1:5432/app as reader".into(),
            query: "SELECT 1".into(),
            acquired_at: at("03:11:58.018"),
            intent: None,
            incomplete: None,
        },
        title: "Identify the source".into(),
        view: Some(ResultView::Table),
        pane: None,
    }
}

fn column(name: &str, kind: ColumnKind, type_name: &str) -> Column {
    Column {
        name: name.into(),
        kind,
        type_name: type_name.into(),
    }
}

fn table(columns: Vec<Column>, rows: Vec<Row>) -> AnswerBody {
    AnswerBody::Table {
        columns,
        rows: Rows::from_vec(rows),
    }
}

fn text(file: &ResultFile<'_>) -> String {
    let mut bytes = Vec::new();
    file.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Names, media types and texts of every file.
fn written(capture: &Capture) -> Vec<(String, &'static str, String)> {
    files(capture)
        .iter()
        .map(|file| (file.name.clone(), file.media_type, text(file)))
        .collect()
}

/// What a result says, without the place its rows lie in.
fn said(answer: &Answer) -> String {
    let rows = match &answer.body {
        AnswerBody::Table { rows, .. } => rows.read(0..usize::MAX),
        _ => Vec::new(),
    };
    format!("{answer:?} {rows:?}")
}

#[test]
fn rows_are_exact_json_and_guarded_csv() {
    let columns = vec![
        column("actor_id", ColumnKind::Text, "text"),
        column("total", ColumnKind::Number, "numeric"),
    ];
    let row = |actor: Option<&str>, total: Option<&str>| -> Row {
        vec![actor.map(Into::into), total.map(Into::into)]
    };
    let rows = vec![
        row(Some("u-1932"), Some("0.10000000000000000000000000001")),
        row(None, Some("-5")),
        row(Some(""), None),
        row(Some("=HYPERLINK(\"http://x\")"), Some("-Infinity")),
        row(Some("-1+1, \"a\"\r\nb"), Some("+1")),
        row(Some("-7"), Some("-1+2")),
    ];
    let outcome = Outcome {
        rows: Some(6),
        truncated: Some("row cap: only the first 6 rows".into()),
        blind: Some("row security may hide rows of audit from reader".into()),
        ..Outcome::default()
    };
    let capture = capture(table(columns, rows), outcome);
    let json = r#"{"kind":"table",
"version":1,
"title":"Identify the source",
"view":"table",
"started_at":"2026-01-31T03:11:58Z",
"ended_at":"2026-01-31T03:11:58.018Z",
"outcome":{"rows":6,"truncated":"row cap: only the first 6 rows","blind":"row security may hide rows of audit from reader"},
"columns":[{"name":"actor_id","kind":"text","type":"text"},{"name":"total","kind":"number","type":"numeric"}],
"rows_total":6,
"rows":[
["u-1932","0.10000000000000000000000000001"],
[null,"-5"],
["",null],
["=HYPERLINK(\"http://x\")","-Infinity"],
["-1+1, \"a\"\r\nb","+1"],
["-7","-1+2"]
]}
"#;
    let csv = "actor_id,total\r\n\
        u-1932,0.10000000000000000000000000001\r\n\
        ,-5\r\n\
        \"\",\r\n\
        \"'=HYPERLINK(\"\"http://x\"\")\",'-Infinity\r\n\
        \"'-1+1, \"\"a\"\"\r\nb\",+1\r\n\
        '-7,'-1+2\r\n";
    assert_eq!(
        written(&capture),
        [
            (
                "identify-source.json".to_owned(),
                "application/json",
                json.to_owned()
            ),
            (
                "identify-source.csv".to_owned(),
                "text/csv; charset=utf-8",
                csv.to_owned()
            ),
        ]
    );
    assert_eq!(written(&capture), written(&capture.clone()));
}

#[test]
fn samples_are_text_and_a_gap_is_no_zero() {
    let sample = |clock, value| Sample {
        at: at(clock),
        value,
    };
    let series = vec![
        Series {
            label: "machine=order, region=\"eu\"".into(),
            samples: vec![sample("03:00:00", 0.1), sample("03:05:00", f64::NAN)],
        },
        Series {
            label: "=cmd".into(),
            samples: vec![sample("03:00:00.5", -1e300)],
        },
    ];
    let mut capture = capture(AnswerBody::Chart(series), Outcome::default());
    capture.view = None;
    let written = written(&capture);
    let body = written[0].2.split_once("\"outcome\":{},\n").unwrap().1;
    assert_eq!(
        body,
        r#""series":[
{"label":"machine=order, region=\"eu\"","samples":[
["2026-01-31T03:00:00Z","0.1"],
["2026-01-31T03:05:00Z","NaN"]]},
{"label":"=cmd","samples":[
["2026-01-31T03:00:00.5Z","-1e300"]]}]}
"#
    );
    assert_eq!(
        written[1].2,
        "time,series,value\r\n\
         2026-01-31T03:00:00Z,\"machine=order, region=\"\"eu\"\"\",0.1\r\n\
         2026-01-31T03:05:00Z,\"machine=order, region=\"\"eu\"\"\",NaN\r\n\
         2026-01-31T03:00:00.5Z,'=cmd,-1e300\r\n"
    );
}

#[test]
fn output_is_text_beside_a_json_that_reads_back() {
    for (stdout, stderr, names) in [
        (
            "a\tb\n",
            "warning\n",
            vec![
                "identify-source.json",
                "identify-source-stdout.txt",
                "identify-source-stderr.txt",
            ],
        ),
        (
            "\u{1b}[31m",
            "",
            vec!["identify-source.json", "identify-source-stdout.txt"],
        ),
        ("", "", vec!["identify-source.json"]),
    ] {
        let body = AnswerBody::Output {
            stdout: stdout.into(),
            stderr: stderr.into(),
        };
        let outcome = Outcome {
            exit_code: Some(1),
            ..Outcome::default()
        };
        let capture = capture(body, outcome);
        let written = written(&capture);
        let found: Vec<&str> = written.iter().map(|file| file.0.as_str()).collect();
        assert_eq!(found, names);
        if let Some(file) = written.get(1) {
            assert_eq!(
                (file.1, file.2.as_str()),
                ("text/plain; charset=utf-8", stdout)
            );
        }
        assert_eq!(read(written[0].2.as_bytes()).unwrap(), capture.answer);
    }
}

#[test]
fn a_lone_null_is_no_empty_line() {
    let rows = vec![vec![None], vec![Some("x".into())]];
    let columns = vec![column("a", ColumnKind::Text, "text")];
    let capture = capture(table(columns, rows), Outcome::default());
    assert_eq!(written(&capture)[1].2, "a\r\n\"\"\r\nx\r\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_kept_reads_back(
        rows in prop::collection::vec(prop::collection::vec(prop::option::of(".{0,12}"), 3), 0..30),
        bits in prop::collection::vec(any::<u64>(), 0..20),
        name in "\\PC{0,8}",
        outcome_rows in prop::option::of(0_u64..1_000_000),
        code in prop::option::of(any::<i32>()),
        words in prop::option::of("\\PC{1,20}"),
        chart in any::<bool>(),
    ) {
        let outcome = Outcome {
            rows: outcome_rows,
            exit_code: code,
            truncated: words.clone(),
            partial: words,
            newest: Some(at("03:00:00.123456789")),
            ..Outcome::default()
        };
        let body = if chart {
            let sample = |(index, bits): (usize, &u64)| Sample {
                at: Timestamp::from_nanosecond(index as i128 * 1_000_000_007).unwrap(),
                value: f64::from_bits(*bits),
            };
            let samples = bits.iter().enumerate().map(sample).collect();
            AnswerBody::Chart(vec![Series { label: name, samples }])
        } else {
            let columns = vec![
                column(&name, ColumnKind::Text, "text"),
                column(&name, ColumnKind::Json, "jsonb"),
                column("n", ColumnKind::Integer, "int8"),
            ];
            let rows = rows
                .into_iter()
                .map(|row| row.into_iter().map(|cell| cell.map(String::into_boxed_str)).collect())
                .collect();
            table(columns, rows)
        };
        let capture = capture(body, outcome);
        let json = text(&files(&capture)[0]);
        let back = read(json.as_bytes()).unwrap();
        prop_assert_eq!(said(&back), said(&capture.answer));
        prop_assert_eq!(said(&read_from(json.as_bytes()).unwrap()), said(&back));
        let again = Capture { answer: back, ..capture };
        prop_assert_eq!(text(&files(&again)[0]), json);
    }
}

/// Rows that exist only while they are read; the largest window asked for is remembered.
struct Made {
    rows: usize,
    widest: AtomicUsize,
    /// Reads past this row fail, as those of a broken disk do.
    readable: usize,
}

impl RowStore for Made {
    fn len(&self) -> usize {
        self.rows
    }

    fn read(&self, range: Range<usize>) -> Vec<Row> {
        let range = range.start..range.end.min(self.rows).min(self.readable);
        self.widest.fetch_max(range.len(), Ordering::Relaxed);
        range
            .map(|number| vec![Some(number.to_string().into()), None])
            .collect()
    }
}

fn made(rows: usize, readable: usize) -> (Arc<Made>, Capture) {
    let store = Arc::new(Made {
        rows,
        widest: AtomicUsize::new(0),
        readable,
    });
    let body = AnswerBody::Table {
        columns: vec![
            column("n", ColumnKind::Integer, "int8"),
            column("nothing", ColumnKind::Text, "text"),
        ],
        rows: Rows(Arc::clone(&store) as Arc<dyn RowStore>),
    };
    (store, capture(body, Outcome::default()))
}

/// Counts what is written and keeps nothing of it.
#[derive(Default)]
struct Counting {
    lines: usize,
    largest: usize,
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines += bytes.split(|byte| *byte == b'\n').count() - 1;
        self.largest = self.largest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_million_rows_are_never_in_memory_at_once() {
    let (store, capture) = made(1_000_000, usize::MAX);
    for (file, lines) in files(&capture).iter().zip([1_000_011, 1_000_001]) {
        let mut sink = Counting::default();
        file.write(&mut sink).unwrap();
        assert_eq!(sink.lines, lines, "{}", file.name);
        assert!(sink.largest < 200, "{} bytes in one piece", sink.largest);
    }
    assert!(store.widest.load(Ordering::Relaxed) <= limits::FETCH_ROWS as usize);
}

#[test]
fn rows_that_cannot_be_read_are_an_error_and_not_missing() {
    let (_, capture) = made(5_000, 3_210);
    for file in files(&capture) {
        let error = file.write(&mut Counting::default()).unwrap_err();
        assert!(error.to_string().contains("3210 of 5000 rows"), "{error}");
    }
}

#[test]
fn past_the_bound_only_the_count_is_right_and_the_result_says_so() {
    for (rows, kept, cut) in [
        (10_001, 10_001, None),
        (10_002, 10_001, Some("10001 of 10002")),
    ] {
        let (_, capture) = made(rows, usize::MAX);
        let json = text(&files(&capture)[0]);
        let back = read(json.as_bytes()).unwrap();
        let AnswerBody::Table { rows: read, .. } = &back.body else {
            panic!("a table");
        };
        assert_eq!(read.len(), rows);
        assert_eq!(read.read(0..usize::MAX).len(), kept);
        match cut {
            None => assert_eq!(back.outcome.truncated, None),
            Some(words) => assert!(back.outcome.truncated.unwrap().contains(words)),
        }
    }
}

#[test]
fn what_is_no_result_is_refused_in_words() {
    let (_, capture) = made(2, usize::MAX);
    let json = text(&files(&capture)[0]);
    for (from, to, words) in [
        (
            "\"rows_total\":2",
            "\"rows_total\":3",
            "says 3 rows and holds 2",
        ),
        ("[\"1\",null]", "[\"1\"]", "row 2 has not 2 cells"),
        ("\"version\":1", "\"version\":2", "use a newer quarterdeck"),
        (
            "\"kind\":\"table\"",
            "\"kind\":\"cake\"",
            "run the action again",
        ),
        ("]}\n", "", "run the action again"),
    ] {
        let broken = json.replace(from, to);
        assert_ne!(broken, json, "{from}");
        let error = read(broken.as_bytes()).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn files_are_kept_beside_the_record_and_read_back() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::create(
        data.path(),
        Mode::Live,
        IncidentId(uuid::Uuid::from_u128(7)),
    )
    .unwrap();
    let (_, capture) = made(3_000, usize::MAX);
    let kept = keep_in(store.folder(), &capture).unwrap();
    let names: Vec<&str> = kept.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["identify-source.json", "identify-source.csv"]);
    for (file, written) in kept.iter().zip(written(&capture)) {
        assert_eq!(
            evidence::hash_of(store.folder(), file.sha256),
            Some(file.sha256)
        );
        assert_eq!(file.size, written.2.len() as u64);
        assert_eq!(
            evidence::read(store.folder(), file.sha256).unwrap(),
            written.2.as_bytes()
        );
        assert_eq!(
            (file.title.as_str(), &file.origin),
            ("Identify the source", &capture.origin)
        );
    }
    let back = read_back_from(store.folder(), kept[0].sha256).unwrap();
    assert_eq!(said(&back), said(&capture.answer));
    assert_eq!(
        keep_in(store.folder(), &capture).unwrap(),
        kept,
        "the same bytes are one file"
    );
    let path = evidence::path(store.folder(), kept[0].sha256);
    std::fs::write(&path, b"{}").unwrap();
    let error = read_back_from(store.folder(), kept[0].sha256).unwrap_err();
    assert!(error.contains("changed"), "{error}");
}

/// The picture shows what the pane showed, by the capture alone, and what came from outside is text in it.
#[test]
fn a_chart_is_kept_as_a_picture_too() {
    let data = tempfile::tempdir().unwrap();
    let incident = IncidentId(uuid::Uuid::from_u128(7));
    let store = Store::create(data.path(), Mode::Live, incident).unwrap();
    let line = |label: &str, values: [f64; 3]| Series {
        label: label.into(),
        samples: ["03:00:00", "03:05:00", "03:10:00"]
            .into_iter()
            .zip(values)
            .map(|(clock, value)| Sample {
                at: at(clock),
                value,
            })
            .collect(),
    };
    let lines = vec![
        line("machine=order </text><script>\u{202e}", [0.0, 5.0, 42.0]),
        line("machine=cart", [0.0, 0.0, f64::NAN]),
    ];
    let mut chart = capture(AnswerBody::Chart(lines), Outcome::default());
    chart.origin.incomplete = Some("stale: the source has no newer sample".into());
    chart.pane = Some(LivePane {
        window: (at("03:00:00"), at("03:10:00")),
        threshold: quarterdeck::expr::threshold("value > 30"),
        alert: true,
    });
    let kept = keep_in(store.folder(), &chart).unwrap();
    let names: Vec<&str> = kept.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "identify-source.json",
            "identify-source.csv",
            "identify-source.svg"
        ]
    );
    assert_eq!(kept[2].media_type, "image/svg+xml");
    let svg = evidence::read(store.folder(), kept[2].sha256).unwrap();
    let svg = String::from_utf8(svg).unwrap();
    for part in [
        "Identify the source",
        "postgres audit@db1:5432/app as reader, kept 2026-01-31 03:11:58 UTC",
        "ALERT",
        "stale: the source has no newer sample",
        "A machine=order &lt;/text&gt;&lt;script&gt;&lt;U+202E&gt;",
        "42",
        "alert &gt; 30",
        "03:05",
        "UTC",
    ] {
        assert!(svg.contains(part), "{part} in {svg}");
    }
    assert!(
        svg.contains(['⡀', '⠁', '⢀', '⠈', '⠔', '⠊']),
        "a line is drawn: {svg}"
    );
    assert!(!svg.contains("<script") && !svg.contains('\u{202e}'));
    assert_eq!(keep_in(store.folder(), &chart).unwrap(), kept);
    // What is no chart has no picture.
    let rows = capture(table(vec![], vec![]), Outcome::default());
    let kept = keep_in(store.folder(), &rows).unwrap();
    assert!(kept.iter().all(|file| file.media_type != "image/svg+xml"));
}

#[test]
fn a_folder_that_is_gone_is_named_with_what_to_do_and_nothing_stays_behind() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::create(
        data.path(),
        Mode::Live,
        IncidentId(uuid::Uuid::from_u128(7)),
    )
    .unwrap();
    let folder = store.folder().join("evidence");
    let (_, broken) = made(5_000, 10);
    assert!(keep_in(store.folder(), &broken).is_err());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir(&folder).unwrap();
    let (_, capture) = made(1, usize::MAX);
    let error = keep_in(store.folder(), &capture).unwrap_err();
    for part in [
        "identify-source.json",
        "evidence",
        "then capture the result again",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}
