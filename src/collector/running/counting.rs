//! In: hits, one by one or many together. Out: changes of the open days, and what became of each hit. Forgets: the hits.

use super::Running;
use crate::collector::mail::MailKey;
use crate::collector::salts::SaltChange;
use crate::collector::utc_day;
use crate::counts::{Displacement, DisplacementSearch, Newcomer, Room, RoomTaken};
use crate::hit::{BotHit, Hit, Kind};
use crate::journal::{HowCounted, Record};
use crate::meter::Pressure;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Moment, SiteId};
use crate::store::Imported;

/// A hit, and the mark by which its message is known if it is sent again.
#[derive(Debug)]
pub struct MarkedHit {
    /// The hit.
    pub hit: Hit,
    /// The mark, where the format has one.
    pub mark: Option<u64>,
}

/// The id by which a batch of hits is counted once.
#[derive(Debug, Clone, Copy)]
pub struct BatchId {
    /// Its digest.
    pub digest: Digest,
    /// Whether hits of it were turned away before, because the collector can't keep up.
    pub lacks_hits: bool,
}

/// What became of a batch of hits.
#[derive(Debug)]
pub struct BatchOutcome {
    /// Whether a batch of the same id was counted before; then nothing of this one is.
    pub is_repeat: bool,
    /// Each hit, in order.
    pub outcomes: Vec<Result<(), Rejection>>,
}

impl Running {
    /// Counts a hit, or books why it is not counted.
    ///
    /// # Errors
    /// Why it is not counted.
    pub(in crate::collector) fn count(&mut self, marked: &MarkedHit, now: Moment) -> Result<(), Rejection> {
        let counted = self.count_one(marked, true, now);
        if counted.is_err() {
            self.journal.write_many();
        }
        counted
    }

    /// The same; unless it `is_alone`, it waits for the journal's next write.
    fn count_one(&mut self, marked: &MarkedHit, is_alone: bool, now: Moment) -> Result<(), Rejection> {
        let MarkedHit { hit, mark } = marked;
        self.note_salts();
        let taken = match mark.is_some_and(|mark| self.repeats.has(hit, mark, now)) {
            true => Err(Rejection::Repeat),
            // Nothing is stored, and memory has an end.
            false if self.flushing.is_full => Err(Rejection::TooMany),
            false => self.take(hit, None, now),
        };
        match taken {
            Ok(room) => {
                if let Some(mark) = mark {
                    self.repeats.add(hit, *mark, now);
                }
                self.meter.counted.inc();
                match hit.kind {
                    Kind::Engagement { .. } => _ = self.meter.pings.inc(),
                    Kind::Pageview => self.minutes.count(hit.site, hit.at),
                    Kind::Event { .. } => {}
                }
                let how = HowCounted { at: now, mark: *mark, is_apart: room == Room::NoVisitor };
                if how.is_apart && hit.token.is_some() {
                    self.meter.unvisited.inc();
                    self.rejections.add_unvisited(hit.site, hit.local.day);
                }
                if is_alone {
                    self.journal.hit(hit, how);
                } else {
                    self.journal.hit_later(hit, how);
                }
            }
            Err(Rejection::UnknownSite) => {
                self.book(SiteId::INSTANCE, utc_day(now), Rejection::UnknownSite, None);
            }
            Err(reason) => self.book(hit.site, hit.local.day, reason, None),
        }
        taken.map(|_| ())
    }

    /// Begins to look for those who have names that should give way.
    pub(super) fn begin_displacements(&mut self) -> Vec<((SiteId, Day), DisplacementSearch)> {
        let keys = std::mem::take(&mut self.displacing).into_iter();
        let begin = |key| {
            let day = self.days.get_mut(&key).filter(|day| day.wants_displacement())?;
            Some((key, day.begin_displacement()))
        };
        keys.filter_map(begin).collect()
    }

    /// Lets names of a day give way, unless it has ended meanwhile.
    pub(super) fn end_displacement(&mut self, (site, day): (SiteId, Day), found: Displacement) {
        let Some(open) = self.days.get_mut(&(site, day)) else { return };
        let displaced = open.end_displacement(found);
        self.journal.later(|| Record::Displaced { site, day, names: displaced.rows() });
    }

    /// Books a rejection, and the program that was rejected.
    pub(in crate::collector) fn reject(&mut self, site: SiteId, day: Day, reason: Rejection, bot: Option<BotHit>) {
        self.book(site, day, reason, bot);
        self.journal.write_many();
    }

    /// The same, maybe in the middle of what is written as one.
    fn book(&mut self, site: SiteId, day: Day, reason: Rejection, bot: Option<BotHit>) {
        self.meter.reject(reason);
        self.journal.later(|| Record::Rejected { site, day, reason, bot: bot.clone() });
        self.rejections.add(site, day, reason, bot);
    }

    /// Counts what was done with a mail.
    pub(in crate::collector) fn mail(&mut self, key: MailKey, person: Option<u64>) {
        self.note_salts();
        let (site, day, campaign, kind) = &key;
        let (site, day, campaign, kind) = (*site, *day, campaign.clone(), *kind);
        self.journal.later(|| Record::Mail { site, day, campaign, kind, person });
        self.journal.write();
        self.mails.add(key, person, self.looked_at.len());
    }

    /// Counts hits together; with an id that was counted before, none. The id is used up unless the sender is told to send all of
    /// it again, because some were turned away and none is counted. What is told of logs goes with them.
    pub(in crate::collector) fn count_batch(
        &mut self,
        hits: &[MarkedHit],
        id: Option<BatchId>,
        imported: Vec<Imported>,
        now: Moment,
    ) -> BatchOutcome {
        if id.is_some_and(|id| self.flushing.has_batch(id.digest) || self.batches.has(id.digest)) {
            hits.iter().for_each(|marked| self.reject(marked.hit.site, marked.hit.local.day, Rejection::Repeat, None));
            return BatchOutcome { is_repeat: true, outcomes: vec![Err(Rejection::Repeat); hits.len()] };
        }
        let outcomes: Vec<_> = hits.iter().map(|marked| self.count_one(marked, false, now)).collect();
        for entry in &imported {
            self.journal.later(|| Record::Imported(*entry));
        }
        let is_used = |id: &BatchId| {
            outcomes.iter().any(Result::is_ok)
                || !(id.lacks_hits || outcomes.iter().any(|outcome| outcome.is_err_and(Rejection::is_overload)))
        };
        if let Some(BatchId { digest: id, .. }) = id.filter(is_used) {
            self.batches.begin(id, now);
            self.journal.later(|| Record::Batch { id, at: now });
        }
        self.journal.write();
        self.note_read(imported);
        BatchOutcome { is_repeat: false, outcomes }
    }

    /// Keeps how far logs are read for the next flush; what was said of one before is past.
    pub(super) fn note_read(&mut self, imported: Vec<Imported>) {
        for entry in imported {
            self.imported.retain(|known| (known.site, known.head) != (entry.site, entry.head));
            self.imported.push(entry);
        }
    }

    /// Counts a hit in its day, with the room that it had when it was counted before, or that there is now. Tells whether it
    /// has a visitor of its own.
    pub(super) fn take(&mut self, hit: &Hit, before: Option<Room>, now: Moment) -> Result<Room, Rejection> {
        let key = (hit.site, hit.local.day);
        if !self.days.contains_key(&key) {
            // A hit may have waited for others while its site was removed; nothing would ever end a day of it.
            if before.is_none() && self.directory.load().get(hit.site).is_none() {
                return Err(Rejection::UnknownSite);
            }
            self.open(key, now);
        }
        let Some(day) = self.days.get_mut(&key) else { return Err(Rejection::TooMany) };
        let taken = day.taken();
        let (shares, directory, meter, mut room) = (&mut self.shares, &self.directory, &self.meter, Room::Visitor);
        let newcomer = Newcomer { day: key, network: hit.network, at: now };
        day.take(hit, || {
            room = match before {
                Some(Room::NoVisitor) => Room::NoVisitor,
                // What there is now is asked all the same, because it counts who was admitted.
                Some(Room::Visitor) => {
                    shares.room(newcomer, directory.load().len());
                    Room::Visitor
                }
                None if meter.pressure.now() >= Pressure::NewVisitors => Room::NoVisitor,
                None => shares.room(newcomer, directory.load().len()),
            };
            room
        })?;
        if day.taken() != taken {
            self.shares.note(key, day.taken());
        }
        // All visitors are gone through for it, which no hit waits for.
        if day.wants_displacement() && !self.displacing.contains(&key) {
            self.displacing.push(key);
            self.wake.now();
        }
        if taken == RoomTaken::default() {
            // The day may have ended while the hit was on its way.
            self.note_end(key);
        }
        Ok(room)
    }

    /// Takes note of the salts that were made or given up meanwhile, before anything is counted by the new ones.
    pub(super) fn note_salts(&mut self) {
        for change in self.salts.take_changes() {
            match change {
                SaltChange::Made(key) => {
                    self.note_end(key);
                    self.journal.salt(key, &self.salts);
                }
                // By a new salt, visitors would be others.
                SaltChange::GivenUp(key) => {
                    self.close_day(key);
                }
            }
        }
    }
}
