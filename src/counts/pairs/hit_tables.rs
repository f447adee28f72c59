//! In: hits of a day that have something of two kinds, such as a page and money, or a country and a named property. Out: the tables of
//! both, within a budget. Forgets: who sent them.
//!
//! These tables have budgets of their own, each as large as that of all other pairs: what a flood of made-up pages takes from these it
//! does not take from money, nor from properties.

use std::collections::BTreeMap;

use super::folded::FoldedTable;
use super::{Pair, PairTable, REST, share};
use crate::cell::packed::{CellKey, chunks};
use crate::cell::{Sym, Tally};
use crate::counts::Fast;
use crate::counts::snapshot::{Column, CountedPlace, SessionSnapshot, Small, VisitorRows};
use crate::visit::PageVisitRow;

/// Cells of a table.
pub(super) type HitCells = Vec<(CellKey, Tally)>;

/// The values of hits on one side, as the numbers under which they stand.
pub(super) enum HitColumn<'a> {
    /// Of a dimension: by name.
    Of(Column, &'a [u32]),
    /// Of a named property.
    Property(Column, &'a PropertyNumbers),
}

/// The numbers of one property's values.
#[derive(Default)]
pub(super) struct PropertyNumbers {
    pub(super) of_values: Fast<Sym, u32>,
    /// What stands for values past the budget: cells of several properties are in one table.
    pub(super) rest: u32,
}

/// A table while it is counted.
pub(super) struct HitTable<'a> {
    pub(super) pair: Pair,
    sides: [HitColumn<'a>; 2],
    of_money: bool,
    sums: Fast<CellKey, Small>,
    /// The places of the visitor at hand.
    places: Vec<CountedPlace<CellKey>>,
}

/// Looks at those who have anything of a table.
pub(super) type EachVisitor = fn(&SessionSnapshot, &mut dyn FnMut(&VisitorRows));

/// Which cells are kept past the budget, of so many.
pub(super) type KeptCells = fn(Pair, HitCells, usize) -> FoldedTable;

impl SessionSnapshot {
    /// Tables of at most `cells_max` cells, those for the rest aside. `each` looks at all who have anything of them.
    pub(super) fn hit_tables(
        &self,
        mut tables: Vec<HitTable>,
        cells_max: usize,
        each: EachVisitor,
        kept: KeptCells,
    ) -> Vec<PairTable> {
        each(self, &mut |rows| tables.iter_mut().for_each(|table| table.take(rows)));
        tables.retain(|table| !table.sums.is_empty());
        let most = share(tables.iter().map(|table| table.sums.len()).collect(), cells_max);
        let (past, within): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| table.sums.len() > most);
        let mut counted: BTreeMap<Pair, HitCells> = BTreeMap::new();
        for mut table in within {
            counted.entry(table.pair).or_default().extend(table.take_cells());
        }
        let folding = past.into_iter().map(|mut table| {
            let folded = kept(table.pair, table.take_cells(), most);
            (table, folded)
        });
        let mut folding: Vec<(HitTable, FoldedTable)> = folding.collect();
        let mut visitor = 0;
        let mut fold = |rows: &VisitorRows| {
            // Who has no token is no visitor.
            for (table, folded) in folding.iter_mut().filter(|_| rows.is_known) {
                table.place(rows);
                table.places.drain(..).for_each(|place| folded.take(place.key, visitor));
            }
            visitor += 1;
        };
        each(self, &mut fold);
        for (table, folded) in folding {
            let cells = folded.cells().into_iter().map(|(key, tally)| (table.with_rests(key), tally));
            counted.entry(table.pair).or_default().extend(cells);
        }
        counted.into_iter().map(|(pair, cells)| pair_table(pair, cells)).collect()
    }
}

fn pair_table(pair: Pair, mut cells: HitCells) -> PairTable {
    cells.sort_unstable_by_key(|(key, _)| *key);
    PairTable { pair, chunks: chunks(cells).collect() }
}

impl<'a> HitTable<'a> {
    pub(super) fn of(pair: Pair, sides: [HitColumn<'a>; 2], of_money: bool) -> HitTable<'a> {
        HitTable { pair, sides, of_money, sums: Fast::default(), places: Vec::new() }
    }

    /// Takes what a visitor did.
    fn take(&mut self, rows: &VisitorRows) {
        self.place(rows);
        let sums = &mut self.sums;
        rows.add_up(&mut self.places, |key, sum| sums.entry(key).or_default().add(sum));
    }

    fn place(&mut self, rows: &VisitorRows) {
        let HitTable { sides: [first, second], places, of_money, .. } = self;
        for hit in rows.hits(*of_money) {
            let tally = Small::of_page_visit(hit, false);
            let place = |key| CountedPlace { key, visit: hit.visit, tally };
            for b in second.numbers(rows, hit) {
                places.extend(first.numbers(rows, hit).map(|a| place((a, b))));
            }
        }
    }

    fn take_cells(&mut self) -> HitCells {
        std::mem::take(&mut self.sums).into_iter().map(|(key, sum)| (key, sum.tally())).collect()
    }

    fn with_rests(&self, (a, b): CellKey) -> CellKey {
        let [first, second] = &self.sides;
        (first.with_rest(a), second.with_rest(b))
    }
}

impl HitColumn<'_> {
    fn numbers(&self, rows: &VisitorRows, hit: &PageVisitRow) -> impl Iterator<Item = u32> {
        let (HitColumn::Of(column, _) | HitColumn::Property(column, _)) = self;
        let of_visit = (!column.is_of_places()).then(|| column.of_visit(rows.visit_of(hit)));
        let values = of_visit.into_iter().chain(column.of_place(hit)).filter(|value| *value != Sym::EMPTY);
        values.map(|value| match self {
            HitColumn::Of(_, numbers) => numbers[value.0 as usize],
            HitColumn::Property(_, numbers) => numbers.of_values.get(&value).copied().unwrap_or(numbers.rest),
        })
    }

    /// What stands for the rest of the values.
    fn with_rest(&self, number: u32) -> u32 {
        match self {
            HitColumn::Property(_, numbers) if number == REST => numbers.rest,
            _ => number,
        }
    }
}
