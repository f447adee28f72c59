//! In: requests for the pictures and links of mails. Out: sums by campaign, day and kind. Forgets: who asked, at the end of the
//! day; until then a token for each person, under the day's salt.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Collector, Outcome};
use crate::beacon::mail::{Act, Asker, MailKind, UNKNOWN, asker};
use crate::beacon::{Request, Sender};
use crate::hit::agent::Verdict;
use crate::hit::token;
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Day, SiteId};
use crate::store::MailSum;

pub(super) type MailKey = (SiteId, Day, String, MailKind);

/// What became of mails and is not stored yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct MailTallies(HashMap<MailKey, MailTally>);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct MailTally {
    count: u64,
    people: u64,
    known: HashSet<u64>,
}

impl MailTallies {
    /// Counts what a person did, if people are told apart.
    pub(super) fn add(&mut self, key: MailKey, person: Option<u64>) {
        let has_room = self.0.values().map(|sum| sum.known.len()).sum::<usize>() < limits::MAIL_PEOPLE_MAX;
        let sum = self.0.entry(key).or_default();
        sum.count += 1;
        if has_room && person.is_some_and(|person| sum.known.insert(person)) {
            sum.people += 1;
        }
    }

    /// What is there.
    pub(super) fn rows(&self) -> Vec<MailSum> {
        let filled = self.0.iter().filter(|(_, sum)| sum.count > 0);
        let row = |((site, day, campaign, kind), sum): (&MailKey, &MailTally)| {
            let (count, people) = (sum.count, sum.people);
            MailSum { site: *site, campaign: campaign.clone(), day: *day, kind: *kind, count, people }
        };
        filled.map(row).collect()
    }

    /// Forgets the people of days that are over; how many they were stays.
    pub(super) fn forget_people(&mut self, is_over: impl Fn(&(SiteId, Day)) -> bool) {
        let known = self.0.iter_mut().filter(|(_, sum)| !sum.known.is_empty());
        known.filter(|((site, day, ..), _)| is_over(&(*site, *day))).for_each(|(_, sum)| sum.known = HashSet::new());
    }

    /// Drops what is known of a site.
    pub(super) fn forget_site(&mut self, site: SiteId) {
        self.0.retain(|(of, ..), _| *of != site);
    }

    /// Hands out what is there; people are remembered until their day is over.
    pub(super) fn drain(&mut self, is_over: impl Fn(&(SiteId, Day)) -> bool) -> Vec<MailSum> {
        let drained = self.rows();
        self.0.retain(|(site, day, _, _), sum| {
            (sum.count, sum.people) = (0, 0);
            !is_over(&(*site, *day))
        });
        drained
    }
}

impl Collector {
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
        let Some(site) = directory.find(site) else { return refuse(None, Rejection::UnknownSite) };
        if request.opted_out && site.settings.opt_out {
            return refuse(Some(site), Rejection::OptedOut);
        }
        let Sender { address, agent, hints, .. } = Sender::of(request);
        if site.settings.exclude.has_address(address.0) {
            return refuse(Some(site), Rejection::Excluded);
        }
        let is_program = !matches!(self.0.tools.agents.classify(&agent.0, &hints, false), Verdict::Person(_));
        let kind = MailKind { act, asker: asker(request, act, is_program, is_head) };
        let day = site.schedule.locate(now).day;
        // The address of a proxy or a scanner stands for nobody.
        let person = match (kind.asker, self.0.salts.of(site.id, day)) {
            (Asker::Reader, Ok(salt)) => token::of(&salt, address, &agent, site.settings.address),
            _ => None,
        };
        let name = if site.settings.campaigns.contains_key(campaign) { campaign } else { UNKNOWN };
        let key = (site.id, day, name.to_owned(), kind);
        let counted = self.0.running.with(|running, _| running.mail(key, person.map(|token| token.bits())));
        counted.ok_or(Outcome::Lost)
    }
}
