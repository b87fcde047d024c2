//! `binary_all_and`, `binary_all_or`, `binary_all_xor`.

use std::sync::Arc;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, loops};
use crate::kql::column::Column;
use crate::kql::error::KqlError;
use crate::kql::types::Type;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "binary_all_and",
        aliases: &[],
        prefix: "",
        usage: "binary_all_and(number)",
        arity: (1, 1),
        bind: |binding| bind(binding, |left, right| left & right),
    },
    Aggregate {
        name: "binary_all_or",
        aliases: &[],
        prefix: "",
        usage: "binary_all_or(number)",
        arity: (1, 1),
        bind: |binding| bind(binding, |left, right| left | right),
    },
    Aggregate {
        name: "binary_all_xor",
        aliases: &[],
        prefix: "",
        usage: "binary_all_xor(number)",
        arity: (1, 1),
        bind: |binding| bind(binding, |left, right| left ^ right),
    },
];

fn bind(
    binding: &AggregateBinding<'_>,
    join: fn(i64, i64) -> i64,
) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    if !matches!(value.ty, Type::Int | Type::Long) {
        return Err(binding.mismatch(&value, "an int or a long"));
    }
    let name = match binding.arg_name(0) {
        "" => format!("{}_", binding.name),
        name => name.to_owned(),
    };
    Ok(BoundAggregate {
        columns: vec![(name, Type::Long)],
        args: vec![value],
        make: Box::new(move || {
            Box::new(Bits {
                join,
                bits: Vec::new(),
            })
        }),
    })
}

struct Bits {
    join: fn(i64, i64) -> i64,
    bits: Vec<Option<i64>>,
}

impl Accumulator for Bits {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.bits, count);
        for column in args {
            loops::each_long(groups, column, |group, value| {
                if let Some(bits) = self.bits.get_mut(group) {
                    *bits = Some(bits.map_or(value, |bits| (self.join)(bits, value)));
                }
            });
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.bits, count);
        vec![Column::Long(self.bits.iter().copied().collect())]
    }

    fn bytes(&self) -> usize {
        self.bits.len() * 16
    }
}
