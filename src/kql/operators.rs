//! The operators of a pipe, one file each: how it is bound, and how it runs.

use super::binder::Binder;
use super::error::KqlError;
use super::relation::Relation;
use super::syntax::{Operator, OperatorKind};

mod aggregation;
mod bag_unpack;
mod count;
mod datatable;
mod distinct;
mod evaluate;
mod extend;
mod filter;
mod find;
mod getschema;
mod invoke;
mod join;
mod joining;
mod lookup;
pub mod map;
mod make_series;
mod mv_apply;
mod mv_expand;
mod name;
mod narrow;
mod options;
mod parse;
mod parse_kv;
mod partition;
mod pivot;
mod print;
mod project;
mod project_columns;
mod range;
mod read_text;
mod render;
mod sample;
mod sample_distinct;
mod scan;
mod scan_names;
mod search;
mod serialize;
pub mod shared;
mod sort;
mod summarize;
mod take;
mod terms;
#[cfg(test)]
mod tests;
mod top;
mod top_hitters;
mod top_nested;
mod union;

/// What `operator` does to `input`.
///
/// # Errors
/// What does not fit, or is not supported.
#[expect(
    clippy::too_many_lines,
    reason = "one short arm for each operator, and nothing else"
)]
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    operator: &Operator,
) -> Result<Relation, KqlError> {
    let span = operator.span;
    match &operator.kind {
        OperatorKind::Where(predicate) => filter::bind(binder, input, span, predicate),
        OperatorKind::Project(columns) => project::bind(binder, input, span, columns),
        OperatorKind::Extend(columns) => extend::bind(binder, input, span, columns),
        OperatorKind::Summarize { aggregates, by, .. } => {
            summarize::bind(binder, input, span, aggregates, by)
        }
        OperatorKind::Distinct(columns) => distinct::bind(binder, input, span, columns),
        OperatorKind::Sort(keys) => sort::bind(binder, input, span, keys),
        OperatorKind::Top(count, keys) => top::bind(binder, input, span, count, keys),
        OperatorKind::Take(count) => take::bind(binder, input, span, count),
        OperatorKind::Count(name) => Ok(count::bind(binder, input, name.as_ref())),
        OperatorKind::Join { options, right, on } => {
            join::bind(binder, input, span, options, right, on)
        }
        OperatorKind::Lookup { options, right, on } => {
            lookup::bind(binder, input, span, options, right, on)
        }
        OperatorKind::MvExpand {
            options,
            columns,
            limit,
        } => mv_expand::bind(binder, input, span, options, columns, limit.as_ref()),
        OperatorKind::MvApply {
            options,
            columns,
            limit,
            body,
        } => mv_apply::bind(binder, input, span, options, columns, limit.as_ref(), body),
        OperatorKind::Parse {
            options,
            value,
            pattern,
            only_matches,
        } => parse::bind(binder, input, span, options, value, pattern, *only_matches),
        OperatorKind::ParseKv {
            value,
            columns,
            options,
        } => parse_kv::bind(binder, input, span, value, columns, options),
        OperatorKind::As(_, name) => Ok(name::bind(binder, input, name)),
        OperatorKind::Invoke(name, arguments) => invoke::bind(binder, input, span, name, arguments),
        OperatorKind::MakeSeries {
            options,
            aggregates,
            on,
            from,
            to,
            step,
            by,
        } => make_series::bind(
            binder,
            input,
            span,
            options,
            aggregates,
            make_series::Axis {
                on,
                from: from.as_deref(),
                to: to.as_deref(),
                step,
            },
            by,
        ),
        OperatorKind::Serialize(columns) => serialize::bind(binder, input, span, columns),
        OperatorKind::TopNested(levels) => top_nested::bind(binder, input, span, levels),
        OperatorKind::TopHitters(count, of, by) => {
            top_hitters::bind(binder, input, span, count, of, by.as_deref())
        }
        OperatorKind::Sample(count) => sample::bind(binder, input, span, count),
        OperatorKind::SampleDistinct(count, of) => {
            sample_distinct::bind(binder, input, span, count, of)
        }
        OperatorKind::Render(visualization, properties) => {
            render::bind(binder, input, span, visualization, properties)
        }
        OperatorKind::GetSchema => Ok(getschema::bind(&input)),
        OperatorKind::Scan(steps) => scan::bind(binder, input, span, steps),
        OperatorKind::Partition { by, body, .. } => partition::bind(binder, input, span, by, body),
        OperatorKind::Union { options, tables } => {
            union::bind(binder, Some(input), span, options, tables)
        }
        OperatorKind::Search {
            options,
            tables,
            predicate,
        } => search::bind(binder, Some(input), span, options, tables, predicate),
        OperatorKind::Find {
            options,
            tables,
            predicate,
            project,
        } => find::bind(
            binder,
            Some(input),
            span,
            options,
            tables,
            predicate,
            project,
        ),
        OperatorKind::Evaluate {
            plugin,
            arguments,
            schema,
        } => evaluate::bind(
            binder,
            Some(input),
            span,
            plugin,
            arguments,
            schema.as_deref(),
        ),
        OperatorKind::ProjectAway(names) => {
            project_columns::choose(binder, input, span, names, false)
        }
        OperatorKind::ProjectKeep(names) => {
            project_columns::choose(binder, input, span, names, true)
        }
        OperatorKind::ProjectRename(names) => project_columns::rename(binder, input, span, names),
        OperatorKind::ProjectReorder(names) => project_columns::reorder(binder, input, span, names),
        OperatorKind::Print(_) | OperatorKind::DataTable(..) | OperatorKind::Range { .. } => {
            Err(KqlError::semantic(
                span,
                "this operator begins a query; it cannot stand after a `|`",
            ))
        }
        OperatorKind::Other(name) => Err(KqlError::unsupported(
            name.span,
            format!("the operator `{}` is not supported", name.text),
        )),
        OperatorKind::Consume | OperatorKind::Reduce(_) | OperatorKind::AssertSchema(_) => Err(
            KqlError::unsupported(span, "this operator is not supported"),
        ),
    }
}

/// The rows of an operator that stands at the start of a query.
///
/// # Errors
/// As [`bind`].
pub fn source(binder: &mut Binder<'_>, operator: &Operator) -> Result<Relation, KqlError> {
    let span = operator.span;
    match &operator.kind {
        OperatorKind::Print(columns) => print::bind(binder, span, columns),
        OperatorKind::DataTable(columns, values) => datatable::bind(binder, span, columns, values),
        OperatorKind::Range {
            name,
            from,
            to,
            step,
        } => range::bind(binder, span, name, from, to, step),
        OperatorKind::Union { options, tables } => union::bind(binder, None, span, options, tables),
        OperatorKind::Search {
            options,
            tables,
            predicate,
        } => search::bind(binder, None, span, options, tables, predicate),
        OperatorKind::Find {
            options,
            tables,
            predicate,
            project,
        } => find::bind(binder, None, span, options, tables, predicate, project),
        OperatorKind::Evaluate {
            plugin,
            arguments,
            schema,
        } => evaluate::bind(binder, None, span, plugin, arguments, schema.as_deref()),
        OperatorKind::Other(name) => Err(KqlError::unsupported(
            name.span,
            format!("`{}` is not supported", name.text),
        )),
        _ => Err(KqlError::semantic(
            span,
            "this operator needs a table before it and a `|`",
        )),
    }
}
