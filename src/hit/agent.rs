//! In: a user agent. Out: a [`Verdict`]: a program, or a person with browser, system and device. Forgets: the agent
//! itself, which stays only as a key of a bounded cache in memory, and every version but the first number.
//!
//! Labels are the field's. Versions that browsers froze long ago (macOS 10.15, Android 10) tell nothing and count as not
//! set; what Safari says about itself is used for iOS, whose own number is frozen too.

mod robot;

use std::borrow::Cow;
use std::sync::Arc;

use quick_cache::sync::Cache;
use woothee::parser::{Parser, WootheeResult};

use crate::cell::NOT_SET;
use crate::limits::{AGENT_CACHE_ENTRIES, USER_AGENT_BYTES_MAX};
use robot::Robot;

/// What a person looks at pages with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// `Chrome`; [`NOT_SET`] when unknown.
    pub browser: Cow<'static, str>,
    /// The browser and the first number of its version: `Chrome 130`; [`NOT_SET`] when unknown.
    pub browser_version: String,
    /// `Windows`; [`NOT_SET`] when unknown.
    pub os: Cow<'static, str>,
    /// The system and its version as people call it: `Windows 10`, `iOS 18`; [`NOT_SET`] when unknown or frozen.
    pub os_version: String,
    /// `desktop`, `mobile`, `tablet`, `tv` or `console`; [`NOT_SET`] when unknown.
    pub device: &'static str,
}

impl Agent {
    /// Somebody of whom nothing is known.
    pub fn unknown() -> Agent {
        let not_set = Cow::Borrowed(NOT_SET);
        let (browser, os) = (not_set.clone(), not_set);
        Agent { browser, browser_version: NOT_SET.into(), os, os_version: NOT_SET.into(), device: NOT_SET }
    }
}

/// What a user agent stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A person, with this in front.
    Person(Arc<Agent>),
    /// A crawler, a monitor, a preview or an automated browser.
    Bot,
    /// An HTTP library, a command line client, or an agent that says nothing.
    Library,
}

/// Classifies user agents and remembers the commonest. There is no `Debug`: the cache holds agents.
pub struct Agents {
    parser: Parser,
    seen: Cache<String, Verdict>,
    /// The same for Macs with a touch screen, which are iPads.
    seen_touch: Cache<String, Verdict>,
}

impl Default for Agents {
    fn default() -> Self {
        Agents::new()
    }
}

impl Agents {
    /// An empty cache of [`AGENT_CACHE_ENTRIES`].
    pub fn new() -> Agents {
        // Safari on an iPad has few agents, so an eighth is plenty.
        let touch_entries = AGENT_CACHE_ENTRIES / 8;
        Agents {
            parser: Parser::new(),
            seen: Cache::new(AGENT_CACHE_ENTRIES - touch_entries),
            seen_touch: Cache::new(touch_entries),
        }
    }

    /// What this agent stands for. Bytes past [`USER_AGENT_BYTES_MAX`] are not read. `touch_mac` is what the tracker saw:
    /// a Mac with a touch screen, which is how an iPad presents itself.
    pub fn classify(&self, user_agent: &str, touch_mac: bool) -> Verdict {
        let bytes = user_agent.len().min(USER_AGENT_BYTES_MAX);
        let end = (0..=bytes).rev().find(|end| user_agent.is_char_boundary(*end)).unwrap_or(0);
        let text = &user_agent[..end];
        let touch_mac = touch_mac && text.contains("Macintosh");
        let cache = if touch_mac { &self.seen_touch } else { &self.seen };
        if let Some(verdict) = cache.get(text) {
            return verdict;
        }
        let verdict = self.judge(text, touch_mac);
        cache.insert(text.to_owned(), verdict.clone());
        verdict
    }

    fn judge(&self, text: &str, touch_mac: bool) -> Verdict {
        let parsed = self.parser.parse(text).unwrap_or_default();
        match robot::of(text) {
            Some(Robot::Bot) => Verdict::Bot,
            Some(Robot::Library) => Verdict::Library,
            None if parsed.name == "HTTP Library" => Verdict::Library,
            None if matches!(parsed.category, "crawler" | "misc") => Verdict::Bot,
            None => Verdict::Person(Arc::new(agent(text, &parsed, touch_mac))),
        }
    }
}

/// Most digits of a version's first number; what is longer is none, and agents must not be stored in disguise.
const VERSION_DIGITS_MAX: usize = 4;

/// Tokens that name a browser, before what woothee says; the version follows the token. The first one found counts.
const BROWSERS: &[(&str, &str)] = &[
    ("YaBrowser/", "Yandex Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("Vivaldi/", "Vivaldi"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("OPX/", "Opera"),
    ("OPiOS/", "Opera"),
    ("EdgiOS/", "Edge"),
    ("EdgA/", "Edge"),
    ("Edg/", "Edge"),
    ("Edge/", "Edge"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("GSA/", "Google App"),
    ("Silk/", "Silk"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
];

/// Names of woothee that differ from ours.
const RENAMED: &[(&str, &str)] = &[
    ("SamsungBrowser", "Samsung Internet"),
    ("Mobile Safari", "Safari"),
    ("Google Search App", "Google App"),
    ("Webview", "WebView"),
    ("UNKNOWN", NOT_SET),
    ("", NOT_SET),
];

/// Tokens that name a system, before what woothee says. The first one found counts.
const SYSTEMS: &[(&str, &str)] = &[
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Tizen", "Tizen"),
    ("Web0S", "webOS"),
    ("webOS", "webOS"),
    ("KAIOS", "KaiOS"),
    ("CrOS", "ChromeOS"),
    ("Xbox", "Xbox"),
    ("PlayStation", "PlayStation"),
    ("PLAYSTATION", "PlayStation"),
    ("Nintendo", "Nintendo"),
    ("Windows Phone", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("iPod", "iOS"),
    ("Android", "Android"),
    ("BSD", "BSD"),
];

/// Tokens of television sets and of sticks beside them.
const TV: &[&str] = &[
    "SMART-TV",
    "SmartTV",
    "Smart TV",
    "GoogleTV",
    "Google TV",
    "Android TV",
    "AppleTV",
    "HbbTV",
    "BRAVIA",
    "Web0S",
    "AFT",
];

fn agent(text: &str, parsed: &WootheeResult<'_>, touch_mac: bool) -> Agent {
    let os = if touch_mac || is_desktop_mode_ipad(text) { "iOS" } else { system(text, parsed) };
    let (browser, version) = browser(text, parsed);
    let major = major(version);
    let is_named = browser != NOT_SET && !major.is_empty();
    Agent {
        browser_version: if is_named { format!("{browser} {major}") } else { NOT_SET.to_owned() },
        browser,
        os: Cow::Borrowed(os),
        os_version: system_version(text, os, parsed).unwrap_or_else(|| NOT_SET.to_owned()),
        device: device(text, os, parsed),
    }
}

/// Browsers for iOS say "Macintosh" when they ask for the desktop's page, but keep their own tokens.
fn is_desktop_mode_ipad(text: &str) -> bool {
    text.contains("Macintosh") && ["CriOS/", "FxiOS/", "EdgiOS/", "GSA/", " Mobile/"].iter().any(|t| text.contains(t))
}

/// The browser and its version as sent.
fn browser<'a>(text: &'a str, parsed: &WootheeResult<'a>) -> (Cow<'static, str>, &'a str) {
    for (token, name) in BROWSERS.iter().copied() {
        if let Some((_, version)) = text.split_once(token) {
            return (Cow::Borrowed(name), version);
        }
    }
    let name = match RENAMED.iter().find(|(theirs, _)| *theirs == parsed.name) {
        Some((_, ours)) => Cow::Borrowed(*ours),
        None => Cow::Owned(parsed.name.to_owned()),
    };
    // A WebView's own version has been 4.0 for ten years; that of the Chrome inside tells something.
    let version = match text.split_once("Chrome/") {
        Some((_, chrome)) if name == "WebView" => chrome,
        _ => parsed.version,
    };
    // woothee knows devices by names of their own; those are no browsers.
    if parsed.browser_type == "browser" { (name, version) } else { (Cow::Borrowed(NOT_SET), "") }
}

fn system(text: &str, parsed: &WootheeResult<'_>) -> &'static str {
    if let Some((_, name)) = SYSTEMS.iter().find(|(token, _)| text.contains(token)) {
        return name;
    }
    match parsed.os {
        os if os.starts_with("Windows") => "Windows",
        "Mac OSX" | "Mac OS Classic" => "macOS",
        "iPhone" | "iPad" | "iPod" | "iOS" => "iOS",
        "Linux" => "Linux",
        _ if text.contains("Windows") => "Windows",
        _ if text.contains("Macintosh") => "macOS",
        _ => NOT_SET,
    }
}

/// The system with its version, where the agent tells.
fn system_version(text: &str, os: &str, parsed: &WootheeResult<'_>) -> Option<String> {
    match os {
        // woothee's own name has the version that people say: NT 6.1 is Windows 7.
        "Windows" => parsed.os.strip_prefix("Windows ").filter(|v| *v != "UNKNOWN Ver").map(|v| format!("Windows {v}")),
        "iOS" => {
            let safari = text.split_once("Version/").map(|(_, version)| major(version)).filter(|v| !v.is_empty());
            let version = safari.unwrap_or_else(|| major(&parsed.os_version));
            let is_system = !version.is_empty() && (safari.is_some() || !text.contains("Macintosh"));
            is_system.then(|| format!("iOS {version}"))
        }
        "macOS" => {
            let version = two_numbers(&parsed.os_version).filter(|version| *version != "10.15")?;
            Some(format!("macOS {version}"))
        }
        "Android" => {
            let version = major(&parsed.os_version);
            let is_frozen = text.contains("Android 10; K)");
            (!version.is_empty() && !is_frozen).then(|| format!("Android {version}"))
        }
        _ => None,
    }
}

fn device(text: &str, os: &str, parsed: &WootheeResult<'_>) -> &'static str {
    let is_tv = TV.iter().any(|token| text.contains(token));
    match os {
        "PlayStation" | "Nintendo" | "Xbox" => "console",
        _ if is_tv && !text.contains("iPhone") => "tv",
        "iOS" if text.contains("iPad") || text.contains("Macintosh") => "tablet",
        "Android" if !text.contains("Mobile") && !text.contains("Opera Mini") => "tablet",
        "iOS" | "Android" | "HarmonyOS" | "KaiOS" => "mobile",
        "Windows" if text.contains("Windows Phone") => "mobile",
        "Windows" | "macOS" | "Linux" | "ChromeOS" | "BSD" => "desktop",
        "webOS" => "tv",
        _ => match parsed.category {
            "pc" => "desktop",
            "smartphone" | "mobilephone" => "mobile",
            _ => NOT_SET,
        },
    }
}

/// The first number of a version; empty when it is too long for one, because then it may be anything.
fn major(version: &str) -> &str {
    let digits = version.find(|c: char| !c.is_ascii_digit()).map_or(version, |end| &version[..end]);
    if digits.len() <= VERSION_DIGITS_MAX { digits } else { "" }
}

/// The first two numbers of a version, `10.14` of `10.14.6`.
fn two_numbers(version: &str) -> Option<&str> {
    let (first, rest) = version.split_once('.')?;
    let second = major(rest);
    (!second.is_empty() && major(first) == first).then(|| &version[..first.len() + 1 + second.len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
    const IPHONE: &str =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
    const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
    const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)";
    const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
    const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64)";

    fn person(text: &str, touch_mac: bool) -> Agent {
        match Agents::new().classify(text, touch_mac) {
            Verdict::Person(agent) => (*agent).clone(),
            other => panic!("{text} is {other:?}"),
        }
    }

    /// Agent with its beginning; browser with version, system with version, device.
    #[rustfmt::skip]
    const PEOPLE: &[(&str, &str, &str, &str, &str)] = &[
        (WINDOWS, " Chrome/130.0.0.0 Safari/537.36", "Chrome 130", "Windows 10", "desktop"),
        (WINDOWS, " Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.68", "Edge 130", "Windows 10", "desktop"),
        (WINDOWS, " Chrome/129.0.0.0 Safari/537.36 OPR/115.0.0.0", "Opera 115", "Windows 10", "desktop"),
        (WINDOWS, " Chrome/130.0.0.0 Safari/537.36 Vivaldi/7.0.3495.11", "Vivaldi 7", "Windows 10", "desktop"),
        (WINDOWS, " Chrome/128.0.0.0 YaBrowser/24.10.0.0 Safari/537.36", "Yandex Browser 24", "Windows 10", "desktop"),
        ("", "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0", "Firefox 115", "Windows 7", "desktop"),
        ("", "Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer 11", "Windows 8.1", "desktop"),
        (MAC, " Version/17.5 Safari/605.1.15", "Safari 17", "(not set)", "desktop"),
        (MAC, " Chrome/130.0.0.0 Safari/537.36", "Chrome 130", "(not set)", "desktop"),
        (MAC, " CriOS/130.0 Version/11.1.1 Safari/605.1.15", "Chrome 130", "iOS 11", "tablet"),
        ("", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0 Safari/605.1.15", "Safari 14", "macOS 10.14", "desktop"),
        (IPHONE, " Version/26.1 Mobile/15E148 Safari/604.1", "Safari 26", "iOS 26", "mobile"),
        (IPHONE, " CriOS/130.0.6723.90 Mobile/15E148 Safari/604.1", "Chrome 130", "iOS 18", "mobile"),
        (IPHONE, " FxiOS/132.0 Mobile/15E148 Safari/605.1.15", "Firefox 132", "iOS 18", "mobile"),
        (IPHONE, " Version/18.0 EdgiOS/130.0.2849.68 Mobile/15E148 Safari/604.1", "Edge 130", "iOS 18", "mobile"),
        (IPHONE, " Version/18.0 Mobile/15E148 Safari/604.1 OPT/5.2.1", "Opera 5", "iOS 18", "mobile"),
        (IPHONE, " GSA/340.3.689937600 Mobile/15E148 Safari/604.1", "Google App 340", "iOS 18", "mobile"),
        (IPHONE, " Version/18.0 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15", "DuckDuckGo 7", "iOS 18", "mobile"),
        (IPAD, " Version/17.5 Mobile/15E148 Safari/604.1", "Safari 17", "iOS 17", "tablet"),
        (IPAD, " CriOS/130.0.6723.90 Mobile/15E148 Safari/604.1", "Chrome 130", "iOS 17", "tablet"),
        (ANDROID, " Chrome/130.0.0.0 Mobile Safari/537.36", "Chrome 130", "(not set)", "mobile"),
        (ANDROID, " Chrome/130.0.0.0 Safari/537.36", "Chrome 130", "(not set)", "tablet"),
        (ANDROID, " SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36", "Samsung Internet 26", "(not set)", "mobile"),
        (ANDROID, " Chrome/130.0.0.0 Mobile Safari/537.36 EdgA/130.0.0.0", "Edge 130", "(not set)", "mobile"),
        ("", "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "Firefox 132", "Android 14", "mobile"),
        ("", "Mozilla/5.0 (Linux; Android 13; SM-S901B Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36", "WebView 130", "Android 13", "mobile"),
        (LINUX, " AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", "Chrome 130", "(not set)", "desktop"),
        ("", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", "Chrome 130", "(not set)", "desktop"),
        ("", "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0 Safari/537.36", "Chrome 108", "(not set)", "tv"),
        ("", "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15", "Safari 15", "(not set)", "console"),
    ];

    #[test]
    fn people_have_a_browser_a_system_and_a_device() {
        for (start, rest, browser, os, device) in PEOPLE.iter().copied() {
            let text = format!("{start}{rest}");
            let agent = person(&text, false);
            let got = (agent.browser_version.as_str(), agent.os_version.as_str(), agent.device);
            assert_eq!(got, (browser, os, device), "{text}");
            assert!(browser.starts_with(&*agent.browser), "{text}");
            assert!(os == NOT_SET || os.starts_with(&*agent.os), "{text}");
        }
    }

    #[test]
    fn systems_without_a_version_still_have_a_name() {
        for (text, os) in [
            (format!("{MAC} Version/17.5 Safari/605.1.15"), "macOS"),
            (format!("{ANDROID} Chrome/130.0.0.0 Mobile Safari/537.36"), "Android"),
            (format!("{LINUX} AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"), "Linux"),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36".into(),
                "ChromeOS",
            ),
            ("Mozilla/5.0 (X11; FreeBSD amd64; rv:130.0) Gecko/20100101 Firefox/130.0".into(), "BSD"),
        ] {
            assert_eq!(person(&text, false).os, os, "{text}");
        }
    }

    #[test]
    fn a_mac_with_a_touch_screen_is_an_ipad() {
        let text = format!("{MAC} Version/18.1 Safari/605.1.15");
        let agents = Agents::new();
        let Verdict::Person(ipad) = agents.classify(&text, true) else { panic!("an iPad is no bot") };
        assert_eq!((&*ipad.os, &*ipad.os_version, &*ipad.browser, ipad.device), ("iOS", "iOS 18", "Safari", "tablet"));
        let Verdict::Person(mac) = agents.classify(&text, false) else { panic!("a Mac is no bot") };
        assert_eq!((&*mac.os, mac.device), ("macOS", "desktop"));
        assert_eq!(person(&format!("{WINDOWS} Chrome/130.0.0.0 Safari/537.36"), true).device, "desktop");
    }

    #[test]
    fn an_agent_is_judged_once() {
        let agents = Agents::new();
        let text = format!("{WINDOWS} Chrome/130.0.0.0 Safari/537.36");
        let (Verdict::Person(first), Verdict::Person(second)) =
            (agents.classify(&text, false), agents.classify(&text, false))
        else {
            panic!("a browser is no bot")
        };
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn a_version_that_is_no_version_is_not_kept() {
        let agent = person(&format!("{WINDOWS} Chrome/12345678901234.0 Safari/537.36"), false);
        assert_eq!((&*agent.browser, &*agent.browser_version), ("Chrome", NOT_SET));
    }

    #[test]
    fn programs_are_told_apart_from_people() {
        let agents = Agents::new();
        assert_eq!(agents.classify("Mozilla/5.0 (compatible; YandexBot/3.0)", false), Verdict::Bot);
        assert_eq!(agents.classify("curl/8.10.1", false), Verdict::Library);
        assert_eq!(agents.classify("", true), Verdict::Library);
    }

    proptest! {
        #[test]
        fn any_agent_gets_a_verdict(
            text in "\\PC{0,60}|(Mozilla/5.0 |\\(|Version/|Windows NT |Edg/|Android |iPad; |Xbox; |[0-9.;) ü]){0,400}",
            touch in any::<bool>(),
        ) {
            let agents = Agents::new();
            prop_assert_eq!(agents.classify(&text, touch), agents.classify(&text, touch));
        }
    }
}
