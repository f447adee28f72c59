//! The figures that pages show for chosen days, comparisons, tabs and rows.

use headcount::control::Command;
use headcount::control::annotation::AnnotationCommand;
use serde_json::json;

use crate::world::{Answer, World};

const SITE: &str = "example.com";

/// Somebody who is signed in.
struct Reader<'a>(&'a World, (&'static str, String));

impl Reader<'_> {
    fn of(world: &World) -> Reader<'_> {
        Reader(world, world.sign_in())
    }

    fn answer(&self, path: &str, more: &[(&str, String)]) -> Answer {
        let headers = [&[(self.1.0, self.1.1.clone())], more].concat();
        self.0.request("GET", &format!("/{SITE}{path}"), &headers, None)
    }

    fn get(&self, path: &str) -> String {
        let answer = self.answer(path, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }
}

/// What stands between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} is missing in {text}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to} is missing")).0
}

/// The values and numbers of a table's rows, with `|` between them.
fn rows(table: &str) -> Vec<String> {
    let texts = |row: &str| {
        let pieces = row.split('<').filter_map(|piece| Some(piece.split_once('>')?.1.trim().to_owned()));
        pieces.filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("|")
    };
    table.split("<tr").skip(2).map(|row| texts(&format!("<{}", row.split("</tr>").next().unwrap()))).collect()
}

fn card(page: &str, name: &str) -> Vec<String> {
    rows(between(page, &format!("id=\"{name}-card\""), "</table>"))
}

/// Two Mondays: one visitor on the first, two on the second.
fn mondays() -> World {
    let world = World::at("2026-06-01T09:00:00Z", &[(SITE, "Etc/UTC")]);
    world.pageview("/").by("ana").ok();
    world.go_to("2026-06-08T09:00:00Z");
    world.pageview("/").by("ana").ok();
    world.pageview("/").by("bob").ok();
    world.pageview("/docs").by("bob").ok();
    world
}

#[test]
fn days_are_compared_with_what_is_asked_for() {
    let world = mondays();
    let reader = Reader::of(&world);
    let visitors =
        |page: &str| between(between(page, "<dl class=\"totals\">", "</div>"), "class=\"change", "/dd>").to_owned();
    world.go_to("2026-06-08T10:00:00Z");
    let same = reader.get("?period=today&weekdays=1&by=hour");
    assert!(
        same.contains("compared with Monday, 1 June 2026, until 10:00 of the last day, weekdays matched"),
        "{same}"
    );
    assert!(visitors(&same).contains(">+100\u{a0}%<") && visitors(&same).contains("1 in the compared period"));
    assert!(same.contains("2 visitors, 3 pageviews · before, Mon 1 Jun 2026, 09:00: 1 visitor<"), "{same}");
    let before = reader.get("?period=today");
    assert!(before.contains("compared with Sunday, 7 June 2026") && visitors(&before).contains(">new<"));
    let custom = reader.get("?period=today&compare=custom&since=2026-06-01");
    assert!(custom.contains("compared with Monday, 1 June 2026,") && visitors(&custom).contains(">+100\u{a0}%<"));
    let none = reader.get("?period=today&compare=none");
    assert!(!none.contains("compared with") && !none.contains("class=\"change") && !none.contains("before, "));
    // A year before nothing was counted: there is nothing to compare with.
    assert!(!reader.get("?period=today&compare=year").contains("compared with"));
    for wrong in ["?compare=x", "?period=custom&from=2026-06-02&to=2026-06-01", "?compare=custom&since=%3Ci%3E"] {
        let answer = reader.answer(wrong, &[]);
        assert!(answer.status == 400 && !answer.text().contains("<i>"), "{wrong}");
    }
}

#[test]
fn the_chart_draws_what_is_asked_for() {
    let world = mondays();
    let reader = Reader::of(&world);
    let table = |path: &str| {
        let page = reader.get(path);
        let table = between(&page, "<table class=\"series\">", "</table>").to_owned();
        (between(&table, "<thead>", "</thead>").matches("<th").count(), rows(&table))
    };
    let (columns, weeks) = table("?period=custom&from=2026-06-01&to=2026-06-14&by=week&compare=none");
    assert_eq!(
        (columns, weeks),
        (
            3,
            vec!["week from Mon 1 Jun 2026|1|1".into(), "week from Mon 8 Jun 2026|(still running)|2|3".to_owned()]
                .into_iter()
                .map(|row: String| row.replace("|(still", " (still"))
                .collect::<Vec<_>>()
        )
    );
    let (columns, days) = table("?period=7d&metric=views_per_visit&compare=none");
    assert_eq!((columns, days.len()), (2, 7));
    assert_eq!(days[6], "Mon 8 Jun 2026 (still running)|1.50");
    let (columns, _) = table("?period=7d&metric=visits&compare=2026-06-01");
    assert_eq!(columns, 3, "with what was before");
    // What can't be drawn is not, whatever the address says.
    let (columns, _) = table("?period=7d&metric=conversion_rate&by=hour&compare=none");
    assert_eq!(columns, 3);
    let drawn = reader.get("?period=7d&metric=visits");
    assert_eq!(drawn.matches("<div class=\"drawn\">").count(), 1);
    assert!(drawn.contains("aria-current=\"true\">Visits</a>"), "{drawn}");
}

/// The two weeks from Sunday the 14th begin a day before a week does, and so do those that they are compared with.
#[test]
fn weeks_and_months_are_compared_with_as_many_days() {
    let world = World::at("2026-05-31T09:00:00Z", &[(SITE, "Etc/UTC")]);
    for (day, visitors) in [("2026-05-31", 1), ("2026-06-02", 2), ("2026-06-09", 3), ("2026-06-16", 4)] {
        world.go_to(&format!("{day}T10:00:00Z"));
        (0..visitors).for_each(|visitor| world.pageview("/").by(&format!("v{visitor}")).ok());
    }
    world.go_to("2026-06-28T09:00:00Z");
    let reader = Reader::of(&world);
    let table = |path: &str| rows(between(&reader.get(path), "<table class=\"series\">", "</table>"));
    let weeks = table("?period=custom&from=2026-06-14&to=2026-06-27&by=week");
    assert_eq!(weeks[0], "week from Sun 14 Jun 2026|0|0|1");
    assert_eq!(weeks[1], "week from Mon 15 Jun 2026|4|4|2");
    assert_eq!(weeks[2], "week from Mon 22 Jun 2026|0|0|3");
    let rates = table("?period=custom&from=2026-06-14&to=2026-06-27&metric=bounce_rate&by=week");
    assert_eq!(rates[1], "week from Mon 15 Jun 2026|100\u{a0}%|n/a", "rates of days make none of weeks");
    assert_eq!(rates[2], "week from Mon 22 Jun 2026|n/a|n/a");
    let days = table("?period=custom&from=2026-06-14&to=2026-06-27&by=day");
    let before: Vec<&str> = days.iter().filter_map(|row| row.rsplit('|').next()).collect();
    assert_eq!(before, ["1", "0", "2", "0", "0", "0", "0", "0", "0", "3", "0", "0", "0", "0"]);
    let none = reader.get("?period=custom&from=2026-06-16&to=2026-06-16&metric=visit_duration");
    assert!(none.contains("Visit duration by hour. Highest: 0s"), "{none}");
    assert!(!none.contains("Nothing was counted in this period."), "visits of no length are visits");
}

/// Three named events with properties on top of the visits of Monday.
fn with_properties() -> World {
    let world = mondays();
    world.event("Signup", "/").by("ana").key("p", json!({"plan": "pro", "seats": "3"})).ok();
    world.event("Signup", "/").by("bob").key("p", json!({"plan": "free"})).ok();
    world.event("404", "/gone").by("bob").key("p", json!({"path": "/gone"})).ok();
    world
}

#[test]
fn tabs_and_their_rows_are_one_address_away() {
    let world = with_properties();
    let reader = Reader::of(&world);
    let page = reader.get("?period=today&pages=entry_page&technology=os&sources=channel");
    assert_eq!(card(&page, "pages"), ["/|2|0\u{a0}%"]);
    assert_eq!(card(&page, "sources"), ["Direct|2|100\u{a0}%"]);
    assert!(page.contains(
        "/example.com?period=today&#38;pages=entry_page&#38;sources=channel&#38;technology=os&#38;filter=event:Signup"
    ));
    assert_eq!(card(&reader.get("?period=today&pages=missing"), "pages"), ["/gone|1|1"]);
    for nothing in ["/goals", "/nothing", "/prop:", "/page.xml", "/map/x"] {
        assert_eq!(reader.answer(nothing, &[]).status, 404, "{nothing}");
    }
}

#[test]
fn properties_have_rows_and_files_of_their_own() {
    let world = with_properties();
    let reader = Reader::of(&world);
    let events = reader.get("?period=today&events=prop:plan");
    assert_eq!(card(&events, "events"), ["free|1|1", "pro|1|1"]);
    let signup = reader.get("?period=today&filter=event:Signup");
    assert_eq!(card(&signup, "events"), ["free|1|1", "pro|1|1"], "of one event its properties are news");
    assert!(signup.contains(">seats</a>") && !signup.contains(">path</a>"), "only what came with it");
    assert!(events.contains(">path</a>"));
    let pro = reader.get("?period=today&filter=event:Signup&filter=prop:plan:pro");
    assert!(pro.contains("Property plan"), "{pro}");
    let named = reader.answer("/prop:plan.csv?period=today&filter=event:Signup&search=PRO", &[]);
    let name = "attachment; filename=\"example.com-prop-plan-2026-06-08-2026-06-08.csv\"";
    assert_eq!(named.header("content-disposition"), Some(name));
    assert!(named.text().contains("pro,1") && !named.text().contains("free"), "only what is searched for");
    let csv = reader.get("/prop:plan.csv?period=today&filter=event:Signup");
    assert!(csv.starts_with("value,visitors,visits,pageviews,events\r\nfree,1,1,0,1\r\npro,1,"), "{csv}");
}

#[test]
fn a_map_is_a_list_too() {
    let world = with_properties();
    let reader = Reader::of(&world);
    world.pageview("/").by("cleo").key("tz", "Europe/Vienna").ok();
    let map = reader.get("?period=today&places=map");
    let places = between(&map, "id=\"places-card\"", "</section>");
    assert!(places.contains("<figure class=\"map\""), "{places}");
    assert!(
        card(&map, "places").contains(&"Austria|1|33\u{a0}%".to_owned()),
        "what the map shows is a list too: {places}"
    );
    assert!(places.contains("/example.com/country.csv?period=today"), "{places}");
    assert!(reader.get("/missing.json?period=today").contains("\"dimension\":\"missing\""));
}

#[test]
fn all_rows_are_searched_sorted_and_turned_over() {
    let world = World::start();
    for page in 0..130 {
        for visitor in 0..=(page % 3) {
            world.pageview(&format!("/page-{page:03}")).by(&format!("v{visitor}")).ok();
        }
    }
    let reader = Reader::of(&world);
    let first = reader.get("/page?period=today");
    assert!(first.contains("1 – 100 of 130") && rows(&first).len() == 100, "{first}");
    assert_eq!(rows(&first)[0], "/page-002|3|3");
    let link = first.split("<a ").find(|link| link.contains("rel=\"next\"")).expect("a link to the rows after");
    assert!(link.split('"').nth(1).is_some_and(|href| href.ends_with("page=2")), "{link}");
    let second = reader.get("/page?period=today&page=2");
    assert_eq!((rows(&second).len(), rows(&second)[29].as_str()), (30, "/page-129|1|1"));
    assert!(reader.get("/page?period=today&page=99").contains("101 – 130 of 130"), "past the end is the end");
    let rising = reader.get("/page?period=today&sort=-visitors");
    assert!(rows(&rising)[0].ends_with("|1|1") && rising.contains("aria-sort=\"ascending\""));
    assert_eq!(rows(&reader.get("/page?period=today&sort=-value"))[0], "/page-129|1|1");
    let found = reader.get("/page?period=today&search=PAGE-12");
    assert!(found.contains("1 – 10 of 10") && rows(&found).len() == 10);
    let nothing = reader.get("/page?period=today&search=%3Cscript%3E");
    assert!(nothing.contains("Nothing matches.") && !nothing.contains("<script>"));
    let filtered = reader.get("/page?period=today&filter=page~page-00&sort=value");
    assert!(filtered.contains("1 – 10 of 10") && filtered.contains("Remove the filter"));
}

#[test]
fn notes_stand_on_the_chart() {
    let world = mondays();
    let at = Some("2026-06-05".to_owned());
    world
        .command(Command::Annotation(AnnotationCommand::Add { site: SITE.into(), text: "On <b>air</b>".into(), at }))
        .unwrap();
    let reader = Reader::of(&world);
    let week = reader.get("?period=7d");
    assert!(week.contains("<span>Fri 5 Jun 2026</span> <bdi>On &#60;b&#62;air&#60;/b&#62;</bdi>"), "{week}");
    assert_eq!(week.matches("<g class=\"note\">").count(), 1);
    assert!(!reader.get("?period=today").contains("class=\"notes\""));
}

#[test]
fn a_page_speaks_the_language_of_its_reader() {
    let world = mondays();
    let reader = Reader::of(&world);
    let lang = |more: &[(&str, String)]| between(&reader.answer("", more).text(), "<html lang=\"", "\"").to_owned();
    assert_eq!(lang(&[]), "en");
    assert_eq!(lang(&[("accept-language", "de-AT,en;q=0.5".into())]), "de");
    let chosen =
        world.request("GET", "/language/fr", &[("referer", format!("{}/{SITE}?period=7d", world.url()))], None);
    assert_eq!((chosen.status, chosen.header("location")), (303, Some("/example.com?period=7d")));
    let cookie = chosen.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("headcount_language=fr; Path=/; HttpOnly; SameSite=Lax;"), "{cookie}");
    let both = format!("{}; {}", reader.1.1, cookie.split(';').next().unwrap());
    let page = world.request("GET", &format!("/{SITE}"), &[("cookie", both), ("accept-language", "de".into())], None);
    assert!(page.text().contains("<html lang=\"fr\">"));
    assert_eq!(world.request("GET", "/language/xx", &[], None).status, 404);
}

#[test]
fn whatever_is_linked_is_there() {
    let world = mondays();
    world.event("Signup", "/").by("ana").key("p", json!({"a/b?c#d%": "x y&z"})).ok();
    let reader = Reader::of(&world);
    let mut seen = std::collections::BTreeSet::new();
    let mut open = vec!["?period=7d&events=prop:a/b?c%23d%25".to_owned(), "?period=today".to_owned()];
    while let Some(path) = open.pop().filter(|_| seen.len() < 150) {
        let text = reader.get(&path);
        let links = text.split("href=\"/example.com").skip(1).map(|rest| rest.split('"').next().unwrap());
        for link in links
            .map(|link| link.replace("&#38;", "&"))
            .filter(|link| !link.contains("live") && !link.contains("settings"))
        {
            if seen.insert(link.clone()) {
                open.push(link);
            }
        }
    }
    assert!(seen.len() >= 100 && seen.iter().any(|link| link.starts_with("/prop:a%2Fb%3Fc%23d%25.csv?")), "{seen:?}");
}
