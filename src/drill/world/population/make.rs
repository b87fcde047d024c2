//! Draws the population.

use std::sync::Arc;

use super::words::{AGENTS, FIRSTS, HOUSES, LASTS, TRADES};
use super::{
    Contact, Endpoint, Link, OPERATOR, Organisation, Population, Session, Staff, Token, User,
};
use crate::drill::scenario::Service;
use crate::drill::world::noise::Noise;

/// More than this of anything is not made.
const MOST: u32 = 2_000;

pub(super) fn make(service: &Service, noise: Noise) -> Population {
    let organisations = organisations(service.organisations.clamp(2, MOST), noise.of(1));
    let count = organisations.len();
    let users = users(count, service.users.min(MOST), &organisations, noise.of(2));
    let staff = staff(service.staff.clamp(2, MOST), count, noise.of(3));
    let sessions = sessions(&staff, noise.of(4));
    let tokens = tokens(&organisations, noise.of(5));
    let contacts = contacts(count, noise.of(6));
    let links = links(contacts.len(), noise.of(7));
    let endpoints = endpoints(&organisations, noise.of(8));
    Population {
        organisations,
        users,
        staff,
        sessions,
        tokens,
        contacts,
        links,
        endpoints,
    }
}

/// The item at `at`, from the beginning again after the last.
fn around(words: &'static [&'static str], at: usize) -> &'static str {
    words
        .get(at.checked_rem(words.len()).unwrap_or(0))
        .copied()
        .unwrap_or("")
}

/// An address of the ranges for documentation: most of 198.51.100.0/24 and 203.0.113.0/24, some of 2001:db8::/32.
fn address(noise: Noise, n: u64) -> Arc<str> {
    let host = noise.between(n, 4, 250);
    match noise.of(n).below(0, 10) {
        0..=4 => format!("198.51.100.{host}"),
        5..=8 => format!("203.0.113.{host}"),
        _ => format!(
            "2001:db8:{:x}::{host:x}",
            noise.of(n).between(1, 0x10, 0x7ff)
        ),
    }
    .into()
}

fn agents() -> Vec<Arc<str>> {
    AGENTS.iter().map(|agent| Arc::from(*agent)).collect()
}

/// An agent; the first ones oftener.
fn agent(agents: &[Arc<str>], noise: Noise, n: u64) -> Arc<str> {
    let share = noise.share(n);
    agents
        .get((share * share * agents.len() as f64) as usize)
        .map_or_else(|| Arc::from(""), Arc::clone)
}

fn organisations(count: u32, noise: Noise) -> Vec<Organisation> {
    let order = noise.draw(HOUSES.len(), HOUSES.len());
    (0..count as usize)
        .map(|at| {
            let house = around(
                HOUSES,
                order.get(at % HOUSES.len().max(1)).copied().unwrap_or(0),
            );
            let trade = around(TRADES, noise.below(at as u64 + 1_000, 1_000) as usize);
            let round = at / HOUSES.len().max(1);
            let slug = match round {
                0 => house.to_lowercase(),
                more => format!("{}-{}", house.to_lowercase(), more + 1),
            };
            Organisation {
                id: format!("org-{slug}").into(),
                name: format!("{house} {trade}"),
                domain: format!("{slug}.example"),
                mode: if at % 6 == 5 { "test" } else { "live" },
            }
        })
        .collect()
}

fn users(count: usize, each: u32, organisations: &[Organisation], noise: Noise) -> Vec<User> {
    let agents = agents();
    let mut users = Vec::new();
    for at in 0..count {
        let here = noise.of(at as u64);
        // An office has one or two addresses.
        let office = [address(here, 1), address(here, 2)];
        let domain = organisations.get(at).map_or("", |one| one.domain.as_str());
        let half = each.div_ceil(2).max(1);
        let many = half + here.below(3, u64::from(each.max(1))) as u32;
        for n in 0..many {
            let one = here.of(u64::from(n) + 10);
            let first = around(FIRSTS, one.below(0, 1_000) as usize);
            let family = around(LASTS, one.below(1, 1_000) as usize);
            users.push(User {
                id: format!("u-{}", 1_000 + users.len()).into(),
                organisation: at,
                email: format!(
                    "{}.{}@{domain}",
                    first.to_lowercase(),
                    family.to_lowercase()
                ),
                role: match n {
                    0 => "admin",
                    n if n % 4 == 3 => "viewer",
                    _ => "member",
                },
                ip: one
                    .pick(2, &office)
                    .map_or_else(|| Arc::from("198.51.100.4"), Arc::clone),
                agent: agent(&agents, one, 3),
                days: 20 + one.below(4, 700) as u32,
            });
        }
    }
    users
}

fn staff(count: u32, organisations: usize, noise: Noise) -> Vec<Staff> {
    let agents = agents();
    let names = noise.draw(count as usize, FIRSTS.len() * LASTS.len());
    let mut staff: Vec<Staff> = Vec::new();
    for (at, drawn) in (0..count as usize).zip(names.into_iter().chain(0..)) {
        let one = noise.of(at as u64 + 1);
        let first = around(FIRSTS, drawn);
        let last = around(LASTS, drawn / FIRSTS.len().max(1));
        let mut id = format!(
            "st-{}{}",
            first.chars().take(1).collect::<String>().to_lowercase(),
            last.to_lowercase()
        );
        if at == 0 {
            OPERATOR.clone_into(&mut id);
        }
        while staff.iter().any(|other| *other.id == *id) {
            id.push('2');
        }
        let mut clients = one.draw(2 + one.below(0, 3) as usize, organisations);
        clients.sort_unstable();
        staff.push(Staff {
            id: id.into(),
            name: format!("{first} {last}"),
            // The service's own offices.
            ip: format!("192.0.2.{}", 100 + one.below(1, 60)).into(),
            agent: agent(&agents, one, 2),
            clients,
        });
    }
    staff
}

fn sessions(staff: &[Staff], noise: Noise) -> Vec<Session> {
    let mut sessions = Vec::new();
    for (at, user) in staff.iter().enumerate() {
        let one = noise.of(at as u64);
        // The operator and most others are signed in: some twice, with a telephone.
        let active = match one.below(0, 10) {
            _ if at == 0 => 1,
            0 => 0,
            1..=6 => 1,
            7 | 8 => 2,
            _ => 3,
        };
        let ended = one.below(1, 4);
        for n in 0..active + ended {
            let this = one.of(n + 10);
            let ended = n >= active;
            let (minutes, revoked) = if ended {
                let why = match this.below(0, 4) {
                    0 => "password_changed",
                    1 => "expired",
                    _ => "signed_out",
                };
                (
                    this.between(1, 2_000, 40_000) as u32,
                    Some((why, this.between(2, 20, 1_400) as u32)),
                )
            } else {
                (this.between(1, 30, 7_000) as u32, None)
            };
            sessions.push(Session {
                id: this.uuid(3),
                staff: at,
                minutes,
                revoked,
                ip: if n == 0 || ended {
                    Arc::clone(&user.ip)
                } else {
                    address(this, 4)
                },
                agent: Arc::clone(&user.agent),
            });
        }
    }
    sessions
}

fn tokens(organisations: &[Organisation], noise: Noise) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (at, organisation) in organisations.iter().enumerate() {
        let here = noise.of(at as u64);
        for n in 0..2 + here.below(0, 2) {
            let one = here.of(n + 10);
            tokens.push(Token {
                id: one.uuid(0),
                organisation: at,
                // Each organisation has a token of the other mode too.
                mode: match (n, organisation.mode) {
                    (1, "live") => "test",
                    (1, _) => "live",
                    (_, mode) => mode,
                },
                days: 5 + one.below(1, 300) as u32,
                ip: address(one, 2),
            });
        }
    }
    tokens
}

fn contacts(organisations: usize, noise: Noise) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for at in 0..organisations {
        let here = noise.of(at as u64);
        for n in 0..2 + here.below(0, 2) {
            contacts.push(Contact {
                id: format!("c-{}", 501 + contacts.len()).into(),
                organisation: at,
                ip: address(here, n + 10),
            });
        }
    }
    contacts
}

fn links(contacts: usize, noise: Noise) -> Vec<Link> {
    let mut links = Vec::new();
    for at in 0..contacts {
        let here = noise.of(at as u64);
        // Three of four contacts hold a link that works; none of those ends by itself within two days of the page.
        if here.chance(0, 0.75) {
            links.push(Link {
                id: here.uuid(1),
                contact: at,
                hours: here.between(2, 30, 160) as u32,
                expires: if here.chance(3, 0.15) {
                    None
                } else {
                    Some(here.between(4, 48, 200) as i32)
                },
            });
        }
        for n in 0..here.below(5, 3) {
            let one = here.of(n + 10);
            let expired = one.between(0, 30, 600);
            links.push(Link {
                id: one.uuid(1),
                contact: at,
                hours: (expired + 168) as u32,
                expires: Some(-(expired as i32)),
            });
        }
    }
    links
}

fn endpoints(organisations: &[Organisation], noise: Noise) -> Vec<Endpoint> {
    const PATHS: &[&str] = &["events", "inbound", "hooks/cases", "integrations/webhook"];
    let mut endpoints = Vec::new();
    for (at, organisation) in organisations.iter().enumerate() {
        let here = noise.of(at as u64);
        let slug = organisation.id.trim_start_matches("org-");
        for n in 0..=here.below(0, 2) {
            let one = here.of(n + 10);
            endpoints.push(Endpoint {
                id: format!("we-{slug}-{}", n + 1).into(),
                organisation: at,
                url: format!(
                    "https://hooks.{}/{}",
                    organisation.domain,
                    one.pick(0, PATHS).copied().unwrap_or("events")
                ),
                enabled: n == 0 || one.chance(1, 0.7),
            });
        }
    }
    endpoints
}
