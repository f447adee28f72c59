//! What a site does without: it acts at the door in every format, is said wherever it is asked for, and stays over a restart. The
//! preset that refuses what leaves it, the documents that follow from the settings, and `explain` for whole requests.

use std::io::Write;
use std::process::Stdio;

use headcount::control::document::{DocumentCommand, DocumentKind};
use headcount::control::notice::NoticeCommand;
use headcount::control::{Command, Refused, SiteChange};
use headcount::site::NoticeField;
use serde_json::{Value, json};

use crate::arriving::{WEBSITE, send, world};
use crate::operators::{Server, folder, headcount, printed, refused};
use crate::world::World;

fn set(world: &World, change: SiteChange) -> Result<Value, Refused> {
    world.command(Command::SiteSet { domain: "example.com".into(), change }).map(|reply| reply.json)
}

fn collect(world: &World, words: &str) {
    set(world, SiteChange::of("collect", [words])).unwrap();
}

fn answer(world: &World, metrics: &[&str], dimension: &str) -> Value {
    world
        .query(json!({"site_id": "example.com", "metrics": metrics, "date_range": "day", "dimensions": [dimension]}))
        .json()
}

/// The values of a dimension with their pageviews, and the codes of warnings.
fn asked(world: &World, dimension: &str) -> (Vec<String>, Vec<String>) {
    let answer = answer(world, &["pageviews"], dimension);
    let row = |row: &Value| format!("{} {}", row["dimensions"][0].as_str().unwrap(), row["metrics"][0]);
    let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(row).collect();
    let warnings = answer["meta"]["warnings"].as_array().into_iter().flatten();
    (rows, warnings.map(|warning| warning["code"].as_str().unwrap().to_owned()).collect())
}

const EVERYTHING: [&str; 21] = [
    "visit:source",
    "visit:referrer",
    "visit:channel",
    "visit:utm_source",
    "visit:utm_medium",
    "visit:utm_campaign",
    "visit:utm_content",
    "visit:utm_term",
    "visit:country",
    "visit:region",
    "visit:city",
    "visit:browser",
    "visit:browser_version",
    "visit:os",
    "visit:os_version",
    "visit:device",
    "visit:screen",
    "visit:language",
    "visit:entry_page",
    "visit:exit_page",
    "event:hostname",
];

const NOTHING_MORE: &str = "no-source,no-channel,no-utm,no-country,no-browser,no-os,no-device,no-screen,no-language,no-entry-exit,\
                            no-hostname,no-engagement,no-properties,no-money";

#[test]
fn nothing_of_it_is_counted_in_any_format() {
    let world = world();
    collect(&world, NOTHING_MORE);
    let page = "https://example.com/a?utm_source=x&utm_medium=y&utm_campaign=z&utm_content=c&utm_term=t";
    let umami = json!({"type": "event", "payload": {"website": WEBSITE, "url": "/a?utm_source=x", "hostname": "example.com",
        "language": "de", "screen": "1200x800"}});
    let ours = json!({"n": "Buy", "u": page, "d": "example.com", "r": "https://www.google.com/", "p": {"plan": "pro"},
        "$": {"amount": "5", "currency": "EUR"}, "w": 1200});
    let requests = [
        ("POST", "/api/event", ours.to_string()),
        ("GET", "/pixel.gif?d=example.com&u=/a%3Futm_source%3Dx", String::new()),
        ("POST", "/api/send", umami.to_string()),
        ("GET", "/count/example.com?p=/a&q=utm_source%3Dx", String::new()),
        ("GET", "/matomo.php?idsite=7&rec=1&url=https%3A%2F%2Fexample.com%2Fa%3Futm_source%3Dx", String::new()),
        ("GET", "/collect?p=%2Fa&h=https%3A%2F%2Fexample.com&sid=7", String::new()),
        ("GET", "/simple.gif?hostname=example.com&path=%2Fa&type=pageview", String::new()),
    ];
    for (method, path, body) in &requests {
        let answer = send(&world, method, path, &[("accept-language", "de")], body);
        assert_eq!(answer.header("x-headcount-rejected"), None, "{path} {}", answer.text());
    }
    for dimension in EVERYTHING.into_iter().chain(["event:props:plan"]) {
        assert_eq!(asked(&world, dimension), (Vec::new(), vec!["not_collected".to_owned()]), "{dimension}");
    }
    assert_eq!(asked(&world, "event:page"), (vec!["/a 6".to_owned()], Vec::new()));
    let ping = json!({"n": "engagement", "u": page, "d": "example.com", "e": 5000, "sd": 50}).to_string();
    assert_eq!(send(&world, "POST", "/api/event", &[], &ping).header("x-headcount-rejected"), Some("excluded"));
    let told = answer(&world, &["visitors", "time_on_page"], "event:page");
    assert_eq!(told["meta"]["warnings"][0]["code"], "not_collected", "{told}");
    assert!(told["meta"]["warnings"][0]["warning"].as_str().unwrap().contains("engagement"), "{told}");
}

#[test]
fn it_acts_with_the_next_hit_of_a_running_visit_too_and_over_restarts() {
    let mut world = World::start();
    world.pageview("/a").from("https://www.google.com/").ok();
    assert_eq!(asked(&world, "visit:source"), (vec!["Google 1".to_owned()], Vec::new()));
    collect(&world, "no-source,no-entry_page");
    world.pageview("/b").ok();
    world.pageview("/c").by("bob").from("https://www.google.com/").ok();
    let left = (vec!["Google 1".to_owned()], vec!["not_collected".to_owned()]);
    assert_eq!(asked(&world, "visit:source"), left);
    world.kill();
    world.pageview("/d").by("bob").ok();
    assert_eq!(asked(&world, "visit:source"), left);
    assert_eq!(asked(&world, "visit:channel").0, ["Organic Search 4"]);
    world.go_to("2026-06-02T09:00:00Z");
    world.pageview("/e").ok();
    world.flush();
    let yesterday = json!({"site_id": "example.com", "metrics": ["visits"], "date_range": ["2026-06-01", "2026-06-01"],
        "dimensions": ["visit:exit_page"], "filters": [["is", "visit:source", ["Google"]]]});
    // The visit that went on without its source is in no cell of two dimensions.
    assert_eq!(world.query(yesterday).json()["results"], json!([]));
    collect(&world, "all");
    world.pageview("/f").by("bob").from("https://www.google.com/").ok();
    assert_eq!(asked(&world, "visit:source"), (vec!["Google 1".to_owned()], Vec::new()));
}

#[test]
fn panels_are_shown_where_there_are_older_sums_alone() {
    let world = World::start();
    let cookie = [world.sign_in()];
    let page = |period: &str| world.request("GET", &format!("/example.com?period={period}"), &cookie, None).text();
    world.pageview("/a").from("https://www.google.com/").ok();
    collect(&world, "no-places,no-language,no-screen");
    assert!(page("day").contains(">Countries<"), "it was collected until now");
    world.go_to("2026-06-02T09:00:00Z");
    world.pageview("/a").ok();
    let today = page("day");
    assert!(!today.contains(">Countries<") && !today.contains(">Languages<") && today.contains(">Browsers<"));
    assert!(page("7d").contains(">Countries<"));
    let report = world.command(Command::Report {
        site: "example.com".into(),
        period: "day".into(),
        by: Some("country".into()),
        rows: None,
        filter: Vec::new(),
        compare: None,
    });
    assert!(report.unwrap().text.contains("example.com does not collect country"));
}

#[test]
fn owners_switch_in_the_settings_of_the_site() {
    let world = World::start();
    let cookie = [world.sign_in()];
    let form = |fields: &[(&str, &str)]| world.form("/example.com/settings/collect", &cookie, fields);
    let saved = form(&[("collect", "no-city"), ("collect", "no-screen"), ("preset", "cnil")]);
    assert_eq!(saved.status, 303, "{}", saved.text());
    let site = world.collector().directory().find("example.com").unwrap().clone();
    assert_eq!(site.settings.collect.words(), ["no-utm", "no-city", "no-screen", "no-properties", "no-money"]);
    let refused = form(&[("preset", "cnil")]);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("--preset none"), "{}", refused.text());
    let wrong = form(&[("collect", "no-page"), ("preset", "none")]);
    assert!(wrong.status == 400 && wrong.text().contains("nothing that a site can do without"));
    for (language, title) in [("en", "What is collected"), ("de", "Was erhoben wird"), ("fr", "Ce qui est collecté")] {
        let headers = [cookie[0].clone(), ("accept-language", language.to_owned())];
        let page = world.request("GET", "/example.com/settings", &headers, None).text();
        assert!(page.contains(&format!("<h2 id=\"collect\">{title}</h2>")), "{language}");
    }
}

#[test]
fn owners_say_in_the_settings_what_is_kept_and_published() {
    let world = World::start();
    let cookie = [world.sign_in()];
    let form =
        |name: &str, fields: &[(&str, &str)]| world.form(&format!("/example.com/settings/{name}"), &cookie, fields);
    let settings = || world.collector().directory().find("example.com").unwrap().settings.clone();
    let kept = form("keeping", &[("keep", "days=1y\r\nmails=90d"), ("k_at_rest", "5\r\ncity=10")]);
    assert_eq!(kept.status, 303, "{}", kept.text());
    assert_eq!(settings().retention.words(), ["days=12m", "mails=90d"]);
    assert_eq!(settings().k_at_rest.words(), ["5", "city=10"]);
    let shown = form("publishing", &[("small_counts_k", "7"), ("publish", "true"), ("publish_epsilon", "0.5")]);
    assert_eq!(shown.status, 303, "{}", shown.text());
    let now = settings();
    assert_eq!((now.small_counts_k, now.publish.is_on, now.publish.epsilon.0), (7, true, 500));
    assert!(!now.publish_audit, "a box that is not ticked");
    assert_eq!(form("publishing", &[("small_counts_k", "1"), ("publish_epsilon", "1")]).status, 400);
    set(&world, SiteChange::of("preset", "cnil")).unwrap();
    let refused = form("keeping", &[("keep", "days=3y"), ("k_at_rest", "")]);
    let page = refused.text();
    assert!(refused.status == 400 && page.contains("--keep months=24m"), "{page}");
    assert!(page.contains("\ndays=3y</textarea>"), "what was typed stays: {page}");
    for (language, titles) in [
        ("en", ["What is kept", "What everybody may see", "Forget figures"]),
        ("de", ["Was bleibt", "Was alle sehen dürfen", "Zahlen vergessen"]),
        ("fr", ["Ce qui est conservé", "Ce que tout le monde peut voir", "Oublier des chiffres"]),
    ] {
        let headers = [cookie[0].clone(), ("accept-language", language.to_owned())];
        let page = world.request("GET", "/example.com/settings", &headers, None).text();
        assert!(titles.iter().all(|title| page.contains(&format!("\">{title}</h2>"))), "{language}: {page}");
    }
}

#[test]
fn the_preset_is_kept_by_commands_with_a_server_and_without() {
    let (_home, data) = folder();
    printed(&["--data", &data, "site", "add", "example.com", "--preset", "cnil"]);
    let shown: Value =
        serde_json::from_str(&printed(&["--data", &data, "--json", "site", "show", "example.com"])).unwrap();
    assert_eq!(shown["address"], "truncate");
    assert_eq!(shown["collect"], json!(["no-utm", "no-city", "no-properties", "no-money"]));
    let leave = ["--data", &data, "site", "set", "example.com", "--address", "hash"];
    let way_out = "`headcount site set example.com --preset none`";
    let (code, sentence) = refused(&leave);
    assert!(code == 1 && sentence.contains(way_out), "{sentence}");
    let server = Server::start(std::path::Path::new(&data), &[]);
    let (code, sentence) = refused(&leave);
    assert!(code == 1 && sentence.contains(way_out), "{sentence}");
    printed(&["--data", &data, "site", "set", "example.com", "--preset", "none", "--address", "hash"]);
    server.stop();
}

fn document(world: &World, kind: DocumentKind) -> Value {
    let command = DocumentCommand { kind, site: "example.com".into(), as_html: false };
    world.command(Command::Document(command)).unwrap().json
}

/// How many points are met, and which are not.
fn points(world: &World) -> (usize, Vec<String>) {
    let document = document(world, DocumentKind::Assessment);
    let sections = document["sections"].as_array().unwrap();
    let of =
        |status: &str| sections.iter().filter(|it| it["status"] == status).map(|it| it["title"].to_string()).collect();
    let met: Vec<String> = of("met");
    (met.len(), of("not_met"))
}

#[test]
fn documents_follow_the_settings() {
    let world = World::start();
    assert_eq!(
        points(&world),
        (4, {
            let titles = [
                "The purpose is the measurement of the audience alone",
                "The data are not matched with other data",
                "Addresses give no place finer than the city, and are not kept",
                "Sources are no finer than the audience needs",
                "What is collected is kept for 25 months at most",
            ];
            titles.map(|title| format!("{title:?}")).to_vec()
        })
    );
    set(&world, SiteChange::of("preset", "cnil")).unwrap();
    assert_eq!(points(&world), (9, Vec::new()));
    let record = document(&world, DocumentKind::Record).to_string();
    assert!(
        record.contains("Not collected: no-utm, no-city, no-properties, no-money.")
            && record.contains("cut to its network")
    );
    assert!(!record.contains("utm_source") && record.contains("Missing: name and address of the controller"));
    let html = DocumentCommand { kind: DocumentKind::Record, site: "example.com".into(), as_html: true };
    assert!(world.command(Command::Document(html)).unwrap().text.starts_with("<!doctype html>"));
}

#[test]
fn stated_purposes_are_for_the_owner_to_judge() {
    let world = World::start();
    set(&world, SiteChange::of("preset", "cnil").with("address", "none")).unwrap();
    let said = [(NoticeField::Purposes, "advertising"), (NoticeField::Controller, "Agency X")];
    let texts = said.map(|(field, text)| (field, text.to_owned())).into();
    let texts = NoticeCommand::Set { site: "example.com".into(), language: None, texts };
    world.command(Command::Notice(texts)).unwrap();
    let assessment = document(&world, DocumentKind::Assessment);
    assert_eq!(assessment["sections"][0]["status"], "for_the_owner", "{assessment}");
    let text = assessment.to_string();
    assert!(text.contains("to be judged by the owner: advertising.") && text.contains("Controller: Agency X."));
    let record = document(&world, DocumentKind::Record).to_string();
    for none in ["a hash whose random key", "What stands for a visitor", "a number that stands", "BLAKE3"] {
        assert!(!text.contains(none) && !record.contains(none), "{none}");
    }
}

#[test]
fn a_preset_says_what_it_has_set() {
    let world = World::start();
    set(&world, SiteChange::of("query_keys", ["id"])).unwrap();
    let change = SiteChange::of("preset", "cnil");
    let said = world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap().text;
    assert!(said.contains("What is older goes") && said.contains("--query-key none"), "{said}");
    assert!(said.contains("The preset has set --address truncate"), "{said}");
    let change = SiteChange::of("publish", false).with("keep", headcount::site::SettingValue::EMPTY);
    world.command(Command::SiteSet { domain: "example.com".into(), change: SiteChange::of("preset", "none") }).unwrap();
    let said = world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap().text;
    assert!(!said.contains("What is older goes") && !said.contains("first day that is published"), "{said}");
}

#[test]
fn the_record_has_all_that_visitors_are_told() {
    let world = World::start();
    let kept = SiteChange::of("publish", true).with("publish_epsilon", "0.5").with("publish_audit", true);
    set(&world, kept.with("k_at_rest", ["7", "city=20"]).with("keep", ["months=1y"])).unwrap();
    let said = |field: NoticeField| format!("said of {}", field.name());
    let texts = NoticeField::ALL.into_iter().map(|field| (field, said(field))).collect();
    let texts = NoticeCommand::Set { site: "example.com".into(), language: None, texts };
    world.command(Command::Notice(texts)).unwrap();
    let record = document(&world, DocumentKind::Record).to_string();
    for part in ["epsilon 0.5 a day", "/public/example.com.json", "/privacy/example.com/audit", "7, city=20"] {
        assert!(record.contains(part), "{part}: {record}");
    }
    assert!(record.contains("days: 12 months; day-pairs: 12 months; months: 12 months"), "{record}");
    let no_part = [NoticeField::ComplaintBody, NoticeField::Minors];
    for field in NoticeField::ALL.into_iter().filter(|field| !no_part.contains(field)) {
        assert!(record.contains(&said(field)), "{}: {record}", field.name());
    }
    // What the notice does not tell is not claimed: without a table of places and without visitors.
    set(&world, SiteChange::of("address", "none")).unwrap();
    let record = document(&world, DocumentKind::Record).to_string();
    assert!(!record.contains("entry_page") && !record.contains("engagement"), "{record}");
}

#[test]
fn the_page_explains_a_request_and_counts_nothing() {
    let world = World::start();
    let cookie = [world.sign_in()];
    let form = |fields: &[(&str, &str)]| world.form("/example.com/settings/explain", &cookie, fields);
    let own = form(&[("own", "true")]);
    assert!(own.status == 200 && own.text().contains("beacon::Beacon"), "{}", own.text());
    let fields = [("address", "198.51.100.9"), ("agent", "GPTBot/1.2"), ("url", "https://example.com/a")];
    let bot = form(&fields).text();
    assert!(bot.contains("198.51.100.9") && bot.contains("bot, GPTBot"), "{bot}");
    let raw = "GET /pixel.gif?d=example.com&u=/b HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\r\n";
    let raw = form(&[("raw", raw), ("address", "198.51.100.9")]).text();
    assert!(raw.contains("visit::Visitor") && raw.contains("pageviews +1"), "{raw}");
    let wrong = form(&[("address", "here")]);
    assert!(wrong.status == 400 && wrong.text().contains("is no address"));
    assert_eq!(asked(&world, "event:page").0, Vec::<String>::new());
    assert!(world.rejections("example.com").is_empty());
    for (language, title) in [("de", "Was aus einer Anfrage wird"), ("fr", "Ce que devient une requête")] {
        let headers = [cookie[0].clone(), ("accept-language", language.to_owned())];
        assert!(world.request("GET", "/example.com/settings/explain", &headers, None).text().contains(title));
    }
    assert_ne!(world.page("/example.com/settings/explain").status, 200, "for owners alone");
}

#[test]
fn explain_reads_the_settings_of_a_folder_whoever_owns_it() {
    const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let (_home, data) = folder();
    printed(&["--data", &data, "site", "add", "example.com", "--collect", "no-browser"]);
    let words = [
        "--data",
        &data,
        "--json",
        "explain",
        "--site",
        "example.com",
        "--user-agent",
        AGENT,
        "--url",
        "https://example.com/a",
    ];
    let axes = || {
        let told: Value = serde_json::from_str(&printed(&words)).unwrap();
        let cells = told["messages"][0]["cells"].as_array().unwrap_or_else(|| panic!("{told}")).clone();
        (told["by_default_settings"] == json!(true), cells.iter().any(|cell| cell["axis"] == "browser"))
    };
    assert_eq!(axes(), (false, false));
    let server = Server::start(std::path::Path::new(&data), &[]);
    assert_eq!(axes(), (false, false));
    server.stop();
    let report = printed(&["--data", &data, "report", "--site", "example.com", "--period", "day"]);
    assert!(!report.contains("visitors  1"), "{report}");
    let (_other, empty) = folder();
    let told = printed(&["--data", &empty, "explain", "--site", "example.com", "--user-agent", AGENT]);
    assert!(told.contains("by the default settings") && told.contains("Nothing of this was counted"), "{told}");
    let raw = ["--data", &data, "explain", "--request", "-", "--address", "198.51.100.9"];
    let mut child = headcount(&raw).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let request = format!("GET /pixel.gif?d=example.com&u=/user/ana%40mail.test HTTP/1.1\nUser-Agent: {AGENT}\n\n");
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let told = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(told.contains("198.51.100.9") && told.contains("-> /user/:email  :email"), "{told}");
    let (code, sentence) = refused(&["--data", &data, "explain", "--request", "/nowhere"]);
    assert!(code == 1 && sentence.contains("can't be read"), "{sentence}");
}
