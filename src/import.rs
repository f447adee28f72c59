//! In: lines of logs, of any number of past days. Out: their sums and rejections, or their hits, for the collector. Forgets: each
//! line at once; each day's salt and visitors when the log is an hour past its end, and all of them at the end.
//!
//! There are two: `BatchImport` reads logs of the past with salts and open days of its own, so that those of the running day stay
//! as they are; `LiveImport` follows a log, and its lines are hits of the running day like those of trackers. Both read lines
//! through `LineReader`. What is stored goes with how far each log has been read: an import that ends early can go on where it
//! stopped.

mod batch;
mod hosts;
mod known;
mod lines;
mod live;
mod samples;
mod senders;
mod target;
mod terms;

use std::fmt;

use crate::collector::Collector;
use batch::BatchImport;
use live::LiveImport;
pub use samples::Sample;
pub use terms::{ImportError, LogSummary, Manner, SiteSummary, Start, Summary};

/// An import under way.
pub enum Import {
    /// Of the past. There may be one at a time.
    Batch(Box<BatchImport>),
    /// Of what happens now.
    Live(Box<LiveImport>),
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Import")
    }
}

impl Import {
    /// Begins an import for a site; for all sites by the hosts of the lines if `domain` is empty.
    ///
    /// # Errors
    /// [`ImportError`]
    pub fn begin(collector: &Collector, domain: &str, manner: Manner) -> Result<Import, ImportError> {
        Ok(match manner.live {
            true => Import::Live(Box::new(LiveImport::begin(collector, domain, manner)?)),
            false => Import::Batch(Box::new(BatchImport::begin(collector, domain, manner)?)),
        })
    }

    /// Takes the beginning of the next log, at most [`crate::limits::LOG_HEAD_BYTES`] of it, and says where it is to be read from.
    /// An empty beginning is of a log that is not remembered.
    pub fn open(&mut self, head: &[u8]) -> Start {
        match self {
            Import::Batch(import) => import.reader.open(head),
            Import::Live(import) => import.reader.open(head),
        }
    }

    /// Takes whole lines of a log. `end` is how many bytes of its content are read with them. Now and then everything is
    /// stored, and this waits for it.
    ///
    /// # Errors
    /// [`ImportError`]; the lines since the last stored state are not counted then.
    pub fn take(&mut self, log: usize, end: u64, lines: &[u8]) -> Result<(), ImportError> {
        match self {
            Import::Batch(import) => import.take(log, end, lines),
            Import::Live(import) => import.take(log, end, lines),
        }
    }

    /// Stores the rest, forgets everybody, and says what became of the lines.
    ///
    /// # Errors
    /// [`ImportError`]; the lines since the last stored state are not counted then.
    pub fn finish(self) -> Result<Summary, ImportError> {
        match self {
            Import::Batch(import) => import.finish(),
            Import::Live(import) => import.finish(),
        }
    }
}
