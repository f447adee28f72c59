//! Some of a day's visits and where they have been, side by side, so that many tables are counted from them.

use super::NameNumbers;
use crate::cell::{HitAttributes, Sym, TUPLES_PER_VISIT};
use crate::counts::snapshot::{SessionSnapshot, Small, VisitorRows};
use crate::visit::PageVisitRow;

/// Stands for the page of a visit that has none, because the site does not collect it.
const NO_PAGE: u32 = u32::MAX;
/// Stands for the visitor of hits without a token, which are no visits.
pub(super) const NOBODY: u32 = u32::MAX;

/// A row of a batch.
pub(super) trait BatchRow: Copy {
    /// The place of its visit in the batch.
    fn visit(&self) -> u32;
    /// A number that no other visitor of the day has, or [`NOBODY`].
    fn visitor(&self) -> u32;
    /// What is counted of it, visits and visitors aside; time and scrolling if a page is counted.
    fn counted(&self, by_page: bool) -> Small;
}

/// A visit.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchVisit {
    visit: u32,
    visitor: u32,
    /// Places in columns.
    pub(super) tuples: [u32; TUPLES_PER_VISIT],
    /// Places in [`VisitBatch::pages`].
    entry: u32,
    exit: u32,
    pageviews: u32,
    events: u32,
    seconds: u32,
    is_bounce: bool,
}

/// One page, host and event that a visit has been at in one hour.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchPlace {
    visit: u32,
    visitor: u32,
    /// A place in [`VisitBatch::pages`].
    pub(super) page: u32,
    pub(super) attributes: HitAttributes,
    count: u32,
    ms: u32,
    scroll: u8,
    is_view: bool,
    is_engaged: bool,
}

/// Visitors one after the other, with all that they did, and hits without a token.
#[derive(Debug, Default)]
pub(super) struct VisitBatch {
    pub(super) visits: Vec<BatchVisit>,
    pub(super) places: Vec<BatchPlace>,
    /// The numbers of the pages in it, in order.
    pub(super) pages: Vec<u32>,
    /// By name: the place in `pages`.
    ranks: Vec<u32>,
}

impl SessionSnapshot {
    /// Hands out the day in batches of about so many rows.
    pub(super) fn batches(&self, numbers: &NameNumbers, rows_max: usize, mut take: impl FnMut(&VisitBatch)) {
        let mut batch = VisitBatch { ranks: vec![0; self.texts.len()], ..VisitBatch::default() };
        let mut visitors = 0;
        self.each(
            |_| true,
            |rows| {
                batch.add(rows, visitors);
                visitors += 1;
                if batch.visits.len() + batch.places.len() >= rows_max {
                    batch.close(numbers);
                    take(&batch);
                    batch.clear();
                }
            },
        );
        batch.close(numbers);
        take(&batch);
    }
}

impl VisitBatch {
    fn add(&mut self, rows: &VisitorRows, visitor: u32) {
        let visitor = if rows.is_known { visitor } else { NOBODY };
        let before = self.visits.len() as u32;
        self.visits.extend((before..).zip(&rows.visits).map(|(visit, row)| BatchVisit {
            visit,
            visitor,
            tuples: row.tuples.map(|tuple| tuple.place() as u32),
            entry: row.entry.0,
            exit: row.exit.0,
            pageviews: row.pageviews,
            events: row.events,
            seconds: row.seconds,
            is_bounce: row.is_bounce,
        }));
        let places_before = self.places.len();
        self.places.extend(rows.places.iter().map(|row| BatchPlace {
            visit: before + u32::from(row.visit),
            visitor,
            page: row.page.0,
            attributes: row.attributes,
            count: row.count,
            ms: row.ms,
            scroll: row.scroll,
            is_view: row.is_view,
            is_engaged: row.is_engaged,
        }));
        // Those of a visit come one after the other.
        self.places[places_before..].sort_by_key(|place| place.visit);
    }

    /// Numbers the pages.
    fn close(&mut self, numbers: &NameNumbers) {
        let VisitBatch { visits, places, pages, ranks } = self;
        ranks.fill(0);
        visits.iter().for_each(|visit| (ranks[visit.entry as usize], ranks[visit.exit as usize]) = (1, 1));
        places.iter().for_each(|place| ranks[place.page as usize] = 1);
        ranks[Sym::EMPTY.0 as usize] = 0;
        for (name, number) in numbers.in_order() {
            let rank = &mut ranks[name.0 as usize];
            if *rank > 0 {
                *rank = pages.len() as u32;
                pages.push(number);
            }
        }
        let rank = |page: u32| if page == Sym::EMPTY.0 { NO_PAGE } else { ranks[page as usize] };
        for visit in visits {
            (visit.entry, visit.exit) = (rank(visit.entry), rank(visit.exit));
        }
        places.iter_mut().for_each(|place| place.page = ranks[place.page as usize]);
    }

    fn clear(&mut self) {
        self.visits.clear();
        self.places.clear();
        self.pages.clear();
    }
}

impl BatchVisit {
    /// The rank of its first page. Hits without a token have none.
    pub(super) fn entry(&self) -> Option<u32> {
        (self.visitor != NOBODY && self.entry != NO_PAGE).then_some(self.entry)
    }

    /// The rank of its last page. Hits without a token have none.
    pub(super) fn exit(&self) -> Option<u32> {
        (self.visitor != NOBODY && self.exit != NO_PAGE).then_some(self.exit)
    }
}

impl BatchRow for BatchVisit {
    fn visit(&self) -> u32 {
        self.visit
    }

    fn visitor(&self) -> u32 {
        self.visitor
    }

    fn counted(&self, _by_page: bool) -> Small {
        let (bounces, seconds) = (self.is_bounce.into(), self.seconds.into());
        Small { pageviews: self.pageviews, events: self.events, bounces, seconds, ..Small::default() }
    }
}

impl BatchRow for BatchPlace {
    fn visit(&self) -> u32 {
        self.visit
    }

    fn visitor(&self) -> u32 {
        self.visitor
    }

    fn counted(&self, by_page: bool) -> Small {
        let BatchPlace { attributes, count, ms, scroll, is_view, is_engaged, .. } = *self;
        let row = PageVisitRow { visit: 0, page: Sym::EMPTY, attributes, count, is_view, is_engaged, ms, scroll };
        Small::of_page_visit(&row, by_page)
    }
}
