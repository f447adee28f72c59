//! In: a snapshot and the numbers of its names. Out: the money of each event and currency by the values of every dimension, packed.
//! Forgets: which visits paid.
//!
//! The tables of money have a budget of their own, as large as that of all other pairs: what a flood of made-up pages takes from these
//! it does not take from money.

use std::collections::BTreeMap;

use super::folded::FoldedTable;
use super::{NameNumbers, Pair, PairTable, REST, share};
use crate::cell::packed::{CellKey, chunks};
use crate::cell::{Sym, Tally};
use crate::counts::Fast;
use crate::counts::snapshot::{Column, CountedPlace, SessionSnapshot, Small, VisitorRows};
use crate::visit::PageVisitRow;

/// Cells of a table.
type MoneyCells = Vec<(CellKey, Tally)>;

/// A table while it is counted.
struct MoneyTable {
    pair: Pair,
    /// The values of the dimension beside money.
    column: Column,
    sums: Fast<CellKey, Small>,
    /// The places of the visitor at hand.
    places: Vec<CountedPlace<CellKey>>,
}

impl SessionSnapshot {
    /// The tables of money by each dimension, of at most `cells_max` cells, those for the rest aside.
    pub(super) fn money_tables(&self, numbers: &NameNumbers, cells_max: usize) -> Vec<PairTable> {
        if !self.has_paid() {
            return Vec::new();
        }
        let mut of_names = vec![REST; self.names()];
        numbers.in_order().for_each(|(name, number)| of_names[name.0 as usize] = number);
        let table = |pair: Pair| MoneyTable {
            pair,
            column: self.column(pair.first),
            sums: Fast::default(),
            places: Vec::new(),
        };
        let mut tables: Vec<MoneyTable> = Pair::of_money().map(table).collect();
        self.each_paid(|rows| tables.iter_mut().for_each(|table| table.take(rows, &of_names)));
        tables.retain(|table| !table.sums.is_empty());
        let most = share(tables.iter().map(|table| table.sums.len()).collect(), cells_max);
        let (past, within): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| table.sums.len() > most);
        let mut counted: BTreeMap<Pair, MoneyCells> =
            within.into_iter().map(|table| (table.pair, table.cells())).collect();
        counted.extend(self.folded_money(past, most, &of_names));
        counted.into_iter().map(|(pair, cells)| PairTable { pair, chunks: chunks(cells).collect() }).collect()
    }

    /// The same of tables past the budget.
    fn folded_money(&self, tables: Vec<MoneyTable>, most: usize, of_names: &[u32]) -> Vec<(Pair, MoneyCells)> {
        let folding = tables.into_iter().map(|mut table| {
            let (kept, others) = whole_values(table.take_cells(), most);
            let folded = FoldedTable::of_parts(table.pair, kept, others);
            (table, folded)
        });
        let mut folding: Vec<(MoneyTable, FoldedTable)> = folding.collect();
        let mut visitor = 0;
        // Who has no token is no visitor.
        self.each_paid(|rows| {
            for (table, folded) in folding.iter_mut().filter(|_| rows.is_known) {
                table.place(rows, of_names);
                table.places.drain(..).for_each(|place| folded.take(place.key, visitor));
            }
            visitor += 1;
        });
        folding.into_iter().map(|(table, folded)| (table.pair, folded.cells())).collect()
    }
}

/// The cells of the values that paid most often, and all others: of a value all cells are kept, or none.
fn whole_values(mut cells: MoneyCells, most: usize) -> (MoneyCells, MoneyCells) {
    cells.sort_unstable_by_key(|(key, _)| *key);
    let mut values: Vec<&[(CellKey, Tally)]> = cells.chunk_by(|a, b| a.0.0 == b.0.0).collect();
    let events = |cells: &[(CellKey, Tally)]| cells.iter().map(|(_, tally)| tally.events).sum::<i64>();
    values.sort_by_key(|cells| std::cmp::Reverse(events(cells)));
    let (mut kept, mut others) = (Vec::new(), Vec::new());
    for of_value in values {
        let has_room = others.is_empty() && kept.len() + of_value.len() <= most;
        if has_room { kept.extend_from_slice(of_value) } else { others.extend_from_slice(of_value) }
    }
    (kept, others)
}

impl MoneyTable {
    /// Takes what a visitor paid.
    fn take(&mut self, rows: &VisitorRows, of_names: &[u32]) {
        self.place(rows, of_names);
        let sums = &mut self.sums;
        rows.add_up(&mut self.places, |key, sum| sums.entry(key).or_default().add(sum));
    }

    fn place(&mut self, rows: &VisitorRows, of_names: &[u32]) {
        let number = |name: Sym| of_names[name.0 as usize];
        for paid in &rows.paid {
            let of_visit = (!self.column.is_of_places()).then(|| self.column.of_visit(rows.visit_of(paid)));
            let values = of_visit.into_iter().chain(self.column.of_place(paid)).filter(|value| *value != Sym::EMPTY);
            let PageVisitRow { visit, money, .. } = *paid;
            let tally = Small::of_page_visit(paid, false);
            let place = |value| CountedPlace { key: (number(value), number(money)), visit, tally };
            self.places.extend(values.map(place));
        }
    }

    fn take_cells(&mut self) -> MoneyCells {
        std::mem::take(&mut self.sums).into_iter().map(|(key, sum)| (key, sum.tally())).collect()
    }

    /// Its cells in order.
    fn cells(mut self) -> MoneyCells {
        let mut cells = self.take_cells();
        cells.sort_unstable_by_key(|(key, _)| *key);
        cells
    }
}
