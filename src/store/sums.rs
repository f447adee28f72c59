//! In: flushes. Out: sums over a range, and the other things that are counted. Forgets: what retention says; with a site, all of it.
//!
//! [`SumStore`] is the contract. `sqlite` fulfils it in a file, [`memory`] by the naive right answer, for tests.
//!
//! # Cells, pairs, and days that are not over
//!
//! Sums come in two kinds. *Cells of one axis* (pages, browsers, a property, the totals) come as changes: each flush brings what
//! was counted since the last one, and the store adds it up. Once they are in a flush, whoever counts forgets them.
//!
//! *Pairs* (which pages in which country) are made from a snapshot of all visits of a day, because a visit that goes on changes
//! pairs that were counted before. While a day runs, whoever counts it has its visits in memory, and now and then hands over a
//! snapshot of them: it takes the place of the one before. When the day is over the last snapshot is final: its pairs are added
//! to what the day has for good, and the visits are forgotten. So a day has final pairs, and for each of those who count it
//! ([`CountedBy`]) at most one snapshot that the next one replaces.
//!
//! A question must not count a visit twice: once from a stored snapshot, and once from memory, where the newer one is. So
//! whoever asks says which days it has in memory ([`InMemory`]), and the store leaves out the stored snapshots of those. It may
//! be, though, that the store has closed such a day by now, because a flush went through between the two; then memory is the
//! older one, and the answer says that it is not to be added ([`StoredSums::adds`]).
//!
//! # How a store on another engine fits
//!
//! A store that can't apply a change exactly once (ClickHouse, where a retry after a lost reply doubles it) keeps absolute
//! totals: a row for each cell that a flush changed, with its sum so far, the source that counted it (a collector and its
//! epoch), and the flush's number as its revision; the highest revision of a row holds, and sums go over sources. A flush that
//! is sent again is the same rows again. Snapshots are totals already: their source is who counts, and `is_over` makes them
//! final by moving them to the collector's own. [`SumStore::last_flush`] is the highest revision of the own source;
//! [`SumStore::end_counting`] begins a new epoch, so that the rows of the old one stay as they are. The totals are
//! best kept in a local file first (the SQLite store with a revision), and sent from there as far as they are not acknowledged.
//! Questions are answered by that file too: the engine merges old revisions away, so that it can't tell what it held before, as
//! a [`SumSnapshot`] must.

pub mod memory;
pub(in crate::store) mod sqlite;

mod adoption;
mod ask;
mod doubt;
mod flush;
mod forgetting;
mod interrupt;
mod sets;
mod visits;

use std::path::{Path, PathBuf};

use crate::cell::{Dimension, Tally};
use crate::counts::Name;
use crate::counts::published::{Release, ReleaseState};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Epsilon, LeastAtRest, Month, SiteId};

use super::StoreError;

pub use adoption::AdoptedStore;
pub use ask::{AddedValues, Ask, CellSource, Cut, Grain, RowsBy, SumRow};
pub use doubt::{Doubt, LargestValue};
pub use flush::{
    BotCount, CountedBy, DatabaseId, DayState, Flush, Imported, JournalId, JournalMark, JournalPosition, JournalState,
    MailSum, OTHER_PAGES, PublishingDay, Rejected, ReleaseOrder,
};
pub use forgetting::{Forgetting, RemovedCells, TakenOut, TakenOutOf};
pub use interrupt::{Interrupt, ReadMeter};

/// A day whose visits are in memory of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InMemory {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    /// Who counts it.
    pub by: CountedBy,
    /// Number of the first flush that may hold what is in memory.
    pub number: u64,
    /// Number of the first flush of this program, if it does not go on with what an earlier one has stored of the day: that stays
    /// beside what is in memory. Else 0.
    pub alone_from: u64,
}

impl InMemory {
    /// Whether a store whose last flush is this one may have a snapshot that what is in memory replaces.
    fn replaces(&self, flush: u64) -> bool {
        flush >= self.alone_from
    }
}

/// Sums as stored.
#[derive(Debug, Default)]
pub struct StoredSums {
    /// For each question its rows, in no order.
    pub rows: Vec<Vec<SumRow>>,
    /// For each day in memory, whether its pairs in memory are to be added to the rows.
    pub adds: Vec<bool>,
}

/// A point in the life of a store: the names that it had met by then are told from later ones. The number is the store's own
/// affair; a mark means something only to the store that made it, also when that is opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NamesMark(pub u64);

/// What a look at a store has put right ([`SumStore::look`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mended {
    /// Whether its log was gone or replaced, and is made anew: nothing that was in it is missing.
    pub log: bool,
    /// What lay in the place of the log, by its new name.
    pub set_aside: Vec<PathBuf>,
    /// Why the log can't be emptied, of which all is stored.
    pub full_log: Option<StoreError>,
}

/// What is to be said of the end of a store ([`SumStore::end`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// Files beside it that other programs use; they hold nothing.
    pub left: Vec<PathBuf>,
    /// Where the file is, if it was not in its place.
    pub put: Option<PathBuf>,
}

/// One state of a store: all of a flush or nothing of it, whatever is written meanwhile. All questions of a page are asked of one.
///
/// It is short-lived and may hold what the store has little of, so whoever has one is quick, and asks the store nothing else
/// until it is dropped.
///
/// Every method may fail with a [`StoreError`].
pub trait SumSnapshot {
    /// Number of the last flush that is in it, so that whoever asks can add the later ones, which are still in its memory.
    fn flush(&self) -> u64;

    /// From now on [`SumSnapshot::read`] ends with [`StoreError::Interrupted`] when told to. A store whose answers take no time need
    /// not look.
    fn interrupted_by(&mut self, _interrupt: Interrupt) {}

    /// Answers questions about any sites. An answer has one row for each value (and bucket, if
    /// buckets stay apart); a row whose numbers are all 0 may be there or not. Past [`DayState::pair_cells`] the rest of a
    /// pair's values has the name [`crate::cell::OTHER`]; it passes no filter.
    ///
    /// Cells of a single axis count at once, pairs with the snapshots that brought them. Of the days in memory the stored
    /// snapshot is left out, unless [`StoredSums::adds`] says that what is in memory is part of the answer already: for a day
    /// that the collector counts, because a flush of number [`InMemory::number`] or above closed it; for one of an import,
    /// because that flush was applied.
    ///
    /// # Errors
    /// [`StoreError`]
    fn read(&self, asks: &[Ask], in_memory: &[InMemory]) -> Result<StoredSums, StoreError>;

    /// The first day of which a site has totals.
    ///
    /// # Errors
    /// [`StoreError`]
    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError>;

    /// The keys of properties that came with an event from `first` to `last`; without an event, those of properties by all
    /// events together. Each once, in no order; past [`crate::limits::PROP_KEYS_LISTED`] those that are the first by name.
    ///
    /// # Errors
    /// [`StoreError`]
    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError>;

    /// Rejections of a site from `first` to `last`, added up by reason.
    ///
    /// # Errors
    /// [`StoreError`]
    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>, StoreError>;

    /// Programs that came to a site from `first` to `last`, by day, family and group of pages.
    ///
    /// # Errors
    /// [`StoreError`]
    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>, StoreError>;

    /// How many hits of a site were counted from `first` to `last` without a visitor, because there was no room for one.
    ///
    /// # Errors
    /// [`StoreError`]
    fn unvisited(&self, site: SiteId, first: Day, last: Day) -> Result<u64, StoreError>;

    /// The months from that of `first` to that of `last` whose days have no pairs any more ([`Flush::day_pairs_from`]): only the whole
    /// month is answered under a filter.
    ///
    /// # Errors
    /// [`StoreError`]
    fn months_alone(&self, _site: SiteId, _first: Day, _last: Day) -> Result<Vec<Month>, StoreError> {
        Ok(Vec::new())
    }

    /// What owners have taken out of the sums of days from `first` to `last`, in order.
    ///
    /// # Errors
    /// [`StoreError`]
    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError>;

    /// What became of a site's mails from `first` to `last`, by campaign, day and kind.
    ///
    /// # Errors
    /// [`StoreError`]
    fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<MailSum>, StoreError>;
}

/// A store of sums. One collector writes, one flush after the other; any number of threads read meanwhile.
///
/// Every method may fail with a [`StoreError`]; then nothing was changed.
pub trait SumStore: Send + Sync + std::fmt::Debug {
    /// Number of the last flush that was applied; 0 in a new store.
    ///
    /// # Errors
    /// [`StoreError`]
    fn last_flush(&self) -> Result<u64, StoreError>;

    /// Which database this is, and how far the records of a journal are in it.
    ///
    /// # Errors
    /// [`StoreError`]
    fn journal_state(&self) -> Result<JournalState, StoreError>;

    /// The folder in which the last journal was made; nothing if there never was one.
    ///
    /// # Errors
    /// [`StoreError`]
    fn journal_folder(&self) -> Result<Option<PathBuf>, StoreError>;

    /// Keeps the folder of a journal, before anything is counted in it: whoever looks for it later may be told another.
    ///
    /// # Errors
    /// [`StoreError`]
    fn set_journal_folder(&self, folder: &Path) -> Result<(), StoreError>;

    /// Adds a flush, for good, wholly or not at all. One whose number is not above [`SumStore::last_flush`] was applied
    /// before, and changes nothing: whoever does not know whether a flush went through sends it again.
    ///
    /// Parts of a flush may be about the same day; they apply in the order of the fields of [`Flush`].
    ///
    /// # Errors
    /// [`StoreError`]; nothing was added then.
    fn apply(&self, flush: &Flush) -> Result<(), StoreError>;

    /// The state in which the store is now.
    ///
    /// # Errors
    /// [`StoreError`]
    fn snapshot(&self) -> Result<Box<dyn SumSnapshot + '_>, StoreError>;

    /// How far logs are imported for a site: for each beginning of a log what the last flush said of it.
    ///
    /// # Errors
    /// [`StoreError`]
    fn imports(&self, site: SiteId) -> Result<Vec<Imported>, StoreError>;

    /// Whether a batch with this id is counted, or spilled sums, or a flush that is the last one of its program. A store may forget a batch
    /// [`crate::limits::BATCH_DAYS`] days before the latest one, and before the last day that was believed.
    ///
    /// # Errors
    /// [`StoreError`]
    fn has_batch(&self, id: Digest) -> Result<bool, StoreError>;

    /// Whether records of a journal up to a position are in the sums, also of one that goes on with them no more.
    ///
    /// # Errors
    /// [`StoreError`]
    fn has_drained(&self, position: JournalPosition) -> Result<bool, StoreError>;

    /// The last day (UTC) on which the clock was believed; where none was noted, the last one that has sums. Nothing without any.
    ///
    /// # Errors
    /// [`StoreError`]
    fn believed_day(&self) -> Result<Option<Day>, StoreError>;

    /// The days that got cells of dimensions and were not closed since: after a restart nobody has them in memory, and the
    /// collector closes them without a snapshot when their time has come.
    ///
    /// # Errors
    /// [`StoreError`]
    fn open_days(&self) -> Result<Vec<(SiteId, Day)>, StoreError>;

    /// Records of this journal go on with the sums as they are now, from this position on; of none if there is nothing. Whoever
    /// begins a journal tells it before anything is written there, so that it is known from its first record on.
    ///
    /// # Errors
    /// [`StoreError`]
    fn set_journal(&self, journal: Option<JournalPosition>) -> Result<(), StoreError>;

    /// Nobody goes on with what `by` has left because it broke off: its snapshots are final. Opening a store does this to imports.
    ///
    /// # Errors
    /// [`StoreError`]
    fn end_counting(&self, by: CountedBy) -> Result<(), StoreError>;

    /// The point at which the store is now, for [`SumStore::has_name`].
    ///
    /// # Errors
    /// [`StoreError`]
    fn names_mark(&self) -> Result<NamesMark, StoreError>;

    /// Whether cells of a site held a name, as a value or in their axis, in a flush that was applied before the mark was made.
    ///
    /// # Errors
    /// [`StoreError`]
    fn has_name(&self, site: SiteId, name: &str, mark: NamesMark) -> Result<bool, StoreError>;

    /// The names of all sites that hold a text, each with its site. Every name is looked at, so this is for the start.
    ///
    /// # Errors
    /// [`StoreError`]
    fn names_with(&self, text: &str) -> Result<Vec<(SiteId, String)>, StoreError>;

    /// The days that were said by [`Flush::publishing`] and are not over. A store that publishes nothing has none.
    ///
    /// # Errors
    /// [`StoreError`]
    fn publishing(&self) -> Result<Vec<(SiteId, Day)>, StoreError> {
        Ok(Vec::new())
    }

    /// Not all of their visitors are known any more: they will have no release.
    ///
    /// # Errors
    /// [`StoreError`]
    fn end_publishing(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// What was published of a day.
    ///
    /// # Errors
    /// [`StoreError`]
    fn published(&self, _site: SiteId, _day: Day) -> Result<Option<Release>, StoreError> {
        Ok(None)
    }

    /// What became of the releases of a site's days, in order; at most [`crate::limits::RELEASES_LISTED`] days, the latest ones.
    ///
    /// # Errors
    /// [`StoreError`]
    fn published_days(&self, _site: SiteId) -> Result<Vec<(Day, Epsilon, ReleaseState)>, StoreError> {
        Ok(Vec::new())
    }

    /// Does one step of the work that makes days and months that are past small and quick to read, and tells whether there is
    /// more; a store that has a disk thins out what [`Flush::day_pairs_from`] says. No other figure changes by it. Whoever writes flushes calls it between them; what is left undone is done another day.
    ///
    /// # Errors
    /// [`StoreError`]
    fn compact(&self) -> Result<bool, StoreError>;

    /// Gives back memory that was useful and may be again, but is not in use. Whoever writes flushes calls it from time to time.
    fn release(&self);

    /// Notes that a site is going to be removed, or that this has ended: if the program ends in between, the next start knows. A store
    /// that is gone with the program need not.
    ///
    /// # Errors
    /// [`StoreError`]
    fn announce_removal(&self, _site: SiteId, _goes: bool) -> Result<(), StoreError> {
        Ok(())
    }

    /// The sites of which that is noted.
    ///
    /// # Errors
    /// [`StoreError`]
    fn announced_removals(&self) -> Result<Vec<SiteId>, StoreError> {
        Ok(Vec::new())
    }

    /// Removes everything that was counted for a site, names included: no read answers it from then on, and it is erased as
    /// soon as the engine can. What kept it from being erased at once, if anything, is given back. A site without sums is no
    /// error.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is removed then.
    fn remove_site(&self, site: SiteId) -> Result<Option<StoreError>, StoreError>;

    /// How many stored cells, rows and names an order to forget would remove.
    ///
    /// # Errors
    /// [`StoreError`]
    fn count_forgotten(&self, order: &Forgetting) -> Result<(RemovedCells, Vec<TakenOut>), StoreError>;

    /// Does the rest of an order whose flush ([`Flush::forgotten`]) was applied: of days that are over, months and pairs. Names that no
    /// cell has any more go as well, and all is erased when it answers. Months of which some days are meant must have all their days.
    ///
    /// # Errors
    /// [`StoreError`]; some of it may be gone, and it can be done again.
    fn forget(&self, order: &Forgetting) -> Result<(), StoreError>;

    /// Looks whether what is stored will be found again: a file may have been replaced or removed while it is open. What can be mended
    /// without anybody's choice is.
    ///
    /// # Errors
    /// [`StoreError::Moved`]; nothing is stored until that is put right. Others if it could not be mended.
    fn look(&self) -> Result<Mended, StoreError> {
        Ok(Mended::default())
    }

    /// The same look, which mends nothing.
    ///
    /// # Errors
    /// [`StoreError::Moved`]
    fn is_in_place(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Where its file is looked for, if it has one.
    fn file(&self) -> Option<PathBuf> {
        None
    }

    /// Brings what was declared lately into the file, as far as nobody reads: a copy of the file alone has it then. What can't be done now
    /// the next flush does.
    fn empty_log(&self) {}

    /// Goes on with the file that is where it is looked for now, in the place of the one that is open. Nobody applies a flush meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; then the one that is open stays.
    fn adopt(&self) -> Result<AdoptedStore, StoreError> {
        Err(StoreError::Other("this store has no file".into()))
    }

    /// Puts the file that is open back to where it is looked for, wholly. What lies there is kept under another name, which is told.
    ///
    /// # Errors
    /// [`StoreError`]
    fn keep(&self) -> Result<Option<PathBuf>, StoreError> {
        Ok(None)
    }

    /// For the end of the program: copies a file that is not where it is looked for to there, or beside what lies there, or else into
    /// the first of some folders that takes it, and goes on with the copy. Tells where it is. Nothing is written to the file itself,
    /// which may be another program's by now.
    ///
    /// # Errors
    /// [`StoreError`]; `Lost` where no folder takes it, and the file itself has no name any more.
    fn put(&self, _folders: &[PathBuf]) -> Result<Option<PathBuf>, StoreError> {
        Ok(None)
    }

    /// Brings what the engine keeps beside its file into the file, which is whole by itself then, and lets go of it: nothing is read or
    /// written from then on.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost then, but the file alone is not all.
    fn end(&self) -> Result<Ended, StoreError>;

    /// What it takes on the disk, in bytes; 0 where it takes none.
    fn bytes(&self) -> u64;
}

/// The least figure of a dimension at rest; nothing where all are kept.
fn least_of(least: &LeastAtRest, dimension: Dimension) -> Option<u32> {
    match dimension {
        Dimension::PreviousPage | Dimension::Section => least.of_name(Dimension::Page.name()),
        Dimension::ChannelAndSource => least.of_name("channel").max(least.of_name("source")),
        Dimension::Money => least.of_name(Dimension::Event.name()),
        Dimension::Property => least.of_name("prop"),
        // A segment may be of any of them.
        Dimension::Segment | Dimension::ReachedStep => {
            Dimension::ALL.into_iter().filter_map(|dimension| least.of_name(dimension.name())).max()
        }
        dimension => least.of_name(dimension.name()),
    }
}

/// Whether a figure is below the least: of visitors, of visits where these are not measured, or of hits.
fn is_small(tally: &Tally, least: u32) -> bool {
    let people = [tally.visitors, tally.visits, tally.pageviews + tally.events].into_iter().find(|count| *count > 0);
    people.unwrap_or(0) < i64::from(least)
}
