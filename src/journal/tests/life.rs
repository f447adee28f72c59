//! What is appended is found again, whenever the program ends.

use std::collections::BTreeMap;
use std::fs;

use super::*;

/// The journal of a program that ended after these records.
fn home_with(records: &[Record]) -> JournalHome {
    let home = JournalHome::new();
    let mut journal = home.open();
    records.iter().for_each(|record| journal.append(record).unwrap());
    home
}

fn shown(records: &[Record]) -> Vec<String> {
    records.iter().map(told).collect()
}

#[test]
fn all_records_are_found_again_in_their_order() {
    let (home, records) = (home_with(&all_records()), shown(&all_records()));
    let left = home.left().unwrap();
    assert_eq!(left.image::<u32>(), Ok(None), "it began with an empty state");
    assert_eq!(super::records(left), records);
    assert_eq!(super::records(home.left().unwrap()), records, "and once more, until there is an image");
}

#[test]
fn records_that_wait_are_written_before_the_next_and_at_the_end() {
    let home = JournalHome::new();
    let mut journal = home.open();
    let before = journal.position();
    let records = all_records();
    journal.append_later(&records[7]);
    journal.append(&records[1]).unwrap();
    let after = journal.position();
    journal.append_later(&records[9]);
    assert!(journal.position() > after, "what waits lies before the position");
    journal.append_later(&records[8]);
    drop(journal);
    let found: Vec<_> = home.left().unwrap().records().map(Result::unwrap).collect();
    let expected: Vec<_> = [7, 1, 9, 8].iter().map(|at| told(&records[*at])).collect();
    assert_eq!(found.iter().map(|(_, record)| told(record)).collect::<Vec<_>>(), expected);
    let positions: Vec<_> = found.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions[..3], [before, before, after]);
    assert_eq!(home.left().unwrap().begins(), before);
}

#[test]
fn many_that_wait_are_written_as_one_when_nothing_more_belongs_to_them() {
    let home = JournalHome::new();
    let mut journal = home.open();
    journal.append_later(&Record::Forgotten { site: SITE });
    journal.write_many().unwrap();
    let begun = journal.segment_bytes();
    for _ in 0..limits::JOURNAL_WAITING_BYTES {
        journal.append_later(&Record::Forgotten { site: SITE });
    }
    assert_eq!(journal.segment_bytes(), begun, "nothing is written in the middle");
    journal.write_many().unwrap();
    assert!(journal.segment_bytes() > limits::JOURNAL_WAITING_BYTES as u64);
    drop(journal);
    let positions: Vec<_> = home.left().unwrap().records().map(|found| found.unwrap().0).collect();
    assert!(positions.iter().all(|position| *position == positions[0]), "wholly or not at all");
}

#[test]
fn what_is_found_can_be_read_where_nothing_can_be_written_behind_it() {
    let full = |home: &mut JournalHome| home.bytes_max = 10;
    let refused = |home: &mut JournalHome| fs::create_dir(home.file("segment-2")).unwrap();
    type HomeChange = fn(&mut JournalHome);
    let cases: [(HomeChange, JournalTrouble); 2] = [(full, JournalTrouble::NoRoom), (refused, JournalTrouble::Failed)];
    for (change, why) in cases {
        let mut home = home_with(&[hit_record(1)]);
        change(&mut home);
        let (journal, found) = home.opened();
        let (mut journal, Found::State(left)) = (journal.unwrap(), found) else { panic!("there is a state") };
        assert_eq!(super::records(left), [told(&hit_record(1))]);
        assert_eq!((journal.go_on(), journal.lost()), (Err(GivenUp(why)), Some(why)));
    }
}

#[test]
fn an_image_takes_the_place_of_everything_before_it() {
    let home = JournalHome::new();
    let mut journal = home.open();
    journal.append(&hit_record(1)).unwrap();
    let image = journal.rotate().unwrap();
    journal.append(&hit_record(2)).unwrap();
    assert_eq!(home.names(), ["segment-1", "segment-2"], "the old start stays until the image is complete");
    let state: BTreeMap<String, Vec<u64>> = [("a".to_owned(), vec![1, 2, 3]), ("b".to_owned(), vec![])].into();
    std::thread::spawn({
        let state = state.clone();
        move || image.write(&state)
    })
    .join()
    .unwrap()
    .unwrap();
    assert_eq!(home.names(), ["image-2", "segment-2"]);
    let taken: u64 = home.names().iter().map(|name| fs::metadata(home.file(name)).unwrap().len()).sum();
    assert_eq!(journal.bytes(), taken);
    drop(journal);
    let left = home.left().unwrap();
    assert_eq!(left.image(), Ok(Some(state)));
    assert_eq!(super::records(left), [told(&hit_record(2))]);
}

#[test]
fn an_image_that_is_never_written_changes_nothing() {
    let home = JournalHome::new();
    let mut journal = home.open();
    for number in 1..=3 {
        journal.append(&hit_record(number)).unwrap();
        drop(journal.rotate().unwrap());
    }
    drop(journal);
    let left = home.left().unwrap();
    assert_eq!(left.image::<u32>(), Ok(None));
    assert_eq!(super::records(left), shown(&[hit_record(1), hit_record(2), hit_record(3)]));
}

#[test]
fn images_that_end_in_another_order_leave_the_latest() {
    let home = JournalHome::new();
    let mut journal = home.open();
    let (first, second) = (journal.rotate().unwrap(), journal.rotate().unwrap());
    second.write(&2_u32).unwrap();
    first.write(&1_u32).unwrap();
    assert_eq!(home.names(), ["image-3", "segment-3"]);
    drop(journal);
    assert_eq!(home.left().unwrap().image(), Ok(Some(2_u32)));
}

/// The files of a journal at some moment, as a program leaves them that is killed then.
fn kept(home: &JournalHome) -> Vec<(String, Vec<u8>)> {
    home.names().into_iter().map(|name| (name.clone(), fs::read(home.file(&name)).unwrap())).collect()
}

fn put_back(home: &JournalHome, files: &[(String, Vec<u8>)]) {
    home.names().iter().for_each(|name| fs::remove_file(home.file(name)).unwrap());
    files.iter().for_each(|(name, bytes)| fs::write(home.file(name), bytes).unwrap());
}

#[test]
fn whenever_a_program_is_killed_there_is_one_start() {
    let home = JournalHome::new();
    let mut journal = home.open();
    journal.append(&hit_record(1)).unwrap();
    let before = kept(&home);
    let image = journal.rotate().unwrap();
    let begun = kept(&home);
    journal.append(&hit_record(2)).unwrap();
    let waiting = kept(&home);
    image.write(&77_u32).unwrap();
    let complete = kept(&home);
    drop(journal);
    let with = |files: &[(String, Vec<u8>)], more: &[(String, Vec<u8>)]| [files, more].concat();
    let torn = ("unfinished-2".to_owned(), complete[0].1[..50].to_vec());
    let header_torn = |bytes: usize| ("segment-2".to_owned(), begun[1].1[..bytes].to_vec());
    let (one, two) = (told(&hit_record(1)), told(&hit_record(2)));
    for (files, image, records) in [
        (before.clone(), None, vec![one.clone()]),
        (with(&before, &[header_torn(0)]), None, vec![one.clone()]),
        (with(&before, &[header_torn(40)]), None, vec![one.clone()]),
        (begun.clone(), None, vec![one.clone()]),
        (with(&waiting, std::slice::from_ref(&torn)), None, vec![one.clone(), two.clone()]),
        (with(&complete, &before), Some(77), vec![two.clone()]),
        (complete.clone(), Some(77), vec![two.clone()]),
    ] {
        put_back(&home, &files);
        let left = home.left().unwrap();
        assert_eq!(left.image::<u32>(), Ok(image));
        assert_eq!(super::records(left), records);
        let stale =
            home.names().iter().any(|name| name.starts_with("unfinished") || image.is_some() && name == "segment-1");
        assert!(!stale, "what is older, or was not finished, is wiped at the start: {:?}", home.names());
    }
}

#[test]
fn a_program_that_takes_a_state_up_goes_on_in_the_same_journal() {
    let home = home_with(&[hit_record(1)]);
    let (journal, found) = home.opened();
    let (mut journal, Found::State(left)) = (journal.unwrap(), found) else { panic!("there is a state") };
    let begins = left.begins();
    assert_eq!(super::records(left).len(), 1);
    journal.go_on().unwrap();
    let position = journal.position();
    assert_eq!((position.journal, position.segment), (begins.journal, begins.segment + 1));
    journal.append(&hit_record(2)).unwrap();
    journal.rotate().unwrap().write(&"state").unwrap();
    journal.append(&hit_record(3)).unwrap();
    drop(journal);
    let left = home.left().unwrap();
    assert_eq!(left.image(), Ok(Some("state".to_owned())));
    assert_eq!(super::records(left), [told(&hit_record(3))]);
}

#[test]
fn a_flush_of_another_journal_makes_the_old_one_stale() {
    let stale = |drained: fn(JournalPosition) -> Option<JournalPosition>| {
        let mut home = home_with(&[hit_record(1)]);
        let position = home.left().unwrap().begins();
        let state = home.state.get_mut();
        (state.drained, state.flush) = (drained(position), state.flush + 1);
        assert_eq!(home.wiped(), Some(JournalTrouble::OtherDatabase));
    };
    stale(|position| Some(JournalPosition { journal: JournalId([1; 16]), ..position }));
    stale(|_| None);
}
