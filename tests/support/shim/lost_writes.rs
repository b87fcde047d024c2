//! A power cut for tests: compiles `lost_writes.c`, loads it into a program, and afterwards takes away what the program
//! wrote and did not sync. See the C file for what this models and what it does not.
//!
//! ```ignore
//! let power = PowerCut::below(data_folder);
//! let child = Command::new(program).envs(power.environment()).spawn()?;
//! // … wait for acknowledgements, kill -9, wait …
//! power.drop_unsynced();
//! // … open the data without the shim: nothing acknowledged may be missing …
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "test support: what fails here fails the test"
)]

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

/// The shim, built, for the files below one folder.
pub struct PowerCut {
    /// Holds the library and the copies.
    place: tempfile::TempDir,
    folder: PathBuf,
}

impl PowerCut {
    /// Builds the shim for the files below `folder`. What is there already counts as synced.
    pub fn below(folder: &Path) -> Self {
        let place = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/shim/lost_writes.c");
        let compiler = Command::new("cc")
            .args([
                "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
            ])
            .args([&place.path().join("lost_writes.so"), &source])
            .output()
            .expect("the C compiler `cc` is needed: tests/all installs it");
        assert!(
            compiler.status.success(),
            "{}",
            String::from_utf8_lossy(&compiler.stderr)
        );
        fs::create_dir(place.path().join("copies")).unwrap();
        let power = Self {
            place,
            folder: folder.canonicalize().unwrap(),
        };
        power.all_synced();
        power
    }

    /// What to set in the environment of the program that will lose its power.
    pub fn environment(&self) -> [(&'static str, OsString); 3] {
        [
            (
                "LD_PRELOAD",
                self.place.path().join("lost_writes.so").into(),
            ),
            ("SHIM_DIR", self.folder.clone().into()),
            ("SHIM_COPIES", self.place.path().join("copies").into()),
        ]
    }

    /// Takes every file as it is now for synced: after a program without the shim worked on them.
    pub fn all_synced(&self) {
        for file in files_below(&self.folder) {
            fs::copy(&file, self.copy_of(&file)).unwrap();
        }
    }

    /// Puts every file back to its last sync, once the program is gone; a file that was never synced is left empty.
    pub fn drop_unsynced(&self) {
        for file in files_below(&self.folder) {
            if file.to_string_lossy().ends_with("-shm") {
                // SQLite's shared memory is memory: nothing of it survives, and SQLite makes it again.
                fs::remove_file(&file).unwrap();
                continue;
            }
            // In place, so that the inode, and with it the name of the copy, stays.
            let copy = self.copy_of(&file);
            if copy.exists() {
                fs::copy(&copy, &file).unwrap();
            } else {
                File::create(&file).unwrap();
            }
        }
    }

    /// The same name as the C side makes.
    fn copy_of(&self, file: &Path) -> PathBuf {
        let metadata = fs::metadata(file).unwrap();
        let made = born(&metadata);
        let name = format!(
            "{}-{}-{}",
            metadata.ino(),
            made.as_secs(),
            made.subsec_nanos()
        );
        self.place.path().join("copies").join(name)
    }
}

/// When the inode was made; zero on file systems that do not say, as statx reports it there.
fn born(metadata: &Metadata) -> std::time::Duration {
    metadata
        .created()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.append(&mut files_below(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}
