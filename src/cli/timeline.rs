//! `timeline`: an incident's entries, and those that follow.

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::out::Out;
use super::{Common, code, setup};
use crate::model::limits;
use crate::record::entry::Sealed;
use crate::report::timeline::{csv_header, csv_line, json_line, text_line};
use crate::store::{Store, Watcher};

/// `timeline INCIDENT`
#[derive(Debug, Args)]
pub(super) struct Timeline {
    /// `last`, an id, or its last four or more digits.
    #[arg(default_value = "last")]
    incident: String,
    /// Go on printing what is added, until interrupted.
    #[arg(long, short)]
    follow: bool,
    /// How to print; JSON is one object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One sentence a line.
    Text,
    /// One object a line.
    Json,
    /// Comma-separated values (RFC 4180).
    Csv,
}

impl Timeline {
    /// Prints the entries in the incident's order; what follows, in the order in which it reached this host.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let store = setup::record(&workplace, &self.incident)?;
        // Watched before it is read, so that nothing is missed in between.
        let watcher = self
            .follow
            .then(|| Watcher::new(store.folder()))
            .transpose()
            .map_err(setup::of_store)?;
        let mut through =
            i64::try_from(store.count().map_err(setup::of_store)?).unwrap_or(i64::MAX);
        if self.format == Form::Csv {
            out.document(csv_header().as_bytes())?;
        }
        let mut first = 0;
        loop {
            let page = store
                .entries(first, limits::TIMELINE_WINDOW as u64)
                .map_err(setup::of_store)?;
            if page.is_empty() {
                break;
            }
            first += page.len() as u64;
            page.iter().try_for_each(|sealed| self.print(sealed, out))?;
        }
        through = through.max(i64::try_from(first).unwrap_or(i64::MAX));
        if let Some(watcher) = watcher {
            self.follow(&store, watcher, through, out)?;
        }
        Ok(code::DONE)
    }

    fn follow(
        &self,
        store: &Store,
        mut watcher: Watcher,
        mut through: i64,
        out: &mut Out,
    ) -> Result<(), Failure> {
        loop {
            for stored in store.since(through, u64::MAX).map_err(setup::of_store)? {
                through = stored.row;
                self.print(&stored.sealed, out)?;
            }
            out.flush()?;
            watcher.wait(None)?;
        }
    }

    fn print(&self, sealed: &Sealed, out: &mut Out) -> Result<(), Failure> {
        match self.format {
            Form::Text => out.line(text_line(sealed).trim_end()),
            Form::Json => out.json_line(&json_line(sealed)),
            Form::Csv => out.document(csv_line(sealed).as_bytes()),
        }
    }
}
