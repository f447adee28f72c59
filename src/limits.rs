//! In: nothing. Out: every bound of the program, each with its unit and the reason for its size. Forgets: nothing.
//!
//! A bound that is not listed here does not exist; code that needs one adds it here.

/// Largest body of one ingest request, in bytes. Plausible accepts 1 MB, and nobody sends more.
pub const BODY_BYTES_MAX: usize = 1_000_000;
/// Largest body of one read request, in bytes: a query with every key is a few kilobytes.
pub const QUERY_BYTES_MAX: usize = 256 * 1024;
/// Largest change that a program sends, in bytes: an annotation is a few hundred.
pub const CHANGE_BYTES_MAX: usize = 16 * 1024;
/// Beginning of a referrer's address and of a campaign's value that is read, and longest address that a mail may link to, in
/// bytes (Plausible's limit for `r`). A page's address may be as long as its message.
pub const URL_BYTES_MAX: usize = 2_000;
/// Longest name of a host, in bytes (RFC 1035, section 2.3.4).
pub const HOST_BYTES_MAX: usize = 253;
/// Beginning of a page's path, and of its host, that is read, in bytes: what masks leave of it fills a name.
pub const PATH_BYTES_READ: usize = 8_000;
/// Longest event name, in characters (Plausible's limit for `n`); longer ones are cut.
pub const EVENT_NAME_CHARS_MAX: usize = 120;
/// Most sites that one beacon may name in `d`: a roll-up or two beside the site itself.
pub const SITES_OF_A_BEACON_MAX: usize = 10;
/// Most properties kept of one beacon (Plausible's limit).
pub const PROPS_MAX: usize = 30;
/// Longest property key, in bytes (Plausible's limit); longer ones are cut.
pub const PROP_KEY_BYTES_MAX: usize = 300;
/// Longest property value, in bytes (Plausible's limit); longer ones are cut.
pub const PROP_VALUE_BYTES_MAX: usize = 2_000;
/// Most different keys read of a query, unknown ones not counted: Matomo's script sends about 40.
pub const PARAMS_MAX: usize = 200;
/// Most hits of one request that brings many.
pub const BULK_HITS_MAX: usize = 10_000;
/// Most further names of one site.
pub const ALIASES_MAX: usize = 100;
/// Longest amount of money that is read, in bytes: more digits than any price has.
pub const AMOUNT_BYTES_MAX: usize = 32;
/// Longest name of a time zone that is read, in bytes; the longest in the IANA database has 32.
pub const TIME_ZONE_BYTES_MAX: usize = 64;
/// Longest engagement that one ping may claim, in milliseconds: 30 days, as Plausible has it.
pub const ENGAGEMENT_MS_MAX: u64 = 30 * 24 * 3_600 * 1_000;
/// What a ping may claim beyond the time since its page's ping before it, in milliseconds: clocks and networks jitter.
pub const ENGAGEMENT_GRACE_MS: u64 = 5_000;
/// Longest name that is stored, in bytes; longer ones are cut at a character.
pub const NAME_BYTES_MAX: usize = 500;
/// Longest user agent that is read, in bytes; real ones stay below 500.
pub const USER_AGENT_BYTES_MAX: usize = 1_024;
/// Longest client hint that is read, in bytes: a full list of versions has some 150.
pub const HINT_BYTES_MAX: usize = 256;
/// Classified user agents kept in memory: the 300 commonest carry 99 % of traffic, so 4,096 make parsing free.
pub const AGENT_CACHE_ENTRIES: usize = 4_096;
/// Hosts of referrers whose source is kept in memory: most visits come from a few hundred.
pub const SENDER_CACHE_ENTRIES: usize = 4_096;

/// Places of a database kept ready in memory: networks share a record, and most visits come from a few thousand.
pub const PLACE_CACHE_ENTRIES: usize = 8_192;
/// After how many days what is known of networks counts as old: a year.
pub const PLACES_OLD_DAYS: i32 = 366;
/// Children of one parent that one visitor each has seen, before further ones are counted together, where the owner says nothing.
pub const PERSONAL_CHILDREN: u32 = 50;
/// The most of them that an owner can ask for.
pub const PERSONAL_CHILDREN_MAX: u32 = 10_000;
/// A parent is no personal one when more than one in so many of its children had a second visitor.
pub const FOLDING_SHARED_PER: u32 = 10;
/// Parts of paths remembered for one site and day to tell whether a second visitor comes, 32 bytes each and the names of the first.
pub const FOLDING_CHILDREN_MAX: usize = 100_000;
/// Parents of one site whose children look personal, and those whose names an owner keeps.
pub const PERSONAL_PARENTS_MAX: usize = 100;
/// Templates of one site's paths; each is looked at for each hit.
pub const PATH_TEMPLATES_MAX: usize = 100;
/// Masks for parts of one site's paths.
pub const PATH_MASKS_MAX: usize = 20;
/// Keys of the query that one site keeps.
pub const QUERY_KEYS_MAX: usize = 10;
/// Longest template, mask or key, in bytes.
pub const PATH_RULE_BYTES_MAX: usize = 200;
/// Networks that one site leaves out; each is tried on every hit.
pub const EXCLUDED_NETWORKS_MAX: usize = 200;
/// Countries that one site leaves out: more than there are.
pub const EXCLUDED_COUNTRIES_MAX: usize = 250;
/// Patterns of pages that one site leaves out; each is tried on every hit.
pub const EXCLUDED_PATHS_MAX: usize = 50;
/// Hosts that one site leaves out; each is tried on every hit.
pub const EXCLUDED_HOSTS_MAX: usize = 100;
/// Rows of one site and day about bots, each a family and a group of paths; more paths count as `(other)`.
pub const BOT_ROWS_PER_DAY_MAX: usize = 1_000;
/// Longest group of paths in a row about bots, in bytes.
pub const BOT_PATH_BYTES_MAX: usize = 80;

/// Silence that ends a visit, in milliseconds: 30 minutes, as everywhere in the field.
pub const VISIT_GAP_MS: i64 = 30 * 60 * 1_000;
/// Distinct pages and properties remembered of one visitor and day; past it pages are `(other)`, and properties are left
/// out. Two thousand honest readers behind one address stay below it, and a hostile one costs at most 200 kB by it.
pub const SEEN_PER_VISITOR_MAX: usize = 8_192;
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
pub const CONTEXTS_PER_DAY: usize = 20_000;
/// Places that the visits of a site's day have been at, over all visitors, each 28 bytes, before the day is full.
pub const PLACES_PER_DAY: usize = 4_000_000;
/// Places remembered of one visitor when the day is full: more than people see, and far less than a flood does.
pub const SEEN_PER_VISITOR_OF_FULL_DAY: usize = 64;
/// Values without room that are remembered until a second visitor brings them, each 16 bytes.
pub const WAITING_NAMES_MAX: usize = 65_536;
/// Goals of one site: each pattern among them is tried on every hit.
pub const GOALS_MAX: usize = 200;
/// Funnels of one site, for the same reason.
pub const FUNNELS_MAX: usize = 20;
/// Steps of one funnel: they are bits of a number, and nobody reads longer ones.
pub const FUNNEL_STEPS_MAX: usize = 16;
/// Sites on one page of the list: more than anybody compares at a glance. Each is 500 bytes of HTML.
pub const OVERVIEW_SITES: usize = 100;
/// Most sites that are read as one: each costs as much as its own page.
pub const TOGETHER_SITES_MAX: usize = 100;
/// Stored keys of properties that a reader can choose from: nobody looks through more.
pub const PROP_KEYS_LISTED: usize = 500;
/// Longest name that an owner can give a goal or a funnel, in characters: it heads a line.
pub const DECLARED_NAME_CHARS_MAX: usize = 120;
/// Annotations of one site: one a day for three years, all of which are read with its settings.
pub const ANNOTATIONS_MAX: usize = 1_000;
/// Longest text of one, in characters: two lines beside a chart.
pub const ANNOTATION_CHARS_MAX: usize = 200;
/// Texts of names that the store remembers, over all sites: a year of a busy site. Some 100 bytes each.
pub const NAME_CACHE_ENTRIES: usize = 65_536;
/// How far back "visitors now" looks, in milliseconds (Plausible's realtime).
pub const NOW_WINDOW_MS: i64 = 5 * 60 * 1_000;
/// How far back the live view looks, in milliseconds: whoever did something since then has a visit that still runs.
pub const LATELY_MS: i64 = VISIT_GAP_MS;
/// The same in minutes, the running one among them, whose pageviews are counted one by one: 240 bytes a site.
pub const LATELY_MINUTES: usize = 30;
/// Rows of each list of the live view: they fit beside each other on one screen.
pub const LATELY_ROWS: usize = 8;

/// Hits waiting for the collector. At 100,000 hits a second this is a sixth of a second.
pub const QUEUE_HITS_MAX: usize = 16_384;
/// How long the collector lets hits gather before it takes them, in milliseconds: one wake-up serves many.
pub const GATHER_MS: u64 = 2;
/// How long the writer waits for a message before it looks at the clock, in milliseconds.
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
/// Most mail campaigns of one site.
pub const CAMPAIGNS_MAX: usize = 500;
/// Longest name of one, in bytes.
pub const CAMPAIGN_BYTES_MAX: usize = 100;
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
/// Largest request with many hits, in bytes: 10,000 hits of 3 kB.
pub const BULK_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Largest hit in such a request, in bytes: as large as one that comes alone.
pub const BULK_HIT_BYTES_MAX: usize = BODY_BYTES_MAX;
/// Longest wait for a request with many hits, in seconds.
pub const BULK_WAIT_S: u64 = 300;
/// Days for which single dimensions are kept by hour; totals by hour are kept for ever.
pub const HOUR_DETAIL_DAYS: i32 = 31;

/// Connections served at once. An idle one costs about 20 kB, and one that has sent the largest head and the beginning of
/// a body about 60 kB: 10,000 hostile ones stay below 1 GB.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Largest head of a request, in bytes, which is also the buffer of a connection: real ones stay below 10 kB.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Bytes of a body that need no room among [`BODIES_BYTES_MAX`]: beacons have a few hundred.
pub const BODY_BYTES_FREE: usize = 4 * 1024;
/// Bodies in memory over all requests, in bytes, without the first [`BODY_BYTES_FREE`] of each; more wait for room.
pub const BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest wait for the head of a request, in seconds: a slow sender must not hold a connection for ever.
pub const HEAD_WAIT_S: u64 = 20;
/// Longest wait for a body and for room for it, in seconds: bodies are small, and a slow sender must not hold a connection.
pub const BODY_WAIT_S: u64 = 20;
/// How many seconds the rest of a body that is too large is read and thrown away, so that its sender sees the answer.
pub const REST_WAIT_S: u64 = 1;
/// Longest wait for open connections at stop, in seconds.
pub const DRAIN_S: u64 = 10;
/// Live pages that are kept up to date at once; each is a connection, and costs some 30 kB.
pub const STREAMS_MAX: usize = 200;
/// Time between two looks at a site that somebody watches, in milliseconds: nobody reads faster.
pub const STREAM_PAUSE_MS: u64 = 2_000;
/// The pause is at least so many times what a look takes, so that watching the busiest site takes 5 % of the writer's time.
pub const STREAM_PAUSE_PER_LOOK: u32 = 20;
/// Time between two signs of life on a stream, in seconds; proxies give up a silent one after 30 to 60. Whether its reader
/// is still signed in is looked at with each.
pub const STREAM_BEAT_S: u64 = 15;
/// How long a stream lasts, in seconds; the browser opens the next one by itself.
pub const STREAM_S_MAX: u64 = 900;
/// How long browsers wait before that, in milliseconds.
pub const STREAM_AGAIN_MS: u64 = 1_000;
/// Readers of the store that work at once: a dashboard and an API client do not wait for each other.
pub const READERS: usize = 4;

/// Most rows of one API answer (Plausible's limit and default).
pub const ROWS_MAX: usize = 10_000;
/// Most values of one filter: more than anyone selects.
pub const FILTER_VALUES_MAX: usize = 1_000;
/// Most filters of one address or command: there are 23 dimensions, and sums know how two of them meet.
pub const FILTER_PARTS_MAX: usize = 20;
/// Most regular expressions of one query: each is tried on every value.
pub const EXPRESSIONS_MAX: usize = 20;
/// Memory of one compiled expression of a filter, in bytes: what it takes to match grows with it.
pub const EXPRESSION_BYTES_MAX: usize = 256 * 1024;
/// Rows that a dashboard panel shows.
pub const PANEL_ROWS: usize = 9;
/// Rows on one page of all rows of a panel: some screens full.
pub const ROWS_OF_PAGE: usize = 100;
/// Longest text that is searched for in rows, in characters.
pub const SEARCH_CHARS_MAX: usize = 200;
/// Keys of properties that have a tab: more do not fit beside each other.
pub const PROP_TABS: usize = 12;
/// Most days of `<n>d` in the API (Plausible's limit).
pub const RANGE_DAYS_MAX: i32 = 5_000;
/// Most months of `<n>mo` in the API (Plausible's limit).
pub const RANGE_MONTHS_MAX: i32 = 100;

/// Most days between two dates of the API: 100 years, so that no list of buckets is endless.
pub const RANGE_SPAN_DAYS_MAX: i32 = 36_525;
/// Most days that the API splits by hour: 13 years are 120,000 buckets.
pub const HOURLY_DAYS_MAX: i32 = 5_000;

/// Fewest visitors that a value of a day must have to be shown to everybody, unless the site has another number.
pub const SMALL_COUNTS_K: u32 = 5;
/// Least and most that a site may set for it: one visitor alone is never shown, and past a thousand little is.
pub const SMALL_COUNTS_K_MIN: u32 = 2;
/// See [`SMALL_COUNTS_K_MIN`].
pub const SMALL_COUNTS_K_MAX: u32 = 1_000;
/// Folded sums in memory for readers who are not signed in, in values: about 110 bytes each, 33 MB in all.
pub const FOLDED_ROWS_MAX: u64 = 300_000;
/// Dimensions and buckets among them, as a first guess: a year of 23 dimensions for a dozen sites.
pub const FOLDED_BUCKETS: usize = 4_000;

/// Most pages of one site for readers who are not signed in: the list is one page.
pub const SHARES_MAX: usize = 100;
/// Longest name of one, in characters.
pub const SHARE_NAME_CHARS_MAX: usize = 64;
/// Most hosts in whose pages one may stand: all of them are in a header of each answer.
pub const EMBED_HOSTS_MAX: usize = 20;
/// Longest time after which one ends, in days: ten years.
pub const SHARE_DAYS_MAX: i32 = 3_650;
/// How long a browser remembers the right password of one, in milliseconds: 12 hours.
pub const SHARE_PASSWORD_MS: i64 = 12 * 3_600 * 1_000;
/// Pages and files that are made at once for readers who are not signed in: anybody may ask, and one may read years.
pub const SHARES_AT_ONCE: usize = 2;

/// How long a request waits for its turn at work of which few are done at once, in milliseconds: longer than any of it takes, and
/// shorter than anybody looks at an empty page.
pub const TURN_WAIT_MS: u64 = 10_000;

/// Step of public counters: no smaller number is shown, and none between two steps.
pub const COUNTER_STEP: u64 = 5;
/// Most public counters that are read at once.
pub const COUNTERS_AT_ONCE: usize = 1;

/// How long a one-time sign-in link works, in milliseconds: 15 minutes.
pub const SIGN_IN_LINK_MS: i64 = 15 * 60 * 1_000;
/// How long a sign-in lasts, in milliseconds: 30 days.
pub const LOGIN_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// Fewest characters of a password: with [`TRIES_PER_NAME`] in [`TRIES_WAIT_MS`], a guesser has 350,000 of them in a year.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Tries at one name's password, right ones left out, before all further ones are turned away for [`TRIES_WAIT_MS`]: who has
/// forgotten which of a few it was finds it within ten.
pub const TRIES_PER_NAME: u32 = 10;
/// The same for tries from one network, whatever the names: an office mistypes more often than a person.
pub const TRIES_PER_NETWORK: u32 = 40;
/// How long tries are counted together, in milliseconds: 15 minutes.
pub const TRIES_WAIT_MS: i64 = 15 * 60 * 1_000;
/// Counts of tries in memory, for names and for networks each: 16 bytes apiece, and two names share one only by chance.
pub const TRIES_SLOTS: usize = 4_096;
/// Passwords that are compared at once, each in 19 MiB; more wait.
pub const PASSWORDS_AT_ONCE: usize = 2;
/// Longest reply that waits in a browser for the next page, in bytes: encoded, it fits into a cookie of 4 kB.
pub const TOLD_BYTES_MAX: usize = 1_000;
/// How long it waits, in seconds.
pub const TOLD_S: u32 = 60;
/// Longest form that a page sends, in bytes: a list of long names has a few thousand.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
/// Longest name of a user, in characters: a whole name with titles.
pub const USER_NAME_CHARS_MAX: usize = 64;
/// Most users: the list is one page.
pub const USERS_MAX: usize = 1_000;
/// Most browsers that are signed in as one user; past it the oldest sign-in ends.
pub const LOGINS_PER_USER_MAX: usize = 50;
/// Longest password, in bytes: a digest reads all of it, and nobody types more.
pub const PASSWORD_BYTES_MAX: usize = 1_000;

/// Time between two looks at the file of places, in seconds.
pub const GEO_CHECK_S: u64 = 10;

/// Longest line of a log that is read, in bytes: web servers take request heads of 8 to 32 kB.
pub const LOG_LINE_BYTES_MAX: usize = 64 * 1024;
/// How much of a log tells it from others, in bytes of its content.
pub const LOG_HEAD_BYTES: usize = 64 * 1024;
/// How much of a log is read at once and handed to the collector, in bytes; more than one line at its longest.
pub const LOG_CHUNK_BYTES: usize = 128 * 1024;
/// Most memory that a log compressed by xz may ask for, in KiB: `xz -9` asks for 64 MiB.
pub const XZ_KB_MAX: u32 = 512 * 1024;
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

/// Lines of the log about the same failure within a minute; the rest are a number.
pub const FAILURE_LINES: u32 = 10;
/// Longest reason in such a line, in characters.
pub const FAILURE_REASON_CHARS_MAX: usize = 300;
/// Failures that the log tells apart within a minute, by kind and route: more than there are routes.
pub const FAILURES_TOLD_APART: usize = 500;
/// How long `/health` shows a failure that may be over, in seconds: longer than monitors wait between two looks.
pub const FAILURE_SHOWN_S: u64 = 120;
/// Shortest and longest pause after a connection that was not accepted, in milliseconds.
pub const ACCEPT_PAUSE_MS: u64 = 50;
/// See [`ACCEPT_PAUSE_MS`].
pub const ACCEPT_PAUSE_MS_MAX: u64 = 1_000;
