//! In: the readable source of the tracker, and what makes it answer to other trackers' snippets. Out: the scripts as browsers
//! get them. Forgets: comments and indentation.

use std::sync::LazyLock;

/// The tracker: its source without comment lines, leading space and empty lines. Nothing else is changed.
pub static TRACKER: LazyLock<String> = LazyLock::new(|| tight(SOURCE));

const SOURCE: &str = include_str!("../../dashboards/tracker.js");
/// The line of the tracker that says where it was put into a page. Others say that elsewhere.
const OWN_PLACE: &str = "let {dataset, src}=document.currentScript\n";
/// The line of the other sources between what comes before the tracker and what comes after it.
const TRACKER_LINE: &str = "// TRACKER\n";

/// Whose installed snippet a script answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// Plausible's classic script.
    Plausible,
    /// Umami's.
    Umami,
    /// GoatCounter's `count.js`.
    Goatcounter,
    /// Matomo's `matomo.js`.
    Matomo,
    /// Fathom Lite's `tracker.js`.
    Fathom,
}

/// The tracker for a snippet of another one.
pub fn installed(whose: Installed) -> &'static str {
    static SCRIPTS: LazyLock<[String; 5]> = LazyLock::new(|| {
        [
            joined(include_str!("../../dashboards/installed/plausible.js")),
            joined(include_str!("../../dashboards/installed/umami.js")),
            joined(include_str!("../../dashboards/installed/goatcounter.js")),
            joined(include_str!("../../dashboards/installed/matomo.js")),
            joined(include_str!("../../dashboards/installed/fathom.js")),
        ]
    });
    match whose {
        Installed::Plausible => &SCRIPTS[0],
        Installed::Umami => &SCRIPTS[1],
        Installed::Goatcounter => &SCRIPTS[2],
        Installed::Matomo => &SCRIPTS[3],
        Installed::Fathom => &SCRIPTS[4],
    }
}

/// The tracker for a snippet of Plausible's script per site; `domain` is the site's, if the name of the script is known.
pub fn of_site(domain: Option<&str>) -> String {
    static SCRIPT: LazyLock<String> = LazyLock::new(|| joined(include_str!("../../dashboards/installed/pa.js")));
    // A domain has no character that a text of JavaScript would take for its end.
    SCRIPT.replace("DOMAIN", &domain.map_or("undefined".to_owned(), |domain| format!("'{domain}'")))
}

/// The tracker with what comes before and after it in the place of its own.
fn joined(around: &str) -> String {
    let (before, after) = around.split_once(TRACKER_LINE).unwrap_or((around, ""));
    let body = SOURCE.replace(OWN_PLACE, before);
    let end = body.trim_end().strip_suffix('}').unwrap_or(&body);
    tight(&format!("{end}{after}}}\n"))
}

fn tight(source: &str) -> String {
    let lines = source.lines().map(str::trim_start);
    let kept: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// The promise, in bytes: less than 1.5 KB.
    const BYTES_MAX: usize = 1_500;
    /// The same for scripts that answer to another tracker's functions too.
    const INSTALLED_BYTES_MAX: usize = 2_000;

    fn packed(script: &str) -> usize {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(script.as_bytes()).unwrap();
        packed.finish().unwrap().len()
    }

    const ALL: [Installed; 5] =
        [Installed::Plausible, Installed::Umami, Installed::Goatcounter, Installed::Matomo, Installed::Fathom];

    #[test]
    fn the_script_is_small_when_compressed() {
        let bytes = packed(&TRACKER);
        assert!(bytes < BYTES_MAX, "{bytes} bytes");
        for whose in ALL {
            let bytes = packed(installed(whose));
            assert!(bytes < INSTALLED_BYTES_MAX, "{whose:?}: {bytes} bytes");
        }
    }

    #[test]
    fn the_script_holds_code_only() {
        for script in ALL.map(installed).into_iter().chain([TRACKER.as_str(), &of_site(None)]) {
            assert!(script.contains("sendBeacon") && !script.contains("// "));
            assert!(!script.contains("cookie") && !script.contains("sessionStorage") && !script.contains("indexedDB"));
            assert_eq!(script.matches("localStorage.headcount_ignore=").count(), 1, "only the opt-out is ever stored");
            assert_eq!(script.matches("document.currentScript").count(), 1, "{script}");
        }
    }

    #[test]
    fn a_script_of_a_site_names_it() {
        assert!(of_site(Some("a.test")).contains("its.domain||'a.test'"));
        assert!(of_site(None).contains("its.domain||undefined"));
    }
}
