//! Requests of other trackers, and of servers that hold a token: what they are answered, and what is counted of them.

use headcount::control::campaign::CampaignCommand;
use headcount::control::{Command, SiteChange};
use serde_json::{Value, json};

use crate::world::{Answer, World, person};

pub const WEBSITE: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

pub fn world() -> World {
    let world = World::start();
    world.alias("example.com", &[WEBSITE, "7", "ABCDE"]);
    world
}

/// Sends a request as a person's browser.
pub fn send(world: &World, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
    let ana = person("ana");
    let mut headers = vec![("x-forwarded-for", ana.address.to_string())];
    if !more.iter().any(|(name, _)| *name == "user-agent") {
        headers.push(("user-agent", ana.agent));
    }
    headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    world.request(method, path, &headers, (!body.is_empty()).then_some(body.as_bytes()))
}

/// A metric by a dimension over a range.
fn figures(world: &World, metric: &str, dimension: &str, range: Value) -> String {
    let query = json!({"site_id": "example.com", "metrics": [metric], "date_range": range, "dimensions": [dimension],
        "order_by": [[dimension, "asc"]]});
    let answer = world.query(query).json();
    let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    let rows = rows.map(|row| format!("{} {}", row["dimensions"][0].as_str().unwrap(), row["metrics"][0]));
    rows.collect::<Vec<_>>().join(", ")
}

fn today(world: &World, metric: &str, dimension: &str) -> String {
    figures(world, metric, dimension, json!("day"))
}

const BOT: (&str, &str) = ("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)");

#[test]
fn umami_is_answered_as_its_clients_expect() {
    let world = world();
    let body = |website: &str| {
        json!({"type": "event", "payload": {"website": website, "url": "/a", "hostname": "example.com"}}).to_string()
    };
    let answer = send(&world, "POST", "/api/send", &[("authorization", "Bearer None")], &body(WEBSITE));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["sessionId"], "00000000-0000-0000-0000-000000000000");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(send(&world, "POST", "/api/send", &[BOT], &body(WEBSITE)).json(), json!({"beep": "boop"}));
    let unknown = send(&world, "POST", "/api/send", &[], &body("other"));
    assert_eq!((unknown.status, &unknown.json()["error"]["message"]), (400, &json!("Website not found.")));
    let bad = send(&world, "POST", "/api/send", &[], "{}");
    assert_eq!((bad.status, &bad.json()["error"]["code"]), (400, &json!("bad-request")));
    let batch = format!("[{},{},{}]", body(WEBSITE), body("other"), body(WEBSITE));
    let told = send(&world, "POST", "/api/batch", &[], &batch).json();
    assert_eq!((&told["size"], &told["processed"], &told["errors"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(told["details"][0]["index"], 1);
    assert_eq!(send(&world, "GET", "/api/heartbeat", &[], "").json(), json!({"ok": true}));
    let preflight = send(&world, "OPTIONS", "/api/send", &[("origin", "https://example.com")], "");
    assert_eq!((preflight.status, preflight.header("access-control-allow-headers")), (204, Some("*")));
    assert_eq!(today(&world, "pageviews", "event:page"), "/a 3");
    assert_eq!(world.rejections("example.com"), [("bot", 1)]);
    assert_eq!(world.rejections("-"), [("bad_field", 1), ("unknown_site", 2)]);
}

#[test]
fn goatcounter_is_always_a_picture() {
    let world = world();
    for path in ["/count?p=/a", "/count/example.com?p=/b/", "/count/ABCDE?p=buy&e=true"] {
        let answer = send(&world, "POST", path, &[], "");
        assert_eq!((answer.status, &answer.body[..6], answer.body.len()), (200, &b"GIF89a"[..], 43), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
    }
    let wrong = send(&world, "GET", "/count?t=x", &[], "");
    assert_eq!(wrong.status, 400);
    assert!(wrong.header("x-goatcounter").unwrap().starts_with("not valid: p"), "{wrong:?}");
    assert_eq!(send(&world, "GET", "/count/unknown.test?p=/a", &[], "").status, 400);
    let ignored = send(&world, "GET", "/count?p=/a", &[BOT], "");
    assert_eq!((ignored.status, ignored.header("x-goatcounter")), (200, Some("ignored because bot")));
    assert_eq!(today(&world, "pageviews", "event:page"), "(not set) 0, /a 1, /b 1");
    assert_eq!(today(&world, "events", "event:name"), "buy 1, pageview 2");
}

#[test]
fn goatcounters_api_needs_a_token_and_tells_which_hits_are_wrong() {
    let world = world();
    let json_type = ("content-type", "application/json");
    let call = json!({"no_sessions": true, "hits": [{"path": "/x"}, {"title": "none"}]}).to_string();
    let answer = send(&world, "POST", "/api/v0/count", &[json_type], &call);
    assert_eq!((answer.status, answer.header("www-authenticate").is_some()), (401, true));
    let read = format!("Bearer {}", world.token("read"));
    assert_eq!(send(&world, "POST", "/api/v0/count", &[json_type, ("authorization", &read)], &call).status, 403);
    let token = world.token("ingest");
    let basic = format!("Basic {}", data_encoding::BASE64.encode(format!("me:{token}").as_bytes()));
    let answer = send(&world, "POST", "/api/v0/count", &[json_type, ("authorization", &basic)], &call);
    assert_eq!((answer.status, answer.json()["errors"]["1"].is_string()), (400, true), "{}", answer.text());
    assert_eq!(send(&world, "POST", "/api/v0/count", &[("authorization", &basic)], &call).status, 415);
    assert_eq!(send(&world, "GET", "/api/v0/me", &[("authorization", &basic)], "").status, 200);
    let past = json!({"hits": [
        {"path": "/past", "ip": "192.0.2.1", "user_agent": person("bob").agent, "created_at": "2026-05-20T10:00:00Z", "location": "FR"},
    ]});
    let answer = send(&world, "POST", "/api/v0/count", &[json_type, ("authorization", &basic)], &past.to_string());
    assert_eq!((answer.status, answer.json()), (202, json!({"status": "ok"})));
    assert_eq!(today(&world, "pageviews", "event:page"), "/x 1");
    assert_eq!(figures(&world, "visitors", "visit:country", json!(["2026-05-20", "2026-05-20"])), "FR 1");
}

#[test]
fn matomo_may_be_read_by_the_page_and_counts_a_repeat_once() {
    let world = world();
    let hit = "idsite=7&rec=1&url=https%3A%2F%2Fexample.com%2Fm&r=123456";
    let origin = ("origin", "https://example.com");
    let answer = send(&world, "POST", "/matomo.php", &[origin], &format!("{hit}&send_image=0"));
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some("https://example.com")));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    let again = send(&world, "GET", &format!("/matomo.php?{hit}&send_image=1"), &[], "");
    assert_eq!((again.status, again.body.len(), again.header("x-headcount-rejected")), (200, 43, Some("repeat")));
    assert_eq!(send(&world, "GET", "/matomo.php", &[], "").status, 200);
    assert_eq!(send(&world, "GET", "/piwik.php?idsite=8&rec=1&url=https://example.com/", &[], "").status, 400);
    assert_eq!(send(&world, "GET", &format!("/js/tracker.php?{hit}1&cip=192.0.2.9"), &[], "").status, 400);
    let list = json!({"requests": [format!("?{hit}2"), "?idsite=8&rec=1&url=https://example.com/"], "token_auth": world.token("admin")});
    let told = send(&world, "POST", "/matomo.php", &[], &list.to_string()).json();
    assert_eq!(told, json!({"status": "success", "tracked": 1, "invalid": 1, "invalid_indices": [1]}));
    assert_eq!(today(&world, "pageviews", "event:page"), "/m 2");
    assert_eq!(world.rejections("example.com"), [("bad_token", 1), ("repeat", 1)]);
}

#[test]
fn a_matomo_ping_is_time_on_the_page_and_no_view() {
    let world = world();
    let at = |more: &str| format!("/matomo.php?idsite=7&rec=1&url=https%3A%2F%2Fexample.com%2Fm{more}");
    send(&world, "GET", &at("&r=1"), &[], "");
    world.wait_ms(15_000);
    send(&world, "GET", &at("&r=2&ping=1"), &[], "");
    assert_eq!(today(&world, "time_on_page", "event:page"), "/m 15");
    assert_eq!(today(&world, "pageviews", "event:page"), "/m 1");
}

#[test]
fn a_matomo_ping_that_the_next_page_overtakes_keeps_its_time() {
    let world = world();
    let tell = |page: &str, more: &str| {
        let hit = format!("/matomo.php?idsite=7&rec=1&url=https%3A%2F%2Fexample.com%2F{page}{more}");
        send(&world, "GET", &hit, &[], "");
    };
    tell("a", "&r=1");
    world.wait_ms(12_000);
    tell("b", "&r=2");
    tell("a", "&r=3&ping=1");
    world.wait_ms(8_000);
    tell("b", "&r=4&ping=1");
    // What `/b` has told is no time of `/a`.
    tell("a", "&r=5&ping=1");
    assert_eq!(today(&world, "time_on_page", "event:page"), "/a 12, /b 8");
}

#[test]
fn matomos_importer_of_logs_works_with_a_token() {
    let world = world();
    let token = world.token("ingest");
    let question = format!("module=API&format=json&method=SitesManager.getSiteFromId&idSite=7&token_auth={token}");
    assert_eq!(send(&world, "POST", "/", &[], &question).json()["main_url"], "https://example.com");
    let asked = send(&world, "GET", &format!("/index.php?{question}"), &[], "");
    assert_eq!(asked.json()["idsite"], "7");
    let wrong = question.replace(&token, "wrong");
    assert_eq!(send(&world, "POST", "/", &[], &wrong).json()["result"], "error");
    let agent = person("bob").agent;
    let item = |path: &str, ip: &str| {
        json!({"rec": "1", "apiv": "1", "idsite": "7", "bots": "1", "ua": agent, "cip": ip,
        "cdt": "2026-05-20 10:00:00", "url": format!("https://example.com{path}"), "bw_bytes": 123})
    };
    let list = json!({"token_auth": token, "requests": [item("/a", "192.0.2.1"), item("/b", "192.0.2.1"), item("/a", "192.0.2.2")]});
    let answer =
        send(&world, "POST", "/piwik.php?queuedtracking=0", &[("user-agent", "Matomo/LogImport")], &list.to_string());
    assert_eq!(answer.json()["tracked"], 3);
    let day = json!(["2026-05-20", "2026-05-20"]);
    assert_eq!(figures(&world, "visitors", "event:page", day.clone()), "/a 2, /b 1");
    assert_eq!(figures(&world, "visitors", "visit:browser", day), "Firefox 2");
}

#[test]
fn fathom_and_simple_analytics_count_with_pictures() {
    let world = world();
    let answer = send(&world, "GET", "/collect?p=%2Ff&h=https%3A%2F%2Fexample.com&sid=ABCDE", &[], "");
    assert_eq!((answer.status, answer.body.len(), answer.header("tk")), (200, 43, Some("N")));
    let none = send(&world, "GET", "/collect?p=%2Ff&h=https%3A%2F%2Fexample.com&sid=ABCDE", &[("dnt", "1")], "");
    assert_eq!((none.status, none.body.len()), (200, 0));
    let page = "hostname=example.com&hostname_original=example.com&path=%2Fs&page_id=x";
    assert_eq!(send(&world, "GET", &format!("/simple.gif?{page}&type=pageview"), &[], "").body.len(), 43);
    world.wait_ms(8_000);
    let leave = json!({"hostname": "example.com", "type": "append", "original_id": "x", "duration": 8, "scrolled": 60});
    assert_eq!(send(&world, "POST", "/append", &[], &leave.to_string()).status, 200);
    assert_eq!(today(&world, "time_on_page", "event:page"), "/f null, /s 8");
    assert_eq!(today(&world, "pageviews", "event:page"), "/f 1, /s 1");
}

#[test]
fn only_a_token_for_the_site_makes_claims_believable() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.test", "Etc/UTC")]);
    let claim = json!({"n": "pageview", "u": "https://example.com/c", "d": "example.com", "ip": "192.0.2.44",
        "timestamp": "2026-05-30T10:00:00Z", "user_agent": person("bob").agent, "country": "de", "language": "fr-CA"});
    let with = |authorization: Option<String>| {
        let headers: Vec<(&str, &str)> =
            authorization.as_deref().map(|value| ("authorization", value)).into_iter().collect();
        send(&world, "POST", "/api/event", &headers, &claim.to_string()).status
    };
    let create = |site: &str| Command::TokenCreate { site: Some(site.into()), scope: "ingest".into() };
    let bearer = |site: &str| Some(format!("Bearer {}", world.command(create(site)).unwrap().text));
    assert_eq!(with(None), 202, "ignored, never an error");
    assert_eq!(with(bearer("other.test")), 202);
    assert_eq!(today(&world, "pageviews", "event:page"), "/c 2");
    let past = || json!(["2026-05-30", "2026-05-30"]);
    assert_eq!(figures(&world, "pageviews", "event:page", past()), "");
    assert_eq!(with(bearer("example.com")), 202);
    assert_eq!(figures(&world, "pageviews", "visit:country", past()), "DE 1");
    assert_eq!(figures(&world, "pageviews", "visit:language", past()), "fr 1");
}

/// A message of a past day in our own format.
pub fn past(path: &str, ip: &str, at: &str) -> Value {
    json!({"n": "pageview", "u": format!("https://example.com{path}"), "d": "example.com", "ip": ip, "timestamp": at,
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
}

#[test]
fn many_hits_come_at_once_and_a_batch_counts_once() {
    let mut world = World::start().without_journal();
    let bearer = format!("Bearer {}", world.token("ingest"));
    let lines: String = (0..10_000)
        .map(|n| {
            past(&format!("/p{}", n % 7), &format!("192.0.2.{}", n % 50), "2026-05-30T10:00:00Z").to_string() + "\n"
        })
        .collect();
    assert_eq!(send(&world, "POST", "/api/events", &[], &lines[..300]).status, 401);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "batch-1")];
    let told = send(&world, "POST", "/api/events", &headers, &lines).json();
    assert_eq!(told, json!({"counted": 10_000, "rejected": {}, "errors": {}, "repeated": false, "repeated_days": []}));
    let day = || json!(["2026-05-30", "2026-05-30"]);
    let is_counted = |world: &World| {
        assert_eq!(figures(world, "visitors", "visit:browser", day()), "Firefox 50");
        assert_eq!(figures(world, "pageviews", "visit:browser", day()), "Firefox 10000");
    };
    is_counted(&world);
    for step in 0..3 {
        // `curl -T` puts.
        let method = if step == 1 { "PUT" } else { "POST" };
        let again = send(&world, method, "/api/events", &headers, &lines).json();
        assert_eq!((&again["repeated"], &again["counted"]), (&json!(true), &json!(0)), "{step}");
        is_counted(&world);
        if step == 0 { world.flush() } else { world.restart() }
    }
    let more = format!("[{},{{\"n\":\"pageview\"}}]", past("/p0", "192.0.2.1", "2026-05-30T23:00:00Z"));
    let told = send(&world, "POST", "/api/events", &headers[..1], &more).json();
    assert_eq!((&told["counted"], &told["rejected"]), (&json!(1), &json!({"bad_url": 1})));
    assert_eq!(
        told["repeated_days"],
        json!(["2026-05-30"]),
        "under a new salt the visitor counts twice, and it is said"
    );
    assert!(told["errors"]["1"]["errors"]["url"].is_array(), "{told}");
}

#[test]
fn a_batch_that_is_too_long_or_torn_counts_nothing() {
    let world = World::start();
    let bearer = format!("Bearer {}", world.token("ingest"));
    let headers = [("authorization", bearer.as_str())];
    let line = past("/p", "192.0.2.1", "2026-05-30T10:00:00Z").to_string();
    let long = format!("{line}\n").repeat(10_001);
    assert_eq!(send(&world, "POST", "/api/events", &headers, &long).status, 413);
    assert_eq!(send(&world, "POST", "/api/events", &headers, &format!("{line}\n{{\"n\":")).status, 400);
    assert_eq!(send(&world, "POST", "/api/events", &headers, &format!("{line} 5")).status, 400);
    assert_eq!(figures(&world, "pageviews", "event:page", json!(["2026-05-30", "2026-05-30"])), "");
}

#[test]
fn a_past_day_is_closed_an_hour_after_its_last_hit() {
    let world = World::start();
    let bearer = format!("Bearer {}", world.token("ingest"));
    let hit = |at: &str| {
        let body = past("/p", "192.0.2.1", at).to_string();
        let answer = send(&world, "POST", "/api/event", &[("authorization", &bearer)], &body);
        assert_eq!(answer.status, 202);
        answer.header("x-headcount-repeated-days").map(str::to_owned)
    };
    let visitors = || {
        let all = figures(&world, "visitors", "event:page", json!(["2026-05-30", "2026-05-30"]));
        // All of them use Firefox: pairs of dimensions, of open, closed and reopened days, must agree with that.
        let filters = json!([["is", "visit:browser", ["Firefox"]]]);
        let answer = world
            .query(json!({"site_id": "example.com", "metrics": ["visitors"], "filters": filters,
            "date_range": ["2026-05-30", "2026-05-30"], "dimensions": ["event:page"]}))
            .json();
        let pairs = format!("/p {}", answer["results"][0]["metrics"][0]);
        assert_eq!(pairs, all, "{answer}");
        all
    };
    assert_eq!((hit("2026-05-30T10:00:00Z"), hit("2026-05-30T10:05:00Z")), (None, None));
    assert_eq!(visitors(), "/p 1");
    world.wait_minutes(59);
    assert_eq!((hit("2026-05-30T10:06:00Z"), visitors()), (None, "/p 1".to_owned()));
    let salts = world.collector().salts_in_memory();
    world.wait_minutes(61);
    world.flush();
    assert_eq!((world.collector().salts_in_memory(), world.collector().visitors_in_memory()), (salts - 1, 0));
    assert_eq!(hit("2026-05-30T10:10:00Z"), Some("2026-05-30".to_owned()));
    assert_eq!(visitors(), "/p 2");
    world.wait_minutes(61);
    world.flush();
    assert_eq!(visitors(), "/p 2", "closed once more");
    assert_eq!(hit("2026-07-30T10:10:00Z"), None, "a time to come is now");
    assert_eq!(today(&world, "pageviews", "event:page"), "/p 1");
    let long_ago = past("/p", "192.0.2.1", "2001-05-30T10:00:00Z").to_string();
    let answer = send(&world, "POST", "/api/event", &[("authorization", &bearer)], &long_ago);
    assert_eq!(answer.header("x-headcount-rejected"), Some("bad_time"));
}

#[test]
fn no_two_sites_share_a_name() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.test", "Etc/UTC")]);
    let set = |domain: &str, add: &[&str], remove: &[&str]| {
        let change = SiteChange::of("add_aliases", add.to_vec()).with("remove_aliases", remove.to_vec());
        world.command(Command::SiteSet { domain: domain.into(), change }).map_err(|refused| refused.0)
    };
    set("example.com", &["shop.example.net", "7", "WWW.Example.net"], &[]).unwrap();
    assert_eq!(set("other.test", &["7"], &[]).unwrap_err(), "7 is a name of example.com already");
    assert!(set("other.test", &["example.com"], &[]).is_err());
    assert!(set("other.test", &["a b"], &[]).is_err());
    assert!(set("example.com", &[], &["8"]).unwrap_err().contains("no alias"));
    let add = Command::SiteAdd { domain: "shop.example.net".into(), change: SiteChange::default() };
    assert!(world.command(add.clone()).unwrap_err().0.contains("is an alias of example.com"));
    let counted = |site: &str| world.pageview("/").key("d", site).send().header("x-headcount-rejected").is_none();
    assert!(counted("www.shop.example.net") && counted("example.net") && counted("7"));
    assert_eq!(world.page("/shop.example.net").status, 401, "its page is behind the sign-in too");
    set("example.com", &[], &["shop.example.net"]).unwrap();
    assert!(!counted("shop.example.net"));
    world.command(add).unwrap();
    let change = SiteChange::of("hosts", ["*.example.com"]);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    let from = |host: &str| {
        world
            .pageview("/")
            .key("u", format!("https://{host}/"))
            .send()
            .header("x-headcount-rejected")
            .map(str::to_owned)
    };
    assert_eq!((from("a.example.com"), from("example.com")), (None, Some("wrong_host".to_owned())));
    let change = SiteChange::of("hosts", ["other.test"]);
    world.command(Command::SiteSet { domain: "other.test".into(), change }).unwrap();
    world.pageview("/").key("d", "other.test").send();
    let (name, cookie) = world.sign_in();
    let page = world.request("GET", "/other.test", &[(name, cookie)], None).text();
    assert!(page.contains("allowed are <code>other.test</code>"), "a mis-set host shows before the first visit");
}

fn campaign(world: &World, name: &str, sent: u64) -> String {
    let set = CampaignCommand::Set { site: "example.com".into(), name: name.into(), sent: Some(sent) };
    world.command(Command::Campaign(set)).unwrap().json["picture"].as_str().unwrap().to_owned()
}

fn link(world: &World, name: &str, to: &str) -> Result<String, String> {
    let (site, campaign, to) = ("example.com".into(), name.into(), to.into());
    let link = CampaignCommand::Link { site, campaign, to, source: "newsletter".into() };
    let reply = world.command(Command::Campaign(link)).map_err(|refused| refused.0)?;
    Ok(reply.text.strip_prefix(world.url()).unwrap().to_owned())
}

/// The cells of the panel of mail campaigns.
fn mails(world: &World) -> Vec<String> {
    let (name, cookie) = world.sign_in();
    let page = world.request("GET", "/example.com", &[(name, cookie)], None).text();
    let Some((_, panel)) = page.split_once("id=\"mail\"") else { return Vec::new() };
    let rows = panel.split("</table>").next().unwrap().split("<tr>").skip(2);
    let cells = |row: &str| {
        row.split(['<', '>'])
            .filter(|text| !text.trim().is_empty() && !text.contains(['/', '=']) && *text != "td")
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    rows.map(cells).collect()
}

#[test]
fn mails_are_counted_as_sent_opened_clicked_and_visited() {
    let mut world = World::start();
    assert_eq!(mails(&world), Vec::<String>::new());
    let picture = campaign(&world, "spring", 1_200);
    let picture = picture.strip_prefix(world.url()).unwrap();
    open_mails(&world, picture);
    let (link, target) = follow_links(&world);
    world.pageview("/offer").key("u", target).ok();
    let expected = ["(unknown) 0 1 0 1 0 0 0 0", "spring 1,200 3 1 1 1 1 1 2"];
    assert_eq!(mails(&world), expected);
    world.flush();
    assert_eq!(mails(&world), expected, "the same when they are stored");
    send(&world, "GET", picture, &[], "");
    assert_eq!(mails(&world)[1], "spring 1,200 4 1 1 1 1 1 2", "the same reader on the same day");
    let (name, cookie) = world.sign_in();
    let file = |file: &str| world.request("GET", &format!("/example.com/{file}"), &[(name, cookie.clone())], None);
    assert_eq!(file("mail.json").json()["rows"][1]["opened_by_proxies"], 1);
    assert!(file("mail.csv").text().contains("\r\nspring,1200,4,1,1,1,1,1,2\r\n"), "{}", file("mail.csv").text());
    assert_eq!(file("mail.xml").status, 404);
    world.restart();
    assert_eq!(mails(&world)[1], "spring 1,200 4 1 1 1 1 1 2");
    assert_eq!(send(&world, "GET", &link, &[], "").status, 302, "links outlive a restart");
    assert_eq!(today(&world, "visits", "visit:channel"), "Email 1");
}

/// Programs and people that open a mail of a campaign, and others.
fn open_mails(world: &World, picture: &str) {
    let as_agent = |agent: &'static str| ("user-agent", agent);
    let secret = world.canary("recipient-canary-42");
    for who in
        [None, None, Some(as_agent("Mozilla/5.0")), Some(as_agent("X (via ggpht.com GoogleImageProxy)")), Some(BOT)]
    {
        let more: Vec<_> = who.into_iter().collect();
        let answer = send(world, "GET", &format!("{picture}?r={secret}"), &more, "");
        assert_eq!((answer.status, answer.body.len()), (200, 43));
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
    }
    let unknown = world.canary("bob-123-canary");
    send(world, "GET", &format!("/e/example.com/{unknown}.gif"), &[], "");
    assert_eq!(send(world, "GET", picture, &[("sec-gpc", "1")], "").header("x-headcount-rejected"), Some("opted_out"));
    assert_eq!(
        send(world, "GET", "/e/other.test/spring.gif", &[], "").header("x-headcount-rejected"),
        Some("unknown_site")
    );
}

/// A link of a mail and where it leads.
fn follow_links(world: &World) -> (String, &'static str) {
    assert!(link(world, "summer", "https://example.com/").unwrap_err().contains("headcount campaign set"));
    assert!(link(world, "spring", "javascript:alert(1)").is_err());
    let link = link(world, "spring", "https://example.com/offer?x=1").unwrap();
    let answer = send(world, "GET", &link, &[], "");
    let target = "https://example.com/offer?x=1&utm_source=newsletter&utm_medium=email&utm_campaign=spring";
    assert_eq!((answer.status, answer.header("location")), (302, Some(target)));
    assert_eq!(send(world, "GET", &link, &[BOT], "").status, 302, "scanners see where it leads");
    assert_eq!(send(world, "GET", &link[..link.len() - 1], &[], "").status, 404);
    assert_eq!(send(world, "GET", "/l/x", &[], "").status, 404);
    (link, target)
}

#[test]
fn a_campaign_is_named_and_no_recipient() {
    let world = World::start();
    for name in ["", "a/b", "ana@mail.example", "(unknown)", &"x".repeat(101)] {
        let set = CampaignCommand::Set { site: "example.com".into(), name: name.into(), sent: None };
        assert!(world.command(Command::Campaign(set)).is_err(), "{name}");
    }
    campaign(&world, "spring sale", 5);
    let list = || world.command(Command::Campaign(CampaignCommand::List { site: "example.com".into() })).unwrap().text;
    assert_eq!(list(), "spring sale  5 sent");
    let remove = CampaignCommand::Remove { site: "example.com".into(), name: "spring sale".into() };
    world.command(Command::Campaign(remove)).unwrap();
    assert!(list().contains("no campaign yet"));
}

#[test]
fn the_public_counter_is_off_coarse_and_of_closed_days() {
    let world = World::at("2026-05-28T09:00:00Z", &[("example.com", "Etc/UTC")]);
    let ask = |path: &str| world.page(&format!("/counter/example.com{path}"));
    let on = |counter| {
        let change = SiteChange::of("counter", counter);
        world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    };
    for day in ["2026-05-28", "2026-05-31", "2026-06-01", "2026-06-02"] {
        world.go_to(&format!("{day}T09:00:00Z"));
        (0..4).for_each(|_| world.pageview("/about").ok());
        world.pageview("/").ok();
    }
    world.flush();
    assert_eq!(ask("/about.json").status, 404);
    on(true);
    let answer = ask("/about.json");
    let count = answer.json()["count"].as_str().unwrap().to_owned();
    assert!(answer.status == 200 && (count == "<5" || count.parse::<u64>().unwrap() % 5 == 0), "{count}");
    assert!(answer.header("access-control-allow-origin") == Some("*") && ask("/about.json").json()["count"] == count);
    assert_eq!(ask("/never.json").json(), json!({"count": "<5"}));
    let (picture, shown) = (ask("/about.svg"), format!(">{}</text>", count.replace('<', "&lt;")));
    assert!(picture.header("content-type") == Some("image/svg+xml") && picture.text().contains(&shown));
    assert_eq!(ask("/about.png").status, 404);
    assert_eq!(ask("/ABOUT/.json").json(), json!({"count": "<5"}));
    let rules = SiteChange::of("slash", "strip").with("case", "lower");
    world.command(Command::SiteSet { domain: "example.com".into(), change: rules }).unwrap();
    assert_eq!(ask("/ABOUT/.json").json(), json!({"count": count}), "named by the rules of the site");
    assert_eq!(world.page("/counter/other.test/about.json").status, 404);
    world.go_to("2026-06-03T00:10:00Z");
    let later = ask("/about.json").json()["count"].as_str().unwrap().parse().unwrap_or(0_u64);
    assert!(later >= count.parse().unwrap_or(0), "{later} after {count}");
    on(false);
    assert_eq!(ask("/about.json").status, 404);
}
