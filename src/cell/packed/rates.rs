//! Guesses the numbers of a large tally by those before it, so that only the difference is kept.

use crate::cell::Tally;

/// The highest sum. They begin again past it, so that no number in a chunk makes them overflow.
const SUM_MAX: i64 = 0xff_ffff_ffff;

/// What the large tallies of a chunk have counted so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rates {
    visits: i64,
    pageviews: i64,
    bounces: i64,
    longer: i64,
    seconds: i64,
    engaged_visits: i64,
    engaged_seconds: i64,
    scroll: i64,
}

/// The same share of `of` as `part` is of `whole`.
fn share(of: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 { 0 } else { of.saturating_mul(part) / whole }
}

fn add(sum: &mut i64, number: i64) {
    *sum = sum.wrapping_add(number) & SUM_MAX;
}

impl Rates {
    /// Pageviews of so many visits.
    pub(super) fn pageviews(&self, visits: i64) -> i64 {
        share(visits, self.pageviews, self.visits)
    }

    /// Bounces of so many visits.
    pub(super) fn bounces(&self, visits: i64) -> i64 {
        share(visits, self.bounces, self.visits)
    }

    /// Seconds of so many visits that are no bounces.
    pub(super) fn seconds(&self, longer: i64) -> i64 {
        share(longer, self.seconds, self.longer)
    }

    /// Whole seconds of visible time of so many visits.
    pub(super) fn engaged_seconds(&self, visits: i64) -> i64 {
        share(visits, self.engaged_seconds, self.engaged_visits)
    }

    /// Scrolling of so many visits.
    pub(super) fn scroll(&self, visits: i64) -> i64 {
        share(visits, self.scroll, self.engaged_visits)
    }

    /// Takes note of a tally that is written out.
    pub(super) fn note(&mut self, tally: Tally) {
        add(&mut self.visits, tally.visits);
        add(&mut self.pageviews, tally.pageviews);
        add(&mut self.bounces, tally.bounces);
        add(&mut self.longer, tally.visits.wrapping_sub(tally.bounces));
        add(&mut self.seconds, tally.seconds);
    }

    /// Takes note of engagement.
    pub(super) fn note_engagement(&mut self, visits: i64, seconds: i64, scroll: i64) {
        add(&mut self.engaged_visits, visits);
        add(&mut self.engaged_seconds, seconds);
        add(&mut self.scroll, scroll);
    }
}
