//! What is counted and not stored, as far as a snapshot is about it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::cell::Axis;
use crate::counts::{Name, SessionSnapshot, UnstoredSums};
use crate::report::set_aside::SetAsideDays;
use crate::site::{Day, LocalHour, Moment, Month, SiteId};
use crate::store::{Ask, CellSource, Flush, Grain, InMemory};

/// What of what is not stored a snapshot has to hold.
#[derive(Debug, Clone, Default)]
pub struct SnapshotScope {
    /// Of which sites.
    pub sites: Vec<SiteId>,
    /// Which axes; nothing for all.
    pub axes: Option<Vec<Axis<Name>>>,
    /// The last day of which pairs may be asked for; nothing where none are.
    pub pairs_until: Option<Day>,
    /// Whether the visitors of the last minutes are counted.
    pub counts_visitors: bool,
    /// Whether it is all that was counted, with what is set aside: what everybody sees is.
    pub is_as_counted: bool,
}

impl SnapshotScope {
    /// All axes of some sites, without pairs.
    pub fn sites(sites: Vec<SiteId>) -> SnapshotScope {
        SnapshotScope { sites, ..SnapshotScope::default() }
    }

    /// Whether a site is one of them. What no site can be blamed for is told of any.
    pub fn has(&self, site: SiteId) -> bool {
        site == SiteId::INSTANCE || self.sites.contains(&site)
    }

    /// The totals of some sites.
    pub fn totals(sites: Vec<SiteId>) -> SnapshotScope {
        SnapshotScope { sites, axes: Some(vec![Axis::Total]), ..SnapshotScope::default() }
    }

    /// The same, with what has to be known to answer without what is set aside.
    pub(super) fn less(mut self, set_aside: &SetAsideDays) -> SnapshotScope {
        if !set_aside.is_empty() {
            self.axes = None;
            self.pairs_until = self.pairs_until.max(set_aside.last_day());
        }
        self
    }

    /// What some questions are about.
    pub fn of(asks: &[Ask]) -> SnapshotScope {
        let mut scope = SnapshotScope::totals(Vec::new());
        for ask in asks {
            if !scope.sites.contains(&ask.site) {
                scope.sites.push(ask.site);
            }
            match ask.source() {
                CellSource::Single(axis) => {
                    scope.axes.get_or_insert_default().push(axis.clone());
                    // Of sets of values the day that runs is known.
                    let has_set = ask.adds_values_of().is_some_and(|values| values.dimension().is_some());
                    scope.pairs_until = scope.pairs_until.max(last_day(ask).filter(|_| has_set));
                }
                CellSource::Pair(..) | CellSource::Visits => scope.pairs_until = scope.pairs_until.max(last_day(ask)),
                CellSource::Nowhere => {}
            }
        }
        scope
    }
}

/// The last day of a question for pairs or whole visits.
fn last_day(ask: &Ask) -> Option<Day> {
    match ask.grain {
        Grain::Hour => Some(LocalHour::from_number(ask.last).day),
        Grain::Day => Some(Day(ask.last)),
        Grain::Month => Some(Day(Month(ask.last.saturating_add(1)).first().0 - 1)),
    }
}

/// What is counted and not stored.
#[derive(Debug, Default)]
pub struct Pending {
    /// The flush that is being written, and those that wait for it.
    pub writing: Vec<Arc<Flush>>,
    /// What no flush holds yet, sums aside.
    pub next: Flush,
    /// Sums that no flush holds yet.
    pub next_sums: Vec<(SiteId, Day, UnstoredSums)>,
    /// The number of the flush that took it, or [`u64::MAX`]: an import may have the next number before it.
    pub next_number: Arc<AtomicU64>,
    /// Days whose pairs are in memory.
    pub in_memory: Vec<(InMemory, Arc<SessionSnapshot>)>,
    /// Days with visitors, where those of the last minutes are asked for.
    pub days_now: Vec<(SiteId, SessionSnapshot)>,
}

impl Pending {
    /// Makes the sums of what no flush holds yet, as far as the scope wants them.
    pub(super) fn make_sums(&mut self, scope: &SnapshotScope) {
        let sums = |unstored: &UnstoredSums| match &scope.axes {
            Some(axes) => unstored.of_axes(axes.iter()),
            None => unstored.all(),
        };
        let made = self.next_sums.drain(..).map(|(site, day, unstored)| (site, day, sums(&unstored).into()));
        self.next.sums = made.collect();
    }

    /// Visitors of the last minutes, of each site that has any.
    pub(super) fn visitors_now(&self, now: Moment) -> HashMap<SiteId, usize> {
        let mut visitors = HashMap::new();
        for (site, day) in &self.days_now {
            *visitors.entry(*site).or_default() += day.visitors_now(now);
        }
        visitors
    }
}
