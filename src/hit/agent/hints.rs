//! In: client hints as their headers have them. Out: [`HintValues`]: brand, platform, whether it is a mobile. Forgets: the rest.
//!
//! After the User-Agent Client Hints of the WICG. Chromium sends the first three of them by default, on secure origins only.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tokens::lines;
use crate::beacon::Hints;

/// Brands and the browsers that they are.
const BRANDS: &str = include_str!("../data/brands.tsv");

static BROWSERS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let rows = lines(BRANDS).filter_map(|line| line.split_once('\t'));
    rows.map(|(brand, browser)| (brand.to_lowercase(), browser)).collect()
});

/// What hints tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HintValues<'a> {
    /// The browser and its version, if a brand is known.
    pub(super) browser: Option<(&'static str, &'a str)>,
    /// The system, by our name.
    pub(super) platform: Option<&'static str>,
    /// Its version as sent.
    pub(super) platform_version: &'a str,
    /// `Sec-CH-UA-Mobile`.
    pub(super) is_mobile: Option<bool>,
    /// The device's model; most often empty.
    pub(super) model: &'a str,
    /// `Desktop`, `Tablet`, `Mobile`, `XR`, ...
    pub(super) form: &'a str,
    /// Whether the browser calls itself headless.
    pub(super) is_headless: bool,
}

/// Reads hints.
pub(super) fn read(hints: &Hints) -> HintValues<'_> {
    if hints.is_empty() {
        return HintValues::default();
    }
    let part = |name: &str| hints.part(name);
    let version = |list: &'static str| browser(part(list));
    HintValues {
        browser: version("sec-ch-ua-full-version-list").or_else(|| version("sec-ch-ua")),
        platform: platform(unquoted(part("sec-ch-ua-platform"))),
        platform_version: unquoted(part("sec-ch-ua-platform-version")),
        is_mobile: match unquoted(part("sec-ch-ua-mobile")) {
            "?1" => Some(true),
            "?0" => Some(false),
            _ => None,
        },
        model: unquoted(part("sec-ch-ua-model")),
        form: part("sec-ch-ua-form-factors"),
        is_headless: part("sec-ch-ua").contains("HeadlessChrome"),
    }
}

/// The browser of a list of brands, `"Brave";v="130", "Chromium";v="130"`. Chromium stands in most lists, and counts only
/// where nothing else is known; so does Chrome beside a brand of its own.
fn browser(list: &str) -> Option<(&'static str, &str)> {
    let known = brands(list).filter_map(|(brand, version)| Some((*BROWSERS.get(&brand.to_lowercase())?, version)));
    known.min_by_key(|(name, _)| *name == "Chrome")
}

/// Brands and versions; a comma or a semicolon may stand within quotes.
fn brands(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut quoted = list.split('"').skip(1).step_by(2);
    std::iter::from_fn(move || Some((quoted.next()?, quoted.next().unwrap_or_default())))
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// Names in `Sec-CH-UA-Platform`, and the systems that they are.
pub(super) const PLATFORMS: [(&str, &str); 13] = [
    ("Windows", "Windows"),
    ("macOS", "macOS"),
    ("Mac OS X", "macOS"),
    ("Android", "Android"),
    ("Linux", "Linux"),
    ("Chrome OS", "ChromeOS"),
    ("Chromium OS", "ChromeOS"),
    ("ChromeOS", "ChromeOS"),
    ("iOS", "iOS"),
    ("iPadOS", "iOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Tizen", "Tizen"),
];

fn platform(name: &str) -> Option<&'static str> {
    PLATFORMS.into_iter().find(|(platform, _)| *platform == name).map(|(_, system)| system)
}

/// All browsers that brands are, each at least once.
pub(super) fn browsers() -> impl Iterator<Item = &'static str> {
    BROWSERS.values().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_brands_has_a_browser() {
        assert_eq!(lines(BRANDS).count(), lines(BRANDS).filter_map(|line| line.split_once('\t')).count());
        assert!(BROWSERS.len() > 50);
    }

    #[test]
    fn the_brand_that_is_not_chromes_counts() {
        for (list, want) in [
            (r#""Chromium";v="130", "Brave";v="131", "Not?A_Brand";v="99""#, Some(("Brave", "131"))),
            (r#""Google Chrome";v="130", "Chromium";v="130""#, Some(("Chrome", "130"))),
            (r#""Not(A:Brand";v="8", "Chromium";v="140""#, Some(("Chrome", "140"))),
            (r#"" Not;A, Brand";v="8", "Microsoft Edge";v="140""#, Some(("Edge", "140"))),
            (r#""Opera GX";v="115", "Chromium";v="129""#, Some(("Opera", "115"))),
            (r#""Nobody";v="1""#, None),
            ("", None),
            (r#"""#, None),
        ] {
            assert_eq!(browser(list), want, "{list}");
        }
    }

    #[test]
    fn hints_are_read_by_their_names() {
        let mut hints = Hints::default();
        for (name, value) in [
            ("sec-ch-ua", r#""Microsoft Edge";v="140""#),
            ("sec-ch-ua-platform", r#""Windows""#),
            ("sec-ch-ua-platform-version", r#""15.0.0""#),
            ("sec-ch-ua-mobile", "?0"),
        ] {
            hints.add(name, value);
        }
        let told = read(&hints);
        assert_eq!((told.browser, told.platform), (Some(("Edge", "140")), Some("Windows")));
        assert_eq!((told.platform_version, told.is_mobile, told.is_headless), ("15.0.0", Some(false), false));
        assert_eq!(read(&Hints::default()), HintValues::default());
    }
}
