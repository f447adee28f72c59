//! In: flushes. Out: sums, as a naive walk over all that was ever flushed has them. Forgets: everything, with the program.
//!
//! For tests: it is what the contract means, written as plainly as can be, and other stores are compared with it. Nothing is packed,
//! no month is kept, each question looks at every cell.

mod at_rest;
mod forgetting;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    Ask, BotCount, CellSource, CountedBy, DayState, Ended, Flush, Forgetting, Grain, Imported, InMemory, Interrupt,
    JournalMark, JournalPosition, JournalState, MailSum, NamesMark, OTHER_PAGES, RemovedCells, StoreError, StoredSums,
    SumRow, SumSnapshot, SumStore, TakenOut,
};
use crate::beacon::mail::MailKind;
use crate::cell::{Axis, OTHER, Tally};
use crate::counts::pairs::{Pair, Pairs, REST};
use crate::counts::{Name, Sums};
use crate::limits;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, LocalHour, SiteId};

/// A store of sums in memory.
#[derive(Debug, Default)]
pub struct MemorySums(Mutex<Held>);

/// Cells of a pair: the values of both dimensions, where nothing stands for the rest past the budget.
type PairSums = BTreeMap<(Pair, Option<Name>, Option<Name>), Tally>;

/// Axes and values.
type OpenCells = BTreeSet<(Axis<Name>, Name)>;

#[derive(Debug, Default, Clone)]
struct Held {
    flush: u64,
    believed: Option<Day>,
    /// By number of the hour.
    hours: BTreeMap<(SiteId, Axis<Name>, i32, Name), Tally>,
    days: BTreeMap<(SiteId, Axis<Name>, Day, Name), Tally>,
    final_pairs: BTreeMap<(SiteId, Day), PairSums>,
    snapshots: BTreeMap<(SiteId, Day, CountedBy), PairSums>,
    /// Days that are open, with the cells that they have got since they were closed last.
    open: BTreeMap<(SiteId, Day), OpenCells>,
    /// The last flush by which the collector closed a day.
    closed: BTreeMap<(SiteId, Day), u64>,
    /// With the flush that brought them first.
    names: BTreeMap<(SiteId, Name), u64>,
    rejected: BTreeMap<(SiteId, Day, Rejection), u64>,
    bots: BTreeMap<(SiteId, Day, Name, Name), u64>,
    unvisited: BTreeMap<(SiteId, Day), u64>,
    imported: BTreeMap<(SiteId, [u8; 32]), Imported>,
    mails: BTreeMap<(SiteId, String, Day, u8), (u64, u64)>,
    batches: BTreeMap<[u8; 32], Day>,
    taken_out: BTreeSet<(SiteId, TakenOut)>,
    drained: Option<JournalPosition>,
    journal_folder: Option<PathBuf>,
}

impl MemorySums {
    /// The same after a restart of the program.
    pub fn reopened(&self) -> MemorySums {
        let mut held = self.held().clone();
        held.make_final(CountedBy::Import);
        MemorySums(Mutex::new(held))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn apply(&mut self, flush: &Flush) {
        for (site, day, sums) in &flush.sums {
            self.add_sums(*site, *day, sums, flush.number);
        }
        for state in &flush.days {
            self.add_day(state, flush.number);
            if let Some(least) = flush.at_rest(state.site).filter(|_| state.is_over) {
                self.fold_day(state.site, state.day, least);
            }
        }
        self.add_rejected(flush);
        self.believed = flush.believed.or(self.believed);
        for (site, today) in flush.today.iter().filter(|_| !flush.is_doubted) {
            let first = LocalHour::from_number(flush.first_hours(*site, *today).0 * 24).number();
            self.hours.retain(|(of, axis, hour, _), _| of != site || *axis == Axis::Total || *hour >= first);
        }
        for imported in &flush.imported {
            self.imported.insert((imported.site, imported.head.0), *imported);
        }
        for mail in &flush.mails {
            let key = (mail.site, mail.campaign.clone(), mail.day, mail.kind.code());
            let (count, people) = self.mails.entry(key).or_default();
            (*count, *people) = (*count + mail.count, *people + mail.people);
        }
        flush.follows.iter().for_each(|id| _ = self.batches.remove(&id.0));
        flush.known_by().for_each(|id| _ = self.batches.insert(id.0, Day(i32::MAX)));
        for (id, day) in &flush.batches {
            self.batches.entry(id.0).or_insert(*day);
        }
        if let Some(old) = flush.old_batches() {
            self.batches.retain(|_, came| *came >= old);
        }
        flush.forgotten.iter().for_each(|order| self.forget(order));
        match flush.journal {
            JournalMark::AsBefore => {}
            JournalMark::UpTo(position) => self.set_journal(Some(position)),
            JournalMark::Gone => self.set_journal(None),
        }
        self.flush = flush.number;
    }

    fn set_journal(&mut self, journal: Option<JournalPosition>) {
        let before = std::mem::replace(&mut self.drained, journal);
        let left = before.filter(|before| journal.is_none_or(|journal| journal.journal != before.journal));
        left.into_iter().for_each(|left| _ = self.batches.insert(left.as_id().0, Day(i32::MAX)));
    }

    fn add_rejected(&mut self, flush: &Flush) {
        for (site, day, count) in &flush.unvisited {
            *self.unvisited.entry((*site, *day)).or_default() += count;
        }
        for rejected in &flush.rejected {
            *self.rejected.entry((rejected.site, rejected.day, rejected.reason)).or_default() += rejected.count;
        }
        for bot in &flush.bots {
            self.add_bot(bot);
        }
    }

    fn add_sums(&mut self, site: SiteId, day: Day, sums: &Sums, number: u64) {
        for (cell, hour, tally) in &sums.hours {
            let hour = LocalHour { day, hour: *hour }.number();
            *self.hours.entry((site, cell.axis.clone(), hour, cell.value.clone())).or_default() += *tally;
            self.name_cell(site, &cell.axis, &cell.value, number);
        }
        for (cell, tally) in &sums.days {
            *self.days.entry((site, cell.axis.clone(), day, cell.value.clone())).or_default() += *tally;
            self.name_cell(site, &cell.axis, &cell.value, number);
            if cell.axis != Axis::Total {
                self.open.entry((site, day)).or_default().insert((cell.axis.clone(), cell.value.clone()));
            }
        }
    }

    fn name_cell(&mut self, site: SiteId, axis: &Axis<Name>, value: &Name, number: u64) {
        for name in names_of(axis, value) {
            self.names.entry((site, name)).or_insert(number);
        }
    }

    fn add_day(&mut self, state: &DayState, number: u64) {
        let DayState { site, day, by, .. } = *state;
        if state.is_over || state.snapshot.is_some() {
            self.snapshots.remove(&(site, day, by));
        }
        if let Some(snapshot) = &state.snapshot {
            let pairs = named(&snapshot.pairs(state.pair_cells));
            for name in pairs.keys().flat_map(|(_, first, second)| [first, second]).flatten() {
                self.names.entry((site, name.clone())).or_insert(number);
            }
            if state.is_over {
                add(self.final_pairs.entry((site, day)).or_default(), &pairs);
            } else {
                self.snapshots.insert((site, day, by), pairs);
            }
        }
        if state.is_over {
            self.open.remove(&(site, day));
        }
        if state.is_over && by == CountedBy::Live {
            self.closed.insert((site, day), number);
        }
    }

    fn add_bot(&mut self, bot: &BotCount) {
        let key = |pages: &str| (bot.site, bot.day, bot.family.clone(), Name::from(pages));
        let of_day = || self.bots.keys().filter(|(site, day, ..)| (*site, *day) == (bot.site, bot.day));
        let of_family = of_day().filter(|(.., family, pages)| *family == bot.family && **pages != *OTHER_PAGES).count();
        let has_room = self.bots.contains_key(&key(&bot.pages))
            || of_day().count() < limits::BOT_ROWS_PER_DAY_MAX
            || of_family < limits::BOT_ROWS_OF_FAMILY;
        let pages = if has_room { &*bot.pages } else { OTHER_PAGES };
        *self.bots.entry(key(pages)).or_default() += bot.count;
    }

    fn make_final(&mut self, ended: CountedBy) {
        let (ended, running): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.snapshots).into_iter().partition(|((_, _, by), _)| *by == ended);
        self.snapshots = running.into_iter().collect();
        for ((site, day, _), pairs) in ended {
            add(self.final_pairs.entry((site, day)).or_default(), &pairs);
        }
    }

    fn remove(&mut self, site: SiteId) {
        self.hours.retain(|(of, ..), _| *of != site);
        self.days.retain(|(of, ..), _| *of != site);
        self.final_pairs.retain(|(of, _), _| *of != site);
        self.snapshots.retain(|(of, ..), _| *of != site);
        self.open.retain(|(of, _), _| *of != site);
        self.closed.retain(|(of, _), _| *of != site);
        self.names.retain(|(of, _), _| *of != site);
        self.rejected.retain(|(of, ..), _| *of != site);
        self.unvisited.retain(|(of, _), _| *of != site);
        self.bots.retain(|(of, ..), _| *of != site);
        self.imported.retain(|(of, _), _| *of != site);
        self.mails.retain(|(of, ..), _| *of != site);
        self.taken_out.retain(|(of, _)| *of != site);
    }

    /// Whether pairs in memory are newer than the store.
    fn adds(&self, day: &InMemory) -> bool {
        match day.by {
            CountedBy::Import => self.flush < day.number,
            CountedBy::Live => self.closed.get(&(day.site, day.day)).is_none_or(|number| *number < day.number),
        }
    }

    fn rows(&self, ask: &Ask, left_out: &[(SiteId, Day, CountedBy)]) -> Vec<SumRow> {
        let mut sums: BTreeMap<(i32, Name), Tally> = BTreeMap::new();
        let mut take = |bucket: i32, value: &Name, tally: &Tally| {
            let row = SumRow { bucket: ask.bucket(bucket), value: value.clone(), tally: *tally };
            if ask.spans(bucket)
                && let Ok(Some(row)) = ask.narrowed(&row, &Interrupt::default())
            {
                *sums.entry((row.bucket, row.value)).or_default() += row.tally;
            }
        };
        match ask.source() {
            CellSource::Single(axis) if ask.grain == Grain::Hour => {
                let of_axis = self.hours.iter().filter(|((site, of, ..), _)| *site == ask.site && of == axis);
                of_axis.for_each(|((_, _, hour, value), tally)| take(*hour, value, tally));
            }
            CellSource::Single(axis) => {
                let of_axis = self.days.iter().filter(|((site, of, ..), _)| *site == ask.site && of == axis);
                of_axis.for_each(|((_, _, day, value), tally)| take(ask.bucket_of(*day), value, tally));
            }
            CellSource::Pair(pair, is_by_second) => return self.rows_of_pair(ask, pair, is_by_second, left_out),
            CellSource::Visits | CellSource::Nowhere => {}
        }
        sums.into_iter().map(|((bucket, value), tally)| SumRow { bucket, value, tally }).collect()
    }

    fn rows_of_pair(
        &self,
        ask: &Ask,
        pair: Pair,
        is_by_second: bool,
        left_out: &[(SiteId, Day, CountedBy)],
    ) -> Vec<SumRow> {
        if ask.grain == Grain::Hour {
            return Vec::new();
        }
        let passes = |by: &Name| ask.filter.as_ref().is_none_or(|filter| filter.test.passes(by));
        let of_finals = self.final_pairs.iter().map(|((site, day), pairs)| (*site, *day, pairs));
        let shown = self.snapshots.iter().filter(|(key, _)| !left_out.contains(key));
        let of_snapshots = shown.map(|((site, day, _), pairs)| (*site, *day, pairs));
        let mut sums: BTreeMap<(i32, Name), Tally> = BTreeMap::new();
        for (_, day, pairs) in of_finals.chain(of_snapshots).filter(|(site, ..)| *site == ask.site) {
            let bucket = ask.bucket_of(day);
            for ((_, first, second), tally) in pairs.iter().filter(|((of, ..), _)| *of == pair && ask.spans(bucket)) {
                let (by, value) = if is_by_second { (second, first) } else { (first, second) };
                if by.as_ref().is_some_and(passes) {
                    let value = value.clone().unwrap_or_else(|| Name::from(OTHER));
                    let value = if ask.axis == Axis::Total { Some(Name::from("")) } else { ask.shown(value) };
                    let Some(value) = value else { continue };
                    *sums.entry((ask.bucket(bucket), value)).or_default() += *tally;
                }
            }
        }
        sums.into_iter().map(|((bucket, value), tally)| SumRow { bucket, value, tally }).collect()
    }
}

/// The names that a cell has.
fn names_of(axis: &Axis<Name>, value: &Name) -> Vec<Name> {
    let mut names = vec![value.clone()];
    match axis {
        Axis::Total => names.clear(),
        Axis::Of(_) | Axis::Funnel(_) => {}
        Axis::Prop { key, event } => names.extend(std::iter::once(key).chain(event).cloned()),
        Axis::Revenue { event, within } => {
            names.push(event.clone());
            names.extend(within.iter().flat_map(|(key, currency)| [key, currency]).cloned());
        }
    }
    names
}

/// Pairs with the names of their values.
fn named(pairs: &Pairs) -> PairSums {
    let name = |sym: u32| (sym != REST).then(|| pairs.texts.get(sym as usize).cloned().unwrap_or_default());
    let mut sums = PairSums::new();
    for table in &pairs.tables {
        for ((first, second), tally) in table.cells().unwrap_or_default() {
            *sums.entry((table.pair, name(first), name(second))).or_default() += tally;
        }
    }
    sums
}

fn add(sums: &mut PairSums, more: &PairSums) {
    for (key, tally) in more {
        *sums.entry(key.clone()).or_default() += *tally;
    }
}

impl SumSnapshot for Held {
    fn flush(&self) -> u64 {
        self.flush
    }

    fn read(&self, asks: &[Ask], in_memory: &[InMemory]) -> Result<StoredSums, StoreError> {
        let adds: Vec<bool> = in_memory.iter().map(|day| self.adds(day)).collect();
        let left_out = in_memory.iter().zip(&adds).filter(|(_, adds)| **adds);
        let left_out: Vec<_> = left_out.map(|(day, _)| (day.site, day.day, day.by)).collect();
        let rows = asks.iter().map(|ask| self.rows(ask, &left_out)).collect();
        Ok(StoredSums { rows, adds })
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        let totals = self.days.keys().filter(|(of, axis, ..)| *of == site && *axis == Axis::Total);
        Ok(totals.map(|(_, _, day, _)| *day).min())
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        let in_range = self.days.keys().filter(|(of, _, day, _)| *of == site && (first..=last).contains(day));
        let key = |axis: &Axis<Name>| match axis {
            Axis::Prop { key, event: under } if under.as_deref() == event => Some(key.clone()),
            _ => None,
        };
        let keys: BTreeSet<Name> = in_range.filter_map(|(_, axis, ..)| key(axis)).collect();
        Ok(keys.into_iter().take(limits::PROP_KEYS_LISTED).collect())
    }

    fn unvisited(&self, site: SiteId, first: Day, last: Day) -> Result<u64, StoreError> {
        Ok(self.unvisited.range((site, first)..=(site, last)).map(|(_, count)| count).sum())
    }

    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>, StoreError> {
        let mut sums: BTreeMap<Rejection, u64> = BTreeMap::new();
        for ((_, _, reason), count) in
            self.rejected.iter().filter(|((of, day, _), _)| *of == site && (first..=last).contains(day))
        {
            *sums.entry(*reason).or_default() += count;
        }
        Ok(sums.into_iter().collect())
    }

    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>, StoreError> {
        let in_range = self.bots.iter().filter(|((of, day, ..), _)| *of == site && (first..=last).contains(day));
        let count = |((site, day, family, pages), count): (&(SiteId, Day, Name, Name), &u64)| BotCount {
            site: *site,
            day: *day,
            family: family.clone(),
            pages: pages.clone(),
            count: *count,
        };
        Ok(in_range.map(count).collect())
    }

    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError> {
        let of_site = self.taken_out.iter().filter(|(of, _)| *of == site).map(|(_, mark)| *mark);
        Ok(of_site.filter(|mark| mark.last >= first && mark.first <= last).collect())
    }

    fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<MailSum>, StoreError> {
        let mut mails = Vec::new();
        for ((of, campaign, day, kind), (count, people)) in &self.mails {
            if let Some(kind) = MailKind::from_code(*kind).filter(|_| *of == site && (first..=last).contains(day)) {
                let (count, people) = (*count, *people);
                mails.push(MailSum { site, campaign: campaign.clone(), day: *day, kind, count, people });
            }
        }
        Ok(mails)
    }
}

impl SumStore for MemorySums {
    fn last_flush(&self) -> Result<u64, StoreError> {
        Ok(self.held().flush)
    }

    fn journal_state(&self) -> Result<JournalState, StoreError> {
        // It is gone with the program, so that there is no other to tell it from.
        let held = self.held();
        Ok(JournalState { drained: held.drained, flush: held.flush, ..JournalState::default() })
    }

    fn journal_folder(&self) -> Result<Option<PathBuf>, StoreError> {
        Ok(self.held().journal_folder.clone())
    }

    fn set_journal_folder(&self, folder: &Path) -> Result<(), StoreError> {
        self.held().journal_folder = Some(folder.to_owned());
        Ok(())
    }

    fn apply(&self, flush: &Flush) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.flush < flush.number {
            held.apply(flush);
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Box<dyn SumSnapshot + '_>, StoreError> {
        Ok(Box::new(self.held().clone()))
    }

    fn imports(&self, site: SiteId) -> Result<Vec<Imported>, StoreError> {
        Ok(self.held().imported.values().filter(|imported| imported.site == site).copied().collect())
    }

    fn has_batch(&self, id: Digest) -> Result<bool, StoreError> {
        Ok(self.held().batches.contains_key(&id.0))
    }

    fn has_drained(&self, position: JournalPosition) -> Result<bool, StoreError> {
        let held = self.held();
        let is_running = held.drained.is_some_and(|drained| drained.journal == position.journal && drained >= position);
        Ok(is_running || held.batches.range(position.as_id().0..=position.last().as_id().0).next().is_some())
    }

    fn believed_day(&self) -> Result<Option<Day>, StoreError> {
        Ok(self.held().believed)
    }

    fn open_days(&self) -> Result<Vec<(SiteId, Day)>, StoreError> {
        Ok(self.held().open.keys().copied().collect())
    }

    fn set_journal(&self, journal: Option<JournalPosition>) -> Result<(), StoreError> {
        self.held().set_journal(journal);
        Ok(())
    }

    fn end_counting(&self, by: CountedBy) -> Result<(), StoreError> {
        self.held().make_final(by);
        Ok(())
    }

    fn names_mark(&self) -> Result<NamesMark, StoreError> {
        Ok(NamesMark(self.held().flush))
    }

    fn has_name(&self, site: SiteId, name: &str, mark: NamesMark) -> Result<bool, StoreError> {
        let held = self.held();
        Ok(held.names.get(&(site, Name::from(name))).is_some_and(|number| *number <= mark.0))
    }

    fn names_with(&self, text: &str) -> Result<Vec<(SiteId, String)>, StoreError> {
        let held = self.held();
        let with = held.names.keys().filter(|(_, name)| name.contains(text));
        Ok(with.map(|(site, name)| (*site, name.to_string())).collect())
    }

    fn compact(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn release(&self) {}

    fn remove_site(&self, site: SiteId) -> Result<Option<StoreError>, StoreError> {
        self.held().remove(site);
        Ok(None)
    }

    fn count_forgotten(&self, _order: &Forgetting) -> Result<(RemovedCells, Vec<TakenOut>), StoreError> {
        Ok((RemovedCells::default(), Vec::new()))
    }

    fn forget(&self, order: &Forgetting) -> Result<(), StoreError> {
        self.held().sweep(order.site);
        Ok(())
    }

    fn end(&self) -> Result<Ended, StoreError> {
        Ok(Ended::default())
    }

    fn bytes(&self) -> u64 {
        0
    }
}
