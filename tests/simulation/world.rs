//! The world of a seed: a clock, a disk, a journal's folder or none, and one life of the program after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use headcount::clock::Clock;
use headcount::collector::{ByHand, Collector};
use headcount::config::JournalPlace;
use headcount::hit::Tools;
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::journal::{Found, JournalSearch};
use headcount::limits;
use headcount::site::{Moment, SiteId};
use headcount::store::spill::SpillPlaces;
use headcount::store::{self, JournalState, StoreError, Stores};
use tempfile::TempDir;

use super::disk::{Crash, Faults, SimDisk};
use super::ledger::{CameBy, Ledger};
use super::senders::SimVisitor;
use super::vfs::{DATABASE, MountedDisk};
use super::watched_store::{Broken, TriedFlush, WatchedStore, kind_of};
use crate::dice::Dice;

/// For how many months the days of some sites are kept.
pub const KEPT_MONTHS: u32 = 2;
/// By how many days the clock may be ahead at a start and be believed, and by how many it may go on at once.
const AHEAD_DAYS: i64 = 35;
const DAY_MS: i64 = 86_400_000;
/// For how many rounds somebody who waits for a disk that fails is left waiting.
const PATIENCE: u64 = 40;

/// A site of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimSite {
    pub id: SiteId,
    pub domain: String,
    /// Whether its figures may be less than what was acknowledged: an order to forget was interrupted.
    pub is_doubtful: bool,
}

/// A command of which nobody was told whether it was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    Adding(String),
    Removing(SiteId),
    Forgetting(SiteId),
}

/// A life of the program.
pub struct Life {
    pub collector: Collector,
    pub hand: ByHand,
}

/// What is tried in a world, beside what its seed says.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    pub seed: u64,
    pub steps: usize,
    /// Whether the disk lies about syncs.
    pub lies: bool,
    pub broken: Broken,
    /// Whether it tells what happens.
    pub tells: bool,
}

/// The world.
pub struct SimWorld {
    pub conditions: Conditions,
    pub dice: Dice,
    pub clock: Clock,
    pub disk: MountedDisk,
    /// A folder in memory; nothing where the journal is off.
    pub journal: Option<TempDir>,
    pub life: Option<Life>,
    pub ledger: Ledger,
    pub sites: Vec<SimSite>,
    pub visitors: Vec<SimVisitor>,
    pub doubt: Option<Doubt>,
    /// Commands of this life that failed.
    pub failed: Vec<Doubt>,
    /// Whether a start has found a flush that was told as failed, and none was stored since.
    pub is_shaky: bool,
    /// The file in which the sums of the last stop wait.
    pub spilled: Option<PathBuf>,
    /// The last flush that was begun.
    pub begun: u64,
    tried: Arc<Mutex<Vec<TriedFlush>>>,
    waited: Arc<AtomicU64>,
    /// How often what was done.
    pub done: BTreeMap<&'static str, u64>,
    /// How much time passed, clocks that jump aside, in milliseconds.
    pub passed_ms: i64,
    pub imports: u64,
    /// Batches that were sent, and when.
    pub batches: Vec<(u64, Moment)>,
    pub batch_numbers: u64,
    /// Sites whose removal failed, and that were gone then.
    pub half_removed: BTreeSet<SiteId>,
    /// By how much the clock was set; nothing if it is right.
    pub jumped_ms: Option<i64>,
    /// The last time that may be believed, by which figures may be too old; and since when the clock goes on in steps.
    pub believable: Moment,
    goes_since: Moment,
}

/// A new database as a file, made once.
fn template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = TempDir::new_in("/dev/shm").unwrap();
        let path = folder.path().join(DATABASE);
        drop(store::open(&path).unwrap());
        std::fs::read(&path).unwrap()
    })
}

impl SimWorld {
    /// The world of a seed, before its first life.
    pub fn new(conditions: Conditions) -> SimWorld {
        let mut dice = Dice(conditions.seed);
        // 2026-01-01 and up to 600 days later: summer time begins and ends on the way.
        let clock = Clock::manual(Moment(1_767_225_600_000 + dice.below(600 * 86_400) as i64 * 1_000));
        let now = clock.now();
        let disk = MountedDisk::mount(SimDisk::new(dice.roll(), clock.clone()));
        disk.disk().put(&disk.database().display().to_string(), template());
        disk.disk().faults.lies = conditions.lies;
        let journal = dice.percent(60).then(|| TempDir::new_in("/dev/shm").unwrap());
        let visitors = (0..2 + dice.below(8)).map(|_| SimVisitor::born(&mut dice)).collect();
        SimWorld {
            conditions,
            dice,
            clock,
            disk,
            journal,
            life: None,
            ledger: Ledger::default(),
            sites: Vec::new(),
            visitors,
            doubt: None,
            failed: Vec::new(),
            is_shaky: false,
            spilled: None,
            begun: 0,
            tried: Arc::default(),
            waited: Arc::default(),
            done: BTreeMap::new(),
            passed_ms: 0,
            imports: 0,
            batches: Vec::new(),
            batch_numbers: 0,
            half_removed: BTreeSet::new(),
            jumped_ms: None,
            believable: now,
            goes_since: now,
        }
    }

    /// Notes that something was done.
    pub fn note(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
        self.tell(|| what.to_owned());
    }

    /// Tells what happens to who replays a seed.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.conditions.tells {
            println!("{} {}", self.clock.now().timestamp(), what());
        }
    }

    /// Takes note of the time, which somebody may have set.
    pub fn note_time(&mut self, was_set: bool) {
        let now = self.clock.now();
        if was_set {
            self.goes_since = now;
        }
        let is_near = now.0 - self.believable.0 <= AHEAD_DAYS * DAY_MS;
        if is_near || now.0 - self.goes_since.0 >= DAY_MS {
            self.believable = self.believable.max(now);
        }
    }

    /// The collector that runs.
    pub fn collector(&self) -> Collector {
        self.life.as_ref().expect("a life").collector.clone()
    }

    /// Nothing is wrong with the disk from now on, but for what it does all the time.
    pub fn mend_disk(&self) {
        self.disk.disk().faults = Faults { lies: self.conditions.lies, ..Faults::default() };
    }

    fn open(&self) -> Result<Stores, StoreError> {
        self.disk.show();
        let Stores { sums, operators, set_aside } = store::open(self.disk.database())?;
        // Where a failed sync was forgotten, a log may lack what lies in its middle, and what is left of it is older than the database.
        let may_lack = self.disk.disk().met.contains_key("sync fails");
        assert!(set_aside.is_empty() || may_lack, "a log of its own is set aside: {set_aside:?}");
        let sums = Arc::new(WatchedStore::of(sums, self.tried.clone(), self.conditions.broken));
        Ok(Stores { sums, operators, set_aside })
    }

    /// Begins a life, after one that has ended so; with faults it may take several tries.
    pub fn start(&mut self, how: Crash) {
        let mut before = Some(how);
        for _ in 0..20 {
            match self.try_start(&mut before) {
                Ok(life) => {
                    self.life = Some(life);
                    self.observe();
                    return self.take_stock();
                }
                Err(error) if self.disk.disk().is_dead() => {
                    self.note("killed at a start");
                    let _ = error;
                    self.crash(Crash::Process);
                }
                Err(error) => {
                    let is_fault =
                        self.disk.disk().faults != Faults { lies: self.conditions.lies, ..Faults::default() };
                    assert!(is_fault, "it does not start: {error}");
                    self.note("a start that failed");
                    self.mend_disk();
                }
            }
        }
        panic!("it does not start");
    }

    fn try_start(&mut self, before: &mut Option<Crash>) -> Result<Life, StoreError> {
        let stores = self.open()?;
        let stored = stores.sums.last_flush()?;
        if let Some(how) = before.take() {
            let (confirmed, begun) = (self.ledger.confirmed, self.begun);
            self.tell(|| {
                format!("after {how:?}, journal {}: flush {stored} of {confirmed}..={begun}", self.journal.is_some())
            });
            assert!(
                (confirmed..=begun).contains(&stored),
                "flush {confirmed} was stored, {stored} is the last, of {begun}"
            );
            let has_journal = self.journal.is_some() && how == Crash::Process;
            self.is_shaky = stored > confirmed || self.is_shaky;
            let was_spilled = std::mem::take(&mut self.spilled).is_some_and(|file| file.exists());
            let has_spills = self.has_spills();
            self.ledger.end_life(stored, has_journal, was_spilled, has_spills);
            self.begun = stored;
        }
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let journal = self.journal.as_ref().map(|journal| journal.path().to_owned());
        let open = |state: &JournalState| {
            let Some(folder) = &journal else { return (None, Found::NOTHING) };
            let place = JournalPlace::Folder(folder.clone());
            let search = JournalSearch { place: &place, file: self.disk.database(), last: None };
            headcount::journal::open(&search, state, limits::JOURNAL_MB << 20)
        };
        let database = stores.sums.journal_state()?.database;
        let memory = self.journal.as_ref().map(TempDir::path);
        let spills = SpillPlaces::of(self.disk.database(), database, None, memory);
        let (collector, hand) = ByHand::start(stores, tools, self.clock.clone(), spills, open, self.idle())?;
        Ok(Life { collector, hand })
    }

    /// Whether sums of an earlier life wait in a file.
    fn has_spills(&self) -> bool {
        let folders = [self.disk.database().parent(), self.journal.as_ref().map(TempDir::path)];
        let mut files = folders.into_iter().flatten().flat_map(files_below);
        files.any(|file| file.extension().is_some_and(|ending| ending == "spill"))
    }

    /// While somebody waits, time passes; in the end somebody sees to the disk.
    fn idle(&self) -> Box<dyn Fn() -> bool + Send + Sync> {
        let (disk, clock, waited) = (self.disk.shared(), self.clock.clone(), self.waited.clone());
        let lies = self.conditions.lies;
        Box::new(move || {
            let mut disk = disk.lock().unwrap_or_else(PoisonError::into_inner);
            clock.set(clock.now().plus(500));
            let rounds = waited.fetch_add(1, Ordering::Relaxed);
            if rounds == PATIENCE {
                disk.faults = Faults { lies, ..Faults::default() };
            }
            !disk.is_dead() && rounds < 10 * PATIENCE
        })
    }

    /// Does something with the collector, and takes note of what became of flushes.
    pub fn with<T>(&mut self, work: impl FnOnce(&Life) -> T) -> T {
        self.waited.store(0, Ordering::Relaxed);
        let done = work(self.life.as_ref().expect("a life"));
        let waited = self.waited.load(Ordering::Relaxed);
        assert!(waited < 10 * PATIENCE, "somebody waits for ever");
        self.passed_ms += waited as i64 * 500;
        self.observe();
        done
    }

    /// Takes note of flushes that were begun and stored.
    pub fn observe(&mut self) {
        let tried = std::mem::take(&mut *self.tried.lock().unwrap_or_else(PoisonError::into_inner));
        for flush in tried {
            self.tell(|| format!("{flush:?}"));
            self.begin_flush(flush.number, flush.of);
            if flush.is_stored {
                self.is_shaky = false;
                self.ledger.confirm(flush.number);
            }
        }
        let writing = self.life.as_ref().and_then(|life| life.hand.writing());
        if let Some(flush) = writing {
            self.begin_flush(flush.number, kind_of(&flush));
        }
    }

    fn begin_flush(&mut self, number: u64, of: CameBy) {
        if number > self.begun {
            self.begun = number;
            self.tell(|| format!("flush {number} begins, {of:?}"));
            self.ledger.begin_flush(number, of);
        }
    }

    /// The program is killed, and its journal damaged: what can be read of it is between what is stored and what was counted.
    pub fn kill_and_damage(&mut self) {
        self.note("journal damaged");
        self.kill(Crash::Process);
        let Some(journal) = &self.journal else { return self.start(Crash::Process) };
        let files = files_below(journal.path());
        if !files.is_empty() {
            let file = &files[self.dice.below(files.len())];
            let mut bytes = std::fs::read(file).expect("a journal");
            let place = self.dice.below(bytes.len());
            match self.dice.percent(50) {
                true => bytes.truncate(place),
                false if place < bytes.len() => bytes[place] ^= 1 << self.dice.below(8),
                false => {}
            }
            std::fs::write(file, bytes).expect("a journal");
        }
        self.start_between();
        // What was taken up of it is not told apart by the account, so this life ends before it has stored anything.
        self.kill(Crash::Power);
        self.start(Crash::Power);
    }

    fn start_between(&mut self) {
        self.mend_disk();
        let life = self.try_start(&mut None).unwrap_or_else(|error| panic!("it does not start: {error}"));
        self.life = Some(life);
        self.check_between();
    }

    /// Kills the program, and what is not on the disk goes as it may.
    pub fn kill(&mut self, how: Crash) {
        self.tell(|| format!("killed, {how:?}"));
        self.observe();
        self.disk.disk().kill();
        if let Some(life) = self.life.take() {
            life.collector.abandon();
        }
        self.observe();
        self.crash(how);
    }

    /// The end of what a life has left on the disk and in memory.
    pub fn crash(&mut self, how: Crash) {
        self.disk.disk().crash(how);
        if let (Crash::Power, Some(journal)) = (how, &mut self.journal) {
            *journal = TempDir::new_in("/dev/shm").unwrap();
        }
    }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}
