//! The folder that a journal lies in: private, locked, and emptied by overwriting. Every file is reached through the open folder, so
//! that nobody can put a link in its place.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rustix::fs::{self, AtFlags, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::JournalTrouble;
use super::header::FileKind;
use crate::limits;

/// A folder that is locked as long as the value lives.
#[derive(Debug)]
pub(super) struct JournalFolder {
    folder: OwnedFd,
    /// Where it is, under this name.
    base: OwnedFd,
    name: Mutex<String>,
    /// The same for sentences; the folder is reached by what is open.
    pub(super) base_path: PathBuf,
}

/// Why a folder can't be had, and what the system said of it.
#[derive(Debug)]
pub(super) struct FolderRefusal {
    pub(super) why: JournalTrouble,
    pub(super) error: Option<Errno>,
}

impl From<JournalTrouble> for FolderRefusal {
    fn from(why: JournalTrouble) -> FolderRefusal {
        FolderRefusal { why, error: None }
    }
}

/// A file of the journal, as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JournalFile {
    /// A segment or an image with its number.
    Whole(FileKind, u64),
    /// An image that is not complete.
    Unfinished(u64),
    /// One that is given up and not overwritten yet.
    GivenUp(u64),
}

impl JournalFile {
    pub(super) fn name(self) -> String {
        match self {
            JournalFile::Whole(FileKind::Segment, number) => format!("segment-{number}"),
            JournalFile::Whole(FileKind::Image, number) => format!("image-{number}"),
            JournalFile::Unfinished(number) => format!("unfinished-{number}"),
            JournalFile::GivenUp(number) => format!("given-up-{number}"),
        }
    }

    fn of(name: &str) -> Option<JournalFile> {
        let (kind, number) = name.rsplit_once('-')?;
        let number = number.parse().ok()?;
        let file = match kind {
            "segment" => JournalFile::Whole(FileKind::Segment, number),
            "image" => JournalFile::Whole(FileKind::Image, number),
            "unfinished" => JournalFile::Unfinished(number),
            "given-up" => JournalFile::GivenUp(number),
            _ => return None,
        };
        (file.name() == name).then_some(file)
    }
}

/// Where the memory of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mounted {
    /// The magic number of its file system.
    pub(super) magic: u32,
    /// The device, as `/proc/self/mountinfo` writes it: major and minor number.
    pub(super) device: (u32, u32),
}

impl Mounted {
    /// Where the memory of a folder is that nobody has opened.
    pub(super) fn of(path: &Path) -> io::Result<Mounted> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Mounted::of_open(fs::open(path, flags, Mode::empty())?)
    }

    fn of_open(folder: impl AsFd) -> io::Result<Mounted> {
        let device = fs::fstat(&folder)?.st_dev;
        let magic = fs::fstatfs(&folder)?.f_type as u32;
        Ok(Mounted { magic, device: (fs::major(device), fs::minor(device)) })
    }
}

impl JournalFolder {
    /// Makes the folder if it is not there, and takes it.
    pub(super) fn make(base: &Path, name: &str) -> Result<JournalFolder, FolderRefusal> {
        let refusal = |error| FolderRefusal { why: JournalTrouble::NoFolder, error: Some(error) };
        // Whoever wiped the one that was there may have removed it meanwhile.
        for _ in 0..limits::JOURNAL_FOLDER_TRIES {
            let opened = open_base(base).map_err(refusal)?;
            match fs::mkdirat(&opened, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(refusal(error)),
            }
            if let Some(folder) = JournalFolder::take(opened, (base, name), is_own)? {
                return Ok(folder);
            }
        }
        Err(JournalTrouble::NoFolder.into())
    }

    /// Takes the folder, if it is there.
    pub(super) fn existing(base: &Path, name: &str) -> Result<Option<JournalFolder>, JournalTrouble> {
        match open_base(base) {
            Ok(opened) => JournalFolder::take(opened, (base, name), is_own),
            Err(_) => Ok(None),
        }
    }

    /// Takes the folder to wipe it, whosever it is.
    pub(super) fn of_anybody(base: &Path, name: &str) -> Result<Option<JournalFolder>, JournalTrouble> {
        match open_base(base) {
            Ok(opened) => JournalFolder::take(opened, (base, name), |_| true),
            Err(_) => Ok(None),
        }
    }

    fn take(
        base: OwnedFd,
        (base_path, name): (&Path, &str),
        may_be: impl Fn(u32) -> bool,
    ) -> Result<Option<JournalFolder>, JournalTrouble> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match fs::openat(&base, name, flags, Mode::empty()) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(None),
            // A link, or no folder; or one of another user.
            Err(Errno::LOOP | Errno::NOTDIR | Errno::ACCESS) => return Err(JournalTrouble::NotOurs),
            Err(_) => return Err(JournalTrouble::NoFolder),
        };
        let told = fs::fstat(&folder).map_err(|_| JournalTrouble::NoFolder)?;
        if !may_be(told.st_uid) {
            return Err(JournalTrouble::NotOurs);
        }
        if is_own(told.st_uid) && told.st_mode & 0o077 != 0 {
            fs::fchmod(&folder, Mode::RWXU).map_err(|_| JournalTrouble::NotOurs)?;
        }
        match fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(JournalTrouble::Locked),
            Err(_) => return Err(JournalTrouble::Failed),
        }
        // Removed between the two by whoever had the lock.
        let is_there = fs::fstat(&folder).is_ok_and(|told| told.st_nlink > 0);
        let (base_path, name) = (base_path.to_owned(), Mutex::new(name.to_owned()));
        Ok(is_there.then_some(JournalFolder { folder, base, name, base_path }))
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        self.base_path.join(self.name())
    }

    fn name(&self) -> String {
        self.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives it another name, whose end stays as it is.
    pub(super) fn be_called(&self, beginning: &str) -> io::Result<()> {
        let mut name = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        let new = format!("{beginning}{}", name.get(beginning.len()..).unwrap_or_default());
        fs::renameat(&self.base, &*name, &self.base, &*new)?;
        *name = new;
        Ok(())
    }

    /// Where its memory is.
    pub(super) fn mounted(&self) -> io::Result<Mounted> {
        Mounted::of_open(&self.folder)
    }

    /// The files that are there, in no order.
    pub(super) fn files(&self) -> io::Result<Vec<JournalFile>> {
        Ok(self.names()?.iter().filter_map(|name| JournalFile::of(name)).collect())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.folder)? {
            let entry = entry?;
            let is_file = matches!(entry.file_type(), FileType::RegularFile | FileType::Unknown);
            names.extend(text(entry.file_name()).filter(|_| is_file));
        }
        Ok(names)
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, file: JournalFile) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.folder, file.name(), flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Opens a file to read it.
    pub(super) fn open(&self, file: JournalFile) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.folder, file.name(), flags, Mode::empty())?.into())
    }

    /// Gives a file another name.
    pub(super) fn rename(&self, from: JournalFile, to: JournalFile) -> io::Result<()> {
        Ok(fs::renameat(&self.folder, from.name(), &self.folder, to.name())?)
    }

    /// Overwrites a file with zeros and removes it. How long it was is given back.
    pub(super) fn wipe(&self, file: JournalFile) -> io::Result<u64> {
        self.wipe_name(&file.name())
    }

    fn wipe_name(&self, name: &str) -> io::Result<u64> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file: File = fs::openat(&self.folder, name, flags, Mode::empty())?.into();
        // Only the name goes of a file that has another one elsewhere.
        let length = if file.metadata()?.nlink() == 1 { overwrite(&mut file)? } else { 0 };
        fs::unlinkat(&self.folder, name, AtFlags::empty())?;
        Ok(length)
    }

    /// Wipes every file, whatever it is called, and tells how many there were. One that can't be wiped does not keep the others.
    pub(super) fn wipe_all(&self) -> io::Result<usize> {
        let names = self.names()?;
        let wiped: Vec<io::Result<u64>> = names.iter().map(|name| self.wipe_name(name)).collect();
        wiped.into_iter().collect::<io::Result<Vec<_>>>()?;
        Ok(names.len())
    }

    /// Wipes every file and removes the folder, if nothing else is in it. Tells how many files there were.
    pub(super) fn clear(self) -> io::Result<usize> {
        let files = self.wipe_all()?;
        self.remove();
        Ok(files)
    }

    /// Removes the folder if it is empty.
    pub(super) fn remove(&self) {
        // Where it stays, it holds nothing of ours.
        let _ = fs::unlinkat(&self.base, self.name(), AtFlags::REMOVEDIR);
    }

    /// Whether nothing but files of a journal is in it.
    pub(super) fn is_of_journal(&self) -> io::Result<bool> {
        let mut all = 0;
        for entry in Dir::read_from(&self.folder)? {
            all += usize::from(!matches!(entry?.file_name().to_bytes(), b"." | b".."));
        }
        Ok(self.files()?.len() == all)
    }

    /// Whether nothing was written in it since a moment.
    pub(super) fn is_older_than(&self, since: SystemTime) -> io::Result<bool> {
        let mut youngest = File::from(self.folder.try_clone()?).metadata()?.modified()?;
        for file in self.files()? {
            youngest = youngest.max(self.open(file)?.metadata()?.modified()?);
        }
        Ok(youngest < since)
    }

    /// Makes all that is there unreadable as a journal, quickly: [`JournalFolder::wipe_all`] has to follow.
    pub(super) fn give_up(&self) -> io::Result<()> {
        let files = self.files()?;
        let taken = files.iter().map(|file| if let JournalFile::GivenUp(number) = file { number + 1 } else { 0 });
        let first = taken.max().unwrap_or(0);
        for (number, file) in (first..).zip(files) {
            self.rename(file, JournalFile::GivenUp(number))?;
        }
        Ok(())
    }
}

/// Overwrites a file with zeros, and tells how many.
pub(super) fn overwrite(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let zeros = [0; limits::JOURNAL_CHUNK_BYTES];
    file.seek(SeekFrom::Start(0))?;
    let mut left = length;
    while left > 0 {
        let part = left.min(zeros.len() as u64) as usize;
        file.write_all(&zeros[..part])?;
        left -= part as u64;
    }
    Ok(length)
}

fn is_own(user: u32) -> bool {
    user == rustix::process::geteuid().as_raw()
}

/// The names in a folder that begin like this.
pub(super) fn names_like(base: &Path, beginning: &str) -> Vec<String> {
    let entries = std::fs::read_dir(base).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(beginning))
        .collect()
}

fn open_base(base: &Path) -> rustix::io::Result<OwnedFd> {
    fs::open(base, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn text(name: &CStr) -> Option<String> {
    name.to_str().ok().map(str::to_owned)
}
