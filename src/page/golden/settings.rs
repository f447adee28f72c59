//! In: made-up sites. Out: their settings pages, compared with those in `snapshots/`. Forgets: the pages.

use std::sync::{Arc, LazyLock};

use super::{assert_plain, check};
use crate::page::Account;
use crate::page::form::{FlashMessage, SentForm};
use crate::page::settings::{SettingsPage, SiteSettingsPage};
use crate::page::words::{ENGLISH, Language};
use crate::site::{
    Annotation, Day, Domain, Exclusions, Funnel, Goal, Hour, Moment, Schedule, SetAside, SetAsides, Settings, Site,
    SiteId, Target, exclusions,
};

const DECLARED: Moment = Moment(1_780_000_000_000);

static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| ["Etc/UTC", "Europe/Berlin"].map(str::to_owned).to_vec());

fn account() -> Option<Account> {
    Some(Account { name: "Ana".into(), is_owner: true, sign_out: "/sign-out".into() })
}

fn site(settings: Settings) -> Arc<Site> {
    let domain = Domain::parse("example.com").unwrap();
    Arc::new(Site {
        id: SiteId(1),
        domain,
        schedule: Schedule::named("Europe/Berlin").unwrap(),
        settings,
        added: DECLARED,
    })
}

fn page(settings: Settings, sent: SentForm) -> SiteSettingsPage {
    SiteSettingsPage {
        words: &ENGLISH,
        account: account(),
        site: site(settings),
        today: Day(20_780),
        zones: &ZONES,
        sent,
    }
}

fn act() -> SetAside {
    let values = vec!["spam.example".to_owned(), "<b>".to_owned()];
    SetAside { id: 1, first: Day(20_777), last: Day(20_779), key: "source".into(), values }
}

fn full() -> Settings {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let goal =
        |name: &str, target: &str| Goal { name: name.into(), target: Target::read(target), since_ms: DECLARED.0 };
    let steps = ["/cart", "/checkout/**", "Purchase"].map(Target::read).to_vec();
    let note = |id, hour, text: &str| Annotation { id, day: Day(20_770 + id as i32), hour, text: text.into() };
    let mut settings = Settings {
        hosts: owned(&["example.com", "*.example.com"]),
        aliases: owned(&["7"]),
        exclude: Exclusions {
            networks: vec![exclusions::network("203.0.113.0/24").unwrap()],
            countries: owned(&["DE"]),
            paths: owned(&["/admin/**"]),
            hosts: owned(&["staging.example.com"]),
        },
        set_aside: SetAsides { acts: vec![act()], made: 1 },
        goals: vec![goal("Signup", "Signup"), goal("<script>alert(1)</script>", "/blog/**")],
        funnels: vec![Funnel { number: 1, name: "Checkout".into(), steps, since_ms: DECLARED.0 }],
        annotations: vec![note(1, None, "Version 2 is out"), note(2, Some(Hour(14)), "Newsletter <b>")],
        ..Settings::default()
    };
    settings.paths.templates = owned(&["/order/:id"]);
    settings
}

#[test]
fn the_settings_of_a_site_read_like_this() {
    let html = page(full(), SentForm::default()).html();
    assert_plain(&html);
    assert!(
        html.contains("<span>--exclude-path</span> <span>&#39;/admin/**&#39;</span>")
            && html.contains("&#60;script&#62;"),
        "{html}"
    );
    check("site-settings", &html);
}

#[test]
fn a_form_that_was_refused_keeps_what_was_typed() {
    let typed = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let sent = SentForm {
        form: "goal-add".into(),
        values: vec![typed("target", "https://example.com/x"), typed("name", "\"><i>")],
        flash: Some(FlashMessage::Wrong("pages are counted by their path; write \"/x\"".into())),
    };
    let html = page(Settings::default(), sent).html();
    assert_plain(&html);
    assert!(html.contains("value=\"https://example.com/x\"") && html.contains("value=\"&#34;&#62;&#60;i&#62;\""));
    assert_eq!(html.matches("role=\"alert\"").count(), 1);
    check("site-settings-refused", &html);
}

#[test]
fn what_was_done_is_said_once_and_where_it_was_asked_for() {
    for form in ["site", "budgets", "paths", "exclusions", "goal-add", "goal-remove", "funnel-remove", "annotation-add"]
    {
        let sent =
            SentForm { form: form.into(), values: Vec::new(), flash: Some(FlashMessage::Done("It is <done>.".into())) };
        let html = page(full(), sent).html();
        assert_eq!(html.matches("It is &#60;done&#62;.").count(), 1, "{form}");
    }
}

#[test]
fn the_settings_of_the_instance_list_its_sites() {
    let page = |sites: &[&str], sent: SentForm| SettingsPage {
        words: &ENGLISH,
        account: account(),
        sites: sites.iter().map(|site| (*site).to_owned()).collect(),
        zones: &ZONES,
        sent,
    };
    let html = page(&["example.com", "example.org"], SentForm::default()).html();
    assert_plain(&html);
    check("settings", &html);
    let removed = FlashMessage::Done("example.com and all its figures are removed.".into());
    let html = page(&[], SentForm { form: "remove".into(), values: Vec::new(), flash: Some(removed) }).html();
    assert!(html.contains("None yet.") && html.contains("figures are removed."), "{html}");
}

#[test]
fn settings_have_a_page_in_every_language() {
    for language in Language::ALL {
        let page = SiteSettingsPage { words: language.words(), ..page(full(), SentForm::default()) };
        assert_plain(&page.html());
    }
}
