//! What generators write, seen from inside: silenced sources, erased stories, processes that start again. What a world shows outside is in `tests/drill_world.rs`.

use std::time::Duration;

use super::emit::{AuditEntry, AuditEvent};
use super::*;
use crate::drill::scenario;
use crate::model::diagnostic::SourceText;

/// An hour of a small service, with nothing planted.
fn world() -> World {
    let (mut scenario, _) = scenario::parse(SourceText::new("quiet.toml", ""));
    scenario.starts = "2026-03-10T14:00:00Z".parse().unwrap();
    scenario.history = Duration::from_secs(3_600);
    scenario.service.organisations = 4;
    scenario.stories.clear();
    World::new(&scenario, 3)
}

fn rows(world: &World, schema: &str, table: &str) -> usize {
    world.database().table(schema, table).unwrap().rows.len()
}

fn entry(emit: &mut Emit<'_>, actor: &str) {
    emit.audit_entry(&AuditEntry {
        at: emit.from(),
        actor,
        org: Some("org-a"),
        machine: "order",
        action: "transition.order.paid",
        resource_org: Some("org-b"),
    });
}

/// The labels that tell a series of mismatches from the others, and its values.
fn mismatches(world: &World) -> Vec<Option<f64>> {
    let mut found = Vec::new();
    for series in &world.metrics().series {
        let name = series.labels.get("__name__").map(String::as_str);
        if name == Some("commerce_transition_org_mismatch_total") {
            found.extend(
                series
                    .points
                    .iter()
                    .map(|point| (!point.stale).then_some(point.value)),
            );
        }
    }
    found
}

#[test]
fn a_silenced_source_takes_nothing_in() {
    let mut world = world();
    let before = rows(&world, "commerce", "audit_entries");
    let (mut emit, _) = world.emit();
    emit.conditions().silenced = vec![
        "commerce.audit_entries".to_owned(),
        "public.audit_events".to_owned(),
    ];
    entry(&mut emit, "u-1");
    emit.audit_event(AuditEvent {
        at: emit.from(),
        event: "login",
        actor: "u-1",
        client: None,
        entity: "session",
        request: None,
        data: None,
    });
    assert!(emit.is_silenced("audit_events") && !emit.is_silenced("audit_logs"));
    assert_eq!(rows(&world, "commerce", "audit_entries"), before);
    let (mut emit, _) = world.emit();
    emit.conditions().silenced.clear();
    entry(&mut emit, "u-1");
    assert_eq!(rows(&world, "commerce", "audit_entries"), before + 1);
}

#[test]
fn erasing_takes_the_rows_of_one_story_from_one_table() {
    let mut world = world();
    let before = rows(&world, "commerce", "audit_entries");
    let (mut emit, _) = world.emit();
    emit.begin_story(&"attack".into());
    entry(&mut emit, "st-one");
    entry(&mut emit, "st-two");
    emit.begin_story(&"other".into());
    entry(&mut emit, "st-three");
    world.erase("access_logs", "attack");
    world.erase("no_such_table", "attack");
    assert_eq!(rows(&world, "commerce", "audit_entries"), before + 3);
    world.erase("commerce.audit_entries", "attack");
    assert_eq!(rows(&world, "commerce", "audit_entries"), before + 1);
    let last = world.database().table("commerce", "audit_entries").unwrap();
    assert_eq!(
        last.rows.last().unwrap().get(2),
        Some(&pgsql::Value::text("st-three"))
    );
}

#[test]
fn a_counter_is_born_at_its_first_value_and_gone_after_a_restart() {
    let mut world = world();
    assert_eq!(mismatches(&world), []);
    let scrape = |world: &mut World| {
        for _ in 0..metrics::SCRAPE_TICKS {
            world.draw();
        }
    };
    world.emit().0.mismatch("order", "org-a", 0);
    world.emit().0.mismatch("order", "org-a", 0);
    scrape(&mut world);
    assert_eq!(mismatches(&world), [Some(2.0)]);
    let (mut emit, _) = world.emit();
    let at = emit.from();
    emit.deploy(at, "2026.3.9");
    scrape(&mut world);
    scrape(&mut world);
    assert_eq!(mismatches(&world), [Some(2.0), None]);
    world.emit().0.mismatch("order", "org-a", 0);
    scrape(&mut world);
    assert_eq!(mismatches(&world), [Some(2.0), None, Some(1.0)]);
}

#[test]
fn ids_depend_on_the_generator_and_its_tick_only() {
    let (mut one, mut other) = (world(), world());
    let story: Arc<str> = "attack".into();
    let (mut emit, _) = one.emit();
    emit.begin_story(&story);
    let alone = emit.id();
    let (mut emit, _) = other.emit();
    emit.begin_story(&"another".into());
    let another = emit.id();
    emit.begin_story(&story);
    assert_eq!(emit.id(), alone);
    assert_ne!(another, alone);
}
