//! What a journal consists of.

use std::sync::Arc;

use crate::beacon::mail::MailKind;
use crate::counts::DayOpening;
use crate::hit::token::Salt;
use crate::hit::{BotHit, Hit};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Moment, SiteId};
use crate::store::Imported;

/// A hit that was counted.
#[derive(Debug)]
pub struct HitRecord {
    /// The hit.
    pub hit: Hit,
    /// How it was counted.
    pub how: HowCounted,
}

/// How a hit was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HowCounted {
    /// When, which may be long after the hit was.
    pub at: Moment,
    /// What tells its message from others, where repeats are looked for.
    pub mark: Option<u64>,
    /// Whether without a visitor of its own.
    pub is_apart: bool,
}

/// One thing that happened to the running state.
#[derive(Debug)]
pub enum Record {
    /// A hit was counted.
    Hit(Box<HitRecord>),
    /// A message was rejected.
    Rejected {
        /// To whom it is booked.
        site: SiteId,
        /// The day there.
        day: Day,
        /// Why.
        reason: Rejection,
        /// The program that sent it.
        bot: Option<BotHit>,
    },
    /// Something became of a mail.
    Mail {
        /// The site.
        site: SiteId,
        /// The day there.
        day: Day,
        /// The campaign.
        campaign: String,
        /// What.
        kind: MailKind,
        /// By whom, as bits of a token.
        person: Option<u64>,
    },
    /// A batch of hits was counted.
    Batch {
        /// Its id.
        id: Digest,
        /// When.
        at: Moment,
    },
    /// A log was read so far.
    Imported(Imported),
    /// A salt was made. Of a day that is over by then, each hit that is counted is a use of it.
    Salt {
        /// The site.
        site: SiteId,
        /// The day there.
        day: Day,
        /// The salt.
        salt: Arc<Salt>,
        /// When it was last used, if it was made for a day that was over by then.
        late: Option<Moment>,
    },
    /// Names gave way to others.
    Displaced {
        /// The site.
        site: SiteId,
        /// The day there.
        day: Day,
        /// What the name is of, by number; the name that went; the one that came.
        names: Vec<(u32, String, String)>,
    },
    /// A day was opened.
    Opened {
        /// The site.
        site: SiteId,
        /// The day there.
        day: Day,
        /// How.
        opening: DayOpening,
    },
    /// A day was closed: its salt and its visitors were forgotten, and its visits wait for a flush.
    Closed {
        /// The site.
        site: SiteId,
        /// The day there.
        day: Day,
    },
    /// The visits of a closed day went into the flush whose position comes next.
    Flushed {
        /// The site.
        site: SiteId,
        /// The day there.
        day: Day,
    },
    /// Visitors of a day may count again from now on, because those that it had are not known.
    MayRepeat {
        /// The site.
        site: SiteId,
        /// The day there.
        day: Day,
    },
    /// A site was removed.
    Forgotten {
        /// The site.
        site: SiteId,
    },
}
