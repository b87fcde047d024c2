//! How a message stands: drafted or sent, when, and where it went. That it writes goes without saying.

use crate::model::ids::ActionId;
use crate::model::playbook::Language;
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::Role;
use crate::ui::text::{TextLine, safe};
use crate::ui::{View, words};

/// The state of a message, once something was done with it; none for other actions and where nothing was.
pub(super) fn status(view: &View<'_>, id: &ActionId) -> Option<TextLine> {
    let cockpit = view.cockpit;
    let action = cockpit.playbook.action(id)?;
    if action.language != Language::Message {
        return None;
    }
    let kept = cockpit.drafts.contains_key(id);
    let record = cockpit.incident.messages.get(id);
    let sent = record.and_then(|record| Some((record, record.sent_at?)));
    let mut line = TextLine::new();
    if let Some((record, at)) = sent {
        let times = match record.sent {
            0 | 1 => SafeText::fixed("sent"),
            times => safe!("sent {times} times"),
        };
        line.push(times, view.theme.style(Role::Good));
        line.push(
            safe!(" {}", words::age(at, view.state.now)),
            view.theme.style(Role::Muted),
        );
        line.push(" · ", view.theme.style(Role::Muted));
        line.push(sanitize(record.target.trim()), view.theme.style(Role::Text));
    }
    // Final ones first, then those that were begun in this session.
    let mut left: Vec<&str> = record.map_or_else(Vec::new, |record| {
        record.waiting.iter().map(String::as_str).collect()
    });
    let begun = cockpit.drafts.get(id).into_iter();
    left.extend(begun.flat_map(|form| form.unfinished()).flatten());
    let left = match left.as_slice() {
        [] if kept => SafeText::fixed("draft kept, not sent"),
        [] => return sent.map(|_| line),
        [""] => SafeText::fixed("drafted, not sent"),
        for_whom => safe!("not sent: {}", for_whom.join(", ")),
    };
    if !line.is_empty() {
        line.push(" · ", view.theme.style(Role::Muted));
    }
    line.push(left, view.theme.style(Role::Warning));
    Some(line)
}
