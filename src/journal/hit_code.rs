//! Writes a hit into few bytes, and makes the same hit of them again.
//!
//! What hits share (a page, an agent, a place, where the visitor comes from) is written once in a segment, and by number then.
//! The rest is the time since the hit before was counted, the token, and what few hits have.

use std::borrow::Cow;
use std::sync::Arc;

use super::dictionary::{ReadEntries, SharedEntries, WrittenEntries};
use super::values::{array, byte, optional_text, put_optional_text, put_text, text, whole_text};
use super::{HitRecord, HowCounted, Unreadable};
use crate::beacon::screen_labelled;
use crate::cell::packed::{Bytes, put, put_signed};
use crate::hit::agent::{Agent, device_named};
use crate::hit::path::{Campaign, Click};
use crate::hit::place::Place;
use crate::hit::source::{Origin, channel_named};
use crate::hit::token::{Network, Token};
use crate::hit::{Hit, Kind, Money, Watched};
use crate::limits;
use crate::site::{Collected, Hour, LocalHour, Moment, SiteId};

/// The two lowest bits say what the hit tells.
const PAGEVIEW: u8 = 0;
const QUIET_EVENT: u8 = 1;
const EVENT: u8 = 2;
const ENGAGEMENT: u8 = 3;
const IS_APART: u8 = 1 << 2;
const HAS_TOKEN: u8 = 1 << 3;
const HAS_NETWORK: u8 = 1 << 4;
const HAS_MARK: u8 = 1 << 5;
const HAS_PROPS: u8 = 1 << 6;
const IS_WATCHED: u8 = 1 << 7;

/// What one visitor's hits have in common with many others'.
#[derive(Clone)]
struct HitContext {
    hostname: String,
    origin: Origin,
    campaign: Campaign,
    language: String,
    screen: Option<&'static str>,
    collected: Collected,
}

/// Writes the hits of one segment.
#[derive(Default)]
pub(super) struct HitEncoder {
    /// When the hit before was counted.
    before: i64,
    hours: WrittenEntries,
    texts: WrittenEntries,
    agents: SharedEntries<Agent>,
    places: SharedEntries<Place>,
    contexts: WrittenEntries,
    scratch: Vec<u8>,
}

impl HitEncoder {
    /// Writes a hit, and how it was counted.
    pub(super) fn put(&mut self, to: &mut Vec<u8>, hit: &Hit, how: HowCounted) {
        let HowCounted { at, mark, is_apart } = how;
        // It decides what names the hit may bring.
        let network = hit.network.map(Network::bits);
        to.push(flags(hit, mark, is_apart, network));
        put_signed(to, at.0.wrapping_sub(self.before));
        put_signed(to, at.0.wrapping_sub(hit.at.0));
        self.before = at.0;
        let scratch = &mut self.scratch;
        scratch.clear();
        put(scratch, u64::from(hit.site.0));
        put_signed(scratch, i64::from(hit.local.day.0));
        scratch.push(hit.local.hour.0);
        self.hours.put(to, scratch);
        put_some(to, hit.token.map(|token| token.bits().to_le_bytes()));
        put_some(to, network.map(u32::to_le_bytes));
        put_some(to, mark.map(u64::to_le_bytes));
        self.texts.put(to, hit.page.as_bytes());
        self.agents.put(to, &hit.agent, scratch, put_agent);
        self.places.put(to, &hit.place, scratch, put_place);
        scratch.clear();
        put_context(scratch, hit);
        self.contexts.put(to, scratch);
        self.put_kind(to, &hit.kind);
        self.put_props(to, &hit.props);
        put_watched(to, &hit.watched);
    }

    fn put_kind(&mut self, to: &mut Vec<u8>, kind: &Kind) {
        match kind {
            Kind::Pageview => {}
            Kind::Event { name, .. } => {
                self.texts.put(to, name.as_bytes());
            }
            Kind::Engagement { ms, scroll } => {
                put(to, *ms);
                put(to, scroll.map_or(0, |scroll| u64::from(scroll) + 1));
            }
        }
    }

    fn put_props(&mut self, to: &mut Vec<u8>, props: &[(String, String)]) {
        if props.is_empty() {
            return;
        }
        put(to, props.len() as u64);
        for text in props.iter().flat_map(|(key, value)| [key, value]) {
            self.texts.put(to, text.as_bytes());
        }
    }
}

/// Bytes of which a flag tells whether they are there.
fn put_some<const N: usize>(to: &mut Vec<u8>, bytes: Option<[u8; N]>) {
    if let Some(bytes) = bytes {
        to.extend_from_slice(&bytes);
    }
}

fn flags(hit: &Hit, mark: Option<u64>, is_apart: bool, network: Option<u32>) -> u8 {
    let kind = match hit.kind {
        Kind::Pageview => PAGEVIEW,
        Kind::Event { interactive: false, .. } => QUIET_EVENT,
        Kind::Event { interactive: true, .. } => EVENT,
        Kind::Engagement { .. } => ENGAGEMENT,
    };
    let set = [
        (IS_APART, is_apart),
        (HAS_TOKEN, hit.token.is_some()),
        (HAS_NETWORK, network.is_some()),
        (HAS_MARK, mark.is_some()),
        (HAS_PROPS, !hit.props.is_empty()),
        (IS_WATCHED, hit.watched != Watched::default()),
    ];
    set.into_iter().filter(|(_, is_set)| *is_set).fold(kind, |flags, (flag, _)| flags | flag)
}

fn put_agent(agent: &Agent, to: &mut Vec<u8>) {
    for text in [&*agent.browser, &agent.browser_version, &*agent.os, &agent.os_version, agent.device] {
        put_text(to, text);
    }
}

fn put_place(place: &Place, to: &mut Vec<u8>) {
    for text in [&place.country, &place.region, &place.city] {
        put_text(to, text);
    }
}

fn put_context(to: &mut Vec<u8>, hit: &Hit) {
    let Hit { hostname, origin, campaign, language, screen, collected, .. } = hit;
    for text in [hostname, &*origin.source, &*origin.referrer, origin.channel, language] {
        put_text(to, text);
    }
    put_optional_text(to, *screen);
    let Campaign { source, utm_source, medium, campaign: name, content, term, click } = campaign;
    for text in [source, utm_source, medium, name, content, term] {
        put_optional_text(to, text.as_deref());
    }
    put_optional_text(to, click.map(|click| click.source));
    to.push(u8::from(click.is_some_and(|click| click.is_paid)));
    put(to, u64::from(collected.bits()));
}

fn put_watched(to: &mut Vec<u8>, watched: &Watched) {
    if *watched == Watched::default() {
        return;
    }
    to.push(u8::from(watched.is_declared_page) | u8::from(watched.is_declared_event) << 1);
    put(to, watched.named);
    put(to, u64::from(watched.named_keys));
    put(to, u64::from(watched.named_props));
    put(to, watched.patterns.len() as u64);
    watched.patterns.iter().for_each(|pattern| put_text(to, pattern));
    put(to, watched.steps.len() as u64);
    for number in watched.steps.iter().flat_map(|(funnel, steps)| [*funnel, *steps]) {
        put(to, u64::from(number));
    }
    put_optional_text(to, watched.money.as_ref().map(|money| money.currency.as_str()));
    if let Some(money) = &watched.money {
        put_signed(to, money.thousandths);
    }
    put(to, watched.properties.len() as u64);
    watched.properties.iter().for_each(|key| put_text(to, key));
}

/// Reads the hits of one segment.
#[derive(Default)]
pub(super) struct HitDecoder {
    before: i64,
    hours: ReadEntries<(SiteId, LocalHour)>,
    texts: ReadEntries<String>,
    agents: ReadEntries<Arc<Agent>>,
    places: ReadEntries<Arc<Place>>,
    contexts: ReadEntries<HitContext>,
}

impl HitDecoder {
    /// Reads what [`HitEncoder::put`] wrote.
    pub(super) fn take(&mut self, bytes: &mut Bytes<'_>) -> Result<HitRecord, Unreadable> {
        let flags = byte(bytes)?;
        let has = |flag: u8| flags & flag != 0;
        self.before = self.before.wrapping_add(bytes.signed()?);
        let counted = Moment(self.before);
        let at = Moment(self.before.wrapping_sub(bytes.signed()?));
        let (site, local) = self.hours.take(bytes, hour)?;
        let token = has(HAS_TOKEN).then(|| array(bytes)).transpose()?;
        let network = has(HAS_NETWORK).then(|| array(bytes)).transpose()?.map(u32::from_le_bytes);
        let mark = has(HAS_MARK).then(|| array(bytes)).transpose()?.map(u64::from_le_bytes);
        let page = self.text(bytes)?;
        let agent = self.agents.take(bytes, agent)?;
        let place = self.places.take(bytes, place)?;
        let context = self.contexts.take(bytes, context)?;
        let kind = self.kind(bytes, flags)?;
        let props = if has(HAS_PROPS) { self.props(bytes)? } else { Vec::new() };
        let watched = if has(IS_WATCHED) { watched(bytes)? } else { Watched::default() };
        let HitContext { hostname, origin, campaign, language, screen, collected } = context;
        let hit = Hit {
            site,
            at,
            local,
            token: token.map(|bits| Token::from_bits(u64::from_le_bytes(bits))),
            network: network.map(Network::from_bits),
            kind,
            page,
            hostname,
            props,
            agent,
            place,
            origin,
            campaign,
            language,
            screen,
            watched,
            collected,
        };
        Ok(HitRecord { hit, how: HowCounted { at: counted, mark, is_apart: has(IS_APART) } })
    }

    fn text(&mut self, bytes: &mut Bytes<'_>) -> Result<String, Unreadable> {
        self.texts.take(bytes, |entry| whole_text(entry.take(entry.rest().len())?))
    }

    fn kind(&mut self, bytes: &mut Bytes<'_>, flags: u8) -> Result<Kind, Unreadable> {
        let event = flags & ENGAGEMENT;
        Ok(match event {
            PAGEVIEW => Kind::Pageview,
            QUIET_EVENT | EVENT => Kind::Event { name: self.text(bytes)?, interactive: event == EVENT },
            _ => {
                let (ms, scroll) = (bytes.number()?, bytes.number()?);
                let scroll = scroll.checked_sub(1).map(u8::try_from).transpose().map_err(|_| Unreadable)?;
                Kind::Engagement { ms, scroll }
            }
        })
    }

    fn props(&mut self, bytes: &mut Bytes<'_>) -> Result<Vec<(String, String)>, Unreadable> {
        let count = bytes.length()?;
        // One more than may be sent: some events get the path of their page.
        if count > limits::PROPS_MAX + 1 {
            return Err(Unreadable);
        }
        let mut props = Vec::with_capacity(count);
        for _ in 0..count {
            props.push((self.text(bytes)?, self.text(bytes)?));
        }
        Ok(props)
    }
}

fn hour(bytes: &mut Bytes<'_>) -> Result<(SiteId, LocalHour), Unreadable> {
    let (site, day) = super::values::place(bytes)?;
    Ok((site, LocalHour { day, hour: Hour(byte(bytes)?) }))
}

fn agent(bytes: &mut Bytes<'_>) -> Result<Arc<Agent>, Unreadable> {
    Ok(Arc::new(Agent {
        browser: Cow::Owned(text(bytes)?),
        browser_version: text(bytes)?,
        os: Cow::Owned(text(bytes)?),
        os_version: text(bytes)?,
        device: listed(&text(bytes)?, device_named)?,
    }))
}

fn place(bytes: &mut Bytes<'_>) -> Result<Arc<Place>, Unreadable> {
    let mut next = || text(bytes).map(Cow::Owned);
    Ok(Arc::new(Place { country: next()?, region: next()?, city: next()? }))
}

/// A word of a closed list; empty where the site does not collect it.
fn listed(word: &str, named: impl Fn(&str) -> Option<&'static str>) -> Result<&'static str, Unreadable> {
    if word.is_empty() { Ok("") } else { named(word).ok_or(Unreadable) }
}

fn context(bytes: &mut Bytes<'_>) -> Result<HitContext, Unreadable> {
    let hostname = text(bytes)?;
    let (source, referrer) = (Cow::Owned(text(bytes)?), Cow::Owned(text(bytes)?));
    let channel = listed(&text(bytes)?, channel_named)?;
    let language = text(bytes)?;
    let screen = optional_text(bytes)?.map(|label| screen_labelled(&label).ok_or(Unreadable)).transpose()?;
    let mut campaign = Campaign {
        source: optional_text(bytes)?,
        utm_source: optional_text(bytes)?,
        medium: optional_text(bytes)?,
        campaign: optional_text(bytes)?,
        content: optional_text(bytes)?,
        term: optional_text(bytes)?,
        click: None,
    };
    let (network, is_paid) = (optional_text(bytes)?, byte(bytes)? == 1);
    campaign.click = network.map(|name| Click::of_network(&name, is_paid).ok_or(Unreadable)).transpose()?;
    let collected = Collected::from_bits(bytes.small()?).ok_or(Unreadable)?;
    Ok(HitContext { hostname, origin: Origin { source, referrer, channel }, campaign, language, screen, collected })
}

fn watched(bytes: &mut Bytes<'_>) -> Result<Watched, Unreadable> {
    let declared = byte(bytes)?;
    let (is_declared_page, is_declared_event) = (declared & 1 != 0, declared & 2 != 0);
    let (named, named_keys, named_props) = (bytes.number()?, bytes.small()?, bytes.small()?);
    let mut watched =
        Watched { is_declared_page, is_declared_event, named, named_keys, named_props, ..Watched::default() };
    for _ in 0..bytes.number()? {
        watched.patterns.push(Arc::from(text(bytes)?));
    }
    for _ in 0..bytes.number()? {
        watched.steps.push((bytes.small()?, bytes.small()?));
    }
    if let Some(currency) = optional_text(bytes)? {
        watched.money = Some(Money { thousandths: bytes.signed()?, currency });
    }
    for _ in 0..bytes.number()? {
        watched.properties.push(Arc::from(text(bytes)?));
    }
    Ok(watched)
}
