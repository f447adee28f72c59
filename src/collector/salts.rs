//! In: randomness. Out: the salt of a site and day. Forgets: a salt, when its day is closed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::hit::token::Salt;
use crate::site::{Day, SiteId};

/// The salts of open days. They are in memory only.
#[derive(Debug, Default)]
pub struct Salts(RwLock<HashMap<(SiteId, Day), Arc<Salt>, foldhash::fast::RandomState>>);

impl Salts {
    /// The salt of a site and day, made at first use. Whoever comes first makes it for all, under one lock.
    ///
    /// # Errors
    /// The system gives no randomness; then nothing can be counted safely.
    pub fn of(&self, site: SiteId, day: Day) -> Result<Arc<Salt>, getrandom::Error> {
        if let Some(salt) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&(site, day)) {
            return Ok(salt.clone());
        }
        let mut salts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(salt) = salts.get(&(site, day)) {
            return Ok(salt.clone());
        }
        let salt = Arc::new(Salt::from_random(random()?));
        salts.insert((site, day), salt.clone());
        Ok(salt)
    }

    /// Drops the salt of a day; it is wiped when the last request that holds it is done.
    pub fn forget(&self, site: SiteId, day: Day) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&(site, day));
    }

    /// The days that have a salt.
    pub fn days(&self) -> Vec<(SiteId, Day)> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
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
