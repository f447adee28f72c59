//! What has arrived for a site for which nothing was ever counted, and was left out.

use crate::page::NotCounted;
use crate::page::live::Arrived;
use crate::page::words::Words;
use crate::rejection::Rejection;
use crate::report::Records;
use crate::site::{Day, Moment, Schedule, Site, SiteId};
use crate::store::StoreError;

/// What has arrived for a site for which nothing was ever counted.
#[derive(Debug, Clone)]
pub struct Arrivals {
    /// Messages of the last days that were not counted, most frequent reason first.
    not_counted: Vec<NotCounted>,
    /// Whether messages of the last days name no site at all.
    is_any_unclaimed: bool,
}

impl Arrivals {
    /// What has arrived for a site within a week.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn of(site: &Site, now: Moment, records: &dyn Records) -> Result<Arrivals, StoreError> {
        let not_counted = rejected(site.id, site.schedule.locate(now).day, records)?;
        let unclaimed = recently_unclaimed(now, records)?;
        let is_any_unclaimed = unclaimed.iter().any(|line| line.reason == Rejection::UnknownSite);
        Ok(Arrivals { not_counted, is_any_unclaimed })
    }

    /// The part of the site's page that says it.
    pub fn shown(self, site: &Site, words: &'static Words) -> Arrived {
        let Arrivals { not_counted, is_any_unclaimed } = self;
        Arrived { words, not_counted, hosts: site.settings.hosts.clone(), is_any_unclaimed }
    }
}

/// Beacons of the last seven days that could be booked to no site: most likely a snippet with a typing mistake.
///
/// # Errors
/// [`StoreError`]
pub fn recently_unclaimed(now: Moment, records: &dyn Records) -> Result<Vec<NotCounted>, StoreError> {
    rejected(SiteId::INSTANCE, Schedule::utc().locate(now).day, records)
}

/// What was rejected on a day and the six before it.
fn rejected(site: SiteId, today: Day, records: &dyn Records) -> Result<Vec<NotCounted>, StoreError> {
    Ok(NotCounted::of(records.rejected(site, Day(today.0 - 6), today)?))
}
