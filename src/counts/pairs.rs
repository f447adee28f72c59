//! In: a snapshot and the site's budget. Out: the sums of every two dimensions, packed. Forgets: the snapshot, and which of the
//! rarest values met, past the budget.
//!
//! A day keeps as many cells as its budget says. Past it the largest tables give: each keeps its most visited cells, and the
//! rest is added up once for each value of the first dimension and once for each of the second, under [`REST`] on the other side. So
//! whichever side a reader filters by, what they see adds up.

use super::snapshot::{CountedPlace, SessionSnapshot, Small, is_of_pages};
use super::{Fast, Name};
use crate::cell::packed::{CellKey, Effort, pack};
use crate::cell::{Dimension, Sym, Tally};

/// Stands on one side of a cell for all values whose cells are not kept.
pub const REST: u32 = u32::MAX;

/// Two dimensions whose values are counted together. Dimensions of visits come before those of hits, else the lower code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// The first of the cells' values.
    pub first: Dimension,
    /// The second.
    pub second: Dimension,
}

impl Pair {
    /// The pair of two dimensions, and whether `a` is its second.
    pub fn of(a: Dimension, b: Dimension) -> (Pair, bool) {
        if place(a) <= place(b) { (Pair { first: a, second: b }, false) } else { (Pair { first: b, second: a }, true) }
    }

    /// Whether it is counted. A pattern is watched for who comes and where from, not for its pages.
    pub fn is_counted(self) -> bool {
        let has_pattern = [self.first, self.second].contains(&Dimension::Pattern);
        // Dimensions of visits come first.
        self.first != self.second && (!has_pattern || self.first.is_of_visit())
    }

    /// All pairs that are counted.
    pub fn all() -> impl Iterator<Item = Pair> {
        let dimensions = || Dimension::COUNTED.into_iter();
        let pairs = dimensions().flat_map(move |first| dimensions().map(move |second| Pair { first, second }));
        pairs.filter(|pair| place(pair.first) < place(pair.second) && pair.is_counted())
    }
}

/// The order of dimensions in pairs.
fn place(dimension: Dimension) -> (bool, u8) {
    (!dimension.is_of_visit(), dimension.code())
}

/// The cells of one pair. Their keys are names by their numbers on the day, or [`REST`].
#[derive(Debug)]
pub struct PairTable {
    /// Of which dimensions.
    pub pair: Pair,
    /// The cells, packed for memory.
    pub cells: Vec<u8>,
}

/// All pairs of one day.
#[derive(Debug, Default)]
pub struct Pairs {
    /// The texts of names, by number.
    pub texts: Vec<Name>,
    /// The tables that have any cell.
    pub tables: Vec<PairTable>,
}

type PairCells = Fast<(Sym, Sym), Small>;

impl SessionSnapshot {
    /// The sums of every two dimensions; at most `cells_max` cells, those for the rest aside.
    pub fn pairs(&self, cells_max: u32) -> Pairs {
        let mut counted: Vec<(Pair, usize, Vec<u8>)> = Vec::new();
        let columns = SnapshotColumns::of(self);
        for pair in Pair::all() {
            let cells = columns.cells(pair);
            if !cells.is_empty() {
                counted.push((pair, cells.len(), packed(cells, None)));
            }
        }
        let kept = share(counted.iter().map(|(_, cells, _)| *cells).collect(), cells_max as usize);
        let fold = |(pair, cells, packed): (Pair, usize, Vec<u8>)| PairTable {
            pair,
            cells: if cells > kept { columns.folded(pair, kept) } else { packed },
        };
        Pairs { texts: self.texts.clone(), tables: counted.into_iter().map(fold).collect() }
    }
}

/// The most cells that a table may keep so that all together keep at most `most`.
fn share(mut sizes: Vec<usize>, most: usize) -> usize {
    sizes.sort_unstable();
    let mut left = most;
    for (place, size) in sizes.iter().enumerate() {
        let each = left / (sizes.len() - place);
        if *size > each {
            return each;
        }
        left -= size;
    }
    usize::MAX
}

/// A snapshot by column, made once for all tables.
struct SnapshotColumns<'a> {
    snapshot: &'a SessionSnapshot,
    /// Values of visits, in order of the dimensions.
    visits: Vec<(Dimension, Vec<Sym>)>,
    /// Places of hits, in order of the dimensions.
    hits: Vec<(Dimension, Vec<CountedPlace>)>,
}

impl SnapshotColumns<'_> {
    fn of(snapshot: &SessionSnapshot) -> SnapshotColumns<'_> {
        let (of_visits, of_hits): (Vec<_>, Vec<_>) =
            Dimension::COUNTED.into_iter().partition(|dimension| dimension.is_of_visit());
        SnapshotColumns {
            snapshot,
            visits: of_visits.into_iter().map(|dimension| (dimension, snapshot.column(dimension))).collect(),
            hits: of_hits.into_iter().map(|dimension| (dimension, snapshot.places_of_hits(dimension))).collect(),
        }
    }

    fn column(&self, of: Dimension) -> &[Sym] {
        self.visits.iter().find(|(dimension, _)| *dimension == of).map_or(&[], |(_, column)| column)
    }

    fn cells(&self, pair: Pair) -> PairCells {
        self.sums(pair, Some)
    }

    /// The sums of a pair by what `of` makes of its keys.
    fn sums(&self, pair: Pair, of: impl Fn((Sym, Sym)) -> Option<(Sym, Sym)>) -> PairCells {
        let needs_visit = is_of_pages(pair.first) || is_of_pages(pair.second);
        match (pair.first.is_of_visit(), pair.second.is_of_visit()) {
            (true, true) => {
                let (first, second) = (self.column(pair.first), self.column(pair.second));
                self.snapshot.sums(self.snapshot.places_of_visits(first, second, needs_visit), |place| of(place.key))
            }
            (true, false) => {
                let first = self.column(pair.first);
                let places = self.hits.iter().find(|(dimension, _)| *dimension == pair.second);
                let places = places.map_or(&[][..], |(_, places)| places).iter();
                let counted = places.filter(|place| !needs_visit || place.tally.visits > 0).copied();
                self.snapshot.sums(counted, |place| of((first[place.visit as usize], place.key.1)))
            }
            _ => self
                .snapshot
                .sums(self.snapshot.places_of_two(pair.first, pair.second).into_iter(), |place| of(place.key)),
        }
    }

    /// A pair's `kept` most visited cells, and the rest by either side.
    fn folded(&self, pair: Pair, kept: usize) -> Vec<u8> {
        let mut cells: Vec<_> = self.cells(pair).into_iter().collect();
        // The order is that of what readers see: most visits first, and names decide between equals.
        let rank = |(key, sum): &((Sym, Sym), Small)| {
            (std::cmp::Reverse((sum.visits, sum.pageviews + sum.events)), key.0, key.1)
        };
        if kept < cells.len() {
            cells.select_nth_unstable_by_key(kept, rank);
            cells.truncate(kept);
        }
        let kept: PairCells = cells.into_iter().collect();
        let is_kept = |key: &(Sym, Sym)| kept.contains_key(key);
        let by_first = self.sums(pair, |key| (!is_kept(&key)).then_some((key.0, Sym(REST))));
        let by_second = self.sums(pair, |key| (!is_kept(&key)).then_some((Sym(REST), key.1)));
        let rest = by_first.into_iter().chain(by_second).collect();
        packed(kept, Some(rest))
    }
}

fn packed(cells: PairCells, rest: Option<PairCells>) -> Vec<u8> {
    let key = |key: (Sym, Sym)| -> CellKey { (key.0.0, key.1.0) };
    let all = cells.into_iter().chain(rest.into_iter().flatten());
    let mut sorted: Vec<(CellKey, Tally)> = all.map(|(cell, sum)| (key(cell), sum.tally())).collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    pack(sorted, Effort::Quick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_two_dimensions_are_a_pair_once() {
        let pairs: Vec<Pair> = Pair::all().collect();
        let many = Dimension::COUNTED.len() - 1;
        let of_visits = Dimension::COUNTED.iter().filter(|dimension| dimension.is_of_visit()).count();
        assert_eq!(pairs.len(), many * (many - 1) / 2 + of_visits);
        let (pair, is_turned) = Pair::of(Dimension::Page, Dimension::Source);
        assert!(pairs.contains(&pair) && is_turned);
    }

    #[test]
    fn the_largest_tables_give_first() {
        assert_eq!(share(vec![10, 20, 30], 60), usize::MAX);
        assert_eq!(share(vec![10, 20, 30], 50), 20);
        assert_eq!(share(vec![100, 5, 100], 55), 25);
        assert_eq!(share(vec![5, 5], 0), 0);
        assert_eq!(share(vec![], 0), usize::MAX);
    }
}
