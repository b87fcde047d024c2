//! Keys: chords as text and back, free of any terminal library.
//!
//! Which key does what is the engine's table; this module only knows what a chord is.

use std::fmt;

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character as typed: `N` and `n` are two keys.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab; with shift it is `BackTab`.
    Tab,
    /// Shift and tab.
    BackTab,
    /// Delete to the left.
    Backspace,
    /// Delete to the right.
    Delete,
    /// Insert.
    Insert,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// First.
    Home,
    /// Last.
    End,
    /// A page back.
    PageUp,
    /// A page on.
    PageDown,
    /// Function key.
    F(u8),
}

/// A key with its modifiers. Shift is part of the character and kept only for keys that are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Control.
    pub ctrl: bool,
    /// Alt or Meta.
    pub alt: bool,
    /// Shift, for keys that are not characters.
    pub shift: bool,
}

impl Chord {
    /// A key alone.
    pub const fn plain(key: Key) -> Self {
        Self {
            key,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    /// A character alone.
    pub const fn char(character: char) -> Self {
        Self::plain(Key::Char(character))
    }
}

/// Names of keys that are not characters, as they are written in `keys.toml` and shown in hints.
const NAMES: [(&str, Key); 17] = [
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backtab", Key::BackTab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("space", Key::Char(' ')),
    ("minus", Key::Char('-')),
];

impl std::str::FromStr for Chord {
    type Err = String;

    /// Reads `q`, `N`, `ctrl-c`, `alt-enter`, `f5`, `space`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut chord = Self::plain(Key::Esc);
        let mut rest = text;
        loop {
            let (modifier, tail) = rest.split_once('-').unwrap_or(("", rest));
            match modifier.to_ascii_lowercase().as_str() {
                "ctrl" => chord.ctrl = true,
                "alt" => chord.alt = true,
                "shift" => chord.shift = true,
                _ => break,
            }
            rest = tail;
        }
        let mut characters = rest.chars();
        chord.key = match (characters.next(), characters.next()) {
            (Some(character), None) => Key::Char(character),
            (Some('f' | 'F'), Some('1'..='9')) => {
                let number = rest.get(1..).and_then(|digits| digits.parse().ok());
                Key::F(
                    number
                        .filter(|number| *number <= 24)
                        .ok_or_else(|| unknown(text))?,
                )
            }
            _ => NAMES
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(rest))
                .map(|(_, key)| *key)
                .ok_or_else(|| unknown(text))?,
        };
        Ok(chord)
    }
}

fn unknown(text: &str) -> String {
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    format!(
        "unknown key {text:?}: expected a character, f1 to f24, or one of {}, with ctrl-, alt- or shift- before it",
        names.join(", ")
    )
}

impl fmt::Display for Chord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [
            (self.ctrl, "ctrl-"),
            (self.alt, "alt-"),
            (self.shift, "shift-"),
        ] {
            if held {
                formatter.write_str(name)?;
            }
        }
        match (self.key, NAMES.iter().find(|(_, key)| *key == self.key)) {
            (_, Some((name, _))) => formatter.write_str(name),
            (Key::Char(character), None) => write!(formatter, "{character}"),
            (Key::F(number), None) => write!(formatter, "f{number}"),
            (_, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_read_back_as_they_are_written() {
        for text in [
            "q",
            "N",
            "ctrl-c",
            "alt-enter",
            "f5",
            "space",
            "shift-up",
            "?",
            ":",
            "ctrl-minus",
            "backtab",
        ] {
            assert_eq!(
                text.parse::<Chord>().map(|chord| chord.to_string()),
                Ok(text.to_owned())
            );
        }
        assert!("hyper-x".parse::<Chord>().is_err());
        assert!("f99".parse::<Chord>().is_err());
        assert!("".parse::<Chord>().is_err());
    }
}
