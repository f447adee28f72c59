//! What a running server keeps where: locked memory, swap, dumps, open files, variables. It says so of itself, because no other process may
//! look into one that is kept out of dumps.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::finding::{AuditFinding, Notice};
use crate::limits;

/// What is known of the process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// Its number.
    pub pid: u32,
    /// The version of the program.
    pub version: String,
    /// SHA-256 of the program's file.
    pub build: Option<String>,
    /// Memory that can't be swapped (`VmLck`), in kB.
    pub locked_kb: Option<u64>,
    /// Memory that is swapped (`VmSwap`), in kB.
    pub swapped_kb: Option<u64>,
    /// How much may be locked, in bytes as the kernel says it; `unlimited` also where `CAP_IPC_LOCK` lifts the limit (mlock(2)), which it
    /// does in the initial user namespace only (`user_namespaces(7)`).
    pub locked_max: Option<String>,
    /// How large a dump may be, as the kernel says it.
    pub core_max: Option<String>,
    /// Whether the kernel may dump it at all.
    pub is_dumpable: Option<bool>,
    /// Files that it has open, without sockets and pipes.
    pub open_files: Vec<String>,
    /// Of these, those that have no name any more.
    pub deleted_files: Vec<String>,
    /// How many sockets it has open.
    pub sockets: usize,
    /// Variables of its environment whose names sound like secrets; not their values.
    pub secret_variables: Vec<String>,
    /// Where the state of the running day is: `journal` or `memory`.
    pub live_state: String,
    /// The folder of the journal, in memory.
    pub journal: Option<String>,
    /// Why there is no journal.
    pub journal_trouble: Option<String>,
}

impl ProcessFacts {
    /// What the kernel tells this process of itself. The state of the day is for the caller to add.
    pub fn of_self() -> ProcessFacts {
        let of = Path::new("/proc/self");
        let read = |name: &str| fs::read_to_string(of.join(name)).unwrap_or_default();
        let (status, limits) = (read("status"), read("limits"));
        let behaviour = rustix::process::dumpable_behavior();
        let mut facts = ProcessFacts {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: build(),
            locked_kb: kilobytes(&status, "VmLck:"),
            swapped_kb: kilobytes(&status, "VmSwap:"),
            locked_max: if locks_all(&status, &read("uid_map")) {
                Some("unlimited".to_owned())
            } else {
                limit(&limits, "Max locked memory")
            },
            core_max: limit(&limits, "Max core file size"),
            is_dumpable: behaviour.ok().map(|how| how != rustix::process::DumpableBehavior::NotDumpable),
            secret_variables: secret_variables(&fs::read(of.join("environ")).unwrap_or_default()),
            ..ProcessFacts::default()
        };
        facts.add_open_files(&of.join("fd"));
        facts
    }

    fn add_open_files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(target) = fs::read_link(entry.path()) else { continue };
            let name = target.display().to_string();
            if name.starts_with("socket:") {
                self.sockets += 1;
            } else if let Some(deleted) = name.strip_suffix(" (deleted)") {
                self.deleted_files.push(deleted.to_owned());
            } else if name.starts_with('/') && !name.starts_with("/proc/") {
                self.open_files.push(name);
            }
        }
        for files in [&mut self.open_files, &mut self.deleted_files] {
            files.sort();
            files.dedup();
        }
    }

    /// Whether a crash may write its memory to a disk.
    pub fn may_dump(&self) -> bool {
        self.is_dumpable == Some(true) && self.core_max.as_deref() != Some("0")
    }

    /// What should not be so.
    pub(super) fn findings(&self) -> Vec<AuditFinding> {
        let mut findings = Vec::new();
        if let Some(kb) = self.swapped_kb.filter(|kb| *kb > 0) {
            let what = format!(
                "{kb} kB of the server's memory are swapped to a disk; MemorySwapMax=0 or swapoff keeps it in memory"
            );
            findings.push(AuditFinding::of("swap", what));
        }
        if self.may_dump() {
            let what = "a crash of the server may write its memory to a disk; LimitCORE=0 keeps it from that";
            findings.push(AuditFinding::of("core_dump", what));
        }
        findings
    }

    /// What is worth a look.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        if self.locked_kb == Some(0) {
            notices.push(Notice::of("not_locked", "the server has locked none of its memory"));
        }
        if !self.deleted_files.is_empty() {
            let what =
                format!("the server has files open that have no name any more: {}", self.deleted_files.join(", "));
            notices.push(Notice::of("deleted_files", what));
        }
        if !self.secret_variables.is_empty() {
            let names = self.secret_variables.join(", ");
            notices.push(Notice::of("environment", format!("variables of the server sound like secrets: {names}")));
        }
        if let Some(why) = &self.journal_trouble {
            notices.push(Notice::of("live_state", format!("the running day is in the server's memory alone: {why}")));
        }
        notices
    }
}

/// SHA-256 of the file of this program, as `sha256sum` prints it.
pub fn build() -> Option<String> {
    let mut file = fs::File::open("/proc/self/exe").ok()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; limits::JOURNAL_CHUNK_BYTES];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(data_encoding::HEXLOWER.encode(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// The number of kB in a line of `/proc/PID/status`.
fn kilobytes(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Whether a process has `CAP_IPC_LOCK`, number 14 of `linux/capability.h`, by `/proc/PID/status`, and has it of the initial user namespace,
/// in which each number stands for itself. A container's own namespace gives it too, and mlock(2) does not ask there.
fn locks_all(status: &str, uid_map: &str) -> bool {
    if !uid_map.split_whitespace().eq(["0", "0", "4294967295"]) {
        return false;
    }
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).is_some_and(|set| set >> 14 & 1 == 1)
}

/// The soft limit in a line of `/proc/PID/limits`.
fn limit(limits: &str, name: &str) -> Option<String> {
    limits.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next().map(str::to_owned)
}

/// The names of variables that sound like secrets.
fn secret_variables(environment: &[u8]) -> Vec<String> {
    let words = ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY"];
    let names = environment.split(|byte| *byte == 0).filter_map(|line| line.split(|byte| *byte == b'=').next());
    let mut names: Vec<String> = names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .filter(|name| words.iter().any(|word| name.to_uppercase().contains(word)))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_kernel_are_read() {
        let status = "Name:\theadcount\nVmLck:\t     132 kB\nVmSwap:\t       0 kB\n";
        assert_eq!((kilobytes(status, "VmLck:"), kilobytes(status, "VmSwap:")), (Some(132), Some(0)));
        assert_eq!(kilobytes(status, "VmPin:"), None);
        let initial = "         0          0 4294967295\n";
        let locks = |set: &str| locks_all(&format!("{status}CapEff:\t{set}\n"), initial);
        assert!(locks("000001ffffffffff") && locks("0000000000004000"));
        assert!(!locks("000001ffffffbfff") && !locks_all(status, initial));
        for of_container in
            ["         0       1000          1\n", "0 1000 1\n1 100000 65536\n", "0 100000 4294967295\n", ""]
        {
            assert!(!locks_all("CapEff:\t000001ffffffffff\n", of_container), "{of_container}");
        }
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
            Max core file size        0                    unlimited            bytes     \n";
        assert_eq!(limit(limits, "Max core file size").as_deref(), Some("0"));
        let variables = b"PATH=/bin\0AWS_SECRET_ACCESS_KEY=very secret\0my_token=x\0";
        assert_eq!(secret_variables(variables), ["AWS_SECRET_ACCESS_KEY", "my_token"]);
    }

    #[test]
    fn swap_and_dumps_are_findings() {
        let sound = ProcessFacts { is_dumpable: Some(false), core_max: Some("unlimited".into()), ..Default::default() };
        assert_eq!(sound.findings(), []);
        let dumps = ProcessFacts { is_dumpable: Some(true), swapped_kb: Some(4), ..sound };
        let kinds: Vec<_> = dumps.findings().into_iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, ["swap", "core_dump"]);
        assert_eq!(ProcessFacts { core_max: Some("0".into()), swapped_kb: None, ..dumps }.findings(), []);
    }
}
