//! `git log` and `git status`, over the commits of the simulated repository.

mod format;

use regex::Regex;

use super::super::options::{Call, Grammar, NO_OPTIONS, Order, flag, long, valued};
use super::super::pattern::{self, Meaning, Syntax};
use super::super::runner::{Shell, Streams};
use super::Command;
use crate::drill::world::Commit;
use format::Format;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "git log",
        grammar: Grammar {
            known: &[
                valued('n', "max-count"),
                valued('G', "G"),
                long("pretty", true),
                long("format", true),
                long("date", true),
                long("author", true),
                long("grep", true),
                long("since", true),
                long("oneline", false),
                long("name-only", false),
                long("no-merges", false),
                long("reverse", false),
            ],
            number: Some("max-count"),
            order: Order::Mixed,
        },
        check: |call| Query::of(call).map(|_| ()),
        run: log,
    },
    Command {
        name: "git status",
        grammar: Grammar {
            known: &[long("porcelain", false), flag('s', "short")],
            ..NO_OPTIONS
        },
        check: |call| {
            if call.operands.is_empty() && (call.has("porcelain") || call.has("short")) {
                return Ok(());
            }
            Err("call other than `git status --porcelain`".to_owned())
        },
        // Nobody works in the folder of a drill: what is committed is what is there.
        run: |_, _, _| 0,
    },
];

/// Which commits, and how they are shown.
struct Query {
    most: usize,
    lines: Option<Regex>,
    author: Option<Regex>,
    title: Option<Regex>,
    since: Option<crate::model::Timestamp>,
    paths: Vec<String>,
    excluded: Vec<String>,
    format: Format,
}

impl Query {
    fn of(call: &Call) -> Result<Self, String> {
        let most = match call.number("max-count") {
            None => usize::MAX,
            Some(number) => number?,
        };
        // The expressions of git are basic ones, but for `-G`, whose are extended.
        let regex = |name: &str, extended: bool| {
            let meaning = Meaning {
                syntax: Syntax::extended(extended),
                ..Meaning::default()
            };
            call.value(name)
                .map(|text| pattern::regex(text, meaning))
                .transpose()
        };
        let since = call
            .value("since")
            .map(|text| {
                text.parse()
                    .map_err(|_| format!("time `{text}`; write it as 2026-01-31T12:00:00Z"))
            })
            .transpose()?;
        if call.before_dashes.unwrap_or(call.operands.len()) > 0 {
            let named = call.operand(0).unwrap_or_default();
            return Err(format!("revision or path `{named}` before `--`"));
        }
        let (mut paths, mut excluded) = (Vec::new(), Vec::new());
        for written in &call.operands {
            let out = [":(exclude)", ":!", ":^"]
                .iter()
                .find_map(|sign| written.strip_prefix(sign));
            match out {
                Some(path) => excluded.push(path.to_owned()),
                None if written.starts_with(':') => return Err(format!("path `{written}`")),
                None => paths.push(written.clone()),
            }
        }
        Ok(Self {
            most,
            lines: regex("G", true)?,
            author: regex("author", false)?,
            title: regex("grep", false)?,
            since,
            paths,
            excluded,
            format: Format::of(call)?,
        })
    }

    fn wants(&self, commit: &Commit) -> bool {
        let touched = |file: &String| {
            (self.paths.is_empty() || self.paths.iter().any(|path| covers(path, file)))
                && !self.excluded.iter().any(|path| covers(path, file))
        };
        let fits = |regex: &Option<Regex>, text: &str| {
            regex.as_ref().is_none_or(|regex| regex.is_match(text))
        };
        let limited = !self.paths.is_empty() || !self.excluded.is_empty();
        (!limited || commit.files.iter().any(touched))
            && self
                .lines
                .as_ref()
                .is_none_or(|regex| commit.lines.iter().any(|line| regex.is_match(line)))
            && fits(&self.author, &commit.author)
            && fits(&self.title, &commit.title)
            && self.since.is_none_or(|since| commit.at >= since)
    }
}

/// Whether a path of a command covers a file: the file itself, a folder above it, or a pattern.
fn covers(path: &str, file: &str) -> bool {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    path.is_empty()
        || path == "."
        || path == file
        || file
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('/'))
        || (path.contains(['*', '?', '[']) && pattern::text_fits(path, file))
}

fn log(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok(query) = Query::of(call) else {
        return 128;
    };
    let mut commits: Vec<&Commit> = shell
        .status
        .commits
        .iter()
        .filter(|commit| query.wants(commit))
        .take(query.most)
        .collect();
    if call.has("reverse") {
        commits.reverse();
    }
    for (nth, commit) in commits.iter().enumerate() {
        let mut text = query.format.text(commit, nth == 0);
        if call.has("name-only") {
            if query.format.sets_files_apart() {
                text.push('\n');
            }
            for file in &commit.files {
                text.push_str(file);
                text.push('\n');
            }
        }
        streams.say(&text);
    }
    0
}
