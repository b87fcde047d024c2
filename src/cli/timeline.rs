//! `timeline`: an incident's entries, and those that follow.

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::out::Out;
use super::{Common, code, setup};
use crate::incident::view::view;
use crate::model::limits;
use crate::record::entry::Sealed;
use crate::report::Names;
use crate::report::timeline::{
    LastWords, csv_header, csv_line, json_line, last_words, silent_line, text_line,
};
use crate::runtime::session;
use crate::store::{Store, Watcher};

/// `timeline [INCIDENT]`
#[derive(Debug, Args)]
pub(super) struct Timeline {
    /// `last`, an id, or its last four or more digits. Without it the one worked on last.
    incident: Option<String>,
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
        let store = setup::record(&workplace, self.incident.as_deref(), out)?;
        // Watched before it is read, so that nothing is missed in between.
        let watcher = self
            .follow
            .then(|| Watcher::new(store.folder()))
            .transpose()
            .map_err(setup::of_store)?;
        let mut through =
            i64::try_from(store.count().map_err(setup::of_store)?).unwrap_or(i64::MAX);
        // A record whose playbook is damaged is worth reading all the more: ids stand for the titles then.
        let playbook = match session::pinned(&store) {
            Ok(pinned) => Some(pinned),
            Err(error) => {
                out.say(format!("without titles: {error}"));
                None
            }
        };
        let telling = Telling {
            names: Names(playbook.as_ref().map(|pinned| &*pinned.found.playbook)),
            last_words: match &playbook {
                Some(pinned) if self.format == Form::Text => cut_off(&store, pinned)?,
                _ => LastWords::new(),
            },
        };
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
            page.iter()
                .try_for_each(|sealed| self.print(sealed, &telling, out))?;
        }
        through = through.max(i64::try_from(first).unwrap_or(i64::MAX));
        if let Some(watcher) = watcher {
            self.follow(&store, watcher, through, &telling, out)?;
        }
        Ok(code::DONE)
    }

    fn follow(
        &self,
        store: &Store,
        mut watcher: Watcher,
        mut through: i64,
        telling: &Telling<'_>,
        out: &mut Out,
    ) -> Result<(), Failure> {
        loop {
            for stored in store.since(through, u64::MAX).map_err(setup::of_store)? {
                through = stored.row;
                self.print(&stored.sealed, telling, out)?;
            }
            out.flush()?;
            watcher.wait(None)?;
        }
    }

    fn print(&self, sealed: &Sealed, telling: &Telling<'_>, out: &mut Out) -> Result<(), Failure> {
        match self.format {
            Form::Text => {
                out.line(text_line(sealed, telling.names).trim_end())?;
                match telling.last_words.get(&sealed.hash) {
                    Some(session) => out.line(silent_line(sealed, session)),
                    None => Ok(()),
                }
            }
            Form::Json => out.json_line(&json_line(sealed, telling.names)),
            Form::Csv => out.document(csv_line(sealed, telling.names).as_bytes()),
        }
    }
}

/// What is said beside the entries themselves.
struct Telling<'a> {
    names: Names<'a>,
    last_words: LastWords,
}

/// The last entries of sessions that ended without saying so. The record is read for them only when there is one.
fn cut_off(store: &Store, pinned: &session::Pinned) -> Result<LastWords, Failure> {
    let view = view(
        &pinned.found.playbook,
        &pinned.incident,
        &store.alive_writers(),
    );
    if view.silent.is_empty() {
        return Ok(LastWords::new());
    }
    let entries = store.entries(0, u64::MAX).map_err(setup::of_store)?;
    Ok(last_words(&view.silent, &entries))
}
