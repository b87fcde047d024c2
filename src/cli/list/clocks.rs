//! `list clocks`: what runs out when, in all incidents, for a cron job that must not overlook a legal deadline.

use serde_json::{Value, json};

use super::Rows;
use crate::cli::failure::Failure;
use crate::cli::out::{self, Out};
use crate::cli::{Common, code, setup};
use crate::incident::Incident;
use crate::incident::view::{ClockState, ClockView, view};
use crate::model::{Mode, Timestamp, timestamp_text};
use crate::report::clocks::{left_words, state_word};
use crate::runtime::{clock, session};
use crate::store::{self, Store, Summary};

/// Every clock that runs, that waits, or whose state cannot be told. An overdue clock of a live incident makes the answer no;
/// a record that cannot be read may hide one, so it makes the exit code that of a failed store.
pub(super) fn list(common: &Common, out: &Out, rows: &mut Rows) -> Result<u8, Failure> {
    let workplace = setup::workplace(common, out)?;
    let listing = store::list(workplace.data(), workplace.scratch()).map_err(setup::of_store)?;
    let now = clock::now();
    let mut overdue = false;
    let mut broken: Vec<String> = listing
        .broken
        .iter()
        .map(|(id, error)| format!("incident {id}: {error}"))
        .collect();
    let mut found = Vec::new();
    for summary in listing.incidents {
        match clocks_of(&workplace, &summary) {
            Ok((incident, clocks)) => {
                found.extend(
                    clocks
                        .into_iter()
                        .filter(|clock| is_open(clock, &incident))
                        .map(|clock| (summary.clone(), clock)),
                );
            }
            Err(error) => broken.push(format!("incident {}: {error}", summary.id)),
        }
    }
    // What is most urgent stands first; what has no due time last.
    found.sort_by_key(|(_, clock)| {
        let due = clock.state.due();
        (due.is_none(), due)
    });
    for (summary, clock) in &found {
        overdue |= summary.mode == Mode::Live && clock.state.due().is_some_and(|due| due < now);
        push(rows, summary, clock, now);
    }
    for line in &broken {
        out::complain(line);
    }
    Ok(if !broken.is_empty() {
        code::FAILED
    } else if overdue {
        code::NO
    } else {
        code::DONE
    })
}

/// The clocks of a record. Nothing is written to it: another session may hold it open.
fn clocks_of(
    workplace: &session::Workplace,
    summary: &Summary,
) -> Result<(Incident, Vec<ClockView>), String> {
    let store = Store::read(
        workplace.data(),
        summary.mode,
        summary.id,
        workplace.scratch(),
    )
    .map_err(|error| error.to_string())?;
    let session::Pinned {
        incident, found, ..
    } = session::pinned(&store).map_err(|error| error.to_string())?;
    let clocks = view(&found.playbook, &incident, &store.alive_writers()).clocks;
    Ok((incident, clocks))
}

/// One that is over is not listed.
fn is_open(clock: &ClockView, incident: &Incident) -> bool {
    clock.stays(incident.stage)
        && matches!(
            clock.state,
            ClockState::NotStarted | ClockState::Running { .. } | ClockState::Unclear { .. }
        )
}

fn push(rows: &mut Rows, summary: &Summary, clock: &ClockView, now: Timestamp) {
    let due = clock.state.due();
    let cells = vec![
        summary.id.short(),
        summary.mode.word().to_owned(),
        state_word(clock, now).to_owned(),
        due.map_or_else(|| "-".into(), |due| left_words(due, now)),
        due.map_or_else(|| "-".into(), timestamp_text),
        clock.title.clone(),
        summary.title.clone(),
    ];
    let mut value = json(clock, now);
    if let Value::Object(members) = &mut value {
        members.insert("incident".into(), json!(summary.id));
        members.insert("short".into(), json!(summary.id.short()));
        members.insert("mode".into(), json!(summary.mode));
        members.insert("incident_title".into(), json!(summary.title));
    }
    rows.push(cells, value);
}

/// A clock for programs. `left_seconds` is negative once it is overdue.
pub(in crate::cli) fn json(clock: &ClockView, now: Timestamp) -> Value {
    let due = clock.state.due();
    let missed: Vec<Value> = clock
        .missed
        .iter()
        .map(|(due, reason)| json!({ "due": timestamp_text(*due), "reason": reason }))
        .collect();
    json!({
        "clock": clock.id,
        "title": clock.title,
        "cite": clock.cite,
        "state": state_word(clock, now),
        "due": due.map(timestamp_text),
        "left_seconds": due.map(|due| due.duration_since(now).as_secs()),
        "overdue": due.is_some_and(|due| due < now),
        "missed": missed,
        "after_close": clock.after_close,
    })
}
