//! `headcount journal wipe`, as operators type it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use headcount::secret;
use serde_json::{Value, json};

use crate::operators::{Server, printed, refused};

/// The folder of the journal of a data folder, and two files in it.
fn left_in(memory: &Path, data: &Path) -> PathBuf {
    let digest = secret::of_folder(data.canonicalize().unwrap().as_os_str().as_bytes());
    let name: String = digest.0[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = memory.join(format!("headcount-{name}"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("segment-1"), "what was counted").unwrap();
    fs::write(folder.join("image-1"), "what was known").unwrap();
    folder
}

#[test]
fn a_journal_is_wiped_when_no_server_needs_it() {
    let (data, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [of_data, of_memory] = [&data, &memory].map(|folder| folder.path().to_str().unwrap());
    let wipe = ["journal", "wipe", "--data", of_data, "--journal", of_memory];
    let (code, said) = refused(&wipe);
    assert_eq!(code, 1);
    assert!(said.contains("there is no headcount.db"), "{said}");

    let server = Server::start(data.path(), &["--journal", "off"]);
    let folder = left_in(memory.path(), data.path());
    let sentence = "headcount: a server is using the journal; stop it first, then wipe what it leaves";
    assert_eq!(refused(&wipe), (1, sentence.to_owned()));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    server.stop();

    let kept = fs::File::open(folder.join("segment-1")).unwrap();
    assert_eq!(printed(&wipe), "The journal is wiped: 2 files.");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(std::io::read_to_string(kept).unwrap().bytes().all(|byte| byte == 0), "it is overwritten");
    assert_eq!(printed(&wipe), "There was no journal in memory.");
    let json: Value = serde_json::from_str(&printed(&[&wipe[..], &["--json"]].concat())).unwrap();
    assert_eq!(json, json!({"wiped": 0}));
}
