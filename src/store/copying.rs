//! In: the file of a database, which others may have open. Out: one file that is a whole database by itself, and what a file holds.
//! Forgets: what was deleted, which is not copied, and to which journal the database belonged.
//!
//! A copy is one read transaction (`VACUUM INTO`): whoever writes is not waited for and does not wait, and it never begins again, as
//! SQLite's backup API does whenever another program writes.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode as SqliteCode, OpenFlags};

use super::sqlite::{immutable, schema};
use super::{DatabaseId, JournalId, JournalPosition, StoreError};
use crate::limits;
use crate::site::{Day, SiteId};

/// What stands behind the id of a database where one is noted as the origin of another.
const ORIGIN: [u8; 16] = *b"headcount origin";

/// What every database of SQLite begins with (sqlite.org/fileformat2.html).
const HEAD: &[u8; 16] = b"SQLite format 3\0";

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// The version of its schema.
    pub version: i64,
    /// What tells it from other databases, if it has it: random, and new in each copy.
    pub id: Option<[u8; 16]>,
    /// Number of its last flush.
    pub flush: u64,
    /// How many sites are declared.
    pub sites: u64,
    /// The last day that has sums.
    pub last_day: Option<Day>,
    /// Bytes of its pages that are in use.
    pub bytes: u64,
}

/// Opens a file to read it. Where it can be, its log is used and brought in when nobody else has it open, as SQLite does by itself.
pub(super) fn opened(path: &Path) -> Result<Connection, StoreError> {
    refuse_others(path)?;
    let read_write = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let first = usable(path, read_write).or_else(|why| match why {
        StoreError::Corrupt | StoreError::Busy => Err(why),
        _ => usable(path, read_only),
    });
    match first {
        Ok(connection) => Ok(connection),
        // In a folder that can't be written to there is no room for the log's index; a file that has no log needs none.
        Err(StoreError::Other(_)) if !has_log(path) => usable(&immutable(path), read_only | OpenFlags::SQLITE_OPEN_URI),
        Err(why) => Err(why),
    }
}

/// Refuses what is no database of ours while nothing has it open: SQLite removes the log beside an empty file, and brings in that of any
/// other.
fn refuse_others(path: &Path) -> Result<(), StoreError> {
    // Who has it open has looked.
    if super::sqlite::is_open_here(path) {
        return Ok(());
    }
    // A pipe would be waited for.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(StoreError::NotOurs("it is no file".into()));
    }
    let mut head = [0; HEAD.len()];
    match File::open(path).and_then(|mut file| file.read_exact(&mut head)) {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Ok(()),
        Err(_) if fs::metadata(path)?.len() == 0 => {
            return Err(StoreError::NotOurs("it is empty, and no database of headcount".into()));
        }
        Ok(()) if head == *HEAD => {}
        _ => return Err(StoreError::Corrupt),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    // What can't be read so is said when it is opened.
    match Connection::open_with_flags(immutable(path), flags).map_err(StoreError::from).and_then(|file| is_ours(&file))
    {
        Ok(false) => Err(not_ours()),
        _ => Ok(()),
    }
}

fn is_ours(connection: &Connection) -> Result<bool, StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables = ["sites", "flushes", "names"].map(|table| has(connection, table));
    Ok(version >= 1 && tables.into_iter().collect::<Result<Vec<_>, _>>()?.iter().all(|is_there| *is_there))
}

fn not_ours() -> StoreError {
    StoreError::NotOurs("it is no database of headcount".into())
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn usable(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(limits::STORE_BUSY_S))?;
    connection.pragma_update(None, "cache_size", -limits::STORE_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    let _: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(connection)
}

/// The version of a file's schema, whatever else can be read of it.
///
/// # Errors
/// [`StoreError`]
pub fn version(path: &Path) -> Result<i64, StoreError> {
    Ok(opened(path)?.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// The same by the head of a file that can't be opened, without what is in its log; nothing where even that can't be read. Nobody may
/// have it open in this program.
pub fn version_in_head(path: &Path) -> Option<i64> {
    // Its last four bytes are the version.
    let mut head = [0; 64];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).ok()?;
    let version = u32::from_be_bytes(*head.last_chunk()?);
    head.starts_with(HEAD).then_some(i64::from(version))
}

/// What a file holds.
///
/// # Errors
/// [`StoreError`]; `Corrupt` also for what is no database, `NotOurs` for one of another program, `Other` for one of a newer version.
pub fn facts(path: &Path) -> Result<FileFacts, StoreError> {
    facts_of(&opened(path)?)
}

fn facts_of(connection: &Connection) -> Result<FileFacts, StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    schema::refuse_newer(version)?;
    if !is_ours(connection).unwrap_or(false) {
        return Err(not_ours());
    }
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let flush = number("SELECT number FROM flushes")?;
    let sites = number("SELECT count(*) FROM sites")?;
    let id = match has(connection, "journal")? {
        true => connection.query_row("SELECT \"database\" FROM journal", [], |row| row.get(0)).map(Some)?,
        false => None,
    };
    let last_day = match has(connection, "site_totals")? {
        true => "SELECT max(bucket) FROM site_totals WHERE grain = 1",
        false => "SELECT max(bucket) FROM days",
    };
    let last_day: Option<i32> = connection.query_row(last_day, [], |row| row.get(0))?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let bytes = (pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?;
    Ok(FileFacts {
        version,
        id,
        flush: flush.max(0) as u64,
        sites: sites.max(0) as u64,
        last_day: last_day.map(Day),
        bytes: bytes.max(0) as u64,
    })
}

fn has(connection: &Connection, table: &str) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?";
    Ok(connection.query_row(sql, [table], |row| row.get::<_, i64>(0))? > 0)
}

/// Copies a database into a file that is there and empty. `look` is called now and then; when it says so, the copy is given up.
///
/// The copy has an id of its own and no journal: nothing that was made for the first file is added to it by itself. It remembers which that
/// was, and how far it was with its journal ([`origins`]).
///
/// # Errors
/// [`StoreError`]; `Interrupted` where it was given up. What stands in the file then is of no use.
pub fn copy(from: &Path, to: &Path, mut look: impl FnMut() -> bool) -> Result<FileFacts, StoreError> {
    let source = opened(from)?;
    facts_of(&source)?;
    let to_text = to.to_str().ok_or_else(|| StoreError::Other("its path is no text".into()))?;
    let handle = source.get_interrupt_handle();
    std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        let work = scope.spawn(move || {
            let copied = source.execute("VACUUM INTO ?", [to_text]);
            _ = done.send(());
            // Closed here: when nobody else has it open, its log goes with it.
            drop(source);
            copied
        });
        while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(Duration::from_millis(limits::COPY_LOOK_MS)) {
            if !look() {
                handle.interrupt();
            }
        }
        match work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(SqliteCode::OperationInterrupted) => {
                Err(StoreError::Interrupted)
            }
            Err(error) => Err(StoreError::from(error)),
        }
    })?;
    make_own(to)
}

/// Gives a copy an id of its own.
fn make_own(copy: &Path) -> Result<FileFacts, StoreError> {
    let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    // Pages of a copy lie elsewhere: no log that was written for the first file may be taken for its own, and this number is what tells.
    let mark: i64 = connection.query_row("SELECT abs(random() % 2147483646) + 1", [], |row| row.get(0))?;
    connection.pragma_update(None, "application_id", mark)?;
    if has(&connection, "journal")? {
        if has(&connection, "batches")? {
            remember_origin(&connection)?;
        }
        let sql = "UPDATE journal SET \"database\" = randomblob(16), id = NULL, segment = 0, \"offset\" = 0";
        connection.execute(sql, [])?;
    }
    facts_of(&connection)
}

/// The id of a copy that nobody has open. One of a version that had none is brought up to date for it.
///
/// # Errors
/// [`StoreError`]
pub fn told_apart(copy: &Path) -> Result<[u8; 16], StoreError> {
    if let Some(id) = facts(copy)?.id {
        return Ok(id);
    }
    let mut connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    schema::migrate(&mut connection)?;
    facts_of(&connection)?.id.ok_or(StoreError::Corrupt)
}

/// Notes of which database this is a copy, and how far that was with a journal: by both it is known what of spilled sums is in it.
fn remember_origin(copy: &Connection) -> Result<(), StoreError> {
    let sql = "SELECT \"database\", id, segment, \"offset\" FROM journal";
    let (database, drained) = copy.query_row(sql, [], |row| {
        let [segment, offset] = [row.get(2)?, row.get(3)?].map(|number: i64| number.max(0) as u64);
        let position = |journal| JournalPosition { journal: JournalId(journal), segment, offset };
        Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Option<[u8; 16]>>(1)?.map(position)))
    })?;
    let origin = [database, ORIGIN].concat();
    let drained = drained.map(|position| position.as_id().0.to_vec());
    for id in [origin].into_iter().chain(drained) {
        copy.execute("INSERT OR IGNORE INTO batches VALUES (?, ?)", rusqlite::params![id, i32::MAX])?;
    }
    Ok(())
}

/// The databases of which a file is a copy, or a copy of a copy.
///
/// # Errors
/// [`StoreError`]
pub fn origins(path: &Path) -> Result<Vec<DatabaseId>, StoreError> {
    let connection = opened(path)?;
    if !has(&connection, "batches")? {
        return Ok(Vec::new());
    }
    let mut find = connection.prepare("SELECT substr(id, 1, 16) FROM batches WHERE substr(id, 17) = ?")?;
    let found = find.query_map([ORIGIN], |row| Ok(DatabaseId(row.get(0)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The sites of a file by number, and their domains.
///
/// # Errors
/// [`StoreError`]
pub fn sites(path: &Path) -> Result<Vec<(SiteId, String)>, StoreError> {
    let connection = opened(path)?;
    let mut find = connection.prepare("SELECT id, domain FROM sites")?;
    let found = find.query_map([], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))?;
    // What is of the instance has no row.
    let found: Vec<_> = found.collect::<Result<_, _>>()?;
    Ok([(SiteId::INSTANCE, String::new())].into_iter().chain(found).collect())
}

/// Whether a file is sound as far as a look at its structure tells.
///
/// # Errors
/// [`StoreError`]; `Corrupt` where it is not.
pub fn look_through(path: &Path) -> Result<FileFacts, StoreError> {
    let connection = opened(path)?;
    let facts = facts_of(&connection)?;
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(facts) } else { Err(StoreError::Corrupt) }
}

/// Brings the log of a file into it, so that it is whole by itself.
///
/// # Errors
/// [`StoreError`]; `Busy` where somebody else has it open.
pub fn settle(path: &Path) -> Result<(), StoreError> {
    refuse_others(path)?;
    let connection = usable(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    super::sqlite::settle(&connection)
}
