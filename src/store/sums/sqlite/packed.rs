//! The rows of the table `packed`: the cells of one dimension on a day or in a month.

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use crate::cell::Tally;
use crate::cell::packed::{self, CellKey, Damaged};
use crate::site::SiteId;
use crate::store::{CountedBy, Grain, StoreError};

/// Cells in order of their keys.
pub(super) type CellList = Vec<(CellKey, Tally)>;

/// Where a packed table lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedKey {
    pub(super) site: SiteId,
    pub(super) grain: Grain,
    pub(super) dimension: u8,
    pub(super) prop: i64,
    pub(super) bucket: i32,
}

/// Code of the axes [`crate::cell::Axis::Prop`] in the column `dimension`; which property it is stands in the column `prop`.
pub(super) const PROP: u8 = 100;
/// Code of the axes [`crate::cell::Axis::Revenue`]; which one it is stands in the column `prop`.
pub(super) const REVENUE: u8 = 101;
/// Code of the axes [`crate::cell::Axis::Funnel`]; the column `prop` holds its number.
pub(super) const FUNNEL: u8 = 102;

/// The part of the pairs that are final.
pub(super) const FINAL: i64 = 0;

/// The parts of the pairs that are not final: snapshots.
pub(super) const ALL_PARTS: &[i64] = &[1, 2];

pub(super) fn part_code(by: CountedBy) -> i64 {
    match by {
        CountedBy::Live => 1,
        CountedBy::Import => 2,
    }
}

pub(super) fn grain_code(grain: Grain) -> i64 {
    match grain {
        Grain::Hour => 0,
        Grain::Day => 1,
        Grain::Month => 2,
    }
}

impl From<Damaged> for StoreError {
    fn from(_: Damaged) -> Self {
        StoreError::Corrupt
    }
}

/// Adds cells to those of a place. Where these are damaged they stay as they are, and are left out with what comes: figures of the
/// place are not to look whole, and no flush fails for it.
pub(super) fn add(connection: &Connection, place: PackedKey, cells: CellList) -> Result<()> {
    let PackedKey { site, grain, dimension, prop, bucket } = place;
    let grain = grain_code(grain);
    let sql = "SELECT cells FROM packed WHERE site = ? AND grain = ? AND dimension = ? AND prop = ? AND bucket = ?";
    let key = params![site.0, grain, dimension, prop, bucket];
    let stored: Option<Vec<u8>> = connection.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
    let sum = match stored {
        Some(stored) => match packed::unpack_all(&stored) {
            Ok(stored) => packed::merged(stored, cells),
            Err(Damaged) => return Ok(()),
        },
        None => cells,
    };
    put(connection, place, &packed::pack(sum))
}

/// Puts packed cells in the place of those that are there.
pub(super) fn put(connection: &Connection, place: PackedKey, cells: &[u8]) -> Result<()> {
    let PackedKey { site, grain, dimension, prop, bucket } = place;
    let sql = "INSERT OR REPLACE INTO packed (site, grain, dimension, prop, bucket, cells) VALUES (?, ?, ?, ?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![site.0, grain_code(grain), dimension, prop, bucket, cells])?;
    Ok(())
}

/// Hands the packed tables of one axis from the place's bucket to `last` to `take`, with their buckets.
pub(super) fn each(
    connection: &Connection,
    from: PackedKey,
    last: i32,
    mut take: impl FnMut(i32, &[u8]) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT bucket, cells FROM packed
               WHERE site = ? AND grain = ? AND dimension = ? AND prop = ? AND bucket BETWEEN ? AND ?";
    let PackedKey { site, grain, dimension, prop, bucket } = from;
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![site.0, grain_code(grain), dimension, prop, bucket, last])?;
    while let Some(row) = rows.next()? {
        take(row.get(0)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
    }
    Ok(())
}
