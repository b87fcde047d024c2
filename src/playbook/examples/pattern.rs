//! A text that a regular expression matches: for the plain forms that playbooks use. What it does not know gives none, and
//! whoever asks checks the text against the pattern.

use std::iter::Peekable;
use std::str::Chars;

/// How often something is repeated where the pattern leaves it open.
const REPEATED: usize = 4;
/// What stands where letters may be repeated as often as one likes.
const WORD: &str = "example";
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
    /// The part as often as it may stand there: a word where letters may stand in any number, else a few times.
    fn repeated(&self, least: usize, most: Option<usize>) -> String {
        let within = |times: usize| most.map_or(times, |most| times.min(most));
        match self {
            Self::Text(text) => text.repeat(within(least.max(1))),
            Self::Class(members) => {
                let fits = |word: &String| {
                    let length = word.len();
                    most != Some(least)
                        && least <= length
                        && within(length) == length
                        && word.chars().all(|letter| members.contains(&letter))
                };
                let words = [WORD.to_owned(), WORD.to_ascii_uppercase()];
                words.into_iter().find(fits).unwrap_or_else(|| {
                    let times = within(REPEATED.max(least));
                    members.iter().cycle().take(times).collect()
                })
            }
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
            let (least, most) = self.bounds()?;
            text.push_str(&atom.repeated(least, most));
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

    /// How often the part before may stand there, at least and at most.
    fn bounds(&mut self) -> Option<(usize, Option<usize>)> {
        let bounds = match self
            .rest
            .next_if(|sign| matches!(sign, '?' | '*' | '+' | '{'))
        {
            None => return Some((1, Some(1))),
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some(_) => self.counted()?,
        };
        // `+?` and the like match the same texts.
        self.rest.next_if_eq(&'?');
        (bounds.0 <= LENGTH).then_some(bounds)
    }

    /// What stands between `{` and `}`.
    fn counted(&mut self) -> Option<(usize, Option<usize>)> {
        let mut text = String::new();
        loop {
            match self.rest.next()? {
                '}' => break,
                character => text.push(character),
            }
        }
        Some(match text.split_once(',') {
            None => (text.parse().ok()?, Some(text.parse().ok()?)),
            Some((least, "")) => (least.parse().ok()?, None),
            Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
        })
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
