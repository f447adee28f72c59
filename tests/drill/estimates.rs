//! Three and four dimensions: the bounds of every figure hold what a naive walk counts, of open days, closed ones, months, and past a
//! budget of pairs; where they are the same the figure is exact.

use headcount::cell::Dimension;
use headcount::site::Day;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::operators::all_values;
use super::room::{Plan, Room};
use super::two::{AskedTwice, Asking, Wanted, some};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, watched};

/// Dimensions that are asked about together: of visits, and with one, two and three of hits.
const TOGETHER: [&[Dimension]; 13] = {
    use Dimension::{
        Browser, Country, Device, EntryPage, Event, ExitPage, Hostname, Language, Os, Page, Section, Source,
        UtmCampaign,
    };
    [
        &[Source, Country, Device],
        &[Browser, Os, Country],
        &[EntryPage, ExitPage, Source],
        &[Page, Country, Device],
        &[EntryPage, Page, ExitPage],
        &[Page, Hostname, Source],
        &[Page, Event, Language],
        &[Section, Country, Browser],
        &[Page, Hostname, Event],
        &[UtmCampaign, Country, Browser, Device],
        &[Page, Source, Country, Os],
        &[Hostname, Page, EntryPage, Country],
        &[Event, Page, Hostname, Device],
    ]
};

impl Asking<'_, '_> {
    /// Under a value of each, by one and by two of them under the others, over time, and under sets.
    fn estimate(&self, pick: usize, is_whole: bool) -> Result<(), TestCaseError> {
        for (at, dimensions) in TOGETHER.into_iter().enumerate() {
            let turn = pick + at;
            let all: Vec<Vec<&str>> =
                dimensions.iter().map(|dimension| all_values(self.walk, self.site, *dimension)).collect();
            if all.iter().any(Vec::is_empty) {
                continue;
            }
            let wanted: Vec<Vec<&str>> = all.iter().enumerate().map(|(by, of)| some(of, turn + by, 1)).collect();
            let sets: Vec<Vec<&str>> =
                all.iter().enumerate().map(|(by, of)| some(of, turn + by, 1 + (turn + by) % 3)).collect();
            let filters = |of: &'_ [Vec<&'_ str>], from: usize| -> Vec<(Dimension, Vec<String>)> {
                let one = |(dimension, values): (&Dimension, &Vec<&str>)| {
                    (*dimension, values.iter().map(|value| (*value).to_owned()).collect())
                };
                dimensions.iter().zip(of).skip(from).map(one).collect()
            };
            let time = [None, Some("time:day"), Some("time:month")][turn % 3];
            self.ask(&filters(&wanted, 0), &[], time, true)?;
            self.ask(&filters(&sets, 0), &[], None, true)?;
            self.ask(&filters(&wanted, 1), &dimensions[..1], time, is_whole)?;
            self.ask(&filters(&sets, 1), &dimensions[..1], None, is_whole)?;
            self.ask(&filters(&wanted, 0), &dimensions[..1], None, is_whole)?;
            self.ask(&filters(&wanted, 2), &dimensions[..2], None, is_whole)?;
        }
        Ok(())
    }

    fn ask(
        &self,
        filters: &[(Dimension, Vec<String>)],
        splits: &[Dimension],
        time: Option<&'static str>,
        is_whole: bool,
    ) -> Result<(), TestCaseError> {
        let texts: Vec<Vec<&str>> =
            filters.iter().map(|(_, values)| values.iter().map(String::as_str).collect()).collect();
        let filters: Vec<Wanted> =
            filters.iter().zip(&texts).map(|((dimension, _), values)| (*dimension, values.as_slice())).collect();
        let asked = AskedTwice { filters: &filters, splits, time, key: "" };
        if is_whole { self.check(&asked).map(drop) } else { self.check_rows(&asked) }
    }
}

/// Looks at a plan while it is played and when it is over; `cells_max` is the budget of pairs.
fn look_at(plan: &Plan, pick: usize, cells_max: Option<u32>) -> Result<(), TestCaseError> {
    let (schedules, hits) = (plan.schedules(), plan.hits());
    let (walk, _) = Walk::over(&schedules, &hits);
    let mut settings = watched::settings();
    if let Some(cells_max) = cells_max {
        settings.budget.pair_cells = cells_max;
    }
    let mut room = Room::open(plan, &settings);
    room.play(plan);
    room.flush();
    let first = hits.iter().map(|hit| hit.local.day).min().expect("a hit");
    let estimate = |room: &Room, days: [Day; 2], pick: usize| {
        let mut sites = room.sites.iter();
        sites.try_for_each(|site| Asking { room, walk: &walk, site: *site, days }.estimate(pick, cells_max.is_none()))
    };
    estimate(&room, [first, plan.last_day()], pick)?;
    room.close(plan.last_day());
    estimate(&room, [first.month().first(), plan.last_day().month().last()], pick + 1)?;
    // So many days are bounded month by month.
    estimate(&room, [Day(first.0 - 60), Day(plan.last_day().0 + 60)], pick + 2)
}

#[test]
fn bounds_of_three_and_four_dimensions_hold_a_naive_walk() {
    let look = |(stream, pick): (_, usize)| look_at(&Plan::of(stream, &[]), pick, None);
    let config = ProptestConfig { max_shrink_iters: 20, ..config(2) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), look).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn past_a_budget_bounds_of_three_dimensions_hold_too() {
    let look = |(stream, pick): (_, usize)| look_at(&Plan::of(stream, &[]), pick, Some(900));
    let config = ProptestConfig { max_shrink_iters: 20, ..config(1) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), look).unwrap_or_else(|error| panic!("{error}"));
}
