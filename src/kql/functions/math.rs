//! Arithmetic functions, rounding to bins among them.

use std::f64::consts::PI;
use std::sync::atomic::{AtomicU64, Ordering};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Binding, Bound, Function, Naming, args, column, plain, row};
use crate::kql::column::{Column, Values};
use crate::kql::error::KqlError;
use crate::kql::expr::Vector;
use crate::kql::kernels::arithmetic::widest;
use crate::kql::kernels::{map1, try_map2};
use crate::kql::types::Type;
use crate::kql::value::{MAX_DATETIME, Value};

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    first("sqrt", &[], "sqrt(number)", (1, 1), |_| {
        real(|x| Some(x.sqrt()))
    }),
    first("exp", &[], "exp(number)", (1, 1), |_| {
        real(|x| Some(x.exp()))
    }),
    first("exp2", &[], "exp2(number)", (1, 1), |_| {
        real(|x| Some(x.exp2()))
    }),
    first("exp10", &[], "exp10(number)", (1, 1), |_| {
        real(|x| Some(10_f64.powf(x)))
    }),
    first("log", &[], "log(number)", (1, 1), |_| {
        real(|x| logarithm(x, x.ln()))
    }),
    first("log2", &[], "log2(number)", (1, 1), |_| {
        real(|x| logarithm(x, x.log2()))
    }),
    first("log10", &[], "log10(number)", (1, 1), |_| {
        real(|x| logarithm(x, x.log10()))
    }),
    first("sin", &[], "sin(number)", (1, 1), |_| {
        real(|x| Some(x.sin()))
    }),
    first("cos", &[], "cos(number)", (1, 1), |_| {
        real(|x| Some(x.cos()))
    }),
    first("tan", &[], "tan(number)", (1, 1), |_| {
        real(|x| Some(x.tan()))
    }),
    first("asin", &[], "asin(number)", (1, 1), |_| {
        real(|x| (x.abs() <= 1.0).then(|| x.asin()))
    }),
    first("acos", &[], "acos(number)", (1, 1), |_| {
        real(|x| (x.abs() <= 1.0).then(|| x.acos()))
    }),
    first("atan", &[], "atan(number)", (1, 1), |_| {
        real(|x| Some(x.atan()))
    }),
    first("atan2", &[], "atan2(y, x)", (2, 2), |_| two(f64::atan2)),
    first("pow", &[], "pow(base, exponent)", (2, 2), |_| {
        two(f64::powf)
    }),
    plain("cot", "cot(number)", (1, 1), |_| {
        real(|x| Some(1.0 / x.tan()))
    }),
    plain("degrees", "degrees(radians)", (1, 1), |_| {
        real(|x| Some(x * (180.0 / PI)))
    }),
    plain("radians", "radians(degrees)", (1, 1), |_| {
        real(|x| Some(x * (PI / 180.0)))
    }),
    plain("sign", "sign(number)", (1, 1), |_| {
        real(|x| Some(if x == 0.0 { 0.0 } else { x.signum() }))
    }),
    plain("pi", "pi()", (0, 0), |_| {
        row(&[], Type::Real, |_| Value::Real(PI))
    }),
    first("rand", &[], "rand(number)", (0, 1), rand),
    first("abs", &[], "abs(number)", (1, 1), abs),
    first("round", &[], "round(number, digits)", (1, 2), round),
    first("ceiling", &[], "ceiling(number)", (1, 1), ceiling),
    first("bin", &["floor"], "bin(value, size)", (1, 2), bin),
    first(
        "bin_at",
        &[],
        "bin_at(value, size, fixed_point)",
        (3, 3),
        bin_at,
    ),
    first("binary_and", &[], "binary_and(a, b)", (2, 2), |_| {
        longs(|a, b| Some(a & b))
    }),
    first("binary_or", &[], "binary_or(a, b)", (2, 2), |_| {
        longs(|a, b| Some(a | b))
    }),
    first("binary_xor", &[], "binary_xor(a, b)", (2, 2), |_| {
        longs(|a, b| Some(a ^ b))
    }),
    first(
        "binary_shift_left",
        &[],
        "binary_shift_left(number, shift)",
        (2, 2),
        |_| longs(|a, by| Some(a.wrapping_shl(shift(by)?))),
    ),
    first(
        "binary_shift_right",
        &[],
        "binary_shift_right(number, shift)",
        (2, 2),
        |_| longs(|a, by| Some(a.wrapping_shr(shift(by)?))),
    ),
    first("binary_not", &[], "binary_not(number)", (1, 1), |_| {
        row(&[Type::Long], Type::Long, |values| {
            args::of_long(args::long(values, 0).map(|number| !number))
        })
    }),
    first(
        "bitset_count_ones",
        &[],
        "bitset_count_ones(number)",
        (1, 1),
        |_| {
            row(&[Type::Long], Type::Long, |values| {
                args::of_long(args::long(values, 0).map(|number| i64::from(number.count_ones())))
            })
        },
    ),
];

/// A function whose column is called as its first argument.
const fn first(
    name: &'static str,
    aliases: &'static [&'static str],
    usage: &'static str,
    arity: (usize, usize),
    bind: fn(&Binding<'_>) -> Result<Bound, KqlError>,
) -> Function {
    Function {
        aliases,
        naming: Naming::FirstArgument,
        ..plain(name, usage, arity, bind)
    }
}

fn real(f: fn(f64) -> Option<f64>) -> Result<Bound, KqlError> {
    column(&[Type::Real], Type::Real, move |args, _| match args {
        [arg] => map1(Type::Real, arg, f),
        _ => Vector::Constant(Value::Null),
    })
}

fn two(f: fn(f64, f64) -> f64) -> Result<Bound, KqlError> {
    column(
        &[Type::Real, Type::Real],
        Type::Real,
        move |args, rows| match args {
            [left, right] => try_map2(Type::Real, left, right, rows, |left, right| {
                Some(f(left, right))
            }),
            _ => Vector::Constant(Value::Null),
        },
    )
}

fn longs(f: fn(i64, i64) -> Option<i64>) -> Result<Bound, KqlError> {
    column(
        &[Type::Long, Type::Long],
        Type::Long,
        move |args, rows| match args {
            [left, right] => try_map2(Type::Long, left, right, rows, f),
            _ => Vector::Constant(Value::Null),
        },
    )
}

fn shift(by: i64) -> Option<u32> {
    u32::try_from(by).ok()
}

/// A logarithm; null of a negative number.
fn logarithm(x: f64, log: f64) -> Option<f64> {
    (x >= 0.0 || x.is_nan()).then_some(log)
}

fn number(binding: &Binding<'_>) -> Result<Type, KqlError> {
    match binding.ty(0) {
        Some(Type::Int) => Ok(Type::Long),
        Some(ty) if ty.is_number() => Ok(ty),
        Some(Type::Dynamic) => Ok(Type::Real),
        _ => Err(binding.wrong_type(0, "a number")),
    }
}

fn abs(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = match binding.ty(0) {
        Some(Type::Timespan) => Type::Timespan,
        _ => number(binding)?,
    };
    column(&[ty], ty, move |args, _| match args {
        [arg] => match ty {
            Type::Real => map1(ty, arg, |x: f64| Some(x.abs())),
            Type::Decimal => map1(ty, arg, |x: Decimal| Some(x.abs())),
            _ => map1(ty, arg, |x: i64| Some(x.wrapping_abs())),
        },
        _ => Vector::Constant(Value::Null),
    })
}

/// Halves go away from zero.
fn round(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = number(binding)?;
    row(&[ty, Type::Long], ty, move |values| {
        let digits = match values.get(1) {
            None => 0,
            Some(digits) => match digits.as_long() {
                Some(digits) => digits.clamp(-300, 300) as i32,
                None => return Value::Null,
            },
        };
        match values.first() {
            Some(Value::Real(number)) => {
                let scale = 10_f64.powi(digits.abs());
                let rounded = if digits < 0 {
                    (number / scale).round() * scale
                } else {
                    (number * scale).round() / scale
                };
                Value::Real(if rounded.is_finite() {
                    rounded
                } else {
                    *number
                })
            }
            Some(Value::Decimal(number)) => Value::Decimal(number.round_dp_with_strategy(
                u32::try_from(digits).unwrap_or(0),
                rust_decimal::RoundingStrategy::MidpointAwayFromZero,
            )),
            Some(Value::Long(number)) if digits < 0 => {
                let scaled = 10_i64.checked_pow(digits.unsigned_abs()).map(|scale| {
                    let half = if *number < 0 { -scale / 2 } else { scale / 2 };
                    number.saturating_add(half) / scale * scale
                });
                Value::Long(scaled.unwrap_or(0))
            }
            Some(other) => other.clone(),
            None => Value::Null,
        }
    })
}

fn ceiling(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = number(binding)?;
    column(&[ty], ty, move |args, _| match args {
        [arg] => match ty {
            Type::Real => map1(ty, arg, |x: f64| Some(x.ceil())),
            Type::Decimal => map1(ty, arg, |x: Decimal| Some(x.ceil())),
            _ => arg.clone(),
        },
        _ => Vector::Constant(Value::Null),
    })
}

/// What the values are rounded as, and the type of the size of a bin.
fn bin_types(binding: &Binding<'_>) -> Result<(Type, Type), KqlError> {
    let size = binding.ty(1).unwrap_or(Type::Long);
    let value = binding.ty(0).unwrap_or(Type::Dynamic);
    match (value, size) {
        (Type::DateTime | Type::Timespan, Type::Timespan | Type::Dynamic) => {
            Ok((value, Type::Timespan))
        }
        (Type::DateTime | Type::Timespan, _) => {
            Err(binding.wrong_type(1, "a length of time such as 1h"))
        }
        (Type::Dynamic, Type::Timespan) => Ok((Type::DateTime, Type::Timespan)),
        (Type::Dynamic, size) if size.is_number() => {
            let ty = widest(size, Type::Real).unwrap_or(Type::Real);
            Ok((ty, ty))
        }
        _ => match widest(value, size) {
            Some(ty) => Ok((ty, ty)),
            None if value.is_number() => Err(binding.wrong_type(1, "a number")),
            None => Err(binding.wrong_type(0, "a number, a datetime or a timespan")),
        },
    }
}

/// `value` rounded down to a multiple of `size`; null where that is not above 0.
fn bin(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let (ty, size) = bin_types(binding)?;
    column(&[ty, size], ty, move |args, rows| {
        let one;
        let (value, size) = match args {
            [value, size] => (value, size),
            [value] => {
                one = crate::kql::kernels::cast::cast(&Vector::Constant(Value::Long(1)), ty, 1);
                (value, &one)
            }
            _ => return Vector::Constant(Value::Null),
        };
        match ty {
            Type::Real => try_map2(ty, value, size, rows, floor_real),
            Type::Decimal => try_map2(ty, value, size, rows, floor_decimal),
            _ => match size {
                // The size of bins is nearly always a literal; a loop with a fixed divisor is the hot one.
                Vector::Constant(Value::Long(size) | Value::Timespan(size)) if *size > 0 => {
                    let size = *size;
                    // Rows in order of time fall into one bin again and again: no division for those.
                    let last = std::cell::Cell::new((0, 0));
                    map1(ty, value, |value: i64| {
                        let (from, to) = last.get();
                        if (from..to).contains(&value) {
                            return Some(from);
                        }
                        let from = floor_long(value, size)?;
                        last.set((from, from.saturating_add(size)));
                        Some(from)
                    })
                }
                _ => try_map2(ty, value, size, rows, floor_long),
            },
        }
    })
}

fn floor_long(value: i64, size: i64) -> Option<i64> {
    if size <= 0 {
        return None;
    }
    value.checked_sub(value.rem_euclid(size))
}

fn floor_real(value: f64, size: f64) -> Option<f64> {
    (size > 0.0).then(|| (value / size).floor() * size)
}

fn floor_decimal(value: Decimal, size: Decimal) -> Option<Decimal> {
    if size <= Decimal::ZERO {
        return None;
    }
    value.checked_div(size)?.floor().checked_mul(size)
}

/// The same with bins that begin at a fixed point.
fn bin_at(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let (ty, size) = bin_types(binding)?;
    let fixed = binding.ty(2).unwrap_or(Type::Dynamic);
    let (ty, size, fixed) = match widest(ty, fixed) {
        Some(ty) => (ty, ty, ty),
        None if ty == fixed || fixed == Type::Dynamic => (ty, size, ty),
        None => return Err(binding.wrong_type(2, &format!("a {}", ty.name()))),
    };
    row(&[ty, size, fixed], ty, move |values| {
        let result = match ty {
            Type::Real => args::real(values, 0)
                .zip(args::real(values, 1))
                .zip(args::real(values, 2))
                .and_then(|((value, size), fixed)| {
                    Some(Value::Real(floor_real(value - fixed, size)? + fixed))
                }),
            Type::Decimal => match values {
                [
                    Value::Decimal(value),
                    Value::Decimal(size),
                    Value::Decimal(fixed),
                ] => value
                    .checked_sub(*fixed)
                    .and_then(|value| floor_decimal(value, *size)?.checked_add(*fixed))
                    .map(Value::Decimal),
                _ => None,
            },
            _ => args::long(values, 0)
                .zip(args::long(values, 1))
                .zip(args::long(values, 2))
                .and_then(|((value, size), fixed)| {
                    let bin = floor_long(value.checked_sub(fixed)?, size)?.checked_add(fixed)?;
                    match ty {
                        Type::DateTime => (0..=MAX_DATETIME)
                            .contains(&bin)
                            .then_some(Value::DateTime(bin)),
                        Type::Timespan => Some(Value::Timespan(bin)),
                        _ => Some(Value::Long(bin)),
                    }
                }),
        };
        result.unwrap_or(Value::Null)
    })
}

/// Numbers that look like chance and are the same in each run of a query at the same `now()`.
fn rand(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let seed = (binding.now as u64) ^ (binding.span.start as u64).rotate_left(32);
    let drawn = AtomicU64::new(0);
    column(&[Type::Long], Type::Real, move |args, rows| {
        let first = drawn.fetch_add(rows as u64, Ordering::Relaxed);
        let numbers = (0..rows).map(|row| {
            let share = unit(seed, first + row as u64);
            match args.first().map(|most| most.value(row)) {
                None => Some(share),
                Some(most) => {
                    let most = most.as_long().filter(|most| *most > 0)?;
                    Some((share * most.to_f64()?).floor())
                }
            }
        });
        let values: Values<f64> = numbers.collect();
        Vector::Column(std::sync::Arc::new(Column::Real(values)))
    })
}

/// The number at `index` of a sequence, from 0 up to 1 (splitmix64).
fn unit(seed: u64, index: u64) -> f64 {
    let mut bits = seed.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / 9_007_199_254_740_992.0
}
