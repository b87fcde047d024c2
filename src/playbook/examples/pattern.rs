//! A text that a regular expression matches: for the plain forms that playbooks use. What it does not know gives none, and
//! whoever asks checks the text against the pattern.

use std::iter::Peekable;
use std::str::Chars;

/// How often something is repeated where the pattern leaves it open.
const REPEATED: usize = 4;
/// How deep groups may stand in one another.
const DEPTH: usize = 16;
/// Characters of an example at most.
const LENGTH: usize = 256;

/// A text that matches, as far as the pattern's forms are known.
pub(super) fn matching(pattern: &str) -> Option<String> {
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
    };
    let text = reader.alternatives(0)?;
    (reader.rest.next().is_none() && text.len() <= LENGTH).then_some(text)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

/// What one part of a pattern may be.
enum Atom {
    /// A text as it is.
    Text(String),
    /// One of these characters each time.
    Class(Vec<char>),
}

impl Atom {
    fn times(&self, times: usize) -> String {
        match self {
            Self::Text(text) => text.repeat(times),
            Self::Class(members) => members.iter().cycle().take(times).collect(),
        }
    }
}

impl Reader<'_> {
    /// The first alternative; the others are read and left out.
    fn alternatives(&mut self, depth: usize) -> Option<String> {
        let first = self.sequence(depth)?;
        while self.rest.next_if_eq(&'|').is_some() {
            self.sequence(depth)?;
        }
        Some(first)
    }

    fn sequence(&mut self, depth: usize) -> Option<String> {
        let mut text = String::new();
        while let Some(next) = self.rest.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let atom = self.atom(depth)?;
            let times = self.times(&atom)?;
            text.push_str(&atom.times(times));
            if text.len() > LENGTH {
                return None;
            }
        }
        Some(text)
    }

    fn atom(&mut self, depth: usize) -> Option<Atom> {
        Some(match self.rest.next()? {
            '^' | '$' => Atom::Text(String::new()),
            '.' => Atom::Class(vec!['x']),
            '[' => Atom::Class(self.class()?),
            '(' if depth < DEPTH => {
                if self.rest.next_if_eq(&'?').is_some() {
                    // Other groups than `(?:…)` look around or name: those are not known here.
                    self.rest.next_if_eq(&':')?;
                }
                let inside = self.alternatives(depth + 1)?;
                self.rest.next_if_eq(&')')?;
                Atom::Text(inside)
            }
            '\\' => Atom::Class(escaped(self.rest.next()?)?),
            '(' | '*' | '+' | '?' | '{' => return None,
            literal => Atom::Text(literal.to_string()),
        })
    }

    /// How often the part before is repeated.
    fn times(&mut self, atom: &Atom) -> Option<usize> {
        let times = match self.rest.peek() {
            Some('?') => {
                self.rest.next();
                1
            }
            Some('*' | '+') => {
                self.rest.next();
                match atom {
                    Atom::Text(_) => 1,
                    Atom::Class(_) => REPEATED,
                }
            }
            Some('{') => {
                self.rest.next();
                let mut bounds = String::new();
                loop {
                    match self.rest.next()? {
                        '}' => break,
                        character => bounds.push(character),
                    }
                }
                let (least, most) = match bounds.split_once(',') {
                    None => (bounds.parse().ok()?, Some(bounds.parse().ok()?)),
                    Some((least, "")) => (least.parse().ok()?, None),
                    Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
                };
                let wanted: usize = REPEATED.max(least);
                wanted.min(most.unwrap_or(wanted))
            }
            _ => return Some(1),
        };
        // `+?` and the like match the same texts.
        self.rest.next_if_eq(&'?');
        (times <= LENGTH).then_some(times)
    }

    /// The members of a class, as many as an example needs.
    fn class(&mut self) -> Option<Vec<char>> {
        let mut members = Vec::new();
        if self.rest.peek() == Some(&'^') {
            return None;
        }
        loop {
            let first = match self.rest.next()? {
                ']' if !members.is_empty() => break,
                '\\' => {
                    members.extend(escaped(self.rest.next()?)?);
                    continue;
                }
                first => first,
            };
            if self.rest.peek() != Some(&'-') {
                members.push(first);
                continue;
            }
            self.rest.next();
            match self.rest.next()? {
                ']' => {
                    members.extend([first, '-']);
                    break;
                }
                last => members.extend((first..=last).take(LENGTH)),
            }
        }
        Some(members)
    }
}

/// What a backslash and a character stand for.
fn escaped(character: char) -> Option<Vec<char>> {
    match character {
        'd' => Some(('1'..='9').collect()),
        'w' => Some(('a'..='z').collect()),
        's' => Some(vec![' ']),
        other if other.is_ascii_punctuation() => Some(vec![other]),
        _ => None,
    }
}
