//! How types become one another: categories, casts that happen by themselves, and the type of several expressions together.

use sqlparser::ast::{ArrayElemTypeDef, DataType, ExactNumberInfo, TimezoneInfo};

use super::error::Error;
use super::value::Type;

/// PostgreSQL's categories, which decide between operators when a literal could be several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// `boolean`.
    Boolean,
    /// Whole and other numbers, `oid`.
    Number,
    /// `text`, `name`.
    Text,
    /// Dates and timestamps.
    Time,
    /// `interval`.
    Span,
    /// `inet`.
    Network,
    /// `uuid`, `json`, `jsonb`, `bytea`.
    Other,
    /// Arrays.
    Array,
    /// Not known yet.
    Unknown,
}

/// How much a cast may be taken for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coercion {
    /// In any expression.
    Implicit,
    /// Into a column that is written.
    Assignment,
    /// Where the statement says so.
    Explicit,
}

impl Type {
    /// Its category.
    pub fn category(&self) -> Category {
        match self {
            Self::Bool => Category::Boolean,
            Self::Int2 | Self::Int4 | Self::Int8 | Self::Float8 | Self::Numeric(_) | Self::Oid => {
                Category::Number
            }
            Self::Text | Self::Name => Category::Text,
            Self::Timestamptz | Self::Timestamp | Self::Date => Category::Time,
            Self::Interval => Category::Span,
            Self::Inet => Category::Network,
            Self::Uuid | Self::Json | Self::Jsonb | Self::Bytea => Category::Other,
            Self::Array(_) => Category::Array,
            Self::Unknown => Category::Unknown,
        }
    }

    /// True for the type that its category prefers.
    pub fn is_preferred(&self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::Float8
                | Self::Oid
                | Self::Text
                | Self::Timestamptz
                | Self::Interval
                | Self::Inet
        )
    }

    /// The same type, whatever scale a column declares.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Numeric(_), Self::Numeric(_)) => true,
            (Self::Array(left), Self::Array(right)) => left.is(right),
            _ => self == other,
        }
    }

    /// The type without a declared scale.
    #[must_use]
    pub fn plain(&self) -> Self {
        match self {
            Self::Numeric(_) => Self::Numeric(None),
            Self::Array(element) => Self::Array(Box::new(element.plain())),
            other => other.clone(),
        }
    }

    /// What an array holds.
    pub fn element(&self) -> Option<&Self> {
        match self {
            Self::Array(element) => Some(element),
            _ => None,
        }
    }

    /// Where in the tower of numbers a type stands.
    fn rank(&self) -> Option<u8> {
        Some(match self {
            Self::Int2 => 0,
            Self::Int4 => 1,
            Self::Int8 => 2,
            Self::Numeric(_) => 3,
            Self::Float8 => 4,
            _ => return None,
        })
    }

    /// True when a value of this type becomes the other as far as `coercion` goes.
    pub fn becomes(&self, to: &Self, coercion: Coercion) -> bool {
        self.is(to) || self.needs(to).is_some_and(|least| coercion >= least)
    }

    /// The least that a cast between two different types needs.
    fn needs(&self, to: &Self) -> Option<Coercion> {
        use Coercion::{Assignment, Explicit, Implicit};
        if let (Some(from), Some(to)) = (self.rank(), to.rank()) {
            return Some(if from < to { Implicit } else { Assignment });
        }
        Some(match (self, to) {
            (Self::Unknown, _)
            | (Self::Int2 | Self::Int4 | Self::Int8, Self::Oid)
            | (Self::Oid, Self::Int8)
            | (Self::Date, Self::Timestamp | Self::Timestamptz)
            | (Self::Timestamp, Self::Timestamptz)
            | (Self::Text, Self::Name)
            | (Self::Name, Self::Text) => Implicit,
            (Self::Array(from), Self::Array(to)) => return from.needs(to),
            (Self::Oid, Self::Int4)
            | (Self::Timestamptz, Self::Timestamp | Self::Date)
            | (Self::Timestamp, Self::Date)
            | (Self::Json, Self::Jsonb)
            | (Self::Jsonb, Self::Json)
            | (_, Self::Text | Self::Name) => Assignment,
            (Self::Text | Self::Name, _)
            | (Self::Bool, Self::Int4)
            | (Self::Int4, Self::Bool)
            | (
                Self::Jsonb,
                Self::Bool | Self::Int2 | Self::Int4 | Self::Int8 | Self::Numeric(_) | Self::Float8,
            ) => Explicit,
            _ => return None,
        })
    }

    /// The type that a declaration names.
    pub fn of(declared: &DataType) -> Result<Self, Error> {
        Ok(match declared {
            DataType::Bool | DataType::Boolean => Self::Bool,
            DataType::Int2(None) | DataType::SmallInt(None) => Self::Int2,
            DataType::Int4(None) | DataType::Int(None) | DataType::Integer(None) => Self::Int4,
            DataType::Int8(None) | DataType::BigInt(None) => Self::Int8,
            DataType::Float8
            | DataType::DoublePrecision
            | DataType::Double(ExactNumberInfo::None)
            | DataType::Float(ExactNumberInfo::None) => Self::Float8,
            DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => {
                Self::Numeric(match info {
                    ExactNumberInfo::None => None,
                    ExactNumberInfo::Precision(digits) => Some(declared_digits(*digits, 0)?),
                    ExactNumberInfo::PrecisionAndScale(digits, scale) => {
                        Some(declared_digits(*digits, *scale)?)
                    }
                })
            }
            DataType::Text => Self::Text,
            DataType::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => {
                Self::Timestamptz
            }
            DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
                Self::Timestamp
            }
            DataType::Date => Self::Date,
            DataType::Interval {
                fields: None,
                precision: None,
            } => Self::Interval,
            DataType::Uuid => Self::Uuid,
            DataType::JSON => Self::Json,
            DataType::JSONB => Self::Jsonb,
            DataType::Bytea => Self::Bytea,
            DataType::Array(
                ArrayElemTypeDef::SquareBracket(inner, _) | ArrayElemTypeDef::AngleBracket(inner),
            ) => match Self::of(inner)? {
                // `text[][]` is `text[]`: a type does not say how deep its arrays go.
                nested @ Self::Array(_) => nested,
                element => Self::Array(Box::new(element)),
            },
            DataType::Custom(name, modifiers) if modifiers.is_empty() => {
                match name.to_string().to_ascii_lowercase().as_str() {
                    "timestamptz" => Self::Timestamptz,
                    "inet" => Self::Inet,
                    "oid" => Self::Oid,
                    "name" => Self::Name,
                    other => {
                        return Err(Error::new(
                            "42704",
                            format!("type \"{other}\" does not exist in the drill's database"),
                        ));
                    }
                }
            }
            other => return Err(Error::unsupported(&format!("the type {other}"))),
        })
    }
}

/// What `numeric(digits, scale)` declares.
fn declared_digits(digits: u64, scale: i64) -> Result<(u32, u32), Error> {
    match (u32::try_from(digits), u32::try_from(scale)) {
        (Ok(digits), Ok(scale)) if scale <= digits => Ok((digits, scale)),
        _ => Err(Error::unsupported(
            "a numeric whose scale is negative or more than its digits",
        )),
    }
}

/// The one type that several expressions take together, as CASE, COALESCE, UNION and ARRAY need it; none of them known is
/// `text`. `what` begins the message: `CASE types`, `UNION types`.
pub fn common<'a>(types: impl IntoIterator<Item = &'a Type>, what: &str) -> Result<Type, Error> {
    let mut chosen: Option<Type> = None;
    // A literal among them is of no declared scale, so the whole has none.
    let mut has_literal = false;
    for ty in types {
        if *ty == Type::Unknown {
            has_literal = true;
            continue;
        }
        let Some(current) = &chosen else {
            chosen = Some(ty.clone());
            continue;
        };
        if current.is(ty) {
            if current != ty {
                chosen = Some(ty.plain());
            }
            continue;
        }
        if current.category() != ty.category() {
            return Err(Error::new(
                "42804",
                format!(
                    "{what} types {} and {} cannot be matched",
                    current.long_name(),
                    ty.long_name()
                ),
            ));
        }
        if !current.is_preferred()
            && current.becomes(ty, Coercion::Implicit)
            && !ty.becomes(current, Coercion::Implicit)
        {
            chosen = Some(ty.plain());
        } else if !ty.becomes(current, Coercion::Implicit) {
            return Err(Error::new(
                "42846",
                format!(
                    "{what} could not convert type {} to {}",
                    ty.long_name(),
                    current.long_name()
                ),
            ));
        }
    }
    Ok(match chosen {
        Some(ty) if has_literal => ty.plain(),
        Some(ty) => ty,
        None => Type::Text,
    })
}
