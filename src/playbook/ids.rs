//! Ids and slugs: how headings get the names they answer to.

use std::collections::HashMap;

/// Longest id made out of a text.
const DERIVED_ID_CHARS: usize = 48;

/// Hands out names that are unique among those it handed out before.
#[derive(Debug, Default, Clone)]
pub struct Names {
    seen: HashMap<String, usize>,
}

impl Names {
    /// The wanted name, or the name with the first free number behind it: `detection`, `detection-2`.
    pub fn unique(&mut self, wanted: &str) -> String {
        self.numbered(wanted, 2)
    }

    /// As forges do it: `detection`, `detection-1`.
    pub fn unique_as_forge(&mut self, wanted: &str) -> String {
        self.numbered(wanted, 1)
    }

    /// Takes a name that was written by hand. False when it was taken before.
    pub fn claim(&mut self, name: &str) -> bool {
        let fresh = !self.seen.contains_key(name);
        self.seen.entry(name.to_owned()).or_insert(0);
        fresh
    }

    fn numbered(&mut self, wanted: &str, first: usize) -> String {
        let Some(count) = self.seen.get(wanted).copied() else {
            self.seen.insert(wanted.to_owned(), 0);
            return wanted.to_owned();
        };
        // The count is kept so that the thousandth repetition does not search a thousand names.
        let mut number = count.max(first);
        let mut name = format!("{wanted}-{number}");
        while self.seen.contains_key(&name) {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        self.seen.insert(wanted.to_owned(), number + 1);
        self.seen.insert(name.clone(), 0);
        name
    }
}

/// The anchor that forges give a heading: lower case, punctuation dropped, spaces as hyphens.
pub fn slug(heading: &str) -> String {
    let mut slug = String::with_capacity(heading.len());
    for character in heading.trim().chars() {
        match character {
            ' ' => slug.push('-'),
            '-' | '_' => slug.push(character),
            letter if letter.is_alphanumeric() => slug.extend(letter.to_lowercase()),
            _ => {}
        }
    }
    slug
}

/// An id made out of a text: ASCII letters and digits with single hyphens, cut at a word; `fallback` when nothing is left.
pub fn kebab(text: &str, fallback: &str) -> String {
    let id = joined(text, '-');
    if id.is_empty() {
        fallback.to_owned()
    } else {
        id
    }
}

/// An input's id made out of a text: `Sev 0/1/2` becomes `sev_0_1_2`; one that would start with a digit gets `n_`.
pub fn snake(text: &str) -> String {
    let id = joined(text, '_');
    match id.chars().next() {
        None => "value".into(),
        Some(first) if first.is_ascii_digit() => format!("n_{id}"),
        Some(_) => id,
    }
}

/// Whether a text may stand as an id written by hand: letters, digits, `-` and `_`, beginning with a letter or digit.
pub fn is_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'))
}

/// Whether a text may name a playbook: kebab-case.
pub fn is_kebab(text: &str) -> bool {
    !text.is_empty()
        && text.split('-').all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
        })
}

/// Whether a text may name an input: it has to work as `:name`, `_name` and `$NAME`.
pub fn is_input_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|character| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
        })
}

fn joined(text: &str, separator: char) -> String {
    let mut id = String::new();
    let mut gap = false;
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            if gap && !id.is_empty() {
                id.push(separator);
            }
            gap = false;
            id.push(character.to_ascii_lowercase());
        } else if character != '\'' && character != '\u{2019}' {
            gap = true;
        }
    }
    if id.len() > DERIVED_ID_CHARS {
        let cut = id
            .get(..DERIVED_ID_CHARS)
            .and_then(|head| head.rfind(separator))
            .unwrap_or(DERIVED_ID_CHARS);
        id.truncate(cut);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_of_forges() {
        for (heading, expected) in [
            ("Step 1: Quantify the Scope", "step-1-quantify-the-scope"),
            ("If Bug (Most Common)", "if-bug-most-common"),
            ("Patch + deploy", "patch--deploy"),
            ("Überblick_2", "überblick_2"),
        ] {
            assert_eq!(slug(heading), expected);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names = Names::default();
        let given: Vec<_> = ["a", "a", "a-2", "a"]
            .iter()
            .map(|name| names.unique(name))
            .collect();
        assert_eq!(given, ["a", "a-2", "a-2-2", "a-3"]);
        assert!(!names.claim("a-3"));
        let mut forge = Names::default();
        assert_eq!(forge.unique_as_forge("x"), "x");
        assert_eq!(forge.unique_as_forge("x"), "x-1");
    }

    #[test]
    fn texts_become_ids() {
        assert_eq!(kebab("Don't panic: now!", "x"), "dont-panic-now");
        assert_eq!(kebab("…", "step"), "step");
        assert_eq!(snake("Sev 0/1/2"), "sev_0_1_2");
        assert_eq!(snake("1st"), "n_1st");
        assert!(kebab(&"word ".repeat(40), "x").len() <= 48);
    }
}
