//! Window functions: their arguments, partitions, order and frames.

use sqlparser::ast::{Expr as Ast, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType};

use super::call::Arguments;
use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::functions::resolve;
use crate::pgsql::plan::aggregate::AggregateFunction;
use crate::pgsql::plan::window::{Frame, WindowFunction, WindowKind};
use crate::pgsql::types::{Coercion, common};
use crate::pgsql::value::Type;

impl Binder<'_> {
    pub(super) fn window(
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
        if let Some(
            AggregateFunction::PercentileCont(_)
            | AggregateFunction::PercentileDisc(_)
            | AggregateFunction::Mode,
        ) = aggregate
        {
            return Err(Error::new(
                "0A000",
                format!("OVER is not supported for ordered-set aggregate {name}"),
            ));
        }
        if filter.is_some() && aggregate.is_none() {
            return Err(Error::new(
                "0A000",
                "FILTER is not implemented for non-aggregate window functions",
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
            None if resolve::is_left_out(name) => {
                return Err(Error::unsupported(&format!("the function {name}")));
            }
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
                let bound = self.expression(filter)?;
                Some(self.condition(bound, "FILTER")?)
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
        let first = values.first().map(|value| value.ty.clone());
        let (types, result) = match (kind, values.len(), first) {
            (WindowKind::RowNumber | WindowKind::Rank | WindowKind::DenseRank, 0, _) => {
                (Vec::new(), Type::Int8)
            }
            (WindowKind::Ntile, 1, _) => (vec![Type::Int4], Type::Int4),
            (
                WindowKind::FirstValue | WindowKind::LastValue | WindowKind::Lag | WindowKind::Lead,
                1..=2,
                Some(Type::Unknown),
            ) => return Err(resolve::undetermined()),
            (WindowKind::FirstValue | WindowKind::LastValue, 1, Some(ty)) => (vec![ty.clone()], ty),
            (WindowKind::Lag | WindowKind::Lead, 1..=3, Some(ty)) => {
                // The value and what stands in for it share one type.
                let ty = match values.get(2) {
                    Some(other) => common([&ty, &other.ty], "arguments of")?,
                    None => ty,
                };
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
            .into_iter()
            .zip(&types)
            .map(|(value, ty)| self.coerce(value, ty, Coercion::Implicit))
            .collect::<Result<_, _>>()?;
        Ok((arguments, types, result))
    }
}

/// The window function of a name.
pub(super) fn window_kind(name: &str) -> Option<WindowKind> {
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
    let end = frame
        .end_bound
        .as_ref()
        .unwrap_or(&WindowFrameBound::CurrentRow);
    let is_ahead = |bound: &WindowFrameBound| matches!(bound, WindowFrameBound::Following(_));
    let is_behind = |bound: &WindowFrameBound| matches!(bound, WindowFrameBound::Preceding(_));
    let start = &frame.start_bound;
    let wrong = match (start, end) {
        (WindowFrameBound::CurrentRow, end) if is_behind(end) => {
            "frame starting from current row cannot have preceding rows"
        }
        (start, end) if is_ahead(start) && !is_ahead(end) => {
            "frame starting from following row cannot have preceding rows"
        }
        _ => "",
    };
    if !wrong.is_empty() {
        return Err(Error::new("42P20", wrong));
    }
    Ok(Frame {
        rows,
        from: side(start, true)?,
        to: side(end, false)?,
    })
}
