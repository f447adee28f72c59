//! Changes towards more data wait until the notice has announced them; those towards less act at once.

use super::*;

/// A world whose site announces changes for ten days, on 2026-06-01.
fn world() -> World {
    let world = World::start();
    set(&world, "announce_days", 10_u32);
    world
}

fn show(world: &World) -> serde_json::Value {
    world.command(Command::SiteShow { domain: SITE.into() }).unwrap().json
}

#[test]
fn a_change_towards_more_acts_when_it_was_announced_for_long_enough() {
    let mut world = world();
    let said = set(&world, "counter", true);
    assert!(
        said.text.contains("--counter true acts from 2026-06-12 on, and the notice announces it until then"),
        "{}",
        said.text
    );
    assert_eq!(show(&world)["counter"], json!(false));
    assert_eq!(show(&world)["announced"], json!([{"change": 1, "what": "--counter true", "from": "2026-06-12"}]));
    let text = page(&world, "/privacy/example.com").text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("<p>From 2026-06-12 on this holds, too:</p> <ul> <li>Everybody may ask how often"), "{text}");
    let told = page(&world, "/privacy/example.com/notice.json").json();
    assert_eq!(told["announced"][0]["from"], json!("2026-06-12"));
    assert_eq!((&told["facts"]["counter"], &told["announced"][0]["facts"]["counter"]), (&json!(false), &json!(true)));

    world.go_to("2026-06-11T23:59:59Z");
    assert_eq!(show(&world)["counter"], json!(false));
    world.go_to("2026-06-12T00:00:00Z");
    world.restart();
    assert_eq!(world.page("/counter/example.com/a.json").status, 200, "it acts at the start, too");
    assert_eq!((&show(&world)["counter"], &show(&world)["announced"]), (&json!(true), &json!([])));
    let text = page(&world, "/privacy/example.com").text();
    assert!(text.contains("Everybody may ask how often") && !text.contains("From 2026-06-12 on"));
    // Announcing days, the announced change, and its acting are a version each.
    assert_eq!(version(&world), 4);
}

#[test]
fn a_change_towards_less_acts_at_once_and_of_several_each_by_itself() {
    let world = world();
    let change = SiteChange::of("address", "none").with("opt_out", false).with("values_max", 9_u32);
    world.command(Command::SiteSet { domain: SITE.into(), change }).unwrap();
    let shown = show(&world);
    assert_eq!((&shown["address"], &shown["opt_out"], &shown["values_max"]), (&json!("none"), &json!(true), &json!(9)));
    assert_eq!(shown["announced"][0]["what"], json!("--opt-out false"));
    set(&world, "address", "hash");
    assert_eq!(show(&world)["announced"].as_array().unwrap().len(), 2);
    // What is set anew takes the place of what was announced.
    set(&world, "address", "truncate");
    let whats: Vec<_> = show(&world)["announced"].as_array().unwrap().iter().map(|it| it["what"].clone()).collect();
    assert_eq!(whats, [json!("--opt-out false"), json!("--address truncate")]);
    set(&world, "opt_out", true);
    assert_eq!(show(&world)["announced"].as_array().unwrap().len(), 1);
    // To announce for a shorter time is more, too.
    set(&world, "announce_days", 0_u32);
    assert_eq!(show(&world)["announce_days"], json!(10));
    world.go_to("2026-06-12T08:00:00Z");
    let shown = show(&world);
    assert_eq!((&shown["address"], &shown["announce_days"]), (&json!("truncate"), &json!(0)));
    set(&world, "counter", true);
    assert_eq!(show(&world)["counter"], json!(true), "nothing is announced any more");
}

#[test]
fn what_makes_no_sense_is_refused_before_it_is_announced() {
    let world = world();
    let refused = |change| world.command(Command::SiteSet { domain: SITE.into(), change }).unwrap_err().to_string();
    assert!(refused(SiteChange::of("address", "sometimes")).contains("address takes hash, truncate or none"));
    let goal = |target: &str| world.command(Command::GoalAdd { site: SITE.into(), target: target.into(), name: None });
    assert!(goal("pageview").is_err());
    assert_eq!(show(&world)["announced"], json!([]));
}

#[test]
fn goals_funnels_mails_and_shares_are_announced_and_can_be_taken_back() {
    let world = world();
    let goal = |name: &str| Command::GoalAdd { site: SITE.into(), target: name.into(), name: None };
    assert!(world.command(goal("Signup")).unwrap().text.contains("goal Signup acts from 2026-06-12 on"));
    let steps = vec!["/cart".into(), "Signup".into()];
    world.command(Command::FunnelAdd { site: SITE.into(), name: "Joins".into(), steps }).unwrap();
    let campaign = || CampaignCommand::Set { site: SITE.into(), name: "spring".into(), sent: Some(7) };
    world.command(Command::Campaign(campaign())).unwrap();
    let link = open(&world, Some("Board"), None);
    let path = link.json["link"].as_str().unwrap().strip_prefix(world.url()).unwrap().to_owned();
    assert_eq!(link.json["opens"], json!("2026-06-12T00:00:00Z"));
    assert_eq!(world.page(&path).status, 404, "it is not open yet");
    let told = || page(&world, "/privacy/example.com/notice.json").json();
    let announced = &told()["announced"][0]["facts"];
    for fact in ["goals", "money", "funnels", "mails"] {
        assert_eq!((&told()["facts"][fact], &announced[fact]), (&json!(false), &json!(true)), "{fact}");
    }
    assert_eq!(announced["secret_links"], json!(1));
    let withdraw = |change| notice(&world, NoticeCommand::Withdraw { site: SITE.into(), change });
    withdraw(2).unwrap();
    assert_eq!(withdraw(2).unwrap_err().to_string(), "example.com announces no change 2; there are: 1, 3");
    assert_eq!(told()["announced"][0]["facts"]["funnels"], json!(false));

    world.go_to("2026-06-12T00:00:00Z");
    assert_eq!(world.page(&path).status, 200);
    let facts = told()["facts"].clone();
    assert_eq!([&facts["goals"], &facts["funnels"], &facts["mails"]], [&json!(true), &json!(false), &json!(true)]);
    assert_eq!(facts["secret_links"], json!(1));
    // What is told already needs no announcement.
    assert!(world.command(goal("Purchase")).unwrap().text.contains("is a goal of example.com"));
    world.command(Command::Campaign(campaign())).unwrap();
}

#[test]
fn what_can_not_be_done_any_more_is_taken_back_and_said() {
    let world = world();
    set(&world, "address", "truncate");
    set(&world, "address", "hash");
    set(&world, "query_keys", ["id"]);
    assert_eq!(show(&world)["announced"].as_array().unwrap().len(), 2);
    let said = set(&world, "preset", "cnil");
    let taken_back = "--address hash was announced, and is taken back: example.com keeps to the preset cnil";
    assert!(said.text.contains(taken_back) && said.text.contains("--query-key id was announced"), "{}", said.text);
    assert_eq!((&show(&world)["announced"], &said.json["announced"]), (&json!([]), &json!([])));
    let goal = |name: Option<&str>| {
        world.command(Command::GoalAdd { site: SITE.into(), target: "Signup".into(), name: name.map(Into::into) })
    };
    goal(None).unwrap();
    let refused = goal(Some("The same")).unwrap_err().to_string();
    assert!(refused.contains("with what is announced already") && refused.contains("Signup"), "{refused}");
    let goals = || world.command(Command::GoalList { site: SITE.into() }).unwrap();
    assert!(goals().text.contains("no goal yet") && goals().text.contains("goal Signup acts from 2026-06-12 on"));
    world.go_to("2026-06-12T00:00:00Z");
    assert_eq!(show(&world)["announced"], json!([]));
    assert_eq!(goals().json.as_array().unwrap().len(), 1);
}

#[test]
fn what_a_later_version_announced_is_dropped_and_said() {
    let world = world();
    let file = crate::store::file::Database::of(world.folder());
    file.run("INSERT INTO announced_changes (site, announced_ms, from_ms, command) VALUES (1, 0, 1, '{}')");
    world.expect_in_log("an announced change");
    assert_eq!(show(&world)["announced"], json!([]));
}

#[test]
fn a_command_that_is_refused_takes_nothing_back() {
    let world = world();
    set(&world, "opt_out", false);
    set(&world, "counter", true);
    let change = SiteChange::of("opt_out", false).with("timezone", "Mars/Olympus");
    assert!(world.command(Command::SiteSet { domain: SITE.into(), change }).is_err());
    assert_eq!(show(&world)["announced"].as_array().unwrap().len(), 2);
}

#[test]
fn rules_of_paths_and_exclusions_are_announced_where_more_is_counted() {
    let world = world();
    let announced =
        || show(&world)["announced"].as_array().unwrap().iter().map(|it| it["what"].clone()).collect::<Vec<_>>();
    for (name, less, more) in [
        ("templates", SettingValue::from(["/order/:id"]), SettingValue::EMPTY),
        ("personal", 20_u32.into(), 0_u32.into()),
        ("collect", ["no-city"].into(), SettingValue::EMPTY),
        ("exclude_paths", ["/staff"].into(), SettingValue::EMPTY),
    ] {
        let before = announced();
        set(&world, name, less.clone());
        assert_eq!((&show(&world)[name], announced()), (&json!(less), before), "{name} acts at once");
        set(&world, name, more);
        assert_eq!(show(&world)[name], json!(less), "{name} waits");
    }
    let flags = ["--path-template none", "--personal-paths 0", "--collect all", "--exclude-path none"];
    assert_eq!(announced(), flags.map(|flag| json!(flag)));
    let told = page(&world, "/privacy/example.com/notice.json").json();
    assert_eq!(told["announced"][0]["more"], json!(["exclusions", "page_names"]));
    let text = page(&world, "/privacy/example.com").text();
    assert!(text.contains("More pages are counted by their own name."), "{text}");
    let versions = notice(&world, NoticeCommand::Versions { site: SITE.into(), language: None }).unwrap().text;
    let line = "+ From 2026-06-12 on this holds, too: Visits that were left out are counted.";
    assert!(versions.contains(line), "{versions}");
    world.go_to("2026-06-12T00:00:00Z");
    assert_eq!(show(&world)["exclude_paths"], json!([]));
}

#[test]
fn rules_of_names_wait_where_pages_are_left_out_by_their_names() {
    let world = world();
    set(&world, "templates", SettingValue::from(["/order/:id"]));
    set(&world, "exclude_paths", SettingValue::from(["/private/jane"]));
    set(&world, "templates", SettingValue::from(["/order/:id", "/private/:who"]));
    set(&world, "slash", SettingValue::from("strip"));
    let shown = show(&world);
    assert_eq!((&shown["templates"], &shown["slash"]), (&json!(["/order/:id"]), &json!("keep")));
}

#[test]
fn what_is_set_anew_is_taken_back_and_said() {
    let world = world();
    set(&world, "counter", true);
    let said = set(&world, "counter", false);
    assert!(said.text.contains("--counter true was announced, and is taken back: it is set anew."), "{}", said.text);
}

#[test]
fn what_is_only_announced_is_said_to_be() {
    let world = world();
    let target = "Signup".to_owned();
    world.command(Command::GoalAdd { site: SITE.into(), target, name: Some("Join".into()) }).unwrap();
    let campaign = CampaignCommand::Set { site: SITE.into(), name: "spring".into(), sent: None };
    world.command(Command::Campaign(campaign)).unwrap();
    let link = CampaignCommand::Link {
        site: SITE.into(),
        campaign: "spring".into(),
        to: "https://example.com/".into(),
        source: "news".into(),
    };
    for command in [Command::GoalRemove { site: SITE.into(), name: "Join".into() }, Command::Campaign(link)] {
        let refused = world.command(command).unwrap_err().to_string();
        assert!(refused.starts_with("it is not there yet: ") && refused.contains("from 2026-06-12 on"), "{refused}");
    }
}

#[test]
fn a_new_time_zone_is_told_of_its_own_day() {
    let world = world();
    let change = SiteChange::of("timezone", "Europe/Paris").with("publish", true);
    world.command(Command::SiteSet { domain: SITE.into(), change }).unwrap();
    let told = page(&world, "/privacy/example.com/notice.json").json();
    let announced: Vec<_> =
        told["announced"].as_array().unwrap().iter().map(|it| (&it["from"], &it["facts"]["time_zone"])).collect();
    let zone = json!("Europe/Paris");
    assert_eq!(announced, [(&json!("2026-06-02"), &zone), (&json!("2026-06-12"), &zone)]);
    let facts = |at: usize| &told["announced"][at]["facts"]["published_epsilon"];
    assert!(facts(0).is_null() && !facts(1).is_null(), "{told}");
}

#[test]
fn a_change_that_the_store_can_not_make_holds_up_no_other() {
    let world = World::at("2026-06-01T09:00:00Z", &[(SITE, "Etc/UTC"), ("shop.test", "Etc/UTC")]);
    for domain in [SITE, "shop.test"] {
        for change in [SiteChange::of("announce_days", 10_u32), SiteChange::of("counter", true)] {
            world.command(Command::SiteSet { domain: domain.into(), change }).unwrap();
        }
    }
    let file = crate::store::file::Database::of(world.folder());
    file.run("CREATE TRIGGER held BEFORE UPDATE ON sites WHEN old.domain = 'example.com' BEGIN SELECT RAISE(ABORT, 'held'); END");
    world.expect_in_log("an announced change");
    world.go_to("2026-06-12T00:00:00Z");
    page(&world, "/privacy/example.com");
    assert_eq!(page(&world, "/privacy/shop.test/notice.json").json()["facts"]["counter"], json!(true));
    assert_eq!(page(&world, "/privacy/example.com/notice.json").json()["facts"]["counter"], json!(false));
    file.run("DROP TRIGGER held");
    assert_eq!(page(&world, "/privacy/example.com/notice.json").json()["facts"]["counter"], json!(true));
}
