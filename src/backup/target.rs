//! A file that is whole under its name, or not there.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use indicatif::DecimalBytes;
use rustix::fs::{CWD, RenameFlags, renameat_with, statvfs};

use crate::limits;

/// What the names of files begin with that are not whole yet.
const UNFINISHED: &str = ".headcount-unfinished-";

/// A file that is being written.
pub(super) struct NewFile {
    part: PathBuf,
    to: PathBuf,
    folder: PathBuf,
    overwrites: bool,
}

impl NewFile {
    /// Begins a file that will be called `to`.
    ///
    /// # Errors
    /// There is something of that name, or the folder can't be written to.
    pub(super) fn begin(to: &Path, overwrites: bool) -> Result<NewFile> {
        let shown = to.display();
        match fs::symlink_metadata(to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("{shown} can't be looked at")),
            Ok(there) if !there.is_file() => bail!("{shown} is no file, and stays as it is"),
            Ok(_) if !overwrites => bail!("{shown} is there already; give another name, or --force"),
            Ok(_) => {}
        }
        NewFile::replacing(to, overwrites)
    }

    /// The same, whatever has that name: the caller moves it away.
    ///
    /// # Errors
    /// The folder can't be written to.
    pub(super) fn replacing(to: &Path, overwrites: bool) -> Result<NewFile> {
        let name = to.file_name().with_context(|| format!("{} is no name of a file", to.display()))?;
        let given = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = given.canonicalize().with_context(|| format!("there is no folder {}", given.display()))?;
        let to = folder.join(name);
        clear_unfinished(&folder);
        let mut number = std::process::id();
        loop {
            let part = folder.join(format!("{UNFINISHED}{number}"));
            match File::options().write(true).create_new(true).mode(0o600).open(&part) {
                Ok(_) => return Ok(NewFile { part, to, folder, overwrites }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
                Err(error) => return Err(error).with_context(|| format!("{} can't be written to", folder.display())),
            }
        }
    }

    /// The file while it is not whole.
    pub(super) fn part(&self) -> &Path {
        &self.part
    }

    /// What it will be called.
    pub(super) fn to(&self) -> &Path {
        &self.to
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How long it is, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        fs::metadata(&self.part).map_or(0, |file| file.len())
    }

    /// Looks whether there is room for so many bytes.
    ///
    /// # Errors
    /// There is not.
    pub(super) fn needs(&self, bytes: u64) -> Result<()> {
        // Where the system does not tell, the copy itself will.
        let Ok(there) = statvfs(&self.folder) else { return Ok(()) };
        let free = there.f_bavail.saturating_mul(there.f_frsize);
        let (folder, needed) = (self.folder.display(), DecimalBytes(bytes));
        ensure!(
            free >= bytes,
            "there is no room in {folder}: {needed} are needed, {} are free; nothing was written",
            DecimalBytes(free)
        );
        Ok(())
    }

    /// Brings it to the disk, and gives it its name, which is told. Where something of that name came meanwhile it is called by what
    /// `other` says.
    ///
    /// # Errors
    /// The disk's. Its name is taken, and there is no other.
    pub(super) fn finish(mut self, other: impl Fn() -> Option<PathBuf>) -> io::Result<PathBuf> {
        File::open(&self.part)?.sync_all()?;
        if self.overwrites {
            fs::rename(&self.part, &self.to)?;
        } else {
            while let Err(error) = rename_new(&self.part, &self.to) {
                let is_taken = error.kind() == io::ErrorKind::AlreadyExists;
                self.to = other().filter(|_| is_taken).ok_or(error)?;
            }
        }
        sync_folder(&self.folder)?;
        Ok(self.to.clone())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // It has its name by now, or is of no use.
        for ending in ["", "-journal"] {
            let mut name = self.part.clone().into_os_string();
            name.push(ending);
            let _ = fs::remove_file(name);
        }
    }
}

/// Renames a file unless something has that name.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can.
        Err(Errno::INVAL | Errno::NOSYS) => match fs::symlink_metadata(to) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from, to),
        },
        renamed => Ok(renamed?),
    }
}

/// Brings the names in a folder to the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Not every file system can, and such have no other way.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// Makes a folder for copies, open to its owner only.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().mode(0o700).create(folder).with_context(|| format!("{} can't be made", folder.display()))
}

/// Removes what copies have left that were killed a day ago or more.
fn clear_unfinished(folder: &Path) {
    let old = SystemTime::now().checked_sub(Duration::from_secs(limits::UNFINISHED_S));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED));
        let changed = entry.metadata().ok().filter(fs::Metadata::is_file).and_then(|file| file.modified().ok());
        if is_ours && changed.is_some_and(|changed| old.is_some_and(|old| changed < old)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Refuses a name that is the database's own or that of what belongs to it.
pub(super) fn refuse_own(database: &Path, to: &Path) -> Result<()> {
    let data = database.parent().unwrap_or(Path::new(".")).canonicalize().ok();
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let base = database.file_name().unwrap_or_default().to_string_lossy();
    let is_own_name = name.starts_with(&*base) || ["headcount.lock", "headcount.sock"].contains(&&*name);
    let is_own = data.is_some() && folder.canonicalize().ok() == data && is_own_name;
    ensure!(!is_own && !is_same(database, to), "{} belongs to the database itself; give another name", to.display());
    Ok(())
}

/// Refuses to read as a database what belongs to one.
pub(super) fn refuse_what_belongs_to(database: &Path, from: &Path) -> Result<()> {
    for ending in ["-wal", "-shm", "-journal"] {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        ensure!(!is_same(Path::new(&name), from), "{} belongs to the database itself", from.display());
    }
    Ok(())
}

/// Whether two names lead to one file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    id(one).is_some() && id(one) == id(other)
}
