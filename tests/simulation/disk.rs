//! A disk in memory that a seed decides about: what was written since the last sync may be lost, in any part and order, and any
//! operation may fail.
//!
//! A file has what programs see, what is on the disk for good, and the writes between the two. When the power goes, each sector
//! of each of these writes, each new length and each new or removed name is on the disk or is not, each for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use headcount::clock::Clock;

use super::shared_memory::SharedMemory;
use crate::dice::Dice;

/// What a disk writes wholly or not at all, in bytes.
const SECTOR: usize = 512;

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskError {
    /// The program was killed: nothing that it does has an effect any more.
    Dead,
    /// There is no such file.
    Missing,
    /// The device failed.
    Device,
    /// There is no room.
    Full,
}

/// How often operations fail, of a thousand, and what else is wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    /// Reads fail.
    pub read: usize,
    /// Writes fail, some of them with a part of them written.
    pub write: usize,
    /// Syncs fail; what was to be synced is forgotten by the system, which calls the next sync a success.
    pub sync: usize,
    /// How many bytes all files together may have.
    pub room: Option<usize>,
    /// How long an operation takes, in milliseconds, now and then.
    pub slow_ms: i64,
    /// Syncs succeed and do nothing.
    pub lies: bool,
}

/// A change of a file that is not synced.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

/// The content of a file.
#[derive(Debug, Default, Clone)]
pub struct DiskFile {
    seen: Vec<u8>,
    safe: Vec<u8>,
    changes: Vec<Change>,
    /// Whether its first sync is to see to the folder too, as SQLite does for logs and journals that it makes.
    pub wants_folder: bool,
    /// Who locks it.
    pub locks: Locks,
    /// What connections to it share.
    pub shared: Option<Arc<SharedMemory>>,
}

/// The locks of a database's file.
#[derive(Debug, Default, Clone)]
pub struct Locks {
    /// How many read.
    pub shared: usize,
    /// Who will write, and who waits for readers or writes.
    pub reserved: Option<u64>,
    /// Who keeps new readers out.
    pub pending: Option<u64>,
}

/// A file of a life of the program. After a kill it is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    place: usize,
    life: u64,
}

/// How a life of the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The program is killed; the system writes what it was told.
    Process,
    /// The machine loses its power.
    Power,
}

/// The disk.
#[derive(Debug)]
pub struct SimDisk {
    files: Vec<DiskFile>,
    names: BTreeMap<String, usize>,
    safe_names: BTreeMap<String, usize>,
    /// Those that are in the folder too.
    shown: BTreeSet<String>,
    life: u64,
    is_dead: bool,
    /// After how many operations the program is killed.
    pub kill_in: Option<u64>,
    /// What is wrong with it.
    pub faults: Faults,
    /// How often each fault was met.
    pub met: BTreeMap<&'static str, u64>,
    /// A digest of all operations.
    pub trace: u64,
    /// How many operations there were.
    pub operations: u64,
    dice: Dice,
    clock: Clock,
    handles: u64,
}

impl SimDisk {
    /// An empty disk.
    pub fn new(seed: u64, clock: Clock) -> SimDisk {
        SimDisk {
            files: Vec::new(),
            names: BTreeMap::new(),
            safe_names: BTreeMap::new(),
            shown: BTreeSet::new(),
            life: 0,
            is_dead: false,
            kill_in: None,
            faults: Faults::default(),
            met: BTreeMap::new(),
            trace: 0,
            operations: 0,
            dice: Dice(seed ^ 0xd15c),
            clock,
            handles: 0,
        }
    }

    /// Puts a file there that is on the disk for good.
    pub fn put(&mut self, name: &str, bytes: &[u8]) {
        let (seen, safe) = (bytes.to_vec(), bytes.to_vec());
        self.files.push(DiskFile { seen, safe, ..DiskFile::default() });
        let place = self.files.len() - 1;
        self.names.insert(name.to_owned(), place);
        self.safe_names.insert(name.to_owned(), place);
    }

    /// Whether the program was killed by [`SimDisk::kill_in`].
    pub fn is_dead(&self) -> bool {
        self.is_dead
    }

    /// Kills the program: from now on nothing that it does has an effect.
    pub fn kill(&mut self) {
        self.is_dead = true;
    }

    /// A number that tells a handle from others.
    pub fn new_handle(&mut self) -> u64 {
        self.handles += 1;
        self.handles
    }

    fn meet(&mut self, fault: &'static str) {
        *self.met.entry(fault).or_default() += 1;
    }

    /// An operation begins: it is noted, and may find the program dead.
    fn begin(&mut self, what: u64, place: usize, numbers: [usize; 2]) -> Result<(), DiskError> {
        if self.is_dead {
            return Err(DiskError::Dead);
        }
        self.operations += 1;
        for number in [what, place as u64, numbers[0] as u64, numbers[1] as u64] {
            self.trace = (self.trace ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(5);
        }
        if let Some(left) = &mut self.kill_in {
            *left = left.saturating_sub(1);
            if *left == 0 {
                (self.is_dead, self.kill_in) = (true, None);
                self.meet("kill in the middle");
                return Err(DiskError::Dead);
            }
        }
        if self.faults.slow_ms > 0 && self.dice.below(20) == 0 {
            self.meet("slow");
            self.clock.set(self.clock.now().plus(self.faults.slow_ms));
        }
        Ok(())
    }

    fn fails(&mut self, of_thousand: usize) -> bool {
        of_thousand > 0 && self.dice.below(1_000) < of_thousand
    }

    /// Opens a file; makes it if it `may_make` one, which may want its folder synced with it.
    pub fn open(&mut self, name: &str, may_make: bool, wants_folder: bool) -> Result<FileId, DiskError> {
        self.begin(1, name.len(), [usize::from(may_make), 0])?;
        let place = match self.names.get(name) {
            Some(place) => *place,
            None if may_make => {
                self.files.push(DiskFile { wants_folder, ..DiskFile::default() });
                self.names.insert(name.to_owned(), self.files.len() - 1);
                self.files.len() - 1
            }
            None => return Err(DiskError::Missing),
        };
        Ok(FileId { place, life: self.life })
    }

    /// Whether there is a file of this name.
    pub fn exists(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Removes a name, for good if the folder `is_synced` then.
    pub fn remove(&mut self, name: &str, is_synced: bool) -> Result<(), DiskError> {
        self.begin(2, name.len(), [usize::from(is_synced), 0])?;
        self.shown.remove(name);
        let removed = self.names.remove(name).map(drop).ok_or(DiskError::Missing);
        if is_synced && !self.faults.lies {
            self.safe_names.remove(name);
        }
        removed
    }

    /// What programs see of a file; from now on somebody may remove it in the folder.
    pub fn show(&mut self, name: &str) -> Option<&[u8]> {
        let place = self.names.get(name);
        if place.is_some() {
            self.shown.insert(name.to_owned());
        }
        place.map(|place| &*self.files[*place].seen)
    }

    /// Whether somebody may remove a file in the folder.
    pub fn is_shown(&self, name: &str) -> bool {
        self.shown.contains(name)
    }

    /// Removes a name for good, as somebody else does.
    pub fn forget(&mut self, name: &str) {
        self.shown.remove(name);
        self.names.remove(name);
        self.safe_names.remove(name);
    }

    /// A file, if it is of this life.
    pub fn file(&mut self, id: FileId) -> Option<&mut DiskFile> {
        if id.life == self.life { self.files.get_mut(id.place) } else { None }
    }

    fn of_this_life(&self, id: FileId) -> Result<(), DiskError> {
        if id.life == self.life { Ok(()) } else { Err(DiskError::Dead) }
    }

    /// Reads into `to`, and tells how many bytes there were.
    pub fn read(&mut self, id: FileId, at: usize, to: &mut [u8]) -> Result<usize, DiskError> {
        self.of_this_life(id)?;
        self.begin(3, id.place, [at, to.len()])?;
        if self.fails(self.faults.read) {
            self.meet("read fails");
            return Err(DiskError::Device);
        }
        let from = self.files[id.place].seen.get(at..).unwrap_or_default();
        let count = from.len().min(to.len());
        to[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    /// Writes.
    pub fn write(&mut self, id: FileId, at: usize, bytes: &[u8]) -> Result<(), DiskError> {
        self.of_this_life(id)?;
        self.begin(4, id.place, [at, bytes.len()])?;
        let more = (at + bytes.len()).saturating_sub(self.files[id.place].seen.len());
        if more > 0 && self.faults.room.is_some_and(|room| self.bytes() + more > room) {
            self.meet("disk full");
            return Err(DiskError::Full);
        }
        if self.fails(self.faults.write) {
            self.meet("write fails");
            // Perhaps the first sectors came through.
            let part = self.dice.below(bytes.len() / SECTOR + 1) * SECTOR;
            self.put_bytes(id, at, &bytes[..part]);
            return Err(DiskError::Device);
        }
        self.put_bytes(id, at, bytes);
        Ok(())
    }

    fn put_bytes(&mut self, id: FileId, at: usize, bytes: &[u8]) {
        let file = &mut self.files[id.place];
        overwrite(&mut file.seen, at, bytes);
        file.changes.push(Change::Write { at, bytes: bytes.to_vec() });
    }

    /// Sets the length of a file.
    pub fn set_length(&mut self, id: FileId, length: usize) -> Result<(), DiskError> {
        self.of_this_life(id)?;
        self.begin(5, id.place, [length, 0])?;
        if self.fails(self.faults.write) {
            self.meet("write fails");
            return Err(DiskError::Device);
        }
        let file = &mut self.files[id.place];
        file.seen.resize(length, 0);
        file.changes.push(Change::Length(length));
        Ok(())
    }

    /// The length of a file.
    pub fn length(&mut self, id: FileId) -> Result<usize, DiskError> {
        self.of_this_life(id)?;
        self.begin(6, id.place, [0, 0])?;
        Ok(self.files[id.place].seen.len())
    }

    /// What was written so far is there for good then.
    pub fn sync(&mut self, id: FileId) -> Result<(), DiskError> {
        self.of_this_life(id)?;
        self.begin(7, id.place, [0, 0])?;
        if self.faults.lies {
            self.meet("lie about a sync");
            return Ok(());
        }
        if self.fails(self.faults.sync) {
            self.meet("sync fails");
            self.lose_changes(id.place);
            return Err(DiskError::Device);
        }
        let file = &mut self.files[id.place];
        file.changes.drain(..).for_each(|change| apply(&mut file.safe, &change));
        if std::mem::take(&mut file.wants_folder) {
            self.safe_names.clone_from(&self.names);
        }
        Ok(())
    }

    /// A sync that fails leaves what it could not write seen by programs, and the system believes that it is written.
    fn lose_changes(&mut self, place: usize) {
        let changes = std::mem::take(&mut self.files[place].changes);
        for change in changes {
            if self.dice.below(2) == 0 {
                apply(&mut self.files[place].safe, &change);
            }
        }
    }

    /// How many bytes all files have.
    pub fn bytes(&self) -> usize {
        self.names.values().map(|place| self.files[*place].seen.len()).sum()
    }

    /// Ends a life of the program; the next one may open files.
    pub fn crash(&mut self, how: Crash) {
        if how == Crash::Power {
            self.meet("power loss");
            self.lose_power();
        }
        for file in &mut self.files {
            (file.locks, file.shared) = (Locks::default(), None);
        }
        self.shown.clear();
        self.life += 1;
        (self.is_dead, self.kill_in) = (false, None);
    }

    fn lose_power(&mut self) {
        // Now all is kept, now nothing, now something.
        let odds = [0, 1, 2, 3, 4][self.dice.below(5)];
        let mut names = std::mem::take(&mut self.names);
        let all: Vec<String> = names.keys().chain(self.safe_names.keys()).cloned().collect();
        for name in all {
            if self.dice.below(4) >= odds {
                match self.safe_names.get(&name) {
                    Some(place) => _ = names.insert(name, *place),
                    None => _ = names.remove(&name),
                }
            }
        }
        (self.names, self.safe_names) = (names.clone(), names);
        for file in &mut self.files {
            for change in std::mem::take(&mut file.changes) {
                survive(&mut file.safe, &change, odds, &mut self.dice);
            }
            file.seen.clone_from(&file.safe);
        }
    }

    /// The bytes of all files that were ever there, as programs see them and as they are on the disk.
    pub fn contents(&self) -> impl Iterator<Item = &[u8]> {
        self.files.iter().flat_map(|file| [&*file.seen, &*file.safe])
    }
}

fn overwrite(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

fn apply(file: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes } => overwrite(file, *at, bytes),
        Change::Length(length) => file.resize(*length, 0),
    }
}

/// Some sectors of a change are on the disk: of four, so many as `odds` says.
fn survive(file: &mut Vec<u8>, change: &Change, odds: usize, dice: &mut Dice) {
    match change {
        Change::Length(_) if dice.below(4) < odds => apply(file, change),
        Change::Length(_) => {}
        Change::Write { at, bytes } => {
            let (mut from, end) = (*at, at + bytes.len());
            while from < end {
                let until = ((from / SECTOR + 1) * SECTOR).min(end);
                if dice.below(4) < odds {
                    overwrite(file, from, &bytes[from - at..until - at]);
                }
                from = until;
            }
        }
    }
}
