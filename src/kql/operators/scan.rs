//! `scan`: matches the rows, in their order, against a sequence of steps.
//!
//! Every step keeps the last row that each step before it and it itself matched: its state. A row is tried against the steps from the last to the
//! first; it goes on a step when the state of the step before is there, or stays in a step whose own is.

use std::sync::Arc;

use super::options;
use super::scan_names::{StateColumn, with_state_columns};
use crate::kql::binder::{Binder, Row};
use crate::kql::column::{Column, ColumnBuilder};
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::{self, OperatorKind, ParameterType};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    tree: &syntax::Scan,
) -> Result<Relation, KqlError> {
    let mut match_id = None;
    for option in &tree.options {
        match option.name.text.as_str() {
            "with_match_id" => match_id = Some(options::word(option)?),
            _ => options::unknown(option, &["with_match_id"])?,
        }
    }
    if let Some(key) = tree.partition_by.first() {
        return Err(
            KqlError::unsupported(key.span, "partition by within scan is not supported")
                .help("write: partition by key (sort by … | scan …)"),
        );
    }
    let input = if tree.order_by.is_empty() {
        input
    } else {
        let kind = OperatorKind::Sort(tree.order_by.clone());
        super::bind(binder, input, &syntax::Operator { kind, span })?
    };
    let width = input.schema.fields.len();
    let mut schema = input.schema.clone();
    let mut defaults = Vec::new();
    for parameter in &tree.declare {
        let ParameterType::Scalar(ty) = parameter.ty else {
            return Err(KqlError::semantic(
                parameter.name.span,
                "expected the type of a column",
            ));
        };
        if schema.index(&parameter.name.text).is_some() {
            return Err(KqlError::semantic(
                parameter.name.span,
                format!("there is a column `{}` already", parameter.name.text),
            ));
        }
        let value = match &parameter.default {
            Some(default) => {
                let (_, value) = binder.constant(default)?;
                crate::kql::value::convert::convert(&value, ty)
            }
            None => Value::missing(ty),
        };
        schema
            .fields
            .push(Field::new(parameter.name.text.as_str(), ty));
        defaults.push(value);
    }
    let (steps, state) = bind_steps(binder, tree, &schema, width)?;
    let mut output = schema.clone();
    if let Some(name) = match_id {
        output
            .fields
            .push(Field::new(schema.free_name(name), Type::Long));
    }
    let mut used = vec![false; width];
    for step in &steps {
        for expr in
            std::iter::once(&step.condition).chain(step.assignments.iter().map(|(_, expr)| expr))
        {
            expr.mark(&mut used);
        }
    }
    for column in &state {
        if let Some(flag) = used.get_mut(column.column) {
            *flag = true;
        }
    }
    let states = steps.iter().map(|_| None).collect();
    let waiting = steps.iter().map(|_| None).collect();
    Ok(Relation {
        schema: output,
        rows: Box::new(Scan {
            input: input.rows,
            declared: schema.fields.get(width..).unwrap_or_default().to_vec(),
            defaults,
            used,
            steps,
            state,
            schema,
            states,
            waiting,
            match_ids: 0,
            with_match_id: match_id.is_some(),
            ended: false,
        }),
        serialized: true,
        render: input.render,
    })
}

/// Which of the rows that match a step are given out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    All,
    /// The last of those that match one after the other.
    Last,
    None,
}

struct Step {
    output: Output,
    condition: Expr,
    /// The declared column that is set, by number, and to what.
    assignments: Vec<(usize, Expr)>,
}

/// Binds the steps over the input's columns, the declared ones, and those that are looked up in the state.
fn bind_steps(
    binder: &mut Binder<'_>,
    tree: &syntax::Scan,
    schema: &Schema,
    width: usize,
) -> Result<(Vec<Step>, Vec<StateColumn>), KqlError> {
    let names: Vec<&str> = tree
        .steps
        .iter()
        .map(|step| step.name.text.as_str())
        .collect();
    let mut state: Vec<StateColumn> = Vec::new();
    let mut trees = Vec::new();
    for (index, step) in tree.steps.iter().enumerate() {
        if names
            .get(..index)
            .is_some_and(|before| before.contains(&step.name.text.as_str()))
        {
            return Err(KqlError::semantic(
                step.name.span,
                format!("there are two steps `{}`", step.name.text),
            ));
        }
        if step.optional {
            return Err(KqlError::unsupported(
                step.name.span,
                "an optional step is not supported",
            ));
        }
        let condition = with_state_columns(&step.condition, &names, schema, &mut state)?;
        let mut assignments = Vec::new();
        for (name, value) in &step.assignments {
            let declared = schema
                .index(&name.text)
                .and_then(|at| at.checked_sub(width))
                .ok_or_else(|| {
                    let known = schema
                        .fields
                        .get(width..)
                        .unwrap_or_default()
                        .iter()
                        .map(|field| &*field.name);
                    Binder::unknown("the declared column", &name.text, name.span, known)
                })?;
            assignments.push((
                declared,
                with_state_columns(value, &names, schema, &mut state)?,
            ));
        }
        trees.push((step, condition, assignments));
    }
    let mut seen = schema.clone();
    seen.fields
        .extend(state.iter().map(|column| column.field.clone()));
    let row = Row {
        schema: &seen,
        serialized: false,
    };
    let mut steps = Vec::new();
    for (step, condition, assignments) in trees {
        let output = match step
            .output
            .as_ref()
            .map(|output| (output.text.as_str(), output.span))
        {
            None | Some(("all", _)) => Output::All,
            Some(("last", _)) => Output::Last,
            Some(("none", _)) => Output::None,
            Some((other, span)) => {
                return Err(KqlError::semantic(
                    span,
                    format!("expected output=all, last or none, found `{other}`"),
                ));
            }
        };
        let condition = binder.condition(&condition, row)?;
        let mut bound = Vec::new();
        for (declared, value) in assignments {
            let value = binder.scalar(&value, row)?;
            let ty = schema
                .fields
                .get(width + declared)
                .map_or(value.ty, |field| field.ty);
            bound.push((declared, binder.convert(value, ty)));
        }
        steps.push(Step {
            output,
            condition,
            assignments: bound,
        });
    }
    Ok((steps, state))
}

/// A sequence of matches on its way: its number, and the last row of every step so far, as its state columns.
#[derive(Clone)]
struct Sequence {
    id: i64,
    /// One a state column; none for those of steps that it has not come to.
    values: Vec<Option<Arc<Column>>>,
}

/// A row that matched: its values, those of the declared columns, and the number of its sequence.
struct Match {
    row: Vec<Arc<Column>>,
    declared: Vec<Value>,
    id: i64,
}

struct Scan {
    input: Box<dyn Operator>,
    /// The columns of the input, then the declared ones.
    schema: Schema,
    declared: Vec<Field>,
    defaults: Vec<Value>,
    /// Which columns of the input the steps look at.
    used: Vec<bool>,
    steps: Vec<Step>,
    /// The columns that expressions look up in the state, in the order they have behind those of `schema`.
    state: Vec<StateColumn>,
    states: Vec<Option<Sequence>>,
    /// For a step that gives only the last match of a run: the last so far.
    waiting: Vec<Option<Match>>,
    match_ids: i64,
    with_match_id: bool,
    ended: bool,
}

impl Operator for Scan {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        while !self.ended {
            let mut matches = Vec::new();
            if let Some(batch) = self.input.next(run)? {
                for row in 0..batch.rows {
                    if row % 1_024 == 0 {
                        run.check()?;
                    }
                    self.row(&batch, row, &mut matches);
                }
            } else {
                self.ended = true;
                matches.extend(self.waiting.iter_mut().filter_map(Option::take));
            }
            if !matches.is_empty() {
                return Ok(Some(self.batch(&matches)));
            }
        }
        Ok(None)
    }
}

impl Scan {
    /// Tries a row against every step, from the last to the first.
    fn row(&mut self, batch: &Batch, row: usize, matches: &mut Vec<Match>) {
        let at = [row as u32];
        let mut columns: Vec<Arc<Column>> = batch
            .columns
            .iter()
            .zip(&self.used)
            .map(|(column, used)| {
                if *used {
                    Arc::new(column.gather(&at))
                } else {
                    Arc::new(Column::Absent(column.ty(), 1))
                }
            })
            .collect();
        columns.extend(
            self.declared
                .iter()
                .zip(&self.defaults)
                .map(|(field, value)| Arc::new(Column::constant(field.ty, value, 1))),
        );
        for step in (0..self.steps.len()).rev() {
            let before = step
                .checked_sub(1)
                .and_then(|before| self.states.get(before).cloned().flatten());
            if let Some(declared) = before
                .as_ref()
                .and_then(|sequence| self.test(step, &columns, Some(sequence)))
            {
                // The sequence goes on from the step before.
                for left in [step - 1, step] {
                    matches.extend(self.waiting.get_mut(left).and_then(Option::take));
                }
                if let Some(left) = self.states.get_mut(step - 1) {
                    *left = None;
                }
                let id = before.as_ref().map_or(0, |sequence| sequence.id);
                self.take(step, before, id, &columns, declared, (batch, row), matches);
                continue;
            }
            let own = self.states.get(step).cloned().flatten();
            if own.is_none() && step > 0 {
                continue;
            }
            if let Some(declared) = self.test(step, &columns, own.as_ref()) {
                let id = own.as_ref().map_or(self.match_ids, |sequence| sequence.id);
                if own.is_none() {
                    self.match_ids += 1;
                }
                self.take(step, own, id, &columns, declared, (batch, row), matches);
            }
        }
    }

    /// Whether the row matches the step within `sequence`; if so, the values of the declared columns.
    fn test(
        &self,
        step: usize,
        columns: &[Arc<Column>],
        sequence: Option<&Sequence>,
    ) -> Option<Vec<Value>> {
        let step = self.steps.get(step)?;
        let mut columns = columns.to_vec();
        columns.extend(self.state.iter().enumerate().map(|(index, column)| {
            let known = sequence.and_then(|sequence| sequence.values.get(index).cloned().flatten());
            known.unwrap_or_else(|| {
                // What a step has not set yet is the default of a declared column, and missing otherwise.
                let default = column
                    .column
                    .checked_sub(self.used.len())
                    .and_then(|at| self.defaults.get(at));
                let missing = Value::missing(column.field.ty);
                Arc::new(Column::constant(
                    column.field.ty,
                    default.unwrap_or(&missing),
                    1,
                ))
            })
        }));
        let batch = Batch { columns, rows: 1 };
        if !matches!(step.condition.eval(&batch).value(0), Value::Bool(true)) {
            return None;
        }
        let mut declared = self.defaults.clone();
        for (index, value) in &step.assignments {
            if let Some(slot) = declared.get_mut(*index) {
                *slot = value.eval(&batch).value(0);
            }
        }
        Some(declared)
    }

    /// Makes a row that matched the last of its step, and gives it out.
    #[expect(
        clippy::too_many_arguments,
        reason = "a match has as many parts, and they are used up here"
    )]
    fn take(
        &mut self,
        step: usize,
        sequence: Option<Sequence>,
        id: i64,
        columns: &[Arc<Column>],
        declared: Vec<Value>,
        (batch, row): (&Batch, usize),
        matches: &mut Vec<Match>,
    ) {
        let mut values =
            sequence.map_or_else(|| vec![None; self.state.len()], |sequence| sequence.values);
        for (slot, column) in values.iter_mut().zip(&self.state) {
            if column.step == step {
                let set = column
                    .column
                    .checked_sub(self.used.len())
                    .and_then(|at| declared.get(at));
                *slot = match set {
                    Some(value) => Some(Arc::new(Column::constant(column.field.ty, value, 1))),
                    None => columns.get(column.column).cloned(),
                };
            }
        }
        if let Some(state) = self.states.get_mut(step) {
            *state = Some(Sequence { id, values });
        }
        let output = self
            .steps
            .get(step)
            .map_or(Output::None, |step| step.output);
        if output == Output::None {
            return;
        }
        let found = Match {
            row: batch
                .columns
                .iter()
                .map(|column| Arc::new(column.gather(&[row as u32])))
                .collect(),
            declared,
            id,
        };
        match (output, self.waiting.get_mut(step)) {
            (Output::Last, Some(waiting)) => *waiting = Some(found),
            _ => matches.push(found),
        }
    }

    fn batch(&self, matches: &[Match]) -> Batch {
        let mut columns: Vec<Arc<Column>> = Vec::new();
        for (index, field) in self.schema.fields.iter().enumerate().take(self.used.len()) {
            let cells: Vec<Arc<Column>> = matches
                .iter()
                .filter_map(|found| found.row.get(index).cloned())
                .collect();
            columns.push(Arc::new(Column::concat(field.ty, &cells)));
        }
        for (index, field) in self.declared.iter().enumerate() {
            let mut builder = ColumnBuilder::new(field.ty, matches.len());
            for found in matches {
                builder.push(found.declared.get(index).cloned().unwrap_or(Value::Null));
            }
            columns.push(Arc::new(builder.finish()));
        }
        if self.with_match_id {
            columns.push(Arc::new(Column::Long(
                matches.iter().map(|found| Some(found.id)).collect(),
            )));
        }
        Batch {
            columns,
            rows: matches.len(),
        }
    }
}
