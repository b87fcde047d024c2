//! Scenarios of drills: read, and checked against the playbook they name.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{Check, Counted, as_json};
use crate::cli::failure::Failure;
use crate::cli::out::{self, Out};
use crate::cli::{Common, Format, setup};
use crate::drill::{Scenario, scenario};
use crate::model::playbook::Playbook;
use crate::runtime::drills::{self, Found};
use crate::runtime::playbooks::{self, LibraryFile};

impl Check {
    /// Checks the scenarios among the paths; without a path those that `drill` finds. Their playbooks are those of the files and, where these have not all of
    /// them, of the library.
    pub(super) fn scenarios(
        &self,
        common: &Common,
        files: &[LibraryFile],
        counted: &mut Counted,
        out: &mut Out,
    ) -> Result<(), Failure> {
        let found = self.found(common, counted, out)?;
        let of_files = || playbooks_of(files);
        let all_there = found
            .iter()
            .all(|(scenario, _)| of_files().any(|playbook| playbook.id == scenario.playbook));
        let library: Vec<LibraryFile> = if all_there {
            Vec::new()
        } else {
            let workplace = setup::workplace(common, out)?;
            playbooks::library(&workplace).collect()
        };
        let known: Vec<&Playbook> = of_files().chain(playbooks_of(&library)).collect();
        for (scenario, mut findings) in found {
            if let Some(playbook) = known.iter().find(|one| one.id == scenario.playbook) {
                findings.extend(scenario::check(&scenario, playbook));
            } else {
                let ids = known.iter().map(|one| one.id.as_str());
                findings.push(scenario::unknown_playbook(&scenario, ids));
            }
            findings.sort_by_key(|finding| finding.span.start);
            counted.files += 1;
            counted.scenarios += 1;
            counted.count(&findings);
            self.print(&scenario, &findings, counted, out)?;
        }
        Ok(())
    }

    fn print(
        &self,
        scenario: &Scenario,
        findings: &[crate::model::diagnostic::Diagnostic],
        counted: &mut Counted,
        out: &mut Out,
    ) -> Result<(), Failure> {
        let source = &scenario.source;
        match self.format {
            Format::Text => {
                for finding in findings {
                    out.line(finding.located(source))?;
                }
            }
            Format::Json => counted.json.push(json!({
                "path": &*source.path,
                "scenario": scenario.id,
                "title": scenario.title,
                "playbook": scenario.playbook,
                "findings": findings.iter().map(|finding| as_json(finding, source)).collect::<Vec<_>>(),
            })),
        }
        Ok(())
    }

    /// The scenarios among the paths, as they were read.
    fn found(
        &self,
        common: &Common,
        counted: &mut Counted,
        out: &mut Out,
    ) -> Result<Vec<Found>, Failure> {
        if self.paths.is_empty() {
            let workplace = setup::workplace(common, out)?;
            return Ok(drills::scenarios(&workplace));
        }
        let mut found = Vec::new();
        for path in &self.paths {
            let paths = if path.is_dir() {
                playbooks::toml_below(path)
                    .into_iter()
                    .filter(|path| is_scenario(path))
                    .collect()
            } else if drills::has_toml_name(path) {
                vec![path.clone()]
            } else {
                Vec::new()
            };
            for path in paths {
                match drills::read(&path) {
                    Ok(one) => found.push(one),
                    Err(error) => {
                        counted.unreadable += 1;
                        out::complain(error);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Folders hold other TOML files too. One that cannot be read is told by whoever reads it.
fn is_scenario(path: &Path) -> bool {
    fs::read_to_string(path).map_or(true, |text| scenario::is_scenario(&text))
}

fn playbooks_of(files: &[LibraryFile]) -> impl Iterator<Item = &Playbook> {
    files
        .iter()
        .flat_map(|file| &file.playbooks)
        .map(|parsed| &parsed.playbook)
}
