//! Values of one column to small numbers.

use std::sync::Arc;

use hashbrown::HashMap;
use rust_decimal::Decimal;

use crate::kql::column::{Column, NO_ROW, Pool, PoolBuilder, Strings, Values};
use crate::kql::dynamic::{Dynamic, json};
use crate::kql::types::Type;

type Map<K> = HashMap<K, u32, foldhash::fast::FixedState>;

/// Numbers the different values of a column in the order in which they are first met.
pub struct Codes {
    ty: Type,
    /// The number of null.
    null: Option<u32>,
    values: Kind,
}

/// The values met so far and where to find them.
enum Kind {
    /// Values of up to 64 bits.
    Narrow(Met<u64>),
    /// GUIDs and decimals.
    Wide(Met<u128>),
    /// Texts.
    Text(Texts),
    /// Dynamic values, told apart by their JSON.
    Dynamic(Texts, Vec<Dynamic>),
}

impl Codes {
    /// For a column of `ty`.
    pub fn new(ty: Type) -> Self {
        let values = match ty {
            Type::Guid | Type::Decimal => Kind::Wide(Met::default()),
            Type::String => Kind::Text(Texts::default()),
            Type::Dynamic => Kind::Dynamic(Texts::default(), Vec::new()),
            _ => Kind::Narrow(Met::default()),
        };
        Self {
            ty,
            null: None,
            values,
        }
    }

    /// How many values were met, null among them.
    pub fn len(&self) -> usize {
        match &self.values {
            Kind::Narrow(met) => met.values.len(),
            Kind::Wide(met) => met.values.len(),
            Kind::Text(texts) => texts.met.len(),
            Kind::Dynamic(_, values) => values.len(),
        }
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        match &self.values {
            Kind::Narrow(met) => met.values.len() * 24,
            Kind::Wide(met) => met.values.len() * 48,
            Kind::Text(texts) => texts.bytes(),
            Kind::Dynamic(texts, values) => {
                texts.bytes() + values.iter().map(Dynamic::bytes).sum::<usize>()
            }
        }
    }

    /// The number of each value; values that were not met before get the next one.
    pub fn assign(&mut self, column: &Column, codes: &mut Vec<u32>) {
        self.each::<true>(column, codes);
    }

    /// The number of each value, [`NO_ROW`] where it was never met.
    pub fn find(&mut self, column: &Column, codes: &mut Vec<u32>) {
        self.each::<false>(column, codes);
    }

    fn each<const ADD: bool>(&mut self, column: &Column, codes: &mut Vec<u32>) {
        codes.clear();
        let null = &mut self.null;
        match (&mut self.values, column) {
            (Kind::Narrow(met), Column::Bool(values)) => {
                met.each::<ADD, _>(values, u64::from, null, codes);
            }
            (Kind::Narrow(met), Column::Int(values)) => {
                met.each::<ADD, _>(values, |value| i64::from(value) as u64, null, codes);
            }
            (
                Kind::Narrow(met),
                Column::Long(values) | Column::DateTime(values) | Column::Timespan(values),
            ) => met.each::<ADD, _>(values, |value| value as u64, null, codes),
            (Kind::Narrow(met), Column::Real(values)) => {
                met.each::<ADD, _>(values, real_bits, null, codes);
            }
            (Kind::Wide(met), Column::Guid(values)) => {
                met.each::<ADD, _>(values, |value| value, null, codes);
            }
            (Kind::Wide(met), Column::Decimal(values)) => {
                met.each::<ADD, _>(values, decimal_bits, null, codes);
            }
            (Kind::Text(texts), Column::String(strings)) => texts.each::<ADD>(strings, codes),
            (Kind::Dynamic(texts, met), Column::Dynamic(values)) => {
                codes.extend(values.iter().map(|value| {
                    let json = json::print(value);
                    let code = texts.code::<ADD>(&json);
                    if code != NO_ROW && code as usize == met.len() {
                        met.push(value.clone());
                    }
                    code
                }));
            }
            // A column nobody filled: the binder gives every key its own type, and keys are always wanted.
            (_, other) => codes.resize(other.len(), NO_ROW),
        }
    }

    /// The values with the numbers `codes`; [`NO_ROW`] gives the missing value.
    pub fn decode(&self, codes: &[u32]) -> Column {
        match &self.values {
            Kind::Narrow(met) => {
                let at = |code: u32| self.known(code).and_then(|code| met.get(code));
                match self.ty {
                    Type::Bool => Column::Bool(
                        codes
                            .iter()
                            .map(|code| at(*code).map(|bits| bits != 0))
                            .collect(),
                    ),
                    Type::Int => Column::Int(
                        codes
                            .iter()
                            .map(|code| at(*code).map(|bits| bits as i32))
                            .collect(),
                    ),
                    Type::Real => Column::Real(
                        codes
                            .iter()
                            .map(|code| at(*code).map(f64::from_bits))
                            .collect(),
                    ),
                    ty => {
                        let values = codes
                            .iter()
                            .map(|code| at(*code).map(|bits| bits as i64))
                            .collect();
                        match ty {
                            Type::DateTime => Column::DateTime(values),
                            Type::Timespan => Column::Timespan(values),
                            _ => Column::Long(values),
                        }
                    }
                }
            }
            Kind::Wide(met) => {
                let at = |code: u32| self.known(code).and_then(|code| met.get(code));
                match self.ty {
                    Type::Guid => Column::Guid(codes.iter().map(|code| at(*code)).collect()),
                    _ => Column::Decimal(
                        codes
                            .iter()
                            .map(|code| {
                                at(*code).map(|bits| Decimal::deserialize(bits.to_le_bytes()))
                            })
                            .collect(),
                    ),
                }
            }
            Kind::Text(texts) => {
                let mut pool = PoolBuilder::distinct();
                Column::String(Strings {
                    codes: codes
                        .iter()
                        .map(|code| pool.push(texts.get(*code)).unwrap_or(0))
                        .collect(),
                    pool: pool.finish(),
                })
            }
            Kind::Dynamic(_, values) => Column::Dynamic(
                codes
                    .iter()
                    .map(|code| values.get(*code as usize).cloned().unwrap_or(Dynamic::Null))
                    .collect(),
            ),
        }
    }

    /// Whether `code` is the number of null.
    pub fn is_null(&self, code: u32) -> bool {
        match &self.values {
            Kind::Dynamic(_, values) => {
                matches!(values.get(code as usize), None | Some(Dynamic::Null))
            }
            _ => self.null == Some(code),
        }
    }

    fn known(&self, code: u32) -> Option<u32> {
        (self.null != Some(code)).then_some(code)
    }
}

/// Values of fixed width that were met.
struct Met<T> {
    values: Vec<T>,
    codes: Map<T>,
    /// The value met last: rows in order of time repeat themselves.
    last: Option<(T, u32)>,
}

impl<T> Default for Met<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            codes: Map::default(),
            last: None,
        }
    }
}

impl<T: Copy + Eq + std::hash::Hash + Default> Met<T> {
    fn get(&self, code: u32) -> Option<T> {
        self.values.get(code as usize).copied()
    }

    fn code<const ADD: bool>(&mut self, value: T) -> u32 {
        if let Some((last, code)) = self.last
            && last == value
        {
            return code;
        }
        let code = if ADD {
            let next = self.values.len() as u32;
            let code = *self.codes.entry(value).or_insert(next);
            if code == next {
                self.values.push(value);
            }
            code
        } else {
            match self.codes.get(&value) {
                Some(code) => *code,
                None => return NO_ROW,
            }
        };
        self.last = Some((value, code));
        code
    }

    fn each<const ADD: bool, V: Copy + Default>(
        &mut self,
        values: &Values<V>,
        bits: impl Fn(V) -> T,
        null: &mut Option<u32>,
        codes: &mut Vec<u32>,
    ) {
        let Some(valid) = &values.valid else {
            codes.extend(
                values
                    .data
                    .iter()
                    .map(|value| self.code::<ADD>(bits(*value))),
            );
            return;
        };
        codes.extend(values.data.iter().zip(valid).map(|(value, valid)| {
            if *valid {
                self.code::<ADD>(bits(*value))
            } else if ADD {
                *null.get_or_insert_with(|| {
                    self.values.push(T::default());
                    self.values.len() as u32 - 1
                })
            } else {
                null.unwrap_or(NO_ROW)
            }
        }));
    }
}

/// Texts that were met.
struct Texts {
    pool: PoolBuilder,
    /// The codes of the texts in `pool`, in the order in which they were met in rows.
    met: Vec<u32>,
    /// The number of each code of `pool`.
    of_pool: Vec<u32>,
    /// The pool of the column seen last and the numbers of its codes as far as they are known.
    column: Option<(Arc<Pool>, Vec<u32>)>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            pool: PoolBuilder::distinct(),
            met: Vec::new(),
            of_pool: vec![NO_ROW],
            column: None,
        }
    }
}

impl Texts {
    fn get(&self, code: u32) -> &str {
        self.met
            .get(code as usize)
            .map_or("", |code| self.pool.pool().get(*code))
    }

    fn bytes(&self) -> usize {
        self.pool.pool().bytes() + self.met.len() * 16
    }

    fn code<const ADD: bool>(&mut self, text: &str) -> u32 {
        let code = if ADD {
            self.pool.push(text)
        } else {
            self.pool.find(text)
        };
        let Some(code) = code else {
            return NO_ROW;
        };
        let code = code as usize;
        if code >= self.of_pool.len() {
            self.of_pool.resize(code + 1, NO_ROW);
        }
        let Some(number) = self.of_pool.get_mut(code) else {
            return NO_ROW;
        };
        if ADD && *number == NO_ROW {
            *number = self.met.len() as u32;
            self.met.push(code as u32);
        }
        *number
    }

    fn each<const ADD: bool>(&mut self, strings: &Strings, codes: &mut Vec<u32>) {
        // What `find` does not know may be met later, so only what is known is kept from batch to batch.
        let mut known = match self.column.take() {
            Some((pool, known)) if Arc::ptr_eq(&pool, &strings.pool) => known,
            _ => vec![NO_ROW; strings.pool.len()],
        };
        for code in &strings.codes {
            let number = match known.get_mut(*code as usize) {
                Some(number) if *number != NO_ROW => *number,
                Some(number) => {
                    *number = self.code::<ADD>(strings.pool.get(*code));
                    *number
                }
                None => self.code::<ADD>(""),
            };
            codes.push(number);
        }
        self.column = Some((Arc::clone(&strings.pool), known));
    }
}

/// One pattern of bits for every double that is the same key: 0 and -0, all NaNs.
fn real_bits(value: f64) -> u64 {
    if value == 0.0 {
        0
    } else if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

fn decimal_bits(value: Decimal) -> u128 {
    u128::from_le_bytes(value.normalize().serialize())
}
