//! Texts and addresses that must not be kept are found wherever they are.

use std::net::IpAddr;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

use super::World;

/// A canary in one of the forms in which it could have been kept.
pub struct Form {
    canary: String,
    bytes: Vec<u8>,
}

/// All forms of all canaries. Texts shorter than 6 bytes would be found by chance and are not taken.
pub fn forms(texts: &[String], addresses: &[IpAddr]) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut add = |canary: &str, bytes: &[u8]| forms.push(Form { canary: canary.to_owned(), bytes: bytes.to_vec() });
    let mut texts = texts.to_vec();
    texts.extend(addresses.iter().map(IpAddr::to_string));
    texts.sort();
    texts.dedup();
    for text in &texts {
        assert!(text.len() >= 6, "{text:?} is too short for a canary");
        add(text, text.as_bytes());
        add(text, HEXLOWER.encode(text.as_bytes()).as_bytes());
        add(text, HEXUPPER.encode(text.as_bytes()).as_bytes());
        // The middle of a base64 text does not depend on what surrounds it, but for its alignment.
        for shift in 0..3 {
            let padded = [&b"\0\0\0"[..shift], text.as_bytes()].concat();
            let whole = padded.len() / 3 * 3;
            let encoded = BASE64.encode(&padded[..whole]);
            add(text, &encoded.as_bytes()[if shift == 0 { 0 } else { 4 }..]);
        }
    }
    for address in addresses {
        let bytes = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let hex = HEXLOWER.encode(&bytes);
        add(&address.to_string(), hex.as_bytes());
        // Four bytes alone turn up by chance; sixteen do not.
        if bytes.len() == 16 {
            add(&address.to_string(), &bytes);
            add(&address.to_string(), &bytes.iter().rev().copied().collect::<Vec<_>>());
        }
    }
    forms
}

/// Fails if a canary is in `bytes`.
pub fn search(place: &str, bytes: &[u8], forms: &[Form]) {
    for form in forms {
        let found = memchr::memmem::find(bytes, &form.bytes);
        assert!(
            found.is_none(),
            "the canary {:?} is in {place} as {:?}",
            form.canary,
            String::from_utf8_lossy(&form.bytes)
        );
    }
}

/// Fails if a canary is in any file of a folder, or in the name of one.
pub fn search_folder(folder: &Path, forms: &[Form]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        search("a file name", name.as_bytes(), forms);
        if path.is_dir() {
            search_folder(&path, forms);
        } else if path.is_file() {
            search(&name, &std::fs::read(&path).unwrap(), forms);
        }
    }
}

impl World {
    /// Everything that was answered so far, with what was asked.
    pub fn shown_to_readers(&self) -> Vec<(String, Vec<u8>)> {
        self.shown.borrow().clone()
    }

    /// The files of the data folder and of the journal, each with its name.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        files_below(&[self.folder(), self.journal.path()])
    }
}

/// All files below these folders, each with its name.
pub fn files_below(folders: &[&Path]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open: Vec<_> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.is_file() {
                // The journal may remove one meanwhile.
                found.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default()));
            }
        }
    }
    found
}
