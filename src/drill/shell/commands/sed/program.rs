//! A script of `sed` as instructions.

use regex::Regex;

use crate::drill::shell::pattern::{self, Meaning, Syntax};
use crate::drill::shell::runner::MOST_SAID;

/// What is done to which lines.
pub(super) struct Instruction {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    pub act: Act,
}

enum Address {
    Line(usize),
    Last,
    Fits(Regex),
}

/// What is done.
pub(super) enum Act {
    Delete,
    Print,
    Quit,
    Substitute(Substitution),
}

/// `s/pattern/replacement/flags`.
pub(super) struct Substitution {
    pattern: Regex,
    replacement: Vec<Piece>,
    /// Only this match and, with `all`, those after it; from 1.
    nth: usize,
    all: bool,
    /// The flag `p`.
    pub print: bool,
}

enum Piece {
    Text(String),
    /// `&` is group 0.
    Group(usize),
}

/// Whether an instruction with two addresses is between them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reach {
    inside: bool,
}

impl Instruction {
    /// Whether it applies to a line, by number from 1.
    pub(super) fn applies(
        &self,
        reach: &mut Reach,
        number: usize,
        is_last: bool,
        line: &str,
    ) -> bool {
        let fits = |address: &Address| match address {
            Address::Line(at) => *at == number,
            Address::Last => is_last,
            Address::Fits(regex) => regex.is_match(line),
        };
        let applies = match (&self.from, &self.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(_), Some(to)) if reach.inside => {
                // A line that was passed already ends the range before this line.
                let passed = matches!(to, Address::Line(at) if *at < number);
                reach.inside = !passed && !fits(to);
                !passed
            }
            (Some(from), Some(to)) => {
                let begins = fits(from);
                let ends_here = match to {
                    Address::Line(at) => *at <= number,
                    Address::Last => is_last,
                    Address::Fits(_) => false,
                };
                reach.inside = begins && !ends_here;
                begins
            }
        };
        applies != self.negated
    }
}

impl Substitution {
    /// The line with its matches replaced; none where nothing matches.
    pub(super) fn apply(&self, line: &str) -> Option<String> {
        let mut out = String::new();
        let mut copied = 0;
        let mut replaced = false;
        for (nth, found) in self.pattern.captures_iter(line).enumerate() {
            if nth + 1 < self.nth {
                continue;
            }
            let whole = found.get(0)?;
            out.push_str(line.get(copied..whole.start())?);
            for piece in &self.replacement {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Group(group) => {
                        out.push_str(found.get(*group).map_or("", |group| group.as_str()));
                    }
                }
            }
            copied = whole.end();
            replaced = true;
            if !self.all || out.len() > MOST_SAID {
                break;
            }
        }
        out.push_str(line.get(copied..)?);
        replaced.then_some(out)
    }
}

/// A script has so many commands at most.
const MOST: usize = 1_000;

/// Reads a script. The error is what `sed` lacks here.
pub(super) fn read(script: &str, extended: bool) -> Result<Vec<Instruction>, String> {
    let mut reader = Reader {
        chars: script.chars().collect(),
        at: 0,
        extended,
    };
    let mut instructions = Vec::new();
    loop {
        while reader.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
            reader.at += 1;
        }
        if reader.peek().is_none() {
            return Ok(instructions);
        }
        if instructions.len() >= MOST {
            return Err(format!("script of more than {MOST} commands"));
        }
        instructions.push(reader.instruction()?);
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    extended: bool,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn skip(&mut self, c: char) -> bool {
        let here = self.peek() == Some(c);
        self.at += usize::from(here);
        here
    }

    fn instruction(&mut self) -> Result<Instruction, String> {
        let from = self.address()?;
        let to = if from.is_some() && self.skip(',') {
            let to = self.address()?;
            Some(to.ok_or_else(|| "address of this kind".to_owned())?)
        } else {
            None
        };
        while self.skip(' ') {}
        let negated = self.skip('!');
        let act = match self.next() {
            Some('d') => Act::Delete,
            Some('p') => Act::Print,
            Some('q') if to.is_none() => Act::Quit,
            Some('s') => Act::Substitute(self.substitution()?),
            Some(other) => return Err(format!("command `{other}` in its script")),
            None => return Err("address without a command".to_owned()),
        };
        while self.skip(' ') {}
        match self.peek() {
            None | Some(';' | '\n') => Ok(Instruction {
                from,
                to,
                negated,
                act,
            }),
            Some(other) => Err(format!("{other:?} after a command of its script")),
        }
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        match self.peek() {
            Some('$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some('/') => {
                self.at += 1;
                let pattern = self.until('/')?;
                let meaning = Meaning {
                    syntax: Syntax::extended(self.extended),
                    ..Meaning::default()
                };
                Ok(Some(Address::Fits(regex_of(&pattern, meaning)?)))
            }
            Some('0'..='9') => {
                let mut digits = String::new();
                while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
                    digits.push(digit);
                    self.at += 1;
                }
                match digits.parse() {
                    Ok(0) | Err(_) => Err(format!("address `{digits}`")),
                    Ok(number) => Ok(Some(Address::Line(number))),
                }
            }
            _ => Ok(None),
        }
    }

    /// The text up to a delimiter; an escaped delimiter is the delimiter itself.
    fn until(&mut self, delimiter: char) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(format!("script without its closing `{delimiter}`")),
                Some(c) if c == delimiter => return Ok(text),
                Some('\\') if self.peek() == Some(delimiter) => {
                    text.push(delimiter);
                    self.at += 1;
                }
                Some('\\') => {
                    text.push('\\');
                    text.extend(self.next());
                }
                Some(c) => text.push(c),
            }
        }
    }

    fn substitution(&mut self) -> Result<Substitution, String> {
        let delimiter = self
            .next()
            .filter(|c| c.is_ascii_punctuation() && *c != '\\')
            .ok_or_else(|| "substitution without a delimiter".to_owned())?;
        let pattern = self.until(delimiter)?;
        let replacement = pieces(&self.until(delimiter)?)?;
        let mut meaning = Meaning {
            syntax: Syntax::extended(self.extended),
            ..Meaning::default()
        };
        let (mut all, mut print, mut nth) = (false, false, 1);
        loop {
            match self.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => meaning.ignore_case = true,
                Some(digit @ '1'..='9') => nth = digit as usize - '0' as usize,
                Some(other) if other.is_ascii_alphanumeric() => {
                    return Err(format!("flag `{other}` of `s`"));
                }
                _ => break,
            }
            self.at += 1;
        }
        let bars = if self.extended { "|" } else { "\\|" };
        if pattern.contains(bars) {
            // The longest alternative counts there, the first one here.
            return Err("alternatives in the pattern of `s`".to_owned());
        }
        Ok(Substitution {
            pattern: regex_of(&pattern, meaning)?,
            replacement,
            nth,
            all,
            print,
        })
    }
}

fn regex_of(pattern: &str, meaning: Meaning) -> Result<Regex, String> {
    if pattern.is_empty() {
        return Err("empty pattern, the one before".to_owned());
    }
    pattern::regex(pattern, meaning)
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let group = match c {
            '&' => 0,
            '\\' => match chars.next() {
                Some(digit @ '1'..='9') => digit as usize - '0' as usize,
                Some('n') => {
                    plain.push('\n');
                    continue;
                }
                Some(letter) if letter.is_ascii_alphanumeric() => {
                    return Err(format!("`\\{letter}` in a replacement"));
                }
                escaped => {
                    plain.extend(escaped);
                    continue;
                }
            },
            other => {
                plain.push(other);
                continue;
            }
        };
        pieces.push(Piece::Text(std::mem::take(&mut plain)));
        pieces.push(Piece::Group(group));
    }
    pieces.push(Piece::Text(plain));
    Ok(pieces)
}
