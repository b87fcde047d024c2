//! What names mean: variables of `let`, parameters, functions of the query, and tables that `as` named.

use std::sync::Arc;

use super::super::expr::Expr;
use super::super::operators::shared::Shared;
use super::super::syntax;

/// What a name stands for.
#[derive(Clone)]
pub enum Meaning {
    /// A scalar: a value, or over the columns of the row that a function is called for.
    Scalar(Expr),
    /// A table that is bound anew wherever it is named, with the names that were known where it was declared.
    Table(Arc<syntax::Expr>, Scope),
    /// A table that is worked out once: `materialize`, `as`, the input of `invoke`.
    Shared(Shared),
    /// A function of the query's own.
    Function(Arc<Function>),
}

/// A function that a query declares.
pub struct Function {
    /// What it takes.
    pub parameters: Vec<syntax::Parameter>,
    /// What it does.
    pub body: syntax::Query,
    /// The names known where it was declared; its own is not among them, so that no function calls itself.
    pub scope: Scope,
}

/// Names and what they stand for, the newest first. Cheap to clone: a function keeps the scope that it was declared in.
#[derive(Clone, Default)]
pub struct Scope(Option<Arc<Frame>>);

struct Frame {
    name: String,
    meaning: Meaning,
    outer: Scope,
}

impl Scope {
    /// The same with `name` standing for `meaning`.
    #[must_use]
    pub fn with(&self, name: &str, meaning: Meaning) -> Self {
        Self(Some(Arc::new(Frame {
            name: name.to_owned(),
            meaning,
            outer: self.clone(),
        })))
    }

    /// What `name` stands for.
    pub fn get(&self, name: &str) -> Option<&Meaning> {
        self.frames()
            .find(|frame| frame.name == name)
            .map(|frame| &frame.meaning)
    }

    /// Every name that `pick` takes.
    pub fn names(&self, pick: impl Fn(&Meaning) -> bool) -> impl Iterator<Item = &str> {
        self.frames()
            .filter(move |frame| pick(&frame.meaning))
            .map(|frame| frame.name.as_str())
    }

    /// How many names there are.
    pub fn count(&self) -> usize {
        self.frames().count()
    }

    fn frames(&self) -> impl Iterator<Item = &Frame> {
        std::iter::successors(self.0.as_deref(), |frame| frame.outer.0.as_deref())
    }
}
