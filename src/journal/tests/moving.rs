//! Data folders, databases and folders for the journal that change their places, and journals that nobody takes up.

use std::fs;
use std::time::{Duration, SystemTime};

use super::*;

fn taken_up(found: Found) -> Recovered {
    match found {
        Found::State(recovered) => recovered,
        found => panic!("{found:?}"),
    }
}

fn is_whole(recovered: Recovered) -> bool {
    recovered.image::<Vec<u8>>().unwrap() == Some(vec![7; 100_000]) && records(recovered) == [told(&hit_record(2))]
}

#[test]
fn what_is_in_a_folder_that_will_not_do_is_taken_up_and_wiped() {
    let off = |home: &JournalHome| Candidates { chosen: Err(JournalTrouble::SwitchedOff), ..home.candidates() };
    let as_it_is = JournalHome::candidates;
    type UnfitCase = (fn(&JournalHome) -> Candidates, fn() -> SwapFacts, JournalTrouble);
    let cases: [UnfitCase; 2] =
        [(off, without_swap, JournalTrouble::SwitchedOff), (as_it_is, with_swap, JournalTrouble::MaySwap)];
    for (candidates, facts, why) in cases {
        let home = filled();
        let files = held(&home);
        let (journal, found) = open_among(&candidates(&home), facts, &home.state.get(), PLENTY);
        assert!(journal.is_none() && found.without() == Some(why));
        assert!(is_whole(taken_up(found)), "{why:?}");
        assert!(!home.folder().exists() && are_zeros(files), "{why:?}");
        // Nor does anything stay of what can't be taken up.
        let home = filled();
        home.state.set(JournalState { database: DatabaseId([4; 16]), ..home.state.get() });
        let (journal, found) = open_among(&candidates(&home), facts, &home.state.get(), PLENTY);
        let other = Some(JournalTrouble::OtherDatabase);
        assert!(journal.is_none() && matches!(found, Found::Nothing { wiped, .. } if wiped == other), "{why:?}");
        assert!(!home.folder().exists());
    }
}

#[test]
fn a_journal_goes_on_in_another_folder() {
    let (home, elsewhere) = (filled(), tempfile::tempdir_in("/dev/shm").unwrap());
    let files = held(&home);
    let place = JournalPlace::Folder(elsewhere.path().to_owned());
    let moved = home.candidates_of(&place, Some(home.memory.path()));
    let (journal, found) = open_among(&moved, without_swap, &home.state.get(), PLENTY);
    let mut journal = journal.unwrap();
    journal.go_on().unwrap();
    assert!(journal.base() == elsewhere.path() && found.without().is_none());
    assert!(is_whole(taken_up(found)));
    assert!(!home.folder().exists() && are_zeros(files));
    journal.append(&hit_record(3)).unwrap();
    drop(journal);
    let (_, found) = open_among(&moved, without_swap, &home.state.get(), PLENTY);
    assert_eq!(records(taken_up(found)), [2, 3].map(|number| told(&hit_record(number))));
}

#[test]
fn a_move_that_breaks_off_is_done_again() {
    let (home, elsewhere) = (filled(), tempfile::tempdir_in("/dev/shm").unwrap());
    let moved = home.candidates_of(&JournalPlace::Folder(elsewhere.path().to_owned()), Some(home.memory.path()));
    // All but the last of the new names are there.
    let half = moved.chosen.as_ref().unwrap().path();
    fs::create_dir(&half).unwrap();
    fs::copy(home.file("segment-2"), half.join("segment-2")).unwrap();
    fs::write(half.join("unfinished-1"), "half an image").unwrap();
    let (journal, found) = open_among(&moved, without_swap, &home.state.get(), PLENTY);
    let mut journal = journal.unwrap();
    journal.go_on().unwrap();
    assert!(is_whole(taken_up(found)));
    assert!(!home.folder().exists());
    assert_eq!(names(&half), ["image-2", "segment-2", "segment-3"]);
}

#[test]
fn a_file_that_is_moved_takes_its_journal_along_and_a_copy_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let [first, moved, copy] = ["first", "moved", "copy"].map(|name| folder.path().join(name));
    let place = JournalPlace::Auto;
    let name = |file: &Path, database| {
        Candidates::of(&JournalSearch { place: &place, file, last: None }, DatabaseId([database; 16]), None).names
    };
    fs::write(&first, "").unwrap();
    let before = name(&first, 3);
    assert_ne!(name(&first, 4), before, "another database in the same file");
    fs::rename(&first, &moved).unwrap();
    fs::copy(&moved, &copy).unwrap();
    assert_eq!(name(&moved, 3), before);
    assert_ne!(name(&copy, 3), before);
    // Its indexes are made anew: the file that it was is kept beside it.
    fs::rename(&moved, folder.path().join("moved.aside-2026-06-01T09-00-00Z")).unwrap();
    fs::rename(&copy, &moved).unwrap();
    assert_eq!(name(&moved, 3)[1..], before);
}

#[test]
fn journals_that_nobody_takes_up_are_wiped_when_all_their_days_are_over() {
    let (old, used) = (filled(), JournalHome::new());
    let mut journal = used.open();
    journal.append(&hit_record(1)).unwrap();
    let files = held(&old);
    let bases = [old.memory.path().to_owned(), used.memory.path().to_owned()];
    for name in ["headcount-backup", "headcount-0123456789abcdef"] {
        fs::create_dir(bases[0].join(name)).unwrap();
        fs::write(bases[0].join(name).join("notes"), "of somebody").unwrap();
    }
    let after = |seconds| SystemTime::now() + Duration::from_secs(seconds);
    assert_eq!(left::wipe_old(&bases, after(limits::JOURNAL_ORPHAN_S - 60)), 0);
    assert_eq!(left::wipe_old(&bases, after(limits::JOURNAL_ORPHAN_S + 60)), 2);
    assert!(are_zeros(files) && !old.folder().exists());
    assert_eq!(names(&bases[0]).len(), 2, "folders of others");
    assert_eq!(journal.append(&hit_record(2)), Ok(()));
    assert_eq!(used.names().len(), 1);
}

#[test]
fn all_journals_can_be_wiped_without_their_databases() {
    let (left_behind, used) = (filled(), JournalHome::new());
    let journal = used.open();
    let bases = vec![left_behind.memory.path().to_owned(), used.memory.path().to_owned()];
    let expected = WipedJournals { files: 2, used: 1, bases: bases.clone() };
    assert_eq!(left::wipe_all(bases), Ok(expected));
    assert!(!left_behind.folder().exists() && used.names().len() == 1);
    drop(journal);
}
