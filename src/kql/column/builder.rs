//! Makes a column value by value.

use super::{Column, PoolBuilder, Strings, Values};
use crate::kql::dynamic::Dynamic;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::convert;

/// Makes a column of one type.
#[derive(Debug)]
pub enum ColumnBuilder {
    /// Texts: the pool and the codes so far.
    String(PoolBuilder, Vec<u32>),
    /// Any other type.
    Other(Column),
}

impl ColumnBuilder {
    /// A column of `ty` with room for `capacity` rows.
    pub fn new(ty: Type, capacity: usize) -> Self {
        fn room<T>(capacity: usize) -> Values<T> {
            Values {
                data: Vec::with_capacity(capacity),
                valid: None,
            }
        }
        Self::Other(match ty {
            Type::Bool => Column::Bool(room(capacity)),
            Type::Int => Column::Int(room(capacity)),
            Type::Long => Column::Long(room(capacity)),
            Type::Real => Column::Real(room(capacity)),
            Type::Decimal => Column::Decimal(room(capacity)),
            Type::DateTime => Column::DateTime(room(capacity)),
            Type::Timespan => Column::Timespan(room(capacity)),
            Type::Guid => Column::Guid(room(capacity)),
            Type::Dynamic => Column::Dynamic(Vec::with_capacity(capacity)),
            Type::String => {
                return Self::String(PoolBuilder::default(), Vec::with_capacity(capacity));
            }
        })
    }

    /// The type of the column.
    pub fn ty(&self) -> Type {
        match self {
            Self::String(..) => Type::String,
            Self::Other(column) => column.ty(),
        }
    }

    /// Appends a value; one of another type is converted, and null where it does not convert.
    pub fn push(&mut self, value: Value) {
        if let Err(other) = self.append(value) {
            let converted = convert(&other, self.ty());
            // A conversion gives its type or a null, and both fit.
            let _ = self.append(converted);
        }
    }

    /// Appends a value of the column's own type, or a null; gives another one back.
    fn append(&mut self, value: Value) -> Result<(), Value> {
        match (self, value) {
            (Self::String(pool, codes), Value::String(text)) => {
                codes.push(pool.push(&text).unwrap_or(0));
            }
            (Self::String(_, codes), Value::Null) => codes.push(0),
            (Self::Other(column), value) => return append(column, value),
            (Self::String(..), other) => return Err(other),
        }
        Ok(())
    }

    /// Appends every value of `column`, which has the builder's type.
    pub fn extend(&mut self, column: &Column) {
        match (self, column) {
            (Self::String(pool, codes), Column::String(strings)) => {
                let map: Vec<u32> = if strings.pool.len() <= strings.codes.len() {
                    strings
                        .pool
                        .iter()
                        .map(|text| pool.push(text).unwrap_or(0))
                        .collect()
                } else {
                    Vec::new()
                };
                if map.is_empty() {
                    codes.extend(strings.iter().map(|text| pool.push(text).unwrap_or(0)));
                } else {
                    codes.extend(
                        strings
                            .codes
                            .iter()
                            .map(|code| map.get(*code as usize).copied().unwrap_or(0)),
                    );
                }
            }
            (Self::Other(Column::Bool(values)), Column::Bool(more)) => values.extend(more),
            (Self::Other(Column::Int(values)), Column::Int(more)) => values.extend(more),
            (Self::Other(Column::Long(values)), Column::Long(more))
            | (Self::Other(Column::DateTime(values)), Column::DateTime(more))
            | (Self::Other(Column::Timespan(values)), Column::Timespan(more)) => {
                values.extend(more);
            }
            (Self::Other(Column::Real(values)), Column::Real(more)) => values.extend(more),
            (Self::Other(Column::Decimal(values)), Column::Decimal(more)) => values.extend(more),
            (Self::Other(Column::Guid(values)), Column::Guid(more)) => values.extend(more),
            (Self::Other(Column::Dynamic(values)), Column::Dynamic(more)) => {
                values.extend_from_slice(more);
            }
            (builder, other) => {
                for row in 0..other.len() {
                    builder.push(other.value(row));
                }
            }
        }
    }

    /// The column.
    pub fn finish(self) -> Column {
        match self {
            Self::String(pool, codes) => Column::String(Strings {
                pool: pool.finish(),
                codes,
            }),
            Self::Other(column) => column,
        }
    }
}

impl<T: Copy + Default> Values<T> {
    /// Appends a value or a null.
    pub fn push(&mut self, value: Option<T>) {
        if value.is_none() && self.valid.is_none() {
            self.valid = Some(vec![true; self.data.len()]);
        }
        if let Some(valid) = &mut self.valid {
            valid.push(value.is_some());
        }
        self.data.push(value.unwrap_or_default());
    }

    /// Appends all of `more`.
    pub fn extend(&mut self, more: &Self) {
        if self.valid.is_some() || more.valid.is_some() {
            let mut valid = self
                .valid
                .take()
                .unwrap_or_else(|| vec![true; self.data.len()]);
            match &more.valid {
                Some(of_more) => valid.extend_from_slice(of_more),
                None => valid.resize(valid.len() + more.data.len(), true),
            }
            self.valid = Some(valid);
        }
        self.data.extend_from_slice(&more.data);
    }
}

fn append(column: &mut Column, value: Value) -> Result<(), Value> {
    match (column, value) {
        (Column::Bool(values), Value::Bool(value)) => values.push(Some(value)),
        (Column::Bool(values), Value::Null) => values.push(None),
        (Column::Int(values), Value::Int(value)) => values.push(Some(value)),
        (Column::Int(values), Value::Null) => values.push(None),
        (Column::Long(values), Value::Long(value))
        | (Column::DateTime(values), Value::DateTime(value))
        | (Column::Timespan(values), Value::Timespan(value)) => values.push(Some(value)),
        (
            Column::Long(values) | Column::DateTime(values) | Column::Timespan(values),
            Value::Null,
        ) => values.push(None),
        (Column::Real(values), Value::Real(value)) => values.push(Some(value)),
        (Column::Real(values), Value::Null) => values.push(None),
        (Column::Decimal(values), Value::Decimal(value)) => values.push(Some(value)),
        (Column::Decimal(values), Value::Null) => values.push(None),
        (Column::Guid(values), Value::Guid(value)) => values.push(Some(value)),
        (Column::Guid(values), Value::Null) => values.push(None),
        (Column::Dynamic(values), Value::Dynamic(value)) => values.push(value),
        (Column::Dynamic(values), Value::Null) => values.push(Dynamic::Null),
        (_, other) => return Err(other),
    }
    Ok(())
}
