//! Writes the cells of a table into chunks, by column.

use super::chunk_reader::ChunkReader;
use super::code::{WRITTEN_OUT, coded};
use super::column::{put, put_signed};
use super::{COLUMNS, CellKey, Damaged};
use crate::cell::Tally;
use crate::limits;

/// Cells as chunks, which come in order of their keys, each key once. Tallies of nothing are left out.
pub fn chunks(cells: impl IntoIterator<Item = (CellKey, Tally)>) -> impl Iterator<Item = Chunk> {
    let (mut cells, mut builder) = (cells.into_iter(), ChunkBuilder::default());
    let next = move || cells.find_map(|(key, tally)| builder.add(key, tally)).or_else(|| builder.finish());
    std::iter::from_fn(next)
}

/// A part of a table, by column. A column of nothing but zeros is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) cells: usize,
    /// The second number of its last cell.
    pub(super) last_second: u32,
    pub(super) columns: [Vec<u8>; COLUMNS],
}

impl Chunk {
    /// How many bytes its columns have.
    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.cells
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.cells == 0
    }

    /// Adds its cells to a list, in order.
    ///
    /// # Errors
    /// [`Damaged`], which a chunk that was built never is.
    pub fn read(&self, to: &mut Vec<(CellKey, Tally)>) -> Result<(), Damaged> {
        let mut reader = ChunkReader::of(self.cells, self.first, self.columns.each_ref().map(Vec::as_slice))?;
        to.reserve(self.cells);
        while let Some(key) = reader.key()? {
            to.push((key, reader.tally()?));
        }
        Ok(())
    }

    /// The key of its last cell.
    pub(super) fn last_key(&self) -> CellKey {
        (self.last, self.last_second)
    }
}

/// Takes cells one after the other and hands out chunks.
#[derive(Debug, Default)]
pub struct ChunkBuilder(OpenChunk);

impl ChunkBuilder {
    /// Adds a cell whose key is above that of the one before, unless its tally is nothing. Hands out the chunk before it if that is
    /// full.
    pub fn add(&mut self, key: CellKey, tally: Tally) -> Option<Chunk> {
        if tally.is_zero() {
            return None;
        }
        let full = if self.0.cells == limits::CHUNK_CELLS { self.finish() } else { None };
        self.0.add(key, tally);
        full
    }

    /// Hands out the last chunk of a table; a new one may begin then.
    pub fn finish(&mut self) -> Option<Chunk> {
        (self.0.cells > 0).then(|| std::mem::take(&mut self.0).close())
    }
}

/// A chunk while it is written.
#[derive(Debug, Default)]
struct OpenChunk {
    cells: usize,
    first: u32,
    last: u32,
    /// Cells of the present run, and the second number of its last one.
    run: u64,
    second: u32,
    gaps: Vec<u8>,
    runs: Vec<u8>,
    steps: Vec<u8>,
    codes: Vec<u8>,
    seconds: Vec<u8>,
    written_out: Vec<u8>,
    engaged: Vec<u8>,
    revenue: Vec<u8>,
}

impl OpenChunk {
    fn add(&mut self, (a, b): CellKey, tally: Tally) {
        if self.cells == 0 {
            (self.first, self.last) = (a, a);
        } else if a != self.last {
            put(&mut self.runs, self.run);
            put(&mut self.gaps, u64::from(a - self.last - 1));
            (self.last, self.run) = (a, 0);
        }
        let step = if self.run == 0 { b } else { b - self.second - 1 };
        put(&mut self.steps, u64::from(step));
        (self.second, self.run, self.cells) = (b, self.run + 1, self.cells + 1);
        self.tally(tally);
    }

    fn tally(&mut self, tally: Tally) {
        match coded(tally) {
            Some(code) => {
                self.codes.push(code);
                if tally.visits > tally.bounces {
                    put(&mut self.seconds, tally.seconds as u64);
                }
            }
            None => {
                self.codes.push(WRITTEN_OUT);
                let Tally { visitors, visits, pageviews, events, bounces, seconds, .. } = tally;
                for number in [visitors, visits - visitors, pageviews, events, bounces, seconds] {
                    put_signed(&mut self.written_out, number);
                }
            }
        }
        for number in [tally.engaged_visits, tally.engaged_ms, tally.scroll] {
            put_signed(&mut self.engaged, number);
        }
        put_signed(&mut self.revenue, tally.revenue);
    }

    fn close(mut self) -> Chunk {
        put(&mut self.runs, self.run);
        let OpenChunk { gaps, runs, steps, codes, seconds, written_out, engaged, revenue, .. } = self;
        let columns = [gaps, runs, steps, codes, seconds, written_out, engaged, revenue];
        let is_zeros = |column: &[u8]| column.iter().all(|byte| *byte == 0);
        let columns = columns.map(|column| if is_zeros(&column) { Vec::new() } else { column });
        Chunk { first: self.first, last: self.last, cells: self.cells, last_second: self.second, columns }
    }
}
