//! Money by every dimension, under filters, by day and month, is that of a naive walk: of open days, closed ones and months.

use std::collections::BTreeMap;

use headcount::cell::filter::JOINT;
use headcount::cell::{Axis, Dimension, Filter, Metric, Test};
use headcount::counts::Name;
use headcount::report::{Interval, Question, Span, answer};
use headcount::site::{Day, SiteId, Target};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::operators::{all_values, answered};
use super::room::{Plan, Room};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, watched};

/// By bucket and value: currencies, thousandths and events.
type Paid = BTreeMap<(Option<i32>, String), BTreeMap<String, (i64, i64)>>;

/// What is asked: which values of a dimension pass, whether they have lines, and by which part of time.
#[derive(Debug, Clone, Copy)]
struct Asked<'s> {
    events: &'s [&'s str],
    by: Dimension,
    only: Option<&'s [&'s str]>,
    is_split: bool,
    interval: Option<Interval>,
}

/// What is known of one site.
struct Paying<'k, 'a> {
    room: &'k Room,
    walk: &'k Walk<'a>,
    site: SiteId,
    days: [Day; 2],
}

impl Paying<'_, '_> {
    fn expected(&self, asked: Asked) -> Paid {
        let mut paid = Paid::new();
        for day in self.walk.days(self.site) {
            for ((value, money), tally) in self.walk.pair(self.site, day, [asked.by, Dimension::Money]) {
                let (event, currency) = money.rsplit_once(JOINT).expect("an event and its currency");
                if asked.only.is_some_and(|only| !only.contains(&value)) || !asked.events.contains(&event) {
                    continue;
                }
                let bucket = asked.interval.map(|interval| match interval {
                    Interval::Month => day.month().first().max(self.days[0]).0,
                    _ => day.0,
                });
                let value = if asked.is_split { value.to_owned() } else { String::new() };
                let sum = paid.entry((bucket, value)).or_default().entry(currency.to_owned()).or_default();
                (sum.0, sum.1) = (sum.0 + tally.revenue, sum.1 + tally.events);
            }
        }
        paid
    }

    fn found(&self, asked: Asked) -> Paid {
        let axis = if asked.is_split { Axis::Of(asked.by) } else { Axis::Total };
        let span = Span::of_days(self.days[0], self.days[1]);
        let metrics = [Metric::Visitors, Metric::TotalRevenue, Metric::AverageRevenue];
        let question = Question::new(self.site, span, axis, asked.interval, &metrics);
        let is = |only: &[&str]| Test::Is(only.iter().map(|value| (*value).to_owned()).collect());
        let filters: Vec<Filter<Name>> =
            asked.only.iter().map(|only| Filter { axis: Axis::Of(asked.by), test: is(only) }).collect();
        let question = match asked.events {
            // A goal, as the API and pages ask for it.
            [event] if asked.by != Dimension::Event => {
                question.of_goals(&[&Target::Event((*event).into())], &filters).expect("a goal and a dimension")
            }
            events => {
                let money = events.iter().map(|event| Name::from(*event)).collect();
                Question { money, ..question }.under(&filters).expect("one dimension")
            }
        };
        assert!(question.knows_money(), "{asked:?}");
        let mut paid = Paid::new();
        for line in answer(&question, self.room.collector()).unwrap() {
            assert!(line.is_money_known, "{asked:?} {line:?}");
            let sums = line.money.iter().map(|(currency, sum, events)| (currency.to_string(), (*sum, *events)));
            let sums: BTreeMap<String, (i64, i64)> = sums.collect();
            if !sums.is_empty() {
                paid.insert((line.bucket, line.value.to_string()), sums);
            }
        }
        paid
    }

    fn check(&self, asked: Asked) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.found(asked), self.expected(asked), "found, expected of {:?} {:?}", asked, self.days);
        Ok(())
    }

    /// Every dimension: its values, one value, a set of them, over time.
    fn compare(&self, pick: usize) -> Result<(), TestCaseError> {
        let counted = Dimension::ALL.into_iter().chain([Dimension::Pattern, Dimension::Section]);
        for (at, by) in counted.enumerate() {
            let values = all_values(self.walk, self.site, by);
            let Some(value) = values.get((pick + at) % values.len().max(1)) else { continue };
            let events: &[&str] = [&["Signup"][..], &["x"], &["Signup", "x"]][(pick + at) % 3];
            let interval = [None, Some(Interval::Day), Some(Interval::Month)][(pick + at) % 3];
            let asked = Asked { events, by, only: None, is_split: true, interval: None };
            // Of what is of hits, a goal and a pattern have no sums.
            if by == Dimension::Pattern {
                continue;
            }
            self.check(asked)?;
            self.check(Asked { interval, ..asked })?;
            let only = [*value];
            self.check(Asked { only: Some(&only), is_split: false, interval, ..asked })?;
            self.check(Asked { only: Some(&only), is_split: true, ..asked })?;
            self.check(Asked { only: Some(&values[..values.len().min(3)]), is_split: false, ..asked })?;
        }
        Ok(())
    }

    /// What the API says: of one goal the sum in its currency; of two dimensions beside the goal nothing.
    fn compare_api(&self, pick: usize) -> Result<(), TestCaseError> {
        let by = Dimension::ALL[pick % Dimension::ALL.len()];
        let days = self.days.map(|day| day.to_string());
        let signup = json!(["is", "event:goal", ["Signup"]]);
        let body = json!({
            "metrics": ["visitors", "total_revenue"], "date_range": days, "dimensions": [by.api_name()], "filters": [signup],
        });
        let answer = answered(self.room, self.site, body.clone());
        let asked = Asked { events: &["Signup"], by, only: None, is_split: true, interval: None };
        let expected = self.expected(asked);
        for row in answer["results"].as_array().expect("rows") {
            let value = row["dimensions"][0].as_str().expect("a value").to_owned();
            let sums = expected.get(&(None, value));
            match sums.map(|sums| sums.iter().collect::<Vec<_>>()).as_deref() {
                Some([(currency, (sum, _))]) => {
                    prop_assert_eq!(&row["metrics"][1]["currency"], *currency, "{}", row);
                    prop_assert_eq!(row["metrics"][1]["value"].as_f64(), Some(*sum as f64 / 1_000.0), "{}", row);
                }
                // Several currencies are not added up.
                _ => prop_assert!(row["metrics"][1].is_null(), "{}", row),
            }
        }
        let mut three = body;
        three["metrics"] = json!(["visitors", "total_revenue"]);
        (three["filters"], three["dimensions"]) = (json!([["is", "visit:country", ["DE"]]]), json!(["event:page"]));
        let answer = answered(self.room, self.site, three);
        for row in answer["results"].as_array().expect("rows") {
            prop_assert!(row["metrics"][1].is_null(), "{}", row);
        }
        prop_assert_eq!(&answer["meta"]["metric_warnings"]["total_revenue"]["code"], "no_revenue_by_dimension");
        Ok(())
    }
}

#[test]
fn money_by_every_dimension_is_that_of_a_naive_walk() {
    let compare = |(stream, pick): (_, usize)| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let (walk, _) = Walk::over(&schedules, &hits);
        let mut room = Room::open(&plan, &watched::settings());
        room.play(&plan);
        room.flush();
        let first = hits.iter().map(|hit| hit.local.day).min().expect("a hit");
        for is_closed in [false, true] {
            let mut days = [first, plan.last_day()];
            if is_closed {
                room.close(plan.last_day());
                days = [first.month().first(), plan.last_day().month().last()];
            }
            for site in room.sites.clone() {
                let paying = Paying { room: &room, walk: &walk, site, days };
                paying.compare(pick)?;
                paying.compare_api(pick)?;
            }
        }
        Ok(())
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(3) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), compare).unwrap_or_else(|error| panic!("{error}"));
}
