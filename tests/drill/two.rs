//! Two filters and two dimensions answer what a naive walk does, of open days, closed ones and months; of sets the bounds hold.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Dimension, Tally};
use headcount::counts::pairs::Pair;
use headcount::site::{Day, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::operators::{all_values, answered, holds, results, shown};
use super::room::{Plan, Room};
use crate::oracle::pairs::{Side, on_axis};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, watched};

/// What is asked of one site.
pub(super) struct Asking<'k, 'a> {
    pub(super) room: &'k Room,
    pub(super) walk: &'k Walk<'a>,
    pub(super) site: SiteId,
    pub(super) days: [Day; 2],
}

/// A filter: a dimension, and which of its values pass.
pub(super) type Wanted<'s> = (Dimension, &'s [&'s str]);

/// Filters on some dimensions, and what is asked.
pub(super) struct AskedTwice<'s> {
    pub(super) filters: &'s [Wanted<'s>],
    pub(super) splits: &'s [Dimension],
    pub(super) time: Option<&'static str>,
    /// The property that is meant by that dimension.
    pub(super) key: &'static str,
}

fn entered(dimension: Dimension) -> Dimension {
    if dimension == Dimension::Page { Dimension::EntryPage } else { dimension }
}

impl AskedTwice<'_> {
    fn metrics(&self) -> Vec<&'static str> {
        let mut metrics = vec!["visitors", "visits", "pageviews", "events"];
        let all = || self.filters.iter().map(|(dimension, _)| *dimension).chain(self.splits.iter().copied());
        if all().all(|dimension| dimension.is_of_visit() || dimension == Dimension::Page) {
            metrics.extend(["bounce_rate", "visit_duration", "views_per_visit"]);
        }
        // Engagement by page and host hangs on the order in which hosts came.
        let without = [Dimension::Hostname, Dimension::Property];
        let is_of_page = |dimension| matches!(dimension, Dimension::Page | Dimension::Section);
        if all().any(is_of_page) && all().all(|dimension| !without.contains(&dimension)) {
            metrics.extend(["scroll_depth", "time_on_page"]);
        }
        metrics
    }

    fn body(&self, days: [Day; 2]) -> Value {
        let plain = |by: Dimension, values: &[&str]| -> Vec<String> {
            values.iter().map(|value| on_axis(by, value).1).collect()
        };
        let filters: Vec<Value> =
            self.filters.iter().map(|(by, values)| json!(["is", self.name(*by), plain(*by, values)])).collect();
        let splits = self.splits.iter().map(|dimension| self.name(*dimension));
        let dimensions: Vec<String> = splits.chain(self.time.map(str::to_owned)).collect();
        json!({
            "metrics": self.metrics(), "date_range": days.map(|day| day.to_string()), "filters": filters,
            "dimensions": dimensions, "include": {"estimates": true},
        })
    }

    /// What the API calls a dimension.
    fn name(&self, dimension: Dimension) -> String {
        match dimension {
            Dimension::Property => format!("event:props:{}", self.key),
            dimension => dimension.api_name().to_owned(),
        }
    }

    /// The values of a walk that are meant.
    fn is_meant(&self, dimension: Dimension, value: &str) -> bool {
        match on_axis(dimension, value).0 {
            Axis::Prop { key, .. } => *key == *self.key,
            _ => true,
        }
    }

    fn has_page(&self) -> bool {
        let is_page = |dimension: &Dimension| *dimension == Dimension::Page;
        self.filters.iter().any(|(dimension, _)| is_page(dimension)) || self.splits.iter().any(is_page)
    }
}

impl Asking<'_, '_> {
    /// What a day counts that has these values and passes these filters; of pages, also what entered there.
    fn met(&self, day: Day, asked: &AskedTwice, values: &[&str]) -> [Tally; 2] {
        let tests: Vec<_> =
            asked.filters.iter().map(|(_, wanted)| move |value: &str| wanted.contains(&value)).collect();
        let is: Vec<_> = values.iter().map(|wanted| move |value: &str| value == *wanted).collect();
        let meeting = |of: fn(Dimension) -> Dimension| {
            let mut sides: Vec<Side> = Vec::new();
            for ((dimension, _), passes) in asked.filters.iter().zip(&tests) {
                sides.push(Side { dimension: of(*dimension), passes });
            }
            for (dimension, passes) in asked.splits.iter().zip(&is) {
                sides.push(Side { dimension: of(*dimension), passes });
            }
            self.walk.meeting(self.site, day, &sides)
        };
        let own = meeting(|dimension| dimension);
        [own, if asked.has_page() { meeting(entered) } else { own }]
    }

    fn expected(&self, asked: &AskedTwice) -> BTreeMap<String, Value> {
        let mut sums: BTreeMap<String, [Tally; 2]> = BTreeMap::new();
        for day in self.walk.days(self.site) {
            let values = |dimension: &Dimension| {
                let values = self.walk.values_of_day(self.site, day, *dimension).into_iter();
                values.filter(|value| asked.is_meant(*dimension, value)).collect::<Vec<&str>>()
            };
            let mut rows: Vec<Vec<&str>> = vec![Vec::new()];
            for split in asked.splits {
                let mut longer = Vec::new();
                for (row, value) in rows.iter().flat_map(|row| values(split).into_iter().map(move |value| (row, value)))
                {
                    longer.push([row.as_slice(), &[value]].concat());
                }
                rows = longer;
            }
            let bucket = asked.time.map(|time| if time == "time:month" { day.month().first() } else { day });
            for row in rows {
                let [own, whole] = self.met(day, asked, &row);
                let bucket = bucket.map(|bucket| bucket.max(self.days[0]).to_string());
                let plain = asked.splits.iter().zip(&row).map(|(dimension, value)| on_axis(*dimension, value).1);
                let name: Vec<String> = plain.chain(bucket).collect();
                let sum = sums.entry(json!(name).to_string()).or_default();
                (sum[0], sum[1]) = (sum[0] + own, sum[1] + whole);
            }
        }
        sums.retain(|_, [own, _]| !own.is_zero());
        if asked.splits.is_empty() && asked.time.is_none() {
            sums.entry("[]".to_owned()).or_default();
        }
        let row = |[own, whole]: [Tally; 2]| asked.metrics().iter().map(|name| shown(name, own, whole)).collect();
        sums.into_iter().map(|(name, sums)| (name, row(sums))).collect()
    }

    pub(super) fn check(&self, asked: &AskedTwice) -> Result<Value, TestCaseError> {
        let body = asked.body(self.days);
        let answer = answered(self.room, self.site, body.clone());
        holds(&answer, self.expected(asked), &body.to_string())?;
        Ok(answer)
    }

    /// The same of rows that are there: past a budget, values that are never named are among others.
    pub(super) fn check_rows(&self, asked: &AskedTwice) -> Result<(), TestCaseError> {
        let body = asked.body(self.days);
        let answer = answered(self.room, self.site, body.clone());
        let rows = results(&answer);
        let mut expected = self.expected(asked);
        expected.retain(|name, _| rows.contains_key(name));
        holds(&answer, expected, &body.to_string())
    }

    /// All pairs: under two values, by both, by one under the other, and under sets of both.
    fn compare(&self, pick: usize) -> Result<(), TestCaseError> {
        let known = |dimension: Dimension| Dimension::ALL.contains(&dimension) || dimension == Dimension::Section;
        let pairs = Pair::all().filter(|pair| known(pair.first) && known(pair.second));
        for (at, pair) in pairs.enumerate() {
            let turn = pick + at;
            let (a, b) = if turn.is_multiple_of(2) { (pair.first, pair.second) } else { (pair.second, pair.first) };
            let (of_a, of_b) = (all_values(self.walk, self.site, a), all_values(self.walk, self.site, b));
            if of_a.is_empty() || of_b.is_empty() {
                continue;
            }
            let (x, y) = ([of_a[turn % of_a.len()]], [of_b[turn / 2 % of_b.len()]]);
            let time = [None, Some("time:day"), Some("time:month")][turn % 3];
            let implied = [[a, b], [b, a]].iter().any(|[fine, coarse]| fine.implies().contains(coarse));
            if !implied && ![a, b].iter().all(|d| [Dimension::Source, Dimension::Channel].contains(d)) {
                let filters: [Wanted; 2] = [(a, &x), (b, &y)];
                let answer = self.check(&AskedTwice { filters: &filters, splits: &[], time, key: "" })?;
                prop_assert!(answer["meta"].get("metric_warnings").is_none(), "{} {}: {:?}", x[0], y[0], answer);
                self.check(&AskedTwice { filters: &filters, splits: &[b], time: None, key: "" })?;
                let sets: [Wanted; 2] = [(a, &of_a[..of_a.len().min(3)]), (b, &of_b[..of_b.len().min(1 + turn % 3)])];
                self.check(&AskedTwice { filters: &sets, splits: &[], time, key: "" })?;
            }
            let filters: &[Wanted] = if turn.is_multiple_of(4) { &[] } else { &[(b, &of_b[..of_b.len().min(2)])] };
            self.check(&AskedTwice { filters, splits: &[a, b], time, key: "" })?;
        }
        Ok(())
    }
}

impl Asking<'_, '_> {
    /// Past a budget: bounds of two filters hold, and tables add up by their first dimension.
    fn compare_past_budget(&self, pick: usize) -> Result<(), TestCaseError> {
        use Dimension::{Browser, City, Device, EntryPage, ExitPage, Hostname, Page, Section, Source};
        let pairs = [
            [Page, Source],
            [EntryPage, Page],
            [ExitPage, City],
            [Page, Hostname],
            [EntryPage, Browser],
            [Device, Page],
            [Section, Browser],
            [Page, Section],
        ];
        for (at, [a, b]) in pairs.into_iter().enumerate() {
            let (of_a, of_b) = (all_values(self.walk, self.site, a), all_values(self.walk, self.site, b));
            let turn = pick + at;
            for many in [1, 2] {
                let (x, y) = (some(&of_a, turn, many), some(&of_b, turn, many));
                let filters: [Wanted; 2] = [(a, &x), (b, &y)];
                let time = turn.is_multiple_of(2).then_some("time:day");
                self.check(&AskedTwice { filters: &filters, splits: &[], time, key: "" })?;
            }
            prop_assert_eq!(self.views(&[a, b]), self.views(&[a]), "{:?} {:?}", a, b);
        }
        Ok(())
    }

    /// Pageviews by the first of some dimensions.
    fn views(&self, dimensions: &[Dimension]) -> BTreeMap<String, i64> {
        let names: Vec<&str> = dimensions.iter().map(|dimension| dimension.api_name()).collect();
        let days = self.days.map(|day| day.to_string());
        let body = json!({"metrics": ["pageviews"], "date_range": days, "dimensions": names});
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for row in answered(self.room, self.site, body)["results"].as_array().expect("rows") {
            *sums.entry(row["dimensions"][0].to_string()).or_default() += row["metrics"][0].as_i64().unwrap_or(0);
        }
        sums.retain(|_, views| *views != 0);
        sums
    }
}

/// So many of some values.
pub(super) fn some<'v>(of: &[&'v str], turn: usize, many: usize) -> Vec<&'v str> {
    of.iter().cycle().skip(turn).take(many.min(of.len())).copied().collect()
}

#[test]
fn past_a_budget_bounds_hold_and_tables_add_up() {
    let compare = |(stream, pick): (_, usize)| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let (walk, _) = Walk::over(&schedules, &hits);
        let mut settings = watched::settings();
        settings.budget.pair_cells = 900;
        let mut room = Room::open(&plan, &settings);
        room.play(&plan);
        room.close(plan.last_day());
        let first = hits.iter().map(|hit| hit.local.day).min().expect("a hit");
        for days in [[first, plan.last_day()], [first.month().first(), plan.last_day().month().last()]] {
            for site in room.sites.clone() {
                Asking { room: &room, walk: &walk, site, days }.compare_past_budget(pick)?;
            }
        }
        Ok(())
    };
    let config = ProptestConfig { max_shrink_iters: 20, ..config(2) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), compare).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn two_filters_and_two_dimensions_answer_as_a_naive_walk() {
    let compare = |(stream, pick): (_, usize)| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let (walk, _) = Walk::over(&schedules, &hits);
        let mut room = Room::open(&plan, &watched::settings());
        room.play(&plan);
        room.flush();
        let days = [hits.iter().map(|hit| hit.local.day).min().expect("a hit"), plan.last_day()];
        let asking = |room: &Room, days: [Day; 2], pick: usize| {
            room.sites.iter().try_for_each(|site| Asking { room, walk: &walk, site: *site, days }.compare(pick))
        };
        asking(&room, days, pick)?;
        room.close(plan.last_day());
        asking(&room, [days[0].month().first(), days[1].month().last()], pick + 1)
    };
    let config = ProptestConfig { max_shrink_iters: 20, ..config(1) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), compare).unwrap_or_else(|error| panic!("{error}"));
}
