//! What visitors of a site are told: made of what is set, in versions that stay, with changes that are announced first; and what they
//! may ask for.

#[path = "notice/announcing.rs"]
mod announcing;
#[path = "notice/places.rs"]
mod places;
#[path = "notice/rights.rs"]
mod rights;

use std::collections::BTreeMap;

use headcount::control::campaign::CampaignCommand;
use headcount::control::notice::{NoticeCommand, keeping};
use headcount::control::share::ShareCommand;
use headcount::control::{Command, Refused, Reply, SiteChange};
use headcount::site::{NoticeField, SettingValue};
use serde_json::json;

use crate::world::{Answer, World};

const SITE: &str = "example.com";

fn set(world: &World, name: &str, value: impl Into<SettingValue>) -> Reply {
    world.command(Command::SiteSet { domain: SITE.into(), change: SiteChange::of(name, value) }).unwrap()
}

fn notice(world: &World, command: NoticeCommand) -> Result<Reply, Refused> {
    world.command(Command::Notice(command))
}

fn tell(world: &World, language: Option<&str>, texts: &[(NoticeField, &str)]) -> Result<Reply, Refused> {
    let texts: BTreeMap<_, _> = texts.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
    notice(world, NoticeCommand::Set { site: SITE.into(), language: language.map(str::to_owned), texts })
}

fn open(world: &World, name: Option<&str>, expires: Option<&str>) -> Reply {
    let (name, expires) = (name.map(str::to_owned), expires.map(str::to_owned));
    let add = ShareCommand::Add { site: SITE.into(), name, password: None, expires, embed: Vec::new(), segment: None };
    world.command(Command::Share(add)).unwrap()
}

fn page(world: &World, path: &str) -> Answer {
    let answer = world.page(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

/// The number of the version in force.
fn version(world: &World) -> u64 {
    page(world, "/privacy/example.com/notice.json").json()["version"].as_u64().unwrap()
}

#[test]
fn the_notice_tells_what_is_counted_here_and_nothing_else() {
    let world = World::start();
    let text = || page(&world, "/privacy/example.com").text();
    let sentences: [(&str, &dyn Fn()); 6] = [
        ("steps that the site watches", &|| {
            let steps = vec!["/cart".into(), "Purchase".into()];
            world.command(Command::FunnelAdd { site: SITE.into(), name: "Buys".into(), steps }).unwrap();
        }),
        ("How much money such an action brings", &|| {
            world.command(Command::GoalAdd { site: SITE.into(), target: "Purchase".into(), name: None }).unwrap();
        }),
        ("Mails of this site hold a picture", &|| {
            let set = CampaignCommand::Set { site: SITE.into(), name: "spring".into(), sent: None };
            world.command(Command::Campaign(set)).unwrap();
        }),
        ("open to everybody on a public page", &|| drop(open(&world, None, None))),
        ("is told a coarse number", &|| drop(set(&world, "counter", true))),
        ("these keys belong to the page: id.", &|| drop(set(&world, "query_keys", ["id"]))),
    ];
    for (sentence, switch_on) in sentences {
        let before = version(&world);
        assert!(!text().contains(sentence), "{sentence}");
        switch_on();
        assert!(text().contains(sentence), "{sentence}");
        assert_eq!(version(&world), before + 1, "{sentence}");
    }
    assert!(text().contains("Browsers that send Global Privacy Control"));
    set(&world, "opt_out", false);
    assert!(!text().contains("Browsers that send Global Privacy Control"));
    set(&world, "address", "none");
    assert!(text().contains("Not at all.") && !text().contains("how long visits took"));
}

#[test]
fn what_visitors_are_not_told_of_makes_no_version() {
    let world = World::start();
    assert_eq!(version(&world), 1);
    set(&world, "exclude_ips", ["203.0.113.0/24"]);
    set(&world, "values_max", 7_u32);
    world.pageview("/a").ok();
    assert_eq!(version(&world), 1);
    assert!(!page(&world, "/privacy/example.com").text().contains("203.0.113"));
}

#[test]
fn old_versions_stay_readable_and_say_what_came_and_went() {
    let mut world = World::start();
    world.go_to("2026-06-02T10:00:00Z");
    set(&world, "address", "truncate");
    world.go_to("2026-06-05T10:00:00Z");
    set(&world, "counter", true);
    world.restart();
    let old = page(&world, "/privacy/example.com/versions/1?lang=en").text();
    assert!(old.contains("This is an old version. It was in force from 2026-06-01 until 2026-06-02."), "{old}");
    assert!(old.contains("For the length of a day, your IP address"));
    let now = page(&world, "/privacy/example.com/versions/3").text();
    assert!(!now.contains("old version") && now.contains("Version 3, in force since 2026-06-05"));
    let list = page(&world, "/privacy/example.com/versions").text();
    assert!(list.contains("<del>For the length of a day, your IP address"), "{list}");
    assert!(list.contains("<ins>First the last part of your IP address is cut off."));
    assert!(list.contains("<ins>Everybody may ask how often a page was viewed"));
    for wrong in ["/versions/4", "/versions/0", "/versions/x", "/nothing"] {
        assert_eq!(world.page(&format!("/privacy/example.com{wrong}")).status, 404, "{wrong}");
    }
    let listed = notice(&world, NoticeCommand::Versions { site: SITE.into(), language: Some("de".into()) }).unwrap();
    let first = listed.json.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&first["version"], &first["cause"], &first["effective"]),
        (&json!(1), &json!("first"), &json!("2026-06-01"))
    );
    assert!(
        listed.text.starts_with("3  2026-06-05  die Website hat etwas geändert\n  + Alle dürfen fragen"),
        "{}",
        listed.text
    );
    // With the site its notices go.
    world.command(Command::SiteRemove { domain: SITE.into() }).unwrap();
    assert_eq!(world.page("/privacy/example.com/versions/1").status, 404);
}

#[test]
fn a_share_that_ends_is_gone_from_the_notice_by_itself() {
    let world = World::start();
    open(&world, Some("Board"), Some("2026-06-03"));
    assert!(page(&world, "/privacy/example.com").text().contains("A secret link shows the sums"));
    world.go_to("2026-06-04T00:00:00Z");
    assert!(!page(&world, "/privacy/example.com").text().contains("A secret link shows the sums"));
    assert_eq!(version(&world), 3);
}

#[test]
fn the_owner_says_what_the_program_can_not_know_in_each_language() {
    let world = World::start();
    let missing = |world: &World| notice(world, NoticeCommand::Check { site: SITE.into() }).unwrap();
    assert_eq!(
        missing(&world).json["missing"],
        json!(["controller", "contact", "legal_basis", "host", "complaint_body"])
    );
    let all = [
        (NoticeField::Controller, "Ada <i>& Sons\n1 Street"),
        (NoticeField::Contact, "privacy@example.com"),
        (NoticeField::LegalBasis, "legitimate interests"),
        (NoticeField::Host, "A Host"),
        (NoticeField::ComplaintBody, "The authority"),
    ];
    tell(&world, None, &all).unwrap();
    tell(&world, Some("de"), &[(NoticeField::Host, "Ein Hoster")]).unwrap();
    assert_eq!(missing(&world).json["is_complete"], json!(true));
    let english = page(&world, "/privacy/example.com").text();
    assert!(
        english.contains("Ada &#60;i&#62;&#38; Sons<br>1 Street") && english.contains("hosted by: A Host"),
        "{english}"
    );
    let german = world.request("GET", "/privacy/example.com", &[("accept-language", "de-AT".into())], None).text();
    assert!(german.contains("Ein Hoster") && german.contains("privacy@example.com") && german.contains("lang=\"de\""));
    let markdown = page(&world, "/privacy/example.com/notice.md?lang=fr").text();
    assert!(markdown.starts_with("# Comment example.com compte les visites\n\nVersion 3, en vigueur"), "{markdown}");
    assert!(markdown.contains("Ada \\<i\\>\\& Sons\\\n1 Street"), "{markdown}");
    tell(&world, None, &[(NoticeField::Contact, "")]).unwrap();
    assert_eq!(missing(&world).json["missing"], json!(["contact"]));
    for (language, field, text) in [
        (Some("xx"), NoticeField::Host, "x".to_owned()),
        (None, NoticeField::Host, "x".repeat(4_001)),
        (None, NoticeField::Host, "\u{1b}[2J".to_owned()),
    ] {
        assert!(tell(&world, language, &[(field, &text)]).is_err(), "{language:?} {text:?}");
    }
    assert!(tell(&world, None, &[]).is_err());
}

#[test]
fn a_file_beside_the_database_is_a_further_language() {
    let world = World::start();
    assert_eq!(version(&world), 1);
    let folder = world.folder().join("notice");
    std::fs::create_dir(&folder).unwrap();
    let file = "language.name = Italiano\ntitle = Come {domain} conta le visite\nout.button = Non contarmi\n";
    std::fs::write(folder.join("it.txt"), file).unwrap();
    let italian = page(&world, "/privacy/example.com?lang=it").text();
    assert!(italian.contains("<h1>Come example.com conta le visite</h1>") && italian.contains("In short"), "{italian}");
    let json = page(&world, "/privacy/example.com/notice.json?lang=it").json();
    assert_eq!((&json["language"], &json["version"]), (&json!("it"), &json!(2)));
    let versions = notice(&world, NoticeCommand::Versions { site: SITE.into(), language: None }).unwrap();
    assert_eq!(versions.json[0]["cause"], json!("program"), "the settings are as they were");
    let check = notice(&world, NoticeCommand::Check { site: SITE.into() }).unwrap();
    assert!(check.text.contains("notice/it.txt: out.button must have {domain}, as in English"), "{}", check.text);
    assert!(page(&world, "/privacy/example.com?lang=xx").text().contains("In short"), "an unknown one is English");
}

#[test]
fn nothing_is_composed_or_read_of_a_site_of_which_nothing_has_changed() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("shop.test", "Etc/UTC")]);
    let look = || keeping::look(world.collector(), world.url()).unwrap();
    let work = || world.collector().notices().work();
    let gpc = |host: &str| world.request("GET", "/.well-known/gpc.json", &[("host", host.to_owned())], None).json();
    let own = world.url().strip_prefix("http://").unwrap();
    look();
    let before = work();
    for _ in 0..5 {
        look();
        assert_eq!(gpc(own), json!({"gpc": true, "lastUpdate": "2026-06-01"}));
        page(&world, "/privacy/example.com");
    }
    assert_eq!(work(), before, "nothing has changed");
    world.go_to("2026-06-02T09:00:00Z");
    look();
    assert_eq!(work(), before, "a day alone changes nothing");
    set(&world, "opt_out", false);
    let after = work();
    assert!(after.0 > before.0 && after.1 == before.1, "one of the sites: {before:?} {after:?}");
    look();
    assert_eq!((work(), gpc(own)), (after, json!({"gpc": false, "lastUpdate": "2026-06-02"})));
    open(&world, Some("Board"), Some("2026-06-03"));
    let opened = work();
    world.go_to("2026-06-04T09:00:00Z");
    look();
    assert_eq!(work(), (opened.0 + 1, opened.1), "an end makes a version");
}

#[test]
fn programs_find_the_notice_and_whether_the_signal_is_honoured() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("shop.test", "Etc/UTC")]);
    let answer = page(&world, "/privacy/example.com/notice.json");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let told = answer.json();
    assert_eq!(told["shape"], json!("1"));
    assert_eq!(told["facts"]["address"], json!("hash"));
    assert_eq!(told["effective"], json!("2026-06-01"));
    let proof = told["sections"].as_array().unwrap().iter().find(|it| it["id"] == "rights").unwrap();
    assert_eq!(proof["lines"][2]["link"], json!(format!("{}/privacy/example.com/requests", world.url())));
    let gpc = |host: &str| world.request("GET", "/.well-known/gpc.json", &[("host", host.to_owned())], None);
    assert_eq!(gpc("www.example.com").json(), json!({"gpc": true, "lastUpdate": "2026-06-01"}));
    world.go_to("2026-06-03T09:00:00Z");
    set(&world, "opt_out", false);
    assert_eq!(gpc("example.com:8080").json(), json!({"gpc": false, "lastUpdate": "2026-06-03"}));
    assert_eq!(gpc("shop.test").json()["gpc"], json!(true));
    assert_eq!(page(&world, "/.well-known/gpc.json").json()["gpc"], json!(false), "not all sites of the collector do");
    assert_eq!(gpc("elsewhere.test").status, 404);
}

#[test]
fn the_notice_may_stand_in_pages_of_its_site_alone() {
    let world = World::start();
    let policy = |path: &str| page(&world, path).header("content-security-policy").unwrap().to_owned();
    assert!(policy("/privacy/example.com").ends_with("frame-ancestors 'none'"));
    assert!(
        policy("/privacy/example.com?embed").ends_with("frame-ancestors https://example.com https://*.example.com")
    );
    assert!(!page(&world, "/privacy/example.com?embed").text().contains("<footer>"));
    assert_eq!(world.page("/privacy/none.example").status, 404);
}
