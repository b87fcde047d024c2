//! Aggregates that are known and not worked out here: their results are sketches that only Kusto itself can read, or depend on how it estimates.

use super::{Aggregate, AggregateBinding, BoundAggregate};
use crate::kql::error::KqlError;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    refused("hll", "hll(value, accuracy)"),
    refused("hll_if", "hll_if(value, predicate, accuracy)"),
    refused("hll_merge", "hll_merge(sketch)"),
    refused("tdigest", "tdigest(value, weight)"),
    refused("tdigest_merge", "tdigest_merge(sketch)"),
    refused("merge_tdigest", "merge_tdigest(sketch)"),
    refused("make_dictionary", "make_dictionary(value)"),
    refused("passthrough", "passthrough(value)"),
];

const fn refused(name: &'static str, usage: &'static str) -> Aggregate {
    Aggregate {
        name,
        aliases: &[],
        prefix: name,
        usage,
        arity: (0, usize::MAX),
        bind: refuse,
    }
}

fn refuse(binding: &AggregateBinding<'_>) -> Result<BoundAggregate, KqlError> {
    Err(KqlError::unsupported(
        binding.span,
        format!("the aggregate `{}` is not supported", binding.name),
    )
    .help("dcount() and percentile() work on the rows themselves"))
}
