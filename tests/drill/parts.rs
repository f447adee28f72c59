//! Days that were counted by the running collector and by an import, at once or one after the other, add up.

use std::collections::BTreeMap;
use std::sync::Arc;

use headcount::counts::{Name, OpenDay};
use headcount::hit::Hit;
use headcount::hit::token::Token;
use headcount::report::Sums;
use headcount::site::{Budget, Day, Month, SiteId};
use headcount::store::{self, Ask, CountedBy, DayState, Flush, StoreError, SumRow, SumStore};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::life::{Walked, compare_singles};
use super::room::Plan;
use crate::oracle::pairs::with_sections;
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, figures};

/// A store without a collector.
struct Stored {
    folder: tempfile::TempDir,
    store: Arc<dyn SumStore>,
    number: u64,
    /// Whether hours of dimensions may have been deleted.
    is_compacted: bool,
}

impl Sums for Stored {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        Ok(self.store.snapshot()?.read(asks, &[])?.rows)
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        self.store.snapshot()?.first_day(site)
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        let mut keys = self.store.snapshot()?.prop_keys(site, event, first, last)?;
        keys.sort_unstable();
        Ok(keys)
    }
}

/// Days in memory of somebody who counts.
type Open = BTreeMap<(SiteId, Day), OpenDay>;

fn take(open: &mut Open, hits: &[Hit]) {
    for hit in hits {
        let key = (hit.site, hit.local.day);
        let day = open.entry(key).or_insert_with(|| OpenDay::new(key.0, key.1, Budget::default()));
        // A rejected hit is part of the story.
        let _ = day.take(hit, || headcount::counts::Room::Visitor);
    }
}

impl Stored {
    fn new() -> Stored {
        let folder = tempfile::tempdir().unwrap();
        let store = store::open(&folder.path().join("headcount.db")).unwrap().sums;
        Stored { folder, store, number: 0, is_compacted: false }
    }

    /// Stores what days in memory have, as the one who counts them does.
    fn flush(&mut self, open: &mut Open, by: CountedBy, is_over: bool) {
        self.number += 1;
        let state = |day: &OpenDay| DayState {
            site: day.site,
            day: day.day,
            by,
            snapshot: Some(Arc::new(with_sections(day.snapshot(), day.site, day.day))),
            pair_cells: u32::MAX,
            is_over,
            release: None,
        };
        let days = open.values().map(state).collect();
        let sums = open.values_mut().map(|day| (day.site, day.day, day.drain().into())).collect();
        self.store.apply(&Flush { number: self.number, sums, days, ..Flush::default() }).unwrap();
    }

    /// Lets the store make what is past small. Hours that are old are deleted by that.
    fn compact(&mut self, today: Day) {
        (self.number, self.is_compacted) = (self.number + 1, true);
        let today = [1, 2].map(|site| (SiteId(site), today)).to_vec();
        self.store.apply(&Flush { number: self.number, today, ..Flush::default() }).unwrap();
        while self.store.compact().unwrap() {}
    }

    fn reopen(&mut self) {
        self.store = store::open(&self.folder.path().join("headcount.db")).unwrap().sums;
        self.store.end_counting(CountedBy::Live).unwrap();
    }
}

/// Salts differ: nobody of one part is somebody of the other.
fn apart(hits: Vec<Hit>) -> Vec<Hit> {
    let other = |token: Token| Token::from_bits(!token.bits());
    hits.into_iter().map(|hit| Hit { token: hit.token.map(other), ..hit }).collect()
}

/// What is stored is what a walk has over these hits, hours of dimensions as far as they are kept.
fn compare(stored: &Stored, plan: &Plan, hits: &[Hit], pick: usize) -> Result<(), TestCaseError> {
    let schedules = plan.schedules();
    let (walk, _) = Walk::over(&schedules, hits);
    let days = || hits.iter().map(|hit| hit.local.day);
    let ends = [days().min().expect("a hit"), days().max().expect("a hit")];
    Walked::by(&walk, &[SiteId(1), SiteId(2)]).compare(stored, pick, false)?;
    compare_singles(stored, &figures(&schedules, hits), ends, !stored.is_compacted)
}

#[test]
fn an_import_adds_to_days_and_months_that_are_over() {
    let import = |(stream, cut, pick, breaks_off): (_, usize, usize, bool)| {
        let plan = Plan::of(stream, &[]);
        // The first half of the import's hits, and all.
        let imported = || apart(plan.hits());
        let cut = cut % imported().len();
        let mut stored = Stored::new();
        let mut live = Open::new();
        take(&mut live, &plan.hits());
        stored.flush(&mut live, CountedBy::Live, false);
        compare(&stored, &plan, &plan.hits(), pick)?;
        stored.flush(&mut live, CountedBy::Live, true);
        stored.compact(Month(plan.last_day().month().0 + 1).first());
        compare(&stored, &plan, &plan.hits(), pick + 1)?;
        let until = |end: usize| plan.hits().into_iter().chain(imported().into_iter().take(end)).collect::<Vec<_>>();
        let mut more = Open::new();
        take(&mut more, &imported()[..cut]);
        stored.flush(&mut more, CountedBy::Import, false);
        compare(&stored, &plan, &until(cut), pick + 2)?;
        if breaks_off {
            stored.store.end_counting(CountedBy::Import).unwrap();
            compare(&stored, &plan, &until(cut), pick + 3)?;
            stored.reopen();
            return compare(&stored, &plan, &until(cut), pick + 4);
        }
        take(&mut more, &imported()[cut..]);
        stored.flush(&mut more, CountedBy::Import, true);
        compare(&stored, &plan, &until(usize::MAX), pick + 3)
    };
    let config = ProptestConfig { max_shrink_iters: 20, ..config(1) };
    let streams = (long_stream(), 0..200_usize, 0..60_usize, any::<bool>());
    TestRunner::new(config).run(&streams, import).unwrap_or_else(|error| panic!("{error}"));
}
