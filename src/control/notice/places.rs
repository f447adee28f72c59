//! Holds back what the server's configuration adds to places, for sites that announce changes: until it was announced for long enough,
//! no hit is counted with more of its place than the site's notice tells.

use super::super::{Command, CommandRefusal};
use super::announcing::{self, Announcement};
use crate::cell::Dimension;
use crate::collector::Collector;
use crate::notice::{NoticeFacts, facts, kept_facts};
use crate::site::{Collectable, Moment, Site, SiteChange};
use crate::store::StoreError;

/// The dimensions that the configuration decides about, with what of a site leaves them out.
const PLACES: [(Dimension, Collectable); 3] = [
    (Dimension::Country, Collectable::Country),
    (Dimension::Region, Collectable::Region),
    (Dimension::City, Collectable::City),
];

/// What would be counted of places and is not told. A site without a notice has told nothing yet, and promised nothing.
fn untold(collector: &Collector, site: &Site, now: Moment) -> Result<Vec<Collectable>, StoreError> {
    let last = collector.operators().notices(site.id, 1)?;
    let Some(last) = last.first().and_then(kept_facts) else { return Ok(Vec::new()) };
    let today = site.schedule.locate(now).day.to_string();
    let has_come = last.announced.iter().filter(|announced| announced.from <= today).map(|announced| &announced.facts);
    let told: Vec<&NoticeFacts> = has_come.chain([&last]).collect();
    let counted = facts(site, &[], collector.tools().places.detail(), now);
    let is_new = |dimension| counted.has(dimension) && !told.iter().any(|told| told.has(dimension));
    Ok(PLACES.into_iter().filter(|(dimension, _)| is_new(*dimension)).map(|(_, what)| what).collect())
}

/// The same for all sites, before an import without a server.
///
/// # Errors
/// [`StoreError`]
pub fn hold_all(collector: &Collector) -> Result<(), StoreError> {
    let hold_one = |site: std::sync::Arc<Site>| hold(collector, &site).map(drop);
    collector.alone(|| collector.directory().all().into_iter().try_for_each(hold_one))
}

/// Leaves out what would be counted of places and is not told, and announces that it will be counted. Gives the site as it is then,
/// if there is something. Nobody else may change anything meanwhile.
///
/// # Errors
/// [`StoreError`]
pub(super) fn hold(collector: &Collector, site: &Site) -> Result<Option<Site>, StoreError> {
    if site.settings.notice.announce_days == 0 {
        return Ok(None);
    }
    let untold = untold(collector, site, collector.clock().now())?;
    if untold.is_empty() {
        return Ok(None);
    }
    // One that is announced already would bring them too early.
    let all = Announcement::all(collector, site)?;
    let waiting: Vec<_> = all.iter().filter_map(|it| Some((it.change.id, it.change_of("collect")?))).collect();
    let wanted = waiting.last().map(|(_, change)| change.clone());
    let change = wanted.unwrap_or_else(|| SiteChange::of("collect", site.settings.collect.words()));
    let failed = |refusal: CommandRefusal| StoreError::Other(refusal.refused.to_string());
    let command = Command::SiteSet { domain: site.domain.to_string(), change };
    announcing::announce(site, &command, collector).map_err(failed)?;
    for (id, _) in &waiting {
        collector.operators().withdraw(site.id, *id)?;
    }
    let mut held = site.clone();
    held.settings.collect = held.settings.collect.without(untold);
    collector.operators().set_site(&held).map_err(|error| StoreError::Other(error.to_string()))?;
    collector.reload()?;
    Ok(Some(held))
}
