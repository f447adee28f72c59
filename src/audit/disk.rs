//! Every file that is searched, and the search of their bytes: all pages of the database, free ones too, its log, and whatever else lies
//! in the folder.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use super::finder::Finder;
use super::known::Declared;
use super::packed::{self, FilePacking};
use super::shown;
use super::trace::Trace;
use crate::journal::SeenJournal;
use crate::limits;
use crate::store::{Inspection, ReadCells, StoreError};

/// A file that is searched.
#[derive(Debug)]
pub(super) struct SearchedFile {
    pub(super) path: PathBuf,
    /// As it is shown.
    pub(super) name: String,
    /// How long it is, in bytes.
    pub(super) bytes: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct FileList {
    pub(super) files: Vec<SearchedFile>,
    /// Links and folders that were not followed, by name.
    pub(super) passed: Vec<String>,
}

/// What the search brings.
pub(super) struct Searched {
    /// Traces, each with the place of its file in the list.
    pub(super) traces: Vec<(usize, Trace)>,
    /// The cells of the database, which were read meanwhile.
    pub(super) cells: ReadCells,
    /// Files that could not be read, or not to their end, and why.
    pub(super) failed: Vec<(usize, String)>,
}

impl FileList {
    /// The files of a data folder and those of its journals; or the file of a backup and what SQLite puts beside it.
    pub(super) fn of(path: &Path, database: &Path, journals: &[SeenJournal]) -> Result<FileList> {
        let mut list = FileList::default();
        if path.is_dir() {
            list.add_folder(path, path, 0)?;
        } else {
            let name = database.as_os_str().to_owned();
            for ending in ["", "-wal", "-shm", "-journal"] {
                let mut beside = name.clone();
                beside.push(ending);
                let beside = PathBuf::from(beside);
                if beside.is_file() {
                    list.add(&beside, database.parent().unwrap_or(path))?;
                }
            }
        }
        for journal in journals {
            // Files of a running journal come and go.
            let _ = list.add_folder(&journal.path, path, 0);
        }
        list.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(list)
    }

    fn add_folder(&mut self, folder: &Path, root: &Path, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let Ok(file) = fs::symlink_metadata(&path) else { continue };
            if file.is_file() {
                self.add(&path, root)?;
            } else if file.is_dir() && depth < limits::AUDIT_DEPTH_MAX {
                self.add_folder(&path, root, depth + 1)?;
            } else if file.is_dir() || file.is_symlink() {
                self.passed.push(shown(&path, root));
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, root: &Path) -> io::Result<()> {
        let bytes = match fs::metadata(path) {
            Ok(file) => file.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        self.files.push(SearchedFile { path: path.to_owned(), name: shown(path, root), bytes });
        Ok(())
    }

    /// How many bytes are searched.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Searches all files, and reads the cells of the database, on a few threads.
///
/// # Errors
/// [`StoreError`]; a file that can't be read is told of instead.
pub(super) fn search(
    list: &FileList,
    finder: &Finder,
    declared: &Declared,
    inspection: &Inspection,
) -> Result<Searched, StoreError> {
    let chunks = chunks(list);
    let next = AtomicUsize::new(0);
    let lookers = (0..limits::AUDIT_THREADS).map(|_| inspection.again()).collect::<Result<Vec<_>, _>>()?;
    let work = |part: usize, inspection: Inspection| {
        let mut found = (Vec::new(), Vec::new());
        let mut buffer = Vec::new();
        while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let file = &list.files[chunk.file];
            let mut take = |trace: Trace| {
                if !declared.has(&trace) {
                    found.0.push((chunk.file, trace));
                }
            };
            if let Err(error) = chunk.search(&file.path, &mut buffer, finder, &mut take) {
                found.1.push((chunk.file, error.to_string()));
            }
        }
        Ok::<_, StoreError>((found, inspection.cells(part, limits::AUDIT_THREADS)?))
    };
    let done = on_threads(lookers, work);
    let mut searched = Searched { traces: Vec::new(), cells: ReadCells::default(), failed: Vec::new() };
    for done in done {
        let ((traces, failed), cells) = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        searched.traces.extend(traces);
        searched.failed.extend(failed);
        searched.cells.merge(cells);
    }
    searched.traces.sort();
    searched.traces.dedup();
    Ok(searched)
}

/// Does work on a thread for each of these, which is told its place.
fn on_threads<T: Send, R: Send>(each: Vec<T>, work: impl Fn(usize, T) -> R + Sync) -> Vec<std::thread::Result<R>> {
    let work = &work;
    std::thread::scope(|scope| {
        let begin = |(place, one)| scope.spawn(move || work(place, one));
        let begun: Vec<_> = each.into_iter().enumerate().map(begin).collect();
        begun.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    })
}

/// A piece of a file, which may be all of it.
struct Chunk {
    file: usize,
    start: u64,
    end: u64,
}

fn chunks(list: &FileList) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    for (file, searched) in list.files.iter().enumerate() {
        let mut start = 0;
        while start < searched.bytes {
            let end = searched.bytes.min(start + limits::AUDIT_CHUNK_BYTES as u64);
            chunks.push(Chunk { file, start, end });
            start = end;
        }
    }
    chunks
}

impl Chunk {
    /// Searches the piece, and a little before and behind it, for traces that begin in it.
    fn search(
        &self,
        path: &Path,
        buffer: &mut Vec<u8>,
        finder: &Finder,
        take: &mut impl FnMut(Trace),
    ) -> io::Result<()> {
        let file = match opened(path) {
            Ok(file) => file,
            // Gone since it was listed: the log of a database, or a file of a journal.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let overlap = limits::AUDIT_OVERLAP_BYTES as u64;
        let first = self.start.saturating_sub(overlap);
        let length = (self.end + overlap - first) as usize;
        buffer.resize(length, 0);
        let read = read_at(&file, buffer, first)?;
        let bytes = &buffer[..read];
        finder.search(bytes, first, &mut |trace| {
            if (self.start..self.end).contains(&trace.at) {
                take(trace);
            }
        });
        match FilePacking::of(bytes).filter(|_| self.start == 0) {
            Some(packing) => packed::search(|| opened(path), packing, limits::AUDIT_UNPACKED_BYTES_MAX, finder, take),
            None => Ok(()),
        }
    }
}

/// Opens a file, and nothing that was put in its place meanwhile.
fn opened(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    File::options().read(true).custom_flags(flags.bits() as i32).open(path)
}

fn read_at(file: &File, buffer: &mut [u8], first: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], first + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
