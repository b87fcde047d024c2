//! A program on a terminal of its own: start it, press keys, wait for what the screen shows, cut the line.
//!
//! Everything waits for a state, with a deadline that only a failure reaches. A failed wait prints the whole screen.
//!
//! ```ignore
//! let home = tempfile::tempdir()?;
//! let mut terminal = Launch::quarterdeck(home.path()).arguments(["open", "org-isolation"]).size(120, 40).start();
//! terminal.wait_for("Identify the source", PATIENCE);
//! terminal.send("1<Enter>");
//! terminal.wait_for(|screen: &str| screen.matches("u-1932").count() > 3, PATIENCE);
//! terminal.kill(Signal::TERM);
//! terminal.wait_exit(Duration::from_secs(1));
//! terminal.terminal_restored().unwrap();
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support: what fails here fails the test"
)]

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
pub use rustix::process::Signal;
use rustix::termios::{OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// Long enough for a busy machine; a passing test never waits this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often states without a notification (a child's end) are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Each test file uses a part of this harness; naming every part here keeps the compiler from calling the rest dead.
const _: () = {
    let _ = (
        Launch::quarterdeck,
        Launch::program,
        Launch::size,
        Launch::start,
    );
    let _ = (
        Terminal::send,
        Terminal::paste,
        Terminal::screen,
        Terminal::frame,
        Terminal::resize,
        Terminal::kill,
        Terminal::output,
    );
    let _ = (
        Terminal::wait_exit,
        Terminal::terminal_restored,
        Terminal::close_master,
        Terminal::process_id,
    );
    let _ = (
        Launch::arguments::<[&str; 0]>,
        Launch::environment::<&str>,
        Terminal::wait_for::<&str>,
    );
    let _ = PATIENCE;
};

/// What to start, and on what. The environment is clean: of the tester's own only PATH and SHELL reach
/// the program.
#[derive(Debug, Clone)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    columns: u16,
    rows: u16,
}

impl Launch {
    /// The cockpit, with its configuration, data and state in folders below `home`. A second launch with the same
    /// `home` finds what the first one left.
    pub fn quarterdeck(home: &Path) -> Self {
        Self::program(env!("CARGO_BIN_EXE_quarterdeck"), home)
    }

    /// Any program, with the same environment.
    pub fn program(program: &str, home: &Path) -> Self {
        let launch = Self {
            program: PathBuf::from(program),
            arguments: Vec::new(),
            environment: Vec::new(),
            columns: 120,
            rows: 40,
        };
        launch
            .environment("HOME", home)
            .environment("QUARTERDECK_CONFIG", home.join("config"))
            .environment("QUARTERDECK_DATA", home.join("data"))
            .environment("QUARTERDECK_STATE", home.join("state"))
            .environment("TERM", "xterm-256color")
            .environment("LANG", "C.UTF-8")
            .environment("TZ", "UTC")
            .environment("PATH", std::env::var_os("PATH").unwrap_or_default())
    }

    /// Adds command line arguments.
    pub fn arguments<I: IntoIterator<Item: Into<OsString>>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable, also over one of those set from the beginning.
    pub fn environment<V: AsRef<OsStr>>(mut self, name: &str, value: V) -> Self {
        self.environment.push((name.into(), value.as_ref().into()));
        self
    }

    /// The size of the terminal; 120 x 40 when not set.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    /// Opens the terminal and starts the program in it, in `HOME`.
    pub fn start(&self) -> Terminal {
        let pair = native_pty_system()
            .openpty(pty_size(self.columns, self.rows))
            .unwrap();
        let tty = pair.master.tty_name().expect("a pty has a name");
        let termios_before = tcgetattr(open_slave(&tty)).unwrap();
        let mut command = CommandBuilder::new(&self.program);
        command.args(&self.arguments);
        command.env_clear();
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        if let Some(home) = command.get_env("HOME").map(OsStr::to_owned) {
            command.cwd(home);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        // The child has its own; while one is open here, the end of the child would not show.
        drop(pair.slave);

        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                parser: vt100::Parser::new(cells(self.rows), cells(self.columns), 0),
                output: Vec::new(),
                ended: false,
            }),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let reader = pair.master.try_clone_reader().unwrap();
        let reader = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.read_all(reader)
        });
        let writer = pair.master.take_writer().unwrap();
        Terminal {
            child,
            shared,
            line: Some(Line {
                master: pair.master,
                writer,
                reader,
            }),
            tty,
            termios_before,
        }
    }
}

/// What [`Terminal::wait_for`] waits for: a text on the screen, or a predicate over the screen (`|screen: &str| …`).
pub trait Expected {
    /// Whether it is there.
    fn holds(&self, screen: &str) -> bool;
    /// For the message of a failure.
    fn name(&self) -> String;
}

impl Expected for &str {
    fn holds(&self, screen: &str) -> bool {
        screen.contains(self)
    }

    fn name(&self) -> String {
        format!("{self:?}")
    }
}

impl<F: Fn(&str) -> bool> Expected for F {
    fn holds(&self, screen: &str) -> bool {
        self(screen)
    }

    fn name(&self) -> String {
        "what the test waits for".to_owned()
    }
}

/// A running (or ended) program and its terminal. Dropping it kills the program.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    shared: Arc<Shared>,
    /// Gone after [`Terminal::close_master`].
    line: Option<Line>,
    tty: PathBuf,
    termios_before: Termios,
}

/// The master side: all descriptors of it.
struct Line {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Presses keys: text as it is, and names in angle brackets: `<Enter> <Esc> <Tab> <S-Tab> <BS> <Space> <Up> <Down>
    /// <Left> <Right> <Home> <End> <PgUp> <PgDn> <Ins> <Del> <F1>…<F12> <C-c> <M-x> <lt>`.
    ///
    /// A program cannot tell `<Esc>` and a key right after it from Alt and that key: wait for the effect of `<Esc>` first.
    pub fn send(&mut self, keys: &str) {
        let application_cursor = self.shared.lock().parser.screen().application_cursor();
        self.write(&key_bytes(keys, application_cursor));
    }

    /// Pastes text as a terminal does: in brackets where the program asked for them.
    pub fn paste(&mut self, text: &str) {
        let bracketed = self.shared.lock().parser.screen().bracketed_paste();
        let text = if bracketed {
            format!("\x1b[200~{text}\x1b[201~")
        } else {
            text.to_owned()
        };
        self.write(text.as_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        let line = self
            .line
            .as_mut()
            .expect("the terminal is closed: nothing can be typed");
        line.writer
            .write_all(bytes)
            .and_then(|()| line.writer.flush())
            .expect("typing into the terminal");
    }

    /// Waits until the screen shows what is expected. Fails at the deadline, or when the program is gone before.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a text or a closure reads better without a reference"
    )]
    pub fn wait_for<E: Expected>(&self, expected: E, deadline: Duration) {
        let end = Instant::now() + deadline;
        let mut state = self.shared.lock();
        loop {
            let screen = state.parser.screen().contents();
            if expected.holds(&screen) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                // A panic with the lock held would take the reader down as well.
                let ended = state.ended;
                drop(state);
                let why = if ended {
                    "the program ended"
                } else {
                    "time is up"
                };
                panic!(
                    "{why}: {} is not on the screen:\n{}",
                    expected.name(),
                    framed(&screen)
                );
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// The screen as text, one line a row, without trailing blanks.
    pub fn screen(&self) -> String {
        self.shared.lock().parser.screen().contents()
    }

    /// The screen between two frames of the cockpit. A frame may arrive in pieces; it ends with all attributes reset.
    pub fn frame(&self) -> String {
        let state = self.shared.lock();
        let drawing = |state: &mut State| !state.ended && !state.output.ends_with(b"\x1b[0m");
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, Duration::from_secs(1), drawing)
            .unwrap();
        state.parser.screen().contents()
    }

    /// Every byte the program has written so far.
    pub fn output(&self) -> Vec<u8> {
        self.shared.lock().output.clone()
    }

    /// Changes the size, which tells the program with SIGWINCH.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.shared
            .lock()
            .parser
            .set_size(cells(rows), cells(columns));
        let line = self
            .line
            .as_ref()
            .expect("the terminal is closed: it has no size");
        line.master.resize(pty_size(columns, rows)).unwrap();
    }

    /// The program's process id.
    pub fn process_id(&self) -> u32 {
        self.child.process_id().expect("a child has an id")
    }

    /// Sends the program (not its children) a signal.
    pub fn kill(&self, signal: Signal) {
        let id = i32::try_from(self.process_id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Takes the terminal away, as a dropped SSH session does: the program gets SIGHUP, and from then on end-of-file or EIO
    /// from its terminal. Nothing is typed by this.
    pub fn close_master(&mut self) {
        let Some(line) = self.line.take() else { return };
        // The descriptor inside the reader has to go as well, but the reader sleeps in read(). A byte that "the program"
        // writes wakes it.
        self.shared.stop.store(true, Ordering::Release);
        let mut slave = open_slave(&self.tty);
        slave.write_all(b"\0").unwrap();
        line.reader.join().unwrap();
        // portable-pty's writer types a newline and the end-of-file key when it is dropped, unless there is no such key.
        let mut termios = tcgetattr(&slave).unwrap();
        termios.special_codes[SpecialCodeIndex::VEOF] = 0;
        tcsetattr(&slave, OptionalActions::Now, &termios).unwrap();
        drop(slave);
        drop(line.writer);
        drop(line.master);
    }

    /// Waits for the program's end and for its last output. A program that was killed has a `signal()` in its status.
    pub fn wait_exit(&mut self, deadline: Duration) -> ExitStatus {
        let end = Instant::now() + deadline;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < end,
                "the program runs on after {deadline:?}:\n{}",
                framed(&self.screen())
            );
            thread::sleep(LOOK_AGAIN);
        };
        // Its children may hold the terminal open, which is no fault here: then there is no end to wait for.
        let state = self.shared.lock();
        drop(
            self.shared
                .changed
                .wait_timeout_while(state, Duration::from_secs(1), |state| !state.ended)
                .unwrap(),
        );
        status
    }

    /// Whether the terminal is as it was before: line settings as at the start, and every mode of the screen switched on
    /// since then switched off again. The error lists what is left.
    pub fn terminal_restored(&self) -> Result<(), String> {
        let mut left = modes_left_on(&self.output());
        if self.line.is_some() {
            let now = tcgetattr(open_slave(&self.tty)).unwrap();
            let before = &self.termios_before;
            if (now.input_modes, now.output_modes, now.local_modes)
                != (before.input_modes, before.output_modes, before.local_modes)
            {
                left.push("raw mode".to_owned());
            }
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("left on: {}", left.join(", ")))
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the reader thread and the test share.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    stop: AtomicBool,
}

struct State {
    parser: vt100::Parser,
    output: Vec<u8>,
    /// No more output will come.
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn read_all(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = [0; 16 * 1024];
        loop {
            // EIO is how Linux says that the other side is closed.
            let count = reader.read(&mut buffer).unwrap_or(0);
            let stop = self.stop.load(Ordering::Acquire);
            let mut state = self.lock();
            if count == 0 || stop {
                state.ended = true;
                self.changed.notify_all();
                return;
            }
            let bytes = buffer.get(..count).unwrap_or_default();
            state.parser.process(bytes);
            state.output.extend_from_slice(bytes);
            self.changed.notify_all();
        }
    }
}

/// The names of the screen modes that the output switched on and not off. The cursor is the other way round.
fn modes_left_on(output: &[u8]) -> Vec<String> {
    const MODES: &[(&str, &str)] = &[
        ("1049", "alternate screen"),
        ("1047", "alternate screen"),
        ("47", "alternate screen"),
        ("2004", "bracketed paste"),
        ("1000", "mouse clicks"),
        ("1002", "mouse drags"),
        ("1003", "mouse moves"),
        ("1004", "focus events"),
        ("1006", "mouse coordinates"),
        ("2026", "synchronized output"),
        ("1", "application cursor keys"),
        ("25", "hidden cursor"),
    ];
    let text = String::from_utf8_lossy(output);
    let set = regex::Regex::new(r"\x1b\[\?([0-9;]+)([hl])").unwrap();
    let mut on = std::collections::BTreeSet::new();
    for found in set.captures_iter(&text) {
        let (_, [numbers, switch]) = found.extract();
        for (number, name) in numbers
            .split(';')
            .filter_map(|n| MODES.iter().find(|(number, _)| *number == n))
        {
            if (switch == "h") == (*number == "25") {
                on.remove(name)
            } else {
                on.insert(name)
            };
        }
    }
    let keyboard = regex::Regex::new(r"\x1b\[([<>])[0-9;]*u").unwrap();
    let depth: i32 = keyboard
        .captures_iter(&text)
        .map(|found| if &found[1] == ">" { 1 } else { -1 })
        .sum();
    let keyboard = (depth > 0).then(|| "keyboard protocol".to_owned());
    on.into_iter()
        .map(|name| (*name).to_owned())
        .chain(keyboard)
        .collect()
}

/// The bytes of keys, as xterm sends them.
fn key_bytes(keys: &str, application_cursor: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = keys;
    while let Some(start) = rest.find('<') {
        let (text, named) = rest.split_at(start);
        bytes.extend_from_slice(text.as_bytes());
        let (name, after) = named[1..]
            .split_once('>')
            .unwrap_or_else(|| panic!("{keys:?}: write a plain < as <lt>"));
        bytes.extend(
            named_key(name, application_cursor)
                .unwrap_or_else(|| panic!("{keys:?}: no key is named <{name}>")),
        );
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

fn named_key(name: &str, application_cursor: bool) -> Option<Vec<u8>> {
    let cursor =
        |letter: char| format!("\x1b{}{letter}", if application_cursor { 'O' } else { '[' });
    let text = match name {
        "Enter" => "\r".to_owned(),
        "Esc" => "\x1b".to_owned(),
        "Tab" => "\t".to_owned(),
        "S-Tab" => "\x1b[Z".to_owned(),
        "BS" => "\x7f".to_owned(),
        "Space" => " ".to_owned(),
        "lt" => "<".to_owned(),
        "Up" => cursor('A'),
        "Down" => cursor('B'),
        "Right" => cursor('C'),
        "Left" => cursor('D'),
        "Home" => cursor('H'),
        "End" => cursor('F'),
        "Ins" => "\x1b[2~".to_owned(),
        "Del" => "\x1b[3~".to_owned(),
        "PgUp" => "\x1b[5~".to_owned(),
        "PgDn" => "\x1b[6~".to_owned(),
        _ => return chord(name),
    };
    Some(text.into_bytes())
}

/// `C-c`, `M-x`, `F5`.
fn chord(name: &str) -> Option<Vec<u8>> {
    const FUNCTION_KEYS: [&str; 12] = [
        "OP", "OQ", "OR", "OS", "[15~", "[17~", "[18~", "[19~", "[20~", "[21~", "[23~", "[24~",
    ];
    if let Some(number) = name
        .strip_prefix('F')
        .and_then(|number| number.parse::<usize>().ok())
    {
        return FUNCTION_KEYS
            .get(number.checked_sub(1)?)
            .map(|key| format!("\x1b{key}").into_bytes());
    }
    let (modifier, key) = name.split_once('-')?;
    match (modifier, key.as_bytes()) {
        ("C", [letter @ (b'a'..=b'z' | b'A'..=b'Z' | b'@'..=b'_')]) => {
            Some(vec![letter.to_ascii_uppercase() & 0x1f])
        }
        ("M", [letter]) => Some(vec![0x1b, *letter]),
        _ => None,
    }
}

/// The program's side of the terminal, without making it the test's own controlling terminal.
fn open_slave(tty: &Path) -> File {
    let no_controlling_tty = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(no_controlling_tty)
        .open(tty)
        .unwrap()
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        cols: columns,
        rows,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has at least one column and one row")
}

fn framed(screen: &str) -> String {
    let rule = "─".repeat(40);
    format!("{rule}\n{screen}\n{rule}")
}
