//! Where commands print: data to standard output, talk to standard error, both safe for a terminal.

use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, Stdout, Write};

use serde::Serialize;

use super::failure::Failure;
use crate::model;
use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::safe_text::sanitize_block;

/// Both outputs.
pub(super) struct Out {
    data: BufWriter<Stdout>,
    quiet: bool,
    verbose: bool,
}

impl Out {
    /// Quiet leaves out the talk, verbose adds to it.
    pub fn new(quiet: bool, verbose: bool) -> Self {
        Self {
            data: BufWriter::new(io::stdout()),
            quiet,
            verbose,
        }
    }

    /// One or several lines of data.
    pub fn line(&mut self, text: impl fmt::Display) -> Result<(), Failure> {
        let text = sanitize_block(&text.to_string());
        writeln!(self.data, "{text}")?;
        Ok(())
    }

    /// Data as indented JSON; control characters are escaped by JSON itself.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(Failure::failed)?;
        writeln!(self.data, "{}", escape_json(&text))?;
        Ok(())
    }

    /// JSON that is a text already, on a line of its own.
    pub fn json_line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.data, "{}", escape_json(text.trim_end()))?;
        Ok(())
    }

    /// Bytes that are a document of their own and already safe, such as a completion script.
    pub fn document(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.data.write_all(bytes)?;
        Ok(())
    }

    /// What was printed so far reaches its reader now.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.data.flush()?;
        Ok(())
    }

    /// The end of all data.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.flush()
    }

    /// Talk.
    pub fn say(&self, text: impl fmt::Display) {
        if !self.quiet {
            to_stderr(&text.to_string());
        }
    }

    /// Talk for those who asked for more.
    pub fn explain(&self, text: impl fmt::Display) {
        if self.verbose {
            to_stderr(&text.to_string());
        }
    }

    /// Findings about a file that was needed for something else.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic], source: &SourceText) {
        for diagnostic in diagnostics {
            self.say(diagnostic.located(source));
        }
    }
}

/// A number with its word: `1 entry`, `2 entries`.
pub(super) fn counted(number: usize, one: &str, several: &str) -> String {
    model::counted(number as u64, one, several)
}

/// Why a command, or a part of it, failed. Told to the quiet as well.
pub(super) fn complain(text: impl fmt::Display) {
    to_stderr(&format!("quarterdeck: {text}"));
}

/// What is wrong with a text, already with its place. Told to the quiet as well.
pub(super) fn complain_at(text: impl fmt::Display) {
    to_stderr(&text.to_string());
}

fn to_stderr(text: &str) {
    // When standard error is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{}", sanitize_block(text));
}

/// JSON leaves C1 controls and characters that reorder text as they are; a terminal must not see them raw.
fn escape_json(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    let mut units = [0; 2];
    for character in text.chars() {
        if character.is_ascii() || character.is_alphanumeric() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_for_a_terminal_reads_back_the_same() {
        let value = "é 漢 \u{202e}nimda \u{9b}31m 😀 \u{1b}]52;";
        let text = escape_json(&serde_json::to_string(value).unwrap());
        assert!(!text.contains('\u{202e}') && !text.contains('\u{9b}') && !text.contains('\u{1b}'));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }
}
