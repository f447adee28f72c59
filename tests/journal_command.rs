//! `headcount journal wipe`, as operators type it.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::operators::{Server, printed, refused};
use crate::restarts::lives::Lives;
use crate::restarts::senders::visit;
use crate::scenario::End;

/// The folders of journals.
fn journals(memory: &Path) -> Vec<PathBuf> {
    fs::read_dir(memory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn another_user_than_the_owner_of_the_database_leaves_its_journal_alone() {
    let mut lives = Lives::begin("2026-06-01T09:00:00Z", &[]);
    let people = 3_000_000..3_000_012;
    visit(&lives, people.clone(), "/a");
    lives.end(End::Kill);
    let owned = [lives.data().join("headcount.db"), journals(lives.journal.path()).remove(0)];
    let give = |user: u32| owned.iter().for_each(|path| chown(path, Some(user), None).unwrap());
    let log = lives.data().join("log");
    fs::write(&log, "").unwrap();
    give(65_534);
    for words in
        [&["import", log.to_str().unwrap(), "--site", "example.com"][..], &["serve", "--listen", "127.0.0.1:0"]]
    {
        let (code, said) = lives.said(words);
        assert!(code == 1 && said.contains("belongs to user 65534") && said.contains("as that user"), "{said}");
    }
    give(rustix::process::geteuid().as_raw());
    lives.start();
    let rows = lives.rows("2026-06-01", &["visitors", "pageviews"], &[], json!([]));
    assert_eq!(rows[""], [people.len() as i64; 2]);
    let folder =
        |user: u32| owned[1].with_file_name(format!("{}-{user}", owned[1].file_name().unwrap().to_str().unwrap()));
    lives.end(End::Kill);
    // A folder that a stranger has made keeps nobody from starting.
    fs::create_dir(folder(77)).unwrap();
    fs::write(folder(77).join("segment-1"), "").unwrap();
    chown(folder(77), Some(77), None).unwrap();
    lives.start();
}

/// A folder in memory, as a server needs it.
fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap()
}

#[test]
fn a_journal_is_wiped_when_no_server_needs_it() {
    let (data, memory) = (tempfile::tempdir().unwrap(), memory());
    let [of_data, of_memory] = [&data, &memory].map(|folder| folder.path().to_str().unwrap());
    let wipe = ["journal", "wipe", "--data", of_data, "--journal", of_memory];
    let (code, said) = refused(&wipe);
    assert_eq!(code, 1);
    assert!(said.contains("there is no headcount.db") && said.contains("journal wipe --all"), "{said}");

    let server = Server::start(data.path(), &["--journal", of_memory]);
    let sentence = "headcount: a server is using the journal; stop it first, then wipe what it leaves";
    assert_eq!(refused(&wipe), (1, sentence.to_owned()));
    let folder = journals(memory.path()).remove(0);
    drop(server);
    let kept = fs::File::open(folder.join("segment-1")).unwrap();
    // The database knows where the last journal was.
    let wipe = ["journal", "wipe", "--data", of_data];
    assert_eq!(printed(&wipe), "The journal is wiped: 1 file.");
    assert!(journals(memory.path()).is_empty());
    assert!(std::io::read_to_string(kept).unwrap().bytes().all(|byte| byte == 0), "it is overwritten");
    let none = printed(&wipe);
    assert!(none.starts_with(&format!("There was no journal in {of_memory}, /dev/shm, /run/headcount.")), "{none}");
    let json: Value = serde_json::from_str(&printed(&[&wipe[..], &["--json"]].concat())).unwrap();
    assert_eq!((&json["wiped"], &json["folders"][0]), (&json!(0), &json!(of_memory)));
}
