//! Severity and milestones: what operators state with a reason. Neither is ever inferred.

use super::state::{Chosen, Cockpit, Overlay, Purpose};
use super::turn::Turn;
use crate::model::Timestamp;
use crate::model::safe_text::{SafeText, sanitize};

/// Milestones that an operator states; the end of an incident has its own dialog.
const MILESTONES: [(&str, &str); 3] = [
    (
        "aware",
        "we know that it may be one: legal clocks may start here",
    ),
    ("confirmed", "it is one"),
    ("contained", "it does no more harm"),
];

impl Cockpit {
    /// Levels that the incident may have: name, and what is said of it.
    fn levels(&self) -> Vec<(String, String)> {
        let ladder = self.playbook.ladder.iter().map(|level| {
            let aka = match level.aka.as_slice() {
                [] => String::new(),
                names => format!(" ({})", names.join(", ")),
            };
            (
                level.id.clone(),
                format!("{}{aka}: {}", level.id, level.means),
            )
        });
        let mut levels: Vec<_> = ladder.collect();
        for severity in &self.playbook.severity {
            let known = self.playbook.ladder.iter().any(|level| {
                level.id == *severity || level.aka.iter().any(|name| name == severity)
            });
            if !known {
                levels.push((severity.clone(), severity.clone()));
            }
        }
        levels
    }

    /// The incident has this level, by its name or another name of it.
    fn has_severity(&self, level: &str) -> bool {
        let Some(now) = &self.incident.severity else {
            return false;
        };
        let ladder = self.playbook.ladder.iter().find(|other| other.id == level);
        let aka = ladder.is_some_and(|level| level.aka.iter().any(|name| name == now));
        now == level || aka
    }
}

impl Turn<'_> {
    /// Chooses the severity.
    pub(super) fn choose_severity(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let levels = cockpit.levels();
        if levels.is_empty() {
            return self.say("this playbook has no severities: name them in its ladder");
        }
        let now = levels
            .iter()
            .position(|(level, _)| cockpit.has_severity(level));
        let items = levels.into_iter().enumerate().map(|(at, (level, label))| {
            let label = if Some(at) == now {
                format!("● {label} (now)")
            } else {
                format!("○ {label}")
            };
            (sanitize(&label), Chosen::Severity(level))
        });
        let items = items.collect();
        let title = match &cockpit.incident.severity {
            Some(severity) => format!("The severity is {severity}. What is it now?"),
            None => "There is no severity yet. What is it?".to_owned(),
        };
        self.open_overlay(Overlay::Choose {
            title: vec![sanitize(&title)],
            items,
            selected: now.unwrap_or(0),
        });
    }

    /// Asks why the severity changes, unless it is that already.
    pub(super) fn ask_severity_change(&mut self, severity: String) {
        let same = self
            .state
            .cockpit()
            .is_some_and(|cockpit| cockpit.has_severity(&severity));
        if same {
            self.say(format!("the severity is {severity} already"));
        } else {
            self.ask(Purpose::Severity(severity));
        }
    }

    /// Chooses a milestone.
    pub(super) fn choose_milestone(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let reached = &cockpit.incident.milestones;
        let items: Vec<(SafeText, Chosen)> = MILESTONES
            .iter()
            .map(|(name, means)| {
                let label = match reached.get(*name) {
                    Some(fact) => format!(
                        "✓ {name}: {} by {}: {}",
                        self.minute(fact.at),
                        fact.operator,
                        fact.text
                    ),
                    None => format!("○ {name}: {means}"),
                };
                (sanitize(&label), Chosen::Milestone((*name).to_owned()))
            })
            .collect();
        let open = MILESTONES
            .iter()
            .position(|(name, _)| !reached.contains_key(*name));
        self.open_overlay(Overlay::Choose {
            title: vec![SafeText::fixed("Which milestone is reached or corrected?")],
            items,
            selected: open.unwrap_or(0),
        });
    }

    /// When a milestone was reached, if it was.
    pub(super) fn milestone_at(&self, milestone: &str) -> Option<Timestamp> {
        let cockpit = self.state.cockpit()?;
        cockpit.incident.milestones.get(milestone).map(|at| at.at)
    }

    /// Hour and minute in the zone on screen, with the day when it is not today's.
    fn minute(&self, at: Timestamp) -> String {
        let (at, now) = (
            at.to_zoned(self.state.zone.clone()),
            self.state.now.to_zoned(self.state.zone.clone()),
        );
        let format = if at.date() == now.date() {
            "%H:%M"
        } else {
            "%m-%d %H:%M"
        };
        at.strftime(format).to_string()
    }
}
