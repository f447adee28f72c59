//! In: a question about three or four dimensions. Out: the questions about any two of them, and the lines that their answers bound and
//! make likely. Forgets: the days.
//!
//! Of totals each day is bounded by itself ([`super::estimate`]), and the bounds add up; over many days each month is, which reads less and
//! is less sure, and so it is where days are gone. Of lists the whole period is bounded at once, or each of its buckets: thousands of
//! values day by day would be too much for one page, and they are hardly less near.
//!
//! Past the budget of pairs a cell that is not kept has at most what is left for the others of its value, and no less than nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

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

/// The values of a line, of the dimensions that are listed, by their numbers.
type LineValues = [usize; 2];
/// By bucket and values.
type PartLines = BTreeMap<i32, HashMap<LineValues, TallyRange>>;

/// Names by number: they are compared often.
#[derive(Debug)]
struct NumberedNames {
    names: Vec<Name>,
    numbers: HashMap<Name, usize>,
}

/// The number of no name.
const NONE: usize = 0;

impl NumberedNames {
    fn new() -> NumberedNames {
        let mut names = NumberedNames { names: Vec::new(), numbers: HashMap::new() };
        names.number(Name::from(""));
        names
    }

    fn number(&mut self, name: Name) -> usize {
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            self.names.len() - 1
        })
    }

    /// The number of the rest, if it was named.
    fn other(&self) -> Option<usize> {
        self.numbers.get(OTHER).copied()
    }
}

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
            // A list has thousands of values.
            _ if question.axis != Axis::Total => question.interval,
            true => Some(Interval::Day),
            false => Some(Interval::Month),
        };
        let base = Question { interval, metrics: COUNTS.to_vec(), ..question.all() };
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
        let (mut found, mut names) = (found.into_iter(), NumberedNames::new());
        let parts = self.parts.iter().zip(found.by_ref());
        let parts: Vec<(&[usize], PartLines)> =
            parts.map(|((places, _), lines)| (&places[..], part_lines(lines, &mut names))).collect();
        let whole = found.next().map(|lines| lines.first().map_or(TallyRange::default(), range_of));
        let is_measured = parts.first().is_some_and(|(_, all)| has_visits(all));
        let named = self.named(&parts, &names);
        let mut sums: HashMap<(Option<i32>, LineValues), EstimatedCounts> = HashMap::new();
        let days = parts.first().map(|(_, all)| all.keys().copied().collect::<Vec<_>>()).unwrap_or_default();
        for day in days {
            let bucket = question.interval.map(|interval| interval.bucket_of(Day(day), question.span.first_day()).0);
            let values = self.values_on(day, &parts, &named, names.other());
            room.make_room(values.len() * size_of::<(LineValues, EstimatedCounts)>())?;
            for values in values {
                let bounded = self.bounded(day, values, &parts, names.other());
                if !bounded.range.high.is_zero() {
                    *sums.entry((bucket, values)).or_default() += bounded;
                }
            }
        }
        let line = |((bucket, values), bounded): ((Option<i32>, LineValues), EstimatedCounts)| {
            let figures = (bounded.range, bounded.likely.within(&bounded.range));
            line(question, bucket, values.map(|number| names.names[number].clone()), figures, (whole, is_measured))
        };
        let mut lines: Vec<Line> = sums.into_iter().map(line).collect();
        lines.sort_unstable_by(|a, b| (a.bucket, &a.value, &a.second).cmp(&(b.bucket, &b.value, &b.second)));
        Ok(lines)
    }

    /// Whether it is known what each of the dimensions counts by itself; of any two it is good to know, and no more.
    pub(super) fn knows_each(&self) -> bool {
        (0..self.sides.len()).all(|one| self.parts.iter().any(|(places, _)| *places == [one]))
    }

    /// How many of the dimensions are listed.
    fn listed(&self) -> usize {
        self.sides.iter().filter(|side| side.filter.is_none()).count()
    }

    /// Whether a part names the values of lines: that of both listed dimensions, or of the one with another.
    fn is_naming(&self, places: &[usize]) -> bool {
        match self.listed() {
            2 => places == [0, 1],
            _ => places.len() == 2 && places[0] == 0,
        }
    }

    fn naming<'p>(&self, parts: &'p [(&[usize], PartLines)]) -> impl Iterator<Item = &'p PartLines> {
        parts.iter().filter(move |(places, _)| self.is_naming(places)).map(|(_, lines)| lines)
    }

    /// The values that any bucket has by name.
    fn named(&self, parts: &[(&[usize], PartLines)], names: &NumberedNames) -> HashSet<LineValues> {
        if self.listed() == 0 {
            return HashSet::from([[NONE; 2]]);
        }
        // What is not kept by name may pass any test that names no values.
        let passes = |(side, value): (&EstimatedSide, &usize)| {
            let Some(name) = names.names.get(*value) else { return false };
            let may_pass = |test: &Test| test.passes(name) || &**name == OTHER && test.named().is_none();
            side.kept.as_ref().is_none_or(may_pass)
        };
        let is_kept = |values: &LineValues| self.sides[..self.listed()].iter().zip(values).all(passes);
        let named: HashSet<LineValues> =
            self.naming(parts).flat_map(|lines| lines.values().flat_map(HashMap::keys)).copied().collect();
        named.into_iter().filter(is_kept).collect()
    }

    /// Those that a bucket may have: what each part that keeps all of its cells names.
    fn values_on(
        &self,
        day: i32,
        parts: &[(&[usize], PartLines)],
        named: &HashSet<LineValues>,
        other: Option<usize>,
    ) -> Vec<LineValues> {
        if self.listed() == 0 {
            return named.iter().copied().collect();
        }
        let is_past_budget = |lines: &&HashMap<LineValues, TallyRange>| {
            lines.keys().any(|values| values.iter().any(|value| Some(*value) == other))
        };
        let empty = HashMap::new();
        let of_day = self.naming(parts).map(|lines| lines.get(&day).unwrap_or(&empty));
        let mut whole: Vec<_> = of_day.filter(|lines| !is_past_budget(lines)).collect();
        whole.sort_unstable_by_key(|lines| lines.len());
        match whole.split_first() {
            None => named.iter().copied().collect(),
            Some((fewest, others)) => {
                let is_met = |values: &&LineValues| others.iter().all(|lines| lines.contains_key(*values));
                fewest.keys().filter(|values| named.contains(*values)).filter(is_met).copied().collect()
            }
        }
    }

    /// What a bucket says of some values.
    fn bounded(
        &self,
        day: i32,
        values: LineValues,
        parts: &[(&[usize], PartLines)],
        other: Option<usize>,
    ) -> EstimatedCounts {
        let dimensions: Vec<Dimension> = self.sides.iter().map(|side| side.dimension).collect();
        let mut known = KnownParts::of(&dimensions, TallyRange::default());
        for (places, lines) in parts {
            let of_day = |lines: &PartLines, places: &[usize]| {
                lines.get(&day).map_or(TallyRange::default(), |lines| self.range(lines, places, values, other))
            };
            let is_rest = |place: &usize| *place < self.listed() && Some(values[(*place).min(1)]) == other;
            let range = if !places.iter().any(is_rest) || self.is_naming(places) {
                of_day(lines, places)
            } else {
                // What is not named in the list may be anything here.
                let others: Vec<usize> = places.iter().copied().filter(|place| !is_rest(place)).collect();
                let known = parts.iter().find(|(places, _)| *places == others).or(parts.first());
                let range = known.map(|(places, lines)| of_day(lines, places));
                TallyRange { low: Tally::ZERO, high: range.unwrap_or_default().high }
            };
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
        lines: &HashMap<LineValues, TallyRange>,
        places: &[usize],
        values: LineValues,
        other: Option<usize>,
    ) -> TallyRange {
        let mut key = [NONE; 2];
        let listed = places.iter().filter(|place| **place < self.listed()).filter_map(|place| values.get(*place));
        let listed = key.iter_mut().zip(listed).map(|(at, value)| *at = *value).count();
        let is_rest = key[..listed].iter().any(|value| Some(*value) == other);
        let found = lines.get(&key).copied().unwrap_or_default();
        if is_rest {
            return TallyRange { low: Tally::ZERO, high: found.high };
        }
        let Some(other) = other.filter(|_| listed > 0 && places.len() > 1) else { return found };
        // What is not kept of a cell is in the rest, of both dimensions in that of its first value; of a month that may be some days.
        key[listed - 1] = other;
        let rest = lines.get(&key).map_or(Tally::ZERO, |range| range.high);
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

fn part_lines(lines: Vec<Line>, names: &mut NumberedNames) -> PartLines {
    let mut found = PartLines::new();
    for line in lines {
        let range = range_of(&line);
        let values = [names.number(line.value), line.second.map_or(NONE, |second| names.number(second))];
        *found.entry(line.bucket.unwrap_or_default()).or_default().entry(values).or_default() += range;
    }
    found
}

/// Whether visits are measured: a site without tokens counts hits alone.
fn has_visits(all: &PartLines) -> bool {
    all.values().flat_map(HashMap::values).any(|range| range.high.visits > 0)
}

/// The least and the most of a line.
fn range_of(line: &Line) -> TallyRange {
    TallyRange { low: line.bounds.as_ref().map_or(line.tally, |bounds| bounds.low), high: line.tally }
}

fn line(
    question: &Question,
    bucket: Option<i32>,
    [value, second]: [Name; 2],
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
