//! Effects become acts: one match, which starts tasks and never waits for one.
//!
//! It decides nothing. What a task finds out comes back as an event.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::ending::Ending;
use super::events::Events;
use super::runs::{self, Runs};
use super::session::{self, Session, Workplace};
use super::{capturing, home, judging, messages, signals, terminal};
use crate::engine::effect::Effect;
use crate::engine::event::EventKind;
use crate::model::ids::RunId;
use crate::model::safe_text::sanitize_block;
use crate::model::table::Rows;
use crate::model::{Timestamp, limits};
use crate::sources::spill::{self, SortedRows};

/// Starts what effects ask for.
pub struct Performer {
    workplace: Arc<Workplace>,
    ending: Arc<Ending>,
    events: Events,
    tasks: Handle,
    session: Option<Arc<Session>>,
    runs: Runs,
    /// The sort or search of each result; a newer one makes the older one pointless.
    lookups: HashMap<RunId, CancellationToken>,
    /// The last entry of the session that was left, while it is written: before that, the incident looks in use.
    leaving: Option<JoinHandle<()>>,
    /// Shared with every piece of work that is under way.
    busy: Arc<()>,
}

impl Performer {
    /// A performer without an incident.
    pub fn new(
        workplace: Arc<Workplace>,
        ending: Arc<Ending>,
        events: Events,
        tasks: Handle,
    ) -> Self {
        Self {
            workplace,
            runs: Runs::below(ending.runs()),
            ending,
            events,
            tasks,
            session: None,
            lookups: HashMap::new(),
            leaving: None,
            busy: Arc::default(),
        }
    }

    /// Takes over an incident that was opened; the one before it was detached.
    pub fn attach(&mut self, session: Session) {
        self.detach("another incident was opened");
        let session = Arc::new(session);
        self.ending.set_detach(Some(session.detacher()));
        self.runs = Runs::below(self.ending.runs());
        self.session = Some(session);
    }

    /// Lets the drill take in what was recorded, where time stands still. True when it brought something.
    pub fn step_drill(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.step_drill())
    }

    /// When the drill brings something by itself.
    pub fn drill_due(&self) -> Option<Timestamp> {
        self.session.as_ref()?.drill_due()
    }

    /// Does something on a thread that may block, and counts it until it is done.
    fn work(&self, work: impl FnOnce() + Send + 'static) {
        let busy = Arc::clone(&self.busy);
        self.tasks.spawn_blocking(move || {
            work();
            drop(busy);
        });
    }

    /// Whether something is under way whose answer has not been sent yet.
    pub fn is_busy(&self) -> bool {
        Arc::strong_count(&self.busy) > 1
    }

    /// A run has ended.
    pub fn ended(&mut self, run: RunId) {
        self.runs.forget(run);
    }

    /// Starts what the effect asks for.
    #[expect(
        clippy::too_many_lines,
        reason = "one match over every effect reads best whole"
    )]
    pub fn perform(&mut self, effect: Effect) {
        let events = self.events.clone();
        match effect {
            Effect::LoadHome => {
                let workplace = Arc::clone(&self.workplace);
                let leaving = self.leaving.take();
                self.work(move || {
                    // How a thread that panicked ended is no reason not to list what there is.
                    let _ = leaving.map(JoinHandle::join);
                    home::load(&workplace, &events);
                });
            }
            Effect::Open(request) => {
                let workplace = Arc::clone(&self.workplace);
                self.work(move || session::open(&workplace, &request, &events));
            }
            Effect::Resume(incident) => {
                let workplace = Arc::clone(&self.workplace);
                self.work(move || session::resume(&workplace, incident, &events));
            }
            Effect::ProbeSources => {
                if let Some(session) = &self.session {
                    let sources = Arc::clone(session.sources());
                    self.tasks.spawn(runs::probe(sources, events));
                }
            }
            Effect::Detach { reason } => self.detach(&reason),
            Effect::AdoptPlaybook => {
                if let Some(session) = self.session.clone() {
                    self.work(move || session.adopt_playbook(&events));
                }
            }
            Effect::FollowPlaybook => {
                if let Some(session) = self.session.clone() {
                    self.work(move || session.follow_playbook(&events));
                }
            }
            Effect::Append { ticket, body } => {
                if let Some(session) = &self.session
                    && let Err(reason) = session.append(ticket, body)
                {
                    // The loop does not send to itself: it would wait for its own room.
                    self.tasks.spawn(async move {
                        events
                            .send(EventKind::EntryRefused { ticket, reason })
                            .await;
                    });
                }
            }
            Effect::Plan {
                run,
                action,
                context,
            } => {
                if let Some(session) = &self.session {
                    let sources = Arc::clone(session.sources());
                    self.tasks
                        .spawn(runs::plan(run, action, context, sources, events));
                }
            }
            Effect::Run {
                run,
                request,
                chart,
            } => {
                if let Some(session) = &self.session {
                    let places = (Arc::clone(session.sources()), session.output_folder());
                    let cancel = self.runs.begin(run, request.effect);
                    let task = runs::run(run, request, chart, places, cancel, events);
                    self.ending.tasks().spawn_on(task, &self.tasks);
                }
            }
            Effect::Cancel(run) => self.runs.cancel(run),
            Effect::ReadRow {
                run,
                rows,
                row,
                purpose,
            } => {
                self.work(move || {
                    let cells = rows.read(row..row + 1).pop();
                    events.send_blocking(EventKind::RowRead {
                        run,
                        row,
                        cells,
                        purpose,
                    });
                });
            }
            Effect::Sort {
                run,
                rows,
                by,
                kind,
            } => self.look_up(run, move |cancel| {
                let order = spill::sort_order(&rows, by.0, kind, by.1, cancel)?;
                let rows = Rows(Arc::new(SortedRows::new(rows, order.into())));
                Some(EventKind::Sorted { run, by, rows })
            }),
            Effect::Search { run, rows, text } => self.look_up(run, move |cancel| {
                let found = spill::search(&rows, &text, limits::MATCHES, cancel, |_| {});
                let matches = found.rows.into();
                Some(EventKind::Found { run, text, matches })
            }),
            Effect::LoadTimeline { first, count } => {
                if let Some(session) = self.session.clone() {
                    self.work(move || session.load_timeline(first, count, &events));
                }
            }
            Effect::Judge {
                run,
                question,
                capture,
            } => {
                if let Some(session) = self.session.clone() {
                    self.work(move || {
                        let (judgement, kept) =
                            judging::judge(&session, question, capture.as_deref());
                        events.send_blocking(EventKind::Judged {
                            run,
                            judgement,
                            kept,
                        });
                    });
                }
            }
            Effect::Capture(capture) => {
                if let Some(session) = self.session.clone() {
                    self.work(move || {
                        let kept = capturing::keep(&session, &capture);
                        session.tell(EventKind::Captured(kept), &events);
                    });
                }
            }
            Effect::Suggest { decision, question } => {
                if let Some(session) = self.session.clone() {
                    self.work(move || {
                        let suggestions = judging::suggest(&session, *question);
                        events.send_blocking(EventKind::Suggested {
                            decision,
                            suggestions,
                        });
                    });
                }
            }
            Effect::LookAtPreview {
                run,
                answer,
                operator,
            } => {
                self.work(move || {
                    let (sample, own) = judging::look_at_preview(&answer, &operator);
                    events.send_blocking(EventKind::PreviewSeen { run, sample, own });
                });
            }
            Effect::Fill(request) => {
                if let Some(session) = self.session.clone() {
                    self.work(move || {
                        let action = request.action.id.clone();
                        let drafts = messages::fill(&session, *request);
                        let sources = messages::sources(&session);
                        events.send_blocking(EventKind::Filled {
                            action,
                            drafts,
                            sources,
                        });
                    });
                }
            }
            Effect::SaveMessage { action, draft } => {
                if let Some(session) = self.session.clone() {
                    self.work(move || {
                        let path = messages::save(&session, &action, &draft);
                        let each = draft.each.clone();
                        events.send_blocking(EventKind::MessageSaved { action, each, path });
                    });
                }
            }
            Effect::WriteReport => {
                if let Some(session) = self.session.clone() {
                    self.work(move || {
                        let path = session.write_report();
                        events.send_blocking(EventKind::ReportWritten(path));
                    });
                }
            }
            Effect::AttachPlaybook(playbook) => {
                if let Some(session) = self.session.clone() {
                    self.work(move || {
                        let merged = session.attach_playbook(&playbook);
                        events.send_blocking(EventKind::PlaybookAttached { playbook, merged });
                    });
                }
            }
            // A terminal that cannot take the text is about to hang up; the watcher sees to that.
            Effect::Copy(text) => drop(terminal::copy(&sanitize_block(&text))),
            Effect::Redraw => {
                #[cfg(debug_assertions)]
                self.panic_when_asked();
                terminal::redraw_all();
            }
            Effect::Suspend => signals::suspend(),
        }
    }

    /// Lets the incident go: its runs end, its last entry is written.
    fn detach(&mut self, reason: &str) {
        let Some(session) = self.session.take() else {
            return;
        };
        self.runs.cancel_all();
        self.lookups.clear();
        self.ending.set_detach(None);
        let (detach, reason, end) = (
            session.detacher(),
            reason.to_owned(),
            self.ending.tasks().token(),
        );
        let last_entry = move || {
            detach(&reason, limits::HANGUP_GRACE);
            drop(end);
        };
        // Not a task: when the operator leaves, tasks that have not begun are dropped, and with this one the entries that
        // the recorder still holds.
        self.leaving = std::thread::Builder::new().spawn(last_entry).ok();
    }

    /// Lets the tests see what a panic does: in the loop or in a task, on redraw, in debug builds only.
    #[cfg(debug_assertions)]
    #[expect(clippy::panic, reason = "this is what it is for")]
    fn panic_when_asked(&self) {
        match self
            .workplace
            .config()
            .environment
            .get("QUARTERDECK_TEST_PANIC")
        {
            Some("loop") => panic!("asked for by a test"),
            Some("task") => drop(self.tasks.spawn(async { panic!("asked for by a test") })),
            _ => {}
        }
    }

    /// Sorts or searches a result; a sort or search of the same result that still goes on is given up.
    fn look_up(
        &mut self,
        run: RunId,
        work: impl FnOnce(&CancellationToken) -> Option<EventKind> + Send + 'static,
    ) {
        let cancel = self.ending.runs().child_token();
        if let Some(before) = self.lookups.insert(run, cancel.clone()) {
            before.cancel();
        }
        let events = self.events.clone();
        self.work(move || {
            let found = work(&cancel).filter(|_| !cancel.is_cancelled());
            if let Some(event) = found {
                events.send_blocking(event);
            }
        });
    }
}
