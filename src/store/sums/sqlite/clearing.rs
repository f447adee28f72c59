//! In: what went from tables. Out: tables without copies of it, and names that are in use. Forgets: the rest.

use super::{Result, SqliteSums, leftovers, sweep};
use crate::site::SiteId;

impl SqliteSums {
    /// Removes names that are in no cell any more, and tells how many.
    pub(super) fn sweep_names(&self, site: SiteId) -> Result<u64> {
        let removed = sweep::sweep(&self.file, &self.applying, &self.in_use, site)?;
        self.texts.clear();
        Ok(removed)
    }

    /// Writes tables anew of which something went.
    pub(super) fn rewrite(&self, tables: impl IntoIterator<Item = &'static str>) -> Result<()> {
        let written = self.file.rewrite(tables, leftovers::unmark_table);
        self.retaining().leftovers.note_rewrite(self.file.bytes());
        written
    }

    /// Clears up behind what went: a site at a time, and then the tables of all of them. Tells whether there may be more. What fails
    /// comes again after the next flush.
    pub(super) fn clear_up(&self) -> Result<bool> {
        let site = self.retaining().leftovers.take_site();
        if let Some(site) = site {
            let swept = self.sweep_names(site);
            let leftovers = &mut self.retaining().leftovers;
            match &swept {
                Ok(0) => {}
                Ok(_) => leftovers.add_table("names"),
                Err(_) => leftovers.put_back(site),
            }
            return swept.map(|_| true);
        }
        let tables = self.retaining().leftovers.take_tables();
        let Some(tables) = tables else { return Ok(false) };
        let written = self.rewrite(tables.iter().copied());
        if written.is_err() {
            self.retaining().leftovers.put_tables_back(tables);
        }
        written.map(|()| false)
    }
}
