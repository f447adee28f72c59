//! What made-up visitors look at pages with, in shares as they are on the web at large (rounded by eye).

/// A browser on a device.
#[derive(Debug)]
pub struct Browser {
    /// Its user agent.
    pub agent: &'static str,
    /// How wide its window is, by class and weight.
    pub screens: &'static [(u32, &'static str)],
}

const DESKTOP: &[(u32, &str)] = &[(12, "lg"), (48, "xl"), (38, "xxl"), (2, "md")];
const PHONE: &[(u32, &str)] = &[(95, "xs"), (5, "sm")];
const TABLET: &[(u32, &str)] = &[(55, "md"), (30, "lg"), (15, "sm")];

const fn on(screens: &'static [(u32, &'static str)], agent: &'static str) -> Browser {
    Browser { agent, screens }
}

/// Browsers, each with its weight.
pub const BROWSERS: &[(u32, Browser)] = &[
    (
        150,
        on(
            DESKTOP,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        ),
    ),
    (
        60,
        on(
            DESKTOP,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        ),
    ),
    (
        62,
        on(
            DESKTOP,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
        ),
    ),
    (40, on(DESKTOP, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0")),
    (
        12,
        on(
            DESKTOP,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0",
        ),
    ),
    (
        70,
        on(
            DESKTOP,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        ),
    ),
    (
        72,
        on(
            DESKTOP,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
        ),
    ),
    (
        24,
        on(
            DESKTOP,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
        ),
    ),
    (14, on(DESKTOP, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0")),
    (26, on(DESKTOP, "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")),
    (
        22,
        on(
            DESKTOP,
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        ),
    ),
    (
        5,
        on(
            DESKTOP,
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        ),
    ),
    (
        118,
        on(
            PHONE,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
        ),
    ),
    (
        60,
        on(
            PHONE,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        ),
    ),
    (
        16,
        on(
            PHONE,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1",
        ),
    ),
    (
        132,
        on(
            PHONE,
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        ),
    ),
    (
        30,
        on(
            PHONE,
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
        ),
    ),
    (
        34,
        on(
            PHONE,
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
        ),
    ),
    (12, on(PHONE, "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0")),
    (
        16,
        on(
            TABLET,
            "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        ),
    ),
    (
        9,
        on(
            TABLET,
            "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        ),
    ),
];

/// Programs that fetch pages and are not counted.
pub const ROBOTS: &[(u32, &str)] = &[
    (5, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    (3, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    (3, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
    (
        2,
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
    ),
    (1, "curl/8.14.1"),
];

/// Where a visitor is at home: the time zone and the language of the browser.
#[derive(Debug)]
pub struct Home {
    /// IANA time zone, which tells the country.
    pub zone: &'static str,
    /// Primary subtag of the language.
    pub language: &'static str,
}

/// A weighted home.
pub const fn home(weight: u32, zone: &'static str, language: &'static str) -> (u32, Home) {
    (weight, Home { zone, language })
}
