//! Answers `POST /api/v2/query` in the shape of Plausible's Stats API v2, or says what is wrong with the question.
//!
//! [`QueryRequest::parse`] reads what needs no site; [`QueryRequest::resolve`] makes a [`Query`] of it for one site and moment;
//! [`Query::run`] answers it from sums.

mod answer;
mod asked;
mod check;
mod comparisons;
mod filters;
mod following;
mod in_memory;
mod segments;
mod parse;
mod subjects;

use super::range::DateRange;
use super::sections::{self, SECTIONS, not_counted};
use super::{By, Interval, Order, Question, Span, not_collected, past_budget};
use crate::cell::{Axis, Dimension, Filter, Metric};
use crate::counts::Name;
use crate::site::{Day, Moment, Schedule, Site};
use comparisons::{Include, QueryComparison};
use filters::Filters;
use subjects::Subject;

pub use answer::Answer;
pub(super) use filters::of_pages_before;
pub use filters::{Expr, few_filters};
pub use in_memory::{ASK_MEMORY, VisitQuery, VisitRequest};
pub use parse::UNLISTED;
#[cfg(test)]
pub(crate) use parse::axis_of;
pub use segments::NamedSegments;

/// Why a question is not answered: one sentence for its asker, to be sent with status 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QueryError(String);

impl QueryError {
    /// The same, and what can be asked instead.
    #[must_use]
    pub fn or_ask(self, instead: &str) -> QueryError {
        QueryError(format!("{} {instead}", self.0))
    }
}

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
    /// Whether it asks for the next page, and so is read of the page before.
    is_turned: bool,
}

/// A dimension as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Asked {
    /// Time; nothing for `time`, which picks the width itself.
    Time(Option<Interval>),
    /// A dimension or a property.
    Value(Axis<Name>),
    /// A dimension by the English names of its values.
    Named(Dimension),
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

/// What of a line stands in the place of a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineColumn {
    /// Its bucket.
    Time,
    /// One of its values.
    Value {
        /// Whether it is the second.
        is_second: bool,
        /// The dimension of places by whose names it is called.
        named: Option<Dimension>,
    },
}

/// A question about one site and one span, ready to be answered.
#[derive(Debug, Clone)]
pub struct Query {
    subjects: Vec<Subject>,
    span: Span,
    interval: Option<Interval>,
    /// What of a line stands in the place of each dimension.
    columns: Vec<LineColumn>,
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
    /// By which of its dimensions segments are, and those of the site.
    segments: Option<NamedSegments>,
    /// The first day on which all segments are counted that it asks for.
    counted_since: Option<Day>,
    /// Segments and goals that have lines of their own, and since when they are counted.
    lines_since: Vec<(Name, Day)>,
    /// Segments that are counted of a part of the range alone, and since when.
    begun: Vec<(String, Day)>,
    /// What is said of segments that have no line, as it is not kept how they meet the rest.
    left_out: Vec<String>,
    /// The questions whether some of what is asked was past the budget of a day.
    past_budget: Vec<Question>,
    /// The first day of which sections are counted, if that is so of these.
    sections_begun: Option<Day>,
    /// Named properties that are asked for by other dimensions and were not counted so on all days, each since when it is.
    properties_begun: Vec<(String, Day)>,
}

impl QueryRequest {
    /// Reads the JSON body of a query.
    ///
    /// # Errors
    /// [`QueryError`], in Plausible's words where they are documented.
    pub fn parse(body: &[u8]) -> Result<QueryRequest, QueryError> {
        let request = parse::request(body)?;
        request.check().map_err(|wrong| request.as_asked(wrong))?;
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
        self.query(site, now, first_day).map_err(|wrong| self.as_asked(wrong))
    }

    /// What is wrong, in the names of the question.
    fn as_asked(&self, QueryError(sentence): QueryError) -> QueryError {
        QueryError(if self.is_turned { following::sentence_as_asked(&sentence).into_owned() } else { sentence })
    }

    fn query(&self, site: &Site, now: Moment, first_day: Option<Day>) -> Result<Query, QueryError> {
        let span = self.range.span(&site.schedule, now, first_day).map_err(|not_on_hours| {
            QueryError(format!("#/date_range: Invalid date range {}: {not_on_hours}.", self.range_text))
        })?;
        let interval = self.interval(span, &site.schedule);
        let today = site.schedule.locate(now).day;
        self.check_hours(span, interval, today, site.settings.retention.hour_days(today))?;
        self.check_sections(site)?;
        let filters = self.filters_at(site)?;
        let mut subjects = self.subjects(site, span, interval, &filters)?;
        let left_out = self.keep_met(site, &mut subjects)?;
        let labels =
            |interval| span.buckets(interval, &site.schedule).into_iter().map(move |b| Interval::label(interval, b));
        Ok(Query {
            past_budget: self.past_budget(site, span, &filters),
            subjects,
            left_out,
            span,
            interval,
            columns: self.columns(),
            begun: self.begun_within(site, span, &filters),
            properties_begun: self.properties_begun(site, span, &filters),
            sections_begun: sections::begun_within(site, self.all_axes().iter(), span),
            segments: self.named_segments(site),
            counted_since: self.counted_since(site, &filters),
            lines_since: self.lines_since(site, &filters),
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

    /// The questions whether some of what is asked was past the budget of a day.
    fn past_budget(&self, site: &Site, span: Span, filters: &[Filter<Name>]) -> Vec<Question> {
        let goals = self.goals_of(site).filter(|_| self.is_of_goals());
        let tests = past_budget::tests_of(filters, self.asked_segments(site, filters), goals);
        past_budget::questions(site, span, &tests)
    }

    /// Whether it asks for sections, or for what is in some.
    fn is_of_sections(&self) -> bool {
        self.all_axes().contains(&SECTIONS)
    }

    fn check_sections(&self, site: &Site) -> Result<(), QueryError> {
        let is_refused = self.is_of_sections() && !site.has_sections();
        if is_refused { Err(QueryError(format!("This is not answered: {}.", not_counted(site)))) } else { Ok(()) }
    }

    fn not_collected(&self, site: &Site) -> Option<String> {
        let axes = self.axes();
        let axes = axes.iter().chain(self.filters.filters.iter().map(|filter| &filter.axis));
        not_collected::sentence(site, &not_collected::names(site, axes, self.metrics.iter().copied()))
    }

    /// The dimensions that are neither time nor goals.
    fn axes(&self) -> Vec<Axis<Name>> {
        self.dimensions.iter().filter_map(Asked::axis).collect()
    }

    /// What of a line stands in the place of each dimension. Beside another dimension, goals are the second.
    fn columns(&self) -> Vec<LineColumn> {
        let has_axis = !self.axes().is_empty();
        let mut is_first = true;
        let mut value = |named: Option<Dimension>| {
            let is_second = !std::mem::take(&mut is_first);
            LineColumn::Value { is_second, named }
        };
        let column = |asked: &Asked| match asked {
            Asked::Time(_) => LineColumn::Time,
            Asked::Goal => LineColumn::Value { is_second: has_axis, named: None },
            Asked::Value(_) => value(None),
            Asked::Named(dimension) => value(Some(*dimension)),
        };
        self.dimensions.iter().map(column).collect()
    }

    /// The width of the buckets, where time is asked for.
    fn interval(&self, span: Span, schedule: &Schedule) -> Option<Interval> {
        self.dimensions.iter().find_map(|asked| match asked {
            Asked::Time(interval) => Some(interval.unwrap_or_else(|| picked(span, schedule))),
            Asked::Value(_) | Asked::Named(_) | Asked::Goal => None,
        })
    }

    fn step(&self, key: OrderKey, direction: Direction) -> Order {
        let by = match key {
            OrderKey::Metric(place) => By::Metric(place),
            OrderKey::Dimension(place) => match self.columns().get(place) {
                Some(LineColumn::Time) => By::Time,
                Some(LineColumn::Value { is_second: true, named: None }) => By::Second,
                Some(LineColumn::Value { is_second: true, named: Some(dimension) }) => By::SecondName(*dimension),
                Some(LineColumn::Value { is_second: false, named: Some(dimension) }) => By::Name(*dimension),
                _ => By::Value,
            },
        };
        Order { by, descending: direction == Direction::Descending }
    }

    fn echo(&self, site: &Site, span: Span, interval: Option<Interval>) -> answer::Echo {
        let called = |asked: &Asked| {
            let name = asked.name(interval);
            if self.is_turned { following::name_as_asked(&name).to_owned() } else { name }
        };
        let name = |key: &OrderKey| match key {
            OrderKey::Metric(place) => {
                self.metrics.get(*place).map_or_else(String::new, |metric| metric.name().to_owned())
            }
            OrderKey::Dimension(place) => self.dimensions.get(*place).map_or_else(String::new, called),
        };
        answer::Echo {
            site_id: site.domain.as_str().to_owned(),
            metrics: self.metrics.iter().map(|metric| metric.name()).collect(),
            date_range: range_text(span, &site.schedule),
            comparison_date_range: None,
            filters: match self.is_turned {
                true => following::filters_as_asked(&self.filters.echo),
                false => self.filters.echo.clone(),
            },
            dimensions: self.dimensions.iter().map(called).collect(),
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
mod tests;
