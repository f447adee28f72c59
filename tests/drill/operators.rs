//! Every operator on every dimension answers what a naive walk does, of open days, closed ones and months.

use std::collections::{BTreeMap, BTreeSet};

use headcount::cell::{Dimension, NOT_SET, Tally};
use headcount::report::query::QueryRequest;
use headcount::site::{Day, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::room::{Plan, Room};
use crate::oracle::pairs::Side;
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Figures, Walk, figures, watched};

const OPERATORS: [&str; 6] = ["is", "is_not", "contains", "contains_not", "matches", "matches_not"];
/// Names of time, the hours aside.
const TIMES: [&str; 3] = ["time:day", "time:week", "time:month"];

/// The answer of a collector to a query, as JSON.
pub fn answered(room: &Room, site: SiteId, mut body: Value) -> Value {
    let site = room.collector().directory().get(site).expect("a site").clone();
    body["site_id"] = site.domain.as_str().into();
    let request = QueryRequest::parse(body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"));
    let query = request.resolve(&site, room.clock.now(), None).unwrap_or_else(|error| panic!("{error}: {body}"));
    serde_json::to_value(query.run(room.collector()).unwrap()).unwrap()
}

/// The rows of an answer by their dimensions.
pub fn results(answer: &Value) -> BTreeMap<String, Value> {
    let rows = answer["results"].as_array().expect("rows").iter();
    rows.map(|row| (row["dimensions"].to_string(), row["metrics"].clone())).collect()
}

/// Whether rows are as they must be: figures that are sure are the same, others lie within their bounds and are warned of.
pub fn holds(answer: &Value, mut expected: BTreeMap<String, Value>, what: &str) -> Result<(), TestCaseError> {
    let names = answer["query"]["metrics"].as_array().expect("metrics");
    for row in answer["results"].as_array().expect("rows") {
        let truth = expected.remove(&row["dimensions"].to_string());
        for (place, name) in names.iter().enumerate() {
            let found = &row["metrics"][place];
            let truth = truth.as_ref().map_or(&Value::Null, |truth| &truth[place]);
            let warning = &answer["meta"]["metric_warnings"][name.as_str().expect("a name")];
            let bounds = &row["bounds"][place];
            if bounds.is_null() {
                // A line of bounds that nothing was counted for.
                let is_nothing = truth.is_null() && *found == 0;
                let is_warned = warning["code"] == "at_most" || warning["code"] == "estimated";
                let is_rate_unsure = found.is_null() && is_warned && row.get("bounds").is_some();
                prop_assert!(
                    found == truth || is_rate_unsure || is_nothing,
                    "{} of {}: {} is {} of {}",
                    name,
                    row,
                    found,
                    truth,
                    what
                );
                continue;
            }
            let [low, high] = [0, 1].map(|end| bounds[end].as_f64().expect("a number"));
            let truth = truth.as_f64().unwrap_or(0.0);
            prop_assert!(low <= truth && truth <= high && low < high, "{} of {} is {} of {}", name, row, truth, what);
            let likely = found.as_f64().expect("a number");
            let is_told = match warning["code"].as_str() {
                Some("estimated") => low <= likely && likely <= high,
                code => code == Some("at_most") && *found == bounds[1],
            };
            prop_assert!(is_told, "{} {}", row, what);
        }
    }
    prop_assert!(expected.is_empty(), "{:?} is missing of {}", expected, what);
    Ok(())
}

/// One question: a filter, and what it is broken down by.
#[derive(Debug)]
struct Asked {
    by: Dimension,
    operator: &'static str,
    texts: Vec<String>,
    any_case: bool,
    /// Nothing for the total or over time.
    split: Option<Dimension>,
    time: Option<&'static str>,
    days: [Day; 2],
}

impl Asked {
    fn passes(&self, value: &str) -> bool {
        let fold = |text: &str| if self.any_case { text.to_lowercase() } else { text.to_owned() };
        let plain = self.operator.trim_end_matches("_not");
        let holds = |text: &String| match plain {
            // What is not set has no parts.
            "contains" | "matches" if value == NOT_SET => false,
            "is" => fold(text) == fold(value),
            "contains" => fold(value).contains(&fold(text)),
            _ => {
                let flags = if self.any_case { "(?i)" } else { "" };
                regex::Regex::new(&format!("{flags}{text}")).expect("an expression").is_match(value)
            }
        };
        self.texts.iter().any(holds) != self.operator.ends_with("_not")
    }

    fn is_of_pages(&self) -> bool {
        self.by == Dimension::Page || self.split == Some(Dimension::Page)
    }

    fn metrics(&self) -> Vec<&'static str> {
        let mut metrics = vec!["visitors", "visits", "pageviews", "events", "views_per_visit"];
        let is_whole = |dimension: Dimension| dimension.is_of_visit() || dimension == Dimension::Page;
        if is_whole(self.by) && self.split.is_none_or(is_whole) {
            metrics.extend(["bounce_rate", "visit_duration"]);
        }
        if self.is_of_pages() || self.by == Dimension::Section || self.split == Some(Dimension::Section) {
            metrics.extend(["scroll_depth", "time_on_page"]);
        }
        metrics
    }

    fn body(&self) -> Value {
        let mut filter = json!([self.operator, self.by.api_name(), self.texts]);
        if self.any_case {
            filter.as_array_mut().expect("a list").push(json!({"case_sensitive": false}));
        }
        let dimensions: Vec<&str> = self.time.into_iter().chain(self.split.map(Dimension::api_name)).collect();
        let days = self.days.map(|day| day.to_string());
        json!({
            "metrics": self.metrics(), "date_range": days, "filters": [filter], "dimensions": dimensions,
            "include": {"estimates": true},
        })
    }

    fn bucket(&self, day: Day) -> Option<String> {
        let first = match self.time? {
            "time:week" => day.monday(),
            "time:month" => day.month().first(),
            _ => day,
        };
        Some(first.max(self.days[0]).to_string())
    }

    /// What a day counts in one line.
    fn line(&self, walk: &Walk, site: SiteId, day: Day, split: Option<(Dimension, &str)>, by: Dimension) -> Tally {
        let is_value = |value: &str| split.is_some_and(|(_, wanted)| wanted == value);
        let splits = split.map(|(dimension, _)| Side { dimension, passes: &is_value });
        let passes = |value: &str| self.passes(value);
        let sides: Vec<Side> = splits.into_iter().chain([Side { dimension: by, passes: &passes }]).collect();
        walk.meeting(site, day, &sides)
    }

    /// All rows as they must be.
    fn expected(&self, walk: &Walk, site: SiteId) -> BTreeMap<String, Value> {
        let entered = |dimension| if dimension == Dimension::Page { Dimension::EntryPage } else { dimension };
        let mut sums: BTreeMap<String, [Tally; 2]> = BTreeMap::new();
        for day in walk.days(site).into_iter().filter(|day| (self.days[0]..=self.days[1]).contains(day)) {
            let of_split = |dimension| walk.values_of_day(site, day, dimension).into_iter().map(Some);
            // A page that was entered on was shown.
            let values: BTreeSet<Option<&str>> = self.split.map_or(BTreeSet::from([None]), |d| of_split(d).collect());
            for value in values {
                let name: Vec<String> = self.bucket(day).into_iter().chain(value.map(str::to_owned)).collect();
                let side = |dimension: Dimension| value.map(|value| (dimension, value));
                let own = self.line(walk, site, day, self.split.and_then(side), self.by);
                let split = self.split.map(entered).and_then(side);
                let whole = self.line(walk, site, day, split, entered(self.by));
                let sum = sums.entry(json!(name).to_string()).or_default();
                sum[0] += own;
                sum[1] += if self.is_of_pages() { whole } else { own };
            }
        }
        sums.retain(|_, [own, _]| !own.is_zero());
        sums.entry("[]".to_owned()).or_default();
        if self.split.is_some() || self.time.is_some() {
            sums.remove("[]");
        }
        let shown =
            |[own, whole]: [Tally; 2]| self.metrics().iter().map(|metric| shown(metric, own, whole)).collect::<Value>();
        sums.into_iter().map(|(name, sums)| (name, shown(sums))).collect()
    }
}

/// A metric as the API shows it.
pub fn shown(metric: &str, own: Tally, whole: Tally) -> Value {
    let hits = own.pageviews + own.events;
    match metric {
        "pageviews" => return json!(own.pageviews),
        "events" => return json!(hits),
        "scroll_depth" => return mean(own.scroll, own.engaged_visits, 0),
        "time_on_page" => return mean(own.engaged_ms, own.engaged_visits * 1_000, 0),
        _ if own.visits == 0 && own.visitors == 0 && hits > 0 => return Value::Null,
        _ => {}
    }
    // Of nothing at all the API tells 0, of hits without a visit of their own nothing.
    let or_zero = |value: Value| if own.is_zero() { json!(0) } else { value };
    match metric {
        "visitors" => json!(own.visitors),
        "visits" => json!(own.visits),
        "views_per_visit" => or_zero(mean(whole.pageviews, whole.visits, 2)),
        "bounce_rate" => or_zero(mean(100 * whole.bounces, whole.visits, 0)),
        "visit_duration" => mean(whole.seconds, whole.visits, 0),
        other => panic!("{other}"),
    }
}

/// A mean, rounded half up, by decimals that are worked out digit by digit.
pub fn mean(part: i64, whole: i64, decimals: u32) -> Value {
    if whole == 0 {
        return Value::Null;
    }
    let steps = 10_i64.pow(decimals);
    let rounded = (part * steps * 2 / whole + 1) / 2;
    if rounded % steps == 0 { json!(rounded / steps) } else { json!(rounded as f64 / steps as f64) }
}

/// Texts that an operator is tried with, made of values that are there.
fn texts(operator: &str, values: &[&str], any_case: bool, pick: usize) -> Vec<String> {
    let plain = operator.trim_end_matches("_not");
    let text = |value: &&str| {
        let cut: String = match plain {
            "is" => (*value).to_owned(),
            "contains" => value.chars().skip(usize::from(value.len() > 2)).take(3).collect(),
            _ => format!("^{}", regex::escape(&value.chars().take(2).collect::<String>())),
        };
        if any_case && plain != "matches" { cut.to_uppercase() } else { cut }
    };
    let many = 1 + pick % 2;
    values.iter().cycle().skip(pick).take(many.min(values.len())).map(text).collect()
}

pub fn all_values<'a>(walk: &Walk<'a>, site: SiteId, dimension: Dimension) -> Vec<&'a str> {
    let days = walk.days(site).into_iter();
    let values: BTreeSet<&str> = days.flat_map(|day| walk.values_of_day(site, day, dimension)).collect();
    values.into_iter().collect()
}

/// The dimensions that readers know, and sections.
fn asked_for() -> Vec<Dimension> {
    Dimension::ALL.into_iter().chain([Dimension::Section]).collect()
}

/// Tries every operator on every dimension, each with one of the breakdowns.
fn compare(room: &Room, walk: &Walk, days: [Day; 2], pick: usize) -> Result<(), TestCaseError> {
    let now = room.clock.now();
    for (number, site) in room.sites.iter().enumerate() {
        let schedule = room.collector().directory().get(*site).expect("a site").schedule.clone();
        let is_open = |day: Day| schedule.end_of(day).plus(2_000) > now;
        for (at, by) in asked_for().into_iter().enumerate() {
            let values = all_values(walk, *site, by);
            for (nth, operator) in OPERATORS.into_iter().enumerate().filter(|_| !values.is_empty()) {
                let turn = pick + 7 * at + 3 * nth + number;
                let any_case = turn.is_multiple_of(3);
                let split = (!turn.is_multiple_of(4)).then(|| asked_for()[turn % asked_for().len()]);
                let time = (turn % 5 < 3).then(|| TIMES[turn % 3]);
                let texts = texts(operator, &values, any_case, turn / 2);
                let asked = Asked { by, operator, texts, any_case, split, time, days };
                let answer = answered(room, *site, asked.body());
                holds(&answer, asked.expected(walk, *site), &format!("{asked:?}"))?;
                // The day that runs is known.
                let is_known = time.is_none() && walk.days(*site).into_iter().all(is_open);
                prop_assert!(!is_known || answer["meta"].get("metric_warnings").is_none(), "{:?}", asked);
            }
        }
    }
    Ok(())
}

/// Hours of one filter, from those of single dimensions.
fn compare_hours(room: &Room, walk: &Walk, expected: &Figures, pick: usize) -> Result<(), TestCaseError> {
    for site in &room.sites {
        let today = room.collector().directory().get(*site).expect("a site").schedule.locate(room.clock.now()).day;
        for (at, by) in Dimension::ALL.into_iter().enumerate() {
            let (values, days) = (all_values(walk, *site, by), walk.days(*site));
            let days: Vec<Day> = days.into_iter().filter(|day| day.0 >= today.0 - 31).collect();
            let (Some(value), Some(day)) =
                (values.get(pick % values.len().max(1)), days.get((pick + at) % days.len().max(1)))
            else {
                continue;
            };
            let mut rows = BTreeMap::new();
            for ((of, on, hour, cell), tally) in &expected.hours {
                let is_wanted = of == site && on == day && cell.value == *value;
                if is_wanted && cell.axis == headcount::cell::Axis::Of(by) && !tally.is_zero() {
                    let metrics = ["visitors", "visits", "pageviews", "events"];
                    let shown: Value = metrics.iter().map(|metric| shown(metric, *tally, *tally)).collect();
                    rows.insert(json!([format!("{day} {:02}:00:00", hour.0)]).to_string(), shown);
                }
            }
            let body = json!({
                "metrics": ["visitors", "visits", "pageviews", "events"], "date_range": [day.to_string(), day.to_string()],
                "filters": [["is", by.api_name(), [value]]], "dimensions": ["time:hour"],
            });
            prop_assert_eq!(results(&answered(room, *site, body.clone())), rows, "found, expected of {}", body);
        }
    }
    Ok(())
}

/// Filters on two dimensions of which one implies the other, or which are kept in one: each value pair that there is.
fn compare_joined(room: &Room, walk: &Walk, days: [Day; 2], pick: usize) -> Result<(), TestCaseError> {
    use Dimension::{Browser, BrowserVersion, Channel, City, Country, Os, OsVersion, Region, Source};
    let joined = [
        [City, Country],
        [City, Region],
        [Region, Country],
        [BrowserVersion, Browser],
        [OsVersion, Os],
        [Source, Channel],
    ];
    for (at, [fine, coarse]) in joined.into_iter().enumerate() {
        for site in room.sites.clone() {
            let split = Dimension::ALL[(pick + 5 * at) % Dimension::ALL.len()];
            let coarser = all_values(walk, site, coarse);
            // What is not set implies nothing, and is refused.
            let is_known = |value: &&str| *value != NOT_SET || fine == Source;
            let values = all_values(walk, site, fine).into_iter().filter(is_known);
            for (a, b) in values.flat_map(|a| coarser.iter().map(move |b| (a, *b))) {
                let expected = joint(walk, site, [(fine, a), (coarse, b)], split);
                let body = json!({
                    "metrics": PLAIN, "date_range": days.map(|day| day.to_string()), "dimensions": [split.api_name()],
                    "filters": [["is", fine.api_name(), [a]], ["is", coarse.api_name(), [b]]],
                });
                prop_assert_eq!(results(&answered(room, site, body.clone())), expected, "found, expected of {}", body);
            }
        }
    }
    Ok(())
}

/// What every split counts of hits that have two values.
const PLAIN: [&str; 4] = ["visitors", "visits", "pageviews", "events"];

/// All rows of a breakdown under two filters.
fn joint(
    walk: &Walk,
    site: SiteId,
    [(fine, a), (coarse, b)]: [(Dimension, &str); 2],
    split: Dimension,
) -> BTreeMap<String, Value> {
    let (is_a, is_b) = (|value: &str| value == a, |value: &str| value == b);
    let mut sums: BTreeMap<String, Tally> = BTreeMap::new();
    for day in walk.days(site) {
        for value in walk.values_of_day(site, day, split) {
            let is_value = |other: &str| other == value;
            let sides = [
                Side { dimension: fine, passes: &is_a },
                Side { dimension: coarse, passes: &is_b },
                Side { dimension: split, passes: &is_value },
            ];
            *sums.entry(json!([value]).to_string()).or_default() += walk.meeting(site, day, &sides);
        }
    }
    sums.retain(|_, tally| !tally.is_zero());
    let row = |tally: Tally| -> Value { PLAIN.iter().map(|name| shown(name, tally, tally)).collect() };
    sums.into_iter().map(|(name, tally)| (name, row(tally))).collect()
}

#[test]
fn every_operator_answers_as_a_naive_walk() {
    let compare = |(stream, pick): (_, usize)| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let (walk, _) = Walk::over(&schedules, &hits);
        let figures = figures(&schedules, &hits);
        let mut room = Room::open(&plan, &watched::settings());
        room.play(&plan);
        // Days that have ended are closed, the last one is open.
        room.flush();
        let days = [hits.iter().map(|hit| hit.local.day).min().expect("a hit"), plan.last_day()];
        compare(&room, &walk, days, pick)?;
        compare_hours(&room, &walk, &figures, pick)?;
        compare_joined(&room, &walk, days, pick)?;
        room.close(plan.last_day());
        let months = [days[0].month().first(), days[1].month().last()];
        compare(&room, &walk, months, pick + 1)?;
        compare_hours(&room, &walk, &figures, pick + 1)?;
        compare_joined(&room, &walk, months, pick + 1)
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(1) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), compare).unwrap_or_else(|error| panic!("{error}"));
}
