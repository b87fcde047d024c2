//! Tokens of SQL with their places, as far as binding and classifying need them.
//!
//! The rules are those of PostgreSQL's own scanner (`src/backend/parser/scan.l`): a second opinion that differs from
//! the server's would hide things. It does not know keywords and does not check grammar.

use std::ops::Range;

use super::{Dialect, SqlError};

/// A token and the bytes it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Token {
    /// Its own text.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.start..self.end).unwrap_or_default()
    }

    /// True for this unquoted word, in any case.
    pub fn is_word(&self, source: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(source).eq_ignore_ascii_case(word)
    }
}

/// Kinds of tokens. Whitespace and comments are not tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword or an unquoted name.
    Word,
    /// A quoted name.
    QuotedName,
    /// A name with Unicode escapes, `U&"…"`: what it names cannot be read off its text.
    EscapedName,
    /// A quoted literal of any sort, from its prefix to its last quote.
    Literal,
    /// A dollar-quoted literal.
    DollarLiteral,
    /// A number, or the part of one before its exponent.
    Number,
    /// `:name`
    Placeholder,
    /// `:'name'`, psql's way to write a value.
    LiteralPlaceholder,
    /// `:"name"`, psql's way to write a name.
    NamePlaceholder,
    /// A parameter in the server's own notation: `$1`, `?`, `?1`, `@x`.
    Parameter,
    /// `::`
    Cast,
    /// Any other single character.
    Symbol(char),
}

/// A statement of a text that holds several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementPart {
    /// The bytes from its first to its last token, without the semicolon.
    pub range: Range<usize>,
    /// The comment just above or before it, without its marks.
    pub comment: Option<String>,
}

/// Splits at semicolons outside quotes and comments. Parts that hold comments only are left out. A quote that never
/// ends makes the rest one part: whatever was split must still be parsed before it is believed.
pub fn split_statements(text: &str, dialect: Dialect) -> Vec<StatementPart> {
    let mut lexer = Lexer::new(text, dialect);
    let mut parts = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut behind = 0;
    loop {
        let token = match lexer.next_token() {
            Ok(token) => token,
            Err(_) => Some(Token {
                kind: TokenKind::Literal,
                start: lexer.token_start,
                end: text.trim_end().len(),
            }),
        };
        let (ends, at) = match token {
            Some(token) if token.kind == TokenKind::Symbol(';') => (true, token.end),
            Some(token) => {
                let start = open.as_ref().map_or(token.start, |range| range.start);
                open = Some(start..token.end);
                (false, token.end)
            }
            None => (true, text.len()),
        };
        if ends {
            if let Some(range) = open.take() {
                let comment = text.get(behind..range.start).and_then(comment_text);
                parts.push(StatementPart { range, comment });
            }
            behind = at;
        }
        if token.is_none() || lexer.failed {
            if let Some(range) = open.take() {
                let comment = text.get(behind..range.start).and_then(comment_text);
                parts.push(StatementPart { range, comment });
            }
            return parts;
        }
    }
}

/// All tokens of a text, or the place where a quote or a comment begins that never ends.
pub fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token>, SqlError> {
    let mut lexer = Lexer::new(text, dialect);
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// The words of a run of comments: marks and empty lines taken off, lines joined by a space.
fn comment_text(gap: &str) -> Option<String> {
    let words: Vec<&str> = gap
        .lines()
        .map(|line| {
            line.trim()
                .trim_start_matches("--")
                .trim_start_matches("/*")
                .trim_end_matches("*/")
                .trim_start_matches('*')
                .trim()
        })
        .filter(|line| !line.is_empty())
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

struct Lexer<'a> {
    text: &'a str,
    dialect: Dialect,
    at: usize,
    token_start: usize,
    failed: bool,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            text,
            dialect,
            at: 0,
            token_start: 0,
            failed: false,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest
            .find(|character| !keep(character))
            .unwrap_or(rest.len());
    }

    fn fail(&mut self, what: &str) -> SqlError {
        self.failed = true;
        SqlError::at(
            self.text,
            self.token_start,
            format!("{what} begins here and never ends: close it"),
        )
    }

    fn next_token(&mut self) -> Result<Option<Token>, SqlError> {
        self.skip_blanks()?;
        self.token_start = self.at;
        let Some(first) = self.peek(0) else {
            return Ok(None);
        };
        let kind = self.scan(first)?;
        Ok(Some(Token {
            kind,
            start: self.token_start,
            end: self.at,
        }))
    }

    fn skip_blanks(&mut self) -> Result<(), SqlError> {
        loop {
            // Only these are blanks to PostgreSQL; a no-break space is part of a name.
            self.skip_while(|character| {
                matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
            });
            self.token_start = self.at;
            if self.rest().starts_with("--") {
                self.skip_while(|character| character != '\n' && character != '\r');
            } else if self.rest().starts_with("/*") {
                self.skip_block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// PostgreSQL nests block comments, SQLite does not.
    fn skip_block_comment(&mut self) -> Result<(), SqlError> {
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") && (depth == 0 || self.dialect == Dialect::Postgres) {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else if let Some(character) = rest.chars().next() {
                self.at += character.len_utf8();
            } else {
                return Err(self.fail("a comment"));
            }
        }
    }

    fn scan(&mut self, first: char) -> Result<TokenKind, SqlError> {
        let postgres = self.dialect == Dialect::Postgres;
        let second = self.peek(1);
        match first {
            '\'' => self.quoted('\'', false, TokenKind::Literal),
            '"' => self.quoted('"', false, TokenKind::QuotedName),
            '`' if !postgres => self.quoted('`', false, TokenKind::QuotedName),
            '[' if !postgres => {
                let length = self.rest().find(']');
                let Some(length) = length else {
                    return Err(self.fail("a quoted name"));
                };
                self.at += length + 1;
                Ok(TokenKind::QuotedName)
            }
            'e' | 'E' if postgres && second == Some('\'') => {
                self.at += 1;
                self.quoted('\'', true, TokenKind::Literal)
            }
            'b' | 'B' | 'x' | 'X' | 'n' | 'N' if second == Some('\'') => {
                self.at += 1;
                self.quoted('\'', false, TokenKind::Literal)
            }
            'u' | 'U' if postgres && second == Some('&') && self.peek(2) == Some('\'') => {
                self.at += 2;
                self.quoted('\'', false, TokenKind::Literal)
            }
            'u' | 'U' if postgres && second == Some('&') && self.peek(2) == Some('"') => {
                self.at += 2;
                self.quoted('"', false, TokenKind::EscapedName)
            }
            '$' if postgres && second.is_none_or(|next| !next.is_ascii_digit()) => {
                self.dollar_quoted()
            }
            '$' | '@' | '#' | '?' if !postgres => {
                self.at += 1;
                self.skip_while(is_name_part);
                Ok(TokenKind::Parameter)
            }
            '$' => {
                self.at += 1;
                self.skip_while(|character| character.is_ascii_digit());
                Ok(TokenKind::Parameter)
            }
            ':' => self.colon(second),
            '0'..='9' => {
                self.skip_while(|character| {
                    character.is_ascii_digit() || character == '.' || character == '_'
                });
                Ok(TokenKind::Number)
            }
            _ if is_name_start(first) => {
                self.skip_while(is_name_part);
                Ok(TokenKind::Word)
            }
            _ => {
                self.at += first.len_utf8();
                Ok(TokenKind::Symbol(first))
            }
        }
    }

    /// From the opening quote to the closing one; a doubled quote stands for itself.
    fn quoted(
        &mut self,
        quote: char,
        backslash: bool,
        kind: TokenKind,
    ) -> Result<TokenKind, SqlError> {
        let body = self.at + quote.len_utf8();
        let mut characters = self
            .text
            .get(body..)
            .unwrap_or_default()
            .char_indices()
            .peekable();
        while let Some((offset, character)) = characters.next() {
            if backslash && character == '\\' {
                characters.next();
            } else if character == quote {
                if characters.peek().is_some_and(|(_, next)| *next == quote) {
                    characters.next();
                } else {
                    self.at = body + offset + quote.len_utf8();
                    return Ok(kind);
                }
            }
        }
        Err(self.fail(if quote == '\'' {
            "a quoted text"
        } else {
            "a quoted name"
        }))
    }

    /// `$$…$$` or `$tag$…$tag$`; a `$` that opens no quote is a symbol.
    fn dollar_quoted(&mut self) -> Result<TokenKind, SqlError> {
        let rest = self.rest();
        let tag = rest
            .get(1..)
            .and_then(|after| {
                let length = after.find(|character| !is_name_part(character) || character == '$');
                length.filter(|length| after.get(*length..).is_some_and(|end| end.starts_with('$')))
            })
            .and_then(|length| rest.get(..length + 2));
        let Some(tag) = tag else {
            self.at += 1;
            return Ok(TokenKind::Symbol('$'));
        };
        let Some(length) = rest.get(tag.len()..).and_then(|body| body.find(tag)) else {
            return Err(self.fail("a dollar-quoted text"));
        };
        self.at += tag.len() + length + tag.len();
        Ok(TokenKind::DollarLiteral)
    }

    fn colon(&mut self, second: Option<char>) -> Result<TokenKind, SqlError> {
        self.at += 1;
        match second {
            Some(':') => {
                self.at += 1;
                Ok(TokenKind::Cast)
            }
            Some(next) if next == '_' || next.is_ascii_alphabetic() => {
                self.skip_while(|character| character == '_' || character.is_ascii_alphanumeric());
                Ok(TokenKind::Placeholder)
            }
            Some('\'') => self.quoted('\'', false, TokenKind::LiteralPlaceholder),
            Some('"') => self.quoted('"', false, TokenKind::NamePlaceholder),
            _ => Ok(TokenKind::Symbol(':')),
        }
    }
}

fn is_name_start(character: char) -> bool {
    character == '_' || character.is_ascii_alphabetic() || !character.is_ascii()
}

fn is_name_part(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit() || character == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        tokens(text, Dialect::Postgres)
            .unwrap()
            .iter()
            .map(|token| (token.kind, token.text(text)))
            .collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_is_in_them() {
        use TokenKind::{Cast, DollarLiteral, Literal, Placeholder, QuotedName, Symbol, Word};
        for (text, expected) in [
            (
                "a::b :c",
                vec![(Word, "a"), (Cast, "::"), (Word, "b"), (Placeholder, ":c")],
            ),
            (r"'it''s :x' y", vec![(Literal, "'it''s :x'"), (Word, "y")]),
            (r"E'\' :x' y", vec![(Literal, r"E'\' :x'"), (Word, "y")]),
            (r"'\' x", vec![(Literal, r"'\'"), (Word, "x")]),
            ("$t$ ' $$ :x $t$", vec![(DollarLiteral, "$t$ ' $$ :x $t$")]),
            ("a$b$c", vec![(Word, "a$b$c")]),
            (
                "/* /* :x */ ' */ z -- :y\n;",
                vec![(Word, "z"), (Symbol(';'), ";")],
            ),
            ("\"a\"\":x\"", vec![(QuotedName, "\"a\"\":x\"")]),
        ] {
            assert_eq!(kinds(text), expected, "{text}");
        }
    }

    #[test]
    fn what_never_ends_is_said_where_it_begins() {
        for (text, position) in [("é 'x", 2), ("a /* b /* */", 2), ("$$ x", 0), ("U&\"x", 0)] {
            let error = tokens(text, Dialect::Postgres).unwrap_err();
            assert_eq!(error.position, Some(position), "{text}");
        }
    }

    #[test]
    fn statements_are_split_outside_quotes() {
        let text = "-- Revoke all\n-- sessions\nUPDATE a SET b = ';';\n;-- nothing\n;/* two */ SELECT ';' -- end\n";
        let parts: Vec<_> = split_statements(text, Dialect::Postgres)
            .into_iter()
            .map(|part| (text[part.range].to_owned(), part.comment))
            .collect();
        assert_eq!(
            parts,
            [
                (
                    "UPDATE a SET b = ';'".into(),
                    Some("Revoke all sessions".into())
                ),
                ("SELECT ';'".into(), Some("two".into())),
            ]
        );
        let broken = split_statements("SELECT 1; SELECT 'x; y", Dialect::Postgres);
        assert_eq!(broken.len(), 2);
        assert_eq!(broken[1].range, 10..22);
    }
}
