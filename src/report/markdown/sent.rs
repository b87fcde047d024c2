//! What went out and changed something: writes with what was seen and typed before them, and messages.

use std::collections::BTreeMap;

use super::{code, escape, fence, heading, indent, item, under, when};
use crate::model::playbook::{Effect, Playbook};
use crate::record::entry::{Body, Gate, Hash, Sealed};
use crate::report::names::Names;
use crate::report::sentence;
use crate::report::undo;

/// Every write: where, what its gate showed, how many rows it touched, how to undo it.
pub(super) fn writes(text: &mut String, playbook: &Playbook, entries: &[Sealed]) {
    let names = Names(Some(playbook));
    let ends: BTreeMap<Hash, (Option<u64>, String)> = entries
        .iter()
        .filter_map(|sealed| {
            let body = sealed.body.as_ref()?;
            let said = || sentence(body, sealed.entry.when(), names);
            match body {
                Body::ActionResult { intent, rows, .. } => Some((*intent, (*rows, said()))),
                Body::ActionResolved { intent, .. } => Some(((*intent)?, (None, said()))),
                _ => None,
            }
        })
        .collect();
    let mut any = false;
    for sealed in entries {
        let Some(Body::ActionIntent {
            action,
            target,
            effect: Effect::Write,
            gate,
            ..
        }) = &sealed.body
        else {
            continue;
        };
        if !any {
            heading(text, "Writes");
            any = true;
        }
        let title = escape(&names.action(action));
        item(text, &format!("{title} ({})", when(sealed)));
        under(text, "Target", &code(target));
        match gate {
            Some(gate) => under_gate(text, gate),
            None => under(text, "Gate", "none is recorded"),
        }
        match ends.get(&sealed.hash) {
            Some((rows, said)) => {
                if let Some(rows) = rows {
                    under(text, "Rows touched", &rows.to_string());
                }
                under(text, "Outcome", &escape(said));
            }
            None => under(text, "Outcome", "no end is recorded: outcome unknown"),
        }
        let undo = playbook
            .action(action)
            .and_then(|action| action.undo.as_deref());
        under(text, "Undo", &escape(&undo::value(undo)));
    }
}

fn under_gate(text: &mut String, gate: &Gate) {
    let preview = match gate.preview_rows {
        Some(rows) => format!("{rows} rows"),
        None => "no preview".to_owned(),
    };
    under(text, "Preview", &preview);
    under(text, "Typed", &code(&gate.typed));
    if let Some(ceiling) = gate.ceiling {
        under(text, "Ceiling", &format!("{ceiling} rows"));
    }
    for approval in &gate.approvals {
        let line = format!("{} ({})", escape(&approval.person), escape(&approval.how));
        under(text, "Agreed", &line);
    }
}

/// Every message: its final text each time, and where it went.
pub(super) fn messages(text: &mut String, playbook: &Playbook, entries: &[Sealed]) {
    let names = Names(Some(playbook));
    let mut any = false;
    for sealed in entries {
        let Some(body @ (Body::MessageDrafted { .. } | Body::MessageSent { .. })) = &sealed.body
        else {
            continue;
        };
        if !any {
            heading(text, "Messages");
            any = true;
        }
        match body {
            Body::MessageDrafted {
                action,
                to,
                subject,
                audience,
                each,
                text: message,
                held_back,
            } => {
                let title = escape(&names.action(action));
                item(text, &format!("Drafted {title} ({})", when(sealed)));
                for (fact, value) in [
                    ("To", to),
                    ("Subject", subject),
                    ("Audience", audience),
                    ("For", each),
                ] {
                    if let Some(value) = value {
                        under(text, fact, &code(value));
                    }
                }
                for reason in held_back {
                    under(text, "Held back", &escape(reason));
                }
                text.push('\n');
                text.push_str(&indent(&fence(message)));
                text.push('\n');
            }
            Body::MessageSent {
                action,
                each,
                channel,
                target,
                text_sha256,
            } => {
                let title = escape(&names.action(action));
                item(text, &format!("Sent {title} ({})", when(sealed)));
                if let Some(each) = each {
                    under(text, "For", &code(each));
                }
                under(text, "By", &code(channel));
                under(text, "Where", &code(target));
                under(text, "Text's SHA-256", &code(&text_sha256.to_string()));
            }
            _ => {}
        }
    }
}
