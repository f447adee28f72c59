//! In: a snapshot and the numbers of its names. Out: the hits that carry each named property, by its values and those of every
//! dimension, packed. Forgets: who sent them.

use super::folded::FoldedTable;
use super::hit_tables::{HitColumn, HitTable, PropertyNumbers};
use super::{NameNumbers, Pair, PairTable, REST};
use crate::cell::{Dimension, Sym};
use crate::counts::snapshot::SessionSnapshot;

/// The numbers of each named property's values, by its key.
pub(super) type NumbersOfProperties = Vec<(Sym, PropertyNumbers)>;

impl SessionSnapshot {
    /// The tables of named properties by each dimension, of at most `cells_max` cells, those for the rest aside.
    pub(super) fn property_tables(&self, numbers: &NameNumbers, cells_max: usize) -> Vec<PairTable> {
        let properties = self.property_numbers(numbers);
        if properties.is_empty() {
            return Vec::new();
        }
        let of_names = &self.numbers_of_names(numbers);
        let mut tables = Vec::new();
        for (key, of_values) in &properties {
            let side = |of: Dimension| match of {
                Dimension::Property => HitColumn::Property(self.property_column(*key), of_values),
                of => HitColumn::Of(self.column(of), of_names),
            };
            let sides = |pair: Pair| [side(pair.first), side(pair.second)];
            tables.extend(Pair::of_properties().map(|pair| HitTable::of(pair, sides(pair), false)));
        }
        let each = |snapshot: &SessionSnapshot, look: &mut dyn FnMut(&_)| {
            snapshot.each(
                |_| true,
                |rows| {
                    let carries = |attributes| !snapshot.properties_of(attributes).is_empty();
                    if rows.hits(false).iter().any(|hit| carries(hit.attributes)) {
                        look(rows);
                    }
                },
            );
        };
        self.hit_tables(tables, cells_max, each, FoldedTable::of)
    }

    /// For each name of the day the number under which it stands in pairs.
    pub(super) fn numbers_of_names(&self, numbers: &NameNumbers) -> Vec<u32> {
        let mut of_names = vec![REST; self.names()];
        numbers.in_order().for_each(|(name, number)| of_names[name.0 as usize] = number);
        of_names
    }

    /// The numbers of named properties.
    pub(super) fn property_numbers(&self, numbers: &NameNumbers) -> NumbersOfProperties {
        let mut found = NumbersOfProperties::new();
        // Of each key what stands for the rest comes first.
        for ((key, value), number) in self.properties().known.iter().zip(numbers.of_properties(self)) {
            match (value, found.last_mut()) {
                (Some(value), Some((_, of_key))) => _ = of_key.of_values.insert(*value, *number),
                _ => found.push((*key, PropertyNumbers { rest: *number, ..PropertyNumbers::default() })),
            }
        }
        found
    }
}
