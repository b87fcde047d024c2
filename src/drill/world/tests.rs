//! The world from inside: what it draws, and that nothing but the seed and the acts makes a difference.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::hash::{BuildHasher, Hash, Hasher};
use std::time::Duration;

use super::*;
use crate::drill::scenario;
use crate::kql::{Limits, Options, Run};
use crate::model::diagnostic::SourceText;

/// A quiet scenario: nothing is planted. It begins on a Tuesday at 14:00.
pub fn quiet(hours: u64) -> Scenario {
    let (mut scenario, _) = scenario::parse(SourceText::new("quiet.toml", ""));
    scenario.starts = "2026-03-10T14:00:00Z".parse().unwrap();
    scenario.history = Duration::from_secs(hours * 3_600);
    scenario.service = crate::drill::scenario::Service::default();
    scenario
}

/// Everything there is to read in a world, as one number.
pub fn bytes(world: &World) -> u64 {
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    for table in &world.database().tables {
        (&table.name, format!("{:?}", table.rows)).hash(&mut hasher);
    }
    for series in &world.metrics().series {
        (&series.labels, format!("{:?}", series.points)).hash(&mut hasher);
    }
    for name in world.telemetry().names() {
        for row in kql(world, &name) {
            format!("{row:?}").hash(&mut hasher);
        }
    }
    (format!("{:?}", world.status()), format!("{:?}", world.standing())).hash(&mut hasher);
    hasher.finish()
}

/// The rows of a query.
pub fn kql(world: &World, text: &str) -> Vec<Vec<kql::Value>> {
    let never = || false;
    let options = Options {
        now: kql::value::UNIX_EPOCH_TICKS + world.now().as_microsecond() * 10,
        parameters: Vec::new(),
    };
    let answers = kql::run(
        text,
        world.telemetry(),
        &options,
        &Run::new(Limits::default(), &never),
    )
    .unwrap();
    answers[0].values().collect()
}

#[test]
fn a_look() {
    let begun = std::time::Instant::now();
    let mut world = World::new(&quiet(26), 7);
    println!("new {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    let later = world.now() + jiff::SignedDuration::from_hours(8);
    world.advance(later);
    println!("advance {:?}", begun.elapsed());
    for (name, rows, bytes) in world.telemetry_sizes() {
        println!("{name} {rows} {bytes}");
    }
    for table in &world.database().tables {
        println!("{} {}: {:?}", table.name, table.rows.len(), table.rows.last());
    }
    for series in &world.metrics().series {
        println!("{:?} {} {:?}", series.labels, series.points.len(), series.points.last().map(|p| p.value));
    }
    for name in world.telemetry().names() {
        println!("{name} {:?}", kql(&world, &format!("{name} | take 1")));
    }
    for commit in world.status().commits { println!("{commit:?}"); }
}
