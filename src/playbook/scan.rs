//! Reading query and script texts just far enough to tell code from strings and comments.
//!
//! A masked text has the length of the original, so places found in it are places in the original. This is no parser:
//! whether a statement is well formed or writes is decided elsewhere.

pub mod shell;

use std::ops::Range;

/// A text whose strings and comments are blanked, with what was found in it on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masked {
    /// ASCII, as long as the original: strings and comments are blanks, letters beyond ASCII are `x`.
    pub code: String,
    /// String literals with their quotes.
    pub strings: Vec<Range<usize>>,
    /// Quoted identifiers with their quotes (SQL).
    pub names: Vec<Range<usize>>,
    /// Comments.
    pub comments: Vec<Range<usize>>,
}

/// A word of code and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// Letters, digits and underscores.
    pub text: &'a str,
    /// First byte.
    pub start: usize,
}

impl Word<'_> {
    /// Bytes of the text.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// Words of a masked text in order.
pub fn words(code: &str) -> impl Iterator<Item = Word<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = code.get(at..)?;
        let start = at + rest.find(is_word)?;
        let rest = code.get(start..)?;
        let length = rest
            .find(|character| !is_word(character))
            .unwrap_or(rest.len());
        at = start + length;
        Some(Word {
            text: rest.get(..length)?,
            start,
        })
    })
}

/// The byte before a place, a line feed at the start.
pub fn before(text: &str, at: usize) -> u8 {
    at.checked_sub(1)
        .and_then(|at| text.as_bytes().get(at).copied())
        .unwrap_or(b'\n')
}

/// The byte at a place, a line feed at the end.
pub fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(b'\n')
}

/// SQL: `'…'` (with backslashes after `E`), `"…"`, `$tag$…$tag$`, `--` and nested `/* */`.
pub fn sql(text: &str) -> Masked {
    let mut mask = Masker::new(text);
    while let Some(byte) = mask.byte() {
        let rest = mask.rest();
        match byte {
            b'\'' => {
                let backslashes = matches!(before(text, mask.at), b'e' | b'E')
                    && !is_word_byte(before(text, mask.at.saturating_sub(1)));
                let end = quoted_end(rest, b'\'', backslashes, true);
                mask.string(end);
            }
            b'"' | b'`' => {
                let end = quoted_end(rest, byte, false, true);
                mask.name(end);
            }
            b'-' if rest.starts_with("--") => mask.comment(line_end(rest)),
            b'/' if rest.starts_with("/*") => mask.comment(nested_comment_end(rest)),
            b'$' => match dollar_quote_end(rest) {
                Some(end) if !is_word_byte(before(text, mask.at)) => mask.string(end),
                _ => mask.keep(),
            },
            _ => mask.keep(),
        }
    }
    mask.finish()
}

/// KQL: quoted strings with backslashes, verbatim `@"…"`, ```` ``` ```` blocks, `//` comments.
pub fn kql(text: &str) -> Masked {
    let mut mask = Masker::new(text);
    while let Some(byte) = mask.byte() {
        let rest = mask.rest();
        match byte {
            b'"' | b'\'' => {
                let verbatim = before(text, mask.at) == b'@';
                let end = quoted_end(rest, byte, !verbatim, verbatim);
                mask.string(end);
            }
            b'`' if rest.starts_with("```") => {
                let end = rest.get(3..).and_then(|body| body.find("```"));
                mask.string(end.map_or(rest.len(), |end| end + 6));
            }
            b'/' if rest.starts_with("//") => mask.comment(line_end(rest)),
            _ => mask.keep(),
        }
    }
    mask.finish()
}

/// PromQL: quoted strings (backticks without escapes) and `#` comments.
pub fn promql(text: &str) -> Masked {
    let mut mask = Masker::new(text);
    while let Some(byte) = mask.byte() {
        let rest = mask.rest();
        match byte {
            b'"' | b'\'' | b'`' => {
                let end = quoted_end(rest, byte, byte != b'`', false);
                mask.string(end);
            }
            b'#' => mask.comment(line_end(rest)),
            _ => mask.keep(),
        }
    }
    mask.finish()
}

pub(crate) fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Copies code and blanks the rest, byte by byte, so that places stay.
struct Masker<'a> {
    text: &'a str,
    at: usize,
    masked: Masked,
}

impl<'a> Masker<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            masked: Masked {
                code: String::with_capacity(text.len()),
                ..Masked::default()
            },
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn keep(&mut self) {
        let byte = self.byte().unwrap_or(b' ');
        self.masked.code.push(if byte.is_ascii() {
            char::from(byte)
        } else {
            'x'
        });
        self.at += 1;
    }

    fn string(&mut self, length: usize) {
        let span = self.blank(length);
        self.masked.strings.push(span);
    }

    fn name(&mut self, length: usize) {
        let span = self.blank(length);
        self.masked.names.push(span);
    }

    fn comment(&mut self, length: usize) {
        let span = self.blank(length);
        self.masked.comments.push(span);
    }

    fn blank(&mut self, length: usize) -> Range<usize> {
        let start = self.at;
        let end = (start + length.max(1)).min(self.text.len());
        for byte in self.text.as_bytes().get(start..end).unwrap_or_default() {
            self.masked
                .code
                .push(if *byte == b'\n' { '\n' } else { ' ' });
        }
        self.at = end;
        start..end
    }

    fn finish(self) -> Masked {
        self.masked
    }
}

/// Length of a quoted text with its quotes; an unclosed one reaches to the end.
fn quoted_end(rest: &str, quote: u8, backslashes: bool, doubling: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        if backslashes && *byte == b'\\' {
            at += 2;
        } else if *byte == quote {
            if doubling && bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else {
                return at + 1;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn line_end(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn nested_comment_end(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (Some(b'*'), Some(b'/')) => {
                depth = depth.saturating_sub(1);
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn dollar_quote_end(rest: &str) -> Option<usize> {
    let tag_end = rest.get(1..)?.find(|character| !is_word(character))? + 1;
    let tag = rest.get(..=tag_end).filter(|tag| {
        tag.ends_with('$')
            && !tag
                .get(1..)
                .is_some_and(|tag| tag.starts_with(|first: char| first.is_ascii_digit()))
    })?;
    let body = rest.get(tag.len()..)?;
    Some(
        body.find(tag)
            .map_or(rest.len(), |end| tag.len() + end + tag.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_blanked_in_place() {
        for (masked, expected) in [
            (sql("a 'b''c' -- d\ne"), format!("a{}\ne", " ".repeat(12))),
            (sql("a /* /* */ b */ c"), format!("a {} c", " ".repeat(13))),
            (sql("E'\\'' x"), format!("E{} x", " ".repeat(4))),
            (sql("$q$ ' $q$ $1"), format!("{} $1", " ".repeat(9))),
            (
                kql("a @\"\\\" b // c"),
                format!("a @{} b {}", " ".repeat(3), " ".repeat(4)),
            ),
            (
                promql("a{b=\"c\\\"\"} # d"),
                format!("a{{b={}}} {}", " ".repeat(5), " ".repeat(3)),
            ),
        ] {
            assert_eq!(masked.code, expected);
        }
    }

    #[test]
    fn words_have_places() {
        let found: Vec<_> = words("a.b1 _c")
            .map(|word| (word.text, word.start))
            .collect();
        assert_eq!(found, [("a", 0), ("b1", 2), ("_c", 5)]);
    }
}
