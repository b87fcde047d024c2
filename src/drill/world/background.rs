//! What happens anyway: the traffic of customers, the work of staff, jobs, webhooks, cases. Busy by day, quiet at night, and alive at every time: the newest row
//! of every table of the trail is about a minute old at most.

use super::emit::Emit;
use super::noise::{Generator, Noise};
use super::population::INSTANCES;
use super::stories::Stories;

mod cases;
mod commits;
mod people;
mod plant;
mod traffic;
mod webhooks;

pub use commits::commits;
pub use plant::plant;

/// The version that is live when history begins.
pub const RELEASE: &str = "2026.3.1";
/// The version of the routine deployment in the past.
const NEXT_RELEASE: &str = "2026.3.2";

/// Ticks of a slot: in every slot something happens in every table of the trail.
const SLOT: i64 = 6;

const ALIVE: Generator = Generator::named("background.alive");
const PROCESS: Generator = Generator::named("background.process");

/// Everything in a tick, after what the stories did in it.
pub fn tick(emit: &mut Emit<'_>, stories: &Stories) {
    traffic::tick(emit);
    people::tick(emit, stories);
    webhooks::tick(emit);
    cases::tick(emit);
    process(emit);
}

/// Whether this is the tick of its slot in which `source` has to show a sign of life.
fn is_due(emit: &Emit<'_>, source: u64) -> bool {
    let slot = emit.tick().div_euclid(SLOT);
    let noise = Noise::new(emit.seed, ALIVE, slot);
    emit.tick().rem_euclid(SLOT) == noise.between(source, 0, SLOT)
}

/// The processes themselves: what they use, and the routine deployment of the day before.
fn process(emit: &mut Emit<'_>) {
    emit.begin(PROCESS);
    let (noise, busy) = (emit.noise(), emit.busy());
    if emit.tick().rem_euclid(12) == 11 {
        for instance in 0..INSTANCES.len() as u64 {
            let here = noise.of(instance);
            let cpu = 6.0 + 38.0 * busy + 6.0 * here.share(0);
            let memory = 310.0 + 90.0 * busy + 20.0 * here.share(1);
            emit.observe("process_cpu_percent", &[], instance, cpu);
            emit.observe("process_memory_megabytes", &[], instance, memory);
            emit.gauge(
                "process_resident_memory_bytes",
                &[],
                instance,
                (memory * 1_048_576.0).round(),
            );
        }
        let disk = f64::from(emit.conditions().disk_percent);
        emit.gauge("upload_disk_used_percent", &[], 0, disk);
        if noise.chance(9, 0.4) {
            let at = emit.moment(noise.of(9));
            emit.trace(
                at,
                1,
                "Pricing cache refreshed",
                noise.below(10, 2),
                &[("entries", "412")],
            );
        }
    }
    if emit.tick() == deployed(emit.seed, emit.page()).div_euclid(super::TICK_MICROS) {
        let at = emit.from();
        emit.deploy(at, NEXT_RELEASE);
    }
}

/// When the routine deployment was: 17 to 22 hours before the page. Microseconds since 1970.
pub fn deployed(seed: u64, page: i64) -> i64 {
    page - Noise::new(seed, PROCESS, 0).between(0, 17 * 3_600, 22 * 3_600) * 1_000_000
}
