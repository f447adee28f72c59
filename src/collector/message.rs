//! What requests and imports may ask of the writer, in one queue with the hits.

use std::sync::mpsc::Sender;

use super::pending::{Pending, SnapshotScope};
use super::sums_batch::SumsBatch;
use super::uncounted::Uncounted;
use crate::counts::recent_activity::RecentActivity;
use crate::hit::Hit;
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::SiteId;
use crate::store::{Imported, StoreError};

/// Where somebody waits for a flush.
pub type Waiter = Sender<Result<(), StoreError>>;

/// What became of a batch of hits.
#[derive(Debug)]
pub struct BatchOutcome {
    /// Whether a batch of the same id was counted before; then nothing of this one is.
    pub is_repeat: bool,
    /// Each hit, in order.
    pub outcomes: Vec<Result<(), Rejection>>,
}

/// What reaches the writer.
#[derive(Debug)]
pub enum WriterMessage {
    /// A hit to count.
    Hit(Uncounted),
    /// Hits to count together, unless a batch of this id was counted before.
    Batch {
        /// The hits.
        hits: Vec<Hit>,
        /// The id, if the sender gave one.
        id: Option<Digest>,
        /// How far logs are read with them.
        imported: Vec<Imported>,
        /// Told what became of them.
        reply: Sender<BatchOutcome>,
    },
    /// A question for what is not stored.
    Snapshot {
        /// What of it.
        scope: SnapshotScope,
        /// Where the answer goes.
        reply: Sender<Pending>,
    },
    /// A question for what the visitors of the last minutes are at.
    RecentActivity {
        /// Of which site.
        site: SiteId,
        /// Where the answer goes.
        reply: Sender<RecentActivity>,
    },
    /// A question for the visitors in memory.
    Visitors(Sender<usize>),
    /// Store what an import has added up.
    Import {
        /// For which site.
        site: SiteId,
        /// What.
        batch: Box<SumsBatch>,
        /// Told when it is stored, or has failed to be; nothing is told when the site is no more.
        waiter: Waiter,
    },
    /// Store everything now.
    Flush(Waiter),
    /// Drop what is in memory of a site.
    Forget(SiteId),
    /// Store everything and end.
    Stop,
}
