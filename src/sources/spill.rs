//! Rows of a result on disk: an unlinked temporary file that only this process can read, and that is gone when the
//! last handle on it is.
//!
//! Memory holds one offset for every [`INDEX_EVERY`] rows. The writer appends while others read; a reader sees only
//! rows that were published whole. This module does not know where rows come from.

use std::fs::{File, Permissions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use crate::model::table::{Row, RowStore, Rows};

mod order;
mod time_text;

pub(super) use time_text::instant;

pub use order::{SORT_BYTES, sort_order};

/// Rows between two offsets kept in memory.
pub const INDEX_EVERY: usize = 64;
/// Bytes collected before they are written.
const WRITE_BYTES: usize = 256 * 1024;
/// Rows read at a time by sort and search.
const PASS_ROWS: usize = 1_024;
/// Marks NULL in place of a length.
const NULL: u32 = u32::MAX;

/// Appends rows and hands out a handle that reads them.
#[derive(Debug)]
pub struct SpillWriter {
    shared: Arc<Spill>,
    buffer: Vec<u8>,
    /// Offsets of the file reached by `buffer`'s start and by the rows pushed so far.
    written: u64,
    rows: usize,
    new_offsets: Vec<u64>,
    byte_cap: u64,
}

impl SpillWriter {
    /// A new file in `folder`, at most `byte_cap` bytes. The file has no name, and mode 0600.
    pub fn create(folder: &Path, columns: usize, byte_cap: u64) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(Self {
            shared: Arc::new(Spill {
                file,
                columns,
                offsets: RwLock::new(Vec::new()),
                len: AtomicUsize::new(0),
                bytes: AtomicU64::new(0),
            }),
            buffer: Vec::with_capacity(WRITE_BYTES),
            written: 0,
            rows: 0,
            new_offsets: Vec::new(),
            byte_cap,
        })
    }

    /// The handle that the screen reads.
    pub fn rows(&self) -> Rows {
        Rows(self.shared.clone())
    }

    /// Appends one row; missing cells become NULL. Returns false, and appends nothing, when the row would pass the
    /// byte cap. Nobody sees it before [`Self::publish`].
    pub fn push<'a>(
        &mut self,
        cells: impl IntoIterator<Item = Option<&'a [u8]>>,
    ) -> io::Result<bool> {
        let start = self.buffer.len();
        let mut cells = cells.into_iter();
        for _ in 0..self.shared.columns {
            let cell = cells.next().flatten();
            // A cell as long as the mark for NULL is far past any byte cap.
            let length = cell.map_or(NULL, |cell| u32::try_from(cell.len()).unwrap_or(NULL - 1));
            self.buffer.extend_from_slice(&length.to_le_bytes());
            self.buffer.extend_from_slice(cell.unwrap_or_default());
        }
        let offset = self.written + start as u64;
        if self.written + self.buffer.len() as u64 > self.byte_cap {
            self.buffer.truncate(start);
            return Ok(false);
        }
        if self.rows.is_multiple_of(INDEX_EVERY) {
            self.new_offsets.push(offset);
        }
        self.rows += 1;
        if self.buffer.len() >= WRITE_BYTES {
            self.write()?;
        }
        Ok(true)
    }

    /// Makes all rows pushed so far readable and returns their number.
    pub fn publish(&mut self) -> io::Result<u64> {
        self.write()?;
        self.shared
            .offsets
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .append(&mut self.new_offsets);
        self.shared.bytes.store(self.written, Ordering::Release);
        self.shared.len.store(self.rows, Ordering::Release);
        Ok(self.rows as u64)
    }

    fn write(&mut self) -> io::Result<()> {
        self.shared.file.write_all_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// The file and its index.
#[derive(Debug)]
struct Spill {
    file: File,
    columns: usize,
    offsets: RwLock<Vec<u64>>,
    len: AtomicUsize,
    bytes: AtomicU64,
}

impl Spill {
    /// The bytes of the index block that `block` is, as far as published.
    fn block(&self, block: usize) -> Option<Vec<u8>> {
        let (start, next) = {
            let offsets = self.offsets.read().unwrap_or_else(PoisonError::into_inner);
            (*offsets.get(block)?, offsets.get(block + 1).copied())
        };
        let end = next.unwrap_or_else(|| self.bytes.load(Ordering::Acquire));
        let mut bytes = vec![0; usize::try_from(end.checked_sub(start)?).ok()?];
        self.file.read_exact_at(&mut bytes, start).ok()?;
        Some(bytes)
    }
}

impl RowStore for Spill {
    fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    fn read(&self, range: Range<usize>) -> Vec<Row> {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        let mut rows = Vec::with_capacity(end - start);
        for block in start / INDEX_EVERY..end.div_ceil(INDEX_EVERY) {
            let Some(bytes) = self.block(block) else {
                return rows;
            };
            let first = block * INDEX_EVERY;
            let mut cells = Cells(&bytes);
            for row in first..end.min(first + INDEX_EVERY) {
                let read = if row < start {
                    cells.skip(self.columns)
                } else {
                    cells.row(self.columns).map(|row| rows.push(row))
                };
                if read.is_err() {
                    return rows;
                }
            }
        }
        rows
    }
}

/// Cells one after another: a length and the bytes.
struct Cells<'a>(&'a [u8]);

/// The file ends in the middle of a cell: it was cut by something else than this program.
struct Torn;

impl<'a> Cells<'a> {
    fn next(&mut self) -> Result<Option<&'a [u8]>, Torn> {
        let (length, rest) = self.0.split_first_chunk::<4>().ok_or(Torn)?;
        let length = u32::from_le_bytes(*length);
        let size = if length == NULL { 0 } else { length as usize };
        let (cell, rest) = rest.split_at_checked(size).ok_or(Torn)?;
        self.0 = rest;
        Ok((length != NULL).then_some(cell))
    }

    fn skip(&mut self, columns: usize) -> Result<(), Torn> {
        for _ in 0..columns {
            self.next()?;
        }
        Ok(())
    }

    fn row(&mut self, columns: usize) -> Result<Row, Torn> {
        let mut row = Row::with_capacity(columns);
        for _ in 0..columns {
            row.push(
                self.next()?
                    .map(|cell| String::from_utf8_lossy(cell).into()),
            );
        }
        Ok(row)
    }
}

/// Rows in another order, or some of them: the numbers of `order` in `rows`.
#[derive(Debug, Clone)]
pub struct SortedRows {
    rows: Rows,
    order: Arc<[u32]>,
}

impl SortedRows {
    /// A view of `rows`; a number past their end reads as nothing.
    pub fn new(rows: Rows, order: Arc<[u32]>) -> Self {
        Self { rows, order }
    }
}

impl RowStore for SortedRows {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn read(&self, range: Range<usize>) -> Vec<Row> {
        let end = range.end.min(self.order.len());
        self.order
            .get(range.start.min(end)..end)
            .unwrap_or_default()
            .iter()
            .flat_map(|row| self.rows.read(*row as usize..*row as usize + 1))
            .collect()
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Numbers of the matching rows, ascending.
    pub rows: Vec<u32>,
    /// Rows looked at.
    pub searched: usize,
    /// True when it stopped at its limit, with rows left to look at.
    pub more: bool,
}

/// Finds the rows with a cell that contains `text`, at most `limit`. Case counts only when `text` has an upper-case
/// letter. `progress` gets every batch of matches as it is found. Returns what was found until then when cancelled.
pub fn search(
    rows: &Rows,
    text: &str,
    limit: usize,
    cancel: &CancellationToken,
    mut progress: impl FnMut(&[u32]),
) -> Found {
    let mut found = Found::default();
    let pattern = regex::RegexBuilder::new(&regex::escape(text))
        .case_insensitive(!text.chars().any(char::is_uppercase))
        .build();
    let Ok(pattern) = pattern else {
        return found;
    };
    let len = rows.len();
    while found.searched < len && !cancel.is_cancelled() {
        let known = found.rows.len();
        let batch = rows.read(found.searched..len.min(found.searched + PASS_ROWS));
        if batch.is_empty() {
            break;
        }
        for row in batch {
            let matches = row.iter().flatten().any(|cell| pattern.is_match(cell));
            if matches && found.rows.len() == limit {
                found.more = true;
                break;
            }
            if matches {
                found.rows.push(found.searched as u32);
            }
            found.searched += 1;
        }
        if let Some(new @ [_, ..]) = found.rows.get(known..) {
            progress(new);
        }
        if found.more {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Option<&[u8]>> {
        text.split('|')
            .map(|cell| (cell != "NULL").then_some(cell.as_bytes()))
            .collect()
    }

    fn row(text: &str) -> Row {
        text.split('|')
            .map(|cell| (cell != "NULL").then(|| cell.into()))
            .collect()
    }

    #[test]
    fn rows_come_back_as_they_were_pushed() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SpillWriter::create(folder.path(), 3, 1_000_000).unwrap();
        let rows = writer.rows();
        for number in 0..1_000 {
            let text = format!("{number}|NULL|{}", "é".repeat(number % 7));
            assert!(writer.push(cells(&text)).unwrap());
            if number % 100 == 50 {
                assert_eq!(writer.publish().unwrap(), number as u64 + 1);
            }
            let published = (number + 50) / 100 * 100;
            assert_eq!(rows.len(), published.saturating_sub(49), "{number}");
        }
        writer.publish().unwrap();
        for range in [0..10, 63..65, 64..128, 990..1_005, 500..500, 2_000..2_001] {
            let expected: Vec<Row> = range
                .clone()
                .take_while(|number| *number < 1_000)
                .map(|number| row(&format!("{number}|NULL|{}", "é".repeat(number % 7))))
                .collect();
            assert_eq!(rows.read(range.clone()), expected, "{range:?}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn nobody_else_may_open_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let writer = SpillWriter::create(folder.path(), 1, 10).unwrap();
        let mode = writer.shared.file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_byte_cap_refuses_a_row_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SpillWriter::create(folder.path(), 1, 20).unwrap();
        assert!(writer.push(cells("12345678")).unwrap());
        assert!(!writer.push(cells("123456789")).unwrap());
        assert!(writer.push(cells("1234")).unwrap());
        writer.publish().unwrap();
        assert_eq!(writer.rows().read(0..9), [row("12345678"), row("1234")]);
    }

    #[test]
    fn reading_while_writing_sees_whole_rows_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SpillWriter::create(folder.path(), 2, 100_000_000).unwrap();
        let rows = writer.rows();
        let reader = std::thread::spawn(move || {
            let mut seen = 0;
            while seen < 20_000 {
                seen = rows.len();
                for (at, row) in rows.read(seen.saturating_sub(100)..seen).iter().enumerate() {
                    let number = seen.saturating_sub(100) + at;
                    assert_eq!(row[0].as_deref(), Some(number.to_string().as_str()));
                }
            }
        });
        for number in 0..20_000 {
            let text = format!("{number}|{}", "x".repeat(number % 300));
            writer.push(cells(&text)).unwrap();
            if number % 37 == 0 {
                writer.publish().unwrap();
            }
        }
        writer.publish().unwrap();
        reader.join().unwrap();
    }

    #[test]
    fn search_reports_as_it_goes_and_stops_at_its_limit() {
        let rows = Rows::from_vec(
            (0..5_000)
                .map(|number| row(&format!("{number}|Straße {}|NULL", number % 10)))
                .collect(),
        );
        let never = CancellationToken::new();
        let mut batches = Vec::new();
        let found = search(&rows, "STRASSE".to_lowercase().as_str(), 10, &never, |_| {});
        assert_eq!(
            found,
            Found {
                rows: vec![],
                searched: 5_000,
                more: false
            }
        );
        let found = search(&rows, "straße 3", 200, &never, |new| {
            batches.push(new.len());
        });
        assert_eq!(found.rows.len(), 200);
        assert_eq!(found.rows[1], 13);
        assert!(found.more);
        assert_eq!(batches.iter().sum::<usize>(), 200);
        assert!(batches.len() > 1);
        assert!(search(&rows, "sTRAßE 3", 9, &never, |_| {}).rows.is_empty());
        assert!(search(&rows, "(", 9, &never, |_| {}).rows.is_empty());
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        assert_eq!(search(&rows, "3", 9, &cancelled, |_| {}).searched, 0);
    }

    #[test]
    fn a_view_in_another_order_reads_its_window() {
        let rows = Rows::from_vec((0..300).map(|number| row(&number.to_string())).collect());
        let view = SortedRows::new(rows, (0..300).rev().step_by(2).collect());
        assert_eq!(view.len(), 150);
        assert_eq!(view.read(0..2), [row("299"), row("297")]);
        assert_eq!(view.read(149..160), [row("1")]);
    }
}
