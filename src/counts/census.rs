//! In: the visits of a day, without tokens. Out: sums of any two dimensions, for a table or for one question. Forgets: the
//! single visit; a census lives as long as a question or a flush, in memory only.
//!
//! Visits of one visitor lie side by side, so that a visitor counts once in a cell however many of their visits are in it.

mod filtered;
mod small;

use std::collections::HashMap;

use super::{Fast, Name, Unknown};
use crate::cell::{Contexts, Dimension, FacetValues, Names, Sym, ValueOf};
use crate::visit::{SpotRow, VisitRow};
pub(super) use small::Small;

/// The visits of one site and day.
#[derive(Debug)]
pub struct Census {
    /// The texts of names, by number.
    pub texts: Vec<Name>,
    facets: FacetValues,
    contexts: Contexts,
    visits: Vec<Visited>,
    /// In order of their visits.
    spots: Vec<Spotted>,
}

/// A visit, or hits of a site that keeps no tokens. There are many, so they are kept small.
#[derive(Debug, Clone, Copy)]
struct Visited {
    /// Number of the visitor's first visit.
    first: u32,
    is_visit: bool,
    row: VisitRow,
}

/// One page, host and event that a visit has been at.
#[derive(Debug, Clone, Copy)]
struct Spotted {
    visit: u32,
    row: SpotRow,
}

/// A place of a visit: its values on two dimensions, and what it counts there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) visit: u32,
    pub(super) key: (Sym, Sym),
    pub(super) tally: Small,
}

impl Census {
    /// No visits yet, on a day with these names and so many visitors.
    pub(super) fn new(names: &Names, visitors: usize) -> Census {
        Census {
            texts: names.texts().to_vec(),
            facets: names.facets.values.clone(),
            contexts: names.contexts.clone(),
            // Most visitors come once, and see two pages.
            visits: Vec::with_capacity(visitors + visitors / 4),
            spots: Vec::with_capacity(visitors * 5 / 2),
        }
    }

    /// Adds a visitor.
    pub(super) fn add(&mut self, visits: impl Iterator<Item = VisitRow>, spots: impl Iterator<Item = SpotRow>) {
        let first = self.visits.len() as u32;
        self.visits.extend(visits.map(|row| Visited { first, is_visit: true, row }));
        let begin = self.spots.len();
        self.spots.extend(spots.map(|row| Spotted { visit: first + u32::from(row.visit), row }));
        if self.visits.len() as u32 > first + 1 {
            self.spots[begin..].sort_by_key(|spot| spot.visit);
        }
    }

    /// Adds hits of a site that keeps no tokens.
    pub(super) fn add_unknown(&mut self, (facets, page, context): Unknown, count: u32, is_view: bool) {
        let visit = self.visits.len() as u32;
        let (pageviews, events) = if is_view { (count, 0) } else { (0, count) };
        let none = Sym::NOT_SET;
        let row = VisitRow { facets, entry: none, exit: none, pageviews, events, seconds: 0, is_bounce: false };
        self.visits.push(Visited { first: visit, is_visit: false, row });
        let row = SpotRow { visit: 0, page, context, count, is_view, is_engaged: false, ms: 0, scroll: 0 };
        self.spots.push(Spotted { visit, row });
    }

    /// Whether nobody came.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// The value of every visit on a dimension of visits.
    pub(super) fn column(&self, dimension: Dimension) -> Vec<Sym> {
        let value = |visit: &Visited| match dimension {
            Dimension::EntryPage => visit.row.entry,
            Dimension::ExitPage => visit.row.exit,
            _ => self.facets.value(visit.row.facets, dimension),
        };
        self.visits.iter().map(value).collect()
    }

    /// Where visits are by two of their own dimensions, given as columns. Hits without a visit have no entry and exit page:
    /// `of_pages` leaves them out.
    pub(super) fn places_of_visits<'a>(
        &'a self,
        first: &'a [Sym],
        second: &'a [Sym],
        of_pages: bool,
    ) -> impl Iterator<Item = Place> + 'a {
        let places = self.visits.iter().zip(first.iter().zip(second)).enumerate();
        let counted = places.filter(move |(_, (visit, _))| !of_pages || visit.is_visit);
        counted.map(|(at, (visit, (a, b)))| Place { visit: at as u32, key: (*a, *b), tally: visit.whole() })
    }

    /// Where visits have been by one dimension of hits, which is the second of the key: each value once a visit.
    pub(super) fn places_of_hits(&self, dimension: Dimension) -> Vec<Place> {
        self.gathered(|spot, take| match dimension {
            Dimension::Page => take((Sym::EMPTY, spot.row.page), spot.tally()),
            Dimension::Pattern => {
                let patterns = self.contexts.patterns(spot.row.context);
                patterns.iter().for_each(|pattern| take((Sym::EMPTY, *pattern), spot.hits()));
            }
            of_hits => take((Sym::EMPTY, self.contexts.value(spot.row.context, of_hits)), spot.hits()),
        })
    }

    /// Where visits have been by two dimensions of hits, each pair of values once a visit.
    pub(super) fn places_of_two(&self, first: Dimension, second: Dimension) -> Vec<Place> {
        let value = |spot: &Spotted, dimension: Dimension| match dimension {
            Dimension::Page => spot.row.page,
            of_hits => self.contexts.value(spot.row.context, of_hits),
        };
        let has_page = first == Dimension::Page || second == Dimension::Page;
        self.gathered(|spot, take| {
            let tally = if has_page { spot.tally() } else { spot.hits() };
            take((value(spot, first), value(spot, second)), tally);
        })
    }

    /// What `each` makes of the spots, summed up so that a visit has each key once.
    fn gathered(&self, each: impl Fn(&Spotted, &mut dyn FnMut((Sym, Sym), Small))) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::with_capacity(self.spots.len());
        let mut begin = 0;
        for spot in &self.spots {
            if places.get(begin).is_some_and(|place| place.visit != spot.visit) {
                begin = places.len();
            }
            // Hits of sites that keep no tokens are no visits.
            let visits = u32::from(self.visits[spot.visit as usize].is_visit);
            each(spot, &mut |key, tally| match places[begin..].iter_mut().find(|place| place.key == key) {
                Some(place) => place.tally.add(tally),
                None => places.push(Place { visit: spot.visit, key, tally: Small { visits, ..tally } }),
            });
        }
        places
    }

    /// Adds up places by the key that `of` makes of them, each visitor once a key. Places come in order of their visits; those
    /// that `of` makes nothing of are left out.
    pub(super) fn sums<K: Copy + Eq + std::hash::Hash>(
        &self,
        places: impl Iterator<Item = Place>,
        of: impl Fn(&Place) -> Option<K>,
    ) -> Fast<K, Small> {
        let mut sums: Fast<K, Small> = HashMap::default();
        // The keys of the same visitor's places so far.
        let (mut visitor, mut known) = (u32::MAX, Vec::new());
        for place in places {
            let Some(key) = of(&place) else { continue };
            let first = self.visits[place.visit as usize].first;
            if visitor != first {
                visitor = first;
                known.clear();
            }
            let is_new = place.tally.visits > 0 && !known.contains(&key);
            if is_new {
                known.push(key);
            }
            sums.entry(key).or_default().add(Small { visitors: is_new.into(), ..place.tally });
        }
        sums
    }
}

/// Whether only visits have a value on it, and not hits without one.
pub(super) fn is_of_pages(dimension: Dimension) -> bool {
    dimension.row().value_of == ValueOf::VisitEnd
}

impl Visited {
    fn whole(&self) -> Small {
        Small { visits: self.is_visit.into(), ..Small::of_visit(&self.row) }
    }
}

impl Spotted {
    fn tally(&self) -> Small {
        Small::of_spot(&self.row)
    }

    /// What it counts beside a page: engagement is of pages alone.
    fn hits(&self) -> Small {
        Small { engaged_visits: 0, engaged_ms: 0, scroll: 0, ..self.tally() }
    }
}
