//! What requests bring is gone from the memory of the program when they are over, and what has to stay is locked there.
//!
//! The real program runs as a child, and its memory is read from outside. The kernel hides it from everybody but root: for others,
//! the test is that it does.

pub mod needles;
pub mod process;
mod visitors;

use std::fs;
use std::io::ErrorKind;

use needles::Needles;
use process::{ProcessMemory, removed_files};
use visitors::{Connection, Visitor};

use crate::restarts::lives::Lives;
use crate::scenario::End;
use crate::world::canary::files_below;

const NOW: &str = "2026-06-01T09:00:00Z";
/// Visitors whose marks are looked for.
const VISITORS: usize = 1_000;
/// Requests of others after theirs; `HEADCOUNT_MEMORY_REQUESTS` asks for more.
const OTHERS: usize = 2_000;

fn others() -> usize {
    std::env::var("HEADCOUNT_MEMORY_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(OTHERS)
}

/// The memory of a program; nothing where the kernel hides it, as it must from whoever is not root.
fn memory_of(lives: &Lives) -> Option<ProcessMemory> {
    match ProcessMemory::read(lives.pid()) {
        Ok(memory) => Some(memory),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            assert!(!rustix::process::geteuid().is_root(), "root may read it");
            None
        }
    }
}

/// How many marks of each kind are in the memory of a program, and where one is.
fn sightings(needles: &Needles, memory: &ProcessMemory) -> Vec<(&'static str, usize, String)> {
    let pieces = memory.pieces.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let found = needles.found(pieces.chain([("maps", memory.maps.as_bytes())]));
    found.into_iter().map(|(kind, of)| (kind, of.numbers.len(), of.first)).collect()
}

#[test]
fn nothing_of_a_request_is_in_memory_when_it_is_over() {
    let mut lives = Lives::begin(NOW, &[]);
    let visitors: Vec<Visitor> = (0..VISITORS).map(Visitor::numbered).collect();
    let mut needles = Needles::default();
    visitors.iter().for_each(|visitor| visitor.add_to(&mut needles));
    let address = lives.address();

    // The search finds what must be there: a request that has begun.
    let mut held = Connection::to(&address);
    let begun = visitors[0].request(0);
    held.send_part(&begun[..begun.len() - 1]);
    let Some(memory) = lives.until(|| memory_of(&lives), |memory| sees_all_of_one(&needles, memory)) else { return };
    assert!(memory.bytes() > 1 << 20, "{} bytes", memory.bytes());
    held.send_part(&begun[begun.len() - 1..]);
    held.read_answers(1);

    // Connections of visitors stay open until all have asked, as those of browsers and proxies do.
    let mut open: Vec<Connection> = (0..20).map(|_| Connection::to(&address)).collect();
    for (number, visitor) in visitors.iter().enumerate() {
        let connection = &mut open[number % 20];
        if let Some(again) = connection.ask(&visitor.request(number)) {
            *connection = again;
        }
    }
    let mut other = [Connection::to(&address), Connection::to(&address), Connection::to(&address)];
    for number in 0..others() {
        let connection = &mut other[number % 3];
        if let Some(again) = connection.ask(&Visitor::stranger(number).request(number)) {
            *connection = again;
        }
    }
    // What a connection has brought may lie in hyper's buffer until the next request on it, or its end.
    drop((held, open));
    let gone = |memory: &ProcessMemory| sightings(&needles, memory).is_empty();
    let memory = lives.until(|| memory_of(&lives).unwrap(), gone);
    assert_eq!(sightings(&needles, &memory), [], "of {} bytes", memory.bytes());
    assert_eq!(removed_files(lives.pid()).unwrap(), [], "no file stays open without its name");
    lives.end(End::Stop);
    check_kept(&lives, &needles);
}

/// Fails if a mark is in the files of a program, or in its log.
fn check_kept(lives: &Lives, needles: &Needles) {
    let mut kept = files_below(&[&lives.data(), lives.journal.path()]);
    kept.push(("log".to_owned(), lives.log().into_bytes()));
    let found = needles.found(kept.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    assert!(kept.len() > 2 && found.is_empty(), "{found:#?}");
}

#[test]
fn memory_is_locked_and_kept_out_of_dumps_or_health_says_why_not() {
    let lives = Lives::begin(NOW, &[]);
    let mut connection = Connection::to(&lives.address());
    connection.ask(&Visitor::stranger(0).request(0));
    let told = lives.health()["memory"].clone();
    let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", lives.pid())).unwrap();
    let of_status = |key: &str| {
        let status = read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    };
    let limits = read("limits");
    let limit = |name: &str| limits.lines().find_map(|line| line.strip_prefix(name)).unwrap().split_whitespace();
    assert_eq!(limit("Max core file size").take(2).collect::<Vec<_>>(), ["0", "0"]);
    assert!(of_status("VmLck:") > 0, "{told}");
    match told["locked"].as_str().unwrap() {
        "all" => {
            assert!(told["reason"].is_null(), "{told}");
            assert!(told["locked_kb"].as_u64().unwrap() * 2 > of_status("VmRSS:"), "{told}");
        }
        "keys" => {
            assert!(told["reason"].as_str().unwrap().contains("RLIMIT_MEMLOCK"), "{told}");
            assert_ne!(limit("Max locked memory").next(), Some("unlimited"));
        }
        other => panic!("{other}"),
    }
}

/// Whether agent, address and mail address of the first visitor are there.
fn sees_all_of_one(needles: &Needles, memory: &Option<ProcessMemory>) -> bool {
    memory.as_ref().is_none_or(|memory| sightings(needles, memory).len() == 3)
}
