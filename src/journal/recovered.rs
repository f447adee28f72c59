//! In: the files that an ended program left. Out: its last image, and the records since.

use serde::de::DeserializeOwned;

use super::Record;
use crate::store::JournalPosition;

/// The rest of a journal can't be read: it is damaged, or names what this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal is damaged")]
pub struct Unreadable;

/// What a program left that ended.
#[derive(Debug)]
pub struct Recovered {}

impl Recovered {
    /// Where the records behind the image begin.
    pub fn begins(&self) -> JournalPosition {
        JournalPosition::default()
    }

    /// The image; nothing where the records begin with an empty state.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub fn image<T: DeserializeOwned>(&self) -> Result<Option<T>, Unreadable> {
        Ok(None)
    }

    /// The records behind the image, in order, each with the position that the journal had before it was written. A record that
    /// was cut short ends its segment; [`Unreadable`] is the last item.
    ///
    /// Whoever meets the first position at or behind that of the last stored flush has counted what is stored. That may be behind
    /// the last record.
    pub fn records(self) -> impl Iterator<Item = Result<(JournalPosition, Record), Unreadable>> {
        std::iter::empty()
    }
}
