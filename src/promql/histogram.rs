//! `histogram_quantile`: a quantile from counters of buckets.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::labels::{Book, Deriver, Id};
use super::store::NAME;

/// The label that holds the upper bound of a bucket.
const BOUND: &str = "le";

/// A bucket: its upper bound and how many observations are not above it.
#[derive(Clone, Copy)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// The quantile of each histogram among the series; a series without a bound is none of a histogram.
pub fn quantiles(
    book: &mut Book,
    by: Deriver,
    wanted: f64,
    series: &[(Id, f64)],
) -> Vec<(Id, f64)> {
    let mut places: HashMap<Id, usize> = HashMap::new();
    let mut histograms: Vec<(Id, Vec<Bucket>)> = Vec::new();
    for (id, count) in series {
        let Some(bound) = book.labels(*id).get(BOUND).and_then(|text| bound(text)) else {
            continue;
        };
        let group = book.derive(by, *id, |labels| {
            labels.remove(BOUND);
            labels.remove(NAME);
        });
        let place = *places.entry(group).or_insert_with(|| {
            histograms.push((group, Vec::new()));
            histograms.len() - 1
        });
        if let Some((_, buckets)) = histograms.get_mut(place) {
            buckets.push(Bucket {
                bound,
                count: *count,
            });
        }
    }
    histograms
        .into_iter()
        .map(|(id, buckets)| (id, quantile(wanted, buckets)))
        .collect()
}

fn bound(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn quantile(wanted: f64, mut buckets: Vec<Bucket>) -> f64 {
    if wanted.is_nan() {
        return f64::NAN;
    }
    if wanted < 0.0 {
        return f64::NEG_INFINITY;
    }
    if wanted > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|left, right| left.bound.total_cmp(&right.bound));
    buckets.dedup_by(|bucket, before| {
        let same = bucket.bound.total_cmp(&before.bound).is_eq();
        if same {
            before.count += bucket.count;
        }
        same
    });
    // A scrape that met the counters while they moved: a bucket never holds less than the one below.
    // What is no number is neither more nor less, and stays.
    let mut most = buckets.first().map_or(f64::NAN, |bucket| bucket.count);
    for bucket in &mut buckets {
        if bucket.count > most {
            most = bucket.count;
        } else if bucket.count < most {
            bucket.count = most;
        }
    }
    let [lower @ .., all] = buckets.as_slice() else {
        return f64::NAN;
    };
    let (Some(highest), false) = (lower.last(), all.count == 0.0) else {
        return f64::NAN;
    };
    if all.bound != f64::INFINITY {
        return f64::NAN;
    }
    let rank = wanted * all.count;
    let place = lower.partition_point(|bucket| {
        let compared = bucket.count.partial_cmp(&rank);
        compared.is_none_or(Ordering::is_lt)
    });
    // Above the highest finite bound nothing is known.
    let Some(bucket) = lower.get(place) else {
        return highest.bound;
    };
    let below = place.checked_sub(1).and_then(|place| lower.get(place));
    match below {
        None if bucket.bound <= 0.0 => bucket.bound,
        None => bucket.bound * (rank / bucket.count),
        Some(below) => {
            let share = (rank - below.count) / (bucket.count - below.count);
            below.bound + (bucket.bound - below.bound) * share
        }
    }
}
