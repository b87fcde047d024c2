//! Series with everything that decides an answer: counters that restart, gaps, series that end and come back, scrapes that come late, numbers that are none.

#![expect(clippy::indexing_slicing, reason = "a test's data, written out")]

use std::collections::HashMap;

use quarterdeck::promql::{Labels, Series, Store};

/// The first scrape.
pub const START: i64 = 1_700_000_000_000;
/// The last one is before this.
pub const END: i64 = START + 2 * HOUR;
const HOUR: i64 = 3_600_000;
const SCRAPE: i64 = 15_000;

pub fn labels(name: &str, others: &[(&str, &str)]) -> Labels {
    let others = others.iter().copied();
    let named = std::iter::once(("__name__", name)).chain(others);
    named
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Even noise from 0 to 1 (SplitMix64).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The samples so far, and where each series stands.
#[derive(Default)]
struct Scraped {
    store: Store,
    places: HashMap<Labels, usize>,
}

impl Scraped {
    fn series(&mut self, labels: &Labels) -> &mut Series {
        let series = &mut self.store.series;
        let place = *self.places.entry(labels.clone()).or_insert_with(|| {
            series.push(Series {
                labels: labels.clone(),
                points: Vec::new(),
            });
            series.len() - 1
        });
        &mut series[place]
    }

    fn push(&mut self, labels: &Labels, at: i64, value: f64) {
        self.series(labels).push(at, value);
    }
}

pub fn store() -> Store {
    let mut scraped = Scraped::default();
    requests(&mut scraped);
    mismatches(&mut scraped);
    up(&mut scraped);
    gauges(&mut scraped);
    durations(&mut scraped);
    oddities(&mut scraped);
    scraped.store
}

/// Times of scrapes: up to 40 ms late, some missed.
fn scrapes(noise: &mut Noise) -> Vec<i64> {
    let times = (0..2 * HOUR / SCRAPE).map(|turn| START + turn * SCRAPE);
    let scrape = |at| {
        let late = (noise.next() * 40.0) as i64;
        (noise.next() > 0.02).then_some(at + late)
    };
    times.filter_map(scrape).collect()
}

fn requests(store: &mut Scraped) {
    for (number, (instance, code, method)) in [
        ("a:9090", "200", "GET"),
        ("a:9090", "500", "GET"),
        ("a:9090", "200", "POST"),
        ("b:9090", "200", "GET"),
        ("b:9090", "500", "GET"),
        ("b:9090", "404", "POST"),
        ("c:9090", "200", "GET"),
    ]
    .into_iter()
    .enumerate()
    {
        let series = labels(
            "http_requests_total",
            &[
                ("job", "commerce"),
                ("instance", instance),
                ("code", code),
                ("method", method),
            ],
        );
        let mut noise = Noise(number as u64);
        let mut total = (noise.next() * 1000.0).floor();
        for at in scrapes(&mut noise) {
            let minute = (at - START) / 60_000;
            // A gap of 12 minutes, longer than the lookback.
            if number == 3 && (40..52).contains(&minute) {
                continue;
            }
            total += (noise.next() * 20.0).floor();
            // A restart now and then.
            if noise.next() < 0.006 {
                total = (noise.next() * 5.0).floor();
            }
            store.push(&series, at, total);
        }
    }
}

/// Counters that are born at 1, as in the playbook of the org isolation.
fn mismatches(store: &mut Scraped) {
    for (number, (machine, org, born)) in [
        ("order", "17", 30),
        ("order", "23", 45),
        ("payment", "17", 46),
        ("refund", "4", 100),
    ]
    .into_iter()
    .enumerate()
    {
        let series = labels(
            "commerce_transition_org_mismatch_total",
            &[("job", "commerce"), ("machine", machine), ("org_id", org)],
        );
        let mut noise = Noise(100 + number as u64);
        let mut total = 0.0;
        for at in scrapes(&mut noise) {
            let minute = (at - START) / 60_000;
            if minute < born {
                continue;
            }
            if total == 0.0 || (minute < 90 && noise.next() < 0.1) {
                total += 1.0;
            }
            store.push(&series, at, total);
        }
    }
}

/// One target goes away with a stale marker and comes back, one goes for good.
fn up(store: &mut Scraped) {
    for (number, instance) in ["a:9090", "b:9090", "c:9090"].into_iter().enumerate() {
        let series = labels("up", &[("job", "commerce"), ("instance", instance)]);
        let mut noise = Noise(200 + number as u64);
        for at in scrapes(&mut noise) {
            let minute = (at - START) / 60_000;
            match (number, minute) {
                (1, 60) | (2, 80) => {
                    store.series(&series).end(at);
                }
                (1, 61..70) | (2, 81..) => {}
                _ => {
                    let value = if noise.next() < 0.05 { 0.0 } else { 1.0 };
                    store.push(&series, at, value);
                }
            }
        }
    }
    for (instance, version) in [
        ("a:9090", "1.4.2"),
        ("b:9090", "1.4.2"),
        ("c:9090", "1.5.0"),
    ] {
        let series = labels(
            "build_info",
            &[
                ("job", "commerce"),
                ("instance", instance),
                ("version", version),
            ],
        );
        for at in scrapes(&mut Noise(300)) {
            store.push(&series, at, 1.0);
        }
    }
}

fn gauges(store: &mut Scraped) {
    for (number, instance) in ["a:9090", "b:9090", "c:9090"].into_iter().enumerate() {
        let memory = labels(
            "memory_bytes",
            &[("job", "commerce"), ("instance", instance)],
        );
        let room = labels(
            "memory_limit_bytes",
            &[("job", "commerce"), ("instance", instance)],
        );
        let balance = labels("balance", &[("instance", instance)]);
        let mut noise = Noise(400 + number as u64);
        let mut level = 1.0;
        for at in scrapes(&mut noise) {
            level += noise.next() - 0.5;
            store.push(&memory, at, 5e8 + level * 1_234_567.8);
            store.push(&room, at, 1e9 + number as f64);
            store.push(&balance, at, (level * 3.0).round());
        }
    }
    let quota = labels("quota", &[("job", "commerce")]);
    for at in scrapes(&mut Noise(500)) {
        store.push(&quota, at, 25.0);
    }
}

fn durations(store: &mut Scraped) {
    for (number, route) in ["/orders", "/payments"].into_iter().enumerate() {
        let bounds = ["0.05", "0.1", "0.25", "1", "5", "+Inf"];
        let mut counts = [0.0; 6];
        let mut noise = Noise(600 + number as u64);
        for at in scrapes(&mut noise) {
            for _ in 0..5 {
                let took = noise.next() * noise.next() * noise.next() * 8.0;
                for (bound, count) in bounds.iter().zip(&mut counts) {
                    *count += f64::from(u8::from(took <= bound.parse().unwrap_or(f64::INFINITY)));
                }
            }
            for (bound, count) in bounds.iter().zip(counts) {
                let bucket = [("job", "commerce"), ("route", route), ("le", bound)];
                store.push(&labels("duration_seconds_bucket", &bucket), at, count);
            }
            let whole = [("job", "commerce"), ("route", route)];
            store.push(&labels("duration_seconds_count", &whole), at, counts[5]);
        }
    }
}

fn oddities(store: &mut Scraped) {
    // Scrapes farther apart than most windows, and farther than the lookback.
    for (every, name) in [(240_000, "sparse"), (420_000, "sparser")] {
        let series = labels(name, &[("job", "batch")]);
        let mut at = START;
        while at < END {
            store.push(&series, at, ((at - START) / 1000) as f64);
            at += every;
        }
    }
    // Exactly on the edges of windows.
    let even = labels("even", &[("job", "batch"), ("note", "")]);
    for turn in 0..120 {
        store.push(&even, START + turn * 60_000, (turn * turn) as f64);
    }
    let odd = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        1e300,
        -1e-300,
        7.0,
    ];
    for (number, value) in odd.into_iter().enumerate() {
        let series = labels("odd", &[("number", &number.to_string())]);
        let turning = labels("turning", &[("number", &number.to_string())]);
        for turn in 0..120 {
            let at = START + turn * 60_000;
            store.push(&series, at, value);
            store.push(&turning, at, odd[(number + turn as usize) % odd.len()]);
        }
    }
    // The same but for the name, and never at the same time.
    for (name, from) in [("early", 0), ("late", 60)] {
        let series = labels(name, &[("job", "batch")]);
        for turn in 0..80 {
            store.push(&series, START + from * 60_000 + turn * SCRAPE, turn as f64);
        }
    }
    let once = labels("once", &[("job", "batch")]);
    store.push(&once, START + HOUR, 42.0);
}
