//! What another process has in memory: its pages, the names of what is mapped, and open files that have no name any more.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// A piece of memory, as a line of `/proc/PID/maps` tells.
struct Mapping {
    start: u64,
    end: u64,
    /// A file, or what the kernel calls it: `[heap]`, `[stack]`.
    name: String,
    is_readable: bool,
}

/// The memory of a process, at one moment for each piece.
#[derive(Debug)]
pub struct ProcessMemory {
    /// Each piece that could be read, by its name.
    pub pieces: Vec<(String, Vec<u8>)>,
    /// All of `/proc/PID/maps`.
    pub maps: String,
}

impl ProcessMemory {
    /// What is mapped, and by which name.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn maps(pid: u32) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{pid}/maps"))
    }

    /// Reads all that is in memory of what a process may read itself.
    ///
    /// # Errors
    /// The kernel hides the process from whoever asks: [`io::ErrorKind::PermissionDenied`].
    pub fn read(pid: u32) -> io::Result<ProcessMemory> {
        let open = |name: &str| File::open(format!("/proc/{pid}/{name}"));
        let maps = ProcessMemory::maps(pid)?;
        let (memory, pages) = (open("mem")?, open("pagemap")?);
        let mut pieces = Vec::new();
        for mapping in maps.lines().filter_map(mapping).filter(|mapping| mapping.is_readable) {
            for run in present_runs(&pages, &mapping) {
                let mut bytes = vec![0; (run.end - run.start) as usize];
                // A page that was given back meanwhile, and what the kernel keeps for itself, can't be read.
                if memory.read_exact_at(&mut bytes, run.start).is_ok() {
                    pieces.push((mapping.name.clone(), bytes));
                }
            }
        }
        Ok(ProcessMemory { pieces, maps })
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

const PAGE_BYTES: u64 = 4_096;

/// Where pages lie that are in memory: most of what an allocator has reserved never was.
fn present_runs(pages: &File, mapping: &Mapping) -> Vec<Range<u64>> {
    let mut entries = vec![0; ((mapping.end - mapping.start) / PAGE_BYTES * 8) as usize];
    if pages.read_exact_at(&mut entries, mapping.start / PAGE_BYTES * 8).is_err() {
        return Vec::new();
    }
    let mut runs: Vec<Range<u64>> = Vec::new();
    for (number, entry) in entries.chunks_exact(8).enumerate() {
        // The highest bit of an entry, which is little-endian here.
        if entry[7] & 0x80 == 0 {
            continue;
        }
        let start = mapping.start + number as u64 * PAGE_BYTES;
        match runs.last_mut().filter(|run| run.end == start) {
            Some(run) => run.end += PAGE_BYTES,
            None => runs.push(start..start + PAGE_BYTES),
        }
    }
    runs
}

fn mapping(line: &str) -> Option<Mapping> {
    let mut words = line.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let name = words.skip(3).collect::<Vec<_>>().join(" ");
    Some(Mapping { start: number(start)?, end: number(end)?, name, is_readable: rights.starts_with('r') })
}

/// Files that a process has open although they are removed: their names, and what is in them.
pub fn removed_files(pid: u32) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let path = entry?.path();
        let Ok(target) = fs::read_link(&path) else { continue };
        let name = target.display().to_string();
        if name.ends_with(" (deleted)") {
            found.push((name, fs::read(&path).unwrap_or_default()));
        }
    }
    Ok(found)
}
