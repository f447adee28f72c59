//! In: beacons of senders that hold a token, one by one or many together. Out: the moment they claim; what became of a
//! batch. Forgets: claims that are not believed.

use super::running::{BatchId, BatchOutcome, MarkedHit};
use super::{Collector, ended};
use crate::beacon::Beacon;
use crate::hit::Hit;
use crate::limits;
use crate::meter::FailureKind;
use crate::operator::Access;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Moment, SiteId};
use crate::store::{Ask, Imported, StoreError};

/// When a beacon was. What its client claims is believed with a token for the site, and dropped without.
///
/// # Errors
/// [`Rejection::BadToken`] where the format demands to be believed, and [`Rejection::BadTime`].
pub(super) fn moment(
    beacon: &mut Beacon,
    site: SiteId,
    now: Moment,
    access: Option<Access>,
) -> Result<Moment, Rejection> {
    if access.is_some_and(|access| access.may_ingest(site)) {
        if let Some(reason) = beacon.claims.fault {
            return Err(reason);
        }
        return match beacon.believe(now) {
            // A clock that is ahead is no reason to lose a hit.
            Some(at) if at > now => Ok(now),
            Some(at) if at < now.plus(-limits::LATE_AGE_MS_MAX) => Err(Rejection::BadTime),
            claimed => Ok(claimed.unwrap_or(now)),
        };
    }
    let claims = std::mem::take(&mut beacon.claims);
    let is_long_ago = claims.at.is_some_and(|at| at < now.plus(-limits::UNTRUSTED_AGE_MS_MAX))
        || claims.ago_s.is_some_and(|ago| 1_000 * i64::from(ago) > limits::UNTRUSTED_AGE_MS_MAX);
    if claims.is_demand && (claims.address.is_some() || is_long_ago) {
        return Err(Rejection::BadToken);
    }
    Ok(now)
}

impl Collector {
    /// Whether a batch of this id is in the store. One that came just now may not be; [`Collector::take_batch`] knows it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn has_batch(&self, id: Digest) -> Result<bool, StoreError> {
        self.0.sums.has_batch(id)
    }

    /// Counts hits together; with an id that was counted before, none.
    ///
    /// # Errors
    /// The collector has ended; nothing is counted then.
    pub fn take_batch(&self, hits: Vec<MarkedHit>, id: Option<BatchId>) -> Result<BatchOutcome, StoreError> {
        self.take_together(hits, id, Vec::new())
    }

    /// Counts hits of logs together with how far those are read.
    ///
    /// # Errors
    /// The collector has ended; nothing is counted then.
    pub fn take_lines(&self, hits: Vec<Hit>, imported: Vec<Imported>) -> Result<BatchOutcome, StoreError> {
        self.0.meter.received.inc_by(hits.len() as u64);
        let hits = hits.into_iter().map(|hit| MarkedHit { hit, mark: None }).collect();
        self.take_together(hits, None, imported)
    }

    fn take_together(
        &self,
        hits: Vec<MarkedHit>,
        id: Option<BatchId>,
        imported: Vec<Imported>,
    ) -> Result<BatchOutcome, StoreError> {
        let counted = self.0.running.with(|running, now| running.count_batch(&hits, id, imported, now));
        counted.ok_or_else(|| {
            self.0.meter.lost.inc_by(hits.len() as u64);
            ended()
        })
    }

    /// Whether a past day has visitors already, of whom those in further hits count twice. They may, where that can't be read.
    pub fn has_visitors(&self, site: SiteId, day: Day) -> bool {
        match crate::report::Sums::read(self, &[Ask::totals_of_day(site, day)]) {
            Ok(rows) => rows.iter().flatten().any(|row| row.tally.visitors > 0),
            Err(error) => {
                self.0.meter.failed(FailureKind::LookUp, "the visitors of a past day", error);
                true
            }
        }
    }
}
