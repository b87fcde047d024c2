//! `in`, `has_any`, `has_all`: lists of values, dynamic lists, and tables.

use std::sync::Arc;

use hashbrown::HashSet;

use super::super::column::{Column, Values};
use super::super::dynamic::Dynamic;
use super::super::error::{KqlError, Span};
use super::super::expr::{Eval, Expr, Vector};
use super::super::kernels::{self, Side, cast, compare, text};
use super::super::syntax::{self, BinaryOp, InOp, Polarity, TextOp};
use super::super::types::Type;
use super::super::value::Value;
use super::scalar::compared_as;
use super::{Binder, Row};

/// A condition of one vector.
type Kernel = Box<dyn Fn(&Vector, usize) -> Vector + Send + Sync>;

/// What a value is looked for among.
enum List {
    /// Values known now.
    Known(Vec<Value>),
    /// Values that only the row tells.
    Rows(Vec<Expr>),
}

impl Binder<'_> {
    pub(super) fn membership(
        &mut self,
        op: InOp,
        value: &syntax::Expr,
        list: &[syntax::Expr],
        span: Span,
        row: Row<'_>,
    ) -> Result<Expr, KqlError> {
        let value = self.scalar(value, row)?;
        match op {
            InOp::In(polarity) => {
                let found = match self.list(&value, list, row, polarity)? {
                    List::Known(values) => self.among(value, &values, polarity, span),
                    List::Rows(items) => self.among_rows(&value, items, polarity, span)?,
                };
                Ok(if polarity.negated {
                    super::scalar::not(found)
                } else {
                    found
                })
            }
            InOp::HasAny | InOp::HasAll => {
                let value = self.as_text(value)?;
                let any = op == InOp::HasAny;
                match self.list(
                    &value,
                    list,
                    row,
                    Polarity {
                        negated: false,
                        case_sensitive: false,
                    },
                )? {
                    List::Known(values) => Ok(Self::has(value, &values, any, span)),
                    List::Rows(items) => Ok(Self::has_rows(value, items, any, span)),
                }
            }
        }
    }

    /// The values of a list. What a list holds that is a list itself counts item by item.
    fn list(
        &mut self,
        value: &Expr,
        list: &[syntax::Expr],
        row: Row<'_>,
        polarity: Polarity,
    ) -> Result<List, KqlError> {
        if let [only] = list
            && self.is_tabular(only)
        {
            return Ok(List::Known(self.first_column(only)?.1));
        }
        let mut bound = Vec::with_capacity(list.len());
        for item in list {
            let item = self.scalar(item, row)?;
            let comparable = compared_as(value.ty, item.ty, compare::Test::Equal).is_some();
            if !comparable
                || (!polarity.case_sensitive && !matches!(item.ty, Type::String | Type::Dynamic))
            {
                return Err(KqlError::semantic(
                    item.span,
                    format!(
                        "expected a value of type {}, found one of type {}",
                        value.ty.name(),
                        item.ty.name()
                    ),
                )
                .help("convert one side first"));
            }
            bound.push(item);
        }
        if bound.iter().any(|item| item.as_constant().is_none()) {
            return Ok(List::Rows(bound));
        }
        let mut values = Vec::with_capacity(bound.len());
        for item in &bound {
            match item.as_constant() {
                Some(Value::Dynamic(Dynamic::Array(items))) => {
                    values.extend(items.iter().cloned().map(Dynamic::into_value));
                }
                Some(value) => values.push(value.clone()),
                None => {}
            }
        }
        Ok(List::Known(values))
    }

    fn among(&self, value: Expr, values: &[Value], polarity: Polarity, span: Span) -> Expr {
        let ty = match value.ty {
            Type::Int => Type::Long,
            Type::Dynamic if values.iter().all(is_text) => Type::String,
            ty => ty,
        };
        // A double in the list must not be cut to fit a whole number.
        let ty = if ty == Type::Long && values.iter().any(is_fraction) {
            Type::Real
        } else {
            ty
        };
        let value = if polarity.case_sensitive {
            self.convert(value, ty)
        } else {
            self.convert(value, Type::String)
        };
        let values: Vec<Value> = values
            .iter()
            .map(|item| cast::one(item, value.ty))
            .filter(|item| !item.is_null())
            .collect();
        let kernel: Kernel = match value.ty {
            Type::String => text_set(&values, polarity.case_sensitive),
            Type::Long | Type::DateTime | Type::Timespan => {
                let set: HashSet<i64> = values.iter().filter_map(kernels::Cell::of).collect();
                Box::new(move |arg, rows| member(arg, rows, |cell: i64| set.contains(&cell)))
            }
            Type::Guid => {
                let set: HashSet<u128> = values.iter().filter_map(kernels::Cell::of).collect();
                Box::new(move |arg, rows| member(arg, rows, |cell: u128| set.contains(&cell)))
            }
            ty => Box::new(move |arg, rows| {
                one_of(arg, rows, |cell| {
                    values.iter().any(|value| same(ty, cell, value))
                })
            }),
        };
        Expr::pure(
            Type::Bool,
            move |args: &[Vector], rows| match args {
                [arg] => kernel(arg, rows),
                _ => Vector::Constant(Value::Null),
            },
            vec![value],
            span,
        )
    }

    fn among_rows(
        &self,
        value: &Expr,
        items: Vec<Expr>,
        polarity: Polarity,
        span: Span,
    ) -> Result<Expr, KqlError> {
        // Single values are compared as `==` compares them; a dynamic one may be a list.
        let mut found: Option<Expr> = None;
        for item in items {
            let test = if item.ty == Type::Dynamic {
                let case_sensitive = polarity.case_sensitive;
                let ty = value.ty;
                Expr::call(
                    Type::Bool,
                    Eval::row(move |args| match args {
                        [value, Value::Dynamic(Dynamic::Array(items))] => {
                            Value::Bool(items.iter().any(|item| {
                                equals(ty, value, &item.clone().into_value(), case_sensitive)
                            }))
                        }
                        [value, item] => Value::Bool(equals(ty, value, item, case_sensitive)),
                        _ => Value::Null,
                    }),
                    vec![value.clone(), item],
                    span,
                )
            } else if polarity.case_sensitive {
                self.binary(BinaryOp::Equal, value.clone(), item, span)?
            } else {
                let op = BinaryOp::Text(
                    TextOp::EqualsIgnoringCase,
                    Polarity {
                        negated: false,
                        case_sensitive: false,
                    },
                );
                self.binary(op, value.clone(), item, span)?
            };
            found = Some(match found {
                Some(found) => self.binary(BinaryOp::Or, found, test, span)?,
                None => test,
            });
        }
        Ok(found.unwrap_or_else(|| Expr::constant(Type::Bool, Value::Bool(false), span)))
    }

    fn has(value: Expr, values: &[Value], any: bool, span: Span) -> Expr {
        let terms: Vec<text::Matcher> = values
            .iter()
            .map(|value| cast::one(value, Type::String))
            .filter_map(|value| text::Matcher::new(TextOp::Has, false, value.as_str()?).ok())
            .collect();
        Expr::pure(
            Type::Bool,
            move |args: &[Vector], rows| match args {
                [arg] => one_text(arg, rows, |text| {
                    if any {
                        terms.iter().any(|term| term.matches(text))
                    } else {
                        terms.iter().all(|term| term.matches(text))
                    }
                }),
                _ => Vector::Constant(Value::Null),
            },
            vec![value],
            span,
        )
    }

    fn has_rows(value: Expr, items: Vec<Expr>, any: bool, span: Span) -> Expr {
        let mut args = vec![value];
        args.extend(items);
        Expr::call(
            Type::Bool,
            Eval::row(move |args| {
                let Some((value, items)) = args.split_first() else {
                    return Value::Null;
                };
                let text = value.as_str().unwrap_or_default();
                let has = |item: &Value| {
                    let item = cast::one(item, Type::String);
                    text::Matcher::new(TextOp::Has, false, item.as_str().unwrap_or_default())
                        .is_ok_and(|matcher| matcher.matches(text))
                };
                let mut items = items.iter().flat_map(|item| match item {
                    Value::Dynamic(Dynamic::Array(items)) => items
                        .iter()
                        .cloned()
                        .map(Dynamic::into_value)
                        .collect::<Vec<_>>(),
                    item => vec![item.clone()],
                });
                Value::Bool(if any {
                    items.any(|item| has(&item))
                } else {
                    items.all(|item| has(&item))
                })
            }),
            args,
            span,
        )
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Dynamic(Dynamic::String(_)))
}

fn is_fraction(value: &Value) -> bool {
    matches!(
        value,
        Value::Real(_) | Value::Decimal(_) | Value::Dynamic(Dynamic::Real(_))
    )
}

fn same(ty: Type, left: &Value, right: &Value) -> bool {
    let args = [
        Vector::Constant(left.clone()),
        Vector::Constant(right.clone()),
    ];
    matches!(
        compare::compare(compare::Test::Equal, ty, &args, 1),
        Vector::Constant(Value::Bool(true))
    )
}

fn equals(ty: Type, left: &Value, right: &Value, case_sensitive: bool) -> bool {
    if case_sensitive {
        let right = cast::one(right, ty);
        return same(ty, left, &right);
    }
    let left = cast::one(left, Type::String);
    let right = cast::one(right, Type::String);
    text::Matcher::new(
        TextOp::EqualsIgnoringCase,
        false,
        right.as_str().unwrap_or_default(),
    )
    .is_ok_and(|matcher| matcher.matches(left.as_str().unwrap_or_default()))
}

fn text_set(values: &[Value], case_sensitive: bool) -> Kernel {
    let folded = |text: &str| {
        if case_sensitive {
            text.to_owned()
        } else {
            text::fold(text)
        }
    };
    let set: HashSet<Arc<str>> = values
        .iter()
        .filter_map(Value::as_str)
        .map(|text| folded(text).into())
        .collect();
    if case_sensitive {
        Box::new(move |arg, rows| one_text(arg, rows, |text| set.contains(text)))
    } else {
        Box::new(move |arg, rows| {
            one_text(arg, rows, |text| set.contains(text::fold(text).as_str()))
        })
    }
}

/// A condition of a text, over a vector.
fn one_text(arg: &Vector, rows: usize, f: impl Fn(&str) -> bool) -> Vector {
    match arg {
        Vector::Constant(value) => {
            Vector::Constant(Value::Bool(f(value.as_str().unwrap_or_default())))
        }
        Vector::Column(column) => {
            let data = match &**column {
                Column::String(strings) => strings.map(f),
                _ => vec![false; rows],
            };
            Vector::Column(Column::Bool(Values::full(data)).into())
        }
    }
}

/// A condition of a cell, over a vector; false at a null.
fn member<T: kernels::Cell>(arg: &Vector, rows: usize, f: impl Fn(T) -> bool) -> Vector {
    match Side::<T>::of(arg) {
        Side::One(cell) => Vector::Constant(Value::Bool(cell.is_some_and(f))),
        side @ Side::Many(_) => {
            let data = (0..rows).map(|row| side.get(row).is_some_and(&f)).collect();
            Vector::Column(Column::Bool(Values::full(data)).into())
        }
    }
}

fn one_of(arg: &Vector, rows: usize, f: impl Fn(&Value) -> bool) -> Vector {
    match arg {
        Vector::Constant(value) => Vector::Constant(Value::Bool(!value.is_null() && f(value))),
        Vector::Column(column) => {
            let data = (0..rows)
                .map(|row| {
                    let value = column.value(row);
                    !value.is_null() && f(&value)
                })
                .collect();
            Vector::Column(Column::Bool(Values::full(data)).into())
        }
    }
}
