//! The tree of a query. Everything carries its place in the text; nothing knows of names, types or tables yet.

use super::error::{KqlError, Span};
use super::types::Type;
use super::value::Value;

pub mod lexer;
pub mod parser;

/// Reads a query. The tree holds what was understood; a query with errors is not to be run.
pub fn parse(text: &str) -> (Query, Vec<KqlError>) {
    parser::parse(text)
}

/// A name and where it stands: a word, or any text in `['…']` or `["…"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name without brackets and quotes.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Statements, separated by semicolons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// In order.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `let name = expression` or `let name = (parameters) { body }`.
    Let {
        /// What is named.
        name: Name,
        /// What it means: an expression, tabular or scalar, or [`ExprKind::Function`].
        value: Expr,
    },
    /// `declare query_parameters(name: type = default, …)`.
    Parameters(Vec<Parameter>),
    /// `set option = value`: read, and only checked.
    Set {
        /// The option.
        name: Name,
        /// Its value, where one is given.
        value: Option<Expr>,
    },
    /// An expression whose rows are the answer.
    Expression(Expr),
}

/// A parameter of a function or of the query.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub ty: ParameterType,
    /// Its value when it is left out.
    pub default: Option<Expr>,
}

/// What a parameter takes.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterType {
    /// A scalar.
    Scalar(Type),
    /// A table with at least these columns; none for `(*)`.
    Table(Vec<ColumnDeclaration>),
}

/// `name: type`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDeclaration {
    /// The column.
    pub name: Name,
    /// Its type.
    pub ty: Type,
}

/// An expression, scalar or tabular.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// `name = expression`, `(a, b) = expression`, or an expression alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The names given; more than one for functions that give several columns.
    pub names: Vec<Name>,
    /// What is named.
    pub value: Expr,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A value; its type where the literal says one (`int(null)`).
    Literal(Type, Literal),
    /// A name: of a column, a variable or a table.
    Name(String),
    /// `base.member`; also `$left.key`, whose base is the name `$left`.
    Member(Box<Expr>, Name),
    /// `base[index]`.
    Index(Box<Expr>, Box<Expr>),
    /// `name(arguments)`: a function, an aggregate, or a function of the query's own.
    Call(Name, Vec<Named>),
    /// `-x`, `+x` (there is no `!`: `not(x)` is a call).
    Unary(UnaryOp, Box<Expr>),
    /// `left op right`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `value in (list)` and its relatives; a list of one may be a table.
    In(InOp, Box<Expr>, Vec<Expr>),
    /// `value between (low .. high)`; true for `!between`.
    Between(bool, Box<Expr>, Box<Expr>, Box<Expr>),
    /// `*`, where a list of columns may stand.
    Star,
    /// `typeof(long)`.
    TypeOf(Type),
    /// A table and what is done to it.
    Pipe(Box<Expr>, Vec<Operator>),
    /// An operator that stands at the start: `print`, `range`, `datatable`, `union`, `search`, `find`, `evaluate`, ….
    Source(Box<Operator>),
    /// `(parameters) { statements; expression }`.
    Function(Vec<Parameter>, Query),
    /// What could not be read; there is an error for it.
    Missing,
}

/// A literal's value. Equality is of the text it prints, for tests.
#[derive(Clone, Debug)]
pub struct Literal(pub Value);

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        format!("{:?}", self.0) == format!("{:?}", other.0)
    }
}

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`
    Plus,
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
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
    /// A test of text.
    Text(TextOp, Polarity),
}

/// Whether a test of text is turned round and whether it minds case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polarity {
    /// `!…`
    pub negated: bool,
    /// `…_cs`, and `==` itself.
    pub case_sensitive: bool,
}

/// A test of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOp {
    /// `=~`, `!~`
    EqualsIgnoringCase,
    /// `contains`
    Contains,
    /// `has`: a whole term.
    Has,
    /// `hasprefix`: a term's beginning.
    HasPrefix,
    /// `hassuffix`: a term's end.
    HasSuffix,
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
    /// `matches regex`
    MatchesRegex,
    /// `like` is not KQL any more; not here on purpose. `:` in `search` means `Has`.
    Term,
}

/// `in` and its relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InOp {
    /// `in`, `in~`, `!in`, `!in~`
    In(Polarity),
    /// `has_any`
    HasAny,
    /// `has_all`
    HasAll,
}

/// `asc` or `desc`, and where nulls go, as far as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// What is sorted by.
    pub value: Named,
    /// `asc` is false, `desc` is true; the default is `desc`.
    pub descending: Option<bool>,
    /// `nulls first` is true.
    pub nulls_first: Option<bool>,
}

/// `name = value` before an operator's body: `kind=leftouter`, `hint.strategy=broadcast`, `withsource=T`, `isfuzzy=true`.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorOption {
    /// The option.
    pub name: Name,
    /// Its value: a word, a literal or a bracketed list, as an expression.
    pub value: Expr,
}

/// An operator of a pipe and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// What it does.
    pub kind: OperatorKind,
    /// Where: from its name to its end.
    pub span: Span,
}

/// What an operator does. Each has a file in `operators/`.
#[derive(Clone, Debug, PartialEq)]
pub enum OperatorKind {
    /// `where predicate`, `filter predicate`
    Where(Expr),
    /// `project a, b = c`
    Project(Vec<Named>),
    /// `project-away a, b*`: patterns may hold `*`.
    ProjectAway(Vec<Name>),
    /// `project-keep a, b*`
    ProjectKeep(Vec<Name>),
    /// `project-rename new = old`
    ProjectRename(Vec<(Name, Name)>),
    /// `project-reorder a, b* asc`: a pattern and, where written, the order of what it matches: true for `desc`.
    ProjectReorder(Vec<(Name, Option<ColumnOrder>)>),
    /// `extend a = b`
    Extend(Vec<Named>),
    /// `summarize aggregates by keys`
    Summarize {
        /// `hint.shufflekey=…` and the like.
        options: Vec<OperatorOption>,
        /// What is worked out.
        aggregates: Vec<Named>,
        /// For each of what.
        by: Vec<Named>,
    },
    /// `distinct a, b` or `distinct *`
    Distinct(Vec<Named>),
    /// `sort by`, `order by`
    Sort(Vec<SortKey>),
    /// `top n by keys`
    Top(Expr, Vec<SortKey>),
    /// `take n`, `limit n`
    Take(Expr),
    /// `count`, `count as Name`
    Count(Option<Name>),
    /// `join kind=… (right) on keys`
    Join {
        /// `kind`, hints.
        options: Vec<OperatorOption>,
        /// The other table.
        right: Box<Expr>,
        /// The keys: names or `$left.a == $right.b`.
        on: Vec<Expr>,
    },
    /// `lookup kind=… (right) on keys`
    Lookup {
        /// `kind`, hints.
        options: Vec<OperatorOption>,
        /// The other table.
        right: Box<Expr>,
        /// The keys.
        on: Vec<Expr>,
    },
    /// `union kind=… withsource=… tables`; names may hold `*`.
    Union {
        /// `kind`, `withsource`, `isfuzzy`, hints.
        options: Vec<OperatorOption>,
        /// The tables.
        tables: Vec<Expr>,
    },
    /// `mv-expand`, `mvexpand`
    MvExpand {
        /// `kind`, `bagexpansion`, `with_itemindex`.
        options: Vec<OperatorOption>,
        /// What is expanded, and the type asked for.
        columns: Vec<(Named, Option<Type>)>,
        /// `limit n`
        limit: Option<Expr>,
    },
    /// `mv-apply columns on (operators)`
    MvApply {
        /// `with_itemindex`.
        options: Vec<OperatorOption>,
        /// What is expanded, and the type asked for.
        columns: Vec<(Named, Option<Type>)>,
        /// `limit n`
        limit: Option<Expr>,
        /// What is done to the rows of each.
        body: Vec<Operator>,
    },
    /// `parse kind=… value with pattern`; `parse-where` when `only_matches`.
    Parse {
        /// `kind`, `flags`.
        options: Vec<OperatorOption>,
        /// What is read.
        value: Box<Expr>,
        /// The pattern.
        pattern: Vec<ParsePart>,
        /// Rows that do not match are left out.
        only_matches: bool,
    },
    /// `parse-kv value as (a: type, …) with (options)`
    ParseKv {
        /// What is read.
        value: Box<Expr>,
        /// The keys that are looked for.
        columns: Vec<ColumnDeclaration>,
        /// `pair_delimiter`, `kv_delimiter`, `quote`, `escape`, `greedy`, `regex`.
        options: Vec<OperatorOption>,
    },
    /// `print a = 1, 2`
    Print(Vec<Named>),
    /// `datatable(columns)[values]`
    DataTable(Vec<ColumnDeclaration>, Vec<Expr>),
    /// `range name from a to b step c`
    Range {
        /// The column.
        name: Name,
        /// First value.
        from: Box<Expr>,
        /// Last value.
        to: Box<Expr>,
        /// Distance.
        step: Box<Expr>,
    },
    /// `as hint.materialized=true Name`
    As(Vec<OperatorOption>, Name),
    /// `invoke function(arguments)`
    Invoke(Name, Vec<Named>),
    /// `evaluate plugin(arguments) : (schema)`
    Evaluate {
        /// The plugin.
        plugin: Name,
        /// Its arguments.
        arguments: Vec<Named>,
        /// The columns it is said to give; one called `*` stands for those of the input.
        schema: Option<Vec<ColumnDeclaration>>,
    },
    /// `make-series aggregates default=… on axis from … to … step … by keys`
    MakeSeries {
        /// `kind=nonempty`; the option `in range` is true where the end is included: `in range(from, to, step)`.
        options: Vec<OperatorOption>,
        /// What is worked out, and what stands where there is nothing.
        aggregates: Vec<(Named, Option<Expr>)>,
        /// Along what.
        on: Box<Expr>,
        /// First bin.
        from: Option<Box<Expr>>,
        /// End, not included.
        to: Option<Box<Expr>>,
        /// Width of a bin.
        step: Box<Expr>,
        /// For each of what.
        by: Vec<Named>,
    },
    /// `search kind=… in (tables) predicate`
    Search {
        /// `kind`.
        options: Vec<OperatorOption>,
        /// The tables, where named.
        tables: Vec<Expr>,
        /// What is looked for: a term (a string literal, alone or between `and` and `or`) or any predicate; `column: "term"` is
        /// [`BinaryOp::Text`] with [`TextOp::Term`].
        predicate: Box<Expr>,
    },
    /// `find in (tables) where predicate project columns`
    Find {
        /// `withsource`, `datascope`; the option `project-smart` is true where it is written.
        options: Vec<OperatorOption>,
        /// The tables, where named.
        tables: Vec<Expr>,
        /// What is looked for.
        predicate: Box<Expr>,
        /// The columns asked for; `pack(*)` is a name.
        project: Vec<(Name, Option<Type>)>,
    },
    /// `serialize a = b`
    Serialize(Vec<Named>),
    /// `top-nested n of key by aggregate, …`
    TopNested(Vec<TopNestedLevel>),
    /// `top-hitters n of key by weight`
    TopHitters(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    /// `sample n`
    Sample(Box<Expr>),
    /// `sample-distinct n of key`
    SampleDistinct(Box<Expr>, Box<Expr>),
    /// `render visualization with (properties)`; several columns (`ycolumns = a, b`) are one text with commas.
    Render(Name, Vec<OperatorOption>),
    /// `getschema`
    GetSchema,
    /// `scan with (steps)`
    Scan(Box<Scan>),
    /// `partition by key (operators)`
    Partition {
        /// Hints.
        options: Vec<OperatorOption>,
        /// The key.
        by: Name,
        /// What is done to each part: an [`ExprKind::Pipe`] whose input is [`ExprKind::Missing`].
        body: Box<Expr>,
    },
    /// `fork (operators) (operators)` and others that are named but not read further.
    Other(Name),
    /// `consume`
    Consume,
    /// `reduce by key`
    Reduce(Box<Expr>),
    /// `assert-schema (columns)`
    AssertSchema(Vec<ColumnDeclaration>),
}

/// The order of the columns that a pattern of `project-reorder` matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnOrder {
    /// By name.
    Ascending,
    /// By name, the other way.
    Descending,
    /// By name, digits as numbers.
    GrannyAscending,
    /// The same, the other way.
    GrannyDescending,
}

/// A part of a `parse` pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsePart {
    /// `*`
    Skip(Span),
    /// Text that must stand there (a regular expression with `kind=regex`).
    Text(String, Span),
    /// A column and its type, `string` where none is written.
    Column(Name, Type),
}

/// A level of `top-nested`.
#[derive(Clone, Debug, PartialEq)]
pub struct TopNestedLevel {
    /// How many; all where left out.
    pub count: Option<Expr>,
    /// Of what.
    pub of: Named,
    /// `with others = value`
    pub others: Option<Expr>,
    /// Ordered by what.
    pub by: Named,
    /// `asc` is false; the default is `desc`.
    pub descending: Option<bool>,
}

/// The `scan` operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// `with_match_id`.
    pub options: Vec<OperatorOption>,
    /// `order by`, `partition by`.
    pub order_by: Vec<SortKey>,
    /// Keys of the parts.
    pub partition_by: Vec<Expr>,
    /// `declare (name: type = default)`
    pub declare: Vec<Parameter>,
    /// `step name output=… : condition => assignments`
    pub steps: Vec<ScanStep>,
}

/// A step of `scan`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanStep {
    /// Its name.
    pub name: Name,
    /// `optional`
    pub optional: bool,
    /// `output = all | last | none`
    pub output: Option<Name>,
    /// When a row belongs to it.
    pub condition: Expr,
    /// What is set.
    pub assignments: Vec<(Name, Expr)>,
}
