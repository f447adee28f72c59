//! In: hits of a visit on one page, host and event. Out: whether a visitor was in a cell of hits before, in which visit and
//! hour, how often and how long. Forgets: order and times within the hour.

use serde::{Deserialize, Serialize};

use super::seen::{SeenBefore, earlier};
use crate::cell::{Axis, Cell, DayNames, Dimension, HitAttributes, Sym, Tally};
use crate::limits;
use crate::site::Hour;

/// One page, host and event that a visit has been at in one hour, after one page. There are many of them, so they are packed into 28
/// bytes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct PageVisit {
    pub(super) page: Sym,
    pub(super) attributes: HitAttributes,
    /// The page before, of pageviews; [`Sym::NOT_SET`] for the first. Empty if nobody is to be told.
    pub(super) before: Sym,
    /// How many hits.
    pub(super) count: u32,
    /// Milliseconds of visible time; they are kept in one of the hours.
    pub(super) ms: u32,
    /// Time from the visit's start to the last ping; until one comes, to the first pageview here.
    pub(super) told_ms: u32,
    pub(super) visit: u8,
    pub(super) hour: Hour,
    /// Whether the hits are pageviews.
    pub(super) is_view: bool,
    /// Deepest scroll in percent, plus 1; 0 until a ping comes.
    deepest: u8,
}

impl PageVisit {
    /// The place of a hit that comes `into_visit_ms` after the visit's start.
    pub(super) fn new(
        (page, attributes, before): (Sym, HitAttributes, Sym),
        visit: usize,
        hour: Hour,
        is_view: bool,
        into_visit_ms: u32,
    ) -> PageVisit {
        let (visit, told_ms) = (super::number(visit), into_visit_ms);
        PageVisit { page, attributes, before, count: 0, ms: 0, told_ms, visit, hour, is_view, deepest: 0 }
    }

    /// Whether any ping came.
    pub(super) fn is_engaged(&self) -> bool {
        self.deepest > 0
    }

    /// Deepest scroll in percent.
    pub(super) fn scroll(&self) -> u8 {
        self.deepest.saturating_sub(1)
    }

    /// Takes a ping, `into_visit_ms` after the visit's start, and says what it changes.
    pub(super) fn engage(&mut self, ms: u64, scroll: Option<u8>, into_visit_ms: u32) -> Tally {
        let deepest = self.scroll().max(scroll.unwrap_or(0).min(limits::SCROLL_PERCENT_MAX));
        let change = Tally {
            engaged_visits: i64::from(!self.is_engaged()),
            engaged_ms: ms as i64,
            scroll: i64::from(deepest - self.scroll()),
            ..Tally::ZERO
        };
        // No day is as long as 2^32 milliseconds.
        self.ms = self.ms.saturating_add(u32::try_from(ms).unwrap_or(u32::MAX));
        (self.deepest, self.told_ms) = (deepest + 1, into_visit_ms);
        change
    }

    /// What its hits count.
    pub(super) fn hits(&self) -> Tally {
        super::of_hits(self.count, self.is_view)
    }

    /// What its pings count.
    pub(super) fn engagement(&self) -> Tally {
        Tally {
            engaged_visits: self.is_engaged().into(),
            engaged_ms: self.ms.into(),
            scroll: self.scroll().into(),
            ..Tally::ZERO
        }
    }

    /// Takes over the pings of another of the same page and visit.
    pub(super) fn take_pings(&mut self, other: &mut PageVisit) {
        let told_ms = if self.is_engaged() { self.told_ms.max(other.told_ms) } else { other.told_ms };
        self.ms = self.ms.saturating_add(other.ms);
        (self.told_ms, self.deepest) = (told_ms, self.deepest.max(other.deepest));
        (other.ms, other.deepest) = (0, 0);
    }

    /// What tells it from the others of a visitor.
    pub(super) fn key(&self) -> (Sym, HitAttributes, u8, Hour, bool, Sym) {
        (self.page, self.attributes, self.visit, self.hour, self.is_view, self.before)
    }

    fn is_in(&self, cell: &Cell<Sym>, names: &DayNames) -> bool {
        match cell.axis {
            Axis::Of(Dimension::Page) => self.page == cell.value,
            Axis::Of(dimension) => names.hit_attributes.has(self.attributes, dimension, cell.value),
            _ => false,
        }
    }
}

/// Where a page_visit is, or where it belongs.
pub(super) fn find(page_visits: &[PageVisit], page_visit: &PageVisit) -> Result<usize, usize> {
    page_visits.binary_search_by_key(&page_visit.key(), PageVisit::key)
}

/// All page_visits of a page, and where they begin.
fn of_page(page_visits: &[PageVisit], page: Sym) -> (usize, &[PageVisit]) {
    let from = page_visits.partition_point(|page_visit| page_visit.page < page);
    let many = page_visits[from..].partition_point(|page_visit| page_visit.page == page);
    (from, &page_visits[from..from + many])
}

/// The page_visit of a page that a visit's pings belong to: the one that has some, else the first at which the page was shown.
pub(super) fn shown(page_visits: &[PageVisit], page: Sym, visit: usize) -> Option<usize> {
    let visit = super::number(visit);
    let (from, of_page) = of_page(page_visits, page);
    let place = |wanted: &dyn Fn(&PageVisit) -> bool| {
        of_page.iter().position(|page_visit| page_visit.visit == visit && wanted(page_visit))
    };
    place(&PageVisit::is_engaged).or_else(|| place(&|page_visit| page_visit.is_view)).map(|place| from + place)
}

/// How long into the visit the page of this page_visit has told its time: up to its last ping, else up to its first pageview.
pub(super) fn told_ms(page_visits: &[PageVisit], place: usize) -> u32 {
    let page_visit = &page_visits[place];
    if page_visit.is_engaged() {
        return page_visit.told_ms;
    }
    let of_page =
        of_page(page_visits, page_visit.page).1.iter().filter(|other| other.visit == page_visit.visit && other.is_view);
    of_page.map(|other| other.told_ms).min().unwrap_or(page_visit.told_ms)
}

/// Whether the visitor was in a cell of hits before.
pub(super) fn known(
    page_visits: &[PageVisit],
    cell: &Cell<Sym>,
    visit: usize,
    hour: Hour,
    names: &DayNames,
) -> SeenBefore {
    let page_visits = match cell.axis {
        Axis::Of(Dimension::Page) => of_page(page_visits, cell.value).1,
        _ => page_visits,
    };
    let mut known = SeenBefore::default();
    for page_visit in page_visits.iter().filter(|page_visit| page_visit.is_in(cell, names)) {
        known.first = earlier(known.first, Some(page_visit.hour));
        known.in_visit |= page_visit.visit == super::number(visit);
        known.in_hour |= page_visit.hour == hour;
        if known.in_visit && known.in_hour {
            break;
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_visitors_pay_28_bytes_for_a_page() {
        assert_eq!(size_of::<PageVisit>(), 28);
    }
}
