//! In: sums that are not stored yet, and what operators declare. Out: sums over a range, and what was declared. Forgets: nothing;
//! what never reaches this module can't be read from a disk.
//!
//! Two halves. [`SumStore`] keeps what was counted; its documentation is the contract that every store of sums fulfils, and
//! `tests/store/contract.rs` is the same contract as tests. [`Operators`] keeps what was declared: sites, users, tokens,
//! shares; that is SQLite always. [`open`] is the only place where the rest of the program meets SQLite.

pub mod check;
pub mod copying;
mod inspection;
pub mod mending;
mod operators;
pub mod spill;
mod sqlite;
pub mod sums;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::site::Site;
pub use inspection::{
    ALLOWED, AllowedColumn, AllowedTable, CellCounts, ColumnContent, GivenShare, Inspection, KeptSpan, PageOwner,
    ReadCells, SiteFacts, StoredIndex, StoredTable, StoredText, StrayPart,
};
pub use operators::{LanguageFileState, Operators, SiteError, UserError};
pub use sqlite::{Moved, file_numbers};
pub use sums::{
    AddedValues, AdoptedStore, Ask, BotCount, CellSource, CountedBy, Cut, DatabaseId, DayState, Doubt, Ended, Flush,
    Forgetting, Grain, Imported, InMemory, Interrupt, JournalId, JournalMark, JournalPosition, JournalState,
    LargestValue, MailSum, Mended, NamesMark, OTHER_PAGES, PublishingDay, ReadMeter, Rejected, ReleaseOrder,
    RemovedCells, RowsBy, StoredSums, SumRow, SumSnapshot, SumStore, TakenOut, TakenOutOf,
};

/// What one data folder holds.
#[derive(Debug, Clone)]
pub struct Stores {
    /// What was counted.
    pub sums: Arc<dyn SumStore>,
    /// What was declared.
    pub operators: Arc<Operators>,
    /// Logs of other databases that lay beside the file, by their new names.
    pub set_aside: Vec<PathBuf>,
}

/// Opens the database of a data folder, makes it if there is none, and brings it up to date. Both halves are in one file.
///
/// # Errors
/// [`StoreError`]; `NotOurs` for what is no database of this program; `Other` also for a file that a newer version wrote.
pub fn open(path: &Path) -> Result<Stores, StoreError> {
    opened(path, false)
}

/// The same of a file in which tables are damaged that are not needed to begin: what can't be read of them is left out.
///
/// # Errors
/// [`StoreError`]; `Corrupt` where nothing can begin without what is damaged.
pub fn open_damaged(path: &Path) -> Result<Stores, StoreError> {
    opened(path, true)
}

fn opened(path: &Path, is_damaged: bool) -> Result<Stores, StoreError> {
    let (file, set_aside) = sqlite::SqliteFile::open(path)?;
    let file = Arc::new(file);
    let sums = sums::sqlite::SqliteSums::of(file.clone(), is_damaged)?;
    Ok(Stores { sums: Arc::new(sums), operators: Arc::new(Operators::of(file)), set_aside })
}

impl Stores {
    /// Reads all that a collector begins with.
    ///
    /// # Errors
    /// [`StoreError`]; `Corrupt` where something of it is damaged.
    pub fn look(&self) -> Result<(), StoreError> {
        let (sums, operators) = (&self.sums, &self.operators);
        operators.sites()?;
        operators.known_key("")?;
        sums.last_flush()?;
        sums.journal_state()?;
        sums.believed_day()?;
        sums.announced_removals()?;
        sums.publishing()?;
        sums.open_days()?;
        // No name has it, and all are read.
        sums.names_with("\n").map(drop)
    }
}

/// What was read; nothing where it is damaged. A start goes on without it, which the check says.
///
/// # Errors
/// [`StoreError`] of any other kind.
pub(crate) fn unless_damaged<T: Default>(read: Result<T, StoreError>) -> Result<T, StoreError> {
    if matches!(read, Err(StoreError::Corrupt)) { Ok(T::default()) } else { read }
}

/// Keeps a log aside that lies beside a database and belongs to another one or to another state of it: whoever opens the database would
/// take it for its own. Tells the new names. For whoever has the database not open.
///
/// # Errors
/// [`StoreError`]
pub fn set_foreign_aside(path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    match std::fs::canonicalize(path) {
        Ok(file) if std::fs::metadata(&file)?.len() > 0 => sqlite::set_foreign_aside(&file),
        // What can't be opened takes no log.
        _ => Ok(Vec::new()),
    }
}

/// The sites that a data folder declares, read while another program may own it. Nothing is written or brought up to date.
///
/// # Errors
/// [`StoreError`]; `Other` also for a file of another version of the schema.
pub fn declared_sites(path: &Path) -> Result<Vec<Site>, StoreError> {
    operators::sites_of(&sqlite::reader_of(path)?)
}

/// What went wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another program holds the file; a later try may succeed.
    #[error("the database is in use by another program")]
    Busy,
    /// There is no room left.
    #[error("the disk is full")]
    Full,
    /// The file is damaged or no database.
    #[error("the database is damaged; restore a backup")]
    Corrupt,
    /// Whoever asked waits no more, or has to wait for their turn.
    #[error("the question was given up")]
    Interrupted,
    /// The answer takes more memory than one question may have.
    #[error("the answer is too large")]
    TooLarge,
    /// It is no database of this program; with the way out.
    #[error("{0}")]
    NotOurs(String),
    /// The path leads to another file than the one that is open, or to none.
    #[error("{0}")]
    Moved(Moved),
    /// It was removed, and can't be written anywhere; with the reason.
    #[error("the database is lost: it was removed while it was open, and no folder takes a copy of it ({0})")]
    Lost(String),
    /// Anything else, in the words of the library.
    #[error("the database failed: {0}")]
    Other(String),
}
