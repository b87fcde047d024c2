//! Resolves names and types and builds the chain of operators. Subqueries whose values the plan needs (`toscalar`, `in (table)`,
//! `materialize`, the columns of `pivot`) are run here.

use super::catalog::Catalog;
use super::error::{KqlError, Span};
use super::expr::Expr;
use super::relation::{Relation, Run};
use super::types::{Schema, Type};
use super::{Options, syntax};

/// The columns an expression may name, and what else may stand in it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The columns.
    pub schema: &'a Schema,
    /// Whether the rows have an order, so that window functions may stand here.
    pub serialized: bool,
}

/// Binds one query.
pub struct Binder<'a> {
    /// The tables.
    pub catalog: &'a dyn Catalog,
    /// `now()` and the query's parameters.
    pub options: &'a Options,
    /// What subqueries run within.
    pub run: &'a Run<'a>,
}

impl<'a> Binder<'a> {
    /// A binder with no name declared yet.
    pub fn new(catalog: &'a dyn Catalog, options: &'a Options, run: &'a Run<'a>) -> Self {
        Self {
            catalog,
            options,
            run,
        }
    }

    /// Every tabular statement of a query, in order.
    ///
    /// # Errors
    /// The first name, type or construct that does not fit.
    pub fn query(&mut self, _query: &syntax::Query) -> Result<Vec<Relation>, KqlError> {
        Ok(Vec::new())
    }

    /// A tabular expression: a pipe, a name of a table or a variable, a call of a tabular function, a source operator.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub fn relation(&mut self, expr: &syntax::Expr) -> Result<Relation, KqlError> {
        Err(KqlError::unsupported(expr.span, "not built yet"))
    }

    /// What `operators` do to `input`, one after the other.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub fn pipe(
        &mut self,
        input: Relation,
        _operators: &[syntax::Operator],
    ) -> Result<Relation, KqlError> {
        Ok(input)
    }

    /// A scalar expression over the columns of `row`.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub fn scalar(&mut self, expr: &syntax::Expr, _row: Row<'_>) -> Result<Expr, KqlError> {
        Err(KqlError::unsupported(expr.span, "not built yet"))
    }

    /// A scalar expression that must be the same for every row.
    ///
    /// # Errors
    /// As [`Binder::query`]; also when it names a column.
    pub fn constant(&mut self, expr: &syntax::Expr) -> Result<(Type, super::Value), KqlError> {
        Err(KqlError::unsupported(expr.span, "not built yet"))
    }

    /// `expr` converted to `ty`; itself where it is of that type.
    pub fn convert(&self, expr: Expr, _ty: Type) -> Expr {
        expr
    }

    /// What a column made of `expr` is called when the query gives no name: `a_b` for `a.b`, the rule of the function for a call. `None`: the place decides
    /// (`Column1`, `print_0`).
    pub fn name_of(&self, _expr: &syntax::Expr) -> Option<String> {
        None
    }

    /// `what` is not known at `span`: an error that names the nearest of `known`.
    pub fn unknown<'b>(
        what: &str,
        name: &str,
        span: Span,
        known: impl IntoIterator<Item = &'b str>,
    ) -> KqlError {
        let _ = known;
        KqlError::semantic(span, format!("{what} `{name}` is not known"))
    }
}
