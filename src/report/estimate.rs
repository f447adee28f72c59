//! Bounds of what three or four dimensions count together, and a best estimate of it, from what any two of them do.
//!
//! In: for a day (or a month of which days are gone) all that was counted, what each of some values counts, and what any two of them
//! do together. Out: the least and the most that all of them can count together, and the likeliest figure between.
//!
//! # Why the bounds are sure
//!
//! **Hits.** A value is a set of hits: those that have it, of a dimension of visits all hits of visits that have it. So with `N` for all
//! and `A`, `AB` for the hits that have one or both values:
//!
//! - `ABC <= AB`, since it is a part of it, and so with the others;
//! - `ABC >= AB + AC - A`, since both are parts of `A`, and what they count beyond `A` they have in common: that is `ABC`;
//! - `ABC <= N - A - B - C + AB + AC + BC`, since what has none of the three values is no less than nothing.
//!
//! These eight (each sign of each value once) are all that the seven figures tell: any number between is that of some list of hits.
//! For four values the same holds within each value or two of them: `ABCD >= ABC + ABD - AB`, and so on, with the least and the
//! most of what is bounded itself. Each number of the figures is taken as the one of its ends that proves less, so that parts that
//! are no more than bounded (sets of values, days past their budget) may stand among them.
//!
//! **Visits.** A visit is where any of its hits is. If it has a hit in `AB` and one in `AC`, these may be two hits, and none is in
//! `ABC`; unless `B` or `C` is of the whole visit: then the hit in `AC` is in `ABC` where the visit is in `AB`. So of two dimensions of
//! hits the sets of visits prove nothing together. What holds for all: **what is counted more than once of a part is never more than
//! of the whole**. With `s = hits - visits`, a hit more adds 1 to the hits and at most 1 to the visits, so that `s` never falls as a part
//! grows: `visits(ABC) = hits(ABC) - s(ABC) >= hits(ABC) - s(AB)`, and so with each part that it lies in.
//!
//! **Visitors.** The same once more: who has several visits may be in `AB` by one and in `AC` by another, but
//! `visitors(ABC) >= visits(ABC) - s(AB)` for `s = visits - visitors`. And where a visit is, somebody is.
//!
//! **From above.** Visits cover visitors: those who are in `AB` and those in `AC` are at least those in either or both, so
//! `s(ABC) >= s(AB) + s(AC) - s(A)` wherever `ABC` is all that `AB` and `AC` have in common. Hence
//! `visitors(ABC) <= visits(ABC) - (s(AB) + s(AC) - s(A))`, and so for visits among hits.
//!
//! Bounces and seconds are of whole visits, so they are bounded as hits are where all dimensions are of visits; time and scrolling
//! belong to a page in a visit, so within that page. Days have no visit in common, so their bounds add up.
//!
//! How near all of this comes is measured by `benches/estimates.rs` and told in `docs/estimates.md`.

mod columns;
mod fit;
#[cfg(test)]
mod tests;

use std::ops::AddAssign;

use crate::cell::{Dimension, Tally};
use crate::limits;
use columns::{BoundedColumn, Surplus};

/// Sets of values, as bits: which of a question's values something has.
type ValueBits = usize;

/// How many sets of values there are.
const SETS: usize = 1 << limits::ESTIMATED_DIMENSIONS_MAX;

/// The least and the most that was counted of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TallyRange {
    /// The least.
    pub low: Tally,
    /// The most.
    pub high: Tally,
}

/// The likeliest counts, which need not be whole: those of several days add up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LikelyCounts {
    /// Visitors.
    pub visitors: f64,
    /// Visits.
    pub visits: f64,
    /// Pageviews.
    pub pageviews: f64,
    /// Named events.
    pub events: f64,
}

/// What values of three or four dimensions count by themselves and any two of them together, on one day.
#[derive(Debug, Clone)]
pub struct KnownParts {
    dimensions: Vec<Dimension>,
    known: [Option<TallyRange>; SETS],
}

/// What all of the values count together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EstimatedCounts {
    /// What is sure.
    pub range: TallyRange,
    /// What is likely.
    pub likely: LikelyCounts,
}

impl From<Tally> for TallyRange {
    fn from(sure: Tally) -> TallyRange {
        TallyRange { low: sure, high: sure }
    }
}

impl AddAssign for TallyRange {
    fn add_assign(&mut self, other: TallyRange) {
        self.low += other.low;
        self.high += other.high;
    }
}

impl AddAssign for LikelyCounts {
    fn add_assign(&mut self, other: LikelyCounts) {
        self.visitors += other.visitors;
        self.visits += other.visits;
        self.pageviews += other.pageviews;
        self.events += other.events;
    }
}

impl AddAssign for EstimatedCounts {
    fn add_assign(&mut self, other: EstimatedCounts) {
        self.range += other.range;
        self.likely += other.likely;
    }
}

impl LikelyCounts {
    /// Whole numbers within bounds.
    pub fn within(self, range: &TallyRange) -> Tally {
        let whole = |likely: f64, of: fn(&Tally) -> i64| (likely.round() as i64).clamp(of(&range.low), of(&range.high));
        Tally {
            visitors: whole(self.visitors, |tally| tally.visitors),
            visits: whole(self.visits, |tally| tally.visits),
            pageviews: whole(self.pageviews, |tally| tally.pageviews),
            events: whole(self.events, |tally| tally.events),
            ..range.low
        }
    }
}

impl KnownParts {
    /// Of a value of each of some dimensions, given what all counts; at most [`limits::ESTIMATED_DIMENSIONS_MAX`] of them.
    pub fn of(dimensions: &[Dimension], all: TallyRange) -> KnownParts {
        let mut known = [None; SETS];
        known[0] = Some(all);
        let dimensions = dimensions.iter().take(limits::ESTIMATED_DIMENSIONS_MAX).copied().collect();
        KnownParts { dimensions, known }
    }

    /// Says what the values at some places count together, or the one at one place.
    pub fn know(&mut self, places: &[usize], range: TallyRange) {
        if let Some(known) = self.known.get_mut(bits(places)) {
            *known = Some(range);
        }
    }

    /// What all values count together.
    pub fn bounded(&self) -> EstimatedCounts {
        let of = |of: fn(&Tally) -> i64| BoundedColumn::of(&self.known, of);
        let hits_of_all = BoundedColumn::of(&self.known, |tally| tally.pageviews + tally.events);
        let mut columns = AllColumns {
            visitors: of(|tally| tally.visitors),
            visits: of(|tally| tally.visits),
            hits: hits_of_all,
            pageviews: of(|tally| tally.pageviews),
            events: of(|tally| tally.events),
            whole: [of(|tally| tally.bounces), of(|tally| tally.seconds)],
            engaged: [of(|tally| tally.engaged_visits), of(|tally| tally.engaged_ms), of(|tally| tally.scroll)],
            repeated_visits: Surplus::default(),
            repeated_visitors: Surplus::default(),
        };
        let all = self.all();
        // In this order each set comes after those that it is made of.
        for set in 0..=all {
            match self.known[set] {
                None => columns.bound(set, self),
                Some(_) => columns.cap(set),
            }
            columns.repeated_visits.note(set, &columns.hits, &columns.visits);
            columns.repeated_visitors.note(set, &columns.visits, &columns.visitors);
        }
        let range = columns.range(all);
        EstimatedCounts { range, likely: columns.likely(all) }
    }

    fn all(&self) -> ValueBits {
        (1 << self.dimensions.len()) - 1
    }

    /// The places of dimensions of hits.
    fn of_hits(&self) -> ValueBits {
        self.places(|dimension| !dimension.is_of_visit())
    }

    fn places(&self, is: impl Fn(Dimension) -> bool) -> ValueBits {
        let places = self.dimensions.iter().enumerate().filter(|(_, dimension)| is(**dimension));
        places.fold(0, |set, (place, _)| set | 1 << place)
    }
}

fn bits(places: &[usize]) -> ValueBits {
    places.iter().fold(0, |set, place| set | 1 << place)
}

/// All columns of a tally, by set of values.
struct AllColumns {
    visitors: BoundedColumn,
    visits: BoundedColumn,
    hits: BoundedColumn,
    pageviews: BoundedColumn,
    events: BoundedColumn,
    /// Of whole visits: bounces and seconds.
    whole: [BoundedColumn; 2],
    /// Of a page in a visit.
    engaged: [BoundedColumn; 3],
    /// Hits beyond the first of their visit.
    repeated_visits: Surplus,
    /// Visits beyond the first of their visitor.
    repeated_visitors: Surplus,
}

impl AllColumns {
    /// Bounds a set of which nothing is known but by its parts.
    fn bound(&mut self, set: ValueBits, known: &KnownParts) {
        let any = |_: ValueBits| true;
        let of_hits = known.of_hits();
        // Visits know where they are of hits of one dimension alone.
        let knows_visits = |places: ValueBits| (places & of_hits).count_ones() <= 1;
        for column in [&mut self.hits, &mut self.pageviews, &mut self.events] {
            column.meet(set, 0, any);
        }
        self.hits.narrow(
            set,
            self.pageviews.low[set] + self.events.low[set],
            self.pageviews.high[set] + self.events.high[set],
        );
        self.visits.meet(set, 0, knows_visits);
        self.repeated_visits.meet(set, any);
        self.repeated_visits.bound(set, &self.hits, &mut self.visits);
        self.visitors.meet(set, 0, |_| false);
        self.repeated_visitors.meet(set, knows_visits);
        self.repeated_visitors.bound(set, &self.visits, &mut self.visitors);
        self.visitors.narrow(set, i64::from(self.visits.low[set] > 0), i64::MAX);
        for column in &mut self.whole {
            if set & of_hits == 0 { column.meet(set, 0, any) } else { column.clear(set) }
        }
        // Where time is told of pages, and of sections as the sum of theirs.
        let of = |wanted: Dimension| known.places(|dimension| dimension == wanted) & set;
        let page = if of(Dimension::Page) != 0 { of(Dimension::Page) } else { of(Dimension::Section) };
        for column in &mut self.engaged {
            if page == 0 { column.clear(set) } else { column.meet(set, page, any) }
        }
    }

    /// No set counts more than those that it is part of, which may be surer.
    fn cap(&mut self, set: ValueBits) {
        let of_parts = [&mut self.visitors, &mut self.visits, &mut self.hits, &mut self.pageviews, &mut self.events];
        of_parts.into_iter().for_each(|column| column.cap(set));
    }

    fn range(&self, set: ValueBits) -> TallyRange {
        let tally = |of: &dyn Fn(&BoundedColumn) -> i64| {
            let ([bounces, seconds], [engaged_visits, engaged_ms, scroll]) =
                ([0, 1].map(|at| of(&self.whole[at])), [0, 1, 2].map(|at| of(&self.engaged[at])));
            let (visitors, visits) = (of(&self.visitors), of(&self.visits));
            let (pageviews, events) = (of(&self.pageviews), of(&self.events));
            let of_visits = Tally { visitors, visits, pageviews, events, bounces, seconds, ..Tally::ZERO };
            Tally { engaged_visits, engaged_ms, scroll, ..of_visits }
        };
        TallyRange { low: tally(&|column| column.low[set]), high: tally(&|column| column.high[set]) }
    }

    /// As many as in the smallest part of two values, which is nearer than what is fitted to visitors.
    fn visitors_per_visit(&self, set: ValueBits) -> f64 {
        let twos = (0..set).filter(|part| part & !set == 0 && part.count_ones() == 2);
        let smallest = twos.min_by_key(|part| self.visits.high[*part]);
        let [visitors, visits] = [&self.visitors, &self.visits].map(|of| smallest.map_or(0, |part| of.high[part]));
        if visits == 0 { 1.0 } else { visitors as f64 / visits as f64 }
    }

    fn likely(&self, set: ValueBits) -> LikelyCounts {
        let hits = fit::likely(&self.hits, set);
        let visits = fit::likely(&self.visits, set).min(hits).max(self.visits.low[set] as f64);
        let visitors = visits * self.visitors_per_visit(set);
        LikelyCounts {
            visitors: visitors.clamp(self.visitors.low[set] as f64, self.visitors.high[set] as f64),
            visits,
            pageviews: fit::likely(&self.pageviews, set),
            events: fit::likely(&self.events, set),
        }
    }
}
