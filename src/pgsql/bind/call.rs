//! Calls: ordinary functions, aggregates, window functions.

use sqlparser::ast::{
    DuplicateTreatment, Expr as Ast, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, OrderByExpr,
};

use super::window::window_kind;
use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::{Expr, SubqueryAnswer};
use crate::pgsql::functions::{SetFunction, resolve};
use crate::pgsql::plan::aggregate::AggregateFunction;
use crate::pgsql::plan::group::Aggregate;
use crate::pgsql::plan::sort::SortKey;
use crate::pgsql::syntax::parts;
use crate::pgsql::types::Coercion;
use crate::pgsql::value::{Type, Value};

/// The arguments of a call as they stand.
pub(super) struct Arguments<'a> {
    pub(super) values: Vec<&'a Ast>,
    pub(super) star: bool,
    pub(super) distinct: bool,
    pub(super) order: &'a [OrderByExpr],
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
    if read.star && (read.distinct || !read.values.is_empty()) {
        return Err(Error::new("42601", "syntax error at or near \"*\""));
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
        for (clause, stands) in [
            ("(*)", read.star),
            ("DISTINCT", read.distinct),
            ("ORDER BY", !read.order.is_empty()),
            ("WITHIN GROUP", !function.within_group.is_empty()),
            ("FILTER", function.filter.is_some()),
        ] {
            if stands {
                return Err(Error::new(
                    "42809",
                    format!("{clause} specified, but {name} is not an aggregate function"),
                ));
            }
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
                let types: Vec<Type> = values.iter().map(|value| value.ty.clone()).collect();
                let chosen = resolve::operator("=", &types)?;
                let compared = chosen.types.first().cloned();
                let equal = self.call(chosen, values)?.expr;
                let left = self.settled(left)?;
                // A whole number beside another kind of number is compared, and comes back, as that kind.
                let (value, ty) = match (&left.ty, compared) {
                    (
                        Type::Int2 | Type::Int4 | Type::Int8,
                        Some(kind @ (Type::Numeric(_) | Type::Float8)),
                    ) => (self.coerce(left, &kind, Coercion::Implicit)?, kind),
                    _ => (left.expr, left.ty),
                };
                Ok(Typed {
                    expr: Expr::NullIf {
                        value: Box::new(value),
                        equal: Box::new(equal),
                    },
                    ty,
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
        let Expr::Constant(Value::Float(fraction)) =
            self.coerce(typed, &Type::Float8, Coercion::Implicit)?
        else {
            return Err(Error::unsupported("a percentile that is not a constant"));
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
                    let takes_any = matches!(
                        aggregate,
                        AggregateFunction::Mode | AggregateFunction::PercentileDisc(_)
                    );
                    if takes_any && value.ty == Type::Unknown {
                        return Err(resolve::undetermined());
                    }
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
                let bound = this.expression(filter)?;
                this.condition(bound, "FILTER")
            })?),
        };
        let order_values = order.iter().map(|key| &key.value);
        let parts: Vec<&Expr> = arguments
            .iter()
            .chain(order_values)
            .chain(&filter)
            .collect();
        if parts.iter().any(|part| reads(part, true))
            && !parts.iter().any(|part| reads(part, false))
        {
            return Err(Error::unsupported(
                "aggregates over the query around the one they stand in",
            ));
        }
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
    pub(super) fn taken(
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
        // What takes anything cannot take a literal, which says nothing of its type.
        if given.contains(&Type::Unknown) {
            match aggregate {
                AggregateFunction::ArrayAgg => {
                    return Err(Error::new(
                        "42725",
                        "function array_agg(unknown) is not unique",
                    ));
                }
                AggregateFunction::JsonbAgg => return Err(resolve::undetermined()),
                _ => {}
            }
        }
        let (types, result) = aggregate.signature(&given).ok_or_else(unknown)?;
        let arguments = values
            .into_iter()
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

/// True when an expression reads a column: of the query around, or of its own.
fn reads(expr: &Expr, around: bool) -> bool {
    fn visit(expr: &mut Expr, around: bool) -> Result<(), ()> {
        match expr {
            Expr::Outer(_) if around => Err(()),
            Expr::Column(_) if !around => Err(()),
            other => other.each_part(&mut |part| visit(part, around)),
        }
    }
    visit(&mut expr.clone(), around).is_err()
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
