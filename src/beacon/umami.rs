//! In: messages of Umami's `POST /api/send` and `POST /api/batch`. Out: a [`Beacon`], or why there is none. Forgets: the
//! JSON, the distinct `id`, the title, the screen's height.
//!
//! `{"type": "event", "payload": {"website": UUID, "url", "hostname", "referrer", "name", "data", ...}}`. The site is the
//! UUID, an alias that its owner declares. `identify` and `performance` hold nothing that is counted.

use serde_json::{Map, Value};

use super::{Beacon, Claims, Kind, Refusal, Request, address, claim, cut, json, naming, nested};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::fold;

/// Reads a message of `/api/send`.
///
/// # Errors
/// [`Refusal`]; [`Rejection::Unmeasured`] is no fault of the sender.
pub fn parse(request: &Request<'_>) -> Result<Beacon, Refusal> {
    if request.body.len() > limits::BODY_BYTES_MAX {
        return Err(Refusal::of(Rejection::TooLarge, ""));
    }
    let message = json::value(request.body).ok_or_else(|| Refusal::of(Rejection::NotJson, ""))?;
    one(request, &message)
}

/// Reads a message of `/api/batch`: a list of what `/api/send` takes, each read by itself.
///
/// # Errors
/// [`Refusal`] if it is no list, or a list of more than [`limits::BULK_HITS_MAX`].
pub fn parse_batch(request: &Request<'_>) -> Result<Vec<Result<Beacon, Refusal>>, Refusal> {
    match json::value(request.body) {
        Some(Value::Array(messages)) if messages.len() <= limits::BULK_HITS_MAX => {
            Ok(messages.iter().map(|message| one(request, message)).collect())
        }
        Some(Value::Array(_)) => Err(Refusal::of(Rejection::TooMany, "")),
        _ => Err(Refusal::of(Rejection::NotJson, "")),
    }
}

fn one(request: &Request<'_>, message: &Value) -> Result<Beacon, Refusal> {
    let Some(Value::Object(payload)) = message.get("payload") else {
        return Err(Refusal::of(Rejection::BadField, ""));
    };
    let site = fold(text(payload, "website"));
    if site.is_empty() {
        return Err(Refusal::of(Rejection::BadField, ""));
    }
    let kind = kind(message, payload).map_err(|reason| Refusal::of(reason, &site))?;
    let url = page(request, payload);
    let has_page = kind == Kind::Pageview || !text(payload, "url").is_empty();
    let data = payload.get("data").and_then(Value::as_object);
    Ok(Beacon {
        has_page,
        hash_mode: true,
        referrer: cut(&referrer(&url, payload), limits::URL_BYTES_MAX).to_owned(),
        props: props(payload, data),
        revenue: data.and_then(|data| nested::revenue(data.get("revenue"), data.get("currency"))),
        language: claim::language(Some(text(payload, "language")), request.accept_language),
        screen: claim::width(text(payload, "screen")).and_then(claim::screen_of_width),
        libraries_count: true,
        claims: claims(payload),
        ..Beacon::new(request, site, kind, url)
    })
}

/// The text of a key, trimmed; empty when it is absent or no text.
fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default().trim()
}

fn kind(message: &Value, payload: &Map<String, Value>) -> Result<Kind, Rejection> {
    match message.get("type").and_then(Value::as_str) {
        Some("event") => {}
        Some("identify" | "performance") => return Err(Rejection::Unmeasured),
        _ => return Err(Rejection::BadField),
    }
    let is_text = |key: &&str| payload.get(*key).is_none_or(|value| value.is_string() || value.is_null());
    if !["url", "name"].iter().all(is_text) {
        return Err(Rejection::BadField);
    }
    match text(payload, "name") {
        "" => Ok(Kind::Pageview),
        name => Ok(Kind::Event { name: naming::event(name), interactive: true }),
    }
}

/// The page's address. A relative one is within `hostname`, else within the page that the browser names, else within the
/// site's own domain.
fn page(request: &Request<'_>, payload: &Map<String, Value>) -> String {
    let url = text(payload, "url");
    if naming::scheme(url).is_some_and(|(scheme, rest)| rest.starts_with("//") || naming::is_document(scheme)) {
        return url.to_owned();
    }
    // Of `about:srcdoc` older scripts send what follows the colon, and that the page has no host.
    if matches!(url, "srcdoc" | "blank") && payload.get("hostname").is_some_and(|host| host == "") {
        return format!("about:{url}");
    }
    let path = format!("/{}", url.trim_start_matches('/'));
    match text(payload, "hostname") {
        "" => naming::host(request.origin).map_or(path.clone(), |host| format!("https://{host}{path}")),
        host => format!("https://{host}{path}"),
    }
}

/// The referrer; one that is relative is a page of the same site, which is none.
fn referrer(url: &str, payload: &Map<String, Value>) -> String {
    let referrer = text(payload, "referrer");
    let is_own = naming::host(referrer).is_none() || naming::host(referrer).map(fold) == naming::host(url).map(fold);
    if is_own { String::new() } else { referrer.to_owned() }
}

/// The properties, without money, and `tag` as one more.
fn props(payload: &Map<String, Value>, data: Option<&Map<String, Value>>) -> Vec<(String, String)> {
    let is_money = |key: &str| matches!(key, "revenue" | "currency");
    let rest = data.into_iter().flatten().filter(|(key, _)| !is_money(key));
    let mut props = nested::props(&rest.map(|(key, value)| (key.clone(), value.clone())).collect());
    nested::add(&mut props, "tag", text(payload, "tag"));
    props
}

fn claims(payload: &Map<String, Value>) -> Claims {
    let some = |key: &str| Some(text(payload, key)).filter(|text| !text.is_empty());
    let at = match payload.get("timestamp") {
        Some(Value::Number(number)) => number.as_f64().map(|number| claim::since_1970(number as i64)),
        _ => some("timestamp").and_then(claim::moment),
    };
    let address = some("ip").and_then(|text| address::node(text.as_bytes()));
    let is_sent = |key: &str| payload.get(key).is_some_and(|value| !value.is_null() && value != "");
    Claims {
        at,
        address,
        fault: claim::fault(is_sent("timestamp") && at.is_none(), is_sent("ip") && address.is_none()),
        agent: some("userAgent").map(str::to_owned),
        ..Claims::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;

    const SITE: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

    fn read(payload: &str) -> Result<Beacon, Refusal> {
        let body = format!(r#"{{"type":"event","payload":{{"website":"{SITE}"{payload}}}}}"#);
        parse(&Request { body: body.as_bytes(), origin: "https://origin.test", ..ask() })
    }

    fn one(payload: &str) -> Beacon {
        read(payload).unwrap_or_else(|refusal| panic!("{payload}: {refusal:?}"))
    }

    fn reason(body: &str) -> (Rejection, usize) {
        let refusal = parse(&Request { body: body.as_bytes(), ..ask() }).expect_err(body);
        (refusal.reason, refusal.sites.len())
    }

    #[test]
    fn a_page_is_where_its_url_or_its_host_or_its_origin_says() {
        for (payload, url) in [
            (r#","url":"http://a.test:8/x?y#z","hostname":"b.test""#, "http://a.test:8/x?y#z"),
            (r#","url":"/x","hostname":"b.test""#, "https://b.test/x"),
            (r#","url":"x:y""#, "https://origin.test/x:y"),
            (r#","url":"about:srcdoc","hostname":"""#, "about:srcdoc"),
            (r#","url":"srcdoc","hostname":"""#, "about:srcdoc"),
            (r#","url":"srcdoc","hostname":"b.test""#, "https://b.test/srcdoc"),
            (r#","url":"blob:https://a.test/1""#, "blob:https://a.test/1"),
            (r#","url":"/x""#, "https://origin.test/x"),
            (r#","url":null"#, "https://origin.test/"),
        ] {
            let beacon = one(payload);
            assert_eq!((beacon.url.as_str(), &beacon.kind, beacon.has_page), (url, &Kind::Pageview, true), "{payload}");
            assert_eq!(beacon.site, SITE);
        }
        let body = format!(r#"{{"type":"event","payload":{{"website":" {} ","url":"/x"}}}}"#, SITE.to_uppercase());
        let beacon = parse(&Request { body: body.as_bytes(), ..ask() }).expect("a beacon");
        assert_eq!((beacon.site.as_str(), beacon.url.as_str()), (SITE, "/x"));
    }

    #[test]
    fn an_event_without_a_url_has_no_page() {
        let beacon = one(r#","name":"signup","data":{"plan":"pro","revenue":5,"currency":"eur"},"tag":"a""#);
        assert_eq!(beacon.kind, Kind::Event { name: "signup".into(), interactive: true });
        assert!(!beacon.has_page && one(r#","name":"x","url":"/x""#).has_page);
        assert_eq!(beacon.props, [("plan".into(), "pro".into()), ("tag".into(), "a".into())]);
        assert_eq!(beacon.revenue.map(|money| money.amount), Some("5".into()));
    }

    #[test]
    fn a_referrer_on_the_same_host_is_none() {
        assert_eq!(one(r#","url":"https://a.test/","referrer":"https://www.a.test/b?c""#).referrer, "");
        assert_eq!(one(r#","url":"https://a.test/","referrer":"/b""#).referrer, "");
        assert_eq!(one(r#","url":"https://a.test/","referrer":"https://b.test/?q""#).referrer, "https://b.test/?q");
    }

    #[test]
    fn what_a_client_claims_is_kept_apart() {
        let beacon = one(
            r#","ip":"192.0.2.9","userAgent":"Mine","timestamp":1767323045,"id":"user-42","language":"de-AT","screen":"1440x900""#,
        );
        assert_eq!(beacon.claims.at.map(|at| at.0), Some(1_767_323_045_000));
        assert_eq!(beacon.claims.address, "192.0.2.9".parse().ok());
        assert_eq!(beacon.sender.address, ask().address, "not believed yet");
        assert_eq!((beacon.language.as_str(), beacon.screen), ("de", Some("xl")));
    }

    #[test]
    fn each_fault_has_its_reason() {
        assert_eq!(reason("{"), (Rejection::NotJson, 0));
        assert_eq!(reason("[]"), (Rejection::BadField, 0));
        assert_eq!(reason(r#"{"type":"event","payload":{}}"#), (Rejection::BadField, 0));
        assert_eq!(reason(r#"{"type":"other","payload":{"website":"x"}}"#), (Rejection::BadField, 1));
        assert_eq!(reason(r#"{"type":"identify","payload":{"website":"x","id":"u"}}"#), (Rejection::Unmeasured, 1));
        assert_eq!(reason(r#"{"type":"performance","payload":{"website":"x"}}"#), (Rejection::Unmeasured, 1));
        assert_eq!(reason(r#"{"type":"event","payload":{"website":"x","url":5}}"#), (Rejection::BadField, 1));
    }

    #[test]
    fn what_nobody_keeps_loses_no_hit() {
        let long = "n".repeat(200);
        assert_eq!(one(&format!(r#","name":"{long}""#)).kind, Kind::Event { name: "n".repeat(120), interactive: true });
        let long = "u".repeat(2_000);
        assert_eq!(one(&format!(r#","url":"/x?{long}""#)).url, format!("https://origin.test/x?{long}"));
        let odd = one(
            r#","url":"/x","referrer":5,"hostname":[],"title":"\ud800","language":null,"screen":"wide","data":"\udfff","x":NaN"#,
        );
        assert_eq!(
            (odd.url.as_str(), odd.referrer.as_str(), odd.language.as_str()),
            ("https://origin.test/x", "", "en")
        );
        let odd = one(r#","name":"a\ud800","data":{"k\ud800":"\udc00v"}"#);
        assert_eq!(odd.kind, Kind::Event { name: "a\u{fffd}".into(), interactive: true });
        assert_eq!(odd.props, [("k\u{fffd}".into(), "\u{fffd}v".into())]);
    }

    #[test]
    fn a_batch_is_a_list_of_messages() {
        let body = format!(r#"[{{"type":"event","payload":{{"website":"{SITE}"}}}},7]"#);
        let read = parse_batch(&Request { body: body.as_bytes(), ..ask() }).expect("a list");
        assert!(read.len() == 2 && read[0].is_ok() && read[1].is_err());
        assert_eq!(
            parse_batch(&Request { body: b"{}", ..ask() }).map_err(|refusal| refusal.reason).err(),
            Some(Rejection::NotJson)
        );
    }
}
