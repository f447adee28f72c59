//! Reads a column block from its beginning to its end, some cells at a time, so that many blocks can be merged at once.

use super::chunk_reader::ChunkPosition;
use super::{CellKey, ColumnBlock, Damaged};
use crate::cell::Tally;

/// A column block that is read in order.
#[derive(Debug)]
pub struct BlockCursor {
    block: ColumnBlock,
    /// The chunk that is read, and how far; nothing at its beginning.
    chunk: usize,
    position: Option<ChunkPosition>,
}

impl BlockCursor {
    /// Begins with the first chunk that has cells of a table above `after`, or of a later table.
    pub fn of(block: ColumnBlock, (table, (first, _)): (u32, CellKey)) -> BlockCursor {
        let is_past = |place: &usize| block.ends(*place).is_none_or(|ends| ends >= (table, first));
        let chunk = (0..).find(is_past).unwrap_or(0);
        BlockCursor { block, chunk, position: None }
    }

    /// The table whose cells come next.
    pub fn table(&self) -> Option<u32> {
        self.block.ends(self.chunk).map(|(table, _)| table)
    }

    /// Hands out the next cells of [`BlockCursor::table`], at most so many.
    ///
    /// # Errors
    /// [`Damaged`]
    pub fn take(&mut self, most: usize, cells: &mut Vec<(CellKey, Tally)>) -> Result<(), Damaged> {
        let mut reader = self.block.chunk(self.chunk, self.position)?;
        for _ in 0..most {
            let Some(key) = reader.key()? else {
                (self.chunk, self.position) = (self.chunk + 1, None);
                return Ok(());
            };
            cells.push((key, reader.tally()?));
        }
        self.position = Some(reader.position());
        Ok(())
    }
}

impl ColumnBlock {
    /// The table and the first number of the first cell.
    pub fn begin(&self) -> Option<(u32, u32)> {
        self.items.first().map(|item| (item.table, item.first))
    }

    /// The table and the first number of the last cell.
    pub fn end(&self) -> Option<(u32, u32)> {
        self.ends(self.items.len().checked_sub(1)?)
    }

    /// How many cells of each table are in it, with some tables more than once.
    pub fn cells(&self) -> impl Iterator<Item = (u32, usize)> {
        self.items.iter().map(|item| (item.table, item.cells))
    }

    /// The table of a chunk, and the first number of its last cell.
    fn ends(&self, chunk: usize) -> Option<(u32, u32)> {
        self.items.get(chunk).map(|item| (item.table, item.last))
    }
}
