//! A table that is worked out once and read as often as it is named: `materialize`, `as`, the input of `invoke`.

use std::sync::{Arc, Mutex, PoisonError};

use crate::kql::error::KqlError;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::types::Schema;

/// A table that several readers share. The first that asks for a batch has it worked out; it is kept only while another may still ask for it.
#[derive(Clone)]
pub struct Shared {
    /// The columns.
    pub schema: Schema,
    /// Whether the order of the rows means something.
    pub serialized: bool,
    source: Arc<Mutex<Source>>,
}

struct Source {
    rows: Box<dyn Operator>,
    kept: Vec<Batch>,
    started: bool,
    ended: bool,
}

impl Shared {
    /// The rows of `relation`, to be shared.
    pub fn new(relation: Relation) -> Self {
        Self {
            schema: relation.schema,
            serialized: relation.serialized,
            source: Arc::new(Mutex::new(Source {
                rows: relation.rows,
                kept: Vec::new(),
                started: false,
                ended: false,
            })),
        }
    }

    /// The table, read from its start.
    pub fn relation(&self) -> Relation {
        Relation {
            schema: self.schema.clone(),
            rows: Box::new(Reader {
                source: Arc::clone(&self.source),
                next: 0,
            }),
            serialized: self.serialized,
            render: None,
        }
    }
}

struct Reader {
    source: Arc<Mutex<Source>>,
    next: usize,
}

impl Operator for Reader {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let alone = Arc::strong_count(&self.source) == 1;
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.started = true;
        if let Some(batch) = source.kept.get(self.next) {
            self.next += 1;
            return Ok(Some(batch.clone()));
        }
        if source.ended {
            return Ok(None);
        }
        let Some(batch) = source.rows.next(run)? else {
            source.ended = true;
            return Ok(None);
        };
        if !alone {
            run.hold(batch.bytes())?;
            source.kept.push(batch.clone());
            self.next += 1;
        }
        Ok(Some(batch))
    }

    fn prune(&mut self, wanted: &[bool]) {
        if Arc::strong_count(&self.source) == 1 {
            let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
            if !source.started {
                source.rows.prune(wanted);
            }
        }
    }
}
