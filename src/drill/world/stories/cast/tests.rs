//! Who plays in a story.

use super::*;
use crate::drill::scenario;
use crate::model::diagnostic::SourceText;

const SCENARIO: &str = r#"
drill = 1
id = "cast"
title = "Cast"
summary = "Nothing."
playbook = "org-isolation-breach"
starts = 2026-03-10T03:00:00Z
lasts = "30m"

[[story]]
id = "first"
kind = "cross-org-attempts"
from = "-40m"
actors = 3
targets = 2
every = "30s"
machine = "order"

[[story]]
id = "second"
kind = "staff-reads"
from = "-40m"
actors = ["st-nobody", "st-another"]
targets = 1
every = "30s"
route = "cycles/export.ts"
scope = "missing"

[truth]
breach = false
text = "Nothing."
"#;

fn scenario() -> Scenario {
    let (scenario, found) = scenario::parse(SourceText::new("cast.toml", SCENARIO));
    assert_eq!(scenario.stories.len(), 2, "{found:?}");
    scenario
}

fn id_set(actors: &[Actor]) -> BTreeSet<Arc<str>> {
    actors.iter().map(|actor| Arc::clone(&actor.id)).collect()
}

#[test]
fn drawn_staff_are_signed_in_and_never_the_operator() {
    let scenario = scenario();
    for seed in 0..20 {
        let population = Population::new(&scenario.service, seed);
        let mut casting = Casting::new(&scenario, seed, &population);
        casting.turn_to("first");
        let first = casting.staff(&Names::Drawn(3));
        let targets = casting.targets(&Names::Drawn(2), &first);
        casting.turn_to("second");
        let second = casting.staff(&Names::Drawn(2));
        assert_eq!((first.len(), second.len(), targets.len()), (3, 2, 2));
        assert!(
            id_set(&first).is_disjoint(&id_set(&second)),
            "somebody is in two stories"
        );
        for actor in first.iter().chain(&second) {
            assert_ne!(&*actor.id, OPERATOR);
            let staff = &population.staff_named(&actor.id).unwrap().id;
            let place = population.staff.iter().position(|one| one.id == *staff);
            let active = population
                .sessions
                .iter()
                .any(|session| Some(session.staff) == place && session.revoked.is_none());
            assert!(active, "{} has no session", actor.id);
        }
        for actor in &first {
            assert!(
                !targets.contains(&actor.org),
                "an actor's own organisation is a target"
            );
        }
    }
}

#[test]
fn seeds_draw_differently_and_one_seed_alike() {
    let scenario = scenario();
    let draw = |seed| {
        let population = Population::new(&scenario.service, 1);
        let mut casting = Casting::new(&scenario, seed, &population);
        casting.turn_to("first");
        id_set(&casting.staff(&Names::Drawn(3)))
    };
    assert_eq!(draw(1), draw(1));
    let different: BTreeSet<_> = (0..20).map(draw).collect();
    assert!(different.len() > 15, "{}", different.len());
}

#[test]
fn given_names_stay_as_they_are_and_are_not_drawn() {
    let scenario = scenario();
    let population = Population::new(&scenario.service, 5);
    let mut casting = Casting::new(&scenario, 5, &population);
    casting.turn_to("second");
    let given = vec!["st-nobody".to_owned(), "st-another".to_owned()];
    let actors = casting.staff(&Names::Given(given));
    assert_eq!(
        ids(&actors).collect::<Vec<_>>(),
        ["st-nobody", "st-another"]
    );
    assert!(actors.iter().all(|actor| actor.stranger));
    // More than there are: everybody who may be drawn, once.
    let all = casting.staff(&Names::Drawn(5_000));
    assert_eq!(id_set(&all).len(), all.len());
    assert!(all.iter().all(|actor| &*actor.id != OPERATOR));
}

#[test]
fn a_drawn_contact_holds_a_link_that_works() {
    let scenario = scenario();
    for seed in 0..20 {
        let population = Population::new(&scenario.service, seed);
        let mut casting = Casting::new(&scenario, seed, &population);
        casting.turn_to("link");
        let contact = casting.contact(None).unwrap();
        assert!(!casting.links_of(&contact.id).is_empty(), "{}", contact.id);
        assert!(casting.contact(Some("c-nobody")).is_none());
        let (endpoint, tenant) = casting.endpoint(None).unwrap();
        assert!(endpoint.enabled);
        assert_eq!(population.organisations[endpoint.organisation], *tenant);
    }
}

#[test]
fn rounds_show_everybody_soon() {
    let story = Noise::new(1, Generator::named("rounds"), 0);
    let items = [1, 2, 3, 4, 5];
    for from in [0, 5, 500] {
        let seen: BTreeSet<_> = (from..from + 5)
            .map(|number| round(story, 1, number, &items))
            .collect();
        assert_eq!(seen.len(), 5);
    }
    assert_eq!(round::<u8>(story, 1, 3, &[]), None);
}

#[test]
fn nobody_attacks_whom_it_acts_for() {
    let scenario = scenario();
    let service = crate::drill::scenario::Service {
        organisations: 6,
        ..scenario.service
    };
    for seed in 0..20 {
        let population = Population::new(&service, seed);
        let mut casting = Casting::new(&scenario, seed, &population);
        casting.turn_to("first");
        // Their clients together are nearly everybody.
        let mut actors = casting.staff(&Names::Drawn(4));
        let targets = casting.targets(&Names::Drawn(2), &actors);
        assert_eq!(targets.len(), 2, "seed {seed}");
        let given = vec![actors[0].org.to_string()];
        for targets in [targets, casting.targets(&Names::Given(given), &actors)] {
            casting.act_for_others(&mut actors, &targets);
            assert!(
                actors.iter().all(|actor| !targets.contains(&actor.org)),
                "seed {seed}"
            );
        }
    }
}
