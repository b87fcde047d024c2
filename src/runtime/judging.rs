//! Verdicts, suggestions and previews as tasks: reads rows from where they lie and asks the pure functions.

use std::collections::BTreeMap;

use super::capturing;
use super::session::Session;
use crate::capture::{Capture, KeptFile};
use crate::model::answer::{Answer, AnswerBody};
use crate::model::ids::ActionId;
use crate::model::limits;
use crate::model::table::Row;
use crate::model::verdict::Judgement;
use crate::record::entry::Hash;
use crate::verdict::{self, Question, Reference, Suggestion, SuggestionQuestion};

/// Judges an ended run and keeps its result. What cannot be kept is judged all the same.
pub fn judge(
    session: &Session,
    question: Option<Box<Question>>,
    capture: Option<&Capture>,
) -> (Option<Judgement>, Result<Vec<KeptFile>, String>) {
    let judgement = question.map(|mut question| {
        bring(&mut question.others, |hash| {
            capturing::read_back(session, hash)
        });
        verdict::judge(&question)
    });
    let kept = capture.map_or(Ok(Vec::new()), |capture| capturing::keep(session, capture));
    (judgement, kept)
}

/// Computes a decision's suggestions.
pub fn suggest(session: &Session, mut question: SuggestionQuestion) -> Vec<Suggestion> {
    let read = |hash| capturing::read_back(session, hash);
    bring(&mut question.others, read);
    for (id, reference) in &mut question.over {
        bring_one(id, reference, &read);
    }
    verdict::suggest(&question)
}

/// The first rows of a preview, and how many of all name the operator.
pub fn look_at_preview(answer: &Answer, operator: &str) -> (Vec<Row>, u64) {
    let AnswerBody::Table { rows, .. } = &answer.body else {
        return (Vec::new(), 0);
    };
    let name = operator.to_lowercase();
    let is_own = |row: &Row| {
        let mut cells = row.iter().flatten();
        !name.is_empty() && cells.any(|cell| cell.trim().to_lowercase() == name)
    };
    let mut own = 0;
    let mut from = 0;
    while from < rows.len() {
        let part = rows.read(from..from + ROWS_AT_A_TIME);
        if part.is_empty() {
            break;
        }
        own += part.iter().filter(|row| is_own(row)).count() as u64;
        from += part.len();
    }
    (rows.read(0..limits::PREVIEW_ROWS), own)
}

/// Rows that are in memory at a time.
const ROWS_AT_A_TIME: usize = 1_000;

/// Puts results that lie in evidence files in the place of their hashes.
fn bring(
    references: &mut BTreeMap<ActionId, Reference>,
    read: impl Fn(Hash) -> Result<Answer, String>,
) {
    for (id, reference) in references {
        bring_one(id, reference, &read);
    }
}

fn bring_one(
    id: &ActionId,
    reference: &mut Reference,
    read: &impl Fn(Hash) -> Result<Answer, String>,
) {
    let Reference::Evidence(hash) = *reference else {
        return;
    };
    *reference = match read(hash) {
        Ok(answer) => Reference::Here(answer),
        Err(reason) => Reference::Missing(format!(
            "the result of {id} could not be read back from evidence ({reason}): run it again"
        )),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::request::Outcome;
    use crate::model::table::Rows;

    #[test]
    fn a_preview_shows_its_first_rows_and_counts_those_that_name_the_operator() {
        let row = |cells: &[&str]| cells.iter().map(|cell| Some((*cell).into())).collect();
        let mut rows: Vec<Row> = vec![vec![None, Some("Alice ".into())], row(&["7", "alice2"])];
        rows.extend((0..2_500).map(|number| row(&[&number.to_string(), "bob"])));
        rows.push(row(&["alice", "ALICE"]));
        let answer = Answer {
            outcome: Outcome::default(),
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: Timestamp::UNIX_EPOCH,
            body: AnswerBody::Table {
                columns: vec![],
                rows: Rows::from_vec(rows.clone()),
            },
        };
        let (sample, own) = look_at_preview(&answer, "alice");
        assert_eq!((sample.as_slice(), own), (&rows[..limits::PREVIEW_ROWS], 2));
        assert_eq!(look_at_preview(&answer, "").1, 0);
    }

    #[test]
    fn what_cannot_be_read_back_is_missing_and_says_why() {
        let id = ActionId::new("count");
        let mut references = BTreeMap::from([(id.clone(), Reference::Evidence(Hash::default()))]);
        bring(&mut references, |_| Err("the file is gone".to_owned()));
        let Some(Reference::Missing(reason)) = references.get(&id) else {
            panic!("{references:?}");
        };
        assert!(reason.contains("the file is gone") && reason.contains("run it again"));
    }
}
