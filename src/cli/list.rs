//! `list`: what there is, one line a thing, or as JSON.

pub(super) mod clocks;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::failure::Failure;
use super::out::{self, Out};
use super::{Common, Format, code, setup};
use crate::engine::command::COMMANDS;
use crate::layout::PaneKind;
use crate::model::diagnostic::Level;
use crate::model::timestamp_text;
use crate::runtime::customs::Customs;
use crate::runtime::{drills, mode, playbooks};
use crate::store;

/// `list WHAT`
#[derive(Debug, Args)]
pub(super) struct List {
    /// What to list.
    #[arg(value_enum)]
    what: What,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Playbooks of the library, with the alerts they answer.
    Playbooks,
    /// Incidents, the one worked on last first.
    Incidents,
    /// Scenarios of drills, with the playbook each is worked with.
    Drills,
    /// Sources of the profile.
    Sources,
    /// Layouts of the screen.
    Layouts,
    /// Commands and their keys.
    Keys,
    /// Clocks of all incidents, closed ones included; the exit code is 1 when one of a live incident is overdue.
    Clocks,
}

/// Rows as people read them, each with its JSON.
#[derive(Default)]
struct Rows {
    text: Vec<Vec<String>>,
    json: Vec<Value>,
}

impl Rows {
    fn push(&mut self, cells: Vec<String>, json: Value) {
        self.text.push(cells);
        self.json.push(json);
    }
}

impl List {
    /// Prints the list.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let mut rows = Rows::default();
        let mut code = code::DONE;
        match self.what {
            What::Playbooks => list_playbooks(common, out, &mut rows)?,
            What::Incidents => code = list_incidents(common, out, &mut rows)?,
            What::Drills => list_drills(common, out, &mut rows)?,
            What::Sources => list_sources(common, out, &mut rows)?,
            What::Layouts => list_layouts(common, out, &mut rows)?,
            What::Keys => list_keys(common, out, &mut rows)?,
            What::Clocks => code = clocks::list(common, out, &mut rows)?,
        }
        match self.format {
            Format::Json => out.json(&rows.json)?,
            Format::Text => {
                for line in aligned(&rows.text) {
                    out.line(line)?;
                }
            }
        }
        Ok(code)
    }
}

fn list_playbooks(common: &Common, out: &Out, rows: &mut Rows) -> Result<(), Failure> {
    let workplace = setup::workplace(common, out)?;
    for file in playbooks::library(&workplace) {
        for parsed in &file.playbooks {
            let playbook = &parsed.playbook;
            let errors = parsed
                .diagnostics
                .iter()
                .filter(|finding| finding.level == Level::Error)
                .count();
            let cells = vec![
                playbook.id.to_string(),
                playbook.title.clone(),
                playbook.alerts.join(", "),
            ];
            rows.push(
                cells,
                json!({
                    "id": playbook.id,
                    "title": playbook.title,
                    "summary": playbook.summary,
                    "alerts": playbook.alerts,
                    "severity": playbook.severity,
                    "native": playbook.native,
                    "errors": errors,
                    "path": file.name_of(playbook),
                }),
            );
        }
    }
    Ok(())
}

fn list_drills(common: &Common, out: &Out, rows: &mut Rows) -> Result<(), Failure> {
    let workplace = setup::workplace(common, out)?;
    for (scenario, findings) in drills::scenarios(&workplace) {
        let errors = findings.iter().filter(|one| one.level == Level::Error);
        let cells = vec![
            scenario.id.clone(),
            scenario.title.clone(),
            scenario.playbook.to_string(),
        ];
        rows.push(
            cells,
            json!({
                "id": scenario.id,
                "title": scenario.title,
                "summary": scenario.summary,
                "playbook": scenario.playbook,
                "severity": scenario.severity,
                "minutes": scenario.lasts.as_secs() / 60,
                "errors": errors.count(),
                "path": &*scenario.source.path,
            }),
        );
    }
    Ok(())
}

/// A record that cannot be read is told and makes the exit code that of a failed store.
fn list_incidents(common: &Common, out: &Out, rows: &mut Rows) -> Result<u8, Failure> {
    let workplace = setup::workplace(common, out)?;
    let listing = store::list(workplace.data(), workplace.scratch()).map_err(setup::of_store)?;
    for summary in listing.incidents {
        let cells = vec![
            summary.id.short(),
            summary.mode.word().to_owned(),
            summary.severity.clone().unwrap_or_else(|| "-".into()),
            timestamp_text(summary.opened_at),
            if summary.attached {
                "attached"
            } else {
                "detached"
            }
            .to_owned(),
            summary.title.clone(),
        ];
        rows.push(
            cells,
            json!({
                "id": summary.id,
                "short": summary.id.short(),
                "mode": summary.mode,
                "title": summary.title,
                "playbook": summary.playbook,
                "severity": summary.severity,
                "opened_at": timestamp_text(summary.opened_at),
                "last_at": timestamp_text(summary.last_at),
                "entries": summary.entries,
                "attached": summary.attached,
            }),
        );
    }
    for (id, error) in &listing.broken {
        out::complain(format!("incident {id}: {error}"));
    }
    Ok(if listing.broken.is_empty() {
        code::DONE
    } else {
        code::FAILED
    })
}

fn list_sources(common: &Common, out: &Out, rows: &mut Rows) -> Result<(), Failure> {
    let workplace = setup::workplace(common, out)?;
    let config = workplace.config();
    let (sources, findings) = mode::live(config);
    out.diagnostics(&findings, &config.source);
    if sources.iter().next().is_none() {
        out.say(format!(
            "no sources: profile {} of {} has none",
            config.profile.value.as_deref().unwrap_or("(none chosen)"),
            config.source.path
        ));
    }
    for (name, configured) in sources.iter() {
        let languages: Vec<&str> = configured
            .kind
            .languages
            .iter()
            .map(|language| language.word())
            .collect();
        let target = configured.source.target();
        let cells = vec![
            name.to_string(),
            configured.kind.word.to_owned(),
            languages.join(", "),
            target.clone(),
        ];
        rows.push(
            cells,
            json!({
                "name": name,
                "kind": configured.kind.word,
                "languages": languages,
                "target": target,
            }),
        );
    }
    Ok(())
}

fn list_layouts(common: &Common, out: &Out, rows: &mut Rows) -> Result<(), Failure> {
    for layout in customs(common, out)?.layouts.iter() {
        let (columns, rows_needed) = layout.smallest();
        let panes: Vec<&str> = layout.panes().into_iter().map(PaneKind::word).collect();
        let cells = vec![
            layout.name.clone(),
            match (columns, rows_needed) {
                (0, 0) => "any size".to_owned(),
                (columns, rows) => format!("from {columns}x{rows}"),
            },
            panes.join(", "),
        ];
        rows.push(
            cells,
            json!({
                "name": layout.name,
                "columns": columns,
                "rows": rows_needed,
                "panes": panes,
            }),
        );
    }
    Ok(())
}

fn list_keys(common: &Common, out: &Out, rows: &mut Rows) -> Result<(), Failure> {
    let keys = customs(common, out)?.keys;
    for row in COMMANDS {
        let chords: Vec<String> = keys
            .of(row.command)
            .iter()
            .map(ToString::to_string)
            .collect();
        let cells = vec![
            row.scope.word().to_owned(),
            row.id.to_owned(),
            chords.join(" "),
            row.help.to_owned(),
        ];
        rows.push(
            cells,
            json!({
                "command": row.id,
                "title": row.title,
                "scope": row.scope.word(),
                "keys": chords,
                "help": row.help,
            }),
        );
    }
    Ok(())
}

fn customs(common: &Common, out: &Out) -> Result<Customs, Failure> {
    let customs = Customs::load(&setup::config(common, out)?.places);
    for (source, finding) in &customs.findings {
        out.say(finding.located(source));
    }
    Ok(customs)
}

/// Lines with their columns below each other, two blanks apart.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let width_of = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| unicode_width::UnicodeWidthStr::width(cell.as_str()))
            .max()
            .unwrap_or_default()
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width_of).collect();
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let room =
                    width.saturating_sub(unicode_width::UnicodeWidthStr::width(cell.as_str()));
                line.push_str(cell);
                line.push_str(&" ".repeat(room + 2));
            }
            line.trim_end().to_owned()
        })
        .collect()
}
