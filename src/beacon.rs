//! In: one request as its wire format has it: method, path, query, headers, body. Out: [`Beacon`]s. Forgets: the wire
//! format, and every header and key that no later stage needs.
//!
//! Each format is one file below; all of them are pure functions from a [`Request`] to [`Parsed`].

pub mod address;
pub mod pixel;
pub mod plausible;

use std::fmt;
use std::net::IpAddr;

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

/// What an ingest request holds, as far as any format looks at it. Header values that are no UTF-8 count as absent.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The query string, without its question mark.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The client's address, found by [`address::of_client`].
    pub address: ClientIp,
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Accept-Language`.
    pub accept_language: &'a str,
    /// `Referer`.
    pub referer: &'a str,
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
    /// Its agent.
    pub agent: UserAgent,
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

/// Money that an event carries. Counted from the issue on goals on; until then it is checked and dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Revenue {
    /// The amount in the currency's unit, as sent, a decimal number.
    pub amount: String,
    /// ISO 4217, upper case.
    pub currency: String,
}

/// One message as parsed, before any check of what it means.
#[derive(Debug, Clone)]
pub struct Beacon {
    /// The site it names, trimmed and without `www.`; empty never.
    pub site: String,
    /// What it tells.
    pub kind: Kind,
    /// The page's address as sent.
    pub url: String,
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
    /// Who sent it.
    pub sender: Sender,
}
