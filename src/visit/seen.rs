//! In: cells of the hit's own dimensions. Out: whether a visitor was in one before, in which visit and hour, and how long.
//! Forgets: order and times within the hour.

use crate::cell::{Axis, Cell, Sym, Tally};
use crate::site::Hour;

/// One cell of hits that a visit has been in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    cell: Cell<Sym>,
    visit: u16,
    /// One bit for each hour with a pageview or event in the cell.
    hours: u32,
    /// Whether a pageview was among them.
    pub(super) viewed: bool,
    /// Deepest scroll in percent and whether any ping came.
    scroll: u8,
    engaged: bool,
}

impl Seen {
    pub(super) fn new(cell: Cell<Sym>, visit: usize) -> Seen {
        Seen { cell, visit: number(visit), hours: 0, viewed: false, scroll: 0, engaged: false }
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

type Key = (Axis<Sym>, Sym, u16);

fn key(cell: Cell<Sym>, visit: u16) -> Key {
    (cell.axis, cell.value, visit)
}

/// Where a visit's entry for a cell is, or where it belongs.
pub(super) fn find(seen: &[Seen], cell: Cell<Sym>, visit: usize) -> Result<usize, usize> {
    seen.binary_search_by_key(&key(cell, number(visit)), |s| key(s.cell, s.visit))
}

/// Whether any visit of the day has been in a cell.
pub(super) fn has(seen: &[Seen], cell: Cell<Sym>) -> bool {
    !of_cell(seen, cell).is_empty()
}

/// Whether any visit of the day has been in a cell in an hour.
pub(super) fn has_in(seen: &[Seen], cell: Cell<Sym>, hour: Hour) -> bool {
    of_cell(seen, cell).iter().any(|s| s.hours & bit(hour) != 0)
}

fn of_cell(seen: &[Seen], cell: Cell<Sym>) -> &[Seen] {
    let from = seen.partition_point(|s| key(s.cell, s.visit) < key(cell, 0));
    let many = seen[from..].iter().take_while(|s| s.cell == cell).count();
    &seen[from..from + many]
}

fn bit(hour: Hour) -> u32 {
    1 << (hour.0 % 24)
}

/// Visits of a day are at most 50, one each half hour.
fn number(visit: usize) -> u16 {
    visit as u16
}
