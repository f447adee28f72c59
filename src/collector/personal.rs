//! In: the sites and their store. Out: what the pages of a day are folded by, and the parents whose children were. Forgets: with
//! a site, its parents. Nothing of it is written: what was folded is known again by its name, `/parent/:other`.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;

use crate::cell::folding::OTHER_CHILD;
use crate::cell::{FoldingStart, SiteHistory};
use crate::limits;
use crate::meter::{FailureKind, Meter};
use crate::site::{Directory, Site, SiteId, Target};
use crate::store::{NamesMark, StoreError, SumStore};

/// The parents of each site whose children look personal, without a slash at the end.
#[derive(Default)]
pub(super) struct Personal(RwLock<HashMap<SiteId, BTreeSet<String>>>);

impl Personal {
    /// Those that the store tells of.
    pub(super) fn read(sums: &dyn SumStore) -> Result<Personal, StoreError> {
        let personal = Personal::default();
        for (site, name) in sums.names_with(&format!("/{OTHER_CHILD}"))? {
            let is_child =
                |(at, _): &(usize, &str)| name[at + 1 + OTHER_CHILD.len()..].chars().next().is_none_or(|c| c == '/');
            if let Some((at, _)) = name.match_indices(&format!("/{OTHER_CHILD}")).find(is_child) {
                personal.add(site, &name[..at]);
            }
        }
        Ok(personal)
    }

    /// The parents of a site that its owner has said nothing about yet.
    pub(super) fn unanswered(&self, site: &Site) -> Vec<String> {
        let parents = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of_site = parents.get(&site.id).into_iter().flatten();
        of_site.filter(|parent| !site.settings.paths.is_answered(parent)).cloned().collect()
    }

    pub(super) fn forget_site(&self, site: SiteId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&site);
    }

    fn of(&self, site: SiteId) -> BTreeSet<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&site).cloned().unwrap_or_default()
    }

    fn add(&self, site: SiteId, parent: &str) {
        let mut parents = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_site = parents.entry(site).or_default();
        if of_site.len() < limits::PERSONAL_PARENTS_MAX {
            of_site.insert(parent.to_owned());
        }
    }
}

/// What is known of a site beside its days.
pub(super) struct KnownSite {
    site: SiteId,
    personal: Arc<Personal>,
    directory: Arc<ArcSwap<Directory>>,
    sums: Arc<dyn SumStore>,
    meter: Arc<Meter>,
}

impl KnownSite {
    pub(super) fn of(
        site: SiteId,
        personal: &Arc<Personal>,
        directory: &Arc<ArcSwap<Directory>>,
        sums: &Arc<dyn SumStore>,
        meter: &Arc<Meter>,
    ) -> KnownSite {
        let (personal, directory, sums, meter) = (personal.clone(), directory.clone(), sums.clone(), meter.clone());
        KnownSite { site, personal, directory, sums, meter }
    }

    /// What a day of the site that is opened now is folded by.
    pub(super) fn start(&self) -> FoldingStart {
        let named_children = self.directory.load().get(self.site).map_or(0, |site| site.settings.paths.personal);
        if named_children == 0 {
            return FoldingStart::default();
        }
        // Where the store can't be asked, every page counts as unknown to it.
        let mark = self.sums.names_mark().unwrap_or_else(|error| {
            self.meter.failed(FailureKind::LookUp, "the last name of a page", error);
            Default::default()
        });
        FoldingStart { named_children, mark: mark.0, personal: self.personal.of(self.site) }
    }
}

impl SiteHistory for KnownSite {
    fn is_known(&self, page: &str, mark: u64) -> bool {
        self.sums.has_name(self.site, page, NamesMark(mark)).unwrap_or_else(|error| {
            self.meter.failed(FailureKind::LookUp, "the name of a page", error);
            false
        })
    }

    fn may_fold(&self, parent: &str, page: &str) -> bool {
        self.directory.load().get(self.site).is_some_and(|site| {
            let is_goal =
                site.settings.goals.iter().any(|goal| matches!(&goal.target, Target::Page(goal) if goal == page));
            site.settings.paths.may_fold(parent) && !is_goal
        })
    }

    fn note(&self, parent: &str) {
        self.personal.add(self.site, parent);
    }
}
