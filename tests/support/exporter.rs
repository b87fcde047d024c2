//! The test's own exporter: serves the org mismatch counter in the Prometheus text format and can be told to spike. One
//! that is behind serves what was so a while ago, with the time of then, as a pipeline that lags does.
#![expect(clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Each test file uses a part of this; naming the rest here keeps the compiler from calling it dead.
const _: () = {
    let _ = (Exporter::start, Exporter::spike, Exporter::wait_for_scrapes);
};

/// The counter's name.
pub const MISMATCHES: &str = "commerce_transition_org_mismatch_total";

/// How long a scraper may take on a busy machine.
const SCRAPED: Duration = Duration::from_secs(60);

type Counters = Arc<Mutex<BTreeMap<(String, String), f64>>>;

/// A running exporter.
pub struct Exporter {
    counters: Counters,
    scrapes: Arc<AtomicUsize>,
    address: SocketAddr,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Serves these series (`machine`, `org_id`), each at zero: a counter that is born at one shows no increase.
    pub fn start(series: &[(&str, &str)]) -> Self {
        Self::start_behind(series, Duration::ZERO)
    }

    /// The same, with every sample this old.
    pub fn start_behind(series: &[(&str, &str)], behind: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let zero = series
            .iter()
            .map(|(machine, org)| (((*machine).to_owned(), (*org).to_owned()), 0.0))
            .collect();
        let counters: Counters = Arc::new(Mutex::new(zero));
        let scrapes = Arc::new(AtomicUsize::new(0));
        let ending = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (counters, scrapes, ending) = (counters.clone(), scrapes.clone(), ending.clone());
            move || {
                for stream in listener.incoming() {
                    if ending.load(Ordering::SeqCst) {
                        return;
                    }
                    scrapes.fetch_add(1, Ordering::SeqCst);
                    // A scraper that hangs up early is not this thread's problem.
                    let _ = stream.and_then(|stream| answer(stream, &counters, behind));
                }
            }
        });
        Self {
            counters,
            scrapes,
            address,
            ending,
            thread: Some(thread),
        }
    }

    /// `host:port`, as a scrape target.
    pub fn target(&self) -> String {
        self.address.to_string()
    }

    /// Waits until it was asked so often.
    pub fn wait_for_scrapes(&self, count: usize) {
        let deadline = Instant::now() + SCRAPED;
        while self.scrapes.load(Ordering::SeqCst) < count {
            assert!(Instant::now() < deadline, "nobody scrapes it");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Adds to a counter.
    pub fn spike(&self, machine: &str, org_id: &str, by: f64) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        *counters
            .entry((machine.to_owned(), org_id.to_owned()))
            .or_default() += by;
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(mut stream: TcpStream, counters: &Counters, behind: Duration) -> std::io::Result<()> {
    for line in BufReader::new(stream.try_clone()?).lines() {
        if line?.is_empty() {
            break;
        }
    }
    // Without a time of its own, a sample has the time of the scrape.
    let at = (!behind.is_zero())
        .then(|| (SystemTime::now() - behind).duration_since(UNIX_EPOCH).ok())
        .flatten()
        .map_or_else(String::new, |at| format!(" {}", at.as_millis()));
    let mut body = format!("# TYPE {MISMATCHES} counter\n");
    for ((machine, org), value) in counters
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
    {
        let _ = writeln!(
            body,
            "{MISMATCHES}{{machine=\"{machine}\",org_id=\"{org}\"}} {value}{at}"
        );
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
