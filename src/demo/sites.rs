//! The two made-up sites: who comes, from where, when, and what there is to read.
//!
//! Both domains end in `.example`, which is nobody's (RFC 2606).

use super::people::{Home, home};

/// What a made-up site is like.
#[derive(Debug)]
pub struct SiteShape {
    /// Its domain.
    pub domain: &'static str,
    /// Its time zone.
    pub zone: &'static str,
    /// Visits on a usual day: a year ago, and now.
    pub visits: (f64, f64),
    /// How Saturdays and Sundays compare to other days.
    pub weekend: f64,
    /// Weights of the hours of a day.
    pub hours: [u32; 24],
    /// Pages by how often they are read.
    pub pages: &'static [(u32, &'static str)],
    /// Where visits come from.
    pub origins: &'static [VisitOrigin],
    /// Where visitors are at home.
    pub homes: &'static [(u32, Home)],
    /// What some of them do on a page, and how often in a thousand.
    pub actions: &'static [Action],
    /// What its owner noted, and how many days before today that is about.
    pub notes: &'static [(i32, &'static str)],
    /// What its owner watches: the names of goals, and what reaches them.
    pub goals: &'static [(&'static str, &'static str)],
    /// A way through it that its owner watches: the name of the funnel, and its steps.
    pub funnel: (&'static str, &'static [&'static str]),
    /// Addresses that no longer exist, which some still ask for.
    pub lost: &'static [(u32, &'static str)],
}

/// Where some visits come from.
#[derive(Debug)]
pub struct VisitOrigin {
    /// How often, as a weight.
    pub weight: u32,
    /// The referrer; empty for none.
    pub referrer: &'static str,
    /// The query that the first page is opened with.
    pub query: &'static str,
    /// The first page; empty for any.
    pub page: &'static str,
    /// How many of a hundred look at one page only.
    pub bounces: u32,
    /// From how many days ago until how many days ago; nothing for always.
    pub days_ago: Option<(i32, i32)>,
    /// Visits that come beside the usual ones on its first day; a third of the day before on each that follows.
    pub surge: f64,
}

/// Something a visitor does on a page.
#[derive(Debug)]
pub struct Action {
    /// The beginning of the pages on which it can be done.
    pub on: &'static str,
    /// Of how many in a thousand pageviews.
    pub per_mille: u32,
    /// The name of the event.
    pub name: &'static str,
    /// Its property: the key, and the values by weight.
    pub prop: (&'static str, &'static [(u32, &'static str)]),
    /// What it brings, in euros; one of these, or nothing.
    pub euros: &'static [&'static str],
}

const fn from(weight: u32, referrer: &'static str, bounces: u32) -> VisitOrigin {
    VisitOrigin { weight, referrer, query: "", page: "", bounces, days_ago: None, surge: 0.0 }
}

const fn campaign(weight: u32, days_ago: (i32, i32), page: &'static str, query: &'static str) -> VisitOrigin {
    VisitOrigin { weight, referrer: "", query, page, bounces: 45, days_ago: Some(days_ago), surge: 0.0 }
}

const fn surge(visits: f64, days_ago: (i32, i32), page: &'static str, referrer: &'static str) -> VisitOrigin {
    VisitOrigin { weight: 0, referrer, query: "", page, bounces: 78, days_ago: Some(days_ago), surge: visits }
}

/// Both sites, in the order of their dice.
pub const SHAPES: [SiteShape; 2] = [SHOP, BLOG];

const SHOP: SiteShape = SiteShape {
    domain: "kranich-kaffee.example",
    zone: "Europe/Berlin",
    visits: (400.0, 860.0),
    weekend: 1.18,
    hours: [6, 3, 2, 2, 3, 8, 20, 36, 46, 52, 55, 56, 60, 58, 52, 50, 52, 58, 66, 78, 84, 72, 44, 18],
    pages: &[
        (300, "/"),
        (150, "/coffee"),
        (110, "/coffee/ethiopia-guji"),
        (84, "/coffee/house-blend"),
        (70, "/subscription"),
        (66, "/cart"),
        (58, "/coffee/colombia-huila"),
        (50, "/coffee/decaf"),
        (44, "/brewing/v60"),
        (40, "/gear"),
        (38, "/checkout"),
        (32, "/coffee/kenya-nyeri"),
        (30, "/gear/hand-grinder"),
        (27, "/brewing/aeropress"),
        (25, "/about"),
        (22, "/checkout/done"),
        (20, "/gear/kettle"),
        (19, "/brewing/french-press"),
        (17, "/shipping"),
        (15, "/coffee/espresso-nero"),
        (13, "/contact"),
        (12, "/brewing/water"),
        (10, "/gift-cards"),
        (9, "/account"),
        (8, "/gear/filters"),
        (7, "/wholesale"),
        (5, "/jobs"),
        (4, "/imprint"),
        (3, "/privacy"),
    ],
    origins: &[
        from(270, "", 44),
        from(330, "https://www.google.com/", 52),
        from(26, "https://www.bing.com/", 50),
        from(30, "https://duckduckgo.com/", 48),
        from(18, "https://www.ecosia.org/", 47),
        from(64, "https://www.instagram.com/", 63),
        from(20, "https://www.facebook.com/", 60),
        from(16, "https://www.youtube.com/", 58),
        from(12, "https://www.pinterest.com/", 61),
        from(24, "https://chatgpt.com/", 38),
        from(9, "https://www.perplexity.ai/", 40),
        from(18, "https://www.kaffeewiki.example/roasters", 35),
        from(10, "https://slow-mornings.example/best-beans", 42),
        from(6, "https://berlin-tips.example/", 50),
        VisitOrigin {
            weight: 70,
            query: "gclid=x&utm_source=google&utm_medium=cpc&utm_campaign=beans-search",
            page: "/coffee",
            ..from(0, "https://www.google.com/", 46)
        },
        campaign(95, (364, 300), "/gift-cards", "utm_source=newsletter&utm_medium=email&utm_campaign=winter-gifts"),
        campaign(70, (250, 190), "/coffee", "utm_source=newsletter&utm_medium=email&utm_campaign=spring-harvest"),
        campaign(80, (150, 90), "/brewing/v60", "utm_source=newsletter&utm_medium=email&utm_campaign=cold-brew-summer"),
        campaign(
            85,
            (34, 0),
            "/coffee/ethiopia-guji",
            "utm_source=newsletter&utm_medium=email&utm_campaign=new-harvest",
        ),
        campaign(
            55,
            (60, 0),
            "/subscription",
            "utm_source=instagram&utm_medium=paid-social&utm_campaign=subscribe-and-save&utm_content=reel",
        ),
        campaign(20, (90, 0), "/", "utm_source=kaffeewiki&utm_medium=banner&utm_campaign=roaster-of-the-month"),
        surge(1_500.0, (208, 204), "/coffee/ethiopia-guji", "https://www.reddit.com/r/Coffee/"),
        surge(900.0, (9, 7), "/subscription", "https://www.heise.de/news/"),
    ],
    homes: &[
        home(610, "Europe/Berlin", "de"),
        home(75, "Europe/Vienna", "de"),
        home(60, "Europe/Zurich", "de"),
        home(34, "Europe/Amsterdam", "nl"),
        home(30, "Europe/Paris", "fr"),
        home(26, "Europe/London", "en"),
        home(22, "Europe/Copenhagen", "da"),
        home(20, "Europe/Warsaw", "pl"),
        home(18, "Europe/Berlin", "en"),
        home(16, "Europe/Stockholm", "sv"),
        home(14, "Europe/Rome", "it"),
        home(14, "Europe/Brussels", "fr"),
        home(12, "Europe/Berlin", "tr"),
        home(12, "America/New_York", "en"),
        home(9, "Europe/Madrid", "es"),
        home(8, "Europe/Prague", "cs"),
    ],
    actions: &[
        Action {
            on: "/coffee/",
            per_mille: 150,
            name: "Add to Cart",
            prop: ("size", &[(60, "250 g"), (30, "500 g"), (12, "1 kg")]),
            euros: &[],
        },
        Action { on: "/gear/", per_mille: 90, name: "Add to Cart", prop: ("size", &[(1, "one piece")]), euros: &[] },
        Action {
            on: "/subscription",
            per_mille: 95,
            name: "Signup",
            prop: ("plan", &[(55, "monthly"), (30, "every two weeks"), (12, "yearly")]),
            euros: &[],
        },
        Action {
            on: "/checkout/done",
            per_mille: 900,
            name: "Purchase",
            prop: ("payment", &[(60, "paypal"), (34, "card"), (18, "transfer")]),
            euros: &["11.90", "19.80", "24.50", "32.00", "46.70"],
        },
        Action {
            on: "/brewing/",
            per_mille: 60,
            name: "File Download",
            prop: ("url", &[(3, "https://kranich-kaffee.example/files/brewing-card.pdf")]),
            euros: &[],
        },
        Action {
            on: "/about",
            per_mille: 70,
            name: "Outbound Link: Click",
            prop: ("url", &[(3, "https://www.instagram.com/"), (2, "https://fair-trade.example/members")]),
            euros: &[],
        },
    ],
    notes: &[(45, "New harvest in the shop"), (9, "heise.de writes about the subscription")],
    goals: &[
        ("Purchase", "Purchase"),
        ("Subscription", "Signup"),
        ("Looks at a coffee", "/coffee/*"),
        ("Visit /cart", "/cart"),
    ],
    funnel: ("Checkout", &["/coffee/*", "/cart", "/checkout", "/checkout/done"]),
    lost: &[(5, "/shop"), (3, "/coffee/brazil-santos"), (1, "/wp-login.php")],
};

const BLOG: SiteShape = SiteShape {
    domain: "slowweb.example",
    zone: "America/New_York",
    visits: (380.0, 740.0),
    weekend: 0.66,
    hours: [22, 18, 18, 20, 24, 28, 32, 40, 52, 62, 66, 66, 62, 64, 66, 64, 58, 50, 44, 42, 40, 38, 34, 28],
    pages: &[
        (170, "/"),
        (165, "/posts/sqlite-is-enough"),
        (112, "/posts/html-first"),
        (84, "/posts/counting-without-cookies"),
        (66, "/posts/a-server-for-four-euros"),
        (60, "/archive"),
        (52, "/posts/rust-for-small-tools"),
        (45, "/posts/fonts-that-are-there-already"),
        (40, "/about"),
        (37, "/posts/css-in-a-hundred-lines"),
        (32, "/posts/why-i-left-kubernetes"),
        (28, "/posts/caching-explained-slowly"),
        (25, "/tags/performance"),
        (22, "/posts/email-still-works"),
        (20, "/newsletter"),
        (18, "/posts/feeds-are-fine"),
        (16, "/tags/sqlite"),
        (14, "/posts/backups-you-can-read"),
        (13, "/projects"),
        (11, "/posts/images-that-weigh-nothing"),
        (10, "/posts/one-binary"),
        (9, "/posts/timers-and-cron"),
        (8, "/uses"),
        (7, "/posts/notes-on-http"),
        (6, "/tags/rust"),
        (5, "/posts/hello-world"),
    ],
    origins: &[
        from(230, "", 62),
        from(290, "https://www.google.com/", 70),
        from(52, "https://duckduckgo.com/", 66),
        from(22, "https://www.bing.com/", 70),
        from(15, "https://kagi.com/", 62),
        from(44, "https://news.ycombinator.com/", 74),
        from(18, "https://lobste.rs/", 66),
        from(24, "https://www.reddit.com/", 72),
        from(24, "https://github.com/", 55),
        from(24, "https://mastodon.social/", 68),
        from(22, "https://bsky.app/", 68),
        from(12, "https://t.co/abc", 74),
        from(9, "https://www.linkedin.com/", 70),
        from(34, "https://chatgpt.com/", 60),
        from(12, "https://claude.ai/", 58),
        from(8, "https://www.perplexity.ai/", 62),
        from(10, "android-app://com.google.android.gm/", 60),
        from(14, "https://feedly.com/", 64),
        from(9, "https://weekly-rust.example/issues/612", 58),
        campaign(60, (364, 0), "", "utm_source=newsletter&utm_medium=email&utm_campaign=monthly-letter"),
        campaign(24, (120, 80), "/posts/one-binary", "utm_source=console.dev&utm_medium=newsletter&utm_campaign=tools"),
        campaign(
            30,
            (26, 0),
            "/posts/one-binary",
            "utm_source=mastodon&utm_medium=social&utm_campaign=one-binary-1.4&utm_content=thread",
        ),
        campaign(
            12,
            (45, 10),
            "/projects",
            "utm_source=weekly-rust.example&utm_medium=sponsoring&utm_campaign=issue-609",
        ),
        surge(5_200.0, (283, 279), "/posts/why-i-left-kubernetes", "https://news.ycombinator.com/"),
        surge(2_100.0, (118, 115), "/posts/html-first", "https://lobste.rs/"),
        surge(3_900.0, (17, 14), "/posts/sqlite-is-enough", "https://news.ycombinator.com/"),
    ],
    homes: &[
        home(190, "America/New_York", "en"),
        home(90, "America/Los_Angeles", "en"),
        home(80, "America/Chicago", "en"),
        home(84, "Europe/London", "en"),
        home(78, "Europe/Berlin", "de"),
        home(62, "Asia/Kolkata", "en"),
        home(46, "America/Toronto", "en"),
        home(36, "Europe/Paris", "fr"),
        home(34, "Europe/Amsterdam", "nl"),
        home(30, "Australia/Sydney", "en"),
        home(26, "America/Sao_Paulo", "pt"),
        home(24, "Europe/Stockholm", "sv"),
        home(24, "Asia/Tokyo", "ja"),
        home(22, "Europe/Warsaw", "pl"),
        home(20, "Europe/Madrid", "es"),
        home(18, "Asia/Shanghai", "zh"),
        home(16, "Europe/Kyiv", "uk"),
        home(14, "America/Argentina/Buenos_Aires", "es"),
        home(12, "Asia/Singapore", "en"),
        home(10, "Africa/Lagos", "en"),
    ],
    actions: &[
        Action {
            on: "/posts/",
            per_mille: 55,
            name: "Outbound Link: Click",
            prop: (
                "url",
                &[
                    (40, "https://www.sqlite.org/"),
                    (30, "https://github.com/slowweb/one-binary"),
                    (18, "https://developer.mozilla.org/docs/Web/HTML"),
                    (12, "https://html.spec.whatwg.org/"),
                ],
            ),
            euros: &[],
        },
        Action {
            on: "/newsletter",
            per_mille: 210,
            name: "Signup",
            prop: ("plan", &[(70, "monthly letter"), (22, "every post"), (8, "supporter")]),
            euros: &[],
        },
        Action {
            on: "/projects",
            per_mille: 130,
            name: "File Download",
            prop: (
                "url",
                &[(6, "https://slowweb.example/dl/one-binary-1.4.tar.gz"), (2, "https://slowweb.example/dl/notes.pdf")],
            ),
            euros: &[],
        },
        Action {
            on: "/posts/",
            per_mille: 24,
            name: "Copy Code",
            prop: ("language", &[(5, "rust"), (4, "sql"), (3, "css")]),
            euros: &[],
        },
    ],
    notes: &[(26, "Version 1.4 is out"), (17, "On the front page of Hacker News")],
    goals: &[("Signup", "Signup"), ("Reads a post", "/posts/**"), ("Download", "File Download")],
    funnel: ("Newsletter", &["/posts/**", "/newsletter", "Signup"]),
    lost: &[(5, "/posts/sqlite-is-enought"), (4, "/feed"), (2, "/wp-login.php"), (1, "/.env")],
};
