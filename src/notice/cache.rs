//! In: when the notice of a site was last looked at, and what it was made of then. Out: whether that still holds, so that nothing is
//! composed again and no file read. Forgets: sites that are no more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::NoticeLanguages;
use crate::site::{Moment, SiteId};

/// A version in force, without its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownNotice {
    /// Since when it is in force.
    pub from: Moment,
    /// Whether it says that `Sec-GPC: 1` and `DNT: 1` are honoured.
    pub honours_signals: bool,
}

/// What a notice was made of.
#[derive(Debug, Clone)]
pub struct NoticeBasis {
    /// The number of the last change of what is declared of the site.
    pub revision: u64,
    /// The texts.
    pub languages: Arc<NoticeLanguages>,
    /// When it was looked at.
    pub at: Moment,
    /// When it changes by itself: something begins or ends.
    pub until: Option<Moment>,
}

/// The notices of all sites, as they were looked at last. `S` is what files of languages are known again by.
#[derive(Debug)]
pub struct NoticeCache<S> {
    languages: Mutex<Option<(S, Arc<NoticeLanguages>)>>,
    known: Mutex<HashMap<SiteId, (NoticeBasis, KnownNotice)>>,
    composed: AtomicU64,
    read: AtomicU64,
}

impl<S> Default for NoticeCache<S> {
    fn default() -> Self {
        let (languages, known) = (Mutex::default(), Mutex::default());
        NoticeCache { languages, known, composed: AtomicU64::new(0), read: AtomicU64::new(0) }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: PartialEq> NoticeCache<S> {
    /// The languages, which are read anew where their files are not what they were.
    pub fn languages(&self, files: S, read: impl FnOnce() -> NoticeLanguages) -> Arc<NoticeLanguages> {
        let mut languages = locked(&self.languages);
        if let Some((known, languages)) = &*languages
            && *known == files
        {
            return languages.clone();
        }
        self.read.fetch_add(1, Ordering::Relaxed);
        let new = Arc::new(read());
        *languages = Some((files, new.clone()));
        new
    }

    /// The version of a site in force, if it was made of the same and nothing has begun or ended since.
    pub fn known(
        &self,
        site: SiteId,
        revision: u64,
        languages: &Arc<NoticeLanguages>,
        now: Moment,
    ) -> Option<KnownNotice> {
        let known = locked(&self.known);
        let (basis, notice) = known.get(&site)?;
        let holds = basis.revision == revision
            && Arc::ptr_eq(&basis.languages, languages)
            && basis.at <= now
            && basis.until.is_none_or(|until| now < until);
        holds.then_some(*notice)
    }

    /// Notes what was looked at.
    pub fn note(&self, site: SiteId, basis: NoticeBasis, notice: KnownNotice) {
        locked(&self.known).insert(site, (basis, notice));
    }

    /// Forgets sites that are no more.
    pub fn keep_only(&self, is_there: impl Fn(SiteId) -> bool) {
        locked(&self.known).retain(|site, _| is_there(*site));
    }

    /// Counts that a notice was composed in all languages.
    pub fn note_composed(&self) {
        self.composed.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a notice was composed, and how often the files of languages were read.
    pub fn work(&self) -> (u64, u64) {
        (self.composed.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed))
    }
}
