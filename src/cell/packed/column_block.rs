//! Packs chunks of one or more tables together, and finds the cells of one table again.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::RangeInclusive;

use super::chunk_reader::{ChunkPosition, ChunkReader};
use super::column::{self, Bytes, put};
use super::columns::ALL as COLUMNS;
use super::first_form::{FIRST_COLUMNS, FirstFormReader};
use super::{CellKey, Chunk, Damaged};
use crate::cell::Tally;
use crate::limits;

/// Packs chunks of one or more tables, which come in order, into column blocks.
#[derive(Debug)]
pub struct BlockPacker {
    waiting: Vec<(u32, Chunk)>,
    bytes: usize,
    bytes_max: usize,
}

impl Default for BlockPacker {
    fn default() -> Self {
        BlockPacker { waiting: Vec::new(), bytes: 0, bytes_max: limits::COLUMN_BLOCK_BYTES }
    }
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
    /// Packs all into one block, which takes the place of another that has some cells more.
    pub fn of_one_block() -> BlockPacker {
        BlockPacker { bytes_max: usize::MAX, ..BlockPacker::default() }
    }

    /// Adds a chunk, and hands out the block before it if that is full.
    pub fn add(&mut self, table: u32, chunk: Chunk) -> Option<PackedBlock> {
        let is_full = self.bytes + chunk.bytes() > self.bytes_max;
        let full = if is_full { self.finish() } else { None };
        self.bytes += chunk.bytes();
        self.waiting.push((table, chunk));
        full
    }

    /// Hands out the last block.
    pub fn finish(&mut self) -> Option<PackedBlock> {
        let (waiting, _) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.bytes));
        let ((first_table, _), (last_table, last)) = (waiting.first()?, waiting.last()?);
        let bytes = pack_block(&waiting);
        Some(PackedBlock { first_table: *first_table, last: (*last_table, last.last_key()), bytes })
    }
}

/// What a block of the second form begins with. A block of the first begins with the length of its head, which is longer.
const SECOND_FORM: u8 = 2;
/// What blocks are written with: the CRC-32 of what follows, in 4 bytes with the lowest first, and then the same as in the second
/// form. A byte that changed on the disk is told whatever it means.
const CHECKED_FORM: u8 = 3;

/// Packs chunks, each of the table with the number before it.
fn pack_block(chunks: &[(u32, Chunk)]) -> Vec<u8> {
    let mut bytes = vec![CHECKED_FORM, 0, 0, 0, 0];
    let (mut head, mut before, mut used) = (Vec::new(), 0, 0);
    put(&mut head, chunks.len() as u64);
    for (table, chunk) in chunks {
        put(&mut head, u64::from(table.wrapping_sub(before)));
        before = *table;
        for number in [chunk.first, chunk.last - chunk.first] {
            put(&mut head, u64::from(number));
        }
        put(&mut head, chunk.cells as u64);
        let of_chunk = used_columns(&chunk.columns);
        put(&mut head, of_chunk);
        used |= of_chunk;
        chunk.columns.iter().filter(|column| !column.is_empty()).for_each(|column| put(&mut head, column.len() as u64));
    }
    column::write(&head, &mut bytes);
    put(&mut bytes, used);
    for place in (0..COLUMNS).filter(|place| used >> place & 1 == 1) {
        let column: Vec<u8> = chunks.iter().flat_map(|(_, chunk)| &chunk.columns[place]).copied().collect();
        column::write(&column, &mut bytes);
    }
    let sum = crc32fast::hash(&bytes[5..]).to_le_bytes();
    bytes[1..5].copy_from_slice(&sum);
    bytes
}

/// What follows the sum of a block that is checked.
fn checked(bytes: &[u8]) -> Result<&[u8], Damaged> {
    let (sum, rest) = bytes.split_first_chunk().ok_or(Damaged)?;
    (crc32fast::hash(rest) == u32::from_le_bytes(*sum)).then_some(rest).ok_or(Damaged)
}

/// The columns that are not empty, a bit each.
fn used_columns(columns: &[Vec<u8>; COLUMNS]) -> u64 {
    (0..).zip(columns).filter(|(_, column)| !column.is_empty()).map(|(place, _)| 1_u64 << place).sum()
}

/// How a block is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    First,
    Second,
}

impl Form {
    /// The columns that a block or a chunk has, a bit each.
    fn used(self, bytes: &mut Bytes) -> Result<u64, Damaged> {
        match self {
            Form::First => Ok((1 << FIRST_COLUMNS) - 1),
            Form::Second => bytes.number().ok().filter(|used| used >> COLUMNS == 0).ok_or(Damaged),
        }
    }
}

/// A chunk of either form while it is read.
#[expect(clippy::large_enum_variant, reason = "it is on the stack, once for thousands of cells")]
pub(super) enum FormReader<'a> {
    First(FirstFormReader<'a>),
    Second(ChunkReader<'a>),
}

impl FormReader<'_> {
    /// The key of the next cell.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Option<CellKey>, Damaged> {
        match self {
            FormReader::First(reader) => reader.key(),
            FormReader::Second(reader) => reader.key(),
        }
    }

    /// Passes over cells whose first number is below this one, as far as that is quick. No key is read before.
    fn seek(&mut self, first: u32) -> Result<(), Damaged> {
        match self {
            FormReader::First(_) => Ok(()),
            FormReader::Second(reader) => reader.seek(first),
        }
    }

    /// The next key, or the first one after it that has another first number or at least this second one.
    fn seek_second(&mut self, second: u32) -> Result<Option<CellKey>, Damaged> {
        let mut found = self.key()?;
        while self.left() > 0 && found.is_some_and(|key| key.1 < second) {
            found = self.key()?;
        }
        Ok(found)
    }

    /// How many cells are left of the first number that was read last.
    #[inline]
    fn left(&self) -> u64 {
        match self {
            FormReader::First(reader) => reader.left(),
            FormReader::Second(reader) => reader.left(),
        }
    }

    /// Passes over the cells that are left of the first number that was read last.
    fn pass_first(&mut self) -> Result<(), Damaged> {
        match self {
            FormReader::First(reader) => reader.pass_first(),
            FormReader::Second(reader) => reader.pass_first(),
        }
    }

    /// The tally of the key that was read last.
    #[inline]
    pub(super) fn tally(&mut self) -> Result<Tally, Damaged> {
        match self {
            FormReader::First(reader) => reader.tally(),
            FormReader::Second(reader) => reader.tally(),
        }
    }

    /// How far it is, when the tallies of all keys are read.
    pub(super) fn position(&self) -> ChunkPosition {
        match self {
            FormReader::First(reader) => reader.position(),
            FormReader::Second(reader) => reader.position(),
        }
    }
}

/// A column block that is read.
#[derive(Debug)]
pub struct ColumnBlock {
    form: Form,
    pub(super) items: Vec<Item>,
    /// The columns as they are kept, until they are opened.
    packed: RefCell<Vec<u8>>,
    columns: OnceCell<OpenedColumns>,
    /// Whether its head and its columns, as far as they are opened, are all of its bytes.
    is_whole: Cell<bool>,
}

/// Columns one after the other, and where each ends.
#[derive(Debug)]
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
    /// Where its part of each column ends, and that of the next chunk begins.
    ends: [u32; COLUMNS],
}

impl ColumnBlock {
    /// Reads the head of a column block. The columns are opened when a table is asked for that is there.
    ///
    /// # Errors
    /// [`Damaged`]
    pub fn open(bytes: &[u8]) -> Result<ColumnBlock, Damaged> {
        let (form, bytes) = match bytes.split_first() {
            Some((&CHECKED_FORM, rest)) => (Form::Second, checked(rest)?),
            Some((&SECOND_FORM, rest)) => (Form::Second, rest),
            _ => (Form::First, bytes),
        };
        let mut rest = Bytes::of(bytes);
        let mut head = Vec::new();
        column::read(&mut rest, &mut head)?;
        let mut head = Bytes::of(&head);
        let (mut items, mut table, mut ends) = (Vec::new(), 0_u32, [0_u32; COLUMNS]);
        for _ in 0..head.number()? {
            table = table.wrapping_add(head.small()?);
            let first = head.small()?;
            let last = first.checked_add(head.small()?).ok_or(Damaged)?;
            let cells = head.length()?;
            let used = form.used(&mut head)?;
            for (_, end) in (0..).zip(&mut ends).filter(|(place, _)| used >> place & 1 == 1) {
                *end = end.checked_add(head.small()?).ok_or(Damaged)?;
            }
            // A column of zeros takes no room: no chunk claims more cells than it may have.
            if cells > limits::CHUNK_CELLS_MAX {
                return Err(Damaged);
            }
            items.push(Item { table, first, last, cells, ends });
        }
        let packed = RefCell::new(rest.rest().to_vec());
        let is_whole = Cell::new(head.rest().is_empty());
        Ok(ColumnBlock { form, items, packed, columns: OnceCell::new(), is_whole })
    }

    /// Hands out visitors and how many cells have so many, and makes sure that it holds nothing but the numbers of its cells, as far as the
    /// form in which blocks are written now.
    ///
    /// # Errors
    /// [`Damaged`], also for what stands beside the cells; some may have been handed out by then.
    pub fn visitors(&self, mut take: impl FnMut(i64, u64)) -> Result<(), Damaged> {
        for chunk in 0..self.items.len() {
            match self.chunk(chunk, None)? {
                FormReader::First(mut reader) => {
                    while reader.key()?.is_some() {
                        take(reader.tally()?.visitors, 1);
                    }
                }
                FormReader::Second(reader) => reader.visitors(&mut take)?,
            }
        }
        let OpenedColumns { bytes, ends } = self.columns()?;
        let last = self.items.last().map_or([0; COLUMNS], |item| item.ends);
        let of_chunks: usize = last.iter().map(|end| *end as usize).sum();
        let is_whole = self.is_whole.get() && of_chunks == bytes.len() && ends[COLUMNS - 1] == bytes.len();
        (is_whole || self.form == Form::First).then_some(()).ok_or(Damaged)
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
        for chunk in self.chunks_of(table, &first) {
            let mut reader = self.chunk(chunk, None)?;
            reader.seek(*first.start())?;
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
        for chunk in self.chunks_of(table, &(0..=u32::MAX)) {
            let mut reader = self.chunk(chunk, None)?;
            while let Some(key) = reader.seek_second(second)? {
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
        self.chunks_of(table, first).map(|chunk| self.items[chunk].cells).sum()
    }

    /// The chunks of a table that may have cells whose first number lies in `first`.
    fn chunks_of(&self, table: u32, first: &RangeInclusive<u32>) -> impl Iterator<Item = usize> {
        let (from, until) = (*first.start(), *first.end());
        let is_there = move |item: &Item| item.table == table && item.first <= until && item.last >= from;
        self.items.iter().enumerate().filter(move |(_, item)| is_there(item)).map(|(chunk, _)| chunk)
    }

    /// Reads a chunk from a position on, or from its beginning.
    pub(super) fn chunk(&self, chunk: usize, position: Option<ChunkPosition>) -> Result<FormReader<'_>, Damaged> {
        let item = self.items.get(chunk).ok_or(Damaged)?;
        let position = position.unwrap_or_else(|| ChunkPosition::begin(item.first));
        let parts = self.parts(chunk)?;
        Ok(match self.form {
            Form::First => FormReader::First(FirstFormReader::at(position, item.cells, parts)?),
            Form::Second => FormReader::Second(ChunkReader::at(position, item.cells, parts)),
        })
    }

    /// A chunk's part of each column.
    fn parts(&self, chunk: usize) -> Result<[&[u8]; COLUMNS], Damaged> {
        let OpenedColumns { bytes, ends } = self.columns()?;
        let before = chunk.checked_sub(1).and_then(|before| self.items.get(before));
        let item = self.items.get(chunk).ok_or(Damaged)?;
        let mut parts: [&[u8]; COLUMNS] = [&[]; COLUMNS];
        for (place, part) in parts.iter_mut().enumerate() {
            let column = &bytes[place.checked_sub(1).map_or(0, |before| ends[before])..ends[place]];
            let begin = before.map_or(0, |before| before.ends[place]);
            *part = column.get(begin as usize..item.ends[place] as usize).ok_or(Damaged)?;
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
        let mut columns = OpenedColumns {
            bytes: Vec::with_capacity(self.bytes().next_multiple_of(limits::OPENED_COLUMNS_STEP)),
            ends: [0; COLUMNS],
        };
        let used = self.form.used(&mut rest)?;
        for (place, end) in columns.ends.iter_mut().enumerate() {
            if used >> place & 1 == 1 {
                column::read(&mut rest, &mut columns.bytes)?;
            }
            *end = columns.bytes.len();
        }
        self.is_whole.set(self.is_whole.get() && rest.rest().is_empty());
        Ok(self.columns.get_or_init(|| columns))
    }

    /// How many bytes its columns have, as far as its head is believed.
    pub fn bytes(&self) -> usize {
        let ends = self.items.last().map(|item| item.ends.iter().map(|end| *end as usize).sum::<usize>());
        ends.unwrap_or(0).min(COLUMNS * limits::COLUMN_BYTES_MAX)
    }
}
