//! In: the address at the other end of the connection, the forwarding headers, and whom to [`Trust`]. Out: the [`Client`].
//! Forgets: the headers and the way that the request took.
//!
//! Whoever sends a request can write any header, so one is believed only as far as trusted proxies wrote it: each proxy
//! appends the address that it saw, and reading from the right ends at the first address that is not a trusted proxy's.
//!
//! Proxies pass on headers that they don't know, so a header that a proxy does not set is the client's. Which one it sets is
//! not known unless the operator says it (`client_ip_header`); until then headers that name different visitors are not
//! believed, none of them. `CF-Connecting-IP` is believed from Cloudflare's networks only, and there it stands above
//! `X-Forwarded-For`, which anybody's Worker may have begun.

mod chain;
mod named;
mod networks;
mod node;

use std::net::IpAddr;

use super::ClientIp;
use chain::{Nearest, TrustedSources, elements, entries};

pub use named::{NAMES, delivery_network, named};
pub use networks::Networks;
pub use node::{is_local, node, node_and_port};

/// Whose word is taken about the visitor's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The networks of trusted proxies.
    pub proxies: Networks,
    /// The one header that they set, if the operator said it; no other is read then.
    pub header: Option<ClientHeader>,
}

impl Default for Trust {
    fn default() -> Self {
        Trust { proxies: loopback(), header: None }
    }
}

/// What seems wrong with the settings of proxies. It names no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenProxy {
    /// Nearly all hits come from one address of a local network.
    Private,
    /// Most hits come through a few public addresses that send forwarding headers.
    Public,
    /// Most hits come from this delivery network, whose name is that of `trusted_proxies`.
    Delivery(&'static str),
    /// Most hits come with headers that contradict each other.
    Contradictory,
    /// Most hits come from trusted proxies without the header that the operator named.
    Unnamed,
}

/// The header in which trusted proxies name the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHeader {
    name: String,
    form: HeaderSyntax,
}

/// How its values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderSyntax {
    /// Addresses, separated by commas if there are several.
    List,
    /// The same, each with a port.
    WithPort,
    /// RFC 7239.
    Elements,
}

impl ClientHeader {
    /// A header by its name, in any case of letters; nothing if no header can have that name (RFC 9110, section 5.6.2).
    pub fn new(name: &str) -> Option<ClientHeader> {
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let form = match name.as_str() {
            "forwarded" => HeaderSyntax::Elements,
            "cloudfront-viewer-address" => HeaderSyntax::WithPort,
            _ => HeaderSyntax::List,
        };
        Some(ClientHeader { name, form })
    }

    /// The address in the values of this header.
    fn nearest<'a>(&self, values: impl Iterator<Item = &'a [u8]>, sources: TrustedSources<'_>) -> Option<Nearest> {
        match self.form {
            HeaderSyntax::List => sources.nearest(entries(values).map(node)),
            HeaderSyntax::WithPort => sources.nearest(entries(values).map(node_and_port)),
            HeaderSyntax::Elements => sources.nearest(elements(values)),
        }
    }
}

/// A header that [`of_client`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header<'t> {
    /// `X-Forwarded-For`
    ForwardedFor,
    /// `Forwarded`
    Forwarded,
    /// `X-Real-IP`
    RealIp,
    /// `CF-Connecting-IP`
    CloudflareIp,
    /// `CF-Connecting-IPv6`
    CloudflareIpv6,
    /// The one that the operator named, in small letters.
    Named(&'t str),
}

/// What is known of how a request came, beside its address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// Nothing is doubtful.
    #[default]
    Plain,
    /// Its address sent forwarding headers, and is not trusted: maybe a proxy that nobody named.
    Through,
    /// Trusted proxies sent headers that name different visitors; none was believed, and its address is the proxy's.
    Contradictory,
    /// A trusted proxy did not send the header that the operator named; its address is the proxy's.
    Unnamed,
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address.
    pub ip: ClientIp,
    /// How it came.
    pub way: Way,
}

impl Client {
    fn of(address: IpAddr, way: Way) -> Client {
        Client { ip: ClientIp(address), way }
    }
}

/// The networks that are trusted when the owner names none: this machine.
pub fn loopback() -> Networks {
    named("loopback").into_iter().flatten().collect()
}

/// The visitor. `values` gives the raw values of a header, all of one name in the order in which they came.
///
/// In one header the rightmost address that is not a trusted proxy's wins; if all are, the leftmost. What stands left of an
/// entry that is no address is never believed. `X-Forwarded-For` is asked first, then `Forwarded`, then `X-Real-IP`; when two of
/// them name different visitors, or with nothing to believe, it is `peer`.
pub fn of_client<'a, V>(peer: IpAddr, values: impl Fn(Header<'a>) -> V, trust: &'a Trust) -> Client
where
    V: Iterator<Item = &'a [u8]>,
{
    let peer = peer.to_canonical();
    if !trust.proxies.contains(peer) {
        let forwarding = [Header::ForwardedFor, Header::Forwarded, Header::RealIp];
        let has_any = forwarding.into_iter().any(|header| values(header).next().is_some());
        return Client::of(peer, if has_any { Way::Through } else { Way::Plain });
    }
    if let Some(header) = &trust.header {
        let sources = TrustedSources { trusted: &trust.proxies, cloudflares: None };
        let told = header.nearest(values(Header::Named(&header.name)), sources).and_then(|nearest| nearest.address);
        return told.map_or(Client::of(peer, Way::Unnamed), |address| Client::of(address, Way::Plain));
    }
    let sources = TrustedSources { trusted: &trust.proxies, cloudflares: cloudflares(&values) };
    if sources.cloudflares.is_some() && named::is_cloudflares(peer) {
        return Client::of(sources.cloudflares.flatten().unwrap_or(peer), Way::Plain);
    }
    let said = [
        sources.nearest(entries(values(Header::ForwardedFor)).map(node)),
        sources.nearest(elements(values(Header::Forwarded))),
        sources.nearest(entries(values(Header::RealIp)).map(node)),
    ];
    agreed(peer, said, &trust.proxies)
}

/// What `CF-Connecting-IP` says, where it was sent. Its IPv4 addresses from 240.0.0.0 on stand for IPv6 (Pseudo IPv4), which is
/// in another header then.
fn cloudflares<'a, V>(values: &impl Fn(Header<'a>) -> V) -> Option<Option<IpAddr>>
where
    V: Iterator<Item = &'a [u8]>,
{
    let told = node(values(Header::CloudflareIp).last()?);
    let is_pseudo = matches!(told, Some(IpAddr::V4(v4)) if v4.octets()[0] >= 240);
    let behind = if is_pseudo { values(Header::CloudflareIpv6).last().and_then(node) } else { None };
    Some(behind.or(told))
}

/// The visitor that all headers name which name one. A trusted proxy is no visitor if another header names one.
fn agreed(peer: IpAddr, said: [Option<Nearest>; 3], trusted: &Networks) -> Client {
    let mut said = said.into_iter().flatten();
    let Some(Nearest { address: Some(mut chosen), mut has_told }) = said.next() else {
        return Client::of(peer, Way::Plain);
    };
    for other in said {
        let Some(address) = other.address.filter(|address| *address != chosen && !trusted.contains(*address)) else {
            continue;
        };
        if trusted.contains(chosen) {
            (chosen, has_told) = (address, other.has_told);
        } else if delivery_network(chosen).is_none() {
            return Client::of(peer, Way::Contradictory);
        }
    }
    Client::of(chosen, if has_told { Way::Through } else { Way::Plain })
}

/// The address that a list such as `X-Forwarded-For` makes believable, if trusted proxies wrote its right end: the rightmost
/// that is not a trusted proxy's; if all are, the leftmost. `None` if the list is empty, or the dash that logs write for a
/// header that was not there; `Some(None)` if its right end is no address. Entries are read by [`node()`].
pub fn nearest_in_list(list: &[u8], trusted: &Networks) -> Option<Option<IpAddr>> {
    let sources = TrustedSources { trusted, cloudflares: None };
    sources.nearest(entries(std::iter::once(list)).map(node)).map(|nearest| nearest.address)
}

/// The visitor's address by one list that a log kept beside the address that connected, by the rule of [`nearest_in_list`]: a
/// list is believed only when `peer` is trusted. `cloudflares` is what the log kept of `CF-Connecting-IP`, or empty.
pub fn behind(peer: IpAddr, list: &[u8], cloudflares: &[u8], trusted: &Networks) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contains(peer) {
        return peer;
    }
    let sources = TrustedSources { trusted, cloudflares: node(cloudflares).map(Some) };
    if named::is_cloudflares(peer)
        && let Some(told) = sources.cloudflares.flatten()
    {
        return told;
    }
    let nearest = sources.nearest(entries(std::iter::once(list)).map(node));
    nearest.and_then(|nearest| nearest.address).unwrap_or(peer)
}

#[cfg(test)]
mod tests;
