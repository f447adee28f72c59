//! In: a user agent and client hints. Out: a [`Verdict`]: a program, or a person with browser, system and device. Forgets:
//! both, of which a bounded cache in memory keeps keyed digests, and every version but the first number.
//!
//! Labels are the field's. One pass finds every token of the lists in `data/`; rules over those tokens, woothee's word and
//! the hints make the verdict.

mod hints;
mod person;
mod robot;
mod tokens;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use woothee::parser::Parser;

use super::judged::Judged;
use crate::beacon::Hints;
use crate::cell::NOT_SET;
use crate::limits::{AGENT_CACHE_ENTRIES, USER_AGENT_BYTES_MAX};
use person::Clues;
use robot::Robot;
use tokens::TOKENS;

pub use robot::{AUTOMATED, Bot, LIBRARY, known as bot_named};

/// What a person looks at pages with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// `Chrome`; [`NOT_SET`] when unknown, `Other` when it is none of those that are counted by name.
    pub browser: Cow<'static, str>,
    /// The browser and the first number of its version: `Chrome 130`; [`NOT_SET`] when unknown.
    pub browser_version: String,
    /// `Windows`; [`NOT_SET`] when unknown.
    pub os: Cow<'static, str>,
    /// The system and its version as people call it: `Windows 7`, `iOS 18`; [`NOT_SET`] when unknown or frozen.
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

/// All devices, and the label of an unknown one.
pub const DEVICES: [&str; 6] = ["desktop", "mobile", "tablet", "tv", "console", NOT_SET];

/// All browsers that are counted by name, and the label of the others.
pub fn browsers() -> BTreeSet<&'static str> {
    let labels = TOKENS.browsers().chain(hints::browsers()).chain(person::browsers());
    labels.collect()
}

/// All systems that are counted by name.
pub fn systems() -> BTreeSet<&'static str> {
    TOKENS.systems().chain(hints::PLATFORMS.into_iter().map(|(_, system)| system)).chain(person::SYSTEMS).collect()
}

/// The device with this label, if there is one.
pub fn device_named(label: &str) -> Option<&'static str> {
    DEVICES.into_iter().find(|device| *device == label)
}

/// What a user agent stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A person, with this in front.
    Person(Arc<Agent>),
    /// A crawler, a monitor, a preview, an assistant or an automated browser.
    Bot(Bot),
    /// An HTTP library, a command line client, or an agent that says nothing.
    Library(Bot),
}

/// Classifies user agents and remembers what the commonest are.
pub struct Agents {
    parser: Parser,
    seen: Judged<Verdict>,
}

/// What is classified.
#[derive(Hash)]
struct AgentQuery<'a> {
    agent: &'a str,
    hints: &'a Hints,
    touch_mac: bool,
}

impl Default for Agents {
    fn default() -> Self {
        Agents::new()
    }
}

impl Agents {
    /// Nothing is known yet; there is room for [`AGENT_CACHE_ENTRIES`].
    pub fn new() -> Agents {
        Agents { parser: Parser::new(), seen: Judged::with_room_for(AGENT_CACHE_ENTRIES) }
    }

    /// What this agent stands for. Bytes past [`USER_AGENT_BYTES_MAX`] are not read. `touch_mac` is what the tracker saw:
    /// a Mac with a touch screen, which is how an iPad presents itself.
    pub fn classify(&self, user_agent: &str, hints: &Hints, touch_mac: bool) -> Verdict {
        let agent = cut(user_agent);
        self.seen.of(&AgentQuery { agent, hints, touch_mac }, || self.judge(agent, hints, touch_mac))
    }

    /// As [`Agents::classify`], without a look into the cache.
    pub fn judge(&self, user_agent: &str, hints: &Hints, touch_mac: bool) -> Verdict {
        let text = cut(user_agent);
        let found = TOKENS.find(text);
        let told = hints::read(hints);
        if let Some(bot) = declared(hints, told.is_headless) {
            return Verdict::Bot(bot);
        }
        match robot::of(text, &found) {
            Some(Robot::Bot(bot)) => Verdict::Bot(bot),
            Some(Robot::Library(bot)) => Verdict::Library(bot),
            None => {
                let base = self.parser.parse(text).unwrap_or_default();
                Verdict::Person(Arc::new(person::agent(&Clues { text, base, found, told, touch_mac })))
            }
        }
    }
}

/// Memory of the tables of tokens and names, in bytes, without woothee's.
pub fn table_bytes() -> usize {
    TOKENS.bytes() + robot::bytes()
}

/// The longest beginning that is read.
fn cut(user_agent: &str) -> &str {
    let bytes = user_agent.len().min(USER_AGENT_BYTES_MAX);
    let end = (0..=bytes).rev().find(|end| user_agent.is_char_boundary(*end)).unwrap_or(0);
    &user_agent[..end]
}

/// The bot that says so beside its agent: assistants that browse sign what they ask for, and Chrome calls itself headless.
fn declared(hints: &Hints, is_headless: bool) -> Option<Bot> {
    match hints.part("signature-agent") {
        "" if is_headless => Some(robot::HEADLESS),
        "" => None,
        signer if signer.contains("chatgpt.com") || signer.contains("openai.com") => Some(robot::CHATGPT_AGENT),
        _ => Some(robot::SIGNED),
    }
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
        match Agents::new().classify(text, &Hints::default(), touch_mac) {
            Verdict::Person(agent) => (*agent).clone(),
            other => panic!("{text} is {other:?}"),
        }
    }

    /// Agent with its beginning; browser with version, system with version, device.
    #[rustfmt::skip]
    const PEOPLE: &[(&str, &str, &str, &str, &str)] = &[
        (WINDOWS, " Chrome/130.0.0.0 Safari/537.36", "Chrome 130", "Windows 10/11", "desktop"),
        (WINDOWS, " Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.68", "Edge 130", "Windows 10/11", "desktop"),
        (WINDOWS, " Chrome/129.0.0.0 Safari/537.36 OPR/115.0.0.0", "Opera 115", "Windows 10/11", "desktop"),
        (WINDOWS, " Chrome/130.0.0.0 Safari/537.36 Vivaldi/7.0.3495.11", "Vivaldi 7", "Windows 10/11", "desktop"),
        (WINDOWS, " Chrome/128.0.0.0 YaBrowser/24.10.0.0 Safari/537.36", "Yandex Browser 24", "Windows 10/11", "desktop"),
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
    ];

    /// What calls itself Safari where there is none, and where there is: agent, browser, its version, device.
    #[rustfmt::skip]
    const SAFARIS: &[(&str, &str, &str, &str)] = &[
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15", "WebKitGTK", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Safari/605.1.15", "WebKitGTK", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux aarch64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15", "WebKitGTK", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Mobile Safari/605.1.15", "WebKitGTK", NOT_SET, "mobile"),
        ("Mozilla/5.0 (Wayland; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15", "WebKitGTK", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; FreeBSD amd64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15", "WebKitGTK", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15 Epiphany/605.1.15", "GNOME Web", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/602.1 (KHTML, like Gecko) Version/8.0 Safari/602.1 Epiphany/3.18.4", "GNOME Web", "GNOME Web 3", "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.21 (KHTML, like Gecko) konqueror/4.14.16 Safari/537.21", "Other", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15 vimb/3.7", "Other", NOT_SET, "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) wkhtmltopdf Safari/538.1", "Safari", NOT_SET, "desktop"),
        ("Mozilla/5.0 (PlayStation; PlayStation 5/10.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.4 Safari/605.1.15", "Other", NOT_SET, "console"),
        ("Mozilla/5.0 (SMART-TV; Linux; Tizen 2.4.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/2.4.0 TV Safari/538.1", "Other", NOT_SET, "tv"),
        ("Mozilla/5.0 (Linux; NetCast; U) AppleWebKit/537.31 (KHTML, like Gecko) Version/5.0 Safari/537.31 SmartTV/5.0", "Other", NOT_SET, "tv"),
        ("Mozilla/5.0 (Linux; SmartTV) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.0 Safari/605.1.15", "Other", NOT_SET, "tv"),
        ("Mozilla/5.0 (Linux; U; Android 4.0.3; en-us; GT-I9100) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30", "Other", NOT_SET, "mobile"),
        ("Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, like Gecko) Version/5.0 Safari/533.2+ Kindle/3.0+", "Other", NOT_SET, "tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Other", NOT_SET, "desktop"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534.57.2 (KHTML, like Gecko) Version/5.1.7 Safari/534.57.2", "Safari", "Safari 5", "desktop"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari", "Safari 26", "desktop"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1", "Safari", "Safari 26", "mobile"),
    ];

    #[test]
    fn safari_is_only_where_apple_made_one() {
        for (text, browser, version, device) in SAFARIS.iter().copied() {
            let agent = person(text, false);
            assert_eq!((&*agent.browser, &*agent.browser_version, agent.device), (browser, version, device), "{text}");
        }
    }

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
        let Verdict::Person(ipad) = agents.classify(&text, &Hints::default(), true) else {
            panic!("an iPad is no bot")
        };
        assert_eq!((&*ipad.os, &*ipad.os_version, &*ipad.browser, ipad.device), ("iOS", "iOS 18", "Safari", "tablet"));
        let Verdict::Person(mac) = agents.classify(&text, &Hints::default(), false) else { panic!("a Mac is no bot") };
        assert_eq!((&*mac.os, mac.device), ("macOS", "desktop"));
        assert_eq!(person(&format!("{WINDOWS} Chrome/130.0.0.0 Safari/537.36"), true).device, "desktop");
    }

    #[test]
    fn an_agent_is_judged_once() {
        let agents = Agents::new();
        let text = format!("{WINDOWS} Chrome/130.0.0.0 Safari/537.36");
        let (Verdict::Person(first), Verdict::Person(second)) =
            (agents.classify(&text, &Hints::default(), false), agents.classify(&text, &Hints::default(), false))
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
        let family = |text| match agents.classify(text, &Hints::default(), false) {
            Verdict::Person(_) => ("", ""),
            Verdict::Bot(bot) => ("bot", bot.family),
            Verdict::Library(bot) => ("library", bot.family),
        };
        assert_eq!(family("Mozilla/5.0 (compatible; YandexBot/3.0)"), ("bot", "YandexBot"));
        assert_eq!(family("curl/8.10.1"), ("library", "curl"));
        assert_eq!(family(""), ("library", "No agent"));
        assert_eq!(family(&format!("{MAC} Version/17.5 Safari/605.1.15")), ("", ""));
    }

    fn hinted(text: &str, hints: &[(&str, &str)]) -> String {
        let mut told = Hints::default();
        assert!(hints.iter().all(|(name, value)| told.add(name, value)), "{hints:?}");
        match Agents::new().classify(text, &told, false) {
            Verdict::Person(agent) => {
                format!(
                    "{}, {} {}, {} {}",
                    agent.device, agent.browser, agent.browser_version, agent.os, agent.os_version
                )
            }
            Verdict::Bot(bot) | Verdict::Library(bot) => bot.family.to_owned(),
        }
    }

    #[test]
    fn hints_tell_what_agents_no_longer_do() {
        let chrome = format!("{WINDOWS} Chrome/140.0.0.0 Safari/537.36");
        let linux = format!("{LINUX} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36");
        let phone = format!("{ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36");
        let instagram =
            format!("{ANDROID} Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36 Instagram 300.0.0.1 Android");
        let ua = "sec-ch-ua";
        for (text, hints, want) in [
            (
                &chrome,
                &[(ua, r#""Brave";v="140", "Chromium";v="140""#)][..],
                "desktop, Brave Brave 140, Windows Windows 10/11",
            ),
            (
                &chrome,
                &[("sec-ch-ua-platform", r#""Windows""#), ("sec-ch-ua-platform-version", r#""15.0.0""#)],
                "desktop, Chrome Chrome 140, Windows Windows 11",
            ),
            (
                &chrome,
                &[("sec-ch-ua-platform", r#""Windows""#), ("sec-ch-ua-platform-version", r#""10.0.0""#)],
                "desktop, Chrome Chrome 140, Windows Windows 10",
            ),
            (
                &linux,
                &[("sec-ch-ua-platform", r#""Android""#), ("sec-ch-ua-mobile", "?0")],
                "tablet, Chrome Chrome 140, Android (not set)",
            ),
            (&linux, &[("sec-ch-ua-platform", r#""Chrome OS""#)], "desktop, Chrome Chrome 140, ChromeOS (not set)"),
            (
                &phone,
                &[("sec-ch-ua-platform", r#""Android""#), ("sec-ch-ua-platform-version", r#""16.0.0""#)],
                "mobile, Chrome Chrome 140, Android Android 16",
            ),
            (&phone, &[("sec-ch-ua-model", r#""SM-X710""#)], "tablet, Chrome Chrome 140, Android (not set)"),
            (&instagram, &[(ua, r#""Android WebView";v="140""#)], "mobile, Instagram Instagram 300, Android (not set)"),
        ] {
            assert_eq!(hinted(text, hints), want, "{text} {hints:?}");
        }
    }

    #[test]
    fn hints_tell_programs() {
        let chrome = format!("{WINDOWS} Chrome/140.0.0.0 Safari/537.36");
        for (name, value, want) in [
            ("sec-ch-ua", r#""HeadlessChrome";v="140""#, "Headless Chrome"),
            ("signature-agent", r#""https://chatgpt.com""#, "ChatGPT agent"),
            ("signature-agent", r#""https://agents.example""#, "Signed agent"),
        ] {
            assert_eq!(hinted(&chrome, &[(name, value)]), want, "{name} {value}");
        }
    }

    #[test]
    fn the_tables_fit_into_their_memory() {
        // woothee's expressions take some 2.2 MB beside them, and 5 MB is the bound for all.
        assert!(table_bytes() < 2_800_000, "{} bytes", table_bytes());
    }

    proptest! {
        #[test]
        fn any_agent_gets_a_verdict(
            text in "\\PC{0,60}|(Mozilla/5.0 |\\(|Version/|Windows NT |Edg/|Android |iPad; |Xbox; |[0-9.;) ü]){0,400}",
            touch in any::<bool>(),
        ) {
            let agents = Agents::new();
            prop_assert_eq!(agents.classify(&text, &Hints::default(), touch), agents.classify(&text, &Hints::default(), touch));
        }
    }
}
