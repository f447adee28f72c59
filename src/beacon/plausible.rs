//! In: a message of Plausible's events API, `POST /api/event`, which is this program's own format too. Out: a [`Beacon`]
//! for each site that it names, or the [`MessageRefusal`] owed to its sender. Forgets: the JSON, and keys that nobody reads.
//!
//! Short keys win over long ones, but for money. Our own tracker adds `tz` (time zone), `l` (language), `sc` (class of
//! the viewport's width), `t` (a touch screen on a Mac) and `wd` (an automated browser). Servers add what [`Claims`] holds. That the page's address has a
//! scheme is checked here; whether it is an address in full is left to the next stage, which parses it anyway.

mod refusal;
mod wire;

use std::borrow::Cow;

pub use refusal::{Fault, MessageRefusal};
use wire::{Entries, Value, Wire, WireKey};

use super::{Beacon, Claims, Kind, Request, Revenue, Sender, address, claim, cut, json, naming, nested};
use crate::limits;

/// Reads a message: one beacon for each site that it names.
///
/// # Errors
/// A [`MessageRefusal`] that lists everything that is wrong with it.
pub fn parse(request: &Request<'_>) -> Result<Vec<Beacon>, MessageRefusal> {
    if request.body.len() > limits::BODY_BYTES_MAX {
        return Err(Fault::BodyTooLarge.into());
    }
    let mended;
    let wire = match Wire::read(request.body) {
        Some(wire) => wire,
        None => {
            mended = json::mended(request.body);
            Wire::read(mended.as_bytes()).ok_or(Fault::NotJson)?
        }
    };
    let mut faults = Vec::new();
    let url = keep(url(&wire), &mut faults);
    let sites = keep(sites(&wire, url), &mut faults).map(|sites| keep_few(sites, &mut faults)).unwrap_or_default();
    let kind = keep(kind(&wire), &mut faults);
    match (url, kind) {
        (Some(url), Some(kind)) if faults.is_empty() => Ok(beacon(request, &wire, url, kind).for_sites(sites)),
        _ => Err(MessageRefusal::of(faults, sites)),
    }
}

/// What was read, or nothing and one more fault.
fn keep<T>(read: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

/// At most as many sites as a beacon may name; more are a fault, so that none is left out silently.
fn keep_few(mut sites: Vec<String>, faults: &mut Vec<Fault>) -> Vec<String> {
    if sites.len() > limits::SITES_OF_A_BEACON_MAX {
        faults.push(Fault::DomainsTooMany);
        sites.truncate(limits::SITES_OF_A_BEACON_MAX);
    }
    sites
}

/// The beacon for a site that is not named yet.
fn beacon(request: &Request<'_>, wire: &Wire<'_>, url: &str, kind: Kind) -> Beacon {
    let referrer = wire.first([WireKey::R, WireKey::Referrer]).text().unwrap_or_default();
    Beacon {
        site: String::new(),
        kind,
        url: url.to_owned(),
        has_page: true,
        hash_mode: wire.first([WireKey::H, WireKey::HashMode]).flag() == Some(true),
        referrer: cut(referrer, limits::URL_BYTES_MAX).to_owned(),
        props: props(wire),
        revenue: revenue(wire),
        language: claim::language(wire.first([WireKey::L]).text(), request.accept_language),
        screen: screen(wire),
        libraries_count: true,
        once: None,
        claims: claims(request, wire),
        sender: Sender {
            automated: wire.first([WireKey::Wd]).flag() == Some(true),
            touch_mac: wire.first([WireKey::T]).flag() == Some(true),
            time_zone: wire.first([WireKey::Tz]).text().and_then(claim::time_zone),
            ..Sender::of(request)
        },
    }
}

/// The page's address, trimmed, with a scheme that a page can have, or from the root of the site.
fn url<'a>(wire: &'a Wire<'_>) -> Result<&'a str, Fault> {
    let text = match wire.first([WireKey::U, WireKey::Url]) {
        Value::Text(text) => text.trim(),
        Value::Absent => "",
        _ => return Err(Fault::UrlInvalid),
    };
    match naming::scheme(text) {
        _ if text.is_empty() => Err(Fault::UrlMissing),
        None if text.starts_with('/') && !text.starts_with("//") => Ok(text),
        None => Err(Fault::UrlInvalid),
        Some((scheme, _)) if naming::is_document(scheme) => Err(Fault::SchemeRefused),
        Some(_) => Ok(text),
    }
}

/// The sites of `d`, or when it is absent the host of the page.
fn sites(wire: &Wire<'_>, url: Option<&str>) -> Result<Vec<String>, Fault> {
    let list = match wire.first([WireKey::D, WireKey::Domain]) {
        Value::Text(list) => list,
        Value::Absent => url.and_then(naming::host).unwrap_or_default(),
        _ => return Err(Fault::DomainInvalid),
    };
    Some(naming::sites(list)).filter(|sites| !sites.is_empty()).ok_or(Fault::DomainBlank)
}

/// What the message tells, by its name.
fn kind(wire: &Wire<'_>) -> Result<Kind, Fault> {
    let name = name(wire)?;
    match &*name {
        "pageview" => Ok(Kind::Pageview),
        "engagement" | "pageleave" => engagement(wire),
        _ => {
            let interactive = wire.first([WireKey::I]).flag().or(wire.first([WireKey::Interactive]).flag());
            Ok(Kind::Event { name: naming::event(&name), interactive: interactive.unwrap_or(true) })
        }
    }
}

/// The name as sent. Whole numbers are names too: sites that track missing pages send 404 as a number.
fn name<'a>(wire: &'a Wire<'_>) -> Result<Cow<'a, str>, Fault> {
    match wire.first([WireKey::N, WireKey::Name]) {
        Value::Text(text) if !text.trim().is_empty() => Ok(Cow::Borrowed(&**text)),
        Value::Whole(number) => Ok(Cow::Owned(number.to_string())),
        Value::Text(_) | Value::Absent => Err(Fault::NameBlank),
        _ => Err(Fault::NameInvalid),
    }
}

/// Visible time and scroll depth; one of them must be usable.
fn engagement(wire: &Wire<'_>) -> Result<Kind, Fault> {
    let ms = wire.first([WireKey::E]).whole().filter(|ms| *ms < limits::ENGAGEMENT_MS_MAX);
    let scroll = wire.first([WireKey::Sd]).whole().map(|percent| percent.min(limits::SCROLL_PERCENT_MAX.into()) as u8);
    if ms.is_none() && scroll.is_none() {
        return Err(Fault::EngagementMissing);
    }
    Ok(Kind::Engagement { ms: ms.unwrap_or(0), scroll })
}

/// The properties, values as text, each cut to its bound.
fn props(wire: &Wire<'_>) -> Vec<(String, String)> {
    let places = [WireKey::M, WireKey::Meta, WireKey::P, WireKey::Props].into_iter();
    let read = |key| with_entries(wire.first([key]), |entries| entries.iter().map(prop).collect());
    places.filter_map(read).find(|props: &Vec<_>| !props.is_empty()).unwrap_or_default()
}

fn prop((key, value): &(Cow<'_, str>, Value<'_>)) -> (String, String) {
    let value = match value {
        Value::Text(text) => cut(text, limits::PROP_VALUE_BYTES_MAX).to_owned(),
        Value::Flag(flag) => flag.to_string(),
        Value::Whole(number) => number.to_string(),
        // Written with its point, so that 3.0 stays what was sent.
        Value::Fraction(number) => format!("{number:?}"),
        Value::Absent | Value::Object(_) | Value::Unusable => String::new(),
    };
    (cut(key, limits::PROP_KEY_BYTES_MAX).to_owned(), value)
}

/// Lets `read` see the entries of an object, or of an object that is written as JSON within a text.
fn with_entries<T>(value: &Value<'_>, read: impl FnOnce(&Entries<'_>) -> T) -> Option<T> {
    match value {
        Value::Object(entries) => Some(read(entries)),
        Value::Text(text) => match wire::entries_of_text(text) {
            Some(entries) => Some(read(&entries)),
            None => wire::entries_of_text(&json::mended(text.as_bytes())).map(|entries| read(&entries)),
        },
        _ => None,
    }
}

/// Money, if amount and currency are both usable; here the long key wins.
fn revenue(wire: &Wire<'_>) -> Option<Revenue> {
    with_entries(wire.first([WireKey::Revenue, WireKey::Money]), |entries| {
        let entry = |key: &str| entries.iter().find(|(known, _)| known == key).map(|(_, value)| value);
        let (amount, currency) = (amount(entry("amount")?)?, entry("currency")?.text()?.trim());
        let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_alphabetic());
        is_code.then(|| Revenue { amount, currency: currency.to_ascii_uppercase() })
    })?
}

/// A decimal number without an exponent, from a number or a text.
fn amount(value: &Value<'_>) -> Option<String> {
    let text = match value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Whole(number) => number.to_string(),
        Value::Fraction(number) => number.to_string(),
        _ => return None,
    };
    (text.len() <= limits::AMOUNT_BYTES_MAX && nested::is_decimal(&text)).then_some(text)
}

/// What a server says of the visitor on whose behalf it sends: `timestamp` (RFC 3339, or seconds or milliseconds since 1970),
/// `ip` or the header that it sets in its place, `user_agent`, `language`, `country`.
fn claims(request: &Request<'_>, wire: &Wire<'_>) -> Claims {
    let text = |key: WireKey| wire.first([key]).text().map(str::to_owned);
    let is_blank = |value: &Value<'_>| value.text().map_or(*value == Value::Absent, |text| text.trim().is_empty());
    let (stamp, named) = (wire.first([WireKey::Timestamp]), wire.first([WireKey::Ip]));
    let at = match stamp {
        Value::Text(text) => claim::moment(text),
        Value::Whole(number) => i64::try_from(*number).ok().map(claim::since_1970),
        Value::Fraction(number) => Some(claim::since_1970(*number as i64)),
        _ => None,
    };
    let address = match is_blank(named) {
        true => request.forwarded.split(',').next(),
        false => named.text(),
    };
    let address = address.and_then(|text| address::node(text.as_bytes()));
    Claims {
        at,
        address,
        fault: claim::fault(!is_blank(stamp) && at.is_none(), !is_blank(named) && address.is_none()),
        agent: text(WireKey::UserAgent),
        language: text(WireKey::Language),
        country: text(WireKey::Country),
        ..Claims::default()
    }
}

/// The class of the viewport's width: as our tracker names it, else by the width that old trackers send.
fn screen(wire: &Wire<'_>) -> Option<&'static str> {
    let by_width = || wire.first([WireKey::W, WireKey::ScreenWidth]).whole().and_then(claim::screen_of_width);
    wire.first([WireKey::Sc]).text().and_then(claim::screen_labelled).or_else(by_width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;
    use crate::rejection::Rejection;

    /// Parses the object with these entries beside a site, a page and the name of a pageview; later entries win.
    fn with(entries: &str) -> Result<Vec<Beacon>, MessageRefusal> {
        let comma = if entries.is_empty() { "" } else { "," };
        alone(&format!(r#"{{"n":"pageview","u":"https://a.test/x","d":"a.test"{comma}{entries}}}"#))
    }

    fn alone(body: &str) -> Result<Vec<Beacon>, MessageRefusal> {
        parse(&Request { body: body.as_bytes(), ..ask() })
    }

    fn one(entries: &str) -> Beacon {
        let beacons = with(entries).expect("a beacon");
        assert_eq!(beacons.len(), 1, "{entries}");
        beacons.into_iter().next().expect("one")
    }

    fn faults(entries: &str) -> Vec<Fault> {
        with(entries).expect_err(entries).faults().to_vec()
    }

    fn event(name: &str, interactive: bool) -> Kind {
        Kind::Event { name: name.to_owned(), interactive }
    }

    fn pairs(beacon: &Beacon) -> Vec<(&str, &str)> {
        beacon.props.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    #[test]
    fn a_pageview_needs_three_keys() {
        let beacon = one("");
        assert_eq!((beacon.site.as_str(), beacon.url.as_str()), ("a.test", "https://a.test/x"));
        assert_eq!(beacon.kind, Kind::Pageview);
        assert_eq!((beacon.referrer.as_str(), beacon.language.as_str(), beacon.screen), ("", "en", None));
        assert!(beacon.libraries_count && !beacon.hash_mode && beacon.props.is_empty() && beacon.revenue.is_none());
        assert_eq!(beacon.sender.address, ask().address);
    }

    #[test]
    fn long_keys_are_understood_and_short_ones_win() {
        let long = r#"{"name":"Buy","url":"https://a.test/","domain":"a.test","referrer":"https://r.test/","props":{"k":1},
            "hashMode":1,"interactive":false,"screen_width":600}"#;
        let beacon = alone(long).expect("a beacon").remove(0);
        assert_eq!((beacon.kind.clone(), beacon.url.as_str()), (event("Buy", false), "https://a.test/"));
        assert_eq!((beacon.referrer.as_str(), beacon.hash_mode, beacon.screen), ("https://r.test/", true, Some("sm")));
        assert_eq!(pairs(&beacon), [("k", "1")]);
        let both = r#""name":"no","url":"no","domain":"no","referrer":"no","props":{"no":1},"hashMode":1,"screen_width":1,
            "r":"https://r.test/","p":{"k":2},"h":0,"w":1600"#;
        let beacon = one(both);
        assert_eq!(
            (beacon.kind.clone(), beacon.url.as_str(), beacon.site.as_str()),
            (Kind::Pageview, "https://a.test/x", "a.test")
        );
        assert_eq!(
            (beacon.referrer.as_str(), beacon.hash_mode, beacon.screen),
            ("https://r.test/", false, Some("xxl"))
        );
        assert_eq!(pairs(&beacon), [("k", "2")]);
    }

    #[test]
    fn a_name_is_text_or_a_whole_number() {
        let long = "ä".repeat(120);
        for (json, name) in [("\"Sign up\"", "Sign up"), ("404", "404"), ("-1", "-1"), (&format!("\"{long}\""), &long)]
        {
            assert_eq!(one(&format!("\"n\":{json}")).kind, event(name, true), "{json}");
        }
        for blank in ["null", "\"\"", "\"  \""] {
            assert_eq!(faults(&format!("\"n\":{blank}")), [Fault::NameBlank], "{blank}");
        }
        for wrong in ["1.5", "true", "[]", "{}"] {
            assert_eq!(faults(&format!("\"n\":{wrong}")), [Fault::NameInvalid], "{wrong}");
        }
        assert_eq!(one(&format!("\"n\":\"{long}x\"")).kind, event(&long, true), "cut");
    }

    #[test]
    fn an_address_has_a_scheme_that_a_page_can_have() {
        let long = format!("https://a.test/{}", "x".repeat(100_000));
        for right in ["app://localhost/login", "http://a.test:80/?q#f", "/about?x", &long] {
            assert_eq!(one(&format!("\"u\":\"{right}\"")).url, right);
        }
        let cases = [
            ("null".to_owned(), Fault::UrlMissing),
            ("\" \"".to_owned(), Fault::UrlMissing),
            ("\"about\"".to_owned(), Fault::UrlInvalid),
            ("\"//a.test/about\"".to_owned(), Fault::UrlInvalid),
            ("7".to_owned(), Fault::UrlInvalid),
            ("\"data:text/html,x\"".to_owned(), Fault::SchemeRefused),
            ("\"DATA:x\"".to_owned(), Fault::SchemeRefused),
            ("\"about:blank\"".to_owned(), Fault::SchemeRefused),
            ("\"about:srcdoc\"".to_owned(), Fault::SchemeRefused),
            ("\"blob:https://a.test/1\"".to_owned(), Fault::SchemeRefused),
        ];
        for (json, fault) in cases {
            let refusal = with(&format!("\"u\":{json}")).expect_err("a refusal");
            assert_eq!((refusal.faults(), refusal.rejection()), (&[fault][..], Rejection::BadUrl), "{json}");
            assert_eq!(refusal.sites, ["a.test"]);
        }
    }

    #[test]
    fn a_beacon_goes_to_each_site_it_names() {
        let named = |entries: &str| -> Vec<String> {
            with(entries).expect("beacons").into_iter().map(|beacon| beacon.site).collect()
        };
        assert_eq!(named(r#""d":"www.A.test, roll.up ,a.test""#), ["a.test", "roll.up"]);
        assert_eq!(named(r#""d":null"#), ["a.test"]);
        assert_eq!(named(r#""d":null,"u":"http://www.b.test:8080/""#), ["b.test"]);
        assert_eq!(named(r#""d":null,"domain":"c.test""#), ["c.test"]);
        assert_eq!(faults(r#""d":" , ""#), [Fault::DomainBlank]);
        assert_eq!(faults(r#""d":null,"u":"app:blank""#), [Fault::DomainBlank]);
        assert_eq!(faults(r#""d":5"#), [Fault::DomainInvalid]);
        let crowd: Vec<_> = (0..11).map(|n| format!("s{n}.test")).collect();
        assert_eq!(named(&format!("\"d\":\"{}\"", crowd[..10].join(","))), crowd[..10]);
        let refusal = with(&format!("\"d\":\"{}\"", crowd.join(","))).expect_err("too many");
        assert_eq!((refusal.faults(), &refusal.sites[..]), (&[Fault::DomainsTooMany][..], &crowd[..10]));
    }

    #[test]
    fn a_referrer_is_text_and_is_cut() {
        for other in ["null", "5", "{}", "[\"x\"]", "true"] {
            assert_eq!(one(&format!("\"r\":{other}")).referrer, "", "{other}");
        }
        assert_eq!(one(&format!("\"r\":\"{}\"", "r".repeat(3_000))).referrer.len(), 2_000);
    }

    #[test]
    fn properties_are_an_object_or_its_text() {
        let cases: [(&str, &[(&str, &str)]); 9] = [
            (
                r#""p":{"a":"x","b":3,"c":true,"d":1.5,"e":3.0}"#,
                &[("a", "x"), ("b", "3"), ("c", "true"), ("d", "1.5"), ("e", "3.0")],
            ),
            (r#""p":"{\"plan\":\"pro\",\"n\":3}""#, &[("plan", "pro"), ("n", "3")]),
            (r#""p":{"a":null,"b":"","c":" ","d":[1],"e":{"f":1},"":"x","g":false}"#, &[("g", "false")]),
            (r#""p":{"a":1},"m":{"b":2}"#, &[("b", "2")]),
            (r#""p":{"a":1},"meta":"{\"b\":2}""#, &[("b", "2")]),
            (r#""props":{"a":1},"m":null"#, &[("a", "1")]),
            (r#""p":"no json""#, &[]),
            (r#""p":"[1]""#, &[]),
            (r#""p":[{"a":1}]"#, &[]),
        ];
        for (entries, expected) in cases {
            assert_eq!(pairs(&one(entries)), expected, "{entries}");
        }
    }

    #[test]
    fn properties_have_bounds() {
        let many: Vec<_> = (0..40).map(|n| format!("\"k{n}\":{n}")).collect();
        let beacon = one(&format!("\"p\":{{\"none\":null,{}}}", many.join(",")));
        assert_eq!((beacon.props.len(), beacon.props[29].0.as_str()), (30, "k29"));
        let of = |key: usize, value: usize| format!("\"p\":{{\"{}\":\"{}\"}}", "k".repeat(key), "v".repeat(value));
        assert_eq!(one(&of(300, 2_000)).props.len(), 1);
        let cut = one(&of(3_000, 200_000)).props;
        assert_eq!((cut[0].0.len(), cut[0].1.len()), (300, 2_000));
    }

    #[test]
    fn money_is_an_amount_and_a_currency() {
        let read = |entries: &str| one(entries).revenue.map(|money| format!("{} {}", money.amount, money.currency));
        let cases = [
            (r#""$":{"amount":"19.90","currency":"EUR"}"#, Some("19.90 EUR")),
            (r#""$":{"amount":12.5,"currency":"usd"}"#, Some("12.5 USD")),
            (r#""$":{"amount":-3,"currency":"JPY"}"#, Some("-3 JPY")),
            (r#""$":"{\"amount\":1,\"currency\":\"EUR\"}""#, Some("1 EUR")),
            (r#""$":{"amount":1,"currency":"EUR"},"revenue":"{\"amount\":2,\"currency\":\"CHF\"}""#, Some("2 CHF")),
            (r#""$":{"amount":"1e3","currency":"EUR"}"#, None),
            (r#""$":{"amount":"1.","currency":"EUR"}"#, None),
            (r#""$":{"amount":1e300,"currency":"EUR"}"#, None),
            (r#""$":{"amount":"","currency":"EUR"}"#, None),
            (r#""$":{"amount":1,"currency":"EURO"}"#, None),
            (r#""$":{"amount":1,"currency":978}"#, None),
            (r#""$":{"amount":1}"#, None),
            (r#""$":5"#, None),
        ];
        for (entries, expected) in cases {
            assert_eq!(read(entries).as_deref(), expected, "{entries}");
        }
    }

    #[test]
    fn hash_mode_is_one() {
        for (json, expected) in
            [("1", true), ("\"1\"", true), ("true", true), ("0", false), ("2", false), ("null", false)]
        {
            assert_eq!(one(&format!("\"h\":{json}")).hash_mode, expected, "{json}");
        }
    }

    #[test]
    fn either_key_makes_an_event_not_interactive() {
        let cases = [
            ("", true),
            (r#","i":false"#, false),
            (r#","interactive":false"#, false),
            (r#","i":true,"interactive":false"#, true),
            (r#","i":"false""#, false),
            (r#","i":null"#, true),
            (r#","i":{}"#, true),
        ];
        for (entries, expected) in cases {
            assert_eq!(one(&format!("\"n\":\"Play\"{entries}")).kind, event("Play", expected), "{entries}");
        }
    }

    #[test]
    fn a_ping_has_time_or_depth() {
        let month_ms = limits::ENGAGEMENT_MS_MAX;
        let cases = [
            (r#""e":943,"sd":24"#.to_owned(), 943, Some(24)),
            (r#""e":"943","sd":"24""#.to_owned(), 943, Some(24)),
            (r#""e":5"#.to_owned(), 5, None),
            (r#""sd":250"#.to_owned(), 0, Some(100)),
            (r#""e":-1,"sd":0"#.to_owned(), 0, Some(0)),
            (r#""e":1,"sd":-3"#.to_owned(), 1, None),
            (format!(r#""e":{},"sd":1"#, month_ms - 1), month_ms - 1, Some(1)),
            (format!(r#""e":{month_ms},"sd":1"#), 0, Some(1)),
        ];
        for (entries, ms, scroll) in cases {
            for name in ["engagement", "pageleave"] {
                let beacon = one(&format!("\"n\":\"{name}\",{entries}"));
                assert_eq!(beacon.kind, Kind::Engagement { ms, scroll }, "{entries}");
            }
        }
        for unusable in ["\"e\":null", "\"e\":\"x\",\"sd\":1.5", "\"e\":2592000000", "\"sd\":[]"] {
            assert_eq!(faults(&format!("\"n\":\"engagement\",{unusable}")), [Fault::EngagementMissing], "{unusable}");
        }
    }

    #[test]
    fn our_own_keys_tell_of_the_browser() {
        let beacon = one(r#""tz":"Europe/Vienna","l":"de-AT","sc":"xl","w":1,"t":1,"wd":true"#);
        assert_eq!((beacon.language.as_str(), beacon.screen), ("de", Some("xl")));
        assert_eq!(beacon.sender.time_zone.as_deref(), Some("Europe/Vienna"));
        assert!(beacon.sender.touch_mac && beacon.sender.automated);
        let beacon = one(r#""tz":5,"l":{},"sc":"huge","w":"1280","t":0,"wd":"no""#);
        assert_eq!((beacon.language.as_str(), beacon.screen, &beacon.sender.time_zone), ("en", Some("xl"), &None));
        assert!(!beacon.sender.touch_mac && !beacon.sender.automated);
    }

    #[test]
    fn what_is_no_object_or_too_large_is_refused_unread() {
        for body in ["", "[]", "null", "{", "n=pageview", "{}x"] {
            let refusal = alone(body).expect_err(body);
            assert_eq!(refusal.body(), r#"{"errors":{"request":["Unable to parse request body as json"]}}"#);
            assert_eq!((refusal.rejection(), refusal.sites.len()), (Rejection::NotJson, 0));
        }
        let huge = with(&format!("\"x\":\"{}\"", "x".repeat(limits::BODY_BYTES_MAX)));
        assert_eq!(huge.expect_err("too large").rejection(), Rejection::TooLarge);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let refusal = alone("{}").expect_err("nothing");
        assert_eq!(
            refusal.body(),
            r#"{"errors":{"url":["is required"],"domain":["can't be blank"],"event_name":["can't be blank"]}}"#
        );
        assert_eq!(refusal.rejection(), Rejection::BadUrl);
        let refusal = alone(r#"{"u":"https://www.b.test/","n":[]}"#).expect_err("no name");
        assert_eq!((refusal.rejection(), &refusal.sites[..]), (Rejection::BadField, &["b.test".to_owned()][..]));
    }
}
