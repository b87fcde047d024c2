//! The clocks and the randomness of the program. Everything below the run time takes these values as arguments.
//!
//! In a drill the time is simulated: it begins at the scenario's page and runs at the drill's speed, or stands still between the steps of a script. One
//! process works one incident at a time, so there is one simulation at most.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Timestamp;

/// Whether [`SIMULATION`] is there, so that live work never waits for its lock.
static SIMULATED: AtomicBool = AtomicBool::new(false);
static SIMULATION: Mutex<Option<Simulation>> = Mutex::new(None);

/// The longest a sleep of the loop may be; it looks again then.
const SLEEP_MAX: Duration = Duration::from_secs(86_400);

/// Simulated time.
#[derive(Debug, Clone, Copy)]
struct Simulation {
    /// What it was at `since`.
    at: Timestamp,
    since: Instant,
    /// Simulated seconds a second; 0 stands still until [`step_to`].
    speed: f64,
}

impl Simulation {
    fn now(&self) -> Timestamp {
        let passed = self.since.elapsed().as_secs_f64() * self.speed;
        let passed = Duration::try_from_secs_f64(passed).unwrap_or_default();
        whole(self.at.checked_add(passed).unwrap_or(self.at))
    }
}

/// Now, in whole milliseconds as the record keeps it: simulated time in a drill, the wall clock otherwise.
pub fn now() -> Timestamp {
    simulated().unwrap_or_else(wall)
}

/// Now, by the wall clock.
pub fn wall() -> Timestamp {
    whole(Timestamp::now())
}

/// Now in the drill that is under way; none in live work.
pub fn simulated() -> Option<Timestamp> {
    if !SIMULATED.load(Ordering::Acquire) {
        return None;
    }
    simulation().as_ref().map(Simulation::now)
}

/// Begins simulated time at `at`, with so many simulated seconds a second; at speed 0 it stands still until [`step_to`].
pub fn simulate(at: Timestamp, speed: f64) {
    *simulation() = Some(Simulation {
        at,
        since: Instant::now(),
        speed: speed.max(0.0),
    });
    SIMULATED.store(true, Ordering::Release);
}

/// Goes on with simulated time at `at`, at the speed it has. Time never goes back.
pub fn step_to(at: Timestamp) {
    if let Some(simulation) = &mut *simulation() {
        simulation.at = simulation.now().max(at);
        simulation.since = Instant::now();
    }
}

/// Goes back to the wall clock.
pub fn end_simulation() {
    SIMULATED.store(false, Ordering::Release);
    *simulation() = None;
}

/// Milliseconds since boot, suspended time included.
pub fn since_boot_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds * 1_000 + nanoseconds / 1_000_000
}

/// The kernel's id of this boot; empty where it has none.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// How long to sleep until `wake`, zero when it has passed. None when only a step brings it.
pub fn until(wake: Timestamp) -> Option<Duration> {
    let speed = if SIMULATED.load(Ordering::Acquire) {
        simulation().map_or(1.0, |simulation| simulation.speed)
    } else {
        1.0
    };
    let left = Duration::try_from(wake.duration_since(now())).unwrap_or(Duration::ZERO);
    if left.is_zero() {
        return Some(Duration::ZERO);
    }
    if speed <= 0.0 {
        return None;
    }
    let left = Duration::try_from_secs_f64(left.as_secs_f64() / speed).unwrap_or(SLEEP_MAX);
    Some(left.min(SLEEP_MAX))
}

/// Today, in UTC.
pub fn today() -> jiff::civil::Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn simulation() -> MutexGuard<'static, Option<Simulation>> {
    SIMULATION.lock().unwrap_or_else(PoisonError::into_inner)
}
