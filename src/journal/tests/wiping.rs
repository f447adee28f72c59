//! Where a journal may be, who may have it, and that nothing stays of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

/// Waits until a folder is empty: what is given up is overwritten on another thread.
fn becomes_empty(folder: &Path) -> bool {
    let until = Instant::now() + Duration::from_secs(20);
    while !names(folder).is_empty() {
        if Instant::now() > until {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn only_its_user_can_read_it() {
    let home = filled();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.folder()), 0o700);
    assert!(home.names().iter().all(|name| mode(&home.file(name)) == 0o600));
    fs::set_permissions(home.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(home.left().is_some());
    assert_eq!(mode(&home.folder()), 0o700);
}

#[test]
fn what_is_wiped_is_overwritten_first() {
    let home = filled();
    let files = held(&home);
    assert_eq!(wipe_among(&home.candidates()).unwrap().files, 2);
    assert!(!home.folder().exists() && are_zeros(files));
    assert_eq!(wipe_among(&home.candidates()).unwrap().files, 0);

    let home = JournalHome::new();
    let mut journal = home.open();
    journal.append(&hit_record(1)).unwrap();
    let files = held(&home);
    journal.rotate().unwrap().write(&1_u32).unwrap();
    assert!(are_zeros(files), "a segment whose image is complete");
}

#[test]
fn what_cannot_be_taken_up_is_wiped_for_its_reason() {
    let other_version = |home: &mut JournalHome| {
        let mut bytes = fs::read(home.file("segment-2")).unwrap();
        bytes[8] += 1;
        fs::write(home.file("segment-2"), bytes).unwrap();
    };
    let other_database = |home: &mut JournalHome| home.state.get_mut().database = DatabaseId([4; 16]);
    let broken = |home: &mut JournalHome| fs::write(home.file("image-2"), "x").unwrap();
    type HomeChange = fn(&mut JournalHome);
    let cases: [(HomeChange, JournalTrouble); 3] = [
        (other_version, JournalTrouble::OtherVersion),
        (other_database, JournalTrouble::OtherDatabase),
        (broken, JournalTrouble::Broken),
    ];
    for (change, why) in cases {
        let mut home = filled();
        change(&mut home);
        let files = held(&home);
        assert_eq!(home.wiped(), Some(why));
        assert!(are_zeros(files), "{why:?}");
        assert!(records(home.left().unwrap()).is_empty(), "a new one");
    }
}

#[test]
fn nobody_else_takes_a_journal_that_is_used() {
    let home = JournalHome::new();
    let mut journal = home.open();
    journal.append(&hit_record(1)).unwrap();
    let (second, found) = home.opened();
    let locked = Some(JournalTrouble::Locked);
    assert!(second.is_none() && matches!(found, Found::Nothing { wiped: None, without } if without == locked));
    assert_eq!(wipe_among(&home.candidates()), Err(JournalTrouble::Locked));
    journal.append(&hit_record(2)).unwrap();
    drop(journal);
    assert_eq!(records(home.left().unwrap()).len(), 2);
}

#[test]
fn links_and_folders_on_disks_are_refused() {
    let home = JournalHome::new();
    let trap = tempfile::tempdir_in("/dev/shm").unwrap();
    symlink(trap.path(), home.folder()).unwrap();
    let (journal, found) = home.opened();
    let why = Some(JournalTrouble::NotOurs);
    assert!(journal.is_none() && matches!(found, Found::Nothing { wiped: None, without } if without == why));
    assert!(names(trap.path()).is_empty());

    let on_disk = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let on_disk = JournalHome { memory: tempfile::tempdir_in(on_disk).unwrap(), ..JournalHome::new() };
    let (journal, found) = on_disk.opened();
    let why = Some(JournalTrouble::NotInMemory);
    assert!(journal.is_none() && matches!(found, Found::Nothing { wiped: None, without } if without == why));
    let nowhere = home.candidates_of(&JournalPlace::Folder("/no/such/folder".into()), None);
    let (_, found) = open_among(&nowhere, without_swap, &home.state.get(), PLENTY);
    assert!(matches!(found, Found::Nothing { without: Some(JournalTrouble::NoFolder), .. }));
}

#[test]
fn a_link_or_a_second_name_in_the_folder_harms_no_other_file() {
    let home = filled();
    let precious = home.memory.path().join("precious");
    fs::write(&precious, "kept").unwrap();
    symlink(&precious, home.file("segment-9")).unwrap();
    fs::hard_link(&precious, home.file("image-9")).unwrap();
    let _ = wipe_among(&home.candidates());
    assert_eq!(fs::read_to_string(&precious).unwrap(), "kept");
    assert!(home.names().iter().all(|name| name == "segment-9"), "{:?}", home.names());
}

#[test]
fn a_journal_past_its_bound_is_given_up_and_counting_goes_on() {
    let home = JournalHome { bytes_max: 2_000, ..JournalHome::new() };
    let mut journal = home.open();
    let given_up = (0..1_000).find_map(|number| journal.append(&hit_record(number)).err()).unwrap();
    assert_eq!((given_up, journal.lost()), (GivenUp(JournalTrouble::NoRoom), Some(JournalTrouble::NoRoom)));
    assert_eq!(journal.append(&hit_record(1)), Err(given_up));
    assert_eq!(journal.append_hit(&hit(1), how(&hit(1))), Err(given_up));
    assert_eq!(journal.rotate().err(), Some(given_up));
    assert!(becomes_empty(&home.folder()));
    assert_eq!(journal.bytes(), 0);
    journal.position();
    drop(journal);
    assert!(home.left().is_none());
}

#[test]
fn an_image_without_room_gives_the_journal_up() {
    let home = JournalHome { bytes_max: 100_000, ..JournalHome::new() };
    let mut journal = home.open();
    let image = journal.rotate().unwrap();
    let given_up = GivenUp(JournalTrouble::NoRoom);
    assert_eq!(image.write(&vec![1_u8; 200_000]), Err(given_up));
    assert_eq!(journal.append(&hit_record(1)), Err(given_up));
    assert!(becomes_empty(&home.folder()));
}

#[test]
fn swap_that_is_turned_on_later_gives_the_journal_up_with_the_next_image() {
    static IS_ON: AtomicBool = AtomicBool::new(false);
    let facts = || if IS_ON.load(Ordering::SeqCst) { with_swap() } else { without_swap() };
    let home = JournalHome::new();
    let mut journal = open_among(&home.candidates(), facts, &home.state.get(), PLENTY).0.unwrap();
    journal.rotate().unwrap().write(&1_u32).unwrap();
    IS_ON.store(true, Ordering::SeqCst);
    let given_up = Err(GivenUp(JournalTrouble::MaySwap));
    assert_eq!(journal.rotate().unwrap().write(&2_u32), given_up);
    assert_eq!(journal.append(&hit_record(1)), given_up);
    assert!(becomes_empty(&home.folder()));
}

#[test]
fn an_image_of_a_journal_that_is_lost_meanwhile_leaves_nothing() {
    let home = JournalHome { bytes_max: 1_000, ..JournalHome::new() };
    let mut journal = home.open();
    let image = journal.rotate().unwrap();
    let given_up = (0..100).find_map(|number| journal.append(&hit_record(number)).err()).unwrap();
    assert!(becomes_empty(&home.folder()));
    assert_eq!(image.write(&1_u32), Err(given_up));
    assert!(home.names().is_empty());
}

#[test]
fn what_was_given_up_is_never_taken_up() {
    let home = filled();
    for name in home.names() {
        let number = name.len();
        fs::rename(home.file(&name), home.file(&format!("given-up-{number}"))).unwrap();
    }
    let files = held(&home);
    assert!(home.left().is_none());
    assert!(are_zeros(files));
    assert_eq!(home.names(), ["segment-1"]);
}
