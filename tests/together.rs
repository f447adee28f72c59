//! The list of sites, and the page of several sites as one.

use serde_json::{Value, json};

use crate::world::{Answer, World};

const SITES: [(&str, &str); 3] =
    [("a.example", "Etc/UTC"), ("b.example", "Asia/Tokyo"), ("hidden.example", "America/New_York")];

/// Three sites: ana reads two of them, bob one, and cem the third.
fn world() -> World {
    let world = World::at("2026-06-01T09:00:00Z", &SITES);
    view(&world, "a.example", "/", "ana");
    view(&world, "a.example", "/docs", "ana");
    view(&world, "b.example", "/", "ana");
    view(&world, "b.example", "/", "bob");
    view(&world, "hidden.example", "/secret", "cem");
    world.beacon(json!({"n": "Signup", "u": "https://a.example/", "d": "a.example", "p": {"plan": "pro"}})).ok();
    world
}

fn view(world: &World, site: &str, path: &str, who: &str) {
    world.beacon(json!({"n": "pageview", "u": format!("https://{site}{path}"), "d": site})).by(who).ok();
}

fn get(world: &World, who: &(&'static str, String), path: &str) -> Answer {
    world.request("GET", path, std::slice::from_ref(who), None)
}

fn shown(world: &World, who: &(&'static str, String), path: &str) -> String {
    let answer = get(world, who, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// The rows of an export by value.
fn rows(world: &World, who: &(&'static str, String), path: &str) -> Vec<(String, i64, i64)> {
    let answer: Value = serde_json::from_str(&shown(world, who, path)).unwrap();
    let number = |row: &Value, key: &str| row[key].as_i64().unwrap();
    let row =
        |row: &Value| (row["value"].as_str().unwrap().to_owned(), number(row, "visitors"), number(row, "pageviews"));
    answer["rows"].as_array().unwrap().iter().map(row).collect()
}

/// The big numbers of a page in order.
fn totals(page: &str) -> Vec<&str> {
    page.split("<dd class=\"big").skip(1).filter_map(|rest| rest.split_once('>')?.1.split('<').next()).collect()
}

#[test]
fn several_sites_are_shown_as_one_and_people_counted_on_each() {
    let world = world();
    let owner = world.sign_in();
    let page = shown(&world, &owner, "/together/b.example,a.example?period=7d");
    // Ana is a visitor of both.
    assert_eq!(totals(&page)[..3], ["3", "3", "4"]);
    assert!(page.contains("2 sites together") && page.contains("counted twice") && page.contains("own time zone"));
    assert!(page.contains("3 visitors now"), "those of both sites");
    assert!(page.contains("href=\"/a.example\"") && page.contains("href=\"/b.example\""));
    for of_one_site in ["hidden.example", "/secret", "/privacy/", "data-live", "id=\"code\"", "id=\"goals", "/live"] {
        assert!(!page.contains(of_one_site), "{of_one_site}");
    }
    // All links of the page stay with both sites.
    assert!(page.contains("href=\"/together/a.example,b.example?"));
    let front = shown(&world, &owner, "/together/a.example,b.example?period=7d&filter=page:/");
    assert_eq!(totals(&front)[0], "3");
    let all = shown(&world, &owner, "/together/all?period=7d");
    assert_eq!((totals(&all)[0], all.contains("3 sites together")), ("4", true));
    assert!(shown(&world, &owner, "/together/a.example,b.example?period=7d&events=prop:plan").contains("pro"));
}

#[test]
fn rows_and_files_of_several_sites_add_up() {
    let world = world();
    let owner = world.sign_in();
    let of = |sites: &str| rows(&world, &owner, &format!("{sites}/page.json?period=7d"));
    assert_eq!(of("/together/a.example,b.example"), [("/".into(), 3, 3), ("/docs".into(), 1, 1)]);
    let mut expected: Vec<(String, i64, i64)> = of("/a.example");
    for (page, visitors, pageviews) in of("/b.example") {
        let row = expected.iter_mut().find(|row| row.0 == page).expect("both have it");
        (row.1, row.2) = (row.1 + visitors, row.2 + pageviews);
    }
    expected.sort_by_key(|row| -row.1);
    assert_eq!(of("/together/a.example,b.example"), expected);
    let csv = shown(&world, &owner, "/together/all/page.csv?period=7d");
    assert!(csv.contains("/secret,1,1,1"), "{csv}");
    let page = shown(&world, &owner, "/together/a.example,b.example/page?period=7d&search=doc");
    assert!(page.contains("/docs") && page.contains("2 sites together"));
    assert_eq!(get(&world, &owner, "/together/all/nothing.csv").status, 404);
}

#[test]
fn goals_and_segments_of_one_site_are_on_its_own_page() {
    let world = world();
    let owner = world.sign_in();
    for filter in ["segment:Readers", "goal:Signup"] {
        let answer = get(&world, &owner, &format!("/together/all?filter={filter}"));
        assert!(answer.status == 400 && answer.text().contains("belong to one site each"), "{}", answer.text());
    }
}

#[test]
fn a_reader_of_some_sites_finds_no_others() {
    let world = world();
    world.add_user("Dora", "analyst", &["a.example", "b.example"]);
    let dora = world.sign_in_as("Dora");
    for hidden in
        ["/together/a.example,hidden.example", "/together/hidden.example/page.csv", "/together/a.example,no.example"]
    {
        assert_eq!(get(&world, &dora, hidden).status, 404, "{hidden}");
    }
    let all = shown(&world, &dora, "/together/all?period=7d");
    assert_eq!((totals(&all)[0], all.contains("2 sites together"), all.contains("hidden.example")), ("3", true, false));
    let list = shown(&world, &dora, "/?period=7d");
    assert!(list.contains("/a.example?period=7d") && !list.contains("hidden.example"));
    assert_eq!(world.page("/together/all").status, 401);
    assert_eq!(world.page("/together/all/page.csv").status, 401);
}

#[test]
fn what_is_chosen_in_the_list_leads_to_its_page() {
    let world = world();
    for (asked, place) in [
        ("?site=b.example&period=7d&site=a.example&site=b.example", "/together/a.example,b.example?period=7d"),
        ("?site=a.example", "/a.example?"),
        ("", "/?"),
        ("?site=%0d%0aset-cookie:x&site=//evil.example&period=%0d%0a", "/?period=%0D%0A"),
    ] {
        let answer = world.page(&format!("/together{asked}"));
        assert_eq!((answer.status, answer.header("location")), (303, Some(place)), "{asked}");
    }
    let owner = world.sign_in();
    for hostile in
        ["/together/%3Cscript%3E", "/together/,", "/together/a.example,", "/together/a.example%2Cb.example%00"]
    {
        let answer = get(&world, &owner, hostile);
        assert!(answer.status == 404 && !answer.text().contains("<script>"), "{hostile}");
    }
    assert_eq!(get(&world, &owner, "/together/a.example,b.example?period=never").status, 400);
    assert_eq!(get(&world, &owner, "/together/all?filter=goal:Nothing").status, 400);
}

#[test]
fn the_list_has_the_most_visited_first_and_is_searched() {
    let world = world();
    let owner = world.sign_in();
    let list = shown(&world, &owner, "/");
    let place = |text: &str| list.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place(">b.example<") < place(">a.example<") && place(">a.example<") < place(">hidden.example<"));
    assert!(
        list.contains("Visitors by day: at least 0, at most 2") && list.contains("href=\"/together/all?period=30d\"")
    );
    let found = shown(&world, &owner, "/?period=7d&search=HID");
    assert!(found.contains(">hidden.example<") && !found.contains(">a.example<"));
    let none = shown(&world, &owner, "/?search=%3Cscript%3E");
    assert!(none.contains("Nothing matches.") && !none.contains("<script>"));
    for odd in ["/?period=99y&page=0", "/?page=-1", "/?page=18446744073709551616"] {
        assert!(shown(&world, &owner, odd).contains(">b.example<"), "{odd}");
    }
}
