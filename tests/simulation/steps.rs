//! What happens in a world: one step after the other, as its dice say.

use headcount::beacon::mail::Act;
use headcount::beacon::{Beacon, mail};
use headcount::collector::{BatchId, Ending, MarkedHit, Outcome, utc_day};
use headcount::rejection::Rejection;
use headcount::secret::Digest;
use headcount::site::{Day, SiteId};

use super::disk::{Crash, Faults};
use super::world::SimWorld;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

impl SimWorld {
    /// One step.
    pub fn step(&mut self) {
        match self.dice.below(1_000) {
            0..340 => self.send_some(),
            340..365 => self.send_batch(),
            365..380 => self.read_mail(),
            380..480 => self.keep(),
            480..600 => self.write(),
            600..760 => self.pass_time(),
            760..810 => self.flush(),
            810..835 => self.change_faults(),
            835..870 => self.end(),
            870..875 if !self.is_shaky => self.kill_and_damage(),
            875..905 => self.end_in_the_middle(),
            905..925 => self.add_site(),
            925..930 => self.remove_site(),
            930..935 => self.reset_site(),
            935..940 => self.forget_days(),
            940..945 => self.change_site(),
            945..950 => self.jump(),
            950..968 => self.import(),
            _ => self.check(),
        }
        self.die_if_killed();
    }

    /// A disk that was told to has killed the program.
    fn die_if_killed(&mut self) {
        if self.disk.disk().is_dead() {
            let how = self.any_crash();
            self.kill(how);
            self.start(how);
        }
    }

    fn any_crash(&mut self) -> Crash {
        // What a sync did not take, and a start found all the same, is not on the disk before the next flush: SQLite does not sync again
        // what it finds in its log.
        let how = if self.dice.percent(40) { Crash::Power } else { Crash::Process };
        if self.is_shaky { Crash::Process } else { how }
    }

    /// Somebody sends a few messages.
    fn send_some(&mut self) {
        // Of whom nobody knows what is left, nobody can say what becomes.
        let Some(site) = self.any_site().filter(|site| !site.is_doubtful) else { return };
        for _ in 0..1 + self.dice.below(6) {
            let who = self.dice.below(self.visitors.len());
            let beacons = self.visitors[who].send(&site.domain, &mut self.dice);
            for beacon in beacons {
                self.send(beacon);
            }
            if self.dice.percent(50) {
                let ms = self.dice.below(90_000) as i64;
                self.pass(ms);
            }
        }
    }

    fn send(&mut self, beacon: Beacon) {
        self.note("messages");
        let now = self.clock.now();
        let known = self.collector().directory().find(&beacon.site).cloned();
        let made = known.as_ref().map(|site| self.collector().hit_at(beacon.clone(), site, now, now));
        // A question may have begun a flush.
        self.observe();
        let expected = match (&known, made) {
            (None, _) => self.expect_rejected(SiteId::INSTANCE, utc_day(now), Rejection::UnknownSite),
            (Some(site), Some(Err(dropped))) => {
                self.expect_rejected(site.id, site.schedule.locate(now).day, dropped.reason)
            }
            (Some(_), Some(Ok((hit, _)))) if self.ledger.take(&hit) => Outcome::Accepted,
            _ => Outcome::Rejected(Rejection::NoVisit),
        };
        let outcome = if self.dice.percent(50) {
            self.with(|life| life.collector.receive(beacon))
        } else {
            self.with(|life| match life.collector.admit(beacon, None) {
                Err(outcome) => outcome,
                Ok(made) => {
                    let hits = made.into_hit().into_iter().collect();
                    let outcomes = life.collector.take_batch(hits, None).expect("a collector").outcomes;
                    outcomes[0].map_or_else(Outcome::Rejected, |()| Outcome::Accepted)
                }
            })
        };
        self.tell(|| format!("{outcome:?} at {:?}", known.as_ref().map(|site| site.id)));
        assert_eq!(outcome, expected, "what becomes of a message");
    }

    /// Some messages that came together under an id, or an id that came before.
    fn send_batch(&mut self) {
        self.observe();
        if !self.batches.is_empty() && self.dice.percent(40) {
            let (number, at) = *self.dice.pick(&self.batches);
            // Ids are forgotten after a month.
            if self.clock.now().0 - at.0 < 20 * DAY {
                return self.send_again(number);
            }
        }
        let Some(site) = self.any_site().filter(|site| !site.is_doubtful) else { return };
        self.note("batch");
        let mut hits = Vec::new();
        for _ in 0..1 + self.dice.below(5) {
            let who = self.dice.below(self.visitors.len());
            for beacon in self.visitors[who].send(&site.domain, &mut self.dice) {
                hits.extend(self.admit(beacon));
            }
        }
        self.observe();
        let expected: Vec<bool> = hits.iter().map(|marked| self.ledger.take(&marked.hit)).collect();
        self.batch_numbers += 1;
        let number = self.batch_numbers;
        let day = utc_day(self.clock.now());
        self.ledger.note_batch(day, number);
        self.batches.push((number, self.clock.now()));
        let outcome = self.with(|life| life.collector.take_batch(hits, Some(batch_of(number)))).expect("a collector");
        let counted: Vec<bool> = outcome.outcomes.iter().map(Result::is_ok).collect();
        assert!(!outcome.is_repeat && counted == expected, "what becomes of a batch");
    }

    fn admit(&mut self, beacon: Beacon) -> Option<MarkedHit> {
        let now = self.clock.now();
        let known = self.collector().directory().find(&beacon.site).cloned();
        self.observe();
        let made = self.collector().admit(beacon, None).map(headcount::collector::Uncounted::into_hit);
        // What is booked is part of a flush that the same step has begun.
        if let Err(outcome) = &made {
            let Outcome::Rejected(reason) = outcome else { panic!("{outcome:?}") };
            let of = known.map_or((SiteId::INSTANCE, utc_day(now)), |site| (site.id, site.schedule.locate(now).day));
            self.ledger.reject(of.0, of.1, *reason);
        }
        self.observe();
        made.ok().flatten()
    }

    /// Whoever got no answer sends a batch again. It is known as long as what was in it is counted.
    fn send_again(&mut self, number: u64) {
        self.note("batch again");
        let is_stored = self.with(|life| life.collector.has_batch(id_of(number)));
        let Some(is_stored) = self.answered(is_stored) else { return };
        let is_counted = self.ledger.has_batch(number);
        if is_stored {
            assert!(is_counted, "batch {number} is known, and nothing of it is counted");
            return;
        }
        if !is_counted {
            let day = utc_day(self.clock.now());
            self.ledger.note_batch(day, number);
        }
        let outcome =
            self.with(|life| life.collector.take_batch(Vec::new(), Some(batch_of(number)))).expect("a collector");
        assert_eq!(outcome.is_repeat, is_counted, "batch {number} was counted before");
    }

    /// Somebody opens a mail.
    fn read_mail(&mut self) {
        let Some(site) = self.any_site().filter(|site| !site.is_doubtful) else { return };
        self.note("mail");
        let who = self.dice.below(self.visitors.len());
        let visitor = self.visitors[who].clone();
        self.observe();
        let Some(schedule) = self.collector().directory().get(site.id).map(|site| site.schedule.clone()) else {
            return;
        };
        let day = schedule.locate(self.clock.now()).day;
        self.ledger.mail(site.id, day);
        let counted = self.with(|life| {
            let collector = &life.collector;
            visitor.with_request("", "", |request| {
                collector.mail(request, &site.domain, mail::UNKNOWN, Act::Opened, false)
            })
        });
        assert_eq!(counted, Ok(()), "a mail is counted");
    }

    /// The clock is set to another time, and mostly back later.
    fn jump(&mut self) {
        let back = self.jumped_ms.take();
        let ms = match back {
            Some(ms) if self.dice.percent(80) => -ms,
            _ => {
                let span = *self.dice.pick(&[MINUTE, 60 * MINUTE, DAY, 40 * DAY, 3_000 * DAY]);
                let ms = 1 + self.dice.below(span as usize) as i64;
                if self.dice.percent(40) { -ms } else { ms }
            }
        };
        self.jumped_ms = if back.is_none() { Some(ms) } else { None };
        self.note("clock set");
        self.clock.set(self.clock.now().plus(ms));
        self.batches.clear();
        self.note_time(true);
    }

    fn expect_rejected(&mut self, site: SiteId, day: Day, reason: Rejection) -> Outcome {
        self.ledger.reject(site, day, reason);
        Outcome::Rejected(reason)
    }

    fn keep(&mut self) {
        self.with(|life| life.hand.keep());
    }

    fn write(&mut self) {
        for _ in 0..1 + self.dice.below(4) {
            if self.dice.percent(20) {
                self.with(|life| life.hand.retry());
            }
            self.with(|life| life.hand.write());
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
        self.passed_ms += ms;
        self.note_time(false);
    }

    /// Time passes, from milliseconds to days; mostly the program does what is due meanwhile.
    fn pass_time(&mut self) {
        let days = match self.dice.below(10) {
            0 => 1 + self.dice.below(30),
            1..4 => 1,
            _ => 0,
        };
        for _ in 0..days {
            let ms = DAY - 2 * 60 * MINUTE + self.dice.below(240) as i64 * MINUTE;
            self.pass(ms);
            self.settle(80);
        }
        let span = *self.dice.pick(&[1_000, 20_000, 15 * MINUTE, 40 * MINUTE, 6 * 60 * MINUTE]);
        let ms = self.dice.below(span as usize) as i64;
        self.pass(ms);
        self.settle(60);
    }

    /// In so many of a hundred cases, what is due is done.
    fn settle(&mut self, percent: usize) {
        if self.dice.percent(percent) {
            self.keep();
            for _ in 0..40 {
                if !self.with(|life| life.hand.write()) {
                    break;
                }
            }
            self.keep();
        }
    }

    fn flush(&mut self) {
        let flushed = self.with(|life| life.collector.flush());
        if flushed.is_ok() {
            assert!(!self.ledger.has_waiting(), "all is stored");
            let today = utc_day(self.clock.now());
            self.ledger.store_visits(|day| day.0 < today.0 - 1);
        }
    }

    fn change_faults(&mut self) {
        if self.dice.percent(50) {
            return self.mend_disk();
        }
        self.note("faults begin");
        let bytes = self.disk.disk().bytes();
        let (read, write, sync, more) =
            (self.dice.below(20), self.dice.below(40), self.dice.below(300), self.dice.below(200_000));
        let none = Faults { lies: self.conditions.lies, ..Faults::default() };
        self.disk.disk().faults = match self.dice.below(6) {
            0 => Faults { read, ..none },
            1 => Faults { write, ..none },
            2 => Faults { sync, ..none },
            3 => Faults { room: Some(bytes + more), ..none },
            4 => Faults { slow_ms: 1 + more as i64 / 10, ..none },
            _ => Faults { read, write, sync, room: Some(bytes + more), ..none },
        };
    }

    /// Nothing can be stored any more.
    fn break_disk(&mut self) {
        self.note("disk broken");
        let none = Faults { lies: self.conditions.lies, ..Faults::default() };
        self.disk.disk().faults = match self.dice.below(3) {
            0 => Faults { sync: 1_000, ..none },
            1 => Faults { write: 1_000, ..none },
            _ => Faults { room: Some(0), ..none },
        };
    }

    /// The program is killed or stopped, and started again.
    fn end(&mut self) {
        let how = self.any_crash();
        if self.dice.percent(50) {
            self.note("kill");
            self.kill(how);
        } else {
            if self.dice.percent(40) {
                self.break_disk();
            }
            self.stop();
            self.crash(how);
            if self.dice.percent(80) {
                self.mend_disk();
            }
        }
        if self.dice.percent(20) {
            let ms = self.dice.below(3 * DAY as usize) as i64;
            self.pass(ms);
        }
        self.start(how);
    }

    /// As a service manager stops it.
    pub fn stop(&mut self) {
        self.note("stop");
        // Visits that can't be stored are lost at a stop: no file of sums has them.
        let is_sound = self.disk.disk().faults == Faults { lies: self.conditions.lies, ..Faults::default() };
        match self.with(|life| life.hand.stop()) {
            Ok(Ending::Stored) => {
                assert!(!self.ledger.has_waiting_messages(), "a stop stores everything");
                if is_sound {
                    self.ledger.store_visits(|_| true);
                }
            }
            Ok(Ending::WithoutVisits { .. }) => {
                assert!(!self.ledger.has_waiting_messages(), "a stop stores everything else");
            }
            Ok(Ending::Spilled { file, .. }) => {
                self.note("spill");
                self.spilled = Some(file);
            }
            Err(error) => panic!("what waits is lost: {error}"),
        }
        self.life = None;
    }

    /// The program is killed in the middle of something that writes.
    fn end_in_the_middle(&mut self) {
        let operations = 1 + self.dice.below(400) as u64;
        self.disk.disk().kill_in = Some(operations);
        for _ in 0..6 {
            if self.disk.disk().is_dead() {
                break;
            }
            match self.dice.below(12) {
                0 => self.add_site(),
                1 => self.remove_site(),
                2 => self.reset_site(),
                3 => self.import(),
                4 => self.pass_time(),
                5 => self.flush(),
                6 => self.forget_days(),
                7 => self.change_site(),
                _ => self.settle(100),
            }
        }
        self.disk.disk().kill_in = None;
    }
}

/// The id of a batch.
/// A batch none of whose hits were turned away before.
fn batch_of(number: u64) -> BatchId {
    BatchId { digest: id_of(number), lacks_hits: false }
}

fn id_of(number: u64) -> Digest {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_le_bytes());
    Digest(id)
}
