//! Sets of one dimension's values on a day whose visits are in memory: there each visitor and visit counts once.

use std::collections::HashMap;

use super::{AddedValues, Ask, Cut, Doubt, Grain, Interrupt, LargestValue, StoreError, SumRow};
use crate::cell::{Dimension, Tally};
use crate::counts::{Name, SessionSnapshot};
use crate::site::Day;

impl Ask {
    /// The question for each value of the set on a day that it is about; nothing for questions that add up no values.
    pub fn set_on(&self, day: Day) -> Option<Ask> {
        // Of segments and sections visits in memory tell by themselves ([`Ask::rows_of_visits`], [`Ask::rows_of_snapshot`]).
        let by_themselves = |of: &Dimension| matches!(of, Dimension::Segment | Dimension::Section);
        self.adds_values_of()?.dimension().filter(|dimension| !by_themselves(dimension))?;
        let filter = self.filter.as_ref()?;
        let (axis, grain, cut) = (filter.axis.clone(), Grain::Day, Cut::default());
        let of_day = Ask { axis, grain, first: day.0, last: day.0, by_bucket: false, cut, ..self.clone() };
        self.spans(self.bucket_of(day)).then_some(of_day)
    }

    /// What a day changes in the answer whose values were added up: `cells` are those of [`Ask::set_on`], of which snapshots hold all
    /// or a part.
    ///
    /// # Errors
    /// Those of [`Interrupt::check`].
    pub fn corrected(
        &self,
        day: Day,
        cells: Vec<SumRow>,
        snapshots: &[&SessionSnapshot],
        interrupt: &Interrupt,
    ) -> Result<Option<SumRow>, StoreError> {
        let dimension = self.adds_values_of().and_then(AddedValues::dimension);
        let (Some(filter), Some(dimension)) = (&self.filter, dimension) else { return Ok(None) };
        // What is not in memory.
        let mut others: HashMap<Name, Tally> = HashMap::new();
        for row in cells {
            *others.entry(row.value).or_default() += row.tally;
        }
        let (mut visitors, mut visits) = (0, 0);
        for snapshot in snapshots {
            let passes = |test: &_, value: &str| interrupt.passes(test, value);
            for (_, once) in snapshot.meeting(&[filter], &[], passes)? {
                (visitors, visits) = (visitors + once.visitors, visits + once.visits);
            }
            for ([value, _], again) in snapshot.meeting(&[filter], &[&filter.axis], passes)? {
                (visitors, visits) = (visitors - again.visitors, visits - again.visits);
                *others.entry(value).or_default() += -again;
            }
        }
        let repeated = |of: fn(&Tally) -> i64| {
            let mut largest = LargestValue::default();
            others.values().for_each(|tally| largest.add(of(tally).max(0)));
            largest.repeated()
        };
        let doubt = Doubt {
            repeated_visitors: repeated(|tally| tally.visitors),
            repeated_visits: if dimension.is_of_visit() { 0 } else { repeated(|tally| tally.visits) },
            missing: Tally::ZERO,
        };
        let row =
            SumRow::of(self.bucket(self.bucket_of(day)), Name::from(""), Tally { visitors, visits, ..Tally::ZERO });
        Ok(Some(SumRow { doubt: (!doubt.is_none()).then(|| Box::new(doubt)), ..row }))
    }

    /// A change of a value that is not stored yet, where it is not known what the others are.
    pub fn unsure(&self, row: SumRow) -> SumRow {
        let Some(values) = self.adds_values_of() else { return row };
        let repeated_visits = if values.is_one_a_visit() { 0 } else { row.tally.visits.max(0) };
        let doubt = Doubt { repeated_visitors: row.tally.visitors.max(0), repeated_visits, missing: Tally::ZERO };
        SumRow { doubt: (!doubt.is_none()).then(|| Box::new(doubt)), ..row }
    }
}
