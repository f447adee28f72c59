//! The journal of the running day: `journal`.

/// Memory that the journal may take unless the configuration says otherwise, in MiB: a day of some 300,000 visitors.
pub const JOURNAL_MB: u64 = 256;
