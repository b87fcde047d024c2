//! Attributes: `{#id .class key=value key="two words" key='say "x"'}`, read from the source text with the place of each.
//!
//! The same form stands in a fence's info string, in a comment below a heading or a list item, and behind a heading.

use std::ops::Range;

use crate::model::diagnostic::Diagnostic;

/// A piece of text and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned {
    /// The text, without quotes.
    pub text: String,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// The attributes of one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// `#id`
    pub id: Option<Spanned>,
    /// `.class`, without the dot.
    pub classes: Vec<Spanned>,
    /// `key=value` in the order written.
    pub pairs: Vec<Pair>,
    /// The whole text between the braces.
    pub span: Range<usize>,
}

/// One `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Spanned,
    /// The value.
    pub value: Spanned,
}

impl Attributes {
    /// Whether a class is there.
    pub fn has(&self, class: &str) -> bool {
        self.classes.iter().any(|known| known.text == class)
    }

    /// The value of a key; the first one when it is there twice.
    pub fn get(&self, key: &str) -> Option<&Spanned> {
        self.pairs
            .iter()
            .find(|pair| pair.key.text == key)
            .map(|pair| &pair.value)
    }

    /// True when nothing was written between the braces.
    pub fn is_empty(&self) -> bool {
        self.id.is_none() && self.classes.is_empty() && self.pairs.is_empty()
    }
}

/// Finds `{…}` at the start of a text (blanks before it are skipped) and returns the byte range between the braces; a
/// brace inside quotes does not end it. `None` when there is no such group.
pub fn braces(text: &str) -> Option<Range<usize>> {
    let start = text.len() - text.trim_start().len();
    if !text.get(start..)?.starts_with('{') {
        return None;
    }
    let mut quote = None;
    let mut previous = ' ';
    for (at, character) in text.char_indices().skip_while(|(at, _)| *at <= start) {
        match (quote, character) {
            (None, '}') => return Some(start + 1..at),
            // A quote opens only a value: an apostrophe in a bare word is a letter.
            (None, '"' | '\'') if previous == '=' => quote = Some(character),
            (Some(open), close) if open == close && previous != '\\' => quote = None,
            _ => {}
        }
        previous = character;
    }
    None
}

/// Reads what stands between the braces; `base` is where the text starts in the file.
pub fn parse(text: &str, base: usize, diagnostics: &mut Vec<Diagnostic>) -> Attributes {
    let mut attributes = Attributes {
        span: base..base + text.len(),
        ..Attributes::default()
    };
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let blank = rest.len() - rest.trim_start().len();
        at += blank;
        let rest = rest.get(blank..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let word_end = rest
            .find(|character: char| character.is_whitespace() || character == '=')
            .unwrap_or(rest.len());
        let word = rest.get(..word_end).unwrap_or_default();
        let span = base + at..base + at + word_end;
        let assigned = rest.get(word_end..).unwrap_or_default().strip_prefix('=');
        match (assigned, word.chars().next()) {
            (Some(after), _) => {
                let (value, used) = value(after, base + at + word_end + 1, diagnostics);
                if word.is_empty() {
                    diagnostics.push(Diagnostic::error(
                        "attribute-syntax",
                        span.start..span.start + 1,
                        "expected a key before =",
                    ));
                } else if attributes.get(word).is_some() {
                    diagnostics.push(Diagnostic::error(
                        "duplicate-attribute",
                        span,
                        format!("{word} is set twice; the first one counts"),
                    ));
                } else {
                    attributes.pairs.push(Pair {
                        key: spanned(word, span),
                        value,
                    });
                }
                at += word_end + 1 + used;
            }
            (None, Some('#')) if word.len() > 1 => {
                let name = word.get(1..).unwrap_or_default();
                if attributes.id.is_some() {
                    diagnostics.push(Diagnostic::error(
                        "duplicate-attribute",
                        span,
                        format!("expected one #id, found {word} as well"),
                    ));
                } else {
                    attributes.id = Some(spanned(name, span.start + 1..span.end));
                }
                at += word_end;
            }
            (None, Some('.')) if word.len() > 1 => {
                let name = word.get(1..).unwrap_or_default();
                attributes
                    .classes
                    .push(spanned(name, span.start + 1..span.end));
                at += word_end;
            }
            (None, _) => {
                diagnostics.push(
                    Diagnostic::error(
                        "attribute-syntax",
                        span,
                        format!("expected #id, .class or key=value, found {word}"),
                    )
                    .with_help(format!("write .{word} for a class or {word}=… for a value")),
                );
                at += word_end;
            }
        }
    }
    attributes
}

fn spanned(text: &str, span: Range<usize>) -> Spanned {
    Spanned {
        text: text.to_owned(),
        span,
    }
}

/// A value after `=` and how many bytes it takes.
fn value(text: &str, base: usize, diagnostics: &mut Vec<Diagnostic>) -> (Spanned, usize) {
    let Some(quote) = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        if end == 0 {
            diagnostics.push(Diagnostic::error(
                "attribute-syntax",
                base..base,
                "expected a value after =",
            ));
        }
        let word = text.get(..end).unwrap_or_default();
        return (spanned(word, base..base + end), end);
    };
    let mut content = String::new();
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            // A backslash means something before the quote in use and before nothing else: `"\d+"` stays as it is.
            '\\' if !escaped
                && text
                    .get(at + 1..)
                    .is_some_and(|rest| rest.starts_with(quote)) =>
            {
                escaped = true;
            }
            close if close == quote && !escaped => {
                return (spanned(&content, base + 1..base + at), at + 1);
            }
            other => {
                escaped = false;
                content.push(other);
            }
        }
    }
    diagnostics.push(Diagnostic::error(
        "attribute-syntax",
        base..base + text.len(),
        format!("expected a closing {quote}, found the end of the attributes"),
    ));
    (spanned(&content, base + 1..base + text.len()), text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_with_its_place() {
        let text =
            r#"#cross-org .watch source=audit expect="count == 0" undo='say "x"' re="\d+ \"q\"""#;
        let mut findings = Vec::new();
        let read = parse(text, 100, &mut findings);
        assert_eq!(findings, []);
        assert_eq!(read.id.as_ref().unwrap().text, "cross-org");
        assert!(read.has("watch"));
        assert_eq!(read.get("source").unwrap().text, "audit");
        let expect = read.get("expect").unwrap();
        assert_eq!(expect.text, "count == 0");
        let local = expect.span.start - 100..expect.span.end - 100;
        assert_eq!(&text[local], "count == 0");
        assert_eq!(read.get("undo").unwrap().text, r#"say "x""#);
        assert_eq!(read.get("re").unwrap().text, r#"\d+ "q""#);
    }

    #[test]
    fn mistakes_are_found() {
        for (text, expected) in [
            ("a=1 a=2", "duplicate-attribute"),
            ("#a #b", "duplicate-attribute"),
            ("word", "attribute-syntax"),
            ("=x", "attribute-syntax"),
            ("a=", "attribute-syntax"),
            ("a=\"x", "attribute-syntax"),
        ] {
            let mut findings = Vec::new();
            parse(text, 0, &mut findings);
            let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, [expected], "{text}");
        }
    }

    #[test]
    fn braces_inside_quotes_do_not_end_the_group() {
        assert_eq!(braces(r#" {a="}" b='}'} rest"#), Some(2..13));
        assert_eq!(braces("{a"), None);
        assert_eq!(braces("a {b}"), None);
    }
}
