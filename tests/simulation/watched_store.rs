//! A store that tells which flushes were tried and what became of them, and may be made to break its promise.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use headcount::counts::published::{Release, ReleaseState};
use headcount::secret::Digest;
use headcount::site::{Day, Epsilon, SiteId};
use headcount::store::{
    AdoptedStore, CountedBy, Ended, Flush, Forgetting, Imported, JournalPosition, JournalState, Mended, NamesMark,
    RemovedCells, StoreError, SumSnapshot, SumStore, TakenOut,
};

use super::ledger::CameBy;

type Result<T> = std::result::Result<T, StoreError>;

/// How a store breaks its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It does not.
    Not,
    /// Now and then it says that a flush is stored which is not.
    Forgetful,
    /// Now and then it stores a flush again under a further number.
    Doubling,
}

/// A flush that was tried.
#[derive(Debug, Clone, Copy)]
pub struct TriedFlush {
    pub number: u64,
    /// Of what it is.
    pub of: CameBy,
    pub is_stored: bool,
}

/// A store under another's eyes.
#[derive(Debug)]
pub struct WatchedStore {
    inner: Arc<dyn SumStore>,
    tried: Arc<Mutex<Vec<TriedFlush>>>,
    broken: Broken,
}

impl WatchedStore {
    /// A store whose flushes are noted in `tried`.
    pub fn of(inner: Arc<dyn SumStore>, tried: Arc<Mutex<Vec<TriedFlush>>>, broken: Broken) -> WatchedStore {
        WatchedStore { inner, tried, broken }
    }
}

/// Of what a flush is: the log of an import begins with its number; what an earlier life has left bears the ids that it had there.
pub fn kind_of(flush: &Flush) -> CameBy {
    match flush.imported.first() {
        Some(imported) => CameBy::Import(imported.head_bytes),
        None if flush.id.is_none() => CameBy::Spill,
        None => CameBy::Message,
    }
}

impl SumStore for WatchedStore {
    fn apply(&self, flush: &Flush) -> Result<()> {
        let is_turn = flush.number % 7 == 3;
        let result = match self.broken {
            Broken::Forgetful if is_turn => Ok(()),
            _ => self.inner.apply(flush),
        };
        if self.broken == Broken::Doubling && is_turn && result.is_ok() {
            let sums = flush.sums.iter().map(|(site, day, sums)| (*site, *day, (**sums).clone().into())).collect();
            self.inner.apply(&Flush { number: flush.number + 1, sums, ..Flush::default() })?;
        }
        let tried = TriedFlush { number: flush.number, of: kind_of(flush), is_stored: result.is_ok() };
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).push(tried);
        result
    }

    fn last_flush(&self) -> Result<u64> {
        self.inner.last_flush()
    }

    fn believed_day(&self) -> Result<Option<Day>> {
        self.inner.believed_day()
    }

    fn journal_state(&self) -> Result<JournalState> {
        self.inner.journal_state()
    }

    fn journal_folder(&self) -> Result<Option<PathBuf>> {
        self.inner.journal_folder()
    }

    fn set_journal_folder(&self, folder: &Path) -> Result<()> {
        self.inner.set_journal_folder(folder)
    }

    fn snapshot(&self) -> Result<Box<dyn SumSnapshot + '_>> {
        self.inner.snapshot()
    }

    fn imports(&self, site: SiteId) -> Result<Vec<Imported>> {
        self.inner.imports(site)
    }

    fn has_batch(&self, id: Digest) -> Result<bool> {
        self.inner.has_batch(id)
    }

    fn has_drained(&self, position: JournalPosition) -> Result<bool> {
        self.inner.has_drained(position)
    }

    fn open_days(&self) -> Result<Vec<(SiteId, Day)>> {
        self.inner.open_days()
    }

    fn set_journal(&self, journal: Option<JournalPosition>) -> Result<()> {
        self.inner.set_journal(journal)
    }

    fn end_counting(&self, by: CountedBy) -> Result<()> {
        self.inner.end_counting(by)
    }

    fn names_mark(&self) -> Result<NamesMark> {
        self.inner.names_mark()
    }

    fn has_name(&self, site: SiteId, name: &str, mark: NamesMark) -> Result<bool> {
        self.inner.has_name(site, name, mark)
    }

    fn names_with(&self, text: &str) -> Result<Vec<(SiteId, String)>> {
        self.inner.names_with(text)
    }

    fn publishing(&self) -> Result<Vec<(SiteId, Day)>> {
        self.inner.publishing()
    }

    fn end_publishing(&self) -> Result<()> {
        self.inner.end_publishing()
    }

    fn published(&self, site: SiteId, day: Day) -> Result<Option<Release>> {
        self.inner.published(site, day)
    }

    fn published_days(&self, site: SiteId) -> Result<Vec<(Day, Epsilon, ReleaseState)>> {
        self.inner.published_days(site)
    }

    fn compact(&self) -> Result<bool> {
        self.inner.compact()
    }

    fn release(&self) {
        self.inner.release();
    }

    fn announce_removal(&self, site: SiteId, goes: bool) -> Result<()> {
        self.inner.announce_removal(site, goes)
    }

    fn announced_removals(&self) -> Result<Vec<SiteId>> {
        self.inner.announced_removals()
    }

    fn remove_site(&self, site: SiteId) -> Result<Option<StoreError>> {
        self.inner.remove_site(site)
    }

    fn count_forgotten(&self, order: &Forgetting) -> Result<(RemovedCells, Vec<TakenOut>)> {
        self.inner.count_forgotten(order)
    }

    fn forget(&self, order: &Forgetting) -> Result<()> {
        self.inner.forget(order)
    }

    fn look(&self) -> Result<Mended> {
        self.inner.look()
    }

    fn is_in_place(&self) -> Result<()> {
        self.inner.is_in_place()
    }

    fn file(&self) -> Option<PathBuf> {
        self.inner.file()
    }

    fn empty_log(&self) {
        self.inner.empty_log();
    }

    fn adopt(&self) -> Result<AdoptedStore> {
        self.inner.adopt()
    }

    fn keep(&self) -> Result<Option<PathBuf>> {
        self.inner.keep()
    }

    fn put(&self, folders: &[PathBuf]) -> Result<Option<PathBuf>> {
        self.inner.put(folders)
    }

    fn end(&self) -> Result<Ended> {
        self.inner.end()
    }

    fn bytes(&self) -> u64 {
        self.inner.bytes()
    }
}
