//! A private PostgreSQL server for tests: an own cluster in a temporary folder, on a free port of the loopback.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Each test file uses a part of this; naming the rest here keeps the compiler from calling it dead.
const _: () = {
    let _ = PostgresServer::add_breach;
};

/// How long the server may take to answer.
const READY: Duration = Duration::from_secs(60);

/// A running server. Dropped, it stops at once and its folder goes. A shell stands between: it stops the server when
/// this process ends in any way, because statics are never dropped.
pub struct PostgresServer {
    /// The port on 127.0.0.1.
    pub port: u16,
    programs: PathBuf,
    keeper: Child,
}

impl PostgresServer {
    /// Makes a cluster whose superuser is `postgres`, without a password, and waits until it answers.
    pub fn start() -> Self {
        let programs = find_programs().unwrap_or_else(|| {
            panic!(
                "initdb and postgres were not found on PATH or in /usr/lib/postgresql: install PostgreSQL \
                 (Debian: apt-get install postgresql), then run the tests as README.md says (cargo test)"
            )
        });
        let folder = tempfile::Builder::new()
            .prefix("quarterdeck-pg-")
            .tempdir()
            .unwrap()
            .keep();
        if let Some(user) = other_user() {
            let (user, group) = user_ids(user);
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let made = as_user(&programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--pgdata"])
            .arg(folder.join("data"))
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        // A port that is free now may be taken a moment later: then another is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let mut server = Self {
                port,
                keeper: keep(&programs, &folder, port),
                programs: programs.clone(),
            };
            if server.is_ready() {
                return server;
            }
        }
        panic!(
            "postgres did not start: {}",
            std::fs::read_to_string(folder.join("log")).unwrap_or_default()
        );
    }

    /// `postgres://postgres@127.0.0.1:PORT/postgres`
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs statements as the superuser and returns what they print, cells parted by `|`.
    pub fn execute(&self, sql: &str) -> String {
        let (worked, out, error) = self.psql(sql);
        assert!(worked, "psql failed: {error}");
        out.trim_end().to_owned()
    }

    /// Makes a database with the planted breach and returns its address.
    pub fn add_breach(&self, database: &str) -> String {
        self.execute(&format!(
            "CREATE DATABASE {database};\n\\connect {database}\n{}{}",
            include_str!("../../assets/schema.sql"),
            include_str!("../fixtures/database/breach.sql"),
        ));
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn is_ready(&mut self) -> bool {
        let deadline = Instant::now() + READY;
        while Instant::now() < deadline {
            if self.psql("SELECT 1").0 {
                return true;
            }
            if self.keeper.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn psql(&self, sql: &str) -> (bool, String, String) {
        let mut child = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-f", "-", "-d"])
            .arg(self.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // psql may end before it has read everything: its status says so.
        let _ = child.stdin.take().unwrap().write_all(sql.as_bytes());
        let done = child.wait_with_output().unwrap();
        (
            done.status.success(),
            String::from_utf8_lossy(&done.stdout).into_owned(),
            String::from_utf8_lossy(&done.stderr).into_owned(),
        )
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Starts the server below a shell that stops it and removes the folder when its input ends.
fn keep(programs: &Path, folder: &Path, port: u16) -> Child {
    const SCRIPT: &str = r#"
        "$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$2" \
            -c fsync=off -c full_page_writes=off -c max_connections=60 -c log_lock_waits=off >"$2/log" 2>&1 </dev/null &
        server=$!
        (while kill -0 $server 2>/dev/null; do sleep 1; done; kill $$ 2>/dev/null) &
        watcher=$!
        read -r _
        kill -9 $watcher 2>/dev/null
        kill -QUIT $server 2>/dev/null
        wait $server
        rm -rf "$2"
    "#;
    as_user(Path::new("/bin/sh"))
        .args(["-c", SCRIPT, "keeper"])
        .arg(programs)
        .arg(folder)
        .arg(port.to_string())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A command that does not run as root, which PostgreSQL refuses.
fn as_user(program: &Path) -> Command {
    let Some(user) = other_user() else {
        return Command::new(program);
    };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program);
    command
}

/// The user to run as, when these tests run as root.
fn other_user() -> Option<&'static str> {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    let has_postgres = || users().lines().any(|line| line.starts_with("postgres:"));
    is_root.then(|| if has_postgres() { "postgres" } else { "nobody" })
}

fn user_ids(name: &str) -> (u32, u32) {
    let users = users();
    let line = users
        .lines()
        .find(|line| line.starts_with(&format!("{name}:")))
        .unwrap();
    let fields: Vec<&str> = line.split(':').collect();
    (fields[2].parse().unwrap(), fields[3].parse().unwrap())
}

fn users() -> String {
    std::fs::read_to_string("/etc/passwd").unwrap_or_default()
}

/// The folder with `initdb`, `postgres` and `psql`: on PATH, or the newest of Debian's.
fn find_programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path().join("bin"))
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    folders.into_iter().find(|folder| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|program| folder.join(program).is_file())
    })
}
