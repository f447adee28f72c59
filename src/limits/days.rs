//! What a site's day keeps in memory and of its sums: `cell`, `visit`, `counts`.

/// A parent is no personal one when more than one in so many of its children had a second visitor.
pub const FOLDING_SHARED_PER: u32 = 10;
/// Parts of paths remembered for one site and day to tell whether a second visitor comes, 32 bytes each and the names of the first.
pub const FOLDING_CHILDREN_MAX: usize = 100_000;
/// Those of them that one network was the first to see: a quarter, so that the rest is left to everybody else.
pub const FOLDING_CHILDREN_PER_NETWORK: u32 = 25_000;
/// Rows of one site and day about bots, each a family and a group of paths; more paths count as `(other)`.
pub const BOT_ROWS_PER_DAY_MAX: usize = 1_000;
/// Rows that each family has in any case, so that one program which tries every path leaves others theirs.
pub const BOT_ROWS_OF_FAMILY: usize = 4;
/// Longest group of paths in a row about bots, in bytes.
pub const BOT_PATH_BYTES_MAX: usize = 80;
/// Silence that ends a visit, in milliseconds: 30 minutes, as everywhere in the field.
pub const VISIT_GAP_MS: i64 = 30 * 60 * 1_000;
/// Distinct pages, each by the one before it, and properties by hour remembered of one visitor and day; past it pages are `(other)`, and
/// properties are left out. Two thousand honest readers behind one address stay below it, and a hostile one costs at most 230 kB by it.
pub const SEEN_PER_VISITOR_MAX: usize = 8_192;
/// Places remembered of one visitor when the day is full: more than people see, and far less than a flood does.
pub const SEEN_PER_VISITOR_OF_FULL_DAY: usize = 64;
/// Visitors of a day kept in memory over all sites; further ones are counted without a visitor. Each costs some 250 bytes. Where there
/// are several sites, one has half of it at the most.
pub const VISITORS_MAX: usize = 1_000_000;
/// Where no tokens are kept, kinds of hits and of properties in memory over all sites, each some 90 bytes; further ones are counted,
/// but in no cell of two dimensions. Sites share them as they share visitors.
pub const KINDS_MAX: usize = 1_000_000;
/// Of either, one in so many is left to sites which have few.
pub const RESERVED_PER: usize = 10;
/// The most that one site is sure of: what a small site has on its best day.
pub const VISITORS_SURE: usize = 1_000;
/// New visitors that one network may bring to a site in a minute: all of a company that opens the same page at nine, and far less than
/// somebody makes up in that time.
pub const NEW_PER_NETWORK_AND_MINUTE: u32 = 500;
/// The same in a day: a university behind one network.
pub const NEW_PER_NETWORK_AND_DAY: u32 = 5_000;
/// Past these a network may bring one in so many of all: carriers have many of their customers in one.
pub const NEW_SHARE_PER: u32 = 4;
/// Of what a network may bring in any case, the first one in so many counts for how many there are in all.
pub const NEW_MEASURED_PER: u32 = 10;
/// Slots in which networks are counted, twice, 4 bytes each.
pub const NETWORK_SLOTS: usize = 1_024;
/// Different values that each dimension of a site takes in a day, unless the site sets another number; further ones are
/// `(other)`. At 100 bytes a name and 8 dimensions that strangers can fill, 8 MB.
pub const VALUES_PER_DAY: u32 = 10_000;
/// Most values that a site can set.
pub const VALUES_PER_DAY_MAX: u32 = 100_000;
/// Cells of two dimensions that a site keeps of a day, unless it sets another number; past it the rarest of the largest
/// tables are `(other)`. 2,000,000 are some 4 MB, what 100,000 visits make.
pub const PAIR_CELLS_PER_DAY: u32 = 2_000_000;
/// Most cells of two dimensions that a site can set.
pub const PAIR_CELLS_PER_DAY_MAX: u32 = 20_000_000;
/// Most months for which a site can keep days by two dimensions; 0 keeps them for ever.
pub const DAY_PAIRS_MONTHS_MAX: u32 = 1_200;
/// Currencies of a site's day: nobody sells in more.
pub const CURRENCIES_PER_DAY: u32 = 16;
/// Events with one of their properties' keys of a site's day; past it a property counts over all events together alone.
pub const EVENT_KEYS_PER_DAY: usize = 1_000;
/// Combinations of host, event and patterns of a site's day, each some 100 bytes; past it hits are of the host `(other)`.
pub const HIT_ATTRIBUTES_PER_DAY: usize = 20_000;
/// Places that the visits of a site's day have been at, over all visitors, each 28 bytes, before the day is full.
pub const PLACES_PER_DAY: usize = 4_000_000;
/// Those of the visitors of one network, before the day is full for them: an eighth.
pub const PLACES_PER_NETWORK: u32 = 500_000;
/// Of each budget of names, one in so many goes to one network by itself: a company or a proxy that nobody named reads fewer pages
/// than that in a day, and three of four are left to everybody else.
pub const NAMES_SHARE_PER: u32 = 4;
/// What one network gets of a small budget.
pub const NAMES_SHARE_MIN: u32 = 500;
/// Names give way when those past the budget are one in so many of it: few enough that newcomers find room meanwhile, and so many that
/// the visitors of the day are seldom gone through.
pub const NAMES_TRIM_PER: u32 = 4;
/// Shortest time between two looks for names that give way, in milliseconds.
pub const DISPLACE_PAUSE_MS: i64 = 1_000;
/// Of so many visitors each millisecond is waited longer: going through a million takes less than a second, once in ten.
pub const DISPLACE_VISITORS_PER_MS: i64 = 100;
/// How many times as many networks must bring a newcomer as the name that gives way to it.
pub const NAMES_OUTWEIGH: u32 = 2;
/// Names without room that are remembered until a second network brings them, each 16 bytes.
pub const WAITING_NAMES_MAX: usize = 65_536;
/// Visits that lie with their visitor in memory: most have no more.
pub const VISITS_INLINE: usize = 1;
/// Places by hour that lie with their visitor in memory: more than half have no more.
pub const PAGE_VISITS_INLINE: usize = 2;
/// Entries of a block that readers share: the first change of one copies so many, some 3 kB of visitors. So many fill what the
/// allocator gives for them.
pub const BLOCK_ENTRIES: usize = 20;
/// Blocks of a branch, whose pointers are copied with the first change in it.
pub const BRANCH_BLOCKS: usize = 64;
/// Entries of a branch: a copy of a list costs one pointer for so many.
pub const BRANCH_ENTRIES: usize = BLOCK_ENTRIES * BRANCH_BLOCKS;
/// Visits and places from which cells of two dimensions are made at once, some 40 bytes each and twice: all of most days.
pub const PAIR_ROWS_AT_ONCE: usize = 400_000;
/// Layers of sums of a site's day that are read while further ones come; the smaller half of more is put together.
pub const LAYERS_MAX: usize = 32;
/// Those of them that one network alone has brought.
pub const WAITING_NAMES_PER_NETWORK: u32 = 4_096;
/// How far back "visitors now" looks, in milliseconds (Plausible's realtime).
pub const NOW_WINDOW_MS: i64 = 5 * 60 * 1_000;
/// How far back the live view looks, in milliseconds: whoever did something since then has a visit that still runs.
pub const RECENT_MS: i64 = VISIT_GAP_MS;
/// The same in minutes, the running one among them, whose pageviews are counted one by one: 240 bytes a site.
pub const RECENT_MINUTES: usize = 30;
/// Rows of each list of the live view: they fit beside each other on one screen.
pub const RECENT_ROWS: usize = 8;
/// Cells of a chunk: enough to be packed well, and few enough to be read for the sake of one of them.
pub const CHUNK_CELLS: usize = 4_096;
/// Cells of a chunk as it may have been written.
pub const CHUNK_CELLS_MAX: usize = 16_384;
/// Bytes of columns that are packed together: more are packed no better, and these are opened in a quarter of a millisecond.
pub const COLUMN_BLOCK_BYTES: usize = 256 * 1024;
/// Cells of each day of a month that are unpacked at once while it is added up: 23 kB.
pub const MERGE_PORTION_CELLS: usize = 256;
/// Cells that one step of adding up takes: some 10 ms, in which no flush is written.
pub const MERGE_STEP_CELLS: usize = 100_000;
/// Cells of a month's table from which on it is kept in the order of its other value too: smaller ones are read as a whole in a
/// millisecond or two.
pub const TURNED_CELLS_MIN: usize = 300_000;
/// Cells that are in memory at once while a table is turned: 4.4 MB.
pub const TURNED_AT_ONCE: usize = 50_000;
/// Opened columns take a multiple of so many bytes, so that the allocator has room of the right size for the next.
pub const OPENED_COLUMNS_STEP: usize = 64 * 1024;
/// Longest column, in bytes: a column block of chunks, or one chunk of cells, each with some numbers of ten bytes, and room.
pub const COLUMN_BYTES_MAX: usize = 2 << 20;
/// Columns shorter than this, in bytes, are never made shorter by zstd.
pub const COLUMN_BYTES_PLAIN: usize = 24;
