//! One run of bash: started in its own process group, listened to, and ended as a whole.
//!
//! The leader is waited for without being reaped until its group has been killed: until then its number cannot belong to
//! anybody else, so the signal cannot hit a stranger.

use std::io::Write as _;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::process::Command;

use super::kept::{self, Kept, Listed};
use crate::model::ids::ActionId;
use crate::model::limits;
use crate::model::request::{Chunk, RunError};
use crate::sources::mask::{MaskedStream, Masker};
use crate::sources::{RunContext, Sink};

/// What is run.
pub(super) struct Script<'a, Variables> {
    pub(super) action: &'a ActionId,
    pub(super) text: &'a str,
    pub(super) environment: Variables,
    pub(super) cwd: Option<&'a str>,
}

/// How a script ended by itself.
#[derive(Debug)]
pub(super) struct Ended {
    /// `None` when a signal ended it.
    pub(super) exit_code: Option<i32>,
    status: ExitStatus,
    pub(super) truncated: Option<String>,
}

impl Ended {
    /// For people: `exit status: 3`, or the signal.
    pub(super) fn in_words(&self) -> String {
        format!("the script ended with {}", self.status)
    }
}

/// Runs the script and streams its output, masked and line by line. On cancel and at the time-out the group gets SIGTERM,
/// and SIGKILL after a grace time. How far a script that changes something had come by then is unknown.
pub(super) async fn run<'a>(
    script: Script<'_, impl Iterator<Item = &'a (String, String)>>,
    timeout: Duration,
    writes: bool,
    masker: &Masker,
    sink: &Sink,
    context: &RunContext,
) -> Result<Ended, RunError> {
    let cannot = |what: &'static str| {
        move |error: std::io::Error| RunError::failed(format!("cannot {what}: {error}"))
    };
    let folder = writes.then_some(context.output_folder.as_path());
    if let Some(folder) = folder {
        kept::make_folder(folder).map_err(cannot("make the folder for the script's output"))?;
    }
    // A file and not standard input: a command inside the script would read the rest of the script.
    let mut file = kept::script_file(folder, script.action)
        .map_err(cannot("write the script to a temporary file"))?;
    file.write_all(script.text.as_bytes())
        .and_then(|()| file.flush())
        .map_err(cannot("write the script to a temporary file"))?;
    let (kept, [to_stdout, to_stderr]) = match folder {
        None => (None, [Stdio::piped(), Stdio::piped()]),
        Some(folder) => {
            let (kept, ends) = Kept::create(folder, script.action)
                .map_err(cannot("make files for the script's output"))?;
            let read = kept.open().map_err(cannot("open the script's output"))?;
            (Some((kept, read)), ends.map(Stdio::from))
        }
    };
    let mut command = Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-p", "-euo", "pipefail", "--"])
        .arg(file.path())
        .env_clear()
        .envs(script.environment.map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(to_stdout)
        .stderr(to_stderr)
        .process_group(0)
        .kill_on_drop(true);
    if let Some(folder) = script.cwd {
        command.current_dir(folder);
    }
    let mut child = command.spawn().map_err(|error| {
        let place = script
            .cwd
            .map(|folder| format!(" in {folder}"))
            .unwrap_or_default();
        RunError::failed(format!("cannot start bash{place}: {error}"))
    })?;
    let pid = child.id().unwrap_or_default();
    // Dropped before the child, and so before the child is reaped.
    let group = Group::of(child.id())?;
    let (mut kept, files) = kept.unzip();
    let listed = kept.as_mut().map(|kept| {
        kept.name_after(pid);
        Listed::add(pid, kept)
    });
    let pipes = child.stdout.take().zip(child.stderr.take());
    let (stdout, stderr): (Reader, Reader) = match (files, pipes) {
        (Some([stdout, stderr]), _) => (
            Box::new(follow(stdout, group.leader)),
            Box::new(follow(stderr, group.leader)),
        ),
        (None, Some((stdout, stderr))) => (Box::new(stdout), Box::new(stderr)),
        (None, None) => return Err(RunError::failed("bash has no output")),
    };
    let mut output = Output::new(masker, sink);
    let ended = {
        let mut work = pin!(listen(&group, &mut output, stdout, stderr));
        let limit = timeout.min(context.deadline);
        let stopped = tokio::select! {
            biased;
            () = context.cancel.cancelled() => Some(RunError::Cancelled),
            () = &mut work => None,
            () = tokio::time::sleep(limit) => Some(RunError::TimedOut(limit)),
        };
        if stopped.is_some() {
            group.signal(Signal::TERM);
            // What it still says while it ends is part of the answer.
            let _ = tokio::time::timeout(limits::KILL_GRACE, work).await;
        }
        stopped
    };
    drop(group);
    let status = child.wait().await.map_err(|error| {
        if writes {
            RunError::Unknown(format!("cannot wait for process {pid}: {error}"))
        } else {
            cannot("wait for bash")(error)
        }
    })?;
    drop(listed);
    let truncated = output.finish().await;
    match ended {
        Some(why) if writes => Err(RunError::Unknown(format!(
            "{why}: process {pid} and its group were told to stop and ended with {status}; what it had done by then is not known, its output so far is in the result",
        ))),
        Some(error) => Err(error),
        None => Ok(Ended {
            exit_code: status.code(),
            status,
            truncated,
        }),
    }
}

/// The group that bash leads. Dropping it kills what is left of it, so that an abandoned run leaves nothing behind.
struct Group {
    leader: Pid,
}

impl Group {
    fn of(leader: Option<u32>) -> Result<Self, RunError> {
        leader
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .map(|leader| Self { leader })
            .ok_or_else(|| RunError::failed("bash has no process id"))
    }

    /// A group that is gone already is as good as one that was told.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.leader, signal);
    }

    async fn leader_ended(&self) {
        ended(self.leader).await;
    }
}

/// Waits until a process has ended and leaves it unreaped. A thread waits, because no portable call can be polled.
async fn ended(process: Pid) {
    let waited = tokio::task::spawn_blocking(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(process), options).is_err_and(|error| error == Errno::INTR) {}
    });
    let _ = waited.await;
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Reads until bash has ended and both pipes are closed. A process that bash left behind may hold them open: it gets a
/// grace time, which is enough for the last lines of a `tee`.
async fn listen(group: &Group, output: &mut Output<'_>, mut stdout: Reader, mut stderr: Reader) {
    let mut buffers = (vec![0; READ_BYTES], vec![0; READ_BYTES]);
    let mut open = (true, true);
    let mut left_behind = pin!(async {
        group.leader_ended().await;
        tokio::time::sleep(limits::KILL_GRACE).await;
    });
    while open.0 || open.1 {
        tokio::select! {
            count = read(&mut stdout, &mut buffers.0), if open.0 => {
                open.0 = count > 0;
                output.push(false, buffers.0.get(..count).unwrap_or_default()).await;
            }
            count = read(&mut stderr, &mut buffers.1), if open.1 => {
                open.1 = count > 0;
                output.push(true, buffers.1.get(..count).unwrap_or_default()).await;
            }
            () = &mut left_behind => return,
        }
    }
    group.leader_ended().await;
}

const READ_BYTES: usize = 16 * 1024;
/// How often a file is looked at for more output.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where output comes from.
type Reader = Box<dyn AsyncRead + Unpin + Send>;

/// Reads a file as it grows, until its writer has ended.
fn follow(file: std::fs::File, leader: Pid) -> DuplexStream {
    let (mut to, from) = tokio::io::duplex(READ_BYTES);
    tokio::spawn(async move {
        let mut file = tokio::fs::File::from_std(file);
        let mut buffer = vec![0; READ_BYTES];
        let mut ended = pin!(ended(leader));
        let mut is_over = false;
        loop {
            let count = read(&mut file, &mut buffer).await;
            let part = buffer.get(..count).unwrap_or_default();
            if part.is_empty() && is_over {
                return;
            }
            if part.is_empty() {
                tokio::select! {
                    () = &mut ended => is_over = true,
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            } else if to.write_all(part).await.is_err() {
                return;
            }
        }
    });
    from
}

/// A pipe that cannot be read has ended.
async fn read(pipe: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> usize {
    pipe.read(buffer).await.unwrap_or_default()
}

/// Both outputs on their way to the sink, in whole lines.
struct Output<'a> {
    sink: &'a Sink,
    normal: Lines<'a>,
    error: Lines<'a>,
    /// Bytes that may still be kept.
    room: usize,
    dropped: u64,
}

struct Lines<'a> {
    stream: MaskedStream<'a>,
    begun: String,
}

impl<'a> Output<'a> {
    fn new(masker: &'a Masker, sink: &'a Sink) -> Self {
        let lines = || Lines {
            stream: masker.stream(),
            begun: String::new(),
        };
        Self {
            sink,
            normal: lines(),
            error: lines(),
            room: limits::OUTPUT_BYTES,
            dropped: 0,
        }
    }

    /// Past the cap the script runs on unheard: to stop it half-way could do more harm than its output.
    async fn push(&mut self, error: bool, bytes: &[u8]) {
        let kept = bytes.get(..self.room.min(bytes.len())).unwrap_or_default();
        self.room -= kept.len();
        self.dropped += (bytes.len() - kept.len()) as u64;
        let lines = if error {
            &mut self.error
        } else {
            &mut self.normal
        };
        lines.begun.push_str(&lines.stream.push(kept));
        let whole = match lines.begun.rfind('\n') {
            Some(at) => at + 1,
            None if lines.begun.len() > limits::TEXT_BYTES => lines.begun.len(),
            None => return,
        };
        let rest = lines.begun.split_off(whole);
        let text = std::mem::replace(&mut lines.begun, rest);
        self.sink.send(Chunk::Output { error, text }).await;
    }

    /// Sends what has no line feed at its end; returns what to say when the output was cut.
    async fn finish(self) -> Option<String> {
        let truncated = (self.dropped > 0).then(|| {
            format!(
                "the output was cut at {} MiB; {} bytes more were not kept",
                limits::OUTPUT_BYTES / 1024 / 1024,
                self.dropped
            )
        });
        let send_rest = async {
            for (error, lines) in [(false, self.normal), (true, self.error)] {
                let text = lines.begun + &lines.stream.finish();
                if !text.is_empty() {
                    self.sink.send(Chunk::Output { error, text }).await;
                }
            }
        };
        // A receiver that does not read must not keep a cancelled run alive.
        let _ = tokio::time::timeout(limits::KILL_GRACE, send_rest).await;
        truncated
    }
}
