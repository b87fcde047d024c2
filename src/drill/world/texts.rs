//! Texts that many rows have in common, each kept once.

use std::collections::HashSet;
use std::sync::Arc;

use hashbrown::HashMap;
use serde_json::Value as Json;

use crate::kql::dynamic::Dynamic;

/// Texts by what they say. Only for what repeats: names, routes, addresses.
#[derive(Debug, Default)]
pub struct Texts {
    shared: HashSet<Arc<str>, foldhash::fast::FixedState>,
    written: HashMap<String, Arc<Json>, foldhash::fast::FixedState>,
    documents: HashMap<Vec<Arc<str>>, Arc<Json>, foldhash::fast::FixedState>,
}

impl Texts {
    /// The text, shared.
    pub fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.shared.insert(Arc::clone(&new));
        new
    }

    /// An object of texts; what is empty is left out.
    pub fn bag(&mut self, entries: &[(&str, &str)]) -> Dynamic {
        Dynamic::bag(
            entries
                .iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| (self.get(name), Dynamic::String(self.get(text))))
                .collect(),
        )
    }

    /// A JSON value, kept once for each content.
    pub fn json(&mut self, value: Json) -> Arc<Json> {
        Arc::clone(
            self.written
                .entry(value.to_string())
                .or_insert_with(|| Arc::new(value)),
        )
    }

    /// A JSON object of texts, kept once for each content.
    pub fn document(&mut self, entries: &[(&str, &str)]) -> Arc<Json> {
        let key: Vec<Arc<str>> = entries
            .iter()
            .flat_map(|(name, text)| [*name, *text])
            .map(|text| self.get(text))
            .collect();
        Arc::clone(self.documents.entry(key).or_insert_with(|| {
            Arc::new(Json::Object(
                entries
                    .iter()
                    .map(|(name, text)| ((*name).to_owned(), Json::from(*text)))
                    .collect(),
            ))
        }))
    }
}
