//! In: a data folder, or one file of a backup. Out: proof from the bytes: what the tables hold, what in any file looks like a trace of a
//! person, how small and how old sums are, what the running process keeps where. Forgets: what it found; it names a place and a shape,
//! never the value.
//!
//! It reads only: no lock, no write, and a server may run meanwhile. [`look`] does the work, [`AuditReport`] says it, [`summary`] signs
//! the counts and verdicts of it.

mod database;
mod disk;
mod encoded;
mod finder;
mod finding;
mod keys;
mod known;
mod modes;
mod packed;
pub mod process;
mod report;
pub mod summary;
mod trace;

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::beacon::address::Networks;
use crate::config::JournalPlace;
use crate::journal::{self, JournalSearch, SeenJournal};
use crate::site::Moment;
use crate::store::Inspection;
use database::DatabaseLook;
use disk::FileList;
use finder::Finder;
pub use finding::{AuditFinding, Notice};
use known::Declared;
use packed::FilePacking;
use process::ProcessFacts;
pub use report::AuditReport;

/// What every database of SQLite begins with (sqlite.org/fileformat2.html).
const DATABASE_HEAD: &[u8] = b"SQLite format 3\0";

/// What to look at.
#[derive(Debug)]
pub struct AuditOrder<'a> {
    /// A data folder, or a file of a backup.
    pub path: &'a Path,
    /// The name of the database in a data folder.
    pub database: &'a str,
    /// Where journals are kept.
    pub journal: &'a JournalPlace,
    /// Trusted proxies, which are no visitors.
    pub proxies: Networks,
    /// The address that is listened on.
    pub listen: IpAddr,
    /// What the running server says of itself, and its number.
    pub process: Option<ProcessFacts>,
    /// When this is.
    pub now: Moment,
}

/// Looks at everything.
///
/// # Errors
/// There is no database, it can't be read, or it is of a newer version.
pub fn look(order: AuditOrder<'_>) -> Result<AuditReport> {
    let path = order.path.canonicalize().with_context(|| format!("{} can't be read", order.path.display()))?;
    let is_folder = path.is_dir();
    let file = if is_folder { path.join(order.database) } else { path.clone() };
    ensure!(file.is_file(), "there is no {} in {}; name its folder with --data", order.database, path.display());
    ensure_database(&file)?;
    let open = || Inspection::open(&file).with_context(|| format!("{} can't be audited", file.display()));
    let inspection = open()?;
    let mut declared = Declared::of(&inspection, order.proxies, order.listen)?;
    declared.add_summaries(&path);
    let of_server = order.process.as_ref().and_then(|process| process.build.clone());
    declared.add_builds(process::build().into_iter().chain(of_server));
    let journals = journals(&inspection, &file, order.journal, is_folder)?;
    let list = FileList::of(&path, &file, &journals)?;
    let finder = Finder::new()?;
    let looker = inspection.again()?;
    let (searched, look) = std::thread::scope(|scope| {
        let look = scope.spawn(|| DatabaseLook::of(&{ looker }, &finder, &declared));
        let searched = disk::search(&list, &finder, &declared, &inspection);
        (searched, look.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (searched, look) = (searched?, look?);
    let mut report = AuditReport::of(&path, order.now, &inspection, &list, searched.cells)?;
    report.take_database(look, database::located(&inspection, &file, searched.traces, &list)?);
    report.take_files(searched.failed, &list);
    if is_folder {
        report.take_modes(modes::of(&path, &file));
    }
    report.take_journals(&journals, order.process.is_some());
    report.take_process(order.process);
    Ok(report)
}

/// Says of a file that is no database what it is.
fn ensure_database(file: &Path) -> Result<()> {
    let mut head = Vec::new();
    let opened = File::open(file).with_context(|| format!("{} can't be read", file.display()))?;
    opened.take(DATABASE_HEAD.len() as u64).read_to_end(&mut head)?;
    if let Some(packing) = FilePacking::of(&head) {
        bail!("{} is compressed; decompress it first, with {}", file.display(), packing.unpacked_by());
    }
    // An empty file is a database without tables.
    ensure!(
        head.is_empty() || head == DATABASE_HEAD,
        "{} does not begin as a database does: it is another file, encrypted or damaged",
        file.display()
    );
    Ok(())
}

fn journals(inspection: &Inspection, file: &Path, place: &JournalPlace, is_folder: bool) -> Result<Vec<SeenJournal>> {
    let Some((database, last)) = inspection.journal()?.filter(|_| is_folder) else { return Ok(Vec::new()) };
    let search = JournalSearch { place, file, last: last.as_deref() };
    Ok(journal::seen(&search, database))
}

/// A path as it is shown: below the folder that is looked at, or whole.
fn shown(path: &Path, root: &Path) -> String {
    let below = path.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty());
    below.map(Path::to_owned).unwrap_or_else(|| PathBuf::from(path)).display().to_string()
}
