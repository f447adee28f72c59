//! In: the sums of a site. Out: those of one of its segments, as if that were the site. Forgets: what is not in the segment, and what is
//! not kept of segments.

use crate::cell::{Axis, Dimension, Filter, Test};
use crate::counts::Name;
use crate::report::Sums;
use crate::site::{Day, Segment, Site, SiteId};
use crate::store::{Ask, StoreError, SumRow, TakenOut};

/// The sums of a segment, for who sees nothing else.
pub struct SegmentSums<'a> {
    sums: &'a dyn Sums,
    filter: Filter<Name>,
    first_day: Day,
}

impl<'a> SegmentSums<'a> {
    /// Those of a site's segment.
    pub fn of(sums: &'a dyn Sums, site: &Site, segment: &Segment) -> SegmentSums<'a> {
        let test = Test::Is(vec![segment.number.to_string()]);
        let filter = Filter { axis: Axis::Of(Dimension::Segment), test };
        SegmentSums { sums, filter, first_day: segment.first_day(site) }
    }
}

impl Sums for SegmentSums<'_> {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let within = |ask: &Ask| {
            let is_plain = ask.filter.is_none() && matches!(ask.axis, Axis::Total | Axis::Of(_));
            is_plain.then(|| Ask { filter: Some(self.filter.clone()), ..ask.clone() })
        };
        let asked: Vec<Option<Ask>> = asks.iter().map(within).collect();
        let known: Vec<Ask> = asked.iter().flatten().cloned().collect();
        let mut found = self.sums.read(&known)?.into_iter();
        Ok(asked.iter().map(|ask| ask.as_ref().and_then(|_| found.next()).unwrap_or_default()).collect())
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        Ok(self.sums.first_day(site)?.map(|first| first.max(self.first_day)))
    }

    fn prop_keys(&self, _: SiteId, _: Option<&str>, _: Day, _: Day) -> Result<Vec<Name>, StoreError> {
        Ok(Vec::new())
    }

    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError> {
        self.sums.taken_out(site, first, last)
    }

    fn make_room(&self, bytes: usize) -> Result<(), StoreError> {
        self.sums.make_room(bytes)
    }
}
