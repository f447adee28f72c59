//! In: what the system allows. Out: the memory of the program locked, so that no swap ever takes it, or why not. Forgets: nothing.

use std::sync::{Mutex, PoisonError};

use memmap2::MmapMut;
use rustix::mm::{MlockAllFlags, mlockall, munlockall};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, capabilities};

use super::allocator;
use crate::limits;

/// How much of the program is locked in memory, beside keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// Nothing was asked for.
    NotAsked,
    /// Everything: tokens, visitors, requests.
    All,
    /// Nothing: a limit allows so many bytes, and past them memory could not be had any more.
    Limited(u64),
    /// Nothing: the system refused it.
    Refused,
}

impl Locking {
    /// What it is, for everybody.
    pub fn sentence(self) -> Option<String> {
        match self {
            Locking::All | Locking::NotAsked => None,
            Locking::Limited(bytes) => Some(format!(
                "only {} kB may be locked (RLIMIT_MEMLOCK): keys are, tokens and visitors are not; LimitMEMLOCK=infinity lets all of it be",
                bytes / 1_024
            )),
            Locking::Refused => Some("the system does not let this program lock its memory".to_owned()),
        }
    }
}

static STATE: Mutex<Locking> = Mutex::new(Locking::NotAsked);

/// What is locked now.
pub fn locking() -> Locking {
    *STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks all memory that the program has and will have, where no limit could leave it without.
pub fn lock_all() -> Locking {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    *state = locked();
    if *state == Locking::All {
        // The kernel gives no page back that is locked: what is freed waits for [`give_back`].
        allocator::keep_freed();
    }
    *state
}

fn locked() -> Locking {
    let limit = raised_limit();
    let may_pass = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK));
    if let Some(bytes) = limit.filter(|_| !may_pass) {
        return Locking::Limited(bytes);
    }
    if lock_pages().is_err() {
        return limit.map_or(Locking::Refused, Locking::Limited);
    }
    // A capability may be one of the own container alone, past whose limit nothing is to be had.
    match limit.filter(|bytes| MmapMut::map_anon(*bytes as usize + limits::KEY_PAGE_BYTES).is_err()) {
        Some(bytes) => {
            let _ = munlockall();
            Locking::Limited(bytes)
        }
        None => Locking::All,
    }
}

/// The pages that are in memory, and others once they are: not those that are only reserved.
fn lock_pages() -> rustix::io::Result<()> {
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
}

/// How many bytes may be locked, as many as the hard limit lets us; nothing where there is no limit.
fn raised_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Memlock);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Memlock, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// Gives freed memory back to the system. Locked memory must be unlocked for that, for about a millisecond: only if no swap could take
/// it meanwhile.
pub fn give_back(may_swap: impl FnOnce() -> bool) {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if *state != Locking::All {
        return allocator::give_back();
    }
    if may_swap() || munlockall().is_err() {
        return;
    }
    allocator::give_back();
    if lock_pages().is_err() {
        *state = Locking::Refused;
    }
}

/// No core dump is written of the program, and no other program of the same user may look into it.
pub fn keep_out_of_dumps() {
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}
