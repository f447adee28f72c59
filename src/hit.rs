//! In: a [`Beacon`] and the site it names. Out: a [`Hit`], or the reason why it is not counted. Forgets: the address, the
//! user agent, the full URLs, the query, the time zone and everything else that could tell people apart; what stays are
//! values that many share, and a token that means nothing when the day's salt is gone.

pub mod agent;
mod judged;
mod left_out;
pub mod listed;
pub mod mask;
pub mod path;
pub mod place;
mod url_fast_path;
pub mod source;
pub mod token;
mod watched;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::beacon::{Beacon, NO_HINTS, Sender};
use crate::cell::{Dimension, NOT_SET, PAGEVIEW};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Collectable, Collected, HostRelation, LocalHour, Moment, Site, SiteId};
use agent::{Agent, Agents, Bot, Verdict};
use path::Campaign;
use place::{Place, Places};
use source::Origin;
use token::{Network, Salt, Token};

pub use crate::beacon::Kind;
pub use watched::{Money, Watched, watched};

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
    /// The network it came from, for today; nothing where the site keeps no tokens.
    pub network: Option<Network>,
    /// What it tells; names are masked.
    pub kind: Kind,
    /// The page, without its query, masked; [`NOT_SET`] when it is not known.
    pub page: String,
    /// The host of the page.
    pub hostname: String,
    /// Properties, masked, each key once.
    pub props: Vec<(String, String)>,
    /// Browser, system and device.
    pub agent: Arc<Agent>,
    /// Country, region and city.
    pub place: Arc<Place>,
    /// Source, referrer and channel.
    pub origin: Origin,
    /// The five campaign keys.
    pub campaign: Campaign,
    /// Primary language subtag; empty when unknown.
    pub language: String,
    /// Class of the viewport's width.
    pub screen: Option<&'static str>,
    /// What of it the site's owner watches.
    pub watched: Watched,
    /// What the site collects of it; the rest is empty.
    pub collected: Collected,
}

impl fmt::Debug for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hit")
    }
}

impl Hit {
    /// Its own value on a dimension; the label of the missing value where it has none, or several, or where only the visit has one.
    /// Where the site does not collect the dimension, it is the empty text.
    pub fn value(&self, dimension: Dimension) -> &str {
        if !dimension.is_collected(self.collected) {
            return "";
        }
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
            Dimension::Language if self.language.is_empty() => NOT_SET,
            Dimension::Language => &self.language,
            Dimension::Page => &self.page,
            Dimension::Hostname => &self.hostname,
            Dimension::Event => self.event(),
            Dimension::EntryPage | Dimension::ExitPage | Dimension::PreviousPage => NOT_SET,
            Dimension::Pattern | Dimension::ChannelAndSource => NOT_SET,
            Dimension::Segment
            | Dimension::ReachedStep
            | Dimension::Money
            | Dimension::Property
            | Dimension::Section => NOT_SET,
            #[cfg(test)]
            Dimension::OfTests => NOT_SET,
        }
    }

    /// Its value on the dimension `event`: a pageview is the event `pageview`.
    pub fn event(&self) -> &str {
        match &self.kind {
            Kind::Event { name, .. } => name,
            Kind::Pageview => PAGEVIEW,
            Kind::Engagement { .. } => "engagement",
        }
    }
}

fn set(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or(NOT_SET)
}

/// The tables that hits are made with. There is no `Debug`: the cache of agents holds agents.
pub struct Tools {
    /// User agents.
    pub agents: Agents,
    /// Places.
    pub places: Places,
}

impl Tools {
    /// Builds all tables, which otherwise the first hits would wait for.
    pub fn prepare(&self) {
        let person = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        for agent in [person, "Googlebot/2.1"] {
            self.agents.judge(agent, &NO_HINTS, false);
        }
        // What comes out does not matter: the lists are read on the way.
        let _ = source::origin(&Campaign::default(), "https://www.example.com/", |_| HostRelation::Stranger);
        self.places.of(std::net::Ipv4Addr::UNSPECIFIED.into(), Some("Etc/UTC"));
    }
}

/// When a beacon arrived: the moment, and the site's day and hour.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The moment.
    pub at: Moment,
    /// The day and hour at the site.
    pub local: LocalHour,
}

/// Why a beacon makes no hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The reason.
    pub reason: Rejection,
    /// For [`Rejection::Bot`]: which program came, and for what.
    pub bot: Option<BotHit>,
}

/// A page that a program asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotHit {
    /// The program.
    pub bot: Bot,
    /// The pages that the page is grouped with, see [`path::group`].
    pub pages: String,
}

impl From<Rejection> for Dropped {
    fn from(reason: Rejection) -> Self {
        Dropped { reason, bot: None }
    }
}

/// Makes the hit of a beacon.
///
/// # Errors
/// The reason why the beacon is not counted.
pub fn make(beacon: Beacon, site: &Site, arrival: Arrival, salt: &Salt, tools: &Tools) -> Result<Hit, Dropped> {
    let agent = admit(&beacon, site, tools)?;
    let location = locate(&beacon, site)?;
    let (collected, mode) = (site.settings.collect, site.settings.address);
    let relation = |host: &str| site.relation(host, &location.host);
    let (origin, campaign) = left_out::origin(collected, path::campaign(&location.query), &beacon.referrer, relation)?;
    let Sender { address, agent: user_agent, time_zone, country, .. } = beacon.sender;
    let place = place::within(tools.places.of(token::visible(address, mode), time_zone.as_deref()), country);
    if site.settings.exclude.has_country(&place.country) {
        return Err(Rejection::Excluded.into());
    }
    let page = if beacon.has_page { location.path } else { NOT_SET.to_owned() };
    let props = props(beacon.props, &beacon.kind, &page);
    let kind = masked(beacon.kind);
    let hit = Hit {
        site: site.id,
        at: arrival.at,
        local: arrival.local,
        token: token::of(salt, address, &user_agent, mode),
        network: token::network_of(salt, address, mode),
        watched: watched::watched(site, (&page, &props), &kind, beacon.revenue.as_ref()),
        props,
        kind,
        page,
        hostname: location.hostname,
        agent,
        place,
        origin,
        campaign,
        language: beacon.language,
        screen: beacon.screen,
        collected,
    };
    Ok(hit.without_left_out().noting_names(site))
}

/// The hit of a beacon that nobody counts, under a salt of these random bytes that is used for nothing else.
///
/// # Errors
/// As [`make`].
pub fn make_once(
    beacon: Beacon,
    site: &Site,
    arrival: Arrival,
    random: &[u8; 32],
    tools: &Tools,
) -> Result<Hit, Dropped> {
    make(beacon, site, arrival, &Salt::from_bytes(random), tools)
}

/// Where the page of a beacon is, if it is one that the site counts.
fn locate(beacon: &Beacon, site: &Site) -> Result<path::Location, Rejection> {
    let left_out = &site.settings.exclude;
    let location = path::locate_by(&whole(&beacon.url, site), beacon.hash_mode, Some(&site.settings.paths))?;
    // What the owner has named is no surprise, so it is not told as a wrong host.
    if left_out.has_host(&location.host) || beacon.has_page && left_out.has_page(&location.path) {
        return Err(Rejection::Excluded);
    }
    if site.allows(&location.host) { Ok(location) } else { Err(Rejection::WrongHost) }
}

/// The address of a page in full. A path alone is within the site's own domain.
fn whole<'a>(url: &'a str, site: &Site) -> Cow<'a, str> {
    let is_path = url.starts_with('/') && !url.starts_with("//");
    if is_path { Cow::Owned(["https://", site.domain.as_str(), url].concat()) } else { Cow::Borrowed(url) }
}

/// Whether the sender is somebody who wants to be counted.
fn admit(beacon: &Beacon, site: &Site, tools: &Tools) -> Result<Arc<Agent>, Dropped> {
    let sender = &beacon.sender;
    if site.settings.exclude.has_address(sender.address.0) {
        return Err(Rejection::Excluded.into());
    }
    if sender.prefetch {
        return Err(Rejection::Prefetch.into());
    }
    if sender.opted_out && site.settings.opt_out {
        return Err(Rejection::OptedOut.into());
    }
    if matches!(beacon.kind, Kind::Engagement { .. }) && !site.settings.collect.has(Collectable::Engagement) {
        return Err(Rejection::Excluded.into());
    }
    let bot = match tools.agents.classify(&sender.agent.0, &sender.hints, sender.touch_mac) {
        Verdict::Person(_) if sender.automated => agent::AUTOMATED,
        Verdict::Person(agent) => return Ok(agent),
        Verdict::Library(_) if beacon.libraries_count && !sender.automated => return Ok(Arc::new(Agent::unknown())),
        Verdict::Library(bot) | Verdict::Bot(bot) => bot,
    };
    let location = path::locate_by(&beacon.url, beacon.hash_mode, Some(&site.settings.paths));
    let pages = location.map_or_else(|_| NOT_SET.to_owned(), |location| path::group(&location.path));
    Err(Dropped { reason: Rejection::Bot, bot: Some(BotHit { bot, pages }) })
}

fn masked(kind: Kind) -> Kind {
    match kind {
        Kind::Event { name, interactive } => Kind::Event { name: mask::name(&name).into_owned(), interactive },
        other => other,
    }
}

/// Properties as they may be stored: masked, addresses cut to host and path, each key once. A form that was sent has the
/// page that it stands on, and a page that was not found has itself unless it says otherwise: those are Plausible's rules.
fn props(sent: Vec<(String, String)>, kind: &Kind, page: &str) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::with_capacity(sent.len());
    if matches!(kind, Kind::Event { name, .. } if name == "Form: Submission") {
        kept.push(("path".to_owned(), page.to_owned()));
    }
    for (key, value) in sent.into_iter().take(limits::PROPS_MAX) {
        let key = mask::name(&key).into_owned();
        if !kept.iter().any(|(other, _)| *other == key) {
            kept.push((key, path::value(&value)));
        }
    }
    let is_not_found = matches!(kind, Kind::Event { name, .. } if name == "404");
    if is_not_found && page != NOT_SET && !kept.iter().any(|(key, _)| key == "path") {
        kept.truncate(limits::PROPS_MAX - 1);
        kept.push(("path".to_owned(), page.to_owned()));
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::beacon::address::Way;
    use crate::beacon::{Claims, ClientIp, Hints, UserAgent};
    use crate::site::{Domain, Schedule, Settings};

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn site(settings: Settings) -> Site {
        let domain = Domain::parse("example.com").expect("a domain");
        Site { id: SiteId(1), domain, schedule: Schedule::utc(), settings, added: Moment(0) }
    }

    fn beacon(url: &str) -> Beacon {
        let sender = Sender {
            address: ClientIp(IpAddr::from([192, 0, 2, 77])),
            way: Way::default(),
            agent: UserAgent(FIREFOX.into()),
            hints: Hints::default(),
            opted_out: false,
            prefetch: false,
            automated: false,
            touch_mac: false,
            time_zone: Some("Europe/Berlin".into()),
            country: None,
        };
        Beacon {
            site: "example.com".into(),
            kind: Kind::Pageview,
            url: url.into(),
            has_page: true,
            hash_mode: false,
            referrer: String::new(),
            props: Vec::new(),
            revenue: None,
            language: "de".into(),
            screen: Some("lg"),
            libraries_count: false,
            once: None,
            claims: Claims::default(),
            sender,
        }
    }

    fn made(beacon: Beacon, settings: Settings) -> Result<Hit, Dropped> {
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let at = Moment(1_780_000_000_000);
        let site = site(settings);
        let arrival = Arrival { at, local: site.schedule.locate(at) };
        make(beacon, &site, arrival, &Salt::from_bytes(&[1; 32]), &tools)
    }

    #[test]
    fn a_hit_keeps_what_many_share_and_nothing_else() {
        let mut sent =
            beacon("https://www.example.com/a/ana@mail.test?utm_source=google&utm_campaign=spring&key=secret");
        sent.referrer = "https://www.bing.com/search?q=secret".into();
        let hit = made(sent, Settings::default()).unwrap();
        assert_eq!((hit.page.as_str(), hit.hostname.as_str()), ("/a/:email", "example.com"));
        let told =
            [Dimension::Source, Dimension::Referrer, Dimension::UtmSource, Dimension::UtmCampaign, Dimension::UtmTerm];
        let told = told.map(|dimension| hit.value(dimension));
        assert_eq!(told, ["Google", "bing.com", "google", "spring", NOT_SET]);
        let rest =
            [Dimension::Country, Dimension::Browser, Dimension::BrowserVersion, Dimension::Os, Dimension::Language];
        assert_eq!(rest.map(|dimension| hit.value(dimension)), ["DE", "Firefox", "Firefox 140", "Linux", "de"]);
    }

    #[test]
    fn each_check_has_its_reason() {
        let strict = || Settings { hosts: vec!["example.com".into()], ..Settings::default() };
        let page = || beacon("https://example.com/");
        let with = |change: fn(&mut Beacon)| {
            let mut sent = page();
            change(&mut sent);
            sent
        };
        let cases = [
            (with(|b| b.sender.prefetch = true), Rejection::Prefetch),
            (with(|b| b.sender.opted_out = true), Rejection::OptedOut),
            (with(|b| b.sender.automated = true), Rejection::Bot),
            (with(|b| b.sender.agent = UserAgent("Googlebot/2.1".into())), Rejection::Bot),
            (with(|b| b.sender.agent = UserAgent("curl/8".into())), Rejection::Bot),
            (with(|b| b.url = "https://".into()), Rejection::BadUrl),
            (with(|b| b.url = "https://other.test/".into()), Rejection::WrongHost),
            (with(|b| b.referrer = "https://semalt.com/".into()), Rejection::SpamSource),
        ];
        for (sent, reason) in cases {
            assert_eq!(made(sent, strict()).err().map(|dropped| dropped.reason), Some(reason));
        }
        assert!(made(page(), strict()).is_ok());
        let ignoring = Settings { opt_out: false, ..Settings::default() };
        assert!(made(with(|b| b.sender.opted_out = true), ignoring).is_ok());
    }

    #[test]
    fn libraries_count_where_their_format_says_so() {
        let mut sent = beacon("https://example.com/");
        sent.sender.agent = UserAgent("python-requests/2.32".into());
        sent.libraries_count = true;
        assert_eq!(made(sent, Settings::default()).unwrap().value(Dimension::Browser), NOT_SET);
    }

    #[test]
    fn a_program_is_dropped_with_its_family_and_its_pages() {
        let dropped = |agent: &str, change: fn(&mut Beacon)| {
            let mut sent = beacon("https://example.com/blog/2026/a?secret=1");
            sent.sender.agent = UserAgent(agent.into());
            change(&mut sent);
            let bot = made(sent, Settings::default()).err()?.bot?;
            Some((bot.bot.family, bot.pages))
        };
        let blog = |family| Some((family, "/blog".to_owned()));
        assert_eq!(dropped("GPTBot/1.2", |_| ()), blog("GPTBot"));
        assert_eq!(dropped("curl/8", |_| ()), blog("curl"));
        assert_eq!(dropped("curl/8", |sent| sent.libraries_count = true), None);
        assert_eq!(dropped(FIREFOX, |sent| sent.sender.automated = true), blog("Automated browser"));
        assert_eq!(dropped(FIREFOX, |sent| sent.sender.prefetch = true), None);
        assert_eq!(dropped("GPTBot/1.2", |sent| sent.url = "https://".into()), Some(("GPTBot", NOT_SET.to_owned())));
    }

    #[test]
    fn the_rules_of_the_site_make_the_page() {
        let mut settings = Settings::default();
        settings.paths.templates = vec!["/order/:id".into()];
        settings.paths.query_keys = vec!["step".into()];
        assert_eq!(
            made(beacon("https://example.com/order/77?step=2&x=1"), settings).unwrap().page,
            "/order/:id?step=2"
        );
    }

    #[test]
    fn a_property_has_one_value_and_addresses_lose_their_query() {
        let mut sent = beacon("https://example.com/form");
        sent.kind = Kind::Event { name: "Form: Submission".into(), interactive: true };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        sent.props =
            vec![pair("to", "https://www.other.test/x?token=1"), pair("to", "again"), pair("by", "bob@mail.test")];
        let hit = made(sent, Settings::default()).unwrap();
        assert_eq!(hit.props, [pair("path", "/form"), pair("to", "other.test/x"), pair("by", ":email")]);
    }

    #[test]
    fn the_owners_own_hosts_are_no_referrer() {
        let mut sent = beacon("https://shop.example.com/");
        sent.referrer = "https://example.com/start".into();
        assert_eq!(made(sent, Settings::default()).unwrap().value(Dimension::Source), "Direct / None");
    }

    #[test]
    fn without_tokens_nobody_is_known() {
        let settings = Settings { address: crate::site::AddressMode::None, ..Settings::default() };
        assert_eq!(made(beacon("https://example.com/"), settings).unwrap().token, None);
    }
}
