//! In: a user agent. Out: whether a program sent it that nobody looks at, and of which sort. Forgets: which one it was.
//!
//! Words that describe what a program does age better than names, so most of the list is such words. A contact address
//! in an agent is the surest sign of all: no browser carries one.

/// Programs that fetch pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Robot {
    /// Crawlers, monitors, previews and automated browsers.
    Bot,
    /// HTTP libraries and command line clients, and agents that say nothing.
    Library,
}

/// Beginnings of agents of HTTP libraries whose agents hold a word of [`WORDS`] or [`PLATFORMS`], lower case.
const LIBRARIES: &[&str] = &[
    "axios/",
    "curl/",
    "faraday",
    "go-http-client",
    "got (",
    "guzzlehttp",
    "matomo/logimport",
    "mozilla/5.0 umami/",
    "node-fetch",
    "python-requests",
    "wget/",
];

/// Parts of names of phones, apps and browsers that look like a word of [`WORDS`], lower case.
const INNOCENT: &[&str] = &["cubot", "turbotab", "fubotv", "camscanner", "mozacfetch"];

/// What only programs call themselves, lower case.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    // What it does.
    "bot", "crawl", "spider", "slurp", "scan", "fetch", "feed", "rss/", "rss reader", "archive", "validator", "checker",
    "checklink", "linkcheck", "monitor", "uptime", "preview", "prerender", "snapshot", "thumb", "parser", "index",
    "extractor", "analyz", "research", "probe", "grabber", "collector", "verif", "inspect", "scrap", "detector",
    "resolver", "transcoder", "synthetic", "observator", "sitemap", "seo", "search console", "imageproxy", "favicon",
    // Where its owner can be reached.
    "http://", "https://", "www.",
    // Browsers that nobody sits at.
    "headless", "lighthouse", "pagespeed", "phantomjs", "puppeteer", "playwright", "selenium", "webdriver", "cypress",
    "webpagetest", "ptst/", "gtmetrix", "speedcurve", "calibre", "dareboost", "catchpoint", "dejaclick", "gomezagent",
    "ghost inspector", "duplexweb", "googleweblight",
    // Assistants and those who gather for them.
    "gptbot", "chatgpt", "claude", "anthropic", "perplexity", "mistralai", "cohere", "-user/", "meta-external",
    "bytespider", "petal", "cloudvertex", "duckassist", "imagesift", "semantic-visions", "spawning-ai",
    // Search engines, networks and messengers at work.
    "google-", "googleother", "google web preview", "mediapartners", "ia_archiver", "facebookexternalhit",
    "facebookcatalog", "facebookplatform", "skypeuri", "embedly", "quora link", "vkshare", "tumblr/", "outbrain",
    "hatena", "disqus", "whatsapp/", "mail.ru", "amazon-", "amazon cloudfront", "cloudflare-",
    // Monitors, scanners and shop tools by name.
    "pingdom", "datadog", "statuscake", "site24x7", "newrelic", "nagios", "zabbix", "appinsights", "siteimprove",
    "netcraft", "semrush", "ahrefs", "majestic", "screaming frog", "dataprovider", "neticle", "hubspot", "ezooms",
    "teoma", "censys", "zgrab", "masscan", "nmap", "nikto", "sqlmap", "nuclei", "wappalyzer", "datanyze", "ips-agent",
    "hydra", "openvas", "theoldreader", "inoreader", "barkrowler", "heritrix", "nutch", "httrack", "wordpress", "w3c_",
    "ias_", "agent/", "libwww-perl", "indy library",
];

/// What a device or a browser for people names, lower case.
#[rustfmt::skip]
const PLATFORMS: &[&str] = &[
    "windows", "win10", "linux", "android", "iphone", "ipad", "ios", "mac os", "macos", "macintosh", "darwin", "amiga", "morphos", "symbian",
    "series60", "nokia", "blackberry", "midp", "j2me", "sonyericsson", "samsung", "lg-", "lge", "mot-", "zte", "huawei", "ucweb",
    "tv", "webos", "tizen", "kaios", "playstation", "nintendo", "xbox", "opera", "dalvik", "browser", "lynx", "applewebkit",
    "gecko",
];

/// Whether a program without a reader sent this agent.
pub fn of(user_agent: &str) -> Option<Robot> {
    let mut text = user_agent.trim().to_ascii_lowercase();
    if text.is_empty() || text == "-" || LIBRARIES.iter().any(|start| text.starts_with(start)) {
        return Some(Robot::Library);
    }
    for innocent in INNOCENT.iter().copied() {
        if text.contains(innocent) {
            text = text.replace(innocent, "");
        }
    }
    if WORDS.iter().any(|word| text.contains(word)) {
        return Some(Robot::Bot);
    }
    // What names no platform is not shown on a screen: `okhttp/5.1.0`, `node`, `PostmanRuntime/7.45.0`.
    let names_platform = text.starts_with("mozilla/") || PLATFORMS.iter().any(|platform| text.contains(platform));
    (!names_platform).then_some(Robot::Library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_monitors_and_automated_browsers_are_bots() {
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0; +Claude-User@anthropic.com)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; Perplexity-User/1.0",
            "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/109.0.0.0 Safari/537.36 Chrome-Lighthouse",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "WhatsApp/2.23.20.0",
            "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)",
        ] {
            assert_eq!(of(agent), Some(Robot::Bot), "{agent}");
        }
    }

    #[test]
    fn libraries_command_line_clients_and_silence_are_libraries() {
        for agent in [
            "",
            " ",
            "-",
            "curl/8.10.1",
            "python-requests/2.32.3",
            "Go-http-client/2.0",
            "okhttp/5.1.0",
            "axios/1.11.0",
            "node",
            "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
            "got (https://github.com/sindresorhus/got)",
            "Mozilla/5.0 Umami/v20.20.2",
            "Matomo/LogImport",
            "Dart/3.5 (dart:io)",
            "GuzzleHttp/7",
            "Apache-HttpClient/5.5 (Java/21)",
        ] {
            assert_eq!(of(agent), Some(Robot::Library), "{agent}");
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
            "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80/191.308; U; en) Presto/2.5.25 Version/10.54",
            "ExampleApp/1 iPhone5,2 iOS/10_1 CFNetwork/808.3 Darwin/16.3.0",
        ] {
            assert_eq!(of(agent), None, "{agent}");
        }
    }
}
