//! What readers who are not signed in are shown of a site that an operator opens, and those who try more.

use std::io::Write;
use std::process::Stdio;

use headcount::cell::Dimension;
use headcount::control::share::ShareCommand;
use headcount::control::{Command, SiteChange};
use headcount::limits::{SHARES_MAX, TRIES_FREE};
use headcount::report::folded::is_for_all;
use headcount::secret::password::Password;
use serde_json::{Value, json};

use crate::operators::{headcount, printed, refused};
use crate::world::{Answer, World};

/// Opens example.com, and gives the path of the page.
fn open(world: &World, name: Option<&str>, more: impl FnOnce(&mut Share)) -> String {
    try_open(world, name, more).unwrap()
}

/// What an operator may add.
#[derive(Default)]
struct Share {
    password: Option<&'static str>,
    expires: Option<&'static str>,
    embed: Vec<&'static str>,
    segment: Option<&'static str>,
}

fn try_open(world: &World, name: Option<&str>, more: impl FnOnce(&mut Share)) -> Result<String, String> {
    let mut share = Share::default();
    more(&mut share);
    let command = ShareCommand::Add {
        site: "example.com".into(),
        name: name.map(str::to_owned),
        password: share.password.map(|text| Password::from(text.to_owned())),
        expires: share.expires.map(str::to_owned),
        embed: share.embed.iter().map(|host| (*host).to_owned()).collect(),
        segment: share.segment.map(str::to_owned),
    };
    let reply = world.command(Command::Share(command)).map_err(|refused| refused.to_string())?;
    let link = reply.json["link"].as_str().unwrap().to_owned();
    assert!(reply.text.contains(&link), "{}", reply.text);
    Ok(link.strip_prefix(world.url()).unwrap().to_owned())
}

fn list(world: &World) -> headcount::control::Reply {
    world.command(Command::Share(ShareCommand::List { site: "example.com".into() })).unwrap()
}

fn close(world: &World, name: &str) -> Result<String, String> {
    let command = ShareCommand::Remove { site: "example.com".into(), name: name.into() };
    world.command(Command::Share(command)).map(|reply| reply.text).map_err(|refused| refused.to_string())
}

/// What nobody but signed-in people may find: too few had it, or its day is not over.
const RARE: [&str; 5] = ["/rare-plans", "/quiet-day", "/today-page", "Rare Event", "rare.example"];

/// Three days: one with enough visitors, one with three, and one that runs. It is noon of the third.
fn three_days(world: &World) {
    for visitor in 0..12 {
        let who = format!("visitor {visitor}");
        let from = if visitor == 0 { "https://rare.example/" } else { "https://www.google.com/" };
        world.pageview("/").by(&who).from(from).ok();
        if visitor < 6 {
            world.pageview("/pricing").by(&who).ok();
        }
        if visitor < 2 {
            world.pageview("/rare-plans").by(&who).ok();
            world.event("Rare Event", "/pricing").by(&who).ok();
        }
        if visitor < 7 {
            world.event("Signup", "/").by(&who).ok();
        }
    }
    world.go_to("2026-06-02T09:00:00Z");
    (0..3).for_each(|visitor| world.pageview("/quiet-day").by(&format!("visitor {visitor}")).ok());
    world.go_to("2026-06-03T12:00:00Z");
    (0..9).for_each(|visitor| world.pageview("/today-page").by(&format!("visitor {visitor}")).ok());
}

#[test]
fn an_operator_opens_lists_and_closes() {
    let world = World::start();
    assert!(list(&world).text.contains("open to nobody"));
    assert_eq!(open(&world, None, |_| ()), "/share/example.com");
    let link = open(&world, Some("press"), |share| {
        share.expires = Some("2026-06-30");
        share.embed = vec!["www.Example.org", "*.example.net", "www.example.org"];
    });
    let secret = link.strip_prefix("/share/").unwrap();
    assert_eq!(secret.len(), 43);
    let locked = open(&world, Some("board"), |share| share.password = Some("three green geese"));
    let text = list(&world).text;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("public  {}/share/example.com", world.url()));
    assert_eq!(lines[1], "press  secret link  in pages of www.example.org, *.example.net  ends at 2026-07-01 00:00");
    assert_eq!(lines[2], "board  secret link  with a password");
    assert_eq!(list(&world).json[1]["ends"], "2026-07-01T00:00:00Z");
    // Neither links nor passwords are on the disk.
    world.flush();
    for file in std::fs::read_dir(world.folder()).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        for text in [secret, locked.strip_prefix("/share/").unwrap(), "three green geese"] {
            assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{text} is in {}", file.display());
        }
    }
    assert!(close(&world, "prss").unwrap_err().contains("did you mean \"press\"?"));
    close(&world, "press").unwrap();
    assert_eq!(world.page(&link).status, 404);
    assert!(close(&world, "press").is_err());
}

#[test]
fn what_makes_no_sense_is_refused_with_the_way_out() {
    let world = World::start();
    open(&world, None, |_| ());
    open(&world, Some("press"), |_| ());
    let refused =
        |name: Option<&str>, more: &dyn Fn(&mut Share)| try_open(&world, name, |share| more(share)).unwrap_err();
    assert!(refused(None, &|_| ()).contains("headcount share remove example.com public"));
    assert!(refused(None, &|share| share.password = Some("three green geese")).contains("--name"));
    assert!(refused(Some("press"), &|_| ()).contains("another --name"));
    assert!(refused(Some("short"), &|share| share.password = Some("geese")).contains("at least"));
    for name in ["", " ", "public", "a\nb"] {
        assert!(refused(Some(name), &|_| ()).contains("no name of a link"), "{name:?}");
    }
    for when in ["2026-05-31", "yesterday", "0d", "-3d", "2036-07-01", "99999999999d", "", "2026-13-01"] {
        let error = try_open(&world, Some("late"), |share| share.expires = Some(when)).unwrap_err();
        assert!(error.contains("write a day like"), "{when:?}: {error}");
    }
    assert!(refused(Some("x"), &|share| share.embed = vec!["https://a.test/x"]).contains("not a domain"));
    let both = |share: &mut Share| {
        share.embed = vec!["a.test"];
        share.password = Some("three green geese");
    };
    assert!(refused(Some("x"), &both).contains("leave out --embed"));
    for number in 0..SHARES_MAX - 2 {
        open(&world, Some(&format!("link {number}")), |_| ());
    }
    assert!(refused(Some("one more"), &|_| ()).contains("at most"));
    let k = |k| {
        let change = SiteChange::of("small_counts_k", k);
        world.command(Command::SiteSet { domain: "example.com".into(), change }).map(|reply| reply.text)
    };
    assert!(k(2).unwrap_err().to_string().contains("from 3 to"));
    assert!(k(10).unwrap().contains("small counts below 10"));
}

#[test]
fn the_words_of_the_command_line_open_a_site() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    printed(&["site", "add", "example.com", "--data", data]);
    let public = printed(&["share", "add", "example.com", "--public", "--data", data]);
    assert!(public.contains("/share/example.com"), "{public}");
    let mut command = headcount(&[
        "share",
        "add",
        "example.com",
        "--name",
        "board",
        "--password-stdin",
        "--expires",
        "30d",
        "--json",
        "--data",
        data,
    ]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"three green geese\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["link"].as_str().unwrap().contains("/share/") && json["ends"].is_string(), "{json}");
    let listed = printed(&["share", "list", "example.com", "--data", data]);
    assert!(listed.contains("board  secret link  with a password  ends at"), "{listed}");
    assert_eq!(printed(&["share", "remove", "example.com", "board", "--data", data]), "board is closed.");
    for words in [&["share", "add", "example.com"][..], &["share", "add", "example.com", "--public", "--name", "x"][..]]
    {
        assert_eq!(refused(words).0, 2, "{words:?}");
    }
    let unseen = ["share", "add", "example.com", "--name", "x", "--password", "--data", data];
    assert!(refused(&unseen).1.contains("--password-stdin"));
}

/// Every file that is offered of a site, under a home and for some days.
fn files(world: &World, home: &str, period: &str) -> Vec<(Dimension, Answer, Answer)> {
    let file = |dimension: Dimension, ending: &str| {
        let answer = world.page(&format!("{home}/{}.{ending}?{period}", dimension.name()));
        assert_eq!(answer.status, 200, "{} {}", dimension.name(), answer.text());
        answer
    };
    let seen = Dimension::ALL.into_iter().filter(|it| is_for_all(*it));
    seen.map(|it| (it, file(it, "csv"), file(it, "json"))).collect()
}

const PERIODS: [&str; 8] = [
    "period=7d",
    "period=30d",
    "period=month",
    "period=12mo",
    "period=all",
    "period=yesterday",
    "period=custom&from=2026-06-01&to=2026-06-01",
    "period=custom&from=2026-06-01&to=2026-06-03",
];

#[test]
fn nothing_small_or_of_today_is_shown_in_any_format() {
    let world = World::start();
    three_days(&world);
    open(&world, None, |_| ());
    let link = open(&world, Some("press"), |_| ());
    for home in ["/share/example.com", &link] {
        for period in PERIODS {
            let page = world.page(&format!("{home}?{period}"));
            assert_eq!(page.status, 200, "{home}?{period}: {}", page.text());
            let mut texts = vec![page.text()];
            for (dimension, csv, json) in files(&world, home, period) {
                texts.extend([csv.text(), json.text()]);
                for row in json.json()["rows"].as_array().unwrap() {
                    let visitors = row["visitors"].as_i64().unwrap();
                    assert!(visitors >= 5, "{} of {period}: {row}", dimension.name());
                }
            }
            for text in texts {
                for rare in RARE {
                    assert!(!text.contains(rare), "{rare} is shown at {home}?{period}: {text}");
                }
            }
        }
        let day = files(&world, home, PERIODS[6]);
        let values = |dimension: Dimension| -> Vec<(String, i64)> {
            let json = day.iter().find(|(it, ..)| *it == dimension).map(|(_, _, json)| json.json()).unwrap();
            let rows = json["rows"].as_array().unwrap().iter();
            rows.map(|row| (row["value"].as_str().unwrap().to_owned(), row["visitors"].as_i64().unwrap())).collect()
        };
        let is =
            |list: &[(&str, i64)]| list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>();
        // Two had /rare-plans, so one of the others goes with it; one came from elsewhere, so eleven from Google do.
        let pages = values(Dimension::Page);
        let (six, twelve) = (is(&[("(other)", 14), ("/pricing", 6)]), is(&[("/", 12), ("(other)", 8)]));
        assert!(pages == six || pages == twelve, "{pages:?}");
        assert_eq!(values(Dimension::Source), is(&[("(other)", 12)]));
        assert_eq!(values(Dimension::Event), is(&[("(other)", 9)]));
    }
}

/// Words of the page of signed-in people that open pages have not.
const FOR_PEOPLE_ALONE: [&str; 12] = [
    "Not counted",
    "Bots and AI crawlers",
    "visitors now",
    "Sign out",
    "filter=",
    "data-domain",
    "period=today",
    "sources=channel",
    "sources=referrer",
    "pages=entry_page",
    "pages=exit_page",
    "utm_source",
];

/// What no open page answers.
const REFUSED: [&str; 17] = [
    "?period=today",
    "?filter=page%7Cis%7C%2F",
    "?period=30d&filter=is%2Cpage%2C%2Frare-plans",
    "/page.csv?period=today",
    "/page.json?filter=page%3D%2F",
    "/bots.csv",
    "/mail.csv",
    "/page.xml",
    "/nothing.csv",
    "/prop%3Aplan.csv",
    "/referrer",
    "/referrer.csv",
    "/channel.json",
    "/utm_source.csv",
    "/utm_campaign.json",
    "/entry_page.csv",
    "/exit_page.json",
];

#[test]
fn what_is_for_signed_in_people_is_not_on_open_pages() {
    let world = World::start();
    three_days(&world);
    world.command(Command::GoalAdd { site: "example.com".into(), target: "Signup".into(), name: None }).unwrap();
    world.pageview("/").with("Mozilla/5.0 (compatible; GPTBot/1.2)").ok();
    let home = open(&world, None, |_| ());
    let text = world.page(&home).text();
    let cookie = world.sign_in();
    let full = world.request("GET", "/example.com", std::slice::from_ref(&cookie), None).text();
    for words in FOR_PEOPLE_ALONE {
        assert!(full.contains(words), "{words} is not on the page of signed-in people");
        assert!(!text.contains(words), "{words} is on the open page");
    }
    assert!(!text.contains("\"/example.com") && !text.contains("href=\"/\""), "a link leads behind the door: {text}");
    assert!(text.contains("Days that are over") && text.contains("fewer than 5 visitors"), "{text}");
    for refused in REFUSED {
        let answer = world.page(&format!("{home}{refused}"));
        assert!([400, 404].contains(&answer.status), "{refused}: {} {}", answer.status, answer.text());
        assert!(RARE.iter().all(|rare| !answer.text().contains(rare) || refused.contains("rare")), "{refused}");
    }
    for (path, status) in [("/example.com", 303), ("/example.com?period=7d", 303), ("/example.com/page.csv", 401)] {
        assert_eq!(world.page(path).status, status, "{path}");
    }
    assert_eq!(world.page("/example.com?period=7d").header("location"), Some("/share/example.com?period=7d"));
    close(&world, "public").unwrap();
    assert_eq!((world.page(&home).status, world.page("/example.com").status), (404, 401));
}

#[test]
fn addresses_that_lead_nowhere_say_so() {
    let world = World::start();
    world.alias("example.com", &["alias.test"]);
    for slug in
        ["x", "example.com", "..%2f", "%00", "%ff", "' OR 1=1 --", &"a".repeat(43), &"a".repeat(9_000), "%3Cscript%3E"]
    {
        let slug = slug.replace(' ', "%20");
        for path in [format!("/share/{slug}"), format!("/share/{slug}/page.csv"), format!("/share/{slug}?embed")] {
            let answer = world.page(&path);
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
            assert!(!answer.text().contains("<script>"));
        }
    }
    assert_eq!(world.page("/share").status, 401, "that is no site");
    open(&world, None, |_| ());
    for other in ["/share/EXAMPLE.com", "/share/www.example.com", "/share/alias.test"] {
        let answer = world.page(other);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/share/example.com")), "{other}");
    }
}

#[test]
fn a_link_ends_when_it_was_to_end() {
    let world = World::start();
    let link = open(&world, Some("press"), |share| share.expires = Some("2026-06-02"));
    let public = open(&world, None, |share| share.expires = Some("1d"));
    assert_eq!((world.page(&link).status, world.page(&public).status), (200, 200));
    world.go_to("2026-06-02T09:00:00Z");
    let ended = world.page(&public);
    assert_eq!(ended.status, 410);
    assert!(ended.text().contains("No longer open"), "{}", ended.text());
    assert_eq!((world.page(&link).status, world.page("/example.com").status), (200, 401));
    world.go_to("2026-06-03T00:00:00Z");
    assert_eq!((world.page(&link).status, world.page(&format!("{link}/page.csv")).status), (410, 410));
    assert!(list(&world).text.contains("ended at 2026-06-03 00:00"));
}

/// Sends a password as the form does.
fn send(world: &World, path: &str, password: &str) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("password", password).finish();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("sec-fetch-site", "same-origin".to_owned()),
    ];
    world.request("POST", path, &headers, Some(body.as_bytes()))
}

#[test]
fn a_password_opens_for_a_while() {
    let world = World::start();
    let link = open(&world, Some("board"), |share| share.password = Some("three green geese"));
    let other = open(&world, Some("other"), |share| share.password = Some("three green geese"));
    let asked = world.page(&link);
    assert_eq!((asked.status, asked.header("set-cookie")), (401, None));
    assert!(asked.text().contains("type=\"password\"") && !asked.text().contains("Visitors"), "{}", asked.text());
    assert_eq!(world.page(&format!("{link}/page.csv")).status, 401);
    let wrong = send(&world, &link, "three grey geese");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert!(wrong.text().contains("not the password") && !wrong.text().contains("grey"));
    let elsewhere = world.request("POST", &link, &[], Some(b"password=three+green+geese"));
    assert_eq!(elsewhere.status, 403);
    let right = send(&world, &format!("{link}?period=7d"), "three green geese");
    assert_eq!((right.status, right.header("location")), (303, Some(format!("{link}?period=7d").as_str())));
    let below = format!("{link}/page?period=7d");
    assert!(world.page(&below).text().contains("type=\"password\""), "it is asked for on every page of the link");
    assert_eq!(send(&world, &below, "three grey geese").status, 401);
    let led = send(&world, &below, "three green geese");
    assert_eq!((led.status, led.header("location")), (303, Some(below.as_str())), "back to what was wanted");
    let cookie = right.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("headcount_share_1=") && cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200"),
        "{cookie}"
    );
    let cookie = ("cookie", cookie.split(';').next().unwrap().to_owned());
    let with = |path: &str| world.request("GET", path, std::slice::from_ref(&cookie), None);
    assert_eq!((with(&link).status, with(&format!("{link}/page.csv")).status), (200, 200));
    assert_eq!(with(&link).header("cache-control"), Some("no-store"));
    assert_eq!(with(&other).status, 401, "another link has another cookie, though the password is the same");
    let forged = ("cookie", cookie.1.replace('=', "=A"));
    assert_eq!(world.request("GET", &link, std::slice::from_ref(&forged), None).status, 401);
    let planted = |known: &str| format!("{}; {}", forged.1, cookie.1.replace("headcount_share_1", known));
    for known in ["headcount_share", "__Host-headcount_share_1", "headcount_share_1"].map(planted) {
        assert_eq!(world.request("GET", &link, &[("cookie", known)], None).status, 200, "beside one that was planted");
    }
    world.wait_minutes(12 * 60);
    assert_eq!(with(&link).status, 401);
}

#[test]
fn guesses_at_a_password_cost_time_and_lock_nobody_out() {
    let world = World::start();
    world.expect_in_log("passwords are being guessed");
    let link = open(&world, Some("board"), |share| share.password = Some("three green geese"));
    for _ in 0..TRIES_FREE + 2 {
        assert_eq!(send(&world, &link, "three grey geese").status, 401);
    }
    assert_eq!(send(&world, &link, "three green geese").status, 303);
    let wrong = "headcount_sign_in_tries_total{secret=\"share\",outcome=\"wrong\"} 7";
    assert!(world.metrics().contains(wrong), "{}", world.metrics());
}

#[test]
fn only_hosts_that_were_named_may_frame_a_page() {
    let world = World::start();
    let hosts = vec!["example.org", "WWW.example.com", "*.example.net", "https://a.test:8443", "example.org"];
    let link = open(&world, Some("press"), |share| share.embed = hosts.clone());
    let plain = open(&world, Some("plain"), |_| ());
    let frames = |path: &str| {
        let answer = world.page(path);
        assert_eq!(answer.status, 200);
        answer.header("content-security-policy").unwrap().split("frame-ancestors ").nth(1).unwrap().to_owned()
    };
    let sources = "example.org www.example.com *.example.net https://a.test:8443";
    assert_eq!(frames(&link), "'none'", "only ?embed stands in other pages");
    assert_eq!(frames(&format!("{link}?embed")), sources);
    assert_eq!(frames(&format!("{link}?period=7d&embed")), sources);
    assert_eq!(frames(&format!("{plain}?embed")), "'none'");
    let (whole, part) = (world.page(&link).text(), world.page(&format!("{link}?embed&period=7d")).text());
    assert!(whole.contains("<footer") && !part.contains("<footer") && !part.contains("<header"), "{part}");
    let links = part.split("href=\"/share/").skip(1).map(|rest| rest.split('"').next().unwrap());
    for href in links.filter(|href| !href.contains(".csv") && !href.contains(".json")) {
        assert!(href.contains("embed"), "{href} leads out of the frame");
    }
}

#[test]
fn public_pages_may_be_kept_and_found_and_secret_ones_not() {
    let world = World::start();
    let public = world.page(&open(&world, None, |_| ()));
    let secret = world.page(&open(&world, Some("press"), |_| ()));
    assert_eq!(public.header("cache-control"), Some("public, max-age=300"));
    assert_eq!((public.header("x-robots-tag"), public.header("set-cookie")), (None, None));
    assert!(!public.text().contains("noindex") && secret.text().contains("noindex"));
    assert_eq!(secret.header("cache-control"), Some("no-store"));
    assert_eq!((secret.header("x-robots-tag"), secret.header("set-cookie")), (Some("noindex, nofollow"), None));
}

#[test]
fn a_site_without_visitors_is_held_to_its_hits() {
    let world = World::start();
    let change = SiteChange::of("address", "none");
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    (0..7).for_each(|_| world.pageview("/often").ok());
    (0..4).for_each(|_| world.pageview("/rare-plans").ok());
    world.go_to("2026-06-02T09:00:00Z");
    let home = open(&world, None, |_| ());
    let json = world.page(&format!("{home}/page.json?period=yesterday")).json();
    assert_eq!(json["rows"].as_array().unwrap().len(), 1);
    assert_eq!((&json["rows"][0]["value"], &json["rows"][0]["pageviews"]), (&json!("(other)"), &json!(11)));
    assert!(world.page(&home).text().contains("fewer than 5 pageviews"));
}

#[test]
fn a_counter_does_not_tell_whether_a_site_is_open() {
    let world = World::start();
    let change = SiteChange::of("counter", true);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    three_days(&world);
    let counts = || {
        let count = |page: &str| world.page(&format!("/counter/example.com/{page}.json")).json()["count"].clone();
        ["", "pricing", "rare-plans", "quiet-day", "today-page"].map(count)
    };
    let closed = counts();
    for count in &closed {
        let count = count.as_str().unwrap();
        assert!(count == "<5" || count.parse::<u64>().unwrap() % 5 == 0, "{closed:?}");
    }
    assert_eq!(closed[4], "<5", "today is not over");
    open(&world, None, |_| ());
    assert_eq!(counts(), closed);
    close(&world, "public").unwrap();
    assert_eq!(counts(), closed);
}

#[test]
fn what_was_folded_is_folded_alike_after_a_restart() {
    let mut world = World::start();
    three_days(&world);
    let home = open(&world, None, |_| ());
    let rows = |world: &World| world.page(&format!("{home}/page.json?{}", PERIODS[6])).json();
    let before = rows(&world);
    world.restart();
    assert_eq!(rows(&world), before);
}
