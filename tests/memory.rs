//! What requests bring is gone from the memory of the program when they are over, and what has to stay is locked there.
//!
//! The real program runs as a child, and its memory is read from outside. The kernel hides it from everybody but root: for others,
//! the test is that it does.

mod needles;
mod process;
mod visitors;

use std::io::ErrorKind;

use needles::Needles;
use process::{ProcessMemory, removed_files};
use visitors::{Connection, Visitor};

use crate::restarts::lives::Lives;

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
    let port = lives.port();

    // The search finds what must be there: a request that has begun.
    let mut held = Connection::to(&port);
    let begun = visitors[0].request(0);
    held.send_part(&begun[..begun.len() - 1]);
    let Some(memory) = lives.until(|| memory_of(&lives), |memory| sees_all_of_one(&needles, memory)) else { return };
    assert!(memory.bytes() > 1 << 20, "{} bytes", memory.bytes());
    held.send_part(&begun[begun.len() - 1..]);
    held.read_answers(1);

    // Connections of visitors stay open, as those of browsers and proxies do.
    let mut open: Vec<Connection> = (0..20).map(|_| Connection::to(&port)).collect();
    for (number, visitor) in visitors.iter().enumerate() {
        let connection = &mut open[number % 20];
        if let Some(again) = connection.ask(&visitor.request(number)) {
            *connection = again;
        }
    }
    let mut other = [Connection::to(&port), Connection::to(&port), Connection::to(&port)];
    for number in 0..others() {
        let connection = &mut other[number % 3];
        if let Some(again) = connection.ask(&Visitor::stranger(number).request(number)) {
            *connection = again;
        }
    }
    let memory = memory_of(&lives).unwrap();

    assert_eq!(sightings(&needles, &memory), [], "of {} bytes", memory.bytes());
    assert_eq!(removed_files(lives.pid()).unwrap(), [], "no file stays open without its name");
    drop(open);
    lives.end(crate::scenario::End::Stop);
}

/// Whether agent, address and mail address of the first visitor are there.
fn sees_all_of_one(needles: &Needles, memory: &Option<ProcessMemory>) -> bool {
    memory.as_ref().is_none_or(|memory| sightings(needles, memory).len() == 3)
}
