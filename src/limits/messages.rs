//! What is read of a message, whatever its format: `beacon`.

/// Largest body of one ingest request, in bytes. Plausible accepts 1 MB, and nobody sends more.
pub const BODY_BYTES_MAX: usize = 1_000_000;
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
/// Longest text that is read as an address, in bytes: IPv6 with a zone and a port, in quotes.
pub const ADDRESS_TEXT_BYTES_MAX: usize = 128;
/// Most hits of one call of GoatCounter's API (GoatCounter's own bound).
pub const GOATCOUNTER_HITS_MAX: usize = 500;
/// Values within values that are kept of JSON that a strict reader does not take; a strict one takes 127.
pub const JSON_DEPTH_MAX: usize = 100;
/// Deepest scroll that a message may claim, in percent.
pub const SCROLL_PERCENT_MAX: u8 = 100;
/// Longest part of a host's name, in bytes (RFC 1035, section 2.3.4).
pub const HOST_LABEL_BYTES_MAX: usize = 63;
