//! How busy the service is by time of day and day of the week, and how long things take.

use super::noise::along;

/// Share of the busiest hour, by the hour of the day (UTC).
const DAY: &[(f64, f64)] = &[
    (0.0, 0.12),
    (5.0, 0.10),
    (6.0, 0.18),
    (7.0, 0.42),
    (9.0, 0.88),
    (11.0, 1.0),
    (12.5, 0.82),
    (14.0, 0.97),
    (17.0, 0.80),
    (19.0, 0.38),
    (21.0, 0.22),
    (24.0, 0.12),
];

/// What a weekend leaves of it.
const WEEKEND: f64 = 0.3;

const DAY_MICROS: i64 = 86_400_000_000;

/// How busy the service is at a time in microseconds since 1970: about 0.1 at night, 1 before noon of a working day.
pub fn busy(at: i64) -> f64 {
    let day = at.div_euclid(DAY_MICROS);
    let hour = at.rem_euclid(DAY_MICROS) as f64 / 3_600_000_000.0;
    // The first of January 1970 was a Thursday.
    let weekend = matches!((day + 3).rem_euclid(7), 5 | 6);
    let share = along(DAY, hour);
    if weekend {
        (share * WEEKEND).max(0.08)
    } else {
        share
    }
}

/// Milliseconds that a request takes, by share of requests.
pub const LATENCY: &[(f64, f64)] = &[
    (0.0, 4.0),
    (0.3, 14.0),
    (0.5, 24.0),
    (0.8, 62.0),
    (0.95, 180.0),
    (0.99, 420.0),
    (1.0, 1_400.0),
];

/// Seconds until a row of telemetry has arrived, by share of rows.
pub const ARRIVAL: &[(f64, f64)] = &[(0.0, 14.0), (0.5, 40.0), (0.95, 95.0), (1.0, 150.0)];

/// No row of telemetry takes longer to arrive: 150 seconds, in microseconds.
pub const ARRIVAL_MOST: i64 = 150_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> f64 {
        busy(
            text.parse::<crate::model::Timestamp>()
                .map_or(0, crate::model::Timestamp::as_microsecond),
        )
    }

    #[test]
    fn days_are_busy_nights_and_weekends_are_not() {
        // 2026-03-10 was a Tuesday, 2026-03-14 a Saturday.
        assert!((at("2026-03-10T11:00:00Z") - 1.0).abs() < 1e-9);
        assert!(at("2026-03-10T03:00:00Z") < 0.15);
        assert!(at("2026-03-14T11:00:00Z") < 0.35);
        assert!(at("2026-03-15T11:00:00Z") < 0.35);
        assert!(at("2026-03-16T11:00:00Z") > 0.9);
        assert!(at("2026-03-14T03:00:00Z") > 0.05);
    }
}
