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
use crate::kql::types::{Field, Schema};
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
        let of_others = |node: u32| parents.get(node as usize).is_none_or(|node| node.others);

        // The values below each parent that is not itself the others.
        let real: Vec<u32> = (0..self.nodes.len() as u32)
            .zip(&self.nodes)
            .filter(|(_, node)| !of_others(**node))
            .map(|(row, _)| row)
            .collect();
        let batch = self.rows.gather(&real);
        let mut groups: Vec<u32> = real
            .iter()
            .filter_map(|row| self.nodes.get(*row as usize).copied())
            .collect();
        let mut codes = Codes::new(
            level
                .keys
                .types()
                .first()
                .copied()
                .unwrap_or(crate::kql::Type::Long),
        );
        let mut of_rows = Vec::new();
        for column in columns(&level.keys.exprs, &batch) {
            codes.assign(&column, &mut of_rows);
        }
        let mut pairs = Pairs::default();
        pairs.assign(&mut groups, &of_rows);
        let aggregates = level.aggregate(&batch, &groups, pairs.len(), run)?;

        let (of_parents, keys): (Vec<u32>, Vec<u32>) = (0..pairs.len() as u32)
            .map(|group| pairs.parts(group))
            .unzip();
        let keys = codes.decode(&keys);
        let kept = best(&of_parents, &aggregates, level, parents.len());

        // The rows that are not in a kept value.
        let mut left: Vec<u32> = vec![NO_ROW; self.nodes.len()];
        let mut kept_group = vec![false; pairs.len()];
        for group in kept.iter().flatten() {
            if let Some(kept) = kept_group.get_mut(*group as usize) {
                *kept = true;
            }
        }
        let is_kept = |group: u32| kept_group.get(group as usize).copied().unwrap_or(false);
        left.copy_from_slice(&self.nodes);
        for (row, group) in real.iter().zip(&groups) {
            if is_kept(*group)
                && let Some(left) = left.get_mut(*row as usize)
            {
                *left = NO_ROW;
            }
        }
        let left_rows: Vec<u32> = (0..left.len() as u32)
            .zip(&left)
            .filter(|(_, node)| **node != NO_ROW)
            .map(|(row, _)| row)
            .collect();
        let left_nodes: Vec<u32> = left
            .iter()
            .copied()
            .filter(|node| *node != NO_ROW)
            .collect();
        let of_left = match &level.others {
            Some(_) => Some(level.aggregate(
                &self.rows.gather(&left_rows),
                &left_nodes,
                parents.len(),
                run,
            )?),
            None => None,
        };
        let mut has_left = vec![false; parents.len()];
        for node in &left_nodes {
            if let Some(has_left) = has_left.get_mut(*node as usize) {
                *has_left = true;
            }
        }

        // The new nodes: for each parent its top values and then its others.
        let mut nodes: Vec<Node> = Vec::new();
        let mut of_group = vec![NO_ROW; pairs.len()];
        let mut of_parent = vec![NO_ROW; parents.len()];
        let missing = level
            .keys
            .types()
            .first()
            .map_or(Value::Null, |ty| Value::missing(*ty));
        for (parent, ((groups, has_left), of_parent)) in
            kept.iter().zip(&has_left).zip(&mut of_parent).enumerate()
        {
            for group in groups {
                if let Some(node) = of_group.get_mut(*group as usize) {
                    *node = nodes.len() as u32;
                }
                nodes.push(Node {
                    parent,
                    others: false,
                    key: keys.value(*group as usize),
                    aggregate: aggregates.value(*group as usize),
                });
            }
            if *has_left
                && (level.others.is_some() || level.others_later || of_others(parent as u32))
            {
                *of_parent = nodes.len() as u32;
                nodes.push(Node {
                    parent,
                    others: true,
                    key: level.others.clone().unwrap_or_else(|| missing.clone()),
                    aggregate: of_left
                        .as_ref()
                        .map_or(Value::Null, |column| column.value(parent)),
                });
            }
        }

        // Every row's new node; rows that belong nowhere are let go.
        let mut placed = vec![NO_ROW; self.nodes.len()];
        for (row, group) in real.iter().zip(&groups) {
            if let (Some(placed), Some(node)) =
                (placed.get_mut(*row as usize), of_group.get(*group as usize))
            {
                *placed = *node;
            }
        }
        for (row, node) in left_rows.iter().zip(&left_nodes) {
            if let (Some(placed), Some(node)) =
                (placed.get_mut(*row as usize), of_parent.get(*node as usize))
            {
                *placed = *node;
            }
        }
        let stay: Vec<u32> = (0..placed.len() as u32)
            .zip(&placed)
            .filter(|(_, node)| **node != NO_ROW)
            .map(|(row, _)| row)
            .collect();
        self.rows = self.rows.gather(&stay);
        self.nodes = placed.into_iter().filter(|node| *node != NO_ROW).collect();
        self.levels.push(nodes);
        Ok(())
    }

    /// A row for each node of the last level, with the nodes above it.
    fn batch(&self, schema: &Schema) -> Batch {
        let rows = self.levels.last().map_or(0, Vec::len);
        let mut at: Vec<usize> = (0..rows).collect();
        let mut columns: Vec<Arc<Column>> = Vec::with_capacity(schema.fields.len());
        for (nodes, fields) in self.levels.iter().zip(schema.fields.chunks(2)).rev() {
            let of = |cell: fn(&Node) -> &Value, field: Option<&Field>| {
                let ty = field.map_or(crate::kql::Type::Dynamic, |field| field.ty);
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

/// The groups that stay below each parent, the first in order first.
fn best(of_parents: &[u32], aggregates: &Column, level: &Level, parents: usize) -> Vec<Vec<u32>> {
    let direction = Direction {
        descending: level.descending,
        nulls_first: false,
    };
    let mut kept = vec![Vec::new(); parents];
    for group in Order::new([(aggregates, direction)]).sorted() {
        let parent = of_parents.get(group as usize).copied().unwrap_or(NO_ROW);
        if let Some(kept) = kept.get_mut(parent as usize)
            && kept.len() < level.most
        {
            kept.push(group);
        }
    }
    kept
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
