//! In: the address at the other end of the connection, the forwarding headers, the networks of trusted proxies. Out: the
//! [`ClientIp`] of the visitor. Forgets: the headers and the way that the request took.
//!
//! Whoever sends a request can write any header, so one is believed only as far as trusted proxies wrote it: each proxy
//! appends the address that it saw, and reading from the right ends at the first address that is not a trusted proxy's.
//! A proxy that passes on a client's own `X-Forwarded-For`, `Forwarded` or `X-Real-IP` untouched must not be trusted.

mod networks;
mod node;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::ClientIp;

pub use networks::Networks;
pub use node::{is_local, node, node_and_port};

/// The networks that are trusted when the owner names none: this machine.
pub fn loopback() -> Networks {
    let v4 = Ipv4Net::new(Ipv4Addr::LOCALHOST, 8).map(|net| IpNet::V4(net.trunc()));
    let v6 = Ipv6Net::new(Ipv6Addr::LOCALHOST, 128).map(IpNet::V6);
    [v4, v6].into_iter().flatten().collect()
}

/// The visitor's address. The headers are raw values, all of one name in the order in which they came:
/// `X-Forwarded-For`, else `Forwarded`, else `X-Real-IP`. Ports and brackets are cut, and IPv4 within IPv6 is unwrapped.
///
/// The rightmost address that is not a trusted proxy's wins; if all are, the leftmost. What stands left of an entry that
/// is no address is never believed. With nothing to believe it is `peer`.
pub fn of_client<'a>(
    peer: IpAddr,
    forwarded_for: impl Iterator<Item = &'a [u8]>,
    forwarded: impl Iterator<Item = &'a [u8]>,
    real_ip: Option<&'a [u8]>,
    trusted: &Networks,
) -> ClientIp {
    let peer = peer.to_canonical();
    if !trusted.contains(peer) {
        return ClientIp(peer);
    }
    let elements = forwarded.flat_map(|value| split_unquoted(value, b',')).filter(is_filled).map(node_of_element);
    let believed = nearest_in_lists(forwarded_for, trusted)
        .or_else(|| nearest(elements, trusted))
        .or_else(|| real_ip.filter(is_filled).map(node));
    ClientIp(believed.flatten().unwrap_or(peer))
}

/// The address that a list such as `X-Forwarded-For` makes believable, if trusted proxies wrote its right end: the rightmost
/// that is not a trusted proxy's; if all are, the leftmost. `None` if the list is empty, or the dash that logs write for a
/// header that was not there; `Some(None)` if its right end is no address. Entries are read by [`node`].
pub fn nearest_in_list(list: &[u8], trusted: &Networks) -> Option<Option<IpAddr>> {
    nearest_in_lists(std::iter::once(list), trusted)
}

/// The visitor's address by one list that a log kept beside the address that connected, by the rule of [`nearest_in_list`]: a
/// list is believed only when `peer` is trusted.
pub fn behind(peer: IpAddr, list: &[u8], trusted: &Networks) -> IpAddr {
    let peer = peer.to_canonical();
    let believed = if trusted.contains(peer) { nearest_in_list(list, trusted) } else { None };
    believed.flatten().unwrap_or(peer)
}

fn nearest_in_lists<'a>(lists: impl Iterator<Item = &'a [u8]>, trusted: &Networks) -> Option<Option<IpAddr>> {
    let entries = lists.filter(|list| list.trim_ascii() != b"-").flat_map(|list| list.split(|b| *b == b','));
    nearest(entries.filter(is_filled).map(node), trusted)
}

fn is_filled(text: &&[u8]) -> bool {
    !text.trim_ascii().is_empty()
}

/// The believable end of a chain: nothing when the chain is empty, and nothing within when its right end is no address.
///
/// Read from the left: an unknown entry makes all before it worthless, and a trusted proxy vouches for the one before it.
fn nearest(mut chain: impl Iterator<Item = Option<IpAddr>>, trusted: &Networks) -> Option<Option<IpAddr>> {
    let first = chain.next()?;
    Some(chain.fold(first, |before, entry| {
        let address = entry?;
        if trusted.contains(address) { before.or(entry) } else { entry }
    }))
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

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "127.0.0.1";

    fn client(peer: &str, forwarded_for: &[&str], forwarded: &[&str], real_ip: Option<&str>) -> String {
        let trusted = ["127.0.0.0/8", "::1/128", "10.0.0.0/8"].map(|net| net.parse::<IpNet>().expect("a network"));
        let trusted = trusted.into_iter().collect();
        let forwarded_for = forwarded_for.iter().map(|value| value.as_bytes());
        let forwarded = forwarded.iter().map(|value| value.as_bytes());
        let peer = peer.parse().expect("an address");
        of_client(peer, forwarded_for, forwarded, real_ip.map(str::as_bytes), &trusted).0.to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let all = client("203.0.113.9", &["192.0.2.1"], &["for=192.0.2.2"], Some("192.0.2.3"));
        assert_eq!(all, "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &[], &[], None), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_address_that_is_no_trusted_proxy_wins() {
        let cases: [(&[&str], &str); 12] = [
            (&[], PROXY),
            (&["192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.7, 192.0.2.1, 10.1.1.1, 127.0.0.1"], "192.0.2.1"),
            (&["198.51.100.7", "192.0.2.1,10.1.1.1"], "192.0.2.1"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]:443"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["192.0.2.1:8080"], "192.0.2.1"),
            (&["::ffff:192.0.2.1, ::ffff:10.0.0.1"], "192.0.2.1"),
            (&[" , 192.0.2.1 ,"], "192.0.2.1"),
        ];
        for (header, expected) in cases {
            assert_eq!(client(PROXY, header, &[], None), expected, "{header:?}");
        }
    }

    #[test]
    fn a_list_of_a_log_is_believed_behind_trusted_proxies() {
        let trusted = loopback();
        let cases = [
            (PROXY, "198.51.100.7, 192.0.2.1", "192.0.2.1"),
            ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
            (PROXY, "\"198.51.100.7,[2001:db8::1]:80\"", "2001:db8::1"),
            (PROXY, "-", PROXY),
            (PROXY, "", PROXY),
            (PROXY, "192.0.2.1, unknown", PROXY),
            ("203.0.113.9", "192.0.2.1", "203.0.113.9"),
        ];
        for (peer, list, expected) in cases {
            let address = behind(peer.parse().expect("an address"), list.as_bytes(), &trusted);
            assert_eq!(address.to_string(), expected, "{peer} {list}");
        }
        assert_eq!(nearest_in_list(b" - ", &trusted), None);
        assert_eq!(nearest_in_list(b"192.0.2.1, -", &trusted), Some(None));
        let long = format!("203.0.113.1, {}", "192.0.2.1, ".repeat(500));
        assert_eq!(nearest_in_list(long.as_bytes(), &trusted), Some(node(b"192.0.2.1")));
    }

    #[test]
    fn nothing_left_of_garbage_is_believed() {
        let cases: [(&[&str], &str); 7] = [
            (&["192.0.2.1, garbage"], PROXY),
            (&["192.0.2.1, garbage, 10.0.0.1"], "10.0.0.1"),
            (&["192.0.2.1, garbage, 10.0.0.2, 10.0.0.1"], "10.0.0.2"),
            (&["garbage, 192.0.2.1, 10.0.0.1"], "192.0.2.1"),
            (&["unknown"], PROXY),
            (&["192.0.2.1:port"], PROXY),
            (&["1.2.3", "[2001:db8::1", "192.0.2.256"], PROXY),
        ];
        for (header, expected) in cases {
            assert_eq!(client(PROXY, header, &["for=192.0.2.8"], Some("192.0.2.9")), expected, "{header:?}");
        }
        let trusted = loopback();
        let peer = PROXY.parse().expect("an address");
        let header: [&[u8]; 1] = [b"\xff, 192.0.2.1"];
        let none = || std::iter::empty();
        assert_eq!(of_client(peer, header.into_iter(), none(), None, &trusted).0.to_string(), "192.0.2.1");
    }

    #[test]
    fn forwarded_is_read_without_x_forwarded_for() {
        let cases: [(&[&str], &str); 14] = [
            (&["for=192.0.2.1"], "192.0.2.1"),
            (&["For=\"192.0.2.1:47\";Proto=https;by=10.0.0.1"], "192.0.2.1"),
            (&["proto=https; for=\"[2001:db8::1]:4711\""], "2001:db8::1"),
            (&["for=\"[2001:db8::1]\""], "2001:db8::1"),
            (&["for=198.51.100.7, for=192.0.2.1, for=10.0.0.1"], "192.0.2.1"),
            (&["for=198.51.100.7", "for=192.0.2.1"], "192.0.2.1"),
            (&["for=198.51.100.7, for=unknown"], PROXY),
            (&["for=198.51.100.7, for=_hidden, for=10.0.0.1"], "10.0.0.1"),
            (&["for=198.51.100.7, proto=https"], PROXY),
            (&["for=192.0.2.1;host=\"x, for=198.51.100.7\""], "192.0.2.1"),
            (&["for=192.0.2.1;host=\"\\\", for=198.51.100.7;x=\\\"\""], "192.0.2.1"),
            (&["for=\"192.0.2.1"], PROXY),
            (&["for="], PROXY),
            (&["for"], PROXY),
        ];
        for (header, expected) in cases {
            assert_eq!(client(PROXY, &[], header, Some("192.0.2.9")), expected, "{header:?}");
        }
        assert_eq!(client(PROXY, &["192.0.2.5"], &["for=192.0.2.1"], None), "192.0.2.5");
    }

    #[test]
    fn x_real_ip_is_read_without_the_others() {
        let cases = [
            (Some("192.0.2.1"), "192.0.2.1"),
            (Some(" [2001:db8::1]:80 "), "2001:db8::1"),
            (Some("::ffff:192.0.2.1"), "192.0.2.1"),
            (Some("somebody"), PROXY),
            (Some(""), PROXY),
            (None, PROXY),
        ];
        for (header, expected) in cases {
            assert_eq!(client(PROXY, &[""], &[" "], header), expected, "{header:?}");
        }
    }

    #[test]
    fn loopback_is_this_machine_only() {
        let trusted = loopback();
        for (address, expected) in
            [("127.0.0.1", true), ("127.8.8.8", true), ("::1", true), ("::2", false), ("128.0.0.1", false)]
        {
            assert_eq!(trusted.contains(address.parse().expect("an address")), expected, "{address}");
        }
    }
}
