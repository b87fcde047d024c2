//! `check`: the findings of loader and linter.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::out::{self, Out};
use super::{Common, Format, code, setup};
use crate::model::diagnostic::{Diagnostic, Level};
use crate::runtime::playbooks::{self, LibraryFile};

/// `check [PATH]...`
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Playbooks, or folders that are searched for them.
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
    errors: usize,
    warnings: usize,
    unreadable: usize,
    json: Vec<serde_json::Value>,
}

impl Check {
    /// Prints every finding; the answer is no when one is an error or a file cannot be read.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let mut counted = Counted::default();
        if self.paths.is_empty() {
            let workplace = setup::workplace(common, out)?;
            for file in playbooks::library(&workplace) {
                self.file(&file, &mut counted, out)?;
            }
        }
        for path in &self.paths {
            let files = if path.is_dir() {
                playbooks::files_below(path)
            } else {
                vec![path.clone()]
            };
            for file in files {
                match playbooks::read(&file) {
                    Ok(file) => self.file(&file, &mut counted, out)?,
                    Err(error) => {
                        counted.unreadable += 1;
                        out::complain(error);
                    }
                }
            }
        }
        if self.format == Format::Json {
            out.json(&counted.json)?;
        }
        out.say(format!(
            "{} in {}: {}, {}",
            out::counted(counted.playbooks, "playbook", "playbooks"),
            out::counted(counted.files, "file", "files"),
            out::counted(counted.errors, "error", "errors"),
            out::counted(counted.warnings, "warning", "warnings"),
        ));
        let failed = counted.errors > 0 || counted.unreadable > 0;
        Ok(if failed { code::NO } else { code::DONE })
    }

    fn file(
        &self,
        file: &LibraryFile,
        counted: &mut Counted,
        out: &mut Out,
    ) -> Result<(), Failure> {
        counted.files += 1;
        for parsed in &file.playbooks {
            counted.playbooks += 1;
            let findings = playbooks::diagnostics(parsed);
            counted.errors += findings
                .iter()
                .filter(|finding| finding.level == Level::Error)
                .count();
            counted.warnings += findings
                .iter()
                .filter(|finding| finding.level == Level::Warning)
                .count();
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
                    "findings": findings.iter().map(|finding| as_json(finding, file)).collect::<Vec<_>>(),
                })),
            }
        }
        Ok(())
    }
}

fn as_json(finding: &Diagnostic, file: &LibraryFile) -> serde_json::Value {
    let (line, column) = file.source.line_column(finding.span.start);
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
