//! What makes a hit of a message: `hit`. Bounds of masks follow from how the things that they hide are written.

/// Classified user agents kept in memory: the 300 commonest carry 99 % of traffic, so 4,096 make parsing free.
pub const AGENT_CACHE_ENTRIES: usize = 4_096;
/// Hosts of referrers whose source is kept in memory: most visits come from a few hundred.
pub const SENDER_CACHE_ENTRIES: usize = 4_096;
/// Places of a database kept ready in memory: networks share a record, and most visits come from a few thousand.
pub const PLACE_CACHE_ENTRIES: usize = 8_192;
/// After how many days what is known of networks counts as old: a year.
pub const PLACES_OLD_DAYS: i32 = 366;
/// Most digits of a version's first number; what is longer is none, and agents must not be stored in disguise.
pub const VERSION_DIGITS_MAX: usize = 4;
/// Words and innocent phrases looked at in one agent; who holds more words than that is a bot anyway.
pub const AGENT_SPANS_MAX: usize = 12;
/// Most digits of a later number of a product's version: a longer one is a date, as parts of browsers have it.
pub const PRODUCT_DIGITS_MAX: usize = 10;
/// Agent without a blank from which on it is no browser, in bytes.
pub const BARE_AGENT_BYTES: usize = 50;
/// Fewest digits of an address of a machine that has no colons: `1.2.3.4`.
pub const IP_DIGITS_MIN: usize = 4;
/// Fewest digits of a number that belongs to one person, or to one machine.
pub const NUMBER_DIGITS_MIN: usize = 5;
/// Fewest digits of a number of a phone.
pub const PHONE_DIGITS_MIN: usize = 8;
/// Shortest run that may hold a secret, in bytes.
pub const SECRET_RUN_BYTES_MIN: usize = 12;
/// Longest IPv6 address, in bytes: six groups and an IPv4 address.
pub const IPV6_BYTES_MAX: usize = 45;
/// Longest group of an IPv6 address, in bytes.
pub const IPV6_GROUP_BYTES_MAX: usize = 4;
/// Longest number that belongs to one person, in letters and digits: an IBAN.
pub const NUMBER_BYTES_MAX: usize = 34;
/// Most groups that a number is written in.
pub const NUMBER_GROUPS_MAX: usize = 12;
/// Longest gap between two groups of a number, in bytes: some write ` - `, or two blanks.
pub const NUMBER_GAP_BYTES_MAX: usize = 3;
/// Shortest secret, in bytes: below it are order numbers and short hashes.
pub const SECRET_BYTES_MIN: usize = 15;
/// Shortest JSON in base64 that is taken for a part of a signed token, in bytes.
pub const TOKEN_JSON_BYTES_MIN: usize = 12;
/// Fewest bytes behind the sign of a known kind of key.
pub const SECRET_KEY_BYTES_MIN: usize = 12;
/// Longest part of one hump that is a word whatever its letters, in bytes.
pub const WORD_BYTES_MAX: usize = 9;
/// How often a text may be encoded over again and still is read.
pub const ENCODED_LAYERS_MAX: usize = 4;
/// Most digits of a character that is written as a number.
pub const ENTITY_DIGITS_MAX: usize = 8;
/// Longest key of a query that may name a campaign, in bytes.
pub const CAMPAIGN_KEY_BYTES_MAX: usize = 16;
/// Records looked at to find out the order of a database; some networks have no country.
pub const PLACE_RECORDS_PROBED: usize = 1_000;
/// Largest amount of money that counts, in units of any currency: more is a typing mistake.
pub const AMOUNT_MAX: f64 = 1e10;
