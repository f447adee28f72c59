//! In: client hints, from headers or from what Matomo's tracker sends as `uadata`. Out: [`Hints`]. Forgets: all other
//! headers, and hints that are too long to be some.

use serde::Deserialize;

use super::json::mended;
use crate::limits;

/// The hints that are read, and the header that assistants sign their requests with.
const NAMES: [&str; 8] = [
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-ch-ua-platform-version",
    "sec-ch-ua-full-version-list",
    "sec-ch-ua-model",
    "sec-ch-ua-form-factors",
    "signature-agent",
];

/// Client hints by their names, in one text, so that a request without hints costs nothing and one with hints a single
/// allocation. `Debug` prints the name of the type: with an agent they can tell people apart.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Hints(String);

/// No hints: most requests have none.
pub static NO_HINTS: Hints = Hints(String::new());

impl std::fmt::Debug for Hints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hints")
    }
}

impl Hints {
    /// Takes a header by its name in lower case, if it is a hint; the first of each name counts. Says whether it was taken.
    pub fn add(&mut self, name: &str, value: &str) -> bool {
        let value = value.trim();
        let fits =
            NAMES.contains(&name) && value.len() <= limits::HINT_BYTES_MAX && !value.chars().any(char::is_control);
        if !fits || value.is_empty() || !self.part(name).is_empty() {
            return false;
        }
        if self.0.is_empty() {
            self.0.reserve(limits::HINT_BYTES_MAX);
        }
        self.0.extend([name, ":", value, "\n"]);
        true
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of the header with this name; empty when it is missing.
    pub fn part(&self, name: &str) -> &str {
        let value =
            |line: &'_ str| -> Option<usize> { line.strip_prefix(name)?.starts_with(':').then_some(name.len() + 1) };
        self.0.lines().find_map(|line| line.get(value(line)?..)).unwrap_or_default()
    }

    /// All of them as one text, to tell two apart.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hints that `navigator.userAgentData` gives a script, as Matomo's tracker sends them in `uadata`; none when the
    /// text is no such object.
    pub fn of_uadata(json: &str) -> Hints {
        let mut hints = Hints::default();
        let read = serde_json::from_str::<UaData>(json).or_else(|_| serde_json::from_str(&mended(json.as_bytes())));
        let Ok(data) = read else { return hints };
        let quoted =
            |text: Option<String>| text.map(|text| format!("\"{}\"", text.replace('"', ""))).unwrap_or_default();
        hints.add("sec-ch-ua", &listed(&data.brands));
        hints.add("sec-ch-ua-full-version-list", &listed(&data.full_version_list));
        hints.add("sec-ch-ua-platform", &quoted(data.platform));
        hints.add("sec-ch-ua-platform-version", &quoted(data.platform_version));
        hints.add("sec-ch-ua-model", &quoted(data.model.filter(|model| !model.is_empty())));
        hints.add("sec-ch-ua-form-factors", &data.form_factors.join(", "));
        if let Some(is_mobile) = data.mobile {
            hints.add("sec-ch-ua-mobile", if is_mobile { "?1" } else { "?0" });
        }
        hints
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct UaData {
    brands: Vec<Brand>,
    full_version_list: Vec<Brand>,
    mobile: Option<bool>,
    platform: Option<String>,
    platform_version: Option<String>,
    model: Option<String>,
    form_factors: Vec<String>,
}

#[derive(Deserialize)]
struct Brand {
    brand: String,
    #[serde(default)]
    version: String,
}

fn listed(brands: &[Brand]) -> String {
    let one = |brand: &Brand| format!("\"{}\";v=\"{}\"", brand.brand.replace('"', ""), brand.version.replace('"', ""));
    brands.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hints_are_taken_and_the_first_of_each_name() {
        let mut hints = Hints::default();
        assert!(hints.is_empty() && !hints.add("cookie", "x") && !hints.add("sec-ch-ua", " "));
        assert!(hints.add("sec-ch-ua-mobile", "?0") && !hints.add("sec-ch-ua-mobile", "?1"));
        assert!(hints.add("sec-ch-ua", r#""Brave";v="130""#));
        assert!(!hints.add("sec-ch-ua-model", &"x".repeat(limits::HINT_BYTES_MAX + 1)));
        assert!(!hints.add("sec-ch-ua-model", "a\nsec-ch-ua-platform:x"));
        assert_eq!((hints.part("sec-ch-ua"), hints.part("sec-ch-ua-mobile")), (r#""Brave";v="130""#, "?0"));
        assert_eq!((hints.part("sec-ch-ua-platform"), hints.part("sec")), ("", ""));
        assert_eq!(format!("{hints:?}"), "Hints");
    }

    #[test]
    fn what_a_script_sees_becomes_the_same_hints() {
        let json = r#"{"brands":[{"brand":"Chromium","version":"130"},{"brand":"Brave","version":"130"}],
            "mobile":false,"platform":"Windows","platformVersion":"15.0.0","model":"","fullVersionList":[],"extra":1}"#;
        let hints = Hints::of_uadata(json);
        assert_eq!(hints.part("sec-ch-ua"), r#""Chromium";v="130", "Brave";v="130""#);
        assert_eq!(
            (hints.part("sec-ch-ua-platform"), hints.part("sec-ch-ua-platform-version")),
            (r#""Windows""#, r#""15.0.0""#)
        );
        assert_eq!((hints.part("sec-ch-ua-mobile"), hints.part("sec-ch-ua-model")), ("?0", ""));
        for wrong in ["", "[]", "null", "{\"brands\":3}"] {
            assert!(Hints::of_uadata(wrong).is_empty(), "{wrong}");
        }
    }
}
