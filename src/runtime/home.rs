//! What the home screen lists: incidents first, then playbooks in batches, so that a large library shows its first rows
//! at once, then drills.

use std::collections::HashMap;

use super::events::Events;
use super::session::Workplace;
use super::{drills, playbooks};
use crate::engine::event::EventKind;
use crate::engine::state::HomeItem;
use crate::model::diagnostic::Level;
use crate::model::ids::PlaybookId;
use crate::model::{Timestamp, limits};
use crate::store::{self, Summary};

/// Reads everything and tells the loop as it goes.
pub fn load(workplace: &Workplace, events: &Events) {
    let listing = store::list(workplace.data(), workplace.scratch()).unwrap_or_default();
    let mut used_at: HashMap<PlaybookId, Timestamp> = HashMap::new();
    for summary in &listing.incidents {
        let used = used_at
            .entry(summary.playbook.clone())
            .or_insert(summary.last_at);
        *used = summary.last_at.max(*used);
    }
    let mut items: Vec<HomeItem> = listing.incidents.into_iter().map(incident).collect();
    for file in playbooks::library(workplace) {
        if items.len() >= limits::HOME_BATCH {
            let items = std::mem::take(&mut items);
            events.send_blocking(EventKind::HomeLoaded { items, last: false });
        }
        items.extend(file.playbooks.iter().map(|parsed| {
            let playbook = &parsed.playbook;
            HomeItem::Playbook {
                id: playbook.id.clone(),
                path: file.name_of(playbook),
                title: playbook.title.clone(),
                summary: playbook.summary.clone(),
                alerts: playbook.alerts.clone(),
                errors: parsed
                    .diagnostics
                    .iter()
                    .filter(|finding| finding.level == Level::Error)
                    .count(),
                used_at: used_at.get(&playbook.id).copied(),
            }
        }));
    }
    items.extend(
        drills::scenarios(workplace)
            .into_iter()
            .map(|(scenario, _)| HomeItem::Drill {
                id: scenario.id,
                title: scenario.title,
                summary: scenario.summary,
                playbook: scenario.playbook,
            }),
    );
    events.send_blocking(EventKind::HomeLoaded { items, last: true });
}

fn incident(summary: Summary) -> HomeItem {
    HomeItem::Incident {
        id: summary.id,
        mode: summary.mode,
        title: summary.title,
        severity: summary.severity,
        opened_at: summary.opened_at,
        last_at: summary.last_at,
        attached: summary.attached,
    }
}
