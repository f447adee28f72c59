//! In: hits of a visit on one page, host and event. Out: whether a visitor was in a cell of hits before, in which visit and
//! hour, and how long. Forgets: order and times within the hour.

use super::Known;
use crate::cell::{Axis, Cell, Context, Dimension, Names, Sym, Tally};
use crate::site::Hour;

/// One page, host and event that a visit has been at. There are many of them, so they are packed into 28 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) page: Sym,
    pub(super) context: Context,
    /// One bit for each hour with a hit here.
    hours: u32,
    /// How many hits.
    pub(super) count: u32,
    /// Milliseconds of visible time.
    pub(super) ms: u32,
    /// Time from the visit's start to the last ping; until one comes, to the first pageview here.
    pub(super) told_ms: u32,
    pub(super) visit: u8,
    /// Deepest scroll in percent and whether any ping came.
    pub(super) scroll: u8,
    pub(super) is_engaged: bool,
    /// Whether the hits are pageviews.
    pub(super) is_view: bool,
}

impl Spot {
    pub(super) fn new(page: Sym, context: Context, visit: usize) -> Spot {
        let visit = super::number(visit);
        let (hours, count, ms, told_ms) = (0, 0, 0, 0);
        Spot { page, context, hours, count, ms, told_ms, visit, scroll: 0, is_engaged: false, is_view: false }
    }

    /// Takes a pageview or event, `into_visit_ms` after the visit's start.
    pub(super) fn mark(&mut self, hour: Hour, is_view: bool, into_visit_ms: u32) {
        self.hours |= super::bit(hour);
        self.count += 1;
        if is_view && !self.is_view {
            (self.is_view, self.told_ms) = (true, into_visit_ms);
        }
    }

    /// Takes a ping, `into_visit_ms` after the visit's start, and says what it changes.
    pub(super) fn engage(&mut self, ms: u64, scroll: Option<u8>, into_visit_ms: u32) -> Tally {
        let deepest = self.scroll.max(scroll.unwrap_or(0));
        let change = Tally {
            engaged_visits: i64::from(!self.is_engaged),
            engaged_ms: ms as i64,
            scroll: i64::from(deepest - self.scroll),
            ..Tally::ZERO
        };
        // No day is as long as 2^32 milliseconds.
        self.ms = self.ms.saturating_add(u32::try_from(ms).unwrap_or(u32::MAX));
        (self.scroll, self.is_engaged, self.told_ms) = (deepest, true, into_visit_ms);
        change
    }

    fn key(&self) -> (Sym, Context, u8) {
        (self.page, self.context, self.visit)
    }

    fn is_in(&self, cell: &Cell<Sym>, names: &Names) -> bool {
        match cell.axis {
            Axis::Of(Dimension::Page) => self.page == cell.value,
            Axis::Of(dimension) => names.contexts.has(self.context, dimension, cell.value),
            _ => false,
        }
    }
}

/// Where a spot is, or where it belongs.
pub(super) fn find(spots: &[Spot], spot: &Spot) -> Result<usize, usize> {
    spots.binary_search_by_key(&spot.key(), Spot::key)
}

/// All spots of a page, and where they begin.
fn of_page(spots: &[Spot], page: Sym) -> (usize, &[Spot]) {
    let from = spots.partition_point(|spot| spot.page < page);
    let many = spots[from..].partition_point(|spot| spot.page == page);
    (from, &spots[from..from + many])
}

/// The spot of a page that a visit's pings belong to: the one that has some, else the first at which the page was shown.
pub(super) fn shown(spots: &[Spot], page: Sym, visit: usize) -> Option<usize> {
    let visit = super::number(visit);
    let (from, of_page) = of_page(spots, page);
    let place = |wanted: &dyn Fn(&Spot) -> bool| of_page.iter().position(|spot| spot.visit == visit && wanted(spot));
    place(&|spot| spot.is_engaged).or_else(|| place(&|spot| spot.is_view)).map(|place| from + place)
}

/// How long into the visit the page of this spot has told its time: up to its last ping, else up to its first pageview.
pub(super) fn told_ms(spots: &[Spot], place: usize) -> u32 {
    let spot = &spots[place];
    if spot.is_engaged {
        return spot.told_ms;
    }
    let of_page = of_page(spots, spot.page).1.iter().filter(|other| other.visit == spot.visit && other.is_view);
    of_page.map(|other| other.told_ms).min().unwrap_or(spot.told_ms)
}

/// Whether the visitor was in a cell of hits before.
pub(super) fn known(spots: &[Spot], cell: &Cell<Sym>, visit: usize, hour: Hour, names: &Names) -> Known {
    let spots = match cell.axis {
        Axis::Of(Dimension::Page) => of_page(spots, cell.value).1,
        _ => spots,
    };
    let mut known = Known::default();
    for spot in spots.iter().filter(|spot| spot.is_in(cell, names)) {
        known.in_day = true;
        known.in_visit |= spot.visit == super::number(visit);
        known.in_hour |= spot.hours & super::bit(hour) != 0;
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
        assert_eq!(size_of::<Spot>(), 28);
    }
}
