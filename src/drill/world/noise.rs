//! Noise that is a function of where it is asked: the seed, the name of who asks, the tick, and a number. No generator that runs, so that neither the steps in
//! which time passes nor what others draw changes anything.
//!
//! The mix is SplitMix64's finalizer (Steele, Lea and Flood 2014) after each of the four parts. Arithmetic is integers, and floats with `+ - * /` only,
//! so that every machine draws the same.

/// The name of a generator, as noise takes it. Make it once: `const REQUESTS: Generator = Generator::named("background.requests")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generator(u64);

impl Generator {
    /// The generator called `name` (FNV-1a).
    pub const fn named(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut rest = bytes;
        while let [byte, tail @ ..] = rest {
            hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
            rest = tail;
        }
        Self(hash)
    }

    /// A generator of this name inside `family`: the names of one family never meet those of another.
    #[must_use]
    pub const fn below(self, family: Self) -> Self {
        Self(mix(family.0 ^ mix(self.0)))
    }
}

/// The noise of one generator in one tick.
#[derive(Debug, Clone, Copy)]
pub struct Noise(u64);

const fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Noise {
    /// The noise of `generator` in `tick` of the drill with `seed`.
    pub const fn new(seed: u64, generator: Generator, tick: i64) -> Self {
        Self(mix(mix(mix(seed) ^ generator.0) ^ tick.cast_unsigned()))
    }

    /// Noise below this one: for the `n`th event of a tick, which draws several numbers of its own.
    #[must_use]
    pub const fn of(self, n: u64) -> Self {
        Self(mix(self.0 ^ mix(n)))
    }

    /// 64 bits.
    pub const fn bits(self, n: u64) -> u64 {
        mix(self.0.wrapping_add(mix(n)))
    }

    /// 128 bits.
    pub fn wide(self, n: u64) -> u128 {
        let more = self.of(n);
        (u128::from(more.bits(0)) << 64) | u128::from(more.bits(1))
    }

    /// A number from 0 up to, but not including, 1.
    pub fn share(self, n: u64) -> f64 {
        (self.bits(n) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with the probability `share`.
    pub fn chance(self, n: u64, share: f64) -> bool {
        self.share(n) < share
    }

    /// A whole number below `bound`; 0 for a bound of 0.
    pub fn below(self, n: u64, bound: u64) -> u64 {
        ((u128::from(self.bits(n)) * u128::from(bound)) >> 64) as u64
    }

    /// A whole number from `from` up to, but not including, `until`.
    pub fn between(self, n: u64, from: i64, until: i64) -> i64 {
        from + self
            .below(n, until.saturating_sub(from).max(0).cast_unsigned())
            .cast_signed()
    }

    /// One of `items`; none of none.
    pub fn pick<T>(self, n: u64, items: &[T]) -> Option<&T> {
        items.get(self.below(n, items.len() as u64) as usize)
    }

    /// How many events there are where `mean` are expected (Poisson). Means above 50 give the mean.
    pub fn count(self, n: u64, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 50.0 {
            return mean as u32;
        }
        let drawn = self.share(n);
        let mut probability = exp_of_minus(mean);
        let mut sum = probability;
        let mut count = 0;
        while drawn >= sum && count < 200 {
            count += 1;
            probability *= mean / f64::from(count);
            sum += probability;
        }
        count
    }

    /// A value by its quantiles: pairs of share and value, ascending, with straight lines between them.
    pub fn quantile(self, n: u64, quantiles: &[(f64, f64)]) -> f64 {
        along(quantiles, self.share(n))
    }

    /// A UUID of version 4.
    pub fn uuid(self, n: u64) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.wide(n).to_be_bytes()).into_uuid()
    }

    /// So many of `0..of`, each once, in the order of the draw.
    pub fn draw(self, count: usize, of: usize) -> Vec<usize> {
        let mut ranks: Vec<(u64, usize)> =
            (0..of).map(|item| (self.bits(item as u64), item)).collect();
        ranks.sort_unstable();
        ranks
            .into_iter()
            .take(count)
            .map(|(_, item)| item)
            .collect()
    }
}

/// The value at `x` of the line through `points`, which ascend.
pub fn along(points: &[(f64, f64)], x: f64) -> f64 {
    let mut last: Option<(f64, f64)> = None;
    for point in points {
        if x < point.0 {
            return last.map_or(point.1, |last| {
                last.1 + (point.1 - last.1) * (x - last.0) / (point.0 - last.0)
            });
        }
        last = Some(*point);
    }
    last.map_or(0.0, |last| last.1)
}

/// e to the power of -`x`, with nothing but arithmetic that every machine does alike.
fn exp_of_minus(x: f64) -> f64 {
    let small = x / 1_024.0;
    let mut value = 1.0 - small + small * small / 2.0 - small * small * small / 6.0;
    for _ in 0..10 {
        value *= value;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Generator = Generator::named("here");

    fn noise(tick: i64) -> Noise {
        Noise::new(7, HERE, tick)
    }

    #[test]
    fn every_part_makes_a_difference_and_the_same_parts_none() {
        let first = noise(1).bits(0);
        assert_eq!(first, noise(1).bits(0));
        for other in [
            noise(2).bits(0),
            noise(1).bits(1),
            Noise::new(8, HERE, 1).bits(0),
            Noise::new(7, Generator::named("there"), 1).bits(0),
            noise(1).of(0).bits(0),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn the_same_on_every_machine() {
        assert_eq!(noise(1).bits(0), 9_134_499_289_221_983_972);
    }

    #[test]
    fn counts_have_their_mean_and_their_spread() {
        for mean in [0.1, 1.0, 4.0, 20.0] {
            let counts: Vec<f64> = (0..20_000)
                .map(|tick| f64::from(noise(tick).count(0, mean)))
                .collect();
            let average = counts.iter().sum::<f64>() / 20_000.0;
            let spread = counts
                .iter()
                .map(|count| (count - average) * (count - average))
                .sum::<f64>()
                / 20_000.0;
            assert!((average - mean).abs() < mean * 0.08, "{mean}: {average}");
            assert!((spread - mean).abs() < mean * 0.12, "{mean}: {spread}");
        }
    }

    #[test]
    fn draws_are_distinct_and_within() {
        let drawn = noise(3).draw(5, 9);
        let set: std::collections::BTreeSet<_> = drawn.iter().copied().collect();
        assert_eq!((drawn.len(), set.len()), (5, 5));
        assert!(set.iter().all(|item| *item < 9));
        assert_eq!(noise(3).draw(5, 2).len(), 2);
    }

    #[test]
    fn quantiles_lie_on_the_line() {
        let line = [(0.0, 10.0), (0.5, 40.0), (1.0, 150.0)];
        assert!((along(&line, 0.25) - 25.0).abs() < 1e-9);
        assert!((along(&line, 2.0) - 150.0).abs() < 1e-9);
        let mut values: Vec<f64> = (0..4_001)
            .map(|tick| noise(tick).quantile(0, &line))
            .collect();
        values.sort_by(f64::total_cmp);
        assert!((values.get(2_000).copied().unwrap_or(0.0) - 40.0).abs() < 4.0);
    }
}
