//! JSON text to dynamic and back. One reader serves `parse_json()`, which takes JSON only, and `dynamic(…)` in a query, which takes more: texts in single
//! quotes, and typed literals such as `datetime(2020-01-01)`. The order of keys is kept; of a key that is there twice the last value counts.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use super::Dynamic;
use crate::kql::types::Type;
use crate::kql::value::{convert, literal, text};

/// How deep lists and objects may be nested: more is not read, so that nothing here can exhaust the stack.
const DEPTH: usize = 128;

/// Reads JSON as `parse_json()` does: what is not JSON is the text itself, as a string, and no text is null.
pub fn parse(text: &str) -> Dynamic {
    if text.trim().is_empty() {
        return Dynamic::Null;
    }
    strict(text).unwrap_or_else(|| Dynamic::String(text.into()))
}

/// Reads JSON; none where it is not JSON.
pub fn strict(text: &str) -> Option<Dynamic> {
    Reader::new(text, false).whole().ok()
}

/// Reads what stands between the brackets of `dynamic(…)`.
///
/// # Errors
/// What was expected instead, in words.
pub fn literal(text: &str) -> Result<Dynamic, String> {
    Reader::new(text, true).whole()
}

/// Up to so many names an object is searched name by name.
const FEW: usize = 16;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Whether it reads a literal of a query, and not plain JSON.
    lenient: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, lenient: bool) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            lenient,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expected<T>(&self, what: &str) -> Result<T, String> {
        let found = self.rest().chars().next();
        let found = found.map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
        Err(format!("expected {what}, found {found}"))
    }

    fn whole(mut self) -> Result<Dynamic, String> {
        let value = self.value()?;
        self.space();
        if self.rest().is_empty() {
            Ok(value)
        } else {
            self.expected("the end of the value")
        }
    }

    fn value(&mut self) -> Result<Dynamic, String> {
        self.space();
        match self.peek() {
            Some(b'[') => self.nested(Self::list),
            Some(b'{') => self.nested(Self::object),
            Some(b'"') => Ok(Dynamic::String(self.string()?.into())),
            Some(b'\'') if self.lenient => Ok(Dynamic::String(self.string()?.into())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() => self.word(),
            _ => self.expected("a value"),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Dynamic, String>,
    ) -> Result<Dynamic, String> {
        if self.depth == DEPTH {
            return Err(format!("it is nested more than {DEPTH} deep"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Dynamic, String> {
        let mut items = Vec::new();
        if !self.eat(b']') {
            loop {
                items.push(self.value()?);
                if self.eat(b']') {
                    break;
                }
                if !self.eat(b',') {
                    return self.expected("`,` or `]`");
                }
            }
        }
        Ok(Dynamic::Array(items.into()))
    }

    fn object(&mut self) -> Result<Dynamic, String> {
        let mut entries: Vec<(Arc<str>, Dynamic)> = Vec::new();
        // Only an object of many names is worth a table of them.
        let mut places = hashbrown::HashMap::<Arc<str>, usize>::new();
        if !self.eat(b'}') {
            loop {
                self.space();
                match self.peek() {
                    Some(b'"') => {}
                    Some(b'\'') if self.lenient => {}
                    _ => return self.expected("a name in quotes"),
                }
                let name = self.string()?;
                if !self.eat(b':') {
                    return self.expected("`:`");
                }
                let value = self.value()?;
                let place = if entries.len() < FEW {
                    entries.iter().position(|(known, _)| **known == *name)
                } else {
                    if places.is_empty() {
                        let names = entries.iter().map(|(name, _)| Arc::clone(name));
                        places.extend(names.zip(0..));
                    }
                    places.get(&*name).copied()
                };
                if let Some(entry) = place.and_then(|place| entries.get_mut(place)) {
                    entry.1 = value;
                } else {
                    let name: Arc<str> = name.into();
                    if !places.is_empty() {
                        places.insert(Arc::clone(&name), entries.len());
                    }
                    entries.push((name, value));
                }
                if self.eat(b'}') {
                    break;
                }
                if !self.eat(b',') {
                    return self.expected("`,` or `}`");
                }
            }
        }
        Ok(Dynamic::Bag(entries.into()))
    }

    /// A text in the quotes that it begins with.
    fn string(&mut self) -> Result<Cow<'a, str>, String> {
        let quote = self.peek().map_or('"', char::from);
        self.at += 1;
        let rest = self.rest();
        let end = rest
            .bytes()
            .position(|byte| char::from(byte) == quote || byte == b'\\' || byte < b' ');
        if let Some(end) = end
            && rest.as_bytes().get(end).copied().map(char::from) == Some(quote)
        {
            self.at += end + 1;
            return Ok(Cow::Borrowed(rest.get(..end).unwrap_or("")));
        }
        let mut string = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(|c: char| c == quote || c == '\\' || c < ' ') else {
                return Err("a text is not closed".to_owned());
            };
            string.push_str(rest.get(..end).unwrap_or(""));
            self.at += end + 1;
            match rest.as_bytes().get(end) {
                Some(b'\\') => string.push(self.escape()?),
                Some(byte) if char::from(*byte) == quote => return Ok(Cow::Owned(string)),
                // JSON wants control characters escaped; a query's literal may hold them.
                Some(byte) if self.lenient => string.push(char::from(*byte)),
                _ => return Err("a text holds a control character".to_owned()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let Some(byte) = self.peek() else {
            return self.expected("an escape");
        };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'\'' if self.lenient => '\'',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => {
                self.at -= 1;
                return self.expected("an escape");
            }
        })
    }

    /// Four hexadecimal digits, and the other half where they are half of a pair; a half alone is U+FFFD.
    fn unicode(&mut self) -> Result<char, String> {
        let first = self.hex()?;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.expected("four hexadecimal digits"),
        }
    }

    /// A number; one without point and exponent that fits is a long.
    fn number(&mut self) -> Result<Dynamic, String> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        let digits = rest.get(..end).unwrap_or("");
        // JSON wants digits on both sides of a point, and no zero before other digits.
        let whole = digits.strip_prefix('-').unwrap_or(digits);
        let padded = whole
            .strip_prefix('0')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let point = whole.starts_with('.')
            || digits.ends_with('.')
            || digits.contains(".e")
            || digits.contains(".E");
        let fits = !point && (self.lenient || !padded);
        let number = match digits.parse::<i64>() {
            Ok(number) => Some(Dynamic::Long(number)),
            Err(_) => digits
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(Dynamic::Real),
        };
        match number {
            Some(number) if fits => {
                self.at += end;
                Ok(number)
            }
            _ => self.expected("a number"),
        }
    }

    /// `true`, `false`, `null`, and in a query's literal also `datetime(…)` and its like.
    fn word(&mut self) -> Result<Dynamic, String> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or("");
        let value = match word {
            "true" => Dynamic::Bool(true),
            "false" => Dynamic::Bool(false),
            "null" => Dynamic::Null,
            _ if self.lenient => return self.typed(word),
            _ => return self.expected("a value"),
        };
        self.at += end;
        Ok(value)
    }

    fn typed(&mut self, word: &str) -> Result<Dynamic, String> {
        let Some(ty) = Type::named(word) else {
            return self.expected("a value");
        };
        let rest = self.rest().get(word.len()..).unwrap_or("");
        let Some((inner, _)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
            return self.expected("a value in brackets");
        };
        let value = literal::typed(ty, inner)?;
        self.at += word.len() + inner.len() + 2;
        Ok(convert::to_dynamic(&value))
    }
}

/// The compact JSON of a value, as `tostring()` of an object or a list gives it.
pub fn print(value: &Dynamic) -> String {
    let mut json = String::new();
    write(value, &mut json);
    json
}

fn write(value: &Dynamic, json: &mut String) {
    match value {
        Dynamic::Null => json.push_str("null"),
        Dynamic::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        Dynamic::Long(number) => {
            let _ = write!(json, "{number}");
        }
        Dynamic::Real(number) if number.is_finite() => json.push_str(&text::real(*number)),
        Dynamic::String(text) => write_string(text, json),
        Dynamic::Real(_) | Dynamic::DateTime(_) | Dynamic::Timespan(_) | Dynamic::Guid(_) => {
            write_string(&text::to_text(&value.clone().into_value()), json);
        }
        Dynamic::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write(item, json);
            }
            json.push(']');
        }
        Dynamic::Bag(entries) => {
            json.push('{');
            for (index, (name, value)) in entries.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_string(name, json);
                json.push(':');
                write(value, json);
            }
            json.push('}');
        }
    }
}

/// `text` as a JSON string with its quotes.
pub fn write_string(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}
