//! In: questions about sums, and what owners set aside of some days. Out: the answers without it. Forgets: what it would have been with
//! it.
//!
//! What is set aside of a day is a condition that hits must not meet, such as `source=spam.example`. Each day on which something is set
//! aside is answered by itself, by the first of these that can:
//!
//! 1. a list of the same dimension, or a filter on it, leaves the values out;
//! 2. visits in memory are asked with the condition, which is exact;
//! 3. what was left of the day was counted when it ended, as segments are ([`crate::counts::DaySegments`]), which is exact too;
//! 4. all less what the values have by two dimensions: exact for what is counted per hit or per visit, bounded for visitors
//!    (`set_aside/bounds.rs`).
//!
//! A month with such a day is answered by its days, as long as these are kept. Everything else is as it was counted.

mod bounds;
mod day_ways;
mod parts;

use std::collections::{BTreeMap, HashMap};

use super::Sums;
use crate::cell::{Condition, Dimension, Filter, Test};
use crate::counts::Name;
use crate::site::set_aside::left_name;
use crate::site::{Day, LocalHour, Month, Site, SiteId};
use crate::store::{Ask, CellSource, Grain, StoreError, SumRow, TakenOut, TakenOutOf};
use day_ways::{DayWay, DayWays};
use parts::{AnswerPart, PartPlan};

/// What is set aside on some days, one after the other.
#[derive(Debug, Clone)]
struct SetAsideRun {
    days: (Day, Day),
    /// The values by dimension.
    values: BTreeMap<Dimension, Vec<String>>,
    /// Under which name what is left was counted when the days ended.
    left: Name,
}

/// What is set aside at some sites.
#[derive(Debug, Clone, Default)]
pub struct SetAsideDays {
    /// In order of days, which lie in no two runs.
    sites: HashMap<SiteId, Vec<SetAsideRun>>,
}

impl SetAsideDays {
    /// That of some sites.
    pub fn of<'s>(sites: impl IntoIterator<Item = &'s Site>) -> SetAsideDays {
        let runs = |site: &Site| (site.id, runs_of(site));
        let sites = sites.into_iter().map(runs).filter(|(_, runs)| !runs.is_empty());
        SetAsideDays { sites: sites.collect() }
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// The last of all days.
    pub fn last_day(&self) -> Option<Day> {
        self.sites.values().flatten().map(|run| run.days.1).max()
    }

    /// Marks for days from `first` to `last`.
    pub fn marks(&self, site: SiteId, first: Day, last: Day) -> Vec<TakenOut> {
        let runs = self.runs(site).iter().filter(|run| run.days.0 <= last && run.days.1 >= first);
        let mark = |run: &SetAsideRun, of: Dimension| TakenOut {
            first: run.days.0,
            last: run.days.1,
            of: TakenOutOf::SetAside(Some(of)),
        };
        runs.flat_map(|run| run.values.keys().map(move |of| mark(run, *of))).collect()
    }

    /// A condition on a day, less what is set aside of it.
    pub fn narrowed(&self, site: SiteId, day: Day, condition: &Condition<Name>) -> Condition<Name> {
        match self.runs(site).iter().find(|run| (run.days.0..=run.days.1).contains(&day)) {
            Some(run) => Condition::all([condition.clone(), run.left()]),
            None => condition.clone(),
        }
    }

    /// The rows of each question without what is set aside. `sums` are those that were counted, all of one state.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn read(&self, asks: &[Ask], sums: &dyn Sums) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let ways = DayWays::of(self, asks, sums)?;
        if ways.is_empty() {
            return sums.read(asks);
        }
        let mut plan = PartPlan::default();
        let parts: Vec<Vec<AnswerPart>> = asks.iter().map(|ask| self.parts(ask, &ways, &mut plan)).collect();
        let rows = sums.read(&plan.asks)?;
        let found = asks.iter().zip(parts);
        Ok(found
            .map(|(ask, parts)| parts.into_iter().flat_map(|part| part.rows(ask, &rows, &ways)).collect())
            .collect())
    }

    fn runs(&self, site: SiteId) -> &[SetAsideRun] {
        self.sites.get(&site).map_or(&[], Vec::as_slice)
    }

    /// What has to be asked in the place of a question.
    fn parts(&self, ask: &Ask, ways: &DayWays, plan: &mut PartPlan) -> Vec<AnswerPart> {
        let (first, last) = days_of(ask);
        let touched = ways.of_site(ask.site, first, last);
        if touched.is_empty() {
            return vec![plan.as_counted(ask.clone(), None)];
        }
        if ask.grain == Grain::Month {
            self.month_parts(ask, ways, plan)
        } else {
            self.day_parts(ask, None, &touched, plan)
        }
    }

    /// The parts of a question by day or hour: what lies between the days on which something is set aside is as it was counted.
    fn day_parts(
        &self,
        ask: &Ask,
        bucket: Option<i32>,
        touched: &[(Day, Day, &SetAsideRun, DayWay)],
        plan: &mut PartPlan,
    ) -> Vec<AnswerPart> {
        let buckets = |first: Day, last: Day| match ask.grain {
            Grain::Hour => (first.0.saturating_mul(24), last.0.saturating_mul(24).saturating_add(23)),
            _ => (first.0, last.0),
        };
        let (mut parts, mut next) = (Vec::new(), ask.first);
        for (first, last, run, way) in touched {
            let (first, last) = buckets(*first, *last);
            let (first, last) = (first.max(ask.first), last.min(ask.last));
            if next < first {
                parts.push(plan.as_counted(Ask { first: next, last: first - 1, ..ask.clone() }, bucket));
            }
            parts.push(plan.less(Ask { first, last, ..ask.clone() }, bucket, run, *way));
            next = last + 1;
        }
        if next <= ask.last {
            parts.push(plan.as_counted(Ask { first: next, ..ask.clone() }, bucket));
        }
        parts
    }

    fn month_parts(&self, ask: &Ask, ways: &DayWays, plan: &mut PartPlan) -> Vec<AnswerPart> {
        let (mut parts, mut next) = (Vec::new(), ask.first);
        for month in ask.first..=ask.last {
            let (first, last) = (Month(month).first(), Month(month).last());
            let touched = ways.of_site(ask.site, first, last);
            if touched.is_empty() {
                continue;
            }
            if next < month {
                parts.push(plan.as_counted(Ask { first: next, last: month - 1, ..ask.clone() }, None));
            }
            next = month + 1;
            let is_of_pairs = matches!(ask.source(), CellSource::Pair(..));
            if ways.is_alone(ask.site, Month(month), is_of_pairs) {
                parts.push(plan.month_alone(Ask { first: month, last: month, ..ask.clone() }));
                continue;
            }
            let days = Ask { grain: Grain::Day, first: first.0, last: last.0, by_bucket: false, ..ask.clone() };
            let bucket = if ask.by_bucket { month } else { 0 };
            parts.extend(self.day_parts(&days, Some(bucket), &touched, plan));
        }
        if next <= ask.last {
            parts.push(plan.as_counted(Ask { first: next, ..ask.clone() }, None));
        }
        parts
    }
}

impl SetAsideRun {
    /// What hits must meet to be left.
    fn left(&self) -> Condition<Name> {
        Condition::all(self.values.iter().map(|(dimension, values)| {
            let test = Test::Not(Box::new(Test::Is(values.clone())));
            Condition::Is(Filter { axis: crate::cell::Axis::Of(*dimension), test })
        }))
    }
}

/// The days that a question is about.
fn days_of(ask: &Ask) -> (Day, Day) {
    match ask.grain {
        Grain::Hour => (LocalHour::from_number(ask.first).day, LocalHour::from_number(ask.last).day),
        Grain::Day => (Day(ask.first), Day(ask.last)),
        Grain::Month => (Month(ask.first).first(), Month(ask.last).last()),
    }
}

/// What is set aside of a site, each day in one run at most.
fn runs_of(site: &Site) -> Vec<SetAsideRun> {
    let acts = site.settings.set_aside.acts.iter().filter(|act| Dimension::from_name(&act.key).is_some());
    let mut edges: Vec<Day> = acts.flat_map(|act| [act.first, Day(act.last.0.saturating_add(1))]).collect();
    edges.sort_unstable();
    edges.dedup();
    let run = |edge: &[Day]| {
        let acts = site.set_aside_on(edge[0]);
        let mut values: BTreeMap<Dimension, Vec<String>> = BTreeMap::new();
        for act in &acts {
            let dimension = Dimension::from_name(&act.key)?;
            values.entry(dimension).or_default().extend(act.values.iter().cloned());
        }
        values.values_mut().for_each(|values| {
            values.sort_unstable();
            values.dedup();
        });
        let days = (edge[0], Day(edge[1].0 - 1));
        (!values.is_empty()).then(|| SetAsideRun { days, values, left: left_name(&acts).into() })
    };
    edges.windows(2).filter_map(run).collect()
}
