//! What drill-down costs on disk, in memory and in reports: `cargo bench --bench drilldown`, or with `-- VISITS DAYS` for another
//! site.
//!
//! Visits are made up, the same at each run: 2.4 pageviews each, by Zipf's law of 2,000 pages, 300 sources, 120 countries and 5,000
//! cities; a tenth comes by campaigns, a fiftieth sends an event. Every day is new. Everything on disk counts: names,
//! totals, hours of 31 days, days, months, pairs.

use std::sync::Arc;
use std::time::Instant;

use headcount::beacon::Kind;
use headcount::cell::{Axis, Dimension, Filter, Metric, Test};
use headcount::counts::OpenDay;
use headcount::hit::agent::{Agent, Agents, Verdict};
use headcount::hit::place::Place;
use headcount::hit::token::Token;
use headcount::hit::{Hit, Watched, path, source};
use headcount::site::{Budget, Day, Domain, LocalHour, Moment, Schedule, Settings, Site, SiteId};
use headcount::store::sqlite::Sqlite;
use headcount::store::{Ask, DayState, Flush, Grain, Part, Store};

/// The allocator of the program.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 2026-01-01.
const FIRST: Day = Day(20_454);
const DAY_MS: i64 = 86_400_000;

/// Numbers that look random and are the same at each run (xorshift*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // Without this, small numbers come together.
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A rank below `count`; rank k comes with a probability of about 1/k.
    fn rank(&mut self, count: usize) -> usize {
        (((count as f64 + 1.0).ln() * self.share()).exp() as usize).clamp(1, count) - 1
    }
}

/// What visits are made of.
struct Maker {
    agents: Vec<Arc<Agent>>,
    places: Vec<Place>,
    origins: Vec<source::Origin>,
    pages: Vec<String>,
}

fn agents() -> Vec<Arc<Agent>> {
    let known = Agents::new();
    let systems = ["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"];
    let desktop = (0..3).flat_map(|system| {
        (0..14).map(move |version| {
            let version = 140 - version * (1 + version / 5);
            format!(
                "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36",
                systems[system]
            )
        })
    });
    let phone = (0..20).map(|version| format!(
        "Mozilla/5.0 (iPhone; CPU iPhone OS {}_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{}.0 Mobile/15E148 Safari/604.1",
        18 - version / 4, version % 4, 18 - version / 4,
    ));
    let android = (0..20).map(|version| format!(
        "Mozilla/5.0 (Linux; Android {}; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36",
        15 - version / 4, 140 - version
    ));
    let firefox = (0..10).map(|version| {
        format!("Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0", v = 141 - version)
    });
    let all = phone.chain(android).chain(desktop).chain(firefox);
    let agent = |text: String| match known.classify(&text, false) {
        Verdict::Person(agent) => Some(agent),
        _ => None,
    };
    all.filter_map(agent).collect()
}

impl Maker {
    fn new() -> Maker {
        let place = |city: usize| {
            let country = (city * 7_919) % 120 * (city % 3 + 1) / 3;
            let code = format!("{}{}", (b'A' + (country / 26) as u8) as char, (b'A' + (country % 26) as u8) as char);
            let region = format!("{code}-{}", city % 12);
            Place { city: format!("City {city}, {region}").into(), region: region.into(), country: code.into() }
        };
        let origin = |rank: usize| {
            let known =
                ["", "https://www.google.com/", "https://duckduckgo.com/", "https://t.co/a", "https://www.bing.com/"];
            let referrer =
                known.get(rank).map_or_else(|| format!("https://reader-{rank}.example.org/"), |r| (*r).to_owned());
            source::origin(&path::Campaign::default(), &referrer, "example.com", |_| false).expect("no spam")
        };
        Maker {
            agents: agents(),
            places: (0..5_000).map(place).collect(),
            origins: (0..301).map(origin).collect(),
            pages: (0..2_000).map(|page| format!("/blog/{}/storage-that-lasts-{page}/", 2016 + page % 10)).collect(),
        }
    }

    /// A day of so many visits, by three visitors in four of their own.
    fn day(&self, day: Day, visits: usize, engaged: bool, budget: Budget) -> OpenDay {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (day.0 as u64) << 20 | 1);
        let mut open = OpenDay::new(SiteId(1), day, budget);
        let mut starts: Vec<i64> = (0..visits).map(|_| (numbers.share() * 0.97 * DAY_MS as f64) as i64).collect();
        starts.sort_unstable();
        for (number, start) in starts.into_iter().enumerate() {
            let who = if numbers.share() < 0.1 { numbers.next() % (number as u64 + 1) } else { number as u64 };
            self.visit(&mut open, day, start, who, engaged, &mut numbers);
        }
        open
    }

    fn visit(&self, open: &mut OpenDay, day: Day, start: i64, who: u64, engaged: bool, numbers: &mut Numbers) {
        let mut of_who = Numbers((who + 1).wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (day.0 as u64) << 40 | 1);
        of_who.next();
        let agent = of_who.rank(self.agents.len());
        let (place, language) = (of_who.rank(self.places.len()), of_who.rank(40));
        let origin = if numbers.share() < 0.45 { 0 } else { 1 + numbers.rank(300) };
        let campaign = self.campaign(numbers);
        let views = 1 + (0..7).filter(|_| numbers.share() < 0.2).count();
        let mut at = Moment(i64::from(day.0) * DAY_MS + start);
        for view in 0..views {
            let page = &self.pages[numbers.rank(self.pages.len())];
            let kind = if view > 0 && numbers.share() < 0.02 {
                Kind::Event { name: "Signup".into(), interactive: true }
            } else {
                Kind::Pageview
            };
            let local = Schedule::utc().locate(at);
            let hit = |kind: Kind, at: Moment, local: LocalHour| Hit {
                site: SiteId(1),
                at,
                local,
                token: Some(Token::from_bits(who.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
                kind,
                page: page.clone(),
                hostname: "example.com".into(),
                props: Vec::new(),
                agent: self.agents[agent].clone(),
                place: self.places[place].clone(),
                origin: self.origins[origin].clone(),
                campaign: campaign.clone(),
                language: format!("l{language}"),
                screen: Some(["xs", "sm", "md", "lg", "xl", "xxl"][(who % 6) as usize]),
                watched: Watched::default(),
            };
            if local.day != day || open.take(&hit(kind, at, local), true).is_err() {
                return;
            }
            let stay = (numbers.share().powi(2) * 240_000.0) as i64 + 3_000;
            at = at.plus(stay);
            if engaged {
                let ping =
                    Kind::Engagement { ms: (stay as f64 * 0.8) as u64, scroll: Some((numbers.next() % 101) as u8) };
                let _ = open.take(&hit(ping, at, Schedule::utc().locate(at)), true);
            }
        }
    }

    fn campaign(&self, numbers: &mut Numbers) -> path::Campaign {
        if numbers.share() > 0.1 {
            return path::Campaign::default();
        }
        let campaign = numbers.rank(30);
        path::campaign(&format!(
            "utm_source=s{}&utm_medium=m{}&utm_campaign=c{campaign}&utm_content=v{}&utm_term=t{}",
            campaign % 8,
            campaign % 4,
            campaign * 2 + numbers.rank(2),
            numbers.rank(20)
        ))
    }
}

struct File {
    folder: std::path::PathBuf,
    store: Arc<Sqlite>,
}

impl File {
    fn new(name: &str) -> File {
        let folder = std::env::temp_dir().join(format!("headcount-drilldown-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let store = Arc::new(Sqlite::open(&folder.join("headcount.db")).expect("a store"));
        let domain = Domain::parse("example.com").expect("a domain");
        let (schedule, settings) = (Schedule::utc(), Settings::default());
        let site = Site { id: SiteId(1), domain, schedule, settings, added: Moment(0) };
        store.add_site(&site.domain, &site.schedule, &site.settings, Moment(0)).expect("a site");
        File { folder, store }
    }

    /// Stores days as the collector would: packed when they are over, hours for 31 days, months when they are over.
    fn fill(&self, maker: &Maker, visits: usize, days: i32, engaged: bool, budget: Budget) -> i64 {
        let (mut pageviews, mut number) = (0, 0);
        let begun = Instant::now();
        for day in (FIRST.0..FIRST.0 + days).map(Day) {
            let mut open = maker.day(day, visits, engaged, budget);
            let census = Some(Arc::new(open.census()));
            let sums = open.drain();
            let total = sums.days.iter().find(|(cell, _)| cell.axis == Axis::Total);
            pageviews += total.map_or(0, |(_, tally)| tally.pageviews);
            let (site, part, pair_cells) = (SiteId(1), Part::Live, budget.pair_cells);
            let state = DayState { site, day, part, census, pair_cells, is_over: true };
            number += 1;
            let old_hours = vec![(site, Day(day.0 - headcount::limits::HOUR_DETAIL_DAYS))];
            let over = self.store.months_to_add(site, day.month()).expect("months").first().copied();
            let month = over.map(|month| (site, month));
            let flush = Flush {
                number,
                sums: vec![(site, day, sums)],
                days: vec![state],
                month,
                old_hours,
                ..Flush::default()
            };
            self.store.apply(&flush).expect("stored");
            if days > 60 && (day.0 - FIRST.0) % 30 == 0 {
                eprintln!("day {} of {days}, {:.0} s", day.0 - FIRST.0, begun.elapsed().as_secs_f64());
            }
        }
        pageviews
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if std::env::var_os("HEADCOUNT_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    // `cargo test` runs benches once, to see that they build.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let number = |at: usize, usual: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(usual);
    let (visits, days) = (number(0, 100_000), number(1, 3) as i32);
    let engaged = words.get(2).is_some_and(|word| word == "engaged");
    let maker = Maker::new();
    let budget = Budget::default();
    let begun = Instant::now();
    let open = maker.day(FIRST, visits, engaged, budget);
    println!("a day: {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let census = open.census();
    println!("census: {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    let pairs = census.pairs(u32::MAX);
    let cells: usize = pairs.tables.iter().map(|t| headcount::cell::packed::unpack_all(&t.cells).unwrap().len()).sum();
    println!(
        "pairs: {:.1} ms, {cells} cells, {} bytes quick",
        begun.elapsed().as_secs_f64() * 1e3,
        pairs.tables.iter().map(|t| t.cells.len()).sum::<usize>()
    );
    if let Some(folder) = std::env::var_os("DUMP") {
        for t in &pairs.tables {
            std::fs::write(
                std::path::Path::new(&folder).join(format!("{:02}-{:02}", t.pair.first.code(), t.pair.second.code())),
                &t.cells,
            )
            .unwrap();
        }
    }
    let file = File::new("size");
    let begun = Instant::now();
    let pageviews = file.fill(&maker, visits, days, engaged, budget);
    println!(
        "{days} days: {:.1} s; {pageviews} pageviews; {:.1} bytes a pageview",
        begun.elapsed().as_secs_f64(),
        file.store.bytes() as f64 / pageviews as f64
    );
    let page = Axis::Of(Dimension::Page);
    let filter = Filter { axis: Axis::Of(Dimension::Source), test: Test::Is(vec!["Google".into()]) };
    for (by, split) in [(Dimension::Source, Dimension::Page), (Dimension::Page, Dimension::Source)] {
        let test = if by == Dimension::Source { filter.test.clone() } else { Test::Is(vec![maker.pages[0].clone()]) };
        let ask = Ask {
            site: SiteId(1),
            axis: Axis::Of(split),
            filter: Some(Filter { axis: Axis::Of(by), test }),
            grain: Grain::Day,
            first: FIRST.0,
            last: FIRST.0 + days,
            by_bucket: false,
        };
        for _ in 0..3 {
            let begun = Instant::now();
            let rows = file.store.read(std::slice::from_ref(&ask), &[]).unwrap();
            println!("{by:?} -> {split:?}: {:.2} ms, {} rows", begun.elapsed().as_secs_f64() * 1e3, rows.rows[0].len());
        }
    }
    let begun = Instant::now();
    let rows = census.filtered(&filter, &page);
    println!("memory filter: {:.1} ms, {} rows", begun.elapsed().as_secs_f64() * 1e3, rows.len());
    let _ = Metric::ALL;
}
