//! What `doctor` learns of a source and of a request, without anything of a playbook being run.

/// How a source is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// What answered and as whom; none when nothing was asked.
    pub answers: Option<String>,
    /// Why it could not be reached.
    pub unreachable: Option<String>,
    /// Whether it can only read, where that is known.
    pub read_only: Option<bool>,
    /// What speaks against trusting it, a sentence each.
    pub remarks: Vec<String>,
    /// Statements that would mend that.
    pub remedy: Option<String>,
}

impl Health {
    /// It answers.
    pub fn answers(words: impl Into<String>) -> Self {
        Self {
            answers: Some(words.into()),
            ..Self::default()
        }
    }

    /// It could not be reached.
    pub fn unreachable(reason: impl Into<String>) -> Self {
        Self {
            unreachable: Some(reason.into()),
            ..Self::default()
        }
    }
}

/// Whether a planned request fits its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// The source took it, without running it; what it says of the result.
    Fits(String),
    /// It was planned, and this kind of source cannot say more without running it.
    Planned(String),
    /// The source would refuse it.
    Misfit {
        /// Why, and what to do.
        message: String,
        /// 0-based character offset in the request's text.
        position: Option<usize>,
    },
    /// The source could not be reached.
    Unreachable(String),
}

/// The place in `to` of the word that stands at, or last before, a place of `from`: binding changes a text around its words, never the
/// words themselves. Places are 0-based counts of characters; none when the word is not there.
pub fn same_word(from: &str, position: usize, to: &str) -> Option<usize> {
    if let Some(at) = to.find(from) {
        return Some(to.get(..at)?.chars().count() + position);
    }
    let (start, word) = words(from)
        .take_while(|(start, _)| *start <= position)
        .last()?;
    let before = words(from).filter(|(at, other)| *other == word && *at < start);
    let nth = before.count();
    words(to)
        .filter(|(_, other)| *other == word)
        .nth(nth)
        .map(|(start, _)| start)
}

/// Words with the number of characters before each.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut rest = text;
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = rest.find(is_word)?;
        at += rest.get(..start)?.chars().count();
        rest = rest.get(start..)?;
        let end = rest
            .find(|character| !is_word(character))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let begins = at;
        at += word.chars().count();
        rest = after;
        Some((begins, word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_again_in_the_text_before_binding() {
        let sent = "SELECT é, actor FROM t WHERE actor = CAST($1::text AS uuid) AND gone > 1";
        let written = "SELECT é, actor FROM t WHERE actor = :actor_id AND gone > 1";
        for (word, nth) in [("actor", 0), ("actor", 1), ("gone", 0), ("t", 0)] {
            let place = |text: &str| -> Option<usize> {
                let mut same = words(text).filter(|(_, other)| *other == word);
                same.nth(nth).map(|(at, _)| at)
            };
            let from = place(sent).unwrap();
            let to = place(written);
            assert_eq!(same_word(sent, from, written), to, "{word} {nth}");
        }
        let text = sent.chars().count() - sent.split_once("text").unwrap().1.chars().count() - 1;
        assert_eq!(same_word(sent, text, written), None, "a word of the cast");
        for (from, position, to, found) in [
            ("a b", 2, "a b", Some(2)),
            ("sum(up", 3, " sum(up\n", Some(4)),
            ("f($1)", 1, "f(:x)", Some(0)),
        ] {
            assert_eq!(same_word(from, position, to), found, "{from}");
        }
    }
}
