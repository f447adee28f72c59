//! How much is known of browsers, bots and sources, and what it costs: `HEADCOUNT_CORPORA=FOLDER cargo bench --bench knowing`.
//!
//! The folder holds labelled agents, tab-separated: agent, browser, system, device, whether it is a bot, weight; an empty cell
//! is no expectation. Files named `user_agents_*` are traffic, `*browsers*` people, other ones what their labels say. Odd
//! rows are shown apart, for whoever tunes rules on the even ones. `benches/knowing/referrers.tsv` holds labelled
//! referrers. Look-ups of countries in the table are timed too, and with `HEADCOUNT_GEO=FILE` those of places in a file.
//! `HEADCOUNT_RANGES=FOLDER` holds the table against every row of its source, as `src/hit/data/refresh --keep` leaves it.
#![allow(unsafe_code, reason = "an allocator that counts is one that is unsafe")]

use std::alloc::{GlobalAlloc, Layout};
use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use headcount::beacon::{Hints, NO_HINTS};
use headcount::hit::agent::{Agents, Verdict, table_bytes};
use headcount::hit::place::{self, Places};
use headcount::hit::{path, source};
use headcount::site::HostRelation;

/// The allocator of the program, which also knows how much is held.
struct Counted;

static HELD: AtomicI64 = AtomicI64::new(0);
static PIECES: AtomicI64 = AtomicI64::new(0);

// SAFETY: every call goes to the allocator of the program as it is.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as i64, Ordering::Relaxed);
        PIECES.fetch_add(1, Ordering::Relaxed);
        unsafe { mimalloc::MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        unsafe { mimalloc::MiMalloc.dealloc(place, layout) }
    }
}

#[global_allocator]
static MEMORY: Counted = Counted;

/// Bytes that are held now.
fn held() -> i64 {
    HELD.load(Ordering::Relaxed)
}

/// Lines of confusion that are shown.
const CONFUSIONS: usize = 40;
const PASSES: usize = 25;

struct Row {
    agent: String,
    labels: [String; 3],
    is_bot: Option<bool>,
    weight: f64,
    is_odd: bool,
}

fn rows(file: &Path) -> Vec<Row> {
    let text = fs::read_to_string(file).expect("a readable file");
    let lines = text.lines().filter(|line| !line.starts_with('#')).enumerate();
    let row = |(number, line): (usize, &str)| {
        let mut columns = line.split('\t').map(str::to_owned);
        let mut next = || columns.next().unwrap_or_default();
        Row {
            agent: next(),
            labels: [next(), next(), next()],
            is_bot: match next().as_str() {
                "1" => Some(true),
                "0" => Some(false),
                _ => None,
            },
            weight: next().parse().unwrap_or(1.0),
            is_odd: number % 2 == 1,
        }
    };
    lines.map(row).collect()
}

/// What is right of what was expected, by weight.
#[derive(Default, Clone, Copy)]
struct Share {
    right: f64,
    all: f64,
}

impl Share {
    fn add(&mut self, is_right: bool, weight: f64) {
        self.all += weight;
        self.right += if is_right { weight } else { 0.0 };
    }

    fn shown(self) -> String {
        if self.all > 0.0 { format!("{:.2}", 100.0 * self.right / self.all) } else { "-".into() }
    }
}

/// Wrong answers by weight: what was expected, what came, an example.
#[derive(Default)]
struct Confusions(BTreeMap<(String, String), (f64, usize, String)>);

impl Confusions {
    fn add(&mut self, want: &str, got: &str, weight: f64, example: &str) {
        let entry = self.0.entry((want.to_owned(), got.to_owned())).or_insert((0.0, 0, example.to_owned()));
        entry.0 += weight;
        entry.1 += 1;
    }

    fn print(&self, title: &str) {
        let mut worst: Vec<_> = self.0.iter().collect();
        worst.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
        println!("\n{title}\n\n| wanted | got | weight | rows | example |\n|---|---|---|---|---|");
        for ((want, got), (weight, count, example)) in worst.into_iter().take(CONFUSIONS) {
            println!("| {want} | {got} | {weight:.6} | {count} | {} |", example.chars().take(200).collect::<String>());
        }
    }
}

/// Browser, system and device as judged, and the family of a bot.
fn judged(agents: &Agents, text: &str) -> ([String; 3], Option<&'static str>) {
    match agents.judge(text, &NO_HINTS, false) {
        Verdict::Person(agent) => ([agent.browser.to_string(), agent.os.to_string(), agent.device.to_owned()], None),
        Verdict::Bot(bot) | Verdict::Library(bot) => (Default::default(), Some(bot.family)),
    }
}

/// One file: shares of browsers, systems, devices and bots, of all rows and of the odd ones.
fn corpus(file: &Path, agents: &Agents, confusions: &mut Confusions) {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let rows = rows(file);
    let total: f64 = rows.iter().map(|row| row.weight).sum();
    for odd_only in [false, true] {
        let mut labels = [Share::default(); 3];
        let (mut recall, mut people) = (Share::default(), Share::default());
        for row in rows.iter().filter(|row| !odd_only || row.is_odd) {
            let (got, bot) = judged(agents, &row.agent);
            for (place, want) in row.labels.iter().enumerate().filter(|(_, want)| !want.is_empty()) {
                labels[place].add(got[place] == *want, row.weight);
                if !odd_only && got[place] != *want {
                    let got = bot.unwrap_or(&got[place]);
                    confusions.add(&format!("{name}: {want}"), got, row.weight / total, &row.agent);
                }
            }
            match row.is_bot {
                Some(true) => recall.add(bot.is_some(), row.weight),
                Some(false) => people.add(bot.is_some(), row.weight),
                None => {}
            }
            if !odd_only && row.is_bot.is_some_and(|is_bot| is_bot != bot.is_some()) {
                let want = if row.is_bot == Some(true) { "a bot" } else { "a person" };
                confusions.add(&format!("{name}: {want}"), bot.unwrap_or("a person"), row.weight / total, &row.agent);
            }
        }
        let [browser, os, device] = labels.map(Share::shown);
        let which = if odd_only { "odd rows" } else { "all" };
        let (recall, false_bots) = (recall.shown(), people.shown());
        println!("| {name} | {which} | {browser} | {os} | {device} | {recall} | {false_bots} |");
    }
}

fn corpora(folder: &Path, agents: &Agents) {
    let mut files: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    files.sort();
    println!("| agents, by weight | rows | browser % | system % | device % | bots found % | people called bots % |");
    println!("|---|---|---|---|---|---|---|");
    let mut confusions = Confusions::default();
    let labelled = ["agents", "crawlers", "browsers", "edge_cases"];
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "tsv")) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if labelled.iter().any(|part| name.contains(part)) {
            corpus(file, agents, &mut confusions);
        }
    }
    confusions.print("Confusion of agents, worst first:");
}

/// Labelled referrers: referrer, query of the page, source, channel.
fn referrers() {
    let text = include_str!("knowing/referrers.tsv");
    let (mut sources, mut channels) = (Share::default(), Share::default());
    let mut confusions = Confusions::default();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (referrer, query, source, channel) = (next(), next(), next(), next());
        let origin = source::origin(&path::campaign(query), referrer, |_| HostRelation::Stranger);
        let got = origin.map_or(("spam".to_owned(), "spam"), |origin| (origin.source.into_owned(), origin.channel));
        sources.add(got.0 == source, 1.0);
        channels.add(got.1 == channel, 1.0);
        if got.0 != source || got.1 != channel {
            confusions.add(&format!("{source}, {channel}"), &format!("{}, {}", got.0, got.1), 1.0, referrer);
        }
    }
    println!("\n| referrers | source % | channel % |\n|---|---|---|");
    println!("| {} | {} | {} |", sources.all, sources.shown(), channels.shown());
    confusions.print("Confusion of referrers:");
}

/// The least of some passes, in nanoseconds a piece.
fn timed(pieces: usize, mut pass: impl FnMut()) -> f64 {
    pass();
    let mut times: Vec<f64> = (0..PASSES)
        .map(|_| {
            let begun = Instant::now();
            pass();
            begun.elapsed().as_secs_f64() * 1e9 / pieces as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    // Other programs on the machine only ever add to it.
    times[0]
}

fn costs(folder: &Path) {
    let files = ["user_agents_2026_09.tsv", "user_agents_2026_mid.tsv", "user_agents_2025_09.tsv"];
    let found = files.iter().map(|name| folder.join(name)).filter(|file| file.is_file());
    let texts: Vec<String> = found.flat_map(|file| rows(&file)).map(|row| row.agent).collect();
    if texts.is_empty() {
        return;
    }
    let before = held();
    let agents = Agents::new();
    let cache = held() - before;
    for text in texts.iter().map(String::as_str).chain(["curl/8", "GPTBot/1.2"]) {
        black_box(agents.judge(text, &NO_HINTS, false));
    }
    let tables = held() - before - cache;
    let cold = timed(texts.len(), || {
        for text in &texts {
            black_box(agents.judge(text, &NO_HINTS, false));
        }
    });
    let cached = timed(texts.len(), || {
        for text in &texts {
            black_box(agents.classify(text, &NO_HINTS, false));
        }
    });
    let mut hints = Hints::default();
    hints.add("sec-ch-ua", r#""Chromium";v="140", "Google Chrome";v="140", "Not?A_Brand";v="24""#);
    hints.add("sec-ch-ua-platform", r#""Windows""#);
    hints.add("sec-ch-ua-mobile", "?0");
    let hinted = timed(texts.len(), || {
        for text in &texts {
            black_box(agents.classify(text, &hints, false));
        }
    });
    println!("\n| cost | |\n|---|---|");
    println!("| one agent, cold | {cold:.0} ns |");
    println!("| one agent, seen before | {cached:.0} ns |");
    println!("| the same with client hints | {hinted:.0} ns |");
    println!("| tables of tokens and names | {} kB |", table_bytes() / 1_000);
    println!("| the same with woothee's expressions | {} kB |", tables / 1_000);
}

/// What a look-up of a place costs, in the table and in a file.
fn places() {
    println!("\n| cost of places | |\n|---|---|");
    let table = Places::none();
    table.of(Ipv4Addr::UNSPECIFIED.into(), None);
    let before = PIECES.load(Ordering::Relaxed);
    look_up(&table, "table");
    // What is printed and what is looked up take memory too, a few pieces in all.
    let pieces = PIECES.load(Ordering::Relaxed) - before;
    println!("| pieces of memory taken for {} look-ups | {pieces} |", 2 * (PASSES + 1) * 20_000);
    println!("| size of the table | {} kB |", place::table().bytes / 1_000);
    if let Some(file) = std::env::var_os("HEADCOUNT_GEO") {
        look_up(&Places::open(file).expect("a database of places"), "file");
    }
}

fn look_up(places: &Places, by: &str) {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Ipv4Addr::from(state.rotate_left(13))
    };
    let older: Vec<IpAddr> =
        (0..20_000).map(|_| next()).filter(|address| !address.is_private()).map(IpAddr::V4).collect();
    let newer: Vec<IpAddr> =
        (0..20_000_u128).map(|n| Ipv6Addr::from(0x2a00 << 112 | (n * 7_919) << 88 | 1).into()).collect();
    for (addresses, version) in [(older, 4), (newer, 6)] {
        let cost = timed(addresses.len(), || {
            for address in &addresses {
                black_box(places.of(*address, None));
            }
        });
        println!("| one place by the {by}, IPv{version} | {cost:.0} ns |");
    }
}

/// Rows of the table's source by first address: first, last, country. A narrower row within a wider one goes before it.
fn ranges(file: &Path) -> Vec<(u128, u128, String)> {
    let text = fs::read_to_string(file).expect("a readable file");
    let row = |line: &str| {
        let mut columns = line.split(',');
        let mut next = || columns.next().expect("three columns");
        (next().parse().expect("a number"), next().parse().expect("a number"), next().to_owned())
    };
    let mut rows: Vec<_> = text.lines().map(row).collect();
    rows.sort();
    rows
}

/// The last address of all rows up to each: rows that end before a place can't hold it.
fn reach(rows: &[(u128, u128, String)]) -> Vec<u128> {
    let mut far = 0;
    rows.iter()
        .map(|row| {
            far = row.1.max(far);
            far
        })
        .collect()
}

/// The country of the narrowest row that holds an address.
fn in_source<'a>(rows: &'a [(u128, u128, String)], reach: &[u128], at: u128) -> &'a str {
    let behind = rows.partition_point(|row| row.0 <= at);
    let holding = (0..behind).rev().take_while(|row| reach[*row] >= at).filter(|row| rows[*row].1 >= at);
    let narrowest = holding.min_by_key(|row| (rows[*row].1 - rows[*row].0, rows[*row].1, &rows[*row].2));
    narrowest.map_or("(not set)", |row| &rows[row].2)
}

/// Asks the table for the first and the last address of every row of its source, and for those before and behind it.
fn against_source(folder: &Path) {
    println!(
        "\n| rows of the source | edges looked up | as in the source | not set here | other |\n|---|---|---|---|---|"
    );
    for version in [4, 6] {
        let rows = ranges(&folder.join(format!("geo-whois-asn-country-ipv{version}-num.csv")));
        let address = |number: u128| match version {
            4 => IpAddr::from(Ipv4Addr::from(number as u32)),
            _ => IpAddr::from(Ipv6Addr::from(number)),
        };
        let top = if version == 4 { u128::from(u32::MAX) } else { u128::MAX };
        let places = Places::none();
        let (mut looked, mut same, mut special, mut other) = (0_u64, 0_u64, 0_u64, 0_u64);
        let reach = reach(&rows);
        for (first, last, _) in &rows {
            for at in [first.checked_sub(1), Some(*first), Some(*last), last.checked_add(1).filter(|at| *at <= top)]
                .into_iter()
                .flatten()
            {
                let want = in_source(&rows, &reach, at);
                let got = places.of(address(at), None);
                looked += 1;
                if got.country == want {
                    same += 1;
                } else if got.country == "(not set)" {
                    special += 1;
                } else {
                    other += 1;
                }
            }
        }
        println!("| IPv{version}: {} | {looked} | {same} | {special} | {other} |", rows.len());
    }
}

fn main() {
    // `cargo test` runs benches once, to see that they build.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let folder = std::env::var_os("HEADCOUNT_CORPORA");
    if let Some(folder) = &folder {
        costs(Path::new(folder));
        println!();
        corpora(Path::new(folder), &Agents::new());
    } else {
        println!("HEADCOUNT_CORPORA names no folder of labelled agents; only referrers are looked at.");
    }
    referrers();
    places();
    if let Some(folder) = std::env::var_os("HEADCOUNT_RANGES") {
        against_source(Path::new(&folder));
    }
}
