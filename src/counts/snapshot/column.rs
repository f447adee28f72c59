//! The values of one dimension, made once for a question, so that a visit or a place is told its value by its numbers.

use std::sync::Arc;

use crate::cell::{AttributeValues, Dimension, Sym, TupleValues};
use crate::visit::{PageVisitRow, VisitRow};

/// Where the values of a dimension are.
#[derive(Debug)]
pub(in crate::counts) enum Column {
    /// In one of a visit's tuples, by its number.
    Tuple(usize, Vec<Sym>),
    /// A visit's first page.
    Entry,
    /// A visit's last page.
    Exit,
    /// The page of a place.
    Page,
    /// The section of that, by the number of the page.
    Section(Arc<[Sym]>),
    /// The page before it.
    PreviousPage,
    /// In what a place is beside its page, by its number.
    Attributes(Vec<Sym>),
    /// The same; a place may have several.
    Patterns(AttributeValues),
    /// The same; the value of one property that the owner has named, by its key.
    Property(Sym, AttributeValues),
    /// The event of a place where a visit paid, with the currency.
    Money,
    /// Nothing has one.
    Nowhere,
}

impl Column {
    pub(in crate::counts) fn of(
        dimension: Dimension,
        tuples: &TupleValues,
        hit_attributes: &AttributeValues,
    ) -> Column {
        match dimension {
            Dimension::EntryPage => Column::Entry,
            Dimension::ExitPage => Column::Exit,
            Dimension::Page => Column::Page,
            Dimension::PreviousPage => Column::PreviousPage,
            Dimension::Money => Column::Money,
            Dimension::Pattern => Column::Patterns(hit_attributes.clone()),
            // Each has a column of its own.
            Dimension::Property => Column::Nowhere,
            _ if dimension.is_of_visit() => {
                tuples.column(dimension).map_or(Column::Nowhere, |(which, values)| Column::Tuple(which, values))
            }
            _ => hit_attributes.column(dimension).map_or(Column::Nowhere, Column::Attributes),
        }
    }

    /// The value of a visit; empty if visits have none.
    pub(in crate::counts) fn of_visit(&self, visit: &VisitRow) -> Sym {
        match self {
            Column::Tuple(which, values) => values[visit.tuples[*which].place()],
            Column::Entry => visit.entry,
            Column::Exit => visit.exit,
            _ => Sym::EMPTY,
        }
    }

    /// The values of a place.
    pub(in crate::counts) fn of_place<'a>(&'a self, place: &PageVisitRow) -> impl Iterator<Item = Sym> + 'a {
        let (single, patterns) = match self {
            Column::Page => (Some(place.page), &[][..]),
            Column::Section(of_pages) => (of_pages.get(place.page.0 as usize).copied(), &[][..]),
            Column::PreviousPage => (Some(place.before), &[][..]),
            Column::Money => (Some(place.money), &[][..]),
            Column::Attributes(values) => (Some(values[place.attributes.place()]), &[][..]),
            Column::Patterns(values) => (None, values.patterns(place.attributes)),
            Column::Property(key, values) => (values.property(place.attributes, *key), &[][..]),
            _ => (None, &[][..]),
        };
        single.into_iter().chain(patterns.iter().copied())
    }

    /// Whether places have its values, rather than visits.
    pub(in crate::counts) fn is_of_places(&self) -> bool {
        matches!(
            self,
            Column::Page
                | Column::Section(_)
                | Column::PreviousPage
                | Column::Money
                | Column::Attributes(_)
                | Column::Patterns(_)
                | Column::Property(..)
        )
    }
}
