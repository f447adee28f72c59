//! Finds the folder for a journal, and makes sure that its memory never reaches a disk.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::JournalTrouble;
use super::folder::Mounted;
use crate::config::JournalPlace;
use crate::secret;
use crate::store::{self, DatabaseId};

/// Memory that every Linux has, which all users share.
const SHARED: &str = "/dev/shm";
/// `$RUNTIME_DIRECTORY` of the service, which commands are not told.
const SERVICE: &str = "/run/headcount";
/// File systems that live in memory, by the numbers that `statfs` tells.
const TMPFS: u32 = 0x0102_1994;
const RAMFS: u32 = 0x8584_58f6;
/// How the name of each folder of ours begins.
pub(super) const PREFIX: &str = "headcount-";
/// Bytes of the digest in a folder's name.
const NAME_BYTES: usize = 8;

/// What decides where the journal of a database may be.
#[derive(Debug, Clone, Copy)]
pub struct JournalSearch<'a> {
    /// What the configuration says.
    pub place: &'a JournalPlace,
    /// The file of the database.
    pub file: &'a Path,
    /// The folder in which its last journal was made, as the database knows it ([`crate::store::SumStore::journal_folder`]).
    pub last: Option<&'a Path>,
}

/// A folder that a journal may be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The folder of the system or the operator.
    pub(super) base: PathBuf,
    /// The name of ours in it.
    pub(super) name: String,
    /// What names the base, for sentences.
    pub(super) named_by: &'static str,
}

impl Candidate {
    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        self.base.join(&self.name)
    }

    fn is(&self, other: &Candidate) -> bool {
        (&self.base, &self.name) == (&other.base, &other.name)
    }
}

/// The folders to look for old journals in, and the one to use, which is among them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidates {
    /// How their names begin: that of the file, and those of the files that it was before.
    pub(super) names: Vec<String>,
    /// All of them.
    pub(super) all: Vec<Candidate>,
    /// The one to use, or why there is none.
    pub(super) chosen: Result<Candidate, JournalTrouble>,
}

impl Candidates {
    /// Those of a database. `runtime` is what `$RUNTIME_DIRECTORY` says.
    pub(super) fn of(search: &JournalSearch<'_>, database: DatabaseId, runtime: Option<&OsStr>) -> Candidates {
        let names = names_of(search.file, database).unwrap_or_default();
        let Some((own, earlier)) = names.split_first() else {
            return Candidates { names, all: Vec::new(), chosen: Err(JournalTrouble::NoFolder) };
        };
        let in_folder = |base: &Path, named_by| {
            let base = base.canonicalize().unwrap_or_else(|_| base.to_owned());
            Candidate { name: name_in(&base, own), base, named_by }
        };
        let shared = in_folder(Path::new(SHARED), "journal = \"auto\"");
        let runtime = runtime.and_then(first_entry).map(|base| in_folder(&base, "$RUNTIME_DIRECTORY"));
        let chosen = match search.place {
            JournalPlace::Auto => Ok(runtime.clone().unwrap_or_else(|| shared.clone())),
            JournalPlace::Off => Err(JournalTrouble::SwitchedOff),
            JournalPlace::Folder(folder) => Ok(in_folder(folder, "the key journal")),
        };
        let last = search.last.map(|base| in_folder(base, "the database"));
        let mut all: Vec<Candidate> = Vec::new();
        for one in chosen.clone().ok().into_iter().chain(last).chain(runtime).chain([shared]) {
            if !all.iter().any(|known| known.is(&one)) {
                all.push(one);
            }
        }
        let of_file = all.clone();
        for name in earlier {
            all.extend(of_file.iter().map(|one| Candidate { name: name_in(&one.base, name), ..one.clone() }));
        }
        Candidates { names, all, chosen }
    }

    /// Those that are not to be used.
    pub(super) fn others(&self) -> impl Iterator<Item = &Candidate> {
        let chosen = self.chosen.as_ref().ok();
        self.all.iter().filter(move |one| !chosen.is_some_and(|chosen| chosen.is(one)))
    }

    /// The folders in which to look for journals of any user, that of the service as `deploy/` has it among them.
    pub(super) fn bases(&self) -> Vec<PathBuf> {
        let mut bases: Vec<PathBuf> = Vec::new();
        for one in &self.all {
            if !bases.contains(&one.base) {
                bases.push(one.base.clone());
            }
        }
        with_service(bases)
    }
}

/// The folders in which journals of any database may be.
pub(super) fn bases_of_all(place: &JournalPlace, runtime: Option<&OsStr>) -> Vec<PathBuf> {
    let named = if let JournalPlace::Folder(folder) = place { Some(folder.clone()) } else { None };
    let mut bases: Vec<PathBuf> = Vec::new();
    for base in named.into_iter().chain(runtime.and_then(first_entry)).chain([PathBuf::from(SHARED)]) {
        let base = base.canonicalize().unwrap_or(base);
        if !bases.contains(&base) {
            bases.push(base);
        }
    }
    with_service(bases)
}

fn with_service(mut bases: Vec<PathBuf>) -> Vec<PathBuf> {
    let service = PathBuf::from(SERVICE);
    if !bases.contains(&service) {
        bases.push(service);
    }
    bases
}

/// The name of a database's journals: of the database and of its file, so that a folder that is moved or mounted elsewhere takes
/// its journal along, and a copy, which has a file of its own, never meets that of the first.
pub(super) fn name_of(file: &Path, database: DatabaseId) -> std::io::Result<String> {
    Ok(name_by(fs::metadata(file)?.ino(), database))
}

/// The same, and behind it the names by the files that the database was before.
fn names_of(file: &Path, database: DatabaseId) -> std::io::Result<Vec<String>> {
    Ok(store::file_numbers(file)?.into_iter().map(|number| name_by(number, database)).collect())
}

fn name_by(number: u64, database: DatabaseId) -> String {
    let digest = secret::of_database(&[&database.0[..], &number.to_le_bytes()].concat());
    format!("{PREFIX}{}", HEXLOWER.encode(&digest.0[..NAME_BYTES]))
}

/// The name in a folder that users share, in which they must not be in each other's way, or in another one.
fn name_in(base: &Path, name: &str) -> String {
    match base == Path::new(SHARED) {
        true => format!("{name}-{}", rustix::process::geteuid().as_raw()),
        false => name.to_owned(),
    }
}

/// Whether a folder of this name is a journal's, of whichever database and user.
pub(super) fn is_journal_name(name: &str) -> bool {
    let Some((digest, user)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_at_checked(2 * NAME_BYTES)) else {
        return false;
    };
    let is_hex = digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex && (user.is_empty() || user.strip_prefix('-').is_some_and(|user| user.parse::<u32>().is_ok()))
}

/// The folder of memory that is chosen for a journal or would be; sums may wait there.
pub fn memory_folder(place: &JournalPlace, runtime: Option<&OsStr>) -> PathBuf {
    match place {
        JournalPlace::Folder(folder) => folder.clone(),
        JournalPlace::Auto | JournalPlace::Off => runtime.and_then(first_entry).unwrap_or_else(|| SHARED.into()),
    }
}

/// systemd separates several folders by colons.
fn first_entry(list: &OsStr) -> Option<PathBuf> {
    let first = list.as_bytes().split(|byte| *byte == b':').next().unwrap_or_default();
    (!first.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(first)))
}

/// What the kernel says about memory that may be swapped.
#[derive(Debug, Default)]
pub(super) struct SwapFacts {
    /// `/proc/self/mountinfo`.
    pub(super) mounts: String,
    /// `/proc/swaps`, where it can be read.
    pub(super) swaps: Option<String>,
    /// `memory.swap.max` of the own control group and those above it.
    pub(super) limits: Vec<String>,
}

impl SwapFacts {
    /// What the kernel says now.
    pub(super) fn read() -> SwapFacts {
        let read = |path: &Path| fs::read_to_string(path).ok();
        let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
        SwapFacts {
            mounts: read(Path::new("/proc/self/mountinfo")).unwrap_or_default(),
            swaps: read(Path::new("/proc/swaps")),
            limits: limit_files(&groups).iter().filter_map(|path| read(path)).collect(),
        }
    }

    /// Whether the memory of a folder outlives the process and never reaches a disk.
    pub(super) fn check(&self, mounted: Mounted) -> Result<(), JournalTrouble> {
        match mounted.magic {
            RAMFS => Ok(()),
            TMPFS if self.never_swaps(mounted.device) => Ok(()),
            TMPFS if self.swaps.is_none() => Err(JournalTrouble::SwapHidden),
            TMPFS => Err(JournalTrouble::MaySwap),
            _ => Err(JournalTrouble::NotInMemory),
        }
    }

    fn never_swaps(&self, device: (u32, u32)) -> bool {
        self.mounts.lines().any(|line| is_noswap(line, device)) || self.keeps_all()
    }

    /// Whether there is no swap, or none for this process.
    pub(super) fn keeps_all(&self) -> bool {
        // The first line is the head of the table.
        let has_no_swap =
            self.swaps.as_ref().is_some_and(|swaps| swaps.lines().skip(1).all(|line| line.trim().is_empty()));
        has_no_swap || self.limits.iter().any(|limit| limit.trim() == "0")
    }
}

/// Whether a line of mountinfo is about this device, mounted with `noswap`: behind a dash come type, source and the options of the
/// file system.
fn is_noswap(line: &str, (major, minor): (u32, u32)) -> bool {
    let Some((mount, system)) = line.split_once(" - ") else { return false };
    let is_it = mount.split(' ').nth(2) == Some(&*format!("{major}:{minor}"));
    is_it && system.split(' ').nth(2).is_some_and(|options| options.split(',').any(|option| option == "noswap"))
}

/// Where the second version of control groups says how much of the own group may be swapped, and the groups above it.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let Some(own) = groups.lines().find_map(|line| line.strip_prefix("0::/")) else { return Vec::new() };
    // A group outside of what this process sees.
    if own.split('/').any(|part| part == "..") {
        return Vec::new();
    }
    Path::new(own).ancestors().map(|group| Path::new("/sys/fs/cgroup").join(group).join("memory.swap.max")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 27 0:21 / /proc rw,relatime - proc proc rw\n\
        25 24 0:23 / /dev/shm rw,nosuid shared:4 - tmpfs tmpfs rw,size=24683656k\n\
        26 24 0:24 / /run/headcount rw,nosuid - tmpfs tmpfs rw,noswap,mode=755\n\
        27 24 0:25 / /noswap rw,noswap - tmpfs noswap rw\n";
    const NO_SWAPS: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
    const SWAPS: &str = "Filename\tType\tSize\tUsed\tPriority\n/dev/vda2 partition\t1048572\t0\t-2\n";

    fn facts(swaps: Option<&str>, limits: &[&str]) -> SwapFacts {
        let limits = limits.iter().map(|limit| (*limit).to_owned()).collect();
        SwapFacts { mounts: MOUNTS.to_owned(), swaps: swaps.map(str::to_owned), limits }
    }

    #[test]
    fn only_memory_that_is_never_swapped_will_do() {
        use JournalTrouble::{MaySwap, NotInMemory, SwapHidden};
        let tmpfs = |minor| Mounted { magic: TMPFS, device: (0, minor) };
        let (shared, kept, misnamed) = (tmpfs(23), tmpfs(24), tmpfs(25));
        for (swaps, limits, mounted, expected) in [
            (Some(NO_SWAPS), &[][..], shared, Ok(())),
            (Some(SWAPS), &[], shared, Err(MaySwap)),
            (None, &[], shared, Err(SwapHidden)),
            (Some(""), &["max\n"], shared, Ok(())),
            (None, &["max\n"], shared, Err(SwapHidden)),
            (None, &["max\n", "0\n"], shared, Ok(())),
            (Some(SWAPS), &["1048576\n"], shared, Err(MaySwap)),
            (Some(SWAPS), &[], kept, Ok(())),
            (Some(SWAPS), &[], misnamed, Err(MaySwap)),
            (Some(SWAPS), &[], Mounted { magic: RAMFS, device: (0, 9) }, Ok(())),
            (Some(NO_SWAPS), &["0"], Mounted { magic: 0xef53, device: (254, 0) }, Err(NotInMemory)),
        ] {
            assert_eq!(facts(swaps, limits).check(mounted), expected, "{swaps:?} {limits:?} {mounted:?}");
        }
    }

    #[test]
    fn the_limits_are_those_of_the_own_group_and_of_the_ones_above() {
        let of = |text: &str| limit_files(text).iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        let root = "/sys/fs/cgroup/memory.swap.max";
        let expected = [
            "/sys/fs/cgroup/system.slice/headcount.service/memory.swap.max",
            "/sys/fs/cgroup/system.slice/memory.swap.max",
            root,
        ];
        assert_eq!(of("4:memory:/x\n0::/system.slice/headcount.service\n"), expected);
        assert_eq!(of("0::/\n"), [root]);
        assert!(of("0::/../other\n").is_empty() && of("").is_empty());
    }

    #[test]
    fn the_folder_is_the_services_else_the_shared_one_and_all_are_looked_at() {
        let found = |place: &JournalPlace, runtime: Option<&str>, last: Option<&str>| {
            let search = JournalSearch { place, file: Path::new("/"), last: last.map(Path::new) };
            Candidates::of(&search, DatabaseId([3; 16]), runtime.map(OsStr::new))
        };
        let bases = |place: &JournalPlace, runtime: Option<&str>, last: Option<&str>| {
            let found = found(place, runtime, last);
            let all: Vec<_> = found.all.iter().map(|one| one.base.display().to_string()).collect();
            (found.chosen.map(|one| one.base.display().to_string()), all)
        };
        let (auto, off, shm, run) = (JournalPlace::Auto, JournalPlace::Off, SHARED.to_owned(), "/run/a".to_owned());
        let text = |text: &String| text.clone();
        assert_eq!(bases(&auto, None, None), (Ok(text(&shm)), vec![text(&shm)]));
        assert_eq!(bases(&auto, Some(""), None), (Ok(text(&shm)), vec![text(&shm)]));
        assert_eq!(bases(&auto, Some("/run/a:/run/b"), None), (Ok(text(&run)), vec![text(&run), text(&shm)]));
        let switched_off = || Err(JournalTrouble::SwitchedOff);
        assert_eq!(bases(&off, Some("/run/a"), None), (switched_off(), vec![text(&run), text(&shm)]));
        let before = || "/mnt/before".to_owned();
        assert_eq!(bases(&off, None, Some("/mnt/before")), (switched_off(), vec![before(), text(&shm)]));
        let own = JournalPlace::Folder("/mnt/ram".into());
        let all = vec!["/mnt/ram".into(), before(), text(&run), text(&shm)];
        assert_eq!(bases(&own, Some("/run/a"), Some("/mnt/before")), (Ok("/mnt/ram".into()), all));
        let shared = found(&JournalPlace::Folder(SHARED.into()), None, Some(SHARED));
        assert_eq!((shared.all.len(), shared.others().count()), (1, 0));
        let search = JournalSearch { place: &auto, file: Path::new("/no/such/file"), last: None };
        let none = Candidates::of(&search, DatabaseId([3; 16]), None);
        assert_eq!(none.chosen, Err(JournalTrouble::NoFolder));
    }
    #[test]
    fn only_folders_of_journals_have_the_names_of_such() {
        let name = name_of(Path::new("/"), DatabaseId([3; 16])).unwrap();
        assert!(is_journal_name(&name) && is_journal_name(&format!("{name}-65532")));
        for other in ["headcount-", "headcount-demo-0123456789abcdef", "headcount-0123456789abcdeg", "headcount"] {
            assert!(!is_journal_name(other), "{other}");
        }
        assert!(!is_journal_name(&format!("{name}-x")) && !is_journal_name(&format!("{name}0")));
        assert!(!is_journal_name("headcount-ääääääääää"));
    }
}
