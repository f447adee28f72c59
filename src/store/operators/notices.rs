//! In: versions of notices, changes that they announce, requests of visitors. Out: the same, and the files of languages beside the
//! database. Forgets: everything of a request but its kind and day; with a site, all of it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row, params};

use super::{Operators, StoreError};
use crate::limits;
use crate::operator::{AnnouncedChange, KeptNotice, RequestSum};
use crate::site::{Day, Moment, SiteId};

/// The folder beside the database in which files of languages are, like `it.txt`.
const LANGUAGES: &str = "notice";

impl Operators {
    /// The latest versions of a site's notice, the last one first, at most so many.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn notices(&self, site: SiteId, most: usize) -> Result<Vec<KeptNotice>, StoreError> {
        let reader = self.reader();
        let sql = "SELECT number, from_ms, cause, program, facts, texts FROM notices WHERE site = ? \
                   ORDER BY number DESC LIMIT ?";
        let mut statement = reader.prepare_cached(sql)?;
        let kept = statement.query_map(params![site.0, most as i64], kept)?;
        Ok(kept.collect::<rusqlite::Result<_>>()?)
    }

    /// One version of a site's notice, and when the next one came.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn notice(&self, site: SiteId, number: u32) -> Result<Option<(KeptNotice, Option<Moment>)>, StoreError> {
        let reader = self.reader();
        let sql = "SELECT number, from_ms, cause, program, facts, texts, \
                   (SELECT min(from_ms) FROM notices AS next WHERE next.site = notices.site AND next.number > notices.number) \
                   FROM notices WHERE site = ? AND number = ?";
        let mut statement = reader.prepare_cached(sql)?;
        let found = statement
            .query_row(params![site.0, number], |row| Ok((kept(row)?, row.get::<_, Option<i64>>(6)?.map(Moment))));
        Ok(found.optional()?)
    }

    /// Adds a version of a site's notice.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_notice(&self, site: SiteId, new: &KeptNotice) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO notices (site, number, from_ms, cause, program, facts, texts) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let row = params![site.0, new.number, new.from.0, new.cause, new.program, new.facts, new.texts];
        self.writer()?.execute(sql, row)?;
        self.note_change(site);
        Ok(())
    }

    /// What the notice of a site announces, in the order in which it acts.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn announced(&self, site: SiteId) -> Result<Vec<AnnouncedChange>, StoreError> {
        let reader = self.reader();
        let sql = "SELECT id, site, announced_ms, from_ms, command FROM announced_changes WHERE site = ? ORDER BY from_ms, id";
        let mut statement = reader.prepare_cached(sql)?;
        let found = statement.query_map([site.0], announced)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Announced changes of all sites whose time has come, in their order.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn announced_until(&self, now: Moment) -> Result<Vec<AnnouncedChange>, StoreError> {
        let reader = self.reader();
        let sql = "SELECT id, site, announced_ms, from_ms, command FROM announced_changes WHERE from_ms <= ? ORDER BY from_ms, id";
        let mut statement = reader.prepare_cached(sql)?;
        let found = statement.query_map([now.0], announced)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Announces a change; gives its number.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn announce(&self, site: SiteId, now: Moment, from: Moment, command: &str) -> Result<i64, StoreError> {
        let writer = self.writer()?;
        let sql = "INSERT INTO announced_changes (site, announced_ms, from_ms, command) VALUES (?, ?, ?, ?)";
        writer.execute(sql, params![site.0, now.0, from.0, command])?;
        self.note_change(site);
        Ok(writer.last_insert_rowid())
    }

    /// Takes an announced change back, or off the list once it is made; tells whether there was one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn withdraw(&self, site: SiteId, id: i64) -> Result<bool, StoreError> {
        let sql = "DELETE FROM announced_changes WHERE site = ? AND id = ?";
        let removed = self.writer()?.execute(sql, params![site.0, id])?;
        self.note_change(site);
        Ok(removed == 1)
    }

    /// Counts a request of a visitor.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn count_request(&self, site: SiteId, day: Day, kind: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO rights_requests (site, day, kind, requests) VALUES (?, ?, ?, 1) \
                   ON CONFLICT DO UPDATE SET requests = requests + 1";
        self.writer()?.execute(sql, params![site.0, day.0, kind])?;
        Ok(())
    }

    /// The requests of a site, the last day first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn requests(&self, site: SiteId) -> Result<Vec<RequestSum>, StoreError> {
        let reader = self.reader();
        let sql = "SELECT day, kind, requests FROM rights_requests WHERE site = ? ORDER BY day DESC, kind";
        let mut statement = reader.prepare_cached(sql)?;
        let sum = |row: &Row| {
            let count: i64 = row.get(2)?;
            Ok(RequestSum { day: Day(row.get(0)?), kind: row.get(1)?, count: count as u64 })
        };
        let found = statement.query_map([site.0], sum)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// The files of languages that an operator has put beside the database, as name without `.txt` and text, by name. Those that
    /// are too long, are no text or can't be read come with the reason instead.
    pub fn language_files(&self) -> Vec<(String, Result<String, String>)> {
        self.language_paths().into_iter().map(|(name, path)| (name, text_of(&path))).collect()
    }

    /// What these files are known again by, without reading them.
    pub fn language_file_states(&self) -> Vec<LanguageFileState> {
        let state = |(name, path): (String, PathBuf)| {
            let found = std::fs::metadata(path).ok();
            let times = |it: &Metadata| [it.mtime(), it.mtime_nsec(), it.ctime(), it.ctime_nsec()];
            LanguageFileState { name, file: found.map(|it| (it.ino(), it.len(), times(&it))) }
        };
        self.language_paths().into_iter().map(state).collect()
    }

    fn language_paths(&self) -> Vec<(String, PathBuf)> {
        let Some(entries) = self.file.beside(LANGUAGES).and_then(|folder| std::fs::read_dir(folder).ok()) else {
            return Vec::new();
        };
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let mut files: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
            .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
            .collect();
        files.sort();
        files.truncate(limits::NOTICE_LANGUAGES_MAX);
        files
    }
}

/// What a file of a language is known again by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageFileState {
    name: String,
    /// Number, length, and times of the last change; nothing where it can't be told.
    file: Option<(u64, u64, [i64; 4])>,
}

fn text_of(path: &Path) -> Result<String, String> {
    let said = |error: io::Error| error.to_string();
    // A pipe would be waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(said)?;
    if !file.metadata().map_err(said)?.is_file() {
        return Err("it is no file".to_owned());
    }
    let (mut text, most) = (String::new(), limits::NOTICE_LANGUAGE_BYTES_MAX);
    file.take(most + 1).read_to_string(&mut text).map_err(said)?;
    if text.len() as u64 > most {
        return Err(format!("it has more than {most} bytes"));
    }
    Ok(text)
}

fn kept(row: &Row) -> rusqlite::Result<KeptNotice> {
    Ok(KeptNotice {
        number: row.get(0)?,
        from: Moment(row.get(1)?),
        cause: row.get(2)?,
        program: row.get(3)?,
        facts: row.get(4)?,
        texts: row.get(5)?,
    })
}

fn announced(row: &Row) -> rusqlite::Result<AnnouncedChange> {
    Ok(AnnouncedChange {
        id: row.get(0)?,
        site: SiteId(row.get(1)?),
        announced: Moment(row.get(2)?),
        from: Moment(row.get(3)?),
        command: row.get(4)?,
    })
}
