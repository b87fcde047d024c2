//! The repository as it was before the drill: commits of the weeks before, none of which did harm.

use super::deployed;
use crate::drill::world::Commit;
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::population::Population;
use crate::model::Timestamp;

const COMMITS: Generator = Generator::named("background.commits");

/// Title, path, line.
const WORK: &[(&str, &str, &str)] = &[
    (
        "orders: show the carrier on the shipment page",
        "apps/web/src/pages/shipment.tsx",
        "<Carrier name={shipment.carrier} />",
    ),
    (
        "api: page through contacts by cursor",
        "apps/api/src/routes/contacts.ts",
        "cursor: z.string().optional(),",
    ),
    (
        "webhooks: back off longer after the fifth attempt",
        "packages/webhooks/src/retry.ts",
        "const delay = Math.min(2 ** attempt, 900);",
    ),
    (
        "deps: update prisma to 6.5",
        "package.json",
        "\"prisma\": \"6.5.0\",",
    ),
    (
        "docs: how to add a state machine",
        "docs/commerce/machines.md",
        "A machine is a table of transitions.",
    ),
    (
        "invoices: round totals once, at the end",
        "packages/commerce/src/invoice.ts",
        "return total.toDecimalPlaces(2);",
    ),
    (
        "api: answer 409 when a transition is repeated",
        "apps/api/src/routes/transitions.ts",
        "reply.code(409);",
    ),
    (
        "web: keep the filter when going back",
        "apps/web/src/lib/filters.ts",
        "sessionStorage.setItem(key, value);",
    ),
    (
        "ci: run the type check before the tests",
        ".github/workflows/ci.yml",
        "run: pnpm typecheck",
    ),
    (
        "reports: stream the csv instead of building it in memory",
        "apps/api/src/routes/reports.ts",
        "reply.send(stream);",
    ),
    (
        "auth: log the reason of a refused token",
        "packages/auth-api-key/src/verify.ts",
        "log.info({ reason }, 'token refused');",
    ),
    (
        "shipments: a parcel may have no weight",
        "packages/commerce/src/shipment.ts",
        "weight: z.number().positive().nullable(),",
    ),
];

/// The commits, newest first. The newest one went live with the routine deployment.
pub fn commits(population: &Population, seed: u64, page: i64) -> Vec<Commit> {
    let noise = Noise::new(seed, COMMITS, 0);
    let mut at = deployed(seed, page) - noise.between(0, 1_200, 5_000) * 1_000_000;
    let mut commits = Vec::new();
    for (n, place) in noise.draw(WORK.len(), WORK.len()).into_iter().enumerate() {
        let one = noise.of(n as u64 + 1);
        if let (Some((title, path, line)), Some(author), Ok(when)) = (
            WORK.get(place),
            one.pick(0, &population.staff),
            Timestamp::from_microsecond(at),
        ) {
            commits.push(Commit {
                hash: format!("{:07x}", one.bits(1) >> 36),
                at: when,
                author: author.name.clone(),
                title: (*title).to_owned(),
                files: vec![(*path).to_owned()],
                lines: vec![(*line).to_owned()],
            });
        }
        at -= one.between(2, 4_000, 190_000) * 1_000_000;
    }
    commits
}
