//! Three dimensions: what sums tell of them is told with its bounds, by API, command, file and page, and only to those who ask for it.

use headcount::control::share::ShareCommand;
use headcount::control::{Command, Reply};
use serde_json::{Value, json};

use crate::world::World;

const SITE: &str = "example.com";

/// Somebody for each source, campaign and page, and two more who come from Bing by none; then the day is over.
fn visits(world: &World) {
    for (source, referrer) in [("g", "https://www.google.com/"), ("b", "https://www.bing.com/")] {
        for campaign in ["spring", "autumn"] {
            for page in ["/a", "/b"] {
                let path = format!("{page}?utm_campaign={campaign}");
                world.pageview(&path).by(&format!("{source} {campaign} {page}")).from(referrer).ok();
            }
        }
    }
    world.pageview("/c").by("one").from("https://www.bing.com/").ok();
    world.pageview("/c").by("two").from("https://www.bing.com/").ok();
    world.go_to("2026-06-02T09:00:00Z");
    world.flush();
}

fn body(filters: &[(&str, &str)], dimensions: &[&str], include: Value) -> Value {
    let filters: Vec<Value> = filters.iter().map(|(name, value)| json!(["is", name, [value]])).collect();
    json!({
        "site_id": SITE, "metrics": ["visitors", "pageviews"], "date_range": ["2026-06-01", "2026-06-01"],
        "filters": filters, "dimensions": dimensions, "include": include,
    })
}

const BOTH: [(&str, &str); 2] = [("visit:source", "Google"), ("visit:utm_campaign", "spring")];
const ALL: [(&str, &str); 3] = [("visit:source", "Google"), ("visit:utm_campaign", "spring"), ("event:page", "/a")];

fn report(world: &World, by: Option<&str>, filter: &[&str]) -> Reply {
    let filter = filter.iter().map(|text| (*text).to_owned()).collect();
    let (site, period, by) = (SITE.into(), "yesterday".into(), by.map(str::to_owned));
    world.command(Command::Report { site, period, by, rows: None, filter, compare: None }).unwrap()
}

#[test]
fn the_api_tells_what_is_likely_to_whoever_asks_for_it() {
    let world = World::start();
    visits(&world);
    let refused = world.query(body(&BOTH, &["event:page"], json!({})));
    let sentence = refused.json()["error"].as_str().unwrap_or_default().to_owned();
    assert!(refused.status == 400 && sentence.contains("`include: {\"estimates\": true}`"), "{sentence}");
    let estimates = || json!({"estimates": true});
    let answer = world.query(body(&BOTH, &["event:page"], estimates())).json();
    let row = |page: &str| json!({"metrics": [1, 1], "dimensions": [page], "bounds": [[0, 2], [0, 2]]});
    assert_eq!(answer["results"], json!([row("/a"), row("/b")]), "{answer}");
    assert_eq!(answer["meta"]["metric_warnings"]["visitors"]["code"], "estimated", "{answer}");
    let total = world.query(body(&ALL, &[], estimates())).json();
    assert_eq!(total["results"], json!([{"metrics": [1, 1], "dimensions": [], "bounds": [[0, 2], [0, 2]]}]), "{total}");
    let both = world.query(body(&BOTH[..1], &["visit:utm_campaign", "event:page"], estimates())).json();
    assert_eq!(both["results"].as_array().map(Vec::len), Some(4), "{both}");
    let compared = json!({"estimates": true, "comparisons": {"mode": "previous_period"}});
    let refused = world.query(body(&BOTH, &["event:page"], compared));
    assert!(refused.status == 400 && refused.text().contains("estimates are not compared"), "{}", refused.text());
    let five = ["visit:browser", "visit:os"].map(|name| (name, "x"));
    assert_eq!(world.query(body(&[&ALL[..], &five].concat(), &[], estimates())).status, 400);
}

#[test]
fn what_bounds_leave_nothing_open_of_is_exact_and_needs_no_wish() {
    let world = World::start();
    visits(&world);
    // All of /c came from Bing, without a campaign.
    let alone = [("visit:source", "Bing"), ("visit:utm_campaign", "(not set)"), ("event:page", "/c")];
    let answer = world.query(body(&alone, &[], json!({})));
    assert_eq!(answer.json()["results"], json!([{"metrics": [2, 2], "dimensions": []}]), "{}", answer.text());
    assert!(answer.json()["meta"].get("metric_warnings").is_none(), "{}", answer.text());
}

#[test]
fn reports_files_and_pages_show_bounds_beside_what_is_likely() {
    let world = World::start();
    visits(&world);
    let filters = ["source=Google", "utm_campaign=spring"];
    let made = report(&world, Some("page"), &filters);
    assert!(made.text.contains("~1 (0 to 2)") && made.text.contains("the likeliest"), "{}", made.text);
    let row = &made.json["rows"][0];
    assert_eq!(
        (&row["visitors"], &row["visitors_estimated"], &row["visitors_at_least"], &row["visitors_at_most"]),
        (&Value::Null, &json!(1), &json!(0), &json!(2)),
        "{row}"
    );
    let (key, cookie) = world.sign_in();
    let reads = |path: &str| world.request("GET", path, &[(key, cookie.clone())], None);
    let query = "period=custom&from=2026-06-01&to=2026-06-01&filter=source:Google&filter=utm_campaign:spring";
    let page = reads(&format!("/{SITE}?{query}")).text();
    assert!(page.contains("\u{2248}\u{a0}1<small>from 0 to 2</small>") && page.contains("the likeliest"), "{page}");
    let page = reads(&format!("/{SITE}?{query}&filter=page:/a")).text();
    assert!(page.contains(">\u{2248}\u{a0}1</dd>") && page.contains("from 0 to 2</dd>"), "{page}");
    let file = reads(&format!("/{SITE}/page.csv?{query}")).text();
    assert!(file.contains("visitors_estimated,visitors_at_least,visitors_at_most"), "{file}");
    assert!(file.contains("/a,,"), "{file}");
}

#[test]
fn visits_in_memory_are_sure_of_it() {
    let world = World::start();
    world.pageview("/a?utm_campaign=spring").by("ana").from("https://www.google.com/").ok();
    world.pageview("/a?utm_campaign=autumn").by("bob").from("https://www.google.com/").ok();
    let mut asked = body(&BOTH, &["event:page"], json!({}));
    asked["date_range"] = "day".into();
    let answer = world.query(asked);
    assert_eq!(answer.json()["results"], json!([{"metrics": [1, 1], "dimensions": ["/a"]}]), "{}", answer.text());
    let (key, cookie) = world.sign_in();
    let query = "period=today&filter=source:Google&filter=utm_campaign:spring";
    let page = world.request("GET", &format!("/{SITE}?{query}"), &[(key, cookie)], None).text();
    assert!(!page.contains('\u{2248}'), "{page}");
}

#[test]
fn what_is_open_to_everybody_has_no_estimates() {
    let world = World::start();
    visits(&world);
    let share = ShareCommand::Add {
        site: SITE.into(),
        name: None,
        password: None,
        expires: None,
        embed: Vec::new(),
        segment: None,
    };
    let link = world.command(Command::Share(share)).unwrap().json["link"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(world.url()).unwrap();
    assert_eq!(world.request("GET", path, &[], None).status, 200);
    let page = world.request("GET", &format!("{path}?filter=source:Google&filter=utm_campaign:spring"), &[], None);
    assert!(page.status == 400 && !page.text().contains('\u{2248}'), "{}", page.text());
}
