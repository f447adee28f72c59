//! What is kept by the file when something is older than it is kept, against a naive walk over what was counted.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Dimension};
use headcount::site::{Day, RetainedKind, Retention};
use headcount::store::{CountedBy, DayState, Flush, Grain};
use proptest::prelude::*;

use super::contract::{DAY, Kept, SITE, ask, cells, rows};

/// Pageviews by day and page.
type CountedPages = BTreeMap<i32, BTreeMap<u8, i64>>;

fn today() -> Day {
    Day(DAY.0 + 120)
}

fn counted() -> impl Strategy<Value = CountedPages> {
    let pages = proptest::collection::btree_map(0..6_u8, 1..9_i64, 1..4);
    proptest::collection::btree_map(DAY.0..DAY.0 + 120, pages, 1..20)
}

/// How long hours, days and months are kept; nothing for ever.
fn retention() -> impl Strategy<Value = Retention> {
    let of = proptest::option::of;
    (of(1..31_u32), of(1..130_u32), of(1..5_u32)).prop_map(|(hours, days, months)| {
        let named = [("hours", hours, "d"), ("days", days, "d"), ("months", months, "m")];
        let set = named.into_iter().filter_map(|(name, number, unit)| Some((name, format!("{}{unit}", number?))));
        let set: BTreeMap<&str, String> = set.collect();
        serde_json::from_value(serde_json::json!(set)).unwrap()
    })
}

fn apply(kept: &Kept, flush: Flush) {
    let number = kept.sums.last_flush().unwrap() + 1;
    kept.sums.apply(&Flush { number, ..flush }).unwrap();
}

/// Counts and closes all days.
fn file_of(counted: &CountedPages) -> Kept {
    let kept = Kept::in_file();
    for (day, pages) in counted {
        let pages: Vec<(u8, i64)> = pages.iter().map(|(page, count)| (*page, *count)).collect();
        let (site, day, sums) = cells(Day(*day), &pages);
        let (by, pair_cells) = (CountedBy::Live, u32::MAX);
        let over = DayState { site, day, by, snapshot: None, pair_cells, is_over: true, release: None };
        apply(&kept, Flush { sums: vec![(site, day, sums.into())], days: vec![over], ..Flush::default() });
    }
    kept
}

/// What a flush says at a start or on a new day.
fn say(kept: &Kept, retention: &Retention) {
    let first = |kind| Some((SITE, kind, retention.first_day(kind, today())?));
    let kinds = RetainedKind::ALL.into_iter().filter(|kind| *kind != RetainedKind::DayPairs);
    let kept_from = kinds.filter_map(first).collect();
    apply(kept, Flush { today: vec![(SITE, today())], kept_from, ..Flush::default() });
}

/// Pageviews by bucket and page that a naive walk finds.
fn expected(counted: &CountedPages, retention: &Retention, grain: Grain) -> Vec<(i32, String, i64)> {
    let kind = match grain {
        Grain::Hour => RetainedKind::Hours,
        Grain::Day => RetainedKind::Days,
        Grain::Month => RetainedKind::Months,
    };
    let first = retention.first_day(kind, today()).unwrap_or(DAY);
    let mut found: BTreeMap<(i32, String), i64> = BTreeMap::new();
    for (day, page, count) in counted.iter().flat_map(|(day, pages)| pages.iter().map(|(page, n)| (Day(*day), page, n)))
    {
        let bucket = match grain {
            Grain::Hour => day.0 * 24 + i32::from(page % 24),
            Grain::Day => day.0,
            Grain::Month => day.month().0,
        };
        let is_kept = if grain == Grain::Month { day.month() >= first.month() } else { day >= first };
        if is_kept {
            *found.entry((bucket, format!("/{page}"))).or_default() += count;
        }
    }
    found.into_iter().map(|((bucket, page), count)| (bucket, page, count)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn what_is_older_goes_and_nothing_else(counted in counted(), retention in retention(), steps in 0..20_usize) {
        let mut kept = file_of(&counted);
        say(&kept, &retention);
        // The program ends on the way, and goes on at its next start.
        let _ = (0..steps).take_while(|_| kept.sums.compact().unwrap()).count();
        kept.reopen();
        say(&kept, &retention);
        while kept.sums.compact().unwrap() {}
        for grain in [Grain::Hour, Grain::Day, Grain::Month] {
            let found = rows(&*kept.sums, &ask(SITE, grain, Axis::Of(Dimension::Page), None), &[]);
            let found: Vec<_> = found.into_iter().map(|(bucket, page, numbers)| (bucket, page, numbers[2])).collect();
            prop_assert_eq!(found, expected(&counted, &retention, grain), "{:?} {:?}", grain, retention);
        }
        let grains = [Grain::Hour, Grain::Day, Grain::Month];
        let left: Vec<_> = grains.into_iter().flat_map(|grain| expected(&counted, &retention, grain)).collect();
        for page in (0..6).map(|page| format!("/{page}")) {
            let is_named = !kept.sums.names_with(&page).unwrap().is_empty();
            prop_assert_eq!(is_named, left.iter().any(|(_, named, _)| *named == page), "{}", page);
        }
    }
}
