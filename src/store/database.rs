//! The SQLite file: schema, settings, statements. The only SQL of the store is here.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, params};

use super::StoreError;
use crate::incident::Incident;
use crate::model::limits;
use crate::record::chain::Head;
use crate::record::entry::{Entry, Hash};
use crate::record::raw::RawEntry;

/// How a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// Until the bytes are there: a power cut loses nothing that was acknowledged.
    Full,
    /// Not at all for most commits: a power cut may lose the last ones.
    Normal,
    /// Never: whoever asked for it syncs the files.
    Off,
}

/// Steps from one format to the next. Only ever added to: `user_version` counts those that a file has seen.
const MIGRATIONS: &[&str] = &["
    -- Arrival order is the row's number; the incident's order is (clock, writer).
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        writer TEXT NOT NULL,
        seq INTEGER NOT NULL,
        clock INTEGER NOT NULL,
        hash BLOB NOT NULL,
        entry TEXT NOT NULL,
        signature BLOB NOT NULL,
        salt BLOB NOT NULL,
        body TEXT,
        UNIQUE (writer, seq)
    ) STRICT;
    CREATE INDEX entries_in_order ON entries (clock, writer);
    -- A cache of the folded incident; may be emptied at any time.
    CREATE TABLE fold (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        version TEXT NOT NULL,
        through INTEGER NOT NULL,
        incident TEXT NOT NULL
    ) STRICT;
"];

/// A fold cached by another version may lack what this one folds: the number rises with every change of the fold.
const FOLD_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " fold 6");

/// Turns an error of SQLite into one that names what was tried.
fn failed(operation: &'static str, path: &str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Database {
        operation,
        path,
        source,
    }
}

/// Opens the file, makes sure of its settings and brings its format up to date.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    connect(path, Synchronous::Full)
}

/// Makes the tables in an empty file. Nothing waits for the disk before [`set_synchronous`] says so: nothing is acknowledged
/// before the first entries, and the whole costs one wait with them, not one a step.
pub(super) fn create(path: &Path) -> Result<Connection, StoreError> {
    connect(path, Synchronous::Off)
}

fn connect(path: &Path, synchronous: Synchronous) -> Result<Connection, StoreError> {
    let name = path.display().to_string();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed("open", &name))?;
    connection
        .busy_timeout(limits::LOCK_TIMEOUT)
        .map_err(failed("open", &name))?;
    set_synchronous(&connection, &name, synchronous)?;
    set(&connection, &name, "journal_mode", "wal", "wal")?;
    set(&connection, &name, "foreign_keys", "on", "1")?;
    set(&connection, &name, "trusted_schema", "off", "0")?;
    migrate(&mut connection, &name)?;
    Ok(connection)
}

pub(super) fn set_synchronous(
    connection: &Connection,
    path: &str,
    synchronous: Synchronous,
) -> Result<(), StoreError> {
    match synchronous {
        Synchronous::Off => set(connection, path, "synchronous", "off", "0"),
        Synchronous::Full => set(connection, path, "synchronous", "full", "2"),
        Synchronous::Normal => set(connection, path, "synchronous", "normal", "1"),
    }
}

/// Sets a pragma and reads it back: SQLite ignores in silence what it cannot do.
fn set(
    connection: &Connection,
    path: &str,
    setting: &'static str,
    value: &str,
    expected: &str,
) -> Result<(), StoreError> {
    connection
        .pragma_update(None, setting, value)
        .map_err(failed("configure", path))?;
    let found = connection
        .pragma_query_value(None, setting, |row| {
            Ok(match row.get_ref(0)? {
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            })
        })
        .map_err(failed("configure", path))?;
    if found == expected {
        Ok(())
    } else {
        Err(StoreError::Setting {
            path: path.to_owned(),
            setting,
            expected: expected.to_owned(),
            found,
        })
    }
}

/// Migrations applied so far; 0 for a file without tables.
fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.pragma_query_value(None, "user_version", |row| {
        row.get::<_, u32>(0).map(|version| version as usize)
    })
}

pub(super) fn begin(connection: &Connection, path: &str) -> Result<(), StoreError> {
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(failed("begin a group of entries in", path))
}

/// Every read until the value is dropped sees one state of the file.
pub(super) fn moment<'a>(
    connection: &'a Connection,
    path: &str,
) -> Result<rusqlite::Transaction<'a>, StoreError> {
    connection
        .unchecked_transaction()
        .map_err(failed("read", path))
}

pub(super) fn commit(connection: &Connection, path: &str) -> Result<(), StoreError> {
    connection
        .execute_batch("COMMIT")
        .map_err(failed("commit a group of entries to", path))
}

fn migrate(connection: &mut Connection, path: &str) -> Result<(), StoreError> {
    let refuse_newer = |found: usize| {
        if found > MIGRATIONS.len() {
            return Err(StoreError::Newer {
                path: path.to_owned(),
                found,
                known: MIGRATIONS.len(),
            });
        }
        Ok(found)
    };
    let found = version(connection).map_err(failed("read the format of", path))?;
    if refuse_newer(found)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(failed("bring up to date", path))?;
    // Another process may have done it while this one waited for the lock.
    let found = version(&transaction).map_err(failed("read the format of", path))?;
    for step in MIGRATIONS.iter().skip(refuse_newer(found)?) {
        transaction
            .execute_batch(step)
            .map_err(failed("bring up to date", path))?;
    }
    transaction
        .pragma_update(None, "user_version", MIGRATIONS.len() as u32)
        .and_then(|()| transaction.commit())
        .map_err(failed("bring up to date", path))
}

pub(super) fn append(
    connection: &Connection,
    path: &str,
    entry: &Entry,
    raw: &RawEntry,
) -> Result<i64, StoreError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let inserted = connection
        .prepare_cached(
            "INSERT INTO entries (writer, seq, clock, hash, entry, signature, salt, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .and_then(|mut statement| {
            statement.insert(params![
                entry.writer,
                entry.seq.cast_signed(),
                entry.clock.cast_signed(),
                raw.hash.0,
                text(&raw.entry),
                raw.signature,
                raw.salt,
                raw.body.as_deref().map(text),
            ])
        });
    match inserted {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            let stored = connection
                .query_row(
                    "SELECT id, hash FROM entries WHERE writer = ?1 AND seq = ?2",
                    params![entry.writer, entry.seq.cast_signed()],
                    |row| Ok((row.get(0)?, Hash(row.get(1)?))),
                )
                .optional()
                .map_err(failed("append to", path))?;
            match stored {
                Some((row, hash)) if hash == raw.hash => Ok(row),
                _ => Err(StoreError::Conflict {
                    path: path.to_owned(),
                    seq: entry.seq,
                }),
            }
        }
        other => other.map_err(failed("append to", path)),
    }
}

/// Rows are never deleted, so the last row's number is their count.
pub(super) fn count(connection: &Connection, path: &str) -> Result<u64, StoreError> {
    connection
        .query_row("SELECT coalesce(max(id), 0) FROM entries", [], |row| {
            row.get::<_, i64>(0).map(i64::cast_unsigned)
        })
        .map_err(failed("count entries of", path))
}

pub(super) fn data_version(connection: &Connection, path: &str) -> Result<i64, StoreError> {
    connection
        .prepare_cached("PRAGMA data_version")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(failed("read", path))
}

/// A row's number and its entry.
type Numbered = (i64, RawEntry);

pub(super) fn since(
    connection: &Connection,
    path: &str,
    row: i64,
    count: u64,
) -> Result<Vec<Numbered>, StoreError> {
    let sql = "SELECT id, entry, hash, signature, salt, body FROM entries
               WHERE id > ?1 ORDER BY id LIMIT ?2";
    select(connection, path, sql, [row, limit(count)])
}

pub(super) fn in_order(
    connection: &Connection,
    path: &str,
    first: u64,
    count: u64,
) -> Result<Vec<Numbered>, StoreError> {
    // The inner query steps over positions in the index alone.
    let sql = "SELECT id, entry, hash, signature, salt, body FROM entries WHERE id IN
                   (SELECT id FROM entries ORDER BY clock, writer, id LIMIT ?2 OFFSET ?1)
               ORDER BY clock, writer, id";
    select(connection, path, sql, [limit(first), limit(count)])
}

/// Newest first.
pub(super) fn newest(
    connection: &Connection,
    path: &str,
    count: u64,
) -> Result<Vec<Numbered>, StoreError> {
    let sql = "SELECT id, entry, hash, signature, salt, body FROM entries
               ORDER BY clock DESC, writer DESC, id DESC LIMIT ?2 + ?1";
    select(connection, path, sql, [0, limit(count)])
}

fn limit(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn select(
    connection: &Connection,
    path: &str,
    sql: &str,
    parameters: [i64; 2],
) -> Result<Vec<Numbered>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, read_row)?.collect())
        .map_err(failed("read", path))
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Numbered> {
    // As bytes: what somebody else wrote into a text column need not be UTF-8.
    let raw = RawEntry {
        entry: row.get_ref(1)?.as_bytes()?.to_vec(),
        hash: Hash(row.get(2)?),
        signature: row.get(3)?,
        salt: row.get(4)?,
        body: row.get_ref(5)?.as_bytes_or_null()?.map(<[u8]>::to_vec),
    };
    Ok((row.get(0)?, raw))
}

/// Goes from writer to writer in the index, so that the time it takes depends on writers and not on entries.
pub(super) fn heads(connection: &Connection, path: &str) -> Result<Vec<Head>, StoreError> {
    let sql = "WITH RECURSIVE writers (name) AS (
                   SELECT min(writer) FROM entries
                   UNION ALL
                   SELECT (SELECT min(writer) FROM entries WHERE writer > name)
                   FROM writers WHERE name IS NOT NULL
               )
               SELECT writer, seq, clock, hash FROM writers JOIN entries ON writer = name
               WHERE seq = (SELECT max(seq) FROM entries WHERE writer = name)";
    connection
        .prepare(sql)
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Head {
                        writer: row.get(0)?,
                        seq: row.get::<_, i64>(1)?.cast_unsigned(),
                        clock: row.get::<_, i64>(2)?.cast_unsigned(),
                        hash: Hash(row.get(3)?),
                    })
                })?
                .collect()
        })
        .map_err(failed("read", path))
}

/// The cached fold and the last row in it; none when there is no cache that this version can use.
pub(super) fn cached_fold(
    connection: &Connection,
    path: &str,
) -> Result<Option<(Incident, i64)>, StoreError> {
    let cached: Option<(String, i64)> = connection
        .query_row(
            "SELECT incident, through FROM fold WHERE version = ?1",
            [FOLD_VERSION],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(failed("read", path))?;
    Ok(cached.and_then(|(text, through)| Some((serde_json::from_str(&text).ok()?, through))))
}

pub(super) fn save_fold(
    connection: &Connection,
    path: &str,
    incident: &Incident,
    through: i64,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(incident).map_err(|error| StoreError::Io {
        operation: "keep the fold of",
        path: path.to_owned(),
        source: error.into(),
    })?;
    connection
        .execute(
            "INSERT INTO fold (id, version, through, incident) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET version = ?1, through = ?2, incident = ?3
             WHERE version != ?1 OR through < ?2",
            params![FOLD_VERSION, through, text],
        )
        .map(|_| ())
        .map_err(failed("keep the fold of", path))
}
