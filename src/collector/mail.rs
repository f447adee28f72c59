//! In: requests for the pictures and links of mails. Out: sums by campaign, day and kind. Forgets: who asked, at the end of the
//! day; until then a token for each person, under the day's salt.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::{Collector, Outcome};
use crate::beacon::mail::{Act, Asker, MailKind, UNKNOWN, asker};
use crate::beacon::{Request, Sender};
use crate::hit::agent::Verdict;
use crate::hit::token;
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Day, SiteId};
use crate::store::{MailSum, StoreError};

/// By campaign and kind, how often something happened, and by how many people, those of each day added.
pub type MailSums = HashMap<(String, MailKind), (u64, u64)>;

type Key = (SiteId, Day, String, MailKind);

/// What became of mails and is not stored yet.
#[derive(Debug, Default)]
pub struct Mails(Mutex<HashMap<Key, Sum>>);

#[derive(Debug, Default)]
struct Sum {
    count: u64,
    people: u64,
    known: HashSet<u64>,
}

impl Mails {
    fn add(&self, key: Key, person: Option<u64>) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = sums.values().map(|sum| sum.known.len()).sum::<usize>() < limits::MAIL_PEOPLE_MAX;
        let sum = sums.entry(key).or_default();
        sum.count += 1;
        if has_room && person.is_some_and(|person| sum.known.insert(person)) {
            sum.people += 1;
        }
    }

    /// A copy of what is there.
    pub fn peek(&self) -> Vec<MailSum> {
        list(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands out what is there; people are remembered until their day is over.
    pub fn drain(&self, is_over: impl Fn(&(SiteId, Day)) -> bool) -> Vec<MailSum> {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drained = list(&sums);
        sums.retain(|(site, day, _, _), sum| {
            (sum.count, sum.people) = (0, 0);
            !is_over(&(*site, *day))
        });
        drained
    }
}

fn list(sums: &HashMap<Key, Sum>) -> Vec<MailSum> {
    let filled = sums.iter().filter(|(_, sum)| sum.count > 0);
    let row = |((site, day, campaign, kind), sum): (&Key, &Sum)| {
        let (count, people) = (sum.count, sum.people);
        MailSum { site: *site, campaign: campaign.clone(), day: *day, kind: *kind, count, people }
    };
    filled.map(row).collect()
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
        self.0.mails.add((site.id, day, name.to_owned(), kind), person.map(|token| token.bits()));
        Ok(())
    }

    /// What became of a site's mails from `first` to `last`: by campaign and kind, how often and by how many people a day.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<MailSums, StoreError> {
        let pending = self.pending(site, &[]);
        let (flush, stored) = self.0.sums.mails(site, first, last)?;
        let unsaved = pending.after(flush).flat_map(|generation| generation.mails.clone());
        let mut sums = MailSums::new();
        let in_range = |mail: &MailSum| mail.site == site && (first..=last).contains(&mail.day);
        for mail in stored.into_iter().chain(unsaved).filter(in_range) {
            let sum = sums.entry((mail.campaign, mail.kind)).or_default();
            *sum = (sum.0 + mail.count, sum.1 + mail.people);
        }
        Ok(sums)
    }
}
