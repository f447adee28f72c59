//! In: sums, for readers who are not signed in. Out: the same as everybody may see them: of days that are over, with small
//! values folded. Forgets: the day that runs, hours, filters, properties, money, funnels, and every value of a day that fewer
//! than k visitors had.
//!
//! This is the one place of the rule: pages and exports for everybody ask through [`Folded`]. Each day is folded by itself
//! (`rule`), once for each dimension, and months are added up from their folded days, so that two answers never tell more than
//! the days they are of.

mod kept;
mod of_segment;
mod rule;
mod wholes;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Sums;
use crate::cell::{Axis, Dimension, Tally};
use crate::counts::Name;
use crate::limits;
use crate::site::{Day, Moment, Month, Site, SiteId};
use crate::store::{Ask, Grain, StoreError, SumRow, TakenOut, TakenOutOf};
pub use kept::Kept;
use kept::{Bucket, FoldedKey, Rows};
pub use of_segment::SegmentSums;
use rule::{DayRule, Level};
use wholes::{Whole, form_of_device, needed, whole_of};

/// Whether everybody is told the values of a dimension where a site is open.
pub fn is_for_all(dimension: Dimension) -> bool {
    let row = dimension.row();
    row.is_listed() && row.is_for_all
}

/// Sums as everybody may see them.
pub struct Folded<'a> {
    sums: &'a dyn Sums,
    kept: &'a Kept,
    site: SiteId,
    today: Day,
    k: u32,
    /// The number of the segment that the sums are of; nothing for all of the site.
    segment: Option<u32>,
}

/// The totals of days, as they were counted.
type Totals = BTreeMap<i32, Tally>;
/// A dimension in a bucket.
type Wanted = (Bucket, Dimension);
type FoldedRows = HashMap<Wanted, Arc<Rows>>;
/// The values of dimensions on a day.
type DayValues = HashMap<Dimension, Vec<(Name, Tally)>>;
type Days = HashMap<i32, DayValues>;

impl Sums for Folded<'_> {
    fn read(&self, asks: &[Ask]) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let spans: Vec<(i32, i32)> = asks.iter().filter_map(|ask| self.span(ask)).collect();
        let Some(first) = spans.iter().map(|(first, _)| *first).min() else { return Ok(vec![Vec::new(); asks.len()]) };
        let last = spans.iter().map(|(_, last)| *last).max().unwrap_or(first);
        let mut found = FoldedRows::new();
        for _ in 0..limits::FOLDED_TRIES {
            let totals = self.totals(first, last)?;
            let wanted: BTreeSet<Wanted> = asks.iter().flat_map(|ask| self.wanted(ask, &totals)).collect();
            let missing: Vec<Wanted> = wanted.into_iter().filter(|it| !self.has(*it, &totals, &mut found)).collect();
            if missing.is_empty() {
                return Ok(asks.iter().map(|ask| self.rows(ask, &totals, &found)).collect());
            }
            self.fold(&missing, &mut found)?;
        }
        Err(StoreError::Busy)
    }

    /// None: properties are nobody's business.
    fn prop_keys(&self, _: SiteId, _: Option<&str>, _: Day, _: Day) -> Result<Vec<Name>, StoreError> {
        Ok(Vec::new())
    }

    /// The first day that anything is shown of.
    fn first_day(&self, site: SiteId) -> Result<Option<Day>, StoreError> {
        let Some(first) = self.sums.first_day(site)?.filter(|day| *day < self.today) else { return Ok(None) };
        let totals = self.totals(first.0, self.today.0 - 1)?;
        Ok(totals.iter().find(|(_, total)| self.total(**total).is_some()).map(|(day, _)| Day(*day)))
    }

    /// What is shown at all may have been taken out: of days that are over, and never which values.
    fn taken_out(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<TakenOut>, StoreError> {
        let mut marks = self.sums.taken_out(site, first, last)?;
        marks.retain(|mark| match mark.of {
            TakenOutOf::Of(dimension) => mark.first < self.today && is_for_all(dimension),
            TakenOutOf::Properties | TakenOutOf::SetAside(_) => false,
            TakenOutOf::Everything | TakenOutOf::Days | TakenOutOf::Damaged => mark.first < self.today,
        });
        Ok(marks)
    }

    fn make_room(&self, bytes: usize) -> Result<(), StoreError> {
        self.sums.make_room(bytes)
    }
}

impl<'a> Folded<'a> {
    /// What everybody may see of a site's sums at a moment.
    pub fn of(sums: &'a dyn Sums, site: &Site, now: Moment, kept: &'a Kept) -> Folded<'a> {
        let k = site.settings.small_counts_k.max(limits::SMALL_COUNTS_K_MIN);
        Folded { sums, kept, site: site.id, today: site.schedule.locate(now).day, k, segment: None }
    }

    /// The same of sums that are of a segment alone ([`SegmentSums`]).
    pub fn of_segment(self, number: u32) -> Folded<'a> {
        Folded { segment: Some(number), ..self }
    }

    /// The question for cells by day, up to the last day that is over.
    fn ask(&self, axis: Axis<Name>, first: i32, last: i32) -> Ask {
        let last = last.min(self.today.0 - 1);
        Ask { axis, first, last, by_bucket: true, ..Ask::totals_of_day(self.site, Day(first)) }
    }

    fn totals(&self, first: i32, last: i32) -> Result<Totals, StoreError> {
        Ok(totals_of(self.sums.read(&[self.ask(Axis::Total, first, last)])?.pop().unwrap_or_default()))
    }

    /// The totals of a day; nothing where they are too small.
    fn total(&self, total: Tally) -> Option<Tally> {
        DayRule::of_day(total, self.k, &|_, _| 0.0).total()
    }

    /// The values of a day as everybody may see them.
    fn day(&self, day: i32, total: Tally, values: DayValues) -> DayValues {
        let (site, day) = (self.site.0.to_le_bytes(), day.to_le_bytes());
        let draw = |kind: &str, name: &str| {
            let number = self.kept.key().number(&[&site, &day, kind.as_bytes(), name.as_bytes()]);
            // Evenly from the middles of 2^53 parts of 0 to 1, so that it is neither; then exponentially.
            -(((number >> 11) as f64 + 0.5) / (1_u64 << 53) as f64).ln()
        };
        folded(DayRule::of_day(total, self.k, &draw), values)
    }

    /// The days that a question is about; nothing for what nobody is told.
    fn span(&self, ask: &Ask) -> Option<(i32, i32)> {
        let (first, last) = match ask.grain {
            Grain::Hour => return None,
            Grain::Day => (ask.first, ask.last),
            Grain::Month => (Month(ask.first).first().0, Month(ask.last).last().0),
        };
        let last = last.min(self.today.0 - 1);
        let is_told = match &ask.axis {
            Axis::Total => true,
            Axis::Of(dimension) => is_for_all(*dimension),
            Axis::Prop { .. } | Axis::Revenue { .. } | Axis::Funnel(_) => false,
        };
        (is_told && ask.filter.is_none() && ask.site == self.site && first <= last).then_some((first, last))
    }

    /// What a question needs of its dimension, where there is something to show.
    fn wanted(&self, ask: &Ask, totals: &Totals) -> BTreeSet<Wanted> {
        let (Axis::Of(dimension), Some((first, last))) = (&ask.axis, self.span(ask)) else { return BTreeSet::new() };
        let days = totals.range(first..=last).filter(|(_, total)| self.total(**total).is_some());
        let buckets = Bucket::all_of(ask, (first, last), days.map(|(day, _)| *day));
        buckets.into_iter().map(|bucket| (bucket, *dimension)).collect()
    }

    /// Whether something is found, or in memory, and the days are what they were.
    fn has(&self, wanted: Wanted, totals: &Totals, found: &mut FoldedRows) -> bool {
        if found.get(&wanted).is_some_and(|rows| rows.stamp == wanted.0.stamp(totals)) {
            return true;
        }
        let kept = self.kept.find(self.key(wanted), totals);
        kept.map(|rows| found.insert(wanted, rows)).is_some()
    }

    fn key(&self, (bucket, dimension): Wanted) -> FoldedKey {
        FoldedKey { site: self.site, segment: self.segment, k: self.k, dimension, bucket }
    }

    /// Folds what is missing, a month at a time, so that the cells of a year are never in memory at once.
    fn fold(&self, missing: &[Wanted], found: &mut FoldedRows) -> Result<(), StoreError> {
        let cleared = self.kept.cleared();
        let (mut totals, mut sums) = (Totals::new(), HashMap::<Wanted, BTreeMap<Name, Tally>>::new());
        let months: BTreeSet<Month> = missing.iter().flat_map(|(bucket, _)| bucket.months()).collect();
        for month in months {
            let here = || missing.iter().filter_map(|wanted| Some((*wanted, wanted.0.within(month)?)));
            let first = here().map(|(_, (first, _))| first).min().unwrap_or_default();
            let last = here().map(|(_, (_, last))| last).max().unwrap_or_default();
            let (of_month, days) = self.days(first, last, &here().map(|(wanted, _)| wanted.1).collect())?;
            for (wanted, (first, last)) in here() {
                let sums = sums.entry(wanted).or_default();
                let values = (first..=last).filter_map(|day| days.get(&day)?.get(&wanted.1));
                values.flatten().for_each(|(name, tally)| *sums.entry(name.clone()).or_default() += *tally);
            }
            totals.extend(of_month);
        }
        for wanted in missing {
            let values = sums.remove(wanted).unwrap_or_default().into_iter().collect();
            let rows = Arc::new(Rows { stamp: wanted.0.stamp(&totals), values });
            self.kept.put(self.key(*wanted), rows.clone(), cleared);
            found.insert(*wanted, rows);
        }
        Ok(())
    }

    /// The folded values of some dimensions by day, and the totals that they are parts of, all from one state.
    fn days(&self, first: i32, last: i32, dimensions: &BTreeSet<Dimension>) -> Result<(Totals, Days), StoreError> {
        let read: BTreeSet<Dimension> = dimensions.iter().flat_map(|it| needed(*it)).collect();
        let axes = [Axis::Total].into_iter().chain(read.iter().map(|dimension| Axis::Of(*dimension)));
        let asks: Vec<Ask> = axes.map(|axis| self.ask(axis, first, last)).collect();
        let mut answers = self.sums.read(&asks)?.into_iter();
        let totals = totals_of(answers.next().unwrap_or_default());
        let mut days = Days::new();
        for (dimension, rows) in read.into_iter().zip(answers) {
            for row in rows {
                days.entry(row.bucket).or_default().entry(dimension).or_default().push((row.value, row.tally));
            }
        }
        let total = |day: &i32| totals.get(day).copied().unwrap_or_default();
        let days = days.into_iter().map(|(day, values)| (day, self.day(day, total(&day), values))).collect();
        Ok((totals, days))
    }

    /// The answer to a question.
    fn rows(&self, ask: &Ask, totals: &Totals, found: &FoldedRows) -> Vec<SumRow> {
        let Some((first, last)) = self.span(ask) else { return Vec::new() };
        let placed = |bucket: i32| if ask.by_bucket { bucket } else { 0 };
        if ask.axis == Axis::Total {
            let row = |(day, total): (&i32, &Tally)| {
                let bucket = if ask.grain == Grain::Month { Day(*day).month().0 } else { *day };
                self.total(*total).map(|tally| SumRow::of(placed(bucket), Name::from(""), tally))
            };
            return totals.range(first..=last).filter_map(row).collect();
        }
        let wanted = self.wanted(ask, totals).into_iter();
        let found = wanted.filter_map(|wanted| Some((placed(wanted.0.number()), found.get(&wanted)?)));
        let rows = found.flat_map(|(bucket, rows)| rows.values.iter().map(move |value| (bucket, value)));
        rows.map(|(bucket, (value, tally))| SumRow::of(bucket, value.clone(), *tally)).collect()
    }
}

fn totals_of(rows: Vec<SumRow>) -> Totals {
    let mut totals = Totals::new();
    for row in rows {
        *totals.entry(row.bucket).or_default() += row.tally;
    }
    totals
}

/// The dimensions of one day, folded; those that others are parts of come first.
fn folded(rule: DayRule, mut values: DayValues) -> DayValues {
    if rule.total().is_none() {
        return DayValues::new();
    }
    let mut dimensions: Vec<Dimension> = values.keys().copied().collect();
    dimensions.sort_by_key(|dimension| needed(*dimension).len());
    let forms = values.get(&Dimension::Device).into_iter().flatten();
    let forms = forms.map(|(device, tally)| (Name::from(form_of_device(device)), *tally));
    let mut levels = HashMap::from([(Whole::Form, rule.fold(Whole::Form, forms, None))]);
    let nothing = Level::default();
    for dimension in dimensions {
        let above = whole_of(dimension).map(|whole| levels.get(&whole).unwrap_or(&nothing));
        let level = rule.fold(Whole::Of(dimension), values.remove(&dimension).unwrap_or_default(), above);
        levels.insert(Whole::Of(dimension), level);
    }
    let rows = levels.into_iter().filter_map(|(whole, level)| match whole {
        Whole::Of(dimension) => Some((dimension, level.rows)),
        Whole::Form => None,
    });
    rows.collect()
}

#[cfg(test)]
mod attacker;
#[cfg(test)]
mod tests;
