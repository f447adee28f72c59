//! In: made-up reports. Out: pages compared with those in `snapshots/`. Forgets: the pages, unless `HEADCOUNT_PAGES`
//! names a folder to put them into, for a look with a browser.

#[cfg(test)]
mod made_up;
#[cfg(test)]
mod settings;

use super::*;
use crate::cell::Dimension;
use crate::cell::Dimension::*;
use crate::cell::Metric::*;
use crate::page::account::{AccountPage, BrowserLine, Outcome};
use crate::page::sign_in::Why;
use crate::page::words::{ENGLISH, Language};
use crate::rejection::Rejection;
use made_up::{day, full, panel, periods, plain, today};

/// Compares a page with its golden one. `INSTA_UPDATE=always` writes the golden ones anew.
fn check(name: &str, html: &str) {
    let golden = html.replace(&style_version(), "VERSION");
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, golden);
    });
    if let Some(folder) = std::env::var_os("HEADCOUNT_PAGES").map(std::path::PathBuf::from) {
        std::fs::write(folder.join("style.css"), STYLE).unwrap();
        std::fs::write(folder.join(name).with_extension("html"), html.replace(&style_href(), "style.css")).unwrap();
    }
}

/// No page may need more than `style-src 'self'`, and none may carry a script.
fn assert_plain(html: &str) {
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
    for dimension in Dimension::ALL {
        let is_there = html.contains(&format!("id=\"{}\"", dimension.name()));
        assert_eq!(is_there, !matches!(dimension, UtmContent | UtmTerm), "{dimension:?}");
    }
    check("site", &html);
}

#[test]
fn today_shows_hours_and_leaves_those_ahead_empty() {
    let mut page = full();
    page.periods = periods("day");
    (page.first, page.last) = (page.last, page.last);
    (page.compared, page.series) = (Some((day("2026-11-22"), day("2026-11-22"))), today());
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
    page.panels.retain(|panel| [Page, Source, Event].contains(&panel.dimension));
    (page.panels[0].refused, page.panels[0].rows) = (Some("Sums do not know how this meets the filter."), None);
    (page.goals[0].figures, page.goals[0].href) = (None, None);
    page.funnels[0].steps = None;
    page.revenue = vec![("EUR".into(), 12_345.5)];
    page.totals = vec![Total { metric: Events, value: Some(9_001.0), before: Some(8_000.0), is_of_goal: true }];
    page.series.hits = Hits::Conversions;
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
    page.not_counted.truncate(1);
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("&lt;script") || html.contains("&#60;script"));
    check("site-new", &html);
}

#[test]
fn a_period_without_hits_says_so() {
    let mut page = full();
    for total in &mut page.totals {
        (total.value, total.before) = (Some(0.0).filter(|_| total.metric != VisitDuration), Some(0.0));
    }
    for panel in &mut page.panels {
        (panel.rows, panel.values) = (Some(Vec::new()), 0);
    }
    for point in &mut page.series.points {
        (point.visitors, point.pageviews) = (Some(0.0), Some(0.0));
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
    for panel in &mut page.panels {
        match panel.dimension {
            EntryPage | ExitPage => panel.rows = None,
            _ => panel.metrics = vec![Pageviews],
        }
    }
    for point in &mut page.series.points {
        point.visitors = None;
    }
    let html = page.html();
    assert_plain(&html);
    assert!(html.contains("this site keeps no tokens"));
    check("site-not-measured", &html);
}

#[test]
fn a_second_panel_without_a_value_takes_no_room() {
    let mut page = full();
    page.panels = vec![
        plain(Dimension::Country, 1, &[("DE", 5.0)]),
        plain(Dimension::Region, 1, &[("(not set)", 5.0)]),
        plain(Dimension::City, 2, &[("(not set)", 4.0), ("Bonn, DE-NW", 1.0)]),
    ];
    let html = page.html();
    assert!(!html.contains(">Regions ") && html.contains(">Cities "));
}

#[test]
fn a_day_that_still_runs_is_not_blamed_for_being_short() {
    let mut page = full();
    page.totals = vec![
        Total { metric: Visitors, value: Some(50.0), before: Some(100.0), is_of_goal: false },
        Total { metric: BounceRate, value: Some(50.0), before: Some(40.0), is_of_goal: false },
    ];
    (page.first, page.is_running) = (page.last, true);
    let html = page.html();
    assert!(html.contains(r#"class="change even" title="100 in"#), "half of yesterday so far");
    assert!(html.contains(r#"class="change bad" title="40"#), "a rate does not grow with the day");
    page.is_running = false;
    assert!(page.html().contains(r#"class="change bad" title="100 in"#));
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
    page.panels = vec![
        panel(Page, &[Visitors, Pageviews], 9, &rows),
        panel(Source, &[Visitors], 9, &rows),
        panel(Event, &[Visitors, Events], 9, &rows),
    ];
    page.domain = "<b>example</b>.com".into();
    page.notices = vec!["<script>alert(2)</script>".into()];
    let html = page.html();
    assert_plain(&html);
    assert!(!html.contains("<img") && !html.contains("<b>example"));
    check("site-hostile", &html);
}

#[test]
fn sites_are_listed_or_added() {
    let line = |domain: &str, visitors, pageviews| SiteLine { domain: domain.into(), visitors, pageviews };
    let account = Some(Account { name: "ana".into(), sign_out: "/sign-out".into() });
    let sites = vec![line("docs.example.com", Some(12_345.0), 40_120.0), line("example.com", None, 3.0)];
    let unclaimed = vec![
        NotCounted { reason: Rejection::UnknownSite, count: 3 },
        NotCounted { reason: Rejection::NotJson, count: 1 },
    ];
    let html = SitesPage { words: &ENGLISH, account: account.clone(), is_owner: true, sites, unclaimed }.html();
    assert_plain(&html);
    check("sites", &html);
    let html = SitesPage {
        words: &ENGLISH,
        account: account.clone(),
        is_owner: true,
        sites: Vec::new(),
        unclaimed: Vec::new(),
    }
    .html();
    assert_plain(&html);
    check("sites-none", &html);
    let html = SitesPage { words: &ENGLISH, account, is_owner: false, sites: Vec::new(), unclaimed: Vec::new() }.html();
    assert_plain(&html);
    check("sites-none-readable", &html);
}

#[test]
fn signing_in_explains_itself() {
    for (name, why, typed) in [
        ("sign-in", Why::Asked, ""),
        ("sign-in-bad-link", Why::BadLink, ""),
        ("sign-in-wrong", Why::Wrong, "\"><script>alert(1)</script>"),
        ("sign-in-too-many", Why::TooMany, "ana"),
    ] {
        let html = SignInPage { words: &ENGLISH, why, name: typed.into() }.html();
        assert_plain(&html);
        check(name, &html);
    }
}

#[test]
fn people_look_after_their_own_account() {
    let browser = |id, since: &str, is_this| BrowserLine { id, since: day(since), until: day("2026-12-23"), is_this };
    let page = AccountPage {
        words: &ENGLISH,
        account: Some(Account { name: "<b>\"Ana\" מיכל".into(), sign_out: "/sign-out".into() }),
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
    let outcome = Some(Outcome::Refused("<script> is no password.".into()));
    let html = AccountPage { is_owner: true, sites: None, has_password: false, outcome, ..page }.html();
    assert_plain(&html);
    check("account-without-password", &html);
}

#[test]
fn the_privacy_page_says_what_the_mode_means() {
    for (name, address) in [
        ("privacy", AddressMode::Hash),
        ("privacy-truncate", AddressMode::Truncate),
        ("privacy-none", AddressMode::None),
    ] {
        let page = PrivacyPage {
            words: &ENGLISH,
            domain: "example.com".into(),
            address,
            is_opt_out_honoured: address != AddressMode::None,
            time_zone: "Europe/Berlin".into(),
        };
        let html = page.html();
        assert_plain(&html);
        assert!(html.contains("href=\"https://example.com/?headcount=ignore\""));
        check(name, &html);
    }
}

#[test]
fn errors_are_a_title_and_a_sentence() {
    for (name, status) in [("error-404", 404), ("error-401", 401), ("error-403", 403), ("error-500", 500)] {
        let html = ErrorPage::of(status, &ENGLISH).html();
        assert_plain(&html);
        check(name, &html);
    }
}
