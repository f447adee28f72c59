//! In: beacons. Out: hits that are counted, or the reason why not. Forgets: the beacon, with its address and agent.
//!
//! From [`Collector::admit`] on a beacon is received, and then it is counted, rejected or lost, and that is counted too:
//! [`Uncounted`] holds to that.

use super::running::MarkedHit;
use super::uncounted::{Outcome, Uncounted};
use super::{Collector, trusted};
use crate::beacon::Beacon;
use crate::clock::{ClockBelief, ClockReading};
use crate::hit::{self, Arrival, BotHit, Dropped, Hit};
use crate::meter::{Meter, Pressure};
use crate::operator::Access;
use crate::rejection::Rejection;
use crate::site::{Day, Moment, Site, SiteId};

/// Counts a beacon as lost when the work on it panics.
struct LostByPanic<'m>(&'m Meter);

impl Drop for LostByPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lost.inc();
        }
    }
}

impl Collector {
    /// Takes a beacon: finds its site, makes its hit, and counts it.
    pub fn receive(&self, beacon: Beacon) -> Outcome {
        self.admit(beacon, None).map_or_else(|outcome| outcome, |hit| self.count(hit))
    }

    /// Makes the hit of a beacon, whose sender may have a token; else books why it is not counted.
    ///
    /// # Errors
    /// What became of it.
    pub fn admit(&self, beacon: Beacon, access: Option<Access>) -> Result<Uncounted, Outcome> {
        self.0.meter.received.inc();
        let _guard = LostByPanic(&self.0.meter);
        self.admitted(beacon, access)
    }

    fn admitted(&self, beacon: Beacon, access: Option<Access>) -> Result<Uncounted, Outcome> {
        let ClockReading { now, belief, .. } = self.0.clock.reading();
        if belief == ClockBelief::Unset {
            // A later try may find the clock set. No day is known to book this on.
            self.0.meter.reject(Rejection::TooMany);
            return Err(Outcome::Rejected(Rejection::TooMany));
        }
        let directory = self.0.directory.load();
        let Some(site) = directory.find(&beacon.site) else {
            return Err(self.reject_at(None, Rejection::UnknownSite, now));
        };
        let (pressure, is_vouched) = (self.0.meter.pressure.now(), access.is_some());
        if pressure >= Pressure::Beacons {
            return Err(self.reject_at(Some(site), Rejection::Overloaded, now));
        }
        let made = self.make(beacon, site, now, access).map_err(|Dropped { reason, bot }| {
            let day = site.schedule.locate(now).day;
            self.book(site.id, day, reason, bot)
        })?;
        // Whoever has a token sends for others.
        let has_share =
            pressure < Pressure::HeavySenders || is_vouched || made.lets_pass(&self.0.senders, directory.len());
        if has_share { Ok(made) } else { Err(made.reject(Rejection::Overloaded)) }
    }

    fn make(&self, mut beacon: Beacon, site: &Site, now: Moment, access: Option<Access>) -> Result<Uncounted, Dropped> {
        let at = trusted::moment(&mut beacon, site.id, now, access)?;
        let mark = beacon.once;
        let (hit, begins_past_day) = self.hit_at(beacon, site, at, now)?;
        let mut made = Uncounted::new(MarkedHit { hit, mark }, self);
        made.begins_past_day = begins_past_day;
        Ok(made)
    }

    /// Makes the hit of a beacon that was at a moment, which may be on a day that is over; tells whether it is the first of such
    /// a day under a new salt.
    ///
    /// # Errors
    /// Why it is not counted.
    pub fn hit_at(&self, beacon: Beacon, site: &Site, at: Moment, now: Moment) -> Result<(Hit, bool), Dropped> {
        let local = site.schedule.locate(at);
        let is_past = at != now && local.day < site.schedule.locate(now).day;
        // Without randomness there can be no token, and nothing else may stand for a visitor.
        let (salt, is_new) = match is_past {
            false => (self.0.salts.of(site.id, local.day).map_err(|_| Rejection::TooMany)?, false),
            true => {
                let late = self.0.salts.of_past(site.id, local.day, now).map_err(|_| Rejection::TooMany)?;
                (late.salt, late.is_new)
            }
        };
        let (address, way) = (beacon.sender.address, beacon.sender.way);
        let hit = hit::make(beacon, site, Arrival { at, local }, &salt, &self.0.tools)?;
        self.0.proxies.note(address, way, hit.token);
        Ok((hit, is_new))
    }

    /// Takes a hit that was made elsewhere.
    pub fn take(&self, hit: Hit) -> Outcome {
        self.0.meter.received.inc();
        self.count(Uncounted::new(MarkedHit { hit, mark: None }, self))
    }

    /// Counts a hit, and tells what became of it: whoever is told that it is counted will find it in the next answer.
    pub fn count(&self, hit: Uncounted) -> Outcome {
        hit.count(|hit| self.0.running.with(|running, now| running.count(hit, now)))
    }

    /// Books a message that was refused before it became a beacon: once for each site it named, or once to the instance.
    pub fn refuse(&self, sites: &[String], reason: Rejection) {
        let now = self.0.clock.now();
        let directory = self.0.directory.load();
        for name in sites.iter().map(Some).chain(sites.is_empty().then_some(None)) {
            self.0.meter.received.inc();
            let site = name.and_then(|name| directory.find(name));
            self.reject_at(site.map(|site| &**site), reason, now);
        }
    }

    /// Books something that arrived and was never a beacon, such as a line of a log for a style.
    pub fn turn_away(&self, site: SiteId, day: Day, dropped: Dropped) {
        self.0.meter.received.inc();
        self.book(site, day, dropped.reason, dropped.bot);
    }

    /// Whether the time is not known, so that nothing can be counted.
    pub(super) fn has_no_time(&self) -> bool {
        self.0.clock.reading().belief == ClockBelief::Unset
    }

    pub(super) fn reject_at(&self, site: Option<&Site>, reason: Rejection, now: Moment) -> Outcome {
        match site {
            Some(site) => self.book(site.id, site.schedule.locate(now).day, reason, None),
            None => self.book(SiteId::INSTANCE, utc_day(now), reason, None),
        }
    }

    pub(super) fn book(&self, site: SiteId, day: Day, reason: Rejection, bot: Option<BotHit>) -> Outcome {
        if self.has_no_time() {
            self.0.meter.reject(reason);
            return Outcome::Rejected(reason);
        }
        let booked = self.0.running.with(|running, _| running.reject(site, day, reason, bot));
        // Where nothing is stored any more, the reason is counted all the same.
        booked.unwrap_or_else(|| self.0.meter.reject(reason));
        Outcome::Rejected(reason)
    }
}

/// The day of a moment for what belongs to no site.
pub fn utc_day(now: Moment) -> Day {
    Day(now.0.div_euclid(86_400_000) as i32)
}
