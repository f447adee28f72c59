//! What a site's day keeps in memory and of its sums: `cell`, `visit`, `counts`.

/// A parent is no personal one when more than one in so many of its children had a second visitor.
pub const FOLDING_SHARED_PER: u32 = 10;
/// Parts of paths remembered for one site and day to tell whether a second visitor comes, 32 bytes each and the names of the first.
pub const FOLDING_CHILDREN_MAX: usize = 100_000;
/// Rows of one site and day about bots, each a family and a group of paths; more paths count as `(other)`.
pub const BOT_ROWS_PER_DAY_MAX: usize = 1_000;
/// Longest group of paths in a row about bots, in bytes.
pub const BOT_PATH_BYTES_MAX: usize = 80;
/// Silence that ends a visit, in milliseconds: 30 minutes, as everywhere in the field.
pub const VISIT_GAP_MS: i64 = 30 * 60 * 1_000;
/// Distinct pages and properties by hour remembered of one visitor and day; past it pages are `(other)`, and properties are left
/// out. Two thousand honest readers behind one address stay below it, and a hostile one costs at most 200 kB by it.
pub const SEEN_PER_VISITOR_MAX: usize = 8_192;
/// Places remembered of one visitor when the day is full: more than people see, and far less than a flood does.
pub const SEEN_PER_VISITOR_OF_FULL_DAY: usize = 64;
/// Visitors of a day kept in memory over all sites; a new one past it is `too_many`. Each costs some 250 bytes.
pub const VISITORS_MAX: usize = 1_000_000;
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
/// Currencies of a site's day: nobody sells in more.
pub const CURRENCIES_PER_DAY: u32 = 16;
/// Events with one of their properties' keys of a site's day; past it a property counts over all events together alone.
pub const EVENT_KEYS_PER_DAY: usize = 1_000;
/// Combinations of host, event and patterns of a site's day, each some 100 bytes; past it hits are of the host `(other)`.
pub const HIT_ATTRIBUTES_PER_DAY: usize = 20_000;
/// Places that the visits of a site's day have been at, over all visitors, each 24 bytes, before the day is full.
pub const PLACES_PER_DAY: usize = 4_000_000;
/// Values without room that are remembered until a second visitor brings them, each 16 bytes.
pub const WAITING_NAMES_MAX: usize = 65_536;
/// Visits that lie with their visitor in memory: most have no more.
pub const VISITS_INLINE: usize = 1;
/// Places by hour that lie with their visitor in memory: more than half have no more.
pub const PAGE_VISITS_INLINE: usize = 2;
/// Entries of a block that readers share: the first change of one copies so many, some 2 kB of visitors.
pub const BLOCK_ENTRIES: usize = 16;
/// Blocks of a branch, whose pointers are copied with the first change in it.
pub const BRANCH_BLOCKS: usize = 64;
/// Entries of a branch: a copy of a list costs one pointer for so many.
pub const BRANCH_ENTRIES: usize = BLOCK_ENTRIES * BRANCH_BLOCKS;
/// Tables of two dimensions that are made in one walk over the day: more need more memory, fewer more walks.
pub const TABLES_PER_WALK: usize = 8;
/// Layers of sums of a site's day that are read while further ones come; the smaller half of more is put together.
pub const LAYERS_MAX: usize = 32;
/// How far back "visitors now" looks, in milliseconds (Plausible's realtime).
pub const NOW_WINDOW_MS: i64 = 5 * 60 * 1_000;
/// How far back the live view looks, in milliseconds: whoever did something since then has a visit that still runs.
pub const RECENT_MS: i64 = VISIT_GAP_MS;
/// The same in minutes, the running one among them, whose pageviews are counted one by one: 240 bytes a site.
pub const RECENT_MINUTES: usize = 30;
/// Rows of each list of the live view: they fit beside each other on one screen.
pub const RECENT_ROWS: usize = 8;
/// Cells of a chunk: enough to be packed well, and opened in 0.1 ms.
pub const CHUNK_CELLS: usize = 16_384;
/// Longest column, in bytes: a column block of chunks, or one chunk of cells, each with some numbers of ten bytes, and room.
pub const COLUMN_BYTES_MAX: usize = 2 << 20;
/// Columns shorter than this, in bytes, are never made shorter by zstd.
pub const COLUMN_BYTES_PLAIN: usize = 24;
