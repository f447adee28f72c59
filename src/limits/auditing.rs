//! How an audit looks: `audit`, `store`.

/// Bytes of a file that are searched at once, by each of the threads.
pub const AUDIT_CHUNK_BYTES: usize = 4 << 20;
/// Bytes before and behind them that are looked at too: a trace is shorter.
pub const AUDIT_OVERLAP_BYTES: usize = 4_096;
/// Threads that search.
pub const AUDIT_THREADS: usize = 2;
/// Shortest run of printable bytes that is looked at: a short address, `1.2.3.4`.
pub const AUDIT_RUN_BYTES_MIN: usize = 7;
/// Longest run that is looked at as one text, in bytes.
pub const AUDIT_RUN_BYTES_MAX: usize = 4_096;
/// Shortest run among other bytes in which a trace of few letters is believed: below it chance writes some in a gigabyte.
pub const AUDIT_TEXT_BYTES_MIN: usize = 24;
/// Shortest secret among bytes that are no text, in bytes.
pub const AUDIT_SECRET_BYTES_MIN: usize = 20;
/// Shortest IPv6 address among bytes that are no text.
pub const AUDIT_IPV6_BYTES_MIN: usize = 8;
/// Length at which a mail address among bytes is believed whatever it ends with.
pub const AUDIT_MAIL_BYTES_SURE: usize = 14;
/// Shortest run of hexadecimal digits that is read as a text.
pub const AUDIT_ENCODED_BYTES_MIN: usize = 12;
/// Shortest run of base64 that is read as a text, without its padding: a short address.
pub const AUDIT_BASE64_BYTES_MIN: usize = 10;
/// Codes one within another that are read, and files that are packed in packed ones.
pub const AUDIT_LAYERS_MAX: usize = 3;
/// Length from which on a word behind `Bearer` is none of any language, in bytes.
pub const AUDIT_BEARER_BYTES_SURE: usize = 32;
/// Shortest identifier of a click or a browser, in bytes.
pub const AUDIT_IDENTIFIER_BYTES_MIN: usize = 8;
/// Fewest digits of the number or the time in a cookie of Google Analytics.
pub const AUDIT_CLIENT_DIGITS_MIN: usize = 8;
/// Most of a user agent that is taken for one, in bytes.
pub const AUDIT_AGENT_BYTES_MAX: usize = 256;
/// Traces whose column is looked for; each look reads a table.
pub const AUDIT_LOOKUPS_MAX: usize = 100;
/// Findings that are listed; those past it are counted.
pub const AUDIT_FINDINGS_MAX: usize = 1_000;
/// Longest masked form of what was found, in characters.
pub const AUDIT_SHAPE_CHARS_MAX: usize = 32;
/// Most bytes that a packed file in the folder is unpacked to; a longer one is a finding.
pub const AUDIT_UNPACKED_BYTES_MAX: u64 = 16 << 30;
/// Folders in folders that are looked into.
pub const AUDIT_DEPTH_MAX: usize = 16;
/// Longest signed summary that is read, in bytes.
pub const AUDIT_SUMMARY_BYTES_MAX: u64 = 64 * 1024;
