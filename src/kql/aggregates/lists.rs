//! `make_list`, `make_set`, `make_bag`: the values of a group in one dynamic value.
//!
//! Lists among the values are taken apart: the list of [1, 2] and 3 is [1, 2, 3]. Nulls are left out, but a null of a dynamic column is JSON's null
//! and stays.

use std::sync::Arc;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, filtered, loops};
use crate::kql::column::{Column, Strings};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::grouping::{Codes, Pairs};
use crate::kql::types::Type;
use crate::kql::value::convert::to_dynamic;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "make_list",
        aliases: &["makelist"],
        prefix: "list",
        usage: "make_list(value, most)",
        arity: (1, 2),
        bind: |binding| list(binding, false),
    },
    Aggregate {
        name: "make_list_if",
        aliases: &[],
        prefix: "list",
        usage: "make_list_if(value, predicate, most)",
        arity: (2, 3),
        bind: |binding| filtered::bind(binding, 1, |binding| list(binding, false)),
    },
    Aggregate {
        name: "make_list_with_nulls",
        aliases: &[],
        prefix: "list",
        usage: "make_list_with_nulls(value)",
        arity: (1, 1),
        bind: |binding| list(binding, true),
    },
    Aggregate {
        name: "make_set",
        aliases: &["makeset"],
        prefix: "set",
        usage: "make_set(value, most)",
        arity: (1, 2),
        bind: set,
    },
    Aggregate {
        name: "make_set_if",
        aliases: &[],
        prefix: "set",
        usage: "make_set_if(value, predicate, most)",
        arity: (2, 3),
        bind: |binding| filtered::bind(binding, 1, set),
    },
    Aggregate {
        name: "make_bag",
        aliases: &[],
        prefix: "bag",
        usage: "make_bag(object, most)",
        arity: (1, 2),
        bind: bag,
    },
    Aggregate {
        name: "make_bag_if",
        aliases: &[],
        prefix: "bag",
        usage: "make_bag_if(object, predicate, most)",
        arity: (2, 3),
        bind: |binding| filtered::bind(binding, 1, bag),
    },
];

/// What Kusto holds a list or a set to where the query does not say.
const MOST: usize = 1_048_576;

fn list(binding: &AggregateBinding<'_>, nulls: bool) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    let most = binding.limit(1)?.unwrap_or(MOST);
    Ok(binding.bound(Type::Dynamic, vec![value], move || {
        Box::new(List {
            nulls,
            lists: Lists::new(most),
        })
    }))
}

fn set(binding: &AggregateBinding<'_>) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    let most = binding.limit(1)?.unwrap_or(MOST);
    let ty = value.ty;
    Ok(binding.bound(Type::Dynamic, vec![value], move || {
        Box::new(Set {
            values: Codes::new(ty),
            pairs: Pairs::default(),
            lists: Lists::new(most),
        })
    }))
}

fn bag(binding: &AggregateBinding<'_>) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    if value.ty != Type::Dynamic {
        return Err(binding.mismatch(&value, "a dynamic object"));
    }
    let most = binding.limit(1)?.unwrap_or(MOST);
    Ok(binding.bound(Type::Dynamic, vec![value], move || {
        Box::new(Bag {
            most,
            keys: Codes::new(Type::String),
            pairs: Pairs::default(),
            bags: Vec::new(),
            bytes: 0,
        })
    }))
}

/// Lists that grow, one a group.
struct Lists {
    most: usize,
    items: Vec<Vec<Dynamic>>,
    bytes: usize,
}

impl Lists {
    fn new(most: usize) -> Self {
        Self {
            most,
            items: Vec::new(),
            bytes: 0,
        }
    }

    fn push(&mut self, group: u32, item: Dynamic) {
        if let Some(items) = self.items.get_mut(group as usize)
            && items.len() < self.most
        {
            self.bytes += item.bytes();
            items.push(item);
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.items, count);
        let lists = std::mem::take(&mut self.items);
        vec![Column::Dynamic(
            lists.into_iter().map(Dynamic::array).collect(),
        )]
    }
}

struct List {
    nulls: bool,
    lists: Lists,
}

impl Accumulator for List {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.lists.items, count);
        let Some(column) = args.first() else {
            return;
        };
        for (row, group) in groups.iter().enumerate() {
            match &**column {
                Column::Dynamic(values) => match values.get(row) {
                    Some(Dynamic::Array(items)) => {
                        for item in items.iter() {
                            self.lists.push(*group, item.clone());
                        }
                    }
                    Some(item) => self.lists.push(*group, item.clone()),
                    None => {}
                },
                column if self.nulls || !column.is_null(row) => {
                    self.lists.push(*group, to_dynamic(&column.value(row)));
                }
                _ => {}
            }
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.lists.finish(count)
    }

    fn bytes(&self) -> usize {
        self.lists.bytes
    }
}

struct Set {
    values: Codes,
    pairs: Pairs,
    lists: Lists,
}

impl Set {
    fn add(&mut self, groups: &[u32], column: &Column) {
        let mut codes = Vec::new();
        self.values.assign(column, &mut codes);
        let mut next = self.pairs.len() as u32;
        let mut pairs = groups.to_vec();
        self.pairs.assign(&mut pairs, &codes);
        let nulls = column.ty() == Type::Dynamic;
        for (row, (pair, group)) in pairs.iter().zip(groups).enumerate() {
            if *pair == next {
                next += 1;
                if nulls || !column.is_null(row) {
                    self.lists.push(*group, to_dynamic(&column.value(row)));
                }
            }
        }
    }
}

impl Accumulator for Set {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.lists.items, count);
        let Some(column) = args.first() else {
            return;
        };
        match &**column {
            Column::Dynamic(values)
                if values
                    .iter()
                    .any(|value| matches!(value, Dynamic::Array(_))) =>
            {
                let mut of_items = Vec::new();
                let mut items = Vec::new();
                for (group, value) in groups.iter().zip(values) {
                    let apart = value.items().unwrap_or(std::slice::from_ref(value));
                    of_items.extend(apart.iter().map(|_| *group));
                    items.extend_from_slice(apart);
                }
                self.add(&of_items, &Column::Dynamic(items));
            }
            column => self.add(groups, column),
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.lists.finish(count)
    }

    fn bytes(&self) -> usize {
        self.values.bytes() + self.pairs.bytes() + self.lists.bytes
    }
}

/// Objects as one: the first value of a key stays.
struct Bag {
    most: usize,
    keys: Codes,
    pairs: Pairs,
    bags: Vec<Vec<(Arc<str>, Dynamic)>>,
    bytes: usize,
}

impl Accumulator for Bag {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.bags, count);
        let Some(Column::Dynamic(values)) = args.first().map(|column| &**column) else {
            return;
        };
        let entries: Vec<(u32, &(Arc<str>, Dynamic))> = groups
            .iter()
            .zip(values)
            .flat_map(|(group, value)| {
                let entries = value.entries().unwrap_or_default();
                entries.iter().map(|entry| (*group, entry))
            })
            .collect();
        let keys = Strings::from_texts(entries.iter().map(|(_, (key, _))| key));
        let mut codes = Vec::new();
        self.keys.assign(&Column::String(keys), &mut codes);
        let mut next = self.pairs.len() as u32;
        let mut pairs: Vec<u32> = entries.iter().map(|(group, _)| *group).collect();
        self.pairs.assign(&mut pairs, &codes);
        for (pair, (group, (key, value))) in pairs.iter().zip(entries) {
            if *pair == next {
                next += 1;
                if let Some(bag) = self.bags.get_mut(group as usize)
                    && bag.len() < self.most
                {
                    self.bytes += key.len() + 16 + value.bytes();
                    bag.push((Arc::clone(key), value.clone()));
                }
            }
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.bags, count);
        let bags = std::mem::take(&mut self.bags);
        vec![Column::Dynamic(
            bags.into_iter().map(Dynamic::bag).collect(),
        )]
    }

    fn bytes(&self) -> usize {
        self.keys.bytes() + self.pairs.bytes() + self.bytes
    }
}
