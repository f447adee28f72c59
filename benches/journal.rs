//! What the journal costs: bytes and time of a hit, and time of an image and of a start: `cargo bench --bench journal`.
//!
//! Hits are made up, the same at each run: 2,000 pages of which few are read often, 300 agents, 500 places, 200 ways to come. A
//! figure of time is the median of its rounds. The journal is in `/dev/shm`, of which the machine must swap nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use headcount::config::JournalPlace;
use headcount::hit::agent::Agent;
use headcount::hit::path::Campaign;
use headcount::hit::place::Place;
use headcount::hit::source::Origin;
use headcount::hit::token::{Network, Token};
use headcount::hit::{Hit, Kind, Watched};
use headcount::journal::{self, Found, HitRecord, HowCounted, Journal, JournalSearch, Record};
use headcount::site::{Day, Hour, LocalHour, Moment, SiteId};
use headcount::store::{DatabaseId, JournalPosition, JournalState};

/// The allocator of the program.
#[global_allocator]
static MEMORY: headcount::memory::WipingAllocator = headcount::memory::WipingAllocator;

const ROUNDS: usize = 9;
const HITS: u64 = 100_000;
const BYTES_MAX: u64 = 1 << 30;

fn hits() -> Vec<Hit> {
    let agent = |number| Agent { browser_version: format!("Chrome {number}"), ..Agent::unknown() };
    let city = |number| format!("City {number}, DE-BE").into();
    let place = |number| Place { country: "DE".into(), region: "DE-BE".into(), city: city(number) };
    let agents: Vec<_> = (0..300).map(|number| Arc::new(agent(number))).collect();
    let places: Vec<_> = (0..500).map(|number| Arc::new(place(number))).collect();
    let mut dice = 1_u64;
    let mut roll = move |sides: u64| {
        dice = dice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (dice >> 33) % sides
    };
    let hit = |number: u64| Hit {
        site: SiteId(1),
        at: Moment(1_780_304_400_000 + number as i64 * 12),
        local: LocalHour { day: Day(20_605), hour: Hour(9) },
        token: Some(Token::from_bits(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        network: Some(Network::from_bits(number as u32 % 10_000)),
        kind: Kind::Pageview,
        page: format!("/articles/2026/a-title-that-is-long-{}", roll(2_000) * roll(2_000) / 2_000),
        hostname: "example.com".into(),
        props: Vec::new(),
        agent: agents[roll(300) as usize].clone(),
        place: places[roll(500) as usize].clone(),
        origin: Origin {
            source: "Google".into(),
            referrer: format!("ref{}.example", roll(200)).into(),
            channel: "Organic Search",
        },
        campaign: Campaign::default(),
        language: "de".into(),
        screen: Some("xl"),
        watched: Watched::default(),
        collected: Default::default(),
    };
    (0..HITS).map(hit).collect()
}

fn open(memory: &Path, data: &Path, drained: Option<JournalPosition>) -> (Journal, Found) {
    let state = JournalState { database: DatabaseId([1; 16]), drained, ..JournalState::default() };
    let place = JournalPlace::Folder(memory.to_owned());
    let search = JournalSearch { place: &place, file: data, last: None };
    let (journal, found) = journal::open(&search, &state, BYTES_MAX);
    match (journal, found) {
        (Some(journal), found) => (journal, found),
        (None, found) => panic!("there is no journal: {found:?}"),
    }
}

/// The median of the rounds, in nanoseconds.
fn median(mut round: impl FnMut() -> f64) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn ns(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

fn how(hit: &Hit) -> HowCounted {
    HowCounted { at: hit.at, mark: None, is_apart: false }
}

fn append(journal: &mut Journal, hits: &[Hit]) {
    hits.iter().for_each(|hit| journal.append_hit(hit, how(hit)).expect("room"));
}

/// Each round is a segment of its own, with dictionaries of its own.
fn of_hits(journal: &mut Journal, hits: &[Hit]) {
    let alone = median(|| {
        drop(journal.rotate());
        ns(|| append(journal, hits)) / HITS as f64
    });
    println!("| a hit | {:.1} bytes |", journal.segment_bytes() as f64 / HITS as f64);
    println!("| a hit, with the write | {alone:.0} ns |");
    let record = |hit: Hit| Record::Hit(Box::new(HitRecord { how: how(&hit), hit }));
    let records: Vec<Record> = self::hits().into_iter().map(record).collect();
    let together = median(|| {
        drop(journal.rotate());
        ns(|| {
            for record in &records {
                journal.append_later(record);
                journal.write_many().expect("room");
            }
        }) / HITS as f64
    });
    println!("| a hit, with a write for 64 KiB | {together:.0} ns |");
}

type State = Vec<(u64, u32, String)>;

fn of_images(journal: &mut Journal) {
    let state: State = (0..400_000).map(|number| (number, 7, format!("/page/{number}"))).collect();
    let mut bytes = 0;
    let image = median(|| {
        let writer = journal.rotate().expect("room");
        let took = ns(|| writer.write(&state).expect("room"));
        bytes = journal.bytes();
        took / bytes as f64
    });
    println!("| an image of {} MB, the one before wiped | {image:.2} ns a byte |", bytes / 1_000_000);
}

fn main() {
    let folder = || tempfile::tempdir_in("/dev/shm").expect("a folder in /dev/shm");
    let (memory, data, hits) = (folder(), folder(), hits());
    let (mut journal, _) = open(memory.path(), data.path(), None);
    println!("| the journal | |\n|---|---|");
    of_hits(&mut journal, &hits);
    of_images(&mut journal);
    append(&mut journal, &hits);
    let position = journal.position();
    drop(journal);
    let start = median(|| {
        ns(|| match open(memory.path(), data.path(), Some(position)).1 {
            Found::State(left) => {
                assert_eq!(left.image::<State>().expect("readable").map(|state| state.len()), Some(400_000));
                assert_eq!(left.records().filter(Result::is_ok).count() as u64, HITS);
            }
            Found::Nothing { .. } => panic!("nothing was left"),
        })
    });
    println!("| a start: this image and 100,000 hits read | {:.0} ms |", start / 1e6);
}
