//! Calls: functions of the query's own, the few that look at the query itself, and those of the table of functions.

use std::sync::Arc;

use super::super::aggregates;
use super::super::error::{KqlError, Span};
use super::super::expr::{Eval, Expr};
use super::super::functions::{self, Binding};
use super::super::syntax::{self, Name, Named};
use super::super::types::{Schema, Type};
use super::super::value::Value;
use super::{Binder, Meaning, Row};

impl Binder<'_> {
    pub(super) fn call(
        &mut self,
        name: &Name,
        arguments: &[Named],
        span: Span,
        row: Row<'_>,
    ) -> Result<Expr, KqlError> {
        if let Some(Meaning::Function(function)) = self.meaning(&name.text) {
            let scope = self.arguments(&function, &name.text, arguments, span, row, None)?;
            return self.within(scope, span, |binder| binder.scalar_body(&function, span));
        }
        match name.text.as_str() {
            "toscalar" => return self.first_cell(only(name, arguments, span)?, span),
            "column_ifexists" | "columnifexists" => {
                return self.column_if_exists(arguments, span, row);
            }
            _ => {}
        }
        let Some(function) = functions::named(&name.text) else {
            return Err(self.no_function(name));
        };
        let whole_row = over_row(name, arguments, span, row.schema);
        let arguments = whole_row.as_deref().unwrap_or(arguments);
        let (fewest, most) = function.arity;
        if !(fewest..=most).contains(&arguments.len()) {
            return Err(arity(&name.text, span, function.arity, arguments.len())
                .help(format!("it is written {}", function.usage)));
        }
        let mut args = Vec::with_capacity(arguments.len());
        for argument in arguments {
            if let Some(given) = argument.names.first() {
                return Err(KqlError::semantic(
                    given.span,
                    format!("`{}()` takes no arguments by name", name.text),
                )
                .help(format!("it is written {}", function.usage)));
            }
            args.push(self.scalar(&argument.value, row)?);
        }
        if function.window && !row.serialized {
            return Err(KqlError::semantic(
                span,
                format!(
                    "`{}()` looks at rows in their order, and these have none",
                    name.text
                ),
            )
            .help("put sort or serialize before it"));
        }
        let bound = (function.bind)(&Binding {
            name: &name.text,
            span,
            args: &args,
            now: self.options.now,
        })?;
        let args = args
            .into_iter()
            .enumerate()
            .map(|(index, arg)| match bound.takes.get(index) {
                Some(ty) => self.convert(arg, *ty),
                None => arg,
            })
            .collect();
        let mut expr = Expr::call(bound.ty, bound.eval, args, span);
        expr.window |= function.window;
        Ok(if may_fold(function, &expr) {
            expr.folded()
        } else {
            expr
        })
    }

    fn no_function(&self, name: &Name) -> KqlError {
        if aggregates::named(&name.text).is_some() {
            return KqlError::semantic(
                name.span,
                format!(
                    "`{}()` works over many rows and stands only in summarize",
                    name.text
                ),
            )
            .help(format!("write: summarize {}(…)", name.text));
        }
        Self::unknown("the function", &name.text, name.span, self.callable())
    }

    fn column_if_exists(
        &mut self,
        arguments: &[Named],
        span: Span,
        row: Row<'_>,
    ) -> Result<Expr, KqlError> {
        let [column, default] = arguments else {
            return Err(KqlError::semantic(
                span,
                format!(
                    "`column_ifexists()` takes 2 arguments, found {}",
                    arguments.len()
                ),
            )
            .help("it is written column_ifexists(\"column\", default)"));
        };
        let name = match &column.value.kind {
            syntax::ExprKind::Name(name) => name.clone(),
            _ => match self.constant(&column.value)? {
                (Type::String, Value::String(name)) => name.to_string(),
                _ => {
                    return Err(KqlError::semantic(
                        column.value.span,
                        "expected the name of a column in quotes",
                    ));
                }
            },
        };
        match row.schema.index(&name) {
            Some(index) => Ok(Expr::column(
                row.schema
                    .fields
                    .get(index)
                    .map_or(Type::Dynamic, |field| field.ty),
                index,
                span,
            )),
            None => self.scalar(&default.value, row),
        }
    }

    /// The names that hold in the body of `function` when it is called so. `input` is its first argument where `invoke` calls it.
    pub(super) fn arguments(
        &mut self,
        function: &Arc<super::scope::Function>,
        name: &str,
        arguments: &[Named],
        span: Span,
        row: Row<'_>,
        input: Option<Meaning>,
    ) -> Result<super::Scope, KqlError> {
        let mut scope = function.scope.clone();
        let mut positional = arguments
            .iter()
            .filter(|argument| argument.names.is_empty());
        let mut input = input;
        for parameter in &function.parameters {
            let given = arguments.iter().find(|argument| {
                argument
                    .names
                    .first()
                    .is_some_and(|name| name.text == parameter.name.text)
            });
            let meaning = match (&parameter.ty, input.take()) {
                (syntax::ParameterType::Table(columns), Some(input)) => {
                    if let Meaning::Shared(shared) = &input {
                        Self::has_columns(&shared.schema, columns, span)?;
                    }
                    input
                }
                (ty, _) => match (ty, given.or_else(|| positional.next())) {
                    (syntax::ParameterType::Table(columns), Some(argument)) => {
                        if !columns.is_empty() {
                            let schema = self.schema_of(&argument.value)?;
                            Self::has_columns(&schema, columns, argument.value.span)?;
                        }
                        Meaning::Table(Arc::new(argument.value.clone()), self.scope.clone())
                    }
                    (syntax::ParameterType::Scalar(ty), Some(argument)) => {
                        let value = self.scalar(&argument.value, row)?;
                        Meaning::Scalar(self.convert(value, *ty))
                    }
                    (syntax::ParameterType::Scalar(ty), None) if parameter.default.is_some() => {
                        let (_, value) = match &parameter.default {
                            Some(default) => self.constant(default)?,
                            None => (*ty, Value::Null),
                        };
                        Meaning::Scalar(
                            self.convert(Expr::constant(*ty, value, parameter.name.span), *ty),
                        )
                    }
                    (_, None) => {
                        return Err(KqlError::semantic(
                            span,
                            format!("`{name}()` needs a value for `{}`", parameter.name.text),
                        ));
                    }
                },
            };
            scope = scope.with(&parameter.name.text, meaning);
        }
        if let Some(extra) = positional.next() {
            let takes = function.parameters.len();
            return Err(arity(
                name,
                extra.value.span,
                (takes, takes),
                arguments.len(),
            ));
        }
        if let Some(name_given) = arguments
            .iter()
            .filter_map(|argument| argument.names.first())
            .find(|given| {
                function
                    .parameters
                    .iter()
                    .all(|parameter| parameter.name.text != given.text)
            })
        {
            return Err(Self::unknown(
                "the argument",
                &name_given.text,
                name_given.span,
                function
                    .parameters
                    .iter()
                    .map(|parameter| parameter.name.text.as_str()),
            ));
        }
        Ok(scope)
    }

    /// The columns of a table, without running anything for it.
    fn schema_of(&mut self, table: &syntax::Expr) -> Result<Schema, KqlError> {
        let checks = std::mem::replace(&mut self.checks, true);
        let relation = self.relation(table);
        self.checks = checks;
        Ok(relation?.schema)
    }

    /// Looks whether a table that a function is called with has the columns that the function names.
    fn has_columns(
        schema: &Schema,
        columns: &[syntax::ColumnDeclaration],
        span: Span,
    ) -> Result<(), KqlError> {
        for column in columns {
            let index = Self::column_index(schema, &column.name.text, span)?;
            let field = schema.fields.get(index);
            if let Some(field) = field.filter(|field| field.ty != column.ty) {
                return Err(KqlError::semantic(
                    span,
                    format!(
                        "the column `{}` is of type {}, and the function takes {}",
                        field.name,
                        field.ty.name(),
                        column.ty.name()
                    ),
                ));
            }
        }
        Ok(())
    }

    /// What the body of a function gives as a value. Its parameters are in scope already.
    fn scalar_body(
        &mut self,
        function: &super::scope::Function,
        span: Span,
    ) -> Result<Expr, KqlError> {
        let none = Schema::default();
        let row = Row {
            schema: &none,
            serialized: false,
        };
        let expr = self.body(&function.body, span)?;
        self.scalar(expr, row)
    }

    /// Declares what a body declares and returns what it gives.
    pub(super) fn body<'b>(
        &mut self,
        body: &'b syntax::Query,
        span: Span,
    ) -> Result<&'b syntax::Expr, KqlError> {
        let mut result = None;
        for statement in &body.statements {
            match statement {
                syntax::Statement::Expression(expr) => result = Some(expr),
                other => self.declare(other)?,
            }
        }
        result.ok_or_else(|| KqlError::semantic(span, "the function has no result"))
    }
}

/// The arguments of a call that is over every column of the row: `pack_all()`, `pack_array(*)`.
fn over_row(
    name: &Name,
    arguments: &[Named],
    span: Span,
    schema: &super::Schema,
) -> Option<Vec<Named>> {
    let unnamed = |kind| Named {
        names: Vec::new(),
        value: syntax::Expr { kind, span },
    };
    let literal = |ty, value| unnamed(syntax::ExprKind::Literal(ty, syntax::Literal(value)));
    let columns = schema.fields.iter().map(|field| &field.name);
    match (name.text.as_str(), arguments) {
        ("pack_all", [] | [_]) => {
            let flag = match arguments {
                [flag] => flag.clone(),
                _ => literal(Type::Bool, Value::Bool(false)),
            };
            let pairs = columns.flat_map(|column| {
                let key = literal(Type::String, Value::String(Arc::clone(column)));
                [key, unnamed(syntax::ExprKind::Name(column.to_string()))]
            });
            Some(std::iter::once(flag).chain(pairs).collect())
        }
        ("bag_pack_columns", named) => named
            .iter()
            .map(|argument| match &argument.value.kind {
                syntax::ExprKind::Name(column) => {
                    let key = literal(Type::String, Value::String(column.as_str().into()));
                    Some([key, argument.clone()])
                }
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(|pairs| pairs.into_iter().flatten().collect()),
        ("pack_array", [all]) if all.value.kind == syntax::ExprKind::Star => {
            let names = columns.map(|column| unnamed(syntax::ExprKind::Name(column.to_string())));
            Some(names.collect())
        }
        _ => None,
    }
}

/// Whether a call of values alone may be worked out at once: not what gives something else each time.
fn may_fold(function: &functions::Function, expr: &Expr) -> bool {
    match &expr.kind {
        super::super::expr::Kind::Call {
            eval: Eval::Column(_),
            args,
        } => !function.window && !args.is_empty() && function.name != "rand",
        _ => false,
    }
}

/// The one argument of a function of one.
pub(super) fn only<'b>(
    name: &Name,
    arguments: &'b [Named],
    span: Span,
) -> Result<&'b syntax::Expr, KqlError> {
    match arguments {
        [argument] => Ok(&argument.value),
        _ => Err(arity(&name.text, span, (1, 1), arguments.len())),
    }
}

fn arity(name: &str, span: Span, (fewest, most): (usize, usize), found: usize) -> KqlError {
    let wanted = if most == usize::MAX {
        format!("{fewest} or more arguments")
    } else if fewest == most {
        match fewest {
            1 => "1 argument".to_owned(),
            0 => "no arguments".to_owned(),
            n => format!("{n} arguments"),
        }
    } else {
        format!("{fewest} to {most} arguments")
    };
    KqlError::semantic(span, format!("`{name}()` takes {wanted}, found {found}"))
}
