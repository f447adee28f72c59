//! In: GoatCounter's `/count?p=PATH&...` and the hits of its `POST /api/v0/count`. Out: a [`Beacon`], or what is wrong.
//! Forgets: title, size but for the width, `session`, `ns`, the cache buster.
//!
//! `p` is a path, or the name of an event when `e` is true. The query of a page, `q`, is read for its campaign only. Paths
//! are cleaned as GoatCounter does it: one slash in front, none at the end.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::query::Params;
use super::{Beacon, Claims, Kind, Request, claim, cut, json, naming};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::fold;

/// The first of the codes by which count.js tells automated browsers; the ones between it and 0 are reserved.
const FIRST_BOT: u32 = 150;

/// What is wrong with a request, as its sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFault {
    /// The reason that it is counted under.
    pub reason: Rejection,
    /// What is wrong. Never carries input.
    pub sentence: &'static str,
}

const fn fault(reason: Rejection, sentence: &'static str) -> RequestFault {
    RequestFault { reason, sentence }
}

/// The site that a request means: the one that its path names, else the first of its host and the hosts of the page
/// that is among the sites, else the only site that there is.
pub fn site(
    named: Option<&str>,
    host: &str,
    request: &Request<'_>,
    knows: impl Fn(&str) -> bool,
    only: Option<&str>,
) -> Option<String> {
    if let Some(named) = named {
        return Some(fold(named));
    }
    let host = naming::host_of_header(host);
    let page = [request.origin, request.referer].map(|url| naming::host(url).unwrap_or_default());
    let known = [host, page[0], page[1]].into_iter().find(|host| !host.is_empty() && knows(host));
    known.or(only).map(fold)
}

/// Reads a request for `/count`, for a site.
///
/// # Errors
/// [`RequestFault`]
pub fn parse(request: &Request<'_>, site: &str) -> Result<Beacon, RequestFault> {
    let knows = |key: &str| matches!(key, "p" | "e" | "r" | "q" | "s" | "b" | "rnd");
    let params = Params::of(request.query, knows);
    let hint = match params.some("b").map(str::parse::<u32>) {
        None | Some(Ok(0)) => 0,
        Some(Ok(code)) if code >= FIRST_BOT => code,
        Some(_) => return Err(fault(Rejection::BadField, "b: must be 0 or 150 and more")),
    };
    let hit = Sent {
        path: params.text("p"),
        is_event: params.flag("e"),
        referrer: params.text("r"),
        query: params.text("q"),
        size: params.text("s"),
    };
    let mut beacon = hit.beacon(request, site)?;
    beacon.sender.automated = hint != 0;
    beacon.once = params.some("rnd").map(|rnd| super::mark(&[rnd, params.text("p")]));
    Ok(beacon)
}

/// What both ways tell of a hit.
struct Sent<'a> {
    path: &'a str,
    is_event: bool,
    referrer: &'a str,
    query: &'a str,
    size: &'a str,
}

impl Sent<'_> {
    fn beacon(&self, request: &Request<'_>, site: &str) -> Result<Beacon, RequestFault> {
        let path = self.path.trim();
        if path.is_empty() {
            return Err(fault(Rejection::BadUrl, "p: must be set"));
        }
        let (url, kind) = match self.is_event {
            false => (self.page(request, path), Kind::Pageview),
            true => {
                let name = path.trim_start_matches('/');
                if name.is_empty() {
                    return Err(fault(Rejection::BadField, "p: must be more than slashes for an event"));
                }
                (self.page(request, "/"), Kind::Event { name: naming::event(name), interactive: true })
            }
        };
        let has_page = !self.is_event || naming::has_path(request.referer);
        Ok(Beacon {
            url: if self.is_event && has_page { request.referer.to_owned() } else { url },
            has_page,
            referrer: cut(self.referrer, limits::URL_BYTES_MAX).to_owned(),
            screen: claim::width(self.size).and_then(claim::screen_of_width),
            ..Beacon::new(request, site.to_owned(), kind, String::new())
        })
    }

    /// The page's address: its path, the query that is sent apart, and its own.
    fn page(&self, request: &Request<'_>, path: &str) -> String {
        let (path, own) = path.split_once('?').unwrap_or((path, ""));
        let path = path.trim_matches('/');
        let apart = self.query.trim_start_matches('?');
        let query: Vec<&str> = match own == apart {
            true => vec![own],
            false => [apart, own].into_iter().filter(|query| !query.is_empty()).collect(),
        };
        let query = query.join("&");
        let question = if query.is_empty() { "" } else { "?" };
        let host = [request.origin, request.referer].into_iter().find_map(naming::host);
        let start = host.map_or(String::new(), |host| format!("https://{host}"));
        format!("{start}/{path}{question}{query}")
    }
}

/// Reads the body of `POST /api/v0/count`: each hit, or what is wrong with it.
///
/// # Errors
/// [`RequestFault`] when the whole call is wrong; then nothing is to be counted.
pub fn parse_api(request: &Request<'_>, site: &str) -> Result<Vec<Result<Beacon, RequestFault>>, RequestFault> {
    let call = json::object(request.body).ok_or(fault(Rejection::NotJson, "the body is not the JSON of a call"))?;
    let no_sessions = is_set(&call, "no_sessions");
    match call.get("hits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        [] => Err(fault(Rejection::BadField, "no hits")),
        hits if hits.len() <= limits::GOATCOUNTER_HITS_MAX => {
            Ok(hits.iter().map(|hit| api_hit(request, site, hit.as_object(), no_sessions)).collect())
        }
        _ => Err(fault(Rejection::TooLarge, "maximum amount of pageviews in one batch is 500")),
    }
}

/// The text of a key, trimmed; empty when it is absent or no text.
fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default().trim()
}

fn is_set(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn api_hit(
    request: &Request<'_>,
    site: &str,
    hit: Option<&Map<String, Value>>,
    no_sessions: bool,
) -> Result<Beacon, RequestFault> {
    let hit = hit.ok_or(fault(Rejection::BadField, "not the JSON of a hit"))?;
    let some = |key| Some(text(hit, key)).filter(|text| !text.is_empty());
    let has_visitor = some("session").is_some() || some("user_agent").is_some() && some("ip").is_some();
    if !no_sessions && !has_visitor {
        return Err(fault(Rejection::BadField, "session or user_agent and ip must be set unless no_sessions is"));
    }
    let size = match hit.get("size") {
        Some(Value::Array(parts)) => parts.first().map(ToString::to_string).unwrap_or_default(),
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let sent = Sent {
        path: text(hit, "path"),
        is_event: is_set(hit, "event"),
        referrer: text(hit, "ref"),
        query: text(hit, "query"),
        size: &size,
    };
    // The sender is a server of the site: nothing of its own is the visitor's.
    let nobody = Request { origin: "", referer: "", accept_language: "", ..*request };
    let mut beacon = sent.beacon(&nobody, site)?;
    beacon.libraries_count = true;
    beacon.sender.automated = hit.get("bot").and_then(Value::as_u64).is_some_and(|bot| bot >= FIRST_BOT.into());
    beacon.claims = Claims {
        at: time(text(hit, "created_at"))?,
        address: some("ip").map(address).transpose()?,
        agent: some("user_agent").map(str::to_owned),
        language: some("language").map(str::to_owned),
        country: some("location").and_then(|place| place.split('-').next()).map(str::to_owned),
        ..Claims::default()
    };
    Ok(beacon)
}

fn time(text: &str) -> Result<Option<crate::site::Moment>, RequestFault> {
    match text.trim() {
        "" => Ok(None),
        text => claim::moment(text).map(Some).ok_or(fault(Rejection::BadTime, "created_at: must be RFC 3339")),
    }
}

fn address(text: &str) -> Result<IpAddr, RequestFault> {
    super::address::node(text.as_bytes()).ok_or(fault(Rejection::BadField, "ip: must be an address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;

    fn read(query: &str) -> Result<Beacon, RequestFault> {
        parse(&Request { query, origin: "https://www.a.test:8", ..ask() }, "a.test")
    }

    fn one(query: &str) -> Beacon {
        read(query).unwrap_or_else(|fault| panic!("{query}: {fault:?}"))
    }

    #[test]
    fn a_path_is_cleaned_and_its_query_names_the_campaign() {
        for (query, url) in [
            ("p=/", "https://www.a.test/"),
            ("p=a/b/", "https://www.a.test/a/b"),
            ("p=/a%3Fx%3D1", "https://www.a.test/a?x=1"),
            (
                "p=/a%3Fx%3D1&q=%3Futm_source%3Dnews%26campaign%3Dc",
                "https://www.a.test/a?utm_source=news&campaign=c&x=1",
            ),
            ("p=/a%3Fsrc%3Dx&q=src%3Dx", "https://www.a.test/a?src=x"),
        ] {
            assert_eq!((one(query).url.as_str(), one(query).kind), (url, Kind::Pageview), "{query}");
        }
    }

    #[test]
    fn an_event_is_named_by_its_path_and_has_a_page_only_if_the_referer_tells() {
        let beacon = one("p=/buy-button&e=true&s=1440,900,2&r=promo");
        assert_eq!(beacon.kind, Kind::Event { name: "buy-button".into(), interactive: true });
        assert_eq!((beacon.has_page, beacon.screen, beacon.referrer.as_str()), (false, Some("xl"), "promo"));
        let request = Request { query: "p=buy&e=1", referer: "https://a.test/shop?x", ..ask() };
        let beacon = parse(&request, "a.test").expect("a beacon");
        assert_eq!((beacon.has_page, beacon.url.as_str()), (true, "https://a.test/shop?x"));
    }

    #[test]
    fn codes_of_bots_are_understood() {
        assert!(one("p=/&b=153").sender.automated && !one("p=/&b=0").sender.automated);
        for wrong in ["1", "149", "x", "-1"] {
            assert_eq!(
                read(&format!("p=/&b={wrong}")).map_err(|f| f.reason).err(),
                Some(Rejection::BadField),
                "{wrong}"
            );
        }
        assert_eq!(read("t=x").map_err(|f| f.reason).err(), Some(Rejection::BadUrl));
        assert!(read(&format!("p=/?{}&t={}", "x".repeat(3_000), "y".repeat(3_000))).is_ok());
        let long = one(&format!("e=1&p={}", "x".repeat(200))).kind;
        assert_eq!(long, Kind::Event { name: "x".repeat(120), interactive: true });
        assert_eq!(one("p=/&rnd=a").once, one("p=/&rnd=a").once);
        assert_ne!(one("p=/&rnd=a").once, one("p=/&rnd=b").once);
        assert_eq!(one("p=/").once, None);
    }

    #[test]
    fn a_site_is_named_by_the_path_or_a_host_or_is_the_only_one() {
        let request = Request { origin: "https://www.a.test", referer: "https://b.test/", ..ask() };
        let found = |named, host, known: &[&str], only| {
            site(named, host, &request, |name| known.contains(&fold(name).as_str()), only)
        };
        assert_eq!(found(Some("WWW.x.test"), "c.test", &["c.test"], None), Some("x.test".into()));
        assert_eq!(found(None, "c.test:80", &["c.test", "a.test"], None), Some("c.test".into()));
        assert_eq!(found(None, "c.test", &["a.test"], None), Some("a.test".into()));
        assert_eq!(found(None, "c.test", &["b.test"], None), Some("b.test".into()));
        assert_eq!(found(None, "c.test", &[], Some("d.test")), Some("d.test".into()));
        assert_eq!(found(None, "c.test", &[], None), None);
    }

    fn api(body: &str) -> Result<Vec<Result<Beacon, RequestFault>>, RequestFault> {
        parse_api(&Request { body: body.as_bytes(), ..ask() }, "a.test")
    }

    #[test]
    fn a_call_is_read_hit_by_hit() {
        let hits = api(r#"{"hits":[{"path":"/a","ip":"192.0.2.9","user_agent":"Mine","created_at":"2026-01-02T03:04:05Z","location":"DE-BE","language":"de","size":[800,600,1]},
            {"path":"/b"},{"path":"/c","session":"s"},{"event":true}]}"#).expect("a call");
        let first = hits[0].as_ref().expect("a beacon");
        assert_eq!((first.url.as_str(), first.screen, first.language.as_str()), ("/a", Some("md"), ""));
        assert_eq!(first.claims.country.as_deref(), Some("DE"));
        assert_eq!(first.claims.at.map(|at| at.0), Some(1_767_323_045_000));
        assert_eq!(hits.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false]);
        assert_eq!(api(r#"{"hits":[]}"#).map_err(|f| f.sentence).err(), Some("no hits"));
        assert_eq!(api("x").map_err(|f| f.reason).err(), Some(Rejection::NotJson));
        assert!(api(r#"{"no_sessions":true,"hits":[{"path":"/b"}]}"#).expect("a call")[0].is_ok());
        let many = format!(r#"{{"hits":[{}1]}}"#, "1,".repeat(500));
        assert_eq!(api(&many).map_err(|f| f.reason).err(), Some(Rejection::TooLarge));
    }
}
