//! The values of each dimension, ranked without gaps in order of their numbers, so that sums by value lie in a list.

use std::collections::BTreeMap;

use super::batch::{BatchPlace, BatchRow, BatchVisit, NOBODY, VisitBatch};
use super::folded::FoldedTable;
use super::grouped::{CellSums, Grouped};
use super::{CountedTable, NameNumbers, Pair};
use crate::cell::packed::ChunkBuilder;
use crate::cell::{Dimension, Sym};
use crate::counts::snapshot::{Column, SessionSnapshot, times_pages};

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
    /// The section of that.
    Section,
    /// The page before it.
    PreviousPage,
    /// By what a place is beside its page: one value, any number of patterns, or nothing.
    Attributes(Vec<Vec<u32>>),
}

impl PairColumns {
    pub(super) fn of(snapshot: &SessionSnapshot, numbers: &NameNumbers) -> PairColumns {
        let mut ranking = Ranking { numbers, ranks: vec![NO_VALUE; snapshot.names()] };
        let ranked = |dimension| (dimension, RankedColumn::of(snapshot.column(dimension), &mut ranking));
        PairColumns(Dimension::in_pairs().map(ranked).collect())
    }

    fn column(&self, of: Dimension) -> &RankedColumn {
        let found = self.0.iter().find(|(dimension, _)| *dimension == of);
        &found.expect("every counted dimension has a column").1
    }

    /// Adds what a batch counts to each table.
    pub(super) fn count(&self, batch: &VisitBatch, tables: &mut BTreeMap<Pair, CountedTable>) {
        let (mut rows, mut sums, mut builder) = (FirstRows::default(), CellSums::default(), ChunkBuilder::default());
        for (dimension, first) in &self.0 {
            rows.take(first, batch);
            for pair in Pair::all().chain([Pair::OF_SECTIONS]).filter(|pair| pair.first == *dimension) {
                let by_page = times_pages(&[pair.first, pair.second]);
                let second = self.column(pair.second);
                sums.begin(first.values(batch), second.values(batch), by_page);
                rows.count(second, &mut sums);
                if !sums.cells().is_empty() {
                    tables.entry(pair).or_default().add(sums.cells(), &mut builder);
                }
            }
        }
    }

    /// Tells a table which visitors of a batch are in its cells.
    pub(super) fn fold(&self, batch: &VisitBatch, table: &mut FoldedTable) {
        let [first, second] = [table.pair.first, table.pair.second].map(|dimension| self.column(dimension));
        let (of_first, of_second) = (first.values(batch), second.values(batch));
        let mut take = |a: u32, b: u32, visitor: u32| {
            let values = of_first.get(a as usize).zip(of_second.get(b as usize));
            // Hits without a token have no visitors to be told apart.
            if let Some((a, b)) = values.filter(|_| visitor != NOBODY) {
                table.take((*a, *b), visitor);
            }
        };
        for visit in batch.visits.iter().filter(|_| !second.is_of_places()) {
            take(first.of_visit(visit), second.of_visit(visit), visit.visitor());
        }
        for place in batch.places.iter().filter(|_| second.is_of_places()) {
            let a = match first.is_of_places() {
                true => first.of_place_once(place),
                false => first.of_visit(&batch.visits[place.visit() as usize]),
            };
            second.of_place(place).for_each(|b| take(a, b, place.visitor()));
        }
    }
}

/// A batch's rows, those of each value of one dimension together.
#[derive(Default)]
struct FirstRows {
    visits: Grouped<BatchVisit>,
    places: Grouped<BatchPlace>,
    /// Of the visits and of the places.
    ranks: [Vec<u32>; 2],
}

impl FirstRows {
    /// Takes a batch by another dimension.
    fn take(&mut self, first: &RankedColumn, batch: &VisitBatch) {
        let many = first.values(batch).len();
        let [of_visits, of_places] = &mut self.ranks;
        of_places.clear();
        if first.is_of_places() {
            of_places.extend(batch.places.iter().map(|place| first.of_place_once(place)));
            self.visits.clear();
        } else {
            of_visits.clear();
            of_visits.extend(batch.visits.iter().map(|visit| first.of_visit(visit)));
            of_places.extend(batch.places.iter().map(|place| of_visits[place.visit() as usize]));
            self.visits.take(of_visits, &batch.visits, many);
        }
        self.places.take(of_places, &batch.places, many);
    }

    /// Counts the cells with the values of another dimension.
    fn count(&self, second: &RankedColumn, sums: &mut CellSums) {
        match &second.ranks {
            Ranks::Tuple(which, ranks) => sums.add(&self.visits, |visit| Some(ranks[visit.tuples[*which] as usize])),
            Ranks::Entry => sums.add(&self.visits, |visit| Some(visit.entry)),
            Ranks::Exit => sums.add(&self.visits, |visit| Some(visit.exit)),
            Ranks::Page => sums.add(&self.places, |place| Some(place.page)),
            Ranks::Section => sums.add(&self.places, |place| Some(place.section)),
            Ranks::PreviousPage => sums.add(&self.places, |place| Some(place.before)),
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
            // Money and named properties have tables of their own.
            Column::Nowhere | Column::Money | Column::Property(..) => of_batch(Ranks::Attributes(Vec::new())),
            Column::Entry => of_batch(Ranks::Entry),
            Column::Exit => of_batch(Ranks::Exit),
            Column::Page => of_batch(Ranks::Page),
            Column::Section(_) => of_batch(Ranks::Section),
            Column::PreviousPage => of_batch(Ranks::PreviousPage),
        }
    }

    fn of_attributes<'a>(of: impl Iterator<Item = &'a [Sym]> + Clone, ranking: &mut Ranking) -> RankedColumn {
        let values = ranking.rank(of.clone().flatten());
        let ranks = |values: &[Sym]| values.iter().map(|value| ranking.ranks[value.0 as usize]).collect();
        RankedColumn { ranks: Ranks::Attributes(of.map(ranks).collect()), values }
    }

    fn values<'a>(&'a self, batch: &'a VisitBatch) -> &'a [u32] {
        match self.ranks {
            Ranks::Entry | Ranks::Exit | Ranks::Page | Ranks::PreviousPage => &batch.pages,
            Ranks::Section => &batch.sections,
            Ranks::Tuple(..) | Ranks::Attributes(_) => &self.values,
        }
    }

    fn is_of_places(&self) -> bool {
        matches!(self.ranks, Ranks::Page | Ranks::Section | Ranks::PreviousPage | Ranks::Attributes(_))
    }

    /// The rank of a visit's value.
    fn of_visit(&self, visit: &BatchVisit) -> u32 {
        match &self.ranks {
            Ranks::Tuple(which, ranks) => ranks[visit.tuples[*which] as usize],
            Ranks::Entry => visit.entry,
            Ranks::Exit => visit.exit,
            Ranks::Page | Ranks::Section | Ranks::PreviousPage | Ranks::Attributes(_) => NO_VALUE,
        }
    }

    /// The rank of a place's only value.
    fn of_place_once(&self, place: &BatchPlace) -> u32 {
        match &self.ranks {
            Ranks::Page => place.page,
            Ranks::Section => place.section,
            Ranks::PreviousPage => place.before,
            Ranks::Attributes(ranks) => {
                of_attributes(ranks, place).first().map_or(self.values.len() as u32, |rank| *rank)
            }
            Ranks::Tuple(..) | Ranks::Entry | Ranks::Exit => NO_VALUE,
        }
    }

    /// The ranks of a place's values.
    fn of_place<'a>(&'a self, place: &BatchPlace) -> impl Iterator<Item = u32> + use<'a> {
        let (page, attributes) = match &self.ranks {
            Ranks::Page => (Some(place.page), &[][..]),
            Ranks::Section => (Some(place.section), &[][..]),
            Ranks::PreviousPage => (Some(place.before), &[][..]),
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

impl Ranking<'_> {
    /// The numbers of values in order, each once. The rank after theirs is that of no value: of what is not collected.
    fn rank<'a>(&mut self, values: impl Iterator<Item = &'a Sym>) -> Vec<u32> {
        self.ranks.fill(NO_VALUE);
        values.for_each(|value| self.ranks[value.0 as usize] = UNRANKED);
        self.ranks[Sym::EMPTY.0 as usize] = NO_VALUE;
        let mut ranked = Vec::new();
        for (name, number) in self.numbers.in_order() {
            let rank = &mut self.ranks[name.0 as usize];
            if *rank == UNRANKED {
                *rank = ranked.len() as u32;
                ranked.push(number);
            }
        }
        self.ranks[Sym::EMPTY.0 as usize] = ranked.len() as u32;
        ranked
    }
}
