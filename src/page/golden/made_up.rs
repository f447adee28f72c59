//! Made-up reports for the golden pages.

use std::sync::Arc;

use crate::cell::Dimension::*;
use crate::cell::Metric::*;
use crate::cell::{Dimension, Metric, NOT_SET};
use crate::page::cards::{Card, Tab};
use crate::page::words::ENGLISH;
use crate::page::*;
use crate::rejection::Rejection;
use crate::report::Interval;
use crate::report::bots::BotLine;
use crate::report::comparison::{Basis, ComparedWith};
use crate::site::{AddressMode, Day, LocalHour};

pub(super) fn day(text: &str) -> Day {
    Day::of(text.parse().unwrap())
}

pub(super) fn panel(dimension: Dimension, metrics: &[Metric], values: usize, rows: &[(&str, f64, f64)]) -> Panel {
    let total = 18_442.0;
    let row = |(value, first, second): &(&str, f64, f64)| PanelRow {
        currency: None,
        value: Arc::from(*value),
        metrics: [Some(*first), Some(*second)].into_iter().take(metrics.len()).collect(),
        bounds: Vec::new(),
        compared: None,
        share: Some(first / total),
        href: Some(format!("/example.com?period=30d&filter={}:x", dimension.name())),
    };
    let href = |kind: &str| format!("/example.com/{}{kind}?period=30d", dimension.name());
    Panel {
        tab: Tab::Of(dimension),
        metrics: metrics.to_vec(),
        rows: Some(rows.iter().map(row).collect()),
        change: ChangeColumns::None,
        refused: None,
        values,
        files: Some(PanelFiles {
            all: href(""),
            csv: href(".csv"),
            json: href(".json"),
            search: (format!("/example.com/{}", dimension.name()), vec![("period".into(), "30d".into())]),
        }),
    }
}

pub(super) fn plain(dimension: Dimension, values: usize, rows: &[(&str, f64)]) -> Panel {
    let rows: Vec<_> = rows.iter().map(|(value, visitors)| (*value, *visitors, 0.0)).collect();
    panel(dimension, &[Visitors], values, &rows)
}

pub(super) fn page_panels() -> Vec<Panel> {
    let hosts = &[("example.com", 17_104.0), ("docs.example.com", 3_511.0)];
    vec![shown_pages(), plain(Hostname, 2, hosts), entry_pages(), exit_pages()]
}

fn shown_pages() -> Panel {
    panel(
        Page,
        &[Visitors, Pageviews],
        412,
        &[
            ("/", 7_911.0, 11_204.0),
            ("/blog/2026/11/how-we-halved-our-build-times", 5_130.0, 5_902.0),
            ("/docs", 3_407.0, 6_120.0),
            ("/docs/install", 2_216.0, 3_018.0),
            ("/pricing", 1_804.0, 2_391.0),
            ("/blog", 1_512.0, 1_977.0),
            ("/docs/configuration/reverse-proxies-and-forwarded-addresses", 861.0, 1_340.0),
            ("/über-uns", 398.0, 455.0),
            ("/(not found)", 171.0, 203.0),
        ],
    )
}

fn entry_pages() -> Panel {
    panel(
        EntryPage,
        &[Visitors, Visits],
        203,
        &[
            ("/", 6_904.0, 7_310.0),
            ("/blog/2026/11/how-we-halved-our-build-times", 4_988.0, 5_040.0),
            ("/docs", 1_702.0, 1_990.0),
            ("/docs/install", 1_406.0, 1_512.0),
            ("/pricing", 411.0, 430.0),
        ],
    )
}

fn exit_pages() -> Panel {
    panel(
        ExitPage,
        &[Visitors, Visits],
        240,
        &[
            ("/blog/2026/11/how-we-halved-our-build-times", 4_903.0, 4_951.0),
            ("/", 4_120.0, 4_399.0),
            ("/docs/install", 1_990.0, 2_204.0),
            ("/pricing", 1_377.0, 1_402.0),
            ("/docs", 1_016.0, 1_188.0),
        ],
    )
}

pub(super) fn source_panels() -> Vec<Panel> {
    vec![
        plain(
            Source,
            88,
            &[
                ("Direct / None", 6_230.0),
                ("Google", 5_014.0),
                ("Hacker News", 3_388.0),
                ("GitHub", 1_207.0),
                ("DuckDuckGo", 744.0),
                ("Mastodon", 402.0),
                ("Bing", 391.0),
                ("lobste.rs", 287.0),
                ("newsletter", 190.0),
            ],
        ),
        plain(Channel, 5, &[("Direct", 6_230.0), ("Organic Search", 6_180.0), ("Organic Social", 4_100.0)]),
        plain(Referrer, 140, &[("news.ycombinator.com", 3_388.0), ("google.com", 4_801.0)]),
        plain(UtmCampaign, 4, &[(NOT_SET, 17_800.0), ("autumn-2026", 402.0), ("launch", 190.0)]),
        plain(UtmSource, 3, &[("newsletter", 402.0)]),
        plain(UtmMedium, 2, &[("email", 402.0)]),
        plain(UtmContent, 0, &[]),
        plain(UtmTerm, 0, &[]),
    ]
}

pub(super) fn visitor_panels() -> Vec<Panel> {
    vec![
        plain(
            Country,
            71,
            &[
                ("US", 5_502.0),
                ("DE", 3_861.0),
                ("GB", 1_650.0),
                ("FR", 1_204.0),
                ("IN", 988.0),
                ("NL", 702.0),
                ("BA", 112.0),
                (NOT_SET, 65.0),
                (names::OTHER, 4.0),
            ],
        ),
        plain(Region, 310, &[("DE-BE", 1_020.0), ("US-CA", 988.0)]),
        plain(City, 1_204, &[("Berlin, DE-BE", 1_001.0), ("San Francisco, US-CA", 640.0)]),
        plain(Language, 33, &[("en", 11_040.0), ("de", 3_702.0), ("pt", 640.0)]),
        plain(Browser, 14, &[("Chrome", 9_802.0), ("Safari", 4_011.0), ("Firefox", 3_240.0), ("Edge", 980.0)]),
        plain(BrowserVersion, 61, &[("Chrome 142", 8_870.0), ("Safari 26", 3_100.0)]),
        plain(Os, 7, &[("Windows", 5_320.0), ("macOS", 4_980.0), ("Android", 3_655.0), ("iOS", 2_702.0)]),
        plain(OsVersion, 24, &[("Windows 10", 5_010.0)]),
        plain(Device, 3, &[("Desktop", 11_890.0), ("Mobile", 6_107.0), ("Tablet", 445.0)]),
        plain(Screen, 6, &[("xl", 7_001.0), ("xs", 6_022.0), ("xxl", 3_890.0)]),
        panel(
            Event,
            &[Visitors, Events],
            3,
            &[("Signup", 214.0, 216.0), ("Download", 880.0, 1_204.0), ("404", 97.0, 171.0)],
        ),
    ]
}

/// The tabs of a card of which one is seen.
pub(super) fn card(card: Card, seen: &Tab, body: CardBody) -> CardView {
    let tab = |tab: &Tab| LinkTo {
        label: tab.title(&words::ENGLISH),
        href: format!("/example.com?period=30d&{}={}", card.key(), tab.key()),
        is_current: tab == seen,
    };
    CardView { card, tabs: card.tabs().iter().map(tab).collect(), body }
}

/// Cards that show one of these panels each, the first that belongs there.
pub(super) fn cards(panels: &[Panel]) -> Vec<CardView> {
    let view = |of: Card| {
        let panel = panels.iter().find(|panel| of.tabs().contains(&panel.tab))?;
        Some(card(of, &panel.tab, CardBody::Panel(panel.clone())))
    };
    let mut cards: Vec<CardView> = Card::ALL.into_iter().filter_map(view).collect();
    cards.push(card(Card::Goals, &Tab::Goals, CardBody::Goals));
    cards.push(card(Card::Goals, &Tab::Funnels, CardBody::Funnels));
    cards
}

/// All panels, as cards of their own.
pub(super) fn panels() -> Vec<Panel> {
    page_panels().into_iter().chain(source_panels()).chain(visitor_panels()).collect()
}

pub(super) fn link(label: &str, href: &str, is_current: bool) -> LinkTo {
    LinkTo { label: label.to_owned(), href: format!("/example.com?{href}"), is_current }
}

pub(super) fn period(current: &str) -> PeriodForm {
    let links = [("Today", "today"), ("Last 7 days", "7d"), ("Last 30 days", "30d"), ("All time", "all")];
    let link =
        |(label, key): (&str, &'static str)| (key.get(..1), link(label, &format!("period={key}"), key == current));
    PeriodForm {
        label: links.iter().find(|(_, key)| *key == current).map_or("?", |(label, _)| label).to_owned(),
        links: links.into_iter().map(link).collect(),
        earlier: Some("/example.com?period=custom&from=2026-09-25&to=2026-10-24".into()),
        later: None,
        first: day("2026-10-25"),
        last: day("2026-11-23"),
        today: day("2026-11-23"),
        hidden: vec![("filter".into(), "source:A&B".into())],
    }
}

pub(super) fn compare() -> Choose {
    Choose {
        links: vec![
            link("The period before", "period=30d", true),
            link("A year before", "period=30d&compare=year", false),
            link("Nothing", "period=30d&compare=none", false),
        ],
        weekdays: link("Same weekdays", "period=30d&weekdays=1", false),
        lists: link("In lists too", "period=30d&lists=compared", false),
        since: day("2026-09-25"),
        is_custom: false,
        hidden: vec![("period".into(), "30d".into())],
    }
}

/// Thirty days with weekends, one busy day, and today half over.
pub(super) fn month() -> Series {
    let first = day("2026-10-25").0;
    let point = |place: i32| {
        let weekend = Day(first + place).monday().0 + 5 <= first + place;
        let visitors = 520.0 + f64::from(place * 7 % 11) * 16.0 - if weekend { 210.0 } else { 0.0 }
            + match place {
                18 => 2_390.0,
                19 => 1_120.0,
                20 => 410.0,
                29 => -330.0,
                _ => 0.0,
            };
        let progress = if place == 29 { Progress::Running } else { Progress::Over };
        let before = Some((first + place - 30, Some(500.0 + f64::from(place * 5 % 13) * 11.0)));
        Point { bucket: first + place, front: Some(visitors), back: Some((visitors * 1.62).round()), before, progress }
    };
    let note = Note { bucket: first + 18, at: (Day(first + 18), None), text: "On <b>Hacker News</b>".into() };
    Series { notes: vec![note], ..series(Interval::Day, (0..30).map(point).collect()) }
}

fn series(interval: Interval, points: Vec<Point>) -> Series {
    let (front, back, notes) = (Visitors, Some(Pageviews), Vec::new());
    Series { interval, front, back, is_of_goal: false, points, notes }
}

/// A day until half past ten.
pub(super) fn today() -> Series {
    let first = LocalHour { day: day("2026-11-23"), hour: crate::site::Hour(0) }.number();
    let point = |hour: i32| {
        let visitors = f64::from([3, 1, 0, 0, 1, 2, 5, 9, 14, 17, 8].get(hour as usize).copied().unwrap_or(0));
        let (progress, known) = match hour {
            0..10 => (Progress::Over, true),
            10 => (Progress::Running, true),
            _ => (Progress::Ahead, false),
        };
        let (front, back) = (known.then_some(visitors), known.then_some(visitors * 2.0));
        Point { bucket: first + hour, front, back, before: None, progress }
    };
    series(Interval::Hour, (0..24).map(point).collect())
}

pub(super) fn bot_lines() -> Vec<BotLine> {
    let line = |(family, group, pages): (&str, &'static str, &[(&str, u64)])| {
        let pages: Vec<_> = pages.iter().map(|(pages, count)| (Arc::from(*pages), *count)).collect();
        BotLine { family: family.into(), group, count: pages.iter().map(|(_, count)| count).sum(), pages }
    };
    [
        ("Googlebot", "Search engine", &[("/blog", 2_811), ("/docs", 1_204), ("/", 310), ("/pricing", 55)][..]),
        ("GPTBot", "AI crawler", &[("/docs", 2_120), ("/blog", 77)]),
        ("ChatGPT-User", "AI agent", &[("/pricing", 611)]),
        ("Headless Chrome", "Headless browser", &[("/<b>", 6), ("(other)", 1)]),
    ]
    .map(line)
    .into()
}

pub(super) fn goals() -> Vec<GoalRow> {
    let row = |name: &str, target: &str, (visitors, conversions, rate): (f64, f64, f64)| GoalRow {
        name: name.into(),
        target: target.into(),
        href: Some(format!("/example.com?period=30d&filter=goal:{name}")),
        figures: Some(GoalFigures {
            visitors: Some(visitors),
            conversions,
            rate: Some(rate),
            ..GoalFigures::default()
        }),
        since: None,
    };
    let mut rows = vec![
        row("Signup", "Signup", (214.0, 216.0, 1.2)),
        row("Purchase", "Purchase", (88.0, 91.0, 0.5)),
        row("Reads the blog", "/blog/**", (6_204.0, 9_001.0, 33.6)),
    ];
    rows[1].figures.as_mut().unwrap().money = vec![("EUR".into(), 12_345.5), ("USD".into(), 30.0)];
    rows[2].since = Some(day("2026-11-02"));
    rows
}

pub(super) fn funnel(since: Option<Day>) -> FunnelPanel {
    let step = |target: &str, visits, lost, share| FunnelStep {
        target: target.into(),
        visits,
        visitors: visits - 3.0,
        lost,
        share,
    };
    let steps = vec![
        step("/pricing", 1_804.0, None, 1.0),
        step("/cart", 451.0, Some(75.0), 0.25),
        step("Purchase", 91.0, Some(79.8), 0.05),
    ];
    FunnelPanel { name: "Shop".into(), since, steps: Some(steps) }
}

pub(super) fn total(metric: Metric, value: f64, before: f64) -> Total {
    let (value, before) = (Some(value), Some(before));
    Total { metric, value, bounds: None, compared: value, before, is_of_goal: false, href: None, is_drawn: false }
}

fn linked_totals() -> Vec<Total> {
    let total = |metric: Metric, value, before| Total {
        href: Some(format!("/example.com?period=30d&metric={}", metric.name())),
        ..total(metric, value, before)
    };
    vec![
        total(Visitors, 18_442.0, 14_107.0),
        total(Visits, 20_311.0, 15_920.0),
        total(Pageviews, 33_610.0, 34_002.0),
        total(ViewsPerVisit, 1.65, 2.14),
        total(BounceRate, 58.0, 51.0),
        total(VisitDuration, 142.0, 141.9),
    ]
}

fn not_counted() -> Vec<NotCounted> {
    let counts =
        [(Rejection::Bot, 9_120), (Rejection::OptedOut, 611), (Rejection::NoVisit, 84), (Rejection::WrongHost, 3)];
    counts.map(|(reason, count)| NotCounted { reason, count }).into()
}

fn files() -> Files {
    Files {
        bots: ["csv", "json"].map(|ending| format!("/example.com/bots.{ending}?period=30d")),
        mails: ["csv", "json"].map(|ending| format!("/example.com/mail.{ending}?period=30d")),
    }
}

/// The days shown, and those compared with.
const DAYS: [&str; 4] = ["2026-10-25", "2026-11-23", "2026-09-25", "2026-10-24"];

const SNIPPET: &str =
    "<script defer data-domain=\"example.com\" src=\"https://count.example.com/js/script.js\"></script>";

pub(super) fn full() -> SitePage {
    let [first, last, compared_first, compared_last] = DAYS.map(day);
    SitePage {
        words: &words::ENGLISH,
        domain: "example.com".into(),
        time_zone: "Europe/Berlin".into(),
        address: AddressMode::Hash,
        account: Some(Account { name: "ana".into(), is_owner: true, sign_out: "/sign-out".into() }),
        now: Some(14),
        home: "/example.com".into(),
        privacy: "/privacy/example.com".into(),
        members: Vec::new(),
        embed_options: EmbedOptions::default(),
        period: period("30d"),
        compare: compare(),
        intervals: vec![link("Day", "period=30d", true), link("Week", "period=30d&by=week", false)],
        filters: Vec::new(),
        everything: "/example.com?period=30d".into(),
        segments: SegmentLinks::default(),
        days: (first, last),
        compared: ComparedWith::Days { days: (compared_first, compared_last), basis: Basis::Whole },
        is_running: true,
        notices: vec![words::ENGLISH.notice_repeat.into()],
        personal: vec!["/profile".into()],
        totals: linked_totals(),
        revenue: Vec::new(),
        series: month(),
        goals: goals(),
        funnels: vec![funnel(Some(day("2026-11-02")))],
        cards: cards(&panels()),
        not_counted: not_counted(),
        mails: Vec::new(),
        bots: bot_lines(),
        files: files(),
        has_records: true,
        snippet: SNIPPET.into(),
        is_new: false,
        arrived: None,
    }
}

pub(super) fn sites() -> SitesPage {
    let line = |domain: &str, days: &[f64], before: Option<f64>| SiteLine {
        domain: domain.into(),
        now: Some((days.len() % 2) as f64),
        is_measured: true,
        days: days.to_vec(),
        sum: days.iter().sum(),
        before,
    };
    let busy = [1_402.0, 2_120.0, 2_034.0, 1_978.0, 2_240.0, 1_611.0, 960.0];
    let unmeasured = line("quiet.example.com", &[0.0, 0.0, 3.0, 0.0, 0.0, 4.0, 1.0], None);
    SitesPage {
        words: &ENGLISH,
        account: Some(Account { name: "ana".into(), is_owner: true, sign_out: "/sign-out".into() }),
        is_owner: true,
        periods: vec![
            LinkTo { label: "Last 7 days".into(), href: "/?period=7d".into(), is_current: true },
            LinkTo { label: "Last 30 days".into(), href: "/?period=30d".into(), is_current: false },
        ],
        period_key: "7d".into(),
        period_name: "Last 7 days".into(),
        sites: vec![
            line("docs.example.com", &busy, Some(11_000.0)),
            line("example.com", &[8.0, 0.0, 12.0, 9.0, 4.0, 7.0, 2.0], Some(50.0)),
            SiteLine { is_measured: false, now: None, ..unmeasured },
        ],
        search: None,
        counts: (3, 3),
        around: [None, None],
        unclaimed: vec![
            NotCounted { reason: Rejection::UnknownSite, count: 3 },
            NotCounted { reason: Rejection::NotJson, count: 1 },
        ],
    }
}
