//! The script of our own pages, and where it is served.

use super::fnv;

/// The script of all pages, served at [`href`].
pub const SCRIPT: &str = include_str!("../../dashboards/headcount.js");

/// Where pages look for [`SCRIPT`]; it changes with the script, so browsers may keep it for ever.
pub fn href() -> String {
    const HASH: u64 = fnv(SCRIPT.as_bytes());
    format!("/assets/headcount.js?v={HASH:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The promise, in bytes, uncompressed.
    const BYTES_MAX: usize = 12 * 1024;

    #[test]
    fn the_script_is_small_and_runs_nothing_that_a_page_holds() {
        assert!(SCRIPT.len() <= BYTES_MAX, "{} bytes", SCRIPT.len());
        for word in ["eval(", "Function(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "import("]
        {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        assert_eq!(SCRIPT.matches("parseFromString").count(), 1, "only what our own server sends becomes markup");
        assert!(!SCRIPT.contains("http:") && !SCRIPT.contains("https:"), "nothing comes from elsewhere");
        assert!(!SCRIPT.contains("setInterval"), "nothing is asked for again and again");
        assert!(
            SCRIPT.contains(&format!("slice({})", crate::limits::PANEL_ROWS)),
            "a search fills a panel as the server does"
        );
        assert!(SCRIPT.is_ascii());
    }

    #[test]
    fn its_address_changes_with_it() {
        assert!(href().starts_with("/assets/headcount.js?v=") && href().len() == 39);
    }
}
