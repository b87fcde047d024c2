//! PostgreSQL's regular expressions ("advanced" ones, chapter 9.7.3 of its manual) in the words of the `regex` crate.
//!
//! The two write many things alike and mean others by them: `\b` is a backspace there and a boundary here. Everything is
//! therefore read and written anew; what has no counterpart is refused by name. Letters, digits and spaces of the
//! shorthands are those of ASCII, as under the collation C.

use std::iter::Peekable;
use std::str::Chars;

use crate::pgsql::error::Error;

const DIGITS: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r" \t\n\x0b\x0c\r";

/// The same expression for the crate.
pub fn translated(pattern: &str) -> Result<String, Error> {
    if pattern.starts_with("***") || pattern.contains("(?") {
        return Err(Error::unsupported(
            "embedded options and look-around in a regular expression",
        ));
    }
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        made: String::with_capacity(pattern.len() + 16),
        before: Before::Nothing,
    };
    while let Some(character) = reader.rest.next() {
        reader.part(character)?;
    }
    Ok(reader.made)
}

/// What a quantifier would apply to.
#[derive(PartialEq)]
enum Before {
    /// Nothing that can be repeated.
    Nothing,
    /// Something.
    Atom,
    /// Something that is already repeated.
    Repeated,
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    made: String,
    before: Before,
}

fn invalid(what: &str) -> Error {
    Error::new("2201B", format!("invalid regular expression: {what}"))
}

fn literal(character: char) -> String {
    regex::escape(character.encode_utf8(&mut [0; 4]))
}

impl Reader<'_> {
    fn part(&mut self, character: char) -> Result<(), Error> {
        let mut before = Before::Atom;
        match character {
            '\\' => before = self.escape()?,
            '[' => self.class()?,
            '*' | '+' | '?' => return self.repeat(&character.to_string()),
            '{' if self.rest.peek().is_some_and(char::is_ascii_digit) => {
                let bounds = self.bounds()?;
                return self.repeat(&bounds);
            }
            '^' | '$' | '(' | '|' => {
                self.made.push(character);
                before = Before::Nothing;
            }
            '.' | ')' => self.made.push(character),
            other => self.made.push_str(&literal(other)),
        }
        self.before = before;
        Ok(())
    }

    fn repeat(&mut self, quantifier: &str) -> Result<(), Error> {
        if self.before != Before::Atom {
            return Err(invalid("quantifier operand invalid"));
        }
        self.made.push_str(quantifier);
        if self.rest.next_if_eq(&'?').is_some() {
            self.made.push('?');
        }
        self.before = Before::Repeated;
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,3}`, of which the brace is read.
    fn bounds(&mut self) -> Result<String, Error> {
        let mut bounds = String::from("{");
        for character in self.rest.by_ref() {
            bounds.push(character);
            match character {
                '}' => return Ok(bounds),
                ',' => {}
                digit if digit.is_ascii_digit() => {}
                _ => break,
            }
        }
        Err(invalid("invalid repetition count(s)"))
    }

    fn escape(&mut self) -> Result<Before, Error> {
        let escaped = self.escaped()?;
        let boundary = match escaped {
            'A' => "\\A",
            'Z' => "\\z",
            'y' => "(?-u:\\b)",
            'm' => "(?-u:\\b{start})",
            'M' => "(?-u:\\b{end})",
            _ => "",
        };
        if !boundary.is_empty() {
            self.made.push_str(boundary);
            return Ok(Before::Nothing);
        }
        match escaped {
            'D' | 'W' | 'S' => {
                let set = shorthand(escaped.to_ascii_lowercase()).unwrap_or_default();
                self.made.extend(["[^", set, "]"]);
            }
            other => match shorthand(other) {
                Some(set) => self.made.extend(["[", set, "]"]),
                None => self.made.push_str(&literal(character_of(other)?)),
            },
        }
        Ok(Before::Atom)
    }

    /// The character behind a backslash.
    fn escaped(&mut self) -> Result<char, Error> {
        self.rest
            .next()
            .ok_or_else(|| invalid("invalid escape \\ sequence"))
    }

    /// A bracket expression, of which the bracket is read.
    fn class(&mut self) -> Result<(), Error> {
        self.made.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.made.push('^');
        }
        let mut first = true;
        let mut after_set = false;
        while let Some(character) = self.rest.next() {
            let in_range = std::mem::take(&mut after_set);
            match character {
                ']' if !first => {
                    self.made.push(']');
                    return Ok(());
                }
                '[' => match self.rest.peek() {
                    Some(':') => {
                        self.named_class()?;
                        after_set = true;
                    }
                    Some('.' | '=') => {
                        return Err(Error::unsupported(
                            "collating elements in a regular expression",
                        ));
                    }
                    _ => self.made.push_str("\\["),
                },
                '\\' => {
                    let escaped = self.escaped()?;
                    if let Some(set) = shorthand(escaped) {
                        self.made.push_str(set);
                        after_set = true;
                    } else if matches!(escaped, 'D' | 'W' | 'S') {
                        return Err(Error::unsupported(
                            "\\D, \\W and \\S within the brackets of a regular expression",
                        ));
                    } else {
                        self.made.push_str(&literal(character_of(escaped)?));
                    }
                }
                '-' => {
                    let ends = self.rest.peek() == Some(&']');
                    if self.rest.peek() == Some(&'-') || (in_range && !ends) {
                        return Err(invalid("invalid character range"));
                    }
                    self.made.push_str(if first || ends { "\\-" } else { "-" });
                }
                other => self.made.push_str(&literal(other)),
            }
            first = false;
        }
        Err(invalid("brackets [] not balanced"))
    }

    /// `[:alpha:]`, of which the bracket is read.
    fn named_class(&mut self) -> Result<(), Error> {
        self.made.push('[');
        for character in self.rest.by_ref() {
            self.made.push(character);
            if character == ']' {
                return Ok(());
            }
        }
        Err(invalid("brackets [] not balanced"))
    }
}

/// What a shorthand stands for, within brackets.
const fn shorthand(escaped: char) -> Option<&'static str> {
    match escaped {
        'd' => Some(DIGITS),
        'w' => Some(WORD),
        's' => Some(SPACE),
        _ => None,
    }
}

/// The one character that an escape stands for.
fn character_of(escaped: char) -> Result<char, Error> {
    Ok(match escaped {
        'a' => '\x07',
        'b' => '\x08',
        'B' => '\\',
        'e' => '\x1b',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '0'..='9' => {
            return Err(Error::unsupported(
                "references back and octal numbers in a regular expression",
            ));
        }
        'c' | 'u' | 'U' | 'x' | 'Y' => {
            return Err(Error::unsupported(&format!(
                "\\{escaped} in a regular expression"
            )));
        }
        letter if letter.is_ascii_alphanumeric() => {
            return Err(invalid("invalid escape \\ sequence"));
        }
        other => other,
    })
}
