//! Files of sums: what they hold, which of them are taken up, and what is known of what is in them.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::cell::{Cell, Tally};
use crate::rejection::Rejection;
use crate::site::Hour;
use crate::store::JournalId;
use crate::store::sums::memory::MemorySums;

const DATABASE: DatabaseId = DatabaseId([7; 16]);

fn flush(number: u64, pageviews: i64) -> Flush {
    let (tally, cell) = (Tally { pageviews, visitors: 1, ..Tally::ZERO }, Cell { axis: Axis::Total, value: "".into() });
    let sums = Sums { hours: vec![(cell.clone(), Hour(9), tally)], days: vec![(cell, tally)] };
    let rejected = vec![Rejected { site: SiteId(1), day: Day(20_000), reason: Rejection::Bot, count: 2 }];
    Flush { number, sums: vec![(SiteId(1), Day(20_000), sums.into())], rejected, ..Flush::default() }
}

fn spill(parts: Vec<SpillPart>) -> Spill {
    Spill { written_ms: 1_780_315_200_000, parts }
}

#[test]
fn a_version_never_changes_what_a_file_holds() {
    let bytes = spill(vec![SpillPart::of(&flush(3, 5), vec![Digest([9; 32])])]).bytes(DATABASE).unwrap();
    let path = format!("{}/src/store/spill/golden/{VERSION}.hex", env!("CARGO_MANIFEST_DIR"));
    let golden = fs::read_to_string(path).unwrap_or_default();
    let shown = data_encoding::HEXLOWER.encode(&bytes);
    assert_eq!(shown, golden.trim(), "raise VERSION, and write golden/{VERSION}.hex");
    assert_eq!(Spill::read(&bytes, DATABASE).unwrap().hits(), 5);
}

#[test]
fn what_is_damaged_cut_short_or_of_others_is_not_taken_up() {
    let bytes = spill(vec![SpillPart::of(&flush(3, 5), Vec::new())]).bytes(DATABASE).unwrap();
    for place in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[place] ^= 1;
        assert!(Spill::read(&wrong, DATABASE).is_err(), "{place}");
        assert_eq!(Spill::read(&bytes[..place], DATABASE), Err(SpillTrouble::Damaged), "{place}");
    }
    assert_eq!(Spill::read(&bytes, DatabaseId([8; 16])), Err(SpillTrouble::OtherDatabase));
    let mut newer = bytes;
    newer[MAGIC.len()] += 1;
    assert_eq!(Spill::read(&newer, DATABASE), Err(SpillTrouble::OtherVersion));
}

#[test]
fn a_part_is_added_once_whatever_was_known_of_it() {
    let store = MemorySums::default();
    let drained = |segment| Some(JournalPosition { journal: JournalId([1; 16]), segment, offset: 0 });
    let by_number = SpillPart::of(&flush(1, 5), Vec::new());
    assert!(!by_number.is_in(&store, None).unwrap());
    store.apply(&flush(1, 5)).unwrap();
    assert!(by_number.is_in(&store, None).unwrap(), "its commit had gone through");
    // Another program went on without having seen the file.
    let by_id = SpillPart::of(&flush(1, 7), vec![Digest([9; 32])]);
    assert!(!by_id.is_in(&store, None).unwrap());
    let again = by_id.clone().into_flush(2, |_| true);
    assert_eq!(again.number, 2);
    store.apply(&again).unwrap();
    assert!(by_id.is_in(&store, None).unwrap());
    let in_journal = SpillPart { journal: drained(2), ..SpillPart::of(&flush(9, 1), Vec::new()) };
    assert!(in_journal.is_in(&store, drained(3)).unwrap() && !in_journal.is_in(&store, drained(1)).unwrap());
}

#[test]
fn parts_of_several_files_come_once_and_in_an_order_that_hides_none() {
    let known = SpillPart::of(&flush(1, 5), vec![Digest([9; 32])]);
    let by_number = SpillPart::of(&flush(2, 5), Vec::new());
    let newer = spill(vec![known.clone(), by_number.clone()]);
    let parts = parts_of(vec![newer, spill(vec![known.clone()]), spill(vec![by_number.clone()])]);
    assert_eq!(parts, [by_number, known]);
    let flushes = flushes_of(parts, 1, |_| true);
    assert_eq!(flushes.iter().map(|flush| flush.number).collect::<Vec<_>>(), [2, 3]);
    let gone = flushes_of(vec![SpillPart::of(&flush(4, 1), Vec::new())], 1, |site| site != SiteId(1));
    assert!(gone[0].sums.is_empty() && gone[0].number == 4, "its site is no more");
}

#[test]
fn the_first_folder_that_can_be_written_has_the_file_and_nobody_else_may_read_it() {
    let (data, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = data.path().join("headcount.db");
    fs::write(&file, "").unwrap();
    let missing = data.path().join("missing");
    let places = SpillPlaces::of(&file, DATABASE, Some(&missing), Some(memory.path()));
    let path = places.write(&spill(vec![SpillPart::of(&flush(3, 5), Vec::new())])).unwrap();
    assert_eq!(path.parent(), Some(data.path()), "the one that is wanted is not there");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let nowhere = SpillPlaces::of(&missing.join("headcount.db"), DATABASE, Some(&missing), None);
    assert!(nowhere.write(&Spill::default()).unwrap_err().contains("missing"));
    fs::write(path.with_file_name("headcount-of-others.spill"), "x").unwrap();
    let found = places.find();
    assert_eq!((found.spills.len(), found.paths.clone(), found.troubles.len()), (1, vec![path.clone()], 0));
    assert!(SpilledFiles::remove(found.paths).is_empty() && !path.exists());
}

#[test]
fn a_damaged_file_is_kept_aside_and_a_link_is_not_followed() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("headcount.db");
    fs::write(&file, "").unwrap();
    let places = SpillPlaces::of(&file, DATABASE, None, None);
    let path = places.write(&spill(Vec::new())).unwrap();
    fs::write(&path, &fs::read(&path).unwrap()[1..]).unwrap();
    let aside = path.with_extension("spill-damaged");
    assert_eq!(places.find().troubles, [(aside.clone(), SpillTrouble::Damaged)]);
    assert!(aside.exists() && places.find().troubles.is_empty(), "told once");
    let other = data.path().join("other");
    fs::write(&other, spill(Vec::new()).bytes(DATABASE).unwrap()).unwrap();
    std::os::unix::fs::symlink(&other, &path).unwrap();
    let found = places.find();
    assert!(found.spills.is_empty() && found.troubles == [(path, SpillTrouble::NotOurs)]);
}
