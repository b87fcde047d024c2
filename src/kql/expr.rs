//! Expressions with their names and types resolved, and what they give over a batch.

use std::sync::Arc;

use super::column::Column;
use super::error::Span;
use super::relation::Batch;
use super::types::Type;
use super::value::Value;

/// What an expression gives over the rows of a batch.
#[derive(Clone, Debug)]
pub enum Vector {
    /// The same for every row.
    Constant(Value),
    /// One a row.
    Column(Arc<Column>),
}

impl Vector {
    /// What it gives at `row`.
    pub fn value(&self, row: usize) -> Value {
        match self {
            Self::Constant(value) => value.clone(),
            Self::Column(column) => column.value(row),
        }
    }

    /// It as a column of `ty` with `rows` rows.
    pub fn into_column(self, ty: Type, rows: usize) -> Arc<Column> {
        match self {
            Self::Constant(value) => Arc::new(Column::constant(ty, &value, rows)),
            Self::Column(column) => column,
        }
    }
}

/// Works a call out a row at a time: the long tail of functions. Gets one value an argument, of the type the function asked for.
pub type RowFunction = Arc<dyn Fn(&[Value]) -> Value + Send + Sync>;

/// Works a call out over all rows at once: what is called a million times, and window functions. Gets one vector an argument and the number of rows.
pub type ColumnFunction = Arc<dyn Fn(&[Vector], usize) -> Vector + Send + Sync>;

/// How a call is worked out.
#[derive(Clone)]
pub enum Eval {
    /// A row at a time.
    Row(RowFunction),
    /// All rows at once.
    Column(ColumnFunction),
}

impl Eval {
    /// A row at a time.
    pub fn row(f: impl Fn(&[Value]) -> Value + Send + Sync + 'static) -> Self {
        Self::Row(Arc::new(f))
    }

    /// All rows at once.
    pub fn column(f: impl Fn(&[Vector], usize) -> Vector + Send + Sync + 'static) -> Self {
        Self::Column(Arc::new(f))
    }
}

/// What an expression is made of.
#[derive(Clone)]
pub enum Kind {
    /// A value.
    Constant(Value),
    /// A column of the input, by position.
    Column(usize),
    /// A call of a function or an operator.
    Call {
        /// How it is worked out.
        eval: Eval,
        /// What it is worked out over.
        args: Vec<Expr>,
    },
}

/// An expression over the columns of a table.
#[derive(Clone)]
pub struct Expr {
    /// The type of what it gives.
    pub ty: Type,
    /// What it is made of.
    pub kind: Kind,
    /// Where it stands in the query.
    pub span: Span,
    /// Whether it looks at other rows than its own (`prev`, `row_number`, …) and so needs the whole table as one batch.
    pub window: bool,
}

impl Expr {
    /// A value.
    pub fn constant(ty: Type, value: Value, span: Span) -> Self {
        Self {
            ty,
            kind: Kind::Constant(value),
            span,
            window: false,
        }
    }

    /// A column of the input.
    pub fn column(ty: Type, index: usize, span: Span) -> Self {
        Self {
            ty,
            kind: Kind::Column(index),
            span,
            window: false,
        }
    }

    /// A call, worked out at once where every argument is a value and `eval` looks at one row only.
    pub fn call(ty: Type, eval: Eval, args: Vec<Self>, span: Span) -> Self {
        let row = matches!(eval, Eval::Row(_));
        let expr = Self {
            ty,
            window: args.iter().any(|arg| arg.window),
            kind: Kind::Call { eval, args },
            span,
        };
        if row { expr.folded() } else { expr }
    }

    /// A call of a kernel that looks at its own row only, worked out at once where every argument is a value.
    pub fn pure(
        ty: Type,
        kernel: impl Fn(&[Vector], usize) -> Vector + Send + Sync + 'static,
        args: Vec<Self>,
        span: Span,
    ) -> Self {
        Self::call(ty, Eval::column(kernel), args, span).folded()
    }

    /// The call as its value, where every argument is one. Only for calls that give the same for the same arguments.
    #[must_use]
    pub fn folded(mut self) -> Self {
        if let Kind::Call { args, .. } = &self.kind
            && args.iter().all(|arg| arg.as_constant().is_some())
        {
            let value = self
                .eval(&Batch {
                    columns: Vec::new(),
                    rows: 1,
                })
                .value(0);
            self.kind = Kind::Constant(value);
        }
        self
    }

    /// Its value, where that is the same for every row.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// What it gives over the rows of `batch`.
    pub fn eval(&self, batch: &Batch) -> Vector {
        match &self.kind {
            Kind::Constant(value) => Vector::Constant(value.clone()),
            Kind::Column(index) => batch.columns.get(*index).map_or_else(
                || Vector::Constant(Value::missing(self.ty)),
                |column| Vector::Column(Arc::clone(column)),
            ),
            Kind::Call { eval, args } => {
                let args: Vec<Vector> = args.iter().map(|arg| arg.eval(batch)).collect();
                match eval {
                    Eval::Column(f) => f(&args, batch.rows),
                    Eval::Row(f) => self.each_row(f, &args, batch.rows),
                }
            }
        }
    }

    fn each_row(&self, f: &RowFunction, args: &[Vector], rows: usize) -> Vector {
        if let Some(vector) = self.each_text(f, args) {
            return vector;
        }
        let constant =
            !args.is_empty() && args.iter().all(|arg| matches!(arg, Vector::Constant(_)));
        let rows = if constant { 1 } else { rows };
        let mut builder = super::column::ColumnBuilder::new(self.ty, rows);
        let mut values = Vec::with_capacity(args.len());
        for row in 0..rows {
            values.clear();
            values.extend(args.iter().map(|arg| arg.value(row)));
            let value = f(&values);
            if constant {
                return Vector::Constant(value);
            }
            builder.push(value);
        }
        Vector::Column(Arc::new(builder.finish()))
    }

    /// The same where only one argument differs from row to row, and that one is text: worked out once for each text of the pool.
    fn each_text(&self, f: &RowFunction, args: &[Vector]) -> Option<Vector> {
        let mut columns = args
            .iter()
            .enumerate()
            .filter_map(|(index, arg)| match arg {
                Vector::Column(column) => Some((index, column)),
                Vector::Constant(_) => None,
            });
        let (Some((index, column)), None) = (columns.next(), columns.next()) else {
            return None;
        };
        let Column::String(strings) = &**column else {
            return None;
        };
        if strings.pool.len() > strings.codes.len() {
            return None;
        }
        let mut values: Vec<Value> = args.iter().map(|arg| arg.value(0)).collect();
        let mut builder = super::column::ColumnBuilder::new(self.ty, strings.pool.len());
        for text in strings.pool.iter() {
            if let Some(value) = values.get_mut(index) {
                *value = Value::String(text.into());
            }
            builder.push(f(&values));
        }
        let of_pool = builder.finish();
        Some(Vector::Column(Arc::new(of_pool.gather(&strings.codes))))
    }

    /// Marks the columns of the input it looks at.
    pub fn mark(&self, wanted: &mut [bool]) {
        match &self.kind {
            Kind::Constant(_) => {}
            Kind::Column(index) => {
                if let Some(flag) = wanted.get_mut(*index) {
                    *flag = true;
                }
            }
            Kind::Call { args, .. } => {
                for arg in args {
                    arg.mark(wanted);
                }
            }
        }
    }
}
