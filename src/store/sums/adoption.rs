//! In: what waits for a store. Out: the same for another one, whose sites may have other numbers. Forgets: what is of sites that it does
//! not have; their hits are counted as rejected.

use std::collections::BTreeMap;

use crate::cell::Axis;
use crate::rejection::Rejection;
use crate::site::{Day, Site, SiteId};
use crate::store::{DatabaseId, Flush, Rejected};

/// A store in the place of another one ([`crate::store::SumStore::adopt`]).
#[derive(Debug, Clone, Default)]
pub struct AdoptedStore {
    /// The sites that are declared in it.
    pub sites: Vec<Site>,
    /// Number of the last flush that was applied to it.
    pub last_flush: u64,
    /// Which it is.
    pub database: DatabaseId,
    /// The days that are open in it.
    pub open_days: Vec<(SiteId, Day)>,
    /// The days that run and are to be published.
    pub publishing: Vec<(SiteId, Day)>,
    /// Logs of other databases that lay beside it, by their new names.
    pub set_aside: Vec<std::path::PathBuf>,
}

impl Flush {
    /// Adds what comes later.
    pub fn append(&mut self, mut later: Flush) {
        self.sums.append(&mut later.sums);
        self.publishing.append(&mut later.publishing);
        self.days.append(&mut later.days);
        self.rejected.append(&mut later.rejected);
        self.bots.append(&mut later.bots);
        self.unvisited.append(&mut later.unvisited);
        self.imported.append(&mut later.imported);
        self.mails.append(&mut later.mails);
        self.batches.append(&mut later.batches);
        self.at_rest.append(&mut later.at_rest);
        self.spills.append(&mut later.spills);
    }

    /// Hits of each site that are in the sums.
    pub fn hits(&self) -> BTreeMap<SiteId, u64> {
        let mut hits = BTreeMap::new();
        for (site, _, sums) in &self.sums {
            let totals = sums.days.iter().filter(|(cell, _)| cell.axis == Axis::Total);
            let of_day: i64 = totals.map(|(_, tally)| tally.pageviews + tally.events).sum();
            *hits.entry(*site).or_default() += of_day.max(0) as u64;
        }
        hits
    }

    /// Gives sites other numbers. Of those without one nothing is left but how many hits they had, which are rejected.
    pub fn renumber(&mut self, number: impl Fn(SiteId) -> Option<SiteId>) {
        let rejected = self.of_none(&number);
        fn keep<T>(rows: &mut Vec<T>, of: impl Fn(&mut T) -> &mut SiteId, number: impl Fn(SiteId) -> Option<SiteId>) {
            rows.retain_mut(|row| {
                let site = of(row);
                number(*site).map(|new| *site = new).is_some()
            });
        }
        keep(&mut self.sums, |row| &mut row.0, &number);
        keep(&mut self.publishing, |row| &mut row.site, &number);
        keep(&mut self.days, |row| &mut row.site, &number);
        keep(&mut self.rejected, |row| &mut row.site, &number);
        keep(&mut self.bots, |row| &mut row.site, &number);
        keep(&mut self.unvisited, |row| &mut row.0, &number);
        keep(&mut self.today, |row| &mut row.0, &number);
        keep(&mut self.day_pairs_from, |row| &mut row.0, &number);
        keep(&mut self.kept_from, |row| &mut row.0, &number);
        keep(&mut self.at_rest, |row| &mut row.0, &number);
        keep(&mut self.imported, |row| &mut row.site, &number);
        keep(&mut self.mails, |row| &mut row.site, &number);
        keep(&mut self.forgotten, |row| &mut row.site, &number);
        self.rejected.extend(rejected);
    }

    /// What is told of sites without a number.
    fn of_none(&self, number: impl Fn(SiteId) -> Option<SiteId>) -> Vec<Rejected> {
        let is_gone = |site: SiteId| number(site).is_none();
        let mut counts: BTreeMap<(Day, u8), u64> = BTreeMap::new();
        for (_, day, sums) in self.sums.iter().filter(|(site, ..)| is_gone(*site)) {
            let totals = sums.days.iter().filter(|(cell, _)| cell.axis == Axis::Total);
            let hits: i64 = totals.map(|(_, tally)| tally.pageviews + tally.events).sum();
            *counts.entry((*day, Rejection::UnknownSite.code())).or_default() += hits.max(0) as u64;
        }
        for row in self.rejected.iter().filter(|row| is_gone(row.site)) {
            *counts.entry((row.day, row.reason.code())).or_default() += row.count;
        }
        let row = |((day, code), count)| {
            let reason = Rejection::from_code(code)?;
            Some(Rejected { site: SiteId::INSTANCE, day, reason, count }).filter(|row| row.count > 0)
        };
        counts.into_iter().filter_map(row).collect()
    }
}
