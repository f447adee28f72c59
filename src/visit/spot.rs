//! In: hits of a visit on one page, host and event. Out: whether a visitor was in a cell of hits before, in which visit and
//! hour, and how long. Forgets: order and times within the hour.

use super::Known;
use crate::cell::{Axis, Cell, Context, Dimension, Names, Sym, Tally};
use crate::site::Hour;

/// One page, host and event that a visit has been at. There are many of them, so they are packed into 24 bytes.
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
        Spot { page, context, hours: 0, count: 0, ms: 0, visit, scroll: 0, is_engaged: false, is_view: false }
    }

    pub(super) fn mark(&mut self, hour: Hour, is_view: bool) {
        self.hours |= super::bit(hour);
        self.count += 1;
        self.is_view |= is_view;
    }

    /// Takes a ping and says what it changes.
    pub(super) fn engage(&mut self, ms: u64, scroll: Option<u8>) -> Tally {
        let deepest = self.scroll.max(scroll.unwrap_or(0));
        let change = Tally {
            engaged_visits: i64::from(!self.is_engaged),
            engaged_ms: ms as i64,
            scroll: i64::from(deepest - self.scroll),
            ..Tally::ZERO
        };
        // No day is as long as 2^32 milliseconds.
        self.ms = self.ms.saturating_add(u32::try_from(ms).unwrap_or(u32::MAX));
        (self.scroll, self.is_engaged) = (deepest, true);
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
    fn a_million_visitors_pay_24_bytes_for_a_page() {
        assert_eq!(size_of::<Spot>(), 24);
    }
}
