//! How small the sums of each site are: every one is read, packed or not.

use std::collections::BTreeMap;

use super::{Inspection, StoreError};
use crate::cell::packed::{self, ColumnBlock, Damaged};
use crate::limits;
use crate::site::SiteId;

/// The cells of one site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellCounts {
    /// All of them.
    pub cells: u64,
    /// How many have 0, 1, 2 visitors and so on; the last place has all that have more.
    by_visitors: Vec<u64>,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct ReadCells {
    /// The cells of each site.
    pub sites: BTreeMap<SiteId, CellCounts>,
    /// Blocks of packed cells: each was opened, and holds numbers and nothing else.
    pub blocks: u64,
    /// Those that hold something else.
    pub damaged: u64,
}

impl CellCounts {
    fn add(&mut self, visitors: i64, cells: u64) {
        let place = usize::try_from(visitors).unwrap_or(0).min(limits::SMALL_COUNTS_K_MAX as usize);
        if self.by_visitors.len() <= place {
            self.by_visitors.resize(place + 1, 0);
        }
        self.by_visitors[place] += cells;
        self.cells += cells;
    }

    /// Cells with at least one visitor and fewer than `k`.
    pub fn below(&self, k: u32) -> u64 {
        self.by_visitors.iter().take(k as usize).skip(1).sum()
    }
}

impl ReadCells {
    fn add(&mut self, site: SiteId, visitors: i64, cells: u64) {
        self.sites.entry(site).or_default().add(visitors, cells);
    }

    /// Adds what another thread has read.
    pub fn merge(&mut self, other: ReadCells) {
        self.blocks += other.blocks;
        self.damaged += other.damaged;
        for (site, counts) in other.sites {
            for (visitors, cells) in (0..).zip(counts.by_visitors) {
                self.add(site, visitors, cells);
            }
        }
    }
}

impl Inspection {
    /// Reads every `parts`th block of packed cells, beginning with the one of number `part`; the first part has the cells that lie in
    /// rows of their own too.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn cells(&self, part: usize, parts: usize) -> Result<ReadCells, StoreError> {
        let mut read = ReadCells::default();
        if part == 0 {
            self.rows_of_cells(&mut read)?;
        }
        for (table, each) in [("packed", table_cells as EachVisitors), ("pairs", pair_cells)] {
            if !self.has(table)? {
                continue;
            }
            let sql = format!("SELECT site, cells FROM {table} WHERE id % ?1 = ?2 AND typeof(cells) = 'blob'");
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query((parts as i64, part as i64))?;
            while let Some(row) = rows.next()? {
                let counts = read.sites.entry(SiteId(row.get(0)?)).or_default();
                let is_whole = each(row.get_ref(1)?.as_blob().unwrap_or_default(), counts).is_ok();
                read.blocks += 1;
                read.damaged += u64::from(!is_whole);
            }
        }
        Ok(read)
    }

    fn rows_of_cells(&self, read: &mut ReadCells) -> Result<(), StoreError> {
        for table in ["hours", "days", "months", "site_totals"] {
            if self.has(table)? {
                let most = limits::SMALL_COUNTS_K_MAX;
                let sql = format!("SELECT site, min(visitors, {most}), count(*) FROM {table} GROUP BY 1, 2");
                let counted =
                    |row: &rusqlite::Row<'_>| Ok((SiteId(row.get(0)?), row.get(1)?, row.get::<_, i64>(2)? as u64));
                self.all(&sql, [], counted)?
                    .into_iter()
                    .for_each(|(site, visitors, cells)| read.add(site, visitors, cells));
            }
        }
        Ok(())
    }
}

type EachVisitors = fn(&[u8], &mut CellCounts) -> Result<(), Damaged>;

fn table_cells(bytes: &[u8], counts: &mut CellCounts) -> Result<(), Damaged> {
    packed::visitors(bytes, |visitors, cells| counts.add(visitors, cells))
}

fn pair_cells(bytes: &[u8], counts: &mut CellCounts) -> Result<(), Damaged> {
    ColumnBlock::open(bytes)?.visitors(|visitors, cells| counts.add(visitors, cells))
}
