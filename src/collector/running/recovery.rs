//! In: what a program has left in the journal that ended. Out: the state as it was, without what the store has already. Forgets:
//! nothing; days that ended meanwhile are closed as ever.

use std::collections::HashSet;

use super::{Beginning, Running};
use crate::cell::DisplacedNames;
use crate::counts::Room;
use crate::hit::Kind;
use crate::journal::{Found, HitRecord, JournalTrouble, Record, Recovered, Unreadable};
use crate::meter::FailureKind;
use crate::site::{Moment, SiteId};
use crate::store::{CountedBy, JournalPosition, JournalState, StoreError};

impl Running {
    /// Takes up what was found, says what became of it, and has the files of the time before renewed.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't say which days are open.
    pub(super) fn begin(&mut self, beginning: Beginning, now: Moment) -> Result<(), StoreError> {
        let Beginning { counts, journal, found, state } = beginning;
        if counts {
            self.unclosed = self.sums.open_days()?.into_iter().collect();
        }
        self.journal.begin(journal, &found);
        if let Some(why) = found.without().filter(|why| *why != JournalTrouble::SwitchedOff) {
            tracing::warn!("there is no journal of the running day, so that a restart counts visitors again: {why}");
        }
        match found {
            Found::Nothing { wiped, .. } => {
                if let Some(why) = wiped {
                    tracing::warn!("what was found of a journal is wiped: {why}");
                }
            }
            Found::State(recovered) => {
                if let Err(damage) = self.recover(recovered, &state, now) {
                    self.meter.failed(FailureKind::Journal, "start", damage);
                }
                if self.days.is_empty() {
                    // Nobody goes on with what the store has of running days.
                    self.sums.end_counting(CountedBy::Live)?;
                }
                let visitors = self.visitors();
                tracing::info!(visitors, "the running day is taken up from the journal");
                self.journal.forget();
                self.tick(now);
            }
        }
        Ok(())
    }

    /// Takes up what was left. Of a site that is no more, nothing is.
    ///
    /// # Errors
    /// [`Unreadable`]; what came before the damage is taken up.
    fn recover(&mut self, recovered: Recovered, state: &JournalState, now: Moment) -> Result<(), Unreadable> {
        let begins = recovered.begins();
        if let Some(image) = recovered.image()? {
            self.take_up(image);
        }
        let stored = state.drained.map(|(position, _)| position).filter(|stored| stored.journal == begins.journal);
        // What an image holds that is younger than the last flush is not stored.
        let mut stored = stored.filter(|stored| *stored >= begins);
        let read = self.replay(recovered, &mut stored, now);
        if stored.is_some() {
            self.discard_stored();
        }
        let gone = |site: SiteId| site != SiteId::INSTANCE && self.looked_at.get(site).is_none();
        let sites: HashSet<SiteId> = self.days.keys().map(|(site, _)| *site).filter(|site| gone(*site)).collect();
        sites.into_iter().for_each(|site| self.forget_site(site));
        self.next_end = now;
        read
    }

    fn replay(
        &mut self,
        recovered: Recovered,
        stored: &mut Option<JournalPosition>,
        now: Moment,
    ) -> Result<(), Unreadable> {
        for record in recovered.records() {
            let (position, record) = record?;
            if stored.is_some_and(|stored| position >= stored) {
                *stored = None;
                self.discard_stored();
            }
            self.redo(record, stored.is_some(), now);
        }
        Ok(())
    }

    /// Forgets what is counted so far but not who was there: it is in the store.
    fn discard_stored(&mut self) {
        for day in self.days.values_mut() {
            drop(day.take_unstored());
        }
        let shares = &mut self.shares;
        self.days.retain(|key, day| {
            if day.visitors() == 0 {
                shares.forget_day(*key);
            }
            day.visitors() > 0
        });
        (self.rejections, self.imported) = (Default::default(), Vec::new());
        self.batches.drain(self.clock.now());
        self.mails.drain(|_| false);
    }

    /// Does again what a record says; `is_stored` if the store has it.
    fn redo(&mut self, record: Record, is_stored: bool, now: Moment) {
        match record {
            Record::Hit(record) => self.count_again(&record, now),
            Record::Rejected { site, day, reason, bot } => self.rejections.add(site, day, reason, bot),
            Record::Mail { site, day, campaign, kind, person } => self.mails.add((site, day, campaign, kind), person),
            Record::Batch { id, at } => _ = self.batches.begin(id, at),
            Record::Imported(entry) => self.note_read(vec![entry]),
            Record::Salt { site, day, salt, late } => self.salts.restore((site, day), salt, late),
            Record::Displaced { site, day, names } => {
                if let Some(day) = self.days.get_mut(&(site, day)) {
                    day.displace_again(&DisplacedNames::of_rows(&names));
                }
            }
            // A day that was closed by a flush which did not go through is closed once more.
            Record::Closed { site, day } if is_stored => {
                if let Some(day) = self.days.get_mut(&(site, day)) {
                    day.forget_visitors();
                }
                self.shares.forget_day((site, day));
                self.salts.forget(site, day);
            }
            Record::Closed { .. } => {}
            Record::Forgotten { site } => self.forget_site(site),
        }
    }

    fn count_again(&mut self, HitRecord { hit, mark, is_apart }: &HitRecord, now: Moment) {
        let room = if *is_apart { Room::NoVisitor } else { Room::Visitor };
        // It was counted before, so it is again.
        if self.take(hit, Some(room), now).is_err() {
            return;
        }
        if *is_apart && hit.token.is_some() {
            self.rejections.add_unvisited(hit.site, hit.local.day);
        }
        if let Some(mark) = mark {
            self.repeats.add(hit, *mark, hit.at);
        }
        if hit.kind == Kind::Pageview {
            self.minutes.count(hit.site, hit.at);
        }
    }
}
