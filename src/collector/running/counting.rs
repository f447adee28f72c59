//! In: hits, one by one or many together. Out: changes of the open days, and what became of each hit. Forgets: the hits.

use super::Running;
use crate::cell::Folding;
use crate::collector::mail::MailKey;
use crate::collector::personal;
use crate::counts::{Newcomer, OpenDay, Room};
use crate::hit::{BotHit, Hit, Kind};
use crate::journal::Record;
use crate::limits;
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
        self.count_one(marked, true, now)
    }

    /// The same; unless it `is_alone`, it waits for the journal's next write.
    fn count_one(&mut self, marked: &MarkedHit, is_alone: bool, now: Moment) -> Result<(), Rejection> {
        let MarkedHit { hit, mark } = marked;
        self.note_salts();
        let taken = match mark.is_some_and(|mark| self.repeats.has(hit, mark, now)) {
            true => Err(Rejection::Repeat),
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
                let is_apart = room == Room::NoVisitor;
                if is_apart && hit.token.is_some() {
                    self.meter.unvisited.inc();
                    self.rejections.add_unvisited(hit.site, hit.local.day);
                }
                if is_alone {
                    self.journal.hit(hit, *mark, is_apart);
                } else {
                    self.journal.hit_later(hit, *mark, is_apart);
                }
                self.displace((hit.site, hit.local.day));
            }
            Err(reason) => self.reject(hit.site, hit.local.day, reason, None),
        }
        taken.map(|_| ())
    }

    /// Lets names of a day give way, if they should.
    fn displace(&mut self, (site, day): (SiteId, Day)) {
        let Some(open) = self.days.get_mut(&(site, day)).filter(|open| open.wants_displacement()) else { return };
        let displaced = open.displace_lightest();
        self.journal.later(|| Record::Displaced { site, day, names: displaced.rows() });
    }

    /// Books a rejection, and the program that was rejected.
    pub(in crate::collector) fn reject(&mut self, site: SiteId, day: Day, reason: Rejection, bot: Option<BotHit>) {
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
        self.mails.add(key, person);
    }

    /// Counts hits together, all of them or none: with an id that was counted before, none. What is told of logs goes with them.
    pub(in crate::collector) fn count_batch(
        &mut self,
        hits: &[MarkedHit],
        id: Option<Digest>,
        imported: Vec<Imported>,
        now: Moment,
    ) -> BatchOutcome {
        if id.is_some_and(|id| !self.batches.begin(id, now)) {
            hits.iter().for_each(|marked| self.reject(marked.hit.site, marked.hit.local.day, Rejection::Repeat, None));
            return BatchOutcome { is_repeat: true, outcomes: vec![Err(Rejection::Repeat); hits.len()] };
        }
        let outcomes = hits.iter().map(|marked| self.count_one(marked, false, now)).collect();
        for entry in &imported {
            self.journal.later(|| Record::Imported(*entry));
        }
        if let Some(id) = id {
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
            let day = self.open(key, now);
            self.days.insert(key, day);
            self.note_end(key);
        }
        let Some(day) = self.days.get_mut(&key) else { return Err(Rejection::TooMany) };
        let visitors = day.visitors();
        let (shares, directory, mut room) = (&mut self.shares, &self.directory, Room::Visitor);
        let newcomer = Newcomer { day: key, network: hit.network, at: hit.at };
        day.take(hit, || {
            room = match before {
                Some(Room::NoVisitor) => Room::NoVisitor,
                // What there is now is asked all the same, because it counts who was admitted.
                Some(Room::Visitor) => {
                    shares.room(newcomer, directory.load().len());
                    Room::Visitor
                }
                None => shares.room(newcomer, directory.load().len()),
            };
            room
        })?;
        if day.visitors() != visitors {
            self.shares.note(key, day.visitors());
        }
        Ok(room)
    }

    /// A day on which nothing has happened yet.
    fn open(&self, (site, day): (SiteId, Day), now: Moment) -> OpenDay {
        let directory = self.directory.load();
        let known = directory.get(site);
        let today = known.map(|site| site.schedule.locate(now).day);
        let is_old = today.is_some_and(|today| day.0 < today.0 - limits::HOUR_DETAIL_DAYS);
        let budget = known.map(|site| site.settings.budget).unwrap_or_default();
        let opened = match is_old {
            true => OpenDay::without_hours(site, day, budget),
            false => OpenDay::new(site, day, budget),
        };
        opened.folding(self.folding(site))
    }

    /// How the pages of a site's day are counted.
    pub(super) fn folding(&self, site: SiteId) -> Folding {
        personal::folding(site, &self.personal, &self.directory, &self.sums, &self.meter)
    }

    /// Takes note of the salts that were made meanwhile, before anything is counted by them.
    pub(super) fn note_salts(&mut self) {
        for key in self.salts.take_new() {
            self.note_end(key);
            self.journal.salt(key, &self.salts);
        }
    }
}
