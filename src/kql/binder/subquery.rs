//! Subqueries whose values the plan needs: run while the query is bound.

use super::super::error::{KqlError, Span};
use super::super::expr::Expr;
use super::super::relation::Relation;
use super::super::syntax;
use super::super::types::{Field, Schema, Type};
use super::super::value::Value;
use super::{Binder, Row};

impl Binder<'_> {
    /// `toscalar(…)`: the first cell of a table; of a value, the value.
    pub(super) fn first_cell(&mut self, expr: &syntax::Expr, span: Span) -> Result<Expr, KqlError> {
        if !self.is_tabular(expr) {
            let none = Schema::default();
            return self.scalar(
                expr,
                Row {
                    schema: &none,
                    serialized: false,
                },
            );
        }
        let relation = self.relation(expr)?;
        let field = first_field(&relation, span)?;
        let value = self.first_cells(relation, 1)?.into_iter().next();
        Ok(Expr::constant(
            field.ty,
            value.unwrap_or_else(|| Value::missing(field.ty)),
            span,
        ))
    }

    /// The cells of the first column of a table, with their type.
    pub(super) fn first_column(
        &mut self,
        expr: &syntax::Expr,
    ) -> Result<(Type, Vec<Value>), KqlError> {
        let relation = self.relation(expr)?;
        let field = first_field(&relation, expr.span)?;
        Ok((field.ty, self.first_cells(relation, usize::MAX)?))
    }

    fn first_cells(&self, relation: Relation, most: usize) -> Result<Vec<Value>, KqlError> {
        let mut cells = Vec::new();
        if self.checks {
            return Ok(cells);
        }
        let mut rows = relation.rows;
        let mut wanted = vec![false; relation.schema.fields.len()];
        if let Some(first) = wanted.first_mut() {
            *first = true;
        }
        rows.prune(&wanted);
        while cells.len() < most {
            let Some(batch) = rows.next(self.run)? else {
                break;
            };
            self.run.check()?;
            if let Some(column) = batch.columns.first() {
                let take = column.len().min(most - cells.len());
                cells.extend((0..take).map(|row| column.value(row)));
            }
            self.run.hold_rows(cells.len())?;
        }
        Ok(cells)
    }
}

fn first_field(relation: &Relation, span: Span) -> Result<Field, KqlError> {
    relation
        .schema
        .fields
        .first()
        .cloned()
        .ok_or_else(|| KqlError::semantic(span, "this table has no column"))
}
