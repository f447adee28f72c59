//! In: another database in the place of the one that is open. Out: what waits, for that one. Forgets: visitors of sites that have
//! another number there, or none.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Running, Waiter};
use crate::site::{Directory, Moment, SiteId};
use crate::store::{Flush, StoreError};

/// What became of what waited when another database was taken.
#[derive(Debug, Default)]
pub struct Adopted {
    /// How many hits are in the flush that is added to it.
    pub added: u64,
    /// Sites that are not in it, and how many hits of each were waiting.
    pub missing: Vec<(String, u64)>,
    /// Sites of whose day no visitors are remembered any more.
    pub forgotten: Vec<String>,
    /// Whether the journal belonged to another database, and is given up.
    pub without_journal: bool,
}

impl Running {
    /// Goes on with the database that is at the path now. What waits is added to it by a flush of its own.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing has changed.
    pub(in crate::collector) fn adopt(&mut self, waiter: Waiter, now: Moment) -> Result<Adopted, StoreError> {
        self.flushing.finish_try();
        let database = self.sums.journal_state()?.database;
        let store = self.sums.adopt()?;
        // From here on nothing fails.
        store.set_aside.iter().for_each(|path| self.meter.set_aside(path));
        let before = self.directory.load_full();
        let after = Arc::new(Directory::of(store.sites));
        let number = |site: SiteId| match before.get(site) {
            Some(of) => after.find(of.domain.as_str()).map(|site| site.id),
            None => Some(site).filter(|site| *site == SiteId::INSTANCE),
        };
        // A try that failed may have come through, and this be a copy of that file.
        let is_in = |flush: &Flush| flush.known_by().any(|id| self.sums.has_batch(*id).unwrap_or(false));
        let mut flush = self.flushing.take_back(is_in);
        flush.append(self.take_waiting(&before, now));
        let mut adopted = told(&flush, &before, number);
        flush.renumber(number);
        for site in before.all().iter().filter(|site| number(site.id) != Some(site.id)) {
            self.forget_site(site.id);
        }
        match store.database == database {
            true => self.follow(),
            false => adopted.without_journal = self.journal.leave(),
        }
        self.directory.store(after);
        self.unclosed = store.open_days.into_iter().collect();
        self.unclosed.extend(flush.sums.iter().map(|(site, day, _)| (*site, *day)));
        self.publishing = store.publishing.into_iter().collect::<HashSet<_>>();
        self.trust.told.clear();
        flush.journal = self.journal.mark();
        flush.number = self.flushing.next_above(store.last_flush);
        self.flushing.spilling.wait_for(flush.number);
        let taken = std::mem::replace(&mut self.next_number, Arc::new(AtomicU64::new(u64::MAX)));
        taken.store(flush.number, Ordering::SeqCst);
        self.flushing.begin(flush, vec![waiter]);
        Ok(adopted)
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
