//! In: a [`Beacon`] and the site it names. Out: a [`Hit`], or the reason why it is not counted. Forgets: the address, the
//! user agent, the full URLs, the query, the time zone and everything else that could tell people apart; what stays are
//! values that many share, and a token that means nothing when the day's salt is gone.

pub mod agent;
pub mod mask;
pub mod path;
pub mod place;
pub mod source;
pub mod token;

use std::fmt;
use std::sync::Arc;

use crate::beacon::{Beacon, Sender};
use crate::cell::{Dimension, NOT_SET};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{LocalHour, Moment, Site, SiteId};
use agent::{Agent, Agents, Verdict};
use path::Campaign;
use place::{Place, Places};
use source::Origin;
use token::{Salt, Token};

pub use crate::beacon::Kind;

/// One accepted beacon of one site.
pub struct Hit {
    /// The site it counts for.
    pub site: SiteId,
    /// When it arrived.
    pub at: Moment,
    /// The site's day and hour then.
    pub local: LocalHour,
    /// Who sent it, for today; nothing where the site keeps no tokens.
    pub token: Option<Token>,
    /// What it tells; names are masked.
    pub kind: Kind,
    /// The page, without its query, masked.
    pub page: String,
    /// The host of the page.
    pub hostname: String,
    /// Properties, masked, each key once.
    pub props: Vec<(String, String)>,
    /// Browser, system and device.
    pub agent: Arc<Agent>,
    /// Country, region and city.
    pub place: Place,
    /// Source, referrer and channel.
    pub origin: Origin,
    /// The five campaign keys.
    pub campaign: Campaign,
    /// Primary language subtag; empty when unknown.
    pub language: String,
    /// Class of the viewport's width.
    pub screen: Option<&'static str>,
}

impl fmt::Debug for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hit")
    }
}

impl Hit {
    /// Its value on a dimension that a visit fixes at its first hit; the label of the missing value if it has none.
    pub fn value(&self, dimension: Dimension) -> &str {
        let campaign = &self.campaign;
        match dimension {
            Dimension::Source => &self.origin.source,
            Dimension::Referrer => &self.origin.referrer,
            Dimension::Channel => self.origin.channel,
            Dimension::UtmSource => set(&campaign.utm_source),
            Dimension::UtmMedium => set(&campaign.medium),
            Dimension::UtmCampaign => set(&campaign.campaign),
            Dimension::UtmContent => set(&campaign.content),
            Dimension::UtmTerm => set(&campaign.term),
            Dimension::Country => &self.place.country,
            Dimension::Region => &self.place.region,
            Dimension::City => &self.place.city,
            Dimension::Browser => &self.agent.browser,
            Dimension::BrowserVersion => &self.agent.browser_version,
            Dimension::Os => &self.agent.os,
            Dimension::OsVersion => &self.agent.os_version,
            Dimension::Device => self.agent.device,
            Dimension::Screen => self.screen.unwrap_or(NOT_SET),
            Dimension::Language if !self.language.is_empty() => &self.language,
            _ => NOT_SET,
        }
    }

    /// Its value on the dimension `event`: a pageview is the event `pageview`.
    pub fn event(&self) -> &str {
        match &self.kind {
            Kind::Event { name, .. } => name,
            Kind::Pageview => "pageview",
            Kind::Engagement { .. } => "engagement",
        }
    }
}

fn set(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or(NOT_SET)
}

/// The tables that hits are made with.
#[derive(Debug)]
pub struct Tools {
    /// User agents.
    pub agents: Agents,
    /// Places.
    pub places: Places,
}

/// When a beacon arrived: the moment, and the site's day and hour.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The moment.
    pub at: Moment,
    /// The day and hour at the site.
    pub local: LocalHour,
}

/// Makes the hit of a beacon.
///
/// # Errors
/// The reason why the beacon is not counted.
pub fn make(beacon: Beacon, site: &Site, arrival: Arrival, salt: &Salt, tools: &Tools) -> Result<Hit, Rejection> {
    let agent = admit(&beacon, site, tools)?;
    let location = path::locate(&beacon.url, beacon.hash_mode)?;
    if !site.allows(&location.hostname) {
        return Err(Rejection::WrongHost);
    }
    let campaign = path::campaign(&location.query);
    let is_own = |host: &str| host == site.domain.as_str() || site.settings.hosts.iter().any(|own| own == host);
    let origin = source::origin(&campaign, &beacon.referrer, &location.hostname, is_own)?;
    let mode = site.settings.address;
    let Sender { address, agent: user_agent, time_zone, .. } = beacon.sender;
    Ok(Hit {
        site: site.id,
        at: arrival.at,
        local: arrival.local,
        token: token::of(salt, address, &user_agent, mode),
        kind: masked(beacon.kind),
        page: location.path,
        hostname: location.hostname,
        props: props(beacon.props),
        agent,
        place: tools.places.of(token::visible(address, mode), time_zone.as_deref()),
        origin,
        campaign,
        language: beacon.language,
        screen: beacon.screen,
    })
}

/// Whether the sender is somebody who wants to be counted.
fn admit(beacon: &Beacon, site: &Site, tools: &Tools) -> Result<Arc<Agent>, Rejection> {
    let sender = &beacon.sender;
    if sender.prefetch {
        return Err(Rejection::Prefetch);
    }
    if sender.opted_out && site.settings.opt_out {
        return Err(Rejection::OptedOut);
    }
    if sender.automated {
        return Err(Rejection::Bot);
    }
    match tools.agents.classify(&sender.agent.0, sender.touch_mac) {
        Verdict::Person(agent) => Ok(agent),
        Verdict::Library(agent) if beacon.libraries_count => Ok(agent),
        Verdict::Library(_) | Verdict::Bot => Err(Rejection::Bot),
    }
}

fn masked(kind: Kind) -> Kind {
    match kind {
        Kind::Event { name, interactive } => Kind::Event { name: mask::name(&name).into_owned(), interactive },
        other => other,
    }
}

/// Properties as they may be stored: masked, addresses cut to host and page, each key once.
fn props(sent: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::with_capacity(sent.len());
    for (key, value) in sent.into_iter().take(limits::PROPS_MAX) {
        let key = mask::name(&key).into_owned();
        if !kept.iter().any(|(other, _)| *other == key) {
            kept.push((key, path::value(&value)));
        }
    }
    kept
}
