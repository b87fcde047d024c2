//! Fuzzy search over short lists, best match first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32String};

/// Texts made ready once, to be searched at every key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Texts(Vec<Utf32String>);

impl Texts {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Extend<String> for Texts {
    fn extend<I: IntoIterator<Item = String>>(&mut self, texts: I) {
        self.0.extend(texts.into_iter().map(Utf32String::from));
    }
}

impl FromIterator<String> for Texts {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let mut all = Self::default();
        all.extend(texts);
        all
    }
}

/// Positions of the texts that match, best first; all of them in their order for an empty pattern.
pub(super) fn search(pattern: &str, texts: &Texts) -> Vec<usize> {
    if pattern.trim().is_empty() {
        return (0..texts.len()).collect();
    }
    let pattern = Pattern::parse(pattern, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut found: Vec<(u32, usize)> = texts
        .0
        .iter()
        .enumerate()
        .filter_map(|(index, text)| Some((pattern.score(text.slice(..), &mut matcher)?, index)))
        .collect();
    found.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
    found.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_match_comes_first() {
        let texts = ["webhook failures", "org isolation breach", "database slow"];
        let texts = texts.map(str::to_owned).into_iter().collect();
        assert_eq!(search("orgiso", &texts), [1]);
        assert_eq!(search("", &texts), [0, 1, 2]);
        assert_eq!(search("zzz", &texts), Vec::<usize>::new());
    }
}
