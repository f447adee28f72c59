//! In: the values of one forwarding header, and whose word is taken. Out: the believable address in it. Forgets: the way that
//! the request took.

use std::net::IpAddr;

use super::named::is_cloudflares;
use super::{Networks, node};

/// What a chain of addresses makes believable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nearest {
    /// The address; nothing if the right end of the chain is no address.
    pub address: Option<IpAddr>,
    /// Whether something stood left of it, which it told.
    pub has_told: bool,
}

/// Whose word is taken.
#[derive(Clone, Copy)]
pub(super) struct TrustedSources<'t> {
    /// Trusted proxies tell who connected to them.
    pub trusted: &'t Networks,
    /// What `CF-Connecting-IP` says, where it was sent. It is Cloudflare's word, and stands above what else its machines tell.
    pub cloudflares: Option<Option<IpAddr>>,
}

impl TrustedSources<'_> {
    /// The believable end of a chain: nothing when the chain is empty.
    ///
    /// Read from the left: an unknown entry makes all before it worthless, and a trusted proxy vouches for the one before it.
    pub(super) fn nearest(self, mut chain: impl Iterator<Item = Option<IpAddr>>) -> Option<Nearest> {
        let first = Nearest { address: self.told_by(chain.next()?), has_told: false };
        Some(chain.fold(first, |before, entry| match entry {
            Some(address) if !self.trusted.contains(address) => Nearest { address: entry, has_told: true },
            Some(_) if before.address.is_some() && !self.is_cloudflares_to_tell(entry) => before,
            _ => Nearest { address: self.told_by(entry), has_told: false },
        }))
    }

    /// The visitor that an entry tells by Cloudflare's own header, else the entry.
    fn told_by(self, entry: Option<IpAddr>) -> Option<IpAddr> {
        let told = if self.is_cloudflares_to_tell(entry) { self.cloudflares.flatten() } else { None };
        told.or(entry)
    }

    /// Whether the entry is a machine of Cloudflare's that is trusted and told the visitor.
    fn is_cloudflares_to_tell(self, entry: Option<IpAddr>) -> bool {
        let may = |address| self.trusted.contains(address) && is_cloudflares(address);
        self.cloudflares.is_some() && entry.is_some_and(may)
    }
}

/// The entries of lists that are separated by commas. A dash alone is what logs write for a header that was not there.
pub(super) fn entries<'a>(lists: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    let lists = lists.filter(|list| list.trim_ascii() != b"-");
    lists.flat_map(|list| list.split(|b| *b == b',')).filter(is_filled)
}

/// The addresses of `Forwarded` (RFC 7239).
pub(super) fn elements<'a>(values: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = Option<IpAddr>> {
    values.flat_map(|value| split_unquoted(value, b',')).filter(is_filled).map(node_of_element)
}

fn is_filled(text: &&[u8]) -> bool {
    !text.trim_ascii().is_empty()
}

/// The address in one element of `Forwarded`, such as `for="[2001:db8::1]:80";proto=https` (RFC 7239, section 4).
/// `unknown` and made-up names are no addresses.
fn node_of_element(element: &[u8]) -> Option<IpAddr> {
    let value = split_unquoted(element, b';').find_map(|pair| {
        let equals = pair.iter().position(|b| *b == b'=')?;
        let (name, value) = (pair.get(..equals)?, pair.get(equals + 1..)?);
        name.trim_ascii().eq_ignore_ascii_case(b"for").then(|| value.trim_ascii())
    })?;
    let is_torn = value.starts_with(b"\"") != value.ends_with(b"\"");
    if is_torn { None } else { node(value) }
}

/// The parts of `text` between `mark`s that do not stand within double quotes.
fn split_unquoted(text: &[u8], mark: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |byte| {
        let cuts = *byte == mark && !quoted;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        cuts
    })
}
