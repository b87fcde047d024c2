//! Plain data that every layer shares: playbooks, tables, requests, results, text that is safe to show.
//!
//! Nothing here does IO, reads a clock or draws. Parsing of playbooks lives in `playbook`, execution in `sources`.

pub mod answer;
pub mod diagnostic;
pub mod duration;
pub mod ids;
pub mod input;
pub mod limits;
pub mod playbook;
pub mod prose;
pub mod request;
pub mod safe_text;
pub mod table;
pub mod verdict;

pub use jiff::Timestamp;

/// How an incident is worked. It is fixed when the incident opens and stands in every entry of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real sources, real writes after their gates.
    Live,
    /// Nothing is sent; what would be sent is shown.
    Walkthrough,
    /// Simulated sources that really execute the playbook's queries.
    Drill,
}

impl Mode {
    /// The word on the screen: never told by colour alone.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Walkthrough => "WALKTHROUGH",
            Self::Drill => "DRILL",
        }
    }

    /// A text that leaves the program: outside of live work every line of it says what it is from, so that no part of it can be taken for a real one. The
    /// word stands behind a line's own sign of Markdown (`#`, `-`, `>`), which keeps its meaning.
    pub fn marked(self, text: &str) -> String {
        let word = match self {
            Self::Live => return text.to_owned(),
            Self::Walkthrough | Self::Drill => self.word(),
        };
        let mut marked = String::with_capacity(text.len() * 2);
        for line in text.split_inclusive('\n') {
            let sign = sign_of(line);
            let (sign, rest) = line.split_at(sign);
            marked.push_str(sign);
            if !rest.trim().is_empty() && !rest.starts_with(word) && !is_fence(rest) {
                marked.push_str(word);
                marked.push(' ');
            }
            marked.push_str(rest);
        }
        marked
    }

    /// The folder below the data directory that keeps the records of this mode apart.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Walkthrough => "walk",
            Self::Drill => "drill",
        }
    }
}

/// Bytes of a line's indentation and its sign of Markdown.
fn sign_of(line: &str) -> usize {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = line.get(indent..).unwrap_or_default();
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let sign = match rest.as_bytes() {
        [b'-' | b'>' | b'*', b' ', ..] => 2,
        _ if hashes > 0 && rest.as_bytes().get(hashes) == Some(&b' ') => hashes + 1,
        _ => 0,
    };
    indent + sign
}

/// The line opens or closes a fence.
fn is_fence(line: &str) -> bool {
    line.starts_with("```") || line.starts_with("~~~")
}

/// A number with its word: `1 entry`, `2 entries`.
pub fn counted(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// A time as it stands in the record and in exports: UTC, milliseconds, one width (`2026-01-31T03:12:44.120Z`).
pub fn timestamp_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_drill_says_so() {
        let text = "# A title\n\n- one\n  - two\n> said\n```\nselect 1\n```\nDRILL already\nplain";
        assert_eq!(
            Mode::Drill.marked(text),
            "# DRILL A title\n\n- DRILL one\n  - DRILL two\n> DRILL said\n```\nDRILL select 1\n```\nDRILL already\nDRILL plain"
        );
        assert_eq!(Mode::Live.marked(text), text);
    }
}
