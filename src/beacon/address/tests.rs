//! Who the visitor is, by peers and headers.

use super::*;

/// Names and values, in their order.
type Headers<'a> = &'a [(&'a str, &'a str)];

/// A request: who connected, and its headers in their order.
fn found(peer: &str, headers: &[(&str, &str)], trust: &Trust) -> Client {
    let peer = peer.parse().expect("an address");
    let values = |header: Header<'_>| {
        let name = match header {
            Header::ForwardedFor => "x-forwarded-for",
            Header::Forwarded => "forwarded",
            Header::RealIp => "x-real-ip",
            Header::CloudflareIp => "cf-connecting-ip",
            Header::CloudflareIpv6 => "cf-connecting-ipv6",
            Header::Named(name) => name,
        };
        let name = name.to_owned();
        headers.iter().filter(move |(of, _)| *of == name).map(|(_, value)| value.as_bytes())
    };
    of_client(peer, values, trust)
}

fn trust(names: &[&str], header: &str) -> Trust {
    let of = |name: &&str| named(name).map(Vec::from_iter).unwrap_or_else(|| vec![name.parse().expect("a network")]);
    Trust { proxies: names.iter().flat_map(of).collect(), header: ClientHeader::new(header) }
}

fn client(peer: &str, forwarded_for: &[&str], forwarded: &[&str], real_ip: Option<&str>) -> String {
    let listed = forwarded_for.iter().map(|value| ("x-forwarded-for", *value));
    let elements = forwarded.iter().map(|value| ("forwarded", *value));
    let headers: Vec<_> = listed.chain(elements).chain(real_ip.map(|value| ("x-real-ip", value))).collect();
    found(peer, &headers, &trust(&["loopback", "10.0.0.0/8"], "")).ip.0.to_string()
}

const PROXY: &str = "127.0.0.1";

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
        let address = behind(peer.parse().expect("an address"), list.as_bytes(), b"", &trusted);
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
        assert_eq!(client(PROXY, header, &[], None), expected, "{header:?}");
    }
    let header: [&[u8]; 1] = [b"\xff, 192.0.2.1"];
    let values = |of: Header<'_>| {
        let is_asked = of == Header::ForwardedFor;
        header.into_iter().filter(move |_| is_asked)
    };
    let told = of_client(PROXY.parse().expect("an address"), values, &Trust::default());
    assert_eq!(told.ip.0.to_string(), "192.0.2.1");
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
        assert_eq!(client(PROXY, &[], header, None), expected, "{header:?}");
    }
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

#[test]
fn headers_that_name_different_visitors_are_not_believed() {
    let way = |headers: &[(&str, &str)]| {
        let client = found(PROXY, headers, &trust(&["loopback", "10.0.0.0/8"], ""));
        (client.ip.0.to_string(), client.way)
    };
    let (list, element, one) = ("x-forwarded-for", "forwarded", "x-real-ip");
    let nobody = (PROXY.to_owned(), Way::Contradictory);
    // A proxy sets one of them, and the client another.
    assert_eq!(way(&[(list, "203.0.113.66"), (one, "192.0.2.1")]), nobody);
    assert_eq!(way(&[(list, "192.0.2.1, 203.0.113.66"), (one, "192.0.2.1")]), nobody);
    assert_eq!(way(&[(list, "192.0.2.1"), (element, "for=203.0.113.66")]), nobody);
    assert_eq!(way(&[(element, "for=192.0.2.1"), (one, "203.0.113.66")]), nobody);
    // What proxies really send.
    let cases: [(Headers<'_>, &str, Way); 9] = [
        (&[(list, "192.0.2.1"), (one, "192.0.2.1")], "192.0.2.1", Way::Plain),
        (&[(list, "198.51.100.7, 192.0.2.1"), (one, "192.0.2.1")], "192.0.2.1", Way::Through),
        (&[(list, "192.0.2.1"), (one, "10.0.0.9")], "192.0.2.1", Way::Plain),
        (&[(list, "10.0.0.9"), (one, "192.0.2.1")], "192.0.2.1", Way::Plain),
        (&[(list, "192.0.2.1, 10.0.0.9"), (one, "192.0.2.1")], "192.0.2.1", Way::Plain),
        (&[(list, "::ffff:192.0.2.1"), (one, "192.0.2.1"), (element, "for=192.0.2.1")], "192.0.2.1", Way::Plain),
        (&[(list, "192.0.2.1"), (one, "unknown")], "192.0.2.1", Way::Plain),
        (&[(list, "unknown"), (one, "192.0.2.1")], PROXY, Way::Plain),
        (&[(list, "192.0.2.1, 151.101.1.1"), (one, "192.0.2.1")], "151.101.1.1", Way::Through),
    ];
    for (headers, expected, expected_way) in cases {
        assert_eq!(way(headers), (expected.into(), expected_way), "{headers:?}");
    }
    // Several of one name: the last was added by the nearest proxy.
    assert_eq!(way(&[(one, "203.0.113.66"), (one, "192.0.2.1"), (one, " ")]).0, "192.0.2.1");
}

#[test]
fn only_the_header_that_the_operator_named_is_read() {
    let all = [
        ("x-forwarded-for", "203.0.113.1"),
        ("forwarded", "for=203.0.113.2"),
        ("x-real-ip", "203.0.113.3"),
        ("cf-connecting-ip", "203.0.113.4"),
        ("true-client-ip", "203.0.113.5"),
        ("cloudfront-viewer-address", "2001:db8::6:443"),
        ("x-azure-clientip", "203.0.113.7:1"),
        ("fly-client-ip", "unknown"),
    ];
    let cases = [
        ("X-Forwarded-For", "203.0.113.1", Way::Plain),
        ("Forwarded", "203.0.113.2", Way::Plain),
        ("X-REAL-IP", "203.0.113.3", Way::Plain),
        ("CF-Connecting-IP", "203.0.113.4", Way::Plain),
        ("True-Client-IP", "203.0.113.5", Way::Plain),
        ("CloudFront-Viewer-Address", "2001:db8::6", Way::Plain),
        ("X-Azure-ClientIP", "203.0.113.7", Way::Plain),
        ("Fly-Client-IP", PROXY, Way::Unnamed),
        ("Fastly-Client-IP", PROXY, Way::Unnamed),
    ];
    for (name, expected, way) in cases {
        let told = found(PROXY, &all, &trust(&["loopback"], name));
        assert_eq!((told.ip.0.to_string().as_str(), told.way), (expected, way), "{name}");
        let stranger = found("198.51.100.7", &all, &trust(&["loopback"], name));
        assert_eq!((stranger.ip.0.to_string().as_str(), stranger.way), ("198.51.100.7", Way::Through), "{name}");
    }
    for name in ["", "X Real IP", "X-Real-IP:", "größe"] {
        assert_eq!(ClientHeader::new(name), None, "{name}");
    }
}

#[test]
fn cloudflares_header_is_believed_from_cloudflares_networks_only() {
    let (cf, list, edge) = ("cf-connecting-ip", "x-forwarded-for", "162.158.1.1");
    let worker = "2a06:98c0:3600::103";
    let cases: [(&str, Headers<'_>, &str); 13] = [
        (edge, &[(cf, "192.0.2.1"), (list, "203.0.113.66, 192.0.2.1")], "192.0.2.1"),
        (edge, &[(cf, "192.0.2.1")], "192.0.2.1"),
        (edge, &[(list, "192.0.2.1")], "192.0.2.1"),
        (edge, &[(cf, "2001:DB8::1")], "2001:db8::1"),
        (edge, &[(cf, "nonsense"), (list, "203.0.113.66")], edge),
        // Pseudo IPv4.
        (edge, &[(cf, "250.1.2.3"), ("cf-connecting-ipv6", "2001:db8::7"), (list, "250.1.2.3")], "2001:db8::7"),
        // Behind nginx, which appends the address of Cloudflare's machine or puts it in the place of the list.
        (PROXY, &[(cf, "192.0.2.1"), (list, "203.0.113.66, 192.0.2.1, 162.158.1.1")], "192.0.2.1"),
        (PROXY, &[(cf, "192.0.2.1"), (list, edge), ("x-real-ip", edge)], "192.0.2.1"),
        // Who comes to nginx beside Cloudflare writes the header in vain; nginx alone does not say where it is from.
        (PROXY, &[(cf, "203.0.113.66"), (list, "192.0.2.1")], "192.0.2.1"),
        (PROXY, &[(cf, "203.0.113.66")], PROXY),
        // Anybody's Worker may begin the list, and only that.
        (edge, &[(cf, worker), (list, "203.0.113.66, 2a06:98c0:3600::103")], worker),
        (PROXY, &[(cf, worker), (list, "203.0.113.66, 2a06:98c0:3600::103, 162.158.1.1")], worker),
        ("151.101.1.1", &[(cf, "203.0.113.66"), (list, "192.0.2.1")], "192.0.2.1"),
    ];
    for (peer, headers, expected) in cases {
        let told = found(peer, headers, &trust(&["loopback", "cloudflare", "fastly"], ""));
        assert_eq!(told.ip.0.to_string(), expected, "{peer} {headers:?}");
    }
    let told = |headers: &[(&str, &str)], peer| found(peer, headers, &trust(&["loopback"], ""));
    let not_trusted = told(&[(cf, "192.0.2.1"), (list, "192.0.2.1")], edge);
    assert_eq!((not_trusted.ip.0.to_string().as_str(), not_trusted.way), (edge, Way::Through));
    let behind_nginx = told(&[(cf, "192.0.2.1"), (list, "192.0.2.1, 162.158.1.1")], PROXY);
    assert_eq!((behind_nginx.ip.0.to_string().as_str(), behind_nginx.way), (edge, Way::Through));
}
