//! In: the cookies of a request. Out: the values of ours; headers that have a browser keep or drop one. Forgets: all other cookies.
//!
//! By https a name has the prefix `__Host-`: browsers take such a cookie from this host alone, and from no neighbour in its domain
//! (RFC 6265bis, section 4.1.3). By http they refuse it, and the name stands alone. What kind of request it is says the browser itself,
//! in `Origin` or `Referer`; where it does not, the address that the collector is known by.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::{App, form, header as text_of};
use crate::limits;

/// What a name begins with by https.
const PREFIX: &str = "__Host-";

/// All values of a name that a browser sends. Whoever can plant a cookie of the same name must not hide the right one, so each is to be
/// tried; those with the prefix, which nobody else can plant, come first.
pub fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let of = |has_prefix: bool| {
        pairs(headers)
            .filter(move |(known, _)| known.strip_prefix(PREFIX).unwrap_or(known) == name)
            .filter(move |(known, value)| known.starts_with(PREFIX) == has_prefix && !value.is_empty())
    };
    let all = of(true).chain(of(false)).map(|(_, value)| value);
    all.take(limits::COOKIES_OF_A_NAME).collect()
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let fields =
        headers.get_all(header::COOKIE).into_iter().filter_map(|field| std::str::from_utf8(field.as_bytes()).ok());
    fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

fn is_sent(headers: &HeaderMap, name: &str) -> bool {
    pairs(headers).any(|(known, _)| known == name)
}

/// The cookies of a request, without its other headers.
pub fn alone(headers: &HeaderMap) -> HeaderMap {
    headers.get_all(header::COOKIE).into_iter().map(|field| (header::COOKIE, field.clone())).collect()
}

/// Whether there is a cookie whose name begins like this.
pub fn has_any(headers: &HeaderMap, start: &str) -> bool {
    pairs(headers).any(|(known, _)| known.strip_prefix(PREFIX).unwrap_or(known).starts_with(start))
}

/// Whether a browser that asks by https knows a name without the prefix alone.
pub fn lacks_prefix(headers: &HeaderMap, app: &App, name: &str) -> bool {
    is_sent(headers, name) && !is_sent(headers, &format!("{PREFIX}{name}")) && is_https(headers, &app.base_url)
}

/// Has a browser keep a value for so many seconds. By https it drops one without the prefix.
pub fn keep(answer: &mut Response, headers: &HeaderMap, app: &App, name: &str, value: &str, age_s: i64) {
    if !is_https(headers, &app.base_url) {
        return set(answer, name, value, age_s);
    }
    set(answer, &format!("{PREFIX}{name}"), value, age_s);
    if is_sent(headers, name) {
        set(answer, name, "", 0);
    }
}

/// Has a browser drop what it keeps under a name, if it does.
pub fn drop_from(answer: &mut Response, headers: &HeaderMap, name: &str) {
    for known in [format!("{PREFIX}{name}"), name.to_owned()] {
        if is_sent(headers, &known) {
            set(answer, &known, "", 0);
        }
    }
}

fn set(answer: &mut Response, name: &str, value: &str, age_s: i64) {
    let secure = if name.starts_with(PREFIX) { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn is_https(headers: &HeaderMap, base_url: &str) -> bool {
    let told = ["origin", "referer"].map(|name| text_of(headers, name));
    let own = told.into_iter().find(|address| form::is_ours(address, headers, base_url));
    own.unwrap_or(base_url).starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn all_values_of_a_name_are_found_and_those_that_nobody_plants_come_first() {
        let mut sent =
            headers(&[("cookie", "a=1; headcount=old; headcount_told=x; __Host-headcount=new;headcount=planted")]);
        sent.append("cookie", HeaderValue::from_static("headcount=second; headcount=; =headcount"));
        assert_eq!(values(&sent, "headcount"), ["new", "old", "planted", "second"]);
        assert_eq!((values(&sent, "told"), values(&HeaderMap::new(), "headcount")), (vec![], vec![]));
        assert_eq!(values(&alone(&sent), "headcount").len(), 4);
        let many = "headcount=x; ".repeat(1_000);
        assert_eq!(values(&headers(&[("cookie", &many)]), "headcount").len(), limits::COOKIES_OF_A_NAME);
    }

    #[test]
    fn the_browser_says_whether_it_asks_by_https_and_else_the_address_of_the_collector() {
        let by = |sent: &[(&'static str, &str)], base: &str| is_https(&headers(sent), base);
        let (host, outside, inside) = (("host", "10.0.0.7:8000"), "https://stats.example.com", "http://10.0.0.7:8000");
        assert!(by(&[host], outside) && !by(&[host], inside));
        assert!(!by(&[host, ("origin", inside)], outside), "from within, past the proxy");
        assert!(!by(&[host, ("referer", "http://10.0.0.7:8000/a")], outside));
        assert!(by(&[("host", "stats.example.com"), ("origin", outside)], inside), "nobody named the address");
        for nobody in ["null", "https://evil.test", "", "nonsense"] {
            assert!(!by(&[host, ("origin", nobody)], inside), "{nobody}");
        }
    }
}
