//! In: the readable source of the tracker. Out: the script as browsers get it. Forgets: comments and indentation.

use std::sync::LazyLock;

/// The tracker: its source without comment lines, leading space and empty lines. Nothing else is changed.
pub static TRACKER: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("../../dashboards/tracker.js").lines().map(str::trim_start);
    let kept: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    kept.join("\n")
});

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// The promise, in bytes: less than 1.5 KB.
    const BYTES_MAX: usize = 1_500;

    #[test]
    fn the_script_is_small_when_compressed() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(TRACKER.as_bytes()).unwrap();
        let bytes = packed.finish().unwrap().len();
        assert!(bytes < BYTES_MAX, "{bytes} bytes");
    }

    #[test]
    fn the_script_holds_code_only() {
        assert!(TRACKER.contains("sendBeacon") && !TRACKER.contains("// "));
        assert!(!TRACKER.contains("cookie") && !TRACKER.contains("sessionStorage") && !TRACKER.contains("indexedDB"));
        assert_eq!(TRACKER.matches("localStorage.headcount_ignore=").count(), 1, "only the opt-out is ever stored");
    }
}
