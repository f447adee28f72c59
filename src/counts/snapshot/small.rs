//! The numbers of one visit or day in little room, and as a tally.

use crate::cell::Tally;
use crate::visit::{PageVisitRow, VisitRow};

/// A tally of a day, for memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::counts) struct Small {
    pub(in crate::counts) visitors: u32,
    pub(in crate::counts) visits: u32,
    pub(in crate::counts) pageviews: u32,
    pub(in crate::counts) events: u32,
    pub(in crate::counts) bounces: u32,
    pub(in crate::counts) engaged_visits: u32,
    pub(in crate::counts) scroll: u32,
    pub(in crate::counts) seconds: u64,
    pub(in crate::counts) engaged_ms: u64,
    pub(in crate::counts) revenue: i64,
}

impl Small {
    /// Nothing.
    pub(in crate::counts) const ZERO: Small = Small {
        visitors: 0,
        visits: 0,
        pageviews: 0,
        events: 0,
        bounces: 0,
        engaged_visits: 0,
        scroll: 0,
        seconds: 0,
        engaged_ms: 0,
        revenue: 0,
    };

    /// What a visit counts as a whole, beside itself.
    pub(in crate::counts) fn of_visit(row: &VisitRow) -> Small {
        Small {
            pageviews: row.pageviews,
            events: row.events,
            bounces: row.is_bounce.into(),
            seconds: row.seconds.into(),
            ..Small::default()
        }
    }

    /// What a visit's hits at one place count, where they are counted by `page` with the time spent there: engagement is of
    /// pages alone.
    pub(in crate::counts) fn of_page_visit(row: &PageVisitRow, by_page: bool) -> Small {
        let (pageviews, events) = if row.is_view { (row.count, 0) } else { (0, row.count) };
        let hits = Small { pageviews, events, revenue: row.thousandths, ..Small::default() };
        if !by_page {
            return hits;
        }
        Small { engaged_visits: row.is_engaged.into(), engaged_ms: row.ms.into(), scroll: row.scroll.into(), ..hits }
    }

    pub(in crate::counts) fn add(&mut self, other: Small) {
        self.visitors += other.visitors;
        self.visits += other.visits;
        self.pageviews += other.pageviews;
        self.events += other.events;
        self.bounces += other.bounces;
        self.engaged_visits += other.engaged_visits;
        self.scroll += other.scroll;
        self.seconds += other.seconds;
        self.engaged_ms += other.engaged_ms;
        self.revenue += other.revenue;
    }

    pub(in crate::counts) fn tally(self) -> Tally {
        Tally {
            visitors: self.visitors.into(),
            visits: self.visits.into(),
            pageviews: self.pageviews.into(),
            events: self.events.into(),
            bounces: self.bounces.into(),
            seconds: self.seconds as i64,
            engaged_visits: self.engaged_visits.into(),
            engaged_ms: self.engaged_ms as i64,
            scroll: self.scroll.into(),
            revenue: self.revenue,
            ..Tally::ZERO
        }
    }
}
