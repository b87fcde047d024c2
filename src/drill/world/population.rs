//! Who and what there is in the simulated service: a function of the seed and of how large the service is. Nothing here changes while a drill runs.
//!
//! The service keeps the cases, orders and documents of organisations. Organisations are tenants and clients too: one population under three names, with
//! the same ids. Addresses are of the ranges that documentation may use, mail is below `.example`.

use std::sync::Arc;

use uuid::Uuid;

use super::noise::{Generator, Noise};
use crate::drill::scenario::Service;

mod make;
mod words;

/// The operator's own staff user: never drawn by a story.
pub const OPERATOR: &str = "operator";

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// `org-harbour`: also its tenant and its client.
    pub id: Arc<str>,
    /// `Harbour Legal`.
    pub name: String,
    /// `harbour.example`.
    pub domain: String,
    /// `live` or `test`: the mode most of its traffic is in.
    pub mode: &'static str,
}

/// A user of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `u-1042`.
    pub id: Arc<str>,
    /// The organisation, by its place in [`Population::organisations`].
    pub organisation: usize,
    /// `grace.holm@harbour.example`.
    pub email: String,
    /// `admin`, `member` or `viewer`.
    pub role: &'static str,
    /// Where from.
    pub ip: Arc<str>,
    /// With what.
    pub agent: Arc<str>,
    /// Days before the page that the account was made.
    pub days: u32,
}

/// Somebody who works for the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// `st-tmercer`; the operator's is [`OPERATOR`].
    pub id: Arc<str>,
    /// `Tessa Mercer`.
    pub name: String,
    /// Where from.
    pub ip: Arc<str>,
    /// With what.
    pub agent: Arc<str>,
    /// The organisations it looks after, by their places.
    pub clients: Vec<usize>,
}

/// A session of a staff user, as it is at the beginning of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// The staff user, by its place in [`Population::staff`].
    pub staff: usize,
    /// Minutes before the beginning of history that it began.
    pub minutes: u32,
    /// Why it was revoked, and how many minutes after its beginning; none for an active one.
    pub revoked: Option<(&'static str, u32)>,
    /// Where from.
    pub ip: Arc<str>,
    /// With what.
    pub agent: Arc<str>,
}

/// An API token of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: Uuid,
    /// The organisation, by its place.
    pub organisation: usize,
    /// `live` or `test`.
    pub mode: &'static str,
    /// Days before the page that it was issued.
    pub days: u32,
    /// Where it is used from.
    pub ip: Arc<str>,
}

impl Token {
    /// When it was issued, in microseconds since 1970, where the page comes at `page`.
    pub fn issued(&self, page: i64) -> i64 {
        page - i64::from(self.days) * 86_400_000_000
    }
}

/// Somebody at a client who is sent magic links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// `c-501`.
    pub id: Arc<str>,
    /// The client, by its place in [`Population::organisations`].
    pub organisation: usize,
    /// Where from.
    pub ip: Arc<str>,
}

/// A magic link of a contact (`cycle_requests`), as it is at the beginning of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: Uuid,
    /// The contact, by its place.
    pub contact: usize,
    /// Hours before the page that it was made.
    pub hours: u32,
    /// Hours after the page that it ends; negative for one that ended; none for one without an end.
    pub expires: Option<i32>,
}

/// Where a tenant wants to be told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `we-harbour-1`.
    pub id: Arc<str>,
    /// The tenant, by its place.
    pub organisation: usize,
    /// `https://hooks.harbour.example/quarterly`.
    pub url: String,
    /// Disabled by its owner long ago.
    pub enabled: bool,
}

/// An operation of the API that reads something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// `orders.read`.
    pub id: &'static str,
    /// `order`.
    pub resource: &'static str,
    /// The scope it asks for.
    pub scope: &'static str,
    /// Its route.
    pub route: &'static str,
    /// How often it is used, against the others.
    pub weight: u32,
}

/// A machine that the service runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// `commerce-0`.
    pub name: &'static str,
    /// Its address.
    pub address: &'static str,
}

/// The operations there are.
pub const OPERATIONS: &[Operation] = &[
    operation("orders.read", "order", "orders:read", "/orders/:id", 22),
    operation("orders.list", "order", "orders:read", "/orders", 18),
    operation(
        "invoices.read",
        "invoice",
        "invoices:read",
        "/invoices/:id",
        12,
    ),
    operation("invoices.list", "invoice", "invoices:read", "/invoices", 8),
    operation(
        "shipments.read",
        "shipment",
        "shipments:read",
        "/shipments/:id",
        10,
    ),
    operation(
        "documents.get",
        "document",
        "documents:read",
        "/documents/:id",
        9,
    ),
    operation("matters.get", "matter", "matters:read", "/matters/:id", 8),
    operation("matters.list", "matter", "matters:read", "/matters", 6),
    operation("contacts.list", "contact", "contacts:read", "/contacts", 4),
    operation(
        "reports.export",
        "report",
        "reports:read",
        "/reports/export",
        3,
    ),
];

const fn operation(
    id: &'static str,
    resource: &'static str,
    scope: &'static str,
    route: &'static str,
    weight: u32,
) -> Operation {
    Operation {
        id,
        resource,
        scope,
        route,
        weight,
    }
}

/// The state machines, and the transitions of each.
pub const MACHINES: &[(&str, &[&str])] = &[
    (
        "order",
        &["paid", "packed", "shipped", "delivered", "cancelled"],
    ),
    ("invoice", &["issued", "sent", "paid", "voided"]),
    ("shipment", &["booked", "collected", "delivered"]),
    ("refund", &["requested", "approved", "paid"]),
];

/// The instances of the commerce service.
pub const INSTANCES: &[Host] = &[
    Host {
        name: "commerce-0",
        address: "192.0.2.20",
    },
    Host {
        name: "commerce-1",
        address: "192.0.2.21",
    },
];

/// Feature flags and whether they are on at the page.
pub const FLAGS: &[(&str, bool)] = &[
    ("bulk-export", true),
    ("case-timeline-v2", true),
    ("document-preview", true),
    ("invoice-reminders", true),
    ("magic-links", true),
    ("partner-api", true),
    ("shared-dashboards", false),
    ("webhook-retries", true),
];

/// Everybody and everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// Customers.
    pub organisations: Vec<Organisation>,
    /// Users of the organisations, those of the first organisation first.
    pub users: Vec<User>,
    /// Staff; the operator is the first.
    pub staff: Vec<Staff>,
    /// Sessions of staff: active ones and revoked ones.
    pub sessions: Vec<Session>,
    /// API tokens, those of the first organisation first.
    pub tokens: Vec<Token>,
    /// Contacts of clients.
    pub contacts: Vec<Contact>,
    /// Magic links.
    pub links: Vec<Link>,
    /// Webhook endpoints.
    pub endpoints: Vec<Endpoint>,
}

const MAKE: Generator = Generator::named("population");

impl Population {
    /// Who there is, by the seed.
    pub fn new(service: &Service, seed: u64) -> Self {
        make::make(service, Noise::new(seed, MAKE, 0))
    }

    /// The organisation at a place of the list.
    pub fn organisation(&self, at: usize) -> Option<&Organisation> {
        self.organisations.get(at)
    }

    /// The organisation with this id.
    pub fn organisation_named(&self, id: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|one| &*one.id == id)
    }

    /// The staff user with this id.
    pub fn staff_named(&self, id: &str) -> Option<&Staff> {
        self.staff.iter().find(|one| &*one.id == id)
    }

    /// The user with this id.
    pub fn user_named(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|one| &*one.id == id)
    }

    /// The contact with this id.
    pub fn contact_named(&self, id: &str) -> Option<&Contact> {
        self.contacts.iter().find(|one| &*one.id == id)
    }

    /// The users of an organisation, by its place.
    pub fn users_of(&self, organisation: usize) -> impl Iterator<Item = &User> {
        range(&self.users, organisation, |user| user.organisation).iter()
    }

    /// The tokens of an organisation, by its place.
    pub fn tokens_of(&self, organisation: usize) -> impl Iterator<Item = &Token> {
        range(&self.tokens, organisation, |token| token.organisation).iter()
    }

    /// The operation with this id.
    pub fn operation_named(id: &str) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|one| one.id == id)
    }
}

/// The items of an organisation, in a list that is in the order of organisations.
fn range<T>(items: &[T], organisation: usize, of: impl Fn(&T) -> usize) -> &[T] {
    let from = items.partition_point(|item| of(item) < organisation);
    let until = items.partition_point(|item| of(item) <= organisation);
    items.get(from..until).unwrap_or_default()
}
