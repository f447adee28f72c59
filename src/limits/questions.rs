//! What can be asked, and how much of the answer is shown: `report`, `page`.

/// Most rows of one API answer (Plausible's limit and default).
pub const ROWS_MAX: usize = 10_000;
/// Most values of one filter: more than anyone selects.
pub const FILTER_VALUES_MAX: usize = 1_000;
/// Most filters of one address or command: there are 23 dimensions, and sums know how two of them meet.
pub const FILTER_PARTS_MAX: usize = 20;
/// Most dimensions whose values are estimated together: what is known of any two says little of more.
pub const ESTIMATED_DIMENSIONS_MAX: usize = 4;
/// Most days that are bounded one by one; of more, whole months are: a year of lists has a million rows.
pub const ESTIMATED_DAYS_MAX: i32 = 92;
/// How often an estimate halves the room that is left for it: to a thousandth where there are a million.
pub const ESTIMATE_HALVINGS: usize = 30;
/// How near is near enough.
pub const ESTIMATE_NEAR: f64 = 0.001;
/// Longest text of a condition, in characters: it is read in one look.
pub const CONDITION_CHARS_MAX: usize = 2_000;
/// Tests of one condition: each is tried on every visit or hit.
pub const CONDITION_TESTS_MAX: usize = 50;
/// How deep lists and `has_done` of a condition stand within each other: nobody reads more.
pub const CONDITION_DEPTH_MAX: usize = 4;
/// Rows of a day between two looks whether its reader still waits.
pub const ROWS_BETWEEN_LOOKS: usize = 4_096;
/// Most regular expressions of one query: each is tried on every value.
pub const EXPRESSIONS_MAX: usize = 20;
/// Most memory of a compiled expression of a filter, in bytes, by what two bytes of a value may cost in cells that are read in that
/// time: each state that it may be in is looked at.
pub const EXPRESSION_SIZES: [(usize, usize); 4] = [(8 << 10, 1), (32 << 10, 4), (64 << 10, 16), (256 << 10, 64)];
/// Values and expressions of all filters of one query, with lists of filters: each is tried on every value.
pub const QUERY_VALUES_MAX: usize = 2_000;
/// Texts up to which each is looked for by itself in a value; more are looked for together.
pub const TEXTS_SOUGHT_ALONE: usize = 4;
/// Bytes of a value in which texts are looked for in the time in which a cell is read.
pub const SOUGHT_BYTES_PER_CELL: usize = 8;
/// Cells that are read in the time in which the number of a name is looked up.
pub const CELLS_PER_NAME_SOUGHT: usize = 100;
/// Texts that are compared with a value in that time.
pub const TEXTS_PER_CELL: usize = 8;
/// Most days of `<n>d` in the API (Plausible's limit).
pub const RANGE_DAYS_MAX: i32 = 5_000;
/// Most months of `<n>mo` in the API (Plausible's limit).
pub const RANGE_MONTHS_MAX: i32 = 100;
/// Most days between two dates of the API: 100 years, so that no list of buckets is endless.
pub const RANGE_SPAN_DAYS_MAX: i32 = 36_525;
/// Most days that the API splits by hour: 13 years are 120,000 buckets.
pub const HOURLY_DAYS_MAX: i32 = 5_000;
/// Folded sums in memory for readers who are not signed in, in values: about 110 bytes each, 33 MB in all.
pub const FOLDED_ROWS_MAX: u64 = 300_000;
/// Dimensions and buckets among them, as a first guess: a year of 23 dimensions for a dozen sites.
pub const FOLDED_BUCKETS: usize = 4_000;
/// Rows that a dashboard panel shows.
pub const PANEL_ROWS: usize = 9;
/// Rows on one page of all rows of a panel: some screens full.
pub const ROWS_OF_PAGE: usize = 100;
/// Longest text that is searched for in rows, in characters.
pub const SEARCH_CHARS_MAX: usize = 200;
/// Keys of properties that have a tab: more do not fit beside each other.
pub const PROP_TABS: usize = 12;
/// Stored keys of properties that a reader can choose from: nobody looks through more.
pub const PROP_KEYS_LISTED: usize = 500;
/// Sites on one page of the list: more than anybody compares at a glance. Each is 500 bytes of HTML.
pub const OVERVIEW_SITES: usize = 100;
/// Most sites that are read as one: each costs as much as its own page.
pub const TOGETHER_SITES_MAX: usize = 100;
/// Step of public counters: no smaller number is shown, and none between two steps.
pub const COUNTER_STEP: u64 = 5;
/// Deepest nesting of filters that is read: nobody writes more by hand.
pub const FILTER_DEPTH_MAX: usize = 8;
/// How often the days are read again because one that is over was counted meanwhile, as by an import.
pub const FOLDED_TRIES: usize = 5;
/// Groups of pages that a line of the panel about bots names.
pub const BOT_PAGES_SHOWN: usize = 3;
/// Families of programs that the panel shows.
pub const BOTS_SHOWN: usize = 15;
/// Labels below a chart on a wide screen; a narrow one shows every other.
pub const CHART_LABELS_MAX: usize = 8;
/// Rows of values in the terminal, unless the operator says how many.
pub const REPORT_ROWS_SHOWN: usize = 20;
/// The age of a site up to which its page opens on today, in milliseconds: two days.
pub const SITE_YOUNG_MS: i64 = 2 * 86_400_000;
/// Beginning of a word that is not understood which is said again, in characters.
pub const ECHO_CHARS_MAX: usize = 100;
/// Languages of a browser that are looked at: nobody names more.
pub const LANGUAGES_READ: usize = 32;
