//! `kql`: a query over files.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::code;
use super::failure::Failure;
use super::out::{self, Out};
use crate::kql::error::ErrorKind;
use crate::kql::value::UNIX_EPOCH_TICKS;
use crate::kql::{self, Answer, KqlError, Limits, Options, Run};
use crate::runtime::clock;
use crate::sources::table_file::TableFiles;

mod print;

/// `kql [FILE] [-e QUERY] [--table NAME=FILE]...`
#[derive(Debug, Args)]
#[command(
    after_help = "Tables: .csv and .tsv (the first line names the columns), .jsonl and .ndjson (an object a line), .db, .sqlite and .sqlite3 (FILE#TABLE where the table is not called NAME)."
)]
pub(super) struct Kql {
    /// The file with the query; `-` is standard input.
    #[arg(required_unless_present = "query", conflicts_with = "query")]
    file: Option<PathBuf>,
    /// The query itself.
    #[arg(short = 'e', long = "query", value_name = "QUERY")]
    query: Option<String>,
    /// A file that the query knows as the table NAME.
    #[arg(short, long = "table", value_name = "NAME=FILE")]
    tables: Vec<String>,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    format: Form,
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Table,
    /// Columns with their types, and rows.
    Json,
    /// With a first line of names.
    Csv,
}

/// 100 ns in a nanosecond count.
const NANOSECONDS_PER_TICK: i128 = 100;

impl Kql {
    /// Runs the query and prints what it answers. The answer is no when the query is wrong.
    pub fn run(&self, out: &mut Out) -> Result<u8, Failure> {
        let (name, text) = self.text()?;
        let (_, errors) = kql::parse(&text);
        if !errors.is_empty() {
            for error in &errors {
                out::complain_at(located(error, &name, &text));
            }
            return Ok(code::NO);
        }
        let tables = self.catalog()?;
        let options = Options {
            now: now(),
            parameters: Vec::new(),
        };
        let never = || false;
        let run = Run::new(Limits::default(), &never);
        match kql::run(&text, &tables, &options, &run) {
            Ok(answers) => {
                self.print(&answers, out)?;
                Ok(code::DONE)
            }
            Err(error) if error.kind == ErrorKind::Table => Err(Failure::failed(error)),
            Err(error) => {
                out::complain_at(located(&error, &name, &text));
                let wrong = !matches!(error.kind, ErrorKind::Limit | ErrorKind::Stopped);
                Ok(if wrong { code::NO } else { code::FAILED })
            }
        }
    }

    /// What the query is called in messages, and its text.
    fn text(&self) -> Result<(String, String), Failure> {
        if let Some(query) = &self.query {
            return Ok(("query".to_owned(), query.clone()));
        }
        let path = self.file.as_deref().unwrap_or(Path::new("-"));
        if path == Path::new("-") {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| {
                    Failure::failed(format!("read the query from standard input: {error}"))
                })?;
            return Ok(("standard input".to_owned(), text));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("read {}: {error}", path.display())))?;
        Ok((path.display().to_string(), text))
    }

    fn catalog(&self) -> Result<TableFiles, Failure> {
        let mut tables = TableFiles::default();
        for table in &self.tables {
            let Some((name, place)) = table.split_once('=').filter(|(name, _)| !name.is_empty())
            else {
                return Err(Failure::usage(format!(
                    "--table {table}: expected NAME=FILE, e.g. --table requests=requests.csv"
                )));
            };
            tables.add(name, place).map_err(Failure::failed)?;
        }
        Ok(tables)
    }

    fn print(&self, answers: &[Answer], out: &mut Out) -> Result<(), Failure> {
        for (index, answer) in answers.iter().enumerate() {
            if index > 0 && self.format != Form::Json {
                out.line("")?;
            }
            match self.format {
                Form::Table => print::table(answer, out)?,
                Form::Json => print::json(answer, out)?,
                Form::Csv => print::csv(answer, out)?,
            }
        }
        Ok(())
    }
}

/// The time in ticks.
fn now() -> i64 {
    let ticks = clock::now().as_nanosecond() / NANOSECONDS_PER_TICK;
    i64::try_from(ticks).map_or(UNIX_EPOCH_TICKS, |ticks| {
        UNIX_EPOCH_TICKS.saturating_add(ticks)
    })
}

/// What is wrong, with its place, the line, and a caret under it.
fn located(error: &KqlError, name: &str, text: &str) -> String {
    let (line, column) = error.span.line_column(text);
    let mut shown = format!("{name}:{line}:{column}: error: {}", error.message);
    if let Some(written) = text.lines().nth(line - 1) {
        // A tab would move the caret.
        let written = written.replace('\t', " ");
        let before: String = written.chars().take(column - 1).collect();
        let length = text
            .get(error.span.start..error.span.end)
            .and_then(|under| under.lines().next())
            .map_or(1, |under| {
                unicode_width::UnicodeWidthStr::width(under).max(1)
            });
        let indent = unicode_width::UnicodeWidthStr::width(before.as_str());
        let _ = write!(
            shown,
            "\n  {written}\n  {}{}",
            " ".repeat(indent),
            "^".repeat(length)
        );
    }
    if let Some(help) = &error.help {
        let _ = write!(shown, "\n  help: {help}");
    }
    shown
}
