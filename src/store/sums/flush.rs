//! What reaches a store, and in which form. What has no place in a [`Flush`] can't be read from a disk.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::beacon::mail::MailKind;
use crate::counts::published::ReleaseState;
use crate::counts::{LazySums, Name, SessionSnapshot};
use crate::limits;
use crate::rejection::Rejection;
use crate::secret::{self, Digest};
use crate::site::{Collected, Day, Epsilon, LeastAtRest, Month, RetainedKind, SiteId};
use crate::store::Forgetting;

/// Rejections of one site and day under one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The site, or the instance.
    pub site: SiteId,
    /// The day, at the site; in UTC for the instance.
    pub day: Day,
    /// The reason.
    pub reason: Rejection,
    /// How many.
    pub count: u64,
}

/// The group of those paths of programs that are no longer told apart.
pub const OTHER_PAGES: &str = "(other)";

/// What programs asked for on one day: how often those of a family came for a group of pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotCount {
    /// The site.
    pub site: SiteId,
    /// The day, at the site.
    pub day: Day,
    /// The family, from the list of [`crate::hit::agent`].
    pub family: Name,
    /// The group of pages, or [`OTHER_PAGES`].
    pub pages: Name,
    /// How many messages.
    pub count: u64,
}

/// How far a log has been imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The site it counted for.
    pub site: SiteId,
    /// The digest of its beginning.
    pub head: Digest,
    /// How long that beginning is, in bytes.
    pub head_bytes: u64,
    /// How many bytes of its content are counted.
    pub bytes: u64,
}

/// What became of the mails of a campaign on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSum {
    /// The site.
    pub site: SiteId,
    /// The campaign, or the name of those that nobody declared.
    pub campaign: String,
    /// The day, at the site.
    pub day: Day,
    /// What happened.
    pub kind: MailKind,
    /// How often.
    pub count: u64,
    /// By how many distinct people within the day.
    pub people: u64,
}

/// Who counts a day that is not over. Each has its own visits in memory, and its own snapshot in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CountedBy {
    /// The running collector.
    Live,
    /// An import.
    Import,
}

/// What is known of a day's visits, and whether the day is over.
#[derive(Debug, Clone)]
pub struct DayState {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    /// Who counted it.
    pub by: CountedBy,
    /// Its visits, which take the place of what the same counter said before; nothing for a day of which only sums are left,
    /// because the program was restarted.
    pub snapshot: Option<Arc<SessionSnapshot>>,
    /// The most cells of pairs that are kept of it, those for the rest aside.
    pub pair_cells: u32,
    /// Whether it is over. Then the pairs are added to what the day has for good, in the place of the snapshot of the same
    /// counter, and the day is no longer open ([`crate::store::SumStore::open_days`]). Whatever comes later is added.
    pub is_over: bool,
    /// What becomes of the day's release, if this ends a day that the store was told of by [`Flush::publishing`]. It is made of the
    /// snapshot, in which then is everybody who came; nobody did if there is none.
    pub release: Option<ReleaseOrder>,
}

/// What becomes of the release of a day that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseOrder {
    /// It is made.
    Publish {
        /// The pages that it tells by name.
        pages: Vec<String>,
        /// What the site collects: a release tells of nothing else.
        collected: Collected,
    },
    /// There will be none, for this reason.
    Withhold(ReleaseState),
}

/// A day that began while its site publishes. It has at most one release, whatever comes later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishingDay {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    /// What its release may tell of one visitor.
    pub epsilon: Epsilon,
    /// [`ReleaseState::Running`], or why there will be no release.
    pub state: ReleaseState,
}

/// What tells one database from others: random, made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DatabaseId(pub [u8; 16]);

/// What tells one journal from others, made with it: half of it is random, half a digest of what the database knew then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct JournalId(pub [u8; 16]);

/// A place between two records of a journal. Of the same journal, the later place is the greater one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct JournalPosition {
    /// The journal.
    pub journal: JournalId,
    /// The segment of it.
    pub segment: u64,
    /// How far into the segment, in bytes.
    pub offset: u64,
}

/// What a database knows of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JournalState {
    /// The database.
    pub database: DatabaseId,
    /// The number of its last flush.
    pub flush: u64,
    /// The journal that goes on with it, up to where its records are in the sums; nothing if none does.
    pub drained: Option<JournalPosition>,
}

impl JournalId {
    /// That of a journal which begins on a database in this state.
    pub fn beginning_on(state: &JournalState, random: [u8; 8]) -> JournalId {
        let mut id = [0; 16];
        let (head, tail) = id.split_at_mut(8);
        head.copy_from_slice(&random);
        tail.copy_from_slice(&state.digest());
        JournalId(id)
    }

    /// Whether the database is still as it was when the journal began: it has nothing of what the journal has.
    pub fn begins_on(&self, state: &JournalState) -> bool {
        self.0[8..] == state.digest()
    }
}

impl JournalPosition {
    /// By what a store remembers how far it was with a journal that it has left: of one journal, the later position is the greater id.
    pub fn as_id(&self) -> Digest {
        let mut id = [0; 32];
        id[..16].copy_from_slice(&self.journal.0);
        id[16..24].copy_from_slice(&self.segment.to_be_bytes());
        id[24..].copy_from_slice(&self.offset.to_be_bytes());
        Digest(id)
    }

    /// The last position that its journal can have.
    pub fn last(&self) -> JournalPosition {
        JournalPosition { segment: u64::MAX, offset: u64::MAX, ..*self }
    }
}

impl JournalState {
    fn digest(&self) -> [u8; 8] {
        let JournalPosition { journal, segment, offset } = self.drained.unwrap_or_default();
        let numbers = [self.flush, segment, offset].map(u64::to_le_bytes);
        let Digest(digest) = secret::of_state(&[&self.database.0, &journal.0, numbers.as_flattened()]);
        digest.first_chunk().copied().unwrap_or_default()
    }
}

/// What a flush says of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalMark {
    /// Nothing: the store keeps what it was told last.
    #[default]
    AsBefore,
    /// Up to where its records are in the sums.
    UpTo(JournalPosition),
    /// What is counted is in no journal. One that is found later has nothing that goes on with the sums.
    Gone,
}

impl Flush {
    /// Before which day ids of batches are forgotten; a clock that nothing has confirmed forgets none.
    pub(crate) fn old_batches(&self) -> Option<Day> {
        let latest = self.batches.iter().map(|(_, day)| *day).max()?;
        Some(Day(latest.min(self.believed?).0 - limits::BATCH_DAYS))
    }

    /// Whether there is nothing to be added.
    pub fn is_nothing(&self) -> bool {
        let has_counts = !(self.sums.is_empty() && self.rejected.is_empty() && self.days.is_empty());
        let is_told = !(self.today.is_empty() && self.imported.is_empty() && self.batches.is_empty());
        !has_counts && !is_told && self.mails.is_empty() && self.forgotten.is_empty() && self.spills.is_empty()
    }

    /// The ids by which a store knows that it has this.
    pub fn known_by(&self) -> impl Iterator<Item = &Digest> {
        self.spills.iter().chain(&self.id)
    }

    /// The least figures of a site's days that are over.
    pub(super) fn at_rest(&self, site: SiteId) -> Option<&LeastAtRest> {
        self.at_rest.iter().find(|(of, least)| *of == site && !least.is_none()).map(|(_, least)| least)
    }

    /// The first day of a site that keeps cells by hour, on its present day.
    pub(super) fn first_hours(&self, site: SiteId, today: Day) -> Day {
        let said = self.kept_from.iter().find(|(of, kind, _)| *of == site && *kind == RetainedKind::Hours);
        said.map_or(Day(today.0 - limits::HOUR_DETAIL_DAYS), |(_, _, day)| *day)
    }
}

/// What is added in one step.
#[derive(Debug, Default, Clone)]
pub struct Flush {
    /// Number of this flush: one more than the last. A flush is applied once, however often it is tried.
    pub number: u64,
    /// What tells it from flushes of other programs that bear the same number: [`crate::store::SumStore::has_batch`] knows it for good if
    /// it is the last one of its program.
    pub id: Option<Digest>,
    /// The id of the last flush of the same program that is known to be stored, by which nobody asks any more.
    pub follows: Option<Digest>,
    /// Changes of cells, by site and day. Those of the days count for their months too.
    pub sums: Vec<(SiteId, Day, LazySums)>,
    /// Days that begin while their sites publish; one that was said before stays as it is.
    pub publishing: Vec<PublishingDay>,
    /// The visits of days.
    pub days: Vec<DayState>,
    /// Rejections.
    pub rejected: Vec<Rejected>,
    /// The programs among them. A day of a site has at most [`crate::limits::BOT_ROWS_PER_DAY_MAX`] rows; a group of pages that comes later is
    /// counted as [`OTHER_PAGES`] of its family.
    pub bots: Vec<BotCount>,
    /// Hits in the sums that were counted without a visitor, because there was no room for one, by site and day.
    pub unvisited: Vec<(SiteId, Day, u64)>,
    /// The present day of sites, said once on each. Hours older than [`crate::limits::HOUR_DETAIL_DAYS`] days are deleted, those of the
    /// totals aside, and months before it are over.
    pub today: Vec<(SiteId, Day)>,
    /// The first month whose days keep cells of two dimensions, of sites that thin them out; said with their present day.
    pub day_pairs_from: Vec<(SiteId, Month)>,
    /// The first day of each kind that sites keep; said with their present day. Cells by hour go at once, other sums bit by bit.
    pub kept_from: Vec<(SiteId, RetainedKind, Day)>,
    /// The least figures that are kept of days that are over, by site: smaller ones become part of `(other)`.
    pub at_rest: Vec<(SiteId, LeastAtRest)>,
    /// How far logs are imported with it.
    pub imported: Vec<Imported>,
    /// What became of mails; counts and people are added up.
    pub mails: Vec<MailSum>,
    /// Ids of batches of hits that are in the sums, and the day (UTC) on which they came.
    pub batches: Vec<(Digest, Day)>,
    /// What is forgotten when all this is added: of running days, totals and other counts.
    pub forgotten: Vec<Forgetting>,
    /// The last day (UTC) on which the clock was believed; nothing leaves what was said before.
    pub believed: Option<Day>,
    /// Whether the clock is doubted: no cells by hour are deleted for their age.
    pub is_doubted: bool,
    /// How far the sums are with the journal.
    pub journal: JournalMark,
    /// Ids of spilled sums that are in it; [`crate::store::SumStore::has_batch`] knows them for good.
    pub spills: Vec<Digest>,
}
