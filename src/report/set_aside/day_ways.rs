//! In: days on which something is set aside, and sums. Out: how what is left of each of them is known. Forgets: the sums of days on which
//! there was nothing of it: they are as they were counted.

use std::collections::{BTreeMap, HashMap};

use super::{SetAsideDays, SetAsideRun, days_of};
use crate::cell::{Axis, Condition, Dimension, Filter, Tally, Test};
use crate::counts::Name;
use crate::report::Sums;
use crate::site::{Day, Month, SiteId};
use crate::store::{Ask, Grain, StoreError, SumRow, TakenOutOf};

/// How what is left of a day is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayWay {
    /// All of its visits are in memory.
    Memory,
    /// It was counted when the day ended.
    Counted,
    /// By what the values have with others.
    Pairs,
}

/// What is known of some days.
#[derive(Debug, Default)]
pub(super) struct DayWays<'r> {
    ways: BTreeMap<(SiteId, Day), (&'r SetAsideRun, DayWay)>,
    /// What the values of a dimension have by themselves, on days.
    wholes: HashMap<(SiteId, Day, Dimension), Tally>,
    /// All that was counted on them.
    all: HashMap<(SiteId, Day), Tally>,
    /// Months of which no day is kept by two dimensions.
    alone: Vec<(SiteId, Month)>,
    /// The last day of a site that is kept by its month only.
    gone: HashMap<SiteId, Day>,
}

/// What is asked of one run to know that.
struct RunAsks<'r> {
    site: SiteId,
    run: &'r SetAsideRun,
    /// All that was counted, all that is in memory, and what was left when the days ended.
    totals: [usize; 3],
    /// For each dimension its values, and in memory what has others.
    values: Vec<(Dimension, usize, usize)>,
}

impl<'r> DayWays<'r> {
    /// For the days that some questions are about.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) fn of(apart: &'r SetAsideDays, asks: &[Ask], sums: &dyn Sums) -> Result<DayWays<'r>, StoreError> {
        let mut found = DayWays::default();
        let mut spans: BTreeMap<SiteId, (Day, Day)> = BTreeMap::new();
        for ask in asks.iter().filter(|ask| !apart.runs(ask.site).is_empty()) {
            let (first, last) = days_of(ask);
            let span = spans.entry(ask.site).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
        let (mut all, mut runs) = (Vec::new(), Vec::new());
        for (site, (first, last)) in &spans {
            let touched = apart.runs(*site).iter().filter(|run| run.days.0 <= *last && run.days.1 >= *first);
            runs.extend(touched.map(|run| RunAsks::of(*site, run, &mut all)));
        }
        if runs.is_empty() {
            return Ok(found);
        }
        let rows = sums.read(&all)?;
        let by_day: Vec<BTreeMap<i32, Tally>> = rows.into_iter().map(by_bucket).collect();
        runs.iter().for_each(|run| run.settle(&by_day, &mut found));
        for (site, (first, last)) in spans.into_iter().filter(|(_, span)| span.0.month() <= span.1.month()) {
            let (first, last) = (first.month().first(), last.month().last());
            let is_of_pairs = asks.iter().any(|ask| ask.grain == Grain::Month && ask.site == site);
            if is_of_pairs {
                found.alone.extend(sums.months_alone(site, first, last)?.into_iter().map(|month| (site, month)));
                let marks = sums.taken_out(site, first, last)?;
                let gone = marks.iter().filter(|mark| mark.of == TakenOutOf::Days).map(|mark| mark.last).max();
                found.gone.extend(gone.map(|day| (site, day)));
            }
        }
        // Of days that are gone nothing tells whether there was any of it.
        let gone: Vec<(SiteId, Day)> = found.gone.iter().map(|(site, day)| (*site, *day)).collect();
        for (site, last) in gone {
            for run in apart.runs(site).iter().filter(|run| run.days.0 <= last) {
                let days = (run.days.0.0..=run.days.1.min(last).0).map(Day);
                found.ways.extend(days.map(|day| ((site, day), (run, DayWay::Pairs))));
            }
        }
        Ok(found)
    }

    /// Whether there is nothing that is set aside.
    pub(super) fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// The days of a site from `first` to `last`, those together that lie side by side and are known alike.
    pub(super) fn of_site(&self, site: SiteId, first: Day, last: Day) -> Vec<(Day, Day, &'r SetAsideRun, DayWay)> {
        let mut found: Vec<(Day, Day, &'r SetAsideRun, DayWay)> = Vec::new();
        if first > last {
            return found;
        }
        for ((_, day), (run, way)) in self.ways.range((site, first)..=(site, last)) {
            match found.last_mut() {
                Some(before) if before.1.0 + 1 == day.0 && std::ptr::eq(before.2, *run) && before.3 == *way => {
                    before.1 = *day;
                }
                _ => found.push((*day, *day, run, *way)),
            }
        }
        found
    }

    /// Whether a month can be answered by itself only.
    pub(super) fn is_alone(&self, site: SiteId, month: Month, is_of_pairs: bool) -> bool {
        let is_gone = self.gone.get(&site).is_some_and(|last| month.first() <= *last);
        is_gone || is_of_pairs && self.alone.contains(&(site, month))
    }

    /// What the values of a dimension have on a day.
    pub(super) fn whole(&self, site: SiteId, day: Day, dimension: Dimension) -> Tally {
        self.wholes.get(&(site, day, dimension)).copied().unwrap_or_default()
    }

    /// What they have on all days of a site, by bucket.
    pub(super) fn wholes_of(&self, site: SiteId, dimension: Dimension) -> impl Iterator<Item = (i32, Tally)> {
        let is_of = move |(of, _, own): &&(SiteId, Day, Dimension)| (*of, *own) == (site, dimension);
        self.wholes.iter().filter(move |(key, _)| is_of(key)).map(|((_, day, _), whole)| (day.0, *whole))
    }

    /// Whether one value of a dimension is set aside on a day.
    pub(super) fn is_single(&self, site: SiteId, day: Day, dimension: Dimension) -> bool {
        let run = self.ways.get(&(site, day)).map(|(run, _)| run);
        run.and_then(|run| run.values.get(&dimension)).is_some_and(|values| values.len() == 1)
    }

    /// All that was counted on a day.
    pub(super) fn all(&self, site: SiteId, day: Day) -> Tally {
        self.all.get(&(site, day)).copied().unwrap_or_default()
    }

    /// The most that may be set aside in a month; nothing where that is not known.
    pub(super) fn most_in(&self, site: SiteId, month: Month) -> Option<Tally> {
        if self.is_alone(site, month, false) {
            return None;
        }
        let days = self.ways.range((site, month.first())..=(site, month.last()));
        let of_day = days.flat_map(|((_, day), (run, _))| run.values.keys().map(|of| self.whole(site, *day, *of)));
        Some(of_day.fold(Tally::ZERO, |sum, whole| sum + whole))
    }
}

impl<'r> RunAsks<'r> {
    fn of(site: SiteId, run: &'r SetAsideRun, all: &mut Vec<Ask>) -> RunAsks<'r> {
        let (first, last) = (run.days.0.0, run.days.1.0);
        let total = Ask { last, by_bucket: true, ..Ask::totals_of_day(site, Day(first)) };
        let mut ask = |filter: Option<Filter<Name>>| {
            all.push(Ask { filter, ..total.clone() });
            all.len() - 1
        };
        let of_visits = |condition: Condition<Name>| Some(Filter::of_visits(condition));
        let segment = Filter { axis: Axis::Of(Dimension::Segment), test: Test::Is(vec![run.left.to_string()]) };
        let totals = [ask(None), ask(of_visits(Condition::All(Vec::new()))), ask(Some(segment))];
        let mut values = Vec::new();
        for (dimension, named) in &run.values {
            let (axis, test) = (Axis::Of(*dimension), Test::Is(named.clone()));
            let own = ask(Some(Filter { axis: axis.clone(), test: test.clone() }));
            let others = Condition::Is(Filter { axis, test: Test::Not(Box::new(test)) });
            values.push((*dimension, own, ask(of_visits(others))));
        }
        RunAsks { site, run, totals, values }
    }

    fn settle(&self, rows: &[BTreeMap<i32, Tally>], found: &mut DayWays<'r>) {
        let tally =
            |place: usize, day: i32| rows.get(place).and_then(|days| days.get(&day)).copied().unwrap_or_default();
        for day in self.run.days.0.0..=self.run.days.1.0 {
            let [all, in_memory, left] = self.totals.map(|place| tally(place, day));
            let values: Vec<(Dimension, Tally, Tally)> =
                self.values.iter().map(|(of, own, others)| (*of, tally(*own, day), tally(*others, day))).collect();
            if values.iter().all(|(_, own, _)| hits(*own) == 0) {
                continue;
            }
            let is_in_memory = hits(in_memory) == hits(all) && in_memory.visits == all.visits;
            // What has no value at all would be missing from what has others.
            let is_whole = |(_, own, others): &(Dimension, Tally, Tally)| hits(*own) + hits(*others) == hits(all);
            let way = match () {
                () if is_in_memory && values.iter().all(is_whole) => DayWay::Memory,
                () if is_left(hits(all), hits(left), values.iter().map(|(_, own, _)| hits(*own))) => DayWay::Counted,
                () => DayWay::Pairs,
            };
            found.ways.insert((self.site, Day(day)), (self.run, way));
            found.all.insert((self.site, Day(day)), all);
            found.wholes.extend(values.iter().map(|(of, own, _)| ((self.site, Day(day), *of), *own)));
        }
    }
}

/// Whether so many hits can be all that are left when values with so many are set aside. Of one dimension there is one such number.
fn is_left(all: i64, left: i64, values: impl Iterator<Item = i64> + Clone) -> bool {
    let most = values.clone().max().unwrap_or_default();
    left > 0 && left <= all - most && left >= all - values.sum::<i64>()
}

pub(super) fn hits(tally: Tally) -> i64 {
    tally.pageviews + tally.events
}

fn by_bucket(rows: Vec<SumRow>) -> BTreeMap<i32, Tally> {
    let mut sums: BTreeMap<i32, Tally> = BTreeMap::new();
    rows.into_iter().for_each(|row| *sums.entry(row.bucket).or_default() += row.tally);
    sums
}
