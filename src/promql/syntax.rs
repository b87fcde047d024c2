//! The tree of a query.

use std::fmt;
use std::ops::Range;

use regex::Regex;

use super::functions::Function;

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: Kind,
    /// Its characters in the text, 0-based, end exclusive.
    pub span: Range<usize>,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A number.
    Number(f64),
    /// A text, for functions that take one.
    Text(String),
    /// Series at a time.
    Selector(Selector),
    /// Series over a time: `x[5m]`.
    Range {
        /// Which series.
        selector: Selector,
        /// How far back, in milliseconds.
        range: i64,
    },
    /// An expression at every step of a time: `x[1h:1m]`.
    Subquery(Box<Subquery>),
    /// In parentheses.
    Paren(Box<Expr>),
    /// With a sign before it.
    Signed {
        /// `-` changes the sign of every value; `+` leaves all as it is.
        negative: bool,
        /// A scalar or an instant vector.
        operand: Box<Expr>,
    },
    /// Two operands.
    Binary(Box<Binary>),
    /// Many series to few.
    Aggregate(Box<Aggregate>),
    /// A function of the table in `functions`.
    Call {
        /// Its row.
        function: &'static Function,
        /// As many as it takes.
        args: Vec<Expr>,
    },
}

/// What an expression evaluates to, at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// One number.
    Scalar,
    /// One text.
    Text,
    /// A number for each of several series.
    Vector,
    /// Samples of each of several series.
    Matrix,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Text => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        })
    }
}

impl Expr {
    /// What it evaluates to.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Number(_) => Type::Scalar,
            Kind::Text(_) => Type::Text,
            Kind::Selector(_) | Kind::Aggregate(_) => Type::Vector,
            Kind::Range { .. } | Kind::Subquery(_) => Type::Matrix,
            Kind::Paren(inner) | Kind::Signed { operand: inner, .. } => inner.ty(),
            Kind::Binary(binary) => match (binary.left.ty(), binary.right.ty()) {
                (Type::Scalar, Type::Scalar) => Type::Scalar,
                _ => Type::Vector,
            },
            Kind::Call { function, .. } => function.answers,
        }
    }

    /// Itself without parentheses around it.
    pub fn bare(&self) -> &Self {
        match &self.kind {
            Kind::Paren(inner) => inner.bare(),
            _ => self,
        }
    }
}

/// Which series, and at which time.
#[derive(Debug, Clone)]
pub struct Selector {
    /// All of them must hold; the name of the metric is one of them.
    pub matchers: Vec<Matcher>,
    /// The time it looks at.
    pub when: When,
}

/// `offset` and `@`: which time a selector looks at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct When {
    /// How far back from there, in milliseconds; negative looks ahead.
    pub offset: i64,
    /// From where, if not from the time of evaluation.
    pub from: Option<Anchor>,
}

/// What follows `@`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// A time in milliseconds.
    At(i64),
    /// `start()`: the first time of the query.
    Start,
    /// `end()`: the last time of the query.
    End,
}

/// A condition on a label.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// The test.
    pub test: Test,
}

/// What a label's value must be; a label that is not there has the empty value.
#[derive(Debug, Clone)]
pub enum Test {
    /// `=`
    Equal(String),
    /// `!=`
    NotEqual(String),
    /// `=~`, anchored at both ends.
    Matches(Regex),
    /// `!~`, anchored at both ends.
    MatchesNot(Regex),
}

impl Matcher {
    /// Whether a value will do.
    pub fn accepts(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::NotEqual(unwanted) => value != unwanted,
            Test::Matches(pattern) => pattern.is_match(value),
            Test::MatchesNot(pattern) => !pattern.is_match(value),
        }
    }
}

/// `expr[range:step]`
#[derive(Debug, Clone)]
pub struct Subquery {
    /// What is evaluated at every step.
    pub expr: Expr,
    /// How far back, in milliseconds.
    pub range: i64,
    /// The distance of the steps in milliseconds; none is the server's evaluation interval.
    pub step: Option<i64>,
    /// The time it looks at.
    pub when: When,
}

/// Two operands and what joins them.
#[derive(Debug, Clone)]
pub struct Binary {
    /// The operator.
    pub op: Operator,
    /// A comparison answers with 0 and 1 instead of leaving out.
    pub bool: bool,
    /// Which series go together.
    pub matching: Matching,
    /// The left operand.
    pub left: Expr,
    /// The right operand.
    pub right: Expr,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// `atan2`
    Atan2,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
}

impl Operator {
    /// The operator and how tightly it binds; a greater number binds more.
    pub fn read(word: &str) -> Option<(Self, u8)> {
        Some(match word {
            "or" => (Self::Or, 1),
            "and" => (Self::And, 2),
            "unless" => (Self::Unless, 2),
            "==" => (Self::Equal, 3),
            "!=" => (Self::NotEqual, 3),
            "<" => (Self::Less, 3),
            "<=" => (Self::LessEqual, 3),
            ">" => (Self::Greater, 3),
            ">=" => (Self::GreaterEqual, 3),
            "+" => (Self::Add, 4),
            "-" => (Self::Subtract, 4),
            "*" => (Self::Multiply, 5),
            "/" => (Self::Divide, 5),
            "%" => (Self::Modulo, 5),
            "atan2" => (Self::Atan2, 5),
            "^" => (Self::Power, Self::POWER),
            _ => return None,
        })
    }

    /// How tightly `^` binds: more than a sign before it.
    pub const POWER: u8 = 6;

    /// `==` and its kin.
    pub fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessEqual
                | Self::Greater
                | Self::GreaterEqual
        )
    }

    /// `and`, `or`, `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// Which series of two operands go together.
#[derive(Debug, Clone, Default)]
pub struct Matching {
    /// `on` and `ignoring`: the labels that count; none is all but the name.
    pub labels: Option<Grouping>,
    /// `group_left` and `group_right`.
    pub many: Option<Many>,
    /// Labels that the series of the "one" side give to the result.
    pub include: Vec<String>,
}

/// The side that may have many series for one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

/// Labels that count, or that do not.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    /// `without` and `ignoring`: all labels but these, and but the name of the metric.
    pub without: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// An aggregation.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// Which.
    pub op: Aggregation,
    /// Which series go together; the default is all.
    pub grouping: Grouping,
    /// What stands before the vector: how many, which quantile, the name of a label.
    pub param: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
}

/// How series are made one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `count`
    Count,
    /// `group`
    Group,
    /// `stddev`
    Stddev,
    /// `stdvar`
    Stdvar,
    /// `topk`
    Topk,
    /// `bottomk`
    Bottomk,
    /// `quantile`
    Quantile,
    /// `count_values`
    CountValues,
}

impl Aggregation {
    /// Its name in lower case to itself.
    pub fn read(word: &str) -> Option<Self> {
        Some(match word {
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "min" => Self::Min,
            "max" => Self::Max,
            "count" => Self::Count,
            "group" => Self::Group,
            "stddev" => Self::Stddev,
            "stdvar" => Self::Stdvar,
            "topk" => Self::Topk,
            "bottomk" => Self::Bottomk,
            "quantile" => Self::Quantile,
            "count_values" => Self::CountValues,
            _ => return None,
        })
    }

    /// The type of what stands before the vector.
    pub fn param(self) -> Option<Type> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile => Some(Type::Scalar),
            Self::CountValues => Some(Type::Text),
            _ => None,
        }
    }
}
