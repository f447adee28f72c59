//! Files that are cut, changed or made up: at worst a beginning of what was written is found, and nothing breaks.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::header::HEADER_BYTES;
use super::*;

/// A journal with an image and a segment, which are given back, and the records in it.
fn written() -> (JournalHome, Vec<u8>, Vec<u8>, Vec<String>) {
    let home = JournalHome::new();
    let mut journal = home.open();
    journal.rotate().unwrap().write(&vec![String::from("state"); 20]).unwrap();
    all_records().iter().for_each(|record| journal.append(record).unwrap());
    drop(journal);
    let read = |name: &str| fs::read(home.file(name)).unwrap();
    let (image, segment) = (read("image-2"), read("segment-2"));
    let records = all_records().iter().map(told).collect();
    (home, image, segment, records)
}

fn put(home: &JournalHome, image: &[u8], segment: &[u8]) {
    home.names().iter().for_each(|name| fs::remove_file(home.file(name)).unwrap());
    fs::write(home.file("image-2"), image).unwrap();
    fs::write(home.file("segment-2"), segment).unwrap();
}

/// The records that are found, and whether all of them could be read.
fn found(left: Recovered) -> (Vec<String>, bool) {
    let mut records = Vec::new();
    for found in left.records() {
        match found {
            Ok((_, record)) => records.push(told(&record)),
            Err(Unreadable) => return (records, false),
        }
    }
    (records, true)
}

#[test]
fn a_segment_that_was_cut_has_the_records_before_the_cut() {
    let (home, image, segment, records) = written();
    let mut last = 0;
    for length in 0..=segment.len() {
        put(&home, &image, &segment[..length]);
        let (found, is_whole) = found(home.left().unwrap());
        assert!(is_whole && records.starts_with(&found), "{length}");
        assert!(found.len() >= last, "{length}");
        last = found.len();
    }
    assert_eq!(last, records.len());
}

#[test]
fn an_image_that_is_not_as_written_is_no_state() {
    let (home, image, segment, _) = written();
    for at in HEADER_BYTES..image.len() {
        let mut changed = image.clone();
        changed[at] ^= 1;
        put(&home, &changed, &segment);
        assert_eq!(home.left().unwrap().image::<Vec<String>>(), Err(Unreadable), "{at}");
    }
    for wrong in [&image[..image.len() - 1], &image[..HEADER_BYTES + 2], &[&image[..], &[0]].concat()] {
        put(&home, wrong, &segment);
        assert_eq!(home.left().unwrap().image::<Vec<String>>(), Err(Unreadable), "{}", wrong.len());
    }
    put(&home, &image[..HEADER_BYTES - 1], &segment);
    assert_eq!(home.wiped(), Some(JournalTrouble::Broken));
    assert_eq!(home.names(), ["segment-1"], "a new one");
}

#[test]
fn a_gap_between_segments_is_told() {
    let home = JournalHome::new();
    let mut journal = home.open();
    for _ in 0..2 {
        journal.append(&hit_record(1)).unwrap();
        drop(journal.rotate().unwrap());
    }
    drop(journal);
    fs::remove_file(home.file("segment-2")).unwrap();
    assert_eq!(home.wiped(), Some(JournalTrouble::Broken));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn changed_files_give_at_worst_a_beginning(
        changes in vec((any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let (home, mut image, mut segment, records) = written();
        for (of_image, at, byte) in changes {
            let file = if of_image { &mut image } else { &mut segment };
            let at = at.index(file.len());
            file[at] = byte;
        }
        segment.truncate(segment.len() - cut.index(segment.len()) / 4);
        put(&home, &image, &segment);
        if let Some(left) = home.left() {
            let state = left.image::<Vec<String>>();
            prop_assert!(state.is_err() || state == Ok(Some(vec!["state".into(); 20])));
            prop_assert!(records.starts_with(&found(left).0));
        }
    }

    #[test]
    fn made_up_frames_are_read_without_harm(bytes in vec(any::<u8>(), 0..200)) {
        let (home, image, segment, _) = written();
        put(&home, &image, &[&segment[..HEADER_BYTES], &bytes].concat());
        prop_assert!(found(home.left().unwrap()).0.is_empty());
    }
}
