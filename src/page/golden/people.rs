//! In: made-up users and tokens. Out: the pages on which owners change them, compared with those in `snapshots/`. Forgets: the pages.

use super::made_up::day;
use super::{assert_plain, check};
use crate::page::Account;
use crate::page::form::{FlashMessage, SentForm};
use crate::page::people::{Made, TokenLine, TokensPage, UserLine, UserPage, UsersPage};
use crate::page::sharing::{ShareLine, SharingPage};
use crate::page::words::{ENGLISH, Language};

fn account() -> Option<Account> {
    Some(Account { name: "Ana".into(), is_owner: true, sign_out: "/sign-out".into() })
}

fn user(name: &str, sites: Option<&[&str]>) -> UserLine {
    UserLine {
        name: name.into(),
        is_owner: name == "Ana",
        sites: sites.map(|sites| sites.iter().map(|site| (*site).to_owned()).collect()),
        last: (name != "Bob").then(|| day("2026-11-23")),
        has_password: name == "Ana",
        browsers: name.len(),
    }
}

#[test]
fn users_are_listed_and_added() {
    let hostile = "\"><script>alert(1)</script> מיכל";
    let users = vec![user("Ana", None), user("Bob", Some(&["example.com", "shop.test"])), user(hostile, Some(&[]))];
    let page = UsersPage { words: &ENGLISH, account: account(), users, made: None, sent: SentForm::default() };
    let html = page.html();
    assert_plain(&html);
    check("users", &html);
    let values = [("name", hostile), ("may", "some"), ("sites", "</textarea><script>")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let sent = SentForm {
        form: "user-add".into(),
        values,
        flash: Some(FlashMessage::Wrong("There is no site <script>.".into())),
    };
    let made =
        Some(Made { sentence: "This link signs in as <b>:".into(), secret: "https://stats.test/sign-in/x".into() });
    let html = UsersPage { made, sent, ..page }.html();
    assert_plain(&html);
    check("users-refused", &html);
}

#[test]
fn a_user_has_a_page_in_every_language() {
    for language in Language::ALL {
        let user = user("Bob", Some(&["example.com"]));
        let made = Some(Made { sentence: "A link:".into(), secret: "https://stats.test/sign-in/x".into() });
        let page = UserPage { words: language.words(), account: account(), user, made, sent: SentForm::default() };
        let html = page.html();
        assert_plain(&html);
        check(&format!("user-{}", language.code()), &html);
    }
}

#[test]
fn tokens_are_listed_and_made() {
    let token =
        |id, scope, site: Option<&str>| TokenLine { id, scope, site: site.map(Into::into), added: day("2026-11-02") };
    let page = TokensPage {
        words: &ENGLISH,
        account: account(),
        tokens: vec![token(1, "read", Some("example.com")), token(7, "admin", None), token(9, "annotate", None)],
        scopes: vec!["read", "ingest", "annotate", "admin"],
        sites: vec!["example.com".into(), "shop.test".into()],
        made: Some(Made { sentence: ENGLISH.settings.made_token.into(), secret: "x".repeat(43) }),
        sent: SentForm::default(),
    };
    let html = page.html();
    assert_plain(&html);
    check("tokens", &html);
    let html = TokensPage { tokens: Vec::new(), made: None, ..page }.html();
    assert_plain(&html);
    check("tokens-none", &html);
}

#[test]
fn what_is_open_is_listed_and_opened() {
    let share = |name: &str, public: Option<&str>, until| ShareLine {
        name: name.into(),
        public: public.map(Into::into),
        has_password: until,
        from: None,
        until: until.then(|| (day("2026-11-02"), true)),
        embed: if until { Vec::new() } else { vec!["*.example.org".into()] },
        segment: until.then(|| "Phones".into()),
    };
    let page = SharingPage {
        words: &ENGLISH,
        account: account(),
        domain: "example.com".into(),
        small_counts_k: 5,
        shares: vec![share("public", Some("/share/example.com"), false), share("<script>", None, true)],
        made: Some(Made { sentence: ENGLISH.settings.share_made.into(), secret: "<iframe>".into() }),
        sent: SentForm::default(),
    };
    let html = page.html();
    assert_plain(&html);
    check("sharing", &html);
    let opens = ShareLine { from: Some(day("2026-12-15")), ..share("press", None, false) };
    assert!(SharingPage { shares: vec![opens], ..page }.html().contains("Opens on 15 Dec 2026."));
}
