//! A real Prometheus of the test's own: private folder, free port, scrapes every second, gone when dropped.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to be ready on a busy machine.
const READY: Duration = Duration::from_secs(60);

/// A running server.
pub struct PrometheusServer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl PrometheusServer {
    /// Starts a server that scrapes these targets (`host:port`) and waits until it is ready.
    pub fn start(targets: &[String]) -> Self {
        let list: Vec<String> = targets.iter().map(|target| format!("'{target}'")).collect();
        let config = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\n\
             scrape_configs:\n  - job_name: commerce\n    static_configs: [ {{ targets: [{}] }} ]\n",
            list.join(", ")
        );
        Self::start_with(&config, &[])
    }

    /// Starts a server with this configuration and these further arguments, and waits until it is ready.
    pub fn start_with(config: &str, arguments: &[&str]) -> Self {
        // Between the choice of a free port and the server's start somebody else may take it: then another is tried.
        for _ in 0..5 {
            if let Some(server) = Self::try_start(config, arguments) {
                return server;
            }
        }
        panic!("Prometheus did not get ready within {READY:?} on any of five ports");
    }

    /// The address for a source's `url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn try_start(config: &str, arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let config_path = folder.path().join("prometheus.yml");
        std::fs::write(&config_path, config).expect("the configuration is written");
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config_path.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=error")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "cannot start `prometheus` ({error}): this test needs the real server; install it (Debian: apt-get install prometheus), tests/all says how"
                )
            });
        let mut server = Self {
            process,
            port,
            _folder: folder,
        };
        server.becomes_ready().then_some(server)
    }

    fn becomes_ready(&mut self) -> bool {
        let deadline = Instant::now() + READY;
        while Instant::now() < deadline {
            if self.process.try_wait().ok().flatten().is_some() {
                return false;
            }
            if answers_ready(self.port) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for PrometheusServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn answers_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let request = "GET /-/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}
