//! In: what the kernel and [`memory`] tell of the program's memory. Out: the same for `/health`.

use serde_json::{Value, json};

use crate::journal;
use crate::memory::{self, KeyPages, Locking};

/// What is locked in memory, how much, and why the rest is not.
pub fn told() -> Value {
    let (locking, keys) = (memory::locking(), KeyPages::now());
    json!({
        "locked": match locking {
            Locking::All => "all",
            _ if keys.unlocked_bytes == 0 && keys.locked_bytes > 0 => "keys",
            _ => "nothing",
        },
        "locked_kb": locked_kb(),
        "reason": locking.sentence(),
        "may_swap": journal::memory_may_swap(),
    })
}

/// How much of what is in memory is locked, in units of 1,024 bytes; null where the kernel does not say. `VmLck` would count what is
/// only reserved.
fn locked_kb() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    told.lines().find_map(|line| line.strip_prefix("Locked:"))?.split_whitespace().next()?.parse().ok()
}
