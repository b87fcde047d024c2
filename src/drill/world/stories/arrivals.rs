//! When the events of a story come: one every so often on the average, in bursts and lulls, as people and scripts do.

use std::time::Duration;

use crate::drill::world::noise::Noise;

/// Seconds of a tick.
pub const TICK_SECONDS: i64 = 5;

/// Ticks that share a mood: five minutes.
const MOOD_TICKS: i64 = 60;

/// How busy the moods are. Their mean is 1, so that `every` stays what the scenario says.
const MOODS: [f64; 8] = [0.3, 0.6, 0.8, 1.0, 1.0, 1.0, 1.3, 2.0];

/// What a share of a story's events has to be true of, spread so that a small share comes true soon: exactly one in each run of `1 / share` events, and in the first run among
/// its first events. A drill of forty minutes then has its rare event with every seed.
#[derive(Debug, Clone, Copy)]
pub struct Share(f64);

/// The first run of a share has its event among so many.
const SOON: u64 = 4;

impl Share {
    /// A share from 0 to 1; what lies outside is brought inside.
    pub fn new(share: f64) -> Self {
        Self(if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        })
    }

    /// Whether it is true of the event with this number, counted from 0. `noise` is the story's own, the same for every event; `n` tells shares of a story apart.
    pub fn holds(self, noise: Noise, n: u64, number: u64) -> bool {
        if self.0 <= 0.0 {
            return false;
        }
        let run = run_of(number, self.0);
        let from = start_of(run, self.0);
        let length = start_of(run + 1, self.0).saturating_sub(from).max(1);
        let within = if run == 0 { length.min(SOON) } else { length };
        number == from + noise.of(n).below(run, within)
    }
}

/// The run that an event belongs to.
fn run_of(number: u64, share: f64) -> u64 {
    let mut run = (number as f64 * share) as u64;
    while start_of(run + 1, share) <= number {
        run += 1;
    }
    while run > 0 && start_of(run, share) > number {
        run -= 1;
    }
    run
}

/// The first event of a run.
fn start_of(run: u64, share: f64) -> u64 {
    (run as f64 / share).ceil() as u64
}

/// How many events come in a tick. The first tick of a story always has one: what a scenario says began forty minutes ago did begin then.
pub fn count(story: Noise, tick: i64, here: Noise, every: Duration, first: bool) -> u32 {
    let seconds = every.as_secs_f64();
    if seconds <= 0.0 {
        return u32::from(first);
    }
    let mood = story
        .of(0x6d6f_6f64)
        .pick(tick.div_euclid(MOOD_TICKS).cast_unsigned(), &MOODS)
        .copied()
        .unwrap_or(1.0);
    let drawn = here.count(0, TICK_SECONDS as f64 / seconds * mood);
    drawn.max(u32::from(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::world::noise::Generator;

    const STORY: Generator = Generator::named("story.test");

    #[test]
    fn a_share_is_kept_and_its_first_event_comes_soon() {
        for seed in 0..20 {
            let noise = Noise::new(seed, STORY, 0);
            for share in [0.03, 0.1, 0.34, 0.5, 0.9, 1.0] {
                let share_of = Share::new(share);
                let held: Vec<u64> = (0..1_000)
                    .filter(|number| share_of.holds(noise, 1, *number))
                    .collect();
                let expected = 1_000.0 * share;
                assert!(
                    (held.len() as f64 - expected).abs() <= 1.5,
                    "{share}: {}",
                    held.len()
                );
                assert!(held.first().is_some_and(|first| *first < SOON), "{share}");
            }
        }
        let noise = Noise::new(1, STORY, 0);
        for wrong in [0.0, -1.0, f64::NAN] {
            assert!((0..50).all(|number| !Share::new(wrong).holds(noise, 1, number)));
        }
    }

    #[test]
    fn events_come_as_often_as_asked_in_bursts_and_lulls() {
        for every in [2, 30, 240] {
            let every = Duration::from_secs(every);
            let ticks = 40_000_i64;
            let story = Noise::new(3, STORY, 0);
            let counts: Vec<u32> = (0..ticks)
                .map(|tick| count(story, tick, Noise::new(3, STORY, tick), every, false))
                .collect();
            let sum = f64::from(counts.iter().sum::<u32>());
            let expected = (ticks * TICK_SECONDS) as f64 / every.as_secs_f64();
            assert!((sum / expected - 1.0).abs() < 0.12, "{sum} of {expected}");
            let hours: Vec<u32> = counts.chunks(120).map(|hour| hour.iter().sum()).collect();
            let (most, least) = (hours.iter().max(), hours.iter().min());
            assert!(most > least, "no bursts");
        }
    }

    #[test]
    fn the_first_tick_has_an_event() {
        let story = Noise::new(3, STORY, 0);
        let every = Duration::from_secs(86_400);
        let here = Noise::new(3, STORY, 9);
        assert_eq!(count(story, 9, here, every, false), 0);
        assert_eq!(count(story, 9, here, every, true), 1);
    }
}
