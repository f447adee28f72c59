//! What owners leave out is rejected as `excluded`, in every format.

use headcount::control::{Command, SiteChange};
use headcount::site::SettingValue;
use serde_json::{Value, json};

use crate::arriving::{WEBSITE, send, world};
use crate::operators::{folder, printed, refused};
use crate::world::{World, person};

fn exclude(world: &World, change: SiteChange) -> Value {
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap().json
}

/// The network of a person, of 256 addresses.
fn network(name: &str) -> String {
    format!("{}/24", person(name).address)
}

fn pages(world: &World) -> String {
    let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "day",
        "dimensions": ["event:page"], "order_by": [["event:page", "asc"]]});
    let answer = world.query(query).json();
    let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    let rows = rows.map(|row| format!("{} {}", row["dimensions"][0].as_str().unwrap(), row["metrics"][0]));
    rows.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_network_is_left_out_of_every_format() {
    let world = world();
    exclude(&world, SiteChange::of("exclude_ips", [network("ana")]));
    let umami = json!({"type": "event", "payload": {"website": WEBSITE, "url": "/a", "hostname": "example.com"}});
    let ours = json!({"n": "pageview", "u": "https://example.com/a", "d": "example.com"}).to_string();
    let simple = "/simple.gif?hostname=example.com&path=%2Fa&type=pageview";
    let requests = [
        ("POST", "/api/event", ours.as_str()),
        ("GET", "/pixel.gif?d=example.com&u=/a", ""),
        ("POST", "/api/send", &umami.to_string()),
        ("GET", "/count/example.com?p=/a", ""),
        ("GET", "/matomo.php?idsite=7&rec=1&url=https%3A%2F%2Fexample.com%2Fa", ""),
        ("GET", "/collect?p=%2Fa&h=https%3A%2F%2Fexample.com&sid=7", ""),
        ("GET", simple, ""),
    ];
    for (method, path, body) in requests {
        let answer = send(&world, method, path, &[], body);
        assert_eq!(answer.header("x-headcount-rejected"), Some("excluded"), "{path} {}", answer.text());
    }
    assert_eq!(world.rejections("example.com"), [("excluded", requests.len() as u64)]);
    assert_eq!(pages(&world), "");
    // Others are counted, and so is she when the list is empty again.
    world.pageview("/b").by("bob").ok();
    exclude(&world, SiteChange::of("exclude_ips", SettingValue::EMPTY));
    world.pageview("/a").ok();
    assert_eq!(pages(&world), "/a 1, /b 1");
}

#[test]
fn the_address_that_a_server_claims_is_what_counts_in_lists() {
    let world = world();
    exclude(&world, SiteChange::of("exclude_ips", ["203.0.113.0/24", "2001:db8:5::/48"]));
    let bearer = ("authorization", &*format!("Bearer {}", world.token("ingest")));
    let hit = |ip: &str| {
        json!({"n": "pageview", "u": "https://example.com/a", "d": "example.com", "ip": ip, "user_agent": person("bob").agent})
            .to_string()
    };
    let list = ["203.0.113.9", "2001:db8:5:1::7", "192.0.2.9"].map(hit).join("\n");
    let answer = send(&world, "POST", "/api/events", &[bearer], &list);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!((pages(&world).as_str(), world.rejections("example.com")), ("/a 1", vec![("excluded", 2)]));
}

#[test]
fn a_network_acts_before_the_address_is_cut_and_after_a_restart() {
    let mut world = World::start();
    // One address of her own network: cut to /24, it would be another.
    let address = world.operates_from("ana");
    let change = SiteChange::of("address", "truncate").with("exclude_ips", [address.to_string()]);
    assert_eq!(exclude(&world, change)["exclude_ips"], json!([format!("{address}/32")]));
    world.restart();
    let answer = world.pageview("/a").send();
    assert_eq!(answer.header("x-headcount-rejected"), Some("excluded"));
    world.pageview("/b").by("bob").ok();
    assert_eq!(pages(&world), "/b 1");
}

#[test]
fn countries_pages_and_hosts_are_left_out_as_they_are_counted() {
    let world = World::start();
    let change = SiteChange::of("templates", ["/order/:id"])
        .with("case", "lower")
        .with("exclude_countries", ["de"])
        .with("exclude_paths", ["/Admin/**", "/order/:id", "/login"])
        .with("exclude_hosts", ["Staging.example.com", "*.test.example.com"])
        .with("hosts", ["example.com", "*.example.com"]);
    let set = exclude(&world, change);
    assert_eq!(set["exclude_countries"], json!(["DE"]));
    assert_eq!(set["exclude_paths"], json!(["/admin/**", "/order/:id", "/login"]));
    let page = |url: &str| world.beacon(json!({"n": "pageview", "u": url, "d": "example.com"}));
    for url in [
        "https://example.com/ADMIN/users?x=1",
        "https://example.com/admin/a/b",
        "https://example.com/order/77",
        "https://example.com/login",
        "https://staging.example.com/",
        "https://a.test.example.com/",
    ] {
        assert_eq!(page(url).send().header("x-headcount-rejected"), Some("excluded"), "{url}");
    }
    let german = world.pageview("/").key("tz", "Europe/Berlin").send();
    assert_eq!(german.header("x-headcount-rejected"), Some("excluded"));
    for url in ["https://example.com/admin", "https://shop.example.com/", "https://example.com/login/help"] {
        page(url).key("tz", "Europe/Vienna").ok();
    }
    assert_eq!(page("https://other.test/").send().header("x-headcount-rejected"), Some("wrong_host"));
    assert_eq!(pages(&world), "/ 1, /admin 1, /login/help 1");
    assert_eq!(world.rejections("example.com"), [("excluded", 7), ("wrong_host", 1)]);
    // A ping of a page that is left out needs no visit to be refused, and an event there is none either.
    let ping = world.beacon(json!({"n": "engagement", "u": "https://example.com/login", "d": "example.com", "e": 500}));
    assert_eq!(ping.send().header("x-headcount-rejected"), Some("excluded"));
    assert_eq!(world.event("Signup", "/login").send().header("x-headcount-rejected"), Some("excluded"));
}

#[test]
fn mails_that_an_excluded_network_opens_do_not_count() {
    let world = World::start();
    exclude(&world, SiteChange::of("exclude_ips", [network("ana")]));
    let opened = send(&world, "GET", "/e/example.com/spring.gif", &[], "");
    assert_eq!((opened.status, opened.header("x-headcount-rejected")), (200, Some("excluded")));
    assert_eq!(world.rejections("example.com"), [("excluded", 1)]);
}

#[test]
fn logs_are_read_without_what_is_left_out() {
    let (room, data) = folder();
    let set = [
        "site",
        "add",
        "example.com",
        "--data",
        &data,
        "--exclude-ip",
        "203.0.113.0/24",
        "--exclude-path",
        "/admin/**",
    ];
    printed(&set);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let line = |address: &str, path: &str| {
        format!("{address} - - [01/Jun/2026:10:00:00 +0000] \"GET {path} HTTP/1.1\" 200 123 \"-\" \"{agent}\"\n")
    };
    let log = room.path().join("access.log");
    let text = [line("203.0.113.5", "/a"), line("198.51.100.5", "/a"), line("198.51.100.5", "/admin/x")].concat();
    std::fs::write(&log, text).unwrap();
    let words = ["import", log.to_str().unwrap(), "--site", "example.com", "--json", "--data", &data];
    let told: Value = serde_json::from_str(&printed(&words)).unwrap();
    assert_eq!((&told["counted"], &told["rejected"]["excluded"]), (&json!(1), &json!(2)), "{told}");
}

#[test]
fn operators_see_what_is_left_out_and_hear_what_can_not_be() {
    let (_folder, data) = folder();
    printed(&["site", "add", "example.com", "--data", &data]);
    let set = |more: &[&str]| printed(&[&["site", "set", "example.com", "--data", &data], more].concat());
    let line = set(&["--exclude-ip", "203.0.113.77/24", "--exclude-ip", "203.0.113.0/24", "--exclude-country", "de"]);
    assert_eq!(line, "example.com  Etc/UTC  without networks 203.0.113.0/24  without countries DE");
    let shown = printed(&["site", "show", "example.com", "--data", &data]);
    for row in ["  excluded networks   203.0.113.0/24", "  excluded paths      none", "  hosts               any"] {
        assert!(shown.lines().any(|line| line == row), "{row}\n{shown}");
    }
    let json: Value =
        serde_json::from_str(&printed(&["site", "show", "example.com", "--json", "--data", &data])).unwrap();
    assert_eq!((&json["exclude_ips"], &json["exclude_paths"]), (&json!(["203.0.113.0/24"]), &json!([])));
    assert!(json["snippet"].as_str().unwrap().starts_with("<script defer data-domain=\"example.com\""));
    set(&["--path-template", "/order/:id"]);
    for (words, sentence) in [
        (["--exclude-ip", "office"], "\"office\" is no network; write it like 203.0.113.0/24"),
        (["--exclude-ip", "0.0.0.0/0"], "0.0.0.0/0 is every address there is"),
        (["--exclude-country", "Germany"], "\"Germany\" is no code of a country; write two letters like DE"),
        (["--exclude-country", "XX"], "\"XX\" is no code of a country"),
        (["--exclude-path", "admin"], "\"admin\" is no path to leave out; write it like /admin/**"),
        (["--exclude-path", "/**"], "/** is every page of example.com"),
        (["--exclude-path", "/order/5"], "/order/5 counts as /order/:id by the site's rules"),
        (["--exclude-path", "/a?x=1"], "pages are counted without what stands behind their question mark"),
        (["--exclude-host", "a b"], "\"a b\" is not a domain"),
    ] {
        let (code, said) = refused(&[&["site", "set", "example.com", "--data", &data], &words[..]].concat());
        assert_eq!(code, 1, "{words:?}");
        assert!(said.contains(sentence), "{said}");
    }
    assert_eq!(
        set(&["--exclude-ip", "none", "--exclude-country", "none"]),
        "example.com  Etc/UTC  path templates /order/:id"
    );
}
