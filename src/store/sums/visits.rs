//! The rows that whole visits in memory add to answers: under a condition, and of segments, which are conditions with a number.

use super::{Ask, Interrupt, RowsBy, StoreError, SumRow};
use crate::cell::{Axis, Condition, Dimension, Filter, Test};
use crate::counts::snapshot::{MatchedRow, VisitSplit, is_known};
use crate::counts::{Name, SessionSnapshot};
use crate::site::{Day, LocalHour};
use crate::store::Grain;

const SEGMENTS: Axis<Name> = Axis::Of(Dimension::Segment);

/// What has to be counted for a question.
struct VisitJob<'a> {
    /// The place of the question.
    place: usize,
    ask: &'a Ask,
    condition: Condition<Name>,
    axis: Axis<Name>,
    /// Which values of the axis count; nothing for all.
    kept: Option<Test>,
    /// The segment, where it is a value of the row.
    segment: Option<Name>,
}

/// The two sides of a question about segments.
struct SegmentSides<'a> {
    segments: Option<&'a Test>,
    /// Nothing where there are segments alone.
    other: Option<(&'a Axis<Name>, Option<&'a Test>)>,
    /// Whether rows are by segment.
    is_split: bool,
}

impl Ask {
    /// For each of some questions the rows that the visits of one day add to the answer: where it is about a condition or about segments.
    /// What is the same condition is looked at together.
    ///
    /// # Errors
    /// Those of [`Interrupt::check`].
    pub fn rows_of_visits(
        asks: &[Ask],
        day: Day,
        snapshot: &SessionSnapshot,
        interrupt: &Interrupt,
    ) -> Result<Vec<Vec<SumRow>>, StoreError> {
        let mut rows: Vec<Vec<SumRow>> = asks.iter().map(|_| Vec::new()).collect();
        let touched = asks.iter().enumerate().filter(|(_, ask)| ask.touches(day));
        let mut jobs: Vec<VisitJob> = Vec::new();
        for (place, ask) in touched {
            ask.add_jobs(place, snapshot, interrupt, &mut jobs)?;
        }
        while let Some(first) = jobs.pop() {
            let is_other = |job: &mut VisitJob| job.condition == first.condition;
            let mut same: Vec<VisitJob> = jobs.extract_if(.., is_other).collect();
            let condition = first.condition.clone();
            same.push(first);
            let axes: Vec<[&Axis<Name>; 1]> = same.iter().map(|job| [&job.axis]).collect();
            let by_hour = |job: &VisitJob| job.ask.grain == Grain::Hour;
            let splits = same.iter().zip(&axes).map(|(job, axes)| VisitSplit { axes, by_hour: by_hour(job) });
            let splits: Vec<VisitSplit> = splits.collect();
            let passes = |test: &Test, value: &str| interrupt.passes(test, value);
            let found = snapshot.matching(&condition, &splits, passes, |rows| interrupt.check(rows))?;
            for (job, found) in same.iter().zip(found) {
                for row in found {
                    rows[job.place].extend(job.row(day, row, interrupt)?);
                }
            }
        }
        Ok(rows)
    }

    fn add_jobs<'a>(
        &'a self,
        place: usize,
        snapshot: &SessionSnapshot,
        interrupt: &Interrupt,
        jobs: &mut Vec<VisitJob<'a>>,
    ) -> Result<(), StoreError> {
        let job = |condition, axis, kept, segment| VisitJob { place, ask: self, condition, axis, kept, segment };
        if let Some(condition) = self.filter.as_ref().and_then(Filter::condition) {
            jobs.push(job(condition.clone(), self.axis.clone(), None, None));
            return Ok(());
        }
        let Some(sides) = self.segment_sides() else { return Ok(()) };
        let mut wanted: Vec<(&Name, Condition<Name>)> = Vec::new();
        for (name, condition) in snapshot.segments.conditions() {
            let is_wanted = sides.segments.map_or(Ok(true), |test| interrupt.passes(test, name))?;
            wanted.extend(condition.filter(|_| is_wanted).map(|condition| (name, condition)));
        }
        let by_axis = |condition: Condition<Name>, segment: Option<Name>| match (&sides.other, self.cut.rows) {
            // Who has several of the values counts once.
            (Some((axis, test)), rows) if rows == RowsBy::Nothing || rows == RowsBy::Axis && sides.is_split => {
                let beside = test.map(|test| Condition::Is(Filter { axis: (*axis).clone(), test: test.clone() }));
                job(Condition::all(beside.into_iter().chain([condition])), Axis::Total, None, segment)
            }
            (Some((axis, test)), _) => job(condition, (*axis).clone(), test.cloned(), segment),
            (None, _) => job(condition, Axis::Total, None, segment),
        };
        if sides.is_split {
            jobs.extend(wanted.into_iter().map(|(name, condition)| by_axis(condition, Some(name.clone()))));
            return Ok(());
        }
        let any = Condition::any(wanted.iter().map(|(_, condition)| condition.clone()));
        match wanted.len() {
            0 => {}
            // What is in several segments counts once.
            _ if is_known(&any, &[&by_axis(any.clone(), None).axis]) => jobs.push(by_axis(any, None)),
            _ => jobs.extend(wanted.into_iter().map(|(_, condition)| by_axis(condition, None))),
        }
        Ok(())
    }

    /// Its sides, if it is about segments.
    fn segment_sides(&self) -> Option<SegmentSides<'_>> {
        let (kept, filter) = (self.cut.kept.as_ref(), self.filter.as_ref());
        let by_filter = filter.filter(|filter| filter.axis == SEGMENTS).map(|filter| &filter.test);
        if self.axis == SEGMENTS {
            let other = filter.filter(|filter| filter.axis != SEGMENTS);
            let other = other.map(|filter| (&filter.axis, Some(&filter.test)));
            let is_split = self.cut.rows != RowsBy::Nothing;
            return Some(SegmentSides { segments: kept.or(by_filter), other, is_split });
        }
        let other = (self.axis != Axis::Total).then_some((&self.axis, kept));
        Some(SegmentSides { segments: Some(by_filter?), other, is_split: self.cut.rows == RowsBy::Both })
    }
}

impl VisitJob<'_> {
    /// A row as it belongs into the answer, if it does.
    fn row(&self, day: Day, found: MatchedRow, interrupt: &Interrupt) -> Result<Option<SumRow>, StoreError> {
        let ([value, _], ask) = (found.values, self.ask);
        let bucket = found.hour.map_or_else(|| ask.bucket_of(day), |hour| LocalHour { day, hour }.number());
        if !ask.spans(bucket) || !self.kept.as_ref().map_or(Ok(true), |test| interrupt.passes(test, &value))? {
            return Ok(None);
        }
        let row = |value: Name| SumRow::of(ask.bucket(bucket), value, found.tally);
        Ok(Some(match (&self.segment, ask.cut.rows) {
            (Some(segment), RowsBy::Both) if ask.axis == SEGMENTS => {
                SumRow { second: Some(value), ..row(segment.clone()) }
            }
            (Some(segment), RowsBy::Both) => SumRow { second: Some(segment.clone()), ..row(value) },
            (Some(segment), _) => row(segment.clone()),
            (None, _) => row(value),
        }))
    }
}
