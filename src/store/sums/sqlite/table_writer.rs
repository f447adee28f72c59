//! In: the cells of tables, in order. Out: column blocks, as soon as they are full.

use std::collections::VecDeque;

use crate::cell::Tally;
use crate::cell::packed::{BlockPacker, CellKey, ChunkBuilder, PackedBlock};

/// The table and key of a cell.
pub(super) type CellPlace = (u32, CellKey);

/// What came of a step of a month's making.
pub(super) enum MonthStep {
    /// There is more to do.
    More,
    /// A block is full.
    Block(PackedBlock),
    /// Everything is handed out.
    All,
}

/// Writes tables.
pub(super) struct TableWriter {
    /// The table that is written.
    table: u32,
    chunk: ChunkBuilder,
    packer: BlockPacker,
    full: VecDeque<PackedBlock>,
    /// How many blocks there are before the next.
    blocks: i64,
}

impl TableWriter {
    /// Goes on after so many blocks.
    pub(super) fn after(blocks: i64) -> TableWriter {
        let (chunk, packer) = (ChunkBuilder::default(), BlockPacker::default());
        TableWriter { table: 0, chunk, packer, full: VecDeque::new(), blocks }
    }

    /// Adds a cell of a table.
    pub(super) fn add(&mut self, table: u32, key: CellKey, tally: Tally) {
        if table != self.table {
            self.end_table();
            self.table = table;
        }
        if let Some(chunk) = self.chunk.add(key, tally) {
            self.full.extend(self.packer.add(table, chunk));
        }
    }

    /// There are no more cells.
    pub(super) fn finish(&mut self) {
        self.end_table();
        self.full.extend(self.packer.finish());
    }

    /// Whether a block is full.
    pub(super) fn is_full(&self) -> bool {
        !self.full.is_empty()
    }

    /// What came of a step, after which there is more to do or not.
    pub(super) fn step(&mut self, has_more: bool) -> MonthStep {
        match self.full.pop_front() {
            Some(block) => {
                self.blocks += 1;
                MonthStep::Block(block)
            }
            None if has_more => MonthStep::More,
            None => MonthStep::All,
        }
    }

    /// The place of the block that was handed out last.
    pub(super) fn number(&self) -> i64 {
        self.blocks - 1
    }

    fn end_table(&mut self) {
        if let Some(chunk) = self.chunk.finish() {
            self.full.extend(self.packer.add(self.table, chunk));
        }
    }
}
