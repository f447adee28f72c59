//! In: a person's agent, what woothee makes of it, which tokens stand in it, and client hints. Out: an [`Agent`]: browser,
//! system, device. Forgets: models, builds, and every version but the first number.
//!
//! woothee knows the old browsers and most of the present ones; tokens are right where it is wrong: browsers within apps,
//! younger browsers, systems and devices that it has never met. Hints tell what agents no longer do.

use std::borrow::Cow;

use woothee::parser::WootheeResult;

use super::Agent;
use super::hints::HintValues;
use super::tokens::{FoundTokens, Mark};
use crate::cell::NOT_SET;
use crate::limits;

/// Everything that is known of an agent.
pub(super) struct Clues<'a> {
    /// The agent.
    pub(super) text: &'a str,
    /// What woothee says.
    pub(super) base: WootheeResult<'a>,
    /// The tokens in it.
    pub(super) found: FoundTokens,
    /// The hints.
    pub(super) told: HintValues<'a>,
    /// Whether the tracker saw a Mac with a touch screen.
    pub(super) touch_mac: bool,
}

/// What the person looks at pages with.
pub(super) fn agent(clues: &Clues<'_>) -> Agent {
    let os = clues.system();
    let (browser, version) = clues.browser(os);
    let major = major(version);
    let is_named = !matches!(browser, NOT_SET | OTHER) && !major.is_empty();
    Agent {
        browser: Cow::Borrowed(browser),
        browser_version: if is_named { format!("{browser} {major}") } else { NOT_SET.to_owned() },
        os: Cow::Borrowed(os),
        os_version: clues.system_version(os).unwrap_or_else(|| NOT_SET.to_owned()),
        device: clues.device(os),
    }
}

/// A browser that is known to be none of those with a name here.
const OTHER: &str = "Other";

/// Names of woothee, and ours. Browsers that are not listed are [`OTHER`].
const NAMES: [(&str, &str); 11] = [
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("Mobile Safari", "Safari"),
    ("Firefox", "Firefox"),
    ("Edge", "Edge"),
    ("Internet Explorer", "Internet Explorer"),
    ("Opera", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Google Search App", "Google App"),
    ("Webview", WEB_VIEW),
];

/// The browsers that are named here, the label of others among them.
pub(super) fn browsers() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().map(|(_, ours)| ours).chain([WEB_VIEW, WEB_KIT_GTK, GNOME_WEB, OTHER])
}

/// The systems that are named here.
pub(super) const SYSTEMS: [&str; 4] = ["Windows", "macOS", "iOS", "Linux"];

const WEB_VIEW: &str = "WebView";
/// Browsers for Linux made of WebKit, which say `Safari` and mostly no name of their own.
const WEB_KIT_GTK: &str = "WebKitGTK";
/// The only one of them that does.
const GNOME_WEB: &str = "GNOME Web";
/// The last Safari for Windows.
const SAFARI_FOR_WINDOWS: u16 = 5;

/// What calls itself Safari. Others than Apple's systems have none; what stands there has a number that is Safari's, not its own.
fn safari<'a>(os: &str, version: &'a str) -> (&'static str, &'a str) {
    match os {
        "iOS" | "macOS" | NOT_SET => ("Safari", version),
        "Windows" if major(version).parse().is_ok_and(|major: u16| major <= SAFARI_FOR_WINDOWS) => ("Safari", version),
        "Linux" | "BSD" => (WEB_KIT_GTK, ""),
        // The old browser of Android, consoles, television sets, phones with buttons.
        _ => (OTHER, ""),
    }
}

/// Systems of which a hint can know better: browsers claim them where they ask for another page, or run on something else.
const CLAIMED: [&str; 6] = ["Windows", "macOS", "Linux", "Android", "ChromeOS", NOT_SET];

impl<'a> Clues<'a> {
    fn has(&self, mark: Mark) -> bool {
        self.found.has(mark)
    }

    /// What follows a mark.
    fn after(&self, mark: Mark) -> Option<&'a str> {
        self.text.get(self.found.end_of(mark)?..)
    }

    /// The browser and its version as sent.
    fn browser(&self, os: &'static str) -> (&'static str, &'a str) {
        let (name, version) = self.browser_by_agent(os);
        match self.told.browser {
            // Names that only the browser itself could have put there need no hint.
            Some(told) if matches!(name, "Chrome" | WEB_VIEW | NOT_SET) && told.0 != "Chrome" => told,
            Some(told) if name == NOT_SET => told,
            _ => (name, version),
        }
    }

    fn browser_by_agent(&self, os: &'static str) -> (&'static str, &'a str) {
        let named = self.found.browser.map(|label| {
            let version = self.text.get(label.end..).unwrap_or_default();
            (label.name, version.trim_start_matches(['/', ' ', '[', ']', '@']))
        });
        match named {
            Some(("Internet Explorer", _)) if self.base.name == "Internet Explorer" => {
                ("Internet Explorer", self.base.version)
            }
            Some(("Opera", _)) if self.base.name == "Opera" => ("Opera", self.base.version),
            // Present ones give WebKit's number, which never changes.
            Some((GNOME_WEB, version)) if version.starts_with("60") => (GNOME_WEB, ""),
            Some(named) => named,
            None if self.is_web_view(os) => (WEB_VIEW, self.after(Mark::Chrome).unwrap_or_default()),
            None => self.browser_by_woothee(os),
        }
    }

    /// A page within an app: Android says so, or speaks of the Chrome inside; Apple's leaves `Safari/` out.
    fn is_web_view(&self, os: &str) -> bool {
        match os {
            "Android" => self.has(Mark::Wv) || self.has(Mark::Version) && self.has(Mark::Chrome),
            "iOS" | "macOS" => self.has(Mark::Apple) && !self.has(Mark::Safari) && !self.has(Mark::Chrome),
            _ => false,
        }
    }

    fn browser_by_woothee(&self, os: &str) -> (&'static str, &'a str) {
        let ours = NAMES.iter().find(|(theirs, _)| *theirs == self.base.name).map(|(_, ours)| *ours);
        match ours {
            Some("Safari") if self.is_television() => (OTHER, ""),
            // Old builds of Qt's, which name no version.
            Some("Safari") if os == "Linux" && !self.has(Mark::Version) => ("Safari", ""),
            Some("Safari") => safari(os, self.base.version),
            Some(name) => (name, self.base.version),
            None if self.has(Mark::Chrome) => ("Chrome", self.after(Mark::Chrome).unwrap_or_default()),
            None if self.has(Mark::Safari) && self.has(Mark::Version) => {
                safari(os, self.after(Mark::Version).unwrap_or_default())
            }
            None if self.base.browser_type == "browser" || self.has(Mark::Gecko) => (OTHER, ""),
            None => (NOT_SET, ""),
        }
    }

    fn is_television(&self) -> bool {
        self.found.device.is_some_and(|label| label.name == "tv")
            && !self.has(Mark::Macintosh)
            && !self.has(Mark::IPhone)
    }

    fn system(&self) -> &'static str {
        let is_ipad = self.has(Mark::Macintosh) && (self.touch_mac || self.has(Mark::DesktopIos));
        if is_ipad {
            return "iOS";
        }
        let by_agent = self.found.system.map_or_else(|| self.system_by_woothee(), |label| label.name);
        match self.told.platform {
            Some(platform) if CLAIMED.contains(&by_agent) => platform,
            _ => by_agent,
        }
    }

    fn system_by_woothee(&self) -> &'static str {
        match self.base.os {
            os if os.starts_with("Windows") => "Windows",
            "Mac OSX" | "Mac OS Classic" => "macOS",
            "iPhone" | "iPad" | "iPod" | "iOS" => "iOS",
            "Linux" => "Linux",
            _ => NOT_SET,
        }
    }

    /// The system with its version, where somebody tells. Versions that browsers froze long ago (Windows 10, macOS 10.15,
    /// Android 10) tell nothing; Windows 10 then stands for both that send it.
    fn system_version(&self, os: &str) -> Option<String> {
        if self.told.platform == Some(os)
            && let Some(version) = hinted_version(os, self.told.platform_version)
        {
            return Some(version);
        }
        match os {
            // woothee's own name has the version that people say: NT 6.1 is Windows 7.
            "Windows" => match self.base.os.strip_prefix("Windows ").filter(|version| *version != "UNKNOWN Ver") {
                Some("10") => Some("Windows 10/11".into()),
                version => version.map(|version| format!("Windows {version}")),
            },
            "iOS" => self.ios_version(),
            "macOS" => two_numbers(&self.base.os_version).filter(|v| *v != "10.15").map(|v| format!("macOS {v}")),
            "Android" => {
                let version = major(&self.base.os_version);
                (!version.is_empty() && !self.has(Mark::FrozenAndroid)).then(|| format!("Android {version}"))
            }
            _ => None,
        }
    }

    /// What Safari says about itself is the system's version, whose own number is frozen since iOS 26.
    fn ios_version(&self) -> Option<String> {
        let safari = self.after(Mark::Version).map(major).filter(|version| !version.is_empty());
        let version = safari.unwrap_or_else(|| major(&self.base.os_version));
        let is_system = !version.is_empty() && (safari.is_some() || !self.has(Mark::Macintosh));
        is_system.then(|| format!("iOS {version}"))
    }

    fn device(&self, os: &str) -> &'static str {
        let labelled = self.found.device.map(|label| label.name).or_else(|| model(self.told.model));
        let is_tv = labelled == Some("tv") && !self.has(Mark::IPhone);
        match os {
            "PlayStation" | "Nintendo" | "Xbox" => "console",
            _ if is_tv => "tv",
            "iOS" if self.has(Mark::IPhone) => "mobile",
            "iOS" if labelled == Some("tablet") || self.has(Mark::Macintosh) => "tablet",
            "Windows" if labelled == Some("mobile") => "mobile",
            "Windows" | "macOS" | "ChromeOS" | "BSD" => "desktop",
            "Android" | "HarmonyOS" => self.handheld(labelled),
            "webOS" => "tv",
            "Tizen" => {
                if self.has(Mark::Mobile) {
                    "mobile"
                } else {
                    "tv"
                }
            }
            "iOS" | "KaiOS" => "mobile",
            "Linux" if matches!(labelled, Some("mobile" | "tablet")) => labelled.unwrap_or(NOT_SET),
            "Linux" if self.has(Mark::Mobile) => "mobile",
            "Linux" => "desktop",
            _ if labelled.is_some() => labelled.unwrap_or(NOT_SET),
            _ => match self.base.category {
                "pc" => "desktop",
                "smartphone" | "mobilephone" => "mobile",
                _ => NOT_SET,
            },
        }
    }

    /// Phones say `Mobile`, in hints or in the agent; tablets do not. Some tablets do in apps, so models come first.
    fn handheld(&self, labelled: Option<&'static str>) -> &'static str {
        let is_tablet = labelled == Some("tablet") || self.told.form.contains("Tablet");
        let is_browser = self.has(Mark::Safari) || self.has(Mark::Chrome) || self.has(Mark::Gecko);
        match self.told.is_mobile {
            _ if self.told.form.contains("XR") => NOT_SET,
            _ if is_tablet => "tablet",
            Some(true) => "mobile",
            _ if self.text.contains("PC; OpenHarmony") => "desktop",
            Some(false) => "tablet",
            None if self.has(Mark::Mobile) || labelled == Some("mobile") || !is_browser => "mobile",
            None => "tablet",
        }
    }
}

/// The device that a model is known as.
fn model(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return None;
    }
    super::tokens::TOKENS.find(name).device.map(|label| label.name)
}

/// What `Sec-CH-UA-Platform-Version` tells. Windows counts releases of an interface there: 13 and above are Windows 11.
fn hinted_version(os: &str, version: &str) -> Option<String> {
    let first = major(version);
    match os {
        _ if first.is_empty() => None,
        "Windows" => match (first.parse().unwrap_or(0_u16), version) {
            (13.., _) => Some("Windows 11".into()),
            (1.., _) => Some("Windows 10".into()),
            (_, version) if version.starts_with("0.1") => Some("Windows 7".into()),
            (_, version) if version.starts_with("0.2") => Some("Windows 8".into()),
            (_, version) if version.starts_with("0.3") => Some("Windows 8.1".into()),
            _ => None,
        },
        "macOS" if first == "10" => two_numbers(version).map(|version| format!("macOS {version}")),
        "macOS" | "Android" | "iOS" | "HarmonyOS" => Some(format!("{os} {first}")),
        _ => None,
    }
}

/// The first number of a version; empty when it is too long for one, because then it may be anything.
fn major(version: &str) -> &str {
    let digits = version.find(|c: char| !c.is_ascii_digit()).map_or(version, |end| &version[..end]);
    if digits.len() <= limits::VERSION_DIGITS_MAX { digits } else { "" }
}

/// The first two numbers of a version, `10.14` of `10.14.6`.
fn two_numbers(version: &str) -> Option<&str> {
    let (first, rest) = version.split_once('.')?;
    let second = major(rest);
    (!second.is_empty() && major(first) == first).then(|| &version[..first.len() + 1 + second.len()])
}
