//! In: cells of properties. Out: whether a visitor was in one before, and in which visit and hour. Forgets: order and times
//! within the hour.

use super::SeenBefore;
use crate::cell::{Axis, Cell, Sym};
use crate::site::Hour;

/// One cell of a property that a visit has been in.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenProperty {
    /// The key and its event, counted from 1; 0 for all events together.
    axis: (u32, u32),
    value: Sym,
    /// One bit for each hour with a hit in the cell.
    hours: u32,
    visit: u8,
}

impl SeenProperty {
    pub(super) fn new(cell: Cell<Sym>, visit: usize) -> SeenProperty {
        let (axis, value) = key(cell);
        SeenProperty { axis, value, hours: 0, visit: super::number(visit) }
    }

    pub(super) fn mark(&mut self, hour: Hour) {
        self.hours |= super::bit(hour);
    }
}

fn key(cell: Cell<Sym>) -> ((u32, u32), Sym) {
    let axis = match cell.axis {
        Axis::Prop { key, event } => (key.0, event.map_or(0, |event| event.0 + 1)),
        _ => (0, 0),
    };
    (axis, cell.value)
}

/// Where a visit's entry for a cell is, or where it belongs.
pub(super) fn find(seen: &[SeenProperty], cell: Cell<Sym>, visit: usize) -> Result<usize, usize> {
    let (axis, value) = key(cell);
    seen.binary_search_by_key(&(axis, value, super::number(visit)), |seen| (seen.axis, seen.value, seen.visit))
}

/// Whether the visitor was in the cell before.
pub(super) fn known(seen: &[SeenProperty], cell: Cell<Sym>, visit: usize, hour: Hour) -> SeenBefore {
    let (axis, value) = key(cell);
    let from = seen.partition_point(|s| (s.axis, s.value) < (axis, value));
    let mut known = SeenBefore::default();
    for seen in seen[from..].iter().take_while(|s| (s.axis, s.value) == (axis, value)) {
        known.in_day = true;
        known.in_visit |= seen.visit == super::number(visit);
        known.in_hour |= seen.hours & super::bit(hour) != 0;
    }
    known
}
