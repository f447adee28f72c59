//! Opens the database of a server in which something is damaged: indexes are made anew, and what can't be read is left out where a start does
//! not depend on it.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::store::mending::{self, DamagedParts};
use crate::store::{self, StoreError, Stores};

/// A database that is opened to count.
pub(super) struct OpenedToCount {
    pub(super) stores: Stores,
    /// What is damaged in it and left out.
    pub(super) damaged: Vec<String>,
}

/// Opens a database. Nobody else may have its folder.
pub(super) fn open(path: &Path) -> Result<OpenedToCount> {
    let shown = || format!("{} can't be opened", path.display());
    match whole(path) {
        Err(StoreError::Corrupt) => {}
        opened => return Ok(OpenedToCount { stores: opened.with_context(shown)?, damaged: Vec::new() }),
    }
    let parts = mending::damaged_parts(path).with_context(shown)?;
    let DamagedParts { tables, indexes } = &parts;
    if tables.is_empty() && !indexes.is_empty() {
        let aside = mending::make_indexes_anew(path).with_context(|| {
            format!(
                "indexes of {} are damaged and can't be made anew: `headcount restore` puts a backup back",
                list(indexes)
            )
        })?;
        tracing::warn!(
            "indexes of {} were damaged, and are made anew from their tables; the database as it was is kept as {}",
            list(indexes),
            aside.display()
        );
        let mut stores = whole(path).with_context(shown)?;
        stores.set_aside.push(aside);
        return Ok(OpenedToCount { stores, damaged: Vec::new() });
    }
    let stores = store::open_damaged(path).map_err(|error| match error {
        StoreError::Corrupt => refused(tables),
        error => anyhow!(error).context(shown()),
    })?;
    if tables.iter().any(|table| NEEDED.contains(&table.as_str())) {
        return Err(refused(tables));
    }
    tracing::error!(
        "the database is damaged in {}; what can't be stored waits in memory: `headcount restore` puts a backup back",
        list(tables)
    );
    Ok(OpenedToCount { stores, damaged: parts.tables })
}

/// Tables without which nothing can begin: which sites there are, and what of a journal is stored.
const NEEDED: [&str; 3] = ["sites", "flushes", "journal"];

fn whole(path: &Path) -> Result<Stores, StoreError> {
    let stores = store::open(path)?;
    stores.look()?;
    Ok(stores)
}

fn refused(tables: &[String]) -> anyhow::Error {
    anyhow!("the database is damaged in {}; `headcount restore` puts a backup back", list(tables))
}

fn list(tables: &[String]) -> String {
    match tables {
        [] => "a part that nobody can name".to_owned(),
        tables => tables.join(", "),
    }
}
