//! Arrays in text: `{1,NULL,"a b"}`.

use super::super::error::Error;
use super::super::functions::array::even;
use super::super::value::{Type, Value};

/// How deep arrays may stand in one another.
const DEPTH: usize = 6;

/// An array, with each element in its type's own text.
pub fn write(values: &[Value], element: &Type) -> String {
    let mut text = String::from("{");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match (value, value.to_text(element)) {
            (_, None) => text.push_str("NULL"),
            (Value::Array(_), Some(inner)) => text.push_str(&inner),
            (_, Some(inner)) => quote(&inner, &mut text),
        }
    }
    text.push('}');
    text
}

fn quote(inner: &str, text: &mut String) {
    let needs = inner.is_empty()
        || inner.eq_ignore_ascii_case("null")
        || inner.chars().any(|c| {
            matches!(c, '{' | '}' | '"' | '\\' | ',') || c.is_ascii_whitespace() || c == '\x0b'
        });
    if !needs {
        text.push_str(inner);
        return;
    }
    text.push('"');
    for character in inner.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
}

/// Reads an array whose elements have a type.
pub fn parse(element: &Type, text: &str) -> Result<Value, Error> {
    let mut reader = Reader {
        text,
        rest: text.trim(),
    };
    if reader.rest.starts_with('[') {
        return Err(Error::unsupported("arrays with bounds of their own"));
    }
    let value = reader.array(element, 0)?;
    if reader.rest.trim().is_empty() {
        Ok(value)
    } else {
        Err(reader.malformed())
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    fn malformed(&self) -> Error {
        Error::new(
            "22P02",
            format!("malformed array literal: \"{}\"", self.text),
        )
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.trim_start();
        let taken = rest.strip_prefix(wanted);
        self.rest = taken.unwrap_or(rest);
        taken.is_some()
    }

    fn array(&mut self, element: &Type, depth: usize) -> Result<Value, Error> {
        if depth >= DEPTH {
            return Err(Error::new(
                "54000",
                format!("number of array dimensions exceeds the maximum allowed ({DEPTH})"),
            ));
        }
        if !self.take('{') {
            return Err(self.malformed());
        }
        let mut values = Vec::new();
        if self.take('}') {
            return Ok(Value::Array(values.into()));
        }
        loop {
            self.rest = self.rest.trim_start();
            values.push(if self.rest.starts_with('{') {
                self.array(element, depth + 1)?
            } else {
                self.element(element)?
            });
            if self.take('}') {
                return even(values).ok_or_else(|| self.malformed());
            }
            if !self.take(',') {
                return Err(self.malformed());
            }
        }
    }

    fn element(&mut self, element: &Type) -> Result<Value, Error> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        let quoted = self.rest.starts_with('"');
        if quoted {
            characters.next();
        }
        let mut closed = !quoted;
        let mut end = self.rest.len();
        let mut kept = 0;
        while let Some((index, character)) = characters.next() {
            match character {
                '\\' => {
                    let (_, next) = characters.next().ok_or_else(|| self.malformed())?;
                    text.push(next);
                    kept = text.len();
                }
                '"' if quoted => {
                    closed = true;
                    end = index + 1;
                    break;
                }
                ',' | '}' if !quoted => {
                    end = index;
                    break;
                }
                '"' | '{' if !quoted => return Err(self.malformed()),
                other => {
                    text.push(other);
                    if quoted || !other.is_ascii_whitespace() {
                        kept = text.len();
                    }
                }
            }
        }
        if !closed {
            return Err(self.malformed());
        }
        text.truncate(kept);
        self.rest = self.rest.get(end..).unwrap_or_default();
        if !quoted && text.is_empty() {
            return Err(self.malformed());
        }
        if !quoted && text.eq_ignore_ascii_case("null") {
            return Ok(Value::Null);
        }
        Value::parse(element, &text)
    }
}
