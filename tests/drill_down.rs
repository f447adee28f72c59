//! Goals, funnels, budgets and filters: the same figures by page, API and command.

mod commands;
mod documented;
mod kept;

use headcount::control::{Command, Refused, Reply, SiteChange};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const SITE: &str = "example.com";

fn goal(world: &World, target: &str, name: Option<&str>) -> Result<Reply, Refused> {
    let (site, target, name) = (SITE.into(), target.into(), name.map(str::to_owned));
    world.command(Command::GoalAdd { site, target, name })
}

fn funnel(world: &World, name: &str, steps: &[&str]) -> Result<Reply, Refused> {
    let steps = steps.iter().map(|step| (*step).to_owned()).collect();
    world.command(Command::FunnelAdd { site: SITE.into(), name: name.into(), steps })
}

fn steps(world: &World, name: &str) -> Vec<(i64, i64)> {
    let command = Command::FunnelShow { site: SITE.into(), name: name.into(), period: "7d".into() };
    let steps = world.command(command).unwrap().json["steps"].take();
    let number = |step: &Value, key: &str| step[key].as_i64().unwrap();
    steps.as_array().unwrap().iter().map(|step| (number(step, "visits"), number(step, "visitors"))).collect()
}

fn report(world: &World, by: Option<&str>, filter: &[&str]) -> Result<Reply, Refused> {
    let filter = filter.iter().map(|text| (*text).to_owned()).collect();
    let by = by.map(str::to_owned);
    world.command(Command::Report { site: SITE.into(), period: "7d".into(), by, rows: None, filter, compare: None })
}

fn rows(world: &World, by: Option<&str>, filter: &[&str]) -> Value {
    report(world, by, filter).unwrap_or_else(|e| panic!("{by:?} {filter:?}: {e}")).json["rows"].take()
}

/// Somebody who is signed in.
struct Reader<'a>(&'a World, (&'static str, String));

impl Reader<'_> {
    fn of(world: &World) -> Reader<'_> {
        Reader(world, world.sign_in())
    }

    fn get(&self, path: &str) -> Answer {
        self.0.request("GET", path, &[(self.1.0, self.1.1.clone())], None)
    }

    /// The dashboard of the last seven days, with filters.
    fn page(&self, filters: &[&str]) -> String {
        let answer = self.get(&address("", filters));
        assert_eq!(answer.status, 200, "{filters:?}: {}", answer.text());
        answer.text()
    }
}

/// The address of the last seven days with filters, below the site's.
fn address(below: &str, filters: &[&str]) -> String {
    let escaped =
        |text: &&str| format!("&filter={}", url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
    format!("/{SITE}{below}?period=7d{}", filters.iter().map(escaped).collect::<String>())
}

/// What stands between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} is missing")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to} is missing")).0
}

/// The panel of a card, as far as its table goes.
fn panel<'a>(page: &'a str, card: &str) -> &'a str {
    between(page, &format!("id=\"{card}\""), "</table>")
}

/// The same page with the funnels in sight.
fn funnels(reader: &Reader, filters: &[&str]) -> String {
    reader.get(&(address("", filters) + "&goals=funnels")).text()
}

/// The texts of a row's numbers.
fn cells<'a>(panel: &'a str, label: &str) -> Vec<&'a str> {
    let row = panel
        .split("<tr")
        .find(|row| row.contains(&format!(">{label}</a>")) || row.contains(&format!("<bdi>{label}<")));
    let row = row.unwrap_or_else(|| panic!("{label} is missing in {panel}"));
    row.split("<td").skip(1).map(|cell| between(cell, ">", "<")).collect()
}

fn total<'a>(page: &'a str, name: &str) -> &'a str {
    let block = page.split("<dt").find(|block| block.contains(&format!(">{name}<")) && block.contains("<dd"));
    between(between(block.unwrap_or_else(|| panic!("{name} is missing")), "<dd class=\"big", "/dd>"), ">", "<")
}

/// Ana comes from Google, reads and buys; bob comes from Bing and reads; eve comes from Google and leaves.
fn visits(world: &World) {
    let google = "https://www.google.com/";
    world.pageview("/").by("ana").from(google).ok();
    world.pageview("/blog/one").by("ana").ok();
    world.pageview("/cart").by("ana").ok();
    let bought = json!({"currency": "EUR", "amount": "29.99"});
    world.event("Purchase", "/cart").by("ana").key("$", bought).key("p", json!({"plan": "pro"})).ok();
    world.pageview("/").by("bob").from("https://www.bing.com/").ok();
    world.pageview("/blog/two").by("bob").ok();
    world.wait_minutes(5);
    world.pageview("/blog/one").by("eve").from(google).ok();
}

fn declare(world: &World) {
    goal(world, "Purchase", None).unwrap();
    goal(world, "/cart", Some("Cart")).unwrap();
    goal(world, "/blog/**", Some("Reads")).unwrap();
    funnel(world, "Shop", &["/**", "/cart", "Purchase"]).unwrap();
}

/// All that must be the same before and after the day closes, and after a restart.
fn check_figures(world: &World) {
    let reader = Reader::of(world);
    check_pages(&reader);
    check_reports(world);
    let query = json!({
        "site_id": SITE, "metrics": ["visitors", "events", "conversion_rate"], "date_range": ["2026-06-01", "2026-06-07"],
        "dimensions": ["event:goal"], "filters": [["is", "visit:source", ["Google"]]],
    });
    let expected = json!([
        {"metrics": [2, 2, 100], "dimensions": ["Reads"]},
        {"metrics": [1, 1, 50], "dimensions": ["Cart"]},
        {"metrics": [1, 1, 50], "dimensions": ["Purchase"]},
    ]);
    assert_eq!(world.query(query).json()["results"], expected);
    assert_eq!(steps(world, "Shop"), [(3, 3), (1, 1), (1, 1)]);
}

fn check_pages(reader: &Reader) {
    check_pages_of_dimensions(reader);
    check_pages_of_goals(reader);
}

fn check_pages_of_dimensions(reader: &Reader) {
    let all = reader.page(&[]);
    assert_eq!(cells(panel(&all, "goals"), "Purchase"), ["1", "1", "33.3\u{a0}%", "EUR\u{a0}29.99"]);
    assert_eq!(cells(panel(&all, "goals"), "Reads")[..3], ["3", "3", "100.0\u{a0}%"]);
    assert_eq!(cells(between(&funnels(reader, &[]), "<bdi>Shop", "</table>"), "2. /cart"), ["1", "1", "67\u{a0}%"]);
    assert!(!all.contains("aria-label=\"Filters\""));

    let google = reader.page(&["source:Google"]);
    assert_eq!(
        (total(&google, "Visitors"), total(&google, "Pageviews"), total(&google, "Bounce rate")),
        ("2", "4", "50\u{a0}%")
    );
    assert_eq!(cells(panel(&google, "pages"), "/blog/one"), ["2", "2"]);
    assert_eq!(cells(panel(&google, "sources"), "Google"), ["2", "100\u{a0}%"]);
    assert!(!panel(&google, "sources").contains("Bing") && !panel(&google, "pages").contains("/blog/two"));
    assert_eq!(cells(panel(&google, "goals"), "Purchase"), ["1", "1", "50.0\u{a0}%", "EUR\u{a0}29.99"]);
    assert!(funnels(reader, &["source:Google"]).contains("Funnels are counted for all visits together"));

    let cart = reader.page(&["page:/cart"]);
    assert_eq!((total(&cart, "Visitors"), total(&cart, "Bounce rate")), ("1", "n/a"), "nobody entered at the cart");
    assert_eq!(cells(panel(&cart, "sources"), "Google"), ["1", "100\u{a0}%"]);
    assert_eq!(cells(panel(&cart, "goals"), "Purchase")[..2], ["1", "1"]);
    assert_eq!(cells(panel(&cart, "goals"), "Reads")[0], "n/a");
}

fn check_pages_of_goals(reader: &Reader) {
    let bought = reader.page(&["event:Purchase"]);
    assert_eq!((total(&bought, "Visitors"), total(&bought, "Events")), ("1", "1"));
    assert!(!bought.contains(">Bounce rate<small") && !bought.contains("<th scope=\"col\" title=\"Share of visits"));

    let goal = reader.page(&["goal:Purchase"]);
    assert_eq!((total(&goal, "Conversions"), total(&goal, "Conversion rate")), ("1", "33.3\u{a0}%"));
    assert_eq!(
        (total(&goal, "Revenue"), cells(panel(&goal, "sources"), "Google")),
        ("EUR\u{a0}29.99", vec!["1", "50.0\u{a0}%"])
    );
    let reads = reader.page(&["goal:Reads"]);
    assert_eq!(
        (total(&reads, "Conversions"), cells(panel(&reads, "sources"), "Google")),
        ("3", vec!["2", "100.0\u{a0}%"])
    );
    assert!(reads.contains("Sums do not know how this meets the filter."), "no pages of patterns");
    let pro = reader.page(&["prop:plan=pro"]);
    assert_eq!((total(&pro, "Visitors"), total(&pro, "Events")), ("1", "1"));
}

fn check_reports(world: &World) {
    let row = |rows: &Value, at: usize, keys: &[&str]| keys.iter().map(|key| rows[at][key].clone()).collect::<Vec<_>>();
    let google = rows(world, Some("page"), &["source=Google"]);
    assert_eq!(row(&google, 0, &["page", "visitors", "pageviews"]), [json!("/blog/one"), json!(2), json!(2)]);
    assert_eq!(google.as_array().unwrap().len(), 3);
    let both = rows(world, None, &["source=Google", "source=Bing"]);
    assert_eq!(row(&both, 0, &["visitors", "pageviews", "bounce_rate"]), [json!(3), json!(6), json!(33)]);
    assert_eq!(rows(world, None, &["source=Google,Bing"]), both);
    assert_eq!(row(&rows(world, None, &["source!=Google"]), 0, &["visits"]), [json!(1)]);
    assert_eq!(
        row(&rows(world, Some("source"), &["page~blog"]), 0, &["source", "pageviews"]),
        [json!("Google"), json!(2)]
    );
    let goals = rows(world, Some("goal"), &["source:Google"]);
    assert_eq!(row(&goals, 2, &["goal", "conversions", "conversion_rate"]), [json!("Reads"), json!(2), json!(100)]);
    let bought = rows(world, None, &["goal:Purchase"]);
    assert_eq!(row(&bought, 0, &["visitors", "conversions", "revenue"]), [json!(1), json!(1), json!({"EUR": 29.99})]);
    for filter in ["goal:Purchase", "event=Purchase"] {
        let plans = rows(world, Some("prop:plan"), &[filter]);
        assert_eq!(row(&plans, 0, &["prop:plan", "visitors"]), [json!("pro"), json!(1)], "{filter}");
    }
    let days = rows(world, Some("day"), &["goal:Reads", "source=Google"]);
    assert_eq!(row(&days, 0, &["day", "visitors"]), [json!("2026-06-01"), json!(2)]);
}

#[test]
fn figures_under_filters_goals_and_funnels_stay_when_the_day_closes_and_after_a_restart() {
    let mut world = World::start();
    declare(&world);
    visits(&world);
    check_figures(&world);
    world.flush();
    check_figures(&world);
    world.go_to("2026-06-02T00:00:05Z");
    world.flush();
    world.go_to("2026-06-03T08:00:00Z");
    check_figures(&world);
    world.restart();
    check_figures(&world);
    world.go_to("2026-06-07T23:59:00Z");
    check_figures(&world);
}

/// Where a row of a panel leads.
fn link(page: &str, id: &str, label: &str) -> String {
    let panel = panel(page, id);
    let at = panel.find(&format!(">{label}</a>")).unwrap_or_else(|| panic!("{label} in {panel}"));
    between(&panel[panel[..at].rfind("<a ").unwrap()..], "href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&")
}

#[test]
fn rows_link_to_what_can_be_combined_and_else_replace_the_filter() {
    let world = World::start();
    declare(&world);
    visits(&world);
    let reader = Reader::of(&world);
    let all = reader.page(&[]);
    assert_eq!(link(&all, "sources", "Google"), "/example.com?period=7d&filter=source:Google");
    assert_eq!(link(&all, "goals", "Reads"), "/example.com?period=7d&filter=goal:Reads");
    let google = reader.page(&["source:Google"]);
    let firefox = link(&google, "technology", "Firefox");
    assert_eq!(firefox, "/example.com?period=7d&filter=source:Google&filter=browser:Firefox");
    check_two_filters(&reader.get(&firefox).text());
    assert!(google.contains("href=\"/example.com?period=7d\" aria-label=\"Remove the filter: Source is Google\""));
    assert!(google.contains("/example.com/page.csv?period=7d&#38;filter=source:Google"));
    assert!(google.contains("/example.com?period=yesterday&#38;filter=source:Google"), "periods keep the filter");
    let firefox = reader.page(&["browser:Firefox"]);
    assert_eq!(firefox.matches("aria-current=\"true\">Browsers</a>").count(), 1);
    let versions = reader.get("/example.com?period=7d&technology=browser_version&filter=browser:Firefox").text();
    let version = link(&versions, "technology", "Firefox 140");
    assert_eq!(
        version,
        "/example.com?period=7d&technology=browser_version&filter=browser:Firefox&filter=browser_version:Firefox+140"
    );
    let both = reader.get(&version).text();
    assert_eq!(total(&both, "Visitors"), "3");
    assert!(both.contains(">Remove all<"));
}

/// Totals and lists are there.
fn check_two_filters(page: &str) {
    assert_eq!(
        (total(page, "Visitors"), total(page, "Pageviews"), total(page, "Bounce rate")),
        ("2", "4", "50\u{a0}%")
    );
    assert_eq!(cells(panel(page, "sources"), "Google"), ["2", "100\u{a0}%"]);
    assert_eq!(cells(panel(page, "technology"), "Firefox"), ["2", "100\u{a0}%"]);
    // A third dimension: all visits have this browser, which leaves nothing open.
    assert_eq!(cells(panel(page, "pages"), "/blog/one"), ["2", "2"]);
    assert!(!page.contains('\u{2248}') && !page.contains("upper bounds"));
}

#[test]
fn whatever_is_linked_is_there() {
    let world = World::start();
    declare(&world);
    visits(&world);
    let reader = Reader::of(&world);
    for filters in [
        &[][..],
        &["source:Google"],
        &["page:/cart"],
        &["event:Purchase"],
        &["goal:Reads"],
        &["goal:Cart"],
        &["source:Google", "page:/cart"],
    ] {
        let page = reader.page(filters);
        for href in page.split("href=\"/example.com").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let path = format!("/example.com{}", href.replace("&#38;", "&"));
            assert_eq!(reader.get(&path).status, 200, "{filters:?}: {path}");
        }
    }
}

#[test]
fn exports_take_the_same_filter() {
    let world = World::start();
    declare(&world);
    visits(&world);
    let reader = Reader::of(&world);
    let csv = |filters: &[&str]| reader.get(&address("/page.csv", filters));
    let google = "value,visitors,visits,pageviews,events,views_per_visit,bounce_rate,visit_duration,time_on_page,scroll_depth,\
                  exit_rate\r\n/blog/one,2,2,2,2,1,100,0,,,50\r\n/,1,1,1,1,3,0,0,,,0\r\n/cart,1,1,1,2,,,,,,100\r\n";
    assert_eq!(csv(&["source:Google"]).text(), google);
    assert_eq!(reader.get(&address("/source.json", &["page:/cart"])).json()["rows"][0]["value"], "Google");
    assert_eq!(csv(&["goal:Purchase"]).text().lines().last(), Some("/cart,1,1,0,1,29.99,EUR"));
    let refused = csv(&["goal:Reads"]);
    assert_eq!((refused.status, refused.text().contains("Sums do not know")), (400, true));
    assert_eq!(csv(&["sauce:Google"]).status, 400);
}

/// Whole visits, which know more than sums, are gone with their day.
fn visits_of_a_day_that_is_over(world: &World) {
    visits(world);
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
}

#[test]
fn what_sums_can_not_tell_is_refused_with_the_way_out() {
    let world = World::start();
    declare(&world);
    visits_of_a_day_that_is_over(&world);
    let reader = Reader::of(&world);
    for (filters, expected) in [
        (&["sauce:Google"][..], "is nothing to filter by; there are source, referrer"),
        (&["source"], "is no filter; write it like source=Google"),
        (&["source:"], "is no filter"),
        (&["source:Google", "country:DE", "page:/", "browser:Firefox", "language:de"], "independent of each other"),
        (&["goal:Nothing"], "example.com has no goal"),
        (&["goal:Cart", "source:Google"], "a goal and another filter leave no dimension"),
        (&["goal:Cart", "goal:Reads"], "one goal can be looked at at a time"),
    ] {
        let answer = reader.get(&address("", filters));
        let text = answer.text().replace("&#34;", "\"");
        let lower = text.to_lowercase();
        assert!(answer.status == 400 && lower.contains(&expected.to_lowercase()), "{filters:?}: {text}");
    }
    for (by, filters, expected) in [
        (Some("country"), &["goal:Cart", "source=Google"][..], "three dimensions"),
        (Some("page"), &["goal:Reads"], "not counted by page"),
        (Some("page"), &["prop:plan=pro"], "name it with `headcount site set DOMAIN --property plan`"),
        (Some("goals"), &[], "did you mean \"goal\"?"),
        (None, &["source=Google", "country=DE", "page=/", "os=Linux", "screen=x"], "independent of each other"),
        (Some("hour"), &["goal:Cart", "source=Google"], "ask for --by day"),
    ] {
        let error = report(&world, by, filters).map(|reply| reply.text).unwrap_err().to_string();
        assert!(error.contains(expected), "{by:?} {filters:?}: {error}");
    }
    assert_eq!(rows(&world, Some("hour"), &["source=Google"])[0]["visitors"], 2);
    let two = &["source=Google", "page=/blog/one"];
    assert_eq!(
        (&rows(&world, None, two)[0]["visitors"], &rows(&world, Some("day"), two)[0]["visitors"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(rows(&world, Some("source"), two)[0]["source"], "Google");
}

#[test]
fn hostile_filters_are_text() {
    let world = World::start();
    let names = ["/\"><script>alert(1)</script>", "/a&b=c;d", "/50%25'", "/\u{fc}ber/\u{202e}x", "/a,b\\,c"];
    for name in names {
        let path: String =
            url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
        world.pageview(&path.replace("%2F", "/")).ok();
    }
    let reader = Reader::of(&world);
    let pages = reader.get(&address("/page.json", &[])).json()["rows"].take();
    let pages: Vec<String> =
        pages.as_array().unwrap().iter().map(|row| row["value"].as_str().unwrap().to_owned()).collect();
    assert_eq!(pages.len(), names.len(), "{pages:?}");
    for page in &pages {
        let shown = reader.page(&[&format!("page:{page}")]);
        assert_eq!(total(&shown, "Pageviews"), "1", "{page}");
        // What a form sends on is not shown, and stays as it is.
        let shown: String = shown
            .split("<input type=\"hidden\"")
            .map(|rest| rest.split_once('>').map_or(rest, |(_, rest)| rest))
            .collect();
        assert!(shown.matches("<script").count() == 1 && !shown.contains('\u{202e}'), "{page}");
        assert_eq!(rows(&world, None, &[&format!("page:{page}")])[0]["pageviews"], 1, "{page}");
    }
    let long = "\u{fc}".repeat(1_000);
    for filter in
        ["page:<script>'\"&%".to_owned(), format!("source:{long}"), format!("page~{long}"), "page!=\u{0}".to_owned()]
    {
        assert_eq!(reader.page(&[&filter]).matches("<script").count(), 1, "{filter}: our own alone");
    }
    let bad = reader.get(&address("", &["<script>alert(1)</script>:x"]));
    assert!(bad.status == 400 && bad.text().matches("<script").count() == 1, "{}", bad.text());
    assert_eq!(reader.get("/example.com?filter=%ff%fe:x").status, 400);
    assert_eq!(reader.get("/example.com?filter=page:%ff").status, 200);
}

#[test]
fn values_past_the_budget_are_said_to_be() {
    let world = World::start();
    let change = SiteChange::of("values_max", 3);
    let set = |change: SiteChange| world.command(Command::SiteSet { domain: SITE.into(), change });
    assert!(set(change).unwrap().text.contains("from the site's next day on"));
    for bad in [0, headcount::limits::VALUES_PER_DAY_MAX + 1] {
        let error = set(SiteChange::of("values_max", bad)).unwrap_err().to_string();
        assert!(error.contains("from 1 to 100000"), "{error}");
    }
    let flood = || (0..9).for_each(|n| world.pageview(&format!("/{n}")).from("https://www.google.com/").ok());
    world.go_to("2026-06-02T10:00:00Z");
    flood();
    let reader = Reader::of(&world);
    let notice = "Some values of Top pages were too many";
    for filters in [&[][..], &["source:Google"]] {
        let page = reader.page(filters);
        assert!(page.contains(notice) && page.contains("headcount site set example.com --values-max N"), "{page}");
        assert!(!panel(&page, "pages").contains("filter=page:(other)"), "what did not fit is no value");
    }
    assert_eq!(total(&reader.page(&[]), "Pageviews"), "9", "totals are exact");
    assert!(report(&world, Some("page"), &[]).unwrap().text.contains("counted together as (other)"));
    let hidden = reader.page(&["page:/8"]);
    assert!(hidden.contains("Some values of the filter&#39;s dimension") && total(&hidden, "Pageviews") == "0");
    set(SiteChange::of("values_max", 100).with("pair_cells_max", 5_000)).unwrap();
    let listed = world.command(Command::SiteList).unwrap();
    assert_eq!((&listed.json[0]["values_max"], &listed.json[0]["pair_cells_max"]), (&json!(100), &json!(5_000)));
    world.go_to("2026-06-09T10:00:00Z");
    flood();
    assert!(!reader.page(&[]).contains(notice));
}

#[test]
fn goals_and_funnels_are_declared_listed_and_taken_away() {
    let world = World::start();
    let list = |command: Command| world.command(command).unwrap();
    let goals = || list(Command::GoalList { site: SITE.into() });
    assert!(goals().text.contains("headcount goal add example.com Signup"));
    assert!(goal(&world, "Signup", None).unwrap().text.contains("reaches back to all counted days"));
    assert!(goal(&world, "/blog/**", None).unwrap().text.contains("counted from now on"));
    goal(&world, "/%C3%BCber", None).unwrap();
    assert_eq!(goals().json[1]["counted_since"], "2026-06-01T09:00:00Z");
    assert_eq!(goals().json[2]["target"], "/\u{fc}ber", "as hits are counted");
    assert!(goals().text.contains("Visit /blog/**  pattern /blog/**  since 2026-06-01 09:00"), "{}", goals().text);
    for (target, name, expected) in [
        ("Other", Some("Signup"), "give this one another --name"),
        ("Signup", Some("Other"), "is watched already, as the goal \"Signup\""),
        ("https://example.com/a?b=c", None, "write \"/a\""),
        ("example.com/a", None, "write \"/a\""),
        ("/a?b", None, "leave it out"),
        ("pageview", None, "is no event of a page"),
        (" ", None, "a goal is an event like Signup"),
        ("x", Some("\u{1b}[31m"), "a name has 1 to 120 characters"),
        (&"x".repeat(121), None, "at most 120 characters"),
    ] {
        let error = goal(&world, target, name).unwrap_err().to_string();
        assert!(error.contains(expected), "{target}: {error}");
    }
    let remove = |name: &str| world.command(Command::GoalRemove { site: SITE.into(), name: name.into() });
    assert!(remove("Sign").unwrap_err().to_string().contains("did you mean \"Signup\"?"));
    remove("Signup").unwrap();
    assert_eq!(goals().json.as_array().unwrap().len(), 2);
    for (name, steps, expected) in [
        ("One", &["/"][..], "has 2 to 16 steps"),
        ("Many", &["/"; 17], "has 2 to 16 steps"),
        ("Bad", &["/", "https://a.test/b"], "write \"/b\""),
    ] {
        let error = funnel(&world, name, steps).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
    let unknown = Command::FunnelShow { site: SITE.into(), name: "No".into(), period: "7d".into() };
    assert!(world.command(unknown).unwrap_err().to_string().contains("has no funnel; declare one"));
}

#[test]
fn a_funnel_declared_anew_begins_from_nothing() {
    let mut world = World::start();
    let remove =
        |world: &World| world.command(Command::FunnelRemove { site: SITE.into(), name: "Shop".into() }).unwrap();
    funnel(&world, "Shop", &["/", "/cart"]).unwrap();
    assert!(funnel(&world, "Shop", &["/", "/b"]).unwrap_err().to_string().contains("another name"));
    world.pageview("/").ok();
    world.pageview("/cart").ok();
    assert_eq!(steps(&world, "Shop"), [(1, 1), (1, 1)]);
    remove(&world);
    world.restart();
    funnel(&world, "Shop", &["/cart", "/"]).unwrap();
    assert_eq!(steps(&world, "Shop"), [(0, 0), (0, 0)]);
    let page = funnels(&Reader::of(&world), &[]);
    assert!(page.contains("counted since 1 Jun 2026"), "{page}");
    let listed = world.command(Command::FunnelList { site: SITE.into() }).unwrap();
    assert!(listed.text.contains("Shop, counted since 2026-06-01 09:00\n  1. page /cart"), "{}", listed.text);
}
