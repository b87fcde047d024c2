//! Resolves names and types and builds the chain of operators. Subqueries whose values the plan needs (`toscalar`, `in (table)`, the columns of
//! `pivot`) are run here, once each.

use super::catalog::Catalog;
use super::error::{KqlError, Span};
use super::relation::{Relation, Run};
use super::types::Schema;
use super::{Options, operators, syntax};

mod calls;
mod membership;
mod names;
mod path;
mod scalar;
mod scope;
mod subquery;
mod tables;

pub use names::{NamedExpr, Names};
pub use scope::{Meaning, Scope};

/// The columns an expression may name, and what else may stand in it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The columns.
    pub schema: &'a Schema,
    /// Whether the rows have an order, so that window functions may stand here.
    pub serialized: bool,
}

impl<'a> Row<'a> {
    /// The row of `relation`.
    pub fn of(relation: &'a Relation) -> Self {
        Self {
            schema: &relation.schema,
            serialized: relation.serialized,
        }
    }
}

/// How deep expressions and functions may stand in each other.
const DEPTH: usize = 128;
/// How many variables and functions a query may put in their places, all told.
const EXPANSIONS: usize = 20_000;

/// How many operators a query may have, those of its variables and functions counted wherever they are used: each stands on the stack of the one before it.
const OPERATORS: usize = 1_000;

/// Binds one query.
pub struct Binder<'a> {
    /// The tables.
    pub catalog: &'a dyn Catalog,
    /// `now()` and the query's parameters.
    pub options: &'a Options,
    /// What subqueries run within.
    pub run: &'a Run<'a>,
    /// Only checks: subqueries are bound and not run, and what they give counts as missing.
    pub checks: bool,
    /// While it only checks: whether columns are known only by running, so that a name that is not known may well be there.
    pub columns_unknown: bool,
    scope: Scope,
    depth: usize,
    expansions: usize,
    operators: usize,
}

impl<'a> Binder<'a> {
    /// A binder with no name declared yet.
    pub fn new(catalog: &'a dyn Catalog, options: &'a Options, run: &'a Run<'a>) -> Self {
        Self {
            catalog,
            options,
            run,
            checks: false,
            columns_unknown: false,
            scope: Scope::default(),
            depth: 0,
            expansions: 0,
            operators: 0,
        }
    }

    /// Every tabular statement of a query, in order.
    ///
    /// # Errors
    /// The first name, type or construct that does not fit.
    pub fn query(&mut self, query: &syntax::Query) -> Result<Vec<Relation>, KqlError> {
        let mut relations = Vec::new();
        for statement in &query.statements {
            match statement {
                syntax::Statement::Expression(expr) => relations.push(self.relation(expr)?),
                other => self.declare(other)?,
            }
        }
        Ok(relations)
    }

    /// Every statement's first fault. A name that cannot be declared ends the search, since what follows would be wrong only for that.
    pub fn check(&mut self, query: &syntax::Query) -> Vec<KqlError> {
        let mut errors = Vec::new();
        for statement in &query.statements {
            match statement {
                syntax::Statement::Expression(expr) => {
                    errors.extend(self.relation(expr).err().filter(|_| !self.columns_unknown));
                }
                other => {
                    if let Err(error) = self.declare(other) {
                        errors.push(error);
                        break;
                    }
                }
            }
        }
        errors
    }

    /// What `operators` do to `input`, one after the other.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub fn pipe(
        &mut self,
        input: Relation,
        operators: &[syntax::Operator],
    ) -> Result<Relation, KqlError> {
        operators.iter().try_fold(input, |relation, operator| {
            self.operators += 1;
            if self.operators > OPERATORS {
                return Err(KqlError::limit(
                    operator.span,
                    format!("the query has more than {OPERATORS} operators, those of its variables and functions counted wherever they are used"),
                ));
            }
            operators::bind(self, relation, operator)
        })
    }

    /// The same for one more part of a table, when what was made for the part before is used up: nothing of it counts against the limits of the query.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub fn pipe_again(
        &mut self,
        input: Relation,
        operators: &[syntax::Operator],
    ) -> Result<Relation, KqlError> {
        let before = (self.operators, self.expansions);
        let relation = self.pipe(input, operators);
        (self.operators, self.expansions) = before;
        relation
    }

    /// Makes `meaning` what `name` stands for, from here to the end of the pipe or function it is declared in.
    pub fn define(&mut self, name: &str, meaning: Meaning) {
        self.scope = self.scope.with(name, meaning);
    }

    /// What a name stands for, where a statement or an `as` said it.
    pub fn meaning(&self, name: &str) -> Option<Meaning> {
        self.scope.get(name).cloned()
    }

    /// Runs `work` with the names of `scope`, and has the present ones back after it.
    fn within<T>(
        &mut self,
        scope: Scope,
        span: Span,
        work: impl FnOnce(&mut Self) -> Result<T, KqlError>,
    ) -> Result<T, KqlError> {
        self.expand(span)?;
        let outside = std::mem::replace(&mut self.scope, scope);
        let result = work(self);
        self.scope = outside;
        result
    }

    /// Runs `work` one level deeper.
    fn deeper<T>(
        &mut self,
        span: Span,
        work: impl FnOnce(&mut Self) -> Result<T, KqlError>,
    ) -> Result<T, KqlError> {
        if self.depth >= DEPTH {
            return Err(KqlError::limit(
                span,
                format!(
                    "the query is nested more than {DEPTH} levels deep, its variables included"
                ),
            )
            .help("use materialize() for a table that others are made of"));
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    /// Counts a variable or function that is put in its place.
    fn expand(&mut self, span: Span) -> Result<(), KqlError> {
        self.expansions += 1;
        if self.expansions > EXPANSIONS {
            return Err(KqlError::limit(
                span,
                format!("the query uses its variables and functions more than {EXPANSIONS} times"),
            )
            .help("use materialize() for a table that is used often"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
