//! The sums of a dimension over what a filter lets pass, counted from a snapshot.
//!
//! From memory even a set of values is exact: every visitor and visit counts once a value, however many of the filter's values
//! they have.

use super::{CountedPlace, SessionSnapshot, Small, is_of_pages};
use crate::cell::{Axis, Dimension, Filter, Sym, Tally};
use crate::counts::{Fast, Name};

impl SessionSnapshot {
    /// The sums of an axis' values over what a filter on another dimension lets pass, with values as texts. Of axes that
    /// have no pairs there is nothing.
    pub fn filtered(&self, filter: &Filter<Name>, axis: &Axis<Name>) -> Vec<(Name, Tally)> {
        let (Axis::Of(by), Axis::Of(split)) = (&filter.axis, axis) else { return Vec::new() };
        let passes = self.passing(filter);
        let is_wanted = |sym: Sym| passes.get(sym.0 as usize).copied().unwrap_or(false);
        let sums = self.sums_by(*by, *split, is_wanted);
        let row = |(value, sum): (Sym, Small)| (self.texts[value.0 as usize].clone(), sum.tally());
        sums.into_iter().map(row).collect()
    }

    /// For each name, whether it passes.
    fn passing(&self, filter: &Filter<Name>) -> Vec<bool> {
        self.texts.iter().map(|text| filter.test.passes(text)).collect()
    }

    fn sums_by(&self, by: Dimension, split: Dimension, is_wanted: impl Fn(Sym) -> bool) -> Fast<Sym, Small> {
        // Hits without a visit have no entry and exit page.
        let needs_visit = is_of_pages(by) || is_of_pages(split);
        let counts = |place: &CountedPlace| !needs_visit || place.tally.visits > 0;
        match (by.is_of_visit(), split.is_of_visit()) {
            (true, true) => {
                let (first, second) = (self.column(by), self.column(split));
                let places = self.places_of_visits(&first, &second, needs_visit);
                self.sums(places, |place| is_wanted(place.key.0).then_some(place.key.1))
            }
            (true, false) => {
                let first = self.column(by);
                let wanted = |place: &CountedPlace| is_wanted(first[place.visit as usize]) && counts(place);
                let places = self.places_of_hits(split).into_iter();
                self.sums(places, |place| wanted(place).then_some(place.key.1))
            }
            (false, true) => {
                let second = self.column(split);
                let places = self.places_of_hits(by).into_iter();
                let wanted = places.filter(|place| is_wanted(place.key.1) && counts(place));
                let once = once_a_visit(wanted.map(|place| CountedPlace { key: (Sym::EMPTY, Sym::EMPTY), ..place }));
                self.sums(once.into_iter(), |place| Some(second[place.visit as usize]))
            }
            (false, false) => {
                let wanted = self.places_of_two(by, split).into_iter().filter(|place| is_wanted(place.key.0));
                let once = once_a_visit(wanted.map(|place| CountedPlace { key: (Sym::EMPTY, place.key.1), ..place }));
                self.sums(once.into_iter(), |place| Some(place.key.1))
            }
        }
    }
}

/// Adds up the places of a visit that have the same key.
fn once_a_visit(places: impl Iterator<Item = CountedPlace>) -> Vec<CountedPlace> {
    let mut once: Vec<CountedPlace> = Vec::new();
    let mut begin = 0;
    for place in places {
        if once.get(begin).is_some_and(|other| other.visit != place.visit) {
            begin = once.len();
        }
        match once[begin..].iter_mut().find(|other| other.key == place.key) {
            Some(other) => other.tally.add(Small { visits: 0, ..place.tally }),
            None => once.push(place),
        }
    }
    once
}
