//! In: made-up reports. Out: pages compared with those in `snapshots/`. Forgets: the pages, unless `HEADCOUNT_PAGES`
//! names a folder to put them into, for a look with a browser.

#[cfg(test)]
mod made_up;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod people;
#[cfg(test)]
mod settings;

use super::*;
use crate::cell::Dimension::*;
use crate::cell::Metric::*;
use crate::page::account::{AccountOutcome, AccountPage, BrowserLine};
use crate::page::cards::{Card, Tab};
use crate::page::sign_in::SignInReason;
use crate::page::words::{ENGLISH, Language};
use crate::rejection::Rejection;
use crate::report::comparison::{Basis, ComparedWith};
use crate::site::{AddressMode, Hour};
use made_up::{cards, day, full, month, panel, panels, period, sites, today, total};

/// The languages of pages beside English.
const OTHERS: [Language; 2] = [Language::German, Language::French];

/// Compares a page with its golden one. `INSTA_UPDATE=always` writes the golden ones anew.
fn check(name: &str, html: &str) {
    let golden = html.replace(&style_version(), "VERSION").replace(&script::href(), "SCRIPT");
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, golden);
    });
    if let Some(folder) = std::env::var_os("HEADCOUNT_PAGES").map(std::path::PathBuf::from) {
        std::fs::write(folder.join("style.css"), STYLE).unwrap();
        std::fs::write(folder.join(name).with_extension("html"), html.replace(&style_href(), "style.css")).unwrap();
    }
}

/// No page may need more than `style-src 'self'` and `script-src 'self'`, and none may carry another script than ours.
fn assert_plain(html: &str) {
    let html = &html.replacen(&format!("<script defer src=\"{}\"></script>", script::href()), "", 1);
    for forbidden in ["<script", " style=", "<style", "javascript:", " onclick", "<iframe"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_eq!(html.matches("<h1>").count(), 1);
    assert_eq!(html.matches('<').count(), html.matches('>').count());
}

#[test]
fn a_full_site_reads_like_this() {
    let html = full().html();
    assert_plain(&html);
    check("site", &html);
    for one in panels() {
        let html = SitePage { cards: cards(std::slice::from_ref(&one)), ..full() }.html();
        assert_plain(&html);
        let is_empty = one.rows.as_ref().is_some_and(Vec::is_empty);
        assert_eq!(html.contains(one.tab.empty(&ENGLISH)), is_empty, "{:?}", one.tab);
        let current = format!("aria-current=\"true\">{}</a>", one.tab.title(&ENGLISH));
        assert!(html.contains(&current) || one.tab == Tab::Of(Event), "{:?}", one.tab);
    }
}

#[test]
fn today_shows_hours_and_leaves_those_ahead_empty() {
    let mut page = full();
    page.period = period("today");
    page.days.0 = page.days.1;
    (page.compared, page.series) =
        (ComparedWith::Days { days: (day("2026-11-22"), day("2026-11-22")), basis: Basis::Until(Hour(10)) }, today());
    page.notices.clear();
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("Mon 23 Nov 2026, 11:00: not yet"));
    assert!(!html.contains("<th scope=\"row\">Mon 23 Nov 2026, 11:00"));
    check("site-today", &html);
}

/// The page of those from Google, as far as it differs.
#[test]
fn a_filter_says_what_it_leaves_and_what_it_can_not_tell() {
    let mut page = full();
    let chip = |key: &str, value: &str| Chip {
        key: key.into(),
        words: "is",
        values: vec![value.into()],
        remove: "/example.com?period=30d".into(),
    };
    page.filters = vec![chip("Goal", "Reads the blog")];
    let mut panels = panels();
    panels.retain(|panel| [Page, Source, Event].map(Tab::Of).contains(&panel.tab));
    (panels[0].refused, panels[0].rows) = (Some(ENGLISH.no_sums), None);
    page.cards = cards(&panels);
    (page.goals[0].figures, page.goals[0].href) = (None, None);
    page.funnels[0].steps = None;
    page.revenue = vec![("EUR".into(), 12_345.5)];
    page.totals = vec![Total { is_of_goal: true, ..total(Events, 9_001.0, 8_000.0) }];
    (page.series.back, page.series.is_of_goal) = (Some(Events), true);
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains(">Conversions<") && !html.contains("\">Events</dt>"));
    check("site-filtered", &html);
    page.filters.push(chip("City", "<b>\u{202e}Berlin"));
    let html = page.html();
    assert!(html.contains("Remove all") && !html.contains("<b>\u{fffd}") && !html.contains('\u{202e}'));
}

#[test]
fn every_language_makes_the_same_page() {
    let tags = |html: &str| html.matches('<').count();
    let english = full().html();
    for language in Language::ALL {
        let html = SitePage { words: language.words(), ..full() }.html();
        assert_plain(&html);
        assert_eq!(tags(&html), tags(&english), "{language:?}");
        assert!(html.contains(&format!("<html lang=\"{}\">", language.code())));
        check(&format!("site-{}", language.code()), &html);
    }
}

#[test]
fn a_new_site_teaches() {
    let mut page = full();
    page.is_new = true;
    (page.now, page.notices) = (Some(0), Vec::new());
    let not_counted =
        vec![NotCounted { reason: Rejection::WrongHost, count: 2 }, NotCounted { reason: Rejection::Bot, count: 1 }];
    let hosts = vec!["example.com".into(), "*.example.org".into()];
    page.arrived = Some(live::Arrived { words: &ENGLISH, not_counted, hosts, is_any_unclaimed: true });
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("&lt;script") || html.contains("&#60;script"));
    let sentence =
        "2 messages were not counted: wrong host; allowed are <code>example.com</code>, <code>*.example.org</code>.";
    assert!(html.contains(sentence), "{html}");
    check("site-new", &html);
}

#[test]
fn a_period_without_hits_says_so() {
    let mut page = full();
    for total in &mut page.totals {
        (total.value, total.before) = (Some(0.0).filter(|_| total.metric != VisitDuration), Some(0.0));
    }
    let nothing = |panel: Panel| Panel { rows: Some(Vec::new()), values: 0, ..panel };
    page.cards = cards(&panels().into_iter().map(nothing).collect::<Vec<_>>());
    for point in &mut page.series.points {
        (point.front, point.back, point.before) = (Some(0.0), Some(0.0), None);
    }
    page.not_counted.clear();
    let html = page.html();
    assert_plain(&html);
    check("site-nothing", &html);
}

#[test]
fn what_is_not_measured_is_not_zero() {
    let mut page = full();
    (page.address, page.now) = (AddressMode::None, None);
    for total in &mut page.totals {
        if total.metric != Pageviews {
            total.value = None;
        }
    }
    let not_measured = |panel: Panel| match panel.tab {
        Tab::Of(EntryPage | ExitPage) => Panel { rows: None, ..panel },
        _ => Panel { metrics: vec![Pageviews], ..panel },
    };
    page.cards = cards(&panels().into_iter().map(not_measured).rev().collect::<Vec<_>>());
    (page.series.front, page.series.back) = (Pageviews, None);
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("this site keeps no tokens"));
    check("site-not-measured", &html);
}

#[test]
fn of_a_day_that_still_runs_the_hours_that_are_over_are_compared() {
    let mut page = full();
    page.compared = ComparedWith::Days { days: (page.days.0, page.days.0), basis: Basis::Until(Hour(15)) };
    page.totals = vec![Total { compared: Some(90.0), ..total(Visitors, 100.0, 80.0) }];
    let html = page.html();
    let title = "80 in the compared period, 90 in the same part of this one";
    assert!(html.contains(&format!("class=\"change good\" title=\"{title}\">+13\u{a0}%")), "{html}");
    page.totals[0].before = None;
    assert!(page.html().contains(ENGLISH.not_compared_why), "visitors of that hour were not counted then");
    page.compared = ComparedWith::NotCounted { days: (page.days.0, page.days.0), since: page.days.1 };
    assert!(page.html().contains("not compared: Sunday, 25 October 2026 was not counted, or not all of it"));
}

#[test]
fn hostile_names_stay_text() {
    let mut page = full();
    let long = "/".to_owned() + &"verylongword".repeat(40);
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "{{ domain }}&amp;&lt;",
        "/مرحبا/بالعالم",
        "\u{202e}gnp.exe",
        long.as_str(),
        "",
        "/tab\tand\nline",
    ];
    let rows: Vec<_> = names.iter().map(|name| (*name, 500.0, 700.0)).collect();
    page.cards = cards(&[
        panel(Page, &[Visitors, Pageviews], 9, &rows),
        panel(Source, &[Visitors], 9, &rows),
        panel(Event, &[Visitors, Events], 9, &rows),
    ]);
    let event = page.cards.iter_mut().find(|view| view.card == Card::Events).unwrap();
    event.tabs.push(LinkTo { label: names[0].into(), href: "/?events=prop:\"><b>".into(), is_current: false });
    page.domain = "<b>example</b>.com".into();
    page.privacy = "/privacy/<b>example</b>.com".into();
    page.notices = vec!["<script>alert(2)</script>".into()];
    let html = page.html();
    assert_plain(&html);
    assert!(!html.contains("<img") && !html.contains("<b>example"));
    check("site-hostile", &html);
}

#[test]
fn all_rows_can_be_searched_sorted_and_turned_over() {
    let head =
        |label: &str, order| rows::ColumnHead { link: made_up::link(label, "sort=value", false), meaning: "", order };
    let page = RowsPage {
        words: &ENGLISH,
        account: None,
        domain: "example.com".into(),
        back: "/example.com?period=30d".into(),
        embed_options: EmbedOptions::default(),
        everything: "/example.com?period=30d".into(),
        days: (day("2026-10-25"), day("2026-11-23")),
        filters: Vec::new(),
        panel: Panel { values: 412, ..panels().swap_remove(0) },
        not_measured: "",
        search: "<b>\"".into(),
        form: ("/example.com/page".into(), vec![("period".into(), "30d".into())]),
        heads: vec![head("Page", "none"), head("Visitors", "descending"), head("Pageviews", "none")],
        first: 101,
        compared: None,
        before: Some("/example.com/page?period=30d".into()),
        after: Some("/example.com/page?period=30d&page=3".into()),
    };
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("101 – 109 of 412") && !html.contains("<b>\""));
    check("rows", &html);
    for language in OTHERS {
        let words = language.words();
        let heads =
            vec![head(words.singular(Page), "none"), head(words.visitors, "descending"), head(words.pageviews, "none")];
        let html = RowsPage { words, heads, ..page.clone() }.html();
        assert_plain(&html);
        check(&format!("rows-{}", language.code()), &html);
    }
    let none = RowsPage { panel: Panel { rows: Some(Vec::new()), values: 0, ..page.panel.clone() }, ..page };
    assert!(none.html().contains(ENGLISH.nothing_found));
}

#[test]
fn a_page_for_everybody_leads_to_nothing_else_of_ours() {
    let mut series = month();
    series.points.iter_mut().for_each(|point| point.progress = Progress::Over);
    let open = SitePage {
        series,
        account: None,
        now: None,
        has_records: false,
        home: "/share/example.com".into(),
        embed_options: EmbedOptions { is_embedded: false, is_findable: true },
        notices: vec![ENGLISH.one(ENGLISH.share_notice, 5)],
        // Only days that are over.
        is_running: false,
        goals: Vec::new(),
        funnels: Vec::new(),
        ..full()
    };
    let html = open.html();
    assert_plain(&html);
    for words in ["<header", "noindex", "data-domain", "data-live", "href=\"/\"", ENGLISH.not_counted, ENGLISH.bots] {
        assert!(!html.contains(words), "{words}");
    }
    check("site-open", &html);
    let embedded =
        SitePage { embed_options: EmbedOptions { is_embedded: true, is_findable: true }, ..open.clone() }.html();
    assert!(!embedded.contains("<footer") && embedded.contains("</main>"));
    let nothing = SitePage { is_new: true, ..open }.html();
    assert!(nothing.contains(ENGLISH.share_nothing) && !nothing.contains("<pre"));
}

#[test]
fn a_password_is_asked_for() {
    for (name, why) in [
        ("share-password", share::SharePasswordReason::Asked),
        ("share-password-wrong", share::SharePasswordReason::Wrong),
    ] {
        let html = share::PasswordPage { words: &ENGLISH, domain: "example.com".into(), why }.html();
        assert_plain(&html);
        check(name, &html);
    }
}

#[test]
fn sites_are_listed_or_added() {
    let html = sites().html();
    assert_plain(&html);
    check("sites", &html);
    let none = || SitesPage { sites: Vec::new(), counts: (0, 0), ..sites() };
    for (name, is_owner) in [("sites-none", true), ("sites-none-readable", false)] {
        let html = SitesPage { is_owner, unclaimed: Vec::new(), ..none() }.html();
        assert_plain(&html);
        check(name, &html);
    }
}

#[test]
fn sites_are_searched_and_their_names_stay_text() {
    let hostile = "<script>alert(1)</script>\"'".to_owned();
    let mut page = SitesPage { search: Some(hostile.clone()), counts: (412, 300), ..sites() };
    page.sites[0].domain = hostile;
    page.around = [Some("/?period=7d&page=2".into()), Some("/?period=7d&page=4".into())];
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("3 of 300") && html.contains("role=\"search\""));
    let nothing = SitesPage { search: Some("x".into()), counts: (412, 0), sites: Vec::new(), ..sites() }.html();
    assert!(nothing.contains(ENGLISH.nothing_found) && !nothing.contains("<table"));
}

#[test]
fn signing_in_explains_itself() {
    for (name, why, typed) in [
        ("sign-in", SignInReason::Asked, ""),
        ("sign-in-bad-link", SignInReason::BadLink, ""),
        ("sign-in-wrong", SignInReason::Wrong, "\"><script>alert(1)</script>"),
        ("sign-in-too-many", SignInReason::TooMany(10), "ana"),
    ] {
        let html = SignInPage { words: &ENGLISH, why, name: typed.into() }.html();
        assert_plain(&html);
        check(name, &html);
    }
    for language in OTHERS {
        let html = SignInPage { words: language.words(), why: SignInReason::Wrong, name: "ana".into() }.html();
        assert_plain(&html);
        check(&format!("sign-in-{}", language.code()), &html);
    }
}

#[test]
fn people_look_after_their_own_account() {
    let browser = |id, since: &str, is_this| BrowserLine { id, since: day(since), until: day("2026-12-23"), is_this };
    let page = AccountPage {
        words: &ENGLISH,
        account: Some(Account { name: "<b>\"Ana\" מיכל".into(), is_owner: true, sign_out: "/sign-out".into() }),
        is_owner: false,
        sites: Some(vec!["example.com".into(), "docs.example.com".into()]),
        has_password: true,
        browsers: vec![browser(9, "2026-11-23", true), browser(7, "2026-11-02", false)],
        outcome: None,
    };
    let html = page.html();
    assert_plain(&html);
    assert!(!html.contains("<b>\"Ana"));
    check("account", &html);
    let outcome = Some(AccountOutcome::Refused("<script> is no password.".into()));
    let html = AccountPage { is_owner: true, sites: None, has_password: false, outcome, ..page }.html();
    assert_plain(&html);
    check("account-without-password", &html);
}

#[test]
fn errors_are_a_title_and_a_sentence() {
    for (name, status) in [("error-404", 404), ("error-401", 401), ("error-403", 403), ("error-500", 500)] {
        let html = ErrorPage::of(status, &ENGLISH).html();
        assert_plain(&html);
        check(name, &html);
    }
}

fn half_hour() -> live::HalfHour {
    let list = |dimension, rows: &[(&str, u64)]| live::LiveList {
        dimension,
        rows: rows
            .iter()
            .map(|(value, visitors)| live::LiveRow {
                value: (*value).into(),
                visitors: *visitors,
                href: Some(format!("/example.com?period=today&filter={}:x", dimension.name())),
            })
            .collect(),
        values: rows.len() + 3,
    };
    live::HalfHour {
        words: &ENGLISH,
        address: AddressMode::Hash,
        now: Some(31),
        visitors: Some(124),
        minutes: (0..30).map(|minute| (format!("09:{:02}", minute + 12), minute * 7 % 11)).collect(),
        lists: vec![
            list(Page, &[("/", 80), ("/<script>alert(1)</script>", 40), ("/\u{202e}gpj.exe", 4)]),
            list(Source, &[("Google", 100), ("Direct / None", 24)]),
            list(Country, &[("DE", 124)]),
        ],
    }
}

#[test]
fn the_last_half_hour_is_a_page() {
    let page = live::LivePage { words: &ENGLISH, domain: "example.com".into(), account: None, half_hour: half_hour() };
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("09:41: 5 pageviews so far") && html.contains("Germany"));
    check("live", &html);
    let part = half_hour().html();
    assert!(part.starts_with("<div id=\"half-hour\">") && html.contains(&part), "what is sent is what the page has");
}

#[test]
fn without_tokens_and_visits_the_half_hour_says_so() {
    let mut half_hour = half_hour();
    (half_hour.address, half_hour.now, half_hour.visitors) = (AddressMode::None, None, None);
    half_hour.lists.clear();
    half_hour.minutes.iter_mut().for_each(|minute| minute.1 = 0);
    let page = live::LivePage { words: &ENGLISH, domain: "example.com".into(), account: None, half_hour };
    let html = page.html();
    assert_plain(&html);
    check("live-not-measured", &html);
}
