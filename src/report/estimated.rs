//! In: a question about three or four dimensions. Out: the questions about any two of them, and the lines that their answers bound and
//! make likely. Forgets: the days.
//!
//! Each day is bounded by itself ([`super::estimate`]), and the bounds add up; over many days each month is, which reads less and is less
//! sure, and so it is where days are gone.
//!
//! Past the budget of pairs a cell that is not kept has at most what is left for the others of its value, and no less than nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::estimate::{EstimatedCounts, KnownParts, TallyRange};
use super::figures::Figures;
use super::{Interval, Line, LineBounds, Question, Sums};
use crate::cell::{Axis, Dimension, Filter, Metric, OTHER, Tally, Test, ValueOf};
use crate::counts::Name;
use crate::limits;
use crate::site::{Day, Month};
use crate::store::{RowsBy, StoreError};

/// What each part is asked for: where one of these is not sure, its line says so.
const COUNTS: [Metric; 4] = [Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Events];

/// A dimension of a question.
#[derive(Debug, Clone)]
struct EstimatedSide {
    dimension: Dimension,
    /// What is counted of it alone; nothing where each value has a line.
    filter: Option<Filter<Name>>,
    /// Which values have a line.
    kept: Option<Test>,
}

/// A question about three or four dimensions, taken apart.
#[derive(Debug)]
pub(super) struct PartedQuestion {
    sides: Vec<EstimatedSide>,
    /// The questions about all, about each dimension and about any two, with the places of these.
    parts: Vec<(Vec<usize>, Question)>,
    /// What shares are taken of.
    whole: Option<Question>,
}

/// The values of a line, of the dimensions that are listed.
type LineValues = [Name; 2];
/// By bucket and values.
type PartLines = BTreeMap<i32, BTreeMap<LineValues, TallyRange>>;

impl Question {
    /// The same about what passes filters on more dimensions than sums know together, split by a second one too if there is one. Its
    /// answer is estimated. Nothing where not even that can be: of more than four dimensions, of properties, segments and hours.
    pub fn estimated(self, second: Option<&Axis<Name>>, filters: &[Filter<Name>]) -> Option<Question> {
        let is_listed = |axis: &Axis<Name>| *axis == self.axis && self.axis != Axis::Total || Some(axis) == second;
        let test = |axis: &Axis<Name>| Some(filters.iter().find(|filter| filter.axis == *axis)?.test.clone());
        let further: Vec<Filter<Name>> = filters.iter().filter(|filter| !is_listed(&filter.axis)).cloned().collect();
        let mut cut = self.cut.clone();
        cut.kept = test(&self.axis);
        let filter =
            second.map(|axis| Filter { axis: axis.clone(), test: test(axis).unwrap_or(Test::All(Vec::new())) });
        if second.is_some() {
            cut.rows = RowsBy::Both;
        }
        let question = Question { cut, filter, further, whole: filters.to_vec(), ..self };
        let sides = sides(&question)?;
        let many = sides.len();
        let is_known = (3..=limits::ESTIMATED_DIMENSIONS_MAX).contains(&many) && !question.further.is_empty();
        (is_known && question.is_counted_on(question.span) && question.has_sums()).then_some(question)
    }

    /// Whether its answer is estimated.
    pub fn is_estimated(&self) -> bool {
        !self.further.is_empty()
    }
}

/// The dimensions of a question that is estimated; nothing where one is not of values that any two dimensions are kept of.
fn sides(question: &Question) -> Option<Vec<EstimatedSide>> {
    use ValueOf::{FirstHit, Hit, Joint, PageHit, Sections, VisitEnd};
    let dimension = |axis: &Axis<Name>| match axis {
        Axis::Of(dimension) => Some(*dimension),
        _ => None,
    };
    let is_met = |dimension: &Dimension| {
        matches!(dimension.row().value_of, FirstHit(_) | Joint | VisitEnd | PageHit | Hit | Sections)
    };
    let dimension = |axis: &Axis<Name>| dimension(axis).filter(is_met);
    let listed =
        |axis: &Axis<Name>, kept: Option<Test>| Some(EstimatedSide { dimension: dimension(axis)?, filter: None, kept });
    let mut sides = Vec::new();
    if question.axis != Axis::Total {
        sides.push(listed(&question.axis, question.cut.kept.clone())?);
    }
    if let Some(second) = &question.filter {
        sides.push(listed(&second.axis, Some(second.test.clone()))?);
    }
    for filter in &question.further {
        sides.push(EstimatedSide { dimension: dimension(&filter.axis)?, filter: Some(filter.clone()), kept: None });
    }
    Some(sides)
}

impl PartedQuestion {
    /// Takes a question apart that is estimated. `alone` are the months of which no day is kept.
    pub(super) fn of(question: &Question, alone: &[Month]) -> PartedQuestion {
        let sides = sides(question).unwrap_or_default();
        let span = question.span;
        let is_by_day = matches!(question.interval, Some(Interval::Day | Interval::Week));
        let is_gone = alone.iter().any(|month| (span.first_day()..=span.last_day()).contains(&month.first()));
        let interval = match is_by_day || span.days() <= limits::ESTIMATED_DAYS_MAX && !is_gone {
            true => Interval::Day,
            false => Interval::Month,
        };
        let base = Question { interval: Some(interval), metrics: COUNTS.to_vec(), ..question.all() };
        let mut parts = Vec::new();
        let mut places: Vec<Vec<usize>> = vec![Vec::new()];
        places.extend((0..sides.len()).map(|one| vec![one]));
        places.extend((0..sides.len()).flat_map(|one| (one + 1..sides.len()).map(move |other| vec![one, other])));
        for places in places {
            let of: Vec<&EstimatedSide> = places.iter().filter_map(|place| sides.get(*place)).collect();
            parts.extend(part(&base, &of).map(|part| (places, part)));
        }
        let whole = Question { axis: Axis::Total, interval: None, metrics: vec![Metric::Visitors], ..question.all() };
        let is_share = |metric: &Metric| *metric == Metric::Percentage;
        let whole =
            whole.under(&question.whole).filter(|whole| question.metrics.iter().any(is_share) && whole.has_sums());
        PartedQuestion { sides, parts, whole }
    }

    /// All that is asked for it, in order.
    pub(super) fn questions(&self) -> impl Iterator<Item = &Question> {
        self.parts.iter().map(|(_, question)| question).chain(&self.whole)
    }

    /// The lines, given the answers.
    ///
    /// # Errors
    /// Those of [`Sums::make_room`].
    pub(super) fn lines(
        &self,
        question: &Question,
        found: Vec<Vec<Line>>,
        room: &dyn Sums,
    ) -> Result<Vec<Line>, StoreError> {
        let mut found = found.into_iter();
        let parts: Vec<(&[usize], PartLines)> = self
            .parts
            .iter()
            .zip(found.by_ref())
            .map(|((places, _), lines)| (&places[..], part_lines(lines)))
            .collect();
        let whole = found.next().map(|lines| lines.first().map_or(TallyRange::default(), range_of));
        let is_measured = parts.first().is_some_and(|(_, all)| has_visits(all));
        let named = self.named(&parts);
        let mut sums: BTreeMap<(Option<i32>, LineValues), EstimatedCounts> = BTreeMap::new();
        let days = parts.first().map(|(_, all)| all.keys().copied().collect::<Vec<_>>()).unwrap_or_default();
        for day in days {
            let bucket = question.interval.map(|interval| interval.bucket_of(Day(day), question.span.first_day()).0);
            let values = self.values_on(day, &parts, &named);
            room.make_room(values.len() * size_of::<(LineValues, EstimatedCounts)>())?;
            for values in values {
                let bounded = self.bounded(day, values, &parts);
                if !bounded.range.high.is_zero() {
                    *sums.entry((bucket, values.clone())).or_default() += bounded;
                }
            }
        }
        let line = |((bucket, values), bounded): ((Option<i32>, LineValues), EstimatedCounts)| {
            let figures = (bounded.range, bounded.likely.within(&bounded.range));
            line(question, bucket, values, figures, (whole, is_measured))
        };
        Ok(sums.into_iter().map(line).collect())
    }

    /// Whether it is known what each of the dimensions counts by itself; of any two it is good to know, and no more.
    pub(super) fn knows_each(&self) -> bool {
        (0..self.sides.len()).all(|one| self.parts.iter().any(|(places, _)| *places == [one]))
    }

    /// How many of the dimensions are listed.
    fn listed(&self) -> usize {
        self.sides.iter().filter(|side| side.filter.is_none()).count()
    }

    /// The parts that name the values of lines: those of both listed dimensions, or of the one with each other.
    fn naming<'p>(&self, parts: &'p [(&[usize], PartLines)]) -> impl Iterator<Item = &'p PartLines> {
        let listed = self.listed();
        let names = move |places: &[usize]| match listed {
            2 => places == [0, 1],
            _ => places.len() == 2 && places[0] == 0,
        };
        parts.iter().filter(move |(places, _)| names(places)).map(|(_, lines)| lines)
    }

    /// The values that any bucket has by name.
    fn named(&self, parts: &[(&[usize], PartLines)]) -> BTreeSet<LineValues> {
        if self.listed() == 0 {
            return BTreeSet::from([[Name::from(""), Name::from("")]]);
        }
        let passes = |(side, value): (&EstimatedSide, &Name)| side.kept.as_ref().is_none_or(|test| test.passes(value));
        let is_kept = |values: &&LineValues| self.sides[..self.listed()].iter().zip(*values).all(passes);
        let named = self.naming(parts).flat_map(|lines| lines.values().flat_map(BTreeMap::keys));
        named.filter(is_kept).cloned().collect()
    }

    /// Those that a bucket may have: those that it names, or any where some of its cells are not kept.
    fn values_on<'n>(
        &self,
        day: i32,
        parts: &[(&[usize], PartLines)],
        named: &'n BTreeSet<LineValues>,
    ) -> Vec<&'n LineValues> {
        if self.listed() == 0 {
            return named.iter().collect();
        }
        let of_day = || self.naming(parts).filter_map(|lines| lines.get(&day));
        let is_past_budget = of_day().any(|lines| lines.keys().any(|[a, b]| &**a == OTHER || &**b == OTHER));
        if is_past_budget {
            return named.iter().collect();
        }
        let of_day: BTreeSet<&LineValues> = of_day().flat_map(BTreeMap::keys).collect();
        of_day.into_iter().filter_map(|values| named.get(values)).collect()
    }

    /// What a bucket says of some values.
    fn bounded(&self, day: i32, values: &LineValues, parts: &[(&[usize], PartLines)]) -> EstimatedCounts {
        let dimensions: Vec<Dimension> = self.sides.iter().map(|side| side.dimension).collect();
        let mut known = KnownParts::of(&dimensions, TallyRange::default());
        for (places, lines) in parts {
            let range = self.range(lines.get(&day), places, values);
            // Most values of a list are not there under one of the filters.
            if range.high.is_zero() {
                return EstimatedCounts::default();
            }
            known.know(places, range);
        }
        known.bounded()
    }

    /// What a part says of the values of a line.
    fn range(
        &self,
        lines: Option<&BTreeMap<LineValues, TallyRange>>,
        places: &[usize],
        values: &LineValues,
    ) -> TallyRange {
        let Some(lines) = lines else { return TallyRange::default() };
        let listed: Vec<&Name> =
            places.iter().filter(|place| **place < self.listed()).filter_map(|place| values.get(*place)).collect();
        let empty = Name::from("");
        let key = |values: &[&Name]| [0, 1].map(|at| values.get(at).map_or(empty.clone(), |value| (*value).clone()));
        let is_rest = listed.iter().any(|value| &***value == OTHER);
        let found = lines.get(&key(&listed)).copied().unwrap_or_default();
        if is_rest {
            return TallyRange { low: Tally::ZERO, high: found.high };
        }
        if listed.is_empty() || places.len() == 1 {
            return found;
        }
        // What is not kept of a cell is in the rest, of both dimensions in that of its first value; of a month that may be some days.
        let other = Name::from(OTHER);
        let mut rest = listed;
        rest.last_mut().into_iter().for_each(|last| *last = &other);
        let rest = lines.get(&key(&rest)).map_or(Tally::ZERO, |range| range.high);
        TallyRange { low: found.low, high: found.high + rest }
    }
}

/// The question about what is listed of some dimensions under the filters of the others; nothing where sums don't know it.
fn part(base: &Question, sides: &[&EstimatedSide]) -> Option<Question> {
    let filters: Vec<Filter<Name>> = sides.iter().filter_map(|side| side.filter.clone()).collect();
    let mut listed = sides.iter().filter(|side| side.filter.is_none()).map(|side| Axis::Of(side.dimension));
    let (first, second) = (listed.next().unwrap_or(Axis::Total), listed.next());
    let question = Question { axis: first, ..base.clone() };
    let asked = match second {
        Some(second) => question.by_both(&second, &filters),
        None => question.under(&filters),
    };
    asked.filter(Question::has_sums)
}

fn part_lines(lines: Vec<Line>) -> PartLines {
    let mut found = PartLines::new();
    for line in lines {
        let (range, second) = (range_of(&line), line.second.unwrap_or_else(|| Name::from("")));
        *found.entry(line.bucket.unwrap_or_default()).or_default().entry([line.value, second]).or_default() += range;
    }
    found
}

/// Whether visits are measured: a site without tokens counts hits alone.
fn has_visits(all: &PartLines) -> bool {
    all.values().flat_map(BTreeMap::values).any(|range| range.high.visits > 0)
}

/// The least and the most of a line.
fn range_of(line: &Line) -> TallyRange {
    TallyRange { low: line.bounds.as_ref().map_or(line.tally, |bounds| bounds.low), high: line.tally }
}

fn line(
    question: &Question,
    bucket: Option<i32>,
    [value, second]: LineValues,
    (range, likely): (TallyRange, Tally),
    (whole, is_measured): (Option<TallyRange>, bool),
) -> Line {
    let whole = whole.filter(|whole| whole.low.visitors == whole.high.visitors);
    let figures = |tally: Tally| Figures {
        tally,
        of_visits: tally,
        exits: (0, 0),
        all_visitors: whole.map_or(0, |whole| whole.high.visitors),
        line_visitors: 0,
        money: None,
    };
    let TallyRange { low, high } = range;
    let is_of_page = sides(question).iter().flatten().any(|side| side.dimension == Dimension::Page);
    let is_sure = |metric: Metric| is_sure(metric, &range) && (metric != Metric::Percentage || whole.is_some());
    let has =
        |metric: Metric| count(high, metric).is_some() || is_sure(metric) && !(is_of_page && is_of_entries(metric));
    // Hits that are there for sure and have no visit are hits of nobody.
    let has_visits = is_measured && (high.visits > 0 || low.pageviews + low.events == 0);
    let metric = |tally: Tally, metric: Metric| match count(tally, metric) {
        Some(_) if !has_visits && matches!(metric, Metric::Visitors | Metric::Visits) => None,
        Some(count) => Some(count as f64),
        None => figures(tally).metric(metric).filter(|_| has(metric)),
    };
    let metrics = |tally: Tally| question.metrics.iter().map(move |name| metric(tally, *name));
    let is_unsure = |metric: &Metric| !is_sure(*metric) || !has(*metric);
    let bounds = question.metrics.iter().any(is_unsure).then(|| {
        let of = |tally: Tally| metrics(tally).zip(&question.metrics);
        let least = of(low).map(|(least, metric)| is_unsure(metric).then_some(least)).collect();
        Box::new(LineBounds { low, metrics: least, most: metrics(high).collect() })
    });
    let second = (question.cut.rows == RowsBy::Both).then_some(second);
    let (told, money) = (metrics(likely).collect(), Vec::new());
    Line { bucket, value, second, tally: likely, metrics: told, money, is_money_known: false, bounds }
}

/// What a metric counts; nothing for rates.
fn count(tally: Tally, metric: Metric) -> Option<i64> {
    match metric {
        Metric::Visitors => Some(tally.visitors),
        Metric::Visits => Some(tally.visits),
        Metric::Pageviews => Some(tally.pageviews),
        Metric::Events => Some(tally.pageviews + tally.events),
        _ => None,
    }
}

/// Whether a metric is about the visits that entered on a page, or left there.
fn is_of_entries(metric: Metric) -> bool {
    matches!(metric, Metric::ViewsPerVisit | Metric::BounceRate | Metric::VisitDuration | Metric::ExitRate)
}

/// Whether bounds leave nothing open of a metric.
fn is_sure(metric: Metric, TallyRange { low, high }: &TallyRange) -> bool {
    let same = |of: fn(&Tally) -> i64| of(low) == of(high);
    let visits = same(|tally| tally.visits);
    match metric {
        Metric::Visitors | Metric::Percentage => same(|tally| tally.visitors),
        Metric::Visits => visits,
        Metric::Pageviews => same(|tally| tally.pageviews),
        Metric::Events => same(|tally| tally.pageviews) && same(|tally| tally.events),
        Metric::ViewsPerVisit => visits && same(|tally| tally.pageviews),
        Metric::BounceRate => visits && same(|tally| tally.bounces),
        Metric::VisitDuration => visits && same(|tally| tally.seconds),
        Metric::ScrollDepth => same(|tally| tally.engaged_visits) && same(|tally| tally.scroll),
        Metric::TimeOnPage => same(|tally| tally.engaged_visits) && same(|tally| tally.engaged_ms),
        Metric::ExitRate
        | Metric::ConversionRate
        | Metric::GroupConversionRate
        | Metric::TotalRevenue
        | Metric::AverageRevenue => false,
    }
}
