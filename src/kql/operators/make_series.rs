//! `make-series`: aggregates by bins of an axis, laid out as lists.

use std::sync::Arc;

use crate::kql::binder::{Binder, Row};
use crate::kql::column::{Column, Values};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr as Bound;
use crate::kql::grouping::{Codes, Grouping, Pairs};
use crate::kql::kernels::cast;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::{Expr, ExprKind, Named, OperatorOption};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;
use crate::kql::value::convert::to_dynamic;

use super::aggregation::{Accumulators, Aggregation, Keys, columns};

mod bins;

use bins::Bins;

/// Along what, and in which bins.
#[derive(Clone, Copy)]
pub struct Axis<'a> {
    /// What is binned: a column or an expression.
    pub on: &'a Expr,
    /// First bin.
    pub from: Option<&'a Expr>,
    /// End, not included.
    pub to: Option<&'a Expr>,
    /// Width of a bin.
    pub step: &'a Expr,
}

/// How long a series may be.
const MOST: i64 = 1_048_576;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    options: &[OperatorOption],
    aggregates: &[(Named, Option<Expr>)],
    axis: Axis<'_>,
    by: &[Named],
) -> Result<Relation, KqlError> {
    let row = Row::of(&input);
    let (nonempty, inclusive) = flags(options)?;
    let on = binder.scalar(axis.on, row)?;
    let (on, bins) = Bins::bind(binder, on, axis, inclusive)?;
    let keys = Keys::bind(binder, row, by)?;
    let named: Vec<Named> = aggregates.iter().map(|(named, _)| named.clone()).collect();
    let aggregation = Aggregation::bind(binder, row, &keys, &named)?;
    let mut defaults = Vec::new();
    for (field, (named, default)) in aggregation.schema.fields.iter().zip(aggregates) {
        if !field.ty.is_number() && !matches!(field.ty, Type::DateTime | Type::Timespan) {
            return Err(KqlError::semantic(
                named.value.span,
                format!(
                    "a series is made of numbers or times; this aggregate is {}",
                    field.ty.name()
                ),
            ));
        }
        defaults.push(default_of(binder, default.as_ref(), field.ty)?);
    }
    let mut schema = Schema::new(keys.schema.fields.clone());
    for field in &aggregation.schema.fields {
        let name = Arc::clone(&field.name);
        schema.fields.push(Field::new(name, Type::Dynamic));
    }
    let name = binder.name_of(axis.on).unwrap_or("Column1".to_owned());
    let name = schema.free_name(&name);
    schema.fields.push(Field::new(name, Type::Dynamic));
    if nonempty && by.is_empty() && bins.whole_range().is_none() {
        return Err(KqlError::semantic(
            span,
            "kind=nonempty needs both from and to",
        ));
    }
    Ok(Relation::new(
        schema,
        Box::new(MakeSeries {
            width: input.schema.fields.len(),
            input: input.rows,
            on,
            bins,
            keys,
            aggregation,
            defaults,
            nonempty: nonempty && by.is_empty(),
            span,
            done: false,
        }),
    ))
}

/// Whether `kind=nonempty` is said, and whether the end is included.
fn flags(options: &[OperatorOption]) -> Result<(bool, bool), KqlError> {
    let (mut nonempty, mut inclusive) = (false, false);
    for option in options {
        match option.name.text.as_str() {
            "kind" => match &option.value.kind {
                ExprKind::Name(word) if word == "nonempty" => nonempty = true,
                _ => {
                    return Err(KqlError::semantic(
                        option.value.span,
                        "expected kind=nonempty",
                    ));
                }
            },
            "in range" => inclusive = true,
            name if name.starts_with("hint.") => {}
            name => {
                return Err(KqlError::semantic(
                    option.name.span,
                    format!("`{name}` is not an option here; expected kind"),
                ));
            }
        }
    }
    Ok((nonempty, inclusive))
}

/// What stands in a bin without rows: what the query says, else 0.
fn default_of(
    binder: &mut Binder<'_>,
    default: Option<&Expr>,
    ty: Type,
) -> Result<Dynamic, KqlError> {
    let value = match default {
        Some(default) => binder.constant(default)?.1,
        None if ty == Type::DateTime => Value::Null,
        None => Value::Long(0),
    };
    Ok(match (&value, ty) {
        (Value::Real(_), Type::Int | Type::Long) => to_dynamic(&value),
        (value, Type::Decimal) => to_dynamic(&cast::one(value, Type::Real)),
        (value, ty) => to_dynamic(&cast::one(value, ty)),
    })
}

struct MakeSeries {
    input: Box<dyn Operator>,
    width: usize,
    on: Bound,
    bins: Bins,
    keys: Keys,
    aggregation: Aggregation,
    defaults: Vec<Dynamic>,
    nonempty: bool,
    span: Span,
    done: bool,
}

/// The groups of a run: one for each series and bin.
struct Groups {
    series: Grouping,
    bins: Codes,
    pairs: Pairs,
    kept: Accumulators,
}

impl MakeSeries {
    fn take_in(&self, groups: &mut Groups, batch: &Batch, run: &Run<'_>) -> Result<(), KqlError> {
        let on = columns(std::slice::from_ref(&self.on), batch);
        let indexes = on.first().map(|column| self.bins.indexes(column));
        let indexes = indexes.unwrap_or_default();
        let rows: Vec<u32> = (0_u32..)
            .zip(&indexes)
            .filter(|(_, index)| index.is_some())
            .map(|(row, _)| row)
            .collect();
        let batch = if rows.len() == batch.rows {
            batch.clone()
        } else {
            batch.gather(&rows)
        };
        let mut series = Vec::new();
        let keys = columns(&self.keys.exprs, &batch);
        groups.series.assign(&keys, batch.rows, &mut series);
        let indexes = Column::Long(Values::full(indexes.into_iter().flatten().collect()));
        let mut bins = Vec::new();
        groups.bins.assign(&indexes, &mut bins);
        groups.pairs.assign(&mut series, &bins);
        let count = groups.pairs.len();
        run.hold_rows(count)?;
        self.aggregation
            .update(&mut groups.kept, &batch, &series, count, run)
    }

    fn finish(&self, groups: &mut Groups, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let count = groups.pairs.len();
        let (series, bins): (Vec<u32>, Vec<u32>) = (0..count as u32)
            .map(|group| groups.pairs.parts(group))
            .unzip();
        let indexes = match groups.bins.decode(&bins) {
            Column::Long(values) => values.data,
            _ => Vec::new(),
        };
        let keys = groups.series.columns();
        let of_groups: Vec<Arc<Column>> = keys
            .iter()
            .map(|column| Arc::new(column.gather(&series)))
            .collect();
        let results = self.aggregation.finish(&mut groups.kept, count, &of_groups);
        let rows = if self.nonempty {
            groups.series.len().max(1)
        } else {
            groups.series.len()
        };
        if rows == 0 {
            return Ok(None);
        }
        let ranges = self.ranges(rows, &series, &indexes)?;
        let cells: i64 = ranges.iter().map(|(low, high)| high - low).sum();
        run.hold(cells as usize * (results.len() + 1) * size_of::<Dynamic>())?;
        let mut batch = Batch {
            columns: keys,
            rows,
        };
        for (result, default) in results.iter().zip(&self.defaults) {
            let mut lists: Vec<Vec<Dynamic>> = ranges
                .iter()
                .map(|(low, high)| vec![default.clone(); (high - low) as usize])
                .collect();
            for (group, (series, index)) in series.iter().zip(&indexes).enumerate() {
                let low = ranges.get(*series as usize).map_or(0, |(low, _)| *low);
                if let Some(list) = lists.get_mut(*series as usize)
                    && let Some(cell) = list.get_mut((index - low) as usize)
                {
                    *cell = cell_of(&result.value(group));
                }
            }
            batch.columns.push(lists_column(lists));
        }
        let axis = ranges.iter().map(|(low, high)| {
            let values = (*low..*high).map(|index| to_dynamic(&self.bins.value(index)));
            values.collect()
        });
        batch.columns.push(lists_column(axis));
        Ok(Some(batch))
    }

    /// The first bin of each series and the one after its last.
    fn ranges(
        &self,
        rows: usize,
        series: &[u32],
        indexes: &[i64],
    ) -> Result<Vec<(i64, i64)>, KqlError> {
        let mut ranges: Vec<Option<(i64, i64)>> = vec![self.bins.whole_range(); rows];
        if self.bins.whole_range().is_none() {
            for (series, index) in series.iter().zip(indexes) {
                if let Some(range) = ranges.get_mut(*series as usize) {
                    let (low, high) = range.unwrap_or((*index, *index + 1));
                    *range = Some((low.min(*index), high.max(*index + 1)));
                }
            }
            for (low, high) in ranges.iter_mut().flatten() {
                *low = self.bins.first().unwrap_or(*low);
                *high = self.bins.last().unwrap_or(*high);
            }
        }
        ranges
            .into_iter()
            .map(|range| {
                let (low, high) = range.unwrap_or((0, 0));
                if high - low > MOST {
                    return Err(KqlError::limit(
                        self.span,
                        format!("a series has more than {MOST} bins"),
                    )
                    .help("take a wider step or a shorter range"));
                }
                Ok((low, high.max(low)))
            })
            .collect()
    }
}

/// A value of a series; decimals have no form in dynamic and become doubles.
fn cell_of(value: &Value) -> Dynamic {
    match value {
        Value::Decimal(_) => to_dynamic(&cast::one(value, Type::Real)),
        value => to_dynamic(value),
    }
}

fn lists_column(lists: impl IntoIterator<Item = Vec<Dynamic>>) -> Arc<Column> {
    Arc::new(Column::Dynamic(
        lists.into_iter().map(Dynamic::array).collect(),
    ))
}

impl Operator for MakeSeries {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        if self.done {
            return Ok(None);
        }
        self.done = true;
        let mut groups = Groups {
            series: Grouping::new(&self.keys.types()),
            bins: Codes::new(Type::Long),
            pairs: Pairs::default(),
            kept: self.aggregation.start(),
        };
        while let Some(batch) = self.input.next(run)? {
            run.check()?;
            self.take_in(&mut groups, &batch, run)?;
        }
        self.finish(&mut groups, run)
    }

    fn prune(&mut self, _: &[bool]) {
        let mut wanted = vec![false; self.width];
        self.on.mark(&mut wanted);
        for key in &self.keys.exprs {
            key.mark(&mut wanted);
        }
        self.aggregation.mark(&mut wanted);
        self.input.prune(&wanted);
    }
}
