//! What lies on several sides at once, counted from a snapshot: each visitor and visit once, however many of the values they have.
//!
//! Where all sides are of visits these count as a whole; else hits count that have all values, and the visits and visitors that have
//! any of them.

use super::filtered::PassingValues;
use super::{Column, CountedPlace, SessionSnapshot, Small, VisitorRows, is_of_pages, times_pages};
use crate::cell::{Axis, Dimension, Filter, Sym, Tally, Test};
use crate::counts::{Fast, Name};
use crate::visit::{PageVisitRow, VisitRow};

/// Values of at most two dimensions, empty where there are fewer, and what is counted under them.
pub type MetValues = Vec<([Name; 2], Tally)>;

impl SessionSnapshot {
    /// What passes all of these filters on dimensions and named properties, by the values of at most two. `passes` tells of a value whether it passes a
    /// test.
    ///
    /// # Errors
    /// That of `passes`.
    pub fn meeting<E>(
        &self,
        filters: &[&Filter<Name>],
        splits: &[&Axis<Name>],
        mut passes: impl FnMut(&Test, &str) -> Result<bool, E>,
    ) -> Result<MetValues, E> {
        let mut dimensions: Vec<Dimension> = splits.iter().filter_map(|axis| axis.in_pairs()).collect();
        let mut sides = Vec::new();
        for filter in filters {
            let Some((dimension, column)) = filter.axis.in_pairs().zip(self.axis_column(&filter.axis)) else {
                return Ok(MetValues::new());
            };
            dimensions.push(dimension);
            let passing = self.passing(dimension, |value| passes(&filter.test, value))?;
            sides.push(PassingValues { column, passes: passing });
        }
        let met = Meeting {
            splits: [0, 1].map(|place| splits.get(place).and_then(|axis| self.axis_column(axis))),
            is_by_place: dimensions.iter().any(|dimension| !dimension.is_of_visit()),
            has_time: times_pages(&dimensions),
            of_money: dimensions.contains(&Dimension::Money),
            needs_visit: dimensions.iter().any(|dimension| is_of_pages(*dimension)),
            sides,
        };
        let (mut places, mut sums) = (Vec::new(), Fast::<(Sym, Sym), Small>::default());
        let wants_places = |visits: &[VisitRow]| met.is_by_place && visits.iter().any(|visit| met.has_visit(visit));
        let take = |rows: &VisitorRows| {
            met.take(rows, &mut places);
            rows.add_up(&mut places, |key, sum| sums.entry(key).or_default().add(sum));
        };
        if met.of_money {
            self.each_paid(take);
        } else {
            self.each(wants_places, take);
        }
        let name = |value: Sym| self.text(value).cloned().unwrap_or_default();
        Ok(sums.into_iter().map(|((first, second), sum)| ([name(first), name(second)], sum.tally())).collect())
    }
}

/// The values of places.
type MetPlaces = Vec<CountedPlace<(Sym, Sym)>>;

/// What is looked for.
struct Meeting {
    sides: Vec<PassingValues>,
    splits: [Option<Column>; 2],
    /// Whether hits are counted, rather than whole visits.
    is_by_place: bool,
    /// Whether time and scrolling are counted.
    has_time: bool,
    /// Whether hits are counted that paid.
    of_money: bool,
    /// Whether hits without a visit have no part in it.
    needs_visit: bool,
}

impl Meeting {
    /// Whether a visit lies on all sides that are of visits.
    fn has_visit(&self, visit: &VisitRow) -> bool {
        self.sides.iter().all(|side| side.column.is_of_places() || side.has_visit(visit))
    }

    fn take(&self, rows: &VisitorRows, places: &mut MetPlaces) {
        if self.needs_visit && !rows.is_known {
            return;
        }
        if !self.is_by_place {
            for (number, visit) in rows.visits.iter().enumerate().filter(|(_, visit)| self.has_visit(visit)) {
                self.add(visit, None, number as u8, Small::of_visit(visit), places);
            }
            return;
        }
        for place in rows.hits(self.of_money) {
            let visit = rows.visit_of(place);
            let has_place = self.sides.iter().all(|side| !side.column.is_of_places() || side.has_place(place));
            if has_place && self.has_visit(visit) {
                self.add(visit, Some(place), place.visit, Small::of_page_visit(place, self.has_time), places);
            }
        }
    }

    /// Adds what a visit or a place counts under each of its values.
    fn add(&self, of: &VisitRow, place: Option<&PageVisitRow>, visit: u8, tally: Small, places: &mut MetPlaces) {
        let [first, second] = [0, 1].map(|split| values(self.splits[split].as_ref(), of, place));
        for a in &first {
            places.extend(second.iter().map(|b| CountedPlace { key: (*a, *b), visit, tally }));
        }
    }
}

/// The values of a visit or a place on a dimension. Without a dimension all have one.
fn values(column: Option<&Column>, visit: &VisitRow, place: Option<&PageVisitRow>) -> Vec<Sym> {
    let Some(column) = column else { return vec![Sym::EMPTY] };
    let of_visit = (!column.is_of_places()).then(|| column.of_visit(visit));
    let of_place = place.into_iter().flat_map(|place| column.of_place(place));
    of_visit.into_iter().chain(of_place).filter(|value| *value != Sym::EMPTY).collect()
}
