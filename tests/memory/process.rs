//! What another process has in memory: its pages, the names of what is mapped, and open files that have no name any more.

use std::fs::{self, File};
use std::io;
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
pub struct ProcessMemory {
    /// Each piece that could be read, by its name.
    pub pieces: Vec<(String, Vec<u8>)>,
    /// All of `/proc/PID/maps`.
    pub maps: String,
}

impl ProcessMemory {
    /// Reads all that a process may read itself.
    ///
    /// # Errors
    /// The kernel hides the process from whoever asks: [`io::ErrorKind::PermissionDenied`].
    pub fn read(pid: u32) -> io::Result<ProcessMemory> {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let memory = File::open(format!("/proc/{pid}/mem"))?;
        let mut pieces = Vec::new();
        for mapping in maps.lines().filter_map(mapping).filter(|mapping| mapping.is_readable) {
            let mut bytes = vec![0; (mapping.end - mapping.start) as usize];
            let read = read_pages(&memory, mapping.start, &mut bytes);
            if read > 0 {
                pieces.push((mapping.name, bytes));
            }
        }
        Ok(ProcessMemory { pieces, maps })
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

/// Reads what can be read of a piece, and tells how much that was. A page that was given back meanwhile, and what the kernel keeps
/// for itself, can't.
fn read_pages(memory: &File, start: u64, bytes: &mut [u8]) -> usize {
    const STEP: usize = 1 << 20;
    let mut read = 0;
    for (place, part) in bytes.chunks_mut(STEP).enumerate() {
        read += memory.read_at(part, start + (place * STEP) as u64).unwrap_or(0);
    }
    read
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
