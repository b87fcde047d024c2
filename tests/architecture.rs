//! The layers of `docs/ARCHITECTURE.md`, checked over the text of `src/`: who may import whom, which crate appears where,
//! who may ask for the time, and the shape of files. A compiler of its own it is not: it reads tokens, expands `use`
//! trees, and leaves out comments, strings and `#[cfg(test)]` items.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be read fails it")]

#[path = "support/rust_paths.rs"]
mod rust_paths;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rust_paths::{UsedPath, used_paths};

/// Every top-level module and its layer. A module imports lower layers only, and itself.
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["model"]),
    (
        1,
        &[
            "playbook", "expr", "sql", "kql", "pgsql", "promql", "layout", "keymap", "record",
            "message",
        ],
    ),
    (
        2,
        &[
            "capture", "check", "incident", "drill", "report", "editor", "verdict",
        ],
    ),
    (3, &["engine"]),
    (4, &["config", "sources", "store", "theme"]),
    (5, &["ui"]),
    (6, &["runtime"]),
    (7, &["cli"]),
];

/// Imports inside one layer, each with its reason. Never a cycle.
const SAME_LAYER: &[(&str, &str, &str)] = &[
    (
        "playbook",
        "sql",
        "a plain runbook does not say which of its statements write: the classifier does",
    ),
    (
        "report",
        "incident",
        "a report is the fold of the entries, written out",
    ),
    (
        "drill",
        "incident",
        "a score is read off the fold of the entries",
    ),
    (
        "report",
        "drill",
        "the report of a drill begins with its score",
    ),
    (
        "sources",
        "config",
        "a source reads its own keys of the configuration and resolves its secrets when it runs",
    ),
];

/// Paths that appear only in some places. A path matches where its segments follow one another anywhere in what is used.
const CONFINED: &[Confined] = &[
    Confined {
        what: &["ratatui", "crossterm", "tui_textarea"],
        only_in: &["ui", "theme", "editor", "runtime::terminal"],
    },
    Confined {
        what: &["sqlx"],
        only_in: &["sources"],
    },
    Confined {
        what: &["reqwest"],
        only_in: &["sources"],
    },
    // The exception: a source may read the monotonic clock, to keep the deadline it was given.
    Confined {
        what: &["Instant::now"],
        only_in: &["runtime", "config", "sources"],
    },
    Confined {
        what: &[
            "Timestamp::now",
            "Zoned::now",
            "SystemTime",
            "clock_gettime",
            "Uuid::now_v7",
            "Uuid::new_v4",
            "getrandom",
            "std::env",
        ],
        only_in: &["runtime", "config"],
    },
];

/// What can reach nothing outside: drills, and planning without a source.
const APART: &[&str] = &[
    "sources::simulated",
    "sources::planner",
    "drill",
    "pgsql",
    "promql",
    "kql",
];

/// The ways out of the process. Nothing that is apart names one.
const WAYS_OUT: &[&str] = &[
    "reqwest",
    "sqlx",
    "rusqlite",
    "tokio::net",
    "tokio::process",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os::unix::net",
    "std::process",
];

/// Sources that reach something, and what of them is pure: how an answer is read, once it is there.
const LIVE: &[&str] = &[
    "azure",
    "http",
    "postgres",
    "prometheus",
    "shell",
    "sqlite",
    "webhook",
];
const PURE: &[&str] = &[
    "azure::answer::cell",
    "prometheus::answer",
    "postgres::column",
];

/// Past this a file is split.
const LINES_MAX: usize = 600;

struct Confined {
    what: &'static [&'static str],
    only_in: &'static [&'static str],
}

#[test]
fn the_sources_keep_the_architecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: BTreeSet<PathBuf> = rust_files(&root.join("src"))
        .iter()
        .map(|file| file.strip_prefix(root).unwrap().to_owned())
        .collect();
    assert!(
        files.contains(Path::new("src/lib.rs")),
        "the sources were not found"
    );
    let mut faults = shape_faults(&files);
    for file in &files {
        faults.extend(file_faults(
            file,
            &fs::read_to_string(root.join(file)).unwrap(),
        ));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                rust_files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// What is wrong with the set of files: module roots nobody listed, `mod.rs`, a folder without its file.
fn shape_faults(files: &BTreeSet<PathBuf>) -> Vec<String> {
    let mut faults = BTreeSet::new();
    for file in files {
        let name = file.display();
        if file.ends_with("mod.rs") {
            faults.insert(format!(
                "{name}: write `foo.rs` beside `foo/`, not `foo/mod.rs`"
            ));
        }
        let top = module_of(file).into_iter().next();
        if let Some(top) = top.filter(|top| layer(top).is_none()) {
            faults.insert(format!("src/{top}: a new top-level module: give it a row in LAYERS of tests/architecture.rs and in docs/ARCHITECTURE.md"));
        }
        let parent = file.parent().unwrap();
        if parent != Path::new("src") && !files.contains(&parent.with_extension("rs")) {
            faults.insert(format!(
                "{}: a folder of modules without `{0}.rs` beside it",
                parent.display()
            ));
        }
    }
    faults.into_iter().collect()
}

/// What is wrong inside one file. `file` is relative to the project, `src/ui/draw.rs`.
fn file_faults(file: &Path, text: &str) -> Vec<String> {
    let name = file.display();
    let mut faults = Vec::new();
    if !text.trim_start().starts_with("//!") {
        faults.push(format!(
            "{name}:1: begin with `//!`: what the module is for and what it must not do"
        ));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!(
            "{name}: {lines} lines; split it, {LINES_MAX} is the most"
        ));
    }
    // A file of tests is compiled for tests only, as a `#[cfg(test)]` block is.
    if file.file_stem().is_some_and(|stem| stem == "tests") {
        return faults;
    }
    let module = module_of(file);
    for used in used_paths(text, &module) {
        let place = format!("{name}:{}", used.line);
        faults.extend(layer_fault(&module, &used).map(|fault| format!("{place}: {fault}")));
        faults.extend(confined_fault(&module, &used).map(|fault| format!("{place}: {fault}")));
        faults.extend(apart_fault(&module, &used).map(|fault| format!("{place}: {fault}")));
    }
    faults.dedup();
    faults
}

fn layer_fault(module: &[String], used: &UsedPath) -> Option<String> {
    let [root, target, ..] = used.segments.as_slice() else {
        return None;
    };
    let from = module.first()?;
    if root != "crate" || from == target {
        return None;
    }
    // What is not a module is an item of lib.rs, which is above everybody.
    let (own, other) = (layer(from)?, layer(target)?);
    let excepted = SAME_LAYER
        .iter()
        .any(|(who, whom, _)| who == from && whom == target);
    (other >= own && !excepted)
        .then(|| format!("`{from}` (layer {own}) imports `{target}` (layer {other}); a module imports lower layers only"))
}

fn confined_fault(module: &[String], used: &UsedPath) -> Option<String> {
    let own = module.join("::");
    let path = format!("::{}::", used.segments.join("::"));
    // One word that is no import is a local variable.
    let found = CONFINED.iter().find_map(|row| {
        let what = row
            .what
            .iter()
            .find(|what| path.contains(&format!("::{what}::")))?;
        Some((row, what)).filter(|_| used.imported || used.segments.len() > 1)
    });
    // The crate's own modules may carry any name.
    let (row, what) =
        found.filter(|_| used.segments.first().is_none_or(|first| first != "crate"))?;
    let allowed = row
        .only_in
        .iter()
        .any(|place| own == *place || own.starts_with(&format!("{place}::")));
    (!allowed).then(|| format!("`{what}` appears only in {}", row.only_in.join(", ")))
}

fn apart_fault(module: &[String], used: &UsedPath) -> Option<String> {
    let own = module.join("::");
    let below = |path: &str, place: &str| path == place || path.starts_with(&format!("{place}::"));
    APART.iter().find(|place| below(&own, place))?;
    let path = used.segments.join("::");
    let way = WAYS_OUT.iter().find(|way| below(&path, way));
    let live = path.strip_prefix("crate::sources::").filter(|inside| {
        LIVE.iter().any(|live| below(inside, live)) && !PURE.iter().any(|pure| below(inside, pure))
    });
    way.copied()
        .or(live)
        .map(|what| format!("`{what}` reaches outside, which `{own}` must not"))
}

fn layer(module: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(_, modules)| modules.contains(&module))
        .map(|(layer, _)| *layer)
}

/// `src/ui/panes/result.rs` is `[ui, panes, result]`; `lib.rs` and `main.rs` are the root: `[]`.
fn module_of(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").unwrap().with_extension("");
    let names: Vec<String> = inside
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if matches!(names.as_slice(), [only] if only == "lib" || only == "main") {
        Vec::new()
    } else {
        names
    }
}

/// File, code, and a part of the one fault that must be found: none where it is empty.
const SAMPLES: &[(&str, &str, &str)] = &[
    (
        "src/model/table.rs",
        "use crate::engine::State;",
        "`model` (layer 0) imports `engine` (layer 3)",
    ),
    ("src/model/table.rs", "use super::limits;", ""),
    (
        "src/model/table.rs",
        "use super::super::ui::draw;",
        "imports `ui`",
    ),
    ("src/model.rs", "use super::kql::parse;", "imports `kql`"),
    (
        "src/kql/lexer.rs",
        "use crate::model::{limits, table::{Column, Rows}};",
        "",
    ),
    (
        "src/kql/lexer.rs",
        "use crate::{model::limits, sql::classify};",
        "`kql` (layer 1) imports `sql` (layer 1)",
    ),
    (
        "src/kql/lexer.rs",
        "fn f() -> crate::check::Report { todo() }",
        "imports `check`",
    ),
    (
        "src/kql/lexer.rs",
        "use self::parser::Parser; use super::planner;",
        "",
    ),
    (
        "src/kql/lexer.rs",
        "/* crate::ui */ // crate::ui\nconst A: &str = \"crate::ui\\\"\"; const B: &str = r#\"crate::ui\"#;",
        "",
    ),
    (
        "src/kql/lexer.rs",
        "#[cfg(test)]\nmod tests { use crate::ui::draw; }\nuse crate::model::Rows;",
        "",
    ),
    (
        "src/kql/lexer.rs",
        "#[cfg(test)]\nuse crate::ui;\nuse crate::store::Store;",
        "lexer.rs:4: `kql` (layer 1) imports `store`",
    ),
    ("src/kql/tests.rs", "use crate::ui::draw;", ""),
    (
        "src/kql/lexer.rs",
        "mod inner { use super::Token; use super::super::super::theme; }",
        "imports `theme`",
    ),
    (
        "src/engine/update.rs",
        "use crate::ui::Local;",
        "`engine` (layer 3) imports `ui`",
    ),
    (
        "src/engine/update.rs",
        "use crate::{sources, model::Rows};",
        "`engine` (layer 3) imports `sources`",
    ),
    (
        "src/engine/update.rs",
        "use crate::runtime::Runtime;",
        "imports `runtime`",
    ),
    ("src/report.rs", "use crate::incident::Incident;", ""),
    (
        "src/incident.rs",
        "use crate::report::Report;",
        "imports `report`",
    ),
    (
        "src/main.rs",
        "use quarterdeck::cli; use quarterdeck::runtime;",
        "",
    ),
    (
        "src/lib.rs",
        "pub mod runtime; pub use crate::runtime::run;",
        "",
    ),
    ("src/cli/open.rs", "use crate::runtime;", ""),
    ("src/ui.rs", "use crate::runtime;", "imports `runtime`"),
    ("src/ui/draw.rs", "use ratatui::Frame;", ""),
    (
        "src/runtime/terminal.rs",
        "use ratatui::crossterm::event;",
        "",
    ),
    (
        "src/runtime/tasks.rs",
        "use ratatui::Frame;",
        "`ratatui` appears only in ui",
    ),
    (
        "src/engine.rs",
        "fn f(k: crossterm::event::KeyEvent) {}",
        "`crossterm` appears only in",
    ),
    (
        "src/engine.rs",
        "use tui_textarea::TextArea;",
        "`tui_textarea` appears only in",
    ),
    (
        "src/store.rs",
        "use sqlx::PgPool;",
        "`sqlx` appears only in sources",
    ),
    ("src/sources/postgres.rs", "use sqlx::PgPool;", ""),
    (
        "src/record.rs",
        "use ::sqlx::PgPool;",
        "`sqlx` appears only in",
    ),
    ("src/sources/sqlite.rs", "let sqlx = 1; f(sqlx);", ""),
    (
        "src/runtime.rs",
        "use reqwest;",
        "`reqwest` appears only in sources",
    ),
    (
        "src/record.rs",
        "let at = jiff::Timestamp::now();",
        "`Timestamp::now` appears only in",
    ),
    (
        "src/record.rs",
        "let at = Timestamp :: now ();",
        "`Timestamp::now` appears only in",
    ),
    ("src/runtime/clock.rs", "let at = Timestamp::now();", ""),
    (
        "src/store.rs",
        "use std::time::{Duration, SystemTime};",
        "`SystemTime` appears only in",
    ),
    (
        "src/store.rs",
        "use std::time::Instant; let t = Instant::now();",
        "`Instant::now` appears only in",
    ),
    ("src/sources/http.rs", "let t = Instant::now();", ""),
    (
        "src/sources/http.rs",
        "let t = std::time::SystemTime::now();",
        "`SystemTime` appears only in",
    ),
    (
        "src/record.rs",
        "getrandom::fill(&mut salt)?;",
        "`getrandom` appears only in",
    ),
    (
        "src/store.rs",
        "use std::{env, fs};",
        "`std::env` appears only in",
    ),
    (
        "src/cli.rs",
        "for a in std::env::args() {}",
        "`std::env` appears only in",
    ),
    ("src/cli.rs", "let v = env!(\"CARGO_PKG_VERSION\");", ""),
    ("src/config.rs", "let v = std::env::var(\"HOME\");", ""),
    (
        "src/sources/simulated/sql.rs",
        "use crate::sources::postgres::Postgres;",
        "`postgres::Postgres` reaches outside",
    ),
    (
        "src/sources/simulated.rs",
        "use super::postgres::column;",
        "",
    ),
    (
        "src/sources/simulated.rs",
        "use super::azure::answer::Reader;",
        "`azure::answer::Reader` reaches outside",
    ),
    (
        "src/sources/planner/http.rs",
        "fn f() { let c = tokio::net::TcpStream::connect(1); }",
        "`tokio::net` reaches outside",
    ),
    (
        "src/drill/shell.rs",
        "use std::process::Command;",
        "`std::process` reaches outside",
    ),
    ("src/drill/shell.rs", "use super::http;", ""),
    (
        "src/model.rs",
        "fn f<'a>(c: &'a char) -> bool { *c == '\"' || *c == '\\'' } use crate::ui;",
        "imports `ui`",
    ),
];

#[test]
fn bad_imports_are_found() {
    for (file, code, expected) in SAMPLES {
        let found = file_faults(Path::new(file), &format!("//! Doc.\n{code}"));
        let fits = match found.as_slice() {
            [] => expected.is_empty(),
            [only] => !expected.is_empty() && only.contains(expected),
            _ => false,
        };
        assert!(
            fits,
            "{file}: {code}\nexpected: {expected:?}\nfound: {found:#?}"
        );
    }
}

#[test]
fn bad_shapes_are_found() {
    let found =
        |names: &[&str]| shape_faults(&names.iter().map(PathBuf::from).collect()).join("\n");
    assert_eq!(
        found(&["src/lib.rs", "src/main.rs", "src/ui.rs", "src/ui/draw.rs"]),
        ""
    );
    assert!(found(&["src/helpers.rs"]).contains("src/helpers: a new top-level module"));
    assert!(found(&["src/ui.rs", "src/ui/mod.rs"]).contains("mod.rs: write"));
    assert!(found(&["src/ui/draw.rs"]).contains("src/ui: a folder of modules without `src/ui.rs`"));

    let faults = |text: &str| file_faults(Path::new("src/ui.rs"), text).join("\n");
    assert_eq!(
        faults(&format!("//! Doc.\n{}", "\n".repeat(LINES_MAX - 1))),
        ""
    );
    assert!(faults(&format!("//! Doc.\n{}", "\n".repeat(LINES_MAX))).contains("601 lines"));
    assert!(faults("use std::fs;\n").contains("begin with `//!`"));
}

#[test]
fn the_tables_agree_with_themselves() {
    for (who, whom, why) in SAME_LAYER {
        assert!(
            layer(who).is_some() && layer(who) == layer(whom) && !why.is_empty(),
            "{who} -> {whom}"
        );
        assert!(
            !SAME_LAYER
                .iter()
                .any(|(back, to, _)| back == whom && to == who),
            "{who} and {whom} import each other"
        );
    }
    for place in CONFINED.iter().flat_map(|row| row.only_in) {
        assert!(
            layer(place.split("::").next().unwrap()).is_some(),
            "CONFINED names `{place}`, which LAYERS does not"
        );
    }
}
