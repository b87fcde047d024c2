//! The gamma and error functions.

use std::f64::consts::PI;

use super::{Bound, Function, plain};
use crate::kql::error::KqlError;
use crate::kql::expr::Vector;
use crate::kql::kernels::map1;
use crate::kql::types::Type;
use crate::kql::value::Value;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    plain("gamma", "gamma(number)", (1, 1), |_| real(gamma)),
    plain("loggamma", "loggamma(number)", (1, 1), |_| real(log_gamma)),
    plain("erf", "erf(number)", (1, 1), |_| real(erf)),
    plain("erfc", "erfc(number)", (1, 1), |_| real(erfc)),
];

fn real(f: fn(f64) -> f64) -> Result<Bound, KqlError> {
    super::column(&[Type::Real], Type::Real, move |args, _| match args {
        [arg] => map1(Type::Real, arg, |x| Some(f(x))),
        _ => Vector::Constant(Value::Null),
    })
}

/// Lanczos' coefficients for g = 607/128: about 15 digits.
const LANCZOS: [f64; 15] = [
    0.999_999_999_999_997_1,
    57.156_235_665_862_92,
    -59.597_960_355_475_49,
    14.136_097_974_741_746,
    -0.491_913_816_097_620_2,
    0.339_946_499_848_118_9e-4,
    0.465_236_289_270_485_8e-4,
    -0.983_744_753_048_795_6e-4,
    0.158_088_703_224_912_5e-3,
    -0.210_264_441_724_104_9e-3,
    0.217_439_618_115_212_6e-3,
    -0.164_318_106_536_763_9e-3,
    0.844_182_239_838_527_5e-4,
    -0.261_908_384_015_814_1e-4,
    0.368_991_826_595_316_2e-5,
];
const G: f64 = 607.0 / 128.0;

/// The sum of Lanczos' series at `x`, which stands for x + 1.
fn lanczos(x: f64) -> f64 {
    let mut at = x;
    let mut sum = 0.0;
    for (index, coefficient) in LANCZOS.iter().enumerate() {
        if index == 0 {
            sum += coefficient;
        } else {
            at += 1.0;
            sum += coefficient / at;
        }
    }
    sum
}

fn gamma(x: f64) -> f64 {
    if x > 172.0 {
        return f64::INFINITY;
    }
    if x < 0.0 && x.fract() == 0.0 {
        return f64::NAN;
    }
    if x.fract() == 0.0 && (1.0..=171.0).contains(&x) {
        // The factorials are exact as far as a double goes.
        return (2..x as u32).map(f64::from).product();
    }
    if x < 0.5 {
        return PI / ((PI * x).sin() * gamma(1.0 - x));
    }
    let x = x - 1.0;
    let base = x + G + 0.5;
    // In two steps: the power alone is out of range before the function is.
    let half = base.powf(f64::midpoint(x, 0.5));
    (2.0 * PI).sqrt() * half * (-base).exp() * half * lanczos(x)
}

fn log_gamma(x: f64) -> f64 {
    if x <= 0.0 && x.fract() == 0.0 {
        return f64::INFINITY;
    }
    if x < 0.5 {
        return (PI / (PI * x).sin().abs()).ln() - log_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let base = x + G + 0.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * base.ln() - base + lanczos(x).ln()
}

fn erf(x: f64) -> f64 {
    if x.abs() < 2.5 {
        return series(x);
    }
    1.0_f64.copysign(x) - tail(x.abs()).copysign(x)
}

fn erfc(x: f64) -> f64 {
    if x.abs() < 1.0 {
        return 1.0 - series(x);
    }
    if x > 0.0 { tail(x) } else { 2.0 - tail(-x) }
}

/// The error function by its series without changes of sign.
fn series(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    let mut n = 0.0;
    while term.abs() > 1e-18 * sum.abs() {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

/// What is missing to 1 for `x` of 1 and more, by the continued fraction from its far end.
fn tail(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let mut below = x;
    for step in (1..=200_u32).rev() {
        below = x + f64::from(step) / 2.0 / below;
    }
    (-x * x).exp() / PI.sqrt() / below
}
