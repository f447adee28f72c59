//! The values of each dimension, ranked without gaps in order of their numbers, so that sums by value lie in a list.

use std::collections::BTreeMap;

use super::batch::{BatchPlace, BatchRow, BatchVisit, NOBODY, VisitBatch};
use super::folded::FoldedTable;
use super::grouped::{CellSums, Grouped};
use super::{CountedTable, NameNumbers, Pair};
use crate::cell::{Dimension, Sym};
use crate::counts::snapshot::{Column, SessionSnapshot};

/// All dimensions of a day, made once for all tables.
pub(super) struct PairColumns(Vec<(Dimension, RankedColumn)>);

/// The values of one dimension.
struct RankedColumn {
    /// Their numbers, in order; those of pages are the batch's.
    values: Vec<u32>,
    ranks: Ranks,
}

/// Where the rank of a row's value is.
enum Ranks {
    /// By one of a visit's tuples.
    Tuple(usize, Vec<u32>),
    /// A visit's first page.
    Entry,
    /// A visit's last page.
    Exit,
    /// The page of a place.
    Page,
    /// By what a place is beside its page: one value, any number of patterns, or nothing.
    Attributes(Vec<Vec<u32>>),
}

impl PairColumns {
    pub(super) fn of(snapshot: &SessionSnapshot, numbers: &NameNumbers) -> PairColumns {
        let mut ranking = Ranking { numbers, ranks: vec![NO_VALUE; snapshot.texts.len()] };
        let ranked = |dimension| (dimension, RankedColumn::of(snapshot.column(dimension), &mut ranking));
        PairColumns(Dimension::COUNTED.map(ranked).into())
    }

    fn column(&self, of: Dimension) -> &RankedColumn {
        let found = self.0.iter().find(|(dimension, _)| *dimension == of);
        &found.expect("every counted dimension has a column").1
    }

    /// Adds what a batch counts to each table.
    pub(super) fn count(&self, batch: &VisitBatch, tables: &mut BTreeMap<Pair, CountedTable>) {
        let mut sums = CellSums::default();
        for (dimension, first) in &self.0 {
            let rows = FirstRows::of(first, batch);
            for pair in Pair::all().filter(|pair| pair.first == *dimension) {
                rows.count(self.column(pair.second), pair, batch, &mut sums);
                if !sums.cells().is_empty() {
                    tables.entry(pair).or_default().add(sums.cells());
                }
            }
        }
    }

    /// Tells a table which visitors of a batch are in its cells.
    pub(super) fn fold(&self, batch: &VisitBatch, table: &mut FoldedTable) {
        let [first, second] = [table.pair.first, table.pair.second].map(|dimension| self.column(dimension));
        let (of_first, of_second) = (first.values(batch), second.values(batch));
        let mut take = |a: Option<u32>, b: u32, visitor: u32| {
            // Hits without a token have no visitors to be told apart.
            if let Some(a) = a.filter(|_| visitor != NOBODY) {
                table.take((of_first[a as usize], of_second[b as usize]), visitor);
            }
        };
        for visit in batch.visits.iter().filter(|_| !second.is_of_places()) {
            second.of_visit(visit).into_iter().for_each(|b| take(first.of_visit(visit), b, visit.visitor()));
        }
        for place in batch.places.iter().filter(|_| second.is_of_places()) {
            let a = match first.is_of_places() {
                true => first.of_place(place).next(),
                false => first.of_visit(&batch.visits[place.visit() as usize]),
            };
            second.of_place(place).for_each(|b| take(a, b, place.visitor()));
        }
    }
}

/// A batch's rows, those of each value of one dimension together.
struct FirstRows<'a> {
    values: &'a [u32],
    visits: Grouped<BatchVisit>,
    places: Grouped<BatchPlace>,
}

impl<'a> FirstRows<'a> {
    fn of(first: &'a RankedColumn, batch: &'a VisitBatch) -> FirstRows<'a> {
        let values = first.values(batch);
        if first.is_of_places() {
            let ranks = batch.places.iter().map(|place| first.of_place(place).next());
            let places = Grouped::by(&ranks.collect::<Vec<_>>(), &batch.places, values.len());
            return FirstRows { values, visits: Grouped::default(), places };
        }
        let ranks: Vec<Option<u32>> = batch.visits.iter().map(|visit| first.of_visit(visit)).collect();
        let visits = Grouped::by(&ranks, &batch.visits, values.len());
        let ranks: Vec<Option<u32>> = batch.places.iter().map(|place| ranks[place.visit() as usize]).collect();
        FirstRows { values, visits, places: Grouped::by(&ranks, &batch.places, values.len()) }
    }

    /// Leaves the cells of a pair, whose second dimension is `second`, in `sums`.
    fn count(&self, second: &RankedColumn, pair: Pair, batch: &VisitBatch, sums: &mut CellSums) {
        let by_page = [pair.first, pair.second].contains(&Dimension::Page);
        sums.begin(self.values, second.values(batch), by_page);
        match &second.ranks {
            Ranks::Tuple(which, ranks) => {
                sums.add(&self.visits, |visit| some_rank(ranks[visit.tuples[*which] as usize]));
            }
            Ranks::Entry => sums.add(&self.visits, BatchVisit::entry),
            Ranks::Exit => sums.add(&self.visits, BatchVisit::exit),
            Ranks::Page => sums.add(&self.places, |place| Some(place.page)),
            Ranks::Attributes(ranks) => {
                sums.add(&self.places, |place| of_attributes(ranks, place).iter().copied());
            }
        }
    }
}

impl RankedColumn {
    fn of(column: Column, ranking: &mut Ranking) -> RankedColumn {
        let of_batch = |ranks| RankedColumn { values: Vec::new(), ranks };
        match column {
            Column::Tuple(which, of) => {
                let values = ranking.rank(of.iter());
                let ranks = of.iter().map(|value| ranking.ranks[value.0 as usize]).collect();
                RankedColumn { values, ranks: Ranks::Tuple(which, ranks) }
            }
            Column::Attributes(of) => RankedColumn::of_attributes(of.iter().map(std::slice::from_ref), ranking),
            Column::Patterns(of) => RankedColumn::of_attributes(of.all_patterns(), ranking),
            Column::Nowhere => of_batch(Ranks::Attributes(Vec::new())),
            Column::Entry => of_batch(Ranks::Entry),
            Column::Exit => of_batch(Ranks::Exit),
            Column::Page => of_batch(Ranks::Page),
        }
    }

    fn of_attributes<'a>(of: impl Iterator<Item = &'a [Sym]> + Clone, ranking: &mut Ranking) -> RankedColumn {
        let values = ranking.rank(of.clone().flatten());
        let rank = |value: &Sym| some_rank(ranking.ranks[value.0 as usize]);
        let ranks = |values: &[Sym]| values.iter().filter_map(rank).collect();
        RankedColumn { ranks: Ranks::Attributes(of.map(ranks).collect()), values }
    }

    fn values<'a>(&'a self, batch: &'a VisitBatch) -> &'a [u32] {
        match self.ranks {
            Ranks::Entry | Ranks::Exit | Ranks::Page => &batch.pages,
            Ranks::Tuple(..) | Ranks::Attributes(_) => &self.values,
        }
    }

    fn is_of_places(&self) -> bool {
        matches!(self.ranks, Ranks::Page | Ranks::Attributes(_))
    }

    /// The rank of a visit's value.
    fn of_visit(&self, visit: &BatchVisit) -> Option<u32> {
        match &self.ranks {
            Ranks::Tuple(which, ranks) => some_rank(ranks[visit.tuples[*which] as usize]),
            Ranks::Entry => visit.entry(),
            Ranks::Exit => visit.exit(),
            Ranks::Page | Ranks::Attributes(_) => None,
        }
    }

    /// The ranks of a place's values.
    fn of_place<'a>(&'a self, place: &BatchPlace) -> impl Iterator<Item = u32> + use<'a> {
        let (page, attributes) = match &self.ranks {
            Ranks::Page => (Some(place.page), &[][..]),
            Ranks::Attributes(ranks) => (None, of_attributes(ranks, place)),
            _ => (None, &[][..]),
        };
        page.into_iter().chain(attributes.iter().copied())
    }
}

fn of_attributes<'a>(ranks: &'a [Vec<u32>], place: &BatchPlace) -> &'a [u32] {
    ranks.get(place.attributes.place()).map_or(&[], |ranks| ranks)
}

/// Ranks the values of one dimension after the other.
struct Ranking<'a> {
    numbers: &'a NameNumbers,
    /// By name: its rank on the dimension that was ranked last.
    ranks: Vec<u32>,
}

/// A name that is no value of the dimension, and one that is and has no rank: nobody came with it.
const NO_VALUE: u32 = u32::MAX;
const UNRANKED: u32 = u32::MAX - 1;

fn some_rank(rank: u32) -> Option<u32> {
    (rank != NO_VALUE).then_some(rank)
}

impl Ranking<'_> {
    /// The numbers of values in order, each once.
    fn rank<'a>(&mut self, values: impl Iterator<Item = &'a Sym>) -> Vec<u32> {
        self.ranks.fill(NO_VALUE);
        values.for_each(|value| self.ranks[value.0 as usize] = UNRANKED);
        // What is not collected is no value.
        self.ranks[Sym::EMPTY.0 as usize] = NO_VALUE;
        let mut ranked = Vec::new();
        for (name, number) in self.numbers.in_order() {
            let rank = &mut self.ranks[name.0 as usize];
            if *rank == UNRANKED {
                *rank = ranked.len() as u32;
                ranked.push(number);
            }
        }
        ranked
    }
}
