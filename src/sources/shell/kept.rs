//! Files of a script that changes something: its text and its output, private to the user. They go away when the script has
//! ended, and stay when the program ends before it: then they are all that tells how far it came.
//!
//! What bash writes there is not masked: once the program is gone, nobody is between bash and its files.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile};

use crate::capture::file_name;
use crate::model::ids::ActionId;

const STDOUT: &str = ".out";
const STDERR: &str = "err";
/// Stands before what makes a name unique until the process is known.
const NO_PROCESS: &str = "new";

/// A new file with a script's text. It is private, and goes away with the value.
pub(super) fn script_file(
    folder: Option<&Path>,
    action: &ActionId,
) -> std::io::Result<NamedTempFile> {
    let (prefix, suffix) = (format!("{}-", file_name(action.as_str())), ".sh");
    let mut file = Builder::new();
    file.prefix(&prefix).suffix(suffix);
    match folder {
        Some(folder) => file.tempfile_in(folder),
        None => file.tempfile(),
    }
}

/// Makes the folder that only its owner may enter, if it is not there.
pub(super) fn make_folder(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The two files of a script's output, alike but for their endings.
pub(super) struct Kept {
    action: String,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Kept {
    /// Makes them, and what bash writes to.
    pub(super) fn create(folder: &Path, action: &ActionId) -> std::io::Result<(Self, [File; 2])> {
        let action = file_name(action.as_str());
        let (out, stdout) = Builder::new()
            .prefix(&format!("{action}-{NO_PROCESS}"))
            .suffix(STDOUT)
            .tempfile_in(folder)?
            .keep()?;
        let stderr = stdout.with_extension(STDERR);
        let err = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&stderr)?;
        let kept = Self {
            action,
            stdout,
            stderr,
        };
        Ok((kept, [out, err]))
    }

    /// Gives them the name of their process. Where that is taken they keep the one they have.
    pub(super) fn name_after(&mut self, process: u32) {
        let stdout = self
            .stdout
            .with_file_name(format!("{}-{process}{STDOUT}", self.action));
        let stderr = stdout.with_extension(STDERR);
        // Not a rename: that would take the place of what an earlier process of this number left.
        let link = std::fs::hard_link;
        if link(&self.stdout, &stdout).is_ok() && link(&self.stderr, &stderr).is_ok() {
            self.remove();
            (self.stdout, self.stderr) = (stdout, stderr);
        }
    }

    /// Opens both to be read.
    pub(super) fn open(&self) -> std::io::Result<[File; 2]> {
        Ok([File::open(&self.stdout)?, File::open(&self.stderr)?])
    }

    /// One that somebody moved away is theirs.
    fn remove(&self) {
        for path in [&self.stdout, &self.stderr] {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Which process it was, and where its output is.
fn in_words(process: &str, stdout: &Path) -> String {
    format!(
        "process {process}, its output in {} and .{STDERR}",
        stdout.display()
    )
}

/// Scripts that change something and run now, by process.
static WRITING: Mutex<BTreeMap<u32, String>> = Mutex::new(BTreeMap::new());

/// A place in the list of writing scripts, given up when the script has ended.
pub(super) struct Listed(u32);

impl Listed {
    /// Takes a place.
    pub(super) fn add(process: u32, kept: &Kept) -> Self {
        let text = in_words(&process.to_string(), &kept.stdout);
        writing().insert(process, text);
        Self(process)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        writing().remove(&self.0);
    }
}

fn writing() -> MutexGuard<'static, BTreeMap<u32, String>> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The scripts that change something and have not ended, each with its process and where its output stays. They are
/// not stopped when the program ends.
pub fn left_running() -> Vec<String> {
    writing().values().cloned().collect()
}

/// What scripts of an action left in the folder when the program ended before them: the process of the last one and where
/// its output is, in words.
pub fn left_behind(folder: &Path, action: &ActionId) -> Option<String> {
    let begins = format!("{}-", file_name(action.as_str()));
    let files = std::fs::read_dir(folder).ok()?.flatten();
    let (_, stdout, process) = files
        .filter_map(|file| {
            let name = file.file_name().into_string().ok()?;
            let process = name.strip_prefix(&begins)?.strip_suffix(STDOUT)?;
            let is_process = process.bytes().all(|byte| byte.is_ascii_digit());
            let begun = file.metadata().and_then(|file| file.created()).ok();
            is_process.then(|| (begun, file.path(), process.to_owned()))
        })
        .max()?;
    Some(in_words(&process, &stdout))
}
