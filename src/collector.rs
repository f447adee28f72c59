//! In: beacons. Out: sums in the store, and a state that reports can be made from. Forgets: at the end of each day, its
//! salt and its visitors.
//!
//! Requests make hits by themselves, so that addresses and agents never leave the request, and count them in one state that
//! all share, `running`: the open days and the sums that are not stored. Questions are asked of the same state, which is why
//! an acknowledged hit is in the answer of the next question.

mod admission;
mod by_hand;
mod forgetting;
pub mod mail;
mod moving;
mod overload;
mod pending;
mod personal;
mod proxies;
mod rejections;
mod removal;
mod repeats;
mod running;
mod salts;
mod snapshot;
mod sums_batch;
pub mod trusted;
mod turns;
mod uncounted;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::beacon::address::HiddenProxy;
use crate::cell::Folding;
use crate::clock::Clock;
use crate::counts::recent_activity::{RecentActivity, RecentVisitors};
use crate::hit::Tools;
use crate::journal;
use crate::journal::{Found, Journal, JournalTrouble};
use crate::memory;
use crate::meter::{FailureKind, Meter};
use crate::notice::NoticeCache;
use crate::report;
use crate::secret::small_counts::SmallCountsKey;
use crate::site::{Directory, Moment, Site, SiteId};
use crate::store::spill::SpillPlaces;
use crate::store::{
    Interrupt, JournalState, LanguageFileState, Operators, StoreError, Stores, SumStore, unless_damaged,
};
pub use admission::utc_day;
#[doc(hidden)]
pub use by_hand::ByHand;
pub use forgetting::NotForgotten;
use overload::SenderShares;
pub use pending::SnapshotScope;
use personal::{KnownSite, Personal};
use proxies::Proxies;
pub use rejections::{BookedRows, RejectionSums};
pub use running::{Adopted, BatchId, BatchOutcome, Ending, MarkedHit, WaitingSums};
use running::{Beginning, Hands, Owed, Parts, Running, RunningLock, Waiter};
use salts::Salts;
pub use salts::{new_salt, random};
pub use snapshot::SitesSnapshot;
pub use sums_batch::{ImportRight, SumsBatch};
use turns::Turns;
pub use uncounted::{Outcome, Uncounted};

/// A running collector, and what interrupts its answers. Clones are handles to the same one.
#[derive(Clone)]
pub struct Collector(Arc<Inner>, Interrupt);

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

struct Inner {
    sums: Arc<dyn SumStore>,
    operators: Arc<Operators>,
    running: Arc<RunningLock>,
    directory: Arc<ArcSwap<Directory>>,
    /// Held while something is declared, so that two changes never overwrite each other.
    changes: Mutex<()>,
    salts: Arc<Salts>,
    personal: Arc<Personal>,
    proxies: Proxies,
    /// Who has sent how much, where memory is nearly full.
    senders: SenderShares,
    /// For walks over the visitors of days that run.
    turns: Turns,
    folded: Arc<report::folded::Kept>,
    notices: NoticeCache<Vec<LanguageFileState>>,
    tools: Tools,
    clock: Clock,
    meter: Arc<Meter>,
    started: Moment,
    /// Whether it counts hits, rather than carry out a command.
    counts: bool,
    /// Whether an import is under way.
    importing: Arc<AtomicBool>,
    /// What passes the time where no thread does anything while somebody waits.
    idle: Option<by_hand::Idle>,
}

/// The thread that must be waited for at the end.
#[derive(Debug)]
pub struct WriterHandle(JoinHandle<Result<Ending, StoreError>>);

impl WriterHandle {
    /// Whether the thread has ended. Before [`Collector::stop`] that is a failure of the program.
    pub fn has_ended(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits until everything is stored or spilled, after [`Collector::stop`].
    ///
    /// # Errors
    /// [`StoreError`] of the last flush; what it held is lost.
    pub fn wait(self) -> Result<Ending, StoreError> {
        self.0.join().unwrap_or_else(|_| Err(ended()))
    }
}

impl Inner {
    fn of(
        parts: Parts,
        operators: Arc<Operators>,
        tools: Tools,
        beginning: Beginning,
        idle: Option<by_hand::Idle>,
    ) -> Result<Inner, StoreError> {
        let hands = if idle.is_some() { Hands::Caller } else { Hands::Threads };
        Ok(Inner {
            idle,
            counts: beginning.counts,
            importing: Arc::default(),
            directory: parts.directory.clone(),
            changes: Mutex::default(),
            salts: parts.salts.clone(),
            personal: parts.personal.clone(),
            proxies: Proxies::default(),
            senders: SenderShares::default(),
            turns: Turns::of_cores(),
            folded: parts.folded.clone(),
            notices: NoticeCache::default(),
            tools,
            clock: parts.clock.clone(),
            meter: parts.meter.clone(),
            started: parts.clock.now(),
            sums: parts.sums.clone(),
            operators,
            running: Arc::new(RunningLock::new(parts, beginning, hands)?),
        })
    }
}

/// What small counts are folded by, made at the first start.
fn small_counts_key(operators: &Operators) -> Result<SmallCountsKey, StoreError> {
    let new = || random().map_err(|error| StoreError::Other(error.to_string()));
    match operators.known_key(SmallCountsKey::NAME) {
        Ok(Some(key)) => Ok(SmallCountsKey::of(key)),
        Ok(None) => operators.key(SmallCountsKey::NAME, new()?).map(SmallCountsKey::of),
        // One that nobody knows until the next start.
        Err(StoreError::Corrupt) => new().map(SmallCountsKey::of),
        Err(error) => Err(error),
    }
}

impl Collector {
    /// Starts a collector on what a data folder holds, without a journal: when the program ends, visitors are forgotten.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn start(stores: Stores, tools: Tools, clock: Clock) -> Result<(Collector, WriterHandle), StoreError> {
        Collector::with_journal(stores, tools, clock, |_| (None, Found::NOTHING))
    }

    /// Starts a collector on what a data folder holds, and takes up what an earlier one has left in the journal that `open` opens.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn with_journal(
        stores: Stores,
        tools: Tools,
        clock: Clock,
        open: impl FnOnce(&JournalState) -> (Option<Journal>, Found),
    ) -> Result<(Collector, WriterHandle), StoreError> {
        Collector::with_spills(stores, tools, clock, SpillPlaces::default(), open)
    }

    /// The same, and takes up the sums that an earlier one could not store; what can't be stored at its own end is spilled to the same
    /// places. A store that can be read and not written is told later what it has to know.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn with_spills(
        stores: Stores,
        tools: Tools,
        clock: Clock,
        spills: SpillPlaces,
        open: impl FnOnce(&JournalState) -> (Option<Journal>, Found),
    ) -> Result<(Collector, WriterHandle), StoreError> {
        Ok(Collector::counting(stores, tools, clock, (spills, open), None)?.kept_by_a_thread())
    }

    /// A collector that counts, and goes on with what an earlier one has left in the journal that `open` opens and among the spills.
    fn counting(
        stores: Stores,
        tools: Tools,
        clock: Clock,
        (spills, open): (SpillPlaces, impl FnOnce(&JournalState) -> (Option<Journal>, Found)),
        idle: Option<by_hand::Idle>,
    ) -> Result<Collector, StoreError> {
        let state = stores.sums.journal_state()?;
        let (mut journal, found) = open(&state);
        let mut owed = Vec::new();
        if let Some(journal) = &journal {
            if stores.sums.journal_folder()?.as_deref() != Some(journal.base()) {
                owed.push(Owed::JournalFolder(journal.base().to_owned()));
            }
            tracing::info!("the journal of the running day is in {}", journal.path().display());
        }
        let begins = match &found {
            Found::Nothing { .. } => journal.as_mut().map(Journal::position),
            Found::State(recovered) => recovered.unknown_to(&state),
        };
        if begins.is_some() || matches!(found, Found::Nothing { .. }) {
            owed.extend([Owed::Journal(begins), Owed::EndCounting]);
        }
        let why = Owed::pay(&mut owed, &*stores.sums).err();
        let beginning = Beginning { counts: true, journal, found, state, begins, spills, owed };
        let collector = Collector::with(stores, tools, clock, beginning, idle)?;
        collector.end_removals()?;
        if let Some(why) = why {
            collector.meter().failed(FailureKind::Flush, "start", why);
        }
        Ok(collector)
    }

    /// Starts a collector that counts no hits, for commands. What a running day has left stays as it is, for whoever counts next.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn idle(stores: Stores, tools: Tools, clock: Clock) -> Result<(Collector, WriterHandle), StoreError> {
        let (spills, owed) = Default::default();
        let (journal, found, state) = (None, Found::NOTHING, JournalState::default());
        let beginning = Beginning { counts: false, journal, found, state, begins: None, spills, owed };
        Ok(Collector::with(stores, tools, clock, beginning, None)?.kept_by_a_thread())
    }

    fn with(
        stores: Stores,
        tools: Tools,
        clock: Clock,
        beginning: Beginning,
        idle: Option<by_hand::Idle>,
    ) -> Result<Collector, StoreError> {
        let Stores { sums, operators, set_aside } = stores;
        let believed = unless_damaged(sums.believed_day())?;
        clock.starts_after(believed);
        let directory = removal::declared(&operators, &*sums)?;
        let parts = Parts {
            directory: Arc::new(ArcSwap::from_pointee(directory)),
            salts: Arc::default(),
            personal: Arc::new(unless_damaged(Personal::read(&*sums))?),
            clock,
            meter: Meter::new(),
            folded: Arc::new(report::folded::Kept::by(small_counts_key(&operators)?)),
            sums,
        };
        set_aside.iter().for_each(|path| parts.meter.set_aside(path));
        let inner = Inner::of(parts, operators, tools, beginning, idle)?;
        Ok(Collector(Arc::new(inner), Interrupt::default()))
    }

    /// Parents of a site whose children look personal and are counted together, of which its owner has said nothing yet.
    pub fn personal_parents(&self, site: &Site) -> Vec<String> {
        self.0.personal.unanswered(site)
    }

    /// How the pages of a site's day that is opened now are counted.
    pub fn folding(&self, site: SiteId) -> Folding {
        let site = KnownSite::of(site, &self.0.personal, &self.0.directory, &self.0.sums, &self.0.meter);
        Folding::by(site.start(), Arc::new(site))
    }

    /// Visitors of all open days that are in memory; none once the collector has ended.
    pub fn visitors_in_memory(&self) -> usize {
        self.0.running.with(|running, _| running.visitors()).unwrap_or_default()
    }

    /// Why what is counted is in no journal, so that a restart would count visitors again; nothing if it is in one.
    pub fn journal_trouble(&self) -> Option<JournalTrouble> {
        self.0.running.with(|running, _| running.journal_trouble()).unwrap_or(Some(JournalTrouble::Failed))
    }

    /// The folder in memory in which the journal is; nothing without one.
    pub fn journal_folder(&self) -> Option<PathBuf> {
        self.0.running.with(|running, _| running.journal_folder()).flatten()
    }

    /// Salts that are in memory: one for each site and day that is open.
    pub fn salts_in_memory(&self) -> usize {
        self.0.salts.days().len()
    }

    /// The last half hour of a site: from memory, and nothing of it is ever stored. Nothing once the collector has ended.
    ///
    /// Visitors are those of open days whose last hit, engagement included, came within [`crate::limits::RECENT_MS`]; at the end
    /// of the site's day they are forgotten, and counted anew. Pageviews are counted by minutes of the clock, across
    /// midnight too, because they are nobody's.
    ///
    /// # Errors
    /// The collector has ended.
    pub fn recent_activity(&self, site: SiteId) -> Result<RecentActivity, StoreError> {
        let found = self.0.running.with(|running, at| (at, running.recent_activity(site, at)));
        let (at, (days, pageviews)) = found.ok_or_else(ended)?;
        Ok(RecentActivity { at, pageviews, people: RecentVisitors::of(days.into_iter(), at) })
    }

    /// Hands sums of a site over, and waits until they are stored.
    ///
    /// # Errors
    /// Nobody answered, because the site is no more or the collector has ended; or [`StoreError`] of the store.
    pub fn store_batch(&self, site: SiteId, batch: SumsBatch) -> Result<Result<(), StoreError>, StoreError> {
        self.wait(|running, waiter| running.import(site, batch, waiter))
    }

    /// Stores everything that is counted, and waits until that is done or has failed.
    ///
    /// # Errors
    /// [`StoreError`] of the flush.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.wait(Running::flush)?
    }

    /// Reads the sites again, after they were changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn reload(&self) -> Result<(), StoreError> {
        self.0.directory.store(Arc::new(removal::declared(&self.0.operators, &*self.0.sums)?));
        Ok(())
    }

    /// Does something that changes what operators declare, while nobody else does.
    pub fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let _alone = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Takes no more hits, stores everything, and ends.
    pub fn stop(&self) {
        self.0.running.stop(None);
    }

    /// The same, and tries `until` some moment to store what can't be stored at once.
    pub fn stop_by(&self, until: Instant) {
        self.0.running.stop(Some(until));
    }

    /// What waits to be stored; nothing once the collector has ended.
    pub fn waiting(&self) -> Option<WaitingSums> {
        self.0.running.with(|running, _| running.waiting())
    }

    /// Ends at once and stores nothing more, as a crash ends the program: tests look at what the next start finds.
    #[doc(hidden)]
    pub fn abandon(&self) {
        self.0.running.abandon();
    }

    /// Waits for a flush. Nobody answers when the collector has ended, nor for a site that is no more.
    fn wait(&self, begin: impl FnOnce(&mut Running, Waiter)) -> Result<Result<(), StoreError>, StoreError> {
        let (waiter, answer) = mpsc::channel();
        self.0.running.with(|running, _| begin(running, waiter)).ok_or_else(ended)?;
        let stepped = self.step_until(|| match answer.try_recv() {
            Err(mpsc::TryRecvError::Empty) => None,
            answered => Some(answered.map_err(|_| ended())),
        });
        stepped.map_or_else(|| answer.recv().map_err(|_| ended()), |answered| answered?)
    }

    /// The sites as they are now.
    pub fn directory(&self) -> Arc<Directory> {
        self.0.directory.load_full()
    }

    /// The sums that are stored; what is not stored yet is missing there.
    pub fn sums(&self) -> &Arc<dyn SumStore> {
        &self.0.sums
    }

    /// What operators declare.
    pub fn operators(&self) -> &Operators {
        &self.0.operators
    }

    /// What the sums take on the disk, in bytes.
    pub fn stored_bytes(&self) -> u64 {
        self.0.sums.bytes()
    }

    /// Gives back memory that is useful and not in use, because others need it.
    pub fn release(&self) {
        // The first time takes note that nobody asks.
        self.0.sums.release();
        self.0.sums.release();
        memory::give_back(journal::memory_may_swap);
    }

    /// An operator says that the clock is right: it is believed from now on, and what is too old by it may go. Tells whether it can be.
    ///
    /// # Errors
    /// The collector has ended.
    pub fn confirm_clock(&self) -> Result<bool, StoreError> {
        let can_be = self.0.clock.confirm();
        if can_be {
            self.0.running.with(|running, _| running.believe_clock()).ok_or_else(ended)?;
        }
        Ok(can_be)
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Folded sums in memory, for readers who are not signed in.
    pub fn folded(&self) -> &report::folded::Kept {
        &self.0.folded
    }

    /// The notices of sites, as they were looked at last.
    pub fn notices(&self) -> &NoticeCache<Vec<LanguageFileState>> {
        &self.0.notices
    }

    /// The counters.
    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    /// The tables that hits are made with.
    pub fn tools(&self) -> &Tools {
        &self.0.tools
    }

    /// What seems wrong with the settings of proxies, by the addresses of the last hits.
    pub fn hidden_proxy(&self) -> Option<HiddenProxy> {
        self.0.proxies.found()
    }

    /// Whether it counts hits; one that does not carries out a command.
    pub fn counts(&self) -> bool {
        self.0.counts
    }

    /// When it started.
    pub fn started(&self) -> Moment {
        self.0.started
    }

    /// Whether visitors of the site's present day may be counted twice, because a start did not know those from before it.
    pub fn may_repeat(&self, site: &Site) -> bool {
        let today = site.schedule.locate(self.0.clock.now()).day;
        self.0.running.may_repeat(site.id, today)
    }
}

fn ended() -> StoreError {
    StoreError::Other("the collector has ended".into())
}
