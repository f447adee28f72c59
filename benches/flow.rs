//! What each step of the flow costs in process, one thread, no sockets: `cargo bench --bench flow`.
//!
//! Inputs are made up, the same at each run: 2,000 pages and 300 referrers by Zipf's law, 200 agents, as many visitors as
//! are needed. A figure is the median of its passes, in CPU time of the thread; on a shared machine the least of them is shown
//! beside it.

use std::convert::Infallible;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use headcount::beacon::{Beacon, ClientIp, NO_HINTS, Request, address, pixel, plausible};
use headcount::cell::{Axis, Dimension, Filter, Metric, Test};
use headcount::clock::Clock;
use headcount::collector::Collector;
use headcount::counts::{OpenDay, Room, Sums};
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::hit::token::Salt;
use headcount::hit::{self, Arrival, Hit, Tools};
use headcount::report::period::{Compare, Period};
use headcount::report::{self, Question};
use headcount::site::{Budget, Day, Domain, LocalHour, Moment, Schedule, Settings, Site, SiteId};
use headcount::store::{self, CountedBy, DayState, Flush, SumStore};

/// The allocator of the program.
#[global_allocator]
static MEMORY: headcount::memory::WipingAllocator = headcount::memory::WipingAllocator;

const PASSES: usize = 15;
const INPUTS: usize = 20_000;
const NOON: Moment = Moment(1_780_056_000_000);

/// Numbers that look random and are the same at each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A rank below `count`; rank k comes with a probability of about 1/k.
    fn rank(&mut self, count: usize) -> usize {
        (((count as f64 + 1.0).ln() * self.share()).exp() as usize).clamp(1, count) - 1
    }
}

/// One request, as a pixel and as JSON.
struct Sent {
    query: String,
    body: String,
    agent: String,
    address: IpAddr,
}

fn agent(number: usize) -> String {
    let version = 100 + number / 4;
    match number % 4 {
        0 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
        ),
        1 => format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
        2 => format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS {}_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{}.{} Mobile/15E148 Safari/604.1",
            version / 9,
            version / 9,
            version % 9
        ),
        _ => format!(
            "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.6000.99 Mobile Safari/537.36"
        ),
    }
}

fn sent(visitor: usize, numbers: &mut Numbers) -> Sent {
    let known =
        ["https://www.google.com/", "https://duckduckgo.com/", "https://t.co/abc", "https://news.ycombinator.com/"];
    let page = numbers.rank(2_000);
    let path = format!("/blog/{}/storage-that-lasts-{page}/", 2016 + page % 10);
    let rank = numbers.rank(300);
    let referrer = match rank {
        _ if numbers.share() > 0.45 => String::new(),
        rank if rank < known.len() => known[rank].to_owned(),
        rank => format!("https://reader-{rank}.example.org/list"),
    };
    let page = format!("https://example.com{path}");
    Sent {
        query: format!("d=example.com&u={}&r={}", page.replace(':', "%3A"), referrer.replace(':', "%3A")),
        body: format!(
            r#"{{"n":"pageview","u":"{page}","d":"example.com","r":"{referrer}","w":{}}}"#,
            360 + visitor % 7 * 250
        ),
        agent: agent(visitor * 7_919 % 200),
        address: Ipv4Addr::from(0x0b00_0000 + visitor as u32).into(),
    }
}

impl Sent {
    fn request(&self) -> Request<'_> {
        Request {
            query: &self.query,
            body: self.body.as_bytes(),
            address: ClientIp(self.address),
            way: address::Way::default(),
            user_agent: &self.agent,
            hints: &NO_HINTS,
            accept_language: "en-GB,en;q=0.8",
            referer: "",
            origin: "",
            forwarded: "",
            opted_out: false,
            prefetch: false,
        }
    }

    fn beacon(&self) -> Beacon {
        plausible::parse(&self.request()).expect("a beacon").pop().expect("for one site")
    }
}

/// What hits are made with.
struct Bench {
    site: Site,
    salt: Salt,
    tools: Tools,
}

impl Bench {
    fn new() -> Bench {
        let domain = Domain::parse("example.com").expect("a domain");
        let (schedule, settings) = (Schedule::utc(), Settings::default());
        let site = Site { id: SiteId(1), domain, schedule, settings, added: Moment(0) };
        Bench { site, salt: Salt::from_bytes(&[7; 32]), tools: tools() }
    }

    fn hit(&self, beacon: Beacon, at: Moment) -> Hit {
        let arrival = Arrival { at, local: self.site.schedule.locate(at) };
        hit::make(beacon, &self.site, arrival, &self.salt, &self.tools).expect("a hit")
    }

    fn hits(&self, visitors: impl Iterator<Item = usize>, at: Moment, numbers: &mut Numbers) -> Vec<Hit> {
        visitors.map(|visitor| self.hit(sent(visitor, numbers).beacon(), at)).collect()
    }
}

fn tools() -> Tools {
    Tools { agents: Agents::new(), places: Places::none() }
}

fn open() -> OpenDay {
    OpenDay::new(SiteId(1), NOON_DAY, Budget::default())
}

const NOON_DAY: Day = Day(20_602);

/// Runs `pass` again and again and prints what one of its `ops` costs.
fn cost(what: &str, ops: usize, unit: &str, per_unit: f64, mut pass: impl FnMut() -> f64) {
    let mut seconds: Vec<f64> = (0..PASSES).map(|_| pass()).collect();
    seconds.sort_by(f64::total_cmp);
    let figure = |seconds: f64| seconds / ops as f64 * per_unit;
    println!("| {what} | {:.0} | {:.0} | {unit} |", figure(seconds[PASSES / 2]), figure(seconds[0]));
}

/// Seconds of this thread's CPU that something takes.
fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let before = cpu_s();
    black_box(work());
    cpu_s() - before
}

/// Seconds that this thread has run, to the nanosecond; what `/proc` tells stands still between two ticks of the kernel.
fn cpu_s() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The client of a request behind one proxy and behind two, with few trusted networks and with all that have names.
fn headers_to_clients() {
    let few = address::Trust::default();
    let all = address::Trust {
        proxies: address::NAMES.into_iter().filter_map(address::named).flatten().collect(),
        header: None,
    };
    let cases: [(&str, &address::Trust, &[u8]); 3] = [
        ("headers -> client, loopback", &few, b"192.0.2.1"),
        ("headers -> client, all named networks", &all, b"192.0.2.1"),
        ("headers -> client, all named networks, a CDN between", &all, b"192.0.2.1, 151.101.1.1"),
    ];
    for (name, trust, list) in cases {
        let values = |asked: address::Header<'_>| {
            let is_asked = asked == address::Header::ForwardedFor;
            std::iter::once(list).filter(move |_| is_asked)
        };
        let ask = || {
            let _ = black_box(address::of_client(black_box(Ipv4Addr::LOCALHOST.into()), values, trust));
        };
        cost(name, INPUTS, "ns", 1e9, || timed(|| (0..INPUTS).for_each(|_| ask())));
    }
}

fn requests_to_beacons(inputs: &[Sent]) {
    cost("request -> beacon, pixel", INPUTS, "ns", 1e9, || {
        timed(|| inputs.iter().for_each(|sent| drop(black_box(pixel::parse(&sent.request())))))
    });
    cost("request -> beacon, JSON", INPUTS, "ns", 1e9, || {
        timed(|| inputs.iter().for_each(|sent| drop(black_box(plausible::parse(&sent.request())))))
    });
}

fn beacons_to_hits(inputs: &[Sent]) {
    let bench = Bench::new();
    cost("beacon -> hit, agent seen before", INPUTS, "ns", 1e9, || {
        let beacons: Vec<Beacon> = inputs.iter().map(Sent::beacon).collect();
        timed(|| beacons.into_iter().for_each(|beacon| drop(black_box(bench.hit(beacon, NOON)))))
    });
    // Each pass has 200 agents that are new to it, and nothing else.
    cost("beacon -> hit, agent never seen", 200, "ns", 1e9, || {
        let bench = Bench { tools: tools(), ..Bench::new() };
        let mut numbers = Numbers(3);
        let beacons: Vec<Beacon> = (0..200).map(|visitor| sent(visitor, &mut numbers).beacon()).collect();
        timed(|| beacons.into_iter().for_each(|beacon| drop(black_box(bench.hit(beacon, NOON)))))
    });
}

fn hits_to_counts() {
    let (bench, mut numbers) = (Bench::new(), Numbers(11));
    let first = bench.hits(0..INPUTS, NOON, &mut numbers);
    let further = bench.hits(0..INPUTS, NOON.plus(60_000), &mut numbers);
    let mut day = open();
    let mut visitor = INPUTS;
    let take =
        |day: &mut OpenDay, hits: &[Hit]| hits.iter().for_each(|hit| day.take(hit, || Room::Visitor).expect("counted"));
    cost("hit -> counts, first of a visitor", INPUTS, "ns", 1e9, || {
        let hits = bench.hits(visitor..visitor + INPUTS, NOON, &mut numbers);
        visitor += INPUTS;
        timed(|| take(&mut day, &hits))
    });
    cost("hit -> counts, within a visit", INPUTS, "ns", 1e9, || {
        let mut day = open();
        take(&mut day, &first);
        timed(|| take(&mut day, &further))
    });
}

/// Bytes of memory that the process holds (Linux; 0 elsewhere).
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

/// A million visitors with 2.4 pageviews each, what they leave in memory until their day ends, and what questions about them take.
fn a_million_visitors() {
    const VISITORS: usize = 1_000_000;
    let (bench, mut numbers) = (Bench::new(), Numbers(5));
    let mut day = open();
    let before = resident_bytes();
    for (round, visitors) in [VISITORS, VISITORS, VISITORS * 4 / 10].into_iter().enumerate() {
        for visitor in 0..visitors {
            let at = NOON.plus(round as i64 * 60_000);
            let hit = bench.hit(sent(visitor, &mut numbers).beacon(), at);
            day.take(&hit, || Room::Visitor).expect("counted");
        }
    }
    let bytes = resident_bytes().saturating_sub(before);
    println!("| memory of one visitor, at a million | {:.0} | | bytes |", bytes as f64 / day.visitors() as f64);
    questions_about(&day);
}

/// What readers of a running day take, off the lock but for the snapshot.
fn questions_about(day: &OpenDay) {
    cost("snapshot of a million visitors", 1, "us", 1e6, || timed(|| day.snapshot()));
    let snapshot = day.snapshot();
    let cases = [
        ("browser, of one page", Dimension::Page, "-that-lasts-0", Dimension::Browser),
        ("page, of one browser", Dimension::Browser, "Chrome", Dimension::Page),
        ("source, of one browser", Dimension::Browser, "Chrome", Dimension::Source),
    ];
    for (what, by, value, split) in cases {
        let filter = Filter { axis: Axis::Of(by), test: Test::Contains(vec![value.to_owned()].into()) };
        let axis = Axis::Of(split);
        let passes = |value: &str| Ok::<_, Infallible>(filter.test.passes(value));
        let filtered = || snapshot.filtered(&filter, &[&axis], passes).unwrap_or_default();
        assert!(!filtered().concat().is_empty(), "{what}");
        cost(&format!("{what}, a million visitors"), 1, "ms", 1e3, || timed(filtered));
    }
}

/// The sums of a day on which 1,250 visitors view 3,000 pages.
fn a_day(bench: &Bench, seed: u64) -> Sums {
    let (mut numbers, mut day) = (Numbers(seed), open());
    for view in 0..3_000_i64 {
        let visitor = (numbers.share() * 1_250.0) as usize;
        let at = Moment(i64::from(NOON_DAY.0) * 86_400_000).plus(view * 28_000);
        day.take(&bench.hit(sent(visitor, &mut numbers).beacon(), at), || Room::Visitor).expect("counted");
    }
    day.drain()
}

fn store_and_reports() {
    let folder = std::env::temp_dir().join(format!("headcount-flow-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let stores = store::open(&folder.join("headcount.db")).expect("a store");
    let bench = Bench::new();
    let site = stores
        .operators
        .add_site(&bench.site.domain, &bench.site.schedule, &bench.site.settings, Moment(0))
        .expect("a site");
    year(&*stores.sums, site, &bench);
    let clock = Clock::manual(Moment(i64::from(NOON_DAY.0) * 86_400_000 + 43_200_000));
    let (collector, keeping) = Collector::start(stores.clone(), tools(), clock).expect("a collector");
    for (what, period) in [("30 days", Period::Days(30)), ("12 months", Period::TwelveMonths)] {
        let questions = dashboard(site, period, &collector);
        cost(&format!("all figures of a page, {what}"), 1, "us", 1e6, || {
            timed(|| report::answers(&questions, &collector).expect("answers"))
        });
    }
    println!(
        "| a year of 3,000 pageviews a day on disk | {:.1} | | MiB |",
        stores.sums.bytes() as f64 / (1 << 20) as f64
    );
    collector.stop();
    keeping.wait().expect("stored");
    let _ = std::fs::remove_dir_all(folder);
}

/// A year of days, each of which is one of seven; and a busy day flushed twice, new and on top of itself.
fn year(store: &dyn SumStore, site: SiteId, bench: &Bench) {
    let week: Vec<Sums> = (0..7).map(|day| a_day(bench, 100 + day)).collect();
    for week_number in 0..53 {
        let days = (0..7).map(|day| week_number * 7 + day).filter(|ago| *ago < 365);
        let sums = days.map(|ago| (site, Day(NOON_DAY.0 - ago), with_hours(&week[ago as usize % 7], ago < 31)));
        let number = week_number as u64 + 1;
        let over = |ago: i32| DayState {
            site,
            day: Day(NOON_DAY.0 - ago),
            by: CountedBy::Live,
            snapshot: None,
            pair_cells: 0,
            is_over: true,
            release: None,
        };
        let days = (0..7).map(|day| week_number * 7 + day).filter(|ago| (1..365).contains(ago)).map(over);
        let sums = sums.map(|(site, day, sums)| (site, day, sums.into())).collect();
        let flush = Flush { number, sums, days: days.collect(), ..Flush::default() };
        store.apply(&flush).expect("stored");
    }
    let mut number = 100;
    let cells = week[0].hours.len() + 2 * week[0].days.len();
    cost("flush of a day's sums, per cell", cells, "ns", 1e9, || {
        number += 1;
        let sums = vec![(SiteId(site.0 + 1), NOON_DAY, week[0].clone().into())];
        timed(|| store.apply(&Flush { number, sums, ..Flush::default() }))
    });
}

fn with_hours(sums: &Sums, keep: bool) -> Sums {
    Sums { hours: if keep { sums.hours.clone() } else { Vec::new() }, days: sums.days.clone() }
}

/// The questions of a dashboard: totals, those of the period before, the series, and a panel for each dimension.
fn dashboard(site: SiteId, period: Period, collector: &Collector) -> Vec<Question> {
    let range = period.range(&Schedule::utc(), collector.clock().now(), None);
    let before = range.compared(Compare::USUAL).unwrap_or(range.span);
    let ask = |span, axis, interval, metrics: &[Metric]| Question::new(site, span, axis, interval, metrics);
    let totals = [Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::BounceRate, Metric::VisitDuration];
    let series = ask(range.span, Axis::Total, Some(range.interval()), &[Metric::Visitors, Metric::Pageviews]);
    let mut questions =
        vec![ask(range.span, Axis::Total, None, &totals), ask(before, Axis::Total, None, &totals), series];
    let panels = Dimension::ALL.map(|d| ask(range.span, Axis::Of(d), None, &[Metric::Visitors, Metric::Pageviews]));
    questions.extend(panels);
    questions
}

fn main() {
    // `cargo test` runs benches once, to see that they build.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    assert_eq!(Schedule::utc().locate(NOON), LocalHour { day: NOON_DAY, hour: headcount::site::Hour(12) });
    let mut numbers = Numbers(1);
    let inputs: Vec<Sent> = (0..INPUTS).map(|visitor| sent(visitor, &mut numbers)).collect();
    println!("| step | median | least | |\n|---|---|---|---|");
    headers_to_clients();
    requests_to_beacons(&inputs);
    beacons_to_hits(&inputs);
    hits_to_counts();
    store_and_reports();
    a_million_visitors();
}
