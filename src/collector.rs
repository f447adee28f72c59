//! In: beacons. Out: sums in the store, and a state that reports can be made from. Forgets: at the end of each day, its
//! salt and its visitors.
//!
//! Requests make hits by themselves, so that addresses and agents never leave the request. A single thread, the
//! [`keeper`], owns the open days and the sums that are not stored; hits reach it through one bounded queue, and so do
//! questions, which is why an acknowledged hit is in the answer of the next question.

mod asking;
pub mod import;
pub mod keeper;
mod ledger;
pub mod mail;
mod personal;
mod proxies;
mod recent;
mod salts;
pub mod tries;
pub mod trusted;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;

use crate::beacon::Beacon;
use crate::cell::Folding;
use crate::clock::Clock;
use crate::hit::{self, Arrival, BotHit, Dropped, Hit, Tools};
use crate::limits;
use crate::meter::Meter;
use crate::operator::Access;
use crate::rejection::Rejection;
use crate::report;
use crate::site::{Day, Directory, Moment, Site, SiteId};
use crate::store::{Ask, BotCount, Operators, Rejected, SiteError, StoreError, Stores, SumStore};
pub use keeper::Lately;
use keeper::{Message, Pending};
use ledger::Ledger;
use mail::Mails;
use personal::Personal;
pub use proxies::HiddenProxy;
use proxies::Proxies;
use recent::Recent;
use salts::Salts;
pub use salts::random;
use tries::Tries;

/// A running collector. Clones are handles to the same one.
#[derive(Clone)]
pub struct Collector(Arc<Inner>);

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

struct Inner {
    sums: Arc<dyn SumStore>,
    operators: Arc<Operators>,
    queue: SyncSender<Message>,
    directory: Arc<ArcSwap<Directory>>,
    /// Held while something is declared, so that two changes never overwrite each other.
    changes: Mutex<()>,
    salts: Arc<Salts>,
    ledger: Arc<Ledger>,
    mails: Arc<Mails>,
    recent: Arc<Recent>,
    personal: Arc<Personal>,
    proxies: Proxies,
    tries: Tries,
    folded: report::folded::Kept,
    tools: Tools,
    clock: Clock,
    meter: Arc<Meter>,
    started: Moment,
    /// Sites that had visitors on the day of the start, before it: those may be counted again on that day.
    resumed: HashMap<SiteId, Day>,
    /// Whether an import is under way.
    importing: Arc<AtomicBool>,
}

/// What became of a beacon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It waits to be counted; the next question will see it.
    Accepted,
    /// It is not counted.
    Rejected(Rejection),
    /// It is lost: the program is ending, or the keeper has failed.
    Lost,
}

/// A hit that is ready to be queued.
#[derive(Debug)]
pub struct Made {
    /// The hit.
    pub hit: Hit,
    /// Whether it is the first of a past day under a new salt: visitors whom an earlier salt knew count twice there.
    pub begins_past_day: bool,
}

impl Made {
    /// The hit, as the queue takes it.
    pub fn waiting(self) -> Waiting {
        Waiting(Box::new(self.hit))
    }
}

/// A hit that found the queue full. The caller may try again, or give up with [`Collector::overloaded`].
#[derive(Debug)]
pub struct Waiting(Box<Hit>);

/// The thread that must be waited for at the end.
#[derive(Debug)]
pub struct Keeping(JoinHandle<Result<(), StoreError>>);

impl Keeping {
    /// Whether the keeper has ended. Before [`Collector::stop`] that is a failure of the program.
    pub fn has_ended(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits until everything is stored, after [`Collector::stop`].
    ///
    /// # Errors
    /// [`StoreError`] of the last flush; what it held is lost.
    pub fn wait(self) -> Result<(), StoreError> {
        self.0.join().unwrap_or_else(|_| Err(ended()))
    }
}

impl Collector {
    /// Starts a collector on what a data folder holds.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn start(stores: Stores, tools: Tools, clock: Clock) -> Result<(Collector, Keeping), StoreError> {
        let (queue, messages) = mpsc::sync_channel(limits::QUEUE_HITS_MAX);
        let Stores { sums, operators } = stores;
        let directory = Directory::of(operators.sites()?);
        let started = clock.now();
        let inner = Inner {
            resumed: resumed(&*sums, &directory, started)?,
            importing: Arc::default(),
            directory: Arc::new(ArcSwap::from_pointee(directory)),
            changes: Mutex::default(),
            queue,
            salts: Arc::default(),
            ledger: Arc::default(),
            mails: Arc::default(),
            recent: Arc::default(),
            personal: Arc::new(Personal::read(&*sums)?),
            proxies: Proxies::default(),
            tries: Tries::default(),
            folded: Default::default(),
            tools,
            clock,
            meter: Meter::new(),
            started,
            sums,
            operators,
        };
        let collector = Collector(Arc::new(inner));
        let keeping = keeper::spawn(&collector, messages)?;
        Ok((collector, Keeping(keeping)))
    }

    /// Takes a beacon: finds its site, makes its hit, and queues it. Never waits.
    ///
    /// # Errors
    /// The hit, while the queue is full.
    pub fn receive(&self, beacon: Beacon) -> Result<Outcome, Waiting> {
        match self.admit(beacon, None) {
            Ok(made) => self.queue(Waiting(Box::new(made.hit))),
            Err(outcome) => Ok(outcome),
        }
    }

    /// Makes the hit of a beacon, whose sender may have a token; else books why it is not counted.
    ///
    /// # Errors
    /// What became of it.
    pub fn admit(&self, beacon: Beacon, access: Option<Access>) -> Result<Made, Outcome> {
        self.0.meter.received.inc();
        let now = self.0.clock.now();
        let directory = self.0.directory.load();
        let Some(site) = directory.find(&beacon.site) else {
            return Err(self.reject_at(None, Rejection::UnknownSite, now));
        };
        self.make(beacon, site, now, access).map_err(|Dropped { reason, bot }| {
            let day = site.schedule.locate(now).day;
            self.book(site.id, day, reason, bot)
        })
    }

    fn make(&self, mut beacon: Beacon, site: &Site, now: Moment, access: Option<Access>) -> Result<Made, Dropped> {
        let at = trusted::moment(&mut beacon, site.id, now, access)?;
        self.make_at(beacon, site, at, now)
    }

    /// Makes the hit of a beacon that was at a moment, which may be on a day that is over.
    fn make_at(&self, beacon: Beacon, site: &Site, at: Moment, now: Moment) -> Result<Made, Dropped> {
        let local = site.schedule.locate(at);
        let is_past = at != now && local.day < site.schedule.locate(now).day;
        // Without randomness there can be no token, and nothing else may stand for a visitor.
        let (salt, is_new) = match is_past {
            false => (self.0.salts.of(site.id, local.day).map_err(|_| Rejection::TooMany)?, false),
            true => {
                let late = self.0.salts.of_past(site.id, local.day, now).map_err(|_| Rejection::TooMany)?;
                (late.salt, late.is_new)
            }
        };
        let (once, address, way) = (beacon.once, beacon.sender.address, beacon.sender.way);
        let hit = hit::make(beacon, site, Arrival { at, local }, &salt, &self.0.tools)?;
        self.0.proxies.note(address, way, hit.token);
        if once.is_some_and(|mark| self.0.recent.is_repeat(&hit, mark, now)) {
            return Err(Rejection::Repeat.into());
        }
        Ok(Made { hit, begins_past_day: is_new })
    }

    /// Takes a hit that was made elsewhere. Never waits.
    ///
    /// # Errors
    /// The hit, while the queue is full.
    pub fn take(&self, hit: Hit) -> Result<Outcome, Waiting> {
        self.0.meter.received.inc();
        self.queue(Waiting(Box::new(hit)))
    }

    /// Queues a hit that had to wait.
    ///
    /// # Errors
    /// The hit itself, while the queue is full.
    pub fn queue(&self, hit: Waiting) -> Result<Outcome, Waiting> {
        match self.0.queue.try_send(Message::Hit(hit.0)) {
            Ok(()) => {
                self.0.meter.queued.inc();
                Ok(Outcome::Accepted)
            }
            Err(TrySendError::Full(Message::Hit(hit))) => Err(Waiting(hit)),
            Err(_) => {
                self.0.meter.lost.inc();
                Ok(Outcome::Lost)
            }
        }
    }

    /// Gives up on a hit for which the queue had no room in time.
    pub fn overloaded(&self, hit: &Waiting) -> Outcome {
        self.book(hit.0.site, hit.0.local.day, Rejection::TooMany, None)
    }

    /// Gives up on a hit that was made, for a reason.
    pub fn give_up(&self, hit: &Hit, reason: Rejection) {
        self.book(hit.site, hit.local.day, reason, None);
    }

    /// Books a message that was refused before it became a beacon: once for each site it named, or once to the instance.
    pub fn refuse(&self, sites: &[String], reason: Rejection) {
        let now = self.0.clock.now();
        let directory = self.0.directory.load();
        for name in sites.iter().map(Some).chain(sites.is_empty().then_some(None)) {
            self.0.meter.received.inc();
            let site = name.and_then(|name| directory.find(name));
            self.reject_at(site.map(|site| &**site), reason, now);
        }
    }

    /// Books something that arrived and was never a beacon, such as a line of a log for a style.
    fn turn_away(&self, site: SiteId, day: Day, dropped: Dropped) {
        self.0.meter.received.inc();
        self.book(site, day, dropped.reason, dropped.bot);
    }

    fn reject_at(&self, site: Option<&Site>, reason: Rejection, now: Moment) -> Outcome {
        match site {
            Some(site) => self.book(site.id, site.schedule.locate(now).day, reason, None),
            None => self.book(SiteId::INSTANCE, utc_day(now), reason, None),
        }
    }

    fn book(&self, site: SiteId, day: Day, reason: Rejection, bot: Option<BotHit>) -> Outcome {
        self.0.meter.reject(reason);
        self.0.ledger.add(site, day, reason, bot);
        Outcome::Rejected(reason)
    }

    /// The rejections of a site from `first` to `last`, most frequent first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>, StoreError> {
        let pending = self.pending(site, &[]);
        let (flush, stored) = self.0.sums.rejected(site, first, last)?;
        let mut sums: HashMap<Rejection, u64> = stored.into_iter().collect();
        let unsaved = pending.after(flush).flat_map(|generation| &generation.rejected);
        let in_range = |r: &&Rejected| r.site == site && (first..=last).contains(&r.day);
        for rejected in unsaved.filter(in_range) {
            *sums.entry(rejected.reason).or_default() += rejected.count;
        }
        let mut reasons: Vec<_> = sums.into_iter().collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
        Ok(reasons)
    }

    /// The programs that came to a site from `first` to `last`, by day, in no order.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>, StoreError> {
        let pending = self.pending(site, &[]);
        let (flush, mut counts) = self.0.sums.bots(site, first, last)?;
        let unsaved = pending.after(flush).flat_map(|generation| &generation.bots);
        counts.extend(unsaved.filter(|bot| bot.site == site && (first..=last).contains(&bot.day)).cloned());
        Ok(counts)
    }

    fn pending(&self, site: SiteId, asks: &[Ask]) -> Pending {
        self.call(|reply| Message::Ask { site, asks: asks.to_vec(), reply }).unwrap_or_default()
    }

    /// Parents of a site whose children look personal and are counted together, of which its owner has said nothing yet.
    pub fn personal_parents(&self, site: &Site) -> Vec<String> {
        self.0.personal.unanswered(site)
    }

    /// How the pages of a site's day that is opened now are counted.
    fn folding(&self, site: SiteId) -> Folding {
        personal::folding(site, &self.0.personal, &self.0.directory, &self.0.sums)
    }

    /// Visitors of all open days that are in memory.
    pub fn visitors_in_memory(&self) -> usize {
        self.call(Message::Visitors).unwrap_or(0)
    }

    /// Salts that are in memory: one for each site and day that is open.
    pub fn salts_in_memory(&self) -> usize {
        self.0.salts.days().len()
    }

    /// Visitors of a site within the last five minutes.
    pub fn visitors_now(&self, site: SiteId) -> usize {
        self.call(|reply| Message::Now { site, reply }).unwrap_or(0)
    }

    /// The last half hour of a site: from memory, and nothing of it is ever stored. Nothing once the collector has ended.
    ///
    /// Visitors are those of open days whose last hit, engagement included, came within [`limits::LATELY_MS`]; at the end
    /// of the site's day they are forgotten, and counted anew. Pageviews are counted by minutes of the clock, across
    /// midnight too, because they are nobody's.
    pub fn lately(&self, site: SiteId) -> Option<Lately> {
        self.call(|reply| Message::Lately { site, reply })
    }

    /// The same of each site that has had any.
    pub fn visitors_now_by_site(&self) -> HashMap<SiteId, usize> {
        self.call(Message::NowOfAll).unwrap_or_default()
    }

    /// Stores everything that is counted, and waits until that is done or has failed.
    ///
    /// # Errors
    /// [`StoreError`] of the flush.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.call(Message::Flush).unwrap_or_else(|| Err(ended()))
    }

    /// Reads the sites again, after they were changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn reload(&self) -> Result<(), StoreError> {
        let directory = Directory::of(self.0.operators.sites()?);
        self.0.directory.store(Arc::new(directory));
        Ok(())
    }

    /// Removes a site with everything that is counted for it. First its sums go, then what was declared: whatever fails, no sums
    /// are left of a site that nobody sees.
    ///
    /// # Errors
    /// [`SiteError`]; then the site is still there and goes on counting, and can be removed again.
    pub fn remove_site(&self, id: SiteId) -> Result<(), SiteError> {
        self.flush()?;
        let rest = self.directory().all().into_iter().filter(|site| site.id != id).map(|site| (*site).clone());
        self.0.directory.store(Arc::new(Directory::of(rest)));
        // A flush that began before may hold sums of the site; after this one, none does.
        let removed = self.flush().and_then(|()| self.0.sums.remove_site(id)).map_err(SiteError::from);
        let removed = removed.and_then(|()| self.0.operators.remove_site(id));
        if removed.is_ok() {
            self.0.personal.forget_site(id);
            let _ = self.0.queue.send(Message::Forget(id));
        }
        self.reload()?;
        removed
    }

    /// Does something that changes what operators declare, while nobody else does.
    pub fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let _alone = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Takes no more hits, stores everything, and ends the keeper.
    pub fn stop(&self) {
        let _ = self.0.queue.send(Message::Stop);
    }

    fn call<T>(&self, message: impl FnOnce(mpsc::Sender<T>) -> Message) -> Option<T> {
        let (reply, answer) = mpsc::channel();
        self.0.queue.send(message(reply)).ok()?;
        answer.recv().ok()
    }

    /// The sites as they are now.
    pub fn directory(&self) -> Arc<Directory> {
        self.0.directory.load_full()
    }

    /// What operators declare.
    pub fn operators(&self) -> &Operators {
        &self.0.operators
    }

    /// What the sums take on the disk, in bytes.
    pub fn stored_bytes(&self) -> u64 {
        self.0.sums.bytes()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Folded sums in memory, for readers who are not signed in.
    pub fn folded(&self) -> &report::folded::Kept {
        &self.0.folded
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

    /// When it started.
    pub fn started(&self) -> Moment {
        self.0.started
    }

    /// Whether visitors of the site's present day may be counted twice, because the collector was restarted on it.
    pub fn may_repeat(&self, site: &Site) -> bool {
        let today = site.schedule.locate(self.0.clock.now()).day;
        self.0.resumed.get(&site.id) == Some(&today)
    }
}

/// The sites that have visitors on their present day already.
fn resumed(sums: &dyn SumStore, directory: &Directory, now: Moment) -> Result<HashMap<SiteId, Day>, StoreError> {
    let mut resumed = HashMap::new();
    for site in directory.all() {
        let day = site.schedule.locate(now).day;
        let answer = sums.read(&[Ask::totals_of_day(site.id, day)], &[])?;
        if answer.rows.iter().flatten().any(|row| row.tally.visitors > 0) {
            resumed.insert(site.id, day);
        }
    }
    Ok(resumed)
}

fn ended() -> StoreError {
    StoreError::Other("the collector has ended".into())
}

fn utc_day(now: Moment) -> Day {
    Day(now.0.div_euclid(86_400_000) as i32)
}
