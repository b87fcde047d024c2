//! The clocks and the randomness of the program. Everything below the run time takes these values as arguments.

use std::time::Duration;

use crate::model::Timestamp;

/// Now, by the wall clock, in whole milliseconds as the record keeps it.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
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

/// How long until `wake`, zero when it has passed.
pub fn until(wake: Timestamp) -> Duration {
    Duration::try_from(wake.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
}

/// Today, in UTC.
pub fn today() -> jiff::civil::Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
