//! Text to tokens. Places are characters, not bytes.

use std::ops::Range;

use super::error::Error;

/// A token without its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A number: `1`, `1.5e3`, `0x1f`, and as in Go `010` for eight. `inf` and `nan` are names here, because labels may be called so.
    Number(f64),
    /// A duration in milliseconds: `5m`, `1h30m`.
    Duration(i64),
    /// A quoted text, unescaped.
    Text(String),
    /// A name of a metric, label, function or a keyword.
    Name(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// Nothing more comes.
    End,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The token.
    pub token: Token,
    /// Its characters.
    pub span: Range<usize>,
}

/// Longer symbols first: `==` is not two of `=`.
const SYMBOLS: &[&str] = &[
    "==", "!=", "=~", "!~", "<=", ">=", "(", ")", "{", "}", "[", "]", ",", ":", "=", "<", ">", "+",
    "-", "*", "/", "%", "^", "@",
];

/// Units of a duration in the order in which they must stand, in milliseconds.
const UNITS: &[(&str, i64)] = &[
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Longer ones are out of range for Prometheus: its durations are nanoseconds in 63 bits.
const DURATION_MAX: i64 = i64::MAX / 1_000_000;

/// Cuts `text` into tokens; the last one is [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<Placed>, Error> {
    let mut lexer = Lexer {
        chars: text.chars().collect(),
        at: 0,
        brackets: 0,
    };
    let mut found = Vec::new();
    loop {
        let placed = lexer.next()?;
        let end = placed.token == Token::End;
        found.push(placed);
        if end {
            return Ok(found);
        }
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    /// How many `[` are open: there a colon parts range and step, elsewhere it belongs to a name.
    brackets: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let taken: String = rest.iter().take_while(|c| wanted(**c)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn next(&mut self) -> Result<Placed, Error> {
        loop {
            // No other space counts: one that came along from a page is an error in Prometheus as well.
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            if self.peek(0) != Some('#') {
                break;
            }
            self.take_while(|c| !matches!(c, '\n' | '\r'));
        }
        let start = self.at;
        let token = self.token()?;
        let span = start..self.at;
        Ok(Placed { token, span })
    }

    fn token(&mut self) -> Result<Token, Error> {
        let Some(first) = self.peek(0) else {
            return Ok(Token::End);
        };
        let digit_follows = self.peek(1).is_some_and(|c| c.is_ascii_digit());
        if first.is_ascii_digit() || (first == '.' && digit_follows) {
            return self.number();
        }
        if matches!(first, '"' | '\'' | '`') {
            return self.quoted(first);
        }
        let colon = self.brackets == 0;
        let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colon && c == ':');
        if in_name(first) {
            return Ok(Token::Name(self.take_while(in_name)));
        }
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let starts = |symbol: &&&str| {
            let length = symbol.chars().count();
            rest.iter().copied().take(length).eq(symbol.chars())
        };
        let Some(symbol) = SYMBOLS.iter().find(starts) else {
            let span = self.at..self.at + 1;
            return Err(Error::syntax(
                &span,
                format!("unexpected character: {first:?}"),
            ));
        };
        match *symbol {
            "[" => self.brackets += 1,
            "]" => self.brackets = self.brackets.saturating_sub(1),
            _ => {}
        }
        self.at += symbol.chars().count();
        Ok(Token::Symbol(symbol))
    }

    /// A number or a duration. Both begin with a digit, and both end where no letter, digit or point follows.
    fn number(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let mut word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '.');
        // The sign of an exponent: `1e-5`, but not `0x1e-5`.
        let exponent =
            word.ends_with(['e', 'E']) && !word.starts_with("0x") && !word.starts_with("0X");
        if exponent && self.peek(0).is_some_and(|c| matches!(c, '+' | '-')) {
            word.extend(self.peek(0));
            self.at += 1;
            word += &self.take_while(|c| c.is_ascii_digit());
        }
        if let Some(number) = literal(&word) {
            return Ok(Token::Number(number));
        }
        duration(&word).map(Token::Duration).ok_or_else(|| {
            Error::syntax(
                &(start..self.at),
                format!("bad number or duration syntax: {word:?}"),
            )
        })
    }

    fn quoted(&mut self, quote: char) -> Result<Token, Error> {
        let start = self.at;
        self.at += 1;
        // Bytes, because `\xc3\xa4` is one character.
        let mut text = Vec::new();
        loop {
            let Some(c) = self.peek(0).filter(|c| *c != '\n' || quote == '`') else {
                return Err(Error::syntax(
                    &(start..self.at),
                    "unterminated quoted string",
                ));
            };
            self.at += 1;
            if c == quote {
                break;
            }
            if c == '\\' && quote != '`' {
                let from = self.at - 1;
                text.extend(self.escape(quote).ok_or_else(|| {
                    Error::syntax(&(from..self.at), "unknown escape sequence in a string")
                })?);
            } else {
                text.extend(utf8(c));
            }
        }
        let text = String::from_utf8(text);
        text.map(Token::Text)
            .map_err(|_| Error::unsupported(&(start..self.at), "a string that is not UTF-8"))
    }

    /// What stands after a backslash, in UTF-8: a byte in octal or hexadecimal, otherwise a character.
    fn escape(&mut self, quote: char) -> Option<Vec<u8>> {
        let c = self.peek(0)?;
        self.at += 1;
        let (digits, radix, skip) = match c {
            'a' => return Some(vec![7]),
            'b' => return Some(vec![8]),
            'f' => return Some(vec![0xc]),
            'n' => return Some(vec![b'\n']),
            'r' => return Some(vec![b'\r']),
            't' => return Some(vec![b'\t']),
            'v' => return Some(vec![0xb]),
            _ if c == '\\' || c == quote => return Some(utf8(c)),
            '0'..='7' => (3, 8, 1),
            'x' => (2, 16, 0),
            'u' => (4, 16, 0),
            'U' => (8, 16, 0),
            _ => return None,
        };
        self.at -= skip;
        let written = self.chars.get(self.at..self.at + digits)?;
        self.at += digits;
        let code = written.iter().try_fold(0_u32, |code, c| {
            code.checked_mul(radix)?.checked_add(c.to_digit(radix)?)
        })?;
        if digits < 4 {
            return u8::try_from(code).ok().map(|byte| vec![byte]);
        }
        char::from_u32(code).map(utf8)
    }
}

fn utf8(c: char) -> Vec<u8> {
    c.to_string().into_bytes()
}

/// A number as Go reads it: whole ones in octal after a `0`, everything else in decimal.
fn literal(word: &str) -> Option<f64> {
    let whole = |digits, radix| i64::from_str_radix(digits, radix).ok().map(|n| n as f64);
    if let Some(digits) = word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        return whole(digits, 16);
    }
    let octal = word.strip_prefix('0').and_then(|digits| whole(digits, 8));
    octal.or_else(|| word.parse().ok().filter(|number: &f64| number.is_finite()))
}

/// Milliseconds of `1h30m`: units in falling order, each once.
fn duration(word: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = word;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let (_, milliseconds) = units.find(|(name, _)| *name == unit)?;
        let part = number.parse::<i64>().ok()?.checked_mul(*milliseconds)?;
        total = total.checked_add(part)?;
        rest = after;
    }
    Some(total).filter(|total| !word.is_empty() && *total <= DURATION_MAX)
}
