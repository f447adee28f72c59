//! The sums of several sites as if they were those of one site, [`SiteId::TOGETHER`].
//!
//! Sums add up, so every question that sums of one site can answer is answered for several. Nothing connects the sites, as nothing
//! connects two days: who reads two of them on a day counts as two visitors. A day is each site's own.

use std::collections::BTreeSet;

use super::{MatchedDays, Sums};
use crate::cell::Condition;
use crate::counts::Name;
use crate::counts::snapshot::VisitSplit;
use crate::limits;
use crate::site::{Day, Month, SiteId};
use crate::store::{Ask, StoreError, SumRow, TakenOut};

/// Sums of several sites, which hang together as those of one.
#[derive(Clone, Copy)]
pub struct Together<'a> {
    sums: &'a dyn Sums,
    members: &'a [SiteId],
}

impl<'a> Together<'a> {
    /// The sums of these sites; questions about other sites are passed on.
    pub fn of(members: &'a [SiteId], sums: &'a dyn Sums) -> Together<'a> {
        Together { sums, members }
    }

    /// The sites that a site stands for.
    fn sites(&self, site: SiteId) -> Vec<SiteId> {
        if site == SiteId::TOGETHER { self.members.to_vec() } else { vec![site] }
    }
}

impl Sums for Together<'_> {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let members: Vec<Vec<SiteId>> = asks.iter().map(|ask| self.sites(ask.site)).collect();
        let each = asks.iter().zip(&members);
        let of_members: Vec<Ask> =
            each.flat_map(|(ask, sites)| sites.iter().map(|site| Ask { site: *site, ..ask.clone() })).collect();
        let mut rows = self.sums.read(&of_members)?.into_iter();
        Ok(members.iter().map(|sites| rows.by_ref().take(sites.len()).flatten().collect()).collect())
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        let days = self.sites(site).into_iter().map(|site| self.sums.first_day(site));
        Ok(days.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().min())
    }

    fn counted_since(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        let days = self.sites(site).into_iter().map(|site| self.sums.first_day(site));
        Ok(days.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().max())
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        let mut keys = BTreeSet::new();
        for site in self.sites(site) {
            keys.extend(self.sums.prop_keys(site, event, first, last)?);
        }
        Ok(keys.into_iter().take(limits::PROP_KEYS_LISTED).collect())
    }

    fn unvisited(&self, site: SiteId, first: Day, last: Day) -> Result<u64, StoreError> {
        self.sites(site).into_iter().map(|site| self.sums.unvisited(site, first, last)).sum()
    }

    fn months_alone(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<Month>, StoreError> {
        let mut months = BTreeSet::new();
        for site in self.sites(site) {
            months.extend(self.sums.months_alone(site, first, last)?);
        }
        Ok(months.into_iter().collect())
    }

    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError> {
        let mut marks = BTreeSet::new();
        for site in self.sites(site) {
            marks.extend(self.sums.taken_out(site, first, last)?);
        }
        Ok(marks.into_iter().collect())
    }

    fn matching(
        &self,
        site: SiteId,
        days: (Day, Day),
        condition: &Condition<Name>,
        splits: &[VisitSplit],
    ) -> Result<Option<MatchedDays>, StoreError> {
        let mut all = MatchedDays::new();
        for site in self.sites(site) {
            let Some(found) = self.sums.matching(site, days, condition, splits)? else { return Ok(None) };
            all.extend(found);
        }
        Ok(Some(all))
    }

    fn make_room(&self, bytes: usize) -> Result<(), StoreError> {
        self.sums.make_room(bytes)
    }
}
