//! In: what is counted and rejected. Out: the same as records of the journal, as long as there is one. Forgets: every record of a day
//! that has ended, within [`limits::JOURNAL_FORGET_S`], whatever becomes of the store; its visits, which have no tokens, when the
//! store has them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Running;
use super::flushing::Job;
use crate::collector::salts::Salts;
use crate::hit::Hit;
use crate::journal::{GivenUp, HowCounted, ImageWriter, Journal, JournalTrouble, Record};
use crate::limits;
use crate::meter::{FailureKind, Meter};
use crate::site::{Day, SiteId};
use crate::store::JournalMark;

/// The journal, and what is to be done with it.
pub(super) struct Journaling {
    /// Whether hits are counted.
    counts: bool,
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
    /// Whether a segment should not be counted again: settings have changed that were in force when it began.
    is_outdated: bool,
    /// Since when the image holds visits of days that ended, which wait for the store.
    waits: Option<Instant>,
}

impl Journaling {
    /// No journal.
    pub(super) fn none(meter: Arc<Meter>) -> Journaling {
        let without = Some(JournalTrouble::SwitchedOff);
        Journaling {
            counts: false,
            journal: None,
            without,
            meter,
            hits: 0,
            forgets: None,
            imaging: None,
            is_outdated: false,
            waits: None,
        }
    }

    /// Whether hits are counted.
    pub(super) fn counts(&self) -> bool {
        self.counts
    }

    /// Writes to a journal from now on, if there is one.
    pub(super) fn begin(&mut self, journal: Option<Journal>, without: Option<JournalTrouble>) {
        (self.counts, self.journal, self.without) = (true, journal, without);
        let gone_on = self.journal.as_mut().map_or(Ok(()), Journal::go_on);
        self.noted(gone_on);
    }

    /// Writes a hit that is counted.
    pub(super) fn hit(&mut self, hit: &Hit, how: HowCounted) {
        let Some(journal) = &mut self.journal else { return };
        self.hits += 1;
        let written = journal.append_hit(hit, how);
        self.noted(written);
    }

    /// Keeps a hit for the next write.
    pub(super) fn hit_later(&mut self, hit: &Hit, how: HowCounted) {
        let Some(journal) = &mut self.journal else { return };
        self.hits += 1;
        journal.hit_later(hit, how);
    }

    /// Keeps a record for the next write.
    pub(super) fn later(&mut self, record: impl FnOnce() -> Record) {
        if let Some(journal) = &mut self.journal {
            journal.append_later(&record());
        }
    }

    /// Gives the journal up if its files are not where a start looks for them.
    fn look(&mut self) {
        let found = self.journal.as_mut().map_or(Ok(()), Journal::look);
        self.noted(found);
    }

    /// Writes what waits.
    pub(super) fn write(&mut self) {
        let written = self.journal.as_mut().map_or(Ok(()), Journal::write_waiting);
        self.noted(written);
    }

    /// Writes what waits if it is much, and nothing more belongs to it.
    pub(super) fn write_many(&mut self) {
        let written = self.journal.as_mut().map_or(Ok(()), Journal::write_many);
        self.noted(written);
    }

    /// Keeps salts for the next write: no record of a day comes before its salt.
    pub(super) fn salt(&mut self, (site, day): (SiteId, Day), salts: &Salts) {
        if let (Some(journal), Some((salt, late))) = (&mut self.journal, salts.get(site, day)) {
            journal.append_later(&Record::Salt { site, day, salt, late });
        }
    }

    /// How far the journal is with what is counted. Who counts nothing leaves what others have left there.
    pub(super) fn mark(&mut self) -> JournalMark {
        if !self.counts {
            return JournalMark::AsBefore;
        }
        let position = self.journal.as_mut().map(Journal::position);
        position.filter(|_| self.trouble().is_none()).map_or(JournalMark::Gone, JournalMark::UpTo)
    }

    /// Why what is counted is in no journal; nothing if it is.
    pub(super) fn trouble(&self) -> Option<JournalTrouble> {
        self.journal.as_ref().map_or(self.without, Journal::lost)
    }

    /// The folder of the journal; nothing without one.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.journal.as_ref().filter(|journal| journal.lost().is_none()).map(Journal::path)
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

    /// Whether the files hold what is to be forgotten.
    pub(super) fn is_forgetting(&self) -> bool {
        let is_leaving =
            |(done, since): &(Arc<AtomicBool>, Option<Instant>)| since.is_some() && !done.load(Ordering::Acquire);
        self.journal.is_some() && (self.forgets.is_some() || self.imaging.as_ref().is_some_and(is_leaving))
    }

    /// Takes note that sites or their settings have changed.
    pub(super) fn outdate(&mut self) {
        self.is_outdated = true;
    }

    fn noted(&mut self, written: Result<(), GivenUp>) {
        if let Err(given_up) = written
            && self.journal.take().is_some()
        {
            (self.forgets, self.imaging, self.waits, self.without) = (None, None, None, Some(given_up.0));
            self.meter.failed(FailureKind::Journal, "journal", given_up.0);
        }
    }

    /// Takes note of what became of the visits that wait for the store. Once they are stored the image is to forget them too; if
    /// the store does not take them for too long, the journal is given up.
    fn note_store(&mut self, has_waiting_visits: bool, longest: Duration, flushing_since: Option<Instant>) {
        let Some(since) = self.waits else { return };
        if !has_waiting_visits {
            self.waits = None;
            self.forget();
        } else if flushing_since.is_some_and(|flushing| flushing.max(since).elapsed() >= longest) {
            self.give_up();
        }
    }

    /// Has the journal found with the file that is that of its database now.
    pub(super) fn follow(&mut self, file: &Path) {
        let followed = self.journal.as_ref().map_or(Ok(()), |journal| journal.follow(file));
        if let Err(error) = followed {
            tracing::warn!(%error, "the journal can't follow the database, and is given up");
            self.leave();
        }
    }

    /// Gives the journal up because it is of another database, and tells whether there was one.
    pub(super) fn leave(&mut self) -> bool {
        let Some(journal) = &mut self.journal else { return false };
        let given_up = journal.give_up(JournalTrouble::OtherDatabase);
        self.noted(Err(given_up));
        true
    }

    fn give_up(&mut self) {
        if let Some(journal) = &mut self.journal {
            let given_up = journal.give_up(JournalTrouble::NotForgotten);
            self.noted(Err(given_up));
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
            self.give_up();
            return false;
        }
        let many = limits::JOURNAL_SEGMENT_HITS.max(visitors / limits::JOURNAL_VISITORS_PER_HIT);
        self.imaging.is_none() && (self.forgets.is_some() || self.is_outdated || self.hits >= many)
    }

    /// Begins a segment, with an image that may hold visits which wait for the store.
    fn rotate(&mut self, has_waiting_visits: bool) -> Option<(ImageWriter, Arc<AtomicBool>)> {
        match self.journal.as_mut()?.rotate() {
            Ok(writer) => {
                let done = Arc::new(AtomicBool::new(false));
                self.imaging = Some((done.clone(), self.forgets.take()));
                self.waits = has_waiting_visits.then(|| self.waits.unwrap_or_else(Instant::now));
                (self.hits, self.is_outdated) = (0, false);
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
    /// waits for the one under way, and comes before the next.
    pub(super) fn renew_journal(&mut self) {
        self.journal.look();
        self.journal.write();
        let has_waiting_visits = self.has_waiting_visits();
        self.journal.note_store(has_waiting_visits, self.flushing.longest(), self.flushing.since());
        if self.journal.wants_image(self.shares.visitors()) && self.flushing.writing().is_none() {
            self.write_image();
        }
    }

    /// Has an image written of the state as it is, with which the next start begins.
    pub(super) fn write_image(&mut self) {
        let has_waiting_visits = self.has_waiting_visits();
        if let Some((writer, done)) = self.journal.rotate(has_waiting_visits) {
            let image = self.image();
            self.flushing.hand(Job::Image(Box::new(move || {
                // An image that found no room gives the journal up, which the next look at it tells.
                let _ = writer.write(&image);
                done.store(true, Ordering::Release);
            })));
        }
    }
}
