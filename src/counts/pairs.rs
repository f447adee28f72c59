//! In: a snapshot and the site's budget. Out: the sums of every two dimensions, packed. Forgets: the snapshot, and which of the
//! rarest values met, past the budget.
//!
//! A day keeps as many cells as its budget says. Past it the largest tables give: each keeps its most visited cells, and the
//! rest is added up once for each value of the first dimension and once for each of the second, under [`REST`] on the other side. So
//! whichever side a reader filters by, what they see adds up.

use super::snapshot::{Column, CountedPlace, SessionSnapshot, Small, VisitorRows, is_of_pages};
use super::{Fast, Name};
use crate::cell::packed::{CellKey, Effort, pack, unpack_all};
use crate::cell::{Dimension, Sym, Tally};
use crate::limits;

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
        let mut tables: Vec<(PairTable, usize)> = Vec::new();
        let columns = SnapshotColumns::of(self);
        let all: Vec<Pair> = Pair::all().collect();
        for pairs in all.chunks(limits::TABLES_PER_WALK) {
            let counted = pairs.iter().zip(columns.cells(pairs)).filter(|(_, cells)| !cells.is_empty());
            tables.extend(counted.map(|(pair, cells)| {
                let many = cells.len();
                (PairTable { pair: *pair, cells: packed(cells.into_iter()) }, many)
            }));
        }
        let kept = share(tables.iter().map(|(_, cells)| *cells).collect(), cells_max as usize);
        let mut large: Vec<&mut PairTable> =
            tables.iter_mut().filter(|(_, cells)| *cells > kept).map(|(table, _)| table).collect();
        large.chunks_mut(limits::TABLES_PER_WALK).for_each(|large| columns.fold(large, kept));
        Pairs {
            texts: self.texts.iter().cloned().collect(),
            tables: tables.into_iter().map(|(table, _)| table).collect(),
        }
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

/// A snapshot with its columns, made once for all tables.
struct SnapshotColumns<'a> {
    snapshot: &'a SessionSnapshot,
    columns: Vec<(Dimension, Column)>,
}

impl SnapshotColumns<'_> {
    fn of(snapshot: &SessionSnapshot) -> SnapshotColumns<'_> {
        let columns = Dimension::COUNTED.map(|dimension| (dimension, snapshot.column(dimension)));
        SnapshotColumns { snapshot, columns: columns.into() }
    }

    fn column(&self, of: Dimension) -> &Column {
        self.columns.iter().find(|(dimension, _)| *dimension == of).map_or(&Column::Nowhere, |(_, column)| column)
    }

    /// The cells of some pairs.
    fn cells(&self, pairs: &[Pair]) -> Vec<PairCells> {
        let mut cells: Vec<PairCells> = pairs.iter().map(|_| PairCells::default()).collect();
        self.walk(pairs, |table, key, sum, _| cells[table].entry(key).or_default().add(sum));
        cells
    }

    /// Walks over the day once, and tells for each visitor and each of some pairs the cells that the visitor is in, each once;
    /// and a number that no other visitor has.
    fn walk(&self, pairs: &[Pair], mut tell: impl FnMut(usize, (Sym, Sym), Small, u64)) {
        let mut meetings: Vec<Meeting> = pairs.iter().map(|pair| Meeting::of(self, *pair)).collect();
        let (mut visitor, has_places) = (0, meetings.iter().any(|meeting| meeting.second.is_of_places()));
        self.snapshot.each(
            |_| has_places,
            |rows| {
                visitor += 1;
                for (table, meeting) in meetings.iter_mut().enumerate().filter(|(_, m)| rows.is_known || !m.needs_visit)
                {
                    meeting.gather(rows);
                    rows.add_up(&mut meeting.places, |key, sum| tell(table, key, sum, visitor));
                }
            },
        );
    }

    /// Leaves each table its `kept` most visited cells, and the rest by either side.
    fn fold(&self, tables: &mut [&mut PairTable], kept: usize) {
        let kept: Vec<PairTally> = tables.iter().map(|table| most_visited(&table.cells, kept)).collect();
        let mut rests: Vec<RestCells> = tables.iter().map(|_| RestCells::default()).collect();
        let pairs: Vec<Pair> = tables.iter().map(|table| table.pair).collect();
        self.walk(&pairs, |table, key, sum, visitor| {
            if !kept[table].contains_key(&(key.0.0, key.1.0)) {
                rests[table].add(key, sum, visitor);
            }
        });
        for ((table, kept), rest) in tables.iter_mut().zip(kept).zip(rests) {
            let rest = rest.cells.into_iter().map(|(key, (sum, _))| (key, sum));
            let rest = rest.map(|(key, sum)| ((key.0.0, key.1.0), sum.tally()));
            table.cells = pack_all(kept.into_iter().chain(rest).collect());
        }
    }
}

/// What two dimensions have in common of the visitor at hand.
struct Meeting<'a> {
    first: &'a Column,
    second: &'a Column,
    /// Whether hits without a visit have no part in it.
    needs_visit: bool,
    places: Vec<CountedPlace<(Sym, Sym)>>,
}

impl<'a> Meeting<'a> {
    fn of(columns: &'a SnapshotColumns, pair: Pair) -> Meeting<'a> {
        let needs_visit = is_of_pages(pair.first) || is_of_pages(pair.second);
        let [first, second] = [pair.first, pair.second].map(|dimension| columns.column(dimension));
        Meeting { first, second, needs_visit, places: Vec::new() }
    }

    /// Dimensions of visits come first.
    fn gather(&mut self, rows: &VisitorRows) {
        if !self.second.is_of_places() {
            for (number, visit) in rows.visits.iter().enumerate() {
                let key = (self.first.of_visit(visit), self.second.of_visit(visit));
                self.places.push(CountedPlace { key, visit: number as u8, tally: Small::of_visit(visit) });
            }
            return;
        }
        let has_page = self.first.is_page() || self.second.is_page();
        for place in &rows.places {
            let (visit, tally) = (place.visit, Small::of_page_visit(place, has_page));
            let of_place = self.first.of_place(place).next();
            let first = of_place.unwrap_or_else(|| self.first.of_visit(rows.visit_of(place)));
            let values = self.second.of_place(place);
            self.places.extend(values.map(|second| CountedPlace { key: (first, second), visit, tally }));
        }
    }
}

/// What is not kept of a table, by either side, and the visitor who was in it last.
#[derive(Default)]
struct RestCells {
    cells: Fast<(Sym, Sym), (Small, u64)>,
}

impl RestCells {
    /// Adds a cell that one visitor is in. Each visitor counts once.
    fn add(&mut self, key: (Sym, Sym), sum: Small, visitor: u64) {
        for key in [(key.0, Sym(REST)), (Sym(REST), key.1)] {
            let (rest, last) = self.cells.entry(key).or_default();
            let visitors = if *last == visitor { 0 } else { sum.visitors };
            rest.add(Small { visitors, ..sum });
            *last = visitor;
        }
    }
}

type PairTally = Fast<CellKey, Tally>;

/// The most visited cells of a packed table.
fn most_visited(cells: &[u8], kept: usize) -> PairTally {
    let mut cells = unpack_all(cells).expect("cells that were packed just now");
    // The order is that of what readers see: most visits first, and names decide between equals.
    let rank =
        |(key, tally): &(CellKey, Tally)| (std::cmp::Reverse((tally.visits, tally.pageviews + tally.events)), *key);
    if kept < cells.len() {
        cells.select_nth_unstable_by_key(kept, rank);
        cells.truncate(kept);
    }
    cells.into_iter().collect()
}

fn packed(cells: impl Iterator<Item = ((Sym, Sym), Small)>) -> Vec<u8> {
    pack_all(cells.map(|(key, sum)| ((key.0.0, key.1.0), sum.tally())).collect())
}

fn pack_all(mut cells: Vec<(CellKey, Tally)>) -> Vec<u8> {
    cells.sort_unstable_by_key(|(key, _)| *key);
    pack(cells, Effort::Quick)
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
