//! Text that cannot move the cursor, hide or reorder what is read.
//!
//! Everything that comes from outside reaches the screen, plain output, logs and clipboard only through [`SafeText`].
//! Nothing is dropped in silence: what cannot be shown is replaced by a visible mark. Raw bytes stay in evidence.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar;

use super::limits;

/// Text that is safe on one line of a terminal. Only [`sanitize`], [`sanitize_lines`] and literals make one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct SafeText(String);

impl SafeText {
    /// Text of the program's own: it is in the source code, so it is safe.
    pub fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// One line of safe text. C0 and DEL become their pictures, C1, bidirectional controls, zero-width characters, tags, line
/// separators, byte order marks and fillers become `<U+202E>`, tabs four spaces; at most eight combining marks stay on a
/// base; past 4 KiB the rest is counted as `… +N`.
pub fn sanitize(text: &str) -> SafeText {
    if text.len() <= limits::LINE_BYTES && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return SafeText(text.to_owned());
    }
    let mut safe = String::with_capacity(text.len().min(limits::LINE_BYTES) + 16);
    let mut marks = 0;
    for (at, character) in text.char_indices() {
        if safe.len() >= limits::LINE_BYTES {
            let rest = text.get(at..).unwrap_or_default().chars().count();
            let _ = write!(safe, "… +{rest}");
            break;
        }
        if is_combining(character) {
            marks += 1;
            if marks > limits::COMBINING_MARKS || safe.is_empty() {
                push_mark(&mut safe, character);
            } else {
                safe.push(character);
            }
            continue;
        }
        marks = 0;
        push(&mut safe, character);
    }
    SafeText(safe)
}

/// Several lines: split at line feeds (a carriage return before one is dropped), each made safe on its own.
pub fn sanitize_lines(text: &str) -> Vec<SafeText> {
    text.split('\n')
        .map(|line| sanitize(line.strip_suffix('\r').unwrap_or(line)))
        .collect()
}

/// Several lines as one text with line feeds between, for plain output.
pub fn sanitize_block(text: &str) -> String {
    sanitize_lines(text)
        .iter()
        .map(SafeText::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

fn push(safe: &mut String, character: char) {
    match character {
        '\t' => safe.push_str("    "),
        '\u{0}'..='\u{1f}' => {
            safe.push(char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'));
        }
        '\u{7f}' => safe.push('\u{2421}'),
        _ if is_deceptive(character) => push_mark(safe, character),
        _ => safe.push(character),
    }
}

fn push_mark(safe: &mut String, character: char) {
    let _ = write!(safe, "<U+{:04X}>", u32::from(character));
}

/// Marks that stack on the character before them take no cell of their own.
fn is_combining(character: char) -> bool {
    !character.is_ascii() && character.width() == Some(0) && !is_deceptive(character)
}

/// Characters that are invisible or change the order or the lines of what is read.
fn is_deceptive(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0e}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
            | '\u{f0000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_visible() {
        for (raw, safe) in [
            ("plain text", "plain text"),
            ("\u{1b}]52;c;AAAA\u{7}", "␛]52;c;AAAA␇"),
            ("a\tb", "a    b"),
            ("user\u{202e}nimda", "user<U+202E>nimda"),
            ("zero\u{200b}width", "zero<U+200B>width"),
            ("\u{feff}bom", "<U+FEFF>bom"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("line\nfeed", "line␊feed"),
            ("é ü 漢", "é ü 漢"),
            ("\u{301}first", "<U+0301>first"),
        ] {
            assert_eq!(sanitize(raw).as_str(), safe, "{raw:?}");
        }
    }

    #[test]
    fn marks_and_lines_are_bounded() {
        let tower = format!("a{}", "\u{301}".repeat(20));
        assert_eq!(sanitize(&tower).as_str().matches("<U+0301>").count(), 12);
        let long = sanitize(&"x".repeat(5_000));
        assert!(
            long.as_str().ends_with("… +904"),
            "{}",
            &long.as_str()[4_090..]
        );
    }

    #[test]
    fn lines_split_and_stay_safe() {
        let lines = sanitize_lines("one\r\ntwo\u{7}\n");
        assert_eq!(
            lines.iter().map(SafeText::as_str).collect::<Vec<_>>(),
            ["one", "two␇", ""]
        );
    }
}
