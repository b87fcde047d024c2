//! Words: quotes, escapes and variables.

use super::Reader;
use crate::drill::shell::language::{Otherwise, OtherwiseKind, Part, Word};

/// Variables that bash sets by itself.
const OF_BASH: [&str; 20] = [
    "BASH",
    "BASHPID",
    "BASH_VERSION",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "HOSTTYPE",
    "IFS",
    "LINENO",
    "MACHTYPE",
    "OLDPWD",
    "OPTIND",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHLVL",
    "UID",
];

/// So many `${…}` may stand inside each other.
const DEEPEST: usize = 20;

impl Reader {
    /// A word; the reader stands on its first character. Nothing there is an empty word.
    pub(super) fn word(&mut self) -> Result<Word, String> {
        if self.peek(0) == Some('~') {
            return Err(self.unknown("`~`; write the path"));
        }
        self.word_until(|c| c.is_whitespace() || ";&|<>()".contains(c))
    }

    fn word_until(&mut self, ends: impl Fn(char) -> bool) -> Result<Word, String> {
        let mut word = Word::new();
        while let Some(c) = self.peek(0).filter(|c| !ends(*c)) {
            match c {
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '$' => self.dollar(false, &mut word)?,
                '`' => return Err(self.unknown("a command inside a command: `` `…` ``")),
                '\\' => {
                    self.step();
                    match self.peek(0) {
                        None => push(&mut word, '\\', true),
                        Some('\n') => {}
                        Some(escaped) => push(&mut word, escaped, true),
                    }
                    self.step();
                }
                '*' | '?' | '[' => {
                    word.push(Part::Glob(c));
                    self.step();
                }
                '{' if self.is_brace_expansion() => {
                    return Err(self.unknown("`{…,…}`; write the words out"));
                }
                plain => {
                    push(&mut word, plain, false);
                    self.step();
                }
            }
        }
        if self.peek(0) == Some('(') && !word.is_empty() {
            return Err(self.unknown("functions and `( … )`"));
        }
        Ok(word)
    }

    /// `{a,b}` or `{1..3}`, and not the `{}` of `xargs`.
    fn is_brace_expansion(&self) -> bool {
        let inside: String = self
            .text
            .iter()
            .skip(self.at + 1)
            .take_while(|c| !c.is_whitespace() && **c != '}')
            .collect();
        let closed = self.peek(inside.chars().count() + 1) == Some('}');
        closed && (inside.contains(',') || inside.contains(".."))
    }

    fn single_quoted(&mut self, word: &mut Word) -> Result<(), String> {
        self.step();
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None => return Err(self.faulty("a quote ' is not closed")),
                Some('\'') => break,
                Some(c) => text.push(c),
            }
            self.step();
        }
        self.step();
        word.push(Part::Text { text, quoted: true });
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), String> {
        self.step();
        word.push(Part::Text {
            text: String::new(),
            quoted: true,
        });
        loop {
            match (self.peek(0), self.peek(1)) {
                (None, _) => return Err(self.faulty("a quote \" is not closed")),
                (Some('"'), _) => break,
                (Some('$'), _) => {
                    self.dollar(true, word)?;
                    continue;
                }
                (Some('`'), _) => {
                    return Err(self.unknown("a command inside a command: `` `…` ``"));
                }
                (Some('\\'), Some('\n')) => self.step(),
                (Some('\\'), Some(escaped @ ('$' | '`' | '"' | '\\'))) => {
                    self.step();
                    push(word, escaped, true);
                }
                (Some(c), _) => push(word, c, true),
            }
            self.step();
        }
        self.step();
        Ok(())
    }

    fn dollar(&mut self, quoted: bool, word: &mut Word) -> Result<(), String> {
        self.step();
        match self.peek(0) {
            Some('\'') if !quoted => self.escaped_text(word),
            Some('"') if !quoted => Err(self.unknown("`$\"…\"`")),
            Some('(') => Err(self.unknown("a command inside a command: `$(…)`")),
            Some('[') => Err(self.unknown("arithmetic: `$[…]`")),
            Some('{') => self.braced(quoted, word),
            Some('?') => {
                self.step();
                word.push(variable("?", None, quoted));
                Ok(())
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.name();
                self.refuse_variable_of_bash(&name)?;
                word.push(variable(&name, None, quoted));
                Ok(())
            }
            Some(special) if "@*#$!-0123456789".contains(special) => {
                Err(self.unknown(&format!("`${special}`")))
            }
            _ => {
                push(word, '$', quoted);
                Ok(())
            }
        }
    }

    /// What bash itself keeps in a variable is not unset: it is not known here.
    fn refuse_variable_of_bash(&self, name: &str) -> Result<(), String> {
        if OF_BASH.contains(&name) {
            return Err(self.unknown(&format!("`${name}`")));
        }
        Ok(())
    }

    fn braced(&mut self, quoted: bool, word: &mut Word) -> Result<(), String> {
        self.step();
        let name = self.name();
        if name.is_empty() {
            return Err(self.unknown("`${…}` of this kind"));
        }
        self.refuse_variable_of_bash(&name)?;
        let or_empty = self.peek(0) == Some(':');
        if or_empty {
            self.step();
        }
        let kind = match self.peek(0) {
            Some('}') if !or_empty => {
                self.step();
                word.push(variable(&name, None, quoted));
                return Ok(());
            }
            Some('-') => OtherwiseKind::Default,
            Some('+') => OtherwiseKind::Alternative,
            Some('?') => OtherwiseKind::Error,
            _ => return Err(self.unknown(&format!("`${{{name}…}}` of this kind"))),
        };
        self.step();
        if self.depth >= DEEPEST {
            return Err(self.unknown(&format!("more than {DEEPEST} `${{…}}` inside each other")));
        }
        self.depth += 1;
        let instead = if quoted {
            self.quoted_until_brace()?
        } else {
            self.word_until(|c| c == '}')?
        };
        self.depth -= 1;
        if self.peek(0) != Some('}') {
            return Err(self.faulty(&format!("`${{{name}` is not closed")));
        }
        self.step();
        let otherwise = Otherwise {
            kind,
            or_empty,
            word: instead,
        };
        word.push(variable(&name, Some(otherwise), quoted));
        Ok(())
    }

    /// The word of `"${NAME:-word}"`: between double quotes already.
    fn quoted_until_brace(&mut self) -> Result<Word, String> {
        let mut word = Word::new();
        loop {
            match self.peek(0) {
                None | Some('}') => return Ok(word),
                Some('$') => self.dollar(true, &mut word)?,
                Some('"' | '`' | '\\') => {
                    return Err(self.unknown("quotes inside `\"${…}\"`"));
                }
                Some(c) => {
                    push(&mut word, c, true);
                    self.step();
                }
            }
        }
    }

    /// `$'…'`.
    fn escaped_text(&mut self, word: &mut Word) -> Result<(), String> {
        self.step();
        let mut text = String::new();
        loop {
            match (self.peek(0), self.peek(1)) {
                (None, _) => return Err(self.faulty("a quote $' is not closed")),
                (Some('\''), _) => break,
                (Some('\\'), Some(escaped)) => {
                    self.step();
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'a' => '\u{7}',
                        'e' => '\u{1b}',
                        '\\' | '\'' | '"' | '?' => escaped,
                        other => return Err(self.unknown(&format!("`\\{other}` in `$'…'`"))),
                    });
                }
                (Some(c), _) => text.push(c),
            }
            self.step();
        }
        self.step();
        word.push(Part::Text { text, quoted: true });
        Ok(())
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self
            .peek(0)
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            if name.is_empty() && c.is_ascii_digit() {
                break;
            }
            name.push(c);
            self.step();
        }
        name
    }
}

fn variable(name: &str, otherwise: Option<Otherwise>, quoted: bool) -> Part {
    Part::Variable {
        name: name.to_owned(),
        otherwise,
        quoted,
    }
}

/// Appends to the text before it, if that is quoted alike.
fn push(word: &mut Word, c: char, as_quoted: bool) {
    if let Some(Part::Text { text, quoted }) = word.last_mut()
        && *quoted == as_quoted
    {
        text.push(c);
        return;
    }
    word.push(Part::Text {
        text: c.to_string(),
        quoted: as_quoted,
    });
}
