//! In: randomness. Out: the salt of a site and day. Forgets: a salt, when its day is closed; that of a day which was over
//! when it was made, an hour after its last use.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::hit::token::Salt;
use crate::limits;
use crate::site::{Day, Moment, SiteId};

/// The salts of open days. They are in memory only.
#[derive(Debug, Default)]
pub struct Salts {
    salts: RwLock<SaltTable>,
    /// What nobody was told of yet, and whether there is anything.
    changes: Mutex<Vec<SaltChange>>,
    has_changes: AtomicBool,
}

/// What became of the salt of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaltChange {
    /// It was made.
    Made((SiteId, Day)),
    /// It gave way to one of another day that is over.
    GivenUp((SiteId, Day)),
}

type SaltTable = HashMap<(SiteId, Day), KeptSalt, foldhash::fast::RandomState>;

#[derive(Debug)]
struct KeptSalt {
    salt: Arc<Salt>,
    /// When it was last used, if it was made for a day that was over by then.
    late: Option<Moment>,
}

/// The salt of a day that is over.
#[derive(Debug)]
pub struct Late {
    /// The salt.
    pub salt: Arc<Salt>,
    /// Whether it was made just now, so that visitors whom an earlier salt knew count twice.
    pub is_new: bool,
}

impl Salts {
    /// The salt of a site and day, made at first use. Whoever comes first makes it for all, under one lock.
    ///
    /// # Errors
    /// The system gives no randomness; then nothing can be counted safely.
    pub fn of(&self, site: SiteId, day: Day) -> Result<Arc<Salt>, getrandom::Error> {
        if let Some(kept) = self.read().get(&(site, day)) {
            return Ok(kept.salt.clone());
        }
        let mut salts = self.write();
        if let Some(kept) = salts.get(&(site, day)) {
            return Ok(kept.salt.clone());
        }
        self.keep(&mut salts, (site, day), None)
    }

    /// The salt of a day that is over: of its own, unless the day's first salt is still there. One past
    /// [`limits::LATE_DAYS_MAX`] takes the place of the one that was not used for longest.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn of_past(&self, site: SiteId, day: Day, now: Moment) -> Result<Late, getrandom::Error> {
        let mut salts = self.write();
        if let Some(kept) = salts.get_mut(&(site, day)) {
            kept.late = kept.late.map(|_| now);
            return Ok(Late { salt: kept.salt.clone(), is_new: false });
        }
        let late = || salts.iter().filter_map(|(key, kept)| Some((kept.late?, *key)));
        if late().count() >= limits::LATE_DAYS_MAX
            && let Some((_, oldest)) = late().min()
        {
            salts.remove(&oldest);
            self.tell(SaltChange::GivenUp(oldest));
        }
        let salt = self.keep(&mut salts, (site, day), Some(now))?;
        Ok(Late { salt, is_new: true })
    }

    /// Until when a day that was over when its salt was made takes late hits: [`limits::LATE_MS`] after the last one.
    pub fn late_until(&self, site: SiteId, day: Day) -> Option<Moment> {
        let used = self.read().get(&(site, day))?.late?;
        Some(used.plus(limits::LATE_MS))
    }

    /// What has changed since this was asked last.
    pub fn take_changes(&self) -> Vec<SaltChange> {
        if !self.has_changes.load(Ordering::Acquire) {
            return Vec::new();
        }
        self.has_changes.store(false, Ordering::Release);
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, change: SaltChange) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        self.has_changes.store(true, Ordering::Release);
    }

    fn read(&self) -> RwLockReadGuard<'_, SaltTable> {
        self.salts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, SaltTable> {
        self.salts.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a new salt. Whoever has it from here on is told of it by [`Salts::take_changes`] before.
    fn keep(
        &self,
        salts: &mut SaltTable,
        key: (SiteId, Day),
        late: Option<Moment>,
    ) -> Result<Arc<Salt>, getrandom::Error> {
        let salt = Arc::new(new_salt()?);
        salts.insert(key, KeptSalt { salt: salt.clone(), late });
        self.tell(SaltChange::Made(key));
        Ok(salt)
    }

    /// The salt of a day, and when it was last used if it was made for a day that was over by then.
    pub fn get(&self, site: SiteId, day: Day) -> Option<(Arc<Salt>, Option<Moment>)> {
        self.read().get(&(site, day)).map(|kept| (kept.salt.clone(), kept.late))
    }

    /// Takes up a salt that was made before the program started.
    pub fn restore(&self, key: (SiteId, Day), salt: Arc<Salt>, late: Option<Moment>) {
        self.write().insert(key, KeptSalt { salt, late });
    }

    /// Takes note that a hit was counted by the salt of a day, as it was before the program started.
    pub fn used(&self, site: SiteId, day: Day, at: Moment) {
        if let Some(kept) = self.write().get_mut(&(site, day)) {
            kept.late = kept.late.map(|_| at);
        }
    }

    /// Drops the salt of a day; it is wiped when the last request that holds it is done.
    pub fn forget(&self, site: SiteId, day: Day) {
        self.write().remove(&(site, day));
    }

    /// The days that have a salt.
    pub fn days(&self) -> Vec<(SiteId, Day)> {
        self.read().keys().copied().collect()
    }
}

/// A salt of the system's randomness.
///
/// # Errors
/// The system gives none.
pub fn new_salt() -> Result<Salt, getrandom::Error> {
    Salt::filled(getrandom::fill)
}

/// 32 bytes of the system's randomness.
///
/// # Errors
/// The system gives none.
pub fn random() -> Result<[u8; 32], getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_day_has_a_salt_of_its_own_for_an_hour_after_its_last_use() {
        let salts = Salts::default();
        let (site, day, now) = (SiteId(1), Day(20_000), Moment(1_780_000_000_000));
        assert!(salts.of_past(site, day, now).unwrap().is_new);
        let later = now.plus(limits::LATE_MS - 1);
        let until = |salts: &Salts| salts.late_until(site, day);
        assert_eq!(until(&salts), Some(now.plus(limits::LATE_MS)));
        assert!(!salts.of_past(site, day, later).unwrap().is_new);
        assert_eq!(until(&salts), Some(later.plus(limits::LATE_MS)), "used again");
        let running = Day(20_001);
        let salt = salts.of(site, running).unwrap();
        let late = salts.of_past(site, running, now).unwrap();
        assert!(
            Arc::ptr_eq(&salt, &late.salt) && salts.late_until(site, running).is_none(),
            "the day's own salt keeps its end"
        );
    }

    #[test]
    fn past_days_are_few_and_the_one_unused_for_longest_goes_first() {
        let salts = Salts::default();
        let now = Moment(1_780_000_000_000);
        for day in 0..=limits::LATE_DAYS_MAX as i32 {
            salts.of_past(SiteId(1), Day(day), now.plus(i64::from(day))).unwrap();
        }
        assert_eq!(salts.days().len(), limits::LATE_DAYS_MAX);
        assert!(salts.of_past(SiteId(1), Day(0), now.plus(1_000)).unwrap().is_new);
    }
}
