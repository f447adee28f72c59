//! In: one address as headers and logs write it. Out: the address, with IPv4 taken out of IPv6. Forgets: ports, brackets,
//! quotes and zones.

use std::net::{IpAddr, Ipv6Addr};

use crate::limits;

/// One address: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`, each also within quotes
/// and with a zone (`fe80::1%eth0`). The unknown and made-up names of RFC 7239 (`unknown`, `_hidden`) are no addresses,
/// nor are host names.
///
/// IPv6 with a port but without brackets is ambiguous: `2001:db8::2:8080` is read as one address. It is address and port where
/// nothing else is possible, as in `2001:db8::2:33317`, because no group has five digits. Where a port always follows, read
/// with [`node_and_port`].
pub fn node(text: &[u8]) -> Option<IpAddr> {
    let text = bare(text)?;
    in_brackets(text).or_else(|| alone(text)).or_else(|| before_port(text)).map(|address| address.to_canonical())
}

/// One address as [`node`] reads it, from a writer that always adds the port (HAProxy, CloudFront's viewer): the last group of
/// IPv6 without brackets is the port, so `2001:db8::2:8080` is `2001:db8::2`. What has no port is read all the same.
pub fn node_and_port(text: &[u8]) -> Option<IpAddr> {
    let text = bare(text)?;
    in_brackets(text).or_else(|| before_port(text)).or_else(|| alone(text)).map(|address| address.to_canonical())
}

/// The text without what surrounds it: blanks and quotes, also those that a log escaped.
fn bare(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= limits::ADDRESS_TEXT_BYTES_MAX)?;
    Some(text.trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '\\')))
}

fn in_brackets(text: &str) -> Option<IpAddr> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    let is_right = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    is_right.then(|| alone(inner)).flatten()
}

fn alone(text: &str) -> Option<IpAddr> {
    without_zone(text)?.parse().ok()
}

/// What stands before the last colon, if a port stands behind it.
fn before_port(text: &str) -> Option<IpAddr> {
    let (address, port) = text.rsplit_once(':')?;
    if is_port(port) { alone(address) } else { None }
}

/// The address before the zone (RFC 4007, `%eth0`; in URLs `%25eth0`, RFC 6874), or before the route domain of a load
/// balancer (`192.0.2.1%2`).
fn without_zone(text: &str) -> Option<&str> {
    let Some((address, zone)) = text.split_once('%') else { return Some(text) };
    let is_zone = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-');
    (!zone.is_empty() && zone.chars().all(is_zone)).then_some(address)
}

/// Digits up to 65535, or an obfuscated port (RFC 7239, section 6.3).
fn is_port(text: &str) -> bool {
    let is_hidden = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match text.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.chars().all(is_hidden),
        None => text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok(),
    }
}

/// Whether an address is of this machine or of a local network: RFC 1918, RFC 6598 (carriers and overlay networks), loopback,
/// link-local and unique local addresses.
pub fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: Option<IpAddr>) -> String {
        address.map_or("-".into(), |address| address.to_string())
    }

    #[test]
    fn an_address_is_read_in_every_way_it_is_written() {
        let cases = [
            ("192.0.2.1", "192.0.2.1"),
            (" \t192.0.2.1 ", "192.0.2.1"),
            ("192.0.2.1:8080", "192.0.2.1"),
            ("192.0.2.1:0", "192.0.2.1"),
            ("192.0.2.1:_gazonk", "192.0.2.1"),
            ("\"192.0.2.1:80\"", "192.0.2.1"),
            ("'192.0.2.1'", "192.0.2.1"),
            (r#"\"192.0.2.1\""#, "192.0.2.1"),
            ("192.0.2.1%2", "192.0.2.1"),
            ("192.0.2.1%2:80", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:0:0::CaFe", "2001:db8::cafe"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:0", "2001:db8::1"),
            ("\"[2001:DB8::1]:4711\"", "2001:db8::1"),
            ("[2001:db8::1]:_port", "2001:db8::1"),
            ("2001:db8::2:8080", "2001:db8::2:8080"),
            ("2001:db8::2:33317", "2001:db8::2"),
            ("2001:db8:0:0:0:0:0:2:80", "2001:db8::2"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::FFFF:c000:0201", "192.0.2.1"),
            ("0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1:443", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("[192.0.2.1]", "192.0.2.1"),
            ("::1", "::1"),
            ("::", "::"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(node(text.as_bytes())), expected, "{text}");
        }
    }

    #[test]
    fn where_a_port_always_follows_the_last_group_is_the_port() {
        let cases = [
            ("192.0.2.1:33317", "192.0.2.1"),
            ("2001:db8::2:33317", "2001:db8::2"),
            ("2001:db8::2:8080", "2001:db8::2"),
            ("2001:db8:::443", "2001:db8::"),
            ("2001:db8:1:2:3:4:5:6:80", "2001:db8:1:2:3:4:5:6"),
            ("::1:80", "::1"),
            ("::ffff:192.0.2.1:80", "192.0.2.1"),
            ("::ffff:c000:201:80", "192.0.2.1"),
            ("fe80::1%eth0:80", "fe80::1"),
            ("[2001:db8::2]:8080", "2001:db8::2"),
            // Without a port after all.
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:db8::2]", "2001:db8::2"),
            ("2001:db8::cafe", "2001:db8::cafe"),
            ("::1", "::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("unix:1", "-"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(node_and_port(text.as_bytes())), expected, "{text}");
        }
    }

    const NO_ADDRESSES: [&str; 33] = [
        "",
        " ",
        "-",
        "\"\"",
        "unknown",
        "_hidden",
        "_gazonk",
        "example.com",
        "example.com:80",
        "localhost",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.010",
        "192.0.2.1:",
        "192.0.2.1:port",
        "192.0.2.1:65536",
        "192.0.2.1:+8",
        "192.0.2.1:_",
        "192.0.2.1%",
        "192.0.2.1 192.0.2.2",
        "192.0.2.1/32",
        "[2001:db8::1",
        "2001:db8::1]",
        "[2001:db8::1]80",
        "[2001:db8::1]:port",
        "[]",
        "[]:80",
        "2001:db8::1::2",
        "fe80::1%",
        "fe80::1%a b",
        "12345",
        "::g",
        "unix:",
    ];

    #[test]
    fn what_is_no_address_is_none() {
        let long = format!("192.0.2.1{}", " ".repeat(limits::ADDRESS_TEXT_BYTES_MAX));
        for text in NO_ADDRESSES.into_iter().chain([long.as_str()]) {
            assert_eq!((node(text.as_bytes()), node_and_port(text.as_bytes())), (None, None), "{text:?}");
        }
        assert_eq!(node(b"\xff192.0.2.1"), None);
    }

    #[test]
    fn local_networks_are_known() {
        let local =
            ["10.1.1.1", "172.31.0.1", "192.168.1.1", "127.0.0.9", "169.254.1.1", "100.64.0.1", "100.127.255.255"];
        let more = ["::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1"];
        let public = ["100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"];
        let read = |text: &&str| node(text.as_bytes()).expect("an address");
        assert!(local.iter().chain(&more).map(read).all(is_local));
        assert!(!public.iter().map(read).any(is_local));
    }
}
