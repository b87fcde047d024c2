//! What an operator or a facilitator does to stories at an unusual moment: before they began, twice, after they ended.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use quarterdeck::drill::world::Act;
use quarterdeck::pgsql::{Signal, Value};

mod support {
    pub mod service;
}

use support::service::{Row, SLOW, Service, figure, text};

fn slow() -> (Service, i64) {
    let service = Service::new("database-performance-degradation", SLOW, 3);
    let pid = service.name("slow", "pid").parse().unwrap();
    (service, pid)
}

fn signal(service: &mut Service, pid: i64, signal: Signal) {
    service
        .world
        .change(|database| database.signals.push((pid, signal)));
}

/// Process ids of all backends, in the order of the server's table.
fn pids(service: &Service) -> Vec<i64> {
    let table = service
        .world
        .database()
        .table("pg_catalog", "pg_stat_activity");
    let table = table.unwrap();
    let at = table.column("pid").unwrap();
    let pid = |row: &quarterdeck::pgsql::Row| match row.get(at) {
        Some(Value::Int(pid)) => *pid,
        _ => 0,
    };
    table.rows.iter().map(pid).collect()
}

#[test]
fn nobody_waits_for_a_backend_that_is_gone() {
    for act in [Signal::Cancel, Signal::Terminate] {
        let (mut service, pid) = slow();
        assert_eq!(service.ask("blockers").len(), 1);
        signal(&mut service, pid, act);
        // At once, not at the next tick.
        assert!(service.ask("blockers").is_empty(), "{act:?}");
        assert_eq!(pids(&service).contains(&pid), act == Signal::Cancel);
    }
}

#[test]
fn a_backend_that_is_cancelled_keeps_its_session() {
    let (mut service, _) = slow();
    let pool = *pids(&service).first().unwrap();
    signal(&mut service, pool, Signal::Cancel);
    assert_eq!(pids(&service).first(), Some(&pool));
    signal(&mut service, pool, Signal::Terminate);
    assert_ne!(pids(&service).first(), Some(&pool));
}

#[test]
fn ending_those_that_wait_again_and_again_gives_each_its_own_process() {
    let (mut service, pid) = slow();
    for _ in 0..5 {
        let waiter = pids(&service).into_iter().filter(|one| *one > pid).min();
        signal(&mut service, waiter.unwrap(), Signal::Terminate);
        service.pass(1);
        let all = pids(&service);
        let distinct: BTreeSet<&i64> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
    }
    assert_eq!(service.ask("blockers").len(), 1);
}

#[test]
fn what_the_server_counted_stays_counted_when_rows_are_removed() {
    let story = "[[story]]\nid = \"attack\"\nkind = \"cross-org-attempts\"\nfrom = \"-40m\"\nactors = 1\ntargets = 2\nevery = \"20s\"\nmachine = \"order\"\nsucceed = 0.5\n";
    let mut service = Service::new("org-isolation-breach", story, 5);
    let counted = |service: &Service| -> Vec<i64> {
        let text = "SELECT idx_scan, n_tup_ins, seq_tup_read, n_tup_del FROM pg_stat_user_tables WHERE relname = 'audit_entries'";
        let rows = service.sql(text);
        let row: &Row = rows.first().unwrap();
        ["idx_scan", "n_tup_ins", "seq_tup_read", "n_tup_del"]
            .map(|name| figure(row, name))
            .into()
    };
    let before = counted(&service);
    service.world.erase("commerce.audit_entries", "attack");
    service.pass(1);
    let after = counted(&service);
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before <= after),
        "{before:?} {after:?}"
    );
    assert!(
        before.last() == Some(&0) && after.last() > Some(&0),
        "{after:?}"
    );
}

#[test]
fn a_deployment_that_was_called_off_left_no_commit() {
    let story = "[[story]]\nid = \"release\"\nkind = \"deployment\"\nwaits = true\nversion = \"4.18.0\"\ncommit = \"api: something else\"\nfiles = [\"a.ts\"]\n";
    let mut service = Service::new("tenant-isolation-breach-sev1", story, 5);
    let has_it = |service: &Service| {
        let commits = service.world.status().commits;
        commits
            .iter()
            .any(|commit| commit.title == "api: something else")
    };
    service.world.stop("release");
    service.pass(1);
    assert!(!has_it(&service));
    service.world.start("release");
    service.pass(1);
    assert!(has_it(&service));
}

#[test]
fn deliveries_of_a_story_that_begins_again_are_of_now() {
    let story = "[[story]]\nid = \"hook\"\nkind = \"webhook-failure\"\nfrom = \"-30m\"\nstatus = 503\nshare = 1.0\nevery = \"20s\"\n";
    let mut service = Service::new("webhook-delivery-failures", story, 5);
    service.set("endpoint_id", "text", &service.name("hook", "endpoint"));
    service.world.stop("hook");
    service.pass(20);
    service.set("window_start", "datetime", &service.minutes(0));
    let before = figure(&service.row("delivery-health"), "failed");
    service.world.start("hook");
    let begun = service.minutes(20);
    service.pass(1);
    service.set("window_start", "datetime", &begun);
    let fresh = figure(&service.row("delivery-health"), "failed");
    service.set("window_start", "datetime", &service.minutes(0));
    let after = figure(&service.row("delivery-health"), "failed");
    assert!(fresh > 0);
    assert_eq!(after - before, fresh, "deliveries came into the past");
}

#[test]
fn reads_of_a_frozen_operation_are_answered_with_503() {
    let story = "[[story]]\nid = \"reads\"\nkind = \"cross-reads\"\nfrom = \"-50m\"\ncrosses = \"org\"\noperations = [\"documents.get\"]\nreaders = 1\ntargets = 2\nevery = \"20s\"\n";
    let mut service = Service::new("tenant-isolation-breach-sev1", story, 5);
    let reader = service.name("reads", "readers");
    service
        .world
        .act(&Act::FreezeOperation("documents.get".to_owned()));
    service.pass(15);
    let refused = format!(
        "requests | where resultCode == '503' and name == 'GET /documents/:id' and tostring(customDimensions.orgId) == '{reader}' | summarize n = count() by name"
    );
    let rows = service.kql(&refused);
    assert!(
        rows.iter()
            .all(|row| text(row, "name") == "GET /documents/:id")
    );
    assert!(
        rows.first().is_some_and(|row| figure(row, "n") > 20),
        "{rows:?}"
    );
}
