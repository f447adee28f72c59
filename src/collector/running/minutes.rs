//! In: pageviews as they are counted. Out: how many each of the last minutes of a site had. Forgets: a minute, when it is half
//! an hour old; it never knew more than a number.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::limits::RECENT_MINUTES;
use crate::site::{Moment, SiteId};

const MINUTE_MS: i64 = 60_000;

/// Pageviews of the last minutes, by site.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Minutes(HashMap<SiteId, Ring, foldhash::fast::RandomState>);

/// Minutes since the epoch and their pageviews, each at its number modulo the length.
type Ring = [(i64, u32); RECENT_MINUTES];

fn minute(at: Moment) -> i64 {
    at.0.div_euclid(MINUTE_MS)
}

/// The minutes that are shown at `now`, oldest first.
fn shown(now: Moment) -> std::ops::RangeInclusive<i64> {
    minute(now) - RECENT_MINUTES as i64 + 1..=minute(now)
}

fn place(minute: i64) -> usize {
    minute.rem_euclid(RECENT_MINUTES as i64) as usize
}

impl Minutes {
    /// Counts a pageview of a site. One whose minute has given way to a later one is past.
    pub fn count(&mut self, site: SiteId, at: Moment) {
        let minute = minute(at);
        let slot = &mut self.0.entry(site).or_insert([(i64::MIN, 0); RECENT_MINUTES])[place(minute)];
        if slot.0 < minute {
            *slot = (minute, 0);
        }
        slot.1 = slot.1.saturating_add(u32::from(slot.0 == minute));
    }

    /// Pageviews of a site in each minute that is shown at `now`.
    pub fn of(&self, site: SiteId, now: Moment) -> [u32; RECENT_MINUTES] {
        let mut pageviews = [0; RECENT_MINUTES];
        let Some(ring) = self.0.get(&site) else { return pageviews };
        for (number, minute) in pageviews.iter_mut().zip(shown(now)) {
            let (of, counted) = ring[place(minute)];
            *number = if of == minute { counted } else { 0 };
        }
        pageviews
    }

    /// Drops what is shown no more, and what lies ahead because the clock was set back.
    pub fn forget_past(&mut self, now: Moment) {
        self.0.retain(|_, ring| {
            for slot in ring.iter_mut().filter(|slot| !shown(now).contains(&slot.0)) {
                *slot = (i64::MIN, 0);
            }
            ring.iter().any(|slot| slot.1 > 0)
        });
    }

    /// Drops what is known of a site.
    pub fn forget_site(&mut self, site: SiteId) {
        self.0.remove(&site);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SITE: SiteId = SiteId(1);

    proptest! {
        /// Steps of time, lateness of pageviews, and looks that forget in between.
        #[test]
        fn each_minute_has_the_pageviews_of_a_naive_walk(
            steps in proptest::collection::vec((0_i64..400_000, -2_500_000_i64..1, any::<bool>()), 0..300)
        ) {
            let (mut minutes, mut all, mut now) = (Minutes::default(), Vec::new(), Moment(-1_000_000));
            for (step, late, forgets) in steps {
                now = now.plus(step);
                let at = now.plus(late);
                minutes.count(SITE, at);
                all.push(at);
                if forgets {
                    minutes.forget_past(now);
                }
                let expected = |back: i64| {
                    let from = now.0.div_euclid(60_000) - back;
                    all.iter().filter(|at| (from * 60_000..(from + 1) * 60_000).contains(&at.0)).count() as u32
                };
                prop_assert_eq!(minutes.of(SITE, now).to_vec(), (0..30).rev().map(expected).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn half_an_hour_later_nothing_is_left() {
        let (mut minutes, now) = (Minutes::default(), Moment(1_780_000_000_000));
        minutes.count(SITE, now);
        minutes.forget_past(now.plus(29 * MINUTE_MS));
        assert_eq!(minutes.of(SITE, now.plus(29 * MINUTE_MS))[0], 1);
        minutes.forget_past(now.plus(30 * MINUTE_MS));
        assert!(minutes.0.is_empty());
        minutes.count(SITE, now);
        minutes.forget_site(SITE);
        assert_eq!(minutes.of(SITE, now), [0; RECENT_MINUTES], "removed with its site");
    }

    #[test]
    fn a_clock_that_is_set_back_counts_on() {
        let (mut minutes, now) = (Minutes::default(), Moment(1_780_000_000_000));
        minutes.count(SITE, now.plus(60 * MINUTE_MS));
        minutes.forget_past(now);
        minutes.count(SITE, now);
        assert_eq!(minutes.of(SITE, now)[RECENT_MINUTES - 1], 1);
    }
}
