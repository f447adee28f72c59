//! No reader of what comes from outside panics, or hands out more than its bounds allow, when recorded input is changed at
//! random.
//!
//! Coverage-guided fuzzing needs a nightly compiler. This loop runs on every compiler, in every test run for a moment and with
//! `HEADCOUNT_FUZZ_S` for as many seconds; its corpus is that of the captures. It prints the seed of an input that fails, which
//! `HEADCOUNT_FUZZ_SEED` repeats.

use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use headcount::beacon::log::{Read, Reader, Rules, looks_like};
use headcount::beacon::mail::{Act, Link, asker, of_picture};
use headcount::beacon::objects::Objects;
use headcount::beacon::{
    Beacon, ClientIp, Request, address, fathom, goatcounter, matomo, pixel, plausible, simple, umami,
};
use headcount::limits;
use headcount::site::Domain;
use serde_json::Value;

/// Inputs of a run without a time of its own.
const INPUTS: u64 = 300;

/// Texts that parsers stumble over.
const SPLINTERS: [&str; 28] = [
    "\0",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "&",
    "=",
    "%",
    "%00",
    "%ff",
    "?",
    "#",
    "\u{feff}",
    "ä",
    "\\ud800",
    "null",
    "true",
    "-1",
    "1e999",
    "99999999999999999999",
    "{\"a\":",
    "[[[[[[[[",
    "\r\n",
    " ",
];

/// A generator whose every output depends on one seed.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // Steele, Lea and Flood: SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// An input from the corpus, changed in a few places.
    pub fn change(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = at + self.below((bytes.len() - at).min(40) + 1);
            match self.below(6) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.splice(at..at, SPLINTERS[self.below(SPLINTERS.len())].bytes()).for_each(drop),
                2 => bytes[at..end].iter_mut().for_each(|byte| *byte ^= 1 << (self.0 % 8)),
                3 => {
                    let piece = bytes[at..end].repeat(1 + self.below(50));
                    bytes.splice(at..at, piece).for_each(drop);
                }
                4 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len() + 1);
                    bytes.splice(at..end, other[from..].iter().copied()).for_each(drop);
                }
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}

/// Runs something for each seed of this run.
pub fn each_seed(mut run: impl FnMut(u64)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let until = number("HEADCOUNT_FUZZ_S").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let first = number("HEADCOUNT_FUZZ_SEED");
    for seed in first.unwrap_or(0).. {
        let is_over = match (first, until) {
            (Some(first), _) => seed > first,
            (None, Some(until)) => Instant::now() >= until,
            (None, None) => seed >= INPUTS,
        };
        if is_over {
            break;
        }
        run(seed);
    }
}

/// Feeds a reader with changed inputs.
fn fuzz(corpus: &[Vec<u8>], read: impl Fn(&[u8])) {
    each_seed(|seed| {
        let input = Dice(seed).change(corpus);
        let result = catch_unwind(AssertUnwindSafe(|| read(&input)));
        assert!(result.is_ok(), "HEADCOUNT_FUZZ_SEED={seed}: {:?}", String::from_utf8_lossy(&input));
    });
}

/// Queries and bodies of all captures.
fn corpus() -> Vec<Vec<u8>> {
    use crate::captures::{CLASSIC, TRACKER, others};
    let captures = [
        CLASSIC,
        TRACKER,
        others::UMAMI,
        others::UMAMI_NODE,
        others::GOATCOUNTER,
        others::MATOMO,
        others::MATOMO_XHR,
        others::FATHOM,
        others::SIMPLE,
    ];
    let lines = captures.into_iter().flat_map(str::lines).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let texts = lines.flat_map(|line| ["query", "body"].map(|key| line[key].as_str().unwrap_or_default().to_owned()));
    let api = r#"{"no_sessions":true,"hits":[{"path":"/a","ip":"192.0.2.1","created_at":"2026-01-02T03:04:05Z","size":[1,2]}]}"#;
    texts.filter(|text| !text.is_empty()).chain([api.to_owned()]).map(String::into_bytes).collect()
}

/// The input as a query and as a body, by turns.
fn request(input: &[u8], read: impl Fn(&Request<'_>) -> Vec<Beacon>) {
    let query = String::from_utf8_lossy(input);
    let ask = |query, body| Request {
        query,
        body,
        address: ClientIp(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        way: address::Way::default(),
        user_agent: "Mozilla/5.0",
        hints: &headcount::beacon::NO_HINTS,
        accept_language: "en",
        referer: query,
        origin: "https://example.test",
        forwarded: query,
        opted_out: false,
        prefetch: false,
    };
    for request in [ask(&query, b""), ask("", input)] {
        for beacon in read(&request) {
            assert!(!beacon.site.is_empty());
            assert!(beacon.referrer.len() <= limits::URL_BYTES_MAX);
            assert!(beacon.props.len() <= limits::PROPS_MAX && beacon.language.len() <= 3);
            let fits = |(key, value): &(String, String)| {
                key.len() <= limits::PROP_KEY_BYTES_MAX && value.len() <= limits::PROP_VALUE_BYTES_MAX
            };
            assert!(beacon.props.iter().all(fits));
        }
    }
}

macro_rules! adapters {
    ($($name:ident: $read:expr;)*) => {$(
        #[test]
        fn $name() {
            fuzz(&corpus(), |input| request(input, $read));
        }
    )*};
}

adapters! {
    plausible_events: |request| plausible::parse(request).unwrap_or_default();
    the_pixel: |request| pixel::parse(request).unwrap_or_default();
    umami_messages: |request| umami::parse(request).into_iter().collect();
    umami_batches: |request| umami::parse_batch(request).into_iter().flatten().flatten().collect();
    goatcounter_queries: |request| goatcounter::parse(request, "example.test").into_iter().collect();
    goatcounter_calls: |request| goatcounter::parse_api(request, "example.test").into_iter().flatten().flatten().collect();
    matomo_requests: |request| matomo::parse(request).into_iter().flat_map(|parsed| parsed.items).flatten().collect();
    fathom_queries: |request| fathom::parse(request).into_iter().collect();
    simple_analytics: |request| simple::parse(request).into_iter().chain(simple::parse_append(request)).collect();
}

#[test]
fn lists_of_hits() {
    fuzz(&corpus(), |input| {
        let mut objects = Objects::default();
        for piece in input.chunks(7) {
            objects.add(piece);
            while let Ok(Some(object)) = objects.cut_next() {
                assert!(object.len() <= limits::BULK_HIT_BYTES_MAX && object.starts_with(b"{"));
            }
        }
    });
}

#[test]
fn lines_of_logs() {
    let corpus: Vec<Vec<u8>> = crate::import::samples::logs().into_iter().map(|(_, log)| log).collect();
    let site = Domain::parse("example.test").unwrap();
    fuzz(&corpus, |input| {
        let keys = r#"{"a":"$remote_addr","b":"$time_local","c":"$request","d":"$status"}"#;
        let named = ["combined", "json", "w3c", "haproxy", "%h %t \"%r\" %s", keys];
        let formats = std::iter::once(None).chain(named.map(Some));
        for format in formats {
            let mut reader = Reader::named(format).unwrap();
            reader.look(input);
            for line in input.split(|byte| *byte == b'\n') {
                if let Read::Line(read) = reader.read(line) {
                    let _ =
                        read.beacon(&site, &Rules::default()).map(|beacon| assert!(beacon.url.starts_with("https://")));
                }
                let _ = (reader.time(line), reader.is_whole(line));
            }
        }
        let told = looks_like(input);
        assert!(told.len() < 2_000, "{told}");
        let _ = Reader::named(std::str::from_utf8(input).ok());
    });
}

#[test]
fn headers_and_addresses_of_mails() {
    let corpus = [
        "for=\"[2001:db8::1]:80\", 192.0.2.1",
        "/e/example.test/spring.gif",
        "example.test\nspring\nhttps://example.test/",
    ];
    let corpus: Vec<Vec<u8>> = corpus.into_iter().map(|text| text.as_bytes().to_vec()).collect();
    let by_header = ["Forwarded", "X-Real-IP", "CloudFront-Viewer-Address"].map(address::ClientHeader::new);
    let of_header = |header| address::Trust { header, ..address::Trust::default() };
    let trusts: Vec<_> = by_header.into_iter().map(of_header).chain([address::Trust::default()]).collect();
    fuzz(&corpus, |input| {
        let once = || std::iter::once(input);
        for trust in &trusts {
            address::of_client(Ipv4Addr::LOCALHOST.into(), |_| once(), trust);
        }
        let (alone, with_port) = (address::node(input), address::node_and_port(input));
        assert_eq!(alone.is_some(), with_port.is_some(), "one reading finds an address where the other finds none");
        let text = String::from_utf8_lossy(input);
        let _ = (of_picture(&text), Link::of_text(&text), Link::to("example.test", &text, &text, &text));
        request(input, |request| {
            asker(&Request { user_agent: request.query, ..*request }, Act::Clicked, false, false);
            Vec::new()
        });
    });
}
