//! In: a database of an older version that is opened while a server runs. Out: a copy of it as it is, beside it, because older
//! versions can't open it when it is brought up to date. Forgets: nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use rusqlite::Connection;

use super::beside::{folder_of, sync_folder, unfinished_name};
use super::{StoreError, moved, schema};

/// Copies a database of an older version to beside `path`, under the name that a start gives to such a copy. One that is up to date is
/// left alone.
///
/// # Errors
/// [`StoreError`]; then nothing is left of the copy.
pub(super) fn kept(found: &Connection, path: &Path) -> Result<Option<PathBuf>, StoreError> {
    if schema::is_present(found)? {
        return Ok(None);
    }
    let version: i64 = found.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let time = fs::metadata(path).and_then(|file| file.modified()).unwrap_or(UNIX_EPOCH);
    let time = Timestamp::try_from(time).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ");
    let (folder, first) = (folder_of(path), format!("headcount-schema-{version}-{time}"));
    let named = |number: u32| if number == 1 { format!("{first}.db") } else { format!("{first}-{number}.db") };
    let mut names = (1..).map(|number| folder.join(named(number)));
    let to = names.find(|name| fs::symlink_metadata(name).is_err()).unwrap_or_else(|| folder.join(named(1)));
    let part = unfinished_name(path)?;
    let made = moved::copy(found, &part).and_then(|()| Ok(fs::rename(&part, &to)?));
    made.inspect_err(|_| drop(fs::remove_file(&part)))?;
    sync_folder(&to);
    Ok(Some(to))
}
