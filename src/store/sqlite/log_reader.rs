//! In: a write-ahead log of SQLite. Out: what SQLite would take from it: its marks. Forgets: pages.
//!
//! The format is that of <https://sqlite.org/fileformat2.html#walformat>: a header, then frames of a page each; a frame counts if its
//! salts are the header's, its checksum goes on from the frame before, and a frame that commits comes at it or later.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::marks;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Where a first page tells how many pages there are.
pub(super) const PAGES_PLACE: usize = 28;
/// The last bit says in which order bytes are added up.
const MAGIC: u32 = 0x377f_0682;

/// What is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogContent {
    /// Bytes of a page.
    pub(super) page_bytes: u32,
    /// The marks of first pages, in order. One that was written by another program has 0 as a rule.
    pub(super) marks: Vec<u32>,
    /// Pages of the database as the last commit has it.
    pub(super) pages: u32,
    /// The same as the last first page tells it, if there is one.
    pub(super) told_pages: Option<u32>,
}

/// Reads a log; nothing if SQLite would take nothing from it.
pub(super) fn read(path: &Path) -> io::Result<Option<LogContent>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut header = [0; HEADER_BYTES];
    if !fill(&mut file, &mut header)? {
        return Ok(None);
    }
    let (magic, page_bytes) = (word(&header, 0), word(&header, 8));
    let mut sum = Checksum { is_big_endian: magic & 1 == 1, sums: [0, 0] };
    sum.add(&header[..24]);
    let is_size = page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
    if magic & !1 != MAGIC || !is_size || !sum.is_at(&header[24..]) {
        return Ok(None);
    }
    let (mut firsts, mut waiting, mut pages) = (Vec::new(), Vec::new(), 0);
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes as usize];
    while fill(&mut file, &mut frame)? {
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        sum.add(&head[..8]);
        sum.add(page);
        if word(head, 0) == 0 || head[8..16] != header[16..24] || !sum.is_at(&head[16..24]) {
            break;
        }
        if word(head, 0) == 1 {
            waiting.push((marks::of_first_page(page), word(page, PAGES_PLACE)));
        }
        if word(head, 4) != 0 {
            firsts.append(&mut waiting);
            pages = word(head, 4);
        }
    }
    let told_pages = firsts.last().map(|(_, pages)| *pages);
    let marks = firsts.into_iter().map(|(mark, _)| mark).collect();
    Ok((pages != 0).then_some(LogContent { page_bytes, marks, pages, told_pages }))
}

/// Whether there were enough bytes.
fn fill(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Four bytes from a place on; 0 where there are none.
pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes)
}

struct Checksum {
    is_big_endian: bool,
    sums: [u32; 2],
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let [mut first, mut second] = self.sums;
        let (words, _) = bytes.as_chunks::<4>();
        let (pairs, _) = words.as_chunks::<2>();
        for pair in pairs {
            let [even, odd] = pair.map(|word| match self.is_big_endian {
                true => u32::from_be_bytes(word),
                false => u32::from_le_bytes(word),
            });
            first = first.wrapping_add(even).wrapping_add(second);
            second = second.wrapping_add(odd).wrapping_add(first);
        }
        self.sums = [first, second];
    }

    fn is_at(&self, written: &[u8]) -> bool {
        self.sums == [word(written, 0), word(written, 4)]
    }
}
