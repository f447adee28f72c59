//! Finds the folder for a journal, and makes sure that its memory never reaches a disk.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::JournalTrouble;
use super::folder::Mounted;
use crate::config::JournalPlace;
use crate::secret;

/// Memory that every Linux has, which all users share.
const SHARED: &str = "/dev/shm";
/// `$RUNTIME_DIRECTORY` of the service, which commands are not told.
const SERVICE: &str = "/run/headcount";
/// File systems that live in memory, by the numbers that `statfs` tells.
const TMPFS: u32 = 0x0102_1994;
const RAMFS: u32 = 0x8584_58f6;
/// Bytes of the digest in a folder's name.
const NAME_BYTES: usize = 8;

/// A folder that a journal may be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The folder of the system or the operator.
    pub(super) base: PathBuf,
    /// The name of ours in it.
    pub(super) name: String,
}

/// The folders to look for old journals in, and the one to use, which is among them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidates {
    /// How the names of all of them begin.
    pub(super) name: String,
    /// All of them.
    pub(super) all: Vec<Candidate>,
    /// The one to use, or why there is none.
    pub(super) chosen: Result<Candidate, JournalTrouble>,
}

impl Candidates {
    /// Those of a data folder. `runtime` is what `$RUNTIME_DIRECTORY` says.
    pub(super) fn of(place: &JournalPlace, data_folder: &Path, runtime: Option<&OsStr>) -> Candidates {
        let Ok(data_folder) = data_folder.canonicalize() else {
            return Candidates { name: String::new(), all: Vec::new(), chosen: Err(JournalTrouble::NoFolder) };
        };
        let digest = secret::of_folder(data_folder.as_os_str().as_bytes());
        let name = format!("headcount-{}", HEXLOWER.encode(&digest.0[..NAME_BYTES]));
        // Users share this one, and must not be in each other's way.
        let shared = format!("{name}-{}", rustix::process::geteuid().as_raw());
        let shared = Candidate { base: PathBuf::from(SHARED), name: shared };
        let in_folder = |base: &Path| match base == Path::new(SHARED) {
            true => shared.clone(),
            false => Candidate { base: base.to_owned(), name: name.clone() },
        };
        let runtime = runtime.and_then(first_entry).map(|base| in_folder(&base));
        let chosen = match place {
            JournalPlace::Auto => Ok(runtime.clone().unwrap_or_else(|| shared.clone())),
            JournalPlace::Off => Err(JournalTrouble::SwitchedOff),
            JournalPlace::Folder(folder) => Ok(in_folder(folder)),
        };
        let mut all: Vec<Candidate> = Vec::new();
        for one in runtime.into_iter().chain([shared]).chain(chosen.clone().ok()) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        Candidates { name, all, chosen }
    }

    /// The folders in which to look for journals of any user, that of the service as `deploy/` has it among them.
    pub(super) fn bases(&self) -> Vec<PathBuf> {
        let known: Vec<PathBuf> = self.all.iter().map(|one| one.base.clone()).collect();
        let service = PathBuf::from(SERVICE);
        let is_new = !self.all.is_empty() && !known.contains(&service);
        known.into_iter().chain(is_new.then_some(service)).collect()
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
            TMPFS => Err(JournalTrouble::MaySwap),
            _ => Err(JournalTrouble::NotInMemory),
        }
    }

    fn never_swaps(&self, device: (u32, u32)) -> bool {
        let is_kept = self.mounts.lines().any(|line| is_noswap(line, device));
        // The first line is the head of the table.
        let has_no_swap =
            self.swaps.as_ref().is_some_and(|swaps| swaps.lines().skip(1).all(|line| line.trim().is_empty()));
        is_kept || has_no_swap || self.limits.iter().any(|limit| limit.trim() == "0")
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
        use JournalTrouble::{MaySwap, NotInMemory};
        let tmpfs = |minor| Mounted { magic: TMPFS, device: (0, minor) };
        let (shared, kept, misnamed) = (tmpfs(23), tmpfs(24), tmpfs(25));
        for (swaps, limits, mounted, expected) in [
            (Some(NO_SWAPS), &[][..], shared, Ok(())),
            (Some(SWAPS), &[], shared, Err(MaySwap)),
            (None, &[], shared, Err(MaySwap)),
            (Some(""), &["max\n"], shared, Ok(())),
            (None, &["max\n"], shared, Err(MaySwap)),
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
        let data = Path::new("/");
        let bases = |place: &JournalPlace, runtime: Option<&str>| {
            let found = Candidates::of(place, data, runtime.map(OsStr::new));
            let all: Vec<_> = found.all.iter().map(|one| one.base.display().to_string()).collect();
            (found.chosen.map(|one| one.base.display().to_string()), all)
        };
        let shm = || SHARED.to_owned();
        assert_eq!(bases(&JournalPlace::Auto, None), (Ok(shm()), vec![shm()]));
        assert_eq!(bases(&JournalPlace::Auto, Some("")), (Ok(shm()), vec![shm()]));
        let run = || "/run/a".to_owned();
        assert_eq!(bases(&JournalPlace::Auto, Some("/run/a:/run/b")), (Ok(run()), vec![run(), shm()]));
        assert_eq!(bases(&JournalPlace::Off, Some("/run/a")), (Err(JournalTrouble::SwitchedOff), vec![run(), shm()]));
        let own = JournalPlace::Folder("/mnt/ram".into());
        assert_eq!(bases(&own, None), (Ok("/mnt/ram".into()), vec![shm(), "/mnt/ram".into()]));
        let found = Candidates::of(&JournalPlace::Folder(SHARED.into()), data, None);
        assert_eq!((found.all.len(), &found.all[0]), (1, found.chosen.as_ref().unwrap()));
        let none = Candidates::of(&JournalPlace::Auto, Path::new("/no/such/folder"), None);
        assert_eq!(none.chosen, Err(JournalTrouble::NoFolder));
    }
}
