//! Writes the cells of a table into chunks, by column.

use super::chunk_reader::{ChunkPosition, ChunkReader};
use super::code::{WRITTEN_OUT, coded, seconds_column};
use super::column::{put, put_signed};
use super::columns::{self, ALL as COLUMNS, ENGAGED_NONE, ENGAGED_ODD, ENGAGED_USUAL};
use super::rates::Rates;
use super::token::{self, BitWriter, folded};
use super::{CellKey, Damaged};
use crate::cell::Tally;
use crate::limits;

/// Cells as chunks, which come in order of their keys, each key once. Tallies of nothing are left out.
pub fn chunks(cells: impl IntoIterator<Item = (CellKey, Tally)>) -> impl Iterator<Item = Chunk> {
    let (mut cells, mut builder) = (cells.into_iter(), ChunkBuilder::default());
    std::iter::from_fn(move || builder.next(&mut cells))
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
        let mut reader =
            ChunkReader::at(ChunkPosition::begin(self.first), self.cells, self.columns.each_ref().map(Vec::as_slice));
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

/// Takes cells one after the other and hands out chunks. It keeps its room from one to the next.
#[derive(Debug, Default)]
pub struct ChunkBuilder(OpenChunk);

impl ChunkBuilder {
    /// The same as [`chunks`], of one table after the other.
    pub fn chunks(&mut self, cells: impl IntoIterator<Item = (CellKey, Tally)>) -> impl Iterator<Item = Chunk> {
        let mut cells = cells.into_iter();
        std::iter::from_fn(move || self.next(&mut cells))
    }

    fn next(&mut self, cells: &mut impl Iterator<Item = (CellKey, Tally)>) -> Option<Chunk> {
        cells.find_map(|(key, tally)| self.add(key, tally)).or_else(|| self.finish())
    }

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
        (self.0.cells > 0).then(|| self.0.close())
    }
}

/// A chunk while it is written.
#[derive(Debug)]
struct OpenChunk {
    cells: usize,
    first: u32,
    last: u32,
    /// The second numbers of the present first number: that of the first cell, the steps from there on, and that of the last cell.
    begin: u32,
    steps: Vec<u32>,
    second: u32,
    /// Where the second numbers of the first number before began.
    begun: u32,
    columns: [Vec<u8>; COLUMNS],
    step_bits: BitWriter,
    tally_bits: BitWriter,
    rates: Rates,
}

impl Default for OpenChunk {
    fn default() -> Self {
        OpenChunk {
            cells: 0,
            first: 0,
            last: 0,
            begin: 0,
            steps: Vec::new(),
            second: 0,
            begun: 0,
            columns: [const { Vec::new() }; COLUMNS],
            step_bits: BitWriter::default(),
            tally_bits: BitWriter::default(),
            rates: Rates::default(),
        }
    }
}

impl OpenChunk {
    fn add(&mut self, (a, b): CellKey, tally: Tally) {
        if self.cells == 0 || a != self.last {
            match self.cells {
                0 => self.first = a,
                _ => {
                    self.end_run();
                    put(&mut self.columns[columns::GAPS], u64::from(a - self.last - 1));
                }
            }
            (self.last, self.begin) = (a, b);
        } else {
            self.steps.push(b - self.second - 1);
        }
        (self.second, self.cells) = (b, self.cells + 1);
        self.tally(tally);
        // Most tables have none of it; where there is some, the cells before are told to have none.
        if [tally.engaged_visits, tally.engaged_ms, tally.scroll] != [0; 3]
            || !self.columns[columns::ENGAGED].is_empty()
        {
            self.columns[columns::ENGAGED].resize(self.cells - 1, ENGAGED_NONE);
            self.engagement(tally);
        }
        if tally.revenue != 0 || !self.columns[columns::REVENUE].is_empty() {
            self.fill_revenue();
            put_signed(&mut self.columns[columns::REVENUE], tally.revenue);
        }
        if tally.first_visitors != 0 || !self.columns[columns::FIRST_VISITORS].is_empty() {
            self.columns[columns::FIRST_VISITORS].resize(self.cells - 1, 0);
            let others = folded(tally.visitors.wrapping_sub(tally.first_visitors)).wrapping_add(1);
            self.number(columns::FIRST_VISITORS, if tally.first_visitors == 0 { 0 } else { others });
        }
    }

    fn fill_revenue(&mut self) {
        if self.columns[columns::REVENUE].is_empty() {
            self.columns[columns::REVENUE].resize(self.cells - 1, 0);
        }
    }

    /// Writes the second numbers of a first one: their steps are the shorter the more there are.
    fn end_run(&mut self) {
        let run = self.steps.len() as u64 + 1;
        put(&mut self.columns[columns::RUNS], run);
        let begin = folded(i64::from(self.begin) - i64::from(self.begun));
        token::put(begin, &mut self.columns[columns::FIRSTS], &mut self.step_bits);
        self.begun = self.begin;
        let column = &mut self.columns[columns::steps(run)];
        self.steps.drain(..).for_each(|step| token::put(step.into(), column, &mut self.step_bits));
    }

    fn number(&mut self, column: usize, number: u64) {
        token::put(number, &mut self.columns[column], &mut self.tally_bits);
    }

    fn tally(&mut self, tally: Tally) {
        if let Some(code) = coded(tally) {
            self.columns[columns::CODES].push(code);
            if let Some(column) = seconds_column(code) {
                self.number(column, tally.seconds as u64);
            }
            return;
        }
        self.columns[columns::CODES].push(WRITTEN_OUT);
        let Tally { visitors, visits, pageviews, events, bounces, seconds, .. } = tally;
        let longer = visits.wrapping_sub(bounces);
        let numbers: [i64; columns::WRITTEN_NUMBERS] = [
            visitors,
            visits.wrapping_sub(visitors),
            pageviews.wrapping_sub(self.rates.pageviews(visits)),
            events,
            bounces.wrapping_sub(self.rates.bounces(visits)),
            seconds.wrapping_sub(self.rates.seconds(longer)),
        ];
        self.rates.note(tally);
        for (place, number) in numbers.into_iter().enumerate() {
            self.number(columns::WRITTEN_OUT + place, folded(number));
        }
    }

    fn engagement(&mut self, tally: Tally) {
        let Tally { visits, engaged_visits, engaged_ms, scroll, .. } = tally;
        let without = folded(visits.wrapping_sub(engaged_visits));
        if [engaged_visits, engaged_ms, scroll] == [0; 3] {
            self.columns[columns::ENGAGED].push(ENGAGED_NONE);
        } else if engaged_visits <= 0 || engaged_ms < 0 || scroll < 0 || without > i64::MAX as u64 {
            self.columns[columns::ENGAGED].push(ENGAGED_ODD);
            for number in [engaged_visits, engaged_ms, scroll] {
                self.number(columns::ENGAGED_WRITTEN_OUT, folded(number));
            }
        } else {
            self.number(columns::ENGAGED, without + u64::from(ENGAGED_USUAL));
            self.usual_engagement(engaged_visits, (engaged_ms / 1_000, engaged_ms % 1_000), scroll);
        }
    }

    fn usual_engagement(&mut self, visits: i64, (seconds, ms): (i64, i64), scroll: i64) {
        let class = columns::engaged_class(visits);
        let (mut time, mut depth) = (seconds as u64, scroll as u64);
        if class == columns::ENGAGED_CLASSES - 1 {
            time = folded(seconds.wrapping_sub(self.rates.engaged_seconds(visits)));
            depth = folded(scroll.wrapping_sub(self.rates.scroll(visits)));
            self.rates.note_engagement(visits, seconds, scroll);
        }
        self.number(columns::ENGAGED_SECONDS + class, time);
        self.number(columns::ENGAGED_MS, ms as u64);
        self.number(columns::SCROLL + class, depth);
    }

    /// The chunk, whose columns are as long as what is in them.
    fn close(&mut self) -> Chunk {
        self.end_run();
        self.columns[columns::STEP_BITS].extend_from_slice(self.step_bits.finish());
        self.columns[columns::TALLY_BITS].extend_from_slice(self.tally_bits.finish());
        let is_zeros = |column: &[u8]| column.iter().all(|byte| *byte == 0);
        let kept = |column: &Vec<u8>| if is_zeros(column) { Vec::new() } else { column.clone() };
        let columns = self.columns.each_ref().map(kept);
        let OpenChunk { first, last, cells, second: last_second, .. } = *self;
        self.clear();
        Chunk { first, last, cells, last_second, columns }
    }

    fn clear(&mut self) {
        let OpenChunk { mut columns, mut steps, mut step_bits, mut tally_bits, .. } = std::mem::take(self);
        columns.iter_mut().for_each(Vec::clear);
        steps.clear();
        step_bits.clear();
        tally_bits.clear();
        *self = OpenChunk { columns, steps, step_bits, tally_bits, ..OpenChunk::default() };
    }
}
