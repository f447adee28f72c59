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

/// One with an id.
fn part(number: u64, pageviews: i64, id: u8) -> SpillPart {
    SpillPart::of(&Flush { id: Some(Digest([id; 32])), ..flush(number, pageviews) })
}

fn spill(parts: Vec<SpillPart>) -> Spill {
    Spill { written_ms: 1_780_315_200_000, parts }
}

#[test]
fn a_version_never_changes_what_a_file_holds() {
    let bytes = spill(vec![part(3, 5, 9)]).bytes(DATABASE).unwrap();
    let path = format!("{}/src/store/spill/golden/{VERSION}.hex", env!("CARGO_MANIFEST_DIR"));
    let golden = fs::read_to_string(path).unwrap_or_default();
    let shown = data_encoding::HEXLOWER.encode(&bytes);
    assert_eq!(shown, golden.trim(), "raise VERSION, and write golden/{VERSION}.hex");
    assert_eq!(Spill::read(&bytes, DATABASE).unwrap().hits(), 5);
}

#[test]
fn a_file_of_the_first_version_is_taken_up() {
    let bytes = data_encoding::HEXLOWER.decode(include_str!("golden/1.hex").trim().as_bytes()).unwrap();
    let read = Spill::read(&bytes, DATABASE).unwrap();
    assert_eq!(read, spill(vec![part(3, 5, 9)]));
}

#[test]
fn what_is_damaged_cut_short_or_of_others_is_not_taken_up() {
    let bytes = spill(vec![SpillPart::of(&flush(3, 5))]).bytes(DATABASE).unwrap();
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

const JOURNAL: JournalId = JournalId([1; 16]);

fn position(segment: u64) -> JournalPosition {
    JournalPosition { journal: JOURNAL, segment, offset: 30 }
}

#[test]
fn a_part_is_added_once_whatever_was_known_of_it() {
    let store = MemorySums::default();
    let apply = |flush: Flush| store.apply(&flush).unwrap();
    let [mine, others] = [part(1, 7, 9), part(1, 5, 8)];
    apply(Flush { id: Some(Digest([8; 32])), ..flush(1, 5) });
    assert!(others.is_in(&store).unwrap(), "its commit had gone through");
    assert!(!mine.is_in(&store).unwrap(), "another program took its number");
    let again = mine.clone().into_flush(2, None, |_| true);
    assert_eq!((again.number, again.journal), (2, JournalMark::AsBefore));
    apply(again);
    assert!(mine.is_in(&store).unwrap());
    // By the next flush of the same program the one before is known to be stored.
    apply(Flush { id: Some(Digest([7; 32])), follows: Some(Digest([8; 32])), ..flush(3, 1) });
    assert!(!others.is_in(&store).unwrap() && part(3, 1, 7).is_in(&store).unwrap());
}

#[test]
fn a_part_without_an_id_is_known_by_its_number_and_by_what_is_in_it() {
    let store = MemorySums::default();
    let old = SpillPart::of(&flush(4, 5));
    assert!(!old.is_in(&store).unwrap());
    let taken_up = old.clone().into_flush(1, None, |_| true);
    assert_eq!(taken_up.number, 4, "not below its own");
    // The same in a newer file, which another program wrote.
    let newer = SpillPart::of(&taken_up);
    assert_eq!(parts_of(vec![spill(vec![newer.clone()]), spill(vec![old.clone()])]), std::slice::from_ref(&newer));
    store.apply(&taken_up).unwrap();
    assert!(old.is_in(&store).unwrap() && newer.is_in(&store).unwrap());
}

#[test]
fn a_part_is_in_a_store_that_was_further_with_its_journal_whatever_came_after() {
    let store = MemorySums::default();
    let of_journal = |segment| SpillPart { journal: Some(position(segment)), ..part(9, 1, 9) };
    let mark = |number, journal| store.apply(&Flush { number, journal, ..Flush::default() }).unwrap();
    mark(1, JournalMark::UpTo(position(2)));
    for (number, journal) in [
        (2, JournalMark::AsBefore),
        (3, JournalMark::UpTo(JournalPosition { journal: JournalId([2; 16]), segment: 9, offset: 0 })),
        (4, JournalMark::Gone),
    ] {
        mark(number, journal);
        assert!(of_journal(2).is_in(&store).unwrap() && of_journal(1).is_in(&store).unwrap(), "{journal:?}");
        assert!(!of_journal(3).is_in(&store).unwrap(), "{journal:?}");
    }
    let goes_on = of_journal(3).into_flush(5, Some(JOURNAL), |_| true);
    assert_eq!(goes_on.journal, JournalMark::UpTo(position(3)));
}

#[test]
fn parts_of_several_files_come_once_and_in_an_order_that_hides_none() {
    let (known, by_number) = (part(1, 5, 9), SpillPart::of(&flush(2, 5)));
    let newer = spill(vec![known.clone(), by_number.clone()]);
    let parts = parts_of(vec![newer, spill(vec![known.clone()]), spill(vec![by_number.clone()])]);
    assert_eq!(parts, [by_number, known]);
    let flushes = flushes_of(parts, 1, None, |_| true);
    assert_eq!(flushes.iter().map(|flush| flush.number).collect::<Vec<_>>(), [2, 3]);
    let gone = flushes_of(vec![SpillPart::of(&flush(4, 1))], 1, None, |site| site != SiteId(1));
    assert!(gone[0].sums.is_empty() && gone[0].number == 4, "its site is no more");
}

#[test]
fn a_newer_file_has_what_the_same_journal_had_before() {
    let of = |number, id, segment| SpillPart { journal: Some(position(segment)), ..part(number, 5, id) };
    let older = spill(vec![of(1, 1, 1), of(2, 2, 2), part(3, 5, 3)]);
    let newer = spill(vec![of(4, 4, 3), of(5, 5, 4)]);
    for files in [vec![newer.clone(), older.clone()], vec![older, newer]] {
        let parts = parts_of(files);
        assert_eq!(parts.iter().map(|part| part.number).collect::<Vec<_>>(), [3, 4, 5], "whatever the clock said");
    }
}

#[test]
fn what_one_stop_has_written_to_several_files_is_taken_whole() {
    let of = |number, id, segment| SpillPart { journal: Some(position(segment)), ..part(number, 5, id) };
    let files = [vec![of(1, 1, 3), of(2, 2, 4)], vec![of(3, 3, 4)], vec![of(4, 4, 4)], vec![of(9, 9, 1)]];
    let parts = parts_of(files.map(spill).into());
    assert_eq!(parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn a_part_that_has_another_and_more_is_taken_in_its_place() {
    let settled = SpillPart { ids: vec![Digest([1; 32]), Digest([2; 32])], ..part(2, 7, 2) };
    for files in [[settled.clone(), part(1, 5, 1)], [part(1, 5, 1), settled.clone()]] {
        assert_eq!(parts_of(files.map(|part| spill(vec![part])).into()), std::slice::from_ref(&settled));
    }
}

#[test]
fn what_waits_for_a_database_is_handed_over_with_the_sites_of_the_other_one() {
    let (data, wanted) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = data.path().join("headcount.db");
    let other = DatabaseId([8; 16]);
    let places = |database| SpillPlaces::of(&file, database, Some(wanted.path()), None);
    let of_sites = |first: u8| {
        let mut two = flush(1, 5);
        two.sums.push((SiteId(2), Day(20_000), Sums::clone(&two.sums[0].2).into()));
        SpillPart::of(&Flush { id: Some(Digest([first; 32])), ..two })
    };
    let path = places(DATABASE).write(&spill(vec![of_sites(1)])).unwrap();
    let mut handed_over = HandedOver::default();
    handed_over.take(&places(DATABASE), |site| Some(SiteId(7)).filter(|_| site == SiteId(1)));
    assert_eq!(handed_over.write(&places(other)), Ok(5), "one of them is not there");
    let found = places(other).find();
    let part = &found.spills[0].parts[0];
    assert_eq!((part.sums[0].0, part.known_by()), (SiteId(7), vec![Digest([1; 32])]));
    assert!(handed_over.finish(Some(data.path())).is_empty() && path.exists(), "others may look for it there");
    let mut own = HandedOver::default();
    assert!(own.is_empty());
    own.take(&places(DATABASE), Some);
    assert!(own.write(&places(other)).is_ok() && own.finish(None).is_empty() && !path.exists());
}

#[test]
fn what_lies_beside_a_database_and_is_of_another_one_is_told() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("headcount.db");
    let places = |database| SpillPlaces::of(&file, DatabaseId([database; 16]), None, None);
    let path = places(1).write(&spill(vec![part(1, 5, 1)])).unwrap();
    assert!(places(1).find().troubles.is_empty());
    let found = places(2).find();
    assert!(found.spills.is_empty() && found.troubles == [(path, SpillTrouble::OtherDatabase)]);
}

#[test]
fn the_first_folder_that_can_be_written_has_the_file_and_nobody_else_may_read_it() {
    let (data, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = data.path().join("headcount.db");
    fs::write(&file, "").unwrap();
    let missing = data.path().join("missing");
    let places = SpillPlaces::of(&file, DATABASE, Some(&missing), Some(memory.path()));
    let path = places.write(&spill(vec![SpillPart::of(&flush(3, 5))])).unwrap();
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
fn what_waits_in_memory_is_found_when_the_indexes_of_the_database_were_made_anew() {
    let (data, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = data.path().join("headcount.db");
    crate::store::open(&file).unwrap().sums.end().unwrap();
    let places = SpillPlaces::of(&file, DATABASE, None, Some(memory.path()));
    let alone = SpillPlaces::of_file(&file, None, DATABASE, [None, Some(memory.path())]);
    let path = alone.write(&spill(Vec::new())).unwrap();
    crate::store::mending::make_indexes_anew(&file).unwrap();
    assert_eq!(places.find().paths, [path]);
}

#[test]
fn a_file_that_is_too_large_is_told_by_its_size() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("headcount.db");
    let places = SpillPlaces::of(&file, DATABASE, None, None);
    let path = places.write(&spill(Vec::new())).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(crate::limits::SPILL_BYTES_MAX + 1).unwrap();
    assert_eq!(places.find().troubles, [(path, SpillTrouble::TooLarge)]);
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
