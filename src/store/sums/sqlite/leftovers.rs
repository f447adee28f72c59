//! In: sites and tables of which something went. Out: what of them is to be cleared up. Forgets: each, when that is done.
//!
//! It is kept in the file, so that a program that ends before goes on with it at its next start.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::Result;
use crate::site::SiteId;

/// The tables of sums that hold texts.
pub(super) const TABLES: [&str; 4] = ["names", "bots", "mails", "released_values"];

/// The kind in `kept_from`, beside those of [`crate::site::RetainedKind`], of sites whose names are to be swept; of the instance it says
/// that tables are to be written anew.
const UNSWEPT: u8 = 100;

/// What is to be cleared up.
#[derive(Default)]
pub(super) struct Leftovers {
    /// Sites that may have names which no cell has any more.
    sites: BTreeSet<SiteId>,
    /// Tables that may have copies of rows that went.
    tables: BTreeSet<&'static str>,
    /// Whether pages may be free since tables were last written anew.
    has_freed: bool,
}

impl Leftovers {
    /// What an earlier run of the program has left.
    pub(super) fn of(connection: &Connection) -> Result<Leftovers> {
        let mut statement = connection.prepare("SELECT site FROM kept_from WHERE kind = ?")?;
        let marked = statement.query_map([UNSWEPT], |row| row.get(0).map(SiteId))?;
        let mut sites = marked.collect::<rusqlite::Result<BTreeSet<SiteId>>>()?;
        let tables = if sites.remove(&SiteId::INSTANCE) { TABLES.into() } else { BTreeSet::new() };
        Ok(Leftovers { sites, tables, has_freed: false })
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
    }

    /// A site to sweep now.
    pub(super) fn take_site(&mut self) -> Option<SiteId> {
        let site = self.sites.pop_first();
        self.has_freed |= site.is_some();
        site
    }

    /// The tables to write anew, once for all sites; nothing if there is nothing to be cleared up.
    pub(super) fn take_tables(&mut self) -> Option<BTreeSet<&'static str>> {
        let is_due = std::mem::take(&mut self.has_freed) || !self.tables.is_empty();
        is_due.then(|| std::mem::take(&mut self.tables))
    }
}

/// Notes in the file that a site is to be swept, or of the instance that tables are to be written anew.
pub(super) fn mark(connection: &Connection, site: SiteId) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO kept_from VALUES (?, ?, 0)";
    connection.prepare_cached(sql)?.execute(params![site.0, UNSWEPT])?;
    Ok(())
}

/// Notes that it is done.
pub(super) fn unmark(connection: &Connection, site: SiteId) -> Result<()> {
    let sql = "DELETE FROM kept_from WHERE site = ? AND kind = ?";
    connection.prepare_cached(sql)?.execute(params![site.0, UNSWEPT])?;
    Ok(())
}
