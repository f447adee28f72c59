//! In: another database in the place of the one that is open. Out: what waits, for that one. Forgets: visitors of sites that have
//! another number there, or none.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Owed, Running, Waiter};
use crate::cell::Tally;
use crate::journal::Record;
use crate::site::{Day, Directory, Moment, SiteId};
use crate::store::{Ask, Flush, JournalMark, Moved, StoreError};

/// What became of what waited when another database was taken.
#[derive(Debug, Default)]
pub struct Adopted {
    /// How many hits are in the flush that is added to it.
    pub added: u64,
    /// Sites that are not in it, and how many hits of each were waiting.
    pub missing: Vec<(String, u64)>,
    /// Sites that have another number in it; of their day no visitors are remembered any more.
    pub forgotten: Vec<String>,
    /// Whether it lacks what was stored of running days, of which no visitors are remembered any more.
    pub lacks_stored: bool,
    /// Whether the journal belonged to another database, and is given up.
    pub without_journal: bool,
    /// The copy of it as it was, if it was brought up to date.
    pub older: Option<PathBuf>,
    /// Why what waited is not stored yet.
    pub waits: Option<StoreError>,
}

/// What is known of the store that is open before another one takes its place.
struct Before {
    directory: Arc<Directory>,
    /// The running days, and those that end.
    days: Vec<(SiteId, Day)>,
    /// What is stored of each; nothing where that can't be told.
    totals: Option<Vec<Tally>>,
}

impl Running {
    /// Goes on with the database that is at the path now. What waits is added to it by a flush of its own.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing has changed.
    pub(in crate::collector) fn adopt(&mut self, waiter: Waiter, now: Moment) -> Result<Adopted, StoreError> {
        self.flushing.finish_try();
        let database = self.sums.journal_state().ok().map(|state| state.database);
        let before = self.before_adoption();
        let store = self.sums.adopt()?;
        // From here on nothing fails.
        store.set_aside.iter().for_each(|path| self.meter.set_aside(path));
        let after = Arc::new(Directory::of(store.sites.clone()));
        let number = |site: SiteId| match before.directory.get(site) {
            Some(of) => after.find(of.domain.as_str()).map(|site| site.id),
            None => Some(site).filter(|site| *site == SiteId::INSTANCE),
        };
        let lacks_stored = self.lacks_stored(&before, number);
        let mut flush = self.take_unstored_flushes();
        flush.append(self.take_waiting(&before.directory, now));
        if lacks_stored {
            flush.go_on_with_nothing();
        }
        let mut adopted = Adopted { lacks_stored, older: store.older, ..told(&flush, &before.directory, number) };
        flush.renumber(number);
        flush.number = self.flushing.next_above(store.last_flush);
        self.spill_adopted(&mut flush, store.database);
        let again = self.forget_sites(&before, lacks_stored, number);
        match Some(store.database) == database {
            true => self.follow(),
            false => adopted.without_journal = self.journal.leave(),
        }
        self.directory.store(after);
        self.unclosed = store.open_days.into_iter().collect();
        self.unclosed.extend(flush.sums.iter().map(|(site, day, _)| (*site, *day)));
        self.publishing = store.publishing.into_iter().collect::<HashSet<_>>();
        self.note_forgotten(again);
        if lacks_stored {
            self.give_up_publishing(true);
            self.tell(Owed::EndCounting, true);
        }
        self.begin_adopted(flush, waiter);
        Ok(adopted)
    }

    /// Forgets the sites that another database has under other numbers, or all of them, and tells which days their visitors may repeat.
    fn forget_sites(
        &mut self,
        before: &Before,
        is_all: bool,
        number: impl Fn(SiteId) -> Option<SiteId>,
    ) -> Vec<(SiteId, Day)> {
        let is_forgotten = |site: SiteId| is_all || number(site) != Some(site);
        before.directory.all().iter().filter(|site| is_forgotten(site.id)).for_each(|site| self.forget_site(site.id));
        let again = before.days.iter().filter(|(site, _)| is_forgotten(*site));
        again.filter_map(|(site, day)| Some((number(*site)?, *day))).collect()
    }

    fn begin_adopted(&mut self, mut flush: Flush, waiter: Waiter) {
        self.trust.told.clear();
        self.begin_journal_anew();
        flush.journal = self.journal.mark();
        if let JournalMark::UpTo(position) = flush.journal {
            self.stored = Some(position);
        }
        let taken = std::mem::replace(&mut self.next_number, Arc::new(AtomicU64::new(u64::MAX)));
        taken.store(flush.number, Ordering::SeqCst);
        self.flushing.begin(flush, vec![waiter]);
    }

    /// Has the journal begin with who is there now. What it has of before is in the flush that is added, and goes on with sums which the
    /// other database may not have.
    fn begin_journal_anew(&mut self) {
        if let JournalMark::UpTo(position) = self.journal.mark() {
            let drained = self.sums.journal_state().ok().and_then(|state| state.drained);
            self.stored = drained.filter(|drained| drained.journal == position.journal);
            self.write_image();
        }
    }

    fn before_adoption(&self) -> Before {
        let visited = self.days.iter().filter(|(_, day)| day.visitors() > 0).map(|(key, _)| *key);
        let begun = self.flushing.writing().into_iter().chain(self.flushing.queued()).flat_map(|flush| &flush.days);
        let ending = self.closing.iter().chain(begun).map(|state| (state.site, state.day));
        let days: Vec<_> = visited.chain(ending).collect::<BTreeSet<_>>().into_iter().collect();
        // Of what was written over nobody can tell.
        let is_readable = self.sums.is_in_place() != Err(StoreError::Moved(Moved::Overwritten));
        let totals = if is_readable { self.stored_totals(&days, Some).ok() } else { None };
        Before { directory: self.directory.load_full(), days, totals }
    }

    /// What is stored of days, of the sites that have a number.
    fn stored_totals(
        &self,
        days: &[(SiteId, Day)],
        number: impl Fn(SiteId) -> Option<SiteId>,
    ) -> Result<Vec<Tally>, StoreError> {
        let snapshot = self.sums.snapshot()?;
        let total = |(site, day): &(SiteId, Day)| {
            let Some(site) = number(*site) else { return Ok(Tally::ZERO) };
            let rows = snapshot.read(&[Ask::totals_of_day(site, *day)], &[])?.rows;
            let mut total = Tally::ZERO;
            rows.iter().flatten().for_each(|row| total += row.tally);
            Ok(total)
        };
        days.iter().map(total).collect()
    }

    /// Whether something that was stored of running days is not in the store that is open now. Visitors go on with that.
    fn lacks_stored(&self, before: &Before, number: impl Fn(SiteId) -> Option<SiteId>) -> bool {
        let is_there = |(site, _): &&(SiteId, Day)| number(*site).is_some();
        let days: Vec<_> = before.days.iter().filter(is_there).copied().collect();
        let places = before.days.iter().enumerate().filter(|(_, day)| is_there(day)).map(|(place, _)| place);
        let totals = before.totals.as_ref().map(|totals| places.map(|place| totals[place]).collect());
        !days.is_empty() && (totals.is_none() || totals != self.stored_totals(&days, number).ok())
    }

    /// What could not be stored, but for flushes that seemed to fail and are in the store that is open now.
    fn take_unstored_flushes(&mut self) -> Flush {
        let sums = self.sums.clone();
        self.flushing.take_back(|flush| flush.known_by().any(|id| sums.has_batch(*id).unwrap_or(false)))
    }

    /// Notes days of which not all visitors are known.
    fn note_forgotten(&mut self, days: Vec<(SiteId, Day)>) {
        for (site, day) in days {
            self.repeating.insert(site, day);
            self.journal.later(|| Record::MayRepeat { site, day });
        }
    }

    /// Has the journal found with the file of the store.
    pub(in crate::collector) fn follow(&mut self) {
        if let Some(file) = self.sums.file() {
            self.journal.follow(&file);
        }
    }

    /// All that is counted and in no flush.
    fn take_waiting(&mut self, directory: &Directory, now: Moment) -> Flush {
        let mut flush = self.counted(directory, now, Flush::default());
        flush.days = self.take_days(directory, false, now);
        flush.at_rest = super::draining::at_rest_of(&flush.days, directory);
        self.flushed = now;
        flush
    }
}

fn told(flush: &Flush, before: &Directory, number: impl Fn(SiteId) -> Option<SiteId>) -> Adopted {
    let mut adopted = Adopted::default();
    let hits = flush.hits();
    for site in before.all() {
        let (domain, count) = (site.domain.to_string(), hits.get(&site.id).copied().unwrap_or_default());
        match number(site.id) {
            None => adopted.missing.push((domain, count)),
            Some(new) => {
                adopted.added += count;
                adopted.forgotten.extend((new != site.id).then_some(domain));
            }
        }
    }
    adopted
}
