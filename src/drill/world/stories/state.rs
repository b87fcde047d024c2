//! Patterns that are a state of the service: `errors` and `silence`. What they say holds while they go on.

use super::Play;
use super::cast::{Cast, role};
use crate::drill::world::emit::Emit;

/// A share of requests fails.
#[derive(Debug)]
pub struct Errors {
    share: f64,
    cast: Cast,
}

impl Errors {
    /// So many of the background's requests.
    pub fn new(share: f64) -> Self {
        Self {
            share,
            cast: Cast::new(),
        }
    }
}

impl Play for Errors {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn tick(&mut self, emit: &mut Emit<'_>) {
        let conditions = emit.conditions();
        conditions.error_share = (conditions.error_share + self.share).min(1.0);
    }
}

/// A source takes nothing in.
#[derive(Debug)]
pub struct Silence {
    source: String,
    cast: Cast,
}

impl Silence {
    /// `telemetry`, `metrics`, or a table.
    pub fn new(source: &str) -> Self {
        let mut cast = Cast::new();
        role(&mut cast, "source", [source]);
        Self {
            source: source.to_owned(),
            cast,
        }
    }
}

impl Play for Silence {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn tick(&mut self, emit: &mut Emit<'_>) {
        emit.conditions().silenced.push(self.source.clone());
    }
}
