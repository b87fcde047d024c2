//! Signals and a terminal that hangs up, watched by a thread of their own.
//!
//! It never needs the loop: crossterm's reader spins on a terminal that is gone, and a write to it may block for ever.
//! A change of size comes as an event of the terminal, not from here.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use rustix::process::Signal;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::ending::Ending;
use super::terminal;

/// Signals that end the process: number and what `session.detached` says.
const ENDS: [(i32, &str); 4] = [
    (SIGHUP, "hang-up"),
    (SIGTERM, "terminated"),
    (SIGINT, "interrupted"),
    (SIGQUIT, "quit signal"),
];

/// Starts the watcher. `drawn_anew` is called with the terminal's size after the process was stopped and continues.
pub fn watch(
    ending: Arc<Ending>,
    drawn_anew: impl Fn((u16, u16)) + Send + 'static,
) -> io::Result<()> {
    let (read, write) = UnixStream::pair()?;
    write.set_nonblocking(true)?;
    let signals = ENDS
        .iter()
        .map(|(number, _)| *number)
        .chain([SIGTSTP, SIGCONT]);
    let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, signals)?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || watch_for_ever(delivery, &ending, &drawn_anew))?;
    Ok(())
}

/// Stops the process as `ctrl-z` does, together with whatever the shell started it in. Without a shell above to go back
/// to, it does nothing.
pub fn suspend() {
    let leads_session =
        rustix::process::getsid(None).is_ok_and(|session| session == rustix::process::getpid());
    if !leads_session {
        let _ = rustix::process::kill_current_process_group(Signal::TSTP);
    }
}

fn watch_for_ever(
    mut delivery: SignalDelivery<UnixStream, SignalOnly>,
    ending: &Ending,
    drawn_anew: &dyn Fn((u16, u16)),
) {
    let tty = rustix::stdio::stdout();
    loop {
        let mut watched = [
            PollFd::new(delivery.get_read(), PollFlags::IN),
            // No flags: only a hang-up or an error wakes us.
            PollFd::new(&tty, PollFlags::empty()),
        ];
        let polled = rustix::event::poll(&mut watched, None);
        let gone = polled.is_ok()
            && watched.last().is_some_and(|tty| {
                tty.revents()
                    .intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
            });
        for signal in delivery.pending() {
            if let Some((number, reason)) = ENDS.iter().find(|(number, _)| *number == signal) {
                ending.end(reason, exit_code(*number));
            }
            match signal {
                SIGTSTP => {
                    terminal::leave();
                    // Not SIGTSTP again: that one is ours. This stops the process until SIGCONT.
                    let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::STOP);
                }
                SIGCONT if terminal::take_again().is_ok() => drawn_anew(terminal::size()),
                _ => {}
            }
        }
        if gone {
            ending.end("hang-up", exit_code(SIGHUP));
        }
    }
}

/// What shells report for a process that a signal ended.
fn exit_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}
