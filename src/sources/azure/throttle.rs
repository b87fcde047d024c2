//! Few requests at once, and patience when the service asks for it.
//!
//! Azure Monitor runs five queries of a user at once and queues the rest; whoever asks faster than 200 times in 30 s is turned away with 429.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::limits;

/// How often a request that was turned away is sent again.
pub(super) const TRIES: u32 = 3;
/// Before the second try, where the service does not say how long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Lets only so many requests of a source through at once.
#[derive(Debug)]
pub(super) struct Throttle(Semaphore);

impl Default for Throttle {
    fn default() -> Self {
        Self(Semaphore::new(limits::AZURE_REQUESTS))
    }
}

impl Throttle {
    /// Waits for a place and keeps it until it is dropped.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.acquire().await.ok()
    }
}

/// How long to wait before the next try: what `Retry-After` says in seconds, else twice as long each time, with up to a quarter more so that not
/// everybody comes back at once.
pub(super) fn wait(headers: &HeaderMap, tries: u32) -> Duration {
    let asked = headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok())
        .map(Duration::from_secs);
    let wait = asked.unwrap_or(FIRST_WAIT * 2_u32.saturating_pow(tries));
    wait + wait.mul_f64(spread() / 4.0)
}

/// An id by which the service's operators find a request again.
pub(super) fn request_id() -> String {
    static SENT: AtomicU32 = AtomicU32::new(0);
    format!(
        "quarterdeck;{}-{}",
        std::process::id(),
        SENT.fetch_add(1, Ordering::Relaxed)
    )
}

/// Somewhere between 0 and 1, another one each time and in each process.
fn spread() -> f64 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let turn = ASKED.fetch_add(1, Ordering::Relaxed);
    // Multiples of the golden ratio lie evenly on the circle.
    (f64::from(turn.wrapping_add(std::process::id())) * 0.618_033_988_749_894_9).fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_says_how_long() {
        let mut headers = HeaderMap::new();
        let first = wait(&headers, 0);
        assert!(first >= FIRST_WAIT && first <= FIRST_WAIT.mul_f64(1.25));
        assert!(wait(&headers, 2) >= FIRST_WAIT * 4);
        headers.insert("retry-after", "7".parse().unwrap());
        let asked = wait(&headers, 0);
        assert!(asked >= Duration::from_secs(7) && asked <= Duration::from_secs(9));
    }
}
