//! The copy that is made before a file is brought up to date, because older versions can't open it then.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{facts, rotation, written};
use crate::site::Moment;
use crate::store::Inspection;

/// Copies a database that an older version wrote, beside it, and removes the copy that the migration before has left. Nothing is done
/// with a file that is new or up to date, or that can't be read: opening it says why.
///
/// # Errors
/// There is no room, say.
pub fn before_migration(database: &Path, now: Moment) -> Result<Option<PathBuf>> {
    if fs::metadata(database).map_or(0, |file| file.len()) == 0 {
        return Ok(None);
    }
    let Ok(found) = facts(database) else { return Ok(None) };
    if found.version >= Inspection::present_version() {
        return Ok(None);
    }
    let copy = rotation::free_name(database, &format!("schema-{}", found.version), now);
    written(database, &copy, false, &mut |_, _| true).context(
        "the database is of an older version and is copied before it is brought up to date; make room, or say --migration-copy false",
    )?;
    for older in copies(database) {
        if older != copy {
            let _ = fs::remove_file(older);
        }
    }
    Ok(Some(copy))
}

/// The copies beside a database that were made before it was brought up to date.
fn copies(database: &Path) -> Vec<PathBuf> {
    let folder = database.parent().unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let is_copy = |name: &str| {
        let rest = name.strip_prefix("headcount-schema-").and_then(|rest| rest.strip_suffix(".db"));
        rest.and_then(|rest| rest.split_once('-'))
            .is_some_and(|(version, date)| version.parse::<u32>().is_ok() && rotation::is_date(date))
    };
    files
        .filter(|entry| entry.file_name().to_str().is_some_and(is_copy))
        .map(|entry| entry.path())
        .filter(|path| facts(path).is_ok())
        .collect()
}
