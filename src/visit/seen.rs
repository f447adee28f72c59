//! In: cells of the hit's own dimensions. Out: whether a visitor was in one before, in which visit and hour, and how long.
//! Forgets: order and times within the hour.

use std::ops::Range;

use crate::cell::{Axis, Cell, Sym, Tally};
use crate::site::Hour;

/// One cell of hits that a visit has been in. There are many of them, so they are packed into 20 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    axis: (u32, u32),
    value: Sym,
    /// One bit for each hour with a pageview or event in the cell.
    hours: u32,
    visit: u8,
    /// Deepest scroll in percent and whether any ping came.
    scroll: u8,
    engaged: bool,
    /// Whether a pageview was among them.
    pub(super) viewed: bool,
}

impl Seen {
    pub(super) fn new(cell: Cell<Sym>, visit: usize) -> Seen {
        let (axis, value) = key(cell);
        Seen { axis, value, hours: 0, visit: number(visit), scroll: 0, engaged: false, viewed: false }
    }

    pub(super) fn is_marked(&self, hour: Hour) -> bool {
        self.hours & bit(hour) != 0
    }

    pub(super) fn mark(&mut self, hour: Hour, is_view: bool) {
        self.hours |= bit(hour);
        self.viewed |= is_view;
    }

    /// Takes a ping and says what it changes. Time is only added up, so that the sum need not be kept here.
    pub(super) fn engage(&mut self, ms: u64, scroll: Option<u8>) -> Tally {
        let deepest = self.scroll.max(scroll.unwrap_or(0));
        let change = Tally {
            engaged_visits: i64::from(!self.engaged),
            engaged_ms: ms as i64,
            scroll: i64::from(deepest - self.scroll),
            ..Tally::ZERO
        };
        self.scroll = deepest;
        self.engaged = true;
        change
    }
}

fn key(cell: Cell<Sym>) -> ((u32, u32), Sym) {
    let axis = match cell.axis {
        Axis::Total => (0, 0),
        Axis::Of(dimension) => (u32::from(dimension.code()), 0),
        // Dimensions have codes below 256, and no day has 2^32 names.
        Axis::Prop { key, event } => (256 + key.0, event.map_or(0, |event| event.0 + 1)),
    };
    (axis, cell.value)
}

/// Where a visit's entry for a cell is, or where it belongs.
pub(super) fn find(seen: &[Seen], cell: Cell<Sym>, visit: usize) -> Result<usize, usize> {
    find_in(seen, of_cell(seen, cell), visit)
}

/// The same, where the entries of the cell are known.
pub(super) fn find_in(seen: &[Seen], of_cell: Range<usize>, visit: usize) -> Result<usize, usize> {
    let from = of_cell.start;
    let place = seen[of_cell].binary_search_by_key(&number(visit), |seen| seen.visit);
    place.map(|place| from + place).map_err(|place| from + place)
}

/// The entries of all visits for a cell.
pub(super) fn of_cell(seen: &[Seen], cell: Cell<Sym>) -> Range<usize> {
    let (axis, value) = key(cell);
    let from = seen.partition_point(|s| (s.axis, s.value) < (axis, value));
    let many = seen[from..].iter().take_while(|s| (s.axis, s.value) == (axis, value)).count();
    from..from + many
}

fn bit(hour: Hour) -> u32 {
    1 << (hour.0 % 24)
}

/// Visits of a day are at most 50, one each half hour.
fn number(visit: usize) -> u8 {
    visit as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_visitors_pay_20_bytes_for_a_cell() {
        assert_eq!(size_of::<Seen>(), 20);
    }
}
