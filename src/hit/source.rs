//! In: the campaign of a page, the referrer as sent, how near hosts are to the site. Out: an [`Origin`]: source, referrer and
//! channel. Forgets: the referrer's path and query, and which sub-domain of an unknown host it was.
//!
//! Names come from two tables: `data/sources_own.tsv`, which wins, and the older and longer `data/sources.tsv`. The groups
//! are those of the field (GA4's channels, with AI assistants beside them).

mod channel;
mod table;

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock};

use url::Url;

use super::judged::Judged;
use super::mask;
use super::path::Campaign;
use super::url_fast_path::{self, Plain};
use crate::cell::DIRECT_OR_NONE;
use crate::limits::SENDER_CACHE_ENTRIES;
use crate::rejection::Rejection;
use crate::site::{self, HostRelation};
use table::{Named, SourceKind, TABLE};

pub use channel::{CHANNELS, named as channel_named};

/// Where a visit came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The name we give to it: `Google`, `ChatGPT`, `example.org`; [`DIRECT_OR_NONE`] when nothing says.
    pub source: Cow<'static, str>,
    /// The origin domain sent, or the package of an Android app; [`DIRECT_OR_NONE`] when there is none.
    pub referrer: Cow<'static, str>,
    /// The group of the source: `Organic Search`, `Direct`, ...
    pub channel: &'static str,
}

/// Finds out where the reader of a page came from. `relation` is asked, with a folded host, how near it is to the site. A host of the
/// site's own domain is no referrer; where its owner counts it as one it has its whole name, which is never the site's.
///
/// # Errors
/// [`Rejection::SpamSource`] when the referrer is on the list of referrer spammers.
pub fn origin(
    campaign: &Campaign,
    referrer: &str,
    relation: impl Fn(&str) -> HostRelation,
) -> Result<Origin, Rejection> {
    let sender = sender(referrer)
        .map(|sender| (sender.relation(&relation), sender))
        .filter(|(relation, _)| *relation != HostRelation::Own);
    let known = sender.map(|(relation, sender)| (relation, sender.known()));
    if known.as_ref().is_some_and(|(_, known)| known.is_spam) {
        return Err(Rejection::SpamSource);
    }
    // A link within the site may say where it stands; only an owner's own `utm_source` may call the site itself a source.
    let named_by_key = campaign.source.as_deref().filter(|text| {
        campaign.utm_source.is_some()
            || host_in(text).is_none_or(|host| ReferringParty::Host(host).relation(&relation) != HostRelation::Own)
    });
    let named = match (named_by_key, &known, campaign.click) {
        (Some(text), _, _) => Some(of_campaign(text, &relation)),
        (None, Some((HostRelation::Sibling, known)), _) => Some((known.referrer.clone(), SourceKind::Referral)),
        (None, Some((_, known)), _) => Some((known.source.clone(), known.kind)),
        (None, None, Some(click)) => Some(of_campaign(click.source, &relation)),
        (None, None, None) => None,
    };
    let kind = named.as_ref().map(|(_, kind)| *kind);
    let is_ad = named.as_ref().is_some_and(|(source, kind)| is_paid_click(campaign, source, *kind));
    Ok(Origin {
        channel: channel::of(campaign, kind, is_ad),
        source: named.map_or(Cow::Borrowed(DIRECT_OR_NONE), |(name, _)| name),
        referrer: known.map_or(Cow::Borrowed(DIRECT_OR_NONE), |(_, known)| known.referrer.clone()),
    })
}

/// Whether a click id says that this source was paid: an id of the network itself, or of a search engine's on any search
/// engine or on Google's own video site, where its advertisements are too.
fn is_paid_click(campaign: &Campaign, source: &str, kind: SourceKind) -> bool {
    let Some(click) = campaign.click.filter(|click| click.is_paid) else { return false };
    let (network, network_kind) = of_campaign(click.source, |_| HostRelation::Stranger);
    let is_of_google = network == "Google" && source == "YouTube";
    network == source || is_of_google || network_kind == SourceKind::Search && kind == SourceKind::Search
}

/// What the lists say about a sender.
struct Known {
    is_spam: bool,
    source: Cow<'static, str>,
    kind: SourceKind,
    referrer: Cow<'static, str>,
}

/// What the lists say about the hosts that come most often: finding that out costs more than all else about a hit.
static KNOWN: LazyLock<Judged<Arc<Known>>> = LazyLock::new(|| Judged::with_room_for(SENDER_CACHE_ENTRIES));

/// Who a referrer names.
enum ReferringParty {
    /// A web site, by its folded host.
    Host(String),
    /// An Android app, by its package in lower case.
    App(String),
}

/// The sender in a referrer as sent; nothing when it is no address of the web or of an Android app.
fn sender(referrer: &str) -> Option<ReferringParty> {
    if referrer.is_empty() {
        return None;
    }
    if let Some(Plain { host, .. }) = url_fast_path::of(referrer) {
        return Some(ReferringParty::Host(site::fold(host)));
    }
    let url = Url::parse(referrer).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    match url.scheme() {
        "http" | "https" => Some(ReferringParty::Host(site::fold(host))),
        "android-app" => Some(ReferringParty::App(host.to_lowercase())),
        _ => None,
    }
}

impl ReferringParty {
    fn text(&self) -> &str {
        match self {
            ReferringParty::Host(text) | ReferringParty::App(text) => text,
        }
    }

    fn relation(&self, relation: impl Fn(&str) -> HostRelation) -> HostRelation {
        match self {
            ReferringParty::Host(host) if is_local(host) => HostRelation::Own,
            ReferringParty::Host(host) => relation(host),
            ReferringParty::App(_) => HostRelation::Stranger,
        }
    }

    fn known(&self) -> Arc<Known> {
        let find = || {
            let (source, kind) = self.named();
            Arc::new(Known { is_spam: self.is_spam(), source, kind, referrer: stored(self.text()) })
        };
        let ReferringParty::Host(host) = self else { return find() };
        KNOWN.of(host, find)
    }

    fn is_spam(&self) -> bool {
        matches!(self, ReferringParty::Host(host) if table::is_spam(host))
    }

    fn named(&self) -> (Cow<'static, str>, SourceKind) {
        let named = match self {
            ReferringParty::Host(host) => TABLE.of_host(host),
            ReferringParty::App(package) => TABLE.of_package(package),
        };
        match (named, self) {
            (Some(Named { source: "", kind }), ReferringParty::Host(host)) => (stored(registrable(host)), kind),
            (Some(Named { source, kind }), _) => (Cow::Borrowed(source), kind),
            (None, ReferringParty::Host(host)) => (stored(registrable(host)), SourceKind::Referral),
            (None, ReferringParty::App(package)) => (stored(package), SourceKind::Referral),
        }
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
}

/// The part of a host that somebody registered; the host itself when it is an address or has no known suffix.
fn registrable(host: &str) -> &str {
    site::registrable(host).unwrap_or(host)
}

/// The source that a campaign names. A host counts as it would in a referrer; other texts that no table knows stay.
fn of_campaign(text: &str, relation: impl Fn(&str) -> HostRelation) -> (Cow<'static, str>, SourceKind) {
    match TABLE.of_word(text) {
        Some(Named { source, kind }) => (Cow::Borrowed(source), kind),
        None => match host_in(text) {
            // The domain of one of the site's own would read like the site.
            Some(host) if relation(&host) != HostRelation::Stranger => (stored(&host), SourceKind::Referral),
            Some(host) => ReferringParty::Host(host).named(),
            None => (stored(text), SourceKind::Referral),
        },
    }
}

/// The folded host of a text that is a host, with a path or without one.
fn host_in(text: &str) -> Option<String> {
    let host = text.split('/').next().filter(|host| host.contains('.'))?;
    let is_known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    let is_host = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
    (is_host && (is_known || host.len() < text.len())).then(|| site::fold(host))
}

fn stored(text: &str) -> Cow<'static, str> {
    Cow::Owned(mask::name(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::path::campaign;
    use super::*;

    fn from(query: &str, referrer: &str) -> (String, String, &'static str) {
        let relation = |host: &str| HostRelation::among(host, ["example.com", "shop.example.net"]);
        let origin = origin(&campaign(query), referrer, relation).expect("no spammer");
        (origin.source.into_owned(), origin.referrer.into_owned(), origin.channel)
    }

    /// Referrers, their sources, domains and channels.
    const REFERRERS: &[(&str, &str, &str, &str)] = &[
        ("https://www.google.com/", "Google", "google.com", "Organic Search"),
        ("https://www.google.co.uk/search?q=secret", "Google", "google.co.uk", "Organic Search"),
        ("https://google.github.io/", "google.github.io", "google.github.io", "Referral"),
        ("https://duckduckgo.com", "DuckDuckGo", "duckduckgo.com", "Organic Search"),
        ("https://cn.bing.com/", "Bing", "cn.bing.com", "Organic Search"),
        ("https://docs.google.com/document/d/1", "Google Docs", "docs.google.com", "Referral"),
        ("https://mail.google.com/mail/u/0", "Gmail", "mail.google.com", "Email"),
        ("https://mail.yahoo.com/", "Yahoo! Mail", "mail.yahoo.com", "Email"),
        ("https://outlook.live.com/", "Outlook", "outlook.live.com", "Email"),
        ("https://t.co/abc", "X", "t.co", "Organic Social"),
        ("https://www.facebook.com/", "Facebook", "facebook.com", "Organic Social"),
        ("https://l.facebook.com/", "Facebook", "l.facebook.com", "Organic Social"),
        ("https://out.reddit.com/", "Reddit", "out.reddit.com", "Organic Social"),
        ("https://np.reddit.com/", "Reddit", "np.reddit.com", "Organic Social"),
        ("https://news.ycombinator.com/item?id=1", "Hacker News", "news.ycombinator.com", "Organic Social"),
        ("https://lobste.rs/", "Lobsters", "lobste.rs", "Organic Social"),
        ("https://mastodon.social/@a", "Mastodon", "mastodon.social", "Organic Social"),
        ("https://app.slack.com/", "Slack", "app.slack.com", "Organic Social"),
        ("https://vk.com/", "VK", "vk.com", "Organic Social"),
        ("https://chatgpt.com/", "ChatGPT", "chatgpt.com", "AI Assistants"),
        ("https://www.perplexity.ai/", "Perplexity", "perplexity.ai", "AI Assistants"),
        ("https://gemini.google.com/app", "Gemini", "gemini.google.com", "AI Assistants"),
        ("https://chat.mistral.ai/", "Le Chat", "chat.mistral.ai", "AI Assistants"),
        ("https://you.com/", "You.com", "you.com", "AI Assistants"),
        ("https://m.youtube.com/watch?v=1", "YouTube", "m.youtube.com", "Organic Video"),
        ("https://www.amazon.de/dp/1", "Amazon", "amazon.de", "Organic Shopping"),
        ("android-app://com.google.android.gm/", "Gmail", "com.google.android.gm", "Email"),
        ("android-app://org.telegram.messenger.web/", "Telegram", "org.telegram.messenger.web", "Organic Social"),
        ("https://webmail2.example.org/", "example.org", "webmail2.example.org", "Email"),
        ("https://mail24.example/", "mail24.example", "mail24.example", "Referral"),
        ("https://www.google.cat/", "Google", "google.cat", "Organic Search"),
        ("android-app://org.example.App", "org.example.app", "org.example.app", "Referral"),
        ("https://blog.me.github.io/x", "me.github.io", "blog.me.github.io", "Referral"),
        ("https://news.bbc.co.uk/", "bbc.co.uk", "news.bbc.co.uk", "Referral"),
        ("https://blog.example.org/", "example.org", "blog.example.org", "Referral"),
        ("http://192.0.2.7/", ":ip", ":ip", "Referral"),
        ("http://intranet/", "intranet", "intranet", "Referral"),
        ("https://u:p@WWW.Other.example:8080/a?b#c", "other.example", "other.example", "Referral"),
    ];

    #[test]
    fn a_referrer_becomes_source_domain_and_channel() {
        for (referrer, source, domain, channel) in REFERRERS.iter().copied() {
            let want = (source.to_owned(), domain.to_owned(), channel);
            assert_eq!(from("", referrer), want, "{referrer}");
        }
    }

    #[test]
    fn own_pages_and_what_is_no_address_count_as_none() {
        for referrer in [
            "",
            "https://example.com/a",
            "http://WWW.example.com:8080/",
            "https://shop.example.net/cart",
            "https://blog.example.com/",
            "https://www.example.net/",
            "http://app.localhost:3000/",
            "http://localhost:3000/",
            "http://127.0.0.1/",
            "google.com",
            "about:client",
            "ftp://other.example/",
            "https://",
        ] {
            let want = (DIRECT_OR_NONE.to_owned(), DIRECT_OR_NONE.to_owned(), "Direct");
            assert_eq!(from("", referrer), want, "{referrer}");
        }
    }

    #[test]
    fn a_campaign_names_the_source_and_the_referrer_stays() {
        for (query, source, channel) in [
            ("utm_source=google", "Google", "Organic Search"),
            ("utm_source=Google&utm_medium=cpc", "Google", "Paid Search"),
            ("utm_source=google.com&gclid=x", "Google", "Paid Search"),
            ("utm_source=chatgpt.com", "ChatGPT", "AI Assistants"),
            ("ref=https%3A%2F%2Fwww.google.de%2Fsearch%3Fq%3Dsecret", "Google", "Organic Search"),
            ("ref=https%3A%2F%2Fblog.news.example%2Fa%3Fq%3Dsecret", "news.example", "Referral"),
            ("ref=blog.other.org", "other.org", "Referral"),
            ("utm_source=v1.2", "v1.2", "Referral"),
            ("ref=producthunt", "Product Hunt", "Organic Social"),
            ("source=hacker_news", "Hacker News", "Organic Social"),
            ("utm_source=fb&utm_medium=paid", "Facebook", "Paid Social"),
            ("utm_source=bingads&utm_medium=cpc", "Bing", "Paid Search"),
            ("utm_source=facebook_ads&utm_medium=paid", "Facebook", "Paid Social"),
            ("utm_source=klaviyo", "Klaviyo", "Email"),
            ("utm_source=newsletter&utm_medium=email", "newsletter", "Email"),
            ("utm_source=Autumn", "Autumn", "Referral"),
            ("utm_source=bob@example.com", ":email", "Referral"),
        ] {
            let want = (source.to_owned(), "t.co".to_owned(), channel);
            assert_eq!(from(query, "https://t.co/x"), want, "{query}");
        }
    }

    #[test]
    fn referrer_spammers_and_their_sub_domains_are_rejected() {
        for referrer in ["http://0-0.fr/", "https://www.0-0.fr/x", "http://a.b.0-0.fr"] {
            let got = origin(&Campaign::default(), referrer, |_| HostRelation::Stranger);
            assert_eq!(got, Err(Rejection::SpamSource), "{referrer}");
        }
        assert!(origin(&Campaign::default(), "http://x0-0.fr/", |_| HostRelation::Stranger).is_ok());
    }

    #[test]
    fn the_site_is_never_a_source_of_its_own() {
        let found = |relation: HostRelation, query: &str, referrer: &str| {
            let near = |host: &str| if host.ends_with("example.com") { relation } else { HostRelation::Stranger };
            origin(&campaign(query), referrer, near).expect("no spammer").source.into_owned()
        };
        for (query, referrer, by_default, when_referrers) in [
            ("", "https://blog.example.com/", DIRECT_OR_NONE, "blog.example.com"),
            ("ref=blog.example.com", "", DIRECT_OR_NONE, "blog.example.com"),
            ("source=https%3A%2F%2Fexample.com%2Fa", "https://t.co/", "X", "example.com"),
            ("utm_source=example.com", "", "example.com", "example.com"),
            ("utm_source=blog.example.com", "", "blog.example.com", "blog.example.com"),
            ("ref=blog.example.org", "https://www.example.com/", "example.org", "example.org"),
        ] {
            assert_eq!(found(HostRelation::Own, query, referrer), by_default, "{query} {referrer}");
            assert_eq!(found(HostRelation::Sibling, query, referrer), when_referrers, "{query} {referrer}");
        }
    }
}
