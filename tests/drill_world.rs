//! The simulated service: the same bytes for the same seed and acts, however time passes; alive at every time; quiet where nothing is planted.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::drill::world::Act;
use quarterdeck::drill::{Facts, Scenario, World, scenario};
use quarterdeck::kql::value::UNIX_EPOCH_TICKS;
use quarterdeck::kql::{self, Limits, Options, Run};
use quarterdeck::model::Timestamp;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::pgsql::{Row, Signal, Value};

/// A scenario with nothing planted. It begins on a Tuesday at 14:00.
fn quiet(history: Duration, organisations: u32) -> Scenario {
    let (mut scenario, _) = scenario::parse(SourceText::new("quiet.toml", ""));
    scenario.starts = "2026-03-10T14:00:00Z".parse().unwrap();
    scenario.history = history;
    scenario.service = scenario::Service {
        organisations,
        ..scenario::Service::default()
    };
    scenario.stories.clear();
    scenario
}

/// Two hours of a small service.
fn small(seed: u64) -> World {
    World::new(&quiet(Duration::from_secs(7_200), 6), seed)
}

fn after(world: &World, seconds: i64) -> Timestamp {
    world.now() + SignedDuration::from_secs(seconds)
}

fn rows<'a>(world: &'a World, schema: &str, table: &str) -> &'a [Row] {
    &world.database().table(schema, table).unwrap().rows
}

fn column(world: &World, schema: &str, table: &str, name: &str) -> usize {
    let table = world.database().table(schema, table).unwrap();
    table.column(name).unwrap()
}

fn query(world: &World, text: &str) -> Vec<Vec<kql::Value>> {
    let never = || false;
    let options = Options {
        now: UNIX_EPOCH_TICKS + world.now().as_microsecond() * 10,
        parameters: Vec::new(),
    };
    let run = Run::new(Limits::default(), &never);
    let answers = kql::run(text, world.telemetry(), &options, &run).unwrap();
    answers[0].values().collect()
}

fn number(value: &kql::Value) -> f64 {
    match value {
        kql::Value::Long(number) => *number as f64,
        kql::Value::Int(number) => f64::from(*number),
        kql::Value::Real(number) => *number,
        other => panic!("{other:?} is not a number"),
    }
}

/// Everything there is to read in a world, as one number.
fn bytes(world: &World) -> u64 {
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    for table in &world.database().tables {
        (&table.name, format!("{:?}", table.rows)).hash(&mut hasher);
    }
    for series in &world.metrics().series {
        (&series.labels, format!("{:?}", series.points)).hash(&mut hasher);
    }
    for name in world.telemetry().names() {
        (&name, format!("{:?}", query(world, &name))).hash(&mut hasher);
    }
    format!("{:?} {:?}", world.status(), world.standing()).hash(&mut hasher);
    hasher.finish()
}

#[test]
fn the_seed_decides_everything() {
    assert_eq!(bytes(&small(1)), bytes(&small(1)));
    assert_ne!(bytes(&small(1)), bytes(&small(2)));
    assert_ne!(small(1).population(), small(2).population());
}

/// Something that is done to a world.
type Doing<'a> = dyn Fn(&mut World) + 'a;

/// Lets a world pass three quarters of an hour with the same acts at the same times, in steps that `step` gives in seconds.
fn played(step: impl Fn(u64) -> i64) -> World {
    let mut world = small(5);
    let start = world.now();
    let user = world.population().staff[3].id.clone();
    let acts: [(i64, &Doing<'_>); 4] = [
        (121, &|world| {
            world.act(&Act::FreezeOperation("orders.read".to_owned()));
        }),
        (407, &|world| revoke(world, Some(&user))),
        (803, &|world| {
            let now = world.now();
            world.act(&Act::RotateTokens(now));
            world.act(&Act::SwitchFlag("bulk-export".to_owned(), false));
        }),
        (1_204, &|world| revoke(world, None)),
    ];
    let mut passed = 0;
    let mut n = 0;
    for (at, act) in acts
        .into_iter()
        .map(|(at, act)| (at, Some(act)))
        .chain([(2_700, None)])
    {
        while passed < at {
            passed = (passed + step(n)).min(at);
            n += 1;
            world.advance(start + SignedDuration::from_secs(passed));
        }
        if let Some(act) = act {
            act(&mut world);
        }
    }
    world
}

/// Revokes the sessions of a staff user, or of all.
fn revoke(world: &mut World, user: Option<&Arc<str>>) {
    let now = world.now().as_microsecond();
    world.change(|database| {
        let sessions = database.table_mut("public", "staff_sessions").unwrap();
        for row in &mut sessions.rows {
            let theirs = user.is_none_or(|user| row[1] == Value::Text(Arc::clone(user)));
            if theirs && row[6] == Value::Null {
                Arc::make_mut(row)[6] = Value::Timestamp(now);
            }
        }
    });
}

#[test]
fn steps_make_no_difference() {
    let whole = bytes(&played(|_| 10_000));
    assert_eq!(bytes(&played(|_| 5)), whole, "tick by tick");
    assert_eq!(bytes(&played(|_| 1)), whole, "second by second");
    let uneven = |n: u64| ((n * 7_919 + 13) % 97 + 1).cast_signed();
    assert_eq!(bytes(&played(uneven)), whole, "uneven steps");
}

/// Half an hour of a scenario that comes with the program, in steps of so many seconds.
fn shipped(name: &str, text: &str, step: i64) -> World {
    let (mut scenario, wrong) = scenario::parse(SourceText::new(name, text));
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
    scenario.history = Duration::from_secs(5_400);
    let mut world = World::new(&scenario, 17);
    let end = after(&world, 1_800);
    while world.now() < end {
        let next = after(&world, step).min(end);
        world.advance(next);
    }
    world
}

#[test]
fn steps_make_no_difference_to_stories() {
    for (name, text) in scenario::BUILT_IN {
        let whole = bytes(&shipped(name, text, 1_800));
        assert_eq!(bytes(&shipped(name, text, 7)), whole, "{name}");
    }
}

#[test]
fn time_never_goes_back() {
    let mut world = small(1);
    let later = after(&world, 600);
    world.advance(later);
    let before = bytes(&world);
    world.advance(world.now() - SignedDuration::from_secs(300));
    assert_eq!((world.now(), bytes(&world)), (later, before));
}

#[test]
fn busy_by_day_and_quiet_at_night() {
    let world = World::new(&quiet(Duration::from_secs(26 * 3_600), 24), 11);
    let hours = query(
        &world,
        "requests | summarize n = count() by hour = bin(timestamp, 1h) | where hour >= datetime(2026-03-09T14:00Z) and hour < datetime(2026-03-10T13:00Z) \
         | extend h = hourofday(hour) | project h, n | order by h asc",
    );
    let at = |hour: i64| {
        hours
            .iter()
            .find(|row| number(&row[0]) as i64 == hour)
            .map_or(0.0, |row| number(&row[1]))
    };
    assert!(at(11) > 3.0 * at(3), "{} against {}", at(11), at(3));
    assert!(at(16) > 2.0 * at(21));
    assert!(
        (0..24)
            .filter(|hour| *hour != 13)
            .all(|hour| at(hour) > 100.0)
    );
}

#[test]
fn rows_arrive_late_but_in_time() {
    let mut world = small(9);
    let count = "requests | summarize count(), countif(timestamp > now())";
    let start = world.now();
    let newest = "traces | summarize max(timestamp)";
    for _ in 0..60 {
        let next = after(&world, 5);
        world.advance(next);
        assert_eq!(
            number(&query(&world, count)[0][1]) as i64,
            0,
            "from the future"
        );
        assert!(world.settled() <= world.now() - SignedDuration::from_secs(150));
    }
    assert!(!matches!(query(&world, newest)[0][0], kql::Value::Null));
    // What is settled stays as it is; what is not settled yet grows.
    let settled = world.settled();
    let text = |from: Timestamp, until: Timestamp| {
        format!(
            "requests | where timestamp >= datetime({from}) and timestamp < datetime({until}) | count"
        )
    };
    let now = world.now();
    let old = query(
        &world,
        &text(start - SignedDuration::from_hours(1), settled),
    );
    let fresh = number(&query(&world, &text(now - SignedDuration::from_secs(40), now))[0][0]);
    world.advance(now + SignedDuration::from_secs(155));
    assert_eq!(
        format!("{old:?}"),
        format!(
            "{:?}",
            query(
                &world,
                &text(start - SignedDuration::from_hours(1), settled)
            )
        )
    );
    let whole = number(&query(&world, &text(now - SignedDuration::from_secs(40), now))[0][0]);
    assert!(fresh < whole, "{fresh} of {whole}");
}

/// Microseconds between now and the newest time in a column.
fn age(world: &World, schema: &str, table: &str, name: &str) -> i64 {
    let at = column(world, schema, table, name);
    let newest = rows(world, schema, table)
        .iter()
        .rev()
        .take(40)
        .filter_map(|row| match row[at] {
            Value::Timestamp(time) => Some(time),
            _ => None,
        })
        .max()
        .unwrap();
    world.now().as_microsecond() - newest
}

#[test]
fn every_trail_is_alive_at_every_time() {
    // Through the quietest night of the week, into Sunday morning.
    let mut scenario = quiet(Duration::from_secs(600), 6);
    scenario.starts = "2026-03-14T23:00:00Z".parse().unwrap();
    let mut world = World::new(&scenario, 4);
    for _ in 0..720 {
        let next = after(&world, 30);
        world.advance(next);
        for (schema, table, name) in [
            ("commerce", "audit_entries", "created_at"),
            ("public", "audit_events", "occurred_at"),
            ("public", "access_logs", "occurred_at"),
            ("public", "audit_logs", "createdAt"),
        ] {
            let age = age(&world, schema, table, name);
            assert!(
                (0..=75_000_000).contains(&age),
                "{table} at {}: {age}",
                world.now()
            );
        }
    }
    let heartbeat = query(
        &world,
        "customMetrics | where name != 'commerce_transition_org_mismatch_total' | summarize samples = count(), newest = max(timestamp) \
         | extend age = (now() - newest) / 1s",
    );
    assert!(number(&heartbeat[0][0]) > 100.0 && number(&heartbeat[0][2]) < 300.0);
    let up = world
        .metrics()
        .series
        .iter()
        .find(|series| series.labels["__name__"] == "up")
        .unwrap();
    assert_eq!(up.labels["job"], "commerce");
    assert!(world.now().as_millisecond() - up.points.last().unwrap().at <= 15_000);
}

#[test]
fn nothing_planted_shows_nothing() {
    let world = World::new(&quiet(Duration::from_secs(26 * 3_600), 8), 21);
    for row in rows(&world, "commerce", "audit_entries") {
        let Value::Json(metadata) = &row[6] else {
            panic!("{row:?}")
        };
        assert_eq!(
            Value::text(metadata["resourceOrgId"].as_str().unwrap()),
            row[3]
        );
    }
    for row in rows(&world, "public", "access_logs") {
        assert_eq!((&row[6], &row[7]), (&row[8], &row[9]));
        assert!(matches!(
            (&row[6], &row[7]),
            (Value::Text(_), Value::Text(_))
        ));
    }
    let tenants: std::collections::BTreeMap<String, String> = rows(&world, "public", "users")
        .iter()
        .map(|row| (format!("{:?}", row[0]), format!("{:?}", row[1])))
        .collect();
    for row in rows(&world, "public", "audit_logs") {
        assert_eq!(tenants[&format!("{:?}", row[2])], format!("{:?}", row[1]));
    }
    assert_eq!(
        query(&world, "traces | where message contains 'ORG MISMATCH'").len(),
        0
    );
    assert!(
        world
            .metrics()
            .series
            .iter()
            .all(|series| series.labels["__name__"] != "commerce_transition_org_mismatch_total")
    );
    let events = rows(&world, "public", "audit_events");
    assert!(events.len() > 2_000);
    assert!(
        events
            .iter()
            .all(|row| row[3] != Value::text("cross_tenant_read"))
    );
    for table in world
        .database()
        .tables
        .iter()
        .filter(|table| table.schema != "pg_catalog")
    {
        let ids: BTreeSet<String> = table
            .rows
            .iter()
            .map(|row| format!("{:?}", row[0]))
            .collect();
        assert_eq!(ids.len(), table.rows.len(), "{}", table.name);
        let widths = table
            .rows
            .iter()
            .all(|row| row.len() == table.columns.len());
        assert!(widths, "{}", table.name);
    }
    assert!(world.database().blocking.is_empty() && world.status().database_ready);
}

#[test]
fn every_source_tells_of_the_same_events() {
    let world = small(6);
    let minute = world.settled().as_second() / 60 * 60_000_000;
    let settled = Timestamp::from_microsecond(minute).unwrap();
    let before = |until: i64| {
        rows(&world, "commerce", "audit_entries")
            .iter()
            .filter(|row| matches!(row[1], Value::Timestamp(at) if at < until))
            .count() as f64
    };
    let metric = query(
        &world,
        &format!(
            "customMetrics | where name == 'commerce_transition_total' and timestamp < datetime({settled}) | summarize sum(valueSum)"
        ),
    );
    let posted = query(
        &world,
        &format!(
            "requests | where name endswith '/transitions' and success == 'True' and timestamp < datetime({settled}) | count"
        ),
    );
    let traced = query(
        &world,
        &format!(
            "traces | where message startswith 'Transition' and timestamp < datetime({settled}) | count"
        ),
    );
    let entries = before(minute);
    assert!(entries > 300.0);
    for other in [metric, posted, traced] {
        assert!((number(&other[0][0]) - entries).abs() < 1e-9, "{other:?}");
    }
    let (mut counted, mut scraped) = (0.0, 0);
    for series in &world.metrics().series {
        if series.labels["__name__"] == "commerce_transition_total" {
            let last = series.points.last().unwrap();
            counted += last.value;
            scraped = last.at;
        }
    }
    assert!((counted - before(scraped * 1_000)).abs() < 1e-9);
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
}

#[test]
fn the_population_has_names_that_inputs_take() {
    let scenario = quiet(Duration::from_secs(60), 120);
    let world = World::new(&scenario, 2);
    let people = world.population();
    let mut names: Vec<&str> = people.organisations.iter().map(|one| &*one.id).collect();
    names.extend(people.users.iter().map(|one| &*one.id));
    names.extend(people.staff.iter().map(|one| &*one.id));
    names.extend(people.contacts.iter().map(|one| &*one.id));
    names.extend(people.endpoints.iter().map(|one| &*one.id));
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len());
    assert!(names.iter().all(|name| is_name(name)));
    assert!(
        people
            .users
            .iter()
            .all(|user| user.email.ends_with(".example"))
    );
    assert_eq!(people.organisations.len(), 120);
    let address = |ip: &str| {
        ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"]
            .iter()
            .any(|range| ip.starts_with(range))
            && ip.parse::<std::net::IpAddr>().is_ok()
    };
    assert!(people.users.iter().all(|user| address(&user.ip)));
    assert!(people.staff.iter().all(|user| address(&user.ip)));
    assert!(people.tokens.iter().all(|token| address(&token.ip)));
    assert!(world.standing().sessions.contains_key("operator"));
    assert_eq!(
        rows(&world, "public", "staff_sessions").len(),
        people.sessions.len()
    );
}

fn facts(world: &World) -> Facts {
    let mut facts = Facts::default();
    world.tell(&mut facts);
    facts
}

/// How many events staff and contacts wrote after a time: who, by the column.
fn written(world: &World, actor: &str, since: Timestamp) -> usize {
    rows(world, "public", "audit_events")
        .iter()
        .filter(|row| {
            row[4] == Value::text(actor)
                && matches!(row[1], Value::Timestamp(at) if at > since.as_microsecond())
        })
        .count()
}

#[test]
fn who_has_no_session_does_nothing() {
    let mut world = small(8);
    let busy = world
        .population()
        .staff
        .iter()
        .map(|user| user.id.clone())
        .max_by_key(|user| written(&world, user, Timestamp::UNIX_EPOCH))
        .unwrap();
    let (version, before) = (world.version(), facts(&world));
    assert!(before.staff_sessions > 10 && before.revoked.is_empty());
    revoke(&mut world, Some(&busy));
    let (at, now) = (world.now(), facts(&world));
    assert_ne!(world.version(), version);
    assert_eq!(now.revoked, BTreeSet::from([busy.to_string()]));
    assert!(now.staff_sessions < before.staff_sessions);
    let later = after(&world, 3 * 3_600);
    world.advance(later);
    assert_eq!(written(&world, &busy, at), 0);
    assert!(written(&world, &busy, Timestamp::UNIX_EPOCH) > 0);
}

#[test]
fn staff_who_were_all_signed_out_come_back_within_twenty_minutes() {
    let mut world = small(8);
    let had: BTreeSet<String> = world
        .standing()
        .sessions
        .keys()
        .map(ToString::to_string)
        .collect();
    revoke(&mut world, None);
    let at = world.now();
    assert_eq!(
        (facts(&world).staff_sessions, facts(&world).revoked),
        (0, had)
    );
    let version = world.version();
    let soon = after(&world, 120);
    world.advance(soon);
    assert!(world.standing().sessions.contains_key("operator"));
    assert!(facts(&world).staff_sessions < 20);
    let later = after(&world, 1_200);
    world.advance(later);
    assert_ne!(world.version(), version);
    assert_eq!(
        facts(&world).staff_sessions,
        world.population().staff.len() as u64
    );
    let logins = rows(&world, "public", "audit_events")
        .iter()
        .filter(|row| row[3] == Value::text("login"))
        .filter(|row| matches!(row[1], Value::Timestamp(time) if time > at.as_microsecond()))
        .count();
    assert_eq!(logins, world.population().staff.len());
}

#[test]
fn an_expired_link_opens_nothing_and_a_disabled_endpoint_gets_nothing() {
    let mut world = small(8);
    let contact = world.standing().links.keys().next().unwrap().clone();
    let endpoint = world
        .population()
        .endpoints
        .iter()
        .find(|endpoint| endpoint.enabled)
        .unwrap()
        .id
        .clone();
    let at = world.now();
    world.change(|database| {
        for row in &mut database.table_mut("public", "cycle_requests").unwrap().rows {
            if row[2] == Value::Text(Arc::clone(&contact)) {
                Arc::make_mut(row)[5] = Value::Timestamp(at.as_microsecond());
            }
        }
        for row in &mut database
            .table_mut("public", "webhook_endpoints")
            .unwrap()
            .rows
        {
            if row[0] == Value::Text(Arc::clone(&endpoint)) {
                Arc::make_mut(row)[3] = Value::Bool(false);
            }
        }
    });
    let told = facts(&world);
    assert_eq!(told.expired, BTreeSet::from([contact.to_string()]));
    assert_eq!(told.disabled, BTreeSet::from([endpoint.to_string()]));
    let later = after(&world, 4 * 3_600);
    world.advance(later);
    assert_eq!(written(&world, &contact, at), 0);
    let delivered = |since: i64| {
        rows(&world, "public", "webhook_deliveries")
            .iter()
            .filter(|row| row[1] == Value::Text(Arc::clone(&endpoint)))
            .filter(|row| matches!(row[8], Value::Timestamp(time) if time > since))
            .count()
    };
    assert_eq!(delivered(at.as_microsecond()), 0);
    assert!(delivered(0) > 0);
}

#[test]
fn a_frozen_operation_answers_nobody_and_old_tokens_are_refused() {
    let mut world = small(8);
    let at = world.now();
    world.act(&Act::FreezeOperation("orders.read".to_owned()));
    world.act(&Act::SnapshotOrganisation("org-a".to_owned()));
    world.act(&Act::RotateTokens(at));
    let told = facts(&world);
    assert!(
        told.frozen.contains("orders.read") && told.snapshots.contains("org-a") && told.rotated
    );
    assert!(world.standing().frozen.contains("orders.read"));
    let later = after(&world, 3_600);
    world.advance(later);
    let old: BTreeSet<uuid::Uuid> = world.population().tokens.iter().map(|one| one.id).collect();
    let mut renewed = 0;
    for row in rows(&world, "public", "access_logs") {
        if matches!(row[1], Value::Timestamp(time) if time > at.as_microsecond()) {
            assert_ne!(row[3], Value::text("orders.read"));
            if let Value::Uuid(token) = row[5] {
                assert!(!old.contains(&token));
                renewed += 1;
            }
        }
    }
    assert!(renewed > 0);
    let refused = |code: u16| {
        number(
            &query(
                &world,
                &format!(
                    "requests | where resultCode == '{code}' and timestamp > datetime({at}) | count"
                ),
            )[0][0],
        )
    };
    assert!(refused(503) > 20.0 && refused(401) > 20.0);
}

#[test]
fn an_ended_backend_is_gone_and_another_connects() {
    let mut world = small(8);
    let pid = |world: &World| match rows(world, "pg_catalog", "pg_stat_activity")[0]
        [column(world, "pg_catalog", "pg_stat_activity", "pid")]
    {
        Value::Int(pid) => pid,
        ref other => panic!("{other:?}"),
    };
    let (first, version) = (pid(&world), world.version());
    world.change(|database| database.signals.push((first, Signal::Terminate)));
    assert_ne!(pid(&world), first);
    assert_ne!(world.version(), version);
    assert!(world.database().signals.is_empty());
    assert_eq!(facts(&world).ended, BTreeSet::from([first.to_string()]));
}

#[test]
fn flags_are_switched_and_that_is_written_down() {
    let mut world = small(8);
    let audits = rows(&world, "public", "feature_flag_audits").len();
    assert!(
        world
            .status()
            .flags
            .contains(&("bulk-export".to_owned(), true))
    );
    world.act(&Act::SwitchFlag("bulk-export".to_owned(), false));
    world.act(&Act::SwitchFlag("magic-links".to_owned(), false));
    assert!(
        world
            .status()
            .flags
            .contains(&("bulk-export".to_owned(), false))
    );
    let rows = rows(&world, "public", "feature_flag_audits");
    assert_eq!(rows.len(), audits + 2);
    assert_ne!(rows[audits][0], rows[audits + 1][0]);
    assert_eq!(
        rows[audits][2..5],
        [
            Value::Bool(true),
            Value::Bool(false),
            Value::text("operator")
        ]
    );
}

/// About how many bytes a value holds beyond its cell; what rows share is not counted.
fn beyond(value: &Value) -> usize {
    match value {
        Value::Bytes(bytes) => bytes.len() + 16,
        _ => 0,
    }
}

#[test]
fn a_day_and_a_shift_fit_into_memory() {
    let mut world = World::new(&quiet(Duration::from_secs(26 * 3_600), 24), 7);
    let later = after(&world, 8 * 3_600);
    world.advance(later);
    let telemetry: usize = world
        .telemetry_sizes()
        .iter()
        .map(|(_, _, bytes)| bytes)
        .sum();
    let database: usize = world
        .database()
        .tables
        .iter()
        .flat_map(|table| &table.rows)
        // The row, its place, and the one text of its own that most rows have.
        .map(|row| size_of_val(&**row) + 32 + 48 + row.iter().map(beyond).sum::<usize>())
        .sum();
    let metrics: usize = world
        .metrics()
        .series
        .iter()
        .map(|series| series.points.capacity() * 24 + 400)
        .sum();
    let all = telemetry + database + metrics;
    println!("telemetry {telemetry}, database {database}, metrics {metrics}");
    assert!(all < 60_000_000, "{all} bytes");
    assert!(telemetry > 1_000_000 && database > 1_000_000 && metrics > 1_000_000);
}
