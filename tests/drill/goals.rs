//! Goals, funnels, properties and money are what a naive walk has, with and without a filter, of open days, closed ones and
//! months.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Cell, Dimension, Metric, Tally};
use headcount::counts::Name;
use headcount::report::query::QueryRequest;
use headcount::report::{Question, Span, answer, goals};
use headcount::site::{Day, SiteId, Target};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::operators::{answered, mean, results, shown};
use super::room::{Plan, Room};
use crate::oracle::pairs::Side;
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Figures, Walk, figures, watched};

/// What is known of one site.
struct Known<'k, 'a> {
    room: &'k Room,
    walk: &'k Walk<'a>,
    figures: &'k Figures<'a>,
    site: SiteId,
    days: [Day; 2],
}

fn dimension_of(target: &Target) -> Dimension {
    match target {
        Target::Event(_) => Dimension::Event,
        Target::Page(_) => Dimension::Page,
        Target::Pattern(_) => Dimension::Pattern,
    }
}

fn rate(part: i64, whole: i64) -> Value {
    if whole == 0 { json!(0) } else { mean(100 * part, whole, 1) }
}

/// What can be asked of goals.
const METRICS: [&str; 5] = ["visitors", "visits", "pageviews", "events", "conversion_rate"];

impl Known<'_, '_> {
    /// What one day counts of a goal, or of everything, under a filter.
    fn of_day(&self, day: Day, goal: Option<&Target>, filter: Option<(Dimension, &str)>) -> Tally {
        let is_goal = |value: &str| goal.is_some_and(|goal| goal.text() == value);
        let is_wanted = |value: &str| filter.is_some_and(|(_, wanted)| wanted == value);
        let of_goal = goal.map(|goal| Side { dimension: dimension_of(goal), passes: &is_goal });
        let of_filter = filter.map(|(dimension, _)| Side { dimension, passes: &is_wanted });
        let sides: Vec<Side> = of_goal.into_iter().chain(of_filter).collect();
        let tally = self.walk.meeting(self.site, day, &sides);
        // A page is reached by being shown.
        let is_shown = goal.is_some_and(|goal| !matches!(goal, Target::Event(_)));
        if is_shown { Tally { events: 0, ..tally } } else { tally }
    }

    fn sum(&self, goal: Option<&Target>, filter: Option<(Dimension, &str)>) -> Tally {
        let days = self.walk.days(self.site).into_iter();
        days.map(|day| self.of_day(day, goal, filter)).fold(Tally::ZERO, |sum, tally| sum + tally)
    }

    fn row(&self, tally: Tally, all: i64) -> Value {
        let plain = METRICS.iter().filter(|metric| **metric != "conversion_rate");
        let hits = tally.pageviews + tally.events;
        let is_known = tally.visits > 0 || tally.visitors > 0 || hits == 0;
        let rate = if is_known { rate(tally.visitors, all) } else { Value::Null };
        plain.map(|metric| shown(metric, tally, tally)).chain([rate]).collect()
    }

    fn ask(&self, dimensions: Value, filters: Value, metrics: Value) -> BTreeMap<String, Value> {
        let days = self.days.map(|day| day.to_string());
        let body = json!({"metrics": metrics, "date_range": days, "filters": filters, "dimensions": dimensions});
        results(&answered(self.room, self.site, body))
    }

    fn goals(&self) -> Vec<headcount::site::Goal> {
        self.room.collector().directory().get(self.site).expect("a site").settings.goals.clone()
    }

    /// All goals together, over time, each alone by a dimension, with and without a filter.
    fn compare_goals(&self, pick: usize) -> Result<(), TestCaseError> {
        for (at, by) in Dimension::ALL.into_iter().enumerate() {
            let days = self.walk.days(self.site).into_iter();
            let mut values: Vec<&str> = days.flat_map(|day| self.walk.values_of_day(self.site, day, by)).collect();
            values.sort_unstable();
            values.dedup();
            let Some(value) = values.get((pick + at) % values.len().max(1)) else { continue };
            // Goals by page and event meet filters that pairs know; patterns meet those of visits.
            for filter in [None, Some((by, *value))] {
                let filters = filter.map_or(json!([]), |(by, value)| json!([["is", by.api_name(), [value]]]));
                let all = self.sum(None, filter).visitors;
                let mut expected = BTreeMap::new();
                let goals = self.goals().into_iter();
                for goal in goals.filter(|goal| filter.is_none() || meets(dimension_of(&goal.target), by)) {
                    let tally = self.sum(Some(&goal.target), filter);
                    if !tally.is_zero() {
                        expected.insert(json!([goal.name]).to_string(), self.row(tally, all));
                    }
                }
                if filter.is_none() || by.is_of_visit() {
                    let found = self.ask(json!(["event:goal"]), filters.clone(), json!(METRICS));
                    prop_assert_eq!(found, expected, "found, expected of goals under {:?}", filter);
                }
            }
            let goal = &self.goals()[(pick + at) % 5];
            if meets(dimension_of(&goal.target), by) {
                self.compare_split(goal, by, &values)?;
            }
        }
        Ok(())
    }

    /// One goal by a dimension: its share of all, and of those of the line.
    fn compare_split(&self, goal: &headcount::site::Goal, by: Dimension, values: &[&str]) -> Result<(), TestCaseError> {
        let filters = json!([["is", "event:goal", [goal.name]]]);
        let metrics = json!(["visitors", "conversion_rate", "group_conversion_rate"]);
        let found = self.ask(json!([by.api_name()]), filters, metrics);
        let all = self.sum(None, None).visitors;
        let mut expected = BTreeMap::new();
        for value in values {
            let tally = self.sum(Some(&goal.target), Some((by, value)));
            let line = self.sum(None, Some((by, value))).visitors;
            let row = match tally.visits + tally.visitors {
                0 => json!([null, null, null]),
                _ => json!([tally.visitors, rate(tally.visitors, all), rate(tally.visitors, line)]),
            };
            if !tally.is_zero() {
                expected.insert(json!([value]).to_string(), row);
            }
        }
        prop_assert_eq!(found, expected, "found, expected of {:?} by {:?}", goal, by);
        Ok(())
    }

    /// Properties under the event that is the goal, and as a filter.
    fn compare_props(&self) -> Result<(), TestCaseError> {
        for (event, key) in [("Signup", "plan"), ("Signup", "a"), ("x", "a")] {
            let axis = Axis::Prop { key, event: Some(event) };
            let mut sums: BTreeMap<&str, Tally> = BTreeMap::new();
            let cells = self.figures.days.iter().filter(|((site, _, cell), _)| *site == self.site && cell.axis == axis);
            for ((_, _, cell), tally) in cells {
                *sums.entry(cell.value).or_default() += *tally;
            }
            let row = |tally: &Tally| -> Value {
                ["visitors", "visits", "events"].iter().map(|metric| shown(metric, *tally, *tally)).collect()
            };
            let name = format!("event:props:{key}");
            let metrics = json!(["visitors", "visits", "events"]);
            let expected: BTreeMap<_, _> = sums.iter().map(|(v, tally)| (json!([v]).to_string(), row(tally))).collect();
            for dimension in ["event:goal", "event:name"] {
                let found = self.ask(json!([name]), json!([["is", dimension, [event]]]), metrics.clone());
                prop_assert_eq!(found, expected.clone(), "found, expected of {} under {} {}", key, dimension, event);
            }
            for (value, tally) in sums {
                let filters = json!([["is", "event:name", [event]], ["is", name, [value]]]);
                let found = self.ask(json!([]), filters, metrics.clone());
                prop_assert_eq!(&found["[]"], &row(&tally), "found, expected of {}={} under {}", key, value, event);
            }
        }
        Ok(())
    }

    /// Money by currency, and steps of funnels.
    fn compare_money_and_funnels(&self) -> Result<(), TestCaseError> {
        let sum = |wanted: Cell<&str>| {
            let of_cell = self.figures.days.iter().filter(|((site, _, cell), _)| *site == self.site && *cell == wanted);
            of_cell.fold(Tally::ZERO, |sum, (_, tally)| sum + *tally)
        };
        let span = Span::of_days(self.days[0], self.days[1]);
        for event in ["Signup", "x"] {
            let question = Question::new(self.site, span, Axis::Total, None, &[Metric::TotalRevenue]);
            let question = question.of_goals(&[&Target::Event(event.into())], &[]).unwrap();
            let lines = answer(&question, self.room.collector()).unwrap();
            let mut found: Vec<(Name, i64, i64)> = lines.into_iter().flat_map(|line| line.money).collect();
            found.sort();
            let of = |value| (value, sum(Cell { axis: Axis::Revenue { event, within: None }, value }));
            let expected = ["EUR", "USD"].map(of).into_iter().filter(|(_, tally)| tally.events > 0);
            let expected: Vec<(Name, i64, i64)> =
                expected.map(|(currency, tally)| (currency.into(), tally.revenue, tally.events)).collect();
            prop_assert_eq!(found, expected, "found, expected of {}", event);
        }
        for funnel in watched::settings().funnels {
            let steps = goals::funnel(self.site, span, &funnel, self.room.collector()).unwrap();
            let found: Vec<_> = steps.iter().map(|step| (step.visits, step.visitors)).collect();
            let of = |number: usize| {
                let value = number.to_string();
                let tally = sum(Cell { axis: Axis::Funnel(funnel.number), value: value.as_str() });
                (tally.visits, tally.visitors)
            };
            let expected: Vec<_> = (1..=funnel.steps.len()).map(of).collect();
            prop_assert_eq!(found, expected, "found, expected of {:?}", funnel);
        }
        Ok(())
    }
}

/// Whether sums know how two dimensions meet.
fn meets(goal: Dimension, by: Dimension) -> bool {
    by.is_of_visit() || goal != Dimension::Pattern && goal != by
}

#[test]
fn goals_funnels_and_money_are_those_of_a_naive_walk() {
    let compare = |(stream, pick): (_, usize)| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let (walk, _) = Walk::over(&schedules, &hits);
        let figures = figures(&schedules, &hits);
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
                let known = Known { room: &room, walk: &walk, figures: &figures, site, days };
                known.compare_goals(pick)?;
                known.compare_props()?;
                known.compare_money_and_funnels()?;
            }
        }
        Ok(())
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(1) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), compare).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_no_sums_know_of_a_pattern_is_refused() {
    let site = headcount::site::Site {
        id: SiteId(1),
        domain: headcount::site::Domain::parse("example.com").unwrap(),
        schedule: headcount::site::Schedule::utc(),
        settings: watched::settings(),
        added: headcount::site::Moment(0),
    };
    let asks = |dimensions: Value, filters: Value| {
        let body = json!({
            "site_id": "example.com", "metrics": ["visitors"], "date_range": ["2026-06-01", "2026-06-02"],
            "dimensions": dimensions, "filters": filters,
        });
        let request = QueryRequest::parse(body.to_string().as_bytes()).unwrap();
        request.resolve(&site, headcount::site::Moment(1_780_000_000_000), None).map(drop)
    };
    let pattern = json!([["is", "event:goal", ["Visit /**"]]]);
    for dimension in ["event:page", "event:hostname", "event:name"] {
        let refused = asks(json!([dimension]), pattern.clone()).unwrap_err().to_string();
        assert!(refused.contains("pattern"), "{refused}");
        let filters = json!([["is", "event:goal", ["Visit /**"]], ["is", dimension, ["x"]]]);
        assert!(asks(json!([]), filters).is_err(), "{dimension}");
        assert!(asks(json!([dimension]), json!([["is", "event:goal", ["Visit /a"]]])).is_ok(), "{dimension}");
    }
    assert!(asks(json!(["visit:source"]), pattern).is_ok());
}
