//! In: a snapshot, the numbers of its names and the site's budget. Out: the sums of every two dimensions, by these numbers, packed.
//! Forgets: the snapshot, and which of the rarest values met, past the budget.
//!
//! A day keeps as many cells as its budget says. Past it the largest tables give: each keeps its most visited cells, and the
//! rest is added up once for each value of the first dimension and once for each of the second, under [`REST`] on the other side. So
//! whichever side a reader filters by, what they see adds up.

mod batch;
mod columns;
mod folded;
mod grouped;
mod hit_tables;
mod money;
mod numbers;
mod properties;
mod segments;

use std::collections::BTreeMap;

use super::Name;
use super::snapshot::{SessionSnapshot, Small};
use crate::cell::filter::JOINT;
use crate::cell::packed::{CellKey, Chunk, ChunkBuilder, Damaged, chunks, merged};
use crate::cell::{Dimension, OTHER, Tally};
use crate::limits;
use columns::PairColumns;
use folded::FoldedTable;
pub use numbers::NameNumbers;

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
    /// Segments by themselves: all that each of them lets pass.
    pub const OF_SEGMENTS: Pair = Pair { first: Dimension::Segment, second: Dimension::Segment };

    /// How far the visits of segments came in funnels.
    pub const STEPS_OF_SEGMENTS: Pair = Pair { first: Dimension::ReachedStep, second: Dimension::Segment };

    /// Sections by themselves.
    pub const OF_SECTIONS: Pair = Pair { first: Dimension::Section, second: Dimension::Section };

    /// The pair of two dimensions, and whether `a` is its second.
    pub fn of(a: Dimension, b: Dimension) -> (Pair, bool) {
        if place(a) <= place(b) { (Pair { first: a, second: b }, false) } else { (Pair { first: b, second: a }, true) }
    }

    /// Whether it is counted. A pattern is watched for who comes and where from, not for its pages; a segment by all that there is; the
    /// page before one, for pages.
    pub fn is_counted(self) -> bool {
        let has = |dimension: Dimension| [self.first, self.second].contains(&dimension);
        if has(Dimension::PreviousPage) {
            return has(Dimension::Page);
        }
        if self.second == Dimension::Segment {
            return true;
        }
        if has(Dimension::Property) {
            // Which properties come together is not counted.
            return self.first != self.second;
        }
        if has(Dimension::Money) {
            return self.first != Dimension::Money;
        }
        let has_pattern = has(Dimension::Pattern);
        // Dimensions of visits come first.
        self.first != self.second && (!has_pattern || self.first.is_of_visit())
    }

    /// Whether a side of it is sections.
    pub fn is_of_sections(self) -> bool {
        [self.first, self.second].contains(&Dimension::Section)
    }

    /// The pairs of money.
    pub fn of_money() -> impl Iterator<Item = Pair> {
        let with_money = |of: Dimension| Pair::of(of, Dimension::Money).0;
        let others = Dimension::in_pairs().chain([Dimension::Property]);
        others.map(with_money).filter(|pair| pair.is_counted())
    }

    /// The pairs of properties that the owner has named, money aside.
    pub fn of_properties() -> impl Iterator<Item = Pair> {
        let with_property = |of: Dimension| Pair::of(of, Dimension::Property).0;
        Dimension::in_pairs().map(with_property).filter(|pair| pair.is_counted())
    }

    /// All pairs that are counted, segments, money and properties aside.
    pub fn all() -> impl Iterator<Item = Pair> {
        let dimensions = Dimension::in_pairs;
        let pairs = dimensions().flat_map(move |first| dimensions().map(move |second| Pair { first, second }));
        pairs.filter(|pair| place(pair.first) < place(pair.second) && pair.is_counted())
    }
}

/// The order of dimensions in pairs.
fn place(dimension: Dimension) -> (bool, u8) {
    (!dimension.is_of_visit(), dimension.code())
}

/// The cells of one pair. Their keys are the numbers of names, or [`REST`].
#[derive(Debug, PartialEq, Eq)]
pub struct PairTable {
    /// Of which dimensions.
    pub pair: Pair,
    /// The cells, in order of their keys.
    pub chunks: Vec<Chunk>,
}

impl PairTable {
    /// All its cells, in order.
    ///
    /// # Errors
    /// [`Damaged`], which a table that was counted never is.
    pub fn cells(&self) -> Result<Vec<(CellKey, Tally)>, Damaged> {
        cells_of(&self.chunks)
    }
}

/// All pairs of one day, by the numbers that names have on it.
#[derive(Debug, Default)]
pub struct Pairs {
    /// The texts of names, by number.
    pub texts: Vec<Name>,
    /// The tables that have any cell.
    pub tables: Vec<PairTable>,
}

/// What stands in pairs for all values of the same property, and for what is too small to be named; `name` is one of its values.
pub fn rests_of_property(name: &str) -> [String; 2] {
    let key = name.split_once(JOINT).map_or(name, |(key, _)| key);
    [format!("{key}{JOINT}"), format!("{key}{JOINT}{OTHER}")]
}

fn cells_of(chunks: &[Chunk]) -> Result<Vec<(CellKey, Tally)>, Damaged> {
    let mut cells = Vec::new();
    chunks.iter().try_for_each(|chunk| chunk.read(&mut cells))?;
    Ok(cells)
}

impl SessionSnapshot {
    /// The sums of every two dimensions; at most `cells_max` cells, those for the rest aside.
    pub fn pairs(&self, cells_max: u32) -> Pairs {
        let tables = self.pairs_by(&NameNumbers::of_day(self), cells_max, limits::PAIR_ROWS_AT_ONCE);
        Pairs { texts: self.all_texts().chain(self.joined_names()).cloned().collect(), tables }
    }

    /// The same by other numbers of the names, which decide between equals past the budget. It looks at about so many rows at a time:
    /// fewer need less memory and more time.
    pub fn pairs_by(&self, numbers: &NameNumbers, cells_max: u32, rows_max: usize) -> Vec<PairTable> {
        let columns = PairColumns::of(self, numbers);
        let mut tables: BTreeMap<Pair, CountedTable> = BTreeMap::new();
        self.batches(numbers, rows_max, |batch| columns.count(batch, &mut tables));
        let mut folding: Vec<FoldedTable> = Vec::new();
        // Sections have a budget of their own, as money has; by themselves they are no more than pages.
        for of_sections in [false, true] {
            let shares = |pair: &Pair| pair.is_of_sections() == of_sections && *pair != Pair::OF_SECTIONS;
            let sizes = tables.iter().filter(|(pair, _)| shares(pair)).map(|(_, table)| table.cells);
            let kept = share(sizes.collect(), cells_max as usize);
            for (pair, table) in tables.iter_mut().filter(|(pair, table)| shares(pair) && table.cells > kept) {
                folding.push(FoldedTable::of(*pair, table.take(), kept));
            }
        }
        if !folding.is_empty() {
            self.batches(numbers, rows_max, |batch| folding.iter_mut().for_each(|table| columns.fold(batch, table)));
        }
        for table in folding {
            let pair = table.pair;
            tables.entry(pair).or_default().chunks = chunks(table.cells()).collect();
        }
        let of_pairs = tables.into_iter().map(|(pair, table)| PairTable { pair, chunks: table.chunks });
        let of_money = self.money_tables(numbers, cells_max as usize);
        let of_properties = self.property_tables(numbers, cells_max as usize);
        let of_segments = self.segment_tables(numbers, cells_max as usize);
        of_pairs.chain(of_money).chain(of_properties).chain(of_segments).collect()
    }
}

/// A table so far.
#[derive(Default)]
struct CountedTable {
    chunks: Vec<Chunk>,
    cells: usize,
}

impl CountedTable {
    /// Adds the cells of further visitors, which come in order of their keys.
    fn add(&mut self, cells: &[(CellKey, Small)], builder: &mut ChunkBuilder) {
        let cells = cells.iter().map(|(key, sum)| (*key, sum.tally()));
        self.chunks = match self.cells {
            0 => builder.chunks(cells).collect(),
            _ => builder.chunks(merged(self.take(), cells.collect())).collect(),
        };
        self.cells = self.chunks.iter().map(Chunk::len).sum();
    }

    fn take(&mut self) -> Vec<(CellKey, Tally)> {
        cells_of(&std::mem::take(&mut self.chunks)).expect("cells that were counted just now")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_two_dimensions_are_a_pair_once() {
        let pairs: Vec<Pair> = Pair::all().collect();
        let many = Dimension::in_pairs().count() - 2;
        let of_visits = Dimension::COUNTED.iter().filter(|dimension| dimension.is_of_visit()).count();
        assert_eq!(pairs.len(), many * (many - 1) / 2 + of_visits + 1);
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
