//! Logs: how they are read (`beacon/log/`), followed and imported (`cli/import/`, `collector/import.rs`).

/// Longest line of a log that is read, in bytes: web servers take request heads of 8 to 32 kB.
pub const LOG_LINE_BYTES_MAX: usize = 64 * 1024;
/// How much of a log tells it from others, in bytes of its content.
pub const LOG_HEAD_BYTES: usize = 64 * 1024;
/// How much of a log is read at once and handed to the collector, in bytes; more than one line at its longest.
pub const LOG_CHUNK_BYTES: usize = 128 * 1024;
/// Most memory that a log compressed by xz may ask for, in KiB: `xz -9` asks for 65 MiB, and small machines have no more than 512.
pub const XZ_KB_MAX: u32 = 128 * 1024;
/// Most hosts of logs that are told apart; a scanner may ask for any number.
pub const LOG_HOSTS_MAX: usize = 10_000;
/// Lines of a log from one address, of all, from which on it is said that they are a proxy's: fewer may be one office's.
pub const LOG_PROXY_LINES: u64 = 20;
/// Agents that come from that address: one person at a desk is no proxy.
pub const LOG_PROXY_AGENTS: usize = 10;
/// Time between two looks at a log that is followed, in milliseconds.
pub const FOLLOW_MS: u64 = 500;
/// Most logs of one import: three years of daily logs of nine machines.
pub const LOGS_MAX: usize = 10_000;
/// Lines of an import between two stored states: few transactions, and seconds of work lost at the most.
pub const IMPORT_BATCH_LINES: u64 = 500_000;
/// Cells of an import that may wait to be stored; about 20 MB.
pub const IMPORT_CELLS_MAX: usize = 100_000;
/// Visitors of days that an import has counted from which on these are stored as soon as another day is over; about 15 MB.
pub const IMPORT_VISITORS_WAITING: usize = 50_000;
/// Days of an import in memory at once; logs out of order could open any number.
pub const IMPORT_DAYS_MAX: usize = 400;
/// Lines between two looks for days that an import has left behind.
pub const IMPORT_LOOK_LINES: u64 = 10_000;
/// How long an import keeps a day open after its end, in milliseconds of the log's own time: lines come late.
pub const IMPORT_GRACE_MS: i64 = 3_600_000;
/// How far ahead of the clock a line of a log may be, in milliseconds: a day, because clocks and time zones are set wrong.
pub const IMPORT_AHEAD_MS: i64 = 86_400_000;
/// How long an import may send nothing before it is ended, in seconds: its salts must not stay for ever.
pub const IMPORT_WAIT_S: u64 = 3_600;
/// Lines of a log's beginning that are looked at to find out how it is written.
pub const LOG_LINES_LOOKED: usize = 50;
/// Lines that can't be read and are looked at anew: a log may go on in another format, but most such lines are noise.
pub const LOG_LINES_LOOKED_AGAIN: u32 = 1_000;
/// Carriers that may stand around a line: a container, a collector and a transport.
pub const LOG_WRAPS_MAX: usize = 3;
/// Keys of an unknown log's objects that are named to its owner.
pub const LOG_KEYS_NAMED: usize = 12;
/// Beginning of a line that nobody knows, in which signs of known programs are looked for, in bytes.
pub const LOG_GUESS_BYTES: usize = 400;
/// How deep objects of a log are looked into.
pub const LOG_JSON_DEPTH_MAX: u8 = 6;
/// Longest key of a log's object that is looked at, in bytes, without its signs.
pub const LOG_JSON_KEY_BYTES_MAX: usize = 48;
/// Longest key of an unknown log that is named to its owner, in bytes: a longer one is data.
pub const LOG_KEY_NAMED_BYTES_MAX: usize = 40;
/// Longest ending of a file that is no page, in bytes.
pub const ASSET_ENDING_BYTES_MAX: usize = 11;
/// Longest beginning of a line that is taken for a carrier's, in bytes.
pub const LOG_FRONT_BYTES_MAX: usize = 256;
/// Longest name of a service before a line of its log, in bytes.
pub const LOG_FRONT_NAME_BYTES_MAX: usize = 80;
/// Longest numbers between a time and the request of a line, in bytes.
pub const LOG_TIMINGS_BYTES_MAX: usize = 32;
/// Opening brackets of a line that may be its time's: a user's name before it may hold some.
pub const LOG_BRACKETS_MAX: usize = 8;
/// Lines that a dry import shows.
pub const IMPORT_SAMPLES: usize = 10;
/// How much of a log that can't be read is looked at to say what it looks like, in bytes.
pub const LOG_UNREADABLE_BYTES_LOOKED: usize = 4 * 1024;
/// Hosts that the summary of an import names.
pub const IMPORT_HOSTS_NAMED: usize = 10;
/// Longest text in a column of a dry import's table, in characters.
pub const IMPORT_CELL_CHARS_MAX: usize = 40;
/// The same of a log compressed by zstd, as the power of 2 of its window: 128 MiB, what zstd takes unless asked for more.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;
