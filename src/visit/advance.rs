//! In: a visit and its next hit. Out: the same visit, longer by the hit. Forgets: the hit.

use super::{HourCount, VisitState};
use crate::cell::{Dimension, Sym};
use crate::hit::{Hit, Kind};
use crate::site::{Hour, Moment};

impl VisitState {
    /// Moves the visit on by one pageview or event.
    pub(super) fn advance(&mut self, hit: &Hit, at: Moment, hour: Hour, page: Sym) {
        self.length_ms = self.at_ms(at);
        if let Kind::Event { interactive, .. } = hit.kind {
            self.count_in(hour).events += 1;
            self.interactive |= interactive;
        } else {
            if self.pageviews() == 0 && !self.hides.entry {
                self.entry = page;
            }
            self.exit = page;
            self.count_in(hour).pageviews += 1;
        }
    }

    /// The page before a pageview that comes now; [`Sym::NOT_SET`] if it is the first, and [`Sym::EMPTY`] if that is not collected or it
    /// is no pageview.
    pub(super) fn page_before(&self, hit: &Hit, has_been_everywhere: bool) -> Sym {
        let is_told = !self.hides.entry && !self.hides.exit && Dimension::PreviousPage.is_collected(hit.collected);
        match hit.kind {
            Kind::Pageview if is_told && has_been_everywhere => Sym::OTHER,
            Kind::Pageview if is_told => self.exit,
            _ => Sym::EMPTY,
        }
    }

    /// What came in this hour, nothing yet if need be.
    fn count_in(&mut self, hour: Hour) -> &mut HourCount {
        if self.start.hour == hour {
            return &mut self.start;
        }
        let place = self.later.iter().position(|h| h.hour == hour).unwrap_or(self.later.len());
        if place == self.later.len() {
            let mut longer = std::mem::take(&mut self.later).into_vec();
            longer.reserve_exact(1);
            longer.push(HourCount { hour, pageviews: 0, events: 0 });
            self.later = longer.into_boxed_slice();
        }
        &mut self.later[place]
    }
}
