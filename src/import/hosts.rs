//! In: the hosts that lines name. Out: the site of each, and how many lines are of hosts that have none. Forgets: hosts past a
//! bound, and which line named which.

use std::collections::HashMap;

use crate::beacon::address;
use crate::limits;
use crate::site::{Directory, Site, SiteId, fold};

/// What stands for all hosts that are addresses.
const ADDRESSES: &str = "(addresses)";

/// Hosts that were asked for.
#[derive(Default)]
pub(super) struct Hosts {
    sites: HashMap<String, Option<SiteId>, foldhash::fast::RandomState>,
    strange: HashMap<String, u64, foldhash::fast::RandomState>,
}

impl Hosts {
    /// The site that has a host: the one whose domain or alias it is, else one whose settings name it among its hosts. With
    /// `only`, that site or none.
    pub(super) fn site(&mut self, host: &str, directory: &Directory, only: Option<&Site>) -> Option<SiteId> {
        if let Some(known) = self.sites.get(host) {
            return *known;
        }
        let folded = fold(host);
        let found = match only {
            Some(site) => site.declares(&folded).then_some(site.id),
            None => {
                let by_name = directory.find(&folded).cloned();
                let by_settings = || directory.all().into_iter().find(|site| site.declares(&folded));
                by_name.or_else(by_settings).map(|site| site.id)
            }
        };
        if self.sites.len() < limits::LOG_HOSTS_MAX {
            self.sites.insert(host.to_owned(), found);
        }
        found
    }

    /// Notes a line of a host that no site has.
    pub(super) fn note_strange(&mut self, host: &str) {
        if let Some(lines) = self.strange.get_mut(host) {
            *lines += 1;
        } else if self.strange.len() < limits::LOG_HOSTS_MAX {
            let name = if address::node(host.as_bytes()).is_some() { ADDRESSES.to_owned() } else { fold(host) };
            *self.strange.entry(name).or_default() += 1;
        }
    }

    /// The most frequent hosts that no site has.
    pub(super) fn strange(&self) -> Vec<(String, u64)> {
        let mut hosts: Vec<_> = self.strange.iter().map(|(host, lines)| (host.clone(), *lines)).collect();
        hosts.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        hosts.truncate(limits::IMPORT_HOSTS_NAMED);
        hosts
    }
}
