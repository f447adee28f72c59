//! The copy that is made before a file is brought up to date, because older versions can't open it then.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::restoring::beside;
use super::target::NewFile;
use super::{facts, rotation, unreadable, written};
use crate::site::Moment;
use crate::store::{Inspection, StoreError, copying};

/// Copies a database that an older version wrote, beside it, and removes the copy that the migration before has left. Nothing is done
/// with a file that is new or up to date, or that can't be brought up to date: opening it says why.
///
/// # Errors
/// There is no room, say, or another program has it.
pub fn before_migration(database: &Path, now: Moment) -> Result<Option<PathBuf>> {
    if fs::metadata(database).map_or(0, |file| file.len()) == 0 {
        return Ok(None);
    }
    let Some(version) = older_version(database)? else { return Ok(None) };
    let copy = rotation::free_name(database, &format!("schema-{version}"), now);
    let made = NewFile::begin(&copy, false).and_then(|file| written(database, file, || None, &mut |_, _| true));
    let made = made.map(drop).or_else(|why| match copying::look_through(database) {
        Err(StoreError::Corrupt) => copy_damaged(database, &copy),
        _ => Err(why),
    });
    made.context(
        "the database is of an older version and is copied before it is brought up to date; make room, or say --migration-copy false",
    )?;
    for older in copies(database) {
        if older != copy {
            let _ = fs::remove_file(older);
        }
    }
    Ok(Some(copy))
}

/// The version of a database, if an older program wrote it that could be brought up to date.
fn older_version(database: &Path) -> Result<Option<i64>> {
    let is_older = |version: &i64| *version < Inspection::present_version();
    match copying::version(database) {
        Ok(version) => Ok(Some(version).filter(is_older)),
        Err(StoreError::Corrupt | StoreError::NotOurs(_)) => Ok(None),
        // A moment later it could be opened.
        Err(why) if copying::version_in_head(database).as_ref().is_some_and(is_older) => Err(unreadable(database, why)),
        Err(_) => Ok(None),
    }
}

/// Copies a database as it is, with what could not be brought into it: it needs a copy most.
fn copy_damaged(database: &Path, copy: &Path) -> Result<()> {
    let file = NewFile::begin(copy, false)?;
    file.needs(fs::metadata(database)?.len())?;
    io::copy(&mut File::open(database)?, &mut File::options().write(true).open(file.part())?)?;
    file.finish(|| None)?;
    let [log, of_copy] = [database, copy].map(|path| beside(path, "-wal"));
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        fs::copy(log, of_copy)?;
    }
    Ok(())
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
