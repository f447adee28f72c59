//! In: requests of Matomo's tracking API: a query, a form, or many of them as JSON. Out: [`Parsed`]: a [`Beacon`] for each, or
//! the reason why there is none. Forgets: `_id`, `uid`, `cid`, order numbers, titles, load times and plug-ins.
//!
//! The site is `idsite`, a number that its owner declares as an alias. An event, a search, a download, an outlink, a goal and
//! an order become named events; `ping` tells that the time since the hit before was spent on the page.

use std::borrow::Cow;

use serde_json::Value;

use super::query::Params;
use super::{Beacon, Claims, Hints, Kind, Refusal, Request, Sender, address, claim, cut, json, naming, nested};
use crate::limits;
use crate::rejection::Rejection;

/// The keys that are read, and custom dimensions.
fn knows(key: &str) -> bool {
    #[rustfmt::skip]
    const KEYS: [&str; 37] = [
        "idsite", "rec", "url", "urlref", "lang", "res", "r", "rand", "pv_id", "ping", "e_c", "e_a", "e_n", "e_v", "idgoal",
        "ec_id", "revenue", "c_n", "search", "search_cat", "search_count", "download", "link", "ca", "cvar", "_cvar", "ua",
        "uadata", "cip", "cdt", "cdo", "country", "token_auth", "send_image", "module", "method", "idSite",     ];
    KEYS.contains(&key) || key.starts_with(DIMENSION)
}

/// How keys of custom dimensions begin; a number follows.
const DIMENSION: &str = "dimension";

/// What a request holds.
pub struct Parsed {
    /// Each message, or the reason why there is none.
    pub items: Vec<Result<Beacon, Refusal>>,
    /// `token_auth`: an ingest token.
    pub token: Option<String>,
    /// Whether it is a list of messages.
    pub is_bulk: bool,
    /// Whether the answer is a picture; else it is empty.
    pub wants_picture: bool,
    /// Whether there are no parameters at all: somebody looks whether a tracker is here.
    pub is_empty: bool,
}

/// Reads a request.
///
/// # Errors
/// [`Refusal`] when it is too large, or lists more messages than [`limits::BULK_HITS_MAX`].
pub fn parse(request: &Request<'_>) -> Result<Parsed, Refusal> {
    if request.body.len() > limits::BODY_BYTES_MAX {
        return Err(Refusal::of(Rejection::TooLarge, ""));
    }
    let body = String::from_utf8_lossy(request.body);
    let mut params = Params::of(request.query, knows);
    if let Some(bulk) = bulk(&body) {
        return many(request, &params, &bulk);
    }
    params.add(&body);
    let is_empty = params.is_empty();
    Ok(Parsed {
        items: if is_empty { Vec::new() } else { vec![one(request, &params)] },
        token: params.some("token_auth").map(str::to_owned),
        is_bulk: false,
        wants_picture: params.text("send_image") != "0",
        is_empty,
    })
}

/// The object of a body that lists messages.
fn bulk(body: &str) -> Option<serde_json::Map<String, Value>> {
    let begins = body.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
    let is_it = begins.starts_with('{') && body.contains("\"requests\"");
    is_it.then(|| json::object(body.as_bytes()))?.filter(|object| object.contains_key("requests"))
}

fn many(request: &Request<'_>, params: &Params<'_>, bulk: &serde_json::Map<String, Value>) -> Result<Parsed, Refusal> {
    let requests = bulk.get("requests").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if requests.len() > limits::BULK_HITS_MAX {
        return Err(Refusal::of(Rejection::TooMany, ""));
    }
    let token = bulk.get("token_auth").and_then(Value::as_str).or(params.some("token_auth"));
    let send_image = bulk.get("send_image").map(Value::to_string).unwrap_or_default();
    Ok(Parsed {
        items: requests.iter().map(|item| one(request, &params_of(item))).collect(),
        token: token.map(str::to_owned),
        is_bulk: true,
        wants_picture: send_image.trim_matches('"') != "0",
        is_empty: false,
    })
}

/// The parameters of a listed message: a text with a query, or an object. Other values have none.
fn params_of(item: &Value) -> Params<'_> {
    let mut params = Params::new(knows);
    match item {
        Value::String(text) => params.add(text.split_once('?').map_or(text, |(_, query)| query)),
        Value::Object(object) => {
            for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
                params.put(Cow::Borrowed(key), || match value {
                    Value::String(text) => Cow::Borrowed(text.as_str()),
                    other => Cow::Owned(other.to_string()),
                });
            }
        }
        _ => {}
    }
    params
}

fn one(request: &Request<'_>, params: &Params<'_>) -> Result<Beacon, Refusal> {
    let number = params.text("idsite").parse::<u32>().ok().filter(|number| *number > 0);
    let Some(site) = number.map(|number| number.to_string()) else {
        return Err(Refusal::of(Rejection::BadField, ""));
    };
    let refuse = |reason| Refusal::of(reason, &site);
    if params.text("rec") != "1" {
        return Err(refuse(Rejection::Unmeasured));
    }
    let (kind, mut props) = kind(params).map_err(refuse)?;
    let url = match (params.some("url"), params.some("urlref")) {
        (Some(url), _) => url.to_owned(),
        (None, None) => request.referer.to_owned(),
        (None, Some(_)) => String::new(),
    };
    if url.is_empty() && kind == Kind::Pageview {
        return Err(refuse(Rejection::BadUrl));
    }
    custom(params, &mut props);
    Ok(Beacon {
        has_page: !url.is_empty(),
        referrer: cut(params.text("urlref"), limits::URL_BYTES_MAX).to_owned(),
        props,
        language: claim::language(params.some("lang"), request.accept_language),
        screen: claim::width(params.text("res")).and_then(claim::screen_of_width),
        libraries_count: true,
        once: once(params, &url),
        claims: claims(params).map_err(refuse)?,
        sender: sender(request, params),
        ..Beacon::new(request, site.clone(), kind, if url.is_empty() { "/".to_owned() } else { url })
    })
}

/// Browsers that can't read the answer send the same once more, with the same random number.
fn once(params: &Params<'_>, url: &str) -> Option<u64> {
    let random = params.some("r").or(params.some("rand"))?;
    Some(super::mark(&[random, url, params.text("e_a"), params.text("pv_id")]))
}

type Props = Vec<(String, String)>;

/// What the message tells, in the order in which Matomo asks, and the properties that say more of it.
fn kind(params: &Params<'_>) -> Result<(Kind, Props), Rejection> {
    if params.flag("ping") {
        return Ok((Kind::Engagement { ms: Kind::SINCE_LAST_HIT_MS, scroll: None }, Vec::new()));
    }
    let event = |name: &str, keys: &[(&str, &str)]| {
        let mut props = Vec::new();
        keys.iter().for_each(|(ours, theirs)| nested::add(&mut props, ours, params.text(theirs)));
        Ok((Kind::Event { name: naming::event(name), interactive: true }, props))
    };
    let has = |key: &str| params.some(key).is_some();
    if has("e_c") && has("e_a") {
        return event(params.text("e_a"), &[("category", "e_c"), ("label", "e_n"), ("value", "e_v")]);
    }
    match params.some("idgoal") {
        Some("0") if has("ec_id") => return event("Order", &[("revenue", "revenue")]),
        Some("0") => return Err(Rejection::Unmeasured),
        Some(goal) => return event(&format!("Goal {goal}"), &[("revenue", "revenue")]),
        None => {}
    }
    match () {
        () if has("c_n") => Err(Rejection::Unmeasured),
        () if has("search") => {
            event("Site Search", &[("keyword", "search"), ("category", "search_cat"), ("count", "search_count")])
        }
        () if has("download") => event("File Download", &[("url", "download")]),
        () if has("link") => event("Outbound Link: Click", &[("url", "link")]),
        () if params.flag("ca") => Err(Rejection::Unmeasured),
        () => Ok((Kind::Pageview, Vec::new())),
    }
}

/// Custom dimensions and custom variables.
fn custom(params: &Params<'_>, props: &mut Props) {
    for (key, value) in params.all() {
        let number = key.strip_prefix(DIMENSION).unwrap_or_default();
        if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
            nested::add(props, key, value);
        }
    }
    for key in ["cvar", "_cvar"] {
        let Some(variables) = json::object(params.text(key).as_bytes()) else { continue };
        for pair in variables.values().filter_map(Value::as_array) {
            if let [name, value] = pair.as_slice() {
                nested::add(props, &plain(name), &plain(value));
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Who sent the message, with the hints that a script sees. Those of a server belong to the agent that it claims.
fn sender(request: &Request<'_>, params: &Params<'_>) -> Sender {
    let sender = Sender::of(request);
    let hints = if params.some("ua").is_some() { Hints::default() } else { Hints::of_uadata(params.text("uadata")) };
    if hints.is_empty() { sender } else { Sender { hints, ..sender } }
}

fn claims(params: &Params<'_>) -> Result<Claims, Rejection> {
    let address =
        params.some("cip").map(|text| address::node(text.as_bytes()).ok_or(Rejection::BadField)).transpose()?;
    let at = params.some("cdt").map(|text| claim::moment(text).ok_or(Rejection::BadTime)).transpose()?;
    Ok(Claims {
        at,
        ago_s: params.text("cdo").parse().ok(),
        address,
        agent: params.some("ua").map(str::to_owned),
        hints: Hints::of_uadata(params.text("uadata")),
        language: None,
        country: params.some("country").map(str::to_owned),
        is_demand: true,
        fault: None,
    })
}

/// The site that the log importer asks for before it begins (`method=SitesManager.getSiteFromId`), and its token.
pub fn asked_site(query: &str, body: &[u8]) -> Option<(String, String)> {
    let mut params = Params::of(query, knows);
    params.add(std::str::from_utf8(body).ok()?);
    let is_it = params.text("module") == "API" && params.text("method") == "SitesManager.getSiteFromId";
    is_it.then(|| (params.text("idSite").to_owned(), params.text("token_auth").to_owned()))
}

/// Whether a message can't be counted through a fault of its sender, which Matomo tells; all else looks counted.
pub fn is_invalid(reason: Rejection) -> bool {
    use Rejection::{BadField, BadTime, BadToken, BadUrl, NotJson, TooLarge, TooMany, UnknownSite};
    matches!(reason, UnknownSite | BadField | BadUrl | BadToken | BadTime | TooLarge | NotJson | TooMany)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;

    fn read(query: &str) -> Result<Beacon, Refusal> {
        let query = format!("idsite=7&rec=1&{query}");
        parse(&Request { query: &query, ..ask() }).expect("readable").items.remove(0)
    }

    fn one(query: &str) -> Beacon {
        read(query).unwrap_or_else(|refusal| panic!("{query}: {refusal:?}"))
    }

    fn named(query: &str) -> (String, String) {
        let beacon = one(&format!("url=https://a.test/&{query}"));
        let Kind::Event { name, interactive: true } = beacon.kind else { panic!("{query}") };
        (name, beacon.props.iter().map(|(key, value)| format!("{key}={value} ")).collect())
    }

    #[test]
    fn each_kind_of_message_is_told_apart() {
        for (query, name, props) in [
            ("e_c=Videos&e_a=Play&e_n=Intro&e_v=12.5", "Play", "category=Videos label=Intro value=12.5 "),
            ("search=shoes&search_cat=c&search_count=3", "Site Search", "keyword=shoes category=c count=3 "),
            ("idgoal=2&revenue=9.99", "Goal 2", "revenue=9.99 "),
            ("idgoal=0&ec_id=A-1&revenue=5", "Order", "revenue=5 "),
            ("download=https://a.test/x.pdf", "File Download", "url=https://a.test/x.pdf "),
            ("link=https://b.test/", "Outbound Link: Click", "url=https://b.test/ "),
        ] {
            assert_eq!(named(query), (name.to_owned(), props.to_owned()), "{query}");
        }
        let ping = one("ping=1&url=https://a.test/").kind;
        assert_eq!(ping, Kind::Engagement { ms: Kind::SINCE_LAST_HIT_MS, scroll: None });
        for nothing in ["idgoal=0", "c_n=Banner", "ca=1"] {
            assert_eq!(
                read(&format!("url=https://a.test/&{nothing}")).map_err(|r| r.reason).err(),
                Some(Rejection::Unmeasured)
            );
        }
    }

    #[test]
    fn a_pageview_has_its_page_its_campaign_and_its_properties() {
        let beacon = one(
            "url=https://a.test/x%3Fmtm_campaign%3Dspring%26pk_kwd%3Dk&urlref=https://b.test/&res=800x600&lang=de-AT&dimension1=member&dimensionX=no&cvar=%7B%221%22:%5B%22HTTP-code%22,200%5D%7D&_id=abc&uid=u",
        );
        assert_eq!((beacon.site.as_str(), beacon.url.as_str()), ("7", "https://a.test/x?mtm_campaign=spring&pk_kwd=k"));
        assert_eq!(
            (beacon.referrer.as_str(), beacon.language.as_str(), beacon.screen),
            ("https://b.test/", "de", Some("md"))
        );
        assert_eq!(beacon.props, [("dimension1".into(), "member".into()), ("HTTP-code".into(), "200".into())]);
        let request = Request { query: "idsite=7&rec=1", referer: "https://a.test/r", ..ask() };
        let beacon = parse(&request).expect("readable").items.remove(0).expect("a beacon");
        assert_eq!(beacon.url, "https://a.test/r");
        assert!(!one("urlref=https://b.test/&e_c=a&e_a=b").has_page);
    }

    #[test]
    fn hints_of_a_script_are_the_browsers_and_those_of_a_server_belong_to_the_agent_it_claims() {
        let hints = "uadata=%7B%22brands%22:[%7B%22brand%22:%22Brave%22,%22version%22:%22140%22%7D]%7D";
        let beacon = one(&format!("url=https://a.test/&{hints}"));
        assert_eq!(beacon.sender.hints.part("sec-ch-ua"), "\"Brave\";v=\"140\"");
        let mut beacon = one(&format!("url=https://a.test/&ua=Mine&{hints}"));
        assert!(beacon.sender.hints.is_empty(), "not believed yet");
        beacon.believe(crate::site::Moment(0));
        assert_eq!((beacon.sender.agent.0.as_str(), beacon.sender.hints.is_empty()), ("Mine", false));
    }

    #[test]
    fn the_query_wins_over_the_form_and_faults_have_reasons() {
        let request =
            Request { query: "idsite=7&rec=1&url=https://a.test/", body: b"idsite=8&token_auth=secret", ..ask() };
        let parsed = parse(&request).expect("readable");
        assert_eq!(parsed.items[0].as_ref().expect("a beacon").site, "7");
        assert_eq!((parsed.token.as_deref(), parsed.is_bulk, parsed.wants_picture), (Some("secret"), false, true));
        assert!(parse(&ask()).expect("readable").is_empty);
        for (query, reason) in [
            ("rec=1&url=https://a.test/", Rejection::BadField),
            ("idsite=0&rec=1", Rejection::BadField),
            ("idsite=7&url=https://a.test/", Rejection::Unmeasured),
            ("idsite=7&rec=1", Rejection::BadUrl),
            ("idsite=7&rec=1&url=https://a.test/&cip=x", Rejection::BadField),
            ("idsite=7&rec=1&url=https://a.test/&cdt=x", Rejection::BadTime),
        ] {
            let items = parse(&Request { query, ..ask() }).expect("readable").items;
            assert_eq!(items[0].as_ref().map_err(|refusal| refusal.reason).err(), Some(reason), "{query}");
        }
    }

    #[test]
    fn a_list_holds_queries_addresses_and_objects() {
        let body = br#"{"requests":["?idsite=7&rec=1&url=https://a.test/1","http:\/\/m.test\/matomo.php?idsite=7&rec=1&url=https://a.test/2",
            {"idsite":7,"rec":"1","url":"https://a.test/3","cip":"192.0.2.9","cdt":"2026-01-02 03:04:05","ua":"Mine","title":"\ud83d"},"nothing",5],"token_auth":"secret","send_image":0}"#;
        let parsed = parse(&Request { body, ..ask() }).expect("readable");
        let beacons: Vec<&Beacon> = parsed.items.iter().take(3).map(|item| item.as_ref().expect("a beacon")).collect();
        assert!(parsed.items.len() == 5 && parsed.items[3..].iter().all(Result::is_err), "none goes without a word");
        let urls: Vec<&str> = beacons.iter().map(|beacon| beacon.url.as_str()).collect();
        assert_eq!(urls, ["https://a.test/1", "https://a.test/2", "https://a.test/3"]);
        assert_eq!((parsed.token.as_deref(), parsed.is_bulk, parsed.wants_picture), (Some("secret"), true, false));
        assert!(beacons[2].claims.address.is_some() && beacons[2].claims.at.is_some());
        let long = format!(r#"{{"requests":[{}1]}}"#, "1,".repeat(limits::BULK_HITS_MAX));
        assert!(parse(&Request { body: long.as_bytes(), ..ask() }).is_err());
    }

    #[test]
    fn a_message_sent_again_is_known() {
        assert_eq!(one("url=https://a.test/&r=1&send_image=0").once, one("url=https://a.test/&r=1&send_image=1").once);
        assert_ne!(one("url=https://a.test/&r=1").once, one("url=https://a.test/&r=2").once);
        assert_eq!(one("url=https://a.test/").once, None);
    }

    #[test]
    fn the_importer_asks_for_a_site() {
        let body = b"module=API&format=json&method=SitesManager.getSiteFromId&idSite=1&token_auth=secret";
        assert_eq!(asked_site("", body), Some(("1".into(), "secret".into())));
        assert_eq!(asked_site("module=API", b"method=other"), None);
    }
}
