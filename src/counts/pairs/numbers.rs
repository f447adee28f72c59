//! The numbers under which a day's names stand in its pairs.

use crate::cell::{Dimension, Sym, TUPLES_PER_VISIT};
use crate::counts::snapshot::{Column, SessionSnapshot};

/// Names of a day that are values of what was counted, in order of their numbers.
#[derive(Debug, Default)]
pub struct NameNumbers(Vec<(u32, Sym)>);

impl NameNumbers {
    /// By names and their numbers, no two of which are the same.
    pub fn of(numbers: impl IntoIterator<Item = (Sym, u32)>) -> NameNumbers {
        let mut numbers: Vec<(u32, Sym)> = numbers.into_iter().map(|(name, number)| (number, name)).collect();
        numbers.sort_unstable();
        NameNumbers(numbers)
    }

    /// The numbers that names have on the day.
    pub(super) fn of_day(snapshot: &SessionSnapshot) -> NameNumbers {
        NameNumbers((0..snapshot.texts.len() as u32).map(|number| (number, Sym(number))).collect())
    }

    /// All of them in order.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (Sym, u32)> {
        self.0.iter().map(|(number, name)| (*name, *number))
    }
}

impl SessionSnapshot {
    /// The names that are values of what was counted, and so stand in pairs. The day may know others, which gave way.
    pub fn names_in_pairs(&self) -> Vec<Sym> {
        let mut is_in = vec![false; self.texts.len()];
        let mut tuples: [Vec<bool>; TUPLES_PER_VISIT] = Default::default();
        let mut attributes = Vec::new();
        let mark = |marks: &mut Vec<bool>, place: usize| {
            marks.resize(marks.len().max(place + 1), false);
            marks[place] = true;
        };
        self.each(
            |_| true,
            |rows| {
                for visit in &rows.visits {
                    tuples.iter_mut().zip(visit.tuples).for_each(|(marks, tuple)| mark(marks, tuple.place()));
                    // Hits without a token have neither.
                    let ends = [visit.entry, visit.exit].into_iter().filter(|_| rows.is_known);
                    ends.for_each(|page| is_in[page.0 as usize] = true);
                }
                for place in &rows.places {
                    is_in[place.page.0 as usize] = true;
                    mark(&mut attributes, place.attributes.place());
                }
            },
        );
        let is_met = |marks: &[bool], place: usize| marks.get(place).is_some_and(|is_met| *is_met);
        for dimension in Dimension::COUNTED {
            let mut values: Vec<Sym> = Vec::new();
            match self.column(dimension) {
                Column::Tuple(which, of) => {
                    let met = of.iter().enumerate().filter(|(place, _)| is_met(&tuples[which], *place));
                    values.extend(met.map(|(_, value)| value));
                }
                Column::Attributes(of) => {
                    let met = of.iter().enumerate().filter(|(place, _)| is_met(&attributes, *place));
                    values.extend(met.map(|(_, value)| value));
                }
                Column::Patterns(of) => {
                    let met = of.all_patterns().enumerate().filter(|(place, _)| is_met(&attributes, *place));
                    values.extend(met.flat_map(|(_, values)| values));
                }
                Column::Entry | Column::Exit | Column::Page | Column::Nowhere => {}
            }
            values.into_iter().for_each(|value| is_in[value.0 as usize] = true);
        }
        (0..).map(Sym).zip(is_in).filter(|(_, is_in)| *is_in).map(|(name, _)| name).collect()
    }
}
