//! In: the visits of a day, without tokens. Out: sums of any two dimensions, for a table or for one question. Forgets: the
//! single visit; a census lives as long as a question or a flush, in memory only.
//!
//! Visits of one visitor lie side by side, so that a visitor counts once in a cell however many of their visits are in it.

mod filtered;
mod small;

use std::collections::HashMap;

use super::{Fast, Name};
use crate::cell::{Context, Contexts, Dimension, FACETS, Facet, Facets, Names, Sym};
use crate::visit::{SpotRow, VisitRow};
pub(super) use small::Small;

/// The visits of one site and day.
#[derive(Debug)]
pub struct Census {
    /// The texts of names, by number.
    pub texts: Vec<Name>,
    facets: Facets,
    contexts: Contexts,
    visits: Vec<Visited>,
    /// In order of their visits.
    spots: Vec<Spotted>,
}

/// A visit, or hits of a site that keeps no tokens.
#[derive(Debug, Clone, Copy)]
struct Visited {
    facets: [Facet; FACETS],
    entry: Sym,
    exit: Sym,
    /// Number of the visitor's first visit.
    first: u32,
    whole: Small,
}

/// One page, host and event that a visit has been at.
#[derive(Debug, Clone, Copy)]
struct Spotted {
    visit: u32,
    page: Sym,
    context: Context,
    tally: Small,
}

/// A place of a visit: its values on two dimensions, and what it counts there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) visit: u32,
    pub(super) key: (Sym, Sym),
    pub(super) tally: Small,
}

impl Census {
    /// No visits yet, on a day with these names.
    pub(super) fn new(names: &Names) -> Census {
        Census {
            texts: names.texts().to_vec(),
            facets: names.facets.clone(),
            contexts: names.contexts.clone(),
            visits: Vec::new(),
            spots: Vec::new(),
        }
    }

    /// Adds a visitor.
    pub(super) fn add(&mut self, visits: impl Iterator<Item = VisitRow>, spots: impl Iterator<Item = SpotRow>) {
        let first = self.visits.len() as u32;
        let visited = |row: VisitRow| {
            let VisitRow { facets, entry, exit, .. } = row;
            Visited { facets, entry, exit, first, whole: Small::of_visit(&row) }
        };
        self.visits.extend(visits.map(visited));
        let begin = self.spots.len();
        let spotted = |row: SpotRow| {
            let SpotRow { visit, page, context, .. } = row;
            Spotted { visit: first + u32::from(visit), page, context, tally: Small::of_spot(&row) }
        };
        self.spots.extend(spots.map(spotted));
        if self.visits.len() as u32 > first + 1 {
            self.spots[begin..].sort_by_key(|spot| spot.visit);
        }
    }

    /// Adds hits of a site that keeps no tokens.
    pub(super) fn add_unknown(
        &mut self,
        facets: [Facet; FACETS],
        page: Sym,
        context: Context,
        count: u32,
        is_view: bool,
    ) {
        let visit = self.visits.len() as u32;
        let (pageviews, events) = if is_view { (count, 0) } else { (0, count) };
        let whole = Small { pageviews, events, ..Small::default() };
        self.visits.push(Visited { facets, entry: Sym::NOT_SET, exit: Sym::NOT_SET, first: visit, whole });
        self.spots.push(Spotted { visit, page, context, tally: whole });
    }

    /// Whether nobody came.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// The value of every visit on a dimension of visits.
    pub(super) fn column(&self, dimension: Dimension) -> Vec<Sym> {
        let value = |visit: &Visited| match dimension {
            Dimension::EntryPage => visit.entry,
            Dimension::ExitPage => visit.exit,
            _ => self.facets.value(visit.facets, dimension),
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
        let counted = places.filter(move |(_, (visit, _))| !of_pages || visit.whole.visits > 0);
        counted.map(|(at, (visit, (a, b)))| Place { visit: at as u32, key: (*a, *b), tally: visit.whole })
    }

    /// Where visits have been by one dimension of hits, which is the second of the key: each value once a visit.
    pub(super) fn places_of_hits(&self, dimension: Dimension) -> Vec<Place> {
        self.gathered(|spot, take| match dimension {
            Dimension::Page => take((Sym::EMPTY, spot.page), spot.tally),
            Dimension::Hostname => take((Sym::EMPTY, self.contexts.hostname(spot.context)), spot.hits()),
            Dimension::Event => take((Sym::EMPTY, self.contexts.event(spot.context)), spot.hits()),
            Dimension::Pattern => {
                let patterns = self.contexts.patterns(spot.context);
                patterns.iter().for_each(|pattern| take((Sym::EMPTY, *pattern), spot.hits()));
            }
            _ => {}
        })
    }

    /// Where visits have been by two dimensions of hits, each pair of values once a visit.
    pub(super) fn places_of_two(&self, first: Dimension, second: Dimension) -> Vec<Place> {
        let value = |spot: &Spotted, dimension: Dimension| match dimension {
            Dimension::Page => spot.page,
            Dimension::Hostname => self.contexts.hostname(spot.context),
            _ => self.contexts.event(spot.context),
        };
        let has_page = first == Dimension::Page || second == Dimension::Page;
        self.gathered(|spot, take| {
            let tally = if has_page { spot.tally } else { spot.hits() };
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
            let visits = self.visits[spot.visit as usize].whole.visits;
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
    matches!(dimension, Dimension::EntryPage | Dimension::ExitPage)
}

impl Spotted {
    /// What it counts beside a page: engagement is of pages alone.
    fn hits(&self) -> Small {
        Small { engaged_visits: 0, engaged_ms: 0, scroll: 0, ..self.tally }
    }
}
