//! Puts parameters where a statement names inputs. Values stay values: they travel beside the text, never in it.

use super::lexer::{Token, TokenKind, tokens};
use super::{Dialect, SqlError};
use crate::model::request::BoundInput;

/// A statement with the server's own placeholders, and what goes in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The text that is shown and sent.
    pub statement: String,
    /// The binds, in order: the first is `$1` or `?1`.
    pub parameters: Vec<BoundParameter>,
}

/// One bind. A name that is used twice is one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundParameter {
    /// The input's id or a built-in name.
    pub name: String,
    /// The word of the input's type.
    pub input_kind: &'static str,
    /// The server's type that the statement casts it to; none when the server has to say what it takes.
    pub sql_type: Option<&'static str>,
    /// The text that is sent.
    pub value: String,
    /// An example value of a walkthrough.
    pub example: bool,
}

/// Replaces `:name`, `:'name'` and a literal that holds nothing but `:name` by parameters, and a `choice` that stands
/// for a table or a column by its quoted name. Every name must be among `inputs`.
pub fn bind(text: &str, dialect: Dialect, inputs: &[BoundInput]) -> Result<Bound, SqlError> {
    let tokens = tokens(text, dialect)?;
    let mut binder = Binder {
        text,
        dialect,
        inputs,
        statement: String::with_capacity(text.len() + 64),
        parameters: Vec::new(),
    };
    let mut behind = 0;
    for (token, site) in sites(text, &tokens) {
        match site {
            Site::ForeignParameter => {
                return Err(SqlError::at(
                    text,
                    token.start,
                    format!(
                        "`{}` has no value here: name an input, as in `:name`",
                        token.text(text)
                    ),
                ));
            }
            Site::Literal => binder.refuse_names_inside(token)?,
            Site::Value(name) | Site::Name(name) if binder.find(name).is_none() => {
                // `a[1:b]` is a slice, not an input called b.
                if !inside_brackets(text, &tokens, token) {
                    return Err(SqlError::at(
                        text,
                        token.start,
                        format!("`:{name}` is not an input with a value"),
                    ));
                }
            }
            Site::Value(name) => {
                binder.copy(behind, token.start);
                binder.put_value(name, token)?;
                behind = token.end;
            }
            Site::Name(name) => {
                binder.copy(behind, token.start);
                binder.put_name(name, token)?;
                behind = token.end;
            }
        }
    }
    binder.copy(behind, text.len());
    Ok(Bound {
        statement: binder.statement,
        parameters: binder.parameters,
    })
}

/// The names that stand in a text as `:name`, `:'name'`, `:"name"` or a whole literal `':name'`, each once, in order
/// of first use.
pub fn placeholders(text: &str, dialect: Dialect) -> Result<Vec<String>, SqlError> {
    let tokens = tokens(text, dialect)?;
    let mut names: Vec<String> = Vec::new();
    for (token, site) in sites(text, &tokens) {
        if let Site::Value(name) | Site::Name(name) = site
            && !names.iter().any(|known| known == name)
            && !inside_brackets(text, &tokens, token)
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// A place of a text that matters to binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site<'a> {
    /// A value goes here.
    Value(&'a str),
    /// The name of a table or a column goes here.
    Name(&'a str),
    /// A literal, which must not hold the name of an input.
    Literal,
    /// The server's own notation for a parameter, which nobody would fill.
    ForeignParameter,
}

fn sites<'a>(text: &'a str, tokens: &'a [Token]) -> Vec<(&'a Token, Site<'a>)> {
    let mut clauses = Clauses::default();
    let mut sites = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        clauses.pass(text, tokens, index);
        let source = token.text(text);
        let site = match token.kind {
            TokenKind::Placeholder => {
                let name = source.get(1..).unwrap_or_default();
                let after = tokens.get(index + 1);
                if clauses.takes_name(text, tokens, index)
                    || after.is_some_and(|token| token.kind == TokenKind::Symbol('.'))
                {
                    Site::Name(name)
                } else {
                    Site::Value(name)
                }
            }
            TokenKind::LiteralPlaceholder => Site::Value(inner(source, 2)),
            TokenKind::NamePlaceholder => Site::Name(inner(source, 2)),
            TokenKind::QuotedName | TokenKind::EscapedName => {
                match whole_placeholder(inner(source, 1)) {
                    Some(name) if token.kind == TokenKind::QuotedName => Site::Name(name),
                    _ => Site::Literal,
                }
            }
            TokenKind::Literal => match whole_placeholder(inner(source, 1)) {
                Some(name) if source.starts_with('\'') => Site::Value(name),
                _ => Site::Literal,
            },
            TokenKind::DollarLiteral => Site::Literal,
            TokenKind::Parameter => Site::ForeignParameter,
            TokenKind::Word | TokenKind::Number | TokenKind::Cast | TokenKind::Symbol(_) => {
                continue;
            }
        };
        sites.push((token, site));
    }
    sites
}

/// What stands between the quotes, `skip` bytes in.
fn inner(source: &str, skip: usize) -> &str {
    source
        .get(skip..source.len().saturating_sub(1))
        .unwrap_or_default()
}

/// The name, when a literal is nothing but `:name`.
fn whole_placeholder(body: &str) -> Option<&str> {
    let name = body.strip_prefix(':')?;
    let mut characters = name.chars();
    let starts = characters
        .next()
        .is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
    (starts && characters.all(|next| next == '_' || next.is_ascii_alphanumeric())).then_some(name)
}

fn inside_brackets(text: &str, tokens: &[Token], token: &Token) -> bool {
    let mut depth = 0_usize;
    for other in tokens {
        if other.start >= token.start {
            break;
        }
        match other.kind {
            TokenKind::Symbol('[') => depth += 1,
            TokenKind::Symbol(']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    // `ARRAY[:a]` and `x[:a]` are binds all the same; only a lower bound in front of the colon makes a slice.
    let before = tokens.iter().rev().find(|other| other.end <= token.start);
    depth > 0
        && token.kind == TokenKind::Placeholder
        && before.is_some_and(|other| {
            matches!(
                other.kind,
                TokenKind::Word
                    | TokenKind::QuotedName
                    | TokenKind::Number
                    | TokenKind::Symbol(')')
            ) && !other.is_word(text, "array")
        })
}

/// Which clause each level of parentheses is in, as far as it decides between a value and a name.
#[derive(Debug, Default)]
struct Clauses {
    levels: Vec<Level>,
    current: Level,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Level {
    clause: Clause,
    /// Parentheses of `extract(… FROM …)` and its like, where FROM takes a value.
    from_takes_value: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Clause {
    #[default]
    Other,
    /// After FROM, JOIN and the like: a list of tables.
    Tables,
    /// After ORDER BY and GROUP BY, where a bare value would silently mean nothing.
    Keys,
}

/// Functions whose arguments are parted by FROM.
const FROM_FUNCTIONS: [&str; 5] = ["extract", "substring", "trim", "overlay", "position"];
/// Words that begin a list of tables.
const TABLE_WORDS: [&str; 5] = ["FROM", "JOIN", "INTO", "UPDATE", "TABLE"];
/// Words that end a list of tables or of keys.
#[rustfmt::skip]
const OTHER_WORDS: [&str; 17] = [
    "SELECT", "WHERE", "ON", "USING", "SET", "HAVING", "LIMIT", "OFFSET", "FETCH", "VALUES", "UNION", "EXCEPT",
    "INTERSECT", "WINDOW", "RETURNING", "WITH", "FOR",
];

impl Clauses {
    fn pass(&mut self, text: &str, tokens: &[Token], index: usize) {
        let Some(token) = tokens.get(index) else {
            return;
        };
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let is_any = |words: &[&str]| words.iter().any(|word| token.is_word(text, word));
        match token.kind {
            TokenKind::Symbol('(') => {
                self.levels.push(self.current);
                let from_takes_value = before.is_some_and(|token| {
                    FROM_FUNCTIONS.iter().any(|word| token.is_word(text, word))
                });
                self.current = Level {
                    clause: Clause::Other,
                    from_takes_value,
                };
            }
            TokenKind::Symbol(')') => self.current = self.levels.pop().unwrap_or_default(),
            TokenKind::Word if is_any(&TABLE_WORDS) => {
                let value = token.is_word(text, "FROM")
                    && (self.current.from_takes_value
                        || before.is_some_and(|token| token.is_word(text, "DISTINCT")));
                self.current.clause = if value { Clause::Other } else { Clause::Tables };
            }
            TokenKind::Word if token.is_word(text, "BY") => {
                let keys = before.is_some_and(|token| {
                    token.is_word(text, "ORDER") || token.is_word(text, "GROUP")
                });
                self.current.clause = if keys { Clause::Keys } else { Clause::Other };
            }
            TokenKind::Word if is_any(&OTHER_WORDS) => self.current.clause = Clause::Other,
            _ => {}
        }
    }

    /// True where the placeholder at `index` can only mean a name.
    fn takes_name(&self, text: &str, tokens: &[Token], index: usize) -> bool {
        let Some(before) = index.checked_sub(1).and_then(|index| tokens.get(index)) else {
            return false;
        };
        let begins = before.kind == TokenKind::Symbol(',')
            || before.is_word(text, "BY")
            || before.is_word(text, "ONLY")
            || TABLE_WORDS.iter().any(|word| before.is_word(text, word));
        before.kind == TokenKind::Symbol('.') || (begins && self.current.clause != Clause::Other)
    }
}

struct Binder<'a> {
    text: &'a str,
    dialect: Dialect,
    inputs: &'a [BoundInput],
    statement: String,
    parameters: Vec<BoundParameter>,
}

impl Binder<'_> {
    fn find(&self, name: &str) -> Option<&BoundInput> {
        self.inputs.iter().find(|input| input.id.as_str() == name)
    }

    fn copy(&mut self, from: usize, to: usize) {
        self.statement
            .push_str(self.text.get(from..to).unwrap_or_default());
    }

    fn put_value(&mut self, name: &str, token: &Token) -> Result<(), SqlError> {
        let Some(input) = self.find(name) else {
            return Ok(());
        };
        if input.text.contains('\0') {
            return Err(SqlError::at(
                self.text,
                token.start,
                format!(
                    "the value of `:{name}` holds a zero byte, which no SQL text can: change it"
                ),
            ));
        }
        let parameter = parameter(self.dialect, input);
        let sql_type = parameter.sql_type;
        let known = self.parameters.iter().position(|known| known.name == name);
        let number = known.unwrap_or(self.parameters.len()) + 1;
        if known.is_none() {
            self.parameters.push(parameter);
        }
        // `x:name` and `:name1` must not grow together with what stands beside them.
        if self.statement.ends_with(is_word_part) {
            self.statement.push(' ');
        }
        let placeholder = match (self.dialect, sql_type) {
            (Dialect::Sqlite, _) => format!("?{number}"),
            (Dialect::Postgres, Some(sql_type)) => format!("CAST(${number}::text AS {sql_type})"),
            (Dialect::Postgres, None) => format!("${number}"),
        };
        self.statement.push_str(&placeholder);
        if self
            .text
            .get(token.end..)
            .is_some_and(|rest| rest.starts_with(is_word_part))
        {
            self.statement.push(' ');
        }
        Ok(())
    }

    fn put_name(&mut self, name: &str, token: &Token) -> Result<(), SqlError> {
        let Some(input) = self.find(name) else {
            return Ok(());
        };
        if input.kind != "choice" {
            return Err(SqlError::at(
                self.text,
                token.start,
                format!(
                    "`:{name}` stands where a name of a table or column goes, which only a choice can fill; it is {} {}",
                    if input.kind == "integer" { "an" } else { "a" },
                    input.kind
                ),
            ));
        }
        let parts: Vec<String> = input
            .text
            .split('.')
            .map(|part| format!("\"{}\"", part.replace('"', "\"\"")))
            .collect();
        if input.text.contains('\0') || parts.iter().any(|part| part == "\"\"") {
            return Err(SqlError::at(
                self.text,
                token.start,
                format!(
                    "`{}` cannot be a name: change the list of `:{name}`",
                    input.text
                ),
            ));
        }
        self.statement.push_str(&parts.join("."));
        Ok(())
    }

    /// A literal that holds an input's name among other text would be sent as it is, silently: refused.
    fn refuse_names_inside(&self, token: &Token) -> Result<(), SqlError> {
        let literal = token.text(self.text);
        for (offset, _) in literal.match_indices(':') {
            let after = literal.get(offset + 1..).unwrap_or_default();
            let length = after
                .find(|next: char| next != '_' && !next.is_ascii_alphanumeric())
                .unwrap_or(after.len());
            let name = after.get(..length).unwrap_or_default();
            if self.find(name).is_some() {
                return Err(SqlError::at(
                    self.text,
                    token.start + offset,
                    format!(
                        "`:{name}` stands inside a quoted text, where nothing is bound: join it with ||, as in '%' || :{name} || '%'"
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn is_word_part(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// What an input is sent as.
fn parameter(dialect: Dialect, input: &BoundInput) -> BoundParameter {
    let length = matches!(input.kind, "duration" | "lookback");
    let sql_type = match (dialect, input.kind) {
        (Dialect::Postgres, "duration" | "lookback") => Some("interval"),
        (Dialect::Postgres, "datetime") => Some("timestamptz"),
        (Dialect::Postgres, "uuid") => Some("uuid"),
        (Dialect::Postgres, "integer") => Some("bigint"),
        _ => None,
    };
    // SQLite's date functions take `900 seconds` as a modifier.
    let value = crate::model::duration::parse(&input.text)
        .filter(|_| length && dialect == Dialect::Sqlite)
        .map_or_else(
            || input.text.clone(),
            |duration| format!("{} seconds", duration.as_secs()),
        );
    BoundParameter {
        name: input.id.as_str().to_owned(),
        input_kind: input.kind,
        sql_type,
        value,
        example: input.example,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(id: &str, kind: &'static str, text: &str) -> BoundInput {
        BoundInput {
            id: id.into(),
            kind,
            text: text.into(),
            example: false,
            has_pattern: false,
        }
    }

    fn inputs() -> Vec<BoundInput> {
        vec![
            input("a", "text", "x'; DROP TABLE t; --"),
            input("id", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            input("since", "datetime", "2026-01-31T03:12:00.000Z"),
            input("back", "lookback", "15m"),
            input("n", "integer", "7"),
            input("t", "choice", "commerce.audit\"x"),
            input("pw", "secret", "hunter22"),
        ]
    }

    #[test]
    fn values_become_parameters() {
        for (text, expected, names) in [
            ("x = :a", "x = $1", "a"),
            ("x = :'a' OR y=':a'", "x = $1 OR y=$1", "a"),
            (
                "x = :id AND y = :a",
                "x = CAST($1::text AS uuid) AND y = $2",
                "id a",
            ),
            (
                "t > :since - :back LIMIT :n",
                "t > CAST($1::text AS timestamptz) - CAST($2::text AS interval) LIMIT CAST($3::text AS bigint)",
                "since back n",
            ),
            ("'%' || :a || '%'", "'%' || $1 || '%'", "a"),
            ("x::a, :a::text", "x::a, $1::text", "a"),
            (
                "ARRAY[:a], y[:n]",
                "ARRAY[$1], y[CAST($2::text AS bigint)]",
                "a n",
            ),
            (
                "'12:30' 'HH24:MI' -- :a\n /* :a */",
                "'12:30' 'HH24:MI' -- :a\n /* :a */",
                "",
            ),
            (
                "FROM :t, :\"t\" q WHERE q.a = :t",
                "FROM \"commerce\".\"audit\"\"x\", \"commerce\".\"audit\"\"x\" q WHERE q.a = $1",
                "t",
            ),
            (
                "extract(epoch FROM :since), a IS DISTINCT FROM :a",
                "extract(epoch FROM CAST($1::text AS timestamptz)), a IS DISTINCT FROM $2",
                "since a",
            ),
            (
                "ORDER BY a, :t LIMIT :n",
                "ORDER BY a, \"commerce\".\"audit\"\"x\" LIMIT CAST($1::text AS bigint)",
                "n",
            ),
        ] {
            let bound = bind(text, Dialect::Postgres, &inputs())
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(bound.statement, expected);
            let order: Vec<_> = bound
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str())
                .collect();
            assert_eq!(order.join(" "), names, "{text}");
        }
        let bound = bind(
            "x > datetime('now', '-' || :back) AND n = :n",
            Dialect::Sqlite,
            &inputs(),
        )
        .unwrap();
        assert_eq!(bound.statement, "x > datetime('now', '-' || ?1) AND n = ?2");
        assert_eq!(bound.parameters[0].value, "900 seconds");
    }

    #[test]
    fn slices_are_not_inputs() {
        let bound = bind("z[1:b], z[lo:hi]", Dialect::Postgres, &inputs()).unwrap();
        assert_eq!(bound.statement, "z[1:b], z[lo:hi]");
        assert_eq!(
            placeholders("z[1:b], :q", Dialect::Postgres).unwrap(),
            ["q"]
        );
    }

    #[test]
    fn what_cannot_be_bound_is_refused_where_it_stands() {
        for (text, position) in [
            ("x = :nobody", 4),
            ("x = 'pre :a post'", 9),
            ("x = E':a'", 6),
            ("x = $$:a$$", 6),
            ("x = $1", 4),
            ("SELECT * FROM :a", 14),
            ("SELECT * FROM u, :n", 17),
            ("SELECT :a.x", 7),
            ("SELECT \":a\"", 7),
            ("ORDER BY :n", 9),
        ] {
            let error = bind(text, Dialect::Postgres, &inputs()).unwrap_err();
            assert_eq!(error.position, Some(position), "{text}: {error}");
        }
        for text in ["x = ?", "x = ?1", "x = @a", "x = $a"] {
            assert!(bind(text, Dialect::Sqlite, &inputs()).is_err(), "{text}");
        }
        let mut inputs = inputs();
        inputs[0].text = "a\0b".into();
        assert!(bind("x = :a", Dialect::Postgres, &inputs).is_err());
    }
}
