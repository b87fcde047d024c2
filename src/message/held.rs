//! What holds a draft back: a placeholder that is left, another tenant's name, a claim the record does not bear out.
//!
//! It looks for what is written, not for what is meant: a claim may be true all the same, so it may go with a reason. A
//! placeholder and somebody else's name may not.

use std::sync::LazyLock;

use regex::Regex;

use super::Draft;

/// Something that holds a draft back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// What and where, for the operator.
    pub why: String,
    /// It may go with a reason; otherwise only after it was edited.
    pub may_go: bool,
}

/// What a draft is held against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// It stays inside: claims are not looked at.
    pub internal: bool,
    /// The other values of the same `for-each`: other tenants.
    pub others: Vec<String>,
    /// The milestone was recorded.
    pub contained: bool,
    /// Live panes in alert, by title.
    pub alerts: Vec<String>,
}

/// Shorter values are not told from ordinary text.
const NAME_CHARACTERS: usize = 3;

/// Everything that holds a draft back, the most severe first.
pub fn held_back(draft: &Draft, circumstances: &Circumstances) -> Vec<HeldBack> {
    let parts = [
        ("the addressee", draft.to.as_deref()),
        ("the subject", draft.subject.as_deref()),
        ("", Some(draft.text.as_str())),
    ];
    let places: Vec<(String, &str)> = parts
        .into_iter()
        .flat_map(|(what, text)| {
            let lines = text.unwrap_or_default().lines().enumerate();
            lines.map(move |(index, line)| match what {
                "" => (format!("line {}", index + 1), line),
                what => (what.to_owned(), line),
            })
        })
        .collect();
    let mut held = Vec::new();
    let mut never = |why: String| held.push(HeldBack { why, may_go: false });
    if draft.text.trim().is_empty() {
        never("there is no text".to_owned());
    }
    for (place, line) in &places {
        for placeholder in placeholders(line) {
            never(format!("{place}: {placeholder} is still to be filled in"));
        }
    }
    let own = draft.each.as_deref().unwrap_or_default();
    for other in &circumstances.others {
        if other.chars().count() < NAME_CHARACTERS || other == own {
            continue;
        }
        if let Some((place, _)) = places.iter().find(|(_, line)| names(line, other, own)) {
            never(format!("{place}: it names {other}, and it is for {own}"));
        }
    }
    if circumstances.internal {
        return held;
    }
    let reason = match (circumstances.contained, circumstances.alerts.first()) {
        (_, Some(alert)) => format!("“{alert}” is in alert"),
        (false, None) => "contained is not recorded (M)".to_owned(),
        (true, None) => return held,
    };
    for (place, line) in &places {
        for claim in claims(line) {
            held.push(HeldBack {
                why: format!("{place}: it says “{claim}”, but {reason}"),
                may_go: true,
            });
        }
    }
    held
}

/// `<name>`, `[NAME]`, `{{`, `}}`, `TODO`, `TBD`, `XXX`, `___` in a line.
fn placeholders(line: &str) -> Vec<&str> {
    static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"<[A-Za-z][A-Za-z0-9 _.-]{0,40}>|\[[A-Z][A-Z0-9 _-]{1,40}\]|\{\{|\}\}|\bTODO\b|\bTBD\b|\bXXX+\b|_{3,}",
        )
        .ok()
    });
    let found = FORMS.iter().flat_map(|forms| forms.find_iter(line));
    found
        .filter(|found| {
            let before = line.get(..found.start()).unwrap_or_default();
            let after = line.get(found.end()..).unwrap_or_default();
            let glued = before.ends_with(|letter: char| letter.is_alphanumeric());
            match found.as_str().chars().next() {
                // `Vec<String>`, and an element of markup that is closed again.
                Some('<') => {
                    let name = found.as_str().trim_matches(['<', '>']);
                    !glued && !line.contains(&format!("</{name}>"))
                }
                // `rows[N]` and a Markdown link.
                Some('[') => !glued && !after.starts_with(['(', '[']),
                _ => true,
            }
        })
        .map(|found| found.as_str())
        .collect()
}

/// Whether a line names somebody else as a word of its own, outside the name of whom it is for.
fn names(line: &str, other: &str, own: &str) -> bool {
    let (line, other, own) = (
        line.to_lowercase(),
        other.to_lowercase(),
        own.to_lowercase(),
    );
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let inside_own = |from: usize, to: usize| {
        !own.is_empty()
            && line
                .match_indices(&own)
                .any(|(at, _)| at <= from && to <= at + own.len())
    };
    line.match_indices(&other).any(|(at, _)| {
        let end = at + other.len();
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        let after = line.get(end..).and_then(|rest| rest.chars().next());
        !is_word(before) && !is_word(after) && !inside_own(at, end)
    })
}

/// Words that say it is over, unless the words before deny it.
fn claims(line: &str) -> Vec<&str> {
    static WORDS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:contained|resolved)\b").ok());
    let found = WORDS.iter().flat_map(|words| words.find_iter(line));
    found
        .filter(|found| !denied(line.get(..found.start()).unwrap_or_default()))
        .map(|found| found.as_str())
        .collect()
}

/// `not contained`, `has not yet been resolved`, `isn't fully contained`.
fn denied(before: &str) -> bool {
    let passed = ["yet", "been", "fully", "completely", "be", "being"];
    before
        .split_whitespace()
        .rev()
        .map(|word| word.to_lowercase().replace('’', "'"))
        .find(|word| !passed.contains(&word.as_str()))
        .is_some_and(|word| {
            matches!(word.as_str(), "not" | "never" | "cannot") || word.ends_with("n't")
        })
}
