//! Patterns: those of file names, and the basic and extended regular expressions of POSIX, as GNU grep and sed read them.

use regex::{Regex, RegexBuilder};

/// A character of a pattern of file names; an inactive one stands for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    pub c: char,
    pub active: bool,
}

/// Whether a pattern of file names, written without quotes, fits a text.
pub(super) fn text_fits(pattern: &str, text: &str) -> bool {
    let glyphs: Vec<Glyph> = pattern
        .chars()
        .map(|c| Glyph {
            c,
            active: "*?[".contains(c),
        })
        .collect();
    fits(&glyphs, text)
}

/// Whether a pattern of file names fits a text.
pub(super) fn fits(pattern: &[Glyph], text: &str) -> bool {
    let mut source = String::from("(?s)^");
    let mut rest = pattern;
    while let Some((glyph, after)) = rest.split_first() {
        rest = after;
        match (glyph.c, glyph.active) {
            ('*', true) => source.push_str(".*"),
            ('?', true) => source.push('.'),
            ('[', true) => match bracket(&mut rest) {
                Some(class) => source.push_str(&class),
                None => source.push_str("\\["),
            },
            (c, _) => source.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    source.push('$');
    Regex::new(&source).is_ok_and(|regex| regex.is_match(text))
}

/// `a-z]` after its `[`, as a class of a regular expression.
fn bracket(rest: &mut &[Glyph]) -> Option<String> {
    let end = rest.iter().skip(1).position(|glyph| glyph.c == ']')? + 1;
    let (inside, after) = rest.split_at_checked(end)?;
    let mut class = String::from("[");
    for (nth, glyph) in inside.iter().enumerate() {
        match glyph.c {
            '!' | '^' if nth == 0 => class.push('^'),
            '-' => class.push('-'),
            c => class.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    class.push(']');
    *rest = after.get(1..)?;
    Some(class)
}

/// How a regular expression is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    pub syntax: Syntax,
    pub fits: Fits,
    /// `-i`.
    pub ignore_case: bool,
}

/// How a regular expression is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `\(a\|b\)`.
    #[default]
    Basic,
    /// `-E`: `(a|b)`.
    Extended,
    /// `-F`: the text itself.
    Fixed,
}

impl Syntax {
    /// Extended where an option says so.
    pub(super) fn extended(extended: bool) -> Self {
        if extended {
            Self::Extended
        } else {
            Self::Basic
        }
    }
}

/// What a regular expression has to fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fits {
    /// A part of a line.
    #[default]
    Anything,
    /// `-w`: whole words.
    Words,
    /// `-x`: a whole line.
    Lines,
}

/// A regular expression of POSIX. The error names what is wrong or not known.
pub(super) fn regex(text: &str, meaning: Meaning) -> Result<Regex, String> {
    let translated = match meaning.syntax {
        Syntax::Fixed => regex::escape(text),
        syntax => Translation::new(text, syntax == Syntax::Extended).whole()?,
    };
    let translated = match meaning.fits {
        Fits::Anything => translated,
        Fits::Words => format!("(?:^|\\W)(?:{translated})(?:\\W|$)"),
        Fits::Lines => format!("^(?:{translated})$"),
    };
    RegexBuilder::new(&translated)
        .case_insensitive(meaning.ignore_case)
        .build()
        .map_err(|_| format!("the regular expression {text:?} cannot be read"))
}

struct Translation<'a> {
    text: &'a str,
    chars: Vec<char>,
    at: usize,
    extended: bool,
    out: String,
    /// What a quantifier would stand behind.
    behind: Behind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// The start of an expression, a group or an alternative.
    Start,
    /// Something that may be repeated.
    Atom,
    /// A quantifier.
    Quantifier,
}

impl<'a> Translation<'a> {
    fn new(text: &'a str, extended: bool) -> Self {
        Self {
            text,
            chars: text.chars().collect(),
            at: 0,
            extended,
            out: String::new(),
            behind: Behind::Start,
        }
    }

    fn whole(mut self) -> Result<String, String> {
        while let Some(c) = self.next() {
            match c {
                '\\' => self.escape()?,
                '[' => self.bracket()?,
                '*' if self.behind == Behind::Start => self.atom("\\*"),
                '*' => self.quantifier("*")?,
                '^' if self.is_anchor_start() => self.out.push('^'),
                '$' if self.is_anchor_end() => self.out.push('$'),
                '.' => self.atom("."),
                '(' | ')' | '|' | '+' | '?' | '{' if self.extended => self.operator(c)?,
                other => self.literal(other),
            }
        }
        Ok(self.out)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied()?;
        self.at += 1;
        Some(c)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(c) = self.next() else {
            return Err(format!("{:?} ends with a backslash", self.text));
        };
        match c {
            '(' | ')' | '|' | '+' | '?' | '{' if !self.extended => self.operator(c)?,
            'w' => self.atom("[0-9A-Za-z_]"),
            'W' => self.atom("[^0-9A-Za-z_]"),
            's' => self.atom("\\s"),
            'S' => self.atom("\\S"),
            'b' => self.out.push_str("\\b"),
            'B' => self.out.push_str("\\B"),
            '<' => self.out.push_str("\\b{start}"),
            '>' => self.out.push_str("\\b{end}"),
            '1'..='9' => return Err(format!("no `\\{c}` in regular expressions")),
            c if c.is_ascii_alphanumeric() || c == '`' || c == '\'' => {
                return Err(format!("no `\\{c}` in regular expressions"));
            }
            other => self.literal(other),
        }
        Ok(())
    }

    /// A special character that acts here: bare in an extended expression, after a backslash in a basic one.
    fn operator(&mut self, c: char) -> Result<(), String> {
        match c {
            '(' | '|' => {
                self.out.push(c);
                self.behind = Behind::Start;
            }
            '+' | '?' if self.behind == Behind::Start => self.literal(c),
            '+' | '?' => self.quantifier(c.encode_utf8(&mut [0; 4]))?,
            '{' => self.interval()?,
            _ => self.atom(")"),
        }
        Ok(())
    }

    fn interval(&mut self) -> Result<(), String> {
        let inside: String = self
            .chars
            .iter()
            .skip(self.at)
            .take_while(|c| c.is_ascii_digit() || **c == ',')
            .collect();
        let after = self.at + inside.len();
        let closed = if self.extended {
            self.chars.get(after) == Some(&'}')
        } else {
            self.chars.get(after..after + 2) == Some(&['\\', '}'])
        };
        if !closed || inside.is_empty() || self.behind == Behind::Start {
            if self.extended {
                self.literal('{');
                return Ok(());
            }
            return Err(format!("`\\{{` of {:?} is not closed", self.text));
        }
        self.at = after + if self.extended { 1 } else { 2 };
        let from_nothing = if inside.starts_with(',') { "0" } else { "" };
        self.quantifier(&format!("{{{from_nothing}{inside}}}"))
    }

    fn quantifier(&mut self, text: &str) -> Result<(), String> {
        // `a+?` is a lazy repetition elsewhere and a repeated one here: better none than another.
        if self.behind == Behind::Quantifier {
            return Err(format!(
                "no repeated repetitions such as in {:?}",
                self.text
            ));
        }
        self.out.push_str(text);
        self.behind = Behind::Quantifier;
        Ok(())
    }

    fn is_anchor_start(&self) -> bool {
        self.extended || (self.behind == Behind::Start && !self.out.ends_with('^'))
    }

    fn is_anchor_end(&self) -> bool {
        self.extended
            || self.peek(0).is_none()
            || (self.peek(0) == Some('\\') && matches!(self.peek(1), Some(')' | '|')))
    }

    fn atom(&mut self, text: &str) {
        self.out.push_str(text);
        self.behind = Behind::Atom;
    }

    fn literal(&mut self, c: char) {
        let escaped = regex::escape(c.encode_utf8(&mut [0; 4]));
        self.atom(&escaped);
    }

    fn bracket(&mut self) -> Result<(), String> {
        let mut class = String::from("[");
        if self.peek(0) == Some('^') {
            self.at += 1;
            class.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.next() else {
                return Err(format!("`[` of {:?} is not closed", self.text));
            };
            match c {
                ']' if !first => break,
                '[' if matches!(self.peek(0), Some('.' | '=')) => {
                    return Err("no `[.` and `[=` in regular expressions".to_owned());
                }
                '[' if self.peek(0) == Some(':') => {
                    let named: String = self
                        .chars
                        .iter()
                        .skip(self.at)
                        .take_while(|c| **c != ']')
                        .collect();
                    self.at += named.chars().count() + 1;
                    class.extend(["[", &named, "]"]);
                }
                // A range keeps its hyphen; a hyphen at an end is one.
                '-' if !first && self.peek(0).is_some_and(|next| next != ']') => class.push('-'),
                '[' | ']' | '\\' | '&' | '~' | '-' | '^' => {
                    class.push('\\');
                    class.push(c);
                }
                other => class.push(other),
            }
            first = false;
        }
        class.push(']');
        self.atom(&class);
        Ok(())
    }
}
