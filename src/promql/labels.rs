//! Labels as numbers: every set of labels that a query meets is kept once, and what is derived from one (the name dropped, a group's labels) is made once.
//! A step of a range query then compares and copies numbers only.

use std::collections::HashMap;
use std::rc::Rc;

use super::store::{Labels, NAME};
use super::syntax::Grouping;

/// A set of labels in a [`Book`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(usize);

/// Who derives labels: a node of the query's tree by its address, and what for. The address alone would not do: a node may begin where the one around it does.
pub type Deriver = (usize, Purpose);

/// What labels are derived for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Without the name of the metric; the same for every node.
    Nameless,
    /// The group that an aggregation makes.
    Group,
    /// What series have in common when two operands are matched.
    Signature,
    /// The result of two operands.
    Result,
    /// What a function makes of them.
    Function,
}

/// How many bytes the sets of labels of a query may take, about: `count_values` and `label_replace` make as many as there are values.
const BYTES_MAX: usize = 64 << 20;
/// What a set takes besides its texts, and what a text takes besides its characters, about.
const BYTES_SET: usize = 600;
const BYTES_TEXT: usize = 16;

/// Every set of labels of a run, once.
#[derive(Default)]
pub struct Book {
    all: Vec<Rc<Labels>>,
    known: HashMap<Rc<Labels>, Id>,
    derived: HashMap<(Deriver, Id, Id), Id>,
    bytes: usize,
}

impl Book {
    /// Whether a query may make no more labels.
    pub fn is_full(&self) -> bool {
        self.bytes > BYTES_MAX
    }

    /// The number of a set of labels.
    pub fn id(&mut self, labels: Labels) -> Id {
        if let Some(id) = self.known.get(&labels) {
            return *id;
        }
        let texts = labels.iter().flat_map(|(name, value)| [name, value]);
        let texts: usize = texts.map(|text| text.len() + BYTES_TEXT).sum();
        self.bytes += BYTES_SET + texts;
        let labels = Rc::new(labels);
        let id = Id(self.all.len());
        self.all.push(Rc::clone(&labels));
        self.known.insert(labels, id);
        id
    }

    /// The labels of a number.
    pub fn labels(&self, id: Id) -> Rc<Labels> {
        self.all.get(id.0).map(Rc::clone).unwrap_or_default()
    }

    /// What `make` makes of the labels; made once for each deriver.
    pub fn derive(&mut self, by: Deriver, from: Id, make: impl FnOnce(&mut Labels)) -> Id {
        self.derive_both(by, from, from, |labels, _| make(labels))
    }

    /// What `make` makes of the labels of `from` with those of `other`; made once for each deriver.
    pub fn derive_both(
        &mut self,
        by: Deriver,
        from: Id,
        other: Id,
        make: impl FnOnce(&mut Labels, &Labels),
    ) -> Id {
        if let Some(id) = self.derived.get(&(by, from, other)) {
            return *id;
        }
        let mut labels = Labels::clone(&self.labels(from));
        make(&mut labels, &self.labels(other));
        let id = self.id(labels);
        self.derived.insert((by, from, other), id);
        id
    }

    /// Without the name of the metric.
    pub fn nameless(&mut self, from: Id) -> Id {
        self.derive((0, Purpose::Nameless), from, |labels| {
            labels.remove(NAME);
        })
    }

    /// The labels of the group that these labels fall into.
    pub fn group(&mut self, by: Deriver, grouping: &Grouping, from: Id) -> Id {
        self.derive(by, from, |labels| keep(labels, grouping))
    }
}

/// Leaves what a grouping counts.
pub fn keep(labels: &mut Labels, grouping: &Grouping) {
    labels.retain(|name, _| {
        let listed = grouping.labels.contains(name);
        if grouping.without {
            !listed && name != NAME
        } else {
            listed
        }
    });
}

/// Sets a label, or removes it when the value is empty.
pub fn set(labels: &mut Labels, name: &str, value: String) {
    if value.is_empty() {
        labels.remove(name);
    } else {
        labels.insert(name.to_owned(), value);
    }
}

/// Whether a label may be called so.
pub fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| word(c) && !c.is_ascii_digit()) && name.chars().all(word)
}
