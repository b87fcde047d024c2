//! Figures of what was done again and again.

use std::time::{Duration, Instant};

/// Durations of one thing done again and again.
#[derive(Default)]
pub struct Times(pub Vec<Duration>);

impl Times {
    /// Does it and adds the time it took.
    pub fn time<T>(&mut self, what: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = what();
        self.0.push(start.elapsed());
        done
    }

    /// Microseconds below which a share of them lies; 0.5 is the median.
    pub fn micros(&self, share: f64) -> f64 {
        quantile(self.0.iter().map(Duration::as_secs_f64), share) * 1e6
    }

    /// Median of the ratios to another series, pair by pair: both sides of a pair met the same machine.
    pub fn paired(&self, other: &Self) -> f64 {
        let ratios = self.0.iter().zip(&other.0);
        quantile(ratios.map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()), 0.5)
    }
}

fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values[((last as f64 * share).round() as usize).min(last)]
}

/// Whether a bar is met, in a word.
pub fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
