//! What counts as a page of a log, where it differs from the usual.

use memchr::memchr2;
use serde::{Deserialize, Serialize};

use crate::limits;

/// Endings of files that are no pages. What a reader looks at by itself (`html`, `php`) is not among them.
#[rustfmt::skip]
const ASSETS: [&str; 81] = [
    "7z", "apk", "atom", "avi", "avif", "bin", "bmp", "bz2", "cjs", "css", "csv", "cur", "deb", "dmg", "doc", "docx",
    "eot", "exe", "flac", "flv", "gif", "gz", "heic", "ico", "ics", "iso", "jpe", "jpeg", "jpg", "js", "json",
    "jsonld", "jxl", "m3u8", "m4a", "m4v", "map", "mjs", "mkv", "mov", "mp3", "mp4", "mpd", "mpeg", "mpg", "msi",
    "oga", "ogg", "ogv", "opus", "otf", "pdf", "png", "ppt", "pptx", "rar", "rdf", "rpm", "rss", "svg", "svgz", "swf",
    "tar", "tgz", "tif", "tiff", "ttf", "txt", "wasm", "wav", "webm", "webmanifest", "webp", "woff", "woff2", "xls",
    "xlsx", "xml", "xz", "zip", "zst",
];

/// What counts as a page: a GET that was answered by 2xx or 304, and whose path does not end like an asset. Owners may add
/// to each part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Further endings that are no pages, lower case.
    pub assets: Vec<String>,
    /// Endings that are pages although they are usually none, lower case.
    pub pages: Vec<String>,
    /// Further statuses that count.
    pub statuses: Vec<u16>,
}

impl Rules {
    /// Whether an answer counts.
    pub fn is_success(&self, status: u16) -> bool {
        matches!(status, 200..=299 | 304) || self.statuses.contains(&status)
    }

    /// Whether a path is that of a file that is no page.
    pub fn is_asset(&self, target: &[u8]) -> bool {
        let Some(ending) = ending(target) else { return false };
        let mut lower = [0; limits::ASSET_ENDING_BYTES_MAX];
        let Some(lower) = lower.get_mut(..ending.len()) else { return self.has(&self.assets, ending) };
        lower.copy_from_slice(ending);
        lower.make_ascii_lowercase();
        let is_usual = is_ending_of_asset(lower);
        (is_usual && !self.has(&self.pages, lower)) || self.has(&self.assets, lower)
    }

    fn has(&self, endings: &[String], ending: &[u8]) -> bool {
        endings.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(ending))
    }

    /// The rules in words.
    pub fn told(&self) -> String {
        let mut assets: Vec<&str> =
            ASSETS.into_iter().filter(|ending| !self.has(&self.pages, ending.as_bytes())).collect();
        assets.extend(self.assets.iter().map(String::as_str));
        assets.sort_unstable();
        let statuses: String = self.statuses.iter().map(|status| format!(", {status}")).collect();
        format!(
            "A line counts as a pageview when\n- it is a GET,\n- its status is 2xx or 304{statuses},\n- its path does not end in one of these: {}\n",
            assets.join(" ")
        )
    }
}

/// The ending of a target's path, without its dot.
fn ending(target: &[u8]) -> Option<&[u8]> {
    let path = &target[..memchr2(b'?', b'#', target).unwrap_or(target.len())];
    let mark = path.iter().rposition(|byte| matches!(byte, b'.' | b'/'))?;
    (path[mark] == b'.').then(|| &path[mark + 1..])
}

fn is_ending_of_asset(ending: &[u8]) -> bool {
    std::str::from_utf8(ending).is_ok_and(|ending| ASSETS.binary_search(&ending).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_in_order_and_short() {
        assert!(ASSETS.is_sorted() && ASSETS.iter().all(|ending| ending.len() <= limits::ASSET_ENDING_BYTES_MAX));
    }

    #[test]
    fn owners_change_what_counts() {
        let rules = Rules { assets: vec!["md".into()], pages: vec!["pdf".into()], statuses: vec![404] };
        assert!(rules.is_asset(b"/a.MD?x") && !rules.is_asset(b"/a.pdf") && rules.is_asset(b"/a.css"));
        assert!(rules.is_success(404) && rules.is_success(204) && !rules.is_success(301));
        let told = rules.told();
        assert!(told.contains("304, 404") && told.contains(" md ") && !told.contains(" pdf "), "{told}");
    }
}
