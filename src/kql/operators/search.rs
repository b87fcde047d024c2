//! `search`: rows of one or more tables in which terms stand, whatever the column.

use super::filter::filter;
use super::options;
use super::terms::Terms;
use super::union::{Part, add, unite};
use crate::kql::binder::{Binder, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, ExprKind, OperatorOption};
use crate::kql::types::Schema;

/// The column that says which table a row is from.
const TABLE: &str = "$table";

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Option<Relation>,
    span: Span,
    options: &[OperatorOption],
    tables: &[Expr],
    predicate: &Expr,
) -> Result<Relation, KqlError> {
    let mut case_sensitive = false;
    for option in options {
        match option.name.text.as_str() {
            "kind" => {
                let kinds = ["default", "case_insensitive", "case_sensitive"];
                case_sensitive = options::one_of(option, &kinds)? == "case_sensitive";
            }
            _ => options::unknown(option, &["kind"])?,
        }
    }
    let parts = parts(binder, input, span, tables, "search")?;
    let relation = unite(parts, false, Some(TABLE));
    let searched = Schema::new(
        relation
            .schema
            .fields
            .iter()
            .filter(|field| &*field.name != TABLE)
            .cloned()
            .collect(),
    );
    let terms = Terms {
        schema: &searched,
        bare: true,
        case_sensitive,
    };
    let predicate = binder.condition(&terms.written_out(predicate), Row::of(&relation))?;
    Ok(filter(relation, vec![predicate]))
}

/// The tables that are searched: the input, those that are named, or all there are.
pub(super) fn parts(
    binder: &mut Binder<'_>,
    input: Option<Relation>,
    span: Span,
    tables: &[Expr],
    operator: &str,
) -> Result<Vec<Part>, KqlError> {
    let mut parts = Vec::new();
    if let Some(relation) = input {
        if let Some(table) = tables.first() {
            return Err(KqlError::semantic(
                table.span,
                format!("{operator} has a table before it already; it cannot name others"),
            ));
        }
        parts.push(Part {
            source: format!("{operator}_arg0").into(),
            relation,
        });
        return Ok(parts);
    }
    let all = [Expr {
        kind: ExprKind::Star,
        span,
    }];
    for table in if tables.is_empty() { &all } else { tables } {
        add(binder, table, false, operator, &mut parts)?;
    }
    Ok(parts)
}
