//! In: Simple Analytics' `GET /simple.gif?...` and `POST /append`. Out: a [`Beacon`], or the reason why there is none.
//! Forgets: the ids of page and session, and whether the script takes the visit for unique.
//!
//! `append` tells how long and how deep a page was read, and names it by an id alone; so the ping is about the page that
//! the visitor was shown last.

use std::borrow::Cow;

use serde_json::Value;

use super::query::Params;
use super::{Beacon, Kind, Refusal, Request, Sender, claim, cut, json, naming, nested};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::fold;

/// The keys that are read.
fn knows(key: &str) -> bool {
    #[rustfmt::skip]
    const KEYS: [&str; 13] = [
        "hostname", "hostname_original", "type", "path", "query", "referrer", "event", "metadata", "language",
        "viewport_width", "timezone", "duration", "scrolled",
    ];
    KEYS.contains(&key)
}

/// Reads a request for the picture.
///
/// # Errors
/// [`Refusal`]
pub fn parse(request: &Request<'_>) -> Result<Beacon, Refusal> {
    beacon(request, &Params::of(request.query, knows))
}

/// Reads a message to `/append`: a JSON object with the same keys.
///
/// # Errors
/// [`Refusal`]
pub fn parse_append(request: &Request<'_>) -> Result<Beacon, Refusal> {
    if request.body.len() > limits::BODY_BYTES_MAX {
        return Err(Refusal::of(Rejection::TooLarge, ""));
    }
    let Some(object) = json::object(request.body) else {
        return Err(Refusal::of(Rejection::NotJson, ""));
    };
    let mut params = Params::new(knows);
    for (key, value) in object.into_iter().filter(|(_, value)| !value.is_null()) {
        params.put(Cow::Owned(key), || {
            Cow::Owned(if let Value::String(text) = value { text } else { value.to_string() })
        });
    }
    beacon(request, &params)
}

fn beacon(request: &Request<'_>, params: &Params<'_>) -> Result<Beacon, Refusal> {
    let site = fold(params.text("hostname"));
    if site.is_empty() {
        return Err(Refusal::of(Rejection::BadField, ""));
    }
    let kind = kind(params).map_err(|reason| Refusal::of(reason, &site))?;
    let url = url(params);
    Ok(Beacon {
        has_page: params.some("path").is_some(),
        referrer: cut(&referrer(params), limits::URL_BYTES_MAX).to_owned(),
        props: params.some("metadata").map(nested::props_of_text).unwrap_or_default(),
        language: claim::language(params.some("language"), request.accept_language),
        screen: params.text("viewport_width").parse().ok().and_then(claim::screen_of_width),
        sender: Sender { time_zone: claim::time_zone(params.text("timezone")), ..Sender::of(request) },
        ..Beacon::new(request, site, kind, url)
    })
}

fn kind(params: &Params<'_>) -> Result<Kind, Rejection> {
    match params.text("type") {
        "pageview" if params.some("path").is_some() => Ok(Kind::Pageview),
        "pageview" => Err(Rejection::BadUrl),
        "event" => match params.text("event") {
            "" => Err(Rejection::BadField),
            name => Ok(Kind::Event { name: naming::event(name), interactive: true }),
        },
        "append" => {
            let number = |key| params.text(key).parse::<f64>().ok().filter(|number| *number >= 0.0);
            let ms = number("duration").map(|seconds| (seconds * 1_000.0) as u64);
            let ms = ms.filter(|ms| *ms < limits::ENGAGEMENT_MS_MAX);
            let scroll = number("scrolled").map(|percent| percent.min(f64::from(limits::SCROLL_PERCENT_MAX)) as u8);
            if ms.is_none() && scroll.is_none() {
                return Err(Rejection::BadField);
            }
            Ok(Kind::Engagement { ms: ms.unwrap_or(0), scroll })
        }
        _ => Err(Rejection::BadField),
    }
}

fn url(params: &Params<'_>) -> String {
    let host = params.some("hostname_original").unwrap_or(params.text("hostname"));
    let query = params.text("query").trim_start_matches('?');
    let question = if query.is_empty() { "" } else { "?" };
    format!("https://{host}/{}{question}{query}", params.text("path").trim_start_matches('/'))
}

/// The script cuts the scheme of the referrer.
fn referrer(params: &Params<'_>) -> String {
    match params.text("referrer") {
        "" => String::new(),
        text if naming::scheme(text).is_some_and(|(_, rest)| rest.starts_with("//")) => text.to_owned(),
        text => format!("https://{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;

    fn read(query: &str) -> Result<Beacon, Refusal> {
        parse(&Request { query, ..ask() })
    }

    fn reason(query: &str) -> Option<Rejection> {
        read(query).map_err(|refusal| refusal.reason).err()
    }

    #[test]
    fn a_pageview_and_an_event_have_a_page() {
        let beacon = read("hostname=a.test&hostname_original=www.a.test:8&type=pageview&path=/x&query=utm_source%3Da&referrer=b.test/&viewport_width=800&timezone=Europe/Berlin&language=de-DE&session_id=s&page_id=p").expect("one");
        assert_eq!((beacon.site.as_str(), beacon.url.as_str()), ("a.test", "https://www.a.test:8/x?utm_source=a"));
        assert_eq!(
            (beacon.referrer.as_str(), beacon.screen, beacon.language.as_str()),
            ("https://b.test/", Some("md"), "de")
        );
        assert_eq!(beacon.sender.time_zone.as_deref(), Some("Europe/Berlin"));
        let beacon =
            read("hostname=a.test&type=event&event=buy&path=/x&metadata=%7B%22plan%22:%22pro%22%7D").expect("one");
        assert_eq!(beacon.kind, Kind::Event { name: "buy".into(), interactive: true });
        assert_eq!((beacon.props, beacon.has_page), (vec![("plan".into(), "pro".into())], true));
    }

    #[test]
    fn a_ping_names_no_page() {
        let body = br#"{"hostname":"a.test","type":"append","original_id":"p","duration":2,"scrolled":125}"#;
        let beacon = parse_append(&Request { body, ..ask() }).expect("one");
        assert_eq!((&beacon.kind, beacon.has_page), (&Kind::Engagement { ms: 2_000, scroll: Some(100) }, false));
        assert!(!format!("{beacon:?}").contains("original"));
    }

    #[test]
    fn each_fault_has_its_reason() {
        assert_eq!(reason("type=pageview&path=/"), Some(Rejection::BadField));
        assert_eq!(reason("hostname=a.test&type=pageview"), Some(Rejection::BadUrl));
        assert_eq!(reason("hostname=a.test&type=event"), Some(Rejection::BadField));
        assert_eq!(reason("hostname=a.test&type=append"), Some(Rejection::BadField));
        assert_eq!(reason("hostname=a.test&type=other"), Some(Rejection::BadField));
        let long = format!("hostname=a.test&type=pageview&path=/{}", "x".repeat(2_000));
        assert_eq!(reason(&long), None);
        let refused = parse_append(&Request { body: b"[]", ..ask() }).map_err(|refusal| refusal.reason);
        assert_eq!(refused.err(), Some(Rejection::NotJson));
    }
}
