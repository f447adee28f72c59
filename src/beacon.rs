//! In: one request as its wire format has it: method, path, query, headers, body. Out: [`Beacon`]s. Forgets: the wire
//! format, and every header and key that no later stage needs.
//!
//! Each wire format is one file below: a pure function from a [`Request`] to the [`Beacon`]s in it, one for each site that
//! it names, or to the reason why there are none. `naming`, `claim`, `query` and `nested` read what several formats share.

pub mod address;
mod claim;
pub mod fathom;
pub mod goatcounter;
mod hints;
mod json;
pub mod log;
pub mod mail;
pub mod matomo;
mod naming;
mod nested;
pub mod objects;
pub mod pixel;
pub mod plausible;
mod query;
pub mod simple;
pub mod umami;

use std::fmt;
use std::net::IpAddr;

use crate::limits;
use crate::rejection::Rejection;
use crate::site::Moment;

use address::Way;
pub use claim::{SCREEN_LABELS, screen_labelled};
pub use hints::{Hints, NO_HINTS};
pub use naming::is_document;
pub(crate) use naming::meant;

/// A client's address. It has no `Display`, and `Debug` prints the name of the type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl fmt::Debug for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIp")
    }
}

/// A client's user agent, at most [`crate::limits::USER_AGENT_BYTES_MAX`] bytes. It has no `Display`, and `Debug` prints
/// the name of the type.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UserAgent(pub String);

impl fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserAgent")
    }
}

/// What an ingest request holds, as far as any format looks at it. Of header values it is what is UTF-8 up to the first byte
/// that is not.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The query string, without its question mark.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The client's address, found by [`address::of_client`].
    pub address: ClientIp,
    /// How it came here.
    pub way: Way,
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Sec-CH-UA` and its like.
    pub hints: &'a Hints,
    /// `Accept-Language`.
    pub accept_language: &'a str,
    /// `Referer`.
    pub referer: &'a str,
    /// `Origin`.
    pub origin: &'a str,
    /// `X-Plausible-IP`, else `X-Forwarded-For`, as it came: a server that sends hits may name its visitor there. It is a
    /// claim like any other.
    pub forwarded: &'a str,
    /// Whether `Sec-GPC` or `DNT` is `1`.
    pub opted_out: bool,
    /// Whether `Sec-Purpose`, `Purpose`, `X-Purpose` or `X-Moz` says that nobody looks at the page yet.
    pub prefetch: bool,
}

/// Who sent a beacon, until the hit is made. This is what the next stage forgets.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Its address.
    pub address: ClientIp,
    /// How it came here.
    pub way: Way,
    /// Its agent.
    pub agent: UserAgent,
    /// Its client hints.
    pub hints: Hints,
    /// Whether it asked not to be counted.
    pub opted_out: bool,
    /// Whether the browser fetched ahead of need.
    pub prefetch: bool,
    /// Whether the tracker saw an automated browser (`wd`).
    pub automated: bool,
    /// Whether the tracker saw a touch screen on a Mac (`t`): an iPad.
    pub touch_mac: bool,
    /// The browser's time zone (`tz`).
    pub time_zone: Option<String>,
    /// The country that a believed client claims, as ISO 3166-1 alpha-2; it stands above what the address says.
    pub country: Option<String>,
}

impl Sender {
    /// The sender as the headers tell it. What only a body can tell is still unset. The agent is cut to
    /// [`limits::USER_AGENT_BYTES_MAX`] bytes, at a character.
    pub fn of(request: &Request<'_>) -> Sender {
        Sender {
            address: request.address,
            way: request.way,
            agent: UserAgent(cut(request.user_agent, limits::USER_AGENT_BYTES_MAX).to_owned()),
            hints: request.hints.clone(),
            opted_out: request.opted_out,
            prefetch: request.prefetch,
            automated: false,
            touch_mac: false,
            time_zone: None,
            country: None,
        }
    }
}

/// What a client says of a hit that its connection does not show. Formats read it from anybody; it is believed only with an
/// ingest token for the site, and dropped otherwise. There is no `Debug`: it holds an address and an agent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// When it was.
    pub at: Option<Moment>,
    /// How many seconds ago it was, where that is said in the place of `at`.
    pub ago_s: Option<u32>,
    /// The visitor's address.
    pub address: Option<IpAddr>,
    /// The visitor's user agent.
    pub agent: Option<String>,
    /// Client hints that belong to that agent.
    pub hints: Hints,
    /// The visitor's language, as in `Accept-Language`.
    pub language: Option<String>,
    /// The visitor's country, ISO 3166-1 alpha-2 in any case.
    pub country: Option<String>,
    /// Whether the format refuses messages whose address or time can't be believed, rather than count them as they came.
    pub is_demand: bool,
    /// Why a message whose claims are believed can't be counted: one of them says nothing.
    pub fault: Option<Rejection>,
}

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub reason: Rejection,
    /// The sites that it names, at most [`limits::SITES_OF_A_BEACON_MAX`], to which the rejection is booked.
    pub sites: Vec<String>,
}

impl Refusal {
    /// A refusal that is booked to this site, or to the instance if it is empty.
    fn of(reason: Rejection, site: &str) -> Refusal {
        Refusal { reason, sites: (!site.is_empty()).then(|| site.to_owned()).into_iter().collect() }
    }
}

/// What tells one message from others: a number made of these parts.
fn mark(parts: &[&str]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// The longest beginning of `text` that has at most `bytes_max` bytes and ends between two characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// What a beacon tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A page was shown.
    Pageview,
    /// A named action.
    Event {
        /// Its name, as sent.
        name: String,
        /// Whether it counts against a bounce.
        interactive: bool,
    },
    /// A ping with visible time and scroll depth.
    Engagement {
        /// Visible milliseconds since the last ping.
        ms: u64,
        /// Deepest scroll so far, 0 to 100; nothing when not sent.
        scroll: Option<u8>,
    },
}

impl Kind {
    /// Time of a ping that tells none: all since the visitor's hit before it was spent on the page. Said times are below.
    pub const SINCE_LAST_HIT_MS: u64 = limits::ENGAGEMENT_MS_MAX;
}

/// Money that an event carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Revenue {
    /// The amount in the currency's unit, as sent, a decimal number.
    pub amount: String,
    /// ISO 4217, upper case.
    pub currency: String,
}

/// One message as parsed, before any check of what it means. `Debug` prints only the site, because the rest holds full
/// URLs and whatever a page put into its events.
#[derive(Clone)]
pub struct Beacon {
    /// The site it names, trimmed and without `www.`; empty never.
    pub site: String,
    /// What it tells.
    pub kind: Kind,
    /// The page's address as sent; one that begins with a slash is within the site's own domain.
    pub url: String,
    /// Whether `url` names the page. Where it does not, an event has no page, and a ping is about the page shown last.
    pub has_page: bool,
    /// Whether the fragment belongs to the page (`h`).
    pub hash_mode: bool,
    /// The referrer as sent; empty when there is none.
    pub referrer: String,
    /// Properties, at most [`crate::limits::PROPS_MAX`], values as text.
    pub props: Vec<(String, String)>,
    /// Money.
    pub revenue: Option<Revenue>,
    /// The browser's language, from the tracker (`l`) or the first of `Accept-Language`; empty when unknown.
    pub language: String,
    /// Class of the viewport's width (`sc`, or `w` in CSS pixels): `xs sm md lg xl xxl`.
    pub screen: Option<&'static str>,
    /// Whether HTTP libraries count on this wire format, because its server-side clients are such libraries.
    pub libraries_count: bool,
    /// What tells the message from others of its sender, where the format has that: the same within seconds is a repeat.
    pub once: Option<u64>,
    /// What only an ingest token makes believable.
    pub claims: Claims,
    /// Who sent it.
    pub sender: Sender,
}

impl fmt::Debug for Beacon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beacon").field("site", &self.site).finish_non_exhaustive()
    }
}

impl Beacon {
    /// A beacon that tells no more than this; formats add what else they know.
    fn new(request: &Request<'_>, site: String, kind: Kind, url: String) -> Beacon {
        Beacon {
            site,
            kind,
            url,
            has_page: true,
            hash_mode: false,
            referrer: String::new(),
            props: Vec::new(),
            revenue: None,
            language: claim::language(None, request.accept_language),
            screen: None,
            libraries_count: false,
            once: None,
            claims: Claims::default(),
            sender: Sender::of(request),
        }
    }

    /// Puts what the client claims in the place of what its connection shows. Only for clients that are believed.
    /// The moment that it claims is handed back.
    pub fn believe(&mut self, now: Moment) -> Option<Moment> {
        let claims = std::mem::take(&mut self.claims);
        let sender = &mut self.sender;
        if let Some(address) = claims.address {
            sender.address = ClientIp(address.to_canonical());
            sender.way = Way::default();
        }
        if let Some(agent) = claims.agent {
            sender.agent = UserAgent(cut(&agent, limits::USER_AGENT_BYTES_MAX).to_owned());
            sender.hints = claims.hints;
        }
        if let Some(language) = claims.language {
            self.language = claim::language(Some(&language), "");
        }
        sender.country = claims.country.as_deref().and_then(claim::country);
        claims.at.or_else(|| claims.ago_s.map(|ago| now.plus(-1_000 * i64::from(ago))))
    }

    /// One beacon for each of these sites, alike but for the site. The last one is moved, not copied.
    fn for_sites(self, sites: Vec<String>) -> Vec<Beacon> {
        let copies = std::iter::repeat_n(self, sites.len());
        copies.zip(sites).map(|(beacon, site)| Beacon { site, ..beacon }).collect()
    }
}

/// A request that says nothing but who sent it, for the tests of the formats.
#[cfg(test)]
fn ask() -> Request<'static> {
    Request {
        hints: &NO_HINTS,
        query: "",
        body: b"",
        address: ClientIp(IpAddr::from([192, 0, 2, 1])),
        way: Way::default(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0",
        accept_language: "en-GB,en;q=0.9",
        referer: "",
        origin: "",
        forwarded: "",
        opted_out: false,
        prefetch: false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_agent_is_cut_between_two_characters() {
        let agent = "ä".repeat(limits::USER_AGENT_BYTES_MAX);
        let sender = Sender::of(&Request { user_agent: &agent, opted_out: true, ..ask() });
        assert_eq!(sender.agent.0.len(), limits::USER_AGENT_BYTES_MAX);
        assert!(sender.opted_out && !sender.prefetch && !sender.automated && !sender.touch_mac);
        assert_eq!(Sender::of(&ask()).agent.0, ask().user_agent);
        assert_eq!((cut("aä", 2), cut("aä", 3), cut("ä", 1), cut("", 5)), ("a", "aä", "", ""));
    }

    #[test]
    fn debug_tells_neither_address_nor_agent_nor_urls() {
        let query = "d=example.test&u=https://example.test/secret&r=https://other.test/hidden&n=Name";
        let beacons = pixel::parse(&Request { query, ..ask() }).expect("a beacon");
        assert_eq!(format!("{beacons:?}"), r#"[Beacon { site: "example.test", .. }]"#);
        let sender = format!("{:?}", Sender::of(&ask()));
        assert!(!sender.contains("192") && !sender.contains("Mozilla"), "{sender}");
    }

    /// JSON values of every type, and texts that hold JSON.
    fn value() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|flag| flag.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| number.to_string()),
            ".{0,40}".prop_map(|text| serde_json::Value::from(text).to_string()),
            "(https?|app|data|):(//)?[a-z@:.,/\\[\\]]{0,20}".prop_map(|url| format!("{url:?}")),
            prop::sample::select(vec!["\"pageview\"", "\"engagement\"", "\"a.test, b.test\"", "\"{\\\"a\\\":1}\""])
                .prop_map(str::to_owned),
        ];
        scalar.prop_recursive(3, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(("[a-z]{0,3}", inner), 0..40)
                    .prop_map(|items| object(items.iter().map(|(key, value)| (key.as_str(), value.as_str())))),
            ]
        })
    }

    fn object<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        let entries: Vec<_> = entries.map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", entries.join(","))
    }

    const KEYS: [&str; 16] = ["n", "u", "d", "r", "p", "m", "$", "revenue", "h", "i", "sd", "e", "w", "tz", "l", "x"];

    fn holds_its_bounds(beacon: &Beacon) {
        assert!(!beacon.site.is_empty());
        assert!(!beacon.url.is_empty());
        assert!(beacon.referrer.len() <= limits::URL_BYTES_MAX && beacon.language.len() <= 3);
        assert!(beacon.props.len() <= limits::PROPS_MAX);
    }

    /// The formats of others read the request, and keep their bounds.
    fn others(request: &Request<'_>) {
        let mut beacons: Vec<Beacon> = Vec::new();
        beacons.extend(umami::parse(request));
        beacons.extend(umami::parse_batch(request).into_iter().flatten().flatten());
        beacons.extend(goatcounter::parse(request, "example.test"));
        beacons.extend(goatcounter::parse_api(request, "example.test").into_iter().flatten().flatten());
        beacons.extend(matomo::parse(request).into_iter().flat_map(|parsed| parsed.items).flatten());
        beacons.extend(fathom::parse(request));
        beacons.extend(simple::parse(request));
        beacons.extend(simple::parse_append(request));
        matomo::asked_site(request.query, request.body);
        for beacon in &beacons {
            holds_its_bounds(beacon);
            assert!(beacon.props.iter().all(|(key, _)| key.len() <= limits::PROP_KEY_BYTES_MAX));
            assert!(beacon.props.iter().all(|(_, value)| value.len() <= limits::PROP_VALUE_BYTES_MAX));
            assert!(beacon.claims.address.is_none() || beacon.sender.address == request.address, "not believed yet");
        }
    }

    /// Keys of all formats of others.
    #[rustfmt::skip]
    const THEIRS: [&str; 40] = [
        "type", "payload", "website", "url", "hostname", "referrer", "name", "data", "screen", "language", "tag", "timestamp",
        "ip", "userAgent", "hits", "path", "event", "ref", "size", "query", "bot", "session", "created_at", "requests",
        "idsite", "rec", "urlref", "e_c", "e_a", "cvar", "cdt", "cip", "r", "ping", "duration", "scrolled", "metadata", "p",
        "h", "no_sessions",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn no_object_breaks_the_formats_of_others(
            inner in prop::collection::vec((prop::sample::select(THEIRS.to_vec()), value()), 0..12),
            outer in prop::collection::vec((prop::sample::select(THEIRS.to_vec()), value()), 0..6),
            kind in prop::sample::select(vec!["event", "append", "pageview", "identify"]),
        ) {
            let inner = object(inner.iter().map(|(key, value)| (*key, value.as_str())));
            let kind = format!("{kind:?}");
            let lists = format!("[{inner},\"?idsite=7&rec=1&url=/x\",{inner}]");
            let own = [("type", kind.as_str()), ("payload", &inner), ("hits", &lists), ("requests", &lists)];
            let body = object(outer.iter().map(|(key, value)| (*key, value.as_str())).chain(own));
            let list = format!("[{body},{inner}]");
            for body in [body, list, inner] {
                others(&Request { body: body.as_bytes(), ..ask() });
            }
        }

        #[test]
        fn no_query_breaks_the_formats_of_others(
            pairs in prop::collection::vec((prop::sample::select(THEIRS.to_vec()), "[a-z0-9:/.,%+?{}\"\\[\\]-]{0,30}"), 0..30)
        ) {
            let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let query = format!("idsite=7&rec=1&hostname=a.test&{}", pairs.join("&"));
            others(&Request { query: &query, ..ask() });
            others(&Request { body: query.as_bytes(), ..ask() });
        }

        #[test]
        fn no_bytes_break_a_parser(body: Vec<u8>, query in "\\PC{0,200}", referer in "\\PC{0,40}") {
            let request = Request { body: &body, query: &query, referer: &referer, ..ask() };
            plausible::parse(&request).unwrap_or_default().iter().for_each(holds_its_bounds);
            pixel::parse(&request).unwrap_or_default().iter().for_each(holds_its_bounds);
            others(&request);
            address::of_client([127, 0, 0, 1].into(), |_| body.split(|b| *b == 0), &address::Trust::default());
        }

        #[test]
        fn no_object_breaks_the_json_parser(
            entries in prop::collection::vec((prop::sample::select(KEYS.to_vec()), value()), 0..16)
        ) {
            let body = object(entries.iter().map(|(key, value)| (*key, value.as_str())));
            match plausible::parse(&Request { body: body.as_bytes(), ..ask() }) {
                Ok(beacons) => {
                    assert!((1..=limits::SITES_OF_A_BEACON_MAX).contains(&beacons.len()));
                    beacons.iter().for_each(holds_its_bounds);
                }
                Err(refusal) => assert!(!refusal.faults().is_empty()),
            }
        }

        #[test]
        fn no_query_breaks_the_pixel(values in prop::collection::vec("[a-z0-9:/.,%+?]{0,30}", 8), referer in ".{0,30}") {
            let keys = ["d", "u", "r", "n", "l", "tz", "sc", "w"];
            let pairs: Vec<_> = keys.iter().zip(&values).map(|(key, value)| format!("{key}={value}")).collect();
            let request = Request { query: &pairs.join("&"), referer: &referer, ..ask() };
            pixel::parse(&request).unwrap_or_default().iter().for_each(holds_its_bounds);
        }

        #[test]
        fn no_forwarding_header_breaks_the_reader(
            header in "(for=|For=\"|\\[|\\]|,|;|\"|\\\\|10\\.0\\.0\\.1|::1|:80|unknown| ){0,20}"
        ) {
            let asked = [address::Header::ForwardedFor, address::Header::Forwarded, address::Header::RealIp];
            for only in asked {
                let values = |of: address::Header<'_>| {
                    let is_asked = of == only;
                    std::iter::once(header.as_bytes()).filter(move |_| is_asked)
                };
                address::of_client([127, 0, 0, 1].into(), values, &address::Trust::default());
            }
        }
    }
}
