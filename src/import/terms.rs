//! What an import is asked to do, why it is refused, and what it reports.

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::beacon::address::{Networks, loopback};
use crate::beacon::log::{NotAFormat, Reader, Rules};
use crate::store::StoreError;

/// Why an import can't begin or go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// No site has the domain.
    #[error("there is no site {0}; `headcount site add {0}` adds it, `headcount site list` shows all")]
    UnknownSite(String),
    /// No site was named, and there is none at all.
    #[error("there is no site yet; `headcount site add DOMAIN` adds one")]
    NoSite,
    /// There may be only one at a time.
    #[error("another import is running; try again when it has ended")]
    Running,
    /// No log is written so.
    #[error(transparent)]
    Format(#[from] NotAFormat),
    /// The site was removed meanwhile.
    #[error("the site was removed; what came after that is not counted")]
    Removed,
    /// The collector has ended.
    #[error("the collector has ended; import again to go on where it stopped")]
    Ended,
    /// A batch could not be stored.
    #[error("{0}; import again to go on where it stopped")]
    Store(#[from] StoreError),
}

/// What became of the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// All lines.
    pub lines: u64,
    /// Lines that were counted.
    pub counted: u64,
    /// The rest by reason, most frequent first.
    pub rejected: Vec<(String, u64)>,
    /// The first and the last day with a line that was counted.
    pub days: Option<(String, String)>,
    /// Days that had visitors before: those of them who are in the log too count twice.
    pub repeated: Vec<String>,
    /// The same by site, where each line told its own.
    pub sites: Vec<SiteSummary>,
    /// Hosts of lines that are of no site here, or not of the one that was named, most frequent first.
    pub strange_hosts: Vec<(String, u64)>,
    /// Whether lines named no host although each had to tell its site.
    pub lacks_hosts: bool,
    /// What was read of each log.
    pub logs: Vec<LogSummary>,
    /// Whether nearly all pageviews came from one address with many agents.
    pub is_behind_proxy: bool,
    /// Of a dry run, some lines as they would be counted.
    pub samples: Vec<Sample>,
}

/// What became of a site's lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSummary {
    /// Its domain.
    pub site: String,
    /// Its lines.
    pub lines: u64,
    /// Those that were counted.
    pub counted: u64,
    /// The rest by reason, most frequent first.
    pub rejected: Vec<(String, u64)>,
}

/// What was read of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSummary {
    /// Its lines, but for those that speak of the log itself.
    pub lines: u64,
    /// Those that are in a known format.
    pub read: u64,
    /// What it looks like, if none is.
    pub looks_like: Option<String>,
}

/// How logs are to be imported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// Whether known logs are read again from their beginning.
    pub again: bool,
    /// How they are written; without it each of them tells.
    pub format: Option<String>,
    /// What counts as a page.
    pub rules: Rules,
    /// Whether their lines count as they come, as hits of the running day, beside those of trackers.
    pub live: bool,
    /// Whether nothing is counted, and some lines are shown instead.
    pub dry: bool,
    /// Networks whose proxies are believed; without it this machine alone.
    pub trusted: Option<Networks>,
}

impl Manner {
    /// A reader of logs in this manner.
    ///
    /// # Errors
    /// [`NotAFormat`]
    pub fn reader(&self) -> Result<Reader, NotAFormat> {
        let trusted = self.trusted.clone().unwrap_or_else(loopback);
        Ok(Reader::named(self.format.as_deref())?.trusting(trusted))
    }
}

/// Where a log begins that is still to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// It is new, or read again on purpose.
    New,
    /// So many bytes of its content are counted already.
    At(u64),
    /// Another log of this import, by its number, begins with the same content; this one is left out.
    SameAs(usize),
}
