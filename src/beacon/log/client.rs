//! In: what a line says of who asked: the address that connected, a list of addresses in front of it, a host's name. Out: the
//! address that stands for the client, and the host whose page it was, cleaned. Forgets: ports, brackets, the way of the request.

use std::net::{IpAddr, Ipv6Addr};

use super::super::address::{Networks, behind, nearest_in_list, node};
use crate::limits::HOST_BYTES_MAX;

/// The client of a line by the rule for requests: a list is believed only if the address that connected is trusted. Where the
/// line has no such address, its writer has chosen the list, and the list alone tells.
pub(super) fn of(peer: &[u8], forwarded: &[u8], trusted: &Networks) -> Option<IpAddr> {
    told(peer, forwarded, b"", trusted)
}

/// The same of a line that has `CF-Connecting-IP` too; empty where there is none.
pub(super) fn told(peer: &[u8], forwarded: &[u8], cloudflares: &[u8], trusted: &Networks) -> Option<IpAddr> {
    let has_list = !matches!(forwarded.trim_ascii(), b"" | b"-");
    match node(peer) {
        Some(peer) if has_list => Some(behind(peer, forwarded, cloudflares, trusted)),
        Some(peer) => Some(peer),
        None if !cloudflares.is_empty() && node(cloudflares).is_some() => node(cloudflares),
        None if peer.contains(&b',') => nearest_in_list(peer, trusted).flatten(),
        None => {
            let listed = if has_list { nearest_in_list(forwarded, trusted).flatten() } else { None };
            listed.or_else(|| named(peer))
        }
    }
}

/// An address that stands for a client of which only the host's name is known (Apache's `HostnameLookups On`): a digest of
/// the name in `0100::/8`, which is nobody's (RFC 4291, section 2.4), so that no table of places has it.
pub(super) fn named(name: &[u8]) -> Option<IpAddr> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let top = name.rsplit(|byte| *byte == b'.').next()?;
    let has_shape = name == b"localhost" || (top.len() < name.len() && top.iter().any(u8::is_ascii_alphabetic));
    if !has_shape || name.len() > HOST_BYTES_MAX || !name.iter().all(is_name) || name.starts_with(b".") {
        return None;
    }
    // FNV-1a: it need not be hard to turn round, because it lives no longer than an address would.
    let digest = name.iter().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    });
    let [a, b, c, d, e, f, g, h] = digest.to_be_bytes();
    let octets = [1, a ^ h, b, c, d, e, f, g, 0, 0, 0, 0, 0, 0, 0, 0];
    Some(IpAddr::V6(Ipv6Addr::from(octets)))
}

/// Whether a text is a list of addresses, as proxies write it: each entry an address or unknown, at least one an address.
pub(super) fn is_list(text: &[u8]) -> bool {
    let mut entries = text.split(|byte| *byte == b',').map(|entry| (node(entry).is_some(), entry.trim_ascii()));
    let mut has_address = false;
    let fits = entries.all(|(is_address, entry)| {
        has_address |= is_address;
        is_address || entry == b"unknown"
    });
    fits && has_address
}

/// A host as a line names it, without its port; nothing for names that say "any host" (`_`, `*`, `-`) and what is no host.
pub(super) fn host(text: &str) -> &str {
    let text = text.trim().trim_matches('"');
    let bare = match text.rsplit_once(':') {
        Some((before, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => match before.contains(':') {
            true if !before.ends_with(']') => text,
            _ => before,
        },
        _ => text,
    };
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let is_name = !bare.contains(':') || node(bare.as_bytes()).is_some();
    let is_host =
        is_name && bare.contains(char::is_alphanumeric) && bare.chars().all(is_part) && bare.len() <= HOST_BYTES_MAX;
    if is_host { bare } else { "" }
}

#[cfg(test)]
mod tests {
    use super::super::super::address::loopback;
    use super::*;

    fn client(peer: &str, forwarded: &str) -> String {
        let client = of(peer.as_bytes(), forwarded.as_bytes(), &loopback());
        client.map_or("-".to_owned(), |address| address.to_string())
    }

    #[test]
    fn a_list_is_believed_from_trusted_proxies_and_where_it_stands_alone() {
        for (peer, forwarded, expected) in [
            ("192.0.2.1", "", "192.0.2.1"),
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("127.0.0.1", "198.51.100.7, 192.0.2.9", "192.0.2.9"),
            ("127.0.0.1", "-", "127.0.0.1"),
            ("", "198.51.100.7, 192.0.2.9", "192.0.2.9"),
            ("unix:", "192.0.2.9:443", "192.0.2.9"),
            ("198.51.100.7, 192.0.2.9", "", "192.0.2.9"),
            ("192.0.2.1:5000", "", "192.0.2.1"),
            ("[2001:db8::1]:5000", "", "2001:db8::1"),
            ("2001:db8::2:33317", "", "2001:db8::2"),
            ("-", "", "-"),
            ("unknown", "", "-"),
            ("10/Oct/2024", "", "-"),
        ] {
            assert_eq!(client(peer, forwarded), expected, "{peer} {forwarded}");
        }
    }

    #[test]
    fn a_name_is_a_client_of_its_own_that_is_nowhere() {
        let (a, b) = (named(b"dsl-1.isp.test"), named(b"dsl-2.isp.test"));
        assert!(a.is_some() && a != b && a == named(b"DSL-1.isp.test."));
        let first = |address: Option<IpAddr>| address.map(|it| it.to_string().starts_with("1"));
        assert_eq!(first(a), Some(true));
        let cut = |address: Option<IpAddr>| match address {
            Some(IpAddr::V6(v6)) => v6.octets()[..6].to_vec(),
            _ => Vec::new(),
        };
        assert_ne!(cut(a), cut(b), "they differ where addresses are cut");
        for none in ["", "-", "name", "1.2.3.4", "a b.test", ".test", "10.5", "a/b.test"] {
            assert_eq!(named(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn hosts_are_cleaned() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("example.com:443", "example.com"),
            ("www.Example.com.", "www.Example.com"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
            ("2001:db8::1", "2001:db8::1"),
            ("\"example.com\"", "example.com"),
            ("_", ""),
            ("-", ""),
            ("*", ""),
            ("", ""),
            ("~^(www\\.)?x$", ""),
            ("a b", ""),
            ("/path", ""),
            ("2024-10-10T13:55:36.1Z", ""),
        ] {
            assert_eq!(host(text), expected, "{text}");
        }
    }

    #[test]
    fn lists_of_addresses_are_told_from_other_texts() {
        let lists = ["192.0.2.1", "192.0.2.1, 2001:db8::1", "unknown, 192.0.2.1", "[2001:db8::1]:80"];
        assert!(lists.into_iter().all(|text| is_list(text.as_bytes())));
        let others = ["", "-", "unknown", "web@docker", "http://192.0.2.1:80", "192.0.2.1 0.003", "a, 192.0.2.1"];
        assert!(!others.into_iter().any(|text| is_list(text.as_bytes())));
    }
}
