//! Rows of an answer on their way to the file that the screen reads, within the caps of a request.

use super::Run;
use crate::model::limits;
use crate::model::request::{Chunk, Outcome, RunError};
use crate::model::table::Column;
use crate::sources::spill::SpillWriter;

/// How the live source of a language shows that rows arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Columns come with the first rows.
    Postgres,
    /// Columns come before any row.
    Kusto,
}

impl Manner {
    /// Rows of the first report: few, so that they are on screen soon.
    const fn first(self) -> u64 {
        match self {
            Self::Postgres => 100,
            Self::Kusto => 200,
        }
    }
}

/// Keeps the rows and hands them over. The outcome tells their number, and what cut them.
pub(super) fn send(
    run: &Run,
    manner: Manner,
    columns: Vec<Column>,
    rows: impl Iterator<Item = Vec<Option<String>>>,
) -> Result<Outcome, RunError> {
    let folder = &run.simulation.spill_folder;
    let mut writer = SpillWriter::create(folder, columns.len(), limits::RESULT_BYTES)
        .map_err(|error| not_kept(&error))?;
    let mut head = Some(Chunk::Columns {
        columns,
        rows: writer.rows(),
    });
    if manner == Manner::Kusto
        && let Some(head) = head.take()
    {
        run.hand_over(head)?;
    }
    let most = run.request.limit.max(1);
    let (mut total, mut cut) = (0, None);
    for row in rows {
        if total >= most {
            cut = Some(format!("row cap: only the first {most} rows"));
            break;
        }
        let cells = row.iter().map(|cell| cell.as_ref().map(String::as_bytes));
        if !writer.push(cells).map_err(|error| not_kept(&error))? {
            cut = Some(format!(
                "byte cap: only the first {total} rows, {} bytes are kept",
                limits::RESULT_BYTES
            ));
            break;
        }
        total += 1;
        if total == manner.first() || total.is_multiple_of(limits::FETCH_ROWS) {
            publish(run, &mut writer, &mut head)?;
        }
    }
    let total = publish(run, &mut writer, &mut head)?;
    Ok(Outcome {
        rows: Some(total),
        truncated: cut,
        ..Outcome::default()
    })
}

fn publish(run: &Run, writer: &mut SpillWriter, head: &mut Option<Chunk>) -> Result<u64, RunError> {
    let total = writer.publish().map_err(|error| not_kept(&error))?;
    if let Some(head) = head.take() {
        run.hand_over(head)?;
    }
    run.hand_over(Chunk::Rows(total))?;
    Ok(total)
}

fn not_kept(error: &std::io::Error) -> RunError {
    RunError::failed(format!(
        "could not keep the result on disk: {error}; free some space and run it again"
    ))
}
