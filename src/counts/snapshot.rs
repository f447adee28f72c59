//! In: the visits of a day, without tokens. Out: sums of any two dimensions, for a table or for one question. Forgets: the
//! single visit; a snapshot lives as long as a question or a flush, in memory only.
//!
//! Visits of one visitor lie side by side, so that a visitor counts once in a cell however many of their visits are in it.

mod filtered;
mod small;

use std::collections::HashMap;

use super::{Fast, Name};
use crate::cell::{DayNames, Dimension, HitAttributeTable, Sym, TupleValues, ValueOf};
use crate::visit::{PageVisitRow, UnknownHit, VisitRow};
pub(super) use small::Small;

/// The visits of one site and day.
#[derive(Debug)]
pub struct SessionSnapshot {
    /// The texts of names, by number.
    pub texts: Vec<Name>,
    tuples: TupleValues,
    hit_attributes: HitAttributeTable,
    visits: Vec<SnapshotVisit>,
    /// In order of their visits.
    page_visits: Vec<SnapshotPageVisit>,
}

/// A visit, or hits of a site that keeps no tokens. There are many, so they are kept small.
#[derive(Debug, Clone, Copy)]
struct SnapshotVisit {
    /// Number of the visitor's first visit.
    first: u32,
    is_visit: bool,
    row: VisitRow,
}

/// One page, host and event that a visit has been at.
#[derive(Debug, Clone, Copy)]
struct SnapshotPageVisit {
    visit: u32,
    row: PageVisitRow,
}

/// A place of a visit: its values on two dimensions, and what it counts there.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedPlace {
    pub(super) visit: u32,
    pub(super) key: (Sym, Sym),
    pub(super) tally: Small,
}

impl SessionSnapshot {
    /// No visits yet, on a day with these names and so many visitors.
    pub(super) fn new(names: &DayNames, visitors: usize) -> SessionSnapshot {
        SessionSnapshot {
            texts: names.texts().to_vec(),
            tuples: names.tuples.values.clone(),
            hit_attributes: names.hit_attributes.clone(),
            // Most visitors come once, and see two pages.
            visits: Vec::with_capacity(visitors + visitors / 4),
            page_visits: Vec::with_capacity(visitors * 5 / 2),
        }
    }

    /// Adds a visitor.
    pub(super) fn add(
        &mut self,
        visits: impl Iterator<Item = VisitRow>,
        page_visits: impl Iterator<Item = PageVisitRow>,
    ) {
        let first = self.visits.len() as u32;
        self.visits.extend(visits.map(|row| SnapshotVisit { first, is_visit: true, row }));
        let begin = self.page_visits.len();
        self.page_visits.extend(page_visits.map(|row| SnapshotPageVisit { visit: first + u32::from(row.visit), row }));
        if self.visits.len() as u32 > first + 1 {
            self.page_visits[begin..].sort_by_key(|page_visit| page_visit.visit);
        }
    }

    /// Adds hits of a site that keeps no tokens.
    pub(super) fn add_unknown(&mut self, hit: UnknownHit, count: u32) {
        let UnknownHit { tuples, page, attributes, is_view, .. } = hit;
        let visit = self.visits.len() as u32;
        let (pageviews, events) = if is_view { (count, 0) } else { (0, count) };
        let none = Sym::NOT_SET;
        let row = VisitRow { tuples, entry: none, exit: none, pageviews, events, seconds: 0, is_bounce: false };
        self.visits.push(SnapshotVisit { first: visit, is_visit: false, row });
        let row = PageVisitRow { visit: 0, page, attributes, count, is_view, is_engaged: false, ms: 0, scroll: 0 };
        self.page_visits.push(SnapshotPageVisit { visit, row });
    }

    /// Whether nobody came.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// The value of every visit on a dimension of visits.
    pub(super) fn column(&self, dimension: Dimension) -> Vec<Sym> {
        let value = |visit: &SnapshotVisit| match dimension {
            Dimension::EntryPage => visit.row.entry,
            Dimension::ExitPage => visit.row.exit,
            _ => self.tuples.value(visit.row.tuples, dimension),
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
    ) -> impl Iterator<Item = CountedPlace> + 'a {
        let places = self.visits.iter().zip(first.iter().zip(second)).enumerate();
        let counted = places.filter(move |(_, (visit, _))| !of_pages || visit.is_visit);
        counted.map(|(at, (visit, (a, b)))| CountedPlace { visit: at as u32, key: (*a, *b), tally: visit.whole() })
    }

    /// Where visits have been by one dimension of hits, which is the second of the key: each value once a visit.
    pub(super) fn places_of_hits(&self, dimension: Dimension) -> Vec<CountedPlace> {
        self.gathered(|page_visit, take| match dimension {
            Dimension::Page => take((Sym::EMPTY, page_visit.row.page), page_visit.tally()),
            Dimension::Pattern => {
                let patterns = self.hit_attributes.patterns(page_visit.row.attributes);
                patterns.iter().for_each(|pattern| take((Sym::EMPTY, *pattern), page_visit.hits()));
            }
            of_hits => {
                take((Sym::EMPTY, self.hit_attributes.value(page_visit.row.attributes, of_hits)), page_visit.hits());
            }
        })
    }

    /// Where visits have been by two dimensions of hits, each pair of values once a visit.
    pub(super) fn places_of_two(&self, first: Dimension, second: Dimension) -> Vec<CountedPlace> {
        let value = |page_visit: &SnapshotPageVisit, dimension: Dimension| match dimension {
            Dimension::Page => page_visit.row.page,
            of_hits => self.hit_attributes.value(page_visit.row.attributes, of_hits),
        };
        let has_page = first == Dimension::Page || second == Dimension::Page;
        self.gathered(|page_visit, take| {
            let tally = if has_page { page_visit.tally() } else { page_visit.hits() };
            take((value(page_visit, first), value(page_visit, second)), tally);
        })
    }

    /// What `each` makes of the page_visits, summed up so that a visit has each key once.
    fn gathered(&self, each: impl Fn(&SnapshotPageVisit, &mut dyn FnMut((Sym, Sym), Small))) -> Vec<CountedPlace> {
        let mut places: Vec<CountedPlace> = Vec::with_capacity(self.page_visits.len());
        let mut begin = 0;
        for page_visit in &self.page_visits {
            if places.get(begin).is_some_and(|place| place.visit != page_visit.visit) {
                begin = places.len();
            }
            // Hits of sites that keep no tokens are no visits.
            let visits = u32::from(self.visits[page_visit.visit as usize].is_visit);
            each(page_visit, &mut |key, tally| match places[begin..].iter_mut().find(|place| place.key == key) {
                Some(place) => place.tally.add(tally),
                None => places.push(CountedPlace { visit: page_visit.visit, key, tally: Small { visits, ..tally } }),
            });
        }
        places
    }

    /// Adds up places by the key that `of` makes of them, each visitor once a key. Places come in order of their visits; those
    /// that `of` makes nothing of are left out.
    pub(super) fn sums<K: Copy + Eq + std::hash::Hash>(
        &self,
        places: impl Iterator<Item = CountedPlace>,
        of: impl Fn(&CountedPlace) -> Option<K>,
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

impl SnapshotVisit {
    fn whole(&self) -> Small {
        Small { visits: self.is_visit.into(), ..Small::of_visit(&self.row) }
    }
}

impl SnapshotPageVisit {
    fn tally(&self) -> Small {
        Small::of_page_visit(&self.row)
    }

    /// What it counts beside a page: engagement is of pages alone.
    fn hits(&self) -> Small {
        Small { engaged_visits: 0, engaged_ms: 0, scroll: 0, ..self.tally() }
    }
}
