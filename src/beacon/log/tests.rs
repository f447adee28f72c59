//! What lines of logs are read as.

use proptest::prelude::*;

use super::*;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn read_as(format: Option<&str>, line: &[u8]) -> Result<(Moment, Beacon), Rejection> {
    let site = Domain::parse("example.com").expect("a domain");
    match Reader::named(format).expect("a format").read(line) {
        Read::Line(read) => Ok((read.at, read.beacon(&site, &Rules::default())?)),
        Read::Note | Read::Bad => Err(Rejection::BadLine),
    }
}

fn parsed(line: &[u8]) -> Result<(Moment, Beacon), Rejection> {
    read_as(Some("combined"), line)
}

/// A line with this request and status.
fn line(request: &str, status: &str) -> String {
    format!(r#"192.0.2.1 - - [10/Oct/2024:13:55:36 +0000] "{request}" {status} 2326 "-" "{FIREFOX}""#)
}

fn rejected(line: &str) -> Option<Rejection> {
    parsed(line.as_bytes()).err()
}

#[test]
fn fields_of_nginx_and_apache_are_read() {
    let start = "[10/Oct/2024:13:55:36 +0000]";
    #[rustfmt::skip]
    let cases = [
        (format!(r#"192.0.2.1 - - {start} "GET /a?b=c HTTP/1.1" 200 2326 "https://a.test/" "Agent""#), "192.0.2.1", "/a?b=c", "https://a.test/", "Agent"),
        (format!(r#"2001:db8::1 - - {start} "GET / HTTP/2.0" 304 0 "-" "-""#), "2001:db8::1", "/", "", ""),
        (format!(r#"::ffff:192.0.2.1 - - {start} "GET / HTTP/1.0" 206 - "" """#), "192.0.2.1", "/", "", ""),
        (format!(r#"192.0.2.1 id frank {start} "GET /a" 200 1 "-" "A \"b\" \\ c""#), "192.0.2.1", "/a", "", r#"A "b" \ c"#),
        (format!(r#"192.0.2.1 - a [b "c" d {start} "GET /a HTTP/1.1" 200 1 "-" "\x22A\x5C""#), "192.0.2.1", "/a", "", r#""A\"#),
        (format!(r#"192.0.2.1 - - {start} "GET /a b HTTP/1.1" 200 1 "-" "A" "198.51.100.7" 0.003"#), "192.0.2.1", "/a b", "", "A"),
        (format!(r#"192.0.2.1 - - {start} "GET http://example.com/a HTTP/1.1" 200 1 "-" "A""#), "192.0.2.1", "/a", "", "A"),
        (format!(r#"192.0.2.1 - - {start} "GET https://example.com HTTP/1.1" 200 1 "-" "A""#), "192.0.2.1", "/", "", "A"),
        (format!(r#"192.0.2.1 - - {start} "GET //other.test/a HTTP/1.1" 200 1 "-" "A""#), "192.0.2.1", "//other.test/a", "", "A"),
        (format!(r#"192.0.2.1 - - {start} "GET /\xC3\xA4 HTTP/1.1" 200 1 "-" "A\tb""#), "192.0.2.1", "/ä", "", "A b"),
        (format!(r#"192.0.2.1 - - {start} "GET /a HTTP/1.1" 200 2326"#), "192.0.2.1", "/a", "", ""),
        (format!("192.0.2.1 - - {start} \"GET /a HTTP/1.1\" 200 1 \"-\" \"A\"\r"), "192.0.2.1", "/a", "", "A"),
    ];
    for (line, address, target, referrer, agent) in cases {
        let (at, beacon) = parsed(line.as_bytes()).unwrap_or_else(|reason| panic!("{line}: {reason:?}"));
        assert_eq!(at, Moment(1_728_568_536_000), "{line}");
        assert_eq!(beacon.sender.address.0.to_string(), address, "{line}");
        assert_eq!(beacon.url, format!("https://example.com{target}"), "{line}");
        assert_eq!((beacon.referrer.as_str(), beacon.sender.agent.0.as_str()), (referrer, agent), "{line}");
    }
}

#[test]
fn the_first_check_that_fails_names_the_reason() {
    let long = "a".repeat(limits::LOG_LINE_BYTES_MAX);
    for (line, reason) in [
        (line("POST /a.css HTTP/1.1", "500"), Rejection::Method),
        (line("HEAD / HTTP/1.1", "200"), Rejection::Method),
        (line("get / HTTP/1.1", "200"), Rejection::Method),
        (line(r"\x16\x03\x01", "400"), Rejection::Method),
        (line("-", "408"), Rejection::Method),
        (line("", "400"), Rejection::Method),
        (line("GET /a.css HTTP/1.1", "404"), Rejection::Status),
        (line("GET / HTTP/1.1", "301"), Rejection::Status),
        (line("GET /a.css HTTP/1.1", "200"), Rejection::Asset),
        (line("GET /robots.txt HTTP/1.1", "304"), Rejection::Asset),
        (line("GET /feed.XML?x=a.html HTTP/1.1", "200"), Rejection::Asset),
        (line("GET * HTTP/1.1", "200"), Rejection::BadUrl),
        (line("GET .evil.test/ HTTP/1.1", "200"), Rejection::BadUrl),
        (line("GET / HTTP/1.1", "2x0"), Rejection::BadLine),
        (line("GET / HTTP/1.1", "200").replace("Oct", "Okt"), Rejection::BadLine),
        (line("GET / HTTP/1.1", "200").replace(":13:", ":24:"), Rejection::BadLine),
        (line("GET / HTTP/1.1", "200").replace("192.0.2.1", "host"), Rejection::BadLine),
        (line("GET / HTTP/1.1", "200").replace("192.0.2.1", "-"), Rejection::BadLine),
        (line("GET / HTTP/1.1", "200").trim_end_matches('"').to_owned(), Rejection::BadLine),
        (line(&format!("GET /{long} HTTP/1.1"), "200"), Rejection::BadLine),
        ("".to_owned(), Rejection::BadLine),
        ("?".to_owned(), Rejection::BadLine),
        ("2024/10/10 13:55:36 [error] 1#1: *1 open() failed".to_owned(), Rejection::BadLine),
    ] {
        assert_eq!(rejected(&line), Some(reason), "{}", &line[..line.len().min(200)]);
    }
}

#[test]
fn only_known_endings_of_the_path_are_assets() {
    for (path, expected) in [
        ("/a.css", true),
        ("/a.min.JS?v=1", true),
        ("/.well-known/a.json", true),
        ("/a.webmanifest", true),
        ("/a.zst#x", true),
        ("/", false),
        ("/index.html", false),
        ("/index.php", false),
        ("/css", false),
        ("/.css/", false),
        ("/a?b=c.css", false),
        ("/user/john.doe", false),
        ("/v1.2/js", false),
        ("/a.webmanifests", false),
        ("/a.", false),
        ("", false),
    ] {
        assert_eq!(Rules::default().is_asset(path.as_bytes()), expected, "{path}");
    }
}

#[test]
fn times_are_read_with_their_offset() {
    for (stamp, time) in [
        ("10/Oct/2024:13:55:36 -0700", "2024-10-10T20:55:36Z"),
        ("01/Jan/2024:00:30:00 +0545", "2023-12-31T18:45:00Z"),
        ("29/Feb/2024:23:59:60 +0000", "2024-02-29T23:59:59Z"),
        ("31/Dec/1999:12:00:00 +0000", "1999-12-31T12:00:00Z"),
        ("01/Mar/2100:00:00:00 +0000", "2100-03-01T00:00:00Z"),
    ] {
        let expected: jiff::Timestamp = time.parse().expect("a time");
        let line = format!("x [{stamp}] \"");
        assert_eq!(combined::time(line.as_bytes()), Some(Moment(expected.as_millisecond())), "{stamp}");
    }
}

#[test]
fn a_last_line_is_whole_when_its_agent_is_closed() {
    let whole = line("GET / HTTP/1.1", "200");
    assert!(combined::is_whole(whole.as_bytes(), &loopback()));
    for bytes in 0..whole.len() {
        assert!(!combined::is_whole(&whole.as_bytes()[..bytes], &loopback()), "{}", &whole[..bytes]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_break_the_reader(bytes: Vec<u8>) {
        let _ = parsed(&bytes);
        let _ = (combined::time(&bytes), combined::is_whole(&bytes, &loopback()));
    }

    #[test]
    fn no_fields_break_the_reader(
        user in "[ \\[\\]\"\\\\a-z]{0,12}", request in "(GET |POST |)[ /?#.\"\\\\xé%a-z0-9:]{0,40}( HTTP/1.1)?",
        status in "[0-9-]{0,4}", referrer in "[\\\\\"a-z:/.-]{0,20}", agent in "\\PC{0,20}"
    ) {
        let line = format!(r#"192.0.2.1 - {user} [10/Oct/2024:13:55:36 +0000] "{request}" {status} 1 "{referrer}" "{agent}""#);
        if let Ok((_, beacon)) = parsed(line.as_bytes()) {
            prop_assert!(beacon.url.starts_with("https://example.com/"));
        }
    }
}

/// When, by whom, what, from where, with what, as one text.
fn told(format: Option<&str>, lines: &[&str]) -> Vec<String> {
    let site = Domain::parse("example.com").expect("a domain");
    let mut reader = Reader::named(format).expect("a format");
    let told = |line: &&str| match reader.read(line.as_bytes()) {
        Read::Note => "note".to_owned(),
        Read::Bad => "bad".to_owned(),
        Read::Line(line) => line.beacon(&site, &Rules::default()).map_or_else(
            |reason| reason.label().to_owned(),
            |beacon| {
                let Beacon { url, referrer, language, sender, .. } = beacon;
                let opted_out = if sender.opted_out { " no" } else { "" };
                let address = sender.address.0;
                format!(
                    "{} {address} {url} < {referrer} | {} | {language}{opted_out}",
                    line.at.0 / 1_000,
                    sender.agent.0
                )
            },
        ),
    };
    lines.iter().map(told).collect()
}

#[test]
fn caddys_lines_are_read() {
    let request = r#""request":{"remote_ip":"10.0.0.1","client_ip":"192.0.2.1","proto":"HTTP/2.0","method":"GET","host":"example.com","uri":"/a?b=\u0026","headers":{"User-Agent":["Mine \"1\""],"Referer":["https://a.test/"],"Accept-Language":["de-AT"],"Dnt":["1"]}}"#;
    let lines = [
        format!(
            r#"{{"level":"info","ts":1728568536.25,"logger":"http.log.access",{request},"bytes_read":0,"size":12,"status":200}}"#
        ),
        r#"{"ts":"2024-10-10T13:55:36Z","request":{"remote_ip":"192.0.2.2","method":"POST","uri":"/"},"status":200}"#
            .to_owned(),
        r#"{"ts":"2024-10-10T13:55:36Z","request":{"remote_ip":"192.0.2.2","method":"GET","uri":"/"},"status":502}"#
            .to_owned(),
        r#"{"level":"info","msg":"started"}"#.to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let expected = [
        "1728568536 192.0.2.1 https://example.com/a?b=& < https://a.test/ | Mine \"1\" | de no",
        "method",
        "status",
        "bad",
    ];
    assert_eq!(told(None, &lines), expected);
}

#[test]
fn caddy_writes_times_in_several_ways() {
    let at = |ts: &str| {
        let line =
            format!(r#"{{"ts":{ts},"request":{{"remote_ip":"192.0.2.2","method":"GET","uri":"/"}},"status":200}}"#);
        told(Some("caddy"), &[&line])[0].split(' ').next().unwrap_or_default().to_owned()
    };
    for ts in [
        "1728568536.25",
        "1728568536250.5",
        "1728568536250000000",
        "\"2024-10-10T13:55:36Z\"",
        "\"2024-10-10T14:55:36.123+0100\"",
        "\"2024/10/10 13:55:36.123\"",
    ] {
        assert_eq!(at(ts), "1728568536", "{ts}");
    }
    assert_eq!(at("\"soon\""), "bad");
}

#[test]
fn lines_with_named_fields_are_read() {
    let iis = [
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
        "2024-10-10 13:55:36 10.0.0.1 GET /a b=c 443 - 192.0.2.1 Mine+(1;+2) https://a.test/ 200 0 0 15\r",
        "2024-10-10 13:55:37 10.0.0.1 GET /a.css - 443 - 192.0.2.1 Mine - 200 0 0 15",
        "2024-10-10 13:55:38 10.0.0.1 GET",
        "2024-10-10 13:55:39 10.0.0.1 GET /my+page - 443 - 192.0.2.1 Mine - 200 0 0 15",
    ];
    let expected = [
        "note",
        "note",
        "1728568536 192.0.2.1 https://example.com/a?b=c < https://a.test/ | Mine (1; 2) | ",
        "asset",
        "bad",
        "1728568539 192.0.2.1 https://example.com/my%20page <  | Mine | ",
    ];
    assert_eq!(told(None, &iis), expected);
    let cloudfront = [
        "#Version: 1.0",
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query",
        "2024-10-10\t13:55:36\tFRA2\t15\t2001:db8::1\tGET\tx.cloudfront.net\t/a%2520b\t200\t-\tMine%2520(1;%202)\tc=%2526",
    ];
    assert_eq!(
        told(Some("cloudfront"), &cloudfront)[2],
        "1728568536 2001:db8::1 https://example.com/a%20b?c=%26 <  | Mine (1; 2) | "
    );
    assert_eq!(told(Some("w3c"), &iis[2..3]), ["bad"], "no line has named the fields");
}

#[test]
fn haproxys_lines_are_read() {
    let lines = [
        r#"Oct 10 13:55:36 host haproxy[1]: 192.0.2.1:33317 [10/Oct/2024:13:55:36.655] web~ app/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {example.com|https://a.test/|Mozilla/5.0 (X) Y/1} {} "GET /a?b HTTP/1.1""#,
        r#"[2001:db8::1]:33317 [10/Oct/2024:13:55:36.655] web app/srv1 10/0/30/69/109 404 2750 - - ---- 1/1/1/1/0 0/0 "GET /a HTTP/1.1""#,
        r#"192.0.2.1:33317 [10/Oct/2024:13:55:36.655] web app/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/1/1/0 0/0 "<BADREQ>""#,
        "Oct 10 13:55:36 host haproxy[1]: Server app/srv1 is DOWN",
    ];
    let expected = [
        "1728568536 192.0.2.1 https://example.com/a?b < https://a.test/ | Mozilla/5.0 (X) Y/1 | ",
        "status",
        "method",
        "bad",
    ];
    assert_eq!(told(None, &lines), expected);
}

#[test]
fn a_format_is_described_in_the_words_of_nginx_or_apache() {
    let expected = "1728568536 192.0.2.1 https://example.com/a?b < https://a.test/ | Mine \"1\" | ";
    let cases = [
        (
            r#"$host $remote_addr [$time_local] "$request" $status "$http_referer" "$http_user_agent" rt=$request_time"#,
            r#"example.com 192.0.2.1 [10/Oct/2024:13:55:36 +0000] "GET /a?b HTTP/1.1" 200 "https://a.test/" "Mine \x221\x22" rt=0.1"#,
        ),
        (
            "${msec}\t$remote_addr\t$request_method\t$uri\t$args\t$status\t$http_referer\t$http_user_agent",
            "1728568536.123\t192.0.2.1\tGET\t/a\tb\t200\thttps://a.test/\tMine \\x221\\x22",
        ),
        (
            r#"%v %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
            r#"example.com 192.0.2.1 - - [10/Oct/2024:13:55:36 +0000] "GET /a?b HTTP/1.1" 200 5 "https://a.test/" "Mine \"1\"""#,
        ),
        (
            r#"$time_iso8601|$remote_addr|$request_uri|$status|$http_referer|$http_user_agent"#,
            r#"2024-10-10T13:55:36+00:00|192.0.2.1|/a?b|200|https://a.test/|Mine \x221\x22"#,
        ),
    ];
    for (format, line) in cases {
        assert_eq!(told(Some(format), &[line, "other"]), [expected, "bad"], "{format}");
    }
    for wrong in ["", "text", "$remote_addr $status", "$remote_addr$time_local $request $status", "%h"] {
        assert!(Pattern::of(wrong).is_none(), "{wrong}");
    }
    assert!(Reader::named(Some("ngnix")).is_err());
}

#[test]
fn a_log_tells_how_it_is_written() {
    let mut reader = Reader::default();
    reader.look(b"#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2024-10-10 13:55:36 192.0.2.1 GET /a 200\n");
    assert!(matches!(reader.read(b"2024-10-10 13:55:37 192.0.2.1 GET /b 200"), Read::Line(_)));
    assert_eq!(reader.time(b"2024-10-10 13:55:37 192.0.2.1 GET /b 200"), Some(Moment(1_728_568_537_000)));
    let mut reader = Reader::default();
    assert!(matches!(reader.read(b"some words"), Read::Bad));
    assert!(matches!(reader.read(line("GET / HTTP/1.1", "200").as_bytes()), Read::Line(_)), "a first line may be none");
}

#[test]
fn no_address_is_in_what_tells_a_log_from_others() {
    for line in [
        "192.0.2.1 - - [10/Oct/2024:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5",
        r#"{"request":{"remote_ip":"192.0.2.1","client_ip":"2001:db8::1","headers":{"X-Forwarded-For":["192.0.2.1, 192.0.2.2"]}}}"#,
        "host haproxy[1]: 192.0.2.1:33317 [10/Oct/2024:13:55:36.655] web",
        "2024-10-10\t13:55:36\tFRA2\t15\t192.0.2.1\tGET",
    ] {
        let rest: Vec<u8> = without_addresses(line.as_bytes()).flatten().copied().collect();
        let rest = String::from_utf8(rest).expect("text");
        assert!(!rest.contains("192.0.2") && !rest.contains("2001:db8") && rest.len() > line.len() / 3, "{rest}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_break_any_format(bytes: Vec<u8>, text in "[ -~\t]{0,120}", fields in "(#Fields: )?(date|time|c-ip|cs-method|cs-uri-stem|sc-status|[ \t]){0,12}") {
        for format in [None, Some("caddy"), Some("w3c"), Some("haproxy"), Some("combined"), Some("$remote_addr [$time_local] $request $status")] {
            let mut reader = Reader::named(format).expect("a format");
            for line in [&bytes[..], text.as_bytes(), fields.as_bytes(), text.as_bytes()] {
                reader.look(line);
                let _ = (reader.read(line), reader.time(line), reader.is_whole(line));
                let _ = without_addresses(line).count();
            }
        }
        let _ = Pattern::of(&text);
    }
}

/// Client, address of the page and agent of each line of a log; nothing for what is none.
fn all_of(format: Option<&str>, lines: &[String]) -> Vec<Option<(String, String)>> {
    let site = Domain::parse("example.com").expect("a domain");
    let mut reader = Reader::named(format).expect("a format");
    reader.look(lines.join("\n").as_bytes());
    let read = lines.iter().filter_map(|line| match reader.read(line.as_bytes()) {
        Read::Note => None,
        Read::Bad => Some(None),
        Read::Line(line) => Some(line.beacon(&site, &Rules::default()).ok().map(|it| {
            assert_eq!(it.sender.agent.0, FIREFOX);
            (it.sender.address.0.to_string(), it.url)
        })),
    });
    read.collect()
}

fn some(address: &str, url: &str) -> Vec<Option<(String, String)>> {
    vec![Some((address.to_owned(), url.to_owned()))]
}

#[test]
fn variables_without_a_text_between_them_are_one_address() {
    let (start, end) = ("192.0.2.1 [10/Oct/2024:13:55:36 +0000]", format!("200 \"-\" \"{FIREFOX}\""));
    let nginx =
        |middle: &str| format!("$remote_addr [$time_local] {middle} $status \"$http_referer\" \"$http_user_agent\"");
    let apache = |middle: &str| format!("%h %t {middle} %>s \"%{{Referer}}i\" \"%{{User-Agent}}i\"");
    for (format, middle, url) in [
        (apache("\"%m %U%q %H\""), "\"GET /a?b=c HTTP/1.1\"", "https://example.com/a?b=c"),
        (apache("%v%U%q"), "shop.test/a", "https://shop.test/a"),
        (
            nginx("\"$request_method $uri$is_args$args $server_protocol\""),
            "\"GET /a HTTP/2.0\"",
            "https://example.com/a",
        ),
        (nginx("$scheme://$host$request_uri"), "https://shop.test/a?b=c", "https://shop.test/a?b=c"),
        (nginx("$host$request_uri"), "shop.test/a", "https://shop.test/a"),
        (nginx("$host:$server_port$request_uri"), "shop.test:443/a", "https://shop.test/a"),
    ] {
        let line = format!("{start} {middle} {end}");
        assert_eq!(all_of(Some(&format), &[line]), some("192.0.2.1", url), "{format}");
    }
    assert!(Reader::named(Some(&nginx("$request_uri$host"))).is_err(), "nobody can tell these apart");
}

#[test]
fn a_target_that_is_called_request_is_one() {
    for (request, url) in [("/a?b=c", "/a?b=c"), ("/a", "/a"), ("/a HTTP/1.1", "/a"), ("GET /a HTTP/1.1", "/a")] {
        let line = format!(
            r#"{{"@timestamp":"2024-10-10T13:55:36Z","ip":"192.0.2.1","request_method":"GET","request":"{request}","status":200,"http_user_agent":"{FIREFOX}"}}"#
        );
        assert_eq!(all_of(None, &[line]), some("192.0.2.1", &format!("https://example.com{url}")), "{request}");
    }
    let post = format!(
        r#"{{"time":"2024-10-10T13:55:36Z","ip":"192.0.2.1","method":"POST","request":"/a","status":200,"http_user_agent":"{FIREFOX}"}}"#
    );
    assert_eq!(all_of(None, &[post]), [None]);
}

#[test]
fn haproxys_log_of_tls_names_the_host_behind_the_request() {
    let line = |tail: &str| {
        format!(
            "192.0.2.1:33317 [10/Oct/2024:13:55:36.123] fe~ be/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {{{FIREFOX}}} \"GET /a HTTP/1.1\"{tail}"
        )
    };
    let named = line(" 0/0000000000000000/0/0/0 shop.test/TLSv1.3/TLS_AES_256_GCM_SHA384");
    assert_eq!(all_of(None, &[named]), some("192.0.2.1", "https://shop.test/a"));
    for none in [line(" 0/0/0/0/0 -/-/-"), line("")] {
        assert_eq!(all_of(None, &[none]), some("192.0.2.1", "https://example.com/a"));
    }
    assert_eq!(all_of(None, &[line("x")]), [None]);
}

#[test]
fn cloudflares_word_stands_above_a_list_that_it_passed_on() {
    let format = r#"$remote_addr [$time_local] "$request" $status "$http_user_agent" "$http_x_forwarded_for" "$http_cf_connecting_ip""#;
    let trusted = |networks: &str| super::super::address::named(networks).expect("a name").collect::<Networks>();
    let client = |format: &str, line: &str, networks: &str| {
        let mut reader = Reader::named(Some(format)).expect("a format").trusting(trusted(networks));
        match reader.read(line.as_bytes()) {
            Read::Line(line) => line.address.to_string(),
            Read::Note | Read::Bad => "none".to_owned(),
        }
    };
    for (peer, list, told, networks, expected) in [
        ("172.68.1.1", "203.0.113.9, 198.51.100.7", "192.0.2.1", "cloudflare", "192.0.2.1"),
        ("172.68.1.1", "203.0.113.9, 198.51.100.7", "-", "cloudflare", "198.51.100.7"),
        ("172.68.1.1", "198.51.100.7", "192.0.2.1", "loopback", "172.68.1.1"),
        ("198.51.100.9", "198.51.100.7", "192.0.2.1", "cloudflare", "198.51.100.9"),
        ("127.0.0.1", "198.51.100.7", "192.0.2.1", "loopback", "198.51.100.7"),
        ("127.0.0.1", "-", "192.0.2.1", "loopback", "192.0.2.1"),
    ] {
        let line = format!(r#"{peer} [10/Oct/2024:13:55:36 +0000] "GET /a HTTP/1.1" 200 "A" "{list}" "{told}""#);
        assert_eq!(client(format, &line, networks), expected, "{line}");
    }
    let first = r#"$http_cf_connecting_ip - [$time_local] "$request" $status "$http_x_forwarded_for""#;
    let line = r#"192.0.2.1 - [10/Oct/2024:13:55:36 +0000] "GET /a HTTP/1.1" 200 "192.0.2.1, 172.68.1.1""#;
    assert_eq!(client(first, line, "loopback"), "192.0.2.1", "the field that stands for the client");
}

#[test]
fn streams_of_a_container_go_on_each_for_itself() {
    let whole = line("GET /a HTTP/1.1", "200");
    let (begin, rest) = whole.split_at(60);
    let stamp = "2024-10-10T13:55:36.1Z";
    let lines = [
        format!("{stamp} stdout F {whole}"),
        format!("{stamp} stdout P {begin}"),
        format!("{stamp} stderr F 2024/10/10 13:55:36 [error] 1#1: *1 x"),
        format!("{stamp} stdout F {rest}"),
    ];
    let seen = some("192.0.2.1", "https://example.com/a").remove(0);
    assert_eq!(all_of(None, &lines), [seen.clone(), None, seen]);
}

#[test]
fn a_line_of_syslog_may_begin_with_its_length() {
    let whole = line("GET /a HTTP/1.1", "200");
    for front in ["213 <190>1 2024-10-10T13:55:36.123Z web1 nginx 123 - - ", "190 <190>Oct 10 13:55:36 web1 nginx: "] {
        assert_eq!(all_of(None, &[format!("{front}{whole}")]), some("192.0.2.1", "https://example.com/a"), "{front}");
    }
}
