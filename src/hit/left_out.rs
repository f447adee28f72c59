//! In: what a hit is made of, and what its site collects. Out: the hit without the rest. Forgets: every value that the site does
//! not collect.

use std::borrow::Cow;
use std::sync::Arc;

use super::Hit;
use super::agent::Agent;
use super::path::Campaign;
use super::place::Place;
use super::source::{self, Origin};
use crate::rejection::Rejection;
use crate::site::{Collectable, Collected, HostRelation};

/// The empty text stands for what is not collected.
const NOTHING: &str = "";

/// Where the visit came from, by what the site reads of it. Without keys of campaigns only the referrer tells, without
/// referrers only those keys. Who is sent by a spammer is turned away in any case.
///
/// # Errors
/// [`Rejection::SpamSource`]
pub(super) fn origin(
    collected: Collected,
    mut campaign: Campaign,
    referrer: &str,
    relation: impl Fn(&str) -> HostRelation,
) -> Result<(Origin, Campaign), Rejection> {
    if collected.is_all() {
        return Ok((source::origin(&campaign, referrer, relation)?, campaign));
    }
    leave_out_keys(&mut campaign, collected);
    let mut origin = source::origin(&campaign, referrer, &relation)?;
    if !collected.has(Collectable::Referrer) {
        if collected.has(Collectable::Source) {
            // A source that is named by its referrer tells it. A channel does not.
            origin = source::origin(&campaign, NOTHING, relation)?;
        }
        origin.referrer = Cow::Borrowed(NOTHING);
    }
    if !collected.has(Collectable::Source) {
        origin.source = Cow::Borrowed(NOTHING);
    }
    if !collected.has(Collectable::Channel) {
        origin.channel = NOTHING;
    }
    Ok((origin, campaign))
}

fn leave_out_keys(campaign: &mut Campaign, collected: Collected) {
    if !collected.has_campaigns() {
        *campaign = Campaign::default();
        return;
    }
    let Campaign { source, utm_source, medium, campaign: name, content, term, click: _ } = campaign;
    for (what, value) in [
        (Collectable::UtmSource, source),
        (Collectable::UtmSource, utm_source),
        (Collectable::UtmMedium, medium),
        (Collectable::UtmCampaign, name),
        (Collectable::UtmContent, content),
        (Collectable::UtmTerm, term),
    ] {
        if !collected.has(what) {
            *value = None;
        }
    }
}

impl Hit {
    /// The same without what its site does not collect; campaign and origin are without it already.
    pub(super) fn without_left_out(mut self) -> Hit {
        let collected = self.collected;
        if collected.is_all() {
            return self;
        }
        let has = |what| collected.has(what);
        self.agent = agent(self.agent, collected);
        self.place = place(self.place, collected);
        if !has(Collectable::Language) {
            self.language.clear();
        }
        self.screen = self.screen.filter(|_| has(Collectable::Screen));
        if !has(Collectable::Hostname) {
            self.hostname.clear();
        }
        if !has(Collectable::Properties) {
            self.props.clear();
            self.watched.properties.clear();
        }
        self.watched.money = self.watched.money.filter(|_| has(Collectable::Money));
        self
    }
}

fn agent(known: Arc<Agent>, collected: Collected) -> Arc<Agent> {
    let of_agent = [
        Collectable::Browser,
        Collectable::BrowserVersion,
        Collectable::Os,
        Collectable::OsVersion,
        Collectable::Device,
    ];
    if of_agent.into_iter().all(|what| collected.has(what)) {
        return known;
    }
    let mut agent = Agent::clone(&known);
    blank(&mut agent.browser, collected.has(Collectable::Browser));
    blank(&mut agent.os, collected.has(Collectable::Os));
    for (what, version) in
        [(Collectable::BrowserVersion, &mut agent.browser_version), (Collectable::OsVersion, &mut agent.os_version)]
    {
        if !collected.has(what) {
            version.clear();
        }
    }
    if !collected.has(Collectable::Device) {
        agent.device = NOTHING;
    }
    Arc::new(agent)
}

fn place(known: Arc<Place>, collected: Collected) -> Arc<Place> {
    // What tells a region or a city goes with them, so that the city is always left out first.
    if collected.has(Collectable::City) {
        return known;
    }
    let mut place = Place::clone(&known);
    blank(&mut place.city, false);
    blank(&mut place.region, collected.has(Collectable::Region));
    blank(&mut place.country, collected.has(Collectable::Country));
    Arc::new(place)
}

fn blank(value: &mut Cow<'static, str>, is_collected: bool) {
    if !is_collected {
        *value = Cow::Borrowed(NOTHING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hit::path;

    const QUERY: &str = "utm_source=news&utm_medium=email&utm_campaign=spring&gclid=1";

    /// Source, referrer and channel, and what is left of the campaign.
    fn origin_without(words: &str, referrer: &str) -> Result<([String; 3], Campaign), Rejection> {
        let collected = Collected::parse(&[words]).expect("what can be left out");
        let (origin, campaign) = origin(collected, path::campaign(QUERY), referrer, |_| HostRelation::Stranger)?;
        Ok(([origin.source.into_owned(), origin.referrer.into_owned(), origin.channel.to_owned()], campaign))
    }

    #[test]
    fn source_and_channel_come_from_what_is_read() {
        let google = "https://www.google.com/search?q=secret";
        for (words, told) in [
            ("all", ["news", "google.com", "Email"]),
            ("no-utm", ["Google", "google.com", "Organic Search"]),
            ("no-utm_medium,no-utm_source", ["Google", "google.com", "Paid Search"]),
            ("no-referrer", ["news", "", "Email"]),
            ("no-referrer,no-utm", ["Direct / None", "", "Direct"]),
            ("no-source", ["", "", "Email"]),
            ("no-channel", ["news", "google.com", ""]),
        ] {
            assert_eq!(origin_without(words, google).unwrap().0, told, "{words}");
        }
    }

    #[test]
    fn keys_of_campaigns_are_left_out_one_by_one_or_not_read_at_all() {
        assert_eq!(origin_without("no-utm", "").unwrap().1, Campaign::default());
        let left = origin_without("no-utm_source", "").unwrap().1;
        assert_eq!((left.source, left.utm_source, left.medium.as_deref()), (None, None, Some("email")));
    }

    #[test]
    fn a_spammer_is_turned_away_though_referrers_are_not_collected() {
        for words in ["all", "no-referrer", "no-source,no-utm"] {
            assert_eq!(origin_without(words, "https://semalt.com/").err(), Some(Rejection::SpamSource), "{words}");
        }
    }
}
