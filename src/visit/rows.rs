//! In: a visitor. Out: their visits and where these have been, without the token. Forgets: who, and all times but lengths.

use super::{PageVisit, VisitState, Visitor};
use crate::cell::{AttributeTuple, HitAttributes, Sym, TUPLES_PER_VISIT};

/// A visit as a whole.
#[derive(Debug, Clone, Copy)]
pub struct VisitRow {
    /// Its values on the dimensions that the first hit fixes.
    pub tuples: [AttributeTuple; TUPLES_PER_VISIT],
    /// Its first page.
    pub entry: Sym,
    /// Its last page.
    pub exit: Sym,
    /// Its pageviews.
    pub pageviews: u32,
    /// Its named events.
    pub events: u32,
    /// Whole seconds from its first to its last pageview or event.
    pub seconds: u32,
    /// Whether it is a bounce.
    pub is_bounce: bool,
}

/// One page, host and event that a visit has been at in one hour, after one page.
#[derive(Debug, Clone, Copy)]
pub struct PageVisitRow {
    /// The visit, counted from 0 within its visitor.
    pub visit: u8,
    /// The page.
    pub page: Sym,
    /// Host, event and patterns.
    pub attributes: HitAttributes,
    /// The page before, of pageviews; [`Sym::NOT_SET`] for the first. Empty if nobody is to be told.
    pub before: Sym,
    /// How many hits.
    pub count: u32,
    /// Whether they are pageviews.
    pub is_view: bool,
    /// Whether any ping came.
    pub is_engaged: bool,
    /// Visible milliseconds.
    pub ms: u32,
    /// Deepest scroll in percent.
    pub scroll: u8,
}

impl Visitor {
    /// The visits in order of their start.
    pub fn visits(&self) -> impl Iterator<Item = VisitRow> {
        self.visits.iter().map(VisitState::row)
    }

    /// The visit that the last hit was in: its values on the dimensions that the first hit fixes, and its last page.
    pub fn current(&self) -> Option<([AttributeTuple; TUPLES_PER_VISIT], Sym)> {
        self.visits.last().map(|visit| (visit.tuples, visit.exit))
    }

    /// Where the visits have been.
    pub fn page_visits(&self) -> impl Iterator<Item = PageVisitRow> {
        self.page_visits.iter().map(PageVisit::row)
    }
}

impl VisitState {
    fn row(&self) -> VisitRow {
        let whole = self.whole();
        VisitRow {
            tuples: self.tuples,
            entry: if self.hides.entry { Sym::EMPTY } else { self.entry },
            exit: if self.hides.exit { Sym::EMPTY } else { self.exit },
            pageviews: self.hours().map(|h| h.pageviews).sum(),
            events: self.hours().map(|h| h.events).sum(),
            seconds: self.length_ms / 1_000,
            is_bounce: whole.bounces > 0,
        }
    }
}

impl PageVisit {
    fn row(&self) -> PageVisitRow {
        PageVisitRow {
            visit: self.visit,
            page: self.page,
            attributes: self.attributes,
            before: self.before,
            count: self.count,
            is_view: self.is_view,
            is_engaged: self.is_engaged(),
            ms: self.ms,
            scroll: self.scroll(),
        }
    }
}
