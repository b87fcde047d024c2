//! The timeline pane: a window on the record, the newest entries at hand, older ones read when they are looked at.

use std::sync::Arc;

use crate::layout::PaneKind;
use crate::model::limits;
use crate::record::entry::{Body, Sealed};

use super::command::Command;
use super::effect::Effect;
use super::state::{Overlay, Timeline};
use super::turn::Turn;

impl Timeline {
    /// Adds the newest entry. While older entries are looked at, the window stays where it is.
    pub(super) fn push(&mut self, entry: Arc<Sealed>) {
        let at_end = self.first + self.entries.len() as u64 == self.total;
        self.total += 1;
        if self.back > 0 {
            self.back += 1;
        }
        if at_end {
            self.entries.push_back(entry);
        }
        if self.back == 0 {
            self.drop_oldest();
        }
    }

    /// Position of the selected entry in the record.
    pub fn selected(&self) -> u64 {
        self.total.saturating_sub(1).saturating_sub(self.back)
    }

    /// The selected entry, if it is in the window.
    pub fn selected_entry(&self) -> Option<&Arc<Sealed>> {
        self.entry(self.line_of(self.selected()))
    }

    /// The entry at a position of the record, if it is in the window.
    pub fn entry(&self, position: u64) -> Option<&Arc<Sealed>> {
        let index = position.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// True when the entry at a position is another form of what the one before it kept: a capture is one line, however
    /// many files it has.
    pub fn is_other_form(&self, position: u64) -> bool {
        let kept = |position| match &self.entry(position)?.body {
            Some(Body::EvidenceAdded {
                origin: Some(origin),
                title,
                ..
            }) => Some((origin, title)),
            _ => None,
        };
        let before = position.checked_sub(1).and_then(kept);
        before.is_some() && before == kept(position)
    }

    /// The position of the line that an entry stands in.
    pub fn line_of(&self, mut position: u64) -> u64 {
        while self.is_other_form(position) {
            position -= 1;
        }
        position
    }

    /// The position of the line that stands so many lines above the end, which is behind the last of them.
    pub fn lines_above(&self, end: u64, lines: u64) -> u64 {
        let mut position = end;
        for _ in 0..lines {
            match position.checked_sub(1) {
                Some(above) => position = self.line_of(above),
                None => break,
            }
        }
        position
    }

    /// The position of the next line, at most the last entry.
    fn line_below(&self, position: u64) -> u64 {
        let mut below = position + 1;
        while self.is_other_form(below) {
            below += 1;
        }
        below.min(self.total.saturating_sub(1))
    }

    fn drop_oldest(&mut self) {
        while self.entries.len() > limits::TIMELINE_WINDOW {
            self.entries.pop_front();
            self.first += 1;
        }
    }
}

impl Turn<'_> {
    pub(super) fn move_in_timeline(&mut self, command: Command) {
        let page = self
            .pane_area(PaneKind::Timeline)
            .map_or(10, |area| u64::from(area.height.saturating_sub(2)).max(1));
        let Some(timeline) = self.cockpit().map(|cockpit| &mut cockpit.timeline) else {
            return;
        };
        let oldest = timeline.total.saturating_sub(1);
        let here = timeline.selected();
        timeline.back = match command {
            Command::Up => oldest - timeline.lines_above(timeline.line_of(here), 1),
            Command::Down => oldest - timeline.line_below(here),
            Command::PageUp => timeline.back + page,
            Command::PageDown => timeline.back.saturating_sub(page),
            Command::First => oldest,
            Command::Last => 0,
            _ => timeline.back,
        }
        .min(oldest);
        let selected = timeline.selected();
        let end = timeline.first + timeline.entries.len() as u64;
        let margin = page.min(selected);
        let covered = selected - margin >= timeline.first && selected < end;
        if !covered && !timeline.loading {
            timeline.loading = true;
            let half = limits::TIMELINE_WINDOW as u64 / 2;
            let first = selected.saturating_sub(half);
            self.effect(Effect::LoadTimeline {
                first,
                count: limits::TIMELINE_WINDOW as u64,
            });
        }
    }

    pub(super) fn timeline_loaded(&mut self, first: u64, entries: Vec<Arc<Sealed>>) {
        let Some(timeline) = self.cockpit().map(|cockpit| &mut cockpit.timeline) else {
            return;
        };
        timeline.loading = false;
        timeline.first = first;
        timeline.entries = entries.into();
        timeline.total = timeline.total.max(first + timeline.entries.len() as u64);
    }

    pub(super) fn open_entry(&mut self) {
        let entry = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.timeline.selected_entry())
            .cloned();
        if let Some(entry) = entry {
            self.open_overlay(Overlay::Entry { entry, top: 0 });
        }
    }
}
