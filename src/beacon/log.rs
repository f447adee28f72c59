//! In: one line of a web server's log, in the combined or the common format. Out: when it was, and the [`Beacon`] of a page
//! that was shown, or the reason why it is none. Forgets: size, user, protocol, and all lines that are no pages.
//!
//! `ADDRESS - USER [DAY/MON/YEAR:HH:MM:SS +ZONE] "METHOD TARGET PROTOCOL" STATUS SIZE "REFERRER" "AGENT"`; what follows is
//! not read. Quotes within fields are escaped, by nginx as `\x22` and by Apache as `\"`.

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::{memchr, memchr_iter, memchr2};

use super::{Beacon, ClientIp, Hints, Kind, Sender, UserAgent, cut};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Domain, Moment};

/// Longest ending of all, in bytes.
const ENDING_BYTES_MAX: usize = 11;

/// One line, its fields still as they stand there. There is no `Debug`: it holds an address and an agent.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// When it was.
    pub at: Moment,
    address: IpAddr,
    request: &'a [u8],
    status: u16,
    referrer: &'a [u8],
    /// Nothing in the common format, which has no agents.
    agent: Option<&'a [u8]>,
}

/// Reads a line, given without its line feed. Nothing if it is in neither format, or longer than
/// [`limits::LOG_LINE_BYTES_MAX`].
pub fn read(line: &[u8]) -> Option<Line<'_>> {
    if line.len() > limits::LOG_LINE_BYTES_MAX {
        return None;
    }
    let (address, rest) = line.split_at_checked(memchr(b' ', line)?)?;
    let address: IpAddr = std::str::from_utf8(address).ok()?.parse().ok()?;
    let (at, rest) = stamped(rest)?;
    let (request, rest) = quoted(rest.strip_prefix(b" \"")?)?;
    let (status, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let status = number(status)? as u16;
    let (referrer, agent) = match memchr(b'"', rest) {
        None => (&b""[..], None),
        Some(quote) => {
            let (referrer, rest) = quoted(rest.get(quote + 1..)?)?;
            let (agent, _) = quoted(rest.strip_prefix(b" \"")?)?;
            (referrer, Some(agent))
        }
    };
    Some(Line { at, address: address.to_canonical(), request, status, referrer, agent })
}

/// When a line was, without a look at the rest of it.
pub fn time(line: &[u8]) -> Option<Moment> {
    stamped(line).map(|(at, _)| at)
}

/// Whether the last line of a log, which no line feed ends, was written to its end: its agent is closed by a quote.
pub fn is_whole(line: &[u8]) -> bool {
    line.ends_with(b"\"") && read(line).is_some_and(|line| line.agent.is_some())
}

impl Line<'_> {
    /// The pageview that the line tells of, for a site whose pages are all at its own domain.
    ///
    /// # Errors
    /// [`Rejection::Method`], [`Rejection::Status`], [`Rejection::Asset`], and [`Rejection::BadUrl`] for a target that is
    /// no path.
    pub fn beacon(&self, site: &Domain) -> Result<Beacon, Rejection> {
        let target = self.request.strip_prefix(b"GET ").ok_or(Rejection::Method)?;
        if !matches!(self.status, 200..=299 | 304) {
            return Err(Rejection::Status);
        }
        let target = path_and_query(without_protocol(target)).ok_or(Rejection::BadUrl)?;
        if is_asset(target) {
            return Err(Rejection::Asset);
        }
        let agent = text(self.agent.unwrap_or_default());
        Ok(Beacon {
            site: site.as_str().to_owned(),
            kind: Kind::Pageview,
            url: ["https://", site.as_str(), &text(target)].concat(),
            hash_mode: false,
            referrer: text(self.referrer).into_owned(),
            props: Vec::new(),
            revenue: None,
            language: String::new(),
            screen: None,
            libraries_count: false,
            sender: Sender {
                address: ClientIp(self.address),
                agent: UserAgent(cut(&agent, limits::USER_AGENT_BYTES_MAX).to_owned()),
                hints: Hints::default(),
                opted_out: false,
                prefetch: false,
                automated: false,
                touch_mac: false,
                time_zone: None,
            },
        })
    }
}

/// The time in brackets, and what follows it. A user's name before it may hold brackets too.
fn stamped(line: &[u8]) -> Option<(Moment, &[u8])> {
    memchr_iter(b'[', line).take(8).find_map(|open| {
        let rest = line.get(open + 1..)?;
        let (stamp, rest) = rest.split_at_checked(26)?;
        Some((moment(stamp.try_into().ok()?)?, rest.strip_prefix(b"]")?))
    })
}

/// The moment of `10/Oct/2024:13:55:36 -0700`.
fn moment(stamp: &[u8; 26]) -> Option<Moment> {
    let [d1, d2, b'/', m1, m2, m3, b'/', y @ .., b':', h1, h2, b':', n1, n2, b':', s1, s2, b' ', sign, z1, z2, z3, z4] =
        stamp
    else {
        return None;
    };
    let (day, year) = (number(&[*d1, *d2])?, number(y)?);
    let month = match &[*m1, *m2, *m3] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?);
    let offset_s = number(&[*z1, *z2])? * 3_600 + number(&[*z3, *z4])? * 60;
    let offset_s = match sign {
        b'+' => offset_s,
        b'-' => -offset_s,
        _ => return None,
    };
    // A leap second is the last one of its minute once more.
    let fits = (1..=31).contains(&day) && year >= 1970 && hour < 24 && minute < 60 && second <= 60;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second.min(59) - offset_s;
    fits.then_some(Moment(seconds * 1_000))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // Months from March on have 31, 30, 31, 30, 31 days, again and again.
    let before_month = (153 * month + 2) / 5;
    365 * year + leap_days + before_month + day - 719_469
}

/// The value of ASCII digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// What stands before the next quote that is not escaped, and what follows it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
        from = at + 2;
    }
}

fn without_protocol(target: &[u8]) -> &[u8] {
    match target.iter().rposition(|byte| *byte == b' ') {
        Some(space) if target[space..].starts_with(b" HTTP/") => &target[..space],
        _ => target,
    }
}

/// Path and query of a target; a proxy's has the whole address.
fn path_and_query(target: &[u8]) -> Option<&[u8]> {
    if target.first() == Some(&b'/') {
        return Some(target);
    }
    let rest = [&b"http://"[..], b"https://"].into_iter().find_map(|scheme| target.strip_prefix(scheme))?;
    Some(memchr(b'/', rest).map_or(b"/", |slash| &rest[slash..]))
}

fn is_asset(target: &[u8]) -> bool {
    let path = &target[..memchr2(b'?', b'#', target).unwrap_or(target.len())];
    let longest = &path[path.len().saturating_sub(ENDING_BYTES_MAX + 1)..];
    let Some(dot) = longest.iter().rposition(|byte| matches!(byte, b'.' | b'/')) else { return false };
    let ending = &longest[dot + 1..];
    let mut lower = [0; ENDING_BYTES_MAX];
    let Some(lower) = lower.get_mut(..ending.len()) else { return false };
    lower.copy_from_slice(ending);
    lower.make_ascii_lowercase();
    let lower: &[u8] = lower;
    longest[dot] == b'.' && is_ending_of_asset(lower)
}

/// Whether files with this ending, in lower case, are no pages. What a reader looks at by itself (`html`, `php`) is not
/// among them.
#[rustfmt::skip]
fn is_ending_of_asset(ending: &[u8]) -> bool {
    matches!(
        ending,
        b"7z" | b"apk" | b"atom" | b"avi" | b"avif" | b"bin" | b"bmp" | b"bz2" | b"cjs" | b"css" | b"csv" | b"cur" |
        b"deb" | b"dmg" | b"doc" | b"docx" | b"eot" | b"exe" | b"flac" | b"flv" | b"gif" | b"gz" | b"heic" | b"ico" |
        b"ics" | b"iso" | b"jpe" | b"jpeg" | b"jpg" | b"js" | b"json" | b"jsonld" | b"jxl" | b"m3u8" | b"m4a" |
        b"m4v" | b"map" | b"mjs" | b"mkv" | b"mov" | b"mp3" | b"mp4" | b"mpd" | b"mpeg" | b"mpg" | b"msi" | b"oga" |
        b"ogg" | b"ogv" | b"opus" | b"otf" | b"pdf" | b"png" | b"ppt" | b"pptx" | b"rar" | b"rdf" | b"rpm" | b"rss" |
        b"svg" | b"svgz" | b"swf" | b"tar" | b"tgz" | b"tif" | b"tiff" | b"ttf" | b"txt" | b"wasm" | b"wav" |
        b"webm" | b"webmanifest" | b"webp" | b"woff" | b"woff2" | b"xls" | b"xlsx" | b"xml" | b"xz" | b"zip" | b"zst"
    )
}

/// A field as text: escapes resolved, `-` for nothing, bytes that are no UTF-8 replaced.
fn text(field: &[u8]) -> Cow<'_, str> {
    if field == b"-" {
        Cow::Borrowed("")
    } else if memchr(b'\\', field).is_none() {
        std::str::from_utf8(field).map_or_else(|_| String::from_utf8_lossy(field), Cow::Borrowed)
    } else {
        Cow::Owned(String::from_utf8_lossy(&unescaped(field)).into_owned())
    }
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, more @ ..] = rest {
        let (byte, after) = match (first, more) {
            (b'\\', [b'x', high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (digit(*high) << 4 | digit(*low), after)
            }
            (b'\\', [b'n' | b't' | b'r' | b'b' | b'v' | b'f', after @ ..]) => (b' ', after),
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            _ => (*first, more),
        };
        out.push(byte);
        rest = after;
    }
    out
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn parsed(line: &[u8]) -> Result<(Moment, Beacon), Rejection> {
        let site = Domain::parse("example.com").expect("a domain");
        let read = read(line).ok_or(Rejection::BadLine)?;
        Ok((read.at, read.beacon(&site)?))
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
            (line("GET / HTTP/1.1", "200").replace("192.0.2.1", "host.test"), Rejection::BadLine),
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
            assert_eq!(is_asset(path.as_bytes()), expected, "{path}");
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
            assert_eq!(super::time(line.as_bytes()), Some(Moment(expected.as_millisecond())), "{stamp}");
        }
    }

    #[test]
    fn a_last_line_is_whole_when_its_agent_is_closed() {
        let whole = line("GET / HTTP/1.1", "200");
        assert!(is_whole(whole.as_bytes()));
        for bytes in 0..whole.len() {
            assert!(!is_whole(&whole.as_bytes()[..bytes]), "{}", &whole[..bytes]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>) {
            let _ = parsed(&bytes);
            let _ = (super::time(&bytes), is_whole(&bytes));
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
}
