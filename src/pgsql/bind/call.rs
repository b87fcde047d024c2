//! Calls: ordinary functions, aggregates, window functions.

use sqlparser::ast::{
    DuplicateTreatment, Expr as Ast, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, OrderByExpr, WindowFrameBound, WindowFrameUnits,
    WindowSpec, WindowType,
};

use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::{Expr, SubqueryAnswer};
use crate::pgsql::functions::SetFunction;
use crate::pgsql::plan::aggregate::AggregateFunction;
use crate::pgsql::plan::group::Aggregate;
use crate::pgsql::plan::sort::SortKey;
use crate::pgsql::plan::window::{Frame, WindowFunction, WindowKind};
use crate::pgsql::syntax::parts;
use crate::pgsql::types::Coercion;
use crate::pgsql::value::{Type, Value};

/// The arguments of a call as they stand.
struct Arguments<'a> {
    values: Vec<&'a Ast>,
    star: bool,
    distinct: bool,
    order: &'a [OrderByExpr],
}

/// The name of a function without `pg_catalog`.
pub(super) fn function_name(function: &Function) -> Result<String, Error> {
    let mut names = parts(&function.name)?;
    match (names.pop(), names.as_slice()) {
        (Some(name), []) => Ok(name),
        (Some(name), [schema]) if schema == "pg_catalog" => Ok(name),
        _ => Err(Error::new(
            "42883",
            format!("function {} does not exist", function.name),
        )),
    }
}

fn arguments(function: &Function) -> Result<Arguments<'_>, Error> {
    let mut read = Arguments {
        values: Vec::new(),
        star: false,
        distinct: false,
        order: &[],
    };
    let list = match &function.args {
        FunctionArguments::None => return Ok(read),
        FunctionArguments::Subquery(_) => return Err(Error::unsupported("a query as an argument")),
        FunctionArguments::List(list) => list,
    };
    read.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    for argument in &list.args {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => read.values.push(value),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => read.star = true,
            _ => return Err(Error::unsupported("named arguments and whole rows")),
        }
    }
    for clause in &list.clauses {
        match clause {
            FunctionArgumentClause::OrderBy(order) => read.order = order,
            other => return Err(Error::unsupported(&format!("the clause {other}"))),
        }
    }
    Ok(read)
}

impl Binder<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Result<Typed, Error> {
        let name = function_name(function)?;
        if let ("array", FunctionArguments::Subquery(query)) = (name.as_str(), &function.args) {
            return self.subquery(query, SubqueryAnswer::Array);
        }
        let read = arguments(function)?;
        if function.null_treatment.is_some() {
            return Err(Error::unsupported("IGNORE NULLS"));
        }
        let aggregate = self.aggregate_function(&name, function, &read)?;
        if let Some(over) = &function.over {
            return self.window(&name, aggregate, &read, over, function.filter.as_deref());
        }
        if let Some(aggregate) = aggregate {
            return self.aggregate(&name, aggregate, &read, function);
        }
        if window_kind(&name).is_some() {
            return Err(Error::new(
                "42809",
                format!("window function {name} requires an OVER clause"),
            ));
        }
        if function.filter.is_some() || read.distinct || !read.order.is_empty() || read.star {
            return Err(Error::new(
                "42809",
                format!("{name} is not an aggregate: it takes no DISTINCT, ORDER BY, FILTER or *"),
            ));
        }
        if SetFunction::named(&name).is_some() {
            return Err(Error::unsupported(&format!("{name} outside FROM")));
        }
        let values: Vec<Typed> = read
            .values
            .into_iter()
            .map(|value| self.expression(value))
            .collect::<Result<_, _>>()?;
        match (name.as_str(), values.as_slice()) {
            ("coalesce", [_, ..]) => {
                let (values, ty) = self.unified(values, "COALESCE")?;
                Ok(Typed {
                    expr: Expr::Coalesce(values),
                    ty,
                })
            }
            ("greatest" | "least", [_, ..]) => {
                let greatest = name == "greatest";
                let (values, ty) = self.unified(values, &name.to_uppercase())?;
                Ok(Typed {
                    expr: Expr::Extreme { greatest, values },
                    ty,
                })
            }
            ("nullif", [left, _]) => {
                let left = left.clone();
                let equal = Box::new(self.operate("=", values)?.expr);
                let left = self.settled(left)?;
                Ok(Typed {
                    expr: Expr::NullIf {
                        value: Box::new(left.expr),
                        equal,
                    },
                    ty: left.ty,
                })
            }
            _ => self.named(&name, values),
        }
    }

    /// The aggregate that a call means; those over an order carry their fraction.
    fn aggregate_function(
        &mut self,
        name: &str,
        function: &Function,
        read: &Arguments,
    ) -> Result<Option<AggregateFunction>, Error> {
        if !matches!(name, "percentile_cont" | "percentile_disc" | "mode") {
            return Ok(AggregateFunction::named(name));
        }
        if function.within_group.is_empty() {
            return Err(Error::new(
                "42809",
                format!("WITHIN GROUP is required for ordered-set aggregate {name}"),
            ));
        }
        if name == "mode" {
            return Ok(Some(AggregateFunction::Mode));
        }
        let [fraction] = read.values.as_slice() else {
            return Err(Error::unsupported("this form of a percentile"));
        };
        let typed = self.expression(fraction)?;
        if matches!(typed.ty, Type::Array(_)) {
            return Err(Error::unsupported("several percentiles at once"));
        }
        let fraction = match self.coerce(typed, &Type::Float8, Coercion::Implicit)? {
            Expr::Constant(Value::Float(fraction)) => fraction,
            _ => return Err(Error::unsupported("a percentile that is not a constant")),
        };
        if !(0.0..=1.0).contains(&fraction) {
            return Err(Error::new(
                "22003",
                format!("percentile value {fraction} is not between 0 and 1"),
            ));
        }
        Ok(Some(if name == "percentile_cont" {
            AggregateFunction::PercentileCont(fraction)
        } else {
            AggregateFunction::PercentileDisc(fraction)
        }))
    }

    fn aggregate(
        &mut self,
        name: &str,
        aggregate: AggregateFunction,
        read: &Arguments,
        function: &Function,
    ) -> Result<Typed, Error> {
        let clause = self.level.names.no_aggregates;
        if !clause.is_empty() {
            return Err(Error::new(
                "42803",
                match clause {
                    "aggregate" => "aggregate function calls cannot be nested".to_owned(),
                    clause => format!("aggregate functions are not allowed in {clause}"),
                },
            ));
        }
        let bound = self.without_aggregates("aggregate", |this| {
            let (values, order) = match function.within_group.as_slice() {
                [] => {
                    let values: Vec<Typed> = read
                        .values
                        .iter()
                        .map(|value| this.expression(value))
                        .collect::<Result<_, _>>()?;
                    (values, this.sort_keys(read.order)?)
                }
                [key] => {
                    let value = this.expression(&key.expr)?;
                    let value = this.settled(value)?;
                    (vec![value], this.sort_keys(std::slice::from_ref(key))?)
                }
                _ => return Err(Error::unsupported("WITHIN GROUP of several keys")),
            };
            let (arguments, types, result) = this.taken(name, aggregate, values, read.star)?;
            if read.distinct && !order.is_empty() {
                let listed = order.iter().all(|key| arguments.contains(&key.value));
                if !listed {
                    return Err(Error::new(
                        "42P10",
                        "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
                    ));
                }
            }
            Ok((arguments, types, result, order))
        })?;
        let (arguments, types, result, order) = bound;
        let filter = match &function.filter {
            None => None,
            Some(filter) => Some(self.without_aggregates("FILTER", |this| {
                let typed = this.expression(filter)?;
                this.condition(typed, "FILTER")
            })?),
        };
        let made = Aggregate {
            function: aggregate,
            arguments,
            types,
            distinct: read.distinct,
            order,
            filter,
        };
        let aggregates = &mut self.level.names.aggregates;
        let known = aggregates.iter().position(|(known, _)| *known == made);
        let index = known.unwrap_or_else(|| {
            aggregates.push((made, result.clone()));
            aggregates.len() - 1
        });
        Ok(Typed {
            expr: Expr::Aggregate(index),
            ty: result,
        })
    }

    /// The arguments of an aggregate in the types it takes, and the type of its result.
    fn taken(
        &mut self,
        name: &str,
        aggregate: AggregateFunction,
        values: Vec<Typed>,
        star: bool,
    ) -> Result<(Vec<Expr>, Vec<Type>, Type), Error> {
        let given: Vec<Type> = values.iter().map(|value| value.ty.clone()).collect();
        let shown: Vec<String> = given.iter().map(Type::long_name).collect();
        let unknown = || {
            Error::new(
                "42883",
                format!("function {name}({}) does not exist", shown.join(", ")),
            )
        };
        if aggregate == AggregateFunction::Count && values.is_empty() && !star {
            return Err(Error::new(
                "42809",
                "count(*) must be used to call a parameterless aggregate function",
            ));
        }
        let (types, result) = aggregate.signature(&given).ok_or_else(unknown)?;
        let arguments = values
            .into_iter()
            .zip(&types)
            .map(|(value, ty)| self.coerce(value, ty, Coercion::Implicit))
            .collect::<Result<_, _>>()?;
        Ok((arguments, types, result))
    }

    fn window(
        &mut self,
        name: &str,
        aggregate: Option<AggregateFunction>,
        read: &Arguments,
        over: &WindowType,
        filter: Option<&Ast>,
    ) -> Result<Typed, Error> {
        let clause = self.level.names.no_windows;
        if !clause.is_empty() {
            return Err(Error::new(
                "42P20",
                format!("window functions are not allowed in {clause}"),
            ));
        }
        let WindowType::WindowSpec(spec) = over else {
            return Err(Error::unsupported("named windows"));
        };
        if read.distinct || !read.order.is_empty() {
            return Err(Error::unsupported(
                "DISTINCT and ORDER BY in a window function",
            ));
        }
        let kind = match aggregate {
            Some(aggregate) => WindowKind::Aggregate(aggregate),
            None => window_kind(name).ok_or_else(|| {
                Error::new(
                    "42809",
                    format!("OVER specified, but {name} is not a window function nor an aggregate function"),
                )
            })?,
        };
        let before = self.level.names.no_windows;
        self.level.names.no_windows = "window definitions";
        let values: Vec<Typed> = read
            .values
            .iter()
            .map(|value| self.expression(value))
            .collect::<Result<_, _>>()?;
        let (arguments, types, result) = match aggregate {
            Some(aggregate) => self.taken(name, aggregate, values, read.star)?,
            None => self.window_arguments(name, kind, values)?,
        };
        let filter = match filter {
            None => None,
            Some(filter) => {
                let typed = self.expression(filter)?;
                Some(self.condition(typed, "FILTER")?)
            }
        };
        let partition: Vec<Expr> = spec
            .partition_by
            .iter()
            .map(|key| {
                let key = self.expression(key)?;
                Ok(self.settled(key)?.expr)
            })
            .collect::<Result<_, Error>>()?;
        let order = self.sort_keys(&spec.order_by)?;
        self.level.names.no_windows = before;
        let frame = frame(spec)?;
        let windows = &mut self.level.names.windows;
        windows.push(WindowFunction {
            kind,
            arguments,
            types,
            filter,
            partition,
            order,
            frame,
        });
        Ok(Typed {
            expr: Expr::Window(windows.len() - 1),
            ty: result,
        })
    }

    fn window_arguments(
        &mut self,
        name: &str,
        kind: WindowKind,
        values: Vec<Typed>,
    ) -> Result<(Vec<Expr>, Vec<Type>, Type), Error> {
        let given: Vec<String> = values.iter().map(|value| value.ty.long_name()).collect();
        let mut values = values
            .into_iter()
            .map(|value| self.settled(value))
            .collect::<Result<Vec<_>, _>>()?;
        let first = values.first().map(|value| value.ty.clone());
        let (types, result) = match (kind, values.len(), first) {
            (WindowKind::RowNumber | WindowKind::Rank | WindowKind::DenseRank, 0, _) => {
                (Vec::new(), Type::Int8)
            }
            (WindowKind::Ntile, 1, _) => (vec![Type::Int4], Type::Int4),
            (WindowKind::FirstValue | WindowKind::LastValue, 1, Some(ty)) => (vec![ty.clone()], ty),
            (WindowKind::Lag | WindowKind::Lead, 1..=3, Some(ty)) => {
                let mut types = vec![ty.clone(), Type::Int4, ty.clone()];
                types.truncate(values.len());
                (types, ty)
            }
            _ => {
                return Err(Error::new(
                    "42883",
                    format!("function {name}({}) does not exist", given.join(", ")),
                ));
            }
        };
        let arguments = values
            .drain(..)
            .zip(&types)
            .map(|(value, ty)| self.coerce(value, ty, Coercion::Implicit))
            .collect::<Result<_, _>>()?;
        Ok((arguments, types, result))
    }

    /// ORDER BY within a call.
    pub(super) fn sort_keys(&mut self, keys: &[OrderByExpr]) -> Result<Vec<SortKey>, Error> {
        keys.iter()
            .map(|key| {
                let value = self.expression(&key.expr)?;
                let value = self.settled(value)?;
                sort_key(key, value)
            })
            .collect()
    }
}

/// A value with the direction that ORDER BY gives it.
pub(super) fn sort_key(key: &OrderByExpr, value: Typed) -> Result<SortKey, Error> {
    use sqlparser::ast::OrderBySort;
    if key.with_fill.is_some() {
        return Err(Error::unsupported("WITH FILL"));
    }
    if value.ty == Type::Json {
        return Err(Error::new(
            "42883",
            "could not identify an ordering operator for type json",
        ));
    }
    let descending = match &key.options.sort {
        None | Some(OrderBySort::Asc) => false,
        Some(OrderBySort::Desc) => true,
        Some(_) => return Err(Error::unsupported("ORDER BY … USING")),
    };
    Ok(SortKey {
        value: value.expr,
        descending,
        nulls_first: key.options.nulls_first.unwrap_or(descending),
    })
}

fn window_kind(name: &str) -> Option<WindowKind> {
    Some(match name {
        "row_number" => WindowKind::RowNumber,
        "rank" => WindowKind::Rank,
        "dense_rank" => WindowKind::DenseRank,
        "lag" => WindowKind::Lag,
        "lead" => WindowKind::Lead,
        "first_value" => WindowKind::FirstValue,
        "last_value" => WindowKind::LastValue,
        "ntile" => WindowKind::Ntile,
        _ => return None,
    })
}

fn frame(spec: &WindowSpec) -> Result<Frame, Error> {
    if spec.window_name.is_some() {
        return Err(Error::unsupported("named windows"));
    }
    let Some(frame) = &spec.window_frame else {
        // To the last row that agrees with this one; without an order all agree.
        return Ok(Frame {
            rows: false,
            from: None,
            to: Some(0),
        });
    };
    let rows = match frame.units {
        WindowFrameUnits::Rows => true,
        WindowFrameUnits::Range => false,
        WindowFrameUnits::Groups => return Err(Error::unsupported("frames in groups")),
    };
    let offset = |bound: &Ast| match bound {
        Ast::Value(value) => value.value.to_string().parse::<i64>().ok(),
        _ => None,
    };
    let side = |bound: &WindowFrameBound, start: bool| {
        Ok(match bound {
            WindowFrameBound::CurrentRow => Some(0),
            WindowFrameBound::Preceding(None) if start => None,
            WindowFrameBound::Following(None) if !start => None,
            WindowFrameBound::Preceding(Some(by)) if rows => {
                let by = offset(by).ok_or_else(|| Error::unsupported("this frame"))?;
                Some(if start { by } else { -by })
            }
            WindowFrameBound::Following(Some(by)) if rows => {
                let by = offset(by).ok_or_else(|| Error::unsupported("this frame"))?;
                Some(if start { -by } else { by })
            }
            _ => return Err(Error::unsupported("this frame of a window")),
        })
    };
    let end = frame.end_bound.as_ref();
    Ok(Frame {
        rows,
        from: side(&frame.start_bound, true)?,
        to: end.map_or(Ok(Some(0)), |end| side(end, false))?,
    })
}
