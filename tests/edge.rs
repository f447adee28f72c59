//! When bad things happen to a server, nothing goes wrong in silence, and every beacon is accounted for.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use headcount::cell::{Axis, Dimension};
use headcount::control::Command as HeadcountCommand;
use headcount::control::share::ShareCommand;
use headcount::control::user::UserCommand;
use headcount::report::Sums;
use headcount::site::{Day, SiteId};
use headcount::store::Ask;

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use crate::store::file::Database;
use crate::world::World;

/// Takes a table away while `work` is done.
fn without_table<T>(world: &World, table: &str, work: impl FnOnce() -> T) -> T {
    let other = Database::of(world.folder());
    other.run(&format!("ALTER TABLE {table} RENAME TO taken_away"));
    let done = work();
    other.run(&format!("ALTER TABLE taken_away RENAME TO {table}"));
    done
}

fn reasons(health: &Value) -> Vec<&str> {
    health["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap()).collect()
}

fn failures(world: &World, kind: &str) -> u64 {
    let start = format!("headcount_failures_total{{kind=\"{kind}\"}} ");
    world.metrics().lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap()
}

#[test]
fn what_can_not_be_read_is_logged_counted_and_shown_in_health() {
    let world = World::start();
    world.expect_in_log("a page was not made");
    world.expect_in_log("a call of the API failed");
    world.pageview("/a").ok();
    world.flush();
    let cookie = world.sign_in();
    let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "all"});
    assert_eq!((world.query(query.clone()).status, world.page("/health").status), (200, 200));
    let pages = ["/", "/example.com", "/example.com/live"];
    let statuses = without_table(&world, "site_totals", || {
        let page = |path| world.request("GET", path, std::slice::from_ref(&cookie), None).status;
        let all = ["/example.com", "/"].map(page);
        assert_eq!(world.query(query.clone()).status, 500);
        all
    });
    assert_eq!(statuses, [500, 500]);
    for asked in ["(GET /{domain})", "(GET /)", "(POST /api/v2/query)"] {
        assert_eq!(World::logged(&["no such table: site_totals", asked]), 1, "{asked}");
    }
    let health = world.page("/health");
    assert_eq!((health.status, &health.json()["status"]), (503, &json!("degraded")));
    assert_eq!(reasons(&health.json()), ["pages could not be made", "calls of the API failed"]);
    assert_eq!((failures(&world, "page"), failures(&world, "api"), failures(&world, "flush")), (2, 1, 0));
    for path in pages {
        assert_eq!(world.request("GET", path, std::slice::from_ref(&cookie), None).status, 200, "{path}");
    }
}

#[test]
fn a_token_that_can_not_be_looked_up_loses_no_claim() {
    let world = World::start();
    world.expect_in_log("a message was not taken");
    world.expect_in_log("a page was not made");
    let token = world.token("ingest");
    let send = |path: &str, body: &Value, token: Option<&str>| {
        let token = token.map(|token| ("authorization", format!("Bearer {token}")));
        let headers = [("user-agent", "curl/8".to_owned()), ("content-type", "application/json".to_owned())];
        let headers: Vec<_> = headers.into_iter().chain(token).collect();
        world.request("POST", path, &headers, Some(body.to_string().as_bytes()))
    };
    let event = json!({"n": "pageview", "u": "https://example.com/a", "d": "example.com", "ip": "198.18.7.7"});
    let umami = json!({"type": "event", "payload": {"website": "example.com", "url": "/a", "hostname": "example.com"}});
    let goatcounter = json!({"hits": [{"path": "/a", "ip": "198.18.7.7", "user_agent": "Firefox/140.0"}]});
    let matomo = json!({"requests": ["?idsite=example.com&rec=1&url=https://example.com/a"], "token_auth": token});
    let formats = [
        ("/api/event", &event, "the message was not taken; send it again later".to_owned()),
        ("/api/events", &event, r#"{"error":"the message was not taken; send it again later"}"#.to_owned()),
        ("/api/send", &umami, String::new()),
        ("/api/batch", &json!([umami]), String::new()),
        ("/api/v0/count", &goatcounter, r#"{"error":"the message was not taken; send it again later"}"#.to_owned()),
        ("/matomo.php", &matomo, "the message was not taken; send it again later".to_owned()),
    ];
    without_table(&world, "tokens", || {
        for (path, body, text) in &formats {
            let answer = send(path, body, Some(&token));
            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("10")), "{path}: {}", answer.text());
            assert!(text.is_empty() || answer.text() == *text, "{path}: {}", answer.text());
        }
        world.pageview("/b").ok();
    });
    assert_eq!(failures(&world, "beacon"), formats.len() as u64);
    assert_eq!(reasons(&world.page("/health").json()), ["messages could not be taken"]);
    for (path, body, _) in &formats {
        let answer = send(path, body, Some(&token));
        assert!(matches!(answer.status, 200 | 202 | 204), "{path}: {} {}", answer.status, answer.text());
    }
}

#[test]
fn a_link_that_can_not_be_looked_up_is_not_called_a_wrong_one() {
    let world = World::start();
    world.expect_in_log("a message was not taken");
    let link = without_table(&world, "keys", || world.page("/l/abc").status);
    assert_eq!((link, world.page("/l/abc").status), (503, 404));
}

#[test]
fn other_methods_are_answered_with_those_that_a_path_takes() {
    let world = World::start();
    for (method, path, allow) in [
        ("GET", "/api/event", "POST, OPTIONS"),
        ("DELETE", "/api/events", "POST, PUT"),
        ("POST", "/pixel.gif", "GET, HEAD"),
        ("PUT", "/count/example.com", "GET, HEAD, POST"),
        ("PATCH", "/matomo.php", "GET, HEAD, POST, OPTIONS"),
        ("GET", "/api/send", "POST, OPTIONS"),
        ("POST", "/e/example.com/a.gif", "GET, HEAD"),
        ("POST", "/l/abc", "GET, HEAD"),
        ("OPTIONS", "/collect", "GET, HEAD"),
        ("PUT", "/", "GET, HEAD, POST"),
        ("GET", "/api/v2/query", "POST"),
        ("PUT", "/api/v1/annotations", "GET, HEAD, POST"),
        ("GET", "/api/v1/annotations/1", "DELETE"),
        ("POST", "/health", "GET, HEAD"),
        ("DELETE", "/metrics", "GET, HEAD"),
        ("POST", "/example.com", "GET, HEAD"),
        ("PUT", "/example.com/settings/name", "GET, HEAD, POST"),
        ("GET", "/sign-out", "POST"),
        ("OPTIONS", "/js/script.js", "GET, HEAD"),
        ("UNHEARD", "/share/x", "GET, HEAD, POST"),
    ] {
        let answer = world.request(method, path, &[], None);
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
    }
    let preflight = world.request("OPTIONS", "/api/event", &[("origin", "https://example.com".into())], None);
    assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (204, Some("POST, OPTIONS")));
    for path in ["/no/such/page/at/all", "/api/sent", "/js", "/share"] {
        assert_eq!(["POST", "DELETE"].map(|method| world.request(method, path, &[], None).status), [404; 2], "{path}");
    }
}

/// A form whose command fails is no form that makes no sense.
#[test]
fn a_form_that_can_not_be_carried_out_is_a_failure_with_what_was_typed() {
    let world = World::start();
    world.expect_in_log("a page was not made");
    world.expect_in_log("a call of the API failed");
    let (cookie, token) = ([world.sign_in()], world.token("annotate"));
    let (note, headers) = (
        json!({"site_id": "example.com", "at": "2026-06-01", "text": "x"}),
        [("authorization", format!("Bearer {token}"))],
    );
    let settings = "/example.com/settings";
    let forms: [(&str, &[(&str, &str)]); 3] = [
        ("/{domain}/settings/goal-add", &[("target", "Signup")]),
        ("/settings/users/user-add", &[("name", "typed"), ("may", "all")]),
        ("/settings/site-add", &[("domain", "typed.org")]),
    ];
    let without = |table: &str, (path, fields): (&str, &[(&str, &str)])| {
        let path = path.replace("{domain}", "example.com");
        without_table(&world, table, || world.form(&path, &cookie, fields))
    };
    for (form, table) in forms.into_iter().zip(["sites", "sign_in_links", "sites"]) {
        let answer = without(table, form);
        assert_eq!(answer.status, 500, "{}", form.0);
        let typed = form.1.iter().find(|(name, _)| *name != "may" && *name != "kind").unwrap().1;
        assert!(answer.text().contains(&format!("value=\"{typed}\"")), "{}: {}", form.0, answer.text());
    }
    let noted = without_table(&world, "sites", || {
        world.request("POST", "/api/v1/annotations", &headers, Some(note.to_string().as_bytes())).status
    });
    assert_eq!((noted, failures(&world, "page"), failures(&world, "api"), failures(&world, "command")), (500, 3, 1, 0));
    assert_eq!(world.form(&format!("{settings}/goal-add"), &cookie, &[("target", "")]).status, 400);
    assert_eq!(failures(&world, "page"), 3, "what makes no sense is no failure");
}

/// A command of several steps that fails at the last one has changed nothing.
#[test]
fn what_fails_half_way_is_not_done_at_all() {
    let world = World::start();
    world.expect_in_log("a page was not made");
    let cookie = [world.sign_in()];
    let fields = [("name", "ana"), ("may", "all"), ("new", "three green ducks"), ("again", "three green ducks")];
    let send = |path: &str| world.form(path, &cookie, &fields).status;
    for path in ["/settings/users/user-add", "/settings/account"] {
        assert_eq!(without_table(&world, "sign_in_links", || send(path)), 500, "{path}");
    }
    let users = world.command(HeadcountCommand::User(UserCommand::List)).unwrap().json;
    assert_eq!((users.as_array().unwrap().len(), &users[0]["has_password"]), (1, &json!(false)), "{users}");
    assert_eq!(["/settings/users/user-add", "/settings/account"].map(send), [200, 200]);
}

/// Where a page is open to everybody, a failed look-up of who asks must not lead there.
#[test]
fn who_can_not_be_looked_up_is_not_taken_for_nobody() {
    let world = World::start();
    world.expect_in_log("a page was not made");
    let share = ShareCommand::Add {
        site: "example.com".into(),
        name: None,
        password: None,
        expires: None,
        embed: Vec::new(),
        segment: None,
    };
    world.command(HeadcountCommand::Share(share)).unwrap();
    let cookie = [world.sign_in()];
    let ask = || world.request("GET", "/example.com", &cookie, None).status;
    assert_eq!((without_table(&world, "logins", ask), ask()), (500, 200));
}

/// Sockets that close at different moments, while many hits are counted.
#[test]
fn each_beacon_of_who_hangs_up_is_counted_or_rejected() {
    let world = World::start();
    let (collector, host) = (world.collector(), world.url().strip_prefix("http://").unwrap());
    let scenario = Scenario::parse(&"09:00 ana /\n".repeat(1_000));
    let body = json!({"n": "pageview", "u": "https://example.com/hung-up", "d": "example.com"}).to_string();
    let head = "POST /api/event HTTP/1.1\r\nhost: h\r\nuser-agent: Mozilla/5.0 (X11) Firefox/140.0\r\n";
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    thread::scope(|scope| {
        scope.spawn(|| (0..20).flat_map(|_| hits(&scenario)).for_each(|hit| _ = collector.take(hit)));
        for place in 0..64_u64 {
            let request = &request;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(host).unwrap();
                stream.write_all(request.as_bytes()).unwrap();
                thread::park_timeout(Duration::from_millis(place * 7 % 40));
            });
        }
    });
    world.flush();
    let asked = [Ask { axis: Axis::Of(Dimension::Page), ..Ask::totals_of_day(SiteId(1), Day(20_605)) }];
    let rows = Sums::read(collector, &asked).unwrap().concat();
    let hung_up = rows.iter().find(|row| &*row.value == "/hung-up").map(|row| row.tally.pageviews);
    assert!(hung_up.is_some_and(|pageviews| pageviews > 0), "who waits for no answer is counted");
}
