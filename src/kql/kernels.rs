//! What operators between values do over whole columns: loops over typed vectors, and once for each text of a pool.

use rust_decimal::Decimal;

use super::column::{Column, Values};
use super::expr::Vector;
use super::types::Type;
use super::value::Value;

pub mod arithmetic;
pub mod cast;
pub mod compare;
pub mod logic;
pub mod member;
pub mod text;

/// What a cell of fixed width is in Rust.
pub trait Cell: Copy + Default + Send + Sync + 'static {
    /// The cell of a value.
    fn of(value: &Value) -> Option<Self>;
    /// The cells of a column of that width.
    fn values(column: &Column) -> Option<&Values<Self>>;
    /// The column of type `ty` with these cells.
    fn column(ty: Type, values: Values<Self>) -> Column;
    /// The value of type `ty` with this cell.
    fn value(ty: Type, cell: Self) -> Value;
}

macro_rules! cell {
    ($rust:ty, $variant:ident) => {
        impl Cell for $rust {
            fn of(value: &Value) -> Option<Self> {
                match value {
                    Value::$variant(cell) => Some(*cell),
                    _ => None,
                }
            }
            fn values(column: &Column) -> Option<&Values<Self>> {
                match column {
                    Column::$variant(values) => Some(values),
                    _ => None,
                }
            }
            fn column(_: Type, values: Values<Self>) -> Column {
                Column::$variant(values)
            }
            fn value(_: Type, cell: Self) -> Value {
                Value::$variant(cell)
            }
        }
    };
}

cell!(bool, Bool);
cell!(i32, Int);
cell!(f64, Real);
cell!(Decimal, Decimal);
cell!(u128, Guid);

impl Cell for i64 {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Long(cell) | Value::DateTime(cell) | Value::Timespan(cell) => Some(*cell),
            Value::Int(cell) => Some(Self::from(*cell)),
            _ => None,
        }
    }
    fn values(column: &Column) -> Option<&Values<Self>> {
        match column {
            Column::Long(values) | Column::DateTime(values) | Column::Timespan(values) => {
                Some(values)
            }
            _ => None,
        }
    }
    fn column(ty: Type, values: Values<Self>) -> Column {
        match ty {
            Type::DateTime => Column::DateTime(values),
            Type::Timespan => Column::Timespan(values),
            _ => Column::Long(values),
        }
    }
    fn value(ty: Type, cell: Self) -> Value {
        match ty {
            Type::DateTime => Value::DateTime(cell),
            Type::Timespan => Value::Timespan(cell),
            _ => Value::Long(cell),
        }
    }
}

/// One side of an operator: one cell for all rows, or one a row.
pub enum Side<'a, T> {
    /// For all rows.
    One(Option<T>),
    /// One a row.
    Many(&'a Values<T>),
}

impl<'a, T: Cell> Side<'a, T> {
    /// The cells of `vector`; null where it is of another width.
    pub fn of(vector: &'a Vector) -> Self {
        match vector {
            Vector::Constant(value) => Self::One(T::of(value)),
            Vector::Column(column) => T::values(column).map_or_else(|| Self::One(None), Self::Many),
        }
    }

    /// The cell at `row`.
    pub fn get(&self, row: usize) -> Option<T> {
        match self {
            Self::One(cell) => *cell,
            Self::Many(values) => values.get(row),
        }
    }

    /// Which rows are not null, where some are.
    pub fn valid(&self, rows: usize) -> Option<Vec<bool>> {
        match self {
            Self::One(Some(_)) => None,
            Self::One(None) => Some(vec![false; rows]),
            Self::Many(values) => values.valid.clone(),
        }
    }
}

/// `f` of every cell; null stays null.
pub fn map1<A: Cell, R: Cell>(ty: Type, arg: &Vector, f: impl Fn(A) -> Option<R>) -> Vector {
    match Side::<A>::of(arg) {
        Side::One(cell) => Vector::Constant(
            cell.and_then(f)
                .map_or(Value::Null, |cell| R::value(ty, cell)),
        ),
        Side::Many(values) => {
            let result: Values<R> = match &values.valid {
                None => values.data.iter().map(|cell| f(*cell)).collect(),
                Some(valid) => values
                    .data
                    .iter()
                    .zip(valid)
                    .map(|(cell, valid)| if *valid { f(*cell) } else { None })
                    .collect(),
            };
            Vector::Column(R::column(ty, result).into())
        }
    }
}

/// `f` of every two cells; null where one is. `f` is also worked out over what stands at nulls.
pub fn map2<A: Cell, B: Cell, R: Cell>(
    ty: Type,
    left: &Vector,
    right: &Vector,
    rows: usize,
    f: impl Fn(A, B) -> R,
) -> Vector {
    let (left, right) = (Side::<A>::of(left), Side::<B>::of(right));
    let data: Vec<R> = match (&left, &right) {
        (Side::One(a), Side::One(b)) => {
            return Vector::Constant(
                a.zip(*b)
                    .map_or(Value::Null, |(a, b)| R::value(ty, f(a, b))),
            );
        }
        (Side::One(None), _) | (_, Side::One(None)) => return Vector::Constant(Value::Null),
        (Side::Many(a), Side::One(Some(b))) => a.data.iter().map(|a| f(*a, *b)).collect(),
        (Side::One(Some(a)), Side::Many(b)) => b.data.iter().map(|b| f(*a, *b)).collect(),
        (Side::Many(a), Side::Many(b)) => {
            a.data.iter().zip(&b.data).map(|(a, b)| f(*a, *b)).collect()
        }
    };
    let valid = both(left.valid(rows), right.valid(rows));
    Vector::Column(R::column(ty, Values { data, valid }).into())
}

/// `f` of every two cells, where it may have no answer; null where one is.
pub fn try_map2<A: Cell, B: Cell, R: Cell>(
    ty: Type,
    left: &Vector,
    right: &Vector,
    rows: usize,
    f: impl Fn(A, B) -> Option<R>,
) -> Vector {
    let (left, right) = (Side::<A>::of(left), Side::<B>::of(right));
    match (&left, &right) {
        (Side::One(a), Side::One(b)) => Vector::Constant(
            a.zip(*b)
                .and_then(|(a, b)| f(a, b))
                .map_or(Value::Null, |cell| R::value(ty, cell)),
        ),
        (Side::One(None), _) | (_, Side::One(None)) => Vector::Constant(Value::Null),
        (left, right) => {
            let values: Values<R> = (0..rows)
                .map(|row| left.get(row).zip(right.get(row)).and_then(|(a, b)| f(a, b)))
                .collect();
            Vector::Column(R::column(ty, values).into())
        }
    }
}

/// The rows that are not null on either side.
fn both(left: Option<Vec<bool>>, right: Option<Vec<bool>>) -> Option<Vec<bool>> {
    match (left, right) {
        (None, valid) | (valid, None) => valid,
        (Some(mut left), Some(right)) => {
            for (a, b) in left.iter_mut().zip(right) {
                *a &= b;
            }
            Some(left)
        }
    }
}
