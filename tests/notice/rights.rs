//! What visitors ask for is answered at once; that somebody asked is a count, and nothing else of it is kept.

use super::*;
use crate::store::file::Database;

fn ask(world: &World, kind: &str) -> Answer {
    world.form("/privacy/example.com/requests", &[], &[("kind", kind), ("lang", "en")])
}

#[test]
fn a_request_is_answered_at_once_and_counted_by_kind_and_day() {
    let world = World::start();
    let form = page(&world, "/privacy/example.com/requests").text();
    assert!(form.contains("<option value=\"access\">Access: which data do you hold about me?</option>"), "{form}");
    tell(&world, None, &[(NoticeField::Contact, "privacy@example.com")]).unwrap();
    let answer = ask(&world, "access").text();
    assert!(
        answer.contains("None. The collector holds sums") && answer.contains("write to: privacy@example.com"),
        "{answer}"
    );
    let answer = ask(&world, "objection").text();
    assert!(answer.contains("href=\"https://example.com/?headcount=ignore\" class=\"button\""), "{answer}");
    ask(&world, "access");
    world.go_to("2026-06-02T01:00:00Z");
    ask(&world, "mail");
    assert_eq!(ask(&world, "money").status, 404);
    let said = notice(&world, NoticeCommand::Requests { site: SITE.into() }).unwrap();
    assert_eq!(said.text, "2026-06-02  mail  1\n2026-06-01  access  2\n2026-06-01  objection  1");
    let cookie = world.sign_in();
    let shown = world.request("GET", "/example.com/settings/notice", &[cookie], None).text();
    assert!(
        shown.contains("<th scope=\"row\">Access: which data do you hold about me?</th><td>1 Jun 2026</td><td>2</td>"),
        "{shown}"
    );
}

#[test]
fn other_sites_can_not_ask_for_somebody_and_nobody_fills_the_disk() {
    let world = World::start();
    let body = b"kind=access".as_slice();
    let evil = [("origin", "https://evil.test".to_owned())];
    assert_eq!(world.request("POST", "/privacy/example.com/requests", &evil, Some(body)).status, 403);
    let extra = world.canary("an-unusual-wish");
    world.form("/privacy/example.com/requests", &[], &[("kind", "deletion"), ("text", &extra)]);
    world.flush();
    let database = Database::of(world.folder());
    assert_eq!(database.number("SELECT sum(requests) FROM rights_requests"), 1);
}

#[test]
fn a_link_in_a_mail_leads_on_without_being_counted() {
    let world = World::start();
    let set = CampaignCommand::Set { site: SITE.into(), name: "spring".into(), sent: None };
    world.command(Command::Campaign(set)).unwrap();
    let link = CampaignCommand::Link {
        site: SITE.into(),
        campaign: "spring".into(),
        to: "https://example.com/offer?x=1".into(),
        source: "newsletter".into(),
    };
    let link = world.command(Command::Campaign(link)).unwrap().text;
    let path = link.strip_prefix(world.url()).unwrap();
    // Whatever the site honours: this is asked of the link itself.
    super::set(&world, "opt_out", false);
    let answer = world.page(&format!("{path}?count=no"));
    assert_eq!((answer.status, answer.header("location")), (302, Some("https://example.com/offer?x=1")));
    assert_eq!(world.page("/e/example.com/spring.gif?count=no").status, 200);
    assert_eq!(world.rejections(SITE), [("opted_out", 2)]);
    let counted = world.page(path);
    assert!(counted.header("location").unwrap().contains("utm_campaign=spring"));
    assert_eq!(world.rejections(SITE), [("opted_out", 2)]);
    assert_eq!(world.page("/e/none.example/spring.gif?count=no").status, 200);
}

#[test]
fn the_snippet_speaks_the_language_of_the_page() {
    let world = World::start();
    let snippet = |language: &str| {
        notice(&world, NoticeCommand::Snippet { site: SITE.into(), language: Some(language.into()) }).unwrap().text
    };
    assert!(snippet("en").contains("data-stop=\"Don't count this browser\""));
    assert!(snippet("fr").contains("lang=\"fr\"") && snippet("fr").contains("localStorage.headcount_ignore"));
    assert!(!snippet("de").contains('{') || !snippet("de").contains("{stop}"));
    for page in ["/privacy/example.com/opt-out", "/privacy/example.com/opt-out?embed&lang=fr"] {
        assert!(super::page(&world, page).text().contains("https://example.com/?headcount=ignore"), "{page}");
    }
}

#[test]
fn the_snippet_honours_the_signals_that_the_site_honours() {
    let world = World::start();
    let snippet = || notice(&world, NoticeCommand::Snippet { site: SITE.into(), language: None }).unwrap().text;
    assert!(snippet().contains("const honours = true\n"), "{}", snippet());
    super::set(&world, "opt_out", false);
    assert!(snippet().contains("const honours = false\n"), "{}", snippet());
}

#[test]
fn a_site_without_tokens_tells_of_no_number_and_no_key() {
    let world = World::start();
    let told = || {
        let asked = world.form("/privacy/example.com/requests", &[], &[("kind", "access")]);
        asked.text() + &super::page(&world, "/privacy/example.com").text()
    };
    let sentences = ["a number in memory, which", "The key of the day is in memory only."];
    assert!(sentences.iter().all(|sentence| told().contains(sentence)), "{}", told());
    super::set(&world, "address", "none");
    assert!(!sentences.iter().any(|sentence| told().contains(sentence)), "{}", told());
}

#[test]
fn a_version_that_changed_another_language_alone_says_so() {
    let world = World::start();
    super::tell(&world, None, &[(headcount::site::NoticeField::Host, "A Host")]).unwrap();
    super::tell(&world, Some("de"), &[(headcount::site::NoticeField::Host, "Ein Hoster")]).unwrap();
    let versions = notice(&world, NoticeCommand::Versions { site: SITE.into(), language: None }).unwrap().text;
    let told = "the site has changed something\n  Nothing that this language says has changed.\n";
    assert!(versions.contains(told), "{versions}");
}
