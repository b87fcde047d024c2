//! `top-nested`: the top values of a key, within each of them the top values of the next key, and so on.

use std::sync::Arc;

use crate::kql::binder::{Binder, Row};
use crate::kql::column::{Column, ColumnBuilder, NO_ROW, Values};
use crate::kql::error::{KqlError, Span};
use crate::kql::grouping::{Codes, Pairs};
use crate::kql::kernels::cast;
use crate::kql::ordering::{Direction, Order};
use crate::kql::relation::{Batch, Operator, Relation, Run, drain};
use crate::kql::syntax::{self, Name, Named, TopNestedLevel};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;

use super::aggregation::{Aggregation, Keys, columns};
use super::take;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    levels: &[TopNestedLevel],
) -> Result<Relation, KqlError> {
    let row = Row::of(&input);
    let mut schema = Schema::default();
    let mut bound = Vec::with_capacity(levels.len());
    for level in levels {
        let level = Level::bind(binder, row, span, level)?;
        let fields = level.keys.schema.fields.iter();
        for field in fields.chain(&level.aggregation.schema.fields) {
            let name = schema.free_name(&field.name);
            schema.fields.push(Field::new(name, field.ty));
        }
        bound.push(level);
    }
    // Where a later level has others, what an earlier level leaves out belongs to them.
    let mut later = false;
    for level in bound.iter_mut().rev() {
        level.others_later = later;
        later |= level.others.is_some();
    }
    Ok(Relation::new(
        schema.clone(),
        Box::new(TopNested {
            input: Some(input.rows),
            input_schema: input.schema,
            levels: bound,
            schema,
        }),
    ))
}

struct Level {
    most: usize,
    keys: Keys,
    aggregation: Aggregation,
    descending: bool,
    /// What the key of all others is called, where they are asked for.
    others: Option<Value>,
    others_later: bool,
}

impl Level {
    fn bind(
        binder: &mut Binder<'_>,
        row: Row<'_>,
        span: Span,
        level: &TopNestedLevel,
    ) -> Result<Self, KqlError> {
        let most = match &level.count {
            Some(count) => take::row_count(binder, count)?,
            None => usize::MAX,
        };
        let keys = Keys::bind(binder, row, std::slice::from_ref(&level.of))?;
        let key = keys.schema.fields.first();
        let mut by: Named = level.by.clone();
        if by.names.is_empty() {
            let key = key.map_or("", |field| &*field.name);
            by.names.push(Name {
                text: format!("aggregated_{key}"),
                span,
            });
        }
        let aggregation = Aggregation::bind(binder, row, &keys, &[by])?;
        if aggregation.schema.fields.len() != 1 {
            return Err(KqlError::semantic(
                level.by.value.span,
                "expected an aggregate that gives one value",
            ));
        }
        let others = level.others.as_ref();
        let others = others
            .map(|others: &syntax::Expr| binder.constant(others))
            .transpose()?
            .map(|(_, value)| match key {
                Some(key) => cast::one(&value, key.ty),
                None => value,
            });
        Ok(Self {
            most,
            keys,
            aggregation,
            descending: level.descending.unwrap_or(true),
            others,
            others_later: false,
        })
    }

    /// What the aggregate gives for the rows of `batch` by group.
    fn aggregate(
        &self,
        batch: &Batch,
        groups: &[u32],
        count: usize,
        run: &Run<'_>,
    ) -> Result<Arc<Column>, KqlError> {
        let mut kept = self.aggregation.start();
        self.aggregation
            .update(&mut kept, batch, groups, count, run)?;
        let keys: Vec<Arc<Column>> = self
            .keys
            .schema
            .fields
            .iter()
            .map(|field| Arc::new(Column::concat(field.ty, &[]).gather(&vec![NO_ROW; count])))
            .collect();
        let results = self.aggregation.finish(&mut kept, count, &keys);
        Ok(results
            .into_iter()
            .next()
            .unwrap_or_else(|| Arc::new(Column::Long(Values::full(vec![0; count])))))
    }
}

/// One value of a level.
struct Node {
    /// The node of the level before.
    parent: usize,
    /// Whether it stands for the values that are not among the top.
    others: bool,
    key: Value,
    aggregate: Value,
}

struct TopNested {
    input: Option<Box<dyn Operator>>,
    input_schema: Schema,
    levels: Vec<Level>,
    schema: Schema,
}

/// The values found so far and where each row stands.
struct Tree {
    /// The nodes of each level, in the order of the result.
    levels: Vec<Vec<Node>>,
    rows: Batch,
    /// The node of the last level that each row belongs to.
    nodes: Vec<u32>,
}

/// The values of a level below the nodes of the level before, each one a group.
struct Found {
    /// The rows that have one of them, and the group of each.
    rows: Vec<u32>,
    groups: Vec<u32>,
    /// The node above each group, its value and what the aggregate gives.
    parents: Vec<u32>,
    keys: Column,
    aggregates: Arc<Column>,
}

/// The rows that are in none of the values that stay.
struct Rest {
    rows: Vec<u32>,
    /// The node of the level before that each belongs to.
    nodes: Vec<u32>,
    /// What the aggregate gives for those of each such node, where others are asked for.
    aggregates: Option<Arc<Column>>,
}

/// The nodes of a level, and where the groups and the rest of each node of the level before went.
struct Placed {
    nodes: Vec<Node>,
    of_group: Vec<u32>,
    of_rest: Vec<u32>,
}

impl Tree {
    /// Adds a level below the last one.
    fn grow(&mut self, level: &Level, run: &Run<'_>) -> Result<(), KqlError> {
        let root = [Node {
            parent: 0,
            others: false,
            key: Value::Null,
            aggregate: Value::Null,
        }];
        let parents: &[Node] = self.levels.last().map_or(&root, Vec::as_slice);
        let found = self.found(level, parents, run)?;
        let kept = best(&found, level, parents.len());
        let rest = self.rest(level, &found, &kept, run)?;
        let placed = place(level, parents, &found, &kept, &rest);

        // Rows that belong nowhere are let go.
        let mut nodes = vec![NO_ROW; self.nodes.len()];
        let of_groups = found.rows.iter().zip(&found.groups);
        let of_rest = rest.rows.iter().zip(&rest.nodes);
        let moves = of_groups
            .map(|(row, group)| (row, placed.of_group.get(*group as usize)))
            .chain(of_rest.map(|(row, node)| (row, placed.of_rest.get(*node as usize))));
        for (row, place) in moves {
            if let (Some(node), Some(place)) = (nodes.get_mut(*row as usize), place)
                && *place != NO_ROW
            {
                *node = *place;
            }
        }
        self.rows = self.rows.gather(&rows_where(&nodes, |node| node != NO_ROW));
        self.nodes = nodes.into_iter().filter(|node| *node != NO_ROW).collect();
        self.levels.push(placed.nodes);
        Ok(())
    }

    /// The values below each parent that does not itself stand for others.
    fn found(&self, level: &Level, parents: &[Node], run: &Run<'_>) -> Result<Found, KqlError> {
        let rows = rows_where(&self.nodes, |node| !of_others(parents, node));
        let batch = self.rows.gather(&rows);
        let mut groups: Vec<u32> = rows
            .iter()
            .filter_map(|row| self.nodes.get(*row as usize).copied())
            .collect();
        let ty = level.keys.types().first().copied().unwrap_or(Type::Long);
        let mut codes = Codes::new(ty);
        let mut of_rows = Vec::new();
        for column in columns(&level.keys.exprs, &batch) {
            codes.assign(&column, &mut of_rows);
        }
        let mut pairs = Pairs::default();
        pairs.assign(&mut groups, &of_rows);
        let aggregates = level.aggregate(&batch, &groups, pairs.len(), run)?;
        let (parents, keys): (Vec<u32>, Vec<u32>) = (0..pairs.len() as u32)
            .map(|group| pairs.parts(group))
            .unzip();
        Ok(Found {
            rows,
            groups,
            parents,
            keys: codes.decode(&keys),
            aggregates,
        })
    }

    fn rest(
        &self,
        level: &Level,
        found: &Found,
        kept: &[Vec<u32>],
        run: &Run<'_>,
    ) -> Result<Rest, KqlError> {
        let mut stays = vec![false; found.parents.len()];
        for group in kept.iter().flatten() {
            if let Some(stays) = stays.get_mut(*group as usize) {
                *stays = true;
            }
        }
        let mut left = self.nodes.clone();
        for (row, group) in found.rows.iter().zip(&found.groups) {
            if stays.get(*group as usize).copied().unwrap_or(false)
                && let Some(left) = left.get_mut(*row as usize)
            {
                *left = NO_ROW;
            }
        }
        let rows = rows_where(&left, |node| node != NO_ROW);
        let nodes: Vec<u32> = left.into_iter().filter(|node| *node != NO_ROW).collect();
        let aggregates = match &level.others {
            Some(_) => {
                let batch = self.rows.gather(&rows);
                Some(level.aggregate(&batch, &nodes, kept.len(), run)?)
            }
            None => None,
        };
        Ok(Rest {
            rows,
            nodes,
            aggregates,
        })
    }

    /// A row for each node of the last level, with the nodes above it.
    fn batch(&self, schema: &Schema) -> Batch {
        let rows = self.levels.last().map_or(0, Vec::len);
        let mut at: Vec<usize> = (0..rows).collect();
        let mut columns: Vec<Arc<Column>> = Vec::with_capacity(schema.fields.len());
        for (nodes, fields) in self.levels.iter().zip(schema.fields.chunks(2)).rev() {
            let of = |cell: fn(&Node) -> &Value, field: Option<&Field>| {
                let ty = field.map_or(Type::Dynamic, |field| field.ty);
                let mut builder = ColumnBuilder::new(ty, rows);
                for node in &at {
                    builder.push(
                        nodes
                            .get(*node)
                            .map_or(Value::Null, |node| cell(node).clone()),
                    );
                }
                Arc::new(builder.finish())
            };
            columns.push(of(|node| &node.aggregate, fields.get(1)));
            columns.push(of(|node| &node.key, fields.first()));
            at = at
                .iter()
                .map(|node| nodes.get(*node).map_or(0, |node| node.parent))
                .collect();
        }
        columns.reverse();
        Batch { columns, rows }
    }
}

/// The rows whose node is one that `pick` takes.
fn rows_where(nodes: &[u32], pick: impl Fn(u32) -> bool) -> Vec<u32> {
    (0_u32..)
        .zip(nodes)
        .filter(|(_, node)| pick(**node))
        .map(|(row, _)| row)
        .collect()
}

fn of_others(parents: &[Node], node: u32) -> bool {
    parents.get(node as usize).is_none_or(|node| node.others)
}

/// The groups that stay below each parent, the first in order first.
fn best(found: &Found, level: &Level, parents: usize) -> Vec<Vec<u32>> {
    let direction = Direction {
        descending: level.descending,
        nulls_first: false,
    };
    let mut kept = vec![Vec::new(); parents];
    for group in Order::new([(&*found.aggregates, direction)]).sorted() {
        let parent = found.parents.get(group as usize).copied();
        if let Some(kept) = kept.get_mut(parent.unwrap_or(NO_ROW) as usize)
            && kept.len() < level.most
        {
            kept.push(group);
        }
    }
    kept
}

/// The nodes of a level: for each parent the values that stay, and then the rest where it counts.
fn place(level: &Level, parents: &[Node], found: &Found, kept: &[Vec<u32>], rest: &Rest) -> Placed {
    let mut has_rest = vec![false; parents.len()];
    for node in &rest.nodes {
        if let Some(has_rest) = has_rest.get_mut(*node as usize) {
            *has_rest = true;
        }
    }
    let mut placed = Placed {
        nodes: Vec::new(),
        of_group: vec![NO_ROW; found.parents.len()],
        of_rest: vec![NO_ROW; parents.len()],
    };
    for (parent, (groups, has_rest)) in kept.iter().zip(has_rest).enumerate() {
        for group in groups {
            if let Some(node) = placed.of_group.get_mut(*group as usize) {
                *node = placed.nodes.len() as u32;
            }
            placed.nodes.push(Node {
                parent,
                others: false,
                key: found.keys.value(*group as usize),
                aggregate: found.aggregates.value(*group as usize),
            });
        }
        let counts =
            level.others.is_some() || level.others_later || of_others(parents, parent as u32);
        if has_rest && counts {
            if let Some(node) = placed.of_rest.get_mut(parent) {
                *node = placed.nodes.len() as u32;
            }
            let key = level.others.clone();
            let aggregate = rest.aggregates.as_ref();
            placed.nodes.push(Node {
                parent,
                others: true,
                key: key.unwrap_or_else(|| Value::missing(found.keys.ty())),
                aggregate: aggregate.map_or(Value::Null, |column| column.value(parent)),
            });
        }
    }
    placed
}

impl Operator for TopNested {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(mut input) = self.input.take() else {
            return Ok(None);
        };
        let batches = drain(input.as_mut(), run)?;
        let rows = Batch::concat(&self.input_schema, &batches);
        drop(batches);
        let mut tree = Tree {
            levels: Vec::new(),
            nodes: vec![0; rows.rows],
            rows,
        };
        for level in &self.levels {
            run.check()?;
            tree.grow(level, run)?;
        }
        let batch = tree.batch(&self.schema);
        Ok((batch.rows > 0).then_some(batch))
    }

    fn prune(&mut self, _: &[bool]) {
        let mut wanted = vec![false; self.input_schema.fields.len()];
        for level in &self.levels {
            for key in &level.keys.exprs {
                key.mark(&mut wanted);
            }
            level.aggregation.mark(&mut wanted);
        }
        if let Some(input) = &mut self.input {
            input.prune(&wanted);
        }
    }
}
