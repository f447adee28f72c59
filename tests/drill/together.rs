//! Two sites as one have the sums of each, and the list of sites has what a walk counts.

use std::cell::Cell as Counter;

use headcount::cell::{Axis, Dimension, Tally};
use headcount::counts::Name;
use headcount::limits;
use headcount::report::overview::{Glance, glances};
use headcount::report::together::Together;
use headcount::report::{self, Interval, Question, Span, Sums};
use headcount::site::{Day, SiteId};
use headcount::store::{Ask, Grain, StoreError, SumRow};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::life::{Rows, ask, is, rows};
use super::room::{Plan, Room};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Figures, figures, watched};

/// Sums that count how often they are read.
struct Counted<'a>(&'a dyn Sums, Counter<usize>);

impl Sums for Counted<'_> {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        self.1.set(self.1.get() + 1);
        self.0.read(asks)
    }

    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        self.1.set(self.1.get() + 1);
        self.0.first_day(site)
    }

    fn prop_keys(&self, site: SiteId, event: Option<&str>, first: Day, last: Day) -> Result<Vec<Name>, StoreError> {
        self.1.set(self.1.get() + 1);
        self.0.prop_keys(site, event, first, last)
    }
}

/// Questions of all kinds about a site. By hours it is asked of what is surely kept: older ones may go between two readings.
fn asks(site: SiteId, ends: [Day; 2], hours: [Day; 2]) -> Vec<Ask> {
    let page = Axis::Of(Dimension::Page);
    let filters = [is(Dimension::Source, "Google"), is(Dimension::Device, "desktop"), is(Dimension::EntryPage, "/")];
    let filters = || [None].into_iter().chain(filters.iter().cloned().map(Some));
    let prop = Axis::Prop { key: Name::from("plan"), event: None };
    let mut asks: Vec<Ask> = [Grain::Day, Grain::Month]
        .into_iter()
        .flat_map(|grain| filters().map(move |filter| (grain, filter)))
        .flat_map(|(grain, filter)| {
            [page.clone(), Axis::Total, Axis::Of(Dimension::Browser)]
                .map(|axis| ask(site, axis, filter.clone(), grain, ends))
        })
        .collect();
    asks.push(ask(site, prop, None, Grain::Day, ends));
    asks.push(ask(site, page, None, Grain::Hour, hours));
    asks.push(Ask { by_bucket: false, ..ask(site, Axis::Of(Dimension::Browser), None, Grain::Month, ends) });
    asks
}

/// Both sites as one have what each has by itself, whether one asks for it in one reading or in many.
fn compare(room: &Room, ends: [Day; 2]) -> Result<(), TestCaseError> {
    let (sums, members) = (room.collector(), [SiteId(1), SiteId(2)]);
    let hours = [Day(room.today().0 - limits::HOUR_DETAIL_DAYS), ends[1]];
    let asks = |site| asks(site, ends, hours);
    let counted = Counted(sums, Counter::default());
    let found = rows(&Together::of(&members, &counted), &asks(SiteId::TOGETHER));
    prop_assert_eq!(counted.1.get(), 1);
    let each = members.map(|site| rows(sums, &asks(site)));
    let both: Vec<Ask> = members.iter().flat_map(|site| asks(*site)).collect();
    prop_assert_eq!(&rows(sums, &both), &each.concat());
    for (place, found) in found.iter().enumerate() {
        let mut expected = Rows::new();
        for (key, tally) in each.iter().flat_map(|rows| &rows[place]) {
            *expected.entry(key.clone()).or_default() += *tally;
        }
        expected.retain(|_, tally| !tally.is_zero());
        prop_assert_eq!(found, &expected, "{:?}", asks(SiteId::TOGETHER)[place]);
    }
    let together = Together::of(&members, sums);
    let first = members.map(|site| sums.first_day(site).unwrap());
    prop_assert_eq!(together.first_day(SiteId::TOGETHER).unwrap(), first.into_iter().flatten().min());
    let mut keys = members.map(|site| sums.prop_keys(site, None, ends[0], ends[1]).unwrap()).concat();
    keys.sort();
    keys.dedup();
    prop_assert_eq!(together.prop_keys(SiteId::TOGETHER, None, ends[0], ends[1]).unwrap(), keys);
    // Rates are made of the sums of both.
    let question = |site| {
        let metrics = [headcount::cell::Metric::BounceRate, headcount::cell::Metric::Visits];
        Question::new(site, Span::of_days(ends[0], ends[1]), Axis::Total, Some(Interval::Month), &metrics)
    };
    for line in report::answer(&question(SiteId::TOGETHER), &together).unwrap() {
        let rate = (100.0 * line.tally.bounces as f64 / line.tally.visits as f64).round();
        prop_assert!(line.tally.visits == 0 || line.metrics[0] == Some(rate), "{:?}", line);
    }
    Ok(())
}

/// What a walk counts of the days of a site that are at a glance.
fn expected(figures: &Figures, site: SiteId, today: Day, days: i32) -> Glance {
    let of = |day: i32| -> Tally {
        let of_day =
            figures.days.iter().filter(|((of, on, cell), _)| (*of, on.0, cell.axis) == (site, day, Axis::Total));
        of_day.fold(Tally::ZERO, |sum, (_, tally)| sum + *tally)
    };
    let sum = |from: i32| (from..from + days).fold(Tally::ZERO, |sum, day| sum + of(day));
    let (from, before) = (today.0 - days + 1, today.0 - 2 * days + 1);
    let is_counted = figures.days.keys().any(|(of, day, _)| *of == site && day.0 <= before);
    let shown = (from..=today.0).map(of).collect();
    // The day that today stands against is left out.
    Glance { site, days: shown, sum: sum(from), before: is_counted.then(|| sum(before) - of(today.0 - days)) }
}

fn compare_glances(sums: &dyn Sums, figures: &Figures, last: Day) -> Result<(), TestCaseError> {
    for (days, later) in [(7, 0), (7, 3), (30, 0), (30, 30), (1, 1)] {
        // Each site has its own today.
        let sites = [(SiteId(2), Day(last.0 + later)), (SiteId(1), Day(last.0 + later - 1))];
        let counted = Counted(sums, Counter::default());
        let found = glances(&sites, days, &counted).unwrap();
        prop_assert_eq!(counted.1.get(), 1);
        let expected: Vec<_> = sites.iter().map(|(site, today)| expected(figures, *site, *today, days)).collect();
        prop_assert_eq!(found, expected);
    }
    Ok(())
}

#[test]
fn sites_together_are_the_sums_of_each_while_days_are_open_closed_and_added_up() {
    let live = |stream| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let figures = figures(&schedules, &hits);
        let mut room = Room::open(&plan, &watched::settings());
        room.play(&plan);
        let ends = [hits.iter().map(|hit| hit.local.day).min().expect("a hit"), plan.last_day()];
        compare(&room, ends)?;
        compare_glances(room.collector(), &figures, ends[1])?;
        room.flush();
        compare(&room, ends)?;
        room.close(plan.last_day());
        compare(&room, ends)?;
        compare_glances(room.collector(), &figures, ends[1])
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(2) };
    TestRunner::new(config).run(&long_stream(), live).unwrap_or_else(|error| panic!("{error}"));
}
