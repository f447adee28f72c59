//! In: the visitors of open days. Out: how many of them were here in the last minutes, and what they are at. Forgets: who; the
//! answer holds no time but `now`.
//!
//! A visitor is at one place: the last page of their current visit, and the source and country that it began with. So the
//! visitors of each list add up to all of them. Whoever did nothing for [`limits::RECENT_MS`] is in no list, because their
//! visit has ended.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Fast, Name, SessionSnapshot};
use crate::cell::{Dimension, Sym};
use crate::limits;
use crate::site::Moment;

/// What the visitors of the last minutes are at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecentVisitors {
    /// Visitors within [`limits::NOW_WINDOW_MS`].
    pub now: u64,
    /// Visitors within [`limits::RECENT_MS`].
    pub visitors: u64,
    /// The last page of each one's visit.
    pub pages: Ranked,
    /// Where each one's visit came from.
    pub sources: Ranked,
    /// In which country each one is, as ISO 3166-1 alpha-2.
    pub countries: Ranked,
}

/// Values by visitors, most first, then by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranked {
    /// At most [`limits::RECENT_ROWS`] values, and the visitors of each.
    pub rows: Vec<(Name, u64)>,
    /// How many values there are in all.
    pub values: usize,
}

/// The last minutes of a site, as they are in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentActivity {
    /// When this was.
    pub at: Moment,
    /// Pageviews by minute, the running one last.
    pub pageviews: [u32; limits::RECENT_MINUTES],
    /// The visitors, as far as they are told apart.
    pub people: RecentVisitors,
}

/// The lists of a [`RecentVisitors`].
const LISTS: [Dimension; 3] = [Dimension::Page, Dimension::Source, Dimension::Country];

impl RecentVisitors {
    /// What the visitors of the open days of a site are at, at `now`. It looks at each visitor once.
    pub fn of(days: impl Iterator<Item = SessionSnapshot>, now: Moment) -> RecentVisitors {
        let mut recent = RecentVisitors::default();
        let mut sums: [HashMap<Name, u64>; 3] = Default::default();
        for day in days {
            recent.now += day.visitors_now(now) as u64;
            for (of_day, sums) in day.recent(now).into_iter().zip(&mut sums) {
                for (value, visitors) in of_day {
                    *sums.entry(day.texts[value.0 as usize].clone()).or_default() += visitors;
                }
            }
        }
        recent.visitors = sums[0].values().sum();
        [recent.pages, recent.sources, recent.countries] = sums.map(Ranked::of);
        recent
    }
}

impl Ranked {
    fn of(sums: HashMap<Name, u64>) -> Ranked {
        let mut rows: Vec<_> = sums.into_iter().collect();
        let values = rows.len();
        rows.sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        rows.truncate(limits::RECENT_ROWS);
        Ranked { rows, values }
    }
}

impl SessionSnapshot {
    /// How many visitors were here within the last [`limits::NOW_WINDOW_MS`].
    pub fn visitors_now(&self, now: Moment) -> usize {
        let since = now.plus(-limits::NOW_WINDOW_MS);
        self.visitors.iter().filter(|visitor| visitor.last_hit() > since).count()
    }

    /// Visitors of the last minutes by each of [`LISTS`].
    fn recent(&self, now: Moment) -> [Fast<Sym, u64>; 3] {
        let mut sums: [Fast<Sym, u64>; 3] = Default::default();
        let since = now.plus(-limits::RECENT_MS);
        for visitor in self.visitors.iter().filter(|visitor| visitor.last_hit() > since) {
            // Whoever is remembered has a visit.
            let Some((tuples, page)) = visitor.current() else { continue };
            for (sums, dimension) in sums.iter_mut().zip(LISTS) {
                let fixed = || self.tuples.value(tuples, dimension);
                let value = if dimension == Dimension::Page { page } else { fixed() };
                // What is not collected has none.
                if value != Sym::EMPTY {
                    *sums.entry(value).or_default() += 1;
                }
            }
        }
        sums
    }
}
