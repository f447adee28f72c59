//! In: the headers of a request. Out: what wire formats hear of them, and the client's address. Forgets: all other headers.

use std::net::IpAddr;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::App;
use crate::beacon::address::{self, Client, Header};
use crate::beacon::{Hints, Request};

/// The headers of a request, whoever read them.
pub trait HeaderFields {
    /// Shows each header with its name in small letters; those of one name in the order in which they came.
    fn each<'a>(&'a self, show: impl FnMut(&str, &'a [u8]));

    /// The value of the first header with this name, which is in small letters.
    fn first(&self, name: &str) -> Option<&[u8]>;

    /// The values of a header that may name the client, in the order in which they came.
    fn forwarding<'a>(&'a self, asked: Header<'a>) -> impl Iterator<Item = &'a [u8]>;

    /// The value of the first header with this name, or an empty text where there is none or it is no UTF-8.
    fn text(&self, name: &str) -> &str {
        self.first(name).and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default()
    }
}

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
static CLOUDFLARE_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");
static CLOUDFLARE_IPV6: HeaderName = HeaderName::from_static("cf-connecting-ipv6");

impl HeaderFields for HeaderMap {
    fn each<'a>(&'a self, mut show: impl FnMut(&str, &'a [u8])) {
        for (name, value) in self {
            show(name.as_str(), value.as_bytes());
        }
    }

    fn first(&self, name: &str) -> Option<&[u8]> {
        self.get(name).map(HeaderValue::as_bytes)
    }

    fn forwarding<'a>(&'a self, asked: Header<'a>) -> impl Iterator<Item = &'a [u8]> {
        let all = match asked {
            Header::ForwardedFor => self.get_all(&FORWARDED_FOR),
            Header::Forwarded => self.get_all(header::FORWARDED),
            Header::RealIp => self.get_all(&REAL_IP),
            Header::CloudflareIp => self.get_all(&CLOUDFLARE_IP),
            Header::CloudflareIpv6 => self.get_all(&CLOUDFLARE_IPV6),
            Header::Named(name) => self.get_all(name),
        };
        all.iter().map(HeaderValue::as_bytes)
    }
}

/// What a request's headers say to wire formats, found in one walk over them. The first of a repeated header counts.
#[derive(Default)]
pub struct Said<'a> {
    user_agent: Option<&'a str>,
    hints: Hints,
    accept_language: Option<&'a str>,
    referer: Option<&'a str>,
    origin: Option<&'a str>,
    forwarded_for: Option<&'a str>,
    plausible_ip: Option<&'a str>,
    has_authorization: bool,
    opted_out: bool,
    prefetch: bool,
    /// Whether the client asks for its address.
    pub asks_for_address: bool,
}

impl<'a> Said<'a> {
    /// What these headers say.
    pub fn by(headers: &'a impl HeaderFields) -> Said<'a> {
        let mut said = Said::default();
        headers.each(|name, value| {
            let text = || Some(readable(value));
            match name {
                "user-agent" => said.user_agent = said.user_agent.or_else(text),
                "accept-language" => said.accept_language = said.accept_language.or_else(text),
                "referer" => said.referer = said.referer.or_else(text),
                "authorization" => said.has_authorization = true,
                "origin" => said.origin = said.origin.or_else(text),
                "x-forwarded-for" => said.forwarded_for = said.forwarded_for.or_else(text),
                "x-plausible-ip" => said.plausible_ip = said.plausible_ip.or_else(text),
                "sec-gpc" | "dnt" => said.opted_out |= headers.text(name) == "1",
                "x-debug-request" => said.asks_for_address = headers.text(name) == "true",
                "signature-agent" => _ = said.hints.add("signature-agent", headers.text(name)),
                hint if hint.starts_with("sec-ch-ua") => _ = said.hints.add(hint, headers.text(name)),
                name if PURPOSES.contains(&name) => said.prefetch = is_prefetch(headers),
                _ => {}
            }
        });
        said
    }

    /// The request as wire formats see it.
    pub fn request<'b>(&'b self, query: &'b str, body: &'b [u8], client: Client) -> Request<'b> {
        Request {
            query,
            body,
            address: client.ip,
            way: client.way,
            user_agent: self.user_agent.unwrap_or_default(),
            hints: &self.hints,
            accept_language: self.accept_language.unwrap_or_default(),
            referer: self.referer.unwrap_or_default(),
            origin: self.origin.unwrap_or_default(),
            // Only who has a token can be believed.
            forwarded: match self.has_authorization {
                true => self.plausible_ip.or(self.forwarded_for).unwrap_or_default(),
                false => "",
            },
            opted_out: self.opted_out,
            prefetch: self.prefetch,
        }
    }
}

/// The beginning of a header that is UTF-8: a byte of another encoding behind it is no reason to lose an agent or a page.
fn readable(value: &[u8]) -> &str {
    // Nearly all are ASCII as a whole, which is checked by the dozen.
    str::from_utf8(value).unwrap_or_else(|_| value.utf8_chunks().next().map_or("", |chunk| chunk.valid()))
}

/// Headers by which browsers say that nobody looks at the page yet.
const PURPOSES: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Whether a browser fetches ahead of need.
fn is_prefetch(headers: &impl HeaderFields) -> bool {
    let purpose = ["sec-purpose", "purpose", "x-purpose"].map(|name| headers.text(name));
    let ahead = |value: &str| ["prefetch", "prerender", "preview", "instant"].iter().any(|word| value.contains(word));
    purpose.into_iter().any(ahead) || headers.text("x-moz") == "prefetch"
}

/// The visitor.
pub fn client<'a>(headers: &'a impl HeaderFields, peer: IpAddr, app: &'a App) -> Client {
    address::of_client(peer, |asked| headers.forwarding(asked), &app.trust.load())
}
