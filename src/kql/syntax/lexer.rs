//! Text to tokens. Every byte of the text is white space, a comment, or in one token; what is no part of the language is [`Kind::Bad`] and has an error.

use crate::kql::error::{KqlError, Span};
use crate::kql::types::Type;

mod text;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A name, a keyword, or a word with `!` before it or `~` after it: `where`, `!contains`, `in~`, `$left`.
    Word,
    /// Brackets, commas, operators.
    Punct,
    /// A number without a unit: `1`, `0x1F`, `1.5e3`.
    Number,
    /// A number with a unit of time: `5m`, `1.5d`.
    Timespan,
    /// A type and a bracket, whatever stands in the bracket: `datetime(2020-01-01)`.
    Typed(Type),
    /// A string in any of its forms; its text without quotes and escapes.
    String(String),
    /// What is no part of the language.
    Bad,
    /// The end of the text.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where.
    pub span: Span,
}

/// Longest first.
const PUNCTUATION: &[&str] = &[
    "=>", "==", "=~", "!=", "!~", "<=", ">=", "<>", "..", "|", ";", ",", "(", ")", "[", "]", "{",
    "}", "=", "<", ">", "+", "-", "*", "/", "%", ".", ":",
];

/// Reads all of `text`. The last token is [`Kind::End`].
pub fn lex(text: &str) -> (Vec<Token>, Vec<KqlError>) {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        errors: Vec::new(),
    };
    while let Some(c) = lexer.peek() {
        lexer.token(c);
    }
    let end = Span::new(text.len(), text.len());
    lexer.push(Kind::End, end.start);
    (lexer.tokens, lexer.errors)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    errors: Vec<KqlError>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let span = Span::new(start, self.at);
        self.tokens.push(Token { kind, span });
    }

    fn bad(&mut self, start: usize, error: KqlError) {
        self.errors.push(error);
        self.push(Kind::Bad, start);
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    fn token(&mut self, first: char) {
        let start = self.at;
        let rest = self.rest();
        if is_space(first) {
            self.skip_while(is_space);
        } else if rest.starts_with("//") {
            self.skip_while(|c| c != '\n' && c != '\r');
        } else if let Some(prefix) = text::opening(rest) {
            self.string(start, prefix);
        } else if first.is_ascii_digit() {
            self.number(start);
        } else if is_word_start(first) {
            self.word(start);
        } else if first == '!' && rest.chars().nth(1).is_some_and(is_word_start) {
            self.at += 1;
            self.word(start);
        } else if let Some(punct) = PUNCTUATION.iter().find(|punct| rest.starts_with(**punct)) {
            self.at += punct.len();
            self.push(Kind::Punct, start);
        } else {
            self.unknown(start, first);
        }
    }

    fn unknown(&mut self, start: usize, first: char) {
        self.at += first.len_utf8();
        let error = KqlError::syntax(
            Span::new(start, self.at),
            format!("`{first}` is no part of the language"),
        );
        let error = match first {
            '“' | '”' | '„' => error.help("write strings in straight quotes: \"…\""),
            '‘' | '’' => error.help("write strings in straight quotes: '…'"),
            '–' | '—' | '−' => error.help("write a hyphen: -"),
            '&' => error.help("write and"),
            '!' => error.help("write not(…)"),
            '#' => error.help("a comment begins with //"),
            _ => error,
        };
        self.bad(start, error);
    }

    fn string(&mut self, start: usize, opening: text::Opening) {
        match text::read(self.rest(), opening) {
            Ok((value, length)) => {
                self.at += length;
                self.push(Kind::String(value), start);
            }
            Err(fault) => {
                self.at += fault.length;
                let at = Span::new(start + fault.at, start + fault.end);
                self.bad(start, KqlError::syntax(at, fault.message));
            }
        }
    }

    fn word(&mut self, start: usize) {
        self.at += self.peek().map_or(0, char::len_utf8);
        self.skip_while(is_word);
        let word = self.text.get(start..self.at).unwrap_or("");
        if matches!(word, "in" | "!in") && self.rest().starts_with('~') {
            self.at += 1;
        }
        let after_dot = self.tokens.last().is_some_and(|last| {
            last.kind == Kind::Punct && self.text.get(last.span.start..last.span.end) == Some(".")
        });
        match Type::named(word) {
            Some(ty) if ty != Type::String && !after_dot => self.typed(start, ty),
            _ => self.push(Kind::Word, start),
        }
    }

    /// After the name of a type: the rest of a literal if a bracket follows.
    fn typed(&mut self, start: usize, ty: Type) {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if !rest.get(spaces..).is_some_and(|rest| rest.starts_with('(')) {
            self.push(Kind::Word, start);
            return;
        }
        let word = self.text.get(start..self.at).unwrap_or("");
        let bracket = self.at + spaces;
        self.at = bracket;
        // Only JSON may go on over the end of the line.
        let rest = self.rest();
        let reach = if ty == Type::Dynamic {
            rest.len()
        } else {
            rest.find('\n').unwrap_or(rest.len())
        };
        if let Some(length) = text::bracketed(rest.get(..reach).unwrap_or("")) {
            self.at += length;
            self.push(Kind::Typed(ty), start);
        } else {
            self.at += reach;
            let error = KqlError::syntax(
                Span::new(bracket, bracket + 1),
                format!("expected `)` to close `{word}(`"),
            );
            self.bad(start, error);
        }
    }

    fn number(&mut self, start: usize) {
        let rest = self.rest();
        if let Some(digits) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let length = digits.find(|c| !is_word(c)).unwrap_or(digits.len());
            let digits = digits.get(..length).unwrap_or("");
            if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit()) {
                self.at += 2 + length;
                self.push(Kind::Number, start);
                return;
            }
        }
        self.skip_while(|c| c.is_ascii_digit());
        let whole_end = self.at;
        let mut after = self.rest().chars();
        if after.next() == Some('.') && !after.next().is_some_and(|c| c == '.' || is_word_start(c))
        {
            self.at += 1;
            self.skip_while(|c| c.is_ascii_digit());
        }
        self.exponent();
        let number_end = self.at;
        self.skip_while(is_word);
        let unit = self.text.get(number_end..self.at).unwrap_or("");
        if unit.is_empty() {
            self.push(Kind::Number, start);
        } else if text::is_unit_of_time(unit) {
            self.push(Kind::Timespan, start);
        } else if number_end == whole_end {
            self.push(Kind::Word, start);
        } else {
            let error = KqlError::syntax(
                Span::new(number_end, self.at),
                format!(
                    "expected a unit of time (d, h, m, s, ms) or nothing after a number, found `{unit}`"
                ),
            );
            self.bad(start, error);
        }
    }

    /// `e5`, `E-3`, if it stands here and no letter follows.
    fn exponent(&mut self) {
        let rest = self.rest();
        let Some(power) = rest.strip_prefix(['e', 'E']) else {
            return;
        };
        let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
        let length = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let letter_follows = digits
            .get(length..)
            .and_then(|after| after.chars().next())
            .is_some_and(is_word);
        if length > 0 && !letter_follows {
            self.at += rest.len() - digits.len() + length;
        }
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{180e}')
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
