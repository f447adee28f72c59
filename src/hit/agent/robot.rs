//! In: a user agent, and which tokens stand in it. Out: whether a program sent it that nobody looks at, and of which family.
//! Forgets: which one it was.
//!
//! Words that describe what a program does age better than names, so programs are told by such words and by the shape of
//! their agents; lists of names only say what they are called.

mod name;
mod shape;

use std::ops::Range;

use super::tokens::{FoundTokens, Mark};

pub use name::{AUTOMATED, Bot, LIBRARY, OTHER_LIBRARY, known};
pub(super) use name::{CHATGPT_AGENT, HEADLESS, SIGNED, bytes};

/// Programs that fetch pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Robot {
    /// Crawlers, monitors, previews, assistants and automated browsers.
    Bot(Bot),
    /// HTTP libraries and command line clients, and agents that say nothing.
    Library(Bot),
}

/// What a device or a browser for people names, lower case.
#[rustfmt::skip]
const PLATFORMS: [&str; 14] = [
    "mozilla/", "opera", "windows", "linux", "android", "iphone", "ipad", "mac os", "macintosh", "applewebkit", "gecko",
    "x11", "darwin", "webos",
];

/// Whether a program without a reader sent this agent.
pub(super) fn of(user_agent: &str, found: &FoundTokens) -> Option<Robot> {
    let trimmed = user_agent.trim();
    if trimmed.is_empty() || trimmed == "-" {
        return Some(Robot::Library(name::SILENT));
    }
    let lower = trimmed.to_ascii_lowercase();
    let says_so = found.has_word(device_name(user_agent, found)) || found.has(Mark::Compatible) && is_declared(&lower);
    if !says_so && !shape::is_odd(&lower) {
        return None;
    }
    Some(match name::of(&lower) {
        Some((bot, true)) if bot.group == LIBRARY => Robot::Library(bot),
        Some((bot, _)) => Robot::Bot(bot),
        None if !says_so && !PLATFORMS.iter().any(|platform| lower.contains(platform)) => Robot::Library(OTHER_LIBRARY),
        None => Robot::Bot(name::other(&lower)),
    })
}

/// Where Android's agents name the device: behind the version, up to the build. Phones may be called `M bot 54` or
/// `Discovery`; programs that dress as phones put their names elsewhere, or with a version.
fn device_name(agent: &str, found: &FoundTokens) -> Range<usize> {
    let place = || {
        let android = found.end_of(Mark::Android)?;
        let rest = agent.get(android..)?;
        let rest = rest.get(..rest.find(')')?)?;
        let start = rest.find(';')? + 1;
        let name = rest.get(start..)?;
        let name = name.find(" Build").and_then(|end| name.get(..end)).unwrap_or(name);
        let is_name = !name.contains('/') && !name.contains("compatible");
        is_name.then(|| android + start..android + start + name.len())
    };
    place().unwrap_or(0..0)
}

/// Whether the agent puts a name behind a whole browser's, `(KHTML, like Gecko; compatible; Name)`, or a `+` before where its
/// owner can be found, as programs do that want the page a browser gets.
fn is_declared(lower: &str) -> bool {
    let Some((before, after)) = lower.split_once("compatible;") else { return false };
    let names_an_owner =
        || after.split_once("; +").is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_alphanumeric()));
    before.contains("like gecko") || names_an_owner()
}

#[cfg(test)]
mod tests {
    use super::super::tokens::TOKENS;
    use super::*;

    fn of(agent: &str) -> Option<Robot> {
        super::of(agent, &TOKENS.find(agent))
    }

    /// Agents, their families and groups.
    const BOTS: &[(&str, &str, &str)] = &[
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", "Search engine"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot", "Search engine"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "GPTBot",
            "AI crawler",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0; +Claude-User@anthropic.com)",
            "Claude-User",
            "AI agent",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; Perplexity-User/1.0",
            "Perplexity-User",
            "AI agent",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36",
            "Headless Chrome",
            "Headless browser",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/109.0.0.0 Safari/537.36 Chrome-Lighthouse",
            "Lighthouse",
            "Monitor",
        ),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "facebookexternalhit",
            "Link preview",
        ),
        ("WhatsApp/2.23.20.0", "WhatsApp", "Link preview"),
        (
            "Mozilla/5.0 (Linux; Android 7.0; GPTBot/1.2) AppleWebKit/537.36 Mobile Safari/537.36",
            "GPTBot",
            "AI crawler",
        ),
        (
            "Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 Mobile Safari/537.36 (compatible; Bytespider)",
            "Bytespider",
            "AI crawler",
        ),
        ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "Pingdom", "Monitor"),
        (
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)",
            "FeedFetcher-Google",
            "Feed reader",
        ),
        ("Mozilla/5.0 (compatible; Unheard/0.8.6)", "Other bot", "Other"),
        ("Mozilla/5.0 (compatible; Unheard-Crawler/0.8.6)", "Other crawler", "Other"),
        ("Mozilla/5.0 (compatible; unheard/1.2; +unheard)", "Other bot", "Other"),
    ];

    #[test]
    fn crawlers_monitors_and_automated_browsers_are_bots() {
        for (agent, family, group) in BOTS.iter().copied() {
            assert_eq!(of(agent), Some(Robot::Bot(Bot { family, group })), "{agent}");
        }
    }

    #[test]
    fn libraries_command_line_clients_and_silence_are_libraries() {
        for (agent, family) in [
            ("", "No agent"),
            (" ", "No agent"),
            ("-", "No agent"),
            ("curl/8.10.1", "curl"),
            ("python-requests/2.32.3", "python-requests"),
            ("Go-http-client/2.0", "Go-http-client"),
            ("okhttp/5.1.0", "okhttp"),
            ("axios/1.11.0", "axios"),
            ("node", "Node.js"),
            ("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "node-fetch"),
            ("got (https://github.com/sindresorhus/got)", "got"),
            ("Mozilla/5.0 Umami/v20.20.2", "Umami SDK"),
            ("Matomo/LogImport", "Matomo LogImport"),
            ("Dart/3.5 (dart:io)", "Dart"),
            ("GuzzleHttp/7", "Guzzle"),
            ("Apache-HttpClient/5.5 (Java/21)", "Apache-HttpClient"),
            ("Faraday v2.9.0", "Faraday"),
            ("MyShop/1.2", "Other library"),
        ] {
            assert_eq!(of(agent), Some(Robot::Library(Bot { family, group: LIBRARY })), "{agent}");
        }
    }

    #[test]
    fn browsers_phones_and_apps_are_people() {
        for agent in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 Version/4.0 Chrome/125.0 Mobile Safari/537.36 CamScanner/4.5",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22H20 [Pinterest/iOS]",
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/150.0.0.0 Mobile Safari/537.36 (Ecosia android@150.0.0.0)",
            "Mozilla/5.0 (Linux; Android 12; moto g(50) 5G Build/S1RSS32.38-20-9-13; wv) AppleWebKit/537.36 Chrome/124.0 Mobile",
            "Mozilla/5.0 (Linux; Android 14; Google TV Streamer) AppleWebKit/537.36 Chrome/124.0 Safari/537.36",
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.5359.211 Safari/537.36 WebAppManager",
            "Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; Spider 8 Build/TP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 14; V2307A; wv) AppleWebKit/537.36 Version/4.0 Chrome/116.0 Mobile Safari/537.36 XWEB/1160117 MicroMessenger/8.0.49 WeChat/arm64 Weixin Process/tools NetType/4G",
            "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0)",
            "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80/191.308; U; en) Presto/2.5.25 Version/10.54",
            "ExampleApp/1 iPhone5,2 iOS/10_1 CFNetwork/808.3 Darwin/16.3.0",
        ] {
            assert_eq!(of(agent), None, "{agent}");
        }
    }
}
