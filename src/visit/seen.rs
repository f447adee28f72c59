//! In: cells of properties. Out: whether a visitor was in one before, in which visit and hour, and how often. Forgets: order
//! and times within the hour.

use super::SeenBefore;
use crate::cell::{Axis, Cell, Sym, Tally};
use crate::site::Hour;

/// One cell of a property that a visit has been in, in one hour.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenProperty {
    pub(super) key: Sym,
    /// The event that it is counted under; nothing for all events together.
    pub(super) event: Option<Sym>,
    pub(super) value: Sym,
    /// How many hits.
    pub(super) count: u32,
    pub(super) visit: u8,
    pub(super) hour: Hour,
    /// Whether the hits are pageviews.
    pub(super) is_view: bool,
}

impl SeenProperty {
    pub(super) fn new(cell: Cell<Sym>, visit: usize, hour: Hour, is_view: bool) -> SeenProperty {
        let (key, event, value) = parts(cell);
        SeenProperty { key, event, value, count: 0, visit: super::number(visit), hour, is_view }
    }

    /// What its hits count.
    pub(super) fn hits(&self) -> Tally {
        super::of_hits(self.count, self.is_view)
    }

    pub(super) fn cell(&self) -> Cell<Sym> {
        Cell { axis: Axis::Prop { key: self.key, event: self.event }, value: self.value }
    }

    fn parts(&self) -> (Sym, Option<Sym>, Sym) {
        (self.key, self.event, self.value)
    }

    /// What tells it from the others of a visitor.
    pub(super) fn sort_key(&self) -> (Sym, Option<Sym>, Sym, u8, Hour, bool) {
        (self.key, self.event, self.value, self.visit, self.hour, self.is_view)
    }
}

/// Key, event and value of a cell of a property.
fn parts(cell: Cell<Sym>) -> (Sym, Option<Sym>, Sym) {
    match cell.axis {
        Axis::Prop { key, event } => (key, event, cell.value),
        _ => (Sym::EMPTY, None, cell.value),
    }
}

/// Where an entry is, or where it belongs.
pub(super) fn find(seen: &[SeenProperty], wanted: &SeenProperty) -> Result<usize, usize> {
    seen.binary_search_by_key(&wanted.sort_key(), SeenProperty::sort_key)
}

/// Whether the visitor was in the cell before.
pub(super) fn known(seen: &[SeenProperty], cell: Cell<Sym>, visit: usize, hour: Hour) -> SeenBefore {
    let wanted = parts(cell);
    let from = seen.partition_point(|seen| seen.parts() < wanted);
    let mut known = SeenBefore::default();
    for seen in seen[from..].iter().take_while(|seen| seen.parts() == wanted) {
        known.in_day = true;
        known.in_visit |= seen.visit == super::number(visit);
        known.in_hour |= seen.hour == hour;
    }
    known
}
