//! Crawlers, assistants and libraries are counted as programs, in a panel, exports and reports of their own.

use headcount::control::{Command, SiteChange};
use headcount::limits::BOT_ROWS_PER_DAY_MAX;
use headcount::site::SettingValue;
use serde_json::{Value, json};

use crate::store::file::Database;
use crate::world::World;

const GPTBOT: &str =
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

fn report(world: &World, rows: Option<usize>) -> Value {
    let command = Command::Report {
        site: "example.com".into(),
        period: "today".into(),
        by: Some("bot".into()),
        rows,
        filter: Vec::new(),
        compare: None,
    };
    world.command(command).unwrap().json
}

/// Groups of pages, and how often they were asked for.
type Pages = Vec<(String, u64)>;

/// Families with how often they came, and for what.
fn counted(world: &World) -> Vec<(String, u64, Pages)> {
    let pages = |row: &Value| -> Pages {
        let pages = row["pages"].as_array().unwrap();
        pages.iter().map(|p| (p["pages"].as_str().unwrap().to_owned(), p["messages"].as_u64().unwrap())).collect()
    };
    let rows = report(world, None)["rows"].as_array().unwrap().clone();
    rows.iter()
        .map(|row| (row["bot"].as_str().unwrap().to_owned(), row["messages"].as_u64().unwrap(), pages(row)))
        .collect()
}

#[test]
fn programs_are_no_visitors_but_counted_by_family_and_pages() {
    let mut world = World::start();
    let secret = world.canary("secretname");
    for (agent, path) in [
        (GPTBOT, "/docs/a"),
        (GPTBOT, "/docs/b?key=secretname"),
        (GPTBOT, "/"),
        (GOOGLEBOT, "/blog/2026/x"),
        ("Mozilla/5.0 (compatible; Unheard-Crawler/9; +https://secretname.test)", "/ana@secretname.test/x"),
    ] {
        world.pageview(path).with(agent).ok();
    }
    world.pageview("/").key("wd", 1).ok();
    let chatgpt = ("signature-agent", "\"https://chatgpt.com\"");
    world.pageview("/pricing").header(chatgpt.0, chatgpt.1).ok();
    // Server-side clients are libraries, and count as people on this format.
    world.pageview("/").with("python-requests/2.32").ok();
    let of = |family: &str, pages: &[(&str, u64)]| {
        let all = pages.iter().map(|(_, count)| count).sum();
        (family.to_owned(), all, pages.iter().map(|(pages, count)| ((*pages).to_owned(), *count)).collect::<Pages>())
    };
    let expected = [
        of("GPTBot", &[("/docs", 2), ("/", 1)]),
        of("Automated browser", &[("/", 1)]),
        of("ChatGPT agent", &[("/pricing", 1)]),
        of("Googlebot", &[("/blog", 1)]),
        of("Other crawler", &[("/:email", 1)]),
    ];
    assert_eq!(counted(&world), expected);
    world.flush();
    world.pageview("/docs/c").with(GPTBOT).ok();
    assert_eq!(counted(&world)[0], of("GPTBot", &[("/docs", 3), ("/", 1)]), "stored and unstored ones are added");
    world.restart();
    assert_eq!(counted(&world)[0], of("GPTBot", &[("/docs", 3), ("/", 1)]), "a restart forgets none");
    assert_eq!(report(&world, Some(1))["more"], 4);
    assert!(!report(&world, None).to_string().contains(&secret));
}

#[test]
fn pages_and_files_name_programs() {
    let world = World::start();
    let secret = world.canary("secretname");
    for page in ["/docs/a", "/docs/b?key=secretname", "/docs/c", "/"] {
        world.pageview(page).with(GPTBOT).ok();
    }
    let chatgpt = ("signature-agent", "\"https://chatgpt.com\"");
    world.pageview("/pricing").header(chatgpt.0, chatgpt.1).ok();
    // A site that nobody has visited shows how to begin instead.
    world.pageview("/").ok();
    let cookie = world.sign_in();
    let asked = |path: &str| world.request("GET", path, std::slice::from_ref(&cookie), None);
    let page = asked("/example.com?period=today").text();
    assert!(page.contains("Bots and AI crawlers") && page.contains("GPTBot") && page.contains("AI crawler"), "{page}");
    let csv = asked("/example.com/bots.csv?period=today").text();
    assert!(
        csv.contains("GPTBot,AI crawler,/docs,3\r\n") && csv.contains("ChatGPT agent,AI agent,/pricing,1\r\n"),
        "{csv}"
    );
    let json = asked("/example.com/bots.json?period=today").json();
    assert_eq!((&json["rows"][0]["family"], &json["rows"][0]["count"]), (&"GPTBot".into(), &4.into()));
    assert_eq!(asked("/example.com/bots.xml").status, 404);
    assert_eq!(world.page("/example.com/bots.csv").status, 401);
    assert!(!page.contains(&secret) && !csv.contains(&secret));
}

#[test]
fn hints_are_heard_and_kept_nowhere() {
    let world = World::start();
    let model = world.canary("zqmodelzq");
    world
        .pageview("/")
        .header("sec-ch-ua", "\"Brave\";v=\"140\", \"Chromium\";v=\"140\"")
        .header("sec-ch-ua-platform", "\"Android\"")
        .header("sec-ch-ua-mobile", "?0")
        .header("sec-ch-ua-model", &format!("\"{model}\""))
        .with("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")
        .ok();
    let by = |dimension: &str| {
        let body =
            json!({"site_id": "example.com", "metrics": ["visitors"], "date_range": "day", "dimensions": [dimension]});
        world.query(body).json()["results"][0]["dimensions"][0].clone()
    };
    assert_eq!(["visit:browser", "visit:os", "visit:device"].map(by), ["Brave", "Android", "tablet"]);
    world.flush();
}

#[test]
fn random_paths_of_programs_fill_no_disk() {
    let world = World::start();
    let total = BOT_ROWS_PER_DAY_MAX as u64 + 60;
    for number in 0..total {
        world.pageview(&format!("/{number}/x")).with(GPTBOT).ok();
        if number % 300 == 0 {
            world.flush();
        }
    }
    world.flush();
    let found = counted(&world);
    let rest = found[0].2.iter().find(|(pages, _)| pages == "(other)").map(|(_, count)| *count);
    assert_eq!((found[0].1, found[0].2.len(), rest), (total, BOT_ROWS_PER_DAY_MAX + 1, Some(60)));
}

#[test]
fn a_removed_site_takes_its_programs_along() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.test", "Etc/UTC")]);
    world.pageview("/").with(GPTBOT).key("d", "other.test").ok();
    world.pageview("/").with(GPTBOT).ok();
    world.flush();
    world.command(Command::SiteRemove { domain: "other.test".into() }).unwrap();
    let file = Database::of(world.folder());
    assert_eq!(file.number("SELECT sum(count) FROM bots"), 1);
    let view = file.texts("SELECT domain || ' ' || day || ' ' || family || ' ' || pages || ' ' || count FROM by_bot");
    assert_eq!(view, ["example.com 2026-06-01 GPTBot / 1"]);
    // What was removed is missing in the books that the world checks at its end.
    for sql in ["UPDATE rejections SET count = count + 1", "UPDATE bots SET count = count + 1"] {
        assert_eq!(file.change(sql), 1);
    }
}

#[test]
fn rules_for_paths_act_at_once_and_are_checked() {
    let world = World::start();
    let set = |change: SiteChange| world.command(Command::SiteSet { domain: "example.com".into(), change });
    set(SiteChange::of("templates", ["/order/:id"]).with("query_keys", ["tab"])).unwrap();
    set(SiteChange::of("masks", ["user-*"])).unwrap();
    for path in ["/order/1?tab=a", "/order/2?tab=a&x=1", "/user-ana/edit", "/call/+4917012345678"] {
        world.pageview(path).ok();
    }
    let body =
        json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "day", "dimensions": ["event:page"]});
    let answer = world.query(body).json();
    let pages: Vec<_> = answer["results"].as_array().unwrap().iter().map(|row| row["dimensions"][0].clone()).collect();
    assert_eq!(pages, ["/order/:id?tab=a", "/:masked/edit", "/call/:phone"]);
    let refused = set(SiteChange::of("templates", ["order/:id"])).unwrap_err();
    assert!(refused.0.contains("/order/:id or /docs/*"), "{}", refused.0);
    set(SiteChange::of("templates", SettingValue::EMPTY)
        .with("masks", SettingValue::EMPTY)
        .with("query_keys", SettingValue::EMPTY))
    .unwrap();
    let listed = world.command(Command::SiteList).unwrap().json;
    assert_eq!(
        listed[0]["paths"],
        json!({"templates": [], "masks": [], "slash": "keep", "case": "keep", "query_keys": []})
    );
}
