//! Text columns: codes into a pool of texts.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

use super::NO_ROW;

/// Texts one after the other. The text at code 0 of every pool that [`PoolBuilder`] makes is "".
#[derive(Clone, Debug, Default)]
pub struct Pool {
    ends: Vec<u32>,
    text: String,
    distinct: bool,
}

impl Pool {
    /// How many texts it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at `code`; "" past the end.
    pub fn get(&self, code: u32) -> &str {
        let code = code as usize;
        let start = match code.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.ends.get(code).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// Every text, in the order of the codes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|code| self.get(code as u32))
    }

    /// Whether no text is there twice: then equal texts have equal codes.
    pub fn is_distinct(&self) -> bool {
        self.distinct
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> usize {
        self.ends.len() * 4 + self.text.len()
    }
}

/// Makes a pool: looks each text up as long as that pays, and only appends when nearly every text is new.
#[derive(Debug)]
pub struct PoolBuilder {
    pool: Pool,
    /// The codes of the texts, by what the pool holds at them; none once it only appends.
    codes: Option<HashTable<u32>>,
    pushed: usize,
    /// Whether it must never begin to append.
    keep: bool,
}

/// After so many texts it is asked whether looking them up pays.
const TRIAL: usize = 1_024;

impl Default for PoolBuilder {
    fn default() -> Self {
        let mut codes = HashTable::new();
        codes.insert_unique(hash(""), 0, |_| hash(""));
        Self {
            pool: Pool {
                ends: vec![0],
                text: String::new(),
                distinct: true,
            },
            codes: Some(codes),
            pushed: 0,
            keep: false,
        }
    }
}

impl PoolBuilder {
    /// A builder whose pool holds every text once, whatever it costs.
    pub fn distinct() -> Self {
        Self {
            keep: true,
            ..Self::default()
        }
    }

    /// The code of `text`. `None` when the pool has no room: 4 GiB of text or 2^32 - 2 texts.
    pub fn push(&mut self, text: &str) -> Option<u32> {
        if text.is_empty() {
            return Some(0);
        }
        self.pushed += 1;
        let hashed = self.codes.as_ref().map(|_| hash(text));
        if let Some(codes) = &self.codes {
            if let Some(code) = hashed.and_then(|hashed| self.pool.code(codes, hashed, text)) {
                return Some(code);
            }
            if !self.keep && self.pushed > TRIAL && codes.len() * 2 > self.pushed {
                self.codes = None;
                self.pool.distinct = false;
            }
        }
        let code = u32::try_from(self.pool.ends.len())
            .ok()
            .filter(|code| *code < NO_ROW)?;
        let end = u32::try_from(self.pool.text.len() + text.len()).ok()?;
        self.pool.text.push_str(text);
        self.pool.ends.push(end);
        if let (Some(codes), Some(hashed)) = (&mut self.codes, hashed) {
            let pool = &self.pool;
            codes.insert_unique(hashed, code, |code| hash(pool.get(*code)));
        }
        Some(code)
    }

    /// The code of `text` where it was pushed before.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.pool.code(self.codes.as_ref()?, hash(text), text)
    }

    /// What was pushed so far.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The pool.
    pub fn finish(self) -> Arc<Pool> {
        Arc::new(self.pool)
    }
}

impl Pool {
    fn code(&self, codes: &HashTable<u32>, hashed: u64, text: &str) -> Option<u32> {
        codes.find(hashed, |code| self.get(*code) == text).copied()
    }
}

fn hash(text: &str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(text)
}

/// A column of texts.
#[derive(Clone, Debug)]
pub struct Strings {
    /// The texts.
    pub pool: Arc<Pool>,
    /// Which text each row has.
    pub codes: Vec<u32>,
}

impl Strings {
    /// The text at `row`.
    pub fn get(&self, row: usize) -> &str {
        self.codes.get(row).map_or("", |code| self.pool.get(*code))
    }

    /// The texts, row by row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.codes.iter().map(|code| self.pool.get(*code))
    }

    /// Builds a column from texts.
    pub fn from_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut pool = PoolBuilder::default();
        let codes = texts
            .into_iter()
            .map(|text| pool.push(text.as_ref()).unwrap_or(0))
            .collect();
        Self {
            pool: pool.finish(),
            codes,
        }
    }

    /// Works `f` out once for each text where the pool is not larger than the column, else once a row.
    pub fn map<T: Clone>(&self, mut f: impl FnMut(&str) -> T) -> Vec<T> {
        if self.pool.len() <= self.codes.len() {
            let of_pool: Vec<T> = self.pool.iter().map(&mut f).collect();
            self.codes
                .iter()
                .filter_map(|code| of_pool.get(*code as usize).cloned())
                .collect()
        } else {
            self.iter().map(f).collect()
        }
    }

    /// The column of the texts that `f` makes of these: made once for each text where the pool is not larger than the column, else once a row.
    #[must_use]
    pub fn map_texts(&self, f: impl FnMut(&str) -> String) -> Self {
        if self.pool.len() > self.codes.len() {
            return Self::from_texts(self.iter().map(f));
        }
        let of_pool = Self::from_texts(self.pool.iter().map(f));
        of_pool.gather(&self.codes)
    }

    pub(super) fn gather(&self, rows: &[u32]) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            codes: rows
                .iter()
                .map(|row| self.codes.get(*row as usize).copied().unwrap_or(0))
                .collect(),
        }
    }
}
