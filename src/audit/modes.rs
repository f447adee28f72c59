//! Who may read the files of a data folder, by their modes.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::finding::{AuditFinding, Notice};

/// Whether a mode gives the group or others any right.
const fn is_open(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// Whether that of a folder lets the group or others through to its files.
const fn lets_through(mode: u32) -> bool {
    mode & 0o011 != 0
}

/// The modes as they are, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Modes {
    /// Each name with its mode, in octal digits.
    pub(super) all: Vec<(String, String)>,
    pub(super) findings: Vec<AuditFinding>,
    pub(super) notices: Vec<Notice>,
}

/// Those of a data folder and of what the program makes in it. A file that others could read, in a folder that lets nobody through, is worth a
/// notice only.
pub(super) fn of(folder: &Path, database: &Path) -> Modes {
    let mut modes = Modes::default();
    let mode = |path: &Path| Some(std::fs::symlink_metadata(path).ok()?.permissions().mode() & 0o7777);
    let of_folder = mode(folder).unwrap_or_default();
    modes.all.push((".".to_owned(), format!("{of_folder:04o}")));
    if is_open(of_folder) {
        let what = format!("the folder has mode {of_folder:04o}; chmod 0700 keeps others from seeing what is in it");
        modes.notices.push(Notice::of("mode", what));
    }
    let name = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = ["-wal", "-shm", "-journal"].map(|ending| format!("{name}{ending}"));
    for name in [name].into_iter().chain(beside).chain(["headcount.lock".to_owned(), "headcount.sock".to_owned()]) {
        let Some(mode) = mode(&folder.join(&name)) else { continue };
        modes.all.push((name.clone(), format!("{mode:04o}")));
        if !is_open(mode) {
            continue;
        }
        let what = format!("it has mode {mode:04o}; chmod 0600 keeps it from others");
        if lets_through(of_folder) {
            modes.findings.push(AuditFinding::of("mode", format!("a file is open to others: {what}")).in_file(name));
        } else {
            modes.notices.push(Notice::of("mode", format!("{name}: {what}")));
        }
    }
    modes
}
