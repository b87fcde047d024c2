//! What `join` and `lookup` share: keys, and the join by a hash table. One side is held whole, the other passes by.

use std::sync::Arc;

use crate::kql::binder::Binder;
use crate::kql::column::{Column, NO_ROW};
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr;
use crate::kql::grouping::Grouping;
use crate::kql::relation::{BATCH_ROWS, Batch, Operator, Relation, Run, drain};
use crate::kql::syntax::{self, BinaryOp, ExprKind, OperatorOption};
use crate::kql::types::{Field, Schema, Type};

use super::aggregation::columns;

/// One side of a join.
pub struct Side {
    rows: Box<dyn Operator>,
    schema: Schema,
    keys: Vec<Expr>,
    wanted: Vec<bool>,
}

impl Side {
    /// The rows of `relation`, joined by `keys`.
    pub fn new(relation: Relation, keys: Vec<Expr>) -> Self {
        Self {
            rows: relation.rows,
            wanted: vec![true; relation.schema.fields.len()],
            schema: relation.schema,
            keys,
        }
    }

    fn types(&self) -> Vec<Type> {
        self.keys.iter().map(|key| key.ty).collect()
    }

    fn prune(&mut self, mut wanted: Vec<bool>) {
        for key in &self.keys {
            key.mark(&mut wanted);
        }
        self.rows.prune(&wanted);
        self.wanted = wanted;
    }

    /// The cells of `rows` in column `index` of `batch`; without a batch no row is there.
    fn gather(&self, batch: Option<&Batch>, index: usize, rows: &[u32]) -> Arc<Column> {
        if let Some(column) = batch.and_then(|batch| batch.columns.get(index)) {
            return Arc::new(column.gather(rows));
        }
        let ty = self
            .schema
            .fields
            .get(index)
            .map_or(Type::Dynamic, |field| field.ty);
        Arc::new(if self.wanted.get(index).copied().unwrap_or(true) {
            Column::concat(ty, &[]).gather(rows)
        } else {
            Column::Absent(ty, rows.len())
        })
    }
}

/// The keys that two tables are joined by, of one type on both sides.
pub struct Keys {
    /// Over the left table.
    pub left: Vec<Expr>,
    /// Over the right table.
    pub right: Vec<Expr>,
    /// The columns of the right table that are keys.
    pub right_columns: Vec<usize>,
}

impl Keys {
    /// Binds what stands after `on`: names that both tables have, or `$left.a == $right.b`.
    ///
    /// # Errors
    /// What does not fit.
    pub fn bind(
        binder: &mut Binder<'_>,
        left: &Schema,
        right: &Schema,
        on: &[syntax::Expr],
    ) -> Result<Self, KqlError> {
        let mut keys = Self {
            left: Vec::new(),
            right: Vec::new(),
            right_columns: Vec::new(),
        };
        let mut waiting: Vec<&syntax::Expr> = on.iter().rev().collect();
        while let Some(expr) = waiting.pop() {
            match &expr.kind {
                ExprKind::Binary(BinaryOp::And, first, second) => {
                    waiting.push(second);
                    waiting.push(first);
                }
                ExprKind::Binary(BinaryOp::Equal, first, second) => {
                    let (first_side, first_name) = side_of(first)?;
                    let (second_side, second_name) = side_of(second)?;
                    match (first_side, second_side) {
                        ("$left", "$right") => {
                            keys.add(binder, left, right, first_name, second_name)?;
                        }
                        ("$right", "$left") => {
                            keys.add(binder, left, right, second_name, first_name)?;
                        }
                        _ => {
                            return Err(KqlError::semantic(
                                expr.span,
                                "expected one column of each table: $left.a == $right.b",
                            ));
                        }
                    }
                }
                ExprKind::Name(name) => {
                    let name = syntax::Name {
                        text: name.clone(),
                        span: expr.span,
                    };
                    keys.add(binder, left, right, &name, &name)?;
                }
                _ => {
                    return Err(KqlError::semantic(
                        expr.span,
                        "expected a column of both tables, or $left.a == $right.b",
                    ));
                }
            }
        }
        Ok(keys)
    }

    fn add(
        &mut self,
        binder: &Binder<'_>,
        left: &Schema,
        right: &Schema,
        left_name: &syntax::Name,
        right_name: &syntax::Name,
    ) -> Result<(), KqlError> {
        let key = |schema: &Schema, name: &syntax::Name| {
            let index = Binder::column_index(schema, &name.text, name.span)?;
            let ty = schema
                .fields
                .get(index)
                .map_or(Type::Dynamic, |field| field.ty);
            if ty == Type::Dynamic {
                return Err(KqlError::semantic(
                    name.span,
                    "tables cannot be joined by a dynamic value",
                )
                .help("convert it first, e.g. with extend and tostring()"));
            }
            Ok((index, Expr::column(ty, index, name.span)))
        };
        let (_, mut left) = key(left, left_name)?;
        let (right_index, mut right) = key(right, right_name)?;
        if left.ty != right.ty {
            let whole = |ty| matches!(ty, Type::Int | Type::Long);
            if !whole(left.ty) || !whole(right.ty) {
                return Err(KqlError::semantic(
                    left_name.span.to(right_name.span),
                    format!(
                        "the keys `{}` ({}) and `{}` ({}) are of different types",
                        left_name.text,
                        left.ty.name(),
                        right_name.text,
                        right.ty.name()
                    ),
                )
                .help("convert one of them first, with extend"));
            }
            left = binder.convert(left, Type::Long);
            right = binder.convert(right, Type::Long);
        }
        self.left.push(left);
        self.right.push(right);
        self.right_columns.push(right_index);
        Ok(())
    }
}

/// `$left.a` as (`$left`, `a`).
fn side_of(expr: &syntax::Expr) -> Result<(&str, &syntax::Name), KqlError> {
    if let ExprKind::Member(base, name) = &expr.kind
        && let ExprKind::Name(side) = &base.kind
        && matches!(side.as_str(), "$left" | "$right")
    {
        return Ok((side, name));
    }
    Err(KqlError::semantic(
        expr.span,
        "expected a column with its table: $left.a or $right.b",
    ))
}

/// What `kind=` says, in lower case; hints are passed over.
///
/// # Errors
/// An option that is not known.
pub fn kind(options: &[OperatorOption]) -> Result<Option<(String, Span)>, KqlError> {
    let mut kind = None;
    for option in options {
        if option.name.text == "kind" {
            let (ExprKind::Name(word), span) = (&option.value.kind, option.value.span) else {
                return Err(KqlError::semantic(option.value.span, "expected a kind"));
            };
            kind = Some((word.to_lowercase(), span));
        } else if !option.name.text.starts_with("hint.") {
            return Err(KqlError::semantic(
                option.name.span,
                format!(
                    "`{}` is not an option here; expected kind",
                    option.name.text
                ),
            ));
        }
    }
    Ok(kind)
}

/// Which side a column of the result comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The side that is held.
    Held,
    /// The side that passes by.
    Passing,
}

/// How rows are matched.
#[derive(Clone, Copy)]
pub struct Matching {
    /// Of rows of the held side with equal keys only the first counts.
    pub first_only: bool,
    /// Rows of the held side without a match are given at the end.
    pub held_alone: bool,
    /// Rows of the passing side without a match are given in their place.
    pub passing_alone: bool,
}

/// Joins two tables; gives a row for each pair of rows with equal keys.
pub struct HashJoin {
    held: Side,
    passing: Side,
    matching: Matching,
    /// Where each column of the result comes from.
    outputs: Vec<(From, usize)>,
    table: Option<Table>,
    current: Option<Current>,
    done: bool,
}

/// The held rows, in chains of equal keys.
struct Table {
    batch: Batch,
    grouping: Grouping,
    /// The first row of each group's chain.
    heads: Vec<u32>,
    /// The next row of the same group.
    next: Vec<u32>,
    /// Which rows had a match, where that is asked for.
    matched: Vec<bool>,
}

/// A batch of the passing side on its way.
struct Current {
    batch: Batch,
    groups: Vec<u32>,
    /// The row that is looked at, and the held row it is to be paired with next.
    row: usize,
    next: Option<u32>,
}

impl HashJoin {
    /// A join whose columns are `outputs`.
    pub fn new(held: Side, passing: Side, matching: Matching, outputs: Vec<(From, usize)>) -> Self {
        Self {
            held,
            passing,
            matching,
            outputs,
            table: None,
            current: None,
            done: false,
        }
    }

    fn build(&mut self, run: &Run<'_>) -> Result<Table, KqlError> {
        let batches = drain(self.held.rows.as_mut(), run)?;
        let batch = Batch::concat(&self.held.schema, &batches);
        drop(batches);
        let mut grouping = Grouping::new(&self.held.types());
        let mut groups = Vec::new();
        grouping.assign(&columns(&self.held.keys, &batch), batch.rows, &mut groups);
        run.check()?;
        let mut heads = vec![NO_ROW; grouping.len()];
        let mut next = vec![NO_ROW; batch.rows];
        let mut matched = Vec::new();
        if self.matching.held_alone {
            matched.resize(batch.rows, false);
        }
        for ((row, group), next) in (0_u32..).zip(&groups).zip(&mut next) {
            let Some(head) = heads.get_mut(*group as usize) else {
                continue;
            };
            if *head == NO_ROW || !self.matching.first_only {
                *next = std::mem::replace(head, row);
            }
        }
        run.hold(grouping.bytes() + (heads.len() + next.len()) * 4)?;
        Ok(Table {
            batch,
            grouping,
            heads,
            next,
            matched,
        })
    }

    fn output(&self, table: &Table, passing: Option<&Batch>, pairs: &Pairs) -> Batch {
        let columns = self
            .outputs
            .iter()
            .map(|(from, index)| match from {
                From::Held => self.held.gather(Some(&table.batch), *index, &pairs.held),
                From::Passing => self.passing.gather(passing, *index, &pairs.passing),
            })
            .collect();
        Batch {
            columns,
            rows: pairs.held.len(),
        }
    }

    fn step(&mut self, table: &mut Table, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        loop {
            let Some(mut current) = self.current.take() else {
                let Some(batch) = self.passing.rows.next(run)? else {
                    return Ok(None);
                };
                run.check()?;
                let mut groups = Vec::new();
                let keys = columns(&self.passing.keys, &batch);
                table.grouping.find(&keys, batch.rows, &mut groups);
                self.current = Some(Current {
                    batch,
                    groups,
                    row: 0,
                    next: None,
                });
                continue;
            };
            let pairs = current.pairs(table, self.matching);
            let output = self.output(table, Some(&current.batch), &pairs);
            if current.row < current.groups.len() {
                self.current = Some(current);
            }
            if output.rows > 0 {
                return Ok(Some(output));
            }
        }
    }
}

/// Rows that go together; [`NO_ROW`] where there is none.
#[derive(Default)]
struct Pairs {
    held: Vec<u32>,
    passing: Vec<u32>,
}

impl Pairs {
    fn push(&mut self, held: u32, passing: u32) {
        self.held.push(held);
        self.passing.push(passing);
    }
}

impl Current {
    /// The next pairs, about a batch of them.
    fn pairs(&mut self, table: &mut Table, matching: Matching) -> Pairs {
        let mut pairs = Pairs::default();
        while let Some(group) = self.groups.get(self.row) {
            let row = self.row as u32;
            let mut held = self.next.take().unwrap_or_else(|| {
                let head = table.heads.get(*group as usize);
                head.copied().unwrap_or(NO_ROW)
            });
            if held == NO_ROW && matching.passing_alone {
                pairs.push(NO_ROW, row);
            }
            while held != NO_ROW {
                if pairs.held.len() >= BATCH_ROWS {
                    self.next = Some(held);
                    return pairs;
                }
                pairs.push(held, row);
                if let Some(matched) = table.matched.get_mut(held as usize) {
                    *matched = true;
                }
                held = table.next.get(held as usize).copied().unwrap_or(NO_ROW);
            }
            self.row += 1;
        }
        pairs
    }
}

impl Operator for HashJoin {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        if self.done {
            return Ok(None);
        }
        let mut table = match self.table.take() {
            Some(table) => table,
            None => self.build(run)?,
        };
        if let Some(batch) = self.step(&mut table, run)? {
            self.table = Some(table);
            return Ok(Some(batch));
        }
        self.done = true;
        let mut alone = Pairs::default();
        for (row, matched) in (0_u32..).zip(&table.matched) {
            if !matched {
                alone.push(row, NO_ROW);
            }
        }
        if alone.held.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.output(&table, None, &alone)))
    }

    fn prune(&mut self, wanted: &[bool]) {
        let mut held = vec![false; self.held.schema.fields.len()];
        let mut passing = vec![false; self.passing.schema.fields.len()];
        for ((from, index), wanted) in self.outputs.iter().zip(wanted) {
            let flags = match from {
                From::Held => &mut held,
                From::Passing => &mut passing,
            };
            if let Some(flag) = flags.get_mut(*index) {
                *flag |= *wanted;
            }
        }
        self.held.prune(held);
        self.passing.prune(passing);
    }
}

/// The rows of a table that have, or have not, a match in another.
pub struct Filter {
    rows: Side,
    others: Side,
    /// Whether it is the rows with a match that are kept.
    with_match: bool,
    keys: Option<Grouping>,
}

impl Filter {
    /// Keeps the rows of `rows` by whether their keys are among those of `others`.
    pub fn new(rows: Side, others: Side, with_match: bool) -> Self {
        Self {
            rows,
            others,
            with_match,
            keys: None,
        }
    }

    fn build(&mut self, run: &Run<'_>) -> Result<Grouping, KqlError> {
        let mut grouping = Grouping::new(&self.others.types());
        let mut groups = Vec::new();
        while let Some(batch) = self.others.rows.next(run)? {
            run.check()?;
            grouping.assign(&columns(&self.others.keys, &batch), batch.rows, &mut groups);
            run.hold_rows(grouping.len())?;
        }
        run.hold(grouping.bytes())?;
        Ok(grouping)
    }
}

impl Operator for Filter {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let mut keys = match self.keys.take() {
            Some(keys) => keys,
            None => self.build(run)?,
        };
        let mut found = None;
        let mut groups = Vec::new();
        while let Some(batch) = self.rows.rows.next(run)? {
            run.check()?;
            keys.find(&columns(&self.rows.keys, &batch), batch.rows, &mut groups);
            let rows: Vec<u32> = (0_u32..)
                .zip(&groups)
                .filter(|(_, group)| (**group != NO_ROW) == self.with_match)
                .map(|(row, _)| row)
                .collect();
            if !rows.is_empty() {
                found = Some(batch.gather(&rows));
                break;
            }
        }
        self.keys = Some(keys);
        Ok(found)
    }

    fn prune(&mut self, wanted: &[bool]) {
        self.rows.prune(wanted.to_vec());
        self.others
            .prune(vec![false; self.others.schema.fields.len()]);
    }
}

/// The columns of both tables beside each other: a name that is taken gets a number. `left_out` are columns of the right table that are not in it.
pub fn beside(left: &Schema, right: &Schema, left_out: &[usize]) -> (Schema, Vec<usize>) {
    let mut schema = left.clone();
    let mut from_right = Vec::new();
    for (index, field) in right.fields.iter().enumerate() {
        if !left_out.contains(&index) {
            let name = schema.free_name(&field.name);
            schema.fields.push(Field::new(name, field.ty));
            from_right.push(index);
        }
    }
    (schema, from_right)
}
