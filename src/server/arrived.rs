//! In: a site for which nothing was ever counted, and the collector. Out: what has arrived and was left out. Forgets: nothing.

use crate::collector::Collector;
use crate::page::NotCounted;
use crate::page::live::Arrived;
use crate::page::words::Words;
use crate::rejection::Rejection;
use crate::site::{Day, Schedule, Site, SiteId};
use crate::store::StoreError;

/// What has arrived for a site for which nothing was ever counted.
#[derive(Debug, Clone)]
pub struct ArrivedSoFar {
    /// Messages of the last days that were not counted, most frequent reason first.
    not_counted: Vec<NotCounted>,
    /// Whether messages of the last days name no site at all.
    is_any_unclaimed: bool,
}

impl ArrivedSoFar {
    /// What has arrived for a site within a week.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn of(site: &Site, collector: &Collector) -> Result<ArrivedSoFar, StoreError> {
        let not_counted = rejected(site.id, site.schedule.locate(collector.clock().now()).day, collector)?;
        let unclaimed = unclaimed_lately(collector)?;
        let is_any_unclaimed = unclaimed.iter().any(|line| line.reason == Rejection::UnknownSite);
        Ok(ArrivedSoFar { not_counted, is_any_unclaimed })
    }

    /// The part of the site's page that says it.
    pub fn shown(self, site: &Site, words: &'static Words) -> Arrived {
        let ArrivedSoFar { not_counted, is_any_unclaimed } = self;
        Arrived { words, not_counted, hosts: site.settings.hosts.clone(), is_any_unclaimed }
    }
}

/// What has arrived, as the site's page says it.
///
/// # Errors
/// [`StoreError`]
pub fn shown(site: &Site, words: &'static Words, collector: &Collector) -> Result<Arrived, StoreError> {
    Ok(ArrivedSoFar::of(site, collector)?.shown(site, words))
}

/// Beacons of the last seven days that could be booked to no site: most likely a snippet with a typing mistake.
///
/// # Errors
/// [`StoreError`]
pub fn unclaimed_lately(collector: &Collector) -> Result<Vec<NotCounted>, StoreError> {
    rejected(SiteId::INSTANCE, Schedule::utc().locate(collector.clock().now()).day, collector)
}

/// What was rejected on a day and the six before it.
fn rejected(site: SiteId, today: Day, collector: &Collector) -> Result<Vec<NotCounted>, StoreError> {
    let found = collector.rejected(site, Day(today.0 - 6), today)?;
    Ok(found.into_iter().map(|(reason, count)| NotCounted { reason, count }).collect())
}
