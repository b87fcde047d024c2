//! JSON text to dynamic and back. One reader serves `parse_json()`, which takes JSON only, and `dynamic(…)` in a query, which takes more: texts in single
//! quotes, and typed literals such as `datetime(2020-01-01)`. The order of keys is kept; of a key that is there twice the last value counts.

use std::borrow::Cow;
use std::sync::Arc;

use super::Dynamic;
use super::path::{self, Step};
use crate::kql::types::Type;
use crate::kql::value::{convert, literal};

mod print;

pub use print::{print, write_string};

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

/// What lies at the end of `steps` in the value that [`parse`] makes of a text, without the rest of that value.
pub fn find(text: &str, steps: &[Step]) -> Dynamic {
    let mut reader = Reader::new(text, false);
    let found = reader.find(steps);
    reader.space();
    match found {
        Ok(Some(found)) if reader.rest().is_empty() => found,
        _ => Dynamic::Null,
    }
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

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth == DEPTH {
            return Err(format!("it is nested more than {DEPTH} deep"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Reads a list after its `[`; `item` reads each item.
    fn each_item(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.eat(b']') {
                return Ok(());
            }
            if !self.eat(b',') {
                return self.expected("`,` or `]`");
            }
        }
    }

    /// Reads an object after its `{`; `entry` is given each name and reads its value.
    fn each_entry(
        &mut self,
        mut entry: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.eat(b'}') {
            return Ok(());
        }
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
            entry(self, name)?;
            if self.eat(b'}') {
                return Ok(());
            }
            if !self.eat(b',') {
                return self.expected("`,` or `}`");
            }
        }
    }

    fn list(&mut self) -> Result<Dynamic, String> {
        let mut items = Vec::new();
        self.each_item(|reader| {
            items.push(reader.value()?);
            Ok(())
        })?;
        Ok(Dynamic::Array(items.into()))
    }

    fn object(&mut self) -> Result<Dynamic, String> {
        let mut entries: Vec<(Arc<str>, Dynamic)> = Vec::new();
        // Only an object of many names is worth a table of them.
        let mut places = hashbrown::HashMap::<Arc<str>, usize>::new();
        self.each_entry(|reader, name| {
            let value = reader.value()?;
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
            Ok(())
        })?;
        Ok(Dynamic::Bag(entries.into()))
    }

    /// Reads a value and makes nothing of it.
    fn skip(&mut self) -> Result<(), String> {
        self.space();
        match self.peek() {
            Some(b'[') => self.nested(|reader| reader.each_item(Self::skip)),
            Some(b'{') => self.nested(|reader| reader.each_entry(|reader, _| reader.skip())),
            Some(b'"') => self.string().map(drop),
            _ => self.value().map(drop),
        }
    }

    /// Reads a value and makes only what lies at the end of `steps`, if they lead to something.
    fn find(&mut self, steps: &[Step]) -> Result<Option<Dynamic>, String> {
        let Some((step, rest)) = steps.split_first() else {
            return self.value().map(Some);
        };
        self.space();
        let mut found = None;
        match (self.peek(), step) {
            (Some(b'{'), Step::Key(key)) => self.nested(|reader| {
                reader.each_entry(|reader, name| {
                    if *name == **key {
                        found = reader.find(rest)?;
                        Ok(())
                    } else {
                        reader.skip()
                    }
                })
            })?,
            (Some(b'['), Step::At(_)) => found = path::walk(&self.value()?, steps).cloned(),
            _ => self.skip()?,
        }
        Ok(found)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_a_text_is_what_lies_in_its_value() {
        let key = |key: &str| Step::Key(key.into());
        let ways = [
            vec![key("a")],
            vec![key("b"), key("c")],
            vec![key("b"), Step::At(1)],
            vec![key("b"), Step::At(-1), key("c")],
            vec![Step::At(0)],
        ];
        for text in [
            r#"{"a": 1, "b": {"c": [1, "x"]}, "a": {"d": null}}"#,
            r#" {"b": [true, {"c": "q\"}, {"c": 2.5e3}], "a": "line\nbreak"} "#,
            r#"{"b": {"c": 1, "c": 2}, "b": 7}"#,
            r#"[{"a": 1}, 2]"#,
            r#"{"a": 1} and more"#,
            r#"{"a": 1, "b": {"c" 2}}"#,
            r#"{"a": [01]}"#,
            "{\"a\": \"\u{1}\"}",
            "\"a\"",
            "",
            "plain",
        ] {
            let value = parse(text);
            for steps in &ways {
                let expected = path::walk(&value, steps).cloned().unwrap_or(Dynamic::Null);
                assert_eq!(
                    print(&find(text, steps)),
                    print(&expected),
                    "{text} {steps:?}"
                );
            }
        }
    }
}
