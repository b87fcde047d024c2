//! `check`: the findings of loader and linter, for playbooks and for scenarios of drills.

mod scenarios;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::out::{self, Out};
use super::{Common, Format, code, setup};
use crate::check;
use crate::model::diagnostic::{Diagnostic, Level, SourceText};
use crate::runtime::drills;
use crate::runtime::playbooks::{self, LibraryFile};

/// `check [PATH]...`
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Playbooks and scenarios of drills, or folders that are searched for them.
    paths: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// What was counted on the way.
#[derive(Default)]
struct Counted {
    files: usize,
    playbooks: usize,
    scenarios: usize,
    errors: usize,
    warnings: usize,
    unreadable: usize,
    json: Vec<serde_json::Value>,
}

impl Counted {
    fn count(&mut self, findings: &[Diagnostic]) {
        let of = |level| findings.iter().filter(|one| one.level == level).count();
        self.errors += of(Level::Error);
        self.warnings += of(Level::Warning);
    }
}

impl Check {
    /// Prints every finding; the answer is no when one is an error or a file cannot be read.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let mut counted = Counted::default();
        let files = self.files(common, &mut counted, out)?;
        let known = known(&files, common, out)?;
        for file in &files {
            self.file(file, &known, &mut counted, out)?;
        }
        self.scenarios(common, &files, &mut counted, out)?;
        if self.format == Format::Json {
            out.json(&counted.json)?;
        }
        let mut found = out::counted(counted.playbooks, "playbook", "playbooks");
        if counted.scenarios > 0 {
            let scenarios = out::counted(counted.scenarios, "scenario", "scenarios");
            found = format!("{found} and {scenarios}");
        }
        out.say(format!(
            "{found} in {}: {}, {}",
            out::counted(counted.files, "file", "files"),
            out::counted(counted.errors, "error", "errors"),
            out::counted(counted.warnings, "warning", "warnings"),
        ));
        let failed = counted.errors > 0 || counted.unreadable > 0;
        Ok(if failed { code::NO } else { code::DONE })
    }

    /// What is to be checked: the files named, or the library.
    fn files(
        &self,
        common: &Common,
        counted: &mut Counted,
        out: &mut Out,
    ) -> Result<Vec<LibraryFile>, Failure> {
        if self.paths.is_empty() {
            let workplace = setup::workplace(common, out)?;
            return Ok(playbooks::library(&workplace).collect());
        }
        let mut files = Vec::new();
        for path in &self.paths {
            let paths = if path.is_dir() {
                playbooks::files_below(path)
            } else if drills::has_toml_name(path) {
                Vec::new()
            } else {
                vec![path.clone()]
            };
            for path in paths {
                match playbooks::read(&path) {
                    Ok(file) => files.push(file),
                    Err(error) => {
                        counted.unreadable += 1;
                        out::complain(error);
                    }
                }
            }
        }
        Ok(files)
    }

    fn file(
        &self,
        file: &LibraryFile,
        known: &BTreeSet<String>,
        counted: &mut Counted,
        out: &mut Out,
    ) -> Result<(), Failure> {
        counted.files += 1;
        for parsed in &file.playbooks {
            counted.playbooks += 1;
            let mut findings = playbooks::diagnostics(parsed);
            findings.extend(check::check_playbooks(&parsed.playbook, known));
            findings.sort_by_key(|finding| finding.span.start);
            counted.count(&findings);
            match self.format {
                Format::Text => {
                    for finding in &findings {
                        out.line(finding.located(&file.source))?;
                    }
                }
                Format::Json => counted.json.push(json!({
                    "path": &*file.source.path,
                    "playbook": parsed.playbook.id,
                    "title": parsed.playbook.title,
                    "native": parsed.playbook.native,
                    "findings": findings.iter().map(|finding| as_json(finding, &file.source)).collect::<Vec<_>>(),
                })),
            }
        }
        Ok(())
    }
}

/// Ids of the playbooks that a decision may lead to: those of the files and, when these are not enough, of the library.
fn known(
    files: &[LibraryFile],
    common: &Common,
    out: &mut Out,
) -> Result<BTreeSet<String>, Failure> {
    let ids = |file: &LibraryFile| -> Vec<String> {
        let parsed = file.playbooks.iter();
        parsed.map(|one| one.playbook.id.to_string()).collect()
    };
    let mut known: BTreeSet<String> = files.iter().flat_map(ids).collect();
    let all_known = files
        .iter()
        .flat_map(|file| &file.playbooks)
        .flat_map(|parsed| check::playbooks_named(&parsed.playbook))
        .all(|id| known.contains(id));
    if !all_known {
        let workplace = setup::workplace(common, out)?;
        known.extend(playbooks::library(&workplace).flat_map(|file| ids(&file)));
    }
    Ok(known)
}

fn as_json(finding: &Diagnostic, source: &SourceText) -> serde_json::Value {
    let (line, column) = source.line_column(finding.span.start);
    json!({
        "level": finding.level,
        "code": finding.code,
        "message": finding.message,
        "help": finding.help,
        "line": line,
        "column": column,
        "start": finding.span.start,
        "end": finding.span.end,
    })
}
