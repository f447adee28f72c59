//! No reader of what comes from outside panics, or hands out more than its bounds allow, when recorded input is changed at
//! random.
//!
//! This loop runs on every compiler, in every test run for a moment and with `HEADCOUNT_FUZZ_S` for as many seconds. Its corpus is
//! that of the captures, and what a coverage-guided fuzzer found worth keeping (`tests/fuzz/guided`). It prints the seed of an input
//! that fails, which `HEADCOUNT_FUZZ_SEED` repeats.

mod kept;
mod readers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::dice::Dice;

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

impl Dice {
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

/// Inputs from which those of a reader are made: recorded ones, and those which a guided fuzzer found worth keeping.
fn corpus_of(reader: &str) -> Vec<Vec<u8>> {
    let mut corpus = seeds(reader);
    corpus.extend(kept::read(reader));
    corpus
}

/// Queries and bodies of all captures.
fn captured() -> Vec<Vec<u8>> {
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

fn seeds(reader: &str) -> Vec<Vec<u8>> {
    let texts: &[&str] = match reader {
        "logs" => return crate::import::samples::logs().into_iter().map(|(_, log)| log).collect(),
        "packed" => return packed_seeds(),
        "addresses" => &[
            "for=\"[2001:db8::1]:80\", 192.0.2.1",
            "/e/example.test/spring.gif",
            "example.test\nspring\nhttps://example.test/",
            "cloudflare, 10.0.0.0/8, 2001:db8::/32",
        ],
        "head" => &[
            "POST /api/event HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
            "GET /pixel.gif?site=example.test HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0\r\nConnection: close\r\n\r\n",
            "POST /api/event HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ],
        "query" => &[
            r#"{"site_id":"example.test","metrics":["visitors","pageviews"],"date_range":"7d","dimensions":["event:page","time:day"],"order_by":[["visitors","desc"]],"pagination":{"limit":10,"offset":0}}"#,
            r#"{"site_id":"example.test","metrics":["visits"],"date_range":["2026-01-01","2026-02-01"],"filters":[["is","visit:source",["Google"]]],"include":{"time_labels":true,"total_rows":true}}"#,
        ],
        "view" => &[
            "period=30d&compare=previous&by=day&is=page:/a&is=source:Google",
            "from=2026-01-01&to=2026-02-01&goal=Signup&pages=entry",
            "period=month&date=2026-02&embed=true&theme=dark",
        ],
        "settings" => &[
            r#"{"time-zone":"Europe/Berlin","hosts":["a.test"],"collect":["no-city"]}"#,
            r#"{"exclude-addresses":["192.0.2.0/24"],"keep":["days=1m"],"page-rules":["/a/* => /b"]}"#,
        ],
        "configuration" => &["listen=127.0.0.1:8000\ntrusted_proxies=10.0.0.0/8,cloudflare\ndata=/tmp\nsites=a.test"],
        "journal" => &["\u{1}\u{2}\u{3}", "\u{8}\u{1}\u{2}\u{0}"],
        "texts" => &[
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "de-CH, fr;q=0.8, *;q=0.1",
            "title = Datenschutz\nlead = {domain} zählt",
        ],
        _ => return captured(),
    };
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn packed_seeds() -> Vec<Vec<u8>> {
    use headcount::cell::Tally;
    use headcount::cell::packed::{BlockPacker, chunks, pack};
    let cells = |many: u32| (0..many).map(|at| ((at / 3, at), Tally { visitors: i64::from(at % 7), ..Tally::ZERO }));
    let mut packer = BlockPacker::of_one_block();
    chunks(cells(500)).for_each(|chunk| assert!(packer.add(3, chunk).is_none()));
    let block = packer.finish().expect("a block");
    vec![pack(cells(5)), pack(cells(2_000)), block.bytes]
}

macro_rules! fuzzed {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let (name, read) = readers::READERS.into_iter().find(|(name, _)| *name == stringify!($name)).unwrap();
            fuzz(&corpus_of(name), read);
        }
    )*

        #[test]
        fn every_reader_is_fuzzed() {
            assert_eq!(readers::READERS.map(|(name, _)| name).as_slice(), [$(stringify!($name)),*]);
        }
    };
}

fuzzed! {
    plausible pixel umami umami_batch goatcounter goatcounter_api matomo fathom simple
    objects logs addresses head query view settings configuration packed journal texts
}

/// What `tests/fuzz/guided/run` calls: seeds go to where the guided fuzzer looks for them, and what it kept comes back.
#[test]
fn seeds_go_to_the_guided_fuzzer_and_come_back() {
    let of = |name: &str| std::env::var_os(name).map(std::path::PathBuf::from);
    for (name, _) in readers::READERS {
        if let Some(folder) = of("HEADCOUNT_FUZZ_SEEDS").map(|folder| folder.join(name)) {
            std::fs::create_dir_all(&folder).unwrap();
            for (place, input) in corpus_of(name).into_iter().enumerate() {
                std::fs::write(folder.join(format!("seed-{place}")), input).unwrap();
            }
        }
        if let Some(folder) = of("HEADCOUNT_FUZZ_KEEP").map(|folder| folder.join(name)).filter(|folder| folder.is_dir())
        {
            kept::write(name, &folder);
        }
    }
}
