//! What sites tell their visitors: `notice`, `control::notice`.

/// Longest text that an owner gives for a notice, in characters: a page of legal prose.
pub const NOTICE_TEXT_CHARS_MAX: usize = 4_000;
/// Most languages in which an owner gives texts of one site.
pub const NOTICE_TEXT_LANGUAGES_MAX: usize = 30;
/// Files of languages that are read beside the database, and the longest one, in bytes: four times the English texts.
pub const NOTICE_LANGUAGES_MAX: usize = 30;
/// See [`NOTICE_LANGUAGES_MAX`].
pub const NOTICE_LANGUAGE_BYTES_MAX: u64 = 64 << 10;
/// Versions of a notice that a page or an answer lists; older ones are found by their number.
pub const NOTICE_VERSIONS_LISTED: usize = 100;
/// Longest time for which a change is announced, in days: a year.
pub const ANNOUNCE_DAYS_MAX: u32 = 365;
/// Most changes of one site that wait: each is a sentence or two of its notice.
pub const ANNOUNCED_CHANGES_MAX: usize = 50;
/// How often a server looks whether an announced change acts and whether a notice has changed by the passing of time, in seconds.
pub const NOTICE_LOOK_S: u64 = 10;
/// Requests of visitors of one site that are counted in an hour; more are answered all the same. Each is a write to the disk.
pub const REQUESTS_PER_HOUR: u32 = 600;
/// Sites whose requests of the hour are remembered; past it the count begins anew.
pub const REQUEST_SITES_MAX: usize = 10_000;
