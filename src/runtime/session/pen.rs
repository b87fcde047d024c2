//! Entries of a session written at once, before its recorder runs or without one.
//!
//! Each call returns when the entry is on disk.

use rustix::process::getuid;

use super::{SessionError, draft};
use crate::config::{Config, Provenance};
use crate::model::Mode;
use crate::model::ids::IncidentId;
use crate::model::playbook::Playbook;
use crate::record::chain::{Stamp, Writer, seal};
use crate::record::entry::Body;
use crate::runtime::clock;
use crate::store::evidence::Kept;
use crate::store::{Fold, Store};

/// Media type of playbooks.
pub(super) const MARKDOWN: &str = "text/markdown";

/// A record with a writer of its own.
pub(super) struct Pen {
    pub(super) store: Store,
    pub(super) writer: Writer,
    pub(super) fold: Fold,
    pub(super) mode: Mode,
    pub(super) incident: IncidentId,
}

impl Pen {
    /// A new writer in a new record.
    pub(super) fn new(
        store: Store,
        mode: Mode,
        incident: IncidentId,
        config: &Config,
    ) -> Result<Self, SessionError> {
        let mut secret = [0; 32];
        fill(&mut secret)?;
        Ok(Self {
            store,
            writer: Writer::new(&mut secret, incident, mode, config.operator.name.clone()),
            fold: Fold::default(),
            mode,
            incident,
        })
    }

    /// A new writer in a record that others have written to: it has seen all of them, and its session is opened. A fold of
    /// the record that was taken before is gone on with.
    pub(super) fn join(
        store: Store,
        mode: Mode,
        incident: IncidentId,
        config: &Config,
        fold: Fold,
    ) -> Result<Self, SessionError> {
        let mut pen = Self::new(store, mode, incident, config)?;
        for head in pen.store.heads()? {
            pen.writer.observe_head(head);
        }
        pen.fold = fold;
        pen.open_session(config)?;
        Ok(pen)
    }

    /// Seals an entry and writes it.
    pub(super) fn write(&mut self, body: Body) -> Result<(), SessionError> {
        let sealed = seal(&mut self.writer, draft(body), stamp()?)?;
        let row = self.store.append(&sealed)?;
        // A gap is another writer's entry, which is still to be folded.
        if row == self.fold.through + 1 {
            self.fold.through = row;
        }
        self.fold.log.add(sealed);
        Ok(())
    }

    /// Writes who begins to work here, and from where.
    pub(super) fn open_session(&mut self, config: &Config) -> Result<(), SessionError> {
        let tty = rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new());
        self.write(Body::SessionOpened {
            operator: config.operator.name.clone(),
            known_by: known_by(config.operator.known_by).to_owned(),
            uid: getuid().as_raw(),
            tty: tty.ok().map(|tty| tty.to_string_lossy().into_owned()),
            host: config.operator.host.clone(),
            ssh_connection: config.environment.get("SSH_CONNECTION").map(str::to_owned),
            key: self.writer.id().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// Keeps the fold and the summary of lists. Both are caches.
    pub(super) fn keep_fold(&self) {
        let _ = self.store.save_fold(&self.fold);
    }
}

/// Randomness and clocks of an entry.
pub(super) fn stamp() -> Result<Stamp, SessionError> {
    let mut salt = [0; 16];
    fill(&mut salt)?;
    Ok(Stamp {
        salt,
        mono_ms: clock::since_boot_ms(),
        boot: clock::boot_id(),
    })
}

/// The entry that says which evidence a playbook's text is.
pub(super) fn playbook_evidence(kept: &Kept, playbook: &Playbook) -> Body {
    Body::EvidenceAdded {
        sha256: kept.sha256,
        size: kept.size,
        media_type: MARKDOWN.to_owned(),
        name: playbook.source.path.to_string(),
        title: format!("Playbook {}", playbook.title),
        origin: None,
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), SessionError> {
    getrandom::fill(bytes).map_err(|error| SessionError::Random(error.to_string()))
}

const fn known_by(from: Provenance) -> &'static str {
    match from {
        Provenance::Argument(_) => "argument",
        Provenance::File => "configuration",
        Provenance::Default => "default",
        Provenance::Account => "account",
        Provenance::Environment(name) => match name.as_bytes() {
            b"SUDO_USER" => "sudo",
            b"USER" => "user",
            _ => "environment",
        },
    }
}
