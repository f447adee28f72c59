//! Answers `POST /api/v2/query` in the shape of Plausible's Stats API v2, or says what is wrong with the question.
//!
//! [`QueryRequest::parse`] reads what needs no site; [`QueryRequest::resolve`] makes a [`Query`] of it for one site and moment;
//! [`Query::run`] answers it from sums.

mod answer;
mod asked;
mod check;
mod comparisons;
mod filters;
mod parse;
mod subjects;

use super::range::DateRange;
use super::{By, Interval, Order, Span, not_collected};
use crate::cell::{Axis, Filter, Metric};
use crate::counts::Name;
use crate::site::{Day, Moment, Schedule, Site};
use comparisons::{Include, QueryComparison};
use filters::Filters;
use subjects::Subject;

pub use answer::Answer;
pub use filters::{Expr, one_filter};
#[cfg(test)]
pub(crate) use parse::axis_of;

/// Why a question is not answered: one sentence for its asker, to be sent with status 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QueryError(String);

/// A question as asked, before its site is known.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryRequest {
    /// The domain that the asker calls the site.
    pub site_id: String,
    metrics: Vec<Metric>,
    range: DateRange,
    /// The range as written.
    range_text: String,
    dimensions: Vec<Asked>,
    order: Vec<(OrderKey, Direction)>,
    include: Include,
    pagination: Pagination,
    filters: Filters,
}

/// A dimension as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Asked {
    /// Time; nothing for `time`, which picks the width itself.
    Time(Option<Interval>),
    /// A dimension or a property.
    Value(Axis<Name>),
    /// The site's goals.
    Goal,
}

/// What an entry of `order_by` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrderKey {
    /// The metric at this place.
    Metric(usize),
    /// The dimension at this place.
    Dimension(usize),
}

/// A direction of `order_by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
struct Pagination {
    offset: usize,
    limit: usize,
}

/// A question about one site and one span, ready to be answered.
#[derive(Debug, Clone)]
pub struct Query {
    subjects: Vec<Subject>,
    span: Span,
    interval: Option<Interval>,
    filter: Option<Filter<Name>>,
    /// Whether the filter lets pass several values.
    is_set: bool,
    order: Vec<Order>,
    include: Include,
    comparison: Option<QueryComparison>,
    schedule: Schedule,
    echo: answer::Echo,
    time_labels: Option<Vec<String>>,
    /// What is said of what the site does not collect.
    not_collected: Option<String>,
    /// Whether small figures are kept by name when their day is over.
    keeps_small: bool,
}

impl QueryRequest {
    /// Reads the JSON body of a query.
    ///
    /// # Errors
    /// [`QueryError`], in Plausible's words where they are documented.
    pub fn parse(body: &[u8]) -> Result<QueryRequest, QueryError> {
        let request = parse::request(body)?;
        request.check()?;
        Ok(request)
    }

    /// Whether [`QueryRequest::resolve`] needs to know the first day with data.
    pub fn reads_first_day(&self) -> bool {
        self.range == DateRange::All
    }

    /// Makes a query of it for `site`, whose clock shows `now`. `first_day` is the site's first day with data, if it
    /// has any; it is only read where [`QueryRequest::reads_first_day`] says so.
    ///
    /// # Errors
    /// [`QueryError`] for timestamps that are not on the site's hours, for hours that are not kept, and for unknown goals.
    pub fn resolve(&self, site: &Site, now: Moment, first_day: Option<Day>) -> Result<Query, QueryError> {
        let span = self.range.span(&site.schedule, now, first_day).map_err(|not_on_hours| {
            QueryError(format!("#/date_range: Invalid date range {}: {not_on_hours}.", self.range_text))
        })?;
        let interval = self.interval(span, &site.schedule);
        let today = site.schedule.locate(now).day;
        self.check_hours(span, interval, today, site.settings.retention.hour_days(today))?;
        let labels =
            |interval| span.buckets(interval, &site.schedule).into_iter().map(move |b| Interval::label(interval, b));
        Ok(Query {
            subjects: self.subjects(site, span, interval)?,
            span,
            interval,
            is_set: self.filters.filter.as_ref().is_some_and(|filter| !filter.test.is_single()),
            filter: self.filters.filter.clone(),
            order: self.order.iter().map(|(key, direction)| self.step(*key, *direction)).collect(),
            include: self.include,
            comparison: self.include.comparison(site, span, now)?,
            schedule: site.schedule.clone(),
            echo: self.echo(site, span, interval),
            time_labels: interval.filter(|_| self.include.time_labels).map(|interval| labels(interval).collect()),
            not_collected: self.not_collected(site),
            keeps_small: site.settings.k_at_rest.is_none(),
        })
    }

    fn not_collected(&self, site: &Site) -> Option<String> {
        let axes = self.axis().into_iter().chain(self.filters.filter.as_ref().map(|filter| &filter.axis));
        not_collected::sentence(site, &not_collected::names(site, axes, self.metrics.iter().copied()))
    }

    /// The dimension that is not time.
    fn axis(&self) -> Option<&Axis<Name>> {
        self.dimensions.iter().find_map(|asked| match asked {
            Asked::Value(axis) => Some(axis),
            Asked::Time(_) | Asked::Goal => None,
        })
    }

    /// The width of the buckets, where time is asked for.
    fn interval(&self, span: Span, schedule: &Schedule) -> Option<Interval> {
        self.dimensions.iter().find_map(|asked| match asked {
            Asked::Time(interval) => Some(interval.unwrap_or_else(|| picked(span, schedule))),
            Asked::Value(_) | Asked::Goal => None,
        })
    }

    fn step(&self, key: OrderKey, direction: Direction) -> Order {
        let by = match key {
            OrderKey::Metric(place) => By::Metric(place),
            OrderKey::Dimension(place) if matches!(self.dimensions.get(place), Some(Asked::Time(_))) => By::Time,
            OrderKey::Dimension(_) => By::Value,
        };
        Order { by, descending: direction == Direction::Descending }
    }

    fn echo(&self, site: &Site, span: Span, interval: Option<Interval>) -> answer::Echo {
        let name = |key: &OrderKey| match key {
            OrderKey::Metric(place) => {
                self.metrics.get(*place).map_or_else(String::new, |metric| metric.name().to_owned())
            }
            OrderKey::Dimension(place) => {
                self.dimensions.get(*place).map_or_else(String::new, |asked| asked.name(interval))
            }
        };
        answer::Echo {
            site_id: site.domain.as_str().to_owned(),
            metrics: self.metrics.iter().map(|metric| metric.name()).collect(),
            date_range: range_text(span, &site.schedule),
            comparison_date_range: None,
            filters: self.filters.echo.clone(),
            dimensions: self.dimensions.iter().map(|asked| asked.name(interval)).collect(),
            order_by: self.order.iter().map(|(key, direction)| (name(key), direction.name())).collect(),
            include: self.include.into(),
            pagination: self.pagination,
        }
    }
}

/// The width that `time` picks: months for more than a month, days for more than a day, else hours.
fn picked(span: Span, schedule: &Schedule) -> Interval {
    let month_on = span.first_day().date().checked_add(jiff::ToSpan::month(1));
    if month_on.is_ok_and(|date| Day::of(date) <= span.last_day()) {
        return Interval::Month;
    }
    // A day is as many hours as the clock shows: a span of hours may be a day long and lie on two dates.
    let is_within_a_day = span.days() == 1 || (span.days() == 2 && span.buckets(Interval::Hour, schedule).len() <= 24);
    if is_within_a_day { Interval::Hour } else { Interval::Day }
}

fn range_text(span: Span, schedule: &Schedule) -> [String; 2] {
    let (start, end) = span.moments(schedule);
    [super::bucket::iso(schedule, start), super::bucket::iso(schedule, end.plus(-1))]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cell::{Dimension, Tally};
    use crate::report::memory::{Memory, SITE};
    use crate::site::{Domain, Hour, LocalHour, Settings};

    fn site(zone: &str) -> Site {
        Site {
            id: SITE,
            domain: Domain::parse("shop.test").unwrap(),
            schedule: Schedule::named(zone).unwrap(),
            settings: Settings::default(),
            added: Moment(0),
        }
    }

    fn at(text: &str) -> Moment {
        Moment(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn day(text: &str) -> Day {
        Day::of(text.parse().unwrap())
    }

    fn hits(visitors: i64, pageviews: i64) -> Tally {
        Tally { visitors, visits: visitors, pageviews, ..Tally::ZERO }
    }

    fn resolved(body: &serde_json::Value) -> Result<Query, QueryError> {
        let request = QueryRequest::parse(body.to_string().as_bytes())?;
        request.resolve(&site("Europe/Berlin"), at("2026-06-10T12:00:00Z"), Some(day("2025-01-01")))
    }

    /// The JSON answer to a query about a shop in Berlin on 10 June 2026 at 14:00.
    fn answered(body: &serde_json::Value, memory: &Memory) -> String {
        serde_json::to_string(&resolved(body).unwrap().run(memory).unwrap()).unwrap()
    }

    /// One key of the answer.
    fn part(body: &serde_json::Value, memory: &Memory, key: &str) -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&answered(body, memory)).unwrap()[key].take()
    }

    fn sources() -> Memory {
        let source = |memory: Memory, value: &str, visitors: i64, pageviews: i64| {
            memory.day(Axis::Of(Dimension::Source), day("2026-06-05"), value, hits(visitors, pageviews))
        };
        let memory = source(source(Memory::default(), "Google", 31, 52), "Direct / None", 8, 8);
        source(source(source(memory, "Bing", 2, 2), "a.test", 1, 1), "b.test", 1, 3)
    }

    #[test]
    fn the_example_of_the_protocol_is_answered_byte_for_byte() {
        let body = json!({
            "site_id": "shop.test", "metrics": ["visitors", "events"], "date_range": "7d",
            "dimensions": ["visit:source"], "include": {"total_rows": true}, "pagination": {"limit": 2, "offset": 0},
        });
        assert_eq!(
            answered(&body, &sources()),
            concat!(
                r#"{"results":[{"metrics":[31,52],"dimensions":["Google"]},{"metrics":[8,8],"dimensions":["Direct / None"]}],"#,
                r#""meta":{"total_rows":5},"#,
                r#""query":{"site_id":"shop.test","metrics":["visitors","events"],"#,
                r#""date_range":["2026-06-03T00:00:00+02:00","2026-06-09T23:59:59+02:00"],"#,
                r#""filters":[],"dimensions":["visit:source"],"order_by":[["visitors","desc"]],"#,
                r#""include":{"total_rows":true},"pagination":{"offset":0,"limit":2}}}"#,
            )
        );
    }

    #[test]
    fn totals_have_one_row_even_of_nothing() {
        let body = json!({
            "site_id": "shop.test", "date_range": ["2026-06-01", "2026-06-02"],
            "metrics": ["visitors", "views_per_visit", "bounce_rate", "visit_duration"], "include": {"total_rows": false},
        });
        assert_eq!(
            answered(&body, &Memory::default()),
            concat!(
                r#"{"results":[{"metrics":[0,0,0,null],"dimensions":[]}],"meta":{},"#,
                r#""query":{"site_id":"shop.test","metrics":["visitors","views_per_visit","bounce_rate","visit_duration"],"#,
                r#""date_range":["2026-06-01T00:00:00+02:00","2026-06-02T23:59:59+02:00"],"#,
                r#""filters":[],"dimensions":[],"order_by":[["visitors","desc"]],"include":{},"#,
                r#""pagination":{"offset":0,"limit":10000}}}"#,
            )
        );
    }

    #[test]
    fn pages_of_an_answer_never_overlap() {
        let rows = |offset: usize, order: serde_json::Value| {
            let body = json!({
                "site_id": "shop.test", "metrics": ["visitors"], "date_range": "7d", "dimensions": ["visit:source"],
                "order_by": order, "pagination": {"limit": 2, "offset": offset},
            });
            part(&body, &sources(), "results")
        };
        let row = |visitors: i64, value: &str| json!({"metrics": [visitors], "dimensions": [value]});
        assert_eq!(rows(2, json!([])), json!([row(2, "Bing"), row(1, "a.test")]));
        assert_eq!(rows(4, json!([])), json!([row(1, "b.test")]));
        assert_eq!(rows(5, json!([])), json!([]));
        let ascending = json!([["visitors", "asc"], ["visit:source", "desc"]]);
        assert_eq!(rows(0, ascending), json!([row(1, "b.test"), row(1, "a.test")]));
    }

    #[test]
    fn series_hold_what_is_there_and_labels_hold_all() {
        let hour = |hour: u8| LocalHour { day: day("2026-03-29"), hour: Hour(hour) };
        let memory =
            Memory::default().hour(Axis::Total, hour(13), "", hits(2, 3)).hour(Axis::Total, hour(1), "", hits(1, 1));
        let body = json!({
            "site_id": "shop.test", "metrics": ["visitors"], "date_range": ["2026-03-29", "2026-03-29"],
            "dimensions": ["time"], "include": {"time_labels": true, "imports": true},
        });
        assert_eq!(
            part(&body, &memory, "results"),
            json!([
                {"metrics": [1], "dimensions": ["2026-03-29 01:00:00"]},
                {"metrics": [2], "dimensions": ["2026-03-29 13:00:00"]},
            ])
        );
        let meta = part(&body, &memory, "meta");
        let labels = meta["time_labels"].as_array().unwrap();
        // The day on which the clock is put forward has no 02:00.
        assert_eq!((labels.len(), &labels[2]), (23, &json!("2026-03-29 03:00:00")));
        assert_eq!(meta["imports_included"], json!(false));
        let query = part(&body, &memory, "query");
        assert_eq!(query["dimensions"], json!(["time:hour"]));
        assert_eq!(query["order_by"], json!([["time:hour", "asc"], ["visitors", "desc"]]));
        assert_eq!(query["include"], json!({"imports": true, "time_labels": true}));
    }

    #[test]
    fn labels_of_a_range_that_ends_in_the_future_are_all_there() {
        let body = |dimension: &str| {
            json!({
                "site_id": "shop.test", "metrics": ["visitors"], "date_range": ["2026-05-30", "2026-07-01"],
                "dimensions": [dimension], "include": {"time_labels": true},
            })
        };
        let labels = |dimension: &str| part(&body(dimension), &Memory::default(), "meta")["time_labels"].take();
        let weeks = ["2026-05-30", "2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29"];
        assert_eq!(labels("time:week"), json!(weeks));
        assert_eq!(labels("time:month"), json!(["2026-05-30", "2026-06-01", "2026-07-01"]));
        assert_eq!(labels("time:day").as_array().unwrap().len(), 33);
    }

    #[test]
    fn time_and_a_dimension_stand_in_the_order_asked() {
        let source = Axis::Of(Dimension::Source);
        let memory = sources().day(source, day("2026-06-04"), "Google", hits(5, 5));
        let rows = |dimensions: [&str; 2]| {
            let body = json!({
                "site_id": "shop.test", "metrics": ["visitors"], "date_range": "7d", "dimensions": dimensions,
                "pagination": {"limit": 2},
            });
            part(&body, &memory, "results")
        };
        assert_eq!(
            rows(["time:day", "visit:source"]),
            json!([
                {"metrics": [5], "dimensions": ["2026-06-04", "Google"]},
                {"metrics": [31], "dimensions": ["2026-06-05", "Google"]},
            ])
        );
        assert_eq!(rows(["visit:source", "time:day"])[0]["dimensions"], json!(["Google", "2026-06-04"]));
    }

    #[test]
    fn visitors_of_hours_that_are_added_up_carry_a_warning() {
        let body = |range: serde_json::Value, metrics: &[&str], dimensions: &[&str]| json!({"site_id": "shop.test", "metrics": metrics, "date_range": range, "dimensions": dimensions});
        let one = json!(["2026-06-10T08:00:00+02:00", "2026-06-10T08:59:59+02:00"]);
        let two = json!(["2026-06-10T08:00:00+02:00", "2026-06-10T10:00:00+02:00"]);
        for (body, is_warned) in [
            (body(json!("24h"), &["visitors"], &[]), true),
            (body(json!("24h"), &["visitors"], &["visit:source"]), true),
            (body(json!("24h"), &["visitors"], &["time:day"]), true),
            (body(json!("24h"), &["visitors"], &["time"]), false),
            (body(json!("24h"), &["pageviews"], &[]), false),
            (body(json!("day"), &["visitors"], &["time:hour"]), false),
            (body(one, &["visitors"], &[]), false),
            (body(two, &["visitors"], &[]), true),
        ] {
            let meta = part(&body, &Memory::default(), "meta");
            let code = meta["metric_warnings"]["visitors"]["code"].as_str();
            assert_eq!(code, is_warned.then_some("summed_hours"), "{body}");
        }
        let day = part(&body(json!("24h"), &["visitors"], &[]), &Memory::default(), "query");
        assert_eq!(day["date_range"], json!(["2026-06-09T15:00:00+02:00", "2026-06-10T14:59:59+02:00"]));
    }

    #[test]
    fn time_picks_a_width_that_fits_the_range() {
        for (range, expected) in [
            (json!("day"), "time:hour"),
            (json!("24h"), "time:hour"),
            (json!("1d"), "time:hour"),
            (json!("7d"), "time:day"),
            (json!("30d"), "time:day"),
            (json!("month"), "time:day"),
            (json!("91d"), "time:month"),
            (json!("6mo"), "time:month"),
            (json!("all"), "time:month"),
            (json!(["2026-02-01", "2026-02-28"]), "time:day"),
            (json!(["2026-02-01", "2026-03-01"]), "time:month"),
            (json!(["2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"]), "time:hour"),
            (json!(["2026-06-01T00:00:00Z", "2026-06-02T01:00:00Z"]), "time:day"),
            // A day of 25 hours on the watch, and of 24 on the clock; the last day of the calendar.
            (json!(["2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00"]), "time:hour"),
            (json!(["9999-12-31", "9999-12-31"]), "time:hour"),
            (json!(["2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z"]), "time:day"),
        ] {
            let body =
                json!({"site_id": "shop.test", "metrics": ["visitors"], "date_range": range, "dimensions": ["time"]});
            assert_eq!(resolved(&body).unwrap().echo.dimensions, [expected], "{range}");
        }
    }

    #[test]
    fn hours_that_are_not_kept_are_refused() {
        let refused = |range: serde_json::Value, dimensions: &[&str]| {
            let body =
                json!({"site_id": "shop.test", "metrics": ["visitors"], "date_range": range, "dimensions": dimensions});
            resolved(&body).err().map(|error| error.to_string())
        };
        let kept =
            "Dimensions are kept by hour for 31 days; ask for a later range, for whole days, or for no dimension.";
        let by_hour = ["time:hour", "visit:source"];
        assert_eq!(refused(json!("31d"), &by_hour), None);
        assert_eq!(refused(json!("32d"), &by_hour).as_deref(), Some(kept));
        assert_eq!(refused(json!("32d"), &["time:hour"]), None);
        assert_eq!(refused(json!("32d"), &["visit:source"]), None);
        let hours = json!(["2026-05-01T00:00:00+02:00", "2026-05-02T00:00:00+02:00"]);
        assert_eq!(refused(hours.clone(), &["visit:source"]).as_deref(), Some(kept));
        assert_eq!(refused(hours, &[]), None);
        assert!(refused(json!(["1990-01-01", "2026-01-01"]), &["time:hour"]).unwrap().contains("5000 days"));
        let quarter = json!(["2026-06-01T00:15:00+02:00", "2026-06-01T01:00:00+02:00"]);
        assert_eq!(
            refused(quarter, &[]).unwrap(),
            "#/date_range: Invalid date range [\"2026-06-01T00:15:00+02:00\", \"2026-06-01T01:00:00+02:00\"]: begin on \
             a full hour of the site's time zone, and end on one or on its last second (15:59:59)."
        );
    }

    #[test]
    fn a_site_without_tokens_shows_no_visitors() {
        let memory =
            Memory::default().day(Axis::Total, day("2026-06-05"), "", Tally { pageviews: 3, events: 1, ..Tally::ZERO });
        let body = json!({
            "site_id": "shop.test", "date_range": "7d", "metrics": ["visitors", "pageviews", "events", "bounce_rate"],
        });
        assert_eq!(part(&body, &memory, "results")[0]["metrics"], json!([null, 3, 4, null]));
    }

    #[test]
    fn the_ends_of_the_calendar_are_answered() {
        for range in [["0000-01-01", "0000-02-01"], ["9999-11-15", "9999-12-31"], ["9999-12-31", "9999-12-31"]] {
            for time in ["time", "time:hour", "time:day", "time:week", "time:month"] {
                let body = json!({
                    "site_id": "shop.test", "metrics": ["visitors"], "date_range": range, "dimensions": [time],
                    "include": {"time_labels": true},
                });
                let labels = part(&body, &Memory::default(), "meta")["time_labels"].take();
                assert!(labels[0].as_str().unwrap().starts_with(range[0]), "{body}");
            }
        }
    }

    #[test]
    fn only_all_reads_the_first_day() {
        for (range, reads) in [("all", true), ("7d", false)] {
            let body = json!({"site_id": "shop.test", "metrics": ["visitors"], "date_range": range}).to_string();
            assert_eq!(QueryRequest::parse(body.as_bytes()).unwrap().reads_first_day(), reads);
        }
    }
}
