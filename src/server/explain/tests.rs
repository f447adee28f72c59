//! What becomes of requests of several formats, with what the collector books of the same.

use super::*;
use crate::cell::Axis;
use crate::hit::agent::Agents;
use crate::hit::place::Places;
use crate::page::explained::StageName;
use crate::site::{Collected, Domain, Schedule, Settings, SiteId};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

fn explained(settings: Settings, text: &str) -> Result<ExplainedRequest, String> {
    let domain = Domain::parse("example.com").map_err(|error| error.to_string())?;
    let site = Site { id: SiteId(1), domain, schedule: Schedule::utc(), settings, added: Moment(0) };
    let tools = Tools { agents: Agents::new(), places: Places::none() };
    let explainer = Explainer {
        sites: &Directory::of([site]),
        tools: &tools,
        trust: &Trust::default(),
        now: Moment(1_780_315_200_000),
        random: [7; 32],
    };
    let raw = RawRequest::read(text.as_bytes()).map_err(|error| error.to_string())?;
    explainer.explain(&raw, PEER).map_err(|error| error.to_string())
}

fn one(settings: Settings, text: &str) -> ExplainedMessage {
    explained(settings, text).unwrap().messages.remove(0)
}

fn event(body: &str) -> String {
    format!("POST /api/event HTTP/1.1\nHost: h.test\nUser-Agent: {FIREFOX}\nReferer: https://example.com/\n\n{body}")
}

fn cell<'a>(message: &'a ExplainedMessage, axis: &str) -> Vec<(&'a str, String)> {
    let of_axis = message.cells.iter().filter(|cell| cell.axis == axis);
    of_axis.map(|cell| (cell.value.as_str(), cell.line())).collect()
}

#[test]
fn a_pageview_goes_through_all_stages() {
    let text = event(
        r#"{"n":"pageview","u":"https://example.com/user/ana@mail.test?utm_source=x&key=1","d":"example.com","r":"https://www.google.com/search?q=a"}"#,
    );
    let explained = explained(Settings::default(), &text).unwrap();
    assert!(explained.request.holds.contains(&("address".to_owned(), "203.0.113.7".to_owned())));
    let message = &explained.messages[0];
    let stages: Vec<StageName> = message.stages.iter().map(|stage| stage.stage).collect();
    assert_eq!(stages, [StageName::Beacon, StageName::Hit, StageName::Visit]);
    let first = "visitors +1, visits +1, pageviews +1, bounces +1".to_owned();
    assert_eq!(cell(message, "total"), [("", first.clone())]);
    assert_eq!(cell(message, "browser"), [("Firefox", first)]);
    assert_eq!(cell(message, "page"), [("/user/:email", "visitors +1, visits +1, pageviews +1".to_owned())]);
    let url = message.masked.iter().find(|masked| masked.field == "url").unwrap();
    assert_eq!((url.after.as_str(), &*url.masks), ("/user/:email", &[":email".to_owned()][..]));
    assert!(message.pair_cells > 100 && message.rejected.is_none());
    let of_hit = &message.stages[1].holds;
    let told = serde_json::to_string(of_hit).unwrap();
    assert!(!told.contains("203.0.113") && !told.contains("Mozilla") && !told.contains("ana@"), "{told}");
}

#[test]
fn what_is_not_collected_is_in_no_stage_behind_the_door() {
    let text = event(r#"{"n":"Signup","u":"https://example.com/?utm_source=x","d":"example.com","p":{"plan":"pro"}}"#);
    let collect = Collected::parse(&["no-utm,no-properties,no-browser"]).unwrap();
    let message = one(Settings { collect, ..Settings::default() }, &text);
    for gone in ["utm_source", "prop:plan", "prop:plan of Signup", "browser", "browser_version"] {
        assert!(cell(&message, gone).is_empty(), "{gone}");
    }
    assert_eq!(cell(&message, "event").len(), 1);
    assert!(message.not_collected.contains(&"properties"));
}

#[test]
fn what_is_rejected_says_why() {
    let page = |agent: &str, url: &str| {
        format!(
            "POST /api/event HTTP/1.1\nUser-Agent: {agent}\n\n{{\"n\":\"pageview\",\"u\":\"{url}\",\"d\":\"example.com\"}}"
        )
    };
    for (text, reason, bot) in [
        (page("GPTBot/1.2", "https://example.com/"), "bot", Some("GPTBot")),
        (page(FIREFOX, "https://"), "bad_url", None),
        (event(r#"{"n":"pageview","u":"https://x.test/","d":"x.test"}"#), "unknown_site", None),
        (event("no json"), "not_json", None),
        (
            format!("GET /pixel.gif?d=example.com&u=/ HTTP/1.1\nUser-Agent: {FIREFOX}\nSec-GPC: 1\n\n"),
            "opted_out",
            None,
        ),
    ] {
        let message = one(Settings::default(), &text);
        let rejected = message.rejected.as_ref().map(|rejected| (rejected.reason, rejected.bot));
        assert_eq!(rejected, Some((reason, bot)), "{text}");
        assert!(message.cells.is_empty());
    }
}

#[test]
fn a_ping_counts_in_a_visit_that_is_made_up_for_it() {
    let text = event(r#"{"n":"engagement","u":"https://example.com/a","d":"example.com","e":1000,"sd":40}"#);
    let message = one(Settings::default(), &text);
    assert!(message.is_ping && message.rejected.is_none());
    assert_eq!(cell(&message, "page"), [("/a", "engaged_visits +1, engaged_ms +1000, scroll +40".to_owned())]);
    assert_eq!(message.cells.len(), 1);
    let without = Settings { collect: Collected::parse(&["no-engagement"]).unwrap(), ..Settings::default() };
    assert_eq!(one(without, &text).rejected.map(|rejected| rejected.reason), Some("excluded"));
}

#[test]
fn every_format_is_read() {
    let umami = r#"{"type":"event","payload":{"website":"example.com","url":"/a","hostname":"example.com"}}"#;
    let ours = r#"{"n":"pageview","u":"https://example.com/a","d":"example.com"}"#;
    for (line, body) in [
        ("GET /pixel.gif?d=example.com&u=/a", String::new()),
        ("POST /api/send", umami.into()),
        ("POST /api/batch", format!("[{umami}]")),
        ("POST /api/events", format!("{ours}\n")),
        ("GET /count/example.com?p=/a", String::new()),
        ("GET /count?p=/a", String::new()),
        ("POST /api/v0/count", r#"{"no_sessions":true,"hits":[{"path":"/a"}]}"#.into()),
        ("GET /matomo.php?idsite=7&rec=1&url=https://example.com/a", String::new()),
        ("GET /collect?h=https://example.com&p=/a&sid=example.com", String::new()),
        ("GET /simple.gif?hostname=example.com&path=/a&type=pageview", String::new()),
    ] {
        let settings = Settings { aliases: vec!["7".into()], ..Settings::default() };
        let message = one(settings, &format!("{line} HTTP/1.1\nUser-Agent: {FIREFOX}\n\n{body}"));
        assert_eq!(message.site, "example.com", "{line}: {message:?}");
        assert!(message.rejected.is_none() && cell(&message, "page")[0].0 == "/a", "{line}: {message:?}");
    }
    for other in ["GET /health", "GET /example.com", "GET /l/x"] {
        let said = explained(Settings::default(), &format!("{other} HTTP/1.1\n\n"));
        assert!(said.is_err_and(|said| said.contains("/api/event")), "{other}");
    }
}

/// The axes of cells are those of the sums.
#[test]
fn the_cells_of_a_hit_are_those_of_all_dimensions_that_are_collected() {
    let text = event(r#"{"n":"pageview","u":"https://example.com/","d":"example.com"}"#);
    let message = one(Settings::default(), &text);
    let of_dimensions = crate::cell::Dimension::COUNTED
        .into_iter()
        .filter(|it| !matches!(it, crate::cell::Dimension::Pattern | crate::cell::Dimension::PreviousPage));
    let missing = of_dimensions.filter(|dimension| cell(&message, dimension.name()).is_empty());
    assert_eq!(missing.map(Axis::<&str>::Of).collect::<Vec<_>>(), []);
}

#[test]
fn the_picture_of_a_mail_is_explained_as_it_is_counted() {
    let settings = || Settings { campaigns: [("spring".to_owned(), 0)].into(), ..Settings::default() };
    let get = |path: &str, agent: &str| one(settings(), &format!("GET {path} HTTP/1.1\nUser-Agent: {agent}\n\n"));
    let opened = get("/e/example.com/spring.gif?who=ana", FIREFOX);
    assert_eq!((&*opened.site, opened.stages[0].stage), ("example.com", StageName::Mail));
    assert_eq!(cell(&opened, "mail"), [("spring", "opened +1, readers +1".to_owned())]);
    assert!(!serde_json::to_string(&opened).unwrap().contains("ana"), "no key of the query is left");
    let proxy = get("/e/example.com/other.gif", "Mozilla/5.0 (via ggpht.com GoogleImageProxy)");
    assert_eq!(cell(&proxy, "mail"), [("(unknown)", "opened +1".to_owned())]);
    let reason = |path: &str| get(path, FIREFOX).rejected.map(|rejected| rejected.reason);
    assert_eq!(reason("/e/example.com/spring.gif?count=no"), Some("opted_out"));
    assert_eq!(reason("/e/nobody.test/spring.gif"), Some("unknown_site"));
}
