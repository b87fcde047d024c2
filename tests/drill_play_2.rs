//! Shipped playbooks played to their end in drills by scripts of keys, each a model answer: what is kept, decided, stopped, told and closed.

#[path = "support/drill_play.rs"]
mod drill_play;

use drill_play::play;
use serde_json::Value;

#[test]
fn a_tenant_leak_is_kept_closed_and_told() {
    let played = play("tenant-leak");
    played.ran_well(&[
        "audit-log-copy",
        "audit-log-alive",
        "cross-tenant-count",
        "cross-tenant-rows",
        "affected-tenants",
    ]);
    // The log is safe before the route is closed.
    played.kept_before("audit-log-copy", played.sends("kill-switches"));
    let rows = played.ends_of("cross-tenant-rows");
    let rows: Vec<&Value> = rows.into_iter().map(|body| &body["rows"]).collect();
    assert_eq!(rows.len(), 2, "counted, and nine minutes later again");
    assert_eq!(
        rows[0], rows[1],
        "nothing crossed since the route was closed"
    );
    assert_eq!(played.of_kind("message.sent").len(), 3);
    played.ended_well();
}

#[test]
fn an_incident_response_goes_from_the_signal_to_the_retrospective() {
    let played = play("errors-and-more");
    played.ran_well(&[
        "access-scope-count",
        "access-logs",
        "actors",
        "rotate-encryption",
        "readiness",
        "telemetry-smoke",
    ]);
    // The logs are safe before the keys are rotated.
    played.kept_before("access-logs", played.sends("rotate-encryption"));
    let milestones = played.of_kind("milestone.reached");
    let said: Vec<&Value> = milestones.iter().map(|body| &body["milestone"]).collect();
    assert_eq!(said, ["confirmed", "contained"]);
    played.ended_well();
}

#[test]
fn a_suspected_leak_ends_with_everybody_told() {
    let played = play("staff-session-leak");
    played.ran_well(&[
        "audit-events",
        "cross-tenant-reads",
        "leaked-clients",
        "revoke-actor-sessions",
        "route-scope",
        "route-coverage",
        "route-coverage-patched",
    ]);
    // The trail is safe before the session is ended.
    played.kept_before("audit-events", played.sends("revoke-actor-sessions"));
    let told = played.told("disclose");
    assert_eq!(told.len(), 3, "each client whose data was read: {told:?}");
    played.ended_well();
}
