//! What the service counts, and how Prometheus and Application Insights get it.
//!
//! A counter is born at its first value, as client libraries do it: a count of one that is scraped for the first time is a series that begins at 1. A process that
//! starts again has no counters until it counts. Prometheus scrapes every 15 seconds ([`SCRAPE_TICKS`]); of a past longer than six hours one sample a
//! minute is kept. Application Insights gets what each minute added.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

use super::population::INSTANCES;
use super::texts::Texts;
use crate::kql::dynamic::Dynamic;
use crate::promql::{Series, Store};

/// Prometheus scrapes every so many ticks.
pub const SCRAPE_TICKS: i64 = 3;
/// And keeps one sample of so many ticks of the distant past.
pub const THIN_TICKS: i64 = 12;

/// The instance of what is counted where all requests come in, before one of [`INSTANCES`] gets them.
pub const GATEWAY: u64 = u64::MAX;

/// A series grows by so many samples at a time: three hours of scrapes.
const GROWTH: usize = 720;

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 7] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

/// What a minute added to a meter.
#[derive(Debug, Clone, Copy)]
pub struct Minute {
    /// How many values.
    pub count: u32,
    /// Their sum.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The sum of their squares, for the deviation.
    squares: f64,
}

impl Minute {
    /// The standard deviation of the values.
    pub fn deviation(&self) -> f64 {
        let count = f64::from(self.count.max(1));
        let mean = self.sum / count;
        (self.squares / count - mean * mean).max(0.0).sqrt()
    }
}

/// Where the values of a meter go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Prometheus only.
    Prometheus,
    /// Application Insights only.
    Insights,
    /// Both.
    Both,
}

/// A counter, a gauge, or a distribution of values, of one instance.
#[derive(Debug)]
struct Meter {
    name: Arc<str>,
    labels: Vec<(Arc<str>, Arc<str>)>,
    /// The labels, for Application Insights.
    dimensions: Dynamic,
    instance: usize,
    reach: Reach,
    total: f64,
    /// The process has counted in it since it started.
    alive: bool,
    /// Its series, once it was scraped.
    place: Option<usize>,
    minute: Option<Minute>,
}

/// The latency of requests at one instance.
#[derive(Debug, Default)]
struct Histogram {
    /// How many fell under each bound and above the one before; the last under none.
    counts: [u64; BOUNDS.len() + 1],
    sum: f64,
    /// The series: the buckets, the sum, the count.
    places: Vec<usize>,
}

/// A row for `customMetrics`.
#[derive(Debug, Clone)]
pub struct Delta {
    /// Its name.
    pub name: Arc<str>,
    /// The labels.
    pub dimensions: Dynamic,
    /// The instance, by its place.
    pub instance: usize,
    /// What the minute added.
    pub minute: Minute,
}

/// Everything the service counts, and what Prometheus has of it.
#[derive(Debug, Default)]
pub struct Metrics {
    store: Store,
    meters: Vec<Meter>,
    places: HashTable<usize>,
    histograms: Vec<Histogram>,
    /// The series of `up`.
    up: Vec<usize>,
}

fn hash(name: &str, labels: &[(&str, &str)], instance: usize) -> u64 {
    foldhash::fast::FixedState::default().hash_one((name, labels, instance))
}

impl Meter {
    fn hash(&self) -> u64 {
        let labels: Vec<(&str, &str)> = self
            .labels
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        hash(&self.name, &labels, self.instance)
    }

    fn is(&self, name: &str, labels: &[(&str, &str)], instance: usize) -> bool {
        *self.name == *name
            && self.instance == instance
            && self.labels.len() == labels.len()
            && self
                .labels
                .iter()
                .zip(labels)
                .all(|(mine, asked)| *mine.0 == *asked.0 && *mine.1 == *asked.1)
    }
}

/// The job of an instance and the name of its target, as Prometheus writes them.
fn target(instance: usize) -> (&'static str, String) {
    match INSTANCES.get(instance) {
        Some(host) => ("commerce", format!("{}:9464", host.name)),
        None => ("gateway", "gateway-0:9464".to_owned()),
    }
}

/// The place of an instance: past the last for the gateway.
fn place_of(instance: u64) -> usize {
    if instance == GATEWAY {
        INSTANCES.len()
    } else {
        (instance % INSTANCES.len() as u64) as usize
    }
}

fn series(name: &str, labels: &[(&str, &str)], instance: usize) -> Series {
    let mut all: BTreeMap<String, String> = labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    all.insert("__name__".to_owned(), name.to_owned());
    let (job, target) = target(instance);
    all.insert("job".to_owned(), job.to_owned());
    all.insert("instance".to_owned(), target);
    Series {
        labels: all,
        points: Vec::new(),
    }
}

impl Metrics {
    /// What Prometheus has scraped.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn meter(
        &mut self,
        texts: &mut Texts,
        name: &str,
        labels: &[(&str, &str)],
        instance: u64,
        reach: Reach,
    ) -> Option<&mut Meter> {
        let instance = place_of(instance);
        let hashed = hash(name, labels, instance);
        let meters = &self.meters;
        let found = self.places.find(hashed, |place| {
            meters
                .get(*place)
                .is_some_and(|meter| meter.is(name, labels, instance))
        });
        let place = if let Some(place) = found {
            *place
        } else {
            let place = self.meters.len();
            self.meters.push(Meter {
                name: texts.get(name),
                labels: labels
                    .iter()
                    .map(|(name, value)| (texts.get(name), texts.get(value)))
                    .collect(),
                dimensions: texts.bag(labels),
                instance,
                reach,
                total: 0.0,
                alive: false,
                place: None,
                minute: None,
            });
            let meters = &self.meters;
            self.places.insert_unique(hashed, place, |place| {
                meters.get(*place).map_or(0, Meter::hash)
            });
            place
        };
        self.meters.get_mut(place)
    }

    /// Adds to a counter.
    pub fn count(
        &mut self,
        texts: &mut Texts,
        name: &str,
        labels: &[(&str, &str)],
        instance: u64,
        by: f64,
        reach: Reach,
    ) {
        if let Some(meter) = self.meter(texts, name, labels, instance, reach) {
            meter.total += by;
            meter.alive = true;
            if reach != Reach::Prometheus {
                // A counter is exported as one value a minute: what was added.
                let minute = meter.minute.get_or_insert(Minute {
                    count: 1,
                    sum: 0.0,
                    min: 0.0,
                    max: 0.0,
                    squares: 0.0,
                });
                minute.sum += by;
                minute.min = minute.sum;
                minute.max = minute.sum;
                minute.squares = minute.sum * minute.sum;
            }
        }
    }

    /// A value of a distribution, for Application Insights.
    pub fn observe(
        &mut self,
        texts: &mut Texts,
        name: &str,
        labels: &[(&str, &str)],
        instance: u64,
        value: f64,
    ) {
        if let Some(meter) = self.meter(texts, name, labels, instance, Reach::Insights) {
            let minute = meter.minute.get_or_insert(Minute {
                count: 0,
                sum: 0.0,
                min: value,
                max: value,
                squares: 0.0,
            });
            minute.count += 1;
            minute.sum += value;
            minute.min = minute.min.min(value);
            minute.max = minute.max.max(value);
            minute.squares += value * value;
        }
    }

    /// A value as of now, for Prometheus.
    pub fn gauge(
        &mut self,
        texts: &mut Texts,
        name: &str,
        labels: &[(&str, &str)],
        instance: u64,
        value: f64,
    ) {
        if let Some(meter) = self.meter(texts, name, labels, instance, Reach::Prometheus) {
            meter.total = value;
            meter.alive = true;
        }
    }

    /// How long a request took at an instance of the service, for the histogram of Prometheus; the gateway has none.
    pub fn latency(&mut self, instance: u64, seconds: f64) {
        if self.histograms.is_empty() {
            self.histograms
                .resize_with(INSTANCES.len(), Histogram::default);
        }
        let instance = place_of(instance);
        if let Some(histogram) = self.histograms.get_mut(instance) {
            let bucket = BOUNDS.iter().filter(|bound| seconds > **bound).count();
            if let Some(count) = histogram.counts.get_mut(bucket) {
                *count += 1;
            }
            histogram.sum += seconds;
        }
    }

    /// The processes of the service start again; the gateway does not.
    pub fn restart(&mut self) {
        let service = |meter: &&mut Meter| meter.instance < INSTANCES.len();
        for meter in self.meters.iter_mut().filter(service) {
            meter.alive = false;
            meter.total = 0.0;
        }
        for histogram in &mut self.histograms {
            histogram.counts = Default::default();
            histogram.sum = 0.0;
        }
    }

    /// Takes what each meter gained since this was asked last, for Application Insights.
    pub fn minute(&mut self) -> Vec<Delta> {
        self.meters
            .iter_mut()
            .filter_map(|meter| {
                meter.minute.take().map(|minute| Delta {
                    name: Arc::clone(&meter.name),
                    dimensions: meter.dimensions.clone(),
                    instance: meter.instance,
                    minute,
                })
            })
            .collect()
    }

    /// A scrape, at a time in milliseconds.
    pub fn scrape(&mut self, at: i64) {
        let mut up = std::mem::take(&mut self.up);
        if up.is_empty() {
            // Of every target, the gateway's among them.
            up = (0..=INSTANCES.len())
                .map(|instance| self.place(series("up", &[], instance)))
                .collect();
        }
        for place in &up {
            self.sample(*place, at, 1.0);
        }
        self.up = up;
        let mut meters = std::mem::take(&mut self.meters);
        for meter in &mut meters {
            if meter.reach == Reach::Insights {
                continue;
            }
            match (meter.alive, meter.place) {
                (true, Some(place)) => self.sample(place, at, meter.total),
                (true, None) => {
                    let labels: Vec<(&str, &str)> = meter
                        .labels
                        .iter()
                        .map(|(name, value)| (&**name, &**value))
                        .collect();
                    let place = self.place(series(&meter.name, &labels, meter.instance));
                    meter.place = Some(place);
                    self.sample(place, at, meter.total);
                }
                (false, Some(place)) => self.end(place, at),
                (false, None) => {}
            }
        }
        self.meters = meters;
        self.scrape_histograms(at);
    }

    fn scrape_histograms(&mut self, at: i64) {
        let mut histograms = std::mem::take(&mut self.histograms);
        for (instance, histogram) in histograms.iter_mut().enumerate() {
            if histogram.places.is_empty() {
                let bounds = BOUNDS.map(|bound| bound.to_string());
                for le in bounds.iter().map(String::as_str).chain(["+Inf"]) {
                    let bucket = "http_request_duration_seconds_bucket";
                    let place = self.place(series(bucket, &[("le", le)], instance));
                    histogram.places.push(place);
                }
                for name in [
                    "http_request_duration_seconds_sum",
                    "http_request_duration_seconds_count",
                ] {
                    let place = self.place(series(name, &[], instance));
                    histogram.places.push(place);
                }
            }
            let mut total = 0;
            let mut values: Vec<f64> = histogram
                .counts
                .iter()
                .map(|count| {
                    total += count;
                    total as f64
                })
                .collect();
            values.extend([histogram.sum, total as f64]);
            for (place, value) in histogram.places.iter().zip(values) {
                self.sample(*place, at, value);
            }
        }
        self.histograms = histograms;
    }

    fn place(&mut self, series: Series) -> usize {
        self.store.series.push(series);
        self.store.series.len() - 1
    }

    fn sample(&mut self, place: usize, at: i64, value: f64) {
        if let Some(series) = self.store.series.get_mut(place) {
            if series.points.len() == series.points.capacity() {
                series.points.reserve_exact(GROWTH);
            }
            series.push(at, value);
        }
    }

    fn end(&mut self, place: usize, at: i64) {
        if let Some(series) = self.store.series.get_mut(place)
            && series.last().is_some()
        {
            series.end(at);
        }
    }
}
