//! In: sites and tables of which something went. Out: what of them is to be cleared up. Forgets: each, when that is done.
//!
//! It is kept in the file, so that a program that ends before goes on with it at its next start.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::Result;
use crate::limits;
use crate::site::SiteId;

/// The tables of sums that hold texts.
pub(super) const TABLES: [&str; 4] = ["names", "bots", "mails", "released_values"];

/// The kind in `kept_from`, beside those of [`crate::site::RetainedKind`], of sites whose names are to be swept; of the instance it says
/// that all tables are to be written anew, as earlier versions noted.
const UNSWEPT: u8 = 100;

/// The kind of sites that are going to be removed.
const GOING: u8 = UNSWEPT + 2;

/// The kind, of the instance, of the first of [`TABLES`], where it is to be written anew; the others follow it.
const UNWRITTEN: u8 = 110;

/// What is to be cleared up.
#[derive(Default)]
pub(super) struct Leftovers {
    /// Sites that may have names which no cell has any more.
    sites: BTreeSet<SiteId>,
    /// Those at which that failed; they come after the others.
    failed: BTreeSet<SiteId>,
    /// Tables that may have copies of rows that went.
    tables: BTreeSet<&'static str>,
    /// Whether pages may be free since tables were last written anew.
    has_freed: bool,
    /// For how many flushes no tables are written anew, because the last time took long.
    pause: u64,
}

impl Leftovers {
    /// What an earlier run of the program has left.
    pub(super) fn of(connection: &Connection) -> Result<Leftovers> {
        let mut sites = marked(connection)?;
        let mut tables = if sites.remove(&SiteId::INSTANCE) { TABLES.into() } else { BTreeSet::new() };
        for (kind, table) in (UNWRITTEN..).zip(TABLES) {
            if connection.prepare("SELECT 1 FROM kept_from WHERE site = 0 AND kind = ?")?.exists([kind])? {
                tables.insert(table);
            }
        }
        Ok(Leftovers { sites, tables, ..Leftovers::default() })
    }

    /// Adds a site.
    pub(super) fn add_site(&mut self, site: SiteId) {
        self.sites.insert(site);
    }

    /// Adds a table.
    pub(super) fn add_table(&mut self, table: &'static str) {
        self.tables.insert(table);
    }

    /// Leaves out a site.
    pub(super) fn forget(&mut self, site: SiteId) {
        self.sites.remove(&site);
        self.failed.remove(&site);
    }

    /// A site to sweep now.
    pub(super) fn take_site(&mut self) -> Option<SiteId> {
        if self.sites.is_empty() {
            std::mem::swap(&mut self.sites, &mut self.failed);
        }
        let site = self.sites.pop_first();
        self.has_freed |= site.is_some();
        site
    }

    /// Puts a site back that could not be swept.
    pub(super) fn put_back(&mut self, site: SiteId) {
        self.failed.insert(site);
    }

    /// The tables to write anew, once for all sites; nothing if there is nothing to be cleared up, or not yet.
    pub(super) fn take_tables(&mut self) -> Option<BTreeSet<&'static str>> {
        let is_due = (self.has_freed || !self.tables.is_empty()) && self.pause == 0;
        self.has_freed &= !is_due;
        is_due.then(|| std::mem::take(&mut self.tables))
    }

    /// Takes note that tables were written anew in a file of so many bytes.
    pub(super) fn note_rewrite(&mut self, bytes: u64) {
        self.pause = bytes / limits::REWRITTEN_BYTES_PER_FLUSH;
    }

    /// Takes note of a flush.
    pub(super) fn note_flush(&mut self) {
        self.pause = self.pause.saturating_sub(1);
    }

    /// Puts tables back that could not be written anew, or not all.
    pub(super) fn put_tables_back(&mut self, tables: impl IntoIterator<Item = &'static str>) {
        self.tables.extend(tables);
        self.has_freed = true;
    }
}

/// The sites whose names are to be swept, as the file has it; the instance for all tables.
pub(super) fn marked(connection: &Connection) -> Result<BTreeSet<SiteId>> {
    let mut statement = connection.prepare_cached("SELECT site FROM kept_from WHERE kind = ?")?;
    let marked = statement.query_map([UNSWEPT], |row| row.get(0).map(SiteId))?;
    Ok(marked.collect::<rusqlite::Result<_>>()?)
}

/// Notes in the file that a table is to be written anew.
pub(super) fn mark_table(connection: &Connection, table: &str) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO kept_from VALUES (0, ?, 0)";
    let kinds = (UNWRITTEN..).zip(TABLES).filter(|(_, of)| *of == table);
    kinds.map(|(kind, _)| kind).try_for_each(|kind| connection.prepare_cached(sql)?.execute([kind]).map(drop))?;
    Ok(())
}

/// Notes that a table is written anew. What earlier versions noted of all goes with the last of them.
pub(super) fn unmark_table(connection: &Connection, table: &str) -> Result<()> {
    let sql = "DELETE FROM kept_from WHERE site = 0 AND kind = ?";
    let own = (UNWRITTEN..).zip(TABLES).filter(|(_, of)| *of == table).map(|(kind, _)| kind);
    let all = TABLES.last().filter(|last| **last == table).map(|_| UNSWEPT);
    own.chain(all).try_for_each(|kind| connection.prepare_cached(sql)?.execute([kind]).map(drop))?;
    Ok(())
}

/// Notes in the file that a site is to be swept.
pub(super) fn mark(connection: &Connection, site: SiteId) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO kept_from VALUES (?, ?, 0)";
    connection.prepare_cached(sql)?.execute(params![site.0, UNSWEPT])?;
    Ok(())
}

/// Notes in the file that a site is going to be removed, or that it is not.
pub(super) fn announce_removal(connection: &Connection, site: SiteId, goes: bool) -> Result<()> {
    let sql = match goes {
        true => "INSERT OR IGNORE INTO kept_from VALUES (?, ?, 0)",
        false => "DELETE FROM kept_from WHERE site = ? AND kind = ?",
    };
    connection.prepare_cached(sql)?.execute(params![site.0, GOING])?;
    Ok(())
}

/// The sites of which that is noted.
pub(super) fn announced_removals(connection: &Connection) -> Result<Vec<SiteId>> {
    let mut statement = connection.prepare_cached("SELECT site FROM kept_from WHERE kind = ?")?;
    let going = statement.query_map([GOING], |row| row.get(0).map(SiteId))?;
    Ok(going.collect::<rusqlite::Result<_>>()?)
}

/// Notes that it is done.
pub(super) fn unmark(connection: &Connection, site: SiteId) -> Result<()> {
    let sql = "DELETE FROM kept_from WHERE site = ? AND kind = ?";
    connection.prepare_cached(sql)?.execute(params![site.0, UNSWEPT])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_comes_again_and_after_the_others() {
        let mut leftovers = Leftovers::default();
        (1..=2).for_each(|site| leftovers.add_site(SiteId(site)));
        assert_eq!(leftovers.take_site(), Some(SiteId(1)));
        leftovers.put_back(SiteId(1));
        assert_eq!(leftovers.take_site(), Some(SiteId(2)));
        assert_eq!((leftovers.take_site(), leftovers.take_site()), (Some(SiteId(1)), None));
        leftovers.add_table("names");
        let tables = leftovers.take_tables().unwrap();
        assert_eq!(leftovers.take_tables(), None);
        leftovers.put_tables_back(tables);
        assert_eq!(leftovers.take_tables(), Some(["names"].into()));
    }

    #[test]
    fn writing_large_tables_anew_is_followed_by_a_long_pause() {
        let mut leftovers = Leftovers::default();
        leftovers.add_table("names");
        leftovers.note_rewrite(2 * limits::REWRITTEN_BYTES_PER_FLUSH);
        for _ in 0..2 {
            assert_eq!(leftovers.take_tables(), None);
            leftovers.note_flush();
        }
        assert_eq!(leftovers.take_tables(), Some(["names"].into()));
        leftovers.note_rewrite(limits::REWRITTEN_BYTES_PER_FLUSH - 1);
        leftovers.add_table("bots");
        assert_eq!(leftovers.take_tables(), Some(["bots"].into()));
    }
}
