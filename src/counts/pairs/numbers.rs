//! The numbers under which a day's names stand in its pairs.

use crate::cell::{Dimension, Sym, TUPLES_PER_VISIT};
use crate::counts::snapshot::{Column, SessionSnapshot, VisitorRows};

/// Names of a day that are values of what was counted, in order of their numbers.
#[derive(Debug, Default)]
pub struct NameNumbers {
    names: Vec<(u32, Sym)>,
    /// Of the names that are no names of the day, in their order.
    joined: Vec<u32>,
}

impl NameNumbers {
    /// By names and their numbers, no two of which are the same.
    pub fn of(numbers: impl IntoIterator<Item = (Sym, u32)>) -> NameNumbers {
        let mut numbers: Vec<(u32, Sym)> = numbers.into_iter().map(|(name, number)| (number, name)).collect();
        numbers.sort_unstable();
        NameNumbers { names: numbers, joined: Vec::new() }
    }

    /// The same, with the numbers of names that are none of the day, in order ([`SessionSnapshot::joined_names`]).
    pub fn with_joined(self, joined: Vec<u32>) -> NameNumbers {
        NameNumbers { joined, ..self }
    }

    /// The number of the segment or the step at a place.
    pub(super) fn of_segment(&self, place: usize) -> Option<u32> {
        self.joined.get(place).copied()
    }

    /// The numbers of a day's named properties, in the order of [`DayProperties::known`](crate::counts::snapshot::DayProperties).
    pub(super) fn of_properties(&self, snapshot: &SessionSnapshot) -> &[u32] {
        self.joined.get(snapshot.segments.names().len()..).unwrap_or_default()
    }

    /// The numbers that names have on the day.
    pub(super) fn of_day(snapshot: &SessionSnapshot) -> NameNumbers {
        let many = snapshot.names() as u32;
        let joined = (many..).zip(snapshot.joined_names()).map(|(number, _)| number).collect();
        NameNumbers { names: (0..many).map(|number| (number, Sym(number))).collect(), joined }
    }

    /// All of them in order.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (Sym, u32)> {
        self.names.iter().map(|(number, name)| (*name, *number))
    }
}

/// Which tuples and attributes anybody came with, and which names they are of otherwise.
#[derive(Default)]
struct Met {
    names: Vec<bool>,
    tuples: [Vec<bool>; TUPLES_PER_VISIT],
    attributes: Vec<bool>,
}

/// Notes a place.
fn mark(marks: &mut Vec<bool>, place: usize) {
    marks.resize(marks.len().max(place + 1), false);
    marks[place] = true;
}

/// The values whose places are marked.
fn marked<'a, T>(marks: &'a [bool], values: impl Iterator<Item = T> + 'a) -> impl Iterator<Item = T> + 'a {
    values.zip(marks).filter(|(_, is_met)| **is_met).map(|(value, _)| value)
}

impl Met {
    fn note(&mut self, rows: &VisitorRows, sections: &[Sym]) {
        for visit in &rows.visits {
            self.tuples.iter_mut().zip(visit.tuples).for_each(|(marks, tuple)| mark(marks, tuple.place()));
            // Hits without a token have neither.
            let ends = [visit.entry, visit.exit].into_iter().filter(|_| rows.is_known);
            ends.for_each(|page| mark(&mut self.names, page.0 as usize));
        }
        for place in &rows.places {
            let section = sections.get(place.page.0 as usize).copied();
            let names = [place.page, place.before].into_iter().chain(section);
            names.for_each(|name| mark(&mut self.names, name.0 as usize));
            mark(&mut self.attributes, place.attributes.place());
        }
    }

    /// The values of a dimension, but for pages and sections.
    fn values(&self, column: &Column) -> Vec<Sym> {
        match column {
            Column::Tuple(which, of) => marked(&self.tuples[*which], of.iter().copied()).collect(),
            Column::Attributes(of) => marked(&self.attributes, of.iter().copied()).collect(),
            Column::Patterns(of) => marked(&self.attributes, of.all_patterns()).flatten().copied().collect(),
            Column::Entry | Column::Exit | Column::Page | Column::Section(_) | Column::PreviousPage => Vec::new(),
            Column::Property(..) | Column::Money | Column::Nowhere => Vec::new(),
        }
    }
}

impl SessionSnapshot {
    /// The names that are values of what was counted, and so stand in pairs. The day may know others, which gave way.
    pub fn names_in_pairs(&self) -> Vec<Sym> {
        let mut met = Met::default();
        let sections = &self.sections().of_pages;
        self.each(|_| true, |rows| met.note(rows, sections));
        self.each_paid(|rows| rows.paid.iter().for_each(|paid| mark(&mut met.names, paid.money.0 as usize)));
        for dimension in Dimension::COUNTED {
            let values = met.values(&self.column(dimension));
            values.into_iter().for_each(|value| mark(&mut met.names, value.0 as usize));
        }
        let met = (0..).map(Sym).zip(met.names).filter(|(_, is_met)| *is_met).map(|(name, _)| name);
        // What is not collected is no value.
        met.filter(|name| *name != Sym::EMPTY).collect()
    }
}
