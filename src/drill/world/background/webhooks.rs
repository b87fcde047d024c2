//! Deliveries to the webhook endpoints of tenants.

use crate::drill::world::emit::{Delivery, Emit};
use crate::drill::world::noise::{Generator, Noise};

const DELIVERIES: Generator = Generator::named("background.deliveries");

/// Deliveries a minute at the busiest time.
const A_MINUTE: f64 = 1.4;

const EVENTS: &[&str] = &[
    "case.created",
    "case.updated",
    "case.closed",
    "document.added",
];

pub(super) fn tick(emit: &mut Emit<'_>) {
    emit.begin(DELIVERIES);
    let noise = emit.noise();
    // Jobs write to tenants at night as well.
    for n in 0..noise.count(0, A_MINUTE / 12.0 * (0.2 + 0.8 * emit.busy())) {
        delivery(emit, noise.of(u64::from(n) + 1));
    }
}

fn delivery(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let endpoint = noise.pick(0, &emit.population().endpoints)?;
    let of_story = emit.conditions().endpoint.as_deref() == Some(&*endpoint.id);
    if of_story || emit.is_disabled(&endpoint.id) {
        return None;
    }
    let tenant = emit.population().organisation(endpoint.organisation)?;
    let at = emit.moment(noise);
    let event = noise.pick(1, EVENTS)?;
    let failed = noise.chance(2, 0.004);
    let status = if failed {
        503
    } else {
        *noise.pick(3, &[200, 200, 200, 202, 204])?
    };
    emit.delivery(&Delivery {
        at,
        endpoint: &endpoint.id,
        tenant: &tenant.id,
        instance: noise.bits(5),
        event,
        status: Some(status),
        millis: 40.0 + 380.0 * noise.share(4) * noise.share(5),
        attempt: 1,
        error: failed.then_some("503 Service Unavailable"),
    });
    Some(())
}
