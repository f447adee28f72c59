//! Answers what sums can't from whole visits, for days whose visits are all in memory: any filters, and up to two dimensions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{self, Answer, VisitAnswer};
use super::filters::{self, Node};
use super::parse::{self, array, refuse};
use super::{Asked, Direction, OrderKey, QueryError, QueryRequest};
use crate::cell::filter::JOINT;
use crate::cell::{Axis, Condition, ConditionScope, Dimension, Filter, Metric, NOT_SET, OTHER, Tally, Test};
use crate::counts::Name;
use crate::counts::snapshot::{self, MatchedRow, VisitSplit};
use crate::limits;
use crate::report::choice::{Choice, reaching};
use crate::report::figures::Figures;
use crate::report::sections::{SECTIONS, not_counted};
use crate::report::{
    self, Figure, Interval, MatchedDays, Question, Span, Sums, not_collected, past_budget, place_names,
};
use crate::site::{Day, Goal, LocalHour, Moment, SetAside, Site, SiteId};
use crate::store::{Grain, StoreError};

/// A question that is asked of whole visits.
#[derive(Debug, Clone)]
pub struct VisitRequest {
    request: QueryRequest,
    /// Tests and goals, as the list of filters has them.
    nodes: Vec<Node>,
}

/// The same about one site and span.
#[derive(Debug, Clone)]
pub struct VisitQuery {
    site: SiteId,
    span: Span,
    interval: Option<Interval>,
    axes: Vec<Axis<Name>>,
    /// What is counted, and what shares are taken of.
    condition: Condition<Name>,
    whole: Condition<Name>,
    request: QueryRequest,
    /// The goals whose money is wanted, as events.
    money: Vec<Name>,
    echo: super::answer::Echo,
    time_labels: Option<Vec<String>>,
    /// The questions whether some of what is asked was past the budget of a day.
    past_budget: Vec<Question>,
    keeps_small: bool,
    not_collected: Option<String>,
}

/// What can be asked where sums can't answer and not all visits are in memory.
pub const ASK_MEMORY: &str = "Days whose visits are all in memory, such as today, answer any filters and two dimensions; of other days \
                              a segment answers, from its declaration on (`headcount segment add`).";

/// A row of the answer.
struct QueryRow {
    bucket: Option<i32>,
    values: [Name; 2],
    metrics: Vec<Option<f64>>,
    /// Of its money, if that is of one.
    currency: Option<Name>,
}

/// A bucket and values.
type VisitRowKey = (Option<i32>, [Name; 2]);
type RowSums = BTreeMap<VisitRowKey, Tally>;
/// By bucket and value: thousandths and events by currency.
type PaidSums = BTreeMap<(Option<i32>, Name), BTreeMap<Name, (i64, i64)>>;

impl VisitRequest {
    /// Reads the JSON body of a query.
    ///
    /// # Errors
    /// [`QueryError`]
    pub fn parse(body: &[u8]) -> Result<VisitRequest, QueryError> {
        let mut nodes = Vec::new();
        let request = parse::request_with(body, &mut |value| {
            nodes = read_nodes(value)?;
            Ok(filters::Filters { echo: array("#/filters", value)?.to_vec(), ..filters::Filters::default() })
        })?;
        Ok(VisitRequest { request, nodes })
    }

    /// The domain that the asker calls the site.
    pub fn site_id(&self) -> &str {
        &self.request.site_id
    }

    /// Whether [`VisitRequest::resolve`] needs to know the first day with data.
    pub fn reads_first_day(&self) -> bool {
        self.request.reads_first_day()
    }

    /// Makes a query of it for a site, whose clock shows `now`.
    ///
    /// # Errors
    /// [`QueryError`] for what is not kept together, and for unknown goals and segments.
    pub fn resolve(&self, site: &Site, now: Moment, first_day: Option<Day>) -> Result<VisitQuery, QueryError> {
        let request = &self.request;
        let span = request.range.span(&site.schedule, now, first_day).map_err(|wrong| {
            QueryError(format!("#/date_range: Invalid date range {}: {wrong}.", request.range_text))
        })?;
        if span.grain == Grain::Hour {
            return refuse("#/date_range", "Visits in memory are asked for by whole days.");
        }
        let interval = request.interval(span, &site.schedule);
        request.check_sections(site)?;
        let axes = request.axes();
        let (condition, whole) = self.conditions(site)?;
        let money = Question::new(site.id, span, Axis::Total, None, &request.metrics).with_money_of(site).money;
        let tests: Vec<Filter<Name>> = condition.tests().into_iter().cloned().collect();
        check_counted(site, span, &tests, &request.metrics)?;
        let known = axes.iter().chain(tests.iter().map(|test| &test.axis));
        let missing = not_collected::names(site, known, request.metrics.iter().copied());
        let query = VisitQuery {
            past_budget: past_budget::questions(site, span, &tests),
            keeps_small: site.settings.k_at_rest.is_none(),
            not_collected: not_collected::sentence(site, &missing),
            site: site.id,
            span,
            interval,
            axes,
            condition,
            whole,
            money,
            request: request.clone(),
            echo: request.echo(site, span, interval),
            time_labels: interval.filter(|_| request.include.time_labels).map(|interval| {
                span.buckets(interval, &site.schedule).into_iter().map(|bucket| interval.label(bucket)).collect()
            }),
        };
        query.check(self)?;
        Ok(query)
    }

    /// What passes with its goal, and without it.
    fn conditions(&self, site: &Site) -> Result<(Condition<Name>, Condition<Name>), QueryError> {
        let (mut tests, mut goals) = (Vec::new(), Vec::new());
        for node in &self.nodes {
            match node {
                Node::Goal(test) => goals.push(test),
                Node::Expr(expr) => tests.push(condition(expr, site)?),
            }
        }
        let whole = Condition::all(tests);
        if goals.is_empty() {
            return Ok((whole.clone(), whole));
        }
        let wanted = |goal: &&Goal| goals.iter().all(|test| test.passes(&goal.name));
        let found: Vec<&Goal> = site.settings.goals.iter().filter(wanted).collect();
        if found.is_empty() {
            return Err(QueryError("No goal has that name.".into()));
        }
        let any = Condition::any(found.into_iter().map(|goal| reaching(&goal.target)));
        Ok((Condition::all([whole.clone(), any]), whole))
    }
}

/// The filters of a list, those on segments among them.
fn read_nodes(value: &Value) -> Result<Vec<Node>, QueryError> {
    let items = array("#/filters", value)?.iter().enumerate();
    let nodes = items.map(|(at, item)| filters::read(&format!("#/filters/{at}"), item, 0, true));
    let nodes: Vec<Node> = nodes.collect::<Result<_, _>>()?;
    let exprs = || nodes.iter().filter_map(|node| if let Node::Expr(expr) = node { Some(expr) } else { None });
    let of_goals = nodes.iter().map(|node| if let Node::Goal(test) = node { test.len() } else { 0 }).sum::<usize>();
    let values = 1 + exprs().map(filters::values_in).sum::<usize>() + of_goals;
    if values > limits::QUERY_VALUES_MAX
        || exprs().map(filters::expressions_in).sum::<usize>() > limits::EXPRESSIONS_MAX
    {
        return refuse("#/filters", "There are too many items or regular expressions in all filters together.");
    }
    Ok(nodes)
}

/// The condition that a filter is.
fn condition(expr: &filters::Expr, site: &Site) -> Result<Condition<Name>, QueryError> {
    use filters::Expr;
    let all = |list: &[Expr]| list.iter().map(|item| condition(item, site)).collect::<Result<Vec<_>, _>>();
    Ok(match expr {
        Expr::Is(Axis::Of(Dimension::Segment), test) => return of_segments(test, site),
        Expr::Is(axis, Test::Not(test)) => {
            Condition::Is(Filter { axis: axis.clone(), test: (**test).clone() }).negated()
        }
        Expr::Is(axis, test) => Condition::Is(Filter { axis: axis.clone(), test: test.clone() }),
        Expr::All(list) => Condition::all(all(list)?),
        Expr::Any(list) => Condition::any(all(list)?),
        Expr::Not(item) => condition(item, site)?.negated(),
        Expr::Done(item) => Condition::Done(Box::new(condition(item, site)?)),
    })
}

fn of_segments(test: &Test, site: &Site) -> Result<Condition<Name>, QueryError> {
    let (named, is_not) = match test {
        Test::Not(test) => (test.named(), true),
        test => (test.named(), false),
    };
    let Some(names) = named else { return Err(QueryError("Segments can be filtered by `is` and `is_not`.".into())) };
    let written = names.iter().map(|name| format!("segment:{name}")).collect::<Vec<_>>();
    let chosen = Choice::read(written.iter().map(String::as_str)).and_then(|choice| choice.of_visits(site));
    let chosen = chosen.map_err(|error| QueryError(format!("{error}.")))?;
    let condition = chosen.condition().cloned().unwrap_or(Condition::All(Vec::new()));
    Ok(if is_not { condition.negated() } else { condition })
}

/// Refuses sections where none are counted, and rates of whole visits where hits of them are set aside.
fn check_counted(site: &Site, span: Span, tests: &[Filter<Name>], metrics: &[Metric]) -> Result<(), QueryError> {
    if tests.iter().any(|test| test.axis == SECTIONS) && !site.has_sections() {
        return Err(QueryError(format!("This is not answered: {}.", not_counted(site))));
    }
    let is_of_hits = |act: &&SetAside| Dimension::from_name(&act.key).is_some_and(|of| !of.is_of_visit());
    let mut acts = site.settings.set_aside.acts.iter().filter(is_of_hits);
    let is_parted = acts.any(|act| act.first <= span.last_day() && act.last >= span.first_day());
    let of_visits = metrics.iter().find(|metric| matches!(metric, Metric::BounceRate | Metric::VisitDuration));
    match of_visits.filter(|_| is_parted) {
        Some(metric) => Err(QueryError(format!(
            "Metric `{}` is of whole visits, of which some hits are set aside on these days; leave it out.",
            metric.name()
        ))),
        None => Ok(()),
    }
}

impl VisitQuery {
    /// Refuses what is not kept together, and metrics that do not exist.
    fn check(&self, of: &VisitRequest) -> Result<(), QueryError> {
        if self.request.dimensions.contains(&Asked::Goal) || self.axes.len() > 2 || of.request.dimensions.len() > 3 {
            return Err(QueryError(
                "Visits in memory are split by at most two dimensions and by time, not by goals.".into(),
            ));
        }
        let axes: Vec<&Axis<Name>> = self.axes.iter().collect();
        if !snapshot::is_known(&self.condition, &axes) || !snapshot::is_known(&self.whole, &axes) {
            let sentence = "Of properties it is kept with which event and in which visit they came, not on which page or with which \
                            other property; test one of them within `has_done`, or leave out what else is of hits.";
            return Err(QueryError(sentence.into()));
        }
        if self.request.include.comparisons.is_some() {
            return refuse(
                "#/include/comparisons",
                "Visits in memory are of no other days that they could be compared with.",
            );
        }
        if self.condition.depth() > limits::FILTER_DEPTH_MAX {
            return refuse("#/filters", "The filters are nested too deep.");
        }
        self.check_metrics(of)
    }

    fn check_metrics(&self, of: &VisitRequest) -> Result<(), QueryError> {
        let is_of_visits = self.condition.scope() == Some(ConditionScope::Visits)
            && self.axes.iter().all(|axis| matches!(axis, Axis::Of(dimension) if dimension.is_of_visit()));
        let is_of_page =
            self.axes.contains(&Axis::Of(Dimension::Page)) || self.condition.tests_hits_by(Dimension::Page);
        // Time and scrolling are a page's, however it was reached.
        let is_of_page = is_of_page && !self.axes.contains(&Axis::Of(Dimension::PreviousPage));
        let of_sections = self.axes.contains(&SECTIONS) || self.condition.tests_hits_by(Dimension::Section);
        let is_before = self.axes.contains(&Axis::Of(Dimension::PreviousPage));
        let has_time = is_of_page || of_sections && !is_before;
        let has_goal = of.nodes.iter().any(|node| matches!(node, Node::Goal(_)));
        for metric in &self.request.metrics {
            let needs = match metric {
                Metric::BounceRate | Metric::VisitDuration if !is_of_visits => {
                    "whole visits: no dimension and filter of hits"
                }
                // Under a page it is that of the visits that entered there.
                Metric::ViewsPerVisit if is_of_page => "whole visits: no dimension and filter of hits",
                Metric::ExitRate => "one filter or two",
                Metric::ScrollDepth | Metric::TimeOnPage if !has_time => "event:page filters or dimensions",
                Metric::Percentage if self.request.dimensions.is_empty() => "dimensions",
                metric if metric.is_of_goals() && !metric.is_money() && !has_goal => "event:goal filters",
                _ => continue,
            };
            return Err(QueryError(format!("Metric `{}` can only be queried with {needs}.", metric.name())));
        }
        Ok(())
    }

    /// Answers it; nothing where not all visits of the range are in memory.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn run(&self, sums: &dyn Sums) -> Result<Option<Answer>, StoreError> {
        let axes: Vec<&Axis<Name>> = self.axes.iter().collect();
        let by_hour = self.interval == Some(Interval::Hour);
        let (by_money, knows_money) = (Axis::Of(Dimension::Money), self.knows_money());
        let paid: Vec<&Axis<Name>> = axes.iter().copied().chain([&by_money]).collect();
        let whole_split = VisitSplit { axes: &[], by_hour: false };
        let splits = [VisitSplit { axes: &axes, by_hour }, whole_split, VisitSplit { axes: &paid, by_hour: false }];
        let splits = if knows_money { &splits[..] } else { &splits[..2] };
        let days = (self.span.first_day(), self.span.last_day());
        let Some(own) = sums.matching(self.site, days, &self.condition, splits)? else { return Ok(None) };
        let Some(whole) = sums.matching(self.site, days, &self.whole, &splits[..2])? else { return Ok(None) };
        let all: i64 = whole.iter().flat_map(|(_, rows)| &rows[1]).map(|row| row.tally.visitors).sum();
        let paid = self.paid(&own);
        let (own, whole) = (self.added_up(own), self.added_up(whole));
        let row = |(key, tally)| self.row(key, tally, &whole, (all, &paid));
        let mut rows: Vec<QueryRow> = own.into_iter().map(row).collect();
        if self.echo.dimensions.is_empty() && rows.is_empty() {
            rows.push(self.row((None, [Name::from(""), Name::from("")]), Tally::ZERO, &whole, (all, &paid)));
        }
        self.sort(&mut rows);
        let shown = rows.iter().skip(self.request.pagination.offset).take(self.request.pagination.limit);
        let shown = shown.map(|row| (self.written(row), self.dimensions(row))).collect();
        let lacks_money = self.asks_money() && (!knows_money || paid.values().any(|sums| sums.len() > 1));
        let is_rest = |row: &QueryRow| row.values.iter().any(|value| &**value == OTHER);
        let has_rest = rows.iter().any(is_rest);
        let answer = VisitAnswer { rows: shown, all: rows.len(), lacks_money, ..self.empty_answer(has_rest, sums)? };
        Ok(Some(Answer::of_visits(&self.echo, answer)))
    }

    /// What is told beside rows, of which some may be of values that are counted together.
    fn empty_answer(&self, has_rest: bool, sums: &dyn Sums) -> Result<VisitAnswer, StoreError> {
        let (first, last) = (self.span.first_day(), self.span.last_day());
        let is_behind_filter = report::answers(&self.past_budget, sums)?.iter().any(|lines| !lines.is_empty());
        Ok(VisitAnswer {
            rows: Vec::new(),
            all: 0,
            include: self.request.include,
            time_labels: self.time_labels.clone(),
            lacks_money: false,
            has_other: (has_rest, is_behind_filter),
            keeps_small: self.keeps_small,
            marks: sums.taken_out(self.site, first, last)?,
            unvisited: sums.unvisited(self.site, first, last)?,
            not_collected: self.not_collected.clone(),
        })
    }

    fn asks_money(&self) -> bool {
        self.request.metrics.iter().any(|metric| metric.is_money())
    }

    /// Whether visits know the money that is asked for.
    fn knows_money(&self) -> bool {
        let by_money = Axis::Of(Dimension::Money);
        let axes: Vec<&Axis<Name>> = self.axes.iter().chain([&by_money]).collect();
        let is_known = self.axes.len() < 2 && snapshot::is_known(&self.condition, &axes);
        self.asks_money() && is_known && self.interval != Some(Interval::Hour)
    }

    /// Money by currency: thousandths, and the events that brought it.
    fn paid(&self, days: &MatchedDays) -> PaidSums {
        let mut sums = PaidSums::new();
        for (day, rows) in days {
            for MatchedRow { values, tally, .. } in rows.get(2).into_iter().flatten() {
                let (value, money) = if self.axes.is_empty() { ("", &values[0]) } else { (&*values[0], &values[1]) };
                let Some((event, currency)) = money.rsplit_once(JOINT) else { continue };
                if self.money.iter().any(|wanted| **wanted == *event) {
                    let bucket = self.interval.map(|interval| interval.bucket_of(*day, self.span.first_day()).0);
                    let sum =
                        sums.entry((bucket, Name::from(value))).or_default().entry(Name::from(currency)).or_default();
                    (sum.0, sum.1) = (sum.0 + tally.revenue, sum.1 + tally.events);
                }
            }
        }
        sums
    }

    /// The metrics of a row as JSON.
    fn written(&self, row: &QueryRow) -> Vec<Value> {
        let written = |(metric, value): (&Metric, &Option<f64>)| match (value, &row.currency) {
            (Some(value), Some(currency)) if metric.is_money() => answer::amount(*value, currency),
            _ => json!(Figure(*value)),
        };
        self.request.metrics.iter().zip(&row.metrics).map(written).collect()
    }

    fn added_up(&self, days: MatchedDays) -> RowSums {
        let mut sums = RowSums::new();
        for (day, rows) in days {
            for MatchedRow { hour, values, tally } in rows.into_iter().next().unwrap_or_default() {
                let bucket = match (self.interval, hour) {
                    (Some(Interval::Hour), Some(hour)) => Some(LocalHour { day, hour }.number()),
                    (Some(interval), _) => Some(interval.bucket_of(day, self.span.first_day()).0),
                    (None, _) => None,
                };
                *sums.entry((bucket, values)).or_default() += tally;
            }
        }
        // Where pages are asked for that come after others, the first of a visit come after none.
        let before = Axis::Of(Dimension::PreviousPage);
        let turned = self.axes.iter().position(|axis| *axis == before).filter(|_| self.request.is_turned);
        let comes_first = |values: &[Name; 2]| turned.is_some_and(|place| &*values[place.min(1)] == NOT_SET);
        sums.retain(|(_, values), tally| !tally.is_zero() && !comes_first(values));
        sums
    }

    fn row(&self, key: VisitRowKey, tally: Tally, whole: &RowSums, (all, paid): (i64, &PaidSums)) -> QueryRow {
        // Several currencies are not added up.
        let sums = paid.get(&(key.0, key.1[0].clone())).filter(|sums| sums.len() == 1);
        let paid = sums.and_then(BTreeMap::first_key_value);
        let (currency, money) = paid.map(|(currency, sum)| (currency.clone(), *sum)).unzip();
        let line_visitors = whole.get(&key).map_or(0, |tally| tally.visitors);
        let exits = (0, 0);
        let figures = Figures { tally, of_visits: tally, exits, all_visitors: all, line_visitors, money };
        let metrics = self.request.metrics.iter().map(|metric| figures.metric(*metric)).collect();
        QueryRow { bucket: key.0, values: key.1, metrics, currency }
    }

    fn sort(&self, rows: &mut [QueryRow]) {
        rows.sort_by(|a, b| {
            let compare = |(key, direction): &(OrderKey, Direction)| {
                let ordering = match key {
                    OrderKey::Metric(place) => {
                        let of =
                            |row: &QueryRow| row.metrics.get(*place).copied().flatten().unwrap_or(f64::NEG_INFINITY);
                        of(a).total_cmp(&of(b))
                    }
                    OrderKey::Dimension(place) => match self.place_of_value(*place) {
                        None => a.bucket.cmp(&b.bucket),
                        Some(value) => {
                            let of = |row| self.name(*place, value, row);
                            of(a).cmp(of(b))
                        }
                    },
                };
                if *direction == Direction::Descending { ordering.reverse() } else { ordering }
            };
            let asked = self.request.order.iter().map(compare).find(|ordering| ordering.is_ne());
            asked.unwrap_or_else(|| (a.bucket, &a.values).cmp(&(b.bucket, &b.values)))
        });
    }

    /// Which of a row's values the dimension at a place has; nothing for time.
    fn place_of_value(&self, place: usize) -> Option<usize> {
        let is_value = |asked: &Asked| matches!(asked, Asked::Value(_) | Asked::Named(_));
        let asked = self.request.dimensions.get(place).filter(|asked| is_value(asked));
        asked.map(|_| self.request.dimensions[..place].iter().filter(|asked| is_value(asked)).count().min(1))
    }

    fn name<'r>(&self, place: usize, value: usize, row: &'r QueryRow) -> &'r str {
        self.request.dimensions.get(place).map_or("", |asked| shown(asked, &row.values[value]))
    }

    fn dimensions(&self, row: &QueryRow) -> Vec<String> {
        let text = |(place, asked): (usize, &Asked)| match (self.place_of_value(place), self.interval, row.bucket) {
            (None, Some(interval), Some(bucket)) => interval.label(bucket),
            (value, ..) => shown(asked, &row.values[value.unwrap_or(0)]).to_owned(),
        };
        self.request.dimensions.iter().enumerate().map(text).collect()
    }
}

/// A value as it is asked for: places by their names, if they are.
fn shown<'v>(asked: &Asked, value: &'v str) -> &'v str {
    match asked {
        Asked::Named(dimension) => place_names::english(*dimension, value),
        _ => value,
    }
}
