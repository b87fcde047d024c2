//! `parse` and `parse-where`: columns out of a text by a pattern.

use std::sync::Arc;

use regex::Regex;

use super::options;
use super::read_text::{Reader, bind_reader};
use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, OperatorOption, ParsePart};
use crate::kql::types::{Field, Type};
use crate::kql::value::Value;
use crate::kql::value::convert::read;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    options: &[OperatorOption],
    value: &Expr,
    pattern: &[ParsePart],
    only_matches: bool,
) -> Result<Relation, KqlError> {
    let mut kind = Kind::Simple;
    let mut flags = "";
    for option in options {
        match option.name.text.as_str() {
            "kind" => {
                kind = match options::one_of(option, &["simple", "regex", "relaxed"])? {
                    "regex" => Kind::Regex,
                    "relaxed" => Kind::Relaxed,
                    _ => Kind::Simple,
                };
            }
            "flags" => flags = options::word(option)?,
            _ => options::unknown(option, &["kind", "flags"])?,
        }
    }
    let pattern = Pattern::new(kind, flags, pattern, span)?;
    bind_reader(binder, input, value, Arc::new(pattern), only_matches)
}

/// How the texts of a pattern are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// As they stand; every column must have its type.
    Simple,
    /// As they stand; a column that has not its type is null.
    Relaxed,
    /// As regular expressions; every column must have its type.
    Regex,
}

/// What the names of the groups that catch columns begin with.
const GROUP: &str = "kql_column_";

/// A pattern as one regular expression over the whole text.
struct Pattern {
    regex: Regex,
    kind: Kind,
    columns: Vec<Field>,
    /// The number of each column's group: a pattern may have groups of its own.
    groups: Vec<usize>,
}

impl Pattern {
    fn new(kind: Kind, flags: &str, parts: &[ParsePart], span: Span) -> Result<Self, KqlError> {
        if let Some(flag) = flags.chars().find(|flag| !"imsU".contains(*flag)) {
            return Err(KqlError::semantic(
                span,
                format!("expected flags out of i, m, s and U, found `{flag}`"),
            ));
        }
        let mut columns: Vec<Field> = Vec::new();
        let mut regex = match kind {
            Kind::Regex if flags.is_empty() => r"\A".to_owned(),
            Kind::Regex => format!(r"(?{flags})\A"),
            Kind::Simple | Kind::Relaxed => r"(?s)\A".to_owned(),
        };
        for (index, part) in parts.iter().enumerate() {
            let next = parts.get(index + 1);
            match part {
                ParsePart::Skip(_) => regex.push_str(".*?"),
                ParsePart::Text(text, span) if kind == Kind::Regex => {
                    Regex::new(text).map_err(|error| not_a_regex(*span, &error))?;
                    regex.push_str("(?:");
                    regex.push_str(text);
                    regex.push(')');
                }
                ParsePart::Text(text, _) => regex.push_str(&regex::escape(text)),
                ParsePart::Column(name, ty) => {
                    if *ty == Type::String
                        && matches!(next, Some(ParsePart::Skip(_) | ParsePart::Column(..)))
                    {
                        return Err(KqlError::semantic(
                            name.span,
                            format!(
                                "expected a text after the string column `{}`: only that says where it ends",
                                name.text
                            ),
                        ));
                    }
                    if columns.iter().any(|column| *column.name == *name.text) {
                        return Err(KqlError::semantic(
                            name.span,
                            format!("the column `{}` is there twice", name.text),
                        ));
                    }
                    let open = matches!(next, Some(ParsePart::Skip(_) | ParsePart::Column(..)));
                    regex.push_str(&group(kind, *ty, open, columns.len()));
                    columns.push(Field::new(name.text.as_str(), *ty));
                }
            }
        }
        regex.push_str(r"\z");
        let regex = Regex::new(&regex).map_err(|error| not_a_regex(span, &error))?;
        let groups = regex
            .capture_names()
            .enumerate()
            .filter(|(_, name)| name.is_some_and(|name| name.starts_with(GROUP)))
            .map(|(group, _)| group)
            .collect();
        Ok(Self {
            regex,
            kind,
            columns,
            groups,
        })
    }
}

/// The group that catches a column. `open`: no text after it says where it ends, so its type must.
fn group(kind: Kind, ty: Type, open: bool, index: usize) -> String {
    let class = match ty {
        Type::Int | Type::Long => Some(r"[-+]?\d+"),
        Type::Real | Type::Decimal => Some(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"),
        Type::Bool => Some("(?i:true|false)|[01]"),
        Type::Guid => Some("[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"),
        Type::DateTime => Some("[0-9][-0-9T:./ +]*[0-9]Z?"),
        Type::Timespan => Some(r"-?[0-9][0-9:.]*"),
        Type::String | Type::Dynamic => None,
    };
    let whole = matches!(ty, Type::Int | Type::Long);
    match (kind, class) {
        // Only whole numbers are told apart by the expression itself; texts are taken as far as they go.
        (Kind::Regex, Some(class)) if whole || open => format!("(?P<{GROUP}{index}>{class})"),
        (Kind::Regex, _) => format!("(?P<{GROUP}{index}>.*)"),
        (Kind::Simple, Some(class)) if open => format!("(?P<{GROUP}{index}>{class})"),
        (Kind::Relaxed, Some(class)) if open => format!("(?P<{GROUP}{index}>{class})?"),
        (Kind::Simple | Kind::Relaxed, _) => format!("(?P<{GROUP}{index}>.*?)"),
    }
}

fn not_a_regex(span: Span, error: &regex::Error) -> KqlError {
    let message = error.to_string();
    let last = message
        .lines()
        .last()
        .unwrap_or("")
        .trim_start_matches("error: ")
        .to_owned();
    KqlError::semantic(span, format!("expected a regular expression: {last}"))
}

impl Reader for Pattern {
    fn columns(&self) -> &[Field] {
        &self.columns
    }

    fn read(&self, text: &str) -> Option<Vec<Value>> {
        let captures = self.regex.captures(text)?;
        self.columns
            .iter()
            .zip(&self.groups)
            .map(|(field, group)| {
                let found = captures.get(*group);
                let found = found.map_or("", |found| found.as_str());
                let value = read(found, field.ty);
                let converts = !value.is_null() || field.ty == Type::Dynamic;
                (self.kind == Kind::Relaxed || converts).then_some(value)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::syntax::Name;
    use crate::kql::value::text::to_text;

    fn text(text: &str) -> ParsePart {
        ParsePart::Text(text.to_owned(), Span::default())
    }

    fn column(name: &str, ty: Type) -> ParsePart {
        let name = Name {
            text: name.to_owned(),
            span: Span::default(),
        };
        ParsePart::Column(name, ty)
    }

    fn skip() -> ParsePart {
        ParsePart::Skip(Span::default())
    }

    /// What a pattern makes of a text, value by value; `None` where it does not match.
    fn read(kind: Kind, flags: &str, parts: &[ParsePart], from: &str) -> Option<Vec<String>> {
        let pattern = Pattern::new(kind, flags, parts, Span::default()).unwrap();
        Some(pattern.read(from)?.iter().map(to_text).collect())
    }

    #[test]
    fn a_simple_pattern_needs_every_text_and_every_type() {
        let parts = [
            text("id:"),
            column("id", Type::Long),
            text(" val:"),
            column("val", Type::String),
        ];
        let simple = |from| read(Kind::Simple, "", &parts, from);
        assert_eq!(
            simple("id:7 val:foo bar\nbaz").unwrap(),
            ["7", "foo bar\nbaz"]
        );
        assert_eq!(simple("id:x val:foo"), None);
        assert_eq!(simple("x id:7 val:foo"), None);
        assert_eq!(simple("id:7 vol:foo"), None);
        assert_eq!(
            read(Kind::Relaxed, "", &parts, "id:x val:foo").unwrap(),
            ["", "foo"]
        );
    }

    #[test]
    fn a_star_passes_over_what_stands_between() {
        let parts = [
            skip(),
            text("total="),
            column("total", Type::Long),
            skip(),
            text("at="),
            column("at", Type::DateTime),
            text(")"),
            skip(),
        ];
        assert_eq!(
            read(
                Kind::Simple,
                "",
                &parts,
                "x total=27 of 30, at=2016-02-17 08:40:01) y"
            )
            .unwrap(),
            ["27", "2016-02-17T08:40:01.0000000Z"]
        );
        assert_eq!(
            read(Kind::Relaxed, "", &parts, "x total=many, at=never) y").unwrap(),
            ["", ""]
        );
    }

    #[test]
    fn regular_expressions_take_as_much_as_they_can_unless_told_otherwise() {
        let parts = [
            skip(),
            text("NAME="),
            column("name", Type::String),
            text(","),
            skip(),
        ];
        let from = "event (name=a, b=2, c=3)";
        assert_eq!(read(Kind::Regex, "", &parts, from), None);
        assert_eq!(read(Kind::Regex, "i", &parts, from).unwrap(), ["a, b=2"]);
        assert_eq!(read(Kind::Regex, "Ui", &parts, from).unwrap(), ["a"]);
        let parts = [
            column("pre", Type::String),
            text("([0-9]){3}"),
            column("post", Type::String),
        ];
        assert_eq!(
            read(Kind::Regex, "", &parts, "AAA111BBB").unwrap(),
            ["AAA", "BBB"]
        );
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        let error = |kind, flags, parts: &[ParsePart]| {
            Pattern::new(kind, flags, parts, Span::default())
                .err()
                .unwrap()
                .message
        };
        assert!(error(Kind::Regex, "", &[text("(")]).contains("regular expression"));
        assert!(error(Kind::Regex, "x", &[text("a")]).contains("flags"));
        assert!(error(Kind::Simple, "", &[column("a", Type::String), skip()]).contains("`a`"));
        assert!(
            error(
                Kind::Simple,
                "",
                &[column("a", Type::Long), column("a", Type::Long)]
            )
            .contains("twice")
        );
    }
}
