//! In: what a program has left in the journal that ended. Out: the state as it was, without what the store has already. Forgets:
//! sites that are no more; days that ended meanwhile are closed as ever.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use super::image::RunningImage;
use super::{Beginning, Owed, Running};
use crate::cell::DisplacedNames;
use crate::counts::Room;
use crate::hit::Kind;
use crate::journal::{Found, HitRecord, HowCounted, JournalTrouble, ReadJournal, Record, Recovered, Unreadable};
use crate::limits;
use crate::meter::{FailureKind, panics};
use crate::site::{Moment, SiteId};
use crate::store::{Ask, JournalPosition, StoreError, unless_damaged};

/// Why not all that was found is taken up.
#[derive(Debug, thiserror::Error)]
enum NotTakenUp {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Sums of those who are in the journal are missing in the database.
    #[error("the database was put back to a state from before the journal's; nothing of the journal is taken up")]
    OlderDatabase,
}

fn tell_wiped(why: &JournalTrouble) {
    tracing::warn!("what was found of a journal is wiped: {why}");
}

impl Running {
    /// Takes up what was found, says what became of it, and has the files of the time before renewed.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't say which days are open.
    pub(super) fn begin(&mut self, beginning: Beginning, now: Moment) -> Result<(), StoreError> {
        let Beginning { counts, journal, found, state, begins, spills, owed } = beginning;
        if !counts {
            return Ok(());
        }
        self.take_up_publishing()?;
        let drained = begins.or(state.drained);
        self.stored = drained.filter(|_| matches!(found, Found::State(_)));
        let without = found.without();
        if let Some(why) = without.filter(|why| *why != JournalTrouble::SwitchedOff) {
            tracing::warn!("there is no journal of the running day, so that a restart counts visitors again: {why}");
        }
        let is_told = owed.is_empty();
        owed.into_iter().for_each(|owed| self.flushing.owe(owed));
        let was_found = matches!(found, Found::State(_));
        let (read, is_wiped) = match found {
            // Who was in what is wiped, nobody knows.
            Found::Nothing { wiped, .. } => (None, wiped.inspect(tell_wiped).is_some()),
            Found::State(recovered) => (self.recover(recovered, drained, now), false),
        };
        let is_whole = read.as_ref().is_some_and(|read| read.trouble.is_none());
        // Of days that were closed since, the store may have got more later.
        self.unclosed = unless_damaged(self.sums.open_days())?.into_iter().collect();
        self.closing.iter().for_each(|state| _ = self.unclosed.remove(&(state.site, state.day)));
        // What was found is taken up by now, whatever becomes of the journal.
        self.journal.begin(journal, without);
        if begins.is_some() || !is_whole {
            self.give_up_publishing(is_told);
        }
        if !is_whole {
            self.note_repeating(now, is_wiped)?;
        }
        self.take_up_spilled(spills, read)?;
        if was_found {
            self.go_on(now, is_told);
        }
        Ok(())
    }

    /// Notes the sites that have visitors on their present day already, or `may_have` some that the store was never told of: not all
    /// of them are known.
    fn note_repeating(&mut self, now: Moment, may_have: bool) -> Result<(), StoreError> {
        let snapshot = self.sums.snapshot()?;
        for site in self.directory.load().all() {
            let (site, day) = (site.id, site.schedule.locate(now).day);
            // Of what is damaged nobody knows.
            let answer = unless_damaged(snapshot.read(&[Ask::totals_of_day(site, day)], &[]).map(Some))?;
            let Some(answer) = answer else { continue };
            if may_have || answer.rows.iter().flatten().any(|row| row.tally.visitors > 0) {
                self.repeating.insert(site, day);
                self.journal.later(|| Record::MayRepeat { site, day });
            }
        }
        Ok(())
    }

    /// Goes on with the state that was found.
    fn go_on(&mut self, now: Moment, is_told: bool) {
        if self.days.is_empty() && self.closing.is_empty() {
            // Nobody goes on with what the store has of running days; with the journal itself it does.
            self.tell(Owed::EndCounting, is_told);
        }
        if self.journal.trouble().is_some() {
            // What was found is wiped: its hits are to be stored at once.
            self.flushed = now.plus(-1_000 * limits::FLUSH_INTERVAL_S as i64);
        }
        let visitors = self.visitors();
        tracing::info!(visitors, "the running day is taken up from the journal");
        self.journal.forget();
        self.tick(now);
    }

    /// Tells the store something, or has it told before the next flush if it can't be written.
    pub(super) fn tell(&mut self, owed: Owed, is_told: bool) {
        let mut owed = vec![owed];
        if is_told && let Err(why) = Owed::pay(&mut owed, &*self.sums) {
            self.meter.failed(FailureKind::Flush, "start", why);
        }
        owed.into_iter().for_each(|owed| self.flushing.owe(owed));
    }

    /// Takes up what was left, and tells how much of it was read; nothing if nothing is taken up. Of what is damaged the part before the
    /// damage is; nothing of what makes the program panic, which would do so at every start.
    fn recover(&mut self, recovered: Recovered, drained: Option<JournalPosition>, now: Moment) -> Option<ReadJournal> {
        let taken_up = panics::caught(|| self.take_up_all(recovered, drained, now));
        match taken_up {
            Ok(Ok(read)) => {
                if let Some(damage) = read.trouble {
                    self.meter.failed(FailureKind::TakeUp, "start", damage);
                }
                return Some(read);
            }
            Ok(Err(damage)) => self.meter.failed(FailureKind::TakeUp, "start", damage),
            Err(place) => {
                self.forget_all();
                self.meter.failed(FailureKind::TakeUp, "start", place);
            }
        }
        None
    }

    /// Makes the state empty, whatever it is like.
    fn forget_all(&mut self) {
        self.days = HashMap::default();
        self.salts.days().into_iter().for_each(|(site, day)| self.salts.forget(site, day));
        (self.shares, self.repeats, self.minutes) = Default::default();
        (self.rejections, self.mails, self.batches) = Default::default();
        (self.imported, self.closing, self.repeating) = Default::default();
    }

    /// Of a site that is no more, nothing is taken up.
    fn take_up_all(
        &mut self,
        recovered: Recovered,
        drained: Option<JournalPosition>,
        now: Moment,
    ) -> Result<ReadJournal, NotTakenUp> {
        let begins = recovered.begins();
        if let Some(image) = recovered.image::<RunningImage>()? {
            if !image.fits(drained) {
                return Err(NotTakenUp::OlderDatabase);
            }
            self.take_up(image);
        }
        // What an image holds that is younger than the last flush is not stored.
        let mut stored = drained.filter(|stored| *stored >= begins);
        let read = self.replay(recovered, &mut stored);
        if stored.is_some() {
            self.discard_stored();
        }
        let gone = |site: SiteId| site != SiteId::INSTANCE && self.looked_at.get(site).is_none();
        let waiting = self.closing.iter().map(|state| (state.site, state.day)).collect::<HashSet<_>>();
        let known = self.days.keys().copied().chain(self.salts.days()).chain(waiting.iter().copied());
        let sites: HashSet<SiteId> = known.map(|(site, _)| site).filter(|site| gone(*site)).collect();
        sites.into_iter().for_each(|site| self.forget_site(site));
        // Those are closed with their visits.
        self.unclosed.retain(|key| !waiting.contains(key));
        self.next_end = now;
        Ok(read)
    }

    /// Counts again what the records say, up to damage, and tells how much was read.
    fn replay(&mut self, recovered: Recovered, stored: &mut Option<JournalPosition>) -> ReadJournal {
        let mut records = recovered.records();
        while let Some(Ok((position, record))) = records.next() {
            if stored.is_some_and(|stored| position >= stored) {
                *stored = None;
                self.discard_stored();
            }
            self.redo(record, stored.is_some());
        }
        records.end()
    }

    /// Forgets what is counted so far but not who was there: it is in the store.
    pub(super) fn discard_stored(&mut self) {
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
    fn redo(&mut self, record: Record, is_stored: bool) {
        #[cfg(test)]
        assert!(!tests::is_poisoned(&record), "a poisoned record");
        match record {
            Record::Hit(record) => self.count_again(&record),
            Record::Rejected { site, day, reason, bot } => self.rejections.add(site, day, reason, bot),
            Record::Mail { site, day, campaign, kind, person } => {
                self.mails.add((site, day, campaign, kind), person, self.looked_at.len());
            }
            Record::Batch { id, at } => _ = self.batches.begin(id, at),
            Record::Imported(entry) => self.note_read(vec![entry]),
            Record::Salt { site, day, salt, late } => self.salts.restore((site, day), salt, late),
            Record::Displaced { site, day, names } => {
                if let Some(day) = self.days.get_mut(&(site, day)) {
                    day.displace_again(&DisplacedNames::of_rows(&names));
                }
            }
            Record::Opened { site, day, opening } => self.open_again((site, day), opening, is_stored),
            Record::Closed { site, day } => {
                self.close_day((site, day));
                self.salts.forget(site, day);
            }
            // One that is not stored waits for the next flush.
            Record::Flushed { site, day } if is_stored => {
                let place = self.closing.iter().position(|state| (state.site, state.day) == (site, day));
                place.map(|place| self.closing.remove(place));
            }
            Record::Flushed { .. } => {}
            Record::MayRepeat { site, day } => _ = self.repeating.insert(site, day),
            Record::Forgotten { site } => self.forget_site(site),
        }
    }

    fn count_again(&mut self, HitRecord { hit, how }: &HitRecord) {
        let HowCounted { at, mark, is_apart } = *how;
        let room = if is_apart { Room::NoVisitor } else { Room::Visitor };
        // It was counted before, so it is again.
        if self.take(hit, Some(room), at).is_err() {
            return;
        }
        if is_apart && hit.token.is_some() {
            self.rejections.add_unvisited(hit.site, hit.local.day);
        }
        self.salts.used(hit.site, hit.local.day, at);
        if let Some(mark) = mark
            && !self.repeats.has(hit, mark, at)
        {
            self.repeats.add(hit, mark, at);
        }
        if hit.kind == Kind::Pageview {
            self.minutes.count(hit.site, hit.at);
        }
    }
}
