//! The rows that whole visits in memory add to answers: under a condition, and of segments, which are conditions with a number.

use super::{Ask, Interrupt, StoreError, SumRow};
use crate::cell::{Axis, Condition, Dimension, Filter};
use crate::counts::snapshot::VisitSplit;
use crate::counts::{Name, SessionSnapshot};
use crate::site::{Day, LocalHour};
use crate::store::Grain;

/// What has to be counted for a question.
struct VisitJob<'a> {
    /// The place of the question.
    place: usize,
    ask: &'a Ask,
    condition: Condition<Name>,
    axis: Axis<Name>,
    /// The value of its row, where that is not the axis'.
    value: Option<Name>,
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
            let passes = |test: &crate::cell::Test, value: &str| interrupt.passes(test, value);
            let found = snapshot.matching(&condition, &splits, passes, |rows| interrupt.check(rows))?;
            for (job, found) in same.iter().zip(found) {
                for row in found {
                    let [value, _] = row.values;
                    let bucket = match row.hour {
                        Some(hour) => LocalHour { day, hour }.number(),
                        None => job.ask.bucket_of(day),
                    };
                    if job.ask.spans(bucket) {
                        let (bucket, value) = (job.ask.bucket(bucket), job.value.clone().unwrap_or(value));
                        rows[job.place].push(SumRow { bucket, value, tally: row.tally });
                    }
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
        let job = |condition, axis, value| VisitJob { place, ask: self, condition, axis, value };
        if let Some(condition) = self.filter.as_ref().and_then(Filter::condition) {
            jobs.push(job(condition.clone(), self.axis.clone(), None));
            return Ok(());
        }
        let segments = Axis::Of(Dimension::Segment);
        let by_segment = self.filter.as_ref().filter(|filter| filter.axis == segments);
        if by_segment.is_none() && self.axis != segments {
            return Ok(());
        }
        for (name, condition) in snapshot.segments.conditions() {
            let is_wanted = by_segment.map_or(Ok(true), |filter| interrupt.passes(&filter.test, name))?;
            let Some(condition) = condition.filter(|_| is_wanted) else { continue };
            let beside = self.filter.clone().filter(|_| by_segment.is_none());
            let condition = Condition::all(beside.map(Condition::Is).into_iter().chain([condition]));
            let is_split = self.axis == segments;
            let axis = if is_split { Axis::Total } else { self.axis.clone() };
            jobs.push(job(condition, axis, is_split.then(|| name.clone())));
        }
        Ok(())
    }
}
