//! In: flushes. Out: sums, from a SQLite file. Forgets: what a running day needs alone, when it is closed; what retention says.
//!
//! The cells of a day are rows while it runs. When it is over they are packed into column blocks, which are a tenth of the size,
//! and so are the pairs of two dimensions ([`compaction`]). Months that are over get pairs of their own ([`months`]), so that a question
//! over years need not read days.

mod adopting;
mod at_rest;
mod clearing;
mod compaction;
mod damage;
mod erasing;
mod forgotten_rows;
mod gone_cells;
mod kept_answers;
mod keys;
mod leftovers;
mod mails;
mod merge;
mod months;
mod names;
mod packed;
mod pair_reading;
mod pairs;
mod property_side;
mod read;
mod releases;
mod removal;
mod retaining;
mod sweep;
mod table_writer;
mod taken_out;
mod thinning;
mod turn;
mod value_sums;
mod write;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::{
    AdoptedStore, Ask, BotCount, CountedBy, Ended, Flush, Forgetting, Grain, Imported, InMemory, Interrupt,
    JournalMark, JournalPosition, JournalState, MailSum, Mended, NamesMark, RemovedCells, StoreError, StoredSums,
    SumSnapshot, SumStore, TakenOut,
};
use crate::cell::Tally;
use crate::counts::Name;
use crate::counts::published::{Release, ReleaseState};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Epsilon, Month, SiteId};
use crate::store::sqlite::{PooledConnection, SqliteFile};
use crate::store::sums::forgetting::LostDays;
use crate::store::unless_damaged;
pub(in crate::store) use compaction::tally;
use damage::DamagedDays;
use erasing::Erasing;
use kept_answers::KeptAnswers;
use months::MonthWork;
use retaining::Retaining;
use sweep::NamesInUse;
use thinning::Thinning;
use write::SiteIds;

type Result<T> = std::result::Result<T, StoreError>;

/// Writes the cells of an axis to the rows of a month.
///
/// # Errors
/// [`StoreError`]
pub(in crate::store) fn add_month_rows(
    connection: &Connection,
    site: SiteId,
    axis: (u8, i64),
    month: Month,
    cells: Vec<(i64, Tally)>,
) -> Result<()> {
    write::add_cells(connection, site, Grain::Month, axis, month.0, cells)
}

/// The sums in the file of a data folder.
pub(in crate::store) struct SqliteSums {
    file: Arc<SqliteFile>,
    texts: names::TextCache,
    kept: KeptAnswers,
    damaged: DamagedDays,
    /// Held by who stores a flush or removes a site; taken before the writer.
    applying: Mutex<()>,
    /// Never taken by who holds the writer.
    months: Mutex<MonthWork>,
    /// Like these, and taken after them.
    thinning: Mutex<Thinning>,
    /// Like these, and taken after them.
    retaining: Mutex<Retaining>,
    in_use: NamesInUse,
}

impl std::fmt::Debug for SqliteSums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteSums")
    }
}

impl SqliteSums {
    /// The sums of a file, in which tables may be damaged if `is_damaged`. No import runs in it any more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(in crate::store) fn of(file: Arc<SqliteFile>, is_damaged: bool) -> Result<SqliteSums> {
        // Where it can't be written, the next start does it.
        let made = compaction::make_final(&mut file.writer(), CountedBy::Import).map(drop);
        let made = if is_damaged { unless_damaged(made) } else { made };
        if file.can_write() && !matches!(made, Err(StoreError::Busy | StoreError::Full)) {
            made?;
        }
        let retaining = Retaining::of(&file.reader());
        let retaining = Mutex::new(if is_damaged { unless_damaged(retaining) } else { retaining }?);
        let (texts, kept, damaged) = Default::default();
        let (applying, months, thinning, in_use) = Default::default();
        Ok(SqliteSums { file, texts, kept, damaged, applying, months, thinning, retaining, in_use })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.file.writer()
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.file.reader()
    }

    fn months(&self) -> MutexGuard<'_, MonthWork> {
        self.months.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn retaining(&self) -> MutexGuard<'_, Retaining> {
        self.retaining.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an order would remove but for names, and of which days.
    fn count_part(&self, order: &Forgetting) -> Result<(RemovedCells, LostDays)> {
        let (rows, mut lost) = forgotten_rows::count_or_remove(&self.reader(), order, false)?;
        let (rest, more) = Erasing::of(&self.file, order, false)?.run()?;
        lost.add(more);
        Ok((rows + rest, lost))
    }

    fn thinning(&self) -> MutexGuard<'_, Thinning> {
        self.thinning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AdoptedStore {
    fn of(reader: &Connection) -> Result<AdoptedStore> {
        Ok(AdoptedStore {
            older: None,
            sites: crate::store::operators::sites_of(reader)?,
            last_flush: read::last_flush(reader)?,
            database: read::journal_state(reader)?.database,
            open_days: compaction::open_days(reader)?,
            publishing: releases::running(reader)?,
            set_aside: Vec::new(),
        })
    }
}

/// A read transaction.
struct SqliteSnapshot<'a> {
    connection: PooledConnection<'a>,
    texts: &'a names::TextCache,
    kept: &'a KeptAnswers,
    damaged: &'a DamagedDays,
    /// When it began, for what is kept.
    since: u64,
    flush: u64,
    interrupt: Interrupt,
}

impl<'a> SqliteSnapshot<'a> {
    fn begin(
        connection: PooledConnection<'a>,
        texts: &'a names::TextCache,
        kept: &'a KeptAnswers,
        damaged: &'a DamagedDays,
    ) -> Result<SqliteSnapshot<'a>> {
        let (since, interrupt) = (kept.now(), Interrupt::default());
        connection.execute_batch("BEGIN")?;
        let mut snapshot = SqliteSnapshot { connection, texts, kept, damaged, since, flush: 0, interrupt };
        // The first read fixes the state.
        snapshot.flush = read::last_flush(&snapshot.connection)?;
        Ok(snapshot)
    }
}

impl Drop for SqliteSnapshot<'_> {
    fn drop(&mut self) {
        // After an error SQLite may have ended the transaction by itself.
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

impl SumSnapshot for SqliteSnapshot<'_> {
    fn flush(&self) -> u64 {
        self.flush
    }

    fn interrupted_by(&mut self, interrupt: Interrupt) {
        self.interrupt = interrupt;
    }

    fn read(&self, asks: &[Ask], in_memory: &[InMemory]) -> Result<StoredSums> {
        read::answer(self, asks, in_memory)
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>> {
        read::first_day(&self.connection, site)
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>> {
        keys::of_props(&self.connection, site, event, [first, last])
    }

    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>> {
        read::rejected(&self.connection, site, first, last)
    }

    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>> {
        read::bots(&self.connection, site, first, last)
    }

    fn unvisited(&self, site: SiteId, first: Day, last: Day) -> Result<u64> {
        read::unvisited(&self.connection, site, first, last)
    }

    fn months_alone(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<Month>> {
        thinning::months_alone(&self.connection, site, first.month(), last.month())
    }

    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>> {
        let mut marks = taken_out::of_site(&self.connection, site, first, last)?;
        marks.extend(self.damaged.marks(site, first, last));
        Ok(marks)
    }

    fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<MailSum>> {
        mails::of_site(&self.connection, site, first, last)
    }
}

impl SumStore for SqliteSums {
    fn last_flush(&self) -> Result<u64> {
        read::last_flush(&self.reader())
    }

    fn believed_day(&self) -> Result<Option<Day>> {
        retaining::believed_day(&self.reader())
    }

    fn journal_state(&self) -> Result<JournalState> {
        read::journal_state(&self.reader())
    }

    fn journal_folder(&self) -> Result<Option<PathBuf>> {
        read::journal_folder(&self.reader())
    }

    fn set_journal_folder(&self, folder: &Path) -> Result<()> {
        write::set_journal_folder(&self.writer(), folder)
    }

    fn apply(&self, flush: &Flush) -> Result<()> {
        self.file.is_in_place()?;
        // No name goes between its number and the cells.
        let _applying = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let has_pairs = flush.days.iter().any(|state| state.snapshot.is_some());
        let ids = if has_pairs { write::number_names(&mut self.writer(), flush)? } else { Some(SiteIds::new()) };
        // Made while the writer is not held: it takes a while for a busy day. A flush that is stored already has none.
        let pairs = ids.as_ref().map(|ids| compaction::pairs_of(flush, ids)).transpose()?;
        let _change = if flush.forgotten.is_empty() { self.kept.change_by(flush) } else { self.kept.change_all() };
        let mut writer = self.writer();
        if let Some((ids, pairs)) = ids.zip(pairs) {
            self.in_use.note(&write::apply(&mut writer, flush, ids, pairs)?);
        }
        // It is stored from here on, and nothing more is an error of it. What was stored in a file that was being replaced is stored
        // again where it will be found.
        let is_in_place = self.file.is_in_place();
        if is_in_place.is_ok() {
            self.file.empty_behind(&writer);
        }
        let marks = !(flush.today.is_empty() && flush.at_rest.is_empty());
        let unswept = if marks { leftovers::marked(&writer).unwrap_or_default() } else { BTreeSet::new() };
        drop(writer);
        self.months().note(flush);
        self.thinning().note(flush);
        self.retaining().note(flush, unswept);
        is_in_place
    }

    fn snapshot(&self) -> Result<Box<dyn SumSnapshot + '_>> {
        Ok(Box::new(SqliteSnapshot::begin(self.file.snapshot(), &self.texts, &self.kept, &self.damaged)?))
    }

    fn imports(&self, site: SiteId) -> Result<Vec<Imported>> {
        read::imports(&self.reader(), site)
    }

    fn has_batch(&self, id: Digest) -> Result<bool> {
        let reader = self.reader();
        let found = reader.prepare_cached("SELECT 1 FROM batches WHERE id = ?")?.exists([id.0])?;
        Ok(found)
    }

    fn has_drained(&self, position: JournalPosition) -> Result<bool> {
        read::has_drained(&self.reader(), position)
    }

    fn open_days(&self) -> Result<Vec<(SiteId, Day)>> {
        compaction::open_days(&self.reader())
    }

    fn set_journal(&self, journal: Option<JournalPosition>) -> Result<()> {
        let writer = self.writer();
        let mark = journal.map_or(JournalMark::Gone, JournalMark::UpTo);
        write::set_journal(&writer, mark, read::last_flush(&writer)?)
    }

    fn end_counting(&self, by: CountedBy) -> Result<()> {
        let _change = self.kept.change_all();
        let days = compaction::make_final(&mut self.writer(), by)?;
        let mut months = self.months();
        days.into_iter().for_each(|(site, day)| months.note_day(site, day));
        Ok(())
    }

    fn names_mark(&self) -> Result<NamesMark> {
        names::last(&self.reader()).map(NamesMark)
    }

    fn has_name(&self, site: SiteId, name: &str, mark: NamesMark) -> Result<bool> {
        let id = write::name_id(&self.reader(), site, name)?;
        Ok(id.is_some_and(|id| u64::try_from(id).is_ok_and(|id| id <= mark.0)))
    }

    fn names_with(&self, text: &str) -> Result<Vec<(SiteId, String)>> {
        names::with(&self.reader(), text)
    }

    fn publishing(&self) -> Result<Vec<(SiteId, Day)>> {
        releases::running(&self.reader())
    }

    fn end_publishing(&self) -> Result<()> {
        releases::give_up(&self.writer())
    }

    fn published(&self, site: SiteId, day: Day) -> Result<Option<Release>> {
        releases::of_day(&self.reader(), site, day)
    }

    fn published_days(&self, site: SiteId) -> Result<Vec<(Day, Epsilon, ReleaseState)>> {
        releases::of_site(&self.reader(), site)
    }

    fn compact(&self) -> Result<bool> {
        if self.months().step(&self.file)? {
            return Ok(true);
        }
        let mut thinning = self.thinning();
        // What odd ranges of days are answered changes.
        let change = (!thinning.is_done()).then(|| self.kept.change_all());
        if thinning.step(&self.file)? {
            return Ok(true);
        }
        drop((thinning, change));
        let mut retaining = self.retaining();
        let change = (!retaining.is_done()).then(|| self.kept.change_all());
        if retaining.step(&self.file)? {
            return Ok(true);
        }
        drop((retaining, change));
        self.clear_up()
    }

    fn release(&self) {
        self.file.release();
        self.texts.release();
        crate::cell::packed::release();
        self.kept.release();
    }

    fn announce_removal(&self, site: SiteId, goes: bool) -> Result<()> {
        leftovers::announce_removal(&self.writer(), site, goes)
    }

    fn announced_removals(&self) -> Result<Vec<SiteId>> {
        leftovers::announced_removals(&self.reader())
    }

    fn remove_site(&self, site: SiteId) -> Result<Option<StoreError>> {
        removal::remove_site(self, site)
    }

    fn count_forgotten(&self, order: &Forgetting) -> Result<(RemovedCells, Vec<TakenOut>)> {
        let (removed, lost) = self.count_part(order)?;
        let names = sweep::count(&self.file.snapshot(), order)?;
        let parts = order.parts();
        let marks = match parts.as_slice() {
            [(of, _)] => lost.mark(*of, order).into_iter().collect(),
            parts => {
                let mark = |(of, part): &(_, _)| Ok(self.count_part(part)?.1.mark(*of, part));
                parts.iter().map(mark).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect()
            }
        };
        Ok((RemovedCells { names, ..removed }, marks))
    }

    fn forget(&self, order: &Forgetting) -> Result<()> {
        self.months().hold(order.site);
        let change = self.kept.change_all();
        let erased = Erasing::of(&self.file, order, true).and_then(Erasing::run);
        drop(change);
        self.months().let_go();
        if let Err(error) = self.sweep_names(order.site) {
            self.retaining().leftovers.put_back(order.site);
            return Err(error);
        }
        // What was announced or declared of it before, and taken back, leaves copies as well.
        let written = self.rewrite(leftovers::TABLES.into_iter().chain(["sites", "announced_changes"]));
        if written.is_err() {
            self.retaining().leftovers.put_tables_back(leftovers::TABLES);
        }
        written.and_then(|()| self.file.settle_between())?;
        erased.map(drop)
    }

    fn look(&self) -> Result<Mended> {
        self.file.look()
    }

    fn is_in_place(&self) -> Result<()> {
        self.file.is_in_place()
    }

    fn file(&self) -> Option<PathBuf> {
        Some(self.file.path().to_owned())
    }

    fn empty_log(&self) {
        self.file.empty_log();
    }

    fn adopt(&self) -> Result<AdoptedStore> {
        self.go_on_with_adopted()
    }

    fn keep(&self) -> Result<Option<PathBuf>> {
        self.put_back()
    }

    fn put(&self, folders: &[PathBuf]) -> Result<Option<PathBuf>> {
        self.put_for_the_end(folders)
    }

    fn end(&self) -> Result<Ended> {
        self.file.end()
    }

    fn bytes(&self) -> u64 {
        self.file.bytes()
    }
}
