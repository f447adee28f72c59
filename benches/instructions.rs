//! Counts hits or lines of a log in process, as many as it is told, for `benches/instructions`, which counts the instructions of
//! that. What it counts is the same at each run.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use headcount::clock::Clock;
use headcount::collector::Collector;
use headcount::config::JournalPlace;
use headcount::control::{self, Command, SiteChange};
use headcount::hit::Tools;
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::import::{Import, Manner};
use headcount::journal::{self, JournalSearch};
use headcount::limits;
use headcount::server::App;
use headcount::site::Moment;
use headcount::store::{self, JournalState};

/// The allocator of the program.
#[global_allocator]
static MEMORY: headcount::memory::WipingAllocator = headcount::memory::WipingAllocator;

/// Hits and lines that are made, however many of them are counted: their making costs the same then.
const INPUTS: usize = 6_000;
/// The day after that of the lines, whose month goes on: when one that is over is added up depends on how fast the machine is.
const NOON: Moment = Moment(1_780_056_000_000);

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, count, ..] = &args[..] else { return };
    let Ok(count) = count.parse() else { return };
    match kind.as_str() {
        "line" => lines(count),
        kind => hits(kind, count),
    }
}

/// The place of what comes as the `number`th among so many others, of which the first come most often.
fn popular(number: usize, others: usize) -> usize {
    let share = (number * 7_919 % 1_000) as f64 / 1_000.0;
    ((others as f64).powf(share) as usize).min(others) - 1
}

fn agent(visitor: usize) -> String {
    let version = 100 + visitor % 50;
    match visitor % 3 {
        0 => format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
        1 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
        ),
        _ => format!(
            "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Mobile Safari/537.36"
        ),
    }
}

fn visitor(number: usize) -> (usize, Ipv4Addr) {
    let visitor = number * 31_337 % (INPUTS / 2);
    (visitor, Ipv4Addr::from(0x0b00_0000 + 977 * visitor as u32))
}

fn page(number: usize) -> String {
    format!("/articles/2026/a-title-{}", popular(number, 500))
}

fn referrer(number: usize) -> String {
    match number % 2 {
        0 => format!("https://reader-{}.example.org/list", popular(number / 2, 100)),
        _ => String::new(),
    }
}

fn request(kind: &str, number: usize) -> Vec<u8> {
    let ((visitor, address), page, referrer) = (visitor(number), page(number), referrer(number));
    let headers = format!(
        "Host: example.com\r\nUser-Agent: {}\r\nX-Forwarded-For: {address}\r\nAccept: */*\r\nAccept-Language: en-GB,en;q=0.8\r\n\
         Accept-Encoding: gzip, deflate, br\r\nOrigin: https://example.com\r\nReferer: https://example.com{page}\r\n",
        agent(visitor)
    );
    let text = if kind == "pixel" {
        let target = format!("/pixel.gif?d=example.com&u=https%3A//example.com{page}&r={referrer}");
        format!("GET {target} HTTP/1.1\r\n{headers}\r\n")
    } else {
        let body = format!(
            r#"{{"n":"pageview","u":"https://example.com{page}","d":"example.com","r":"{referrer}","w":1280}}"#
        );
        let len = body.len();
        format!("POST /api/event HTTP/1.1\r\n{headers}Content-Type: text/plain\r\nContent-Length: {len}\r\n\r\n{body}")
    };
    text.into_bytes()
}

fn collector(data: &Path, memory: &Path) -> Collector {
    let file = data.join("headcount.db");
    let place = JournalPlace::Folder(memory.to_owned());
    let search = JournalSearch { place: &place, file: &file, last: None };
    let open = |state: &JournalState| journal::open(&search, state, limits::JOURNAL_MB << 20);
    let tools = Tools { agents: Agents::new(), places: Places::none() };
    tools.prepare();
    let stores = store::open(&file).expect("a store");
    let (collector, _keeping) = Collector::with_journal(stores, tools, Clock::manual(NOON), open).expect("a collector");
    let add = Command::SiteAdd { domain: "example.com".into(), change: SiteChange::default() };
    control::run(add, &collector, "").expect("a site");
    collector
}

fn hits(kind: &str, count: usize) {
    let (data, memory) = folders();
    let app = App::new(collector(data.path(), memory.path()), Default::default(), String::new());
    let requests: Vec<_> = (0..INPUTS).map(|number| request(kind, number)).collect();
    for request in requests.iter().take(count) {
        app.answered(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).expect("an answer");
    }
    assert_eq!(app.collector.meter().counted.get(), count as u64);
    app.collector.abandon();
}

fn lines(count: usize) {
    let (data, memory) = folders();
    let collector = collector(data.path(), memory.path());
    let mut text = String::new();
    let mut ends = vec![0];
    for number in 0..INPUTS {
        let ((visitor, address), second) = (visitor(number), number * 10);
        let time = format!("28/May/2026:{:02}:{:02}:{:02} +0000", second / 3_600, second / 60 % 60, second % 60);
        let (page, referrer, agent) = (page(number), referrer(number), agent(visitor));
        let line = format!("{address} - - [{time}] \"GET {page} HTTP/1.1\" 200 5120 \"{referrer}\" \"{agent}\"\n");
        text.write_str(&line).expect("room");
        ends.push(text.len());
    }
    let lines = &text.as_bytes()[..ends[count.min(INPUTS)]];
    let mut import = Import::begin(&collector, "example.com", Manner::default()).expect("an import");
    import.open(&text.as_bytes()[..ends[20]]);
    import.take(0, lines.len() as u64, lines).expect("lines");
    import.finish().expect("sums");
    collector.abandon();
}

fn folders() -> (tempfile::TempDir, tempfile::TempDir) {
    let folder = || tempfile::tempdir().expect("a folder");
    (folder(), folder())
}
