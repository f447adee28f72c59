//! Owners change settings in a browser: what is set, what they are told, and who is turned away.

use headcount::control::{Command, SiteChange};
use headcount::site::{AddressMode, Settings, Site};

use crate::operators::printed;
use crate::world::{Answer, World};

type Cookie = (&'static str, String);

fn owner() -> (World, [Cookie; 1]) {
    let world = World::start();
    let cookie = [world.sign_in()];
    (world, cookie)
}

fn site(world: &World) -> Site {
    (**world.collector().directory().find("example.com").unwrap()).clone()
}

fn settings(world: &World) -> Settings {
    site(world).settings
}

/// Sends a form of the site's page.
fn send(world: &World, cookie: &[Cookie], name: &str, fields: &[(&str, &str)]) -> Answer {
    world.form(&format!("/example.com/settings/{name}"), cookie, fields)
}

/// The page that a form leads to, with what is said there.
fn follow(world: &World, cookie: &[Cookie], answer: &Answer) -> Answer {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let path = answer.header("location").unwrap().split('#').next().unwrap().to_owned();
    let told = answer.header("set-cookie").map_or("", |told| told.split(';').next().unwrap());
    let cookies = format!("{}; {told}", cookie[0].1);
    world.request("GET", &path, &[("cookie", cookies)], None)
}

#[test]
fn a_goal_is_added_and_removed_by_forms() {
    let (world, cookie) = owner();
    let added = send(&world, &cookie, "goal-add", &[("target", " /blog/** "), ("name", "Reads")]);
    assert_eq!(added.header("location"), Some("/example.com/settings#goal-add"));
    let page = follow(&world, &cookie, &added);
    assert!(page.text().contains("&#34;Reads&#34; is a goal of example.com. A pattern is counted from now on."));
    // It is said once: the page drops it from the browser.
    assert!(page.header("set-cookie").unwrap().starts_with("headcount_told=; "), "{page:?}");
    let again = world.request("GET", "/example.com/settings", &cookie, None);
    assert!(!again.text().contains("is a goal of") && again.header("set-cookie").is_none());
    assert!(again.text().contains("<button aria-label=\"Remove the goal Reads\">"));
    assert_eq!(settings(&world).goals[0].name, "Reads");
    let removed = send(&world, &cookie, "goal-remove", &[("name", "Reads")]);
    assert!(follow(&world, &cookie, &removed).text().contains("is no goal of example.com any more"));
    assert!(settings(&world).goals.is_empty());
}

#[test]
fn what_is_refused_stands_beside_the_form_with_what_was_typed() {
    let (world, cookie) = owner();
    let typed = "https://example.com/pricing?a=\"><b>";
    let refused = send(&world, &cookie, "goal-add", &[("target", typed), ("name", "Prices")]);
    let text = refused.text();
    assert_eq!(refused.status, 400);
    assert!(text.contains("Pages are counted by their path; write &#34;/pricing&#34;."), "{text}");
    assert!(
        text.contains("value=\"https://example.com/pricing?a=&#34;&#62;&#60;b&#62;\"")
            && text.contains("value=\"Prices\"")
    );
    assert_eq!(text.matches("role=\"alert\"").count(), 1);
    let refused =
        send(&world, &cookie, "exclusions", &[("exclude_ips", "203.0.113.0/24\noffice"), ("exclude_countries", "DE")]);
    assert!(refused.text().contains("203.0.113.0/24\noffice</textarea>"), "{}", refused.text());
    assert!(settings(&world).exclude.is_empty(), "all of a form counts, or nothing");
    for (values, cells) in [("many", "1"), ("0", "1"), ("1", "99999999"), ("", "")] {
        let refused = send(&world, &cookie, "budgets", &[("values_max", values), ("pair_cells_max", cells)]);
        assert_eq!(refused.status, 400, "{values} {cells}");
    }
    let before = world.request("GET", "/example.com/settings", &cookie, None).text();
    assert!(!before.contains("role=\"alert\""));
}

/// Sends a form and looks whether it is said that it was done.
fn sent(world: &World, cookie: &[Cookie], name: &str, fields: &[(&str, &str)]) {
    let page = follow(world, cookie, &send(world, cookie, name, fields));
    assert_eq!((page.status, page.text().matches("class=\"told done\"").count()), (200, 1), "{name}");
}

#[test]
fn the_form_of_a_site_sets_what_it_says() {
    let (world, cookie) = owner();
    world.alias("example.com", &["old"]);
    let hosts = ("hosts", "example.com\r\n\r\n *.example.com \r\n");
    let rest = [("timezone", "Asia/Tokyo"), hosts, ("address", "truncate"), ("counter", "true")];
    sent(&world, &cookie, "site", &[&rest[..], &[("aliases", "New\r\n7")]].concat());
    let set = site(&world);
    assert_eq!(set.schedule.next().map(|(_, zone)| zone), Some("Asia/Tokyo"));
    assert_eq!(set.settings.hosts, ["example.com", "*.example.com"]);
    assert_eq!(set.settings.aliases, ["new", "7"]);
    assert_eq!(set.settings.address, AddressMode::Truncate);
    assert!(set.settings.counter && !set.settings.opt_out, "a box that is not ticked is not sent");
    // A form that is sent as it stands changes nothing.
    sent(&world, &cookie, "site", &[&rest[..], &[("aliases", "new\n7")]].concat());
    let again = site(&world);
    assert_eq!((again.settings, again.schedule.next()), (set.settings.clone(), set.schedule.next()));
    let refused = send(&world, &cookie, "site", &[&rest[..2], &[("address", "cut")]].concat());
    assert!(refused.text().contains("Address takes hash, truncate or none."), "{}", refused.text());
}

#[test]
fn forms_of_budgets_paths_and_exclusions_set_what_they_say() {
    let (world, cookie) = owner();
    sent(&world, &cookie, "budgets", &[("values_max", "500"), ("pair_cells_max", "7000")]);
    let paths =
        [("templates", "/order/:id"), ("masks", ""), ("slash", "strip"), ("case", "lower"), ("query_keys", "id")];
    sent(&world, &cookie, "paths", &paths);
    let exclusions = [("exclude_ips", "203.0.113.7"), ("exclude_countries", "de\nfr")];
    let more = [("exclude_paths", "/admin/**"), ("exclude_hosts", "")];
    sent(&world, &cookie, "exclusions", &[exclusions, more].concat());
    let set = settings(&world);
    assert_eq!((set.budget.values, set.budget.pair_cells), (500, 7_000));
    assert_eq!((set.paths.templates[0].as_str(), set.paths.query_keys[0].as_str()), ("/order/:id", "id"));
    assert_eq!(set.exclude.networks[0].to_string(), "203.0.113.7/32");
    assert_eq!((set.exclude.countries, set.exclude.paths), (vec!["DE".into(), "FR".into()], vec!["/admin/**".into()]));
}

#[test]
fn a_form_changes_only_what_was_changed_in_it() {
    let (world, cookie) = owner();
    let change = SiteChange::of("announce_days", 7_u32).with("day_pairs_months", 3_u32);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    let change = SiteChange::of("day_pairs_months", 5_u32);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    let announced = || {
        let show = Command::SiteShow { domain: "example.com".into() };
        world.command(show).unwrap().json["announced"].as_array().unwrap().len()
    };
    let form = [("values_max", "600"), ("pair_cells_max", "7000"), ("day_pairs_months", "3")];
    sent(&world, &cookie, "budgets", &form);
    assert_eq!((announced(), settings(&world).budget.values), (1, 600));
    sent(&world, &cookie, "budgets", &[form[0], form[1], ("day_pairs_months", "2")]);
    assert_eq!(announced(), 0, "what is set anew is no longer wanted");
}

#[test]
fn funnels_and_annotations_are_added_and_removed_by_forms() {
    let (world, cookie) = owner();
    sent(&world, &cookie, "funnel-add", &[("name", "Checkout"), ("steps", "/cart\r\nPurchase")]);
    sent(&world, &cookie, "annotation-add", &[("text", "Version 2"), ("day", "2026-05-30"), ("hour", "14")]);
    sent(&world, &cookie, "annotation-add", &[("text", "Today"), ("day", ""), ("hour", "")]);
    let set = settings(&world);
    assert_eq!(set.funnels[0].steps.len(), 2);
    let notes: Vec<String> = set.annotations.iter().map(|it| format!("{} {}", it.at(), it.text)).collect();
    assert_eq!(notes, ["2026-05-30T14 Version 2", "2026-06-01 Today"]);
    sent(&world, &cookie, "funnel-remove", &[("name", "Checkout")]);
    sent(&world, &cookie, "annotation-remove", &[("id", "1")]);
    let set = settings(&world);
    assert!(set.funnels.is_empty() && set.annotations.len() == 1);
}

/// The page of the command line's settings and keys is what the program prints.
#[test]
fn the_documentation_lists_every_setting_and_every_key() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let pages = std::fs::read_dir(folder).unwrap().map(|page| page.unwrap().path());
    let pages = pages.filter(|page| page.extension().is_some_and(|ending| ending == "md"));
    let documentation: String = pages.map(|page| std::fs::read_to_string(page).unwrap()).collect();
    for of in ["sites", "configuration"] {
        let table = printed(&["reference", of]);
        assert!(documentation.contains(table.trim()), "no page of docs/ has the table of `headcount reference {of}`");
    }
}

/// What stood in the store and came over the socket before settings were one table.
#[test]
fn what_older_versions_wrote_is_read() {
    let stored = r#"{"address":"truncate","hosts":["a.test"],"aliases":[],"campaigns":{},"counter":false,"small_counts_k":5,
        "opt_out":false,"goals":[],"funnels":[],"funnels_made":0,"budget":{"values":7,"pair_cells":9},
        "exclude":{"networks":["203.0.113.0/24"],"countries":[],"paths":[],"hosts":[]},"annotations_made":0}"#;
    let settings: Settings = serde_json::from_str(stored).unwrap();
    assert!(!settings.opt_out && settings.budget.values == 7 && settings.exclude.networks.len() == 1);
    let command = r#"{"site_set":{"domain":"example.com","change":{"timezone":null,"hosts":["b.test"],"add_aliases":["7"],
        "remove_aliases":[],"address":"none","counter":null,"personal":0,"slash":"strip","exclude_ips":null}}}"#;
    let world = World::start();
    world.command(serde_json::from_str(command).unwrap()).unwrap();
    let set = self::settings(&world);
    assert_eq!((set.hosts, set.aliases, set.address), (vec!["b.test".into()], vec!["7".into()], AddressMode::None));
    assert_eq!((set.paths.personal, set.paths.slash.name(), set.counter), (0, "strip", false));
}

#[test]
fn a_site_is_added_by_a_form_and_shows_its_snippet() {
    let (world, cookie) = owner();
    let added =
        world.form("/settings/site-add", &cookie, &[("domain", "www.Shop.example"), ("timezone", "Europe/Paris")]);
    assert_eq!((added.status, added.header("location")), (303, Some("/shop.example")));
    let page = world.request("GET", "/shop.example", &cookie, None).text();
    assert!(page.contains("data-domain=&#34;shop.example&#34;"), "{page}");
    let listed = world.request("GET", "/settings", &cookie, None).text();
    assert!(listed.contains("href=\"/shop.example/settings\""));
    for (domain, zone, sentence) in [
        ("shop.example", "", "The site shop.example exists already"),
        ("settings", "", "is a path of the collector itself"),
        ("a b", "", "is not a domain"),
        ("b.example", "Mars", "&#34;Mars&#34; is not a time zone"),
    ] {
        let refused = world.form("/settings/site-add", &cookie, &[("domain", domain), ("timezone", zone)]);
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains(sentence), "{}", refused.text());
        assert!(refused.text().contains(&format!("value=\"{domain}\"")));
    }
}

#[test]
fn a_site_is_removed_only_by_who_types_its_name() {
    let (world, cookie) = owner();
    let refused = send(&world, &cookie, "remove", &[("domain", "example.org")]);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("This is not the site&#39;s domain. Type example.com to remove it."));
    let removed = send(&world, &cookie, "remove", &[("domain", " Example.com ")]);
    assert!(follow(&world, &cookie, &removed).text().contains("example.com and all its figures are removed."));
    assert!(world.collector().directory().find("example.com").is_none());
    assert_eq!(world.request("GET", "/example.com/settings", &cookie, None).status, 404);
}

#[test]
fn nobody_else_changes_anything() {
    let (world, cookie) = owner();
    world.add_user("ana", "analyst", &[]);
    let analyst = [world.sign_in_as("ana")];
    let fields = [("target", "Signup"), ("name", "")];
    for path in ["/settings", "/example.com/settings"] {
        assert_eq!(world.request("GET", path, &[], None).status, 401, "{path}");
        assert_eq!(world.request("GET", path, &analyst, None).status, 403, "{path}");
        assert_eq!(world.request("GET", path, &cookie, None).status, 200, "{path}");
    }
    assert_eq!(world.form("/example.com/settings/goal-add", &[], &fields).status, 401);
    assert_eq!(send(&world, &analyst, "goal-add", &fields).status, 403);
    let add = [("domain", "b.example")];
    assert_eq!(world.form("/settings/site-add", &analyst, &add).status, 403);
    // A page elsewhere that sends the owner's cookie is no page of ours.
    let body = Some(&b"target=Signup&name="[..]);
    for (header, value) in [("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site")] {
        let headers = [cookie[0].clone(), (header, value.to_owned())];
        assert_eq!(world.request("POST", "/example.com/settings/goal-add", &headers, body).status, 403, "{header}");
    }
    assert_eq!(world.request("POST", "/example.com/settings/goal-add", &cookie, body).status, 403);
    assert!(settings(&world).goals.is_empty() && world.collector().directory().all().len() == 1);
    // What is no form is no page.
    assert_eq!(send(&world, &cookie, "everything", &fields).status, 404);
    assert_eq!(world.form("/example.org/settings/goal-add", &cookie, &fields).status, 404);
    let back = world.request("GET", "/example.com/settings/goal-add", &cookie, None);
    assert_eq!((back.status, back.header("location")), (303, Some("/example.com/settings")));
    let back = world.request("GET", "/settings/site-add", &cookie, None);
    assert_eq!((back.status, back.header("location")), (303, Some("/settings")));
}

#[test]
fn what_a_browser_keeps_is_shown_as_text_and_on_its_own_page_alone() {
    let (world, cookie) = owner();
    let shown = |told: &str| {
        let cookies = format!("{}; headcount_told={told}", cookie[0].1);
        world.request("GET", "/example.com/settings", &[("cookie", cookies)], None).text()
    };
    assert!(shown("%2Fexample.com%2Fsettings%0Asite%0A%3Cscript%3E").contains("&#60;script&#62;"));
    for other in ["%2Fsettings%0Asite%0Azebra", "%2Fexample.com%2Fsettings%0Anothing%0Azebra", "%ff%0A", "", "zebra"] {
        assert!(!shown(other).contains("zebra"), "{other}");
    }
    let long = "x".repeat(100) + &"ü".repeat(100);
    let added = send(&world, &cookie, "annotation-add", &[("text", &long[..200])]);
    assert!(added.header("set-cookie").unwrap().len() < 4_096);
}
