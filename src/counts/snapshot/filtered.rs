//! The sums of dimensions over what a filter lets pass, counted from a snapshot.
//!
//! From memory even a set of values is exact: every visitor and visit counts once a value, however many of the filter's values
//! they have.

use super::{Column, CountedPlace, SessionSnapshot, Small, VisitorRows, is_of_pages, times_pages};
use crate::cell::{Axis, Dimension, Filter, Sym, Tally};
use crate::counts::{Fast, Name};
use crate::visit::{PageVisitRow, VisitRow};

/// Values as texts, and what is counted under them.
pub type ValueRows = Vec<(Name, Tally)>;

impl SessionSnapshot {
    /// The sums of each axis' values over what a filter on another dimension lets pass, as `passes` tells of its values, all counted
    /// in one go. Of axes that have no pairs there is nothing.
    ///
    /// # Errors
    /// That of `passes`.
    pub fn filtered<E>(
        &self,
        filter: &Filter<Name>,
        axes: &[&Axis<Name>],
        passes: impl FnMut(&str) -> Result<bool, E>,
    ) -> Result<Vec<ValueRows>, E> {
        let Some((by, column)) = filter.axis.in_pairs().zip(self.axis_column(&filter.axis)) else {
            return Ok(axes.iter().map(|_| ValueRows::new()).collect());
        };
        let passing = PassingValues { column, passes: self.passing(by, passes)? };
        let mut splits: Vec<Option<SplitSums>> = axes.iter().map(|axis| self.split(by, axis)).collect();
        let is_by_place = passing.column.is_of_places();
        let has_places = splits.iter().flatten().any(|split| split.column.is_of_places());
        let wants_places = |visits: &[VisitRow]| is_by_place || has_places && passing.has_any_visit(visits);
        let (mut of_money, mut others): (Vec<&mut SplitSums>, Vec<&mut SplitSums>) =
            splits.iter_mut().flatten().partition(|split| split.of_money);
        let take = |rows: &VisitorRows, splits: &mut [&mut SplitSums], of_money: bool| {
            // Of most visitors nothing passes.
            let passes = match is_by_place {
                true => rows.hits(of_money).iter().any(|place| passing.has_place(place)),
                false => passing.has_any_visit(&rows.visits),
            };
            splits.iter_mut().filter(|_| passes).for_each(|split| split.take(rows, &passing));
        };
        if !others.is_empty() {
            self.each(wants_places, |rows| take(rows, &mut others, false));
        }
        if !of_money.is_empty() {
            self.each_paid(|rows| take(rows, &mut of_money, true));
        }
        let row = |(value, sum): (Sym, Small)| (self.text(value).cloned().unwrap_or_default(), sum.tally());
        let rows = |split: Option<SplitSums>| split.into_iter().flat_map(|split| split.sums).map(row).collect();
        Ok(splits.into_iter().map(rows).collect())
    }

    /// For each name, whether it passes as a value of a dimension. What is not collected has none.
    pub(super) fn passing<E>(
        &self,
        of: Dimension,
        mut passes: impl FnMut(&str) -> Result<bool, E>,
    ) -> Result<Vec<bool>, E> {
        let sections = if of == Dimension::Section { &self.sections().names[..] } else { &[] };
        self.texts.iter().chain(sections).map(|text| Ok(!text.is_empty() && passes(text)?)).collect()
    }

    fn split(&self, by: Dimension, axis: &Axis<Name>) -> Option<SplitSums> {
        let dimension = axis.in_pairs()?;
        let needs_visit = is_of_pages(by) || is_of_pages(dimension);
        let has_time = times_pages(&[by, dimension]);
        let of_money = [by, dimension].contains(&Dimension::Money);
        Some(SplitSums {
            column: self.axis_column(axis)?,
            needs_visit,
            has_time,
            of_money,
            places: Vec::new(),
            sums: Fast::default(),
        })
    }
}

/// Which values of a dimension pass.
pub(super) struct PassingValues {
    pub(super) column: Column,
    /// By name.
    pub(super) passes: Vec<bool>,
}

impl PassingValues {
    fn has(&self, value: Sym) -> bool {
        self.passes.get(value.0 as usize).copied().unwrap_or(false)
    }

    pub(super) fn has_place(&self, place: &PageVisitRow) -> bool {
        self.column.of_place(place).any(|value| self.has(value))
    }

    pub(super) fn has_visit(&self, visit: &VisitRow) -> bool {
        self.has(self.column.of_visit(visit))
    }

    fn has_any_visit(&self, visits: &[VisitRow]) -> bool {
        visits.iter().any(|visit| self.has_visit(visit))
    }
}

/// A dimension that is asked for, and its sums so far.
struct SplitSums {
    column: Column,
    /// Whether hits without a visit have no part in it.
    needs_visit: bool,
    /// Whether time and scrolling are counted.
    has_time: bool,
    /// Whether hits are counted that paid.
    of_money: bool,
    /// The places of the visitor at hand.
    places: Vec<CountedPlace<Sym>>,
    sums: Fast<Sym, Small>,
}

impl SplitSums {
    fn take(&mut self, rows: &VisitorRows, passing: &PassingValues) {
        if self.needs_visit && !rows.is_known {
            return;
        }
        match passing.column.is_of_places() || self.column.is_of_places() {
            true => self.take_places(rows, passing),
            false => self.take_visits(rows, passing),
        }
        let sums = &mut self.sums;
        rows.add_up(&mut self.places, |value, sum| sums.entry(value).or_default().add(sum));
    }

    fn take_visits(&mut self, rows: &VisitorRows, passing: &PassingValues) {
        for (number, visit) in rows.visits.iter().enumerate().filter(|(_, visit)| passing.has_visit(visit)) {
            let (key, visit, tally) = (self.column.of_visit(visit), number as u8, Small::of_visit(visit));
            if key != Sym::EMPTY {
                self.places.push(CountedPlace { key, visit, tally });
            }
        }
    }

    fn take_places(&mut self, rows: &VisitorRows, passing: &PassingValues) {
        for place in rows.hits(self.of_money) {
            let of_visit = rows.visit_of(place);
            let passes = match passing.column.is_of_places() {
                true => passing.has_place(place),
                false => passing.has_visit(of_visit),
            };
            if passes {
                let (visit, tally) = (place.visit, Small::of_page_visit(place, self.has_time));
                let value = (!self.column.is_of_places()).then(|| self.column.of_visit(of_visit));
                let values = value.into_iter().chain(self.column.of_place(place)).filter(|key| *key != Sym::EMPTY);
                self.places.extend(values.map(|key| CountedPlace { key, visit, tally }));
            }
        }
    }
}
