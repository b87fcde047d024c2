//! Who plays in a story: the names a scenario gives, or as many drawn from the population by the seed.
//!
//! Only those are drawn who have what the story needs. The operator is never drawn, and nobody is drawn twice in one drill.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::drill::scenario::{Names, Pattern, Scenario};
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::population::{
    Contact, Endpoint, Link, OPERATIONS, OPERATOR, Organisation, Population,
};

/// The names of a story by role, as facts and texts of the score use them.
pub type Cast = BTreeMap<String, Vec<String>>;

/// Somebody who does something.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Its id.
    pub id: Arc<str>,
    /// The organisation in whose name it acts.
    pub org: Arc<str>,
    /// Where from.
    pub ip: Arc<str>,
    /// With what.
    pub agent: Arc<str>,
    /// It was named by the scenario and the population does not have it.
    pub stranger: bool,
}

/// Draws the names of the stories of a scenario, one story after the other.
pub struct Casting<'a> {
    population: &'a Population,
    seed: u64,
    /// The page, in microseconds since 1970.
    starts: i64,
    noise: Noise,
    draws: u64,
    taken: BTreeSet<Arc<str>>,
}

/// With what scripts introduce themselves.
const SCRIPT: &str = "python-requests/2.32.4";

impl<'a> Casting<'a> {
    /// A casting in which nobody is taken but those that stories name.
    pub fn new(scenario: &Scenario, seed: u64, population: &'a Population) -> Self {
        let mut taken: BTreeSet<Arc<str>> = scenario
            .stories
            .iter()
            .flat_map(|story| given(&story.pattern))
            .map(|name| Arc::from(name.as_str()))
            .collect();
        taken.insert(Arc::from(OPERATOR));
        Self {
            population,
            seed,
            starts: scenario.starts.as_microsecond(),
            noise: Noise::new(seed, Generator::named("stories"), 0),
            draws: 0,
            taken,
        }
    }

    /// From here on names are drawn for this story.
    pub fn turn_to(&mut self, story: &str) {
        let generator = Generator::named(&format!("story.{story}.cast"));
        self.noise = Noise::new(self.seed, generator, 0);
        self.draws = 0;
    }

    /// Everybody and everything there is.
    pub fn population(&self) -> &'a Population {
        self.population
    }

    /// The time of the page, in microseconds since 1970.
    pub fn starts(&self) -> i64 {
        self.starts
    }

    /// Noise for one more draw of this story.
    pub fn draw(&mut self) -> Noise {
        self.draws += 1;
        self.noise.of(self.draws)
    }

    /// Staff users: drawn ones have an active session.
    pub fn staff(&mut self, names: &Names) -> Vec<Actor> {
        let population = self.population;
        let signed_in: BTreeSet<usize> = population
            .sessions
            .iter()
            .filter(|session| session.revoked.is_none())
            .map(|session| session.staff)
            .collect();
        let candidates = population
            .staff
            .iter()
            .enumerate()
            .filter(|(at, _)| signed_in.contains(at))
            .map(|(_, staff)| Arc::clone(&staff.id))
            .collect();
        let ids = self.names(names, candidates);
        ids.into_iter().map(|id| self.staff_actor(id)).collect()
    }

    fn staff_actor(&mut self, id: Arc<str>) -> Actor {
        let Some(staff) = self.population.staff_named(&id) else {
            return self.stranger(id);
        };
        let noise = self.draw();
        let client = noise.pick(0, &staff.clients);
        let org = client.and_then(|at| self.population.organisation(*at));
        Actor {
            id,
            org: org.map_or_else(|| self.some_organisation(), |org| Arc::clone(&org.id)),
            ip: Arc::clone(&staff.ip),
            agent: Arc::clone(&staff.agent),
            stranger: false,
        }
    }

    /// Somebody acts in this actor's name from where nobody of the service works, and mostly not with the actor's own browser.
    pub fn place_elsewhere(&mut self, actor: &mut Actor) {
        let noise = self.draw();
        actor.ip = foreign_address(noise).into();
        if noise.chance(5, 0.6) {
            actor.agent = SCRIPT.into();
        }
    }

    /// Users of organisations.
    pub fn users(&mut self, names: &Names) -> Vec<Actor> {
        let users = self.population.users.iter();
        let candidates = users.map(|user| Arc::clone(&user.id)).collect();
        let ids = self.names(names, candidates);
        ids.into_iter().map(|id| self.user_actor(id)).collect()
    }

    fn user_actor(&mut self, id: Arc<str>) -> Actor {
        let Some(user) = self.population.user_named(&id) else {
            return self.stranger(id);
        };
        let org = self.population.organisation(user.organisation);
        Actor {
            id,
            org: org.map_or_else(|| self.some_organisation(), |org| Arc::clone(&org.id)),
            ip: Arc::clone(&user.ip),
            agent: Arc::clone(&user.agent),
            stranger: false,
        }
    }

    /// Somebody whom only the scenario knows.
    fn stranger(&mut self, id: Arc<str>) -> Actor {
        Actor {
            id,
            org: self.some_organisation(),
            ip: foreign_address(self.draw()).into(),
            agent: SCRIPT.into(),
            stranger: true,
        }
    }

    /// Organisations that none of the actors acts for or looks after; where there are not enough, that none acts for.
    pub fn targets(&mut self, names: &Names, actors: &[Actor]) -> Vec<Arc<str>> {
        let population = self.population;
        let acting: BTreeSet<&str> = actors.iter().map(|actor| &*actor.org).collect();
        let staff = actors
            .iter()
            .filter_map(|actor| population.staff_named(&actor.id));
        let clients = staff.flat_map(|staff| &staff.clients);
        let clients = clients.filter_map(|at| population.organisation(*at));
        let homes: BTreeSet<&str> = clients
            .map(|org| &*org.id)
            .chain(acting.iter().copied())
            .collect();
        let enough = population.organisations.len().saturating_sub(homes.len());
        match names {
            Names::Drawn(count) if *count as usize > enough => self.others(names, &acting),
            _ => self.others(names, &homes),
        }
    }

    /// Lets staff users act for organisations that are none of the targets.
    pub fn act_for_others(&mut self, actors: &mut [Actor], targets: &[Arc<str>]) {
        for actor in actors
            .iter_mut()
            .filter(|actor| targets.contains(&actor.org))
        {
            let noise = self.draw();
            let organisations = self.population.organisations.iter();
            let others: Vec<_> = organisations
                .filter(|org| !targets.contains(&org.id))
                .collect();
            if let Some(org) = noise.pick(0, &others) {
                actor.org = Arc::clone(&org.id);
            }
        }
    }

    /// Organisations other than these.
    pub fn others(&mut self, names: &Names, than: &BTreeSet<&str>) -> Vec<Arc<str>> {
        let organisations = self.population.organisations.iter();
        let candidates = organisations
            .filter(|org| !than.contains(&*org.id))
            .map(|org| Arc::clone(&org.id))
            .collect();
        self.names(names, candidates)
    }

    /// Organisations whose traffic is live.
    pub fn readers(&mut self, names: &Names) -> Vec<Arc<str>> {
        let organisations = self.population.organisations.iter();
        let candidates = organisations
            .filter(|org| org.mode == "live")
            .map(|org| Arc::clone(&org.id))
            .collect();
        self.names(names, candidates)
    }

    /// Operations of the API.
    pub fn operations(&mut self, names: &Names) -> Vec<Arc<str>> {
        let candidates = OPERATIONS.iter().map(|one| Arc::from(one.id)).collect();
        self.names(names, candidates)
    }

    /// A contact: a drawn one has a link that works for days yet. None for a name that the population does not have.
    pub fn contact(&mut self, name: Option<&str>) -> Option<&'a Contact> {
        let population = self.population;
        if let Some(name) = name {
            return population.contact_named(name);
        }
        let holders: BTreeSet<usize> = population
            .links
            .iter()
            .filter(|link| works(link))
            .map(|link| link.contact)
            .collect();
        let contacts = population.contacts.iter().enumerate();
        let candidates = contacts
            .filter(|(at, _)| holders.contains(at))
            .map(|(_, contact)| Arc::clone(&contact.id))
            .collect();
        let drawn = self.names(&Names::Drawn(1), candidates);
        population.contact_named(drawn.first()?)
    }

    /// The links of a contact that work for days yet.
    pub fn links_of(&self, contact: &str) -> Vec<Uuid> {
        let mut contacts = self.population.contacts.iter();
        let place = contacts.position(|one| &*one.id == contact);
        let links = self.population.links.iter();
        links
            .filter(|link| place == Some(link.contact) && works(link))
            .map(|link| link.id)
            .collect()
    }

    /// An endpoint that its tenant uses, and the tenant: that of the given tenant, or a drawn one.
    pub fn endpoint(&mut self, tenant: Option<&str>) -> Option<(&'a Endpoint, &'a Organisation)> {
        let population = self.population;
        let noise = self.draw();
        let of_tenant: Vec<(&Endpoint, &Organisation)> = population
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.enabled && !self.taken.contains(&endpoint.id))
            .filter_map(|endpoint| {
                Some((endpoint, population.organisation(endpoint.organisation)?))
            })
            .filter(|(_, org)| tenant.is_none_or(|tenant| tenant == &*org.id))
            .collect();
        let found = noise.pick(0, &of_tenant).copied()?;
        self.taken.insert(Arc::clone(&found.0.id));
        Some(found)
    }

    /// Any organisation.
    pub fn some_organisation(&mut self) -> Arc<str> {
        self.draw()
            .pick(0, &self.population.organisations)
            .map_or_else(|| "org-unknown".into(), |org| Arc::clone(&org.id))
    }

    /// The given names, or so many of the candidates that are not taken; of those that are when there are not enough.
    fn names(&mut self, names: &Names, candidates: Vec<Arc<str>>) -> Vec<Arc<str>> {
        let count = match names {
            Names::Given(given) => return given.iter().map(|name| name.as_str().into()).collect(),
            Names::Drawn(count) => *count as usize,
        };
        let noise = self.draw();
        let (free, taken): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .filter(|name| &**name != OPERATOR)
            .partition(|name| !self.taken.contains(name));
        let mut drawn: Vec<Arc<str>> = noise
            .draw(count, free.len())
            .into_iter()
            .filter_map(|at| free.get(at).cloned())
            .collect();
        drawn.extend(taken.into_iter().take(count - drawn.len().min(count)));
        self.taken.extend(drawn.iter().cloned());
        drawn
    }
}

/// Whether a link works for days yet.
fn works(link: &Link) -> bool {
    link.expires.is_none_or(|hours| hours > 24)
}

/// An address from which nobody of the service works.
pub fn foreign_address(noise: Noise) -> String {
    match noise.below(0, 5) {
        0 => format!(
            "2001:db8:{:x}:{:x}::{:x}",
            noise.between(1, 0x800, 0xfff),
            noise.between(2, 1, 0xff),
            noise.between(3, 2, 0xff)
        ),
        1 | 2 => format!("198.51.100.{}", noise.between(1, 4, 250)),
        _ => format!("203.0.113.{}", noise.between(1, 4, 250)),
    }
}

/// The id of a request, as the service makes them.
pub fn request_id(noise: Noise) -> String {
    format!("req-{:08x}", noise.bits(21) as u32)
}

/// Names of a role: a cast has only roles that have somebody.
pub fn role<S: AsRef<str>>(cast: &mut Cast, role: &str, names: impl IntoIterator<Item = S>) {
    let names: Vec<String> = names
        .into_iter()
        .map(|name| name.as_ref().to_owned())
        .collect();
    if !names.is_empty() {
        cast.insert(role.to_owned(), names);
    }
}

/// Ids of actors.
pub fn ids(actors: &[Actor]) -> impl Iterator<Item = &str> {
    actors.iter().map(|actor| &*actor.id)
}

/// One of `items` for the event with this number: each once in a round, in an order that the story draws for each round, so that few events already show all of them.
pub fn round<T>(story: Noise, n: u64, number: u64, items: &[T]) -> Option<&T> {
    let count = items.len() as u64;
    let round = number.checked_div(count)?;
    let order = story.of(n).of(round).draw(items.len(), items.len());
    items.get(*order.get((number - round * count) as usize)?)
}

/// Every name that a pattern gives.
fn given(pattern: &Pattern) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |given: &Names| {
        if let Names::Given(given) = given {
            names.extend(given.iter().cloned());
        }
    };
    match pattern {
        Pattern::CrossOrgAttempts {
            actors, targets, ..
        }
        | Pattern::StaffReads {
            actors, targets, ..
        }
        | Pattern::TenantLeak {
            actors, targets, ..
        } => {
            add(actors);
            add(targets);
        }
        Pattern::CrossReads {
            operations,
            readers,
            targets,
            ..
        } => {
            add(operations);
            add(readers);
            add(targets);
        }
        Pattern::MagicLink {
            contact, targets, ..
        } => {
            add(targets);
            names.extend(contact.iter().cloned());
        }
        Pattern::SessionAbuse { user, .. } => names.extend(user.iter().cloned()),
        Pattern::WebhookFailure { tenant, .. } => names.extend(tenant.iter().cloned()),
        Pattern::ExportFailure { .. }
        | Pattern::SlowDatabase { .. }
        | Pattern::Deployment { .. }
        | Pattern::Errors { .. }
        | Pattern::Silence { .. } => {}
    }
    names
}

#[cfg(test)]
mod tests;
