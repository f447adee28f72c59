//! How hits are taken, kept and stored: `store`, `collector`.

/// Longest time between two looks at what is due, in milliseconds.
pub const IDLE_MS: u64 = 500;
/// Time between two flushes, in seconds: long enough that one transaction is never one visit.
pub const FLUSH_INTERVAL_S: u64 = 10;
/// Time between two stored states of the running day's pairs, in seconds: an hour of them is lost with a crash.
pub const CHECKPOINT_S: u64 = 3_600;
/// Longest pause between two tries of a failed flush, in seconds.
pub const FLUSH_RETRY_S_MAX: u64 = 60;
/// How often the flush at the end of the program is tried; each try may wait for a busy database for seconds.
pub const LAST_FLUSH_TRIES: usize = 3;
/// How long a day stays open after its end, in milliseconds, for hits that were accepted just before it.
pub const DAY_GRACE_MS: i64 = 2_000;
/// People remembered a day who opened mails, over all sites; past it they are not told apart.
pub const MAIL_PEOPLE_MAX: usize = 200_000;
/// How long a past day that takes late hits stays open after the last of them, in milliseconds: an hour.
pub const LATE_MS: i64 = 3_600_000;
/// Past days that take late hits at once, over all sites.
pub const LATE_DAYS_MAX: usize = 400;
/// How far back a believed client may set the time of a hit, in milliseconds: ten years.
pub const LATE_AGE_MS_MAX: i64 = 3_650 * 86_400_000;
/// How far back Matomo's clients set the time of a hit without a token, in milliseconds: a day, as Matomo has it.
pub const UNTRUSTED_AGE_MS_MAX: i64 = 86_400_000;
/// How long the same message of one sender counts as a repeat, in milliseconds: browsers try again at once.
pub const REPEAT_MS: i64 = 10_000;
/// Messages remembered for that: 6,500 a second, each 24 bytes.
pub const REPEATS_MAX: usize = 65_536;
/// How long the id of a batch is remembered, in days: longer than anybody tries again.
pub const BATCH_DAYS: i32 = 30;
/// Days for which single dimensions are kept by hour; totals by hour as long as days.
pub const HOUR_DETAIL_DAYS: i32 = 31;
/// Texts of names that the store remembers, over all sites: a year of a busy site. Some 100 bytes each.
pub const NAME_CACHE_ENTRIES: usize = 65_536;
/// Their bytes.
pub const NAME_CACHE_BYTES: usize = 8 << 20;
/// Readers of the store that work at once: a dashboard and an API client do not wait for each other.
pub const READERS: usize = 4;
/// Time between two looks at the file of places, in seconds.
pub const GEO_CHECK_S: u64 = 10;
/// How long the id of a batch is remembered in memory, in milliseconds: longer than any flush takes until the store has it.
pub const BATCH_IN_MEMORY_MS: i64 = 10 * 60 * 1_000;
/// Days packed in one flush: a store of an earlier version may have years of them.
pub const CLOSING_DAYS_MAX: usize = 40;
/// Hits after which it is looked whether they came through a proxy that nobody named.
pub const PROXY_LOOK_HITS: u32 = 200;
/// Hits of a hundred from one private address that make it a proxy's.
pub const PROXY_PRIVATE_PERCENT: u32 = 95;
/// Hits of a hundred that must come in one of the other ways that proxies show.
pub const PROXY_OTHERS_PERCENT: u32 = 50;
/// Agents that must come through a proxy: one person at a desk is none.
pub const PROXY_AGENTS: usize = 10;
/// Public addresses that are a few: those of a delivery network are known, and may be more.
pub const PROXY_ADDRESSES_FEW: usize = 20;
/// Pause before the first further try of a failed flush, in seconds; each later one is twice as long.
pub const FLUSH_RETRY_S_MIN: u64 = 1;
/// Days of a demo's sums in one flush.
pub const DEMO_FLUSH_DAYS: usize = 60;
/// Days of a demo that wait to be stored.
pub const DEMO_DAYS_WAITING_MAX: usize = 30;
/// Opened column blocks of pairs beyond which they are opened again, in bytes of columns, for each reader.
pub const OPENED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Pages of the database that each of its connections remembers, in KiB: what is read of a table of two dimensions is read once.
pub const STORE_CACHE_KIB: i64 = 1_024;
/// Time between two looks at memory that the store holds and does not need, in seconds.
pub const RELEASE_S: u64 = 30;
/// Time between two looks whether the path of the database still leads to it, in seconds.
pub const STORE_LOOK_S: u64 = 5;
/// Answers about days and months that are kept: a page has a dozen.
pub const KEPT_ANSWERS_MAX: usize = 1_000;
/// Their rows, each 88 bytes: 9 MB, some fifty pages of a year.
pub const KEPT_ROWS_MAX: usize = 100_000;
/// Bytes of the values of a filter whose answers are kept; longer ones are no click's.
pub const KEPT_FILTER_BYTES_MAX: usize = 2_048;
/// Days of sites of which it is known when each has changed last, 32 bytes each; past it nothing is kept of before.
pub const KEPT_DAYS_TOLD_APART: usize = 20_000;
/// Column blocks of an outdated month that are removed in one transaction, each some 60 kB.
pub const CLEARED_BLOCKS: usize = 16;
/// How long a statement waits for another program that writes to the database, in seconds.
pub const STORE_BUSY_S: u64 = 5;
/// Of so many changes one waits for it after somebody did in vain; the others are tried once.
pub const STORE_HOPELESS_TRIES: u32 = 64;
/// How long a change waits even then for the connection that writes, in milliseconds: longer than a flush takes as a rule.
pub const WRITER_WAIT_MS: u64 = 50;
/// Time between two looks of a change that waits, in milliseconds.
pub const WRITER_LOOK_MS: u64 = 5;
/// A page of keys, in bytes: the least that the kernel locks.
pub const KEY_PAGE_BYTES: usize = 4_096;
/// How long the allocator keeps freed memory that is locked unless it is told to give it back, in milliseconds: a day, which is longer
/// than [`RELEASE_S`].
pub const FREED_KEPT_MS: std::ffi::c_long = 24 * 60 * 60 * 1_000;
/// How often it is shown on a terminal that long work goes on, in milliseconds.
pub const SPINNER_MS: u64 = 120;
/// Longest time for which sums can be set to be kept, in its unit: longer is for ever.
pub const KEPT_FOR_MAX: u32 = 10_000;
/// Kinds of sums that are kept for a time of their own.
pub const RETAINED_KINDS_MAX: usize = 8;
/// Days of which small rows are removed in one transaction when they are older than they are kept.
pub const RETAINED_DAYS_AT_ONCE: i32 = 31;
/// Marks of what was taken out of sums that one warning names.
pub const MARKS_TOLD: usize = 5;
/// Dimensions that have a least figure at rest of their own.
pub const LEAST_AT_REST_MAX: usize = 64;
/// How far the clock may be ahead of what is stored at a start, in days, so that sums go for their age as soon as days end by it: a month
/// off.
pub const CLOCK_AHEAD_DAYS: i32 = 35;
/// How far it may be ahead then so that days end by it at once: a night off.
pub const CLOCK_FRESH_DAYS: i32 = 1;
/// How many days after the last stored one a clock is believed at a start, for what hits count by: a server may have been off for a season,
/// or a backup of last year was put back.
pub const CLOCK_OFF_DAYS: i32 = 400;
/// How far it may jump while the program runs, in days: a weekend asleep.
pub const CLOCK_STEP_DAYS: i32 = 3;
/// Free pages of the database that are given back at once, while nobody else writes: some milliseconds.
pub const VACUUM_PAGES: i64 = 1_024;
/// Bytes of the file for each of which one flush passes until tables are written anew again: writers wait for some hundredths of the
/// time at the most.
pub const REWRITTEN_BYTES_PER_FLUSH: u64 = 4 << 20;
/// Time between two looks whether nobody reads the database's log any more, in milliseconds.
pub const SETTLE_LOOK_MS: u64 = 20;
/// How much alike, of a hundred, a value must be that is named in the place of one that is not counted.
pub const LIKENESS_PERCENT_MIN: u32 = 80;
/// Values that are tried for that.
pub const ALIKE_TRIED: usize = 3;
/// A day of UTC, in milliseconds: so long a clock is doubted.
pub const UTC_DAY_MS: i64 = 86_400_000;
/// Files of spilled sums that a start takes up: each bad stop leaves one, and the next one takes it over.
pub const SPILL_FILES_MAX: usize = 1_000;
/// Largest file of spilled sums, in bytes: [`CELLS_WAITING_MAX`] sums have some 200 MB.
pub const SPILL_BYTES_MAX: u64 = 1 << 30;
/// Sums of one part of spilled sums, unless those of one site and day are more; each part but the first has a file of its own.
pub const SPILL_PIECE_CELLS: usize = 100_000;
/// How many sums a stop writes to a file in a second at least.
pub const SPILL_CELLS_PER_S: u64 = 200_000;
/// Sums in memory past which new hits are turned away as long as flushes fail: some 150 bytes each.
pub const CELLS_WAITING_MAX: usize = 1_000_000;
/// Pause between two tries of the flush at the end of the program, in milliseconds.
pub const STOP_RETRY_MS: u64 = 250;
/// How long a stop tries to store what waits, in seconds, less than the 10 that Docker waits before it kills.
pub const STOP_TIMEOUT_S: u64 = 7;
/// The same where systemd is told that it takes longer.
pub const STOP_TIMEOUT_UNIT_S: u64 = 60;
/// Most that can be set: an hour.
pub const STOP_TIMEOUT_S_MAX: u64 = 3_600;
/// Least time that it has, in milliseconds, however long requests took to end.
pub const STOP_TRY_MS: u64 = 1_000;
/// How much more systemd is asked for, in seconds: requests end before, and a file is written after.
pub const STOP_EXTRA_S: u64 = 20;
/// How far the wall clock may be off, by what the machine has run for, to be corrected at once, in milliseconds: an hour.
pub const CLOCK_NEAR_MS: i64 = 3_600_000;
/// How long a step of up to [`CLOCK_STEP_DAYS`] has to last until days end by it, in milliseconds: ten minutes.
pub const CLOCK_SETTLE_MS: i64 = 600_000;
/// How long a larger one has to last until hits count by it, in milliseconds: an hour, in which a clock is set by the network.
pub const CLOCK_CONFIRM_MS: i64 = 3_600_000;
/// [`CLOCK_STEP_DAYS`] in milliseconds.
pub const CLOCK_STEP_MS: i64 = CLOCK_STEP_DAYS as i64 * UTC_DAY_MS;
