//! Tables by name, by call and by operator; what `let` and `declare` declare.

use std::sync::Arc;

use super::super::catalog::Table;
use super::super::error::{KqlError, Span};
use super::super::expr::Expr;
use super::super::kernels::cast;
use super::super::operators;
use super::super::operators::shared::Shared;
use super::super::relation::{Batch, Operator, Relation, Run};
use super::super::syntax::{self, ExprKind, Name, Named, ParameterType, Statement};
use super::super::types::Schema;
use super::super::value::Value;
use super::calls::only;
use super::scope::Function;
use super::{Binder, Meaning, Row, Scope};

/// How many names a query may declare.
const DECLARATIONS: usize = 1_000;

impl Binder<'_> {
    /// A tabular expression: a pipe, a name of a table or a variable, a call of a tabular function, a source operator.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub fn relation(&mut self, expr: &syntax::Expr) -> Result<Relation, KqlError> {
        let outside = self.scope.clone();
        let relation = self.deeper(expr.span, |binder| binder.bind_relation(expr));
        self.scope = outside;
        relation
    }

    fn bind_relation(&mut self, expr: &syntax::Expr) -> Result<Relation, KqlError> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Pipe(base, operators) => {
                if let Some(first) = self.with_its_table(base, operators.first()) {
                    let input = operators::source(self, &first)?;
                    return self.pipe(input, operators.get(1..).unwrap_or_default());
                }
                let input = self.bind_relation(base)?;
                self.pipe(input, operators)
            }
            ExprKind::Source(operator) => operators::source(self, operator),
            ExprKind::Name(name) => self.table(name, span),
            ExprKind::Call(name, arguments) => self.table_call(name, arguments, span),
            ExprKind::Member(base, _) if matches!(&base.kind, ExprKind::Call(name, _) if matches!(name.text.as_str(), "database" | "cluster" | "workspace" | "app" | "resource")) => {
                Err(KqlError::unsupported(
                    span,
                    "other databases and workspaces cannot be read here",
                )
                .help("name the table alone"))
            }
            ExprKind::Missing => Err(KqlError::syntax(span, "expected a table")),
            ExprKind::Function(..) => Err(KqlError::semantic(
                span,
                "a function can only be declared with let",
            )),
            _ => Err(KqlError::semantic(span, "expected a table, found a value")
                .help("print … makes a table of a value")),
        }
    }

    /// `T | search …`, `T | find …` and `T | union …` as `search in (T) …` and so on, so that their rows say that they are of `T`.
    fn with_its_table(
        &self,
        base: &syntax::Expr,
        operator: Option<&syntax::Operator>,
    ) -> Option<syntax::Operator> {
        use syntax::OperatorKind::{Find, Search, Union};
        let ExprKind::Name(name) = &base.kind else {
            return None;
        };
        if self.meaning(name).is_some() || self.catalog.table(name).is_none() {
            return None;
        }
        let mut operator = operator?.clone();
        match &mut operator.kind {
            Search { tables, .. } | Find { tables, .. } if tables.is_empty() => {
                tables.push(base.clone());
            }
            Union { tables, .. } => tables.insert(0, base.clone()),
            _ => return None,
        }
        Some(operator)
    }

    fn table(&mut self, name: &str, span: Span) -> Result<Relation, KqlError> {
        match self.meaning(name) {
            Some(Meaning::Table(expr, scope)) => {
                return self.within(scope, span, |binder| binder.relation(&expr));
            }
            Some(Meaning::Shared(shared)) => return Ok(shared.relation()),
            Some(Meaning::Function(function)) if function.parameters.is_empty() => {
                return self.function_table(&function, name, &[], span, None);
            }
            Some(Meaning::Function(_)) => {
                return Err(KqlError::semantic(span, format!("`{name}` is a function"))
                    .help(format!("call it: {name}(…)")));
            }
            Some(Meaning::Scalar(_)) => {
                return Err(KqlError::semantic(
                    span,
                    format!("expected a table, and `{name}` is a value"),
                ));
            }
            None => {}
        }
        if let Some(table) = self.catalog.table(name) {
            return Ok(scan(table));
        }
        let names = self.catalog.names();
        let variables = self
            .scope
            .names(|meaning| matches!(meaning, Meaning::Table(..) | Meaning::Shared(_)));
        Err(Self::unknown(
            "the table",
            name,
            span,
            names.iter().map(String::as_str).chain(variables),
        ))
    }

    fn table_call(
        &mut self,
        name: &Name,
        arguments: &[Named],
        span: Span,
    ) -> Result<Relation, KqlError> {
        if let Some(Meaning::Function(function)) = self.meaning(&name.text) {
            return self.function_table(&function, &name.text, arguments, span, None);
        }
        match name.text.as_str() {
            "materialize" | "view" => {
                let relation = self.relation(only(name, arguments, span)?)?;
                Ok(Shared::new(relation).relation())
            }
            "table" => {
                let argument = only(name, arguments, span)?;
                match self.constant(argument)? {
                    (_, Value::String(table)) => self.table(&table, argument.span),
                    _ => Err(KqlError::semantic(
                        argument.span,
                        "expected the name of a table in quotes",
                    )),
                }
            }
            "toscalar" => Err(KqlError::semantic(span, "expected a table, found a value")
                .help("print … makes a table of a value")),
            "cluster" | "database" | "external_table" | "externaldata" | "materialized_view"
            | "workspace" | "app" | "resource" => Err(KqlError::unsupported(
                span,
                format!("`{}()` cannot be read here", name.text),
            )),
            _ => Err(Self::unknown(
                "the tabular function",
                &name.text,
                name.span,
                self.scope
                    .names(|meaning| matches!(meaning, Meaning::Function(_))),
            )),
        }
    }

    /// The table that a function of the query gives. `input` is its first argument where `invoke` calls it.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub(in crate::kql) fn function_table(
        &mut self,
        function: &Arc<Function>,
        name: &str,
        arguments: &[Named],
        span: Span,
        input: Option<Relation>,
    ) -> Result<Relation, KqlError> {
        let none = Schema::default();
        let row = Row {
            schema: &none,
            serialized: false,
        };
        let input = input.map(|relation| Meaning::Shared(Shared::new(relation)));
        let scope = self.arguments(function, name, arguments, span, row, input)?;
        self.within(scope, span, |binder| {
            let expr = binder.body(&function.body, span)?;
            binder.relation(expr)
        })
    }

    /// Whether an expression gives a table.
    pub fn is_tabular(&self, expr: &syntax::Expr) -> bool {
        tabular(expr, &self.scope, &[], self.catalog, 0)
    }

    /// Declares what a statement declares.
    pub(super) fn declare(&mut self, statement: &Statement) -> Result<(), KqlError> {
        match statement {
            Statement::Let { name, value } => self.declare_let(name, value),
            Statement::Parameters(parameters) => {
                for parameter in parameters {
                    self.declare_parameter(parameter)?;
                }
                Ok(())
            }
            Statement::Set { .. } | Statement::Expression(_) => Ok(()),
        }
    }

    fn declare_let(&mut self, name: &Name, value: &syntax::Expr) -> Result<(), KqlError> {
        if self.scope.count() >= DECLARATIONS {
            return Err(KqlError::limit(
                name.span,
                format!("the query declares more than {DECLARATIONS} names"),
            ));
        }
        let meaning = match &value.kind {
            ExprKind::Function(parameters, body) => Meaning::Function(Arc::new(Function {
                parameters: parameters.clone(),
                body: body.clone(),
                scope: self.scope.clone(),
            })),
            ExprKind::Call(call, arguments)
                if call.text == "materialize" && self.meaning("materialize").is_none() =>
            {
                let relation = self.relation(only(call, arguments, value.span)?)?;
                Meaning::Shared(Shared::new(relation))
            }
            _ if self.is_tabular(value) => {
                if self.checks {
                    self.relation(value)?;
                }
                Meaning::Table(Arc::new(value.clone()), self.scope.clone())
            }
            _ => {
                let none = Schema::default();
                let bound = self.scalar(
                    value,
                    Row {
                        schema: &none,
                        serialized: false,
                    },
                )?;
                Meaning::Scalar(bound)
            }
        };
        self.define(&name.text, meaning);
        Ok(())
    }

    fn declare_parameter(&mut self, parameter: &syntax::Parameter) -> Result<(), KqlError> {
        let ParameterType::Scalar(ty) = parameter.ty else {
            return Err(KqlError::semantic(
                parameter.name.span,
                "a parameter of the query is a value, not a table",
            ));
        };
        let given = self
            .options
            .parameters
            .iter()
            .find(|(name, _)| *name == parameter.name.text)
            .map(|(_, value)| value.clone());
        let value = match (given, &parameter.default) {
            (Some(value), _) => value,
            (None, Some(default)) => self.constant(default)?.1,
            (None, None) if self.checks => Value::missing(ty),
            (None, None) => {
                return Err(KqlError::semantic(
                    parameter.name.span,
                    format!("the parameter `{}` has no value", parameter.name.text),
                )
                .help("give it one, or a default in the query"));
            }
        };
        let value = cast::one(&value, ty);
        self.define(
            &parameter.name.text,
            Meaning::Scalar(Expr::constant(ty, value, parameter.name.span)),
        );
        Ok(())
    }
}

/// Whether `expr` gives a table; `locals` are the names that the body of a function declared so far and whether each is a table.
fn tabular(
    expr: &syntax::Expr,
    scope: &Scope,
    locals: &[(String, bool)],
    catalog: &dyn super::Catalog,
    depth: usize,
) -> bool {
    if depth > super::DEPTH {
        return false;
    }
    match &expr.kind {
        ExprKind::Pipe(..) | ExprKind::Source(_) => true,
        ExprKind::Name(name) => {
            if let Some((_, table)) = locals.iter().rev().find(|(local, _)| local == name) {
                return *table;
            }
            match scope.get(name) {
                Some(Meaning::Table(..) | Meaning::Shared(_)) => true,
                Some(Meaning::Function(function)) => {
                    function.parameters.is_empty() && tabular_body(function, catalog, depth)
                }
                Some(Meaning::Scalar(_)) => false,
                None => catalog.table(name).is_some(),
            }
        }
        ExprKind::Call(name, _) => match scope.get(&name.text) {
            Some(Meaning::Function(function)) => tabular_body(function, catalog, depth),
            _ => matches!(name.text.as_str(), "materialize" | "table" | "view"),
        },
        _ => false,
    }
}

fn tabular_body(function: &Function, catalog: &dyn super::Catalog, depth: usize) -> bool {
    let mut locals: Vec<(String, bool)> = function
        .parameters
        .iter()
        .map(|parameter| {
            (
                parameter.name.text.clone(),
                matches!(parameter.ty, ParameterType::Table(_)),
            )
        })
        .collect();
    let mut table = false;
    for statement in &function.body.statements {
        match statement {
            Statement::Let { name, value } => {
                let is_table = tabular(value, &function.scope, &locals, catalog, depth + 1);
                locals.push((name.text.clone(), is_table));
            }
            Statement::Expression(expr) => {
                table = tabular(expr, &function.scope, &locals, catalog, depth + 1);
            }
            _ => {}
        }
    }
    table
}

/// Reads a table of the catalog.
pub(in crate::kql) fn scan(table: Arc<dyn Table>) -> Relation {
    let schema = table.schema().clone();
    let wanted = vec![true; schema.fields.len()];
    Relation::new(
        schema,
        Box::new(Scan {
            table,
            wanted,
            rows: None,
        }),
    )
}

/// A table that begins to be read when its first batch is asked for.
struct Scan {
    table: Arc<dyn Table>,
    wanted: Vec<bool>,
    rows: Option<Box<dyn Operator>>,
}

impl Operator for Scan {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        self.rows
            .get_or_insert_with(|| self.table.scan(&self.wanted))
            .next(run)
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
    }
}
