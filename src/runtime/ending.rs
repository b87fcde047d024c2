//! The end of the process, whoever brings it about: the operator, a signal, a terminal that is gone, a panic.
//!
//! Works from any thread and without the loop, which may be stuck in a write to a dead terminal. It never waits longer
//! than [`limits::HANGUP_GRACE`].

use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::terminal;
use crate::model::limits;
use crate::model::safe_text::sanitize_block;
use crate::sources::shell;

/// Exit code after a panic, as Rust's own.
const PANICKED: u8 = 101;
/// How long giving the terminal back may take of the grace.
const LEAVING: Duration = Duration::from_millis(150);
/// How often the end looks whether the last children are gone.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Writes `session.detached` with a reason, and returns once it is on disk or the time is up.
pub type Detach = Arc<dyn Fn(&str, Duration) + Send + Sync>;

/// What has to be done before the process may end.
#[derive(Default)]
pub struct Ending {
    begun: AtomicBool,
    runs: CancellationToken,
    tasks: TaskTracker,
    detach: Mutex<Option<Detach>>,
}

impl Ending {
    /// Cancelled when the process ends: everything that reads stops then.
    pub fn runs(&self) -> &CancellationToken {
        &self.runs
    }

    /// Tasks that are given a moment to stop their children and their servers.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Sets who writes the last entry; none while no incident is open.
    pub fn set_detach(&self, detach: Option<Detach>) {
        *self.detach.lock().unwrap_or_else(PoisonError::into_inner) = detach;
    }

    /// Ends the process: terminal, record, children, exit. The first caller wins; later ones wait for the end.
    pub fn end(&self, reason: &str, code: u8) -> ! {
        self.finish(reason, code, || {});
        std::process::exit(i32::from(code))
    }

    /// Ends the process as the operator asked, and tells them something once the terminal is theirs again.
    pub fn quit(&self, code: u8, told: Option<&str>) -> ! {
        self.finish("quit", code, || {
            if let Some(told) = told {
                // Nobody is left to tell when standard error is gone.
                let _ = writeln!(io::stderr(), "{}", sanitize_block(told));
            }
        });
        std::process::exit(i32::from(code))
    }

    /// Makes every panic end the process with the terminal restored, the place of the panic told, and the session detached.
    pub fn end_on_panic(self: &Arc<Self>) {
        let ending = Arc::clone(self);
        std::panic::set_hook(Box::new(move |panic| {
            let told = describe(panic);
            ending.finish("panic", PANICKED, || eprintln!("{told}"));
            std::process::exit(i32::from(PANICKED));
        }));
    }

    fn finish(&self, reason: &str, code: u8, say: impl FnOnce()) {
        if self.begun.swap(true, Ordering::SeqCst) {
            // Somebody else is at it, and the backstop below bounds how long that takes.
            loop {
                std::thread::park();
            }
        }
        let end = Instant::now() + limits::HANGUP_GRACE;
        let backstop = std::thread::Builder::new().spawn(move || {
            std::thread::sleep(limits::HANGUP_GRACE);
            std::process::exit(i32::from(code));
        });
        if backstop.is_err() {
            std::process::exit(i32::from(code));
        }
        terminal::leave_within(LEAVING);
        say();
        self.wind_down(reason, end);
    }

    /// Stops what reads, ends the session in the record with what is left running, and waits for the last tasks until `end`.
    pub fn wind_down(&self, reason: &str, end: Instant) {
        let detach = self
            .detach
            .try_lock()
            .ok()
            .and_then(|mut detach| detach.take());
        if let Some(detach) = detach {
            let left = shell::left_running();
            let reason = if left.is_empty() {
                reason.to_owned()
            } else {
                format!("{reason}; left running: {}", left.join("; "))
            };
            // Half of what is left: the children of reads must be stopped whatever the disk does.
            detach(&reason, end.saturating_duration_since(Instant::now()) / 2);
        }
        // After the last entry: how an action ended that was cut off is known to nobody, and the record says so.
        self.runs.cancel();
        while !self.tasks.is_empty() && Instant::now() + LOOK_AGAIN < end {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    sanitize_block(&format!(
        "quarterdeck: internal error in thread {:?} at {}: {message}\nThe record is safe; `quarterdeck resume` goes on with the incident.",
        thread.name().unwrap_or("?"),
        place.as_deref().unwrap_or("?"),
    ))
}
