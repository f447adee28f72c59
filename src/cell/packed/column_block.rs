//! Packs chunks of one or more tables together, and finds the cells of one table again.

use std::cell::{OnceCell, RefCell};
use std::ops::RangeInclusive;

use super::chunk_reader::ChunkReader;
use super::column::{self, Bytes, put};
use super::{COLUMNS, CellKey, Chunk, Damaged, Effort};
use crate::cell::Tally;
use crate::limits;

/// Packs chunks of one or more tables, which come in order, into column blocks.
#[derive(Debug)]
pub struct BlockPacker {
    effort: Effort,
    waiting: Vec<(u32, Chunk)>,
    bytes: usize,
}

/// A column block as it is kept.
#[derive(Debug)]
pub struct PackedBlock {
    /// The first table in it.
    pub first_table: u32,
    /// The last table in it, and the key of its last cell.
    pub last: (u32, CellKey),
    /// What [`ColumnBlock::open`] reads.
    pub bytes: Vec<u8>,
}

impl BlockPacker {
    /// Has nothing yet.
    pub fn of(effort: Effort) -> BlockPacker {
        BlockPacker { effort, waiting: Vec::new(), bytes: 0 }
    }

    /// Adds a chunk, and hands out the block before it if that is full.
    pub fn add(&mut self, table: u32, chunk: Chunk) -> Option<PackedBlock> {
        let is_full = self.bytes + chunk.bytes() > limits::COLUMN_BLOCK_BYTES;
        let full = if is_full { self.finish() } else { None };
        self.bytes += chunk.bytes();
        self.waiting.push((table, chunk));
        full
    }

    /// Hands out the last block.
    pub fn finish(&mut self) -> Option<PackedBlock> {
        let (waiting, _) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.bytes));
        let ((first_table, _), (last_table, last)) = (waiting.first()?, waiting.last()?);
        let bytes = pack_block(&waiting, self.effort);
        Some(PackedBlock { first_table: *first_table, last: (*last_table, last.last_key()), bytes })
    }
}

/// Packs chunks, each of the table with the number before it.
fn pack_block(chunks: &[(u32, Chunk)], effort: Effort) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut head = Vec::new();
    put(&mut head, chunks.len() as u64);
    let mut before = 0;
    for (table, chunk) in chunks {
        put(&mut head, u64::from(table.wrapping_sub(before)));
        before = *table;
        for number in [chunk.first, chunk.last - chunk.first] {
            put(&mut head, u64::from(number));
        }
        put(&mut head, chunk.cells as u64);
        chunk.columns.iter().for_each(|column| put(&mut head, column.len() as u64));
    }
    column::write(&head, effort, &mut bytes);
    for place in 0..COLUMNS {
        let column: Vec<u8> = chunks.iter().flat_map(|(_, chunk)| &chunk.columns[place]).copied().collect();
        column::write(&column, effort, &mut bytes);
    }
    bytes
}

/// A column block that is read.
#[derive(Debug)]
pub struct ColumnBlock {
    pub(super) items: Vec<Item>,
    /// The columns as they are kept, until they are opened.
    packed: RefCell<Vec<u8>>,
    columns: OnceCell<OpenedColumns>,
}

/// Columns one after the other, and where each ends.
#[derive(Debug, Default)]
struct OpenedColumns {
    bytes: Vec<u8>,
    ends: [usize; COLUMNS],
}

/// A chunk in a column block.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) table: u32,
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) cells: usize,
    /// Where its part of each column begins and ends.
    parts: [(usize, usize); COLUMNS],
}

impl ColumnBlock {
    /// Reads the head of a column block. The columns are opened when a table is asked for that is there.
    ///
    /// # Errors
    /// [`Damaged`]
    pub fn open(bytes: &[u8]) -> Result<ColumnBlock, Damaged> {
        let mut rest = Bytes::of(bytes);
        let mut head = Vec::new();
        column::read(&mut rest, &mut head)?;
        let mut head = Bytes::of(&head);
        let (mut items, mut table, mut ends) = (Vec::new(), 0_u32, [0_usize; COLUMNS]);
        for _ in 0..head.number()? {
            table = table.wrapping_add(head.small()?);
            let first = head.small()?;
            let last = first.checked_add(head.small()?).ok_or(Damaged)?;
            let cells = head.length()?;
            let mut parts = [(0, 0); COLUMNS];
            for (part, end) in parts.iter_mut().zip(&mut ends) {
                let begin = *end;
                *end = begin.checked_add(head.length()?).ok_or(Damaged)?;
                *part = (begin, *end);
            }
            // Codes are one byte a cell, and all other columns of zeros are cheap: no chunk claims more than it has.
            if cells > limits::CHUNK_CELLS {
                return Err(Damaged);
            }
            items.push(Item { table, first, last, cells, parts });
        }
        Ok(ColumnBlock { items, packed: RefCell::new(rest.rest().to_vec()), columns: OnceCell::new() })
    }

    /// Hands out the cells of a table whose first number lies in `first` and which are wanted, in order.
    ///
    /// # Errors
    /// [`Damaged`]; some cells may have been handed out by then.
    pub fn each(
        &self,
        table: u32,
        first: RangeInclusive<u32>,
        wanted: impl Fn(CellKey) -> bool,
        mut take: impl FnMut(CellKey, Tally),
    ) -> Result<(), Damaged> {
        for item in self.items_of(table, &first) {
            let mut reader = ChunkReader::of(item.cells, item.first, self.parts(item)?)?;
            while let Some(key) = reader.key()? {
                if key.0 > *first.end() {
                    break;
                }
                if key.0 < *first.start() {
                    reader.pass_first()?;
                } else if wanted(key) {
                    take(key, reader.tally()?);
                }
            }
        }
        Ok(())
    }

    /// Hands out the cells of a table that have this second number, in order.
    ///
    /// # Errors
    /// [`Damaged`]; some cells may have been handed out by then.
    pub fn each_of_second(&self, table: u32, second: u32, mut take: impl FnMut(CellKey, Tally)) -> Result<(), Damaged> {
        for item in self.items_of(table, &(0..=u32::MAX)) {
            let mut reader = ChunkReader::of(item.cells, item.first, self.parts(item)?)?;
            while let Some(key) = reader.seek(second)? {
                if key.1 == second {
                    take(key, reader.tally()?);
                }
                reader.pass_first()?;
            }
        }
        Ok(())
    }

    /// How many cells [`ColumnBlock::each`] reads at the most.
    pub fn cells_of(&self, table: u32, first: &RangeInclusive<u32>) -> usize {
        self.items_of(table, first).map(|item| item.cells).sum()
    }

    fn items_of(&self, table: u32, first: &RangeInclusive<u32>) -> impl Iterator<Item = &Item> {
        let (from, until) = (*first.start(), *first.end());
        self.items.iter().filter(move |item| item.table == table && item.first <= until && item.last >= from)
    }

    /// A chunk's part of each column.
    pub(super) fn parts(&self, item: &Item) -> Result<[&[u8]; COLUMNS], Damaged> {
        let OpenedColumns { bytes, ends } = self.columns()?;
        let mut parts: [&[u8]; COLUMNS] = [&[]; COLUMNS];
        for (place, (begin, end)) in item.parts.into_iter().enumerate() {
            let from = place.checked_sub(1).map_or(0, |before| ends[before]);
            parts[place] = bytes[from..ends[place]].get(begin..end).ok_or(Damaged)?;
        }
        Ok(parts)
    }

    /// Whether it has cells of a table.
    pub fn has(&self, table: u32) -> bool {
        self.items.iter().any(|item| item.table == table)
    }

    /// The numbers of the tables in it, each once.
    pub fn tables(&self) -> Vec<u32> {
        let mut tables: Vec<u32> = self.items.iter().map(|item| item.table).collect();
        tables.dedup();
        tables
    }

    fn columns(&self) -> Result<&OpenedColumns, Damaged> {
        if let Some(columns) = self.columns.get() {
            return Ok(columns);
        }
        let packed = self.packed.take();
        let mut rest = Bytes::of(&packed);
        let mut columns = OpenedColumns { bytes: Vec::with_capacity(self.bytes()), ..OpenedColumns::default() };
        for end in &mut columns.ends {
            column::read(&mut rest, &mut columns.bytes)?;
            *end = columns.bytes.len();
        }
        Ok(self.columns.get_or_init(|| columns))
    }

    /// How many bytes its columns have, as far as its head is believed.
    fn bytes(&self) -> usize {
        let ends = self.items.last().map(|item| item.parts.iter().map(|part| part.1).fold(0, usize::saturating_add));
        ends.unwrap_or(0).min(COLUMNS * limits::COLUMN_BYTES_MAX).next_multiple_of(limits::OPENED_COLUMNS_STEP)
    }
}
