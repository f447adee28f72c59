//! The journal of the running day: `journal`.

use super::PLACE_CACHE_ENTRIES;

/// Memory that the journal may take unless the configuration says otherwise, in MiB: for a moment two images of 400,000 visitors at
/// 250 bytes each, and the hits since.
pub const JOURNAL_MB: u64 = 256;
/// Most that can be set, in MiB: 1 TiB is a typing mistake.
pub const JOURNAL_MB_MAX: u64 = 1 << 20;
/// Least that can be set, in MiB: less than the first image of a busy day is of no use.
pub const JOURNAL_MB_MIN: u64 = 1;
/// Entries of each kind (pages, agents, places, where visitors come from) that a segment writes by number; what comes later is
/// written out.
pub const JOURNAL_ENTRIES_MAX: usize = 65_536;
/// The same in bytes.
pub const JOURNAL_ENTRIES_BYTES_MAX: usize = 4 << 20;
/// Agents and places of a segment that are found by their address: as many as the caches that share them have.
pub const JOURNAL_SHARED_MAX: usize = PLACE_CACHE_ENTRIES;
/// Records that wait are written when they are so many bytes.
pub const JOURNAL_WAITING_BYTES: usize = 64 * 1024;
/// Bytes of an image that are written at once.
pub const JOURNAL_CHUNK_BYTES: usize = 64 * 1024;
/// How often a folder that somebody removes at the same time is made.
pub const JOURNAL_FOLDER_TRIES: usize = 3;
/// How old a journal must be to be wiped by servers of other data folders, in seconds: every day that it could hold is over,
/// whatever the zone, and its late hits too.
pub const JOURNAL_ORPHAN_S: u64 = 2 * 86_400;
/// How often a server looks for such ones, in seconds.
pub const JOURNAL_ORPHAN_LOOK_S: u64 = 3_600;
/// How long records may be kept after the end of their day, and visits without tokens while the store fails to take them, in seconds.
pub const JOURNAL_FORGET_S: u64 = 60;
/// How often it is looked whether they are gone, by whoever has asked for it, in milliseconds.
pub const JOURNAL_LOOK_MS: u64 = 20;
/// How long such visits may wait for one flush that has not failed, in seconds: thousands of days may end at once on a slow disk.
pub const JOURNAL_SLOW_S: u64 = 600;
/// Hits of a segment after which the next one begins: they are counted again within 0.2 s at a start.
pub const JOURNAL_SEGMENT_HITS: usize = 50_000;
/// Or so many visitors for each hit, if that is more hits: an image of many visitors takes long to write.
pub const JOURNAL_VISITORS_PER_HIT: usize = 4;
