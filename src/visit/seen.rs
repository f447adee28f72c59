//! In: cells of properties. Out: whether a visitor was in one before, in which visit and hour, and how often. Forgets: order
//! and times within the hour.

use serde::{Deserialize, Serialize};

use super::{Book, VisitChange};
use crate::cell::{Axis, Cell, Sym, Tally};
use crate::site::Hour;

/// Whether a visitor was in a cell before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SeenBefore {
    /// The first hour of the day in which they were, on the clock.
    pub(super) first: Option<Hour>,
    pub(super) in_visit: bool,
    pub(super) in_hour: bool,
}

/// The earlier of two hours, where there are any.
pub(super) fn earlier(a: Option<Hour>, b: Option<Hour>) -> Option<Hour> {
    a.into_iter().chain(b).min()
}

/// The first visitors that an hour gains by somebody who was first in the cell in the hour `known`, if at all. Where the clock went
/// back, the hour that was the first loses them.
pub(super) fn first(known: Option<Hour>, hour: Hour, mut book: impl FnMut(Hour, Tally)) -> i64 {
    match known {
        Some(known) if known <= hour => 0,
        Some(known) => {
            book(known, Tally { first_visitors: -1, ..Tally::ZERO });
            1
        }
        None => 1,
    }
}

/// One cell of a property that a visit has been in, in one hour.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
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
        known.first = earlier(known.first, Some(seen.hour));
        known.in_visit |= seen.visit == super::number(visit);
        known.in_hour |= seen.hour == hour;
    }
    known
}

/// Books a hit in a cell of hits, in a visit that began in the hour `start`.
pub(super) fn book_known(cell: Cell<Sym>, known: SeenBefore, start: Hour, step: &VisitChange, book: &mut impl Book) {
    let mut in_hour = Tally { visitors: i64::from(!known.in_hour), ..step.hit };
    in_hour.first_visitors = first(known.first, step.hour, |hour, tally| book.hour(cell, hour, tally));
    if !known.in_visit && start == step.hour {
        in_hour.visits = 1;
    } else if !known.in_visit {
        book.hour(cell, start, Tally { visits: 1, ..Tally::ZERO });
    }
    book.hour(cell, step.hour, in_hour);
}
