//! In: a snapshot and the numbers of its names. Out: the money of each event and currency by the values of every dimension and of named
//! properties, packed. Forgets: which visits paid.

use super::folded::FoldedTable;
use super::hit_tables::{HitCells, HitColumn, HitTable};
use super::{NameNumbers, Pair, PairTable};
use crate::cell::{Dimension, Sym, Tally};
use crate::counts::snapshot::{Column, SessionSnapshot};

impl SessionSnapshot {
    /// The tables of money by each dimension, of at most `cells_max` cells, those for the rest aside.
    pub(super) fn money_tables(&self, numbers: &NameNumbers, cells_max: usize) -> Vec<PairTable> {
        if !self.has_paid() {
            return Vec::new();
        }
        let (of_names, properties) = (self.numbers_of_names(numbers), self.property_numbers(numbers));
        let paid = || HitColumn::Of(Column::Money, &of_names);
        let of_dimensions = Pair::of_money().filter(|pair| pair.first != Dimension::Property);
        let table = |pair: Pair| HitTable::of(pair, [HitColumn::Of(self.column(pair.first), &of_names), paid()], true);
        let (with_property, _) = Pair::of(Dimension::Property, Dimension::Money);
        let of_key = |key: Sym, numbers| HitColumn::Property(self.property_column(key), numbers);
        let by_property = properties.iter();
        let by_property =
            by_property.map(|(key, numbers)| HitTable::of(with_property, [of_key(*key, numbers), paid()], true));
        let tables = of_dimensions.map(table).chain(by_property).collect();
        self.hit_tables(tables, cells_max, |snapshot, look| snapshot.each_paid(look), whole_values)
    }
}

/// Keeps the values that paid most often: of a value all cells are kept, or none.
fn whole_values(pair: Pair, mut cells: HitCells, most: usize) -> FoldedTable {
    cells.sort_unstable_by_key(|(key, _)| *key);
    let mut values: Vec<&[_]> = cells.chunk_by(|a, b| a.0.0 == b.0.0).collect();
    let events = |cells: &[((u32, u32), Tally)]| cells.iter().map(|(_, tally)| tally.events).sum::<i64>();
    values.sort_by_key(|cells| std::cmp::Reverse(events(cells)));
    let (mut kept, mut others) = (HitCells::new(), HitCells::new());
    for of_value in values {
        let has_room = others.is_empty() && kept.len() + of_value.len() <= most;
        if has_room { kept.extend_from_slice(of_value) } else { others.extend_from_slice(of_value) }
    }
    FoldedTable::of_parts(pair, kept, others)
}
