//! How much memory the program has taken, and how much it may take unless its operator says otherwise: what a container or a service
//! manager allows, else a share of the machine's.

use std::fs;
use std::path::Path;

use crate::limits;

/// What the program has taken and no other can have, in bytes: no pages of files, which the system takes back when it needs them.
pub fn taken_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(kilobytes(&status, "RssAnon:")? + kilobytes(&status, "RssShmem:").unwrap_or(0))
}

/// How much it may take, in bytes.
pub fn usual_bound() -> u64 {
    bound_below(Path::new("/"))
}

fn bound_below(root: &Path) -> u64 {
    let read = |path: &str| fs::read_to_string(root.join(path.trim_start_matches('/'))).ok();
    let machine = read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemTotal:")).unwrap_or(u64::MAX);
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    let of_groups = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (base, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|one| one == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return Vec::new(),
        };
        // A group is in those above it, each with a bound of its own.
        let above = Path::new(group.trim_start_matches('/')).ancestors();
        above
            .filter_map(|group| read(&format!("{base}/{}/{file}", group.display()))?.trim().parse::<u64>().ok())
            .collect()
    });
    // What is not limited has a number larger than any machine's.
    match of_groups.filter(|bound| *bound < machine).min() {
        Some(bound) => bound / 100 * limits::MEMORY_PERCENT_OF_GROUP,
        None => machine / 100 * limits::MEMORY_PERCENT_OF_MACHINE,
    }
}

/// The number of kilobytes behind a name, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound where files have these contents, in MB of 1,000,000 bytes.
    fn bound(files: &[(&str, &str)]) -> u64 {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files.iter().chain(&[("proc/meminfo", "MemFree: 1 kB\nMemTotal:  8000000 kB\n")]) {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        bound_below(root.path()) / 1_000_000
    }

    #[test]
    fn the_least_of_all_groups_bounds_the_program_and_else_the_machine() {
        let service = ("proc/self/cgroup", "0::/system.slice/headcount.service\n");
        assert_eq!(bound(&[]), 8_192 * 3 / 4);
        assert_eq!(bound(&[service]), 8_192 * 3 / 4);
        let own = "sys/fs/cgroup/system.slice/headcount.service/memory.max";
        assert_eq!(bound(&[service, (own, "max\n")]), 8_192 * 3 / 4);
        assert_eq!(bound(&[service, (own, "500000000\n")]), 450);
        assert_eq!(
            bound(&[service, (own, "500000000\n"), ("sys/fs/cgroup/system.slice/memory.max", "400000000")]),
            360
        );
        assert_eq!(bound(&[("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "256000000")]), 230);
        let first = ("proc/self/cgroup", "12:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/docker/abc\n");
        let limit = "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes";
        assert_eq!(bound(&[first, (limit, "9223372036854771712\n")]), 8_192 * 3 / 4);
        assert_eq!(bound(&[first, (limit, "300000000\n")]), 270);
        // The container sees its own group as the root.
        assert_eq!(bound(&[first, ("sys/fs/cgroup/memory/memory.limit_in_bytes", "200000000\n")]), 180);
    }

    #[test]
    fn what_the_program_has_taken_grows_with_what_it_takes() {
        let before = taken_bytes().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(taken_bytes().unwrap() > before + (32 << 20) && usual_bound() > before);
        drop(held);
    }
}
