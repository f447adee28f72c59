//! In: what is counted and rejected. Out: the same as records of the journal, as long as there is one. Forgets: every record of a day
//! that has ended, within [`limits::JOURNAL_FORGET_S`], whatever becomes of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Running;
use super::flushing::Job;
use crate::collector::salts::Salts;
use crate::hit::Hit;
use crate::journal::{Found, GivenUp, ImageWriter, Journal, JournalTrouble, Record};
use crate::limits;
use crate::meter::{FailureKind, Meter};
use crate::site::{Day, SiteId};
use crate::store::JournalPosition;

/// The journal, and what is to be done with it.
pub(super) struct Journaling {
    journal: Option<Journal>,
    /// Why there is none.
    without: Option<JournalTrouble>,
    meter: Arc<Meter>,
    /// Hits in the running segment.
    hits: usize,
    /// Since when the files hold what is to be forgotten; clocks that are set do not matter for it.
    forgets: Option<Instant>,
    /// The image that is being written, and since when it is to leave something behind.
    imaging: Option<(Arc<AtomicBool>, Option<Instant>)>,
}

impl Journaling {
    /// No journal.
    pub(super) fn none(meter: Arc<Meter>) -> Journaling {
        let without = Some(JournalTrouble::SwitchedOff);
        Journaling { journal: None, without, meter, hits: 0, forgets: None, imaging: None }
    }

    /// Writes to a journal from now on, if there is one.
    pub(super) fn begin(&mut self, journal: Option<Journal>, found: &Found) {
        (self.journal, self.without) = (journal, found.without());
    }

    /// Writes a hit that is counted; `is_apart` if it was counted without a visitor of its own.
    pub(super) fn hit(&mut self, hit: &Hit, mark: Option<u64>, is_apart: bool) {
        let Some(journal) = &mut self.journal else { return };
        self.hits += 1;
        let written = journal.append_hit(hit, mark, is_apart);
        self.noted(written);
    }

    /// Keeps a hit for the next write.
    pub(super) fn hit_later(&mut self, hit: &Hit, mark: Option<u64>, is_apart: bool) {
        let Some(journal) = &mut self.journal else { return };
        self.hits += 1;
        journal.hit_later(hit, mark, is_apart);
    }

    /// Keeps a record for the next write.
    pub(super) fn later(&mut self, record: impl FnOnce() -> Record) {
        if let Some(journal) = &mut self.journal {
            journal.append_later(&record());
        }
    }

    /// Writes what waits.
    pub(super) fn write(&mut self) {
        let written = self.journal.as_mut().map_or(Ok(()), Journal::write_waiting);
        self.noted(written);
    }

    /// Keeps salts for the next write: no record of a day comes before its salt.
    pub(super) fn salt(&mut self, (site, day): (SiteId, Day), salts: &Salts) {
        if let (Some(journal), Some((salt, late))) = (&mut self.journal, salts.get(site, day)) {
            journal.append_later(&Record::Salt { site, day, salt, late });
        }
    }

    /// Where the next record begins.
    pub(super) fn position(&mut self) -> Option<JournalPosition> {
        let position = self.journal.as_mut().map(Journal::position);
        position.filter(|_| self.trouble().is_none())
    }

    /// Why what is counted is in no journal; nothing if it is.
    pub(super) fn trouble(&self) -> Option<JournalTrouble> {
        self.journal.as_ref().map_or(self.without, Journal::lost)
    }

    /// What the journal takes, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.journal.as_ref().map_or(0, Journal::bytes)
    }

    /// Takes note that a day has ended: what is written of it has to go.
    pub(super) fn forget(&mut self) {
        if self.journal.is_some() {
            self.forgets.get_or_insert_with(Instant::now);
        }
    }

    fn noted(&mut self, written: Result<(), GivenUp>) {
        if let Err(given_up) = written
            && self.journal.take().is_some()
        {
            (self.forgets, self.imaging, self.without) = (None, None, Some(given_up.0));
            self.meter.failed(FailureKind::Journal, "journal", given_up.0);
        }
    }

    /// Gives the journal up if what is to be forgotten could not be left behind in time, and tells whether a new image is wanted
    /// of so many visitors.
    fn wants_image(&mut self, visitors: usize) -> bool {
        let Some(journal) = &mut self.journal else { return false };
        if let Some(why) = journal.lost() {
            self.noted(Err(GivenUp(why)));
            return false;
        }
        if self.imaging.as_ref().is_some_and(|(done, _)| done.load(Ordering::Acquire)) {
            self.imaging = None;
        }
        let longest = Duration::from_secs(limits::JOURNAL_FORGET_S);
        let leaving = self.imaging.as_ref().and_then(|(_, since)| *since).or(self.forgets);
        if leaving.is_some_and(|since| since.elapsed() >= longest) {
            let given_up = journal.give_up(JournalTrouble::NotForgotten);
            self.noted(Err(given_up));
            return false;
        }
        let many = limits::JOURNAL_SEGMENT_HITS.max(visitors / limits::JOURNAL_VISITORS_PER_HIT);
        self.imaging.is_none() && (self.forgets.is_some() || self.hits >= many)
    }

    fn rotate(&mut self) -> Option<(ImageWriter, Arc<AtomicBool>)> {
        match self.journal.as_mut()?.rotate() {
            Ok(writer) => {
                let done = Arc::new(AtomicBool::new(false));
                self.imaging = Some((done.clone(), self.forgets.take()));
                self.hits = 0;
                Some((writer, done))
            }
            Err(given_up) => {
                self.noted(Err(given_up));
                None
            }
        }
    }
}

impl Running {
    /// Has an image of the state written if the segment is long, or if there is something to forget. An image holds no flush, so it
    /// waits for the one under way.
    pub(super) fn renew_journal(&mut self) {
        self.journal.write();
        let wants = self.journal.wants_image(self.shares.visitors());
        if !wants || self.flushing.writing().is_some() || !self.closing.is_empty() {
            return;
        }
        if let Some((writer, done)) = self.journal.rotate() {
            let image = self.image();
            self.flushing.hand(Job::Image(Box::new(move || {
                // An image that found no room gives the journal up, which the next look at it tells.
                let _ = writer.write(&image);
                done.store(true, Ordering::Release);
            })));
        }
    }
}
