//! Where spilled sums are written and found.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rustix::fs::OFlags;

use super::{Spill, SpillTrouble};
use crate::limits;
use crate::secret;
use crate::store::{DatabaseId, file_numbers};

const BEGINNING: &str = "headcount-";
const ENDING: &str = ".spill";
/// Bytes of the digest and of the random number in a name.
const NAME_BYTES: usize = 8;

/// The folders in which sums that can't be stored may wait for the next start, the first choice first.
#[derive(Debug, Clone, Default)]
pub struct SpillPlaces {
    /// That of the database.
    file: PathBuf,
    /// The folder that is its own.
    beside: Option<PathBuf>,
    database: DatabaseId,
    wanted: Option<PathBuf>,
    memory: Option<PathBuf>,
}

/// Files that were found, and are to be removed once the store has what is in them.
#[derive(Debug, Default)]
pub struct SpilledFiles {
    /// What is in them.
    pub spills: Vec<Spill>,
    /// Where they are.
    pub paths: Vec<PathBuf>,
    /// What was found and is left alone.
    pub troubles: Vec<(PathBuf, SpillTrouble)>,
}

impl SpillPlaces {
    /// Those of the database in a file: where the operator `wants` them, beside it, and then in a folder of memory.
    pub fn of(file: &Path, database: DatabaseId, wants: Option<&Path>, memory: Option<&Path>) -> SpillPlaces {
        SpillPlaces::of_file(file, file.parent(), database, [wants, memory])
    }

    /// The same, of a file that is to be in a folder.
    pub fn of_file(
        file: &Path,
        beside: Option<&Path>,
        database: DatabaseId,
        wanted: [Option<&Path>; 2],
    ) -> SpillPlaces {
        let [wanted, memory] = wanted.map(|folder| folder.map(Path::to_owned));
        SpillPlaces { file: file.to_owned(), beside: beside.map(Path::to_owned), database, wanted, memory }
    }

    /// Has files belong to another database from now on, which is in the same place.
    pub fn belong_to(&mut self, database: DatabaseId) {
        self.database = database;
    }

    /// The folders.
    pub fn folders(&self) -> Vec<PathBuf> {
        [&self.wanted, &self.beside, &self.memory].into_iter().flatten().cloned().collect()
    }

    /// The same, and how the names of the files there begin, the one for a new file first: a folder that other databases use too tells
    /// them apart.
    fn named(&self) -> Vec<(PathBuf, Vec<String>)> {
        // Copies of a database have its id, and files of their own. The file is looked at now: it may have been put back since the start.
        let numbers = file_numbers(&self.file).unwrap_or_else(|_| vec![0]);
        let shared = |number: &u64| name_of(&[&self.database.0[..], &number.to_le_bytes()].concat());
        let names = |folder: &PathBuf| match self.memory.as_ref() == Some(folder) {
            true => numbers.iter().map(shared).collect(),
            false => vec![name_of(&self.database.0)],
        };
        self.folders()
            .into_iter()
            .map(|folder| (names(&folder), folder))
            .map(|(names, folder)| (folder, names))
            .collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.folders().is_empty()
    }

    /// Writes sums to the first folder that takes them, and tells where they are.
    ///
    /// # Errors
    /// What each folder said.
    pub fn write(&self, spill: &Spill) -> Result<PathBuf, String> {
        let bytes = spill.bytes(self.database).map_err(|error| error.to_string())?;
        let mut random = [0; NAME_BYTES];
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        let mut said = Vec::new();
        for (folder, beginnings) in self.named() {
            let path = folder.join(format!("{}-{}{ENDING}", beginnings[0], HEXLOWER.encode(&random)));
            match write_whole(&folder, &path, &bytes) {
                Ok(()) => return Ok(path),
                Err(error) => said.push(format!("{}: {error}", folder.display())),
            }
        }
        Err(said.join("; "))
    }

    /// Finds what was written. What is damaged is kept under another name, so that it is told once.
    pub fn find(&self) -> SpilledFiles {
        let mut found = SpilledFiles::default();
        for path in self.named().iter().flat_map(|(folder, beginnings)| files_in(folder, beginnings)) {
            let read = read_own(&path).map_err(|error| match error.kind() {
                io::ErrorKind::FileTooLarge => SpillTrouble::TooLarge,
                _ => SpillTrouble::NotOurs,
            });
            match read.and_then(|bytes| Spill::read(&bytes, self.database)) {
                Ok(spill) => {
                    found.spills.push(spill);
                    found.paths.push(path);
                }
                Err(SpillTrouble::Damaged) => {
                    let aside = path.with_extension("spill-damaged");
                    let is_moved = fs::rename(&path, &aside).is_ok();
                    found.troubles.push((if is_moved { aside } else { path }, SpillTrouble::Damaged));
                }
                Err(trouble) => found.troubles.push((path, trouble)),
            }
        }
        // Nobody but this database looks for what lies beside it.
        let own = name_of(&self.database.0);
        let others = self.beside.iter().flat_map(|folder| {
            files_like(folder, is_name).filter(|name| !name.starts_with(&own)).map(|name| folder.join(name))
        });
        found.troubles.extend(others.map(|path| (path, SpillTrouble::OtherDatabase)));
        found
    }
}

impl SpilledFiles {
    /// Removes files whose sums are stored, and tells which could not be removed.
    pub fn remove(paths: Vec<PathBuf>) -> Vec<(PathBuf, io::Error)> {
        let removed = paths.into_iter().map(|path| {
            let done = fs::remove_file(&path);
            (path, done)
        });
        let failed = removed.filter_map(|(path, done)| Some((path, done.err()?)));
        failed.filter(|(_, error)| error.kind() != io::ErrorKind::NotFound).collect()
    }
}

/// How the names of files of one begin.
fn name_of(what: &[u8]) -> String {
    format!("{BEGINNING}{}", HEXLOWER.encode(&secret::of_database(what).0[..NAME_BYTES]))
}

fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("spill-unfinished");
    let written = write_synced(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    File::open(folder)?.sync_all()
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn files_in(folder: &Path, beginnings: &[String]) -> Vec<PathBuf> {
    let is_ours = |name: &str| {
        let mut rests = beginnings.iter().filter_map(|beginning| name.strip_prefix(&**beginning));
        rests.any(|rest| rest.starts_with('-')) && name.ends_with(ENDING)
    };
    files_like(folder, is_ours).map(|name| folder.join(name)).collect()
}

fn files_like(folder: &Path, is_like: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(move |name| is_like(name)).take(limits::SPILL_FILES_MAX)
}

/// Whether a file of any database is called like this.
fn is_name(name: &str) -> bool {
    let parts = name.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(ENDING)?.split_once('-'));
    let is_hex = |text: &str| text.len() == 2 * NAME_BYTES && HEXLOWER.decode(text.as_bytes()).is_ok();
    parts.is_some_and(|(database, random)| is_hex(database) && is_hex(random))
}

/// The content of a file that this user wrote, and nobody else may write: a folder may be everybody's.
fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    let user = rustix::process::geteuid().as_raw();
    let is_ours = about.is_file() && (about.uid() == user || user == 0) && about.mode() & 0o022 == 0;
    if !is_ours {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    if about.len() > limits::SPILL_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    file.take(limits::SPILL_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}
