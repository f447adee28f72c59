//! In: a visitor. Out: all that they count for, cell by cell, as if it were booked at once. Forgets: nothing; it only reads.
//!
//! What hits book one by one adds up to this. Money is not among it: it stays under the names that it was booked under.

use super::{Book, FunnelProgress, PageVisit, SeenProperty, VisitState, Visitor};
use crate::cell::{AttributeTuple, Axis, Cell, DayNames, Dimension, FIXED, OF_HITS, Sym, Tally};
use crate::site::Hour;

/// Somebody who comes first in an hour.
const FIRST: Tally = Tally { first_visitors: 1, ..Tally::ZERO };

/// Books the opposite of everything.
#[derive(Debug)]
pub struct Negated<'a, B>(pub &'a mut B);

impl<B: Book> Book for Negated<'_, B> {
    fn hour(&mut self, cell: Cell<Sym>, hour: Hour, tally: Tally) {
        self.0.hour(cell, hour, -tally);
    }

    fn tuple_hour(&mut self, tuple: AttributeTuple, hour: Hour, tally: Tally) {
        self.0.tuple_hour(tuple, hour, -tally);
    }
}

/// Hits of one visit and hour in one cell of hits.
struct CellHits {
    cell: Cell<Sym>,
    visit: u8,
    hour: Hour,
    hits: Tally,
}

impl Visitor {
    /// Books all that the visitor counts for, money aside.
    pub fn contributions(&self, names: &DayNames, book: &mut impl Book) {
        let of_visits = FIXED.into_iter().chain([Dimension::ChannelAndSource]);
        let of_visits = of_visits.chain([Dimension::EntryPage, Dimension::ExitPage]).map(Axis::Of);
        of_visits.chain([Axis::Total]).for_each(|axis| self.book_visits(axis, names, book));
        self.book_hits(self.page_visits.iter().flat_map(|place| cells_of_place(place, names)).collect(), book);
        let props = self.rare.iter().flat_map(|rare| &rare.props).map(cell_of_property);
        self.book_hits(props.collect(), book);
        for place in self.page_visits.iter().filter(|place| place.is_engaged()) {
            let cell = Cell { axis: Axis::Of(Dimension::Page), value: place.page };
            book.hour(cell, self.start_of(place.visit), place.engagement());
        }
        self.book_steps(names, book);
    }

    fn start_of(&self, visit: u8) -> Hour {
        self.visits[usize::from(visit)].start.hour
    }

    /// Books the visits under the total or a dimension of visits.
    fn book_visits(&self, axis: Axis<Sym>, names: &DayNames, book: &mut impl Book) {
        for (place, visit) in self.visits.iter().enumerate() {
            let cell = Cell { axis, value: visit.value(axis, names) };
            let before = self.visits[..place].iter().filter(|other| other.value(axis, names) == cell.value);
            let is_known =
                |hour: Option<Hour>| before.clone().any(|other| hour.is_none_or(|hour| other.is_active_in(hour)));
            book.hour(cell, visit.start.hour, visit.whole());
            for count in visit.hours().filter(|count| count.pageviews + count.events > 0) {
                let visitors = i64::from(!is_known(Some(count.hour)));
                let (pageviews, events) = (i64::from(count.pageviews), i64::from(count.events));
                book.hour(cell, count.hour, Tally { visitors, pageviews, events, ..Tally::ZERO });
            }
            if !is_known(None) {
                let same = self.visits[place..].iter().filter(|other| other.value(axis, names) == cell.value);
                let first = same.map(VisitState::first_hour).min().unwrap_or(visit.start.hour);
                book.hour(cell, first, FIRST);
            }
        }
    }

    /// Books hits under their cells.
    fn book_hits(&self, mut hits: Vec<CellHits>, book: &mut impl Book) {
        hits.sort_unstable_by_key(|hits| (hits.cell, hits.visit, hits.hour));
        for of_cell in hits.chunk_by(|a, b| a.cell == b.cell) {
            let cell = of_cell[0].cell;
            of_cell.iter().map(|hits| hits.hour).min().into_iter().for_each(|hour| book.hour(cell, hour, FIRST));
            for of_visit in of_cell.chunk_by(|a, b| a.visit == b.visit) {
                book.hour(cell, self.start_of(of_visit[0].visit), Tally { visits: 1, ..Tally::ZERO });
            }
            for (place, hits) in of_cell.iter().enumerate() {
                let is_first = of_cell[..place].iter().all(|other| other.hour != hits.hour);
                book.hour(cell, hits.hour, Tally { visitors: is_first.into(), ..hits.hits });
            }
        }
    }

    /// Books the steps of funnels.
    fn book_steps(&self, names: &DayNames, book: &mut impl Book) {
        let progress = self.rare.as_ref().map_or(&[][..], |rare| &rare.progress);
        for (place, of_visit) in progress.iter().enumerate() {
            for step in 1..=of_visit.steps {
                // The number of a step is a name since it was reached.
                let Some(value) = names.find(&step.to_string()) else { continue };
                let cell = Cell { axis: Axis::Funnel(of_visit.funnel), value };
                book.hour(cell, self.start_of(of_visit.visit), Tally { visits: 1, ..Tally::ZERO });
                let reached = |other: &&FunnelProgress| other.funnel == of_visit.funnel && other.steps >= step;
                if !progress[..place].iter().any(|other| reached(&other)) {
                    let hours = progress.iter().filter(reached).map(|other| self.start_of(other.visit));
                    hours.min().into_iter().for_each(|hour| book.hour(cell, hour, FIRST));
                }
            }
        }
    }
}

/// The cells of hits that a page and its host, event and patterns stand for.
fn cells_of_place(place: &PageVisit, names: &DayNames) -> impl Iterator<Item = CellHits> {
    let (visit, hour, hits) = (place.visit, place.hour, place.hits());
    let values = OF_HITS.into_iter().zip(*names.hit_attributes.values(place.attributes));
    let patterns = names.hit_attributes.patterns(place.attributes).iter();
    let cells = std::iter::once((Dimension::Page, place.page)).chain(values);
    let cells = cells.chain(patterns.map(|pattern| (Dimension::Pattern, *pattern)));
    cells.map(move |(dimension, value)| CellHits { cell: Cell { axis: Axis::Of(dimension), value }, visit, hour, hits })
}

fn cell_of_property(seen: &SeenProperty) -> CellHits {
    CellHits { cell: seen.cell(), visit: seen.visit, hour: seen.hour, hits: seen.hits() }
}
