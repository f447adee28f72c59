//! The texts of names, of which a bounded number is remembered, and whether they pass a filter.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::Result;
use super::write::name_id;
use crate::cell::Test;
use crate::counts::Name;
use crate::limits;
use crate::site::SiteId;
use crate::store::{Interrupt, StoreError};

/// Texts that were read. The number of a name means the same text as long as the store is open.
#[derive(Default)]
pub(super) struct TextCache(Mutex<CachedTexts>);

#[derive(Default)]
struct CachedTexts {
    texts: HashMap<u32, Name, foldhash::fast::RandomState>,
    bytes: usize,
    /// Whether one was asked for since the last [`TextCache::release`].
    is_used: bool,
}

impl TextCache {
    /// The text of a name; empty for one that is no more.
    pub(super) fn text(&self, connection: &Connection, id: u32) -> Result<Name> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.is_used = true;
        if let Some(text) = cached.texts.get(&id) {
            return Ok(text.clone());
        }
        let mut statement = connection.prepare_cached("SELECT text FROM names WHERE id = ?")?;
        let mut found = statement.query([id])?;
        let Some(row) = found.next()? else { return Ok(Name::from("")) };
        let text = Name::from(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
        if cached.texts.len() >= limits::NAME_CACHE_ENTRIES || cached.bytes + text.len() > limits::NAME_CACHE_BYTES {
            *cached = CachedTexts { is_used: true, ..CachedTexts::default() };
        }
        cached.bytes += text.len();
        cached.texts.insert(id, text.clone());
        Ok(text)
    }

    /// Forgets all, because a site and its names are gone.
    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = CachedTexts::default();
    }

    /// Forgets all if nobody has asked for any of them for a while.
    pub(super) fn release(&self) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::take(&mut cached.is_used) {
            *cached = CachedTexts::default();
        }
    }
}

/// The number of the last name; 0 if there is none.
pub(super) fn last(connection: &Connection) -> Result<u64> {
    let last: i64 =
        connection.prepare_cached("SELECT coalesce(max(id), 0) FROM names")?.query_row([], |row| row.get(0))?;
    Ok(last.max(0) as u64)
}

/// The names that hold a text, with their sites.
pub(super) fn with(connection: &Connection, text: &str) -> Result<Vec<(SiteId, String)>> {
    let mut statement = connection.prepare("SELECT site, text FROM names WHERE instr(text, ?) > 0 AND site > 0")?;
    let found = statement.query_map([text], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Which values of an axis a question wants, by the numbers of their names.
pub(super) struct ValueFilter<'a> {
    test: WantedValues<'a>,
    connection: &'a Connection,
    texts: &'a TextCache,
    interrupt: &'a Interrupt,
    failed: RefCell<Option<StoreError>>,
}

enum WantedValues<'a> {
    All,
    Ids(HashSet<u32, foldhash::fast::RandomState>),
    /// Those that pass, and what is known of it.
    Passing(&'a Test, RefCell<HashMap<u32, bool, foldhash::fast::RandomState>>),
}

impl<'a> ValueFilter<'a> {
    pub(super) fn of(
        connection: &'a Connection,
        (site, test): (SiteId, Option<&'a Test>),
        texts: &'a TextCache,
        interrupt: &'a Interrupt,
    ) -> Result<ValueFilter<'a>> {
        let test = match test {
            None => WantedValues::All,
            Some(test) if test.passes_all() => WantedValues::All,
            Some(test) => match test.named() {
                Some(named) => {
                    let mut ids = HashSet::default();
                    for text in named {
                        interrupt.check(limits::CELLS_PER_NAME_SOUGHT)?;
                        ids.extend(name_id(connection, site, text)?.and_then(|id| u32::try_from(id).ok()));
                    }
                    WantedValues::Ids(ids)
                }
                None => WantedValues::Passing(test, RefCell::default()),
            },
        };
        Ok(ValueFilter { test, connection, texts, interrupt, failed: RefCell::default() })
    }

    /// Whether a value is wanted. A failure is kept for [`ValueFilter::check`].
    pub(super) fn passes(&self, id: u32) -> bool {
        match &self.test {
            WantedValues::All => true,
            WantedValues::Ids(ids) => ids.contains(&id),
            WantedValues::Passing(test, known) => {
                *known.borrow_mut().entry(id).or_insert_with(|| self.is_passing(test, id))
            }
        }
    }

    /// Tests a value; none any more once something failed.
    fn is_passing(&self, test: &Test, id: u32) -> bool {
        let mut failed = self.failed.borrow_mut();
        if failed.is_some() {
            return false;
        }
        let passes = self.texts.text(self.connection, id).and_then(|text| self.interrupt.passes(test, &text));
        passes.unwrap_or_else(|error| {
            *failed = Some(error);
            false
        })
    }

    /// Whether every value is wanted.
    pub(super) fn is_all(&self) -> bool {
        matches!(self.test, WantedValues::All)
    }

    /// The only value that is wanted, if there is one.
    pub(super) fn single(&self) -> Option<u32> {
        match &self.test {
            WantedValues::Ids(ids) if ids.len() == 1 => ids.iter().next().copied(),
            _ => None,
        }
    }

    /// What failed meanwhile.
    pub(super) fn check(&self) -> Result<()> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }
}
