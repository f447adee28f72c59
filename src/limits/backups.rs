//! Copies and checks of the database: `backup`, `store`.

/// Milliseconds between two looks at a copy that is being written: how far it is, and whether it is to be given up.
pub const COPY_LOOK_MS: u64 = 100;
/// Milliseconds for which a start waits for the check of its database; the rest is done while it serves.
pub const START_CHECK_MS: u64 = 250;
/// Seconds between two checks of the database while it serves: a week.
pub const CHECK_EVERY_S: u64 = 7 * 24 * 3_600;
/// Days for which cells of days that are not packed are held against those of their hours: older hours may be gone for their age.
pub const HOURS_CHECKED_DAYS: i32 = 7;
/// Findings of a check that are listed; those past it are counted.
pub const CHECK_FINDINGS_MAX: usize = 100;
/// Seconds after which what a killed copy has left is removed by the next one in its folder.
pub const UNFINISHED_S: u64 = 24 * 3_600;
/// Bytes of a database that are copied at once, where it is copied as a file.
pub const COPIED_BYTES: usize = 1 << 16;
