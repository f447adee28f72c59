//! `headcount journal wipe`, as operators type it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::operators::{Server, printed, refused};

/// The folders of journals.
fn journals(memory: &Path) -> Vec<PathBuf> {
    fs::read_dir(memory).unwrap().map(|entry| entry.unwrap().path()).collect()
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
