//! Some of a day's visits and where they have been, side by side, so that many tables are counted from them.

use super::NameNumbers;
use crate::cell::{HitAttributes, Sym, TUPLES_PER_VISIT};
use crate::counts::snapshot::{SessionSnapshot, Small, VisitorRows};

/// Stands for the visitor of hits without a token, which are no visits.
pub(super) const NOBODY: u32 = u32::MAX;

/// A row of a batch.
pub(super) trait BatchRow: Copy {
    /// The place of its visit in the batch.
    fn visit(&self) -> u32;
    /// A number that no other visitor of the day has, or [`NOBODY`].
    fn visitor(&self) -> u32;
    /// Adds what is counted of it, visits and visitors aside; time and scrolling if a page is counted.
    fn add_to(&self, sum: &mut Small, by_page: bool);
}

/// A visit.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchVisit {
    visit: u32,
    visitor: u32,
    /// Places in columns.
    pub(super) tuples: [u32; TUPLES_PER_VISIT],
    /// Ranks in [`VisitBatch::pages`].
    pub(super) entry: u32,
    pub(super) exit: u32,
    pageviews: u32,
    events: u32,
    seconds: u32,
    is_bounce: bool,
}

/// One page, host and event that a visit has been at in one hour, after one page.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchPlace {
    visit: u32,
    visitor: u32,
    /// A rank in [`VisitBatch::pages`].
    pub(super) page: u32,
    /// That of the page before.
    pub(super) before: u32,
    /// A rank in [`VisitBatch::sections`].
    pub(super) section: u32,
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
    /// The same of their sections.
    pub(super) sections: Vec<u32>,
    /// By name: the rank in `pages`; that of no page is the one after the last.
    ranks: Vec<u32>,
}

impl SessionSnapshot {
    /// Hands out the day in batches of about so many rows.
    pub(super) fn batches(&self, numbers: &NameNumbers, rows_max: usize, mut take: impl FnMut(&VisitBatch)) {
        let mut batch = VisitBatch { ranks: vec![0; self.names()], ..VisitBatch::default() };
        let (mut visitors, sections) = (0, &self.sections().of_pages);
        self.each(
            |_| true,
            |rows| {
                batch.add(rows, visitors, sections);
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
    fn add(&mut self, rows: &VisitorRows, visitor: u32, sections: &[Sym]) {
        let visitor = if rows.is_known { visitor } else { NOBODY };
        // Hits without a token have no first and last page.
        let end = |page: Sym| if rows.is_known { page.0 } else { Sym::EMPTY.0 };
        let before = self.visits.len() as u32;
        self.visits.extend((before..).zip(&rows.visits).map(|(visit, row)| BatchVisit {
            visit,
            visitor,
            tuples: row.tuples.map(|tuple| tuple.place() as u32),
            entry: end(row.entry),
            exit: end(row.exit),
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
            before: row.before.0,
            section: sections.get(row.page.0 as usize).copied().unwrap_or(Sym::EMPTY).0,
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

    /// Numbers the pages and sections.
    fn close(&mut self, numbers: &NameNumbers) {
        let VisitBatch { visits, places, pages, sections, ranks } = self;
        ranks.fill(0);
        visits.iter().for_each(|visit| (ranks[visit.entry as usize], ranks[visit.exit as usize]) = (1, 1));
        places.iter().for_each(|place| (ranks[place.page as usize], ranks[place.before as usize]) = (1, 1));
        number(ranks, numbers, pages);
        for visit in visits {
            (visit.entry, visit.exit) = (ranks[visit.entry as usize], ranks[visit.exit as usize]);
        }
        for place in places.iter_mut() {
            (place.page, place.before) = (ranks[place.page as usize], ranks[place.before as usize]);
        }
        ranks.fill(0);
        places.iter().for_each(|place| ranks[place.section as usize] = 1);
        number(ranks, numbers, sections);
        places.iter_mut().for_each(|place| place.section = ranks[place.section as usize]);
    }

    fn clear(&mut self) {
        self.visits.clear();
        self.places.clear();
        self.pages.clear();
        self.sections.clear();
    }
}

/// Gives the names that are marked their ranks, and tells their numbers in order.
fn number(ranks: &mut [u32], numbers: &NameNumbers, met: &mut Vec<u32>) {
    ranks[Sym::EMPTY.0 as usize] = 0;
    for (name, number) in numbers.in_order() {
        let rank = &mut ranks[name.0 as usize];
        if *rank > 0 {
            *rank = met.len() as u32;
            met.push(number);
        }
    }
    ranks[Sym::EMPTY.0 as usize] = met.len() as u32;
}

impl BatchRow for BatchVisit {
    fn visit(&self) -> u32 {
        self.visit
    }

    fn visitor(&self) -> u32 {
        self.visitor
    }

    #[inline]
    fn add_to(&self, sum: &mut Small, _by_page: bool) {
        sum.pageviews += self.pageviews;
        sum.events += self.events;
        sum.bounces += u32::from(self.is_bounce);
        sum.seconds += u64::from(self.seconds);
    }
}

impl BatchRow for BatchPlace {
    fn visit(&self) -> u32 {
        self.visit
    }

    fn visitor(&self) -> u32 {
        self.visitor
    }

    #[inline]
    fn add_to(&self, sum: &mut Small, by_page: bool) {
        let hits = if self.is_view { &mut sum.pageviews } else { &mut sum.events };
        *hits += self.count;
        if by_page {
            sum.engaged_visits += u32::from(self.is_engaged);
            sum.engaged_ms += u64::from(self.ms);
            sum.scroll += u32::from(self.scroll);
        }
    }
}
