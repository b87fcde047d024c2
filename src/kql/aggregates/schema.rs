//! `buildschema`: what a group's dynamic values are made of.

use std::sync::Arc;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, loops};
use crate::kql::column::Column;
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[Aggregate {
    name: "buildschema",
    aliases: &[],
    prefix: "schema",
    usage: "buildschema(value)",
    arity: (1, 1),
    bind: build,
}];

fn build(binding: &AggregateBinding<'_>) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    if value.ty != Type::Dynamic {
        return Err(binding.mismatch(&value, "a dynamic value"));
    }
    Ok(binding.bound(Type::Dynamic, vec![value], || {
        Box::new(Schemas {
            groups: Vec::new(),
            bytes: 0,
        })
    }))
}

struct Schemas {
    groups: Vec<Shape>,
    bytes: usize,
}

impl Accumulator for Schemas {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.groups, count);
        let Some(Column::Dynamic(values)) = args.first().map(|column| &**column) else {
            return;
        };
        for (group, value) in groups.iter().zip(values) {
            if let Some(shape) = self.groups.get_mut(*group as usize) {
                self.bytes += shape.add(value);
            }
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.groups, count);
        let shapes = std::mem::take(&mut self.groups);
        vec![Column::Dynamic(shapes.iter().map(Shape::print).collect())]
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What the values at one place are, each kind once and in the order they came.
#[derive(Clone, Default)]
struct Shape {
    kinds: Vec<Kind>,
}

#[derive(Clone)]
enum Kind {
    /// A type by its name.
    Scalar(&'static str),
    /// An object, with what it holds at each key.
    Bag(Vec<(Arc<str>, Shape)>),
    /// A list, with what its items are.
    Array(Shape),
}

impl Shape {
    /// Takes a value in, and says how many bytes that took.
    fn add(&mut self, value: &Dynamic) -> usize {
        let name = match value {
            Dynamic::Null => return 0,
            Dynamic::Bool(_) => "bool",
            Dynamic::Long(_) => "long",
            Dynamic::Real(_) => "double",
            Dynamic::String(_) => "string",
            Dynamic::DateTime(_) => "datetime",
            Dynamic::Timespan(_) => "timespan",
            Dynamic::Guid(_) => "guid",
            Dynamic::Array(items) => {
                let list = |kind: &Kind| matches!(kind, Kind::Array(_));
                let (kind, added) = self.kind(list, || Kind::Array(Self::default()));
                let Some(Kind::Array(shape)) = kind else {
                    return added;
                };
                return added + items.iter().map(|item| shape.add(item)).sum::<usize>();
            }
            Dynamic::Bag(entries) => {
                let bag = |kind: &Kind| matches!(kind, Kind::Bag(_));
                let (kind, mut added) = self.kind(bag, || Kind::Bag(Vec::new()));
                let Some(Kind::Bag(known)) = kind else {
                    return added;
                };
                for (key, value) in entries.iter() {
                    let at = known.iter().position(|(name, _)| name == key);
                    let at = at.unwrap_or_else(|| {
                        known.push((Arc::clone(key), Self::default()));
                        added += key.len() + size_of::<(Arc<str>, Self)>();
                        known.len() - 1
                    });
                    if let Some((_, shape)) = known.get_mut(at) {
                        added += shape.add(value);
                    }
                }
                return added;
            }
        };
        let same = |kind: &Kind| matches!(kind, Kind::Scalar(known) if *known == name);
        self.kind(same, || Kind::Scalar(name)).1
    }

    /// The kind that `is` so, put in where there is none yet, and how many bytes that took.
    fn kind(
        &mut self,
        is: impl Fn(&Kind) -> bool,
        make: impl FnOnce() -> Kind,
    ) -> (Option<&mut Kind>, usize) {
        let known = self.kinds.iter().position(is);
        let at = known.unwrap_or_else(|| {
            self.kinds.push(make());
            self.kinds.len() - 1
        });
        let added = if known.is_some() {
            0
        } else {
            size_of::<Kind>()
        };
        (self.kinds.get_mut(at), added)
    }

    fn print(&self) -> Dynamic {
        let mut kinds: Vec<Dynamic> = self.kinds.iter().map(Kind::print).collect();
        match kinds.len() {
            0 => Dynamic::Null,
            1 => kinds.swap_remove(0),
            _ => Dynamic::array(kinds),
        }
    }
}

impl Kind {
    fn print(&self) -> Dynamic {
        match self {
            Self::Scalar(name) => Dynamic::String((*name).into()),
            Self::Bag(entries) => Dynamic::bag(
                entries
                    .iter()
                    .map(|(key, shape)| (Arc::clone(key), shape.print()))
                    .collect(),
            ),
            Self::Array(shape) => Dynamic::bag(vec![("`indexer`".into(), shape.print())]),
        }
    }
}
