//! The pages of a notice: what visitors are told, with much and with little switched on, and what owners see of it.

use super::*;
use crate::hit::place::Detail;
use crate::notice::rights::RightsRequest;
use crate::notice::snippet::snippet;
use crate::notice::{AnnouncedFacts, NoticeDifference, NoticeFacts, NoticeLanguages, OpenPage, compose, facts};
use crate::page::form::SentForm;
use crate::page::notice::{NoticePage, NoticeRequestsPage, NoticeVersionsPage, VersionLine, fragment};
use crate::page::notice_settings::{AnnouncedLine, NoticeSettingsPage};
use crate::site::{Domain, KeptFor, Moment, NoticeField, NoticeSettings, Schedule, Settings, Site, SiteId};

/// What a new site tells.
fn little(address: AddressMode) -> NoticeFacts {
    let site = Site {
        id: SiteId(1),
        domain: Domain::parse("example.com").unwrap(),
        schedule: Schedule::named("Europe/Berlin").unwrap(),
        settings: Settings { address, opt_out: address != AddressMode::None, ..Settings::default() },
        added: Moment(0),
    };
    let place = if address == AddressMode::None { Detail::None } else { Detail::Country };
    facts(&site, &[], place, Moment(1_795_000_000_000))
}

/// What a site tells that has everything, and owners who write as they like.
fn much() -> NoticeFacts {
    let english = [
        (NoticeField::Controller, "<b>Ada & Sons</b>\n1 Street, Town"),
        (NoticeField::Contact, "privacy@example.com"),
        (NoticeField::LegalBasis, "legitimate interests, Art. 6 (1) f GDPR"),
        (NoticeField::Host, "Example Hosting, Town"),
        (NoticeField::ComplaintBody, "The authority of Town"),
        (NoticeField::Transfers, "None."),
    ];
    let own = |texts: &[(NoticeField, &str)]| texts.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
    let german = own(&[(NoticeField::Host, "Beispiel-Hosting, Stadt")]);
    let now = NoticeFacts {
        query_keys: vec!["id".into()],
        has_goals: true,
        has_money: true,
        has_funnels: true,
        has_segments: true,
        has_mails: true,
        public: Some(OpenPage { until: Some("2026-12-31".into()), embed: vec!["*.example.org".into()] }),
        secret_links: 2,
        counter: true,
        published: Some("1".into()),
        audit: true,
        retention: [("hours".to_owned(), KeptFor::Days(31)), ("day-pairs".to_owned(), KeptFor::Months(24))].into(),
        k_at_rest: vec!["5".into()],
        announce_days: 14,
        texts: [(String::new(), own(&english)), ("de".to_owned(), german)].into(),
        ..little(AddressMode::Truncate)
    };
    let later = NoticeFacts { address: AddressMode::Hash, retention: Default::default(), ..now.clone() };
    NoticeFacts { announced: vec![AnnouncedFacts { from: "2026-12-15".into(), facts: later, more: Vec::new() }], ..now }
}

fn page(facts: &NoticeFacts, language: Language) -> NoticePage {
    let languages = NoticeLanguages::default();
    let texts = languages.texts(language.code()).unwrap();
    let name = |code: &str| languages.texts(code).unwrap().get("language.name").to_owned();
    let choice = |code: &str| {
        let href = (code != language.code()).then(|| format!("/privacy/example.com?lang={code}"));
        (code.to_owned(), name(code), href)
    };
    NoticePage {
        words: language.words(),
        language: language.code().to_owned(),
        notice: compose(facts, texts),
        remarks: vec![texts.filled("version", &[("number", "3"), ("date", "2026-11-23")])],
        links: vec![(texts.get("link.versions").to_owned(), "/privacy/example.com/versions".to_owned())],
        languages_title: texts.get("languages").to_owned(),
        languages: languages.codes().into_iter().map(choice).collect(),
        is_embedded: false,
    }
}

#[test]
fn the_notice_says_what_is_switched_on_and_nothing_else() {
    for (name, facts) in
        [("notice", little(AddressMode::Hash)), ("notice-none", little(AddressMode::None)), ("notice-much", much())]
    {
        for language in Language::ALL {
            let html = page(&facts, language).html();
            assert_plain(&html);
            assert!(html.contains("href=\"https://example.com/?headcount=ignore\" class=\"button\""));
            assert!(!html.contains("<b>Ada") && !html.contains("{text}") && !html.contains("{list}"));
            check(&format!("{name}-{}", language.code()), &html);
        }
    }
    let notice = compose(&much(), NoticeLanguages::default().english());
    check("notice-much-alone", &fragment(&notice, "en", Some("Version 3"), "https://stats.example.com"));
    let embedded = NoticePage { is_embedded: true, ..page(&much(), Language::English) }.html();
    assert_plain(&embedded);
    assert!(!embedded.contains("<footer>") && !embedded.contains("<nav"));
}

#[test]
fn versions_say_what_came_and_went() {
    let languages = NoticeLanguages::default();
    let texts = languages.english();
    let (before, after) = (compose(&little(AddressMode::Truncate), texts), compose(&much(), texts));
    let NoticeDifference { came, went } = NoticeDifference::between(&before, &after);
    let version = |number: &str, cause: &str, changed| VersionLine {
        title: texts.filled("version", &[("number", number), ("date", "2026-11-23")]),
        href: format!("/privacy/example.com/versions/{number}"),
        cause: texts.get(cause).to_owned(),
        changed,
    };
    let page = NoticeVersionsPage {
        words: &ENGLISH,
        language: "en".into(),
        title: texts.filled("versions.title", &[("domain", "example.com")]),
        notice: (texts.get("link.notice").to_owned(), "/privacy/example.com".into()),
        versions: vec![
            version("3", "versions.program", Some((Vec::new(), Vec::new()))),
            version("2", "versions.settings", Some((came, went))),
            version("1", "versions.first", None),
        ],
        came_and_went: (texts.get("versions.came").to_owned(), texts.get("versions.went").to_owned()),
        same: texts.get("versions.other_words").to_owned(),
    };
    let html = page.html();
    assert_plain(&html);
    check("notice-versions", &html);
}

#[test]
fn a_request_has_its_answer() {
    let languages = NoticeLanguages::default();
    let texts = languages.texts("de").unwrap();
    let text = |key: &str| texts.get(key).to_owned();
    let mut page = NoticeRequestsPage {
        words: Language::German.words(),
        language: "de".into(),
        title: texts.filled("requests.title", &[("domain", "example.com")]),
        intro: text("requests.intro"),
        action: "/privacy/example.com/requests".into(),
        kinds: RightsRequest::ALL.map(|kind| (kind.name().to_owned(), kind.title(texts))).into(),
        labels: (text("requests.kind"), text("requests.button")),
        answer: None,
        notice: (text("link.notice"), "/privacy/example.com".into()),
    };
    assert_plain(&page.html());
    check("notice-requests", &page.html());
    for kind in RightsRequest::ALL {
        page.answer = Some((text("requests.answer"), kind.title(texts), kind.answer(&much(), texts)));
        let html = page.html();
        assert_plain(&html);
        assert!(html.contains("privacy@example.com"), "{kind:?}");
        assert_eq!(
            html.contains("?headcount=ignore"),
            matches!(kind, RightsRequest::Objection | RightsRequest::Restriction),
            "{kind:?}"
        );
    }
    page.answer =
        Some((text("requests.answer"), text("requests.objection"), RightsRequest::Objection.answer(&much(), texts)));
    check("notice-requests-answer", &page.html());
}

#[test]
fn owners_see_what_is_missing_announced_and_asked() {
    let languages = NoticeLanguages::default();
    let page = NoticeSettingsPage {
        words: &ENGLISH,
        account: None,
        domain: "example.com".into(),
        settings: NoticeSettings::default(),
        language: String::new(),
        languages: vec![("en".into(), "English".into()), ("de".into(), "Deutsch".into())],
        announced: Vec::new(),
        requests: Vec::new(),
        snippet: snippet(languages.english(), true),
        sent: SentForm::default(),
    };
    assert_plain(&page.html().replace("&#60;", "").replace("&#62;", ""));
    check("notice-settings-empty", &page.html());
    let announced = vec![AnnouncedLine { id: 4, what: "--counter true".into(), from: day("2026-12-15") }];
    let requests = vec![(day("2026-11-22"), "Access".to_owned(), 3)];
    let settings = much().owner();
    for language in Language::ALL {
        let words = language.words();
        let page = NoticeSettingsPage {
            words,
            settings: settings.clone(),
            announced: announced.clone(),
            requests: requests.clone(),
            ..page.clone()
        };
        check(&format!("notice-settings-{}", language.code()), &page.html());
    }
}
