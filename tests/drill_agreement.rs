//! Whatever a scenario plants and an operator does: all sources tell of the same events, at the same times and with the same names, over several seeds.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::drill::scenario::Pattern;
use quarterdeck::drill::world::Act;
use quarterdeck::drill::world::population::OPERATIONS;
use quarterdeck::drill::{World, scenario};
use quarterdeck::kql::value::UNIX_EPOCH_TICKS;
use quarterdeck::kql::value::text::to_text;
use quarterdeck::kql::{self, Limits, Options, Run};
use quarterdeck::model::Timestamp;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::pgsql::{self, Row, Signal, Value};

const HISTORY: Duration = Duration::from_secs(5_400);

/// How often something was counted, by its labels.
type Counts = BTreeMap<String, u64>;

/// A scenario that comes with the program, over half an hour in which an operator does this and that. Sources that fall silent say nothing by intent.
struct Played {
    name: String,
    world: World,
    /// Who was shut out, and when (microseconds since 1970).
    revoked: Vec<(String, i64)>,
    /// Something went live: counters began again.
    deployed: bool,
    /// What the server said of itself, in order.
    seen: Vec<Counts>,
    connected: Vec<BTreeMap<i64, (i64, i64)>>,
}

fn play(name: &str, text: &str, seed: u64) -> Played {
    let (mut scenario, wrong) = scenario::parse(SourceText::new(name, text));
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
    scenario.history = HISTORY;
    scenario
        .stories
        .retain(|story| !matches!(story.pattern, Pattern::Silence { .. }));
    let stories: Vec<String> = scenario.stories.iter().map(|one| one.id.clone()).collect();
    let deployed = |story: &scenario::Story| matches!(story.pattern, Pattern::Deployment { .. });
    let mut played = Played {
        name: format!("{name}, seed {seed}"),
        deployed: scenario.stories.iter().any(deployed),
        world: World::new(&scenario, seed),
        revoked: Vec::new(),
        seen: Vec::new(),
        connected: Vec::new(),
    };
    let actors: Vec<String> = stories
        .iter()
        .flat_map(|story| played.world.drawn(story, "actors").to_vec())
        .filter(|actor| {
            played
                .world
                .standing()
                .sessions
                .contains_key(actor.as_str())
        })
        .collect();
    let mut step = 0;
    while step < 180 {
        // Steps that are no ticks.
        let now = played.world.now() + SignedDuration::from_secs(11);
        played.world.advance(now);
        match step {
            20 => played
                .world
                .act(&Act::FreezeOperation("orders.read".to_owned())),
            30 => {
                for actor in actors.iter().take(1) {
                    played.revoke(Some(actor));
                }
            }
            50 | 100 => played.world.act(&Act::RotateTokens(now)),
            60 => played.world.change(|database| {
                let pid = database.table("pg_catalog", "pg_stat_activity").unwrap();
                let Value::Int(pid) = pid.rows[3][pid.column("pid").unwrap()] else {
                    panic!("no pid")
                };
                database.signals.push((pid, Signal::Terminate));
            }),
            90 => played
                .world
                .act(&Act::UnfreezeOperation("orders.read".to_owned())),
            110 => played.revoke(None),
            _ => {}
        }
        if step % 3 == 0 {
            played.look_at_server();
        }
        step += 1;
    }
    played
}

impl Played {
    /// Revokes the sessions of a staff user, or of all.
    fn revoke(&mut self, user: Option<&str>) {
        let now = self.world.now().as_microsecond();
        let statement = match user {
            Some(user) => format!(
                "UPDATE staff_sessions SET revoked_at = now() WHERE revoked_at IS NULL AND staff_user_id = '{user}'"
            ),
            None => {
                "UPDATE staff_sessions SET revoked_at = now() WHERE revoked_at IS NULL".to_owned()
            }
        };
        let context = pgsql::Context {
            now,
            user: "operator",
            stop: &|| false,
        };
        let written = self
            .world
            .change(|database| pgsql::write(database, &statement, &[], &context, None));
        assert!(written.unwrap().count > 0);
        self.revoked.extend(user.map(|user| (user.to_owned(), now)));
    }

    fn look_at_server(&mut self) {
        let table = self
            .world
            .database()
            .table("pg_catalog", "pg_stat_user_tables");
        let table = table.unwrap();
        let name = table.column("relname").unwrap();
        let mut counts = Counts::new();
        for row in &table.rows {
            for counter in [
                "seq_scan",
                "seq_tup_read",
                "idx_scan",
                "n_tup_ins",
                "n_tup_upd",
                "n_tup_del",
            ] {
                if let Value::Int(count) = row[table.column(counter).unwrap()] {
                    counts.insert(
                        format!("{} {counter}", shown(&row[name])),
                        count.unsigned_abs(),
                    );
                }
            }
        }
        self.seen.push(counts);
        let table = self
            .world
            .database()
            .table("pg_catalog", "pg_stat_activity");
        let table = table.unwrap();
        let at = |name: &str| table.column(name).unwrap();
        let backends = table.rows.iter().map(|row| {
            match (
                &row[at("pid")],
                &row[at("backend_start")],
                &row[at("query_start")],
            ) {
                (Value::Int(pid), Value::Timestamp(start), Value::Timestamp(query)) => {
                    (*pid, (*start, *query))
                }
                other => panic!("{other:?}"),
            }
        });
        let backends: BTreeMap<_, _> = backends.collect();
        assert_eq!(
            backends.len(),
            table.rows.len(),
            "{}: a process id comes twice",
            self.name
        );
        self.connected.push(backends);
    }

    fn rows(&self, schema: &str, table: &str) -> &[Row] {
        &self.world.database().table(schema, table).unwrap().rows
    }

    /// Rows of a table before a time, counted by what `label` says of them.
    fn count(
        &self,
        table: &str,
        time: usize,
        until: i64,
        label: impl Fn(&Row) -> Option<String>,
    ) -> Counts {
        let (schema, table) = table.split_once('.').unwrap_or(("public", table));
        let mut counts = Counts::new();
        for row in self.rows(schema, table) {
            if let (Value::Timestamp(at), Some(label)) = (&row[time], label(row))
                && *at < until
            {
                *counts.entry(label).or_default() += 1;
            }
        }
        counts
    }

    fn ask(&self, query: &str) -> Vec<Vec<kql::Value>> {
        let options = Options {
            now: UNIX_EPOCH_TICKS + self.world.now().as_microsecond() * 10,
            parameters: Vec::new(),
        };
        let never = || false;
        let run = Run::new(Limits::default(), &never);
        let answers = kql::run(query, self.world.telemetry(), &options, &run);
        answers.unwrap_or_else(|error| panic!("{query}: {error:?}"))[0]
            .values()
            .collect()
    }

    /// An answer of two columns: a label and a number.
    fn told(&self, query: &str) -> Counts {
        let rows = self.ask(query);
        rows.iter()
            .map(|row| {
                (
                    to_text(&row[0]),
                    to_text(&row[1]).parse::<f64>().unwrap() as u64,
                )
            })
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// What Prometheus has of a counter at a scrape, by some of its labels.
    fn scraped(&self, counter: &str, labels: &[&str], at: i64) -> Counts {
        let mut counts = Counts::new();
        for series in &self.world.metrics().series {
            if series.labels["__name__"] != counter {
                continue;
            }
            let value = series
                .points
                .iter()
                .find(|point| point.at == at && !point.stale);
            let label: Vec<&str> = labels
                .iter()
                .map(|label| series.labels[*label].as_str())
                .collect();
            if let Some(point) = value {
                *counts.entry(label.join(" ")).or_default() += point.value as u64;
            }
        }
        counts
    }

    /// The newest scrape of which telemetry has told everything, in milliseconds.
    fn scrape(&self) -> i64 {
        let settled = self.world.settled().as_millisecond();
        let up = self
            .world
            .metrics()
            .series
            .iter()
            .find(|series| series.labels["__name__"] == "up");
        let points = up.unwrap().points.iter().rev();
        points
            .map(|point| point.at)
            .find(|at| *at <= settled)
            .unwrap()
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Uuid(id) => id.to_string(),
        Value::Int(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn agree(played: &Played) {
    let name = &played.name;
    let until = played.scrape();
    let time = Timestamp::from_millisecond(until).unwrap();
    let micros = until * 1_000;
    // Minutes are whole in the metrics of Application Insights.
    let minute = micros.div_euclid(60_000_000) * 60_000_000;
    let whole = Timestamp::from_microsecond(minute).unwrap();

    // Requests: telemetry and the gateway.
    let logged = played.told(&format!(
        "requests | where timestamp < datetime({time}) | extend route = tostring(split(name, ' ')[1]) | summarize n = count() by what = strcat(route, ' ', resultCode) | project what, n"
    ));
    let counted = played.scraped("http_requests_total", &["route", "status"], until);
    assert_eq!(logged, counted, "{name}: requests");

    // Reads: the log of reads and the requests.
    for operation in OPERATIONS {
        let reads = played.count("access_logs", 1, micros, |row| {
            (shown(&row[3]) == operation.id).then(|| shown(&row[14]))
        });
        let asked = played.told(&format!(
            "requests | where name == 'GET {}' and timestamp < datetime({time}) and resultCode in ('200', '404', '500') | summarize n = count() by resultCode | project resultCode, n",
            operation.route
        ));
        assert_eq!(reads, asked, "{name}: reads of {}", operation.id);
    }

    // What users, staff and contacts do: the trails and the requests. Jobs ask nobody, and an export that fails is two entries.
    let operations: Vec<String> = OPERATIONS
        .iter()
        .map(|one| format!("'{}'", one.route))
        .collect();
    let others = played.told(&format!(
        "requests | where timestamp < datetime({time}) | extend route = tostring(split(name, ' ')[1]) | where route !endswith '/transitions' and route !in ({}) | extend kind = case(route == '/api/webhooks/deliver', 'delivery', route startswith '/api/', 'case', 'cycle') | summarize n = count() by kind",
        operations.join(", ")
    ));
    let all = |kind: &'static str| move |_: &Row| Some(kind.to_owned());
    let mut rows = played.count("webhook_deliveries", 8, micros, all("delivery"));
    rows.extend(played.count("audit_logs", 9, micros, |row| {
        (shown(&row[3]) != "EXPORT_STARTED").then(|| "case".to_owned())
    }));
    rows.extend(played.count("audit_events", 1, micros, |row| {
        (shown(&row[4]) != "reminder-job").then(|| "cycle".to_owned())
    }));
    assert_eq!(others, rows, "{name}: users, staff and contacts");

    // Transitions: the trail, the requests, the metric.
    let machine = |row: &Row| Some(shown(&row[5]));
    let entries = played.count("commerce.audit_entries", 1, minute, machine);
    let metric = played.told(&format!(
        "customMetrics | where name == 'commerce_transition_total' and timestamp < datetime({whole}) | summarize n = sum(valueSum) by machine = tostring(customDimensions.machine) | project machine, n"
    ));
    let posted = played.told(&format!(
        "requests | where name endswith '/transitions' and resultCode == '200' and timestamp < datetime({whole}) | summarize n = count() by machine = replace_string(replace_string(name, 'POST /', ''), 's/:id/transitions', '') | project machine, n"
    ));
    assert_eq!(metric, entries, "{name}: transitions");
    assert_eq!(posted, entries, "{name}: transitions");

    // Rejections: the log line, the request, the metric.
    let rejected = played.told(&format!(
        "traces | where message contains 'ORG MISMATCH' and timestamp < datetime({whole}) | summarize n = count() by org = tostring(customDimensions.orgId) | project org, n"
    ));
    let metric = played.told(&format!(
        "customMetrics | where name == 'commerce_transition_org_mismatch_total' and timestamp < datetime({whole}) | summarize n = sum(valueSum) by org = tostring(customDimensions.org_id) | project org, n"
    ));
    let refused = played.told(&format!(
        "requests | where resultCode == '403' and timestamp < datetime({whole}) | summarize n = count() by org = tostring(customDimensions.orgId) | project org, n"
    ));
    assert_eq!(metric, rejected, "{name}: mismatches");
    assert_eq!(refused, rejected, "{name}: mismatches");
    if played.deployed {
        return;
    }
    let lines = played.told(&format!(
        "traces | where message contains 'ORG MISMATCH' and timestamp < datetime({time}) | summarize n = count() by org = tostring(customDimensions.orgId) | project org, n"
    ));
    let scraped = played.scraped("commerce_transition_org_mismatch_total", &["org_id"], until);
    assert_eq!(scraped, lines, "{name}: mismatches");
    let scraped = played.scraped("commerce_transition_total", &["machine"], until);
    let entries = played.count("commerce.audit_entries", 1, micros, machine);
    assert_eq!(scraped, entries, "{name}: transitions");

    // Deliveries and exports: the table and the counter.
    let delivered = played.count("webhook_deliveries", 8, micros, |row| {
        let good = matches!(row[3], Value::Int(200..=299));
        Some(if good { "delivered" } else { "failed" }.to_owned())
    });
    let scraped = played.scraped("webhook_deliveries_total", &["status"], until);
    assert_eq!(scraped, delivered, "{name}: deliveries");
    let exports = played.count("audit_logs", 9, micros, |row| {
        match shown(&row[3]).as_str() {
            "EXPORT_CREATED" => Some("ok".to_owned()),
            "EXPORT_FAILED" => Some("failed".to_owned()),
            _ => None,
        }
    });
    let scraped = played.scraped("export_requests_total", &["result"], until);
    assert_eq!(scraped, exports, "{name}: exports");
}

/// Tables with the place of the time of each row, and of who did it.
const TRAILS: [(&str, &str, usize, Option<usize>); 5] = [
    ("commerce", "audit_entries", 1, Some(2)),
    ("public", "audit_events", 1, Some(4)),
    ("public", "access_logs", 1, Some(4)),
    ("public", "audit_logs", 9, Some(2)),
    ("public", "webhook_deliveries", 8, None),
];

/// True where a token that was replaced came back as another.
fn is_possible(played: &Played) -> bool {
    let name = &played.name;
    let world = &played.world;
    let now = world.now().as_microsecond();
    let people = world.population();
    let mut known: BTreeSet<&str> = people.users.iter().map(|one| &*one.id).collect();
    known.extend(people.staff.iter().map(|one| &*one.id));
    known.extend(people.contacts.iter().map(|one| &*one.id));
    known.insert("reminder-job");
    let names = world.stories().names();
    known.extend(
        names
            .values()
            .flatten()
            .flat_map(|(_, names)| names)
            .map(String::as_str),
    );
    let begins = now - 180 * 11_000_000 - i64::try_from(HISTORY.as_micros()).unwrap();
    for (schema, table, time, who) in TRAILS {
        let mut ids = BTreeSet::new();
        for row in played.rows(schema, table) {
            assert!(
                matches!(row[time], Value::Timestamp(at) if (begins..=now).contains(&at)),
                "{name}: {row:?}"
            );
            assert!(ids.insert(shown(&row[0])), "{name}: {row:?} is there twice");
            if let Some(Value::Text(who)) = who.map(|who| &row[who]) {
                assert!(known.contains(&**who), "{name}: nobody is {who}");
            }
        }
    }

    // Sessions and sign-ins.
    let logins = played.count("audit_events", 1, i64::MAX, |row| {
        (shown(&row[3]) == "login").then(|| format!("{} {:?}", shown(&row[4]), row[1]))
    });
    let began = played.count("staff_sessions", 2, i64::MAX, |row| {
        let fresh = matches!(row[2], Value::Timestamp(at) if at >= begins);
        fresh.then(|| format!("{} {:?}", shown(&row[1]), row[2]))
    });
    assert_eq!(logins, began, "{name}: sessions and sign-ins");
    for row in played.rows("public", "staff_sessions") {
        let (Value::Timestamp(created), Value::Timestamp(seen)) = (&row[2], &row[3]) else {
            panic!("{row:?}")
        };
        assert!(created <= seen && *seen <= now, "{name}: {row:?}");
        if let Value::Timestamp(revoked) = row[6] {
            assert!(
                *seen <= revoked,
                "{name}: used after it was revoked: {row:?}"
            );
        }
    }

    // Staff ask from where they are signed in.
    let mut places: BTreeSet<String> = BTreeSet::new();
    for row in played.rows("public", "staff_sessions") {
        if let Value::Inet(ip) = &row[4] {
            places.insert(format!("{} {ip}", shown(&row[1])));
        }
    }
    let asked = played.told(
        "requests | summarize n = count() by place = strcat(tostring(customDimensions.actorId), ' ', tostring(customDimensions.clientIp)) | project place, n",
    );
    let from_staff = |place: &&String| {
        let who = place.split(' ').next().unwrap_or_default();
        people.staff_named(who).is_some()
    };
    for place in asked.keys().filter(from_staff) {
        assert!(places.contains(place), "{name}: {place} has no session");
    }

    // Who is shut out does nothing more, anywhere.
    for (actor, at) in &played.revoked {
        for (schema, table, time, who) in TRAILS {
            let Some(who) = who else { continue };
            for row in played.rows(schema, table) {
                let later = matches!(row[time], Value::Timestamp(time) if time > *at);
                assert!(!later || shown(&row[who]) != *actor, "{name}: {row:?}");
            }
        }
        let time = Timestamp::from_microsecond(*at).unwrap();
        let after = played.told(&format!(
            "union traces, requests | where tostring(customDimensions.actorId) == '{actor}' and timestamp > datetime({time}) | summarize n = count() by itemType | project itemType, n"
        ));
        assert!(after.is_empty(), "{name}: {actor}: {after:?}");
    }

    // A token is used by its organisation until it is replaced, twice here.
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for row in played.rows("public", "access_logs") {
        if let (Value::Uuid(token), Value::Text(org)) = (&row[5], &row[6]) {
            let owner = owners
                .entry(token.to_string())
                .or_insert_with(|| org.to_string());
            assert_eq!(**owner, **org, "{name}: {row:?}");
        }
    }
    let first: BTreeSet<String> = people.tokens.iter().map(|one| one.id.to_string()).collect();
    owners.keys().any(|token| !first.contains(token))
}

fn goes_forward(played: &Played) {
    let name = &played.name;
    for series in &played.world.metrics().series {
        if played.deployed || !series.labels["__name__"].ends_with("_total") {
            continue;
        }
        let mut points = series.points.windows(2);
        let falls = points.find(|two| two[1].value < two[0].value);
        assert!(falls.is_none(), "{name}: {:?}: {falls:?}", series.labels);
    }
    for two in played.seen.windows(2) {
        for (counter, before) in &two[0] {
            assert!(
                two[1][counter] >= *before,
                "{name}: {counter} fell from {before}"
            );
        }
    }
    for two in played.connected.windows(2) {
        for (pid, (started, query)) in &two[1] {
            assert!(started <= query, "{name}: {pid} asked before it connected");
            if let Some((same, before)) = two[0].get(pid) {
                assert_eq!(same, started, "{name}: {pid} connected twice");
                assert!(before <= query, "{name}: {pid} asks backwards");
            }
        }
    }
}

/// Every scenario that comes with the program, with a seed.
fn all_agree(seed: u64) {
    let mut renewed = 0;
    for (name, text) in scenario::BUILT_IN {
        let played = play(name, text, seed);
        agree(&played);
        renewed += usize::from(is_possible(&played));
        goes_forward(&played);
    }
    assert!(renewed > 5, "tokens that were replaced: {renewed}");
}

#[test]
fn all_sources_agree_with_some_seeds() {
    all_agree(3);
    all_agree(12);
}

#[test]
fn all_sources_agree_with_others() {
    all_agree(41);
    all_agree(100);
}
