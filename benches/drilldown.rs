//! What drill-down costs on disk, in memory and in reports: `cargo bench --bench drilldown`, with `-- sizes`, `-- memory`, `-- reports` or
//! `-- shared` for a part of it; `-- make FOLDER` keeps what it makes, for `benches/memory`; `-- parts plain|engaged|milliseconds|dependent|large` tells
//! which tables and columns of a day take how much; `-- declared` what segments, named properties and sections add. The reports need a year
//! of 100,000 visits a day, which takes a quarter of an hour to make.
//!
//! Visits are those of `drilldown/stream.rs`. Every day is new. Everything on disk counts: names, totals, hours of 31 days, days, months,
//! pairs.

#[path = "../tests/store/file.rs"]
mod file;
#[path = "drilldown/pages.rs"]
mod pages;
#[path = "drilldown/declared.rs"]
mod declared;
#[path = "drilldown/parts.rs"]
mod parts;
#[path = "drilldown/stream.rs"]
mod stream;

use std::sync::Arc;
use std::time::Instant;

use headcount::cell::{Axis, Dimension, Filter, Metric, Test};
use headcount::clock::Clock;
use headcount::collector::{Collector, WriterHandle};
use headcount::counts::{DaySegments, OpenDay, Room};
use headcount::hit::Tools;
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::limits;
use headcount::report::folded::{Folded, Kept};
use headcount::report::{self, Question, Span};
use headcount::secret::small_counts::SmallCountsKey;
use headcount::site::{Budget, Day, Domain, Moment, Schedule, Settings, Site, SiteId};
use headcount::store::{self, CountedBy, DayState, Flush, Stores};

use file::Database;
use stream::{DAY_MS, DEPENDENT, ENGAGED, ENGAGED_MS, FIRST, LARGE, Maker, PLAIN, Traffic};

/// The allocator of the program.
#[global_allocator]
static MEMORY: headcount::memory::WipingAllocator = headcount::memory::WipingAllocator;

struct File {
    folder: std::path::PathBuf,
    stores: Stores,
    /// With what its owner has declared.
    site: Site,
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
        File { folder, stores, site }
    }

    /// Stores days as the collector would: packed when they are over, hours for 31 days, months when they are over.
    fn fill(&self, maker: &Maker, visits: usize, days: i32, budget: Budget) -> i64 {
        self.store(maker, visits, days, budget, true)
    }

    fn store(&self, maker: &Maker, visits: usize, days: i32, budget: Budget, compact: bool) -> i64 {
        let (mut pageviews, mut number) = (0, 0);
        let begun = Instant::now();
        for day in (FIRST.0..FIRST.0 + days).map(Day) {
            let mut open = maker.day(day, visits, budget);
            let snapshot = Some(Arc::new(open.snapshot().with_segments(DaySegments::of(&self.site, day))));
            let sums = open.drain();
            let total = sums.days.iter().find(|(cell, _)| cell.axis == Axis::Total);
            pageviews += total.map_or(0, |(_, tally)| tally.pageviews);
            let (site, by, pair_cells) = (SiteId(1), CountedBy::Live, budget.pair_cells);
            let state = DayState { site, day, by, snapshot, pair_cells, is_over: true, release: None };
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
fn sizes() {
    println!(
        "| stream | visits a day | days | pairs kept a day | bytes a pageview | bytes a day |\n|---|---|---|---|---|---|"
    );
    let all = Budget { pair_cells: limits::PAIR_CELLS_PER_DAY_MAX, values: limits::VALUES_PER_DAY_MAX };
    let few = Budget { pair_cells: 400_000, ..all };
    size("plain", PLAIN, (1_000, 60), all);
    size("plain", PLAIN, (10_000, 20), all);
    size("plain", PLAIN, (100_000, 35), all);
    size("plain, with engagement", ENGAGED, (100_000, 6), all);
    size("plain, with engagement in milliseconds", ENGAGED_MS, (100_000, 6), all);
    size("as sites have it, 2,000 pages", DEPENDENT, (100_000, 6), all);
    size("as sites have it, 20,000 pages", LARGE, (100_000, 6), all);
    size("plain", PLAIN, (10_000, 6), few);
    size("plain", PLAIN, (100_000, 6), few);
}

fn size(name: &str, traffic: Traffic, (visits, days): (usize, i32), budget: Budget) {
    let file = File::new("size");
    let pageviews = file.fill(&Maker::of(traffic), visits, days, budget);
    let bytes = file.stores.sums.bytes() as f64;
    let is_all = budget.pair_cells == limits::PAIR_CELLS_PER_DAY_MAX;
    let kept = if is_all { "all".to_owned() } else { format!("{}", budget.pair_cells) };
    let (a_view, a_day) = (bytes / pageviews as f64, bytes / f64::from(days));
    println!("| {name} | {visits} | {days} | {kept} | {a_view:.1} | {a_day:.0} |");
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
        let pageviews = file.fill(maker, visits, days, Budget::default());
        let bytes = file.stores.sums.bytes() as f64;
        println!("{days} days of {visits} visits: {:.1} bytes a pageview", bytes / pageviews as f64);
        let today = Day(FIRST.0 + days);
        let clock = Clock::manual(Moment(i64::from(today.0) * DAY_MS + DAY_MS - 60_000));
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let (collector, keeping) = Collector::start(file.stores.clone(), tools, clock).expect("a collector");
        maker.visits(today, visits, &mut |hit| _ = collector.take(hit));
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
    file.fill(maker, visits, days, Budget { pair_cells: 1, ..Budget::default() });
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
        row(&format!("{name}, folded anew"), median_ms(|| ask(&Kept::by(SmallCountsKey::of([7; 32])))));
        let kept = Kept::by(SmallCountsKey::of([7; 32]));
        let lines = ask(&kept);
        row(&format!("{name}, folded before ({lines} lines)"), median_ms(|| ask(&kept)));
        row(&format!("{name}, signed in"), median_ms(|| report::answers(&panels, &collector).expect("an answer")));
    }
    collector.stop();
    keeping.wait().expect("stored");
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
    maker.visits(FIRST, 100_000, &mut |hit| {
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
    file.store(maker, visits, days, Budget::default(), false);
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    // `cargo test` runs benches once, to see that they build.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let number = |at: usize, usual: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(usual);
    let maker = Maker::of(PLAIN);
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
        Some("sizes") => sizes(),
        Some("size") => {
            size(&words[1], traffic(&words[1]), (number(2, 100_000), number(3, 2) as i32), budget(number(4, 0)));
        }
        Some("parts") => parts::parts(&Maker::of(traffic(&words[1])), number(2, 100_000)),
        Some("declared") => declared::declared(number(1, 100_000), number(2, 3) as i32),
        Some("memory") => memory(&maker),
        _ => {
            memory(&maker);
            sizes();
            let year = Year::new(&maker, 100_000, 400);
            reports(&maker, &year);
            pages::pages(&year.collector);
            year.end();
        }
    }
}

fn traffic(name: &str) -> Traffic {
    match name {
        "engaged" => ENGAGED,
        "milliseconds" => ENGAGED_MS,
        "dependent" => DEPENDENT,
        "large" => LARGE,
        _ => PLAIN,
    }
}

fn budget(cells: usize) -> Budget {
    let pair_cells = if cells == 0 { limits::PAIR_CELLS_PER_DAY_MAX } else { cells as u32 };
    Budget { pair_cells, values: limits::VALUES_PER_DAY_MAX }
}
