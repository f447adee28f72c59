//! What drill-down costs on disk, in memory and in reports: `cargo bench --bench drilldown`, with `-- sizes`, `-- memory`, `-- reports` or
//! `-- shared` for a part of it; `-- make FOLDER` keeps what it makes, for `benches/memory`. The reports need a year of 100,000 visits a day, which takes a quarter of an hour to make.
//!
//! Visits are made up, the same at each run: 2.4 pageviews each, by Zipf's law of 2,000 pages, 300 sources, 120 countries and 5,000
//! cities; a tenth comes by campaigns, a fiftieth sends an event. Every day is new. Everything on disk counts: names,
//! totals, hours of 31 days, days, months, pairs.

#[path = "../tests/store/file.rs"]
mod file;
#[path = "drilldown/pages.rs"]
mod pages;

use std::sync::Arc;
use std::time::Instant;

use headcount::beacon::{Kind, NO_HINTS};
use headcount::cell::{Axis, Dimension, Filter, Metric, Test};
use headcount::clock::Clock;
use headcount::collector::{Collector, WriterHandle};
use headcount::counts::{OpenDay, Room};
use headcount::hit::agent::{Agent, Agents, Verdict};
use headcount::hit::place::{Place, Places};
use headcount::hit::token::{Network, Token};
use headcount::hit::{Hit, Tools, Watched, path, source};
use headcount::report::folded::{Folded, Kept};
use headcount::report::{self, Question, Span};
use headcount::site::{Budget, Day, Domain, HostRelation, Moment, Schedule, Settings, Site, SiteId};
use headcount::store::{self, CountedBy, DayState, Flush, Stores};

use file::Database;

/// The allocator of the program.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 2026-01-01.
const FIRST: Day = Day(20_454);
const DAY_MS: i64 = 86_400_000;

/// Numbers that look random and are the same at each run (xorshift*).
struct Numbers(u64);

impl Numbers {
    /// Those that a visitor of a day brings.
    fn of_visitor(day: Day, who: u64) -> Numbers {
        let mut numbers = Numbers((who + 1).wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (day.0 as u64) << 40 | 1);
        numbers.next();
        numbers
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // Without this, small numbers come together.
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// How long a page stays open.
    fn stay_ms(&mut self) -> i64 {
        (self.share().powi(2) * 240_000.0) as i64 + 3_000
    }

    fn engagement(&mut self, stay_ms: i64) -> Kind {
        Kind::Engagement { ms: (stay_ms as f64 * 0.8) as u64, scroll: Some((self.next() % 101) as u8) }
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
    places: Vec<Arc<Place>>,
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
    let agent = |text: String| match known.classify(&text, &NO_HINTS, false) {
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
            source::origin(&path::Campaign::default(), &referrer, |_| HostRelation::Stranger).expect("no spam")
        };
        Maker {
            agents: agents(),
            places: (0..5_000).map(place).map(Arc::new).collect(),
            origins: (0..301).map(origin).collect(),
            pages: (0..2_000).map(|page| format!("/blog/{}/storage-that-lasts-{page}/", 2016 + page % 10)).collect(),
        }
    }

    /// A day of so many visits, a tenth of them by people who were there before.
    fn day(&self, day: Day, visits: usize, engaged: bool, budget: Budget) -> OpenDay {
        let mut open = OpenDay::new(SiteId(1), day, budget);
        self.visits(day, visits, engaged, &mut |hit| _ = open.take(&hit, || Room::Visitor));
        open
    }

    fn visits(&self, day: Day, visits: usize, engaged: bool, take: &mut dyn FnMut(Hit)) {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (day.0 as u64) << 20 | 1);
        let mut starts: Vec<i64> = (0..visits).map(|_| (numbers.share() * 0.97 * DAY_MS as f64) as i64).collect();
        starts.sort_unstable();
        for (number, start) in starts.into_iter().enumerate() {
            let who = if numbers.share() < 0.1 { numbers.next() % (number as u64 + 1) } else { number as u64 };
            self.visit(day, start, who, engaged, &mut numbers, take);
        }
    }

    fn visit(&self, day: Day, start: i64, who: u64, engaged: bool, numbers: &mut Numbers, take: &mut dyn FnMut(Hit)) {
        let mut of_who = Numbers::of_visitor(day, who);
        let counts = [self.agents.len(), self.places.len(), 40, 6];
        let [agent, place, language, screen] = counts.map(|count| of_who.rank(count));
        let origin = if numbers.share() < 0.45 { 0 } else { 1 + numbers.rank(300) };
        let campaign = self.campaign(numbers);
        let views = 1 + (0..7).filter(|_| numbers.share() < 0.2).count();
        let mut at = Moment(i64::from(day.0) * DAY_MS + start);
        for view in 0..views {
            let page = &self.pages[numbers.rank(self.pages.len())];
            let is_event = view > 0 && numbers.share() < 0.02;
            let hit = |kind: Kind, at: Moment| Hit {
                site: SiteId(1),
                at,
                local: Schedule::utc().locate(at),
                token: Some(Token::from_bits(who.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
                network: Some(Network::from_bits(who as u32)),
                kind,
                page: page.clone(),
                hostname: "example.com".into(),
                props: Vec::new(),
                agent: self.agents[agent].clone(),
                place: self.places[place].clone(),
                origin: self.origins[origin].clone(),
                campaign: campaign.clone(),
                language: format!("l{language}"),
                screen: Some(["xs", "sm", "md", "lg", "xl", "xxl"][screen]),
                watched: Watched::default(),
            };
            if at.0 >= i64::from(day.0 + 1) * DAY_MS {
                return;
            }
            take(hit(if is_event { signup() } else { Kind::Pageview }, at));
            let stay = numbers.stay_ms();
            at = at.plus(stay);
            if engaged {
                take(hit(numbers.engagement(stay), at.plus(-1)));
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
    stores: Stores,
}

impl File {
    fn new(name: &str) -> File {
        File::at(std::env::temp_dir().join(format!("headcount-drilldown-{name}-{}", std::process::id())))
    }

    fn at(folder: std::path::PathBuf) -> File {
        std::fs::create_dir_all(&folder).expect("a folder");
        let stores = store::open(&folder.join("headcount.db")).expect("a store");
        let domain = Domain::parse("example.com").expect("a domain");
        let (schedule, settings) = (Schedule::utc(), Settings::default());
        let site = Site { id: SiteId(1), domain, schedule, settings, added: Moment(0) };
        stores.operators.add_site(&site.domain, &site.schedule, &site.settings, Moment(0)).expect("a site");
        File { folder, stores }
    }

    /// Stores days as the collector would: packed when they are over, hours for 31 days, months when they are over.
    fn fill(&self, maker: &Maker, visits: usize, days: i32, engaged: bool, budget: Budget) -> i64 {
        self.store(maker, visits, days, engaged, budget, true)
    }

    fn store(&self, maker: &Maker, visits: usize, days: i32, engaged: bool, budget: Budget, compact: bool) -> i64 {
        let (mut pageviews, mut number) = (0, 0);
        let begun = Instant::now();
        for day in (FIRST.0..FIRST.0 + days).map(Day) {
            let mut open = maker.day(day, visits, engaged, budget);
            let snapshot = Some(Arc::new(open.snapshot()));
            let sums = open.drain();
            let total = sums.days.iter().find(|(cell, _)| cell.axis == Axis::Total);
            pageviews += total.map_or(0, |(_, tally)| tally.pageviews);
            let (site, by, pair_cells) = (SiteId(1), CountedBy::Live, budget.pair_cells);
            let state = DayState { site, day, by, snapshot, pair_cells, is_over: true };
            number += 1;
            let (sums, closed, today) = (vec![(site, day, sums.into())], vec![state], vec![(site, day)]);
            self.stores.sums.apply(&Flush { number, sums, days: closed, today, ..Flush::default() }).expect("stored");
            while compact && self.stores.sums.compact().expect("compacted") {}
            if days > 60 && (day.0 - FIRST.0) % 30 == 0 {
                eprintln!("day {} of {days}, {:.0} s", day.0 - FIRST.0, begun.elapsed().as_secs_f64());
            }
        }
        pageviews
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The eight panels that a page opens with.
const PANELS: [Dimension; 8] = [
    Dimension::Page,
    Dimension::EntryPage,
    Dimension::ExitPage,
    Dimension::Source,
    Dimension::Country,
    Dimension::Browser,
    Dimension::Os,
    Dimension::Device,
];

const PASSES: usize = 7;

/// The median of some passes, in milliseconds of the wall's clock.
fn median_ms<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..PASSES)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[PASSES / 2]
}

/// A plain scan of a million rows with ten numbers each, to compare with on whatever machine this is.
fn scan_ms() -> f64 {
    let database = Database::in_memory();
    database.run(
        "CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER, d INTEGER, e INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
             INSERT INTO t SELECT i / 1000, i % 1000, i % 7, i % 11, i % 13 FROM n;",
    );
    median_ms(|| database.number("SELECT sum(c), sum(d), sum(e) FROM t"))
}

/// What disks hold of so many visits a day, and how much of it a pageview takes.
fn sizes(maker: &Maker) {
    println!("| visits a day | days | pairs kept a day | bytes a pageview | bytes a day |\n|---|---|---|---|---|");
    let all = Budget::default();
    let few = Budget { pair_cells: 400_000, ..all };
    let cases = [(1_000, 60, all, false), (10_000, 20, all, false), (100_000, 35, all, false), (100_000, 6, all, true)];
    let folded = [(10_000, 6, few, false), (100_000, 6, few, false)];
    for (visits, days, budget, engaged) in cases.into_iter().chain(folded) {
        let file = File::new("size");
        let pageviews = file.fill(maker, visits, days, engaged, budget);
        let bytes = file.stores.sums.bytes() as f64;
        let kept = if budget == all { "all".to_owned() } else { format!("{}", budget.pair_cells) };
        let with = if engaged { ", all with visible time and scroll depth" } else { "" };
        let (a_view, a_day) = (bytes / pageviews as f64, bytes / f64::from(days));
        println!("| {visits}{with} | {days} | {kept} | {a_view:.1} | {a_day:.0} |");
    }
}

/// A year of so many visits a day, and a day in memory.
struct Year {
    _file: File,
    collector: Collector,
    keeping: WriterHandle,
    today: Day,
}

impl Year {
    fn new(maker: &Maker, visits: usize, days: i32) -> Year {
        let file = File::new("year");
        let pageviews = file.fill(maker, visits, days, false, Budget::default());
        let bytes = file.stores.sums.bytes() as f64;
        println!("{days} days of {visits} visits: {:.1} bytes a pageview", bytes / pageviews as f64);
        let today = Day(FIRST.0 + days);
        let clock = Clock::manual(Moment(i64::from(today.0) * DAY_MS + DAY_MS - 60_000));
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let (collector, keeping) = Collector::start(file.stores.clone(), tools, clock).expect("a collector");
        maker.visits(today, visits, false, &mut |hit| _ = collector.take(hit));
        collector.flush().expect("stored");
        Year { _file: file, collector, keeping, today }
    }

    fn end(self) {
        self.collector.stop();
        self.keeping.wait().expect("stored");
    }
}

/// How long reports take of a year.
fn reports(maker: &Maker, Year { collector, today, .. }: &Year) {
    println!("| report | ms | of a scan of a million rows |\n|---|---|---|");
    let scan = scan_ms();
    let row = |what: &str, ms: f64| println!("| {what} | {ms:.1} | {:.2} |", ms / scan);
    let metrics = [Metric::Visitors, Metric::Pageviews];
    let question = |first: i32, last: i32, dimension: Dimension| {
        Question::new(SiteId(1), Span::of_days(Day(first), Day(last)), Axis::Of(dimension), None, &metrics)
    };
    let yesterday = today.0 - 1;
    for (name, first) in [("30 days", yesterday - 29), ("12 months", yesterday - 364)] {
        let panels = PANELS.map(|dimension| question(first, yesterday, dimension));
        row(&format!("eight panels, {name}"), median_ms(|| report::answers(&panels, collector).expect("an answer")));
    }
    let google = || Test::Is(vec!["Google".to_owned()]);
    let home = || Test::Is(vec![maker.pages[0].clone()]);
    let filters = [
        ("pages of a source", Dimension::Page, Dimension::Source, google()),
        ("sources of a page", Dimension::Source, Dimension::Page, home()),
        ("cities of a page", Dimension::City, Dimension::Page, home()),
    ];
    for (what, split, by, test) in filters {
        let filter = Filter { axis: Axis::Of(by), test };
        for (name, first, last) in [("12 months", yesterday - 364, yesterday), ("today", today.0, today.0)] {
            let question = question(first, last, split).filtered(Some(filter.clone()));
            row(&format!("{what}, {name}"), median_ms(|| report::answer(&question, collector).expect("an answer")));
        }
    }
}

/// How long a page for everybody takes of a year of so many visits a day: all panels, folded anew, and folded before.
fn shared(maker: &Maker, visits: usize, days: i32) {
    let file = File::new("shared");
    // Nobody is shown two dimensions there.
    file.fill(maker, visits, days, false, Budget { pair_cells: 1, ..Budget::default() });
    let yesterday = FIRST.0 + days - 1;
    let clock = Clock::manual(Moment(i64::from(yesterday + 1) * DAY_MS + DAY_MS / 2));
    let now = clock.now();
    let tools = Tools { agents: Agents::new(), places: Places::none() };
    let (collector, keeping) = Collector::start(file.stores.clone(), tools, clock).expect("a collector");
    let site = collector.directory().all()[0].clone();
    println!("| page for everybody | ms | of a scan of a million rows |\n|---|---|---|");
    let scan = scan_ms();
    let row = |what: &str, ms: f64| println!("| {what} | {ms:.1} | {:.2} |", ms / scan);
    let metrics = [Metric::Visitors, Metric::Pageviews];
    for (name, first) in [("30 days", yesterday - 29), ("12 months", yesterday - 364)] {
        let span = Span::of_days(Day(first), Day(yesterday));
        let panel = |dimension| Question::new(site.id, span, Axis::Of(dimension), None, &metrics);
        let panels = Dimension::ALL.map(panel);
        let ask = |kept: &Kept| {
            report::answers(&panels, &Folded::of(&collector, &site, now, kept))
                .expect("an answer")
                .iter()
                .map(Vec::len)
                .sum::<usize>()
        };
        row(&format!("{name}, folded anew"), median_ms(|| ask(&Kept::default())));
        let kept = Kept::default();
        let lines = ask(&kept);
        row(&format!("{name}, folded before ({lines} lines)"), median_ms(|| ask(&kept)));
        row(&format!("{name}, signed in"), median_ms(|| report::answers(&panels, &collector).expect("an answer")));
    }
    collector.stop();
    keeping.wait().expect("stored");
}

fn signup() -> Kind {
    Kind::Event { name: "Signup".into(), interactive: true }
}

/// Bytes of memory that the process holds (Linux; 0 elsewhere).
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

fn memory(maker: &Maker) {
    let before = resident_bytes();
    let mut day = OpenDay::new(SiteId(1), FIRST, Budget::default());
    let mut hits = 0;
    maker.visits(FIRST, 100_000, false, &mut |hit| {
        let _ = day.take(&hit, || Room::Visitor);
        hits += 1;
        // Sums are stored every few seconds.
        if hits % 1_000 == 0 {
            day.drain();
        }
    });
    let (visitors, held) = (day.visitors(), resident_bytes().saturating_sub(before));
    println!("100,000 visits: {held} bytes, {} for each of {visitors} visitors", held / visitors);
    let begun = Instant::now();
    let snapshot = day.snapshot();
    let snapshot_ms = begun.elapsed().as_secs_f64() * 1e3;
    let begun = Instant::now();
    let pairs = snapshot.pairs(u32::MAX);
    let cells = pairs.tables.iter().map(|table| table.cells().map_or(0, |cells| cells.len())).sum::<usize>();
    let pairs_ms = begun.elapsed().as_secs_f64() * 1e3;
    println!("its snapshot: {snapshot_ms:.0} ms; its {cells} cells of two dimensions: {pairs_ms:.0} ms");
}

/// Makes a data folder with days of so many visits, whose months are not added up yet.
fn make(maker: &Maker, folder: &std::path::Path, visits: usize, days: i32) {
    // It stays.
    let file = std::mem::ManuallyDrop::new(File::at(folder.to_owned()));
    file.store(maker, visits, days, false, Budget::default(), false);
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    // `cargo test` runs benches once, to see that they build.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let number = |at: usize, usual: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(usual);
    let maker = Maker::new();
    match words.first().map(String::as_str) {
        Some(part @ ("reports" | "pages")) => {
            let year = Year::new(&maker, number(1, 100_000), number(2, 400) as i32);
            if part == "reports" {
                reports(&maker, &year);
            } else {
                pages::pages(&year.collector);
            }
            year.end();
        }
        Some("make") => make(&maker, std::path::Path::new(&words[1]), number(2, 100_000), number(3, 400) as i32),
        Some("shared") => shared(&maker, number(1, 100_000), number(2, 400) as i32),
        Some("sizes") => sizes(&maker),
        Some("memory") => memory(&maker),
        _ => {
            memory(&maker);
            sizes(&maker);
            let year = Year::new(&maker, 100_000, 400);
            reports(&maker, &year);
            pages::pages(&year.collector);
            year.end();
        }
    }
}
