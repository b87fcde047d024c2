//! The dialog in which a message is written, as data: drafts, the field under the cursor, what was accepted and sent.

use std::collections::{BTreeMap, BTreeSet};

use crate::editor::Editor;
use crate::message::{Draft, HeldBack};
use crate::model::ids::{ActionId, SourceName};

/// The dialog in which a message is written.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftForm {
    /// The message's action.
    pub action: ActionId,
    /// All drafts of it: one, or one a value of `for-each`.
    pub drafts: Vec<Draft>,
    /// The same as they were filled.
    pub filled: Vec<Draft>,
    /// The one on screen.
    pub index: usize,
    /// The part of it that takes the keys.
    pub part: DraftPart,
    /// That part's text.
    pub editor: Editor,
    /// What holds it back, once it was accepted.
    pub held_back: Vec<HeldBack>,
    /// Why it may go all the same, while that is typed.
    pub reason: Option<Editor>,
    /// Drafts as they were accepted, by index.
    pub accepted: BTreeMap<usize, Draft>,
    /// Drafts that were sent.
    pub sent: BTreeSet<usize>,
    /// Sources that take messages, each with where it leads.
    pub sources: Vec<(SourceName, String)>,
}

/// A part of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftPart {
    /// The text.
    Text,
    /// The subject line.
    Subject,
    /// The addressee.
    To,
}

/// A way out for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// To the clipboard, with OSC 52; the operator says afterwards where it went.
    Clipboard,
    /// To a file of the incident.
    File,
    /// Posted to a source that takes messages.
    Source(SourceName),
}

impl DraftForm {
    /// A dialog over drafts, the first of them on screen.
    pub fn new(action: ActionId, drafts: Vec<Draft>, sources: Vec<(SourceName, String)>) -> Self {
        let text = drafts.first().map_or("", |draft| draft.text.as_str());
        Self {
            editor: Editor::text(text),
            action,
            filled: drafts.clone(),
            drafts,
            index: 0,
            part: DraftPart::Text,
            held_back: Vec::new(),
            reason: None,
            accepted: BTreeMap::new(),
            sent: BTreeSet::new(),
            sources,
        }
    }

    /// The draft on screen, as of the last time its editor was read.
    pub fn draft(&self) -> Option<&Draft> {
        self.drafts.get(self.index)
    }

    /// The field that takes the keys.
    pub(in crate::engine) fn typed(&mut self) -> &mut Editor {
        self.reason.as_mut().unwrap_or(&mut self.editor)
    }

    /// Takes what the editor holds into the draft.
    pub(super) fn take_text(&mut self) {
        let content = self.editor.content();
        let Some(draft) = self.drafts.get_mut(self.index) else {
            return;
        };
        let line = || Some(content.clone()).filter(|line| !line.trim().is_empty());
        match self.part {
            DraftPart::Text => draft.text = content,
            DraftPart::Subject => draft.subject = line(),
            DraftPart::To => draft.to = line(),
        }
    }

    /// Goes to another part of the draft.
    pub(super) fn show_part(&mut self, part: DraftPart) {
        self.take_text();
        self.part = part;
        self.load();
    }

    /// Goes to another draft, staying inside.
    pub(super) fn show_draft(&mut self, index: usize) {
        self.take_text();
        self.index = index.min(self.drafts.len().saturating_sub(1));
        self.part = DraftPart::Text;
        self.held_back.clear();
        self.reason = None;
        self.load();
    }

    fn load(&mut self) {
        let Some(draft) = self.drafts.get(self.index) else {
            return;
        };
        self.editor = match self.part {
            DraftPart::Text => Editor::text(&draft.text),
            DraftPart::Subject => Editor::line(draft.subject.as_deref().unwrap_or_default()),
            DraftPart::To => Editor::line(draft.to.as_deref().unwrap_or_default()),
        };
    }

    /// Something would be lost without it.
    pub(super) fn is_begun(&self) -> bool {
        self.drafts != self.filled || !self.accepted.is_empty() || !self.sent.is_empty()
    }

    /// Whom the drafts are for that were filled and are neither final nor sent.
    pub fn unfinished(&self) -> impl Iterator<Item = Option<&str>> {
        let drafts = self.drafts.iter().enumerate();
        drafts
            .filter(|(index, _)| !self.accepted.contains_key(index) && !self.sent.contains(index))
            .map(|(_, draft)| draft.each.as_deref())
    }

    /// The operator changed the draft on screen.
    pub(super) fn is_edited(&self) -> bool {
        self.draft() != self.filled.get(self.index)
    }

    /// The draft for a value was sent; goes to the next one that was not. False when all were.
    pub(super) fn mark_sent(&mut self, each: Option<&str>) -> bool {
        let sent = self
            .drafts
            .iter()
            .position(|draft| draft.each.as_deref() == each);
        self.sent.extend(sent);
        let count = self.drafts.len();
        let next = (0..count)
            .map(|step| (self.index + step) % count)
            .find(|index| !self.sent.contains(index));
        if let Some(next) = next {
            self.show_draft(next);
        }
        next.is_some()
    }
}

impl DraftPart {
    /// The next part, round and round.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Text => Self::Subject,
            Self::Subject => Self::To,
            Self::To => Self::Text,
        }
    }

    /// The part before.
    pub(super) const fn previous(self) -> Self {
        match self {
            Self::Text => Self::To,
            Self::To => Self::Subject,
            Self::Subject => Self::Text,
        }
    }
}
