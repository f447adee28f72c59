//! In: requests for the pictures and links of mails. Out: sums by campaign, day and kind. Forgets: who asked, at the end of the
//! day; until then a token for each person, under the day's salt.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Collector, Outcome};
use crate::beacon::mail::{Act, Asker, MailKind, UNKNOWN, asker};
use crate::beacon::{Request, Sender};
use crate::counts::shares::has_memory;
use crate::hit::agent::Verdict;
use crate::hit::{Tools, token};
use crate::limits;
use crate::meter::Pressure;
use crate::rejection::Rejection;
use crate::site::{Day, Site, SiteId};
use crate::store::MailSum;

pub(super) type MailKey = (SiteId, Day, String, MailKind);

/// What became of mails and is not stored yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct MailTallies {
    sums: HashMap<MailKey, MailTally>,
    /// How many people are remembered of each site: sites share the room for them as they share that for visitors.
    people: HashMap<SiteId, usize>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct MailTally {
    count: u64,
    people: u64,
    known: HashSet<u64>,
}

impl MailTallies {
    /// Counts what a person did, if people are told apart. There are so many `sites`.
    pub(super) fn add(&mut self, key: MailKey, person: Option<u64>, sites: usize) {
        let all = self.people.values().sum();
        let of_site = self.people.entry(key.0).or_default();
        let sum = self.sums.entry(key).or_default();
        sum.count += 1;
        let has_room = has_memory(all, *of_site, sites, limits::MAIL_PEOPLE_MAX);
        if has_room && person.is_some_and(|person| sum.known.insert(person)) {
            sum.people += 1;
            *of_site += 1;
        }
    }

    /// What is there.
    pub(super) fn rows(&self) -> Vec<MailSum> {
        let filled = self.sums.iter().filter(|(_, sum)| sum.count > 0);
        let row = |((site, day, campaign, kind), sum): (&MailKey, &MailTally)| {
            let (count, people) = (sum.count, sum.people);
            MailSum { site: *site, campaign: campaign.clone(), day: *day, kind: *kind, count, people }
        };
        filled.map(row).collect()
    }

    /// Forgets the people of days that are over; how many they were stays.
    pub(super) fn forget_people(&mut self, is_over: impl Fn(&(SiteId, Day)) -> bool) {
        let known = self.sums.iter_mut().filter(|(_, sum)| !sum.known.is_empty());
        known.filter(|((site, day, ..), _)| is_over(&(*site, *day))).for_each(|(_, sum)| sum.known = HashSet::new());
        self.count_people();
    }

    /// Drops what is known of a site.
    pub(super) fn forget_site(&mut self, site: SiteId) {
        self.sums.retain(|(of, ..), _| *of != site);
        self.people.remove(&site);
    }

    /// Drops what is meant, with its people.
    pub(super) fn forget_where(&mut self, is_meant: impl Fn(&MailKey) -> bool) {
        self.sums.retain(|key, _| !is_meant(key));
        self.count_people();
    }

    /// Hands out what is there; people are remembered until their day is over.
    pub(super) fn drain(&mut self, is_over: impl Fn(&(SiteId, Day)) -> bool) -> Vec<MailSum> {
        let drained = self.rows();
        self.sums.retain(|(site, day, _, _), sum| {
            (sum.count, sum.people) = (0, 0);
            !is_over(&(*site, *day))
        });
        self.count_people();
        drained
    }

    fn count_people(&mut self) {
        self.people.clear();
        for ((site, ..), sum) in self.sums.iter().filter(|(_, sum)| !sum.known.is_empty()) {
            *self.people.entry(*site).or_default() += sum.known.len();
        }
    }
}

/// What a request for the picture or a link of a mail counts as.
#[derive(Debug)]
pub struct MailHit {
    /// The campaign, or [`UNKNOWN`].
    pub campaign: String,
    /// What happened, and by whom.
    pub kind: MailKind,
    sender: Sender,
}

impl MailHit {
    /// Of a request about a campaign of a site.
    ///
    /// # Errors
    /// Why it is not counted.
    pub fn made(
        request: &Request<'_>,
        site: &Site,
        tools: &Tools,
        (campaign, act): (&str, Act),
        is_head: bool,
    ) -> Result<MailHit, Rejection> {
        if request.opted_out && site.settings.opt_out {
            return Err(Rejection::OptedOut);
        }
        let sender = Sender::of(request);
        if site.settings.exclude.has_address(sender.address.0) {
            return Err(Rejection::Excluded);
        }
        let verdict = tools.agents.classify(&sender.agent.0, &sender.hints, false);
        let is_program = !matches!(verdict, Verdict::Person(_));
        let kind = MailKind { act, asker: asker(request, act, is_program, is_head) };
        let campaign = if site.settings.campaigns.contains_key(campaign) { campaign } else { UNKNOWN };
        Ok(MailHit { campaign: campaign.to_owned(), kind, sender })
    }
}

impl Collector {
    /// Books that the reader of a mail did not want to be counted: by the picture or link itself, whatever the site honours.
    pub fn decline_mail(&self, site: &str) -> Outcome {
        let (now, directory) = (self.0.clock.now(), self.0.directory.load());
        let site = directory.find(site);
        self.0.meter.received.inc();
        let reason = if site.is_some() { Rejection::OptedOut } else { Rejection::UnknownSite };
        self.reject_at(site.map(|site| &**site), reason, now)
    }

    /// Counts that a mail's picture was asked for, or a link in it followed. A campaign that nobody declared is counted as
    /// unknown, so that no recipient can be told by it.
    ///
    /// # Errors
    /// Why it is not counted.
    pub fn mail(
        &self,
        request: &Request<'_>,
        site: &str,
        campaign: &str,
        act: Act,
        is_head: bool,
    ) -> Result<(), Outcome> {
        let now = self.0.clock.now();
        let directory = self.0.directory.load();
        let refuse = |site, reason| {
            self.0.meter.received.inc();
            Err(self.reject_at(site, reason, now))
        };
        if self.has_no_time() {
            return refuse(None, Rejection::TooMany);
        }
        let Some(site) = directory.find(site) else { return refuse(None, Rejection::UnknownSite) };
        let pressure = self.0.meter.pressure.now();
        if pressure >= Pressure::Beacons {
            return refuse(Some(site), Rejection::Overloaded);
        }
        let MailHit { campaign, kind, sender: Sender { address, agent, .. } } =
            match MailHit::made(request, site, &self.0.tools, (campaign, act), is_head) {
                Ok(hit) => hit,
                Err(reason) => return refuse(Some(site), reason),
            };
        let day = site.schedule.locate(now).day;
        // The address of a proxy or a scanner stands for nobody, and where memory is short nobody is remembered.
        let person = match (kind.asker, self.0.salts.of(site.id, day)) {
            (Asker::Reader, Ok(salt)) if pressure < Pressure::NewVisitors => {
                token::of(&salt, address, &agent, site.settings.address)
            }
            _ => None,
        };
        let key = (site.id, day, campaign, kind);
        let counted = self.0.running.with(|running, _| running.mail(key, person.map(|token| token.bits())));
        counted.ok_or(Outcome::Lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_the_pictures_of_one_site_leaves_room_for_others() {
        let mut mails = MailTallies::default();
        let kind = MailKind { act: Act::Opened, asker: Asker::Reader };
        let mut add = |site, person| mails.add((SiteId(site), Day(20_000), "june".to_owned(), kind), Some(person), 3);
        (0..limits::MAIL_PEOPLE_MAX as u64).for_each(|person| add(1, person));
        (0..20).for_each(|person| add(2, person));
        let people =
            |mails: &MailTallies, site| mails.rows().iter().find(|row| row.site == SiteId(site)).map(|row| row.people);
        assert_eq!(people(&mails, 2), Some(20));
        assert_eq!(people(&mails, 1), Some(limits::MAIL_PEOPLE_MAX as u64 / 2));
        mails.forget_people(|(site, _)| *site == SiteId(1));
        assert_eq!(mails.people, [(SiteId(2), 20)].into());
    }
}
