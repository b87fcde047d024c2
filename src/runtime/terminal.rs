//! The terminal: taken and given back, keys in, frames out.
//!
//! The only place beside the screen modules that knows crossterm and ratatui. Giving the terminal back works from any
//! thread, more than once, and while another thread is stuck in a write to a terminal that is gone.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event as TerminalEvent, KeyCode, KeyEvent,
    KeyEventKind, KeyModifiers,
};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, queue, style};

use crate::engine::event::EventKind;
use crate::keymap::{Chord, Key};

pub use screen::Screen;

mod screen;

/// True while the terminal is ours. Whoever writes to it holds this lock.
static HELD: Mutex<bool> = Mutex::new(false);
/// What is on the screen is not what was drawn last.
static STALE: AtomicBool = AtomicBool::new(false);
/// How long giving back waits for a thread that is stuck in a write.
const STUCK: Duration = Duration::from_millis(100);

/// Takes the terminal: raw mode, alternate screen, bracketed paste, no cursor. Does nothing when it is ours already.
pub fn enter() -> io::Result<()> {
    let mut held = lock();
    if *held {
        return Ok(());
    }
    if !io::stdout().is_terminal() {
        return Err(io::Error::other(
            "standard output is not a terminal: this command needs one; --screenshot FILE writes the screen to a file",
        ));
    }
    crossterm::terminal::enable_raw_mode()?;
    *held = true;
    STALE.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    queue!(
        bytes,
        EnterAlternateScreen,
        EnableBracketedPaste,
        cursor::Hide,
        Clear(ClearType::All)
    )?;
    send(&bytes)
}

/// Gives the terminal back as it was. Best effort, from any thread, as often as one likes.
pub fn leave() {
    let held = lock_soon();
    if held.as_ref().is_some_and(|held| !**held) {
        return;
    }
    // The mode first: it cannot block, a write to a stopped terminal can.
    let _ = crossterm::terminal::disable_raw_mode();
    if let Some(mut held) = held {
        *held = false;
    }
    let mut bytes = Vec::new();
    let _ = queue!(
        bytes,
        style::ResetColor,
        style::SetAttribute(style::Attribute::Reset),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = send(&bytes);
}

/// As [`leave`], but returns after `grace` even when the terminal takes no more bytes.
pub fn leave_within(grace: Duration) {
    let (done, wait) = std::sync::mpsc::channel();
    let leaver = std::thread::Builder::new().spawn(move || {
        leave();
        let _ = done.send(());
    });
    if leaver.is_ok() {
        let _ = wait.recv_timeout(grace);
    }
}

/// Takes the terminal anew after the process was stopped: the shell has put its own modes there.
pub fn take_again() -> io::Result<()> {
    let mut held = lock();
    let _ = crossterm::terminal::disable_raw_mode();
    *held = false;
    drop(held);
    enter()
}

/// Columns and rows; 80 by 24 when the terminal does not say.
pub fn size() -> (u16, u16) {
    rustix::termios::tcgetwinsize(rustix::stdio::stdout())
        .ok()
        .filter(|size| size.ws_col > 0 && size.ws_row > 0)
        .map_or((80, 24), |size| (size.ws_col, size.ws_row))
}

/// Hands every key, paste and change of size to `take`, until that returns false or the terminal is gone. Blocks; it
/// has a thread of its own.
pub fn read_events(mut take: impl FnMut(EventKind) -> bool) {
    while let Ok(event) = crossterm::event::read() {
        if let Some(event) = translate(event)
            && !take(event)
        {
            return;
        }
    }
}

/// The next frame draws everything.
pub fn redraw_all() {
    STALE.store(true, Ordering::SeqCst);
}

/// Puts text into the clipboard of the terminal (OSC 52).
pub fn copy(text: &str) -> io::Result<()> {
    let mut bytes = Vec::new();
    queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
    write(&bytes)
}

/// Writes to the terminal while it is ours, else drops the bytes.
fn write(bytes: &[u8]) -> io::Result<()> {
    let held = lock();
    if *held && !bytes.is_empty() {
        send(bytes)?;
    }
    Ok(())
}

/// All bytes, in one write when the terminal takes them so.
fn send(mut bytes: &[u8]) -> io::Result<()> {
    let terminal = rustix::stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(terminal, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                // Somebody before us left the terminal non-blocking.
                let mut ready = [rustix::event::PollFd::new(
                    &terminal,
                    rustix::event::PollFlags::OUT,
                )];
                let _ = rustix::event::poll(&mut ready, None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn lock() -> MutexGuard<'static, bool> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock, unless somebody sits on it for too long.
fn lock_soon() -> Option<MutexGuard<'static, bool>> {
    let mut waited = Duration::ZERO;
    loop {
        match HELD.try_lock() {
            Ok(held) => return Some(held),
            Err(TryLockError::Poisoned(held)) => return Some(held.into_inner()),
            Err(TryLockError::WouldBlock) if waited >= STUCK => return None,
            Err(TryLockError::WouldBlock) => {
                let step = Duration::from_millis(2);
                std::thread::sleep(step);
                waited += step;
            }
        }
    }
}

fn translate(event: TerminalEvent) -> Option<EventKind> {
    match event {
        TerminalEvent::Key(key) => chord(key).map(EventKind::Key),
        TerminalEvent::Paste(text) => Some(EventKind::Paste(text)),
        TerminalEvent::Resize(columns, rows) => Some(EventKind::Resized(columns, rows)),
        TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Mouse(_) => None,
    }
}

/// A key press as a chord; releases and keys without a meaning here are none.
fn chord(event: KeyEvent) -> Option<Chord> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let key = match event.code {
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    };
    let shift = !matches!(key, Key::Char(_) | Key::BackTab)
        && event.modifiers.contains(KeyModifiers::SHIFT);
    Some(Chord {
        key,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event
            .modifiers
            .intersects(KeyModifiers::ALT | KeyModifiers::META),
        shift,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_the_chords_that_the_tables_spell() {
        for (code, modifiers, spelt) in [
            (KeyCode::Char('q'), KeyModifiers::NONE, "q"),
            (KeyCode::Char('N'), KeyModifiers::SHIFT, "N"),
            (KeyCode::Char('c'), KeyModifiers::CONTROL, "ctrl-c"),
            (KeyCode::BackTab, KeyModifiers::SHIFT, "backtab"),
            (KeyCode::Up, KeyModifiers::SHIFT, "shift-up"),
            (KeyCode::Enter, KeyModifiers::ALT, "alt-enter"),
            (KeyCode::F(1), KeyModifiers::NONE, "f1"),
        ] {
            let found = chord(KeyEvent::new(code, modifiers)).map(|chord| chord.to_string());
            assert_eq!(found.as_deref(), Some(spelt));
        }
        let mut release = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(chord(release), None);
        assert_eq!(
            chord(KeyEvent::new(KeyCode::CapsLock, KeyModifiers::NONE)),
            None
        );
    }
}
