//! In: requests for the pictures and links of mail campaigns, and the content of a signed link. Out: which campaign, and
//! [`Asker`]: who asked for it. Forgets: every key of the query, so that no recipient can be told from another.

use serde::{Deserialize, Serialize};

use super::Request;
use crate::site::fold;

/// The name under which campaigns are counted that nobody declared.
pub const UNKNOWN: &str = "(unknown)";

/// What happened to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Act {
    /// Its picture was asked for.
    Opened,
    /// A link in it was followed.
    Clicked,
}

/// Who asks for a picture or follows a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Asker {
    /// A mail program or a browser of a person.
    Reader,
    /// A mail provider on behalf of a person who opens the mail: Gmail, Yahoo.
    Proxy,
    /// A relay that asks whether the mail is opened or not: Apple's Mail Privacy Protection.
    Relay,
    /// A program that looks for harm: safe links, scanners, crawlers, libraries.
    Scanner,
}

/// What is counted of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MailKind {
    /// What happened.
    pub act: Act,
    /// By whom.
    pub asker: Asker,
}

impl MailKind {
    /// All of them.
    pub const ALL: [MailKind; 8] = {
        use Act::{Clicked, Opened};
        use Asker::{Proxy, Reader, Relay, Scanner};
        [
            MailKind { act: Opened, asker: Reader },
            MailKind { act: Opened, asker: Proxy },
            MailKind { act: Opened, asker: Relay },
            MailKind { act: Opened, asker: Scanner },
            MailKind { act: Clicked, asker: Reader },
            MailKind { act: Clicked, asker: Proxy },
            MailKind { act: Clicked, asker: Relay },
            MailKind { act: Clicked, asker: Scanner },
        ]
    };

    /// The code as stored.
    pub fn code(self) -> u8 {
        let asker = match self.asker {
            Asker::Reader => 1,
            Asker::Proxy => 2,
            Asker::Relay => 3,
            Asker::Scanner => 4,
        };
        if self.act == Act::Opened { asker } else { 10 + asker }
    }

    /// The kind with this code.
    pub fn from_code(code: u8) -> Option<MailKind> {
        MailKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Providers that fetch pictures when a person opens a mail, lower case.
const PROXIES: [&str; 4] = ["googleimageproxy", "yahoomailproxy", "ymailproxy", "mail.ru imageproxy"];
/// Programs that look at mails and links before people do, lower case.
#[rustfmt::skip]
const SCANNERS: [&str; 10] = [
    "safelinks", "proofpoint", "mimecast", "barracuda", "symantec", "trendmicro", "urldefense", "zscaler", "fortiguard",
    "bitdefender",
];
/// Outlook shows a mail's pictures under these names, but links open in a browser: there it only looks ahead. Lower case.
const OFFICE: [&str; 3] = ["ms-office", "msoffice", "microsoft office"];

/// Who asks, as far as the agent tells; `is_program` says that it is one that nobody looks at, `is_head` that no content was
/// asked for.
///
/// Apple's relay sends an agent of one word alone, and comes from too many networks to list them.
pub fn asker(request: &Request<'_>, act: Act, is_program: bool, is_head: bool) -> Asker {
    let agent = request.user_agent.trim().to_ascii_lowercase();
    if PROXIES.iter().any(|proxy| agent.contains(proxy)) {
        return Asker::Proxy;
    }
    if agent == "mozilla/5.0" {
        return Asker::Relay;
    }
    let is_office = OFFICE.iter().any(|office| agent.contains(office));
    if is_office && act == Act::Opened && !is_head {
        return Asker::Reader;
    }
    let looks_ahead = is_head || request.prefetch || is_program || is_office;
    if looks_ahead || SCANNERS.iter().any(|scanner| agent.contains(scanner)) {
        return Asker::Scanner;
    }
    Asker::Reader
}

/// Site and campaign of `/e/DOMAIN/CAMPAIGN.gif`.
pub fn of_picture(path: &str) -> Option<(String, String)> {
    let (domain, name) = path.strip_prefix("/e/")?.split_once('/')?;
    let name = name.strip_suffix(".gif")?;
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    (!domain.is_empty() && !name.is_empty()).then(|| (fold(domain), name.into_owned()))
}

/// Whether whoever follows a link, or asks for a picture, has put `count=no` behind it.
pub fn is_declined(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair == "count=no"))
}

/// The keys that book a visit to a campaign.
const CAMPAIGN_KEYS: [&str; 3] = ["utm_source", "utm_medium", "utm_campaign"];

/// What a link is signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The site's domain.
    pub site: String,
    /// The campaign.
    pub campaign: String,
    /// Where it leads, with the keys of the campaign.
    pub to: String,
}

impl Link {
    /// The text that is signed.
    pub fn text(&self) -> String {
        [&*self.site, &*self.campaign, &*self.to].join("\n")
    }

    /// The link of a signed text.
    pub fn of_text(text: &str) -> Option<Link> {
        let mut parts = text.splitn(3, '\n').map(str::to_owned);
        Some(Link { site: parts.next()?, campaign: parts.next()?, to: parts.next()? })
    }

    /// A link to an address of the web, with the keys that book the visit to the campaign; those that are there stay.
    pub fn to(site: &str, campaign: &str, source: &str, url: &str) -> Option<Link> {
        let mut to = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        for (key, value) in CAMPAIGN_KEYS.into_iter().zip([source, "email", campaign]) {
            if !to.query_pairs().any(|(known, _)| known == key) {
                to.query_pairs_mut().append_pair(key, value);
            }
        }
        Some(Link { site: site.to_owned(), campaign: campaign.to_owned(), to: to.into() })
    }

    /// Where it leads without the keys of the campaign, for whoever wants to be counted nowhere. The rest stays as it was written.
    pub fn to_without_campaign(&self) -> String {
        let (address, fragment) = self.to.split_once('#').map_or((&*self.to, None), |(to, part)| (to, Some(part)));
        let Some((page, query)) = address.split_once('?') else { return self.to.clone() };
        let is_key = |pair: &&str| CAMPAIGN_KEYS.contains(&pair.split('=').next().unwrap_or_default());
        let rest: Vec<&str> = query.split('&').filter(|pair| !is_key(pair)).collect();
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        format!("{page}{query}{}", fragment.map_or_else(String::new, |part| format!("#{part}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;

    fn of(agent: &str) -> Asker {
        asker(&Request { user_agent: agent, ..ask() }, Act::Opened, false, false)
    }

    #[test]
    fn proxies_relays_and_scanners_are_told_apart() {
        assert_eq!(
            of("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"),
            Asker::Proxy
        );
        assert_eq!(of("YahooMailProxy; https://help.yahoo.com/"), Asker::Proxy);
        assert_eq!(of("Mozilla/5.0"), Asker::Relay);
        let office = Request { user_agent: "Mozilla/4.0 (compatible; ms-office; MSOffice 16)", ..ask() };
        assert_eq!(asker(&office, Act::Opened, true, false), Asker::Reader);
        assert_eq!(asker(&office, Act::Clicked, false, false), Asker::Scanner);
        assert_eq!(of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0"), Asker::Reader);
        assert_eq!(asker(&ask(), Act::Opened, false, true), Asker::Scanner);
        assert_eq!(asker(&ask(), Act::Clicked, true, false), Asker::Scanner);
        assert_eq!(asker(&Request { prefetch: true, ..ask() }, Act::Clicked, false, false), Asker::Scanner);
    }

    #[test]
    fn a_picture_names_site_and_campaign() {
        let found = |path| of_picture(path).map(|(site, name)| format!("{site} {name}"));
        assert_eq!(found("/e/www.Example.com/spring%202026.gif"), Some("example.com spring 2026".into()));
        for wrong in ["/e/", "/e/example.com", "/e/example.com/.gif", "/e/example.com/spring.png", "/e//spring.gif"] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_link_leads_where_it_was_made_for_with_the_campaigns_keys() {
        let link =
            Link::to("example.com", "spring", "newsletter", "https://example.com/a?x=1&utm_source=mine#top").unwrap();
        assert_eq!(link.to, "https://example.com/a?x=1&utm_source=mine&utm_medium=email&utm_campaign=spring#top");
        assert_eq!(Link::of_text(&link.text()), Some(link));
        assert_eq!(Link::to("example.com", "spring", "newsletter", "javascript:alert(1)"), None);
        assert_eq!(Link::of_text("a\nb"), None);
    }

    #[test]
    fn who_is_counted_nowhere_comes_without_the_campaigns_keys() {
        let led = |url: &str| Link::to("example.com", "spring", "newsletter", url).unwrap().to_without_campaign();
        assert_eq!(led("https://example.com/a?x=%20y&z#top"), "https://example.com/a?x=%20y&z#top");
        assert_eq!(led("https://example.com/"), "https://example.com/");
        for (query, is) in [("count=no", true), ("x=1&count=no", true), ("count=yes", false), ("discount=no", false)] {
            assert_eq!(is_declined(Some(query)), is, "{query}");
        }
        assert!(!is_declined(None));
    }

    #[test]
    fn codes_are_distinct_and_read_back() {
        for kind in MailKind::ALL {
            assert_eq!(MailKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(MailKind::from_code(0), None);
    }
}
