//! In: a request, and what is known of sites. Out: what becomes of it, stage by stage, found by the code that counts. Forgets: all
//! of it; nothing is counted, logged or kept.
//!
//! It needs no running collector: the salt is made for the one request, and the day that it is booked in exists for it alone.

mod fields;
mod raw;
mod wire;

use std::net::IpAddr;

use super::ingest::Said;
use super::routes;
use crate::beacon::address::{self, Trust};
use crate::beacon::mail::{self, Act};
use crate::beacon::{Beacon, Kind, Refusal, Request};
use crate::collector::mail::MailHit;
use crate::counts::{OpenDay, Room};
use crate::hit::{self, Arrival, Dropped, Hit, Tools};
use crate::page::explained::{ExplainedMessage, ExplainedRejection, ExplainedRequest};
use crate::rejection::Rejection;
use crate::server::ingest::{HeaderFields, WireAdapter};
use crate::site::{Directory, Moment, Site};
pub use raw::{NoRequest, OpenedPage, RawRequest};

/// What a request is explained with.
pub struct Explainer<'a> {
    /// The sites and their settings.
    pub sites: &'a Directory,
    /// The tables that hits are made with.
    pub tools: &'a Tools,
    /// Whose word is taken about a visitor's address.
    pub trust: &'a Trust,
    /// When the request arrives.
    pub now: Moment,
    /// 32 random bytes, from which a salt is made that is used for nothing else.
    pub random: [u8; 32],
}

/// Why a request can't be explained: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotExplained {
    /// No messages are sent there.
    #[error("{0} is no path to which messages are sent that count visits; there are {1}")]
    Path(String, String),
}

impl Explainer<'_> {
    /// What becomes of a request that comes from an address.
    ///
    /// # Errors
    /// [`NotExplained`]
    pub fn explain(&self, raw: &RawRequest, peer: IpAddr) -> Result<ExplainedRequest, NotExplained> {
        let said = Said::by(&raw.headers);
        let client = address::of_client(peer, |asked| raw.headers.forwarding(asked), self.trust);
        let request = said.request(&raw.query, &raw.body, client);
        let method = hyper::Method::try_from(raw.method.as_str()).unwrap_or_default();
        let route = routes::wire(&method, &raw.path);
        let messages = match route.map(|route| route.adapter) {
            Some(WireAdapter::Mail) => vec![self.mail(raw, &request)],
            adapter => {
                let messages = adapter.and_then(|adapter| wire::messages(adapter, raw, &request, self.sites));
                let messages = messages.ok_or_else(|| NotExplained::Path(raw.path.clone(), wire::paths()))?;
                messages.into_iter().flat_map(|message| self.message(message)).collect()
            }
        };
        Ok(ExplainedRequest {
            path: format!("{} {}", raw.method, raw.path),
            request: fields::of_request(&request),
            messages,
        })
    }

    /// What becomes of a request for the picture of a mail.
    fn mail(&self, raw: &RawRequest, request: &Request<'_>) -> ExplainedMessage {
        let Some((site, campaign)) = mail::of_picture(&raw.path) else { return refused(Rejection::BadUrl.into()) };
        let Some(site) = self.sites.find(&site) else { return refused(Rejection::UnknownSite.into()) };
        let made = match mail::is_declined(Some(&raw.query)) {
            true => Err(Rejection::OptedOut),
            false => MailHit::made(request, site, self.tools, (&campaign, Act::Opened), raw.method == "HEAD"),
        };
        let explained = match made {
            Ok(hit) => fields::of_mail(&hit, site.settings.address),
            Err(reason) => refused(reason.into()),
        };
        ExplainedMessage { site: site.domain.to_string(), ..explained }
    }

    /// What becomes of a message; of one that is refused, for each site that it names.
    fn message(&self, message: Result<Beacon, Refusal>) -> Vec<ExplainedMessage> {
        let Refusal { reason, sites } = match message {
            Ok(beacon) => return vec![self.beacon(beacon)],
            Err(refusal) => refusal,
        };
        let known = |name: &String| self.sites.find(name).map(|site| site.domain.to_string());
        let named = sites.iter().map(|name| known(name).unwrap_or_default());
        let named: Vec<String> = if sites.is_empty() { vec![String::new()] } else { named.collect() };
        named.into_iter().map(|site| ExplainedMessage { site, ..refused(reason.into()) }).collect()
    }

    fn beacon(&self, beacon: Beacon) -> ExplainedMessage {
        let stages = vec![fields::of_beacon(&beacon)];
        let Some(site) = self.sites.find(&beacon.site) else {
            return ExplainedMessage { stages, ..refused(Rejection::UnknownSite.into()) };
        };
        let mut explained = ExplainedMessage {
            site: site.domain.to_string(),
            stages,
            not_collected: site.settings.collect.left_out().map(|what| what.name()).collect(),
            is_ping: matches!(beacon.kind, Kind::Engagement { .. }),
            ..ExplainedMessage::default()
        };
        let counted = self.made(beacon.clone(), site).and_then(|hit| {
            explained.stages.push(fields::of_hit(&hit));
            explained.masked = fields::masked(&beacon, &hit);
            self.count(&beacon, &hit, site, &mut explained).map_err(Dropped::from)
        });
        explained.rejected = counted.err().map(rejection);
        explained
    }

    fn made(&self, beacon: Beacon, site: &Site) -> Result<Hit, Dropped> {
        let arrival = Arrival { at: self.now, local: site.schedule.locate(self.now) };
        hit::make_once(beacon, site, arrival, &self.random, self.tools)
    }

    /// Books a hit in a day of its own, and tells what that changes. A ping counts in a visit, so one is made up for it.
    fn count(
        &self,
        beacon: &Beacon,
        hit: &Hit,
        site: &Site,
        explained: &mut ExplainedMessage,
    ) -> Result<(), Rejection> {
        let mut day = OpenDay::new(site.id, hit.local.day, site.settings.budget);
        if explained.is_ping
            && let Ok(shown) = self.made(Beacon { kind: Kind::Pageview, ..beacon.clone() }, site)
        {
            day.take(&shown, || Room::Visitor)?;
            day.drain();
        }
        day.take(hit, || Room::Visitor)?;
        explained.cells = fields::cells(&day.drain());
        let pairs = day.snapshot().pairs(site.settings.budget.pair_cells);
        let cells = |table: &crate::counts::pairs::PairTable| table.cells().map_or(0, |cells| cells.len());
        explained.pair_cells = pairs.tables.iter().map(cells).sum();
        explained.stages.push(fields::of_visit(hit));
        Ok(())
    }
}

fn refused(dropped: Dropped) -> ExplainedMessage {
    ExplainedMessage { rejected: Some(rejection(dropped)), ..ExplainedMessage::default() }
}

fn rejection(Dropped { reason, bot }: Dropped) -> ExplainedRejection {
    ExplainedRejection::of(reason, bot.map(|bot| bot.bot.family))
}

#[cfg(test)]
mod tests;
